"""Johnson's weights, first, last, beta: published numbers, R, identities, collinear predictors."""

import csv
import doctest
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxstudy.stats import relative_weights as module
from cxstudy.stats.all_subsets import lmg_of, semi_partial, subset_r2
from cxstudy.stats.relative_weights import beta, determined, first, full_r2, johnson, last

REFERENCE = Path(__file__).parent / "reference"
AZEN = np.array([
    [1, 0.8, 0.1, 0.3, 0.6],
    [0.8, 1, 0.1, 0.1, 0.3],
    [0.1, 0.1, 1, 0.5, 0.4],
    [0.3, 0.1, 0.5, 1, 0.5],
    [0.6, 0.3, 0.4, 0.5, 1],
])
SWISS = pd.read_csv(REFERENCE / "swiss.csv")
DRIVERS = [c for c in SWISS if c != "Fertility"]
MATRIX = SWISS[[*DRIVERS, "Fertility"]].corr().to_numpy()


def reference(what):
    with open(REFERENCE / "importance2_reference.csv", encoding="utf-8", newline="") as file:
        return {row["name"]: float(row["value"]) for row in csv.DictReader(file) if row["what"] == what}


def test_examples():
    assert doctest.testmod(module, extraglobs={"np": np}).failed == 0


def test_published_relative_weights():
    # Johnson's weights of the matrix of Azen & Budescu (2003)
    assert johnson(AZEN) == pytest.approx([0.29076, 0.07612, 0.09761, 0.11987], abs=6e-6)


@pytest.mark.parametrize("method", ["johnson", "first", "last", "beta"])
def test_as_r_has_it(method):
    wanted = reference(method)
    found = getattr(module, method)(MATRIX)
    assert found == pytest.approx([wanted[d] for d in DRIVERS], abs=1e-10)


def test_identities():
    r2 = subset_r2(MATRIX)
    assert johnson(MATRIX).sum() == pytest.approx(r2[-1], abs=1e-12)
    assert full_r2(MATRIX) == pytest.approx(r2[-1], abs=1e-12)
    assert last(MATRIX) == pytest.approx(semi_partial(r2), abs=1e-12)
    assert first(MATRIX) == pytest.approx(r2[[1, 2, 4, 8, 16]], abs=1e-12)
    assert beta(MATRIX) @ MATRIX[:-1, -1] == pytest.approx(r2[-1], abs=1e-12)


def test_two_predictors_have_the_same_weights_by_both_ways():
    # with two predictors Johnson's weights and LMG agree
    matrix = AZEN[np.ix_([0, 3, 4], [0, 3, 4])]
    assert johnson(matrix) == pytest.approx(lmg_of(matrix), abs=1e-12)


def test_a_stack_is_its_matrices():
    stack = np.stack([AZEN, np.eye(5)])
    for method in (johnson, first, last, beta, full_r2):
        assert method(stack)[0] == pytest.approx(method(AZEN), abs=1e-14)
        assert method(stack)[1] == pytest.approx(0, abs=1e-14)


def test_predictors_that_determine_one_another():
    doubled = AZEN[np.ix_([0, 1, 2, 3, 0, 4], [0, 1, 2, 3, 0, 4])]
    assert determined(doubled).tolist() == [True, False, False, False, True] and not determined(AZEN).any()
    weights = johnson(doubled)
    assert weights[0] == pytest.approx(weights[4], abs=1e-12)
    assert weights.sum() == pytest.approx(johnson(AZEN).sum(), abs=1e-12)
    assert last(doubled) == pytest.approx([0, *last(AZEN)[1:], 0], abs=1e-12)
    assert np.isnan(beta(doubled)).all() and full_r2(doubled) == pytest.approx(full_r2(AZEN), abs=1e-12)
