"""Counts, moments and rows: the same from every source, additive, and honest about what is missing."""

from dataclasses import dataclass, field
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxstudy.faults import NotTestable
from cxstudy.study import open_study
from cxstudy.tally import counts, moments, moments_of_each, rows


@dataclass(frozen=True)
class Table:
    """What the tally knows of a study's table."""

    expr: Any
    rows: str = "answers"
    shares: dict = field(default_factory=dict)
    means: dict = field(default_factory=dict)


def table(frame, **more):
    return Table(ibis.memtable(pa.Table.from_pandas(frame, preserve_index=False)), **more)


@pytest.fixture
def answers():
    """400 answers of 5 companies with keys that look like numbers, missing values and weights."""
    rng = np.random.default_rng(1)
    score = rng.integers(0, 11, 400).astype(float)
    return pd.DataFrame(
        {
            "company": rng.choice(["0047", "47", "NO", "b", "a"], 400),
            "recommend": np.where(rng.random(400) < 0.1, np.nan, score),
            "ease": np.where(rng.random(400) < 0.1, np.nan, score / 2 + rng.normal(size=400)),
            "weight": rng.choice([0.5, 1.0, 2.25], 400),
        }
    )


def hospitals(**change):
    frame = pd.DataFrame(
        {
            "company": ["A", "B", "C"],
            "state": ["x", "x", "y"],
            "n": [200, 100, 50],
            "top": [71.0, 33.0, np.nan],
            "bottom": [8.0, 33.0, np.nan],
            "nurses": [3.6, 3.2, 3.0],
            "nurses_sd": [0.5, 0.7, 0.9],
            "doctors": [3.5, 3.1, np.nan],
        }
    ).assign(**change)
    shares = {"recommend": {"promoters": "top", "passives": "rest", "detractors": "bottom"}}
    means = {"nurses": {"mean": "nurses", "sd": "nurses_sd"}, "doctors": {"mean": "doctors", "sd": None}}
    return table(frame, rows="counted", shares=shares, means=means)


def sources(frame, folder):
    """The same answers as everything the tally reads."""
    frame.to_parquet(folder / "answers.parquet", index=False)
    frame.to_csv(folder / "answers.csv", index=False)
    frame.to_csv(folder / "answers.csv.gz", index=False)
    return {
        "frame": frame,
        "parquet": folder / "answers.parquet",
        "text path": str(folder / "answers.parquet"),
        "csv": folder / "answers.csv",
        "csv.gz": folder / "answers.csv.gz",
        "ibis": table(frame).expr,
        "study table": table(frame),
    }


def test_counts_are_those_of_pandas(answers):
    found = counts(answers, "recommend", by="company", weights="weight")
    answers["square"] = answers.weight**2
    groups = answers.groupby(["company", "recommend"], dropna=False)
    expected = groups.agg(n=("weight", "size"), w=("weight", "sum"), w2=("square", "sum")).reset_index()
    pd.testing.assert_frame_equal(found, expected, rtol=1e-12)


def test_counts_are_the_same_from_every_source(answers, tmp_path):
    expected = counts(answers, ["recommend"], by=["company"], weights="weight")
    for name, data in sources(answers, tmp_path).items():
        found = counts(data, ["recommend"], by=["company"], weights="weight")
        if name.startswith("csv"):
            assert set(found.company) == {"0047", "47", "NO", "a", "b"}
            found["recommend"] = found.recommend.astype(float)
            found = found.sort_values(["company", "recommend"], ignore_index=True)
        pd.testing.assert_frame_equal(found, expected, rtol=1e-12, obj=name)


def test_moments_are_the_same_from_every_source(answers, tmp_path):
    how = {"by": "company", "weights": "weight", "centre": [5, 2]}
    expected = moments(answers, ["recommend", "ease"], **how)
    for name, data in sources(answers, tmp_path).items():
        found = moments(data, ["recommend", "ease"], **how)
        assert list(found.keys.company) == ["0047", "47", "NO", "a", "b"], name
        for part in ("n", "n_missing", "w", "w2", "total", "cross"):
            ours, theirs = getattr(found, part), getattr(expected, part)
            np.testing.assert_allclose(ours, theirs, rtol=1e-9, err_msg=f"{name} {part}")


