"""Work groups from both sides: the table against plain pandas, who is left out and why, and every message."""

import numpy as np
import pandas as pd
import pytest
from work_group_study import FEELINGS, made, reference_frames, reference_values, write, write_counted

from cxstudy.faults import NotTestable
from cxstudy.measures.asked import asked
from cxstudy.measures.index import Scale, fewest_answered, scale_of
from cxstudy.measures.work_groups import work_groups

KEYS = ["company", "work_group"]


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    return write(tmp_path_factory.mktemp("reference"), *reference_frames())


def test_the_table_is_what_plain_pandas_makes_of_the_answers(reference):
    customers, employees = reference_frames()
    items, people = ["ease", "resolution", "engagement"], employees[["recommend_employer", *FEELINGS]]
    customers["cx"] = customers[items].mean(axis=1, skipna=False)
    on_100 = (people - [0, 1, 1, 1]) / [10, 4, 4, 4] * 100
    employees["index"] = on_100.mean(axis=1).where(people.notna().sum(axis=1) >= 3)
    cx = customers.groupby(KEYS)["cx"].agg(["count", "mean"])
    counts = employees.groupby(KEYS)[FEELINGS].count().min(axis=1)
    kept = cx.index[(cx["count"] >= 5) & (counts >= 7).reindex(cx.index)]
    table = work_groups(reference).groups.set_index(KEYS)
    assert list(table.index) == list(kept) and len(table) == reference_values()["groups.used"]
    assert (table["n_answers"] == cx["count"][kept]).all() and (table["n_employees"] == counts[kept]).all()
    np.testing.assert_allclose(table["cx_raw"], cx["mean"][kept], rtol=1e-12)
    np.testing.assert_allclose(table["cx_index"], (cx["mean"][kept] - 1) / 9 * 100, rtol=1e-12)
    np.testing.assert_allclose(table["employee_index"], employees.groupby(KEYS)["index"].mean()[kept], rtol=1e-12)
    np.testing.assert_allclose(table[FEELINGS], employees.groupby(KEYS)[FEELINGS].mean().loc[kept], rtol=1e-12)
    known = customers.dropna(subset="recommend")
    parts = known.assign(p=known["recommend"] >= 9, d=known["recommend"] <= 6).groupby(KEYS)[["p", "d"]].mean()
    expected = (100 * (parts["p"] - parts["d"]))[kept].where(known.groupby(KEYS).size()[kept] >= 5)
    np.testing.assert_allclose(table["nps"], expected, atol=1e-9)


def test_every_group_is_either_used_or_left_out_for_one_reason(reference):
    customers, employees = reference_frames()
    found = work_groups(reference)
    every = pd.concat([customers[KEYS], employees[KEYS]]).drop_duplicates()
    gone = found.left_out.loc[found.left_out["n_unit"] == "work groups", "n"].sum()
    assert len(every) == len(found.groups) + gone == reference_values()["groups.all"]


def test_reasons_for_being_left_out(tmp_path):
    customers, employees = made([6] * 8, [3] * 8)
    customers = customers[customers["work_group"] != "g00"]
    employees = employees[employees["work_group"] != "g01"]
    employees = employees[~(employees["work_group"].isin(["g02"]) & (employees.groupby("work_group").cumcount() > 0))]
    customers = customers[~((customers["work_group"] == "g03") & (customers.groupby("work_group").cumcount() > 3))]
    employees = employees[~((employees["work_group"] == "g04") & (employees.groupby("work_group").cumcount() > 5))]
    customers.loc[customers["response_id"] == "R05-0", "ease"] = None
    customers.loc[customers["response_id"] == "R05-1", "work_group"] = None
    employees.loc[employees["response_id"] == "E06-1", "work_group"] = None
    found = work_groups(write(tmp_path / "s", customers, employees))
    assert list(found.groups["work_group"]) == ["g06", "g07"]
    rows = found.left_out.set_index("reason")
    for reason in ("customers-only", "employees-only", "one-employee"):
        assert rows.loc[reason, "n"] == 1 and rows.loc[reason, "n_unit"] == "work groups"
    assert rows.loc["too-few-answers", "n"] == 2 and rows.loc["too-few-employees", "n"] == 1
    assert rows.loc["answers-without-work-group"].tolist() == [1, "answers"]
    assert rows.loc["employees-without-work-group"].tolist() == [1, "employees"]


def test_incomplete_answers_are_counted_where_the_group_stays(tmp_path):
    customers, employees = made([6] * 4, [3] * 4, customers=7)
    customers.loc[customers["response_id"] == "R02-0", "ease"] = None
    found = work_groups(write(tmp_path / "s", customers, employees))
    assert found.groups["n_answers"].tolist() == [7, 7, 6, 7]
    assert found.left_out.values.tolist() == [["incomplete-answers", 1, "answers"]]


