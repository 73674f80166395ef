"""HTML tables of a page: numbers to the right, rounded for the eye only, every table in a box of its own."""

import math
import re

from bs4 import BeautifulSoup

from cxstudy.language import catalogue, number, text

_NUMBER = re.compile(r"[-−+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
LONG = 40
# a document costs a millisecond, and the first entity in one a tenth of a second: one is enough to make tags with
_NEW = BeautifulSoup("&lt;", "html.parser")
_MISSING = ("NaN", "nan", "None", "NaT", "<NA>", "")


def tidy_tables(html, language="en"):
    """HTML with its tables made readable: a scroll box, plain headings, rounded and right-aligned numbers.

    The unrounded number stays in the cell's ``title``. An unnamed index 0, 1, 2, … is left out.
    """
    soup = BeautifulSoup(html, "html.parser")
    tidy(soup, language)
    return str(soup)


def tidy(soup, language="en"):
    """`tidy_tables` of parsed HTML, which is changed."""
    for table in soup.find_all("table"):
        if not _rows(table):
            empty = soup.new_tag("p", attrs={"class": "muted"})
            empty.string = text("page.no_rows", language)
            table.replace_with(empty)
            continue
        _one_head_row(table)
        _drop_plain_index(table)
        _head(table, language)
        _round(table, language)
        _breakable(table)
        box = soup.new_tag("div", attrs={"class": "table", "tabindex": "0", "role": "group"})
        box["aria-label"] = text("page.table", language)
        table.wrap(box)
        table["class"] = ["data"]
        table.attrs.pop("border", None)


def decimals(values):
    """Decimals to show a column of numbers with: by the largest, 0 in the thousands to 3 below one.

    >>> decimals([8.93, 12.5]), decimals([0.95, 0.9]), decimals([2024.0])
    (2, 2, 0)
    """
    values = [abs(v) for v in values if math.isfinite(v)]
    largest = max(values, default=0.0)
    digits = 0 if largest >= 1000 else 1 if largest >= 100 else 2 if largest >= 1 else 3
    while digits and all(math.isclose(round(v, digits - 1), v, abs_tol=1e-12) for v in values):
        digits -= 1
    return digits


def mixed(values):
    """Whether a column's numbers are of such different size, as in a describe(), that each needs its own decimals."""
    values = [abs(v) for v in values if v and math.isfinite(v)]
    return bool(values) and max(values) >= 1000 and any(v < 10 and v != int(v) for v in values)


def shown(value, digits, language="en"):
    """One number as a page prints it; what would vanish by rounding is written as a power of ten.

    >>> shown(0.12345, 3), shown(1.2e-9, 3)
    ('0.123', '1.2 × 10⁻⁹')
    """
    if value and math.isfinite(value) and abs(value) < 0.5 * 10**-digits:
        mantissa, power = f"{value:.1e}".split("e")
        raised = str(int(power)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
        return f"{number(float(mantissa), '.1f', language)} × 10{raised}"
    # four digits stay together: they may be a year
    return number(value, f"{',' if abs(value) >= 10_000 else ''}.{digits}f", language)


def _rows(table):
    body = table.find("tbody") or table
    return [row for row in body.find_all("tr") if row.find(["td"])]


def _head_rows(table):
    return [row for head in table.find_all("thead") for row in head.find_all("tr")]


def _drop_plain_index(table):
    rows, head = _rows(table), table.find("thead")
    first = [row.find("th") for row in rows]
    if not rows or head is None or len(head.find_all("tr")) != 1 or any(cell is None for cell in first):
        return
    corner = head.find("th")
    if corner is None or corner.get_text(strip=True) or not _counts_up([cell.get_text(strip=True) for cell in first]):
        return
    for cell in [corner, *first]:
        cell.decompose()


def _counts_up(texts):
    """Whether these are 0, 1, 2, … with at most one gap marked by dots, as pandas shortens a long table."""
    gap = texts.index("...") if "..." in texts else len(texts)
    head, tail = texts[:gap], texts[gap + 1 :]
    if head != [str(i) for i in range(gap)] or not all(t.isdigit() for t in tail):
        return False
    return tail == [str(i) for i in range(int(tail[0]), int(tail[0]) + len(tail))] if tail else True


def _one_head_row(table):
    """Put the name of the index, for which pandas makes a row of its own, into the corner of the first row."""
    rows = _head_rows(table)
    if len(rows) != 2:
        return
    named = [cell.get_text(strip=True) for cell in rows[1].find_all("th")]
    corner = rows[0].find("th")
    if named and corner is not None and not corner.get_text(strip=True) and not any(named[1:]):
        corner.string = named[0]
        rows[1].decompose()


def _head(table, language):
    """Headings from the catalogue (``column.std_error``) over the name that code and text use; else the name alone."""
    entries = catalogue(language)
    for cell in (cell for row in _head_rows(table) for cell in row.find_all("th")):
        name = cell.get_text(strip=True)
        said = entries.get(f"column.{name}", name)
        if said != name:
            cell.string = said
            code = _NEW.new_tag("small")
            code.string = name
            cell.append(code)


def _breakable(table):
    """Let the names of rows break behind a dot or an underscore, so that they leave a phone's screen to the numbers."""
    for cell in (cell for body in table.find_all("tbody") for cell in body.find_all("th")):
        parts = re.split(r"(?<=\w[._])(?=\w)", cell.get_text())
        cell.clear()
        for place, part in enumerate(parts):
            if place:
                cell.append(_NEW.new_tag("wbr"))
            cell.append(part)


def _round(table, language):
    columns = {}
    for row in _rows(table):
        for place, cell in enumerate(row.find_all(["td", "th"])):
            if cell.name == "td":
                columns.setdefault(place, []).append(cell)
    headings = [cell for row in _head_rows(table)[-1:] for cell in row.find_all("th")]
    for place, cells in columns.items():
        texts = [cell.get_text(strip=True) for cell in cells]
        numbers = [float(t.replace("−", "-")) if _NUMBER.fullmatch(t) else None for t in texts]
        for cell, raw in zip(cells, texts, strict=True):
            if raw in _MISSING:
                cell.string = "–"
            elif len(raw) > LONG:
                cell["class"] = ["long"]
        words = [t for n, t in zip(numbers, texts, strict=True) if n is None and t not in _MISSING and t != "..."]
        if words or not any(n is not None for n in numbers):
            continue
        known = [n for n in numbers if n is not None]
        digits = decimals(known)
        if place < len(headings):
            headings[place]["class"] = ["number"]
        for cell, value, raw in zip(cells, numbers, texts, strict=True):
            cell["class"] = ["number"]
            if value is not None:
                said = shown(value, decimals([value]) if mixed(known) else digits, language)
                if said != raw:
                    cell["title"], cell.string = raw, said
