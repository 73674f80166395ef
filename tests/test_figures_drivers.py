"""The pictures of drivers by their artists: marks where the tables have them, words, no label on another."""

from dataclasses import replace
from itertools import combinations

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from cxstudy.figures.drivers import FIGURES, derived, disagree, driver_map, stated
from cxstudy.findings import Reading, Result

WORDS = ("understood", "answered", "followed_up")


def result(names, seed=1, *, synthetic=True, method="lmg", language="en"):
    """A result whose tables hold these drivers with numbers of no meaning; nothing is computed."""
    rng, k = np.random.default_rng(seed), len(names)
    share = np.sort(rng.uniform(0.02, 0.08, k))[::-1]
    middle, gap = 60 + 6 * rng.standard_normal(k), 0.2 * share
    low = np.arange(1, k + 1)
    importance = pd.DataFrame({"driver": names, "estimate": share, "ci_low": share - gap, "ci_high": share + gap})
    importance = importance.assign(rank_low=low, rank_high=np.where(low % 2, low, low + 1), r_squared=share.sum())
    placed = pd.DataFrame({
        "driver": names, "importance": share, "importance_low": share - gap, "importance_high": share + gap,
        "performance": middle, "performance_low": middle - 1, "performance_high": middle + 1, "rank": low,
        "importance_mean": share.mean(), "performance_mean": middle.mean(),
    })  # fmt: skip
    said = pd.DataFrame({"driver": names, "n_answers": 800, "estimate": 100 * share / share.sum()})
    said = said.assign(ci_low=said["estimate"] - 1, ci_high=said["estimate"] + 1, rank_low=low, rank_high=low)
    both = pd.DataFrame(
        {"driver": names, "stated": rng.dirichlet(np.full(k, 4)) * 100, "derived": 100 * share / share.sum()}
    )
    both = both.assign(
        **{f"{s}_{e}": both[s] + d for s in ("stated", "derived") for e, d in (("low", -1), ("high", 1))}
    )
    both["flag"] = ["derived-higher", *["open"] * (k - 1)]
    tables = {"map": placed, "importance": importance, "stated": said, "stated_and_derived": both}
    settings = {"method": method, "outcome": "satisfaction", "confidence": 0.95}
    notes = tuple(Reading(f"drivers.note.{n}", {"why": "Not asked."}) for n in ("stated.none", "disagree.none"))
    return Result("drivers", (), tables, Reading("drivers.no_stated"), settings, notes, synthetic, language)


