"""Importance of predictors that needs no subsets: Johnson's relative weights, R² alone, semi-partial R², beta.

Each takes a stack of correlation matrices (…, p + 1, p + 1), the outcome last, and gives an array (…, p). A matrix of
predictors that determine one another is inverted on what remains (Moore–Penrose), except by `beta`, which then is not
unique and nan.
"""

import numpy as np

from cxstudy.stats.all_subsets import COLLINEAR


def johnson(correlations):
    """Relative weights, which sum to R² (Johnson 2000, Multivariate Behavioral Research 35).

    The p predictors are replaced by the closest uncorrelated variables z; weight = Σ_k λ²_jk β²_k with λ the
    correlations of predictors with z and β those of the outcome with z. λ is the square root of the predictors' matrix.

    >>> johnson([[1, 0.0, 0.6], [0.0, 1, 0.3], [0.6, 0.3, 1]]).round(4).tolist()
    [0.36, 0.09]
    """
    among, outcome = _parts(correlations)
    roots, vectors = np.linalg.eigh(among)
    kept = np.where(roots > COLLINEAR, roots, 0)
    turned = np.swapaxes(vectors, -1, -2)
    scale = np.sqrt(kept)[..., None]
    half = vectors @ (scale * turned)
    beta = vectors @ (_inverse(scale) * (turned @ outcome[..., None]))
    return (half**2 @ beta**2)[..., 0]


def first(correlations):
    """R² of each predictor alone: the squared correlation with the outcome. Does not sum to R².

    >>> first([[1, 0.5, 0.6], [0.5, 1, 0.3], [0.6, 0.3, 1]]).round(4).tolist()
    [0.36, 0.09]
    """
    return _parts(correlations)[1] ** 2


def last(correlations):
    """What each predictor adds to all others (squared semi-partial correlation). Does not sum to R².

    β_j² / (R⁻¹)_jj; 0 for a predictor that the others determine.

    >>> last([[1, 0.5, 0.6], [0.5, 1, 0.3], [0.6, 0.3, 1]]).round(4).tolist()
    [0.27, 0.0]
    """
    among, outcome = _parts(correlations)
    roots, vectors = np.linalg.eigh(among)
    flat = roots <= COLLINEAR
    inverse = (vectors * _inverse(np.where(flat, 0, roots))[..., None, :]) @ np.swapaxes(vectors, -1, -2)
    coefficient = (inverse @ outcome[..., None])[..., 0]
    determined = ((vectors**2 * flat[..., None, :]).sum(axis=-1)) > COLLINEAR
    return np.where(determined, 0, coefficient**2 / np.einsum("...ii->...i", inverse))


def beta(correlations):
    """Standardised regression coefficients, with their sign; nan where predictors determine one another.

    >>> beta([[1, 0.5, 0.6], [0.5, 1, 0.2], [0.6, 0.2, 1]]).round(4).tolist()
    [0.6667, -0.1333]
    """
    among, outcome = _parts(correlations)
    unique = np.linalg.eigvalsh(among)[..., 0] > COLLINEAR
    safe = np.where(unique[..., None, None], among, np.eye(among.shape[-1]))
    return np.where(unique[..., None], np.linalg.solve(safe, outcome[..., None])[..., 0], np.nan)


def full_r2(correlations):
    """R² of all predictors together: array (…).

    >>> full_r2([[1, 0.0, 0.6], [0.0, 1, 0.3], [0.6, 0.3, 1]]).round(4).item()
    0.45
    """
    among, outcome = _parts(correlations)
    roots, vectors = np.linalg.eigh(among)
    turned = (np.swapaxes(vectors, -1, -2) @ outcome[..., None])[..., 0]
    return (_inverse(np.where(roots > COLLINEAR, roots, 0)) * turned**2).sum(axis=-1)


def determined(correlations):
    """Which predictors the others determine, of one matrix: boolean array (p,).

    >>> determined([[1, 1.0, 0.0, 0.6], [1, 1, 0, 0.6], [0, 0, 1, 0.2], [0.6, 0.6, 0.2, 1]]).tolist()
    [True, True, False]
    """
    roots, vectors = np.linalg.eigh(_parts(correlations)[0])
    return np.abs(vectors[:, roots <= COLLINEAR]).max(axis=1, initial=0) > 1e-6


def _parts(correlations):
    matrix = np.asarray(correlations, float)
    return matrix[..., :-1, :-1], matrix[..., :-1, -1]


def _inverse(x):
    return np.where(x > 0, 1 / np.where(x > 0, x, 1), 0)
