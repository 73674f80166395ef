"""Pictures of a report: text as text, nothing outside the sheet or on top of another thing, colours apart in grey."""

import random
import re
from io import BytesIO
from xml.etree import ElementTree

import pytest
from client_model import BRANCHES, CATEGORIES, HOSTILE, sample_report

from cxstudy.client.canvas import SMALL, SVG, WIDTH, fitted, two_lines, width
from cxstudy.client.cells import clean
from cxstudy.client.colours import GRAPHIC, PAPER, TEXT, contrast, luminance, on, palette
from cxstudy.client.model import Brand, Chart, Series
from cxstudy.client.pictures import picture, picture_png
from cxstudy.figures.label_places import DOT, places

DRAWN = {"svg", "g", "path", "text", "defs", "clipPath", "rect", "use"}


def charts(language="en", hostile=False):
    report = sample_report(language, hostile)
    return [part for section in report.sections for part in section.parts if isinstance(part, Chart)]


def named(name, **how):
    return next(chart for chart in charts(**how) if chart.id == name)


def drawn(chart, brand=None, language="en"):
    return ElementTree.fromstring(picture(chart, brand, language))


def texts(root):
    return [element.text for element in root.iter(f"{SVG}text")]


def bold(root):
    return [element.text for element in root.iter(f"{SVG}text") if element.get("font-weight") == "bold"]


def test_sample_has_every_kind():
    assert {chart.kind for chart in charts()} == {"intervals", "bars", "stacked", "line", "map"}


@pytest.mark.parametrize("hostile", [False, True])
def test_only_shapes_and_text(hostile):
    for chart in charts("sv", hostile):
        root = drawn(chart, language="sv")
        assert {element.tag.replace(SVG, "") for element in root.iter()} <= DRAWN
        assert not [key for element in root.iter() for key in element.attrib if key.startswith("on")]
        assert root.get("aria-label") == clean(chart.alt)


@pytest.mark.parametrize("hostile", [False, True])
def test_text_stays_on_the_sheet(hostile):
    for chart in charts("da", hostile):
        root = drawn(chart, language="da")
        assert float(root.get("width")) == pytest.approx(72 * WIDTH)
        for element in root.iter(f"{SVG}text"):
            if element.get("x") is None or "rotate(-90" in element.get("transform", ""):
                continue
            size = 72 * width(element.text, float(element.get("font-size")), element.get("font-weight") == "bold")
            at = float(element.get("x"))
            start = at - {"start": 0, "middle": size / 2, "end": size}[element.get("text-anchor", "start")]
            assert start >= -1 and start + size <= 72 * WIDTH + 1, (chart.id, element.text)


def test_ids_are_the_charts_own():
    found = []
    for chart in charts():
        ids = [element.get("id") for element in drawn(chart).iter() if element.get("id")]
        assert all(one.startswith(re.sub("[^A-Za-z0-9]+", "-", chart.id)) for one in ids)
        found += ids
    assert len(found) == len(set(found)) > 0


def test_same_chart_same_bytes():
    for chart in charts("sv"):
        assert picture(chart, Brand(), "sv") == picture(chart, Brand(), "sv")


def test_every_category_of_forty_is_named_and_the_own_one_is_bold():
    chart = named("peers", language="sv")
    root = drawn(chart, language="sv")
    assert len(chart.categories) == CATEGORIES and set(chart.categories) <= set(texts(root))
    assert bold(root) == [chart.highlight, "47,8"]
    assert float(root.get("height")) < 72 * 7.6


def test_branches_and_their_numbers():
    chart = named("branches")
    shown = texts(drawn(chart))
    assert len(chart.categories) == BRANCHES and set(chart.categories) <= set(shown)
    for value in chart.series[0].values:
        assert ("–" if value is None else f"{value:.1f}".replace("-", "−")) in shown


def test_points_stand_where_their_values_say():
    chart = named("peers")
    ink = drawn(chart)
    at = [float(use.get("x")) for use in ink.iter(f"{SVG}use")]
    values = list(chart.series[0].values)
    assert len(at) == len(values)
    steps = [(b - a) / (w - v) for a, b, v, w in zip(at, at[1:], values, values[1:], strict=False)]
    assert max(steps) == pytest.approx(min(steps), abs=1e-3) and min(steps) > 0


def test_a_bar_ends_at_its_value():
    chart = Chart("bars", "b", "bars", ("a", "b"), (Series("s", (10.0, 40.0)),), axis=(0, 40))
    boxes = [
        e
        for e in drawn(chart).iter(f"{SVG}path")
        if "stroke-width: 0.6" in e.get("style", "") and "Z" not in e.get("d")
    ]
    spans = []
    for box in boxes:
        across = [float(x) for x in re.findall(r"[ML] ([\d.]+) ", box.get("d"))]
        spans.append(max(across) - min(across))
    spans = [span for span in spans if span > 1]
    assert max(spans) == pytest.approx(4 * min(spans), rel=1e-4)


def test_shares_of_a_row_fill_it_and_carry_their_numbers():
    shown = texts(drawn(named("shares", language="sv"), language="sv"))
    assert {"18\xa0%", "34\xa0%", "49\xa0%", "Kritiker", "Passiva", "Ambassadörer"} <= set(shown)


def test_period_without_a_number_is_a_gap():
    lines = [
        e.get("d")
        for e in drawn(named("measures_trend")).iter(f"{SVG}path")
        if "stroke-width: 1.8" in e.get("style", "")
    ]
    assert lines[0].count("M") == 2


