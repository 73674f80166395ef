"""What a broken rule is called and how it is mended: the texts of `rules`.

Each function takes what it needs to know and, last, the examples found; it returns rule and remedy.
"""

import datetime as dt
import re
from dataclasses import dataclass
from itertools import product

ROUNDING = 1.5
CODES = {7, 8, 9, -1, -7, -8, -9, 77, 88, 96, 97, 98, 99, -77, -88, -97, -98, -99, 777, 888, 997, 998, 999, -999, 9999}
_ORDERS = ("%Y{0}%m{0}%d", "%d{0}%m{0}%Y", "%m{0}%d{0}%Y", "%d{0}%m{0}%y")
PATTERNS = [order.format(mark) for order, mark in product(_ORDERS, "-/.")] + ["%Y%m%d"]
PATTERNS += [f"%Y-%m-%d{gap}{clock}" for gap, clock in product((" ", "T"), ("%H:%M", "%H:%M:%S"))]


@dataclass(frozen=True)
class Example:
    """One different value at fault: as text (empty where it must not be quoted), its first line, how often."""

    shown: str
    line: int
    n: int


def listed(examples, rows, kinds, place):
    """``found`` of a fault: how many rows, every example with its first line.

    >>> listed([Example("11", 3, 1), Example("99", 7, 2)], 3, 2, "line")
    "3 rows, 2 different values: '11' (line 3), '99' (2 times, first line 7)."
    """
    total = f"{rows:,} row{'s' if rows != 1 else ''}"
    if not any(e.shown for e in examples):
        more = ", …" if rows > len(examples) else ""
        places = f"{place}{'s' if rows > 1 else ''}"
        return f"{total} ({places} {', '.join(str(e.line) for e in examples)}{more})."
    values = [f"'{e.shown}' ({f'{e.n:,} times, first ' if e.n > 1 else ''}{place} {e.line})" for e in examples]
    more = f", … ({kinds - len(examples):,} more)" if kinds > len(examples) else ""
    different = f", {kinds:,} different values" if kinds > 1 else ""
    return f"{total}{different}: {', '.join(values)}{more}."


def required(name, examples):
    """An empty cell where one must be filled."""
    return f"no row may be without {name}.", "fill it in, or remove the rows."


def decimal_mark(table, declared, right, examples):
    """8,5 for 8.5, or 8.5 for 8,5; ``right()`` is a number of the same column that has the declared mark."""
    has, other, sign = ("point", "comma", ",") if declared == "." else ("comma", "point", ".")
    good = right()
    if good:
        remedy = f"write all with one mark; these have a decimal {other}, and {good} has a decimal {has}."
        return "the numbers of a column have one decimal mark.", remedy
    also = "" if declared == "." else "; a point that groups thousands is taken out"
    return (
        f"a number is written with a decimal {has}.",
        f'these have a decimal {other}: declare it in study.yaml, tables: {table}: decimal: "{sign}", or save with a'
        f" {has}{also}.",
    )


def number(table, decimal, kind, examples):
    """Text where a number belongs."""
    shown = [e.shown for e in examples]
    if any(re.match(r"[+-]?\d{1,3}([ \u00a0\u202f.,']\d{3})+([.,]\d+)?$", s) for s in shown):
        remedy = "take out what groups the thousands: choose a number format without it, and export again."
    elif kind == "scale" and any(re.match(r"\d+\s*[-–=:.)]\s*[^\W\d]", s) for s in shown):
        remedy = "these are an answer's words: export the numeric values (codes) instead of the choice texts."
    else:
        remedy = _alone(table)
    return f"a number is digits, with decimal {'comma' if decimal == ',' else 'point'} if any.", remedy


def _alone(table):
    return f'write the number alone; a text that stands for no answer is declared, {_missing(table, ["NA"])}.'
def whole(column, examples):
    """7.5 on a scale of whole numbers."""
    remedy = "correct the values"
    if column.kind == "scale":
        scale = f"{{low: {column.low:g}, high: {column.high:g}, whole: false}}"
        remedy += f", or allow them in study.yaml, scales: {{{column.name}: {scale}}}"
    return f"{column.name} is a whole number.", f"{remedy}."


