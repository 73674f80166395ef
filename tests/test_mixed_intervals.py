"""Profile intervals of variances against R's confint, the likelihood itself, and simulation."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from cxstudy.stats.mixed import fit
from cxstudy.stats.mixed_intervals import variance_intervals, variance_tests
from cxstudy.stats.mixed_moments import as_groups
from cxstudy.tally import moments

REFERENCE = Path(__file__).parent / "reference"
R = pd.read_csv(REFERENCE / "mixed_reference.csv").set_index("id")["value"]
SOLDIERS = pd.read_csv(REFERENCE / "mixed_bh1996.csv.gz")
SLEEP = pd.read_csv(REFERENCE / "mixed_sleepstudy.csv")
DYE = pd.read_csv(REFERENCE / "mixed_dyestuff.csv")


def fitted(data, columns, group, slope=None, reml=False):
    return fit(as_groups(moments(data, columns, by=group)), columns, slope=slope, reml=reml)


@pytest.mark.parametrize(
    ("name", "made", "of"),
    [
        ("bh.ml", (SOLDIERS, ["HRS", "G.HRS", "WBEING"], "GRP"), {"intercept": "sd_intercept|GRP"}),
        ("Dyestuff.ml", (DYE[DYE["data"] == "Dyestuff"], ["Yield"], "Batch"), {"intercept": "sd_intercept|Batch"}),
        (
            "sleep.ml",
            (SLEEP, ["Days", "Reaction"], "Subject", 1),
            {
                "intercept": "sd_intercept|Subject",
                "slope": "sd_Days|Subject",
                "correlation": "cor_Days.intercept|Subject",
            },
        ),
    ],
)
def test_profile_limits_are_those_of_lme4(name, made, of):
    found = variance_intervals(fitted(*made))
    for key, theirs in (of | {"residual": "sigma"}).items():
        for end, side in zip(found[key], ("low", "high"), strict=True):
            # lme4 reads its limits off a spline through a few points of the profile
            assert end == pytest.approx(R[f"{name}.profile.{theirs}.{side}"], rel=3e-4)


@pytest.mark.parametrize("reml", [True, False])
def test_at_a_limit_the_best_likelihood_is_lower_by_half_a_quantile(reml):
    found = fitted(SLEEP, ["Days", "Reaction"], "Subject", 1, reml)
    limits = variance_intervals(found, 0.9)
    of, scale, best = found.solved.of, found.scale, found.solved.deviance()

    def at_slope_deviation(value):
        """The smallest deviance with the slope's standard deviation at ``value``, searched without derivatives."""

        def deviance(rest):
            log_intercept, z, s = rest
            a, b = np.exp(log_intercept), value
            u = np.array([[a * a, np.tanh(z) * a * b], [np.tanh(z) * a * b, b * b]]) / scale.outcome**2
            back = np.linalg.inv(scale.random)
            return of.solved(back @ u @ back.T * np.exp(-s)).deviance(s)

        start = [np.log(np.sqrt(found.random[0, 0])), 0.1, found.solved.log_variance]
        return optimize.minimize(deviance, start, method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-9}).fun

    for end in limits["slope"]:
        assert at_slope_deviation(end) - best == pytest.approx(stats.chi2.ppf(0.9, 1), abs=1e-4)


def test_the_limits_of_the_intraclass_correlation_are_where_its_own_profile_crosses():
    found = fitted(SOLDIERS, ["HRS", "G.HRS", "WBEING"], "GRP", reml=True)
    low, high = variance_intervals(found)["icc"]
    for end in (low, high):
        fallen = found.solved.of.solved(np.array([[end / (1 - end)]])).deviance() - found.solved.deviance()
        assert fallen == pytest.approx(stats.chi2.ppf(0.95, 1), abs=1e-4)


def test_likelihood_ratio_is_that_of_lmertest_and_its_p_half_of_chi_square():
    statistic, df, p = variance_tests(fitted(SOLDIERS, ["HRS", "G.HRS", "WBEING"], "GRP", reml=True))["intercept"]
    assert statistic == pytest.approx(R["bh.reml.lrt"], rel=1e-6)
    assert (df, p) == (1, pytest.approx(stats.chi2.sf(R["bh.reml.lrt"], 1) / 2, rel=1e-4))


def test_test_of_a_slope_is_against_the_random_intercept():
    with_slope = fitted(SLEEP, ["Days", "Reaction"], "Subject", 1)
    without = fitted(SLEEP, ["Days", "Reaction"], "Subject")
    statistic, df, p = variance_tests(with_slope)["slope"]
    assert statistic == pytest.approx(2 * (with_slope.log_likelihood - without.log_likelihood), abs=1e-5)
    assert p == pytest.approx((stats.chi2.sf(statistic, 1) + stats.chi2.sf(statistic, 2)) / 2, rel=1e-9)


def test_a_variance_of_zero_has_an_interval_from_zero_and_a_p_value_of_one():
    found = fitted(DYE[DYE["data"] == "Dyestuff2"], ["Yield"], "Batch", reml=True)
    limits = variance_intervals(found)
    assert limits["intercept"][0] == 0 and limits["intercept"][1] > 0
    assert limits["icc"][0] == 0 < limits["icc"][1] < 1
    assert variance_tests(found)["intercept"] == (0.0, 1, 1.0)


def test_intervals_of_the_variances_hold_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(20260102)
    studies, groups, size, held = 40, 20, 10, np.zeros(3)
    group = np.repeat(np.arange(groups), size)
    for _ in range(studies):
        y = 0.5 * rng.normal(size=groups)[group] + rng.normal(size=groups * size)
        rows = np.column_stack([np.ones(len(y)), y]).reshape(groups, size, 2)
        limits = variance_intervals(fit(rows.transpose(0, 2, 1) @ rows, ["y"]))
        for i, (name, truth) in enumerate({"intercept": 0.5, "residual": 1.0, "icc": 0.2}.items()):
            held[i] += limits[name][0] <= truth <= limits[name][1]
    low, high = stats.binom.ppf([0.001, 0.999], studies, 0.95) / studies
    assert (held / studies >= low).all() and (held / studies <= high).all(), held / studies
