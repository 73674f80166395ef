"""The pictures of the service-profit chain by their artists: no label on an arrow, marks where the table has them."""

import doctest
from dataclasses import replace
from itertools import combinations

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from chain_study import drawn, write
from matplotlib.colors import to_rgb
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from cxstudy.analyses.profit_chain import profit_chain
from cxstudy.figures import path_diagram
from cxstudy.figures.path_diagram import draw, lanes, size
from cxstudy.figures.profit_chain import FIGURES, effects, paths, staff
from cxstudy.figures.style import axes


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    study = write(tmp_path_factory.mktemp("chain"), *drawn(1, companies=40, groups=1))
    return replace(profit_chain(study, replicates=200), synthetic=True)


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    study = write(tmp_path_factory.mktemp("bare"), *drawn(2, companies=15, groups=1)[:2])
    return profit_chain(study, replicates=200)


def boxes(ax, artists):
    renderer = ax.figure.canvas.get_renderer()
    return [one.get_window_extent(renderer) for one in artists]


def lines(ax):
    """Every arrow as points on the picture, close to one another."""
    found = []
    for patch in ax.patches:
        if isinstance(patch, FancyArrowPatch):
            points = patch.get_transform().transform_path(patch.get_path()).interpolated(40)
            found.append(points.vertices[np.isfinite(points.vertices).all(axis=1)])
    return found


def labels(ax):
    """The labels of arrows and the texts of boxes."""
    apart = [t for t in ax.texts if "[" in t.get_text()]
    return apart, [t for t in ax.texts if "[" not in t.get_text()]


def check_diagram(ax):
    ax.figure.canvas.draw()
    on_arrows, in_boxes = labels(ax)
    extents, nodes = boxes(ax, on_arrows), boxes(ax, [p for p in ax.patches if isinstance(p, FancyBboxPatch)])
    assert len(lines(ax)) == len(on_arrows) and len(nodes) == len(in_boxes)
    for label in extents:
        for arrow in lines(ax):
            x, y = arrow.T
            inside = (x > label.x0) & (x < label.x1) & (y > label.y0) & (y < label.y1)
            assert not inside.any(), "a label lies on an arrow"
        assert not any(label.overlaps(node) for node in nodes)
    assert not any(a.overlaps(b) for a, b in combinations(extents, 2))
    for text, node in zip(boxes(ax, in_boxes), nodes, strict=True):
        assert node.x0 <= text.x0 and text.x1 <= node.x1 and node.y0 <= text.y0 and text.y1 <= node.y1


@pytest.mark.parametrize("language", ["en", "sv", "da"])
def test_no_label_lies_on_an_arrow_a_box_or_another(result, language):
    check_diagram(paths(replace(result, language=language)))


@pytest.mark.parametrize("k", [2, 3, 4, 5, 6, 7])
def test_a_diagram_of_any_size_keeps_labels_free(k):
    order = [f"v{i}" for i in range(k)]
    pairs = list(combinations(order, 2))
    ax = axes(None, size(order, pairs))
    arrows = [
        {"from": a, "to": b, "label": "−0.58\n[−0.88; −0.25]", "strength": 1, "clear": True} for a, b in pairs
    ]
    draw(ax, order, dict.fromkeys(order, "customer\nloyalty\nR² 0.48"), arrows)
    check_diagram(ax)


def test_two_arrows_share_no_piece_of_a_lane():
    order = list("abcdef")
    found = lanes(order, list(combinations(order, 2)))
    for (a, b), (c, d) in combinations(found, 2):
        first, second = (set(range(order.index(x), order.index(y))) for x, y in ((a, b), (c, d)))
        assert found[a, b] != found[c, d] or not first & second
    assert all((lane == 0) == (order.index(b) - order.index(a) == 1) for (a, b), lane in found.items())


def test_the_diagram_shows_every_path_and_says_synthetic(result):
    ax = paths(result)
    shown = {t.get_text().split("\n")[0] for t in labels(ax)[0]}
    assert shown == {f"{v:.2f}".replace("-", "−") for v in result.paths["estimate"]} or len(shown) <= len(result.paths)
    assert "synthetic" in ax.get_title(loc="left")
    assert sum("R²" in t.get_text() for t in ax.texts) == len(result.equations)


def test_clear_and_open_paths_differ_without_colour(result):
    arrows = [p for p in paths(result).patches if isinstance(p, FancyArrowPatch)]
    solid = [p for p in arrows if p.get_linestyle() in ("-", "solid")]
    clear = (result.paths["ci_low"] > 0) | (result.paths["ci_high"] < 0)
    assert len(solid) == clear.sum() and 0 < len(solid) < len(arrows)


def grey(colour):
    return float(np.dot(to_rgb(colour), (0.2126, 0.7152, 0.0722)))


def test_effects_stand_where_the_table_has_them(result):
    ax = effects(result)
    table = result.effects[result.effects["to"] == "margin"]
    at = np.concatenate([line.get_xdata() for line in ax.lines if line.get_marker() not in ("None", "")])
    assert np.allclose(np.sort(at), np.sort(table["estimate"]))
    marked = [line for line in ax.lines if line.get_marker() not in ("None", "")]
    faces = {line.get_marker(): line.get_markerfacecolor() for line in marked}
    assert len(faces) == 4 and min(abs(grey(a) - grey(b)) for a, b in combinations(faces.values(), 2)) > 0.1


def test_staff_stand_where_the_table_has_them(result):
    ax = staff(result)
    marked = [line for line in ax.lines if line.get_marker() not in ("None", "") and len(line.get_xdata())]
    at = np.concatenate([line.get_xdata() for line in marked])
    assert np.allclose(np.sort(at), np.sort(result.staff["estimate"].dropna()))
    ax.figure.canvas.draw()
    ticks = boxes(ax, ax.get_yticklabels())
    assert not any(a.overlaps(b) for a, b in combinations(ticks, 2))
    legend = ax.get_legend().get_window_extent()
    assert legend.x1 <= ax.figure.bbox.x1 * 1.01


@pytest.mark.parametrize("kind", FIGURES)
def test_without_results_a_picture_says_why_or_shows_what_there_is(bare, kind):
    ax = bare.plot(kind)
    if kind == "staff":
        assert len(ax.get_yticks()) == 2
    else:
        assert "financials" in " ".join(ax.texts[0].get_text().split()) and not ax.axison


def test_examples():
    assert doctest.testmod(path_diagram).failed == 0
