"""The page to open first: headlines, pictures, claims, and where everything lies.

Nothing is computed here: each number is read from what the run recorded, and stands in ``findings.json``.
"""

import base64
import json
import math
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cxstudy.language import number, text
from cxstudy.report.page import CONTENT_POLICY, TEMPLATE, footer, title
from cxstudy.report.run_record import is_whole
from cxstudy.report.table_files import WORKBOOK, read_texts
from cxstudy.report.tables import shown
from cxstudy.report.which_method import chart

CLAIMS = "claims"
NUMBERS = ("estimate", "ci_low", "ci_high", "confidence", "n", "truth")
MARKS = {"agrees": "yes", "recovered": "yes", "carried out": "yes", "disagrees": "no", "not recovered": "no"}
UNTESTED = "not tested"
STANDS_FOR = ".stands_for"
METHOD = "method.html"


@dataclass(frozen=True)
class Analysis:
    """What one analysis recorded: its findings file, the headline picture (PNG bytes) and the rows it shows
    (of the table named as the figure), its tables and page."""

    name: str
    title: str
    body: dict
    picture: bytes | None
    pictured: tuple
    tables: tuple
    page: str

    @property
    def sentence(self):
        return self.body.get("sentence", "")

    @property
    def stands_for(self):
        """What was really asked, where a question stands in for ours; belongs beside the number."""
        notes = self.body.get("notes", ())
        return next((note["sentence"] for note in notes if note["key"].endswith(STANDS_FOR)), "")


@dataclass(frozen=True)
class Overview:
    """Everything the index shows of one run; ``workbook`` is the file of all tables, ``method`` the page that says how
    the numbers came about, each empty where there is none.
    """

    run: dict
    analyses: tuple
    claims: tuple
    pages: tuple
    workbook: str = ""
    method: str = ""

    def findings_file(self):
        """All findings of the run in one body, in the order of the notebooks, with sentences and claims."""
        return {
            "format": self.run["format"],
            "study": self.run["study"],
            "synthetic": self.run["synthetic"],
            "run": self.run["run"],
            "sentences": self.sentences(),
            "notes": {a.name: a.body["notes"] for a in self.analyses if a.body.get("notes")},
            "readings": {a.name: a.body["reading"] for a in self.analyses if "reading" in a.body},
            "pictured": {a.name: a.pictured for a in self.analyses if a.pictured},
            "findings": [finding for a in self.analyses for finding in a.body["findings"]],
            "claims": list(self.claims),
        }

    def sentences(self):
        """The headline of each analysis by name, with what was really asked; that of the claims last."""
        return {
            a.name: " ".join(part for part in (a.sentence, a.stands_for) if part) for a in self.analyses if a.sentence
        }


def read_run(folder, run, order):
    """The overview of the run in ``folder``; ``run`` is its run.json, ``order`` the analyses as they ran."""
    folder = Path(folder)
    titles = {one["analysis"]: _page_title(folder / f"{one['name']}.ipynb") for one in run["notebooks"]}
    pages = {one["analysis"]: f"{one['name']}.html" for one in run["notebooks"]}
    files = {path.stem: path for path in (folder / "findings").glob("*.json")}
    names = sorted(files, key=lambda name: (order.index(name) if name in order else len(order), name))
    names = [n for n in names if n != CLAIMS] + [n for n in names if n == CLAIMS]
    analyses = []
    for name in names:
        body = json.loads(files[name].read_text(encoding="utf-8"))
        kinds = body.get("figures", [])
        picture = folder / "figures" / f"{name}.{kinds[0]}.png" if kinds else None
        image = picture.read_bytes() if picture else None
        rows = read_texts(folder / "tables" / f"{name}.{kinds[0]}.csv") if kinds else ()
        rows = tuple({k: _value(v) for k, v in row.items()} for row in rows)
        tables = tuple(sorted(p.name for p in (folder / "tables").glob(f"{name}.*.csv")))
        analyses.append(Analysis(name, titles.get(name) or name, body, image, rows, tables, pages.get(name, "")))
    listed = tuple((pages[one["analysis"]], titles[one["analysis"]] or one["name"]) for one in run["notebooks"])
    workbook = WORKBOOK if (folder / WORKBOOK).exists() else ""
    method = METHOD if (folder / METHOD).exists() else ""
    return Overview(run, tuple(analyses), tuple(read_claims(folder)), listed, workbook, method)


