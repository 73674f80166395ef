"""All recorded tables of a run in one Excel file, tables.xlsx: a cover, then one sheet for each table.

The sheets hold what the CSV files in ``tables/`` hold, so what must not be shown is gone already, and every number
has all its digits. Numbers are numbers, dates dates, truth values truth values, missing cells empty; a text is a text
even where it starts with =, + , - or @. Excel shows fewer digits than a cell holds, and no cell
holds more than 32,767 characters of a text.
"""

import glob
import json
import math
import re
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ERROR_CODES, ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from cxstudy.language import text
from cxstudy.report.audience import INTERNAL, write_readme
from cxstudy.report.table_files import WORKBOOK, count_rows, read_texts, read_typed

MOST_ROWS = 1_048_576
LONGEST_NAME = 31
LONGEST_TEXT = 32_767
_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
_FORMULA = ("=", "+", "-", "@")
_CLAIM = ("id", "said", "word", "estimate", "ci_low", "ci_high", "confidence", "unit", "n", "n_unit")
_LOOKED_AT = 200
_WIDEST = 60


@dataclass(frozen=True)
class Sheet:
    """One table of the run: its CSV file, the name of its sheet, who may see it, and its rows."""

    file: Path
    name: str
    audience: str
    rows: int

    @property
    def cut(self):
        """Rows that the sheet has no room for."""
        return max(0, self.rows + 1 - MOST_ROWS)


class TablesWorkbook:
    """``tables.xlsx`` of the run in ``folder``; ``study`` gives language and thresholds.

    The tables of one analysis can be written when its notebook is done, while others run; `save` writes the rest.
    """

    def __init__(self, folder, study):
        self.folder, self.study, self.book, self.pages = Path(folder), study, Workbook(write_only=True), {}
        self.cover = self.book.create_sheet("sheet")

    def add(self, analysis):
        """Write the tables of an analysis that is done."""
        for file in sorted((self.folder / "tables").glob(f"{glob.escape(analysis)}.*.csv")):
            self._write(file)

    def save(self, run):
        """Write the file and list it in README.md; returns its path. ``run`` is the body of run.json.

        The first sheet says which study and run this is, whether the data are synthetic, which sheet holds which file
        with how many rows for whom, and what the claims came to. A table of more than 1,048,575 rows is cut, and its
        line on the cover says by how much.
        """
        self.cover.title = text("workbook.cover", self.study.language)
        sheets = _sheets(self.folder, self.cover.title)
        for sheet in sheets:
            self._write(sheet.file)
        for sheet in sheets:
            self.pages[sheet.file.name].title = sheet.name
        _write_cover(self.cover, self.folder, run, self.study, sheets)
        self.book._sheets = [self.cover, *(self.pages[sheet.file.name] for sheet in sheets)]
        draft = self.folder / f"{WORKBOOK}.tmp"
        self.book.save(draft)
        draft.replace(self.folder / WORKBOOK)
        write_readme(self.folder, self.study.thresholds, self.study.language)
        return self.folder / WORKBOOK

    def _write(self, file):
        if file.name not in self.pages:
            # names are given at the end; a table's own has a dot and is none of these
            self.pages[file.name] = self.book.create_sheet(f"sheet {len(self.pages)}")
            _write_sheet(self.pages[file.name], read_typed(file, MOST_ROWS - 1))


def sheet_name(wanted, taken):
    """``wanted`` as a name Excel takes: no forbidden character, at most 31, and none of ``taken`` whatever the case.

    >>> sheet_name("nps_margin.specification_curve_of_all", {"cover"})
    'nps_margin.specification_curve_'
    >>> sheet_name("a/b", {"a_b"})
    'a_b (2)'
    """
    plain = _FORBIDDEN.sub("_", _writable(wanted)).strip("'") or "_"
    # Excel keeps this name for its own use
    plain = f"{plain}_" if plain.lower() == "history" else plain
    known = {name.lower() for name in taken}
    for number in range(1, len(known) + 2):
        end = "" if number == 1 else f" ({number})"
        name = plain[: LONGEST_NAME - len(end)] + end
        if name.lower() not in known:
            break
    return name


