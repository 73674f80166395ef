"""One run of a study: notebooks executed, pages made, everything in a folder of its own.

An earlier run is never touched. The study's ``index.html`` changes only when every notebook of the whole study
succeeded with the parameters it is written with; a part, or other parameters, have the index of their own folder.
"""

import os
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import cxstudy
from cxstudy.anonymity import Groups
from cxstudy.answerable import answers, sentence
from cxstudy.faults import NotTestable
from cxstudy.language import text
from cxstudy.report.forked import warming_up
from cxstudy.report.notebook_list import CLAIMS, check_parameters, list_notebooks, select
from cxstudy.report.record import plain
from cxstudy.report.run_record import begun, finished, is_whole, longest_first, write_json
from cxstudy.shared_study import shared
from cxstudy.study import open_study


@dataclass(frozen=True)
class RunOutcome:
    """What a run left behind: its folder, whether all went well, and the lines to tell the user.

    ``sentences`` are the headline readings by analysis, ``unanswered`` the reasons by analysis,
    ``failures`` one text a failed notebook. ``whole``: all notebooks, with the parameters they are written with.
    """

    study: str
    folder: Path
    ok: bool
    sentences: dict
    unanswered: dict
    failures: tuple = ()
    whole: bool = True

    @property
    def index(self):
        """The page to open: the study's own, which shows the newest whole run, or that of a partial run."""
        return (self.folder.parent if self.whole else self.folder) / "index.html"


def run_study(
    study_path=None,
    only=(),
    parameters=(),
    jobs=2,
    out=None,
    notebooks=None,
    *,
    isolated=False,
    server=None,
    again=None,
):
    """Run a study's notebooks, the longest first and the claims last, and make its pages; returns a `RunOutcome`.

    ``study_path`` is a folder or a study.yaml (None: the sample), ``only`` names notebooks, ``parameters``
    are pairs of name and value, ``jobs`` notebooks run at a time, ``out`` is the folder of reports,
    ``notebooks`` another folder of notebooks than the workbook's. ``isolated`` starts every kernel as a program of
    its own; ``server`` is a ForkServer that several runs share. ``again`` is the record of a run (run.json) whose
    notebooks and parameters are to be used, in place of ``only`` and ``parameters``. Wrong data, names and values,
    and a folder that cannot be written, raise ValueError before anything is written.
    """
    if jobs < 1:
        raise ValueError(f"jobs is how many notebooks run at a time, 1 or more; got {jobs}. Two cores: jobs 2.")
    with ExitStack() as stack:
        if server is None:
            server = stack.enter_context(warming_up(isolated))
        study = open_study(study_path)
        books = list_notebooks(study, notebooks)
        if again is None:
            books = select(books, only)
            values = check_parameters(books, parameters)
            asked = {"only": list(only), "parameters": plain(values if parameters else {})}
        else:
            books, values, asked = _recorded(books, again)
        books, unanswered = _answerable(study, books)
        home = _writable(Path(out) if out else default_reports()) / study.name
        folder = _new_folder(home)
        try:
            run = begun(study, folder, datetime.now().astimezone(), asked, unanswered)
            if again is not None:
                run["rerun_of"] = again["run"]
            # counted before the study is put for the notebooks, which need them as well
            Groups.of(study)
            environment = stack.enter_context(shared(study))
            return _run(study, longest_first(books, home), values, run, folder, jobs, server, environment)
        except BaseException:
            _mark_failed(folder)
            raise


def default_reports():
    """``reports`` of the workbook's folder, or of the current folder when cxstudy is installed without it."""
    root = Path(cxstudy.__file__).resolve().parents[2]
    return (root if (root / "notebooks").is_dir() else Path.cwd()) / "reports"


def _recorded(books, run):
    """The notebooks of a recorded run, the values each ran with, and what was asked for."""
    names = [one["name"] for one in run["notebooks"]]
    books = [book for book in select(books, names) if book.stem in names]
    values = {one["name"]: one["parameters"] for one in run["notebooks"]}
    return books, {book.stem: check_parameters([book], values[book.stem])[book.stem] for book in books}, run["asked"]


