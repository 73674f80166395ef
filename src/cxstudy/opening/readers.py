"""Files to canonical columns: CSV and csv.gz as text, Parquet as it is typed.

A reader knows how a file is written, not what its columns mean: values are turned into numbers
and dates by `values`, and judged by `checking`.
"""

import csv
import gzip
import re
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path

import duckdb

from cxstudy.faults import DataError, Fault

SUFFIXES = (".csv", ".csv.gz", ".parquet")
_LONGEST = 16_000_000


@dataclass(frozen=True)
class Source:
    """One file as an Ibis table: its own column names plus ``row_``, the number of the row from 1.

    ``name`` is what messages call it, ``columns`` the names in the file, ``text`` True where every
    value is text.
    """

    name: str
    path: Path
    expr: object
    columns: tuple[str, ...]
    text: bool
    separator: str = ","

    def lines(self, rows):
        """``{row: line of the file}`` for row numbers from 1; the header is line 1. Parquet has rows only."""
        wanted, found = set(rows), {row: row if not self.text else row + 1 for row in rows}
        if not self.text:
            return found
        for row, (line, _) in enumerate(_records(self.path, self.separator)):
            if row in wanted:
                found[row] = line
                wanted.discard(row)
                if not wanted:
                    break
        return found

    @property
    def place(self):
        """What a position in the file is called: line or row."""
        return "line" if self.text else "row"


def read_source(con, table, path, separator=None):
    """The file at ``path`` as a `Source` on the Ibis DuckDB connection ``con``.

    Raises DataError when the file is missing, empty, without rows, of another kind, not UTF-8 or not readable. CSV is
    loaded as text (the engine guesses no type); Parquet stays on disk and is read when asked.
    """
    _must_exist(path)
    if path.name.lower().endswith(".parquet"):
        return _parquet(con, table, path)
    with _readable(path):
        header, separator = _header(path, separator)
    name = f"{table}_text"
    columns = ", ".join(f"{_quoted(c)}: 'VARCHAR'" for c in header)
    trimmed = ", ".join(f"nullif(trim({_named(c)}, ' \t\r\n\u00a0'), '') AS {_named(c)}" for c in header)
    # a blank line of a one-column file is no row, as in every other file
    blank = f" WHERE {_named(header[0])} IS NOT NULL" if len(header) == 1 else ""
    query = (
        f'CREATE TABLE "{name}" AS SELECT {trimmed} FROM read_csv({_quoted(path)}, auto_detect=false, header=true,'
        f" delim={_quoted(separator)}, quote='\"', escape='\"', max_line_size={_LONGEST}, columns={{{columns}}}){blank}"
    )
    try:
        con.con.execute(query).fetchall()
    except duckdb.Error as error:
        raise DataError([_unreadable(path, separator, len(header), error)]) from None
    view = f"{table}_source"
    con.con.execute(f'CREATE VIEW "{view}" AS SELECT rowid + 1 AS row_, * FROM "{name}"').fetchall()
    _must_have_rows(con, name, path)
    return Source(path.name, path, con.table(view), tuple(header), True, separator)


def _must_exist(path):
    if not path.is_file():
        there = sorted(p.name for p in path.parent.glob("*") if p.name.lower().endswith(SUFFIXES))
        near = get_close_matches(path.name, there, n=3, cutoff=0.6)
        listed = f" Nearest: {', '.join(near)}." if near else ""
        found = f"there is no such file; there: {', '.join(there) or 'no table'}.{listed}"
        remedy = "correct file: in study.yaml or put the file there."
        raise DataError([Fault("a table's file must exist.", found, remedy, path.name)])
    if not path.name.lower().endswith(SUFFIXES):
        rule = f"a table is a {', '.join(SUFFIXES)} file."
        remedy = "save it as CSV UTF-8 from the program that made it."
        raise DataError([Fault(rule, f"{path.suffix or 'a file without ending'}.", remedy, path.name)])
    if path.stat().st_size == 0:
        raise DataError([Fault("a table must have a header and rows.", "an empty file (0 bytes).", _AGAIN, path.name)])


def _must_have_rows(con, name, path):
    if con.con.execute(f'SELECT count(*) FROM (SELECT 1 FROM "{name}" LIMIT 1)').fetchall()[0][0] == 0:
        raise DataError([Fault("a table must have rows.", "a header but no rows.", _AGAIN, path.name)])


_AGAIN = "export it again."


