"""The only writer of what an analysis found: findings, tables, figures.

Groups with too few answers lose their numbers here and nowhere else, so the
anonymity threshold has one place.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import fields, is_dataclass, replace
from datetime import date
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from cxstudy.findings import Finding, Result, write_findings
from cxstudy.language import say, text

RESPONDENTS = {"answers": "customers", "employees": "employees"}
KEPT = ("n", "n_answers", "n_missing", "confidence", "year", "tier")
DPI = 150


def record(study, result, out):
    """Write one result into the folder ``out``; an empty ``out`` records nothing.

    ``result`` is a Result, or one or several Findings of the user's own (`cxstudy.finding`).
    Written are ``findings/<analysis>.json``, ``tables/<analysis>.<table>.csv`` (UTF-8, never rounded)
    and ``figures/<analysis>.<kind>.png``. In tables that count respondents (a column ``n_answers``,
    or ``n`` with ``n_unit`` answers or employees) a row under ``study.thresholds`` keeps its names
    and counts, loses every other number, and says why in ``reason``; findings likewise.
    """
    if not str(out or ""):
        return
    out = Path(out)
    for part in ("findings", "tables", "figures"):
        (out / part).mkdir(parents=True, exist_ok=True)
    if isinstance(result, Result):
        _record_result(study, result, out)
    else:
        _record_own(study, result, out)


def protected(table, thresholds, language="en"):
    """The table with the numbers of too small groups taken out, and ``reason`` saying so.

    A table that does not count respondents is returned as it is. Example: with thresholds
    ``{"customers": 5}`` a row ``n_answers = 3, nps = 33.3`` becomes ``n_answers = 3, nps = nan``.
    """
    counter = "n_answers" if "n_answers" in table else "n" if {"n", "n_unit"} <= set(table.columns) else None
    if counter is None:
        return table
    units = table["n_unit"] if "n_unit" in table else table[counter].map(lambda _: "answers")
    if counter == "n_answers":
        units = units.where(units.isin(list(RESPONDENTS)), "answers")
    limits = units.map(lambda unit: thresholds.get(RESPONDENTS.get(unit), 0))
    small = (table[counter] < limits).fillna(False).astype(bool)
    if not small.any():
        return table
    out = table.copy()
    for name in out.columns:
        if name not in KEPT and out[name].dtype.kind in "iufb":
            out[name] = out[name].astype(float).mask(small)
    reasons = out["reason"].astype(object) if "reason" in out else out[counter].map(lambda _: None).astype(object)
    said = limits[small].map(lambda limit: text("page.too_few", language, threshold=int(limit)))
    reasons[small] = said
    out["reason"] = reasons
    return out


def protected_finding(finding, thresholds, language="en"):
    """The finding without its numbers, when fewer respondents than the threshold are in it."""
    limit = thresholds.get(RESPONDENTS.get(finding.n_unit), 0)
    if finding.n >= limit or math.isnan(finding.estimate):
        return finding
    numbers = ("estimate", "std_error", "ci_low", "ci_high", "p_value")
    said = text("page.too_few", language, threshold=limit)
    return replace(finding, **dict.fromkeys(numbers, math.nan), reason=said)


def plain(value):
    """The value as JSON can hold it: numbers of numpy become Python's, nan becomes null, dates ISO text."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Iterable):
        return [plain(v) for v in value]
    return value.isoformat() if isinstance(value, date) else str(value)


def _record_result(study, result, out):
    language = result.language
    findings = [protected_finding(f, study.thresholds, language) for f in result.findings]
    for name, table in result.tables.items():
        frame = table if table.index.name is None else table.reset_index()
        path = out / "tables" / f"{result.analysis}.{name}.csv"
        protected(frame, study.thresholds, language).to_csv(path, index=False, encoding="utf-8", lineterminator="\n")
    write_findings(
        out / "findings" / f"{result.analysis}.json",
        findings,
        study=study.name,
        synthetic=bool(study.synthetic),
        analysis=result.analysis,
        sentence=result.sentence(),
        notes=[{"key": note.key, "sentence": say(note, language)} for note in result.notes],
        reading=plain(result.reading),
        # the folder of results is where this file lies; its path on this machine is nobody's business
        settings=plain({name: value for name, value in result.settings.items() if name != "out"}),
        figures=_draw(result, out),
    )


def _draw(result, out):
    """Draw every figure of the result; the names of those drawn, the headline figure first."""
    name = f"cxstudy.figures.{result.analysis}"
    if not find_spec(name):
        return []
    import matplotlib.pyplot as plt

    drawn = []
    for kind in import_module(name).FIGURES:
        figure = result.plot(kind).get_figure()
        path = out / "figures" / f"{result.analysis}.{kind}.png"
        figure.savefig(path, dpi=DPI, bbox_inches="tight", facecolor="white")
        # closed, or the notebook would show every figure a second time under the record cell
        plt.close(figure)
        drawn.append(kind)
    return drawn


def _record_own(study, result, out):
    own = [result] if isinstance(result, Finding) else list(result)
    for one in own:
        if not isinstance(one, Finding):
            raise ValueError(
                f"record takes a Result or Findings; got {type(one).__name__}. "
                "Make a number of your own with cx.finding(…)."
            )
        slug = re.sub(r"[^a-z0-9._-]+", "-", one.id.lower())
        write_findings(
            out / "findings" / f"{slug}.json",
            [protected_finding(one, study.thresholds, study.language)],
            study=study.name,
            synthetic=bool(study.synthetic),
            analysis=one.id.split(".")[0],
        )
