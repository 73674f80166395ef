"""The likelihood of a mixed model from each group's cross-products: no answer is looked at twice."""

from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np

_BASES = {1: np.ones((1, 1, 1)), 2: np.array([[[1.0, 0], [0, 0]], [[0, 1], [1, 0]], [[0, 0], [0, 1]]])}


@dataclass(frozen=True)
class Parts:
    """What the likelihood is made of at one Ψ (covariance of the random terms / residual variance).

    ``logdet`` Σ log|I + ZᵀZΨ|; ``cross`` Σ [X y]ᵀV⁻¹[X y] (m, m) for V = I + ZΨZᵀ; ``slope_logdet`` (k,) and
    ``slope_cross`` (k, m, m) their derivatives by the k free entries of Ψ, ``bend_…`` (k, k, …) their second ones.
    """

    logdet: float
    cross: np.ndarray
    slope_logdet: np.ndarray = None
    slope_cross: np.ndarray = None
    bend_logdet: np.ndarray = None
    bend_cross: np.ndarray = None


@dataclass(frozen=True)
class GroupLikelihood:
    """Likelihood of y = Xβ + Zb + e, b ~ N(0, σ²Ψ) in each group, e ~ N(0, σ²), from cross-products by group.

    - ``cross`` (g, m, m): sums over a group's rows of products of the columns [1, x…, y], the outcome last;
    - ``random``: positions of the columns of Z, one (0: random intercept) or two (0 and a slope's);
    - ``reml``: the restricted likelihood, else the full one.

    With S = ZᵀZ of a group the matrix V = I + ZΨZᵀ is never made: V⁻¹ = I − ZΨ(I + SΨ)⁻¹Zᵀ and
    |V| = |I + SΨ| (Woodbury; with an intercept alone Sherman–Morrison), so that a value costs O(groups).
    The criterion is that of Bates, Mächler, Bolker & Walker (2015), J. Statistical Software 67(1), eq. 34 and 41.
    """

    cross: np.ndarray
    random: tuple
    reml: bool

    @cached_property
    def n(self):
        """Number of rows."""
        return float(self.cross[:, 0, 0].sum())

    @property
    def fixed(self):
        """Number of fixed effects, the intercept among them."""
        return self.cross.shape[1] - 1

    @property
    def free(self):
        """Rows less the fixed effects that the restricted likelihood sets aside: what σ² is divided by."""
        return self.n - self.fixed if self.reml else self.n

    @cached_property
    def _total(self):
        return self.cross.sum(axis=0)

    @cached_property
    def _z(self):
        """Zᵀ[X y] of each group (q, g, m) and ZᵀZ (q, q, g)."""
        rows = np.stack([np.ascontiguousarray(self.cross[:, i, :]) for i in self.random])
        return rows, np.stack([rows[:, :, i] for i in self.random], axis=1)

    def parts(self, psi, order=0):
        """`Parts` at ``psi`` (q, q), with first (``order`` 1) and second (2) derivatives."""
        z, s = self._z
        q = len(z)
        inverse, determinant = _inverse(np.eye(q)[:, :, None] + np.einsum("ijg,jk->ikg", s, psi))
        logdet = float(np.log(determinant).sum())
        # (I + SΨ)⁻¹ Zᵀ[X y], one (g, m) for each random term
        b = [sum(inverse[i, j][:, None] * z[j] for j in range(q)) for i in range(q)]
        cross = self._total - sum(psi[i, j] * (z[i].T @ b[j]) for i in range(q) for j in range(q))
        cross = (cross + cross.T) / 2
        if not order:
            return Parts(logdet, cross)
        bases = _BASES[q]
        r = np.einsum("ijg,jkg->ikg", inverse, s)
        pair = np.array([[b[i].T @ b[j] for j in range(q)] for i in range(q)])
        first = -np.einsum("kij,ijab->kab", bases, pair)
        first_logdet = np.einsum("ij,kji->k", r.sum(axis=2), bases)
        if order == 1:
            return Parts(logdet, cross, first_logdet, first)
        return Parts(logdet, cross, first_logdet, first, *self._bends(bases, r, b))

    def _bends(self, bases, r, b):
        q, m, size = len(b), b[0].shape[1], len(bases)
        bend_logdet, bend = np.empty((size, size)), np.empty((size, size, m, m))
        # Σ R_ij b_hᵀb_k of all groups, and Σ R_ij R_hk
        wide = np.empty((q, q, q, q, m, m))
        for i, j, h in product(range(q), repeat=3):
            weighted = (b[h] * r[i, j][:, None]).T
            for k in range(q):
                wide[i, j, h, k] = weighted @ b[k]
        double = np.einsum("ijg,hlg->ijhl", r, r)
        for u, one in enumerate(bases):
            for v, other in enumerate(bases):
                bend_logdet[u, v] = -np.einsum("ijhl,jh,li->", double, one, other)
                half = np.einsum("hi,jl,ijhlab->ab", other, one, wide)
                bend[u, v] = half + half.T
        return bend_logdet, bend

    def solved(self, psi, order=0):
        """`Solved` at ``psi``: coefficients and what depends on them."""
        return Solved(self, np.atleast_2d(psi), self.parts(np.atleast_2d(psi), order))


