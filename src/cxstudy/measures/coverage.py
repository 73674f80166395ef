"""Who is in a study and who is not: tables, missing answers, sizes of groups, response."""

import math

import numpy as np
import pandas as pd

from cxstudy.counted import CLASSES, is_counted
from cxstudy.engine import fetch, number
from cxstudy.measures.nps import nps
from cxstudy.stats.intervals import share_error, share_interval
from cxstudy.tally import counts

ASKED = ("customers", "employees")
GROUPS = {"company": "companies", "branch": "branches", "work_group": "work groups"}
NAMED = ("response_id", "company", "branch", "work_group", "customer", "unit", "year", "n")
STEPS = (1, 2, 5)
SHAPE = ("table", "question", "score", "count", "share", "n_answers")
MANY = 25
WORST = 20


def tables(study):
    """One row a table: table, kind (answers, counted, facts), n rows, answers, n_units (companies …), first and last
    date.
    """
    rows = []
    for name, table in study.tables.items():
        expr = table.expr
        kind = "facts" if name not in ASKED else table.rows
        units = expr["unit"].nunique() if "unit" in expr.columns else None
        wanted = {"n": expr.count()} | ({"n_units": units} if units is not None else {})
        wanted |= {"answers": expr["n"].sum()} if kind == "counted" else {}
        when = next((c for c in ("date", "year") if c in table.columns), None)
        wanted |= {"first": expr[when].min().cast("string"), "last": expr[when].max().cast("string")} if when else {}
        row = fetch(expr.agg(**wanted), None).iloc[0].to_dict()
        row.setdefault("answers", row["n"] if kind == "answers" else np.nan)
        rows.append({"table": name, "kind": kind} | row)
    columns = ["table", "kind", "n", "answers", "n_units", "first", "last"]
    return pd.DataFrame(rows).reindex(columns=columns)


def missing(study):
    """One row a table and column: table, column, n rows with a value, n_missing, estimate (% missing); keys are left
    out.
    """
    rows = []
    for name, table in study.tables.items():
        columns = _columns(table)
        if not columns:
            continue
        whole = fetch(table.expr.agg(_rows=table.expr.count(), **_empty(table.expr, columns)), None).iloc[0]
        total = int(whole["_rows"])
        for c in columns:
            gone = int(whole[c] or 0)
            estimate = 100 * gone / total if total else np.nan
            rows.append(
                {
                    "table": name,
                    "column": c,
                    "n": total - gone,
                    "n_missing": gone,
                    "estimate": estimate,
                    "unit": "% of rows",
                }
            )
    return pd.DataFrame(rows, columns=["table", "column", "n", "n_missing", "estimate", "unit"])


def missing_by_unit(study, name):
    """One row a unit and column of table ``name`` (customers or employees): group, column, n_answers, missing (% of rows)."""
    table = study.tables[name]
    columns, rows = _columns(table), table.expr.count()
    sums = {"n_answers": table.expr["n"].sum() if is_counted(table) else rows, "_rows": rows}
    found = table.expr.group_by("unit").agg(**sums, **_empty(table.expr, columns)).order_by("unit")
    wide = fetch(found, None).dropna(subset=["unit"])
    long = wide.melt(id_vars=["unit", *sums], value_vars=columns, var_name="column", value_name="gone")
    long = long.assign(missing=100 * long["gone"].astype(float) / long["_rows"], table=name)
    long = long.rename(columns={"unit": "group"})
    return long[["table", "group", "column", "n_answers", "missing"]]


def missing_map(study, name):
    """`missing_by_unit` small enough to look at: columns table, kind, group, column, n_answers, missing (%).

    ``kind`` is unit, or the fact of companies whose levels are the groups. Up to 25 units are all there. With more
    there are the levels of industry (else size, ownership, country) and the
    20 units with the most missing; units with fewer answers than the study's threshold are never named.
    """
    by_unit = missing_by_unit(study, name)
    sizes = by_unit.drop_duplicates("group").set_index("group")["n_answers"]
    shown = by_unit[by_unit["n_answers"] >= study.thresholds[name]]
    if len(sizes) <= MANY:
        return shown.assign(kind="unit")
    worst = shown.groupby("group")["missing"].mean().sort_values(ascending=False, kind="stable").index[:WORST]
    parts = [shown[shown["group"].isin(worst)].assign(kind="unit")]
    levels, fact = _levels(study)
    if levels is not None:
        found = by_unit.merge(levels, left_on="group", right_on="unit")
        found = found.assign(gone=found["missing"] * found["n_answers"])
        sums = found.groupby(["level", "column"], as_index=False)[["gone", "n_answers"]].sum()
        sums = sums.assign(missing=sums["gone"] / sums["n_answers"], kind=fact, table=name)
        parts.insert(0, sums.rename(columns={"level": "group"}))
    columns = ["table", "kind", "group", "column", "n_answers", "missing"]
    found = pd.concat(parts, ignore_index=True)[columns]
    place = {g: i for i, g in enumerate([*(sorted(levels["level"].unique()) if levels is not None else []), *worst])}
    return found.sort_values("group", key=lambda g: g.map(place), kind="stable", ignore_index=True)


