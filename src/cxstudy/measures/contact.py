"""Do those with most customer contact recommend their employer least? eNPS on contact, company by company."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from cxstudy.counted import is_counted
from cxstudy.faults import NotTestable
from cxstudy.measures.ambassador_models import FITS, MODELS, SPLIT, attempts, contrast_rows, spread_rows
from cxstudy.measures.ambassadors import FEWEST_COMPANIES
from cxstudy.measures.index import Scale, holds, scale_of
from cxstudy.stats.intervals import share_interval
from cxstudy.stats.mixed import fit
from cxstudy.stats.mixed_intervals import variance_intervals
from cxstudy.stats.mixed_moments import apart, as_groups
from cxstudy.stats.regression import nothing, t_row
from cxstudy.tally import moments

LEAST_COMPANIES = 8
COLUMN, QUESTION = "customer_contact", "recommend_employer"
NPS_SCALE = Scale(0, 10)
COMPANIES = ["company", "n", "n_missing", "estimate", "std_error", "ci_low", "ci_high", "df", "predicted", "reason"]


@dataclass(frozen=True)
class Contact:
    """What `contact` found.

    ``companies``: company, n employees, n_missing, estimate (eNPS points for one step more of contact), std_error,
    ci_low, ci_high, df, predicted (drawn towards the common slope μ of the mixed model, the more the less is known:
    μ + τ²/(τ² + std_error²) (estimate − μ), τ the SD of the slopes), reason.
    ``rows``: finding → row of the vocabulary, for slope, share_negative, share_negative_corrected. ``models`` and
    ``fits``: tables as of `measures.ambassador_models.models`, model ``contact``. ``left_out``: companies without a slope.
    ``reason``: why there is nothing, a code, else None.
    """

    companies: pd.DataFrame
    rows: dict
    models: pd.DataFrame
    fits: pd.DataFrame
    left_out: int = 0
    reason: str | None = None


def contact_moments(study):
    """(`Moments` by company of contact in steps 0, 1, … and of −100, 0, +100 for eNPS; None), or (None, code).

    The order of the levels is that of ``levels: customer_contact`` in study.yaml, and is never guessed: no-contact
    (column or question is not there), no-contact-levels (the order is not declared), contact-counted (a counted table
    holds no answers), no-enps (recommend_employer is not on 0–10). Mean score of a group of employees is its eNPS.
    """
    table = study.employees
    if is_counted(table):
        return None, "contact-counted"
    if not holds(table, COLUMN) or not holds(table, QUESTION):
        return None, "no-contact"
    levels = study.config.levels.get(COLUMN)
    if not levels or len(levels) < 2:
        return None, "no-contact-levels"
    scale = scale_of(study, "employees", QUESTION)
    if scale is None or (scale.low, scale.high, scale.better) != (0, 10, "high"):
        return None, "no-enps"
    import ibis

    said, answer, null = table.expr[COLUMN], table.expr[QUESTION], ibis.null("float64")
    step = ibis.cases(*((said == str(level), float(i)) for i, level in enumerate(levels)), else_=null)
    score = ibis.cases((answer.isnull(), null), (answer >= 9, 100.0), (answer <= 6, -100.0), else_=0.0)
    ready = table.expr.select("company", step=step, score=score)
    return moments(ready, ["step", "score"], by="company", centre=[(len(levels) - 1) / 2, 0.0]), None


def contact(found, least, confidence, *, corrected=True):
    """Slopes by company from ``found`` (`contact_moments`), of companies with at least ``least`` employees.

    - Each company's slope has the residual variance that all companies share (pooled within), Student's t.
    - ``slope``: the common slope within companies; clustered by company (CR1, t with companies − 1 degrees of freedom)
      where there are ten, else employees are taken as independent within companies, and ``method`` says so.
    - ``share_negative``: % of the companies whose slope is below 0, one of exactly 0 counting as half, Wilson interval:
      without any link it is 50. Sampling error draws it towards 50.
    - ``share_negative_corrected``: % of the companies whose *true* slope is below 0, 100 Φ(−μ/τ), from the mean μ and
      the SD τ of the slopes in a mixed model (random intercept and slope of the company, REML; contact less the
      company's mean). Its interval holds every value that μ and τ in their intervals of confidence (1 + c) / 2 give:
      conservative, and from 0 to 100 where nothing is known. τ = 0: all companies have the sign of μ. Not computed,
      with the mixed model, when ``corrected`` is False.
    """
    there = found.keys["company"].notna().to_numpy() & (found.n >= least)
    n, total, cross = found.n[there], found.total[there], found.cross[there]
    inner = cross - total[:, :, None] * total[:, None, :] / n[:, None, None]
    sxx, sxy, syy = inner[:, 0, 0], inner[:, 0, 1], inner[:, 1, 1]
    sloped = sxx > 1e-9 * np.maximum(cross[:, 0, 0], 1)
    table = found.keys[there].assign(n=n.astype(int), n_missing=found.n_missing[there].astype(int))
    with np.errstate(divide="ignore", invalid="ignore"):
        table["estimate"] = np.where(sloped, sxy / np.where(sloped, sxx, 1), np.nan)
    table["reason"] = np.where(sloped, None, "contact-alike")
    companies, free = int(sloped.sum()), float((n[sloped] - 2).sum())
    left = int((found.keys["company"].notna() & (found.n > 0)).sum()) - companies
    if not companies or free <= 0:
        return nothing_known("contact-too-few", left)
    rest = syy[sloped] - sxy[sloped] ** 2 / sxx[sloped]
    spread = np.sqrt(np.maximum(rest, 0).sum() / free)
    error = np.where(sloped & (spread > 0), spread / np.sqrt(np.where(sloped, sxx, 1)), np.nan)
    half = scipy.stats.t.ppf((1 + confidence) / 2, free) * error
    table = table.assign(std_error=error, ci_low=table["estimate"] - half, ci_high=table["estimate"] + half, df=free)
    fitted, why, models = None, "no-model", nothing_known("no-model").models
    if corrected:
        fitted, why, models = _model(as_groups(found)[there], found.centre, companies, confidence)
    table["predicted"] = np.nan if why else _drawn(table["estimate"], error, fitted)
    rows = {
        "slope": _common(n[sloped], sxx[sloped], sxy[sloped], syy[sloped], confidence),
        "share_negative": _share(table.loc[sloped, "estimate"].to_numpy(), confidence),
        "share_negative_corrected": _corrected(fitted, why, companies, confidence),
    }
    fits = pd.DataFrame(attempts(fitted, "contact") if fitted else []).reindex(columns=FITS)
    return Contact(table.reindex(columns=COMPANIES).reset_index(drop=True), rows, models, fits, left)


def nothing_known(reason, left=0):
    """A `Contact` without numbers, for ``reason``."""
    rows = dict.fromkeys(("slope", "share_negative", "share_negative_corrected"), {"reason": reason})
    models = pd.DataFrame([{"model": "contact", "term": "within", "reason": reason}]).reindex(columns=MODELS)
    return Contact(pd.DataFrame(columns=COMPANIES), rows, models, pd.DataFrame(columns=FITS), left, reason)


def _common(n, sxx, sxy, syy, confidence):
    """The slope within companies, all companies having one."""
    estimate, companies, employees = sxy.sum() / sxx.sum(), len(n), int(n.sum())
    if companies >= FEWEST_COMPANIES:
        square = np.square(sxy - estimate * sxx).sum() * companies / (companies - 1)
        df, method = companies - 1, "OLS within companies, clustered"
    else:
        df, method = employees - companies - 1, "OLS within companies, employees independent"
        square = max(syy.sum() - estimate * sxy.sum(), 0.0) / df * sxx.sum()
    if square <= 0:
        return nothing(employees, "no-within-variance", float(estimate))
    return t_row(employees, float(estimate), float(np.sqrt(square) / sxx.sum()), df, confidence, method)


def _share(slopes, confidence):
    row, n = {"n": len(slopes), "method": "Wilson, companies"}, len(slopes)
    if n < LEAST_COMPANIES:
        return row | {"reason": "few-companies"}
    share = ((slopes < 0).sum() + (slopes == 0).sum() / 2) / n
    low, high = share_interval(share, n, confidence=confidence)
    error = np.sqrt(share * (1 - share) / n)
    return row | {k: 100 * float(v) for k, v in _numbers(share, error, low, high).items()} | {"reason": None}


def _corrected(fitted, why, companies, confidence):
    row = {"n": companies, "method": "random slopes, limits of mean and SD together"}
    if companies < LEAST_COMPANIES or why:
        return row | {"reason": "few-companies" if companies < LEAST_COMPANIES else why}
    wide = (1 + confidence) / 2
    mean, error, df = fitted.contrast(np.array([0.0, 1.0, 0.0]))
    reach = scipy.stats.t.ppf((1 + wide) / 2, df) * error
    low, high = variance_intervals(fitted, wide, only=("slope",))["slope"]
    corners = [_negative(m, sd) for m in (mean - reach, mean + reach) for sd in (low, high)]
    share = _negative(mean, np.sqrt(fitted.random[1, 1]))
    return row | _numbers(share, np.nan, min(corners), max(corners)) | {"reason": None}


def _drawn(slopes, error, fitted):
    common, variance = fitted.coefficients[1], fitted.random[1, 1]
    return common + variance / (variance + error**2) * (slopes - common)


def _negative(mean, sd):
    """% of a normal distribution below 0; of one without spread all or none."""
    return 100 * float(scipy.stats.norm.cdf(-mean / sd)) if sd > 0 else 50.0 * (1 - float(np.sign(mean)))


def _numbers(estimate, error, low, high):
    return {"estimate": estimate, "std_error": error, "ci_low": low, "ci_high": high}


def _model(cross, centre, companies, confidence):
    """(fit, why there are no numbers, rows of the table ``models``) of the mixed model with a slope in each company."""
    base = {"model": "contact", "n": int(cross[:, 0, 0].sum()), "n_groups": len(cross), "confidence": confidence}
    fitted, why = None, "one-company" if len(cross) < 2 else None
    if not why:
        try:
            fitted = fit(apart(cross, [1]), ["within", "between", "score"], centre=np.array([0.0, *centre]), slope=1)
            why = None if fitted.accepted else f"not-accepted:{fitted.reason}"
        except NotTestable:
            why = "no-model"
    if why:
        return fitted, why, pd.DataFrame([base | {"term": "within", "reason": why}]).reindex(columns=MODELS)
    base["singular"] = fitted.singular
    weights = {term: np.array(weight, float) for term, weight in SPLIT.items()}
    rows = list(contrast_rows(fitted, base, weights, confidence))
    spreads = {"sd_slopes": "slope", "sd_companies": "intercept", "sd_rest": "residual"}
    return fitted, None, pd.DataFrame([*rows, *spread_rows(fitted, base, spreads, confidence)]).reindex(columns=MODELS)
