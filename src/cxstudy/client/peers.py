"""Where a client stands among peers that stay anonymous, with the uncertainty of all of them."""

import math

import numpy as np
import scipy

from cxstudy.stats.intervals import critical
from cxstudy.stats.multiple import adjusted

FEWEST_PEERS = 5
DRAWS, SEED = 2000, 1
FEWEST_DRAWS, MOST_NUMBERS = 200, 400_000


def quartiles(values):
    """Lower quartile, median and upper quartile of the peers' estimates."""
    return tuple(float(q) for q in np.quantile(np.asarray(values, float), [0.25, 0.5, 0.75]))


def median_interval(values, errors, confidence, *, draws=DRAWS, seed=SEED):
    """``(std_error, low, high)`` of the median of the peers, whose estimates have sampling errors of their own.

    The spread of the medians of ``draws`` normal draws round the estimates, fewer where there are very many peers.
    """
    values, errors = np.asarray(values, float), np.nan_to_num(np.asarray(errors, float))
    draws = max(FEWEST_DRAWS, min(draws, MOST_NUMBERS // len(values)))
    drawn = np.median(np.random.default_rng(seed).normal(values, errors, size=(draws, len(values))), axis=1)
    # draws lie wider than the truth, round the same middle: their spread is used, not their place
    centre, spread = float(np.median(values)), float(drawn.std(ddof=1))
    half = float(critical(confidence)) * spread
    return spread, centre - half, centre + half


def above_median(own, error, median, median_error):
    """Probability that the client's true value lies above the peers' median, under normal errors and a flat prior.

    >>> round(above_median(10.0, 3.0, 10.0, 1.0), 2), round(above_median(13.0, 3.0, 10.0, 4.0), 4)
    (0.5, 0.7257)
    """
    spread = math.hypot(error, median_error)
    gap = own - median
    return float(scipy.stats.norm.cdf(gap / spread)) if spread > 0 else float(np.sign(gap) / 2 + 0.5)


def rank_interval(own, error, values, errors, confidence):
    """``(best, worst)`` rank that the client may have among itself and its peers, 1 the highest.

    1 + those surely higher … all − those surely lower; surely: of the differences to each peer, those that Holm's
    correction leaves below 1 − confidence, so that the set holds with at least ``confidence``.

    >>> rank_interval(50.0, 1.0, [0.0, 1.0, 2.0, 90.0], [1.0] * 4, 0.95)
    (2, 2)
    """
    values, errors = np.asarray(values, float), np.nan_to_num(np.asarray(errors, float))
    gap, spread = values - own, np.hypot(errors, error)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = np.where(spread > 0, 2 * scipy.stats.norm.sf(np.abs(gap) / spread), np.where(gap == 0, 1.0, 0.0))
    sure = adjusted(p) < 1 - confidence
    return 1 + int((sure & (gap > 0)).sum()), len(values) + 1 - int((sure & (gap < 0)).sum())


def gap_to_peers(own, error, values, confidence):
    """Own value minus the mean of the peers: estimate, std_error, ci_low, ci_high, p_value.

    SE² = own SE² + s² / k, s² the variance of the k peers' estimates, which holds their sampling errors.

    >>> gap_to_peers(5.0, 1.0, [1.0, 2.0, 3.0, 4.0, 5.0], 0.95)["estimate"]
    2.0
    """
    values = np.asarray(values, float)
    spread = math.sqrt(error**2 + values.var(ddof=1) / len(values))
    gap, half = own - float(values.mean()), float(critical(confidence)) * spread
    p = float(2 * scipy.stats.norm.sf(abs(gap) / spread)) if spread > 0 else math.nan
    return {"estimate": gap, "std_error": spread, "ci_low": gap - half, "ci_high": gap + half, "p_value": p}
