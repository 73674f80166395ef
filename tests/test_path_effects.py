"""Effects along the routes of a path model: hand-made values, matrix identities, cycles and limits."""

import doctest

import numpy as np
import pytest

from cxstudy.stats import path_effects as module
from cxstudy.stats.path_effects import (
    causal_order,
    effect_list,
    effect_values,
    interval,
    path_coefficients,
    routes,
    standardised,
    total_effects,
)

CHAIN = {"staff": ["leaders"], "customers": ["leaders", "staff"], "profit": ["leaders", "staff", "customers"]}
NAMES = ["leaders", "staff", "customers", "profit"]


def covariance(seed=1, size=4):
    root = np.random.default_rng(seed).normal(size=(size, size + 2))
    return root @ root.T


def test_examples():
    assert doctest.testmod(module).failed == 0


def test_causes_come_before_effects():
    assert causal_order(CHAIN) == NAMES
    assert causal_order(dict(reversed(CHAIN.items()))) == NAMES


@pytest.mark.parametrize(
    ("paths", "shown"),
    [
        ({"a": ["b"], "b": ["c"], "c": ["a"]}, "c → b → a → c"),
        ({"a": ["a"]}, "a → a"),
        ({"d": ["a"], "a": ["b"], "b": ["c"], "c": ["b"]}, "c → b → c"),
    ],
)
def test_a_cycle_is_named(paths, shown):
    with pytest.raises(ValueError, match=f"must not lead back to itself; found {shown}. Leave out one"):
        causal_order(paths)


def test_routes_are_all_there_once():
    found = routes(CHAIN, "leaders", "profit")
    assert found == [
        ("leaders", "profit"), ("leaders", "staff", "profit"), ("leaders", "customers", "profit"),
        ("leaders", "staff", "customers", "profit"),
    ]  # fmt: skip
    assert routes(CHAIN, "profit", "leaders") == []


def test_too_many_routes_are_refused():
    names = [f"v{i}" for i in range(13)]
    dense = {name: names[:i] for i, name in enumerate(names) if i}
    with pytest.raises(ValueError, match="at most 500 routes lead to one variable"):
        routes(dense, "v0", "v12")


def test_total_is_the_inverse_and_the_sum_over_routes():
    found = path_coefficients(covariance(), NAMES, CHAIN)
    total = total_effects(found)
    assert total == pytest.approx(np.linalg.inv(np.eye(4) - found) - np.eye(4), abs=1e-12)
    listed = effect_list(CHAIN)
    listed["value"] = effect_values(found, NAMES, listed)
    for (start, end), part in listed.groupby(["from", "to"]):
        value = part.set_index("kind")["value"]
        through = part.loc[part["kind"] == "route", "value"].sum()
        direct, whole = value.get("direct", 0.0), value["total"]
        assert direct + through == pytest.approx(whole, abs=1e-12), (start, end)
        if len(part) > 2:
            assert value["indirect"] == pytest.approx(through, abs=1e-12)


def test_total_of_a_saturated_model_is_the_simple_regression():
    """Everything that comes later and is left out must not matter: the reduced form."""
    matrix = covariance(5)
    total = total_effects(path_coefficients(matrix, NAMES, CHAIN))
    for i in range(1, 4):
        assert total[i, 0] == pytest.approx(matrix[i, 0] / matrix[0, 0], rel=1e-10)
    two = np.linalg.solve(matrix[:2, :2], matrix[:2, 3])
    assert total[3, 1] == pytest.approx(two[1], rel=1e-10)


def test_a_stack_is_as_one_by_one():
    stack = np.stack([covariance(seed) for seed in range(4)])
    whole = path_coefficients(stack, NAMES, CHAIN)
    for one, found in zip(stack, whole, strict=True):
        assert found == pytest.approx(path_coefficients(one, NAMES, CHAIN), abs=1e-13)


def test_standardised_are_those_of_the_correlations():
    matrix = covariance(2)
    root = np.sqrt(np.diag(matrix))
    expected = path_coefficients(matrix / np.outer(root, root), NAMES, CHAIN)
    assert standardised(path_coefficients(matrix, NAMES, CHAIN), matrix) == pytest.approx(expected, abs=1e-12)


def test_a_collinear_member_of_the_stack_has_no_value():
    stack = np.stack([np.eye(3), np.array([[1, 1, 0.5], [1, 1, 0.5], [0.5, 0.5, 1]])])
    found = path_coefficients(stack, ["a", "b", "y"], {"y": ["a", "b"]})
    assert found[0, 2, :2].tolist() == [0, 0]
    assert np.isnan(found[1, 2, :2]).all()


def test_interval_falls_back_and_says_when_there_is_none():
    rng = np.random.default_rng(1)
    drawn, left = rng.normal(size=500), rng.normal(size=30)
    assert interval(0.1, drawn, left, 0.95, "bca")["method"] == "bca"
    outside = interval(9.0, drawn, left, 0.95, "bca")
    assert outside["method"] == "percentile" and outside["reason"] is None
    none = interval(1.0, np.ones(500), left, 0.95, "percentile")
    assert none["reason"] == "no-interval" and np.isnan(none["ci_low"])
