"""Whole runs with small notebooks: what is refused first, what is written, and what a failure leaves alone."""

import json
import re
import sys
import zipfile
from pathlib import Path

import pytest
from small_study import write_notebook, write_study

from cxstudy import open_study
from cxstudy.faults import DataError, NotTestable
from cxstudy.findings import Answer, Reading, read_findings
from cxstudy.report import run as run_module
from cxstudy.report import run_record
from cxstudy.report.notebook_list import Notebook
from cxstudy.report.run import run_study
from cxstudy.report.run_record import longest_first, newest_good_run

HOME = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return write_study(tmp_path_factory.mktemp("data") / "a {braced} study")


@pytest.fixture(scope="module")
def good(study, server, tmp_path_factory):
    """A good run of two notebooks of ours, one of the study's own and the claims; and the folder of reports."""
    ours, reports = tmp_path_factory.mktemp("ours"), tmp_path_factory.mktemp("out") / "the {reports}"
    where = f"import os, sys, matplotlib\nprint(os.path.samefile(sys.executable, {sys.executable!r}))\n"
    where += 'print(os.environ["OMP_NUM_THREADS"], matplotlib.get_backend())'
    write_notebook(ours, "01_first", where)
    write_notebook(ours, "02_second", "print(factor)")
    seen = 'from pathlib import Path\nprint(sorted(p.name for p in (Path(out) / "findings").glob("*.json")))'
    write_notebook(ours, "99_claims", seen, parameters='study = ""\nout = ""', record=False)
    write_notebook(study / "notebooks", "mine", parameters='study = ""\nout = ""\nfactor = 0.5\nseed = 7')
    return run_study(study, out=reports, notebooks=ours, server=server), reports, ours


def test_a_good_run_leaves_everything_in_a_folder_of_its_own(good):
    outcome, reports, _ = good
    assert outcome.ok and outcome.failures == () and outcome.folder.parent == (reports / "small").resolve()
    assert re.fullmatch(r"\d{8}-\d{6}", outcome.folder.name)
    names = {path.relative_to(outcome.folder).as_posix() for path in outcome.folder.rglob("*") if path.is_file()}
    books = {f"{stem}.{kind}" for stem in ("01_first", "02_second", "mine", "99_claims") for kind in ("ipynb", "html")}
    assert names == books | {"index.html", "run.json", "findings.json", "README.md", "tables.xlsx", "method.html"} | {
        f"findings/my.{n}.json" for n in ("first", "second", "mine")
    }
    assert outcome.index == reports.resolve() / "small/index.html" and outcome.index.exists()


def test_the_claims_run_last_and_see_all_findings(good):
    body = (good[0].folder / "99_claims.ipynb").read_text(encoding="utf-8")
    assert "['my.first.json', 'my.mine.json', 'my.second.json']" in body


def test_kernels_are_this_interpreter_with_one_thread_and_jupyters_backend(good):
    body = json.loads((good[0].folder / "01_first.ipynb").read_text(encoding="utf-8"))
    printed = "".join("".join(o.get("text", "")) for cell in body["cells"] for o in cell.get("outputs", ()))
    lines = printed.splitlines()
    assert lines[0] == "True"
    assert lines[1].startswith("1 ") and lines[1].endswith(("inline", "matplotlib_inline.backend_inline"))


def test_run_json_says_what_was_run_on_what_with_what(good):
    outcome = good[0]
    raw = (outcome.folder / "run.json").read_text(encoding="utf-8")
    run = json.loads(raw)
    assert (run["status"], run["study"], run["synthetic"], run["run"]) == ("done", "small", False, outcome.folder.name)
    assert set(run["data"]) == {"study.yaml", "companies.csv", "financials.csv", "customers.csv"}
    assert all(re.fullmatch("[0-9a-f]{64}", value) for value in run["data"].values())
    assert {"python", "cxstudy", "pandas", "numpy", "scipy", "statsmodels", "duckdb"} <= set(run["versions"])
    by_name = {one["name"]: one for one in run["notebooks"]}
    assert by_name["01_first"]["parameters"] == {"factor": 2}
    assert by_name["mine"]["parameters"] == {"factor": 0.5, "seed": 7}
    assert list(by_name) == ["01_first", "02_second", "mine", "99_claims"]
    assert run["seeds"] == {"mine": 7} and all(one["seconds"] > 0 for one in run["notebooks"])


def test_nothing_produced_tells_where_the_machine_keeps_things(good, study):
    outcome, reports, ours = good
    for path in outcome.folder.rglob("*"):
        if path.is_file() and path.stem != "01_first":
            text = contents(path)
            assert not [place for place in (study, reports, ours, HOME) if str(place) in text], path.name


def contents(path):
    """The text of a file; of a workbook, which is a ZIP file, that of all its parts."""
    if path.suffix != ".xlsx":
        return path.read_text(encoding="utf-8")
    with zipfile.ZipFile(path) as parts:
        return "\n".join(parts.read(name).decode() for name in parts.namelist())


