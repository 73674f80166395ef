"""A notebook of the user's own: written so that it runs at once, and run with the rest."""

import json
import re
import shutil

import pytest
import test_notebooks
from small_study import write_notebook, write_study

from cxstudy.findings import read_findings
from cxstudy.report import new_notebook as module
from cxstudy.report.new_notebook import new_notebook, safe_name
from cxstudy.report.notebook_list import list_notebooks
from cxstudy.report.run import run_study
from cxstudy.study import open_study

RULES = [
    getattr(test_notebooks, name)
    for name in dir(test_notebooks)
    if name.startswith("test_") and name != "test_there_are_notebooks"
]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return write_study(tmp_path_factory.mktemp("own") / "data")


@pytest.fixture(scope="module")
def written(study):
    return new_notebook("My first-look", study)


@pytest.mark.parametrize("rule", RULES, ids=[rule.__name__ for rule in RULES])
def test_it_keeps_to_the_rules_of_ours(written, rule):
    rule(written)


def test_it_has_a_safe_name_and_a_title(written, study):
    assert written == study.resolve() / "notebooks/my_first_look.ipynb"
    assert json.loads(written.read_text(encoding="utf-8"))["cells"][0]["source"][0] == "# My first look\n"


def test_it_runs_with_the_rest_and_its_finding_stands_beside_ours(written, study, server, tmp_path):
    write_notebook(tmp_path / "ours", "01_first")
    outcome = run_study(study, out=tmp_path / "out", notebooks=tmp_path / "ours", server=server)
    assert outcome.ok, outcome.failures
    found = {one.id: one for one in read_findings(outcome.folder / "findings.json")}
    assert list(found) == ["my.first", "my_first_look.nps"]
    mine = found["my_first_look.nps"]
    # the recommend answers of the small study are (3 + k + i) mod 11: counted here without cxstudy
    scores = [(3 + k + i) % 11 for i in range(12) for k in range(10)]
    assert mine.estimate == pytest.approx(100 * sum((s >= 9) - (s <= 6) for s in scores) / len(scores), abs=1e-9)
    assert (mine.n, mine.n_unit, mine.confidence) == (120, "answers", 0.95)
    assert mine.ci_low < mine.estimate < mine.ci_high
    page = outcome.index.read_text(encoding="utf-8")
    assert re.search(r"<strong>my_first_look\.nps</strong>: [-−]?\d", page) and "<strong>my.first</strong>" in page
    assert "my_first_look.html" in page and (outcome.folder / "my_first_look.html").exists()


def test_a_notebook_that_is_there_is_never_overwritten(written, study):
    before = written.read_bytes()
    with pytest.raises(ValueError, match=r"my_first_look\.ipynb is there already. Choose another name"):
        new_notebook("my_first_look.ipynb", study)
    assert written.read_bytes() == before


@pytest.mark.parametrize(
    "name", ["", "../x", "a/b", "påverkan", "con", "lpt1", "3rd look", "x" * 41, "a.b", "a:b", "look\n", "_", "$HOME"]
)
def test_unsafe_names_are_refused(study, name):
    before = sorted(study.rglob("*"))
    with pytest.raises(ValueError, match="a notebook's name starts with a letter"):
        new_notebook(name, study)
    assert sorted(study.rglob("*")) == before


@pytest.mark.parametrize("name", ["nps_margin", "NPS margin", "claims"])
def test_the_names_of_ours_are_refused(study, name):
    with pytest.raises(ValueError, match=f"{safe_text(name)} is one of ours. Put a word before it"):
        new_notebook(name, study)


def safe_text(name):
    return name.lower().replace(" ", "_")


def test_names_are_made_safe():
    assert safe_name("  My  first-look ") == "my_first_look" and safe_name("A2.ipynb") == "a2"


def test_a_folder_that_cannot_be_written_is_named_with_its_remedy(tmp_path):
    folder = write_study(tmp_path / "data")
    (folder / "notebooks").write_text("")
    with pytest.raises(ValueError, match=r"notebooks cannot be written \(.+\)\. Change its rights, or name another"):
        new_notebook("look", folder)


def test_a_notebook_named_after_one_of_our_analyses_is_refused_in_a_run(tmp_path):
    folder = write_study(tmp_path / "data")
    (folder / "notebooks").mkdir()
    shutil.copy(module.TEMPLATE, folder / "notebooks/77_nps_margin.ipynb")
    with pytest.raises(ValueError, match=r"77_nps_margin\.ipynb is already one of ours"):
        list_notebooks(open_study(folder))