def test_a_question_too_few_answered_is_not_in_the_row(tmp_path):
    customers, employees = made([6] * 4, [3] * 4)
    first = employees["work_group"] == "g00"
    employees.loc[first & (employees.groupby("work_group").cumcount() > 3), "recommend_employer"] = None
    customers.loc[
        (customers["work_group"] == "g01") & (customers.groupby("work_group").cumcount() > 2), "recommend"
    ] = None
    table = work_groups(write(tmp_path / "s", customers, employees)).groups
    assert table["recommend_employer"].isna().tolist() == [True, False, False, False]
    assert table["nps"].isna().tolist() == [False, True, False, False] and table["n_nps"].tolist() == [6, 3, 6, 6]


def test_group_names_count_within_their_company(tmp_path):
    customers, employees = made([6] * 4, [3] * 4, companies=2)
    for frame in (customers, employees):
        frame["work_group"] = frame["work_group"].map({"g00": "north", "g01": "north", "g02": "south", "g03": "south"})
    table = work_groups(write(tmp_path / "s", customers, employees)).groups
    assert table[KEYS].values.tolist() == [["c00", "north"], ["c00", "south"], ["c01", "north"], ["c01", "south"]]


def test_a_turned_scale_and_different_scales(tmp_path):
    customers, employees = made([6, 4, 6, 4], [3] * 4)
    customers["effort"] = 8 - (customers["ease"] + 1) // 2
    scales = {"effort": "{low: 1, high: 7, better: low}"}
    study = write(tmp_path / "s", customers, employees, scales=scales, items="[ease, effort]")
    table = work_groups(study).groups
    by_hand = (
        customers.assign(v=((customers["ease"] - 1) / 9 + (7 - customers["effort"]) / 6) * 50)
        .groupby("work_group")["v"]
        .mean()
    )
    np.testing.assert_allclose(table["cx_index"], by_hand, rtol=1e-12)
    assert table["cx_raw"].isna().all()


def test_minimum_may_be_raised_but_not_lowered(reference):
    assert len(work_groups(reference, minimum_customers=10).groups) < len(work_groups(reference).groups)
    with pytest.raises(
        ValueError,
        match="minimum_employees must be a whole number of at least 7, the study's anonymity threshold; got 3",
    ):
        work_groups(reference, minimum_employees=3)
    with pytest.raises(ValueError, match="minimum_customers must be a whole number of at least 5"):
        work_groups(reference, minimum_customers=7.5)


def test_no_overlap_offers_the_nearest_names(tmp_path):
    customers, employees = made([6] * 4, [3] * 4)
    employees["work_group"] = employees["work_group"].str.upper().str.replace("G", "Group ")
    customers["work_group"] = customers["work_group"].str.replace("g", "group-")
    with pytest.raises(NotTestable) as error:
        work_groups(write(tmp_path / "s", customers, employees))
    said = str(error.value)
    assert "No work group is on both sides" in said and "'c00 / Group 00' ~ 'c00 / group-00'" in said
    assert "customers name 4 groups and employees 4" in said


def test_no_overlap_when_the_companies_differ_says_so_by_the_same_group_name(tmp_path):
    customers, employees = made([6] * 4, [3] * 4)
    employees["company"] = "another firm altogether"
    with pytest.raises(NotTestable, match="'another firm altogether / g00' ~ 'c00 / g00'"):
        work_groups(write(tmp_path / "s", customers, employees))


def test_no_overlap_without_any_likeness(tmp_path):
    customers, employees = made([6] * 2, [3] * 2)
    employees["work_group"] = employees["work_group"].map({"g00": "Paris quai", "g01": "Lyon centre"})
    employees["company"] = "ZZZZ"
    with pytest.raises(NotTestable, match=r"such as c00 / g00\) and employees 2 \(such as ZZZZ / "):
        work_groups(write(tmp_path / "s", customers, employees))


@pytest.mark.parametrize(
    ("lost", "says", "needs"),
    [
        (["trust"], "does not have trust;", ("employees.trust",)),
        (["trust", "thriving"], "does not have trust, thriving;", ("employees.trust", "employees.thriving")),
        (FEELINGS, "does not have good_company, trust, thriving;", tuple(f"employees.{f}" for f in FEELINGS)),
    ],
)
def test_missing_feelings_are_named(tmp_path, lost, says, needs):
    customers, employees = made([6] * 4, [3] * 4)
    study = write(tmp_path / "s", customers, employees.drop(columns=lost))
    with pytest.raises(NotTestable, match=says) as error:
        work_groups(study)
    assert error.value.needs == needs


