"""CSV and csv.gz: every value as text, in UTF-8 or a declared encoding; the engine guesses nothing."""

import csv
import re
from functools import partial

import duckdb

from cxstudy.faults import DataError, Fault
from cxstudy.opening.encodings import as_utf8, open_text, readable
from cxstudy.opening.headings import LONGEST, read_heading
from cxstudy.opening.source import Source, check_rows
from cxstudy.quoting import named, quoted


def read_text(con, name, path, spec):
    """The CSV file at ``path`` as a `Source`, loaded on the DuckDB connection ``con`` under names from ``name``.

    Raises DataError: not in the declared encoding (UTF-8), lines of different width, quotes that are not closed,
    no rows, and what `headings.read_heading` finds.
    """
    with readable(path, spec.encoding):
        heading = read_heading(path, spec)
    names = heading.names
    columns = ", ".join(f"{quoted(c)}: 'VARCHAR'" for c in names)
    trimmed = ", ".join(f"nullif(trim({named(c)}, ' \t\r\n\u00a0'), '') AS {named(c)}" for c in names)
    # a blank line of a one-column file is no row, as in every other file
    blank = f" WHERE {named(names[0])} IS NOT NULL" if len(names) == 1 else ""
    table, view = f"{name}_text", f"{name}_source"
    skip = f", skip={heading.skip}" if heading.skip else ""
    ends = r", new_line='\r\n'" if heading.broken else ""
    with as_utf8(path, spec.encoding) as file:
        query = (
            f"CREATE TABLE {named(table)} AS SELECT {trimmed} FROM read_csv({quoted(file)}, auto_detect=false,"
            f" header=true, delim={quoted(heading.separator)}, quote='\"', escape='\"', max_line_size={LONGEST},"
            f" columns={{{columns}}}{skip}{ends}){blank}"
        )
        try:
            con.con.execute(query).fetchall()
        except duckdb.Error as error:
            raise DataError([_unreadable(path, spec.encoding, heading, error)]) from None
    above = heading.rows - 1
    rows = f"SELECT rowid + 1 - {above} AS row_, * FROM {named(table)} WHERE rowid >= {above}"
    con.con.execute(f"CREATE VIEW {named(view)} AS {rows}").fetchall()
    check_rows(con, view, path.name)
    scratch = (("VIEW", view), ("TABLE", table))
    locate = partial(_lines, path, spec.encoding, heading)
    return Source(path.name, con.table(view), names, True, "line", locate, scratch, question_texts=heading.texts)


def _lines(path, encoding, heading, rows):
    wanted = set(rows)
    found = {row: row + heading.skip + heading.rows for row in rows}
    for row, (line, _) in enumerate(_records(path, encoding, heading), 1 - heading.rows):
        if row in wanted:
            found[row] = line
            wanted.discard(row)
            if not wanted:
                break
    return found


def _records(path, encoding, heading):
    """``(line, number of fields)`` of each record, header first; blank lines are no records."""
    limit = csv.field_size_limit(LONGEST)
    try:
        with open_text(path, encoding) as handle:
            for _ in range(heading.skip):
                handle.readline()
            reader, start = csv.reader(handle, delimiter=heading.separator), heading.skip + 1
            for fields in reader:
                if fields:
                    yield start, len(fields)
                start = heading.skip + reader.line_num + 1
    finally:
        csv.field_size_limit(limit)


def _listed(ragged):
    return f"line{'s' if len(ragged) > 1 else ''} {', '.join(str(at) for at, _ in ragged[:20])}"


def _unreadable(path, encoding, heading, error):
    """Why the engine refused the file, in terms of the file and without quoting it."""
    width = len(heading.names)
    with readable(path, encoding):
        ragged = [(line, found) for line, found in _records(path, encoding, heading) if found != width]
    if ragged:
        line, found = ragged[0]
        rule = "every line must have as many fields as the header."
        more = f"; {len(ragged)} lines differ" if len(ragged) > 1 else ""
        seen = f"{found} instead of {width}{more} ({_listed(ragged)})."
        remedy = "put text that holds the separator or a quotation mark in quotes, or export the file again."
        if len(ragged) > 1 and found > width:
            remedy = f"if a title stands above the column names, name their line, header: {line}; else {remedy}"
        return Fault(rule, seen, remedy, path.name, line)
    # the engine's own text quotes the line, which may hold a comment: only its number is passed on
    at = re.search(r"CSV Error on Line: (\d+)", str(error))
    found = "a quotation mark that is not closed or not doubled." if "quote" in str(error) else "a line it cannot read."
    remedy = "write a quotation mark inside a text twice, or export the file again."
    return Fault("the file must be readable as CSV.", found, remedy, path.name, int(at[1]) if at else None)