def test_long_names_are_shortened_in_the_middle():
    assert fitted("kort", 2) == "kort"
    for name in (*HOSTILE, "A" * 300 + "z"):
        short = fitted(clean(name), 1.5)
        assert width(short) <= 1.5 and (short == clean(name) or "…" in short)
        assert all(width(line) <= 1.5 for line in two_lines(clean(name), 1.5).split("\n"))
    assert fitted("A" * 300 + "z", 1.5).endswith("z")


def test_names_that_differ_at_their_end_stay_apart():
    chart = Chart(
        "n", "n", "bars", tuple("Kontoret för företagskunder i " + t for t in ("Malmö", "Umeå")), (Series("s", (1, 2)),)
    )
    shown = " ".join(texts(drawn(chart)))
    assert "Malmö" in shown and "Umeå" in shown


@pytest.mark.parametrize("count", [1, 8, 20, 30])
def test_labels_of_a_map_never_overlap(count):
    rng = random.Random(count)
    points = [(2 + rng.gauss(0, 0.3), 1.8 + rng.gauss(0, 0.3)) for _ in range(count)]
    sizes = [(rng.uniform(0.3, 1.2), 0.15) for _ in range(count)]
    frame = (0.4, 0.4, 4.9, 7.2)
    found = places(points, sizes, frame)
    boxes = [(x, y, x + w, y + h) for (x, y), (w, h) in zip(found, sizes, strict=True)]
    dots = [(x - DOT, y - DOT, x + DOT, y + DOT) for x, y in points]
    for i, box in enumerate(boxes):
        assert box[0] >= frame[0] and box[1] >= frame[1] and box[2] <= frame[2] and box[3] <= frame[3]
        for other in boxes[:i] + dots:
            apart = box[2] <= other[0] or other[2] <= box[0] or box[3] <= other[1] or other[3] <= box[1]
            assert apart


def test_places_say_when_there_is_no_room():
    assert places([(1, 1)] * 9, [(1, 0.5)] * 9, (0, 0, 2, 2)) is None


def test_map_grows_until_its_labels_have_room_and_names_all():
    rng = random.Random(1)
    names = tuple(f"fråga {i}" for i in range(30))
    up, across = (tuple(rng.gauss(0, 1) for _ in names) for _ in range(2))
    root = drawn(Chart("m", "m", "map", names, (Series("x", across), Series("y", up))))
    assert set(names) <= set(texts(root))
    small = drawn(named("driver_map"))
    assert float(root.get("height")) >= float(small.get("height"))


@pytest.mark.parametrize("primary", ["#ffee00", "#ffffff", "#1f4e79", "#000000", "#e30613", "#00a651"])
@pytest.mark.parametrize("accent", ["#ffff99", "#ffffff", "#1f4e79", "#000000", "#f0a860"])
def test_any_brand_is_readable_and_apart_in_grey(primary, accent):
    colours = palette(Brand(primary=primary, accent=accent))
    assert contrast(colours.first, PAPER) >= GRAPHIC
    assert contrast(colours.text, PAPER) >= TEXT
    assert contrast(colours.first, colours.second) >= 1.3
    for fill in colours.series(3):
        assert contrast(on(fill), fill) >= TEXT
    first, middle, last = (luminance(fill) for fill in colours.series(3))
    assert min(abs(first - middle), abs(middle - last), abs(first - last)) > 0.02


def test_contrast_of_the_standard():
    # WCAG's own example: #767676 on white is the lightest grey that passes 4.5
    assert contrast("#767676", "#ffffff") >= 4.5 > contrast("#777777", "#ffffff")


def test_many_units_keep_their_ends_and_the_own_one_named():
    names = tuple(f"unit {i}" for i in range(240))
    chart = Chart("many", "m", "intervals", names, (Series("s", tuple(range(240))),), highlight="unit 100")
    root = drawn(chart)
    assert [name for name in texts(root) if name.startswith("unit")] == ["unit 0", "unit 100", "unit 239"]
    assert float(root.get("height")) < 72 * 8.2


@pytest.mark.parametrize("kind", ["intervals", "bars", "stacked", "line"])
@pytest.mark.parametrize("values", [(), (None,), (3.0,)])
def test_little_or_nothing_to_draw(kind, values):
    names = tuple("abc"[: len(values)])
    assert set(names) <= set(texts(drawn(Chart("c", "c", kind, names, (Series("s", values),)))))


def test_unknown_kind_names_the_valid_ones():
    with pytest.raises(ValueError, match="intervals, bars, stacked, line, map; c has 'pie'"):
        picture(Chart("c", "c", "pie", (), ()))


def test_png_is_one_of_its_size():
    from PIL import Image

    with Image.open(BytesIO(picture_png(named("shares"), dpi=100))) as image:
        assert image.format == "PNG" and image.width == 100 * WIDTH


def test_small_text_is_readable_on_a_phone():
    # a phone of 390 px leaves 361 px: one unit of the picture is one px
    assert SMALL >= 9


def test_names_of_many_periods_do_not_touch():
    names = tuple(f"kv {1 + i % 4} {2022 + i // 4}" for i in range(12))
    root = drawn(Chart("t", "t", "line", names, (Series("s", tuple(range(12))),)))
    shown = [element for element in root.iter(f"{SVG}text") if element.text.startswith("kv")]
    ends = [(float(e.get("x")), 72 * width(e.text, float(e.get("font-size"))) / 2) for e in shown]
    assert len(shown) >= 4 and shown[-1].text == "kv 4 2024"
    assert all(a + half < b - other for (a, half), (b, other) in zip(ends, ends[1:], strict=False))
    assert ends[-1][0] + ends[-1][1] <= 72 * WIDTH
