"""The command line: what can be typed, and how a mistake is answered. `commands` does the work."""

import argparse
import gc
import os
import sys

from cxstudy import commands

AT_A_TIME = min(max(os.cpu_count() or 2, 2), 4)
STUDY = "a study's folder or its study.yaml; without it, the sample"


def main(arguments=None):
    """Run one command and return its exit code: 0 done, 1 data or a value at fault, 2 wrong usage."""
    # a command ends soon: looking for garbage as often as Python does costs a tenth of its time
    gc.set_threshold(50_000, 20, 20)
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
        code = given.handler(given)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # whoever read the output, such as head, has read enough; what is still buffered goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
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
    added = parser.add_subparsers(title="commands", metavar="COMMAND")

    def command(name, handler, summary, study=True):
        made = added.add_parser(name, help=summary, description=summary, allow_abbrev=False)
        made.set_defaults(handler=handler)
        if study:
            made.add_argument("study", nargs="?", metavar="STUDY", help=STUDY)
        return made

    new = command("new", commands.new, "Make a study's folder; from exports, propose its study.yaml.", study=False)
    new.add_argument("folder", metavar="DIR", help="a new folder, or one that holds nothing but the exports")
    new.add_argument(
        "--from", dest="exports", nargs="+", action="extend", default=[], metavar="EXPORT",
        help="files to propose from: .csv, .csv.gz, .parquet, .xlsx, .sav, .zsav, .dta",
    )  # fmt: skip
    run = command("run", commands.run, "Run the notebooks of a study and make its pages.")
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
    rerun = command("rerun", commands.rerun, "Make a run again and list the findings that changed.", study=False)
    rerun.add_argument("run", metavar="RUN", help="a run's folder in reports, or its run.json")
    rerun.add_argument("--study", metavar="STUDY", help="the study, where it is no longer where it was")
    _how_to_run(rerun)
    rerun.add_argument("--out", metavar="DIR", help="folder of the reports (the one the run is in)")
    command("check", commands.check, "Open a study, list all its faults, and say what its data can answer.")
    nps = command("nps", commands.nps, "Print the customers' NPS with its interval, n and method.")
    nps.add_argument("--by", metavar="COLUMN", help="one more line for each group, such as company or touchpoint")
    nps.add_argument("--weights", metavar="COLUMN", help="column of weights (none)")
    report = command("report", commands.report, "Write clients' reports: HTML, PDF, PowerPoint, Excel.")
    who = report.add_mutually_exclusive_group(required=True)
    who.add_argument(
        "--company", action="append", default=[], metavar="ID", help="the client: key or name of a company or branch"
    )
    who.add_argument("--all", action="store_true", help="every client of the study, and a page over all")
    report.add_argument("--period", metavar="P", help="a year, a quarter (2024-Q3) or a wave (all answers)")
    report.add_argument("--language", metavar="L", help="en, sv or da (the study's)")
    report.add_argument("--format", metavar="LIST", help="html,pdf,pptx,xlsx (those of report.yaml, or all)")
    report.add_argument("--settings", metavar="FILE", help="a report.yaml: sections, comments, brand, template")
    report.add_argument("--out", metavar="DIR", help="folder of the files (reports/<study>/clients)")
    report.add_argument("--jobs", type=int, default=2, metavar="N", help="processes that write files (2)")
    claims = command("claims", commands.claims, "Print the verdict on every claim, from the newest run or a new one.")
    claims.add_argument("--out", metavar="DIR", help="folder of the reports (reports)")
    simulate = command("simulate", commands.simulate, "Write a synthetic study whose truth is known.", study=False)
    simulate.add_argument("folder", metavar="DIR", help="a new folder")
    simulate.add_argument(
        "--world", default="published", metavar="W", help="published, null, reversed or half-size (published)"
    )
    simulate.add_argument("--seed", type=int, metavar="N", help="another seed gives another sample of the same world")
    own = command("new-notebook", commands.new_notebook, "Write a notebook of your own that runs at once.", study=False)
    own.add_argument("name", metavar="NAME", help="its name: letters a to z, digits, spaces, - and _")
    own.add_argument("--study", metavar="STUDY", help=STUDY)
    summary = "Copy the notebooks into a folder of yours and start JupyterLab there."
    open_ = command("open", commands.open_notebooks, summary, study=False)
    open_.add_argument("--dir", default="my", metavar="DIR", help="the folder (my); notebooks already there are kept")
    open_.add_argument("--no-browser", action="store_true", help="start JupyterLab without opening a browser")
    open_.add_argument("--copy-only", action="store_true", help="copy the notebooks and start nothing")
    return parser


def _how_to_run(command):
    many = f"notebooks that run at a time ({AT_A_TIME}: as many as processors, 2 to 4)"
    command.add_argument("--jobs", type=int, default=AT_A_TIME, metavar="N", help=many)
    command.add_argument(
        "--isolated",
        action="store_true",
        help="every notebook in a Python of its own: slower, for finding out why one fails",
    )


if __name__ == "__main__":
    sys.exit(main())
