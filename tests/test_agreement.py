"""Agreement within groups against R's multilevel, the algebra of mixed models, pingouin, and simulation."""

import doctest
from pathlib import Path

import numpy as np
import pandas as pd
import pingouin as pg
import pytest
from scipy import stats

from cxstudy.faults import NotTestable
from cxstudy.stats import agreement
from cxstudy.stats.agreement import group_moments, icc, icc_from_moments, rwg, rwg_from_variances

REFERENCE = Path(__file__).parent / "reference"
R = pd.read_csv(REFERENCE / "agreement_reference.csv").set_index("id")["value"]
GROUPS = pd.read_csv(REFERENCE / "agreement_groups.csv")
ITEMS = pd.read_csv(REFERENCE / "agreement_items.csv")
SMALL = pd.read_csv(REFERENCE / "agreement_small.csv")


def answers(rng, sizes, share):
    """Standard normal answers in groups, ``share`` of their variance between groups."""
    group = np.repeat(np.arange(len(sizes)), sizes)
    between = rng.normal(size=len(sizes))[group] * np.sqrt(share)
    return pd.DataFrame({"g": group, "x": between + rng.normal(size=len(group)) * np.sqrt(1 - share)})


@pytest.mark.parametrize(
    ("variable", "published"),
    [
        ("HRS", {"icc1": (0.1331067, 5e-8), "icc1_n0": (0.133498, 5e-7), "icc2": (0.9196732, 5e-8)}),
        ("WBEING", {"icc1": (0.043369, 5e-7), "icc2": (0.7717, 5e-5)}),
    ],
)
def test_icc_of_bh1996_is_that_of_multilevel(variable, published):
    one = GROUPS[GROUPS.variable == variable]
    table = icc_from_moments(one.n, one["mean"], one.ss).set_index("index")
    for index, (value, tolerance) in published.items():
        assert table.estimate[index] == pytest.approx(value, abs=tolerance)
    for index in ("icc1", "icc1_n0", "icc2"):
        assert table.estimate[index] == pytest.approx(R[f"{variable}.{index}"], abs=1e-9)
        assert table.ci_low[index] < table.estimate[index] < table.ci_high[index]
    first = table.loc["icc1"]
    assert first.statistic == pytest.approx(R[f"{variable}.F"], abs=1e-7)
    assert (first.df, first.df_residual) == (R[f"{variable}.df"], R[f"{variable}.df_residual"])
    assert (first.n, first.n_groups, first.n_single) == (7382, 99, 0)


def test_rows_and_moments_agree_with_multilevel_on_unequal_groups_with_a_group_of_one():
    table = icc(SMALL, score="x1", group="group").set_index("index")
    for index in ("icc1", "icc1_n0", "icc2"):
        assert table.estimate[index] == pytest.approx(R[f"small.{index}"], abs=1e-12)
    assert table.loc["icc1", ["n", "n_missing", "n_groups", "n_single"]].tolist() == [12, 1, 5, 1]


# pingouin 0.7 drops columns in place, which pandas 3.1 deprecates
@pytest.mark.filterwarnings("ignore:The inplace keyword")
def test_equal_groups_give_the_intervals_of_shrout_and_fleiss():
    data = answers(np.random.default_rng(3), [6] * 20, 0.3)
    data["rater"] = np.tile(np.arange(6), 20)
    theirs = pg.intraclass_corr(data, targets="g", raters="rater", ratings="x").set_index("Type")
    ours = icc(data, score="x", group="g").set_index("index")
    f, df, df2 = ours.loc["icc1", ["statistic", "df", "df_residual"]].astype(float)
    low, high = f / stats.f.isf(0.025, df, df2), f / stats.f.ppf(0.025, df, df2)
    assert ours.loc["icc1", ["ci_low", "ci_high"]].astype(float).tolist() == pytest.approx(
        [(low - 1) / (low + 5), (high - 1) / (high + 5)], abs=1e-9
    )
    assert ours.loc["icc2", ["ci_low", "ci_high"]].astype(float).to_numpy() == pytest.approx(
        np.array([1 - 1 / low, 1 - 1 / high]), abs=1e-9
    )
    single, mean = theirs.filter(like="1,1", axis=0).iloc[0], theirs.filter(like="1,k", axis=0).iloc[0]
    assert [ours.estimate["icc1"], ours.estimate["icc2"]] == pytest.approx([single.ICC, mean.ICC], abs=1e-9)
    assert ours.p_value["icc1"] == pytest.approx(single.filter(regex="^p").iloc[0], rel=1e-8)


