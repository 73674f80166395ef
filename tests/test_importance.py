"""R² divided among predictors and out of sample: published numbers, R, brute force by statsmodels, edges, messages."""

import doctest
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from cxstudy.faults import NotTestable
from cxstudy.stats import importance as module
from cxstudy.stats import prediction, unit_r_squared
from cxstudy.stats.all_subsets import increments_by_level, lmg, semi_partial, subset_r2
from cxstudy.stats.dilution import correct_r2, reliability
from cxstudy.stats.importance import importance
from cxstudy.stats.prediction import best_predictor, cross_validated_r2, left_out_errors
from cxstudy.stats.unit_r_squared import resampled_r2

REFERENCE = Path(__file__).parent / "reference"
SWISS = pd.read_csv(REFERENCE / "swiss.csv")
EXPECTED = pd.read_csv(REFERENCE / "importance_reference.csv")
# Azen & Budescu (2003), Psychological Methods 8: y with x1…x4, and the x's among themselves
AZEN = np.array([
    [1, 0.8, 0.1, 0.3, 0.6],
    [0.8, 1, 0.1, 0.1, 0.3],
    [0.1, 0.1, 1, 0.5, 0.4],
    [0.3, 0.1, 0.5, 1, 0.5],
    [0.6, 0.3, 0.4, 0.5, 1],
])


def rng(seed=1):
    return np.random.default_rng(seed)


def frame(n=60, seed=3):
    r = rng(seed)
    base = r.normal(size=(n, 4)) @ np.array([[1, 0.4, 0, 0.2], [0, 1, 0.5, 0], [0, 0, 1, 0.3], [0, 0, 0, 1]])
    data = pd.DataFrame(base, columns=list("abcd"))
    return data.assign(y=data["a"] - 0.5 * data["c"] + 2 * r.normal(size=n), unit=np.arange(n) // 3)


@pytest.mark.parametrize("one", [module, prediction, unit_r_squared])
def test_examples(one):
    assert doctest.testmod(one, extraglobs={"np": np}).failed == 0


def test_published_dominance():
    r2 = subset_r2(AZEN)
    assert r2[-1] == pytest.approx(0.584353, abs=5e-7)
    assert lmg(r2) == pytest.approx([0.29218, 0.07586, 0.09491, 0.12140], abs=6e-6)
    levels = increments_by_level(r2)
    assert levels[0] == pytest.approx([0.36, 0.09, 0.16, 0.25], abs=5e-4)
    assert levels[3] == pytest.approx([0.246, 0.071, 0.061, 0.010], abs=6e-4)
    assert semi_partial(r2) == pytest.approx(levels[3], abs=1e-14)


@pytest.mark.parametrize("name", ["swiss", "warpbreaks"])
def test_as_r_has_it(name):
    if name == "swiss":
        data, y = SWISS, "Fertility"
        groups = {c: c for c in SWISS if c != y}
    else:
        data, y = pd.read_csv(REFERENCE / "importance_warpbreaks.csv"), "breaks"
        dummies = pd.get_dummies(data[["wool", "tension"]], drop_first=True).astype(float)
        data = pd.concat([data[["breaks", "run"]].astype(float), dummies], axis=1)
        groups = {"wool": "wool_B", "tension": ["tension_L", "tension_M"], "run": "run"}
    found = importance(data, y, groups, replicates=0).set_index(["predictor", "measure"])["estimate"]
    wanted = EXPECTED[(EXPECTED["data"] == name) & EXPECTED["measure"].isin(module.MEASURES)]
    assert len(wanted) == len(found)
    for row in wanted.itertuples():
        assert found.loc[row.predictor, row.measure] == pytest.approx(row.value, rel=1e-8), row


def test_published_lmg_of_swiss():
    found = importance(SWISS, "Fertility", {c: c for c in SWISS if c != "Fertility"}, replicates=0)
    shares = found[found["measure"] == "lmg"].set_index("predictor")["estimate"]
    assert shares.tolist() == pytest.approx([0.05709122, 0.17117303, 0.26013468, 0.10557015, 0.11276592], abs=5e-9)
    assert shares.sum() == pytest.approx(found["model_r2"].iloc[0], abs=1e-12)


def test_every_subset_is_a_regression():
    data = frame()
    r2 = subset_r2(np.corrcoef(data[list("abcdy")].T))
    for mask in range(1, 16):
        names = [c for i, c in enumerate("abcd") if mask >> i & 1]
        assert r2[mask] == pytest.approx(smf.ols("y ~ " + " + ".join(names), data).fit().rsquared, abs=1e-12)
    assert r2[0] == 0


def test_a_group_enters_as_a_block_and_stacks_broadcast():
    matrix = np.corrcoef(frame()[list("abcdy")].T)
    single, grouped = subset_r2(matrix), subset_r2(np.stack([matrix, matrix]), sizes=[2, 1, 1])
    assert grouped.shape == (2, 8)
    assert grouped[1] == pytest.approx([single[m] for m in (0, 3, 4, 7, 8, 11, 12, 15)], abs=1e-12)
    assert lmg(grouped).sum(axis=-1) == pytest.approx([single[15]] * 2, abs=1e-12)


def test_covariances_do_as_well_as_correlations():
    data = frame()[list("abcdy")].T
    assert subset_r2(np.cov(data)) == pytest.approx(subset_r2(np.corrcoef(data)), abs=1e-12)


def test_unrelated_predictors_keep_their_own_share():
    matrix = np.eye(4)
    matrix[3, :3] = matrix[:3, 3] = 0.5, -0.3, 0.1
    assert lmg(subset_r2(matrix)) == pytest.approx([0.25, 0.09, 0.01], abs=1e-14)


def test_a_redundant_column_adds_nothing_to_a_resample():
    matrix = np.corrcoef(frame()[["a", "a", "b", "y"]].T)
    r2 = subset_r2(matrix)
    assert r2[1] == r2[2] == pytest.approx(r2[3], abs=1e-12)
    vanished = np.cov(frame().assign(b=0.0)[list("aby")].T)
    assert subset_r2(vanished)[[2, 3]] == pytest.approx([0, subset_r2(vanished)[1]], abs=1e-12)


def test_intervals_resample_whole_units():
    data = frame()
    rows = importance(data, "y", {"a": "a", "rest": ["b", "c"]}, rng=rng(), replicates=400)
    whole = importance(data, "y", {"a": "a", "rest": ["b", "c"]}, unit="unit", rng=rng(), replicates=400)
    assert rows["units"].unique().tolist() == [60] and whole["units"].unique().tolist() == [20]
    assert rows["estimate"].tolist() == pytest.approx(whole["estimate"].tolist(), abs=1e-12)
    assert (rows["std_error"] != whole["std_error"]).all()
    inside = rows[rows["measure"] == "lmg"]
    assert ((inside["ci_low"] < inside["estimate"]) & (inside["estimate"] < inside["ci_high"])).all()
    again = importance(data, "y", {"a": "a", "rest": ["b", "c"]}, rng=rng(), replicates=400)
    pd.testing.assert_frame_equal(rows, again)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda d: d.assign(b=2 * d["a"] + d["c"]), "a, b, c do, so R² can't be divided"),
        (lambda d: d.assign(b=1.0), "each column must vary; b doesn't"),
        (lambda d: d.assign(y=5.0), "each column must vary; y doesn't"),
        (lambda d: d.head(5), "at least 6 rows; found 5"),
    ],
)
def test_refuses_what_cannot_be_divided(change, text):
    with pytest.raises(NotTestable, match=text):
        importance(change(frame()), "y", {c: c for c in "abc"}, replicates=0)


