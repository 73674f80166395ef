"""Pictures of the data before any result: answers to recommend, missing answers, sizes of groups."""

from matplotlib.colors import LinearSegmentedColormap

from cxstudy.figures.style import FIRST, INK, LABEL, MUTED, SECOND, SMALL, axes, head
from cxstudy.language import number, text

LOOK = {"customers": (FIRST, -0.2), "employees": (SECOND, 0.2)}
DARK = 0.55
TOP = 0.72
LONG = 22


def answers(result, ax=None):
    """Share of each answer to the question of recommending; where zeros are lost, the share that was expected."""
    say, ax = _say(result), axes(ax, (6.8, 4.2))
    rows = result.distribution
    if rows.empty:
        return _nothing(ax, say("no_answers"))
    names, handles = list(rows["table"].unique()), []
    alone = len(names) == 1
    for name, part in rows.groupby("table", sort=False):
        colour, shift = LOOK[name]
        at = [place + (0 if alone else shift) for place in range(len(part))]
        label = say(f"by_{name}", n=part["n_answers"].iloc[0])
        handles.append(
            ax.bar(at, part["share"], 0.75 if alone else 0.38, color=colour, edgecolor=INK, linewidth=0.6, label=label)
        )
        if alone:
            for x, share in zip(at, part["share"], strict=True):
                shown = number(share, ".1f", result.language)
                ax.annotate(
                    shown, (x, share), (0, 3), textcoords="offset points", ha="center", fontsize=SMALL, color=INK
                )
        handles += _lost(result, ax, name, at[0], say)
    levels = rows[rows["table"] == names[0]]["score"]
    classes = ("promoters", "passives", "detractors")
    ax.set_xticks(range(len(levels)), [say(f"class_{v}") if v in classes else v for v in levels])
    ax.set_xlabel(say("score_axis"))
    ax.set_ylabel(say("share_axis"))
    ax.margins(y=0.1)
    head(ax, say("answers_title"), result, legend=handles)
    return ax


def _lost(result, ax, name, x, say):
    rows = result.tables.get("lost_zeros")
    rows = rows[(rows["table"] == name) & (rows["by"] == "all") & (rows["flagged"] == 1)] if rows is not None else ()
    if not len(rows):
        return []
    share = 100 * rows["expected"].iloc[0] / rows["n_answers"].iloc[0]
    look = {"marker": "D", "markersize": 8, "markerfacecolor": "white", "markeredgecolor": INK, "linestyle": ""}
    return ax.plot([x], [share], label=say("expected_zeros"), clip_on=False, **look)


def missing(result, ax=None):
    """Share missing by group and question of one table: each unit, or the levels of a fact and the units with the
    most missing.
    """
    say, rows = _say(result), result.missing_map.dropna(subset=["missing"])
    name = "customers" if (rows["table"] == "customers").any() else "employees"
    rows = rows[rows["table"] == name]
    order = result.missing[(result.missing["table"] == name) & (result.missing["n_missing"] > 0)]["column"]
    rows = rows[rows["column"].isin(list(order))]
    if rows.empty:
        return _nothing(axes(ax, (6.8, 3)), say("nothing_missing"))
    wide = rows.pivot_table(index="group", columns="column", values="missing", sort=False)[list(order)]
    levels = rows.loc[rows["kind"] != "unit", "group"].nunique()
    ax = axes(ax, (2.4 + 0.85 * len(order), 1.9 + 0.27 * len(wide)))
    top = max(wide.to_numpy().max(), 1.0)
    ax.imshow(
        wide, aspect="auto", vmin=0, vmax=top, cmap=LinearSegmentedColormap.from_list("missing", ["white", FIRST])
    )
    for y, values in enumerate(wide.to_numpy()):
        for x, value in enumerate(values):
            ink = "white" if value > DARK * top else INK
            ax.text(
                x,
                y,
                number(value, ".0f" if top >= 10 else ".1f", result.language),
                ha="center",
                va="center",
                fontsize=SMALL,
                color=ink,
                in_layout=False,
            )
    ax.set_xticks(range(len(order)), [c.replace("_", "\n") for c in order], fontsize=SMALL)
    n = rows.groupby("group")["n_answers"].max()
    labels = [say("group", group=g if len(g) <= LONG else g[: LONG - 1] + "…", n=n[g]) for g in wide.index]
    ax.set_yticks(range(len(wide)), labels, fontsize=SMALL)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    if levels and levels < len(wide):
        ax.axhline(levels - 0.5, color=INK, linewidth=1.4)
    key = "missing_title_worst" if levels else "missing_title"
    units = text(f"data_check.kind.{result.settings['unit']}", result.language)
    fact = text(f"data_check.kind.{rows['kind'].iloc[0]}", result.language) if levels else ""
    head(ax, say(key, table=say(f"of_{name}"), units=units, fact=fact, worst=len(wide) - levels), result)
    return ax


