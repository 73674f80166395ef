"""Every measure a study has, each with its interval, why it lacks the others, and how well indices hold together."""

import numpy as np
import pandas as pd

from cxstudy.counted import is_counted
from cxstudy.engine import fetch
from cxstudy.faults import NotTestable
from cxstudy.findings import Reading
from cxstudy.measures.asked import AMBASSADOR
from cxstudy.measures.cx_index import cx_index
from cxstudy.measures.effort import ces
from cxstudy.measures.index import holds, scale_of
from cxstudy.measures.means import mean_of_index
from cxstudy.measures.nps import enps, nps, promoter_share
from cxstudy.measures.satisfaction import csat, csi
from cxstudy.measures.survey_design import Design
from cxstudy.stats import reliability
from cxstudy.tally import moments

MEASURES = {
    "nps": "customers", "promoter_share": "customers", "csat": "customers", "satisfaction_mean": "customers",
    "csi": "customers", "ces": "customers", "cx_index": "customers", "enps": "employees", "employee_index": "employees",
}  # fmt: skip
CLASSED = ("nps", "promoter_share", "enps")
INDICES = ("csi", "cx_index", "employee_index")
FEWEST_UNITS = 10
COLUMNS = [
    "measure", "table", "questions", "n", "n_unit", "n_missing", "n_units", "promoters", "passives",
    "detractors", "estimate", "std_error", "ci_low", "ci_high", "df", "design_effect", "clustered", "scale_low",
    "scale_high", "confidence", "unit", "method", "reason",
]  # fmt: skip
RELIABILITY = [
    "measure", "statistic", "items", "n", "n_unit", "n_missing", "estimate", "std_error", "ci_low", "ci_high",
    "lowest_item_rest", "confidence", "unit", "method", "reason",
]  # fmt: skip


def questions_of(study, measure):
    """``(questions, None)`` of one of `MEASURES`, or ``((), Reading)`` that says what the study lacks for it."""
    name = MEASURES[measure]
    if not study.has(name):
        return (), Reading("measures.reason.no_table", {"table": name})
    table, items = study.tables[name], study.config.items
    declared = tuple(items.get(measure, ()))
    if measure in ("nps", "promoter_share"):
        asked = (table.question_for(measure),)
    elif measure == "employee_index":
        asked = declared or tuple(q for q in AMBASSADOR if holds(table, q))
    elif measure == "cx_index":
        asked = declared
    else:
        own = {"ces": "effort", "enps": "recommend_employer"}.get(measure, "satisfaction")
        asked = declared if measure == "csi" and declared else (own,)
    if len(asked) < (2 if measure == "employee_index" else 1):
        return (), Reading("measures.reason.no_items", {"name": measure})
    there = {*table.shares} if is_counted(table) and measure in CLASSED else {*table.columns, *table.questions}
    absent = [q for q in asked if q not in there]
    if absent:
        return (), Reading("measures.reason.no_question", {"questions": ", ".join(absent), "table": name})
    if is_counted(table) and (measure == "csat" or measure in INDICES and len(asked) > 1):
        return (), Reading("measures.reason.counted")
    scales = {q: scale_of(study, name, q) for q in asked}
    if measure in CLASSED and not is_counted(table):
        own = scales[asked[0]]
        if own is not None and (own.low, own.high) != (0, 10):
            values = {"question": asked[0], "low": own.low, "high": own.high}
            return (), Reading("measures.reason.other_scale", values)
    elif measure not in CLASSED and None in scales.values():
        lacking = [q for q, scale in scales.items() if scale is None]
        return (), Reading("measures.reason.no_scale", {"questions": ", ".join(lacking)})
    return asked, None


def units_of(study, table):
    """``(number of units, rows without one)`` of a table of the study."""
    expr = study.tables[table].expr
    found = fetch(expr.agg(units=expr["unit"].nunique(), lost=expr["unit"].isnull().cast("int64").sum()), None)
    return int(found["units"].iloc[0]), int(found["lost"].fillna(0).iloc[0])


