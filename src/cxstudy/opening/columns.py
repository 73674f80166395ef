"""Which column of a file is which canonical column, for one table of one study."""

import re
from collections import Counter
from dataclasses import dataclass, replace
from difflib import get_close_matches

from cxstudy.faults import Fault, unknown_name
from cxstudy.opening.values import LABELLED
from cxstudy.schema import COUNTED_KEYS, TABLES, Column

_NEAR = 0.85
_DATA = re.compile(r"^[+-]?\d+([.,]\d+)?$|^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")


@dataclass(frozen=True)
class Matched:
    """The outcome of `match_columns`: ``(Column, name in the file)`` pairs, the names left out, the faults."""

    pairs: tuple[tuple[Column, str], ...]
    ignored: tuple[str, ...]
    faults: tuple[Fault, ...]


def match_columns(table, source, spec, config):
    """Match the columns of ``source`` to table ``table`` of the schema and of the study file ``config``.

    ``spec`` is the table's part of study.yaml. Faults: a required column or one named in study.yaml is not there; a
    column that is left out resembles one that is missing; a question without a scale; answers without any question;
    two columns for one name, or two names for one column; what the reader found wrong with a column that is used.
    """
    wanted = _counted(spec, config) if spec.rows == "counted" else _answers(table, source, config)
    names = [c.name for c in wanted]
    expected = {c.name for c in wanted if c.required} | set(spec.columns) | set(share_columns(spec))
    faults, pairs = [], []
    for part, name in ((p, n) for p in ("columns", "constants") for n in getattr(spec, p) if n not in names):
        rule, remedy = f"{part}: in study.yaml has canonical names on the left.", "correct or remove it."
        if part == "columns":
            rule = "columns: in study.yaml maps canonical names to the names in the file."
            remedy = "write canonical: name in the file."
        where = f"study.yaml, tables.{table}.{part}"
        faults.append(Fault(rule, unknown_name("column", name, names), remedy, where))
    elsewhere = set(spec.columns.values())
    for column in wanted:
        name = spec.columns.get(column.name, column.name)
        if column.name not in {*spec.columns, *expected} and name in {*elsewhere, *spec.ignore}:
            continue
        if name in source.columns:
            pairs.append((column, name))
        elif column.name in expected:
            faults.append(_not_there(table, column, name, source))
    if not pairs and any(_DATA.match(name) for name in source.columns):
        # the names would be somebody's answers, so they are not listed
        rule, found = "the first line holds the column names.", f"numbers or dates in {len(source.columns)} fields."
        return Matched((), (), (Fault(rule, found, "add a line with the names.", source.name, 1),))
    used = {name for _, name in pairs}
    ignored = tuple(n for n in source.columns if n not in used)
    absent = [n for n in names if n not in {c.name for c, _ in pairs} and n not in expected]
    faults += _claimed_twice(table, source, spec, pairs)
    for column, name in pairs:
        faults += source.column_faults.get(name, ())
        faults += source.label_faults.get(name, ()) if column.kind in LABELLED else ()
    faults += _resembling(table, source, absent, [n for n in ignored if n not in spec.ignore])
    for column, _ in pairs:
        if column.kind == "scale" and column.low is None:
            rule, found = "a question must have a scale.", f"{column.name} has none."
            remedy = f"add to study.yaml scales: {{{column.name}: {{low: 1, high: 5}}}}, with its own ends."
            faults.append(Fault(rule, found, remedy, f"{source.name}, column {column.name}"))
    if spec.rows == "answers" and _asked(table) and not faults:
        faults += _without_question(table, source, pairs, config)
    return Matched(tuple(pairs), ignored, tuple(faults))


def _claimed_twice(table, source, spec, pairs):
    """Two columns of the file for one canonical name, or one column for two names."""
    for column, name in pairs:
        if name != column.name and column.name in source.columns and column.name not in spec.ignore:
            if column.name in (n for _, n in pairs):
                continue
            rule, found = f"{column.name} is one column.", f"{name}, as columns: says, and {column.name} itself."
            remedy = f"take {column.name} out of columns:, or say that the other is left out, ignore: [{column.name}]."
            yield Fault(rule, found, remedy, f"{source.name}, column {column.name}")
    for name, n in Counter(name for _, name in pairs).items():
        if n > 1 and spec.rows == "answers":
            names = [c.name for c, used in pairs if used == name]
            rule, found = "a column of the file has one name.", f"{name} is {' and '.join(names)}."
            remedy = f"name another column for one of them in study.yaml, under tables: {table}: columns:."
            yield Fault(rule, found, remedy, f"{source.name}, column {name}")


