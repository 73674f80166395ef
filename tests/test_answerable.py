"""What a study can answer: every analysis with a function `answerable` is asked, none is listed by hand."""

import math
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

import cxstudy.analyses
from cxstudy import answerable
from cxstudy.answerable import answers, check, sentence
from cxstudy.findings import Answer, Reading

STUDY = SimpleNamespace(language="en")


@pytest.fixture
def three_analyses(monkeypatch):
    said = {
        "b_strong": Answer("b_strong", "strong-only", Reading("verdict.agrees"), 1.25, "points"),
        "a_no": Answer("a_no", "no", Reading("verdict.agrees")),
        "c_silent": None,
    }
    modules = {}
    for name, answer in said.items():
        module = ModuleType(name)
        if answer:
            module.answerable = lambda study, answer=answer: answer
        modules[f"cxstudy.analyses.{name}"] = module
    monkeypatch.setattr(answerable, "iter_modules", lambda path: [SimpleNamespace(name=name) for name in said])
    monkeypatch.setattr(answerable, "import_module", modules.__getitem__)


def test_every_analysis_that_can_tell_is_asked(three_analyses):
    assert {name: answer.status for name, answer in answers(STUDY).items()} == {"a_no": "no", "b_strong": "strong-only"}


def test_check_is_a_table_with_a_sentence(three_analyses):
    table = check(STUDY)
    assert table["analysis"].tolist() == ["a_no", "b_strong"]
    assert math.isnan(table["smallest_effect"][0]) and table["smallest_effect"][1] == 1.25
    assert table["sentence"].tolist() == [
        "a_no: cannot be answered. agrees",
        "b_strong: only a strong link can be seen, 1.25 points or more. agrees",
    ]


def test_no_analysis_gives_an_empty_table_with_its_columns(monkeypatch):
    monkeypatch.setattr(answerable, "iter_modules", lambda path: [])
    assert list(check(STUDY).columns) == ["analysis", "status", "smallest_effect", "unit", "sentence"]


def test_a_yes_is_said():
    assert sentence(Answer("x", "yes", Reading("verdict.agrees"), 0.5, "points")).startswith("x: can be answered.")


def test_analyses_are_found_by_glob():
    found = {module.name for module in answerable.iter_modules(cxstudy.analyses.__path__)}
    assert found == {path.stem for path in Path(cxstudy.analyses.__path__[0]).glob("*.py")} - {"__init__"}


def test_only_the_analyses_named_are_asked(three_analyses):
    every = answers(SimpleNamespace())
    assert len(every) > 1
    first = next(iter(every))
    assert list(answers(SimpleNamespace(), {first})) == [first] and answers(SimpleNamespace(), ()) == {}
