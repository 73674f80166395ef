"""How R² divides among predictors: every subset, shares by level, LMG, semi-partial.

A predictor is one column or a group of columns that belong together (the dummies of one factor), which enter and
leave as a block. Everything starts from correlations, so a bootstrap is a stack of correlation matrices::

    shares = lmg(subset_r2(correlations))       # (…, p), sums to the R² of the full model

:func:`importance` does it from data, with a bootstrap of whole units. The shares describe association.
"""

from math import comb

import numpy as np
import pandas as pd

from cxstudy.faults import NotTestable
from cxstudy.stats.arguments import check_columns, check_count, numbers
from cxstudy.stats.intervals import check_confidence
from cxstudy.stats.resampling import bca, leave_one_out, multiplicities, percentile

MOST_PREDICTORS = 20
COLLINEAR = 1e-9
_AT_ONCE = 250
MEASURES = ("alone", "semi_partial", "lmg")


def subset_r2(correlations, sizes=None):
    """R² of the outcome on every subset of p predictors.

    Parameters
    ----------
    correlations : array (…, q + 1, q + 1)
        Correlations (or covariances) of q columns and, last, the outcome; leading axes are a stack.
    sizes : sequence of p numbers, optional
        Columns of each predictor, in order, summing to q; None: one column each.

    Returns
    -------
    array (…, 2^p). Element m holds the R² of the predictors whose bits are set in m: 0 is the empty model,
    1 the first predictor alone, 2^p − 1 the full model.

    Notes
    -----
    By doubling: predictor after predictor is either left out (its rows and columns are dropped) or swept in (Schur
    complement), and only what remains is carried on. What the others already say adds nothing: columns that are
    redundant within rounding are projected out, so a resample that lost a level still has its R². A correlation
    matrix that is singular as a whole is refused by :func:`importance`.

    >>> subset_r2([[1, 0.5, 0.6], [0.5, 1, 0.3], [0.6, 0.3, 1]]).round(4).tolist()
    [0.0, 0.36, 0.09, 0.36]
    """
    rest = np.asarray(correlations, float)
    if rest.ndim < 2 or rest.shape[-1] != rest.shape[-2] or rest.shape[-1] < 2:
        raise ValueError(f"correlations must be square, (…, q + 1, q + 1), the outcome last; got shape {rest.shape}.")
    sizes = [1] * (rest.shape[-1] - 1) if sizes is None else [check_count("sizes", size, 1) for size in sizes]
    if sum(sizes) != rest.shape[-1] - 1:
        raise ValueError(f"sizes must sum to the {rest.shape[-1] - 1} columns before the outcome; got {sizes}.")
    if len(sizes) > MOST_PREDICTORS:
        raise ValueError(f"all subsets of {len(sizes)} predictors are too many; at most {MOST_PREDICTORS}. Group some.")
    spread = np.sqrt(np.einsum("...ii->...i", rest))
    spread = np.where(spread > 0, spread, np.inf)
    rest = (rest / (spread[..., :, None] * spread[..., None, :]))[..., None, :, :]
    for size in sizes:
        kept = rest[..., size:, size:]
        rest = np.concatenate([kept, kept - _explained(rest, size)], axis=-3)
    return 1 - rest[..., 0, 0]


def increments_by_level(r2):
    """What each predictor adds on average to the subsets of 0, 1, … p − 1 others: array (…, p levels, p predictors).

    ``r2`` as from :func:`subset_r2`. The first level is R² alone, the last the squared semi-partial correlation;
    conditional dominance compares the levels (Azen & Budescu 2003, Psychological Methods 8).

    >>> increments_by_level([0.0, 0.36, 0.09, 0.37]).round(2).tolist()
    [[0.36, 0.09], [0.28, 0.01]]
    """
    r2, p = _subsets(r2)
    members = np.array([bin(m).count("1") for m in range(1 << p - 1)])
    order, first = np.argsort(members, kind="stable"), np.searchsorted(np.sort(members), range(p))
    out = np.empty((*r2.shape[:-1], p, p))
    for j in range(p):
        halves = r2.reshape(*r2.shape[:-1], -1, 2, 1 << j)
        added = (halves[..., 1, :] - halves[..., 0, :]).reshape(*r2.shape[:-1], -1)
        out[..., j] = np.add.reduceat(added[..., order], first, axis=-1)
    out /= np.array([comb(p - 1, level) for level in range(p)])[:, None]
    return out


def lmg(r2):
    """Each predictor's share of R², averaged over all orders of entry: array (…, p), its sum the full R².

    Lindeman, Merenda & Gold (1980); the Shapley value of R², and the general dominance of Azen & Budescu. In R:
    ``relaimpo::calc.relimp(type = "lmg")``.

    >>> lmg([0.0, 0.36, 0.09, 0.37]).round(3).tolist()
    [0.32, 0.05]
    """
    return increments_by_level(r2).mean(axis=-2)


def semi_partial(r2):
    """What each predictor adds to all others together (squared semi-partial correlation): array (…, p).

    >>> semi_partial([0.0, 0.36, 0.09, 0.37]).round(2).tolist()
    [0.28, 0.01]
    """
    r2, p = _subsets(r2)
    full = (1 << p) - 1
    return np.stack([r2[..., full] - r2[..., full ^ 1 << j] for j in range(p)], axis=-1)


def importance(data, outcome, predictors, *, unit=None, confidence=0.95, rng=None, replicates=2000):
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
        drawn = _resampled(sums, multiplicities(rng, units, replicates), sizes)
        left = _resampled(sums, leave_one_out(units), sizes)
        rows = [_interval(e, drawn[:, i], left[:, i], confidence) for i, e in enumerate(estimate)]
        table = table.join(pd.DataFrame(rows))
    return table.assign(confidence=confidence, unit="share", model_r2=model)


def _explained(rest, size):
    """What the first ``size`` columns explain of the others: cross · inverse · cross', redundancies left out."""
    block, cross = rest[..., :size, :size], rest[..., :size, size:]
    if size == 1:
        pivot = block[..., 0, 0]
        weight = np.where(pivot > COLLINEAR, 1 / np.where(pivot > COLLINEAR, pivot, 1), 0)
        return weight[..., None, None] * cross[..., 0, :, None] * cross[..., 0, None, :]
    roots, vectors = np.linalg.eigh(block)
    weight = np.where(roots > COLLINEAR, 1 / np.where(roots > COLLINEAR, roots, 1), 0)
    turned = np.swapaxes(vectors, -1, -2) @ cross
    return np.swapaxes(turned, -1, -2) @ (weight[..., None] * turned)


def _subsets(r2):
    r2 = np.asarray(r2, float)
    p = r2.shape[-1].bit_length() - 1 if r2.ndim else 0
    if p < 1 or r2.shape[-1] != 1 << p:
        raise ValueError(f"r2 must hold all 2^p subsets, p at least 1; got shape {r2.shape}. See subset_r2().")
    return r2, p


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
        row = bca(estimate, drawn, left, confidence=confidence).iloc[0]
    except NotTestable:
        row = percentile(estimate, drawn, units=len(left), confidence=confidence).iloc[0]
    return {name: row[name] for name in ("std_error", "ci_low", "ci_high", "method")}
