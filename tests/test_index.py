"""The index: claims in words, headline pictures, and no number that findings.json does not hold."""

import base64
import json
import re

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_markdown_cell, new_notebook
from test_page import CHROMIUM, PIXEL, RUN, Tags, chromium

from cxstudy.findings import Finding, write_findings
from cxstudy.report.index import digits_for, found, read_claims, read_run, write_index

HEAD = "id,document,said,kind,published,verdict,word,estimate,ci_low,ci_high,confidence,unit,n,n_unit,finding,reason"
ROWS = [
    "margin-top,F,margin of <b>the best</b>,value,value 9 %,as published,agrees,"
    "8.912345,7.61,10.25,0.95,%,60,companies,nps_margin.top_tier,",
    "margin-bottom,F,negative return,direction,direction < 0,undecided,cannot tell,"
    "-0.4321,-1.5,0.7,0.95,%,60,companies,nps_margin.bottom_tier,it crosses zero",
    "award,F,an award,practice,practice,not built,not tested,,,,,,,,award.first,not built yet",
]


@pytest.fixture
def folder(tmp_path):
    run = tmp_path / "20260102-030405"
    for part in ("findings", "tables", "figures"):
        (run / part).mkdir(parents=True)
    both = [
        Finding("nps_margin.top_tier", 8.912345, 0.6, 7.61, 10.25, 0.95, "%", 60, "companies"),
        Finding("nps_margin.bottom_tier", -0.4321, 0.5, -1.5, 0.7, 0.95, "%", 60, "companies"),
    ]
    sentence = "The top earns 8.9 % (95 % interval 7.6 to 10.3)."
    head = {"analysis": "nps_margin", "sentence": sentence, "figures": ["tiers", "scatter"]}
    notes = {"x.used": "Used: 120.", "x.note.stands_for": "The question really asked is another."}
    head["notes"] = [{"key": key, "sentence": sentence} for key, sentence in notes.items()]
    write_findings(run / "findings/nps_margin.json", both, reading={"key": "x", "values": {"top": 8.912345}}, **head)
    write_findings(run / "findings/claims.json", [], analysis="claims", sentence="2 claims were tested.", figures=[])
    mine = Finding("my.share", 41.25, ci_low=30.5, ci_high=52.25, confidence=0.9, unit="%", n=80, n_unit="answers")
    write_findings(run / "findings/my.share.json", [mine], analysis="my")
    (run / "tables/claims.claims.csv").write_text("\n".join([HEAD, *ROWS]) + "\n", encoding="utf-8")
    (run / "tables/nps_margin.tiers.csv").write_text("tier,n,estimate\ntop,60,8.912345\nbottom,60,\n", encoding="utf-8")
    (run / "figures/nps_margin.tiers.png").write_bytes(base64.b64decode(PIXEL))
    for name in ("02_nps_margin", "99_claims"):
        nbformat.write(new_notebook(cells=[new_markdown_cell(f"# Title of {name}")]), run / f"{name}.ipynb")
    return run


@pytest.fixture
def overview(folder):
    record = {
        **RUN,
        "format": 1,
        "notebooks": [{"name": n, "analysis": n.partition("_")[2]} for n in ("02_nps_margin", "99_claims")],
        "unanswered": {"loyalty_share": "loyalty_share: cannot be answered. Two companies."},
    }
    return read_run(folder, record, ["nps_margin", "claims"])


@pytest.fixture
def page(overview, folder):
    write_index(overview, folder / "index.html")
    return (folder / "index.html").read_text(encoding="utf-8")


def test_words_claims_and_reasons_are_shown(page):
    soup = BeautifulSoup(page, "html.parser")
    words = [word.get_text(" ", strip=True) for word in soup.select(".claim .word")]
    assert words == ["agrees as published", "cannot tell undecided"]
    text = soup.get_text(" ", strip=True)
    assert "8.9 %, 95% interval 7.6 to 10.2, from 60 companies." in text
    assert "it crosses zero" in text and "1 claim or practice was not tested" in text and "not built yet" in text
    assert "cannot be answered. Two companies." in text and "my.share" in text
    assert "The question really asked is another." in text and "Used: 120." not in text
    assert "Synthetic data" in text and "margin of <b>the best</b>" in text


def test_links_lead_to_what_is_there_from_both_places(overview, folder, page):
    write_index(overview, folder.parent / "index.html", prefix=f"{folder.name}/")
    outer = (folder.parent / "index.html").read_text(encoding="utf-8")
    inner = re.findall(r'href="([^"]+)"', page)
    assert {"02_nps_margin.html", "99_claims.html", "findings.json", "run.json", "tables/nps_margin.tiers.csv"} <= set(
        inner
    )
    assert re.findall(r'href="([^"]+)"', outer) == [f"{folder.name}/{link}" for link in inner]
    assert outer.replace(f"{folder.name}/", "") == page


def test_the_headline_picture_is_embedded_and_described(page):
    pictures = [attrs for tag, attrs in Tags(page).found if tag == "img"]
    assert len(pictures) == 1 and pictures[0]["src"].startswith("data:image/png;base64,")
    assert pictures[0]["alt"] == "Figure: The top earns 8.9 % (95 % interval 7.6 to 10.3)."
    assert not [tag for tag, _ in Tags(page).found if tag in ("script", "link", "iframe")]


