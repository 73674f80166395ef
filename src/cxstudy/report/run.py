"""One run of a study: notebooks executed, pages made, everything in a folder of its own.

An earlier run is never touched; the study's ``index.html`` changes only when every notebook succeeded.
"""

import hashlib
import json
import os
import platform
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import cxstudy
from cxstudy.anonymity import Groups
from cxstudy.answerable import answers, sentence
from cxstudy.faults import NotTestable
from cxstudy.language import text
from cxstudy.report.notebook_list import CLAIMS, check_parameters, list_notebooks, select
from cxstudy.report.record import plain
from cxstudy.study import open_study

FORMAT = 1
NOTHING_ASKED = {"only": [], "parameters": {}}
PACKAGES = (
    "pandas numpy scipy statsmodels pingouin duckdb ibis-framework pyarrow matplotlib seaborn papermill nbconvert"
).split()


@dataclass(frozen=True)
class RunOutcome:
    """What a run left behind: its folder, whether all went well, and the lines to tell the user.

    ``sentences`` are the headline readings by analysis, ``unanswered`` the reasons by analysis,
    ``failures`` one text a failed notebook.
    """

    study: str
    folder: Path
    ok: bool
    sentences: dict
    unanswered: dict
    failures: tuple = ()

    @property
    def index(self):
        """The page to open: the study's own, which shows the newest good run."""
        return self.folder.parent / "index.html"


def run_study(study_path=None, only=(), parameters=(), jobs=2, out=None, notebooks=None):
    """Run a study's notebooks, claims last, and make its pages; returns a `RunOutcome`.

    ``study_path`` is a folder or a study.yaml (None: the sample), ``only`` names notebooks, ``parameters``
    are pairs of name and value, ``jobs`` notebooks run at a time, ``out`` is the folder of reports,
    ``notebooks`` another folder of notebooks than the workbook's. Wrong data, names and values, and a
    folder that cannot be written, raise ValueError before anything is written.
    """
    if jobs < 1:
        raise ValueError(f"jobs is how many notebooks run at a time, 1 or more; got {jobs}. Two cores: jobs 2.")
    study = open_study(study_path)
    books = select(list_notebooks(study, notebooks), only)
    values = check_parameters(books, parameters)
    books, unanswered = _answerable(study, books)
    home = _writable(Path(out) if out else default_reports()) / study.name
    folder = _new_folder(home)
    asked = {"only": list(only), "parameters": plain(values if parameters else {})}
    try:
        return _run(study, books, values, unanswered, folder, jobs, asked)
    except BaseException:
        _mark_failed(folder)
        raise


def default_reports():
    """``reports`` of the workbook's folder, or of the current folder when cxstudy is installed without it."""
    root = Path(cxstudy.__file__).resolve().parents[2]
    return (root if (root / "notebooks").is_dir() else Path.cwd()) / "reports"


def newest_good_run(study, out=None):
    """The newest good run of the whole study, with default parameters, on the present data by the present program."""
    home = (Path(out) if out else default_reports()) / study.name
    present = study.fingerprints()
    wanted = {"status": "done", "data": present, "program": program_fingerprint(), "asked": NOTHING_ASKED}
    for file in sorted(home.glob("*/run.json"), key=lambda f: f.stat().st_mtime, reverse=True):
        try:
            run = json.loads(file.read_text(encoding="utf-8"))
        except ValueError:
            continue
        if {name: run.get(name) for name in wanted} == wanted:
            return file.parent
    return None