def test_moments_of_each_are_those_of_one_column_at_a_time():
    frame = pd.DataFrame({"g": ["a", "a", "b", None], "x": [1.0, None, 3.0, 4.0], "y": [None, 2.5, None, 0.1]})
    each = moments_of_each(frame, ["x", "y"], by="g")
    for column, found in each.items():
        alone = moments(frame, column, by="g")
        pd.testing.assert_frame_equal(found.keys, alone.keys)
        for name in ("n", "n_missing", "w", "w2", "total", "cross", "centre"):
            np.testing.assert_allclose(getattr(found, name), getattr(alone, name), err_msg=f"{column} {name}")
    assert each["y"].n.tolist() == [1, 0, 1]
    with pytest.raises(ValueError, match="column x must hold finite numbers; 1 rows hold text or infinity"):
        moments_of_each(frame.assign(x=["1", "two", "3", None]), ["x", "y"], by="g")


def test_missing_answers_and_groups_stay_a_level():
    frame = pd.DataFrame({"shop": ["a", "a", None, None], "score": [9, np.nan, np.nan, 3.0]})
    found = counts(frame, "score", by="shop")
    assert found.n.tolist() == [1, 1, 1, 1]
    assert found.shop.isna().tolist() == [False, False, True, True]
    assert found.score.isna().tolist() == [False, True, False, True]


def test_nan_written_by_the_engine_is_the_same_level_as_null():
    frame = ibis.memtable(pa.table({"x": pa.array([1.0, float("nan"), None], from_pandas=False)}))
    assert counts(frame, "x").n.tolist() == [1, 2]
    assert moments(frame, "x").n_missing.tolist() == [2]


one_answer = st.tuples(st.sampled_from("ab"), st.one_of(st.none(), st.integers(0, 10)), st.integers(1, 3))
answer_lists = st.lists(one_answer, min_size=2, max_size=30)


@settings(max_examples=25, deadline=None)
@given(answer_lists, st.randoms(use_true_random=False), st.data())
def test_order_and_place_of_rows_do_not_matter_and_weights_repeat(answered, random, data):
    kinds = {"shop": str, "score": "float64", "w": "int64"}
    frame = pd.DataFrame(answered, columns=["shop", "score", "times"]).rename(columns={"times": "w"}).astype(kinds)
    whole = counts(frame, "score", by="shop", weights="w")
    order = list(range(len(frame)))
    random.shuffle(order)
    pd.testing.assert_frame_equal(counts(frame.iloc[order], "score", by="shop", weights="w"), whole)
    cut = data.draw(st.integers(1, len(frame) - 1))
    halves = pd.concat(counts(part, "score", by="shop", weights="w") for part in (frame[:cut], frame[cut:]))
    added = halves.groupby(["shop", "score"], dropna=False, as_index=False).sum()
    pd.testing.assert_frame_equal(added, whole)
    repeated = counts(frame.loc[frame.index.repeat(frame.w)], "score", by="shop")
    np.testing.assert_array_equal(repeated.n, whole.w)


def test_no_rows_give_no_counts_and_an_empty_group():
    frame = pd.DataFrame({"shop": pd.Series([], dtype=str), "x": pd.Series([], dtype=float)})
    assert counts(frame, "x", by="shop").empty
    one = moments(frame, "x")
    assert (one.n.tolist(), one.total.tolist()) == ([0], [[0]])
    assert np.isnan(one.means()).all()


def test_covariance_and_correlation_are_those_of_numpy(answers):
    complete = answers[["recommend", "ease"]].dropna().to_numpy()
    found = moments(answers, ["recommend", "ease"], by="company")
    np.testing.assert_allclose(found.covariance()[0], np.cov(complete, rowvar=False), rtol=1e-10)
    np.testing.assert_allclose(found.correlation()[0], np.corrcoef(complete, rowvar=False), rtol=1e-10)
    np.testing.assert_allclose(found.means()[0], complete.mean(axis=0), rtol=1e-12)
    assert found.n.sum() == len(complete)
    assert found.n.sum() + found.n_missing.sum() == len(answers)


def test_multipliers_are_a_bootstrap_of_whole_groups(answers):
    found = moments(answers, ["recommend", "ease"], by="company", weights="weight")
    times = np.array([[2, 0, 1, 0, 2], [1, 1, 1, 1, 1]])
    drawn = [answers[answers.company == c] for c, k in zip(found.keys.company, times[0], strict=True) for _ in range(k)]
    direct = moments(pd.concat(drawn), ["recommend", "ease"], weights="weight")
    np.testing.assert_allclose(found.covariance(times)[0], direct.covariance()[0], rtol=1e-10)
    np.testing.assert_allclose(found.correlation(times)[0], direct.correlation()[0], rtol=1e-10)
    np.testing.assert_allclose(found.means(times)[0], direct.means()[0], rtol=1e-12)
    np.testing.assert_array_equal(found.covariance(times)[1], found.covariance()[0])
    assert found.pool(times).n.shape == (2,)


