"""The same slope under other estimators, within levels, and who leads."""

import numpy as np
import pandas as pd
import pytest

from cxstudy.stats.robustness import slope_checks, smallest_slope, who_leads, within_levels


@pytest.fixture(scope="module")
def panel():
    """60 units × 4 years: between units the slope is 1, within a unit −0.5; x leads y by a year."""
    rng = np.random.default_rng(1)
    level = rng.normal(size=60) * 10
    x = level[:, None] + rng.normal(size=(60, 4)) * 3
    y = level[:, None] - 0.5 * (x - level[:, None]) + rng.normal(size=(60, 4)) * 0.3
    keys = {"unit": np.repeat(np.arange(60), 4), "year": np.tile([2021, 2022, 2023, 2024], 60)}
    return pd.DataFrame(keys | {"x": x.ravel(), "y": y.ravel(), "n": 10, "industry": np.repeat(["a", "b"], 120)})


def test_fixed_effects_see_the_change_within_and_the_others_the_difference_between(panel):
    names = {"y": "y", "x": "x", "unit": "unit", "size": "n"}
    rows = slope_checks(panel, **names, controls=["industry"], years=True, panel=panel, per=10)
    found = rows.set_index("specification")["estimate"]
    assert found["fixed effects"] == pytest.approx(-5, abs=0.3)
    for name in ("pooled", "huber", "tukey", "theil-sen", "weighted", "with controls", "within industry"):
        assert 5 < found[name] < 11, name
    assert rows.set_index("specification").loc["pooled", "method"] == "OLS, clustered"


def test_per_scales_estimate_and_interval_but_not_p(panel):
    one, ten = (slope_checks(panel, y="y", x="x", unit="unit", size="n", per=per).iloc[0] for per in (1, 10))
    assert ten["estimate"] == pytest.approx(10 * one["estimate"]) and ten["ci_low"] == pytest.approx(10 * one["ci_low"])
    assert ten["p_value"] == one["p_value"]


def test_simpson_within_levels_the_sign_turns():
    rng = np.random.default_rng(2)
    group = np.repeat([0, 1], 50)
    x = 10 * group + rng.normal(size=100)
    frame = pd.DataFrame({"unit": range(100), "x": x, "y": 10 * group - (x - 10 * group) + rng.normal(size=100) * 0.2})
    frame["industry"] = np.where(group, "b", "a")
    rows = within_levels(frame, y="y", x="x", unit="unit", controls=["industry"])
    assert rows["level"].tolist() == ["a", "b"] and (rows["ci_high"] < 0).all() and (rows["correlation_high"] < 0).all()
    assert np.corrcoef(frame["x"], frame["y"])[0, 1] > 0.9


def test_small_levels_are_left_out(panel):
    few = panel[panel["year"] == 2021].assign(industry=["rare"] * 7 + ["usual"] * 53)
    assert within_levels(few, y="y", x="x", unit="unit", controls=["industry"])["level"].tolist() == ["usual"]


def test_who_leads_finds_the_leader():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(80, 5))
    y = np.column_stack([rng.normal(size=80), x[:, :-1] + rng.normal(size=(80, 4)) * 0.5])
    keys = {"unit": np.repeat(np.arange(80), 5), "year": np.tile(range(2020, 2025), 80)}
    frame = pd.DataFrame(keys | {"x": x.ravel(), "y": y.ravel()})
    rows = who_leads(frame, y="y", x="x", unit="unit", replicates=500).set_index("direction")
    assert rows.loc["x first", "ci_low"] > 0.7 and rows.loc["difference", "ci_low"] > 0.5
    assert rows.loc["y first", "ci_low"] < 0 < rows.loc["y first", "ci_high"]
    assert rows.loc["x first", "n"] == 320


def test_who_leads_needs_two_years_in_a_row_of_eight_units(panel):
    assert who_leads(panel[panel["year"].isin([2021, 2023])], y="y", x="x", unit="unit") is None
    assert who_leads(panel[panel["unit"] < 7], y="y", x="x", unit="unit") is None
    assert who_leads(panel.assign(x=1.0), y="y", x="x", unit="unit") is None


def test_smallest_slope_shrinks_with_n_and_scales():
    few, many = smallest_slope(30, 5, 20), smallest_slope(300, 5, 20)
    assert few[0] > many[0] and few[1] == pytest.approx(10 * few[0] * 5 / 20)
