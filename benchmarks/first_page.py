"""From a clean clone with empty caches to the finished page; the help; opening the sample: seconds, beside a peer.

    python benchmarks/first_page.py [--skip-clone] [--rounds 5]

The clone goes to a temporary folder and downloads every package. The peers, in the same run: a bare Python for the
help, plain pandas reading the same files for the opening. Prints a small table.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HOME = Path(__file__).resolve().parents[1]
SAMPLE = HOME / "data" / "sample"
OPENING = """import time, pandas, cxstudy as cx
cx.open_study
t = time.perf_counter()
cx.open_study()
print(time.perf_counter() - t)"""
READING = """import sys, time, pandas as pd, pyarrow
from pathlib import Path
folder = Path(sys.argv[1])
pd.read_parquet(folder / "customers.parquet", columns=["company"])
t = time.perf_counter()
for path in sorted(folder.glob("*.csv*")): pd.read_csv(path)
pd.read_parquet(folder / "customers.parquet")
print(time.perf_counter() - t)"""


def seconds(command, **options):
    """Wall seconds of a whole process; its output is kept from the screen."""
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, **options)
    return time.perf_counter() - start


def told(code, *arguments):
    """The seconds that a Python process measured itself and printed."""
    out = subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True, text=True, cwd=HOME)
    return float(out.stdout)


def pairs(ours, peer, rounds):
    """Medians of ours and of the peer, and of their ratio, measured in turn."""
    both = [(ours(), peer()) for _ in range(rounds)]
    return *(statistics.median(column) for column in zip(*both, strict=True)), statistics.median(a / b for a, b in both)


def from_a_clean_clone():
    """Seconds of set-up and of the study, in a fresh clone with no cache of any installer."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(HOME), str(clone)], check=True)
        caches = {"UV_CACHE_DIR": f"{folder}/uv", "PIP_NO_CACHE_DIR": "1", "MPLCONFIGDIR": f"{folder}/mpl"}
        options = {"cwd": clone, "env": {**os.environ, **caches}}
        setup = seconds([sys.executable, "setup_study.py", "env"], **options)
        study = seconds([sys.executable, "setup_study.py", "study"], **options)
        pages = sorted(p.name for p in (clone / "reports").glob("*/index.html"))
        return setup, study, bool(pages)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--skip-clone", action="store_true", help="only the help and the opening")
    options.add_argument("--rounds", type=int, default=5, metavar="N", help="pairs measured (5)")
    given = options.parse_args()
    bare = [sys.executable, "-c", "pass"]
    helped = pairs(lambda: seconds([sys.executable, "-m", "cxstudy", "--help"]), lambda: seconds(bare), given.rounds)
    opened = pairs(lambda: told(OPENING), lambda: told(READING, str(SAMPLE)), given.rounds)
    print(f"{'':34}{'seconds':>9}{'peer':>9}{'ratio':>8}")
    print(f"{'cxstudy --help, bare Python':34}{helped[0]:9.3f}{helped[1]:9.3f}{helped[2]:8.2f}")
    print(f"{'opening the sample, pandas reading':34}{opened[0]:9.3f}{opened[1]:9.3f}{opened[2]:8.2f}")
    if not given.skip_clone:
        setup, study, page = from_a_clean_clone()
        found = "there" if page else "MISSING"
        print(f"clean clone, empty caches: set-up {setup:.1f} s, whole study {study:.1f} s, page {found}")


if __name__ == "__main__":
    main()