def test_unequal_limits_give_the_generalised_least_squares_statistic_its_f_tails():
    sizes = [2, 3, 5, 9, 14, 1]
    data = answers(np.random.default_rng(8), sizes, 0.4)
    table = icc(data, score="x", group="g").loc[0]
    x, member = data.x.to_numpy(), pd.get_dummies(data.g).to_numpy(float)
    within = ((x - member @ (member.T @ x / np.array(sizes))) ** 2).sum()
    for limit, tail in ((table.ci_low, 0.975), (table.ci_high, 0.025)):
        inverse = np.linalg.inv(np.eye(len(x)) + limit / (1 - limit) * member @ member.T)
        ones = inverse.sum(axis=1)
        total = x @ inverse @ x - (ones @ x) ** 2 / ones.sum()
        f = (total - within) / table.df / (within / table.df_residual)
        assert stats.f.cdf(f, table.df, table.df_residual) == pytest.approx(tail, abs=1e-7)


def test_the_interval_covers_the_true_icc_with_very_unequal_groups():
    rng, sizes, studies = np.random.default_rng(21), [1, 2, 2, 3, 3, 4, 5, 8, 20, 60], 250
    inside = 0
    for _ in range(studies):
        row = icc(answers(rng, sizes, 0.2), score="x", group="g").loc[0]
        inside += row.ci_low <= 0.2 <= row.ci_high
    assert 0.91 <= inside / studies <= 0.985


def test_a_negative_icc_is_kept_and_said():
    table = icc_from_moments([4, 4, 4], [3.0, 3.1, 3.0], [6.0, 5.0, 7.0]).set_index("index")
    assert (table.estimate < 0).all()
    assert set(table.reason) == {"negative"}
    ratio = table.statistic["icc1"] / stats.f.isf(0.025, 2, 9)
    assert table.ci_low["icc1"] == pytest.approx((ratio - 1) / (ratio + 3), abs=1e-9)


def test_a_limit_that_no_value_solves_is_the_end_of_the_range():
    table = icc_from_moments([20, 2, 2], [3.0, 4.1, 2.6], [30.0, 1.0, 1.0]).set_index("index")
    assert table.ci_low["icc1"] == -1 / 19
    assert -1 / 19 < table.ci_high["icc1"] < 1
    empty = icc_from_moments([20, 2, 2], [3.0, 3.1, 3.0], [30.0, 1.0, 1.0]).set_index("index")
    assert empty.loc["icc1", "reason"] == "less_between_than_chance"
    assert empty.estimate["icc1"] < 0
    assert empty[["ci_low", "ci_high"]].isna().all(axis=None)


def test_no_variance_within_between_or_at_all():
    within = icc_from_moments([3, 3], [1.1, 4.3], [0.0, 0.0])
    assert within.estimate.tolist() == [1, 1, 1]
    assert set(within.reason) == {"no_within_variance"}
    between = icc_from_moments([3, 3], [2.0, 2.0], [2.0, 2.0]).set_index("index")
    assert between.estimate["icc1"] == pytest.approx(-0.5)
    assert np.isnan(between.estimate["icc2"])
    assert set(between.reason) == {"no_between_variance"}
    nothing = icc(pd.DataFrame({"g": list("aabb"), "x": [0.1 + 0.2] * 4}), score="x", group="g")
    assert nothing.estimate.isna().all()
    assert set(nothing.reason) == {"no_variance"}
    for table in (within, between, nothing):
        assert table[["ci_low", "ci_high"]].isna().all(axis=None)


