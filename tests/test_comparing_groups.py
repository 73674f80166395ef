"""compare_groups: R numbers, agreement with compare_nps, adjusted intervals and p-values, edges, messages."""

import csv
import doctest
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

from cxstudy.faults import DataError
from cxstudy.measures import comparing_groups
from cxstudy.measures.comparing import compare_nps
from cxstudy.measures.comparing_groups import compare_groups
from cxstudy.study import open_study

REFERENCE = Path(__file__).parent / "reference"
COLUMNS = [
    "group_a", "group_b", "n", "n_missing", "n_ungrouped", "n_a", "n_b", "estimate_a", "estimate_b", "estimate",
    "std_error", "ci_low", "ci_high", "ci_low_adjusted", "ci_high_adjusted", "statistic", "df", "p_value",
    "p_adjusted", "m", "confidence", "unit", "method", "reason",
]  # fmt: skip
SAME = ["estimate", "std_error", "ci_low", "ci_high", "statistic", "df", "p_value"]


def reference():
    with open(REFERENCE / "comparing_reference.csv", encoding="utf-8", newline="") as file:
        return {row["id"]: float(row["value"]) for row in csv.DictReader(file)}


@pytest.fixture
def ozone():
    return pd.read_csv(REFERENCE / "airquality.csv")


@pytest.fixture
def answers():
    rng = np.random.default_rng(4)
    group = rng.choice(list("abcd"), 400, p=[0.4, 0.3, 0.2, 0.1])
    score = np.clip(rng.integers(0, 11, 400) + 2 * (group == "c"), 0, 10).astype(float)
    score[rng.random(400) < 0.05] = np.nan
    return pd.DataFrame({"group": group, "recommend": score, "w": rng.integers(1, 5, 400)})


def test_means_are_welch_tests_of_r_with_its_adjusted_p_values(ozone):
    r = reference()
    found = compare_groups(ozone, "Ozone", by="Month", measure="mean")
    assert list(found) == COLUMNS and len(found) == 10
    for row in found.itertuples():
        for name in SAME:
            assert getattr(row, name) == pytest.approx(r[f"ozone {row.group_a} {row.group_b} {name}"], rel=1e-9), name
    np.testing.assert_allclose(found.p_adjusted, [r[f"holm {i}"] for i in range(1, 11)], rtol=1e-9)
    by_rate = compare_groups(ozone, "Ozone", by="Month", measure="mean", adjust="bh")
    np.testing.assert_allclose(by_rate.p_adjusted, [r[f"BH {i}"] for i in range(1, 11)], rtol=1e-9)
    assert by_rate.ci_low_adjusted.isna().all() and found.unit[0] == "points of the scale"


def test_a_mean_against_the_rest_is_r_s(ozone):
    r = reference()
    found = compare_groups(ozone, "Ozone", by="Month", measure="mean", against="rest").set_index("group_b").loc[8]
    assert found[SAME].astype(float).tolist() == pytest.approx([r[f"ozone rest 8 {name}"] for name in SAME], rel=1e-9)


@pytest.mark.parametrize("weights", [None, "w"])
def test_nps_is_compare_nps_of_each_pair(answers, weights):
    found = compare_groups(answers, by="group", weights=weights)
    assert list(zip(found.group_a, found.group_b, strict=True)) == [
        ("a", "b"), ("a", "c"), ("a", "d"), ("b", "c"), ("b", "d"), ("c", "d"),
    ]  # fmt: skip
    parts = {name: part for name, part in answers.groupby("group")}
    for row in found.itertuples():
        pair = compare_nps(parts[row.group_a], parts[row.group_b], weights=weights).iloc[0]
        for name in [*SAME, "n", "n_missing", "n_a", "n_b"]:
            assert getattr(row, name) == pytest.approx(pair[name], rel=1e-10), name
        assert (row.estimate_a, row.estimate_b) == pytest.approx((pair.nps_a, pair.nps_b))