def _levels(study):
    """``(frame of unit and level, fact)`` of the first fact in companies that has 2 to 25 levels; (None, "") without
    one.
    """
    if not study.has("companies") or study.unit != "company":
        return None, ""
    frame = study.companies.frame()
    for fact in ("industry", "size", "ownership", "country"):
        if fact in frame and 2 <= frame[fact].nunique() <= MANY:
            return frame.rename(columns={fact: "level"})[["unit", "level"]].dropna(), fact
    return None, ""


def _columns(table):
    if is_counted(table):
        return [c for q in table.shares.values() for c in q.values()] + [
            c for q in table.means.values() for c in q.values() if c
        ]
    return [c for c in table.columns if c not in NAMED]


def _empty(expr, columns):
    return {c: expr[c].isnull().cast("int64").sum() for c in columns}


def sizes(study):
    """``(summary, classes)`` of the numbers of answers in a study's groups.

    ``summary``, one row a table and kind of group: table, by, threshold, n (groups), n_unit, n_below (groups under the
    threshold), answers, answers_below, smallest, median, largest. ``classes``: table, by, low, high, groups, below: how
    many groups have low … high answers; the threshold is always the start of a class. No group is named.
    """
    summary, classes = [], []
    for name in (n for n in ASKED if study.has(n)):
        table, threshold = study.tables[name], study.thresholds[name]
        for by in (c for c in GROUPS if c in table.columns):
            keys = [by] if by == "company" else [c for c in ("company", by) if c in table.columns]
            count = table.expr["n"].sum() if is_counted(table) else table.expr.count()
            found = fetch(table.expr.group_by(keys).agg(n=count), None).dropna()["n"].astype(int).to_numpy()
            if not len(found):
                continue
            small = found < threshold
            middle = {"smallest": found.min(), "median": float(np.median(found)), "largest": found.max()}
            row = {"table": name, "by": by, "threshold": threshold, "n": len(found), "n_unit": GROUPS[by]}
            row |= {
                "n_below": int(small.sum()),
                "answers": int(found.sum()),
                "answers_below": int(found[small].sum()),
            } | middle
            summary.append(row)
            classes += [{"table": name, "by": by} | c for c in _classes(found, threshold)]
    columns = "table by threshold n n_unit n_below answers answers_below smallest median largest".split()
    return pd.DataFrame(summary, columns=columns), pd.DataFrame(
        classes, columns=["table", "by", "low", "high", "groups", "below"]
    )


def _classes(found, threshold):
    edges, ten = {1, threshold}, 1
    while ten <= found.max() * 10:
        edges |= {step * ten for step in STEPS}
        ten *= 10
    # an edge beside the threshold would leave a class of one or two sizes
    edges = sorted(e for e in edges if e in (1, threshold) or abs(e - threshold) > 0.3 * threshold)
    top = next(e for e in edges if e > found.max())
    edges = [e for e in edges if e <= top]
    for low, high in zip(edges[:-1], edges[1:], strict=True):
        inside = int(((found >= low) & (found < high)).sum())
        yield {"low": low, "high": high - 1, "groups": inside, "below": low < threshold}


def distribution(study, name, score):
    """Answers to ``score`` of a table, 0…10 or, where it is counted, the three classes: table, question, score (as
    text),
    count, share (% of n_answers), n_answers.
    """
    table = study.tables[name]
    cells = counts(table, score).dropna()
    if is_counted(table):
        levels, found = CLASSES[::-1], cells.set_index(score)["n"]
    else:
        levels, found = range(11), cells.set_index(cells[score].astype(int))["n"]
    found = found.reindex(levels, fill_value=0)
    total = found.sum()
    frame = pd.DataFrame(
        {"table": name, "question": score, "score": [str(v) for v in levels], "count": found.to_numpy()}
    )
    return frame.assign(share=100 * frame["count"] / max(total, 1), n_answers=round(total))


def response(study, confidence=0.95):
    """Share of the invited who answered, in percent with its Wilson interval: a dict, or None where it is not known.

    ``n`` counts the invited and ``n_missing`` those of them who did not answer.
    """
    asked = study.invited
    total = int(asked["invited"].sum())
    return _response(int(asked["n_answers"].sum()), total, confidence) if total else None


def response_by_unit(study, confidence=0.95):
    """`response` of each unit the invitations are known of: group, n_answers, n, n_missing, estimate (%), std_error,
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
