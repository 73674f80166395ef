"""Loadings, AVE, composite reliability, HTMT: R lavaan and semTools, openpls, identities, edges, messages."""

import doctest
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxstudy.faults import NotTestable
from cxstudy.stats import one_factor as factor_module
from cxstudy.stats import scale_quality as module
from cxstudy.stats.one_factor import one_factor
from cxstudy.stats.reliability import cronbach, item_rest, mcdonald
from cxstudy.stats.scale_quality import htmt, scale_quality

REFERENCE = Path(__file__).parent / "reference"
ATTITUDE = pd.read_csv(REFERENCE / "measures_attitude.csv")
SCALES = {"support": ["complaints", "learning", "raises"], "standards": ["privileges", "critical", "advance"]}
EXPECTED = pd.read_csv(REFERENCE / "paths_reference.csv").set_index(["model", "term", "measure"])["value"]


def answers(n=400, seed=1, k=4, noise=0.8):
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(n, 2)) @ np.array([[1, 0.5], [0, np.sqrt(0.75)]])
    items = {f"{name}{i}": factors[:, f] + noise * rng.normal(size=n) for f, name in enumerate("ab") for i in range(k)}
    return pd.DataFrame(items).assign(group=np.arange(n) % 50)


TWO = {"a": [f"a{i}" for i in range(4)], "b": [f"b{i}" for i in range(4)]}


def quality(data=None, scales=TWO, **settings):
    return scale_quality(answers() if data is None else data, scales, **{"replicates": 200} | settings)


@pytest.mark.parametrize("one", [module, factor_module])
def test_examples(one):
    assert doctest.testmod(one).failed == 0


def test_as_lavaan_and_semtools():
    found = quality(ATTITUDE, SCALES)
    scales, items = found.scales.set_index(["scale", "measure"]), found.items.set_index(["item", "measure"])
    for name, columns in SCALES.items():
        for measure in ("ave", "composite"):
            # lavaan stops at about six digits
            assert scales.loc[(name, measure), "estimate"] == pytest.approx(EXPECTED[name, "scale", measure], rel=1e-5)
        for item in columns:
            assert items.loc[(item, "loading"), "estimate"] == pytest.approx(EXPECTED[name, item, "loading"], rel=1e-5)
    pair = found.pairs.set_index("measure").loc["htmt", "estimate"]
    assert pair == pytest.approx(EXPECTED["scales", "support standards", "htmt"], rel=1e-9)


def test_alpha_omega_and_item_rest_are_those_of_reliability():
    data = answers()
    found = quality(data)
    covariance = data[TWO["a"]].cov().to_numpy()
    scales = found.scales.query("scale == 'a'").set_index("measure")["estimate"]
    assert scales["alpha"] == pytest.approx(cronbach(covariance, len(data)).estimate, abs=1e-12)
    assert scales["omega"] == pytest.approx(mcdonald(covariance, len(data)).estimate, abs=1e-8)
    items = found.items.query("scale == 'a'").set_index(["measure", "item"])["estimate"]
    assert items["item_rest"].to_numpy() == pytest.approx(item_rest(covariance), abs=1e-10)
    for i, item in enumerate(TWO["a"]):
        rest = np.delete(np.delete(covariance, i, 0), i, 1)
        assert items["alpha_without", item] == pytest.approx(cronbach(rest, len(data)).estimate, abs=1e-10)


def test_composite_is_omega_of_standardised_items():
    data = answers()
    correlation = data[TWO["a"]].corr().to_numpy()
    found = quality(data).scales.query("scale == 'a' and measure == 'composite'")["estimate"].item()
    # two optimisers, each to about six digits
    assert found == pytest.approx(mcdonald(correlation, len(data)).estimate, abs=1e-6)


def test_loadings_solve_the_likelihood_equations():
    matrix = answers()[TWO["a"] + TWO["b"]].corr().to_numpy()
    loading, proper = one_factor(matrix)
    implied = np.outer(loading, loading)
    np.fill_diagonal(implied, 1)
    inverse = np.linalg.inv(implied)
    slope = inverse @ (matrix - implied) @ inverse
    assert proper.item()
    assert slope @ loading == pytest.approx(np.zeros(8), abs=1e-7)
    assert np.diag(slope) == pytest.approx(np.zeros(8), abs=1e-7)