def test_messages_of_wrong_arguments():
    with pytest.raises(ValueError, match="nearest: a"):
        importance(frame().rename(columns={"a": "aa"}), "y", {"a": "a"}, replicates=0)
    with pytest.raises(ValueError, match="found missing values"):
        importance(frame().assign(a=np.nan), "y", {"a": "a"}, replicates=0)
    with pytest.raises(ValueError, match="sum to the 4 columns before"):
        subset_r2(AZEN, sizes=[2, 1])
    with pytest.raises(ValueError, match="must be square"):
        subset_r2([[1, 2, 3], [4, 5, 6]])
    with pytest.raises(ValueError, match="too many; at most 25. Use Johnson"):
        subset_r2(np.eye(27))
    with pytest.raises(ValueError, match="all 2\\^p subsets"):
        lmg([0.0, 0.1, 0.2])


@pytest.mark.parametrize("terms", ["Education", "Education+Catholic"])
def test_left_out_as_in_boot_cv_glm(terms):
    errors, base = left_out_errors(SWISS["Fertility"], SWISS[terms.split("+")])
    wanted = EXPECTED[(EXPECTED["predictor"] == terms) & (EXPECTED["measure"] == "left_out_r2")]["value"].iloc[0]
    assert 1 - errors.sum() / base.sum() == pytest.approx(wanted, rel=1e-9)


def test_units_are_left_out_whole():
    data = frame()
    errors, base = left_out_errors(data["y"], data[["a", "b"]], data["unit"])
    for unit in (0, 7, 19):
        others, own = data[data["unit"] != unit], data["unit"] == unit
        fit = smf.ols("y ~ a + b", others).fit()
        assert errors[own] == pytest.approx((data["y"][own] - fit.predict(data[own])).to_numpy() ** 2, rel=1e-9)
        assert base[own] == pytest.approx((data["y"][own] - others["y"].mean()).to_numpy() ** 2, rel=1e-9)


