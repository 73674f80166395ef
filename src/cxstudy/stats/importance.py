"""How R² divides among predictors: alone, semi-partial and LMG shares from data, with a bootstrap of whole units.

A predictor is one column or a group of columns that belong together. The subsets and their averages are those of
`cxstudy.stats.all_subsets`. The shares describe association.
"""

import numpy as np
import pandas as pd

from cxstudy.faults import NotTestable
from cxstudy.stats.all_subsets import COLLINEAR, lmg, semi_partial, subset_r2
from cxstudy.stats.arguments import check_columns, numbers
from cxstudy.stats.intervals import check_confidence
from cxstudy.stats.resampling import bca_row, leave_one_out, multiplicities, percentile_row

MEASURES = ("alone", "semi_partial", "lmg")
_AT_ONCE = 250


def importance(data, outcome, predictors, *, unit=None, confidence=0.95, rng=None, replicates=2000, drawn=None):
    """Share of the outcome's variation by predictor: alone, semi-partial, LMG, with a bootstrap of whole units.

    Parameters
    ----------
    data : DataFrame
        Complete numeric columns, one row an observation.
    outcome : str
    predictors : dict name → column or list of columns
        A list is a group that enters and leaves together.
    unit : str, optional
        Column of units that are resampled whole; None: each row is a unit.
    confidence : float in (0, 1)
    rng : numpy.random.Generator
        Needed unless ``replicates`` is 0, which gives no intervals.
    replicates : int
    drawn : array (replicates, units), optional
        Multiplicities already drawn, in place of ``rng``: two models of the same units then share them.

    Returns
    -------
    DataFrame, a row per predictor and measure (alone, semi_partial, lmg): predictor, measure, columns, n (rows), units,
    estimate (share of all variation), of_model (share of the model's R²), std_error, ci_low, ci_high, confidence, unit
    ("share"), method, model_r2.

    Raises
    ------
    NotTestable for collinear columns (named), a constant column or outcome, or fewer than columns + 3 rows; ValueError
    for unknown columns.

    Notes
    -----
    BCa with the jackknife over units; where its formula has no answer, percentile. A share can't be negative, so
    near 0 these intervals lie too high: they don't hold a true 0.
    """
    check_confidence(confidence)
    groups = {name: [c] if isinstance(c, str) else list(c) for name, c in predictors.items()}
    columns = [c for group in groups.values() for c in group]
    check_columns(data, [*columns, outcome, *([unit] if unit else [])])
    values = np.column_stack([numbers(data, c) for c in [*columns, outcome]])
    _fit_for_it(values, columns, outcome)
    sizes = [len(group) for group in groups.values()]
    codes = np.arange(len(values)) if unit is None else pd.factorize(data[unit])[0]
    sums = _unit_products((values - values.mean(axis=0)) / values.std(axis=0), codes)
    whole = _measures(sums.sum(axis=0)[None], sizes)[0]
    units = len(sums)
    table = pd.DataFrame([
        {"predictor": name, "measure": measure, "columns": len(group), "n": len(values), "units": units}
        for name, group in groups.items() for measure in MEASURES
    ])
    estimate, model = whole[:, :-1].T.ravel(), float(whole[0, -1])
    table = table.assign(estimate=estimate, of_model=estimate / model if model > 0 else np.nan)
    if replicates:
        drawn = _resampled(sums, multiplicities(rng, units, replicates) if drawn is None else drawn, sizes)
        left = _resampled(sums, leave_one_out(units), sizes)
        rows = [_interval(e, drawn[:, i], left[:, i], confidence) for i, e in enumerate(estimate)]
        table = table.join(pd.DataFrame(rows))
    return table.assign(confidence=confidence, unit="share", model_r2=model)


def _fit_for_it(values, columns, outcome):
    n, q = len(values), len(columns)
    if not np.isfinite(values).all():
        raise ValueError("every row must have all columns; found missing values. Leave those rows out, and count them.")
    if n < q + 3:
        raise NotTestable(f"a model with {q} columns needs at least {q + 3} rows; found {n}.", ["more units"])
    flat = [c for c, spread in zip([*columns, outcome], np.ptp(values, axis=0), strict=True) if spread == 0]
    if flat:
        found = f"each column must vary; {', '.join(flat)} doesn't. Leave it out."
        raise NotTestable(found, [f"{flat[0]} that varies"])
    matrix = np.corrcoef(values[:, :q], rowvar=False).reshape(q, q)
    if np.linalg.eigvalsh(matrix)[0] < COLLINEAR:
        roots, vectors = np.linalg.eigh(matrix)
        blamed = np.abs(vectors[:, roots < COLLINEAR]).max(axis=1) > 1e-6
        names = ", ".join(c for c, found in zip(columns, blamed, strict=True) if found)
        raise NotTestable(
            f"predictors must not determine one another; {names} do, so R² can't be divided among them. Leave one out.",
            ["predictors that are not combinations of the others"],
        )


def _unit_products(values, codes):
    """Sums by unit of 1, z and z z' over the standardised columns: (units, q + 2, q + 2), the 1 first."""
    full = np.column_stack([np.ones(len(values)), values])
    products = full[:, :, None] * full[:, None, :]
    if len(np.unique(codes)) == len(values):
        return products
    out = np.zeros((codes.max() + 1, *products.shape[1:]))
    np.add.at(out, codes, products)
    return out


def _measures(sums, sizes):
    """(B, 3, p + 1): alone, semi-partial and LMG by predictor; the last column is the model's R²."""
    count, total = sums[:, 0, 0], sums[:, 0, 1:]
    r2 = subset_r2(sums[:, 1:, 1:] - total[:, :, None] * total[:, None, :] / count[:, None, None], sizes)
    alone = r2[:, [1 << j for j in range(len(sizes))]]
    parts = np.stack([alone, semi_partial(r2), lmg(r2)], axis=1)
    return np.concatenate([parts, np.broadcast_to(r2[:, -1, None, None], (*parts.shape[:2], 1))], axis=2)


def _resampled(sums, drawn, sizes):
    """The measures of every row of multiplicities, predictor by predictor: (B, p · 3)."""
    flat, width, out = sums.reshape(len(sums), -1), sums.shape[1], []
    for start in range(0, len(drawn), _AT_ONCE):
        part = (drawn[start : start + _AT_ONCE].astype(float) @ flat).reshape(-1, width, width)
        found = _measures(part, sizes)[..., :-1]
        out.append(np.swapaxes(found, 1, 2).reshape(len(found), -1))
    return np.concatenate(out)


def _interval(estimate, drawn, left, confidence):
    try:
        row = bca_row(estimate, drawn, left, confidence=confidence)
    except NotTestable:
        row = percentile_row(estimate, drawn, units=len(left), confidence=confidence)
    return {name: row[name] for name in ("std_error", "ci_low", "ci_high", "method")}
