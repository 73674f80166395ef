"""Who may see a file of a run: *internal* names a company, branch or work group; *client* does not."""

import json
import os
import re

from cxstudy.language import text
from cxstudy.report.table_files import WORKBOOK

INTERNAL, CLIENT = "internal", "client"
_WORD = re.compile(r"[^\s,;:()]+")


def names_of(study, groups):
    """The keys and names of every unit, company, branch and work group of a study, as a set of texts.

    ``groups``: `cxstudy.anonymity.Groups`. Companies that nobody answered for count too.
    """
    found = set()
    for frame in groups.frames.values():
        for column in frame.columns.drop(["n_answers", "year"], errors="ignore"):
            found |= set(frame[column].dropna().astype(str))
    companies = getattr(study, "tables", {}).get("companies")
    if companies is not None:
        frame = companies.frame()
        for column in ("company", "name"):
            found |= set(frame[column].dropna().astype(str)) if column in frame else set()
    return found


def audience(shown, names):
    """*internal* when a table (pandas frame) or one of several sentences holds one of ``names``, else *client*."""
    if isinstance(shown, list):
        words = {word.rstrip(".") for sentence in shown for word in _WORD.findall(sentence)}
        named = bool(words & names) or any(n in s for n in names if " " in n for s in shown)
        return INTERNAL if named else CLIENT
    texts = [c for c in shown if shown[c].dtype.kind not in "iufbcmM"]
    return CLIENT if all(names.isdisjoint(map(str, shown[c].unique())) for c in texts) else INTERNAL


def write_readme(out, thresholds, language="en"):
    """Write README.md of a run's folder: every recorded file with its mark. Replaces the one before."""
    marks = {}
    for path in sorted((out / "findings").glob("*.json")):
        body = json.loads(path.read_text(encoding="utf-8"))
        marks |= {f"findings/{path.name}": body.get("audience", INTERNAL), **body.get("files", {})}
    if (out / WORKBOOK).exists():
        held = {marks.get(f"tables/{path.name}", INTERNAL) for path in (out / "tables").glob("*.csv")}
        marks[WORKBOOK] = INTERNAL if INTERNAL in held else CLIENT
    lines = [text("anonymity.readme_title", language), "", text("anonymity.readme", language, **thresholds), ""]
    lines += [f"| {text('anonymity.file', language)} | {text('anonymity.audience', language)} |", "|---|---|"]
    lines += [f"| {file} | {text(f'anonymity.{mark}', language)} |" for file, mark in sorted(marks.items())]
    # two notebooks may record at the same time
    draft = out / f"README.{os.getpid()}.tmp"
    draft.write_text("\n".join([*lines, "", text("anonymity.pages", language)]) + "\n", encoding="utf-8")
    draft.replace(out / "README.md")
