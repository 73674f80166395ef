"""Shares of several classes with simultaneous intervals: all of them hold together with the stated confidence."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import scipy

from cxstudy.stats.intervals import check_confidence, check_method, share_error

METHODS = ("goodman", "sison-glaz")
# beyond, the library's expansion loses its digits and its intervals shrink to nothing
_MOST = 5_000


def multinomial_interval(counts, method="goodman", *, confidence=0.95):
    """Share of each class in percent, with simultaneous intervals; one row a class.

    - ``counts``: at least two whole numbers ≥ 0, as a mapping or pandas Series of class → answers, or a list (the
      classes are then 1, 2, …). Each answer falls in one class; weighted or clustered answers are not of this kind.
    - ``method``: ``goodman`` (Goodman 1965, Technometrics 7(2)): a score interval for each class with the level
      shared out by Bonferroni; on the safe side, best with 5 or more answers a class. ``sison-glaz`` (Sison & Glaz
      1995, JASA 90(429)): shorter, of one width for all classes; a large-sample formula for 7 classes or more with 5
      or more answers each. Outside these conditions ``method`` ends in ``approximate``.
    - ``confidence``: 0…1, coverage of all intervals together.

    Returns a frame in the order of ``counts``: ``class``, ``count``, ``n`` (all answers), ``estimate``,
    ``std_error``, ``ci_low``, ``ci_high`` (percent, 0…100), ``confidence``, ``unit``, ``method``, ``reason``.
    ``sison-glaz`` has no interval where all answers fall in one class or n is above 5,000: ``reason`` says so.

    Raises ValueError for fewer than two classes, classes named twice, counts that are negative or not whole, no
    answers at all. Computed by ``statsmodels.stats.proportion.multinomial_proportions_confint``; R:
    ``DescTools::MultinomCI``.

    >>> multinomial_interval({"low": 23, "middle": 12, "high": 44})[["ci_low", "ci_high"]].round(3).values.tolist()
    [[18.628, 42.426], [7.917, 27.171], [42.386, 68.236]]
    """
    confidence = check_confidence(confidence)
    check_method(method, METHODS)
    classes, numbers = _counts(counts)
    n, fewest = int(numbers.sum()), int(numbers.min())
    share = numbers / n
    low, high, reason = _ends(numbers, confidence, method)
    safe = fewest >= 5 and (method == "goodman" or len(numbers) >= 7)
    return pd.DataFrame(
        {
            "class": classes,
            "count": numbers.astype(int),
            "n": n,
            "estimate": 100 * share,
            "std_error": 100 * share_error(share, n),
            "ci_low": 100 * low,
            "ci_high": 100 * high,
            "confidence": confidence,
            "unit": "percent",
            "method": method if safe else f"{method}, approximate",
            "reason": pd.array([reason] * len(numbers), dtype="str"),
        }
    )


def _ends(numbers, confidence, method):
    from statsmodels.stats.proportion import multinomial_proportions_confint

    n, nothing = numbers.sum(), np.full(len(numbers), np.nan)
    if method == "sison-glaz" and n > _MOST:
        return nothing, nothing, f"sison-glaz cannot be computed reliably above {_MOST:,} answers; goodman can"
    if method == "sison-glaz" and numbers.max() == n:
        return nothing, nothing, "all answers fall in one class, where sison-glaz sees no uncertainty; goodman does"
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = multinomial_proportions_confint(numbers, alpha=1 - confidence, method=method).T
    if method == "sison-glaz" and _too_short(numbers, high, confidence):
        return nothing, nothing, "sison-glaz gives no usable interval for these counts; goodman does"
    # rounding can carry an end a hair past the scale
    return np.clip(low, 0, 1), np.clip(high, 0, 1), None


def _too_short(numbers, high, confidence):
    """Whether the width falls clearly below what one class alone would need: then the expansion has failed."""
    n = numbers.sum()
    widest = np.argmax(numbers * (n - numbers))
    share = numbers[widest] / n
    needed = scipy.stats.norm.isf((1 - confidence) / 2) * np.sqrt(n * share * (1 - share))
    return high[widest] < 1 and not n * (high[widest] - share) >= 0.8 * needed - 1


def _counts(counts):
    if isinstance(counts, Mapping | pd.Series):
        classes, values = list(counts.keys()), list(counts.values() if isinstance(counts, Mapping) else counts)
    else:
        values = list(counts) if np.ndim(counts) == 1 else []
        classes = list(range(1, len(values) + 1))
    if len(values) < 2:
        raise ValueError(f"counts must hold at least two classes; got {len(values)}. Give one count a class.")
    twice = sorted({str(c) for c in classes if classes.count(c) > 1})
    if twice:
        raise ValueError(f"each class is named once; got {', '.join(twice)} again. Add their counts up first.")
    numbers = pd.to_numeric(pd.Series(values, dtype=object), errors="coerce").to_numpy(float)
    bad = ~(np.isfinite(numbers) & (numbers >= 0) & (numbers == np.floor(numbers)))
    if bad.any():
        found = ", ".join(f"{classes[i]}: {values[i]!r}" for i in np.flatnonzero(bad)[:5])
        raise ValueError(f"counts must be whole numbers of at least 0; got {found}. Give numbers, not shares or sums.")
    if numbers.sum() == 0:
        raise ValueError("counts must hold at least one answer; all are 0. Leave the question out.")
    return classes, numbers
