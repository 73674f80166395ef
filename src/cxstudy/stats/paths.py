"""Recursive path models of observed scores: each outcome regressed on what leads to it, then effects along the routes.

The scores are taken as they are: their measurement error is not taken out (`latent` does that, with more assumptions),
and a coefficient says what goes with what, not what causes what.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxstudy.stats.arguments import check_count
from cxstudy.stats.intervals import check_confidence, check_method
from cxstudy.stats.path_checks import (
    check_collinear,
    check_fit,
    check_size,
    complete_rows,
    read_correlations,
    read_paths,
)
from cxstudy.stats.path_effects import (
    INTERVALS,
    effect_list,
    effect_values,
    interval,
    path_coefficients,
    standardised,
)  # fmt: skip
from cxstudy.stats.regression import VERTEX, nothing, t_row
from cxstudy.stats.unit_sums import drawn_together, resampled, unit_sums

SPREAD = 1e-12
VOCABULARY = [
    "n", "n_missing", "estimate", "std_error", "ci_low", "ci_high", "statistic", "df", "p_value", "confidence", "unit",
    "method", "reason",
]  # fmt: skip


@dataclass(frozen=True)
class PathModel:
    """A path model's tables, all with the columns n … reason of every result.

    - ``paths``: a row per arrow: from, to, path (a → b), …; t intervals from robust standard errors.
    - ``effects``: a row per effect: from, to, kind (direct, indirect, total, route), path, …; resampled intervals.
    - ``equations``: a row per outcome: outcome, predictors, …; the estimate is R², ``adjusted`` beside it.
    - ``order``: the names, causes before effects.
    """

    paths: pd.DataFrame
    effects: pd.DataFrame
    equations: pd.DataFrame
    order: tuple


def fit_paths(
    data, paths, *, cluster=None, weights=None, standardise=True, confidence=0.95, method="percentile",
    replicates=2000, seed=1,
):  # fmt: skip
    """Path model of the columns of ``data``, one least-squares equation an outcome.

    Parameters
    ----------
    data : DataFrame
        One row a unit (or several rows a cluster). Rows lacking a value of the model, its cluster or weight are left
        out and counted in n_missing.
    paths : dict outcome → predictor or list of predictors
        ``{"customers": ["employees"], "profit": ["customers", "employees"]}``.
    cluster, weights : str, optional
        Columns: units that belong together; weights above 0.
    standardise : bool
        True: SD of the outcome per SD of the predictor. False: units of the outcome per unit of the predictor.
    method : percentile or bca
        Intervals of the effects and of R²; ``bca`` falls back on percentile where its formula has no answer.
    replicates : int ≥ 100
    seed : int or numpy.random.Generator

    Returns
    -------
    PathModel. ``paths`` has HC3 standard errors (R ``sandwich::vcovHC``), with ``cluster`` CR1 (``vcovCL``), and t
    intervals with n − k − 1, or clusters − 1, degrees of freedom; standardised ones take the SDs as known. The
    bootstrap of ``effects`` draws whole units, or clusters, and standardises anew in each sample. Above 2,000 of
    them it draws 500 random groups of them instead.

    Raises
    ------
    ValueError for a cycle, unknown names or text; NotTestable for a constant, too few units, predictors that
    determine one another (the pair is named).

    Notes
    -----
    The errors of the equations are taken as uncorrelated. R: ``lavaan::sem`` gives the same coefficients and effects.
    Where both coefficients of a product are near 0 its intervals are too wide (they hold 0 too often); where one is,
    ``bca`` holds 0 too seldom in small studies (90 % instead of 95 with 50 units: benchmarks/paths.py).

    >>> data = pd.DataFrame({"staff": range(9), "customers": [2, 1, 3, 5, 4, 6, 8, 7, 9], "profit": [1, 2, 1] * 3})
    >>> model = fit_paths(data, {"customers": "staff", "profit": ["customers", "staff"]}, replicates=200)
    >>> model.effects[["path", "estimate"]].round(3).to_numpy()[0].tolist()
    ['staff → customers', 0.95]
    """
    check_method(method, INTERVALS)
    confidence, replicates = check_confidence(confidence), check_count("replicates", replicates, 100)
    paths, names = read_paths(paths)
    values, weight, codes, missing = complete_rows(data, names, cluster, weights)
    check_fit(values, names, paths, None if cluster is None else codes.max() + 1)
    mean = np.average(values, axis=0, weights=weight)
    spread = np.sqrt(np.average((values - mean) ** 2, axis=0, weights=weight))
    scores = (values - mean) / spread
    rng = np.random.default_rng(seed)
    sums = unit_sums(scores, weight, drawn_together(codes, rng))
    spread = np.ones(len(names)) if standardise else spread
    unit = "SD per SD" if standardise else "per unit"
    common = {"n": len(values), "n_missing": missing, "confidence": confidence}
    rows = [
        common | {"from": names[i], "to": outcome, "path": f"{names[i]} → {outcome}", "unit": unit} | row
        for outcome in [n for n in names if n in paths]
        for i, row in _equation(
            scores, weight, None if cluster is None else codes, names, paths, outcome, spread, confidence
        )
    ]
    listed = effect_list(paths)
    whole, drawn, left = (
        _statistics(part, names, paths, listed, spread if not standardise else None)
        for part in (sums.sum(axis=0)[None], resampled(sums, rng, replicates), sums.sum(axis=0) - sums)
    )
    found = [
        {"estimate": float(e)} | interval(float(e), drawn[:, i], left[:, i], confidence, method)
        for i, e in enumerate(whole[0])
    ]
    effects = listed.drop(columns="route").join(pd.DataFrame(found[: len(listed)])).assign(**common, unit=unit)
    return PathModel(
        _table(pd.DataFrame(rows), ["from", "to", "path"]),
        _table(effects, ["from", "to", "kind", "path"]),
        _equations(names, paths, pd.DataFrame(found[len(listed) :]).assign(**common)),
        tuple(names),
    )


def paths_from_correlation(matrix, paths, *, n=None, confidence=0.95, draws=20_000, seed=1):
    """Standardised path model from a correlation matrix, such as one that was published.

    ``matrix``: DataFrame, square, its index and columns the names. ``n``: the number of units it rests on; with it
    come the standard errors of normal theory (t, n − k − 1 degrees of freedom, SDs taken as known) and Monte Carlo
    intervals of the effects from ``draws`` of the coefficients; without it the numbers have the reason ``no-n``.
    Returns and raises as :func:`fit_paths`; R² has no interval here.

    >>> given = pd.DataFrame([[1, 0.3, 0.33], [0.3, 1, 0.57], [0.33, 0.57, 1]], *[["SES", "IQ", "GPA"]] * 2)
    >>> paths_from_correlation(given, {"GPA": ["SES", "IQ"]}).paths["estimate"].round(3).tolist()
    [0.175, 0.518]
    """
    confidence, draws = check_confidence(confidence), check_count("draws", draws, 100)
    paths, names = read_paths(paths)
    matrix = read_correlations(matrix, names)
    if n is not None:
        check_size(check_count("n", n, 1), max(map(len, paths.values())), "units")
    check_collinear(matrix, names, paths)
    whole, listed = path_coefficients(matrix, names, paths), effect_list(paths)
    common = {"n": np.nan if n is None else n, "n_missing": 0, "confidence": confidence}
    rows, covariances = [], {}
    for outcome in (name for name in names if name in paths):
        at, to = [names.index(p) for p in paths[outcome]], names.index(outcome)
        df = np.nan if n is None else n - len(at) - 1
        covariances[to] = at, np.linalg.inv(matrix[np.ix_(at, at)]) * (1 - whole[to, at] @ matrix[at, to]) / df
        for i, error in zip(at, np.sqrt(np.diag(covariances[to][1])), strict=True):
            row = (
                nothing(n, "no-n", whole[to, i]) if n is None else t_row(n, whole[to, i], error, df, confidence, "OLS")
            )
            rows.append(row | common | {"from": names[i], "to": outcome, "path": f"{names[i]} → {outcome}"})
    effects = listed.drop(columns="route").assign(estimate=effect_values(whole, names, listed), **common, reason="no-n")
    if n is not None:
        drawn, rng = np.repeat(whole[None], draws, axis=0), np.random.default_rng(seed)
        for to, (at, covariance) in covariances.items():
            drawn[:, to, at] = rng.multivariate_normal(whole[to, at], covariance, size=draws)
        values = effect_values(drawn, names, listed)
        low, high = np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
        effects = effects.assign(std_error=values.std(axis=0, ddof=1), ci_low=low, ci_high=high, method="Monte Carlo")
        effects["reason"] = None
    equations = pd.DataFrame({"estimate": _shares(matrix, whole, names, paths)}).assign(**common, reason="no-interval")
    return PathModel(
        _table(pd.DataFrame(rows).assign(unit="SD per SD"), ["from", "to", "path"]),
        _table(effects.assign(unit="SD per SD"), ["from", "to", "kind", "path"]),
        _equations(names, paths, equations),
        tuple(names),
    )


def _equation(scores, weight, codes, names, paths, outcome, spread, confidence):
    """(predictor's index, row) for each predictor of one outcome: least squares with HC3, or CR1 by ``codes``."""
    at, to, n = [names.index(p) for p in paths[outcome]], names.index(outcome), len(scores)
    root = np.sqrt(weight)
    design = np.column_stack([np.ones(n), scores[:, at]]) * root[:, None]
    inverse = np.linalg.inv(design.T @ design)
    slopes = inverse @ design.T @ (scores[:, to] * root)
    residual = scores[:, to] * root - design @ slopes
    k, df, alone = len(slopes), n - len(slopes), False
    if codes is None:
        left = 1 - np.einsum("ij,jk,ik->i", design, inverse, design)
        alone = (left < VERTEX).any()
        influence = design * (residual / np.where(left < VERTEX, np.nan, left))[:, None]
        meat = influence.T @ influence
    else:
        by_group = np.column_stack([np.bincount(codes, column * residual) for column in design.T])
        groups = len(by_group)
        meat, df = by_group.T @ by_group * groups / (groups - 1) * (n - 1) / (n - k), groups - 1
    errors = np.sqrt(np.diag(inverse @ meat @ inverse))
    method = f"{'OLS' if (weight == weight[0]).all() else 'WLS'}, {'HC3' if codes is None else 'clustered'}"
    for place, i in enumerate(at, start=1):
        turned = spread[to] / spread[i]
        if alone:
            yield i, nothing(n, "one-unit-decides", slopes[place] * turned)
        else:
            yield i, t_row(n, slopes[place] * turned, errors[place] * turned, df, confidence, method)


def _statistics(sums, names, paths, listed, spread):
    """Effects and, after them, the R² of each equation, for a stack of sums; raw where ``spread`` is given."""
    mean = sums[:, 0, 1:] / sums[:, :1, 0]
    covariance = sums[:, 1:, 1:] / sums[:, :1, :1] - mean[:, :, None] * mean[:, None, :]
    still = np.einsum("bii->bi", covariance) < SPREAD
    covariance = np.where(still[:, :, None] | still[:, None, :], np.nan, covariance)
    found = path_coefficients(covariance, names, paths)
    shares = _shares(covariance, found, names, paths)
    found = standardised(found, covariance) if spread is None else found * spread[:, None] / spread
    return np.column_stack([effect_values(found, names, listed), shares])


def _shares(covariance, coefficients, names, paths):
    """R² of each equation, in causal order of the outcomes: array (…, equations)."""
    explained = np.einsum("...ij,...ij->...i", coefficients, np.asarray(covariance))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = explained / np.einsum("...ii->...i", covariance)
    return share[..., [i for i, name in enumerate(names) if name in paths]]


def _equations(names, paths, found):
    outcomes = [name for name in names if name in paths]
    listed = pd.DataFrame({"outcome": outcomes, "predictors": [", ".join(paths[o]) for o in outcomes]})
    k = np.array([len(paths[o]) for o in outcomes])
    table = listed.join(found).assign(unit="share")
    table["adjusted"] = 1 - (1 - table["estimate"]) * (table["n"] - 1) / (table["n"] - k - 1)
    return _table(table, ["outcome", "predictors", "adjusted"])


def _table(frame, first):
    return frame.reindex(columns=[*first, *VOCABULARY])