@pytest.mark.parametrize("weights", [None, "w"])
def test_against_the_rest_is_compare_nps_with_all_others(answers, weights):
    found = compare_groups(answers, by="group", against="rest", weights=weights)
    assert found.group_a.tolist() == ["rest"] * 4 and found.group_b.tolist() == list("abcd")
    for row in found.itertuples():
        own = answers.group == row.group_b
        pair = compare_nps(answers[~own], answers[own], weights=weights).iloc[0]
        for name in [*SAME, "n", "n_missing", "n_a", "n_b"]:
            assert getattr(row, name) == pytest.approx(pair[name], rel=1e-10), name


def test_against_one_group_turns_the_sign_where_it_came_second(answers):
    pairs = compare_groups(answers, by="group").set_index(["group_a", "group_b"])
    found = compare_groups(answers, by="group", against="b").set_index("group_b")
    assert found.index.tolist() == list("acd") and (found.group_a == "b").all() and (found.m == 3).all()
    assert found.estimate["a"] == -pairs.estimate["a", "b"] and found.estimate["c"] == pairs.estimate["b", "c"]
    assert found.ci_low["a"] == pytest.approx(-pairs.ci_high["a", "b"])


def test_shares_are_agresti_and_caffo(answers):
    found = compare_groups(answers, by="group", measure="promoter_share")
    tally = answers.dropna(subset="recommend").groupby("group").recommend.agg(x=lambda s: (s >= 9).sum(), n="size")
    for row in found.itertuples():
        (x1, n1), (x2, n2) = tally.loc[row.group_b], tally.loc[row.group_a]
        ends = confint_proportions_2indep(x1, n1, x2, n2, method="agresti-caffo")
        assert (row.ci_low, row.ci_high) == pytest.approx((100 * ends[0], 100 * ends[1]), rel=1e-9)
        assert row.estimate == pytest.approx(100 * (x1 / n1 - x2 / n2))
    assert found.unit[0] == "percentage points"


