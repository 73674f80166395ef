"""Trend over ordered groups: R, a textbook, full enumeration, pingouin."""

from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import studentized_range

from cxstudy.stats.trend import games_howell, jonckheere, linear_contrast, welch_anova

REFERENCE = Path(__file__).parent / "reference"
R = pd.read_csv(REFERENCE / "nps_margin_reference.csv", index_col="id")["value"]


@pytest.fixture
def ozone():
    return pd.read_csv(REFERENCE / "airquality.csv").dropna(subset=["Ozone"])


def test_jonckheere_of_hollander_and_wolfe():
    """Example 6.2 (motivational effect of knowledge of performance): J = 79; also the example of R's NSM3::pJCK."""
    none, rough, accurate = [40, 35, 38, 43, 44, 41], [38, 40, 47, 44, 40, 42], [48, 40, 45, 43, 46, 44]
    found = jonckheere(none + rough + accurate, [1] * 6 + [2] * 6 + [3] * 6)
    assert (found["statistic"], found["mean"]) == (79, 54)


def test_jonckheere_has_the_z_of_kendall_s_test_in_r(ozone):
    found = jonckheere(ozone["Ozone"], ozone["Month"])
    assert found["z"] == pytest.approx(R["airquality.kendall.z"], rel=1e-10)
    assert found["p_value"] == pytest.approx(R["airquality.kendall.p"], rel=1e-10)


@pytest.mark.parametrize("values", [[1, 2, 3, 4, 5, 6], [1, 1, 2, 2, 2, 5], [3, 3, 3, 3, 3, 9]])
def test_mean_and_variance_are_those_of_all_permutations(values):
    groups = [1, 1, 2, 2, 3, 3]
    all_j = [jonckheere(order, groups)["statistic"] for order in permutations(values)]
    found = jonckheere(values, groups)
    assert found["mean"] == pytest.approx(np.mean(all_j))
    assert found["std_error"] == pytest.approx(np.std(all_j))


def test_turning_the_values_round_turns_the_sign():
    y, g = np.random.default_rng(1).normal(size=60), np.repeat([1, 2, 3], 20)
    up, down = jonckheere(y, g), jonckheere(-y, g)
    assert up["z"] == pytest.approx(-down["z"]) and up["p_value"] == pytest.approx(down["p_value"])


@pytest.mark.parametrize(("values", "groups"), [([1, 2, 3], [1, 1, 1]), ([2, 2, 2], [1, 2, 3])])
def test_nothing_to_trend(values, groups):
    with pytest.raises(ValueError, match="a trend needs at least two groups and two different values"):
        jonckheere(values, groups)


def test_welch_anova_of_airquality_in_r(ozone):
    found = welch_anova(ozone["Ozone"], ozone["Month"])
    assert found["statistic"] == pytest.approx(8.02668, abs=5e-6)
    assert found["df"] == pytest.approx(42.668, abs=5e-4)
    assert found["p_value"] == pytest.approx(R["airquality.welch.p"], rel=1e-8)


def test_games_howell_has_pingouin_s_p_and_an_interval_that_agrees_with_it(ozone):
    import pingouin

    found = games_howell(ozone["Ozone"], ozone["Month"])
    ours = pingouin.pairwise_gameshowell(data=ozone, dv="Ozone", between="Month")
    assert found["p_value"].to_numpy() == pytest.approx(ours["pval"].to_numpy())
    excludes_zero = (found["ci_low"] > 0) | (found["ci_high"] < 0)
    assert (excludes_zero == (found["p_value"] < 0.05)).all() and excludes_zero.any() and not excludes_zero.all()
    first = found.iloc[0]
    half = studentized_range.ppf(0.95, 5, first["df"]) * first["std_error"] / np.sqrt(2)
    assert first["ci_high"] - first["estimate"] == pytest.approx(half, rel=1e-5)


def test_games_howell_says_later_minus_earlier():
    found = games_howell([1.0, 2.0, 11.0, 13.0], [1, 1, 2, 2])
    assert found["estimate"].item() == pytest.approx(10.5)
    assert (found["tier_a"].item(), found["tier_b"].item()) == (1, 2)


def test_contrast_of_two_groups_is_welch_s_test(ozone):
    from scipy.stats import ttest_ind

    two = ozone[ozone["Month"].isin([5, 6])]
    welch = ttest_ind(two.loc[two["Month"] == 6, "Ozone"], two.loc[two["Month"] == 5, "Ozone"], equal_var=False)
    found = linear_contrast(two["Ozone"], two["Month"])
    assert (found["ci_low"], found["ci_high"]) == pytest.approx(tuple(welch.confidence_interval()), rel=1e-10)
    assert found["p_value"] == pytest.approx(welch.pvalue, rel=1e-10)


def test_contrast_is_the_slope_of_the_group_means():
    y, g = np.random.default_rng(2).normal(size=80), np.repeat([1, 2, 3, 4], 20)
    means = [y[g == k].mean() for k in (1, 2, 3, 4)]
    assert linear_contrast(y, g)["estimate"] == pytest.approx(np.polyfit([1, 2, 3, 4], means, 1)[0])


def test_contrast_needs_two_values_a_group():
    with pytest.raises(ValueError, match="at least two values in every group"):
        linear_contrast([1, 2, 3], [1, 1, 2])
