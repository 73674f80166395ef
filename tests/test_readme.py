"""What README shows is what the program says."""

import os
import re
from pathlib import Path

import pytest

import cxstudy as cx

HOME = Path(__file__).resolve().parents[1]
README = (HOME / "README.md").read_text(encoding="utf-8").replace("\N{NO-BREAK SPACE}", " ")
REAL = Path(os.environ.get("CXSTUDY_REALDATA", HOME.parent / "shared" / "realdata")) / "us_hospitals"


def said(result):
    return f"> {result.sentence()}".replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize("analysis", ["nps_margin", "loyalty_share", "employee_ambassadors"])
def test_the_answers_for_the_sample(analysis):
    assert said(getattr(cx, analysis)(cx.open_study())) in README


@pytest.mark.skipif(not REAL.is_dir(), reason="the hospitals' files are not there: README's answers for them are not checked")
@pytest.mark.parametrize("analysis", ["nps_margin", "loyalty_share"])
def test_the_answers_for_the_hospitals(analysis, tmp_path, monkeypatch):
    import runpy
    import sys

    folder = HOME / "data" / "us_hospitals"
    files = [str(REAL / name) for name in ("HCAHPS_Hospital.csv.gz", "CostReport_2022_Final.csv.gz")]
    monkeypatch.setattr(sys, "argv", ["prepare.py", *files, "--out", str(tmp_path)])
    monkeypatch.syspath_prepend(str(folder))
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(folder / "prepare.py"), run_name="__main__")
    assert ended.value.code in (0, None)
    assert said(getattr(cx, analysis)(cx.open_study(tmp_path))) in README


def test_the_first_nps():
    from cxstudy.nps_sentence import nps_sentences

    assert f"> {nps_sentences(cx.open_study())[0]}".replace("\N{NO-BREAK SPACE}", " ") in README


def test_every_file_that_is_linked_or_named_is_there():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (HOME / target).exists(), target
    for notebook, module in re.findall(r"\| `(\d\d_\w+)` \| `(\S+\.py)`", README):
        assert (HOME / "notebooks" / f"{notebook}.ipynb").exists(), notebook
        assert (HOME / "src" / "cxstudy" / module).exists(), module


def test_every_notebook_is_in_the_table():
    for path in (HOME / "notebooks").glob("*.ipynb"):
        assert f"`{path.stem}`" in README, path.stem


def test_the_commands_that_are_named_exist(capsys):
    from cxstudy.cli import main

    named = set(re.findall(r"(?:bin/|`)cxstudy (\w[\w-]*)", README))
    assert {"run", "check", "open", "simulate"} <= named
    for command in named:
        with pytest.raises(SystemExit) as ended:
            main([command, "--help"])
        assert ended.value.code == 0, command
