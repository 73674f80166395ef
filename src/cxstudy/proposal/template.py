"""template.xlsx: one sheet a canonical table, for those who fill in by hand."""

from cxstudy.schema import COUNTED_TABLES, KINDS, TABLES

NAME = "template.xlsx"
_ROWS = 10_000
_WIDTH = 18
_BLUE, _GREY = "1F4E79", "E7E6E6"
_FORMATS = {"key": "@", "text": "@", "level": "@", "date": "yyyy-mm-dd", "time": "yyyy-mm-dd hh:mm"}
_READ_ME = (
    "One sheet for each table; fill in those you have, one row below the other, from row 2. Leave row 1 as it is.",
    "Columns that are required are dark blue with white bold letters, and their note begins with REQUIRED.",
    "The note of a column name says what belongs there, in which unit and range. Excel refuses numbers off a scale.",
    "Columns you do not need may be deleted. Leave a cell empty where there is no answer; write no codes such as 99.",
    "A scale of another length is declared in study.yaml, for example scales: {satisfaction: {low: 1, high: 10}};",
    "then take the check of that column away in Excel (Data, Data Validation, Clear).",
    "When a sheet is filled in, take the # away before its line in study.yaml, and run: cxstudy check.",
)


def write_template(path):
    """Write the workbook to ``path``: a sheet *Read me*, then one for each table of the schema, ready to be opened.

    Row 1 holds the canonical names; required ones differ in colour, weight and note. Scales, dates, whole numbers and
    yes or no are checked by Excel in the first 10,000 rows.
    """
    from openpyxl import Workbook

    book = Workbook()
    _read_me(book.active)
    for table in TABLES.values():
        _sheet(book.create_sheet(table.name), table)
    book.save(path)


def note(column):
    """What the note of a column's name says: whether it is required, meaning, kind, range and unit.

    >>> from cxstudy.schema import CUSTOMERS
    >>> print(note(CUSTOMERS.column("effort")))
    how much effort it took the customer.
    an answer on a scale, whole numbers unless study.yaml says `whole: false`.
    From 1 to 7 points.
    """
    lines = ["REQUIRED in every row."] if column.required else []
    lines += [f"{column.meaning}.", f"{KINDS[column.kind]}."]
    unit = f" {column.unit}" if column.unit and column.unit != "year" else ""
    if column.high is not None:
        lines.append(f"From {column.low:g} to {column.high:g}{unit}.")
    elif column.low is not None:
        lines.append(f"At least {column.low:g}{unit}.")
    elif unit:
        lines.append(f"In{unit}.")
    return "\n".join(lines)


def _read_me(sheet):
    from openpyxl.styles import Alignment, Font

    sheet.title = "Read me"
    sheet.column_dimensions["A"].width = 110
    for i, line in enumerate(_READ_ME, 1):
        sheet.cell(i, 1, line).alignment = Alignment(wrap_text=True)
    sheet.cell(len(_READ_ME) + 2, 1, "Tables and their required columns").font = Font(bold=True)
    for i, table in enumerate(TABLES.values(), len(_READ_ME) + 3):
        required = [c.name for c in table.columns if c.required]
        if table.name in COUNTED_TABLES:
            required.append("at least one question")
        cell = sheet.cell(i, 1, f"{table.name}: {table.meaning} Required: {', '.join(required) or 'none'}.")
        cell.alignment = Alignment(wrap_text=True)


def _sheet(sheet, table):
    from openpyxl.comments import Comment
    from openpyxl.styles import Font, PatternFill
    from openpyxl.utils import get_column_letter

    sheet.freeze_panes = "A2"
    for i, column in enumerate(table.columns, 1):
        letter = get_column_letter(i)
        sheet.column_dimensions[letter].width = max(_WIDTH, len(column.name) + 3)
        sheet.column_dimensions[letter].number_format = _FORMATS.get(column.kind, "General")
        cell = sheet.cell(1, i, column.name)
        cell.font = Font(bold=column.required, color="FFFFFF" if column.required else "000000")
        cell.fill = PatternFill("solid", fgColor=_BLUE if column.required else _GREY)
        cell.comment = Comment(note(column), "cxstudy", width=320, height=120)
        check = _validation(column)
        if check is not None:
            sheet.add_data_validation(check)
            check.add(f"{letter}2:{letter}{_ROWS}")


def _validation(column):
    from openpyxl.worksheet.datavalidation import DataValidation

    if column.kind in ("scale", "integer"):
        kind = {"type": "whole"}
    elif column.kind == "number" and column.low is not None:
        kind = {"type": "decimal"}
    elif column.kind in ("date", "time"):
        # day 1 of Excel's calendar
        kind = {"type": "date", "operator": "greaterThan", "formula1": "1"}
    elif column.kind == "boolean":
        kind = {"type": "list", "formula1": '"yes,no"'}
    else:
        return None
    if kind["type"] in ("whole", "decimal"):
        kind["operator"] = "between" if column.high is not None else "greaterThanOrEqual"
        kind["formula1"] = f"{column.low:g}"
        kind["formula2"] = f"{column.high:g}" if column.high is not None else None
    return DataValidation(
        allow_blank=True, showErrorMessage=True, errorTitle=column.name, error=note(column)[:220], **kind
    )
