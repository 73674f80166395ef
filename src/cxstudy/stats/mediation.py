"""Mediation: how much of what goes with X goes through M; intervals of products by Monte Carlo.

In a 2-2-1 design X and M belong to the group (a manager's leadership, the climate of a work group) and Y to the persons
in it. All the information on the paths then lies between groups, and a group's mean of Y carries sampling error.
"""

import numpy as np
import pandas as pd

from cxstudy.faults import NotTestable
from cxstudy.stats.arguments import check_columns, check_count, numbers
from cxstudy.stats.intervals import check_confidence
from cxstudy.stats.path_checks import check_fit, complete_rows
from cxstudy.stats.paths import VOCABULARY
from cxstudy.stats.regression import slope, t_row

FEWEST_DRAWS = 1000
STEPS, SETTLED = 500, 1e-12


def monte_carlo(estimates, covariance, *, function=np.prod, confidence=0.95, draws=200_000, seed=1):
    """Interval of a function of coefficients, by default of their product, from their joint normal distribution.

    Parameters
    ----------
    estimates : (k,) coefficients, such as a and b
    covariance : (k, k), or (k,) standard errors of coefficients that do not covary
    function : called with the draws, array (k, draws), and axis=0; ``numpy.prod`` gives the indirect effect
    draws : int ≥ 1000

    Returns
    -------
    DataFrame of one row: estimate, std_error (SD of the draws), ci_low, ci_high (their quantiles), confidence, draws,
    method ("Monte Carlo").

    Notes
    -----
    Preacher & Selig (2012), Communication Methods and Measures 6; in R ``semTools::monteCarloCI``. Needs no data, and
    is not symmetric, as a product isn't. Where one coefficient is 0 and the other isn't it holds 0 in about 95 %
    of studies; where both are 0, in nearly all.

    >>> monte_carlo([0.5, 0.8], [0.2, 0.3])[["ci_low", "ci_high"]].round(1).to_numpy().tolist()
    [[0.0, 0.9]]
    """
    confidence, draws = check_confidence(confidence), check_count("draws", draws, FEWEST_DRAWS)
    estimates, covariance = np.atleast_1d(np.asarray(estimates, float)), np.asarray(covariance, float)
    covariance = np.diag(covariance**2) if covariance.ndim == 1 else covariance
    k = len(estimates)
    if covariance.shape != (k, k) or not np.isfinite(covariance).all() or not np.isfinite(estimates).all():
        raise ValueError(
            f"{k} finite estimates need {k} standard errors or a {k} × {k} covariance, all finite; got shape "
            f"{covariance.shape}. Give one for each coefficient."
        )
    roots = np.linalg.eigvalsh((covariance + covariance.T) / 2)
    if not np.allclose(covariance, covariance.T) or roots[0] < -1e-10 * max(roots[-1], 0) or roots[-1] < 0:
        raise ValueError("a covariance must be symmetric with no negative variance in any direction. Check the order.")
    drawn = np.random.default_rng(seed).multivariate_normal(estimates, covariance, size=draws, method="eigh").T
    values = function(drawn, axis=0)
    low, high = np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2])
    return pd.DataFrame([{
        "estimate": float(function(estimates[:, None], axis=0)[0]), "std_error": float(values.std(ddof=1)),
        "ci_low": float(low), "ci_high": float(high), "confidence": confidence, "draws": draws, "method": "Monte Carlo",
    }])  # fmt: skip


