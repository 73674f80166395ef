"""Do two readings of the same things agree? Mean difference, limits of agreement, ICC(A,1).

A correlation says whether two readings order things alike; these say whether they give the same number.
"""

import numpy as np
import pandas as pd
import scipy

from cxstudy.faults import NotTestable
from cxstudy.stats.intervals import check_confidence

FEWEST = 3
COVERED = 0.95
VARIES = 1e-12


def bland_altman(first, second, *, cluster=None, confidence=0.95):
    """Mean difference of two readings and its limits of agreement, each with an interval.

    Parameters
    ----------
    first, second : arrays (n,), n ≥ 3, finite
        Two readings of the same n things, in one unit.
    cluster : array (n,) or None
        What things belong to that are not independent of each other; at least 3 clusters.
    confidence : float in (0, 1)

    Returns
    -------
    DataFrame of three rows, column ``of``: mean (mean of first − second), lower and upper (mean ∓ 1.96 SD: between them
    lie 95 % of the differences if they are normal). Columns: n, estimate, std_error, ci_low, ci_high, df, sd,
    confidence, method.

    Notes
    -----
    Without clusters: SE of the mean SD/√n, of a limit SD √(1/n + 1.96²/(2 (n − 1))), t with n − 1 degrees of freedom
    (Bland & Altman 1986, The Lancet 327; 1999, Statistical Methods in Medical Research 8). With clusters: linearised,
    the influence of thing i on a limit being (dᵢ − d̄) ∓ 1.96 ((dᵢ − d̄)² − SD²)/(2 SD), summed by cluster, factor
    G/(G − 1), t with G − 1; no normal distribution is assumed for the standard error then.

    Raises
    ------
    NotTestable for fewer than 3 things or clusters, or differences without variance; ValueError for readings of
    different length or not finite.

    >>> bland_altman([1.0, 2.0, 4.0, 5.0], [1.0, 3.0, 3.0, 4.0]).estimate.round(3).tolist()
    [0.25, -1.627, 2.127]
    """
    confidence = check_confidence(confidence)
    first, second = _readings(first, second)
    difference = first - second
    n, mean, sd = len(difference), difference.mean(), difference.std(ddof=1)
    if sd <= VARIES * max(1.0, np.abs(difference).max()):
        raise NotTestable(
            f"all {n} differences are {mean:g}: limits of agreement need differences that vary.", ["differences vary"]
        )
    z, off = scipy.stats.norm.ppf((1 + COVERED) / 2), difference - mean
    signs = {"mean": 0.0, "lower": -z, "upper": z}
    if cluster is None:
        errors = [sd * np.sqrt(1 / n + at**2 / (2 * (n - 1))) for at in signs.values()]
        df, method = n - 1, "Bland–Altman"
    else:
        codes = _clusters(cluster, n)
        df, method = int(codes.max()), "Bland–Altman, clustered"
        errors = [clustered_error(off + at * (off**2 - sd**2) / (2 * sd), codes) for at in signs.values()]
    reach = scipy.stats.t.ppf((1 + confidence) / 2, df)
    rows = [
        {
            "of": of, "n": n, "estimate": mean + at * sd, "std_error": error, "ci_low": mean + at * sd - reach * error,
            "ci_high": mean + at * sd + reach * error, "df": df, "sd": sd, "confidence": confidence, "method": method,
        }
        for (of, at), error in zip(signs.items(), errors, strict=True)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def clustered_error(influence, codes):
    """Standard error of a mean whose things have this ``influence`` (n,), given whole numbers 0…G − 1 of the clusters.

    √(G/(G − 1) Σ_g (Σ_{i in g} influenceᵢ − mean)²)/n; with every thing a cluster of its own it is SD/√n.

    >>> round(clustered_error(np.array([-1.0, 0.0, 1.0]), np.arange(3)).item(), 6)
    0.57735
    """
    influence = influence - influence.mean()
    groups = codes.max() + 1
    return np.sqrt(groups / (groups - 1) * np.square(np.bincount(codes, influence)).sum()) / len(influence)


def icc_agreement(first, second, *, confidence=0.95):
    """ICC(A,1): the share of all variance of single readings that lies between the things; differing means count.

    ``first``, ``second``: readings (n,), n ≥ 3. A dict with n, estimate, ci_low, ci_high, statistic (F), df,
    df_residual, p_value, confidence, method. Two-way, absolute agreement, single reading (McGraw & Wong 1996,
    Psychological Methods 1; ICC2 of R's ``psych::ICC``, whose interval it shares): (MSR − MSE) / (MSR + MSE + 2 (MSC −
    MSE)/n), between −1 and 1. 1 only where both readings are equal. Raises NotTestable where nothing varies.

    >>> round(icc_agreement([1.0, 2.0, 3.0, 5.0], [2.0, 3.0, 4.0, 6.0])["estimate"], 4)
    0.8537
    """
    confidence = check_confidence(confidence)
    first, second = _readings(first, second)
    n = len(first)
    sums = np.array([n, first.sum(), second.sum(), first @ first, second @ second, first @ second])[:, None]
    between, sides, rest = (float(square[0]) for square in _mean_squares(_centred(sums)))
    if between + rest <= VARIES**2 * max(1.0, np.square([first, second]).max()):
        raise NotTestable("an ICC compares things that differ; all readings are equal.", ["things that differ"])
    estimate = _agreement(n, between, sides, rest)
    row = {"n": n, "estimate": estimate, "df": n - 1, "df_residual": n - 1, "confidence": confidence}
    if rest <= VARIES * between:
        return row | dict.fromkeys(("ci_low", "ci_high", "statistic", "p_value"), np.nan) | {"method": "ICC(A,1)"}
    ratio = between / rest
    # McGraw & Wong: the denominator's degrees of freedom by Satterthwaite
    f, size = sides / rest, n * (1 + estimate) - 2 * estimate
    df = (n - 1) * (2 * estimate * f + size) ** 2 / ((n - 1) * (2 * estimate * f) ** 2 + size**2)
    upper, lower = (scipy.stats.f.ppf((1 + confidence) / 2, *d) for d in ((n - 1, df), (df, n - 1)))
    error = 2 * sides + (n - 2) * rest
    low = n * (between - upper * rest) / (upper * error + n * between)
    high = n * (lower * between - rest) / (error + n * lower * between)
    return row | {
        "ci_low": low, "ci_high": high, "statistic": ratio, "p_value": float(scipy.stats.f.sf(ratio, n - 1, n - 1)),
        "method": "ICC(A,1), McGraw–Wong",
    }  # fmt: skip


def agreement_replicates(first, second, codes, drawn):
    """ICC(A,1) and Pearson correlation of bootstrap samples, each an array (B,).

    ``codes`` (n,): the clusters 0…G − 1; ``drawn`` (B, G): how often each cluster is drawn.
    """
    # about one number, as large sums of squares would lose digits
    first, second = first - first.mean(), second - first.mean()
    parts = (np.ones(len(first)), first, second, first**2, second**2, first * second)
    sums = np.array([np.bincount(codes, part, drawn.shape[1]) for part in parts]) @ drawn.T
    centred = _centred(sums)
    n, _, xx, yy, xy = centred
    with np.errstate(invalid="ignore", divide="ignore"):
        return _agreement(n, *_mean_squares(centred)), xy / np.sqrt(xx * yy)


def _centred(sums):
    """n, first mean − second mean, and the centred sums of squares and products, from plain sums (6, B)."""
    n, x, y, xx, yy, xy = sums
    return np.array([n, (x - y) / n, xx - x * x / n, yy - y * y / n, xy - x * y / n])


def _mean_squares(centred):
    """Between things, between readings, residual."""
    n, apart, xx, yy, xy = centred
    with np.errstate(invalid="ignore", divide="ignore"):
        return (xx + yy + 2 * xy) / (2 * (n - 1)), n * apart**2 / 2, (xx + yy - 2 * xy) / (2 * (n - 1))


def _agreement(n, between, sides, rest):
    return (between - rest) / (between + rest + 2 * (sides - rest) / n)


def _readings(first, second):
    first, second = np.asarray(first, float), np.asarray(second, float)
    if first.shape != second.shape or first.ndim != 1:
        raise ValueError(f"both readings are of the same things; got {first.shape} and {second.shape}. Pair them.")
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise ValueError("readings must be finite numbers; some are not. Leave out what only one side has.")
    if len(first) < FEWEST:
        raise NotTestable(f"agreement needs at least {FEWEST} things read twice; found {len(first)}.", ["more things"])
    return first, second


def _clusters(cluster, n):
    codes = pd.factorize(np.asarray(cluster))[0]
    if len(codes) != n:
        raise ValueError(f"cluster needs one value for each of {n} differences; got {len(codes)}.")
    if codes.max() + 1 < FEWEST:
        raise NotTestable(
            f"at least {FEWEST} clusters are needed; found {codes.max() + 1}. Leave cluster= out and say so.",
            ["more clusters"],
        )
    return codes
