"""The method page: what was declared stands there, what was not is said to be so, and no unit is named."""

import re

import pytest
from bs4 import BeautifulSoup
from test_page import CHROMIUM, RUN, Tags, chromium

import cxstudy as cx
from cxstudy.report.method_page import write_method_page
from cxstudy.wordings import wording

WORDING = """questions:
  recommend: {en: "How likely are you to recommend <b>us</b>?", sv: "Hur troligt är det?"}
"""
FIELDWORK = "fieldwork: {from: 2024-01-01, to: 2024-12-31, channel: e-mail, invited: 240}\n"
RECORD = {**RUN, "seeds": {"02_nps_margin": 2025}, "data": {"study.yaml": "0123456789abcdef" * 4}}


def add(more):
    return lambda text: text + more


@pytest.fixture
def page(small_study, tmp_path):
    def make(more="", language=None, **files):
        study = cx.open_study(small_study(study=add(more), **files))
        return write_method_page(study, RECORD, tmp_path, language).read_text(encoding="utf-8")

    return make


def facts(html):
    soup = BeautifulSoup(html, "html.parser")
    return {dt.get_text(): dt.find_next_sibling("dd").get_text() for dt in soup.find_all("dt")}


def rows(html, head):
    """The rows of the table that has a column ``head``, as dicts."""
    for table in BeautifulSoup(html, "html.parser").find_all("table"):
        heads = [cell.get_text() for cell in table.select("thead th")]
        if head in heads:
            cells = [[c.get_text(" ") for c in row.find_all("td")] for row in table.select("tbody tr")]
            return [dict(zip(heads, row, strict=True)) for row in cells]
    return []


def test_what_was_asked_with_scale_and_answers(page, cell):
    html = page(WORDING, customers=cell(4, "recommend", ""))
    asked = {row["question"]: row for row in rows(html, "wording")}
    assert asked["recommend"]["wording"].startswith("How likely are you to recommend <b>us</b>?")
    assert "<b>us</b>" not in html and "&lt;b&gt;us" in html
    assert (asked["recommend"]["scale"], asked["recommend"]["answers"]) == ("0–10, high is good", "95")
    assert asked["recommend"]["no answer"] == "1" and asked["recommend"]["table"] == "customers"
    assert asked["satisfaction"]["wording"].strip() == "not declared in study.yaml"


def test_the_wording_of_another_language_is_said_to_be_one(page):
    danish = {row["spørgsmål"]: row["ordlyd"] for row in rows(page(WORDING, "da"), "ordlyd")}
    assert "How likely" in danish["recommend"] and "Ordlyd på engelsk; ingen er angivet" in danish["recommend"]
    swedish = {row["fråga"]: row["lydelse"] for row in rows(page(WORDING, "sv"), "lydelse")}
    assert swedish["recommend"].strip() == "Hur troligt är det?"


def test_the_page_is_in_the_language_of_the_study(page):
    html = page('language: "sv"\n')
    assert '<html lang="sv">' in html and facts(html)["Fältperiod"] == "ej angivet i study.yaml"


def test_the_files_own_text_stands_in_and_study_yaml_goes_first(small_study):
    study = cx.open_study(small_study(study=add(WORDING)))
    study.customers.question_texts.update(recommend="Q1. From the file", satisfaction="Q2. How satisfied?")
    assert wording(study, "customers", "recommend") == ("How likely are you to recommend <b>us</b>?", "en", "declared")
    assert wording(study, "customers", "recommend", "sv").language == "sv"
    assert wording(study, "customers", "satisfaction") == ("Q2. How satisfied?", "", "file")
    assert wording(study, "customers", "effort") == ("", "", "")


def test_fieldwork_invitations_and_response(page):
    found = facts(page(FIELDWORK))
    assert found["Field dates"] == "2024-01-01 to 2024-12-31" and found["Channel"] == "e-mail"
    assert found["Invited"] == "240"
    # Wilson interval of 96 of 240, as statsmodels' proportion_confint gives it: 0.3401 to 0.4631
    assert found["Response rate"] == "40.0 % of the invited (95 % interval 34.0 to 46.3)"
    assert found["Customers' answers"] == "96 from 12 units, dated 2024-01-15 to 2024-08-15"


def test_what_was_not_declared_is_said(page):
    found = facts(page())
    none = "not declared in study.yaml"
    assert [found[k] for k in ("Field dates", "Channel", "Invited")] == [none] * 3 and "Response rate" not in found
    assert found["Money in financials"] == "currency: SEK; in thousands"
    assert found["Anonymity threshold"].startswith("5 answers of customers, 7 of employees")
    assert (found["What is compared"], found["End of the financial year (month-day)"]) == ("companies", "12-31")
    assert found["Answers and results"].startswith("pooled")


def test_a_lag_is_said_in_years(page):
    assert facts(page("pairing: {lag: 1}\n"))["Answers and results"] == (
        "answers of a year with the results 1 year later"
    )


