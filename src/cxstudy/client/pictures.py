"""Charts of a report as pictures: SVG with text as text, for the page and the PDF alike, and PNG.

A picture computes no number; it shortens names that are too long, and keeps the brand's colours apart in grey too.
"""

from dataclasses import replace
from io import BytesIO

from cxstudy.client.canvas import Look, drawing, svg
from cxstudy.client.cells import clean
from cxstudy.client.colours import palette
from cxstudy.client.model import CHARTS, Brand
from cxstudy.client.plane_charts import importance_map, line
from cxstudy.client.row_charts import bars, intervals, stacked

DRAW = {"intervals": intervals, "bars": bars, "stacked": stacked, "line": line, "map": importance_map}


def picture(chart, brand=None, language="en"):
    """The `Chart` as an SVG element (text), 5 inches wide, in the colours of the `Brand`; its alt text as its name.

    ValueError for a kind of chart that is none.
    """
    with drawing(chart.id):
        return svg(_figure(chart, brand, language), chart.id, clean(chart.alt or chart.title))


def picture_png(chart, brand=None, language="en", dpi=200):
    """The `Chart` as PNG bytes, 5 inches wide at ``dpi`` dots an inch."""
    made = BytesIO()
    with drawing(chart.id):
        _figure(chart, brand, language).savefig(made, format="png", dpi=dpi, metadata={"Software": None})
    return made.getvalue()


def _figure(chart, brand, language):
    if chart.kind not in DRAW:
        raise ValueError(f"the kind of a chart is one of {', '.join(CHARTS)}; {chart.id} has {chart.kind!r}.")
    return DRAW[chart.kind](_cleaned(chart), Look(palette(brand or Brand()), language))


def _cleaned(chart):
    """The chart with names on one line, without control characters."""
    return replace(
        chart,
        categories=tuple(clean(name) for name in chart.categories),
        highlight=clean(chart.highlight),
        unit=clean(chart.unit),
        series=tuple(replace(one, name=clean(one.name)) for one in chart.series),
    )
