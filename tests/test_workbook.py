"""tables.xlsx: the same numbers as the CSV files, typed; no text ever becomes a formula."""

import json
import math
import shutil
import subprocess
from datetime import date, datetime
from types import SimpleNamespace

import numpy as np
import openpyxl
import pandas as pd
import pytest
from small_study import write_notebook, write_study

from cxstudy import open_study
from cxstudy.faults import DataError
from cxstudy.findings import Finding, Reading, Result
from cxstudy.report import workbook
from cxstudy.report.record import record
from cxstudy.report.rerun import rerun
from cxstudy.report.run import run_study
from cxstudy.report.table_files import count_rows, kinds, read_texts, read_typed
from cxstudy.report.workbook import TablesWorkbook, sheet_name

THRESHOLDS = {"customers": 5, "employees": 7}
RUN = {"study": "small", "title": "A small study", "run": "20260102-030405", "synthetic": True}
RUN |= {"started": "2026-01-02T03:04:05+01:00"}
TABLE = pd.DataFrame(
    {
        "unit": ["0047", "NO", "=1+2", "+46", "-x", "@sum", "#N/A", "a\x07b", "1,5", 'Ökning; "q"\nline'],
        "n": np.arange(10, 20),
        "estimate": [1 / 3, math.nan, -2.5, 1e-17, 123456789.123456789, 0.1 + 0.2, 5.0, math.inf, 1e22, 7e-5],
        "loyal": [True, False, None, True, True, False, True, True, True, True],
        "day": pd.to_datetime(["2025-01-31", None, *["2025-02-01"] * 8]),
        "tier": pd.Series([1, "all", None, "0047", 2.5, 1, 1, 1, 1, 1], dtype=object),
    }
)

RECORD = """from cxstudy.findings import Reading, Result
shown = cx.nps(the_study, by="company")
tables = {"companies": shown, "means": cx.moments(the_study.customers, "recommend", by="company").keys.assign(x=1 / 3)}
one = cx.finding("scores.all", 100 / 3, n=80)
the_study.record(Result("scores", (one,), tables, Reading("verdict.agrees"), {}), out)
"""


def study(way="standard", language="en"):
    names = {"name": "small", "synthetic": True, "language": language, "thresholds": THRESHOLDS}
    return SimpleNamespace(**names, config=SimpleNamespace(csv=way))


def recorded(folder, way="standard", language="en", **tables):
    one = Finding("a.b", 1.0, n=60, n_unit="companies")
    made = Result("pictureless", (one,), tables, Reading("verdict.agrees"), {}, synthetic=True, language=language)
    record(study(way, language), made, folder)
    return folder


def made(folder, way="standard", language="en", **tables):
    recorded(folder, way, language, **tables)
    return openpyxl.load_workbook(TablesWorkbook(folder, study(way, language)).save(RUN))


def cells(page):
    return [[cell.value for cell in row] for row in page.iter_rows()]


@pytest.fixture(params=["standard", "excel"])
def book(request, tmp_path):
    return made(tmp_path, request.param, table=TABLE)


def test_numbers_are_those_of_the_table_to_the_last_digit(book):
    page = book["pictureless.table"]
    head, *rows = cells(page)
    assert head == list(TABLE)
    columns = dict(zip(head, zip(*rows, strict=True), strict=True))
    assert list(columns["n"]) == TABLE.n.tolist()
    assert list(columns["estimate"]) == [1 / 3, None, -2.5, 1e-17, 123456789.123456789, 0.1 + 0.2, 5, "inf", 1e22, 7e-5]
    assert list(columns["loyal"]) == TABLE.loyal.tolist()
    assert list(columns["day"]) == [datetime(2025, 1, 31), None, *[datetime(2025, 2, 1)] * 8]
    assert page["E2"].is_date and page["E2"].number_format == "yyyy-mm-dd"
    assert list(columns["tier"]) == [1, "all", None, "0047", 2.5, 1, 1, 1, 1, 1]


def test_texts_stay_texts_and_lose_only_what_xml_cannot_hold(book):
    found = [cell for (cell,) in book["pictureless.table"].iter_rows(min_row=2, max_col=1)]
    assert [cell.value for cell in found] == [t.replace("\x07", "") for t in TABLE.unit]
    assert {cell.data_type for cell in found} <= {"s", "inlineStr"}
    assert [cell.quotePrefix for cell in found] == [t[0] in "=+-@" for t in TABLE.unit]


def test_the_header_is_bold_and_stays_and_filters(book):
    page = book["pictureless.table"]
    assert page.freeze_panes == "A2" and page.auto_filter.ref == "A1:F11"
    assert all(cell.font.bold for cell in page[1]) and not page["A2"].font.bold
    assert all(11 <= page.column_dimensions[letter].width <= 60 for letter in "ABCDEF")


