"""Every measure of a study with its interval, what a unit's interval says, and how many answers the next wave needs."""

import math
from importlib import import_module
from importlib.util import find_spec

import numpy as np
import pandas as pd

from cxstudy.anonymity import Groups, suppress
from cxstudy.counted import is_counted
from cxstudy.faults import NotTestable
from cxstudy.findings import Answer, Finding, Reading, Result
from cxstudy.language import say, text
from cxstudy.measures.crosswalk import CORRELATIONS, CROSSWALK, Crosswalk
from cxstudy.measures.measures_reading import headline, notes
from cxstudy.measures.next_wave import PLANNING, planning_table, precision_table
from cxstudy.measures.planning import answers_needed
from cxstudy.measures.summary import MEASURES, measures_table, questions_of, reliability_table
from cxstudy.measures.unit_spread import SPREAD, UNITS, spread_table, units_table
from cxstudy.stats.arguments import check_count
from cxstudy.stats.intervals import check_confidence

NAME = "measures"
KIND = {"company": "companies", "branch": "branches", "work_group": "work groups"}
FOUR = ("nps", "csi", "ces", "csat")
DRIVERS = "cxstudy.analyses.drivers"


def measures_overview(
    study, *, confidence=0.95, margin=5.0, difference=5.0, power=0.8, seed=1, replicates=1000
) -> Result:
    """All measures of a study with intervals; its units; satisfaction against NPS; answers for the next wave.

    Parameters
    ----------
    study : Study
    confidence : float in (0, 1)
    margin, difference : above 0, NPS points
        Half the width of the interval that the next wave should have; change between two waves that it should find.
    power : probability of finding that change, two-sided at 1 − confidence.
    seed, replicates : int
        Start and number (≥ 100) of the resamples of units, for the tables spread and correlations.

    Returns
    -------
    Result. Findings ``measures.…``: nps, promoter_share, csat (% in the top two), satisfaction_mean, csi, ces,
    cx_index, enps, employee_index, each in its own unit; alpha_… and omega_… of each index of several questions;
    units_told (% of the units that differ from the others, Holm), noise_share (% of the variance between units that is
    sampling error), satisfaction_recommend (correlation between answers); answers_margin and answers_change (answers
    of the next wave, the same units asked again); practice_nps_scale, practice_measures (% of the practice carried
    out). What a study cannot give has its reason.

    Tables: measures, reliability, units, spread, crosswalk, correlations, planning, precision. Their columns:
    `measures.summary`, `measures.unit_spread`, `measures.crosswalk`, `measures.next_wave`. A unit or level with fewer
    answers than the study's threshold keeps its name and loses its numbers.

    Where there are at least 10 units, each measure's error is clustered by unit: units are taken as drawn.

    Raises
    ------
    NotTestable when the study has none of the measures; ValueError for a setting that makes no sense.
    """
    check_confidence(confidence)
    check_count("replicates", replicates, 100)
    planned = {"margin": margin, "difference": difference, "power": power}
    # their checks are those of the measure, also where the study has no NPS to plan for
    answers_needed(margin=margin), answers_needed(difference=difference, power=power, confidence=confidence)
    answer = answerable(study)
    if answer.status == "no":
        raise NotTestable(say(answer.reason, study.language), ("customers", "employees"))
    drawing = {"seed": seed, "replicates": replicates}
    kind = KIND[study.unit]
    tables = _tables(study, kind, confidence, planned, drawing)
    common = {
        "level": 100 * confidence,
        "synthetic": "@nps_margin.synthetic" if study.synthetic else "",
        "units": f"@nps_margin.units.{study.unit}",
        "unit_one": f"@nps_margin.unit.{study.unit}",
    }
    stands = dict(study.customers.stands_for) if study.has("customers") else {}
    settings = {"confidence": confidence, **planned, **drawing}
    settings |= {"unit": study.unit, "n_unit": kind, "stands_for": stands}
    said = [*notes(tables, common, planned | {"percent": 100 * power}), *_stands_for(tables["measures"], stands)]
    return Result(
        NAME, tuple(_findings(study, tables, kind, confidence)), tables, headline(tables, common), settings,
        notes=tuple(said), synthetic=study.synthetic, language=study.language,
    )  # fmt: skip


