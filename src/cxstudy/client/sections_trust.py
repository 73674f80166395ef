"""Can we trust this? What was asked, of whom, when; what is not shown; the strongest argument against."""

import math

from babel.dates import format_date

from cxstudy.client.model import Column, Section, Table
from cxstudy.client.pen import parts_of, shown
from cxstudy.client.sections_measures import measure_finding
from cxstudy.measures.summary import MEASURES, questions_of
from cxstudy.stats.intervals import share_error, share_interval
from cxstudy.wordings import wording

SILENT = 20
GOOD_RATE = 60


def trust(pen):
    """Wording, who was asked, invitations, dates, intervals, what is hidden, and the argument against."""
    said = [_answers(pen), _invited(pen), _fieldwork(pen), _interval(pen)]
    secrets = _secrets(pen)
    hidden = sum(one.reason in secrets for one in pen.found.values())
    said.append(
        pen.sentence("trust.hidden", count=hidden, **pen.shared.limits) if hidden else pen.sentence("trust.all_shown")
    )
    notes = [pen.note("trust.weights")] if pen.study.has("customers", "weight") else []
    stands = pen.study.customers.stands_for
    asked = [q for name in MEASURES for q in questions_of(pen.study, name)[0] if q in stands]
    notes += [pen.note("trust.stands_for", question=pen.label(q), asked=stands[q]) for q in dict.fromkeys(asked)]
    return Section("trust", pen.say("title.trust"), parts_of(said, _questions(pen), notes, _against(pen)))


def _secrets(pen):
    limits = set(pen.shared.limits.values())
    return {pen.say(f"reason.{key}", least=least) for key in ("too_few", "neighbour") for least in limits}


def _answers(pen):
    nps, dates = measure_finding(pen, "nps"), pen.shared.dates.get("customers")
    if pen.shared.period:
        return pen.sentence(
            "trust.answers_period", nps, n=nps.n, missing=nps.n_missing, period=pen.period(pen.shared.period)
        )
    if dates is None:
        return pen.sentence("trust.answers", nps, n=nps.n, missing=nps.n_missing)
    first, last = (format_date(day, format="long", locale=pen.language) for day in dates)
    return pen.sentence("trust.answers_dated", nps, n=nps.n, missing=nps.n_missing, first=first, last=last)


def response(pen):
    """The finding ``client.trust.response`` (% of the invited), None where it is not known or the report is of a part
    of the answers.
    """
    asked = pen.study.invited
    if pen.shared.period or not len(asked):
        return None
    mine = (
        asked[asked["unit"].isna()]
        if asked["unit"].isna().all() and _only(pen)
        else asked[asked["unit"].isin(_units(pen))]
    )
    invited, answered = int(mine["invited"].sum()), int(mine["n_answers"].sum())
    if not invited:
        return None
    share = answered / invited
    low, high = share_interval(share, invited, confidence=pen.shared.confidence)
    row = {"estimate": 100 * share, "std_error": 100 * float(share_error(share, invited)), "method": "wilson"}
    row |= {"ci_low": 100 * float(low), "ci_high": 100 * float(high), "n": invited, "n_missing": invited - answered}
    return pen.keep("trust.response", row, unit="percent", n_unit="invited")


def _units(pen):
    if pen.level == "unit":
        return [pen.key]
    return [unit for unit, parent in pen.shared.parents.items() if parent == pen.key]


def _only(pen):
    """Whether one number for the whole study is the client's."""
    return len(set(_units(pen))) == len(pen.shared.parents)


def _invited(pen):
    found = response(pen)
    if found is None:
        return pen.sentence("trust.not_invited")
    return pen.sentence("trust.invited", found, share=found.estimate, low=found.ci_low, high=found.ci_high, n=found.n)


def _fieldwork(pen):
    given = pen.study.config.fieldwork
    if given is None or not (given.start or given.end):
        return pen.sentence("trust.no_dates")
    first, last = (format_date(d, format="long", locale=pen.language) if d else "…" for d in (given.start, given.end))
    if given.channel:
        return pen.sentence("trust.field_channel", first=first, last=last, channel=given.channel)
    return pen.sentence("trust.field", first=first, last=last)


def _interval(pen):
    nps = measure_finding(pen, "nps")
    return pen.sentence("trust.interval", nps, **pen.interval(nps))


def _questions(pen):
    """Every question behind a measure of the report with its wording, and which side was asked."""
    asked = {}
    for measure, side in MEASURES.items():
        for question in questions_of(pen.study, measure)[0]:
            asked[side, question] = wording(pen.study, side, question, pen.language).text
    columns = (
        Column("question", pen.say("head.question")), Column("asked", pen.say("head.asked")),
        Column("wording", pen.say("head.wording")),
    )  # fmt: skip
    cells = tuple(
        (pen.label(question), pen.say(f"asked.{side}"), said or pen.say("trust.no_wording"))
        for (side, question), said in asked.items()
    )
    blank = ("",) * len(cells)
    return Table("questions", pen.say("trust.questions"), columns, cells, blank, blank)


def _against(pen):
    """The strongest argument against the numbers: the unknown invitations, the silent, or few answers."""
    nps, rate = measure_finding(pen, "nps"), response(pen)
    if rate is None:
        return pen.note("trust.against_unknown", warning=True)
    if rate.estimate < GOOD_RATE and shown(nps.estimate) is not None:
        silent = nps.estimate - SILENT * (1 - rate.estimate / 100)
        row = {"estimate": silent, "n": nps.n, "method": f"the silent taken as {SILENT} points lower"}
        found = pen.keep("trust.silent", row, unit="NPS points")
        return pen.sentence("trust.against_silent", rate, nps, found, silent=SILENT, all=silent, **pen.interval(nps))
    width = nps.ci_high - nps.ci_low if math.isfinite(nps.ci_low) else math.nan
    found = pen.keep("trust.width", {"estimate": width, "n": nps.n, "method": "high end − low end"}, unit="NPS points")
    return pen.sentence("trust.against_few", found, width=width)
