"""How much of profitability goes together with loyalty? R² between units, its interval, and what it depends on."""

import math

import numpy as np

from cxstudy.faults import NotTestable
from cxstudy.findings import Answer, Finding, Reading, Result
from cxstudy.language import say, text
from cxstudy.measures.explained import FEWEST_UNITS, LOYALTY, Explained
from cxstudy.measures.explained_reading import common_values, headline, notes
from cxstudy.measures.indicators import next_year_panels
from cxstudy.measures.pairing import MARGIN, lacking, lag_of, questions, row_kind, usual_pairs
from cxstudy.stats.arguments import check_count
from cxstudy.stats.intervals import check_confidence
from cxstudy.stats.prediction import best_predictor
from cxstudy.stats.robustness import smallest_slope, unit_means

NAME = "loyalty_share"
LEAST_UNITS = 3
STRONG = 0.10
SHARES = {
    "r2_{}": "r2",
    "r2_{}_latent": "corrected",
    "adjusted_{}": "adjusted",
    "cross_validated_{}": "cross_validated",
}
MODEL = {"lmg_share": "lmg", "semi_partial": "semi_partial"}
TAIL = {"promoter_share": "", "nps": "_nps"}
METHODS = {
    "random": "R², exact interval for loyalty drawn with the outcome",
    "random / reliability": "R² and its exact interval, divided by the reliability of loyalty",
    "BCa": "R², bootstrap of whole units, BCa",
    "percentile": "R², bootstrap of whole units, percentile",
    "ezekiel": "R² less what chance adds (Ezekiel), interval of R²",
    "leave-one-out": "each unit predicted from the others; bootstrap of whole units",
    "bca": "subsets of predictors, bootstrap of whole units, BCa",
    "reliability": "R² divided by the reliability of loyalty",
}
EFFECT = "% of the differences (R²)"


def loyalty_share(study, *, confidence=0.95, outcome=MARGIN, minimum_answers=None, seed=1, replicates=2000) -> Result:
    """R² of the operating margin on the promoter share, and on NPS, between the units of a study.

    Parameters
    ----------
    study : Study
    confidence : float in (0, 1)
    outcome : operating_margin (in %) or another numeric column of financials.
    minimum_answers : fewest answers of a unit; None is the study's anonymity threshold. What is paired with what:
        `measures.pairing.paired`.
    seed, replicates : int
        Start and number (≥ 100) of the resamples.

    Returns
    -------
    Result. Findings ``loyalty_share.…`` (with another outcome ``loyalty_share.<outcome>.…``), shares between 0 and 1:
    r2_promoter_share (primary) and r2_nps, observed-score; …_latent, corrected for sampling error in the answers;
    adjusted_…, cross_validated_…; lmg_share and semi_partial beside industry, size, ownership and country (``_nps``: of
    NPS); slope_… per +10, which tests the sign; best_indicator_rank_<indicator> (its interval is the simultaneous rank
    set) and best_indicator_r2_<indicator>, the cross-validated R² for next year's margin and growth, averaged.

    Tables: shares (every method), slopes, units, left_out, line, larger_model, simex, dilution, and where there are two
    years in a row indicators and indicator_gaps. Fewer than 10 units: no share, each finding says why, and the scatter
    is left.

    Raises
    ------
    DataError for a margin written as a ratio; NotTestable when the study cannot answer; ValueError for a setting
    that makes no sense. All describe association between units, not effect.
    """
    check_confidence(confidence)
    check_count("replicates", replicates, 100)
    found = Explained(
        study, outcome, minimum_answers=minimum_answers, confidence=confidence, seed=seed, replicates=replicates
    )
    why = _unfit(found.units, study.unit)
    if why:
        raise NotTestable(say(why, study.language), ("customers", "financials"))
    shares = found.shares()
    tables = {
        "shares": shares,
        "slopes": found.slopes(),
        "units": found.units,
        "left_out": found.left_out,
        "line": found.line(),
        "larger_model": found.larger_model(),
        "simex": found.simex(),
        "dilution": found.dilution(shares),
    }
    best = next_year_panels(study, minimum_answers)
    tables |= _indicators(found, best)
    common = common_values(found)
    settings = _settings(found, minimum_answers)
    return Result(
        NAME, tuple(_findings(found, tables, best)), tables, headline(shares, tables["slopes"], common), settings,
        notes=tuple(notes(found, tables, common, best)), synthetic=study.synthetic, language=study.language,
    )  # fmt: skip


def answerable(study) -> Answer:
    """Whether the study can answer: yes when an R² of .10, half the published share, would be found.

    The smallest effect is the smallest R², in %, found with 80 % power at two-sided 5 %. Fewer than 10 units: only the
    scatter is shown.
    """
    missing = lacking(study)
    if missing:
        return Answer(NAME, "no", missing[0])
    units = usual_pairs(study).units
    why = _unfit(units, study.unit)
    if why:
        return Answer(NAME, "no", why)
    flat = unit_means(units, "unit", ["outcome", "nps"])
    r, _ = smallest_slope(len(flat), flat["outcome"].std(), flat["nps"].std())
    values = {"n": len(flat), "units": f"@nps_margin.units.{study.unit}", "share": 100 * r**2, "least": FEWEST_UNITS}
    if len(flat) < FEWEST_UNITS:
        return Answer(NAME, "strong-only", Reading("loyalty_share.few_units", values), 100 * r**2, EFFECT)
    status = "yes" if r**2 <= STRONG else "strong-only"
    return Answer(NAME, status, Reading("loyalty_share.enough", values), 100 * r**2, EFFECT)


