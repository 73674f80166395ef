"""What could the units and answers that are missing do? Bounds and breakdown points, no model.

Manski (1990), American Economic Review 80(2); interval for the partly identified value: Imbens & Manski (2004),
Econometrica 72(6).
"""

import numpy as np
import pandas as pd
import scipy


def missing_units(top, bottom, *, shares=(0.0, 0.05, 0.1, 0.2, 0.3), tails=0.05, std_error=None, confidence=0.95):
    """Bounds on top mean minus bottom mean when a share of each tier was never seen.

    ``top``, ``bottom``: the outcomes seen, shapes (n,) and (m,). The unseen may have any value between
    the ``tails`` and 1 − ``tails`` quantiles of all that was seen (L, U): with share q unseen the
    difference D lies between (1 − q) D − q (U − L) and (1 − q) D + q (U − L).

    ``std_error`` is that of D; None: Welch's.

    Columns: missing_share, estimate_low, estimate_high, ci_low, ci_high (Imbens–Manski).
    """
    top, bottom = np.asarray(top, float), np.asarray(bottom, float)
    low, high = np.quantile(np.concatenate([top, bottom]), [tails, 1 - tails])
    gap = float(top.mean() - bottom.mean())
    welch = float(np.sqrt(top.var(ddof=1) / len(top) + bottom.var(ddof=1) / len(bottom)))
    error = welch if std_error is None else float(std_error)
    rows = []
    for q in shares:
        first, last = (1 - q) * gap - q * (high - low), (1 - q) * gap + q * (high - low)
        reach = _imbens_manski(last - first, (1 - q) * error, confidence) * (1 - q) * error
        rows.append((q, first, last, first - reach, last + reach))
    return pd.DataFrame(rows, columns=["missing_share", "estimate_low", "estimate_high", "ci_low", "ci_high"])


def breakdown_share(top, bottom, *, tails=0.05):
    """The smallest share of both tiers that, unseen and at the worst, would make the difference zero.

    q* = |D| / (|D| + U − L), between 0 and 1; see `missing_units`.

    >>> round(breakdown_share([10, 10, 10], [0, 0, 0], tails=0), 3)
    0.5
    """
    low, high = np.quantile(np.concatenate([top, bottom]), [tails, 1 - tails])
    gap = abs(float(np.mean(top) - np.mean(bottom)))
    return float(gap / (gap + high - low)) if gap + high - low > 0 else np.nan


def biased_exposure(y, x, biases):
    """The slope of y on x if x is overstated by ``bias`` for every point of y: columns bias, estimate.

    The true exposure would be x − bias · (y − ȳ), as when those who did not answer are the less
    pleased the better the unit does. With c = Cov, the slope is (c_xy − b c_yy) / (c_xx − 2 b c_xy + b² c_yy);
    it is zero at b = c_xy / c_yy, which is what it takes to explain the slope away.
    """
    covariance = np.cov(np.asarray(x, float), np.asarray(y, float))
    xx, xy, yy = covariance[0, 0], covariance[0, 1], covariance[1, 1]
    biases = np.asarray(biases, float)
    return pd.DataFrame({"bias": biases, "estimate": (xy - biases * yy) / (xx - 2 * biases * xy + biases**2 * yy)})


def _imbens_manski(width, error, confidence):
    if error <= 0:
        return 0.0

    def excess(c):
        return scipy.stats.norm.cdf(c + width / error) - scipy.stats.norm.cdf(-c) - confidence

    return scipy.optimize.brentq(excess, 0, scipy.stats.norm.ppf((1 + confidence) / 2) + 1e-9)
