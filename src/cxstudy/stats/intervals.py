"""Intervals of a share, of a net share (NPS) and of a mean; arrays in, arrays out.

Shares and net shares are fractions here (0…1 and −1…1). ``n`` may be fractional: for weighted or clustered
answers it is the effective sample size, the n at which simple random sampling would have the same variance
(Franco, Little, Louis & Slud 2019, Journal of Survey Statistics and Methodology 7(3), compare this for shares).
"""

from statistics import NormalDist

import numpy as np
import scipy

from cxstudy.stats import net_share

SHARE_METHODS = ("wilson", "wald")
NET_SHARE_METHODS = ("adjusted-wald", "wald", "score", "bootstrap", "dirichlet")


def check_confidence(confidence):
    """``confidence`` as a float between 0 and 1; ValueError with the remedy otherwise.

    >>> check_confidence(0.9)
    0.9
    """
    is_number = isinstance(confidence, int | float | np.number) and not isinstance(confidence, bool)
    if not is_number or not 0 < confidence < 1:
        percent = confidence if is_number and 1 < confidence < 100 else 95
        remedy = f"Write {percent / 100:g} for {percent:g} %."
        raise ValueError(f"confidence must lie between 0 and 1; got {confidence}. {remedy}")
    return float(confidence)


def check_method(method, valid):
    """ValueError naming the valid methods when ``method`` is not one of them."""
    if method not in valid:
        raise ValueError(f"method must be one of {', '.join(valid)}; got {method!r}. Name one of these.")


def critical(confidence, df=np.inf):
    """Two-sided critical value: Student's t of ``df`` degrees of freedom, the normal one where df is infinite.

    >>> round(float(critical(0.95)), 6), round(float(critical(0.95, 4)), 6)
    (1.959964, 2.776445)
    """
    level = (1 + check_confidence(confidence)) / 2
    # most have no degrees of freedom, and need not wait for scipy to load
    return NormalDist().inv_cdf(level) if np.isposinf(df).all() else scipy.special.stdtrit(df, level)


def share_error(share, n):
    """Standard error √(s (1 − s) / n) of a share of n answers; nan for n = 0."""
    return _root(share * (1 - share), n)


def net_share_error(plus, minus, n):
    """Standard error of plus − minus, two shares of one question: √((p + d − (p − d)²) / n); nan for n = 0.

    Promoters and detractors exclude each other, so their covariance −p d / n is part of it.

    >>> round(float(net_share_error(291 / 1162, 395 / 1162, 1162)), 7)
    0.0223867
    """
    plus, minus = np.asarray(plus, float), np.asarray(minus, float)
    return _root(plus + minus - (plus - minus) ** 2, n)


def share_interval(share, n, *, confidence=0.95, method="wilson", df=np.inf):
    """Low and high end of the interval of a share.

    ``wilson``: the shares that a test of level 1 − confidence does not reject (Wilson 1927, JASA 22; R
    ``prop.test(correct=FALSE)``), never of zero width. ``wald``: s ± q √(s (1 − s) / n), cut to 0…1.
    ``df`` are the degrees of freedom of the variance where it comes from few clusters. nan for n = 0.

    >>> [round(float(end), 4) for end in share_interval(0.0, 20)]
    [0.0, 0.1611]
    """
    check_method(method, SHARE_METHODS)
    share, n, q = np.asarray(share, float), _positive(n), critical(confidence, df)
    if method == "wald":
        centre, half = share, q * share_error(share, n)
    else:
        centre = (share + q**2 / (2 * n)) / (1 + q**2 / n)
        half = q / (1 + q**2 / n) * np.sqrt(share * (1 - share) / n + q**2 / (4 * n**2))
    return np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)


def net_share_interval(plus, minus, n, *, confidence=0.95, method="adjusted-wald", df=np.inf, replicates=1000, seed=1):
    """Low and high end of the interval of plus − minus, cut to −1…1.

    - ``adjusted-wald``: three answers are added, ¾ to each end of the scale and 3/2 to its middle, and the Wald
      interval of these is taken (Rocks 2016, The American Statistician 70(4)); never of zero width.
    - ``wald``: d ± q SE, of zero width where all answers fall in one class.
    - ``score``: the differences that a score test does not reject (`net_share.score_interval`); never of zero width.
    - ``dirichlet``: equal-tailed posterior interval with Jeffreys' prior (`net_share.dirichlet_interval`).
    - ``bootstrap``: percentiles of ``replicates`` multinomial samples, drawn with ``seed``, a number or a
      numpy.random.Generator (`net_share.bootstrap_interval`); whole n only, of zero width as Wald.

    ``df`` as in `share_interval`; for ``dirichlet`` n is multiplied by (z / t)² (Korn & Graubard 1998), ``bootstrap``
    knows no degrees of freedom. nan for n = 0.

    >>> [round(float(end), 5) for end in net_share_interval(291 / 1162, 395 / 1162, 1162)]
    [-0.13308, -0.04546]
    """
    check_method(method, NET_SHARE_METHODS)
    plus, minus, n = np.asarray(plus, float), np.asarray(minus, float), _positive(n)
    q = critical(confidence, df)
    if method == "score":
        return net_share.score_interval(plus, minus, n, q)
    if method == "dirichlet":
        return net_share.dirichlet_interval(plus, minus, n * (critical(confidence) / q) ** 2, confidence)
    if method == "bootstrap":
        return net_share.bootstrap_interval(plus, minus, n, confidence, replicates=replicates, seed=seed)
    if method == "adjusted-wald":
        plus, minus, n = (plus * n + 0.75) / (n + 3), (minus * n + 0.75) / (n + 3), n + 3
    centre, half = plus - minus, q * net_share_error(plus, minus, n)
    return np.clip(centre - half, -1, 1), np.clip(centre + half, -1, 1)


def mean_interval(mean, std_error, df=np.inf, *, confidence=0.95):
    """Low and high end of mean ± t(df) × standard error, in the units of the mean; nan where df is below 1.

    >>> [round(float(end), 4) for end in mean_interval(10.0, 2.0, 4)]
    [4.4471, 15.5529]
    """
    df = np.asarray(df, float)
    half = critical(confidence, np.where(df >= 1, df, np.nan)) * np.asarray(std_error, float)
    return mean - half, mean + half


def _positive(n):
    n = np.asarray(n, float)
    return np.where(n > 0, n, np.nan)


def _root(variance, n):
    # rounding can leave a variance of zero a hair below it
    return np.sqrt(np.maximum(variance, 0) / _positive(n))
