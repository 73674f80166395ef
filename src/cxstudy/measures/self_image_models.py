"""Two sides of the same work groups as two readings: limits, agreement, mixed model, and what goes with the NPS.

``parts`` is everywhere a `measures.self_image_gaps.SelfImage`.
"""

import numpy as np
import pandas as pd

from cxstudy.faults import NotTestable
from cxstudy.measures.self_image_gaps import FEWEST_GROUPS
from cxstudy.measures.self_image_patterns import draws
from cxstudy.stats.bland_altman import agreement_replicates, bland_altman, icc_agreement
from cxstudy.stats.mixed import fit
from cxstudy.stats.regression import slope, t_row
from cxstudy.stats.response_surface import response_surface, surface_grid

MIDDLE = 50.0
AGREEMENT = ["dimension", "index", "n", "estimate", "ci_low", "ci_high", "confidence", "method", "reason"]
LIMITS = ["dimension", "of", "n", "estimate", "std_error", "ci_low", "ci_high", "df", "sd"]
LIMITS += ["confidence", "method", "reason"]
MODEL = ["term", "dimension", "n", "estimate", "std_error", "ci_low", "ci_high", "statistic", "df", "p_value"]
MODEL += ["confidence", "method", "reason"]
SURFACE = ["term", "n", "estimate", "std_error", "ci_low", "ci_high", "statistic", "df", "p_value", "confidence"]
SURFACE += ["method", "r2", "r2_linear", "reason"]


def limits(parts):
    """`stats.bland_altman.bland_altman` of each question, employees first; and ``slope``, the change of the gap
    with the mean of both sides (points per point): whether the sides part more at one end of the scale.
    """
    rows = []
    for name in parts.shown:
        values, used = parts.gap(name)
        first, second = (parts.groups.loc[used, f"{side}_{name}"].to_numpy() for side in ("employees", "customers"))
        try:
            table = bland_altman(
                first, second, cluster=parts.codes(used) if parts.clustered else None, confidence=parts.confidence
            )
        except NotTestable:
            rows.append({"dimension": name, "of": "mean", "n": len(values), "reason": "no-variation"})
            continue
        rows += table.assign(dimension=name).to_dict("records")
        line = slope(
            values, (first + second) / 2, cluster=parts.codes(used) if parts.clustered else None,
            confidence=parts.confidence,
        )  # fmt: skip
        rows.append(line | {"dimension": name, "of": "slope", "confidence": parts.confidence})
    return pd.DataFrame(rows).reindex(columns=LIMITS)


def agreement(parts):
    """ICC(A,1) of the two sides' means of a group, and Pearson's r beside it (alike in order, not in height)."""
    rows = []
    for place, name in enumerate(parts.shown):
        values, used = parts.gap(name)
        first, second = (parts.groups.loc[used, f"{side}_{name}"].to_numpy() for side in ("employees", "customers"))
        base = {"dimension": name, "n": len(values), "confidence": parts.confidence}
        if len(values) < FEWEST_GROUPS or min(np.ptp(first), np.ptp(second)) <= 1e-12:
            rows += [base | {"index": index, "reason": "no-variation"} for index in ("icc_a1", "r")]
            continue
        row = icc_agreement(first, second, confidence=parts.confidence)
        codes, drawn = draws(parts.codes(used), parts.replicates, [parts.seed, place])
        spreads = agreement_replicates(first, second, codes, drawn)
        ends = [np.nanquantile(s, [(1 - parts.confidence) / 2, (1 + parts.confidence) / 2]) for s in spreads]
        way = f"{'companies' if parts.clustered else 'work groups'} drawn, percentile"
        if parts.clustered:
            row |= {"ci_low": ends[0][0], "ci_high": ends[0][1], "method": f"ICC(A,1), {way}"}
        rows.append(base | {k: row[k] for k in ("estimate", "ci_low", "ci_high", "method")} | {"index": "icc_a1"})
        r = float(np.corrcoef(first, second)[0, 1])
        order = {"index": "r", "estimate": r, "ci_low": ends[1][0], "ci_high": ends[1][1]}
        rows.append(base | order | {"method": f"Pearson, {way}"})
    return pd.DataFrame(rows).reindex(columns=AGREEMENT)


