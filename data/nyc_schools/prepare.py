"""New York City schools: from the publisher's survey file to the tables of this study.

    python data/nyc_schools/prepare.py SURVEY_FILE [--out DIR]

SURVEY_FILE is the 2011 NYC School Survey, general education, of the New York City Department of Education: one row a
school, comma- or tab-separated, .gz as well. The rules stand in README.md; everything left out is counted on the
screen.
"""

import argparse
import gzip
import sys
from io import StringIO
from pathlib import Path

import pandas as pd

from cxstudy.faults import DataError, Fault

HERE = Path(__file__).resolve().parent
TITLE = "2011 NYC School Survey"
SCORES = {"saf": "safety_respect", "com": "communication", "eng": "engagement_score", "aca": "academic_expectations"}
SIDES = {"t": "teachers", "p": "parents", "s": "pupils"}
FILES = {"t": "employees.csv", "p": "customers.csv", "s": "customers_pupils.csv"}
COPIED = ("study.yaml", "pupils.yaml")
RANGE = (0, 10)
FEWEST = {"t": 7, "p": 5, "s": 5}


def line(count, text):
    """Print one line of the account: a count and what it counts."""
    print(f"  {count:>9,}  {text}")


def drop(frame, out, why):
    """``frame`` without the rows where ``out`` is true, their number printed with the reason."""
    line(-int(out.sum()), why)
    return frame[~out]


def read(path):
    """The columns this study uses, as text, row ``i`` being line ``i + 2`` of the file. Raises DataError."""
    name, remedy = Path(path).name, f"download “{TITLE}” again, as text or CSV."
    wanted = ["dbn", *(f"{score}_{side}_11" for side in SIDES for score in SCORES), *(f"N_{side}" for side in SIDES)]
    try:
        with open(path, "rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        with (gzip.open if packed else open)(path, "rb") as file:
            content = file.read()
        # the publisher's text file is in Windows-1252: names of schools hold a few letters beyond ASCII
        text = content.decode("utf-8-sig") if _is_utf8(content) else content.decode("cp1252")
    except FileNotFoundError:
        raise DataError(
            [Fault("The file must exist.", f"no file {path}.", f"{remedy} Name it with its folder.", name)]
        ) from None
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise DataError([Fault("The file must be readable text.", f"{error}.", remedy, name)]) from None
    lines = text.splitlines()
    separator = "\t" if lines and "\t" in lines[0] else ","
    there = lines[0].split(separator) if lines else []
    missing = [c for c in wanted if c not in there]
    if missing:
        found = f"no {', '.join(missing)}; the first columns are {', '.join(there[:8]) or 'none'}."
        raise DataError([Fault(f"The file must have the columns of “{TITLE}”.", found, remedy, name)])
    try:
        frame = pd.read_csv(StringIO(text), sep=separator, usecols=wanted, dtype=str, keep_default_na=False)
    except pd.errors.ParserError as error:
        raise DataError(
            [Fault("Every row must have as many fields as the header.", f"{str(error).strip()}.", remedy, name)]
        ) from None
    return frame.apply(lambda column: column.str.strip())


def parsed(frame, name):
    """Numbers for the texts; raises one DataError with every fault: keys, doubles, scores off 0–10, bad counts."""
    faults = []
    wrong = ~frame.dbn.str.fullmatch(r"\d{2}[A-Z]\d{3}")
    if wrong.any():
        rule, remedy = "A school's key (dbn) is two digits, a letter, three digits.", "use the file as downloaded."
        faults.append(_first(rule, frame.dbn[wrong], remedy, f"{name}, column dbn"))
    again = frame.dbn.duplicated()
    if again.any():
        faults.append(
            _first("A school has one row.", frame.dbn[again], "use one release of the file.", f"{name}, column dbn")
        )
    out = frame[["dbn"]].copy()
    for column in frame.columns.drop("dbn"):
        numbers = pd.to_numeric(frame[column], errors="coerce").astype(float)
        count = column.startswith("N_")
        good = (numbers >= 0) & (numbers % 1 == 0) if count else numbers.between(*RANGE)
        bad = (frame[column] != "") & ~good
        if bad.any():
            rule = "A number of answers is a whole number." if count else "A score lies between 0 and 10."
            faults.append(
                _first(rule, frame.loc[bad, column], "use the file as downloaded.", f"{name}, column {column}")
            )
        out[column] = numbers
    if faults:
        raise DataError(faults)
    return out


def sides(frame):
    """One table a side, by its letter: company (district), work_group (school), n, four scores."""
    tables = {}
    for side, who in SIDES.items():
        print(f"{who}:")
        line(len(frame), "schools in the file")
        columns = {f"{score}_{side}_11": ours for score, ours in SCORES.items()}
        table = frame[["dbn", f"N_{side}", *columns]].rename(columns={"dbn": "work_group", f"N_{side}": "n"} | columns)
        table = drop(table, ~(table.n >= 1), f"schools without answers of {who}")
        table = drop(table, table[list(columns.values())].isna().any(axis=1), "schools without all four scores")
        table.insert(0, "company", table.work_group.str[:2])
        line(
            int((table.n < FEWEST[side]).sum()), f"of the rest with fewer than {FEWEST[side]}, which no analysis shows"
        )
        line(int(table.n.sum()), f"answers of {who} in {len(table):,} schools of {table.company.nunique():,} districts")
        tables[side] = table.astype({"n": int}).sort_values("work_group")
    return tables


def write(tables, out):
    """Write the three tables into ``out``, all or none, and the two study files where there are none."""
    empty = [SIDES[side] for side, table in tables.items() if side != "s" and table.empty]
    if empty:
        found = f"no school with answers and scores of {' and '.join(empty)}."
        raise DataError([Fault("Some school must be left on both sides.", found, "check that the file is whole.")])
    drafts = {out / FILES[side]: out / f"{FILES[side]}.tmp" for side in tables}
    try:
        out.mkdir(parents=True, exist_ok=True)
        for draft, table in zip(drafts.values(), tables.values(), strict=True):
            table.to_csv(draft, index=False, lineterminator="\n", encoding="utf-8")
        for path, draft in drafts.items():
            draft.replace(path)
            print(f"wrote {path}")
        for name in COPIED:
            if not (out / name).exists():
                (out / name).write_bytes((HERE / name).read_bytes())
                print(f"wrote {out / name}")
    except OSError as error:
        found = f"{error.strerror or error}: {error.filename or out}."
        raise DataError([Fault("The folder must be writable.", found, "name another: --out DIR.", str(out))]) from None


def _is_utf8(content):
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return True


def _first(rule, wrong, remedy, where):
    return Fault(rule, f"{wrong.iloc[0]!r}, {len(wrong):,} such rows.", remedy, where, int(wrong.index[0]) + 2)


def main(arguments=None):
    """Run the command line; 0 when the tables are written, 1 when the file or the folder is at fault."""
    parser = argparse.ArgumentParser(
        description="Make the tables of the New York City schools study from one download."
    )
    parser.add_argument("survey", metavar="SURVEY_FILE", help=f"“{TITLE}”, comma- or tab-separated, .gz as well")
    parser.add_argument("--out", metavar="DIR", type=Path, default=HERE, help="where to write (default: this folder)")
    chosen = parser.parse_args(arguments)
    try:
        frame = read(chosen.survey)
        print(f"{Path(chosen.survey).name}: {len(frame):,} rows, one a school")
        write(sides(parsed(frame, Path(chosen.survey).name)), chosen.out)
    except DataError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
