"""The specification curve: the same question under every defensible set of choices.

Simonsohn, Simmons & Nelson (2020), Nature Human Behaviour 4, 1208–1214. One
specification is top tier minus bottom tier under one choice of exposure, number of
tiers, controls, trimming, weights and smallest unit.
"""

from itertools import product

import numpy as np
import pandas as pd

from cxstudy.stats.regression import dummies, slope
from cxstudy.stats.tiers import tier_of

LEAST_IN_TIER = 8


def specification_curve(
    frame, *, outcome, exposures, size, controls=(), cluster=None, tiers=(3, 4, 5, 10), trims=(0.0, 0.05),
    confidence=0.95,
):  # fmt: skip
    """Top tier minus bottom tier of ``outcome`` under all combinations, sorted by estimate.

    ``frame``: one row a unit. ``exposures``: columns to make tiers of. ``size``: the column of how many
    answers a unit rests on; it serves as weight and as smallest-unit rule. ``controls``: columns to adjust
    for. ``cluster``: column of rows that belong together. ``trims``: shares of the outcome cut off, half at
    each end. Choices crossed: exposures × tiers × controls (none, all) × trims × weights (equal, by size)
    × smallest unit (all, without the quarter of the units with the fewest answers).

    Columns: loyalty, tiers, controls, trim, weights, minimum (the smallest size admitted), n, estimate,
    std_error, ci_low, ci_high, p_value, method, reason. A specification with fewer than 8 units in its
    top or bottom tier has no estimate and the reason ``small-tiers``.
    """
    minima = sorted({float(frame[size].min()), float(frame[size].quantile(0.25))})
    adjust = [(), tuple(controls)] if controls else [()]
    frame = frame.reset_index(drop=True)
    numbers = {columns: dummies(frame[list(columns)]) for columns in adjust if columns}
    rows = []
    for trim, minimum in product(trims, minima):
        kept = frame[frame[size] >= minimum]
        low, high = kept[outcome].quantile([trim / 2, 1 - trim / 2])
        kept = kept[kept[outcome].between(low, high)]
        for exposure, count in product(exposures, tiers):
            ends, why = _ends(kept, exposure, count)
            for columns, weight in product(adjust, ("equal", "by size")):
                row = {"loyalty": exposure, "tiers": count, "controls": " + ".join(columns) or "none", "trim": trim}
                row |= {"weights": weight, "minimum": minimum}
                if why:
                    rows.append(row | {"n": len(kept), "estimate": np.nan, "reason": why})
                    continue
                found = slope(
                    ends[outcome], ends["top"],
                    controls=numbers[columns].loc[ends.index] if columns else None,
                    cluster=ends[cluster] if cluster else None,
                    weights=ends[size] if weight == "by size" else None, confidence=confidence,
                )  # fmt: skip
                rows.append(row | found)
    names = ["loyalty", "tiers", "controls", "trim", "weights", "minimum", "n", "estimate", "std_error"]
    names += ["ci_low", "ci_high", "p_value", "method", "reason"]
    return pd.DataFrame(rows).reindex(columns=names).sort_values("estimate", ignore_index=True)


def _ends(kept, exposure, count):
    """The rows of the top and the bottom tier with a column ``top`` (1, 0), and why there are none."""
    if len(kept) < count * LEAST_IN_TIER:
        return None, "small-tiers"
    tier = tier_of(kept[exposure], count)
    if min((tier == 1).sum(), (tier == count).sum()) < LEAST_IN_TIER:
        return None, "small-tiers"
    ends = kept[(tier == 1) | (tier == count)]
    return ends.assign(top=(tier[(tier == 1) | (tier == count)] == count).astype(float)), None
