"""Bounds for what is missing: what they must hold, where they break down."""

import numpy as np
import pytest

from cxstudy.stats.bounds import biased_exposure, breakdown_share, missing_units


@pytest.fixture
def ends():
    rng = np.random.default_rng(1)
    return rng.normal(8, 5, 60), rng.normal(0, 5, 60)


def test_nothing_missing_is_the_difference_with_its_normal_interval(ends):
    first = missing_units(*ends).iloc[0]
    gap = ends[0].mean() - ends[1].mean()
    error = np.sqrt(ends[0].var(ddof=1) / 60 + ends[1].var(ddof=1) / 60)
    assert (first["estimate_low"], first["estimate_high"]) == pytest.approx((gap, gap))
    assert first["ci_high"] - gap == pytest.approx(1.959964 * error, rel=1e-6)


def test_bounds_hold_whatever_the_unseen_were(ends):
    """Add unseen units with the most extreme permitted values, mixed at random: the difference stays inside."""
    rng = np.random.default_rng(2)
    low, high = np.quantile(np.concatenate(ends), [0.05, 0.95])
    row = missing_units(*ends, shares=(0.25,)).iloc[0]
    for _ in range(50):
        full = [np.append(seen, rng.choice([low, high], 20)) for seen in ends]
        assert row["estimate_low"] - 1e-9 <= full[0].mean() - full[1].mean() <= row["estimate_high"] + 1e-9
    worst = np.append(ends[0], [low] * 20).mean() - np.append(ends[1], [high] * 20).mean()
    assert worst == pytest.approx(row["estimate_low"])


def test_more_missing_means_wider(ends):
    rows = missing_units(*ends)
    assert (np.diff(rows["estimate_high"] - rows["estimate_low"]) > 0).all()
    assert (rows["ci_low"] < rows["estimate_low"]).all() and (rows["ci_high"] > rows["estimate_high"]).all()


def test_wide_bounds_have_the_one_sided_interval(ends):
    """Imbens & Manski: far from a point the critical value is that of a one-sided test."""
    row = missing_units(*ends, shares=(0.3,), std_error=1.0).iloc[0]
    assert row["estimate_low"] - row["ci_low"] == pytest.approx(1.644854 * 0.7, rel=1e-3)


def test_at_the_breakdown_share_the_bound_is_zero(ends):
    share = breakdown_share(*ends)
    assert 0 < share < 1
    assert missing_units(*ends, shares=(share,))["estimate_low"].item() == pytest.approx(0, abs=1e-10)
    assert breakdown_share(ends[1], ends[0]) == pytest.approx(share)


def test_biased_exposure_is_the_slope_on_the_mended_exposure():
    rng = np.random.default_rng(3)
    x = rng.normal(size=100)
    y = 0.5 * x + rng.normal(size=100)
    found = biased_exposure(y, x, [0, 0.2, 0.4])
    expected = [np.polyfit(x - b * (y - y.mean()), y, 1)[0] for b in (0, 0.2, 0.4)]
    assert found["estimate"].to_numpy() == pytest.approx(expected)
    explains = np.cov(x, y)[0, 1] / y.var(ddof=1)
    assert biased_exposure(y, x, [explains])["estimate"].item() == pytest.approx(0, abs=1e-12)
