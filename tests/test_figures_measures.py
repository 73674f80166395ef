"""The pictures of the measures by their artists: nothing collides or is cut off, grey is enough, all are there."""

from dataclasses import replace
from itertools import combinations

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

import cxstudy as cx
from cxstudy.analyses.measures import measures_overview
from cxstudy.figures.measures import FIGURES, INTERNAL, STACK, crosswalk, measures, planning, units
from cxstudy.findings import Reading
from cxstudy.language import LANGUAGES

LONG_NAME = "Nordvästra kommunernas gemensamma kundservicebolag nummer {} AB"


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def opened(folder, sizes, names=None, effect=0.0, seed=2):
    """A study of companies with ``sizes`` answers; ``effect``: how far apart their answers lie."""
    rng = np.random.default_rng(seed)
    company = np.repeat([f"c{i:04d}" for i in range(len(sizes))], sizes)
    level = np.repeat(rng.normal(0, effect, len(sizes)), sizes)
    recommend = np.clip(np.rint(7.5 + level + rng.normal(0, 2, len(company))), 0, 10).astype(int)
    satisfaction = np.clip(np.rint(recommend / 2 + rng.normal(0, 0.7, len(company))), 1, 5).astype(int)
    frame = {"response_id": range(len(company)), "company": company}
    pd.DataFrame(frame | {"recommend": recommend, "satisfaction": satisfaction}).to_csv(
        folder / "customers.csv", index=False
    )
    tables = "customers: {file: customers.csv}"
    if names:
        listed = pd.DataFrame({"company": [f"c{i:04d}" for i in range(len(sizes))], "name": names})
        listed.to_csv(folder / "companies.csv", index=False)
        tables += "\n  companies: {file: companies.csv}"
    (folder / "study.yaml").write_text(f"format: 1\nname: drawn\ntables:\n  {tables}\n", encoding="utf-8")
    return measures_overview(cx.open_study(folder), replicates=100)


@pytest.fixture(scope="module")
def sample():
    return measures_overview(cx.open_study(), replicates=100)


@pytest.fixture(scope="module")
def six(tmp_path_factory):
    names = [LONG_NAME.format(i) for i in range(6)]
    return opened(tmp_path_factory.mktemp("six"), [40, 60, 25, 300, 80, 90], names, effect=1.5)


@pytest.fixture(scope="module")
def forty(tmp_path_factory):
    names = [LONG_NAME.format(i) for i in range(40)]
    return opened(tmp_path_factory.mktemp("forty"), [30] * 40, names, effect=1.0)


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """As many units as there are US hospitals, with long names."""
    names = [LONG_NAME.format(i) for i in range(2943)]
    return opened(tmp_path_factory.mktemp("many"), [12] * 2943, names, effect=0.7)


def words(ax):
    """Every text that is drawn; ticks beyond the limits are not."""
    drawn = [*ax.texts, ax.xaxis.label, ax.yaxis.label, ax._left_title]
    for axis in (ax.xaxis, ax.yaxis):
        low, high = sorted(axis.get_view_interval())
        drawn += [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
    legend = ax.get_legend()
    return [t for t in [*drawn, *(legend.get_texts() if legend else [])] if t.get_text().strip() and t.get_visible()]


def faults(ax):
    """Texts on one another, and texts that leave the figure."""
    ax.figure.canvas.draw()
    boxes = [(t.get_text(), t.get_window_extent().shrunk(0.98, 0.9)) for t in words(ax)]
    page = ax.figure.bbox.padded(1)
    found = [(a, b) for (a, x), (b, y) in combinations(boxes, 2) if x.overlaps(y)]
    inside = [page.x0 <= x.x0 and x.x1 <= page.x1 and page.y0 <= x.y0 and x.y1 <= page.y1 for _, x in boxes]
    return found + [a for (a, _), fits in zip(boxes, inside, strict=True) if not fits]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", FIGURES)
def test_no_text_covers_another_or_leaves_the_page(sample, kind, language):
    ax = replace(sample, language=language).plot(kind)
    assert faults(ax) == []


@pytest.mark.parametrize("kind", FIGURES)
@pytest.mark.parametrize("study", ["six", "forty", "many"])
def test_the_same_with_few_and_with_many_units_of_long_names(request, study, kind):
    assert faults(request.getfixturevalue(study).plot(kind)) == []


@pytest.mark.parametrize("study", ["sample", "many"])
def test_the_named_ends_lie_on_no_interval(request, study):
    ax = units(request.getfixturevalue(study))
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts]
    assert len(boxes) == 2
    for lines in ax.collections:
        for path in lines.get_paths():
            ends = ax.transData.transform(path.vertices)
            if len(ends) == 2:
                for box in boxes:
                    inside = box.x0 <= ends[0, 0] <= box.x1
                    assert not inside or ends[:, 1].max() < box.y0 or ends[:, 1].min() > box.y1


@pytest.mark.parametrize("kind", FIGURES)
def test_synthetic_is_said_of_synthetic_data_only(sample, six, kind):
    assert "synthetic data" in sample.plot(kind)._left_title.get_text()
    assert not any("synthetic" in t.get_text() for t in words(six.plot(kind)))