def measures_table(study, say, *, confidence=0.95):
    """One row for each of `MEASURES`; a measure the study lacks has ``reason`` in place of numbers.

    ``say`` turns a Reading into a sentence. Where there are at least 10 units and every answer names one, units are
    taken as drawn and the error is clustered by them (``clustered``; ``design_effect`` and ``n_units`` beside it), else
    answers are taken as independent. Columns: `COLUMNS`; ``unit`` is that of the estimate, ``scale_low`` and
    ``scale_high`` the ends of its scale, ``promoters``, ``passives`` and ``detractors`` (percent) of NPS and eNPS only,
    ``n`` counts ``n_unit`` (answers, employees).
    """
    units = {name: units_of(study, name) for name in ("customers", "employees") if study.has(name)}
    rows = []
    for measure, table in MEASURES.items():
        asked, why = questions_of(study, measure)
        row = {"measure": measure, "table": table, "questions": ", ".join(asked), "n": 0, "n_missing": 0}
        row |= {"n_unit": "", "confidence": confidence, "unit": ""}
        count, lost = units.get(table, (0, 0))
        clustered = count >= FEWEST_UNITS and not lost
        row |= {"n_units": count, "clustered": clustered, "method": "", "reason": None if why is None else say(why)}
        if why is None:
            row["n_unit"] = "answers" if table == "customers" else "employees"
            row |= _numbers(study, measure, asked, "unit" if clustered else None, confidence)
            row |= dict(zip(("scale_low", "scale_high"), _ends(study, measure, asked), strict=True))
        rows.append(row)
    return pd.DataFrame(rows).reindex(columns=COLUMNS).astype({"reason": object})


def reliability_table(study, *, confidence=0.95):
    """Alpha, and of three items or more omega, of each index of several questions; columns `RELIABILITY`.

    The numbers of `cxstudy.measures.reliability.alpha` and ``omega``, both from one query an index.
    """
    rows = []
    for measure in INDICES:
        asked, _ = questions_of(study, measure)
        if len(asked) < 2:
            continue
        name = MEASURES[measure]
        scales = [scale_of(study, name, q) for q in asked]
        sums = moments(study.tables[name], list(asked), centre=[(s.low + s.high) / 2 for s in scales])
        # a question whose low end is good is turned round, which turns its covariances
        sign = np.array([-1.0 if s.better == "low" else 1.0 for s in scales])
        covariance, n = sums.covariance()[0] * np.outer(sign, sign), int(sums.n.sum())
        row = {"measure": measure, "items": len(asked), "n": n, "n_missing": int(sums.n_missing.sum())}
        row |= {"n_unit": "answers" if name == "customers" else "employees", "unit": "reliability"}
        row |= {"lowest_item_rest": float(np.min(reliability.item_rest(covariance))), "confidence": confidence}
        for statistic, function in {"alpha": reliability.cronbach, "omega": reliability.mcdonald}.items():
            if statistic == "alpha" or len(asked) > 2:
                rows.append(row | {"statistic": statistic} | _reliability(function, covariance, n, confidence, asked))
    return pd.DataFrame(rows, columns=None if rows else RELIABILITY).reindex(columns=RELIABILITY)


def _reliability(function, covariance, n, confidence, names):
    try:
        found = function(covariance, n, confidence=confidence, names=list(names))
    except NotTestable as fault:
        return {"reason": str(fault)}
    wanted = ("estimate", "std_error", "ci_low", "ci_high", "method")
    return {k: getattr(found, k) for k in wanted} | {"reason": None}


def _numbers(study, measure, asked, cluster, confidence):
    """The row of one measure, without the columns it does not have."""
    how = {"cluster": cluster, "confidence": confidence}
    try:
        row = _CALLS[measure](study, asked, how).iloc[0].to_dict()
    except NotTestable as fault:
        return {"reason": str(fault)}
    row["reason"] = row["reason"] if isinstance(row["reason"], str) else None
    return {k: v for k, v in row.items() if k in COLUMNS}


def _employee_index(study, asked, how):
    scales = {q: scale_of(study, "employees", q) for q in asked}
    design = Design(cluster=how["cluster"])
    return mean_of_index(study, scales, None, design, how["confidence"], "t", table="employees", unit="points 0–100")


_CALLS = {
    "nps": lambda study, q, how: nps(study, q[0], **how),
    "promoter_share": lambda study, q, how: promoter_share(study, q[0], **how),
    "csat": lambda study, q, how: csat(study, q[0], **how),
    "satisfaction_mean": lambda study, q, how: csat(study, q[0], statistic="mean", **how),
    "csi": lambda study, q, how: csi(study, list(q), **how),
    "ces": lambda study, q, how: ces(study, q[0], **how),
    "cx_index": lambda study, q, how: cx_index(study, list(q), **how),
    "enps": lambda study, q, how: enps(study, q[0], **how),
    "employee_index": _employee_index,
}


def _ends(study, measure, asked):
    if measure in ("nps", "enps"):
        return -100.0, 100.0
    if measure in ("satisfaction_mean", "ces"):
        scale = scale_of(study, "customers", asked[0])
        return float(scale.low), float(scale.high)
    return 0.0, 100.0
