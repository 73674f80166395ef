"""A run made again: nothing changed is said, and what changed is named, the causes first."""

import json
import math
import shutil
from dataclasses import replace

import pytest
from small_study import write_notebook, write_study

from cxstudy import cli
from cxstudy.findings import Finding
from cxstudy.report import rerun as module
from cxstudy.report.rerun import compare, recorded, rerun, tolerance
from cxstudy.report.run import run_study

DRAWS = (
    "import numpy as np\n"
    "scores = the_study.customers.frame()['recommend'].to_numpy(float)\n"
    "means = np.random.default_rng(seed).choice(scores, (replicates, len(scores))).mean(1)\n"
    "low, high = np.quantile(means, [0.025, 0.975])\n"
    "drawn = cx.finding('drawn.mean', scores.mean(), ci_low=low, ci_high=high, confidence=0.95, n=len(scores),\n"
    "                   unit='points', method='bootstrap of answers')\n"
    "the_study.record(drawn, out)"
)
PARAMETERS = 'study = ""\nout = ""\nseed = 1\nreplicates = 500'


@pytest.fixture(scope="module")
def made(tmp_path_factory, server):
    """A run of two notebooks with a parameter of its own, in a folder beside its study; and the notebooks."""
    home = tmp_path_factory.mktemp("home")
    study = write_study(home / "data/small")
    write_notebook(home / "ours", "01_first")
    write_notebook(home / "ours", "02_drawn", DRAWS, parameters=PARAMETERS, record=False)
    write_notebook(home / "ours", "03_other", "1 / 0")
    given = {"only": ["first", "drawn"], "parameters": [("seed", 7)], "notebooks": home / "ours"}
    outcome = run_study(study, out=home / "reports", server=server, **given)
    assert outcome.ok, outcome.failures
    return home, outcome.folder


@pytest.fixture
def copy(made, tmp_path):
    """The same run, study and notebooks elsewhere, to be changed."""
    home, folder = made
    shutil.copytree(home, tmp_path / "home")
    return tmp_path / "home", tmp_path / "home" / folder.relative_to(home)


@pytest.fixture
def again(server):
    """Rerun with the kernels of the session and the notebooks beside the run."""
    return lambda home, folder, **given: rerun(folder, notebooks=home / "ours", server=server, **given)


def test_nothing_changed_even_where_numbers_are_drawn_and_after_a_move(copy, again):
    home, folder = copy
    outcome = again(home, folder / "run.json")
    assert outcome.run.ok and outcome.causes == () and outcome.changes == () and outcome.compared == 2
    assert outcome.run.folder.parent == folder.parent and outcome.run.folder != folder
    old, new = (json.loads((f / "run.json").read_text(encoding="utf-8")) for f in (folder, outcome.run.folder))
    assert new["rerun_of"] == old["run"] and new["asked"] == old["asked"] and new["seeds"] == {"02_drawn": 7}
    assert [one["parameters"] for one in new["notebooks"]] == [one["parameters"] for one in old["notebooks"]]


def test_a_changed_file_is_named_before_the_findings(copy, again):
    home, folder = copy
    data = home / "data/small/customers.csv"
    data.write_text(data.read_text(encoding="utf-8").replace(",10\n", ",9\n"), encoding="utf-8")
    write_notebook(home / "ours", "01_first", record=False)
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    record["versions"]["pandas"], record["program"] = "3.0.0", "another"
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    outcome = again(home, folder)
    said = [one.sentence() for one in outcome.causes]
    assert said[0] == "Input file changed since the run: customers.csv."
    assert said[1].startswith("pandas had version 3.0.0 and has ")
    assert said[2] == "cxstudy itself has changed since the run."
    changed = [one.sentence() for one in outcome.changes]
    assert any(line.startswith("drawn.mean: estimate was ") for line in changed)
    assert changed[-1] == "my.first: there is no such finding any more."


