"""Bootstrap of the NPS of 2,000 companies, 1,000 replicates each: seconds after the tally, beside pandas and R boot.

    python benchmarks/bootstrap.py [--answers 10000000] [--companies 2000] [--replicates 1000] [--few 3]

cxstudy draws the counts of the three classes; the peers draw the answers themselves, as one does by hand. They are
timed on ``--few`` companies with 100 replicates and scaled to the whole, which is said in the table: their time grows
in proportion to both. A second file with a tenth of the answers shows whether the cost depends on their number. R
is left out where there is no Rscript with package boot. Memory is the peak above what was held after the tally.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from tally import resident, write_answers

GOAL_SECONDS, PEER_REPLICATES = 3.0, 100
CLASSES = ("promoters", "passives", "detractors")
R_BOOT = """
suppressMessages(library(boot))
given <- commandArgs(TRUE); replicates <- as.integer(given[1])
set.seed(1); spent <- 0; widths <- c()
for (file in given[-1]) {
  score <- scan(file, quiet = TRUE)
  nps <- function(x, i) 100 * (mean(x[i] >= 9) - mean(x[i] <= 6))
  begun <- proc.time()[["elapsed"]]
  ends <- boot.ci(boot(score, nps, R = replicates), type = "perc")$percent[4:5]
  spent <- spent + proc.time()[["elapsed"]] - begun
  widths <- c(widths, diff(ends))
}
cat(spent, mean(widths))
"""


def with_cxstudy(path, replicates):
    """Seconds of tally and bootstrap, peak megabytes of the bootstrap, mean width of the intervals."""
    import cxstudy

    begun = time.perf_counter()
    plain = cxstudy.nps(path, by="company")
    tallied = time.perf_counter() - begun
    plain = plain[plain["n"] > 0]
    counts = {c: (plain[c] * plain["n"] / 100).round() for c in CLASSES}
    before, peak, done = resident(), [0.0], threading.Event()

    def watch():
        while not done.wait(0.002):
            peak[0] = max(peak[0], resident())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    begun = time.perf_counter()
    found = cxstudy.nps_from_counts(**counts, method="bootstrap", replicates=replicates)
    seconds = time.perf_counter() - begun
    done.set()
    watcher.join()
    width = found.ci_high - found.ci_low
    return {"tally": tallied, "seconds": seconds, "mb": max(peak[0], resident()) - before, "widths": width.tolist()}


def with_pandas(scores, replicates):
    """Seconds of drawing the answers of some companies again and again, and the mean width of their intervals."""
    spent, widths = 0.0, []
    for score in scores:
        begun = time.perf_counter()
        found = []
        for seed in range(replicates):
            drawn = score.sample(frac=1, replace=True, random_state=seed)
            found.append(100 * ((drawn >= 9).mean() - (drawn <= 6).mean()))
        spent += time.perf_counter() - begun
        found.sort()
        at = [round((replicates + 1) * level) - 1 for level in (0.025, 0.975)]
        widths.append(found[at[1]] - found[at[0]])
    return spent, sum(widths) / len(widths)


def with_r(scores, replicates, folder):
    """As `with_pandas` in R boot; None where it is not installed."""
    if not shutil.which("Rscript"):
        return None
    files = []
    for i, score in enumerate(scores):
        files.append(str(Path(folder, f"{i}.txt")))
        score.to_csv(files[-1], index=False, header=False)
    script = Path(folder, "boot.R")
    script.write_text(R_BOOT, encoding="utf-8")
    run = subprocess.run(["Rscript", str(script), str(replicates), *files], capture_output=True, text=True)
    return tuple(map(float, run.stdout.split())) if run.returncode == 0 else None


def fresh(path, replicates):
    """`with_cxstudy` in a process of its own, once a small call has loaded the libraries."""
    command = [sys.executable, __file__, "--measure", str(path), "--replicates", str(replicates)]
    run = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(run.stdout)


def main():
    ask = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ask.add_argument("--answers", type=int, default=10_000_000)
    ask.add_argument("--companies", type=int, default=2000)
    ask.add_argument("--replicates", type=int, default=1000)
    ask.add_argument("--few", type=int, default=3)
    ask.add_argument("--measure", metavar="FILE", help=argparse.SUPPRESS)
    asked = ask.parse_args()
    if asked.measure:
        with_cxstudy(Path(asked.measure).with_name("few.parquet"), 100)
        print(json.dumps(with_cxstudy(asked.measure, asked.replicates)))
        return
    import pandas as pd

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "answers.parquet")
        write_answers(path, asked.answers, asked.companies)
        write_answers(path.with_name("tenth.parquet"), asked.answers // 10, asked.companies)
        write_answers(path.with_name("few.parquet"), 1000, asked.companies)
        ours, tenth = fresh(path, asked.replicates), fresh(path.with_name("tenth.parquet"), asked.replicates)
        names = [f"company-{i:05d}" for i in range(asked.few)]
        frame = pd.read_parquet(path, filters=[("company", "in", names)]).dropna()
        scores = [part.recommend for _, part in frame.groupby("company")]
        peers = {"pandas": with_pandas(scores, PEER_REPLICATES), "R boot": with_r(scores, PEER_REPLICATES, folder)}
    scale = asked.companies / asked.few * asked.replicates / PEER_REPLICATES
    shown = f"{asked.answers:,} answers, {asked.companies:,} companies, {asked.replicates:,} replicates"
    print(f"{shown}: bootstrap after the tally ({ours['tally']:.2f} s)")
    print(f"{'':24}{'seconds':>10}{'MB above':>10}{'ratio':>10}")
    print(f"{'cxstudy':24}{ours['seconds']:>10.2f}{ours['mb']:>10.0f}")
    print(f"{'cxstudy, answers / 10':24}{tenth['seconds']:>10.2f}{tenth['mb']:>10.0f}")
    for name, measured in peers.items():
        if measured is None:
            print(f"{name:24}{'not installed':>14}")
            continue
        seconds = measured[0] * scale
        print(f"{name + ', scaled':24}{seconds:>10.0f}{'':>10}{ours['seconds'] / seconds:>10.5f}")
    print(f"scaled: measured on {asked.few} companies with {PEER_REPLICATES} replicates, times {scale:,.0f}")
    widths = ", ".join(f"{name} {m[1]:.2f}" for name, m in peers.items() if m)
    own = sum(ours["widths"][: asked.few]) / asked.few
    print(f"mean width of these companies' intervals: cxstudy {own:.2f}, {widths}")
    print(f"the goal of {GOAL_SECONDS:.0f} s is {'met' if ours['seconds'] <= GOAL_SECONDS else 'missed'}")


if __name__ == "__main__":
    main()
