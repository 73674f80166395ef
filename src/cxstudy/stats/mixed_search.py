"""Finding the largest likelihood of a mixed model by two optimisers, and whether what they found may be believed."""

from dataclasses import dataclass, field

import numpy as np
import scipy

AGREE_LOG_LIKELIHOOD = 0.01
AGREE_ESTIMATE = 1e-3
_SINGULAR = 1e-6
_CONVERGED = 1e-6
_FLAT = 1e-4
_RESTARTS = 6
_GRID = {1: np.logspace(-2, 1.5, 15), 2: np.logspace(-1.5, 0.5, 5)}


@dataclass(frozen=True)
class Attempt:
    """What one optimiser found: θ (free entries of the Cholesky factor of Ψ) and the estimates to be compared.

    ``estimates``: coefficients, standard deviations of the random terms and of the residuals, all of standardised
    columns. ``reason`` is empty where the fit agrees with the best one, else not_converged, not_finite, not_identified,
    lower_likelihood (another optimiser found a better fit: this one is wrong) or estimates_differ.
    """

    optimiser: str
    scaling: str
    converged: bool
    deviance: float
    estimates: np.ndarray = field(default_factory=lambda: np.array([]))
    theta: np.ndarray | None = None
    reason: str = ""


def psi_of(theta):
    """Ψ = ΛΛᵀ for Λ lower triangular with entries θ (row by row).

    >>> psi_of(np.array([2.0, 1.0, 3.0])).tolist()
    [[4.0, 2.0], [2.0, 10.0]]
    """
    if len(theta) == 1:
        return np.array([[theta[0] ** 2]])
    factor = np.array([[theta[0], 0.0], [theta[1], theta[2]]])
    return factor @ factor.T


def theta_of(psi):
    """θ of a positive semidefinite Ψ; the inverse of `psi_of` with Λ's diagonal at least 0."""
    first = np.sqrt(max(psi[0, 0], 0.0))
    if len(psi) == 1:
        return np.array([first])
    second = psi[1, 0] / first if first > 0 else 0.0
    return np.array([first, second, np.sqrt(max(psi[1, 1] - second**2, 0.0))])


def bending(theta):
    """Jacobian (k, k) of Ψ's free entries by θ, and their second derivatives (k, k, k)."""
    if len(theta) == 1:
        return np.array([[2 * theta[0]]]), np.array([[[2.0]]])
    a, b, c = theta
    jacobian = np.array([[2 * a, 0, 0], [b, a, 0], [0, 2 * b, 2 * c]])
    second = np.array([np.diag([2.0, 0, 0]), [[0, 1, 0], [1, 0, 0], [0, 0, 0]], np.diag([0, 2.0, 2.0])])
    return jacobian, second


def curvature(solved, theta):
    """Second derivatives of the deviance by θ and log σ² (k + 1, k + 1), at the best σ²."""
    jacobian, second = bending(theta)
    k = len(theta)
    turn = np.eye(k + 1)
    turn[:k, :k] = jacobian
    full = turn.T @ solved.hessian() @ turn
    full[:k, :k] += np.einsum("k,kab->ab", solved.gradient()[:-1], second)
    return full


def search(likelihood):
    """Both optimisers' attempts: Newton steps in a trust region, and Nelder and Mead's simplex (values only)."""
    return [newton_search(likelihood), _simplex(likelihood)]


def newton_search(likelihood):
    """The first of the two optimisers alone, from the best point of a grid, brought to the boundary where it lies."""
    value = _Profiled(likelihood)
    start = _start(value)
    with np.errstate(all="ignore"):
        found = scipy.optimize.minimize(
            value, start, method="trust-exact", jac=value.gradient, hess=value.hessian,
            options={"initial_trust_radius": 0.1, "gtol": 1e-7, "maxiter": 200},
        )  # fmt: skip
    theta = _to_boundary(value, theta_of(psi_of(found.x)), found.fun)
    return _judged(likelihood, theta)


