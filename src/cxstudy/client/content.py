"""What the page and the PDF show of a report, as plain texts and numbers: made once, rendered by both.

Everything is ready to be printed: names without control characters, numbers in the report's language, pictures drawn.
Each finding has a number, its place in `Report.findings`; ``refs`` are such numbers.
"""

import base64
import re

from cxstudy.client.cells import cell_text, clean, paragraphs
from cxstudy.client.colours import INK, on, palette
from cxstudy.client.model import Chart, Column, Note, Sentence, Table
from cxstudy.client.pictures import picture
from cxstudy.language import text

NAMED = ("contents", "comment", "outdated", "warning", "numbers", "origin", "origins", "behind", "trademark")


def content(report):
    """The `Report` as a dict of texts, numbers and lists that JSON can hold.

    Keys: language, title, subtitle, facts (period, day made), synthetic (a sentence or empty), standing (for the foot
    of each page), words (of the frame), brand, run, sections (title, comment, parts …) and findings (ids in order).
    """
    language = report.language
    numbers = {one: i for i, one in enumerate(report.findings(), 1)}
    words = {name: text(f"client.page.{name}", language) for name in NAMED}
    words["page_of"] = text("client.page.page_of", language, page="{page}", pages="{pages}")
    words["numbers_how"] = text("client.page.numbers_how", language, run=clean(report.run))
    said = (("period", report.period), ("made", report.made))
    synthetic = text("figure.synthetic", language) if report.synthetic else ""
    facts = [text(f"client.page.{key}", language, **{key: clean(value)}) for key, value in said if value]
    return {
        "language": language,
        "title": clean(report.title),
        "subtitle": clean(report.subtitle),
        "facts": facts,
        "synthetic": text("page.synthetic", language) if report.synthetic else "",
        "standing": "  ·  ".join(one for one in (clean(report.period), synthetic) if one),
        "words": words,
        "brand": _brand(report.brand, language),
        "run": clean(report.run),
        "sections": [_section(section, numbers, report) for section in report.sections],
        "findings": [clean(one) for one in numbers],
    }


def _brand(brand, language):
    colours = palette(brand)
    name = clean(brand.name)
    return {
        "name": name,
        # a font's name stands in a style sheet
        "font": re.sub(r"[^\w \-]", "", brand.font),
        "logo": base64.b64encode(brand.logo).decode() if brand.logo else "",
        "logo_alt": text("client.page.logo", language, name=name),
        "colour": colours.text,
        "line": colours.first,
        "on": on(colours.text),
        "tint": colours.tint,
        "ink": INK,
    }


def _section(section, numbers, report):
    return {
        "id": clean(section.id),
        "title": clean(section.title),
        "comment": paragraphs(section.comment),
        "outdated": bool(section.comment and section.outdated),
        "parts": [_part(part, numbers, report) for part in section.parts],
    }


def _part(part, numbers, report):
    if isinstance(part, Sentence):
        return {"kind": "sentence", "text": clean(part.text), "refs": [numbers[one] for one in part.findings if one]}
    if isinstance(part, Note):
        return {"kind": "note", "text": clean(part.text), "warning": part.warning}
    if isinstance(part, Table):
        return _table(part, numbers, report.language)
    if isinstance(part, Chart):
        return _chart(part, numbers, report)
    raise TypeError(f"a part of a section is a Sentence, Note, Table or Chart; got {type(part).__name__}.")


def _table(table, numbers, language):
    """Rows of texts; a row with a reason prints it over the empty cells at its end, or in the first one."""
    columns = table.columns
    rows = []
    for i, cells in enumerate(table.cells):
        finding = table.findings[i] if i < len(table.findings) else ""
        reason = clean(table.reasons[i]) if i < len(table.reasons) else ""
        row = {"cells": [cell_text(v, c, language) for v, c in zip(cells, columns, strict=True)]}
        row |= {"ref": numbers.get(finding, 0), "reason": reason, "span": 0}
        if reason:
            row["span"] = next((j for j, value in enumerate(reversed(cells)) if value is not None), len(cells))
            row["cells"] = row["cells"][: len(cells) - row["span"]]
        rows.append(row)
    heads = [
        {
            "text": clean(column.heading),
            "unit": "" if column.kind == "percent" else clean(column.unit),
            "right": column.kind in ("number", "integer", "percent"),
            "long": column.kind == "text" and any(len(str(cells[j] or "")) > 40 for cells in table.cells),
            "short": column.kind != "text",
        }
        for j, column in enumerate(columns)
    ]
    return {
        "kind": "table",
        "title": clean(table.title),
        "label": text("client.page.table", language, title=clean(table.title)),
        "heads": heads,
        "rows": rows,
        "refs": any(row["ref"] for row in rows),
    }


def _chart(chart, numbers, report):
    refs = sorted({numbers[one] for series in chart.series for one in series.findings if one})
    alt = clean(chart.alt or chart.title)
    return {
        "kind": "chart",
        "title": clean(chart.title),
        "alt": alt,
        "svg": picture(chart, report.brand, report.language),
        "refs": _runs(refs),
        "table": _table(_behind(chart, report.language), numbers, report.language),
    }


def _behind(chart, language):
    """The chart's numbers as a table; a category with two findings or more has a row for each series."""
    columns, cells, findings = [Column("category", text("client.page.category", language))], [], []
    several = len(chart.series) > 1
    if several:
        columns.append(Column("series", chart.unit and " "))
    name = "" if several else chart.series[0].name if chart.series else ""
    columns.append(Column("value", name or chart.title, "number", chart.unit))
    ends = any(series.low for series in chart.series)
    if ends:
        columns += [
            Column(key, text(f"client.page.{key}", language, name=name or chart.title), "number", chart.unit)
            for key in ("low", "high")
        ]
    for i, category in enumerate(chart.categories):
        for series in chart.series:
            row = [category, *([series.name] if several else []), series.values[i]]
            if ends:
                row += [part[i] if part else None for part in (series.low, series.high)]
            cells.append(tuple(row))
            findings.append(series.findings[i] if series.findings else "")
    return Table(chart.id, chart.title, tuple(columns), tuple(cells), tuple(findings))


def _runs(refs):
    """Numbers that follow each other as [first, last] pairs.

    >>> _runs([1, 2, 3, 7])
    [[1, 3], [7, 7]]
    """
    runs = []
    for ref in refs:
        if runs and ref == runs[-1][1] + 1:
            runs[-1][1] = ref
        else:
            runs.append([ref, ref])
    return runs
