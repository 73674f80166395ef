"""Time pressure and authority of employees → resolution → satisfaction of their customers, by work group."""

from typing import NamedTuple

import pandas as pd

from cxstudy.counted import is_counted
from cxstudy.faults import NotTestable
from cxstudy.findings import Reading
from cxstudy.measures.asked import KEYS
from cxstudy.measures.index import declared_scale, holds
from cxstudy.measures.pairing import at_least_threshold
from cxstudy.measures.work_groups import question_moments
from cxstudy.stats.paths import fit_paths

STAFF = ("time_pressure", "authority")
RESOLUTION, SATISFACTION = "resolution", "satisfaction"
FEWEST_COMPANIES = 10
COLUMNS = ["from", "to", "kind", "path", "n", "n_missing", "estimate", "std_error", "ci_low", "ci_high", "p_value"]
COLUMNS += ["confidence", "unit", "method", "reason"]


class HandlingTime(NamedTuple):
    """``chain``: direct, indirect and total effects; ``equations``: R²; ``groups``, ``companies``: how many;
    ``clustered``; ``n_missing`` work groups left out; ``staff``: the employees' questions; ``left_out``: reason → n.
    """

    chain: pd.DataFrame
    equations: pd.DataFrame
    groups: int
    companies: int
    clustered: bool
    n_missing: int
    staff: tuple
    left_out: dict


def handling_time(study, *, confidence=0.95, replicates=2000, seed=1, minimum_customers=None, minimum_employees=None):
    """``(HandlingTime, None)``, or ``(None, (Reading, needs))`` when the study cannot say.

    Means of each work group with enough answers to every question (at least the study's anonymity thresholds), put
    into an observed-score path model: resolution on time pressure and authority, satisfaction on all three. The
    good ends of the scales count upwards, but more time pressure is more pressure. Coefficients are standardised; the
    bootstrap draws whole companies where there are 10 or more, else work groups (`stats.paths.fit_paths`). One of the
    two employees' questions is enough.

    ``chain``: from, to, kind (direct, indirect, total), path, n (work groups), n_missing, estimate, std_error, ci_low,
    ci_high, p_value (of the arrows), confidence, unit, method, reason. Of observed means, so sampling error of small
    groups is in it. An indirect *effect* is the field's word for a product of associations.
    """
    lacking = _lacking(study)
    if lacking:
        return None, lacking
    staff = tuple(q for q in STAFF if holds(study.employees, q))
    fewest = {
        side: at_least_threshold(f"minimum_{side}", given, study.thresholds[side])
        for side, given in {"customers": minimum_customers, "employees": minimum_employees}.items()
    }
    frame, lost, away = _groups(study, staff, fewest)
    both = frame.dropna(subset=[RESOLUTION, SATISFACTION, *staff])
    companies = both["company"].nunique()
    clustered = companies >= FEWEST_COMPANIES
    paths = {RESOLUTION: list(staff), SATISFACTION: [RESOLUTION, *staff]}
    try:
        model = fit_paths(
            both, paths, cluster="company" if clustered else None, confidence=confidence, replicates=replicates,
            seed=seed,
        )  # fmt: skip
    except NotTestable as error:
        return None, (Reading("drivers.chain_unfit", {"n": len(both), "text": error.reason}), error.needs)
    effects = model.effects[model.effects["kind"].isin(["indirect", "total"])]
    chain = pd.concat([model.paths.assign(kind="direct"), effects], ignore_index=True)
    lost = {"too-few-answers": len(frame) - len(both), "one-side-only": lost, "without-work-group": away}
    missing = len(frame) - len(both) + lost["one-side-only"]
    found = HandlingTime(
        chain.reindex(columns=COLUMNS).assign(n_missing=missing), model.equations.assign(n_missing=missing), len(both),
        companies, clustered, missing, staff, {k: n for k, n in lost.items() if n},
    )  # fmt: skip
    return found, None


def _lacking(study):
    for side in ("customers", "employees"):
        if not study.has(side):
            return Reading("drivers.chain_no_table", {"table": side}), (side,)
    wanted = {"customers": (RESOLUTION, SATISFACTION), "employees": ()}
    absent = [f"{s}.{q}" for s, names in wanted.items() for q in names if not holds(study.tables[s], q)]
    if not any(holds(study.employees, q) for q in STAFF):
        absent += [f"employees.{q}" for q in STAFF]
    absent += [f"{s}.work_group" for s in wanted if not study.has(s, "work_group")]
    if absent:
        return Reading("drivers.chain_no_columns", {"list": ", ".join(absent)}), tuple(absent)
    return None


def _sign(study, side, question):
    """−1 where the low end of the scale is the good one; time pressure is taken as pressure, whichever end is good."""
    scale = declared_scale(study.config.scales, side, question)
    return -1 if scale and scale.better == "low" and question != STAFF[0] else 1


def _groups(study, staff, fewest):
    """One row a work group that both sides have, groups of one side only, and answers without a work group."""
    sides, away = {}, 0
    for side, questions in {"customers": (RESOLUTION, SATISFACTION), "employees": staff}.items():
        table, frame = study.tables[side], None
        for question, (found, lost) in question_moments(table, questions).items():
            away = max(away, lost) if not is_counted(table) else away
            sign = _sign(study, side, question)
            found = found[KEYS].assign(**{question: sign * found["mean"].where(found["n"] >= fewest[side])})
            frame = found if frame is None else frame.merge(found, on=KEYS, how="outer")
        sides[side] = frame
    both = sides["customers"].merge(sides["employees"], on=KEYS, how="outer", indicator=True)
    inside = both["_merge"] == "both"
    return both[inside].drop(columns="_merge").reset_index(drop=True), int((~inside).sum()), int(away)
