"""What the measures of a study amount to: message keys with their values, no sentences."""

import numpy as np

from cxstudy.findings import Reading
from cxstudy.measures.unit_spread import LEAST_UNITS
from cxstudy.stats.intervals import critical


def headline(tables, common):
    """The NPS with its interval, else the first measure there is."""
    rows = tables["measures"]
    there = rows[rows["estimate"].notna()]
    first = there.iloc[0]
    values = common | _numbers(first) | {"measure": f"@measures.name.{first['measure']}", "unit": first["unit"]}
    values |= {"answers": f"@measures.of_{first['table']}"}
    if first["measure"] not in ("nps", "enps"):
        return Reading("measures.headline.other", values)
    key = "measures.headline.units" if first["n_units"] > 1 else "measures.headline.alone"
    return Reading(key, values | {"n_units": int(first["n_units"])})


def notes(tables, common, planned):
    """One Reading under each question, keys ``measures.note.…``; what cannot be said ends in ``.none``.

    ``planned``: margin, difference and power, in words of the settings.
    """
    yield _interval(tables["measures"], common)
    yield from _units(tables, common)
    yield _crosswalk(tables, common)
    yield _reliability(tables["reliability"], common)
    yield from _planning(tables["planning"], common | planned)
    lacking = tables["measures"][tables["measures"]["estimate"].isna()]
    listed = tuple(
        Reading("measures.lacking", {"measure": f"@measures.name.{r.measure}", "why": str(r.reason).rstrip(".")})
        for r in lacking.itertuples()
    )
    yield Reading("measures.note.lacking", {"list": listed}) if listed else Reading("measures.note.lacking.none")


def _interval(rows, common):
    there = rows[rows["estimate"].notna()]
    first = there.iloc[0]
    values = common | _numbers(first) | {"measure": f"@measures.name.{first['measure']}", "unit": first["unit"]}
    if not first["clustered"] or np.isnan(first["design_effect"]):
        return Reading("measures.note.interval.independent", values)
    effect, n = first["design_effect"], first["n"]
    # standard errors of independent answers are smaller by the root of the design effect
    alone = float(critical(first["confidence"])) * first["std_error"] / effect**0.5
    values |= {"effect": effect, "n_effective": n / effect, "n_units": int(first["n_units"]), "alone": alone}
    return Reading("measures.note.interval", values)


def _units(tables, common):
    units = tables["units"]
    shown = units[units["estimate"].notna()] if len(units) else units
    if len(shown) < 2:
        yield Reading("measures.note.units.none", common)
    else:
        differs = shown["differs"] == 1
        values = common | {"n_shown": len(shown), "n_hidden": len(units) - len(shown)}
        values |= {"above": int((differs & (shown["difference"] > 0)).sum())}
        values |= {"below": int((differs & (shown["difference"] < 0)).sum()), "differ": int(differs.sum())}
        values |= {"holding": 100 * shown["holds_average"].mean(), "median": shown["n_answers"].median()}
        yield Reading("measures.note.units", values | {"same": len(shown) - int(differs.sum())})
    spread = tables["spread"]
    if spread.empty:
        yield Reading("measures.note.spread.none", common | {"least": LEAST_UNITS})
        return
    parts = spread.set_index("part")
    noise = parts.loc["sampling_error"]
    values = {"noise": noise["estimate"], "noise_low": noise["ci_low"], "noise_high": noise["ci_high"]}
    values |= {f"sd_{part}": parts.loc[part, "sd"] for part in parts.index} | {"n_shown": int(noise["n"])}
    yield Reading("measures.note.spread", common | values)


def _crosswalk(tables, common):
    rows, links = tables["crosswalk"], tables["correlations"]
    shown = rows[rows["estimate"].notna()] if len(rows) else rows
    if len(shown) < 2 or links.empty or np.isnan(links["estimate"].iloc[0]):
        return Reading("measures.note.crosswalk.none", common)
    worst, best, r = shown.iloc[0], shown.iloc[-1], links.iloc[0]
    values = common | {"r": r["estimate"], "r_low": r["ci_low"], "r_high": r["ci_high"], "n": int(r["n"])}
    for name, row in {"best": best, "worst": worst}.items():
        level = f"{row['low']:g}" if row["low"] == row["high"] else f"{row['low']:g}–{row['high']:g}"
        values |= {
            f"{name}_level": level,
            f"{name}_promoters": row["promoters"],
            f"{name}_detractors": row["detractors"],
        }
        values |= {f"{name}_nps": row["estimate"], f"{name}_n": int(row["n_answers"])}
    return Reading("measures.note.crosswalk", values)


def _reliability(rows, common):
    there = rows[rows["estimate"].notna()] if len(rows) else rows
    if not len(there):
        return Reading("measures.note.reliability.none", common)
    listed = tuple(
        Reading(
            "measures.reliable",
            {"measure": f"@measures.name.{r.measure}", "statistic": r.statistic, "estimate": r.estimate}
            | {"low": r.ci_low, "high": r.ci_high, "items": int(r.items)},
        )
        for r in there.itertuples()
    )
    return Reading("measures.note.reliability", common | {"list": listed})


def _planning(rows, common):
    if rows.empty:
        yield Reading("measures.note.planning.none", common)
        return
    wide = {(r.scope, r.goal): r for r in rows.itertuples()}
    scopes = [s for s in ("drawn_anew", "same_units", "whole", "one_unit") if (s, "margin") in wide]
    for scope in scopes:
        margin, change = wide[scope, "margin"], wide[scope, "difference"]
        values = common | {"n_margin": int(margin.n), "n_change": int(change.n), "n_now": margin.n_now}
        values |= {"effect": margin.design_effect, "n_each": margin.n_each}
        if scope == "drawn_anew":
            values |= {"units_margin": int(margin.n_units), "units_change": int(change.n_units)}
        yield Reading(f"measures.note.planning.{scope}", values)
    first = wide[scopes[-1] if scopes[-1] == "whole" else "same_units", "margin"]
    if not np.isnan(first.invitations):
        values = {"rate": 100 * first.response_rate, "n_margin": int(first.n), "invitations": int(first.invitations)}
        yield Reading("measures.note.invitations", common | values)


def _numbers(row):
    return {
        "estimate": row["estimate"], "ci_low": row["ci_low"], "ci_high": row["ci_high"], "n": int(row["n"]),
        "n_missing": int(row["n_missing"]),
    }  # fmt: skip
