"""Standing among anonymous peers, and the touchpoints against theirs."""

from cxstudy.client.model import Section
from cxstudy.client.peers import (
    FEWEST_PEERS,
    above_median,
    gap_to_peers,
    median_interval,
    quartiles,
    rank_interval,
)  # fmt: skip
from cxstudy.client.pen import parts_of, shown
from cxstudy.client.secrecy import ALL
from cxstudy.client.sections_measures import CLASSES, difference, measure_finding
from cxstudy.client.slugs import slugs
from cxstudy.language import text
from cxstudy.stats.multiple import adjusted

COMPARED = ("nps", "csat", "csi", "ces", "cx_index")
QUARTILES = ("lower", "median", "upper")


def standing(pen):
    """``(quartiles by name, probability, (best, worst))`` of the NPS, findings; None with fewer than 5 peers."""
    return pen.once("standing", lambda: _standing(pen))


def _standing(pen):
    own, frame = measure_finding(pen, "nps"), pen.others("nps", "nps")
    if len(frame) < FEWEST_PEERS or shown(own.estimate) is None:
        return None
    values, errors = frame["estimate"].to_numpy(float), frame["std_error"].to_numpy(float)
    spread, low, high = median_interval(values, errors, pen.shared.confidence)
    common = {"unit": "NPS points", "n_unit": "peers"}
    found = {}
    for name, value in zip(QUARTILES, quartiles(values), strict=True):
        row = {"estimate": value, "n": len(values), "method": "quartile of the peers"}
        row |= {"std_error": spread, "ci_low": low, "ci_high": high} if name == "median" else {}
        found[name] = pen.keep(f"peers.{name}", row, **common)
    chance = 100 * above_median(own.estimate, own.std_error, found["median"].estimate, spread)
    chance = {"estimate": chance, "n": len(values)}
    chance["method"] = "normal errors of both, flat prior"
    above = pen.keep("peers.above_median", chance, unit="percent", n_unit="peers")
    best, worst = rank_interval(own.estimate, own.std_error, values, errors, pen.shared.confidence)
    method = "differences to each peer, Holm"
    ranks = [
        pen.keep(
            f"peers.rank_{word}", {"estimate": rank, "n": len(values), "method": method}, unit="rank", n_unit="peers"
        )
        for word, rank in (("best", best), ("worst", worst))
    ]
    return found, above, ranks


def standing_sentence(pen):
    """The standing in words, for page one."""
    made = standing(pen)
    if made is None:
        return pen.sentence("standing.none", least=FEWEST_PEERS)
    found, above, (best, worst) = made
    n = above.n
    word = "above" if above.estimate > 97.5 else "below" if above.estimate < 2.5 else "middle"
    return pen.sentence(
        f"standing.{word}", found["median"], best, worst, peers=n, all=n + 1, median=found["median"].estimate,
        best=best.estimate, worst=worst.estimate,
    )  # fmt: skip


def peers(pen):
    """The own NPS beside the quartiles of the peers, the chance to lie above their median, and gaps by measure."""
    made, title = standing(pen), pen.say("title.peers")
    if made is None:
        return Section("peers", title, (pen.note("standing.none", least=FEWEST_PEERS),))
    found, above, (best, worst) = made
    own = measure_finding(pen, "nps")
    rows = [(pen.client.name, own)] + [(pen.say(f"peers.{name}"), found[name]) for name in reversed(QUARTILES)]
    chart = pen.chart(
        "peers", pen.say("peers.chart"), "intervals", rows, pen.say("unit.nps"), series="NPS", highlight=pen.client.name
    )
    # printed with one decimal, a chance of .9997 would read as certainty
    how = "_over" if above.estimate > 99.9 else "_under" if above.estimate < 0.1 else ""
    said = pen.sentence(
        f"peers.chance{how}", above, best, worst, chance=above.estimate, peers=above.n, all=above.n + 1, best=best.estimate,
        worst=worst.estimate, level=100 * pen.shared.confidence,
    )  # fmt: skip
    table = pen.table("peers", pen.say("peers.chart"), "who", rows, pen.say("unit.nps"), n_head="n_peers")
    gaps = [(text(f"measures.name.{m}", pen.language), f) for m in COMPARED for f in [measure_gap(pen, m)] if f]
    gap_table = pen.table("peers_gaps", pen.say("peers.gaps"), "measure", gaps, n_head="n_compared") if gaps else None
    notes = [pen.note("peers.anonymous"), pen.note("peers.spread")]
    return Section("peers", title, parts_of(standing_sentence(pen), said, chart, table, gap_table, notes))


def measure_gap(pen, measure):
    """The finding ``client.peers.gap.<measure>``: own value minus the mean of the peers; None with too few peers."""
    own, frame = measure_finding(pen, measure), pen.others(measure, measure)
    if len(frame) < FEWEST_PEERS or shown(own.estimate) is None or shown(own.std_error) is None:
        return None
    row = gap_to_peers(own.estimate, own.std_error, frame["estimate"], pen.shared.confidence)
    row |= {"n": len(frame), "method": "own minus the mean of the peers, z"}
    return pen.keep(f"peers.gap.{measure}", row, unit=own.unit, n_unit="peers")


