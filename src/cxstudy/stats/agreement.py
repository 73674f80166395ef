"""Do the answers of a group agree enough to speak of the group? rwg, rwg(j), ICC(1) and ICC(2).

Everything is computed from the groups' moments (answers, mean, sum of squares), so a
table of millions of answers and its summary give the same numbers.
"""

import numpy as np
import pandas as pd
import scipy

from cxstudy.faults import NotTestable
from cxstudy.stats.arguments import check_columns, check_count, numbers
from cxstudy.stats.intervals import check_confidence

_FARTHEST = 1e12


def icc(data, *, score, group, confidence=0.95):
    """ICC(1) and ICC(2) of ``data[score]`` in the groups of ``data[group]``: see :func:`icc_from_moments`.

    ``data``: DataFrame, one row per answer; ``score`` numeric in any unit. Rows without score or group are left out
    and counted as n_missing.

    >>> answers = pd.DataFrame({"team": ["a", "a", "b", "b", "c", "c"], "trust": [1, 2, 3, 3, 5, 4]})
    >>> icc(answers, score="trust", group="team").estimate.round(3).tolist()
    [0.862, 0.862, 0.926]
    """
    check_columns(data, [score, group])
    groups = group_moments(data, score=score, group=group)
    missing = len(data) - int(groups.n.sum())
    return icc_from_moments(groups.n, groups["mean"], groups.ss, confidence=confidence, n_missing=missing)


def group_moments(data, *, score, group):
    """One row per group: group, n (answers with a score), mean, ss (sum of squared deviations from the group's mean).

    >>> group_moments(pd.DataFrame({"g": ["a", "a"], "x": [1, 3]}), score="x", group="g").values.tolist()
    [['a', 2, 2.0, 2.0]]
    """
    check_columns(data, [score, group])
    seen = pd.DataFrame({"group": data[group], "x": numbers(data, score)}).dropna()
    by = seen.groupby("group", observed=True)["x"]
    deviation = (seen["x"] - by.transform("mean")) ** 2
    table = pd.DataFrame({"n": by.size(), "mean": by.mean()})
    table["ss"] = deviation.groupby(seen["group"], observed=True).sum()
    return table.reset_index()