def test_centre_moves_nothing_but_keeps_the_digits():
    x = 1e9 + np.arange(5) / 1000
    frame = pd.DataFrame({"x": x})
    assert moments(frame, "x", centre=1e9).covariance()[0, 0, 0] == pytest.approx(np.var(x, ddof=1), rel=1e-4)
    assert moments(frame, "x", centre=1e9).means()[0, 0] == pytest.approx(x.mean(), rel=1e-15)


def test_constant_column_has_no_correlation():
    found = moments(pd.DataFrame({"x": [1, 1, 1], "y": [1, 2, 3]}), ["x", "y"]).correlation()[0]
    assert np.isnan(found[0]).all() and found[1, 1] == 1


def test_counted_classes_add_up_to_n_and_are_not_rounded():
    found = counts(hospitals(), "recommend", by="company").set_index(["company", "recommend"]).n
    assert found["A"].to_dict() == pytest.approx({"promoters": 142, "passives": 42, "detractors": 16})
    assert found["B"].to_dict() == pytest.approx({"promoters": 33, "passives": 34, "detractors": 33})
    assert found["C"].index.isna().all() and found["C"].tolist() == [50]
    uneven = counts(hospitals(top=[33.3] * 3, bottom=[11.1] * 3), "recommend", by="company")
    assert uneven.n[:3].tolist() == pytest.approx([22.2, 111.2, 66.6])


def test_counted_weights_multiply_the_answers():
    found = counts(hospitals(size=[1.0, 2.0, 1.0]), "recommend", by="state", weights="size")
    first = found[(found.state == "x") & (found.recommend == "promoters")].iloc[0]
    assert (first.n, first.w, first.w2) == pytest.approx((142 + 33, 142 + 66, 142 + 132))


def test_counted_moments_are_those_of_answers_with_these_means_and_deviations():
    rng = np.random.default_rng(3)
    parts = {c: rng.normal(size=n) for c, n in {"A": 20, "B": 11}.items()}
    companies, nurses = np.repeat(list(parts), [20, 11]), np.concatenate(list(parts.values()))
    answers = pd.DataFrame({"company": companies, "nurses": nurses})
    published = answers.groupby("company").nurses.agg(n="size", m="mean", s="std").reset_index()
    counted = table(published, rows="counted", means={"nurses": {"mean": "m", "sd": "s"}})
    found = moments(counted, "nurses", centre=0.3)
    direct = moments(answers, "nurses", centre=0.3)
    for part in ("n", "w", "total", "cross"):
        np.testing.assert_allclose(getattr(found, part), getattr(direct, part), rtol=1e-12)
    np.testing.assert_allclose(found.covariance(), direct.covariance(), rtol=1e-12)


def test_counted_moments_without_deviations_have_means_and_say_what_lacks():
    found = moments(hospitals(), "doctors")
    assert (found.n.tolist(), found.n_missing.tolist()) == ([300], [50])
    assert found.means()[0, 0] == pytest.approx((200 * 3.5 + 100 * 3.1) / 300)
    with pytest.raises(NotTestable, match="means of doctors without standard deviations") as caught:
        found.covariance()
    assert caught.value.needs == ("sd",)
    two = moments(hospitals(doctors_sd=[0.4] * 3), ["nurses"], by="state")
    assert np.isfinite(two.covariance()).all()


def test_counted_tables_refuse_what_they_do_not_hold():
    with pytest.raises(NotTestable, match="each question by itself, not recommend with nurses"):
        counts(hospitals(), ["recommend", "nurses"])
    with pytest.raises(NotTestable, match="needs the answers themselves"):
        rows(hospitals(), "recommend")
    with pytest.raises(ValueError, match="no question with shares 'nurses'; .*valid: recommend"):
        counts(hospitals(), "nurses")
    with pytest.raises(ValueError, match="no question with a mean 'recommend'; .*valid: doctors, nurses"):
        moments(hospitals(), "recommend")
    with pytest.raises(ValueError, match="no column 'region'"):
        counts(hospitals(), "recommend", by="region")


