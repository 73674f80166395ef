"""Intervals and tests of a mixed model's variances: from the profile of its likelihood, not from a standard error."""

from functools import cache, lru_cache

import numpy as np
import scipy

from cxstudy.stats.mixed_moments import GroupLikelihood
from cxstudy.stats.mixed_search import newton_search

_NUDGE = 0.05


def variance_intervals(fit, confidence=0.95, *, only=None):
    """Intervals of the standard deviations, the correlation and the intraclass correlation of a `scipy.stats.mixed.Fit`.

    Returns a dict: ``intercept``, ``slope``, ``residual`` (standard deviations in the units of the outcome, of the
    slope in those of outcome / column), ``correlation`` and ``icc``, each (low, high); slope and correlation only for
    a model with a slope, icc only without one. An interval holds the values that the (restricted) likelihood, made as
    large as it can be by all other parameters, does not reject: −2 log L within χ²(1) of its best, as R's
    ``confint(method = "profile")``. A standard deviation's lower end is 0, a correlation's −1 or 1, where that is not
    rejected. (nan, nan) for the correlation with a standard deviation of 0. ``only``: the names wanted, None for all;
    each takes searches of its own.

    Venzon & Moolgavkar (1988), Applied Statistics 37(1).
    """
    profile = _profile(fit)
    z = scipy.stats.norm.ppf((1 + confidence) / 2)
    names = ["intercept", "residual"] if profile.q == 1 else ["intercept", "slope", "correlation", "residual"]
    found = {}
    for j, name in enumerate(names):
        if only is not None and name not in only:
            continue
        low, high = profile.limits(j, z)
        unit = 1.0 if name == "correlation" else fit.scale.outcome
        unit *= abs(fit.scale.random[-1, -1]) if name == "slope" else 1.0
        found[name] = (float(unit * low), float(unit * high))
    if profile.q == 1 and (only is None or "icc" in only):
        found["icc"] = profile.icc(z)
    return found


def variance_tests(fit):
    """Likelihood-ratio tests of variance 0: {"intercept" or "slope": (statistic, df, p)}.

    A variance cannot be negative, so that the statistic's distribution is a mixture: half χ²(0), half χ²(1) for a
    random intercept; half χ²(1), half χ²(2) for a slope with its correlation (Self & Liang 1987, JASA 82(398); Stram &
    Lee 1994, Biometrics 50(4)). df is the larger of the two.
    """
    of, best = fit.solved.of, fit.solved.deviance()
    if len(of.random) == 1:
        statistic = max(of.solved(np.zeros((1, 1))).deviance() - best, 0.0)
        p = float(scipy.stats.chi2.sf(statistic, 1) / 2) if statistic > 0 else 1.0
        return {"intercept": (float(statistic), 1, p)}
    smaller = newton_search(GroupLikelihood(of.cross, (0,), of.reml))
    statistic = max(smaller.deviance - best, 0.0)
    p = float((scipy.stats.chi2.sf(statistic, 1) + scipy.stats.chi2.sf(statistic, 2)) / 2)
    return {"slope": (float(statistic), 2, p)}


@lru_cache(maxsize=1)
def _profile(fit):
    """The `_Profile` of a fit, kept, as one model is asked for intervals of two confidences."""
    return _Profile(fit)


