"""cx.mixed_model: the same numbers from rows, files and tables, within and between apart, what it says and refuses."""

import doctest
from pathlib import Path
from types import SimpleNamespace

import ibis
import numpy as np
import pandas as pd
import pyarrow
import pytest

from cxstudy.faults import NotTestable
from cxstudy.language import LANGUAGES
from cxstudy.measures import mixed_model as module
from cxstudy.measures.mixed_model import mixed_model

REFERENCE = Path(__file__).parent / "reference"
R = pd.read_csv(REFERENCE / "mixed_reference.csv").set_index("id")["value"]
FILE = REFERENCE / "mixed_bh1996.csv.gz"
SOLDIERS = pd.read_csv(FILE)
SLEEP = pd.read_csv(REFERENCE / "mixed_sleepstudy.csv")
DYE = pd.read_csv(REFERENCE / "mixed_dyestuff.csv")


def answers(rng, groups=30, size=10):
    company = np.repeat([f"C{i:02}" for i in range(groups)], size)
    side = np.tile(["customers", "employees"], groups * size // 2)
    load = rng.normal(size=groups * size)
    level = np.repeat(rng.normal(size=groups), size)
    score = 3 + level - 0.5 * load + (side == "employees") * (1 + 0.3 * load) + rng.normal(size=len(load))
    return pd.DataFrame({"company": company, "side": side, "load": load, "score": score})


def test_frame_file_and_engine_table_give_lme4s_numbers():
    shared = dict(group="GRP", fixed=["HRS", "G.HRS"])
    table = ibis.memtable(pyarrow.Table.from_pandas(SOLDIERS))
    for data in (SOLDIERS, FILE, table):
        found = mixed_model(data, "WBEING", **shared)
        fixed = found.fixed.set_index("term")
        for term in ("intercept", "HRS", "G.HRS"):
            for column, tolerance in (("estimate", 1e-6), ("std_error", 2e-6), ("df", 1e-5), ("p_value", 1e-3)):
                assert fixed.loc[term, column] == pytest.approx(R[f"bh.reml.{term}.{column}"], rel=tolerance)
        assert found.log_likelihood == pytest.approx(R["bh.reml.logLik"], abs=1e-6)
        assert fixed.loc["HRS", ["n", "n_missing", "n_groups"]].tolist() == [7382, 0, 99]
        assert found.accepted and found.reason == found.singular == "" and found.sentences() == []


def test_within_and_between_are_those_of_centred_columns_and_their_difference_the_contextual_term():
    fixed = mixed_model(SOLDIERS, "WBEING", group="GRP", fixed="HRS", within_between=True).fixed.set_index("term")
    for ours, theirs in {"HRS_within": "within", "HRS_between": "mean"}.items():
        for column, tolerance in (("estimate", 1e-6), ("std_error", 1e-5), ("df", 1e-5)):
            assert fixed.loc[ours, column] == pytest.approx(R[f"bh.apart.{theirs}.{column}"], rel=tolerance)
    # G.HRS of the data is the group's mean, printed with fewer digits
    assert fixed.loc["HRS_difference", "estimate"] == pytest.approx(R["bh.reml.G.HRS.estimate"], rel=1e-5)
    assert fixed.loc["HRS_difference", "df"] == pytest.approx(R["bh.reml.G.HRS.df"], rel=1e-5)


def test_split_names_one_term_and_a_slope_is_that_within():
    shared = dict(group="GRP", fixed=["HRS", "LEAD"], slope="LEAD", within_between="LEAD")
    found = mixed_model(SOLDIERS, "WBEING", **shared)
    terms = ["intercept", "HRS", "LEAD_within", "LEAD_between", "LEAD_difference"]
    assert found.fixed["term"].tolist() == terms
    assert found.variances["term"].tolist() == ["intercept", "LEAD_within", "correlation", "residual"]
    # the same model by hand
    mean = SOLDIERS.groupby("GRP")["LEAD"].transform("mean")
    apart = SOLDIERS.assign(inside=SOLDIERS["LEAD"] - mean, mean=mean)
    other = mixed_model(apart, "WBEING", group="GRP", fixed=["HRS", "inside", "mean"], slope="inside")
    assert found.fixed["estimate"][:4].tolist() == pytest.approx(other.fixed["estimate"].tolist(), rel=1e-6)
    assert found.groups["slope"].tolist() == pytest.approx(other.groups["slope"].tolist(), rel=1e-4)


def test_statsmodels_is_heard_on_the_rows_with_split_terms():
    data = answers(np.random.default_rng(9), groups=15, size=8)
    options = dict(group="company", fixed="load", slope="load", within_between=True, statsmodels=True)
    fits = mixed_model(data, "score", **options).fits
    witnesses = fits[fits["optimiser"].str.startswith("statsmodels")]
    assert len(witnesses) == 3 and witnesses["agrees"].any()
    assert (abs(witnesses.loc[witnesses["agrees"], "log_likelihood"] - fits["log_likelihood"][0]) < 0.01).all()
    assert (witnesses.loc[~witnesses["agrees"], "reason"] != "").all()


def test_slopes_of_the_groups_add_up_to_the_common_slope_and_have_intervals():
    found = mixed_model(SLEEP, "Reaction", group="Subject", fixed="Days", slope="Days")
    assert found.groups["slope"].mean() == pytest.approx(R["sleep.reml.Days.estimate"], rel=1e-9)
    variances = found.variances.set_index("term")
    assert variances.loc["Days", "estimate"] == pytest.approx(35.1, abs=0.05)
    spread = variances["std_dev"].drop("correlation") ** 2
    assert spread.tolist() == pytest.approx(variances["estimate"].drop("correlation").tolist())
    assert ((variances["ci_low"] < variances["estimate"]) & (variances["estimate"] < variances["ci_high"])).all()
    assert found.icc["reason"].tolist() == ["at_the_mean_of_the_slope"]


def test_levels_and_products_are_the_columns_made_by_hand():
    data = answers(np.random.default_rng(1))
    declared = {"side": ["customers", "employees"]}
    found = mixed_model(data, "score", group="company", fixed=["side", "load", "side:load"], levels=declared)
    by_hand = data.assign(e=(data["side"] == "employees") * 1.0)
    by_hand["both"] = by_hand["e"] * by_hand["load"]
    other = mixed_model(by_hand, "score", group="company", fixed=["e", "load", "both"])
    assert found.fixed["term"].tolist() == ["intercept", "side[employees]", "load", "side[employees]:load"]
    for column in ("estimate", "std_error", "df", "p_value"):
        assert found.fixed[column].tolist() == pytest.approx(other.fixed[column].tolist(), rel=1e-8)
    differing = mixed_model(data, "score", group="company", fixed=["side", "load"], levels=declared, slope="side")
    assert differing.variances["term"][1] == "side[employees]"


def test_rows_with_gaps_and_rows_without_a_group_are_left_out_and_counted():
    data = answers(np.random.default_rng(2))
    holed = data.copy()
    holed.loc[[0, 5], "score"] = np.nan
    holed.loc[7, "load"] = np.nan
    holed.loc[11, "company"] = None
    found = mixed_model(holed, "score", group="company", fixed="load")
    kept = mixed_model(holed.dropna(), "score", group="company", fixed="load")
    assert found.fixed.loc[0, ["n", "n_missing", "n_groups"]].tolist() == [296, 4, 30]
    assert found.fixed["estimate"].tolist() == pytest.approx(kept.fixed["estimate"].tolist(), rel=1e-9)
    assert found.groups.loc[0, ["n", "n_missing"]].tolist() == [7, 3]


def test_several_columns_name_a_group():
    data = answers(np.random.default_rng(3)).assign(team=np.tile([1, 1, 2, 2, 2], 60))
    found = mixed_model(data, "score", group=["company", "team"], fixed="load")
    assert found.groups.columns[:2].tolist() == ["company", "team"] and len(found.groups) == 60


def test_no_variance_between_groups_and_few_groups_are_said_in_every_language():
    found = mixed_model(DYE[DYE["data"] == "Dyestuff2"], "Yield", group="Batch")
    assert found.accepted and found.singular == "no_variance"
    assert found.variances["reason"].tolist() == ["no_variance", ""]
    assert found.icc[["estimate", "ci_low"]].values.tolist() == [[0, 0]]
    assert found.fixed.loc[0, "df"] == pytest.approx(5)
    said = found.sentences()
    assert len(said) == 2 and "singular" in said[0] and said[1].startswith("Only 6 groups")
    assert all(len(found.sentences(language)) == 2 for language in LANGUAGES)


def test_a_fit_that_is_not_accepted_gives_no_number_and_says_why():
    rng = np.random.default_rng(7)
    data = pd.DataFrame({"g": np.repeat(np.arange(40), 2), "x": np.tile([0.0, 1.0], 40)})
    level, slope = 2 * rng.normal(size=40), rng.normal(size=40)
    data["y"] = level[data["g"]] + slope[data["g"]] * data["x"] + 0.5 * rng.normal(size=80)
    found = mixed_model(data, "y", group="g", fixed="x", slope="x")
    assert not found.accepted and found.reason
    for table in (found.fixed, found.variances, found.icc):
        assert table["estimate"].isna().all() and (table["reason"] == found.reason).all()
    assert np.isnan(found.log_likelihood) and found.groups["slope"].isna().all()
    assert not found.fits["agrees"].iloc[0]
    for language in LANGUAGES:
        assert len(found.sentences(language)) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(group="compny"), "there is no column 'compny'; nearest: company"),
        (dict(fixed="side"), "or have its levels declared; 300 rows hold text"),
        (dict(fixed="side", levels={"side": ["customers", "staff"]}), "150 rows hold another"),
        (dict(fixed="side", levels={"side": ["customers"]}), "at least two different levels"),
        (dict(fixed="load", levels={"side": ["customers", "employees"]}), "levels names columns of fixed"),
        (dict(fixed=["load", "score"]), "score is more"),
        (dict(fixed="load", slope="side"), "slope must be a term of fixed"),
        (dict(fixed="load", within_between="side"), "within_between must be a term of fixed"),
        (dict(fixed="load", method="bayes"), "method"),
        (dict(fixed="load", confidence=95), "confidence"),
        (dict(fixed="load", group=()), "group must name the column"),
    ],
)
def test_messages(change, message):
    data = answers(np.random.default_rng(4))
    with pytest.raises(ValueError, match=message):
        mixed_model(data, "score", **({"group": "company"} | change))


