"""Charts of the report as native charts of a slide: drawn by PowerPoint, editable, with their numbers in a workbook.

``intervals`` and ``bars`` are bars from zero with native error bars, lying, so that long names can be read; where the
axis leaves zero out they are markers. ``stacked`` are stacked bars, ``line`` lines with markers and error bars, ``map``
a scatter with its names as labels and the axes crossing at the means.
"""

from lxml import etree
from pptx.dml.color import RGBColor
from pptx.enum.chart import (
    XL_AXIS_CROSSES,
    XL_CHART_TYPE,
    XL_LABEL_POSITION,
    XL_LEGEND_POSITION,
    XL_MARKER_STYLE,
    XL_TICK_LABEL_POSITION,
)
from pptx.enum.dml import MSO_LINE_DASH_STYLE, MSO_THEME_COLOR
from pptx.oxml.ns import qn
from pptx.util import Pt

from cxstudy.client.cells import clean, shortened
from cxstudy.client.colours import BAND, PAPER, on
from cxstudy.client.slide_chart_data import LONGEST, MOST, Categories, Points, add_error_bars, rounded, span, step
from cxstudy.client.slide_labels import label_places

LABEL, SMALL = 12, 10
_BAND, _WHITE = (RGBColor.from_string(colour[1:].upper()) for colour in (BAND, PAPER))
_ACCENTS = (MSO_THEME_COLOR.ACCENT_1, MSO_THEME_COLOR.ACCENT_2)
_MARKERS = (XL_MARKER_STYLE.CIRCLE, XL_MARKER_STYLE.SQUARE, XL_MARKER_STYLE.TRIANGLE, XL_MARKER_STYLE.DIAMOND)


def add_chart(slide, box, chart, colours, heading=""):
    """Draw ``chart`` into ``box`` of a slide and return the shape.

    ``colours``: the theme's accents 1 and 2 as RGBColor; ``heading``: the slide's, which the chart does not repeat.
    """
    shape = _add_map(slide, box, chart) if chart.kind == "map" else _add_categories(slide, box, chart, colours)
    shape.name = clean(chart.id)
    shape._element.nvGraphicFramePr.cNvPr.set("descr", clean(chart.alt or chart.title))
    drawn = shape.chart
    said = clean(f"{chart.title} ({chart.unit})" if chart.unit else chart.title)
    said = clean(chart.unit) if clean(chart.title) == heading else said
    drawn.has_title = bool(said)
    if said:
        drawn.chart_title.text_frame.text = shortened(said, 110)
        _font(drawn.chart_title.text_frame.paragraphs[0].font, LABEL, bold=True)
        drawn.chart_title.include_in_layout = False
    return shape


def _add_categories(slide, box, chart, colours):
    low, high = span(chart)
    markers = chart.kind == "line" or (chart.kind != "stacked" and not low <= 0 <= high)
    kind = XL_CHART_TYPE.BAR_STACKED if chart.kind == "stacked" else XL_CHART_TYPE.BAR_CLUSTERED
    kind = XL_CHART_TYPE.LINE_MARKERS if markers else kind
    shape = slide.shapes.add_chart(kind, box.left, box.top, box.width, box.height, Categories(chart))
    drawn = shape.chart
    _frame(drawn, chart, lying=not markers)
    if chart.kind == "stacked":
        drawn.plots[0].overlap, drawn.plots[0].gap_width = 100, 45
        _paint_stack(drawn, chart, colours)
    elif markers:
        _paint_lines(drawn, chart)
    else:
        drawn.plots[0].gap_width = 60
        _paint_bars(drawn, chart)
    for number in range(len(chart.series)):
        add_error_bars(drawn.plots[0].series[number], chart, number, standing=markers)
    return shape


def _frame(drawn, chart, lying):
    """Axes, grid, legend: names low, so that negative bars do not run through them."""
    names, values = drawn.category_axis, drawn.value_axis
    many = len(chart.categories) > MOST
    names.tick_label_position = XL_TICK_LABEL_POSITION.NONE if many and lying else XL_TICK_LABEL_POSITION.LOW
    if lying:
        # the first category on top, the numbers below
        names.reverse_order = True
        names.crosses = XL_AXIS_CROSSES.MAXIMUM
    _font(names.tick_labels.font, LABEL if len(chart.categories) <= 14 else SMALL)
    names.format.line.color.theme_color = MSO_THEME_COLOR.TEXT_1
    names.has_major_gridlines = False
    _value_axis(values, span(chart))
    if lying:
        values.tick_label_position = XL_TICK_LABEL_POSITION.HIGH
    values.format.line.fill.background()
    if not many and lying and len(chart.categories) > 1:
        # every name is written
        skip = etree.SubElement(names._element, qn("c:tickLblSkip"))
        skip.set("val", "1")
        names._element.remove(skip)
        names._element.find(qn("c:noMultiLvlLbl")).addprevious(skip)
    _legend(drawn, len(chart.series) > 1)


def _value_axis(axis, ends):
    axis.minimum_scale, axis.maximum_scale = float(ends[0]), float(ends[1])
    axis.major_unit = step(axis.maximum_scale - axis.minimum_scale)
    axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    axis.has_major_gridlines = True
    axis.major_gridlines.format.line.color.rgb = _BAND
    _font(axis.tick_labels.font, SMALL)
    axis.tick_labels.number_format, axis.tick_labels.number_format_is_linked = "General", False


