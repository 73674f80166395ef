"""A covariance-structure model fitted by semopy, and given only where the fit can be trusted.

semopy's own ``fit`` stops early by default (on Bollen's democracy data the third decimal is wrong), logs instead of
raising and puts pseudo-inverses in place of a singular information matrix. Here its model and gradient go to SciPy with
a tight tolerance from several starts, and what they find is checked.
"""

import importlib
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from cxstudy.faults import NotTestable

STARTS, AGREE = 8, 1e-6
NEAR_ZERO, SINGULAR = 1e-6, 1e-8


@dataclass(frozen=True)
class SemFit:
    """``parameters``: lval, op, rval, name, estimate, std_error, standardised, p_value (nan where fixed);
    ``covariance`` of the free parameters, a frame by name; chi2, df, p_value, cfi, tli, rmsea, srmr, n, starts."""

    parameters: pd.DataFrame
    covariance: pd.DataFrame
    chi2: float
    df: int
    p_value: float
    cfi: float
    tli: float
    rmsea: float
    srmr: float
    n: int
    starts: int


def needed(package, install, purpose):
    """The module ``package``; NotTestable, saying how to get it, when it isn't installed."""
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
        raise NotTestable(
            f"{purpose} needs the package {install}, which is not installed. It comes with the extra sem: "
            'run pip install "cxstudy[sem]".',
            [install],
        ) from None


def fit_text(text, data, *, labels=None):
    """Maximum likelihood fit of a model in semopy's notation; covariances only where the text names them.

    Parameters
    ----------
    text : str
    data : DataFrame, complete, its columns the observed variables
    labels : dict name in the text → name for messages, optional

    Returns
    -------
    SemFit. Standard errors from the expected information; χ² = n F, RMSEA, CFI and TLI as lavaan has them.

    Raises
    ------
    NotTestable without semopy; where no start converged, no two starts reached the same best fit, the information
    matrix is singular (the model is not identified), or a variance is 0 (a Heywood case).
    """
    semopy = needed("semopy", "semopy", "a structural equation model")
    model = semopy.Model(text, cov_diag=True)
    model.load(data)
    best, tried = _best(model)
    model.param_vals = best.x
    model.update_matrices(best.x)
    parameters = _parameters(model)
    free = [name for name, parameter in model.parameters.items() if parameter.active]
    _proper(parameters[parameters["name"].isin(free)], NEAR_ZERO * np.diag(model.mx_cov).min(), labels or {})
    covariance = _covariance(model)
    if not best.jac @ covariance @ best.jac * len(data) ** 2 / 4 < AGREE:
        raise _no_convergence(tried)
    covariance = pd.DataFrame(covariance, free, free)
    errors = np.sqrt(np.diag(covariance))
    parameters["std_error"] = parameters["name"].map(dict(zip(free, errors, strict=True)))
    parameters["p_value"] = 2 * scipy.stats.norm.sf((parameters["estimate"] / parameters["std_error"]).abs())
    return SemFit(parameters, covariance, *_indices(model, best.fun, len(free), len(data)), len(data), tried)


def _parameters(model):
    from semopy.inspector import inspect_list

    with np.errstate(divide="ignore", invalid="ignore"):
        found = inspect_list(model, information=None, std_est=True, index_names=True)
    found = found.rename_axis("name").reset_index().rename(columns={"Estimate": "estimate", "Est. Std": "standardised"})
    return found[["lval", "op", "rval", "name", "estimate", "standardised"]].astype(
        {"estimate": float, "standardised": float}
    )


def _covariance(model):
    """Inverse of the expected information; NotTestable where it is singular."""
    information = model.calc_fim()
    root = np.sqrt(np.maximum(np.diag(information), 1e-300))
    if np.linalg.eigvalsh(information / np.outer(root, root))[0] < SINGULAR:
        raise NotTestable(
            "the model is not identified: the data don't decide between different values of its parameters. Fix or "
            "drop some, or give each factor three items.",
            ["an identified model"],
        )
    return np.linalg.inv(information)


def _indices(model, misfit, free, n):
    """chi2, df, p_value, cfi, tli, rmsea, srmr (Bollen 1989; Hu & Bentler 1999), the baseline: no covariances."""
    observed, implied = model.mx_cov, model.calc_sigma()[0]
    p, root = len(observed), np.sqrt(np.diag(observed))
    chi2, df = float(n * misfit), p * (p + 1) // 2 - free
    correlation = observed / np.outer(root, root)
    base, base_df = -n * np.linalg.slogdet(correlation)[1], p * (p - 1) // 2
    excess, base_excess = max(chi2 - df, 0.0), max(base - base_df, chi2 - df, 0.0)
    residual = ((observed - implied) / np.outer(root, root))[np.tril_indices(p)]
    return (
        chi2, df, float(scipy.stats.chi2.sf(chi2, df)) if df else np.nan,
        1 - excess / base_excess if base_excess > 0 else 1.0,
        float((base / base_df - chi2 / df) / (base / base_df - 1)) if df else np.nan,
        float(np.sqrt(excess / (df * n))) if df else np.nan, float(np.sqrt(np.mean(residual**2))),
    )  # fmt: skip


def _best(model):
    """The best fit that two starts agree on, and how many starts it took."""
    first, rng, done = model.param_vals.copy(), np.random.default_rng(1), []
    for start in range(STARTS):
        x = first if start == 0 else first * rng.uniform(0.6, 1.6, len(first)) + rng.normal(0, 0.02, len(first))
        bounds = model.get_bounds()
        x = np.array([max(v, low + 0.01) if low is not None else v for v, (low, _) in zip(x, bounds, strict=True)])
        with np.errstate(all="ignore"):
            found = scipy.optimize.minimize(
                model.obj_mlw, x, jac=model.grad_mlw, bounds=bounds, constraints=model.constraints, method="SLSQP",
                options={"ftol": 1e-14, "maxiter": 2000},
            )  # fmt: skip
        if found.success and np.isfinite(found.fun):
            found.jac = model.grad_mlw(found.x)
            done.append(found)
        done.sort(key=lambda fit: fit.fun)
        if len(done) > 1 and done[1].fun - done[0].fun < AGREE and _close(done[0].x, done[1].x):
            return done[0], start + 1
    raise _no_convergence(STARTS)


def _close(a, b):
    return bool((np.abs(a - b) <= 1e-3 * np.maximum(1, np.abs(a))).all())


def _no_convergence(tried):
    return NotTestable(
        f"the model has no result: {tried} starts did not reach one and the same best fit. Use fewer paths or more "
        "items a factor, put the variables on similar scales, or use the observed-score paths.",
        ["a fit that converges"],
    )


def _proper(free, least, labels):
    at_zero = free[(free["op"] == "~~") & (free["lval"] == free["rval"]) & (free["estimate"] < least)]
    if len(at_zero):
        names = ", ".join(str(labels.get(name, name)) for name in at_zero["lval"])
        raise NotTestable(
            f"a variance must be above 0; the best fit puts that of {names} at 0 (a Heywood case), so its numbers are "
            "no estimates. Leave out the item or factor, ask more persons, or use the observed-score paths.",
            ["a proper solution"],
        )
