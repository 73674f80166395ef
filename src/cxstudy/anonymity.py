"""Which numbers must not be shown, because a person could be recognised in them or they could be worked out.

A group with fewer answers than the study's threshold is not shown. Nor may it follow by subtraction: with the total of
all groups and every other group known, the hidden one is the rest. So the groups hidden under one total are at least two and
together have at least the threshold; the smallest shown groups join them until that holds (complementary suppression,
Hundepool et al. 2012, Statistical Disclosure Control, chapter 4).
"""

import numpy as np
import pandas as pd

from cxstudy.counted import is_counted
from cxstudy.engine import fetch
from cxstudy.language import text

COUNTERS = {"n_answers": "customers", "n_customers": "customers", "n_employees": "employees"}
RESPONDENTS = {"answers": "customers", "customers": "customers", "employees": "employees"}
KEPT = ("n", "n_answers", "n_customers", "n_employees", "n_missing", "confidence", "year", "tier", "threshold")
NAMES = ("unit", "company", "branch", "work_group", "group")
ADD_UP_APART = ("table", "side", "by", "kind", "question", "column", "loyalty", "measure", "outcome", "headline")
FEWEST = 2


def hidden(sizes, limit, others=()):
    """Which of several groups under one known total must be hidden; array of bool.

    ``sizes``: answers of each group; ``others``: sizes of groups that belong to the total and are not shown anyway.
    Groups of fewer than ``limit`` answers are hidden (an empty one too), and then the smallest others until the
    hidden ones number at least two and hold at least ``limit`` answers together, or all are hidden.

    >>> hidden([3, 8, 20], 5).tolist(), hidden([6, 8, 20], 5).tolist(), hidden([3, 4, 20], 5).tolist()
    ([True, True, False], [False, False, False], [True, True, False])
    """
    sizes = np.nan_to_num(np.asarray(sizes, float))
    return _completed(sizes, sizes < limit, limit, others)


def _completed(sizes, small, limit, others):
    """``small`` with the smallest further groups, so that what is hidden cannot be worked out."""
    out, others = small.copy(), np.asarray(others, float)
    others = others[others > 0]
    within = out & (sizes > 0)
    count, total = int(within.sum()) + len(others), sizes[within].sum() + others.sum()
    for place in np.argsort(sizes, kind="stable"):
        if count == 0 or (count >= FEWEST and total >= limit):
            break
        if not out[place]:
            out[place] = True
            count, total = count + 1, total + sizes[place]
    return out


def everyone(study):
    """Answers of every group of a study, ``{"customers": frame, "employees": frame}``: unit, company, … , n_answers.

    Customers are counted by their answers to the recommend question where it is there, employees by their rows.
    A table is compared with this: a group it leaves out is hidden too.
    """
    found = {}
    for name in ("customers", "employees"):
        table = getattr(study, "tables", {}).get(name)
        if table is None:
            continue
        keys = [c for c in ("unit", "company", "branch", "work_group") if c in table.expr.columns]
        score = table.question_for("nps") if name == "customers" else ""
        given = table.expr[score].count() if score in table.columns else table.expr.count()
        frame = fetch(table.expr.group_by(keys).agg(n_answers=table.expr["n"].sum() if is_counted(table) else given), None)
        found[name] = frame[frame["n_answers"] > 0]
    return found


