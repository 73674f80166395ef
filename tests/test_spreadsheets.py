"""Excel workbooks, written by openpyxl: sheets, title rows, typed cells, errors, formulas, what cannot be opened."""

import datetime as dt

import ibis
import pytest
from openpyxl import Workbook, load_workbook

from cxstudy.faults import DataError
from cxstudy.opening.readers import read_source
from cxstudy.opening.table_file import TableFile
from cxstudy.study import open_study

HEAD = ["response_id", "company", "recommend", "date"]
ROWS = [["R1", "0047", 9, dt.date(2024, 1, 31)], ["R2", "NO", 8, dt.date(2024, 2, 29)], ["R3", "NO", None, None]]


@pytest.fixture
def write(tmp_path):
    def write(rows, change=None, name="t.xlsx", sheet="Sheet"):
        path = tmp_path / name
        book = load_workbook(path) if path.exists() else Workbook()
        page = book.create_sheet(sheet) if path.exists() else book.active
        page.title = sheet
        for row in rows:
            page.append(row)
        if change:
            change(page)
        book.save(path)
        return path

    return write


@pytest.fixture
def read(tmp_path):
    def read(name="t.xlsx", **how):
        return read_source(ibis.duckdb.connect(), "customers", tmp_path, TableFile(file=name, **how))

    return read


@pytest.fixture
def fault(read):
    def fault(name="t.xlsx", **how):
        with pytest.raises(DataError) as caught:
            read(name, **how)
        (only,) = caught.value.faults
        return only

    return fault


def rows(source):
    return [tuple(r[c] for c in source.columns) for r in source.expr.order_by("row_").to_pyarrow().to_pylist()]


def test_cells_keep_their_types(write, read):
    write([HEAD, *ROWS])
    source = read()
    assert source.columns == tuple(HEAD)
    assert rows(source)[0] == ("R1", "0047", 9, dt.datetime(2024, 1, 31))
    assert rows(source)[2] == ("R3", "NO", None, None)
    assert source.lines([2, 4]) == {2: 2, 4: 4}
    assert (source.place, source.remarks) == ("row", ())
    assert source.expr["recommend"].type().is_integer()


def test_a_column_of_several_types_is_text_as_declared(write, read):
    write([["a", "b", "c"], [1.5, True, dt.date(2024, 1, 31)], ["x", 7.0, "31.12.2024"], [3, None, " "]])
    assert rows(read(decimal=",", dates="%d.%m.%Y")) == [
        ("1,5", "true", "31.01.2024"),
        ("x", "7", "31.12.2024"),
        ("3", None, None),
    ]


def test_title_rows_are_left_out_and_said(write, read):
    write([["Customer survey 2024"], [], ["Made by", "us"], HEAD, *ROWS])
    source = read()
    assert source.columns == tuple(HEAD)
    assert len(rows(source)) == 3
    (remark,) = source.remarks
    assert remark.found == "them in row 4; above, rows 1, 3."
    assert source.lines([5]) == {5: 5}


def test_a_declared_header_is_believed(write, read, fault):
    write([HEAD, ["R", "C", "9", "x"], *ROWS])
    source = read(header=2)
    assert source.columns == ("R", "C", "9", "x")
    assert source.remarks == ()
    assert fault(header=9).found == "no column names in row 9."


def test_blank_rows_and_columns_are_none_and_unnamed_columns_get_a_name(write, read):
    write([["a", None, None, "b"], [], [1, None, 5, 2], [None] * 4, [3, None, None, 4]])
    source = read()
    assert source.columns == ("a", "column_3", "b")
    assert rows(source) == [(1, 5, 2), (3, None, 4)]


def test_the_sheet_is_the_only_one_the_one_named_or_the_one_called_as_the_table(write, read, fault):
    write([["a"], [1]], sheet="Answers")
    assert rows(read()) == [(1,)]
    write([["a"], [2]], sheet="Notes")
    said = fault()
    assert said.rule == "a workbook of several sheets needs a choice."
    assert said.found == "the sheets Answers, Notes."
    assert said.remedy == "name one in study.yaml, such as sheet: Answers."
    assert rows(read(sheet="Notes")) == [(2,)]
    assert fault(sheet="Answer").found == "no sheet 'Answer'; there: Answers, Notes. Nearest: Answers."
    write([["a"], [3]], sheet="Customers")
    assert rows(read()) == [(3,)]


def test_hidden_sheets_are_not_meant_and_hidden_rows_are_said(write, read):
    write([["a"], [1], [2]], lambda page: page.row_dimensions.__getitem__(3).__setattr__("hidden", True))
    write([["a"], [9]], lambda page: setattr(page, "sheet_state", "hidden"), sheet="lists")
    source = read()
    assert rows(source) == [(1,), (2,)]
    (remark,) = source.remarks
    assert (remark.rule, remark.found) == ("hidden rows are read like all others.", "1 hidden: 3.")


