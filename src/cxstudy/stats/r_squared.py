"""How much of an outcome is explained: R² with an interval, and R² without its optimism.

All intervals suppose one row per unit, independent rows and normal residuals. With
several rows a unit, or units that share something, resample the units instead
(:mod:`cxstudy.stats.resampling`).
"""

from numbers import Real

import numpy as np
import pandas as pd
import scipy

from cxstudy.faults import NotTestable, unknown_name
from cxstudy.stats.arguments import check_count
from cxstudy.stats.intervals import check_confidence

METHODS = ("fixed", "random", "olkin-finn")
ADJUSTMENTS = ("ezekiel", "olkin-pratt")
_MOST_TERMS = 2_000_000
_TAIL = 1e-14


def r_squared_interval(r2, n, p, *, confidence=0.95, method="random"):
    """R² with a confidence interval for the share explained in the population.

    Parameters
    ----------
    r2 : float in [0, 1)
        R² of a regression with intercept.
    n : int
        Units in the regression, at least p + 2.
    p : int
        Predictors without the intercept, at least 1.
    confidence : float in (0, 1)
    method : {"random", "fixed", "olkin-finn"}
        ``random``: the predictors were sampled with the outcome (a survey), jointly normal.
        ``fixed``: the predictors' values were chosen (an experiment).
        ``olkin-finn``: estimate ± z × standard error, for large n only.

    Returns
    -------
    DataFrame of one row: n, p, estimate, std_error (NaN where the method has none), ci_low,
    ci_high (both in [0, 1]), confidence, unit ("share"), method, bound. ``bound`` says which
    limits rest on 0 or 1 rather than on a solution: "none", "low", "high" or "both".
    "both" with [0, 0] means that R² is smaller than chance alone would nearly always give.

    Raises
    ------
    ValueError for an argument out of range, NotTestable for an R² of 1 (for olkin-finn also 0,
    where the standard error vanishes), or so near 1 that the distribution can't be summed.

    Notes
    -----
    The exact intervals are equal-tailed inversions of the distribution of the sample R². Given J = j it is
    Beta(p/2 + j, (n − p − 1)/2); J is Poisson(nΡ²/(2(1 − Ρ²))) with fixed predictors, which is the noncentral F,
    and negative binomial((n − 1)/2, 1 − Ρ²) with random ones (Fisher 1928, Proc. R. Soc. A 121; Lee 1972,
    Biometrika 59). Olkin & Finn (1995, Psychological Bulletin 118):
    SE² = 4R²(1 − R²)²(n − p − 1)²/((n² − 1)(n + 3)). R: MBESS::ci.R2 gives the same limits, to 2e-4 for ``random``.

    >>> r_squared_interval(0.20, 250, 1, method="random")[["ci_low", "ci_high"]].round(4).values.tolist()
    [[0.1166, 0.2921]]
    """
    r2, n, p = _checked(r2, n, p)
    confidence = check_confidence(confidence)
    if method not in METHODS:
        raise ValueError(unknown_name("method", method, METHODS))
    if r2 == 1:
        raise NotTestable(
            "an R² of exactly 1 has no sampling distribution: the outcome is a formula of the predictors. "
            "Check that the outcome was not computed from them.",
            needs=["an outcome measured apart from the predictors"],
        )
    tail = (1 - confidence) / 2
    if method == "olkin-finn":
        std_error, low, high, bound = _olkin_finn(r2, n, p, tail)
    else:
        std_error = np.nan
        low, high = (_limit(r2, n, p, level, method) for level in (1 - tail, tail))
        bound = {(True, True): "both", (True, False): "low"}.get((low == 0, high == 0), "none")
    row = dict(n=n, p=p, estimate=r2, std_error=std_error, ci_low=low, ci_high=high)
    return pd.DataFrame([row | dict(confidence=confidence, unit="share", method=method, bound=bound)])


