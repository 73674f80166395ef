"""Pictures of drivers: importance by performance, derived and stated importance, and where the two disagree."""

from textwrap import fill

import numpy as np

from cxstudy.figures.label_places import DOT, places
from cxstudy.figures.style import BAND, FIRST, INK, LABEL, MUTED, SECOND, SMALL, axes, head
from cxstudy.language import number, text

NAME = 26
SHORT = 16
PRIORITIES = 3
ROOMY = 10
TITLE_WIDTH = 54
BACK = {"boxstyle": "square,pad=0.05", "facecolor": "white", "edgecolor": "none", "alpha": 0.8}


def driver_map(result, ax=None):
    """The importance–performance map: where importance is high and performance low stands the first to work on."""
    say, rows = _say(result), result.map
    rows = rows[rows["performance"].notna() & rows["importance"].notna()]
    own, ax = ax is None, axes(ax, _size(len(rows)))
    if rows.empty:
        return _nothing(ax, say("nothing_map"))
    scale = 1 if result.settings["method"] == "beta" else 100
    x, y = rows["performance"].to_numpy(), scale * rows["importance"].to_numpy()
    ends = rows[["importance_low", "importance_high"]].to_numpy() * scale
    _whiskers(ax, x, y, rows[["performance_low", "performance_high"]].to_numpy(), np.sort(np.abs(ends), axis=1))
    first = np.arange(len(rows)) < PRIORITIES
    handles = []
    for mask, face, marker, key in ((first, SECOND, "D", "start"), (~first, FIRST, "o", "other")):
        if mask.any():
            handles += _dots(ax, x[mask], y[mask], face, marker, say(key))
    ax.margins(0.12)
    middle = rows["performance_mean"].iloc[0], scale * rows["importance_mean"].iloc[0]
    handles.append(_means(ax, middle, say("means")))
    left, top = ax.get_xlim()[0], ax.get_ylim()[1]
    ax.fill_between([left, middle[0]], middle[1], top, color=BAND, alpha=0.6, linewidth=0, zorder=0)
    ax.set_xlim(left, ax.get_xlim()[1])
    ax.set_ylim(ax.get_ylim()[0], top)
    ax.set_xlabel(say("performance_axis"))
    ax.set_ylabel(fill(_importance_axis(result), 46))
    head(ax, say("map_title", count=len(rows)), result, legend=handles)
    _label(ax, x, y, list(rows["driver"]), own, counted=PRIORITIES)
    return ax


def derived(result, ax=None):
    """Each driver's share of the outcome's variance with its interval, the largest first."""
    say, rows = _say(result), result.importance
    ax = axes(ax, (7.4, 1.6 + 0.42 * max(len(rows), 1)))
    if rows.empty:
        return _nothing(ax, say("nothing_map"))
    rows = rows.iloc[rows["estimate"].abs().argsort(kind="stable")[::-1]]
    scale = 1 if result.settings["method"] == "beta" else 100
    at = np.arange(len(rows))
    estimate, low, high = (scale * rows[c].to_numpy(float) for c in ("estimate", "ci_low", "ci_high"))
    ax.hlines(at, low, high, color=INK, linewidth=1.6, zorder=2)
    certain = (rows["rank_low"] == rows["rank_high"]).to_numpy()
    handles = _by_certainty(ax, estimate, at, certain, say)
    _rows_of(ax, at, rows["driver"], rows, say)
    ax.axvline(0, color=MUTED, linewidth=0.9, zorder=0)
    ax.set_xlabel(_importance_axis(result))
    level = number(100 * result.settings["confidence"], ".0f", result.language)
    title = say("derived_title", level=level, count=len(rows), r2=rows["r_squared"].iloc[0])
    head(ax, fill(title, TITLE_WIDTH), result, legend=handles)
    return ax


