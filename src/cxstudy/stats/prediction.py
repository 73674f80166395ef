"""How well an outcome is predicted where it wasn't seen: each unit from all the others, and which predictor is best."""

from itertools import combinations

import numpy as np
import pandas as pd

from cxstudy.faults import NotTestable
from cxstudy.stats.intervals import check_confidence
from cxstudy.stats.resampling import bca_row, leave_one_out, multiplicities, percentile_row

FEWEST_UNITS = 4
_SINGULAR = 1e-10
_AT_ONCE = 50


def left_out_errors(y, x, unit=None):
    """Squared errors when each unit is predicted by a line fitted to all the others.

    ``y`` (n,), ``x`` (n,) or (n, p), ``unit`` (n,): rows that are left out together, None: each row. Returns two arrays
    (n,): the squared errors of the regression, and those of the others' mean. Closed form from sums, no random folds.
    NotTestable for fewer than 4 units, or where without one unit the predictors don't vary.

    >>> errors, base = left_out_errors([1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0])
    >>> round(float(errors.sum()), 12), round(float(base.sum()), 3)
    (0.0, 8.889)
    """
    y, x = np.asarray(y, float), np.asarray(x, float)
    x = x[:, None] if x.ndim == 1 else x
    codes = np.arange(len(y)) if unit is None else pd.factorize(np.asarray(unit))[0]
    units = codes.max() + 1 if len(codes) else 0
    if units < FEWEST_UNITS:
        raise NotTestable(f"prediction of units left out needs at least {FEWEST_UNITS}; found {units}.", ["more units"])
    spread = x.std(axis=0)
    design = np.column_stack([np.ones(len(y)), (x - x.mean(axis=0)) / np.where(spread > 0, spread, 1)])
    rows = np.column_stack([design, y])
    products = np.zeros((units, rows.shape[1], rows.shape[1]))
    np.add.at(products, codes, rows[:, :, None] * rows[:, None, :])
    others = products.sum(axis=0) - products
    left, right = others[:, :-1, :-1], others[:, :-1, -1]
    if (np.linalg.eigvalsh(left / left[:, :1, :1])[:, 0] < _SINGULAR).any():
        raise NotTestable(
            "without one of the units the predictors no longer vary, or determine one another, so that unit can't be "
            "predicted. Collect more units, or leave a predictor out.",
            ["more units"],
        )
    fitted = np.einsum("ij,ij->i", design, np.linalg.solve(left, right[..., None])[codes, :, 0])
    mean = (right[:, 0] / left[:, 0, 0])[codes]
    return (y - fitted) ** 2, (y - mean) ** 2


def cross_validated_r2(y, x, *, unit=None, confidence=0.95, rng, replicates=2000):
    """1 − squared errors of units left out / those of the others' mean; negative when the mean predicts better.

    ``y``, ``x``, ``unit`` (n,) as in :func:`left_out_errors`, one predictor; ``rng`` a numpy.random.Generator. Returns
    a dict: n (rows), estimate, std_error, ci_low, ci_high, confidence, unit, method. BCa interval of whole units: every
    resample is cross-validated anew, all copies of a unit being left out together. Of 400 simulated studies of 100
    units the 95 % interval held a population R² of .20 in 96 %, of .03 in 99 % and of 0 in all: near 0 it is too wide, not
    too narrow.
    """
    check_confidence(confidence)
    errors, base = left_out_errors(y, x, unit)
    sums = _sums(y, x, unit)
    estimate = float(1 - errors.sum() / base.sum())
    drawn = _left_out_r2(sums, multiplicities(rng, len(sums), replicates))
    left = _left_out_r2(sums, leave_one_out(len(sums)))
    try:
        row = bca_row(estimate, drawn, left, confidence=confidence, unit="share")
    except NotTestable:
        row = percentile_row(estimate, drawn, units=len(sums), confidence=confidence, unit="share")
    names = ("estimate", "std_error", "ci_low", "ci_high", "confidence", "unit", "method")
    return {"n": len(errors)} | {k: row[k] for k in names}


