"""Reports for one client or all: names, what a second start does, what a failure leaves, what is said of mistakes."""

import json
import re
from dataclasses import replace
from types import SimpleNamespace

import pytest
from client_model import HOSTILE, sample_report
from ending_process import render_or_end

import cxstudy.client.produce as production
from cxstudy.cli import main
from cxstudy.client import report, report_yaml, shared, who
from cxstudy.client.jobs import MADE
from cxstudy.client.produce import INDEX, produce
from cxstudy.client.render import check_formats
from cxstudy.client.who import Client
from cxstudy.client.whole_files import MadeFiles, write_whole
from cxstudy.faults import NotTestable
from cxstudy.findings import Finding

NAMES = {"C1": "Åkesson & Søn", "C2": "Bank", "C3": "bank"}


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A study of three clients whose reports are the hand-made one; ``asked``: the calls of client_report."""
    folder = tmp_path / "study"
    folder.mkdir()
    made = SimpleNamespace(
        folder=folder, name="small", language="en", synthetic=True, unit="company", prints={"a.csv": "1"}, asked=[],
        config=SimpleNamespace(title="A study"), broken=(), has=lambda *names: True,
    )  # fmt: skip
    made.fingerprints = lambda: dict(made.prints)

    def tallied(study, language=None, *, period=None):
        return SimpleNamespace(language=language, period=period, parents=dict.fromkeys(NAMES, ""), has_whole=False)

    def one(study, shared, company=None):
        key = next((k for k, name in NAMES.items() if company in (k, name)), None)
        if key is None:
            raise ValueError(f"there is no {company!r}. nearest: C1.")
        return Client("unit", key, NAMES[key])

    def of_client(study, company, period, language, settings, shared):
        made.asked.append((company, period, language))
        if company in made.broken:
            raise NotTestable("too few answers.")
        sample = sample_report(language)
        numbers = tuple(Finding(name, 1.0, 0.1, 0.8, 1.2, 0.95, "points", 9) for name in sample.findings())
        return replace(sample, subtitle=NAMES[company], numbers=numbers)

    monkeypatch.setattr(shared, "prepare", tallied)
    monkeypatch.setattr(who, "client_of", one)
    monkeypatch.setattr(who, "clients_of", lambda study, shared: [one(study, shared, key) for key in NAMES])
    monkeypatch.setattr(who, "names_of_companies", lambda study: dict(NAMES))
    monkeypatch.setattr(report, "client_report", of_client)
    return made


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def make(study, tmp_path, companies=(), formats="xlsx", **more):
    return produce(study, companies, formats=formats, out=tmp_path / "out", jobs=more.pop("jobs", 1), **more)


def test_every_client_has_its_files_and_the_folder_an_index(study, tmp_path):
    outcome = make(study, tmp_path)
    stems = ("Akesson-and-Son", "Bank", "bank-2")
    files = [f"{stem}.en.{kind}" for stem in stems for kind in ("findings.json", "xlsx")]
    assert outcome.failures == {}
    assert names(tmp_path / "out") == sorted([*files, INDEX, MADE])
    assert sorted(outcome.made) == sorted(files) and not outcome.failures and not outcome.kept
    page = (tmp_path / "out" / INDEX).read_text(encoding="utf-8")
    for file in files:
        assert f'href="{file}"' in page
    assert "Åkesson &amp; Søn" in page and "Synthetic data" in page and "registered trademarks" in page


def test_four_formats_of_one_client(study, tmp_path):
    outcome = make(study, tmp_path, ["C2"], None)
    assert names(tmp_path / "out") == sorted([*outcome.made, MADE])
    assert {name.split(".", 2)[2] for name in outcome.made} == {"html", "pdf", "pptx", "xlsx", "findings.json"}
    assert outcome.index is None


def test_a_client_may_be_named_by_key_or_name_and_twice(study, tmp_path):
    outcome = make(study, tmp_path, ["C2", "Bank", "C3"])
    assert [company for company, *_ in study.asked] == ["C2", "C3"]
    assert "bank-2.en.xlsx" in outcome.made


def test_a_second_start_makes_nothing_and_leaves_the_same_files(study, tmp_path):
    first = make(study, tmp_path)
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    study.asked.clear()
    second = make(study, tmp_path)
    assert study.asked == [] and second.made == [] and sorted(second.kept) == sorted(first.made)
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_only_what_is_missing_or_changed_by_hand_is_made(study, tmp_path):
    first = make(study, tmp_path)
    (tmp_path / "out" / "Bank.en.xlsx").unlink()
    (tmp_path / "out" / "bank-2.en.findings.json").write_text("{}", encoding="utf-8")
    second = make(study, tmp_path)
    assert sorted(second.made) == ["Bank.en.xlsx", "bank-2.en.findings.json"]
    assert sorted(second.made + second.kept) == sorted(first.made)


@pytest.mark.parametrize("change", ["data", "version", "settings"])
def test_other_data_version_or_settings_make_all_anew(study, tmp_path, monkeypatch, change):
    first = make(study, tmp_path)
    if change == "data":
        study.prints["a.csv"] = "2"
    elif change == "version":
        monkeypatch.setattr("cxstudy.__version__", "9.9")
    else:
        (study.folder / "report.yaml").write_text("format: 1\ntitle: Ours\n", encoding="utf-8")
    assert sorted(make(study, tmp_path).made) == sorted(first.made)


def test_a_further_format_leaves_the_others(study, tmp_path):
    make(study, tmp_path)
    assert make(study, tmp_path, formats="xlsx,pptx").made == [
        "Akesson-and-Son.en.pptx",
        "Bank.en.pptx",
        "bank-2.en.pptx",
    ]


def test_languages_and_periods_stand_beside_each_other(study, tmp_path):
    make(study, tmp_path, ["C2"])
    make(study, tmp_path, ["C2"], language="sv")
    make(study, tmp_path, ["C2"], period="2024-Q3")
    held = [name for name in names(tmp_path / "out") if name.endswith("xlsx")]
    assert held == ["Bank.2024-Q3.en.xlsx", "Bank.en.xlsx", "Bank.sv.xlsx"]
    assert [(period, language) for _, period, language in study.asked] == [
        (None, "en"),
        (None, "sv"),
        ("2024-Q3", "en"),
    ]


def test_two_processes_make_the_same_files(study, tmp_path):
    one = make(study, tmp_path)
    two = produce(study, formats="xlsx", out=tmp_path / "two", jobs=2)
    assert sorted(one.made) == sorted(two.made) and names(tmp_path / "out") == names(tmp_path / "two")


def test_a_client_that_fails_is_listed_and_the_others_finish(study, tmp_path):
    study.broken = ("C2",)
    outcome = make(study, tmp_path)
    assert outcome.failures == {"Bank": "too few answers."}
    assert len(outcome.made) == 4
    assert "No report: too few answers." in (tmp_path / "out" / INDEX).read_text(encoding="utf-8")
    study.broken = ()
    assert sorted(make(study, tmp_path).made) == ["Bank.en.findings.json", "Bank.en.xlsx"]


def test_an_unforeseen_fault_is_one_clients_alone(study, tmp_path, monkeypatch):
    def breaks(report, path):
        if report.subtitle == "Bank":
            raise RuntimeError("out of paper")
        path.write_text("x", encoding="utf-8")

    monkeypatch.setattr("cxstudy.client.workbook.write_workbook", breaks)
    outcome = make(study, tmp_path)
    assert re.match(
        r"xlsx: something went wrong that should not \(RuntimeError: out of paper\)", outcome.failures["Bank"]
    )
    assert len(outcome.made) == 5 and "Bank.en.findings.json" in outcome.made


def test_a_process_that_ends_costs_one_client(study, tmp_path, monkeypatch):
    monkeypatch.setattr(production, "render", render_or_end)
    outcome = make(study, tmp_path, jobs=2)
    assert list(outcome.failures) == ["Bank"]
    assert "ended without a word" in outcome.failures["Bank"]
    assert len(outcome.made) == 4


def test_one_clients_formats_are_shared_by_two_processes(study, tmp_path):
    kinds = "html,pdf,pptx,xlsx"
    one = make(study, tmp_path, ["C1"], kinds)
    two = produce(study, ["C1"], formats=kinds, out=tmp_path / "two", jobs=2)
    assert sorted(one.made) == sorted(two.made) and len(two.made) == 5 and not two.failures
    for folder in ("out", "two"):
        page = (tmp_path / folder / "Akesson-and-Son.en.html").read_bytes()
        assert (tmp_path / "out" / "Akesson-and-Son.en.html").read_bytes() == page
        assert (tmp_path / folder / "Akesson-and-Son.en.pptx").stat().st_size > 10_000


def test_the_other_process_of_one_client_may_end(study, tmp_path, monkeypatch):
    monkeypatch.setattr(production, "render", render_or_end)
    outcome = make(study, tmp_path, ["C2"], "html,xlsx", jobs=2)
    assert outcome.failures["Bank"].count("ended without a word") == 1
    assert sorted(outcome.made) == ["Bank.en.findings.json", "Bank.en.html"]


def test_progress_is_told(study, tmp_path):
    told = []
    study.broken = ("C3",)
    make(study, tmp_path, follow=told.append)
    assert told == [3, None, None, None]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"companies": ["Z"]}, "there is no 'Z'. nearest: C1"),
        ({"formats": "html,docx"}, "there is no format 'docx'; valid: html, pdf, pptx, xlsx"),
        ({"formats": ","}, "a report needs a format; got none"),
        ({"jobs": 0}, "jobs is how many processes render, 1 or more; got 0"),
        ({"settings": "none.yaml"}, "none.yaml"),
    ],
)
def test_mistakes_are_said_before_anything_is_written(study, tmp_path, more, message):
    with pytest.raises(ValueError, match=message):
        make(study, tmp_path, **more)
    assert not (tmp_path / "out").exists()


def test_formats_are_read_from_a_list_with_commas():
    assert check_formats("PDF, html,pdf") == ("pdf", "html")


def test_a_folder_that_is_a_file_is_said(study, tmp_path):
    (tmp_path / "out").write_text("mine", encoding="utf-8")
    with pytest.raises(ValueError, match="reports are written into a folder of yours; .*out cannot be written"):
        make(study, tmp_path)
    assert (tmp_path / "out").read_text(encoding="utf-8") == "mine"


def test_a_file_open_elsewhere_is_said_and_left_as_it_was(study, tmp_path, monkeypatch):
    make(study, tmp_path)
    study.prints["a.csv"] = "2"
    held = tmp_path / "out" / "Bank.en.xlsx"
    before = held.read_bytes()
    moved = type(held).replace

    def held_fast(self, target):
        if target.name == held.name:
            raise PermissionError(13, "held")
        return moved(self, target)

    monkeypatch.setattr(type(held), "replace", held_fast)
    outcome = make(study, tmp_path)
    assert list(outcome.failures) == ["Bank"]
    assert "Close it (in PowerPoint, Excel or the reader)" in outcome.failures["Bank"]
    assert held.read_bytes() == before and len(outcome.made) == 5
    assert not [name for name in names(tmp_path / "out") if name.endswith(".tmp")]


def test_what_fails_half_way_leaves_the_earlier_file(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old", encoding="utf-8")

    def half(draft):
        draft.write_text("ne", encoding="utf-8")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_whole(target, half)
    assert names(tmp_path) == ["a.txt"] and target.read_text(encoding="utf-8") == "old"


@pytest.mark.parametrize("content", ["", "no", "[]", '{"format": 9, "files": {}}', '{"format": 1, "files": {"a": 1}}'])
def test_a_list_that_cannot_be_read_makes_all_anew(tmp_path, content):
    (tmp_path / MADE).write_text(content, encoding="utf-8")
    assert MadeFiles.read(tmp_path / MADE).entries == {}


def test_settings_of_the_client_come_before_those_of_the_study(study, tmp_path):
    (study.folder / "report.yaml").write_text("format: 1\nformats: [xlsx]\nlanguage: sv\n", encoding="utf-8")
    own = study.folder / "clients" / "Bank"
    own.mkdir(parents=True)
    (own / "report.yaml").write_text("format: 1\nformats: [html]\nlanguage: da\n", encoding="utf-8")
    outcome = make(study, tmp_path, formats=None)
    assert {name for name in outcome.made if "Bank" in name} == {"Bank.da.html", "Bank.da.findings.json"}
    assert "bank-2.sv.xlsx" in outcome.made


def test_a_comment_is_stamped_once_and_costs_no_second_report(study, tmp_path, monkeypatch):
    own = study.folder / "clients" / "Bank"
    own.mkdir(parents=True)
    (own / "report.yaml").write_text("format: 1\n", encoding="utf-8")

    def stamped(path, report):
        path.write_text(
            path.read_text(encoding="utf-8").replace("format: 1", "format: 1\ntitle: Stamped"), encoding="utf-8"
        )

    monkeypatch.setattr(report_yaml, "stamp_comments", stamped)
    make(study, tmp_path)
    assert "Stamped" in (own / "report.yaml").read_text(encoding="utf-8")
    monkeypatch.setattr(report_yaml, "stamp_comments", lambda path, report: [])
    assert make(study, tmp_path).made == []


def test_settings_that_cannot_be_marked_are_said_and_the_files_are_there(study, tmp_path, monkeypatch):
    def refused(path, report):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(report_yaml, "stamp_comments", refused)
    (study.folder / "mine.yaml").write_text("format: 1\n", encoding="utf-8")
    outcome = make(study, tmp_path, ["C2"], settings=study.folder / "mine.yaml")
    assert "its files cannot be noted" in outcome.failures["Bank"]
    assert "Bank.en.xlsx" in names(tmp_path / "out")


def test_a_template_outside_its_folder_is_refused(study, tmp_path):
    (study.folder / "report.yaml").write_text('format: 1\ntemplate: "../secret.pptx"\n', encoding="utf-8")
    outcome = make(study, tmp_path, formats="pptx")
    assert set(outcome.failures) == set(NAMES.values())
    assert "template lies in the folder of report.yaml; ../secret.pptx lies outside" in outcome.failures["Bank"]


def test_a_changed_template_makes_the_slides_anew(study, tmp_path):
    from pptx import Presentation

    (study.folder / "report.yaml").write_text("format: 1\ntemplate: own.pptx\n", encoding="utf-8")
    deck = Presentation()
    deck.save(study.folder / "own.pptx")
    make(study, tmp_path, ["C2"], "xlsx,pptx")
    deck.core_properties.title = "Another"
    deck.save(study.folder / "own.pptx")
    assert make(study, tmp_path, ["C2"], "xlsx,pptx").made == ["Bank.en.pptx"]


def test_the_index_is_safe_whatever_the_names(study, tmp_path, monkeypatch):
    for number, name in enumerate(HOSTILE):
        monkeypatch.setitem(NAMES, f"H{number:02}", name)
    study.broken = ("H00",)
    outcome = make(study, tmp_path)
    page = (tmp_path / "out" / INDEX).read_text(encoding="utf-8")
    assert "<script" not in page and "onerror=alert(1)>" not in page and "\u202e" not in page
    links = re.findall(r'href="([^"]*)"', page)
    assert sorted(links) == sorted(outcome.made)
    assert all(re.fullmatch(r"[A-Za-z0-9-]+\.en\.[a-z.]+", link) and len(link) <= 80 for link in links)


def test_the_findings_file_stands_beside(study, tmp_path):
    make(study, tmp_path, ["C1"])
    body = json.loads((tmp_path / "out" / "Akesson-and-Son.en.findings.json").read_text(encoding="utf-8"))
    assert body["report"] == "Åkesson & Søn" and body["synthetic"] is True


def test_the_command_line_makes_a_report_and_says_what_is_wrong(small_study, tmp_path, capsys):
    folder, out = str(small_study()), tmp_path / "out"
    assert main(["report", folder, "--company", "C003", "--format", "xlsx", "--out", str(out)]) == 0
    assert "Company-C003.en.xlsx" in capsys.readouterr().out
    assert main(["report", folder, "--company", "C0033", "--format", "xlsx", "--out", str(out)]) == 1
    assert "C003 (Company C003)" in capsys.readouterr().err
    assert main(["report", folder, "--company", "C003", "--language", "no", "--out", str(out)]) == 1
    assert "language must be one of en, sv, da; got 'no'" in capsys.readouterr().err


@pytest.mark.parametrize("given", [["report"], ["report", "--all", "--company", "C1"]])
def test_the_command_line_wants_a_client_or_all(given, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(given)
    assert stopped.value.code == 2
    assert "--company" in capsys.readouterr().err
