"""report.yaml, format 1: the sections of a client's report in order, own titles and comments, brand, formats.

A comment is kept as it is. ``comment_for`` beside it is the fingerprint of the numbers it was written for; where the
section's numbers have changed since, the comment is shown as outdated.
"""

import hashlib
import re
from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field, ValidationError, field_validator

from cxstudy.client.names_of_sections import DEFAULT, SECTIONS
from cxstudy.faults import DataError, Fault, unknown_name
from cxstudy.language import LANGUAGES
from cxstudy.opening.table_file import Part
from cxstudy.opening.yaml_file import load_yaml

FORMATS = ("html", "pdf", "pptx", "xlsx")


class SectionEntry(Part):
    """One section: its ``id``, and where wanted a title of its own and a comment."""

    id: str
    title: str = Field("", max_length=200)
    comment: str = Field("", max_length=5000)
    comment_for: str = ""

    @field_validator("id")
    @classmethod
    def _known(cls, value):
        if value not in SECTIONS:
            raise ValueError(f"sections are of those there are; found {unknown_name('section', value, SECTIONS)}")
        return value


class BrandFile(Part):
    """How the client looks; checked by `brand.brand_of`."""

    name: str = Field("", max_length=200)
    primary: str = ""
    accent: str = ""
    font: str = ""
    logo: str = ""


class ReportFile(Part):
    """The whole of report.yaml, format 1."""

    format: Literal[1]
    title: str = Field("", max_length=200)
    language: Literal["en", "sv", "da"] | None = None
    period: str | None = None
    sections: list[SectionEntry] = Field([SectionEntry(id=name) for name in DEFAULT], min_length=1)
    brand: BrandFile = BrandFile()
    formats: list[Literal["html", "pdf", "pptx", "xlsx"]] = Field(list(FORMATS), min_length=1)
    template: str = ""
    comments: Literal["show", "hide"] | None = None
    labels: dict[str, str] = {}

    @field_validator("sections", mode="before")
    @classmethod
    def _named_alone(cls, value):
        return [{"id": one} if isinstance(one, str) else one for one in value] if isinstance(value, list) else value

    @field_validator("sections")
    @classmethod
    def _each_once(cls, value):
        names = [one.id for one in value]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"each section stands once; found {', '.join(twice)} twice")
        return value

    @field_validator("period", mode="before")
    @classmethod
    def _year_is_text(cls, value):
        return str(value) if type(value) is int else value


def read_report_file(path):
    """The `ReportFile` at ``path``. Raises DataError with all faults, each with its path in the file and its line."""
    path = Path(path)
    content, lines = load_yaml(path)
    try:
        return ReportFile.model_validate(content)
    except ValidationError as error:
        faults = [_fault(path.name, one, lines) for one in error.errors(include_url=False)]
        raise DataError(dict.fromkeys(faults)) from None


def fingerprint(section, found):
    """What a comment is written for: 12 hexadecimal digits of the section's numbers, whatever the language.

    ``section``: `model.Section`; ``found``: `findings.Finding` by id.
    """
    ids = [one for part in section.parts for one in getattr(part, "findings", ())]
    ids += [one for part in section.parts for series in getattr(part, "series", ()) for one in series.findings]
    numbers = []
    for name in dict.fromkeys(one for one in ids if one):
        one = found[name]
        numbers.append(f"{name} {one.estimate:.6g} {one.ci_low:.6g} {one.ci_high:.6g} {one.n}")
    return hashlib.sha256("\n".join(numbers).encode()).hexdigest()[:12]


def stamp_comments(path, report):
    """Write ``comment_for`` beside each comment of report.yaml that has none; the rest of the file stays as it is.

    Returns the ids of the sections stamped. ``report``: the `model.Report` the comments were read beside.
    """
    path = Path(path)
    text = path.read_text(encoding="utf-8-sig")
    prints = {section.id: fingerprint(section, {f.id: f for f in report.numbers}) for section in report.sections}
    places = []
    for entry in _entries(yaml.compose(text, Loader=yaml.SafeLoader)):
        keys = {key.value: (key, value) for key, value in entry.value}
        if "comment" in keys and "comment_for" not in keys and keys["id"][1].value in prints:
            name, mark = keys["id"][1].value, keys["comment"][0].start_mark
            then = ", " if entry.flow_style else "\n" + " " * mark.column
            places.append((mark.index, f'comment_for: "{prints[name]}"{then}', name))
    for index, line, _ in sorted(places, reverse=True):
        text = text[:index] + line + text[index:]
    if places:
        draft = path.with_suffix(".tmp")
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    return [name for *_, name in places]


def _entries(node):
    """The mappings under ``sections`` of the composed file."""
    for key, value in node.value:
        if key.value == "sections" and isinstance(value, yaml.SequenceNode):
            return [one for one in value.value if isinstance(one, yaml.MappingNode)]
    return []


def _fault(file, error, lines):
    keys = tuple(str(part) for part in error["loc"] if not re.search(r"[\[\]]|^literal\b", str(part)))
    row = next((lines[keys[:i]] for i in range(len(keys), 0, -1) if keys[:i] in lines), None)
    rule, found, remedy = _said(error, keys)
    return Fault(rule, found, remedy, f"{file}, {'.'.join(keys)}" if keys else file, row)


def _said(error, keys):
    given, key = f"{error.get('input')!r}.", keys[-1] if keys else "report.yaml"
    if error["type"] == "extra_forbidden":
        model = {"sections": SectionEntry, "brand": BrandFile}.get(keys[0], ReportFile) if len(keys) > 1 else ReportFile
        return "only known keys may stand here.", unknown_name("key", key, model.model_fields), "correct or remove it."
    if error["type"] == "missing":
        return f"the key {key} is required.", "it is not there.", f"add {key}: …"
    if keys[:1] == ("language",):
        return f"language must be one of {', '.join(LANGUAGES)}.", given, "write one of them in quotes."
    if keys[:1] == ("formats",):
        return f"formats are of {', '.join(FORMATS)}.", given, "write a list such as [html, pdf]."
    if error["type"] == "value_error":
        rule, _, found = str(error["ctx"]["error"]).partition("; found ")
        return f"{rule}.", f"{found.rstrip('.')}.", "correct it in report.yaml."
    rule = (
        error["msg"].replace("Input should be", "it should be").replace("valid dictionary", "group of key: value lines")
    )
    unquoted = "string" in rule and isinstance(error.get("input"), bool | int | float)
    return f"{key}: {rule}.", given, "put it in quotes." if unquoted else "correct it in report.yaml."
