"""The report in PowerPoint: native charts with their numbers, nothing off the slide, the client's own template."""

import re
from io import BytesIO

import pytest
from client_model import HOSTILE, sample_report
from openpyxl import load_workbook
from pptx import Presentation
from pptx.oxml.ns import qn
from pptx.util import Emu, Inches

from cxstudy.client.cells import clean
from cxstudy.client.model import Brand, Chart, Column, Note, Report, Section, Sentence, Series, Table
from cxstudy.client.slide_chart_data import MOST, chart_pages, step
from cxstudy.client.slide_plan import plans
from cxstudy.client.slide_tables import table_pages, table_slides
from cxstudy.client.slide_template import NAMES
from cxstudy.client.slide_text import cut_to, fitting, height, lines, pages, width
from cxstudy.client.slides import write_slides
from cxstudy.language import LANGUAGES, text


def written(report, template=None):
    """The presentation of a report, read back."""
    held = BytesIO()
    write_slides(report, held, template)
    held.seek(0)
    return Presentation(held)


@pytest.fixture(scope="module")
def decks():
    return {language: written(sample_report(language)) for language in LANGUAGES}


@pytest.fixture(scope="module")
def hostile():
    return written(sample_report("en", hostile=True))


def texts(slide):
    """All texts on a slide, those of tables too."""
    found = []
    for shape in slide.shapes:
        if shape.has_text_frame:
            found += [p.text for p in shape.text_frame.paragraphs]
        if shape.has_table:
            found += [cell.text_frame.text for row in shape.table.rows for cell in row.cells]
    return found


def charts(deck):
    return [(slide, shape) for slide in deck.slides for shape in slide.shapes if shape.has_chart]


def drawn(report, name):
    return [shape.chart for _, shape in charts(written(report)) if shape.name == name]


def of_one(*parts, **more):
    return Report("R", "Client", "en", False, (Section("s", "Section", parts),), **more)


def part_of(report, kind, name):
    return next(p for s in report.sections for p in s.parts if isinstance(p, kind) and p.id == name)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_slide_says_synthetic_trademarks_section_and_page(decks, language):
    deck = decks[language]
    assert (deck.slide_width / deck.slide_height) == pytest.approx(16 / 9, abs=0.001)
    for number, slide in enumerate(deck.slides, 1):
        said = texts(slide)
        assert any(one.startswith(text("slides.synthetic", language)) for one in said)
        assert text("client.page.trademark", language) in said
        field = next(slide._element.iter(qn("a:fld")))
        assert (field.get("type"), field.findtext(qn("a:t"))) == ("slidenum", str(number))


def test_the_trademark_line_is_of_legible_size(decks):
    mark = text("client.page.trademark", "en")
    for slide in decks["en"].slides:
        runs = [r for s in slide.shapes if s.has_text_frame for p in s.text_frame.paragraphs for r in p.runs]
        assert [r.font.size.pt for r in runs if r.text == mark] == [9]


@pytest.fixture(scope="module")
def in_own_template(tmp_path_factory):
    return written(sample_report("da", hostile=True), clients_template(tmp_path_factory.mktemp("own") / "own.pptx"))


@pytest.mark.parametrize("deck", ["decks", "hostile", "in_own_template"])
def test_nothing_lies_off_the_slide_and_no_text_overflows_its_box(deck, request):
    held = request.getfixturevalue(deck)
    held = held["sv"] if isinstance(held, dict) else held
    for slide in held.slides:
        for shape in slide.shapes:
            assert shape.left >= 0 and shape.left + shape.width <= held.slide_width
            assert shape.top >= 0 and shape.top + shape.height <= held.slide_height
            if shape.has_text_frame and shape.text_frame.text:
                box = Emu(shape.width).pt - 14.4, Emu(shape.height).pt
                said = [(p.text, p.runs[0].font.size.pt) for p in shape.text_frame.paragraphs if p.runs]
                assert sum(height([one], size, box[0]) for one, size in said) <= box[1] + 1
            if shape.has_table:
                _no_row_is_too_low(shape.table)


