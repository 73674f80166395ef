"""The CSV files of recorded tables: written in one of two ways, read back the same from both.

*standard*: comma between columns, decimal point, UTF-8. *excel*: semicolon, decimal comma, UTF-8 with a byte order
mark, which Excel in a Nordic language opens in columns. Numbers keep every digit in both. Which way a file was written
shows in its first three bytes, and what its columns hold stands under ``kinds`` in the findings file of its analysis.

A text that starts with =, +, - or @ is written as it is, since a character put before it would change a name that may
be a key. Excel takes such a cell of a CSV file for a formula; in ``tables.xlsx`` the same cell is text.
"""

import csv
import json
import re
from datetime import date, datetime
from itertools import islice

import pandas as pd

STANDARD, EXCEL = "standard", "excel"
WORKBOOK = "tables.xlsx"
TEXT, NUMBER, BOOLEAN, DATE, MIXED = "text", "number", "boolean", "date", "mixed"
_MARK = b"\xef\xbb\xbf"
_COMMA = re.compile(r"-?\d+,\d+(e[+-]\d+)?")
_INFERRED = {
    **dict.fromkeys(("integer", "floating", "mixed-integer-float", "decimal"), NUMBER),
    **dict.fromkeys(("date", "datetime", "datetime64"), DATE),
    **dict.fromkeys(("string", "empty", "categorical"), TEXT),
    "boolean": BOOLEAN,
}


def write_table(frame, path, way=STANDARD):
    """Write a frame without its index as CSV, ``way`` is standard or excel; numbers unrounded, missing cells empty."""
    if way == EXCEL:
        # to_csv puts a decimal comma only where a whole column holds fractions
        swapped = {c: frame[c].map(_with_comma) for c in frame if frame[c].dtype == object}
        frame.assign(**swapped).to_csv(
            path, index=False, sep=";", decimal=",", encoding="utf-8-sig", lineterminator="\r\n"
        )
    else:
        frame.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")


def kinds(frame):
    """What each column holds, by name: ``text``, ``number``, ``boolean``, ``date``, or ``mixed`` (of several kinds).

    >>> kinds(pd.DataFrame({"unit": ["0047"], "n": [5], "loyal": [True], "tier": [1]}).astype({"tier": object}))
    {'unit': 'text', 'n': 'number', 'loyal': 'boolean', 'tier': 'number'}
    """
    return {str(c): _INFERRED.get(pd.api.types.infer_dtype(_values(frame[c]), skipna=True), MIXED) for c in frame}


def read_texts(path):
    """The rows of a recorded table as a tuple of dicts of texts, numbers with a decimal point; () without a file."""
    if not path.exists():
        return ()
    with _Lines(path) as lines:
        return tuple(dict(zip(lines.header, row, strict=True)) for row in lines)


def read_typed(path, most=None):
    """The column names of a recorded table, then its rows as lists of str, float, int, bool, date and None.

    At most ``most`` rows; the kinds are those of the findings file, columns without one are taken as mixed: a cell is
    then a number where it is written as Python writes that number, so that ``0047`` stays a text.
    """
    with _Lines(path) as lines:
        yield lines.header
        converters = [_CONVERTERS[lines.kinds.get(name, MIXED)] for name in lines.header]
        for row in islice(lines, most):
            yield [None if cell == "" else make(cell) for make, cell in zip(converters, row, strict=True)]


def count_rows(path):
    """How many rows a recorded table has below its header."""
    with _Lines(path) as lines:
        return sum(1 for _ in lines)


class _Lines:
    """The rows of a CSV file as lists of texts as the standard way writes them."""

    def __init__(self, path):
        with path.open("rb") as raw:
            self.excel = raw.read(len(_MARK)) == _MARK
        self.kinds = _recorded_kinds(path)
        self.file = path.open(encoding="utf-8-sig", newline="")
        self.reader = csv.reader(self.file, delimiter=";" if self.excel else ",")
        self.header = next(self.reader)
        self.numeric = [self.kinds.get(name, MIXED) in (NUMBER, MIXED) for name in self.header]

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.file.close()

    def __iter__(self):
        for row in self.reader:
            yield [self._point(c) if n else c for c, n in zip(row, self.numeric, strict=True)] if self.excel else row

    @staticmethod
    def _point(cell):
        return cell.replace(",", ".") if _COMMA.fullmatch(cell) else cell


def _recorded_kinds(path):
    """The kinds of the table's columns as recorded with the findings; empty where nothing is."""
    findings = path.parent.parent / "findings" / f"{path.name.split('.')[0]}.json"
    if not findings.exists():
        return {}
    body = json.loads(findings.read_text(encoding="utf-8"))
    return body.get("kinds", {}).get(f"{path.parent.name}/{path.name}", {})


def _values(column):
    return column.astype(column.cat.categories.dtype) if column.dtype == "category" else column


def _with_comma(value):
    return repr(float(value)).replace(".", ",") if isinstance(value, float) and value == value else value


def _number(cell):
    try:
        return int(cell)
    except ValueError:
        return float(cell)


def _date(cell):
    moment = datetime.fromisoformat(cell)
    if moment.tzinfo:
        return cell
    return date(moment.year, moment.month, moment.day) if moment == datetime(*moment.timetuple()[:3]) else moment


def _mixed(cell):
    if cell in ("True", "False"):
        return cell == "True"
    for make in (int, float):
        try:
            value = make(cell)
        except ValueError:
            continue
        if repr(value) == cell:
            return value
    return cell


_CONVERTERS = {TEXT: str, NUMBER: _number, BOOLEAN: lambda cell: cell == "True", DATE: _date, MIXED: _mixed}
