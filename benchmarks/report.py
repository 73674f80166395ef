"""Clients' reports of a study: seconds of one report in four formats, and of all in HTML and PDF, with memory.

    python benchmarks/report.py [--study STUDY] [--jobs 2] [--rounds 3]

One report is timed after the study is opened, tallying and loading of libraries included, in a fresh process. All
reports are timed as `cxstudy report --all` does it; the memory of the processes is looked at every second, and its
growth is that of the second half over the first.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

GOAL_ONE, GOAL_ALL = 4.0, 360.0
ONE = """
import sys, time
from cxstudy.study import open_study
study = open_study(sys.argv[1] or None)
start = time.perf_counter()
from cxstudy.client.produce import produce
made = produce(study, [sys.argv[2]], formats="html,pdf,pptx,xlsx", out=sys.argv[3], jobs=2)
if made.failures:
    sys.exit(str(made.failures))
print(time.perf_counter() - start)
"""


def one(study, client):
    """Seconds of one client's report in four formats, after opening."""
    with tempfile.TemporaryDirectory() as out:
        done = subprocess.run([sys.executable, "-c", ONE, study, client, out], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    return float(done.stdout.split()[-1])


def memory(pid):
    """Megabytes of a process and all it started, by /proc."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6 + sum(memory(int(child)) for child in children)


def everyone(study, jobs):
    """Seconds of the reports of all clients in HTML and PDF, and megabytes seen while they were made."""
    seen, over = [], threading.Event()

    def look():
        while not over.wait(1):
            try:
                seen.append(memory(os.getpid()))
            except (OSError, ValueError):
                continue

    from cxstudy.client.produce import produce
    from cxstudy.study import open_study

    opened = open_study(study or None)
    watching = threading.Thread(target=look, daemon=True)
    watching.start()
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as out:
        made = produce(opened, formats="html,pdf", out=out, jobs=jobs)
    seconds = time.perf_counter() - start
    over.set()
    watching.join()
    return seconds, len(made.made), made.failures, seen


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--study", default="", help="the sample where none is given")
    parser.add_argument("--client", default="C001")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    best = min(one(given.study, given.client) for _ in range(given.rounds))
    print(f"one report, four formats: {best:.1f} s; the goal of {GOAL_ONE:.0f} s is {_met(best, GOAL_ONE)}")
    seconds, files, failures, seen = everyone(given.study, given.jobs)
    print(f"all reports, HTML and PDF: {files} files in {seconds:.0f} s with {given.jobs} processes, ", end="")
    print(f"{len(failures)} failed; the goal of {GOAL_ALL:.0f} s is {_met(seconds, GOAL_ALL)}")
    half = len(seen) // 2
    if half:
        print(f"memory of all processes, at most: {max(seen[:half]):.0f} MB in the first half, ", end="")
        print(f"{max(seen[half:]):.0f} MB in the second")


def _met(seconds, goal):
    return "met" if seconds <= goal else "missed"


if __name__ == "__main__":
    main()