def _no_row_is_too_low(table):
    for row in table.rows:
        room = Emu(row.height).pt
        for cell, column in zip(row.cells, table.columns, strict=True):
            if not (cell.is_merge_origin or cell.is_spanned) and cell.text_frame.text:
                size = cell.text_frame.paragraphs[0].runs[0].font.size.pt
                assert lines(cell.text_frame.text, size, Emu(column.width).pt - 12) * size * 1.2 <= room


def test_shapes_stay_clear_of_the_footer(decks):
    for slide in decks["da"].slides:
        foot = min(
            s.top for s in slide.shapes if s.has_text_frame and text("client.page.trademark", "da") in s.text_frame.text
        )
        assert all(s.top + s.height <= foot for s in slide.shapes if s.has_chart or s.has_table)


@pytest.mark.parametrize("name", ["branches", "touchpoints", "shares", "measures_trend"])
def test_a_chart_holds_the_numbers_of_the_model(name):
    report = sample_report("en")
    model = part_of(report, Chart, name)
    (chart,) = drawn(report, name)
    assert [tuple(s.values) for s in chart.plots[0].series] == [s.values for s in model.series]
    assert list(chart.plots[0].categories) == list(model.categories)
    book = load_workbook(BytesIO(chart.part.chart_workbook.xlsx_part.blob))["Sheet1"]
    held = list(book.iter_rows(values_only=True))
    assert tuple(row[0] for row in held[1:]) == model.categories
    for place, series in enumerate(model.series, 1):
        assert held[0][place] == series.name
        assert tuple(row[place] for row in held[1:]) == series.values


def test_error_bars_reach_to_the_ends_of_the_interval_and_point_into_the_workbook():
    report = sample_report("en")
    model = part_of(report, Chart, "measures_trend").series[0]
    (chart,) = drawn(report, "measures_trend")
    first, second = chart.plots[0].series
    book = load_workbook(BytesIO(chart.part.chart_workbook.xlsx_part.blob))["Sheet1"]
    for name, ends, sign in (("c:minus", model.low, -1), ("c:plus", model.high, 1)):
        bars = first._element.find(f"{qn('c:errBars')}/{qn(name)}/{qn('c:numRef')}")
        points = {int(p.get("idx")): float(p.findtext(qn("c:v"))) for p in bars.iter(qn("c:pt"))}
        expected = {i: (v, end) for i, (v, end) in enumerate(zip(model.values, ends, strict=True)) if v is not None}
        assert points.keys() == expected.keys()
        for i, (value, end) in expected.items():
            assert value + sign * points[i] == pytest.approx(end, abs=1e-12)
        area = bars.findtext(qn("c:f")).replace("Sheet1!", "").replace("$", "")
        assert [cell[0].value for cell in book[area]] == [points.get(i) for i in range(len(model.values))]
    assert second._element.find(qn("c:errBars")) is None


def test_names_stand_low_where_bars_go_below_zero():
    (chart,) = drawn(sample_report("en"), "touchpoints")
    assert chart.category_axis.tick_label_position.name == "LOW"
    assert chart.value_axis.minimum_scale <= -30.25 and chart.value_axis.maximum_scale >= 50


def test_a_marked_bar_below_zero_keeps_its_fill():
    chart = Chart("c", "T", "bars", ("a", "b"), (Series("s", (-5.0, 3.0)),), highlight="a")
    (made,) = drawn(of_one(chart), "c")
    (point,) = made.plots[0].series[0]._element.iter(qn("c:dPt"))
    assert point.find(qn("c:idx")).get("val") == "0"
    assert point.find(qn("c:invertIfNegative")).get("val") == "0"


def test_bars_begin_at_zero_and_an_axis_without_zero_has_markers_instead():
    series = (Series("s", (3.5, 4.0), (3.0, 3.5), (4.0, 4.5)),)
    (bars,) = drawn(of_one(Chart("c", "T", "intervals", ("a", "b"), series)), "c")
    (marks,) = drawn(of_one(Chart("c", "T", "intervals", ("a", "b"), series, axis=(1.0, 5.0))), "c")
    assert (bars.chart_type.name, bars.value_axis.minimum_scale) == ("BAR_CLUSTERED", 0)
    assert (marks.chart_type.name, marks.value_axis.minimum_scale) == ("LINE_MARKERS", 1)


