"""Percentages that look like ratios: 0.09 where 9 was meant. Detected and asked for, never guessed."""

import numpy as np

from cxstudy.faults import Fault
from cxstudy.schema import TABLES

LARGEST_RATIO = 1.5
MARGIN = "operating_margin"


def looks_like_ratio(values):
    """Whether percentages are probably ratios: all within ±1.5, and not all whole numbers; nan are left out.

    >>> looks_like_ratio([0.09, -0.02, 0.11]), looks_like_ratio([9.0, -2.0, 0.4]), looks_like_ratio([1.0, 0.0])
    (True, False, False)
    """
    values = np.asarray(values, float)
    values = values[np.isfinite(values)]
    return bool(len(values) and (np.abs(values) <= LARGEST_RATIO).all() and (values != np.round(values)).any())


def ratio_fault(study, outcome):
    """The `Fault` of an outcome in percent that is written as a ratio in table financials, or None.

    A margin that is computed from revenue and profit has no such fault.
    """
    known = {c.name: c for c in TABLES["financials"].columns}.get(outcome)
    if known is None or known.unit != "%" or not study.has("financials", outcome):
        return None
    values = study.financials.frame()[outcome].dropna()
    if not looks_like_ratio(values):
        return None
    remedy = "multiply the column by 100 (9 % is written 9, not 0.09)"
    if outcome == MARGIN:
        remedy += "; if the margins really are that small, give revenue and operating_profit instead of the margin"
    return Fault(
        f"{outcome} is a percentage.",
        f"all {len(values):,} values between {values.min():g} and {values.max():g}, which looks like a ratio.",
        f"{remedy}.",
        f"{', '.join(study.financials.spec.files.values())}, column {outcome}",
    )
