"""Response and non-response where invitations are known: the share that answered, and what late answers hint at."""

import math

import pandas as pd

from cxstudy.counted import is_counted
from cxstudy.engine import fetch, number
from cxstudy.measures.nps import nps
from cxstudy.stats.intervals import share_error, share_interval


def overall(study, confidence=0.95):
    """Share of the invited who answered, in percent with its Wilson interval: a dict, or None where it is not known.

    ``n`` counts the invited and ``n_missing`` those of them who did not answer.
    """
    asked = study.invited
    total = int(asked["invited"].sum())
    return _response(int(asked["n_answers"].sum()), total, confidence) if total else None


def by_unit(study, confidence=0.95):
    """`overall` of each unit the invitations are known of: group, n_answers, n, n_missing, estimate (%), std_error,
    ci_low, ci_high, confidence, method; no rows where only one number is known. A unit of which nobody
    was invited has no estimate.
    """
    asked = study.invited.dropna(subset="unit").sort_values("unit")
    rows = []
    for unit, total, answered in asked.itertuples(index=False):
        row = {"group": unit, "n_answers": int(answered), "n": int(total), "n_missing": int(total - answered)}
        rows.append(row | {"confidence": confidence} | _response(answered, total, confidence))
    columns = "group n_answers n n_missing estimate std_error ci_low ci_high confidence method".split()
    return pd.DataFrame(rows, columns=columns)


def _response(answered, total, confidence):
    ends = ("estimate", "std_error", "ci_low", "ci_high")
    if not total:
        return dict.fromkeys(ends, math.nan) | {"method": "wilson"}
    share = answered / total
    low, high = share_interval(share, total, confidence=confidence)
    numbers = (share, float(share_error(share, total)), float(low), float(high))
    counts = {"n": int(total), "n_missing": int(total - answered), "method": "wilson"}
    return {name: 100 * value for name, value in zip(ends, numbers, strict=True)} | counts


def late_answers(study, confidence=0.95):
    """NPS of those who answered fast and of those who took longer, cut at the median number of days after the
    invitation.

    Late answers stand nearer to no answer; a difference hints at what the silent would say. Columns: delay (early,
    late), days (median of the cut), and those of `measures.nps.nps`. No rows where days of invitation or answer are
    not known.
    """
    score = study.customers.question_for("nps") if study.has("customers") else None
    if score is None or not study.has("customers", "invited", "date", score) or is_counted(study.customers):
        return pd.DataFrame(columns=["delay", "days", "n", "n_missing", "estimate", "ci_low", "ci_high"])
    expr = study.customers.expr
    days = expr["date"].delta(expr["invited"], unit="day")
    expr = expr.mutate(days=days).filter(days.notnull() & (days >= 0))
    middle = fetch(number(expr["days"])[0].median(), None)
    if middle is None or fetch(expr["days"].nunique(), None) < 2:
        return pd.DataFrame(columns=["delay", "days", "n", "n_missing", "estimate", "ci_low", "ci_high"])
    late = expr.mutate(delay=(expr["days"] > middle).ifelse("late", "early"))
    return nps(late, score, by="delay", confidence=confidence).assign(days=middle, n_unit="answers")
