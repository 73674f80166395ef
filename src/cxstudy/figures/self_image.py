"""Pictures of the two sides of work groups: slopes, gaps, limits of agreement, and the response surface."""

from textwrap import fill

import numpy as np

from cxstudy.figures.style import BAND, FIRST, INK, LABEL, MUTED, SECOND, SMALL, axes, head, zero_line
from cxstudy.language import number, text

LINES = 60
MANY = 800
NAME, LABELS = 30, 24
SHADES = 7
DARKEST = "#6f93b8"


def slopes(result, ax=None):
    """Each question's ratings of employees and customers: a line a work group (a sample of many), thick the mean."""
    say, names, rows = _say(result), result.settings["questions"], result.work_groups
    ax = axes(ax, (max(6.4, 2.1 * len(names) + 1.4), 4.6))
    step = max(1, -(-len(rows) // LINES))
    for place, name in enumerate(names):
        known = rows[rows[f"gap_{name}"].notna()].sort_values(f"gap_{name}")
        ends = known[[f"employees_{name}", f"customers_{name}"]].to_numpy()
        left = 2 * place
        ax.plot([left, left + 1], ends[step // 2 :: step].T, color=MUTED, linewidth=0.7, alpha=0.55, zorder=1)
        means = ends.mean(axis=0)
        ax.plot([left, left + 1], means, color=INK, linewidth=3, zorder=3)
        for x, mean, colour, marker in ((left, means[0], SECOND, "D"), (left + 1, means[1], FIRST, "o")):
            ax.plot(x, mean, marker=marker, markersize=9, markerfacecolor=colour, markeredgecolor=INK, zorder=4)
            side, reach = ("right", -9) if x == left else ("left", 9)
            ax.annotate(
                number(mean, ".1f", result.language), (x, mean), (reach, 0), textcoords="offset points", ha=side,
                va="center", fontsize=LABEL, color=INK, zorder=5,
                bbox={"boxstyle": "square,pad=0.12", "facecolor": "white", "edgecolor": "none", "alpha": 0.9},
            )  # fmt: skip
    handles = [
        ax.plot([], [], linestyle="", marker=m, markerfacecolor=c, markeredgecolor=INK, markersize=8, label=say(key))[0]
        for key, c, m in (("employees", SECOND, "D"), ("customers", FIRST, "o"))
    ]
    width = 18 if len(names) > 2 else NAME
    ax.set_xticks([2 * i + 0.5 for i in range(len(names))], [_name(n, width) for n in names])
    ax.tick_params(axis="x", length=0)
    ax.set_xlim(-0.6, 2 * len(names) - 0.4)
    ax.set_ylabel(say("rating_axis"))
    shown = len(range(step // 2, len(rows), step))
    key = "slopes_title_all" if step == 1 else "slopes_title"
    head(ax, say(key, n=len(rows), shown=shown), result, legend=handles)
    return ax


def gaps(result, ax=None):
    """Mean gap of each dimension with its interval, and the band of gaps that do not matter."""
    say, rows = _say(result), result.gaps
    ax = axes(ax, (7.6, 1.7 + 0.6 * len(rows)))
    margin, at = result.settings["margin"], np.arange(len(rows))
    band = ax.axvspan(-margin, margin, color=BAND, zorder=0, label=say("band", margin=margin))
    ax.axvline(0, color=MUTED, linewidth=0.9, zorder=1)
    ax.hlines(at, rows["ci_low"], rows["ci_high"], color=INK, linewidth=1.6, zorder=2)
    same = rows["equivalent"].astype(bool)
    differs = (rows["ci_low"] > 0) | (rows["ci_high"] < 0)
    handles = [band]
    for mask, face, marker, key in (
        (same, FIRST, "o", "equal"), (differs & ~same, SECOND, "D", "differs"),
        (~differs & ~same, "white", "s", "open"),
    ):  # fmt: skip
        if mask.any():
            look = {"marker": marker, "markersize": 8, "markerfacecolor": face, "markeredgecolor": INK, "linestyle": ""}
            handles += ax.plot(rows["estimate"][mask], at[mask], zorder=3, label=say(key), **look)
    for y, mean in zip(at, rows["estimate"], strict=True):
        shown = number(mean, "+.1f", result.language)
        ax.annotate(shown, (mean, y), (0, 7), textcoords="offset points", ha="center", fontsize=SMALL, color=INK)
    ax.set_yticks(at, [_about(result, row) for row in rows.itertuples()])
    ax.set_ylim(len(rows) - 0.5, -0.6)
    reach = np.nanmax([1.15 * margin, *np.abs(rows[["estimate", "ci_low", "ci_high"]].to_numpy()).ravel() * 1.08])
    ax.set_xlim(-reach, reach)
    ax.locator_params(axis="x", nbins=7)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(say("gap_axis"))
    level = number(100 * result.settings["confidence"], _digits(result), result.language)
    head(ax, say("gaps_title", level=level, n=len(result.work_groups)), result, legend=handles)
    return ax


def bland_altman(result, ax=None):
    """Bland–Altman plot of the question whose mean gap is largest: gap by mean, mean and limits with intervals."""
    say, ax = _say(result), axes(ax, (6.8, 4.4))
    table = result.limits[result.limits["estimate"].notna()]
    name = _widest(result, table)
    if name is None:
        return _nothing(ax, say("nothing"))
    rows = result.work_groups[result.work_groups[f"gap_{name}"].notna()]
    middle = (rows[f"employees_{name}"] + rows[f"customers_{name}"]) / 2
    dense = len(rows) > MANY
    dots = ax.scatter(
        middle, rows[f"gap_{name}"], s=7 if dense else 16, color=MUTED, alpha=0.5 if dense else 0.8, linewidths=0,
        label=say("one_group"), zorder=1,
    )  # fmt: skip
    zero_line(ax)
    lines = table[table["dimension"] == name].set_index("of")
    handles = [dots]
    for of, style, colour in (("mean", "-", FIRST), ("lower", (0, (5, 3)), INK), ("upper", (0, (5, 3)), INK)):
        row = lines.loc[of]
        ax.axhspan(row["ci_low"], row["ci_high"], color=BAND, alpha=0.7, linewidth=0, zorder=0)
        width = 2.2 if of == "mean" else 1.4
        line = ax.axhline(row["estimate"], color=colour, linewidth=width, linestyle=style, zorder=2)
        if of == "mean":
            line.set_label(say("mean_line", mean=row["estimate"]))
        if of == "lower":
            line.set_label(say("limits", low=row["estimate"], high=lines.loc["upper", "estimate"]))
        handles += [line] if of != "upper" else []
    ax.set_xlabel(say("mean_axis"))
    ax.set_ylabel(say("gap_axis"))
    ax.margins(y=0.12)
    title = say("bland_title", dimension=_name(name, 34).replace("\n", " "), n=len(rows))
    head(ax, fill(title, 64), result, legend=handles)
    return ax


def surface(result, ax=None):
    """Customers' NPS by both sides' ratings as a contour map where there are data, with the line of agreement."""
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.lines import Line2D

    say, ax, grid = _say(result), axes(ax, (6.0, 5.0)), result.surface
    if grid.empty:
        return _nothing(ax, result.note("self_image.note.surface"))
    side = int(np.sqrt(len(grid)))
    x, y, z = (grid[c].to_numpy(float).reshape(side, side) for c in ("x", "y", "estimate"))
    shades = LinearSegmentedColormap.from_list("blue", ["#ffffff", DARKEST])
    filled = ax.contourf(x, y, np.ma.masked_invalid(z), levels=SHADES, cmap=shades, zorder=0)
    lines = ax.contour(
        x, y, np.ma.masked_invalid(z), levels=filled.levels, colors=INK, linewidths=0.6, linestyles="solid", zorder=1
    )
    names = result.settings["questions"]
    means = {
        s: result.work_groups[[f"{s}_{q}" for q in names]].mean(axis=1, skipna=False)
        for s in ("employees", "customers")
    }
    known = means["employees"].notna() & means["customers"].notna() & result.work_groups["nps"].notna()
    look = {"s": 5 if known.sum() > MANY else 12, "color": INK, "alpha": 0.35, "linewidths": 0}
    ax.scatter(means["employees"][known], means["customers"][known], zorder=2, **look)
    room = 0.08 * np.ptp(x)
    ends = [x.min() - room, x.max() + room]
    ax.plot(ends, ends, color=INK, linewidth=1.6, linestyle=(0, (6, 3)), zorder=3)
    ax.set_xlim(*ends)
    ax.set_ylim(*ends)
    ax.set_aspect("equal")
    _heights(ax, lines, result)
    ax.set_xlabel(say("employee_axis"))
    ax.set_ylabel(say("customer_axis"))
    handles = [
        Line2D([], [], color=INK, linewidth=1.6, linestyle=(0, (6, 3)), label=say("agreement_line")),
        Line2D([], [], color=INK, linewidth=0.6, label=say("nps")),
        Line2D([], [], color=INK, alpha=0.5, marker="o", markersize=4, linestyle="", label=say("one_group")),
    ]
    head(ax, fill(say("surface_title", n=int(known.sum())), 58), result, legend=handles)
    return ax


def _heights(ax, lines, result):
    """The NPS at the left end of every line, where no other line crosses it."""
    room = -np.inf
    for level, paths in zip(lines.levels, lines.allsegs, strict=True):
        if not any(len(path) for path in paths):
            continue
        x, y = min((path[np.argmin(path[:, 0])] for path in paths if len(path)), key=lambda point: point[0])
        if abs(y - room) < 0.035 * np.ptp(ax.get_ylim()):
            continue
        room = y
        ax.annotate(
            number(level, "+.0f", result.language), (x, y), (-3, 0), textcoords="offset points", ha="right",
            va="center", fontsize=SMALL, color=INK, zorder=4, annotation_clip=False,
        )  # fmt: skip


def _widest(result, table):
    known = set(table.loc[table["of"] == "lower", "dimension"])
    rows = result.gaps[result.gaps["dimension"].isin(known & set(result.settings["questions"]))]
    return None if rows.empty else rows.loc[rows["estimate"].abs().idxmax(), "dimension"]


def _about(result, row):
    name = _name(row.dimension, LABELS)
    if not row.about or row.about == row.dimension:
        return name
    return text(f"self_image.figure.about_{row.about}", result.language, dimension=name)


def _name(name, width):
    """A question's name on lines of ``width`` letters, cut after some three."""
    words = name.replace("_", " ")
    kept = words if len(words) <= 3 * width else f"{words[: 3 * width - 3].rstrip()}…"
    return fill(kept, width)


def _nothing(ax, words):
    ax.text(0.5, 0.5, fill(words, 60), ha="center", va="center", transform=ax.transAxes, fontsize=LABEL, color=INK)
    ax.set_axis_off()
    return ax


def _say(result):
    return lambda key, **values: text(f"self_image.figure.{key}", result.language, **values)


def _digits(result):
    return ".0f" if (100 * result.settings["confidence"]).is_integer() else ".1f"


FIGURES = {"slopes": slopes, "gaps": gaps, "bland_altman": bland_altman, "surface": surface}
