"""Which numbers must not be shown, because a person could be recognised in them or they could be worked out.

A group with fewer answers than the study's threshold is not shown. Nor may it follow by subtraction: with the total of
all groups and every other group known, the hidden one is the rest. So the groups hidden under one total are at least
two and together have at least the threshold; the smallest shown groups join them until that holds (complementary
suppression, Hundepool et al. 2012, Statistical Disclosure Control, chapter 4).
"""

import numpy as np
import pandas as pd

from cxstudy.counted import is_counted
from cxstudy.engine import fetch
from cxstudy.language import text
from cxstudy.measures.pairing import financial_year

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


class Groups:
    """How many answers every group of a study has, and which groups are secret everywhere.

    ``frames``: customers and employees → frame of unit, company, branch, work_group, year (as far as they are there)
    and n_answers. Customers are counted by their answers to the recommend question where it is there, employees by
    their rows; the year is that of the result an answer is paired with.
    """

    def __init__(self, study):
        self.frames, self._found = {}, {}
        for name in ("customers", "employees"):
            table = getattr(study, "tables", {}).get(name)
            if table is not None:
                self.frames[name] = _sizes(study, name, table)

    def sizes(self, side, names):
        """Answers by the columns ``names``: a Series indexed by tuples of texts."""
        if (side, names) not in self._found:
            frame = self.frames[side]
            keys = list(zip(*(frame[c].astype(str) for c in names), strict=True))
            self._found[side, names] = frame["n_answers"].groupby(pd.Index(keys, tupleize_cols=False)).sum()
        return self._found[side, names]

    def known(self, side, column):
        """The values of a column as a set of texts; empty where there is no such column."""
        if (side, column) not in self._found:
            frame = self.frames.get(side, pd.DataFrame())
            self._found[side, column] = set(frame[column].astype(str)) if column in frame else set()
        return self._found[side, column]

    def secret(self, side, names, limit):
        """The groups by the columns ``names`` that must be hidden in every table, as a set of tuples of texts.

        They are the same in all tables: else one table would show what completes another.
        """
        if (side, names, limit) not in self._found:
            sizes = self.sizes(side, names)
            n = sizes.to_numpy(float)
            out = _lines(pd.DataFrame(list(sizes.index), columns=list(names)), n, n < limit, limit)
            self._found[side, names, limit] = set(sizes.index[out])
        return self._found[side, names, limit]


def _sizes(study, name, table):
    expr = table.expr
    if "date" in table.columns and "year" not in table.columns:
        expr = expr.mutate(year=financial_year(expr["date"], study.year_end) + study.lag)
    keys = [c for c in ("unit", "company", "branch", "work_group", "year") if c in expr.columns]
    score = table.question_for("nps") if name == "customers" else ""
    given = expr[score].count() if score in table.columns else expr.count()
    frame = fetch(expr.group_by(keys).agg(n_answers=expr["n"].sum() if is_counted(table) else given), None)
    return frame[frame["n_answers"] > 0]


def suppress(table, thresholds, *, groups=None, language="en"):
    """The table with the numbers taken out that must not be shown; ``reason`` says so. Names and counts stay.

    ``table`` counts respondents when it has a column n_answers (or n_customers), n_employees, or ``n`` with ``n_unit``
    answers or employees; another table is returned as it is. ``thresholds``: ``{"customers": 5, "employees": 7}``.
    ``groups``: the study's `Groups`: those the table leaves out are hidden as well, and some are hidden in every table.

    Rows add up when they agree in columns such as table, by or question; the total of all of them, of each company's
    groups, and with years of each unit and each year, is taken as known.

    >>> table = pd.DataFrame({"unit": list("abc"), "n_answers": [3, 8, 20], "nps": [1.0, 2.0, 3.0]})
    >>> suppress(table, {"customers": 5})["nps"].tolist()
    [nan, nan, 3.0]
    """
    small, out, limit = hidden_rows(table, thresholds, groups)
    if not out.any():
        return table
    shown = table.copy()
    for name in shown.columns:
        if name not in KEPT and shown[name].dtype.kind in "iufb":
            shown[name] = shown[name].astype(float).mask(out)
    reasons = (
        shown["reason"].astype(object)
        if "reason" in shown
        else pd.Series([None] * len(shown), shown.index, dtype=object)
    )
    for why, key in ((small, "page.too_few"), (out & ~small, "anonymity.neighbour")):
        for threshold in np.unique(limit[why]):
            reasons[why & (limit == threshold)] = text(key, language, threshold=int(threshold))
    shown["reason"] = reasons
    return shown


