"""A recorded run made again: same study, notebooks, parameters and seeds; then what changed, the causes first.

Two numbers are the same when they differ by at most 1e-8 of the larger. That holds for resampling too, because its
random numbers start from the recorded seed; only where Python, numpy or scipy have another version may they be others.
Then a finding whose method resamples may move by four times its Monte Carlo error. With B samples (the notebook's
parameter ``replicates``), s the standard error (from the interval, where there is one), a = (1 − confidence) / 2 and
φ(z) the normal density at the interval's end, that error is s/√B for an estimate, s/√(2B) for a standard error,
s √(a(1 − a)) / (φ(z) √B) for the end of an interval and √(p(1 − p)/B) for a p-value, which moves in steps of 1/B
(Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapter 19). Counts, units and reasons must be the same.
"""

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist

from cxstudy.findings import read_findings
from cxstudy.language import text
from cxstudy.report.run import run_study
from cxstudy.report.run_record import FORMAT, program_fingerprint, versions
from cxstudy.study import open_study

CLOSED_FORM = 1e-8
MONTE_CARLO = 4
RANDOM = ("python", "numpy", "scipy")
RESAMPLES = re.compile(r"bootstrap|bca|resampl|permut|shuffl|simulat|simex|monte carlo|cross-valid", re.I)
EXACT = ("n", "n_unit", "n_missing", "unit", "method", "confidence", "estimand", "reason")
NUMBERS = ("estimate", "std_error", "ci_low", "ci_high", "p_value")


@dataclass(frozen=True)
class Change:
    """One thing that is not as it was: ``key`` of the language catalogue, and the values of its gaps."""

    key: str
    values: dict

    def sentence(self, language="en"):
        return text(self.key, language, **self.values)


@dataclass(frozen=True)
class RerunOutcome:
    """The new run, the changes of input files, program and versions, and those of the findings."""

    run: object
    causes: tuple
    changes: tuple
    compared: int


def rerun(path, *, study=None, jobs=2, out=None, notebooks=None, isolated=False, server=None):
    """Make the run in ``path`` (its folder or its run.json) again in a new folder; returns a `RerunOutcome`.

    ``study`` names the study where it is no longer found by the recorded path. ``out`` is the folder of reports
    (the one the run is in). The other arguments are those of `run_study`. ValueError when there is no
    finished run, when the study is not found or is another, or when a notebook or parameter is no more.
    """
    folder, run = recorded(path)
    opened = open_study(_study_file(folder, run, study))
    if opened.name != run["study"]:
        raise ValueError(
            f"a run is made again with its own study; {folder.name} is of {run['study']!r} and this study is "
            f"{opened.name!r}. Name the right one with --study."
        )
    before = read_findings(folder / "findings.json")
    out = folder.parent.parent if out is None else out
    again = run_study(
        opened.file, jobs=jobs, out=out, notebooks=notebooks, isolated=isolated, server=server, again=run
    )
    causes = tuple(_causes(run, opened))
    if not again.ok:
        return RerunOutcome(again, causes, (), 0)
    now = read_findings(again.folder / "findings.json")
    chance = any(run["versions"].get(name) != versions()[name] for name in RANDOM)
    changes = tuple(compare(before, now, samples=_samples(run) if chance else {}))
    return RerunOutcome(again, causes, changes, len(now))


def recorded(path):
    """``(folder, record)`` of a finished run; ValueError says what is wrong with ``path``."""
    path = Path(path)
    file = path if path.is_file() else path / "run.json"
    try:
        run = json.loads(file.read_text(encoding="utf-8"))
        complete = {"study", "study_path", "notebooks", "versions", "seeds", "data", "asked", "program"} <= set(run)
    except FileNotFoundError:
        raise ValueError(
            f"a run is a folder with run.json, as cxstudy run makes it in reports; there is none in {path}."
        ) from None
    except (OSError, ValueError, TypeError) as error:
        raise ValueError(f"run.json is a JSON file; {file} cannot be read ({error}). Name another run.") from None
    if not complete or run["format"] != FORMAT:
        raise ValueError(f"run.json of {file.parent.name} lacks what is needed to run again. Name a newer run.")
    if run["status"] != "done" or not (file.parent / "findings.json").exists():
        raise ValueError(f"only a finished run can be compared; {file.parent.name} failed. Run the study anew.")
    return file.parent, run


