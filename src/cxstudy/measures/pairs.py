"""The same customers asked twice: how many moved from which class to which."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxstudy.counted import is_counted
from cxstudy.engine import as_table, fetch
from cxstudy.faults import NotTestable, unknown_name
from cxstudy.measures.nps import nps
from cxstudy.measures.samples import NPS_VALUES, class_of, customers
from cxstudy.stats import linearised
from cxstudy.stats.differences import Centred
from cxstudy.tally import counts


@dataclass(frozen=True)
class Changes:
    """Pairs ``n`` and customers left out, ``missing``; mean net shares ``before`` and ``after``; their ``change``.

    Net shares and change are fractions (−1…1, −2…2), each of shape (1,); ``reason`` says what is lacking, or None.
    """

    n: np.ndarray
    missing: np.ndarray
    before: np.ndarray
    after: np.ndarray
    change: Centred
    reason: str | None


def changes(data, score, before, after, customer=None, by=None, weights=None, cluster=None):
    """The changes of all customers; arguments as `cxstudy.measures.comparing.compare_nps_paired`."""
    if before == after:
        raise ValueError(f"before and after must differ; got {before!r} twice. Name two columns, or two waves.")
    table, lost = customers(data), 0
    if is_counted(table):
        raise NotTestable("a counted table does not show who changed; this needs the answers themselves.", ["answers"])
    if (customer is None) != (by is None):
        raise ValueError("the long form needs both customer= and by=; got one of them. Name both, or neither.")
    if by is not None:
        if weights or cluster:
            raise ValueError("weights and cluster need one row a customer; got the long form. Make the table wide.")
        table, lost = _wide(table, score, before, after, customer, by)
        before, after = "before", "after"
    # the checks of the measure, on either answer
    for column in (before, after):
        nps(table, column, weights=weights)
    cells = counts(table, [before, after], by=cluster, weights=weights)
    kinds = np.column_stack([class_of(cells[before]), class_of(cells[after])])
    both = (kinds < len(NPS_VALUES)).all(axis=1)
    values = np.array(NPS_VALUES, float)[kinds[both]]
    return _summarise(cells[both], values, np.array([cells.n[~both].sum() + lost], float), bool(weights), cluster)


def _summarise(cells, values, missing, weighted, cluster):
    """``values`` (rows, 2): the classes before and after of each row of ``cells``."""
    n, w = np.array([cells.n.sum()], float), cells.w.to_numpy(float)
    moved = values[:, 1] - values[:, 0]
    if cluster:
        key = cells[cluster]
        if key.isna().any():
            lost = int(cells.n[key.isna()].sum())
            raise ValueError(f"each answer needs a cluster; {lost:,} have none in {cluster}. Name it, or drop them.")
        parts = pd.DataFrame({"w": w, "total": w * moved, "key": key.to_numpy()}).groupby("key").sum()
        ratios = linearised.of_clusters(parts.w.to_numpy(), parts.total.to_numpy(), np.zeros(len(parts), int), 1)
    else:
        each = (cells[c].to_numpy(float)[None] for c in ("n", "w", "w2"))
        ratios = linearised.of_answers(moved, *each)
    total = w.sum() if w.sum() > 0 else np.nan
    before, after = (np.array([w @ values[:, i] / total]) for i in (0, 1))
    df = np.where(ratios.units > 1, ratios.units - 1, np.nan)
    # changes that are all alike leave a rounding error where there is none
    error = np.where(ratios.std_error < 1e-12, 0, ratios.std_error)
    change = Centred(ratios.estimate, error, df)
    return Changes(n, missing, before, after, change, _why(n[0], w.sum(), change, "cluster" if cluster else "pair"))


def _why(n, weight, change, unit):
    if n == 0:
        return "no customer answered both times"
    if weight <= 0:
        return "the weights add up to zero"
    if np.isnan(change.df[0]):
        return f"one {unit}: nothing shows how much several differ"
    if change.error[0] == 0:
        return "all pairs changed alike: nothing shows how much customers differ"
    return None


def _wide(data, score, before, after, customer, by):
    """One row a customer with the columns ``before`` and ``after``, and the answers that have no customer."""
    import ibis

    table = as_table(data, [score, customer, by])
    first, second = (_at(table, by, wave, data) for wave in (before, after))
    table = table.mutate(_first=first, _second=second).filter(first | second)
    lost = fetch(table.filter(table[customer].isnull()).count(), data)
    answered = table.filter(table[customer].notnull())
    wide = answered.group_by(customer).agg(
        before=answered[score].max(where=answered["_first"]),
        after=answered[score].max(where=answered["_second"]),
        _most=ibis.greatest(answered["_first"].sum(), answered["_second"].sum()),
    )
    several = fetch((wide["_most"] > 1).sum(), data)
    if several:
        rule = f"each {customer} may answer once in a wave"
        raise ValueError(f"{rule}; {several:,} did more often. Keep one answer of each, such as the last.")
    return wide.select("before", "after"), lost


def _at(table, by, wave, data):
    """Which rows belong to the wave; a wave of a text column is found by its text."""
    levels = fetch(table.select(by).distinct().limit(10_000), data)[by].dropna()
    found = [level for level in levels if level == wave or str(level) == str(wave)]
    if not found:
        raise ValueError(unknown_name(f"value of {by}", wave, levels.astype(str).unique()[:50]))
    return (table[by] == found[0]).fill_null(False)
