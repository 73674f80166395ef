"""Employees and customers by work group, and how employees see their own service."""

import math

from cxstudy.client.model import Chart, Section, Series
from cxstudy.client.pen import parts_of, shown
from cxstudy.client.secrecy import ALL
from cxstudy.client.sections_measures import measure_finding
from cxstudy.client.slugs import slugs
from cxstudy.language import text
from cxstudy.stats.intervals import critical

CUSTOMERS, EMPLOYEES = ("nps", "cx_index"), ("enps", "employee_index")
FEWEST_POINTS = 3


def employees_sentence(pen):
    """Employees in one line: eNPS, else the employee index, else that these data have none."""
    for name in EMPLOYEES:
        found = measure_finding(pen, name)
        if shown(found.estimate) is not None:
            return pen.sentence(f"minute.{name}", found, **pen.interval(found))
    return pen.note("minute.no_employees")


def employees(pen):
    """The employees' measures, and each work group (of a whole: each unit) from both sides."""
    said, title = employees_sentence(pen), pen.say("title.employees")
    parts = _parts(pen)
    if not parts:
        return Section("employees", title, (said, pen.note("employees.no_groups")))
    kind = "unit" if pen.level == "whole" else "group"
    tables = []
    for measure in (*CUSTOMERS, *EMPLOYEES):
        rows = [(label, found[measure]) for label, found in parts if measure in found]
        if rows and any(shown(f.estimate) is not None for _, f in rows):
            name = text(f"measures.name.{measure}", pen.language)
            n_head = "n" if measure in CUSTOMERS else "n_employees"
            unit = pen.say("unit.nps" if measure in ("nps", "enps") else "unit.index")
            head = pen.say(f"employees.table_{kind}", measure=name)
            tables.append(pen.table(f"groups_{measure}", head, kind, rows, unit, n_head=n_head))
    hidden = sum(all(shown(f.estimate) is None for f in found.values()) for _, found in parts)
    notes = [pen.note("employees.hidden", count=hidden)] if hidden else []
    limits = pen.note("employees.limits", **pen.shared.limits)
    return Section("employees", title, parts_of(said, _both(pen, parts), tables, notes, limits))


def _parts(pen):
    """``[(label, {measure: finding})]`` of the client's work groups or units, in their order."""
    column = "work_group" if pen.level == "unit" else "member"
    frames = {m: pen.mine(f"groups_{m}") for m in (*CUSTOMERS, *EMPLOYEES)}
    frames = {m: frame for m, frame in frames.items() if len(frame)}
    names = sorted({name for frame in frames.values() for name in frame[column]})
    found, short = [], slugs(names)
    for name in names:
        row = {m: _part(pen, m, frame[frame[column] == name], name, short[name]) for m, frame in frames.items()}
        found.append((pen.label(name), {m: f for m, f in row.items() if f is not None}))
    return found


def _part(pen, measure, rows, name, short):
    """The finding of one measure of one part, without a number where its group must not be shown; None without rows."""
    if not len(rows):
        return None
    key = f"{'unit' if pen.level == 'whole' else 'group'}.{short}.{measure}"
    side = "customers" if measure in CUSTOMERS else "employees"
    # units of a whole are scopes of their own, work groups are labels of one
    own = "nps" if pen.level == "unit" else measure
    cells = "employees" if side == "employees" else own
    scope, label = (pen.client.scope, ("group", name)) if pen.level == "unit" else (("unit", name), ALL)
    period = ALL if side == "employees" else pen.shared.period or ALL
    secrecy, row = pen.shared.secrecy(cells, pen.level, pen.key), rows.iloc[0].to_dict()
    n_unit = "answers" if side == "customers" else "employees"
    out = pen.hidden(key, secrecy, scope, label, period)
    if out is None and row["n"] < pen.shared.limits[side]:
        out = pen.keep(key, reason=pen.say("reason.too_few", least=pen.shared.limits[side]), n_unit=n_unit)
    return out or pen.keep(key, row, n_unit=n_unit)


def _both(pen, parts):
    """The employees' index against the customers' of the parts that show both; None with fewer than three."""
    across = next((m for m in ("employee_index", "enps") if any(m in found for _, found in parts)), None)
    up = next((m for m in ("cx_index", "nps") if any(m in found for _, found in parts)), None)
    if across is None or up is None:
        return None
    there = [
        (label, found[across], found[up])
        for label, found in parts
        if across in found
        and up in found
        and shown(found[across].estimate) is not None
        and shown(found[up].estimate) is not None
    ]
    if len(there) < FEWEST_POINTS:
        return None
    series = tuple(
        Series(
            text(f"measures.name.{m}", pen.language),
            tuple(t[i].estimate for t in there),
            findings=tuple(t[i].id for t in there),
        )
        for i, m in ((1, across), (2, up))
    )
    said = "; ".join(pen.say("alt_pair", label=label, x=x.estimate, y=y.estimate) for label, x, y in there)
    title = pen.say("employees.chart")
    labels = tuple(label for label, *_ in there)
    return Chart("groups", title, "map", labels, series, "", pen.say("alt", title=title, values=said))


def self_image(pen):
    """How employees rate their own service beside their customers' answers to the same questions."""
    title, asked = pen.say("title.self_image"), pen.shared.self_image
    own, theirs = pen.mine("self_employees"), pen.mine("self_customers")
    if asked is None or not len(own) or not len(theirs):
        return Section("self_image", title, (pen.note("self_image.none"),))
    rows = [(pen.label(q), _gap(pen, q, own, theirs)) for q in asked.same]
    table = pen.table(
        "self_image", pen.say("self_image.table"), "question", rows, pen.say("unit.index"), n_head="n_employees"
    )
    chart = pen.chart(
        "self_image", pen.say("self_image.table"), "intervals", rows, pen.say("unit.index"), series=pen.client.name
    )
    said = [_gap_sentence(pen, label, found) for label, found in rows if shown(found.estimate) is not None]
    return Section("self_image", title, parts_of(said, chart, table, pen.note("self_image.note")))


def _gap(pen, question, own, theirs):
    """Employees' mean minus customers' mean of one question, 0–100, two independent samples."""
    sides = [frame[frame["item"] == question] for frame in (own, theirs)]
    key = f"self_image.{slugs(pen.shared.self_image.same)[question]}"
    limits = (pen.shared.limits["employees"], pen.shared.limits["customers"])
    cells = {"employees": ALL, f"item:{question}": pen.shared.period or ALL}
    for (cell, period), frame, limit in zip(cells.items(), sides, limits, strict=True):
        secrecy = pen.shared.secrecy(cell, pen.level, pen.key)
        if not len(frame) or frame["n"].iloc[0] < limit or secrecy.hides(pen.client.scope, period=period):
            return pen.keep(key, unit="points 0–100", n_unit="employees", reason=pen.say("reason.too_few", least=limit))
    (a, b) = (frame.iloc[0] for frame in sides)
    error = math.hypot(a["std_error"], b["std_error"])
    gap, half = a["estimate"] - b["estimate"], float(critical(pen.shared.confidence)) * error
    row = {"estimate": gap, "std_error": error, "ci_low": gap - half, "ci_high": gap + half, "n": a["n"]}
    return pen.keep(key, row | {"method": "difference of two means, z"}, unit="points 0–100", n_unit="employees")


def _gap_sentence(pen, label, found):
    word = "higher" if found.ci_low > 0 else "lower" if found.ci_high < 0 else "undecided"
    values = pen.interval(found) | {"size": abs(found.estimate)}
    return pen.sentence(f"self_image.{word}", found, question=label, **values)
