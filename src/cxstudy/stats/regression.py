"""One slope, as honestly as its design allows: HC3 or clustered, with controls, within groups.

The slope of x in y = a + b x + controls is computed from what the controls leave of y and x
(Frisch & Waugh 1933, Lovell 1963), so that redundant controls and thousands of fixed effects
do no harm. The whole line with its band, LOWESS, and who moves the line are here too;
estimators that resist outliers are in `robust`.
"""

import numpy as np
import pandas as pd
import scipy

VERTEX = 1e-10
NOISE = 1e-20


def slope(y, x, *, controls=None, absorb=None, cluster=None, weights=None, confidence=0.95):
    """Slope of ``y`` on ``x`` (both (n,), finite) with a robust interval; a dict.

    ``controls``: array or frame (n, p) of numbers, see `dummies`; redundant columns are harmless.
    ``absorb`` (n,): groups whose means are taken out of everything (fixed effects).
    ``cluster`` (n,): rows that belong together. ``weights`` (n,), positive.

    Variance: HC3, Σ x̃² (e/(1−h))² / (Σ x̃²)², t with n − k degrees of freedom (MacKinnon & White
    1985; R: ``sandwich::vcovHC(type = "HC3")``); with ``cluster``, CR1, factor G/(G−1) · (n−1)/(n−k),
    t with G − 1 (R: ``sandwich::vcovCL``). Absorbed means are not counted in k where clustering
    takes care of them, as in Stata's ``xtreg, fe``.

    Keys: n, estimate, std_error, ci_low, ci_high, statistic, df, p_value, method, reason. When the
    slope or its error does not exist, these are nan and ``reason`` is a code: ``no-variation`` (x is
    constant or a combination of the controls), ``one-unit-decides`` (a row has leverage 1), ``too-few``.

    >>> slope([1, 3, 2, 5, 4], [1, 2, 3, 4, 5])["estimate"]
    0.8
    """
    y, x = np.asarray(y, float), np.asarray(x, float)
    n = len(y)
    design = np.ones((n, 1)) if controls is None else np.column_stack([np.ones(n), np.asarray(controls, float)])
    root = np.ones(n) if weights is None else np.sqrt(np.asarray(weights, float))
    absorbed, raw = 0, float(np.square(root * x).sum())
    if absorb is not None:
        codes = pd.factorize(np.asarray(absorb))[0]
        absorbed = codes.max() + 1
        y, x, design = (_centred(v, codes, root**2) for v in (y, x, design))
    basis = _basis(design * root[:, None])
    y, x = ((v * root) - basis @ (basis.T @ (v * root)) for v in (y, x))
    k, size = basis.shape[1] + 1, float(x @ x)
    if n <= k + (absorbed if cluster is None else 0):
        return nothing(n, "too-few")
    if size <= NOISE * raw:
        return nothing(n, "no-variation")
    estimate = float(x @ y / size)
    residual = y - estimate * x
    if cluster is None:
        left = 1 - np.square(basis).sum(axis=1) - x**2 / size
        if absorb is not None:
            left -= (root**2) / np.bincount(codes, root**2)[codes]
        full = left < VERTEX
        if np.square(x[full]).sum() > VERTEX * size:
            return nothing(n, "one-unit-decides", estimate)
        # a unit alone in its level of a control has no say in the slope: its x̃ is zero
        left[full] = 1
        error, df, method = float(np.sqrt(np.square(x * residual / left).sum()) / size), n - k - absorbed, "OLS, HC3"
    else:
        codes = pd.factorize(np.asarray(cluster))[0]
        groups = codes.max() + 1
        if groups < 2:
            return nothing(n, "too-few", estimate)
        meat = np.square(np.bincount(codes, x * residual)).sum() * groups / (groups - 1) * (n - 1) / (n - k)
        error, df, method = float(np.sqrt(meat) / size), int(groups - 1), "OLS, clustered"
    return t_row(n, estimate, error, df, confidence, method if weights is None else method.replace("OLS", "WLS"))


def t_row(n, estimate, error, df, confidence, method):
    """The vocabulary's row for an estimate with a t interval; p tests zero."""
    # what scipy.stats.t calls, without its checks of arrays, which take a tenth of a millisecond
    reach = float(scipy.special.stdtrit(df, (1 + confidence) / 2)) * error
    ratio = estimate / error if error > 0 else np.nan
    return {
        "n": n, "estimate": estimate, "std_error": error, "ci_low": estimate - reach, "ci_high": estimate + reach,
        "statistic": ratio, "df": df, "p_value": float(2 * scipy.special.stdtr(df, -abs(ratio))), "method": method,
        "reason": None,
    }  # fmt: skip