def _sheets(folder, cover):
    marks = {}
    for path in sorted((folder / "findings").glob("*.json")):
        marks |= json.loads(path.read_text(encoding="utf-8")).get("files", {})
    sheets, taken = [], {cover}
    for file in sorted((folder / "tables").glob("*.csv")):
        name = sheet_name(file.stem, taken)
        taken.add(name)
        sheets.append(Sheet(file, name, marks.get(f"tables/{file.name}", INTERNAL), count_rows(file)))
    return sheets


def _write_cover(page, folder, run, study, sheets):
    language = study.language

    def say(key, **values):
        return text(f"workbook.{key}", language, **values)

    page.column_dimensions["A"].width, page.column_dimensions["B"].width = 34, _WIDEST
    lines = [(say("title", study=run.get("title") or run["study"]),)]
    lines += [(text("page.synthetic", language),)] if run["synthetic"] else []
    given = {"study": run["study"], "run": run["run"], "started": run["started"], "language": language}
    lines += [(), *((say(name), value) for name, value in given.items())]
    lines.append((say("thresholds"), text("workbook.thresholds_given", language, **study.thresholds)))
    for number, line in enumerate(lines):
        page.append([_cell(page, value, bold=number == 0 or i == 0) for i, value in enumerate(line)])
    page.append([])
    heads = [say("sheet"), text("anonymity.file", language), text("anonymity.audience", language), say("rows")]
    page.append([_cell(page, head, bold=True) for head in heads])
    for sheet in sheets:
        note = [say("cut", kept=sheet.rows - sheet.cut, rows=sheet.rows)] if sheet.cut else []
        mark = text(f"anonymity.{sheet.audience}", language)
        page.append([_cell(page, v) for v in (sheet.name, f"tables/{sheet.file.name}", mark, sheet.rows, *note)])
    claims = read_texts(folder / "tables" / "claims.claims.csv")
    if claims:
        _write_claims(page, folder, say("claims"))


def _write_claims(page, folder, head):
    rows = read_typed(folder / "tables" / "claims.claims.csv")
    names = next(rows)
    shown = [name for name in _CLAIM if name in names]
    page.append([])
    page.append([_cell(page, head, bold=True)])
    page.append([_cell(page, name, bold=True) for name in shown])
    for row in rows:
        held = dict(zip(names, row, strict=True))
        page.append([_cell(page, held[name]) for name in shown])


def _write_sheet(page, rows):
    names = next(rows)
    first = list(islice(rows, _LOOKED_AT))
    for i, name in enumerate(names):
        longest = max((len(str(row[i])) for row in first if isinstance(row[i], str)), default=0)
        page.column_dimensions[get_column_letter(i + 1)].width = min(_WIDEST, max(len(name) + 4, longest + 1, 11))
    page.freeze_panes = "A2"
    page.append([_cell(page, name, bold=True) for name in names])
    below = 1
    for row in chain(first, rows):
        page.append([_cell(page, value) for value in row])
        below += 1
    page.auto_filter.ref = f"A1:{get_column_letter(len(names))}{below}"


def _cell(page, value, *, bold=False):
    """What stands in a cell: a text is marked as one, so that neither a formula nor an error is made of it."""
    if isinstance(value, float) and not math.isfinite(value):
        value = str(value)
    if isinstance(value, float) and float(f"{value:.16g}") != value:
        # openpyxl writes 16 digits of a number, and this one needs 17
        cell = WriteOnlyCell(page, repr(value))
        cell.data_type = "n"
        return cell
    if not isinstance(value, str):
        return value
    value = _writable(value)[:LONGEST_TEXT]
    if not (bold or value.startswith(_FORMULA) or value in ERROR_CODES):
        return value
    cell = WriteOnlyCell(page, value)
    cell.data_type = "s"
    # Excel then keeps it a text also when the cell is edited
    cell.quotePrefix = value.startswith(_FORMULA)
    if bold:
        cell.font = Font(name="Calibri", size=11, bold=True)
    return cell


def _writable(value):
    """The text without the control characters that XML cannot hold."""
    return ILLEGAL_CHARACTERS_RE.sub("", value)
