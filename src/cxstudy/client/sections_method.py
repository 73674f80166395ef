"""How the numbers came about, and every finding of the report by its id."""

from cxstudy.client.model import Column, Section, Table
from cxstudy.client.pen import UNITS, parts_of, shown

KEYS = ("method.interval", "method.change", "method.peers", "method.importance", "method.margin")


def method(pen):
    """Methods, anonymity and data in sentences, then the list of findings."""
    said = [pen.sentence(key) for key in KEYS] + [pen.sentence("method.anonymity", **pen.shared.limits)]
    files = ", ".join(name for table in pen.study.tables.values() for name in table.spec.files.values())
    data = pen.sentence("method.data", study=pen.study.config.title or pen.study.name, files=files, run=pen.shared.run)
    return Section("method", pen.say("title.method"), parts_of(said, data, findings_table(pen)))


def findings_table(pen):
    """A row a finding of the report, by id: estimate, interval, unit, n; the reason where there is no number."""
    level = 100 * pen.shared.confidence
    columns = (
        Column("id", pen.say("head.id")), Column("estimate", pen.say("head.estimate"), "number", digits=2),
        Column("ci_low", pen.say("head.low", level=level), "number", digits=2),
        Column("ci_high", pen.say("head.high", level=level), "number", digits=2), Column("unit", pen.say("head.unit")),
        Column("n", pen.say("head.n_any"), "integer", digits=0),
    )  # fmt: skip
    found = list(pen.found.values())
    cells = tuple(
        (f.id, shown(f.estimate), shown(f.ci_low), shown(f.ci_high), unit_in_words(pen, f.unit), f.n or None)
        for f in found
    )
    ids, reasons = tuple(f.id for f in found), tuple(f.reason or "" for f in found)
    return Table("findings", pen.say("method.findings"), columns, cells, ids, reasons)


def unit_in_words(pen, unit):
    """A finding's unit in the language of the report."""
    known = {UNITS["nps"]: "nps", "percent": "share", UNITS["index"]: "index", "rank": "rank"}
    known |= {"points per +10 NPS": "slope"}
    if unit in known:
        return pen.say(f"unit.{known[unit]}")
    return pen.say("unit.scale") if unit else ""
