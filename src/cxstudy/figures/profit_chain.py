"""Pictures of the service-profit chain: path diagram, effects, satisfied and engaged staff side by side."""

from textwrap import fill

import numpy as np

from cxstudy.figures.path_diagram import draw, size, wrapped
from cxstudy.figures.style import FIRST, INK, LABEL, MUTED, SECOND, axes, head
from cxstudy.language import catalogue, number, text

KINDS = {
    "total": ("o", FIRST), "direct": ("s", "white"), "indirect": ("^", MUTED), "through": ("D", SECOND),
}  # fmt: skip
STAFF = (
    ("satisfied_staff", "alone", "o", FIRST), ("satisfied_staff", "together", "o", "white"),
    ("engagement", "alone", "D", SECOND), ("engagement", "together", "D", "white"),
)  # fmt: skip
ROW = 24


def paths(result, ax=None):
    """The path diagram: each arrow's coefficient per SD and its interval, each outcome's R²."""
    say, table = _say(result), result.paths
    if table.empty:
        return _nothing(axes(ax, (6.8, 2.6)), result)
    order = result.settings["order"]
    pairs = list(zip(table["from"], table["to"], strict=True))
    ax = axes(ax, size(order, pairs))
    shares = dict(zip(result.equations["outcome"], result.equations["estimate"], strict=True))
    nodes = {}
    for name in order:
        r2 = f"R² {number(shares[name], '.2f', result.language)}" if name in shares else ""
        nodes[name] = wrapped(_name(result, name, "box"), r2)
    arrows = [
        {
            "from": row["from"], "to": row["to"], "label": _label(row, result.language),
            "strength": min(abs(row["estimate"]), 1.0), "clear": row["ci_low"] > 0 or row["ci_high"] < 0,
        }
        for row in table.to_dict("records")
    ]  # fmt: skip
    draw(ax, order, nodes, arrows)
    handles = []
    for clear, look in ((True, {"color": FIRST, "linewidth": 2}), (False, {"color": MUTED, "linestyle": (0, (4, 3))})):
        if any(arrow["clear"] == clear for arrow in arrows):
            handles += ax.plot([], [], label=say("clear" if clear else "open"), **look)
    head(ax, say("paths_title", **_common(result)), result, legend=handles)
    return ax


def effects(result, ax=None):
    """Total, direct and indirect association of each scale with the outcome, and what passes customer loyalty."""
    say, table = _say(result), result.effects
    end = result.settings["order"][-1] if result.settings["order"] else ""
    table = table[(table["to"] == end) & table["estimate"].notna()]
    if table.empty:
        return _nothing(axes(ax, (6.8, 2.6)), result)
    names = [name for name in result.settings["order"] if (table["from"] == name).any()]
    ax = axes(ax, (7.6, 1.5 + 0.85 * len(names)))
    series = [
        (table[table["kind"] == kind].set_index("from"), marker, face, say(kind))
        for kind, (marker, face) in KINDS.items()
    ]
    handles = _dots(ax, names, series)
    ax.set_yticks(range(len(names)), [fill(_name(result, name), ROW) for name in names])
    outcome = {"outcome": _name(result, end)}
    ax.set_xlabel(say("effects_axis", **outcome))
    head(ax, say("effects_title", **outcome, **_common(result)), result, legend=handles)
    return ax


def staff(result, ax=None):
    """Satisfied and engaged staff with customers, revenue and results: each alone, and with the other held constant."""
    say, table = _say(result), result.staff
    table = table[table["estimate"].notna()]
    if table.empty:
        return _nothing(axes(ax, (6.8, 2.6)), result)
    names = list(dict.fromkeys(table["to"]))
    ax = axes(ax, (7.8, 1.5 + 0.8 * len(names)))
    series = []
    for who, model, marker, face in STAFF:
        rows = table[(table["staff"] == who) & (table["model"] == model)].set_index("to")
        series.append((rows, marker, face, _name(result, who)))
    handles = [dot for dot in _dots(ax, names, series) if dot.get_markerfacecolor() != "white"]
    look = {"marker": "o", "markersize": 7, "markerfacecolor": "white", "markeredgecolor": INK, "linestyle": ""}
    handles += ax.plot([], [], label=say("together"), **look)
    units = {"units": text(f"nps_margin.units.{result.settings['unit']}", result.language)}
    units["work groups"] = text("nps_margin.units.work_groups", result.language)
    level = table.drop_duplicates("to").set_index("to")["level"]
    ax.set_yticks(range(len(names)), [f"{fill(_name(result, n), ROW)}\n({units[level[n]]})" for n in names])
    ax.set_xlabel(say("staff_axis"))
    head(ax, say("staff_title", **_common(result)), result, legend=handles)
    return ax


def _dots(ax, names, series):
    """Dots with intervals, a row a name, the series beside each other in it; returns the handles of a legend."""
    ax.axvline(0, color=MUTED, linewidth=0.9, zorder=0)
    here = [one for one in series if len(one[0])]
    shifts = np.linspace(-0.27, 0.27, len(here)) if len(here) > 1 else [0.0]
    handles = []
    for shift, (rows, marker, face, label) in zip(shifts, here, strict=True):
        at = np.array([names.index(name) for name in rows.index]) + shift
        ax.hlines(at, rows["ci_low"], rows["ci_high"], color=INK, linewidth=1.4, zorder=2)
        look = {"marker": marker, "markersize": 7, "markerfacecolor": face, "markeredgecolor": INK, "linestyle": ""}
        handles += ax.plot(rows["estimate"], at, zorder=3, label=label, **look)
    for place in range(1, len(names)):
        ax.axhline(place - 0.5, color=MUTED, linewidth=0.5, linestyle=(0, (1, 3)), zorder=0)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    return handles


def _label(row, language):
    low, high = (number(row[c], ".2f", language) for c in ("ci_low", "ci_high"))
    shown = number(row["estimate"], ".2f", language)
    return f"{shown}\n[{low}; {high}]" if np.isfinite(row["ci_low"]) else shown


def _nothing(ax, result):
    middle = {"ha": "center", "va": "center", "transform": ax.transAxes}
    ax.text(0.5, 0.5, fill(result.note("profit_chain.note.effects"), 60), fontsize=LABEL, color=INK, **middle)
    ax.set_axis_off()
    return ax


def _name(result, name, where="name"):
    keys = [f"profit_chain.{where}.{name}", f"profit_chain.name.{name}", f"nps_margin.outcome.{name}"]
    known = next((key for key in keys if key in catalogue("en")), None)
    return text(known, result.language) if known else name.replace("_", " ")


def _common(result):
    level = 100 * result.settings["confidence"]
    shown = number(level, ".0f" if float(level).is_integer() else ".1f", result.language)
    units = result.settings["n_unit"].replace(" ", "_").replace("-", "_")
    return {"n": result.settings["n"], "units": text(f"nps_margin.units.{units}", result.language), "shown": shown}


def _say(result):
    from cxstudy.findings import Reading
    from cxstudy.language import say

    return lambda key, **values: say(Reading(f"profit_chain.figure.{key}", values), result.language)


FIGURES = {"paths": paths, "effects": effects, "staff": staff}