def icc_from_moments(n, mean, ss, *, confidence=0.95, n_missing=0):
    """ICC(1), ICC(1) with n₀ and ICC(2) of a one-way random-effects model, each with interval.

    Parameters
    ----------
    n, mean, ss : arrays, one value per group
        Answers (whole numbers ≥ 1), their mean, and the sum of squared deviations from it. Groups of one count
        towards the differences between groups and are reported as n_single.
    confidence : float in (0, 1)
    n_missing : int
        Answers left out before, passed through.

    Returns
    -------
    DataFrame of three rows, column ``index``:
    "icc1" (MSB − MSW)/(MSB + (k − 1) MSW) with k the *mean* group size, as R's multilevel;
    "icc1_n0" the same with k = n₀ = (N − Σn²/N)/(G − 1), the unbiased choice for unequal groups;
    "icc2" (MSB − MSW)/MSB, the reliability of a group's mean.
    Columns: n, n_missing, n_groups, n_single, group_size (k), estimate, ci_low, ci_high, statistic (F), df,
    df_residual, p_value, confidence, unit ("share"), method, reason.
    ``reason``: "negative" for a negative ICC, which is kept; "less_between_than_chance" for one that fits no value in
    the range (no interval); "no_within_variance" or "no_between_variance" where one
    mean square is 0 (no interval; without between-variance no ICC(2)); "no_variance" where both are (no estimate).

    Raises
    ------
    NotTestable for one group or only groups of one; ValueError for impossible moments.

    Notes
    -----
    The interval inverts Wald's (1940, Ann. Math. Stat. 11) statistic: for γ = σ²_between/σ²_within,
    Σwᵢ(ȳᵢ − ȳ_w)²/((G − 1) MSW) with wᵢ = nᵢ/(1 + nᵢγ) is F(G − 1, N − G) whatever the group sizes, so it is exact for
    unequal groups under normality, where Searle's and Thomas and Hultquist's are approximations; with equal groups
    it is the usual F interval (Shrout & Fleiss 1979). ICC = γ/(1 + γ), down to −1/(largest n − 1). The interval of
    ICC(2) is that of kρ/(1 + (k − 1)ρ) at the mean group size: exact for equal groups, else an approximation.
    The indices: Bliese (2000), in Klein & Kozlowski, Multilevel Theory, Research, and Methods in Organizations.

    >>> icc_from_moments([3, 3], [1.0, 4.0], [2.0, 2.0]).round(3).loc[0, ["estimate", "p_value"]].tolist()
    [0.806, 0.021]
    """
    confidence = check_confidence(confidence)
    n, mean, ss = _checked_moments(n, mean, ss)
    groups, total = len(n), n.sum()
    df, df_residual = groups - 1, int(total - groups)
    between = (n * (mean - n @ mean / total) ** 2).sum() / df
    within = ss.sum() / df_residual
    between, within = _without_noise(between, within, mean)
    sizes = {"icc1": total / groups, "icc1_n0": (total - (n**2).sum() / total) / df, "icc2": total / groups}
    reason = _reason(between, within)
    low = high = np.nan
    if reason in ("", "negative"):
        low, high = _icc_limits(n, mean, within, 1 - confidence)
        reason = "less_between_than_chance" if np.isnan(low) else reason
    statistic = between / within if within > 0 else np.nan
    shared = dict(n=int(total), n_missing=n_missing, n_groups=groups, n_single=int((n == 1).sum()))
    rows = []
    for index, size in sizes.items():
        limits = [low, high]
        if index == "icc2":
            estimate = (between - within) / between if between > 0 else np.nan
            limits = [size * rho / (1 + (size - 1) * rho) for rho in limits]
        else:
            estimate = (between - within) / (between + (size - 1) * within) if reason != "no_variance" else np.nan
        rows.append(
            shared | dict(
                index=index, group_size=float(size), estimate=float(estimate), ci_low=limits[0], ci_high=limits[1],
                statistic=float(statistic), df=df, df_residual=df_residual,
                p_value=float(scipy.stats.f.sf(statistic, df, df_residual)), confidence=confidence, unit="share",
                method="one-way random, Wald exact" if index != "icc2" else "one-way random, mean group size",
                reason=reason,
            )
        )
    return pd.DataFrame(rows)[["index", *(name for name in rows[0] if name != "index")]]


def rwg(data, *, items, group, levels):
    """Agreement within each group: rwg for one item, rwg(j) for several: see :func:`rwg_from_variances`.

    ``data``: DataFrame, one row per answer; ``items`` one column or a list of them, on one scale of ``levels`` points
    a distance of 1 apart. A row counts when all items and the group are there; others are counted as n_missing
    of their group.

    >>> answers = pd.DataFrame({"team": ["a", "a", "b", "b"], "trust": [4, 4, 1, 2]})
    >>> rwg(answers, items="trust", group="team", levels=5)[["group", "estimate"]].values.tolist()
    [['a', 1.0], ['b', 0.75]]
    """
    items = [items] if isinstance(items, str) else list(items)
    if not items:
        raise ValueError("items must name at least one column; got none. Write items=['trust'].")
    levels = check_count("levels", levels, 2)
    check_columns(data, [*items, group])
    answers = pd.DataFrame({item: numbers(data, item) for item in items})
    spread = answers.max().max() - answers.min().min()
    if spread > levels - 1:
        raise ValueError(
            f"answers on a scale of {levels} levels lie at most {levels - 1} apart; found {answers.min().min():g} to "
            f"{answers.max().max():g}. Give the scale's number of levels, and declare missing codes."
        )
    keys, complete = data[group], answers.notna().all(axis=1)
    by = answers[complete].groupby(keys[complete], observed=True)
    every = pd.Index(keys.dropna().unique()).sort_values()
    asked = keys.dropna().value_counts().reindex(every)
    n = by.size().reindex(every, fill_value=0)
    table = rwg_from_variances(every, n, by.var(ddof=1).reindex(every), levels=levels)
    table.insert(2, "n_missing", (asked - n).to_numpy())
    return table


