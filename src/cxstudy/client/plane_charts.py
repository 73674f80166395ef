"""Charts on two scales: a line over periods, and the importance–performance map."""

from cxstudy.client.canvas import SMALL, WIDTH, fitted, sheet, width
from cxstudy.client.colours import BAND, INK, MUTED
from cxstudy.client.row_charts import add_key, reach, tick_text, ticks
from cxstudy.figures.label_places import places

TALL, MAP = 2.7, 3.7
TALLEST = 7.4
LABEL = 1.6
DASHES = ("solid", (0, (4, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)))
MARKS = ("o", "s", "^", "D")


def line(chart, look):
    """Each series over the periods, with the band of its interval; a period without a number is a gap."""
    low, high = chart.axis or reach(chart)
    marks = [tick for tick in ticks(low, high) if low <= tick <= high]
    said = [tick_text(tick, look, marks) for tick in marks]
    left = 0.12 + max(width(one, SMALL) for one in said)
    top = 0.12 + 0.3 * (len(chart.series) > 1) * -(-len(chart.series) // 3)
    # half of the last period's name stands to the right of its point
    right = max(0.2, min(LABEL, width(chart.categories[-1], SMALL)) / 2) if chart.categories else 0.2
    ax = sheet(TALL, left, 0.34, top + 0.12 * bool(chart.unit), right)
    colours = (look.palette.text, *look.palette.series(len(chart.series))[:-1][::-1], look.palette.second)
    handles = []
    for i, series in enumerate(chart.series):
        at = range(len(series.values))
        values = [float("nan") if value is None else value for value in series.values]
        if series.low and i == 0:
            lows, highs = ([float("nan") if one is None else one for one in part] for part in (series.low, series.high))
            ax.fill_between(at, lows, highs, color=BAND, linewidth=0)
            # an interval between two gaps has no area
            ax.vlines(at, lows, highs, color=MUTED, linewidth=1.0)
        colour = colours[0] if i == 0 else INK
        face = colours[min(i, len(colours) - 1)]
        look_of = {"marker": MARKS[i % 4], "linestyle": DASHES[i % 4], "markerfacecolor": face, "markersize": 5}
        handles += ax.plot(at, values, color=colour, linewidth=1.8 if i == 0 else 1.1, clip_on=False, **look_of)
    ax.set_xlim(-0.3, max(1, len(chart.categories)) - 0.7)
    ax.set_ylim(low, high)
    ax.set_yticks(marks, said)
    _periods(ax, chart, (WIDTH - left - right) / max(len(chart.categories), 1))
    ax.grid(axis="y", color=BAND, linewidth=0.6)
    if low < 0 < high:
        ax.axhline(0, color=MUTED, linewidth=1.0, zorder=1)
    ax.set_title(
        fitted(chart.unit, 4, SMALL),
        loc="left",
        fontsize=SMALL,
        color=INK,
        x=-left / (WIDTH - left - right) + 0.01,
        pad=6,
    )
    if len(chart.series) > 1:
        add_key(ax, handles, [series.name for series in chart.series])
    return ax.figure


def _periods(ax, chart, step):
    """The names of the periods, every second or third where they would touch."""
    widest = max((width(name, SMALL) for name in chart.categories), default=0.1)
    every = max(1, int(min(widest, LABEL) / (0.94 * step)) + (min(widest, LABEL) > 0.94 * step))
    at = list(range(len(chart.categories)))[::-1][::every][::-1]
    room = max(0.94 * step * every, 0.3)
    ax.set_xticks(at, [fitted(chart.categories[i], room, SMALL) for i in at])


def importance_map(chart, look):
    """Performance (first series) to the right, importance (second) upwards; dashed lines at the means of both.

    Labels never overlap: the picture grows until they have room.
    """
    across, up = chart.series
    known = [i for i in range(len(chart.categories)) if across.values[i] is not None and up.values[i] is not None]
    height = MAP
    while True:
        ax, points = _map_points(chart, look, known, height)
        names = [fitted(chart.categories[i], LABEL, SMALL, chart.categories[i] == chart.highlight) for i in known]
        sizes = [
            (width(name, SMALL, chart.categories[i] == chart.highlight) + 0.04, 0.15)
            for i, name in zip(known, names, strict=True)
        ]
        box = ax.get_position()
        frame = (box.x0 * WIDTH, box.y0 * height, box.x1 * WIDTH, box.y1 * height)
        found = places(points, sizes, frame)
        if found is not None or height >= TALLEST:
            break
        height = min(TALLEST, 1.25 * height)
    for i, name, point, corner, size in zip(known, names, points, found or [], sizes, strict=bool(found)):
        _name(ax, height, name, point, corner, size, chart.categories[i] == chart.highlight)
    return ax.figure


def _map_points(chart, look, known, height):
    """The axes with its points; and their places in inches from the lower left of the sheet."""
    scales = []
    for series in chart.series:
        values = [series.values[i] for i in known] or [0.0, 1.0]
        room = 0.12 * (max(values) - min(values)) or 1.0
        scales.append((min(values) - room, max(values) + room, sum(values) / len(values)))
    (x0, x1, x_mean), (y0, y1, y_mean) = scales
    y_marks = [tick for tick in ticks(y0, y1) if y0 <= tick <= y1]
    y_said = [tick_text(tick, look, y_marks) for tick in y_marks]
    left = 0.36 + max(width(one, SMALL) for one in y_said)
    ax = sheet(height, left, 0.48, 0.1)
    ax.set(xlim=(x0, x1), ylim=(y0, y1))
    x_marks = [tick for tick in ticks(x0, x1) if x0 <= tick <= x1]
    ax.set_xticks(x_marks, [tick_text(tick, look, x_marks) for tick in x_marks])
    ax.set_yticks(y_marks, y_said)
    ax.spines[["left", "bottom"]].set_visible(True)
    for draw, mean in ((ax.axvline, x_mean), (ax.axhline, y_mean)):
        draw(mean, color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
    unit = f", {chart.unit}" if chart.unit else ""
    ax.set_xlabel(fitted(chart.series[0].name + unit, 4, SMALL), fontsize=SMALL)
    ax.set_ylabel(fitted(chart.series[1].name + unit, height - 0.7, SMALL), fontsize=SMALL)
    for i in known:
        own = chart.categories[i] == chart.highlight
        face = look.palette.second if own else look.palette.first
        size = 9 if own else 6.5
        spot = {"markersize": size, "markerfacecolor": face, "markeredgecolor": look.palette.text}
        ax.plot(chart.series[0].values[i], chart.series[1].values[i], "o", zorder=3, **spot)
    points = ax.transData.transform([(chart.series[0].values[i], chart.series[1].values[i]) for i in known] or [(0, 0)])
    return ax, [tuple(point / ax.figure.dpi) for point in points] if known else []


def _name(ax, height, name, point, corner, size, own):
    """A label at its place, with a thin line to its point where it stands away from it."""
    middle = (corner[0] + size[0] / 2, corner[1] + size[1] / 2)
    nearest = [min(max(point[k], corner[k]), corner[k] + size[k]) for k in (0, 1)]
    if (nearest[0] - point[0]) ** 2 + (nearest[1] - point[1]) ** 2 > 0.12**2:
        ends = ([point[0] / WIDTH, nearest[0] / WIDTH], [point[1] / height, nearest[1] / height])
        ax.plot(*ends, transform=ax.figure.transFigure, color=MUTED, linewidth=0.7, zorder=2)
    style = {"ha": "center", "va": "center", "fontsize": SMALL, "fontweight": "bold" if own else "normal", "zorder": 4}
    ax.figure.text(middle[0] / WIDTH, middle[1] / height, name, **style)