def answerable(study) -> Answer:
    """Yes for every study with at least one of the measures."""
    found = [name for name in MEASURES if questions_of(study, name)[1] is None]
    if not found:
        return Answer(NAME, "no", Reading("measures.none"))
    listed = tuple(Reading(f"measures.name.{name}") for name in found)
    return Answer(NAME, "yes", Reading("measures.enough", {"list": listed}))


def _tables(study, kind, confidence, planned, drawing):
    """All tables of the result, with what must not be shown taken out."""
    found = measures_table(study, lambda reading: say(reading, study.language), confidence=confidence)
    hide = _hiding(study)
    if hide(found)["estimate"].isna().all():
        raise NotTestable(text("measures.too_few", study.language), ("more answers",))
    tables = {"measures": hide(found), "reliability": hide(reliability_table(study, confidence=confidence))}
    tables |= _units(study, found, kind, confidence, drawing, hide)
    tables |= _crosswalk(study, found, kind, confidence, drawing, hide)
    return tables | _planning(study, found, tables["units"], planned, confidence)


def _hiding(study):
    groups = Groups.of(study)
    return lambda table: suppress(table, study.thresholds, groups=groups, language=study.language)


def _units(study, measures, kind, confidence, drawing, hide):
    """Tables units and spread; without NPS or without units they have no rows."""
    nps = measures.set_index("measure").loc["nps"]
    units = pd.DataFrame(columns=UNITS)
    if nps["n_units"] > 0 and not math.isnan(nps["estimate"]):
        units = hide(units_table(study, nps["questions"], nps["estimate"], confidence=confidence))
    spread = spread_table(units, kind, confidence=confidence, **drawing) if len(units) else pd.DataFrame(columns=SPREAD)
    return {"units": units, "spread": spread}


def _crosswalk(study, measures, kind, confidence, drawing, hide):
    """Tables crosswalk and correlations; without both questions, or of counts, they have no rows."""
    rows = measures.set_index("measure")
    nps, satisfaction = rows.loc["nps"], rows.loc["csat"]
    able = not (math.isnan(nps["estimate"]) or math.isnan(satisfaction["estimate"])) and not is_counted(study.customers)
    if not able:
        return {"crosswalk": pd.DataFrame(columns=CROSSWALK), "correlations": pd.DataFrame(columns=CORRELATIONS)}
    found = Crosswalk(study, nps["questions"], satisfaction["questions"])
    how = {"confidence": confidence, "clustered": bool(nps["clustered"]), "least": study.thresholds["customers"]}
    links = found.correlations(kind, **how, **drawing)
    return {"crosswalk": hide(found.table(confidence=confidence)), "correlations": links}


def _planning(study, measures, units, planned, confidence):
    """Tables planning and precision; without NPS they have no rows."""
    nps = measures.set_index("measure").loc["nps"]
    if math.isnan(nps["estimate"]):
        return {"planning": pd.DataFrame(columns=PLANNING), "precision": pd.DataFrame(columns=["scope", "n", "margin"])}
    asked = study.invited
    invited = int(asked["invited"].sum()) if len(asked) else 0
    rate = asked["n_answers"].sum() / invited if invited else None
    rate = float(rate) if rate else None
    planning = planning_table(nps, units, **planned, confidence=confidence, response_rate=rate)
    return {"planning": planning, "precision": precision_table(planning, confidence)}


def _stands_for(measures, stands):
    there = measures.loc[measures["estimate"].notna(), "questions"].str.split(", ").explode()
    listed = "; ".join(f"{q}: {stands[q]}" for q in dict.fromkeys(there) if q in stands)
    return [Reading("measures.note.stands_for", {"list": listed})] if listed else []


