"""Sides that name units differently, joined by the table ``links``: source, key, unit.

At opening the keys of every table that ``links`` names as a source become the units they stand for. Nothing is
matched by likeness: a key that nearly fits is named beside its nearest, and its rows are counted.
"""

from dataclasses import replace
from difflib import get_close_matches
from typing import NamedTuple

import ibis
import pyarrow as pa

from cxstudy.faults import Fault, unknown_name
from cxstudy.opening.columns import how_written
from cxstudy.opening.values import read_values

_SHOWN = 20
_NEAR = 0.6
SIDES = ("customers", "employees", "financials")
OFFER = "if the files name units differently, add a table links (columns source, key, unit; one row a name)"


class Linked(NamedTuple):
    """How the keys of one table met the links: rows in all, and keys and rows linked, known as they are, unmatched."""

    source: str
    n: int
    keys_linked: int
    n_linked: int
    keys_known: int
    n_known: int
    keys_unmatched: int
    n_unmatched: int


class Links:
    """The links of one study while it is opened; ``unit`` is the column they speak of (company, branch, work_group).

    ``units``: source → {key: unit}. Read with `read` before any other table, put into a table's `Source` with
    `applied`, and judged by `judged` when all tables are there.
    """

    def __init__(self, config):
        self.config, self.unit = config, config.unit
        self.units, self._keys, self._file = {}, {}, ""
        self._expected = "links" in config.tables

    def in_order(self):
        """``(name, TableFile)`` of the study's tables, links first."""
        return sorted(self.config.tables.items(), key=lambda pair: pair[0] != "links")

    def covers(self, table):
        """Whether links speak of ``table``, or might, since they could not be read."""
        return table in self.units or (self._expected and not self._file)

    def read(self, table):
        """Take the links from their `rules.Opened` table; the faults of its sources, keys and units."""
        value = {name: table.values[name].value for name in ("source", "key", "unit")}
        rows = table.source.expr.select("row_", source_=value["source"], key_=value["key"], unit_=value["unit"])
        self._file, found = table.source.name, {}
        for row in rows.order_by("row_").to_pyarrow().to_pylist():
            if row["source_"] and row["key_"] and row["unit_"]:
                found.setdefault((row["source_"], row["key_"]), {}).setdefault(row["unit_"], row["row_"])
        valid = [name for name in self.config.tables if name != "links"]
        faults = []
        for source in dict.fromkeys(source for source, _ in found):
            if source in valid:
                self.units[source] = {key: next(iter(units)) for (of, key), units in found.items() if of == source}
                continue
            rule = "source names a table of study.yaml whose keys are to be replaced."
            remedy = "write the table's name in column source."
            faults.append(Fault(rule, unknown_name("table", source, valid), remedy, table.where("source")))
        return [*faults, *_ambiguous(table, {key: units for key, units in found.items() if len(units) > 1})]

    def applied(self, con, table, spec, source, matched):
        """``(source, faults)``: the `Source` with its key column as the units the links give, else as it is.

        A key without a link stays as it is. Faults: the table has no such column.
        """
        if table not in self.units:
            return source, []
        pair = next(((column, raw) for column, raw in matched.pairs if column.name == self.unit), None)
        if pair is None:
            rule = f"links give the {self.unit} (unit in study.yaml) of a table's rows."
            found = f"table {table} has no column {self.unit}."
            return source, [Fault(rule, found, f"add the column to it, or take {table} out of links.", source.name)]
        column, raw = pair
        labels = source.labels.get(raw)
        key = read_values(column, raw, source.expr[raw], **how_written(table, spec, column), labels=labels).value
        counted = source.expr.group_by(key_=key).aggregate(n=ibis._.count(), row=ibis._.row_.min())
        rows = counted.to_pyarrow().to_pylist()
        self._keys[table] = {r["key_"]: (r["n"], r["row"]) for r in rows if r["key_"] is not None}
        pairs = self.units[table]
        con.con.register("links_", pa.table({"linked_key_": list(pairs), "linked_unit_": list(pairs.values())}))
        con.con.execute(f'CREATE TABLE "{table}_links" AS SELECT * FROM links_')
        con.con.unregister("links_")
        links = con.table(f"{table}_links")
        expr = source.expr.mutate(own_key_=key)
        expr = expr.left_join(links, expr["own_key_"] == links["linked_key_"])
        expr = expr.mutate(**{raw: ibis.coalesce(expr["linked_unit_"], expr["own_key_"])})
        labels = {name: said for name, said in source.labels.items() if name != raw}
        return replace(source, expr=expr.select(*source.expr.columns), labels=labels), []

    def judged(self, opened):
        """``(faults, remarks, rows)`` of the ``opened`` tables (name → `rules.Opened`); rows are `Linked`.

        A key that is neither linked nor a unit known to companies (without companies, to another table) is
        unmatched: a remark, and a fault where no key of the table is known.
        """
        faults, remarks, rows = self._unknown_units(opened), [], []
        for name in (n for n in self._keys if n in opened):
            keys, links, known = self._keys[name], self.units[name], self._known(opened, name)
            linked = [k for k in keys if k in links]
            fits = [k for k in keys if k not in links and k in known]
            lost = sorted((k for k in keys if k not in links and k not in known), key=lambda k: keys[k][1])
            counts = (n for part in (linked, fits, lost) for n in (len(part), sum(keys[k][0] for k in part)))
            rows.append(Linked(name, sum(n for n, _ in keys.values()), *counts))
            if lost:
                fault = _unmatched(opened[name], self.unit, keys, lost, known | links.keys())
                (remarks if linked or fits else faults).append(fault)
            unused = [k for k in links if k not in keys]
            remarks += _unused(self._file, name, unused, keys) if unused else []
        return faults, [*remarks, *self._apart(opened)], tuple(rows)

    def _known(self, opened, name):
        """The units that a key of table ``name`` may be as it is."""
        if self.unit == "company" and "companies" in opened and name != "companies":
            return set(opened["companies"].rows_by("company"))
        others = [t for n, t in opened.items() if n not in ("links", name) and self.unit in t.values]
        return {key for table in others for key in table.rows_by(self.unit)}

    def _unknown_units(self, opened):
        if not self.units or self.unit != "company" or "companies" not in opened:
            return []
        companies = opened["companies"]
        known = set(companies.rows_by("company"))
        given = [(unit, of, key) for of, links in self.units.items() for key, unit in links.items()]
        wrong = {unit: (of, key) for unit, of, key in given if unit not in known}
        if not wrong:
            return []
        said = [f"'{unit}' ({of} '{key}'{_nearest(unit, known)})" for unit, (of, key) in list(wrong.items())[:_SHOWN]]
        rule = f"the unit of a link must be a company of {companies.source.name}."
        found = f"{len(wrong):,} unknown: {_listed(said, len(wrong))}."
        return [Fault(rule, found, "correct the units, or add the companies.", f"{self._file}, column unit")]

    def _apart(self, opened):
        """A remark where a study without companies and links has two sides that share no unit."""
        if "links" in self.config.tables or "companies" in self.config.tables:
            return
        sides = [n for n in SIDES if n in opened and self.unit in opened[n].values]
        for place, first in enumerate(sides):
            for second in sides[place + 1 :]:
                one, other = (opened[n].rows_by(self.unit) for n in (first, second))
                if one and other and not one.keys() & other.keys():
                    said = [f"'{k}'{_nearest(k, set(other))}" for k in sorted(one)[:3]]
                    rule = f"{first} and {second} are joined by {self.unit}."
                    found = f"no key of {first} ({_listed(said, len(one))}) is one of {second}."
                    yield Fault(rule, found, f"{OFFER}.", opened[first].where(self.unit))


