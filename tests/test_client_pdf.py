"""The report as a PDF, read back: every word, every finding, every row whole, tagged, embedded, the same each time."""

import hashlib
import re
import subprocess
import sys
from dataclasses import replace
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from client_model import ROWS, WORDS, sample_report
from pypdf import PdfReader

from cxstudy.client import pdf
from cxstudy.client.cells import cell_text, clean, paragraphs
from cxstudy.client.content import content
from cxstudy.client.model import Brand, Chart, Column, Note, Report, Section, Sentence, Table
from cxstudy.client.pdf import to_pdf
from cxstudy.language import LANGUAGES


@cache
def made(language="en", hostile=False):
    return to_pdf(sample_report(language, hostile))


def read(data):
    return PdfReader(BytesIO(data))


@cache
def pages(language="en", hostile=False):
    return [page.extract_text() for page in read(made(language, hostile)).pages]


def plain(text):
    """Letters and signs without spaces, hyphens at line ends and joined letters: lines end where they end."""
    for joined, apart in (("ﬁ", "fi"), ("ﬂ", "fl"), ("ﬀ", "ff"), ("ﬃ", "ffi"), ("ﬄ", "ffl")):
        text = text.replace(joined, apart)
    return re.sub(r"[\s\u00ad\u200b]", "", text)


def parts(report, kind):
    return [part for section in report.sections for part in section.parts if isinstance(part, kind)]