def dummies(frame):
    """Numbers for the columns of ``frame`` (n rows): numbers as they are, texts as 0/1 columns, missing as a level.

    Returns a float frame; no column is dropped for redundancy, `slope` copes with it.

    >>> dummies(pd.DataFrame({"industry": ["bank", "retail", None]})).to_numpy().tolist()
    [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    parts = []
    for name, column in frame.items():
        if pd.api.types.is_numeric_dtype(column) and column.notna().all():
            parts.append(column.astype(float).to_frame())
        else:
            parts.append(pd.get_dummies(column.astype(object).where(column.notna(), "(missing)"), prefix=str(name)))
    return pd.concat(parts, axis=1).astype(float)


def line(y, x, at, *, cluster=None, confidence=0.95):
    """The fitted line with its confidence band at the points ``at``: columns x, estimate, ci_low, ci_high.

    Variance as in `slope` (HC3 or clustered), by statsmodels.
    """
    from statsmodels.regression.linear_model import OLS
    from statsmodels.tools import add_constant

    model = OLS(np.asarray(y, float), add_constant(np.asarray(x, float)))
    if cluster is None:
        fit, df = model.fit(cov_type="HC3"), len(y) - 2
    else:
        codes = pd.factorize(np.asarray(cluster))[0]
        fit, df = model.fit(cov_type="cluster", cov_kwds={"groups": codes}), codes.max()
    design = np.column_stack([np.ones(len(at)), at])
    estimate = design @ fit.params
    error = np.sqrt(np.einsum("ij,jk,ik->i", design, fit.cov_params(), design))
    reach = scipy.special.stdtrit(df, (1 + confidence) / 2) * error
    return pd.DataFrame({"x": at, "estimate": estimate, "ci_low": estimate - reach, "ci_high": estimate + reach})


def influence(y, x, unit):
    """How much each unit moves the line: one row a unit, the most influential first.

    Columns: unit, n, leverage (largest of its rows), cook (sum of its rows' Cook's distances),
    dfbeta (slope with all minus slope without the unit), slope_without. Closed forms from the
    moments, no refitting; R: ``hatvalues``, ``cooks.distance``, ``dfbeta``. Cook (1977), Technometrics 19.
    """
    y, x = np.asarray(y, float), np.asarray(x, float)
    codes, names = pd.factorize(np.asarray(unit))
    n, dx, dy = len(y), x - x.mean(), y - y.mean()
    sxx = dx @ dx
    whole = dx @ dy / sxx
    leverage, residual = 1 / n + dx**2 / sxx, dy - whole * dx
    cook = residual**2 / (2 * (residual @ residual) / (n - 2)) * leverage / np.maximum(1 - leverage, VERTEX) ** 2
    parts = {"n": np.ones(n), "x": dx, "y": dy, "xx": dx * dx, "xy": dx * dy}
    each = {name: np.bincount(codes, part) for name, part in parts.items()}
    rest = n - each["n"]
    with np.errstate(divide="ignore", invalid="ignore"):
        left_xx = sxx - each["xx"] - each["x"] ** 2 / rest
        left_xy = dx @ dy - each["xy"] - each["x"] * each["y"] / rest
        without = left_xy / np.where(left_xx > VERTEX * sxx, left_xx, np.nan)
    out = pd.DataFrame({"unit": names, "n": each["n"].astype(int), "slope_without": without, "dfbeta": whole - without})
    out["leverage"] = pd.Series(leverage).groupby(codes).max()
    out["cook"] = pd.Series(cook).groupby(codes).sum()
    columns = ["unit", "n", "leverage", "cook", "dfbeta", "slope_without"]
    return out[columns].sort_values("cook", ascending=False, ignore_index=True)


def _basis(design):
    """Orthonormal columns spanning ``design``; redundant columns fall away."""
    scale = np.linalg.norm(design, axis=0)
    kept = design[:, scale > VERTEX]
    if not kept.shape[1]:
        return np.zeros((len(design), 0))
    u, s, _ = np.linalg.svd(kept / scale[scale > VERTEX], full_matrices=False)
    return u[:, s > 1e-9 * s[0]]


def _centred(values, codes, weights):
    if values.ndim == 2:
        return np.column_stack([_centred(column, codes, weights) for column in values.T])
    return values - (np.bincount(codes, values * weights) / np.bincount(codes, weights))[codes]


def nothing(n, reason, estimate=np.nan):
    """The row of a regression that could not be made: ``n`` rows, every number nan but a known ``estimate``."""
    names = ("std_error", "ci_low", "ci_high", "statistic", "df", "p_value")
    return {"n": n, "estimate": estimate, **dict.fromkeys(names, np.nan), "method": "", "reason": reason}