def _parquet(con, table, path):
    view = f"{table}_source"
    query = (
        f'CREATE VIEW "{view}" AS SELECT file_row_number + 1 AS row_, * EXCLUDE (file_row_number)'
        f" FROM read_parquet({_quoted(path)}, file_row_number=true)"
    )
    try:
        con.con.execute(query).fetchall()
    except duckdb.Error as error:
        rule, found = "the file must be readable as Parquet.", _plain(error)
        raise DataError([Fault(rule, found, _AGAIN, path.name)]) from None
    expr = con.table(view)
    _must_have_rows(con, view, path)
    return Source(path.name, path, expr, tuple(c for c in expr.columns if c != "row_"), False)


def _plain(error):
    return str(error).splitlines()[0].split("Error: ")[-1].rstrip(".") + "."


def _quoted(value):
    return "'" + str(value).replace("'", "''") + "'"


def _named(column):
    return '"' + column.replace('"', '""') + '"'


def _open(path):
    opener = gzip.open if path.name.lower().endswith(".gz") else open
    return opener(path, "rt", encoding="utf-8-sig", newline="")


@contextmanager
def _readable(path):
    try:
        yield
    except UnicodeDecodeError:
        raise DataError([_not_utf8(path)]) from None
    except (OSError, EOFError, zlib.error) as error:
        kind = "gzip" if path.name.lower().endswith(".gz") else "readable"
        found = f"{str(getattr(error, 'strerror', None) or error).rstrip('.')}."
        remedy = "check that it is whole and that you may read it; export it again."
        raise DataError([Fault(f"the file must be {kind}.", found, remedy, path.name)]) from None


def _not_utf8(path):
    line = 1
    opener = gzip.open if path.name.lower().endswith(".gz") else open
    with opener(path, "rb") as handle:
        for line, content in enumerate(handle, 1):
            try:
                content.decode("utf-8")
            except UnicodeDecodeError:
                break
    rule, found = "a CSV file must be UTF-8 (with or without BOM).", "bytes that are not UTF-8."
    return Fault(rule, found, "save it as CSV UTF-8; Excel offers it in Save as.", path.name, line)


def _header(path, separator):
    """``(names, separator)`` from the first line; undeclared, the separator is the commonest of , ; and tab."""
    with _open(path) as handle:
        first = next((line for line in handle if line.strip()), "")
    if not first:
        raise DataError([Fault("a table must have a header and rows.", "only blank lines.", _AGAIN, path.name)])
    separator = separator or max(",;\t", key=first.count)
    names = [name.strip() or f"column_{i}" for i, name in enumerate(next(csv.reader([first], delimiter=separator)), 1)]
    twice = sorted({a for a, b in pairwise(sorted(names, key=str.casefold)) if a.casefold() == b.casefold()})
    if twice:
        rule, found = "column names must differ (capitals do not count).", f"more than once: {', '.join(twice)}."
        raise DataError([Fault(rule, found, "rename one of them.", path.name, 1)])
    return names, separator


def _records(path, separator):
    """``(line, number of fields)`` of each record, header first; blank lines are no records."""
    limit = csv.field_size_limit(_LONGEST)
    try:
        with _open(path) as handle:
            reader, start = csv.reader(handle, delimiter=separator), 1
            for fields in reader:
                if fields:
                    yield start, len(fields)
                start = reader.line_num + 1
    finally:
        csv.field_size_limit(limit)


def _listed(ragged):
    return f"line{'s' if len(ragged) > 1 else ''} {', '.join(str(at) for at, _ in ragged[:20])}"


def _unreadable(path, separator, width, error):
    """Why the engine refused the file, in terms of the file and without quoting it."""
    with _readable(path):
        ragged = [(line, found) for line, found in _records(path, separator) if found != width]
    if ragged:
        line, found = ragged[0]
        rule = "every line must have as many fields as the header."
        more = f"; {len(ragged)} lines differ" if len(ragged) > 1 else ""
        seen = f"{found} instead of {width}{more} ({_listed(ragged)})."
        remedy = "put text that holds the separator or a quotation mark in quotes, or export the file again."
        return Fault(rule, seen, remedy, path.name, line)
    # the engine's own text quotes the line, which may hold a comment: only its number is passed on
    at = re.search(r"CSV Error on Line: (\d+)", str(error))
    found = "a quotation mark that is not closed or not doubled." if "quote" in str(error) else "a line it cannot read."
    remedy = "write a quotation mark inside a text twice, or export the file again."
    return Fault("the file must be readable as CSV.", found, remedy, path.name, int(at[1]) if at else None)
