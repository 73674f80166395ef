"""The main job, whole: every notebook of the workbook on the sample, and what a reader gets of it."""

import json
import re
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup

from cxstudy.findings import read_findings
from cxstudy.report.index import found, read_claims
from cxstudy.report.run import run_study

HOME = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted(path.stem for path in (HOME / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def run(server, tmp_path_factory):
    outcome = run_study(out=tmp_path_factory.mktemp("reports"), server=server)
    assert outcome.ok, outcome.failures
    return outcome


@pytest.fixture(scope="module")
def index(run):
    return BeautifulSoup(run.index.read_text(encoding="utf-8"), "html.parser")


def test_every_notebook_ran(run):
    recorded = json.loads((run.folder / "run.json").read_text(encoding="utf-8"))
    assert sorted(one["name"] for one in recorded["notebooks"]) == NOTEBOOKS


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_picture_of_a_notebook_is_on_its_page_with_words_for_those_who_do_not_see_it(run, name):
    page = BeautifulSoup((run.folder / f"{name}.html").read_text(encoding="utf-8"), "html.parser")
    cells = nbformat.read(HOME / "notebooks" / f"{name}.ipynb", as_version=4).cells
    solution = {"solution", "exercise"}
    drawn = [c for c in cells if ".plot(" in c.source and not solution & set(c.metadata.get("tags", []))]
    pictures = page.find_all("img")
    assert drawn and len(pictures) == len(drawn)
    assert all(one["src"].startswith("data:image/png") and one.get("alt") for one in pictures)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_no_page_shows_an_error_or_asks_the_network_for_anything(run, name):
    text = (run.folder / f"{name}.html").read_text(encoding="utf-8")
    page = BeautifulSoup(text, "html.parser")
    assert not re.search(r"Traceback|Warning:|Error:", page.get_text())
    assert not page.find_all(["script", "iframe", "link", "object"])
    assert not [tag for tag in page.find_all(src=True) if not tag["src"].startswith("data:")]
    assert "Synthetic data" in page.get_text() and page.find("meta", {"http-equiv": "Content-Security-Policy"})


def test_the_index_shows_every_analysis_and_the_claims(run, index):
    said = json.loads((run.folder / "findings.json").read_text(encoding="utf-8"))["sentences"]
    shown = " ".join(index.get_text().split())
    for name, sentence in said.items():
        assert " ".join(sentence.split()) in shown, name
    assert len(index.find_all("img")) == len(NOTEBOOKS) - 1
    assert "recovered" in shown


def test_the_three_headline_claims_are_recovered(run):
    claims = json.loads((run.folder / "findings.json").read_text(encoding="utf-8"))["claims"]
    words = {claim["id"]: claim["word"] for claim in claims}
    wanted = ("margin-top", "margin-bottom", "loyalty-share", "employee-ambassador-cx", "organic-growth")
    assert {name: words[name] for name in wanted} == dict.fromkeys(wanted, "recovered")


def test_readme_shows_a_verdict_as_the_run_prints_it(run):
    readme = (HOME / "README.md").read_text(encoding="utf-8").replace("\N{NO-BREAK SPACE}", " ")
    claim = next(claim for claim in read_claims(run.folder) if claim["id"] == "margin-top")
    line = f"> **{claim['word']}**: {claim['said']} – {found(claim)}"
    assert line.replace("\N{NO-BREAK SPACE}", " ") in readme


def test_all_findings_of_the_run_are_in_one_file(run):
    together = {f.id: f for f in read_findings(run.folder / "findings.json")}
    apart = [f for path in (run.folder / "findings").glob("*.json") for f in read_findings(path)]
    assert len(apart) == len(together) > 60
    assert all(together[f.id].n == f.n and together[f.id].method == f.method for f in apart)
