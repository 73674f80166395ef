"""The chart "which method when": from a question to its method, the function of cxstudy and the page of the run.

It holds no result; its words are in the catalogues under ``which.``.
"""

from pathlib import Path
from typing import NamedTuple

import cxstudy
from cxstudy.language import text


class Way(NamedTuple):
    """One way through the chart: message keys ``which.<name>`` (question) and ``which.<name>.method``, the functions
    that answer it, and the analysis whose page shows it.
    """

    name: str
    functions: tuple
    analysis: str


CHART = {
    "trust": (Way("data", ("data_check",), "data_check"),),
    "size": (Way("one", ("nps", "csat", "ces", "cx_index"), "measures"),),
    "difference": (
        Way("two", ("compare_nps",), "measures"),
        Way("paired", ("compare_nps_paired",), "measures"),
        Way("several", ("compare_groups",), "measures"),
    ),
    "link": (
        Way("tiers", ("nps_margin",), "nps_margin"),
        Way("share", ("loyalty_share", "r_squared_interval"), "loyalty_share"),
        Way("within", ("employee_ambassadors", "mixed_model", "icc"), "employee_ambassadors"),
        Way("sides", ("self_image",), "self_image"),
        Way("driver", ("drivers", "importance"), "drivers"),
    ),
    "plan": (Way("answers", ("answers_needed",), "measures"),),
}


def chart(pages, language="en"):
    """The chart as the index shows it: a list of branches, each a dict of question and ways.

    ``pages``: (file, title) of the run's pages. A way is a dict of question, method, functions (only those that
    cxstudy has), and file and title of its page, empty where the run has none.
    """
    there = {Path(file).stem.lstrip("0123456789_"): (file, title) for file, title in pages}
    branches = []
    for branch, ways in CHART.items():
        shown = []
        for way in ways:
            file, title = there.get(way.analysis, ("", ""))
            words = {
                "question": text(f"which.{way.name}", language),
                "method": text(f"which.{way.name}.method", language),
            }
            functions = [name for name in way.functions if name in cxstudy.__all__]
            shown.append(words | {"functions": functions, "file": file, "title": title})
        branches.append({"question": text(f"which.{branch}", language), "ways": shown})
    return branches
