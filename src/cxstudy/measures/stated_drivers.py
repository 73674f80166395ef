"""Stated importance: what customers name as most important, with simultaneous intervals, certain ranks and ties.

Every customer names one of k answers. With weights or clusters the covariance of the shares is that of the linearised
totals Σ w (1(named) − share), as R ``survey::svymean`` of a factor (clusters: × m / (m − 1)), and the intervals are
Goodman's at the effective number of answers, share (1 − share) / variance, at most n.
"""

from itertools import combinations

import numpy as np
import pandas as pd
import scipy

from cxstudy.counted import is_counted
from cxstudy.engine import names
from cxstudy.faults import NotTestable
from cxstudy.measures.estimate import table_of, whole
from cxstudy.stats.arguments import check_count
from cxstudy.stats.equivalence import check_margin, tost
from cxstudy.stats.intervals import check_confidence, check_method, critical, share_interval
from cxstudy.stats.multinomial import METHODS, multinomial_interval
from cxstudy.stats.multiple import adjusted
from cxstudy.stats.rank_sets import rank_sets
from cxstudy.tally import counts

DRAWS = 2000
NO_INTERVAL = "one cluster: nothing shows how much several differ"


def stated_drivers(
    data, question="stated_driver", *, by=None, weights=None, cluster=None, classes=None, only=None, margin=2.0,
    confidence=0.95, method="goodman", seed=1, pairs=False,
):  # fmt: skip
    """Share of the customers who name each driver as most important, its simultaneous interval and its possible ranks.

    - ``data``: pandas frame, path (.csv, .csv.gz, .parquet), Ibis table, study table, or a study (its customers).
      ``question``: the column that holds one answer a row; ``classes``: all answers that were offered, so that one
      nobody names has a row (None: those that occur); ``only``: some of them, whose shares are then taken of the
      customers who name one of these.
    - ``by``: column or columns of segments, each a sample of its own; ``weights``: column of weights ≥ 0;
      ``cluster``: column of clusters.
    - ``margin``: largest difference of two shares that does not matter, in percentage points; two shares are *tied*
      when their difference is shown to be smaller (two one-sided tests at 1 − ``confidence``).
    - ``method``: ``goodman`` or ``sison-glaz`` (`scipy.stats.multinomial.multinomial_interval`); with weights or clusters
      Goodman's. ``seed`` starts the 2,000 draws of the shares behind the rank sets.

    Returns a frame, segments sorted, the largest share first: by…, ``driver``, ``n_answers`` (of the segment, to this
    question), ``n_missing``, ``count`` (rows that name it), ``estimate``, ``std_error``, ``ci_low``, ``ci_high``
    (percent; all intervals of a segment hold together with ``confidence``), ``p_rank_1``, ``rank_low``, ``rank_high``
    (hold together as well, `scipy.stats.rank_sets`; equal where the rank is certain), ``tied_with``, ``n_effective``,
    ``design_effect``, ``confidence``, ``unit``, ``method``, ``reason``. With ``pairs=True`` two frames, the second a
    row a pair: by…, driver_a, driver_b, n_answers, estimate (a − b), std_error, ci_low, ci_high (each by itself),
    p_value, p_adjusted (Holm), margin, p_equivalent, equivalent, df.

    Raises NotTestable for counted tables, no answers, and fewer than two different ones; ValueError for unknown names.

    >>> named = pd.DataFrame({"stated_driver": ["ease"] * 60 + ["tone"] * 25 + ["speed"] * 15})
    >>> stated_drivers(named)[["driver", "estimate", "rank_low", "rank_high"]].values.tolist()
    [['ease', 60.0, 1, 1], ['tone', 25.0, 2, 3], ['speed', 15.0, 2, 3]]
    """
    confidence, margin = check_confidence(confidence), check_margin(margin)
    check_method(method, METHODS)
    rng, by = np.random.default_rng(check_count("seed", seed, 0)), names(by)
    table = table_of(data, "customers")
    if is_counted(table):
        raise NotTestable("a counted table has no answers to what matters most.", [f"customers.{question}"])
    cells = counts(table, question, by=list(dict.fromkeys([*by, *names(cluster)])), weights=weights)
    classes = _classes(cells[question], classes, only)
    there = cells[question].isin(classes)
    parts, doubles = [], []
    segments = cells.groupby(by, dropna=True, sort=True) if by else [((), cells)]
    for key, part in segments:
        named = part[there[part.index]]
        n, missing = float(named["n"].sum()), float(part.loc[part[question].isna(), "n"].sum())
        if not n or not named["w"].sum() > 0:
            continue
        shares, both = _segment(named, question, classes, weights, names(cluster), (confidence, margin, method), rng)
        facts = dict(zip(by, key if isinstance(key, tuple) else (key,), strict=True))
        order = shares["estimate"].argsort(kind="stable").to_numpy()[::-1]
        parts.append(_placed(shares.iloc[order], facts, n, missing))
        if pairs:
            both.insert(both.columns.get_loc("margin"), "p_adjusted", adjusted(both["p_value"]))
            doubles.append(_placed(both, facts, n, missing))
    if not parts:
        raise NotTestable(f"no answers to {question}, or all their weights are 0.", [f"answers to {question}"])
    tables = [pd.concat(frames, ignore_index=True) for frames in (parts, doubles) if frames]
    return tuple(tables) if pairs else tables[0]