def r_squared_cdf(r2, n, p, population_r2, *, method="random"):
    """Probability that a sample's R² is at most ``r2`` when the population's is ``population_r2``.

    Both in [0, 1); n, p and ``method`` ("random" or "fixed") as in :func:`r_squared_interval`. The probability
    falls as ``population_r2`` rises.

    >>> round(r_squared_cdf(0.0384, 100, 1, 0.0), 2)
    0.95
    """
    r2, n, p = _checked(r2, n, p)
    if method not in METHODS[:2]:
        raise ValueError(unknown_name("method", method, METHODS[:2]))
    if not 0 <= population_r2 < 1:
        raise ValueError(f"population_r2 must lie in [0, 1); got {population_r2!r}. Write 0.2 for 20 %.")
    if population_r2 == 0:
        return float(scipy.special.betainc(p / 2, (n - p - 1) / 2, r2))
    if method == "fixed":
        terms, at = scipy.stats.poisson, (n * population_r2 / (1 - population_r2) / 2,)
    else:
        terms, at = scipy.stats.nbinom, ((n - 1) / 2, 1 - population_r2)
    # not frozen: this is called some dozen times for each limit, and freezing costs as much as the sum
    first, last = terms.ppf(_TAIL, *at), terms.isf(_TAIL, *at)
    if not last - first < _MOST_TERMS:
        raise NotTestable(
            f"R² = {r2:.10g} with n = {n} is too near 1 for an interval: the outcome is all but a formula of the "
            "predictors. Check that it was not computed from them.",
            needs=["an outcome measured apart from the predictors"],
        )
    j = np.arange(max(first - 1, 0), last + 2)
    return float(terms.pmf(j, *at) @ scipy.special.betainc(p / 2 + j, (n - p - 1) / 2, r2))


def adjusted(r2, n, p, *, method="ezekiel"):
    """R² less what chance adds, as a float; may be negative, and is then kept so.

    ``ezekiel``: 1 − (1 − R²)(n − 1)/(n − p − 1), what programs print as adjusted R². ``olkin-pratt``: the unbiased
    estimator for random predictors, 1 − (1 − R²)(n − 3)/(n − p − 1) · ₂F₁(1, 1; (n − p + 1)/2; 1 − R²)
    (Olkin & Pratt 1958, Ann. Math. Stat. 29). r2 in [0, 1], n and p as in :func:`r_squared_interval`; ``olkin-pratt``
    at R² = 0 needs n ≥ p + 4, below which it has no finite value (NotTestable).

    >>> round(adjusted(0.25, 100, 5), 6), round(adjusted(0.25, 100, 5, method="olkin-pratt"), 6)
    (0.210106, 0.213583)
    """
    r2, n, p = _checked(r2, n, p)
    if method not in ADJUSTMENTS:
        raise ValueError(unknown_name("method", method, ADJUSTMENTS))
    if method == "ezekiel":
        return 1 - (1 - r2) * (n - 1) / (n - p - 1)
    value = 1 - (1 - r2) * (n - 3) / (n - p - 1) * scipy.special.hyp2f1(1, 1, (n - p + 1) / 2, 1 - r2)
    if not np.isfinite(value):
        raise NotTestable(
            f"the Olkin–Pratt estimate is not finite for R² = {r2:g}, n = {n}, p = {p}. "
            "Use method='ezekiel', or more units.",
            needs=["n of at least p + 4"],
        )
    return float(value)


def _olkin_finn(r2, n, p, tail):
    if r2 == 0:
        raise NotTestable(
            "the Olkin–Finn standard error vanishes at R² = 0, and an interval of no width would be untrue. "
            "Use method='random'.",
            needs=["an R² above 0"],
        )
    std_error = 2 * np.sqrt(r2 / ((n**2 - 1) * (n + 3))) * (1 - r2) * (n - p - 1)
    half = scipy.stats.norm.isf(tail) * std_error
    low, high = r2 - half, r2 + half
    bound = {(True, True): "both", (True, False): "low", (False, True): "high"}.get((low < 0, high > 1), "none")
    return float(std_error), max(low, 0.0), min(high, 1.0), bound


def _limit(r2, n, p, level, method):
    """The population R² under which a sample's R² lies below the one found with probability ``level``."""

    def excess(population_r2):
        return r_squared_cdf(r2, n, p, population_r2, method=method) - level

    if excess(0.0) <= 0:
        return 0.0
    beyond = max(r2, 1e-6)
    while excess(beyond) > 0:
        beyond = 1 - (1 - beyond) / 2
    return float(scipy.optimize.brentq(excess, 0.0, beyond, xtol=1e-13, rtol=1e-12))


def _checked(r2, n, p):
    p = check_count("p", p, 1)
    n = check_count("n", n, 3)
    if n < p + 2:
        raise NotTestable(
            f"R² with {p} predictor{'s' if p > 1 else ''} needs at least {p + 2} units; found {n}. "
            "Use fewer predictors or more units.",
            needs=["more units"],
        )
    if isinstance(r2, bool) or not isinstance(r2, Real) or not 0 <= r2 <= 1:
        raise ValueError(f"r2 must lie between 0 and 1; got {r2!r}. Write 0.2 for 20 %, and not an adjusted R².")
    return float(r2), n, p
