"""Tiers of equal size: their means with intervals, and the top tier minus the bottom tier.

All intervals allow for rows that belong together (``cluster=``, several years of one
company); with one row per cluster they are the ordinary t and Welch intervals.
"""

import numpy as np
import pandas as pd
import scipy

BATCH = 250
DIGITS = 12


def tier_of(values, tiers):
    """Number each value's tier, 1 (lowest) … ``tiers``: equal sizes, tied values stay together.

    ``values`` has shape (n,) and no missing entries. A block of tied values goes where its middle
    rank falls: tier = ceil(tiers · (rank − ½) / n) with average ranks (equal to 12 digits is tied), so heavy ties
    make unequal or even empty tiers; their sizes are reported, never evened out.

    Raises ValueError when ``tiers`` is not a whole number from 2 to n.

    >>> tier_of([10, 20, 30, 40], 2).tolist()
    [1, 1, 2, 2]
    >>> tier_of([10, 20, 20, 20, 30, 40], 3).tolist()
    [1, 2, 2, 2, 3, 3]
    """
    values = np.asarray(values, dtype=float)
    if isinstance(tiers, bool) or not isinstance(tiers, int | np.integer) or not 2 <= tiers <= len(values):
        raise ValueError(
            f"tiers must be a whole number from 2 to the number of units ({len(values)}); got {tiers!r}. "
            "Write tiers=4 for quarters, or fewer tiers when there are few units."
        )
    # published shares are ties on paper, but 100·(n·53/100)/n is not always 53 in floating point
    ranks = scipy.stats.rankdata(np.round(values / (np.abs(values).max() or 1.0), DIGITS))
    return np.ceil(tiers * (ranks - 0.5) / len(values)).astype(int)


def mean_with_intervals(values, *, cluster=None, confidence=0.95, replicates=2000, seed=1):
    """Mean of ``values`` (n,) with a t interval and a percentile bootstrap interval; a dict.

    ``cluster`` (n,) names rows that belong together; None: each row stands alone. The variance is
    G/(G−1) Σ_g (Σ_{i∈g} (y_i − ȳ))² / n², with G − 1 degrees of freedom: s²/n when every cluster
    has one row. The bootstrap draws whole clusters. Fewer than two clusters: nan.

    Keys: n, estimate, std_error, ci_low, ci_high, df, boot_low, boot_high.
    """
    values = np.asarray(values, dtype=float)
    codes, n = _codes(cluster, len(values)), len(values)
    sums, sizes = np.bincount(codes, values), np.bincount(codes)
    groups, mean = len(sums), float(values.mean())
    if groups < 2:
        nothing = dict.fromkeys(("std_error", "ci_low", "ci_high", "df", "boot_low", "boot_high"), np.nan)
        return {"n": n, "estimate": mean, **nothing}
    error = float(np.sqrt(groups / (groups - 1) * np.square(sums - mean * sizes).sum()) / n)
    reach = scipy.stats.t.ppf((1 + confidence) / 2, groups - 1) * error
    rng = np.random.default_rng(seed)
    means = []
    for start in range(0, replicates, BATCH):
        drawn = rng.integers(groups, size=(min(BATCH, replicates - start), groups))
        means.append(sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1))
    low, high = np.quantile(np.concatenate(means), [(1 - confidence) / 2, (1 + confidence) / 2])
    return {
        "n": n, "estimate": mean, "std_error": error, "ci_low": mean - reach, "ci_high": mean + reach,
        "df": groups - 1, "boot_low": float(low), "boot_high": float(high),
    }  # fmt: skip


def tier_means(outcome, tier, *, loyalty, numerator=None, denominator=None, **options):
    """One row a tier: mean outcome with both intervals, median, ratio of sums, range of loyalty.

    ``outcome``, ``tier``, ``loyalty`` have shape (n,). ``numerator`` and ``denominator`` (say, profit
    and revenue in the same money) give ratio_of_sums = 100 Σ numerator / Σ denominator over the rows
    that have both, nan without them. ``options`` go to `mean_with_intervals`.

    Columns: tier, n, estimate, std_error, ci_low, ci_high, df, boot_low, boot_high, median,
    ratio_of_sums, loyalty_low, loyalty_high. Empty tiers have no row.
    """
    outcome, tier, loyalty = np.asarray(outcome, float), np.asarray(tier), np.asarray(loyalty, float)
    cluster = options.pop("cluster", None)
    rows = []
    for one in np.unique(tier):
        inside = tier == one
        row = {"tier": int(one)}
        row |= mean_with_intervals(
            outcome[inside], cluster=None if cluster is None else np.asarray(cluster)[inside], **options
        )
        row["median"] = float(np.median(outcome[inside]))
        row["ratio_of_sums"] = _ratio(numerator, denominator, inside)
        row |= {"loyalty_low": float(loyalty[inside].min()), "loyalty_high": float(loyalty[inside].max())}
        rows.append(row)
    return pd.DataFrame(rows)


def top_minus_bottom(outcome, tier, *, cluster=None, confidence=0.95):
    """Mean of the highest tier minus mean of the lowest, with its interval; a dict.

    Without ``cluster``: Welch (1947), each tier its own variance, Satterthwaite's degrees of
    freedom; R: ``t.test(top, bottom)``. With ``cluster``: the coefficient of a top-tier dummy among
    the two tiers, its variance clustered (CR1), G − 1 degrees of freedom, because one company may
    be at the top one year and at the bottom another.
    """
    from cxstudy.stats.regression import slope

    outcome, tier = np.asarray(outcome, float), np.asarray(tier)
    top, bottom = outcome[tier == tier.max()], outcome[tier == tier.min()]
    if cluster is not None:
        ends = (tier == tier.max()) | (tier == tier.min())
        dummy = (tier[ends] == tier.max()).astype(float)
        return slope(outcome[ends], dummy, cluster=np.asarray(cluster)[ends], confidence=confidence)
    test = scipy.stats.ttest_ind(top, bottom, equal_var=False)
    low, high = test.confidence_interval(confidence)
    gap = float(top.mean() - bottom.mean())
    error = np.sqrt(top.var(ddof=1) / len(top) + bottom.var(ddof=1) / len(bottom))
    return {
        "n": len(top) + len(bottom), "estimate": gap, "std_error": float(error),
        "ci_low": float(low), "ci_high": float(high), "statistic": float(test.statistic), "df": float(test.df),
        "p_value": float(test.pvalue), "method": "Welch",
    }  # fmt: skip


def _codes(cluster, n):
    return np.arange(n) if cluster is None else pd.factorize(np.asarray(cluster))[0]


def _ratio(numerator, denominator, inside):
    if numerator is None or denominator is None:
        return np.nan
    top, below = np.asarray(numerator, float)[inside], np.asarray(denominator, float)[inside]
    both = np.isfinite(top) & np.isfinite(below)
    return 100 * float(top[both].sum() / below[both].sum()) if below[both].sum() > 0 else np.nan

