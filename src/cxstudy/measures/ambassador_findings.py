"""The findings of employee_ambassadors, each from a row of a table, and the words why one has no number."""

import math

import numpy as np

from cxstudy.findings import Finding
from cxstudy.language import text
from cxstudy.measures.ambassador_models import PER
from cxstudy.measures.disengaged import disengaged_row
from cxstudy.measures.group_agreement import UNIT
from cxstudy.measures.pairing import row_kind

NAME = "employee_ambassadors"
OF_INDEX = {"customers": "cx_index", "employees": "ambassador_index"}
OF_MODELS = {
    "cx_slope_answers": ("answers", "index"), "cx_slope_within": ("companies", "within"),
    "cx_slope_between": ("companies", "between"), "cx_slope_contextual": ("companies", "difference"),
    "cx_slope_sd": ("slopes", "sd_slopes"),
}  # fmt: skip
POINTS = f"points per +{PER} on the ambassador index"
OF_CONTACT = {
    "contact_slope": ("slope", "eNPS points per step of contact", "employees", "observed-score"),
    "contact_share_negative": ("share_negative", "% of companies", "companies", "observed-score"),
    "contact_share_negative_corrected": ("share_negative_corrected", "% of companies", "companies", "latent"),
}
OF_DISENGAGED = {
    "cx_slope_disengaged": ("feelings", False), "cx_slope_disengaged_within": ("feelings", True),
    "cx_slope_detractors": ("detractors", False),
}  # fmt: skip
DISENGAGED = f"points per +{PER} percentage points of employees"
OF_PROFIT = {"profit_difference_enps": ("difference", "points of margin"), "profit_ratio_enps": ("ratio", "ratio")}


def headline_findings(parts, comparison):
    """The comparison and the slopes, by their last word; ``comparison`` as from `Ambassadors.comparison`."""
    rows = comparison.set_index(["measure", "statistic_of"]).to_dict("index")
    compared = {
        "ratio_raw": ("cx_index", "ratio raw", "ratio"), "ratio_100": ("cx_index", "ratio 100", "ratio"),
        "points": ("cx_index", "difference", "points"), "points_sd": ("cx_index", "sd", "SD between work groups"),
        "nps_difference": ("nps", "difference", "NPS points"),
    }  # fmt: skip
    found = {}
    for name, (measure, statistic, unit) in compared.items():
        row = rows.get((measure, statistic), {"reason": _no_comparison(parts, measure, statistic)})
        found[name] = as_finding(parts, name, row, unit)
    slopes = {"nps_slope": ("nps", False), "nps_slope_within": ("nps", True), "cx_slope": ("cx_index", False)}
    for name, (outcome, within) in slopes.items():
        lacking = "no-feelings" if not parts.asked.feelings else None
        lacking = lacking or ("no-nps" if outcome == "nps" and not parts.asked.nps else None)
        row = {"reason": lacking} if lacking else parts.slope(outcome, within=within)
        found[name] = as_finding(parts, name, row, f"NPS {POINTS}" if outcome == "nps" else POINTS)
    return found


def table_findings(parts, tables):
    """The dose trend, agreement and correlations, by their last word, from the tables of the analysis."""
    found, trend = {}, tables["trend"]
    trend = trend[(trend["by"] == "feelings") & (trend["method"] != "") & trend["estimate"].notna()]
    row = trend.iloc[0].to_dict() if len(trend) else {"reason": "too-few" if parts.asked.feelings else "no-feelings"}
    found["dose_trend"] = as_finding(parts, "dose_trend", row, "points per feeling")
    for row in tables["agreement"].to_dict("records"):
        if row["index"] != "icc1_n0":
            name = f"{row['index']}_{_measure(parts, row)}"
            found[name] = as_finding(parts, name, row, "share", n_unit=UNIT[row["side"]])
    for row in tables["both_sides"].to_dict("records"):
        name = f"correlation_{row['question']}"
        found[name] = as_finding(parts, name, row, "correlation")
    return found


def model_findings(parts, table):
    """The slopes of the mixed models in ``table``, by their last word; see `ambassador_models.models`."""
    rows = {(row["model"], row["term"]): row for row in table.to_dict("records")}
    return {
        name: as_finding(parts, name, rows[key], POINTS, "answers" if key[0] == "answers" else "work groups")
        for name, key in OF_MODELS.items()
        if key in rows
    }


def contact_findings(parts, found):
    """The slope of eNPS on contact and the shares of companies where it is negative, from a `contact.Contact`."""
    made = {}
    for name, (key, unit, n_unit, estimand) in OF_CONTACT.items():
        missing = found.left_out if n_unit == "companies" else int(found.companies["n_missing"].sum())
        made[name] = as_finding(parts, name, found.rows[key] | {"n_missing": missing}, unit, n_unit, estimand)
    return made


def disengaged_findings(parts, table, below):
    """The slopes on the share of disengaged employees; ``table`` as from `disengaged.disengaged`."""
    return {
        name: as_finding(parts, name, disengaged_row(table, kind, below, within), DISENGAGED)
        for name, (kind, within) in OF_DISENGAGED.items()
    }


def profit_findings(parts, table):
    """Difference and ratio of the margins by the sign of eNPS; ``table`` as from `staff_profit.profit_by_enps`."""
    rows, kind = table.set_index("statistic_of").to_dict("index"), row_kind(parts.study.unit, False)
    zero = {k: row | {"n_missing": _count(row.get("n_zero"))} for k, row in rows.items()}
    return {name: as_finding(parts, name, zero[key], unit, kind) for name, (key, unit) in OF_PROFIT.items()}


def as_finding(parts, name, row, unit, n_unit="work groups", estimand="observed-score"):
    """One finding from a row of the vocabulary; its ``reason`` is a code of the catalogue."""
    numbers = {k: _number(row.get(k)) for k in ("estimate", "std_error", "ci_low", "ci_high", "p_value")}
    n_missing = parts.n_missing if n_unit == "work groups" else _count(row.get("n_missing"))
    method = row.get("method")
    return Finding(
        f"{NAME}.{name}", **numbers, confidence=parts.confidence, unit=unit,
        n=_count(row.get("n")), n_unit=n_unit, n_missing=n_missing,
        method=method if isinstance(method, str) else "", estimand=estimand, reason=why(parts, row.get("reason")),
    )  # fmt: skip


def why(parts, reason):
    """The words of a reason in the study's language; None where there is none."""
    if not isinstance(reason, str) or not reason:
        return None
    # a fit that is not accepted says why: a code of the mixed model's own
    code, _, of_fit = reason.partition(":")
    language = parts.study.language
    if of_fit:
        return text(f"{NAME}.reason.{code}", language, why=text(f"mixed_model.reason.{of_fit}", language))
    high, rest = parts.sizes
    known = f"{NAME}.reason.{reason.replace('_', '-')}"
    return text(known, language, n_high=high, n_rest=rest, cut=parts.cut)


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


def _number(value):
    return math.nan if value is None else float(value)


def _count(value):
    return int(value) if value is not None and np.isfinite(value) else 0
