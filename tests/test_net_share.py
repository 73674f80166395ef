"""Score, Dirichlet and bootstrap intervals of a net share: tests inverted, draws, exact laws, edges, messages."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special, stats

from cxstudy.faults import NotTestable
from cxstudy.stats import net_share
from cxstudy.stats.intervals import NET_SHARE_METHODS, critical, net_share_interval

ANSWERS = [(291, 476, 395), (162, 108, 54), (3, 2, 1), (20, 0, 0), (0, 7, 2), (9, 0, 9)]


def of(answers):
    n = sum(answers)
    return answers[0] / n, answers[2] / n, n


def restricted(answers, difference):
    """The largest likelihood of shares with plus − minus = ``difference``, found by search: (plus, minus)."""
    plus, middle, minus = answers

    def unlikely(d):
        shares = np.array([d + difference, 1 - 2 * d - difference, d])
        return -special.xlogy(np.array([plus, middle, minus]), np.maximum(shares, 1e-300)).sum()

    low, high = max(0, -difference), (1 - difference) / 2
    found = optimize.minimize_scalar(unlikely, (low, high), bounds=(low, high), options={"xatol": 1e-12})
    return found.x + difference, found.x


@pytest.mark.parametrize("answers", [(291, 476, 395), (162, 108, 54), (3, 2, 1), (0, 7, 2)])
def test_score_ends_are_differences_that_the_score_test_just_does_not_reject(answers):
    plus, minus, n = of(answers)
    for end in net_share_interval(plus, minus, n, method="score"):
        p, d = restricted(answers, float(end))
        statistic = (plus - minus - end) / np.sqrt((p + d - end**2) / n)
        assert abs(statistic) == pytest.approx(critical(0.95), rel=2e-5)


def test_score_without_passives_is_wilson_of_the_promoters():
    low, high = net_share_interval(0.7, 0.3, 50, method="score")
    wilson = stats.binomtest(35, 50).proportion_ci(method="wilson")
    np.testing.assert_allclose((low, high), (2 * wilson.low - 1, 2 * wilson.high - 1), atol=1e-12)


@pytest.mark.parametrize("answers", ANSWERS)
def test_dirichlet_ends_are_quantiles_of_draws(answers):
    ends = net_share_interval(*of(answers), method="dirichlet")
    drawn = np.random.default_rng(3).dirichlet(np.array(answers) + 0.5, 400_000)
    below = [(drawn[:, 0] - drawn[:, 2] <= end).mean() for end in ends]
    np.testing.assert_allclose(below, (0.025, 0.975), atol=0.0011)  # four standard errors of the draws


def test_dirichlet_without_passives_is_nearly_the_beta_law():
    # ½ a passive remains of the prior; with many answers it does not matter
    low, high = net_share_interval(0.6, 0.4, 1e5, method="dirichlet")
    beta = stats.beta(6e4 + 0.5, 4e4 + 0.5)
    np.testing.assert_allclose((low, high), 2 * np.array(beta.ppf((0.025, 0.975))) - 1, atol=1e-5)


def test_more_nodes_do_not_move_the_dirichlet_ends(monkeypatch):
    answers = np.array([(40, 5, 9), (291, 476, 395), (300, 20, 4)], float)
    handful = np.array([(1, 0, 0), (1, 1, 0), (0, 3, 0), (20, 0, 0), (3, 2, 1)], float)

    def ends(counts):
        n = counts.sum(axis=1)
        return np.array(net_share.dirichlet_interval(counts[:, 0] / n, counts[:, 2] / n, n, 0.95))

    ours = ends(answers), ends(handful)
    monkeypatch.setattr(net_share, "NODES", 1500)
    np.testing.assert_allclose(ours[0], ends(answers), atol=1e-5)
    np.testing.assert_allclose(ours[1], ends(handful), atol=1e-3)


def test_bootstrap_of_two_classes_is_the_binomial_law():
    low, high = net_share_interval(0.3, 0.0, 40, method="bootstrap", replicates=40_000, seed=7)
    np.testing.assert_allclose((low, high), stats.binom(40, 0.3).ppf((0.025, 0.975)) / 40, atol=1e-9)


def test_bootstrap_spread_is_the_standard_error_and_seeds_repeat_it():
    plus, minus, n = of((462, 176, 362))
    ends = [net_share_interval(plus, minus, n, method="bootstrap", replicates=20_000, seed=s) for s in (1, 2)]
    for low, high in ends:
        assert (high - low) / (2 * critical(0.95)) == pytest.approx(np.sqrt((0.824 - 0.01) / 1000), rel=0.04)
    again = net_share_interval(plus, minus, n, method="bootstrap", replicates=20_000, seed=np.random.default_rng(1))
    assert again == ends[0] and ends[0] != ends[1]


def test_bootstrap_in_several_parts_is_the_one_in_one_part(monkeypatch):
    plus, minus, n = np.array([0.2, 0.5, 0.4, 0.1]), np.array([0.3, 0.1, 0.4, 0.0]), np.array([10, 0, 400, 30])
    whole = net_share_interval(plus, minus, n, method="bootstrap")
    monkeypatch.setattr(net_share, "AT_ONCE", 2000)
    parts = net_share_interval(plus, minus, n, method="bootstrap")
    np.testing.assert_array_equal(whole, parts)
    assert np.isnan(whole[0]).tolist() == [False, True, False, False]


@pytest.mark.parametrize("method", NET_SHARE_METHODS)
def test_nobody_has_no_interval_and_groups_are_done_at_once(method):
    low, high = net_share_interval(np.array([0.0, 0.5]), np.array([0.0, 0.25]), np.array([0, 8]), method=method)
    assert np.isnan(low).tolist() == np.isnan(high).tolist() == [True, False]
    if method != "bootstrap":
        assert low[1] == pytest.approx(float(net_share_interval(0.5, 0.25, 8, method=method)[0]), abs=1e-9)


def test_where_all_agree_only_wald_and_bootstrap_have_no_width():
    for method in NET_SHARE_METHODS:
        low, high = net_share_interval(1.0, 0.0, 12, method=method)
        assert (high - low == 0) == (method in ("wald", "bootstrap"))
    assert net_share_interval(1.0, 0.0, 12, method="score")[1] == 1


@settings(max_examples=30, deadline=None)
@given(st.tuples(*[st.integers(0, 40)] * 3).filter(any))
def test_score_holds_the_estimate_and_more_answers_say_more(answers):
    plus, minus, n = of(answers)
    widths = []
    for times in (1, 4, 16):
        low, high = net_share_interval(plus, minus, times * n, method="score")
        assert low - 1e-12 <= plus - minus <= high + 1e-12
        widths.append(high - low)
    assert all(b < a for a, b in pairwise(widths))


def test_a_few_clusters_widen_score_and_dirichlet():
    for method in ("score", "dirichlet"):
        low, high = net_share_interval(0.5, 0.25, 40, method=method, df=4)
        plain = net_share_interval(0.5, 0.25, 40, method=method)
        assert low < plain[0] and plain[1] < high


@pytest.mark.parametrize(("method", "least"), [("score", 0.93), ("dirichlet", 0.93), ("bootstrap", 0.92)])
def test_simulated_coverage(method, least):
    drawn = np.random.default_rng(5).multinomial(60, [0.45, 0.3, 0.25], size=2000)
    low, high = net_share_interval(drawn[:, 0] / 60, drawn[:, 2] / 60, 60, method=method, replicates=400)
    assert least <= ((low <= 0.2) & (0.2 <= high)).mean() <= 0.97


def test_arguments_are_answered_with_a_remedy():
    with pytest.raises(ValueError, match="replicates must be a whole number of at least 100; got 10"):
        net_share_interval(0.5, 0.1, 10, method="bootstrap", replicates=10)
    with pytest.raises(ValueError, match="seed must be a whole number of at least 0; got -1"):
        net_share_interval(0.5, 0.1, 10, method="bootstrap", seed=-1)
    with pytest.raises(NotTestable, match=r"add up to a fraction\. Use method='adjusted-wald' or 'score'"):
        net_share_interval(0.5, 0.1, 10.4, method="bootstrap")
