"""Intervals of shares, net shares and means: references, exact coverage, duality, edges, messages."""

import csv
from itertools import pairwise
from math import comb
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from cxstudy.stats import intervals, linearised

REFERENCE = Path(__file__).parent / "reference"


def reference():
    with open(REFERENCE / "nps_expected.csv", encoding="utf-8", newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


# promoters, passives, detractors → ends as printed (METHODS; Rocks 2016)
PRINTED = [
    ((291, 476, 395), "wald", (-0.133378, -0.045624), 5e-7),
    ((291, 476, 395), "adjusted-wald", (-0.13308, -0.04546), 5e-6),
    ((162, 108, 54), "wald", (0.252174, 0.414493), 5e-7),
    ((162, 108, 54), "adjusted-wald", (0.24945, 0.41110), 5e-6),
    ((462, 176, 362), "wald", (0.044081, 0.155919), 5e-7),
    ((462, 176, 362), "adjusted-wald", (0.043897, 0.155505), 5e-7),
    ((291, 476, 395), "score", (-0.133165, -0.045453), 5e-7),
    ((162, 108, 54), "score", (0.249540, 0.411611), 5e-7),
    ((462, 176, 362), "score", (0.043822, 0.155495), 5e-7),
]


@pytest.mark.parametrize(("answers", "method", "ends", "rounding"), PRINTED)
def test_net_share_as_printed(answers, method, ends, rounding):
    n = sum(answers)
    found = intervals.net_share_interval(answers[0] / n, answers[2] / n, n, method=method)
    np.testing.assert_allclose(found, ends, rtol=0, atol=rounding)


@pytest.mark.parametrize(("answers", "error"), [((291, 476, 395), 0.0223867), ((162, 108, 54), 0.0414087)])
def test_net_share_error_as_printed(answers, error):
    n = sum(answers)
    assert intervals.net_share_error(answers[0] / n, answers[2] / n, n) == pytest.approx(error, abs=5e-8)


@pytest.mark.parametrize("x", [0, 1, 87])
def test_wilson_is_that_of_r(x):
    expected = [float(reference()[f"wilson {end} {x}"]["estimate"]) for end in ("low", "high")]
    np.testing.assert_allclose(intervals.share_interval(x / 263, 263), expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize(("method", "theirs"), [("wilson", "wilson"), ("wald", "normal")])
def test_share_is_that_of_statsmodels(method, theirs):
    x = np.arange(0, 41)
    ours = intervals.share_interval(x / 40, 40, confidence=0.9, method=method)
    np.testing.assert_allclose(ours, proportion_confint(x, 40, 0.1, theirs), rtol=0, atol=1e-12)


def test_wilson_ends_are_the_shares_a_test_just_does_not_reject():
    low, high = intervals.share_interval(0.3, 50, confidence=0.95)
    for end in (low, high):
        assert abs(0.3 - end) / np.sqrt(end * (1 - end) / 50) == pytest.approx(intervals.critical(0.95), abs=1e-10)


def test_mean_interval_is_that_of_a_t_test():
    from scipy import stats

    x = np.array([3.0, 5.0, 8.0, 9.0])
    expected = stats.ttest_1samp(x, 0).confidence_interval(0.9)
    found = intervals.mean_interval(x.mean(), x.std(ddof=1) / 2, 3, confidence=0.9)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def coverage(population, n, method):
    """Exact probability that the interval holds the truth, over all samples of n answers."""
    plus, middle, minus = population
    p, d = (a.ravel() for a in np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij"))
    p, d = p[p + d <= n], d[p + d <= n]
    ways = np.array([float(comb(n, int(a)) * comb(n - int(a), int(b))) for a, b in zip(p, d, strict=True)])
    chance = ways * plus**p * minus**d * middle ** (n - p - d)
    low, high = intervals.net_share_interval(p / n, d / n, n, method=method)
    assert chance.sum() == pytest.approx(1, abs=1e-10)
    return chance[(low <= plus - minus) & (plus - minus <= high)].sum()


@pytest.mark.parametrize("method", [m for m in intervals.NET_SHARE_METHODS if m != "bootstrap"])
def test_exact_coverage_of_an_even_population(method):
    assert 0.93 <= coverage((0.25, 0.5, 0.25), 50, method) <= 0.97


def test_exact_coverage_where_the_lattice_fails_is_as_published():
    for method in ("wald", "adjusted-wald", "score"):
        assert 100 * coverage((0.5, 0.0, 0.5), 50, method) == pytest.approx(93.5, abs=0.05)


def test_adjusted_covers_a_skewed_population_where_wald_does_not():
    skewed = (5 / 6, 1 / 12, 1 / 12)
    assert coverage(skewed, 20, "wald") < 0.93 < coverage(skewed, 20, "adjusted-wald") < 0.97


shares = st.tuples(*[st.integers(0, 60)] * 3)


@given(shares.filter(any), st.sampled_from(intervals.NET_SHARE_METHODS))
def test_net_share_interval_widens_with_confidence_stays_on_the_scale_and_mirrors(answers, method):
    n = sum(answers)
    p, d = answers[0] / n, answers[2] / n
    ends = [intervals.net_share_interval(p, d, n, confidence=c, method=method) for c in (0.5, 0.8, 0.95, 0.999)]
    assert all(wide[0] <= narrow[0] and narrow[1] <= wide[1] for narrow, wide in pairwise(ends))
    assert all(-1 <= low <= high <= 1 for low, high in ends)
    # draws cannot be mirrored, and of the posterior the numerical error is some 1e-8
    if method != "bootstrap":
        low, high = intervals.net_share_interval(d, p, n, confidence=0.95, method=method)
        np.testing.assert_allclose((-high, -low), ends[2], atol=1e-7 if method == "dirichlet" else 1e-12)


@given(shares.filter(any), st.sampled_from(intervals.SHARE_METHODS))
def test_share_interval_holds_the_share(answers, method):
    n = sum(answers)
    low, high = intervals.share_interval(answers[0] / n, n, method=method)
    assert 0 <= low <= answers[0] / n + 1e-12 and answers[0] / n - 1e-12 <= high <= 1


def test_all_alike_has_width_zero_under_wald_only():
    np.testing.assert_array_equal(intervals.net_share_interval(1.0, 0.0, 8, method="wald"), (1, 1))
    low, high = intervals.net_share_interval(1.0, 0.0, 8)
    assert low < high <= 1
    np.testing.assert_array_equal(intervals.share_interval(0.0, 8, method="wald"), (0, 0))
    assert intervals.share_interval(0.0, 8)[1] > 0.2


def test_nobody_has_no_interval():
    assert np.isnan(intervals.net_share_interval(0.0, 0.0, 0)).all()
    assert np.isnan(intervals.share_interval(0.0, 0)).all()
    assert np.isnan(intervals.net_share_error(0.0, 0.0, 0))
    assert np.isnan(intervals.mean_interval(3.0, 1.0, 0)).all()


def test_arrays_are_done_at_once():
    low, high = intervals.net_share_interval(np.array([0.2, 0.5]), np.array([0.1, 0.1]), np.array([10, 20]))
    assert low.shape == high.shape == (2,)
    assert low[1] == intervals.net_share_interval(0.5, 0.1, 20)[0]


@pytest.mark.parametrize("bad", [95, 0, 1, -0.5, "95 %", True, None, np.nan])
def test_confidence_is_a_fraction(bad):
    with pytest.raises(ValueError, match=r"confidence must lie between 0 and 1; got .* Write 0\.95 for 95 %\."):
        intervals.check_confidence(bad)


def test_confidence_says_how_to_write_the_percentage_given():
    with pytest.raises(ValueError, match=r"got 90\. Write 0\.9 for 90 %\."):
        intervals.share_interval(0.5, 10, confidence=90)


def test_an_unknown_method_is_answered_with_the_valid_ones():
    with pytest.raises(ValueError, match="one of adjusted-wald, wald, score, bootstrap, dirichlet; got 'wilson'"):
        intervals.net_share_interval(0.5, 0.1, 10, method="wilson")
    with pytest.raises(ValueError, match="one of wilson, wald; got 'exact'"):
        intervals.share_interval(0.5, 10, method="exact")


def test_clustered_mean_is_that_of_r_survey():
    with open(REFERENCE / "nps_clusters.csv", encoding="utf-8", newline="") as file:
        sums = [(float(row["weight"]), float(row["total"])) for row in csv.DictReader(file)]
    weight, total = np.array(sums).T
    found = linearised.of_clusters(weight, total, np.zeros(len(sums), int), 1)
    expected = reference()["apiclus1 api00"]
    assert found.estimate[0] == pytest.approx(float(expected["estimate"]), rel=1e-10)
    assert found.std_error[0] == pytest.approx(float(expected["std_error"]), rel=1e-10)
    # the published 23.542 has the finite population correction of 15 of 757 districts
    assert found.std_error[0] * np.sqrt(1 - 15 / 757) == pytest.approx(23.542, abs=5e-4)
