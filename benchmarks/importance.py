"""Importance of drivers: seconds and memory of all subsets, of the bootstrap, of loops of lm(); coverage of intervals.

    python benchmarks/importance.py [--answers 45000] [--studies 2000] [--seed 2025] [--only speed|coverage]

Speed: all 2^p subsets for 10, 15, 20 and 25 drivers, each in a process of its own (peak memory above the libraries);
1,000 replicates of 10 drivers; and one LMG of 10 drivers by fitting each of the 1,023 models to the answers, in numpy
and in R (left out where there is no Rscript). Coverage: studies of 100, 300 and 1,000 answers from a normal population
whose shares are known; one driver has none. Writes importance_coverage.csv and importance.md beside this file.
"""

import argparse
import datetime
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from math import comb
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
SUBSETS, SIZES, DRIVERS = (10, 15, 20, 25), (100, 300, 1000), 10
GOALS = {20: 0.5, 25: 30.0}
GOAL_BOOTSTRAP, GOAL_RATIO, GOAL_MB, REPLICATES = 8.0, 20, 4000, 1000
# a, b, c correlate .4 with one another; d and e with nothing but the outcome, e not even with that
COEFFICIENTS, AMONG = np.array([0.5, 0.3, 0.1, 0.12, 0.0]), 0.4
LOW, HIGH = 93.3, 96.6
TABLE_TEXT = (
    f"Five normal drivers: a, b, c correlated {AMONG:g}, d and e with no other. Accepted {LOW:g} to {HIGH:g} %; what\n"
    "lies outside is marked and not tuned. *Ranks*: how often all five rank sets hold the true ranks, nominal 95 %."
)
NEAR_0 = (
    "A share cannot be negative, and chance correlations add about (1 − R²)/n to each: near 0 the interval lies\n"
    "too high, and a true 0 is never inside. Read a share whose interval begins close to 0 as not told from 0, and\n"
    "test the coefficient instead."
)
R_LOOP = """
given <- commandArgs(TRUE)
data <- read.csv(given[1]); drivers <- setdiff(names(data), "y"); p <- length(drivers)
begun <- proc.time()[["elapsed"]]
r2 <- c(0, sapply(1:(2^p - 1), function(m) {
  summary(lm(reformulate(drivers[bitwAnd(m, 2^(0:(p - 1))) > 0], "y"), data))$r.squared
}))
cat(proc.time()[["elapsed"]] - begun, r2[2^p])
"""


def answers(n, p, rng):
    """n answers to p correlated drivers, the outcome last."""
    x = rng.normal(size=(n, p)) @ rng.normal(size=(p, p))
    return np.column_stack([x, x @ rng.normal(size=p) + 5 * rng.normal(size=n)])


def subsets_alone(p):
    """Seconds of LMG over all subsets of p drivers, and peak megabytes above the libraries."""
    from cxstudy.stats.all_subsets import lmg, subset_r2

    matrix = np.corrcoef(answers(3000, p, np.random.default_rng(1)).T)
    lmg(subset_r2(matrix[-3:, -3:]))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.perf_counter()
    lmg(subset_r2(matrix))
    seconds = time.perf_counter() - begun
    return {"seconds": seconds, "mb": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024}


def with_lstsq(values):
    """Seconds of the 1,023 least-squares fits to the answers in numpy, and the LMG of the first driver."""
    begun = time.perf_counter()
    n, p = len(values), values.shape[1] - 1
    y, r2 = values[:, -1] - values[:, -1].mean(), np.zeros(1 << p)
    for mask in range(1, 1 << p):
        x = np.column_stack([np.ones(n), values[:, [j for j in range(p) if mask >> j & 1]]])
        r2[mask] = 1 - ((y - x @ np.linalg.lstsq(x, y, rcond=None)[0]) ** 2).sum() / (y**2).sum()
    weight = [1 / (p * comb(p - 1, bin(m >> 1).count("1"))) for m in range(0, 1 << p, 2)]
    return time.perf_counter() - begun, float(np.dot(weight, r2[1::2] - r2[::2]))


def with_r(frame):
    """Seconds of the same fits by lm() in R, and its R²; None where it is not installed."""
    if not shutil.which("Rscript"):
        return None
    with tempfile.TemporaryDirectory() as folder:
        path, script = Path(folder, "answers.csv"), Path(folder, "loop.R")
        frame.to_csv(path, index=False)
        script.write_text(R_LOOP, encoding="utf-8")
        run = subprocess.run(["Rscript", str(script), str(path)], capture_output=True, text=True)
    return tuple(map(float, run.stdout.split())) if run.returncode == 0 else None


