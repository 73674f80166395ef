"""Do several questions measure one thing, and different things: loadings, AVE, composite reliability, HTMT.

Everything starts from correlations, so the bootstrap of units is a stack of matrices. Alpha and omega are those of
:mod:`cxstudy.stats.reliability`.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from cxstudy.faults import NotTestable, unknown_name
from cxstudy.stats.arguments import check_count
from cxstudy.stats.intervals import check_confidence, check_method
from cxstudy.stats.one_factor import one_factor
from cxstudy.stats.path_checks import complete_rows
from cxstudy.stats.path_effects import INTERVALS, interval
from cxstudy.stats.paths import VOCABULARY
from cxstudy.stats.reliability import cronbach, mcdonald
from cxstudy.stats.unit_sums import drawn_together, resampled, unit_sums

LEAST_ITEMS = 3
SPREAD = 1e-12


@dataclass(frozen=True)
class ScaleQuality:
    """Three tables, each ending in the columns n … reason of every result.

    - ``scales``: scale, measure (alpha, omega, composite, ave), items.
    - ``items``: scale, item, measure (loading, item_rest, alpha_without).
    - ``pairs``: scale, other, measure (htmt, squared_correlation); pairs of scales.
    """

    scales: pd.DataFrame
    items: pd.DataFrame
    pairs: pd.DataFrame


def scale_quality(data, scales, *, cluster=None, confidence=0.95, method="percentile", replicates=1000, seed=1):
    """Reliability of each scale, and whether each pair of scales can be told apart.

    Parameters
    ----------
    data : DataFrame
        One row a person; rows that lack an answer to any item are left out and counted in n_missing.
    scales : dict scale → list of items (columns)
        All items of a scale run the same way. With two items there is alpha, but no loading, omega or AVE.
    cluster : str, optional
        Column of the group that is drawn as a whole.
    replicates : int; above 2,000 persons (or clusters), random groups of them are drawn

    Returns
    -------
    ScaleQuality. alpha (Feldt interval), omega (delta method) from :mod:`cxstudy.stats.reliability`; the others with a
    bootstrap interval: ``loading`` λ of the standardised item on one factor (maximum likelihood), ``ave`` mean λ²
    (average variance extracted; .5 is the usual floor), ``composite`` (Σλ)² / ((Σλ)² + Σ(1 − λ²)), ``item_rest``
    the correlation with the sum of the other items, ``alpha_without`` alpha if the item is left out, ``htmt`` the
    heterotrait–monotrait ratio (above .90, or an interval that holds 1: the two are hard to tell apart),
    ``squared_correlation`` of the scales' means (Fornell & Larcker 1981 compare it with the AVE).
    ``reason`` says why there is no number; ``reversed`` marks an item that runs against the others.

    Raises
    ------
    ValueError for unknown names, text, an item in two scales; NotTestable for a constant item or too few persons.

    Notes
    -----
    Henseler, Ringle & Sarstedt (2015), J. of the Academy of Marketing Science 43, with absolute correlations as later
    versions have it; in R ``semTools::htmt(htmt2 = FALSE)``, and ``lavaan::cfa`` for the loadings.
    """
    check_method(method, INTERVALS)
    confidence, replicates = check_confidence(confidence), check_count("replicates", replicates, 100)
    scales, columns = _read(scales, data)
    values, weight, codes, missing = complete_rows(data, columns, cluster)
    spread = _check(values, columns)
    rng = np.random.default_rng(seed)
    sums = unit_sums((values - values.mean(axis=0)) / spread, weight, drawn_together(codes, rng))
    places = {name: [columns.index(item) for item in items] for name, items in scales.items()}
    whole, drawn, left = (
        _statistics(_covariances(part, spread), places)
        for part in (sums.sum(axis=0)[None], resampled(sums, rng, replicates), sums.sum(axis=0) - sums)
    )
    rows = _reliabilities(np.cov(values, rowvar=False), len(values), scales, places, confidence)
    for i, row in enumerate(_listed(scales)):
        estimate = float(whole[0, i])
        none = {"reason": "no-proper-solution"}
        found = none if np.isnan(estimate) else interval(estimate, drawn[:, i], left[:, i], confidence, method)
        rows.append(row | {"estimate": estimate} | found)
    table = pd.DataFrame(rows, columns=["scale", "item", "other", "measure", "items", *VOCABULARY])
    table = table.assign(n=len(values), n_missing=missing, confidence=confidence)
    table["unit"] = np.where(table["measure"].isin(["loading", "item_rest"]), "correlation", "share")
    table["reversed"] = (table["measure"] == "item_rest") & (table["estimate"] < 0)
    return ScaleQuality(
        _part(table, table["item"].isna() & table["other"].isna(), ["scale", "measure", "items"]),
        _part(table, table["item"].notna(), ["scale", "item", "measure", "reversed"]),
        _part(table, table["other"].notna(), ["scale", "other", "measure"]),
    )


def htmt(correlations, first, second):
    """Heterotrait–monotrait ratio of two scales, (…,); ``first``, ``second``: their items' places, two or more each.

    Mean |r| between the scales over the geometric mean of the two mean |r| within them.

    >>> htmt([[1, 0.5, 0.3, 0.3], [0.5, 1, 0.3, 0.3], [0.3, 0.3, 1, 0.5], [0.3, 0.3, 0.5, 1]], [0, 1], [2, 3]).item()
    0.6
    """
    size = np.abs(np.asarray(correlations, float))
    between = size[..., first, :][..., second].mean(axis=(-1, -2))
    within = [size[..., at, :][..., at][..., ~np.eye(len(at), dtype=bool)].mean(axis=-1) for at in (first, second)]
    with np.errstate(divide="ignore", invalid="ignore"):
        return between / np.sqrt(within[0] * within[1])


def _read(scales, data):
    faults = [f"{name} has {len(items)} item" for name, items in scales.items() if len(items) < 2]
    columns = [item for items in scales.values() for item in items]
    faults += [f"{item} occurs twice" for item in dict.fromkeys(columns) if columns.count(item) > 1]
    faults += [unknown_name("column", item, data.columns) for item in columns if item not in data.columns]
    if faults or not columns:
        raise ValueError(
            f"each scale needs two items or more, each item in one scale; found: {'; '.join(faults) or 'no scale'}"
        )
    return {name: list(items) for name, items in scales.items()}, columns


def _check(values, columns):
    """The standard deviations; NotTestable for a constant item or fewer than 3 persons more than items."""
    if len(values) < values.shape[1] + 3:
        raise NotTestable(
            f"{values.shape[1]} items need at least {values.shape[1] + 3} persons who answered them all; "
            f"found {len(values)}. Leave out items, or ask more persons.",
            ["more persons"],
        )
    flat = [c for c, still in zip(columns, np.ptp(values, axis=0) == 0, strict=True) if still]
    if flat:
        raise NotTestable(f"each item must vary; {', '.join(flat)} doesn't. Leave it out.", ["items that vary"])
    return values.std(axis=0)


def _covariances(sums, spread):
    mean = sums[:, 0, 1:] / sums[:, :1, 0]
    covariance = sums[:, 1:, 1:] / sums[:, :1, :1] - mean[:, :, None] * mean[:, None, :]
    still = np.einsum("bii->bi", covariance) < SPREAD
    return np.where(still[:, :, None] | still[:, None, :], np.nan, covariance) * spread[:, None] * spread


def _listed(scales):
    """What the columns of :func:`_statistics` are."""
    rows = []
    for name, items in scales.items():
        full = len(items) >= LEAST_ITEMS
        rows += [{"scale": name, "measure": m, "items": len(items)} for m in ("composite", "ave") if full]
        measures = ("loading", "item_rest", "alpha_without") if full else ("item_rest",)
        rows += [{"scale": name, "item": item, "measure": m} for m in measures for item in items]
    pairs = combinations(scales, 2)
    return rows + [{"scale": a, "other": b, "measure": m} for a, b in pairs for m in ("htmt", "squared_correlation")]


def _statistics(covariance, places):
    root = np.sqrt(np.einsum("bii->bi", covariance))
    correlation, out = covariance / (root[:, :, None] * root[:, None, :]), []
    for at in places.values():
        block = covariance[:, at][:, :, at]
        own, row = np.einsum("bii->bi", block), block.sum(axis=-1)
        with np.errstate(divide="ignore", invalid="ignore"):
            rest = row.sum(axis=1, keepdims=True) - 2 * row + own
            item_rest = (row - own) / np.sqrt(own * rest)
        if len(at) < LEAST_ITEMS:
            out.append(item_rest)
            continue
        loading, proper = one_factor(correlation[:, at][:, :, at])
        loading[~proper] = np.nan
        total = loading.sum(axis=1) ** 2
        out += [(total / (total + (1 - loading**2).sum(axis=1)))[:, None], (loading**2).mean(axis=1)[:, None]]
        k = len(at) - 1
        out += [loading, item_rest, k / (k - 1) * (1 - (own.sum(axis=1, keepdims=True) - own) / rest)]
    for first, second in combinations(places.values(), 2):
        part = covariance[:, first][:, :, second].sum(axis=(1, 2)) ** 2
        whole = np.prod([covariance[:, at][:, :, at].sum(axis=(1, 2)) for at in (first, second)], axis=0)
        out.append(np.column_stack([htmt(correlation, first, second), part / whole]))
    return np.column_stack(out)


def _reliabilities(covariance, n, scales, places, confidence):
    """Alpha and omega of each scale; an omega that can't be had says why in ``reason``."""
    rows = []
    for name, items in scales.items():
        block = covariance[np.ix_(places[name], places[name])]
        for measure, of in (("alpha", cronbach), ("omega", mcdonald)):
            row = {"scale": name, "measure": measure, "items": len(items)}
            try:
                found = of(block, n, confidence=confidence, names=items)
            except NotTestable as error:
                rows.append(row | {"estimate": np.nan, "reason": error.reason})
                continue
            rows.append(row | vars(found) | {"reason": None})
    return rows


def _part(table, chosen, first):
    part = table.loc[chosen].reindex(columns=[*first, *VOCABULARY])
    if "items" in part:
        part["items"] = part["items"].astype(int)
    part["reason"] = part["reason"].astype(object).where(part["reason"].notna(), None)
    return part.sort_values(first[:1], kind="stable", ignore_index=True, key=lambda c: c.map(_rank(c)))


def _rank(column):
    return {name: i for i, name in enumerate(dict.fromkeys(column))}
