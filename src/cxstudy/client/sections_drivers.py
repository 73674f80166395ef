"""Which questions go with recommendation, how the client stands on them, and the three that come first."""

from dataclasses import dataclass

from cxstudy.client.model import Chart, Column, Section, Series, Table
from cxstudy.client.peers import FEWEST_PEERS, gap_to_peers, quartiles
from cxstudy.client.pen import parts_of, shown
from cxstudy.client.secrecy import ALL
from cxstudy.client.sections_peers import against_the_rest, touchpoint_findings
from cxstudy.client.slugs import slugs
from cxstudy.findings import Finding

PRIORITIES = 3


@dataclass(frozen=True)
class Driver:
    """One question: the client's score on 0–100, its share of what the questions explain, its gap to the peers.

    ``gain``: share × the way to the peers' upper quartile (without peers: to 100), by which drivers are ordered.
    """

    question: str
    label: str
    own: Finding
    share: Finding
    gap: Finding | None
    gain: float


def drivers_list(pen):
    """The `Driver`s of the client that may be shown, those with the largest gain first; empty where there are none."""
    return pen.once("drivers", lambda: _drivers_list(pen))


def _drivers_list(pen):
    shares, mine = pen.shared.drivers.shares, pen.mine("items")
    found, short = [], slugs(shares)
    for question, (share, low, high) in shares.items():
        rows = mine[mine["item"] == question] if len(mine) else mine
        own = _own(pen, question, rows, short[question])
        if shown(own.estimate) is None:
            continue
        row = {"estimate": share, "ci_low": low, "ci_high": high, "n": pen.shared.drivers.table["n"].iloc[0]}
        part = pen.keep(f"driver.{short[question]}.share", row | {"method": "LMG"}, unit="percent")
        others = pen.others("items", f"item:{question}")
        there = others.loc[others["item"] == question, "estimate"] if len(others) else others
        gap, top = None, 100.0
        if len(there) >= FEWEST_PEERS:
            numbers = gap_to_peers(own.estimate, own.std_error, there, pen.shared.confidence) | {"n": len(there)}
            numbers["method"] = "own minus the mean of the peers, z"
            gap = pen.keep(f"driver.{short[question]}.gap", numbers, unit="points 0–100", n_unit="peers")
            top = quartiles(there)[2]
        found.append(Driver(question, pen.label(question), own, part, gap, share * (top - own.estimate)))
    return sorted(found, key=lambda d: -d.gain)


def priorities(pen):
    """Up to three priorities as sentences with their reasons: of the drivers, else of touchpoints."""
    drivers = drivers_list(pen)[:PRIORITIES]
    if drivers:
        return [_driver_sentence(pen, place, driver) for place, driver in enumerate(drivers, 1)]
    gaps = [(label, gap) for label, _, gap in touchpoint_findings(pen) if gap is not None]
    key = "priority.touchpoint"
    if not gaps and len(pen.mine("touchpoints")):
        gaps, key = against_the_rest(pen), "priority.rest"
    gaps = sorted((one for one in gaps if shown(one[1].estimate) is not None), key=lambda one: one[1].estimate)
    return [
        pen.sentence(key, gap, place=place, name=label, **pen.interval(gap))
        for place, (label, gap) in enumerate(gaps[:PRIORITIES], 1)
    ]


def drivers(pen):
    """The importance–performance map, the table behind it, and the three priorities with their reasons."""
    found, title = drivers_list(pen), pen.say("title.drivers")
    if not found:
        why = pen.shared.drivers.reason or "hidden"
        return Section("drivers", title, (pen.note(f"drivers.{why}"),))
    first = [_driver_sentence(pen, place, driver) for place, driver in enumerate(found[:PRIORITIES], 1)]
    explained = float(pen.shared.drivers.table["r_squared"].iloc[0])
    row = {"estimate": 100 * explained, "n": pen.shared.drivers.table["n"].iloc[0], "method": "R² of the questions"}
    whole = pen.keep("driver.explained", row, unit="percent")
    said = pen.sentence("drivers.explained", whole, share=whole.estimate, n=whole.n)
    notes = [pen.note("drivers.order" if found[0].gap else "drivers.order_alone"), pen.note("drivers.association")]
    return Section("drivers", title, parts_of(said, first, _map(pen, found), _table(pen, found), notes))


def _own(pen, question, rows, short):
    key, limit = f"item.{short}", pen.shared.limits["customers"]
    if not len(rows):
        return pen.keep(key, reason=pen.say("reason.no_answers"))
    secrecy, row = pen.shared.secrecy(f"item:{question}", pen.level, pen.key), rows.iloc[0].to_dict()
    out = pen.hidden(key, secrecy, pen.client.scope, period=pen.shared.period or ALL)
    if out is None and row["n"] < limit:
        out = pen.keep(key, reason=pen.say("reason.too_few", least=limit))
    return out or pen.keep(key, row)


def _driver_sentence(pen, place, driver):
    values = {"place": place, "name": driver.label, "share": driver.share.estimate, "own": driver.own.estimate}
    if driver.gap is None:
        return pen.sentence("priority.driver_alone", driver.own, driver.share, **values)
    values |= {"gap": driver.gap.estimate, "low": driver.gap.ci_low, "high": driver.gap.ci_high}
    return pen.sentence(
        "priority.driver", driver.own, driver.share, driver.gap, level=100 * pen.shared.confidence, **values
    )


def _map(pen, found):
    title, labels = pen.say("drivers.map"), tuple(d.label for d in found)
    x = Series(
        pen.say("drivers.performance"), tuple(d.own.estimate for d in found), findings=tuple(d.own.id for d in found)
    )
    y = Series(
        pen.say("drivers.share"), tuple(d.share.estimate for d in found), findings=tuple(d.share.id for d in found)
    )
    points = (pen.say("alt_pair", label=d.label, x=d.own.estimate, y=d.share.estimate) for d in found)
    return Chart("drivers", title, "map", labels, (x, y), "", pen.say("alt", title=title, values="; ".join(points)))


def _table(pen, found):
    """One row a number, so that each has its own id: score, share and gap of each question."""
    unit, level = pen.say("unit.index"), 100 * pen.shared.confidence
    columns = (
        Column("name", pen.say("head.question")), Column("what", pen.say("head.what")),
        Column("estimate", pen.say("head.estimate"), "number"),
        Column("ci_low", pen.say("head.low", level=level), "number"),
        Column("ci_high", pen.say("head.high", level=level), "number"), Column("unit", pen.say("head.unit")),
    )  # fmt: skip
    rows, ids = [], []
    for driver in found:
        for key, one, measured in (
            ("performance", driver.own, unit), ("share", driver.share, "%"), ("gap", driver.gap, unit),
        ):  # fmt: skip
            if one is not None:
                numbers = (shown(one.estimate), shown(one.ci_low), shown(one.ci_high))
                rows.append((driver.label, pen.say(f"drivers.{key}"), *numbers, measured))
                ids.append(one.id)
    return Table("drivers", pen.say("drivers.table"), columns, tuple(rows), tuple(ids), ("",) * len(rows))
