"""Mixed models of answers in groups: random intercept or random slope, from each group's cross-products."""

from dataclasses import dataclass, field

import numpy as np

from cxstudy.stats.mixed_design import Scale, check_groups, standardised, within_groups
from cxstudy.stats.mixed_moments import GroupLikelihood
from cxstudy.stats.mixed_search import bending, curvature, decided, psi_of, search


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted model in the units of the columns given.

    ``coefficients`` (p,), the intercept first, and their ``covariance`` (p, p); ``random`` (q, q) covariance of the
    random terms, ``residual`` variance; ``log_likelihood`` (restricted with ``reml``); ``singular`` "", or which
    boundary the estimate lies on: no_variance (nothing between groups), no_intercept_variance, no_slope_variance,
    correlation_at_limit; intercept: at the mean of the slope's column. ``attempts`` of the optimisers; ``accepted``,
    else ``reason``. The numbers of a fit that is not accepted are those of the first optimiser and nothing to report.
    """

    coefficients: np.ndarray
    covariance: np.ndarray
    random: np.ndarray
    residual: float
    log_likelihood: float
    singular: str
    attempts: tuple
    scale: Scale = field(repr=False)
    solved: object = field(repr=False)
    theta: np.ndarray = field(repr=False)

    @property
    def accepted(self):
        """Whether the first optimiser's fit may be believed."""
        return not self.attempts[0].reason

    @property
    def reason(self):
        """Why no fit was accepted, a code of `mixed_search.Attempt`; empty where one was."""
        return self.attempts[0].reason

    @property
    def varying(self):
        """Whether each coefficient's column differs within groups, shape (p,)."""
        return self.scale.varying

    def contrast(self, weights, *, groups_only=False):
        """(estimate, standard error, degrees of freedom) of Σ weights × coefficients.

        Satterthwaite's df = 2 v²/(gᵀAg) for the variance v, its slope g by the variance parameters and their covariance
        A = 2 (second derivatives of the deviance)⁻¹, as R's lmerTest (Kuznetsova, Brockhoff & Christensen 2017, J.
        Statistical Software 82(13)). At the boundary, where lmerTest counts every row as independent, a contrast that
        only compares groups (``groups_only``) has at most groups − coefficients of groups, the containment df.
        """
        weights = np.asarray(weights, float)
        estimate = float(weights @ self.coefficients)
        variance = float(weights @ self.covariance @ weights)
        inner = self.scale.outcome * self.scale.turn[:-1, :-1].T @ weights
        half = self.solved.unscaled @ inner
        sigma2 = np.exp(self.solved.log_variance)
        by_psi = -sigma2 * np.einsum("a,kab,b->k", half, self.solved.parts.slope_cross[:, :-1, :-1], half)
        slope = np.append(bending(self.theta)[0].T @ by_psi, variance)
        spread = slope @ (2 * np.linalg.pinv(curvature(self.solved, self.theta))) @ slope
        df = 2 * variance**2 / spread
        if groups_only and self.singular in ("no_variance", "no_intercept_variance"):
            df = min(df, self.scale.groups - (~self.varying).sum())
        return estimate, float(np.sqrt(variance)), float(df)

    def deviations(self):
        """Each group's predicted deviation (g, q) from the fixed part, and its conditional standard error (g, q).

        b = ΨZᵀV⁻¹(y − Xβ), shrunk towards 0 the more the fewer rows a group has; the error is that of b given β, as
        R's ``ranef(condVar = TRUE)``. Groups in the order of the cross-products.
        """
        of, psi = self.solved.of, self.solved.psi
        z = of.cross[:, list(of.random), :]
        s = z[:, :, list(of.random)]
        inverse = np.linalg.inv(np.eye(len(psi)) + s @ psi)
        turn = self.scale.random
        b = (psi @ (inverse @ (z @ self.solved.direction)[:, :, None]))[:, :, 0] @ turn.T * self.scale.outcome
        spread = turn @ (psi @ inverse) @ turn.T * self.residual
        return b, np.sqrt(np.maximum(np.einsum("gii->gi", spread), 0))


def fit(cross, names, *, centre=None, slope=None, reml=True, further=()):
    """Fit y = Xβ + Zb + e by the (restricted) likelihood of `mixed_moments.GroupLikelihood`.

    Parameters
    ----------
    cross : array (g, m, m)
        Products of [1, x…, y − centre] summed in each group of at least one row, see `mixed_moments.as_groups`.
    names : m − 1 names, of the columns and the outcome, for messages
    centre : array (m − 1), what was subtracted from the columns before summing; None for nothing
    slope : position (≥ 1) of the column whose coefficient varies between groups; None for a random intercept alone
    reml : restricted (True) or full likelihood
    further : functions (likelihood of standardised columns, `Scale`) → list of `mixed_search.Attempt`,
        other programs that have to be heard (`stats.mixed_rows`)

    Returns
    -------
    Fit. An estimate at the boundary is kept and named in ``singular``.

    Raises
    ------
    NotTestable for one group, groups of one row only, a constant outcome or one constant within its groups, predictors
    that don't vary, determine one another or leave no rows over, and a slope in a column constant within groups.

    Notes
    -----
    Bates, Mächler, Bolker & Walker (2015), doi 10.18637/jss.v067.i01; the same numbers as R's lme4.

    >>> cross = np.array([[[2.0, 3.0], [3.0, 5.0]], [[2.0, 7.0], [7.0, 25.0]]])
    >>> found = fit(cross, ["trust"])
    >>> found.coefficients.round(6).tolist(), found.random.round(6).tolist(), round(found.residual, 6)
    ([2.5], [[1.75]], 0.5)
    """
    cross = np.asarray(cross, float)
    centre = np.zeros(len(names)) if centre is None else np.asarray(centre, float)
    check_groups(cross)
    turn, inner = standardised(cross, names, centre)
    varying = within_groups(inner, names, slope)
    random = (0,) if slope is None else (0, slope)
    mean = (cross[:, 0, -1].sum() / cross[:, 0, 0].sum()) + centre[-1]
    scale = Scale(turn, 1 / turn[-1, -1], mean, turn[np.ix_(random, random)], len(cross), np.append(False, varying))
    likelihood = GroupLikelihood(inner, random, reml)
    attempts = search(likelihood)
    for more in further:
        attempts += more(likelihood, scale)
    attempts = tuple(decided(attempts))
    return _in_units(likelihood, scale, attempts)


def log_likelihood(deviance, likelihood, scale):
    """Log-likelihood of the columns in their own units from the deviance of standardised ones."""
    change = 2 * likelihood.free * np.log(scale.outcome)
    return -(deviance + change - 2 * likelihood.reml * scale.fixed_log_determinant) / 2


def _in_units(likelihood, scale, attempts):
    theta = attempts[0].theta
    solved = likelihood.solved(psi_of(theta), 2)
    sigma2 = np.exp(solved.log_variance) * scale.outcome**2
    turn = scale.turn[:-1, :-1]
    coefficients = scale.outcome * turn @ solved.coefficients
    coefficients[0] += scale.mean
    return Fit(
        coefficients, sigma2 * turn @ solved.unscaled @ turn.T, sigma2 * scale.random @ solved.psi @ scale.random.T,
        float(sigma2), log_likelihood(solved.deviance(), likelihood, scale), _boundary(theta), attempts, scale, solved,
        theta,
    )  # fmt: skip


def _boundary(theta):
    if not theta.any():
        return "no_variance"
    if len(theta) == 3 and theta[2] == 0:
        return "correlation_at_limit" if theta[1] else "no_slope_variance"
    return "no_intercept_variance" if theta[0] == 0 else ""