def sizes(result, ax=None):
    """How many groups have how many answers, a row for each table and kind of group; those under the threshold are
    light.
    """
    say, summary, classes = _say(result), result.group_sizes, result.size_classes
    ax = axes(ax, (7.2, 1.6 + 1.05 * len(summary)))
    for row, (_, one) in enumerate(summary.iloc[::-1].iterrows()):
        part = classes[(classes["table"] == one["table"]) & (classes["by"] == one["by"])]
        tallest = part["groups"].max()
        for low, high, groups, below in zip(part["low"], part["high"], part["groups"], part["below"], strict=True):
            height = TOP * groups / tallest
            colour = SECOND if below else FIRST
            ax.bar(low, height, high + 1 - low, bottom=row, align="edge", color=colour, edgecolor=INK, linewidth=0.6)
            if groups:
                middle = (low * (high + 1)) ** 0.5
                shown = number(groups, ",.0f", result.language)
                ax.annotate(
                    shown,
                    (middle, row + height),
                    (0, 2),
                    textcoords="offset points",
                    ha="center",
                    fontsize=SMALL,
                    color=INK,
                )
        ax.plot([one["threshold"]] * 2, [row, row + 0.95], color=INK, linewidth=1.2, linestyle=(0, (4, 3)))
        ax.axhline(row, color=MUTED, linewidth=0.8, zorder=0)
    ax.set_xscale("log")
    ax.set_xlim(0.95, max(classes["high"].max() + 1, 10) * 1.05)
    ticks = [t for t in (1, 10, 100, 1000, 10_000, 100_000, 1_000_000) if t <= classes["high"].max() + 1]
    ax.set_xticks(ticks, [number(t, ",.0f", result.language) for t in ticks])
    ax.minorticks_off()
    labels = [
        say("size_row", table=say(f"of_{r.table}"), kind=text(f"data_check.kind.{r.by}", result.language), n=r.n)
        for r in summary.itertuples()
    ]
    ax.set_yticks([place + 0.35 for place in range(len(labels))], labels[::-1])
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(0, len(summary) + 0.1)
    ax.spines["left"].set_visible(False)
    ax.set_xlabel(say("size_axis"))
    handles = [
        ax.bar(1, 0, color=SECOND, edgecolor=INK, label=say("below")),
        ax.bar(1, 0, color=FIRST, edgecolor=INK, label=say("enough")),
    ]
    handles += ax.plot([], [], color=INK, linewidth=1.2, linestyle=(0, (4, 3)), label=say("threshold"))
    head(ax, say("sizes_title"), result, legend=handles)
    return ax


def _nothing(ax, words):
    ax.text(0.5, 0.5, words, ha="center", va="center", transform=ax.transAxes, fontsize=LABEL, color=INK)
    ax.set_axis_off()
    return ax


def _say(result):
    return lambda key, **values: text(f"data_check.figure.{key}", result.language, **values)


FIGURES = {"answers": answers, "missing": missing, "sizes": sizes}
INTERNAL = ("missing",)
