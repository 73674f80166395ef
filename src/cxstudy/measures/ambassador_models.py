"""Mixed models of work groups: answers in groups, groups in companies, and slopes that differ between companies."""

from functools import partial

import numpy as np
import pandas as pd

from cxstudy.faults import NotTestable
from cxstudy.measures.ambassadors import PER
from cxstudy.stats.mixed import fit, log_likelihood
from cxstudy.stats.mixed_intervals import variance_intervals, variance_tests
from cxstudy.stats.mixed_moments import apart
from cxstudy.stats.regression import slope, t_row
from cxstudy.stats.robustness import scaled

KINDS = ("answers", "companies", "slopes")
WAY = "restricted likelihood"
MODELS = [
    "model", "term", "n", "n_groups", "estimate", "std_error", "ci_low", "ci_high", "statistic", "df", "p_value",
    "confidence", "method", "singular", "reason",
]  # fmt: skip
FITS = ["model", "optimiser", "scaling", "converged", "log_likelihood", "agrees", "accepted", "reason"]
SPLIT = {"within": (0, 1, 0), "between": (0, 0, 1), "difference": (0, -1, 1)}


def models(parts, wanted=KINDS, *, spreads=True):
    """(models, fits): the customers' index on the employees', for +10, by three mixed models (REML).

    ``parts`` is a `measures.ambassadors.Ambassadors`; ``wanted`` the models to fit, all three; without
    ``spreads`` only their slopes. ``model``, with its ``term``:

    - ``answers``: single answers, random intercept of the work group, from each group's n, mean and sum of squares.
      ``index``: groups of many answers count more. Interval clustered by company where there are ten, as companies are
      not in this model; its own (Satterthwaite's t) where there are fewer.
    - ``companies``: means of work groups, all counting alike, random intercept of the company. ``within`` (groups of
      one company), ``between`` (companies' means) and ``difference`` (between − within).
    - ``slopes``: the same with a random slope of ``within``; ``sd_slopes`` is how far companies' slopes differ.

    Each also ``sd_groups`` or ``sd_companies`` (random intercept) and ``sd_rest``: standard deviations in points, the
    first of a model with its profile interval; the statistic of a random term is its likelihood-ratio test.
    ``n`` answers or work groups, ``n_groups`` work groups or companies. ``singular``: the boundary the estimate lies
    on, a code of `stats.mixed`. ``reason`` where no fit was accepted (not-accepted: and why) or none is possible.
    ``fits``: every attempt of an optimiser.
    """
    make = {"answers": _answers, "companies": _companies, "slopes": partial(_companies, slopes=True)}
    tried = {name: make[name](parts, spreads) for name in wanted}
    rows = [row for made, _ in tried.values() for row in made]
    fits = [row for name, (_, fitted) in tried.items() if fitted is not None for row in attempts(fitted, name)]
    return pd.DataFrame(rows).reindex(columns=MODELS), pd.DataFrame(fits).reindex(columns=FITS)


def crossed(values, codes):
    """Products (g, m + 1, m + 1) of [1, columns of ``values`` (n, m)] summed by ``codes`` 0 … g − 1."""
    whole = np.column_stack([np.ones(len(values)), values])
    out = np.zeros((codes.max() + 1, whole.shape[1], whole.shape[1]))
    np.add.at(out, codes, whole[:, :, None] * whole[:, None, :])
    return out


def attempts(fitted, model):
    """The optimisers' attempts as rows of the table ``fits``; ``accepted`` whether the model was."""
    of = fitted.solved.of
    return [
        {
            "model": model, "optimiser": a.optimiser, "scaling": a.scaling, "converged": a.converged,
            "log_likelihood": log_likelihood(a.deviance, of, fitted.scale), "agrees": not a.reason,
            "accepted": fitted.accepted, "reason": a.reason,
        }
        for a in fitted.attempts
    ]  # fmt: skip


def contrast_rows(fitted, base, contrasts, confidence):
    """Rows of ``contrasts`` (term → weights of the coefficients), t with Satterthwaite's degrees of freedom."""
    for term, weights in contrasts.items():
        between = not fitted.varying[np.flatnonzero(weights)].all()
        estimate, error, df = fitted.contrast(weights, groups_only=between)
        row = t_row(base["n"], estimate, error, df, confidence, f"{WAY}, Satterthwaite t")
        yield base | {"term": term} | row


def spread_rows(fitted, base, spreads, confidence):
    """Rows of the standard deviations ``spreads`` (term → intercept, slope or residual).

    The first has its profile interval and test; of the others, whose intervals nobody reads, the estimate.
    """
    if not spreads:
        return
    first = next(iter(spreads.values()))
    limits, tests = variance_intervals(fitted, confidence, only=(first,)), variance_tests(fitted)
    square = {"intercept": fitted.random[0, 0], "slope": fitted.random[-1, -1], "residual": fitted.residual}
    for term, key in spreads.items():
        (low, high), (statistic, df, p) = limits.get(key, (np.nan,) * 2), tests.get(key, (np.nan,) * 3)
        row = {"estimate": float(np.sqrt(square[key])), "std_error": np.nan, "statistic": statistic, "df": df}
        row |= {"ci_low": low, "ci_high": high, "p_value": p, "method": f"{WAY}, profile" if key == first else WAY}
        yield base | {"term": term} | row | {"reason": None}