def test_findings_are_merged_in_the_order_of_the_run(good):
    merged = read_findings(good[0].folder / "findings.json")
    assert [one.id for one in merged] == ["my.first", "my.mine", "my.second"]
    assert merged[0].estimate == 100 / 3 * 2 and merged[1].estimate == 100 / 3 * 0.5


def test_paths_are_short_and_hold_no_colon(good):
    folder = good[0].folder
    for path in folder.rglob("*"):
        relative = path.relative_to(folder.parent.parent).as_posix()
        assert len(f"reports/{relative}") <= 100 and ":" not in relative


def test_the_index_of_the_study_leads_into_the_run(good):
    outcome = good[0]
    text = outcome.index.read_text(encoding="utf-8")
    links = re.findall(r'href="([^"]+)"', text)
    assert links and all((outcome.index.parent / link).exists() for link in links)
    assert all(link.startswith(f"{outcome.folder.name}/") for link in links)


@pytest.fixture(scope="module")
def partial(good, study, server):
    """A run of one of the notebooks with a parameter of its own, after the good one; and the index as it was before."""
    outcome, reports, ours = good
    before = {p: p.read_bytes() for p in (*outcome.folder.rglob("*"), outcome.index) if p.is_file()}
    given = {"only": ["first"], "parameters": [("factor", "3")], "out": reports, "notebooks": ours}
    return run_study(study, **given, server=server), before


def test_a_second_run_leaves_the_first_as_it_was_and_has_its_own_folder(good, partial):
    again, before = partial
    assert again.ok and again.folder != good[0].folder
    assert {p: p.read_bytes() for p in before} == before
    assert {p.stem for p in again.folder.glob("*.ipynb")} == {"01_first", "99_claims"}
    run = json.loads((again.folder / "run.json").read_text(encoding="utf-8"))
    assert run["notebooks"][0]["parameters"] == {"factor": 3}
    assert read_findings(again.folder / "findings.json")[0].estimate == 100 / 3 * 3


def test_a_partial_run_says_so_on_an_index_of_its_own(good, partial):
    again, _ = partial
    note = "only some of the notebooks, or parameters of its own"
    assert good[0].whole and good[0].index.parent == again.folder.parent
    assert not again.whole and again.index == again.folder / "index.html"
    assert note in again.index.read_text(encoding="utf-8")
    assert note not in good[0].index.read_text(encoding="utf-8")


def test_the_longest_notebook_starts_first_and_new_ones_before_it(good, tmp_path):
    ours = good[2]
    stored = good[0].folder / "run.json"
    took = {"01_first": 1.0, "02_second": 3.0}
    (tmp_path / "a").mkdir()
    run = json.loads(stored.read_text(encoding="utf-8"))
    run["notebooks"] = [{**one, "seconds": took[one["name"]]} for one in run["notebooks"] if one["name"] in took]
    (tmp_path / "a/run.json").write_text(json.dumps(run), encoding="utf-8")
    write_notebook(tmp_path / "new", "short", opened=False, record=False)
    write_notebook(tmp_path / "new", "long", "1", "2", opened=False, record=False)
    files = [*sorted(ours.glob("0*.ipynb")), tmp_path / "new/short.ipynb", tmp_path / "new/long.ipynb"]
    books = [Notebook(file, {}) for file in files]
    assert [b.stem for b in longest_first(books, tmp_path)] == ["long", "short", "02_second", "01_first"]


def test_runs_of_the_same_second_get_folders_of_their_own(tmp_path):
    made = [run_module._new_folder(tmp_path) for _ in range(4)]
    run_module._mark_failed(made[1])
    made.append(run_module._new_folder(tmp_path))
    assert len({path.name for path in made}) == 5


def test_a_failed_run_is_kept_and_named_so_and_the_index_stays(good, study, server, tmp_path):
    reports = good[1]
    index = (reports / "small/index.html").read_bytes()
    write_notebook(tmp_path, "01_first")
    write_notebook(tmp_path, "02_wrong", "cx.nps_from_counts(promoters=1, passives=1, detractors=1, confidence=95)")
    write_notebook(tmp_path, "03_broken", "print(1)", "1 / 0")
    write_notebook(tmp_path, "99_claims", record=False)
    outcome = run_study(study, out=reports, notebooks=tmp_path, server=server)
    assert not outcome.ok and outcome.folder.name.endswith("-failed") and outcome.folder.is_dir()
    assert (reports / "small/index.html").read_bytes() == index
    run = json.loads((outcome.folder / "run.json").read_text(encoding="utf-8"))
    assert run["status"] == "failed"
    assert {one["name"]: one["status"] for one in run["notebooks"]} == {
        "01_first": "done", "02_wrong": "failed", "03_broken": "failed", "mine": "done"}  # fmt: skip
    mistake, unexpected = outcome.failures
    cell = "code cell 3 (cx.nps_from_counts(promoters=1, passives=1, detractors=1,…)"
    assert mistake.startswith(f"02_wrong stopped in {cell}: confidence must lie between 0 and 1")
    assert "Traceback" not in mistake and "traceback" not in mistake
    assert unexpected.startswith("03_broken stopped in code cell 4 (1 / 0): ZeroDivisionError: division by zero")
    kept = Path(re.search(r"traceback is (.+)$", unexpected)[1])
    assert kept.parent == outcome.folder and "ZeroDivisionError" in kept.read_text(encoding="utf-8")
    for path in outcome.folder.rglob("*.*"):
        text = path.read_text(encoding="utf-8")
        assert not [p for p in (study, reports, tmp_path, HOME, sys.prefix) if str(p) in text], path.name


