"""Ten million answers to NPS by company: seconds and memory, beside plain pandas, each in a fresh process.

    python benchmarks/tally.py [--answers 10000000] [--companies 240] [--rounds 3]

Writes a Parquet file (company, recommend) to a temporary folder and prints a small table. Memory is the peak of
the process above what it held after the imports. The ratio compares the two in the same run.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

GOAL_SECONDS, GOAL_MB = 1.0, 300
SCORES = [0.03, 0.01, 0.02, 0.02, 0.03, 0.08, 0.07, 0.14, 0.21, 0.19, 0.20]


def with_cxstudy(path):
    import cxstudy

    return cxstudy.nps(path, by="company").estimate


def with_pandas(path):
    import pandas as pd

    frame = pd.read_parquet(path).dropna()
    share = frame.assign(p=frame.recommend >= 9, d=frame.recommend <= 6).groupby("company")[["p", "d"]].mean()
    return 100 * (share.p - share.d)


WAYS = {"cxstudy": with_cxstudy, "pandas": with_pandas}


def write_answers(path, answers, companies, chunk=1_000_000):
    """Answers in chunks, so that the file never stands in memory as a whole; 3 % are missing."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(20240)
    names = np.array([f"company-{i:05d}" for i in range(companies)])
    schema = pa.schema({"company": pa.string(), "recommend": pa.int8()})
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, answers, chunk):
            n = min(chunk, answers - start)
            score = pa.array(rng.choice(11, n, p=SCORES).astype("int8"), mask=rng.random(n) < 0.03)
            writer.write_table(pa.table([pa.array(names[rng.integers(companies, size=n)]), score], schema=schema))


def resident():
    """Megabytes of physical memory of this process (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def measure(way, path):
    """Seconds and peak megabytes of one call, once a call on few answers has loaded the libraries."""
    WAYS[way](Path(path).with_name("few.parquet"))
    before, peak, done = resident(), [0.0], threading.Event()

    def watch():
        while not done.wait(0.005):
            peak[0] = max(peak[0], resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    begun = time.perf_counter()
    estimate = WAYS[way](path)
    seconds = time.perf_counter() - begun
    done.set()
    watcher.join()
    return {"seconds": seconds, "mb": max(peak[0], resident()) - before, "check": float(estimate.sum())}


def main():
    ask = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ask.add_argument("--answers", type=int, default=10_000_000)
    ask.add_argument("--companies", type=int, default=240)
    ask.add_argument("--rounds", type=int, default=3)
    ask.add_argument("--measure", nargs=2, metavar=("WAY", "FILE"), help=argparse.SUPPRESS)
    asked = ask.parse_args()
    if asked.measure:
        print(json.dumps(measure(*asked.measure)))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "answers.parquet")
        write_answers(path, asked.answers, asked.companies)
        write_answers(path.with_name("few.parquet"), 1000, asked.companies)
        found = {way: [] for way in WAYS}
        for _ in range(asked.rounds):
            for way in WAYS:
                command = [sys.executable, __file__, "--measure", way, str(path)]
                run = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
                found[way].append(json.loads(run.stdout))
    best = {way: min(runs, key=lambda run: run["seconds"]) for way, runs in found.items()}
    print(f"{asked.answers:,} answers, {asked.companies:,} companies: NPS by company, best of {asked.rounds}")
    print(f"{'':10}{'seconds':>10}{'MB above':>10}")
    for way, run in best.items():
        print(f"{way:10}{run['seconds']:10.2f}{max(r['mb'] for r in found[way]):10.0f}")
    print(f"{'goal':10}{GOAL_SECONDS:10.2f}{GOAL_MB:10.0f}")
    print(f"cxstudy / pandas in seconds: {best['cxstudy']['seconds'] / best['pandas']['seconds']:.2f}")
    if abs(best["cxstudy"]["check"] - best["pandas"]["check"]) > 1e-6 * asked.companies:
        sys.exit("the two do not give the same NPS")


if __name__ == "__main__":
    main()
