"""A path diagram laid out so that no label can lie on an arrow: nodes in a row, arrows in lanes above and below them.

Arrows go up or down only at nodes, so the gaps between nodes hold nothing but level lines, one to a lane; a label
stands on its own line in a gap. Lengths are inches at the size of `size`.
"""

from textwrap import fill

import numpy as np
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

from cxstudy.figures.style import FIRST, INK, MUTED, SMALL

STEP, WIDTH, HEIGHT = 2.0, 1.08, 0.62
LANE, CORNER, EDGE = 0.5, 0.09, 0.25
LETTERS = 12


def lanes(order, arrows):
    """Arrows between neighbours and others: {(a, b): lane}, 0 between neighbours, 1, 2 … above, −1, −2 … below.

    ``order``: names from left to right; ``arrows``: pairs of names, all from left to right. Two arrows of one lane have
    no gap in common.

    >>> lanes(["a", "b", "c"], [("a", "b"), ("a", "c")])
    {('a', 'b'): 0, ('a', 'c'): 1}
    """
    place = {name: i for i, name in enumerate(order)}
    found, taken = {}, {}
    for a, b in sorted(arrows, key=lambda pair: (place[pair[1]] - place[pair[0]], place[pair[0]])):
        gaps = set(range(place[a], place[b]))
        if len(gaps) == 1:
            found[a, b] = 0
            continue
        free = (lane for n in range(1, 100) for lane in (n, -n) if not taken.get(lane, set()) & gaps)
        lane = next(free)
        found[a, b] = lane
        taken.setdefault(lane, set()).update(gaps)
    return {pair: found[pair] for pair in arrows}


def size(order, arrows):
    """Width and height in inches that the diagram needs."""
    used = [0, *lanes(order, arrows).values()]
    span = max(max(used), 0) - min(min(used), 0)
    return STEP * (len(order) - 1) + WIDTH + 2 * EDGE, HEIGHT + LANE * span + 0.9


def draw(ax, order, nodes, arrows):
    """Draw the diagram on ``ax``.

    ``nodes``: name → text in the box; ``arrows``: list of dicts from, to, label, strength (0–1, the width of the line),
    clear (solid line, else dashed).
    """
    pairs = [(arrow["from"], arrow["to"]) for arrow in arrows]
    at = {name: STEP * i for i, name in enumerate(order)}
    found = lanes(order, pairs)
    ports = _ports(order, found)
    for name in order:
        _box(ax, at[name], nodes[name])
    for arrow in arrows:
        pair = arrow["from"], arrow["to"]
        _arrow(ax, _route(at, pair, found[pair], ports), arrow)
        _label(ax, order, at, pair, found[pair], arrow)
    used = [0, *found.values()]
    ax.set_xlim(-WIDTH / 2 - EDGE, at[order[-1]] + WIDTH / 2 + EDGE)
    ax.set_ylim(-_level(-min(used)) - 0.25, _level(max(used)) + 0.5)
    ax.set_aspect("equal")
    ax.set_axis_off()


def _level(lane):
    """Height of a lane above the middle of the nodes, of its number without sign."""
    return HEIGHT / 2 if lane <= 0 else HEIGHT / 2 + LANE * lane - 0.15


def _ports(order, found):
    """(node, pair) → distance of the arrow's end from the middle of the node.

    What comes in is left and what goes out right of the middle; of two the arrow of the outer lane is nearer to it, so
    that neither crosses the other.
    """
    out = {}
    for name in order:
        for side in (1, -1):
            for end, sign in ((1, -1), (0, 1)):
                here = [p for p, lane in found.items() if p[end] == name and lane * side > 0]
                here.sort(key=lambda pair: -abs(found[pair]))
                reach = np.linspace(0.12, WIDTH / 2 - 0.08, max(len(here), 2))
                out |= {(name, pair): sign * float(x) for pair, x in zip(here, reach, strict=False)}
    return out


def _route(at, pair, lane, ports):
    """The line of an arrow: straight between neighbours, else up, along its lane and down, with round corners."""
    a, b = pair
    if lane == 0:
        return Path([(at[a] + WIDTH / 2, 0), (at[b] - WIDTH / 2, 0)])
    left, right = at[a] + ports[a, pair], at[b] + ports[b, pair]
    side = 1 if lane > 0 else -1
    foot, top = side * HEIGHT / 2, side * _level(abs(lane))
    bend = side * CORNER
    points = [
        (left, foot), (left, top - bend), (left, top), (left + CORNER, top), (right - CORNER, top), (right, top),
        (right, top - bend), (right, foot),
    ]  # fmt: skip
    line, curve = Path.LINETO, Path.CURVE3
    return Path(points, [Path.MOVETO, line, curve, curve, line, curve, curve, line])


def _arrow(ax, path, arrow):
    look = {"color": FIRST, "linewidth": 1.0 + 1.8 * arrow["strength"]}
    if not arrow["clear"]:
        look = {"color": MUTED, "linewidth": 1.1, "linestyle": (0, (4, 3))}
    ax.add_patch(FancyArrowPatch(path=path, arrowstyle="-|>", mutation_scale=11, zorder=2, **look))


def _label(ax, order, at, pair, lane, arrow):
    """The label on its own line, in the middle gap that the arrow crosses."""
    start, end = order.index(pair[0]), order.index(pair[1])
    x = at[order[start + (end - start - 1) // 2]] + STEP / 2
    y = 0 if lane == 0 else np.sign(lane) * _level(abs(lane))
    ax.text(
        x, y + 0.05, arrow["label"], ha="center", va="bottom", fontsize=SMALL - 1, color=INK, linespacing=1.05, zorder=3
    )  # fmt: skip


def _box(ax, x, text):
    shape = FancyBboxPatch(
        (x - WIDTH / 2 + 0.04, -HEIGHT / 2 + 0.04), WIDTH - 0.08, HEIGHT - 0.08, boxstyle="round,pad=0.04",
        facecolor="white", edgecolor=INK, linewidth=1.3, zorder=2,
    )  # fmt: skip
    ax.add_patch(shape)
    ax.text(x, 0, text, ha="center", va="center", fontsize=SMALL, color=INK, linespacing=1.1, zorder=3)


def wrapped(name, more=""):
    """A name in lines that fit a box, at most two, long words hyphenated, and ``more`` in a line below.

    >>> wrapped("medarbetarambassadörer", "R² 0.90")
    'medarbetara-\\nmbassadörer\\nR² 0.90'
    """
    words = []
    for word in name.split():
        while len(word) > LETTERS:
            words.append(word[: LETTERS - 1] + "-")
            word = word[LETTERS - 1 :]
        words.append(word)
    lines = fill(" ".join(words), LETTERS, break_long_words=False, break_on_hyphens=False).split("\n")
    if len(lines) > 2:
        lines = [lines[0], lines[1][: LETTERS - 1] + "…"]
    return "\n".join([*lines, more] if more else lines)
