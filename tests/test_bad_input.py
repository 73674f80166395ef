"""What a user is told when a study cannot be opened: the rule, what was found where, and what to do."""

import pytest

from cxstudy.faults import DataError
from cxstudy.study import open_study

EMPLOYEES = "response_id,company,work_group,trust,thriving\nE1,C001,G1,4,5\nE2,C001,G1,3,4\nE3,C002,G2,5,2\n"


@pytest.fixture
def faults(small_study):
    """The faults of opening the small study with these changes."""

    def faults(**changes):
        with pytest.raises(DataError) as caught:
            open_study(small_study(**changes))
        return caught.value.faults

    return faults


@pytest.fixture
def fault(faults):
    def fault(**changes):
        (only,) = faults(**changes)
        return only

    return fault


def with_employees(text):
    return text + "  employees: {file: employees.csv}\n"


def test_five_bad_values_of_one_column_come_at_once(faults, cell):
    bad = ["11", "-1", "9 - likely", "7.5", "99"]
    found = faults(customers=[cell(2 + 3 * i, "recommend", value) for i, value in enumerate(bad)])
    text = str(DataError(found))
    for i, value in enumerate(bad):
        assert f"'{value}' (line {3 + 3 * i})" in text
    assert {f.where for f in found} == {"customers.csv, column recommend"}
    rules = {f.rule: f for f in found}
    assert set(rules) == {
        "recommend is from 0 to 10.",
        "recommend is a whole number.",
        "a number is digits, with decimal point if any.",
    }
    outside = rules["recommend is from 0 to 10."]
    assert outside.found.startswith("3 rows, 3 different values: '11' (line 3)")
    assert "if -1, 99 stand for no answer, declare it, tables: customers: missing: [-1, 99]" in outside.remedy
    assert outside.row == 3
    assert "whole: false" in rules["recommend is a whole number."].remedy


def test_many_values_show_twenty_and_the_count(fault, cell):
    said = fault(customers=[cell(i + 1, "recommend", str(100 + i)) for i in range(30)])
    assert said.found.startswith("30 rows, 30 different values: '100' (line 2)")
    assert said.found.count("(line") == 20
    assert said.found.endswith("… (10 more).")


def test_an_undeclared_code_is_no_answer(fault, cell):
    said = fault(customers=[cell(1, "recommend", "99"), cell(2, "recommend", "99")])
    assert said.found == "2 rows: '99' (2 times, first line 2)."
    assert "missing: [99] in study.yaml" in said.remedy


@pytest.mark.parametrize("value", ["nan", "inf", "1_0", "12 kr", "0x9"])
def test_text_in_a_number(fault, cell, value):
    said = fault(financials=[cell(4, "revenue", value)])
    assert said.rule == "a number is digits, with decimal point if any."
    assert said.found == f"1 row: '{value}' (line 5)."
    assert 'missing: ["NA"]' in said.remedy


def test_a_decimal_comma_is_recognised(fault, cell):
    said = fault(financials=[cell(4, "revenue", '"8,5"')])
    assert said.rule == "a number is written with a decimal point."
    assert said.found == "1 row: '8,5' (line 5)."
    assert 'tables: financials: decimal: ","' in said.remedy


def test_two_date_formats_in_a_column(fault, cell):
    said = fault(customers=[cell(3, "date", "31/01/2024")])
    assert said.rule == (
        "a date of this column is written 2025-01-31 (%Y-%m-%d), as '2024-01-15' is, and one column has one format."
    )
    assert said.found == "1 row: '31/01/2024' (line 4)."
    assert said.remedy == "write all dates of the column in one format. The wrong ones look like %d/%m/%Y."


def test_another_date_format_throughout(fault):
    said = fault(customers=lambda text: text.replace("2024-0", "15.0").replace("-15,", ".2024,"))
    assert said.found.startswith("96 rows, 8 different values: '15.01.2024' (12 times, first line 2)")
    assert 'tables: customers: dates: "%d.%m.%Y"' in said.remedy


def test_a_day_that_does_not_exist(fault, cell):
    assert fault(customers=[cell(2, "date", "2024-02-30")]).found == "1 row: '2024-02-30' (line 3)."


