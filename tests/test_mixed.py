"""Mixed models from moments against R's lme4 and lmerTest, exact cases, what is refused, and coverage."""

import doctest
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cxstudy.faults import NotTestable
from cxstudy.stats import mixed
from cxstudy.stats.mixed import fit
from cxstudy.stats.mixed_moments import apart, as_groups
from cxstudy.stats.mixed_rows import statsmodels_attempts
from cxstudy.stats.mixed_search import Attempt, decided
from cxstudy.tally import moments

REFERENCE = Path(__file__).parent / "reference"
R = pd.read_csv(REFERENCE / "mixed_reference.csv").set_index("id")["value"]
SOLDIERS = pd.read_csv(REFERENCE / "mixed_bh1996.csv.gz")
SLEEP = pd.read_csv(REFERENCE / "mixed_sleepstudy.csv")
FEW = pd.read_csv(REFERENCE / "mixed_few.csv")
DYE = pd.read_csv(REFERENCE / "mixed_dyestuff.csv")
CASES = {
    "bh.reml": (SOLDIERS, "GRP", ["HRS", "G.HRS", "WBEING"], None, True),
    "bh.ml": (SOLDIERS, "GRP", ["HRS", "G.HRS", "WBEING"], None, False),
    "bh.slope": (SOLDIERS, "GRP", ["HRS", "LEAD", "G.HRS", "WBEING"], 2, True),
    "sleep.reml": (SLEEP, "Subject", ["Days", "Reaction"], 1, True),
    "sleep.ml": (SLEEP, "Subject", ["Days", "Reaction"], 1, False),
    "few": (FEW, "Subject", ["Days", "Reaction"], None, True),
    "Dyestuff.reml": (DYE[DYE["data"] == "Dyestuff"], "Batch", ["Yield"], None, True),
    "Dyestuff.ml": (DYE[DYE["data"] == "Dyestuff"], "Batch", ["Yield"], None, False),
    "Dyestuff2.reml": (DYE[DYE["data"] == "Dyestuff2"], "Batch", ["Yield"], None, True),
    "Dyestuff2.ml": (DYE[DYE["data"] == "Dyestuff2"], "Batch", ["Yield"], None, False),
}


def fitted(name, further=()):
    data, group, columns, slope, reml = CASES[name]
    return fit(as_groups(moments(data, columns, by=group)), columns, slope=slope, reml=reml, further=further)


def summed(x, y, group):
    rows = np.column_stack([np.ones(len(y)), np.reshape(x, (len(y), -1)), y])
    return np.array([rows[group == g].T @ rows[group == g] for g in np.unique(group)])


@pytest.mark.parametrize("name", CASES)
def test_lme4_and_lmertest_give_the_same_fit(name):
    found = fitted(name)
    assert found.accepted and found.log_likelihood == pytest.approx(R[f"{name}.logLik"], abs=1e-6)
    terms = ["intercept", *CASES[name][2][:-1]]
    for i, term in enumerate(terms):
        estimate, error, df = found.contrast(np.eye(len(terms))[i])
        # lme4 stops where the likelihood is flat to 1e-7: standard errors agree to about its square root
        assert estimate == pytest.approx(R[f"{name}.{term}.estimate"], rel=1e-6)
        assert error == pytest.approx(R[f"{name}.{term}.std_error"], rel=2e-6)
        assert df == pytest.approx(R[f"{name}.{term}.df"], rel=1e-5)
        assert 2 * stats.t.sf(abs(estimate / error), df) == pytest.approx(R[f"{name}.{term}.p_value"], rel=1e-3)
    assert found.residual == pytest.approx(R[f"{name}.variance.residual"], rel=1e-6)
    assert found.random[0, 0] == pytest.approx(R[f"{name}.variance.intercept"], rel=1e-4, abs=1e-12)
    slope = CASES[name][3]
    if slope:
        assert found.random[1, 1] == pytest.approx(R[f"{name}.variance.{terms[slope]}"], rel=1e-4)
        assert found.random[0, 1] == pytest.approx(R[f"{name}.variance.intercept_{terms[slope]}"], rel=1e-4)


def test_published_values():
    assert fitted("bh.reml").coefficients == pytest.approx([4.74083, -0.046461, -0.126926], abs=5e-6)
    sleep = fitted("sleep.reml")
    assert sleep.coefficients == pytest.approx([251.405, 10.467], abs=5e-4)
    assert [*np.diag(sleep.random), sleep.residual] == pytest.approx([612.1, 35.1, 654.9], abs=0.05)


def test_nlme_reaches_the_same_likelihood_with_a_slope():
    assert fitted("bh.slope").log_likelihood == pytest.approx(R["bh.slope.nlme.logLik"], abs=1e-6)


