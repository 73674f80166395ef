"""Sums of products by unit, and those of bootstrap samples of the units: what a resampled covariance is made of."""

import numpy as np

from cxstudy.stats.resampling import multiplicities

MOST_UNITS, RANDOM_GROUPS = 2000, 500


def drawn_together(codes, rng):
    """The code that is drawn as a whole: that of the unit or cluster, above 2,000 of them that of a random group."""
    units = codes.max() + 1
    return codes if units <= MOST_UNITS else (rng.permutation(units) % RANDOM_GROUPS)[codes]


def unit_sums(scores, weight, codes):
    """Weighted sums of 1, z and z z' by unit: (units, p + 1, p + 1), the 1 first."""
    full = np.column_stack([np.ones(len(scores)), scores])
    out = np.empty((codes.max() + 1, full.shape[1], full.shape[1]))
    for i in range(full.shape[1]):
        for j in range(i + 1):
            out[:, i, j] = out[:, j, i] = np.bincount(codes, weight * full[:, i] * full[:, j], len(out))
    return out


def resampled(sums, rng, replicates):
    """The sums of ``replicates`` bootstrap samples of the units."""
    drawn = multiplicities(rng, len(sums), replicates).astype(float)
    return (drawn @ sums.reshape(len(sums), -1)).reshape(replicates, *sums.shape[1:])