def test_a_real_study_gives_the_same_as_its_frame(small_study):
    customers = open_study(small_study()).customers
    found = counts(customers, "recommend", by="unit")
    assert found.n.sum() == customers.n == 96
    pd.testing.assert_frame_equal(found, counts(customers.frame(), "recommend", by="unit"))


def test_rows_come_in_order_and_only_as_many_as_allowed(answers, tmp_path):
    for data in sources(answers, tmp_path).values():
        found = rows(data, ["ease", "company"])
        assert list(found) == ["ease", "company"]
        np.testing.assert_allclose(found.ease.astype(float), answers.ease, rtol=1e-12)
    assert len(rows(answers, "ease", limit=400)) == 400
    with pytest.raises(ValueError, match=r"at most 399 rows; got 400\. Use counts\(\) or moments\(\).*raise limit="):
        rows(answers, "ease", limit=399)


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_bad_weights_are_counted_and_refused(bad):
    frame = pd.DataFrame({"x": [1, 2, 3], "w": [1.0, bad, 1.0]})
    for tally in (counts, moments):
        with pytest.raises(ValueError, match="at least 0 in every row; 1 rows of w are missing, negative or no number"):
            tally(frame, "x", weights="w")


def test_text_among_numbers_is_counted_and_refused():
    frame = pd.DataFrame({"x": ["1", "2,5", None, "nan"], "y": [1.0, np.inf, 3.0, np.nan]})
    with pytest.raises(ValueError, match="column x must hold finite numbers; 2 rows hold text or infinity"):
        moments(frame, "x")
    with pytest.raises(ValueError, match="column y must hold finite numbers; 1 rows"):
        moments(frame, "y")
    with pytest.raises(ValueError, match=r"column day must hold numbers; it holds timestamp"):
        moments(pd.DataFrame({"day": pd.to_datetime(["2024-01-01"])}), "day")


def test_a_column_of_text_and_numbers_can_still_be_counted():
    found = counts(pd.DataFrame({"x": [9, "9 - likely", None, 9]}, dtype=object), "x")
    assert dict(zip(found.x.fillna("none"), found.n, strict=True)) == {"9": 2, "9 - likely": 1, "none": 1}


def test_pairwise_is_refused_with_its_reason(answers):
    with pytest.raises(ValueError, match="missing must be 'listwise'; got 'pairwise'.*each pair of columns"):
        moments(answers, ["recommend", "ease"], missing="pairwise")


def test_wrong_names_are_answered_with_the_valid_ones(answers, tmp_path):
    for data in sources(answers, tmp_path).values():
        with pytest.raises(ValueError, match="no column 'recomend'; nearest: recommend; valid: company, ease"):
            counts(data, "recomend")
    with pytest.raises(ValueError, match="named once; ease is named twice"):
        counts(answers, "ease", by="ease")
    with pytest.raises(ValueError, match="n, w, w2 are columns of the result; got 'n' as a key. Rename"):
        counts(answers.rename(columns={"company": "n"}), "ease", by="n")
    for tally in (counts, moments):
        with pytest.raises(ValueError, match="at least one column; got none"):
            tally(answers, [], by="company")
    with pytest.raises(ValueError, match="data must be a pandas frame, .*such as study.customers; got list"):
        counts([1, 2], "x")


def test_unreadable_files_are_named_without_their_content(tmp_path):
    with pytest.raises(ValueError, match="there is no .*absent.csv. Check"):
        counts(tmp_path / "absent.csv", "x")
    (tmp_path / "empty.csv").touch()
    with pytest.raises(ValueError, match="empty.csv is empty. Export"):
        counts(tmp_path / "empty.csv", "x")
    (tmp_path / "notes.xlsx").touch()
    with pytest.raises(ValueError, match="ends in .csv, .csv.gz or .parquet; got notes.xlsx"):
        counts(tmp_path / "notes.xlsx", "x")
    (tmp_path / "fake.parquet").write_text("a secret comment", encoding="utf-8")
    with pytest.raises(ValueError, match="fake.parquet cannot be read as a table") as caught:
        counts(tmp_path / "fake.parquet", "x")
    assert "secret" not in str(caught.value)


def test_multipliers_of_the_wrong_shape_are_refused(answers):
    with pytest.raises(ValueError, match="one column for each of 5 groups; got"):
        moments(answers, "ease", by="company").covariance(np.ones((2, 4)))
