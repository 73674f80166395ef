"""US hospitals: from the publisher's two downloads to the three tables of this study.

    python data/us_hospitals/prepare.py HCAHPS_FILE COST_REPORT_FILE [--out DIR]

HCAHPS_FILE is "Patient survey (HCAHPS) - Hospital", COST_REPORT_FILE "Hospital Provider Cost Report",
both of the Centers for Medicare & Medicaid Services (CMS), as .csv, .csv.gz or .zip. The rules, and why
they are as they are, stand in README.md; everything that is left out is counted on the screen.
"""

import argparse
import sys
from pathlib import Path

import pandas as pd
from cms_files import COSTS, SURVEY, parse, read

from cxstudy.faults import DataError, Fault

HERE = Path(__file__).resolve().parent
DAYS = (360, 371)  # length of a fiscal period, first and last day counted
MARGIN = (-50.0, 50.0)  # percent of total income
SURVEYS = 100  # completed surveys, at least
RATING = {"H_HSP_RATING_9_10": "rating_9_10", "H_HSP_RATING_7_8": "rating_7_8", "H_HSP_RATING_0_6": "rating_0_6"}
GLADLY = {"H_RECMND_DY": "definitely", "H_RECMND_PY": "probably", "H_RECMND_DN": "not_recommend"}
SHARES = RATING | GLADLY
MEANS = {
    "H_COMP_1_LINEAR_SCORE": "nurses",
    "H_COMP_2_LINEAR_SCORE": "doctors",
    "H_COMP_3_LINEAR_SCORE": "responsiveness",
    "H_COMP_5_LINEAR_SCORE": "medicines",
    "H_COMP_6_LINEAR_SCORE": "discharge_information",
    "H_COMP_7_LINEAR_SCORE": "care_transition",
    "H_CLEAN_LINEAR_SCORE": "cleanliness",
    "H_QUIET_LINEAR_SCORE": "quietness",
}
OWNERSHIP = (
    dict.fromkeys(("1", "2"), "non-profit")
    | dict.fromkeys(("3", "4", "5", "6"), "proprietary")
    | dict.fromkeys(("7", "8", "9", "10", "11", "12", "13"), "government")
)
SETTING = {"R": "hospital, rural", "U": "hospital, urban"}
BEDS = {25: "1 to 25 beds", 99: "26 to 99 beds", 299: "100 to 299 beds", float("inf"): "300 beds or more"}
TABLES = {
    "companies.csv": ["company", "name", "industry", "size", "ownership", "country"],
    "financials.csv": ["company", "year", "revenue", "operating_profit", "operating_margin", "patient_care_margin"],
    "customers.csv": ["company", "n", *SHARES.values(), *MEANS.values()],
}


def line(count, text):
    """Print one line of the account: a count and what it counts."""
    print(f"  {count:>9,}  {text}")


def drop(frame, out, why):
    """``frame`` without the rows where ``out`` is true, their number printed with the reason."""
    line(-int(out.sum()), why)
    return frame[~out]


def survey(frame, name):
    """One row per hospital: name, ``n`` completed surveys, shares in percent, means 0-100, first and last day."""
    print(f"{name}: {len(frame):,} rows")
    frame = frame[frame.measure.isin([*SHARES, *MEANS])]
    absent = [m for m in SHARES if m not in set(frame.measure)]
    if absent:
        rule, found = "The two recommendation questions must be there.", f"no rows {', '.join(absent)}."
        where = f"{name}, column HCAHPS Measure ID"
        raise DataError([Fault(rule, found, f"download “{SURVEY}”, the file with one row a measure.", where)])
    kinds = {"percent": "number", "linear": "number", "completed": "number", "start": "date", "end": "date"}
    frame, faults = parse(frame, SURVEY, name, **kinds)
    again = frame.duplicated(["company", "measure"])
    if again.any():
        first = frame[again].iloc[0]
        found = f"{first.measure} of {first.company} twice, {int(again.sum()):,} such rows."
        remedy = "use one release of the file, not several put together."
        faults.append(Fault("A hospital has one row for each measure.", found, remedy, name, int(again.idxmax()) + 2))
    if faults:
        raise DataError(faults)
    wide = frame.pivot(index="company", columns="measure", values=["percent", "linear"])
    facts = frame.groupby("company").agg(
        name=("name", "first"),
        n=("completed", "min"),
        most=("completed", "max"),
        start=("start", "min"),
        end=("end", "max"),
    )
    table = facts.join(wide.percent[list(SHARES)].rename(columns=SHARES))
    table = table.join(wide.linear.reindex(columns=MEANS).rename(columns=MEANS))
    line(len(table), "hospitals in the survey")
    table = drop(table, table[[*SHARES.values(), "n"]].isna().any(axis=1), "hospitals without published answers")
    off = [(table[list(question.values())].sum(axis=1) - 100).abs() > 1 for question in (RATING, GLADLY)]
    table = drop(table, off[0] | off[1], "hospitals whose three shares do not add up to 99-101 %")
    table = drop(table, table.n != table.most, "hospitals with more than one number of completed surveys")
    return drop(table, table.n < SURVEYS, f"hospitals with fewer than {SURVEYS} completed surveys")


