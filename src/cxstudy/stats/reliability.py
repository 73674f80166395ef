"""How reliably several questions measure one thing: Cronbach's alpha and McDonald's omega, from a covariance matrix.

Alpha is the reliability of the sum only where all questions measure the thing equally strongly; omega lets each have
its own loading on one factor. Neither shows that there is one factor.
"""

import warnings
from dataclasses import dataclass

import numpy as np
import scipy

from cxstudy.faults import NotTestable
from cxstudy.stats.intervals import check_confidence, critical

HEYWOOD = 1e-3
STEEP = 1e-4


@dataclass(frozen=True)
class Reliability:
    """``estimate`` with ``std_error`` (nan where the interval has none), ``ci_low``, ``ci_high``, ``method``."""

    estimate: float
    std_error: float
    ci_low: float
    ci_high: float
    method: str


def cronbach(covariance, n, *, confidence=0.95, names=None):
    """Cronbach's alpha k / (k − 1) (1 − trace / sum of the covariance matrix) of k items and ``n`` persons.

    Interval by Feldt (1965, Psychometrika 30): (1 − α) F quantiles with n − 1 and (n − 1)(k − 1) degrees of freedom. R:
    ``psych::alpha``, ``psych::alpha.ci``. Negative where items run against each other, and left so.
    ``names`` of the items are for messages.
    NotTestable where fewer than two items or persons are there, or an item does not vary.

    >>> found = cronbach(np.array([[2.0, 1.0], [1.0, 2.0]]), 100)
    >>> round(found.estimate, 4), round(found.ci_low, 4), round(found.ci_high, 4)
    (0.6667, 0.5046, 0.7757)
    """
    covariance, confidence = _checked(covariance, n, 2, names), check_confidence(confidence)
    k = len(covariance)
    estimate = k / (k - 1) * (1 - np.trace(covariance) / covariance.sum())
    df = n - 1, (n - 1) * (k - 1)
    low, high = (1 - (1 - estimate) * scipy.stats.f.ppf((1 + side * confidence) / 2, *df) for side in (1, -1))
    return Reliability(float(estimate), np.nan, float(low), float(high), "Feldt")


def standardised(covariance):
    """Alpha of the correlation matrix, for items on scales of different widths.

    >>> round(standardised(np.array([[4.0, 1.0], [1.0, 1.0]])), 4)
    0.6667
    """
    correlation = _correlation(np.asarray(covariance, float))
    k = len(correlation)
    return float(k / (k - 1) * (1 - k / correlation.sum()))


def item_rest(covariance):
    """Correlation of each item with the sum of the others, shape (k,); below 0 an item is probably turned round.

    >>> item_rest(np.array([[2.0, 1.0], [1.0, 2.0]])).round(2).tolist()
    [0.5, 0.5]
    """
    covariance = np.asarray(covariance, float)
    own, rows = np.diag(covariance), covariance.sum(axis=1)
    rest = covariance.sum() - 2 * rows + own
    with np.errstate(divide="ignore", invalid="ignore"):
        return (rows - own) / np.sqrt(own * rest)


def mcdonald(covariance, n, *, confidence=0.95, names=None):
    """McDonald's omega (Σλ)² / ((Σλ)² + Σθ) of one factor, loadings λ and error variances θ by maximum likelihood.

    The factor is fitted by statsmodels; the standard error is the delta method's with the expected information, the
    interval normal and cut at 1, as R lavaan gives for ``omega := …``. ``covariance`` of k ≥ 3 items, ``n`` persons.

    NotTestable where the fit did not converge, two starts disagree, an error variance is zero (a Heywood case: one item
    would be without any error), or the loadings differ in sign (an item is turned round).

    >>> loading = np.array([1.0, 0.8, 0.6, 0.9])
    >>> covariance = np.outer(loading, loading) + np.diag([0.5, 0.7, 0.6, 0.4])
    >>> round(mcdonald(covariance, 200).estimate, 4), round(3.3**2 / (3.3**2 + 2.2), 4)
    (0.8319, 0.8319)
    """
    covariance, confidence = _checked(covariance, n, 3, names), check_confidence(confidence)
    sd = np.sqrt(np.diag(covariance))
    loading, uniqueness = _one_factor(_correlation(covariance), n, _names(names, len(sd)))
    loading, error = loading * sd, uniqueness * sd**2
    total = loading.sum()
    estimate = total**2 / (total**2 + error.sum())
    gradient = np.concatenate([
        np.full(len(sd), 2 * total * error.sum()), np.full(len(sd), -(total**2))
    ]) / (total**2 + error.sum()) ** 2  # fmt: skip
    std_error = np.sqrt(gradient @ np.linalg.solve(_information(loading, error, n), gradient))
    half = critical(confidence) * std_error
    return Reliability(float(estimate), float(std_error), float(estimate - half), float(min(estimate + half, 1)), "ML")


