"""Alpha and omega of several questions, by group: `cxstudy.stats.reliability` on the moments of any data."""

import numpy as np
import pandas as pd

from cxstudy.counted import is_counted
from cxstudy.engine import as_table, number
from cxstudy.faults import NotTestable
from cxstudy.measures.estimate import check_groups, table_of, whole
from cxstudy.measures.means import check_range, scales_of
from cxstudy.stats import reliability
from cxstudy.stats.intervals import check_confidence
from cxstudy.tally import moments


def alpha(data, items, *, by=None, confidence=0.95, table="customers", scale=None):
    """Cronbach's alpha of ``items`` in each group, with Feldt's interval.

    - ``data``: pandas frame, path, Ibis table, study table, or a study (its ``table``).
    - ``items``: at least two questions; persons who left one out are counted in ``n_missing``.
    - ``scale``: as in `cxstudy.measures.satisfaction.csat`, for all items or a dict by item: answers off it are
      refused, and a scale whose low end is good is turned round. None takes what the study or the canonical column
      says; an item without any is taken as it is.

    Returns by…, ``items`` (how many), ``n`` persons, ``n_missing``, ``estimate``, ``std_error`` (missing: Feldt's
    interval has none), ``ci_low``, ``ci_high``, ``standardised`` (of the correlations, for items of different scales),
    ``lowest_item_rest`` (smallest correlation of an item with the sum of the others; below 0 an item is probably
    turned round), ``confidence``, ``unit`` (reliability), ``method``, ``reason``.
    Raises ValueError for unknown columns, DataError for answers off the scale, NotTestable for a counted table.

    >>> frame = pd.DataFrame({"a": [1, 2, 3, 4, 5, 3], "b": [2, 2, 3, 5, 4, 3], "c": [1, 3, 3, 4, 5, 2]})
    >>> round(alpha(frame, ["a", "b", "c"]).estimate.item(), 4)
    0.9318
    """
    return _by_group(reliability.cronbach, data, items, by, confidence, table, scale, 2)


def omega(data, items, *, by=None, confidence=0.95, table="customers", scale=None):
    """McDonald's omega of ``items`` in each group: one factor by maximum likelihood, with a normal interval.

    Arguments, return and errors as `alpha`, of at least three items. A group whose model does not converge, or has an
    item without error (a Heywood case), has no number; its ``reason`` says so.

    >>> rng = np.random.default_rng(4); mood = rng.normal(size=400)
    >>> frame = pd.DataFrame({q: mood + rng.normal(size=400) for q in "abcd"})
    >>> round(omega(frame, list("abcd")).estimate.item(), 1), 4 / 5
    (0.8, 0.8)
    """
    return _by_group(reliability.mcdonald, data, items, by, confidence, table, scale, 3)


def _by_group(measure, data, items, by, confidence, table, scale, least):
    confidence, by = check_confidence(confidence), check_groups(by, ("items", "standardised", "lowest_item_rest"))
    items = [items] if isinstance(items, str) else list(items)
    if len(set(items)) < max(len(items), least):
        found = ", ".join(items) or "none"
        raise ValueError(f"items names at least {least} different questions; got {found}. Name more.")
    source = table_of(data, table)
    if is_counted(source):
        raise NotTestable("how items go together needs each person's answers; this table has counts.", ["answers"])
    scales = {q: s for q, s in scales_of(data, table, items, scale, needed=False).items() if s is not None}
    if scales:
        check_range(source, scales)
    wanted = as_table(source, [*items, *by])
    low = {q: s for q, s in scales.items() if s.better == "low"}
    # turned round on its own scale, an item keeps its variance
    wanted = wanted.mutate(**{q: s.low + s.high - number(wanted[q])[0] for q, s in low.items()})
    sums = moments(wanted, items, by=by, centre=[(s.low + s.high) / 2 if (s := scales.get(q)) else 0.0 for q in items])
    rows = []
    for group in range(len(sums.n)):
        chosen = np.arange(len(sums.n)) == group
        rows.append(_row(measure, sums.covariance(chosen)[0], sums.n[group], confidence, items))
    frame = pd.DataFrame(rows)
    frame.insert(0, "items", len(items))
    frame.insert(1, "n", whole(sums.n))
    frame.insert(2, "n_missing", whole(sums.n_missing))
    kept = [c for c in frame if c not in sums.keys]
    return pd.concat([sums.keys.reset_index(drop=True), frame[kept].astype({"reason": "str"})], axis=1)


def _row(measure, covariance, n, confidence, items):
    row = dict.fromkeys(("estimate", "std_error", "ci_low", "ci_high", "standardised", "lowest_item_rest"), np.nan)
    row |= {"confidence": confidence, "unit": "reliability", "method": None, "reason": None}
    try:
        found = measure(covariance, n, confidence=confidence, names=items)
    except NotTestable as fault:
        return row | {"reason": str(fault)}
    row |= {k: getattr(found, k) for k in ("estimate", "std_error", "ci_low", "ci_high", "method")}
    rest = float(np.min(reliability.item_rest(covariance)))
    return row | {"standardised": reliability.standardised(covariance), "lowest_item_rest": rest}
