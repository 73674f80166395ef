"""Pictures of the measures: every unit with its interval, all measures, satisfaction against NPS, the next wave."""

from textwrap import wrap

import numpy as np

from cxstudy.figures.style import BAND, FIRST, INK, LABEL, MUTED, SECOND, SMALL, axes, head
from cxstudy.figures.unit_intervals import LINE, TINY, level_of, nothing, say_of, units
from cxstudy.language import catalogue, number, text

SCOPES = {
    "drawn_anew": (SECOND, "-"), "same_units": (FIRST, "-"), "whole": (FIRST, "-"), "one_unit": (MUTED, (0, (5, 2))),
}  # fmt: skip
# of the numbers beside the diamonds, in points: those of like scopes must not meet
BESIDE = {"drawn_anew": (9, 18), "same_units": (9, 5), "whole": (9, 5), "one_unit": (-9, -14)}
STACK = {"detractors": FIRST, "passives": BAND, "promoters": SECOND}
SMALL_SCALE = 20


def measures(result, ax=None):
    """Each measure of the study on the range of its own scale, with its interval and number of answers."""
    say, rows = say_of(result), result.measures
    rows = rows[rows["estimate"].notna()].reset_index(drop=True)
    ax = axes(ax, (8.2, 1.4 + 0.46 * len(rows)))
    place = {
        c: (rows[c] - rows["scale_low"]) / (rows["scale_high"] - rows["scale_low"])
        for c in ("estimate", "ci_low", "ci_high")
    }
    at = np.arange(len(rows))
    ax.hlines(at, 0, 1, color=BAND, linewidth=5, zorder=1)
    ax.hlines(at, place["ci_low"], place["ci_high"], color=INK, linewidth=2, zorder=2)
    ax.plot(place["estimate"], at, "o", markersize=7, markerfacecolor=SECOND, markeredgecolor=INK, zorder=3)
    labels = []
    for y, row in zip(at, rows.itertuples(), strict=True):
        small = row.scale_high - row.scale_low < SMALL_SCALE
        for x, value, side in ((-0.015, row.scale_low, "right"), (1.015, row.scale_high, "left")):
            shown = number(value, "+.0f" if row.scale_low < 0 else ".0f", result.language)
            ax.text(x, y, shown, ha=side, va="center", fontsize=SMALL, color=MUTED)
        key = "measure_value_small" if small else "measure_value"
        shown = say(key, estimate=row.estimate, low=row.ci_low, high=row.ci_high)
        ax.text(1.16, y - 0.02, shown, va="bottom", fontsize=SMALL, color=INK)
        ax.text(1.16, y + 0.06, say("measure_n", n=row.n), va="top", fontsize=TINY, color=INK)
        name = text(f"measures.name.{row.measure}", result.language)
        labels.append(say("low_is_good", measure=name) if str(row.unit).endswith("low is good") else name)
    ax.set_yticks(at, ["\n".join(wrap(label, LINE)) for label in labels])
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set_xlim(-0.14, 1.48)
    ax.set_xticks([])
    ax.tick_params(axis="y", length=0)
    ax.spines[:].set_visible(False)
    head(ax, say("measures_title", level=level_of(result)), result)
    return ax


