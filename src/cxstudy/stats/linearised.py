"""Means of weighted and clustered answers by Taylor linearisation, from sums.

A mean is the ratio Σ w v / Σ w. Its variance is that of the total of z = w (v − mean) over m independent units,
m / (m − 1) Σ z² / (Σ w)², as R ``survey::svymean`` computes it without strata and finite population correction
(Särndal, Swensson & Wretman 1992, chapter 5). Each group is a sample of its own.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Ratios:
    """Means of g groups, each field of shape (g,).

    ``estimate``, ``std_error`` in the units of the values (nan where there is no weight, or one independent unit);
    ``units`` independent units m; ``alike`` = (Σ w)² / Σ w² over these units, Kish's number of equally weighted ones.
    """

    estimate: np.ndarray
    std_error: np.ndarray
    units: np.ndarray
    alike: np.ndarray


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