@dataclass(frozen=True)
class Solved:
    """Generalised least squares at one Ψ, and the deviance −2 log L with its derivatives by Ψ and log σ²."""

    of: GroupLikelihood
    psi: np.ndarray
    parts: Parts

    @cached_property
    def unscaled(self):
        """(XᵀV⁻¹X)⁻¹, the covariance of the coefficients / σ²."""
        return np.linalg.inv(self.parts.cross[:-1, :-1])

    @cached_property
    def coefficients(self):
        """β, shape (p,)."""
        return np.linalg.solve(self.parts.cross[:-1, :-1], self.parts.cross[:-1, -1])

    @cached_property
    def direction(self):
        """(−β, 1): what turns sums of [X y] into sums of residuals."""
        return np.append(-self.coefficients, 1.0)

    @cached_property
    def squares(self):
        """(y − Xβ)ᵀV⁻¹(y − Xβ)."""
        return float(self.direction @ self.parts.cross @ self.direction)

    @property
    def log_variance(self):
        """log σ² that makes the likelihood largest at this Ψ."""
        return float(np.log(self.squares / self.of.free))

    def deviance(self, log_variance=None):
        """−2 log likelihood; at the best σ² where none is given."""
        s = self.log_variance if log_variance is None else log_variance
        extra = np.linalg.slogdet(self.parts.cross[:-1, :-1])[1] if self.of.reml else 0.0
        return self.parts.logdet + extra + self.of.free * (np.log(2 * np.pi) + s) + self.squares * np.exp(-s)

    def gradient(self, log_variance=None):
        """Derivatives by the free entries of Ψ (k,) and, last, by log σ²."""
        s = self.log_variance if log_variance is None else log_variance
        first = self.parts.slope_logdet + np.exp(-s) * self._squares_slope
        if self.of.reml:
            first = first + np.einsum("ab,kba->k", self.unscaled, self.parts.slope_cross[:, :-1, :-1])
        return np.append(first, self.of.free - self.squares * np.exp(-s))

    def hessian(self, log_variance=None):
        """Second derivatives (k + 1, k + 1) by Ψ and log σ²."""
        s = self.log_variance if log_variance is None else log_variance
        first, second, v = self.parts.slope_cross, self.parts.bend_cross, self.direction
        moved = first[:, :-1, :] @ v
        bend = np.einsum("a,klab,b->kl", v, second, v) - 2 * moved @ self.unscaled @ moved.T
        within = self.parts.bend_logdet + np.exp(-s) * bend
        if self.of.reml:
            turned = self.unscaled @ first[:, :-1, :-1]
            within = within + np.einsum("ab,klba->kl", self.unscaled, second[:, :, :-1, :-1])
            within = within - np.einsum("kab,lba->kl", turned, turned)
        side = -np.exp(-s) * self._squares_slope[:, None]
        return np.block([[within, side], [side.T, np.array([[self.squares * np.exp(-s)]])]])

    @cached_property
    def _squares_slope(self):
        return np.einsum("a,kab,b->k", self.direction, self.parts.slope_cross, self.direction)


def _inverse(matrices):
    """Inverses (q, q, g) and determinants (g,) of g matrices of one or two rows."""
    if len(matrices) == 1:
        return 1 / matrices, matrices[0, 0]
    (a, b), (c, d) = matrices
    determinant = a * d - b * c
    return np.array([[d, -b], [-c, a]]) / determinant, determinant


def as_groups(moments):
    """Cross-products (g, m, m) of [1, columns…] of a `stats.moments.Moments`, in its columns less its centre."""
    return np.concatenate(
        [
            np.concatenate([moments.w[:, None], moments.total], axis=1)[:, None, :],
            np.concatenate([moments.total[:, :, None], moments.cross], axis=2),
        ],
        axis=1,
    )


def apart(cross, columns):
    """Each of ``columns`` (positions ≥ 1) split in two: less its group's mean, and that mean, put in after it.

    ``cross`` (g, m, m) of [1, …] becomes (g, m + len(columns), …); sums of products are all it takes.

    >>> apart(np.array([[[2.0, 4], [4, 10]]]), [1])[0].tolist()
    [[2.0, 0.0, 4.0], [0.0, 2.0, 0.0], [4.0, 0.0, 8.0]]
    """
    columns, m = list(columns), cross.shape[1]
    mean = cross[:, 0, :] / cross[:, 0, 0][:, None]
    turn = np.zeros((len(cross), m, m + len(columns)))
    at = 0
    for j in range(m):
        turn[:, j, at] = 1
        at += 1
        if j in columns:
            turn[:, 0, at - 1] = -mean[:, j]
            turn[:, 0, at] = mean[:, j]
            at += 1
    return turn.transpose(0, 2, 1) @ cross @ turn
