"""The specification curve: each specification is the regression it says it is."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from cxstudy.stats.specification import specification_curve
from cxstudy.stats.tiers import tier_of, top_minus_bottom


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(1)
    x = rng.normal(size=160)
    table = {"y": x + rng.normal(size=160) * 2, "x": x, "n": rng.integers(5, 200, 160)}
    return pd.DataFrame(table | {"industry": rng.choice(list("abc"), 160)})


@pytest.fixture(scope="module")
def curve(frame):
    return specification_curve(frame, outcome="y", exposures=("x",), size="n", controls=("industry",))


def one(curve, **choices):
    mask = np.logical_and.reduce([curve[name] == value for name, value in choices.items()])
    assert mask.sum() == 1
    return curve[mask].iloc[0]


def test_all_choices_are_crossed(curve):
    assert len(curve) == 4 * 2 * 2 * 2 * 2
    assert curve["estimate"].is_monotonic_increasing


def test_the_plain_specification_is_top_minus_bottom(frame, curve):
    row = one(curve, tiers=4, controls="none", trim=0.0, weights="equal", minimum=frame["n"].min())
    assert row["estimate"] == pytest.approx(top_minus_bottom(frame["y"], tier_of(frame["x"], 4))["estimate"])


def test_a_full_specification_is_statsmodels_regression(frame, curve):
    least = frame["n"].quantile(0.25)
    row = one(curve, tiers=3, controls="industry", trim=0.05, weights="by size", minimum=least)
    kept = frame[frame["n"] >= least]
    low, high = kept["y"].quantile([0.025, 0.975])
    kept = kept[kept["y"].between(low, high)]
    kept = kept.assign(tier=tier_of(kept["x"], 3))
    ends = kept[kept["tier"] != 2].assign(top=lambda t: (t["tier"] == 3).astype(float))
    fit = smf.wls("y ~ top + industry", ends, weights=ends["n"]).fit(cov_type="HC3", use_t=True)
    assert row["n"] == len(ends)
    assert row["estimate"] == pytest.approx(fit.params["top"], rel=1e-9)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(tuple(fit.conf_int().loc["top"]), rel=1e-8)


def test_too_small_tiers_have_a_reason_and_no_number(frame):
    rows = specification_curve(frame.head(30), outcome="y", exposures=("x",), size="n", tiers=(3, 4))
    assert (rows.loc[rows["tiers"] == 4, "reason"] == "small-tiers").all()
    assert rows.loc[rows["tiers"] == 4, "estimate"].isna().all()
    assert rows.loc[(rows["tiers"] == 3) & (rows["trim"] == 0), "estimate"].notna().any()


def test_clusters_reach_every_specification(frame):
    twice = pd.concat([frame, frame]).assign(unit=np.tile(np.arange(160), 2))
    rows = specification_curve(twice, outcome="y", exposures=("x",), size="n", cluster="unit", tiers=(4,))
    assert set(rows["method"]) == {"OLS, clustered", "WLS, clustered"}
