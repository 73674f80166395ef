"""Pictures of the share of margin that goes together with loyalty: scatter, methods, dilution, best indicator."""

import numpy as np

from cxstudy.figures.style import BAND, FIRST, INK, LABEL, MUTED, SECOND, SMALL, axes, head, zero_line
from cxstudy.language import number, text

SERIES = {"promoter_share": ("o", FIRST, -0.17), "nps": ("s", SECOND, 0.17)}
MANY = 800
ROWS = {
    ("r2", "random"): "random",
    ("r2", "fixed"): "fixed",
    ("r2", "olkin-finn"): "olkin_finn",
    ("r2", "BCa"): "resampled",
    ("r2", "percentile"): "resampled",
    ("adjusted", "ezekiel"): "adjusted",
    ("cross_validated", "leave-one-out"): "cross_validated",
    ("corrected", "random / reliability"): "corrected",
    ("corrected", "BCa"): "corrected_resampled",
    ("corrected", "percentile"): "corrected_resampled",
}


def scatter(result, ax=None):
    """Every unit's promoter share and outcome, and the straight line with its confidence band."""
    say, ax, units, line = _say(result), axes(ax, (6.8, 4.6)), result.units, result.line
    zero_line(ax)
    dense = len(units) > MANY
    dots = ax.scatter(
        units["promoter_share"], units["outcome"], s=7 if dense else 16, color=MUTED, alpha=0.5 if dense else 0.8,
        linewidths=0, label=text("nps_margin.figure.one_unit", result.language, unit=_unit(result)), zorder=1,
    )  # fmt: skip
    band = ax.fill_between(line["x"], line["ci_low"], line["ci_high"], color=BAND, alpha=0.9, linewidth=0, zorder=2)
    (straight,) = ax.plot(line["x"], line["estimate"], color=FIRST, linewidth=2.2, zorder=3)
    straight.set_label(say("line"))
    band.set_label(say("band", level=_level(result)))
    ax.set_xlabel(say("promoter_axis"))
    ax.set_ylabel(say("outcome_axis", **result.reading.values))
    low, high = units["outcome"].min(), units["outcome"].max()
    room = 0.06 * (high - low)
    ax.set_ylim(low - room, high + room)
    key = "scatter_title_few" if result.shares.empty else "scatter_title"
    head(ax, say(key, **result.reading.values), result, legend=[dots, straight, band])
    return ax


def share(result, ax=None):
    """R² with its interval by each method, adjusted, out of sample, corrected, in %; without a share, the scatter."""
    if result.shares.empty:
        return scatter(result, ax)
    say, ax = _say(result), axes(ax, (7.6, 5.0))
    table = result.shares[result.shares["estimate"].notna()]
    table = table.assign(row=[ROWS.get((r.share, r.method)) for r in table.itertuples()])
    names = [name for name in dict.fromkeys(ROWS.values()) if (table["row"] == name).any()]
    place, handles = {name: i for i, name in enumerate(names)}, []
    for loyalty, (marker, colour, shift) in SERIES.items():
        rows = table[(table["loyalty"] == loyalty) & table["row"].notna()]
        at = rows["row"].map(place).to_numpy() + shift
        look = {"marker": marker, "markersize": 7, "markerfacecolor": colour, "markeredgecolor": INK}
        ax.hlines(at, 100 * rows["ci_low"], 100 * rows["ci_high"], color=INK, linewidth=1.5, zorder=2)
        ax.plot(100 * rows["estimate"], at, linestyle="", zorder=3, **look)
        handles += ax.plot([], [], color=INK, label=text(f"nps_margin.figure.by_{loyalty}", result.language), **look)
    first = [name for name in names if name.startswith("corrected")]
    if first:
        ax.axhline(place[first[0]] - 0.5, color=MUTED, linewidth=0.9, linestyle=(0, (2, 3)))
    ax.set_yticks(range(len(names)), [say(f"row_{name}") for name in names])
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.set_xlim(min(0, 100 * table["ci_low"].min() * 1.1), None)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(say("share_axis", **result.reading.values))
    head(ax, say("share_title", **result.reading.values | {"level": _level(result)}), result, legend=handles)
    return ax


