"""Do work groups of proud employees have happier customers? Ratio, points, NPS, dose–response, and the missing zero."""

import math
from numbers import Real

import numpy as np

from cxstudy.faults import NotTestable
from cxstudy.findings import Answer, Finding, Reading, Result
from cxstudy.language import say, text
from cxstudy.measures.ambassador_choices import sensitivity
from cxstudy.measures.ambassadors import PER, Ambassadors
from cxstudy.measures.ambassadors_reading import common_values, headline, notes
from cxstudy.measures.asked import asked
from cxstudy.measures.group_agreement import UNIT
from cxstudy.stats.intervals import check_confidence
from cxstudy.stats.regression import slope
from cxstudy.stats.robustness import smallest_slope

NAME = "employee_ambassadors"
FEWEST_GROUPS = 4
PUBLISHED_RATIO = 1.25
STRONG = math.sqrt(0.10)
POWER = 1.959964 + 0.841621
OF_INDEX = {"customers": "cx_index", "employees": "ambassador_index"}


def employee_ambassadors(
    study, *, cut=4.0, tiers=4, confidence=0.95, minimum_customers=None, minimum_employees=None, seed=1, replicates=2000
) -> Result:
    """Customers' experience and NPS of the work groups high on all three feelings, against the rest.

    The feelings are good_company, trust and thriving: a group is high on one when its employees' mean is at least
    ``cut``, given on 1–5 (above 1, at most 5); on another declared scale the same share of the range. Groups count
    alike, whatever their size. ``tiers`` of the ambassador index serve the dose–response. ``minimum_customers``,
    ``minimum_employees``: at least the study's thresholds (None). ``replicates`` ≥ 100 resamples from ``seed``: of
    companies where there are 10 or more, else of work groups.

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
    _check(cut, tiers, replicates)
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
    tables = {k: t.assign(confidence=confidence) if "ci_low" in t else t for k, t in tables.items()}
    found = _findings(parts, tables)
    common = common_values(parts)
    raw = parts.asked.raw
    settings = {
        "cut": cut, "cuts": parts.cuts(), "tiers": tiers, "confidence": confidence,
        "minimum_customers": parts.fewest[0],
        "minimum_employees": parts.fewest[1], "seed": seed, "replicates": replicates, "companies": parts.companies,
        "clustered": parts.clustered, "cx_items": list(parts.asked.customers),
        "employee_items": list(parts.asked.employees), "feelings": list(parts.asked.feelings),
        "raw_scale": [raw.low, raw.high] if raw else None, "raw_zero": parts.raw_zero,
        "n_missing": parts.n_missing, "published_percent": 100 * (PUBLISHED_RATIO - 1),
    }  # fmt: skip
    return Result(
        NAME, tuple(found.values()), tables, headline(found, parts, common, tables["both_sides"]), settings,
        notes=tuple(notes(found, tables, parts, common)), synthetic=study.synthetic, language=study.language,
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


def _check(cut, tiers, replicates):
    if isinstance(cut, bool) or not isinstance(cut, Real) or not 1 < cut <= 5:
        raise ValueError(
            f"cut is a mean on 1–5, above 1 and at most 5; got {cut!r}. 4.0 is usual; other scales are converted."
        )
    if isinstance(tiers, bool) or not isinstance(tiers, int | np.integer) or tiers < 2:
        raise ValueError(f"tiers must be a whole number of at least 2; got {tiers!r}. Write tiers=4 for quarters.")
    if isinstance(replicates, bool) or not isinstance(replicates, int | np.integer) or replicates < 100:
        raise ValueError(f"replicates must be a whole number of at least 100; got {replicates!r}. 2000 is usual.")


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


def headline_findings(parts, comparison):
    """The comparison and the slopes as findings, by their last word; ``comparison`` as from `Ambassadors.comparison`."""
    rows = comparison.set_index(["measure", "statistic_of"]).to_dict("index")
    compared = {
        "ratio_raw": ("cx_index", "ratio raw", "ratio"), "ratio_100": ("cx_index", "ratio 100", "ratio"),
        "points": ("cx_index", "difference", "points"), "points_sd": ("cx_index", "sd", "SD between work groups"),
        "nps_difference": ("nps", "difference", "NPS points"),
    }  # fmt: skip
    found = {}
    for name, (measure, statistic, unit) in compared.items():
        row = rows.get((measure, statistic), {"reason": _no_comparison(parts, measure, statistic)})
        found[name] = _finding(parts, name, row, unit)
    per = f"per +{PER} on the ambassador index"
    for name, outcome, within, unit in (
        ("nps_slope", "nps", False, f"NPS points {per}"), ("nps_slope_within", "nps", True, f"NPS points {per}"),
        ("cx_slope", "cx_index", False, f"points {per}"),
    ):  # fmt: skip
        lacking = (
            "no-feelings"
            if not parts.asked.feelings
            else "no-nps"
            if outcome == "nps" and not parts.asked.nps
            else None
        )
        row = {"reason": lacking} if lacking else parts.slope(outcome, within=within)
        found[name] = _finding(parts, name, row, unit)
    return found


def _findings(parts, tables):
    """Findings by their last word, in the order of the docstring of `employee_ambassadors`."""
    found = headline_findings(parts, tables["comparison"])
    trend = tables["trend"]
    trend = trend[(trend["by"] == "feelings") & (trend["method"] != "") & trend["estimate"].notna()]
    row = trend.iloc[0].to_dict() if len(trend) else {"reason": "too-few" if parts.asked.feelings else "no-feelings"}
    found["dose_trend"] = _finding(parts, "dose_trend", row, "points per feeling")
    for row in tables["agreement"].to_dict("records"):
        if row["index"] != "icc1_n0":
            name = f"{row['index']}_{_measure(parts, row)}"
            found[name] = _finding(parts, name, row, "share", n_unit=UNIT[row["side"]])
    for row in tables["both_sides"].to_dict("records"):
        name = f"correlation_{row['question']}"
        found[name] = _finding(parts, name, row, "correlation")
    return found


def _measure(parts, row):
    if row["measure"] != "index":
        return row["measure"]
    return OF_INDEX[row["side"]] if parts.asked.feelings or row["side"] == "customers" else "employee_index"


def _no_comparison(parts, measure, statistic):
    if not parts.asked.feelings:
        return "no-feelings"
    if measure == "nps" and parts.asked.nps is None:
        return "no-nps"
    return "scales-differ" if statistic == "ratio raw" and parts.compared else "few-on-a-side"


def _finding(parts, name, row, unit, n_unit="work groups"):
    numbers = {k: _number(row.get(k)) for k in ("estimate", "std_error", "ci_low", "ci_high", "p_value")}
    reason = row.get("reason")
    if isinstance(reason, str) and reason:
        known = f"{NAME}.reason.{reason.replace('_', '-')}"
        high, rest = parts.sizes
        reason = text(known, parts.study.language, n_high=high, n_rest=rest, cut=parts.cut)
    else:
        reason = None
    n_missing = parts.n_missing if n_unit == "work groups" else int(row.get("n_missing", 0))
    count = row.get("n", 0)
    method = row.get("method")
    return Finding(
        f"{NAME}.{name}", **numbers, confidence=parts.confidence, unit=unit,
        n=int(count), n_unit=n_unit, n_missing=n_missing,
        method=method if isinstance(method, str) else "", reason=reason,
    )  # fmt: skip


def _number(value):
    return math.nan if value is None else float(value)
