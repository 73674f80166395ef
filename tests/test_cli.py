"""The command line: exit codes, messages without a traceback, and what a user reads at the end."""

import re
import subprocess
import sys
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest
from small_study import write_notebook, write_study
from test_index import HEAD, ROWS

from cxstudy import cli
from cxstudy.report import notebook_list, run_record
from cxstudy.report import run as run_module


@pytest.fixture
def study(tmp_path, server, monkeypatch):
    """A small study; the workbook's notebooks are one tiny one; kernels come from the server of the test session."""
    monkeypatch.setattr("cxstudy.report.forked.ForkServer", lambda environment: nullcontext(server))
    write_notebook(tmp_path / "ours", "01_first")
    monkeypatch.setattr(notebook_list, "repository_notebooks", lambda: tmp_path / "ours")
    return write_study(tmp_path / "data")


def test_help_lists_the_commands_and_imports_nothing_heavy():
    code = (
        "import sys, cxstudy.cli as cli\ntry: cli.main(['--help'])\nexcept SystemExit as end: print('exit', end.code)\n"
        "print(sorted({'pandas', 'numpy', 'yaml', 'ibis', 'papermill', 'babel', 'matplotlib'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for command in ("new", "run", "rerun", "new-notebook", "check", "nps", "claims", "simulate", "open"):
        assert re.search(rf"^    {command}\s", out, flags=re.M)
    assert out.endswith("exit 0\n[]\n")


@pytest.mark.parametrize(
    "arguments", [["walk"], ["run", "--jobs", "two"], ["run", "--onyl", "x"], ["simulate"], ["run", "-p", "tiers"]]
)
def test_wrong_usage_is_exit_2(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(arguments)
    assert end.value.code == 2 and "usage: cxstudy" in capsys.readouterr().err


def test_no_command_shows_the_help_and_is_exit_2(capsys):
    assert cli.main([]) == 2
    assert "usage: cxstudy" in capsys.readouterr().out


def test_run_ends_with_the_claims_and_the_page_to_open(study, tmp_path, capsys):
    assert cli.main(["run", str(study), "-p", "factor", "3", "--out", str(tmp_path / "out")]) == 0
    lines = capsys.readouterr().out.splitlines()
    page = Path(lines[-1].removeprefix("Open "))
    assert page.parent.parent == tmp_path / "out/small" and page.name == "index.html" and page.exists()
    assert lines[-2].startswith("This run is partial") and not (tmp_path / "out/small/index.html").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--only", "frist"], "there is no notebook 'frist'; nearest: 01_first"),
        (["-p", "facter", "3"], "there is no parameter 'facter'; nearest: factor"),
        (["-p", "factor", "two"], "factor is a whole number (what the share is multiplied with); got 'two'."),
        (["--jobs", "0"], "jobs is how many notebooks run at a time"),
    ],
)
def test_a_users_mistake_is_exit_1_and_one_message(study, tmp_path, capsys, arguments, message):
    assert cli.main(["run", str(study), "--out", str(tmp_path / "out"), *arguments]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"cxstudy: {message}") and "Traceback" not in said
    assert not (tmp_path / "out").exists()


def test_a_study_that_is_not_there_is_exit_1(tmp_path, capsys):
    assert cli.main(["check", str(tmp_path / "nowhere")]) == 1
    said = capsys.readouterr().err
    assert "nowhere" in said and "Traceback" not in said


