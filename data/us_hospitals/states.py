"""The states of the US hospitals: from the tables of prepare.py to a study whose unit is the state.

    python data/us_hospitals/states.py HCAHPS_FILE [--hospitals DIR] [--out DIR]

HCAHPS_FILE is the patient survey that prepare.py read: it names each hospital's state. A state's answers are those of
its hospitals, its margin is their profit over their income. What is left out was left out by prepare.py.
"""

import argparse
import sys
from pathlib import Path

import pandas as pd
import yaml
from cms_files import SURVEY, read
from prepare import MEANS, SHARES

from cxstudy.faults import DataError, Fault

HERE = Path(__file__).resolve().parent
TABLES = ("companies", "financials", "customers")


def hospitals(folder):
    """The three tables of prepare.py side by side, one row a hospital."""
    absent = [f"{name}.csv" for name in TABLES if not (folder / f"{name}.csv").is_file()]
    if absent:
        found = f"no {', '.join(absent)} in {folder}."
        raise DataError([Fault("The hospitals' tables must be there.", found, "run prepare.py first.")])
    one, *others = (pd.read_csv(folder / f"{name}.csv", dtype={"company": str}) for name in TABLES)
    for other in others:
        one = one.merge(other, on="company", validate="1:1")
    return one


def by_state(table, states):
    """The three tables of the study of states: name → frame."""
    table = table.assign(state=table["company"].map(states))
    without = table["state"].isna() | (table["state"] == "")
    print(f"{len(table):,} hospitals of {table['state'].nunique()} states; {int(without.sum())} without a state, left out")
    table = table[~without]
    money = table.groupby("state").agg(
        year=("year", "max"), revenue=("revenue", "sum"), operating_profit=("operating_profit", "sum")
    )
    money["operating_margin"] = 100 * money["operating_profit"] / money["revenue"]
    # hospitals of one name are told apart by their number
    answers = table.assign(work_group=table["name"] + " (" + table["company"] + ")", company=table["state"])
    return {
        "companies": pd.DataFrame({"company": money.index, "name": money.index, "country": "US"}),
        "financials": money.rename_axis("company").reset_index(),
        "customers": answers[["company", "work_group", "n", *SHARES.values(), *MEANS.values()]],
    }


def study_of_states():
    """The study.yaml of the states: that of the hospitals, without what only a hospital has."""
    study = yaml.safe_load((HERE / "study.yaml").read_text(encoding="utf-8"))
    study |= {"name": "us-states", "title": "Hospitals of the US states, patients' recommendation and margin"}
    del study["levels"], study["tables"]["financials"]["columns"]
    note = "# made by states.py: a company is a state, a work group one of its hospitals\n"
    return note + yaml.safe_dump(study, sort_keys=False, allow_unicode=True)


def main(arguments=None):
    """Run the command line; 0 when the study is written, 1 when a file or the folder is at fault."""
    parser = argparse.ArgumentParser(description="Make a study of US states from the tables of US hospitals.")
    parser.add_argument("survey", metavar="HCAHPS_FILE", help=f"“{SURVEY}”, .csv, .csv.gz or .zip")
    parser.add_argument("--hospitals", metavar="DIR", type=Path, default=HERE, help="tables of prepare.py (this folder)")
    parser.add_argument("--out", metavar="DIR", type=Path, default=HERE / "states", help="where to write (states/)")
    chosen = parser.parse_args(arguments)
    try:
        named = read(chosen.survey, SURVEY).drop_duplicates("company").set_index("company")["state"]
        tables = by_state(hospitals(chosen.hospitals), named)
        chosen.out.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            table.to_csv(chosen.out / f"{name}.csv", index=False, lineterminator="\n", encoding="utf-8")
        print(f"wrote {', '.join(f'{name}.csv' for name in tables)} into {chosen.out}")
        if not (chosen.out / "study.yaml").exists():
            (chosen.out / "study.yaml").write_text(study_of_states(), encoding="utf-8")
            print(f"wrote {chosen.out / 'study.yaml'}")
    except DataError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"The folder must be writable: {error.strerror or error}. Name another: --out DIR.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
