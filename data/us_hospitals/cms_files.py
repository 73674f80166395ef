"""Reading the publisher's two downloads: any of their three forms becomes a frame of text, faults become messages."""

import gzip
import io
import zipfile
import zlib
from pathlib import Path

import pandas as pd

from cxstudy.faults import DataError, Fault

NO_VALUE = ("", "Not Available", "Not Applicable")
SURVEY, COSTS = "Patient survey (HCAHPS) - Hospital", "Hospital Provider Cost Report"
COLUMNS = {
    SURVEY: {
        "Facility ID": "company",
        "Facility Name": "name",
        "State": "state",
        "HCAHPS Measure ID": "measure",
        "HCAHPS Answer Percent": "percent",
        "HCAHPS Linear Mean Value": "linear",
        "Number of Completed Surveys": "completed",
        "Start Date": "start",
        "End Date": "end",
    },
    COSTS: {
        "Provider CCN": "company",
        "Fiscal Year Begin Date": "begin",
        "Fiscal Year End Date": "end",
        "Net Patient Revenue": "patient_revenue",
        "Total Other Income": "other_income",
        "Less Total Operating Expense": "expense",
        "Number of Beds": "beds",
        "Type of Control": "control",
        "Rural Versus Urban": "setting",
    },
}
RULES = {"date": "a date as month/day/year", "number": "a number, with a point for decimals"}


def read(path, title):
    """The columns of the data set ``title`` from the file at ``path``, as text, under our names.

    The file is .csv, .csv.gz or a .zip with one .csv, told apart by content. Row ``i`` of the frame is line
    ``i + 2`` of the file. Raises DataError when the file cannot be read or is not that data set.
    """
    name = Path(path).name
    remedy = f"download “{title}” again, as CSV."
    try:
        with _opened(path) as file:
            there = list(pd.read_csv(file, nrows=0).columns)
        if not set(COLUMNS[title]) <= set(there):
            raise DataError([_other_file(name, title, there)])
        with _opened(path) as file:
            wanted = list(COLUMNS[title])
            frame = pd.read_csv(file, usecols=wanted, dtype=str, keep_default_na=False)
    except FileNotFoundError:
        fault = Fault("The file must exist.", f"no file {path}.", f"{remedy} Then name it with its folder.", name)
    except UnicodeDecodeError:
        fault = Fault("The file must be text in UTF-8.", "bytes that are not.", remedy, name)
    except (pd.errors.EmptyDataError, pd.errors.ParserError) as error:
        fault = Fault("The file must be a CSV with a header and rows.", f"{str(error).strip()}.", remedy, name)
    except (gzip.BadGzipFile, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        fault = Fault("A packed file must be whole and without a password.", f"{error}.", remedy, name)
    except OSError as error:
        found = f"{error.strerror or error}: {path}."
        fault = Fault("The file must be readable.", found, "name the file itself and check that you may read it.", name)
    else:
        return frame.apply(lambda column: column.str.strip()).rename(columns=COLUMNS[title])
    raise DataError([fault])


def _opened(path):
    with open(path, "rb") as file:
        start = file.read(2)
    if start == b"\x1f\x8b":
        return gzip.open(path, "rb")
    if start != b"PK":
        return open(path, "rb")
    with zipfile.ZipFile(path) as archive:
        names = [n for n in archive.namelist() if n.lower().endswith(".csv") and not n.startswith("__MACOSX/")]
        if len(names) != 1:
            found = f"{len(names)} such files{': ' if names else ''}{', '.join(names)}."
            remedy = "unpack it and name the .csv file itself, or download it again."
            raise DataError([Fault("A zip must hold exactly one .csv file.", found, remedy, Path(path).name)])
        return io.BytesIO(archive.read(names[0]))


def _other_file(name, title, there):
    other = SURVEY if title == COSTS else COSTS
    if set(COLUMNS[other]) <= set(there):
        remedy = "name the patient survey first and the cost report second."
        return Fault(f"This must be the file “{title}”.", f"“{other}”.", remedy, name)
    missing = [c for c in COLUMNS[title] if c not in there]
    found = f"no {', '.join(missing)}; the columns there are {', '.join(str(c)[:60] for c in there)}."
    remedy = f"download “{title}” again and leave the publisher's column names as they are."
    return Fault(f"The file must have the columns of “{title}”.", found, remedy, name)


def parse(frame, title, name, **kinds):
    """``frame`` with the columns named in ``kinds`` as numbers or dates, and the list of faults found on the way.

    ``kinds`` maps our column name to ``number`` or ``date``; what the publisher writes for no value becomes nan.
    Keys are checked too: six characters, as a spreadsheet drops leading zeros.
    """
    theirs = {ours: original for original, ours in COLUMNS[title].items()}
    faults = []
    wrong = ~frame.company.str.fullmatch("[0-9A-Z]{6}")
    if wrong.any():
        rule = "A certification number has six characters."
        remedy = "use the file as downloaded; a spreadsheet drops leading zeros."
        faults.append(_first(rule, frame.company[wrong], remedy, f"{name}, column {theirs['company']}"))
    parsed = {}
    for column, kind in kinds.items():
        if kind == "date":
            parsed[column] = pd.to_datetime(frame[column], format="%m/%d/%Y", errors="coerce")
        else:
            numbers = pd.to_numeric(frame[column], errors="coerce").astype(float)
            parsed[column] = numbers.where(numbers.abs() < float("inf"))
        wrong = parsed[column].isna() & ~frame[column].isin(NO_VALUE)
        if wrong.any():
            remedy = f"use the file as downloaded; only empty, {' and '.join(NO_VALUE[1:])} count as missing."
            where = f"{name}, column {theirs[column]}"
            faults.append(_first(f"Each value must be {RULES[kind]}.", frame.loc[wrong, column], remedy, where))
    return frame.assign(**parsed), faults


def _first(rule, wrong, remedy, where):
    return Fault(rule, f"{wrong.iloc[0]!r}, {len(wrong):,} such rows.", remedy, where, int(wrong.index[0]) + 2)
