"""Means of weighted and clustered answers by Taylor linearisation, from sums.

A mean is the ratio Σ w v / Σ w. Its variance is that of the total of z = w (v − mean) over m independent units,
m / (m − 1) Σ z² / (Σ w)², as R ``survey::svymean`` computes it without strata and finite population correction
(Särndal, Swensson & Wretman 1992, chapter 5). Each group is a sample of its own; `of_design` also knows strata,
finite populations, and groups that are domains of one sample.
"""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Ratios:
    """Means of g groups, each field of shape (g,).

    ``estimate``, ``std_error`` in the units of the values (nan where there is no weight, or one independent unit);
    ``units`` independent units m; ``alike`` = (Σ w)² / Σ w² over these units, Kish's number of equally weighted ones.
    Of `of_design` also ``df`` = units less strata, and ``endless``, the standard error were populations infinite.
    """

    estimate: np.ndarray
    std_error: np.ndarray
    units: np.ndarray
    alike: np.ndarray
    df: np.ndarray | None = field(default=None)
    endless: np.ndarray | None = field(default=None)


def of_answers(values, n, w, w2):
    """Every answer independent. ``values`` of k classes (k,); their counts, Σ w and Σ w² in g groups (g, k).

    >>> of_answers(np.array([1.0, 0.0]), *np.array([[[3.0, 1.0]]] * 3)).std_error.item()
    0.25
    """
    values = np.asarray(values, float)
    weight = _positive(w.sum(axis=1))
    estimate = w @ values / weight
    squares = (w2 * (values - estimate[:, None]) ** 2).sum(axis=1)
    units = n.sum(axis=1)
    return Ratios(estimate, _error(squares, units, weight), units, weight**2 / _positive(w2.sum(axis=1)))


def of_clusters(weight, total, group, groups):
    """Clusters independent. Per cluster: ``weight`` = Σ w, ``total`` = Σ w v ``group`` = 0…groups − 1."""
    summed = _positive(np.bincount(group, weight, groups))
    estimate = np.bincount(group, total, groups) / summed
    units = np.bincount(group, minlength=groups).astype(float)
    squares = np.bincount(group, (total - estimate[group] * weight) ** 2, groups)
    alike = summed**2 / _positive(np.bincount(group, weight**2, groups))
    return Ratios(estimate, _error(squares, units, summed), units, alike)


@dataclass(frozen=True)
class Sums:
    """Sums over the answers of c cells, each field of shape (c,).

    A cell lies in one ``group`` (0…g − 1) and one ``stratum`` (0…h − 1), and in a clustered sample in one cluster. With
    weights w and values v: ``n`` answers, ``w`` Σ w, ``x`` Σ w v, ``xx`` Σ w v², ``w2`` Σ w², ``w2x`` Σ w² v,
    ``w2xx`` Σ w² v².
    """

    group: np.ndarray
    stratum: np.ndarray
    n: np.ndarray
    w: np.ndarray
    x: np.ndarray
    xx: np.ndarray
    w2: np.ndarray
    w2x: np.ndarray
    w2xx: np.ndarray


def of_design(sums, units, fraction, groups, *, clustered):
    """Means of groups that are domains of one stratified sample, or (each its own stratum) samples of their own.

    ``units`` m_h: sampling units drawn in each stratum, whether or not they fall in the group; ``fraction`` f_h: the
    share of the stratum's population that they are, 0 where it is endless. ``clustered``: the units are clusters, each
    cell one of them in one group; else the answers. With z = w (v − mean) inside the group and 0 outside it, the
    variance is Σ_h (1 − f_h) m_h / (m_h − 1) (Σ z² − (Σ z)² / m_h) / (Σ w)², z added up by unit: R
    ``survey::svymean`` of a subset of a design. nan where one stratum that has answers of the group has one unit.

    >>> one, zero = np.ones(2), np.zeros(2)
    >>> cells = Sums(np.array([0, 0]), np.array([0, 0]), one, one, *[np.array([1.0, 0.0])] * 2, one,
    ...              *[np.array([1.0, 0.0])] * 2)
    >>> of_design(cells, np.array([2.0]), np.array([0.0]), 1, clustered=False).std_error.item()
    0.5
    """
    weight = _positive(np.bincount(sums.group, sums.w, groups))
    mean = np.bincount(sums.group, sums.x, groups) / weight
    own = mean[sums.group]
    total = sums.x - own * sums.w
    if clustered:
        squares, scale, each = total**2, sums.x**2 + (own * sums.w) ** 2, sums.w**2
    else:
        squares = sums.w2xx - 2 * own * sums.w2x + own**2 * sums.w2
        scale, each = sums.w2xx + own**2 * sums.w2, sums.w2
    pair, place = np.unique(sums.group * len(units) + sums.stratum, return_inverse=True)
    group, stratum = np.divmod(pair, len(units))
    squares, scale, total = (np.bincount(place, a, len(pair)) for a in (squares, scale, total))
    # what rounding leaves where all agree is nothing
    squares = np.where(squares <= 1e-13 * scale, 0, squares)
    m = units[stratum]
    spread = m / _positive(m - 1) * np.maximum(squares - total**2 / m, 0)
    answered = (sums.n > 0).astype(float) if clustered else sums.n
    count = np.bincount(sums.group, answered, groups)
    used = np.bincount(place, sums.n, len(pair)) > 0
    error, endless = (
        np.sqrt(np.bincount(group, np.where(used, spread * kept, 0), groups)) / weight
        for kept in (1 - fraction[stratum], np.ones(len(pair)))
    )
    df = count - np.bincount(group, used, groups)
    return Ratios(mean, error, count, weight**2 / _positive(np.bincount(sums.group, each, groups)), df, endless)


def variance_of_one(sums, groups):
    """Weighted variance of a single answer in each group, Σ w (v − mean)² / Σ w, shape (groups,)."""
    weight = _positive(np.bincount(sums.group, sums.w, groups))
    mean, square = (np.bincount(sums.group, a, groups) / weight for a in (sums.x, sums.xx))
    return np.where(square - mean**2 <= 1e-13 * square, 0, square - mean**2) + 0 * mean


def design_effect(variance, ratios, n):
    """Variance of the mean over that of n independent, equally weighted answers, variance / (n − 1).

    As R ``survey::svymean(deff = "replace")``; nan where all answers agree or fewer than two are there.
    """
    return ratios.std_error**2 / _positive(np.asarray(variance) / _positive(np.asarray(n, float) - 1))


def effective_n(variance, ratios, n):
    """The n at which independent, equally weighted answers of this ``variance`` would have this standard error.

    At most n. Where all answers agree, variance and error are 0 and say nothing: then ``alike``.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        implied = variance / ratios.std_error**2
    agree = (variance < 1e-12) & ~np.isnan(ratios.std_error)
    return np.minimum(np.where(agree, ratios.alike, implied), n)


def _error(squares, units, weight):
    return np.sqrt(units / _positive(units - 1) * squares) / weight


def _positive(x):
    return np.where(x > 0, x, np.nan)
