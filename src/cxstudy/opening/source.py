"""What a reader hands on: one file, or several, as a table with its own column names."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from cxstudy.faults import DataError, Fault
from cxstudy.quoting import named

AGAIN = "export it again."


def _itself(rows):
    return {row: row for row in rows}


@dataclass(frozen=True)
class Source:
    """A file as an Ibis table ``expr``: its own column names plus ``row_``, a number that grows down the file.

    ``name`` is what messages call it, ``columns`` the names in the file. ``text`` is True where places are lines of one
    text file. ``place`` is what a position is called (line, row, case), ``locate`` finds it. ``scratch`` lists the
    engine's tables and views that only hold what was read, the last first; empty where the rows stay in their file.

    Of files that describe themselves: ``labels`` ``{column: {value: label}}``, ``question_texts`` ``{column: text}``,
    ``declared_missing`` ``{column: codes}`` as text, ``missing_counts`` ``{column: values read as no answer}``.
    ``absent`` ``{column: files without it}``; ``remarks`` on the file; ``column_faults`` and ``label_faults``
    ``{column: faults}``, which count where the column, or its labels, are used.
    """

    name: str
    expr: Any
    columns: tuple[str, ...]
    text: bool = False
    place: str = "row"
    locate: Callable = _itself
    scratch: tuple[tuple[str, str], ...] = ()
    labels: dict = field(default_factory=dict)
    question_texts: dict = field(default_factory=dict)
    declared_missing: dict = field(default_factory=dict)
    missing_counts: dict = field(default_factory=dict)
    absent: dict = field(default_factory=dict)
    remarks: tuple = ()
    column_faults: dict = field(default_factory=dict)
    label_faults: dict = field(default_factory=dict)

    def lines(self, rows):
        """``{row: where it stands}`` for values of ``row_``: line, row or case, with the file if there are several."""
        return self.locate(rows)


def check_names(names, file, row=1):
    """Raise DataError when two of the column names differ in nothing but capitals."""
    twice = sorted({a for a, b in pairwise(sorted(names, key=str.casefold)) if a.casefold() == b.casefold()})
    if twice:
        rule, found = "column names must differ (capitals do not count).", f"more than once: {', '.join(twice)}."
        raise DataError([Fault(rule, found, "rename one of them.", file, row)])


def check_rows(con, name, file):
    """Raise DataError when the engine's table or view ``name`` is empty."""
    if con.con.execute(f"SELECT count(*) FROM (SELECT 1 FROM {named(name)} LIMIT 1)").fetchall()[0][0] == 0:
        raise DataError([Fault("a table must have rows.", "a header but no rows.", AGAIN, file)])
