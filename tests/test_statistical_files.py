"""SPSS and Stata files, written by pyreadstat: labels, declared missing values, dates, broken files."""

import datetime as dt

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from cxstudy.faults import DataError
from cxstudy.opening import statistical_files
from cxstudy.study import open_study

STUDY = """format: 1
name: labelled
tables:
  companies: {file: companies.csv}
  customers: {file: %s%s}
"""


def answers(n=12):
    """n answers of two companies; recommend 0–10, reason coded 1 and 2."""
    return pd.DataFrame(
        {
            "id": np.arange(1.0, n + 1),
            "firm": [1.0, 2.0] * (n // 2),
            "recommend": [float(i % 11) for i in range(n)],
            "reason": [1.0, 2.0] * (n // 2),
            "date": [dt.date(2024, 1, 31)] * n,
            "comment": ["åäö ", ""] * (n // 2),
        }
    )


WRITE = {
    "sav": lambda frame, path, **how: pyreadstat.write_sav(frame, path, **how),
    "zsav": lambda frame, path, **how: pyreadstat.write_sav(frame, path, compress=True, **how),
    "dta": lambda frame, path, **how: pyreadstat.write_dta(frame, path, **how),
}
LABELS = {
    "firm": {1: "C1", 2: "C2"},
    "recommend": {0: "Not at all", 10: "10 – extremely likely"},
    "reason": {1: "price", 2: "service"},
}


@pytest.fixture
def opened(tmp_path):
    def opened(frame=None, suffix="sav", options="", labels=LABELS, **how):
        frame = answers() if frame is None else frame
        (tmp_path / "companies.csv").write_text("company\nC1\nC2\n", encoding="utf-8")
        file = tmp_path / f"c.{suffix}"
        if frame is not False:
            WRITE[suffix](frame, file, variable_value_labels=labels, **how)
        declared = f", columns: {{response_id: id, company: firm}}{options}"
        (tmp_path / "study.yaml").write_text(STUDY % (file.name, declared), encoding="utf-8")
        return open_study(tmp_path)

    return opened


@pytest.fixture
def faults(opened):
    def faults(*args, **how):
        with pytest.raises(DataError) as caught:
            opened(*args, **how)
        return caught.value.faults

    return faults


@pytest.mark.parametrize("suffix", ["sav", "zsav", "dta"])
def test_labels_name_keys_and_levels_and_scales_keep_their_codes(opened, suffix):
    frame = opened(suffix=suffix).customers.frame()
    assert list(frame["company"][:2]) == ["C1", "C2"]
    assert list(frame["reason"][:2]) == ["price", "service"]
    assert list(frame["recommend"]) == [*range(11), 0]
    assert list(frame["response_id"][:3]) == ["1", "2", "3"]
    assert (frame["date"] == pd.Timestamp(2024, 1, 31)).all()
    assert list(frame["comment"][:2].fillna("none")) == ["åäö", "none"]


def test_question_texts_and_labels_are_kept(tmp_path):
    import ibis

    from cxstudy.opening.readers import read_source
    from cxstudy.opening.table_file import TableFile

    texts = ["", "", "Hur troligt är det?", "", "", ""]
    WRITE["sav"](answers(), tmp_path / "c.sav", column_labels=texts, variable_value_labels=LABELS)
    source = read_source(ibis.duckdb.connect(), "customers", tmp_path, TableFile(file="c.sav"))
    assert source.question_texts["recommend"] == "Hur troligt är det?"
    assert source.labels["reason"] == {1: "price", 2: "service"}
    assert source.place == "case"


def test_spss_missing_values_and_ranges_are_no_answer_and_counted(opened):
    frame = answers()
    frame["satisfaction"] = [1.0, 97.0, 98.0, 99.0, -1.0, 5.0, *[3.0] * 6]
    frame.loc[0, "recommend"] = 11.0
    missing = {"satisfaction": [{"lo": 90.0, "hi": 99.0}, -1.0], "recommend": [11.0, 77.0], "comment": ["none"]}
    frame.loc[1, "comment"] = "none"
    labels = LABELS | {"recommend": {11: "Don't know"}}
    study = opened(frame, labels=labels, missing_ranges=missing)
    read = study.customers.frame()
    assert list(read.index[read["satisfaction"].isna()]) == [1, 2, 3, 4]
    assert list(read.index[read["recommend"].isna()]) == [0]
    assert read["comment"].isna().sum() == 6
    said = next(r for r in study.remarks if "declares missing" in r.rule)
    assert "recommend 1 (11 Don't know, 77)" in said.found
    assert "satisfaction 4 (90 to 99, -1)" in said.found
    assert "comment 1 (none)" in said.found


def test_stata_missing_letters_are_no_answer_and_counted(opened):
    frame = answers().astype({"recommend": object})
    frame["recommend"] = [9, "a", "b", "a", *[10] * 8]
    labels = LABELS | {"recommend": {"a": "refused", 10: "sure"}}
    study = opened(frame, "dta", labels=labels, missing_user_values={"recommend": ["a", "b"]})
    read = study.customers.frame()
    assert list(read.index[read["recommend"].isna()]) == [1, 2, 3]
    said = next(r for r in study.remarks if "declares missing" in r.rule)
    assert said.found == "recommend 3 (.a refused, .b)."
    assert said.where == "c.dta"


def test_a_file_without_declared_missing_values_says_nothing_of_them(opened):
    assert not [r for r in opened().remarks if "declares missing" in r.rule]


def test_a_labelled_code_outside_the_scale_names_its_label(faults):
    frame = answers()
    frame.loc[3, "recommend"] = 11.0
    (fault,) = faults(frame, labels=LABELS | {"recommend": {11: "Don't know"}})
    assert fault.found == "1 row: '11' (case 4)."
    assert fault.remedy.startswith("11 is labelled 'Don't know' in the file")
    assert "tables: customers: missing: [11]" in fault.remedy


def test_such_a_code_is_declared_by_number_or_by_label(opened):
    frame = answers()
    frame.loc[3, "recommend"] = 11.0
    labels = LABELS | {"recommend": {11: "Don't know"}}
    for options in (", missing: [11]", ', missing: ["Don\'t know"]'):
        read = opened(frame, options=options, labels=labels).customers.frame()
        assert list(read.index[read["recommend"].isna()]) == [3]


def test_a_level_with_a_code_that_has_no_label_is_a_fault_unless_none_has(faults, opened):
    frame = answers()
    frame.loc[4, "reason"] = 3.0
    (fault,) = faults(frame)
    assert fault.rule == "each code of reason has a label in the file, as 'price', 'service' have."
    assert fault.found == "1 row: '3' (case 5)."
    assert "missing: {reason: [3]}" in fault.remedy
    read = opened(frame, options=", missing: {reason: [3]}").customers.frame()
    assert list(read.index[read["reason"].isna()]) == [4]
    read = opened(frame, labels={"firm": LABELS["firm"]}).customers.frame()
    assert set(read["reason"]) == {"1", "2", "3"}


def test_labels_that_no_answer_uses_are_no_fault(opened):
    labels = LABELS | {"reason": {1: "price", 2: "service", 9: "other"}}
    assert set(opened(labels=labels).customers.frame()["reason"]) == {"price", "service"}


def test_yes_and_no_are_read_from_labels_or_codes(opened):
    frame = answers()
    frame["churned"] = [1.0, 2.0] * 6
    read = opened(frame, labels=LABELS | {"churned": {1: "Ja", 2: "Nej"}}).customers.frame()
    assert list(read["churned"][:2]) == [True, False]
    frame["churned"] = [1.0, 0.0] * 6
    assert list(opened(frame).customers.frame()["churned"][:2]) == [True, False]


def test_answers_with_decimals_on_a_scale_of_whole_numbers(faults):
    frame = answers()
    frame.loc[2, "recommend"] = 7.5
    (fault,) = faults(frame)
    assert (fault.rule, fault.found) == ("recommend is a whole number.", "1 row: '7.5' (case 3).")


def test_times_of_day(opened, tmp_path):
    frame = pd.DataFrame({"id": [1.0, 2.0], "at": [dt.datetime(2024, 2, 29, 14, 5, 7), None]})
    for suffix in ("sav", "dta"):
        WRITE[suffix](frame, tmp_path / f"back.{suffix}")
        back = f"  callbacks: {{file: back.{suffix}, columns: {{response_id: id, contacted_at: at}}}}\n"
        study = STUDY.replace("  customers", f"{back}  customers")
        opened()
        text = study % ("c.sav", ", columns: {response_id: id, company: firm}")
        (tmp_path / "study.yaml").write_text(text, encoding="utf-8")
        read = open_study(tmp_path).callbacks.frame()
        assert read["contacted_at"][0] == pd.Timestamp(2024, 2, 29, 14, 5, 7)
        assert pd.isna(read["contacted_at"][1])


def test_a_file_is_read_in_pieces(opened, monkeypatch):
    monkeypatch.setattr(statistical_files, "_CELLS", 1)
    frame = answers(3000)
    frame.loc[2500, "recommend"] = 98.0
    study = opened(frame, missing_ranges={"recommend": [98.0]})
    assert study.customers.n == 3000
    assert list(study.customers.frame()["response_id"]) == [str(i) for i in range(1, 3001)]
    assert study.customers.frame()["recommend"].isna().sum() == 1


@pytest.mark.parametrize("suffix", ["sav", "dta"])
def test_a_truncated_file(opened, faults, tmp_path, suffix):
    opened(suffix=suffix)
    whole = (tmp_path / f"c.{suffix}").read_bytes()
    for content in (whole[: len(whole) // 2], whole[:-40] if suffix == "sav" else whole[:200], b"something else"):
        (tmp_path / f"c.{suffix}").write_bytes(content)
        (fault,) = faults(False, suffix)
        assert fault.rule == f"the file must be readable to its end as {'SPSS' if suffix == 'sav' else 'Stata'}."
        assert "save it again from the program" in fault.remedy
        assert fault.where == f"c.{suffix}"


def test_a_file_without_cases(faults):
    (fault,) = faults(answers().iloc[:0])
    assert fault.rule == "a table must have rows."


def test_two_columns_that_differ_in_capitals(faults):
    frame = answers().assign(Reason=1.0)
    (fault,) = faults(frame, "dta", labels={})
    assert fault.rule == "column names must differ (capitals do not count)."


def test_a_key_that_belongs_to_another_kind_of_file(faults):
    (fault,) = faults(options=", sheet: Data")
    assert fault.rule == "sheet: belongs to .xlsx, .xlsm files."
    assert fault.remedy == "remove sheet: from the table in study.yaml."


def test_labels_of_nothing_but_missing_values_do_not_ask_for_others(opened):
    labels = {"firm": LABELS["firm"], "reason": {9: "no answer"}}
    frame = answers()
    frame.loc[0, "reason"] = 9.0
    for options, how in ((", missing: {reason: [9]}", {}), ("", {"missing_ranges": {"reason": [9.0]}})):
        read = opened(frame, options=options, labels=labels, **how).customers.frame()
        assert list(read["reason"].fillna("none")[:3]) == ["none", "2", "1"]
    frame = answers().astype({"reason": object})
    frame["reason"] = ["a", 1, 2] * 4
    study = opened(frame, "dta", labels=labels | {"reason": {"a": "refused"}}, missing_user_values={"reason": ["a"]})
    assert list(study.customers.frame()["reason"].fillna("none")[:3]) == ["none", "1", "2"]


def test_a_column_without_a_single_value(opened, monkeypatch):
    monkeypatch.setattr(statistical_files, "_CELLS", 1)
    frame = answers(2000).assign(effort=np.nan)
    assert opened(frame).customers.frame()["effort"].isna().all()
    frame.loc[1999, "effort"] = 7.0
    assert opened(frame).customers.frame()["effort"].iloc[-1] == 7
