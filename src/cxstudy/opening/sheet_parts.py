"""What a sheet of an Excel file says beside its values: merged cells, hidden rows, formulas never calculated."""

import re
import zipfile
from dataclasses import dataclass

_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')
_HIDDEN = re.compile(rb'<(?:\w+:)?row\s(?=[^>]*\shidden="(?:1|true)")[^>]*?\br="(\d+)"')
_FORMULA = re.compile(
    rb"<(?:\w+:)?c\s([^>]*)>\s*<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*(<(?:\w+:)?v>[^<]+)?"
)
_PLACE = re.compile(rb'\br="([A-Z]+)(\d+)"')


@dataclass(frozen=True)
class Parts:
    """``merged`` cells as (top, left, bottom, right), ``hidden`` rows, ``unsaved`` ``{column: rows}`` of formulas
    without a value; all from 1.
    """

    merged: tuple[tuple[int, int, int, int], ...]
    hidden: frozenset[int]
    unsaved: dict[int, list[int]]


def cell_parts(path, sheet):
    """The `Parts` of an openpyxl read-only ``sheet`` of the workbook at ``path``.

    openpyxl reads these only when it builds every cell as an object, at fifty times the memory of the file; so they
    are looked up in the sheet's XML.
    """
    from openpyxl.utils import column_index_from_string

    def column(letters):
        return column_index_from_string(letters.decode())

    with zipfile.ZipFile(path) as book:
        xml = book.read(sheet._worksheet_path)
    merged = tuple((int(r1), column(c1), int(r2), column(c2)) for c1, r1, c2, r2 in _MERGED.findall(xml))
    unsaved = {}
    for attributes, value in _FORMULA.findall(xml):
        place = _PLACE.search(attributes)
        # a formula whose result is an empty text has a type and no value
        if place and not value and b't="str"' not in attributes:
            unsaved.setdefault(column(place[1]), []).append(int(place[2]))
    return Parts(merged, frozenset(int(row) for row in _HIDDEN.findall(xml)), unsaved)