def compare(before, now, samples=None):
    """The `Change` of each finding that is not as it was, those gone and new last.

    ``before`` and ``now`` are lists of Finding. ``samples``: analysis → number of resamples, when random numbers
    may differ; without it every number must agree to 1e-8.

    >>> from cxstudy.findings import finding
    >>> old, new = finding("my.share", 0.4, n=80), finding("my.share", 0.5, n=80)
    >>> [change.values["now"] for change in compare([old], [new])]
    ['0.5']
    """
    old, new = ({one.id: one for one in findings} for findings in (before, now))
    for name in [name for name in old if name in new]:
        yield from _differences(old[name], new[name], (samples or {}).get(name.split(".")[0], 0))
    yield from (Change("rerun.gone", {"finding": name}) for name in old if name not in new)
    yield from (Change("rerun.new", {"finding": name}) for name in new if name not in old)


def tolerance(field, one, samples=0):
    """How far ``field`` of a Finding may be from its value in another run; ``samples``: of the resampling, or 0."""
    value = getattr(one, field)
    closed = CLOSED_FORM * abs(value)
    if not samples or not RESAMPLES.search(one.method):
        return closed
    if field == "p_value":
        return MONTE_CARLO * math.sqrt(value * (1 - value) / samples) + 1 / samples
    spread = one.std_error
    level = one.confidence if 0 < one.confidence < 1 else 0.95
    z = NormalDist().inv_cdf((1 + level) / 2)
    if math.isfinite(one.ci_low) and math.isfinite(one.ci_high):
        spread = (one.ci_high - one.ci_low) / (2 * z)
    if not math.isfinite(spread):
        return closed
    tail = (1 - level) / 2
    factor = {
        "estimate": 1.0,
        "std_error": math.sqrt(0.5),
        "ci_low": math.sqrt(tail * (1 - tail)) / NormalDist().pdf(z),
    }
    return max(closed, MONTE_CARLO * spread * factor.get(field, factor["ci_low"]) / math.sqrt(samples))


def _differences(old, new, samples):
    for field in NUMBERS:
        a, b = getattr(old, field), getattr(new, field)
        if math.isnan(a) and math.isnan(b) or a == b:
            continue
        allowed = max(tolerance(field, one, samples) for one in (old, new))
        if not abs(a - b) <= allowed:
            yield _change(old.id, field, a, b)
    for field in EXACT:
        a, b = getattr(old, field), getattr(new, field)
        if a != b and not (isinstance(a, float) and math.isnan(a) and math.isnan(b)):
            yield _change(old.id, field, a, b)


def _change(name, field, before, now):
    return Change("rerun.finding", {"finding": name, "field": field, "before": _said(before), "now": _said(now)})


def _said(value):
    return "" if value is None else repr(float(value)) if isinstance(value, float) else str(value)


def _causes(run, study):
    """What differs between then and now before anything is computed."""
    files = study.fingerprints()
    for name in sorted({*run["data"], *files}):
        if name not in files or name not in run["data"]:
            yield Change("rerun.file_gone" if name not in files else "rerun.file_new", {"file": name})
        elif files[name] != run["data"][name]:
            yield Change("rerun.file", {"file": name})
    present = versions()
    for name in sorted({*run["versions"], *present}):
        a, b = run["versions"].get(name), present.get(name)
        if a != b:
            yield Change("rerun.version", {"package": name, "before": a or "–", "now": b or "–"})
    if run["program"] != program_fingerprint():
        yield Change("rerun.program", {})


def _samples(run):
    """Analysis → number of resamples, from the recorded parameters."""
    given = {one["analysis"]: one["parameters"] for one in run["notebooks"]}
    return {name: int(values["replicates"]) for name, values in given.items() if values.get("replicates")}


def _study_file(folder, run, study):
    if study is not None:
        return study
    file = folder / run["study_path"]
    if not file.exists():
        raise ValueError(
            f"the study of a run is looked for where it was, seen from the run; {run['study_path']} is not there. "
            "Name its folder or study.yaml with --study."
        )
    return file.resolve()