def test_double_keys_are_quoted(faults, cell):
    found = faults(
        companies=lambda text: text + "C001,Again,bank\n",
        financials=lambda text: text + "C001,2023,1,1\n",
        customers=[cell(3, "response_id", "R001")],
    )
    assert [(f.rule, f.found) for f in found] == [
        ("no two rows may have the same company.", "'C001' 2 times (lines 2 and 14)."),
        ("no two rows may have the same company and year.", "'C001, 2023' 2 times (lines 2 and 26)."),
        ("no two rows may have the same response_id.", "'R001' 2 times (lines 2 and 4)."),
    ]


def test_unknown_companies_with_the_nearest_names(faults, cell):
    financials, customers = faults(
        financials=[cell(1, "company", "C099")],
        customers=[cell(3, "company", "C0013"), cell(4, "company", "X"), cell(5, "company", "X")],
    )
    assert financials.rule == customers.rule == "every company must be in companies.csv."
    assert financials.found == "1 row of 1 unknown company: 'C099' (1 row, first line 2; nearest C009)."
    assert customers.found == (
        "3 rows of 2 unknown companies: 'C0013' (1 row, first line 4; nearest C001, C003), 'X' (2 rows, first line 5)."
    )


def test_zeros_that_a_spreadsheet_took(fault):
    def zeros(text):
        return text.replace("C0", "00")

    said = fault(companies=zeros, customers=zeros, financials=lambda text: text.replace("C0", ""))
    assert "'01' (2 rows, first line 2; nearest 0001)" in said.found
    assert said.remedy.startswith("a spreadsheet has taken zeros")


def test_equal_answers(fault):
    def nines(text):
        header, *rows = text.splitlines()
        changed = [",".join([*r.split(",")[:3], "9", *r.split(",")[4:]]) for r in rows]
        return "\n".join([header, *changed]) + "\n"

    said = fault(customers=nines)
    assert said.rule == "answers to recommend must differ; equal answers can explain nothing."
    assert said.found == "every one of 96 answers is 9."


def test_no_margin_at_all(fault):
    said = fault(financials="company,year,revenue,operating_profit\nC001,2023,10,\nC002,2023,3,\n")
    assert said.rule == "some company must have a margin: operating_margin, or operating_profit and revenue."
    assert said.found == "none in 2 rows."
    assert fault(financials="company,year,operating_margin\nC001,2023,\n").found == "none in 1 row."


def test_a_required_column_that_is_missing(fault):
    said = fault(customers=lambda text: text.replace("company", "Företag", 1))
    assert said.rule == "table customers needs the column company."
    assert said.found == "no column company; there: response_id, Företag, date, recommend, satisfaction, comment."
    assert "columns: {company: its name in the file}" in said.remedy
    said = fault(customers=lambda text: text.replace("company", "Company", 1))
    assert said.found.endswith("Nearest: Company.")
    assert "columns: {company: Company}" in said.remedy


def test_a_declared_column_that_is_missing(faults):
    said = faults(
        study=lambda text: text.replace("customers.csv", "customers.csv, columns: {recommend: Q1, recomend: Q2}")
    )
    assert [f.rule for f in said][:2] == [
        "columns: in study.yaml maps canonical names to the names in the file.",
        "table customers needs the column recommend.",
    ]
    assert "nearest: recommend" in said[0].found
    assert said[1].found.startswith("no column Q1; there: response_id, company")


def test_a_misspelt_column(fault):
    said = fault(customers=lambda text: text.replace("recommend", "recomend"))
    assert said.found == "recomend, which resembles recommend; there is no recommend."
    assert "columns: {recommend: recomend}" in said.remedy


def test_answers_without_a_question(fault):
    said = fault(customers=lambda text: text.replace("recommend", "x").replace("satisfaction", "y"))
    assert said.rule.startswith("a table of answers must hold an answer: one of recommend, satisfaction")
    assert said.found == "columns response_id, company, date, x, y, comment."


def test_a_file_without_header_is_not_quoted(fault):
    said = fault(customers=lambda text: text.split("\n", 1)[1])
    assert said.rule == "the first line holds the column names."
    assert "quick" not in str(said)
    assert "R001" not in str(said)


@pytest.mark.parametrize(
    ("text", "found"),
    [("", "an empty file (0 bytes)."), ("company,recommend\n", "a header but no rows."), ("\n\n", "only blank lines.")],
)
def test_empty_files(fault, text, found):
    assert fault(customers=text).found == found


def test_a_missing_file(fault):
    said = fault(customers=None)
    assert said.found.startswith("there is no such file; there: companies.csv, financials.csv.")


def test_a_row_without_company(fault, cell):
    said = fault(customers=[cell(4, "company", "  ")])
    assert (said.rule, said.found) == ("no row may be without company.", "1 row (line 5).")


