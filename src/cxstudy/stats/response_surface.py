"""Do two ratings say more together than each by itself? Polynomial regression and its response surface.

z = b0 + b1 x + b2 y + b3 x² + b4 xy + b5 y² instead of a difference x − y, which would force b1 = −b2 and throw away
what each rating says (Edwards & Parry 1993, Academy of Management Journal 36; Shanock et al. 2010, Journal of Business
and Psychology 25).
"""

import numpy as np
import pandas as pd
import scipy

from cxstudy.faults import NotTestable
from cxstudy.stats.intervals import check_confidence

FEWEST = 20
FEWEST_CLUSTERS = 10
TERMS = ("b0", "b1", "b2", "b3", "b4", "b5")
ALONG = {
    "a1": (0, 1, 1, 0, 0, 0),
    "a2": (0, 0, 0, 1, 1, 1),
    "a3": (0, 1, -1, 0, 0, 0),
    "a4": (0, 0, 0, 1, -1, 1),
}
COLLINEAR = 1e-8
STEPS = 41


def response_surface(outcome, first, second, *, cluster=None, centre=0.0, confidence=0.95):
    """Coefficients of the surface and its slopes and curvatures along the two diagonals.

    Parameters
    ----------
    outcome, first, second : arrays (n,), n ≥ 20, finite
        z, x and y; x and y in the same unit, so that x = y means agreement.
    cluster : array (n,) or None
        What rows belong to that are not independent; at least 10 clusters.
    centre : float
        Subtracted from x and y: the middle of their scale. Slopes are those at x = y = centre.
    confidence : float in (0, 1)

    Returns
    -------
    DataFrame, one row a ``term``: b0 … b5, and a1 = b1 + b2 (slope along the line of agreement, x = y), a2 = b3 + b4 +
    b5 (its curvature), a3 = b1 − b2 (slope along the line of disagreement, x = −y about the centre), a4 = b3 − b4 + b5
    (its curvature: below zero, z falls as the two ratings part, either way). Columns: term, n, estimate, std_error,
    ci_low, ci_high, statistic, df, p_value, confidence, method, r2 (of the whole surface), r2_linear (of x and y
    alone). Variances HC3, t with n − 6 degrees of freedom; with ``cluster`` CR1, t with G − 1. As the a's are linear in
    the b's, their errors are exact given the covariance (R: lm, sandwich::vcovHC, vcovCL).

    Raises
    ------
    NotTestable for too few rows or clusters, or terms that cannot be told apart.
    """
    from statsmodels.regression.linear_model import OLS

    confidence = check_confidence(confidence)
    z, x, y = _checked(outcome, first, second, cluster)
    design = _design(x - centre, y - centre)
    scaled = design / np.linalg.norm(design, axis=0)
    if np.linalg.svd(scaled, compute_uv=False)[-1] < COLLINEAR:
        raise NotTestable(
            "a surface needs two ratings that vary, each by itself: here the six terms cannot be told apart.",
            ["ratings that differ"],
        )
    model = OLS(z, design)
    if cluster is None:
        fit, df, method = model.fit(cov_type="HC3"), len(z) - len(TERMS), "OLS, HC3"
    else:
        codes = pd.factorize(np.asarray(cluster))[0]
        fit = model.fit(cov_type="cluster", cov_kwds={"groups": codes})
        df, method = int(codes.max()), "OLS, clustered"
    weights = np.vstack([np.eye(len(TERMS)), *ALONG.values()])
    estimate = weights @ np.asarray(fit.params)
    error = np.sqrt(np.einsum("ij,jk,ik->i", weights, np.asarray(fit.cov_params()), weights))
    reach, ratio = scipy.stats.t.ppf((1 + confidence) / 2, df) * error, estimate / error
    table = pd.DataFrame({"term": [*TERMS, *ALONG], "n": len(z), "estimate": estimate, "std_error": error})
    table = table.assign(ci_low=estimate - reach, ci_high=estimate + reach, statistic=ratio, df=df)
    linear = OLS(z, design[:, :3]).fit().rsquared
    return table.assign(
        p_value=2 * scipy.stats.t.sf(np.abs(ratio), df), confidence=confidence, method=method, r2=fit.rsquared,
        r2_linear=linear,
    )  # fmt: skip


def surface_grid(terms, first, second, *, centre=0.0, steps=STEPS):
    """The fitted surface on a square grid, where the data lie.

    ``terms``: what `response_surface` returned. A frame of steps² rows: x, y, estimate, ``inside`` (whether the point
    lies within the convex hull of the data; outside, the surface would be extrapolated and the estimate is nan).
    """
    from scipy.spatial import Delaunay

    x, y = np.asarray(first, float), np.asarray(second, float)
    b = terms.set_index("term")["estimate"].reindex(list(TERMS)).to_numpy()
    ends = min(x.min(), y.min()), max(x.max(), y.max())
    grid = np.linspace(*ends, steps)
    gx, gy = (g.ravel() for g in np.meshgrid(grid, grid))
    inside = Delaunay(np.column_stack([x, y])).find_simplex(np.column_stack([gx, gy])) >= 0
    height = np.where(inside, _design(gx - centre, gy - centre) @ b, np.nan)
    return pd.DataFrame({"x": gx, "y": gy, "estimate": height, "inside": inside})


def _design(x, y):
    return np.column_stack([np.ones(len(x)), x, y, x * x, x * y, y * y])


def _checked(outcome, first, second, cluster):
    z, x, y = (np.asarray(v, float) for v in (outcome, first, second))
    if not z.shape == x.shape == y.shape or z.ndim != 1:
        raise ValueError(f"outcome, first and second are of the same rows; got {z.shape}, {x.shape}, {y.shape}.")
    if not np.isfinite([z, x, y]).all():
        raise ValueError("outcome, first and second must be finite numbers. Leave incomplete rows out.")
    if len(z) < FEWEST:
        raise NotTestable(f"a surface of six terms needs at least {FEWEST} rows; found {len(z)}.", ["more rows"])
    if cluster is not None and len(set(np.asarray(cluster).tolist())) < FEWEST_CLUSTERS:
        found = len(set(np.asarray(cluster).tolist()))
        raise NotTestable(
            f"standard errors by cluster need at least {FEWEST_CLUSTERS} clusters; found {found}. Leave cluster= out.",
            ["more clusters"],
        )
    return z, x, y
