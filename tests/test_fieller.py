"""The ratio of two means: Fieller's set by its definition, its coverage, and where there is none."""

import numpy as np
import pytest
from scipy import stats

from cxstudy.stats.fieller import ratio_of_means

RNG = np.random.default_rng(5)
X, Y = RNG.normal(9, 3, 40), RNG.normal(5, 4, 60)


def test_at_its_ends_the_difference_is_just_not_told_from_zero():
    row = ratio_of_means(X, Y)
    for end in (row["ci_low"], row["ci_high"]):
        gap = X.mean() - end * Y.mean()
        error = np.sqrt(X.var(ddof=1) / 40 + end**2 * Y.var(ddof=1) / 60)
        assert 2 * stats.t.sf(abs(gap / error), row["df"]) == pytest.approx(0.05, abs=1e-9)
    assert row["ci_low"] < row["estimate"] < row["ci_high"] and row["estimate"] == X.mean() / Y.mean()


def test_the_inverse_ratio_has_the_inverse_interval_and_units_cancel():
    """With equal degrees of freedom on both sides; Welch's differ with the ratio they are taken at by a factor only."""
    one, other = ratio_of_means(X, Y), ratio_of_means(Y, X)
    assert 1 / other["ci_high"] == pytest.approx(one["ci_low"], rel=1e-9)
    assert 1 / other["ci_low"] == pytest.approx(one["ci_high"], rel=1e-9)
    thousand = ratio_of_means(1000 * X, 1000 * Y)
    assert thousand["ci_low"] == pytest.approx(one["ci_low"], rel=1e-12)


def test_degrees_of_freedom_are_those_of_welch_on_first_and_scaled_second():
    row = ratio_of_means(X, Y)
    assert row["df"] == pytest.approx(stats.ttest_ind(X, row["estimate"] * Y, equal_var=False).df, rel=1e-12)


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_coverage(scale):
    rng, held = np.random.default_rng(8), 0
    for _ in range(1000):
        row = ratio_of_means(rng.normal(6, scale, 30), rng.normal(3, scale, 30))
        held += row["ci_low"] <= 2 <= row["ci_high"] if row["reason"] is None else row["reason"] == "unbounded"
    assert 0.93 <= held / 1000 <= 0.97


@pytest.mark.parametrize(
    ("x", "y", "reason"),
    [
        ([5.0, 6], [-1.0, -2], "not-both-positive"),
        ([-5.0, -6], [1.0, 2], "not-both-positive"),
        ([5.0], [1.0, 2], "too-few"),
        ([2.0, 2], [1.0, 1], "too-few"),
        ([5.0, 6, 7], [0.1, 9, -6], "unbounded"),
    ],
)
def test_where_there_is_no_interval(x, y, reason):
    row = ratio_of_means(x, y)
    assert row["reason"] == reason and np.isnan(row["ci_low"]) and np.isnan(row["ci_high"])
    assert np.isfinite(row["estimate"]) == (reason == "unbounded" or x == y[:1] * 2 or x == [2.0, 2])
    with pytest.raises(ValueError, match="confidence"):
        ratio_of_means(x, y, confidence=95)