def _segment(named, question, classes, weights, cluster, settings, rng):
    """Shares with ranks and ties, and their differences, of one segment's ``named`` answers."""
    confidence, margin, method = settings
    cov, share, df, alike = _covariance(named, question, classes, weights, cluster)
    count = named.groupby(question)["n"].sum().reindex(classes).fillna(0).to_numpy()
    plain = weights is None and not cluster
    shares = _shares(classes, count, share, cov, df, alike, confidence, method if plain else "goodman", plain)
    shares = _ranked(shares, share, cov, df, confidence, rng)
    both = _pairs(classes, share, cov, df, confidence, margin)
    return shares.assign(tied_with=[_tied(both, driver) for driver in classes]), both


def shares_covariance(data, question, *, weights=None, cluster=None, classes):
    """``(share, covariance, df)`` of the shares (0…1) of ``classes`` among the rows that name one of them."""
    cells = counts(table_of(data, "customers"), question, by=names(cluster), weights=weights)
    cov, share, df, _ = _covariance(cells[cells[question].isin(classes)], question, classes, weights, names(cluster))
    return share, cov, df


def _classes(column, classes, only):
    found = sorted(column.dropna().unique()) if classes is None else list(dict.fromkeys(classes))
    found += sorted(set(column.dropna().unique()) - set(found))
    kept = found if only is None else [c for c in found if c in set(only)]
    if len(kept) < 2:
        raise NotTestable(
            f"shares are compared between at least two different answers; found {len(kept)}. Ask customers what "
            "matters most among several, or declare all that were offered under levels in study.yaml.",
            ["several different answers"],
        )
    return kept


def _covariance(named, question, classes, weights, cluster):
    """Covariance (k, k) and shares (k,) of one segment, degrees of freedom, and (Σ w)² / Σ w²."""
    place = pd.Index(classes).get_indexer(named[question])
    w, w2, n = (named[c].to_numpy(float) for c in ("w", "w2", "n"))
    total = w.sum()
    share = np.bincount(place, w, len(classes)) / total
    if cluster:
        codes = pd.factorize(named[cluster[0]], use_na_sentinel=False)[0]
        units = codes.max() + 1
        sums = np.zeros((units, len(classes)))
        np.add.at(sums, (codes, place), w)
        weight = sums.sum(axis=1)
        z = sums - weight[:, None] * share
        df, alike = units - 1, total**2 / (weight**2).sum()
        cov = units / df * (z.T @ z) / total**2 if df else np.full((len(classes),) * 2, np.nan)
        return cov, share, float(df), alike
    squares = np.bincount(place, w2, len(classes))
    away = np.eye(len(classes)) - share
    factor = 1.0 if weights is None else n.sum() / max(n.sum() - 1, 1)
    cov = factor * (away.T * squares) @ away / total**2
    return cov, share, np.inf, total**2 / w2.sum()