def test_every_unit_stands_in_order_with_its_interval(sample):
    ax = units(sample)
    paths = [path.vertices[:, 1] for c in ax.collections for path in c.get_paths() if len(path.vertices) == 2]
    spans = np.sort(paths, axis=0)
    assert len(spans) == 240
    assert np.allclose(np.sort(spans[:, 0]), np.sort(sample.units["ci_low"].astype(float)))
    dots = [line for line in ax.lines if line.get_marker() == "o" and len(line.get_xdata()) > 1]
    assert sum(len(line.get_xdata()) for line in dots) == 240
    place = np.concatenate([line.get_xdata() for line in dots])
    height = np.concatenate([line.get_ydata() for line in dots])
    assert (np.diff(height[np.argsort(place)]) >= 0).all()
    told = next(line for line in dots if line.get_markerfacecolor() != "white")
    assert len(told.get_xdata()) == sample.units["differs"].sum()
    assert "240 companies" in ax._left_title.get_text()
    lowest = sample.units.loc[sample.units["estimate"].astype(float).idxmin(), "name"]
    assert lowest in ax.texts[0].get_text() and ax.texts[0].get_text().count("\n") == 3


def test_up_to_forty_units_are_all_named(six, forty):
    ax = units(six)
    assert [" ".join(t.get_text().split()) for t in ax.get_yticklabels()] == list(
        six.units.sort_values("estimate")["name"]
    )
    assert len(units(forty).get_yticklabels()) == 40


def test_hidden_units_are_not_drawn(tmp_path):
    ax = units(opened(tmp_path, [3, 8, 40, 60], effect=1.0))
    assert [t.get_text() for t in ax.get_yticklabels()] in (["c0002", "c0003"], ["c0003", "c0002"])


def test_the_average_and_its_band_are_those_of_the_table(sample):
    row = sample.measures.set_index("measure").loc["nps"]
    ax = units(sample)
    line = next(one for one in ax.lines if one.get_label().startswith("all answers"))
    assert line.get_ydata()[0] == row["estimate"] and line.get_label() == "all answers: +8.9"
    band = ax.patches[0].get_bbox()
    assert (band.y0, band.y1) == pytest.approx((row["ci_low"], row["ci_high"]))


def test_each_measure_stands_on_its_own_scale(sample):
    ax = measures(sample)
    dots = next(line for line in ax.lines if line.get_marker() == "o")
    rows = sample.measures
    expected = (rows["estimate"] - rows["scale_low"]) / (rows["scale_high"] - rows["scale_low"])
    assert dots.get_xdata() == pytest.approx(expected.to_numpy())
    said = [t.get_text() for t in words(ax)]
    assert "8.9 (4.8 to 12.9)" in said and "3.07 (2.99 to 3.15)" in said and "n = 43,859" in said
    assert any("low is good" in one for one in said)


def test_the_bars_fill_and_differ_in_grey(sample):
    ax = crosswalk(sample)
    rows = sample.crosswalk
    heights = np.array([[bar.get_height() for bar in part] for part in ax.containers])
    assert heights.sum(axis=0) == pytest.approx(np.full(len(rows), 100.0))
    assert heights[2] == pytest.approx(rows["promoters"].to_numpy(float))
    grey = sorted(0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in map(to_rgb, STACK.values()))
    assert np.diff(grey).min() > 0.15
    assert "−93" in [t.get_text() for t in ax.texts] and ax.get_xticklabels()[0].get_text() == "1\n340"


def test_planning_marks_this_wave_and_what_is_needed_on_the_curve(sample):
    ax = planning(sample)
    diamonds = [line for line in ax.lines if line.get_marker() == "D" and len(line.get_xdata())]
    rows = sample.planning[sample.planning["goal"] == "margin"]
    assert sorted(line.get_xdata()[0] for line in diamonds) == sorted(rows["n"])
    assert {line.get_ydata()[0] for line in diamonds} == {5.0}
    for row in rows.itertuples():
        curve = sample.precision[sample.precision["scope"] == row.scope]
        assert np.interp(row.n, curve["n"], curve["margin"]) == pytest.approx(5, rel=0.02)


def test_what_is_not_there_is_said(sample):
    empty = {name: sample.tables[name].iloc[:0] for name in ("units", "crosswalk", "planning")}
    notes = tuple(n for n in sample.notes if "crosswalk" not in n.key and "planning" not in n.key)
    notes += (Reading("measures.note.crosswalk.none"), Reading("measures.note.planning.none"))
    result = replace(sample, tables=sample.tables | empty, notes=notes)
    for draw, said in {
        units: "No unit has an NPS",
        crosswalk: "cannot be compared",
        planning: "nothing to plan",
    }.items():
        ax = draw(result)
        assert said in ax.texts[0].get_text().replace("\n", " ") and not ax.axison


def test_axes_given_are_used_and_only_units_name_anybody(sample):
    for draw in FIGURES.values():
        _, mine = plt.subplots()
        assert draw(sample, mine) is mine
    assert INTERNAL == ("units",)
