"""The measures of every client of a study at once, from the measures' own functions; one row a client or part."""

import pandas as pd

from cxstudy.counted import is_counted
from cxstudy.faults import NotTestable
from cxstudy.measures.cx_index import cx_index
from cxstudy.measures.effort import ces
from cxstudy.measures.index import holds, scale_of
from cxstudy.measures.means import mean_of_index, mean_of_question
from cxstudy.measures.nps import enps, nps, promoter_share
from cxstudy.measures.satisfaction import csat, csi
from cxstudy.measures.summary import MEASURES, questions_of
from cxstudy.measures.survey_design import Design

NUMBERS = ["n", "n_missing", "estimate", "std_error", "ci_low", "ci_high", "method"]
INDEX_UNIT = "points 0–100"


def measured(view, measure, by, confidence):
    """``(frame, why)`` of one of `measures.summary.MEASURES` by the columns ``by``.

    The frame has by…, `NUMBERS`, unit, for NPS and eNPS also the three classes; empty where the study lacks the
    measure, and then ``why`` is a Reading or text.
    """
    asked, why = questions_of(view, measure)
    if why is not None:
        return pd.DataFrame(), why
    try:
        found = _CALLS[measure](view, asked, {"by": list(by), "confidence": confidence})
    except NotTestable as fault:
        return pd.DataFrame(), str(fault)
    return found[found[list(by)].notna().all(axis=1)].reset_index(drop=True), None


def item_means(view, table, questions, by, confidence):
    """Means of questions on 0–100, 100 the good end, by the columns ``by``: by…, item, `NUMBERS`, unit."""
    parts = []
    for question, scale in questions.items():
        found = mean_of_question(
            view, question, scale, list(by), Design(), confidence, "t", table=table, unit=INDEX_UNIT, index=True
        )
        parts.append(found.assign(item=question))
    if not parts:
        return pd.DataFrame(columns=[*by, "item", *NUMBERS, "unit"])
    found = pd.concat(parts, ignore_index=True)
    return found[found[list(by)].notna().all(axis=1)].reset_index(drop=True)


def items_of_customers(study):
    """``{question: Scale}`` of the customers' questions about the contact: those of the CX index, else all but the
    outcomes (recommendation, satisfaction, effort). Empty without any.
    """
    if not study.has("customers"):
        return {}
    table, declared = study.customers, study.config.items.get("cx_index", [])
    outcomes = {table.question_for("nps"), table.question_for("promoter_share"), "satisfaction", "effort"}
    names = declared or [q for q in (table.means if is_counted(table) else table.questions) if q not in outcomes]
    found = {q: scale_of(study, "customers", q) for q in names if holds(table, q)}
    return {q: scale for q, scale in found.items() if scale is not None}


def measures_there(study, table):
    """Names of the measures of customers or employees that the study has, in the order of the report."""
    return [name for name, held in MEASURES.items() if held == table and questions_of(study, name)[1] is None]


def _employee_index(view, asked, how):
    scales = {q: scale_of(view, "employees", q) for q in asked}
    return mean_of_index(view, scales, how["by"], Design(), how["confidence"], "t", table="employees", unit=INDEX_UNIT)


_CALLS = {
    "nps": lambda view, q, how: nps(view, q[0], **how),
    "promoter_share": lambda view, q, how: promoter_share(view, q[0], **how),
    "csat": lambda view, q, how: csat(view, q[0], **how),
    "satisfaction_mean": lambda view, q, how: csat(view, q[0], statistic="mean", **how),
    "csi": lambda view, q, how: csi(view, list(q), **how),
    "ces": lambda view, q, how: ces(view, q[0], **how),
    "cx_index": lambda view, q, how: cx_index(view, list(q), **how),
    "enps": lambda view, q, how: enps(view, q[0], **how),
    "employee_index": _employee_index,
}
