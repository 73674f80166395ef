"""What the link between loyalty and an outcome amounts to: message keys with their values, no sentences."""

import math

import pandas as pd

from cxstudy.findings import Reading
from cxstudy.measures.pairing import left_out_list, questions
from cxstudy.schema import TABLES
from cxstudy.stats.specification import LEAST_IN_TIER

TIER_NAMES = (2, 3, 4, 5, 10)
SMALL_P = 0.001


def common_values(link):
    """Gaps that every sentence may use: n, units, outcome, its unit, points, confidence level, tier."""
    plural = link.kind.replace(" ", "_").replace("-", "_")
    column = {c.name: c for c in TABLES["financials"].columns}.get(link.outcome)
    percent = column is not None and column.unit == "%"
    return {
        "n": len(link.units), "units": f"@nps_margin.units.{plural}", "level": 100 * link.confidence,
        "tiers": link.count, "synthetic": "@nps_margin.synthetic" if link.study.synthetic else "",
        "unit": "\N{NO-BREAK SPACE}%" if percent else "",
        "outcome": f"@nps_margin.outcome.{link.outcome}" if column else link.outcome,
        "points": f"@nps_margin.points.{link.outcome}" if column else link.outcome,
        "tier": f"@nps_margin.tier.{link.count}" if link.count in TIER_NAMES else "@nps_margin.tier.other",
    }  # fmt: skip


def headline(found, common):
    """The headline: top and bottom tier and the slope, or the slope alone; supported, undecided or contrary.

    ``found``: findings by their last word. The variant follows the interval of top minus bottom, without tiers that
    of the slope.
    """
    tiered = not math.isnan(found["top_minus_bottom"].estimate)
    word = _side(found["top_minus_bottom" if tiered else "slope"])
    values = common | _interval("slope", found["slope"])
    if not tiered:
        return Reading(f"nps_margin.line_{word}", values | {"least": LEAST_IN_TIER})
    for part, name in {"top": "top_tier", "bottom": "bottom_tier", "gap": "top_minus_bottom"}.items():
        values |= _interval(part, found[name])
    return Reading(f"nps_margin.{word}", values)


def notes(found, tables, common, link):
    """One Reading under each doubt, keys ``nps_margin.note.…``; one that cannot be examined ends in ``.none``."""
    slopes = tables["slopes"].set_index("specification")
    pooled = common | _interval("slope", found["slope"])
    yield _left_out(tables["left_out"], common, link)
    yield from _tier_notes(found, tables, common)
    robust = _row("huber", slopes.loc["huber"]) | _row("sen", slopes.loc["theil-sen"])
    yield Reading("nps_margin.note.robust", pooled | robust)
    if link.controls:
        held = {"controls": ", ".join(link.controls)} | _row("held", slopes.loc["with controls"])
        yield Reading("nps_margin.note.controls", pooled | held)
    else:
        yield Reading("nps_margin.note.controls.none", common)
    if "fixed effects" in slopes.index:
        yield Reading("nps_margin.note.fixed_effects", pooled | _row("within", slopes.loc["fixed effects"]))
    else:
        yield Reading("nps_margin.note.fixed_effects.none", common)
    first, without = tables["influence"].iloc[0], tables["influence"]["slope_without"]
    one = {"name": first["unit"], "without": first["slope_without"], "low": without.min(), "high": without.max()}
    yield Reading("nps_margin.note.influence", pooled | one)
    yield _curve(tables["specification_curve"], common)
    bias = tables["response_bias"]["bias"].iloc[-1]
    way = "overstated" if bias >= 0 else "understated"
    yield Reading(f"nps_margin.note.response_bias.{way}", common | {"bias": 10 * abs(bias)})
    yield _leads(tables, common)
    asked, known = questions(link.study).values(), link.study.customers.stands_for
    stands = {q: known[q] for q in dict.fromkeys(asked) if q in known}
    if stands:
        yield Reading("nps_margin.note.stands_for", {"list": "; ".join(f"{q}: {word}" for q, word in stands.items())})


def other_notes(others):
    """One Reading an outcome, ``nps_margin.note.other_outcome``: its ends and its slope; or that there is none."""
    for link, found in others:
        values = common_values(link) | _interval("slope", found["slope"])
        values |= _interval("top", found["top_tier"]) | _interval("bottom", found["bottom_tier"])
        tiered = "" if math.isnan(found["top_minus_bottom"].estimate) else ".tiers"
        yield Reading(f"nps_margin.note.other_outcome{tiered}", values)
    if not others:
        yield Reading("nps_margin.note.other_outcome.none")


def _left_out(left_out, common, link):
    total = int(left_out.loc[left_out["n_unit"] == link.kind, "n"].sum())
    if not len(left_out):
        return Reading("nps_margin.note.left_out.none", common)
    return Reading("nps_margin.note.left_out", common | {"n_missing": total, "list": left_out_list(left_out)})


def _tier_notes(found, tables, common):
    if math.isnan(found["top_minus_bottom"].estimate):
        for name in ("gap", "tiers_nps", "missing_units"):
            yield Reading(f"nps_margin.note.{name}.none", common | {"least": LEAST_IN_TIER})
        return
    trend = tables.get("trend", pd.DataFrame(columns=["loyalty", "p_value"]))
    p = next(iter(trend.loc[trend["loyalty"] == "promoter_share", "p_value"]), math.nan)
    gap = common | _interval("gap", found["top_minus_bottom"])
    yield Reading("nps_margin.note.gap", gap | _p("p", found["top_minus_bottom"].p_value) | _p("trend_p", p))
    if math.isnan(found["top_minus_bottom_nps"].estimate):
        yield Reading("nps_margin.note.tiers_nps.none", common | {"least": LEAST_IN_TIER})
    else:
        ends = _interval("top", found["top_tier_nps"]) | _interval("bottom", found["bottom_tier_nps"])
        yield Reading("nps_margin.note.tiers_nps", common | ends)
    yield Reading("nps_margin.note.missing_units", gap | {"share": tables["missing_units"]["breakdown"].iloc[0]})


def _curve(curve, common):
    made = curve[curve["estimate"].notna()]
    if made.empty:
        return Reading("nps_margin.note.specification_curve.none", common | {"least": LEAST_IN_TIER})
    values = {"count": len(made), "above": int((made["ci_low"] > 0).sum()), "below": int((made["ci_high"] < 0).sum())}
    values |= {"median": made["estimate"].median(), "low": made["estimate"].min(), "high": made["estimate"].max()}
    return Reading("nps_margin.note.specification_curve", common | values)


def _leads(tables, common):
    if "who_leads" not in tables:
        return Reading("nps_margin.note.who_leads.none", common)
    rows = tables["who_leads"].set_index("direction")
    both = _row("first", rows.loc["x first"]) | _row("second", rows.loc["y first"])
    return Reading("nps_margin.note.who_leads", common | both | _row("gap", rows.loc["difference"]))


def _side(finding):
    return "supported" if finding.ci_low > 0 else "contrary" if finding.ci_high < 0 else "undecided"


def _interval(name, finding):
    low, high = finding.ci_low, finding.ci_high
    return {name: finding.estimate, f"{name}_low": low, f"{name}_high": high, f"{name}_n": finding.n}


def _row(name, row):
    return {name: row["estimate"], f"{name}_low": row["ci_low"], f"{name}_high": row["ci_high"]}


def _p(name, value):
    return {name: "@nps_margin.p_small" if value < SMALL_P else f"@nps_margin.{name}", f"{name}_value": value}
