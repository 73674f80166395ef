"""Ranks with their uncertainty from bootstrap replicates: P(rank 1), the ranks each may have, P(A > B)."""

from itertools import combinations

import numpy as np
import pandas as pd


def rank_sets(estimate, replicates, confidence):
    """P(rank 1) and simultaneous rank sets of p estimates, the largest having rank 1.

    ``estimate`` (p,), ``replicates`` (B, p) finite. Returns a frame of p rows: ``p_rank_1`` (share of the replicates in
    which it is the largest, ties divided), ``rank_low``, ``rank_high``: 1 + those surely larger … p − those surely
    smaller. *Surely* is judged by the simultaneous intervals of all differences (largest studentised difference over
    the replicates; Mogstad, Romano, Shaikh & Wilhelm 2024, Review of Economic Studies 91), so that all rank sets hold
    together with ``confidence``. Quantiles of the replicates' ranks would not: of equals they leave out true ranks.

    >>> drawn = np.random.default_rng(1).normal([5, 1, 1], 0.5, size=(500, 3))
    >>> rank_sets([5.0, 1.0, 1.0], drawn, 0.95).values.tolist()
    [[1.0, 1.0, 1.0], [0.0, 2.0, 3.0], [0.0, 2.0, 3.0]]
    """
    estimate, replicates = np.asarray(estimate, float), np.asarray(replicates, float)
    top = replicates == replicates.max(axis=1, keepdims=True)
    p = len(estimate)
    low, high = np.ones(p, int), np.full(p, p)
    if p > 1:
        pairs = np.array(list(combinations(range(p), 2)))
        value, error, drawn = _differences(estimate, replicates, pairs)
        reach = np.quantile((np.abs(drawn - value) / np.where(error > 0, error, np.inf)).max(axis=1), confidence)
        sure = np.abs(value) > np.maximum(reach * error, 1e-12)
        better = np.where(value > 0, pairs[:, 0], pairs[:, 1])[sure]
        worse = np.where(value > 0, pairs[:, 1], pairs[:, 0])[sure]
        low, high = low + np.bincount(worse, minlength=p), high - np.bincount(better, minlength=p)
    share = (top / top.sum(axis=1, keepdims=True)).mean(axis=0)
    return pd.DataFrame({"p_rank_1": share, "rank_low": low, "rank_high": high})


def pairs_greater(names, estimate, replicates, confidence):
    """All pairs: ``driver_a``, ``driver_b``, ``estimate`` (a − b), ``std_error``, ``ci_low``, ``ci_high`` (percentiles,
    each by itself), ``p_greater`` = P(A > B), the share of replicates in which a is larger, ties counted half.

    ``names``, ``estimate`` (p,), ``replicates`` (B, p) or None, which leaves all but the estimate missing.
    """
    pairs = np.array(list(combinations(range(len(names)), 2)), int).reshape(-1, 2)
    named = {"driver_a": [names[i] for i in pairs[:, 0]], "driver_b": [names[j] for j in pairs[:, 1]]}
    if replicates is None:
        value = np.asarray(estimate)[pairs[:, 0]] - np.asarray(estimate)[pairs[:, 1]]
        unknown = dict.fromkeys(("std_error", "ci_low", "ci_high", "p_greater"), np.nan)
        return pd.DataFrame(named | {"estimate": value} | unknown)
    value, error, drawn = _differences(np.asarray(estimate, float), replicates, pairs)
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    greater = ((drawn > 0) + (drawn == 0) / 2).mean(axis=0)
    found = {"estimate": value, "std_error": error, "ci_low": low, "ci_high": high, "p_greater": greater}
    return pd.DataFrame(named | found)


def _differences(estimate, replicates, pairs):
    drawn = replicates[:, pairs[:, 0]] - replicates[:, pairs[:, 1]]
    return estimate[pairs[:, 0]] - estimate[pairs[:, 1]], drawn.std(axis=0, ddof=1), drawn