def test_many_categories_are_spread_over_slides_with_one_axis():
    report = sample_report("en")
    model = part_of(report, Chart, "peers")
    made = chart_pages(model)
    assert len(made) == 2 and all(len(page.categories) <= MOST for page in made)
    assert sum((page.categories for page in made), ()) == model.categories
    assert sum((page.series[0].low for page in made), ()) == model.series[0].low
    first, second = drawn(report, "peers")
    assert first.value_axis.maximum_scale == second.value_axis.maximum_scale


def test_hundreds_of_categories_stay_one_chart_that_names_the_own():
    values = tuple(float(i) for i in range(240))
    chart = Chart("c", "T", "bars", tuple(f"P{i}" for i in range(240)), (Series("s", values),), highlight="P7")
    (made,) = drawn(of_one(chart), "c")
    assert made.category_axis.tick_label_position.name == "NONE"
    assert made.plots[0].series[0].points[7].data_label.text_frame.text == "P7"


def test_a_map_names_its_points_and_leaves_out_those_without_place():
    names, x, y = ("a", "b", "c"), Series("X", (1.0, None, 3.0)), Series("Y", (2.0, 5.0, 4.0))
    (made,) = drawn(of_one(Chart("m", "T", "map", names, (x, y))), "m")
    series = made.plots[0].series[0]
    assert (tuple(series.iter_values()), len(series.points)) == ((2.0, 4.0), 2)
    assert [series.points[i].data_label.text_frame.text for i in range(2)] == ["a", "c"]
    assert made.category_axis.axis_title.text_frame.text == "X"


@pytest.mark.parametrize("kind", ["intervals", "bars", "stacked", "line", "map"])
def test_charts_without_a_single_number_can_be_drawn(kind):
    empty = Series("s", (None,), (None,), (None,))
    series = (empty, empty) if kind == "map" else (empty,)
    assert drawn(of_one(Chart("c", "T", kind, ("a",), series)), "c")


def test_charts_have_alt_texts(decks):
    for _, shape in charts(decks["en"]):
        assert shape._element.nvGraphicFramePr.cNvPr.get("descr")


def test_a_long_table_goes_on_with_its_headings_and_loses_no_row():
    report = sample_report("en")
    model = part_of(report, Table, "peers")
    shown = [s.table for slide in written(report).slides for s in slide.shapes if s.has_table and s.name == model.title]
    assert len(shown) > 1
    assert len({tuple(cell.text_frame.text for cell in table.rows[0].cells) for table in shown}) == 1
    names = [table.cell(row, 0).text_frame.text for table in shown for row in range(1, len(table.rows))]
    assert names == [row[0] for row in model.cells]


def test_a_row_without_numbers_says_why_in_one_cell():
    report = sample_report("da")
    slides = written(report).slides
    table = next(s.table for slide in slides for s in slide.shapes if s.has_table and len(s.table.columns) == 7)
    cell = table.cell(len(table.rows) - 1, 1)
    assert cell.text_frame.text == "vises ikke (for få svar)"
    assert cell.span_width == 6


def test_numbers_are_written_as_the_language_does(decks):
    said = {language: " ".join(t for slide in deck.slides for t in texts(slide)) for language, deck in decks.items()}
    assert "1,412" in said["en"] and "1\xa0412" in said["sv"] and "1.412" in said["da"]


def test_a_narrow_table_goes_on_beside_itself():
    table = part_of(sample_report("en"), Table, "peers")
    made = table_slides(table, "en", (870, 340))
    assert max(len(sheet) for sheet in made) == 3
    assert [row for sheet in made for page in sheet for row in page.rows] == list(range(len(table.cells)))


def test_a_table_of_many_columns_stays_within_its_box():
    columns = tuple(Column(f"c{i}", f"Column number {i}", "number") for i in range(25))
    (page,) = table_pages(Table("t", "T", columns, ((1234.5,) * 25,)), "en", (870, 340))
    assert sum(page.widths) <= 870.001


def test_a_table_without_rows_has_its_headings():
    (page,) = table_pages(Table("t", "T", (Column("v", "V"),), ()), "en", (870, 340))
    assert page.heads == ("V",) and page.texts == ()