def unlabelled(table, name, labels, examples):
    """A code that the file gives no label, beside others that have one."""
    rule = f"each code of {name} has a label in the file, as {', '.join(map(repr, list(labels.values())[:3]))} have."
    codes = [int(e.shown) if re.fullmatch(r"-?\d+", e.shown) else e.shown for e in examples if e.shown] or ["…"]
    remedy = f"label it in the file; if it stands for no answer, declare it, tables: {table}: missing: {{{name}: "
    return rule, f"{remedy}[{', '.join(map(str, codes))}]}} in study.yaml."


def outside(table, column, labels, examples):
    """A value beyond the ends of its scale; codes such as 99 get their own remedy."""
    ends = f"from {column.low:g} to {column.high:g}" if column.high is not None else f"at least {column.low:g}"
    values = {e.shown for e in examples}
    codes = sorted(int(float(v)) for v in values if re.fullmatch(r"-?\d+(\.0+)?", v) and float(v) in CODES)
    remedy = "correct the values"
    labelled = {v: text for v, text in labels.items() if str(v) in values}
    if labelled:
        said = ", ".join(f"{v} is labelled '{text}'" for v, text in labelled.items())
        remedy = f"{said} in the file; if that is no answer, declare it, {_missing(table, list(labelled))}"
    elif codes:
        remedy += f"; if {', '.join(map(str, codes))} stand for no answer, declare it, {_missing(table, codes)}"
    elif not any(values):
        remedy += f"; a code that stands for no answer is declared, {_missing(table, [98, 99])}"
    if column.kind == "scale":
        remedy += f"; another scale is declared under scales: {{{column.name}: {{low: …, high: …}}}}"
    return f"{column.name} is {ends}.", f"{remedy}."


def level(name, valid, examples):
    """A word that is no declared level."""
    remedy = f"correct the values, or add the word to levels: {name} in study.yaml."
    return f"{name} is one of {', '.join(valid)}.", remedy


def yes_no(name, examples):
    """Neither yes nor no."""
    return f"{name} is yes or no (true/false, 1/0).", "write yes or no, and nothing where it is not known."


def date(table, kind, declared, readable, examples):
    """A date that does not follow the format of its column."""
    pattern = declared or "%Y-%m-%d"
    example = dt.datetime(2025, 1, 31, 14, 5).strftime(pattern if kind == "date" or declared else "%Y-%m-%d %H:%M")
    good = readable()
    rule = f"a {kind} of this column is written {example} ({pattern})."
    if good:
        rule = f"{rule[:-1]}, as '{good}' is, and one column has one format."
    fitting = {p: sum(_fits(e.shown, p) for e in examples) for p in PATTERNS if p != pattern}
    fits = [p for p, n in fitting.items() if n and n == max(fitting.values())]
    named = " or ".join(f'dates: "{p}"' for p in fits)
    if good:
        also = f" The wrong ones look like {' or '.join(fits)}." if fits else ""
        return rule, f"write all dates of the column in one format.{also}"
    guess = named or 'dates: "%d/%m/%Y"'
    return rule, f"declare the format in study.yaml, tables: {table}: {guess}, or write the dates as {example}."


def _fits(text, pattern):
    try:
        dt.datetime.strptime(text, pattern)
    except ValueError:
        return False
    return True


def shares_together(question, examples):
    """Some of the three shares given, some not."""
    return f"the three shares of {question} are given together or not at all.", "fill in all three, or none."


def shares_sum(question, examples):
    """Three shares that are not a whole."""
    rule = f"promoters, passives and detractors of {question} sum to 100 % (±{ROUNDING:g} for rounding)."
    return rule, "correct the values, or the column names under shares: in study.yaml."


def _missing(table, codes):
    written = ", ".join(f'"{c}"' if isinstance(c, str) else str(c) for c in codes)
    return f"tables: {table}: missing: [{written}] in study.yaml"
