"""The report as an Excel file: a cover, the sentences, then a sheet for each table and for the data of each chart.

Numbers are numbers with all their digits, shown with as many as the report shows; dates are dates, empty cells empty,
and a text is a text even where it starts with =, +, - or @. Every row of numbers has the id of its finding.
"""

import math
from dataclasses import dataclass

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ERROR_CODES
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from cxstudy.client.cells import clean
from cxstudy.client.colours import on, palette
from cxstudy.client.model import Chart, Column, Note, Sentence, Table
from cxstudy.language import text
from cxstudy.report.workbook import LONGEST_TEXT, sheet_name

HEADER = 3  # row of the headings: above them the title, and whether the data are synthetic
_WIDEST = 60
_FORMULA = ("=", "+", "-", "@")
_FORMATS = {"integer": "#,##0", "date": "yyyy-mm-dd"}


@dataclass(frozen=True)
class Sheet:
    """A sheet to be written: ``name`` in the file, ``title``, columns, rows of values."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple, ...]


def write_workbook(report, path):
    """Write ``report`` (a `Report`) to ``path``, an .xlsx file; what stands there is replaced."""
    say = _sayer(report.language)
    sheets = _sheets(report, say)
    book = Workbook(write_only=True)
    book.properties.title = book.properties.subject = clean(report.title)
    book.properties.creator = "cxstudy"
    _write_cover(book.create_sheet(say("cover")), report, sheets, say)
    for sheet in sheets:
        _write_sheet(book.create_sheet(sheet.name), sheet, report, say)
    book.save(path)


def text_cell(page, value, font=None):
    """A cell that holds a text as text: no formula, link or error is made of it."""
    value = clean(value)[:LONGEST_TEXT]
    cell = WriteOnlyCell(page, value)
    cell.data_type = "s"
    # Excel then keeps it a text also when the cell is edited
    cell.quotePrefix = value.startswith(_FORMULA) or value in ERROR_CODES
    if font:
        cell.font = font
    return cell


def _sayer(language):
    return lambda key, **values: text(f"sheets.{key}", language, **values)


def _sheets(report, say):
    taken, sheets = {say("cover")}, []

    def add(wanted, title, columns, rows):
        name = sheet_name(clean(wanted), taken)
        taken.add(name)
        sheets.append(Sheet(name, title, tuple(columns), tuple(tuple(row) for row in rows)))

    add(say("sentences"), say("sentences"), *_sentences(report, say))
    for section in report.sections:
        for part in section.parts:
            if isinstance(part, Table):
                add(part.id, f"{section.title}: {part.title}", *_table(part, say))
            elif isinstance(part, Chart):
                add(say("chart_sheet", id=part.id), f"{section.title}: {part.title}", *_chart(part, say))
    return sheets


def _sentences(report, say):
    columns = [Column(name, say(name)) for name in ("section", "kind", "text", "finding")]
    rows = []
    for section in report.sections:
        if section.comment:
            kind = say("outdated" if section.outdated else "comment")
            rows.append((section.title, kind, section.comment, ""))
        for part in section.parts:
            if isinstance(part, Sentence):
                rows.append((section.title, say("sentence"), part.text, ", ".join(part.findings)))
            elif isinstance(part, Note):
                rows.append((section.title, say("warning" if part.warning else "note"), part.text, ""))
    return columns, rows


def _table(table, say):
    columns, rows = list(table.columns), [list(row) for row in table.cells]
    if any(table.reasons):
        columns.append(Column("reason", say("reason")))
        rows = [[*row, reason] for row, reason in zip(rows, table.reasons, strict=True)]
    columns.append(Column("finding", say("finding")))
    ids = table.findings or ("",) * len(rows)
    return columns, [[*row, one] for row, one in zip(rows, ids, strict=True)]


def _chart(chart, say):
    """A row for each category; for each series its values, where there are any the interval, and the finding ids."""
    columns, values = [Column("category", say("category"))], [chart.categories]
    for series in chart.series:
        columns.append(Column("value", series.name, "number", chart.unit))
        values.append(series.values)
        for name, ends in (("low", series.low), ("high", series.high)):
            if ends:
                columns.append(Column(name, say(name, series=series.name), "number", chart.unit))
                values.append(ends)
        columns.append(Column("finding", say("finding")))
        values.append(series.findings or ("",) * len(chart.categories))
    return columns, list(zip(*values, strict=True))


def _write_cover(page, report, sheets, say):
    page.column_dimensions["A"].width, page.column_dimensions["B"].width = 34, 80
    bold = Font(name="Calibri", size=11, bold=True)
    page.append([text_cell(page, report.title, Font(name="Calibri", size=16, bold=True))])
    page.append([text_cell(page, report.subtitle, bold)])
    if report.synthetic:
        page.append([text_cell(page, text("page.synthetic", report.language), bold)])
    page.append([])
    given = {"client": report.brand.name, "period": report.period, "made": report.made, "run": report.run}
    for key, value in given.items():
        if value:
            page.append([text_cell(page, say(key)), text_cell(page, value)])
    page.append([])
    page.append([text_cell(page, head, bold) for head in (say("sheet"), say("holds"), say("rows"))])
    for sheet in sheets:
        page.append([text_cell(page, sheet.name), text_cell(page, sheet.title), len(sheet.rows)])
    page.append([])
    page.append([text_cell(page, say("digits"))])
    page.append([text_cell(page, text("client.page.trademark", report.language))])


def _write_sheet(page, sheet, report, say):
    heads = [clean(f"{c.heading} ({c.unit})" if c.unit else c.heading) for c in sheet.columns]
    for place, head in enumerate(heads):
        longest = max((len(str(row[place])) for row in sheet.rows if isinstance(row[place], str)), default=0)
        page.column_dimensions[get_column_letter(place + 1)].width = min(_WIDEST, max(len(head) + 3, longest + 2, 11))
    page.freeze_panes = f"B{HEADER + 1}"
    page.oddFooter.left.text = text("client.page.trademark", report.language).replace("&", "&&")
    page.append([text_cell(page, sheet.title, Font(name="Calibri", size=13, bold=True))])
    mark = text("slides.synthetic", report.language) if report.synthetic else ""
    page.append([text_cell(page, mark, Font(name="Calibri", size=11, bold=True))] if mark else [])
    page.append([_heading(page, head, palette(report.brand).text) for head in heads])
    for row in sheet.rows:
        page.append([_cell(page, value, column) for value, column in zip(row, sheet.columns, strict=True)])
    last = get_column_letter(len(heads))
    page.auto_filter.ref = f"A{HEADER}:{last}{HEADER + len(sheet.rows)}"


def _heading(page, head, colour):
    made = text_cell(page, head, Font(name="Calibri", size=11, bold=True, color=on(colour)[1:]))
    made.fill = PatternFill("solid", fgColor=colour[1:])
    made.alignment = Alignment(wrap_text=True, vertical="top")
    return made


def _cell(page, value, column):
    """A value as it is, with the number format of its column; a text wherever the value is one."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, str):
        return text_cell(page, value) if value else None
    made = WriteOnlyCell(page, value)
    if isinstance(value, float) and float(f"{value:.16g}") != value:
        # openpyxl writes 16 digits of a number, and this one needs 17
        made = WriteOnlyCell(page, repr(value))
        made.data_type = "n"
    made.number_format = _FORMATS.get(column.kind) or "#,##0" + ("." + "0" * column.digits if column.digits else "")
    return made
