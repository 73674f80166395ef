"""R² of all 2^p subsets of predictors by doubling, and what is averaged from them: LMG, increments by level.

Predictor after predictor is either left out (its rows and columns are dropped) or swept in (Schur complement), and
only what remains is carried on: 2^p numbers at the end, and never much more than that on the way. A predictor is one
column or a group of columns that belong together (the dummies of one factor), which enter and leave as a block.
Everything starts from correlations, so a bootstrap is a stack of correlation matrices. The shares describe association.
"""

from math import comb

import numpy as np

from cxstudy.stats.arguments import check_count

MOST_PREDICTORS = 25
COLLINEAR = 1e-9
# numbers worked on at once, so that they stay in the processor's cache; and R² held at once for a stack
_AT_ONCE, _HELD = 1 << 18, 1 << 22
_FEWEST_ABREAST = 64


def subset_r2(correlations, sizes=None):
    """R² of the outcome on every subset of p predictors.

    Parameters
    ----------
    correlations : array (…, q + 1, q + 1)
        Correlations (or covariances) of q columns and, last, the outcome; leading axes are a stack. Symmetric: only
        the upper triangle is read.
    sizes : sequence of p numbers, optional
        Columns of each predictor, in order, summing to q; None: one column each.

    Returns
    -------
    array (…, 2^p). Element m holds the R² of the predictors whose bits are set in m: 0 is the empty model,
    1 the first predictor alone, 2^p − 1 the full model.

    Raises
    ------
    ValueError for a matrix that isn't square, sizes that don't fit, and more than 25 predictors (2^25 numbers are
    268 MB, twice as many for each further one).

    Notes
    -----
    What the others already say adds nothing: columns that are redundant within rounding are projected out, so a
    resample that lost a level still has its R², and predictors that determine one another share what they say.

    >>> subset_r2([[1, 0.5, 0.6], [0.5, 1, 0.3], [0.6, 0.3, 1]]).round(4).tolist()
    [0.0, 0.36, 0.09, 0.36]
    """
    matrix, sizes = _checked(correlations, sizes)
    spread = np.sqrt(np.einsum("...ii->...i", matrix))
    spread = np.where(spread > 0, spread, np.inf)
    matrix = matrix / (spread[..., :, None] * spread[..., None, :])
    above = np.triu_indices(matrix.shape[-1])
    state = np.ascontiguousarray(matrix[..., *above].reshape(-1, len(above[0])).T)
    columns, left, width = state.shape[1], list(sizes), matrix.shape[-1]
    out = np.empty((1 << len(sizes), columns))
    while _FEWEST_ABREAST << len(left) > _AT_ONCE:
        state, width = _doubled(state, width, left.pop(0))
    step, held = _AT_ONCE >> len(left), out.reshape(1 << len(left), -1)
    for start in range(0, state.shape[1], step):
        part, m = state[:, start : start + step], width
        abreast = part.shape[1]
        for size in left:
            part, m = _doubled(part, m, size)
        held[:, start : start + abreast] = (1 - part[0]).reshape(-1, abreast)
    return np.moveaxis(out, 0, -1).reshape(*matrix.shape[:-2], -1)


def lmg(r2):
    """Each predictor's share of R², averaged over all orders of entry: array (…, p), its sum the full R².

    ``r2`` as from :func:`subset_r2`. Lindeman, Merenda & Gold (1980); the Shapley value of R², and the general
    dominance of Azen & Budescu (2003, Psychological Methods 8). In R: ``relaimpo::calc.relimp(type = "lmg")``.

    >>> lmg([0.0, 0.36, 0.09, 0.37]).round(3).tolist()
    [0.32, 0.05]
    """
    r2, p = _subsets(r2)
    # j's share is Σ w(s) (R²(S with j) − R²(S)) over the sets S without j: sums of weighted R² with and without j
    order = np.array([1 / (p * comb(p - 1, s)) for s in range(p)])
    members = _members(p)
    base = (r2 * np.append(order, 0)[members]).sum(axis=-1)
    rest = r2 * (np.append(0, order) + np.append(order, 0))[members]
    out = np.empty((*r2.shape[:-1], p))
    for j in reversed(range(p)):
        without, within = rest[..., : 1 << j], rest[..., 1 << j :]
        out[..., j] = within.sum(axis=-1) - base
        rest = without + within
    return out


