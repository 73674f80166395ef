"""The only writer of what an analysis found: findings, tables, figures.

Everything passes the anonymity rule here (`cxstudy.anonymity`), and every file is marked *internal* or *client*.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import fields, is_dataclass, replace
from datetime import date
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from cxstudy.anonymity import RESPONDENTS, Groups, suppress
from cxstudy.findings import Finding, Result, write_findings
from cxstudy.language import say, text
from cxstudy.report.audience import CLIENT, INTERNAL, audience, names_of, write_readme
from cxstudy.report.table_files import STANDARD, kinds, write_table


def record(study, result, out):
    """Write one result into the folder ``out``; an empty ``out`` records nothing.

    ``result`` is a Result, or one or several Findings of the user's own (`cxstudy.finding`).
    Written are ``findings/<analysis>.json``, ``tables/<analysis>.<table>.csv`` (UTF-8, never rounded;
    with ``csv: excel`` in study.yaml as Excel in a Nordic language opens it)
    and ``figures/<analysis>.<kind>.png``. In tables that count respondents a row under ``study.thresholds``, and one
    that would give it away, keeps its names and counts, loses every other number, and says why in ``reason``; findings
    likewise. The findings file marks each file *internal* (it names a company or work group) or *client* under
    ``files``, and README.md lists them all.
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
    groups = Groups.of(study)
    names = names_of(study, groups)
    findings = [protected_finding(f, study.thresholds, language) for f in result.findings]
    files, held = {}, {}
    # the study may be a stand-in that has no configuration
    way = getattr(getattr(study, "config", None), "csv", STANDARD)
    for name, table in result.tables.items():
        frame = table if table.index.name is None else table.reset_index()
        frame = suppress(frame, study.thresholds, groups=groups, language=language)
        file = f"tables/{result.analysis}.{name}.csv"
        write_table(frame, out / file, way)
        held[file] = kinds(frame)
        files[file] = audience(frame, names)
    figures, internal = _draw(result, out)
    files |= {f"figures/{result.analysis}.{kind}.png": INTERNAL if kind in internal else CLIENT for kind in figures}
    notes = [{"key": note.key, "sentence": say(note, language)} for note in result.notes]
    said = [result.sentence(), *(note["sentence"] for note in notes)]
    write_findings(
        out / "findings" / f"{result.analysis}.json",
        findings,
        study=study.name,
        synthetic=bool(study.synthetic),
        audience=audience(said, names),
        analysis=result.analysis,
        sentence=result.sentence(),
        notes=notes,
        reading=plain(result.reading),
        # the folder of results is where this file lies; its path on this machine is nobody's business
        settings=plain({name: value for name, value in result.settings.items() if name != "out"}),
        figures=figures,
        files=files,
        kinds=held,
    )
    write_readme(out, study.thresholds, language)


def _draw(result, out):
    """Draw every figure of the result; the kinds drawn, the headline figure first, and those that name units."""
    name = f"cxstudy.figures.{result.analysis}"
    if not find_spec(name):
        return [], ()
    import matplotlib.pyplot as plt

    from cxstudy.figures.picture import png

    drawn = []
    module = import_module(name)
    for kind in module.FIGURES:
        axes = result.drawn[kind] if kind in result.drawn else result.plot(kind)
        figure = axes.get_figure()
        (out / "figures" / f"{result.analysis}.{kind}.png").write_bytes(png(figure))
        # closed, or the notebook would show every figure a second time under the record cell
        plt.close(figure)
        drawn.append(kind)
    return drawn, getattr(module, "INTERNAL", ())


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
            audience=INTERNAL,
            analysis=one.id.split(".")[0],
        )
    write_readme(out, study.thresholds, study.language)
