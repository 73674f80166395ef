"""Correlations of an ordered outcome's latent normal variable with numeric ones, for any machine of correlations."""

import numpy as np
from scipy.stats import norm

from cxstudy.stats.resampled_correlation import by_unit


class Polyserial:
    """``of(times)``: correlations (B, q, q) whose last variable is the normal one behind ordered levels.

    ``machine``: `resampled_correlation.Complete` or one like it, its last column the levels as numbers.
    ``level`` (n,) the same levels, nan where missing; ``weight``, ``codes``, ``units`` as there.

    The closed form of Olsson, Drasgow & Dorans (1982, Psychometrika 47): r · s / Σ φ(τ_k) (l_k+1 − l_k), with r the
    correlation with the levels l, s their standard deviation and τ the thresholds that cut a standard normal into their
    shares. Exact where each driver's mean is linear in the latent variable. In R: ``psych::polyserial``.
    """

    def __init__(self, machine, level, weight, codes=None, units=None):
        self.machine = machine
        self.levels = np.unique(level[~np.isnan(level)])
        self.sums = by_unit(weight[:, None] * (level[:, None] == self.levels), codes, units)

    def of(self, times):
        """Correlations of resamples; nan where a resample has one level only."""
        found, sums = self.machine.of(times), times @ self.sums
        share = sums / sums.sum(axis=1, keepdims=True)
        spread = np.sqrt(share @ self.levels**2 - (share @ self.levels) ** 2)
        height = norm.pdf(norm.ppf(np.cumsum(share, axis=1)[:, :-1].clip(0, 1))) @ np.diff(self.levels)
        with np.errstate(divide="ignore", invalid="ignore"):
            factor = np.where(height > 0, spread / height, np.nan)[:, None]
        found[:, -1, :-1] *= factor
        found[:, :-1, -1] *= factor
        return found
