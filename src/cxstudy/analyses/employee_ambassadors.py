"""Do work groups of proud employees have happier customers? Ratio, points, mixed models, contact, profit."""

import math
from numbers import Real

import numpy as np
import pandas as pd

from cxstudy.faults import NotTestable
from cxstudy.findings import Answer, Reading, Result
from cxstudy.language import say
from cxstudy.measures import ambassador_findings as findings
from cxstudy.measures.ambassador_choices import sensitivity
from cxstudy.measures.ambassador_models import MODELS, models
from cxstudy.measures.ambassadors import PER, Ambassadors
from cxstudy.measures.ambassadors_reading import common_values, headline, notes
from cxstudy.measures.asked import asked
from cxstudy.measures.contact import contact, contact_moments, nothing_known
from cxstudy.measures.disengaged import disengaged, disengaged_shares
from cxstudy.measures.staff_profit import profit_by_enps, profit_units
from cxstudy.stats.intervals import check_confidence
from cxstudy.stats.regression import slope
from cxstudy.stats.robustness import smallest_slope

NAME = "employee_ambassadors"
FEWEST_GROUPS = 4
PUBLISHED_RATIO = 1.25
STRONG = math.sqrt(0.10)
POWER = 1.959964 + 0.841621
DISENGAGED_BELOW = 50.0


def employee_ambassadors(
    study, *, cut=4.0, tiers=4, confidence=0.95, minimum_customers=None, minimum_employees=None, seed=1,
    replicates=2000, disengaged_below=DISENGAGED_BELOW,
) -> Result:  # fmt: skip
    """Customers' experience and NPS of the work groups high on all three feelings, against the rest.

    The feelings are good_company, trust and thriving: a group is high on one when its employees' mean is at least
    ``cut``, given on 1–5 (above 1, at most 5); on another declared scale the same share of the range. Groups count
    alike, whatever their size. ``tiers`` of the ambassador index serve the dose–response. ``minimum_customers``,
    ``minimum_employees``: at least the study's thresholds (None). ``replicates`` ≥ 100 resamples from ``seed``: of
    companies where there are 10 or more, else of work groups. ``disengaged_below``: an employee is disengaged whose
    mean of the three feelings lies under it, on 0–100 (50: the middle of the scale, on 1–5 a mean under 3).

    Findings (``employee_ambassadors.…``): ratio_raw (mean CX on the items' own scale, high / rest), ratio_100 (the same
    on 0–100), points (difference on 0–100), points_sd (in SDs between groups, Cohen's d), nps_difference; nps_slope,
    nps_slope_within (companies' means taken out) and cx_slope for +10 on the ambassador index of 0–100; dose_trend
    (points per feeling that is high, 0–3); icc1_…, icc2_… of cx_index, ambassador_index and each question; rwg_… of
    each, rwg_feelings (rwg(j)). With fewer than 8 groups on a side there are slopes only. A study that asks none of the
    feelings but the same questions on both sides gives correlation_<question> instead, and every other finding says why
    it has no number.

    Tables: work_groups, left_out, agreement, comparison, dose, tiers, trend, zeros, sensitivity, both_sides; see
    `measures.ambassadors.Ambassadors`. All describe association between groups, not effect.

    Raises NotTestable when the study cannot answer, ValueError for a setting that makes no sense.
    """
    check_confidence(confidence)
    _check(cut, tiers, replicates, disengaged_below)
    parts = Ambassadors(
        study, cut=cut, tiers=tiers, confidence=confidence, minimum_customers=minimum_customers,
        minimum_employees=minimum_employees, seed=seed, replicates=replicates,
    )  # fmt: skip
    why = _unfit(parts)
    if why:
        raise NotTestable(say(why, study.language), ("customers", "employees"))
    tables = {
        "comparison": parts.comparison(),
        "work_groups": parts.groups,
        "left_out": parts.left_out,
        "agreement": parts.agreement(),
    }
    tables |= {"dose": parts.dose(), "tiers": parts.tiers(), "trend": parts.trends(), "zeros": parts.zeros()}
    tables |= {"sensitivity": sensitivity(parts), "both_sides": parts.both_sides()}
    met = _further(parts, tables, float(disengaged_below))
    tables = {k: t.assign(confidence=confidence) if "ci_low" in t else t for k, t in tables.items()}
    found = _findings(parts, tables, met, float(disengaged_below))
    common = common_values(parts)
    settings = _settings(parts) | {
        "tiers": tiers, "confidence": confidence, "seed": seed, "replicates": replicates,
        "disengaged_below": float(disengaged_below),
    }  # fmt: skip
    return Result(
        NAME, tuple(found.values()), tables, headline(found, parts, common, tables["both_sides"]), settings,
        notes=tuple(notes(found, tables, parts, common, settings)), synthetic=study.synthetic, language=study.language,
    )  # fmt: skip


