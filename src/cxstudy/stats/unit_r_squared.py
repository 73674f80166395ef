"""R² of one predictor by whole units, as observed and corrected for its sampling error, and their bootstrap.

Both are functions of sums by unit, so thousands of resamples are one matrix product.
"""

import numpy as np
import pandas as pd

from cxstudy.faults import NotTestable
from cxstudy.stats.intervals import check_confidence
from cxstudy.stats.resampling import bca_row, leave_one_out, multiplicities, percentile_row

KINDS = ("observed", "corrected")


def resampled_r2(y, x, *, error_variance=None, unit=None, confidence=0.95, rng, replicates=2000):
    """R² of ``y`` on ``x`` with the BCa interval of a bootstrap of whole units.

    Parameters
    ----------
    y, x : arrays (n,)
    error_variance : array (n,), optional
        Sampling variance of each x; with it a second row, ``corrected``: every resample by its own reliability,
        cov²/(var y · (var x − mean error variance)), limits kept at 1 or below.
    unit : array (n,), optional
        Rows that are drawn together; None: each row.
    confidence : float in (0, 1)
    rng : numpy.random.Generator
    replicates : int ≥ 100

    Returns
    -------
    DataFrame, one row for observed and, if asked for, corrected: kind, n (rows), units, estimate, std_error, ci_low,
    ci_high, confidence, unit ("share"), method ("BCa", or "percentile" where its formula has no answer), reason.
    A correction that isn't possible (sampling error is all the variance, or is in over 5 % of the resamples) has no
    numbers and says why.

    Raises NotTestable for fewer than 3 units, or y or x without variation. Near R² = 0 the intervals lie too high:
    see :mod:`cxstudy.stats.resampling`.
    """
    check_confidence(confidence)
    y, x = np.asarray(y, float), np.asarray(x, float)
    if np.ptp(y) == 0 or np.ptp(x) == 0:
        raise NotTestable("R² needs an outcome and a predictor that vary.", ["values that differ"])
    error = np.zeros(len(y)) if error_variance is None else np.asarray(error_variance, float)
    dx, dy = (x - x.mean()) / x.std(), (y - y.mean()) / y.std()
    rows = np.column_stack([np.ones(len(y)), dx, dy, dx * dx, dx * dy, dy * dy, error / x.var()])
    codes = np.arange(len(y)) if unit is None else pd.factorize(np.asarray(unit))[0]
    sums = np.zeros((codes.max() + 1, rows.shape[1]))
    np.add.at(sums, codes, rows)
    drawn = multiplicities(rng, len(sums), replicates) @ sums
    left = leave_one_out(len(sums)) @ sums
    kinds = KINDS if error_variance is not None else KINDS[:1]
    both = zip(_shares(sums.sum(axis=0)), _shares(drawn), _shares(left), strict=True)
    found = [_row(kind, *values, confidence) for kind, values in zip(kinds, both, strict=False)]
    return pd.DataFrame([row | {"n": len(y), "units": len(sums)} for row in found])


def _shares(sums):
    """(observed, corrected) from the sums; nan where the corrected variance isn't above 0."""
    n, x, y, xx, xy, yy, error = np.moveaxis(np.asarray(sums, float), -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        var_x, var_y, cov = ((s - a * b / n) / (n - 1) for s, a, b in ((xx, x, x), (yy, y, y), (xy, x, y)))
        true = var_x - error / n
        return cov**2 / (var_x * var_y), cov**2 / (np.where(true > 0, true, np.nan) * var_y)


def _row(kind, estimate, drawn, left, confidence):
    row = {"kind": kind, "confidence": confidence, "unit": "share", "reason": None}
    numbers = ("estimate", "std_error", "ci_low", "ci_high")
    if not np.isfinite(estimate):
        why = "sampling error accounts for all the variation in the scores, so R² can't be corrected for it."
        return row | dict.fromkeys(numbers, np.nan) | {"method": "", "reason": why}
    try:
        found = bca_row(float(estimate), drawn, left, confidence=confidence)
        method = "BCa"
    except NotTestable:
        try:
            found = percentile_row(float(estimate), drawn, units=len(left), confidence=confidence)
            method = "percentile"
        except NotTestable as error:
            return row | dict.fromkeys(numbers, np.nan) | {"method": "", "reason": str(error)}
    values = {name: float(found[name]) for name in numbers}
    return row | {k: v if k == "std_error" else min(v, 1.0) for k, v in values.items()} | {"method": method}
