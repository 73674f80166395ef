"""Long to wide, wide to long by year or wave, several waves in several files."""

import hashlib

import ibis
import numpy as np
import pandas as pd
import pyreadstat
import pytest

from cxstudy.faults import DataError
from cxstudy.opening.readers import read_source
from cxstudy.opening.study_file import read_study_file
from cxstudy.opening.table_file import TableFile
from cxstudy.study import open_study

LONG = """response_id,company,item,value
R1,C1,recommend,9
R2,C2,recommend,3
R1,C1,satisfaction,5
R3,C2,satisfaction,1
"""
ASK = {"question": "item", "answer": "value"}


@pytest.fixture
def read(tmp_path):
    def read(files, table="customers", **how):
        for name, content in files.items():
            if isinstance(content, pd.DataFrame):
                content.to_parquet(tmp_path / name)
            else:
                (tmp_path / name).write_text(content, encoding="utf-8")
        how.setdefault("file", next(iter(files)))
        return read_source(ibis.duckdb.connect(), table, tmp_path, TableFile(**how))

    return read


@pytest.fixture
def faults(read):
    def faults(*args, **how):
        with pytest.raises(DataError) as caught:
            read(*args, **how)
        return caught.value.faults

    return faults


def rows(source, *columns):
    found = source.expr.order_by("row_").to_pyarrow().to_pylist()
    return sorted((tuple(r[c] for c in columns or source.columns) for r in found), key=str)


def test_long_becomes_wide(read):
    source = read({"c.csv": LONG}, long=ASK)
    assert source.columns == ("response_id", "company", "recommend", "satisfaction")
    assert rows(source) == [("R1", "C1", "9", "5"), ("R2", "C2", "3", None), ("R3", "C2", None, "1")]
    assert source.lines([1, 2, 4]) == {1: 2, 2: 3, 4: 5}


def test_long_then_wide_is_the_table_it_came_from(read):
    frame = pd.DataFrame({"response_id": [f"R{i}" for i in range(50)], "recommend": np.arange(50) % 11})
    frame["satisfaction"] = 1 + frame.index % 5
    long = frame.melt("response_id", var_name="item", value_name="value").sample(frac=1, random_state=3)
    source = read({"c.parquet": long}, long=ASK)
    back = source.expr.to_pyarrow().to_pandas().sort_values("response_id")[list(frame)].reset_index(drop=True)
    pd.testing.assert_frame_equal(back, frame.sort_values("response_id", ignore_index=True), check_dtype=False)


def test_two_answers_to_one_question(faults):
    (said,) = faults({"c.csv": LONG + "R1,C1,recommend,8\n"}, long=ASK)
    assert said.rule == "with long:, one response_id answers one question once."
    assert said.found == "2 rows; first at line 2."


def test_rows_without_question_or_key(faults):
    first, second = faults({"c.csv": LONG + "R4,C1,,8\n,C1,recommend,8\n"}, long=ASK)
    assert (first.rule, first.found) == ("with long:, no row may be without item.", "1 row; first at line 6.")
    assert (second.rule, second.row) == ("with long:, no row may be without response_id.", 7)


def test_long_needs_its_columns_and_a_key(faults):
    (said,) = faults({"c.csv": LONG}, long=ASK | {"answer": "values"})
    assert said.found == "no column values; there: response_id, company, item, value. Nearest: value."
    (said,) = faults({"c.csv": LONG.replace("response_id", "who")}, long=ASK)
    assert said.rule == "with long:, a key says which answers belong together: response_id."
    assert "columns: {response_id: its name in the file}" in said.remedy


def test_a_column_that_differs_within_a_respondent_is_a_fault_where_it_is_used(read):
    source = read({"c.csv": LONG.replace("R1,C1,sat", "R1,C2,sat")}, long=ASK)
    (said,) = source.column_faults["company"]
    assert said.found == "1 with several."


def test_a_question_called_as_a_column(faults):
    (said,) = faults({"c.csv": LONG + "R4,C1,company,8\n"}, long=ASK)
    assert said.found == "twice company."


FINANCIALS = """company,revenue_2023,revenue_2024,operating_profit_2024
C1,100,110,11
C2,200,,
"""


def test_columns_by_year_become_rows(read):
    source = read({"f.csv": FINANCIALS}, "financials", wide={"year": "{column}_{year}"})
    assert source.columns == ("company", "year", "revenue", "operating_profit")
    assert rows(source) == [("C1", "2023", "100", None), ("C1", "2024", "110", "11"), ("C2", "2023", "200", None)]
    assert source.lines([2]) == {2: 3}
    lacking, empty = source.remarks
    assert (lacking.where, lacking.found) == ("f.csv, column operating_profit", "none for 2023.")
    assert empty.found == "1 of 4 rows by year with nothing in revenue, operating_profit."