def test_every_number_of_the_index_is_in_the_findings(overview, page):
    held = json.dumps(overview.findings_file(), ensure_ascii=False)
    values = [float(v) for v in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", held)]
    soup = BeautifulSoup(page, "html.parser")
    shown = " ".join(part.get_text(" ") for part in soup.select(".reading, .claim .found, section li"))
    numbers = re.findall(r"(?<![\w.])−?\d+(?:\.\d+)?(?=%|\b)(?![\w.]*csv)", shown)
    assert len(numbers) > 12
    for number in numbers:
        digits = len(number.partition(".")[2])
        value = float(number.replace("−", "-"))
        assert any(abs(v * scale - value) <= 0.5000001 * 10**-digits for v in values for scale in (1, 100)), number


def test_findings_are_in_the_order_of_the_run_with_sentences_and_claims(overview):
    body = overview.findings_file()
    assert [f["id"] for f in body["findings"]] == ["nps_margin.top_tier", "nps_margin.bottom_tier", "my.share"]
    assert list(body["sentences"]) == ["nps_margin", "claims"]
    assert body["claims"][0]["estimate"] == 8.912345 and body["claims"][2]["estimate"] is None
    assert body["pictured"] == {
        "nps_margin": ({"tier": "top", "n": 60, "estimate": 8.912345}, {"tier": "bottom", "n": 60, "estimate": None})
    }
    assert (body["study"], body["synthetic"]) == ("small", True)


def test_a_run_without_claims_has_none(tmp_path):
    assert read_claims(tmp_path) == []


def test_a_finding_is_said_with_the_digits_its_size_needs():
    row = {
        "estimate": 0.1694,
        "ci_low": 0.1337,
        "ci_high": 0.2049,
        "confidence": 0.95,
        "unit": "correlation",
        "n": 2943,
        "n_unit": "companies",
    }
    assert found(row) == "0.169 correlation, 95% interval 0.134 to 0.205, from 2,943 companies."
    assert found({**row, "ci_low": None}) == "0.169 correlation, from 2,943 companies."
    assert found({**row, "estimate": None}) == ""
    assert [digits_for([8.9, 7.5, 10.3]), digits_for([1.222, 1.176, 1.269]), digits_for([0.2, 0.15])] == [1, 3, 3]
    assert [digits_for([1.0, 4.0]), digits_for([1.25]), digits_for([0.25]), digits_for([])] == [0, 1, 3, 0]


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: the index is not opened in a browser")
def test_a_browser_opens_the_index_without_a_console_message(page, folder, tmp_path):
    seen = chromium((folder / "index.html").as_uri(), tmp_path / "profile", "--dump-dom")
    assert "cannot tell" in seen.stdout and "CONSOLE" not in seen.stderr


def test_a_claim_of_a_synthetic_study_says_what_the_data_were_made_with():
    claim = {"estimate": 9.9, "ci_low": 7.7, "ci_high": 12.0, "confidence": 0.95, "n": 60, "unit": "%", "n_unit": "companies"}
    assert found(claim | {"truth": 9.0}).endswith("from 60 companies. The data were made with 9.0 %.")
    assert found(claim | {"truth": None}).endswith("from 60 companies.")
    ratio = claim | {"estimate": 1.2, "ci_low": 1.176, "ci_high": 1.269, "unit": "", "truth": 1.249}
    assert found(ratio).endswith("The data were made with 1.249.")


def test_the_chart_leads_from_a_question_to_method_function_and_page(page, overview):
    from cxstudy.report.which_method import CHART, chart

    ways = BeautifulSoup(page, "html.parser").select("ol.which li.way")
    assert len(ways) == sum(len(ways) for ways in CHART.values()) >= 10
    steps = {way.select(".step")[0].get_text(): way.select(".step")[1:] for way in ways}
    method, where = steps["Do companies with more promoters earn more?"]
    assert method.code.get_text() == "cx.nps_margin"
    assert (where.a["href"], where.a.get_text()) == ("02_nps_margin.html", "Title of 02npsmargin")
    method, where = steps["Share explained"]
    assert where.a is None and where.get_text() == "not in this run"
    assert [code.get_text() for code in method.find_all("code")] == ["cx.loyalty_share", "cx.r_squared_interval"]
    assert [b["question"] for b in chart(overview.pages, "sv")][1] == "Hur stort är det?"


def test_the_chart_names_no_function_that_cxstudy_does_not_have(page):
    import cxstudy

    soup = BeautifulSoup(page, "html.parser")
    names = [code.get_text().removeprefix("cx.") for code in soup.select("ol.which code")]
    assert names and all(callable(getattr(cxstudy, name)) for name in names)
    bare = [s for s in soup.select("ol.which .step:nth-of-type(2)") if not s.find("code")]
    assert all("not in this version" in step.get_text() for step in bare)


@pytest.mark.skipif(not CHROMIUM, reason="no browser")
def test_the_chart_fits_a_phone(page, folder, tmp_path):
    probe = (
        "<script>document.title=[document.documentElement.scrollWidth,"
        "...[...document.querySelectorAll('.which .step')].map(s=>Math.round(s.getBoundingClientRect().right))]"
        ".join(' ')</script></body>"
    )
    file = folder / "narrow.html"
    # the page's own policy lets no script run
    file.write_text(re.sub(r"<meta http-equiv[^>]*>", "", page).replace("</body>", probe), encoding="utf-8")
    seen = chromium(file.as_uri(), tmp_path / "profile", "--window-size=500,900", "--dump-dom")
    widths = [int(w) for w in re.search(r"<title>([\d ]+)</title>", seen.stdout)[1].split()]
    assert len(widths) > 30 and max(widths) <= 500
