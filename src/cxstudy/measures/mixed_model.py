"""Mixed models of answers in groups: random intercept and random slope, within and between groups."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from cxstudy.counted import is_counted
from cxstudy.faults import NotTestable
from cxstudy.findings import Reading
from cxstudy.language import say
from cxstudy.measures.mixed_terms import group_terms, position, split
from cxstudy.stats.intervals import check_confidence, check_method
from cxstudy.stats.mixed import fit, log_likelihood
from cxstudy.stats.mixed_intervals import variance_intervals, variance_tests
from cxstudy.stats.mixed_rows import statsmodels_attempts

METHODS = ("reml", "ml")
FEW_GROUPS = 10
MOST_ROWS = 200_000
KEY = "mixed_model"


@dataclass(frozen=True)
class MixedModel:
    """A fitted mixed model; every table is a frame of its own, changing one changes nothing else.

    - ``fixed``: term, estimate, std_error, ci_low, ci_high, statistic (t), df, p_value, n, n_missing, n_groups,
      confidence, unit, method, reason. Terms as in ``fixed=`` after ``intercept``; of a split x: x_within, x_between
      and x_difference (between − within, what the group's mean adds to the row's own value: the contextual part).
    - ``variances``: term (intercept, the slope's, correlation, residual), estimate, std_dev (its root, nan for the
      correlation), ci_low, ci_high of the estimate, statistic, df, p_value (likelihood-ratio test of variance 0, of the
      intercept or, with a slope, of the slope), confidence, method, reason.
    - ``icc``: one row: estimate, ci_low, ci_high, confidence, unit, method, reason. With a slope the share
      between groups differs from value to value; it is that at the column's mean, without interval.
    - ``fits``: optimiser, scaling, converged, log_likelihood, agrees, reason.
    - ``groups``: the group's columns, n, n_missing, intercept_deviation, intercept_std_error; with a slope also
      slope_deviation, slope_std_error and slope (fixed + deviation): predictions shrunk towards the common value.
    - ``accepted``; ``reason``: "", or why no fit was accepted, and then every number is nan; ``singular``: "" or the
      boundary that the estimate lies on; ``log_likelihood``; ``notes``: what has to be said beside the numbers.
    """

    fixed: pd.DataFrame
    variances: pd.DataFrame
    icc: pd.DataFrame
    fits: pd.DataFrame
    groups: pd.DataFrame
    accepted: bool
    reason: str
    singular: str
    log_likelihood: float
    notes: tuple[Reading, ...]

    def sentences(self, language="en"):
        """The notes as sentences of ``language``: few groups, a variance of 0, no fit accepted."""
        return [say(note, language) for note in self.notes]


def mixed_model(
    data, outcome, *, group, fixed=(), slope=None, levels=None, within_between=False, method="reml", confidence=0.95,
    statsmodels=False,
):  # fmt: skip
    """A linear mixed model ``outcome ~ fixed + (1 | group)``, with ``slope`` ``+ (1 + slope | group)``.

    Parameters
    ----------
    data : frame, path, Ibis table or table of a study
        One row per answer. Of a counted table with means and standard deviations: the model without predictors.
    outcome : column of numbers
    group : column, or several that together name a group
        Groups are taken as independent, rows within a group as alike but for what the model holds.
    fixed : column, or list of columns and products (``"side:dimension"``)
        Numbers, or columns whose values are declared in ``levels``.
    slope : a term of ``fixed`` whose coefficient differs from group to group, or None
    levels : dict column → its values, the reference first
    within_between : True, or names of terms
        Splits these terms (True: every numeric column that differs within groups) into the value less its group's mean
        and that mean. Without the split a coefficient mixes what goes together within groups and between them.
    method : "reml" or "ml"
        Restricted likelihood, or full likelihood (to compare models with other fixed terms).
    confidence : float in (0, 1)
    statsmodels : bool
        Also have statsmodels' MixedLM fit the rows (at most 200,000), as witness.

    Returns
    -------
    MixedModel. Rows with a missing value or no group are left out and counted.

    Raises
    ------
    ValueError for names, levels, numbers that do not make sense; NotTestable for one group, groups of one row, an
    outcome that does not vary (or not within groups), predictors that determine one another or don't vary.

    Notes
    -----
    Everything is computed from each group's sums of products, so the cost after the tally is that of the groups,
    however many answers there are, and a table and its moments give the same numbers (`scipy.stats.mixed`, as R's lme4).
    Fixed terms: t with Satterthwaite's degrees of freedom, as R's lmerTest, at most those of the groups for what only
    compares groups when no variance is left between them. Variances: profile likelihood (`scipy.stats.mixed_intervals`).

    A fit is accepted when it converged, its log-likelihood is finite, the covariance matrix is positive definite or
    reported as singular, no other optimiser finds a larger likelihood, and a second one agrees (log-likelihood within
    .01, standardised estimates within 1e-3). Survey weights have no agreed place in this likelihood and are not taken.
    Coefficients describe association, not effect.

    >>> trust, cx = [1, 2, 3, 2, 3, 4, 3, 4, 6], [2, 3, 3, 4, 4, 5, 1, 2, 3]
    >>> answers = pd.DataFrame({"firm": list("aaabbbccc"), "trust": trust, "cx": cx})
    >>> found = mixed_model(answers, "cx", fixed="trust", group="firm")
    >>> found.fixed[["term", "estimate", "df"]].round(2).values.tolist()
    [['intercept', 1.24, 2.46], ['trust', 0.57, 5.12]]
    """
    confidence = check_confidence(confidence)
    check_method(method, METHODS)
    terms = split(group_terms(data, outcome, fixed, group, levels), within_between)
    at = None if slope is None else position(terms, slope, "slope") + 1
    witnesses = [_witness(terms, at, is_counted(data))] if statsmodels else []
    found = fit(
        terms.cross, terms.labels, centre=terms.centre, slope=at, reml=method == "reml", further=witnesses
    )
    label = "restricted likelihood" if method == "reml" else "likelihood"
    base = {"n": int(terms.n.sum()), "n_missing": terms.missing, "n_groups": len(terms.n), "confidence": confidence}
    variances, icc = _variances(found, terms, at, confidence, label)
    return MixedModel(
        _fixed(found, terms, base, label), variances, icc, _fits(found), _groups(found, terms, at), found.accepted,
        found.reason, found.singular, found.log_likelihood if found.accepted else np.nan, _notes(found, terms),
    )  # fmt: skip


def _witness(terms, at, counted):
    if counted:
        raise NotTestable("statsmodels=True fits rows; a counted table has none. Leave it out.", ["answers"])
    values, group = terms.frame(MOST_ROWS)
    return statsmodels_attempts(values[:, :-1], values[:, -1], group, at)


def _fixed(found, terms, base, label):
    labels, outcome = ["intercept", *terms.labels[:-1]], terms.labels[-1]
    rows = [(one, np.eye(len(labels))[i], not found.varying[i]) for i, one in enumerate(labels)]
    for at in reversed(terms.split):
        weights = np.zeros(len(labels))
        weights[at + 1], weights[at + 2] = -1, 1
        # after its two parts
        name = terms.labels[at].removesuffix("_within")
        rows.insert(at + 3, (f"{name}_difference", weights, True))
    table = []
    for term, weights, of_groups in rows:
        row = dict.fromkeys(("estimate", "std_error", "ci_low", "ci_high", "statistic", "df", "p_value"), np.nan)
        if found.accepted:
            estimate, error, df = found.contrast(weights, groups_only=of_groups)
            half = scipy.stats.t.ppf((1 + base["confidence"]) / 2, df) * error
            t = estimate / error
            row = {"estimate": estimate, "std_error": error, "ci_low": estimate - half, "ci_high": estimate + half}
            row |= {"statistic": t, "df": df, "p_value": 2 * scipy.stats.t.sf(abs(t), df)}
        unit = outcome if term == "intercept" else f"{outcome} per {term.removesuffix('_difference')}"
        table.append({"term": term} | row | base | {"unit": unit})
    return pd.DataFrame(table).assign(method=f"{label}, Satterthwaite t", reason=found.reason)


def _variances(found, terms, at, confidence, label):
    names = ["intercept", "residual"]
    values = [found.random[0, 0], found.residual]
    if at is not None:
        both = np.sqrt(found.random[0, 0] * found.random[1, 1])
        correlation = found.random[1, 0] / both if both > 0 else np.nan
        names = ["intercept", terms.labels[at - 1], "correlation", "residual"]
        values = [found.random[0, 0], found.random[1, 1], correlation, found.residual]
    limits = variance_intervals(found, confidence) if found.accepted else {}
    tests = variance_tests(found) if found.accepted else {}
    rows = []
    for name, value in zip(names, values, strict=True):
        key = "slope" if at is not None and name == terms.labels[at - 1] else name
        low, high = limits.get(key, (np.nan, np.nan))
        spread = np.nan if name == "correlation" else np.sqrt(value)
        low, high = (low, high) if name == "correlation" else (low**2, high**2)
        statistic, df, p = tests.get(key, (np.nan,) * 3)
        row = {"term": name, "estimate": value, "std_dev": spread, "ci_low": low, "ci_high": high}
        rows.append(row | {"statistic": statistic, "df": df, "p_value": p, "reason": _boundary(found, key)})
    how = f"profile of the {label}"
    table = pd.DataFrame(rows).assign(confidence=confidence, method=how)
    if not found.accepted:
        table[["estimate", "std_dev"]] = np.nan
        table["reason"] = found.reason
    return table, _icc(found, at, limits, confidence, how)


def _boundary(found, key):
    """Which variance lies on the boundary: the code in the row of that variance."""
    where = {"no_variance": ("intercept", "slope"), "no_slope_variance": ("slope",)}
    # none at the mean of the slope's column: at 0 level and slope go together completely
    where |= dict.fromkeys(("no_intercept_variance", "correlation_at_limit"), ("correlation",))
    return found.singular if key in where.get(found.singular, ()) else ""


def _icc(found, at, limits, confidence, how):
    between = found.solved.psi[0, 0]
    low, high = limits.get("icc", (np.nan, np.nan))
    row = {"estimate": between / (1 + between) if found.accepted else np.nan, "ci_low": low, "ci_high": high}
    reason = found.reason or (found.singular if at is None else "at_the_mean_of_the_slope")
    return pd.DataFrame([row | {"confidence": confidence, "unit": "share", "method": how, "reason": reason}])


def _fits(found):
    of = found.solved.of
    rows = [
        {
            "optimiser": a.optimiser,
            "scaling": a.scaling,
            "converged": a.converged,
            "log_likelihood": log_likelihood(a.deviance, of, found.scale),
            "agrees": not a.reason,
            "reason": a.reason,
        }
        for a in found.attempts
    ]
    return pd.DataFrame(rows)


def _groups(found, terms, at):
    deviation, error = found.deviations()
    if not found.accepted:
        deviation, error = np.full_like(deviation, np.nan), np.full_like(error, np.nan)
    table = terms.keys.assign(n=terms.n.astype(int), n_missing=terms.n_missing.astype(int))
    table = table.assign(intercept_deviation=deviation[:, 0], intercept_std_error=error[:, 0])
    if at is None:
        return table
    slope = found.coefficients[at] + deviation[:, 1]
    return table.assign(slope_deviation=deviation[:, 1], slope_std_error=error[:, 1], slope=slope)


def _notes(found, terms):
    notes = []
    if not found.accepted:
        notes.append(Reading(f"{KEY}.note.not_accepted", {"why": f"@{KEY}.reason.{found.reason}"}))
    elif found.singular:
        notes.append(Reading(f"{KEY}.note.{found.singular}", {}))
    if len(terms.n) < FEW_GROUPS:
        notes.append(Reading(f"{KEY}.note.few_groups", {"count": len(terms.n)}))
    return tuple(notes)
