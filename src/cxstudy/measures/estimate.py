"""The one call shape of the measures that are means of classes: a share, or promoters − detractors.

**Weights and clusters.** These measures are ratios of weighted totals, so their variance is that of the
linearised totals z = Σ w (v − estimate), v the value of the answer's class: m / (m − 1) Σ z² / (Σ w)² over m
clusters, or over the answers where only weights are given, as R ``survey::svymean``. Each group of ``by`` is a
sample of its own. ``adjusted-wald`` and ``wilson`` are then computed with the effective number of answers n_e =
variance of one answer / variance of the estimate, at most n (Korn & Graubard 1998, Survey Methodology 24; Franco
et al. 2019, Journal of Survey Statistics and Methodology 7(3)). Where all answers agree there is no variance to go
by, and n_e = (Σ w)² / Σ w² with the clusters' weights. Intervals with clusters use Student's t of m − 1.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxstudy.counted import is_counted
from cxstudy.engine import names
from cxstudy.faults import NotTestable, unknown_name
from cxstudy.stats import linearised
from cxstudy.stats.intervals import check_confidence, check_method
from cxstudy.tally import counts

_TAKEN = ("n", "n_missing", "estimate", "std_error", "ci_low", "ci_high", "confidence", "method", "reason")


@dataclass(frozen=True)
class Measure:
    """What an answer counts: ``value`` of each of k classes; 100 × their mean is printed in ``unit``.

    ``interval(shares, n, *, confidence, method, df)`` takes the shares of the classes (groups, k) and gives both
    ends; ``classify(cells, score, counted)`` gives each row of a counts table its class, k where the answer is
    missing; ``shown`` are the columns that hold the shares of the classes, none or k.
    """

    value: tuple
    unit: str
    methods: tuple
    interval: Callable
    classify: Callable
    shown: tuple = ()


def from_data(measure, data, score, by, weights, cluster, confidence, method):
    """The result table of a measure from any data; arguments and return as `cxstudy.measures.nps.nps`."""
    confidence = check_confidence(confidence)
    check_method(method, measure.methods)
    by = names(by)
    taken = [k for k in by if k in (*_TAKEN, *measure.shown)]
    if taken:
        raise ValueError(f"the result has a column {taken[0]} of its own; got it as a group. Rename that of the data.")
    if cluster in by:
        raise NotTestable(f"{cluster} names both groups and clusters, so each group is one cluster.", ["clusters"])
    data = _customers(data)
    cells = counts(data, score, by=[*by, *names(cluster)], weights=weights)
    kind = measure.classify(cells, score, is_counted(data))
    keys = cells[by].drop_duplicates(ignore_index=True) if by else pd.DataFrame(index=[0])
    group = cells.groupby(by, dropna=False, sort=False).ngroup().to_numpy() if by else np.zeros(len(cells), int)
    k = len(measure.value)
    n, w, w2 = (_add_up(cells[c], group, kind, (len(keys), k + 1)) for c in ("n", "w", "w2"))
    n, w, w2, missing = n[:, :k], w[:, :k], w2[:, :k], n[:, k]
    if not weights and not cluster:
        return from_classes(measure, keys, n, missing, confidence, method)
    if cluster:
        ratios = _of_clusters(measure, cells, kind, group, cluster, len(keys))
    else:
        ratios = linearised.of_answers(measure.value, n, w, w2)
    shares = w / _positive(w.sum(axis=1))[:, None]
    # Wald uses the standard error as it is; only the adjusted intervals need an effective n of at most n
    most = np.inf if method == "wald" else n.sum(axis=1)
    size = linearised.effective_n(_variance(measure, shares), ratios, most)
    df = ratios.units - 1 if cluster else np.inf
    ends = measure.interval(shares, size, confidence=confidence, method=method, df=df)
    found = _frame(measure, keys, n, missing, shares, ratios.std_error, ends, confidence, f"{method}, linearised")
    lone = found.reason.isna() & found.std_error.isna()
    found.loc[lone, "reason"] = f"one {'cluster' if cluster else 'answer'}: nothing shows how much several differ"
    return found


def from_classes(measure, keys, n, missing, confidence, method):
    """The result table from counts ``n`` (groups, k) of independent answers of equal weight.

    The variance is that of the multinomial, divided by n (not n − 1).
    """
    confidence = check_confidence(confidence)
    check_method(method, measure.methods)
    size = n.sum(axis=1)
    shares = n / _positive(size)[:, None]
    error = np.sqrt(_variance(measure, shares) / _positive(size))
    ends = measure.interval(shares, size, confidence=confidence, method=method)
    return _frame(measure, keys, n, missing, shares, error, ends, confidence, method)


def _frame(measure, keys, n, missing, shares, error, ends, confidence, method):
    n = n.sum(axis=1)
    none = np.where(n > 0, "the weights add up to zero", "no answers").astype(object)
    found = {
        "n": _whole(n),
        "n_missing": _whole(missing),
        **{c: 100 * shares[:, i] for i, c in enumerate(measure.shown)},
        "estimate": 100 * shares @ np.array(measure.value, float),
        "std_error": 100 * error,
        "ci_low": 100 * ends[0],
        "ci_high": 100 * ends[1],
        "confidence": confidence,
        "unit": measure.unit,
        "method": method,
        "reason": pd.array(np.where(np.isnan(shares[:, 0]), none, None), dtype="str"),
    }
    return keys.assign(**{c: v for c, v in found.items() if c not in keys})


def _of_clusters(measure, cells, kind, group, cluster, groups):
    used = kind < len(measure.value)
    name, weight = cells[cluster].to_numpy()[used], cells.w.to_numpy()[used]
    lost = cells.n.to_numpy()[used][pd.isna(name)].sum()
    if lost:
        raise ValueError(f"each answer needs a cluster; {lost:,.0f} have none in {cluster}. Name it, or drop them.")
    parts = pd.DataFrame({"group": group[used], "name": name, "weight": weight})
    parts["total"] = weight * np.array(measure.value, float)[kind[used]]
    sums = parts.groupby(["group", "name"], as_index=False)[["weight", "total"]].sum()
    ratios = linearised.of_clusters(sums.weight.to_numpy(), sums.total.to_numpy(), sums.group.to_numpy(), groups)
    if used.any() and not (ratios.units > 1).any():
        each = " in each group" if groups > 1 else ""
        raise NotTestable(f"{cluster} holds one cluster{each}: nothing shows how much clusters differ.", ["clusters"])
    return ratios


def _customers(data):
    tables = getattr(data, "tables", None)
    if not isinstance(tables, dict):
        return data
    if "customers" not in tables:
        raise ValueError(unknown_name("table", "customers", tables))
    return tables["customers"]


def _add_up(values, group, kind, shape):
    table = np.zeros(shape)
    np.add.at(table, (group, kind), values.to_numpy(float))
    return table


def _variance(measure, shares):
    """Variance of one answer: Σ share v² − (Σ share v)², for NPS p + d − (p − d)²."""
    value = np.array(measure.value, float)
    return np.maximum(shares @ value**2 - (shares @ value) ** 2, 0)


def _whole(n):
    # published shares give fractional classes, but their sum is the whole number it was taken from
    near = np.rint(n)
    return near.astype(int) if np.allclose(n, near, rtol=0, atol=1e-6) else n


def _positive(x):
    return np.where(x > 0, x, np.nan)