def dilution(result, ax=None):
    """What R² with the promoter share would look like by the number of answers a unit; these data are marked."""
    say, ax, table = _say(result), axes(ax, (6.8, 4.4)), result.dilution
    table = table[table["loyalty"] == "promoter_share"]
    if table.empty:
        return _nothing(ax, result, "loyalty_share.note.dilution")
    kinds = {kind: rows for kind, rows in table.groupby("kind")}
    curve, points, real, latent = (kinds[k] for k in ("curve", "point", "data", "latent"))
    top, x, along = 100 * latent["estimate"].iloc[0], real["n_answers_each"].iloc[0], curve["n_answers_each"]
    band = ax.fill_between(along, 100 * curve["ci_low"], 100 * curve["ci_high"], color=BAND, linewidth=0, zorder=1)
    band.set_label(say("band", level=_level(result)))
    (line,) = ax.plot(along, 100 * curve["estimate"], color=FIRST, linewidth=2.2, label=say("shown"), zorder=2)
    dashed = ax.axhline(top, color=INK, linewidth=1.2, linestyle=(0, (5, 3)), label=say("latent"), zorder=2)
    dot = {"marker": "o", "color": FIRST, "markeredgecolor": INK, "markersize": 6, "linestyle": ""}
    ax.plot(points["n_answers_each"], 100 * points["estimate"], zorder=3, **dot)
    look = {"marker": "D", "markersize": 9, "markerfacecolor": SECOND, "markeredgecolor": INK, "linestyle": ""}
    mark = ax.plot(x, 100 * real["estimate"], zorder=4, label=say("these_data", answers=x), **look)
    for n, value in zip(points["n_answers_each"], 100 * points["estimate"], strict=True):
        shown = number(value, ".0f" if top >= 10 else ".1f", result.language)
        ax.annotate(f"{shown} %", (n, value), (7, -13), textcoords="offset points", fontsize=SMALL, color=INK)
    ax.set_xscale("log")
    ax.set_xticks(points["n_answers_each"], [number(n, ",.0f", result.language) for n in points["n_answers_each"]])
    ax.set_xticks([], minor=True)
    ax.set_xlim(along.min(), along.max())
    ax.set_ylim(0, 108 * curve["ci_high"].max())
    ax.set_xlabel(say("answers_axis", unit=_unit(result)))
    ax.set_ylabel(say("dilution_axis", **result.reading.values))
    head(ax, say("dilution_title", **result.reading.values), result)
    ax.legend(handles=[line, dashed, band, *mark], loc="lower right", frameon=False, fontsize=SMALL)
    return ax


def indicators(result, ax=None):
    """Share of next year's differences that each measure predicts out of sample, with the ranks it may have."""
    say, ax = _say(result), axes(ax, (6.8, 3.8))
    if "indicators" not in result.tables:
        return _nothing(ax, result, "loyalty_share.note.best_indicator")
    rows = result.indicators
    at = np.arange(len(rows))
    ax.axvline(0, color=MUTED, linewidth=0.9, zorder=0)
    ax.hlines(at, 100 * rows["ci_low"], 100 * rows["ci_high"], color=INK, linewidth=1.6, zorder=2)
    first = rows["rank_low"] == 1
    for mask, face, key in ((first, FIRST, "may_be_first"), (~first, "white", "not_first")):
        if mask.any():
            look = {"markersize": 8, "markerfacecolor": face, "markeredgecolor": INK, "color": INK}
            ax.plot(100 * rows["estimate"][mask], at[mask], "o", label=say(key), zorder=3, **look)
    for y, row in zip(at, rows.itertuples(), strict=True):
        key = "rank" if row.rank_low == row.rank_high else "ranks"
        shown = say(key, low=row.rank_low, high=row.rank_high)
        ax.text(1.02, y, shown, transform=ax.get_yaxis_transform(), va="center", fontsize=SMALL, color=INK)
    ax.set_yticks(at, [_indicator(name, result.language) for name in rows["predictor"]])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(say("indicators_axis"))
    title = say("indicators_title", rows=rows["n"].iloc[0], firms=rows["units"].iloc[0])
    head(ax, title, result, legend=ax.get_legend_handles_labels()[0])
    return ax


def _nothing(ax, result, key):
    from textwrap import fill

    middle = {"ha": "center", "va": "center", "transform": ax.transAxes}
    ax.text(0.5, 0.5, fill(result.note(key), 60), fontsize=LABEL, color=INK, **middle)
    ax.set_axis_off()
    return ax


def _indicator(name, language):
    from cxstudy.language import catalogue

    key = f"loyalty_share.indicator.{name}"
    return text(key, language) if key in catalogue("en") else name.replace("_", " ")


def _say(result):
    from cxstudy.findings import Reading
    from cxstudy.language import say

    return lambda key, **values: say(Reading(f"loyalty_share.figure.{key}", values), result.language)


def _unit(result):
    return text(f"nps_margin.unit.{result.settings['unit']}", result.language)


def _level(result):
    level = 100 * result.settings["confidence"]
    return number(level, ".0f" if float(level).is_integer() else ".1f", result.language)


FIGURES = {"scatter": scatter, "share": share, "dilution": dilution, "indicators": indicators}
