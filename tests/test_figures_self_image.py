"""The pictures of self-image by their artists: marks where the table has them, words, no label on another."""

from dataclasses import replace
from itertools import combinations

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from self_image_study import drawn, study_of
from work_group_study import write

from cxstudy.analyses.self_image import self_image
from cxstudy.figures.self_image import FIGURES, LINES, bland_altman, gaps, slopes, surface

LONG = ("the_answer_that_i_was_given_by_the_member_of_staff_was_right", "x" * 60, "we_" * 20)


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    study = study_of(tmp_path_factory.mktemp("many"), drawn(1, companies=40, groups=4))
    return replace(self_image(study, replicates=200), synthetic=True)


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    return self_image(study_of(tmp_path_factory.mktemp("few"), drawn(2, companies=3, groups=2)), replicates=200)


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    names = dict(zip(("ease", "resolution", "engagement"), LONG, strict=True))
    frames = [frame.rename(columns=names) for frame in drawn(3, companies=12, groups=3)]
    declared = f"self_image: {{same: [{', '.join(LONG)}], competence: [{LONG[1]}], service: [{LONG[2]}]}}"
    scales = dict.fromkeys(LONG, "{low: 1, high: 10}")
    study = write(tmp_path_factory.mktemp("long"), *frames, scales=scales, items=f"[{LONG[0]}]", more=declared)
    return self_image(study, replicates=200)


def words(ax):
    """Every text that is drawn; ticks beyond the limits are not."""
    drawn_texts = [*ax.texts, ax.xaxis.label, ax.yaxis.label, ax._left_title]
    for axis in (ax.xaxis, ax.yaxis):
        low, high = sorted(axis.get_view_interval())
        drawn_texts += [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
    legend = ax.get_legend()
    listed = [*drawn_texts, *(legend.get_texts() if legend else [])]
    return [t for t in listed if t.get_text() and t.get_visible()]


def collisions(ax):
    ax.figure.canvas.draw()
    boxes = [(t.get_text(), t.get_window_extent().shrunk(0.98, 0.9)) for t in words(ax)]
    return [(a, b) for (a, x), (b, y) in combinations(boxes, 2) if x.overlaps(y)]


@pytest.mark.parametrize("which", ["result", "few", "long"])
@pytest.mark.parametrize("kind", FIGURES)
def test_no_label_lies_on_another_and_none_leaves_the_figure(kind, which, request):
    ax = request.getfixturevalue(which).plot(kind)
    assert collisions(ax) == []
    page = ax.figure.bbox.padded(1)
    for one in words(ax):
        box = one.get_window_extent()
        assert page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1, one.get_text()


@pytest.mark.parametrize("kind", FIGURES)
@pytest.mark.parametrize("language", ["sv", "da"])
def test_other_languages_find_room(result, kind, language):
    ax = replace(result, language=language).plot(kind)
    assert collisions(ax) == [] and "{" not in " ".join(t.get_text() for t in words(ax))


@pytest.mark.parametrize("kind", FIGURES)
def test_synthetic_is_said_where_it_is_so(result, kind):
    assert "synthetic data" in result.plot(kind)._left_title.get_text()
    other = replace(result, synthetic=False).plot(kind)
    assert not any("synthetic data" in t.get_text() for t in words(other))


def test_a_sample_of_many_groups_and_their_mean_are_drawn(result, few):
    ax = slopes(result)
    thin = [line for line in ax.lines if line.get_linewidth() < 1]
    assert 3 * LINES / 2 <= len(thin) <= 3 * LINES and "thin lines are" in ax._left_title.get_text()
    thick = [line.get_ydata() for line in ax.lines if line.get_linewidth() == 3]
    wanted = result.gaps[["employees", "customers"]].to_numpy()
    assert np.allclose(thick, wanted)
    every = slopes(few)
    assert sum(line.get_linewidth() < 1 for line in every.lines) == 18 and "one line each" in every._left_title.get_text()


def test_gaps_stand_where_the_table_has_them_with_the_band(result):
    ax = gaps(result)
    marks = np.sort(np.concatenate([line.get_xdata() for line in ax.lines if line.get_linestyle() == "None"]))
    assert np.allclose(marks, np.sort(result.gaps["estimate"]))
    assert any(t.get_text() == "does not matter (±5.0)" for t in ax.get_legend().get_texts())


def test_limits_are_drawn_for_the_widest_gap(result):
    ax = bland_altman(result)
    name = result.gaps.set_index("dimension")["estimate"].abs().idxmax()
    assert ax._left_title.get_text().startswith(name)
    rows = result.limits[(result.limits["dimension"] == name) & (result.limits["of"] != "slope")]
    heights = {round(float(line.get_ydata()[0]), 9) for line in ax.lines}
    assert set(rows["estimate"].round(9)) <= heights
    assert len(ax.collections[0].get_offsets()) == 160


def test_the_surface_has_the_line_of_agreement_and_only_the_data(result):
    ax = surface(result)
    dashed = [line for line in ax.lines if line.is_dashed()]
    assert len(dashed) == 1 and np.allclose(dashed[0].get_xdata(), dashed[0].get_ydata())
    grid = result.surface
    assert grid.loc[~grid["inside"], "estimate"].isna().all() and grid.loc[grid["inside"], "estimate"].notna().all()


def test_where_there_is_nothing_to_draw_it_says_why(few, tmp_path):
    assert "six terms" in surface(few).texts[0].get_text().replace("\n", " ")
    flat = replace(few, tables=few.tables | {"limits": few.limits.assign(estimate=np.nan)})
    assert "Too few work groups" in bland_altman(flat).texts[0].get_text()