def test_a_currency_that_is_not_declared_is_said(small_study, tmp_path):
    study = cx.open_study(small_study(study=lambda text: text.replace(", currency: SEK, unit: thousands", "")))
    html = write_method_page(study, RECORD, tmp_path).read_text(encoding="utf-8")
    assert facts(html)["Money in financials"] == "currency: not declared in study.yaml; in whole units"


def test_files_rows_and_what_was_left_out(page):
    html = page(customers=lambda text: text.replace("comment", "remark"))
    files = {row["table"]: row for row in rows(html, "rows")}
    assert files["customers"]["rows"] == "96" and files["customers"]["file"] == "customers.csv"
    assert "Columns not used (1): remark." in files["customers"]["left out, and why"]
    assert files["financials"]["left out, and why"] == "nothing"


def test_codes_read_as_no_answer_are_listed(small_study, tmp_path, cell):
    folder = small_study(
        study=lambda text: text.replace("customers.csv}", "customers.csv, missing: [98, 99]}"),
        customers=cell(3, "recommend", "98"),
    )
    html = write_method_page(cx.open_study(folder), RECORD, tmp_path).read_text(encoding="utf-8")
    files = {row["table"]: row for row in rows(html, "rows")}
    assert files["customers"]["left out, and why"] == "Read as no answer: 98, 99."


def test_links_are_counted_and_nothing_unmatched_is_named(page, cell):
    links = "source,key,unit\n" + "".join(f"customers,Firm {i},C{i:03}\n" for i in range(1, 13))
    names = [lambda text: re.sub(r"C0(\d\d)", lambda m: f"Firm {int(m[1])}", text), cell(9, "company", "Nobody Inc")]
    html = page("  links: {file: links.csv}\n", customers=names, links=links)
    (row,) = rows(html, "linked")
    assert (row["table"], row["rows"], row["linked"], row["unmatched"]) == ("customers", "96", "95", "1")
    assert "could not be matched: 1 (1 names)" in html and "Nobody" not in html


def test_no_unit_is_named(page, cell):
    invited = "company,invited\n" + "".join(f"C{i:03},20\n" for i in range(1, 13))
    few = [cell(row, "company", "C002") for row in range(1, 8)]
    html = page(FIELDWORK.replace("240", "invited.csv"), invited=invited, customers=few)
    assert not re.search(r"C0\d\d|Company \d", html)
    assert facts(html)["Invited"] == "240 in 12 units"


def test_run_seeds_versions_and_fingerprints(page):
    html = page()
    found = facts(html)
    assert found["Run"] == "20260102-030405" and found["Seeds"] == "02_nps_margin: 2025"
    assert "pandas 3.1.1" in found["Packages"]
    assert rows(html, "fingerprint (SHA-256)") == [{"file": "study.yaml", "fingerprint (SHA-256)": "0123456789ab"}]


def test_a_counted_study_with_stand_ins(tmp_path):
    table = "company,n,p,i,d,m\nA,100,50,30,20,4.1\nB,90,40,40,20,3.9\n"
    (tmp_path / "customers.csv").write_text(table, encoding="utf-8")
    (tmp_path / "study.yaml").write_text(
        """format: 1
name: counted
synthetic: true
tables:
  customers:
    file: customers.csv
    rows: counted
    shares: {recommend: {promoters: p, passives: i, detractors: d}}
    means: {nurses: {mean: m}}
    stands_for: {recommend: overall rating}
""",
        encoding="utf-8",
    )
    html = write_method_page(cx.open_study(tmp_path), RECORD, tmp_path).read_text(encoding="utf-8")
    asked = {row["question"]: row for row in rows(html, "wording")}
    assert asked["recommend"]["answers"] == "190" and "really asked: overall rating" in asked["recommend"]["wording"]
    assert asked["nurses"]["scale"] == "–" and facts(html)["Customers' answers"] == "190 from 2 units, without dates"
    assert facts(html)["Synthetic data"] == "yes" and 'class="synthetic"' in html


def test_it_is_one_file_without_script_or_request(page):
    html = page(WORDING)
    tags = Tags(html).found
    assert not [tag for tag, _ in tags if tag in ("script", "link", "iframe", "img")]
    policy = next(attrs for _, attrs in tags if attrs.get("http-equiv") == "Content-Security-Policy")
    assert policy["content"].startswith("default-src 'none'") and not re.search(r'(src|href)="https?:', html)


@pytest.mark.skipif(not CHROMIUM, reason="no browser")
def test_a_browser_shows_it_without_a_complaint(page, tmp_path):
    page(WORDING + FIELDWORK)
    seen = chromium((tmp_path / "method.html").as_uri(), tmp_path / "profile", "--dump-dom")
    assert "How likely" in seen.stdout and "Content Security Policy" not in seen.stderr
