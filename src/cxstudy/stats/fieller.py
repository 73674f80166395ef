"""The ratio of two independent means, with Fieller's interval: honest where the denominator may be near zero."""

import numpy as np
import scipy

from cxstudy.stats.intervals import check_confidence


def ratio_of_means(first, second, *, confidence=0.95):
    """Mean of ``first`` over mean of ``second``, two independent samples of finite numbers; a dict.

    Keys: n, estimate, std_error (delta method), ci_low, ci_high, df, method, reason. The interval holds the ratios r at
    which first − r × second has a mean that Welch's t does not tell from zero, with the degrees of freedom of Welch and
    Satterthwaite at the estimate (Fieller 1954, JRSS B 16(2)). ``reason``, with nan: ``not-both-positive`` (a ratio is
    formed only of two positive means), ``too-few`` (under two numbers a side), ``unbounded`` (the estimate stands, but
    the second mean cannot be told from zero, so that no finite interval holds the ratio).

    >>> row = ratio_of_means([9.0, 10, 11, 10], [4.0, 5, 6, 5])
    >>> row["estimate"], round(row["ci_low"], 4), round(row["ci_high"], 4)
    (2.0, 1.5895, 2.6112)
    """
    confidence = check_confidence(confidence)
    x, y = np.asarray(first, float), np.asarray(second, float)
    row = {"n": len(x) + len(y)} | dict.fromkeys(("estimate", "std_error", "ci_low", "ci_high", "df"), np.nan)
    row |= {"method": "ratio of means, Fieller", "reason": None}
    if min(len(x), len(y)) < 2:
        return row | {"reason": "too-few"}
    above, below = float(x.mean()), float(y.mean())
    if above <= 0 or below <= 0:
        return row | {"reason": "not-both-positive"}
    ratio = above / below
    spread = np.array([x.var(ddof=1) / len(x), y.var(ddof=1) / len(y)])
    parts = spread * (1, ratio**2)
    row |= {"estimate": ratio, "std_error": float(np.sqrt(parts.sum()) / below)}
    if not parts.sum():
        return row | {"reason": "too-few"}
    row["df"] = float(parts.sum() ** 2 / (parts**2 / (len(x) - 1, len(y) - 1)).sum())
    t2 = scipy.stats.t.ppf((1 + confidence) / 2, row["df"]) ** 2
    a, c = below**2 - t2 * spread[1], above**2 - t2 * spread[0]
    if a <= 0:
        return row | {"reason": "unbounded"}
    reach = np.sqrt((above * below) ** 2 - a * c)
    return row | {"ci_low": float((above * below - reach) / a), "ci_high": float((above * below + reach) / a)}
