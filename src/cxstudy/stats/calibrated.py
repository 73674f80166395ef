"""Standard errors of means whose weights were fitted to margins: post-stratification and raking.

Weights that meet known margins leave only what these do not explain. The linearised values z = w (v − mean) / Σ w
become w e, e the residual of (v − mean) / Σ w in the regression with weights w on the indicators of the categories of
all margins; of one margin that is what is left when the mean of the category is taken off. The weights are the fitted
ones, as Deville & Särndal 1992 (Journal of the American Statistical Association 87) advise, and for raking the
coefficients are then those of the linearised weights themselves: w = d exp(x′λ) has the derivative w x. R survey gives
the same after ``postStratify``, and after ``calibrate`` of the raked weights. Its ``rake`` regresses without weights:
nearly the same where weights differ little, else too much variance (tests/test_calibrated.py draws samples of both).

All that is needed are sums by cell of the margins, so the cost does not grow with the answers.
"""

from dataclasses import dataclass, replace

import numpy as np

from cxstudy.stats import linearised

AT_ONCE = 4_000_000


@dataclass(frozen=True)
class Fitted:
    """What the weights were fitted to: c cells of the margins, and all rows of the sample in q sums by unit and cell.

    ``margins``: for each margin the category 0… of each cell, integers (c,). Of the sample, each (q,): ``cell``,
    ``unit`` (0…u − 1: the cluster, or without clusters the stratum), ``w`` Σ w and ``w2`` Σ w², rows without an answer
    included. ``stratum``: that of each unit, (u,).
    """

    margins: tuple
    cell: np.ndarray
    unit: np.ndarray
    w: np.ndarray
    w2: np.ndarray
    stratum: np.ndarray


def of_calibrated(found, sums, cell, unit, fitted, units, fraction, *, clustered):
    """``found`` with the standard errors that fitted weights have; of g groups, domains of one sample.

    ``found``: `linearised.Ratios` of the same sums, their weights taken as given. ``sums``: `linearised.Sums` by group,
    unit and cell, of which ``cell`` and ``unit`` are the numbers in `Fitted`; ``units`` and ``fraction`` of each
    stratum and ``clustered`` as in `linearised.of_design`. Rows outside a group count with its residuals too, as in R
    ``subset`` of a post-stratified design, so the cost is that of groups × (cells + units).

    >>> one = np.ones(4)
    >>> v, cell, zero = np.array([1.0, 2, 5, 6]), np.array([0, 0, 1, 1]), np.zeros(4, int)
    >>> sums = linearised.Sums(zero, zero, one, one, v, v**2, one, v, v**2)
    >>> plain = linearised.of_design(sums, np.array([4.0]), np.zeros(1), 1, clustered=False)
    >>> fitted = Fitted((np.array([0, 1]),), np.array([0, 1]), zero[:2], one[:2] * 2, one[:2] * 2, zero[:1])
    >>> fit = of_calibrated(plain, sums, cell, zero, fitted, np.array([4.0]), np.zeros(1), clustered=False)
    >>> bool(np.isclose(fit.std_error.item() ** 2, 4 / 3 * 4 * 0.5**2 / 4**2))
    True
    """
    groups = len(found.estimate)
    weight = np.bincount(sums.group, sums.w, groups)
    # a group without weight has no mean, and must not spoil the regression of the others
    mean = np.where(weight > 0, found.estimate, 0)
    cells = len(fitted.margins[0])
    explain = _regression(np.bincount(fitted.cell, fitted.w, cells), fitted.margins)
    block = max(AT_ONCE // max(cells, len(fitted.stratum)), 1)
    variance = np.zeros((2, groups))
    for first in range(0, groups, block):
        some = slice(first, min(first + block, groups))
        inside = (sums.group >= some.start) & (sums.group < some.stop)
        part = linearised.Sums(*(a[inside] for a in vars(sums).values()))
        part = replace(part, group=part.group - first)
        spread = _spread(mean[some], part, cell[inside], unit[inside], fitted, explain, units, clustered)
        variance[0, some], variance[1, some] = (1 - fraction) @ spread, spread.sum(axis=0)
    error = np.sqrt(variance) / np.where(weight > 0, weight, np.nan)
    return replace(found, std_error=error[0], endless=error[1])


def _spread(mean, sums, cell, unit, fitted, explain, units, clustered):
    """m / (m − 1) (Σ z² − (Σ z)² / m) in each stratum and group, z = Σ w × residual of a unit: (strata, groups)."""
    from scipy.sparse import csr_array

    own = mean[sums.group]
    apart, cells, strata = sums.x - own * sums.w, len(fitted.margins[0]), len(units)
    shape = len(fitted.stratum), cells
    weight = csr_array((fitted.w, (fitted.unit, fitted.cell)), shape=shape)
    explained = explain(_table(apart, cell, sums.group, (cells, len(mean))))
    z = _table(apart, unit, sums.group, (shape[0], len(mean))) - weight @ explained
    inside = csr_array((np.ones(shape[0]), (fitted.stratum, np.arange(shape[0]))), shape=(strata, shape[0]))
    if clustered:
        squares, size = inside @ z**2, sums.x**2 + (own * sums.w) ** 2
    else:
        fit = explained[cell, sums.group]
        whole = own + fit
        each = sums.w2xx - 2 * whole * sums.w2x + (whole**2 - fit**2) * sums.w2
        outside = csr_array((fitted.w2, (fitted.unit, fitted.cell)), shape=shape) @ explained**2
        squares = _table(each, sums.stratum, sums.group, (strata, len(mean))) + inside @ outside
        size = sums.w2xx + own**2 * sums.w2
    # what rounding leaves where the margins explain all is nothing
    squares = np.where(squares <= 1e-13 * np.bincount(sums.group, size, len(mean)), 0, squares)
    m = units[:, None]
    return m / np.where(m > 1, m - 1, np.nan) * np.maximum(squares - (inside @ z) ** 2 / m, 0)


def _regression(weight, margins):
    """A function: total (cells, groups) → what the margins explain of it in each cell, by weighted least squares.

    ``weight`` (cells,). The margin of most categories is taken out by its means, so that the regression is on the
    categories of the others; it is solved once for all groups.
    """
    divisor = np.where(weight > 0, weight, 1)[:, None]
    most, *others = sorted(margins, key=np.max, reverse=True)
    of_most = _by_margin(weight[:, None], most)
    of_most = np.where(of_most > 0, of_most, 1)

    def centred(columns):
        return columns - (_by_margin(columns * weight[:, None], most) / of_most)[most]

    indicators = [np.equal.outer(one, np.arange(one.max() + 1)) for one in others]
    kinds = centred(np.column_stack([*indicators, np.zeros((len(weight), 1))]).astype(float))
    root = np.sqrt(weight)[:, None]
    inverse = np.linalg.pinv(root * kinds, rcond=1e-10)

    def explained(total):
        value = total / divisor
        left = centred(value)
        return value - left + kinds @ (inverse @ (root * left))

    return explained


def _by_margin(columns, margin):
    """Sums of ``columns`` (cells, k) by category, shape (categories, k)."""
    summed = np.zeros((margin.max() + 1, columns.shape[1]))
    np.add.at(summed, margin, columns)
    return summed


def _table(values, row, column, shape):
    return np.bincount(row * shape[1] + column, values, shape[0] * shape[1]).reshape(shape)
