"""What a study asks about drivers: the outcome, the items, what customers name; and what is one row of them."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from cxstudy.counted import is_counted
from cxstudy.engine import fetch
from cxstudy.faults import unknown_name
from cxstudy.findings import Reading
from cxstudy.measures.index import Scale, declared_scale, holds
from cxstudy.measures.nps import nps, promoter_share
from cxstudy.tally import moments

OUTCOMES = ("satisfaction", "effort")
STATED = "stated_driver"
FEWEST_CLUSTERS = 10
RECOMMEND = Scale(0, 10)


@dataclass(frozen=True)
class Question:
    """An outcome: its column, ``kind`` (as `measures.importance.importance` has it), and what it is.

    ``shown``: score, nps, promoter_share or mean (of a unit).
    """

    name: str
    kind: str = "numeric"
    shown: str = "score"


@dataclass(frozen=True)
class DriverData:
    """What is compared, ready to be used.

    ``data``: the study's customers, or (``between``) a frame of one row a unit. ``drivers``: name → `Scale`, None where
    it is not known. ``outcome`` and ``beside`` (None without one) are `Question`. ``scale``: the outcome's, or None.
    ``cluster``, ``weights``: columns or None. ``left_out``: units left out beforehand, each reason, n, n_unit.
    """

    data: Any
    drivers: dict
    outcome: Question
    beside: Question | None
    scale: Scale | None
    between: bool = False
    cluster: str | None = None
    weights: str | None = None
    left_out: tuple = field(default=())

    @property
    def n_unit(self):
        """What one row is."""
        return "units" if self.between else "answers"


def driver_data(study, *, outcome=None, drivers=None, outcome_kind="numeric", weights="weight"):
    """``(DriverData, None)``, or ``(None, (Reading, needs))`` when the study has no outcome or not two drivers.

    ``outcome`` None: satisfaction, else the NPS question as the NPS class. ``drivers`` None: the items of the CX index,
    else all questions but the outcomes (recommendation, satisfaction, effort). ValueError for unknown names.
    """
    if not study.has("customers"):
        return None, (Reading("drivers.no_customers"), ("customers",))
    table = study.customers
    if outcome is not None and not (holds(table, outcome) or is_counted(table) and outcome in table.shares):
        valid = {*table.questions} if is_counted(table) else set(table.columns)
        raise ValueError(unknown_name("outcome", outcome, valid))
    names = _drivers(study, drivers, outcome)
    question = _outcome(study, outcome, outcome_kind)
    if question is None:
        return None, (Reading("drivers.no_outcome"), ("customers.satisfaction",))
    if len(names) < 2:
        listed = ", ".join(names) or "–"
        return None, (Reading("drivers.few_drivers", {"list": listed, "n": len(names)}), ("customers items",))
    score = table.question_for("nps")
    asked = score in (table.shares if is_counted(table) else table.columns)
    beside = Question(score, "classes", "nps") if asked and score != question.name and score not in names else None
    scales = {q: declared_scale(study.config.scales, "customers", q) for q in names}
    scale = RECOMMEND if question.kind == "classes" else declared_scale(study.config.scales, "customers", question.name)
    weights = _weights(table, weights)
    found = DriverData(table, scales, question, beside, scale, cluster=cluster_of(table), weights=weights)
    if not is_counted(table):
        return found, None
    return _between(study, found), None


def cluster_of(table):
    """``unit`` where there are at least 10 units that every answer names, else None: answers stand alone."""
    if is_counted(table) or "unit" not in table.expr.columns:
        return None
    unit = table.expr["unit"]
    found = fetch(table.expr.aggregate(n=unit.nunique(), lost=unit.isnull().sum()), None).iloc[0]
    return "unit" if found["n"] >= FEWEST_CLUSTERS and not found["lost"] else None


def weight_column(study, weights="weight"):
    """The column of weights that is there, None without; ValueError for another name that is not."""
    return _weights(study.customers, weights)


def _weights(table, weights):
    if weights is None or (weights == "weight" and weights not in table.columns):
        return None
    if weights not in table.columns:
        raise ValueError(unknown_name("column", weights, table.columns))
    return weights


def _drivers(study, drivers, outcome):
    table = study.customers
    if drivers is not None:
        drivers = [drivers] if isinstance(drivers, str) else list(drivers)
        valid = set(table.means) if is_counted(table) else set(table.columns)
        unknown = [q for q in drivers if q not in valid]
        if unknown:
            raise ValueError(" ".join(unknown_name("driver", q, valid) for q in unknown))
        if outcome in drivers:
            raise ValueError(f"a driver must not be the outcome; {outcome} is both. Take it out of drivers.")
        return drivers
    scores = {table.question_for("nps"), table.question_for("promoter_share"), *OUTCOMES, outcome}
    declared = study.config.items.get("cx_index", [])
    names = declared or (table.means if is_counted(table) else table.questions)
    return [q for q in names if q not in scores and holds(table, q)]


def _outcome(study, outcome, kind):
    table = study.customers
    score, gladly = (table.question_for(role) for role in ("nps", "promoter_share"))
    name = outcome or next((q for q in ("satisfaction", score) if holds(table, q)), None)
    if is_counted(table):
        name = name or next((q for q in (score, gladly) if q in table.shares), None)
        if name is None:
            return None
        shown = "mean" if name in table.means else "promoter_share" if name == gladly != score else "nps"
        return Question(name, "numeric", shown)
    if name is None:
        return None
    if name == score and outcome is None:
        return Question(name, "classes", "nps")
    return Question(name, kind, "nps" if kind == "classes" else "score")


def _between(study, found):
    """The units of a counted table, one row each: means of the questions, the outcome's mean, share or NPS."""
    table, fewest = study.customers, study.thresholds["customers"]
    frame = None
    for name in found.drivers:
        frame = _joined(frame, _means(table, name))
    outcomes = [found.outcome, *([found.beside] if found.beside else [])]
    for question in outcomes:
        frame = _joined(frame, _outcome_by_unit(table, question))
    sizes = fetch(table.expr.group_by("unit").agg(n_answers=table.expr["n"].sum()), None)
    frame = sizes.merge(frame, on="unit", how="left")
    nameless, few = frame["unit"].isna(), frame["n_answers"] < fewest
    reasons = {"no-unit": nameless, "too-few-answers": few & ~nameless}
    left_out = tuple((why, int(rows.sum()), "units") for why, rows in reasons.items() if rows.any())
    frame = frame[~nameless & ~few].reset_index(drop=True)
    beside = found.beside and Question(found.beside.name, "numeric", "nps")
    scale = {"nps": Scale(-100, 100, whole=False), "promoter_share": Scale(0, 100, whole=False)}
    return replace(
        found, data=frame, between=True, cluster=None, weights=None, left_out=left_out, beside=beside,
        scale=scale.get(found.outcome.shown, found.scale),
    )  # fmt: skip


def _means(table, name):
    m = moments(table, name, by="unit")
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(m.n > 0, m.total[:, 0] / m.n, np.nan) + m.centre[0]
    return m.keys.assign(**{name: mean})


def _outcome_by_unit(table, question):
    if question.shown == "mean":
        return _means(table, question.name)
    share = promoter_share if question.shown == "promoter_share" else nps
    return share(table, question.name, by="unit")[["unit", "estimate"]].rename(columns={"estimate": question.name})


def _joined(frame, more):
    return more if frame is None else pd.merge(frame, more, on="unit", how="outer")
