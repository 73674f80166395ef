"""Random intercepts: seconds from moments beside statsmodels and lme4, ten million answers, and coverage.

    python benchmarks/mixed.py [--rounds 3] [--answers 10000000] [--groups 20000] [--studies 500]

All programs fit the same 45,000 rows in 300 groups in this run, taking turns; the ratio compares their fastest rounds.
lme4 is left out where there is no Rscript with it. Coverage is that of 95 % intervals of a slope within and a slope
between groups, few and many groups, with and without variance between them. Only a temporary folder is written to.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from cxstudy.stats.mixed import fit
from cxstudy.stats.mixed_intervals import variance_intervals
from cxstudy.stats.mixed_moments import apart, as_groups
from cxstudy.tally import moments

GOAL_SECONDS = 3.0
ROWS, GROUPS = 45_000, 300
WORLDS = ((6, 20, 0.0), (6, 20, 0.3), (12, 8, 0.0), (12, 8, 0.3), (60, 10, 0.1), (60, 10, 0.5))
IN_R = """suppressPackageStartupMessages(library(lme4)); d <- read.csv("answers.csv")
for (i in seq_len({rounds})) {{ s <- system.time(f <- lmer(y ~ x1 + x2 + (1 | group), d))[["elapsed"]]
cat(s, sprintf("%.9f", logLik(f)), "\\n") }}"""


def answers(rng, rows, groups):
    """A frame of ``group``, two predictors that differ within and between groups, and ``y``."""
    group = rng.integers(groups, size=rows).astype("int32")
    level = rng.normal(size=(groups, 3))
    x1, x2 = (rng.normal(size=rows) + 0.5 * level[group, i] for i in (0, 1))
    y = 0.3 * x1 - 0.1 * x2 + 0.4 * level[group, 2] + rng.normal(size=rows)
    return pd.DataFrame({"group": group, "x1": x1, "x2": x2, "y": y})


def tallied(data):
    return moments(data, ["x1", "x2", "y"], by="group")


def from_moments(sums):
    """Fit with degrees of freedom of every coefficient and intervals of the variances."""
    found = fit(as_groups(sums), sums.columns, centre=sums.centre)
    for weights in np.eye(3):
        found.contrast(weights)
    variance_intervals(found)
    return found.log_likelihood


def from_rows(data):
    return from_moments(tallied(data))


def with_statsmodels(data):
    from statsmodels.regression.mixed_linear_model import MixedLM

    exog = np.column_stack([np.ones(len(data)), data[["x1", "x2"]]])
    with warnings.catch_warnings():
        # it tries three optimisers in turn and says of each that it failed
        warnings.simplefilter("ignore")
        return MixedLM(data["y"].to_numpy(), exog, data["group"].to_numpy()).fit(reml=True).llf


def timed(call, *given):
    begun = time.perf_counter()
    found = call(*given)
    return time.perf_counter() - begun, found


def with_lme4(data, rounds):
    """Seconds and log-likelihood of each of lme4's rounds; none without Rscript and lme4."""
    if not shutil.which("Rscript"):
        return []
    with tempfile.TemporaryDirectory() as folder:
        data.to_csv(Path(folder, "answers.csv"), index=False)
        command = ["Rscript", "-e", IN_R.format(rounds=rounds)]
        run = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return [tuple(map(float, line.split())) for line in run.stdout.splitlines()] if run.returncode == 0 else []


def compare(rounds):
    data = answers(np.random.default_rng(1), ROWS, GROUPS)
    sums = tallied(data)
    ways = {"after the tally": (from_moments, sums), "with the tally": (from_rows, data)}
    ways["statsmodels"] = (with_statsmodels, data)
    found = {name: [] for name in ways}
    # the first call loads libraries
    from_rows(data.head(1000))
    for _ in range(rounds):
        for name, way in ways.items():
            found[name].append(timed(*way))
    found["lme4"] = with_lme4(data, rounds)
    print(f"{ROWS:,} answers, {GROUPS} groups, y ~ x1 + x2 + (1 | group), best of {rounds}")
    print(f"{'':18}{'seconds':>10}{'log-likelihood':>18}{'times ours':>12}")
    best = {name: min(runs) for name, runs in found.items() if runs}
    for name, (seconds, value) in best.items():
        print(f"{name:18}{seconds:10.3f}{value:18.4f}{seconds / best['with the tally'][0]:12.1f}")
    reached = {name: value for name, (_, value) in best.items()}
    if max(reached.values()) - reached["with the tally"] > 0.01:
        sys.exit("another program reaches a larger likelihood")
    short = [name for name, value in reached.items() if max(reached.values()) - value > 0.01]
    if short:
        print(f"a wrong fit, of a smaller likelihood: {', '.join(short)}")


def large(rows, groups):
    data = answers(np.random.default_rng(2), rows, groups)
    tally, sums = timed(tallied, data)
    seconds, _ = timed(from_moments, sums)
    print(f"\n{rows:,} answers, {groups:,} groups: tally {tally:.2f} s, the model after it {seconds:.2f} s; ", end="")
    print(f"the goal of {GOAL_SECONDS:.0f} s is {'met' if seconds <= GOAL_SECONDS else 'missed'}")


def coverage(studies):
    rng = np.random.default_rng(3)
    print(f"\ncoverage of 95 % intervals in {studies} studies: slope within, slope between; singular fits")
    for groups, size, spread in WORLDS:
        held, singular = np.zeros(2), 0
        for _ in range(studies):
            x = rng.normal(size=(groups, 1)) + rng.normal(size=(groups, size))
            mean = x.mean(axis=1, keepdims=True)
            y = 0.5 * (x - mean) - 0.8 * mean + spread * rng.normal(size=(groups, 1)) + rng.normal(size=x.shape)
            rows = np.stack([np.ones_like(x), x, y], axis=2)
            found = fit(apart(rows.transpose(0, 2, 1) @ rows, [1]), ["within", "between", "y"])
            singular += bool(found.singular)
            for i, truth in enumerate((0.5, -0.8)):
                estimate, error, df = found.contrast(np.eye(3)[i + 1], groups_only=i == 1)
                held[i] += abs(estimate - truth) <= stats.t.ppf(0.975, df) * error
        shares = "  ".join(f"{share:.1%}" for share in held / studies)
        print(f"{groups:4} groups of {size:3}, spread {spread:.1f}: {shares}; {singular / studies:.0%}")


def main():
    ask = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ask.add_argument("--rounds", type=int, default=3)
    ask.add_argument("--answers", type=int, default=10_000_000)
    ask.add_argument("--groups", type=int, default=20_000)
    ask.add_argument("--studies", type=int, default=500)
    asked = ask.parse_args()
    compare(asked.rounds)
    large(asked.answers, asked.groups)
    coverage(asked.studies)


if __name__ == "__main__":
    main()
