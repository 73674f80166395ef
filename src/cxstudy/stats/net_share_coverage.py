"""How often an interval of a net share holds the truth: exactly, over every outcome of the trinomial.

A sample of n answers has (n + 1)(n + 2) / 2 outcomes of its three classes. Each has its probability
n! / (a! b! c!) plus^a middle^b minus^c and its interval, so coverage is a sum and nothing is drawn. Above some hundred
answers outcomes are many, and samples are drawn instead, with the Monte Carlo interval of the share.
"""

from dataclasses import dataclass, replace

import numpy as np
import scipy

from cxstudy.stats.arguments import check_count
from cxstudy.stats.intervals import net_share_interval, share_interval

LEFT_OUT = 1e-12
AT_ONCE = 20_000
# an end that equals the truth holds it, whatever the last bits of both
HAIR = 1e-12


@dataclass(frozen=True)
class Coverage:
    """Share of samples whose interval holds plus − minus, fractions.

    ``below``: the interval lies wholly under the truth, ``above``: wholly over it; the three add up to 1.
    ``width``: mean width of the interval on −1…1. ``ci_low``, ``ci_high``: the Monte Carlo interval where samples were
    drawn (``samples``), nan where all outcomes were added up (``samples`` 0).
    """

    estimate: float
    below: float
    above: float
    width: float
    ci_low: float = np.nan
    ci_high: float = np.nan
    samples: int = 0


def outcomes(n):
    """The counts in the plus and the minus class of every possible sample of ``n`` answers, two arrays of int.

    >>> [a.tolist() for a in outcomes(1)]
    [[0, 0, 1], [0, 1, 0]]
    """
    n = check_count("n", n, 1)
    plus = np.repeat(np.arange(n + 1), np.arange(n + 1, 0, -1))
    return plus, np.concatenate([np.arange(n + 1 - k) for k in range(n + 1)])


def probabilities(plus, minus, n):
    """The probability of each of `outcomes` (n) where the classes have the shares ``plus`` and ``minus``.

    >>> probabilities(0.5, 0.5, 2).tolist()
    [0.0, 0.0, 0.25, 0.0, 0.5, 0.25]
    """
    _check_shares(plus, minus)
    a, b = outcomes(n)
    middle = n - a - b
    ways = scipy.special.gammaln(n + 1) - scipy.special.gammaln(a + 1) - scipy.special.gammaln(b + 1) - scipy.special.gammaln(middle + 1)
    log = ways + scipy.special.xlogy(a, plus) + scipy.special.xlogy(b, minus) + scipy.special.xlogy(middle, max(1 - plus - minus, 0.0))
    found = np.exp(log)
    # log-gamma loses some digits at large n
    return found / found.sum()


def exact_coverage(populations, n, *, method, confidence=0.95, **drawing):
    """`Coverage` of the interval ``method`` at ``n`` answers in each of several populations, by adding up all outcomes.

    ``populations`` are pairs (plus, minus) of fractions; ``method`` and ``drawing`` as in
    `cxstudy.stats.intervals.net_share_interval`. The least likely outcomes are left out, 1e-12 together; intervals are
    made once for all populations, so the cost is that of (n + 1)(n + 2) / 2 intervals at most.
    Raises ValueError for shares that are none, an unknown method and a confidence such as 95.

    >>> round(exact_coverage([(0.5, 0.5)], 50, method="wald")[0].estimate, 4)
    0.9351
    """
    chances = np.array([probabilities(*population, n) for population in populations])
    for chance in chances:
        order = np.argsort(chance)
        chance[order[np.cumsum(chance[order]) <= LEFT_OUT]] = 0
    a, b = outcomes(n)
    likely = np.flatnonzero(chances.any(axis=0))
    low, high = _intervals(a[likely], b[likely], n, method, confidence, drawing)
    return [
        _covered(low, high, plus - minus, chance[likely])
        for (plus, minus), chance in zip(populations, chances, strict=True)
    ]


def simulated_coverage(plus, minus, n, *, method, rng, samples=20_000, confidence=0.95, **drawing):
    """`Coverage` at ``n`` answers from ``samples`` samples drawn with ``rng``, a numpy Generator.

    Equal samples are counted and have their interval made once. The Monte Carlo interval is Wilson's at 95 %.
    Other arguments and errors as `exact_coverage`.

    >>> found = simulated_coverage(0.5, 0.25, 400, method="wald", rng=np.random.default_rng(1), samples=2000)
    >>> found.ci_low < 0.95 < found.ci_high
    True
    """
    _check_shares(plus, minus)
    n, samples = check_count("n", n, 1), check_count("samples", samples, 1)
    drawn = rng.multinomial(n, [plus, minus, max(1 - plus - minus, 0.0)], size=samples)
    pairs, times = np.unique(drawn[:, :2], axis=0, return_counts=True)
    low, high = _intervals(pairs[:, 0], pairs[:, 1], n, method, confidence, drawing)
    found = _covered(low, high, plus - minus, times / samples)
    ends = share_interval(found.estimate, samples)
    return replace(found, ci_low=float(ends[0]), ci_high=float(ends[1]), samples=samples)


def _intervals(a, b, n, method, confidence, drawing):
    """The ends of the interval of each outcome, some at a time, which bounds the memory."""
    parts = [slice(start, start + AT_ONCE) for start in range(0, len(a), AT_ONCE)]
    ends = [
        net_share_interval(a[p] / n, b[p] / n, np.full(len(a[p]), n), confidence=confidence, method=method, **drawing)
        for p in parts
    ]
    return (np.concatenate(end) for end in zip(*ends, strict=True))


def _covered(low, high, truth, chance):
    below, above = high < truth - HAIR, low > truth + HAIR
    total = chance.sum()
    shares = (float((chance * which).sum() / total) for which in (~(below | above), below, above))
    return Coverage(*shares, width=float((chance * (high - low)).sum() / total))


def _check_shares(plus, minus):
    if not (plus >= 0 and minus >= 0 and plus + minus <= 1 + HAIR):
        raise ValueError(
            f"plus and minus must be fractions of at least 0 that add up to at most 1; got {plus} and {minus}. "
            "Write 0.25 for 25 %."
        )
