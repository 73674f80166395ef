"""The report in Excel: typed numbers, headings with units, texts that stay texts."""

import datetime
from io import BytesIO

import pytest
from client_model import HOSTILE, sample_report
from openpyxl import load_workbook

from cxstudy.client.cells import clean
from cxstudy.client.model import Chart, Column, Report, Section, Series, Table
from cxstudy.client.workbook import HEADER, write_workbook
from cxstudy.language import LANGUAGES, text


def written(report):
    """The workbook of a report, read back."""
    held = BytesIO()
    write_workbook(report, held)
    held.seek(0)
    return load_workbook(held)


def rows(page):
    """Rows beneath the headings, each {heading: value}; a heading that is there twice keeps its last value."""
    heads = [cell.value for cell in page[HEADER]]
    return [dict(zip(heads, row, strict=True)) for row in page.iter_rows(min_row=HEADER + 1, values_only=True)]


def with_table(columns, cells, **more):
    table = Table("t", "Table", columns, cells, **more)
    return Report("R", "Client", "en", False, (Section("s", "Section", (table,)),))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_table_and_chart_has_its_sheet_and_the_cover_lists_them(language):
    report = sample_report(language)
    book = written(report)
    parts = [part for section in report.sections for part in section.parts if isinstance(part, Table | Chart)]
    assert len(book.sheetnames) == 2 + len(parts)
    cover = book.worksheets[0]
    said = [cell for row in cover.iter_rows(values_only=True) for cell in row if cell]
    assert set(book.sheetnames[1:]) <= set(said)
    for expected in (report.title, report.subtitle, report.period, report.made, report.run):
        assert expected in said
    assert text("page.synthetic", language) in said
    assert text("client.page.trademark", language) in said


def test_cells_equal_the_model_and_are_typed():
    report = sample_report("en")
    table = next(p for s in report.sections for p in s.parts if isinstance(p, Table) and p.id == "measures")
    page = written(report)["measures"]
    read = list(page.iter_rows(min_row=HEADER + 1, values_only=True))
    for row, cells, one in zip(read, table.cells, table.findings, strict=True):
        dates = [cell.date() if isinstance(cell, datetime.datetime) else cell for cell in row]
        assert dates[: len(cells)] == list(cells)
        assert (row[-1] or "") == one
    assert page.cell(HEADER + 1, 2).number_format == "#,##0.0"
    assert page.cell(HEADER + 1, 6).number_format == "#,##0"
    assert page.cell(HEADER + 1, 7).is_date
    assert page.cell(HEADER, 2).value == "NPS (NPS points)"
    assert rows(page)[-1][text("sheets.reason", "en")] == "not shown (too few answers)"


def test_numbers_keep_every_digit():
    exact = (0.1 + 0.2, 1 / 3, 123456789.123456789, 5e-324, -0.0, 31.25)
    book = written(with_table((Column("v", "V", "number"),), tuple((v,) for v in exact)))
    assert [row["V"] for row in rows(book["t"])] == list(exact)


def test_what_is_no_number_is_an_empty_cell():
    cells = tuple((name, value) for name, value in zip("abc", (float("nan"), None, float("inf")), strict=True))
    book = written(with_table((Column("n", "N"), Column("v", "V", "number")), cells))
    assert [row["V"] for row in rows(book["t"])] == [None, None, None]


def test_a_chart_has_its_values_and_interval_ends():
    report = sample_report("en")
    chart = next(p for s in report.sections for p in s.parts if isinstance(p, Chart) and p.id == "branches")
    read = list(
        written(report)[text("sheets.chart_sheet", "en", id="branches")].iter_rows(min_row=HEADER + 1, values_only=True)
    )
    (series,) = chart.series
    expected = zip(chart.categories, series.values, series.low, series.high, series.findings, strict=True)
    assert read == [tuple(row) for row in expected]


def test_headings_and_first_column_stay_in_view():
    for page in written(sample_report()).worksheets[1:]:
        assert page.freeze_panes == f"B{HEADER + 1}"
        assert page.auto_filter.ref.startswith(f"A{HEADER}:")


def test_each_sheet_says_that_the_data_are_synthetic():
    for page in written(sample_report("sv")).worksheets[1:]:
        assert page["A2"].value == text("slides.synthetic", "sv")


def test_every_sentence_stands_with_its_finding_ids():
    report = sample_report("en")
    read = rows(written(report)["Sentences"])
    held = [(row["Section"], row["Text"], row["Finding"]) for row in read]
    sentence = report.sections[0].parts[2]
    assert (report.sections[0].title, sentence.text, ", ".join(sentence.findings)) in held
    kinds = [row["Kind"] for row in read]
    assert {text("sheets.comment", "en"), text("sheets.outdated", "en"), text("sheets.warning", "en")} <= set(kinds)


def test_hostile_texts_are_texts():
    book = written(sample_report("en", hostile=True))
    cells = [
        cell for page in book.worksheets for row in page.iter_rows() for cell in row if isinstance(cell.value, str)
    ]
    assert {cell.data_type for cell in cells} == {"s"}
    assert all(cell.hyperlink is None for cell in cells)
    assert all(cell.quotePrefix for cell in cells if cell.value.startswith(("=", "+", "-", "@")))
    held = " ".join(cell.value for cell in cells)
    for name in HOSTILE:
        assert clean(name) in held


def test_sheet_names_are_taken_by_excel_and_unique():
    names = ("a/b:c", "a_b_c", "x" * 60, "x" * 61, "History", "'q'", "")
    chart = Chart("a/b:c", "T", "bars", ("c",), (Series("s", (1.0,)),))
    tables = tuple(Table(name, name, (Column("v", "V"),), (("a",),)) for name in names)
    book = written(Report("R", "", "en", False, (Section("s", "S", (*tables, chart)),)))
    assert len({name.lower() for name in book.sheetnames}) == len(names) + 3
    assert all(0 < len(name) <= 31 and not set("[]:*?/\\") & set(name) for name in book.sheetnames)