def _answerable(study, books):
    """The notebooks whose question the data can answer, and the reasons of the others by analysis."""
    wanted = {book.analysis for book in books}
    no = {
        name: sentence(answer, study.language)
        for name, answer in answers(study, wanted).items()
        if answer.status == "no"
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


def _run(study, books, values, run, folder, jobs, server, environment):
    # imported here, as a mistake in a name or the data need not wait for it
    execute_all, hide_small_groups = _executor()

    clock = time.perf_counter()
    given = {book.stem: {**_given(book, study, folder), **values[book.stem]} for book in books}
    pages, groups, tables = {}, Groups.of(study), None

    def finish(book, one):
        # imported while the kernels run
        from cxstudy.report.page import page_of_file, without_machine_paths
        from cxstudy.report.workbook import TablesWorkbook

        nonlocal tables
        tables = tables or TablesWorkbook(folder, study)
        path = folder / book.path.name
        if path.exists():
            without_machine_paths(path, given[book.stem])
            hide_small_groups(path, study.thresholds, groups)
        if one.ok:
            pages[book.stem] = page_of_file(path, run)
            tables.add(book.analysis)

    last = [book for book in books if book.analysis == CLAIMS]
    first = [book for book in books if book not in last]
    done = execute_all(first, given, folder, jobs, server, finish, last, environment)
    books = sorted((book for book in books if book.stem in done), key=lambda b: (b.analysis == CLAIMS, b.stem))
    run = finished(run, books, values, done, time.perf_counter() - clock)
    if run["status"] == "done":
        from cxstudy.report.method_page import write_method_page

        tables.save(run)
        write_method_page(study, run, folder)
        return _good(books, folder, run, pages)
    write_json(folder / "run.json", run)
    folder = _mark_failed(folder)
    failures = tuple(_failure(book, done[book.stem], folder) for book in books if not done[book.stem].ok)
    return RunOutcome(study.name, folder, False, {}, run["unanswered"], failures, is_whole(run))


def _executor():
    """What runs notebooks and what hides small groups in them.

    While they are imported, rfc3987_syntax counts as not installed: jsonschema, which comes with it, would build the
    grammar of internationalised web addresses (a second) for an optional check that no notebook asks for.
    """
    hidden = sys.modules.setdefault("rfc3987_syntax", None) is None
    try:
        from cxstudy.report.kernels import execute_all
        from cxstudy.report.shown import hide_small_groups
    finally:
        if hidden:
            sys.modules.pop("rfc3987_syntax", None)
    return execute_all, hide_small_groups


def _good(books, folder, run, pages):
    """Pages, merged findings and index of a good run; run.json last, as it is what makes a run good."""
    from cxstudy.report.index import read_run, write_index

    for stem, html in pages.items():
        (folder / f"{stem}.html").write_text(html, encoding="utf-8")
    overview = read_run(folder, run, [book.analysis for book in books])
    write_json(folder / "findings.json", overview.findings_file())
    write_index(overview, folder / "index.html")
    write_json(folder / "run.json", run)
    if is_whole(run):
        write_index(overview, folder.parent / "index.html", prefix=f"{folder.name}/")
    return RunOutcome(run["study"], folder, True, overview.sentences(), run["unanswered"], whole=is_whole(run))


def _given(book, study, folder):
    both = {"study": str(Path(study.file).resolve()), "out": str(folder)}
    return {name: both[name] for name in both if name in book.parameters}


def _failure(book, one, folder):
    key = "run.failed" if one.cell is None else "run.failed_in_cell"
    said = text(key, "en", notebook=book.stem, message=one.error, cell=one.cell, line=one.line)
    if one.mistake:
        return said
    return f"{said}\n{text('run.traceback', 'en', path=os.path.join(folder, book.path.name))}"
