"""The figures of nps_margin by their geometry: nothing collides, nothing is cut off, grey is enough."""

from itertools import combinations
from types import SimpleNamespace

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb

import cxstudy as cx
from cxstudy.figures import style
from cxstudy.figures.nps_margin import FIGURES

matplotlib.use("Agg")


@pytest.fixture(scope="module")
def sample():
    return cx.open_study()


@pytest.fixture(scope="module")
def results(sample):
    """The sample as it is, with ten tiers, and with growth as outcome."""
    quick = {"replicates": 200}
    return {
        "quarters": cx.nps_margin(sample, **quick),
        "ten": cx.nps_margin(sample, tiers=10, **quick),
        "growth": cx.nps_margin(sample, tiers=5, outcome="organic_growth", confidence=0.995, **quick),
    }


@pytest.fixture(params=[(kind, case) for kind in FIGURES for case in ("quarters", "ten", "growth")], ids="-".join)
def drawn(request, results):
    """A figure drawn to its pixels: axes, renderer, result."""
    import matplotlib.pyplot as plt

    kind, case = request.param
    ax = FIGURES[kind](results[case])
    ax.figure.canvas.draw()
    yield ax, ax.figure.canvas.get_renderer(), results[case]
    plt.close(ax.figure)


def texts(ax):
    """Every text of the axes that is drawn and says something; ticks beyond the limits are not drawn."""
    found = [ax.title, ax._left_title, ax.xaxis.label, ax.yaxis.label, *ax.texts]
    for axis in (ax.xaxis, ax.yaxis):
        low, high = sorted(axis.get_view_interval())
        found += [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
    found += ax.get_legend().get_texts() if ax.get_legend() else []
    return [t for t in found if t.get_text().strip() and t.get_visible()]


def words(ax):
    return "\n".join(t.get_text() for t in texts(ax))


def test_no_text_covers_another(drawn):
    ax, renderer, _ = drawn
    for one, other in combinations(texts(ax), 2):
        first, second = (t.get_window_extent(renderer).shrunk(0.98, 0.9) for t in (one, other))
        assert not first.overlaps(second), (one.get_text(), other.get_text())


def test_nothing_leaves_the_figure(drawn):
    ax, renderer, _ = drawn
    page = ax.figure.bbox.padded(1)
    for text in texts(ax):
        box = text.get_window_extent(renderer)
        assert page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1, text.get_text()


def test_the_legend_covers_no_data(drawn):
    ax, renderer, _ = drawn
    assert ax.get_legend().get_window_extent(renderer).y0 >= ax.get_window_extent(renderer).y1 - 1


def test_synthetic_and_n_are_on_the_figure(drawn):
    ax, _, result = drawn
    assert "synthetic data" in words(ax)
    sizes = {"240"} | set(result.tiers["n"].astype(str))
    assert any(size in words(ax) for size in sizes) and "companies" in words(ax)


def test_real_data_are_not_called_synthetic(results):
    from dataclasses import replace

    for draw in FIGURES.values():
        assert "synthetic" not in words(draw(replace(results["quarters"], synthetic=False)))


def test_tiers_draws_the_numbers_of_the_table(results):
    import matplotlib.pyplot as plt

    rows = results["quarters"].tiers
    ax = FIGURES["tiers"](results["quarters"])
    drawn = np.sort(np.concatenate([one.get_ydata() for one in ax.lines if len(one.get_xdata()) == 4]))
    assert drawn == pytest.approx(np.sort(rows["estimate"].to_numpy()))
    low, high = ax.get_ylim()
    assert low < rows["ci_low"].min() and rows["ci_high"].max() < high
    plt.close("all")


def test_scatter_draws_every_unit_and_the_line(results):
    result = results["quarters"]
    ax = FIGURES["scatter"](result)
    assert len(ax.collections[0].get_offsets()) == 240
    straight = next(one for one in ax.lines if one.get_label() == "straight line")
    assert straight.get_ydata() == pytest.approx(result.line["estimate"].to_numpy())


def test_specification_curve_marks_our_test_and_every_choice(results):
    result = results["quarters"]
    ax = FIGURES["specification_curve"](result)
    ours = next(one for one in ax.lines if one.get_label() == "our test")
    assert ours.get_ydata().item() == pytest.approx(result["nps_margin.top_minus_bottom"].estimate)
    marks = sum(len(one.get_xdata()) for one in ax.lines if one.get_marker() == "|")
    assert marks == 6 * len(result.specification_curve)
    assert (ax.get_yticks() >= -1e-9).all()


def test_an_axes_of_the_caller_is_used(results):
    import matplotlib.pyplot as plt

    for draw in FIGURES.values():
        _, ax = plt.subplots()
        assert draw(results["quarters"], ax=ax) is ax
    plt.close("all")


def test_without_tiers_the_scatter_and_a_sentence_take_their_place(results):
    result = results["quarters"]
    none = SimpleNamespace(
        tiers=result.tiers.iloc[:0], specification_curve=result.specification_curve.assign(estimate=np.nan),
        units=result.units, line=result.line, lowess=result.lowess, settings=result.settings, reading=result.reading,
        language="en", synthetic=True,
    )  # fmt: skip
    assert len(FIGURES["tiers"](none).collections[0].get_offsets()) == 240
    assert "too few units" in words(FIGURES["specification_curve"](none))


def test_fills_that_meet_differ_in_grey():
    def luminance(colour):
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
        return np.dot([0.2126, 0.7152, 0.0722], linear)

    def contrast(one, other):
        low, high = sorted((luminance(one), luminance(other)))
        return (high + 0.05) / (low + 0.05)

    assert contrast(style.FIRST, style.SECOND) >= 3
    assert contrast(style.FIRST, style.BAND) >= 3
    assert contrast(style.MUTED, "white") >= 2.5
    assert contrast(style.INK, "white") >= 7