def read_claims(folder):
    """The claims of a run as dicts, in the order of the claims file; empty when none were recorded."""
    rows = read_texts(Path(folder) / "tables" / "claims.claims.csv")
    return [{k: _value(v) if k in NUMBERS else v for k, v in row.items()} for row in rows]


def found(claim, language="en"):
    """What we found for a claim, in words: estimate, interval, unit, n, and the truth of a synthetic study.

    Empty when there is no number.
    """
    if claim["estimate"] is None:
        return ""
    unit = claim["unit"]
    digits = digits_for([claim[k] for k in ("estimate", "ci_low", "ci_high") if claim[k] is not None])
    values = {
        k: shown(math.nan if claim[k] is None else claim[k], digits, language)
        for k in ("estimate", "ci_low", "ci_high")
    }
    key = "page.found" if claim["ci_low"] is not None and claim["ci_high"] is not None else "page.found_alone"
    confidence = number(claim["confidence"] or 0, ".0%", language)
    size = number(claim["n"] or 0, ",.0f", language)
    said = text(key, language, **values, unit=unit, confidence=confidence, n=size, n_unit=claim["n_unit"])
    if claim.get("truth") is not None:
        said += " " + text("page.truth", language, truth=shown(claim["truth"], digits, language), unit=unit)
    return said.replace("  ", " ").replace(" .", ".")


def digits_for(values):
    """Decimals that show an estimate with its interval: two digits of the interval's width, at least one decimal.

    Whole numbers have none; without an interval it is one decimal, or three below 1.

    >>> digits_for([8.9, 7.5, 10.3]), digits_for([1.222, 1.176, 1.269]), digits_for([1.0, 1.0, 4.0])
    (1, 3, 0)
    """
    values = [v for v in values if math.isfinite(v)]
    if all(v == int(v) for v in values):
        return 0
    width = max(values) - min(values)
    if width == 0:
        return 1 if abs(values[0]) >= 1 else 3
    return min(6, max(1, 1 - math.floor(math.log10(width))))


def write_index(overview, path, prefix=""):
    """Write the index of a run, in the language of its study.

    ``prefix`` leads from the page's folder to the run's (``20260102-030405/``).
    """
    language = overview.run.get("language", "en")
    claims = [
        {**claim, "mark": MARKS.get(claim["word"], ""), "found": found(claim, language)} for claim in overview.claims
    ]
    tested = [c for c in claims if c["word"] != UNTESTED]
    html = (
        environment()
        .get_template("study.html.j2")
        .render(
            run=overview.run,
            partial=not is_whole(overview.run),
            analyses=[
                {
                    **vars(a),
                    "sentence": a.sentence,
                    "stands_for": a.stands_for,
                    "image": base64.b64encode(a.picture).decode() if a.picture else "",
                }
                for a in overview.analyses
                if a.sentence and a.name != CLAIMS
            ],
            count=next((a.sentence for a in overview.analyses if a.name == CLAIMS), ""),
            own=[f for a in overview.analyses if not a.sentence for f in a.body["findings"]],
            tested=tested,
            untested=[c for c in claims if c["word"] == UNTESTED],
            tables=[name for a in overview.analyses for name in a.tables],
            pages=overview.pages,
            which=chart(overview.pages, language),
            method=overview.method,
            workbook=overview.workbook,
            prefix=prefix,
            policy=CONTENT_POLICY,
            language=language,
            footer=footer(overview.run, language),
            say=lambda key, **values: text(key, language, **values),
            found=lambda finding: found(finding, language),
        )
    )
    draft = path.with_suffix(".tmp")
    draft.write_text(html, encoding="utf-8")
    draft.replace(path)


@cache
def environment():
    """The Jinja environment of the pages that are no notebook: texts are escaped, a gap without a value raises."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(TEMPLATE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _page_title(path):
    import nbformat

    return title(nbformat.read(path, as_version=4))


def _value(raw):
    """A cell as JSON holds it: a number where it is one, None where it is empty."""
    if not raw:
        return None
    try:
        value = float(raw)
    except ValueError:
        return raw
    return int(raw) if re.fullmatch(r"-?\d+", raw) else value if math.isfinite(value) else raw
