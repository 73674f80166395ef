"""Resampling whole units: how often each is drawn, and the intervals made from the replicates.

A bootstrap sample of n units is a row of multiplicities: how many times each unit was
drawn. A statistic of sums by unit is then a matrix product for all replicates at once::

    drawn = multiplicities(rng, units=n, replicates=2000)   # B × n
    replicates = statistic(drawn)                           # B
    jackknife = statistic(leave_one_out(n))                 # n
    bca(estimate, replicates, jackknife)

R² is a bad case near zero. It can't be negative, so nearly every replicate lies above 0 and
none of these intervals holds a true value of 0: their coverage there is 0, not 95 %, and close
above 0 it is below the nominal too. More replicates don't mend it. Beside a resampled
interval of a small R², show :func:`cxstudy.stats.r_squared.r_squared_interval`, and test the
sign on the slope.
"""

import numpy as np
import pandas as pd
import scipy

from cxstudy.faults import NotTestable
from cxstudy.stats.arguments import check_count
from cxstudy.stats.intervals import check_confidence

LARGEST_SHARE_LOST = 0.05
FEWEST_UNITS = 3
FEWEST_REPLICATES = 100


def multiplicities(rng, units, replicates):
    """How often each unit is drawn: integer array (replicates × units); every row sums to ``units``.

    ``rng`` is a numpy.random.Generator; the rows are multinomial with equal chances, as drawing with replacement is.

    >>> multiplicities(np.random.default_rng(1), units=4, replicates=2).sum(axis=1).tolist()
    [4, 4]
    """
    if not isinstance(rng, np.random.Generator):
        raise ValueError(f"rng must be a numpy.random.Generator; got {rng!r}. Write numpy.random.default_rng(seed).")
    units = check_count("units", units, 1)
    return rng.multinomial(units, np.full(units, 1 / units), size=check_count("replicates", replicates, 1))


def leave_one_out(units):
    """The multiplicities of the jackknife: integer array (units × units), 0 on the diagonal and 1 elsewhere.

    >>> leave_one_out(2).tolist()
    [[0, 1], [1, 0]]
    """
    units = check_count("units", units, 1)
    return 1 - np.eye(units, dtype=int)


def acceleration(jackknife):
    """Skewness of the jackknife: Σd³ / (6 (Σd²)^1.5) with d = mean − value; 0 when all values are equal.

    ``jackknife``: the statistic with each unit left out, n ≥ 3 finite values. (Efron & Tibshirani 1993, eq. 14.15;
    in R, boot::empinf(type = "jack") gives the influence values.)

    >>> round(acceleration([1.0, 2.0, 3.0, 10.0]), 4)
    -0.0849
    """
    jackknife = _values("jackknife", jackknife)
    if len(jackknife) < FEWEST_UNITS or not np.isfinite(jackknife).all():
        raise NotTestable(
            f"the acceleration needs the statistic without each of at least {FEWEST_UNITS} units, all finite; "
            f"got {len(jackknife)} values, {int((~np.isfinite(jackknife)).sum())} not finite. "
            "Use the percentile interval, or more units.",
            needs=["more units"],
        )
    deviation = jackknife.mean() - jackknife
    scale = np.abs(deviation).max()
    if scale <= 1e-12 * np.abs(jackknife).max():
        return 0.0
    deviation = deviation / scale
    return float((deviation**3).sum() / (6 * (deviation**2).sum() ** 1.5))


def bca(estimate, replicates, jackknife, *, confidence=0.95, unit=""):
    """The bias-corrected and accelerated interval (Efron 1987), second-order accurate and range-preserving.

    Parameters
    ----------
    estimate : float
        The statistic of the data themselves.
    replicates : array of B ≥ 100
        The statistic of each bootstrap sample. Values that are not finite are left out and counted;
        above 5 % of them the interval is refused.
    jackknife : array of n ≥ 3
        The statistic with each unit left out.
    confidence : float in (0, 1)
    unit : str
        Unit of the estimate, passed through.

    Returns
    -------
    DataFrame of one row: n (units), replicates (used), n_not_finite, estimate, std_error (SD of the replicates),
    ci_low, ci_high, confidence, unit, method ("bca"), bias (z₀), acceleration, extreme (True: a limit is
    the smallest or largest replicate, so more replicates are needed).

    Raises
    ------
    NotTestable for fewer than 3 units, all replicates equal, too many not finite, an estimate outside all replicates
    (z₀ infinite), or an acceleration so strong that the formula breaks.

    Notes
    -----
    Levels Φ(z₀ + (z₀ + z)/(1 − a(z₀ + z))); z₀ = Φ⁻¹(share of replicates below the estimate, ties counted half).
    Quantiles as R's boot: order statistics (B + 1)α, between them by interpolation on the normal scale.

    >>> rng = np.random.default_rng(1); x = rng.exponential(size=30)
    >>> drawn = multiplicities(rng, units=30, replicates=999)
    >>> bca(x.mean(), drawn @ x / 30, leave_one_out(30) @ x / 29).method[0]
    'bca'
    """
    return pd.DataFrame([bca_row(estimate, replicates, jackknife, confidence=confidence, unit=unit)])