def body(language, hostile=False):
    """The text of all pages without head and foot."""
    return plain("".join(pages(language, hostile)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_and_number_can_be_read_back(language):
    report, shown = sample_report(language), body(language)
    said = [report.title, report.subtitle, report.period, report.made]
    said += [section.title for section in report.sections]
    said += [one for section in report.sections for one in paragraphs(section.comment)]
    said += [part.text for part in parts(report, Sentence) + parts(report, Note)]
    for table in parts(report, Table):
        for row in table.cells:
            said += [cell_text(v, c, language) for v, c in zip(row, table.columns, strict=True)]
    for chart in parts(report, Chart):
        said += [chart.title, *chart.categories, *(series.name for series in chart.series)]
    missing = [one for one in said if plain(one) not in shown]
    assert not missing


@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_text_stays_text(language):
    report, shown = sample_report(language, True), body(language, True)
    said = [cell for table in parts(report, Table) for row in table.cells for cell in row if isinstance(cell, str)]
    said += [report.title, report.subtitle]
    # letters written from right to left are read back in the order in which they stand
    said = [clean(one) for one in said if not re.search("[\u0590-\u06ff]", one)]
    # of signs without a glyph the reader used here repeats the letters
    whole = [piece for one in said for piece in re.split("[\U0001f400-\U0001f5ff\U0001f680-\U0001f9ff\u200d]+", one)]
    missing = [one for one in whole if plain(one) not in shown]
    assert not missing and any("#eval" in one for one in said) and any("😀" in one for one in said)
    raw = b"".join(made(language, True).split())
    assert b"/JavaScript" not in raw and b"/Launch" not in raw and b"/URI" not in raw


def test_every_finding_is_listed_under_its_number():
    shown = plain("".join(pages()))
    for number, finding in enumerate(sample_report().findings(), 1):
        assert f"{number}{finding}" in shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_are_numbered_and_headed(language):
    count = len(pages(language))
    said = {"en": "Page {} of {}", "sv": "Sida {} av {}", "da": "Side {} af {}"}[language]
    for number, text in enumerate(pages(language), 1):
        assert said.format(number, count) in text
    assert all(WORDS[language]["title"] in text.split("\n")[0] for text in pages(language)[1:])


def test_page_one_holds_the_summary_and_the_contents_and_page_two_the_trust():
    first, second = pages()[:2]
    say = WORDS["en"]
    assert say["nps"] in first and "Contents" in first and say["method"] in first and "Synthetic data" in first
    assert say["against"].split(":")[1][:40] in second and say["against"][:30] not in first
    titles = [one["/Title"] for one in read(made()).outline if not isinstance(one, list)]
    assert titles[:-1] == [section.title for section in sample_report().sections]


def test_the_head_of_a_table_is_repeated_and_rows_stay_whole():
    rows = [str(i) for i in range(80)]
    long = "a comment of many words that takes several lines of the narrow column it stands in, until it ends here"
    columns = (Column("a", "Heading A"), Column("b", "Heading B"), Column("c", "Heading C"))
    cells = tuple((f"start{i} {long}", long, f"{long} stop{i}") for i in rows)
    report = Report("t", "s", "en", False, (Section("x", "X", (Table("t", "T", columns, cells),)),))
    texts = [page.extract_text() for page in read(to_pdf(report)).pages]
    assert len(texts) >= 4
    for text in (text for text in texts if "start" in text):
        assert "Heading A" in text
        assert set(re.findall(r"start(\d+)", text)) == set(re.findall(r"stop(\d+)", text))
    assert len(re.findall(r"start\d+", "".join(texts))) == 80


def test_a_row_longer_than_a_page_loses_nothing():
    words = " ".join(f"word{i}" for i in range(2500))
    table = Table("t", "T", (Column("a", "A"), Column("b", "B")), ((words, "x"), ("y", "last")))
    text = plain(
        "".join(
            p.extract_text() for p in read(to_pdf(Report("t", "s", "en", False, (Section("x", "X", (table,)),)))).pages
        )
    )
    assert "word0" in text and "word2499" in text and "last" in text


def test_sixty_rows_are_all_there():
    shown = "".join(pages())
    assert all(f"Company {i:02}" in shown for i in range(ROWS))


@pytest.mark.parametrize("language", LANGUAGES)
def test_title_author_language_and_tags(language):
    document, report = read(made(language, True)), sample_report(language, True)
    assert document.metadata.title == report.title
    assert document.metadata.author == report.brand.name
    assert document.root_object["/Lang"] == language
    assert document.root_object["/MarkInfo"]["/Marked"]
    assert b"<pdfuaid:part>1</pdfuaid:part>" in made(language, True)


def figures(node, found):
    node = node.get_object()
    if isinstance(node, dict):
        if node.get("/S") == "/Figure":
            found.append(node)
        kids = node.get("/K", [])
        for kid in kids if isinstance(kids, list) else [kids]:
            if not isinstance(kid, int):
                figures(kid, found)
    return found


def test_pictures_have_alternative_texts():
    alts = [figure.get("/Alt", "") for figure in figures(read(made("sv")).root_object["/StructTreeRoot"], [])]
    charts = parts(sample_report("sv"), Chart)
    assert len(alts) == len(charts) + 1 and all(alts)
    assert alts.count(WORDS["sv"]["alt"]) == len(charts)


def test_all_fonts_are_embedded():
    names = set()
    for page in read(made("da", True)).pages:
        for font in page["/Resources"].get("/Font", {}).values():
            inner = font.get_object()["/DescendantFonts"][0].get_object()
            descriptor = inner["/FontDescriptor"].get_object()
            assert {"/FontFile2", "/FontFile3"} & set(descriptor)
            names.add(descriptor["/FontName"].split("+")[-1])
    assert {"SourceSansPro-Regular", "SourceSansPro-Bold", "DejaVuSans"} <= {
        re.sub("-Identity-H", "", n) for n in names
    }


def test_nordic_letters_come_from_the_shipped_font():
    report = Report("Åse Ærø", "ÅÄÖØÆåäöøæéüþð", "da", False, ())
    document = read(to_pdf(report))
    fonts = {str(f.get_object()["/BaseFont"]) for p in document.pages for f in p["/Resources"]["/Font"].values()}
    assert "ÅÄÖØÆåäöøæéüþð" in document.pages[0].extract_text()
    assert all("SourceSansPro" in font for font in fonts)


def test_same_report_same_bytes_also_in_another_process():
    assert to_pdf(sample_report("sv", True)) == made("sv", True)
    code = (
        "import sys, hashlib; sys.path.insert(0, sys.argv[1]); from client_model import sample_report\n"
        "from cxstudy.client.pdf import to_pdf; print(hashlib.sha256(to_pdf(sample_report())).hexdigest())"
    )
    here = str(Path(__file__).parent)
    found = subprocess.run(
        [sys.executable, "-c", code, here], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert found == hashlib.sha256(made()).hexdigest()


def test_content_made_before_gives_the_same():
    report = sample_report()
    shown = content(report)
    assert to_pdf(report, content=shown) == made() and shown == content(report)


def test_real_data_are_not_called_synthetic():
    real = replace(sample_report(), synthetic=False)
    assert "ynthetic" not in "".join(page.extract_text() for page in read(to_pdf(real)).pages)
    assert all("synthetic data" in page for page in pages())


def test_trademark_and_outdated_comment():
    shown = "".join(pages("sv"))
    assert "Bain & Company" in shown and shown.count("har ändrats sedan") == 1


def test_an_own_font_that_is_not_there_changes_nothing_but_the_look():
    branded = replace(sample_report(), brand=Brand(font="No Such Font 123"))
    assert WORDS["en"]["nps"] in read(to_pdf(branded)).pages[0].extract_text()


def test_long_names_of_findings_stay_whole():
    ids = tuple(f"a_rather_long_analysis.with_a_name_of.{i:03}" for i in range(120))
    report = Report("t", "s", "en", False, (Section("x", "X", (Sentence("Words.", ids),)),))
    shown = "\n".join(page.extract_text() for page in read(to_pdf(report)).pages)
    assert all(one in shown for one in ids)


def test_a_reason_leaves_the_column_of_long_names_its_room():
    reason = "no questions are declared for it; name them under items in study.yaml, with their scale and wording."
    columns = (Column("finding", "Finding"), Column("estimate", "Estimate", "number"), Column("unit", "Unit"),
               Column("n", "n", "integer"))  # fmt: skip
    cells = (("client.group.a_hospital_with_a_rather_long_name.nps", 60.0, "NPS points", 113), ("client.csi", None, None, None))
    table = Table("findings", "All findings", columns, cells, ("a", "b"), ("", reason))
    report = replace(sample_report(), sections=(Section("method", "Method", (table,)),), numbers=())
    starts = {}

    def visit(text, place, *_):
        starts.setdefault(text.strip(), place[4])

    for page in read(to_pdf(report)).pages:
        page.extract_text(visitor_text=visit)
    assert starts["Estimate"] - starts["Finding"] > 150


def test_without_typst_the_remedy_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "typst", None)
    pdf._compiler.cache_clear()
    with pytest.raises(ImportError, match=r'pip install "cxstudy\[report\]"'):
        to_pdf(sample_report())
    pdf._compiler.cache_clear()
