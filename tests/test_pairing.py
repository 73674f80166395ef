"""Which answers meet which results: by hand in pandas, years, who is left out and why, messages."""

import datetime as dt

import ibis
import numpy as np
import pandas as pd
import pytest

import cxstudy as cx
from cxstudy.faults import NotTestable
from cxstudy.measures.pairing import financial_year, paired


def with_line(line):
    return lambda text: text.replace("tables:", f"{line}\ntables:")


@pytest.fixture
def opened(small_study):
    """Factory: an opened small study with changes."""
    return lambda **changes: cx.open_study(small_study(**changes))


def by_hand(study):
    """NPS, promoter share and mean margin of each company, in plain pandas."""
    answers, results = study.customers.frame(), study.financials.frame()
    score = answers.groupby("company")["recommend"]
    margin = 100 * results["operating_profit"] / results["revenue"]
    return pd.DataFrame({
        "promoter_share": score.apply(lambda s: 100 * (s >= 9).mean()),
        "nps": score.apply(lambda s: 100 * ((s >= 9).mean() - (s <= 6).mean())),
        "n_answers": score.size(),
        "outcome": margin.groupby(results["company"]).mean(),
    })  # fmt: skip


def test_pooled_is_what_pandas_says(opened):
    study = opened()
    units, left_out = paired(study)
    expected = by_hand(study)
    assert units["unit"].tolist() == expected.index.tolist()
    for name in expected:
        assert units[name].to_numpy() == pytest.approx(expected[name].to_numpy())
    assert left_out.empty and (units["n_years"] == 2).all()
    assert (units["industry"] == ["bank"] * 6 + ["energy"] * 6).all()


def test_profit_and_revenue_are_sums_over_the_years(opened):
    units = paired(opened()).units
    assert (units["revenue"] == 2000).all()
    assert units["profit"].to_numpy() == pytest.approx([45 + 20 * i for i in range(12)])


def test_a_given_margin_goes_before_a_computed_one_and_fills_its_gaps(opened):
    study = opened(financials=(
        "company,year,revenue,operating_profit,operating_margin\n"
        "C001,2024,100,10,12\nC002,2024,100,10,\nC003,2024,,,7\n"
    ))  # fmt: skip
    units = paired(study).units.set_index("unit")
    assert units["outcome"].to_dict() == {"C001": 12, "C002": 10, "C003": 7}
    assert np.isnan(units.loc["C003", "revenue"])


def test_everybody_left_out_is_counted_with_the_reason(opened):
    def customers(text):
        lines = [line for line in text.splitlines() if ",C002," not in line and ",C001," not in line]
        return "\n".join([*lines, "R900,C001,2024-01-01,9,4,x"]) + "\n"

    def financials(text):
        text = text.replace("C003,2023,1000", "C003,2023,0").replace("C003,2024,1000", "C003,2024,0")
        return "\n".join(line for line in text.splitlines() if not line.startswith("C004")) + "\n"

    units, left_out = paired(opened(customers=customers, financials=financials))
    counted = {row.reason: (row.n, row.n_unit) for row in left_out.itertuples()}
    assert counted == {
        "too-few-answers": (1, "companies"), "no-answers": (1, "companies"), "no-outcome": (2, "companies"),
        "revenue-not-positive": (2, "results"),
    }  # fmt: skip
    assert len(units) == 8


def with_threshold(least):
    return lambda text: text.replace("tables:", f"thresholds: {{customers: {least}}}\ntables:")


def test_the_threshold_is_the_least_and_study_yaml_sets_it(opened):
    def customers(text):
        lines = [line for line in text.splitlines() if ",C001," not in line]
        return "\n".join([*lines, "R900,C001,2024-01-01,9,4,x", ""])

    assert "C001" not in set(paired(opened(customers=customers)).units["unit"])
    with pytest.raises(ValueError, match="at least 5, the study's anonymity threshold; got 1"):
        paired(opened(customers=customers), minimum_answers=1)
    units = paired(opened(customers=customers, study=with_threshold(1))).units.set_index("unit")
    assert units.loc["C001", "n_answers"] == 1 and units.loc["C001", "nps"] == 100


@pytest.mark.parametrize("bad", [0, -1, 2.5, True, "5"])
def test_a_senseless_minimum_is_refused(opened, bad):
    with pytest.raises(ValueError, match="minimum_answers must be a whole number of at least 5"):
        paired(opened(), minimum_answers=bad)


def test_same_year_pairs_answers_with_their_own_year(opened):
    study = opened(study=with_line("pairing: same_year\nthresholds: {customers: 1}"))
    units, left_out = paired(study)
    assert set(units["year"]) == {2024} and len(units) == 12
    assert {row.reason: row.n for row in left_out.itertuples()} == {"no-answers": 12}
    assert left_out["n_unit"].tolist() == ["company-years"]
    assert units["outcome"].to_numpy() == pytest.approx([2.5 + i for i in range(12)])


def test_lag_pairs_answers_with_later_results(opened):
    shifted = {"financials": lambda text: text.replace(",2024,", ",2025,")}
    study = opened(study=with_line("pairing: {lag: 1}\nthresholds: {customers: 1}"), **shifted)
    units = paired(study).units
    assert set(units["year"]) == {2025} and len(units) == 12
    assert units["outcome"].to_numpy() == pytest.approx([2.5 + i for i in range(12)])