def _answers(parts, spreads):
    """Rows and fit of the answers in work groups."""
    frame = parts.found.moments.get(("customers", "index"))
    base = {"model": "answers", "n": 0, "n_groups": len(parts.groups), "confidence": parts.confidence}
    if not parts.asked.feelings:
        return _none(base, "index", "no-feelings"), None
    if frame is None or frame["ss"].isna().any():
        return _none(base, "index", "means-only"), None
    n, mean, x = (np.asarray(v, float) for v in (frame["n"], frame["mean"], parts.groups["employee_index"]))
    ss, base["n"] = frame["ss"].to_numpy(float), int(n.sum())
    if ss.sum() <= 1e-12 * (n * (mean - np.average(mean, weights=n)) ** 2).sum():
        return _none(base, "index", "no-within-variance"), None
    centre = np.array([x.mean(), np.average(mean, weights=n)])
    values = np.column_stack([x, mean]) - centre
    cross = crossed(values, np.arange(len(x))) * n[:, None, None]
    cross[:, 2, 2] += ss
    fitted, why = _fit(cross, centre, None)
    if why:
        return _none(base, "index", why), fitted
    base["singular"] = fitted.singular
    (row,) = contrast_rows(fitted, base, {"index": np.array([0.0, 1.0])}, parts.confidence)
    if parts.clustered:
        # of a column that is constant within groups the mixed model's estimate is this weighted line of group means
        weight = 1 / (fitted.random[0, 0] + fitted.residual / n)
        robust = slope(mean, x, weights=weight, cluster=parts.cluster, confidence=parts.confidence)
        row |= {k: robust[k] for k in ("std_error", "ci_low", "ci_high", "statistic", "df", "p_value")}
        row["method"] = f"{WAY}, clustered by company"
    wanted = {"sd_groups": "intercept", "sd_rest": "residual"} if spreads else {}
    return [scaled(row, PER), *spread_rows(fitted, base, wanted, parts.confidence)], fitted


def _companies(parts, spreads, slopes=False):
    """Rows and fit of the work groups in companies."""
    groups, terms = parts.groups, dict(SPLIT)
    base = {"model": "slopes" if slopes else "companies", "n": len(groups), "n_groups": parts.companies}
    base["confidence"] = parts.confidence
    terms |= {"sd_slopes": None} if slopes else {}
    codes = pd.factorize(groups["company"])[0]
    why = None if parts.asked.feelings else "no-feelings"
    why = why or ("one-company" if parts.companies < 2 else None)
    why = why or ("one-group-a-company" if codes.max() + 1 == len(codes) else None)
    if why:
        return _none(base, terms, why), None
    values = groups[["employee_index", "cx_index"]].to_numpy(float)
    centre = values.mean(axis=0)
    cross = apart(crossed(values - centre, codes), [1])
    inner = cross[:, 3, 3] - cross[:, 0, 3] ** 2 / cross[:, 0, 0]
    if cross[:, 1, 1].sum() <= 1e-10 * cross[:, 2, 2].sum() or inner.sum() <= 1e-10 * cross[:, 3, 3].sum():
        return _none(base, terms, "no-variation"), None
    fitted, why = _fit(cross, np.array([0.0, *centre]), 1 if slopes else None)
    if why:
        return _none(base, terms, why), fitted
    base["singular"] = fitted.singular
    weights = {term: np.array(weight, float) for term, weight in SPLIT.items()}
    rows = [scaled(row, PER) for row in contrast_rows(fitted, base, weights, parts.confidence)]
    wanted = ({"sd_slopes": "slope"} if slopes else {}) | {"sd_companies": "intercept", "sd_rest": "residual"}
    spread = list(spread_rows(fitted, base, wanted if spreads else {}, parts.confidence))
    if slopes and spread:
        spread[0] |= {k: PER * spread[0][k] for k in ("estimate", "ci_low", "ci_high")}
    return rows + spread, fitted


def _fit(cross, centre, at):
    """(fit or None, why there are no numbers: a code or None)."""
    try:
        fitted = fit(cross, ["employee_index"] * (cross.shape[1] - 2) + ["cx_index"], centre=centre, slope=at)
    except NotTestable:
        return None, "no-model"
    return fitted, None if fitted.accepted else f"not-accepted:{fitted.reason}"


def _none(base, terms, reason):
    terms = [terms] if isinstance(terms, str) else terms
    return [base | {"term": term, "reason": reason} for term in terms]
