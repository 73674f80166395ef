"""Excel workbooks (.xlsx, .xlsm): one sheet, its header row, cells as they are typed."""

import datetime as dt
import zipfile
from difflib import get_close_matches

from cxstudy.faults import DataError, Fault
from cxstudy.opening.sheet_parts import Parts, cell_parts
from cxstudy.opening.source import AGAIN, Source, check_names, check_rows
from cxstudy.quoting import named

SUFFIXES = (".xlsx", ".xlsm")
_SEARCHED = 30
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SHOWN = 20
_ERRORS = {"#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"}


def read_spreadsheet(con, name, path, spec, called):
    """One sheet of the workbook at ``path`` as a `Source`, loaded on the DuckDB connection ``con``.

    The sheet is the one named in study.yaml, else the only visible one, else the one ``called`` as the table is. The
    header is the row study.yaml names, else the first with more than half as many filled cells as the widest of the
    first 30; rows above it are left out and said. ``row_`` is the row of the sheet. Cells with an error, or with a
    formula whose value was never saved, are faults of their columns. Raises DataError: no workbook, protected by a
    password, no such sheet, nothing in it, merged header cells.
    """
    book = _workbook(path)
    try:
        sheet = _sheet(book, called, path, spec)
        parts = cell_parts(path, sheet)
        # a file may say it is smaller than it is
        sheet.reset_dimensions()
        rows = _Rows(path.name, sheet, parts, spec)
        columns, faults = rows.columns()
    finally:
        book.close()
    table, view = f"{name}_text", f"{name}_source"
    _load(con, table, rows.numbers, columns, spec.decimal, spec.dates)
    con.con.execute(f"CREATE VIEW {named(view)} AS SELECT * FROM {named(table)}")
    check_rows(con, view, path.name)
    return Source(
        rows.file,
        con.table(view),
        tuple(columns),
        scratch=(("VIEW", view), ("TABLE", table)),
        remarks=tuple(rows.remarks()),
        column_faults=faults,
    )


def sheet_names(path):
    """Titles of the visible sheets of the workbook at ``path``, in order. Raises DataError when it cannot be read."""
    book = _workbook(path)
    try:
        return [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"]
    finally:
        book.close()


def _workbook(path):
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    with path.open("rb") as handle:
        start = handle.read(8)
        protected = start == _OLE and "EncryptedPackage".encode("utf-16-le") in handle.read()
    rule, remedy = "the file must be readable as an Excel workbook.", "open it in Excel and save it as .xlsx."
    if protected:
        remedy = "open it in Excel, take the password off (File, Info, Protect Workbook) and save it."
        raise DataError([Fault(rule, "a workbook protected by a password.", remedy, path.name)])
    if start == _OLE:
        raise DataError([Fault(rule, "an old Excel file (.xls) by another name.", remedy, path.name)])
    try:
        return load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError, EOFError, SyntaxError) as error:
        found = f"a file that is cut off, damaged or of another kind ({type(error).__name__})."
        raise DataError([Fault(rule, found, remedy, path.name)]) from None


def _sheet(book, called, path, spec):
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    if spec.sheet is not None:
        if spec.sheet in sheets:
            return sheets[spec.sheet]
        near = get_close_matches(spec.sheet, sheets, n=3, cutoff=0.5)
        nearest = f" Nearest: {', '.join(near)}." if near else ""
        found = f"no sheet {spec.sheet!r}; there: {', '.join(sheets)}.{nearest}"
        rule, remedy = "the sheet must be in the workbook.", "correct sheet: in study.yaml."
        raise DataError([Fault(rule, found, remedy, path.name)])
    visible = [sheet for sheet in sheets.values() if sheet.sheet_state == "visible"]
    if len(visible) == 1:
        return visible[0]
    alike = [sheet for title, sheet in sheets.items() if title.strip().casefold() == called.casefold()]
    if len(alike) == 1:
        return alike[0]
    rule, found = "a workbook of several sheets needs a choice.", f"the sheets {', '.join(sheets)}."
    first = next(iter(sheets), "…")
    raise DataError([Fault(rule, found, f"name one in study.yaml, such as sheet: {first}.", path.name)])


