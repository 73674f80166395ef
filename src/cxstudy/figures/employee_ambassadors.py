"""Pictures of the two sides of work groups: every group, the dose–response, and the ratio that depends on its zero."""

from cxstudy.figures.ambassador_choices import sensitivity
from cxstudy.figures.ambassador_contact import contact
from cxstudy.figures.style import BAND, FIRST, INK, LABEL, MUTED, SECOND, SMALL, axes, head, zero_line
from cxstudy.language import number, text

REST, HIGH = {"marker": "o", "s": 15}, {"marker": "D", "s": 22}
DOSES = {"feelings": ("D", SECOND), "tiers": ("o", FIRST)}
DENSE = 1500
GAP = 1


def groups(result, ax=None):
    """Every work group by its employees' and its customers' index; each kind's mean and interval as line and band."""
    say, ax, rows = _say(result), axes(ax, (7.0, 4.8)), result.work_groups
    compared = result.comparison[result.comparison["measure"] == "cx_index"].set_index("statistic_of")
    high = rows["n_high"] == len(result.settings["feelings"])
    thin = {"linewidths": 0.4, "alpha": 0.35 if len(rows) > DENSE else 0.75}
    handles = []
    for kind, look, colour, edge in (("rest", REST, MUTED, "white"), ("high", HIGH, SECOND, INK)):
        part = rows[high] if kind == "high" else rows[~high]
        if not len(part):
            continue
        key = kind if result.settings["feelings"] else "one_group"
        label = say(key, n=len(part), cut=result.settings["cut"])
        order = {"rest": 1, "high": 2}[kind]
        handles.append(
            ax.scatter(
                part["employee_index"],
                part["cx_index"],
                color=colour,
                edgecolors=edge,
                zorder=order,
                label=label,
                **look,
                **thin,
            )
        )
        if kind in compared.index:
            _mean_line(ax, part["employee_index"], compared.loc[kind], kind, result.language)
    ax.set_xlabel(say("employee_axis" if result.settings["feelings"] else "shared_axis"))
    ax.set_ylabel(say("customer_axis"))
    ax.margins(x=0.03, y=0.06)
    level = number(100 * result.settings["confidence"], _digits(result), result.language)
    title = say("groups_title" if len(compared) else "groups_title_plain", n=len(rows), level=level)
    head(ax, title, result, legend=handles)
    return ax


def dose(result, ax=None):
    """Mean customers' index by number of high feelings, and by tiers of the employees' index, with intervals, n."""
    say, ax = _say(result), axes(ax, (7.0, 4.4))
    parts = [(name, rows) for name, rows in (("feelings", result.dose), ("tiers", result.tiers)) if len(rows) > 1]
    if not parts:
        return _empty(ax, say("no_dose"))
    at, ticks, labels, handles = 0, [], [], []
    for name, rows in parts:
        marker, colour = DOSES[name]
        places = list(range(at, at + len(rows)))
        look = {"marker": marker, "markersize": 7.5, "markerfacecolor": colour, "markeredgecolor": INK}
        ax.vlines(places, rows["ci_low"], rows["ci_high"], color=INK, linewidth=1.6, zorder=2)
        ax.plot(places, rows["estimate"], color=MUTED, linewidth=1, zorder=1)
        ax.plot(places, rows["estimate"], linestyle="", zorder=3, **look)
        handles += ax.plot(
            [], [], color=INK, label=say(f"by_{name}" if result.settings["feelings"] else "by_shared"), **look
        )
        for x, top, mean in zip(places, rows["ci_high"].fillna(rows["estimate"]), rows["estimate"], strict=True):
            shown = number(mean, ".1f", result.language)
            ax.annotate(shown, (x, top), (0, 3), textcoords="offset points", ha="center", fontsize=SMALL, color=INK)
        ticks += places
        labels += _names(rows, name, say)
        at += len(rows) + GAP
    ax.set_xticks(ticks, labels)
    ax.tick_params(axis="x", length=0)
    ax.set_xlim(-0.6, ticks[-1] + 0.6)
    ax.margins(y=0.12)
    ax.set_xlabel(say("dose_axis"))
    ax.set_ylabel(say("mean_axis"))
    level = number(100 * result.settings["confidence"], _digits(result), result.language)
    head(ax, say("dose_title", level=level), result, legend=handles)
    return ax


