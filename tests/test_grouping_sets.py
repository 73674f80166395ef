"""Sums by several kinds of group against pandas: missing keys, odd names, rows that agree counted as one."""

import ibis
import numpy as np
import pandas as pd
import pytest

from cxstudy.grouping_sets import sums_by
from cxstudy.held import held
from cxstudy.quoting import named

ODD = 'a "group", so called'


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(1)
    names = np.array(["b", "a", None], object)
    return pd.DataFrame(
        {ODD: names[rng.integers(0, 3, 300)], "day": names[rng.integers(0, 3, 300)], "x": rng.integers(0, 4, 300)}
    )


@pytest.fixture(scope="module")
def table(frame):
    con = ibis.duckdb.connect()
    con.con.register("answers", frame)
    return con.table("answers")


def test_each_set_is_a_group_by_of_its_own_and_missing_keys_come_last(frame, table):
    sets = [(), (ODD,), ("day", ODD)]
    whole, *parts = sums_by(table, sets, {"n": "count(*)", "total": "sum(x)::DOUBLE"})
    assert whole.to_dict("list") == {"n": [300], "total": [frame["x"].sum()]}
    for keys, part in zip(sets[1:], parts, strict=True):
        expected = frame.groupby(list(keys), dropna=False)["x"].agg(n="size", total="sum").reset_index()
        assert part[[*keys]].fillna("-").values.tolist() == expected[[*keys]].fillna("-").values.tolist()
        assert part[["n", "total"]].to_numpy().tolist() == expected[["n", "total"]].to_numpy().tolist()
        assert part[keys[0]].isna().iloc[-1]


def test_made_columns_and_rows_that_count(frame, table):
    (found,) = sums_by(table, [("twice",)], {"n": "count(*)"}, made={"twice": "2 * x"}, where=f"{named(ODD)} = 'a'")
    expected = (2 * frame.loc[frame[ODD] == "a", "x"]).value_counts().sort_index()
    assert found.values.tolist() == [[x, n] for x, n in expected.items()]


@pytest.mark.parametrize("key", [(), (ODD,)])
@pytest.mark.parametrize("alike", [[], ["day", "x"]])
def test_rows_that_agree_are_counted_as_one(frame, table, key, alike):
    (found,) = sums_by(table, [key], {"rows": "count(*)", "n": "sum(_k)::BIGINT"}, alike=alike)
    for place, (_, part) in enumerate(frame.groupby(list(key), dropna=False) if key else [((), frame)]):
        distinct = len(part[alike].drop_duplicates()) if alike else 1
        assert found.loc[place, ["rows", "n"]].tolist() == [distinct, len(part)]


def test_what_is_held_is_made_once_for_each_study():
    class Study:
        pass

    one, other, made = Study(), Study(), []
    for study in (one, one, other):
        held(study, "name", lambda: made.append(1) or len(made))
    assert made == [1, 1] and held(one, "name", None) == 1 and held(other, "name", None) == 2
