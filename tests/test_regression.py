"""Slopes: R's sandwich, Petersen's panel, statsmodels, identities, degenerate data, coverage."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from cxstudy.stats.regression import dummies, influence, line, slope, t_row

REFERENCE = Path(__file__).parent / "reference"
R = pd.read_csv(REFERENCE / "nps_margin_reference.csv", index_col="id")["value"]


@pytest.fixture(scope="module")
def swiss():
    return pd.read_csv(REFERENCE / "swiss.csv")


@pytest.fixture(scope="module")
def petersen():
    return pd.read_csv(REFERENCE / "petersen.csv.gz")


@pytest.mark.parametrize("name", ["Agriculture", "Examination", "Education", "Catholic", "Infant.Mortality"])
def test_hc3_of_swiss_is_sandwich_s(swiss, name):
    found = slope(swiss["Fertility"], swiss[name], controls=swiss.drop(columns=["Fertility", name]))
    assert found["estimate"] == pytest.approx(R[f"swiss.ols.{name}"], rel=1e-10)
    assert found["std_error"] == pytest.approx(R[f"swiss.hc3.{name}"], rel=1e-10)
    assert found["df"] == 41


def test_weighted_hc3_is_sandwich_s(swiss):
    found = slope(swiss["Fertility"], swiss["Education"], weights=swiss["Catholic"])
    assert found["estimate"] == pytest.approx(R["swiss.weighted.ols"], rel=1e-10)
    assert found["std_error"] == pytest.approx(R["swiss.weighted.hc3"], rel=1e-10)


def test_petersen_s_panel_clustered_by_firm(petersen):
    found = slope(petersen["y"], petersen["x"], cluster=petersen["firm"])
    assert found["std_error"] == pytest.approx(0.050596, abs=5e-7)
    assert found["std_error"] == pytest.approx(R["petersen.cluster.slope"], rel=1e-10)
    assert found["df"] == 499
    # the intercept and its error are the line at x = 0
    band = line(petersen["y"], petersen["x"], np.array([0.0]), cluster=petersen["firm"]).iloc[0]
    from scipy.stats import t

    error = (band["ci_high"] - band["estimate"]) / t.ppf(0.975, 499)
    assert error == pytest.approx(0.067013, abs=5e-7)


def test_fixed_effects_of_petersen_s_panel_are_r_s_dummies(petersen):
    years = dummies(petersen[["year"]].astype(str))
    found = slope(petersen["y"], petersen["x"], absorb=petersen["firm"], controls=years, cluster=petersen["firm"])
    assert found["estimate"] == pytest.approx(R["petersen.within"], rel=1e-10)


def test_absorbing_equals_dummies_also_for_weights_and_hc3():
    rng = np.random.default_rng(1)
    g, x, y, w = rng.integers(0, 6, 60), rng.normal(size=60), rng.normal(size=60), rng.uniform(1, 3, 60)
    one = slope(y, x, absorb=g, weights=w)
    two = slope(y, x, controls=pd.get_dummies(g).astype(float), weights=w)
    for name in ("estimate", "std_error", "df", "p_value"):
        assert one[name] == pytest.approx(two[name], rel=1e-9)


def test_line_is_statsmodels_prediction(swiss):
    at = np.array([0.0, 10, 40])
    fit = sm.OLS(swiss["Fertility"], sm.add_constant(swiss["Education"])).fit(cov_type="HC3", use_t=True)
    expected = fit.get_prediction(sm.add_constant(at)).summary_frame()
    found = line(swiss["Fertility"], swiss["Education"], at)
    assert found["ci_low"].to_numpy() == pytest.approx(expected["mean_ci_lower"].to_numpy(), rel=1e-9)
    assert found["estimate"].to_numpy() == pytest.approx(expected["mean"].to_numpy(), rel=1e-9)


def test_redundant_controls_and_lone_levels_do_no_harm():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=40), rng.normal(size=40)
    industry = pd.DataFrame({"industry": ["alone", *rng.choice(["a", "b"], 39)]})
    twice = pd.concat([dummies(industry), dummies(industry).add_suffix(" again")], axis=1)
    kept = slope(y[1:], x[1:], controls=dummies(industry[1:]))
    found = slope(y, x, controls=twice)
    assert found["estimate"] == pytest.approx(kept["estimate"], rel=1e-9)
    assert found["std_error"] == pytest.approx(kept["std_error"], rel=1e-9)


@pytest.mark.parametrize(
    ("y", "x", "options", "reason"),
    [
        ([1, 2, 3, 4], [5, 5, 5, 5], {}, "no-variation"),
        ([1, 2, 3, 4, 5, 7], [1, 1, 2, 2, 3, 3], {"controls": [[1], [1], [2], [2], [3], [3]]}, "no-variation"),
        ([1, 2, 3, 9], [0, 0, 0, 1], {}, "one-unit-decides"),
        ([1, 2], [1, 2], {}, "too-few"),
        ([1, 2, 3], [1, 2, 4], {"cluster": ["a", "a", "a"]}, "too-few"),
    ],
)
def test_what_has_no_answer_says_why(y, x, options, reason):
    found = slope(y, x, **options)
    assert found["reason"] == reason and np.isnan(found["std_error"])


def test_units_scale_through():
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=50), rng.normal(size=50)
    small, large = slope(y, x), slope(1000 * y, x / 1e6)
    assert large["estimate"] == pytest.approx(1e9 * small["estimate"])
    assert large["p_value"] == pytest.approx(small["p_value"])


def test_hc3_interval_covers_at_its_level_under_unequal_variance():
    rng = np.random.default_rng(4)
    hits = 0
    for _ in range(400):
        x = rng.normal(size=60)
        found = slope(0.5 * x + rng.normal(size=60) * (0.5 + np.abs(x)), x)
        hits += found["ci_low"] <= 0.5 <= found["ci_high"]
    assert 0.92 <= hits / 400 <= 0.98


def test_influence_is_r_s(swiss):
    found = influence(swiss["Fertility"], swiss["Education"], swiss.index)
    assert found["cook"].max() == pytest.approx(R["swiss.line.cook.max"], rel=1e-10)
    assert found["leverage"].max() == pytest.approx(R["swiss.line.leverage.max"], rel=1e-10)
    assert found["dfbeta"].iloc[0] == pytest.approx(R["swiss.line.dfbeta.cook.max"], rel=1e-10)


def test_influence_of_a_unit_with_several_rows_is_refitting_without_it():
    rng = np.random.default_rng(5)
    unit, x, y = np.repeat(list("abcdef"), 3), rng.normal(size=18), rng.normal(size=18)
    found = influence(y, x, unit).set_index("unit")
    for name in "abcdef":
        assert found.loc[name, "slope_without"] == pytest.approx(np.polyfit(x[unit != name], y[unit != name], 1)[0])
    assert (found["n"] == 3).all()


def test_without_the_only_unit_that_differs_there_is_no_slope():
    found = influence([1.0, 2, 3, 9], [0.0, 0, 0, 1], list("abcd")).set_index("unit")
    assert np.isnan(found.loc["d", "slope_without"]) and np.isfinite(found.loc["a", "slope_without"])


@pytest.mark.parametrize("df", [1, 5.5, 233])
def test_the_t_row_is_that_of_scipy_s_distribution(df):
    row = t_row(9, 1.3, 0.7, df, 0.9, "")
    assert row["ci_high"] - 1.3 == pytest.approx(0.7 * stats.t.ppf(0.95, df), rel=1e-8)
    assert row["p_value"] == pytest.approx(2 * stats.t.sf(1.3 / 0.7, df), rel=1e-8)