def mediation(data, *, x, m, y, y_error=None, group=None, confidence=0.95, draws=200_000, seed=1):
    """2-2-1 mediation: a (X → M), b (M → Y at the same X), direct (X → Y at the same M), indirect a·b, total.

    Parameters
    ----------
    data : DataFrame
        Either one row a group, with the mean of ``y`` and its standard error in the column ``y_error``; or one row a
        person and ``group``, the column of the group: then ``x`` and ``m`` are averaged in the group, and the standard
        errors come from the pooled variance of ``y`` within groups. Incomplete rows are left out and counted.
    x, m, y : str

    Returns
    -------
    DataFrame, a row per effect: effect (a, b, direct, indirect, total), path (x → m …), then n (groups), n_missing, …
    reason; ``between_variance`` is what the groups' means of Y differ by beyond sampling error. Units: as the columns.

    Raises
    ------
    ValueError for unknown names, text or a standard error that isn't above 0; NotTestable for fewer than 5 groups,
    a constant or an X that determines M.

    Notes
    -----
    a: least squares over groups, HC3. b and direct: weighted by 1/(τ² + SE²), τ² by restricted maximum likelihood,
    which is the random-intercept model of the persons' answers (R ``metafor::rma(mods = ~ m + x, test = "t")``); t with
    groups − 3. indirect and total: Monte Carlo, the two equations' coefficients independent. Preacher, Zyphur & Zhang
    (2010), Psychological Methods 15. What goes through M need not be caused by it.
    """
    confidence = check_confidence(confidence)
    names = [x, m, y]
    if (y_error is None) == (group is None):
        raise ValueError("give y_error (one row a group) or group (one row a person), one of the two.")
    groups, missing = _groups(data, names, y_error) if group is None else _means(data, names, group)
    check_fit(groups[:, :3], names, {m: [x], y: [m, x]})
    if not (groups[:, 3] > 0).all():
        raise ValueError(
            f"standard errors must be above 0; {y_error} has {groups[:, 3].min():g}. Leave those groups out."
        )
    first = slope(groups[:, 1], groups[:, 0], confidence=confidence)
    if not np.isfinite(first["std_error"]):
        raise NotTestable(f"one group alone decides what goes with {x}. Collect more groups.", ["more groups"])
    design = np.column_stack([np.ones(len(groups)), groups[:, 1], groups[:, 0]])
    tau, slopes, covariance = _between(design, groups[:, 2], groups[:, 3] ** 2)
    df, method = len(groups) - 3, "REML, weighted by group"
    errors = np.sqrt(np.diag(covariance))
    rows = {"a": first, **{
        name: t_row(len(groups), slopes[i], errors[i], df, confidence, method) for name, i in (("b", 1), ("direct", 2))
    }}  # fmt: skip
    joint = np.zeros((3, 3))
    joint[0, 0], joint[1:, 1:] = first["std_error"] ** 2, covariance[1:, 1:]
    three, settings = [first["estimate"], *slopes[1:]], {"confidence": confidence, "draws": draws, "seed": seed}
    for name, function in (("indirect", _through), ("total", _all)):
        found = monte_carlo(three, joint, function=function, **settings)
        rows[name] = found.drop(columns="draws").to_dict("records")[0] | {"reason": None}
    arrows = (f"{x} → {m}", f"{m} → {y}", f"{x} → {y}", f"{x} → {m} → {y}", f"{x} ⇒ {y}")
    table = pd.DataFrame([{"effect": k, "path": p} | r for (k, r), p in zip(rows.items(), arrows, strict=True)])
    table = table.assign(n=len(groups), n_missing=missing, confidence=confidence, unit="per unit", between_variance=tau)
    return table.reindex(columns=["effect", "path", *VOCABULARY, "between_variance"])


def _through(drawn, axis):
    return drawn[0] * drawn[1]


def _all(drawn, axis):
    return drawn[0] * drawn[1] + drawn[2]


def _groups(data, names, y_error):
    values, _, _, missing = complete_rows(data, [*names, y_error])
    return values, missing


def _means(data, names, group):
    """x, m, y and the standard error of y by group, and the number of rows left out."""
    check_columns(data, [*names, group])
    whole = pd.DataFrame({name: numbers(data, name) for name in names}).assign(group=data[group]).dropna()
    found = whole.groupby("group")[names].mean()
    sizes = whole.groupby("group").size().to_numpy()
    spare = len(whole) - len(sizes)
    inside = np.square(whole[names[2]] - whole.groupby("group")[names[2]].transform("mean")).sum()
    if spare < 1 or not inside > 0:
        raise NotTestable(
            f"{names[2]} must differ within groups; found {len(whole)} answers in {len(sizes)} groups without any "
            "spread inside them. Give group means with their standard errors instead (y_error).",
            ["several answers a group"],
        )
    return np.column_stack([found.to_numpy(), np.sqrt(inside / spare / sizes)]), len(data) - len(whole)


def _between(design, y, error):
    """(τ², coefficients, their covariance) by restricted maximum likelihood; ``error``: squared standard errors."""

    def solve(tau):
        weight = 1 / (tau + error)
        bread = np.linalg.inv(design.T @ (design * weight[:, None]))
        return weight, bread, bread @ (design.T @ (weight * y))

    def deviance(tau):
        weight, bread, slopes = solve(tau)
        return weight @ np.square(y - design @ slopes) - np.log(weight).sum() - np.linalg.slogdet(bread)[1]

    # from the best of many values, as a restricted likelihood can have two maxima
    tau = min([0.0, *np.geomspace(1e-6, 10, 15) * (y.var() + error.max())], key=deviance)
    for _ in range(STEPS):
        weight, bread, _ = solve(tau)
        inside = np.diag(weight) - (design * weight[:, None]) @ bread @ (design * weight[:, None]).T
        fitted = inside @ y
        step = (fitted @ fitted - np.trace(inside)) / np.square(inside).sum()
        tau, before = max(tau + step, 0.0), tau
        if abs(tau - before) <= SETTLED * (tau + error.min()):
            _, bread, slopes = solve(tau)
            return tau, slopes, bread
    raise NotTestable(
        f"the variance between groups did not settle in {STEPS} steps. Collect more groups, or leave the smallest out.",
        ["more groups"],
    )