def test_cross_validated_r2_of_a_resample_leaves_all_copies_out():
    data = frame(24)
    times = rng().multinomial(8, np.full(8, 1 / 8), size=3)
    found = prediction._left_out_r2(prediction._sums(data["y"], data["a"], data["unit"]), times)
    for row, value in zip(times, found, strict=True):
        copies = pd.concat([data[data["unit"] == u] for u, k in enumerate(row) for _ in range(k)])
        errors, base = left_out_errors(copies["y"], copies["a"], copies["unit"])
        assert value == pytest.approx(1 - errors.sum() / base.sum(), abs=1e-10)


def test_cross_validated_r2_without_a_link_is_below_zero():
    r = rng(5)
    row = cross_validated_r2(r.normal(size=80), r.normal(size=80), rng=r, replicates=300)
    assert row["estimate"] < 0.02 and row["ci_low"] < row["estimate"] < row["ci_high"] and row["n"] == 80


def test_prediction_refuses_what_one_unit_decides():
    with pytest.raises(NotTestable, match="without one of the units"):
        left_out_errors([1.0, 2, 3, 4, 5], [0.0, 0, 0, 0, 1])
    with pytest.raises(NotTestable, match="at least 4; found 3"):
        left_out_errors([1.0, 2, 3], [1.0, 3, 2])


def panel(r, n=150, strong=1.0, weak=0.0):
    x, z = r.normal(size=(2, n))
    return pd.DataFrame({"unit": np.arange(n), "x": x, "z": z, "outcome": strong * x + weak * z + r.normal(size=n)})


def test_the_best_predictor_is_found_and_stands_alone():
    r = rng(2)
    ranks, gaps = best_predictor([panel(r), panel(r)], ["z", "x"], rng=r, replicates=400)
    assert ranks["predictor"].tolist() == ["x", "z"]
    assert ranks[["rank", "rank_low", "rank_high"]].to_numpy().tolist() == [[1, 1, 1], [2, 2, 2]]
    assert gaps["ci_high"][0] < 0 and ranks["n"].tolist() == [300, 300]


def test_predictors_alike_share_their_ranks():
    r, kept = rng(11), 0
    for _ in range(60):
        ranks, _ = best_predictor([panel(r, 60, 0.6, 0.6)], ["x", "z"], rng=r, replicates=150)
        kept += ranks["rank_high"].tolist() == [2, 2]
    # at most 5 % of studies may part them; a binomial of 60 stays above 51 with 99.9 %
    assert kept >= 51


def test_resampled_r2_and_its_correction():
    data, r = frame(90), rng(4)
    x, y = data["a"].to_numpy(), data["y"].to_numpy()
    error = r.uniform(0.1, 0.5, size=90)
    rows = resampled_r2(y, x, error_variance=error, rng=r, replicates=500).set_index("kind")
    observed = np.corrcoef(x, y)[0, 1] ** 2
    assert rows["estimate"]["observed"] == pytest.approx(observed, abs=1e-12)
    wanted = correct_r2(observed, reliability(x, np.sqrt(error))).estimate[0]
    assert rows["estimate"]["corrected"] == pytest.approx(wanted, abs=1e-12)
    assert rows["method"].tolist() == ["BCa", "BCa"]
    single = resampled_r2(y, x, rng=rng(), replicates=200)
    assert single["kind"].tolist() == ["observed"]
    with pytest.raises(NotTestable, match="that vary"):
        resampled_r2(np.ones(90), x, rng=rng(), replicates=200)


def test_a_correction_that_is_all_error_says_why():
    data = frame(30)
    rows = resampled_r2(data["y"], data["a"], error_variance=np.full(30, 50.0), rng=rng(), replicates=200)
    assert np.isnan(rows["estimate"][1]) and "all the variation" in rows["reason"][1]


def test_a_resample_in_which_the_predictor_does_not_vary_has_no_r2():
    sums = prediction._sums([1.0, 2, 4, 3], [0.0, 0, 0, 1], None)
    found = prediction._left_out_r2(sums, np.array([[2, 1, 1, 0], [1, 1, 1, 1], [0, 1, 1, 2]]))
    assert np.isnan(found).all()


def test_draws_already_made_serve_as_those_of_the_generator():
    rng = np.random.default_rng(4)
    data = pd.DataFrame(rng.normal(size=(40, 3)), columns=["a", "b", "y"])
    drawn = prediction.multiplicities(np.random.default_rng(2), 40, 200)
    options = {"replicates": 200}
    one = importance(data, "y", {"a": "a", "b": "b"}, rng=np.random.default_rng(2), **options)
    pd.testing.assert_frame_equal(one, importance(data, "y", {"a": "a", "b": "b"}, drawn=drawn, **options))
