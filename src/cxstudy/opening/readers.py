"""Files to sources: CSV, Parquet, Excel, SPSS and Stata, reshaped and put together as study.yaml says.

A reader knows how a file is written, not what its columns mean: values are turned into numbers
and dates by `values`, and judged by `checking`.
"""

from difflib import get_close_matches

import duckdb

from cxstudy.faults import DataError, Fault
from cxstudy.opening import spreadsheets, statistical_files
from cxstudy.opening.constants import with_constants
from cxstudy.opening.reshaping import long_to_wide, wide_to_long
from cxstudy.opening.source import AGAIN, Source, check_rows
from cxstudy.opening.text_files import read_text
from cxstudy.opening.waves import together
from cxstudy.quoting import named, quoted

_TEXT, _PARQUET = (".csv", ".csv.gz"), (".parquet",)
SUFFIXES = (*_TEXT, *_PARQUET, *spreadsheets.SUFFIXES, *statistical_files.SUFFIXES)
_OTHERS = {
    ".xls": "open it in Excel and save it as .xlsx (Excel Workbook).",
    ".xlsb": "open it in Excel and save it as .xlsx (Excel Workbook).",
    ".ods": "open it in LibreOffice and save it as .xlsx.",
    ".numbers": "open it in Numbers and export it as .xlsx or CSV UTF-8.",
    ".por": "open it in SPSS and save it as .sav.",
    ".sas7bdat": "export it from SAS as .sav, .dta or CSV UTF-8.",
    ".tsv": "rename it to .csv; tabs are read as separators.",
    ".txt": "if it is a table of commas, semicolons or tabs, rename it to .csv.",
}
# which keys of a table say something of which kind of file
_KEYS = {
    "encoding": (*_TEXT, *statistical_files.SUFFIXES),
    "separator": _TEXT,
    "layout": _TEXT,
    "header": (*_TEXT, *spreadsheets.SUFFIXES),
    "sheet": spreadsheets.SUFFIXES,
}


def read_source(con, table, folder, spec):
    """The file or files of ``table`` in ``folder`` as one `Source` on the Ibis DuckDB connection ``con``.

    ``spec`` is the table's part of study.yaml. CSV is loaded as text (the engine guesses no type), Excel, SPSS and
    Stata are loaded as they are typed; Parquet stays on disk and is read when asked. Raises DataError with the faults
    of all files: missing, empty, without rows, of another kind, not readable, not as study.yaml says.
    """
    parts, faults = {}, []
    for i, (wave, file) in enumerate(spec.files.items()):
        name = f"{table}_{i + 1}" if wave else table
        try:
            source = _read(con, table, name, folder / file, spec)
            if spec.long:
                source = long_to_wide(con, table, name, source, spec)
            parts[wave] = wide_to_long(con, name, source, spec) if spec.wide else source
        except DataError as error:
            faults += error.faults
    if faults:
        raise DataError(faults)
    source = parts[""] if "" in parts else together(con, table, parts)
    return with_constants(con, table, source, spec)


def _read(con, table, name, path, spec):
    suffix = _suffix(path)
    _must_exist(path, suffix)
    for key, suffixes in _KEYS.items():
        if getattr(spec, key) is not None and suffix not in suffixes:
            rule, found = f"{key}: belongs to {', '.join(suffixes)} files.", f"a {suffix} file."
            raise DataError([Fault(rule, found, f"remove {key}: from the table in study.yaml.", path.name)])
    if suffix in _PARQUET:
        return _parquet(con, name, path)
    if suffix in spreadsheets.SUFFIXES:
        return spreadsheets.read_spreadsheet(con, name, path, spec, table)
    if suffix in statistical_files.SUFFIXES:
        return statistical_files.read_statistical(con, name, path, spec)
    return read_text(con, name, path, spec)


def _suffix(path):
    name = path.name.lower()
    return next((s for s in SUFFIXES if name.endswith(s)), path.suffix.lower())


def _must_exist(path, suffix):
    if not path.is_file():
        there = sorted(p.name for p in path.parent.glob("*") if p.name.lower().endswith(SUFFIXES))
        near = get_close_matches(path.name, there, n=3, cutoff=0.6)
        listed = f" Nearest: {', '.join(near)}." if near else ""
        found = f"there is no such file; there: {', '.join(there) or 'no table'}.{listed}"
        remedy = "correct file: in study.yaml or put the file there."
        raise DataError([Fault("a table's file must exist.", found, remedy, path.name)])
    if suffix not in SUFFIXES:
        rule = f"a table is a {', '.join(SUFFIXES)} file."
        remedy = _OTHERS.get(suffix, "save it as CSV UTF-8 from the program that made it.")
        raise DataError([Fault(rule, f"{path.suffix or 'a file without ending'}.", remedy, path.name)])
    if path.stat().st_size == 0:
        raise DataError([Fault("a table must have a header and rows.", "an empty file (0 bytes).", AGAIN, path.name)])


def _parquet(con, name, path):
    view = f"{name}_source"
    query = (
        f"CREATE VIEW {named(view)} AS SELECT file_row_number + 1 AS row_, * EXCLUDE (file_row_number)"
        f" FROM read_parquet({quoted(path)}, file_row_number=true)"
    )
    try:
        con.con.execute(query).fetchall()
    except duckdb.Error as error:
        rule, found = "the file must be readable as Parquet.", _plain(error)
        raise DataError([Fault(rule, found, AGAIN, path.name)]) from None
    expr = con.table(view)
    check_rows(con, view, path.name)
    return Source(path.name, expr, tuple(c for c in expr.columns if c != "row_"))


def _plain(error):
    return str(error).splitlines()[0].split("Error: ")[-1].rstrip(".") + "."
