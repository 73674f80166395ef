"""Patterns in answers: against R, published values, and other ways to the same number."""

import numpy as np
import pytest
from scipy import stats

from cxstudy.stats import patterns


def test_no_zeros_is_the_binomial_chance_of_none():
    counts = np.zeros((2, 11))
    counts[:, 1:3] = [[4, 6], [4, 6]]
    counts[1, 0] = 1
    found = patterns.no_zeros(counts, [0.3, 0.3])
    assert found["p_value"].tolist() == pytest.approx([stats.binom.pmf(0, 10, 0.3), 1.0])
    # expected zeros beside 10 others: the odds of a zero times 10
    assert found["expected"] == pytest.approx(10 * 0.3 / 0.7)


def test_nps_with_zeros_is_that_of_the_answers_written_out():
    rng = np.random.default_rng(3)
    answers = rng.integers(1, 11, 200)
    before, after = patterns.nps_with_zeros(np.bincount(answers, minlength=11), [12])
    both = np.append(answers, np.zeros(12))
    for found, values in ((before, answers), (after, both)):
        assert found.item() == pytest.approx(100 * ((values >= 9).mean() - (values <= 6).mean()))


def test_wrong_sign_agrees_with_a_simulated_null():
    rng = np.random.default_rng(4)
    x, y = rng.standard_normal((2, 4000, 40))
    r = np.array([np.corrcoef(a, b)[0, 1] for a, b in zip(x, y, strict=True)])
    p = patterns.wrong_sign(r, np.full(4000, 40), 1)
    for level in (0.01, 0.05, 0.5):
        assert (p <= level).mean() == pytest.approx(level, abs=3.3 * np.sqrt(level * (1 - level) / 4000))
    assert patterns.wrong_sign(r, np.full(4000, 40), -1) == pytest.approx(1 - p)
    assert np.isnan(patterns.wrong_sign([0.5, np.nan], [3, 50], 1)).all()


def test_too_many_and_too_often_as_in_r():
    """R 4.2: ppois(4, 2.5, lower = FALSE) = .108821981; pbinom(6, 12, .3, lower = FALSE) = .038600843."""
    assert patterns.too_many(5, 2.5) == pytest.approx(0.108821981, abs=5e-10)
    assert patterns.too_often(7, 12, 0.3) == pytest.approx(0.038600843, abs=5e-10)
    assert patterns.too_often(0, 0, 0.5) == 1


def test_repeats_by_chance_is_the_mean_over_random_days():
    """Shuffling the days among the answers gives as many alike pairs of the same day as were expected."""
    rng = np.random.default_rng(5)
    answers, days = rng.integers(0, 20, 400), rng.integers(0, 30, 400)

    def pairs(*columns):
        k = np.unique(np.column_stack(columns), axis=0, return_counts=True)[1]
        return (k * (k - 1) / 2).sum()

    seen = [pairs(answers, rng.permutation(days)) for _ in range(400)]
    expected = patterns.repeats_by_chance(
        [pairs(answers)], [pairs(days)], [pairs(answers, days)], [400 * 399 / 2]
    ).item()
    assert expected == pytest.approx(np.mean(seen), rel=0.03)


@pytest.mark.parametrize("loadings", [(0.9, 0.8, 0.7, 0.6), (0.7, 0.7, 0.7), (0.0, 0.0, 0.0, 0.0), (0.9, 0.8, -0.6)])
def test_straight_by_chance_is_the_share_among_simulated_answers(loadings):
    rng, n = np.random.default_rng(6), 400_000
    loading = np.array(loadings)
    latent = rng.standard_normal((n, 1)) * loading + rng.standard_normal((n, len(loading))) * np.sqrt(1 - loading**2)
    shares = np.tile(np.diff(stats.norm.cdf([-np.inf, -1.5, -0.5, 0.2, 1.1, np.inf]))[:, None], len(loading))
    answers = np.searchsorted([-1.5, -0.5, 0.2, 1.1], latent)
    share = (answers == answers[:, :1]).all(axis=1).mean()
    found = patterns.straight_by_chance(shares, np.corrcoef(latent.T))
    assert found == pytest.approx(share, rel=0.02)


def test_an_item_that_never_varies_gives_no_chance():
    assert np.isnan(patterns.straight_by_chance(np.full((5, 3), 0.2), np.full((3, 3), np.nan)))
