"""The NPS of every unit with its interval: a named line each where they are few, thin upright lines where many."""

from textwrap import wrap

import numpy as np

from cxstudy.figures.style import BAND, FIRST, INK, LABEL, MUTED, SMALL, axes, head
from cxstudy.language import number, text

LABELLED = 40
FEW = 15
NAMED = 3
LINE, TAIL = 34, 14
MANY = 600
TINY = 7.5


def units(result, ax=None):
    """NPS of every unit with its interval, in order; up to 40 units all are named, of more the lowest and highest."""
    rows = result.units
    rows = rows[rows["estimate"].notna()] if len(rows) else rows
    if rows.empty:
        return nothing(axes(ax, (6.8, 3)), say_of(result)("units_none"))
    rows = rows.sort_values(["estimate", "unit"], ignore_index=True)
    return _named_units(result, rows, ax) if len(rows) <= LABELLED else _many_units(result, rows, ax)


def _named_units(result, rows, ax):
    """A line for each unit, the lowest at the bottom."""
    few = len(rows) <= FEW
    ax = axes(ax, (7.4, 2.0 + (0.4 if few else 0.23) * len(rows)))
    at, average = np.arange(len(rows)), _average(result)
    band = ax.axvspan(average["ci_low"], average["ci_high"], color=BAND, linewidth=0, zorder=0)
    line = ax.axvline(average["estimate"], color=INK, linewidth=1.1, linestyle=(0, (5, 3)), zorder=1)
    ax.hlines(at, rows["ci_low"], rows["ci_high"], color=INK, linewidth=1.6, zorder=2)
    handles = []
    for mask, face, key in _told(rows):
        look = {"markersize": 7, "markerfacecolor": face, "markeredgecolor": INK, "color": INK, "linestyle": ""}
        ax.plot(rows["estimate"][mask], at[mask], "o", zorder=3, **look)
        handles += ax.plot([], [], "o", label=say_of(result)(key), **look) if mask.any() and len(rows) > 1 else []
    names = ["\n".join(wrap(name, LINE)) if few else _short(name) for name in rows["name"].astype(str)]
    ax.set_yticks(at, names, fontsize=SMALL)
    ax.set_ylim(-0.7, len(rows) - 0.3)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(say_of(result)("nps_axis"))
    _units_head(ax, result, rows, [*handles, *_average_handles(result, average, line, band)])
    return ax


def _many_units(result, rows, ax):
    """A thin upright line for each unit, the lowest on the left; the ends are named in the room above and below."""
    ax, average = axes(ax, (7.6, 4.8)), _average(result)
    many = len(rows) > MANY
    at = np.arange(1, len(rows) + 1)
    band = ax.axhspan(average["ci_low"], average["ci_high"], color=BAND, linewidth=0, zorder=0)
    line = ax.axhline(average["estimate"], color=INK, linewidth=1.1, linestyle=(0, (5, 3)), zorder=4)
    width = max(0.25, min(1.3, 330 / len(rows)))
    handles = []
    for mask, face, key in _told(rows):
        colour = FIRST if face == FIRST else MUTED
        ax.vlines(at[mask], rows["ci_low"][mask], rows["ci_high"][mask], color=colour, linewidth=width, zorder=2)
        look = {"markersize": 2 if many else 3.4, "markerfacecolor": face, "markeredgecolor": INK, "linestyle": ""}
        ax.plot(at[mask], rows["estimate"][mask], "o", markeredgewidth=0 if many else 0.5, zorder=3, **look)
        label = look | {"markersize": 6, "color": colour, "linestyle": "-", "linewidth": 1.6}
        handles += ax.plot([], [], marker="o", label=say_of(result)(key), **label) if mask.any() else []
    low, high = rows["ci_low"].min(), rows["ci_high"].max()
    room = 0.3 * (high - low)
    ax.set_ylim(low - room, high + room)
    ax.set_yticks([t for t in ax.get_yticks() if -100 <= t <= 100 and low - room <= t <= high + room])
    ax.set_xlim(-0.01 * len(rows), 1.01 * len(rows) + 1)
    ends = {"lowest": (rows.head(NAMED), 0.01, 0.02, "bottom"), "highest": (rows.tail(NAMED)[::-1], 0.99, 0.98, "top")}
    for key, (part, x, y, side) in ends.items():
        said = [_one(result, row) for row in part.itertuples()]
        words = "\n".join([say_of(result)(key), *said])
        ax.text(
            x, y, words, transform=ax.transAxes, ha="left" if x < 0.5 else "right", va=side, fontsize=TINY, color=INK
        )
    units_word = text(f"nps_margin.units.{result.settings['unit']}", result.language)
    ax.set_xlabel(say_of(result)("units_axis", units=units_word))
    ax.set_ylabel(say_of(result)("nps_axis"))
    _units_head(ax, result, rows, [*handles, *_average_handles(result, average, line, band)])
    return ax


def _told(rows):
    """The units that differ from the others and those that cannot be told from them: mask, colour, message key."""
    differs = (rows["differs"] == 1).to_numpy()
    return (differs, FIRST, "differs"), (~differs, "white", "same")


def _average(result):
    return result.measures.set_index("measure").loc["nps"]


def _average_handles(result, average, line, band):
    say = say_of(result)
    line.set_label(say("average", estimate=average["estimate"]))
    band.set_label(say("average_band", level=level_of(result)))
    return [line, band]


def _units_head(ax, result, rows, handles):
    words = text(f"nps_margin.units.{result.settings['unit']}", result.language)
    title = say_of(result)("units_title", count=len(rows), units=words, level=level_of(result))
    # four entries stand in two rows
    head(ax, title, result)
    ax.set_title(ax.get_title("left"), loc="left", pad=36, fontsize=ax._left_title.get_fontsize(), color=INK)
    box = {"loc": "lower left", "bbox_to_anchor": (0, 1), "ncols": 2, "frameon": False, "fontsize": SMALL}
    ax.legend(handles=handles, **box, borderaxespad=0.1, handletextpad=0.5, columnspacing=1.6)


def _short(name):
    """A name in one line; of a long one its two ends, since names often differ in the last word only."""
    return name if len(name) <= LINE + TAIL else f"{name[: LINE - TAIL].rstrip()} … {name[-TAIL:].lstrip()}"


def _one(result, row):
    return say_of(result)("one", name=_short(str(row.name)), estimate=row.estimate)


def nothing(ax, words):
    """An empty picture that says why."""
    middle = {"ha": "center", "va": "center", "transform": ax.transAxes}
    ax.text(0.5, 0.5, "\n".join(wrap(words, 60)), fontsize=LABEL, color=INK, **middle)
    ax.set_axis_off()
    return ax


def say_of(result):
    """What turns a key ``measures.figure.…`` into words of the result's language."""
    return lambda key, **values: text(f"measures.figure.{key}", result.language, **values)


def level_of(result):
    """The confidence in percent, as text."""
    level = 100 * result.settings["confidence"]
    return number(level, ".0f" if float(level).is_integer() else ".1f", result.language)
