"""``constants`` in study.yaml: a column that the file lacks because one value holds for all its rows."""

import pandas as pd
import pytest

import cxstudy as cx
from cxstudy.faults import DataError


@pytest.fixture
def opened(tmp_path):
    def opened(declared, file="c.csv", head="response_id,recommend", table="customers"):
        rows = [f"r{i},{i % 11}" for i in range(11)]
        (tmp_path / "c.csv").write_text("\n".join([head, *rows]) + "\n")
        pd.read_csv(tmp_path / "c.csv").to_parquet(tmp_path / "c.parquet")
        text = f"format: 1\nname: x\ntables:\n  {table}: {{file: {file}, {declared}}}\n"
        (tmp_path / "study.yaml").write_text(text)
        return cx.open_study(tmp_path)

    return opened


@pytest.mark.parametrize("file", ["c.csv", "c.parquet", "[c.csv]", "{2024: c.csv, 2025: c.parquet}"])
def test_every_row_has_the_value(opened, file):
    study = opened("constants: {company: '0047', work_group: \"O'Neil\"}", file)
    frame = study.customers.frame()
    assert set(frame["company"]) == {"0047"} and set(frame["work_group"]) == {"O'Neil"}
    assert len(frame) in (11, 22) and cx.nps(study, by="company").n[0] == len(frame)


def test_a_whole_number(opened):
    study = opened("constants: {company: A, duration: 60}")
    assert set(study.customers.frame()["duration"]) == {60}


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ("constants: {company: A, compny: B}", "there is no column 'compny'; nearest: company"),
        ("constants: {company: A, Recommend: 9}", "constants: gives columns the file lacks. Found: a column recommend"),
        ("constants: {company: ' '}", "a constant is a text or a whole number. Found: nothing for company."),
        ("columns: {company: x}, constants: {company: A}", "mapped or constant. Found: company under columns and"),
        ("constants: {company: 4.5}", "constants"),
    ],
)
def test_mistakes(opened, declared, said):
    with pytest.raises(DataError) as caught:
        opened(declared)
    assert said in str(caught.value)
