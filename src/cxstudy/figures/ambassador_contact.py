"""The slope of eNPS on customer contact in every company, and where the zero lies."""

from textwrap import wrap

import numpy as np

from cxstudy.figures.ambassador_choices import level_digits, title_over_legend
from cxstudy.figures.style import BAND, FIRST, INK, LABEL, MUTED, SECOND, SMALL, axes
from cxstudy.language import number, text

FEW = 15
LINE = 40
WHOLE = (0.02, 0.98)


def contact(result, ax=None):
    """Each company's slope with its interval and, beside it, drawn towards the common slope; band: the common slope.

    Up to 15 companies are named, one a line; of more, each is an upright line, in order.
    """
    rows = result.contact
    rows = rows[rows["estimate"].notna()] if len(rows) else rows
    if rows.empty:
        ax = axes(ax, (7.0, 3.0))
        ax.text(0.5, 0.5, _say(result, "no_contact"), ha="center", va="center", transform=ax.transAxes, fontsize=LABEL)
        ax.set_axis_off()
        return ax
    rows = rows.sort_values(["estimate", "company"], ignore_index=True)
    return _named(result, rows, ax) if len(rows) <= FEW else _many(result, rows, ax)


def _named(result, rows, ax):
    names = ["\n".join(wrap(str(name), LINE)) for name in rows["name"]]
    lines = sum(1 + name.count("\n") for name in names)
    ax = axes(ax, (7.6, 2.2 + 0.16 * lines + 0.12 * len(rows)))
    at = np.arange(len(rows))
    ax.axvline(0, color=MUTED, linewidth=0.9, zorder=0)
    ax.hlines(at, rows["ci_low"], rows["ci_high"], color=INK, linewidth=1.6, zorder=2)
    handles = _points(result, ax, rows, rows["estimate"], at, rows["predicted"], at, 7)
    ax.set_yticks(at, names, fontsize=SMALL)
    ax.set_ylim(-0.7, len(rows) - 0.3)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(_say(result, "contact_axis"))
    _head(result, ax, rows, handles + _common(result, ax, ax.axvspan, ax.axvline))
    return ax


def _many(result, rows, ax):
    ax, at = axes(ax, (7.6, 5.0)), np.arange(1, len(rows) + 1)
    ax.axhline(0, color=INK, linewidth=0.9, zorder=1)
    width, size = max(0.25, min(1.6, 330 / len(rows))), max(2.0, min(4.5, 900 / len(rows)))
    ax.vlines(at, rows["ci_low"], rows["ci_high"], color=MUTED, linewidth=width, zorder=1)
    handles = _points(result, ax, rows, at, rows["estimate"], at, rows["predicted"], size)
    # a handful of companies with a few employees each would take all the room; their lines run out of the picture
    low, high = rows["ci_low"].quantile(WHOLE[0]), rows["ci_high"].quantile(WHOLE[1])
    if np.isfinite([low, high]).all():
        ax.set_ylim(min(low, rows["estimate"].min() - 2), max(high, rows["estimate"].max() + 2))
    ax.set_xlim(-0.01 * len(rows), 1.01 * len(rows) + 1)
    ax.set_xlabel(_say(result, "contact_order"))
    ax.set_ylabel(_say(result, "contact_axis"))
    _head(result, ax, rows, handles + _common(result, ax, ax.axhspan, ax.axhline))
    return ax


def _points(result, ax, rows, x, y, x_drawn, y_drawn, size):
    """The companies' own slopes and those drawn towards the common one; handles of both."""
    own = {"markersize": size, "markerfacecolor": FIRST, "linestyle": ""}
    own |= {"markeredgecolor": INK, "markeredgewidth": 0.4}
    drawn = own | {"markerfacecolor": SECOND, "markersize": 0.85 * size}
    shown = {"markersize": 6.5, "color": INK}
    ax.plot(x, y, "o", zorder=4, **own)
    handles = ax.plot([], [], marker="o", label=_say(result, "own_slope"), **(own | shown | {"linestyle": "-"}))
    if rows["predicted"].notna().any():
        ax.plot(x_drawn, y_drawn, "D", zorder=3, **drawn)
        handles += ax.plot([], [], "D", label=_say(result, "predicted"), **(drawn | shown))
    return handles


def _common(result, ax, span, line):
    """The common slope with its band, and in the legend the shares of companies below zero."""
    found = {name: result[f"employee_ambassadors.contact_{name}"] for name in ("slope", "share_negative")}
    found["share_corrected"] = result["employee_ambassadors.contact_share_negative_corrected"]
    handles, slope = [], found["slope"]
    if np.isfinite(slope.ci_low):
        span(slope.ci_low, slope.ci_high, color=BAND, linewidth=0, zorder=0)
        mark = line(slope.estimate, color=INK, linewidth=1.2, linestyle=(0, (5, 3)), zorder=2)
        values = {"estimate": slope.estimate, "low": slope.ci_low, "high": slope.ci_high}
        mark.set_label(_say(result, "common_slope", **values))
        handles.append(mark)
    for name in ("share_negative", "share_corrected"):
        one = found[name]
        if np.isfinite(one.ci_low):
            (mark,) = ax.plot([], [], linestyle="")
            mark.set_label(_say(result, name, share=one.estimate, low=one.ci_low, high=one.ci_high))
            handles.append(mark)
    return handles


def _head(result, ax, rows, handles):
    level = number(100 * result.settings["confidence"], level_digits(result), result.language)
    title = _say(result, "contact_title", n=len(rows), level=level)
    title_over_legend(ax, title, result, handles, columns=2)


def _say(result, key, **values):
    return text(f"employee_ambassadors.figure.{key}", result.language, **values)