def best_predictor(panels, predictors, *, unit="unit", outcome="outcome", confidence=0.95, rng, replicates=2000):
    """Which of several single predictors predicts best, in one or several panels taken together.

    Parameters
    ----------
    panels : list of DataFrames
        One per outcome: columns ``unit``, ``outcome`` and all ``predictors``, complete.
    predictors : list of m ≥ 2 column names
    confidence : float in (0, 1)
    rng : numpy.random.Generator
    replicates : int
        Resamples of whole units, the same units in every panel; each is cross-validated anew.

    Returns
    -------
    ``(ranks, gaps)``. ranks: a row per predictor, best first: predictor, n (rows of all panels), units, estimate
    (cross-validated R², the mean over the panels), std_error, ci_low, ci_high, rank, rank_low, rank_high. gaps: a row
    per pair: first, second, estimate (R² of the first minus the second), std_error, ci_low, ci_high (simultaneous).

    Notes
    -----
    The rank set of a predictor: 1 + those surely better … m − those surely worse, *surely* by the simultaneous
    intervals of all pairs (largest studentised difference over the resamples), after Mogstad, Romano, Shaikh &
    Wilhelm (2024, Review of Economic Studies 91). Two predictors that predict alike share ranks.
    """
    check_confidence(confidence)
    if len(predictors) < 2:
        raise NotTestable(f"to compare, two predictors are needed; found {len(predictors)}.", ["another predictor"])
    names = pd.unique(np.concatenate([panel[unit].to_numpy() for panel in panels]))
    drawn = multiplicities(rng, len(names), replicates)
    whole, parts = 0, 0
    for panel in panels:
        errors = [left_out_errors(panel[outcome], panel[p], panel[unit]) for p in predictors]
        whole = whole + np.array([1 - found.sum() / base.sum() for found, base in errors]) / len(panels)
        there = drawn[:, pd.Index(names).get_indexer(panel[unit].unique())]
        sums = [_sums(panel[outcome], panel[p], panel[unit]) for p in predictors]
        parts = parts + np.column_stack([_left_out_r2(each, there) for each in sums]) / len(panels)
    gaps, low, high = _gaps(whole, parts, predictors, confidence)
    ends = np.quantile(parts, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    ranks = pd.DataFrame({
        "predictor": predictors, "n": sum(len(p) for p in panels), "units": len(names), "estimate": whole,
        "std_error": parts.std(axis=0, ddof=1), "ci_low": ends[0], "ci_high": ends[1],
        "rank": pd.Series(whole).rank(ascending=False, method="min").astype(int), "rank_low": low, "rank_high": high,
    })  # fmt: skip
    return ranks.sort_values("estimate", ascending=False, ignore_index=True), gaps


def _gaps(whole, parts, predictors, confidence):
    """All pairs with simultaneous intervals, and the lowest and highest rank each predictor may have."""
    pairs = list(combinations(range(len(predictors)), 2))
    estimate = np.array([whole[i] - whole[j] for i, j in pairs])
    resampled = np.column_stack([parts[:, i] - parts[:, j] for i, j in pairs])
    error = resampled.std(axis=0, ddof=1)
    safe = np.where(error > 0, error, np.inf)
    reach = np.quantile((np.abs(resampled - estimate) / safe).max(axis=1), confidence) * error
    low, high = np.ones(len(predictors), int), np.full(len(predictors), len(predictors))
    for (i, j), value, half in zip(pairs, estimate, reach, strict=True):
        if abs(value) > half:
            better, worse = (i, j) if value > 0 else (j, i)
            low[worse] += 1
            high[better] -= 1
    table = pd.DataFrame({
        "first": [predictors[i] for i, _ in pairs], "second": [predictors[j] for _, j in pairs], "estimate": estimate,
        "std_error": error, "ci_low": estimate - reach, "ci_high": estimate + reach,
    })  # fmt: skip
    return table, low, high


def _left_out_r2(sums, times):
    """Cross-validated R² of each row of multiplicities, from the sums by unit of `_sums`; nan without variation."""
    out = []
    for start in range(0, len(times), _AT_ONCE):
        m = times[start : start + _AT_ONCE].astype(float)
        total = m @ sums
        n, x, y, xx, xy, _ = (total[:, k, None] - m * sums[:, k] for k in range(6))
        with np.errstate(divide="ignore", invalid="ignore"):
            spread = xx - x * x / n
            slope = (xy - x * y / n) / np.where(spread > _SINGULAR * n, spread, np.nan)
            start_at, mean = (y - slope * x) / n, y / n
        one, own_x, own_y, own_xx, own_xy, own_yy = sums.T
        crossed = start_at * own_y + slope * own_xy - start_at * slope * own_x
        errors = own_yy - 2 * crossed + start_at**2 * one + slope**2 * own_xx
        base = own_yy - 2 * mean * own_y + mean**2 * one
        errors, base = ((np.where(m > 0, m * part, 0)).sum(axis=1) for part in (errors, base))
        out.append(1 - errors / base)
    return np.concatenate(out)


def _sums(y, x, unit):
    """Sums by unit, in order of appearance, of 1, x, y, x², xy, y² of the standardised values: (units, 6)."""
    y, x = np.asarray(y, float), np.asarray(x, float)
    y, x = (y - y.mean()) / y.std(), (x - x.mean()) / x.std()
    rows = np.column_stack([np.ones(len(y)), x, y, x * x, x * y, y * y])
    if unit is None:
        return rows
    codes = pd.factorize(np.asarray(unit))[0]
    sums = np.zeros((codes.max() + 1, rows.shape[1]))
    np.add.at(sums, codes, rows)
    return sums