def share_columns(spec):
    """The columns a counted table's ``shares`` and ``means`` name, in order."""
    shares = [(s.promoters, s.passives, s.detractors) for s in spec.shares.values()]
    means = [(m.mean, m.sd) if m.sd else (m.mean,) for m in spec.means.values()]
    return tuple(dict.fromkeys(name for group in (*shares, *means) for name in group))


def _without_question(table, source, pairs, config):
    questions = TABLES[table].questions
    if any(c.name in (*questions, *declared_questions(config)) for c, _ in pairs):
        return []
    rule = f"a table of answers must hold an answer: one of {', '.join(questions)}, or an item of study.yaml."
    return [Fault(rule, f"columns {', '.join(source.columns)}.", _remedy(table, questions[0]), source.name)]


def how_written(table, spec, column):
    """How study.yaml says a column of the table is written: its missing ``codes``, ``dates`` and ``decimal``.

    Codes listed for the whole table hold for its questions; in a table without questions, for all its
    numbers. Words hold everywhere but in keys and texts.
    """
    listed = spec.missing.get("*", ())
    codes = list(spec.missing.get(column.name, ()))
    if column.kind not in ("key", "text"):
        codes += [c for c in listed if isinstance(c, str)]
        amounts = _asked(table) and spec.rows == "answers" and column.kind not in ("scale", "level", "boolean")
        if not amounts or column.unit == "points":
            codes += [c for c in listed if not isinstance(c, str)]
    return {"codes": codes, "dates": spec.dates, "decimal": spec.decimal}


def declared_questions(config):
    """Names that study.yaml declares as questions, under ``items``, ``scales`` or ``levels``."""
    items = [name for group in config.items.values() for name in group]
    return tuple(dict.fromkeys([*items, *config.scales, *config.levels]))


def _answers(table, source, config):
    columns = [_scaled(c, config) for c in TABLES[table].columns]
    if not _asked(table):
        return columns
    columns = _with_unit(columns, config)
    known = {c.name for c in columns}
    for name in declared_questions(config):
        if name not in known and name in source.columns:
            kind = "level" if name in config.levels else "scale"
            columns.append(_scaled(Column(name, kind, "declared in study.yaml", "points"), config))
    return columns


def _with_unit(columns, config):
    return [replace(c, required=True) if c.name == config.unit else c for c in columns]


def _asked(table):
    return table in ("customers", "employees")


def _scaled(column, config):
    scale = config.scales.get(column.name)
    if scale is None or column.kind != "scale":
        return column
    return replace(column, low=scale.low, high=scale.high, kind="scale" if scale.whole else "number")


def _counted(spec, config):
    columns = _with_unit(COUNTED_KEYS, config)
    for question, shares in spec.shares.items():
        for group in ("promoters", "passives", "detractors"):
            columns.append(Column(getattr(shares, group), "number", f"{group} of {question}", "%", 0, 100))
    for question, mean in spec.means.items():
        columns.append(Column(mean.mean, "number", f"mean of {question}"))
        if mean.sd:
            columns.append(Column(mean.sd, "number", f"standard deviation of {question}", low=0))
    return list({c.name: c for c in columns}.values())


def _not_there(table, column, name, source):
    folded = {c.casefold(): c for c in source.columns}
    there = [folded[c] for c in get_close_matches(name.casefold(), folded, n=3, cutoff=0.6)]
    nearest = f" Nearest: {', '.join(there)}." if there else ""
    found = f"no column {name}; there: {', '.join(source.columns)}.{nearest}"
    rule = f"table {table} needs the column {column.name}."
    return Fault(rule, found, _remedy(table, column.name, *there[:1]), source.name)


def _remedy(table, canonical, name="its name in the file"):
    return f"name it in study.yaml, under tables: {table}: columns: {{{canonical}: {name}}}, or rename it in the file."


def _resembling(table, source, absent, ignored):
    plain = {_plain(name): name for name in ignored}
    for name in absent:
        for near in get_close_matches(_plain(name), plain, n=1, cutoff=_NEAR):
            found = f"{plain[near]}, which resembles {name}; there is no {name}."
            remedy = f"{_remedy(table, name, plain[near])[:-1]}; if it is something else, ignore: [{plain[near]}]."
            yield Fault("a column must not be lost by its spelling.", found, remedy, source.name)


def _plain(name):
    return "".join(c for c in name.casefold() if c.isalnum())
