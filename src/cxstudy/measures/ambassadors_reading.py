"""What the comparison of work groups amounts to: message keys with their values, no sentences."""

import numpy as np

from cxstudy.findings import Reading
from cxstudy.measures.ambassador_further_reading import further_notes, interval
from cxstudy.measures.ambassadors import FEWEST_COMPANIES, LEAST_ON_A_SIDE, PER
from cxstudy.measures.group_agreement import AGREES
from cxstudy.measures.pairing import left_out_list

NOTE = "employee_ambassadors.note"


def common_values(parts):
    """Gaps that every sentence may use."""
    high, rest = parts.sizes
    raw, asked = parts.asked.raw, parts.asked
    return {
        "n": len(parts.groups), "n_high": high, "n_rest": rest, "companies": parts.companies,
        "level": 100 * parts.confidence, "low": raw.low if raw else np.nan, "high": raw.high if raw else np.nan,
        "cut": parts.cut, "least": LEAST_ON_A_SIDE, "per": PER, "fewest_companies": FEWEST_COMPANIES,
        "synthetic": "@employee_ambassadors.synthetic" if parts.study.synthetic else "",
        "questions": ", ".join(asked.employees), "shared": ", ".join(asked.shared),
    }  # fmt: skip


def headline(found, parts, common, sides):
    """The headline: the comparison; else the slope on the index; else, without the feelings, what both sides answer."""
    if not parts.asked.feelings:
        return Reading("employee_ambassadors.both_sides", common | _spread_of(sides))
    compared = parts.compared and np.isfinite(found["points"].ci_low)
    values = common | interval("points", found["points"]) | interval("slope", found["cx_slope"])
    for name in ("ratio_raw", "ratio_100"):
        values |= {k: 100 * (v - 1) for k, v in interval(name, found[name]).items()}
    both = np.isfinite(found["ratio_raw"].estimate)
    values["ratios"] = "@employee_ambassadors.ratios" if both else "@employee_ambassadors.ratio_100_only"
    word = _side(found["points" if compared else "cx_slope"])
    return Reading(f"employee_ambassadors.{'' if compared else 'line_'}{word}", values)


def notes(found, tables, parts, common, settings):
    """One Reading under each doubt, ``employee_ambassadors.note.…``; ``.none`` where it cannot be examined."""
    yield _left_out(parts.left_out, common)
    yield _agreement(tables["agreement"], parts, common)
    yield _bootstrap(parts, common)
    yield from _nps(found, common)
    yield _dose(found, tables, parts, common)
    yield from _zero(found, tables, common)
    yield _sensitivity(tables["sensitivity"], parts, common)
    yield from further_notes(found, tables, parts, common, settings)
    single = parts.left_out.loc[parts.left_out["reason"] == "one-employee", "n"]
    if len(single):
        yield Reading(f"{NOTE}.one_employee", {"count": int(single.iloc[0])})
    if parts.asked.feelings and len(parts.asked.employees) == len(parts.asked.feelings):
        yield Reading(f"{NOTE}.no_recommend_employer", common)
    stands = _stands_for(parts)
    if stands:
        yield Reading(f"{NOTE}.stands_for", {"list": stands})


def _stands_for(parts):
    asked, study = parts.asked, parts.study
    pairs = [(study.customers, q) for q in asked.customers] + [(study.employees, q) for q in asked.employees]
    return "; ".join(f"{q}: {table.stands_for[q]}" for table, q in pairs if q in table.stands_for)


def _left_out(left_out, common):
    if not len(left_out):
        return Reading(f"{NOTE}.left_out.none", common)
    return Reading(f"{NOTE}.left_out", common | {"list": left_out_list(left_out)})


def _agreement(table, parts, common):
    rows = table.set_index(["side", "measure", "index"])
    employees = rows["estimate"].get(("employees", "index", "icc1"), np.nan)
    customers = rows["estimate"].get(("customers", "index", "icc1"), np.nan)
    if not np.isfinite([employees, customers]).all():
        known = table.loc[table["estimate"].notna(), "measure"].unique()
        key = "partly" if len(known) else "none"
        return Reading(f"{NOTE}.agreement.{key}", common | {"list": ", ".join(known)})
    values = {
        "icc1": employees, "icc2": rows["estimate"]["employees", "index", "icc2"], "cx_icc1": customers,
        "cx_icc2": rows["estimate"]["customers", "index", "icc2"], "limit": AGREES,
    }  # fmt: skip
    joint = ("employees", "feelings", "rwg")
    if joint not in rows.index or not np.isfinite(rows.loc[joint, "estimate"]):
        return Reading(f"{NOTE}.agreement.icc", common | values)
    row = rows.loc[joint]
    values |= {"rwg": row["estimate"], "median": row["median"], "share": row["share_agreeing"]}
    return Reading(f"{NOTE}.agreement", common | values)


