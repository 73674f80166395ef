"""The share of disengaged employees: counted by hand, by definition, and what goes with it."""

import numpy as np
import pytest
from work_group_study import FEELINGS, made, write, write_counted

from cxstudy.analyses.employee_ambassadors import employee_ambassadors
from cxstudy.measures.ambassadors import Ambassadors
from cxstudy.measures.disengaged import disengaged, disengaged_row, disengaged_shares

HOW = {
    "cut": 4.0, "tiers": 4, "confidence": 0.95, "minimum_customers": None, "minimum_employees": None, "seed": 1,
    "replicates": 100,
}  # fmt: skip


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    rng = np.random.default_rng(2)
    customers, employees = made([5, 6, 7, 8] * 6, [3] * 24, companies=12, employees=10)
    for name in FEELINGS:
        employees[name] = rng.integers(1, 6, len(employees))
    employees.loc[rng.choice(len(employees), 15, replace=False), "trust"] = np.nan
    employees["recommend_employer"] = rng.integers(0, 11, len(employees))
    frame = customers.copy()
    frame[["ease", "resolution", "engagement"]] += rng.integers(-1, 2, (len(frame), 1))
    return Ambassadors(write(tmp_path_factory.mktemp("s"), frame, employees), **HOW), employees


def test_shares_are_those_counted_by_hand(parts):
    found, employees = parts
    shares = disengaged_shares(found, 50.0)
    complete = employees.dropna(subset=FEELINGS)
    for cut in (25.0, 37.5, 50.0, 62.5):
        low = ((complete[FEELINGS].mean(axis=1) - 1) * 25 < cut - 1e-9).groupby(complete["work_group"]).mean()
        size = complete.groupby("work_group").size()
        wanted = (100 * low).where(size >= 7)[found.groups["work_group"]]
        np.testing.assert_allclose(shares[f"feelings {cut:g}"], wanted)
    wanted = 100 * (employees["recommend_employer"] <= 6).groupby(employees["work_group"]).mean()
    np.testing.assert_allclose(shares["detractors"], wanted[found.groups["work_group"]])


def test_someone_in_the_middle_is_not_disengaged(tmp_path):
    customers, employees = made([6, 7, 8, 5] * 3, [3] * 12)
    employees[FEELINGS] = 3
    employees.loc[employees["work_group"] == "g00", "thriving"] = 2
    employees.loc[employees["work_group"] == "g01", "recommend_employer"] = 9
    shares = disengaged_shares(Ambassadors(write(tmp_path / "s", customers, employees), **HOW), 50.0)
    assert shares["feelings 50"].tolist() == [100.0] + [0.0] * 11 and shares["detractors"].tolist()[1] == 0.0


def test_the_slope_is_the_line_of_groups(parts):
    found, _ = parts
    shares = disengaged_shares(found, 50.0)
    table = disengaged(found, shares, 50.0)
    known = shares["feelings 50"].notna()
    by_hand = np.polyfit(shares["feelings 50"][known], found.groups["cx_index"][known], 1)[0]
    row = disengaged_row(table, "feelings", 50.0)
    assert row["estimate"] == pytest.approx(10 * by_hand) and row["primary"] and row["method"] == "OLS, clustered"
    assert table["primary"].sum() == 1 and len(table) == 10
    assert disengaged_row(table, "detractors", 50.0)["share"] == pytest.approx(shares["detractors"].mean())


def test_another_cut_of_the_users_own(parts):
    found, _ = parts
    table = disengaged(found, disengaged_shares(found, 40.0), 40.0)
    assert table.loc[table["primary"], "below"].tolist() == [40.0] and len(table) == 12


def test_sources_without_single_answers_and_without_the_question(tmp_path):
    cx = [5, 6, 7, 8, 6, 8, 5, 7, 7, 5, 8, 6, 8, 6, 7, 5]
    customers, employees = made(cx, [2, 3, 4, 3, 4, 2, 3, 4, 3, 4, 2, 2, 4, 3, 3, 2], companies=4)
    by = ["company", "work_group"]
    means = customers.groupby(by)[["ease", "resolution"]].mean()
    counted = means.assign(n=customers.groupby(by).size()).reset_index()
    people = employees.groupby(by)[FEELINGS].mean().assign(n=employees.groupby(by).size()).reset_index()
    scales = "scales: {ease: {low: 1, high: 10}, resolution: {low: 1, high: 10}}"
    asked = {"customers": ["ease", "resolution"], "employees": FEELINGS}
    few = employee_ambassadors(write_counted(tmp_path / "c", counted, people, asked, sd=False, scales=scales))
    for name in ("cx_slope_disengaged", "cx_slope_detractors"):
        assert "needs their single answers" in few[f"employee_ambassadors.{name}"].reason
    assert few.disengaged.empty and "no single answers" in few["employee_ambassadors.contact_slope"].reason
    assert "without standard deviations" in few["employee_ambassadors.cx_slope_answers"].reason
    assert np.isfinite(few["employee_ambassadors.cx_slope_within"].estimate)
    plain = write(tmp_path / "p", customers, employees.drop(columns="recommend_employer"))
    assert "detractors" not in set(employee_ambassadors(plain).disengaged["definition"])
