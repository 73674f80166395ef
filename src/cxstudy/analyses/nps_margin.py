"""Do companies with more promoters earn more? Tiers, slope, correlation, and what could be wrong with them."""

import math

from cxstudy.faults import NotTestable
from cxstudy.findings import Answer, Finding, Reading, Result
from cxstudy.language import say, text
from cxstudy.measures.link import PER, Link
from cxstudy.measures.link_reading import common_values, headline, notes, other_notes
from cxstudy.measures.pairing import MARGIN, lacking, lag_of, questions, usual_pairs
from cxstudy.schema import TABLES
from cxstudy.stats.intervals import check_confidence
from cxstudy.stats.robustness import smallest_slope, unit_means
from cxstudy.stats.specification import LEAST_IN_TIER

NAME = "nps_margin"
STRONG = math.sqrt(0.10)
FEWEST_UNITS = 4
TAIL = {"promoter_share": "", "nps": "_nps"}
OTHER_OUTCOMES = ("core_margin", "return_on_capital", "organic_growth", "market_share")
REASONS = ("no-variation", "one-unit-decides", "too-few")


def nps_margin(
    study, *, tiers=4, confidence=0.95, outcome=MARGIN, minimum_answers=None, seed=1, replicates=2000
) -> Result:
    """Operating margin by tier of loyalty, and points of margin for +10 NPS, between the units of a study.

    ``tiers``: number of equal-size tiers, 2 … number of rows; ties stay together; with fewer than 8
    units in a tier there are no tiers, only the line. ``outcome``: operating_margin (in %) or another
    numeric column of financials. ``minimum_answers`` and what is paired with what: `measures.pairing.paired`.
    ``replicates`` resamples from ``seed`` make the bootstrap intervals.

    Findings (ids ``nps_margin.…``; with another outcome ``nps_margin.<outcome>.…``): top_tier, bottom_tier,
    top_minus_bottom by promoter share, the same with ``_nps``; slope (per +10 NPS), slope_promoter_share (per +10
    percentage points), correlation_nps, correlation_promoter_share. t, Welch, HC3 and Fisher intervals with one row a
    unit; clustered by unit when the study pairs by year.

    Tables: tiers, units, left_out, line, lowess, slopes, within, influence, specification_curve, response_bias,
    other_outcomes (each with findings of its own when the outcome is the margin), and where they can be made trend, games_howell, missing_units, who_leads; see `measures.link.Link`.
    All describe association between units, not effect.

    Raises NotTestable when the study cannot answer, ValueError for a setting that makes no sense.
    """
    check_confidence(confidence)
    if isinstance(replicates, bool) or not isinstance(replicates, int) or replicates < 100:
        raise ValueError(f"replicates must be a whole number of at least 100; got {replicates!r}. 2000 is usual.")
    link = Link(
        study, outcome, minimum_answers=minimum_answers, tiers=tiers, confidence=confidence, seed=seed,
        replicates=replicates,
    )  # fmt: skip
    why = _unfit(link.units, study.unit)
    if why:
        raise NotTestable(say(why, study.language), ("customers", "financials"))
    tables = {"tiers": link.tiers()} | link.trends() | {"units": link.units, "left_out": link.left_out}
    tables |= link.lines() | link.doubts()
    tables = {k: t.assign(confidence=confidence) if "ci_low" in t else t for k, t in tables.items()}
    found = headline_findings(link, tables["tiers"])
    others = _other_outcomes(link)
    tables["other_outcomes"] = _outcomes_table(others)
    settings = {
        "tiers": tiers, "confidence": confidence, "outcome": outcome, "minimum_answers": minimum_answers, "seed": seed,
        "replicates": replicates, "unit": study.unit, "pairing": _pairing(link), "n_unit": link.kind,
        "n_missing": link.n_missing,
        "stands_for": {role: study.customers.stands_for.get(q, "") for role, q in questions(study).items()},
    }  # fmt: skip
    common = common_values(link)
    said = [*notes(found, tables, common, link), *other_notes(others)]
    findings = (*found.values(), *(f for _, more in others for f in more.values()))
    return Result(
        NAME, findings, tables, headline(found, common), settings, notes=tuple(said), synthetic=study.synthetic, language=study.language,
    )  # fmt: skip


def answerable(study) -> Answer:
    """Whether the study can answer: yes when a correlation of .316 (R² .10, half the published share) would be found.

    The smallest effect is in points of margin per +10 NPS, at 80 % power, two-sided 5 %, from the number
    of units and the standard deviations of margin and NPS. It pairs, and fits nothing.
    """
    missing = lacking(study)
    if missing:
        return Answer(NAME, "no", missing[0])
    units = usual_pairs(study).units
    why = _unfit(units, study.unit)
    if why:
        return Answer(NAME, "no", why)
    flat = unit_means(units, "unit", ["outcome", "nps"])
    r, smallest = smallest_slope(len(flat), flat["outcome"].std(), flat["nps"].std(), per=PER)
    status = "yes" if r <= STRONG else "strong-only"
    values = {"n": len(flat), "units": f"@nps_margin.units.{study.unit}", "r": r}
    return Answer(NAME, status, Reading("nps_margin.enough", values), smallest, "points of margin per +10 NPS")