def lmg_of(correlations, sizes=None):
    """`lmg` of a stack of correlation matrices (…, q + 1, q + 1), a part of the stack at a time: array (…, p).

    >>> lmg_of([[1, 0.0, 0.6], [0.0, 1, 0.3], [0.6, 0.3, 1]]).round(4).tolist()
    [0.36, 0.09]
    """
    matrix, sizes = _checked(correlations, sizes)
    stack = matrix.reshape(-1, *matrix.shape[-2:])
    step = max(_HELD >> len(sizes), 1)
    parts = [lmg(subset_r2(stack[i : i + step], sizes)) for i in range(0, len(stack), step)]
    return np.concatenate(parts).reshape(*matrix.shape[:-2], len(sizes))


def increments_by_level(r2):
    """What each predictor adds on average to the subsets of 0, 1, … p − 1 others: array (…, p levels, p predictors).

    ``r2`` as from :func:`subset_r2`. The first level is R² alone, the last the squared semi-partial correlation;
    conditional dominance compares the levels (Azen & Budescu 2003, Psychological Methods 8).

    >>> increments_by_level([0.0, 0.36, 0.09, 0.37]).round(2).tolist()
    [[0.36, 0.09], [0.28, 0.01]]
    """
    r2, p = _subsets(r2)
    members = _members(p - 1)
    order, first = np.argsort(members, kind="stable"), np.searchsorted(np.sort(members), range(p))
    out = np.empty((*r2.shape[:-1], p, p))
    for j in range(p):
        halves = r2.reshape(*r2.shape[:-1], -1, 2, 1 << j)
        added = (halves[..., 1, :] - halves[..., 0, :]).reshape(*r2.shape[:-1], -1)
        out[..., j] = np.add.reduceat(added[..., order], first, axis=-1)
    out /= np.array([comb(p - 1, level) for level in range(p)])[:, None]
    return out


def semi_partial(r2):
    """What each predictor adds to all others together (squared semi-partial correlation): array (…, p).

    >>> semi_partial([0.0, 0.36, 0.09, 0.37]).round(2).tolist()
    [0.28, 0.01]
    """
    r2, p = _subsets(r2)
    full = (1 << p) - 1
    return np.stack([r2[..., full] - r2[..., full ^ 1 << j] for j in range(p)], axis=-1)


def _doubled(state, width, size):
    """The first ``size`` columns of every matrix left out, then swept in; a matrix is a column of upper triangles."""
    swept, m = state, width
    for _ in range(size):
        swept, m = _swept(swept, m), m - 1
    return np.concatenate([state[len(state) - len(swept) :], swept], axis=1), m


def _swept(state, width):
    """What the first column of every matrix does not explain of the others: (width (width − 1) / 2, matrices)."""
    pivot, cross, rest = state[0], state[1:width], state[width:]
    with np.errstate(divide="ignore"):
        scaled = cross * np.where(pivot > COLLINEAR, 1 / pivot, 0)
    out, start = np.empty(rest.shape), 0
    for i in range(width - 1):
        rows = slice(start, start + width - 1 - i)
        np.multiply(cross[i:], scaled[i], out=out[rows])
        np.subtract(rest[rows], out[rows], out=out[rows])
        start = rows.stop
    return out


def _members(p):
    """How many predictors each of the 2^p subsets holds."""
    members = np.zeros(1, np.int8)
    for _ in range(p):
        members = np.concatenate([members, members + np.int8(1)])
    return members


def _checked(correlations, sizes):
    matrix = np.asarray(correlations, float)
    if matrix.ndim < 2 or matrix.shape[-1] != matrix.shape[-2] or matrix.shape[-1] < 2:
        raise ValueError(f"correlations must be square, (…, q + 1, q + 1), the outcome last; got shape {matrix.shape}.")
    sizes = [1] * (matrix.shape[-1] - 1) if sizes is None else [check_count("sizes", size, 1) for size in sizes]
    if sum(sizes) != matrix.shape[-1] - 1:
        raise ValueError(f"sizes must sum to the {matrix.shape[-1] - 1} columns before the outcome; got {sizes}.")
    if len(sizes) > MOST_PREDICTORS:
        raise ValueError(
            f"all subsets of {len(sizes)} predictors are too many; at most {MOST_PREDICTORS}. Use Johnson's relative "
            "weights, which need no subsets (method='johnson'), or group predictors that belong together."
        )
    return matrix, sizes


def _subsets(r2):
    r2 = np.asarray(r2, float)
    p = r2.shape[-1].bit_length() - 1 if r2.ndim else 0
    if p < 1 or r2.shape[-1] != 1 << p:
        raise ValueError(f"r2 must hold all 2^p subsets, p at least 1; got shape {r2.shape}. See subset_r2().")
    return r2, p