def test_merged_header_cells(write, read, fault):
    def merge(page):
        page.merge_cells("B1:C1")
        page.merge_cells("A1:A2")

    write([["company", "Answers", None], [None, "recommend", "effort"], ["C1", 9, 2]], merge)
    said = fault()
    assert said.rule == "each column has a header cell of its own."
    assert said.found == "merged header cells in row 1."
    assert "header: 2" in said.remedy
    source = read(header=2)
    assert source.columns == ("company", "recommend", "effort")
    assert rows(source) == [("C1", 9, 2)]


def test_errors_are_faults_of_their_column_unless_declared(write, read):
    write([["a", "b"], [1, "#N/A"], [2, "#REF!"], [3, 4]])
    source = read()
    assert rows(source) == [(1, None), (2, None), (3, 4)]
    (said,) = source.column_faults["b"]
    assert said.found == "#N/A (row 2), #REF! (row 3)."
    assert said.where == "t.xlsx, sheet Sheet, column b"
    assert read(missing={"b": ["#N/A", "#REF!"]}).column_faults == {}


def test_formulas_are_read_as_their_saved_values(write, read, tmp_path):
    path = write([["a", "b"], [1, "=A2*2"], [2, "=A3*2"]])
    (said,) = read().column_faults["b"]
    assert said.found == "2 formulas without a saved value (row 2, 3)."
    assert said.remedy.startswith("open the workbook in Excel, let it calculate")
    with_value = path.read_bytes()
    assert read().column_faults.keys() == {"b"}
    assert with_value == path.read_bytes()
    _save_values(path, {b"<f>A2*2</f><v />": b"<f>A2*2</f><v>2</v>", b"<f>A3*2</f><v />": b"<f>A3*2</f><v>4</v>"})
    source = read()
    assert source.column_faults == {}
    assert rows(source) == [(1, 2), (2, 4)]


def _save_values(path, changes):
    """What Excel does when it saves a workbook: values stand beside the formulas."""
    import zipfile

    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    for old, new in changes.items():
        old = old if old in parts[sheet] else old.replace(b"<v />", b"<v></v>").replace(b"<v/>", b"<v></v>")
        assert old in parts[sheet]
        parts[sheet] = parts[sheet].replace(old, new)
    with zipfile.ZipFile(path, "w") as book:
        for name, content in parts.items():
            book.writestr(name, content)


def test_empty_workbooks(write, fault):
    write([])
    assert (fault().rule, fault().found) == ("a table must have a header and rows.", "an empty sheet.")
    write([HEAD], name="head.xlsx")
    assert fault("head.xlsx").rule == "a table must have rows."


def test_column_names_twice(write, fault):
    write([["a", "A"], [1, 2]])
    assert fault().rule == "column names must differ (capitals do not count)."


def test_what_is_no_open_workbook(tmp_path, write, fault):
    start = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    (tmp_path / "locked.xlsx").write_bytes(start + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 600)
    said = fault("locked.xlsx")
    assert said.found == "a workbook protected by a password."
    assert "take the password off" in said.remedy
    (tmp_path / "old.xlsx").write_bytes(start + b"\0" * 600)
    assert fault("old.xlsx").found == "an old Excel file (.xls) by another name."
    whole = write([HEAD, *ROWS]).read_bytes()
    for content in (whole[: len(whole) // 2], b"a,b\n1,2\n"):
        (tmp_path / "cut.xlsx").write_bytes(content)
        assert fault("cut.xlsx").found.startswith("a file that is cut off, damaged or of another kind")


def test_a_study_in_one_workbook(tmp_path, write):
    write([["company"], ["0047"], ["NO"]], name="all.xlsx", sheet="companies")
    write([["Answers"], [], HEAD, *ROWS], name="all.xlsx", sheet="customers")
    text = "format: 1\nname: book\ntables:\n  companies: {file: all.xlsx}\n  customers: {file: all.xlsx}\n"
    (tmp_path / "study.yaml").write_text(text, encoding="utf-8")
    study = open_study(tmp_path)
    assert list(study.customers.frame()["company"]) == ["0047", "NO", "NO"]
    assert str(study.customers.expr.schema()["date"]) == "date"
    assert any(r.where == "all.xlsx, sheet customers" for r in study.remarks)
    assert set(study.fingerprints()) == {"study.yaml", "all.xlsx"}


def test_faults_name_the_row_of_the_sheet(tmp_path, write):
    write([["company"], ["0047"], ["NO"]], name="all.xlsx", sheet="companies")
    write([["Answers"], [], HEAD, *ROWS, ["R4", "NO", 12, "#N/A"]], name="all.xlsx", sheet="customers")
    text = "format: 1\nname: book\ntables:\n  companies: {file: all.xlsx}\n  customers: {file: all.xlsx}\n"
    (tmp_path / "study.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        open_study(tmp_path)
    error, outside = caught.value.faults
    assert error.found == "#N/A (row 7)."
    assert outside.found == "1 row: '12' (row 7)."
    assert outside.row is None
