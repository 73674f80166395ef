"""Sections of a report shown in a notebook: the same sentences, tables and charts as in the other formats."""

from html import escape

from cxstudy.client.model import Chart, Note, Sentence, Table
from cxstudy.client.pictures import picture_png
from cxstudy.faults import unknown_name
from cxstudy.language import number


def show(report, section):
    """Display one section of a `model.Report` by its id; ValueError for one that the report does not have."""
    from IPython.display import HTML, Image, display

    found = {one.id: one for one in report.sections}
    if section not in found:
        raise ValueError(unknown_name("section", section, found))
    for part in found[section].parts:
        if isinstance(part, Chart):
            display(Image(picture_png(part, report.brand, report.language), width=640, alt=part.alt))
        else:
            display(HTML(part_html(part, report.language)))


def part_html(part, language):
    """A sentence, note or table as HTML, every text escaped; numbers as the language writes them."""
    if isinstance(part, Table):
        return _table_html(part, language)
    if isinstance(part, Sentence | Note):
        small = isinstance(part, Note) and not part.warning
        return f"<p>{'<small>' if small else ''}{escape(part.text)}{'</small>' if small else ''}</p>"
    raise ValueError(f"a part that is text or a table can be shown as HTML; got {type(part).__name__}.")


def _table_html(table, language):
    heads = "".join(
        f"<th>{escape(column.heading)}{f' ({escape(column.unit)})' if column.unit else ''}</th>"
        for column in table.columns
    )
    rows = []
    for cells, reason in zip(table.cells, table.reasons or ("",) * len(table.cells), strict=True):
        said = [_cell(value, column, language) for value, column in zip(cells, table.columns, strict=True)]
        rows.append(f"<tr>{''.join(f'<td>{one}</td>' for one in said)}<td>{escape(reason)}</td></tr>")
    return f"<table><caption>{escape(table.title)}</caption><tr>{heads}<th></th></tr>{''.join(rows)}</table>"


def _cell(value, column, language):
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(value, f",.{column.digits}f", language)
    return escape(str(value))
