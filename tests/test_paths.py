"""Observed-score path models: published paths, R lavaan and sandwich, identities, refusals, coverage."""

import doctest
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxstudy.faults import NotTestable
from cxstudy.stats import path_checks
from cxstudy.stats import paths as module
from cxstudy.stats.paths import VOCABULARY, fit_paths, paths_from_correlation
from cxstudy.stats.regression import slope

REFERENCE = Path(__file__).parent / "reference"
SWISS = pd.read_csv(REFERENCE / "swiss.csv")
EXPECTED = (
    pd.read_csv(REFERENCE / "paths_reference.csv").query("model == 'swiss'").set_index(["term", "measure"])["value"]
)
MODEL = {
    "Fertility": ["Agriculture", "Examination", "Education"], "Examination": "Agriculture",
    "Education": ["Agriculture", "Examination"],
}  # fmt: skip
CHAIN = {"customers": "staff", "profit": ["customers", "staff"]}
# education and achievement of US students, correlations as published in textbooks of path analysis
STUDENTS = pd.DataFrame(
    [[1, 0.30, 0.41, 0.33], [0.30, 1, 0.16, 0.57], [0.41, 0.16, 1, 0.50], [0.33, 0.57, 0.50, 1]],
    *[["SES", "IQ", "nAch", "GPA"]] * 2,
)