def zero(result, ax=None):
    """How many per cent better the high groups are, by where the zero is put: one difference, any percentage."""
    say, ax, rows = _say(result), axes(ax, (7.0, 4.4)), result.zeros
    if rows.empty:
        return _empty(ax, say("no_zero"))
    zero_line(ax)
    ratios = result.comparison.set_index(["measure", "statistic_of"])
    sizes = ratios.loc[("cx_index", "ratio 100"), ["n_high", "n_rest"]]
    (curve,) = ax.plot(
        rows["zero"], rows["percent"], color=FIRST, linewidth=2.2, label=say("ratio_curve", **sizes), zorder=2
    )
    published = ax.axhline(
        result.settings["published_percent"], color=MUTED, linestyle=(0, (4, 3)), linewidth=1.2, zorder=1
    )
    published.set_label(say("published", percent=result.settings["published_percent"]))
    handles = [curve, published]
    marks = (("ratio raw", result.settings["raw_zero"], "D", SECOND), ("ratio 100", 0, "o", FIRST))
    for name, place, marker, colour in marks:
        if ("cx_index", name) not in ratios.index:
            continue
        row = ratios.loc[("cx_index", name)]
        percent, low, high = row["percent"], row["percent_low"], row["percent_high"]
        look = {"marker": marker, "markersize": 8, "markerfacecolor": colour, "markeredgecolor": INK, "linestyle": ""}
        ax.vlines(place, low, high, color=INK, linewidth=1.6, zorder=3)
        label = say(name.replace(" ", "_"), percent=percent, low=_end(result, 0), high=_end(result, 1))
        handles += ax.plot(place, percent, zorder=4, label=label, **look)
    ax.set_xlabel(say("zero_axis"))
    ax.set_ylabel(say("percent_axis"))
    ax.set_xlim(rows["zero"].min(), rows["zero"].max())
    head(ax, say("zero_title"), result)
    ax.legend(handles=handles, loc="upper left", frameon=False, fontsize=SMALL)
    return ax


def _mean_line(ax, x, row, kind, language):
    ends = (x.min(), x.max())
    ax.fill_between(ends, row["ci_low"], row["ci_high"], color=BAND, alpha=0.85, linewidth=0, zorder=3)
    ax.plot(
        ends, [row["estimate"]] * 2, color=INK, linewidth=2, linestyle="-" if kind == "high" else (0, (5, 2)), zorder=4
    )
    place, side = (ends[1], "right") if kind == "high" else (ends[0], "left")
    shown = number(row["estimate"], ".1f", language)
    box = {"boxstyle": "square,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
    ax.annotate(
        shown,
        (place, row["ci_high"]),
        (0, 5),
        textcoords="offset points",
        ha=side,
        fontsize=LABEL,
        color=INK,
        bbox=box,
        zorder=5,
    )


def _names(rows, name, say):
    if name == "feelings":
        firsts = [str(int(n)) for n in rows["n_high"]]
    else:
        ends = {rows["tier"].min(): say("lowest"), rows["tier"].max(): say("highest")}
        firsts = [ends.get(tier, str(int(tier))) if len(rows) <= 5 else str(int(tier)) for tier in rows["tier"]]
    return [f"{first}\nn = {n}" for first, n in zip(firsts, rows["n"], strict=True)]


def _end(result, i):
    return result.settings["raw_scale"][i] if result.settings["raw_scale"] else 0


def _empty(ax, words):
    ax.text(0.5, 0.5, words, ha="center", va="center", transform=ax.transAxes, fontsize=LABEL, wrap=True)
    ax.set_axis_off()
    return ax


def _say(result):
    return lambda key, **values: text(f"employee_ambassadors.figure.{key}", result.language, **values)


def _digits(result):
    return ".0f" if (100 * result.settings["confidence"]).is_integer() else ".1f"


FIGURES = {"groups": groups, "dose": dose, "zero": zero, "sensitivity": sensitivity, "contact": contact}