def _legend(drawn, wanted):
    drawn.has_legend = wanted
    if wanted:
        drawn.legend.position, drawn.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
        _font(drawn.legend.font, LABEL)


def _font(font, size, bold=False):
    font.size, font.bold = Pt(size), bold
    font.color.theme_color = MSO_THEME_COLOR.TEXT_1


def _tint(fill, number):
    """The fill of the series of that number: the theme's two accents, then lighter ones."""
    fill.solid()
    fill.fore_color.theme_color = _ACCENTS[number % 2]
    if number > 1:
        fill.fore_color.brightness = min(0.8, 0.4 * (number // 2))


def _paint_bars(drawn, chart):
    """Light bars with a dark edge, so that an interval is seen across them; the own one in the second colour."""
    for number, series in enumerate(drawn.plots[0].series):
        _tint(series.format.fill, number)
        series.invert_if_negative = False
        if len(chart.series) == 1 and (chart.series[0].low or chart.highlight):
            series.format.fill.fore_color.brightness = 0.6
            series.format.line.color.theme_color = _ACCENTS[0]
        if number == 0 and chart.highlight in chart.categories:
            _mark(series, chart)
        if not chart.series[number].low and len(chart.categories) <= MOST:
            labels = series.data_labels
            labels.show_value, labels.position = True, XL_LABEL_POSITION.OUTSIDE_END
            labels.number_format, labels.number_format_is_linked = "0.0", False
            _font(labels.font, SMALL)


def _mark(series, chart):
    place = chart.categories.index(chart.highlight)
    point = series.points[place]
    _tint(point.format.fill, 1)
    point.format.line.color.theme_color = MSO_THEME_COLOR.TEXT_1
    made = next(p for p in series._element.iter(qn("c:dPt")) if p.find(qn("c:idx")).get("val") == str(place))
    if made.find(qn("c:invertIfNegative")) is None:
        # without it PowerPoint empties a marked bar below zero
        kept = etree.Element(qn("c:invertIfNegative"), val="0")
        made.find(qn("c:idx")).addnext(kept)
    if len(chart.categories) > MOST:
        frame = point.data_label.text_frame
        frame.text = shortened(clean(chart.highlight), LONGEST)
        _font(frame.paragraphs[0].runs[0].font, LABEL, bold=True)


def _paint_stack(drawn, chart, colours):
    """First and last series in the theme's accents, grey between: bad left, good right, told apart in grey too."""
    last = len(chart.series) - 1
    for number, series in enumerate(drawn.plots[0].series):
        series.format.line.color.rgb = _WHITE
        fill = series.format.fill
        fill.solid()
        if number in (0, last):
            fill.fore_color.theme_color = _ACCENTS[0 if number == last else 1]
            behind = colours[0 if number == last else 1]
        else:
            fill.fore_color.rgb = behind = _BAND
        labels = series.data_labels
        labels.show_value, labels.position = True, XL_LABEL_POSITION.CENTER
        labels.number_format, labels.number_format_is_linked = "0", False
        _font(labels.font, LABEL)
        labels.font.color.rgb = RGBColor.from_string(on(f"#{behind}")[1:].upper())


def _paint_lines(drawn, chart):
    for number, series in enumerate(drawn.plots[0].series):
        series.smooth = False
        series.marker.style, series.marker.size = _MARKERS[number % len(_MARKERS)], 9
        _tint(series.marker.format.fill, number)
        series.marker.format.line.color.theme_color = MSO_THEME_COLOR.TEXT_1
        if chart.kind != "line":
            series.format.line.fill.background()
            continue
        series.format.line.width = Pt(2.25)
        series.format.line.color.theme_color = _ACCENTS[number % 2]
        if number:
            series.format.line.dash_style = MSO_LINE_DASH_STYLE.DASH


def _add_map(slide, box, chart):
    shape = slide.shapes.add_chart(XL_CHART_TYPE.XY_SCATTER, box.left, box.top, box.width, box.height, Points(chart))
    drawn, (x, y) = shape.chart, chart.series
    shown = [
        (here, there, shortened(clean(name), 32))
        for here, there, name in zip(x.values, y.values, chart.categories, strict=True)
        if here is not None and there is not None
    ]
    _legend(drawn, False)
    for axis, series, place in ((drawn.category_axis, x, 0), (drawn.value_axis, y, 1)):
        held = [point[place] for point in shown]
        _value_axis(axis, rounded(held, 0.1))
        axis.has_major_gridlines = False
        axis.format.line.color.rgb = _BAND
        axis.has_title = True
        axis.axis_title.text_frame.text = shortened(clean(series.name), 80)
        _font(axis.axis_title.text_frame.paragraphs[0].font, LABEL)
        if held:
            # each axis crosses the other at its mean: four quadrants
            axis.crosses_at = sum(held) / len(held)
    if shown:
        points = drawn.plots[0].series[0]
        points.format.line.fill.background()
        points.marker.style, points.marker.size = XL_MARKER_STYLE.CIRCLE, 10
        _tint(points.marker.format.fill, 0)
        _name_points(points, shown, box)
    return shape


def _name_points(points, shown, box):
    for number, position in enumerate(label_places(shown, box.points, LABEL)):
        label = points.points[number].data_label
        label.text_frame.text = shown[number][2]
        _font(label.text_frame.paragraphs[0].runs[0].font, LABEL)
        label.position = position
