"""The page over all reports of a folder: who has which files, who has none and why. For the house, not for clients."""

from functools import cache
from pathlib import Path

from cxstudy.client.cells import clean
from cxstudy.client.render import FINDINGS
from cxstudy.client.whole_files import write_whole
from cxstudy.language import text
from cxstudy.report.content_policy import CONTENT_POLICY

LABELS = {"html": "HTML", "pdf": "PDF", "pptx": "PowerPoint", "xlsx": "Excel", FINDINGS: "findings.json"}
TEMPLATES = [Path(__file__).parent / "template", Path(__file__).parent.parent / "report" / "template"]


def write_index(study, entries, failures, path, language):
    """Write the page to ``path``.

    ``entries``: of `whole_files.MadeFiles`, by file name; ``failures``: {client's name: reason}. Only files that
    are there are listed, by name, period and language. ValueError where it cannot be written.
    """
    rows = _rows({name: entry for name, entry in entries.items() if (path.parent / name).is_file()})
    html = _template().render(
        title=clean(study.config.title or study.name),
        synthetic=study.synthetic,
        language=language,
        policy=CONTENT_POLICY,
        rows=rows,
        periods=any(row["period"] for row in rows),
        failures=[(clean(name), reason) for name, reason in sorted(failures.items())],
        say=lambda key, **values: text(key, language, **values),
    )
    write_whole(path, lambda draft: draft.write_text(html, encoding="utf-8"))


def _rows(entries):
    """One row a client, period and language; its files as (label, file name), in the order of the formats."""
    found = {}
    for file, entry in entries.items():
        about = tuple(str(entry.get(key, "")) for key in ("name", "period", "language", "key"))
        found.setdefault(about, {})[entry.get("format")] = file
    return [
        {
            "name": clean(about[0]),
            "period": clean(about[1]),
            "language": about[2],
            "files": [(label, files[kind]) for kind, label in LABELS.items() if kind in files],
        }
        for about, files in sorted(found.items(), key=lambda one: (one[0][0].casefold(), one[0]))
    ]


@cache
def _template():
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader([str(place) for place in TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return made.get_template("clients.html.j2")
