"""Correlation matrices of data and of their resamples, from sums by unit: complete rows, or each pair's own rows.

A resample is a row of multiplicities, how often each unit is drawn; a unit is an answer, a cluster or a random group.
`Complete` and `Pairwise` (here) and `Likelihood` (`cxstudy.stats.em_correlation`) turn multiplicities (B, units) into
correlations (B, q, q). Values are standardised first, so that neither centre nor scale costs digits.
"""

import numpy as np

# a correlation whose variables vary less than this share of their variance in the data is one of rounding errors
FLAT = 1e-12


def standardised(values):
    """Columns less their mean, divided by their standard deviation; nan stay nan, a constant column becomes 0."""
    values = np.asarray(values, float)
    scale = np.nanmax(np.abs(values), axis=0)
    values = values / np.where(scale > 0, scale, 1)
    values = values - np.nanmean(values, axis=0)
    spread = np.nanstd(values, axis=0)
    flat = spread <= FLAT
    return np.where(flat & ~np.isnan(values), 0, values / np.where(flat, 1, spread))


def random_groups(rng, n, groups):
    """Which of ``groups`` random groups of nearly equal size each of n answers is in: integers (n,)."""
    return rng.permutation(np.arange(n) % groups)


def by_unit(features, codes, units):
    """Sums of the rows of ``features`` (n, f) by unit: (units, f). ``codes`` (n,) None: every row is a unit."""
    if codes is None:
        return features
    out = np.zeros((units, features.shape[1]))
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    if len(starts):
        out[codes[order][starts]] = np.add.reduceat(features[order], starts, axis=0)
    return out


class Complete:
    """Weighted Pearson correlations of rows that have all columns: ``of(times)`` gives (B, q, q).

    ``values`` (n, q) standardised and complete, ``weight`` (n,), ``codes`` (n,) the unit 0…units − 1 or None.
    """

    def __init__(self, values, weight, codes=None, units=None):
        self.q = values.shape[1]
        self.above = np.triu_indices(self.q)
        i, j = self.above
        features = np.column_stack([weight, weight[:, None] * values, weight[:, None] * values[:, i] * values[:, j]])
        self.sums = by_unit(features, codes, units)

    def of(self, times):
        """Correlations of resamples; a column that does not vary in one is uncorrelated, the last one gives nan."""
        sums = times @ self.sums
        count, total = sums[:, 0], sums[:, 1 : self.q + 1]
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = total / count[:, None]
            cross = unpacked(sums[:, self.q + 1 :] / count[:, None], self.above)
        return correlation(cross - mean[:, :, None] * mean[:, None, :])


class Pairwise:
    """Correlations of each pair over the rows that have both (R ``cor(use = "pairwise.complete.obs")``).

    Arguments and ``of`` as `Complete`, ``values`` with nan where an answer is missing. Such matrices may be ones that
    no data have: `possible` tells.
    """

    def __init__(self, values, weight, codes=None, units=None):
        self.q = values.shape[1]
        there = (~np.isnan(values)).astype(float)
        x = np.where(there > 0, values, 0)
        weighted = weight[:, None, None]
        blocks = (there, there), (x, there), (x**2, there), (x, x)
        features = [(weighted * a[:, :, None] * b[:, None, :]).reshape(len(x), -1) for a, b in blocks]
        self.sums = by_unit(np.concatenate(features, axis=1), codes, units)

    def of(self, times):
        """Correlations of resamples, nan where a pair has no rows in one."""
        sums = (times @ self.sums).reshape(len(times), 4, self.q, self.q)
        count, total, square, cross = np.moveaxis(sums, 1, 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean, spread = total / count, square / count - (total / count) ** 2
            spread = np.where(spread > FLAT, spread, np.inf)
            turned = [np.swapaxes(a, -1, -2) for a in (mean, spread)]
            found = (cross / count - mean * turned[0]) / np.sqrt(spread * turned[1])
        return _finished(found, np.isinf(spread[:, -1, -1]))


def correlation(covariance):
    """Correlations of a stack of covariances; a variable without variance is uncorrelated, the last one gives nan."""
    variance = np.einsum("...ii->...i", covariance)
    flat = ~(variance > FLAT)
    spread = np.sqrt(np.where(flat, np.inf, variance))
    return _finished(covariance / (spread[:, :, None] * spread[:, None, :]), flat[:, -1])


def unpacked(packed, above):
    """Symmetric matrices (B, q, q) from their upper triangles (B, q (q + 1) / 2)."""
    q = above[0].max() + 1
    out = np.empty((len(packed), q, q))
    out[:, above[0], above[1]] = packed
    out[:, above[1], above[0]] = packed
    return out


def possible(correlations):
    """Which matrices of a stack are correlations that data can have: finite, no eigenvalue below 0. Boolean (B,)."""
    finite = np.isfinite(correlations).all(axis=(1, 2))
    safe = np.where(finite[:, None, None], correlations, np.eye(correlations.shape[-1]))
    return finite & (np.linalg.eigvalsh(safe)[:, 0] > -1e-9)


def whole_of(machine, units):
    """Correlations (q, q) of the data themselves; ``machine.of`` turns multiplicities into matrices."""
    return machine.of(np.ones((1, units)))[0]


def resampled(machine, units, replicates, rng):
    """Correlations (replicates, q, q) of resamples of whole units, a part of them at a time."""
    parts, step = [], max(min(4_000_000 // units, 500), 1)
    for start in range(0, replicates, step):
        parts.append(machine.of(_drawn(rng, units, min(step, replicates - start))))
    return np.concatenate(parts)


def _drawn(rng, units, size):
    """`resampling.multiplicities` as floats by drawing one by one: three times faster where there are many units."""
    at = rng.integers(units, size=(size, units)) + units * np.arange(size)[:, None]
    return np.bincount(at.ravel(), minlength=size * units).reshape(size, units).astype(float)


def _finished(found, lost):
    every = np.arange(found.shape[-1])
    found[:, every, every] = 1
    found[lost] = np.nan
    return found