def finances(frame, name):
    """One row per hospital: income and profit in US dollars, two margins in percent, year, kind of hospital."""
    print(f"{name}: {len(frame):,} rows, one a cost report")
    numbers = dict.fromkeys(("patient_revenue", "other_income", "expense", "beds"), "number")
    frame, faults = parse(frame, COSTS, name, begin="date", end="date", **numbers)
    if faults:
        raise DataError(faults)
    line(len(frame), f"reports of {frame.company.nunique():,} hospitals")
    days = (frame.end - frame.begin).dt.days + 1
    frame = drop(frame, ~days.between(*DAYS), f"reports of a period that is not {DAYS[0]}-{DAYS[1]} days long")
    frame = drop(frame, ~(frame.patient_revenue > 0), "reports with net patient revenue missing, zero or negative")
    frame = drop(frame, frame.expense.isna(), "reports without operating expense")
    revenue = frame.patient_revenue + frame.other_income.fillna(0)
    frame = drop(frame, revenue <= 0, "reports with total income zero or negative")
    frame = frame.sort_values(["patient_revenue", "end"], ascending=False, kind="stable")
    smaller = frame.duplicated("company")
    frame = drop(frame, smaller, "reports smaller than another of the hospital, by net patient revenue")
    line(len(frame), "reports left, one a hospital")
    line(int(frame.other_income.isna().sum()), "of them without other income, counted as 0")
    revenue = frame.patient_revenue + frame.other_income.fillna(0)
    table = pd.DataFrame({
        "year": frame.end.dt.year,
        "closed": frame.end,
        "revenue": revenue,
        "operating_profit": revenue - frame.expense,
        "operating_margin": 100 * (revenue - frame.expense) / revenue,
        "patient_care_margin": 100 * (frame.patient_revenue - frame.expense) / frame.patient_revenue,
        "industry": frame.setting.map(SETTING),
        "size": pd.cut(frame.beds, [0, *BEDS], labels=list(BEDS.values())),
        "ownership": frame.control.str.lstrip("0").map(OWNERSHIP),
    })
    return table.set_index(frame.company)


def joined(answers, results, reported):
    """Hospitals in both with a margin inside the trim, by certification number; ``reported``: all with any report."""
    print("Joined by certification number:")
    line(len(answers), "hospitals left of the survey")
    absent = ~answers.index.isin(reported)
    answers = drop(answers, pd.Series(absent, answers.index), "hospitals without any cost report in the file")
    absent = ~answers.index.isin(results.index)
    answers = drop(answers, pd.Series(absent, answers.index), "hospitals whose cost reports were all left out above")
    both = answers.join(results, how="inner").sort_index()
    outside = ~both.operating_margin.between(*MARGIN)
    both = drop(both, outside, f"hospitals with a margin outside {MARGIN[0]:+.0f}…{MARGIN[1]:+.0f} %")
    line(len(both), "hospitals in the study")
    for column in ("ownership", "size", "industry"):
        line(int(both[column].isna().sum()), f"of them without {column}")
    if both.empty:
        rule, found = "At least one hospital must be left.", "none; the counts above say at which rule they went."
        raise DataError([Fault(rule, found, "check that both files are whole and of the years README.md names.")])
    return both.reset_index()


def write(hospitals, out):
    """Write the three tables into ``out``, and study.yaml where there is none; all tables or none are replaced."""
    hospitals = hospitals.assign(country="US", n=hospitals.n.astype(int))
    drafts = {out / name: out / f"{name}.tmp" for name in TABLES}
    try:
        out.mkdir(parents=True, exist_ok=True)
        for path, draft in drafts.items():
            hospitals[TABLES[path.name]].to_csv(draft, index=False, lineterminator="\n", encoding="utf-8")
        for path, draft in drafts.items():
            draft.replace(path)
            print(f"wrote {path}")
        if not (out / "study.yaml").exists():
            (out / "study.yaml").write_bytes((HERE / "study.yaml").read_bytes())
            print(f"wrote {out / 'study.yaml'}")
    except OSError as error:
        found = f"{error.strerror or error}: {error.filename or out}."
        raise DataError([Fault("The folder must be writable.", found, "name another: --out DIR.", str(out))]) from None


def dates(hospitals, study):
    """Print when the money was earned and the answers given; say so when ``study`` declares other days."""
    first, last = hospitals.start.min().date(), hospitals.end.max().date()
    print(f"fiscal periods ended {hospitals.closed.min().date()} to {hospitals.closed.max().date()}")
    print(f"answers were given {first} to {last}")
    text = study.read_text(encoding="utf-8")
    if str(first) not in text or str(last) not in text:
        print(f"NOTE: {study} declares other days; correct `fieldwork` there, or take the release named in README.md.")


def main(arguments=None):
    """Run the command line; 0 when the tables are written, 1 when the files or the folder are at fault."""
    parser = argparse.ArgumentParser(description="Make the tables of the US hospitals study from two CMS downloads.")
    parser.add_argument("survey", metavar="HCAHPS_FILE", help=f"“{SURVEY}”, .csv, .csv.gz or .zip")
    parser.add_argument("costs", metavar="COST_REPORT_FILE", help=f"“{COSTS}”, .csv, .csv.gz or .zip")
    parser.add_argument("--out", metavar="DIR", type=Path, default=HERE, help="where to write (default: this folder)")
    chosen = parser.parse_args(arguments)
    frames, faults = {}, []
    try:
        for path, title in ((chosen.survey, SURVEY), (chosen.costs, COSTS)):
            try:
                frames[title] = read(path, title)
            except DataError as error:
                faults += error.faults
        if faults:
            raise DataError(faults)
        answers = survey(frames[SURVEY], Path(chosen.survey).name)
        results = finances(frames[COSTS], Path(chosen.costs).name)
        hospitals = joined(answers, results, set(frames[COSTS].company))
        write(hospitals, chosen.out)
        dates(hospitals, chosen.out / "study.yaml")
    except DataError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
