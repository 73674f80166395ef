"""The headline with and without the answers that a check has flagged."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd

from cxstudy.anonymity import hidden
from cxstudy.counted import is_counted
from cxstudy.engine import fetch
from cxstudy.faults import NotTestable
from cxstudy.language import text
from cxstudy.measures.link import Link
from cxstudy.measures.nps import nps
from cxstudy.measures.oddities import Answers
from cxstudy.measures.pairing import lacking

FLAGS = ("lost_zeros", "flipped", "copies", "straight", "fast")
KEPT = ("n", "estimate", "std_error", "ci_low", "ci_high", "method")
COLUMNS = (
    "headline", "answers", "removed", "n", "n_unit", "n_missing", "estimate", "std_error", "ci_low", "ci_high",
    "confidence", "unit", "method", "reason",
)  # fmt: skip


def flag_column(answers, found):
    """Ibis column: the first check of `FLAGS` that flags an answer, null where none does.

    ``answers``: `measures.oddities.Answers`. ``found``: check → what it flagged, as made by `flagged_parts`.
    """
    import ibis

    expr, cases = answers.expr, []
    for name in FLAGS:
        for by, groups in found.get(name, {}).items():
            inside = ibis.literal(True) if by == "all" else expr[by].isin(list(groups))
            cases.append((inside & _within(answers, name), name))
    return ibis.cases(*cases, else_=ibis.null("string")) if cases else ibis.null("string")


def _within(answers, name):
    """Which answers of a flagged group a check means."""
    import ibis

    expr = answers.expr
    if name == "copies":
        order = [expr["response_id"]] if "response_id" in expr.columns else []
        return (
            ibis.row_number().over(ibis.window(group_by=["unit", *answers.together, *answers.content], order_by=order))
            > 0
        )
    if name == "straight":
        same = [expr[answers.items[0]] == expr[q] for q in answers.items[1:]]
        return ibis.and_(*same).fill_null(False)
    if name == "fast":
        return (expr["duration"] < answers.quick).fill_null(False)
    return ibis.literal(True)


def flagged_parts(frame):
    """kind of group → names of the flagged groups of one check's frame; a fault over all answers counts alone.

    >>> flagged_parts(pd.DataFrame({"by": ["all", "unit"], "group": ["", "a"], "flagged": [False, True]}))
    {'unit': ['a']}
    """
    bad = frame[frame["flagged"]]
    if (bad["by"] == "all").any():
        return {"all": [""]}
    return {by: list(dict.fromkeys(part["group"])) for by, part in bad.groupby("by", sort=False)}


def headlines(study, answers, found, *, confidence=0.95):
    """NPS, and the slope of margin on NPS where it can be had: all answers, without each flag, without all flagged.

    An answer with several flags counts under the first of `FLAGS`. Where the answers left out are fewer than the
    threshold, or such a number would follow from the rows shown, the row has no numbers and ``reason`` says why.
    Columns: headline (nps, slope), answers (all, a check, flagged), removed (answers left out), n, n_unit, n_missing,
    estimate …
    """
    expr, removed = _removed(answers, found)
    limit = study.thresholds["customers"]
    sizes = np.array(list(removed.values()), float)
    out = dict(zip(removed, hidden(sizes, limit), strict=True))
    total = int(sizes.sum())
    small = sum(n for name, n in removed.items() if out[name])
    rows = [("all", 0, None, False)]
    rows += [(name, n, expr["_flag"].isnull() | (expr["_flag"] != name), out[name]) for name, n in removed.items()]
    rows += [("flagged", total, expr["_flag"].isnull(), 0 < small < limit)] if total else []
    made = []
    for name, n, kept, withheld in rows:
        part = study if kept is None else without(study, expr.filter(kept).select(study.customers.expr.columns))
        for headline, number in (("nps", _nps), ("slope", _slope)):
            row = {"headline": headline, "answers": name, "removed": n}
            if withheld:
                row["reason"] = text("anonymity.difference", study.language, threshold=limit)
            else:
                row |= number(part, confidence) or {}
            made.append(row)
    frame = pd.DataFrame(made).reindex(columns=COLUMNS)
    return frame.assign(reason=frame["reason"].astype(object).where(frame["reason"].notna(), None)), removed


def _removed(answers, found):
    """The answers with a column ``_flag``, and how many each check flags; (None, {}) for counts."""
    if answers is None or not any(found.values()):
        return None, {}
    expr = answers.expr.mutate(_flag=flag_column(answers, found))
    bad = expr.filter(expr["_flag"].notnull())
    cells = fetch(bad.group_by("_flag").agg(n=bad.count()), None).set_index("_flag")["n"]
    return expr, {name: int(cells[name]) for name in FLAGS if name in cells}


def without(study, expr):
    """The study with other customers' answers: an Ibis table of the same columns."""
    return replace(study, tables={**study.tables, "customers": replace(study.customers, expr=expr)})


def _nps(study, confidence):
    """NPS over all answers as a dict, clustered by unit where there are several; None without the question."""
    table, score = study.customers, study.customers.question_for("nps")
    if score not in (table.shares if is_counted(table) else [Answers(study, "customers").score]):
        return None
    unnamed = fetch(table.expr["unit"].isnull().any(), None)
    try:
        row = nps(table, score, cluster=None if unnamed else "unit", confidence=confidence)
    except NotTestable:
        row = nps(table, score, confidence=confidence)
    return row.iloc[0][[*KEPT, "n_missing", "unit", "reason"]].to_dict() | {
        "n_unit": "answers",
        "confidence": confidence,
    }


def _slope(study, confidence):
    """Points of margin for +10 NPS as a dict, None where the study cannot say."""
    if lacking(study) or len(study.financials.frame()) < 2:
        return None
    link = Link(study, tiers=4, confidence=confidence, seed=1, replicates=100)
    if link.units["unit"].nunique() < 4:
        return None
    row = link.slope("nps")
    if not math.isfinite(row["estimate"]):
        return None
    more = {"n_unit": link.kind, "n_missing": link.n_missing, "unit": "points per +10 NPS", "confidence": confidence}
    return {k: row[k] for k in KEPT} | more