def _unfit(units, unit):
    n = units["unit"].nunique()
    values = {"n": n, "units": f"@nps_margin.units.{unit}"}
    if n < FEWEST_UNITS:
        return Reading("nps_margin.few_units", values | {"least": FEWEST_UNITS})
    for column in ("nps", "outcome"):
        if units[column].nunique() < 2 or units.groupby("unit")[column].mean().nunique() < 2:
            return Reading(f"nps_margin.{column}_equal", values)
    return None


def _other_outcomes(link):
    """[(Link, findings by last word)] of the other outcomes in financials that can be paired with loyalty."""
    study, linked = link.study, []
    names = OTHER_OUTCOMES if link.outcome == MARGIN else ()
    for name in (n for n in names if study.has("financials", n)):
        other = Link(study, name, minimum_answers=link.minimum, tiers=link.count, **link.options)
        if _unfit(other.units, study.unit) is None:
            linked.append((other, headline_findings(other, other.tiers())))
    return linked


def _outcomes_table(others):
    """One row an outcome and finding: top and bottom tier by promoter share, and the slope."""
    import pandas as pd

    shown = ("top_tier", "bottom_tier", "slope")
    kept = ["estimate", "ci_low", "ci_high", "p_value", "unit", "n", "n_unit", "n_missing", "method", "reason"]
    rows = [
        {"outcome": link.outcome, "finding": part} | {k: getattr(found[part], k) for k in kept}
        for link, found in others
        for part in shown
    ]
    return pd.DataFrame(rows, columns=["outcome", "finding", *kept])


def _pairing(link):
    lag = lag_of(link.study)
    return {None: "pooled", 0: "same_year"}.get(lag, f"lag {lag}")


def headline_findings(link, tiers):
    """Findings by their last word, in the order of the docstring of `nps_margin`."""
    found = {}
    for name, tail in TAIL.items():
        if link.tiered(name):
            rows = tiers[tiers["loyalty"] == name].set_index("tier")
            ends = {"top_tier": rows.loc[link.count], "bottom_tier": rows.loc[1]}
            ends = {part: {"method": "mean, t"} | row.to_dict() for part, row in ends.items()}
            # the claim about the least liked is a sign, so their mean is tested against 0
            ends["bottom_tier"]["p_value"] = _two_sided(ends["bottom_tier"])
            ends["top_minus_bottom"] = link.gap(name)
        else:
            why = text("nps_margin.few_per_tier", link.study.language, least=LEAST_IN_TIER, tiers=link.count)
            ends = dict.fromkeys(("top_tier", "bottom_tier", "top_minus_bottom"), {"reason": why, "n": len(link.units)})
        found |= {part + tail: _finding(link, part + tail, row) for part, row in ends.items()}
    for part, name in {"slope": "nps", "slope_promoter_share": "promoter_share"}.items():
        found[part] = _finding(link, part, link.slope(name))
    for name in ("nps", "promoter_share"):
        found[f"correlation_{name}"] = _finding(link, f"correlation_{name}", link.correlation(name))
    return found


def _two_sided(row):
    from scipy.stats import t

    return 2 * t.sf(abs(row["estimate"]) / row["std_error"], row["df"]) if row["std_error"] > 0 else math.nan


def _finding(link, part, row):
    values = {k: float(row.get(k, math.nan)) for k in ("estimate", "std_error", "ci_low", "ci_high", "p_value")}
    why = row.get("reason")
    if why in REASONS:
        why = text(f"nps_margin.reason.{why}", link.study.language)
    prefix = NAME if link.outcome == MARGIN else f"{NAME}.{link.outcome}"
    return Finding(
        f"{prefix}.{part}", **values, confidence=link.confidence,
        unit=_unit(link.outcome, part), n=int(row.get("n", 0)), n_unit=link.kind, n_missing=link.n_missing,
        method=row.get("method") or "", reason=why,
    )  # fmt: skip


def _unit(outcome, part):
    if part.startswith("correlation"):
        return "correlation"
    column = {c.name: c for c in TABLES["financials"].columns}.get(outcome)
    unit = column.unit if column else ""
    if part.startswith("slope"):
        per = "+10 NPS" if part == "slope" else "+10 percentage points"
        return f"{'points' if unit == '%' else unit or outcome} per {per}"
    return "points" if unit == "%" and part.startswith("top_minus") else unit
