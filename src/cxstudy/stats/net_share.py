"""Three intervals of a net share (plus − minus, two shares of one question): score, Dirichlet and bootstrap.

Arrays in, arrays out, all groups at once; shares are fractions. `cxstudy.stats.intervals.net_share_interval`
chooses between them and the two Wald intervals, and is what to call.
"""

import numpy as np
import scipy

from cxstudy.faults import NotTestable
from cxstudy.stats.arguments import check_count

BISECTIONS = 52
NODES, SECANTS, FAR = 64, 60, 8
PRIOR = 0.5
FEWEST_REPLICATES = 100
AT_ONCE = 2_000_000


def score_interval(plus, minus, n, q):
    """The differences that a score test does not reject at critical value ``q``, each end to 1e-15.

    The test of plus − minus = δ divides by the standard error under δ: √((2 d + δ − δ²) / n), d the maximum of the
    multinomial likelihood among all shares with plus = d + δ, the positive root of 2 d² − B d − δ (1 − δ) minus = 0
    with B = plus (1 − δ) + minus (1 − 3 δ) − 2 δ (1 − plus − minus). It is the restricted-likelihood score interval of
    Tango (1998, Statistics in Medicine 17) for the discordant cells of a paired table, which are a net share too.

    >>> low, high = score_interval(np.array([291 / 1162]), np.array([395 / 1162]), np.array([1162.0]), 1.959964)
    >>> round(low[0].item(), 6), round(high[0].item(), 6)
    (-0.133165, -0.045453)
    """
    plus, minus, n, q = np.broadcast_arrays(*(np.asarray(a, float) for a in (plus, minus, n, q)))
    estimate = plus - minus
    ends = []
    for far in (-1.0, 1.0):
        outside, inside = np.full(estimate.shape, far), estimate.copy()
        for _ in range(BISECTIONS):
            middle = (outside + inside) / 2
            rejected = np.abs(estimate - middle) * np.sqrt(n) > q * np.sqrt(_restricted_variance(plus, minus, middle))
            outside, inside = np.where(rejected, middle, outside), np.where(rejected, inside, middle)
        ends.append(np.where(np.isnan(n) | np.isnan(q), np.nan, inside))
    return tuple(ends)


def dirichlet_interval(plus, minus, n, confidence):
    """The equal-tailed interval of the posterior of plus − minus, Jeffreys' prior: ½ an answer in each class.

    The shares are Dirichlet (n plus + ½, n middle + ½, n minus + ½). Then s = plus + minus is Beta, u = plus / s is
    an independent Beta, and plus − minus = s (2 u − 1): the distribution function is a one-dimensional integral over
    the quantiles of s (64 Gauss–Legendre nodes, no random draws). Its error in an end is below 1e-3 for a handful
    of answers and below 1e-5 from some 50 on. The interval need not hold the estimate itself: where all
    answers agree, that lies at the end of the scale and the posterior inside it.

    >>> low, high = dirichlet_interval(np.array([0.5]), np.array([1 / 6]), np.array([324.0]), 0.95)
    >>> round(low[0].item(), 4), round(high[0].item(), 4)
    (0.2496, 0.4113)
    """
    plus, minus, n = np.broadcast_arrays(*(np.asarray(a, float) for a in (plus, minus, n)))
    known = np.isfinite(n) & np.isfinite(plus)
    a, b, c = (n[known] * share[known] + PRIOR for share in (plus, 1 - plus - minus, minus))
    node, weight = np.polynomial.legendre.leggauss(NODES)
    spread = scipy.special.betaincinv((a + c)[:, None], b[:, None], (node + 1) / 2)
    total = a + b + c
    mean = (a - c) / total
    sd = np.sqrt(((a + c) / total - mean**2) / (total + 1))

    def distribution(x):
        return scipy.special.betainc(a[:, None], c[:, None], np.clip((1 + x[:, None] / spread) / 2, 0, 1)) @ (weight / 2)

    ends = []
    for level in ((1 - confidence) / 2, (1 + confidence) / 2):
        end = np.full(plus.shape, np.nan)
        end[known] = _root(distribution, level, mean, sd)
        ends.append(end)
    return tuple(ends)


