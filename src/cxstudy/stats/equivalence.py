"""Are two numbers the same for all practical purposes? Two one-sided tests (TOST)."""

import numpy as np
import scipy


def check_margin(margin):
    """``margin`` as a float above 0; ValueError with the remedy otherwise.

    >>> check_margin(5)
    5.0
    """
    is_number = isinstance(margin, int | float | np.number) and not isinstance(margin, bool)
    if not is_number or not 0 < margin < np.inf:
        remedy = "Give the largest difference that does not matter, in the unit of the estimate."
        raise ValueError(f"margin must be a number above 0; got {margin!r}. {remedy}")
    return float(margin)


def tost(estimate, std_error, margin, df=np.inf, *, level=0.05):
    """P-value of "the difference is as large as the margin, or larger", and whether that is rejected.

    - ``estimate``, ``std_error``, ``margin`` > 0: a difference in any unit, all three in the same; arrays broadcast.
    - ``df``: degrees of freedom of the standard error, infinite for the normal distribution.
    - ``level``: 0…1; ``equivalent`` is p < level, the same as the interval of confidence 1 − 2 level lying
      inside −margin…margin.

    Returns ``(p_value, equivalent)``: p is the larger of those of "≤ −margin" and "≥ margin" (Schuirmann 1987,
    Journal of Pharmacokinetics and Biopharmaceutics 15(6); R ``TOSTER::tsum_TOST``). A standard error of 0 or nan
    shows nothing: p is nan and equivalent False. A difference that is not significant is not thereby equivalent.
    Raises ValueError for a margin that is not above 0.

    >>> p, same = tost(1.0, 2.0, 5.0)
    >>> round(float(p), 6), bool(same)
    (0.02275, True)
    """
    margin = check_margin(margin)
    estimate, std_error = np.asarray(estimate, float), np.asarray(std_error, float)
    std_error = np.where(std_error > 0, std_error, np.nan)
    p_value = scipy.stats.t.sf((margin - np.abs(estimate)) / std_error, df)
    return p_value, p_value < level
