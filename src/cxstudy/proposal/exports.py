"""Exports read without a description: each with the declarations that its reader asks for."""

import re
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import ibis

from cxstudy.faults import DataError, Fault
from cxstudy.opening import spreadsheets
from cxstudy.opening.readers import SUFFIXES, read_source
from cxstudy.opening.table_file import TableFile
from cxstudy.proposal.describing import describe
from cxstudy.proposal.vocabulary import words_of
from cxstudy.schema import FINANCIALS

_ASKED = re.compile(r"\b(encoding|layout|header): ([\w-]+)")
_TRIES, _TITLES = 6, 8
_YEARLY = re.compile(r"(.+?)([_ .-]?)((?:19|20)\d\d)")
_WHY = {
    "encoding": "its letters make sense so",
    "layout": "its header rows are written so",
    "header": "the first line as wide as the table",
    "separator": "with it every line has as many fields as the header",
    "sheet": "one sheet, one table",
    "wide": "each year has columns of its own",
}


@dataclass(frozen=True)
class Export:
    """One table somewhere in the exports: its ``path``, what study.yaml must ``declare`` of it and ``why`` (by key).

    ``columns``: `Seen` by name. ``remarks``: what the reader said (title rows left out).
    """

    path: Path
    declare: dict
    why: dict
    columns: dict[str, Any]
    remarks: tuple = ()

    @property
    def title(self):
        """The file's name without ending, or the sheet's."""
        return self.declare.get("sheet") or re.sub(r"(\.csv)?\.\w+$", "", self.path.name)

    @property
    def called(self):
        """File and sheet, for messages."""
        return self.path.name + (f", sheet {self.declare['sheet']}" if "sheet" in self.declare else "")

    @property
    def rows(self):
        """Number of rows."""
        return next((seen.rows for seen in self.columns.values()), 0)


def read_exports(paths):
    """Every table of the files ``paths`` as an `Export`. Raises DataError with the faults of all files."""
    found, faults = [], []
    for path in map(Path, paths):
        try:
            _must_be_there(path)
            found += _tables(path)
        except DataError as error:
            faults += error.faults
    names = [path.name for path in map(Path, paths)]
    for name in sorted({name for name in names if names.count(name) > 1}):
        faults.append(Fault("each export has a name of its own.", "two of this name.", "rename one.", name))
    if faults:
        raise DataError(faults)
    return found


def _must_be_there(path):
    if path.is_file():
        return
    folder = next((p for p in path.parents if p.is_dir()), Path())
    there = sorted(p.name for p in folder.iterdir() if p.name.lower().endswith(SUFFIXES))
    near = get_close_matches(path.name, there, n=3, cutoff=0.5)
    listed = ", ".join(there[:12]) or "no table"
    found = "a folder." if path.is_dir() else f"there is no such file; {folder} has {listed}."
    remedy = f"did you mean {', '.join(near)}?" if near else f"name a file: {', '.join(SUFFIXES)}."
    raise DataError([Fault("an export is a file that is there.", found, remedy, str(path))])


def _tables(path):
    titles = spreadsheets.sheet_names(path) if path.name.lower().endswith(spreadsheets.SUFFIXES) else []
    if len(titles) < 2:
        return [_read(path, {})]
    found, faults = [], []
    for title in titles:
        try:
            found.append(_read(path, {"sheet": title}))
        except DataError as error:
            # a sheet that is no table, such as a cover, does not spoil the others
            faults += error.faults
    if not found:
        raise DataError(faults)
    return found


def _read(path, declare):
    """The table with the first declarations under which it can be read: those its reader's faults ask for."""
    why = {key: _WHY[key] for key in declare}
    for _ in range(_TRIES):
        try:
            return _below_titles(_described(path, declare, why))
        except DataError as error:
            asked = _asked(error, declare)
            if not asked:
                first = error
                break
            declare = declare | asked
            why |= {key: _WHY[key] for key in asked}
    else:
        raise DataError([Fault("the file must be readable.", "no way to read it.", "export it again.", path.name)])
    if _is_csv(path):
        for separator in (";", ",", "\t"):
            try:
                read = _described(path, declare | {"separator": separator}, why | {"separator": _WHY["separator"]})
            except DataError:
                continue
            if len(read.columns) > 1:
                return read
    raise first


def by_year(export):
    """The same table with a row for each year, where columns such as revenue_2023 and revenue_2024 hold money."""
    found = [m for name in export.columns if (m := _YEARLY.fullmatch(name))]
    money = [words_of(c.name) for c in FINANCIALS.columns if c.kind == "number"]
    if (
        not any(words.likeness(m[1], "").score for m in found for words in money)
        or len({m[3] for m in found}) < 2
        or len({m[2] for m in found}) > 1
    ):
        return export
    declare = export.declare | {"wide": {"year": f"{{column}}{found[0][2]}{{year}}"}}
    return _described(export.path, declare, export.why | {"wide": _WHY["wide"]})


def _below_titles(export):
    """A CSV file of one column may have a title above its header: the first line that gives several columns."""
    if len(export.columns) > 1 or "header" in export.declare or not _is_csv(export.path):
        return export
    for header in range(2, _TITLES + 2):
        try:
            read = _described(export.path, export.declare | {"header": header}, export.why | {"header": _WHY["header"]})
        except DataError:
            continue
        if len(read.columns) > 1:
            return read
    return export


def _is_csv(path):
    return path.name.lower().endswith((".csv", ".csv.gz"))


def _asked(error, declared):
    for fault in error.faults:
        found = _ASKED.search(fault.remedy)
        if found and found[1] not in declared:
            return {found[1]: int(found[2]) if found[1] == "header" else found[2]}
    return {}


def _described(path, declare, why):
    con = ibis.duckdb.connect()
    try:
        source = read_source(con, "export", path.parent, TableFile(file=path.name, **declare))
        return Export(path, declare, why, describe(con, source), source.remarks)
    finally:
        con.disconnect()
