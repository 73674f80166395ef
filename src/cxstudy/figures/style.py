"""The look all figures share: colours that differ in grey too, sizes, and the word *synthetic*."""

from cxstudy.figures.picture import DPI, Picture
from cxstudy.language import text

INK = "#1b2a41"  # text, lines, the first series
FIRST = "#1f4e79"  # dark: relative luminance .07
SECOND = "#f0a860"  # light, dark edge: .48
BAND = "#d9e2ec"  # fill behind a line: .74
MUTED = "#8a94a3"  # what stands back: .29
TITLE, LABEL, SMALL = 11, 9.5, 8.5


def axes(ax, size):
    """The given Axes, or those of a new figure of ``size`` inches; frame reduced to two sides."""
    import matplotlib.pyplot as plt

    if ax is None:
        _, ax = plt.subplots(FigureClass=Picture, figsize=size, dpi=DPI, layout="constrained")
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=LABEL, colors=INK)
    ax.xaxis.label.set(fontsize=LABEL, color=INK)
    ax.yaxis.label.set(fontsize=LABEL, color=INK)
    return ax


def head(ax, title, result, *, legend=None):
    """Title, above it the word *synthetic* where it applies, and the legend (handles) between title and axes."""
    if result.synthetic:
        title = f"{title}\n{text('figure.synthetic', result.language)}"
    ax.set_title(title, loc="left", fontsize=TITLE, color=INK, pad=24 if legend else 8)
    if legend:
        box = {"loc": "lower left", "bbox_to_anchor": (0, 1), "ncols": len(legend), "frameon": False}
        ax.legend(handles=legend, **box, fontsize=SMALL, borderaxespad=0.1, handletextpad=0.5, columnspacing=1.6)


def zero_line(ax):
    """A thin line at zero, behind everything."""
    ax.axhline(0, color=MUTED, linewidth=0.9, zorder=0)