def test_a_value_error_of_the_users_own_cell_shows_where_its_traceback_is(study, server, tmp_path):
    write_notebook(tmp_path / "ours", "01_own", "int('x')", opened=False, record=False)
    outcome = run_study(study, only=["01_own"], out=tmp_path / "out", notebooks=tmp_path / "ours", server=server)
    assert "traceback" in outcome.failures[0]


def test_a_kernel_that_dies_fails_the_run_and_nothing_else(study, server, tmp_path):
    write_notebook(tmp_path / "ours", "01_dies", "import os; os._exit(1)", opened=False, record=False)
    write_notebook(tmp_path / "ours", "02_lives", opened=False, record=False)
    outcome = run_study(study, only=["dies", "lives"], out=tmp_path / "out", notebooks=tmp_path / "ours", server=server)
    assert not outcome.ok and (outcome.folder / "02_lives.ipynb").exists()
    assert outcome.failures == (
        "01_dies stopped in code cell 2 (import os; os._exit(1)): its Python process ended by itself with exit code 1; "
        "a cell may have called exit, or a library crashed.",
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"only": ["frist"]}, r"no notebook 'frist'; nearest: 01_first; valid: 01_first"),
        (
            {"parameters": [("facter", "3")]},
            r"(?s)no parameter 'facter'; nearest: factor; valid: factor.*what the share is multiplied",
        ),
        ({"parameters": [("factor", "two")]}, r"factor is a whole number"),
        ({"parameters": [("out", "x")]}, r"out is set by the run"),
        ({"jobs": 0}, r"jobs is how many notebooks run at a time"),
    ],
)
def test_a_wrong_name_or_value_is_refused_before_anything_is_written(study, server, tmp_path, given, message):
    write_notebook(tmp_path / "ours", "01_first")
    with pytest.raises(ValueError, match=message):
        run_study(study, out=tmp_path / "out", notebooks=tmp_path / "ours", server=server, **given)
    assert not (tmp_path / "out").exists()


def test_faults_of_the_data_are_all_said_and_nothing_is_written(tmp_path, server):
    folder = write_study(tmp_path / "bad")
    (folder / "customers.csv").unlink()
    with pytest.raises(DataError, match="customers.csv"):
        run_study(folder, out=tmp_path / "out", server=server)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_named_with_its_remedy(study, server, tmp_path):
    (tmp_path / "file").write_text("")
    write_notebook(tmp_path / "ours", "01_first")
    with pytest.raises(
        ValueError, match=r"file cannot be written \(.+\)\. Name another one with --out, or change its rights"
    ):
        run_study(study, out=tmp_path / "file", notebooks=tmp_path / "ours", server=server)


def no(study, only):
    return {"first": Answer("first", "no", Reading("verdict.agrees"))}


def test_a_question_the_data_cannot_answer_is_listed_and_not_run(study, server, tmp_path, monkeypatch):
    monkeypatch.setattr(run_module, "answers", no)
    write_notebook(tmp_path / "ours", "01_first", "1 / 0")
    write_notebook(tmp_path / "ours", "02_second", opened=False, record=False)
    asked = {"only": ["first", "second"], "out": tmp_path / "out", "notebooks": tmp_path / "ours"}
    outcome = run_study(study, **asked, server=server)
    assert outcome.ok and outcome.unanswered == {"first": "first: cannot be answered. agrees"}
    assert not (outcome.folder / "01_first.ipynb").exists()
    assert "first: cannot be answered. agrees" in outcome.index.read_text(encoding="utf-8")


def test_when_no_question_asked_can_be_answered_the_reasons_are_the_message(study, server, tmp_path, monkeypatch):
    monkeypatch.setattr(run_module, "answers", no)
    write_notebook(tmp_path / "ours", "01_first")
    write_notebook(tmp_path / "ours", "99_claims")
    with pytest.raises(
        NotTestable, match=r"(?s)none of the questions asked can be answered.*first: cannot be answered"
    ):
        run_study(study, only=["first"], out=tmp_path / "out", notebooks=tmp_path / "ours", server=server)
    assert not (tmp_path / "out").exists()


def test_the_newest_good_run_is_of_these_data_complete_and_with_default_parameters(
    good, partial, study, tmp_path, monkeypatch
):
    opened = open_study(study)
    assert newest_good_run(opened, tmp_path) is None
    (good[1] / "small/broken").mkdir()
    (good[1] / "small/broken/run.json").write_text("{", encoding="utf-8")
    assert newest_good_run(opened, good[1]) == good[0].folder
    monkeypatch.setattr(run_record, "program_fingerprint", lambda: "another program")
    assert newest_good_run(opened, good[1]) is None