class _Profile:
    """The deviance by standard deviations, angle (its sine is the correlation) and log σ², outcome standardised.

    Order of the parameters: intercept, residual; with a slope: intercept, slope (per standard deviation of its
    column), angle, residual. The random intercept is that at 0 of the column as given, not at its mean.
    """

    def __init__(self, fit):
        self.fit, self.of, self.q = fit, fit.solved.of, len(fit.solved.psi)
        scale = np.diag(1 / np.abs(np.diag(fit.scale.random)))
        self.turn = scale @ fit.scale.random
        self.back = np.linalg.inv(self.turn)
        self.best = fit.solved.deviance()
        self.at = self._estimates()
        self.start = self._nudged()
        self.curve = self._curvature()
        # a search by halves asks again for its two ends
        self.lowest = cache(self._lowest)

    def icc(self, z):
        """Limits of variance between / (between + within)."""
        def rise(gamma):
            return _root(self.of.solved(np.array([[gamma]])).deviance() - self.best) - z

        best = float(self.fit.solved.psi[0, 0])
        low = 0.0 if rise(0.0) <= 0 else scipy.optimize.brentq(rise, 0.0, best, xtol=1e-6 * best)
        high = _above(rise, best, max(best, 0.01) / 2)
        return low / (1 + low), high / (1 + high)

    def limits(self, j, z):
        """Profile limits of parameter ``j``."""
        last = j == len(self.at) - 1
        angle = self.q == 2 and j == 2
        if angle and not (self.at[:2] > 0).all():
            return np.nan, np.nan

        best = self.at[j]

        def rise(value):
            return -z if value == best else _root(self.lowest(j, value) - self.best) - z

        if angle:
            ends = [
                end if rise(end) <= 0 else scipy.optimize.brentq(rise, min(end, best), max(end, best), xtol=1e-6)
                for end in (-np.pi / 2, np.pi / 2)
            ]
            return tuple(np.sin(ends))
        step = 2 / np.sqrt(self.curve[j, j]) if self.curve[j, j] > 0 else 0.1
        high = _above(rise, best, step)
        if last:
            low = -_above(lambda value: rise(-value), -best, step)
            return np.exp(low / 2), np.exp(high / 2)
        low = 0.0 if best == 0 or rise(0.0) <= 0 else scipy.optimize.brentq(rise, 0.0, best, xtol=1e-6 * best)
        return low, high

    def _estimates(self):
        s = self.fit.solved.log_variance
        u = self.turn @ self.fit.solved.psi @ self.turn.T * np.exp(s)
        spread = np.sqrt(np.maximum(np.diag(u), 0))
        if self.q == 1:
            return np.array([spread[0], s])
        both = spread[0] * spread[1]
        return np.array([*spread, np.arcsin(np.clip(u[1, 0] / both, -1, 1)) if both > 0 else 0.0, s])

    def _nudged(self):
        """Where inner searches start: off the boundary, which a search by slopes would not leave."""
        start = self.at.copy()
        if self.fit.singular:
            start[: self.q] = np.maximum(start[: self.q], _NUDGE * np.exp(start[-1] / 2))
            if self.q == 2:
                start[2] = np.clip(start[2], -np.pi / 2 + _NUDGE, np.pi / 2 - _NUDGE)
        return start

    def _lowest(self, j, value):
        """The smallest deviance with parameter ``j`` held at ``value``."""
        starts = [self.start, self.at] if self.fit.singular else [self.start]
        return min(self._lowest_from(start, j, value) for start in starts)

    def _value(self, parameters):
        """Deviance and its slope by the parameters."""
        s = parameters[-1]
        a = parameters[0]
        if self.q == 1:
            u, moves = np.array([[a * a]]), [np.array([[2 * a]])]
        else:
            b, angle = parameters[1], parameters[2]
            rho = np.sin(angle)
            u = np.array([[a * a, rho * a * b], [rho * a * b, b * b]])
            moves = [np.array([[2 * a, rho * b], [rho * b, 0]]), np.array([[0, rho * a], [rho * a, 2 * b]])]
            moves.append(np.cos(angle) * a * b * np.array([[0, 1.0], [1, 0]]))
        solved = self.of.solved(self.back @ u @ self.back.T * np.exp(-s), 1)
        g = solved.gradient(s)
        by_psi = np.array([[g[0]]]) if self.q == 1 else np.array([[g[0], g[1] / 2], [g[1] / 2, g[2]]])
        by_u = self.back.T @ by_psi @ self.back * np.exp(-s)
        slope = [float((by_u * move).sum()) for move in moves]
        return solved.deviance(s), np.array([*slope, g[-1] - float((by_u * u).sum())])

    def _curvature(self):
        step = 1e-4 * np.maximum(np.abs(self.start), 0.01)
        rows = []
        for j, h in enumerate(step):
            move = np.zeros(len(step))
            move[j] = h
            rows.append((self._value(self.start + move)[1] - self._value(self.start - move)[1]) / (2 * h))
        curve = np.array(rows)
        return (curve + curve.T) / 2

    def _lowest_from(self, start, j, value):
        free = np.arange(len(self.at)) != j
        # at a given correlation the deviations' logarithms are free: turning the sign of one would turn that of it
        logs = np.flatnonzero(free) < 2 if self.q == 2 and j == 2 else np.zeros(free.sum(), bool)
        full = np.empty(len(self.at))
        full[j] = value

        def of(rest):
            full[free] = np.where(logs, np.exp(np.minimum(rest, 50)), rest)
            deviance, slope = self._value(full)
            return deviance, slope[free] * np.where(logs, full[free], 1.0)

        turn = np.where(logs, self.start[free], 1.0)
        start = np.where(logs, np.log(np.maximum(start[free], 1e-12)), start[free])
        values, vectors = np.linalg.eigh(self.curve[np.ix_(free, free)] * np.outer(turn, turn))
        values = np.maximum(np.abs(values), 1e-3 * np.abs(values).max())
        first = vectors @ np.diag(1 / values) @ vectors.T
        with np.errstate(all="ignore"):
            found = scipy.optimize.minimize(
                of, start, jac=True, method="BFGS",
                options={"hess_inv0": (first + first.T) / 2, "gtol": 1e-4 * np.sqrt(values.min())},
            )  # fmt: skip
        return found.fun if np.isfinite(found.fun) else np.inf


def _root(rise):
    return np.sqrt(max(rise, 0.0))


def _above(rise, best, step):
    """Where ``rise`` turns positive above ``best``."""
    low, high = best, best + step
    while rise(high) < 0:
        low, high, step = high, high + 2 * step, 2 * step
        if step > 1e9 * max(abs(best), 1.0):
            return np.inf
    return scipy.optimize.brentq(rise, low, high, xtol=1e-6 * max(abs(high), 1e-3))