def test_equal_groups_have_the_anova_estimates():
    rng = np.random.default_rng(2)
    y = (rng.normal(size=12)[:, None] + rng.normal(size=(12, 6))).ravel()
    group = np.repeat(np.arange(12), 6)
    found = fit(summed(np.empty((72, 0)), y, group), ["y"])
    means = y.reshape(12, 6).mean(axis=1)
    within = ((y - means[group]) ** 2).sum() / 60
    assert found.residual == pytest.approx(within, rel=1e-6)
    assert found.random[0, 0] == pytest.approx(means.var(ddof=1) - within / 6, rel=1e-5)
    estimate, error, df = found.contrast([1.0])
    assert (estimate, error) == pytest.approx((means.mean(), stats.sem(means)), rel=1e-6)
    assert df == pytest.approx(11, abs=1e-4)


def test_units_and_origins_change_nothing_but_units():
    one = fitted("sleep.reml")
    data = SLEEP.assign(Days=1e3 * SLEEP["Days"] + 4e6, Reaction=SLEEP["Reaction"] / 50 - 1e4)
    shifted = moments(data, ["Days", "Reaction"], by="Subject", centre=[4e6, -1e4])
    other = fit(as_groups(shifted), ["Days", "Reaction"], centre=shifted.centre, slope=1)
    assert other.coefficients[1] == pytest.approx(one.coefficients[1] / 5e4, rel=1e-9)
    at_start = other.coefficients[0] + other.coefficients[1] * 4e6
    assert at_start == pytest.approx(one.coefficients[0] / 50 - 1e4, rel=1e-9)
    assert other.random[1, 1] == pytest.approx(one.random[1, 1] / 5e4**2, rel=1e-5)
    assert one.contrast([0, 1])[2] == pytest.approx(other.contrast([0, 1])[2], rel=1e-5)


def test_predicted_deviations_are_those_of_ranef():
    found = fitted("sleep.reml")
    deviation, error = found.deviations()
    at = {str(s): i for i, s in enumerate(np.sort(SLEEP["Subject"].unique()))}
    for subject in ("308", "335"):
        for j, term in enumerate(("intercept", "Days")):
            assert deviation[at[subject], j] == pytest.approx(R[f"sleep.group.{subject}.{term}.estimate"], abs=1e-4)
            assert error[at[subject], j] == pytest.approx(R[f"sleep.group.{subject}.{term}.std_error"], rel=1e-5)
    assert deviation.sum(axis=0) == pytest.approx([0, 0], abs=1e-8)


def test_no_variance_between_groups_is_said_and_leaves_the_degrees_of_freedom_of_groups():
    found = fitted("Dyestuff2.reml")
    assert (found.singular, found.random[0, 0]) == ("no_variance", 0)
    assert found.contrast([1.0])[2] == pytest.approx(29, abs=1e-6)
    assert found.contrast([1.0], groups_only=True)[2] == pytest.approx(5)


def test_a_slope_without_variance_is_said():
    x = np.tile([-1.0, 0, 1], 8)
    group = np.repeat(np.arange(8), 3)
    # every group has the same slope and the same deviations from it
    y = 0.4 * x + np.linspace(-2, 2, 8)[group] + np.tile([0.1, -0.2, 0.1], 8)
    found = fit(summed(x, y, group), ["x", "y"], slope=1)
    assert (found.singular, found.random[1, 1]) == ("no_slope_variance", 0)
    assert found.accepted


def test_statsmodels_wrong_fits_of_bh1996_are_refused_and_ours_stands():
    data, group, columns, slope, _ = CASES["bh.slope"]
    rows = statsmodels_attempts(data[columns[:-1]], data[columns[-1]].to_numpy(), data[group].to_numpy(), slope)
    found = fitted("bh.slope", further=[rows])
    witnesses = [a for a in found.attempts if a.optimiser.startswith("statsmodels")]
    worse = [a for a in witnesses if a.deviance > found.solved.deviance() + 0.02]
    assert worse and all(a.reason == "lower_likelihood" for a in worse)
    assert any(not a.reason for a in witnesses)
    assert found.accepted and found.log_likelihood == pytest.approx(R["bh.slope.logLik"], abs=1e-6)


def test_one_rows_programme_and_moments_agree_on_sleepstudy():
    data, group, columns, slope, _ = CASES["sleep.ml"]
    rows = statsmodels_attempts(data[columns[:-1]], data[columns[-1]].to_numpy(), data[group].to_numpy(), slope)
    assert [a.reason for a in fitted("sleep.ml", further=[rows]).attempts] == [""] * 5


