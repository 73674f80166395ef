"""The numbers of a chart on a slide: its categories and series, its axis, and the workbook PowerPoint edits them in."""

import io
import math
from dataclasses import replace

from lxml import etree
from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from pptx.chart.data import CategoryChartData, XyChartData
from pptx.oxml.ns import nsdecls, qn

from cxstudy.client.cells import clean, shortened
from cxstudy.client.workbook import text_cell

MOST = 24  # categories with readable names on a slide
MOST_PAGES = 3
LONGEST = 46  # characters of a name


def chart_pages(chart):
    """A chart as the charts of one or more slides: more than 24 categories are spread, with one axis for all.

    Lines and maps stay whole, and so does what would take more than three slides.
    """
    count = -(-len(chart.categories) // MOST)
    if chart.kind in ("line", "map") or not 1 < count <= MOST_PAGES:
        return [chart]
    size = -(-len(chart.categories) // count)
    axis = span(chart)

    def part(start):
        cut = slice(start, start + size)
        series = tuple(
            replace(s, values=s.values[cut], low=s.low[cut], high=s.high[cut], findings=s.findings[cut])
            for s in chart.series
        )
        return replace(chart, categories=chart.categories[cut], series=series, axis=axis)

    return [part(start) for start in range(0, len(chart.categories), size)]


def span(chart):
    """The axis that holds all values and intervals, and zero where bars begin there."""
    if chart.axis or chart.kind == "stacked":
        return chart.axis or (0.0, 100.0)
    held = [v for s in chart.series for v in (*s.values, *s.low, *s.high) if v is not None]
    if chart.kind != "line":
        held.append(0.0)
    return rounded(held)


def rounded(held, edge=0.0):
    """The least and greatest of values, and ``edge`` of what lies between, on round numbers."""
    if not held:
        return 0.0, 1.0
    low, high = min(held), max(held)
    more = edge * (high - low)
    tick = step(high - low + 2 * more)
    return math.floor((low - more) / tick) * tick, math.ceil((high + more) / tick) * tick or tick


def step(distance):
    """A round distance of ticks, 1, 2 or 5 times a power of ten: 4 to 10 of them in ``distance``."""
    power = 10.0 ** math.floor(math.log10(distance / 4)) if distance > 0 else 1.0
    return power * next(times for times in (5, 2, 1) if distance > 4 * times * power or times == 1)


class Categories(CategoryChartData):
    """Categories and series whose workbook is ours: a text in it is a text, and the intervals stand beside."""

    def __init__(self, chart):
        super().__init__()
        self.drawn = chart
        self.categories = [shortened(clean(c), LONGEST) for c in chart.categories]
        for series in chart.series:
            self.add_series(shortened(clean(series.name), LONGEST) or chart.id, series.values)

    @property
    def xlsx_blob(self):
        chart = self.drawn
        heads, columns = ["", *(s.name for s in chart.series)], [chart.categories, *(s.values for s in chart.series)]
        for series in chart.series:
            below, above = deviations(series)
            if above:
                heads += [f"{series.name} {mark}" for mark in ("−", "+", "low", "high")]
                columns += [below, above, series.low, series.high]
        return _workbook(heads, columns)


class Points(XyChartData):
    """The points of a map; names stand in the third column of the workbook."""

    def __init__(self, chart):
        super().__init__()
        self.drawn = chart
        x, y = chart.series
        points = self.add_series(clean(y.name) or chart.id)
        for here, there in zip(x.values, y.values, strict=True):
            if here is not None and there is not None:
                points.add_data_point(here, there)

    @property
    def xlsx_blob(self):
        x, y = self.drawn.series
        rows = [row for row in zip(x.values, y.values, self.drawn.categories, strict=True) if None not in row[:2]]
        return _workbook([x.name, y.name, ""], list(zip(*rows, strict=True)) or [(), (), ()])


def deviations(series):
    """How far an interval reaches below and above its value, by category; two empty tuples without intervals."""
    if not series.low or not series.high:
        return (), ()
    ends = list(zip(series.values, series.low, series.high, strict=True))
    known = [None not in end for end in ends]
    return (
        tuple(v - low if ok else None for (v, low, _), ok in zip(ends, known, strict=True)),
        tuple(high - v if ok else None for (v, _, high), ok in zip(ends, known, strict=True)),
    )


def _workbook(heads, columns):
    book = Workbook(write_only=True)
    page = book.create_sheet("Sheet1")
    page.append([text_cell(page, head) for head in heads])
    for row in zip(*columns, strict=True):
        page.append([text_cell(page, value) if isinstance(value, str) else value for value in row])
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def add_error_bars(series, chart, number, standing):
    """Native error bars on the series of that number, drawn from the columns of the chart's workbook."""
    below, above = deviations(chart.series[number])
    if not above:
        return
    # two columns of the workbook for every series with an interval before this one, and this one's
    before = 4 * sum(bool(s.low and s.high) for s in chart.series[:number])
    first = 2 + len(chart.series) + before
    ends = "".join(
        f"<c:{name}>{_reference(first + place, values)}</c:{name}>"
        for place, (name, values) in enumerate((("minus", below), ("plus", above)))
    )
    minus, plus = ends.split("</c:minus>")
    direction = '<c:errDir val="y"/>' if standing else ""
    made = etree.fromstring(
        f'<c:errBars {nsdecls("c", "a")}>{direction}<c:errBarType val="both"/><c:errValType val="cust"/>'
        f'<c:noEndCap val="0"/>{plus}{minus}</c:minus><c:spPr><a:ln w="15875"><a:solidFill><a:schemeClr val="tx1"/>'
        "</a:solidFill></a:ln></c:spPr></c:errBars>"
    )
    series._element.find(qn("c:cat")).addprevious(made)


def _reference(column, values):
    letter = get_column_letter(column)
    points = "".join(f'<c:pt idx="{i}"><c:v>{v!r}</c:v></c:pt>' for i, v in enumerate(values) if v is not None)
    return (
        f"<c:numRef><c:f>Sheet1!${letter}$2:${letter}${len(values) + 1}</c:f><c:numCache><c:formatCode>General"
        f'</c:formatCode><c:ptCount val="{len(values)}"/>{points}</c:numCache></c:numRef>'
    )