def answerable(study) -> Answer:
    """Whether the study can answer: yes when half the published +25 % would be found (80 % power, two-sided 5 %).

    The smallest effect is in points of the CX index between groups high on all feelings and the rest; with fewer than 8
    on a side, in points for +10 on the ambassador index; without the feelings, a correlation of the two sides.
    """
    missing = asked(study)[1]
    if missing:
        return Answer(NAME, "no", missing[0])
    try:
        parts = Ambassadors(
            study,
            cut=4.0,
            tiers=4,
            confidence=0.95,
            minimum_customers=None,
            minimum_employees=None,
            seed=1,
            replicates=100,
        )
    except NotTestable as error:
        return Answer(NAME, "no", Reading(f"{NAME}.said", {"text": error.reason}))
    why = _unfit(parts)
    if why:
        return Answer(NAME, "no", why)
    groups, common = parts.groups, common_values(parts)
    if parts.compared:
        smallest = POWER * slope(groups["cx_index"], parts.high.astype(float), cluster=parts.cluster)["std_error"]
        zero = parts.raw_zero or 0
        wanted = (PUBLISHED_RATIO - 1) / 2 * (groups.loc[~parts.high, "cx_index"].mean() - zero)
        return Answer(
            NAME,
            "yes" if smallest <= wanted else "strong-only",
            Reading(f"{NAME}.enough", common),
            smallest,
            "points of the CX index",
        )
    r, effect = smallest_slope(len(groups), groups["cx_index"].std(), groups["employee_index"].std(), per=PER)
    status = "yes" if r <= STRONG else "strong-only"
    if not parts.asked.feelings:
        return Answer(NAME, status, Reading(f"{NAME}.enough_both_sides", common), r, "correlation")
    return Answer(NAME, status, Reading(f"{NAME}.enough_line", common), effect, "points of the CX index per +10")


def _settings(parts):
    """What the result was made with, as far as the study decides it."""
    raw, questions = parts.asked.raw, parts.asked
    return {
        "cut": parts.cut, "cuts": parts.cuts(), "minimum_customers": parts.fewest[0],
        "minimum_employees": parts.fewest[1], "companies": parts.companies, "clustered": parts.clustered,
        "cx_items": list(questions.customers), "employee_items": list(questions.employees), "feelings": list(questions.feelings),
        "raw_scale": [raw.low, raw.high] if raw else None, "raw_zero": parts.raw_zero, "n_missing": parts.n_missing,
        "contact_levels": list(parts.study.config.levels.get("customer_contact", ())),
        "published_percent": 100 * (PUBLISHED_RATIO - 1),
    }  # fmt: skip


def _further(parts, tables, below):
    """Puts the tables of the mixed models, contact, disengaged and profit beside the others; the `Contact`."""
    made, fits = models(parts)
    sums, why = contact_moments(parts.study)
    met = nothing_known(why) if why else contact(sums, parts.fewest[1], parts.confidence)
    both = [frame.dropna(axis=1, how="all") for frame in (made, met.models)]
    tables["models"] = pd.concat(both, ignore_index=True).reindex(columns=MODELS)
    tables["fits"] = pd.concat([f for f in (fits, met.fits) if len(f)] or [fits], ignore_index=True)
    tables["contact"] = met.companies.assign(name=met.companies["company"].replace(_names(parts.study)))
    tables["disengaged"] = disengaged(parts, disengaged_shares(parts, below), below)
    tables["profit"] = profit_by_enps(*profit_units(parts.study, parts.fewest[1]), parts.confidence)
    return met


def _findings(parts, tables, met, below):
    """Findings by their last word, in the order of the docstring of `employee_ambassadors`."""
    return (
        findings.headline_findings(parts, tables["comparison"])
        | findings.table_findings(parts, tables)
        | findings.model_findings(parts, tables["models"])
        | findings.contact_findings(parts, met)
        | findings.disengaged_findings(parts, tables["disengaged"], below)
        | findings.profit_findings(parts, tables["profit"])
    )


def _names(study):
    """Company → its name, where the companies table has names."""
    if not study.has("companies", "name"):
        return {}
    frame = study.companies.frame()[["company", "name"]].dropna()
    return dict(zip(frame["company"], frame["name"], strict=True))


def _check(cut, tiers, replicates, below):
    if isinstance(cut, bool) or not isinstance(cut, Real) or not 1 < cut <= 5:
        raise ValueError(
            f"cut is a mean on 1–5, above 1 and at most 5; got {cut!r}. 4.0 is usual; other scales are converted."
        )
    if isinstance(tiers, bool) or not isinstance(tiers, int | np.integer) or tiers < 2:
        raise ValueError(f"tiers must be a whole number of at least 2; got {tiers!r}. Write tiers=4 for quarters.")
    if isinstance(replicates, bool) or not isinstance(replicates, int | np.integer) or replicates < 100:
        raise ValueError(f"replicates must be a whole number of at least 100; got {replicates!r}. 2000 is usual.")
    if isinstance(below, bool) or not isinstance(below, Real) or not 0 < below < 100:
        raise ValueError(
            f"disengaged_below must lie between 0 and 100, the ends of the index; got {below!r}. 50 is the middle."
        )


def _unfit(parts):
    n = len(parts.groups)
    gone = ", ".join(f"{row.reason} {row.n:,} ({row.n_unit})" for row in parts.left_out.itertuples()) or "–"
    values = {"n": n, "least": FEWEST_GROUPS, "list": gone}
    if n < FEWEST_GROUPS:
        return Reading(f"{NAME}.few_groups", values)
    for column in ("cx_index", "employee_index"):
        if parts.groups[column].nunique() < 2:
            return Reading(f"{NAME}.{column}_equal", values)
    return None
