"""What each column of a file holds, in figures: kind, range, codes, how dates are written. Few words are kept."""

import datetime as dt
import math
from dataclasses import dataclass, field, replace

from cxstudy.opening.values import NO, YES
from cxstudy.opening.wording import PATTERNS
from cxstudy.proposal.vocabulary import is_no_answer
from cxstudy.quoting import named

MOST_VALUES = 60
_LONGEST_WORD = 30
_SAMPLE = 2000
_CLOCKS = ("%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S", "%d.%m.%Y %H:%M")
_NUMBER = r"^[+-]?\d+([.,]\d+)?$"
_DATED = r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}"


@dataclass(frozen=True)
class Seen:
    """One column of a file: ``kind`` is number, date, time, text, boolean or empty.

    ``n`` given of ``rows``, ``distinct`` values; of numbers ``whole``, ``low``, ``high`` and, where they are at most
    60, ``counts`` ``{value: n}``; of few texts ``words`` ``{text: n}``; ``odd`` the words among numbers that say *no
    answer*. ``patterns``: strptime formats that fit every date, likeliest first. ``comma``: decimals have a comma.
    ``labels`` and ``question`` (its text) are the file's.
    """

    name: str
    kind: str
    n: int = 0
    rows: int = 0
    distinct: int = 0
    whole: bool = False
    low: float = math.nan
    high: float = math.nan
    length: float = 0.0
    counts: dict = field(default_factory=dict)
    words: dict = field(default_factory=dict)
    odd: tuple = ()
    patterns: tuple = ()
    comma: bool = False
    labels: dict = field(default_factory=dict)
    question: str = ""

    @property
    def unique(self):
        """Whether every row has a value of its own."""
        return 0 < self.rows == self.n == self.distinct

    @property
    def yes_or_no(self):
        """Whether all values, or their labels, are yes or no."""
        words = {str(self.labels.get(v, v)).casefold() for v in (*self.counts, *self.words)}
        return self.kind == "boolean" or bool(words) and words <= {*YES, *NO}

    def range(self):
        """The range as it may stand in a comment: numbers only."""
        if self.kind != "number":
            return self.kind
        return f"{'whole ' if self.whole else ''}numbers {self.low:g} to {self.high:g}"


def describe(con, source):
    """The `Seen` of every column of a `Source`, ``{name: Seen}``: one query for all, one a column of few values."""
    view, kinds = named(source.expr.get_name()), source.expr.schema()
    parts = ["count(*)"]
    for name in source.columns:
        parts += _figures(named(name), kinds[name])
    found = con.con.execute(f"SELECT {', '.join(parts)} FROM {view}").fetchall()[0]
    rows, described = found[0], {}
    for i, name in enumerate(source.columns):
        figures = found[1 + 6 * i : 7 + 6 * i]
        seen = _seen(con, view, name, kinds[name], rows, figures)
        labels, question = source.labels.get(name, {}), source.question_texts.get(name, "")
        described[name] = replace(seen, labels=labels, question=question)
    return described


def _figures(column, kind):
    """Six SQL terms: given, distinct, lowest, highest, whole or numbers among texts, length or dates among texts."""
    first = [f"count({column})", f"count(DISTINCT {column})"]
    if kind.is_string():
        numbers, dated = f"regexp_matches({column}, '{_NUMBER}')", f"regexp_matches({column}, '{_DATED}')"
        return [*first, f"sum({numbers}::INT)", f"sum(({numbers} AND contains({column}, ','))::INT)",
                f"sum({dated}::INT)", f"avg(length({column}))"]  # fmt: skip
    if kind.is_numeric():
        return [*first, f"min({column})", f"max({column})", f"bool_and({column} = floor({column}))", "NULL"]
    return [*first, "NULL", "NULL", "NULL", "NULL"]


def _seen(con, view, name, kind, rows, figures):
    n, distinct, *rest = figures
    basis = {"name": name, "n": n, "rows": rows, "distinct": distinct}
    few = distinct <= MOST_VALUES
    if n == 0:
        return Seen(kind="empty", **basis)
    if kind.is_boolean():
        return Seen(kind="boolean", **basis)
    if kind.is_date() or kind.is_timestamp():
        return Seen(kind="date" if kind.is_date() else "time", **basis)
    if kind.is_numeric():
        counts = {_plain(v): k for v, k in _values(con, view, name)} if few else {}
        low, high, whole, _ = rest
        return Seen(kind="number", whole=bool(whole), low=float(low), high=float(high), counts=counts, **basis)
    if not kind.is_string():
        return Seen(kind="text", **basis)
    return _seen_text(con, view, name, basis, few, rest)


def _seen_text(con, view, name, basis, few, figures):
    numbers, commas, dated, length = figures
    values = _values(con, view, name) if few else []
    if numbers == basis["n"] and not few:
        column = f"replace({named(name)}, ',', '.')::DOUBLE"
        query = f"SELECT min({column}), max({column}), bool_and({column} = floor({column})) FROM {view}"
        low, high, whole = con.con.execute(query).fetchall()[0]
        return Seen(kind="number", low=low, high=high, whole=whole, comma=commas > 0, length=length, **basis)
    counts, words = _numbers_and_words(values)
    if counts and all(len(w) <= _LONGEST_WORD and is_no_answer(w) for w in words):
        whole = all(isinstance(v, int) for v in counts)
        ends = {"low": float(min(counts)), "high": float(max(counts))}
        how = {"odd": tuple(sorted(words)), "comma": commas > 0, "length": length}
        return Seen(kind="number", whole=whole, counts=counts, **how, **ends, **basis)
    if dated == basis["n"]:
        patterns = _patterns(con, view, name)
        if patterns:
            kind = "time" if "%M" in patterns[0] else "date"
            return Seen(kind=kind, patterns=patterns, length=length, **basis)
    return Seen(kind="text", words=dict(values), length=length, **basis)


def _values(con, view, name):
    query = f"SELECT {named(name)}, count(*) FROM {view} WHERE {named(name)} IS NOT NULL GROUP BY 1 ORDER BY 1"
    return con.con.execute(query).fetchall()


def _numbers_and_words(values):
    counts, words = {}, {}
    for value, n in values:
        try:
            number = _plain(float(str(value).replace(",", ".")))
        except ValueError:
            number = math.nan
        if math.isfinite(number) and "_" not in str(value):
            counts[number] = counts.get(number, 0) + n
        else:
            words[value] = n
    return counts, words


def _plain(number):
    number = float(number)
    return int(number) if number.is_integer() else number


def _patterns(con, view, name):
    """Formats that fit a sample of the dates, checked against all by the engine."""
    column = named(name)
    query = f"SELECT DISTINCT {column} FROM {view} WHERE {column} IS NOT NULL LIMIT {_SAMPLE}"
    sample = [value for (value,) in con.con.execute(query).fetchall()]
    fitting = [p for p in (*PATTERNS, *_CLOCKS) if all(_fits(value, p) for value in sample)]
    whole = []
    for pattern in fitting:
        fit = f"bool_and(try_strptime({column}, '{pattern}') IS NOT NULL)"
        query = f"SELECT {fit} FROM {view} WHERE {column} IS NOT NULL"
        if con.con.execute(query).fetchall()[0][0]:
            whole.append(pattern)
    return tuple(whole)


def _fits(text, pattern):
    try:
        dt.datetime.strptime(text, pattern)
    except ValueError:
        return False
    return True
