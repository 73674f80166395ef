"""Importance beside performance, and beside what customers state: where to start, and where the two disagree.

A driver is *high* when the whole interval of its distance from the drivers' mean lies above zero, *low* when it lies
below, else *open*. Its priority is importance × (100 − performance): what an important driver still lacks.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from cxstudy.stats.intervals import critical
from cxstudy.stats.rank_sets import rank_sets
from cxstudy.stats.resampled_correlation import correlation
from cxstudy.stats.resampling import multiplicities
from cxstudy.tally import moments

DRAWS = 2000
HIGH, LOW, OPEN = "high", "low", "open"


def answers_moments(found, columns):
    """Sums of the complete rows of ``columns`` by cluster (or all in one) of a `drivers_asked.DriverData`.

    An outcome that is the NPS class counts −1, 0, 1.
    """
    import ibis

    data, outcome = found.data, found.outcome
    if outcome.kind == "classes" and outcome.name in columns:
        score = data.expr[outcome.name].cast("float64")
        classes = ibis.cases((score >= 9, 1.0), (score >= 7, 0.0), (score >= 0, -1.0))
        data = data.expr.mutate(**{outcome.name: classes})
    return moments(data, columns, by=found.cluster or (), weights=found.weights)


def performance(found, sums):
    """Mean of each driver on 0–100, 100 the good end, and the covariance (p, p) of these means.

    ``found``: `drivers_asked.DriverData`; ``sums``: `stats.moments.Moments` whose first columns are its drivers, by
    cluster where it has one. Returns ``(mean, covariance, df)``, nan for a driver without a scale. Of weighted answers
    without clusters the variance is that of Kish's effective number, Σ w² / (Σ w)².
    """
    p = len(found.drivers)
    slope, foot = _turned(found.drivers.values())
    mean = sums.means()[0][:p]
    total = sums.w.sum()
    if found.cluster:
        m = len(sums.n)
        z = sums.total[:, :p] - sums.w[:, None] * (mean - sums.centre[:p])
        covariance, df = m / (m - 1) * (z.T @ z) / total**2, m - 1.0
    else:
        covariance = sums.covariance()[0][:p, :p] * sums.w2.sum() / total**2
        df = sums.n.sum() - 1.0
    return foot + slope * mean, covariance * np.outer(slope, slope), df


def correlations(found, sums, *, confidence, replicates, rng):
    """Correlation of each driver with the outcome and, on average, with the other drivers; a row a driver.

    The good ends of the scales are turned the same way first (a question without a scale is taken as it stands), so a
    negative correlation is one that a good driver should not have. ``sums`` as in `performance`, the outcome their last
    column. Columns driver, estimate, ci_low, ci_high, with_others, suspected (a reversed item: the correlation with the
    outcome is below 0 beyond chance, or below 0 with the others while most of these go together), method. Intervals:
    percentiles of resampled clusters, else Fisher's.
    """
    names, sign = list(found.drivers), _signs([*found.drivers.values(), found.scale])
    whole = _oriented(sums.covariance(), sign)[0]
    r, p = whole[:-1, -1], len(names)
    n = float(sums.n.sum())
    if found.cluster:
        drawn = _oriented(sums.covariance(multiplicities(rng, len(sums.n), replicates)), sign)[:, :-1, -1]
        low, high = np.nanquantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
        method = "Pearson, bootstrap of clusters"
    else:
        half = critical(confidence) / np.sqrt(max(n - 3, 1))
        z = np.arctanh(np.clip(r, -1 + 1e-15, 1 - 1e-15))
        low, high, method = np.tanh(z - half), np.tanh(z + half), "Pearson, Fisher's z"
    among = whole[:p, :p]
    others = (among.sum(axis=1) - 1) / max(p - 1, 1)
    chance = 2 / np.sqrt(n)
    rest = np.array([np.delete(np.delete(among, i, 0), i, 1) for i in range(p)])
    together = np.array([(m.sum() - len(m)) / max(len(m) * (len(m) - 1), 1) for m in rest]) > chance
    suspected = (high < 0) | (others < -chance) & together
    return pd.DataFrame(
        {
            "driver": names, "n": int(n), "estimate": r, "ci_low": low, "ci_high": high, "with_others": others,
            "suspected": suspected, "confidence": confidence, "unit": "correlation", "method": method,
        }
    )  # fmt: skip


def importance_covariance(table, pairs):
    """Covariance (p, p) of the importances over the replicates, from the standard errors of all and of all differences.

    ``table``, ``pairs``: the two frames of `measures.importance.importance`; nan where these have no intervals.
    """
    variance = table["std_error"].to_numpy(float) ** 2
    covariance = np.diag(variance)
    place = {d: i for i, d in enumerate(table["driver"])}
    for row in pairs.itertuples():
        i, j = place[row.driver_a], place[row.driver_b]
        covariance[i, j] = covariance[j, i] = (variance[i] + variance[j] - row.std_error**2) / 2
    return covariance


def importance_performance(table, pairs, found, means, *, confidence, rng):
    """The importance–performance map: a row a driver, the highest priority first.

    ``table``, ``pairs`` as in `importance_covariance`; ``means`` from `performance`. Columns: driver, importance,
    importance_low, importance_high (share of the outcome's variance), performance, performance_low, performance_high
    (0–100), importance_is and performance_is (high, low or open, against the drivers' mean), importance_mean,
    performance_mean, priority (importance × (100 − performance)), priority_low, priority_high, rank, rank_low,
    rank_high (simultaneous), p_rank_1, n, n_missing, reason. Importance and performance are drawn apart: their errors
    are taken as unrelated. A driver without a scale has neither performance nor priority.
    """
    mean, cov_p, df = means
    size = np.abs(table["estimate"].to_numpy(float))
    cov_i = importance_covariance(table, pairs)
    half = critical(confidence, max(df, 1)) * np.sqrt(np.diag(cov_p))
    known = np.isfinite(mean)
    out = table[["driver", "n", "n_missing"]].assign(
        importance=size, importance_low=table["ci_low"], importance_high=table["ci_high"], performance=mean,
        performance_low=mean - half, performance_high=mean + half, importance_mean=size.mean(),
        performance_mean=mean[known].mean() if known.any() else np.nan, importance_is=sides(size, cov_i, confidence),
        performance_is=OPEN, priority=size * (100 - mean),
    )  # fmt: skip
    out.loc[known, "performance_is"] = sides(mean[known], cov_p[np.ix_(known, known)], confidence)
    ranks = dict.fromkeys(("priority_low", "priority_high", "rank_low", "rank_high", "p_rank_1"), np.nan)
    out = out.assign(**ranks, rank=out["priority"].rank(ascending=False, method="min"))
    if known.sum() > 1 and np.isfinite(cov_i).all():
        drawn = rng.multivariate_normal(size, cov_i, size=DRAWS, method="eigh")[:, known]
        drawn = drawn * (100 - rng.multivariate_normal(mean[known], cov_p[np.ix_(known, known)], DRAWS, method="eigh"))
        found_ranks = rank_sets(out["priority"].to_numpy()[known], drawn, confidence)
        ends = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
        out.loc[known, ["priority_low", "priority_high"]] = ends.T
        out.loc[known, list(found_ranks)] = found_ranks.to_numpy()
    reason = [None if k else "no-scale" for k in known]
    out = out.assign(confidence=confidence, unit="share × points", reason=pd.array(reason, dtype="str"))
    return out.sort_values(["rank", "driver"], na_position="last", ignore_index=True)


def sides(values, covariance, confidence):
    """``high``, ``low`` or ``open`` of each value against the mean of all, from their covariance; an object array.

    >>> sides(np.array([3.0, 1.0, 0.9]), np.eye(3) / 100, 0.95).tolist()
    ['high', 'low', 'low']
    """
    k = len(values)
    away = np.eye(k) - 1 / k
    gap = away @ values
    error = np.sqrt(np.maximum(np.diag(away @ covariance @ away.T), 0))
    reach = critical(confidence) * error
    # what rounding leaves is no difference
    least = 1e-12 * max(np.abs(values).max(), 1e-300) if k else 0
    return np.where(gap - reach > least, HIGH, np.where(gap + reach < -least, LOW, OPEN)).astype(object)


def stated_and_derived(stated, table, pairs, *, share, covariance, confidence):
    """What customers state beside what goes with the outcome: a row a driver that both have, flagged where they differ.

    ``stated``: a frame of `measures.stated_drivers` with the shares among these drivers only, ``share`` and
    ``covariance`` (0…1) the same in the order of ``stated``; ``table``, ``pairs`` of `measures.importance`. Columns:
    driver, stated, stated_low, stated_high (% of those who name one of these), derived, derived_low, derived_high
    (% of the sum over them), stated_is, derived_is (high, low or open), and flag: stated-higher (high when asked, low
    in the answers), derived-higher, same (both high, or both low), or open, where the intervals cannot tell.
    """
    rows = table.set_index("driver").loc[stated["driver"]]
    place = [list(table["driver"]).index(d) for d in stated["driver"]]
    size = np.abs(rows["estimate"].to_numpy(float))
    cov = importance_covariance(table, pairs)[np.ix_(place, place)]
    said, found = sides(share, covariance, confidence), sides(size, cov, confidence)
    flag = np.where(
        (said == HIGH) & (found == LOW), "stated-higher",
        np.where(
            (said == LOW) & (found == HIGH), "derived-higher",
            np.where((said == found) & (said != OPEN), "same", OPEN),
        ),
    )  # fmt: skip
    scale = 100 / size.sum()
    ends = np.abs(rows[["ci_low", "ci_high"]].to_numpy(float)) * scale
    return pd.DataFrame(
        {
            "driver": stated["driver"].to_numpy(), "n_answers": stated["n_answers"].to_numpy(),
            "stated": stated["estimate"].to_numpy(), "stated_low": stated["ci_low"].to_numpy(),
            "stated_high": stated["ci_high"].to_numpy(), "derived": size * scale, "derived_low": ends.min(axis=1),
            "derived_high": ends.max(axis=1), "stated_is": said, "derived_is": found, "flag": flag,
            "confidence": confidence, "unit": "%",
        }
    )  # fmt: skip


def own_performance(found):
    """`performance` from each driver's own answers, for data with many gaps; its errors are then taken as unrelated."""
    one = [performance(_only(found, name), answers_moments(found, [name])) for name in found.drivers]
    mean = np.array([m[0][0] for m in one])
    return mean, np.diag([m[1][0, 0] for m in one]), min(m[2] for m in one)


def _only(found, name):
    return replace(found, drivers={name: found.drivers[name]})


def _turned(scales):
    """Slope and foot of each scale's index, 100 the good end: index = foot + slope × answer."""
    pairs = [(np.nan, np.nan) if s is None else (s.index(1.0) - s.index(0.0), s.index(0.0)) for s in scales]
    slope, foot = np.array(pairs).T
    return slope, foot


def _signs(scales):
    return np.array([-1.0 if s is not None and s.better == "low" else 1.0 for s in scales])


def _oriented(covariance, sign):
    return correlation(covariance * np.outer(sign, sign))
