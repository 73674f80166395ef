"""Difference of two independent estimates: interval and test that agree with each other; arrays in, arrays out.

A sample is given by its estimate or shares, the number of answers n (fractional where it is an effective one) and
the degrees of freedom of its variance (infinite but for few clusters). Differences are second minus first.
"""

from dataclasses import dataclass

import numpy as np
import scipy

from cxstudy.stats.intervals import critical, net_share_error, share_error


@dataclass(frozen=True)
class Centred:
    """What an interval is built on: its ``centre``, the ``error`` of it, and ``df``; each of shape (g,)."""

    centre: np.ndarray
    error: np.ndarray
    df: np.ndarray

    def take(self, rows):
        """The samples at ``rows``."""
        return Centred(self.centre[rows], self.error[rows], self.df[rows])

    def minus(self, other):
        """This less ``other``, with the degrees of freedom of Welch and Satterthwaite (Welch 1947, Biometrika 34).

        >>> one = Centred(*np.array([[5.0], [3.0], [9.0]]))
        >>> two = one.minus(Centred(*np.array([[1.0], [4.0], [np.inf]])))
        >>> two.centre.item(), two.error.item(), two.df.item()
        (4.0, 5.0, 69.44444444444444)
        """
        a, b = other.error**2, self.error**2
        parts = a**2 / other.df + b**2 / self.df
        with np.errstate(divide="ignore", invalid="ignore"):
            df = np.where(parts == 0, np.inf, (a + b) ** 2 / parts)
        return Centred(self.centre - other.centre, np.sqrt(a + b), df)

    def interval(self, confidence):
        """Both ends, centre ± t(df) × error; nan where the error is 0, which is no sign of certainty."""
        half = critical(confidence, self.df) * self._spread()
        return self.centre - half, self.centre + half

    def test(self):
        """Statistic centre / error and its two-sided p-value; nan where the error is 0."""
        statistic = self.centre / self._spread()
        return statistic, 2 * scipy.stats.t.sf(np.abs(statistic), self.df)

    def _spread(self):
        return np.where(self.error > 0, self.error, np.nan)


def adjusted_net_share(plus, minus, n):
    """Centre and error of plus − minus with three answers added, ¾ to each end and 3/2 to the middle (Rocks 2016).

    >>> [round(float(x), 4) for x in adjusted_net_share(1.0, 0.0, 20)]
    [0.8696, 0.0881]
    """
    plus, minus = (plus * n + 0.75) / (n + 3), (minus * n + 0.75) / (n + 3)
    return plus - minus, net_share_error(plus, minus, n + 3)


def adjusted_share(share, n):
    """Centre and error of a share with two answers added, one of each kind (Agresti & Caffo 2000).

    >>> [round(float(x), 4) for x in adjusted_share(1.0, 18)]
    [0.95, 0.0487]
    """
    share = (share * n + 1) / (n + 2)
    return share, share_error(share, n + 2)


def newcombe_interval(first, second, estimates, p_value):
    """Ends of confidence 1 − ``p_value`` of a difference of net shares, by Newcombe's square-and-add.

    ``first``, ``second``: `Centred` of `adjusted_net_share`, whose ends cut to −1…1 are l and u; ``estimates``: the
    two net shares d. Low end d₂ − d₁ − √((d₂ − l₂)² + (u₁ − d₁)²), high end likewise (Newcombe 1998, Statistics in
    Medicine 17, method 10; Zou & Donner 2008, Statistics in Medicine 27).

    >>> a, b = (Centred(*adjusted_net_share(p, m, 50), np.inf) for p, m in ((0.4, 0.3), (0.6, 0.2)))
    >>> [round(float(end), 4) for end in newcombe_interval(a, b, (0.1, 0.4), 0.05)]
    [-0.0217, 0.5983]
    """
    (l1, u1), (l2, u2) = (_cut(sample, p_value) for sample in (first, second))
    d1, d2 = (np.asarray(d, float) for d in estimates)
    # with very few answers the adjusted interval may not reach an estimate at the end of the scale
    down = np.hypot(np.maximum(d2 - l2, 0), np.maximum(u1 - d1, 0))
    up = np.hypot(np.maximum(u2 - d2, 0), np.maximum(d1 - l1, 0))
    return d2 - d1 - down, d2 - d1 + up


def newcombe_p(first, second, estimates, null=0.0):
    """Two-sided p-value of a difference of ``null``: that at which the end of the interval meets it.

    Found by halving log p 80 times; 1 where the difference is the null.
    """
    difference = np.asarray(estimates[1], float) - np.asarray(estimates[0], float)
    low, high = np.full(difference.shape, -700.0), np.zeros(difference.shape)
    for _ in range(80):
        middle = (low + high) / 2
        ends = newcombe_interval(first, second, estimates, np.exp(middle))
        outside = np.where(difference > null, ends[0] > null, ends[1] < null)
        low, high = np.where(outside, low, middle), np.where(outside, middle, high)
    p_value = np.where(difference == null, 1.0, np.exp(high))
    return np.where(np.isnan(difference), np.nan, p_value)


def _cut(sample, p_value):
    half = scipy.stats.t.isf(np.asarray(p_value) / 2, sample.df) * sample.error
    return np.clip(sample.centre - half, -1, 1), np.clip(sample.centre + half, -1, 1)
