"""Counts, sums and cross-products by group: what covariances and the cluster bootstrap are made of."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cxstudy.faults import NotTestable


@dataclass(frozen=True)
class Moments:
    """Sums over the complete rows of g groups and p columns, about ``centre``.

    - ``keys``: frame of g rows, the group of each; ``columns``: the p names.
    - ``n``, ``n_missing``: rows used and rows left out because a column is missing, shape (g,).
    - ``w``, ``w2``: sum of the weights and of their squares (both n without weights), shape (g,).
    - ``total[g, i]`` = Σ w (x_i − centre_i); ``cross[g, i, j]`` = Σ w (x_i − centre_i)(x_j − centre_j).
    - ``centre``: what was subtracted before summing, shape (p,). A value near the mean keeps all digits
      of a covariance whose standard deviation is tiny beside the mean.

    A cross-product that the source does not hold (a counted table without standard deviations) is nan.

    >>> one = Moments(pd.DataFrame({"g": ["a"]}), ("x",), *np.array([[3.0], [0], [3], [3]]),
    ...               np.array([[6.0]]), np.array([[[14.0]]]), np.zeros(1))
    >>> one.means()[0, 0].item(), round(one.covariance()[0, 0, 0].item(), 8)
    (2.0, 1.0)
    """

    keys: pd.DataFrame
    columns: tuple
    n: np.ndarray
    n_missing: np.ndarray
    w: np.ndarray
    w2: np.ndarray
    total: np.ndarray
    cross: np.ndarray
    centre: np.ndarray

    def pool(self, multipliers=None):
        """Groups added up: Moments of B rows, row b holding Σ_g multipliers[b, g] × group g.

        ``multipliers`` of shape (B, g) or (g,) count how often each group is drawn: a cluster bootstrap
        is ``numpy.random.Generator.multinomial(g, np.full(g, 1 / g), size=B)``. None adds each group once.
        """
        groups = len(self.n)
        times = np.ones((1, groups)) if multipliers is None else np.atleast_2d(np.asarray(multipliers, float))
        if times.ndim != 2 or times.shape[1] != groups:
            raise ValueError(f"multipliers need one column for each of {groups} groups; got {times.shape}. Transpose?")
        pooled = {k: np.tensordot(times, getattr(self, k), 1) for k in ("n", "n_missing", "w", "w2", "total", "cross")}
        return replace(self, keys=pd.DataFrame(index=range(len(times))), **pooled)

    def means(self, multipliers=None):
        """Weighted means of the pooled groups, shape (B, p); nan where no row was used."""
        pooled = self.pool(multipliers)
        with np.errstate(invalid="ignore", divide="ignore"):
            return pooled.total / pooled.w[:, None] + self.centre

    def covariance(self, multipliers=None):
        """Covariance matrices of the pooled groups, shape (B, p, p), in the units of the columns multiplied.

        (Σ w x y / Σ w − mean mean) × n / (n − 1): without weights the sample covariance, with weights
        that of R's ``survey::svyvar`` for a design without clusters. nan for fewer than two rows, and off the
        diagonal where the source holds no cross-product. NotTestable(needs=["sd"]) where it holds no variance.
        """
        pooled = self.pool(multipliers)
        unknown = np.isnan(np.einsum("bii->bi", pooled.cross)).any(axis=0)
        if unknown.any():
            names = ", ".join(c for c, u in zip(self.columns, unknown, strict=True) if u)
            raise NotTestable(f"the source gives means of {names} without standard deviations: no variance.", ["sd"])
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = pooled.total / pooled.w[:, None]
            spread = pooled.cross / pooled.w[:, None, None] - mean[:, :, None] * mean[:, None, :]
            return spread * (pooled.n / (pooled.n - 1))[:, None, None]

    def correlation(self, multipliers=None):
        """Pearson correlations of the pooled groups, shape (B, p, p); nan where a column does not vary."""
        covariance = self.covariance(multipliers)
        sd = np.sqrt(np.einsum("bii->bi", covariance))
        with np.errstate(invalid="ignore", divide="ignore"):
            return covariance / (sd[:, :, None] * sd[:, None, :])
