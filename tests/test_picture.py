"""A picture is rendered once for the page and for the file, and anew when it has changed."""

from io import BytesIO

import matplotlib.pyplot as plt
import numpy as np
import pytest
from IPython.core.pylabtools import print_figure
from PIL import Image

from cxstudy.figures.picture import DPI, Picture, png


@pytest.fixture
def drawn():
    figure, ax = plt.subplots(FigureClass=Picture, dpi=DPI, layout="constrained", figsize=(3, 2))
    ax.plot([0, 1], [0, 1])
    yield figure, ax
    plt.close(figure)


def rendered(figure, monkeypatch):
    """A list that grows by one each time the figure is really drawn."""
    times, draw = [], Picture.draw
    monkeypatch.setattr(Picture, "draw", lambda self, renderer: (times.append(1), draw(self, renderer)))
    return times


def test_the_page_and_the_file_are_the_same_bytes_rendered_once(drawn, monkeypatch):
    figure, _ = drawn
    times = rendered(figure, monkeypatch)
    shown = print_figure(figure)
    once = len(times)
    assert once > 0 and png(figure) == shown and print_figure(figure) == shown and len(times) == once


def test_a_figure_that_the_page_has_closed_is_not_rendered_again(drawn, monkeypatch):
    figure, ax = drawn
    shown = print_figure(figure)
    plt.close(figure)
    times = rendered(figure, monkeypatch)
    assert png(figure) == shown and not times
    ax.set_title("a title")
    assert png(figure) != shown and times


def test_a_change_is_rendered_anew(drawn):
    figure, ax = drawn
    before = png(figure)
    ax.set_title("a title")
    after = png(figure)
    assert after != before and png(figure) == after
    ax.lines[0].set_linewidth(9)
    assert png(figure) not in (before, after)


def pixels(data):
    return np.asarray(Image.open(BytesIO(data)).convert("RGB"))


@pytest.fixture
def plain():
    figure, ax = plt.subplots(dpi=DPI, layout="constrained", figsize=(3, 2))
    ax.plot([0, 1], [0, 1])
    yield figure
    plt.close(figure)


def test_the_picture_is_what_matplotlib_draws_of_the_whole_figure(drawn, plain):
    expected = BytesIO()
    plain.savefig(expected, format="png")
    shown = png(drawn[0])
    assert Image.open(BytesIO(shown)).info["dpi"] == pytest.approx((DPI, DPI), abs=0.1)
    assert np.array_equal(pixels(shown), pixels(expected.getvalue()))


@pytest.mark.parametrize(("x", "y"), [(1.1, 0.5), (-0.1, 0.5), (0.5, 1.1), (0.5, -0.1)])
def test_what_lies_outside_the_figure_is_shown_too(drawn, plain, x, y):
    for figure in (drawn[0], plain):
        figure.text(x, y, "outside").set_in_layout(True)
    shown, expected = pixels(png(drawn[0])).shape, pixels(png(plain)).shape
    # the layout of a figure that is drawn a second time moves by some pixels
    assert shown == pytest.approx(expected, abs=0.06 * DPI)
    assert max(shown[0] - 2 * DPI, shown[1] - 3 * DPI) > 0.1 * DPI


def test_without_a_layout_of_its_own_the_picture_is_cut_as_matplotlib_does():
    figures = [plt.figure(FigureClass=Picture, dpi=DPI, figsize=(3, 2)), plt.figure(dpi=DPI, figsize=(3, 2))]
    for figure in figures:
        figure.add_axes((0.4, 0.4, 0.2, 0.2))
    assert png(figures[0]) == png(figures[1]) and pixels(png(figures[0])).shape[1] < 2 * DPI
    for figure in figures:
        plt.close(figure)


def test_other_formats_resolutions_and_files_are_matplotlibs_own(drawn, tmp_path):
    figure, _ = drawn
    picture = png(figure)
    figure.savefig(tmp_path / "a.svg")
    figure.savefig(tmp_path / "a.png", dpi=50)
    vector, small = BytesIO(), BytesIO()
    figure.savefig(vector, format="svg")
    figure.savefig(small, format="png", dpi=50)
    assert (tmp_path / "a.svg").read_text(encoding="utf-8").startswith("<?xml") and b"<svg" in vector.getvalue()
    assert len(small.getvalue()) < len(picture) and (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"
