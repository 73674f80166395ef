"""Are companies whose employees recommend them more profitable? Margin by the sign of eNPS: difference, then ratio."""

import numpy as np
import pandas as pd

from cxstudy.measures.ambassadors import LEAST_ON_A_SIDE
from cxstudy.measures.nps import enps
from cxstudy.measures.pairing import MARGIN, results_of
from cxstudy.measures.percent import ratio_fault
from cxstudy.stats.differences import Centred
from cxstudy.stats.fieller import ratio_of_means

QUESTION = "recommend_employer"
COLUMNS = [
    "statistic_of", "n", "n_positive", "n_negative", "n_zero", "estimate", "std_error", "ci_low", "ci_high",
    "statistic", "df", "p_value", "confidence", "method", "reason",
]  # fmt: skip


def profit_units(study, least):
    """(frame of unit, n employees, enps, outcome; None), or (None, why: a code).

    Units are those the study has results of; their eNPS is over all employees of at least ``least``, their outcome the
    mean operating margin of the years, in %.
    """
    if QUESTION not in study.employees.questions or not _splits(study.employees):
        return None, "no-enps"
    if not study.has("financials"):
        return None, "no-financials"
    derived = study.has("financials", "revenue", "operating_profit")
    if not derived and not study.has("financials", MARGIN) or ratio_fault(study, MARGIN):
        return None, "no-margin"
    results, _ = results_of(study, MARGIN, ["unit"])
    staff = enps(study.employees, QUESTION, by="unit")
    # a key called unit takes the place of the unit of measurement
    staff = staff.loc[staff["unit"].notna() & (staff["n"] >= least), ["unit", "n", "estimate"]]
    return staff.rename(columns={"estimate": "enps"}).merge(results[["unit", "outcome"]], on="unit"), None


def profit_by_enps(units, why, confidence):
    """Operating margin of the units with positive eNPS against those with negative: one row a ``statistic_of``.

    ``units``, ``why`` as from `profit_units`. Rows: positive, negative (means), difference (Welch's t), ratio (of the
    two means, Fieller's interval; only where both are positive). A unit whose eNPS is exactly 0 is neither (n_zero).
    Fewer than 8 on a side are not compared.
    """
    names = ("positive", "negative", "difference", "ratio")
    if why is not None:
        return pd.DataFrame([{"statistic_of": k, "reason": why} for k in names]).reindex(columns=COLUMNS)
    above, below = (units.loc[side, "outcome"].to_numpy() for side in (units["enps"] > 0, units["enps"] < 0))
    base = {"n": len(above) + len(below), "n_positive": len(above), "n_negative": len(below), "confidence": confidence}
    base["n_zero"] = int((units["enps"] == 0).sum())
    if min(len(above), len(below)) < LEAST_ON_A_SIDE:
        rows = [base | {"statistic_of": k, "reason": "few-signs"} for k in names]
        return pd.DataFrame(rows).reindex(columns=COLUMNS)
    sides = [
        Centred(*(np.array([v]) for v in (part.mean(), part.std(ddof=1) / np.sqrt(len(part)), len(part) - 1.0)))
        for part in (above, below)
    ]
    rows = []
    for name, one in zip(names, (*sides, sides[0].minus(sides[1])), strict=False):
        (low, high), (statistic, p) = one.interval(confidence), one.test()
        row = {"estimate": one.centre[0], "std_error": one.error[0], "ci_low": low[0], "ci_high": high[0]}
        row |= {"statistic": statistic[0], "df": one.df[0], "p_value": p[0]}
        rows.append(base | {"statistic_of": name, "method": "Welch t" if name == "difference" else "mean, t"} | row)
    ratio = ratio_of_means(above, below, confidence=confidence)
    reason = {"too-few": "few-signs"}.get(ratio["reason"], ratio["reason"])
    rows.append(base | {"statistic_of": "ratio"} | ratio | {"reason": reason})
    return pd.DataFrame(rows).reindex(columns=COLUMNS)


def _splits(table):
    if table.rows == "counted":
        return QUESTION in table.shares
    return (table.column(QUESTION).low, table.column(QUESTION).high) == (0, 10)
