"""What sampling error in a unit's score does to R², and what can be done about it.

A company's score from few answers is the true score plus noise. The noise is unrelated to the
outcome, so the observed R² falls short of the true one by the factor *reliability*: the share of
the observed scores' variance that is true (Spearman 1904, Am. J. Psychology 15). This is dilution, not a fault.
"""

import numpy as np
import pandas as pd

from cxstudy.faults import NotTestable
from cxstudy.stats.arguments import check_count

EXTRA_ERROR = (0.0, 0.5, 1.0, 1.5, 2.0)


def expected_r2(true_r2, between_variance, sampling_variances):
    """The R² that scores with sampling error show with very many units, when the true scores' R² is ``true_r2``.

    true_r2 in [0, 1]; between_variance > 0, the variance of the true scores; sampling_variances: squared standard
    errors, one per unit (array). As a float: true_r2 · between/(between + mean sampling variance).

    With a variance of 0.7 per answer (scores −1, 0, 1) and 30 answers a company:

    >>> round(expected_r2(0.20, between_variance=0.0495, sampling_variances=[0.7 / 30]), 3)
    0.136
    """
    if not 0 <= true_r2 <= 1:
        raise ValueError(f"true_r2 must lie between 0 and 1; got {true_r2!r}. Write 0.2 for 20 %.")
    if not (np.isfinite(between_variance) and between_variance > 0):
        raise ValueError(f"between_variance must be above 0; got {between_variance!r}. Give the true scores' variance.")
    noise = _finite("sampling_variances", sampling_variances)
    if (noise < 0).any():
        raise ValueError(f"sampling_variances must be at least 0; found {noise.min():g}. Give squared standard errors.")
    return float(true_r2 * between_variance / (between_variance + noise.mean()))


def reliability(scores, std_errors):
    """Share of the scores' variance that isn't sampling error: (var(scores) − mean(se²))/var(scores), in (0, 1].

    ``scores`` and ``std_errors``: arrays of one length ≥ 3, one value per unit, in the same unit.
    NotTestable when the sampling error accounts for all the variance: nothing is then left to correct with.

    >>> reliability([0.0, 2.0, 4.0], [1.0, 1.0, 1.0])
    0.75
    """
    scores, std_errors = _scores(scores, std_errors)
    observed, noise = scores.var(ddof=1), (std_errors**2).mean()
    if not observed > noise:
        raise NotTestable(
            f"the scores' variance between units ({observed:.4g}) doesn't exceed their sampling variance "
            f"({noise:.4g}), so R² can't be corrected for it. Collect more answers per unit.",
            needs=["more answers per unit"],
        )
    return float((observed - noise) / observed)


def correct_r2(r2, reliability):
    """R² between true scores: R²/reliability, at most 1.

    ``r2``: one value or several in [0, 1] (estimate and limits); ``reliability`` in (0, 1]. Returns a DataFrame,
    one row a value: uncorrected, reliability, estimate, capped (True where the quotient passed 1), unit. Limits
    corrected so take the reliability as known; to carry its uncertainty, correct each bootstrap replicate by its own.

    >>> correct_r2([0.136, 0.9], 0.68).round(3)[["estimate", "capped"]].values.tolist()
    [[0.2, False], [1.0, True]]
    """
    values = _finite("r2", r2)
    if ((values < 0) | (values > 1)).any():
        raise ValueError(f"r2 must lie between 0 and 1; found {values.min():g}…{values.max():g}. Write 0.2 for 20 %.")
    if not 0 < reliability <= 1:
        raise ValueError(f"reliability must lie above 0 and at most at 1; got {reliability!r}. See reliability().")
    quotient = values / reliability
    return pd.DataFrame(
        dict(
            uncorrected=values, reliability=float(reliability), estimate=np.minimum(quotient, 1),
            capped=quotient > 1, unit="share",
        )
    )


