"""The header rows of a text file: its column names, what the questions asked, and how many rows they take."""

import csv
import io
from dataclasses import dataclass

from cxstudy.faults import DataError, Fault
from cxstudy.opening.encodings import open_text
from cxstudy.opening.source import AGAIN, check_names

LAYOUT_ROWS = {"qualtrics": 3, "surveymonkey": 2}
LONGEST = 16_000_000
_IMPORT = '{"ImportId"'
_HEAD = 1 << 20
_BREAKS = 5
_ONE_COLUMN = ("", "response", "open-ended response")


@dataclass(frozen=True)
class Heading:
    """``names`` of the columns, ``texts`` of their questions ``{name: text}``, the ``separator``, the lines to ``skip``
    above the names and the header ``rows`` from there. ``broken``: a name holds line breaks, and rows end with CR LF,
    as Excel writes it; the engine would take the first break inside the name for the end of the row.
    """

    names: tuple[str, ...]
    texts: dict[str, str]
    separator: str
    skip: int
    rows: int
    broken: bool = False


def read_heading(path, spec):
    """The `Heading` of a text file; undeclared, the separator is the commonest of , ; and tab.

    Raises DataError: blank, names twice, header rows of Qualtrics or SurveyMonkey that study.yaml does not declare, or
    declares and the file lacks.
    """
    skip = (spec.header or 1) - 1
    with open_text(path, spec.encoding) as handle:
        for _ in range(skip):
            handle.readline()
        head = handle.read(_HEAD)
    first = next((line for line in head.splitlines() if line.strip()), "")
    if not first:
        found = f"no line {spec.header}, or nothing but blank lines from there." if skip else "only blank lines."
        raise DataError([Fault("a table must have a header and rows.", found, AGAIN, path.name)])
    separator = spec.separator or max(",;\t", key=first.count)
    records = _first_records(head, separator)
    texts = {}
    if spec.layout:
        rows = LAYOUT_ROWS[spec.layout]
        names, texts = {"qualtrics": _qualtrics, "surveymonkey": _surveymonkey}[spec.layout](records, path.name)
    else:
        # a name that holds line breaks ends on a later line
        broken = first.count('"') % 2
        rows, names = 1, records[0] if broken else next(csv.reader([first], delimiter=separator))
        names = [name.strip() for name in names]
        if any(name.count("\n") >= _BREAKS for name in names):
            rule, found = "the file must be readable as CSV.", "a quotation mark in the header that is not closed."
            raise DataError([Fault(rule, found, "close it, or export the file again.", path.name, skip + 1)])
        _undeclared(records, path.name)
    names = [name or f"column_{i}" for i, name in enumerate(names, 1)]
    check_names(names, path.name, skip + 1)
    broken = first.count('"') % 2 == 1 and "\r\n" in head
    return Heading(tuple(names), texts, separator, skip, rows, broken)


def _first_records(head, separator):
    limit = csv.field_size_limit(LONGEST)
    try:
        reader = csv.reader(io.StringIO(head, newline=""), delimiter=separator)
        filled = ([field.strip() for field in record] for record in reader if record)
        return [record for _, record in zip(range(3), filled, strict=False)]
    finally:
        csv.field_size_limit(limit)


def _undeclared(records, file):
    if len(records) == 3 and any(field.startswith(_IMPORT) for field in records[2]):
        program, row = "qualtrics", 3
    elif len(records) > 1 and not records[1][0] and "Open-Ended Response" in records[1]:
        program, row = "surveymonkey", 2
    else:
        return
    rule = "a file with several header rows is declared."
    found = f"the {LAYOUT_ROWS[program]} header rows of a {program.capitalize()} export."
    remedy = f"add layout: {program} to the table in study.yaml."
    raise DataError([Fault(rule, found, remedy, file, row)])


def _qualtrics(records, file):
    if len(records) < 3 or not any(field.startswith(_IMPORT) for field in records[2]):
        rule = "layout: qualtrics has three header rows: names, question texts, ImportId."
        remedy = "export the file from Qualtrics as CSV, or remove layout: from study.yaml."
        raise DataError([Fault(rule, "no ImportId in the third row.", remedy, file, 3)])
    names, texts = records[:2]
    return names, {name: text for name, text in zip(names, texts, strict=False) if text}


def _surveymonkey(records, file):
    """A blank cell of the first row continues the question on its left; the second row names its parts."""
    if len(records) < 2 or len(records[0]) != len(records[1]):
        rule = "layout: surveymonkey has two header rows of equally many fields."
        found = f"rows of {' and '.join(str(len(r)) for r in records[:2])} fields."
        remedy = "export all responses from SurveyMonkey as CSV, or remove layout: from study.yaml."
        raise DataError([Fault(rule, found, remedy, file, 2)])
    names, question = [], ""
    for text, part in zip(*records[:2], strict=True):
        question = text or question
        names.append(question if part.casefold() in _ONE_COLUMN else f"{question}: {part}")
    return names, {name: name for name in names if name}