def model(parts):
    """Mixed model of the groups' means: side × dimension, random intercept of the work group, REML.

    Complete groups only. ``term`` side: the gap of each dimension; difference: the gap of a dimension less that of
    the first; sd_group and sd_rest: standard deviations of the random intercept and the residual. Accepted only
    under the conditions of `stats.mixed`, else one row says why. Companies are not in it.
    """
    shown = [q for q in parts.shown if len(parts.gap(q)[0]) > 1]
    columns = [f"{side}_{q}" for q in shown for side in ("customers", "employees")]
    rows = parts.groups[columns].dropna()
    base = {"n": len(rows), "confidence": parts.confidence}
    if len(rows) < FEWEST_GROUPS:
        return pd.DataFrame([base | {"term": "side", "reason": "too-few"}]).reindex(columns=MODEL)
    values = rows.to_numpy()
    dimension, side = np.repeat(np.arange(len(shown)), 2), np.tile([0.0, 1.0], len(shown))
    apart = (dimension[:, None] == np.arange(1, len(shown))).astype(float)
    fixed = np.column_stack([np.ones(len(side)), side, apart, apart * side[:, None]])
    names = ["side", *shown[1:], *(f"side × {q}" for q in shown[1:]), "rating"]
    centre = float(values.mean())
    whole = np.concatenate([np.broadcast_to(fixed, (len(values), *fixed.shape)), (values - centre)[:, :, None]], axis=2)
    try:
        middle = np.array([0.0] * (len(names) - 1) + [centre])
        found = fit(np.einsum("gij,gik->gjk", whole, whole), names, centre=middle)
    except NotTestable:
        return pd.DataFrame([base | {"term": "side", "reason": "no-variation"}]).reindex(columns=MODEL)
    if not found.accepted:
        return pd.DataFrame([base | {"term": "side", "reason": "not-accepted"}]).reindex(columns=MODEL)
    return pd.DataFrame([base | row for row in _model_rows(parts, found, shown, fixed.shape[1])]).reindex(columns=MODEL)


def _model_rows(parts, found, shown, width):
    method = "random intercept of the work group, REML" + (" (singular)" if found.singular else "")
    for place, name in enumerate(shown):
        for term in ("side", "difference")[: 1 + (place > 0)]:
            weights = np.zeros(width)
            weights[1] = term == "side"
            if place:
                weights[len(shown) + place] = 1
            estimate, error, df = found.contrast(weights)
            row = t_row(0, estimate, error, df, parts.confidence, method)
            yield {k: row[k] for k in row if k != "n"} | {"term": term, "dimension": name}
    for term, variance in (("sd_group", found.random[0, 0]), ("sd_rest", found.residual)):
        yield {"term": term, "estimate": float(np.sqrt(variance)), "method": method}


def surface(parts):
    """Customers' NPS of the group on both sides' ratings (mean of the questions), about the middle of the scale.

    ``(terms, grid)`` of `stats.response_surface`: x are the employees' ratings, y the customers'. ``reason`` where
    there is none.
    """
    whole = parts.groups.assign(**{s: rating(parts, s) for s in ("employees", "customers")})
    rows = whole[["company", "nps", "employees", "customers"]].dropna()
    empty = pd.DataFrame(columns=["x", "y", "estimate", "inside"])
    if not parts.questions.nps:
        return pd.DataFrame([{"term": "a1", "n": 0, "reason": "no-nps"}]).reindex(columns=SURFACE), empty
    x, y = rows["employees"], rows["customers"]
    try:
        terms = response_surface(
            rows["nps"], x, y, cluster=rows["company"] if parts.clustered else None, centre=MIDDLE,
            confidence=parts.confidence,
        )  # fmt: skip
    except NotTestable:
        return pd.DataFrame([{"term": "a1", "n": len(rows), "reason": "no-surface"}]).reindex(columns=SURFACE), empty
    return terms.reindex(columns=SURFACE), surface_grid(terms, x, y, centre=MIDDLE)


def rating(parts, side):
    """Mean of a side's questions on 0–100 of each group; nan where one is lacking."""
    return parts.groups[[f"{side}_{q}" for q in parts.shown]].mean(axis=1, skipna=False)
