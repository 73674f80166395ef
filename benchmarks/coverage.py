"""How often each interval of the NPS holds the truth, over four populations and from 5 to 1,000 answers.

    python benchmarks/coverage.py [--samples 100000] [--seed 2025] [--draw]

To 300 answers every outcome of the trinomial is added up; above, samples are drawn. Writes nps_coverage.csv,
nps_coverage.png and nps_coverage.md beside this file. ``--draw`` makes picture and text again from the table.
"""

import argparse
import datetime
import os
import platform
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from coverage_page import FEWEST, HIGH, LOW, draw, write

HERE = Path(__file__).parent
# detractors, passives, promoters
POPULATIONS = {
    "1/2, 0, 1/2": (1 / 2, 0, 1 / 2),
    "1/12, 1/12, 5/6": (1 / 12, 1 / 12, 5 / 6),
    "1/4, 1/2, 1/4": (1 / 4, 1 / 2, 1 / 4),
    "1/3, 1/3, 1/3": (1 / 3, 1 / 3, 1 / 3),
}
EXACT, DRAWN = (5, 10, 20, 30, 50, 100, 200, 300), (500, 1000)
BOOTSTRAP = (10, 20, 50, 100)
REPLICATES, CONFIDENCE = 1000, 0.95
LIBRARIES = ("numpy", "pandas", "scipy")


def run(samples, seed):
    """The table: one row for each population, n and method; coverage and its parts in percent, width in NPS points."""
    from tqdm import tqdm

    import cxstudy
    from cxstudy.stats.intervals import NET_SHARE_METHODS
    from cxstudy.stats.net_share_coverage import exact_coverage, simulated_coverage

    pairs = [(promoters, detractors) for detractors, _, promoters in POPULATIONS.values()]
    rows = []
    sizes = {method: BOOTSTRAP if method == "bootstrap" else (*EXACT, *DRAWN) for method in NET_SHARE_METHODS}
    tasks = [(method, n) for method in NET_SHARE_METHODS for n in sizes[method]]
    for method, n in tqdm(tasks, unit="n"):
        drawing = {"replicates": REPLICATES, "seed": seed} if method == "bootstrap" else {}
        if n in EXACT:
            found = exact_coverage(pairs, n, method=method, confidence=CONFIDENCE, **drawing)
        else:
            # all methods judge the same samples
            rngs = [np.random.default_rng([seed, n, i]) for i in range(len(pairs))]
            found = [
                simulated_coverage(*pair, n, method=method, rng=rng, samples=samples, confidence=CONFIDENCE)
                for pair, rng in zip(pairs, rngs, strict=True)
            ]
        how = "samples drawn" if n in DRAWN else "intervals drawn" if drawing else "exact"
        rows += [_row(name, n, method, how, one) for name, one in zip(POPULATIONS, found, strict=True)]
    places = {name: i for i, name in enumerate(POPULATIONS)}
    rows.sort(key=lambda row: (places[row["population"]], row["n"]))
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    about = {
        "seed": seed,
        "replicates": REPLICATES,
        "date": datetime.date.today().isoformat(),
        "versions": f"cxstudy {cxstudy.__version__}, Python {platform.python_version()}, {versions}",
    }
    return pd.DataFrame(rows).assign(**about)


def _row(name, n, method, how, one):
    shares = dict(zip(("detractors", "passives", "promoters"), POPULATIONS[name], strict=True))
    return {
        "population": name,
        **shares,
        "n": n,
        "method": method,
        "estimate": 100 * one.estimate,
        "ci_low": 100 * one.ci_low,
        "ci_high": 100 * one.ci_high,
        "too_low": 100 * one.below,
        "too_high": 100 * one.above,
        "width": 100 * one.width,
        "confidence": CONFIDENCE,
        "unit": "%",
        "computed": how,
        "samples": one.samples,
        "accepted": LOW <= 100 * one.estimate <= HIGH if n >= FEWEST else None,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=100_000, help="samples drawn for each n above 300")
    parser.add_argument("--seed", type=int, default=2025)
    parser.add_argument("--draw", action="store_true", help="only the picture and the text, from the stored table")
    given = parser.parse_args()
    file = HERE / "nps_coverage.csv"
    if not given.draw:
        run(given.samples, given.seed).to_csv(file, index=False, lineterminator="\n")
    table = pd.read_csv(file)
    draw(table)
    print(write(table))


if __name__ == "__main__":
    main()
