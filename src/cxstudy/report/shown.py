"""The anonymity rule for tables that an executed notebook shows: what `record` hides, the page hides too.

A table is recognised by its columns, as in `cxstudy.anonymity.suppress`; one without the number of answers is not.
"""

import re

import nbformat
import pandas as pd
from bs4 import BeautifulSoup

from cxstudy.anonymity import COUNTERS, KEPT, hidden_rows

_NUMBER = re.compile(r"[-−+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|True|False")
HIDDEN = "–"


def hide_small_groups(path, thresholds, groups):
    """Take the numbers of groups that must not be shown out of the tables of an executed notebook file."""
    node = nbformat.read(path, as_version=4)
    for cell in node.cells:
        for output in cell.get("outputs", ()):
            html = output.get("data", {}).get("text/html")
            if html and "<table" in html:
                hidden = without_small_groups(html, thresholds, groups)
                if hidden != html:
                    output["data"] = {"text/html": hidden}
    nbformat.write(node, path)


def without_small_groups(html, thresholds, groups=None):
    """HTML whose tables show no number of a group that is too small, or that would give one away.

    ``thresholds`` and ``groups`` as in `cxstudy.anonymity.suppress`. HTML without such a group is returned as it is.
    """
    if not any(name in html for name in (*COUNTERS, "n_unit")):
        return html
    soup, changed = BeautifulSoup(html, "html.parser"), False
    for table in soup.find_all("table"):
        names, rows = _cells(table)
        if not names or any(len(row) != len(names) for row in rows):
            continue
        texts = [[cell.get_text(strip=True) for cell in row] for row in rows]
        frame = pd.DataFrame(texts, columns=names)
        if not frame.columns.is_unique:
            continue
        _, out, _ = hidden_rows(frame, thresholds, groups)
        for row in (row for row, gone in zip(rows, out, strict=True) if gone):
            for name, cell in zip(names, row, strict=True):
                if name not in KEPT and cell.name == "td" and _NUMBER.fullmatch(cell.get_text(strip=True)):
                    cell.string, changed = HIDDEN, True
    return str(soup) if changed else html


def _cells(table):
    """Names of the columns, those of the index with them, and the cells of the body's rows."""
    heads = [[cell.get_text(strip=True) for cell in row.find_all("th")] for head in table.find_all("thead") for row in head.find_all("tr")]
    rows = [row.find_all(["th", "td"]) for row in (table.find("tbody") or table).find_all("tr")]
    rows = [row for row in rows if any(cell.name == "td" for cell in row)]
    if not heads:
        return [], rows
    names = list(heads[0])
    # pandas writes the names of the index into a head row of its own
    for place, name in enumerate(heads[1] if len(heads) == 2 else []):
        names[place] = name or names[place]
    return names, rows
