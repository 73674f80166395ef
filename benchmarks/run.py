"""A whole run of the sample, kernels forked and kernels started one by one: wall seconds and processor seconds.

    python benchmarks/run.py [--rounds 3] [--jobs 2]

*five* is the run the goal is set for, forked: notebooks 00, 02, 03, 04 and 99; the others are of all notebooks. Each
run is a fresh ``cxstudy run`` into a temporary folder; the ways take turns, so that a busy machine slows all. The ratio
compares their fastest rounds. Processor seconds are those of the run and all it started.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time

GOAL_SECONDS = 8.0
FIVE = "00_data_check 02_nps_margin 03_loyalty_share 04_employee_ambassadors 99_claims".split()
WAYS = {"five": ["--only", *FIVE], "forked": [], "isolated": ["--isolated"]}


def run(options, jobs):
    """Wall and processor seconds of one run; SystemExit with its message when it fails."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "cxstudy", "run", "--jobs", str(jobs), "--out", folder, *options]
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - start, processor


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    times = {name: [] for name in WAYS}
    for _ in range(given.rounds):
        for name, options in WAYS.items():
            times[name].append(run(options, given.jobs))
    print(f"{given.rounds} rounds, {given.jobs} notebooks at a time, {os.cpu_count()} cores")
    print(f"{'kernels':<10}{'wall s':>8}{'processor s':>13}")
    for name, measured in times.items():
        wall, processor = min(measured)
        print(f"{name:<10}{wall:>8.1f}{processor:>13.1f}")
    five, forked, isolated = (min(times[name])[0] for name in WAYS)
    print(f"isolated / forked = {isolated / forked:.2f}; the goal of {GOAL_SECONDS:.0f} s is ", end="")
    print("met" if five <= GOAL_SECONDS else "missed")


if __name__ == "__main__":
    main()