def touchpoint_findings(pen):
    """``[(touchpoint, finding, gap)]``: the NPS of each, and its gap to the peers' mean (None with too few peers)."""
    return pen.once("touchpoints", lambda: _touchpoint_findings(pen))


def _touchpoint_findings(pen):
    frame = pen.mine("touchpoints")
    if not len(frame):
        return []
    secrecy = pen.shared.secrecy("nps", pen.level, pen.key)
    others, period = pen.others("touchpoints", "nps", ("touchpoint", "touchpoint")), pen.shared.period or ALL
    names = _names(pen)
    found = []
    for row in frame.sort_values("touchpoint").to_dict("records"):
        place, key = row["touchpoint"], f"touchpoint.{names[row['touchpoint']]}"
        own = pen.hidden(key, secrecy, pen.client.scope, ("touchpoint", place), period, "NPS points") or pen.keep(
            key, row, unit="NPS points"
        )
        there = others.loc[others["touchpoint"] == place, "estimate"] if len(others) else others
        gap = None
        if shown(own.estimate) is not None and len(there) >= FEWEST_PEERS:
            numbers = gap_to_peers(own.estimate, own.std_error, there, pen.shared.confidence)
            numbers |= {"n": len(there), "method": "own minus the mean of the peers, z"}
            gap = pen.keep(f"{key}.gap", numbers, unit="NPS points", n_unit="peers")
        found.append((pen.label(place), own, gap))
    return found


def _names(pen):
    """Short names of the touchpoints of the whole study, so that an id means the same in every report."""
    return slugs(sorted(pen.shared.table(pen.level, "touchpoints")["touchpoint"].unique()))


def against_the_rest(pen):
    """``[(touchpoint, difference)]``: the NPS at each touchpoint minus that of all the client's other answers.

    For a client without peers; only touchpoints that may be shown.
    """
    frame, total = pen.mine("touchpoints"), pen.mine("nps").iloc[0].to_dict()
    touchpoint_findings(pen)
    names = _names(pen)
    found = []
    for row in frame.sort_values("touchpoint").to_dict("records"):
        own = pen.found[f"client.touchpoint.{names[row['touchpoint']]}"]
        rest = {"n": total["n"] - row["n"]}
        if shown(own.estimate) is None or rest["n"] < pen.shared.limits["customers"]:
            continue
        rest |= {c: (total[c] * total["n"] - row[c] * row["n"]) / rest["n"] for c in CLASSES}
        numbers = difference(rest, row, pen.shared.confidence)
        key = own.id.removeprefix("client.")
        found.append((pen.label(row["touchpoint"]), pen.keep(f"{key}.rest", numbers, unit="NPS points")))
    return found


def touchpoints(pen):
    """The NPS at each touchpoint with its interval, and which of them differ from the peers'."""
    found, title = touchpoint_findings(pen), pen.say("title.touchpoints")
    if not found:
        return Section("touchpoints", title, (pen.note("touchpoints.none"),))
    rows = [(label, own) for label, own, _ in found]
    gaps = [(label, gap) for label, _, gap in found if gap is not None]
    name = pen.say("touchpoints.chart")
    chart = pen.chart("touchpoints", name, "bars", rows, pen.say("unit.nps"), series="NPS")
    table = pen.table("touchpoints", name, "touchpoint", rows, pen.say("unit.nps"))
    gap_table = (
        pen.table(
            "touchpoint_gaps", pen.say("touchpoints.gaps"), "touchpoint", gaps, pen.say("unit.nps"), n_head="n_compared"
        )
        if gaps
        else None
    )
    there = sorted((f.estimate, label, f) for label, f in rows if shown(f.estimate) is not None)
    said = []
    if len(there) > 1:
        low, high = there[0], there[-1]
        values = {"low_name": low[1], "low": low[0], "high_name": high[1], "high": high[0]}
        values |= {"low_from": low[2].ci_low, "low_to": low[2].ci_high}
        values |= {"high_from": high[2].ci_low, "high_to": high[2].ci_high}
        said.append(pen.sentence("touchpoints.ends", low[2], high[2], **values))
    said.append(_told(pen, gaps)) if gaps else None
    hidden = len(rows) - len(there)
    notes = [pen.note("touchpoints.hidden", count=hidden)] if hidden else []
    return Section("touchpoints", title, parts_of(said, chart, table, gap_table, notes))


def _told(pen, gaps):
    """Which touchpoints differ from the peers' after Holm's correction, in one sentence."""
    p = adjusted([gap.p_value for _, gap in gaps])
    sure = [(label, gap) for (label, gap), one in zip(gaps, p, strict=True) if one < 1 - pen.shared.confidence]
    if not sure:
        return pen.sentence("touchpoints.same", *(gap for _, gap in gaps), count=len(gaps))
    listed = ", ".join(pen.say("touchpoints.one", name=label, **pen.interval(gap)) for label, gap in sure)
    return pen.sentence("touchpoints.differ", *(gap for _, gap in sure), count=len(sure), list=listed)