def speed(n):
    """Lines of a table: what, seconds, beside which goal or peer."""
    import cxstudy.measures.importance as measure

    lines = []
    for p in SUBSETS:
        command = [sys.executable, __file__, "--alone", str(p)]
        run = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
        found, goal = json.loads(run.stdout), GOALS.get(p)
        beside = f"goal {goal:g} s, {GOAL_MB:,} MB" if goal else "–"
        lines.append((f"all {1 << p:,} subsets of {p} drivers, {found['mb']:,.0f} MB", found["seconds"], beside))
    values = answers(n, DRIVERS, np.random.default_rng(2))
    names = [f"d{i}" for i in range(DRIVERS)]
    frame = pd.DataFrame(values, columns=[*names, "y"])
    options = {"outcome": "y", "drivers": names, "replicates": REPLICATES}
    measure.importance(frame.head(100), **options)
    for what, groups in (("answers", n), ("500 random groups", 500)):
        begun = time.perf_counter()
        measure.importance(frame, groups=groups, **options)
        goal = f"goal {GOAL_BOOTSTRAP:g} s"
        lines.append((f"{REPLICATES:,} replicates by {what}, {n:,} answers", time.perf_counter() - begun, goal))
    begun = time.perf_counter()
    own = measure.importance(frame, replicates=0, **{k: v for k, v in options.items() if k != "replicates"})
    once = time.perf_counter() - begun
    lines.append((f"one LMG of {DRIVERS} drivers, {n:,} answers, no intervals", once, "–"))
    seconds, share = with_lstsq(values)
    same = "same share" if np.isclose(share, own["estimate"][0], rtol=1e-8) else "DIFFERENT share"
    ratio = f"{seconds / once:,.0f} times, goal {GOAL_RATIO}"
    lines.append(("the same by 1,023 fits in numpy", seconds, f"{ratio}; {same}"))
    looped = with_r(frame)
    if looped:
        same = "same R²" if np.isclose(looped[1], own["r_squared"][0], rtol=1e-6) else "DIFFERENT R²"
        beside = f"{looped[0] / once:,.0f} times, goal {GOAL_RATIO}; {same}"
        lines.append(("the same by 1,023 lm() in R", looped[0], beside))
    return lines


def population():
    """Correlations of five drivers and outcome in the population, and the matrix that draws the drivers."""
    among = np.eye(5)
    among[:3, :3] += AMONG * (1 - np.eye(3))
    cross = among @ COEFFICIENTS
    whole = np.block([[among, cross[:, None]], [cross[None], np.array([[COEFFICIENTS @ cross + 1]])]])
    return whole, np.linalg.cholesky(among)


def coverage(studies, seed):
    """One row for each size, method and driver: how often the interval and all rank sets hold the truth, in percent."""
    import cxstudy.measures.importance as measure

    whole, root = population()
    names, rows = list("abcde"), []
    for n in SIZES:
        for method in ("lmg", "johnson"):
            spread = np.sqrt(np.diag(whole))
            truth = measure.METHODS[method](whole / np.outer(spread, spread))
            place = pd.Series(-truth).rank().to_numpy()
            held, ranked, width, mean = np.zeros(5), 0, np.zeros(5), np.zeros(5)
            for study in range(studies):
                rng = np.random.default_rng([seed, n, study])
                x = rng.normal(size=(n, 5)) @ root.T
                data = pd.DataFrame(x, columns=names).assign(y=x @ COEFFICIENTS + rng.normal(size=n))
                found = measure.importance(data, outcome="y", drivers=names, method=method, seed=study)
                held += (found["ci_low"] <= truth) & (truth <= found["ci_high"])
                ranked += bool(((found["rank_low"] <= place) & (place <= found["rank_high"])).all())
                width, mean = width + (found["ci_high"] - found["ci_low"]), mean + found["estimate"]
            for i, name in enumerate(names):
                rows.append({
                    "n": n, "method": method, "driver": name, "share": truth[i], "mean_estimate": mean[i] / studies,
                    "coverage": 100 * held[i] / studies, "mean_width": width[i] / studies,
                    "rank_sets_held": 100 * ranked / studies, "studies": studies,
                })  # fmt: skip
    return pd.DataFrame(rows)


def page(lines, table):
    """The Markdown page of both tables."""
    made = f"{datetime.date.today()}, Python {platform.python_version()}, numpy {np.__version__}, one thread"
    text = ["# Importance of drivers: speed and coverage", "", f"Made by `benchmarks/importance.py` on {made}.", ""]
    text += ["| what | seconds | beside |", "|---|---|---|"]
    text += [f"| {what} | {seconds:.3g} | {beside} |" for what, seconds, beside in lines]
    text += ["", "## Coverage of the 95 % bootstrap intervals (percentiles, 1,000 replicates)", "", TABLE_TEXT, ""]
    text += ["| answers | method | driver | true share | mean estimate | mean width | coverage % | ranks % |"]
    text += ["|---|---|---|---|---|---|---|---|"]
    for row in table.itertuples():
        outside = "" if LOW <= row.coverage <= HIGH else " outside"
        text.append(
            f"| {row.n:,} | {row.method} | {row.driver} | {row.share:.4f} | {row.mean_estimate:.4f} | "
            f"{row.mean_width:.4f} | {row.coverage:.1f}{outside} | {row.rank_sets_held:.1f} |"
        )
    text += ["", f"{table['studies'][0]:,} studies a size. {NEAR_0}"]
    return "\n".join(text) + "\n"


def main():
    ask = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ask.add_argument("--answers", type=int, default=45_000)
    ask.add_argument("--studies", type=int, default=2000)
    ask.add_argument("--seed", type=int, default=2025)
    ask.add_argument("--only", choices=("speed", "coverage"))
    ask.add_argument("--alone", type=int, help=argparse.SUPPRESS)
    asked = ask.parse_args()
    if asked.alone:
        print(json.dumps(subsets_alone(asked.alone)))
        return
    lines = speed(asked.answers) if asked.only != "coverage" else []
    for what, seconds, beside in lines:
        print(f"{what:70}{seconds:>10.4f} s  {beside}")
    table = None
    if asked.only != "speed":
        table = coverage(asked.studies, asked.seed)
        table.to_csv(HERE / "importance_coverage.csv", index=False)
        print(table.to_string())
    if not asked.only:
        (HERE / "importance.md").write_text(page(lines, table), encoding="utf-8")


if __name__ == "__main__":
    main()
