"""Robust lines, LOWESS, correlations: R, outliers, identities, fits that do not converge."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxstudy.stats import robust
from cxstudy.stats.robust import clustered_correlations, correlation, lowess_curve, robust_line, theil_sen

REFERENCE = Path(__file__).parent / "reference"
R = pd.read_csv(REFERENCE / "nps_margin_reference.csv", index_col="id")["value"]


@pytest.fixture(scope="module")
def swiss():
    return pd.read_csv(REFERENCE / "swiss.csv")


def test_huber_line_is_mass_rlm(swiss):
    # MASS takes the scale's constant as 0.6745, statsmodels as the exact quantile: equal to six digits
    assert robust_line(swiss["Fertility"], swiss["Education"])["estimate"] == pytest.approx(R["swiss.huber"], rel=1e-6)


def test_correlation_has_the_interval_of_cor_test(swiss):
    found = correlation(swiss["Fertility"], swiss["Education"])
    assert found["ci_low"] == pytest.approx(R["swiss.correlation.low"], rel=1e-10)
    assert found["ci_high"] == pytest.approx(R["swiss.correlation.high"], rel=1e-10)


@pytest.mark.parametrize("method", [robust_line, lambda y, x: robust_line(y, x, norm="tukey"), theil_sen])
def test_one_wild_unit_does_not_move_a_robust_line(method):
    rng = np.random.default_rng(1)
    x = rng.normal(size=60)
    y = 2 * x + rng.normal(size=60) * 0.3
    wild = y.copy()
    wild[np.argmax(x)] = -500
    assert method(wild, x)["estimate"] == pytest.approx(2, abs=0.2)
    assert abs(np.polyfit(x, wild, 1)[0] - 2) > 5


def test_a_fit_that_did_not_converge_is_no_result(swiss, monkeypatch):
    monkeypatch.setattr(robust, "ITERATIONS", 2)
    found = robust_line(swiss["Fertility"], swiss["Education"])
    assert found["reason"] == "not-converged" and np.isnan(found["estimate"])


def test_a_line_through_most_points_has_no_robust_scale():
    found = robust_line(np.zeros(9), np.arange(9.0))
    assert found["reason"] == "not-converged" and np.isnan(found["estimate"])


def test_unknown_norm_is_answered_with_the_valid_ones():
    with pytest.raises(ValueError, match="huber, tukey"):
        robust_line([1, 2, 3], [1, 2, 3], norm="hubber")


def test_theil_sen_is_the_median_of_all_pairs():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=25), rng.normal(size=25)
    pairs = [(y[i] - y[j]) / (x[i] - x[j]) for i in range(25) for j in range(i)]
    assert theil_sen(y, x)["estimate"] == pytest.approx(np.median(pairs))


def test_theil_sen_refuses_what_would_take_for_ever(monkeypatch):
    monkeypatch.setattr(robust, "PAIRS_UP_TO", 10)
    assert theil_sen(np.arange(11.0), np.arange(11.0))["reason"] == "too-many"


def test_lowess_follows_a_bend_and_its_band_holds_the_curve():
    rng = np.random.default_rng(3)
    x = rng.uniform(-2, 2, 300)
    y = np.abs(x) + rng.normal(size=300) * 0.1
    found = lowess_curve(y, x, np.array([-1.5, 0.0, 1.5]), span=0.3)
    assert found["estimate"].to_numpy() == pytest.approx([1.5, 0.15, 1.5], abs=0.12)
    assert (found["ci_low"] <= found["estimate"]).all() and (found["estimate"] <= found["ci_high"]).all()


def test_lowess_of_a_straight_line_is_the_line():
    x = np.linspace(0, 10, 50)
    assert lowess_curve(3 * x + 1, x, np.array([2.0, 5.0]))["estimate"].to_numpy() == pytest.approx([7, 16])


def test_clustered_bootstrap_of_single_rows_agrees_with_fisher():
    rng = np.random.default_rng(4)
    x = rng.normal(size=400)
    y = 0.5 * x + rng.normal(size=400)
    fisher, boot = correlation(y, x), correlation(y, x, cluster=np.arange(400))
    assert boot["estimate"] == pytest.approx(fisher["estimate"], rel=1e-12)
    assert boot["ci_low"] == pytest.approx(fisher["ci_low"], abs=0.015)
    assert boot["ci_high"] == pytest.approx(fisher["ci_high"], abs=0.015)


def test_copies_of_a_unit_do_not_narrow_a_clustered_correlation():
    rng = np.random.default_rng(5)
    x = rng.normal(size=80)
    y = 0.4 * x + rng.normal(size=80)
    once = correlation(y, x, cluster=np.arange(80))
    thrice = correlation(np.repeat(y, 3), np.repeat(x, 3), cluster=np.repeat(np.arange(80), 3))
    assert thrice["std_error"] == pytest.approx(once["std_error"], rel=1e-9)


def test_two_sets_give_their_difference_from_the_same_draws():
    rng = np.random.default_rng(6)
    x, unit = rng.normal(size=90), np.arange(90)
    y = x + rng.normal(size=90)
    one, two, gap = clustered_correlations([(y, x, unit), (y, x, unit)])
    assert one["estimate"] == two["estimate"] and gap["estimate"] == 0 and gap["std_error"] == 0


def test_perfect_correlation_has_finite_numbers():
    found = correlation([1.0, 2, 3, 4, 5], [2.0, 4, 6, 8, 10])
    assert found["estimate"] == pytest.approx(1) and np.isfinite(found["p_value"])
