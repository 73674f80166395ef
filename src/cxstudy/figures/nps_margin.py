"""Pictures of the link between loyalty and margin: tier means, scatter with line, specification curve."""

from cxstudy.figures.style import BAND, FIRST, INK, LABEL, MUTED, SECOND, SMALL, axes, head, zero_line
from cxstudy.language import number, text

SERIES = {"promoter_share": ("o", FIRST, -0.19), "nps": ("s", SECOND, 0.19)}
MANY_TIERS = 5
CHOICES = ("loyalty", "tiers", "controls", "trim", "weights", "minimum")
UPPER = 0.42


def tiers(result, ax=None):
    """Mean outcome of each tier with its interval and n, by promoter share and by NPS; without tiers, the scatter."""
    rows = result.tiers
    if rows.empty:
        return scatter(result, ax)
    say, ax = _say(result), axes(ax, (6.8, 4.4))
    zero_line(ax)
    many, handles = rows["tier"].max() > MANY_TIERS, []
    for name, part in rows.groupby("loyalty", sort=False):
        marker, colour, shift = SERIES[name]
        look = {"marker": marker, "markersize": 7, "markerfacecolor": colour, "markeredgecolor": INK}
        at = part["tier"] + shift
        ax.vlines(at, part["ci_low"], part["ci_high"], color=INK, linewidth=1.6, zorder=2)
        ax.plot(at, part["estimate"], linestyle="", zorder=3, **look)
        handles += ax.plot([], [], color=INK, label=say(f"by_{name}"), **look)
        if many and name != rows["loyalty"].iloc[0]:
            continue
        for x, top, mean in zip(at, part["ci_high"], part["estimate"], strict=True):
            shown = number(mean, ".1f", result.language)
            ax.annotate(shown, (x, top), (0, 3), textcoords="offset points", ha="center", fontsize=SMALL, color=INK)
    ax.set_xticks(sorted(rows["tier"].unique()), _tier_labels(rows, say, many))
    ax.set_xlim(0.4, rows["tier"].max() + 0.6)
    ax.margins(y=0.12)
    differ = (rows.groupby("tier")["n"].nunique() > 1).any()
    ax.set_xlabel(say("tier_axis_both" if differ else "tier_axis", units=_units(result)))
    ax.set_ylabel(say("mean_axis", outcome=_outcome(result)))
    level = number(100 * result.settings["confidence"], _digits(result), result.language)
    head(ax, say("tiers_title", outcome=_outcome(result), level=level), result, legend=handles)
    return ax


def scatter(result, ax=None):
    """Every unit, the straight line with its confidence band, and LOWESS."""
    say, ax, units = _say(result), axes(ax, (6.8, 4.6)), result.units
    zero_line(ax)
    dense = len(units) > 800
    dots = ax.scatter(
        units["nps"], units["outcome"], s=7 if dense else 16, color=MUTED, alpha=0.5 if dense else 0.8, linewidths=0,
        label=say("one_unit", unit=text(f"nps_margin.unit.{result.settings['unit']}", result.language)), zorder=1,
    )  # fmt: skip
    line, smooth = result.line, result.lowess
    level = number(100 * result.settings["confidence"], _digits(result), result.language)
    band = ax.fill_between(line["x"], line["ci_low"], line["ci_high"], color=BAND, alpha=0.9, linewidth=0, zorder=2)
    (straight,) = ax.plot(line["x"], line["estimate"], color=FIRST, linewidth=2.2, zorder=4)
    (curve,) = ax.plot(smooth["x"], smooth["estimate"], color=INK, linewidth=1.5, linestyle=(0, (4, 3)), zorder=3)
    straight.set_label(say("line"))
    band.set_label(say("band", level=level))
    curve.set_label("LOWESS")
    ax.set_xlabel(say("nps_axis"))
    ax.set_ylabel(_capital(_outcome(result)))
    title = say("scatter_title", outcome=_capital(_outcome(result)), n=len(units), units=_units(result))
    head(ax, title, result, legend=[dots, straight, band, curve])
    return ax


