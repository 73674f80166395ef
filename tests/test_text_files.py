"""CSV as it comes: encodings, decimal marks, title lines, the header rows of Qualtrics and SurveyMonkey."""

import csv
import gzip
import io
import json

import pytest

from cxstudy.faults import DataError
from cxstudy.opening.study_file import read_study_file
from cxstudy.study import open_study

NORDIC = "company;name;comment\nC1;Åkeri Öst;blåbær\nC2;Smør;så där\n"


def rows(source):
    return [tuple(r[c] for c in source.columns) for r in source.expr.order_by("row_").to_pyarrow().to_pylist()]


def csv_bytes(records):
    text = io.StringIO(newline="")
    csv.writer(text).writerows(records)
    return text.getvalue().encode("utf-8-sig")


@pytest.mark.parametrize("encoding", ["cp1252", "mac-roman", "cp850", "utf-16", "iso-8859-1"])
def test_a_declared_encoding(read, encoding):
    source = read(NORDIC.encode(encoding), encoding=encoding)
    assert rows(source) == [("C1", "Åkeri Öst", "blåbær"), ("C2", "Smør", "så där")]
    assert source.lines([2]) == {2: 3}
    assert rows(read(gzip.compress(NORDIC.encode(encoding)), "t.csv.gz", encoding=encoding))[1][1] == "Smør"


@pytest.mark.parametrize("content", [NORDIC.encode(), NORDIC.encode("utf-8-sig")])
def test_utf8_may_be_declared(read, content):
    assert rows(read(content, encoding="utf-8"))[0][1] == "Åkeri Öst"


@pytest.mark.parametrize("encoding", ["cp1252", "mac-roman", "cp850", "utf-16"])
def test_an_undeclared_encoding_is_proposed_not_guessed(fault, encoding):
    said = fault(NORDIC.encode(encoding))
    assert said.rule == "a CSV file must be UTF-8 (with or without BOM)."
    assert said.remedy.startswith(f"declare encoding: {encoding} in study.yaml")
    assert said.row == (1 if encoding == "utf-16" else 2)
    assert "Åkeri" not in str(said)


def test_bytes_that_no_encoding_makes_sense_of(fault):
    assert fault(b"a,b\n1,\x81\x8d\x9d\xd7\xf7\xac\n").remedy.startswith("save it as CSV UTF-8")


def test_utf8_read_as_something_else_is_refused(fault):
    said = fault(NORDIC.encode(), encoding="cp1252")
    assert said.found == "the file is UTF-8; its letters would be misread."
    assert said.remedy == "remove encoding: from study.yaml."


def test_bytes_outside_the_declared_encoding(fault):
    said = fault(b"a;b\n1;2\nx;\x81\n", encoding="cp1252")
    assert said.rule == "letters are stored as study.yaml declares them, encoding: cp1252."
    assert said.row == 3