class _Rows:
    """The filled rows of one sheet, apart in header and data."""

    def __init__(self, file, sheet, parts: Parts, spec):
        self.file, self.sheet, self.parts = f"{file}, sheet {sheet.title}", sheet.title, parts
        self.spec = spec
        filled = []
        for number, cells in enumerate(sheet.iter_rows(values_only=True), 1):
            values = [_value(cell) for cell in cells]
            if any(v is not None for v in values):
                filled.append((number, values))
        if not filled:
            raise DataError([Fault("a table must have a header and rows.", "an empty sheet.", AGAIN, self.file)])
        self.header = spec.header or _header_row(filled)
        self.above = [number for number, _ in filled if number < self.header]
        header = next((values for number, values in filled if number == self.header), [])
        first = self.header + 1
        for top, left, bottom, right in parts.merged:
            if top <= self.header <= bottom:
                header, first = self._unmerged(filled, header, (top, left, right)), max(first, bottom + 1)
        self.data = [(number, values) for number, values in filled if number >= first]
        self.names = self._names(header)
        self.numbers = [number for number, _ in self.data]

    def _unmerged(self, filled, header, corner):
        top, left, right = corner
        if right > left:
            rule = "each column has a header cell of its own."
            remedy = f"say in which row the names are, header: {self.header + 1}, or take the cells apart in Excel."
            found = f"merged header cells in row {self.header}."
            raise DataError([Fault(rule, found, remedy, self.file)])
        value = next((values[left - 1] for number, values in filled if number == top and len(values) >= left), None)
        header = [*header, *[None] * (left - len(header))]
        return [*header[: left - 1], value, *header[left:]]

    def _names(self, header):
        width = max([len(header), *(len(values) for _, values in self.data)], default=0)
        header = [*header, *[None] * (width - len(header))]
        names = ["" if cell is None else _as_text(cell, ".", None).strip() for cell in header]
        used = {i for _, values in self.data for i, v in enumerate(values) if v is not None}
        kept = {i: name or f"column_{i + 1}" for i, name in enumerate(names) if name or i in used}
        check_names(kept.values(), self.file, None)
        if not any(names):
            rule, found = "a table must have a header and rows.", f"no column names in row {self.header}."
            raise DataError([Fault(rule, found, "name the row of the header in study.yaml, header: …", self.file)])
        return kept

    def columns(self):
        """``({column: values}, {column: faults})``; errors are NULL, faults unless declared as missing."""
        codes = {c for several in self.spec.missing.values() for c in several}
        columns, faults = {}, {}
        for i, name in self.names.items():
            values = [row[i] if i < len(row) else None for _, row in self.data]
            wrong = [(n, str(v)) for n, v in zip(self.numbers, values, strict=True) if isinstance(v, _CellError)]
            columns[name] = [None if isinstance(v, _CellError) else v for v in values]
            found = [_error_fault(self.file, name, [w for w in wrong if w[1] not in codes])]
            unsaved = [number for number in self.parts.unsaved.get(i + 1, ()) if number > self.header]
            found.append(_unsaved_fault(self.file, name, unsaved))
            faults[name] = tuple(fault for fault in found if fault)
        return columns, {name: several for name, several in faults.items() if several}

    def remarks(self):
        """What was left out or may surprise: title rows, hidden rows."""
        if self.above and self.spec.header is None:
            rule = "the column names of a sheet stand in the first row that is filled like a table."
            found = f"them in row {self.header}; above, row{'s' if len(self.above) > 1 else ''} {_listed(self.above)}."
            remedy = "nothing need be done; if they are elsewhere, write header: in study.yaml."
            yield Fault(rule, found, remedy, self.file)
        hidden = sorted(self.parts.hidden & set(self.numbers))
        if hidden:
            rule, found = "hidden rows are read like all others.", f"{len(hidden):,} hidden: {_listed(hidden)}."
            yield Fault(rule, found, "remove them from the file if they must not count.", self.file)


def _header_row(filled):
    searched = [(number, sum(v is not None for v in values)) for number, values in filled[:_SEARCHED]]
    widest = max(n for _, n in searched)
    return next(number for number, n in searched if 2 * n > widest)


class _CellError(str):
    """The error a cell shows: #N/A, #REF! and their like."""


def _value(value):
    if isinstance(value, str):
        value = value.strip(" \t\r\n\u00a0") or None
        return _CellError(value) if value in _ERRORS else value
    return value


def _error_fault(file, name, wrong):
    if not wrong:
        return None
    said = ", ".join(f"{error} (row {number})" for number, error in wrong[:_SHOWN])
    more = f", … ({len(wrong) - _SHOWN:,} more)" if len(wrong) > _SHOWN else ""
    remedy = f'mend the formula in Excel; if it stands for no answer, declare it, missing: ["{wrong[0][1]}"].'
    return Fault("a cell holds a value, not an error.", f"{said}{more}.", remedy, f"{file}, column {name}")


def _unsaved_fault(file, name, rows):
    if not rows:
        return None
    found = f"{len(rows):,} formula{'s' if len(rows) > 1 else ''} without a saved value (row {_listed(rows)})."
    remedy = "open the workbook in Excel, let it calculate, and save it; or paste the values."
    return Fault("a formula is read as the value it was saved with.", found, remedy, f"{file}, column {name}")


def _listed(numbers):
    more = f", … ({len(numbers) - _SHOWN:,} more)" if len(numbers) > _SHOWN else ""
    return ", ".join(map(str, numbers[:_SHOWN])) + more


def _load(con, table, numbers, columns, decimal, dates):
    import pyarrow as pa

    arrays = [pa.array(numbers, pa.int64()), *(_array(values, decimal, dates) for values in columns.values())]
    con.con.register("piece_", pa.Table.from_arrays(arrays, names=["row_", *columns]))
    con.con.execute(f"CREATE TABLE {named(table)} AS SELECT * FROM piece_").fetchall()
    con.con.unregister("piece_")


def _array(values, decimal, dates):
    """One type where the cells have one; else text, written as study.yaml declares numbers and dates."""
    import pyarrow as pa

    kinds = {type(v) for v in values if v is not None}
    if kinds == {bool}:
        return pa.array(values, pa.bool_())
    if kinds and kinds <= {int, float}:
        small = kinds == {int} and all(v is None or abs(v) < 2**63 for v in values)
        return pa.array(values, pa.int64()) if small else pa.array([v if v is None else float(v) for v in values])
    if kinds and kinds <= {dt.datetime, dt.date}:
        moments = [dt.datetime.combine(v, dt.time()) if type(v) is dt.date else v for v in values]
        return pa.array(moments, pa.timestamp("us"))
    return pa.array([None if v is None else _as_text(v, decimal, dates) for v in values], pa.string())


def _as_text(value, decimal, dates):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return (f"{int(value)}" if value.is_integer() else repr(value)).replace(".", decimal)
    if isinstance(value, dt.datetime | dt.date):
        midnight = not isinstance(value, dt.datetime) or value.time() == dt.time()
        return value.strftime(dates or ("%Y-%m-%d" if midnight else "%Y-%m-%d %H:%M:%S"))
    return str(value)