def rwg_from_variances(groups, n, variances, *, levels):
    """rwg or rwg(j) from each group's item variances.

    Parameters
    ----------
    groups, n : arrays of G
        The groups' keys and their answers.
    variances : array (G) or (G × J)
        Variance (n − 1 in the denominator) of each of J items; not used where n < 2.
    levels : int ≥ 2
        Points of the scale, A.

    Returns
    -------
    DataFrame, one row per group: group, n, estimate (0…1), variance_ratio, unit, method ("rwg" or "rwg(j)"), reason.
    variance_ratio r = mean item variance/((A² − 1)/12), the variance of uniform answers. rwg = 1 − r;
    rwg(j) = J(1 − r)/(J(1 − r) + r) (James, Demaree & Wolf 1984, J. Applied Psychology 69). Where r > 1 the
    estimate is 0, as in R's multilevel, and ``reason`` is "more_spread_than_chance"; a group of fewer than
    two answers has none ("fewer_than_two_answers").

    >>> rwg_from_variances(["a", "b"], [9, 9], [0.5, 3.0], levels=5)[["estimate", "variance_ratio"]].values.tolist()
    [[0.75, 0.25], [0.0, 1.5]]
    """
    levels = check_count("levels", levels, 2)
    n, variances = np.asarray(n), np.asarray(variances, dtype=float)
    variances = variances.reshape(len(n), -1)
    if (variances < 0).any() or not np.isfinite(variances[n >= 2]).all():
        raise ValueError("variances must be finite and at least 0 where n ≥ 2. Compute them from the answers.")
    items = variances.shape[1]
    ratio = np.where(n >= 2, variances.mean(axis=1) / ((levels**2 - 1) / 12), np.nan)
    agreed = 1 - np.minimum(ratio, 1)
    estimate = agreed if items == 1 else items * agreed / (items * agreed + np.minimum(ratio, 1))
    reason = np.where(n < 2, "fewer_than_two_answers", np.where(ratio > 1, "more_spread_than_chance", ""))
    return pd.DataFrame(
        dict(
            group=np.asarray(groups), n=n, estimate=estimate, variance_ratio=ratio, unit="share",
            method="rwg" if items == 1 else "rwg(j)", reason=reason,
        )
    )


def _icc_limits(n, mean, within, alpha):
    df, df_residual = len(n) - 1, n.sum() - len(n)

    def wald(gamma):
        weight = n / (1 + n * gamma)
        return (weight * (mean - weight @ mean / weight.sum()) ** 2).sum() / (df * within)

    limits = []
    for level in (scipy.stats.f.isf(alpha / 2, df, df_residual), scipy.stats.f.ppf(alpha / 2, df, df_residual)):
        least, most = -(1 - 1e-9) / n.max(), 1.0
        if wald(least) <= level:
            limits.append(-1 / (n.max() - 1))
            continue
        while wald(most) > level:
            most *= 4
            if most > _FARTHEST:
                raise NotTestable("no limit of the ICC could be bracketed: there is next to no variance in the groups.")
        gamma = scipy.optimize.brentq(lambda value, level=level: wald(value) - level, least, most, xtol=1e-14, rtol=1e-13)
        limits.append(float(gamma / (1 + gamma)))
    return limits if limits[1] > -1 / (n.max() - 1) else [np.nan, np.nan]


def _reason(between, within):
    if between == 0 or within == 0:
        return "no_variance" if between == within else f"no_{'within' if within == 0 else 'between'}_variance"
    return "negative" if between < within else ""


def _without_noise(between, within, mean):
    # a sum of squares of equal numbers leaves rounding error of the order of the numbers' own precision
    noise = (1e-12 * np.abs(mean).max()) ** 2
    return (between if between > noise else 0.0), (within if within > noise else 0.0)


def _checked_moments(n, mean, ss):
    n, mean, ss = (np.asarray(values, dtype=float) for values in (n, mean, ss))
    if not n.shape == mean.shape == ss.shape or n.ndim != 1:
        raise ValueError(f"n, mean and ss must be of one length; got {n.shape}, {mean.shape}, {ss.shape}.")
    if not np.isfinite([n, mean, ss]).all() or (n < 1).any() or (n % 1 != 0).any() or (ss < 0).any():
        raise ValueError("n must be whole numbers ≥ 1, mean and ss finite, ss at least 0. Leave empty groups out.")
    if len(n) < 2:
        raise NotTestable(f"an ICC compares groups; found {len(n)}. It needs at least two.", needs=["more groups"])
    if (n == 1).all():
        raise NotTestable(
            f"an ICC needs groups of two or more answers; all {len(n)} groups have one. Group them more coarsely.",
            needs=["groups of at least two answers"],
        )
    return n, mean, ss