def test_an_unknown_encoding_is_answered_with_valid_ones(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text("format: 1\nname: a\ntables:\n  customers: {file: c.csv, encoding: cp-1252x}\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_study_file(path)
    (said,) = caught.value.faults
    assert said.rule.startswith("encoding must be one such as utf-8, cp1252")
    assert said.found == "'cp-1252x'; nearest cp1252."


def test_csv_as_nordic_excel_writes_it(tmp_path):
    text = "company;year;revenue;operating_margin;name\r\nC1;2024;1200,5;8,25;Å\r\nC2;2024;900;-1,5;Ö\r\n"
    (tmp_path / "f.csv").write_bytes(text.encode("cp1252"))
    answers = b"response_id;company;recommend;date\r\n1;C1;9;31.12.2024\r\n2;C2;3;01.02.2024"
    (tmp_path / "c.csv").write_bytes(answers)
    study = """format: 1
name: nordic
tables:
  financials: {file: f.csv, encoding: cp1252, decimal: ","}
  customers: {file: c.csv, dates: "%d.%m.%Y"}
"""
    (tmp_path / "study.yaml").write_text(study, encoding="utf-8")
    opened = open_study(tmp_path)
    assert list(opened.financials.frame()["revenue"]) == [1200.5, 900.0]
    assert list(opened.financials.frame()["operating_margin"]) == [8.25, -1.5]
    assert [str(d)[:10] for d in opened.customers.frame()["date"]] == ["2024-12-31", "2024-02-01"]


@pytest.mark.parametrize(
    ("decimal", "values", "found", "remedy"),
    [
        (".", ("8.5", "7,5"), "'7,5'", "write all with one mark; these have a decimal comma, and '8.5' (line 2)"),
        (",", ("8,5", "7.5"), "'7.5'", "write all with one mark; these have a decimal point, and '8,5' (line 2)"),
        (",", ("8", "7.5"), "'7.5'", 'declare it in study.yaml, tables: financials: decimal: "."'),
        (".", ("8", "1 200 000"), "'1 200 000'", "take out what groups the thousands"),
        (",", ("8", "1.200,50"), "'1.200,50'", "take out what groups the thousands"),
    ],
)
def test_decimal_marks(tmp_path, decimal, values, found, remedy):
    lines = "".join(f"C{i};2024;{value}\n" for i, value in enumerate(values))
    (tmp_path / "f.csv").write_text("company;year;return_on_capital\n" + lines, encoding="utf-8")
    study = f'format: 1\nname: a\ntables:\n  financials: {{file: f.csv, decimal: "{decimal}"}}\n'
    (tmp_path / "study.yaml").write_text(study, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        open_study(tmp_path)
    (said,) = (f for f in caught.value.faults if "column return_on_capital" in f.where)
    assert found in said.found
    assert remedy in said.remedy


def test_a_declared_header_line(read, fault):
    content = b"Survey 2024\n\nmade by,us\na,b\n1,2\n3,4\n"
    source = read(content, header=4)
    assert rows(source) == [("1", "2"), ("3", "4")]
    assert source.lines([2]) == {2: 6}
    assert fault(content, header=9).found == "no line 9, or nothing but blank lines from there."
    assert fault(b"Survey 2024\na,b\n1,2\n").remedy.startswith("if a title stands above the column names")
    assert "header: 2" in fault(b"Survey 2024\na,b\n1,2\n").remedy


QUALTRICS = [
    ["StartDate", "ResponseId", "Q1", "company"],
    ["Start Date", "Response ID", "How likely are you to recommend us?\nFrom 0 to 10", "company"],
    [json.dumps({"ImportId": i}) for i in ("startDate", "_recordId", "QID1", "company")],
    ["2024-01-31 10:00:00", "R_1", "9", "C1"],
    ["2024-01-31 10:05:00", "R_2", "11", "C2"],
]


def test_qualtrics(read):
    source = read(csv_bytes(QUALTRICS), layout="qualtrics")
    assert source.columns == tuple(QUALTRICS[0])
    assert rows(source) == [tuple(r) for r in QUALTRICS[3:]]
    assert source.question_texts["Q1"] == "How likely are you to recommend us?\nFrom 0 to 10"
    assert source.lines([1, 2]) == {1: 5, 2: 6}


def test_an_undeclared_qualtrics_file_is_asked_for(fault):
    said = fault(csv_bytes(QUALTRICS))
    assert said.rule == "a file with several header rows is declared."
    assert said.remedy == "add layout: qualtrics to the table in study.yaml."


def test_a_file_declared_qualtrics_that_is_none(fault):
    said = fault(b"a,b\n1,2\n3,4\n", layout="qualtrics")
    assert said.found == "no ImportId in the third row."
    assert fault(csv_bytes(QUALTRICS[:3]), layout="qualtrics").rule == "a table must have rows."


MONKEY = [
    ["Respondent ID", "Start Date", "How likely …?", "How was …", "", "Anything else?"],
    ["", "", "", "Ease", "Speed", "Open-Ended Response"],
    ["114", "01/31/2024", "9", "4", "5", "no"],
]


def test_surveymonkey(read):
    source = read(csv_bytes(MONKEY), layout="surveymonkey")
    assert source.columns == (
        "Respondent ID", "Start Date", "How likely …?", "How was …: Ease", "How was …: Speed", "Anything else?"
    )
    assert rows(source) == [tuple(MONKEY[2])]
    assert source.lines([1]) == {1: 3}
    assert source.question_texts["How was …: Ease"] == "How was …: Ease"


def test_surveymonkey_undeclared_or_none(fault):
    assert fault(csv_bytes(MONKEY)).remedy == "add layout: surveymonkey to the table in study.yaml."
    assert fault(b"a,b\n1\n", layout="surveymonkey").found == "rows of 2 and 1 fields."


def test_a_layout_belongs_to_csv(fault):
    assert fault(b"x", "t.sav", layout="qualtrics").rule == "layout: belongs to .csv, .csv.gz files."


def test_two_columns_for_one_name(small_study):
    declared = "customers: {file: customers.csv, columns: {recommend: satisfaction}}"
    with pytest.raises(DataError) as caught:
        open_study(small_study(study=lambda text: text.replace("customers: {file: customers.csv}", declared)))
    said = caught.value.faults[0]
    assert said.rule == "recommend is one column."
    assert said.found == "satisfaction, as columns: says, and recommend itself."
    declared = "customers: {file: customers.csv, columns: {recommend: comment, effort: comment}, ignore: [recommend]}"
    with pytest.raises(DataError) as caught:
        open_study(small_study(study=lambda text: text.replace("customers: {file: customers.csv}", declared)))
    assert "comment is recommend and effort." in [f.found for f in caught.value.faults]


def test_choice_texts_instead_of_codes(small_study, cell):
    with pytest.raises(DataError) as caught:
        open_study(small_study(customers=[cell(3, "recommend", "10 - Extremely likely")]))
    (said,) = caught.value.faults
    assert said.remedy == "these are an answer's words: export the numeric values (codes) instead of the choice texts."


def test_column_names_may_hold_line_breaks(read, fault):
    source = read(b'"how\nlikely",b\n1,2\n')
    assert source.columns == ("how\nlikely", "b")
    assert source.lines([1]) == {1: 3}
    assert fault(b'"a,b\n' + b"1,2\n" * 9).found == "a quotation mark in the header that is not closed."


def test_utf16_without_its_mark(fault):
    assert "encoding: utf-16-le" in fault(NORDIC.encode("utf-16-le")).remedy
    assert "encoding: utf-16-be" in fault(NORDIC.encode("utf-16-be")).remedy


def test_a_line_break_in_a_header_cell_as_excel_writes_it(read):
    """Excel ends rows with CR LF and breaks a line inside a cell with LF alone."""
    source = read(b'date,"NPS\n2",x\r\n2025-01-01,9,1\r\n2025-01-02,8,2\r\n')
    frame = source.expr.to_pyarrow().to_pandas()
    assert frame["NPS\n2"].tolist() == ["9", "8"] and frame["date"].tolist() == ["2025-01-01", "2025-01-02"]
    assert source.lines([1, 2]) == {1: 3, 2: 4}
