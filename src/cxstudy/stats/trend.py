"""Is there a trend over ordered groups? Jonckheere–Terpstra, a linear contrast, Welch, Games–Howell."""

import numpy as np
import pandas as pd
import scipy


def jonckheere(values, groups):
    """Jonckheere–Terpstra test of a trend of ``values`` over ordered ``groups``, both of shape (n,).

    J counts the pairs from different groups in which the later group has the larger value, ties ½.
    Normal approximation with the variance corrected for ties in the values; two-sided. A dict:
    n, statistic (J), mean, std_error (both of J when there is no trend), z, p_value, method.
    J is linked to Kendall's S between group and value: J = (S + pairs) / 2, with the same z; R:
    ``cor.test(groups, values, method = "kendall", exact = FALSE)``.

    Source: Hollander & Wolfe 1999, Nonparametric Statistical Methods, section 6.2.

    Raises ValueError with fewer than two groups or when all values are equal.

    >>> jonckheere([1, 2, 3, 4], [1, 1, 2, 2])["statistic"]
    4.0
    """
    values, groups = np.asarray(values, float), np.asarray(groups)
    parts = [np.sort(values[groups == g]) for g in np.unique(groups)]
    if len(parts) < 2 or len(np.unique(values)) < 2:
        raise ValueError("a trend needs at least two groups and two different values; compare other groups or values.")
    j = 0.0
    for i, low in enumerate(parts):
        for high in parts[i + 1 :]:
            below = np.searchsorted(low, high, "left") + np.searchsorted(low, high, "right")
            j += below.sum() / 2
    n = len(values)
    sizes = np.array([len(p) for p in parts], float)
    ties = np.unique(values, return_counts=True)[1].astype(float)
    mean = (n**2 - (sizes**2).sum()) / 4
    variance = _variance(float(n), sizes, ties)
    z = (j - mean) / np.sqrt(variance)
    return {
        "n": n, "statistic": float(j), "mean": float(mean), "std_error": float(np.sqrt(variance)), "z": float(z),
        "p_value": float(2 * scipy.stats.norm.sf(abs(z))), "method": "Jonckheere–Terpstra, normal, ties corrected",
    }  # fmt: skip


def linear_contrast(values, groups, confidence=0.95):
    """Change of the group mean per step up the ordered groups, each group with its own variance.

    With group means m_k and centred steps c_k: estimate = Σ c_k m_k / Σ c_k², the least-squares
    line through the means; variance Σ (c_k/Σc²)² s_k²/n_k, Satterthwaite's degrees of freedom
    (Maxwell & Delaney 2004, chapter 4). Groups need at least two values each. A dict in the unit of ``values``.
    """
    values, groups = np.asarray(values, float), np.asarray(groups, float)
    steps = np.unique(groups)
    parts = [values[groups == g] for g in steps]
    if min(len(p) for p in parts) < 2:
        raise ValueError("a contrast needs at least two values in every group; use fewer groups.")
    weights = (steps - steps.mean()) / np.square(steps - steps.mean()).sum()
    share = np.array([w**2 * p.var(ddof=1) / len(p) for w, p in zip(weights, parts, strict=True)])
    estimate, error = float(weights @ [p.mean() for p in parts]), float(np.sqrt(share.sum()))
    df = float(share.sum() ** 2 / (share**2 / [len(p) - 1 for p in parts]).sum())
    reach = scipy.stats.t.ppf((1 + confidence) / 2, df) * error
    return {
        "n": len(values), "estimate": estimate, "std_error": error,
        "ci_low": estimate - reach, "ci_high": estimate + reach,
        "statistic": estimate / error, "df": df, "p_value": float(2 * scipy.stats.t.sf(abs(estimate / error), df)),
        "method": "linear contrast, separate variances",
    }  # fmt: skip


def welch_anova(values, groups):
    """Do the group means differ? Welch's F (Welch 1951) by pingouin; a dict. R: ``oneway.test``."""
    import pingouin

    frame = pd.DataFrame({"value": np.asarray(values, float), "group": np.asarray(groups)})
    row = pingouin.welch_anova(data=frame, dv="value", between="group").iloc[0]
    return {
        "n": len(frame), "statistic": float(row["F"]), "df": float(row["ddof2"]), "p_value": float(row["p_unc"]),
        "method": "Welch F",
    }  # fmt: skip


def games_howell(values, groups, confidence=0.95):
    """All pairs of groups, unequal variances, error rate held for the family (Games & Howell 1976), by pingouin.

    Columns: tier_a, tier_b, estimate (mean of b minus mean of a), std_error, ci_low, ci_high (simultaneous:
    studentised range), statistic, df, p_value, confidence, method.
    """
    import pingouin

    frame = pd.DataFrame({"value": np.asarray(values, float), "group": np.asarray(groups)})
    pairs = pingouin.pairwise_gameshowell(data=frame, dv="value", between="group")
    reach = _studentised(confidence, frame["group"].nunique(), pairs["df"].to_numpy()) * pairs["se"] / np.sqrt(2)
    return pd.DataFrame({
        "tier_a": pairs["A"], "tier_b": pairs["B"], "estimate": -pairs["diff"], "std_error": pairs["se"],
        "ci_low": -pairs["diff"] - reach, "ci_high": -pairs["diff"] + reach,
        "statistic": -pairs["T"], "df": pairs["df"],
        "p_value": pairs["pval"], "confidence": confidence, "method": "Games–Howell",
    })  # fmt: skip


def _studentised(confidence, groups, df):
    """Quantile of the studentised range: Gleason's approximation and one step of Newton's, with its own slope.

    Within 1e-5 of its size of scipy's ``studentized_range.ppf``, whose search takes 20 times longer.
    """
    from statsmodels.stats.libqsturng import qsturng

    step = (1 - confidence) / 100
    below, start, above = (np.asarray(qsturng(confidence + h, groups, df), float) for h in (-step, 0, step))
    short = confidence - scipy.stats.studentized_range.cdf(start, groups, df)
    return start + short * (above - below) / (2 * step)


def _variance(n, sizes, ties):
    first = (n * (n - 1) * (2 * n + 5) - _five(sizes) - _five(ties)) / 72
    second = _two(sizes) * _two(ties) / (36 * n * (n - 1) * (n - 2)) if n > 2 else 0.0
    third = _one(sizes) * _one(ties) / (8 * n * (n - 1))
    return first + second + third


def _five(x):
    return (x * (x - 1) * (2 * x + 5)).sum()


def _two(x):
    return (x * (x - 1) * (x - 2)).sum()


def _one(x):
    return (x * (x - 1)).sum()
