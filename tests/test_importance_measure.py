"""cx.importance and cx.importance_from_correlation: published and R numbers, identities, coverage, edges, messages."""

import csv
import doctest
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxstudy.faults import DataError, NotTestable
from cxstudy.measures import importance as module
from cxstudy.measures import importance_sample
from cxstudy.measures.importance import importance, importance_from_correlation
from cxstudy.stats.all_subsets import lmg_of

REFERENCE = Path(__file__).parent / "reference"
SWISS = pd.read_csv(REFERENCE / "swiss.csv")
DRIVERS = [c for c in SWISS if c != "Fertility"]
NAMES = ["x1", "x2", "x3", "x4", "y"]
# Azen & Budescu (2003), Psychological Methods 8
AZEN = pd.DataFrame(
    [[1, 0.8, 0.1, 0.3, 0.6], [0.8, 1, 0.1, 0.1, 0.3], [0.1, 0.1, 1, 0.5, 0.4], [0.3, 0.1, 0.5, 1, 0.5],
     [0.6, 0.3, 0.4, 0.5, 1]], NAMES, NAMES,
)  # fmt: skip
COLUMNS = [
    "driver", "estimate", "std_error", "ci_low", "ci_high", "p_rank_1", "rank_low", "rank_high", "n", "n_missing",
    "r_squared", "missing", "resampled", "n_resampled", "replicates", "confidence", "unit", "method", "reason",
    "remark",
]  # fmt: skip
SWISS_LMG = [0.05709122, 0.17117303, 0.26013468, 0.10557015, 0.11276592]


def reference(what):
    with open(REFERENCE / "importance2_reference.csv", encoding="utf-8", newline="") as file:
        return {row["name"]: float(row["value"]) for row in csv.DictReader(file) if row["what"] == what}


