"""Employees' and customers' scales along the service-profit chain by the finest groups there are, in one query a side."""

import numpy as np
import pandas as pd

from cxstudy.counted import is_counted
from cxstudy.grouping_sets import sums_by
from cxstudy.measures.asked import KEYS
from cxstudy.measures.index import fewest_answered, index_column
from cxstudy.measures.pairing import financial_year, waves_are_years
from cxstudy.quoting import named
from cxstudy.tally import moments


def chain_cells(study, scales, years):
    """(side, scale) → n and mean by the finest groups, from which every frame is rolled up.

    ``scales``: as made by `chain_scales`; ``years``: side → what `year_column` says. All scales of a side have the same
    groups in the same order.
    """
    found = {}
    for side in ("employees", "customers"):
        if not study.has(side):
            continue
        table = getattr(study, side)
        have = [c for c in ("unit", *KEYS, "role") if c == "unit" or study.has(side, c)]
        by = [*have, "year"] if years[side] else have
        asked = scales.staff if side == "employees" else scales.customers
        if is_counted(table):
            made = _counted_indices(table, asked, by)
        else:
            made = _indices(dated(study, side) if years[side] else table.expr, asked, by)
        found |= {(side, name): frame for name, frame in made.items()}
    return found


def year_column(study, side):
    """How answers of a side have a year: ``year`` (counted), ``date``, ``wave`` (named by years), or None."""
    if not study.has(side):
        return None
    table = getattr(study, side)
    if is_counted(table):
        return "year" if "year" in table.columns else None
    if "date" in table.columns:
        return "date"
    if side == "customers":
        return "wave" if waves_are_years(study) else None
    if "wave" not in table.columns:
        return None
    waves = table.expr.select("wave").distinct().to_pyarrow()["wave"].to_pylist()
    return "wave" if all(w is not None and len(w) == 4 and w.isdigit() for w in waves) else None


def dated(study, side):
    """The answers of a side with the column year, that of the financial year they fall in."""
    table, how = getattr(study, side), year_column(study, side)
    if how == "date":
        return table.expr.mutate(year=financial_year(table.expr["date"], study.config.year_end))
    if how == "wave":
        return table.expr.mutate(year=table.expr["wave"].cast("int64"))
    return table if is_counted(table) else table.expr


def _indices(data, scales, by):
    """Scale → n and mean of its index by group, of all scales in one query."""
    if not scales:
        return {}
    # numbered, as the name of a scale may be anything
    columns = {f"_scale{i}": index_column(data, items) for i, items in enumerate(scales.values())}
    sums = {f"n{i}": f"count({named(c)})::DOUBLE" for i, c in enumerate(columns)}
    sums |= {f"mean{i}": f"avg({named(c)})" for i, c in enumerate(columns)}
    (cells,) = sums_by(data.mutate(**columns), [tuple(by)], sums)
    return {name: cells[by].assign(n=cells[f"n{i}"], mean=cells[f"mean{i}"]) for i, name in enumerate(scales)}


def _means(m):
    return m.total[:, 0] / np.where(m.n > 0, m.n, np.nan) + m.centre[0]


def _counted_indices(table, scales, by):
    """As `_indices`, of published means: of all groups that one of the scales has."""
    made = {name: _counted_index(table, items, by) for name, items in scales.items()}
    if not made:
        return {}
    every = pd.concat([frame[by] for frame in made.values()]).drop_duplicates().sort_values(by, ignore_index=True)
    return {name: every.merge(frame, on=by, how="left").fillna({"n": 0}) for name, frame in made.items()}


def _counted_index(table, items, by):
    """n and mean of an index by group, from published means."""
    parts = []
    for question, scale in items.items():
        m = moments(table, question, by=by)
        parts.append(m.keys.assign(n=m.n, mean=scale.index(_means(m))))
    whole = pd.concat(parts, ignore_index=True)
    whole = whole[whole["mean"].notna()]
    rolled = whole.groupby(by, as_index=False, dropna=False).agg(n=("n", "min"), mean=("mean", "mean"), k=("n", "size"))
    return rolled[rolled["k"] >= fewest_answered(len(items))].drop(columns="k")