def test_group_moments_are_those_of_numpy():
    table = group_moments(SMALL, score="x1", group="group").set_index("group")
    for group, part in SMALL.dropna().groupby("group"):
        values = part.x1.to_numpy()
        assert table.loc[group].tolist() == pytest.approx([len(values), values.mean(), values.var() * len(values)])


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        (([5], [1.0], [2.0]), NotTestable, "compares groups; found 1"),
        (([1, 1, 1], [1.0, 2.0, 3.0], [0.0] * 3), NotTestable, "all 3 groups have one"),
        (([3, 0], [1.0, 2.0], [1.0, 1.0]), ValueError, "Leave empty groups out"),
        (([3, 2.5], [1.0, 2.0], [1.0, 1.0]), ValueError, "whole numbers"),
        (([3, 3], [1.0, 2.0], [1.0, -1.0]), ValueError, "ss at least 0"),
        (([3, 3], [1.0, np.nan], [1.0, 1.0]), ValueError, "finite"),
        (([3, 3], [1.0], [1.0, 1.0]), ValueError, "of one length"),
    ],
)
def test_impossible_moments_are_refused(arguments, kind, message):
    with pytest.raises(kind, match=message):
        icc_from_moments(*arguments)


def test_rwg_of_lq2002_is_that_of_multilevel():
    items = [f"LEAD{i:02d}" for i in range(1, 12)]
    one = rwg_from_variances(ITEMS.group, ITEMS.n, ITEMS.LEAD01, levels=5)
    many = rwg_from_variances(ITEMS.group, ITEMS.n, ITEMS[items], levels=5)
    assert one.estimate.to_numpy() == pytest.approx(ITEMS.rwg_lead01.to_numpy(), abs=1e-12)
    assert many.estimate.to_numpy() == pytest.approx(ITEMS.rwg_j.to_numpy(), abs=1e-12)
    assert (one.method[0], many.method[0]) == ("rwg", "rwg(j)")


@pytest.mark.parametrize(("items", "name"), [("x1", "rwg"), (["x1", "x2", "x3"], "rwg.j")])
def test_rwg_from_rows_is_that_of_multilevel_and_says_why_there_is_none(items, name):
    table = rwg(SMALL, items=items, group="group", levels=5).set_index("group")
    expected = [R[f"small.{name}.{group}"] for group in table.index]
    assert table.estimate.to_numpy() == pytest.approx(np.array(expected), abs=1e-12, nan_ok=True)
    reasons = ["", "", "more_spread_than_chance", "fewer_than_two_answers", ""]
    assert table.reason.to_dict() == dict(zip("abcde", reasons, strict=True))
    assert table.variance_ratio["c"] > 1
    assert (table.n["b"], table.n_missing["b"]) == (3, 1)


def test_uniform_answers_have_no_agreement_and_equal_answers_all():
    n = 10_000
    uniform = pd.DataFrame({"g": 1, "x": np.random.default_rng(5).integers(1, 8, size=n)})
    assert rwg(uniform, items="x", group="g", levels=7).variance_ratio[0] == pytest.approx(1, abs=0.02)
    assert rwg(uniform.assign(x=3), items="x", group="g", levels=7).estimate[0] == 1


def test_a_group_without_any_complete_answer_is_still_listed():
    data = pd.DataFrame({"g": ["a", "a", "b"], "x": [1.0, 2.0, np.nan]})
    table = rwg(data, items="x", group="g", levels=5).set_index("group")
    assert table.loc["b", ["n", "n_missing", "reason"]].tolist() == [0, 1, "fewer_than_two_answers"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"items": "x1", "levels": 1}, "levels must be a whole number of at least 2; got 1"),
        ({"items": "x1", "levels": 4}, "at most 3 apart; found 1 to 5"),
        ({"items": "x9", "levels": 5}, "no column 'x9'; valid: group, x1"),
        ({"items": "group", "levels": 5}, "must be numeric"),
        ({"items": [], "levels": 5}, "at least one column"),
    ],
)
def test_rwg_refuses_what_has_no_meaning(settings, message):
    with pytest.raises(ValueError, match=message):
        rwg(SMALL, group="group", **settings)


def test_icc_names_the_columns_there_are():
    with pytest.raises(ValueError, match="no column 'team'"):
        icc(SMALL, score="x1", group="team")
    with pytest.raises(ValueError, match="Write 0.95"):
        icc(SMALL, score="x1", group="group", confidence=95)
    with pytest.raises(ValueError, match="finite and at least 0"):
        rwg_from_variances(["a"], [5], [np.nan], levels=5)


def test_the_examples_in_the_docstrings():
    assert doctest.testmod(agreement).failed == 0
