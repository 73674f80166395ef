"""Who is in a study and who is not: tables, missing answers, sizes of groups; `response` has who was asked."""

import numpy as np
import pandas as pd

from cxstudy.counted import CLASSES, is_counted
from cxstudy.grouping_sets import sums_by
from cxstudy.held import held
from cxstudy.quoting import named
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
        cells = _cells(study, name)
        row = {"table": name, "kind": "facts" if name not in ASKED else table.rows, "n": int(cells["_rows"].sum())}
        row["answers"] = int(cells["_answers"].sum()) if name in ASKED else np.nan
        row["n_units"] = int(cells["unit"].notna().sum())
        if {"date", "year"} & set(table.columns):
            first, last = cells["_first"].dropna(), cells["_last"].dropna()
            row |= {"first": first.min() if len(first) else None, "last": last.max() if len(last) else None}
        rows.append(row)
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
        cells = _cells(study, name)
        total = int(cells["_rows"].sum())
        for c in columns:
            gone = total - int(cells[c].sum())
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
    columns = _columns(study.tables[name])
    cells = _cells(study, name).dropna(subset=["unit"]).rename(columns={"_answers": "n_answers"})
    long = cells.melt(id_vars=["unit", "n_answers", "_rows"], value_vars=columns, var_name="column", value_name="there")
    long = long.assign(missing=100 * (long["_rows"] - long["there"]).astype(float) / long["_rows"], table=name)
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


def _cells(study, name):
    """A table by unit (a row without one for those that name none): _rows, _answers, _first and _last date or year as
    text, and for each of its columns how many rows have a value; read once for a study.
    """
    return held(study, ("filled", name), lambda: _read_cells(study.tables[name]))


def _read_cells(table):
    when = next((named(c) for c in ("date", "year") if c in table.columns), "NULL")
    sums = {"_rows": "count(*)", "_answers": "coalesce(sum(n), 0)::BIGINT" if is_counted(table) else "count(*)"}
    sums |= {"_first": f"min({when})::VARCHAR", "_last": f"max({when})::VARCHAR"}
    (found,) = sums_by(table.expr, [("unit",)], sums | {c: f"count({named(c)})" for c in _columns(table)})
    return found


def sizes(study):
    """``(summary, classes)`` of the numbers of answers in a study's groups.

    ``summary``, one row a table and kind of group: table, by, threshold, n (groups), n_unit, n_below (groups under the
    threshold), answers, answers_below, smallest, median, largest. ``classes``: table, by, low, high, groups, below: how
    many groups have low … high answers; the threshold is always the start of a class. No group is named.
    """
    summary, classes = [], []
    for name in (n for n in ASKED if study.has(n)):
        table, threshold = study.tables[name], study.thresholds[name]
        kinds = [c for c in GROUPS if c in table.columns]
        sets = [(by,) if by == "company" or "company" not in table.columns else ("company", by) for by in kinds]
        count = {"n": "sum(n)::BIGINT" if is_counted(table) else "count(*)"}
        for by, cells in zip(kinds, sums_by(table.expr, sets, count) if sets else (), strict=True):
            found = cells.dropna().iloc[:, -1].astype(int).to_numpy()
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


def distribution(study, name, score, cells=None):
    """Answers to ``score`` of a table, 0…10 or, where it is counted, the three classes: table, question, score (as
    text),
    count, share (% of n_answers), n_answers. ``cells``: the answers counted, columns ``score`` and n, where they are.
    """
    table = study.tables[name]
    cells = (counts(table, score) if cells is None else cells[[score, "n"]]).dropna()
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
