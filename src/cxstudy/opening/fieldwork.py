"""When customers were asked and how many were invited, held against the answers."""

from difflib import get_close_matches
from typing import NamedTuple

import duckdb
import ibis

from cxstudy.faults import DataError, Fault, unknown_name
from cxstudy.opening.readers import read_source
from cxstudy.opening.table_file import TableFile

_SHOWN = 20
_WHERE = "study.yaml, fieldwork"


class Invited(NamedTuple):
    """How many were invited and how many answered, of one ``unit`` (None: of the study as a whole)."""

    unit: str | None
    invited: int
    n_answers: int


def read_invited(con, folder, config, opened, links):
    """``(rows, faults, remarks)``: `Invited` rows from ``fieldwork.invited``, a number or a file in ``folder``.

    The file has a column unit (or the study's unit, such as company) and a column invited; without a column invited
    it is a list with a row for each who was invited. ``links`` replaces keys as in table customers. Faults: a file or
    column that is not there, numbers that are none, a unit twice or unknown, more answers than invitations. Remark:
    units with answers for which no number is given.
    """
    given = config.fieldwork.invited if config.fieldwork else None
    if given is None or "customers" not in opened:
        return (), [], []
    answers = {key: int(n) for key, (n, _) in opened["customers"].rows_by(config.unit).items()}
    if isinstance(given, int):
        rows = [Invited(None, given, sum(answers.values()))]
        return tuple(rows), _too_many(rows, _WHERE), []
    try:
        source = read_source(con, "invited", folder, TableFile(file=given))
        numbers = _numbers(source, config.unit)
    except DataError as error:
        return (), list(error.faults), []
    except duckdb.Error as error:
        rule, found = "the file must be readable to its end.", f"the engine stopped ({type(error).__name__})."
        return (), [Fault(rule, found, "export the file again.", given)], []
    if None in numbers:
        rows = [Invited(None, numbers[None], sum(answers.values()))]
        return tuple(rows), _too_many(rows, source.name), []
    found = {}
    for key, n in numbers.items():
        unit = links.units.get("customers", {}).get(key, key)
        found[unit] = found.get(unit, 0) + n
    rows = [Invited(unit, n, answers.get(unit, 0)) for unit, n in found.items()]
    faults = _unknown(found, opened, answers, source.name, config.unit)
    return tuple(rows), [*faults, *_too_many(rows, source.name)], _not_given(answers, found, source.name, config.unit)


def field_dates(opened, config):
    """A remark where customers' answers are dated outside ``fieldwork: {from, to}``."""
    period, table = config.fieldwork, opened.get("customers")
    if period is None or table is None or "date" not in table.values or not (period.start or period.end):
        return
    date = table.values["date"].value
    early = (date < ibis.literal(period.start)) if period.start else ibis.literal(False)
    late = (date > ibis.literal(period.end)) if period.end else ibis.literal(False)
    sums = {"early": early.cast("int64").sum(), "late": late.cast("int64").sum(), "all": date.count()}
    n = table.source.expr.aggregate(**sums).to_pyarrow().to_pylist()[0]
    said = [f"{n['early']:,} before {period.start}"] if n["early"] else []
    said += [f"{n['late']:,} after {period.end}"] if n["late"] else []
    if said:
        rule = "answers are dated within the field dates."
        found = f"{' and '.join(said)}, of {n['all']:,} dated answers."
        yield Fault(rule, found, "correct from and to, or the dates; nothing is left out.", table.where("date"))


def _numbers(source, unit):
    """``{unit: n invited}`` from the file, ``{None: n}`` where it names no unit. DataError as in `read_invited`."""
    key = next((c for c in ("unit", unit) if c in source.columns), None)
    if "invited" not in source.columns:
        near = get_close_matches("invited", [c.casefold() for c in source.columns], n=1, cutoff=0.75)
        if near or key is None and len(source.columns) > 1:
            rule = f"a file of invitations has the columns {unit} (or unit) and invited, or one row for each invited."
            found = unknown_name("column", "invited", source.columns)
            raise DataError([Fault(rule, found, "name the column with the numbers invited.", source.name)])
    by = source.expr[key].cast("string") if key else ibis.null("string")
    number = source.expr["invited"] if "invited" in source.columns else ibis.literal(1)
    value = number.cast("string").try_cast("float64")
    # the engine also reads nan and inf as numbers
    bad = (~((value >= 0) & (value < 1e15) & (value == value.floor()))).fill_null(True) | (
        by.isnull() if key else ibis.literal(False)
    )
    sums = {"n": ibis._.value.sum(), "rows": ibis._.count(), "bad": ibis._.bad.max(), "row": ibis._.row_.min()}
    rows = source.expr.select("row_", by=by, value=value, bad=bad).group_by("by").aggregate(**sums)
    found = rows.order_by("row").to_pyarrow().to_pylist()
    faults = [_bad_number(source, [r for r in found if r["bad"]])] if any(r["bad"] for r in found) else []
    twice = [r for r in found if r["rows"] > 1] if key and "invited" in source.columns else []
    if twice:
        said = _listed([f"'{r['by']}' {r['rows']} times" for r in twice])
        remedy = "keep one row a unit."
        faults.append(Fault(f"a {unit} has one number of invited.", f"{said}.", remedy, f"{source.name}, column {key}"))
    if faults:
        raise DataError(faults)
    return {r["by"]: int(r["n"]) for r in found}


def _bad_number(source, bad):
    line = source.lines([r["row"] for r in bad[:_SHOWN]])
    said = _listed([f"'{r['by']}' (first {source.place} {line[r['row']]})" if r["by"] else "a row" for r in bad])
    rule = "each row names a unit and how many of it were invited, a whole number of 0 or more."
    return Fault(rule, f"not so for {said}.", "correct the numbers.", f"{source.name}, column invited")


def _unknown(found, opened, answers, file, unit):
    known = set(opened["companies"].rows_by("company")) if unit == "company" and "companies" in opened else set()
    wrong = [u for u in found if u not in known] if known else []
    if not known and not found.keys() & answers.keys():
        wrong, known = list(found), set(answers)
    if not wrong:
        return []
    near = {u: get_close_matches(u, known, n=2, cutoff=0.6) for u in wrong[:_SHOWN]}
    said = [f"'{u}'" + (f" (nearest {', '.join(sorted(near[u]))})" if near.get(u) else "") for u in wrong]
    rule = f"invitations are given for the study's own units ({unit})."
    return [Fault(rule, f"{len(wrong):,} unknown: {_listed(said)}.", "correct the keys.", file)]


def _too_many(rows, where):
    over = [r for r in rows if r.n_answers > r.invited]
    if not over:
        return []
    said = [f"{r.n_answers:,} answers of {r.invited:,} invited" + (f" ('{r.unit}')" if r.unit else "") for r in over]
    rule = "there cannot be more answers than invitations."
    remedy = "correct the number invited, or take the answers of another fieldwork out of customers."
    return [Fault(rule, f"{_listed(said)}.", remedy, where)]


def _not_given(answers, found, file, unit):
    absent = sorted(answers.keys() - found.keys())
    if not absent:
        return []
    rule = f"a response rate needs the number invited of each {unit}."
    said = _listed([f"'{u}'" for u in absent])
    found = f"none for {len(absent):,} of {len(answers):,} with answers: {said}."
    return [Fault(rule, found, "add them; until then the response rate leaves them out.", file)]


def _listed(said):
    more = f", … ({len(said) - _SHOWN:,} more)" if len(said) > _SHOWN else ""
    return ", ".join(said[:_SHOWN]) + more
