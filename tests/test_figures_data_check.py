"""The figures of the data check by their geometry: nothing collides, nothing is cut off, grey is enough."""

from dataclasses import replace
from itertools import combinations

import matplotlib
import numpy as np
import pandas as pd
import pytest

import cxstudy as cx
from cxstudy.figures.data_check import FIGURES

matplotlib.use("Agg")


@pytest.fixture(scope="module")
def result():
    return cx.data_check(cx.open_study())


@pytest.fixture(params=FIGURES)
def drawn(request, result):
    """A figure of the sample drawn to its pixels: axes and renderer."""
    import matplotlib.pyplot as plt

    ax = FIGURES[request.param](result)
    ax.figure.canvas.draw()
    yield ax, ax.figure.canvas.get_renderer()
    plt.close(ax.figure)


def texts(ax):
    """Every text of the axes that says something."""
    found = [ax.title, ax._left_title, ax.xaxis.label, ax.yaxis.label, *ax.texts]
    for axis in (ax.xaxis, ax.yaxis):
        low, high = sorted(axis.get_view_interval())
        found += [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
    found += ax.get_legend().get_texts() if ax.get_legend() else []
    return [t for t in found if t.get_text().strip() and t.get_visible()]


def words(ax):
    return "\n".join(t.get_text() for t in texts(ax))


def test_no_text_covers_another(drawn):
    ax, renderer = drawn
    for one, other in combinations(texts(ax), 2):
        first, second = (t.get_window_extent(renderer).shrunk(0.98, 0.9) for t in (one, other))
        assert not first.overlaps(second), (one.get_text(), other.get_text())


def test_nothing_leaves_the_figure(drawn):
    ax, renderer = drawn
    page = ax.figure.bbox.padded(1)
    for text in texts(ax):
        box = text.get_window_extent(renderer)
        assert page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1, text.get_text()


def test_synthetic_is_on_the_figure(drawn, result):
    assert "synthetic data" in words(drawn[0])
    for draw in FIGURES.values():
        assert "synthetic" not in words(draw(replace(result, synthetic=False)))


def test_answers_draws_the_shares_of_the_table(result):
    ax = FIGURES["answers"](result)
    heights = sorted(bar.get_height() for bar in ax.patches)
    assert heights == pytest.approx(sorted(result.distribution["share"]))
    assert "43,859" in words(ax)


def test_missing_shows_every_industry_and_the_worst_companies_by_name(result):
    ax = FIGURES["missing"](result)
    labels = [t.get_text().split(", n")[0] for t in ax.get_yticklabels()]
    rows = result.missing_map[result.missing_map["table"] == "customers"]
    assert labels == list(dict.fromkeys(rows["group"])) and len(labels) == 26
    image = ax.images[0].get_array()
    assert image.shape == (26, 7) and float(image.max()) == pytest.approx(rows["missing"].max())
    assert (rows["n_answers"] >= 5).all()


def test_sizes_draws_all_groups_and_marks_those_too_small(result):
    ax = FIGURES["sizes"](result)
    numbers = [int(t.get_text().replace(",", "")) for t in ax.texts]
    assert sum(numbers) == result.group_sizes["n"].sum()
    assert len({bar.get_facecolor() for bar in ax.patches}) == 2


def test_lost_zeros_leave_a_mark_where_they_were_expected(result):
    lost = pd.DataFrame(
        {"table": ["customers"], "by": ["all"], "flagged": [True], "expected": [800.0], "n_answers": [43859]}
    )
    ax = FIGURES["answers"](replace(result, tables=result.tables | {"lost_zeros": lost}))
    mark = next(line for line in ax.lines if line.get_label() == "expected zeros, none found")
    assert mark.get_ydata()[0] == pytest.approx(100 * 800 / 43859)


def test_a_unit_that_is_hidden_is_not_drawn(result):
    table = result.missing_map.copy()
    worst = table.loc[table["kind"] == "unit", "group"].iloc[0]
    table.loc[table["group"] == worst, "missing"] = np.nan
    assert worst not in words(FIGURES["missing"](replace(result, tables=result.tables | {"missing_map": table})))


def test_nothing_missing_and_no_question_are_said(result):
    none = {"distribution": result.distribution.iloc[:0], "missing": result.missing.assign(n_missing=0)}
    other = replace(result, tables=result.tables | none)
    assert "No answer is missing" in words(FIGURES["missing"](other))
    assert "no question" in words(FIGURES["answers"](other))


def test_an_axes_of_the_caller_is_used(result):
    import matplotlib.pyplot as plt

    for draw in FIGURES.values():
        _, ax = plt.subplots()
        assert draw(result, ax=ax) is ax
    plt.close("all")