def crosswalk(result, ax=None):
    """Promoters, passives and detractors at each level of satisfaction, with the NPS and its interval above."""
    say, rows = say_of(result), result.crosswalk
    rows = rows[rows["estimate"].notna()] if len(rows) else rows
    if rows.empty:
        return nothing(axes(ax, (6.8, 3)), result.note("measures.note.crosswalk"))
    ax = axes(ax, (7.4, 4.6))
    at, bottom, handles = np.arange(len(rows)), np.zeros(len(rows)), []
    for name, colour in STACK.items():
        share = rows[name].to_numpy()
        handles.append(
            ax.bar(at, share, 0.78, bottom=bottom, color=colour, edgecolor=INK, linewidth=0.6, label=say(name))
        )
        bottom = bottom + share
    for x, row in zip(at, rows.itertuples(), strict=True):
        shown = number(row.estimate, "+.0f", result.language)
        ends = say("interval", low=row.ci_low, high=row.ci_high)
        ax.text(x, 107, shown, ha="center", va="bottom", fontsize=LABEL, color=INK)
        ax.text(x, 101.5, ends, ha="center", va="bottom", fontsize=TINY, color=INK)
    levels = [_between(row.low, row.high, result.language) for row in rows.itertuples()]
    counted = [number(n, ",.0f", result.language) for n in rows["n_answers"]]
    ax.set_xticks(at, [f"{level}\n{n}" for level, n in zip(levels, counted, strict=True)])
    ax.set_xlim(-0.6, max(len(rows), 4) - 0.4)
    ax.set_ylim(0, 114)
    ax.set_yticks(range(0, 101, 20))
    ax.spines["left"].set_bounds(0, 100)
    ax.set_xlabel(say("crosswalk_axis", question=_question(rows["question"].iloc[0], result.language)))
    ax.set_ylabel(say("crosswalk_share"))
    head(ax, say("crosswalk_title", level=level_of(result)), result, legend=handles)
    return ax


def planning(result, ax=None):
    """The margin that a number of answers gives, in each scope; where this wave stands and what the next one needs."""
    say, rows = say_of(result), result.planning
    if rows.empty:
        return nothing(axes(ax, (6.8, 3)), result.note("measures.note.planning"))
    ax = axes(ax, (7.2, 4.4))
    rows = rows[rows["goal"] == "margin"]
    wanted = rows["points"].iloc[0]
    ax.axhline(wanted, color=MUTED, linewidth=0.9, zorder=0)
    words, handles = _scope_words(result), []
    reach = max(rows["n"].max(), rows["n_now"].max()) * 3
    for row in rows.itertuples():
        colour, dash = SCOPES[row.scope]
        curve = result.precision[result.precision["scope"] == row.scope]
        label = say(f"scope.{row.scope}", **words)
        handles += ax.plot(
            curve["n"], curve["margin"], color=colour, linestyle=dash, linewidth=2.2, label=label, zorder=2
        )
        now = np.exp(np.interp(np.log(row.n_now), np.log(curve["n"]), np.log(curve["margin"])))
        look = {"linestyle": "", "markeredgecolor": INK, "markersize": 8, "clip_on": False}
        ax.plot(row.n_now, now, "o", markerfacecolor=INK, zorder=4, **look)
        ax.plot(row.n, wanted, "D", markerfacecolor="white", zorder=4, **look)
        x, y = BESIDE[row.scope]
        ax.annotate(
            number(row.n, ",.0f", result.language), (row.n, wanted), (x, y), textcoords="offset points",
            ha="right" if x < 0 else "left", fontsize=SMALL, color=INK,
        )  # fmt: skip
    handles += ax.plot([], [], "o", color=INK, markersize=8, label=say("now"))
    handles += ax.plot(
        [], [], "D", markerfacecolor="white", markeredgecolor=INK, markersize=8, label=say("needed", margin=wanted)
    )
    ax.set_xscale("log")
    ticks = [10**power for power in range(1, 7) if 10**power <= reach * 1.01]
    ax.set_xticks(ticks, [number(t, ",.0f", result.language) for t in ticks])
    ax.minorticks_off()
    ax.set_xlim(10, reach)
    ax.set_ylim(0, max(30, 3 * wanted))
    ax.set_xlabel(say("planning_axis"))
    ax.set_ylabel(say("margin_axis"))
    head(ax, say("planning_title", level=level_of(result)), result)
    ax.legend(handles=handles, loc="upper right", frameon=False, fontsize=SMALL)
    return ax


def _question(name, language):
    key = f"loyalty_share.indicator.{name}"
    return text(key, language) if key in catalogue("en") else name.replace("_", " ")


def _between(low, high, language):
    ends = [number(end, ".0f", language) for end in dict.fromkeys((low, high))]
    return "–".join(ends)


def _scope_words(result):
    unit = result.settings["unit"]
    return {
        "units": text(f"nps_margin.units.{unit}", result.language),
        "unit_one": text(f"nps_margin.unit.{unit}", result.language),
    }


FIGURES = {"units": units, "measures": measures, "crosswalk": crosswalk, "planning": planning}
INTERNAL = ("units",)
