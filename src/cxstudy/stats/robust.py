"""Slopes and curves that do not lean on a few units: Huber and Tukey lines, Theil–Sen, LOWESS, correlation."""

import warnings

import numpy as np
import pandas as pd
import scipy

from cxstudy.stats.regression import nothing, t_row

PAIRS_UP_TO = 5000
ITERATIONS = 200
STEP = 0.02


def robust_line(y, x, *, norm="huber", confidence=0.95):
    """Slope of a robust line (M-estimator by statsmodels RLM, scale by MAD); a dict as `regression.slope`.

    ``norm`` is ``huber`` or ``tukey`` (bisquare). t interval from RLM's standard error with n − 2
    degrees of freedom. A fit that did not converge within 200 iterations, or whose scale collapsed to
    zero, is no result: nan with the reason ``not-converged``. R: ``MASS::rlm``.
    """
    from statsmodels.robust import norms as statsmodels_norms
    from statsmodels.robust.robust_linear_model import RLM
    from statsmodels.tools import add_constant

    norms = {"huber": statsmodels_norms.HuberT, "tukey": statsmodels_norms.TukeyBiweight}
    if norm not in norms:
        raise ValueError(f"norm must be one of {', '.join(norms)}; got {norm!r}.")
    y, x = np.asarray(y, float), np.asarray(x, float)
    with warnings.catch_warnings():
        # a perfect fit warns and divides by a zero scale; the check below turns it into a reason
        warnings.simplefilter("ignore")
        model = RLM(y, add_constant(x), M=norms[norm]())
        fit = model.fit(maxiter=ITERATIONS, tol=1e-10, conv="coefs")
        estimate, error = float(fit.params[-1]), float(fit.bse[-1])
    if fit.fit_history["iteration"] >= ITERATIONS or not fit.scale > 0 or not np.isfinite([estimate, error]).all():
        return nothing(len(y), "not-converged")
    return t_row(len(y), estimate, error, len(y) - 2, confidence, f"M-estimator ({norm})")


def theil_sen(y, x, confidence=0.95):
    """Median of the slopes between all pairs of units, with Sen's interval (Sen 1968, JASA 63); a dict.

    std_error, df and p_value are nan: the interval does not use them. Above 5,000 units the pairs
    become too many, and the reason says ``too-many``.
    """
    if len(y) > PAIRS_UP_TO:
        return nothing(len(y), "too-many")
    found = scipy.stats.theilslopes(y, x, alpha=confidence)
    return nothing(len(y), None, float(found.slope)) | {
        "ci_low": float(found.low_slope), "ci_high": float(found.high_slope), "method": "Theil–Sen",
    }  # fmt: skip


def lowess_curve(y, x, at, *, span=2 / 3, confidence=0.95, replicates=200, seed=1):
    """LOWESS (Cleveland 1979) at the points ``at`` with a percentile band from resampled units.

    Fitted at points at least 2 % of the range apart and joined by straight lines.
    Columns: x, estimate, ci_low, ci_high (pointwise; nan where ties leave no local line).
    """
    from statsmodels.nonparametric.smoothers_lowess import lowess

    y, x, at = (np.asarray(v, float) for v in (y, x, at))
    rng = np.random.default_rng(seed)
    drawn = [rng.integers(len(y), size=len(y)) for _ in range(replicates)]
    near = STEP * (x.max() - x.min())

    def curve(rows):
        fitted = lowess(y[rows], x[rows], frac=span, delta=near)
        fitted = fitted[np.isfinite(fitted[:, 1])]
        return np.interp(at, fitted[:, 0], fitted[:, 1]) if len(fitted) else np.full(len(at), np.nan)

    with np.errstate(invalid="ignore", divide="ignore"):
        found, curves = curve(np.arange(len(y))), np.array([curve(d) for d in drawn])
    low, high = np.quantile(curves, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    return pd.DataFrame({"x": at, "estimate": found, "ci_low": low, "ci_high": high})


def correlation(y, x, *, cluster=None, confidence=0.95, replicates=2000, seed=1):
    """Pearson correlation; a dict with n, estimate, std_error, ci_low, ci_high, p_value, method.

    One row a unit: Fisher's z interval (R: ``cor.test``), std_error (1 − r²)/√(n − 3). With
    ``cluster``: percentile interval from resampled clusters, see `clustered_correlations`.
    """
    y, x = np.asarray(y, float), np.asarray(x, float)
    if cluster is not None:
        return clustered_correlations([(y, x, cluster)], confidence=confidence, replicates=replicates, seed=seed)[0]
    r, n = float(np.corrcoef(y, x)[0, 1]), len(y)
    inside, error = min(max(r, -1 + 1e-15), 1 - 1e-15), 1 / np.sqrt(n - 3)
    reach = scipy.stats.norm.ppf((1 + confidence) / 2) * error
    t = inside * np.sqrt((n - 2) / (1 - inside**2))
    low, high = np.tanh(np.arctanh(inside) - reach), np.tanh(np.arctanh(inside) + reach)
    return {
        "n": n, "estimate": r, "std_error": float((1 - r**2) * error), "ci_low": float(low), "ci_high": float(high),
        "p_value": float(2 * scipy.stats.t.sf(abs(t), n - 2)), "method": "Pearson, Fisher z",
    }  # fmt: skip


def clustered_correlations(pairs, *, confidence=0.95, replicates=2000, seed=1):
    """Correlations of several (y, x, cluster) sets and, if two, their difference, by one cluster bootstrap.

    Whole clusters are drawn with replacement, the same draw for every set, so that a difference
    between two sets of the same companies has an honest interval. Returns a list of dicts, one a
    set, then the first minus the second when there are exactly two.
    """
    names = pd.unique(np.concatenate([np.asarray(c, object) for _, _, c in pairs]))
    place = {name: i for i, name in enumerate(names)}
    rng, sums = np.random.default_rng(seed), []
    for y, x, cluster in pairs:
        codes = np.array([place[c] for c in np.asarray(cluster, object)])
        y, x = np.asarray(y, float) - np.mean(y), np.asarray(x, float) - np.mean(x)
        parts = [np.bincount(codes, v, len(names)) for v in (np.ones(len(y)), x, y, x * x, y * y, x * y)]
        sums.append(np.array(parts))
    size = len(names)
    draws = np.array([np.bincount(rng.integers(size, size=size), minlength=size) for _ in range(replicates)])
    found = [(float(_r(s.sum(axis=1)[:, None])[0]), _r(s @ draws.T)) for s in sums]
    if len(found) == 2:
        found.append((found[0][0] - found[1][0], found[0][1] - found[1][1]))
    out = []
    for i, (estimate, spread) in enumerate(found):
        low, high = np.nanquantile(spread, [(1 - confidence) / 2, (1 + confidence) / 2])
        above = float(np.mean(spread > 0))
        out.append({
            "n": len(pairs[min(i, len(pairs) - 1)][0]), "estimate": estimate,
            "std_error": float(np.nanstd(spread, ddof=1)), "ci_low": float(low), "ci_high": float(high),
            "p_value": min(1.0, 2 * max(min(above, 1 - above), 1 / replicates)),
            "method": "Pearson, cluster bootstrap",
        })  # fmt: skip
    return out


def _r(sums):
    n, x, y, xx, yy, xy = sums
    with np.errstate(invalid="ignore", divide="ignore"):
        return (xy - x * y / n) / np.sqrt((xx - x * x / n) * (yy - y * y / n))
