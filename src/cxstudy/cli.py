"""The command line: one function for each command.

Imports stand inside the functions, so that help is quick.
"""

import argparse
import os
import sys

STUDY = "a study's folder or its study.yaml; without it, the sample"


def main(arguments=None):
    """Run one command and return its exit code: 0 done, 1 data or a value at fault, 2 wrong usage."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if not hasattr(given, "handler"):
        parser.print_help()
        return 2
    for stream in (sys.stdout, sys.stderr):
        # a Windows console in another code page must not turn a minus sign into a crash
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        return given.handler(given)
    except ValueError as mistake:
        return _say_error(str(mistake), mistake)
    except KeyboardInterrupt:
        print("\ncxstudy: stopped; what was there before is as it was.", file=sys.stderr)
        return 1
    except Exception as unexpected:
        return _say_error(
            f"something went wrong that should not ({type(unexpected).__name__}: {unexpected}). "
            "Set CXSTUDY_DEBUG=1 and run again to see where; please report it with that text.",
            unexpected,
        )


def _say_error(message, error):
    if os.environ.get("CXSTUDY_DEBUG") == "1":
        raise error
    print(f"cxstudy: {message}", file=sys.stderr)
    return 1


def _parser():
    parser = argparse.ArgumentParser(
        prog="cxstudy", description="Rerun a customer-experience study on your own data.", allow_abbrev=False
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    def command(name, handler, summary, study=True):
        made = commands.add_parser(name, help=summary, description=summary, allow_abbrev=False)
        made.set_defaults(handler=handler)
        if study:
            made.add_argument("study", nargs="?", metavar="STUDY", help=STUDY)
        return made

    run = command("run", _run, "Run the notebooks of a study and make its pages.")
    run.add_argument(
        "--only", nargs="+", action="extend", default=[], metavar="NAME", help="only these notebooks, and the claims"
    )
    run.add_argument(
        "-p",
        dest="parameters",
        nargs=2,
        action="append",
        default=[],
        metavar=("NAME", "VALUE"),
        help="a notebook's parameter",
    )
    _how_to_run(run)
    run.add_argument("--out", metavar="DIR", help="folder of the reports (reports)")
    rerun = command("rerun", _rerun, "Make a run again and list the findings that changed.", study=False)
    rerun.add_argument("run", metavar="RUN", help="a run's folder in reports, or its run.json")
    rerun.add_argument("--study", metavar="STUDY", help="the study, where it is no longer where it was")
    _how_to_run(rerun)
    rerun.add_argument("--out", metavar="DIR", help="folder of the reports (the one the run is in)")
    command("check", _check, "Open a study, list all its faults, and say what its data can answer.")
    claims = command("claims", _claims, "Print the verdict on every claim, from the newest run or a new one.")
    claims.add_argument("--out", metavar="DIR", help="folder of the reports (reports)")
    simulate = command("simulate", _simulate, "Write a synthetic study whose truth is known.", study=False)
    simulate.add_argument("folder", metavar="DIR", help="a new folder")
    simulate.add_argument(
        "--world", default="published", metavar="W", help="published, null, reversed or half-size (published)"
    )
    simulate.add_argument("--seed", type=int, metavar="N", help="another seed gives another sample of the same world")
    new = command("new-notebook", _new_notebook, "Write a notebook of your own that runs at once.", study=False)
    new.add_argument("name", metavar="NAME", help="its name: letters a to z, digits, spaces, - and _")
    new.add_argument("--study", metavar="STUDY", help=STUDY)
    open_ = command("open", _open, "Copy the notebooks into a folder of yours and start JupyterLab there.", study=False)
    open_.add_argument("--dir", default="my", metavar="DIR", help="the folder (my); notebooks already there are kept")
    open_.add_argument("--no-browser", action="store_true", help="start JupyterLab without opening a browser")
    open_.add_argument("--copy-only", action="store_true", help="copy the notebooks and start nothing")
    return parser


def _how_to_run(command):
    command.add_argument("--jobs", type=int, default=2, metavar="N", help="notebooks that run at a time (2)")
    command.add_argument(
        "--isolated",
        action="store_true",
        help="every notebook in a Python of its own: slower, for finding out why one fails",
    )


def _run(given):
    from cxstudy.language import text
    from cxstudy.report.run import run_study

    outcome = run_study(
        given.study, given.only, given.parameters, given.jobs, given.out, isolated=given.isolated
    )
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


def _rerun(given):
    from cxstudy.language import text
    from cxstudy.report.rerun import rerun

    outcome = rerun(given.run, study=given.study, jobs=given.jobs, out=given.out, isolated=given.isolated)
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


def _check(given):
    from cxstudy.answerable import check
    from cxstudy.language import text
    from cxstudy.study import open_study

    study = open_study(given.study)
    rows = check(study)
    print("\n".join(rows["sentence"]) if len(rows) else text("check.none"))
    for remark in study.remarks:
        print(text("check.remark", remark=remark))
    return 0


def _claims(given):
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


def _simulate(given):
    from cxstudy.language import text
    from cxstudy.simulate import simulate

    seed = {} if given.seed is None else {"seed": given.seed}
    simulate(given.folder, world=given.world, **seed)
    print(text("run.simulated", world=given.world, path=given.folder))
    return 0


def _new_notebook(given):
    from cxstudy.language import text
    from cxstudy.report.new_notebook import new_notebook

    print(text("run.new_notebook", path=new_notebook(given.name, given.study)))
    return 0


def _open(given):
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


if __name__ == "__main__":
    sys.exit(main())