def attempt(deviance=10.0, converged=True, estimates=(1.0, 2.0), reason=""):
    return Attempt("one", "standardised", converged, deviance, np.array(estimates), np.array([1.0]), reason)


@pytest.mark.parametrize(
    ("attempts", "reasons"),
    [
        ([attempt(), attempt()], ["", ""]),
        ([attempt(10.05), attempt()], ["lower_likelihood", ""]),
        ([attempt(), attempt(10.05)], ["optimisers_differ", "lower_likelihood"]),
        ([attempt(), attempt(estimates=(1.0, 2.002))], ["optimisers_differ", "estimates_differ"]),
        ([attempt(converged=False), attempt()], ["not_converged", ""]),
        ([attempt(converged=False, reason="not_identified"), attempt()], ["not_identified", ""]),
        ([attempt(np.nan), attempt()], ["not_finite", ""]),
        ([attempt(), attempt(estimates=(1.0, 2.002)), attempt()], ["", "estimates_differ", ""]),
    ],
)
def test_a_fit_is_accepted_only_under_all_four_conditions(attempts, reasons):
    got = [a.reason for a in decided(attempts)]
    assert got[0] == reasons[0]
    assert [bool(r) for r in got] == [bool(r) for r in reasons]


def test_variances_that_the_data_cannot_tell_apart_are_not_accepted():
    # two rows a group, at the same two places: three numbers, four variances
    rng = np.random.default_rng(7)
    x, group = np.tile([0.0, 1.0], 40), np.repeat(np.arange(40), 2)
    y = 2 * rng.normal(size=40)[group] + x * rng.normal(size=40)[group] + 0.5 * rng.normal(size=80)
    found = fit(summed(x, y, group), ["x", "y"], slope=1)
    assert not found.accepted and found.reason in ("not_identified", "optimisers_differ", "not_converged")


SMALL = np.array([1.0, 2, 3, 2, 3, 5])
TWO = np.array([0, 0, 0, 1, 1, 1])


@pytest.mark.parametrize(
    ("x", "y", "group", "slope", "message"),
    [
        (SMALL, SMALL**2, np.zeros(6, int), None, "compares groups; found 1"),
        (SMALL, SMALL**2, np.arange(6), None, "all 6 groups have one"),
        (SMALL, np.full(6, 4.0), TWO, None, "outcome y is the same in every row"),
        (np.full(6, 4.0), SMALL, TWO, None, "x is the same in every row"),
        (SMALL, TWO.astype(float), TWO, None, "there is no residual variance"),
        (SMALL, 2 * SMALL + TWO, TWO, None, "there is no residual variance"),
        (TWO.astype(float), SMALL, TWO, 1, "needs values that differ within groups"),
    ],
)
def test_what_cannot_be_told_is_refused(x, y, group, slope, message):
    with pytest.raises(NotTestable, match=message):
        fit(summed(x, y, group), ["x", "y"], slope=slope)


def test_predictors_that_determine_one_another_are_named():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(30, 2))
    cross = summed(np.column_stack([x, x @ [2, 1] + 3]), rng.normal(size=30), np.repeat(np.arange(5), 6))
    with pytest.raises(NotTestable, match="c is determined by a, b"):
        fit(cross, ["a", "b", "c", "y"])


def test_too_few_rows_and_missing_products_are_refused():
    with pytest.raises(NotTestable, match="more rows than coefficients"):
        fit(summed(SMALL[:3], SMALL[:3] ** 2, np.array([0, 0, 1])), ["x", "y"])
    with pytest.raises(NotTestable, match="no products"):
        fit(np.full((3, 2, 2), np.nan), ["y"])


def test_within_and_between_intervals_hold_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(20260101)
    truth, held = (0.5, -0.8), np.zeros(2)
    studies, groups, size = 100, 12, 8
    group = np.repeat(np.arange(groups), size)
    for _ in range(studies):
        level = rng.normal(size=groups)
        x = level[group] + rng.normal(size=groups * size)
        mean = np.bincount(group, x) / size
        y = 0.5 * (x - mean[group]) - 0.8 * mean[group] + 0.4 * rng.normal(size=groups)[group] + rng.normal(size=len(x))
        found = fit(apart(summed(x, y, group), [1]), ["within", "between", "y"])
        for i in (0, 1):
            estimate, error, df = found.contrast(np.eye(3)[i + 1], groups_only=i == 1)
            held[i] += abs(estimate - truth[i]) <= stats.t.ppf(0.975, df) * error
    low, high = stats.binom.ppf([0.001, 0.999], studies, 0.95) / studies
    assert (held / studies >= low).all() and (held / studies <= high).all(), held / studies


def test_examples():
    assert doctest.testmod(mixed).failed == 0