def _findings(study, tables, kind, confidence):
    for row in tables["measures"].to_dict("records"):
        yield _finding(row["measure"], row, confidence, study.language)
    for row in tables["reliability"].to_dict("records"):
        yield _finding(f"{row['statistic']}_{row['measure']}", row, confidence, study.language)
    yield from _unit_findings(tables, kind, confidence, study.language)
    links = tables["correlations"].to_dict("records")
    base = {"unit": "correlation", "n_unit": "answers", "why": "measures.reason.no_crosswalk"}
    yield _finding("satisfaction_recommend", base | (links[0] if links else {}), confidence, study.language)
    for part, goal in {"answers_margin": "margin", "answers_change": "difference"}.items():
        rows = tables["planning"]
        rows = rows[(rows["goal"] == goal) & rows["scope"].isin(["whole", "same_units"])].to_dict("records")
        row = {"estimate": float(rows[0]["n"]), "method": rows[0]["method"]} if rows else {}
        row |= {
            "unit": "answers",
            "n": tables["measures"]["n"].iloc[0],
            "n_unit": "answers",
            "why": "measures.reason.no_nps",
        }
        yield _finding(part, row, confidence, study.language)
    yield from _practices(study, tables["measures"], confidence)


def _unit_findings(tables, kind, confidence, language):
    units, spread = tables["units"], tables["spread"]
    shown = units[units["estimate"].notna() & units["differs"].notna()] if len(units) else units
    told = {
        "unit": "% of the units",
        "n_unit": kind,
        "n_missing": len(units) - len(shown),
        "why": "measures.reason.units",
    }
    told |= {"n": len(shown), "method": "each unit against all others, Holm"}
    told |= {"estimate": 100 * float(shown["differs"].mean())} if len(shown) else {}
    yield _finding("units_told", told, confidence, language)
    rows = spread[spread["part"] == "sampling_error"].to_dict("records")
    base = {"unit": "% of the variance", "n_unit": kind, "n": len(shown), "why": "measures.reason.units"}
    yield _finding("noise_share", base | (rows[0] if rows else {}), confidence, language)


def _practices(study, measures, confidence):
    """What the sources say one should do: NPS from −100 to +100; NPS, CSI, CES and CSAT measured and drivers ranked."""
    there = measures.set_index("measure")["estimate"].notna()
    base = {"unit": "% of the practice", "n_unit": "parts", "why": "measures.reason.no_nps"}
    if study.synthetic:
        for part in ("practice_nps_scale", "practice_measures"):
            yield _finding(part, base | {"why": "measures.reason.synthetic"}, confidence, study.language)
        return
    scale = {"estimate": 100.0, "n": 1, "method": "the NPS here runs from −100 to +100"} if there["nps"] else {}
    yield _finding("practice_nps_scale", base | scale, confidence, study.language)
    parts = [bool(there[name]) for name in FOUR] + [_drivers_ranked(study)]
    method = "NPS, CSI, CES and CSAT are in the data, drivers are ranked"
    row = {"estimate": 100 * float(np.mean(parts)), "n": len(parts), "method": method}
    yield _finding("practice_measures", base | row, confidence, study.language)


def _drivers_ranked(study):
    return bool(find_spec(DRIVERS)) and import_module(DRIVERS).answerable(study).status != "no"


def _finding(part, row, confidence, language):
    numbers = {k: float(row.get(k, math.nan)) for k in ("estimate", "std_error", "ci_low", "ci_high", "p_value")}
    why = row.get("reason") if isinstance(row.get("reason"), str) else None
    if math.isnan(numbers["estimate"]):
        numbers, why = dict.fromkeys(numbers, math.nan), why or text(row["why"], language)
    words = {k: row[k] if isinstance(row.get(k), str) else "" for k in ("unit", "n_unit", "method")}
    whole = {k: int(row[k]) if pd.notna(row.get(k)) else 0 for k in ("n", "n_missing")}
    return Finding(f"{NAME}.{part}", **numbers, **words, **whole, confidence=confidence, reason=why)
