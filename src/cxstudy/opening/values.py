"""One column of a file as typed values: text, numbers, dates, yes or no.

Nothing is judged here. A value that cannot be read becomes NULL while ``given`` stays true, and
`checking` reports the two together.
"""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import ibis

from cxstudy.schema import Column

LABELLED = ("key", "text", "level", "boolean")
YES, NO = ("yes", "true", "1", "y", "ja"), ("no", "false", "0", "n", "nej")


@ibis.udf.scalar.builtin(name="try_strptime")
def _try_strptime(value: str, pattern: str) -> dt.datetime:
    """The engine's strptime that gives NULL where a text does not match."""


@dataclass(frozen=True)
class Values:
    """The Ibis expressions of one column: ``shown`` as text for messages, ``given`` whether the row has a value that is
    no declared missing code, ``value`` typed (NULL where not given or not readable). ``labels`` ``{code: text}`` are
    those of the file; ``unlabelled`` whether a row has a code without one, None where codes stay codes.
    """

    column: Column
    source: str
    shown: Any
    given: Any
    value: Any
    labels: dict = field(default_factory=dict)
    unlabelled: Any = None


def read_values(column, source, raw, codes=(), dates=None, decimal=".", labels=None):
    """The `Values` of the Ibis column ``raw``, called ``source`` in its file.

    Parameters
    ----------
    codes : numbers and texts that stand for no answer.
    dates : strptime format; None is ISO (2025-01-31, or 2025-01-31 14:05 for a time of day).
    decimal : "." or ","; only where the file holds text.
    labels : ``{code: text}`` of the file; they name levels, keys, texts, yes and no; numbers and scales keep codes.
    """
    labels = labels or {}
    read = {
        "integer": _number,
        "scale": _number,
        "number": _number,
        "date": _date,
        "time": _time,
        "boolean": _boolean,
    }.get(column.kind, _text)
    if raw.type().is_floating():
        raw = raw.isnan().ifelse(ibis.null(raw.type()), raw)
    # a missing code may be named by its label
    codes = [*codes, *(v for v, text in labels.items() if text in codes)]
    labels = {v: text for v, text in labels.items() if v not in codes}
    if labels and column.kind in LABELLED:
        return _labelled(column, source, raw, codes, labels, read)
    shown = raw if raw.type().is_string() else raw.cast("string")
    value = read(raw, dates, decimal)
    code = _is_code(raw, value, codes)
    if code is None:
        return Values(column, source, shown, raw.notnull(), value, labels)
    given, value = raw.notnull() & ~code, code.ifelse(ibis.null(value.type()), value)
    return Values(column, source, shown, given, value, labels)


def _labelled(column, source, raw, codes, labels, read):
    """The texts of the labels; a code without one stays itself and is ``unlabelled``."""
    text = _text(raw, None, ".")
    named = text.cases(*((str(v), said) for v, said in labels.items()), else_=text)
    given = raw.notnull()
    code = _is_code(raw, text if raw.type().is_string() else raw, codes)
    if code is not None:
        given &= ~code
    value = given.ifelse(read(named, None, "."), ibis.null("boolean" if column.kind == "boolean" else "string"))
    unlabelled = given & text.notin([str(v) for v in labels])
    return Values(column, source, named, given, value, labels, unlabelled.fill_null(False))


def typed(values):
    """The column as analyses see it, valid once `checking` has found no fault: whole numbers as int64."""
    if values.column.kind in ("integer", "scale"):
        return values.value.cast("int64")
    return values.value


def _is_code(raw, value, codes):
    words = [c for c in codes if isinstance(c, str)]
    numbers = [c for c in codes if not isinstance(c, str)]
    found = []
    if raw.type().is_string() and words:
        found.append(raw.isin(words))
    if value.type().is_numeric() and numbers:
        found.append(value.isin(numbers))
    elif raw.type().is_numeric() and numbers:
        found.append(raw.isin(numbers))
    elif raw.type().is_string() and numbers:
        found.append(raw.isin([f"{c:g}" for c in numbers]))
    return ibis.or_(*found).fill_null(False) if found else None


def _text(raw, dates, decimal):
    if raw.type().is_floating():
        return (raw == raw.floor()).ifelse(raw.cast("int64").cast("string"), raw.cast("string"))
    return raw if raw.type().is_string() else raw.cast("string")


def _number(raw, dates, decimal):
    kind = raw.type()
    if kind.is_integer() or kind.is_floating():
        return raw
    if not kind.is_string():
        return raw.cast("string").try_cast("float64") if not kind.is_decimal() else raw.cast("float64")
    plain = raw
    if decimal == ",":
        plain = raw.contains(".").ifelse(ibis.null("string"), raw.replace(",", "."))
    number = plain.try_cast("float64")
    # the engine reads 1_000, nan and inf as numbers
    odd = raw.contains("_") | number.isnan() | number.isinf()
    return odd.ifelse(ibis.null("float64"), number)


def _date(raw, dates, decimal):
    if raw.type().is_date():
        return raw
    if raw.type().is_timestamp():
        return raw.date()
    return _try_strptime(raw.cast("string"), dates or "%Y-%m-%d").date()


def _time(raw, dates, decimal):
    if raw.type().is_timestamp():
        return raw
    if dates and "%H" in dates:
        return _try_strptime(raw.cast("string"), dates)
    return raw.cast("string").try_cast("timestamp")


def _boolean(raw, dates, decimal):
    if raw.type().is_boolean():
        return raw
    word = raw.cast("string").lower()
    return ibis.cases((word.isin(YES), True), (word.isin(NO), False), else_=ibis.null("boolean"))