def _bootstrap(parts, common):
    if parts.clustered:
        return Reading(f"{NOTE}.bootstrap", common)
    return Reading(f"{NOTE}.bootstrap.{'one' if parts.companies == 1 else 'few'}", common)


def _nps(found, common):
    if not np.isfinite(found["nps_difference"].ci_low):
        yield Reading(f"{NOTE}.nps.none", common | {"why": found["nps_difference"].reason or ""})
    else:
        yield Reading(f"{NOTE}.nps", common | interval("gap", found["nps_difference"]))
    if np.isfinite(found["nps_slope_within"].estimate):
        values = interval("slope", found["nps_slope"]) | interval("within", found["nps_slope_within"])
        yield Reading(f"{NOTE}.within", common | values)
    else:
        yield Reading(f"{NOTE}.within.none", common)


def _dose(found, tables, parts, common):
    dose, trend, tiers = tables["dose"], found["dose_trend"], tables["tiers"]
    if not parts.asked.feelings and len(tiers) > 1:
        ends = {"lowest": tiers["estimate"].iloc[0], "highest": tiers["estimate"].iloc[-1], "tiers": parts.count}
        return Reading(f"{NOTE}.dose.shared", common | ends)
    if not parts.asked.feelings or not np.isfinite(trend.ci_low):
        return Reading(f"{NOTE}.dose.none", common)
    values = {"none": dose["estimate"].iloc[0], "none_high": int(dose["n_high"].iloc[0])}
    values |= {"all": dose["estimate"].iloc[-1], "all_high": int(dose["n_high"].iloc[-1])}
    return Reading(f"{NOTE}.dose", common | values | interval("trend", trend))


def _zero(found, tables, common):
    rows = tables["comparison"].set_index(["measure", "statistic_of"])["estimate"]
    if not np.isfinite(found["ratio_100"].estimate):
        yield from (Reading(f"{NOTE}.{name}.none", common) for name in ("zero", "nps_ratio"))
        return
    high, rest = rows["cx_index", "high"], rows["cx_index", "rest"]
    values = {
        "high_mean": high,
        "rest_mean": rest,
        "ratio_100": found["ratio_100"].estimate,
        "shifted": (high + 100) / (rest + 100),
    }
    raw = np.isfinite(found["ratio_raw"].estimate)
    values |= {"ratio_raw": found["ratio_raw"].estimate}
    yield Reading(f"{NOTE}.zero" if raw else f"{NOTE}.zero.scales", common | values)
    if ("nps", "ratio −100") not in rows.index:
        yield Reading(f"{NOTE}.nps_ratio.none", common)
        return
    nps = {"high_nps": rows["nps", "high"], "rest_nps": rows["nps", "rest"], "shifted": rows["nps", "ratio −100"]}
    plain = rows["nps", "ratio 0"]
    key = "nps_ratio" if np.isfinite(plain) else "nps_ratio.negative"
    yield Reading(f"{NOTE}.{key}", common | nps | {"plain": plain})


def _sensitivity(table, parts, common):
    if not parts.asked.feelings:
        return Reading(f"{NOTE}.sensitivity.shared", common)
    made = table[table["estimate"].notna()] if len(table) else table
    if len(made) < 2:
        return Reading(f"{NOTE}.sensitivity.none", common)
    ratios = made[[c for c in ("ratio_raw", "ratio_100") if c in made]].to_numpy()
    values = {
        "count": len(made),
        "above": int((made["ci_low"] > 0).sum()),
        "low": made["estimate"].min(),
        "high": made["estimate"].max(),
    }
    values |= {"ratio_low": np.nanmin(ratios), "ratio_high": np.nanmax(ratios)}
    return Reading(f"{NOTE}.sensitivity", common | values)


def _spread_of(sides):
    known = sides[sides["estimate"].notna()]
    if known.empty:
        return {"r_low": np.nan, "r_high": np.nan}
    return {"r_low": known["estimate"].min(), "r_high": known["estimate"].max()}


def _side(finding):
    return "higher" if finding.ci_low > 0 else "lower" if finding.ci_high < 0 else "undecided"