def test_a_failed_run_is_exit_1_and_names_the_kept_folder(study, tmp_path, capsys):
    write_notebook(tmp_path / "ours", "01_first", "1 / 0", opened=False, record=False)
    assert cli.main(["run", str(study), "--out", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err
    assert "01_first stopped in code cell 2 (1 / 0): ZeroDivisionError" in said and "-failed; earlier runs" in said
    assert not (tmp_path / "out/small/index.html").exists()


def unexpected(given):
    raise RuntimeError("strange")


def test_an_unexpected_error_says_how_to_see_more(monkeypatch, capsys):
    monkeypatch.delenv("CXSTUDY_DEBUG", raising=False)
    monkeypatch.setattr(cli.commands, "check", unexpected)
    assert cli.main(["check"]) == 1
    assert "(RuntimeError: strange). Set CXSTUDY_DEBUG=1" in capsys.readouterr().err
    monkeypatch.setenv("CXSTUDY_DEBUG", "1")
    with pytest.raises(RuntimeError):
        cli.main(["check"])


def stop(given):
    raise KeyboardInterrupt


def test_an_interrupt_ends_quietly(monkeypatch, capsys):
    monkeypatch.setattr(cli.commands, "check", stop)
    assert cli.main(["check"]) == 1
    assert "stopped" in capsys.readouterr().err


def test_check_says_what_each_analysis_can_answer(study, capsys):
    assert cli.main(["check", str(study)]) == 0
    assert "nps_margin: " in capsys.readouterr().out


def test_claims_are_read_from_the_newest_good_run(study, tmp_path, capsys, monkeypatch):
    folder = tmp_path / "20260102-030405"
    (folder / "tables").mkdir(parents=True)
    (folder / "tables/claims.claims.csv").write_text("\n".join([HEAD, *ROWS]) + "\n", encoding="utf-8")
    monkeypatch.setattr(run_record, "newest_good_run", lambda study, out: folder)
    assert cli.main(["claims", str(study)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "margin-top     agrees       8.9 %, 95% interval 7.6 to 10.2, from 60 companies."
    assert lines[2] == "award          not tested   not built yet"
    assert lines[-1] == f"From the run {folder}"


def test_claims_without_a_run_make_one(study, tmp_path, capsys, monkeypatch):
    made = SimpleNamespace(ok=True, folder=tmp_path / "made", failures=())
    monkeypatch.setattr(run_module, "run_study", lambda *given, **named: made)
    assert cli.main(["claims", str(study), "--out", str(tmp_path / "none")]) == 0
    assert capsys.readouterr().out.endswith(f"From the run {made.folder}\n")


def test_simulate_writes_a_study_and_says_what_next(tmp_path, capsys, monkeypatch):
    module = import_module("cxstudy.simulate")

    asked = {}
    monkeypatch.setattr(module, "simulate", lambda folder, **named: asked.update(folder=folder, **named))
    assert cli.main(["simulate", str(tmp_path / "new"), "--world", "null", "--seed", "3"]) == 0
    assert asked == {"folder": str(tmp_path / "new"), "world": "null", "seed": 3}
    assert "cxstudy run" in capsys.readouterr().out


def test_simulate_refuses_an_unknown_world(tmp_path, capsys):
    assert cli.main(["simulate", str(tmp_path / "new"), "--world", "nul"]) == 1
    assert "null" in capsys.readouterr().err and not (tmp_path / "new").exists()


def test_from_an_unknown_export_to_a_first_nps_in_three_commands(tmp_path, capsys):
    import pandas as pd
    import pyreadstat

    frame = pd.DataFrame({"q1": [float(i % 11) for i in range(110)]})
    text = "How likely are you to recommend us to a friend?"
    pyreadstat.write_sav(frame, tmp_path / "export.sav", column_labels=[text])
    folder = str(tmp_path / "mine")
    assert cli.main(["new", folder, "--from", str(tmp_path / "export.sav")]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "copied into it, the original is as it was: export.sav"
    assert said[1].startswith(f"{folder} holds a proposed study.yaml (customers) with 4 guesses")
    assert cli.main(["check", folder]) == 0
    said = capsys.readouterr().out
    assert "Still open: 4 guesses in study.yaml are not confirmed." in said
    why = 'the question text holds "recommend", whole numbers 0 to 10'
    assert re.search(rf"^  line \d+: recommend: q1 – {why}$", said, re.M)
    assert cli.main(["nps", folder]) == 0
    assert capsys.readouterr().out == (
        "NPS −45.5 (95 % CI −58.7 to −29.8), from 110 answers to recommend. Every row has an answer. "
        "Interval: adjusted Wald.\n"
    )


def test_new_without_exports_says_what_next_and_check_what_is_open(tmp_path, capsys):
    folder = str(tmp_path / "mine")
    assert cli.main(["new", folder]) == 0
    assert capsys.readouterr().out.endswith(f"Next: cxstudy check {folder}\n")
    assert cli.main(["check", folder]) == 1
    both = capsys.readouterr()
    assert both.out.startswith("Still open, line ") and "tables names at least one table." in both.err
    assert cli.main(["new", folder]) == 1
    assert "nothing was changed" in capsys.readouterr().err


def test_nps_by_group(study, capsys):
    assert cli.main(["nps", str(study), "--by", "company"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 13 and lines[0].startswith("NPS ") and lines[1].startswith("0000: NPS ")
    assert cli.main(["nps", str(study), "--by", "response_id"]) == 1
    assert "--by names a column of groups" in capsys.readouterr().err


def test_open_copies_the_notebooks_and_keeps_what_a_user_changed(study, tmp_path, capsys):
    mine = tmp_path / "my"
    assert cli.main(["open", "--dir", str(mine), "--copy-only"]) == 0
    assert (mine / "01_first.ipynb").read_bytes() == (tmp_path / "ours/01_first.ipynb").read_bytes()
    (mine / "01_first.ipynb").write_text("changed", encoding="utf-8")
    assert cli.main(["open", "--dir", str(mine), "--copy-only"]) == 0
    assert (mine / "01_first.ipynb").read_text(encoding="utf-8") == "changed"
    assert capsys.readouterr().out.splitlines() == [
        f"copied: {mine / '01_first.ipynb'}",
        f"kept as it was: {mine / '01_first.ipynb'}",
    ]


def test_open_starts_jupyterlab_in_the_folder(study, tmp_path, monkeypatch):
    called = {}
    monkeypatch.setattr(subprocess, "call", lambda command, cwd: called.update(command=command, cwd=cwd) or 0)
    assert cli.main(["open", "--dir", str(tmp_path / "my"), "--no-browser"]) == 0
    assert called == {"command": [sys.executable, "-m", "jupyter", "lab", "--no-browser"], "cwd": tmp_path / "my"}


def test_open_into_a_file_is_exit_1(study, tmp_path, capsys):
    (tmp_path / "my").write_text("")
    assert cli.main(["open", "--dir", str(tmp_path / "my"), "--copy-only"]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_a_reader_that_has_read_enough_ends_the_command_quietly(small_study):
    """As in ``cxstudy check STUDY | head -1``."""
    command = [sys.executable, "-m", "cxstudy", "check", str(small_study())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (0, b"")