def hidden_rows(table, thresholds, groups=None):
    """``(small, out, limit)`` of the rows of a table, as in `suppress`: too small, not to be shown, the threshold."""
    counted = _counted(table)
    if not counted or table.empty:
        none = np.zeros(len(table), bool)
        return none, none, np.zeros(len(table))
    limits = pd.DataFrame({c: side.map(lambda s: thresholds.get(s, 0)) for c, side in counted.items()})
    sizes = pd.DataFrame({c: pd.to_numeric(table[c], errors="coerce").astype(float).fillna(0) for c in counted})
    small = (sizes < limits).any(axis=1).to_numpy()
    out = small.copy()
    for c, sides in counted.items():
        for side in sides.dropna().unique():
            rows = np.flatnonzero((sides == side).to_numpy())
            part, limit = table.iloc[rows], thresholds.get(side, 0)
            there = _named(part, groups, side)
            out[rows] |= _secret_rows(part, there, groups, side, limit)
            out[rows] |= _lines(part, sizes[c].to_numpy()[rows], out[rows], limit, groups, side)
    return small, out, limits.max(axis=1).to_numpy()


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


def _lines(table, sizes, out, limit, groups=None, side=""):
    """What must be hidden so that no total gives a group away; repeated, since each line can unsettle another."""
    lines = list(_totals(table, groups, side))
    out = out.copy()
    for _ in range(len(out) + 1):
        before = out.copy()
        for rows, others in lines:
            out[rows] = _completed(sizes[rows], out[rows], limit, others)
        if (out == before).all():
            return out
    return out


def _totals(table, groups, side):
    """Every set of rows under one total, with the sizes of the groups that belong to it and have no row."""
    # a number is no label: in a table of units the column outcome holds the margins
    apart = [c for c in ADD_UP_APART if c in table and table[c].dtype.kind not in "iufb" and table[c].notna().any()]
    codes = table.groupby(apart, dropna=False, sort=False).ngroup().to_numpy() if apart else np.zeros(len(table), int)
    keys = [c for c in NAMES if c in table]
    for part in range(codes.max() + 1 if len(codes) else 0):
        rows = np.flatnonzero(codes == part)
        those = table.iloc[rows]
        there = _named(those, groups, side)
        absent = _absent(those, there, groups, side) if there else None
        if "year" in table and keys:
            axes = ["year", keys[-1]]
        else:
            yield rows, () if absent is None else absent["n_answers"]
            axes = ["company"] if "company" in table and {"branch", "work_group"} & set(keys) else []
        for axis in axes:
            known = absent is not None and axis in absent
            gone = dict(tuple(absent.groupby(axis)["n_answers"])) if known else {}
            for value, inside in those.groupby(axis).indices.items():
                yield rows[inside], gone.get(str(value), ())


def _named(those, groups, side):
    """Columns of `Groups` that name the groups of a table → the table's own; empty where it names none.

    A column unit may hold units of measurement, and a column group industries: its values decide.
    """
    keys = [c for c in NAMES if c in those]
    if groups is None or not keys:
        return {}
    inner = [c for c in keys if c in ("company", "branch", "work_group")]
    there = {("unit" if c == "group" else c): c for c in (inner if len(inner) > 1 else keys[:1])}
    known = all(groups.known(side, name).intersection(those[c].astype(str)) for name, c in there.items())
    return there if known else {}


def _secret_rows(those, there, groups, side, limit):
    """Rows of groups that are secret everywhere, or belong to a unit or year that is."""
    out = np.zeros(len(those), bool)
    names = tuple(there)
    for level in dict.fromkeys((names[:1], names, _with_year(those, names, groups, side))) if names else ():
        secret = groups.secret(side, level, limit)
        if secret:
            keys = zip(*(those[there.get(c, c)].astype(str) for c in level), strict=True)
            out |= np.fromiter((key in secret for key in keys), bool, len(those))
    return out


def _absent(those, there, groups, side):
    """The groups of the study, of the kind the table has, that have no row in it: the table's columns and n_answers."""
    names = _with_year(those, tuple(there), groups, side)
    given = set(zip(*(those[there.get(c, c)].astype(str) for c in names), strict=True))
    gone = [(*key, n) for key, n in groups.sizes(side, names).items() if key not in given]
    return pd.DataFrame(gone, columns=[*(there.get(c, c) for c in names), "n_answers"])


def _with_year(those, names, groups, side):
    return (*names, "year") if "year" in those and groups.known(side, "year") else names
