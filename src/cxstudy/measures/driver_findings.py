"""The numbers of a driver analysis as findings: stated shares and ranks, derived importance, performance, the chain."""

import math
import re

import numpy as np
import pandas as pd

from cxstudy.findings import Finding, Reading
from cxstudy.language import say, text
from cxstudy.measures.driver_map import importance_covariance
from cxstudy.measures.handling_time import RESOLUTION, SATISFACTION, STAFF
from cxstudy.stats.intervals import critical

NAME = "drivers"
NAMED = ("ease", "resolution", "engagement")
TIE = ("resolution", "engagement")
SUMS_TO_R2 = ("lmg", "johnson")


def driver_findings(parts, tables, chain, chain_why):
    """The findings of `analyses.drivers.drivers`, in the order of its docstring.

    ``parts``: `driver_parts.DriverParts`; ``tables``: the analysis's; ``chain``: `handling_time.HandlingTime` or None,
    and then ``chain_why`` says why.
    """
    yield from _stated_findings(parts)
    yield from _derived_findings(parts, tables)
    language = parts.study.language
    rows = chain.chain if chain else pd.DataFrame(columns=["from", "to", "kind"])
    for question in STAFF:
        row = rows[(rows["from"] == question) & (rows["to"] == SATISFACTION) & (rows["kind"] == "indirect")]
        why = chain_why or Reading("drivers.chain_not_asked", {"question": question, "by": RESOLUTION})
        base = {"n_unit": "work groups", "unit": "SD per SD", "confidence": parts.settings.confidence}
        base |= {"n": chain.groups if chain else 0, "n_missing": chain.n_missing if chain else 0}
        row = row.iloc[0].to_dict() if len(row) else {"reason": say(why, language)}
        if row.get("reason") == "no-interval":
            row["reason"] = text("drivers.reason.no-interval", language)
        yield _finding(f"{NAME}.indirect_{question}", row, base)


def _stated_findings(parts):
    language, confidence = parts.study.language, parts.settings.confidence
    base = {"n_unit": "answers", "confidence": confidence}
    rows = {slug(row["driver"]): row for row in parts.stated.to_dict("records")}
    names = [*rows, *(name for name in NAMED if name not in rows)]
    why = parts.stated_why
    for name in names:
        row = rows.get(name)
        lacking = say(why or Reading("drivers.not_offered", {"answer": name}), language)
        row = row or {"reason": lacking, "n_answers": 0, "n_missing": 0}
        here = base | {"n": int(row["n_answers"]), "n_missing": int(row["n_missing"])}
        yield _finding(f"{NAME}.stated_{name}", row, here | {"unit": "%"})
        rank = {
            "reason": row.get("reason") or text("drivers.reason.no-ranks", language),
            "method": "simultaneous rank set",
        }
        if np.isfinite(row.get("rank_low", math.nan)):
            place = 1 + sum(other["estimate"] > row["estimate"] for other in rows.values())
            rank = {"estimate": place, "ci_low": row["rank_low"], "ci_high": row["rank_high"], "method": rank["method"]}
        yield _finding(f"{NAME}.stated_rank_{name}", rank, here | {"unit": "rank"})
    yield _finding(f"{NAME}.stated_{TIE[0]}_minus_{TIE[1]}", *_tie(parts, base))


def _tie(parts, base):
    pairs, base = parts.stated_pairs, base | {"unit": "percentage points", "n": 0}
    if len(pairs):
        pairs = pairs.assign(a=pairs["driver_a"].map(slug), b=pairs["driver_b"].map(slug))
        base |= {"n": int(pairs["n_answers"].iloc[0]), "n_missing": int(pairs["n_missing"].iloc[0])}
        for first, second, sign in ((*TIE, 1), (*TIE[::-1], -1)):
            row = pairs[(pairs["a"] == first) & (pairs["b"] == second)]
            if len(row):
                row = row.iloc[0].to_dict()
                ends = sorted((sign * row["ci_low"], sign * row["ci_high"]))
                row |= {"estimate": sign * row["estimate"], "ci_low": ends[0], "ci_high": ends[1]}
                return row | {"method": "difference of two shares of one sample"}, base
    why = parts.stated_why or Reading("drivers.not_offered", {"answer": ", ".join(TIE)})
    return {"reason": say(why, parts.study.language)}, base


def _derived_findings(parts, tables):
    if parts.importance is None:
        return
    found, language, table = parts.found, parts.study.language, parts.importance
    outcome = parts.settings.outcome
    usual = outcome is None or outcome == SATISFACTION
    prefix = NAME if usual else f"{NAME}.{slug(outcome)}"
    base = {"n_unit": found.n_unit, "confidence": parts.settings.confidence}
    size = table["estimate"].abs()
    for row in table.to_dict("records"):
        here = base | {"n": int(row["n"]), "n_missing": int(row["n_missing"])}
        name = slug(row["driver"])
        yield _finding(f"{prefix}.importance_{name}", row, here | {"unit": row["unit"]})
        place = 1 + int((size > abs(row["estimate"]) + 1e-12).sum())
        rank = {
            "estimate": place,
            "ci_low": row["rank_low"],
            "ci_high": row["rank_high"],
            "method": "simultaneous rank set",
        }
        yield _finding(f"{prefix}.importance_rank_{name}", rank, here | {"unit": "rank"})
    for row in tables["map"].to_dict("records"):
        here = base | {"n": int(row["n"]), "n_missing": int(row["n_missing"]), "unit": "points"}
        values = {"estimate": row["performance"], "ci_low": row["performance_low"], "ci_high": row["performance_high"]}
        why = text("drivers.reason.no-scale", language, question=row["driver"]) if row["reason"] == "no-scale" else None
        yield _finding(f"{prefix}.performance_{slug(row['driver'])}", values | {"method": "mean", "reason": why}, here)
    here = base | {"n": int(table["n"].min()), "n_missing": int(table["n_missing"].max()), "unit": "share"}
    yield _finding(f"{prefix}.r_squared", _r_squared(parts), here)


def _r_squared(parts):
    """R² of all drivers; its error from those of the shares that add up to it."""
    table = parts.importance
    row = {"estimate": table["r_squared"].iloc[0], "method": "R² of all drivers"}
    if parts.settings.method in SUMS_TO_R2 and np.isfinite(table["std_error"]).all():
        error = math.sqrt(max(importance_covariance(table, parts.pairs).sum(), 0))
        half = critical(parts.settings.confidence) * error
        row |= {"std_error": error, "ci_low": max(row["estimate"] - half, 0), "ci_high": min(row["estimate"] + half, 1)}
    return row


def slug(name):
    """A driver's name as part of a finding id: small letters, digits and underscores.

    >>> slug("Waiting time (phone)")
    'waiting_time_phone'
    """
    return re.sub(r"\W+", "_", str(name).strip().casefold()).strip("_") or "unnamed"


def _finding(name, row, base):
    numbers = {k: _number(row.get(k)) for k in ("estimate", "std_error", "ci_low", "ci_high", "p_value")}
    reason, method = row.get("reason"), row.get("method")
    reason = reason if isinstance(reason, str) and reason else None
    return Finding(name, **numbers, **base, method=method if isinstance(method, str) else "", reason=reason)


def _number(value):
    return math.nan if value is None or value is pd.NA else float(value)