def suppress(table, thresholds, *, groups=None, language="en"):
    """The table with the numbers taken out that must not be shown; ``reason`` says so. Names and counts stay.

    ``table`` counts respondents when it has a column n_answers (or n_customers), n_employees, or ``n`` with ``n_unit``
    answers or employees; another table is returned as it is. ``thresholds``: ``{"customers": 5, "employees": 7}``.
    ``groups``: the study's groups (`everyone`), so that those the table leaves out are known.

    Rows add up when they agree in columns such as table, by or question; the total of all of them, of each company's
    groups, and with years of each unit and each year, is taken as known.

    >>> shown = suppress(pd.DataFrame({"unit": list("abc"), "n_answers": [3, 8, 20], "nps": [1.0, 2.0, 3.0]}), {"customers": 5})
    >>> shown["nps"].tolist()
    [nan, nan, 3.0]
    """
    counted = _counted(table)
    if not counted:
        return table
    limits = pd.DataFrame({c: side.map(lambda s: thresholds.get(s, 0)) for c, side in counted.items()})
    sizes = pd.DataFrame({c: pd.to_numeric(table[c], errors="coerce").fillna(0) for c in counted})
    small = (sizes < limits).any(axis=1).to_numpy()
    out = small.copy()
    for c, sides in counted.items():
        for side in sides.dropna().unique():
            rows = np.flatnonzero((sides == side).to_numpy())
            known = (groups or {}).get(side)
            out[rows] |= _lines(table.iloc[rows], sizes[c].to_numpy()[rows], out[rows], thresholds.get(side, 0), known)
    if not out.any():
        return table
    shown = table.copy()
    for name in shown.columns:
        if name not in KEPT and shown[name].dtype.kind in "iufb":
            shown[name] = shown[name].astype(float).mask(out)
    reasons = shown["reason"].astype(object) if "reason" in shown else pd.Series([None] * len(shown), shown.index, dtype=object)
    limit = limits.max(axis=1).to_numpy()
    for why, key in ((out & small, "anonymity.too_few"), (out & ~small, "anonymity.neighbour")):
        for threshold in np.unique(limit[why]):
            reasons[why & (limit == threshold)] = text(key, language, threshold=int(threshold))
    shown["reason"] = reasons
    return shown


def _counted(table):
    """Column that counts respondents → Series of the side of each row; empty for a table that counts none."""
    found = {c: pd.Series(side, table.index) for c, side in COUNTERS.items() if c in table}
    if "n_answers" in found and "table" in table:
        found["n_answers"] = table["table"].where(table["table"].isin(list(COUNTERS.values())), "customers")
    if "n_answers" in found and "n_unit" in table:
        found["n_answers"] = table["n_unit"].map(RESPONDENTS).fillna(found["n_answers"])
    if not found and {"n", "n_unit"} <= set(table.columns):
        sides = table["n_unit"].map(RESPONDENTS)
        return {"n": sides} if sides.notna().any() else {}
    return found


def _lines(table, sizes, out, limit, known):
    """What must be hidden so that no total gives a hidden group away; repeated, since each line can unsettle another."""
    lines = list(_totals(table, known))
    out = out.copy()
    for _ in range(len(out) + 1):
        before = out.copy()
        for rows, others in lines:
            out[rows] = _completed(sizes[rows], out[rows], limit, others)
        if (out == before).all():
            return out
    return out


def _totals(table, known):
    """Every set of rows under one total, with the sizes of the groups that belong to it and have no row."""
    apart = [c for c in ADD_UP_APART if c in table and table[c].notna().any()]
    codes = table.groupby(apart, dropna=False, sort=False).ngroup().to_numpy() if apart else np.zeros(len(table), int)
    keys = [c for c in NAMES if c in table]
    for part in range(codes.max() + 1 if len(codes) else 0):
        rows = np.flatnonzero(codes == part)
        those = table.iloc[rows]
        absent = _absent(those, known)
        if "year" in table and keys:
            for axis in ("year", keys[-1]):
                yield from ((rows[inside], ()) for inside in those.groupby(axis).indices.values())
            continue
        yield rows, () if absent is None else absent["n_answers"]
        if "company" in table and ("branch" in table or "work_group" in table):
            gone = {} if absent is None else dict(tuple(absent.groupby("company")["n_answers"]))
            for company, inside in those.groupby("company").indices.items():
                yield rows[inside], gone.get(company, ())


def _absent(those, known):
    """The groups of the study, of the kind the table has, that have no row in it; None where that cannot be told."""
    if known is None:
        return None
    if "group" in those:
        keys, names = ["unit"], those[["group"]].set_axis(["unit"], axis=1)
        if "by" in those and not those["by"].eq("unit").all() or "kind" in those and not those["kind"].eq("unit").all():
            return None
    elif "work_group" in those or "branch" in those:
        keys = [c for c in ("company", "branch", "work_group") if c in those and c in known]
        names = those[keys]
    else:
        keys = [c for c in ("unit", "company") if c in those and c in known][:1]
        names = those[keys]
    if not keys:
        return None
    every = known.groupby(keys, as_index=False)["n_answers"].sum()
    given = pd.MultiIndex.from_frame(names.astype(str))
    return every[~pd.MultiIndex.from_frame(every[keys].astype(str)).isin(given)]
