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
from cxstudy.held import held
from cxstudy.language import text
from cxstudy.measures.pairing import financial_year
from cxstudy.named_rows import NamedRows

COUNTERS = {"n_answers": "customers", "n_customers": "customers", "n_employees": "employees"}
RESPONDENTS = {"answers": "customers", "customers": "customers", "employees": "employees"}
KEPT = ("n", "n_answers", "n_customers", "n_employees", "n_missing", "confidence", "year", "tier", "threshold")
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
    if count == 0 or (count >= FEWEST and total >= limit):
        return out
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

    @classmethod
    def of(cls, study):
        """The groups of a study, counted once as long as it is open."""
        return held(study, "groups", lambda: cls(study))

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
            rows = NamedRows(pd.DataFrame(list(sizes.index), columns=list(names)))
            out = _lines(rows, n, n < limit, limit)
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
    limits, sizes = {}, {}
    for c, sides in counted.items():
        limits[c] = np.array([thresholds.get(side, 0) for side in sides])
        sizes[c] = pd.to_numeric(table[c], errors="coerce").astype(float).fillna(0).to_numpy()
    small = np.any([sizes[c] < limits[c] for c in counted], axis=0)
    out = small.copy()
    for c, sides in counted.items():
        for side in dict.fromkeys(side for side in sides if side is not None):
            rows = np.flatnonzero(sides == side)
            limit = thresholds.get(side, 0)
            part = NamedRows(table if len(rows) == len(table) else table.iloc[rows], groups, side)
            out[rows] |= _secret_rows(part, limit)
            out[rows] |= _lines(part, sizes[c][rows], out[rows], limit)
    return small, out, np.max(list(limits.values()), axis=0)


def _counted(table):
    """Column that counts respondents → the side of each row, an array; empty for a table that counts none."""
    found = {c: np.full(len(table), side, object) for c, side in COUNTERS.items() if c in table}
    units = [RESPONDENTS.get(unit) for unit in table["n_unit"]] if "n_unit" in table else None
    if "n_answers" in found and "table" in table:
        named = table["table"].to_numpy(object)
        found["n_answers"] = np.array([n if n in COUNTERS.values() else "customers" for n in named], object)
    if "n_answers" in found and units is not None:
        sides = [unit or side for unit, side in zip(units, found["n_answers"], strict=True)]
        found["n_answers"] = np.array(sides, object)
    if not found and "n" in table and units is not None and any(units):
        return {"n": np.array(units, object)}
    return found


def _lines(part, sizes, out, limit):
    """What must be hidden so that no total gives a group away; repeated, since each line can unsettle another."""
    lines = list(_totals(part))
    out = out.copy()
    for _ in range(len(out) + 1):
        before = out.copy()
        for rows, others in lines:
            out[rows] = _completed(sizes[rows], out[rows], limit, others)
        if (out == before).all():
            return out
    return out


def _totals(part):
    """Every set of rows under one total, with the sizes of the groups that belong to it and have no row."""
    table, keys = part.table, part.keys
    # a number is no label: in a table of units the column outcome holds the margins
    apart = [c for c in ADD_UP_APART if c in table and table[c].dtype.kind not in "iufb" and table[c].notna().any()]
    for rows in _alike([table[c] for c in apart], len(table)):
        there = part.named(rows)
        columns, names, gone = part.absent(rows, there) if there else ([], [], np.zeros(0))
        if "year" in table and keys:
            axes = ["year", keys[-1]]
        else:
            yield rows, gone
            axes = ["company"] if "company" in table and {"branch", "work_group"} & set(keys) else []
        for axis in axes:
            own = np.array([key[columns.index(axis)] for key in names], object) if axis in columns else None
            code, values = pd.factorize(table[axis].iloc[rows], sort=True)
            for place, value in enumerate(values):
                yield rows[code == place], () if own is None else gone[own == str(value)]


def _alike(columns, size):
    """The rows that agree in all ``columns`` (Series), as arrays of places, in the order of their first rows."""
    code = np.zeros(size, int)
    for column in columns:
        own, values = pd.factorize(column, use_na_sentinel=False)
        code, _ = pd.factorize(code * len(values) + own)
    order = np.argsort(code, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(code[order])) + 1) if size else []


def _secret_rows(part, limit):
    """Rows of groups that are secret everywhere, or belong to a unit or year that is."""
    out, there = np.zeros(len(part), bool), part.named()
    names = tuple(there)
    for level in dict.fromkeys((names[:1], names, part.with_year(names))) if names else ():
        secret = part.groups.secret(part.side, level, limit)
        if secret:
            keys = zip(*(part.texts(there.get(c, c)) for c in level), strict=True)
            out |= np.fromiter((key in secret for key in keys), bool, len(part))
    return out
