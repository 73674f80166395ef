"""What another program makes of the same rows: statsmodels' MixedLM, several optimisers, standardised and as given."""

import warnings

import numpy as np

from cxstudy.stats.mixed_search import Attempt, theta_of

WAYS = (("lbfgs", True), ("bfgs", True), ("lbfgs", False))


def statsmodels_attempts(columns, outcome, groups, slope=None):
    """A function for `stats.mixed.fit`'s ``further``: statsmodels' fits of the rows, as attempts to be compared.

    ``columns`` (n, p) the predictors without the intercept, ``outcome`` (n,), ``groups`` (n,) keys, all without gaps
    and in their own units; ``slope`` position (from 1) of the column with a slope in each group. MixedLM is
    tried with lbfgs and bfgs on standardised columns and with lbfgs on the columns as given. On real data it
    returns wrong fits without a word (bh1996 with a slope of LEAD: a covariance at the wrong place), which is why none
    is believed unless it reaches the likelihood of `mixed_search`.
    """
    raw = np.column_stack([np.ones(len(outcome)), np.asarray(columns, float).reshape(len(outcome), -1), outcome])
    random = [0] if slope is None else [0, slope]

    def attempts(likelihood, scale):
        return [_attempt(raw, groups, random, likelihood, scale, *way) for way in WAYS]

    return attempts


def _attempt(raw, groups, random, likelihood, scale, optimiser, standardised):
    from statsmodels.regression.mixed_linear_model import MixedLM

    data = raw @ scale.turn if standardised else raw
    told = (f"statsmodels {optimiser}", "standardised" if standardised else "as given")
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            model = MixedLM(data[:, -1], data[:, :-1], groups, exog_re=data[:, random])
            found = model.fit(reml=likelihood.reml, method=[optimiser])
        except (np.linalg.LinAlgError, ValueError):
            return Attempt(*told, False, np.nan, reason="not_finite")
    beta, psi, residual = np.asarray(found.fe_params), np.asarray(found.cov_re), float(found.scale)
    deviance = -2 * float(found.llf)
    if not standardised:
        beta, psi, residual = _standardise(beta, psi, residual, scale)
        deviance -= 2 * likelihood.free * np.log(scale.outcome) - 2 * likelihood.reml * scale.fixed_log_determinant
    if not np.isfinite([deviance, residual, *beta, *psi.ravel()]).all() or residual <= 0:
        return Attempt(*told, False, np.nan, reason="not_finite")
    estimates = np.concatenate([beta, np.sqrt(np.maximum(np.diag(psi), 0)), [np.sqrt(residual)]])
    return Attempt(*told, bool(found.converged), deviance, estimates, theta_of(psi / residual))


def _standardise(beta, psi, residual, scale):
    beta = beta.copy()
    beta[0] -= scale.mean
    back = np.linalg.inv(scale.random)
    inner = np.linalg.solve(scale.turn[:-1, :-1], beta) / scale.outcome
    return inner, back @ psi @ back.T / scale.outcome**2, residual / scale.outcome**2
