"""Notebooks are found by glob; a wrong name, value or type is refused with the valid ones, before anything runs."""

from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from cxstudy.report.notebook_list import (
    Parameter,
    check_parameters,
    list_notebooks,
    parse_value,
    read_parameters,
    select,
)

CELL = """study = ""  # the study
out = ""
tiers = 4  # number of tiers
confidence = 0.95  # coverage of every interval
by = None
"""


def write(folder, name, source=CELL, tags=("parameters",)):
    folder.mkdir(exist_ok=True, parents=True)
    path = folder / f"{name}.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(source, metadata={"tags": list(tags)})]), path)
    return path


@pytest.fixture
def books(tmp_path):
    write(tmp_path / "ours", "02_nps_margin")
    write(tmp_path / "ours", "99_claims", 'study = ""\nout = ""')
    write(tmp_path / "ours", "client_report", "seed = 1  # of the bootstrap")
    write(tmp_path / "study/notebooks", "zz_mine")
    return list_notebooks(SimpleNamespace(folder=tmp_path / "study"), tmp_path / "ours")


def test_notebooks_of_the_workbook_and_the_study_claims_last(books):
    assert [b.stem for b in books] == ["02_nps_margin", "client_report", "zz_mine", "99_claims"]
    assert [b.analysis for b in books] == ["nps_margin", "client_report", "zz_mine", "claims"]


def test_a_study_notebook_named_as_one_of_ours_is_refused(tmp_path):
    write(tmp_path / "ours", "02_nps_margin")
    write(tmp_path / "study/notebooks", "02_nps_margin")
    with pytest.raises(ValueError, match="needs a name of its own; 02_nps_margin.ipynb is already one of ours. Rename"):
        list_notebooks(SimpleNamespace(folder=tmp_path / "study"), tmp_path / "ours")


@pytest.mark.parametrize("name", ["02_nps_margin", "nps_margin", "nps_margin.ipynb"])
def test_only_takes_a_name_with_or_without_its_number_and_keeps_the_claims(books, name):
    assert [b.stem for b in select(books, [name])] == ["02_nps_margin", "99_claims"]


def test_an_unknown_notebook_gets_the_nearest_and_the_valid_names(books):
    with pytest.raises(
        ValueError,
        match=r"no notebook '02_nps_marign'; nearest: 02_nps_margin; valid: 02_nps_margin, 99_claims, client_report",
    ):
        select(books, ["02_nps_marign"])


def test_parameters_are_read_with_default_and_meaning(books):
    found = books[0].parameters
    assert found["tiers"] == Parameter("tiers", 4, "number of tiers")
    assert found["confidence"].default == 0.95 and found["by"] == Parameter("by", None, "")


def test_a_notebook_without_a_parameters_cell_has_none(tmp_path):
    assert read_parameters(write(tmp_path, "a", tags=())) == {}


def test_a_computed_default_and_a_broken_file_are_refused(tmp_path):
    with pytest.raises(ValueError, match="a parameter's value is a literal; a in a.ipynb is computed"):
        read_parameters(write(tmp_path, "a", "a = 2 * 3"))
    (tmp_path / "b.ipynb").write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match="a notebook is a JSON file with cells; b.ipynb is not"):
        read_parameters(tmp_path / "b.ipynb")


def test_a_parameter_reaches_only_the_notebooks_that_have_it(books):
    values = check_parameters(books, [("tiers", "5"), ("seed", "7")])
    assert values == {
        "02_nps_margin": {"tiers": 5},
        "client_report": {"seed": 7},
        "zz_mine": {"tiers": 5},
        "99_claims": {},
    }
    assert check_parameters(books, {"tiers": 6})["zz_mine"] == {"tiers": 6}


def test_an_unknown_parameter_gets_the_valid_ones_and_their_meaning(books):
    with pytest.raises(ValueError) as said:
        check_parameters(books, [("teirs", "5")])
    assert "no parameter 'teirs'; nearest: tiers; valid: by, confidence, seed, tiers." in str(said.value)
    assert "tiers = 4  number of tiers" in str(said.value) and "study" not in str(said.value)


def test_a_parameter_of_a_notebook_not_asked_for_is_unknown(books):
    with pytest.raises(ValueError, match="no parameter 'seed'"):
        check_parameters(select(books, ["nps_margin"]), [("seed", "1")])


@pytest.mark.parametrize("name", ["study", "out"])
def test_study_and_out_belong_to_the_run(books, name):
    with pytest.raises(ValueError, match=f"{name} is set by the run and cannot be given"):
        check_parameters(books, [(name, "x")])


@pytest.mark.parametrize(
    ("default", "given", "read"),
    [
        (4, "5", 5), (4, "-1", -1), (0.95, "0.9", 0.9), (0.95, "1", 1.0), (True, "False", False),
        (True, "false", False), ([1], "[a, b]", ["a", "b"]),
        ("mean", "median", "median"), ("mean", "'7'", "7"), ("mean", "7", "7"), ([2, 3], "[4, 5]", [4, 5]),
        ((1, 2), "[3, 4]", (3, 4)), (None, "None", None), (None, "3", 3), (4, 6, 6), (0.5, 1, 1.0),
    ],
)  # fmt: skip
def test_a_value_is_read_as_the_type_of_its_default(default, given, read):
    value = parse_value(Parameter("x", default, ""), given)
    assert value == read and type(value) is type(read)


@pytest.mark.parametrize(
    ("default", "given", "kind"),
    [(4, "4.5", "a whole number"), (4, "four", "a whole number"), (4, "True", "a whole number"),
     (0.95, "0,9", "a number"), (0.95, "high", "a number"), (True, "1", "True or False"), ([1], "3", "a list"),
     ("a", 3, "a text"), (4, "{", "a whole number")],
)  # fmt: skip
def test_a_value_of_another_type_is_refused_with_meaning_and_default(default, given, kind):
    with pytest.raises(ValueError) as said:
        parse_value(Parameter("x", default, "what it is"), given)
    assert str(said.value).startswith(f"x is {kind} (what it is); got ") and f"like its default, {default!r}." in str(
        said.value
    )