def test_wide_then_long_keeps_every_number(read):
    rng = np.random.default_rng(1)
    long = pd.DataFrame({"company": np.repeat([f"C{i}" for i in range(30)], 3), "year": [2022, 2023, 2024] * 30})
    long["revenue"] = rng.normal(size=90)
    wide = long.pivot(index="company", columns="year", values="revenue").add_prefix("FY ").add_suffix(" revenue")
    source = read({"f.parquet": wide.reset_index()}, "financials", wide={"year": "FY {year} {column}"})
    back = source.expr.to_pyarrow().to_pandas().astype({"year": int})[["company", "year", "revenue"]]
    back = back.sort_values(["company", "year"], ignore_index=True)
    pd.testing.assert_frame_equal(back, long.sort_values(["company", "year"], ignore_index=True), check_dtype=False)


def test_no_column_by_year_and_a_name_that_is_there(faults):
    (said,) = faults({"f.csv": "company,revenue\nC1,2\n"}, "financials", wide={"year": "{column}_{year}"})
    assert said.found == "the columns company, revenue."
    text = "company,revenue,revenue_2024\nC1,2,3\n"
    (said,) = faults({"f.csv": text}, "financials", wide={"year": "{column}_{year}"})
    assert said.found == "twice revenue."


@pytest.mark.parametrize("declared", ['{year: "{column}"}', '{month: "{column}_{month}"}', '{year: "{column}_{wave}"}'])
def test_a_pattern_that_is_none(tmp_path, declared):
    path = tmp_path / "study.yaml"
    path.write_text(f"format: 1\nname: a\ntables:\n  financials: {{file: f.csv, wide: {declared}}}\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_study_file(path)
    (said,) = caught.value.faults
    assert said.rule == "wide is written {year: '{column}_{year}'} (or wave for year)."


@pytest.mark.parametrize("declared", ["5", "[a.csv, 5]", "[]", "[a.csv, x/a.csv, a.csv]", "{2023: 5}"])
def test_a_file_that_is_none(tmp_path, declared):
    path = tmp_path / "study.yaml"
    path.write_text(f"format: 1\nname: a\ntables:\n  financials: {{file: {declared}}}\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_study_file(path)
    (said,) = caught.value.faults
    assert said.where == "study.yaml, tables.financials.file"
    assert said.rule.startswith(("file is", "file names", "each file"))


WAVES = {
    "a.csv": "response_id,company,recommend\n1,C1,9\n2,C2,8\n",
    "b.csv": "response_id,company,Recommend,effort\n1,C1,7\n2,C2,6,3\n".replace("7\n", "7,2\n"),
}


def test_several_files_are_waves(read):
    source = read(WAVES, file=["a.csv", "b.csv"])
    assert source.columns == ("wave", "response_id", "company", "recommend", "effort")
    assert rows(source) == [
        ("a", "1", "C1", "9", None),
        ("a", "2", "C2", "8", None),
        ("b", "1", "C1", "7", "2"),
        ("b", "2", "C2", "6", "3"),
    ]
    assert source.lines([2, 3]) == {2: "3 of a.csv", 3: "2 of b.csv"}
    assert source.absent == {"effort": ("a.csv",)}
    assert {r[0] for r in rows(read(WAVES, file={2023: "a.csv", 2024: "b.csv"}), "wave")} == {"2023", "2024"}


def test_the_faults_of_all_files_at_once(faults):
    files = {"a.csv": "a,b\n1\n", "b.csv": ""}
    assert [f.where for f in faults(files, file=["a.csv", "b.csv", "c.csv"])] == ["a.csv", "b.csv", "c.csv"]


def test_a_column_wave_in_a_file(faults):
    files = WAVES | {"b.csv": "response_id,Wave\n1,2\n"}
    (said,) = faults(files, file=["a.csv", "b.csv"])
    assert (said.where, said.found) == ("b.csv", "a column wave in the file.")


STUDY = """format: 1
name: waves
tables:
  customers: {file: {2023: a.%s, 2024: b.%s}}
"""


def write_study(folder, suffix="csv", **changes):
    for name, content in (WAVES | changes).items():
        (folder / name.replace("_", ".")).write_text(content, encoding="utf-8")
    (folder / "study.yaml").write_text(STUDY % (suffix, suffix), encoding="utf-8")
    return folder


def test_a_study_of_two_waves(tmp_path):
    study = open_study(write_study(tmp_path))
    frame = study.customers.frame()
    assert list(frame["wave"]) == ["2023", "2023", "2024", "2024"]
    assert list(frame["recommend"]) == [9, 8, 7, 6]
    assert frame["effort"].isna().sum() == 2
    said = next(r for r in study.remarks if r.rule.startswith("a column that one of the files lacks"))
    assert said.found == "no effort in a.csv."
    prints = study.fingerprints()
    assert set(prints) == {"study.yaml", "a.csv", "b.csv"}
    assert prints["b.csv"] == hashlib.sha256((tmp_path / "b.csv").read_bytes()).hexdigest()


def test_faults_name_the_file(tmp_path):
    changed = {"b.csv": WAVES["b.csv"].replace("C2,6", "C2,16") + "2,C2,5,1\n"}
    with pytest.raises(DataError) as caught:
        open_study(write_study(tmp_path, **changed))
    outside, twice = caught.value.faults
    assert outside.found == "1 row: '16' (line 3 of b.csv)."
    assert twice.rule == "no two rows may have the same wave and response_id."
    assert "3 of b.csv and" in twice.found.replace("lines ", "")
    assert outside.row is None


def test_waves_of_spss_files_whose_labels_differ(tmp_path):
    frame = pd.DataFrame({"response_id": [1.0, 2.0], "company": ["C1", "C2"], "recommend": [9.0, 8.0]})
    frame["reason"] = [1.0, 2.0]
    labels = {"reason": {1: "price", 2: "service"}, "recommend": {10: "extremely"}}
    pyreadstat.write_sav(frame, tmp_path / "a.sav", variable_value_labels=labels, missing_ranges={"recommend": [8.0]})
    other = {"reason": {1: "service", 2: "price"}, "recommend": {10: "ytterst"}}
    pyreadstat.write_sav(frame, tmp_path / "b.sav", variable_value_labels=other)
    (tmp_path / "study.yaml").write_text(STUDY % ("sav", "sav"), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        open_study(tmp_path)
    (said,) = caught.value.faults
    assert said.rule == "a code means the same in every file of a table."
    assert said.found == "1 is 'price' in one file and 'service' in b.sav."
    pyreadstat.write_sav(frame, tmp_path / "b.sav", variable_value_labels={"reason": labels["reason"]})
    study = open_study(tmp_path)
    assert list(study.customers.frame()["reason"]) == ["price", "service"] * 2
    # what one file declares missing is an answer in the other
    assert list(study.customers.frame()["recommend"].isna()) == [False, True, False, False]


def test_waves_by_column(tmp_path):
    text = "response_id,company,recommend_1,recommend_2\nR1,C1,9,8\nR2,C2,7,\n"
    (tmp_path / "c.csv").write_text(text, encoding="utf-8")
    declared = 'wide: {wave: "{column}_{wave}"}'
    (tmp_path / "study.yaml").write_text(
        f"format: 1\nname: a\ntables:\n  customers: {{file: c.csv, {declared}}}\n", encoding="utf-8"
    )
    frame = open_study(tmp_path).customers.frame().sort_values(["wave", "response_id"])
    assert list(frame[["wave", "response_id", "recommend"]].itertuples(index=False, name=None)) == [
        ("1", "R1", 9), ("1", "R2", 7), ("2", "R1", 8)
    ]


def test_labels_of_a_long_spss_file_name_the_questions(tmp_path):
    frame = pd.DataFrame({"response_id": [1.0, 1.0, 2.0], "company": ["C1", "C1", "C2"], "item": [1.0, 2.0, 1.0]})
    frame["value"] = [9.0, 5.0, 3.0]
    labels = {"item": {1: "recommend", 2: "satisfaction"}}
    pyreadstat.write_sav(frame, tmp_path / "c.sav", variable_value_labels=labels)
    declared = "long: {question: item, answer: value}"
    (tmp_path / "study.yaml").write_text(
        f"format: 1\nname: a\ntables:\n  customers: {{file: c.sav, {declared}}}\n", encoding="utf-8"
    )
    frame = open_study(tmp_path).customers.frame().sort_values("response_id")
    assert list(frame["recommend"]) == [9, 3]
    assert list(frame["satisfaction"].fillna(0)) == [5, 0]


def test_waves_named_by_years_are_paired_with_the_results_of_these_years(tmp_path):
    from cxstudy.measures.pairing import paired

    head, answers = "response_id,company,recommend\n", {2023: [9, 10, 9, 9, 10], 2024: [9, 3, 2, 1, 0]}
    for year, scores in answers.items():
        rows = "".join(f"{i},C1,{score}\n" for i, score in enumerate(scores))
        (tmp_path / f"{'a' if year == 2023 else 'b'}.csv").write_text(head + rows, encoding="utf-8")
    (tmp_path / "f.csv").write_text("company,operating_margin_2023,operating_margin_2024\nC1,9,4\n", encoding="utf-8")
    wide = '  financials: {file: f.csv, wide: {year: "{column}_{year}"}}\npairing: same_year\n'
    (tmp_path / "study.yaml").write_text(STUDY % ("csv", "csv") + wide, encoding="utf-8")
    units = paired(open_study(tmp_path)).units
    assert units[["year", "nps", "outcome"]].to_numpy().tolist() == [[2023, 100, 9], [2024, -60, 4]]