def answers(n=300, seed=1, coefficients=(0.5, 0.3, 0.0)):
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(n, 1))
    x = 0.6 * common + 0.8 * rng.normal(size=(n, len(coefficients)))
    data = pd.DataFrame(x, columns=list("abcdef")[: len(coefficients)])
    return data.assign(y=x @ np.array(coefficients) + rng.normal(size=n), team=np.arange(n) // 10)


def of(data, **more):
    return importance(data, **{"outcome": "y", "drivers": list("abc"), "replicates": 200} | more)


def test_examples():
    assert doctest.testmod(module, extraglobs={"np": np, "pd": pd}).failed == 0


def test_published_shares():
    found = importance(SWISS, outcome="Fertility", drivers=DRIVERS)
    assert list(found) == COLUMNS and found["driver"].tolist() == DRIVERS
    assert found["estimate"].tolist() == pytest.approx(SWISS_LMG, abs=5e-9)
    azen = importance_from_correlation(AZEN, outcome="y")
    assert list(azen) == COLUMNS
    assert azen["estimate"].tolist() == pytest.approx([0.29218, 0.07586, 0.09491, 0.12140], abs=6e-6)
    johnson = importance_from_correlation(AZEN, outcome="y", method="johnson")
    assert johnson["estimate"].tolist() == pytest.approx([0.29076, 0.07612, 0.09761, 0.11987], abs=6e-6)


@pytest.mark.parametrize("method", ["johnson", "first", "last", "beta"])
def test_other_methods_as_r_has_them(method):
    wanted = reference(method)
    found = importance(SWISS, outcome="Fertility", drivers=DRIVERS, method=method, replicates=0)
    assert found["estimate"].tolist() == pytest.approx([wanted[d] for d in DRIVERS], abs=1e-10)
    assert found["unit"][0] == ("standardised coefficient" if method == "beta" else "share")


def test_weighted_shares_as_r_has_them():
    data, wanted = SWISS.assign(w=1 + np.round(SWISS["Agriculture"] / 10)), reference("weighted lmg")
    found = importance(data, outcome="Fertility", drivers=DRIVERS, weights="w", replicates=0)
    assert found["estimate"].tolist() == pytest.approx([wanted[d] for d in DRIVERS], abs=1e-10)


@pytest.mark.parametrize("method", ["lmg", "johnson"])
def test_shares_sum_to_r2_on_any_scale_in_any_order(method):
    found = of(answers(), method=method)
    assert found["estimate"].sum() == pytest.approx(found["r_squared"][0], abs=1e-12)
    scaled = of(answers().assign(a=lambda d: 1e8 * d["a"] + 1e8, y=lambda d: 1e-8 * d["y"]), method=method)
    turned = of(answers(), method=method, drivers=list("cab")).set_index("driver").loc[list("abc")]
    for other in (scaled, turned):
        for column in ("estimate", "std_error", "ci_low", "ci_high", "r_squared"):
            assert other[column].tolist() == pytest.approx(found[column].tolist(), abs=1e-10)


def test_duplicated_drivers_are_equal_and_said_to_be_so():
    data = answers().assign(d=lambda t: 3 * t["a"] - 1)
    for method in ("lmg", "johnson"):
        found = of(data, drivers=list("abcd"), method=method).set_index("driver")
        assert found["estimate"]["a"] == pytest.approx(found["estimate"]["d"], abs=1e-12)
        assert found["estimate"].sum() == pytest.approx(of(data)["r_squared"][0], abs=1e-10)
        assert found["remark"]["b"] == "a, d determine one another; what they say together is divided among them"
    with pytest.raises(NotTestable, match="a, d do, so their coefficients are not unique"):
        of(data, drivers=list("abcd"), method="beta")


def test_uncorrelated_drivers_keep_their_own_r2():
    names = list("aby")
    matrix = pd.DataFrame([[1, 0, 0.5], [0, 1, -0.3], [0.5, -0.3, 1]], names, names)
    for method in ("lmg", "johnson", "first", "last"):
        found = importance_from_correlation(matrix, outcome="y", method=method)
        assert found["estimate"].tolist() == pytest.approx([0.25, 0.09], abs=1e-12)
    signed = importance_from_correlation(matrix, outcome="y", method="beta", n=400, pairs=True)
    assert signed[0]["estimate"].tolist() == pytest.approx([0.5, -0.3]) and signed[0]["p_rank_1"][0] > 0.99
    assert signed[1]["estimate"][0] == pytest.approx(0.2)


def test_pairs_agree_with_ranks():
    table, pairs = of(answers(), pairs=True)
    assert pairs[["driver_a", "driver_b"]].to_numpy().tolist() == [["a", "b"], ["a", "c"], ["b", "c"]]
    gap = table["estimate"][0] - table["estimate"][1]
    assert pairs["estimate"][0] == pytest.approx(gap, abs=1e-12)
    assert table["p_rank_1"].sum() == pytest.approx(1) and table["p_rank_1"][0] <= pairs["p_greater"][0]
    assert (table["rank_low"] <= table["rank_high"]).all()
    pd.testing.assert_frame_equal(of(answers()), table)


def test_missing_answers_are_counted_and_each_treatment_is_said():
    air = pd.read_csv(REFERENCE / "airquality.csv")
    options = {"outcome": "Ozone", "drivers": ["Solar.R", "Wind", "Temp"], "replicates": 100}
    found = {how: importance(air, missing=how, **options) for how in ("listwise", "pairwise", "em")}
    assert found["listwise"]["n"].tolist() == [111] * 3 and found["listwise"]["n_missing"].tolist() == [42] * 3
    assert found["pairwise"]["n"].tolist() == found["em"]["n"].tolist() == [111, 116, 116]
    assert found["em"]["n_missing"].tolist() == [42, 37, 37]
    for how, table in found.items():
        assert table["missing"].unique().tolist() == [how] and table["std_error"].notna().all()
    complete = air[["Solar.R", "Wind", "Temp", "Ozone"]].dropna().corr().to_numpy()
    assert found["listwise"]["estimate"].tolist() == pytest.approx(lmg_of(complete), abs=1e-12)
    first = importance(air, missing="em", method="first", **options)["estimate"]
    r = reference("em")
    wanted = [r[f"{d} Ozone"] ** 2 for d in options["drivers"]]
    assert first.tolist() == pytest.approx(wanted, abs=5e-9)


def test_clusters_are_resampled_whole():
    data = answers(400)
    noise = np.repeat(np.random.default_rng(3).normal(size=40), 10)
    data = data.assign(y=data["y"] + 2 * noise, a=data["a"] + 2 * noise)
    alone, whole = of(data), of(data, cluster="team")
    assert whole["estimate"].tolist() == pytest.approx(alone["estimate"].tolist(), abs=1e-12)
    assert whole["std_error"][0] > 1.5 * alone["std_error"][0]
    assert whole["resampled"][0] == "clusters" and whole["n_resampled"][0] == 40
    few = of(data.assign(team=data["team"] // 8), cluster="team")
    assert few["remark"][0] == "few clusters: the intervals are too short"
    two = of(data.assign(team=data["team"] // 20), cluster="team")
    assert two["ci_low"].isna().all() and two["reason"][0] == "fewer than three clusters to resample"


def test_random_groups_give_the_standard_error_of_answers():
    data = answers(3000)
    single, grouped = of(data, replicates=1000), of(data, groups=500, replicates=1000)
    assert (single["resampled"][0], grouped["resampled"][0]) == ("answers", "random groups")
    # two standard deviations, known to about 2.2 and 3.9 %
    assert (grouped["std_error"] / single["std_error"]).tolist() == pytest.approx([1] * 3, abs=0.14)


def test_long_tables_are_summed_by_the_engine(monkeypatch, tmp_path):
    data = answers(3000).assign(y=lambda d: np.clip(np.round(7 + 1.5 * d["y"]), 0, 10))
    data.loc[::50, "a"] = np.nan
    path = tmp_path / "answers.parquet"
    data.to_parquet(path)
    short = {kind: of(path, outcome_kind=kind, groups=500) for kind in ("numeric", "classes")}
    clusters = of(data, cluster="team")
    monkeypatch.setattr(importance_sample, "MOST_ROWS", 1000)
    for kind, wanted in short.items():
        found = of(path, outcome_kind=kind)
        assert found["estimate"].tolist() == pytest.approx(wanted["estimate"].tolist(), abs=1e-10)
        assert (found["std_error"] / wanted["std_error"]).tolist() == pytest.approx([1] * 3, abs=0.3)
        assert found["resampled"][0] == "random groups" and found["n_missing"][0] == 60 and found["n"][0] == 2940
        assert 450 < found["n_resampled"][0] <= 500
    summed = of(data, cluster="team")
    assert summed["ci_high"].tolist() == pytest.approx(clusters["ci_high"].tolist(), abs=1e-9)
    with pytest.raises(ValueError, match="takes the answers themselves, at most 1,000"):
        of(data, missing="em")
    with pytest.raises(NotTestable, match="all answers to a are the same"):
        of(data.assign(a=4.0))
    with pytest.raises(NotTestable, match="found 0"):
        of(data.assign(a=np.nan))
    with pytest.raises(NotTestable, match="b has the values of y"):
        of(data.assign(b=2 * data["y"]))
    with pytest.raises(DataError, match="whole numbers from 0 to 10"):
        of(data.assign(y=data["y"] + 0.5), outcome_kind="classes")
    with pytest.raises(ValueError, match="every answer needs a cluster"):
        of(data.assign(team=data["team"].where(data["team"] > 0)), cluster="team")


def test_classes_are_the_straight_line_through_detractor_passive_promoter():
    data = answers().assign(y=lambda d: np.clip(np.round(7 + 2 * d["y"]), 0, 10))
    coded = data.assign(y=np.select([data["y"] >= 9, data["y"] >= 7], [1, 0], -1))
    words = data.assign(y=coded["y"].map({1: "Promoters", 0: "passive", -1: "detractor"}))
    wanted = of(coded)["estimate"].tolist()
    assert of(data, outcome_kind="classes")["estimate"].tolist() == pytest.approx(wanted, abs=1e-14)
    assert of(words, outcome_kind="classes")["estimate"].tolist() == pytest.approx(wanted, abs=1e-14)


def test_ordered_outcomes_recover_the_shares_of_what_is_behind_them():
    data = answers(20_000, coefficients=(0.7, 0.4, 0.1))
    latent = of(data, replicates=0)
    level = np.searchsorted([-1.2, -0.2, 0.1, 1.5], data["y"])
    ordered = data.assign(y=pd.Categorical.from_codes(level, ["no", "rather", "so", "quite", "yes"], ordered=True))
    found = of(ordered, outcome_kind="ordinal")
    assert found["estimate"].tolist() == pytest.approx(latent["estimate"].tolist(), abs=0.012)
    assert of(data.assign(y=level), replicates=0)["r_squared"][0] < latent["r_squared"][0] - 0.03
    spaced = of(data.assign(y=2.0**level), outcome_kind="ordinal")
    assert spaced["estimate"].tolist() == pytest.approx(found["estimate"].tolist(), abs=1e-12)
    assert (found["ci_low"] < found["estimate"]).all() and (found["estimate"] < found["ci_high"]).all()


def test_correlations_with_n_have_the_standard_errors_of_answers():
    data = answers(800, seed=4)
    names = list("abcy")
    known = importance_from_correlation(data[names].corr(), outcome="y", n=800, replicates=1000)
    drawn = of(data, replicates=1000)
    assert known["estimate"].tolist() == pytest.approx(drawn["estimate"].tolist(), abs=1e-12)
    # the answers are normal; each standard error of R² is known to about 5 %
    assert known["std_error"][:2].tolist() == pytest.approx(drawn["std_error"][:2].tolist(), rel=0.15)
    assert known["resampled"][0] == "normal population" and known["n"][0] == 800
    bare = importance_from_correlation(AZEN, outcome="y", drivers=["x4", "x1"])
    assert bare["driver"].tolist() == ["x4", "x1"] and bare["std_error"].isna().all()
    assert bare["reason"].unique().tolist() == ["no n given: nothing to resample"]
    again = importance_from_correlation(AZEN, outcome="y", n=90, replicates=100, seed=3)
    pd.testing.assert_frame_equal(again, importance_from_correlation(AZEN, outcome="y", n=90, replicates=100, seed=3))


def test_the_interval_holds_shares_that_are_not_near_0():
    coefficients, held = (0.6, 0.4, 0.0), 0
    x = np.full((3, 3), 0.36) + 0.64 * np.eye(3)
    cross, b = x @ coefficients, np.array(coefficients)
    population = np.block([[x, cross[:, None]], [cross[None], np.array([[b @ cross + 1]])]])
    truth = lmg_of(population)
    for seed in range(150):
        found = of(answers(200, seed, coefficients), replicates=300)
        held += ((found["ci_low"] <= truth) & (truth <= found["ci_high"]))[:2].to_numpy().astype(int)
    # 95 % nominal; a binomial of 150 stays above 133 and below 150 with 99.8 %: this only detects breakage
    assert all(133 < h < 150 for h in held)


def test_more_drivers_get_fewer_replicates_and_no_intervals_say_why():
    assert [module._replicates(None, p, "lmg") for p in (10, 17, 18, 20, 21, 25)] == [1000, 1000, 640, 160, 0, 0]
    assert module._replicates(None, 60, "johnson") == 1000
    found = of(answers(), replicates=0)
    assert found["reason"].unique().tolist() == ["no replicates"] and found["rank_low"].isna().all()
    assert found["estimate"].notna().all() and found["replicates"].tolist() == [0] * 3


def test_an_outcome_that_is_a_sum_of_its_drivers_is_explained_whole():
    found = of(answers().assign(y=lambda d: d["a"] + d["b"]))
    assert found["r_squared"][0] == pytest.approx(1, abs=1e-12)
    assert found["estimate"].sum() == pytest.approx(1, abs=1e-10)


@pytest.mark.parametrize(("change", "text"), [
    (lambda d: d.assign(b=1.0), "all answers to b are the same. Leave out what does not vary"),
    (lambda d: d.assign(b=1e9, y=3), "all answers to b are the same; all answers to the outcome y are in one class"),
    (lambda d: d.head(5), "3 drivers need at least 6 answers to all of them; found 5"),
    (lambda d: d.assign(a=np.nan), "found 0"),
    (lambda d: d.assign(c=-2 * d["y"]), "c has the values of y"),
])  # fmt: skip
def test_answers_that_cannot_be_divided(change, text):
    with pytest.raises(NotTestable, match=text):
        of(change(answers()))


def test_one_class_of_scores_is_one_class():
    with pytest.raises(NotTestable, match="outcome y are in one class"):
        of(answers().assign(y=np.arange(300) % 2 + 9), outcome_kind="classes")


def test_text_in_several_drivers_is_said_at_once_and_not_quoted():
    data = answers().astype({"a": object, "c": object})
    data.loc[3, "a"], data.loc[[5, 6], "c"] = "my boss is bad", np.inf
    with pytest.raises(DataError) as error:
        of(data)
    assert len(error.value.faults) == 2 and "a must hold finite numbers. Found: 1 rows" in str(error.value)
    assert "c must hold" in str(error.value) and "boss" not in str(error.value)
    with pytest.raises(DataError, match="whole numbers from 0 to 10"):
        of(answers(), outcome_kind="classes")
    with pytest.raises(DataError, match="at most 20 ordered levels"):
        of(answers(), outcome_kind="ordinal")
    with pytest.raises(DataError, match="y must hold finite numbers"):
        of(answers().assign(y=["low", "high", "mid"] * 100), outcome_kind="ordinal")


@pytest.mark.parametrize(("options", "text"), [
    ({"drivers": ["a", "y"]}, "a driver must not be the outcome; y is both"),
    ({"drivers": ["a", "b", "a"]}, "a is named twice"),
    ({"drivers": []}, "at least one; got none"),
    ({"drivers": ["a", "bb"]}, "nearest: b"),
    ({"drivers": [f"d{i}" for i in range(26)]}, "at most 25 drivers.*got 26. Use\\s+method='johnson'"),
    ({"method": "shapley"}, "method must be one of lmg, johnson, first, last, beta; got 'shapley'"),
    ({"outcome_kind": "ranks"}, "outcome_kind must be one of numeric, classes, ordinal"),
    ({"missing": "mean"}, "missing must be one of listwise, pairwise, em"),
    ({"replicates": 50}, "replicates must be 0 or at least 100; got 50"),
    ({"confidence": 95}, "Write 0.95 for 95 %"),
    ({"cluster": "team", "groups": 50}, "got both"),
    ({"weights": "zero"}, "some weights must be above 0; all of zero are 0"),
    ({"weights": "c"}, "weights must be finite numbers of at least 0"),
])  # fmt: skip
def test_messages(options, text):
    with pytest.raises(ValueError, match=text):
        of(answers().assign(zero=0), **options)


def test_pairs_that_do_not_fit_together_are_refused():
    gap, x = np.full(6, np.nan), np.array([1.0, 2, 3, 4, 5, 7])
    bent = x + np.array([0.1, 0, 0, 0, 0, 0])
    data = pd.DataFrame({"a": np.r_[x, x, gap], "b": np.r_[bent, gap, x], "y": np.r_[gap, bent, -bent]})
    with pytest.raises(NotTestable, match="no data can have. Use missing='em' or missing='listwise', or leave"):
        of(data, drivers=["a", "b"], missing="pairwise")


def test_an_answer_without_a_cluster_is_refused():
    with pytest.raises(ValueError, match="every answer needs a cluster; 10 have none in team"):
        of(answers().assign(team=lambda d: d["team"].where(d["team"] > 0)), cluster="team")


def test_what_is_wrong_with_a_matrix_is_said_at_once():
    bad = AZEN.copy()
    bad.loc["x1", "x2"], bad.loc["x3", "x3"] = 0.7, 1.5
    with pytest.raises(DataError) as error:
        importance_from_correlation(bad, outcome="y")
    assert "must be symmetric. Found: a correlation and its mirror differ by 0.1" in str(error.value)
    assert "diagonal must be 1. Found: a value off by 0.5" in str(error.value)
    impossible = AZEN.copy()
    impossible.loc["x1", "y"] = impossible.loc["y", "x1"] = -0.9
    with pytest.raises(DataError, match="positive definite. Found: smallest eigenvalue -"):
        importance_from_correlation(impossible, outcome="y")
    with pytest.raises(DataError, match="2 are not"):
        importance_from_correlation(AZEN.assign(x1=[1, "high", 0.1, 0.3, None]), outcome="y")
    with pytest.raises(ValueError, match="rows and columns have the same names"):
        importance_from_correlation(AZEN.to_numpy(), outcome="y")
    with pytest.raises(ValueError, match="no variable 'z'"):
        importance_from_correlation(AZEN, outcome="z")
    with pytest.raises(ValueError, match="n must be a whole number of at least 7"):
        importance_from_correlation(AZEN, outcome="y", n=4)