@pytest.mark.parametrize("measure", ["nps", "promoter_share", "mean"])
def test_an_adjusted_interval_without_zero_is_rejected_by_holm(measure):
    rng = np.random.default_rng(8)
    rejected = []
    for _ in range(4):
        group = rng.integers(6, size=300)
        frame = pd.DataFrame({"g": group, "recommend": np.clip(rng.integers(3, 10, 300) + group // 2, 0, 10)})
        found = compare_groups(frame, by="g", measure=measure)
        alone = (found.ci_low > 0) | (found.ci_high < 0)
        together = (found.ci_low_adjusted > 0) | (found.ci_high_adjusted < 0)
        holm = found.p_adjusted < 0.05
        assert (alone == (found.p_value < 0.05)).all() and (together <= holm).all() and (holm <= alone).all()
        assert (together == (found.p_value < 0.05 / 15)).all() and (found.m == 15).all()
        rejected += [together.sum(), holm.sum()]
    assert 0 < max(rejected) < 15


def test_unadjusted(answers):
    found = compare_groups(answers, by="group", adjust="none")
    assert found.p_adjusted.equals(found.p_value) and found.ci_low_adjusted.equals(found.ci_low)
    assert found.method[0] == "adjusted-wald; p-values: not adjusted"


def test_rows_without_a_group_are_counted_and_left_out(answers):
    lost = pd.DataFrame({"group": [None] * 3, "recommend": [10, 0, None], "w": 1})
    for measure in ("nps", "mean"):
        for against in (None, "rest"):
            full = compare_groups(pd.concat([answers, lost]), by="group", measure=measure, against=against)
            plain = compare_groups(answers, by="group", measure=measure, against=against)
            assert (full.n_ungrouped == 3).all() and (plain.n_ungrouped == 0).all()
            pd.testing.assert_frame_equal(full.assign(n_ungrouped=0), plain)


@pytest.mark.parametrize("measure", ["nps", "promoter_share", "mean"])
def test_a_group_without_answers_has_a_reason_and_is_not_counted(answers, measure):
    more = pd.concat([answers, pd.DataFrame({"group": ["e", "e"], "recommend": np.nan, "w": 1})])
    found = compare_groups(more, by="group", measure=measure)
    empty = found.group_b == "e"
    assert found.p_value.isna().equals(empty) and found.p_adjusted.isna().equals(empty)
    assert (found.reason[empty] == "no answers in the second").all() and found.reason[~empty].isna().all()
    assert (found.m == 6).all() and (found.n_missing[empty] >= 2).all() and (found.n_b[empty] == 0).all()
    plain = compare_groups(answers, by="group", measure=measure)
    np.testing.assert_allclose(found.p_adjusted[~empty], plain.p_adjusted)
    assert found.estimate[empty].isna().all() and found.df[empty].isna().all()


def test_scores_that_are_all_alike_have_no_error():
    frame = pd.DataFrame({"g": list("aaabbb"), "recommend": [7.1] * 3 + [7.3] * 3})
    found = compare_groups(frame, by="g", measure="mean").iloc[0]
    assert np.isnan(found.p_value) and np.isnan(found.ci_low) and found.estimate == pytest.approx(0.2)
    assert found.reason == "too few answers, or all alike: nothing shows how much they differ"


def test_groups_that_are_numbers_and_a_study(small_study):
    study = open_study(small_study())
    found = compare_groups(study, by="company", against="rest")
    assert len(found) == 12 and (found.n == 96).all()
    same = compare_groups(study.customers, by="company", against="C003", measure="mean")
    assert len(same) == 11 and (same.group_a == "C003").all()
    numbered = pd.DataFrame({"year": [2023] * 5 + [2024] * 5, "recommend": range(10)})
    assert compare_groups(numbered, by="year", against="2023").group_b.tolist() == [2024]


def test_many_groups_against_the_rest_are_quick():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"g": rng.integers(30_000, size=300_000), "recommend": rng.integers(0, 11, 300_000)})
    found = compare_groups(frame, by="g", against="rest", adjust="bh")
    assert len(found) > 29_000
    with pytest.raises(ValueError, match=r"at most 200 groups; found .* pairs. Write against='rest'"):
        compare_groups(frame, by="g")


def test_family_wise_error_under_no_difference():
    """60 studies of five equal groups: Holm finds a difference in about 5 % of them."""
    rng, wrong, unadjusted = np.random.default_rng(14), 0, 0
    for _ in range(60):
        score = rng.choice([10, 8, 3], size=300, p=[0.5, 0.3, 0.2])
        found = compare_groups(pd.DataFrame({"g": np.arange(300) % 5, "recommend": score}), by="g")
        wrong += (found.p_adjusted < 0.05).any()
        unadjusted += (found.p_value < 0.05).any()
    assert wrong <= 8 < unadjusted


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"measure": "median"}, "measure must be one of nps, promoter_share, mean; got 'median'"),
        ({"adjust": "tukey"}, "adjust must be one of holm, bh, none; got 'tukey'"),
        ({"by": ["group", "w"]}, "by must name one column; got .* Join several"),
        ({"by": "grop"}, "there is no column 'grop'; nearest: group"),
        ({"against": "z"}, "there is no group 'z'; valid: a, b, c, d"),
        ({"measure": "mean", "weights": "w"}, "means are compared without weights"),
        ({"confidence": 95}, "Write 0.95 for 95 %"),
        ({"score": "recomend"}, "nearest: recommend"),
    ],
)
def test_messages(answers, options, message):
    with pytest.raises(ValueError, match=message):
        compare_groups(answers, **({"by": "group"} | options))


def test_messages_of_data(answers):
    with pytest.raises(ValueError, match="at least two groups; found 1"):
        compare_groups(answers.assign(group="a"), by="group")
    with pytest.raises(ValueError, match="found a group of that name"):
        compare_groups(answers.replace({"group": {"a": "rest"}}), by="group", against="rest")
    with pytest.raises(DataError, match="whole numbers from 0 to 10"):
        compare_groups(answers.assign(recommend=11), by="group")


def test_examples():
    assert doctest.testmod(comparing_groups).failed == 0