def decided(attempts):
    """The attempts with reasons against the best of them; the first is accepted when its reason is empty.

    Accepted: converged, finite, the covariance matrix positive definite or at its boundary, no attempt with a
    likelihood larger by .01, and another that agrees with it (log-likelihood within .01, estimates within 1e-3).
    """
    finite = [a for a in attempts if np.isfinite(a.deviance)]
    best = min((a.deviance for a in finite), default=np.nan)
    first = attempts[0]
    told = []
    for attempt in attempts:
        reason = attempt.reason
        if not np.isfinite(attempt.deviance):
            reason = reason or "not_finite"
        elif attempt.deviance > best + 2 * AGREE_LOG_LIKELIHOOD:
            reason = "lower_likelihood"
        elif not attempt.converged:
            reason = reason or "not_converged"
        elif not _alike(attempt.estimates, first.estimates):
            reason = reason or "estimates_differ"
        told.append(reason)
    if not told[0] and not any(not reason for reason in told[1:]):
        told[0] = "optimisers_differ"
    return [
        Attempt(a.optimiser, a.scaling, a.converged, a.deviance, a.estimates, a.theta, reason)
        for a, reason in zip(attempts, told, strict=True)
    ]


def estimates_of(solved):
    """What two optimisers have to agree on, in standardised units."""
    sigma = np.exp(solved.log_variance / 2)
    spread = sigma * np.sqrt(np.diag(solved.psi))
    return np.concatenate([solved.coefficients, spread, [sigma]])


class _Profiled:
    """The deviance at the best β and σ² as a function of θ; remembers the last point."""

    def __init__(self, likelihood):
        self.likelihood, self.at, self.solved, self.order = likelihood, None, None, -1

    def _solved(self, theta, order):
        if self.at is None or self.order < order or not np.array_equal(theta, self.at):
            self.at, self.order = np.array(theta), order
            self.solved = self.likelihood.solved(psi_of(theta), order)
        return self.solved

    def __call__(self, theta):
        return self._solved(theta, 0).deviance()

    def gradient(self, theta):
        return bending(theta)[0].T @ self._solved(theta, 2).gradient()[:-1]

    def hessian(self, theta):
        full = curvature(self._solved(theta, 2), theta)
        return full[:-1, :-1] - np.outer(full[:-1, -1], full[-1, :-1]) / full[-1, -1]


def _judged(likelihood, theta):
    value = _Profiled(likelihood)
    deviance = value(theta)
    if not np.isfinite(deviance):
        return Attempt("trust region", "standardised", False, deviance, theta=theta, reason="not_finite")
    gradient, hessian = value.gradient(theta), value.hessian(theta)
    # entries at the boundary have no slope there; their curvature is that of the way back inside
    free = theta != 0
    inside = hessian[np.ix_(free, free)]
    estimates = estimates_of(likelihood.solved(psi_of(theta)))
    shared = ("trust region", "standardised")
    if free.any():
        flat = np.linalg.eigvalsh(inside).min() * max(1.0, (theta**2).sum()) < _FLAT
        if flat:
            return Attempt(*shared, False, deviance, estimates, theta, "not_identified")
        left = gradient[free] @ np.linalg.solve(inside, gradient[free])
        if not left < _CONVERGED:
            return Attempt(*shared, False, deviance, estimates, theta, "not_converged")
    return Attempt(*shared, True, deviance, estimates, theta)


def _to_boundary(value, theta, deviance):
    """θ with entries set to 0 where that costs no likelihood: the estimate lies on the boundary, and is said to."""
    candidates = [np.zeros_like(theta)]
    if len(theta) == 3:
        _, b, c = theta
        candidates += [np.array([theta[0], 0.0, 0.0]), np.array([0.0, 0.0, np.hypot(b, c)]), np.array([theta[0], b, 0])]
    for candidate in candidates:
        if value(candidate) <= deviance + _SINGULAR:
            return candidate
    return theta


def _start(value):
    grid = _GRID[len(value.likelihood.random)]
    if len(value.likelihood.random) == 1:
        return min((np.array([v]) for v in grid), key=value)
    return min((np.array([a, 0.0, b]) for a in grid for b in grid), key=value)


def _simplex(likelihood):
    value = _Profiled(likelihood)
    at, before = 1.5 * _start(value) + 0.05, np.inf
    with np.errstate(all="ignore"):
        # a simplex can collapse on its way: it starts again from where it stopped, until that gains nothing
        for _ in range(_RESTARTS):
            found = scipy.optimize.minimize(
                value, at, method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-6, "maxiter": 500}
            )
            at, gained = found.x, before - found.fun
            before = found.fun
            if gained < 1e-5:
                break
        estimates = estimates_of(likelihood.solved(psi_of(at)))
    return Attempt(
        "Nelder–Mead", "standardised", bool(found.success), float(found.fun), estimates, theta_of(psi_of(at))
    )


def _alike(one, other):
    return len(one) == len(other) and bool(np.all(np.abs(one - other) < AGREE_ESTIMATE))