def test_both_ways_of_writing_are_read_back_the_same(tmp_path):
    one, other = (recorded(tmp_path / way, way, table=TABLE) for way in ("standard", "excel"))
    name = "tables/pictureless.table.csv"
    assert (one / name).read_bytes()[:4] == b"unit"
    raw = (other / name).read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfunit;n;estimate;loyal;day;tier\r\n")
    assert b"0047;10;0,3333333333333333;True;2025-01-31;1\r\n" in raw and b";2,5\r\n" in raw
    assert read_texts(one / name) == read_texts(other / name)
    assert list(read_typed(one / name)) == list(read_typed(other / name))
    assert count_rows(one / name) == count_rows(other / name) == len(TABLE)


def test_an_excel_csv_opens_in_columns_with_the_numbers_of_the_table(tmp_path):
    folder = recorded(tmp_path, "excel", table=TABLE)
    back = pd.read_csv(folder / "tables/pictureless.table.csv", sep=";", decimal=",", encoding="utf-8-sig")
    assert back.estimate.tolist()[2:] == TABLE.estimate.tolist()[2:] and back.n.tolist() == TABLE.n.tolist()


def test_a_table_without_recorded_kinds_is_read_cell_by_cell(tmp_path):
    file = tmp_path / "own.csv"
    file.write_text("key,x\n0047,1.50\n12,0.5\n", encoding="utf-8")
    assert list(read_typed(file)) == [["key", "x"], ["0047", "1.50"], [12, 0.5]]
    assert read_texts(tmp_path / "none.csv") == ()


def test_kinds_of_columns():
    frame = TABLE.assign(
        whole=pd.array([1, None] + [2] * 8, dtype="Int64"),
        none=None,
        group=pd.Categorical(["a"] * 10),
        born=[date(2000, 1, 1)] * 10,
        empty=math.nan,
    )
    assert kinds(frame) == {
        "unit": "text",
        "n": "number",
        "estimate": "number",
        "loyal": "boolean",
        "day": "date",
        "tier": "mixed",
        "whole": "number",
        "none": "text",
        "group": "text",
        "born": "date",
        "empty": "number",
    }


def test_what_is_suppressed_is_not_in_the_workbook(tmp_path):
    table = pd.DataFrame({"unit": list("abc"), "n_answers": [3, 8, 20], "nps": [11.25, 22.25, 33.25]})
    book = made(tmp_path, table=table)
    rows = cells(book["pictureless.table"])
    assert [row[:3] for row in rows[1:]] == [["a", 3, None], ["b", 8, None], ["c", 20, 33.25]]
    assert rows[1][3].startswith("Fewer than 5")


def test_the_cover_says_what_this_is_and_for_whom(tmp_path):
    claims = pd.DataFrame({"id": ["top"], "said": ["=the top earns 9 %"], "word": ["recovered"], "estimate": [8.75]})
    recorded(tmp_path, claims=claims.assign(ci_low=math.nan, n=60))
    (tmp_path / "tables/pictureless.claims.csv").rename(tmp_path / "tables/claims.claims.csv")
    book = made(tmp_path, table=pd.DataFrame({"unit": ["a"], "n": [1]}))
    page = book.worksheets[0]
    rows = cells(page)
    flat = [value for row in rows for value in row]
    assert page.title == "Cover" and rows[0][0] == "Tables of the study A small study" and page["A1"].font.bold
    assert rows[1][0].startswith("Synthetic data")
    assert {"small", RUN["run"], RUN["started"], "en"} <= set(flat)
    assert any("customers 5, employees 7" in str(value) for value in flat)
    listed = {row[1]: row for row in rows if str(row[1]).startswith("tables/")}
    name = "tables/pictureless.table.csv"
    assert listed[name][:4] == ["pictureless.table", name, "client", 1]
    # a file that no findings file marks is internal
    assert listed["tables/claims.claims.csv"][2] == "internal"
    assert rows[-1][:6] == ["top", "=the top earns 9 %", "recovered", 8.75, None, 60]
    assert "| tables.xlsx | internal |" in (tmp_path / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("language", "cover"), [("sv", "Översikt"), ("da", "Oversigt")])
def test_the_cover_speaks_the_language_of_the_study(tmp_path, language, cover):
    book = made(tmp_path, language=language, table=TABLE)
    assert book.worksheets[0].title == cover