def simex(scores, std_errors, outcome, rng, *, replicates=200, extra_error=EXTRA_ERROR):
    """R² and slope with more and more error added to the scores, extrapolated to none: a sensitivity, not an estimate.

    Parameters
    ----------
    scores, std_errors, outcome : arrays of one length ≥ 4
        One value per unit; the standard error in the unit of the score.
    rng : numpy.random.Generator
    replicates : int ≥ 1
        Simulated data sets per amount of extra error.
    extra_error : increasing numbers from 0, at least 3
        Error variance added, as a multiple of each unit's own.

    Returns
    -------
    DataFrame, one row an amount: extra_error, r2, slope (outcome per unit of score), mc_error (Monte Carlo standard
    error of r2), capped, method. The last row, extra_error −1, is the extrapolation; its r2 is kept within
    [0, 1] and ``capped`` says so.

    Notes
    -----
    Cook & Stefanski (1994, JASA 89), quadratic extrapolation, which takes out only part of the dilution where
    reliability is low (below about 0.7). Use :func:`correct_r2` for the estimate.

    >>> x = np.array([1.0, 2, 3, 4, 6]); curve = simex(x, np.zeros(5), 2 * x, np.random.default_rng(1), replicates=2)
    >>> curve.r2.round(6).tolist()[-1], curve.slope.round(6).tolist()[-1]
    (1.0, 2.0)
    """
    scores, std_errors = _scores(scores, std_errors)
    outcome, amounts = _finite("outcome", outcome), _finite("extra_error", extra_error)
    if len(outcome) != len(scores) or len(scores) < 4:
        raise ValueError(f"scores and outcome must be of one length ≥ 4; got {len(scores)} and {len(outcome)}.")
    if len(amounts) < 3 or amounts[0] != 0 or (np.diff(amounts) <= 0).any():
        raise ValueError(f"extra_error must rise from 0 in at least 3 steps; got {amounts.tolist()}.")
    for name, values in (("scores", scores), ("outcome", outcome)):
        if np.ptp(values) == 0:
            raise NotTestable(f"all {name} are equal, so there is no R².", needs=[f"{name} that differ"])
    noise = rng.standard_normal((check_count("replicates", replicates, 1), len(scores))) * std_errors
    rows = []
    for amount in amounts:
        r2, slope = _fits(scores + np.sqrt(amount) * noise, outcome)
        spread = r2.std(ddof=1) / np.sqrt(len(r2)) if len(r2) > 1 else np.nan
        rows.append((amount, r2.mean(), slope.mean(), spread))
    table = pd.DataFrame(rows, columns=["extra_error", "r2", "slope", "mc_error"])
    r2, slope = (float(np.polyval(np.polyfit(amounts, table[name], 2), -1)) for name in ("r2", "slope"))
    table.loc[len(table)] = [-1.0, min(max(r2, 0.0), 1.0), slope, np.nan]
    table["capped"] = [False] * len(amounts) + [not 0 <= r2 <= 1 + 1e-9]
    table["method"] = "SIMEX, quadratic"
    return table


def _fits(scores, outcome):
    scores = scores - scores.mean(axis=1, keepdims=True)
    outcome = outcome - outcome.mean()
    cross, square = scores @ outcome, (scores**2).sum(axis=1)
    return cross**2 / (square * (outcome @ outcome)), cross / square


def _scores(scores, std_errors):
    scores, std_errors = _finite("scores", scores), _finite("std_errors", std_errors)
    if len(scores) != len(std_errors) or len(scores) < 3:
        raise ValueError(f"scores and std_errors must be of one length ≥ 3; got {len(scores)} and {len(std_errors)}.")
    if (std_errors < 0).any():
        raise ValueError(f"std_errors must be at least 0; found {std_errors.min():g}. Give standard errors.")
    return scores, std_errors


def _finite(name, values):
    values = np.atleast_1d(np.asarray(values, dtype=float))
    if values.ndim != 1 or len(values) == 0 or not np.isfinite(values).all():
        raise ValueError(f"{name} must be finite numbers, at least one; got {values.tolist()}. Leave those units out.")
    return values
