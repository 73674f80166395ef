"""Anything that holds rows as an Ibis table, and small results back as pandas frames."""

from pathlib import Path

import pandas as pd

from cxstudy.faults import unknown_name


def names(given):
    """A name, several names or None as a list of names."""
    if given is None:
        return []
    return [given] if isinstance(given, str) else list(given)


def check_columns(table, wanted):
    """ValueError naming the valid columns when ``table`` lacks one of ``wanted``."""
    for column in wanted:
        if column not in table.columns:
            raise ValueError(unknown_name("column", column, table.columns))


def as_table(data, wanted):
    """The wanted columns of a pandas frame, file, Ibis table or study table as an Ibis table; CSV as text."""
    import ibis

    if isinstance(data, pd.DataFrame):
        check_columns(data, wanted)
        return _from_frame(data[list(dict.fromkeys(wanted))])
    if isinstance(data, str | Path):
        table = _from_file(Path(data))
    else:
        table = data if isinstance(data, ibis.Table) else getattr(data, "expr", None)
        if not isinstance(table, ibis.Table):
            raise ValueError(
                "data must be a pandas frame, the path of a .csv, .csv.gz or .parquet file, an Ibis table, or a table "
                f"of a study such as study.customers; got {type(data).__name__}."
            )
    check_columns(table, wanted)
    return table.select(list(dict.fromkeys(wanted)))


def fetch(expression, data):
    """Run an Ibis expression: a table gives a frame, a scalar its value; ``data`` is what a fault is named after."""
    import duckdb
    import ibis

    try:
        found = expression.to_pyarrow()
    except duckdb.Error:
        if isinstance(data, str | Path):
            raise ValueError(_unreadable(data)) from None
        raise
    return found.to_pandas() if isinstance(expression, ibis.Table) else found.as_py()


def number(column):
    """(value, bad): the column as float with missing as null, and whether a present value is no finite number.

    NaN of a number column is missing; the text "nan" is a fault like any other word.
    """
    import ibis

    kind = column.type()
    if not (kind.is_numeric() or kind.is_string() or kind.is_boolean() or kind.is_null()):
        raise ValueError(f"column {column.get_name()} must hold numbers; it holds {kind}. Convert it or name another.")
    value = column.try_cast("float64")
    finite = ~(value.isnan() | value.isinf())
    bad = column.notnull() & ~finite.fill_null(False)
    if kind.is_floating():
        bad &= ~value.isnan()
    elif kind.is_integer() or kind.is_boolean():
        return value, bad
    return finite.ifelse(value, ibis.null("float64")), bad


def weight(column):
    """(value, bad): the column as weights; missing, negative and infinite weights are bad."""
    value, bad = number(column)
    return value, bad | value.isnull() | (value < 0)


def refuse(column, bad, *, weights=False):
    """ValueError when ``bad`` rows of a column were no numbers, or no weights."""
    if not bad:
        return
    if weights:
        raise ValueError(
            f"weights must be finite numbers of at least 0 in every row; {int(bad):,} rows of {column} are missing, "
            "negative or no number. Leave these rows out, or give them the weight they should have."
        )
    raise ValueError(
        f"column {column} must hold finite numbers; {int(bad):,} rows hold text or infinity. Mend or empty them."
    )


def without_nan(table, columns):
    """The table with NaN of its float columns as missing, so that both are one level."""
    return table.mutate(**{c: table[c].nullif(float("nan")) for c in columns if table[c].type().is_floating()})


def _from_frame(frame):
    import ibis
    import pyarrow

    # a column of text and numbers has no Arrow type; as text its odd values can be counted and shown
    mixed = [c for c in frame if frame[c].dtype == object and pd.api.types.infer_dtype(frame[c]).startswith("mixed")]
    frame = frame.assign(**{c: frame[c].map(str, na_action="ignore") for c in mixed})
    return ibis.memtable(pyarrow.Table.from_pandas(frame, preserve_index=False))


def _from_file(path):
    import duckdb
    import ibis

    if not path.name.lower().endswith((".csv", ".csv.gz", ".parquet")):
        raise ValueError(f"a data file ends in .csv, .csv.gz or .parquet; got {path.name}. Save it as one of these.")
    if not path.is_file():
        raise ValueError(f"the data file must exist; there is no {path}. Check the folder and the spelling.")
    if path.stat().st_size == 0:
        raise ValueError(f"a data file has a header and rows; {path.name} is empty. Export it again.")
    try:
        return ibis.read_parquet(path) if path.suffix.lower() == ".parquet" else ibis.read_csv(path, all_varchar=True)
    except duckdb.Error:
        raise ValueError(_unreadable(path)) from None


def _unreadable(path):
    # the engine's own message quotes rows of the file, which may be comments
    return f"{Path(path).name} cannot be read as a table. Open it in the program that wrote it and export it again."