def test_a_table_longer_than_a_sheet_is_cut_and_the_cover_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(workbook, "MOST_ROWS", 8)
    book = made(tmp_path, table=TABLE)
    assert book["pictureless.table"].max_row == 8 and book["pictureless.table"].auto_filter.ref == "A1:F8"
    said = [row[4] for row in cells(book.worksheets[0]) if len(row) > 4 and row[4]]
    assert said == ["A sheet has no room for all rows: the first 7 of 10 are here, all are in the CSV file."]


def test_a_table_without_rows_has_its_header(tmp_path):
    book = made(tmp_path, table=TABLE[:0])
    assert cells(book["pictureless.table"]) == [list(TABLE)]


def test_sheet_names_are_what_excel_takes():
    taken = {"Cover"}
    wanted = ["COVER", "a" * 40, "a" * 40, "A" * 40, "x[1]:*?/\\y", "'quoted'", "History", "", "\x01"]
    for name in wanted:
        taken.add(sheet_name(name, taken))
    assert len({name.lower() for name in taken}) == len(wanted) + 1
    assert all(0 < len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in taken)
    assert not any(name.startswith("'") or name.endswith("'") or name.lower() == "history" for name in taken)
    assert {"COVER (2)", "a" * 31, "a" * 27 + " (2)", "A" * 27 + " (3)", "x_1______y"} <= taken


@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not installed")
def test_a_spreadsheet_program_shows_the_texts_as_they_are(tmp_path):
    made(tmp_path, table=TABLE)
    page = ["soffice", "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to"]
    every = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1"
    subprocess.run([*page, every, "tables.xlsx"], cwd=tmp_path, check=True, capture_output=True, timeout=120)
    shown = pd.read_csv(tmp_path / "tables-pictureless.table.csv", dtype=str, keep_default_na=False)
    assert shown.unit.tolist()[:7] == TABLE.unit.tolist()[:7]
    assert [float(x) for x in shown.estimate[2:7]] == pytest.approx(TABLE.estimate[2:7].tolist(), rel=1e-14)


@pytest.fixture(scope="module")
def both(server, tmp_path_factory):
    """The same notebook run on the same study with CSV written in either way; the folders of the runs."""
    home = tmp_path_factory.mktemp("both")
    write_notebook(home / "ours", "02_scores", RECORD, record=False)
    folders = {}
    for way in ("standard", "excel"):
        study_folder = write_study(home / way)
        file = study_folder / "study.yaml"
        file.write_text(file.read_text(encoding="utf-8") + f"csv: {way}\n", encoding="utf-8")
        outcome = run_study(study_folder, out=home / f"out-{way}", notebooks=home / "ours", server=server)
        assert outcome.ok, outcome.failures
        folders[way] = outcome.folder
    return home, folders


def test_a_run_is_the_same_whichever_way_its_tables_are_written(both):
    _, folders = both
    bodies = [json.loads((folder / "findings.json").read_text(encoding="utf-8")) for folder in folders.values()]
    for body in bodies:
        body.pop("run")
    assert bodies[0] == bodies[1] and [one["id"] for one in bodies[0]["findings"]] == ["scores.all"]
    books = [openpyxl.load_workbook(folder / "tables.xlsx") for folder in folders.values()]
    assert books[0].sheetnames == books[1].sheetnames and len(books[0].sheetnames) == 3
    assert all(cells(books[0][name]) == cells(books[1][name]) for name in books[0].sheetnames[1:])


def test_every_table_of_a_run_is_a_sheet_with_the_numbers_of_its_csv_and_the_index_links_to_it(both):
    folder = both[1]["standard"]
    book = openpyxl.load_workbook(folder / "tables.xlsx")
    files = sorted((folder / "tables").glob("*.csv"))
    assert len(files) == len(book.sheetnames) - 1
    for file, page in zip(files, book.worksheets[1:], strict=True):
        frame = pd.read_csv(file, dtype={"company": str})
        found = pd.DataFrame(cells(page)[1:], columns=[cell.value for cell in page[1]])
        for name in frame.select_dtypes("number"):
            both_ways = found[name].astype(float), frame[name].astype(float)
            assert page.max_row > 3 and np.array_equal(*both_ways, equal_nan=True)
    assert f'href="{folder.name}/tables.xlsx"' in (folder.parent / "index.html").read_text(encoding="utf-8")
    assert "| tables.xlsx |" in (folder / "README.md").read_text(encoding="utf-8")


def test_a_run_with_csv_for_excel_is_made_again_without_changes(both, server):
    home, folders = both
    outcome = rerun(folders["excel"], notebooks=home / "ours", server=server)
    assert outcome.run.ok and outcome.changes == () and outcome.compared == 1


def test_another_way_of_writing_is_refused(small_study):
    folder = small_study(study=lambda text: text + "csv: xlsx\n")
    with pytest.raises(DataError, match="csv.*'standard' or 'excel'"):
        open_study(folder)