def _one_factor(correlation, n, names):
    """Loadings and error variances of the standardised items; NotTestable where no proper solution is found."""
    from statsmodels.multivariate.factor import Factor

    fits = []
    for seed in (1, 2):
        with warnings.catch_warnings():
            # what these say is checked below, on the numbers
            warnings.simplefilter("ignore")
            fit = Factor(corr=correlation, n_factor=1, method="ml", nobs=int(n))
            fit.fit(em_iter=20, rng=seed, opt={"gtol": 1e-10})
        loading, uniqueness = fit.loadings[:, 0], np.asarray(fit.uniqueness, float)
        fits.append((loading * (1 if loading.sum() >= 0 else -1), uniqueness))
    (loading, uniqueness), other = fits[0], fits[1][0]
    lowest = int(uniqueness.argmin())
    if uniqueness[lowest] < HEYWOOD:
        raise NotTestable(
            f"the one-factor model leaves {names[lowest]} without any error variance (a Heywood "
            "case), so its omega is no estimate. Report alpha, ask more persons, or leave this item out.",
            ["a proper solution"],
        )
    implied = np.outer(loading, loading) + np.diag(uniqueness)
    if not np.isfinite(implied).all() or _steepness(correlation, implied, loading) > STEEP:
        raise NotTestable("the one-factor model did not converge. Report alpha instead.", ["a fit that converges"])
    if np.abs(loading - other).max() > 1e-3:
        raise NotTestable("the one-factor model has no single best solution. Report alpha.", ["one best solution"])
    if (loading < 0).any():
        turned = ", ".join(names[i] for i in np.flatnonzero(loading < 0))
        raise NotTestable(
            f"items must run the same way; {turned} runs against the others. Turn it round (better: low).",
            ["items that run the same way"],
        )
    return loading, uniqueness


def _steepness(correlation, implied, loading):
    """Largest slope of the likelihood per person, zero at its maximum."""
    inverse = np.linalg.inv(implied)
    slope = inverse @ (correlation - implied) @ inverse
    return max(np.abs(slope @ loading).max(), np.abs(np.diag(slope)).max())


def _information(loading, error, n):
    """Expected information of (λ, θ): n / 2 tr(Σ⁻¹ ∂Σ Σ⁻¹ ∂Σ)."""
    k = len(loading)
    inverse = np.linalg.inv(np.outer(loading, loading) + np.diag(error))
    changes = np.zeros((2 * k, k, k))
    for i in range(k):
        changes[i, i, :] += loading
        changes[i, :, i] += loading
        changes[k + i, i, i] = 1
    turned = inverse @ changes
    return n / 2 * np.einsum("aij,bji->ab", turned, turned)


def _correlation(covariance):
    sd = np.sqrt(np.diag(covariance))
    return covariance / np.outer(sd, sd)


def _checked(covariance, n, least, names):
    covariance = np.asarray(covariance, float)
    k = len(covariance)
    if k < least:
        raise NotTestable(f"this needs at least {least} items; got {k}. Name more.", [f"{least} items"])
    if n < 3:
        raise NotTestable(f"this needs at least 3 persons with all items answered; got {n:g}.", ["3 persons"])
    still = [_names(names, k)[i] for i in np.flatnonzero(~(np.diag(covariance) > 0))]
    if still:
        raise NotTestable(f"each item must vary; {', '.join(still)} does not. Leave it out.", ["variation"])
    return covariance


def _names(names, k):
    return list(names) if names is not None else [f"item {i + 1}" for i in range(k)]
