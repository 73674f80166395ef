"""The measures with their intervals, the NPS by period, and the change since the period before."""

import re
from dataclasses import replace

from babel.dates import format_date

from cxstudy.client.model import Chart, Column, Section, Series
from cxstudy.client.peers import FEWEST_PEERS, quartiles
from cxstudy.client.pen import UNITS, parts_of, shown
from cxstudy.client.periods import COARSE, FINE
from cxstudy.client.secrecy import ALL
from cxstudy.client.slugs import slug
from cxstudy.language import say, text
from cxstudy.measures.comparing import compare_nps
from cxstudy.measures.summary import MEASURES

CLASSES = ("promoters", "passives", "detractors")
ON_INDEX = ("csat", "csi", "cx_index", "employee_index")
ENOUGH_SHOWN = 0.6
LEAST_QUARTERS, MOST_QUARTERS = 4, 16


def measure_finding(pen, name):
    """The finding ``client.<measure>`` of the client in the period, kept; with its reason where it has no number."""
    if f"client.{name}" in pen.found:
        return pen.found[f"client.{name}"]
    why = pen.shared.why.get(name)
    side = MEASURES[name]
    n_unit = "answers" if side == "customers" else "employees"
    if why is not None:
        reason = why if isinstance(why, str) else say(why, pen.language)
        return pen.keep(name, reason=reason, n_unit=n_unit)
    cells = "employees" if side == "employees" else "nps" if name == "promoter_share" else name
    period = ALL if side == "employees" else pen.shared.period or ALL
    secrecy = pen.shared.secrecy(cells, pen.level, pen.key)
    mine = pen.mine(name)
    if not len(mine):
        return pen.keep(name, reason=pen.say("reason.no_answers"), n_unit=n_unit)
    row, limit = mine.iloc[0].to_dict(), pen.shared.limits[side]
    out = pen.hidden(name, secrecy, pen.client.scope, period=period)
    if out is None and row["n"] < limit:
        out = pen.keep(name, reason=pen.say("reason.too_few", least=limit), n_unit=n_unit)
    return out or pen.keep(name, row, n_unit=n_unit)


def measures(pen):
    """Every measure of the study, the shares of the three classes, and the measures that run from 0 to 100."""
    there = [name for name in MEASURES if pen.shared.why[name] is None]
    rows = [(text(f"measures.name.{name}", pen.language), measure_finding(pen, name)) for name in there]
    table = pen.table("measures", pen.say("measures.title"), "measure", rows, n_head="n_both")
    units = [
        pen.say(f"unit.{_unit(f.unit)}", **_ends(f.unit)) if shown(f.estimate) is not None else "" for _, f in rows
    ]
    table = _with_unit(pen, table, units)
    held = [text(f"measures.name.{name}", pen.language) for name in ON_INDEX]
    index = [(label, f) for label, f in rows if label in held and shown(f.estimate) is not None]
    chart = pen.chart(
        "measures_index", pen.say("measures.chart"), "intervals", index, "0–100",
        series=pen.client.name, axis=(0, 100),
    )  # fmt: skip
    nps = measure_finding(pen, "nps")
    said = pen.sentence("measures.nps", nps, **pen.interval(nps))
    dated = pen.shared.dates.get("employees")
    note = pen.note("measures.employees", first=_day(pen, dated[0]), last=_day(pen, dated[1])) if dated else None
    lacking = [text(f"measures.name.{name}", pen.language) for name in MEASURES if name not in there]
    notes = [pen.note("measures.lacking", list="; ".join(lacking))] if lacking else []
    return Section("measures", pen.say("title.measures"), parts_of(said, table, classes(pen), chart, note, notes))


def classes(pen):
    """The chart of promoters, passives and detractors of the client, None without an NPS that may be shown."""
    if shown(measure_finding(pen, "nps").estimate) is None:
        return None
    row = pen.mine("nps").iloc[0]
    found = {}
    for name in CLASSES:
        share = {"estimate": row[name], "n": row["n"], "n_missing": row["n_missing"], "method": "share of the answers"}
        found[name] = pen.keep(name, share, unit="percent")
    series = tuple(
        Series(pen.say(f"class.{name}"), (found[name].estimate,), findings=(found[name].id,))
        for name in reversed(CLASSES)
    )
    said = "; ".join(pen.say("alt_alone", label=s.name, estimate=s.values[0], unit="%") for s in series)
    title = pen.say("classes.title")
    return Chart("classes", title, "stacked", (pen.client.name,), series, "%", pen.say("alt", title=title, values=said))


def trend(pen):
    """The NPS by quarter or year with intervals and, where there are enough, the median of the peers."""
    grain = _grain(pen)
    if not grain:
        return Section("trend", pen.say("title.trend"), (pen.note("trend.none"),))
    column, periods = grain
    rows = [(pen.period(period), _period_finding(pen, column, period)) for period in periods]
    title = pen.say("trend.title")
    series = _peers_by_period(pen, column, periods)
    chart = pen.chart(
        "trend", title, "line", rows, pen.say("unit.nps"), series=pen.client.name, axis=(-100, 100),
        extra=(series,) if series else (),
    )  # fmt: skip
    table = pen.table("trend", title, "period", rows)
    hidden = sum(shown(f.estimate) is None for _, f in rows)
    notes = [pen.note("trend.hidden", count=hidden)] if hidden else []
    return Section(
        "trend", pen.say("title.trend"), parts_of(change_sentence(pen), chart, table, notes, pen.note("trend.note"))
    )