def test_one_group_groups_of_one_and_a_constant_outcome_are_refused():
    data = answers(np.random.default_rng(5))
    with pytest.raises(NotTestable, match="found 1"):
        mixed_model(data[data["company"] == "C00"], "score", group="company")
    with pytest.raises(NotTestable, match="groups have one"):
        mixed_model(data.groupby("company", as_index=False).first(), "score", group="company")
    with pytest.raises(NotTestable, match="the same in every row"):
        mixed_model(data.assign(score=4.0), "score", group="company")
    with pytest.raises(NotTestable, match="found 0"):
        mixed_model(data.assign(score=np.nan), "score", group="company")


def test_a_counted_table_gives_the_model_without_predictors_and_no_other():
    data = answers(np.random.default_rng(10))
    published = data.groupby("company")["score"].agg(n="size", m="mean", s="std").reset_index()
    means = {"score": {"mean": "m", "sd": "s"}, "load": {"mean": "m", "sd": None}}
    expression = ibis.memtable(pyarrow.Table.from_pandas(published))
    counted = SimpleNamespace(rows="counted", expr=expression, shares={}, means=means)
    found = mixed_model(counted, "score", group="company")
    direct = mixed_model(data, "score", group="company")
    for column in ("estimate", "std_error", "df"):
        assert found.fixed[column].tolist() == pytest.approx(direct.fixed[column].tolist(), rel=1e-5)
    with pytest.raises(NotTestable, match="no products"):
        mixed_model(counted, "score", group="company", fixed="load")
    with pytest.raises(NotTestable, match="a counted table has none"):
        mixed_model(counted, "score", group="company", statsmodels=True)


