"""Files as they come: separators, quotes, line ends, encodings, broken files."""

import gzip

import pandas as pd
import pytest


def rows(source):
    return [tuple(r[c] for c in source.columns) for r in source.expr.order_by("row_").to_pyarrow().to_pylist()]


def test_every_value_is_text(read):
    source = read(b"company,recommend\n0047,09\nNO,NA\n")
    assert source.columns == ("company", "recommend")
    assert rows(source) == [("0047", "09"), ("NO", "NA")]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_separators_and_line_ends(read, mark, end):
    content = f"a{mark}b{end}1{mark}2{end}3{mark}4{end}"
    assert rows(read(content.encode())) == [("1", "2"), ("3", "4")]


def test_a_declared_separator_is_believed(read):
    assert read(b"a;b,c\n1;2,3\n", separator=",").columns == ("a;b", "c")


def test_blanks_are_missing_and_a_mark_in_front_does_not_matter(read):
    source = read('\ufeffa,b\n" x ",  \n"",y\n'.encode())
    assert source.columns == ("a", "b")
    assert rows(source) == [("x", None), (None, "y")]


def test_quoted_separators_quotes_and_line_breaks(read):
    source = read(b'a,b\n"1,5","say ""hi"""\n"two\nlines",x\n\n3,y\n')
    assert rows(source) == [("1,5", 'say "hi"'), ("two\nlines", "x"), ("3", "y")]
    assert source.lines([1, 2, 3]) == {1: 2, 2: 3, 3: 6}


def test_blank_lines_of_a_one_column_file_are_no_rows(read):
    source = read(b"company\nA\n\nB\n\n")
    assert rows(source) == [("A",), ("B",)]


def test_gzip_is_the_same(read):
    assert rows(read(gzip.compress(b"a,b\n1,2\n"), "table.csv.gz")) == [("1", "2")]


def test_parquet_keeps_its_types_and_rows(read):
    source = read(pd.DataFrame({"company": ["A", "B"], "recommend": [9, 8]}), "table.parquet")
    assert not source.text
    assert source.expr["recommend"].type().is_integer()
    assert source.lines([2]) == {2: 2}
    assert source.expr["row_"].to_pyarrow().to_pylist() == [1, 2]


def test_names_with_quotes_are_read(read):
    assert read(b'"it\'s",b\n1,2\n', "o'clock.csv").columns == ("it's", "b")


@pytest.mark.parametrize(
    ("content", "rule", "found"),
    [
        (b"", "a table must have a header and rows.", "an empty file (0 bytes)."),
        (b"\n\n", "a table must have a header and rows.", "only blank lines."),
        (b"a,b\n", "a table must have rows.", "a header but no rows."),
        (b"a,A\n1,2\n", "column names must differ (capitals do not count).", "more than once: a."),
        (b"a,b,c\n1,2,3\n4,5\n", "every line must have as many fields as the header.", "2 instead of 3 (line 3)."),
        (b"a,b\n1,2,3\n4,5,6\n", "every line must have as many fields as the header.", "3 instead of 2; 2 lines"),
    ],
)
def test_broken_csv(fault, content, rule, found):
    said = fault(content)
    assert said.rule == rule
    assert said.found.startswith(found)
    assert said.where == "table.csv"


def test_a_quote_that_is_not_closed(fault):
    said = fault(b'company,comment\nA,"secret\nB,words\n')
    assert "secret" not in str(said)
    assert said.row == 2


def test_another_encoding_names_the_line(fault):
    said = fault("a,b\n1,2\nå,3\n".encode("latin-1"))
    assert (said.rule, said.row) == ("a CSV file must be UTF-8 (with or without BOM).", 3)
    assert said.remedy.startswith("declare encoding: cp1252 in study.yaml")
    assert fault("a,b\n1,2\n".encode("utf-16")).rule == "a CSV file must be UTF-8 (with or without BOM)."


def test_a_missing_file_lists_those_there(read, fault):
    read(b"a,b\n1,2\n", "custumers.csv")
    said = fault(None, "customers.csv")
    assert said.rule == "a table's file must exist."
    assert said.found == "there is no such file; there: custumers.csv. Nearest: custumers.csv."


def test_other_kinds_of_files(fault):
    kinds = "a table is a .csv, .csv.gz, .parquet, .xlsx, .xlsm, .sav, .zsav, .dta file."
    assert fault(b"x", "table.pdf").rule == kinds
    assert fault(b"x", "table.pdf").remedy.startswith("save it as CSV UTF-8")
    assert fault(b"x", "table.xls").remedy == "open it in Excel and save it as .xlsx (Excel Workbook)."
    assert fault(b"x", "table.ods").remedy == "open it in LibreOffice and save it as .xlsx."
    assert fault(b"nothing like gzip", "table.csv.gz").rule == "the file must be gzip."
    whole = gzip.compress(b"a,b\n" + b"1,2\n" * 50_000)
    assert fault(whole[: len(whole) // 2], "cut.csv.gz").rule == "the file must be gzip."
    assert fault(b"PAR1" * 5, "table.parquet").rule == "the file must be readable as Parquet."
    assert fault(pd.DataFrame({"a": []}), "none.parquet").rule == "a table must have rows."