def test_loadings_of_a_perfect_factor_in_a_stack():
    truth = np.array([[0.9, 0.8, 0.7, 0.3], [0.5, 0.6, -0.2, 0.7]])
    stack = np.einsum("bi,bj->bij", truth, truth)
    stack[:, range(4), range(4)] = 1
    loading, proper = one_factor(np.concatenate([stack, np.full((1, 4, 4), np.nan)]))
    assert loading[:2] == pytest.approx(truth, abs=1e-7)
    assert proper.tolist() == [True, True, False]


def test_a_heywood_case_is_not_proper():
    _, proper = one_factor([[1, 0.8, 0.8], [0.8, 1, 0.3], [0.8, 0.3, 1]])
    assert not proper


def test_htmt_is_one_for_halves_of_one_scale_and_ignores_signs():
    same = np.full((4, 4), 0.5) + 0.5 * np.eye(4)
    assert htmt(same, [0, 1], [2, 3]) == pytest.approx(1, abs=1e-14)
    turn = np.diag([1, -1, 1, 1])
    assert htmt(turn @ same @ turn, [0, 1], [2, 3]) == pytest.approx(1, abs=1e-14)


def test_htmt_recovers_the_correlation_of_the_factors():
    row = quality(answers(4000), replicates=500).pairs.set_index("measure").loc["htmt"]
    assert row["ci_low"] < 0.5 < row["ci_high"] < 0.6


def test_scale_of_the_items_does_not_matter():
    one = quality(seed=2)
    other = quality(
        answers().mul({f"a{i}": 1e6 for i in range(4)} | {f"b{i}": 1e-6 for i in range(4)} | {"group": 1}), seed=2
    )
    for table in ("scales", "items", "pairs"):
        first, second = (getattr(q, table)["estimate"].to_numpy() for q in (one, other))
        assert first == pytest.approx(second, abs=1e-6), table


def test_missing_rows_clusters_and_seed():
    data = answers()
    data.loc[:9, "a0"] = np.nan
    found = quality(data, cluster="group", seed=4)
    assert found.scales["n"].eq(390).all() and found.scales["n_missing"].eq(10).all()
    pd.testing.assert_frame_equal(found.pairs, quality(data, cluster="group", seed=4).pairs)


def test_a_reversed_item_is_marked():
    data = answers()
    data["a1"] = -data["a1"]
    found = quality(data)
    rest = found.items.query("measure == 'item_rest'").set_index("item")["reversed"]
    assert rest["a1"] and not rest.drop("a1").any()
    omega = found.scales.query("scale == 'a' and measure == 'omega'").iloc[0]
    assert np.isnan(omega["estimate"]) and "a1 runs against the others" in omega["reason"]


def test_two_items_have_alpha_and_no_loading():
    found = quality(scales={"a": ["a0", "a1"], "b": TWO["b"]})
    scales = found.scales.query("scale == 'a'").set_index("measure")
    assert np.isfinite(scales.loc["alpha", "estimate"])
    assert "at least 3 items" in scales.loc["omega", "reason"] and "ave" not in scales.index
    assert found.items.query("scale == 'a'")["measure"].eq("item_rest").all()
    assert len(found.pairs) == 2


@pytest.mark.parametrize(
    ("scales", "message"),
    [
        ({}, "found: no scale"),
        ({"a": ["a0"]}, "a has 1 item"),
        ({"a": ["a0", "a1"], "b": ["a1", "b0"]}, "a1 occurs twice"),
        ({"a": ["a0", "a9"]}, "no column 'a9'"),
        ({"a": ["a0", "word"]}, "column word must be numeric"),
    ],
)
def test_wrong_scales(scales, message):
    with pytest.raises(ValueError, match=message):
        quality(answers().assign(word="x"), scales)


def test_what_cannot_be_answered():
    with pytest.raises(NotTestable, match="8 items need at least 11 persons .* found 10"):
        quality(answers(10))
    with pytest.raises(NotTestable, match="each item must vary; a2 doesn't"):
        quality(answers().assign(a2=3))


def test_coverage_of_htmt():
    """100 studies of 150 persons: the factors' correlation is .5."""
    held = 0
    for seed in range(100):
        row = quality(answers(150, seed, 2), {"a": TWO["a"][:2], "b": TWO["b"][:2]}, seed=seed).pairs.iloc[0]
        held += row["ci_low"] <= 0.5 <= row["ci_high"]
    assert 0.87 <= held / 100 <= 1
