"""How often do employees of a group rate competence lower and service higher than its customers, beyond chance?

Two opposite signs also occur without any self-image. Chance is what the share would be if one of the two gaps were
nothing but sampling error and the other as it is seen: with independent errors half of the groups with the other sign.
Errors of the two gaps go together, because the same persons answer both, and that makes opposite signs rarer (see
`chance_share`). Of the two ways to choose the one, the larger share counts, so that a service that all overrate does
not by itself make a pattern: the claim says *both*. Its excess is therefore the smaller of two, with the interval that
an intersection–union test has, the smaller of the lower and of the upper ends (Berger & Hsu 1996, Statistical Science
11).

Simulated, 300 studies each of 250 groups in 50 companies: supported in 0.3 % of studies without any gap, 2 % where both
vary around zero, 4 % where only service is overrated; 98 % with both half a standard deviation off. The interval held
the true excess in 92–96 %; the estimate is a point too low where both ways give about the same chance.
"""

import numpy as np
import pandas as pd
import scipy

from cxstudy.stats.bland_altman import clustered_error
from cxstudy.stats.intervals import share_error, share_interval
from cxstudy.stats.multiple import adjusted

SIGNS = {"both": (-1, 1), "mirror": (1, -1), "both_over": (1, 1), "both_under": (-1, -1)}
CLEAR = 0.05
EXCESS = ("excess_competence", "excess_service")
ENOUGH_SPREAD = 1e-9
MOST_DRAWN, SETS = 2000, 1000


def signs(competence, service):
    """Which pattern each group shows: both (competence under, service over), mirror, both_over, both_under, or tie.

    >>> signs([-1.0, 2.0, 0.0], [3.0, 4.0, 1.0]).tolist()
    ['both', 'both_over', 'tie']
    """
    c, s = np.sign(np.asarray(competence, float)), np.sign(np.asarray(service, float))
    return np.select([(c == a) & (s == b) for a, b in SIGNS.values()], list(SIGNS), default="tie")


def chance_share(shown, correlation):
    """Share of groups with both signs if one gap were sampling error alone; numbers or arrays, shares 0…1.

    ``shown``: share of groups whose *other* gap has its sign; ``correlation`` of the two gaps in that case: their
    sampling covariance over the error's SD of the one and the whole SD of the other; 0 where errors are not known,
    which gives the larger share as long as errors go together.

    With normal gaps P(first < 0, second > 0) = q/2 − T(Φ⁻¹(q), r/√(1 − r²)) for a first of mean 0, a second above zero
    with chance q and correlation r, T being Owen's function (Owen 1956, Ann. Math. Stat. 27); r = 0 gives q/2.

    >>> float(chance_share(0.5, 0.0)), round(float(chance_share(0.5, 0.5)), 6)
    (0.25, 0.166667)
    """
    shown, r = np.asarray(shown, float), np.asarray(correlation, float)
    inner = np.clip(shown, 1e-12, 1 - 1e-12)
    return shown / 2 - scipy.special.owens_t(scipy.special.ndtri(inner), r / np.sqrt(1 - r**2))


