"""Every mistake a user can make, through the command line: exit 1, a message with its remedy, nothing lost."""

import pytest

from cxstudy.cli import main


def replaced(old, new):
    return lambda text: text.replace(old, new)


def only(first, last):
    """A change that keeps the header and the lines ``first`` to ``last``."""
    return lambda text: "\n".join([text.splitlines()[0], *text.splitlines()[first : last + 1]]) + "\n"


def companies(*names):
    return lambda text: "".join(
        line
        for i, line in enumerate(text.splitlines(keepends=True))
        if i == 0 or any(f"{name}," in line for name in names)
    )


def every(column, value):
    def apply(text):
        lines = [line.split(",") for line in text.splitlines()]
        place = lines[0].index(column)
        rows = [",".join([*line[:place], value, *line[place + 1 :]]) for line in lines[1:]]
        return "\n".join([",".join(lines[0]), *rows]) + "\n"

    return apply


TWO = companies("C001", "C002")
CASES = {
    "missing file": ({"customers": None}, ["customers.csv"]),
    "empty file": ({"customers": ""}, ["customers.csv", "empty"]),
    "missing column": ({"financials": replaced("operating_profit", "result")}, ["revenue", "result"]),
    "text in a number": ({"financials": replaced("1000,20\n", "about 1000,20\n")}, ["revenue", "about 1000"]),
    "decimal comma": ({"financials": every("revenue", '"1000,5"')}, ["decimal"]),
    "two date formats": ({"customers": replaced("2024-02-15", "15/02/2024")}, ["date", "15/02/2024"]),
    "duplicate key": ({"customers": replaced("R002", "R001")}, ["R001", "response_id"]),
    "unknown company": ({"customers": replaced("R002,C001", "R002,C0O1")}, ["C0O1", "nearest C01"]),
    "all answers equal": ({"customers": every("recommend", "9")}, ["recommend", "9"]),
    "all margins missing": ({"financials": every("operating_profit", "")}, ["operating_profit"]),
    "two companies": ({"companies": TWO, "financials": TWO, "customers": TWO}, ["at least 4"]),
    "misspelt key": ({"study": replaced("tables:", "tabels:")}, ["tabels", "tables"]),
    "broken YAML": ({"study": replaced("tables:", "tables: [")}, ["study.yaml", "line"]),
    "language: no": ({"study": replaced("name: small", "name: small\nlanguage: no")}, ["language", "en, sv"]),
}


@pytest.mark.parametrize("case", CASES)
def test_a_fault_of_the_files(small_study, tmp_path, capsys, case):
    changes, words = CASES[case]
    folder = small_study(**changes)
    reports = tmp_path / "reports"
    (reports / "small" / "20250101-000000").mkdir(parents=True)
    (reports / "small" / "index.html").write_text("earlier", encoding="utf-8")
    assert main(["run", str(folder), "--only", "nps_margin", "--out", str(reports)]) == 1
    said = "".join(capsys.readouterr())
    assert "Traceback" not in said and not [w for w in words if w not in said], said
    assert (reports / "small" / "index.html").read_text(encoding="utf-8") == "earlier"
    assert [p.name for p in sorted((reports / "small").iterdir())] == ["20250101-000000", "index.html"]


def test_all_five_wrong_answers_of_a_column_are_reported(small_study, cell, tmp_path, capsys):
    values = ["11", "-1", "9 - likely", "7.5", "99"]
    folder = small_study(customers=[cell(row, "recommend", value) for row, value in enumerate(values, 2)])
    assert main(["run", str(folder), "--out", str(tmp_path / "reports")]) == 1
    said = "".join(capsys.readouterr())
    assert not [v for v in values if v not in said] and "Remedy" in said
    assert not (tmp_path / "reports").exists()


def test_keys_are_text(small_study, capsys):
    def text(t):
        return t.replace("C001", "0047").replace("C002", "NO")

    assert main(["check", str(small_study(companies=text, financials=text, customers=text))]) == 0
    from cxstudy.study import open_study

    study = open_study(small_study(companies=text, financials=text, customers=text))
    assert {"0047", "NO"} <= set(study.companies.frame()["company"])


def test_a_company_with_one_answer_is_remarked_on_and_left_out(small_study, capsys):
    def one_answer(text):
        return "".join(line for i, line in enumerate(text.splitlines(keepends=True)) if not 2 <= i <= 8)

    folder = small_study(customers=one_answer)
    assert main(["check", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "C001" in said and "at least 5" in said


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--only", "nps_margn"], ["nearest", "nps_margin", "99_claims"]),
        (["-p", "teirs", "5"], ["teirs", "tiers"]),
        (["-p", "tiers", "four"], ["tiers", "four"]),
    ],
)
def test_an_unknown_name_or_a_value_of_another_kind(small_study, tmp_path, capsys, given, words):
    reports = tmp_path / "reports"
    assert main(["run", str(small_study()), *given, "--out", str(reports)]) == 1
    said = "".join(capsys.readouterr())
    assert "Traceback" not in said and not [w for w in words if w not in said], said
    assert not reports.exists()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["-p", "confidence", "95"], "confidence must lie between 0 and 1; got 95"),
        (["-p", "tiers", "1"], "tiers must"),
        (["-p", "tiers", "13"], "tiers must"),
    ],
)
def test_a_value_that_makes_no_sense_for_these_data(small_study, tmp_path, capsys, given, words):
    reports = tmp_path / "reports"
    assert main(["run", str(small_study()), "--only", "nps_margin", *given, "--out", str(reports)]) == 1
    said = "".join(capsys.readouterr())
    assert words in said and "Traceback" not in said, said
    assert not (reports / "small" / "index.html").exists()
    assert [p.name.endswith("-failed") for p in (reports / "small").iterdir()] == [True]


def test_a_folder_that_cannot_be_written(small_study, tmp_path, capsys):
    (tmp_path / "reports").write_text("a file stands in the way", encoding="utf-8")
    assert main(["run", str(small_study()), "--out", str(tmp_path / "reports")]) == 1
    said = "".join(capsys.readouterr())
    assert "reports" in said and "Traceback" not in said