def specification_curve(result, ax=None):
    """Top minus bottom tier under every set of choices, sorted, with the choices as dots below."""
    say, ax = _say(result), axes(ax, (7.6, 6.6))
    rows = result.specification_curve
    rows = rows[rows["estimate"].notna()].reset_index(drop=True)
    if rows.empty:
        ax.text(0.5, 0.5, say("no_specification"), ha="center", va="center", transform=ax.transAxes, fontsize=LABEL)
        ax.set_axis_off()
        return ax
    clear = (rows["ci_low"] > 0) | (rows["ci_high"] < 0)
    ax.vlines(rows.index, rows["ci_low"], rows["ci_high"], color=MUTED, linewidth=1.1, zorder=1)
    handles = []
    for mask, face, label in ((clear, FIRST, "clear"), (~clear, "white", "unclear")):
        mask &= ~rows["primary"]
        if mask.any():
            look = {"marker": "o", "markersize": 3.6, "markerfacecolor": face, "markeredgecolor": INK, "linestyle": ""}
            handles += ax.plot(rows.index[mask], rows["estimate"][mask], label=say(label), zorder=2, **look)
    if rows["primary"].any():
        chosen = rows[rows["primary"]]
        look = {"marker": "D", "markersize": 8, "markerfacecolor": SECOND, "markeredgecolor": INK, "linestyle": ""}
        handles += ax.plot(chosen.index, chosen["estimate"], label=say("primary"), zorder=4, **look)
    _split(ax, rows)
    _choices(ax, rows, say, result.language)
    ax.axhline(0, color=INK, linewidth=0.9, zorder=0)
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)
    points = say("points") if result.reading.values["unit"] else ""
    ax.set_ylabel(say("gap_axis", outcome=_outcome(result, unit=False)) + points, y=1 - UPPER / 2)
    title = say("specification_title", count=len(rows), n=len(result.units), units=_units(result))
    head(ax, title, result, legend=handles)
    return ax


def _split(ax, rows):
    """Leave the lower part of the axes to the choices: limits and ticks of the estimates' part only."""
    from matplotlib.ticker import MaxNLocator

    low, high = min(rows["ci_low"].min(), 0), max(rows["ci_high"].max(), 0)
    room = (high - low) * 0.04 or 1.0
    low, high = low - room, high + room
    ax.set_ylim(high - (high - low) / UPPER, high)
    ax.set_yticks([t for t in MaxNLocator(5).tick_values(low, high) if low <= t <= high])
    ax.set_xlim(-1, len(rows))
    ax.spines["left"].set_bounds(low, high)


def _choices(ax, rows, say, language):
    shown = {name: list(dict.fromkeys(sorted(rows[name]))) for name in CHOICES}
    shown = {name: levels for name, levels in shown.items() if len(levels) > 1}
    lines = sum(len(levels) for levels in shown.values()) + 0.6 * len(shown)
    place, step = 1 - UPPER - 0.03, (1 - UPPER - 0.05) / max(lines, 1)
    for name, levels in shown.items():
        for level in levels:
            there = rows.index[rows[name] == level]
            at = ax.get_xaxis_transform()
            ax.plot(there, [place] * len(there), "|", color=FIRST, markersize=6, markeredgewidth=1.2, transform=at)
            label = _choice_label(name, level, say, language)
            ax.text(-0.012, place, label, ha="right", va="center", fontsize=SMALL, color=INK, transform=ax.transAxes)
            place -= step
        place -= 0.6 * step


def _choice_label(name, level, say, language):
    if name == "tiers":
        return say("choice_tiers", tiers=int(level))
    if name == "trim":
        return say("choice_trim", share=100 * level) if level else say("choice_trim_none")
    if name == "minimum":
        return say("choice_minimum", least=level)
    if name == "loyalty":
        return say(f"by_{level}")
    known = {"none": "choice_controls_none", "equal": "choice_equal", "by size": "choice_by_size"}
    return say(known.get(level, "choice_controls"))


def _tier_labels(rows, say, many):
    labels, last = [], rows["tier"].max()
    for tier, part in rows.groupby("tier"):
        ends = {1: "lowest", last: "highest"}
        name = say(ends[tier]) if tier in ends and not many else str(tier)
        sizes = list(dict.fromkeys(part["n"]))
        labels.append(f"{name}\n" + ("\n" if many else " / ").join(("" if many else "n = ") + str(n) for n in sizes))
    return [label.replace(" / n = ", " / ") for label in labels]


def _say(result):
    return lambda key, **values: text(f"nps_margin.figure.{key}", result.language, **values)


def _units(result):
    return text(f"nps_margin.units.{result.settings['n_unit'].replace(' ', '_').replace('-', '_')}", result.language)


def _outcome(result, unit=True):
    values = result.reading.values
    name = text(values["outcome"][1:], result.language) if values["outcome"].startswith("@") else values["outcome"]
    return f"{name}, %" if values["unit"] and unit else name


def _capital(words):
    return words[:1].upper() + words[1:]


def _digits(result):
    return ".0f" if (100 * result.settings["confidence"]).is_integer() else ".1f"


FIGURES = {"tiers": tiers, "scatter": scatter, "specification_curve": specification_curve}