def _unfit(units, unit):
    n = units["unit"].nunique()
    values = {"n": n, "units": f"@nps_margin.units.{unit}"}
    if n < LEAST_UNITS:
        return Reading("nps_margin.few_units", values | {"least": LEAST_UNITS})
    names = {"promoter_share": "loyalty_share", "nps": "nps_margin", "outcome": "nps_margin"}
    for column, key in ((c, f"{catalogue}.{c}_equal") for c, catalogue in names.items()):
        if units[column].nunique() < 2 or units.groupby("unit")[column].mean().nunique() < 2:
            return Reading(key, values)
    return None


def _settings(found, minimum_answers):
    study = found.study
    return {
        "confidence": found.confidence,
        "outcome": found.outcome,
        "minimum_answers": minimum_answers,
        "seed": found.seed,
        "replicates": found.replicates,
        "unit": study.unit,
        "pairing": {None: "pooled", 0: "same_year"}.get(lag_of(study), f"lag {lag_of(study)}"),
        "n_unit": found.kind,
        "n_missing": found.n_missing,
        "controls": found.controls,
        "stands_for": {role: study.customers.stands_for.get(q, "") for role, q in questions(study).items()},
    }


def _indicators(found, best):
    """Tables indicators and indicator_gaps, where next year's results can be predicted."""
    if best.lacking is not None:
        return {}
    options = {"confidence": found.confidence, "rng": found.rng(40), "replicates": found.replicates}
    ranks, gaps = best_predictor(list(best.panels.values()), best.indicators, **options)
    kind = {"n_unit": row_kind(found.study.unit, True), "n_missing": best.n_missing, "confidence": found.confidence}
    return {"indicators": ranks.assign(**kind), "indicator_gaps": gaps.assign(confidence=found.confidence)}


def _findings(found, tables, best):
    base = {"confidence": found.confidence, "n": found.n, "n_unit": found.kind, "n_missing": found.n_missing}
    shares, model = tables["shares"], tables["larger_model"]
    shares = shares[shares["primary"].astype(bool)]
    for pattern, share in SHARES.items():
        for name in LOYALTY:
            row = shares[(shares["loyalty"] == name) & (shares["share"] == share)]
            row = row.iloc[0].to_dict() if len(row) else {"reason": "loyalty_share.reason.few"}
            base_row = base | {"unit": "share", "estimand": "latent" if share == "corrected" else "observed-score"}
            yield _finding(found, pattern.format(name), row, base_row)
    for part, measure in MODEL.items():
        for name in LOYALTY:
            row = model[(model["loyalty"] == name) & (model["predictor"] == name) & (model["measure"] == measure)]
            row = row.iloc[0].to_dict() if len(row) else {"reason": found.model_reason}
            yield _finding(found, part + TAIL[name], row, base | {"unit": "share"})
    per = {"promoter_share": "+10 percentage points", "nps": "+10 NPS"}
    for row in tables["slopes"].to_dict("records"):
        unit = f"{'points' if found.outcome == MARGIN else found.outcome} per {per[row['loyalty']]}"
        known = {"no-variation", "one-unit-decides", "too-few"}
        reason = f"nps_margin.reason.{row['reason']}" if row["reason"] in known else None
        yield _finding(found, f"slope_{row['loyalty']}", row | {"reason": reason}, base | {"unit": unit})
    yield from _best_findings(found, tables, best)


def _best_findings(found, tables, best):
    study = found.study
    base = {"confidence": found.confidence, "n_unit": row_kind(study.unit, False), "n_missing": 0}
    rows = tables["indicators"].to_dict("records") if "indicators" in tables else []
    method = "each unit predicted from the others, mean R² of next year's outcomes; simultaneous rank set"
    for row in rows:
        name, here = row["predictor"], base | {"n": row["units"]}
        ranks = {"estimate": row["rank"], "ci_low": row["rank_low"], "ci_high": row["rank_high"], "method": method}
        yield _finding(found, f"best_indicator_rank_{name}", ranks, here | {"unit": "rank"}, outcome=False)
        row = row | {"method": METHODS["leave-one-out"]}
        yield _finding(found, f"best_indicator_r2_{name}", row, here | {"unit": "share"}, outcome=False)
    if "satisfaction" not in {row["predictor"] for row in rows}:
        why = best.lacking or Reading("loyalty_share.no_satisfaction")
        row = {"said": say(why, study.language)}
        yield _finding(found, "best_indicator_rank_satisfaction", row, base | {"n": 0, "unit": "rank"}, outcome=False)


def _finding(found, part, row, base, outcome=True):
    values = {k: float(row.get(k, math.nan)) for k in ("estimate", "std_error", "ci_low", "ci_high", "p_value")}
    why = row.get("reason")
    why = text(why, found.study.language, least=FEWEST_UNITS) if isinstance(why, str) else row.get("said")
    prefix = NAME if found.outcome == MARGIN or not outcome else f"{NAME}.{found.outcome}"
    method = row.get("method") or ""
    if np.isnan(values["estimate"]):
        values = dict.fromkeys(values, math.nan)
    return Finding(f"{prefix}.{part}", **values, **base, method=METHODS.get(method, method), reason=why)