def _shares(classes, count, share, cov, df, alike, confidence, method, plain):
    n = count.sum()
    variance, own = np.diag(cov), share * (1 - share)
    if plain:
        found = multinomial_interval(dict(zip(classes, count.astype(int), strict=True)), method, confidence=confidence)
        found = found.rename(columns={"class": "driver"}).drop(columns="n").assign(n_effective=n, design_effect=1.0)
        return found.assign(unit="%")
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.where(own > 1e-12, np.minimum(own / variance, n), min(alike, n))
        effect = np.where(own > 1e-12, variance / (own / n), np.nan)
    size = np.where(np.isnan(variance), np.nan, size)
    level = 1 - (1 - confidence) / len(classes)
    with np.errstate(invalid="ignore"):
        low, high = share_interval(share, size, confidence=level, df=df if df >= 1 else np.inf)
    safe = np.nanmin(np.append(size * share, np.inf)) >= 5
    return pd.DataFrame(
        {
            "driver": classes, "count": whole(count), "estimate": 100 * share, "std_error": 100 * np.sqrt(variance),
            "ci_low": 100 * low, "ci_high": 100 * high, "n_effective": size, "design_effect": effect,
            "confidence": confidence, "unit": "%", "method": f"goodman, linearised{'' if safe else ', approximate'}",
            "reason": pd.array([NO_INTERVAL if df < 1 else None] * len(classes), dtype="str"),
        }
    )  # fmt: skip


def _ranked(shares, share, cov, df, confidence, rng):
    """The shares with p_rank_1, rank_low, rank_high from draws of their normal, or t, distribution."""
    if df < 1 or not np.diag(cov).any():
        return shares.assign(p_rank_1=np.nan, rank_low=np.nan, rank_high=np.nan)
    drawn = rng.multivariate_normal(np.zeros(len(share)), cov, size=DRAWS, method="eigh")
    if np.isfinite(df):
        drawn *= np.sqrt(df / rng.chisquare(df, size=DRAWS))[:, None]
    ranks = rank_sets(share, share + drawn, confidence)
    return shares.assign(**{c: ranks[c].to_numpy() for c in ranks})


def _pairs(classes, share, cov, df, confidence, margin):
    at = np.array(list(combinations(range(len(classes)), 2)))
    a, b = at.T
    value = 100 * (share[a] - share[b])
    variance = np.diag(cov)
    error = 100 * np.sqrt(np.maximum(variance[a] + variance[b] - 2 * cov[a, b], 0))
    half = critical(confidence, df if df >= 1 else np.inf) * error
    p_same, same = tost(value, error, margin, df, level=1 - confidence)
    with np.errstate(divide="ignore", invalid="ignore"):
        p_value = 2 * scipy.stats.t.sf(np.abs(value) / np.where(error > 0, error, np.nan), df)
    found = {
        "driver_a": [classes[i] for i in a], "driver_b": [classes[i] for i in b], "estimate": value,
        "std_error": error, "ci_low": value - half, "ci_high": value + half, "p_value": p_value,
        "margin": margin, "p_equivalent": p_same, "equivalent": same, "df": df,
    }  # fmt: skip
    return pd.DataFrame(found).assign(confidence=confidence, unit="percentage points")


def _tied(pairs, driver):
    rows = pairs[pairs["equivalent"]]
    first, second = rows["driver_a"] == driver, rows["driver_b"] == driver
    return ", ".join([*rows.loc[first, "driver_b"], *rows.loc[second, "driver_a"]])


def _placed(frame, facts, n, missing):
    first = {"n_answers": whole(np.array([n]))[0], "n_missing": whole(np.array([missing]))[0]}
    columns = ["driver", "driver_a", "driver_b"]
    frame = frame.assign(**facts, **first)
    head = [*facts, *(c for c in columns if c in frame), *first]
    return frame[[*head, *(c for c in frame if c not in head)]]