def latent_share(means, sds, correlation):
    """P(competence < 0, service > 0) of normal gaps; arrays. ``means``, ``sds``: pairs; by Owen's T.

    >>> round(float(latent_share((0.0, 0.0), (1.0, 1.0), 0.5)), 6)
    0.166667
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        h, k = -np.divide(means[0], sds[0]), np.divide(means[1], sds[1])
    # −service below k: turning one of the two turns their correlation
    r = -np.asarray(correlation, float)
    root = np.sqrt(1 - r**2)
    with np.errstate(divide="ignore", invalid="ignore"):
        first = scipy.special.owens_t(h, np.where(h == 0, np.inf * np.sign(k), (k - r * h) / (h * root)))
        second = scipy.special.owens_t(k, np.where(k == 0, np.inf * np.sign(h), (h - r * k) / (k * root)))
    apart = (h * k < 0) | ((h * k == 0) & (h + k < 0))
    found = (scipy.special.ndtr(h) + scipy.special.ndtr(k)) / 2 - first - second - apart / 2
    return np.where((h == 0) & (k == 0), 0.25 + np.arcsin(r) / (2 * np.pi), found)


def pattern_shares(competence, service, variances, *, codes, clustered, confidence, replicates, seed):
    """Every share of the pattern, as dicts by name: share_both, share_chance, share_both_above_chance, …

    ``competence``, ``service``: the groups' gaps (n,); ``variances``: sampling variance of each and their covariance
    (n, 3), nan where the source has none. ``codes``: company of each group, 0…G − 1; ``clustered``: whether companies
    are drawn, else groups. Shares in %. Keys of a dict: estimate, std_error, ci_low, ci_high, p_value, method, reason.
    """
    n, found = len(competence), signs(competence, service)
    out = {f"share_{name}": share_row(found == name, codes if clustered else None, confidence) for name in SIGNS}
    known = np.isfinite(variances).all(axis=1).all() and n > 1
    clusters, drawn = draws(codes if clustered else np.arange(n), replicates, seed)
    sums = _sums(competence, service, np.where(np.isfinite(variances), variances, 0.0), found, clusters)
    here, spread = _derived(sums.sum(axis=1), known), _derived(sums @ drawn.T, known)
    method = f"{'companies' if clustered else 'work groups'} drawn, percentile"
    for name in ("share_chance", "share_independent", "share_both_latent"):
        out[name] = _percentile(here[name], spread[name], confidence, method)
        if np.isnan(here[name]):
            out[name]["reason"] = "means-only" if not known else "no-true-variance"
    parts = [_percentile(here[name], spread[name], confidence, method) for name in EXCESS]
    out["share_both_above_chance"] = _smaller(parts, [spread[name] for name in EXCESS], method)
    return out


def draws(codes, replicates, seed):
    """Which unit each row belongs to, 0…G − 1, and how often each unit is drawn, (replicates, G).

    More than 2,000 units are dealt out at random to 1,000 sets, which are drawn in their place: the same standard error
    for means and what is made of them, at a fraction of the work.
    """
    rng, units = np.random.default_rng(seed), codes.max() + 1
    if units > MOST_DRAWN:
        codes, units = rng.permutation(units)[codes] % SETS, SETS
    return codes, rng.multinomial(units, np.full(units, 1 / units), size=replicates)


def clear_groups(groups):
    """p-value of each group for both patterns at once, and adjusted for the number of groups (Benjamini–Hochberg).

    ``groups``: columns gap_competence, gap_service with _se and _df. The larger of the two one-sided t-test p-values;
    nan where an error is not known. Columns p_both, p_both_adjusted, clear (adjusted p < .05).
    """
    p = []
    for kind, sign in (("competence", 1), ("service", -1)):
        ratio = groups[f"gap_{kind}"] / groups[f"gap_{kind}_se"]
        p.append(scipy.stats.t.cdf(sign * ratio, groups[f"gap_{kind}_df"]))
    both = np.maximum(*p)
    fixed = adjusted(both, "bh")
    return pd.DataFrame({"p_both": both, "p_both_adjusted": fixed, "clear": fixed < CLEAR}, index=groups.index)


def share_row(hits, codes, confidence):
    """One share in % with a Wilson interval at the effective number of groups; ``codes`` None: groups independent."""
    hits = np.asarray(hits, bool)
    n, share = len(hits), hits.mean()
    error, size, df = share_error(share, n), n, np.inf
    if codes is not None:
        df = codes.max()
        if 0 < share < 1:
            clustered = clustered_error(hits.astype(float), codes)
            # never more groups than there are
            size, error = min(n, n * (error / clustered) ** 2 if clustered > 0 else n), max(clustered, error)
    low, high = share_interval(share, size, confidence=confidence, df=df)
    row = {"estimate": share, "std_error": error, "ci_low": low, "ci_high": high}
    method = "Wilson" if codes is None else "Wilson, effective number of groups"
    return {k: 100 * float(v) for k, v in row.items()} | {"p_value": np.nan, "method": method, "reason": None}


def _sums(c, s, variances, found, clusters):
    """Sums by cluster (12, G), of which every share is made; their order is that of `_derived`."""
    parts = [np.ones(len(c)), found == "both", c < 0, s > 0, *variances.T, c, s, c * c, s * s, c * s]
    return np.array([np.bincount(clusters, np.asarray(p, float)) for p in parts])


def _derived(sums, known):
    """The derived shares, in %, of sums (12,) or (12, B)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        _, both, under, over, c_error, s_error, cs_error, c, s, cc, ss, cs = (v / sums[0] for v in sums)
        size = sums[0]
        var_c, var_s, cov = ((x - y) * size / (size - 1) for x, y in ((cc, c * c), (ss, s * s), (cs, c * s)))
        r_under, r_over = _bounded(cs_error / np.sqrt(c_error * var_s)), _bounded(cs_error / np.sqrt(s_error * var_c))
        if not known:
            r_under = r_over = np.zeros_like(r_under)
        # competence is error alone, service is
        by_competence, by_service = chance_share(over, r_under), chance_share(under, r_over)
        true_c, true_s, true_cov = var_c - c_error, var_s - s_error, cov - cs_error
        there = (true_c > 0) & (true_s > 0) & known
        latent = latent_share((c, s), (np.sqrt(true_c), np.sqrt(true_s)), _bounded(true_cov / np.sqrt(true_c * true_s)))
    shares = {
        "share_chance": np.maximum(by_competence, by_service), "excess_competence": both - by_competence,
        "excess_service": both - by_service, "share_independent": under * over,
        "share_both_latent": np.where(there, latent, np.nan),
    }  # fmt: skip
    return {name: 100 * value for name, value in shares.items()}


def _bounded(r):
    return np.clip(np.nan_to_num(r), -0.999, 0.999)


def _smaller(parts, spreads, method):
    """The smaller of two excesses (rows) with its intersection–union interval; ``spreads``: their replicates."""
    row = min(parts, key=lambda part: part["estimate"])
    if any(part["reason"] for part in parts):
        return row | {"reason": next(part["reason"] for part in parts if part["reason"])}
    # above zero only when both are; below when one is
    above = max(_tail(spread <= 0) for spread in spreads)
    below = min(_tail(spread >= 0) for spread in spreads)
    ends = {end: min(part[end] for part in parts) for end in ("ci_low", "ci_high")}
    return row | ends | {"p_value": min(1.0, 2 * min(above, below)), "method": f"{method}, intersection–union"}


def _tail(beyond):
    return max(beyond.mean(), 1 / len(beyond))


def _percentile(estimate, spread, confidence, method):
    row = {"estimate": float(estimate), "std_error": np.nan, "ci_low": np.nan, "ci_high": np.nan, "p_value": np.nan}
    used = spread[np.isfinite(spread)]
    if np.isnan(estimate) or len(used) < 0.95 * len(spread):
        return row | {"method": method, "reason": "not-known"}
    if np.ptp(used) < ENOUGH_SPREAD * max(1.0, np.abs(used).max()):
        return row | {"method": method, "reason": "no-spread"}
    low, high = np.quantile(used, [(1 - confidence) / 2, (1 + confidence) / 2])
    error = float(used.std(ddof=1))
    return row | {"std_error": error, "ci_low": float(low), "ci_high": float(high), "method": method, "reason": None}
