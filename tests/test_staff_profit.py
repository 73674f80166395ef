"""Margin by the sign of eNPS: SciPy's Welch test, the sides, and what is missing."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import cxstudy as cx
from cxstudy.measures.pairing import results_of
from cxstudy.measures.staff_profit import profit_by_enps, profit_units
from cxstudy.stats.fieller import ratio_of_means

RNG = np.random.default_rng(6)
ENPS = np.r_[np.full(20, 30.0), np.full(22, -10), [0] * 3]
UNITS = pd.DataFrame({"unit": [f"u{i}" for i in range(45)], "n": 20, "enps": ENPS})
UNITS["outcome"] = np.where(UNITS["enps"] > 0, 9.0, 4.0) + RNG.normal(0, 4, 45)


def test_difference_is_welch_and_ratio_is_fieller():
    table = profit_by_enps(UNITS, None, 0.95).set_index("statistic_of")
    above, below = UNITS["outcome"][UNITS["enps"] > 0], UNITS["outcome"][UNITS["enps"] < 0]
    test = stats.ttest_ind(above, below, equal_var=False)
    low, high = test.confidence_interval(0.95)
    row = table.loc["difference"]
    assert (row["estimate"], row["statistic"], row["p_value"], row["df"]) == pytest.approx(
        (above.mean() - below.mean(), test.statistic, test.pvalue, test.df)
    )
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((low, high))
    assert table.loc["ratio", "ci_low"] == ratio_of_means(above, below)["ci_low"]
    assert table.loc["positive", "estimate"] == pytest.approx(above.mean())
    assert (row["n"], row["n_positive"], row["n_negative"], row["n_zero"]) == (42, 20, 22, 3)


def test_a_loss_on_one_side_leaves_the_difference_and_no_ratio():
    table = profit_by_enps(UNITS.assign(outcome=UNITS["outcome"] - 8), None, 0.95).set_index("statistic_of")
    assert table.loc["ratio", "reason"] == "not-both-positive" and np.isnan(table.loc["ratio", "estimate"])
    assert np.isfinite(table.loc["difference", "ci_low"])


def test_seven_on_a_side_are_not_compared():
    few = UNITS[UNITS["enps"] != 30].assign(enps=lambda f: np.r_[[9.0] * 7, f["enps"][7:]])
    table = profit_by_enps(few, None, 0.95)
    assert set(table["reason"]) == {"few-signs"} and table["n_positive"].tolist() == [7] * 4


def test_units_are_those_with_staff_and_results():
    study = cx.open_study()
    units, why = profit_units(study, 7)
    assert why is None and units["n"].min() >= 7 and units["unit"].is_unique
    staff = study.employees.frame().dropna(subset=["recommend_employer"])
    score = 100.0 * (staff["recommend_employer"] >= 9) - 100.0 * (staff["recommend_employer"] <= 6)
    wanted = score.groupby(staff["company"]).mean()
    np.testing.assert_allclose(units["enps"], wanted[units["unit"]])
    results = results_of(study, "operating_margin", ["unit"])[0].set_index("unit")["outcome"]
    np.testing.assert_allclose(units["outcome"], results[units["unit"]])


@pytest.mark.parametrize(
    ("has", "questions", "ends", "why"),
    [
        ({"financials": ("revenue", "operating_profit")}, ("trust",), (0, 10), "no-enps"),
        ({"financials": ("revenue", "operating_profit")}, ("recommend_employer",), (1, 5), "no-enps"),
        ({}, ("recommend_employer",), (0, 10), "no-financials"),
        ({"financials": ("revenue",)}, ("recommend_employer",), (0, 10), "no-margin"),
    ],
)
def test_what_a_study_lacks(has, questions, ends, why):
    column = SimpleNamespace(low=ends[0], high=ends[1])
    staff = SimpleNamespace(rows="answers", questions=questions, column=lambda name: column)
    there = lambda table, *columns: table in has and set(columns) <= set(has[table])  # noqa: E731
    assert profit_units(SimpleNamespace(employees=staff, has=there), 7) == (None, why)
    assert set(profit_by_enps(None, why, 0.95)["reason"]) == {why}