def test_some_feelings_missing_is_never_an_illustration(tmp_path):
    customers, employees = made([6] * 4, [3] * 4)
    employees["engagement"] = 5
    found, (reading, needs) = asked(write(tmp_path / "s", customers, employees.drop(columns="trust")))
    assert found is None and reading.key == "employee_ambassadors.no_feelings" and needs == ("employees.trust",)


def test_no_feelings_but_the_same_questions_on_both_sides(tmp_path):
    customers, employees = made([6, 5, 4, 7], [3] * 4)
    employees["engagement"] = employees["recommend_employer"]
    study = write(tmp_path / "s", customers, employees.drop(columns=FEELINGS))
    found, missing = asked(study)
    assert missing is None and found.feelings == () and found.shared == ("engagement",)
    table = work_groups(study).groups
    assert table["customers_engagement"].tolist() == [6, 5, 4, 7] and (table["engagement"] == 7).all()


def test_what_else_may_be_missing(tmp_path):
    customers, employees = made([6] * 4, [3] * 4)
    cases = {
        "no_work_group": write(tmp_path / "a", customers.drop(columns="work_group"), employees),
        "no_cx_index": write(tmp_path / "b", customers, employees, items=""),
    }
    employees["ease"] = 5
    cases["no_cx_items"] = write(tmp_path / "c", customers.drop(columns="ease"), employees)
    for key, study in cases.items():
        assert asked(study)[1][0].key == f"employee_ambassadors.{key}"
        with pytest.raises(NotTestable):
            work_groups(study)


def test_a_study_without_employees_says_so(small_study):
    import cxstudy as cx

    with pytest.raises(NotTestable, match="no table employees"):
        work_groups(cx.open_study(small_study()))


def counted(n=8):
    groups = pd.DataFrame({"company": "c00", "work_group": [f"g{i:02d}" for i in range(4)], "n": n})
    customers = groups.assign(ease=[6, 7, 8, 9], resolution=[5.0, 7, 9, 9], ease_sd=1.5, resolution_sd=2.0)
    employees = groups.assign(**{f: [3.0, 3.5, 4, 4.5] for f in FEELINGS}, **{f"{f}_sd": 0.8 for f in FEELINGS})
    return customers, employees


ASKED = {"customers": ["ease", "resolution"], "employees": FEELINGS}
TEN = "scales: {ease: {low: 1, high: 10}, resolution: {low: 1, high: 10}}"


def test_counted_tables_with_standard_deviations(tmp_path):
    found = work_groups(write_counted(tmp_path / "s", *counted(), ASKED, scales=TEN))
    np.testing.assert_allclose(found.groups["cx_raw"], [5.5, 7, 8.5, 9])
    np.testing.assert_allclose(found.groups["employee_index"], [50, 62.5, 75, 87.5])
    np.testing.assert_allclose(found.moments["employees", "trust"]["ss"], 7 * 0.8**2)
    assert found.moments["employees", "index"]["ss"].isna().all()
    assert found.asked.nps is None and found.groups["nps"].isna().all()


def test_counted_tables_with_means_only(tmp_path):
    frames = [f[[c for c in f if not c.endswith("_sd")]] for f in counted()]
    found = work_groups(write_counted(tmp_path / "s", *frames, ASKED, sd=False, scales=TEN))
    np.testing.assert_allclose(found.groups["cx_raw"], [5.5, 7, 8.5, 9])
    assert found.moments["employees", "trust"]["ss"].isna().all()


def test_a_counted_question_of_unknown_scale_is_not_guessed(tmp_path):
    customers, employees = counted()
    customers = customers.rename(columns={"ease": "speed", "ease_sd": "speed_sd"})
    study = write_counted(
        tmp_path / "s",
        customers,
        employees,
        ASKED | {"customers": ["speed", "resolution"]},
        items="[speed, resolution]",
    )
    with pytest.raises(
        NotTestable, match=r"scale of speed in table customers is not known.*scales: \{speed: \{low: 0, high: 10\}\}"
    ):
        work_groups(study)


def test_scales():
    assert Scale(1, 5).levels == 5 and Scale(0, 10, whole=False).levels is None
    assert Scale(1, 7, "low").point(Scale(1, 7, "low").index(2.5)) == pytest.approx(2.5)
    assert [fewest_answered(k) for k in (2, 4, 7, 100)] == [2, 3, 5, 71]


def test_the_schema_gives_a_scale_where_study_yaml_does_not(reference):
    assert scale_of(reference, "employees", "trust") == Scale(1, 5)
    assert scale_of(reference, "customers", "ease") == Scale(1, 10)
    assert scale_of(reference, "customers", "comment") is None
