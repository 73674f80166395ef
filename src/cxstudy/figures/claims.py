"""The picture of the verdicts: each tested claim's interval against what was published."""

import math

from cxstudy.figures.picture import DPI, Picture
from cxstudy.language import text

# shape carries the verdict, so that the picture can be read in grey
_MARKS = {
    "agrees": ("o", "black"), "recovered": ("o", "black"), "carried out": ("o", "black"),
    "disagrees": ("X", "black"), "not recovered": ("X", "black"),
    "cannot tell": ("o", "white"), "partly": ("o", "white"), "not recorded": ("o", "white"),
}
_BAND, _LINE = "#d4d4d4", "#5a5a5a"


def verdicts(result, ax=None):
    """Draw one row for each claim that has an interval; returns the Axes.

    ``result`` is what `cxstudy.claims.claims` returns. Units differ, so each row has its own scale, and its
    numbers stand at its right end. Grey band: declared zone (synthetic data: none). Vertical line: the null value
    of a claimed direction. Diamond: the truth synthetic data were made with.
    """
    import matplotlib.pyplot as plt

    language = result.language
    declared = result.declarations.drop(columns=["kind", "published", "unit", "truth"])
    rows = result.claims.merge(declared, on=["id", "finding"])
    rows = rows[rows["ci_low"].notna() & rows["ci_high"].notna()].reset_index(drop=True)
    if ax is None:
        _, ax = plt.subplots(FigureClass=Picture, figsize=(6.4, 1.5 + 0.62 * max(len(rows), 1)), dpi=DPI)
    ax.set_yticks([])
    ax.set_xticks([])
    ax.spines[["left", "right", "top"]].set_visible(False)
    title = text("figure.verdicts.title", language)
    mark = f" ({text('figure.verdicts.synthetic', language)})" if result.synthetic else ""
    ax.set_title(title + mark, loc="left", fontsize=11)
    if rows.empty:
        ax.text(0.5, 0.5, text("figure.verdicts.none", language), ha="center", va="center", transform=ax.transAxes)
        return ax
    ax.set_xlim(0, 1)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    for place, row in rows.iterrows():
        _draw_row(ax, place, row, result.synthetic, language)
    labels = [f"{row.id}\n{text('verdict.' + row.word.replace(' ', '_'), language)}" for row in rows.itertuples()]
    ax.set_yticks(range(len(rows)), labels, fontsize=9)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(text("figure.verdicts.scale", language), fontsize=9)
    _legend(ax, rows, result.synthetic, language)
    return ax


def _draw_row(ax, place, row, synthetic, language):
    compared = {"truth": row["truth"]} if synthetic else {
        "null_value": row["null_value"], "zone_low": _first(row["zone_low"], row["rank_low"]),
        "zone_high": _first(row["zone_high"], row["rank_high"]),
    }
    at = _scale([row["ci_low"], row["ci_high"], *(v for v in compared.values() if math.isfinite(v))])
    if math.isfinite(compared.get("zone_low", math.nan)):
        low, high = at(compared["zone_low"]), at(compared["zone_high"])
        # a single claimed rank has no width of its own
        ax.fill_betweenx([place - 0.3, place + 0.3], low - 0.01, high + 0.01, color=_BAND, linewidth=0)
    if math.isfinite(compared.get("null_value", math.nan)):
        ax.plot([at(compared["null_value"])] * 2, [place - 0.3, place + 0.3], color=_LINE, linestyle="--", linewidth=1)
    ax.plot([at(row["ci_low"]), at(row["ci_high"])], [place, place], color="black", linewidth=1.6)
    shape, fill = _MARKS[row["word"]]
    ax.plot(at(row["estimate"]), place, shape, markerfacecolor=fill, markeredgecolor="black", markersize=8)
    if math.isfinite(compared.get("truth", math.nan)):
        ax.plot(at(compared["truth"]), place - 0.24, "D", markerfacecolor=_BAND, markeredgecolor="black", markersize=5)
    numbers = text("figure.verdicts.interval", language, estimate=row["estimate"], low=row["ci_low"],
                   high=row["ci_high"], unit=row["unit"])
    zoned = math.isfinite(compared.get("zone_low", math.nan))
    zone = {"low": compared["zone_low"], "high": compared["zone_high"]} if zoned else {}
    key = "figure.verdicts.n_zone" if zoned else "figure.verdicts.n"
    count = text(key, language, n=row["n"], n_unit=row["n_unit"], **zone)
    ax.text(1.03, place, f"{numbers}\n{count}", transform=ax.get_yaxis_transform(), va="center", fontsize=9)


def _scale(values):
    """The row's own scale: its values between .08 and .92 of the width."""
    low, high = min(values), max(values)
    width = high - low
    return lambda value: 0.5 if width == 0 else 0.08 + 0.84 * (value - low) / width


def _first(*values):
    return next((float(v) for v in values if math.isfinite(v)), math.nan)


def _legend(ax, rows, synthetic, language):
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles = []
    for word in dict.fromkeys(rows["word"]):
        shape, fill = _MARKS[word]
        handles.append(Line2D([], [], marker=shape, color="black", markerfacecolor=fill, markersize=8,
                              label=text("verdict." + word.replace(" ", "_"), language)))
    if synthetic and rows["truth"].notna().any():
        handles.append(Line2D([], [], marker="D", linestyle="", markerfacecolor=_BAND, markeredgecolor="black",
                              markersize=5, label=text("figure.verdicts.truth", language)))
    if not synthetic and (rows["zone_low"].notna() | rows["rank_low"].notna()).any():
        handles.append(Patch(color=_BAND, label=text("figure.verdicts.zone", language)))
    if not synthetic and rows["null_value"].notna().any():
        handles.append(Line2D([], [], color=_LINE, linestyle="--", label=text("figure.verdicts.null", language)))
    ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(0, -0.45 / (0.62 * len(rows) + 0.3)), ncols=2,
              frameon=False, fontsize=9, borderaxespad=0)


FIGURES = {"verdicts": verdicts}
