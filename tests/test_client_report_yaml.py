"""report.yaml: what is read, comments that are kept and flagged, and what a user is told when it is wrong."""

import re

import pytest
from client_study import SIZES, branch_study

import cxstudy as cx
from cxstudy.client.model import Section, Sentence
from cxstudy.client.names_of_sections import DEFAULT
from cxstudy.client.report import client_report
from cxstudy.client.report_yaml import fingerprint, read_report_file, stamp_comments
from cxstudy.client.shared import prepare
from cxstudy.faults import DataError
from cxstudy.findings import Finding

WITH_COMMENTS = """# for the board
format: 1
language: "sv"
sections:
  - one_minute
  - id: touchpoints          # the shops
    title: "Butikerna & co"
    comment: |
      Vi har byggt om i Malmö.

      Se bilaga.
  - {id: margin, comment: "Ingen, än: {så}"}
  - comment: "first"
    id: peers
labels: {shop: Butik}
"""


@pytest.fixture
def read(tmp_path):
    def read(text):
        path = tmp_path / "report.yaml"
        path.write_text(text, encoding="utf-8")
        return read_report_file(path)

    return read


@pytest.fixture
def faults(read):
    def faults(text):
        with pytest.raises(DataError) as caught:
            read(text)
        return caught.value.faults

    return faults


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    study = cx.open_study(branch_study(tmp_path_factory.mktemp("study") / "six", sizes=SIZES[:6]))
    return study, prepare(study)


def test_defaults(read):
    given = read("format: 1\n")
    assert [one.id for one in given.sections] == list(DEFAULT)
    assert given.formats == ["html", "pdf", "pptx", "xlsx"]
    assert (given.language, given.period, given.template, given.comments) == (None, None, "", None)


def test_sections_in_order_with_title_comment_and_labels(small, tmp_path):
    study, shared = small
    path = tmp_path / "report.yaml"
    path.write_text(WITH_COMMENTS, encoding="utf-8")
    report = client_report(study, "Malmö", settings=path, shared=shared)
    assert report.language == "sv"
    assert [section.id for section in report.sections] == ["one_minute", "touchpoints", "margin", "peers"]
    touchpoints = report.sections[1]
    assert touchpoints.title == "Butikerna & co"
    assert touchpoints.comment == "Vi har byggt om i Malmö.\n\nSe bilaga.\n"
    assert report.sections[2].title == "Vad +10 NPS hänger samman med i rörelsemarginal"
    assert not any(section.outdated for section in report.sections)
    assert "Butik" in [row[0] for part in touchpoints.parts if hasattr(part, "cells") for row in part.cells]


def test_comments_are_stamped_and_flagged_when_numbers_change(small, tmp_path):
    study, shared = small
    path = tmp_path / "report.yaml"
    path.write_text(WITH_COMMENTS, encoding="utf-8")
    report = client_report(study, "Malmö", settings=path, shared=shared)
    assert sorted(stamp_comments(path, report)) == ["margin", "peers", "touchpoints"]
    stamped = path.read_text(encoding="utf-8")
    assert stamped != WITH_COMMENTS == re.sub(r'comment_for: "[0-9a-f]{12}"(, |\n *)', "", stamped)
    before, after = (read_report_file(p) for p in (_written(tmp_path / "old.yaml", WITH_COMMENTS), path))
    assert [(s.id, s.title, s.comment) for s in before.sections] == [(s.id, s.title, s.comment) for s in after.sections]
    assert [bool(s.comment_for) for s in after.sections] == [False, True, True, True]
    again = client_report(study, "Malmö", settings=path, shared=shared)
    assert not any(section.outdated for section in again.sections)
    assert stamp_comments(path, again) == [] and path.read_text(encoding="utf-8") == stamped
    other = client_report(study, "Växjö", settings=path, shared=shared)
    assert {s.id: s.outdated for s in other.sections} == {
        "one_minute": False, "touchpoints": True, "margin": False, "peers": True,
    }  # fmt: skip
    assert other.sections[1].comment == again.sections[1].comment


def test_a_fingerprint_hangs_on_numbers_and_not_on_words():
    def made(text, estimate):
        one = Finding("client.nps", estimate, ci_low=1.0, ci_high=2.0, n=9)
        return fingerprint(Section("s", text, (Sentence(text, ("client.nps",)),)), {one.id: one})

    assert made("one", 1.5) == made("other", 1.5) == made("one", 1.5 + 1e-12)
    assert made("one", 1.5) != made("one", 1.6)
    assert len(made("one", 1.5)) == 12


def test_an_order_that_leaves_out_the_method_prints_only_what_it_says(small, tmp_path):
    study, shared = small
    path = _written(tmp_path / "report.yaml", "format: 1\nsections: [margin]\ntitle: Eget\nbrand: {name: Kunden}\n")
    report = client_report(study, "Malmö", settings=path, shared=shared)
    assert report.findings() == ("client.margin.slope",) == tuple(one.id for one in report.numbers)
    assert (report.title, report.brand.name) == ("Eget", "Kunden")


@pytest.mark.parametrize(
    ("text", "where", "found"),
    [
        ("sections: [one_minute]\n", "format", "it is not there"),
        ("format: 2\n", "format", "2"),
        ("format: 1\nsections: [one_minut]\n", "sections.0.id", "nearest: one_minute"),
        ("format: 1\nsections: [trust, trust]\n", "sections", "trust twice"),
        ("format: 1\nsections: []\n", "sections", "[]"),
        ("format: 1\nsections:\n - {id: trust, titel: x}\n", "sections.0.titel", "nearest: title"),
        ("format: 1\nbrand: {colour: red}\n", "brand.colour", "valid: accent, font, logo, name, primary"),
        ("format: 1\nbrand: {primary: 1}\n", "brand.primary", "1"),
        ("format: 1\nfont: Arial\n", "font", "valid: brand, comments, format, formats"),
        ("format: 1\nlanguage: no\n", "language", "False"),
        ("format: 1\nlanguage: fi\n", "language", "'fi'"),
        ("format: 1\nformats: [html, word]\n", "formats.1", "'word'"),
        ("format: 1\ncomments: yes\n", "comments", "True"),
    ],
)
def test_each_fault_has_its_path_and_remedy(faults, text, where, found):
    (fault,) = faults(text)
    assert fault.where == f"report.yaml, {where}" and found in fault.found and fault.remedy
    if where != "format" or "format" in text:
        assert fault.row is not None


def test_all_faults_at_once(faults):
    found = faults("format: 1\nlanguage: fi\nsections: [nothing]\nbrand: {x: 1}\nformats: [x]\n")
    assert {fault.where.removeprefix("report.yaml, ") for fault in found} == {
        "language", "sections.0.id", "brand.x", "formats.0",
    }  # fmt: skip


def test_years_need_no_quotes(read):
    assert read("format: 1\nperiod: 2024\n").period == "2024"


def test_a_file_that_is_no_yaml_or_not_there(faults, tmp_path):
    (fault,) = faults("format: 1\n sections: [\n")
    assert "valid YAML" in fault.rule
    with pytest.raises(DataError, match=r"none\.yaml"):
        read_report_file(tmp_path / "none.yaml")


def _written(path, text):
    path.write_text(text, encoding="utf-8")
    return path
