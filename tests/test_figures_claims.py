"""The picture of the verdicts is looked at through its artists: rows, bands, words, and that no label collides."""

from importlib import import_module
from itertools import combinations
from types import SimpleNamespace

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from cxstudy.claims import claims, declared
from cxstudy.figures.claims import FIGURES, verdicts
from cxstudy.findings import Finding, write_findings

module = import_module("cxstudy.claims")


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture
def result_of(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    (tmp_path / "findings").mkdir()

    def make(findings, truth=None):
        write_findings(tmp_path / "findings" / "own.json", findings)
        synthetic = truth is not None
        study = SimpleNamespace(name="x", synthetic=synthetic, language="en", truth=truth or {}, has=lambda *_: True)
        return claims(study, tmp_path)

    return make


def found(finding_id, low, high, unit="%"):
    return Finding(finding_id, (low + high) / 2, 1.0, low, high, 0.95, unit, n=2943, n_unit="companies")


FOUND = [
    found("nps_margin.top_tier", 1.8, 4.6),
    found("nps_margin.bottom_tier", -2.5, 0.1),
    found("loyalty_share.r2_promoter_share", 0.18, 0.22, "share"),
]


def texts(ax):
    drawn = [*ax.texts, *ax.get_yticklabels(), *ax.get_legend().get_texts(), ax.xaxis.label, ax.title, ax._left_title]
    return [t for t in drawn if t.get_text()]


def test_one_row_a_tested_claim_with_its_word_and_numbers(result_of):
    ax = verdicts(result_of(FOUND))
    labels = [t.get_text() for t in ax.get_yticklabels()]
    assert labels == ["margin-top\ndisagrees", "margin-bottom\ncannot tell", "loyalty-share\nagrees"]
    numbers = [t.get_text() for t in ax.texts]
    assert numbers[0] == "3.20 [1.80, 4.60] %\nzone 7.00 to 11.00, n = 2,943 companies"
    assert numbers[1] == "−1.20 [−2.50, 0.10] %\nn = 2,943 companies"
    assert len(ax.collections) == 2
    assert ax.get_title(loc="left") == "Claims that were tested"


def test_the_interval_stands_where_the_numbers_say(result_of):
    ax = verdicts(result_of(FOUND[:1]))
    low, high = ax.lines[0].get_xdata()
    band = ax.collections[0].get_paths()[0].vertices[:, 0]
    # 1.8 … 4.6 against 7 … 11, all on one scale
    assert (high - low) / (band.max() - band.min() - 0.02) == pytest.approx(2.8 / 4)
    assert high < band.min()


def test_synthetic_is_marked_and_shows_the_truth_instead_of_the_zone(result_of):
    ax = verdicts(result_of(FOUND, {"nps_margin.top_tier": 4.0}))
    assert "synthetic data" in ax.get_title(loc="left")
    assert len(ax.collections) == 0
    assert [line.get_marker() for line in ax.lines].count("D") == 1
    legend = [t.get_text() for t in ax.get_legend().get_texts()]
    assert legend == ["recovered", "cannot tell", "truth the data were made with"]


def test_shape_and_not_only_colour_tells_the_words_apart(result_of):
    ax = verdicts(result_of(FOUND))
    drawn = {(line.get_marker(), line.get_markerfacecolor()) for line in ax.lines if line.get_marker() in "oX"}
    assert drawn == {("X", "black"), ("o", "white"), ("o", "black")}


@pytest.mark.parametrize("everything", [False, True])
def test_no_label_collides(result_of, everything):
    findings = FOUND
    if everything:
        parts = [p for c in declared() for p in c.declaration.parts if p.kind != "practice"]
        units = {p.finding: p.unit or "standard deviations" for p in parts}
        findings = [found(name, 1.0, 2.0, unit) for name, unit in units.items()]
    ax = verdicts(result_of(findings))
    renderer = ax.figure.canvas.get_renderer()
    ax.figure.draw(renderer)
    boxes = [(t.get_text(), t.get_window_extent(renderer)) for t in texts(ax)]
    assert len(ax.get_yticklabels()) == (28 if everything else 3)
    assert [(a, b) for (a, one), (b, two) in combinations(boxes, 2) if one.overlaps(two)] == []
    axes_box = ax.get_window_extent(renderer)
    for text in ax.texts:
        assert text.get_window_extent(renderer).x0 >= axes_box.x1


def test_nothing_tested_says_so_and_draws_on_the_axes_given(result_of):
    _, ax = plt.subplots()
    result = result_of([])
    assert result.plot("verdicts", ax=ax) is ax
    assert ax.texts[0].get_text() == "No claim has been tested in this folder of results."
    assert list(FIGURES) == ["verdicts"]


def test_a_point_without_width_is_drawn(result_of):
    ax = verdicts(result_of([found("satisfied_loyal.retention_rank_experience", 1, 1, "rank")]))
    assert np.isfinite(ax.lines[0].get_xdata()).all()
