"""The pictures of the share by their artists: marks where the table has them, words, no label on another."""

from dataclasses import replace
from itertools import combinations

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

import cxstudy as cx
from cxstudy.figures.loyalty_share import FIGURES, ROWS, dilution, indicators, scatter, share


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def result():
    return cx.loyalty_share(cx.open_study(), replicates=200)


@pytest.fixture(scope="module")
def few(result):
    """Only the nine companies with the most answers."""
    least = int(result.units["n_answers"].sort_values().iloc[-9])
    return cx.loyalty_share(cx.open_study(), minimum_answers=least, replicates=200)


def words(ax):
    """Every text that is drawn; ticks beyond the limits are not."""
    drawn = [*ax.texts, ax.xaxis.label, ax.yaxis.label, ax._left_title]
    for axis in (ax.xaxis, ax.yaxis):
        low, high = sorted(axis.get_view_interval())
        drawn += [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
    legend = ax.get_legend()
    return [t for t in [*drawn, *(legend.get_texts() if legend else [])] if t.get_text() and t.get_visible()]


def collisions(ax):
    ax.figure.canvas.draw()
    boxes = [(t.get_text(), t.get_window_extent().shrunk(0.98, 0.9)) for t in words(ax)]
    return [(a, b) for (a, x), (b, y) in combinations(boxes, 2) if x.overlaps(y)]


@pytest.mark.parametrize("kind", FIGURES)
def test_no_label_lies_on_another_and_synthetic_is_said(result, kind):
    ax = result.plot(kind)
    assert collisions(ax) == []
    assert "synthetic data" in ax._left_title.get_text()
    assert "240 companies" in ax._left_title.get_text() or kind == "indicators"


@pytest.mark.parametrize("kind", FIGURES)
def test_nothing_leaves_the_figure(result, kind):
    ax = result.plot(kind)
    ax.figure.canvas.draw()
    page = ax.figure.bbox.padded(1)
    for one in words(ax):
        box = one.get_window_extent()
        assert page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1, one.get_text()


@pytest.mark.parametrize("kind", FIGURES)
def test_real_data_are_not_called_synthetic(result, kind):
    ax = replace(result, synthetic=False).plot(kind)
    assert not any("synthetic data" in t.get_text() for t in words(ax))


def test_the_first_picture_shows_every_company_and_the_line(result):
    ax = result.plot()
    dots = ax.collections[0].get_offsets()
    assert len(dots) == 240 and np.allclose(np.sort(dots[:, 1]), np.sort(result.units["outcome"]))
    line = next(one for one in ax.lines if one.get_label() == "straight line")
    assert np.allclose(line.get_ydata(), result.line["estimate"])
    assert "19 % (11 to 28 %)" in ax._left_title.get_text()


def test_every_method_has_its_row_in_percent(result):
    ax = share(result)
    assert len(ax.get_yticklabels()) == len(dict.fromkeys(ROWS.values())) == 8
    marks = {line.get_marker(): line for line in ax.lines if line.get_linestyle() == "None"}
    assert set(marks) == {"o", "s"}
    for marker, name in {"o": "promoter_share", "s": "nps"}.items():
        rows = result.shares[(result.shares["loyalty"] == name) & (result.shares["method"] != "olkin-pratt")]
        assert sorted(marks[marker].get_xdata()) == pytest.approx(sorted(100 * rows["estimate"]))


def test_series_differ_in_grey(result):
    ax = share(result)
    faces = [to_rgb(line.get_markerfacecolor()) for line in ax.lines if line.get_linestyle() == "None"]
    grey = [0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in faces]
    assert abs(grey[0] - grey[1]) > 0.3


def test_dilution_marks_these_data_on_the_curve(result):
    ax = dilution(result)
    diamond = next(line for line in ax.lines if line.get_marker() == "D")
    row = result.dilution.query("loyalty == 'promoter_share' and kind == 'data'").iloc[0]
    assert diamond.get_xdata()[0] == row["n_answers_each"]
    assert diamond.get_ydata()[0] == pytest.approx(100 * result["loyalty_share.r2_promoter_share"].estimate)
    assert [t.get_text() for t in ax.get_xticklabels()] == ["10", "30", "100", "300"]
    assert [t.get_text() for t in ax.texts] == ["9 %", "15 %", "19 %", "21 %"]


def test_indicators_stand_in_order_with_their_ranks(result):
    ax = indicators(result)
    assert [t.get_text() for t in ax.get_yticklabels()][0] in ("satisfaction", "CX index")
    row = result.indicators.iloc[0]
    assert ax.texts[0].get_text() == f"rank {row['rank_low']} to {row['rank_high']}"
    alone = result.indicators.assign(rank_high=result.indicators["rank_low"])
    drawn = indicators(replace(result, tables=result.tables | {"indicators": alone}))
    assert drawn.texts[0].get_text() == "rank 1"


def test_without_a_share_the_scatter_is_left(few):
    for draw in (scatter, share):
        ax = draw(few)
        assert len(ax.collections[0].get_offsets()) == 9 and ax._left_title.get_text().startswith("Too few for a share")
    for draw in (dilution, indicators):
        ax = draw(few)
        said = ax.texts[0].get_text().replace("\n", " ")
        assert not ax.axison and ("fewer than 10 units" in said or "in at least 10 units" in said)


def test_axes_given_are_used(result):
    for draw in FIGURES.values():
        _, mine = plt.subplots()
        assert draw(result, mine) is mine


def test_an_unknown_figure_is_answered_with_the_valid_ones(result):
    with pytest.raises(ValueError, match="valid: dilution, indicators, scatter, share"):
        result.plot("shares")
