"""Charts with a row for each category: intervals, bars, stacked shares.

The first category is the topmost row. Up to `NAMED` rows all carry their names; of more, the own, first and last.
"""

from cxstudy.client.canvas import FONT, SMALL, WIDTH, fitted, sheet, two_lines, width
from cxstudy.client.cells import NOTHING
from cxstudy.client.colours import BAND, INK, MUTED, PAPER, on
from cxstudy.language import number

FEW, NAMED = 16, 45
HIGHEST = 7.4  # inches: a page of A4 holds the chart, its title and its caption
NAMES = 1.85  # inches for the names of categories
HEAD, FOOT, KEY = 0.1, 0.42, 0.3
SPARE, GAP = 0.03, 0.06
LINE = 0.42  # of a row
MARKS = ("o", "D", "s", "^")


def intervals(chart, look):
    """A point with its interval for each category and series; the own category on a band, in bold."""
    ax = _rows(chart, look, values=len(chart.series) == 1)
    fills, shift = look.palette.series(len(chart.series)), _shifts(len(chart.series), 0.5)
    crowded = len(chart.categories) > NAMED
    own = [name == chart.highlight or len(chart.series) > 1 for name in chart.categories]
    for i, series in enumerate(chart.series):
        for mine, colour, face in ((False, MUTED, PAPER), (True, look.palette.text, fills[i])):
            rows = [row for row, value in enumerate(series.values) if value is not None and own[row] == mine]
            small = crowded and not mine
            ends = [row for row in rows if series.low and series.low[row] is not None]
            low, high = [series.low[row] for row in ends], [series.high[row] for row in ends]
            ax.hlines([row + shift[i] for row in ends], low, high, color=colour, linewidth=0.6 if small else 1.5)
            point = {"markersize": 2.5 if small else 5.5, "markerfacecolor": face, "markeredgecolor": colour}
            at = [row + shift[i] for row in rows]
            ax.plot([series.values[row] for row in rows], at, MARKS[i % 4], zorder=3, linestyle="", **point)
    _key(ax, chart, [_dot(look, fill, MARKS[i % 4]) for i, fill in enumerate(fills)])
    return ax.figure


def bars(chart, look):
    """A bar for each category and series, with whiskers where there are intervals; the own category filled."""
    ax = _rows(chart, look, values=len(chart.series) == 1)
    count = len(chart.series)
    fills, shift = look.palette.series(count), _shifts(count, 0.72)
    for i, series in enumerate(chart.series):
        for row, value in enumerate(series.values):
            if value is None:
                continue
            apart = chart.highlight in chart.categories and chart.categories[row] != chart.highlight and count == 1
            fill = BAND if apart else fills[i]
            box = {"color": fill, "edgecolor": look.palette.text, "linewidth": 0.6}
            ax.barh(row + shift[i], value, 0.72 / count * 0.9, **box)
            if series.low and series.low[row] is not None:
                ax.plot([series.low[row], series.high[row]], [row + shift[i]] * 2, color=PAPER, linewidth=3)
                ax.plot([series.low[row], series.high[row]], [row + shift[i]] * 2, color=INK, linewidth=1.2)
    _key(ax, chart, [_box(look, fill) for fill in fills])
    return ax.figure


def stacked(chart, look):
    """Shares of each category side by side, each with its number where it has room."""
    ax = _rows(chart, look, values=False, limits=(0, 100))
    fills = look.palette.series(len(chart.series))
    inches = (ax.get_position().x1 - ax.get_position().x0) * WIDTH
    ends = [0.0] * len(chart.categories)
    for fill, series in zip(fills, chart.series, strict=True):
        for row, value in enumerate(series.values):
            if value is None:
                continue
            ax.barh(row, value, 0.7, left=ends[row], color=fill, edgecolor=PAPER, linewidth=1.2)
            said = _said(value, chart, look)
            if width(said, SMALL) + 0.05 < value / 100 * inches:
                middle = {"ha": "center", "va": "center", "fontsize": SMALL, "color": on(fill)}
                ax.text(ends[row] + value / 2, row, said, **middle)
            ends[row] += value
    _key(ax, chart, [_box(look, fill) for fill in fills])
    return ax.figure


