"""Thousands of simulated studies whose truth is known: do the intervals hold it, and how often do the verdicts err?

    python benchmarks/recovery.py [--studies 2000] [--jobs 2] [--seed 2025] [--draw]

For each world (published, null, reversed, half-size) studies are drawn as counts and moments and put through the
estimators of nps_margin, loyalty_share and employee_ambassadors. Writes recovery.csv (coverage), recovery_verdicts.csv,
recovery.png and recovery.md beside this file. ``--draw`` makes picture and text again from the two tables.
"""

import argparse
import datetime
import os
import platform
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib.metadata import version
from pathlib import Path

# one thread a process: the processes are the parallel part
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pandas as pd
from recovery_page import draw, write

HERE = Path(__file__).parent
TABLES = ("recovery", "recovery_verdicts")
BATCH, REPLICATES = 25, 2000
LIBRARIES = ("numpy", "pandas", "scipy")


def run(studies, jobs, seed):
    """Tables of coverage and of verdicts, from ``studies`` studies a world."""
    from tqdm import tqdm

    import cxstudy
    from cxstudy.recovery import coverage, recover, true_values, verdict_errors
    from cxstudy.simulated.worlds import WORLDS

    tasks = [
        (world, batch, min(BATCH, studies - batch * BATCH)) for batch in range(-(-studies // BATCH)) for world in WORLDS
    ]
    found = {}
    with ProcessPoolExecutor(jobs) as pool, tqdm(total=studies * len(WORLDS), unit="study") as bar:
        truths = dict(zip(WORLDS, pool.map(true_values, WORLDS), strict=True))
        waiting = {pool.submit(recover, *task, seed=seed, replicates=REPLICATES): task for task in tasks}
        for done in as_completed(waiting):
            found[waiting[done]] = done.result()
            bar.update(waiting[done][2])
    ordered = [found[task] for task in sorted(tasks, key=lambda task: (list(WORLDS).index(task[0]), task[1]))]
    intervals, verdicts = (pd.concat(frames, ignore_index=True) for frames in zip(*ordered, strict=True))
    covered = coverage(intervals, truths)
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    about = {
        "seed": seed,
        "replicates": REPLICATES,
        "date": datetime.date.today().isoformat(),
        "versions": f"cxstudy {cxstudy.__version__}, Python {platform.python_version()}, {versions}",
    }
    return covered.assign(**about), verdict_errors(verdicts, covered).assign(**about)


def main():
    ask = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ask.add_argument("--studies", type=int, default=2000, help="simulated studies a world")
    ask.add_argument("--jobs", type=int, default=2, help="processes")
    ask.add_argument("--seed", type=int, default=2025)
    ask.add_argument("--draw", action="store_true", help="only picture and text, from the tables that are there")
    asked = ask.parse_args()
    if asked.studies < 1 or asked.jobs < 1 or asked.seed < 0:
        ask.error("studies and jobs must be at least 1, the seed at least 0.")
    if not asked.draw:
        tables = run(asked.studies, asked.jobs, asked.seed)
        for name, table in zip(TABLES, tables, strict=True):
            table.to_csv(HERE / f"{name}.csv", index=False, lineterminator="\n")
    # one of the worlds is called null, which pandas would read as a missing value
    options = {"keep_default_na": False, "na_values": [""]}
    covered, verdicts = (pd.read_csv(HERE / f"{name}.csv", **options) for name in TABLES)
    draw(covered, verdicts)
    write(covered, verdicts)
    inside = covered["accepted"].sum()
    print(f"{inside} of {len(covered)} intervals in the accepted band; the others are named in {HERE.name}/recovery.md")


if __name__ == "__main__":
    main()
