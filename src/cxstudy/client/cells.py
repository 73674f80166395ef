"""What a reader sees of a name, a comment or a number: harmless characters, numbers as the language writes them."""

import datetime
import re

from cxstudy.language import number

# control characters, and marks that turn the text after them around: a name keeps its letters, in their order
_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
_BREAK = re.compile("[\r\n\t\u2028\u2029]+")
NOTHING = "–"


def clean(text):
    """The text on one line, without control characters and marks of direction.

    >>> clean("a\\u202eb\\tc\\n")
    'ab c'
    """
    return _CONTROL.sub("", _BREAK.sub(" ", str(text))).strip()


def paragraphs(text):
    """The paragraphs of a comment, each `clean`; a blank line parts them.

    >>> paragraphs("One\\nand the same.\\n\\nTwo.")
    ['One and the same.', 'Two.']
    """
    return [clean(part) for part in re.split(r"\n\s*\n", str(text).replace("\r\n", "\n")) if clean(part)]


def cell_text(value, column, language="en"):
    """The value of a table's cell as its `Column` and the language say; percent lies between 0 and 100.

    >>> from cxstudy.client.model import Column
    >>> cell_text(28.25, Column("share", "Share", "percent"), "sv")
    '28,2\\xa0%'
    >>> cell_text(None, Column("n", "n", "integer"))
    '–'
    """
    if value is None:
        return NOTHING
    if column.kind == "percent":
        return number(value / 100, f".{column.digits}%", language)
    if column.kind == "integer":
        return number(value, ",.0f", language)
    if column.kind == "number":
        return number(value, f",.{column.digits}f", language)
    if column.kind == "date" and isinstance(value, datetime.date):
        from babel.dates import format_date

        return format_date(value, "medium", locale=language)
    return clean(value)


def shortened(text, width, measure=len):
    """The text, or where it is wider than ``width`` its two ends: names often differ in the last word only.

    ``measure`` gives the width of a text, in the unit of ``width``.

    >>> shortened("Norra kontoret i Ängelholm", 16)
    'Norra ko…gelholm'
    """
    if measure(text) <= width:
        return text
    keep = int(len(text) * width / measure(text))
    while keep > 2:
        tail = keep // 2
        short = f"{text[: keep - tail].rstrip()}…{text[-tail:].lstrip()}"
        if measure(short) <= width:
            return short
        keep -= 1
    return "…"