def change(pen):
    """``(finding, before, after)`` of the change of the NPS, None where there is no period before it.

    Of the report's period against the one before; of all periods together, the last year (or wave) against the one
    before it.
    """
    periods = pen.shared.periods
    after = pen.shared.period or (periods.coarse[-1] if len(periods.coarse) > 1 else None)
    before = periods.before(after) if after else None
    if before is None:
        return None
    if "client.nps_change" in pen.found:
        return pen.found["client.nps_change"], before, after
    column = COARSE if periods.is_coarse(after) else FINE
    ends = [_row(pen, column, period) for period in (before, after)]
    if any(one is None for one in ends):
        found = pen.keep("nps_change", unit="NPS points", reason=pen.say("reason.change"))
    else:
        found = pen.keep("nps_change", difference(*ends, pen.shared.confidence), unit="NPS points")
    return found, before, after


def change_sentence(pen):
    """The change in words: risen, fallen, cannot tell, or not to be said."""
    made = change(pen)
    if made is None:
        return None
    found, before, after = made
    named = {"before": pen.period(before), "after": pen.period(after)}
    if shown(found.estimate) is None:
        return pen.sentence("change.none", found, **named)
    word = "up" if found.ci_low > 0 else "down" if found.ci_high < 0 else "undecided"
    return pen.sentence(f"change.{word}", found, **named, **pen.interval(found))


def counts_of(row):
    """Numbers of promoters, passives and detractors from a row of shares in percent."""
    found = {name: max(float(row[name]) * float(row["n"]) / 100, 0.0) for name in CLASSES}
    return {name: round(n) if abs(n - round(n)) < 1e-6 else n for name, n in found.items()}


def _row(pen, column, period):
    """The client's row of a period, None where it must not be shown."""
    secrecy = pen.shared.secrecy("nps", pen.level, pen.key)
    row = pen.rows_by("coarse" if column == COARSE else "fine", column).get(period)
    return None if row is None or secrecy.hides(pen.client.scope, period=period) else row


def _period_finding(pen, column, period):
    name = f"trend.{slug(period)}"
    secrecy = pen.shared.secrecy("nps", pen.level, pen.key)
    row = _row(pen, column, period)
    if row is None:
        return pen.hidden(name, secrecy, pen.client.scope, period=period, unit="NPS points")
    return pen.keep(name, row, unit="NPS points")


def _grain(pen):
    """``(column, periods)``: quarters where most may be shown, else years; None with fewer than two periods."""
    known, last = pen.shared.periods, pen.shared.period
    coarse, fine = list(known.coarse), [quarter for _, quarter in known.fine]
    if last in coarse:
        coarse = coarse[: coarse.index(last) + 1]
        fine = [quarter for year, quarter in known.fine if year in coarse]
    elif last in fine:
        fine = fine[: fine.index(last) + 1]
    fine = fine[-MOST_QUARTERS:]
    there = [q for q in fine if _row(pen, FINE, q) is not None]
    if (
        last not in known.coarse
        and len(fine) >= LEAST_QUARTERS
        and len(there) >= ENOUGH_SHOWN * len(fine)
        or last in fine
    ):
        return FINE, fine
    return (COARSE, coarse) if len(coarse) > 1 else None


def _peers_by_period(pen, column, periods):
    """A series of the peers' medians; None where there are too few peers in all periods."""
    frame = pen.others("coarse" if column == COARSE else "fine", "nps", period=column)
    if not len(frame):
        return None
    values, ids = [], []
    for period in periods:
        there = frame.loc[frame[column] == period, "estimate"]
        if len(there) < FEWEST_PEERS:
            values.append(None)
            ids.append("")
            continue
        row = {"estimate": quartiles(there)[1], "n": len(there), "method": "median of the peers"}
        found = pen.keep(f"trend.{slug(period)}.peers", row, unit="NPS points", n_unit="peers")
        values.append(found.estimate)
        ids.append(found.id)
    if all(v is None for v in values):
        return None
    return Series(pen.say("peers.series"), tuple(values), findings=tuple(ids))


def _unit(unit):
    return "nps" if unit == UNITS["nps"] else "share" if unit == "percent" else "index" if unit == UNITS["index"] else (
        "low" if unit.endswith("low is good") else "high"
    )  # fmt: skip


def _ends(unit):
    ends = re.match(r"points (.+?)–(.+?),", unit)
    return {"low": ends[1], "high": ends[2]} if ends else {}


def _with_unit(pen, table, units):
    columns = (table.columns[0], Column("unit", pen.say("head.unit")), *table.columns[1:])
    cells = tuple((row[0], unit, *row[1:]) for row, unit in zip(table.cells, units, strict=True))
    return replace(table, columns=columns, cells=cells)


def _day(pen, day):
    return format_date(day, format="long", locale=pen.language)


def difference(first, second, confidence):
    """NPS of ``second`` minus NPS of ``first``, rows of shares with answers; as a row of `compare_nps`."""
    return compare_nps(counts_of(first), counts_of(second), confidence=confidence).iloc[0].to_dict()
