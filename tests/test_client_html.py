"""The report as a page: every text as text, every number with its finding, nothing fetched, readable by all."""

import re
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup
from client_model import ROWS, WORDS, sample_report

from cxstudy.client.cells import cell_text, clean, paragraphs
from cxstudy.client.colours import TEXT, contrast, palette
from cxstudy.client.content import content
from cxstudy.client.html import TEMPLATE, to_html
from cxstudy.client.model import Brand, Chart, Column, Note, Report, Section, Sentence, Table
from cxstudy.language import LANGUAGES
from cxstudy.report.page import CONTENT_POLICY

PAGES = {(language, hostile): None for language in LANGUAGES for hostile in (False, True)}


def page(language="en", hostile=False):
    key = language, hostile
    PAGES[key] = PAGES[key] or to_html(sample_report(language, hostile))
    return PAGES[key]


def soup(language="en", hostile=False):
    return BeautifulSoup(page(language, hostile), "html.parser")


def parts(report, kind):
    return [part for section in report.sections for part in section.parts if isinstance(part, kind)]


def squeezed(text):
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("hostile", [False, True])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_the_model_is_on_the_page(language, hostile):
    report, shown = sample_report(language, hostile), squeezed(soup(language, hostile).get_text(" "))
    said = [report.title, report.subtitle, report.period, report.made]
    said += [section.title for section in report.sections]
    said += [one for section in report.sections for one in paragraphs(section.comment)]
    said += [part.text for part in parts(report, Sentence) + parts(report, Note)]
    for table in parts(report, Table):
        said += [table.title, *(column.heading for column in table.columns)]
        said += [cell for row in table.cells for cell in row if isinstance(cell, str)]
    for chart in parts(report, Chart):
        said += [chart.title, *chart.categories, *(series.name for series in chart.series)]
    for one in said:
        assert squeezed(clean(one)) in shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_numbers_and_their_findings_in_tables(language):
    report, found = sample_report(language), soup(language)
    shown = [table for table in found.select("main > section > .table > table")]
    tables = parts(report, Table)
    assert len(shown) == len(tables) and max(len(table.cells) for table in tables) == ROWS
    for table, drawn in zip(tables, shown, strict=True):
        for i, row in enumerate(drawn.select("tbody tr")):
            reason = table.reasons[i] if table.reasons else ""
            words = [cell.get_text(strip=True) for cell in row.select("th, td:not(.origin):not(.reason)")]
            expected = [cell_text(v, c, language) for v, c in zip(table.cells[i], table.columns, strict=True)]
            assert words == [clean(one) for one in expected][: len(words)]
            assert len(words) == len(expected) or (reason and row.select_one(".reason").get_text() == reason)
            link = row.select_one("a.ref")
            assert (link["data-finding"] if link else "") == (table.findings[i] if table.findings else "")


def test_every_finding_is_listed_once_and_every_reference_leads_there():
    report, found = sample_report(), soup()
    listed = {item["id"]: item.get_text(strip=True) for item in found.select("ol.findings li")}
    assert list(listed.values()) == list(report.findings())
    links = found.select("a.ref")
    assert len(links) > len(report.findings())
    for link in links:
        assert listed[link["href"][1:]] == link["data-finding"]
        assert link["data-finding"] in link["aria-label"]


def test_sentences_carry_their_findings():
    for sentence, drawn in zip(parts(sample_report(), Sentence), soup().select("p.said"), strict=True):
        assert [link["data-finding"] for link in drawn.select("a.ref")] == list(sentence.findings)


def test_the_numbers_of_a_picture_stand_under_it():
    for chart, figure in zip(parts(sample_report("sv"), Chart), soup("sv").select("figure"), strict=True):
        rows = figure.select("details tbody tr")
        assert len(rows) == len(chart.categories) * len(chart.series)
        ids = [one for i in range(len(chart.categories)) for s in chart.series for one in s.findings[i : i + 1]]
        assert [link["data-finding"] for link in figure.select("details a.ref")] == ids


@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_text_stays_text(language):
    found = soup(language, hostile=True)
    assert not found.find_all(["script", "iframe", "object", "embed", "link", "form", "base", "b", "em"])
    assert [image["src"][:22] for image in found.find_all("img")] == ["data:image/png;base64,"]
    for element in found.find_all(True):
        for name, value in element.attrs.items():
            assert not name.startswith("on")
            if name in ("href", "src", "xlink:href"):
                assert value.startswith(("#", "data:image/png;base64,"))
    assert len(found.find_all("style")) == 1 and "script" not in found.style.get_text()
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b\x0e-\x1f]", page(language, True))


def test_nothing_is_fetched_and_nothing_runs():
    found = soup()
    policy = found.find("meta", attrs={"http-equiv": "Content-Security-Policy"})
    assert policy["content"] == CONTENT_POLICY and "default-src 'none'" in CONTENT_POLICY
    assert not re.search(r"@import|url\((?!#)", page())