def test_on_the_command_line_0_is_nothing_changed_and_1_findings_changed(copy, server, monkeypatch, capsys):
    home, folder = copy
    monkeypatch.setattr("cxstudy.report.forked.ForkServer", lambda environment: Shared(server))
    monkeypatch.setattr("cxstudy.report.notebook_list.repository_notebooks", lambda: home / "ours")
    assert cli.main(["rerun", str(folder)]) == 0
    assert "All 2 findings are as they were. The new run is " in capsys.readouterr().out
    findings = folder / "findings.json"
    body = json.loads(findings.read_text(encoding="utf-8"))
    next(one for one in body["findings"] if one["id"] == "my.first")["estimate"] *= 1 + 1e-6
    findings.write_text(json.dumps(body), encoding="utf-8")
    assert cli.main(["rerun", str(folder)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("my.first: estimate was 66.66673")
    assert lines[-1].startswith("Findings changed. The new run is")
    (home / "data").rename(home / "moved")
    assert cli.main(["rerun", str(folder)]) == 1
    said = capsys.readouterr().err
    assert "../data/small/study.yaml is not there. Name its folder or study.yaml with --study" in said
    assert cli.main(["rerun", str(folder), "--study", str(home / "moved/small")]) == 1
    assert "Findings changed" in capsys.readouterr().out


class Shared:
    """A server that is not closed at the end of the run."""

    def __init__(self, server):
        self.server = server

    def __enter__(self):
        return self.server

    def __exit__(self, *_):
        return None


def test_a_failed_rerun_is_said_and_compares_nothing(copy, again):
    home, folder = copy
    write_notebook(home / "ours", "01_first", "1 / 0")
    outcome = again(home, folder)
    assert not outcome.run.ok and outcome.changes == () and "ZeroDivisionError" in outcome.run.failures[0]


def test_another_study_and_notebooks_that_are_gone_are_refused(copy, again, tmp_path):
    home, folder = copy
    other = write_study(tmp_path / "other")
    yaml = (other / "study.yaml").read_text(encoding="utf-8")
    (other / "study.yaml").write_text(yaml.replace("name: small", "name: large"), encoding="utf-8")
    with pytest.raises(ValueError, match="is of 'small' and this study is 'large'. Name the right one with --study"):
        again(home, folder, study=other)
    (home / "ours/02_drawn.ipynb").unlink()
    with pytest.raises(ValueError, match="there is no notebook '02_drawn'"):
        again(home, folder)


def test_what_is_no_finished_run_is_refused_with_the_reason(copy, tmp_path):
    _, folder = copy
    with pytest.raises(ValueError, match="a run is a folder with run.json"):
        recorded(tmp_path / "nowhere")
    body = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    for change, message in (({"status": "failed"}, "only a finished run"), ({"format": 0}, "Name a newer run")):
        (folder / "run.json").write_text(json.dumps({**body, **change}), encoding="utf-8")
        with pytest.raises(ValueError, match=message):
            recorded(folder)
    for text, message in (("{", "cannot be read"), ("[]", "Name a newer run"), ('{"format": 1}', "Name a newer run")):
        (folder / "run.json").write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match=message):
            recorded(folder)


FOUND = Finding("a.b", 10.0, 2.0, 6.0, 14.0, 0.95, "points", 80, "answers", 1, "bootstrap, BCa", 0.04)


@pytest.mark.parametrize("field", ["estimate", "std_error", "ci_low", "ci_high", "p_value"])
def test_a_number_may_differ_by_rounding_and_by_no_more(field):
    value = getattr(FOUND, field)
    assert list(compare([FOUND], [replace(FOUND, **{field: value * (1 + 5e-9)})])) == []
    (change,) = compare([FOUND], [replace(FOUND, **{field: value * (1 + 2e-8)})])
    assert change.values["field"] == field and change.values["before"] == repr(value)


@pytest.mark.parametrize(
    "changed", [{"n": 81}, {"n_missing": 0}, {"unit": "%"}, {"method": "wilson"}, {"ci_high": math.nan}]
)
def test_counts_units_methods_and_lost_numbers_are_changes(changed):
    (change,) = compare([FOUND], [replace(FOUND, **changed)])
    assert change.values["field"] == next(iter(changed))


def test_findings_without_a_number_are_the_same_and_new_ones_are_named():
    none = Finding("a.c", reason="too few")
    assert list(compare([none], [replace(none)])) == []
    assert [c.key for c in compare([FOUND], [none])] == ["rerun.gone", "rerun.new"]


def test_random_numbers_of_another_version_may_move_a_resampled_finding_by_its_monte_carlo_error():
    moved = replace(FOUND, ci_low=6.1, ci_high=13.9, std_error=2.03)
    assert list(compare([FOUND], [moved], samples={"a": 2000})) == []
    assert len(list(compare([FOUND], [moved]))) == 3
    assert len(list(compare([FOUND], [replace(FOUND, ci_low=8.0)], samples={"a": 2000}))) == 1
    closed = replace(FOUND, method="OLS, HC3")
    assert len(list(compare([closed], [replace(closed, ci_low=6.1)], samples={"a": 2000}))) == 1


def test_the_monte_carlo_tolerance_is_four_standard_deviations_of_simulated_bootstraps():
    import numpy as np

    rng, size, samples = np.random.default_rng(5), 400, 400
    data = rng.normal(size=200)
    draws = rng.choice(data, (size, samples, 200)).mean(axis=2)
    ends = np.quantile(draws, [0.025, 0.975], axis=1)
    se = draws.std(axis=1, ddof=1)
    one = replace(FOUND, estimate=data.mean(), std_error=se[0], ci_low=ends[0, 0], ci_high=ends[1, 0])
    for field, spread in (("ci_low", ends[0].std()), ("ci_high", ends[1].std())):
        assert tolerance(field, one, samples) == pytest.approx(4 * spread, rel=0.2)
    assert tolerance("std_error", one, samples) == pytest.approx(4 * se.std(), rel=0.2)
    assert tolerance("estimate", one, samples) == pytest.approx(4 * draws.mean(axis=1).std(), rel=0.2)
    assert tolerance("p_value", one, samples) == pytest.approx(4 * math.sqrt(0.04 * 0.96 / samples) + 1 / samples)


def test_the_path_of_the_study_is_relative(made):
    home, folder = made
    raw = (folder / "run.json").read_text(encoding="utf-8")
    assert json.loads(raw)["study_path"] == "../../../data/small/study.yaml" and str(home) not in raw
    assert module.recorded(folder)[0] == folder
