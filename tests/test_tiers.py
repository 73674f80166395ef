"""Tiers and their means: R's Welch test, identities, ties, clusters, messages."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxstudy.stats.tiers import mean_with_intervals, tier_means, tier_of, top_minus_bottom

REFERENCE = Path(__file__).parent / "reference"
R = pd.read_csv(REFERENCE / "nps_margin_reference.csv", index_col="id")["value"]


@pytest.fixture
def ozone():
    return pd.read_csv(REFERENCE / "airquality.csv").dropna(subset=["Ozone"])


def test_top_minus_bottom_is_r_s_welch_test(ozone):
    ends = ozone[ozone["Month"].isin([5, 8])]
    found = top_minus_bottom(ends["Ozone"], ends["Month"])
    assert found["ci_low"] == pytest.approx(R["airquality.8-5.low"], rel=1e-10)
    assert found["ci_high"] == pytest.approx(R["airquality.8-5.high"], rel=1e-10)
    assert found["df"] == pytest.approx(R["airquality.8-5.df"], rel=1e-10)
    assert found["p_value"] == pytest.approx(R["airquality.8-5.p"], rel=1e-10)


def test_sizes_are_equal_without_ties():
    values = np.random.default_rng(1).normal(size=240)
    for tiers in (2, 3, 4, 5, 7, 10):
        sizes = np.bincount(tier_of(values, tiers))[1:]
        assert sizes.max() - sizes.min() <= 1 and len(sizes) == tiers


def test_tiers_follow_the_order_of_the_values():
    values = np.random.default_rng(2).normal(size=101)
    order = np.argsort(values)
    assert (np.diff(tier_of(values, 4)[order]) >= 0).all()


def test_ties_stay_together_and_sizes_are_not_evened_out():
    values = np.array([1] * 3 + [2] * 10 + [3] * 3)
    tiers = tier_of(values, 4)
    assert len(set(tiers[values == 2])) == 1
    assert sorted(np.unique(tiers, return_counts=True)[1]) == [3, 3, 10]


def test_ties_on_paper_stay_together_in_floating_point():
    noisy = np.array([0.3, 0.1 + 0.2, 0.3, 0.1 + 0.2, 0.0, 0.9, 0.95, 1.0])
    assert len(set(noisy[:4])) == 2
    assert tier_of(noisy, 2).tolist() == [1, 1, 1, 1, 1, 2, 2, 2]


def test_tiers_do_not_depend_on_the_unit_of_the_values():
    values = np.random.default_rng(3).integers(0, 20, 60).astype(float)
    assert (tier_of(values, 4) == tier_of(values * 1e-6, 4)).all()


@pytest.mark.parametrize("tiers", [1, 0, -4, 5, 2.5, True, "4"])
def test_a_senseless_number_of_tiers_is_refused_with_the_remedy(tiers):
    rule = r"tiers must be a whole number from 2 to the number of units \(4\).*Write tiers=4"
    with pytest.raises(ValueError, match=rule):
        tier_of([1, 2, 3, 4], tiers)


def test_mean_interval_is_student_s():
    values = np.array([3.0, 5.0, 4.0, 8.0, 1.0])
    found = mean_with_intervals(values)
    from statsmodels.stats.weightstats import DescrStatsW

    assert (found["ci_low"], found["ci_high"]) == pytest.approx(DescrStatsW(values).tconfint_mean(), rel=1e-12)


def test_bootstrap_interval_agrees_with_theory_for_a_large_sample():
    values = np.random.default_rng(4).exponential(size=800)
    found = mean_with_intervals(values, replicates=4000)
    assert found["boot_low"] == pytest.approx(found["ci_low"], abs=0.1 * found["std_error"] * 2)
    assert found["boot_high"] == pytest.approx(found["ci_high"], abs=0.1 * found["std_error"] * 2)


def test_seed_decides_the_bootstrap():
    values = np.random.default_rng(5).normal(size=50)
    one, same, other = (mean_with_intervals(values, seed=s)["boot_low"] for s in (1, 1, 2))
    assert one == same != other


def test_copies_of_a_unit_add_no_information_when_clustered():
    values = np.random.default_rng(6).normal(size=30)
    once = mean_with_intervals(values)
    thrice = mean_with_intervals(np.repeat(values, 3), cluster=np.repeat(np.arange(30), 3))
    for name in ("estimate", "std_error", "ci_low", "ci_high", "df", "boot_low"):
        assert thrice[name] == pytest.approx(once[name], rel=1e-12)


def test_clustered_difference_of_copies_is_that_of_the_originals():
    rng = np.random.default_rng(7)
    y, tier = rng.normal(size=40), np.repeat([1, 4], 20)
    three = top_minus_bottom(np.repeat(y, 3), np.repeat(tier, 3), cluster=np.repeat(np.arange(40), 3))
    assert three["estimate"] == pytest.approx(top_minus_bottom(y, tier)["estimate"], rel=1e-12)
    # CR1 has the factor (n − 1)/(n − 2) with n = 120 where the pooled Welch error of equal groups has 40/38 · 39/40
    welch = top_minus_bottom(y, tier)["std_error"]
    assert three["std_error"] == pytest.approx(welch * np.sqrt(19 / 20 * 40 / 39 * 119 / 118), rel=1e-10)


def test_one_unit_has_a_mean_and_no_interval():
    found = mean_with_intervals([4.0])
    assert found["estimate"] == 4 and np.isnan(found["ci_low"]) and np.isnan(found["boot_low"])


def test_ratio_of_sums_weighs_by_size_and_skips_incomplete_rows():
    money = {"numerator": [1.0, 30.0, np.nan], "denominator": [10.0, 100.0, 50.0]}
    rows = tier_means([10.0, 30.0, 5.0], [1, 1, 1], loyalty=[1, 2, 3], **money)
    assert rows["ratio_of_sums"].item() == pytest.approx(100 * 31 / 110)
    assert rows["estimate"].item() == pytest.approx(15) and rows["median"].item() == 10
    assert np.isnan(tier_means([10.0, 30.0], [1, 1], loyalty=[1, 2])["ratio_of_sums"].item())


def test_tier_means_add_up_to_the_mean_of_all():
    rng = np.random.default_rng(8)
    y, loyalty = rng.normal(size=100), rng.normal(size=100)
    rows = tier_means(y, tier_of(loyalty, 4), loyalty=loyalty)
    assert (rows["n"] * rows["estimate"]).sum() / 100 == pytest.approx(y.mean())
    assert (rows["loyalty_high"].to_numpy()[:-1] <= rows["loyalty_low"].to_numpy()[1:]).all()
