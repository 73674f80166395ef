"""SPSS (.sav, .zsav) and Stata (.dta): values with their labels, question texts and declared missing values."""

import datetime as dt
from dataclasses import dataclass, field

import numpy as np

from cxstudy.faults import DataError, Fault
from cxstudy.opening.source import Source, check_names, check_rows
from cxstudy.quoting import named

SUFFIXES = (".sav", ".zsav", ".dta")
_CELLS = 5_000_000
_DAY = 86_400
_SPSS_DAYS = (dt.date(1970, 1, 1) - dt.date(1582, 10, 14)).days
_STATA_DAYS = (dt.date(1970, 1, 1) - dt.date(1960, 1, 1)).days
_SPSS_DATES = ("DATE", "ADATE", "EDATE", "JDATE", "SDATE", "QYR", "MOYR", "WKYR")
_SPSS_TIMES = ("DATETIME", "YMDHMS")


@dataclass(frozen=True)
class _Description:
    """What the file says of its columns; missing values are ``[(low, high)]``, of Stata letters."""

    names: tuple[str, ...]
    labels: dict
    texts: dict
    missing: dict
    formats: dict
    strings: frozenset[str]
    stata: bool
    counts: dict = field(default_factory=dict)


def read_statistical(con, name, path, spec):
    """The file at ``path`` as a `Source`, loaded on the DuckDB connection ``con`` under names from ``name``.

    Values the file declares missing (values and ranges; in Stata .a to .z) become NULL and are counted; dates in the
    formats of the program become dates; numbers that are all whole become integers. Read in pieces of 5 million
    cells. Raises DataError: not readable to its end, letters in another encoding, no rows.
    """
    table, view = f"{name}_text", f"{name}_source"
    file = _Reading(path, spec.encoding)
    about = _description(file.metadata(), path.suffix.lower() == ".dta")
    check_names(about.names, path.name, None)
    made = False
    for frame in file.chunks(max(1000, _CELLS // max(1, len(about.names)))):
        con.con.register("piece_", _arrow(frame, about))
        into = f"INSERT INTO {named(table)}" if made else f"CREATE TABLE {named(table)} AS"
        con.con.execute(f"{into} SELECT * FROM piece_").fetchall()
        con.con.unregister("piece_")
        made = True
    if not made:
        raise DataError([Fault("a table must have rows.", "columns but no rows.", "export it again.", path.name)])
    check_rows(con, table, path.name)
    con.con.execute(f"CREATE VIEW {named(view)} AS SELECT rowid + 1 AS row_, {_typed(con, table)} FROM {named(table)}")
    return Source(
        path.name,
        con.table(view),
        about.names,
        place="observation" if about.stata else "case",
        scratch=(("VIEW", view), ("TABLE", table)),
        labels=_answers_labels(about),
        question_texts=about.texts,
        declared_missing={c: [_said(m, about, c) for m in several] for c, several in about.missing.items()},
        missing_counts=about.counts,
    )


class _Reading:
    """pyreadstat on one file, with its faults turned into ours."""

    def __init__(self, path, encoding):
        import pyreadstat

        self.path, self.package = path, pyreadstat
        self.read = pyreadstat.read_dta if path.suffix.lower() == ".dta" else pyreadstat.read_sav
        self.how = {"user_missing": True, "disable_datetime_conversion": True, "encoding": encoding}

    def metadata(self):
        return self._kept(lambda: self.read(str(self.path), metadataonly=True, **self.how)[1])

    def chunks(self, size):
        pieces = self.package.read_file_in_chunks(self.read, str(self.path), chunksize=size, **self.how)
        while (piece := self._kept(lambda: next(pieces, None))) is not None:
            if len(piece[0]):
                yield piece[0]

    def _kept(self, call):
        try:
            return call()
        except (self.package.ReadstatError, self.package.PyreadstatError, UnicodeError, ValueError, OSError) as error:
            kind = "Stata" if self.path.suffix.lower() == ".dta" else "SPSS"
            found = f"{str(error).strip().rstrip('.')}."
            remedy = "the file is cut off or damaged, or another kind of file: save it again from the program."
            if isinstance(error, UnicodeError) or "encoding" in found:
                remedy = "declare how its letters are stored, encoding: cp1252, or save it as UTF-8 from the program."
            rule = f"the file must be readable to its end as {kind}."
            raise DataError([Fault(rule, found, remedy, self.path.name)]) from None


def _description(meta, stata):
    labels = {
        column: {_plain(v): text.strip() for v, text in several.items()}
        for column, several in meta.variable_value_labels.items()
        if several
    }
    texts = {c: text.strip() for c, text in meta.column_names_to_labels.items() if text and text.strip()}
    missing = {c: [(r["lo"], r["hi"]) for r in ranges] for c, ranges in meta.missing_ranges.items()}
    formats = dict(meta.original_variable_types)
    strings = frozenset(c for c, kind in meta.readstat_variable_types.items() if kind.startswith("string"))
    return _Description(tuple(meta.column_names), labels, texts, missing, formats, strings, stata)


def _plain(value):
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _answers_labels(about):
    """The labels but those of values declared missing."""
    kept = {
        column: {v: text for v, text in labels.items() if not _is_missing(v, about, column)}
        for column, labels in about.labels.items()
    }
    return {column: labels for column, labels in kept.items() if labels}


def _is_missing(value, about, column):
    ranges = about.missing.get(column, ())
    if isinstance(value, str):
        return (about.stata and column not in about.strings) or (value, value) in ranges
    return any(low <= value <= high for low, high in ranges if not isinstance(low, str))


def _said(missing, about, column):
    low, high = (_plain(end) for end in missing)
    if low == high:
        label = about.labels.get(column, {}).get(low)
        written = f".{low}" if about.stata else f"{low}"
        return f"{written} {label}" if label else written
    ends = ["lowest" if low == -np.finfo(float).max or low == -np.inf else f"{low:g}"]
    ends += ["highest" if high == np.finfo(float).max or high == np.inf else f"{high:g}"]
    return " to ".join(ends)


def _arrow(frame, about):
    import pyarrow as pa

    arrays = [_array(frame[name], about, name) for name in about.names]
    return pa.Table.from_arrays(arrays, names=list(about.names))


def _array(values, about, name):
    import pandas as pd
    import pyarrow as pa

    if about.stata and values.dtype == object and name not in about.strings:
        letters = values.map(lambda v: isinstance(v, str))
        if letters.any():
            for letter in sorted(set(values[letters])):
                if (letter, letter) not in about.missing.setdefault(name, []):
                    about.missing[name].append((letter, letter))
            about.counts[name] = about.counts.get(name, 0) + int(letters.sum())
            values = pd.to_numeric(values.mask(letters), errors="coerce")
    elif name in about.missing and len(values):
        out = np.zeros(len(values), bool)
        for low, high in about.missing[name]:
            out |= (values.eq(low) if isinstance(low, str) else values.between(low, high)).to_numpy(bool)
        about.counts[name] = about.counts.get(name, 0) + int(out.sum())
        values = values.mask(out)
    if name in about.strings:
        return pa.array(values.astype("str"), pa.string(), from_pandas=True)
    kind = _date_kind(about.formats.get(name) or "", about.stata)
    numbers = pd.to_numeric(values).to_numpy(float)
    return pa.array(numbers, from_pandas=True) if kind is None else _moments(numbers, kind, about.stata)


def _date_kind(form, stata):
    if stata:
        clock, day = form.startswith(("%tc", "%tC")), form.startswith(("%td", "%d"))
    else:
        letters = form.rstrip("0123456789.")
        clock, day = letters in _SPSS_TIMES, letters in _SPSS_DATES
    return "time" if clock else "date" if day else None


def _moments(numbers, kind, stata):
    """SPSS counts seconds from 1582-10-14; Stata days, or milliseconds, from 1960-01-01."""
    import pyarrow as pa

    gone = ~np.isfinite(numbers)
    days = numbers if stata and kind == "date" else numbers / (_DAY * 1000 if stata else _DAY)
    days = np.where(gone, 0, days) - (_STATA_DAYS if stata else _SPSS_DAYS)
    if kind == "date":
        return pa.array(np.floor(days).astype("int32"), pa.date32(), mask=gone)
    seconds = np.round(days * _DAY * 1000).astype("int64")
    return pa.array(seconds.astype("datetime64[ms]"), pa.timestamp("ms"), mask=gone)


def _typed(con, table):
    """The columns of the view: texts trimmed and empty ones NULL, numbers that are all whole as integers."""
    kinds = con.con.execute(f"DESCRIBE {named(table)}").fetchall()
    numbers = [c for c, kind, *_ in kinds if kind == "DOUBLE"]
    whole = {}
    if numbers:
        tests = ", ".join(f"coalesce(bool_and({named(c)} = floor({named(c)}) AND abs({named(c)}) < 9e15), true)"
                          for c in numbers)
        found = con.con.execute(f"SELECT {tests} FROM {named(table)}").fetchall()[0]
        whole = dict(zip(numbers, found, strict=True))
    parts = []
    for column, kind, *_ in kinds:
        said = named(column)
        if kind == "VARCHAR":
            said = f"nullif(trim({said}), '') AS {said}"
        elif whole.get(column):
            said = f"CAST({said} AS BIGINT) AS {said}"
        parts.append(said)
    return ", ".join(parts)