def stated(result, ax=None):
    """Share of the customers who name each driver, its simultaneous interval and the ranks it may have."""
    say, rows = _say(result), result.stated
    ax = axes(ax, (7.4, 1.6 + 0.42 * max(len(rows), 1)))
    if rows.empty:
        return _nothing(ax, result.note("drivers.note.stated"))
    at = np.arange(len(rows))
    ax.hlines(at, rows["ci_low"].astype(float), rows["ci_high"].astype(float), color=INK, linewidth=1.6, zorder=2)
    certain = (rows["rank_low"] == rows["rank_high"]).to_numpy()
    handles = _by_certainty(ax, rows["estimate"].to_numpy(float), at, certain, say)
    _rows_of(ax, at, rows["driver"], rows, say)
    ax.set_xlim(left=0)
    ax.set_xlabel(say("stated_axis"))
    level = number(100 * result.settings["confidence"], ".0f", result.language)
    title = say("stated_title", n=rows["n_answers"].iloc[0], level=level)
    head(ax, fill(title, TITLE_WIDTH), result, legend=handles)
    return ax


def disagree(result, ax=None):
    """Stated by derived importance of the drivers that have both; those that are high in one and low in the other."""
    say, rows = _say(result), result.stated_and_derived
    own, ax = ax is None, axes(ax, _size(len(rows)))
    if rows.empty:
        return _nothing(ax, result.note("drivers.note.disagree"))
    x, y = rows["stated"].to_numpy(), rows["derived"].to_numpy()
    across, up = (rows[[f"{side}_low", f"{side}_high"]].to_numpy() for side in ("stated", "derived"))
    _whiskers(ax, x, y, across, up)
    flagged = rows["flag"].str.endswith("higher").to_numpy()
    handles = []
    for mask, face, marker, key in ((flagged, SECOND, "D", "flagged"), (~flagged, FIRST, "o", "not_flagged")):
        if mask.any():
            handles += _dots(ax, x[mask], y[mask], face, marker, say(key))
    ax.margins(0.14)
    handles.append(_means(ax, (100 / len(rows), 100 / len(rows)), say("means")))
    ax.set_xlabel(say("stated_of_axis"))
    ax.set_ylabel(say("derived_of_axis"))
    head(ax, say("disagree_title", count=len(rows)), result, legend=handles)
    _label(ax, x, y, list(rows["driver"]), own)
    return ax


def _dots(ax, x, y, face, marker, label):
    look = {"linestyle": "", "marker": marker, "markersize": 8, "markerfacecolor": face, "markeredgecolor": INK}
    return ax.plot(x, y, label=label, zorder=3, **look)


def _whiskers(ax, x, y, across, up):
    """Both intervals of each point, fainter where there are many."""
    look = {"color": MUTED, "linewidth": 1.2, "alpha": 0.6 if len(x) <= ROOMY else 0.35, "zorder": 1}
    ax.vlines(x, *up.T, **look)
    ax.hlines(y, *across.T, **look)


def _means(ax, middle, label):
    look = {"color": MUTED, "linewidth": 1, "linestyle": (0, (5, 3)), "zorder": 0.5}
    ax.axvline(middle[0], **look)
    return ax.axhline(middle[1], label=label, **look)


def _by_certainty(ax, estimate, at, certain, say):
    handles = []
    for mask, face, marker, key in ((certain, FIRST, "o", "certain"), (~certain, "white", "s", "uncertain")):
        if mask.any():
            handles += _dots(ax, estimate[mask], at[mask], face, marker, say(key))
    return handles


def _rows_of(ax, at, names, rows, say):
    """The names on the left, the possible ranks on the right, the first row on top."""
    ax.set_yticks(at, [_name(n, NAME) for n in names])
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(len(at) - 0.5, -0.5)
    for y, low, high in zip(at, rows["rank_low"], rows["rank_high"], strict=True):
        if np.isfinite(low):
            words = say("rank", low=low) if low == high else say("ranks", low=low, high=high)
            ax.annotate(
                words, (1, y), (6, 0), xycoords=("axes fraction", "data"), textcoords="offset points", va="center",
                fontsize=SMALL, color=INK, annotation_clip=False,
            )  # fmt: skip


