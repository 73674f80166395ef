"""Units of one kind against the rest: difference, in standard deviations, and as a ratio, by one cluster bootstrap.

A ratio needs a zero that means "nothing". Most answer scales have none, so the zero is an argument here: the
ratio of two means about zero z is (high − z) / (rest − z), and each z gives another.
"""

from functools import lru_cache

import numpy as np
import pandas as pd

from cxstudy.faults import NotTestable
from cxstudy.stats.intervals import check_confidence
from cxstudy.stats.resampling import bca_row, leave_one_out, multiplicities, percentile_row

KEPT = 2_000_000
COLUMNS = [
    "statistic_of", "n", "n_high", "n_rest", "n_drawn", "estimate", "std_error", "ci_low", "ci_high", "confidence",
    "method", "reason",
]  # fmt: skip


def high_against_rest(
    values, high, *, cluster=None, zeros=None, weights=None, confidence=0.95, replicates=2000, seed=1
):
    """Means of the two kinds and what lies between them, each with an interval.

    Parameters
    ----------
    values : (n,) finite
        One number a unit, in any unit of measurement.
    high : (n,) bool
        True for the kind that is held against the rest. Both kinds must occur.
    cluster : (n,) or None
        What is drawn in the bootstrap: all units of a cluster together; None draws single units.
    zeros : dict of name → z, or None
        For each, a row ``ratio <name>``: (mean high − z) / (mean rest − z).
    weights : (n,) > 0 or None
        None: all units count alike.

    Returns ------- DataFrame, column ``statistic_of``: ``high``, ``rest`` (means), ``difference``, ``sd`` (difference
    divided by the SD of units within the two kinds, n − 2 in the denominator: Cohen's d; left out with weights),
    ``ratio <name>``. n, n_high, n_rest units; n_drawn clusters; estimate; std_error (SD of the replicates); ci_low,
    ci_high; method: ``bca``, or ``percentile`` where BCa cannot be computed (see `stats.resampling`); reason: a code
    where there is no number or no interval: ``zero-not-below`` (the rest's mean does not lie above z), ``no-interval``
    (the resamples show no spread, or too few of them hold both kinds).

    The same draws serve all rows. Raises ValueError when a kind is empty or lengths differ.

    >>> found = high_against_rest([8.0, 8.4, 6.2, 6.8], [True, True, False, False], zeros={"raw": 0, "from 1": 1})
    >>> found.set_index("statistic_of").estimate.round(3)[["difference", "ratio raw", "ratio from 1"]].tolist()
    [1.7, 1.262, 1.309]
    """
    options = {"zeros": zeros, "weights": weights, "confidence": confidence, "replicates": replicates, "seed": seed}
    return pd.DataFrame(rows_of_high_and_rest(values, high, cluster=cluster, **options))[COLUMNS]


def rows_of_high_and_rest(
    values, high, *, cluster=None, zeros=None, weights=None, confidence=0.95, replicates=2000, seed=1
):
    """The rows of `high_against_rest` as dicts, for many comparisons of which little is kept."""
    confidence = check_confidence(confidence)
    values, high = np.asarray(values, float), np.asarray(high, bool)
    weight = np.ones(len(values)) if weights is None else np.asarray(weights, float)
    if not values.shape == high.shape == weight.shape or not np.isfinite(values).all() or high.all() or not high.any():
        raise ValueError(
            "values, high and weights must have one length, values be finite, and both kinds occur; "
            f"got {len(values)} values, {int(high.sum())} high. Leave out units without a value."
        )
    codes = np.arange(len(values)) if cluster is None else pd.factorize(np.asarray(cluster))[0]
    centre = values.mean()
    sums = _sums(values - centre, high, weight, codes)
    zeros = zeros or {}
    units = len(sums)
    drawn = _drawn(seed, units, replicates) if units * replicates <= KEPT else _draw(seed, units, replicates)
    found, spread, without = (
        _statistics(s, centre, zeros, weights is None)
        for s in (sums.sum(axis=0)[None], drawn @ sums, leave_one_out(units) @ sums)
    )
    sizes = {"n": len(values), "n_high": int(high.sum()), "n_rest": int((~high).sum()), "n_drawn": units}
    rows = []
    for name, estimate in found.items():
        row = _interval(float(estimate[0]), spread[name], without[name], confidence)
        rows.append({"statistic_of": name} | sizes | {"confidence": confidence} | row)
    return rows


def _draw(seed, units, replicates):
    return multiplicities(np.random.default_rng(seed), units, replicates).astype(float)


# the same study is compared under many cuts: the draws, a third of the work, are made once
_drawn = lru_cache(maxsize=1)(_draw)


def _sums(x, high, weight, codes):
    """Σw, Σwx, Σwx² of the high and of the rest, by cluster: (clusters, 6)."""
    parts = [np.bincount(codes, weight * kind * x**power) for kind in (high, ~high) for power in (0, 1, 2)]
    return np.column_stack(parts)


def _statistics(sums, centre, zeros, with_sd):
    n1, s1, q1, n0, s0, q0 = sums.T.astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        above, below = s1 / n1 + centre, s0 / n0 + centre
        found = {"high": above, "rest": below, "difference": above - below}
        if with_sd:
            within = (q1 - s1**2 / n1 + q0 - s0**2 / n0) / (n1 + n0 - 2)
            found["sd"] = (above - below) / np.sqrt(np.where(within > 0, within, np.nan))
        for name, zero in zeros.items():
            found[f"ratio {name}"] = np.where(below > zero, (above - zero) / (below - zero), np.nan)
    return found


def _interval(estimate, replicates, jackknife, confidence):
    nothing = {"estimate": estimate, "std_error": np.nan, "ci_low": np.nan, "ci_high": np.nan, "method": ""}
    if not np.isfinite(estimate):
        return nothing | {"reason": "zero-not-below"}
    units = len(jackknife)
    for make in (lambda: bca_row(estimate, replicates, jackknife, confidence=confidence),
                 lambda: percentile_row(estimate, replicates, units=units, confidence=confidence)):  # fmt: skip
        try:
            row = make()
        except NotTestable:
            continue
        return {k: row[k] for k in ("estimate", "std_error", "ci_low", "ci_high", "method")} | {"reason": None}
    return nothing | {"reason": "no-interval"}
