"""Patterns in answers that an honest scale would hardly give; from counts and moments, never from rows.

Every test is one-sided: it asks for too little, too much or the wrong sign, never for a mere difference.
"""

import numpy as np
import scipy

NEIGHBOURS = 2
CAUTIOUS = 0.5
NODES = 61
ROUNDS = 400


def no_zeros(counts, share=None):
    """Chance that nobody answers 0, given how many answered 1 and 2.

    ``counts``: array (groups, 11) of answers 0…10. ``share``: share of 0 among the answers 0–2 that is expected, one
    number or one a group; None is the cautious 1/5, where 0 is half as frequent as its neighbours. Surveys usually show
    more zeros than ones, so the true chance of none is smaller.

    Returns a dict of arrays (groups,): ``zeros``, ``neighbours`` (answers 1 and 2), ``expected`` zeros beside that many
    neighbours, m share / (1 − share), and ``p_value`` = (1 − share)^m, 1 where zeros occur.

    >>> found = no_zeros([[0, 20, 20, 0, 0, 0, 0, 0, 0, 0, 0]])
    >>> found["expected"].tolist(), round(found["p_value"].item(), 6)
    ([10.0], 0.000133)
    """
    counts = np.atleast_2d(np.asarray(counts, float))
    share = np.broadcast_to(CAUTIOUS / (CAUTIOUS + NEIGHBOURS) if share is None else share, len(counts)).astype(float)
    zeros, near = counts[:, 0], counts[:, 1 : 1 + NEIGHBOURS].sum(axis=1)
    p_value = np.where(zeros > 0, 1.0, (1 - share) ** near)
    return {"zeros": zeros, "neighbours": near, "expected": near * share / (1 - share), "p_value": p_value}


def nps_with_zeros(counts, expected):
    """NPS (−100…100) of answers 0…10 (groups, 11), and what it would be with ``expected`` more zeros (groups,).

    >>> [one.tolist() for one in nps_with_zeros([[0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 3]], [1])]
    [[50.0], [20.0]]
    """
    counts = np.atleast_2d(np.asarray(counts, float))
    n, gap = counts.sum(axis=1), counts[:, 9:].sum(axis=1) - counts[:, :7].sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return 100 * gap / n, 100 * (gap - np.asarray(expected, float)) / (n + np.asarray(expected, float))


def wrong_sign(correlation, n, sign):
    """p-value that a correlation has the opposite of ``sign`` (+1 or −1) only by chance: Fisher's z, one-sided.

    Arrays of one length; nan where n is below 4 or there is no correlation. Fisher (1921), Metron 1; R: ``cor.test``
    uses t, which differs in the third digit for small n.

    >>> round(wrong_sign(np.array([-0.5]), np.array([50]), 1).item(), 6)
    8.3e-05
    """
    n = np.asarray(n, float)
    r = np.clip(np.asarray(correlation, float), -1 + 1e-12, 1 - 1e-12)
    with np.errstate(invalid="ignore"):
        z = np.arctanh(r) * np.sqrt(np.where(n > 3, n - 3, np.nan)) * sign
    return scipy.stats.norm.cdf(z)


def too_many(observed, expected):
    """p-value of at least ``observed`` events where ``expected`` come by chance (Poisson); arrays of one length.

    >>> round(too_many(3, 1.0).item(), 6)
    0.080301
    """
    return scipy.stats.poisson.sf(np.asarray(observed, float) - 1, np.asarray(expected, float))


def too_often(observed, n, share):
    """p-value of at least ``observed`` of ``n`` where each comes with chance ``share`` (binomial); 1 for n = 0.

    Where the chances differ from one to the next and ``share`` is their mean, the p-value is cautious
    (Hoeffding 1956, Annals of Mathematical Statistics 27).

    >>> round(too_often(9, 10, 0.5).item(), 6)
    0.010742
    """
    return scipy.stats.binom.sf(np.asarray(observed, float) - 1, np.asarray(n, float), np.asarray(share, float))


def repeats_by_chance(alike, together, both, pairs):
    """Pairs expected to be alike and together, from those alike and *not* together; by group, arrays of one length.

    ``pairs``: pairs of answers in the group; ``alike``: those with the same answers; ``together``: those of the same
    day or customer; ``both``: alike and together. The chance of being alike is that of pairs that are not together,
    moved towards the chance over all groups as if one more alike pair had been seen: a group without any gets no 0.

    >>> repeats_by_chance([4], [10], [0], [50]).round(3).tolist()
    [1.037]
    """
    alike, together, both, pairs = (np.asarray(v, float) for v in (alike, together, both, pairs))
    apart, apart_alike = pairs - together, alike - both
    overall = (apart_alike.sum() + 1) / (apart.sum() + 1)
    return together * (apart_alike + 1) / (apart + 1 / overall)


def straight_by_chance(shares, correlation):
    """Chance that all answers to k items are equal, if they share one factor as strong as their correlations show.

    ``shares``: array (levels, k) of each item's answers, columns add up to 1; ``correlation``: their matrix (k, k).
    The answers are cuts of normal variables with one common factor (loadings by iterated principal factor); the chance
    is Σ_level ∫ Π_item P(level | factor), by Gauss–Hermite quadrature. Pearson correlations of cut variables are a
    little too small, so the chance is a little too small for scales with few levels. nan where an item does not vary.

    >>> round(straight_by_chance(np.full((5, 3), 0.2), np.eye(3)), 6)
    0.04
    """
    shares, correlation = np.asarray(shares, float), np.asarray(correlation, float)
    if not np.isfinite(correlation).all():
        return float("nan")
    loading = _loadings(correlation)
    cuts = scipy.stats.norm.ppf(np.vstack([np.zeros(shares.shape[1]), np.clip(np.cumsum(shares, axis=0), 0, 1)]))
    cuts[-1] = np.inf
    factor, weight = np.polynomial.hermite_e.hermegauss(NODES)
    rest = np.sqrt(1 - loading**2)
    below = scipy.stats.norm.cdf((cuts[None] - loading * factor[:, None, None]) / rest)
    each = np.diff(below, axis=1).prod(axis=2).sum(axis=1)
    return float(each @ weight / weight.sum())


def _loadings(correlation):
    """Loadings of one factor; the sign of the first item's is positive."""
    k = len(correlation)
    common = np.full(k, max(float((correlation.sum() - k) / (k * (k - 1))), 0.0))
    for _ in range(ROUNDS):
        reduced = correlation.copy()
        np.fill_diagonal(reduced, common)
        values, vectors = np.linalg.eigh(reduced)
        before, common = common, np.clip(max(values[-1], 0.0) * vectors[:, -1] ** 2, 0, 0.99)
        if np.abs(common - before).max() < 1e-9:
            break
    sign = np.sign(vectors[:, -1]) * (np.sign(vectors[0, -1]) or 1.0)
    return sign * np.sqrt(common)