def _label(ax, x, y, names, own, counted=0):
    """Names beside their points so that none lies on another; shorter ones, or numbers with a key, where space lacks.

    The first ``counted`` names begin with their number.
    """
    before = [f"{i} " if i <= counted else "" for i in range(1, len(names) + 1)]
    long, short = ([b + f(n) for b, n in zip(before, names, strict=True)] for f in (_wrapped, _brief))
    if not (_placed(ax, x, y, long) or _placed(ax, x, y, short)):
        numbered = [str(i) for i in range(1, len(names) + 1)]
        key = "\n".join(f"{i}  {_brief(n)}" for i, n in zip(numbered, names, strict=True))
        ax.text(1.02, 1, key, transform=ax.transAxes, va="top", fontsize=SMALL, color=INK)
        _placed(ax, x, y, numbered)
    if own:
        # what was placed stays where it is
        ax.figure.set_layout_engine("none")


def _placed(ax, x, y, words):
    """Whether all labels found a place; drawn only if they did, with a line to the point of those that stand off."""
    figure = ax.figure
    figure.draw_without_rendering()
    dpi = figure.dpi
    made = [ax.text(0, 0, w, fontsize=SMALL, color=INK, linespacing=0.95, zorder=4) for w in words]
    boxes = [t.get_window_extent() for t in made]
    sizes = [(b.width / dpi + 0.04, b.height / dpi + 0.03) for b in boxes]
    points = ax.transData.transform(np.column_stack([x, y])) / dpi
    frame = np.array(ax.get_window_extent().extents) / dpi
    corners = places([tuple(p) for p in points], sizes, tuple(frame))
    if corners is None:
        for one in made:
            one.remove()
        return False
    for one, corner, size, point in zip(made, corners, sizes, points, strict=True):
        corner, size = np.asarray(corner), np.asarray(size)
        # in shares of the axes, so that it follows them
        one.set_position((corner + (0.02, 0.015) - frame[:2]) / (frame[2:] - frame[:2]))
        one.set(transform=ax.transAxes, va="bottom", ha="left", bbox=BACK)
        near = np.clip(point, corner, corner + size)
        if np.hypot(*(near - point)) > 2 * DOT:
            ends = (np.array([point, near]) - frame[:2]) / (frame[2:] - frame[:2])
            ax.plot(*ends.T, transform=ax.transAxes, color=INK, linewidth=0.6, zorder=2)
    return True


def _importance_axis(result):
    key = "coefficient_axis" if result.settings["method"] == "beta" else "importance_axis"
    return text(f"drivers.figure.{key}", result.language, name=_brief(result.settings["outcome"]))


def _size(count):
    return (7.4, 4.8) if count <= ROOMY else (9.2, 6.6)


def _name(name, width):
    """A name of at most two times ``width`` letters on two lines, of ``width`` where its words allow it."""
    words = str(name).replace("_", " ")
    kept = words if len(words) <= 2 * width else f"{words[: 2 * width - 1].rstrip()}…"
    return next(lines for w in range(width, 2 * width + 1) if (lines := fill(kept, w)).count("\n") < 2)


def _wrapped(name):
    return _name(name, NAME)


def _brief(name):
    words = str(name).replace("_", " ")
    return words if len(words) <= SHORT else f"{words[: SHORT - 1].rstrip()}…"


def _nothing(ax, words):
    ax.text(0.5, 0.5, fill(words, 60), ha="center", va="center", transform=ax.transAxes, fontsize=LABEL, color=INK)
    ax.set_axis_off()
    return ax


def _say(result):
    return lambda key, **values: text(f"drivers.figure.{key}", result.language, **values)


FIGURES = {"map": driver_map, "derived": derived, "stated": stated, "disagree": disagree}
