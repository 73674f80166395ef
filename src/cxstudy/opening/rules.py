"""The rules each row must keep, from the schema and study.yaml, as Ibis predicates."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import ibis

from cxstudy.opening import wording
from cxstudy.opening.config import Shares, TableFile
from cxstudy.opening.source import Source
from cxstudy.opening.values import Values


@dataclass(frozen=True)
class Opened:
    """One table being opened: its source, its part of study.yaml, and its columns as `Values` by canonical name."""

    name: str
    source: Source
    spec: TableFile
    values: dict[str, Values]
    _groups: dict = field(default_factory=dict, repr=False)

    def where(self, *names):
        """File and column for a message, with the column's own name in the file where it differs."""
        columns = [self.values[n] for n in names]
        said = [v.column.name + (f" ({v.source})" if v.source != v.column.name else "") for v in columns]
        return f"{self.source.name}, column{'s' if len(said) > 1 else ''} {', '.join(said)}"

    def rows_by(self, name):
        """``{key: (answers, first row)}`` of the key column ``name``, asked once; rows without a key are left out."""
        if name not in self._groups:
            self._groups[name] = self._rows_by(name)
        return self._groups[name]

    def _rows_by(self, name):
        v = self.values
        n = v["n"].value.sum() if self.spec.rows == "counted" and "n" in v else ibis._.count()
        groups = self.source.expr.group_by(key_=v[name].value).aggregate(n=n, row=ibis._.row_.min())
        found = groups.to_pyarrow().to_pylist()
        return {g["key_"]: (g["n"], g["row"]) for g in found if g["key_"] is not None}

    def quotable(self, *names):
        """Whether messages may show these columns' values: no comment, of employees only the names of units."""
        if self.name == "employees":
            return all(self.values[n].column.kind == "key" and n != "response_id" for n in names)
        return not any("comment" in (n, self.values[n].source) for n in names)


@dataclass(frozen=True)
class Rule:
    """``broken`` is true for a row at fault; ``words(examples)`` gives the rule and the remedy as text.

    ``special`` is a narrower predicate and its own words, for a way of being broken that has a remedy of its own;
    it is asked only of the rows at fault.
    """

    names: tuple[str, ...]
    shown: Any
    broken: Any
    words: Callable
    special: tuple = ()


def row_rules(opened, levels):
    """Every `Rule` for the rows of one `Opened` table; ``levels`` maps a column to its declared levels."""
    for name, v in opened.values.items():
        for broken, words, *special in _column_rules(opened, v, levels):
            yield Rule((name,), v.shown, broken, words, tuple(special))
    for question, shares in opened.spec.shares.items():
        yield from _share_rules(opened, question, shares)


def _column_rules(opened, v, levels):
    column, kind = v.column, v.column.kind
    if column.required:
        yield ~v.given, partial(wording.required, column.name)
    unread = v.given & v.value.isnull()
    if v.unlabelled is not None:
        yield v.unlabelled, partial(wording.unlabelled, opened.name, column.name, v.labels)
    if kind in ("number", "integer", "scale"):
        yield from _number_rules(opened, v, unread)
    elif kind in ("date", "time"):
        readable = partial(_readable_example, opened, v)
        yield unread, partial(wording.date, opened.name, kind, opened.spec.dates, readable)
    elif kind == "boolean":
        yield unread, partial(wording.yes_no, column.name)
    elif kind == "level" and column.name in levels:
        unknown = v.value.notin(levels[column.name]).fill_null(False)
        yield unknown, partial(wording.level, column.name, levels[column.name])


def _number_rules(opened, v, unread):
    column = v.column
    if not v.value.type().is_integer():
        words = partial(wording.number, opened.name, opened.spec.decimal, column.kind)
        other = "," if opened.spec.decimal == "." else "."
        marked = v.shown.re_search(rf"^[+-]?[0-9]+[{other}][0-9]+$").fill_null(False)
        right = partial(_decimal_example, opened, v)
        yield unread, words, marked, partial(wording.decimal_mark, opened.name, opened.spec.decimal, right)
        if column.kind != "number":
            yield (v.value != v.value.floor()).fill_null(False), partial(wording.whole, column)
    if column.low is not None:
        outside = v.value < column.low
        outside = outside if column.high is None else outside | (v.value > column.high)
        yield outside.fill_null(False), partial(wording.outside, opened.name, column, v.labels)


def _share_rules(opened, question, shares: Shares):
    names = (shares.promoters, shares.passives, shares.detractors)
    if any(n not in opened.values for n in names):
        return
    given = [opened.values[n].given.cast("int64") for n in names]
    some = sum(given[1:], given[0])
    shown = opened.values[names[0]].shown.fill_null("–")
    for name in names[1:]:
        shown = shown + " + " + opened.values[name].shown.fill_null("–")
    values = [opened.values[n].value for n in names]
    total = sum(values[1:], values[0])
    yield Rule(names, shown, (some > 0) & (some < 3), partial(wording.shares_together, question))
    off = ((total - 100).abs() > wording.ROUNDING).fill_null(False)
    yield Rule(names, shown, off, partial(wording.shares_sum, question))


def _decimal_example(opened, v):
    """A number of the column with decimals written as declared, and where it stands; None where there is none."""
    rows = opened.source.expr.filter(v.value.notnull() & v.shown.contains(opened.spec.decimal))
    found = rows.select(shown=v.shown, row=rows["row_"]).order_by("row").limit(1).to_pyarrow().to_pylist()
    if not found:
        return None
    place = f"{opened.source.place} {opened.source.lines([found[0]['row']])[found[0]['row']]}"
    return f"'{found[0]['shown']}' ({place})" if opened.quotable(v.column.name) else place


def _readable_example(opened, v):
    """A date of the column that can be read, asked for only when another cannot; None where there is none."""
    found = opened.source.expr.filter(v.value.notnull()).select(shown=v.shown).limit(1).to_pyarrow().to_pylist()
    return found[0]["shown"] if found and opened.quotable(v.column.name) else None