def company_rows(n=60, seed=2):
    rng = np.random.default_rng(seed)
    staff = rng.normal(size=n)
    customers = 0.5 * staff + rng.normal(size=n)
    profit = 0.4 * customers + 0.2 * staff + rng.normal(size=n)
    return pd.DataFrame({"staff": staff, "customers": customers, "profit": profit, "company": np.arange(n) // 3})


def fit(data=None, paths=CHAIN, **settings):
    return fit_paths(company_rows() if data is None else data, paths, **{"replicates": 200} | settings)


@pytest.mark.parametrize("one", [module, path_checks])
def test_examples(one):
    assert doctest.testmod(one, extraglobs={"np": np}).failed == 0


def test_published_paths_from_correlations():
    found = paths_from_correlation(STUDENTS, {"GPA": ["SES", "IQ", "nAch"]})
    assert found.paths["estimate"].tolist() == pytest.approx([0.009, 0.501, 0.416], abs=5e-4)
    assert found.equations["estimate"].item() == pytest.approx(0.4965, abs=5e-5)
    assert found.paths["reason"].eq("no-n").all() and found.paths["std_error"].isna().all()


@pytest.mark.parametrize("kind", ["raw", "standardised"])
def test_coefficients_and_effects_as_lavaan(kind):
    found = fit(SWISS, MODEL, standardise=kind == "standardised")
    arrows = found.paths.set_index("path")["estimate"]
    for start, end in [p.split(" → ") for p in arrows.index]:
        assert arrows[f"{start} → {end}"] == pytest.approx(EXPECTED[f"{start} > {end}", kind], rel=1e-7)
    effects = found.effects.query("`from` == 'Agriculture' and to == 'Fertility'").set_index("path")["estimate"]
    names = {
        "indirect": "Agriculture → … → Fertility", "total": "Agriculture ⇒ Fertility",
        "through_examination": "Agriculture → Examination → Fertility",
        "through_education": "Agriculture → Education → Fertility",
        "through_both": "Agriculture → Examination → Education → Fertility",
    }  # fmt: skip
    for name, path in names.items():
        assert effects[path] == pytest.approx(EXPECTED[name, kind], rel=1e-7), name
    for row in found.equations.itertuples():
        assert row.estimate == pytest.approx(EXPECTED[row.outcome, "r2"], rel=1e-8)


def test_standard_errors_as_sandwich():
    data = SWISS.assign(block=np.arange(len(SWISS)) // 4, size=1 + (np.arange(1, len(SWISS) + 1) * 7) % 5)
    for settings, measure in (({}, "hc3"), ({"cluster": "block"}, "cr1"), ({"weights": "size"}, "weighted_hc3")):
        for row in fit(data, MODEL, standardise=False, **settings).paths.itertuples():
            assert row.std_error == pytest.approx(EXPECTED[row.path.replace("→", ">"), measure], rel=1e-8), row
            if measure == "weighted_hc3":
                assert row.estimate == pytest.approx(EXPECTED[row.path.replace("→", ">"), "weighted"], rel=1e-8)


def test_standard_errors_of_normal_theory_as_lm():
    matrix = SWISS[["Agriculture", "Examination", "Education", "Fertility"]].corr()
    found = paths_from_correlation(matrix, MODEL, n=len(SWISS)).paths.query("to == 'Fertility'")
    expected = [EXPECTED[f"{name} > Fertility", "normal_se"] for name in found["from"]]
    assert found["std_error"].tolist() == pytest.approx(expected, rel=1e-8)


def test_correlations_and_data_agree():
    data = company_rows()
    one, two = fit(data), paths_from_correlation(data[["staff", "customers", "profit"]].corr(), CHAIN, n=len(data))
    for table in ("paths", "effects", "equations"):
        estimates = [getattr(model, table)["estimate"].to_numpy() for model in (one, two)]
        assert estimates[0] == pytest.approx(estimates[1], abs=1e-10), table
    direct = two.effects.query("kind == 'direct'").set_index("path")["std_error"]
    known = two.paths.set_index("path")["std_error"]
    # drawn 20,000 times
    assert direct.to_numpy() == pytest.approx(known[direct.index].to_numpy(), rel=0.03)


def test_each_equation_is_the_regression():
    data = company_rows()
    found = fit(data, standardise=False).paths.set_index("path").loc["customers → profit"]
    other = slope(data["profit"], data["customers"], controls=data[["staff"]])
    for name in ("estimate", "std_error", "ci_low", "ci_high", "statistic", "df", "p_value"):
        assert found[name] == pytest.approx(other[name], rel=1e-9), name


def test_total_is_the_regression_without_the_middle():
    data = company_rows()
    found = fit(data, standardise=False).effects.set_index("kind")
    total = found.loc["total"].set_index("path").loc["staff ⇒ profit", "estimate"]
    assert total == pytest.approx(slope(data["profit"], data["staff"])["estimate"], rel=1e-10)


def test_order_and_scale_do_not_matter():
    data = company_rows()
    one = fit(data)
    turned = {"profit": ["staff", "customers"], "customers": ["staff"]}
    other = fit(data.sample(frac=1, random_state=3)[["profit", "customers", "staff"]] * 1e8 + 5e8, turned)
    first, second = (m.effects.set_index("path")["estimate"] for m in (one, other))
    assert first.to_numpy() == pytest.approx(second[first.index].to_numpy(), abs=1e-9)


def test_raw_is_standardised_times_sd():
    data = company_rows()
    raw, unit = fit(data, standardise=False), fit(data)
    sd = data.std()
    for one, two in zip(raw.paths.itertuples(), unit.paths.itertuples(), strict=True):
        start, end = one.path.split(" → ")
        assert one.estimate == pytest.approx(two.estimate * sd[end] / sd[start], rel=1e-10)
        assert one.std_error == pytest.approx(two.std_error * sd[end] / sd[start], rel=1e-10)


def test_whole_weights_are_repeated_rows():
    data = company_rows(30).assign(times=np.arange(30) % 3 + 1)
    once, often = fit(data, weights="times"), fit(data.loc[data.index.repeat(data["times"])])
    for table in ("effects", "equations"):
        one, two = (getattr(model, table)["estimate"].to_numpy() for model in (once, often))
        assert one == pytest.approx(two, abs=1e-10)


@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_tables_have_the_vocabulary_and_repeat_with_the_seed(method):
    one, two = fit(method=method, seed=5), fit(method=method, seed=np.random.default_rng(5))
    for table in ("paths", "effects", "equations"):
        assert list(getattr(one, table).columns[-len(VOCABULARY) :]) == VOCABULARY
        pd.testing.assert_frame_equal(getattr(one, table), getattr(two, table))
    assert one.effects["method"].eq(method).all()
    assert (one.effects["ci_low"] < one.effects["ci_high"]).all()


def test_clusters_are_drawn_whole():
    data = company_rows(30)
    twice = pd.concat([data, data]).assign(company=[*range(30), *range(30)])
    rows, clusters = fit(data, seed=1), fit(twice, cluster="company", seed=1)
    one, two = (m.effects[["estimate", "ci_low", "ci_high"]].to_numpy() for m in (rows, clusters))
    assert one == pytest.approx(two, abs=1e-10)


def test_many_units_are_drawn_in_random_groups():
    data = company_rows(2500)
    found = fit(data, standardise=False, replicates=1000, seed=4)
    direct = found.effects.query("kind == 'direct'").set_index("path")["std_error"]
    robust = found.paths.set_index("path")["std_error"]
    assert direct.to_numpy() == pytest.approx(robust[direct.index].to_numpy(), rel=0.1)


def test_incomplete_rows_are_counted():
    data = company_rows()
    data.loc[[0, 5], "profit"] = np.nan
    data.loc[7, "staff"] = np.nan
    found = fit(data)
    assert (found.paths["n"].eq(57) & found.paths["n_missing"].eq(3)).all()


def test_one_row_that_decides_has_no_error():
    data = company_rows(20).assign(staff=0.0)
    data.loc[0, "staff"] = 1.0
    found = fit(data).paths.set_index("path").loc["staff → customers"]
    assert found["reason"] == "one-unit-decides" and np.isnan(found["std_error"]) and np.isfinite(found["estimate"])


def test_every_wrong_name_is_answered():
    with pytest.raises(ValueError, match="'custmers'; nearest: customers.*'proffit'; nearest: profit"):
        fit(paths={"proffit": ["custmers"]})


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        ({"staff": "profit", "profit": "staff"}, "found profit → staff → profit"),
        ({}, "paths must be a dict"),
        (["staff"], "paths must be a dict"),
        ({"profit": []}, "profit has no predictor"),
        ({"profit": ["staff", "staff"]}, "staff leads to profit twice"),
        ({"profit": ["name"]}, "column name must be numeric"),
        ({"profit": ["endless"]}, "endless holds an infinite value"),
    ],
)
def test_wrong_models_are_refused(paths, message):
    with pytest.raises(ValueError, match=message):
        fit(company_rows().assign(name="x", endless=np.inf), paths)


@pytest.mark.parametrize(
    ("change", "paths", "message"),
    [
        ({"staff": 3.0}, CHAIN, "each column must vary; staff doesn't"),
        ({"twin": lambda d: 3 - 2 * d["staff"]}, {"profit": ["staff", "twin"]}, "staff and twin must not be .* is -1"),
        (
            {"both": lambda d: d["staff"] + d["customers"]},
            {"profit": ["staff", "customers", "both"]},
            "staff, customers, both do",
        ),
        ({"same": lambda d: d["profit"]}, {"profit": ["same"]}, "same and profit must not be the same thing"),
    ],
)
def test_what_is_not_identified_is_refused(change, paths, message):
    with pytest.raises(NotTestable, match=message):
        fit(company_rows().assign(**change), paths)


def test_too_few_units_and_clusters_are_refused():
    with pytest.raises(NotTestable, match="with 2 predictors needs at least 5 units; found 4"):
        fit(company_rows(4))
    with pytest.raises(NotTestable, match="at least 5 clusters; found 4"):
        fit(company_rows(12), cluster="company")
    with pytest.raises(NotTestable, match="at least 5 units; found 4"):
        paths_from_correlation(company_rows()[["staff", "customers", "profit"]].corr(), CHAIN, n=4)


def test_weights_must_be_positive():
    with pytest.raises(ValueError, match="weights must be above 0; w has -1"):
        fit(company_rows().assign(w=-1.0), weights="w")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.to_numpy(), "must be a DataFrame with the same names"),
        (lambda m: m.drop(index="IQ", columns="IQ"), "no variable 'IQ'"),
        (lambda m: m * 2, "a diagonal that isn't 1, a value of 2"),
        (lambda m: m + np.triu(np.full((4, 4), 0.1), 1), "two values for one pair"),
    ],
)
def test_wrong_matrices_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        paths_from_correlation(change(STUDENTS), {"GPA": ["SES", "IQ", "nAch"]})


def test_an_impossible_matrix_is_refused():
    matrix = pd.DataFrame([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]], *[["a", "b", "c"]] * 2)
    with pytest.raises(NotTestable, match="no data have this matrix"):
        paths_from_correlation(matrix, {"c": ["a", "b"]})


@pytest.mark.parametrize(("a", "b"), [(0.4, 0.4), (0.0, 0.4)])
def test_coverage_of_the_indirect_effect(a, b):
    """200 studies of 60 units; the larger simulation is benchmarks/paths.py."""
    rng, held = np.random.default_rng(20), 0
    for number in range(200):
        x = rng.normal(size=60)
        m = a * x + rng.normal(size=60)
        data = pd.DataFrame({"x": x, "m": m, "y": b * m + 0.2 * x + rng.normal(size=60)})
        found = fit(data, {"m": "x", "y": ["m", "x"]}, standardise=False, seed=number).effects
        row = found[found["kind"] == "indirect"].iloc[0]
        held += row["ci_low"] <= a * b <= row["ci_high"]
    assert 0.895 <= held / 200 <= 0.99