def _rows(chart, look, values, limits=None):
    """The sheet: names on the left, numbers on the right where there is one series and few rows, scale below."""
    count = max(1, len(chart.categories))
    few, named = count <= FEW, count <= NAMED
    step = 0.37 if few else 0.17 if named else max(0.02, min(0.1, HIGHEST / count))
    bold = [name == chart.highlight for name in chart.categories] or [False]
    said = {i: _said(v, chart, look) for i, v in enumerate(chart.series[0].values)} if values and named else {}
    size, fit = (FONT, two_lines) if few else (SMALL, fitted)
    shown = [i for i in range(len(chart.categories)) if named or bold[i] or i in (0, count - 1)]
    names = {i: fit(chart.categories[i], NAMES, size, bold[i]) for i in shown}
    lines = [width(line, size, bold[i]) for i, name in names.items() for line in name.split("\n")]
    left, right = (
        SPARE + max(lines, default=0.5) + GAP,
        max((width(one, SMALL) for one in said.values()), default=0.06) + 0.14,
    )
    top = HEAD + (KEY * _key_rows(chart) if len(chart.series) > 1 else 0)
    ax = sheet(step * count + top + FOOT, left, FOOT, top, right)
    ax.set_ylim(count - 0.5, -0.5)
    ax.set_yticks([])
    for row in (i for i in shown if bold[i]):
        ax.axhspan(row - 0.5, row + 0.5, color=BAND, linewidth=0, zorder=0, alpha=0.55)
    inches = WIDTH - left - right
    _beside(ax, names, -GAP / inches, bold, size)
    _beside(ax, said, 1 + (right - 0.03) / inches, bold, SMALL)
    _scale(ax, chart, look, limits)
    return ax


def _beside(ax, words, at, bold, size):
    """Words beside their rows, ending at ``at`` (0 is the left edge of the axes, 1 the right)."""
    place = {"transform": ax.get_yaxis_transform(), "ha": "right", "va": "center", "fontsize": size}
    for row, said in words.items():
        # each line by itself: a block of lines would be aligned by the width of the font it was measured in
        lines = said.split("\n")
        for k, line in enumerate(lines):
            down = LINE * (k - (len(lines) - 1) / 2)
            ax.text(at, row + down, line, fontweight="bold" if bold[row] else "normal", **place)


def _scale(ax, chart, look, limits):
    """The scale below: given, or wide enough for every value and interval; a line at zero where zero is on it."""
    low, high = limits or chart.axis or reach(chart, zero=chart.kind == "bars")
    ax.set_xlim(low, high)
    ax.set_xticks([tick for tick in ticks(low, high) if low <= tick <= high])
    ax.set_xticklabels([tick_text(tick, look, ax.get_xticks()) for tick in ax.get_xticks()])
    ax.grid(axis="x", color=BAND, linewidth=0.6)
    if low <= 0 <= high and chart.kind != "stacked":
        ax.axvline(0, color=MUTED, linewidth=1.0, zorder=1)
    ax.set_xlabel(fitted(chart.unit, 3, SMALL), fontsize=SMALL, color=INK, labelpad=3)


def reach(chart, zero=False):
    """Lowest and highest number of a chart with a little room, never empty; ``zero`` belongs to it where bars start."""
    numbers = [n for s in chart.series for part in (s.values, s.low, s.high) for n in part if n is not None]
    low, high = (min(numbers), max(numbers)) if numbers else (0, 1)
    if zero:
        low, high = min(low, 0), max(high, 0)
    room = 0.04 * (high - low) or 0.5
    return low - (room if low < 0 or not zero else 0), high + room


def ticks(low, high):
    """At most six round numbers on a scale."""
    from matplotlib.ticker import MaxNLocator

    return [float(tick) for tick in MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)]


def tick_text(tick, look, all_ticks):
    """A number on a scale, with as many decimals as the steps between need."""
    whole = all(float(one).is_integer() for one in all_ticks)
    tenths = all(round(10 * float(one), 6).is_integer() for one in all_ticks)
    return number(tick, ",.0f" if whole else ",.1f" if tenths else ",.2f", look.language)


def _said(value, chart, look):
    if value is None:
        return NOTHING
    return (
        number(value / 100, ".0%", look.language) if chart.kind == "stacked" else number(value, ",.1f", look.language)
    )


def _shifts(count, height):
    return [height * ((i + 0.5) / count - 0.5) for i in range(count)]


def _key_rows(chart):
    return -(-len(chart.series) // 3)


def _key(ax, chart, handles):
    """The names of the series over the chart, at most three side by side."""
    if len(chart.series) > 1:
        add_key(ax, handles, [series.name for series in chart.series])


def add_key(ax, handles, names):
    """A legend over the axes, from the left edge of the sheet, at most three names side by side."""
    columns = min(3, len(names))
    room = WIDTH - 0.3 - 0.5 * columns
    widths = [width(name, SMALL) for name in names]
    whole = sum(sorted(widths)[-columns:]) <= room
    words = names if whole else [fitted(name, room / columns, SMALL) for name in names]
    ax.figure.legend(
        handles, words, loc="upper left", bbox_to_anchor=(0.005, 1.0), ncols=columns, frameon=False, fontsize=SMALL,
        borderaxespad=0.1, handletextpad=0.5, columnspacing=1.2,
    )  # fmt: skip


def _dot(look, fill, mark):
    from matplotlib.lines import Line2D

    return Line2D([], [], marker=mark, color=look.palette.text, markerfacecolor=fill, markersize=5.5, linewidth=1.5)


def _box(look, fill):
    from matplotlib.patches import Patch

    return Patch(facecolor=fill, edgecolor=look.palette.text, linewidth=0.6)