def bca_row(estimate, replicates, jackknife, *, confidence=0.95, unit=""):
    """The row of :func:`bca` as a dict, which takes a fifth of the time of a frame."""
    confidence = check_confidence(confidence)
    accelerated = acceleration(jackknife)
    used, lost = _usable(estimate, replicates)
    below = ((used < estimate).sum() + (used == estimate).sum() / 2) / len(used)
    if not 0 < below < 1:
        raise NotTestable(
            f"the estimate {estimate:g} lies outside all {len(used)} replicates ({used.min():g} to {used.max():g}), "
            "so its bias can't be corrected. Check that both are the same statistic; else use the percentile interval.",
            needs=["replicates on both sides of the estimate"],
        )
    bias = scipy.special.ndtri(below)
    moved = bias + scipy.special.ndtri([(1 - confidence) / 2, (1 + confidence) / 2])
    if (1 - accelerated * moved <= 0).any():
        raise NotTestable(
            f"the acceleration {accelerated:.3g} is too strong for the BCa formula at confidence {confidence:g}: "
            "one or two units decide the statistic. Use the percentile interval and look at each unit's influence.",
            needs=["more units"],
        )
    levels = scipy.special.ndtr(bias + moved / (1 - accelerated * moved))
    (low, high), extreme = _quantiles(used, levels)
    row = _row(len(_values("jackknife", jackknife)), used, lost, estimate, low, high, confidence, unit, "bca")
    return row | dict(bias=float(bias), acceleration=accelerated, extreme=extreme)


def percentile(estimate, replicates, *, units, confidence=0.95, unit=""):
    """The interval between two quantiles of the replicates; ``units`` is the number of units resampled (at least 3).

    Columns and errors as :func:`bca`, without bias and acceleration; method "percentile".

    >>> percentile(50.0, np.arange(1.0, 100.0).repeat(2), units=9, confidence=0.8).ci_low.round()[0].item()
    10.0
    """
    return pd.DataFrame([percentile_row(estimate, replicates, units=units, confidence=confidence, unit=unit)])


def percentile_row(estimate, replicates, *, units, confidence=0.95, unit=""):
    """The row of :func:`percentile` as a dict."""
    confidence = check_confidence(confidence)
    units = _enough(units)
    used, lost = _usable(estimate, replicates)
    (low, high), extreme = _quantiles(used, [(1 - confidence) / 2, (1 + confidence) / 2])
    row = _row(units, used, lost, estimate, low, high, confidence, unit, "percentile")
    return row | dict(extreme=extreme)


def basic(estimate, replicates, *, units, confidence=0.95, unit=""):
    """Twice the estimate less the percentile limits; may leave the statistic's range (a negative R²), and is left so.

    Columns and errors as :func:`percentile`; method "basic".

    >>> basic(50.0, np.arange(1.0, 100.0).repeat(2), units=9, confidence=0.8).ci_low.round()[0].item()
    10.0
    """
    row = percentile(estimate, replicates, units=units, confidence=confidence, unit=unit)
    low, high = 2 * estimate - row.ci_high, 2 * estimate - row.ci_low
    return row.assign(ci_low=low, ci_high=high, method="basic")


def _quantiles(used, levels):
    ordered, size, values, extreme = np.sort(used), len(used), [], False
    for level in levels:
        rank = (size + 1) * float(level)
        k = int(rank + 1e-9)
        extreme |= not 1 < rank < size
        if k < 1 or k >= size:
            values.append(float(ordered[0 if k < 1 else -1]))
            continue
        lower, here, upper = scipy.special.ndtri([k / (size + 1), level, (k + 1) / (size + 1)])
        values.append(float(ordered[k - 1] + max(here - lower, 0) / (upper - lower) * (ordered[k] - ordered[k - 1])))
    return values, bool(extreme)


def _usable(estimate, replicates):
    replicates = _values("replicates", replicates)
    if not np.isfinite(estimate):
        raise NotTestable(f"the estimate must be finite; got {estimate!r}.", needs=["a finite estimate"])
    if len(replicates) < FEWEST_REPLICATES:
        raise ValueError(
            f"an interval needs at least {FEWEST_REPLICATES} replicates; got {len(replicates)}. Draw 2000."
        )
    used = replicates[np.isfinite(replicates)]
    lost = len(replicates) - len(used)
    if lost > LARGEST_SHARE_LOST * len(replicates):
        raise NotTestable(
            f"at most {LARGEST_SHARE_LOST:.0%} of the replicates may be without a value; found {lost} of "
            f"{len(replicates)}. Too few units carry the statistic: merge small groups or use another estimator.",
            needs=["more units"],
        )
    if np.ptp(used) <= 1e-12 * max(np.abs(used).max(), abs(estimate)):
        raise NotTestable(
            f"all {len(used)} replicates equal {used[0]:g}: resampling shows no spread, which is not the same as none. "
            "Use an analytic interval.",
            needs=["units that differ"],
        )
    return used, lost


def _values(name, values):
    values = np.asarray(values, dtype=float)
    if values.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional; got shape {values.shape}. Resample one statistic at a time.")
    return values


def _enough(units):
    units = check_count("units", units, 1)
    if units < FEWEST_UNITS:
        raise NotTestable(
            f"resampling needs at least {FEWEST_UNITS} units; found {units}. Use an analytic interval.",
            needs=["more units"],
        )
    return units


def _row(units, used, lost, estimate, low, high, confidence, unit, method):
    return dict(
        n=units, replicates=len(used), n_not_finite=lost, estimate=float(estimate), std_error=float(used.std(ddof=1)),
        ci_low=low, ci_high=high, confidence=confidence, unit=unit, method=method,
    )