def test_the_sentence_before_a_chart_is_the_title_and_notes_go_to_the_speaker():
    chart = Chart("c", "Chart", "bars", ("a",), (Series("s", (1.0,), findings=("client.a",)),), alt="What is seen.")
    report = of_one(
        Sentence("It is so.", ("client.x",)), chart, Note("How it was done."), Note("Mind!", True), run="r/1"
    )
    slide = written(report).slides[1]
    assert slide.shapes.title.text_frame.text == "It is so."
    notes = slide.notes_slide.notes_text_frame.text
    for expected in ("What is seen.", "How it was done.", "Mind!", "client.x, client.a", "r/1", "Section"):
        assert expected in notes
    assert "Mind!" in texts(slide) and "How it was done." not in texts(slide)


def test_of_several_sentences_the_one_about_the_chart_is_its_title():
    chart = Chart("c", "Chart", "bars", ("a",), (Series("s", (1.0,), findings=("client.a",)),))
    parts = (Sentence("One.", ("client.z",)), Sentence("Two.", ("client.a",)), Sentence("Three."))
    told, shown = plans(Section("s", "Section", (*parts, chart)), "outdated")
    assert (shown.title, told.body) == ("Two.", ["One.", "Three."])
    told, shown = plans(Section("s", "Section", (parts[0], parts[2], chart)), "outdated")
    assert (shown.title, told.body) == ("Chart", ["One.", "Three."])
    told, shown = plans(Section("s", "Section", (parts[1], Sentence("And.", ("client.a",)), chart)), "outdated")
    assert (shown.title, told.body) == ("Chart", ["Two.", "And."])


def test_a_comment_is_shown_and_flagged_when_outdated():
    (plan,) = plans(Section("s", "Section", (), comment="Ours.\n\nMore.", outdated=True), "Numbers changed.")
    assert (plan.body, plan.warnings) == (["Ours.", "More."], ["Numbers changed."])
    (plan,) = plans(Section("s", "Section", (), comment="Ours."), "Numbers changed.")
    assert plan.warnings == []


def test_every_finding_id_stands_in_the_notes(decks):
    notes = " ".join(slide.notes_slide.notes_text_frame.text for slide in decks["en"].slides)
    assert set(sample_report("en").findings()) <= set(re.split(r"[,\s]+", notes))


def test_hostile_texts_are_shown_as_texts(hostile):
    shown = " ".join(one for slide in hostile.slides for one in texts(slide))
    for name in HOSTILE:
        assert clean(name)[:20] in shown
    assert "\u202e" not in shown and "\x07" not in shown
    for slide in hostile.slides:
        assert not list(slide._element.iter(qn("a:hlinkClick")))


def test_a_formula_in_a_name_stays_a_text_in_the_charts_workbook(hostile):
    held = []
    for _, shape in charts(hostile):
        book = load_workbook(BytesIO(shape.chart.part.chart_workbook.xlsx_part.blob))
        held += [cell for row in book["Sheet1"].iter_rows() for cell in row]
    assert any(str(cell.value).startswith("=cmd") for cell in held)
    assert {cell.data_type for cell in held} <= {"s", "inlineStr", "n"}


def test_a_long_title_is_smaller_and_one_too_long_is_cut_and_whole_in_the_notes():
    words = "word " * 50
    (_, slide) = written(of_one(Sentence(words, ()), Chart("c", "C", "bars", ("a",), (Series("s", (1.0,)),)))).slides
    run = slide.shapes.title.text_frame.paragraphs[0].runs[0]
    assert run.text == words.strip() and run.font.size.pt < 28
    table = Table("t", "long " * 300, (Column("v", "V"),), (("a",),))
    (_, slide) = written(of_one(table)).slides
    assert slide.shapes.title.text_frame.text.endswith("…")
    assert ("long " * 300).strip() in slide.notes_slide.notes_text_frame.text


def test_long_texts_go_on_over_slides_without_losing_a_word():
    sentences = tuple(Sentence(f"Sentence {i} " + "and so on " * 40) for i in range(8))
    slides = list(written(of_one(*sentences)).slides)[1:]
    assert len(slides) > 1
    said = " ".join(one for slide in slides for one in texts(slide))
    assert said.count("and so on") == 8 * 40


