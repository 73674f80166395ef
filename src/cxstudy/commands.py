"""What each command of the command line does, given its parsed arguments; each returns the exit code.

Imports stand inside the functions, so that help is quick.
"""

import sys


def run(given):
    """Run a study's notebooks; prints the headlines, the verdicts and the page to open."""
    from cxstudy.report.forked import warming_up

    with warming_up(given.isolated) as server:
        from cxstudy.language import text
        from cxstudy.report.run import run_study

        asked = (given.study, given.only, given.parameters, given.jobs, given.out)
        outcome = run_study(*asked, isolated=given.isolated, server=server)
    for reason in outcome.unanswered.values():
        print(reason)
    if not outcome.ok:
        return _say_failed(outcome)
    _print_results(outcome.folder, outcome.sentences)
    if not outcome.whole:
        print(text("run.partial"))
    print(text("run.open", path=outcome.index))
    return 0


def _say_failed(outcome):
    from cxstudy.language import text

    for failure in outcome.failures:
        print(f"cxstudy: {failure}", file=sys.stderr)
    print(text("run.kept", path=outcome.folder), file=sys.stderr)
    return 1


def rerun(given):
    """Make a run again; 1 when a finding changed."""
    from cxstudy.report.forked import warming_up

    with warming_up(given.isolated) as server:
        from cxstudy.language import text
        from cxstudy.report.rerun import rerun

        asked = {"study": given.study, "jobs": given.jobs, "out": given.out, "isolated": given.isolated}
        outcome = rerun(given.run, **asked, server=server)
    for cause in outcome.causes:
        print(cause.sentence())
    if not outcome.run.ok:
        return _say_failed(outcome.run)
    for change in outcome.changes:
        print(change.sentence())
    if outcome.changes:
        print(text("rerun.changed", path=outcome.run.folder))
        return 1
    print(text("rerun.same", count=outcome.compared, path=outcome.run.folder))
    return 0


def _print_results(folder, sentences):
    from cxstudy.language import text
    from cxstudy.report.index import UNTESTED, found, read_claims

    for sentence in sentences.values():
        print(f"{sentence}\n")
    for claim in read_claims(folder):
        if claim["word"] != UNTESTED:
            print(text("run.claim_line", word=claim["word"], said=claim["said"], found=found(claim) or claim["reason"]))


def check(given):
    """All faults of a study, or what its data can answer and what is still open."""
    from cxstudy.answerable import check
    from cxstudy.language import text
    from cxstudy.study import open_study

    try:
        study = open_study(given.study)
    except ValueError:
        _say_open(given.study, "en")
        raise
    rows = check(study)
    print("\n".join(rows["sentence"]) if len(rows) else text("check.none"))
    for remark in study.remarks:
        print(text("check.remark", remark=remark))
    _say_open(given.study, study.language)
    return 0


def _say_open(study, language):
    """What a proposed study.yaml still holds unconfirmed."""
    from cxstudy.faults import DataError
    from cxstudy.language import text
    from cxstudy.opening.locating import find_study_file
    from cxstudy.proposal.still_open import still_open

    try:
        guesses, questions = still_open(find_study_file(study))
    except DataError:
        return
    if guesses:
        print(text("open.guesses", language, count=len(guesses)))
    for line, part, why in guesses:
        print("  " + text("open.guess", language, line=line, part=part, why=why))
    for line, what in questions:
        print(text("open.question", language, line=line, what=what))


def new(given):
    """A new study's folder."""
    from cxstudy.language import text
    from cxstudy.proposal.new_study import new_study

    made = new_study(given.folder, given.exports)
    for file in made.copied:
        print(text("new.copied", file=file))
    if given.exports:
        print(text("new.proposed", path=made.folder, count=made.guesses, tables=", ".join(made.tables)))
    else:
        print(text("new.skeleton", path=made.folder))
    return 0


def nps(given):
    """The customers' NPS in sentences."""
    from cxstudy.nps_sentence import nps_sentences
    from cxstudy.study import open_study

    print("\n".join(nps_sentences(open_study(given.study), by=given.by, weights=given.weights)))
    return 0


def report(given):
    """Reports of one client, several or all; 1 when one failed."""
    from cxstudy.client.produce import produce
    from cxstudy.language import text
    from cxstudy.study import open_study

    study = open_study(given.study)
    outcome = produce(
        study,
        given.company,
        period=given.period,
        language=given.language,
        formats=given.format,
        settings=given.settings,
        out=given.out,
        jobs=given.jobs,
        follow=_progress(text("clients.working", study.language)),
    )
    for name, reason in outcome.failures.items():
        print(f"cxstudy: {name}: {reason}", file=sys.stderr)
    print(text("clients.made", study.language, made=len(outcome.made), kept=len(outcome.kept), path=outcome.folder))
    if outcome.index:
        print(text("clients.open", study.language, path=outcome.index))
    else:
        for name in sorted(outcome.made + outcome.kept):
            print(outcome.folder / name)
    return 1 if outcome.failures else 0


def _progress(label):
    """A bar on a terminal, for `produce`; nothing elsewhere."""
    from tqdm import tqdm

    bar = tqdm(desc=label, file=sys.stderr, disable=not sys.stderr.isatty())

    def follow(total):
        if total is None:
            bar.update()
            if bar.n == bar.total:
                bar.close()
        else:
            bar.reset(total)

    return follow


def claims(given):
    """The verdict on every claim."""
    from cxstudy.language import text
    from cxstudy.report.index import found, read_claims
    from cxstudy.report.run import default_reports, run_study
    from cxstudy.report.run_record import newest_good_run
    from cxstudy.study import open_study

    folder = newest_good_run(open_study(given.study), given.out or default_reports())
    if folder is None:
        outcome = run_study(given.study, out=given.out)
        if not outcome.ok:
            raise ValueError("\n".join(outcome.failures))
        folder = outcome.folder
    rows = read_claims(folder)
    width = max((len(row["id"]) for row in rows), default=0)
    word = max((len(row["word"]) for row in rows), default=0)
    for row in rows:
        print(f"{row['id']:{width}}  {row['word']:{word}}  {found(row) or row['reason']}".rstrip())
    print(text("run.from", path=folder))
    return 0


def simulate(given):
    """A synthetic study's folder."""
    from cxstudy.language import text
    from cxstudy.simulate import simulate

    seed = {} if given.seed is None else {"seed": given.seed}
    simulate(given.folder, world=given.world, **seed)
    print(text("run.simulated", world=given.world, path=given.folder))
    return 0


def new_notebook(given):
    """A notebook of the user's own."""
    from cxstudy.language import text
    from cxstudy.report.new_notebook import new_notebook

    print(text("run.new_notebook", path=new_notebook(given.name, given.study)))
    return 0


def open_notebooks(given):
    """JupyterLab on a copy of the notebooks."""
    import shutil
    import subprocess
    from pathlib import Path

    from cxstudy.language import text
    from cxstudy.report.notebook_list import repository_notebooks

    folder = Path(given.dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for source in sorted(repository_notebooks().glob("*.ipynb")):
            target = folder / source.name
            print(text("run.kept_notebook" if target.exists() else "run.copied", path=target))
            if not target.exists():
                shutil.copyfile(source, target)
    except OSError as error:
        raise ValueError(
            f"the notebooks are copied into a folder of yours; {folder} cannot be written "
            f"({error.strerror}). Name another with --dir."
        ) from None
    if given.copy_only:
        return 0
    browser = ["--no-browser"] if given.no_browser else []
    return subprocess.call([sys.executable, "-m", "jupyter", "lab", *browser], cwd=folder)
