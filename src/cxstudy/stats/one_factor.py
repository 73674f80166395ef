"""One factor behind several items, for a whole stack of correlation matrices at once."""

import numpy as np

from cxstudy.stats.reliability import HEYWOOD

STEPS, SETTLED, LONGEST = 100, 1e-9, 0.7


def one_factor(correlations):
    """Standardised loadings (…, k) of one factor by maximum likelihood, and whether the solution is proper (…,).

    ``correlations`` (…, k, k), k ≥ 3. The factor's sign makes the loadings' sum positive. Improper: an item without
    error variance (a Heywood case), or no convergence in 100 steps.

    With γ, ω the eigenvalues and vectors of Ψ^−½ R Ψ^−½, the likelihood as a function of log Ψ alone has the slope
    Σ (1 − γ) ω² and about the curvature (Σ ω ω')², sums without the first; λ follows from the first (Jöreskog 1967,
    Psychometrika 32). Newton's steps; R: ``factanal(factors = 1)``.

    >>> loading, proper = one_factor([[1, 0.72, 0.63], [0.72, 1, 0.56], [0.63, 0.56, 1]])
    >>> loading.round(6).tolist(), proper.item()
    ([0.9, 0.8, 0.7], True)
    """
    given = np.asarray(correlations, float)
    k = given.shape[-1]
    usable = np.isfinite(given).all(axis=(-1, -2)).reshape(-1)
    matrix = np.where(usable[:, None, None], given.reshape(-1, k, k), np.eye(k))
    lowest = np.log(HEYWOOD)
    inverse = np.linalg.inv(matrix + 1e-6 * np.eye(k))
    error = np.clip(np.log((1 - 0.5 / k) / np.einsum("bii->bi", inverse)), lowest, 0)
    moving = np.arange(len(matrix))
    for _ in range(STEPS):
        roots, vectors = _scaled(matrix[moving], error[moving])
        rest = vectors[..., :-1]
        slope = np.einsum("bm,bim->bi", 1 - roots[:, :-1], rest**2)
        curvature = np.square(rest @ np.swapaxes(rest, 1, 2)) + 1e-9 * np.eye(k)
        step = np.clip(np.linalg.solve(curvature, -slope[..., None])[..., 0], -LONGEST, LONGEST)
        moved = np.clip(error[moving] + step, lowest, 0)
        change = np.abs(moved - error[moving]).max(axis=1)
        error[moving] = moved
        moving = moving[change > SETTLED]
        if not len(moving):
            break
    roots, vectors = _scaled(matrix, error)
    loading = np.exp(error / 2) * vectors[..., -1] * np.sqrt(np.maximum(roots[:, -1:] - 1, 0))
    loading = loading * np.where(loading.sum(axis=1, keepdims=True) < 0, -1, 1)
    proper = usable & (error > lowest + 1e-6).all(axis=1)
    proper[moving] = False
    return loading.reshape(given.shape[:-1]), proper.reshape(given.shape[:-2])


def _scaled(matrix, error):
    root = np.exp(-error / 2)
    return np.linalg.eigh(matrix * root[:, :, None] * root[:, None, :])
