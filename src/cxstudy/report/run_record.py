"""What run.json says of a run: what was run, on what, with what, how it went; and how it is found again.

It holds no absolute path. The study is named by its path from the run's folder, so a run can be made again
(`cxstudy.report.rerun`) as long as both stay where they are to each other.
"""

import hashlib
import json
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import cxstudy
from cxstudy.report.record import plain

FORMAT = 1
NOTHING_ASKED = {"only": [], "parameters": {}}
PACKAGES = (
    "pandas numpy scipy statsmodels pingouin duckdb ibis-framework pyarrow matplotlib seaborn papermill nbconvert"
).split()


def begun(study, folder, started, asked, unanswered):
    """What is known of a run before its notebooks have run; ``asked`` as in `NOTHING_ASKED`."""
    return {
        "format": FORMAT,
        "run": folder.name,
        "study": study.name,
        "title": study.config.title,
        "synthetic": bool(study.synthetic),
        "language": study.language,
        "started": started.isoformat(timespec="seconds"),
        "asked": asked,
        "study_path": relative(study.file, folder),
        "data": study.fingerprints(),
        "program": program_fingerprint(),
        "versions": versions(),
        "platform": platform.platform(),
        "unanswered": unanswered,
    }


def finished(run, books, values, done, seconds):
    """The record with how the notebooks went; ``values`` are the given parameters and ``done`` Executed, by stem."""
    notebooks = [_notebook(book, values[book.stem], done[book.stem]) for book in books]
    return {
        **run,
        "status": "done" if all(one.ok for one in done.values()) else "failed",
        "seconds": round(seconds, 2),
        "notebooks": notebooks,
        "seeds": {one["name"]: one["parameters"]["seed"] for one in notebooks if "seed" in one["parameters"]},
    }


def relative(path, folder):
    """``path`` from ``folder`` with forward slashes; on another drive of Windows only its folder and name."""
    path = Path(path).resolve()
    try:
        return Path(os.path.relpath(path, Path(folder).resolve())).as_posix()
    except ValueError:
        return f"{path.parent.name}/{path.name}"


def is_whole(run):
    """Whether all notebooks were asked for, with the parameters they are written with."""
    return run.get("asked", NOTHING_ASKED) == NOTHING_ASKED


def write_json(path, body):
    """Write a JSON file whole or not at all; ``body`` holds no nan."""
    draft = path.with_suffix(".tmp")
    draft.write_text(json.dumps(body, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    draft.replace(path)


def newest_good_run(study, out):
    """The newest good run in ``out`` of the whole study, on the present data by the present program, or None."""
    wanted = {"status": "done", "data": study.fingerprints(), "program": program_fingerprint(), "asked": NOTHING_ASKED}
    for file, run in _runs(Path(out) / study.name):
        if {name: run.get(name) for name in wanted} == wanted:
            return file.parent
    return None


def longest_first(books, home):
    """Notebooks by the seconds they took in the newest run in ``home``; those that are new by their code cells."""
    took = next(({one["name"]: one["seconds"] for one in run.get("notebooks", ())} for _, run in _runs(home)), {})
    return sorted(books, key=lambda book: (-took.get(book.stem, float("inf")), -_code_cells(book.path)))


def program_fingerprint():
    """SHA-256 over the Python and YAML files of cxstudy: tells whether a stored run is of this program."""
    digest = hashlib.sha256()
    home = Path(cxstudy.__file__).parent
    for file in sorted(f for kind in ("*.py", "*.yaml") for f in home.rglob(kind)):
        digest.update(file.relative_to(home).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()


def versions():
    """Python's version, cxstudy's, and that of every package a number may depend on; None where not installed."""
    found = {"python": platform.python_version(), "cxstudy": cxstudy.__version__}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found


def _runs(home):
    """The records of all runs in a study's folder of reports, the newest first; unreadable ones left out."""
    for file in sorted(Path(home).glob("*/run.json"), key=lambda f: f.stat().st_mtime, reverse=True):
        try:
            yield file, json.loads(file.read_text(encoding="utf-8"))
        except ValueError:
            continue


def _code_cells(path):
    return sum(cell["cell_type"] == "code" for cell in json.loads(path.read_text(encoding="utf-8"))["cells"])


def _notebook(book, values, one):
    parameters = {name: p.default for name, p in book.parameters.items() if name not in ("study", "out")} | values
    return {
        "name": book.stem,
        "analysis": book.analysis,
        "status": "done" if one.ok else "failed",
        "seconds": round(one.seconds, 2),
        "parameters": plain(parameters),
    }