MADE = {
    "three": result(["ease", "resolution", "engagement"]),
    "twenty": result([f"{i:02d}_how_well_we_{WORDS[i % 3]}_all_my_questions"[:40] for i in range(20)], 2),
    "alike": result([f"waiting_{i}" for i in range(6)], 3),
}
# six drivers in one point
MADE["alike"].tables["map"][["importance", "performance"]] = [0.05, 60.0]


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def words(ax):
    """Every text that is drawn; ticks beyond the limits are not."""
    drawn = [*ax.texts, ax.xaxis.label, ax.yaxis.label, ax._left_title]
    for axis in (ax.xaxis, ax.yaxis):
        low, high = sorted(axis.get_view_interval())
        drawn += [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
    legend = ax.get_legend()
    return [t for t in [*drawn, *(legend.get_texts() if legend else [])] if t.get_text() and t.get_visible()]


def box(text):
    """The words' own box, without the white behind them."""
    back = text.get_bbox_patch()
    text.set_bbox(None)
    found = text.get_window_extent()
    if back is not None:
        text.set_bbox({"facecolor": "white", "edgecolor": "none"})
    return found


def collisions(ax):
    ax.figure.canvas.draw()
    boxes = [(t.get_text(), box(t).shrunk(0.98, 0.9)) for t in words(ax)]
    return [(a, b) for (a, x), (b, y) in combinations(boxes, 2) if x.overlaps(y)]


@pytest.mark.parametrize("which", MADE)
@pytest.mark.parametrize("kind", FIGURES)
def test_no_label_lies_on_another_and_none_leaves_the_figure(kind, which):
    ax = MADE[which].plot(kind)
    assert collisions(ax) == []
    page = ax.figure.bbox.padded(1)
    for one in words(ax):
        at = box(one)
        assert page.x0 <= at.x0 and at.x1 <= page.x1 and page.y0 <= at.y0 and at.y1 <= page.y1, one.get_text()


@pytest.mark.parametrize("which", MADE)
@pytest.mark.parametrize("draw", [driver_map, disagree])
def test_no_label_lies_on_a_point_and_each_is_there_in_full(draw, which):
    ax = draw(MADE[which])
    ax.figure.canvas.draw()
    dots = [p for line in ax.lines if line.get_marker() in "oD" for p in ax.transData.transform(line.get_xydata())]
    assert len(dots) == len(MADE[which].map)
    for one in ax.texts:
        at = box(one)
        assert not any(at.x0 < x < at.x1 and at.y0 < y < at.y1 for x, y in dots), one.get_text()
    said = {t.get_text().replace("\n", " ") for t in ax.texts}
    for name in MADE[which].map["driver"]:
        assert any(s.endswith(name.replace("_", " ")) for s in said), name


@pytest.mark.parametrize("kind", FIGURES)
@pytest.mark.parametrize("language", ["sv", "da"])
def test_other_languages_find_room(kind, language):
    ax = replace(MADE["three"], language=language).plot(kind)
    assert collisions(ax) == [] and "{" not in " ".join(t.get_text() for t in words(ax))


@pytest.mark.parametrize("kind", FIGURES)
def test_synthetic_is_said_where_it_is_so(kind):
    assert "synthetic data" in MADE["three"].plot(kind)._left_title.get_text()
    other = replace(MADE["three"], synthetic=False).plot(kind)
    assert not any("synthetic data" in t.get_text() for t in words(other))


def test_points_stand_where_the_map_has_them_and_priorities_are_marked():
    made = MADE["twenty"]
    ax = driver_map(made)
    first, rest = (next(line for line in ax.lines if line.get_marker() == m).get_xydata() for m in "Do")
    rows = made.map
    for found, wanted in ((first, rows[rows["rank"] <= 3]), (rest, rows[rows["rank"] > 3])):
        expected = np.column_stack([wanted["performance"], 100 * wanted["importance"]])
        assert np.allclose(found[np.lexsort(found.T)], expected[np.lexsort(expected.T)])
    assert {t.get_text()[:2] for t in ax.texts} >= {"1 ", "2 ", "3 "}


def test_certain_ranks_are_filled_and_the_largest_is_on_top():
    made = MADE["three"]
    ax = derived(made)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["ease", "resolution", "engagement"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]
    filled = next(line for line in ax.lines if line.get_marker() == "o")
    assert np.allclose(filled.get_xdata(), 100 * made.importance["estimate"][[0, 2]])
    assert [t.get_text() for t in ax.texts] == ["rank 1", "rank 2–3", "rank 3"]
    assert len([line for line in stated(made).lines if line.get_marker() == "o"]) == 1


def test_disagreements_are_diamonds():
    ax = disagree(MADE["three"])
    (flagged,) = [line for line in ax.lines if line.get_marker() == "D"]
    row = MADE["three"].stated_and_derived.iloc[0]
    assert np.allclose(flagged.get_xydata(), [[row["stated"], row["derived"]]])


def test_a_coefficient_is_no_share():
    ax = derived(result(["a", "b", "c"], method="beta"))
    assert ax.get_xlabel().startswith("Importance, size of the coefficient") and ax.get_xlim()[1] < 1
    assert driver_map(result(["a", "b", "c"], method="beta")).get_ylim()[1] < 1


@pytest.mark.parametrize("draw", [driver_map, disagree])
def test_in_a_small_place_numbers_and_a_key_stand_for_names(draw):
    figure, given = plt.subplots(figsize=(3.4, 2.6))
    ax = draw(MADE["twenty"], ax=given)
    assert ax is given and collisions_of_labels(ax) == []
    key = max((t.get_text() for t in ax.texts), key=len)
    assert key.count("\n") == 19 and key.startswith("1  00 how well")


def collisions_of_labels(ax):
    """Of the names or numbers alone: the title of a picture that small is its owner's business."""
    ax.figure.canvas.draw()
    boxes = [(t.get_text(), box(t).shrunk(0.98, 0.9)) for t in ax.texts]
    return [(a, b) for (a, x), (b, y) in combinations(boxes, 2) if x.overlaps(y)]


def test_where_there_is_nothing_to_draw_it_says_why():
    made = MADE["three"]
    empty = replace(made, tables={name: table.iloc[:0] for name, table in made.tables.items()})
    for kind, said in (
        ("map", "No driver has both"),
        ("derived", "No driver has both"),
        ("stated", "Not asked."),
        ("disagree", "cannot be held"),
    ):
        assert said in empty.plot(kind).texts[0].get_text().replace("\n", " ")
