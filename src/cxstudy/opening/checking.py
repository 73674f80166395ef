"""The check of one table: all rules counted in one query, examples fetched only for those broken.

Examples are at most 20 different values a rule. Comments and employees' answers are never quoted:
their faults name lines.
"""

import ibis

from cxstudy.faults import Fault
from cxstudy.opening.rules import row_rules
from cxstudy.opening.wording import Example, listed
from cxstudy.schema import TABLES, UNITS

EXAMPLES = 20
_LONGEST_QUOTED = 30
_PART = "\x1f"


def check_table(opened, levels):
    """All faults of one `rules.Opened` table; ``levels`` maps a column to its declared levels."""
    rules = list(row_rules(opened, levels))
    counts = {f"rule_{i}": rule.broken.cast("int64").sum() for i, rule in enumerate(rules)}
    found = opened.source.expr.aggregate(**counts, **_whole_table(opened)).to_pyarrow().to_pylist()[0]
    broken = [rule for i, rule in enumerate(rules) if found[f"rule_{i}"]]
    faults = [fault for rule in broken for fault in _row_faults(opened, rule)]
    return faults + _whole_faults(opened, found)


def table_key(opened):
    """``(columns, text)`` of a row's key, the text NULL where a part is missing; ``((), None)`` without a key."""
    if opened.spec.rows == "counted":
        names = tuple(n for n in (*UNITS, "year") if n in opened.values)
    else:
        names = TABLES[opened.name].key
        if opened.name == "financials" and "branch" in opened.values:
            names = (*names, "branch")
        if names and "wave" in opened.values:
            names = ("wave", *names)
    if not names or any(n not in opened.values for n in names):
        return (), None
    values = [opened.values[n] for n in names]
    text, *others = (
        (v.value.try_cast("int64") if v.column.kind == "integer" else v.value).cast("string") for v in values
    )
    for other in others:
        text = text + _PART + other
    return names, text


def _row_faults(opened, rule):
    rows = opened.source.expr.filter(rule.broken)
    if not rule.special:
        return [_row_fault(opened, rule, rows, rule.words)]
    special, words = rule.special
    parts = [(rows.filter(special), words), (rows.filter(~special), rule.words)]
    return [fault for part, said in parts if (fault := _row_fault(opened, rule, part, said))]


def _row_fault(opened, rule, rows, words):
    """The fault of ``rows``, None when there is no such row."""
    groups = rows.group_by(shown=rule.shown.fill_null("")).aggregate(n=ibis._.count(), row=ibis._.row_.min())
    every = {"kinds": ibis._.count().over(ibis.window()), "rows": ibis._.n.sum().over(ibis.window())}
    if not opened.quotable(*rule.names):
        groups = rows.select(shown=ibis.literal(""), n=ibis.literal(1), row=ibis._.row_)
    first = groups.mutate(**every).order_by("row").limit(EXAMPLES).to_pyarrow().to_pylist()
    if not first:
        return None
    line = opened.source.lines([r["row"] for r in first])
    examples = [Example(_short(r["shown"]), line[r["row"]], r["n"]) for r in first]
    text, remedy = words(examples)
    found = listed(examples, first[0]["rows"], first[0]["kinds"], opened.source.place)
    return Fault(text, found, remedy, opened.where(*rule.names), examples[0].line if opened.source.text else None)


def _short(value):
    return value if len(value) <= _LONGEST_QUOTED else f"a text of {len(value)} characters"


def _whole_table(opened):
    """Aggregates about the table as a whole, counted in the same query as the rules."""
    values, found = opened.values, {"rows": ibis._.count()}
    names, key = table_key(opened)
    if names:
        # hashes take a third of the memory of the keys; keys that share one are told apart by _duplicates
        found |= {"keys": key.count(), "different": key.hash().nunique()}
    if opened.name == "customers" and opened.spec.rows == "answers" and "recommend" in values:
        score = values["recommend"].value
        found |= {"answers": score.count(), "lowest": score.min(), "highest": score.max()}
    margins = [values[n].given for n in ("operating_margin",) if n in values]
    if "operating_profit" in values and "revenue" in values:
        margins.append(values["operating_profit"].given & values["revenue"].given)
    if margins:
        found["margins"] = ibis.or_(*margins).cast("int64").sum()
    return found


def _whole_faults(opened, found):
    faults = []
    if found.get("keys", 0) > found.get("different", 0):
        faults += _duplicates(opened)
    if found.get("answers", 0) >= 2 and found["lowest"] == found["highest"]:
        rule = "answers to recommend must differ; equal answers can explain nothing."
        seen = f"every one of {found['answers']:,} answers is {found['lowest']:g}."
        remedy = "check the export, and whether columns: maps recommend to the right column."
        faults.append(Fault(rule, seen, remedy, opened.where("recommend")))
    if found.get("margins") == 0:
        names = [n for n in ("operating_margin", "operating_profit", "revenue") if n in opened.values]
        rule = "some company must have a margin: operating_margin, or operating_profit and revenue."
        seen = f"none in {found['rows']:,} row{'s' if found['rows'] != 1 else ''}."
        remedy = "check the export and the missing codes of the table, or take financials out of study.yaml."
        faults.append(Fault(rule, seen, remedy, opened.where(*names)))
    return faults


def _duplicates(opened):
    names, key = table_key(opened)
    keyed = opened.source.expr.mutate(key_=key).filter(ibis._.key_.notnull())
    twice = keyed.group_by("key_").aggregate(n=ibis._.count(), row=ibis._.row_.min(), last=ibis._.row_.max())
    twice = twice.filter(ibis._.n > 1).mutate(kinds=ibis._.count().over(ibis.window()))
    first = twice.order_by("row").limit(EXAMPLES).to_pyarrow().to_pylist()
    if not first:
        return []
    line, place = opened.source.lines([r[end] for r in first for end in ("row", "last")]), opened.source.place
    said = []
    for r in first:
        value = f"'{r['key_'].replace(_PART, ', ')}' " if opened.quotable(*names) else ""
        between = "and" if r["n"] == 2 else "…"
        said.append(f"{value}{r['n']} times ({place}s {line[r['row']]} {between} {line[r['last']]})")
    more = f"; … ({first[0]['kinds'] - len(first):,} more)" if first[0]["kinds"] > len(first) else ""
    rule = f"no two rows may have the same {' and '.join(names)}."
    row = line[first[0]["row"]] if opened.source.text else None
    remedy = "remove the double rows, or give each its own."
    return [Fault(rule, f"{'; '.join(said)}{more}.", remedy, opened.where(*names), row)]