def bootstrap_interval(plus, minus, n, confidence, *, replicates=1000, seed=1):
    """Percentile interval of plus − minus over ``replicates`` multinomial samples of n answers with these shares.

    ``n`` are whole numbers. Drawing answers with replacement and counting them is drawing the counts, so the cost
    does not depend on n; groups are drawn in their order from one generator (``seed`` a number or a
    numpy.random.Generator), some two million counts at a time. Ends are the order statistics (replicates + 1) × level,
    between two of them by interpolation. Of zero width where all answers agree.

    >>> low, high = bootstrap_interval(np.array([0.5]), np.array([1 / 6]), np.array([324.0]), 0.95)
    >>> bool(0.24 < low[0] < 0.26 and 0.40 < high[0] < 0.43)
    True
    """
    replicates = check_count("replicates", replicates, FEWEST_REPLICATES)
    rng = seed if isinstance(seed, np.random.Generator) else np.random.default_rng(check_count("seed", seed, 0))
    plus, minus, n = np.broadcast_arrays(*(np.asarray(a, float) for a in (plus, minus, n)))
    known = np.flatnonzero(np.isfinite(n).ravel() & (n.ravel() > 0))
    size = n.ravel()[known]
    if (np.abs(size - np.rint(size)) > 1e-6).any():
        raise NotTestable(
            "a bootstrap draws whole answers; these counts add up to a fraction. "
            "Use method='adjusted-wald' or 'score'.",
            ["whole counts"],
        )
    share = np.column_stack([plus.ravel()[known], minus.ravel()[known]])
    # published shares may add up to a hair over 1
    share /= np.maximum(share.sum(axis=1), 1)[:, None]
    share = np.column_stack([share, np.maximum(1 - share.sum(axis=1), 0)])
    ends = np.full((2, n.size), np.nan)
    step = max(1, AT_ONCE // replicates)
    for start in range(0, len(known), step):
        part = slice(start, start + step)
        whole = np.rint(size[part]).astype(int)
        drawn = rng.multinomial(whole[:, None], share[part, None, :], size=(len(whole), replicates))
        net = np.sort(drawn[:, :, 0] - drawn[:, :, 1], axis=1)
        levels = np.array([1 - confidence, 1 + confidence]) / 2
        ends[:, known[part]] = _order_statistics(net, levels) / whole
    return tuple(end.reshape(n.shape) for end in ends)


def _order_statistics(ordered, levels):
    """Values at (B + 1) × level of rows of B sorted values, shape (levels, rows)."""
    count = ordered.shape[1]
    at = np.clip((count + 1) * levels - 1, 0, count - 1)
    below = np.floor(at).astype(int)
    part, above = (at - below)[:, None], np.minimum(below + 1, count - 1)
    return (1 - part) * ordered[:, below].T + part * ordered[:, above].T


def _restricted_variance(plus, minus, difference):
    middle = 1 - plus - minus
    b = plus * (1 - difference) + minus * (1 - 3 * difference) - 2 * difference * middle
    root = np.sqrt(np.maximum(b**2 + 8 * minus * difference * (1 - difference), 0))
    return np.maximum((b + root) / 2 + difference - difference**2, 0)


def _root(distribution, level, mean, sd):
    """Where the increasing ``distribution`` on −1…1 reaches ``level``.

    The Illinois rule on the normal scale, on which the distribution is nearly a line, until within 1e-8 of it.
    """
    target = scipy.special.ndtri(level)
    low, high = np.maximum(mean - FAR * sd, -1.0), np.minimum(mean + FAR * sd, 1.0)
    at_low, at_high = np.full(len(mean), -FAR - target), np.full(len(mean), FAR - target)
    before = np.zeros(len(mean), int)
    for _ in range(SECANTS):
        x = low - at_low * (high - low) / (at_high - at_low)
        found = scipy.special.ndtri(np.clip(distribution(x), 1e-15, 1 - 1e-15)) - target
        below, side = found < 0, np.sign(found).astype(int)
        # an end that stays twice has its value halved, which keeps the secant from creeping
        less = np.where(side == before, 0.5, 1.0)
        at_low, at_high = np.where(below, found, at_low * less), np.where(below, at_high * less, found)
        low, high, before = np.where(below, x, low), np.where(below, high, x), side
        if (np.abs(found) < 1e-8).all():
            break
    return x