def test_words_that_are_no_level_and_neither_yes_nor_no(faults):
    levels, churned = faults(
        study=lambda text: text + "levels: {industry: [Bank, energy]}\n",
        customers=lambda text: text.replace("comment", "churned").replace("quick and kind", "perhaps"),
    )
    assert levels.found == "6 rows: 'bank' (6 times, first line 2)."
    assert levels.rule == "industry is one of Bank, energy."
    assert churned.rule == "churned is yes or no (true/false, 1/0)."


def test_comments_are_never_quoted(fault):
    declared = "columns: {recommend: comment}, ignore: [recommend]"
    said = fault(study=lambda text: text.replace("customers.csv", f"customers.csv, {declared}"))
    assert said.where == "customers.csv, column recommend (comment)"
    assert said.found.startswith("96 rows (lines 2, 3, 4")
    assert "quick" not in str(said)


def test_a_long_text_in_a_number_is_not_quoted(fault, cell):
    said = fault(customers=[cell(1, "recommend", "a long story about what happened on the telephone")])
    assert said.found == "1 row: 'a text of 49 characters' (line 2)."


def test_employees_answers_are_never_quoted(faults, cell):
    text = EMPLOYEES
    for change in (cell(1, "trust", "77"), cell(2, "trust", "secret"), cell(3, "response_id", "E1")):
        text = change(text)
    found = faults(study=with_employees, employees=text)
    said = str(DataError(found))
    assert "77" not in said
    assert "secret" not in said
    assert "'E1'" not in said
    assert {f.found for f in found} == {"1 row (line 2).", "1 row (line 3).", "2 times (lines 2 and 4)."}


def test_questions_of_the_study_file_that_no_table_holds(faults):
    found = faults(
        study=lambda text: text
        + "scales: {recomend: {low: 0, high: 10}}\nitems: {cx: [nix]}\nlevels: {foo: [a]}\nloyalty: {nps: easy}\n"
    )
    assert [f.where.removeprefix("study.yaml, ") for f in found] == ["items", "scales", "levels", "loyalty.nps"]
    assert "nearest: recommend" in found[1].found


def test_a_question_without_a_scale(fault):
    said = fault(
        study=lambda text: text + "items: {cx: [speed]}\n", customers=lambda text: text.replace("satisfaction", "speed")
    )
    assert said.rule == "a question must have a scale."
    assert "scales: {speed: {low: 1, high: 5}}" in said.remedy


def test_a_unit_that_the_answers_do_not_name(fault):
    said = fault(study=lambda text: text.replace("unit: company", "unit: branch", 1))
    assert said.rule == "table customers needs the column branch."


def test_faults_of_several_files_come_at_once(faults, cell):
    found = faults(
        study=with_employees,
        companies=[cell(1, "company", "")],
        financials=[cell(2, "revenue", "much"), cell(3, "year", "23")],
        customers=[cell(1, "recommend", "11"), cell(2, "date", "soon"), cell(3, "company", "C777")],
        employees=EMPLOYEES.replace(",4,5", ",4"),
    )
    said = [f.where.split(",")[0] for f in found]
    assert {name: said.count(name) for name in said} == {
        "companies.csv": 1,
        "financials.csv": 3,
        "customers.csv": 3,
        "employees.csv": 1,
    }
    text = str(DataError(found))
    assert text.startswith("8 faults to mend.\n  1. ")
    for f in found:
        assert f.rule.endswith(".")
        assert f.found.endswith(".")
        assert f.remedy.endswith((".", "?"))


def test_a_path_that_does_not_exist(small_study):
    folder = small_study()
    with pytest.raises(DataError) as caught:
        open_study(folder.parent / "smal")
    (said,) = caught.value.faults
    assert said.rule == "the study must exist."
    assert said.found.endswith("has the studies small.")
    assert said.remedy == "did you mean small?"


def test_a_folder_without_study(small_study, tmp_path):
    small_study()
    with pytest.raises(DataError) as caught:
        open_study(tmp_path)
    assert caught.value.faults[0].found == "no study.yaml; there: small."
    assert caught.value.faults[0].remedy == "studies below: small."
    with pytest.raises(DataError, match="a study is a folder with a study.yaml, or that file"):
        open_study(tmp_path / "small" / "customers.csv")
    with pytest.raises(DataError, match="write one"):
        (tmp_path / "empty").mkdir()
        open_study(tmp_path / "empty")