def test_a_brand_cannot_write_style_or_markup():
    brand = Brand(name="<b>x</b>", font='x";} body { display: none } </style><script>')
    made = to_html(replace(sample_report(), brand=brand))
    assert "display: none }" not in made and "<script" not in made and "<b>x" not in made


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_untranslated_key_and_the_language_is_declared(language):
    found = soup(language)
    assert found.html["lang"] == language
    assert not re.search(
        r"\b(client|page|figure)\.(page\.)?[a-z_]+\b", re.sub(r"client\.\w+[\w.]*", "", found.get_text(" "))
    )
    assert "client.page" not in page(language) and "{" not in found.main.get_text()
    assert WORDS[language]["summary"] == found.h2.get_text()


def test_for_those_who_cannot_see():
    found = soup("sv")
    assert len(found.find_all("h1")) == 1
    assert all(image.get("alt") for image in found.find_all("img"))
    assert all(image["role"] == "img" and image["aria-label"] for image in found.select("figure > svg"))
    assert all(head["scope"] == "col" for head in found.select("thead th"))
    assert all(head["scope"] == "row" for head in found.select("tbody th"))
    ids = [element["id"] for element in found.find_all(id=True)]
    assert len(ids) == len(set(ids))
    assert all(found.find(id=link["href"][1:]) for link in found.select("a"))


def variables(css):
    return dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", css))


@pytest.mark.parametrize("primary", ["#1f4e79", "#ffee00", "#e30613", "#777777"])
def test_contrast_of_every_text_on_the_page(primary):
    made = to_html(replace(sample_report(), brand=Brand(primary=primary)))
    known = variables(made) | {"paper": "#ffffff"}
    assert known["brand"] == palette(Brand(primary=primary)).text
    pairs = [(ink, ground) for ink in ("ink", "soft", "link") for ground in ("paper", "tint")]
    pairs += [("brand", "paper"), ("brand", "wash"), ("ink", "wash"), ("link", "wash"), ("on", "brand")]
    for ink, ground in pairs:
        assert contrast(known[ink], known[ground]) >= TEXT, (ink, ground)
    css = (TEMPLATE / "report.css").read_text(encoding="utf-8")
    assert contrast(re.search(r"\.outdated { color: (#\w{6})", css)[1], known["wash"]) >= TEXT
    warning = re.search(r"\.note\.warning { color: var\(--ink\); background: (#\w{6})", css)[1]
    assert contrast(known["ink"], warning) >= TEXT


def test_page_one_is_the_first_section_with_the_contents():
    found = soup()
    contents = found.select_one("nav.contents")
    assert contents.find_previous_sibling("section")["data-section"] == "summary"
    assert contents.find_next_sibling("section")["data-section"] == "trust"
    assert [a.get_text() for a in contents.select("a")][:-1] == [s.title for s in sample_report().sections]


def test_print_rules():
    css = (TEMPLATE / "report.css").read_text(encoding="utf-8").split("@media print")[1]
    for rule in ("display: table-header-group", "break-inside: avoid", "break-before: page", "size: A4"):
        assert rule in css


@pytest.mark.parametrize("language", LANGUAGES)
def test_trademark_is_named_in_legible_size(language):
    line = soup(language).select_one("footer .trademark").get_text()
    assert all(name in line for name in ("NPS", "Net Promoter Score", "Bain", "NICE", "Reichheld"))
    css = (TEMPLATE / "report.css").read_text(encoding="utf-8")
    assert float(re.search(r"footer \.trademark { font-size: ([.\d]+)rem", css)[1]) >= 0.9


def test_synthetic_is_said_only_where_it_is_so():
    assert soup().select_one(".cover .synthetic")
    real = BeautifulSoup(to_html(replace(sample_report(), synthetic=False)), "html.parser")
    assert not real.select(".synthetic") and "synthetic" not in real.get_text().lower()


def test_comment_and_whether_it_is_outdated():
    comments = soup().select(".comment")
    assert [bool(comment.select(".outdated")) for comment in comments] == [False, True]
    report = Report("t", "s", "en", False, (Section("a", "A", (), comment="One.\n\nTwo\nlines.", outdated=False),))
    drawn = BeautifulSoup(to_html(report), "html.parser").select_one(".comment")
    assert [p.get_text() for p in drawn.select("p:not(.label)")] == ["One.", "Two lines."]


def test_a_reason_beside_numbers_that_are_there():
    table = Table("t", "T", (Column("a", "A"), Column("n", "N", "integer")), (("x", 3),), ("f.x",), ("merged",))
    drawn = BeautifulSoup(to_html(Report("t", "s", "en", False, (Section("a", "A", (table,)),))), "html.parser")
    assert drawn.select_one("tbody th small").get_text() == "merged"
    assert drawn.select_one("tbody td.number").get_text() == "3"


def test_an_empty_report_is_a_page():
    drawn = BeautifulSoup(to_html(Report("t", "s", "da", False, ())), "html.parser")
    assert drawn.h1.get_text() == "t" and not drawn.select("#numbers")


def test_content_is_made_once_for_both_and_unknown_parts_are_refused():
    report = sample_report()
    assert to_html(report, content=content(report)) == page() == to_html(report)
    with pytest.raises(TypeError, match="got str"):
        content(replace(report, sections=(Section("a", "A", ("text",)),)))
