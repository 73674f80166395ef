"""Reports for some clients of a study or all: tallied once, rendered by several processes, each file whole or absent.

A list of what was made from which data and settings (``made.json``) lets a second start make only what is missing. A
client that fails is listed with the reason, and the others finish.
"""

import tempfile
from concurrent.futures import FIRST_COMPLETED, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from pathlib import Path

from cxstudy.client.all_index import write_index
from cxstudy.client.jobs import Jobs
from cxstudy.client.render import FINDINGS, OFFICE, load_renderers, render, start_pool
from cxstudy.report.run import default_reports

INDEX = "index.html"
AHEAD = 2  # reports a process that wait for one


@dataclass
class Outcome:
    """What `produce` left in ``folder``: files ``made`` now and ``kept`` from before, ``failures`` {client: reason}.

    ``index``: the page over all, None where only some clients were asked for.
    """

    folder: Path
    made: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    index: Path | None = None


def produce(
    study, companies=(), *, period=None, language=None, formats=None, settings=None, out=None, jobs=1, follow=None
):
    """Write the reports of ``companies`` (keys or names; none: all clients of the study); returns an `Outcome`.

    ``period``, ``language``: as in `report.client_report`; ``formats``: of html, pdf, pptx, xlsx (None: those of
    report.yaml, or all); ``settings``: a report.yaml for all of them (None: ``clients/<file name>/report.yaml`` in the
    study's folder, else its ``report.yaml``, where there are); ``out``: folder (None: ``reports/<study>/clients``);
    ``jobs``: processes that render (a script that asks for more than one guards its own start with
    ``if __name__ == "__main__"``); ``follow(total)`` is called first, and ``follow(None)`` after each client.
    Names, values and a folder that cannot be used raise ValueError before anything is written.
    """
    if jobs < 1:
        raise ValueError(f"jobs is how many processes render, 1 or more; got {jobs}. Two cores: jobs 2.")
    folder = Path(out) if out else default_reports() / study.name / "clients"
    if jobs > 1:
        # it loads while the answers are tallied
        load_renderers()
    work = Jobs(study, folder, period, language, formats, settings)
    clients = work.chosen(companies) if companies else work.every
    _writable(folder)
    outcome = Outcome(folder)
    _Production(work, outcome, follow or (lambda total: None)).run(clients, jobs)
    outcome.kept = work.kept
    if not companies:
        outcome.index = folder / INDEX
        write_index(study, work.files.entries, outcome.failures, outcome.index, work.language)
    return outcome


@dataclass
class _Production:
    work: Jobs
    outcome: Outcome
    follow: object

    def run(self, clients, jobs):
        self.follow(len(clients))
        if jobs == 1 or len(clients) == 1:
            for client in clients:
                job = self.job(client)
                if job:
                    self.record(job, _one(job, jobs))
            return
        self.pool = start_pool(jobs)
        try:
            self.side_by_side(clients, AHEAD * jobs, jobs)
        finally:
            self.pool.shutdown(cancel_futures=True)

    def side_by_side(self, clients, most, jobs):
        waiting = {}
        for client in clients:
            job = self.job(client)
            if job is None:
                continue
            try:
                future = self.pool.submit(render, job.report, job.files, job.template)
            except BrokenProcessPool:
                self.pool = start_pool(jobs)
                future = self.pool.submit(render, job.report, job.files, job.template)
            waiting[future] = job
            while len(waiting) >= most:
                self.collect(waiting)
        while waiting:
            self.collect(waiting)

    def job(self, client):
        """The client's job; None where it failed or nothing is missing, which counts as done."""
        try:
            job = self.work.job(client)
        except ValueError as mistake:
            self.outcome.failures[client.name] = str(mistake)
            job = None
        except Exception as unexpected:
            # one client's fault must not cost the others
            self.outcome.failures[client.name] = (
                f"something went wrong that should not ({type(unexpected).__name__}: {unexpected}); please report it "
                "with that text."
            )
            job = None
        if job is None:
            self.follow(None)
        return job

    def collect(self, waiting):
        done, _ = wait(waiting, return_when=FIRST_COMPLETED)
        for future in done:
            job = waiting.pop(future)
            try:
                failed = future.result()
            except BrokenProcessPool:
                failed = _alone(job)
            self.record(job, failed)

    def record(self, job, failed):
        try:
            self.outcome.made += self.work.done(job, failed)
        except (ValueError, OSError) as error:
            failed = {**failed, "note": f"its files cannot be noted: {error}"}
        if failed:
            self.outcome.failures[job.client.name] = " ".join(dict.fromkeys(failed.values()))
        self.follow(None)


def _one(job, jobs):
    """Render one client's files: with two processes, those of the office programs in the other one."""
    office = {kind: path for kind, path in job.files.items() if kind in OFFICE}
    here = {kind: path for kind, path in job.files.items() if kind not in OFFICE}
    if jobs == 1 or not office or not set(here) - {FINDINGS} or not load_renderers():
        return render(job.report, job.files, job.template)
    apart = replace(job, files=office)
    with start_pool(1) as pool:
        future = pool.submit(render, apart.report, apart.files, apart.template)
        failed = render(job.report, here)
        try:
            return failed | future.result()
        except BrokenProcessPool:
            lost = _alone(apart)
            return failed | (dict.fromkeys(office, lost[""]) if "" in lost else lost)


def _alone(job):
    """Render in a process of its own: where several were lost with one, only the one at fault is lost again."""
    with start_pool(1) as pool:
        try:
            return pool.submit(render, job.report, job.files, job.template).result()
        except BrokenProcessPool:
            return {"": "the process that made its files ended without a word; memory may have run out."}


def _writable(folder):
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ValueError(
            f"reports are written into a folder of yours; {folder} cannot be written ({error.strerror or error}). "
            "Name another one with --out, or change its rights."
        ) from None
