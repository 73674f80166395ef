"""Coverage of the NPS intervals: added up over all outcomes, against brute force, draws and METHODS' figures."""

from itertools import product
from math import factorial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cxstudy.stats.intervals import NET_SHARE_METHODS, net_share_interval
from cxstudy.stats.net_share_coverage import exact_coverage, outcomes, probabilities, simulated_coverage

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
CLOSED = [method for method in NET_SHARE_METHODS if method != "bootstrap"]
SHARES = [(0.5, 0.5), (5 / 6, 1 / 12), (0.25, 0.25), (1 / 3, 1 / 3)]


def test_the_figure_of_the_source_at_50_answers_half_promoters_half_detractors():
    """A binomial on the odd or even lattice: 93.5 % whatever of the three methods."""
    for method in ("wald", "adjusted-wald", "score"):
        (found,) = exact_coverage([(0.5, 0.5)], 50, method=method)
        assert 100 * found.estimate == pytest.approx(93.5, abs=0.05)
        # the outcomes that are held are those of 19 to 31 promoters
        assert found.estimate == pytest.approx(stats.binom.cdf(31, 50, 0.5) - stats.binom.cdf(18, 50, 0.5), abs=1e-10)


@pytest.mark.parametrize("n", [1, 2, 7, 300])
@pytest.mark.parametrize("shares", [*SHARES, (1.0, 0.0), (0.0, 0.0)])
def test_probabilities_add_up_and_have_the_moments_of_the_trinomial(n, shares):
    plus, minus = shares
    a, b = outcomes(n)
    chance = probabilities(plus, minus, n)
    assert len(a) == (n + 1) * (n + 2) // 2 and (a + b).max() == n
    assert chance.sum() == pytest.approx(1, abs=1e-12)
    mean = chance @ (a - b)
    assert mean == pytest.approx(n * (plus - minus), abs=1e-9)
    variance = chance @ (a - b - mean) ** 2
    assert variance == pytest.approx(n * (plus + minus - (plus - minus) ** 2), abs=1e-8)


@pytest.mark.parametrize("method", CLOSED)
def test_a_small_n_by_every_sequence_of_answers(method):
    """All 3^6 orders of six answers, each with its own probability: no outcome, no factorial."""
    n, share = 6, {1: 0.5, 0: 0.2, -1: 0.3}
    held = width = 0.0
    for answers in product(share, repeat=n):
        chance = np.prod([share[answer] for answer in answers])
        low, high = net_share_interval(answers.count(1) / n, answers.count(-1) / n, n, method=method)
        held += chance * bool(low - 1e-12 <= 0.2 <= high + 1e-12)
        width += chance * float(high - low)
    (found,) = exact_coverage([(0.5, 0.3)], n, method=method)
    assert (found.estimate, found.width) == pytest.approx((held, width), abs=1e-8)


def test_multinomial_by_hand():
    a, b = outcomes(5)
    place = int(np.flatnonzero((a == 2) & (b == 1))[0])
    ways = factorial(5) / (factorial(2) * factorial(1) * factorial(2))
    assert probabilities(0.5, 0.3, 5)[place] == pytest.approx(ways * 0.5**2 * 0.3 * 0.2**2, rel=1e-12)


@pytest.mark.parametrize("method", ["adjusted-wald", "wald", "score"])
def test_adding_up_and_drawing_agree(method):
    rng = np.random.default_rng(5)
    (exact,) = exact_coverage([(0.6, 0.15)], 120, method=method)
    drawn = simulated_coverage(0.6, 0.15, 120, method=method, rng=rng, samples=40_000)
    error = np.sqrt(exact.estimate * (1 - exact.estimate) / 40_000)
    assert abs(drawn.estimate - exact.estimate) < 4 * error
    assert drawn.ci_low < drawn.estimate < drawn.ci_high and drawn.samples == 40_000 and exact.samples == 0
    assert drawn.width == pytest.approx(exact.width, rel=2e-3)


@pytest.mark.parametrize("method", CLOSED)
def test_what_is_missed_below_and_above_completes_coverage_and_turns_with_the_scale(method):
    one, other = exact_coverage([(0.7, 0.1), (0.1, 0.7)], 25, method=method)
    assert one.estimate + one.below + one.above == pytest.approx(1, abs=1e-12)
    assert (one.estimate, one.below, one.above) == pytest.approx((other.estimate, other.above, other.below), abs=1e-9)


def test_the_bootstrap_is_drawn_once_an_outcome_and_the_seed_repeats_it():
    one, again = (exact_coverage([(0.5, 0.25)], 20, method="bootstrap", seed=3, replicates=200)[0] for _ in range(2))
    assert one == again and 0.85 < one.estimate < 0.97


def test_more_confidence_holds_more():
    found = [exact_coverage([(0.5, 0.25)], 40, method="score", confidence=c)[0].estimate for c in (0.8, 0.9, 0.99)]
    assert found == sorted(found) and found[2] == pytest.approx(0.99, abs=0.005)


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match=r"add up to at most 1; got 0\.8 and 0\.4"):
        exact_coverage([(0.8, 0.4)], 10, method="wald")
    with pytest.raises(ValueError, match="n must be a whole number"):
        outcomes(0)
    with pytest.raises(ValueError, match="method must be one of"):
        exact_coverage([(0.5, 0.4)], 10, method="walt")
    with pytest.raises(ValueError, match="add up to at most 1"):
        simulated_coverage(50, 20, 10, method="wald", rng=np.random.default_rng(1))


def test_the_stored_table_is_what_the_program_computes_and_the_page_says_what_it_holds(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    import coverage_page

    table = pd.read_csv(BENCHMARKS / "nps_coverage.csv")
    assert set(table["method"]) == set(NET_SHARE_METHODS)
    for n in (5, 50):
        for method in ("adjusted-wald", "wald", "score", "dirichlet"):
            part = table[(table["n"] == n) & (table["method"] == method)]
            found = exact_coverage(list(zip(part["promoters"], part["detractors"], strict=True)), n, method=method)
            assert part["estimate"].tolist() == pytest.approx([100 * one.estimate for one in found], abs=1e-6)
    assert table.loc[table["computed"] == "exact", "n"].max() == 300
    assert f"**Advice.** {coverage_page.advice(table)}" in (BENCHMARKS / "nps_coverage.md").read_text(encoding="utf-8")
