"""The schema is one description: kinds are known, keys exist, and the data dictionary is made from it."""

import subprocess
import sys
from pathlib import Path

import pytest

from cxstudy import schema

DICTIONARY = Path(__file__).resolve().parents[1] / "data" / "README.md"


def test_the_data_dictionary_is_not_stale():
    stale = "data/README.md is stale; write it again: python -m cxstudy.schema > data/README.md"
    assert DICTIONARY.read_text(encoding="utf-8") == schema.dictionary(), stale


def test_the_module_prints_the_dictionary():
    printed = subprocess.run([sys.executable, "-m", "cxstudy.schema"], capture_output=True, check=True)
    assert printed.stdout.decode("utf-8").replace("\r\n", "\n") == schema.dictionary()


@pytest.mark.parametrize("table", schema.TABLES.values(), ids=lambda t: t.name)
def test_columns_are_described(table):
    names = [c.name for c in table.columns]
    assert len(set(names)) == len(names)
    assert set(table.key) <= set(names)
    for column in table.columns:
        assert column.kind in schema.KINDS
        assert column.meaning
        if column.kind == "scale":
            assert column.low < column.high


def test_questions_are_the_scales():
    assert schema.TABLES["customers"].questions[:3] == ("recommend", "satisfaction", "effort")
    assert schema.TABLES["financials"].questions == ()
    assert schema.TABLES["customers"].column("recommend").high == 10


def test_every_column_stands_in_the_dictionary():
    text = schema.dictionary()
    for table in schema.TABLES.values():
        part = text.split(f"## {table.name}\n")[1].split("\n## ")[0]
        for column in table.columns:
            assert f"| {column.name} |" in part or f"| **{column.name}** |" in part
