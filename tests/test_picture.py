"""A picture is rendered once for the page and for the file, and anew when it has changed."""

from io import BytesIO

import matplotlib.pyplot as plt
import pytest
from IPython.core.pylabtools import print_figure

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


def test_a_plain_figure_gives_the_same_picture(drawn):
    figure, _ = drawn
    plain, ax = plt.subplots(dpi=DPI, layout="constrained", figsize=(3, 2))
    ax.plot([0, 1], [0, 1])
    assert png(plain) == png(figure)
    plt.close(plain)


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