def test_colours_and_font_of_the_brand_are_the_themes():
    report = of_one(Sentence("x"), brand=Brand("B", "#7a1f6b", "#ffd27f", "Georgia"))
    master = written(report).slide_master
    theme = master.part.part_related_by(
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships/theme"
    ).blob.decode()
    assert "7A1F6B" in theme and "FFD27F" in theme and 'latin typeface="Georgia"' in theme


def test_the_logo_keeps_its_shape():
    (picture, *_) = [s for s in written(sample_report("en")).slides[0].shapes if s.shape_type == 13]
    assert picture.width / picture.height == pytest.approx(4, rel=0.01)
    assert picture._element.nvPicPr.cNvPr.get("descr") == "Åkesson & Søn AB"


def clients_template(path, names=tuple(NAMES), slides=2):
    """A 4:3 presentation of the client's with layouts of these names and slides of its own."""
    deck = Presentation()
    renamed = dict(zip(NAMES, names, strict=True))
    for layout in list(deck.slide_layouts):
        layout.name = renamed.get(layout.name, f"Own {layout.name}")
    for _ in range(slides):
        deck.slides.add_slide(deck.slide_layouts[0]).shapes.title.text = "An old slide"
    deck.save(path)
    return path


@pytest.mark.parametrize(
    "names",
    [
        tuple(NAMES),
        ("Rubrikbild", "Rubrik och innehåll", "Endast rubrik"),
        ("titelslide", "Titel og indhold", "Kun titel"),
    ],
)
def test_the_clients_template_is_used_by_the_names_of_its_layouts(tmp_path, names):
    deck = written(sample_report("sv"), clients_template(tmp_path / "own.pptx", names))
    assert deck.slide_width == Inches(10)
    assert "An old slide" not in " ".join(one for slide in deck.slides for one in texts(slide))
    assert {slide.slide_layout.name for slide in deck.slides} == set(names)
    for slide in deck.slides:
        for shape in slide.shapes:
            assert shape.left + shape.width <= deck.slide_width and shape.top + shape.height <= deck.slide_height


def test_layouts_a_template_lacks_are_listed_with_those_it_has(tmp_path):
    own = clients_template(tmp_path / "own.pptx", ("Title Slide", "Something", "Else"))
    with pytest.raises(
        ValueError, match="own.pptx lacks Title and Content, Title Only and has Title Slide, Something, Own "
    ):
        written(sample_report(), own)


def test_a_layout_without_a_title_is_said(tmp_path):
    deck = Presentation()
    layout = next(one for one in deck.slide_layouts if one.name == "Title Only")
    layout.placeholders[0]._element.getparent().remove(layout.placeholders[0]._element)
    deck.save(tmp_path / "own.pptx")
    with pytest.raises(ValueError, match="lacks Title Only: a title. Add them in View > Slide Master"):
        written(sample_report(), tmp_path / "own.pptx")


@pytest.mark.parametrize("content", [None, b"", b"no presentation", b"PK\x05\x06" + b"\0" * 18])
def test_a_template_that_is_none_is_said(tmp_path, content):
    path = tmp_path / "own.pptx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=r"template names a PowerPoint presentation \(.pptx\); own.pptx is"):
        written(sample_report(), path)


@pytest.mark.parametrize("distance", [1e-9, 0.07, 0.4, 1, 7, 40, 41, 99.9, 100, 120, 3e7])
def test_four_to_ten_ticks_stand_at_round_numbers(distance):
    made = step(distance)
    assert 4 <= round(distance / made, 6) <= 10
    assert f"{made:.0e}"[0] in "125" and float(f"{made:.0e}") == pytest.approx(made)


def test_a_text_is_measured_broken_and_cut():
    assert width("ab", 20) == pytest.approx(2 * width("ab", 10))
    assert lines("one two three", 10, width("one two", 10)) == 2
    assert lines("x" * 100, 10, width("x" * 30, 10)) == 4
    assert height(["word " * 30], 20, 200) > 60 >= height(["word " * 30], 10, 200)
    assert fitting(["word " * 30], (200, 60), (20, 10, 5)) == 10
    assert fitting(["word " * 300], (200, 60), (20, 10, 5)) is None
    assert lines(cut_to("word " * 30, 10, 100, 2), 10, 100) == 2
    assert (
        " ".join(one for page in pages(["a b c " * 50], (60, 40), 10) for one in page).split() == ["a", "b", "c"] * 50
    )