def program_fingerprint():
    """SHA-256 over the Python and YAML files of cxstudy: tells whether a stored run is of this program."""
    digest = hashlib.sha256()
    home = Path(cxstudy.__file__).parent
    for file in sorted(f for kind in ("*.py", "*.yaml") for f in home.rglob(kind)):
        digest.update(file.relative_to(home).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()


def _answerable(study, books):
    """The notebooks whose question the data can answer, and the reasons of the others by analysis."""
    wanted = {book.analysis for book in books}
    no = {
        name: sentence(answer, study.language)
        for name, answer in answers(study).items()
        if answer.status == "no" and name in wanted
    }
    left = [book for book in books if book.analysis not in no]
    if no and all(book.analysis == CLAIMS for book in left):
        raise NotTestable("none of the questions asked can be answered with these data.\n" + "\n".join(no.values()))
    return left, no


def _writable(folder):
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder.resolve()
    except OSError as error:
        raise ValueError(
            f"reports are written into a folder of yours; {folder} cannot be written ({error.strerror or error}). "
            "Name another one with --out, or change its rights."
        ) from None


def _new_folder(home):
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    for number in range(1, 1000):
        name = stamp if number == 1 else f"{stamp}-{number}"
        if (home / f"{name}-failed").exists():
            continue
        try:
            (home / name).mkdir(parents=True)
            return home / name
        except FileExistsError:
            continue
    raise ValueError(f"a run needs a new folder; a thousand of {stamp} exist in {home}. Wait a second and run again.")


def _mark_failed(folder):
    """Rename a failed run's folder; where a file in it is open and it cannot move, run.json still says so."""
    target = folder.with_name(f"{folder.name}-failed")
    try:
        folder.rename(target)
        return target
    except OSError:
        return folder


def _run(study, books, values, unanswered, folder, jobs, asked):
    # imported here: two seconds that a mistake in a name or the data need not wait for
    from cxstudy.report.kernels import execute_all

    start, clock = datetime.now().astimezone(), time.perf_counter()
    given = {b.stem: {**_given(b, study, folder), **values[b.stem]} for b in books}
    done = execute_all([b for b in books if b.analysis != CLAIMS], given, folder, jobs)
    if all(one.ok for one in done.values()):
        done |= execute_all([b for b in books if b.analysis == CLAIMS], given, folder, 1)
    books = [book for book in books if book.stem in done]
    failed = [book for book in books if not done[book.stem].ok]
    run = {
        "format": FORMAT,
        "run": folder.name,
        "study": study.name,
        "title": study.config.title,
        "synthetic": bool(study.synthetic),
        "status": "failed" if failed else "done",
        "started": start.isoformat(timespec="seconds"),
        "seconds": round(time.perf_counter() - clock, 2),
        "asked": asked,
        "data": study.fingerprints(),
        "program": program_fingerprint(),
        "versions": {"python": platform.python_version(), "cxstudy": cxstudy.__version__, **_versions()},
        "platform": platform.platform(),
        "notebooks": [_notebook_record(book, values[book.stem], done[book.stem]) for book in books],
        "unanswered": unanswered,
    }
    run["seeds"] = {one["name"]: one["parameters"]["seed"] for one in run["notebooks"] if "seed" in one["parameters"]}
    if failed:
        _write_json(folder / "run.json", run)
        folder = _mark_failed(folder)
        failures = tuple(_failure(book, done[book.stem], folder) for book in failed)
        return RunOutcome(study.name, folder, False, {}, unanswered, failures)
    return _finish(study, books, folder, run, given)


def _finish(study, books, folder, run, given):
    """Pages, merged findings and index of a good run; run.json last, as it is what makes a run good."""
    from cxstudy.report.index import read_run, write_index
    from cxstudy.report.page import without_machine_paths, write_page
    from cxstudy.report.shown import hide_small_groups

    groups = Groups(study)
    for book in books:
        without_machine_paths(folder / book.path.name, given[book.stem])
        hide_small_groups(folder / book.path.name, study.thresholds, groups)
        write_page(folder / book.path.name, folder / f"{book.stem}.html", run)
    overview = read_run(folder, run, [book.analysis for book in books])
    _write_json(folder / "findings.json", overview.findings_file())
    write_index(overview, folder / "index.html")
    _write_json(folder / "run.json", run)
    write_index(overview, folder.parent / "index.html", prefix=f"{folder.name}/")
    return RunOutcome(study.name, folder, True, overview.sentences(), run["unanswered"])


def _given(book, study, folder):
    both = {"study": str(Path(study.file).resolve()), "out": str(folder)}
    return {name: both[name] for name in both if name in book.parameters}


def _notebook_record(book, values, one):
    parameters = {name: p.default for name, p in book.parameters.items() if name not in ("study", "out")} | values
    return {
        "name": book.stem,
        "analysis": book.analysis,
        "status": "done" if one.ok else "failed",
        "seconds": round(one.seconds, 2),
        "parameters": plain(parameters),
    }


def _failure(book, one, folder):
    cell = text("run.at_cell", "en", cell=one.cell, line=one.line) if one.cell is not None else ""
    said = text("run.failed", "en", notebook=book.stem, cell=cell, message=one.error)
    if one.mistake:
        return said
    return f"{said}\n{text('run.traceback', 'en', path=os.path.join(folder, book.path.name))}"


def _versions():
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found


def _write_json(path, body):
    draft = path.with_suffix(".tmp")
    draft.write_text(json.dumps(body, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    draft.replace(path)