def test_thirty_thousand_groups():
    rng = np.random.default_rng(6)
    group = np.repeat(np.arange(30_000), 4)
    x = rng.normal(size=len(group))
    y = 0.3 * x + 0.5 * rng.normal(size=30_000)[group] + rng.normal(size=len(group))
    found = mixed_model(pd.DataFrame({"g": group, "x": x, "y": y}), "y", group="g", fixed="x", within_between=True)
    fixed = found.fixed.set_index("term")
    assert found.accepted and fixed.loc["x_within", "n_groups"] == 30_000
    assert abs(fixed.loc["x_within", "estimate"] - 0.3) < 4 * fixed.loc["x_within", "std_error"]
    assert found.icc.loc[0, "ci_low"] < 0.2 < found.icc.loc[0, "ci_high"]


def test_large_values_far_from_zero_lose_no_digits():
    data = answers(np.random.default_rng(8))
    near = mixed_model(data, "score", group="company", fixed="load").fixed
    far = mixed_model(data.assign(load=data["load"] + 1e8), "score", group="company", fixed="load").fixed
    assert far.loc[1, ["estimate", "std_error"]].tolist() == pytest.approx(
        near.loc[1, ["estimate", "std_error"]].tolist(), rel=1e-5
    )


def test_example():
    assert doctest.testmod(module).failed == 0