def test_answers_without_a_date_are_counted(opened):
    undated = {"customers": lambda text: text.replace("R001,C001,2024-01-15", "R001,C001,")}
    study = opened(study=with_line("pairing: same_year\nthresholds: {customers: 1}"), **undated)
    left_out = paired(study).left_out
    assert left_out.set_index("reason").loc["answers-without-date", ["n", "n_unit"]].tolist() == [1, "answers"]


@pytest.mark.parametrize(
    ("day", "year_end", "year"),
    [
        (dt.date(2024, 12, 31), "12-31", 2024),
        (dt.date(2024, 1, 1), "12-31", 2024),
        (dt.date(2024, 6, 30), "06-30", 2024),
        (dt.date(2024, 7, 1), "06-30", 2025),
        (dt.date(2024, 12, 31), "06-30", 2025),
        (dt.date(2024, 2, 29), "02-28", 2024),
    ],
)
def test_a_date_belongs_to_the_financial_year_that_ends_next(day, year_end, year):
    found = ibis.duckdb.connect().to_pyarrow(financial_year(ibis.literal(day), year_end))
    assert found.as_py() == year


def test_counted_tables_pair_like_answers(opened):
    study = opened(
        study=lambda text: text.replace(
            "customers: {file: customers.csv}",
            "customers:\n    file: customers.csv\n    rows: counted\n"
            "    shares: {recommend: {promoters: p, passives: s, detractors: d}}",
        ),
        customers="company,n,p,s,d\n" + "".join(f"C{i:03},{50 + i},{30 + i},50,{20 - i}\n" for i in range(1, 13)),
    )
    units = paired(study).units
    assert units["nps"].to_numpy() == pytest.approx([10 + 2 * i for i in range(1, 13)])
    assert units["promoter_share"].to_numpy() == pytest.approx([30 + i for i in range(1, 13)])
    assert units["n_answers"].tolist() == [50 + i for i in range(1, 13)]


def test_another_outcome_and_an_unknown_one(opened):
    study = opened()
    assert paired(study, "revenue").units["outcome"].to_numpy() == pytest.approx([1000] * 12)
    valid = "operating_margin, operating_profit, revenue"
    with pytest.raises(ValueError, match=f"there is no outcome 'revenu'; nearest: revenue; valid: {valid}"):
        paired(study, "revenu")


def test_year_and_keys_are_no_outcomes(opened):
    with pytest.raises(ValueError, match="there is no outcome 'year'"):
        paired(opened(), "year")


def test_without_margins_it_says_what_is_missing(opened):
    study = opened(financials="company,year,organic_growth\nC001,2024,3\n")
    with pytest.raises(NotTestable, match="needs operating margins") as error:
        paired(study)
    assert error.value.needs == ("financials.operating_margin",)


def test_without_customers_or_financials_it_says_so(opened):
    no_customers = opened(study=lambda t: t.replace("  customers: {file: customers.csv}\n", ""))
    with pytest.raises(NotTestable, match="no customers table"):
        paired(no_customers)
    no_financials = opened(study=lambda t: "\n".join(line for line in t.splitlines() if "financials" not in line))
    with pytest.raises(NotTestable, match="no financials table"):
        paired(no_financials)
    no_question = opened(customers=lambda t: t.replace("recommend", "satisfaction_2"))
    with pytest.raises(NotTestable, match="does not have it"):
        paired(no_question)


def test_a_year_needs_a_date(opened):
    def without_date(text):
        rows = [line.split(",") for line in text.splitlines()]
        return "".join(",".join([*row[:2], *row[3:5]]) + "\n" for row in rows)

    study = opened(study=with_line("pairing: same_year\nthresholds: {customers: 1}"), customers=without_date)
    with pytest.raises(NotTestable, match="needs the column date"):
        paired(study)


def test_a_question_on_another_scale_has_no_promoters(opened):
    study = opened(study=with_line("loyalty: {promoter_share: satisfaction}"))
    with pytest.raises(NotTestable, match="need answers from 0 to 10, or their shares; satisfaction has neither"):
        paired(study)


def test_who_is_left_out_is_said_in_words_of_every_language():
    import pandas as pd

    from cxstudy.findings import Reading
    from cxstudy.language import LANGUAGES, catalogue, say
    from cxstudy.measures.pairing import left_out_list

    reasons = [key.removeprefix("left_out.") for key in catalogue("en") if key.startswith("left_out.")]
    kind = {"answers-without-date": "answers", "revenue-not-positive": "results", "incomplete-answers": "answers"}
    kind |= {"answers-without-work-group": "answers", "employees-without-work-group": "employees"}
    frame = pd.DataFrame([(r, 1200, kind.get(r, "company-years")) for r in reasons], columns=["reason", "n", "n_unit"])
    for language in LANGUAGES:
        reading = Reading("nps_margin.note.left_out", {"n": 3, "units": "", "list": left_out_list(frame)})
        said = say(reading, language)
        assert said.count("200") == len(reasons) >= 12 and "@" not in said and "{" not in said
