"""The share of disengaged employees in each work group, and what goes with it at the customers."""

import numpy as np
import pandas as pd

from cxstudy.counted import is_counted
from cxstudy.engine import fetch
from cxstudy.measures.ambassadors import PER
from cxstudy.measures.asked import KEYS
from cxstudy.measures.index import Scale, index_column
from cxstudy.stats.regression import nothing
from cxstudy.stats.robustness import scaled

CUTS = (25.0, 37.5, 50.0, 62.5)
QUESTION, DETRACTOR = "recommend_employer", 6
COLUMNS = [
    "definition", "below", "within", "primary", "n", "share", "estimate", "std_error", "ci_low", "ci_high", "statistic",
    "df", "p_value", "method", "reason",
]  # fmt: skip


def disengaged_shares(parts, below):
    """One row a work group, in the order of ``parts.groups``: % of its employees that are disengaged, by definition.

    An employee is disengaged whose mean of good_company, trust and thriving lies under ``below`` on 0–100 (50: the
    middle of the scale; on 1–5 a mean under 3), by the index rule of `measures.index`. Columns: ``feelings <cut>`` for
    ``below`` and `CUTS`, and ``detractors`` (recommend_employer 0–6 of 0–10) where that was asked. nan where fewer
    employees than the minimum answered. None where the source holds no single answers or the feelings were not asked.
    """
    table, asked = parts.study.employees, parts.asked
    if not asked.feelings or is_counted(table):
        return None
    index = index_column(table.expr, {q: asked.employees[q] for q in asked.feelings})
    ready = table.expr.mutate(index_=index)
    cuts = sorted({*CUTS, float(below)})
    sums = {"n_feelings": ready["index_"].count()}
    sums |= {f"low{i}": (ready["index_"] < cut - 1e-9).cast("int64").sum() for i, cut in enumerate(cuts)}
    detractors = asked.employees.get(QUESTION) == Scale(0, 10)
    if detractors:
        answer = ready[QUESTION]
        sums |= {"n_detractors": answer.count(), "detractors": (answer <= DETRACTOR).cast("int64").sum()}
    found = fetch(ready.group_by(KEYS).agg(**sums), table)
    found = parts.groups[KEYS].merge(found, on=KEYS, how="left")
    least = parts.fewest[1]
    shares = {f"feelings {cut:g}": (found[f"low{i}"], found["n_feelings"]) for i, cut in enumerate(cuts)}
    if detractors:
        shares["detractors"] = found["detractors"], found["n_detractors"]
    return pd.DataFrame({k: 100 * (part / n.where(n >= least)) for k, (part, n) in shares.items()}).astype(float)


def disengaged(parts, shares, below):
    """Change of the customers' index (0–100) for +10 percentage points of disengaged employees, by definition.

    ``shares`` as from `disengaged_shares`. Columns: definition (feelings, detractors), below (the cut on 0–100, nan for
    detractors), within (True: companies' means taken out of both), primary (ours), n work groups, share (mean % of
    disengaged), then the vocabulary; clustered by company where there are ten. No rows without ``shares``.
    """
    rows = []
    for name in () if shares is None else shares.columns:
        known = shares[name].notna().to_numpy()
        definition, _, cut = name.partition(" ")
        base = {"definition": definition, "below": float(cut) if cut else np.nan, "share": float(shares[name].mean())}
        primary = definition == "feelings" and float(cut) == below
        for within in (False, True):
            row = nothing(int(known.sum()), "too-few")
            if known.sum() >= 3:
                x = shares[name].to_numpy()[known]
                row = scaled(parts.line(parts.groups["cx_index"].to_numpy()[known], x, known, within=within), PER)
            rows.append(base | {"within": within, "primary": primary and not within} | row)
    return pd.DataFrame(rows).reindex(columns=COLUMNS)


def disengaged_row(table, definition, below, within=False):
    """The row of one definition as a dict; a reason where there is none."""
    part = table[(table["definition"] == definition) & (table["within"] == within)] if len(table) else table
    part = part[part["below"] == below] if definition == "feelings" and len(part) else part
    return part.iloc[0].to_dict() if len(part) else {"reason": "not-asked-singly"}