def _ambiguous(table, twice):
    if not twice:
        return []
    lines = table.source.lines([row for units in twice.values() for row in units.values()])
    said = []
    for (source, key), units in list(twice.items())[:_SHOWN]:
        place = table.source.place
        named = " and ".join(f"'{unit}' ({place} {lines[row]})" for unit, row in units.items())
        said.append(f"{source} '{key}' is {named}")
    rule, found = "a key of a source stands for one unit.", f"{_listed(said, len(twice), '; ')}."
    first = min(row for units in twice.values() for row in units.values())
    row = lines[first] if table.source.text else None
    return [Fault(rule, found, "keep one of them, or make the keys of the source unique.", table.where("key"), row)]


def _unmatched(table, unit, keys, lost, candidates):
    shown = lost[:_SHOWN]
    lines = table.source.lines([keys[k][1] for k in shown])
    first = f"first {table.source.place}"
    said = [f"'{k}' ({_rows(keys[k][0])}, {first} {lines[keys[k][1]]}{_nearest(k, candidates)})" for k in shown]
    total, gone = sum(n for n, _ in keys.values()), sum(keys[k][0] for k in lost)
    found = f"{len(lost):,} of {len(keys):,} keys ({gone:,} of {total:,} rows) are neither: {_listed(said, len(lost))}."
    rule = f"a key must be linked to a {unit}, or be one that is known."
    remedy = "add the keys to links, or correct them; until then their rows meet no other side."
    row = lines[keys[shown[0]][1]] if table.source.text else None
    return Fault(rule, found, remedy, table.where(unit), row)


def _unused(file, source, unused, keys):
    said = [f"'{k}'{_nearest(k, set(keys))}" for k in unused[:_SHOWN]]
    found = f"{len(unused):,} of {source} in no row: {_listed(said, len(unused))}."
    rule = "a link is used where a row has its key."
    return [Fault(rule, found, "nothing need be done unless a key is misspelt.", f"{file}, column key")]


def _nearest(key, known):
    """``; nearest A, B`` for a message: names that differ in blanks, case or leading zeros only, else alike ones."""
    plain = _plain(key)
    near = sorted(k for k in known if k != key and _plain(k) == plain)
    near = near or sorted(get_close_matches(key, [k for k in known if k != key], n=2, cutoff=_NEAR))
    return f"; nearest {', '.join(near)}" if near else ""


def _plain(key):
    return "".join(key.split()).casefold().lstrip("0")


def _listed(said, count, between=", "):
    more = f"{between}… ({count - len(said):,} more)" if count > len(said) else ""
    return between.join(said) + more


def _rows(n):
    return f"{n:,} row{'s' if n != 1 else ''}"
