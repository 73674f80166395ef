"""What every notebook of the workbook keeps to; found by glob, so none can be forgotten."""

import ast
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").rglob("*.ipynb"))
TAGS = {"parameters", "setup", "by-hand", "record", "exercise", "solution"}
PARAMETER = re.compile(r"^(?P<name>[a-z][a-z0-9_]*) = (?P<value>.+?)  +# (?P<meaning>\S.*)$")
ABSOLUTE = re.compile(r"""["'(\s](/(home|work|tmp|usr|root|mnt|Users|opt|var)/|[A-Za-z]:[\\/]|~/|file:)""")


@pytest.fixture(params=NOTEBOOKS, ids=[p.stem for p in NOTEBOOKS])
def path(request):
    """Every notebook in turn."""
    return request.param


def cells(path, kind=None):
    listed = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in listed if kind in (None, cell["cell_type"])]


def source(cell):
    return "".join(cell["source"])


def tags(cell):
    return set(cell["metadata"].get("tags", []))


def tagged(path, tag):
    return [cell for cell in cells(path) if tag in tags(cell)]


def test_there_are_notebooks():
    assert "99_claims" in {one.stem for one in NOTEBOOKS}


def test_format_kernel_and_no_outputs(path):
    body = json.loads(path.read_text(encoding="utf-8"))
    assert (body["nbformat"], body["nbformat_minor"]) == (4, 5)
    assert body["metadata"]["kernelspec"]["name"] == "python3"
    for cell in cells(path, "code"):
        assert cell["outputs"] == [] and cell["execution_count"] is None


def test_every_cell_has_its_own_id(path):
    ids = [cell["id"] for cell in cells(path)]
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,64}", one) for one in ids)
    assert len(ids) == len(set(ids))


def test_it_starts_with_a_title_and_a_question(path):
    first = cells(path)[0]
    assert first["cell_type"] == "markdown"
    lines = source(first).splitlines()
    assert re.fullmatch(r"# \S.*", lines[0])
    assert any(line.startswith("**Question.** ") for line in lines)


def test_tags_come_from_the_fixed_list(path):
    assert {tag for cell in cells(path) for tag in tags(cell)} <= TAGS


def test_one_parameters_cell_of_names_literals_and_meanings(path):
    (cell,) = tagged(path, "parameters")
    assert cell["cell_type"] == "code"
    names = []
    for line in source(cell).splitlines():
        match = PARAMETER.match(line)
        assert match, f"a parameter is `name = literal  # meaning`; got {line!r}"
        ast.literal_eval(match["value"])
        names.append(match["name"])
    assert names[:2] == ["study", "out"] and len(names) == len(set(names))


def test_every_parameter_is_read_by_a_later_cell_and_never_set_again(path):
    (cell,) = tagged(path, "parameters")
    parameters = {node.targets[0].id for node in ast.parse(source(cell)).body}
    code = cells(path, "code")
    read, written = set(), set()
    for later in code[code.index(cell) + 1 :]:
        for node in ast.walk(ast.parse(source(later))):
            if isinstance(node, ast.Name):
                (read if isinstance(node.ctx, ast.Load) else written).add(node.id)
    assert parameters - read == set()
    assert parameters & written == set()


def test_cells_are_short_and_hold_no_logic_of_their_own(path):
    for cell in cells(path, "code"):
        assert source(cell).strip() and len(source(cell).splitlines()) <= 15, source(cell)
        for node in ast.walk(ast.parse(source(cell))):
            assert not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef), source(cell)


def test_by_hand_cells_hold_at_most_eight_lines_and_no_cxstudy(path):
    for cell in tagged(path, "by-hand"):
        assert len(source(cell).splitlines()) <= 8
        assert "assert" in source(cell)
        assert not re.search(r"\bcxstudy\b|\bcx\.", source(cell))


def test_no_absolute_path_no_install_no_shell(path):
    for cell in cells(path):
        assert not ABSOLUTE.search(source(cell)), source(cell)
        if cell["cell_type"] == "code":
            assert not re.search(r"^\s*[!%]", source(cell), re.MULTILINE)


def test_solutions_follow_an_exercise(path):
    listed = cells(path)
    for before, cell in zip(listed[:-1], listed[1:], strict=True):
        if "solution" in tags(cell):
            assert tags(before) & {"exercise", "solution"}, source(cell)
    assert "solution" not in tags(listed[0])


def test_every_exercise_is_text_and_has_a_solution(path):
    listed = cells(path)
    for cell, after in zip(listed, [*listed[1:], None], strict=True):
        if "exercise" in tags(cell):
            assert cell["cell_type"] == "markdown"
            assert after is not None and "solution" in tags(after), source(cell)


def test_it_records_last(path):
    code = cells(path, "code")
    assert "record" in tags(code[-1]) and len(tagged(path, "record")) == 1
    assert re.search(r"\.record\(.*\bout\)", source(code[-1]))


def test_it_says_what_it_does_not_show(path):
    lines = [line for cell in cells(path, "markdown") for line in source(cell).splitlines()]
    assert "## What this does not show" in lines
