"""The comparison of work groups under other cuts, smallest groups and weights, ours marked."""

import numpy as np

from cxstudy.figures.style import FIRST, INK, LABEL, MUTED, SECOND, SMALL, axes, head, zero_line
from cxstudy.language import number, text

MARKS = ("o", "s", "^", "v", "P", "X")
FACES = (FIRST, "white", MUTED, SECOND, INK, "white")
SPREAD = 0.72


def sensitivity(result, ax=None):
    """Difference in points with its interval under each choice: side by side at each cut; ours with a ring."""
    ax, rows = axes(ax, (7.6, 5.2)), result.sensitivity
    made = rows[rows["estimate"].notna()] if len(rows) else rows
    if made.empty:
        return _empty(ax, _say(result, "no_sensitivity"))
    zero_line(ax)
    kinds = [part for _, part in rows.groupby(["minimum_customers", "minimum_employees", "weights"], sort=False)]
    cuts, handles, ring = sorted(rows["cut"].unique()), [], None
    shifts = np.linspace(-SPREAD / 2, SPREAD / 2, len(kinds)) if len(kinds) > 1 else np.zeros(1)
    for i, part in enumerate(kinds):
        kind = part.iloc[0]
        at = np.array([cuts.index(cut) for cut in part["cut"]]) + shifts[i]
        look = {"markersize": 6.5, "markerfacecolor": FACES[i % len(FACES)], "markeredgecolor": INK, "color": INK}
        ax.vlines(at, part["ci_low"], part["ci_high"], color=INK, linewidth=1.4, zorder=2)
        key = "by_customers" if kind["weights"] != "equal" else "at_least"
        label = _say(result, key, customers=int(kind["minimum_customers"]), employees=int(kind["minimum_employees"]))
        mark = MARKS[i % len(MARKS)]
        handles += ax.plot(at, part["estimate"], mark, linestyle="", zorder=3, label=label, **look)
        none = part["estimate"].isna().to_numpy()
        # at the foot of the picture, where no difference stands
        foot = {"transform": ax.get_xaxis_transform(), "color": MUTED, "markersize": 5}
        ax.plot(at[none], np.full(none.sum(), 0.03), "x", zorder=2, **foot)
        for x, y in zip(at[part["primary"]], part.loc[part["primary"], "estimate"], strict=True):
            ring = ax.plot(x, y, "o", markersize=14, markerfacecolor="none", markeredgecolor=INK, zorder=4)[0]
            ring.set_label(_say(result, "ours"))
    handles += [ring] if ring else []
    if rows["estimate"].isna().any():
        handles += ax.plot([], [], "x", color=MUTED, markersize=5, label=_say(result, "too_few_mark"))
    digits = {cut: ".1f" if round(cut, 1) == cut else ".2f" for cut in cuts}
    ax.set_xticks(range(len(cuts)), [number(cut, digits[cut], result.language) for cut in cuts])
    ax.set_xlim(-0.6, len(cuts) - 0.4)
    ax.margins(y=0.12)
    ax.set_xlabel(_say(result, "sensitivity_axis"))
    ax.set_ylabel(_say(result, "points_axis"))
    level = number(100 * result.settings["confidence"], level_digits(result), result.language)
    title_over_legend(ax, _say(result, "sensitivity_title", level=level), result, handles, columns=2)
    return ax


def title_over_legend(ax, title, result, handles, columns):
    """Title, and between it and the axes a legend of several rows."""
    head(ax, title, result)
    pad = 10 + 14 * -(-len(handles) // columns)
    ax.set_title(ax.get_title("left"), loc="left", pad=pad, fontsize=ax._left_title.get_fontsize(), color=INK)
    box = {"loc": "lower left", "bbox_to_anchor": (0, 1), "ncols": columns, "frameon": False, "fontsize": SMALL}
    ax.legend(handles=handles, **box, borderaxespad=0.1, handletextpad=0.5, columnspacing=1.6)


def level_digits(result):
    """The number format of the confidence in per cent."""
    return ".0f" if float(100 * result.settings["confidence"]).is_integer() else ".1f"


def _empty(ax, words):
    ax.text(0.5, 0.5, words, ha="center", va="center", transform=ax.transAxes, fontsize=LABEL, wrap=True)
    ax.set_axis_off()
    return ax


def _say(result, key, **values):
    return text(f"employee_ambassadors.figure.{key}", result.language, **values)
