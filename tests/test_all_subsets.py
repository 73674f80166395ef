"""R² of all subsets by doubling: published dominance, brute force to 12 predictors, identities, size, messages."""

import doctest
import tracemalloc
from itertools import permutations

import numpy as np
import pytest

from cxstudy.stats import all_subsets as module
from cxstudy.stats.all_subsets import increments_by_level, lmg, lmg_of, semi_partial, subset_r2

# Azen & Budescu (2003), Psychological Methods 8: y with x1…x4, and the x's among themselves
AZEN = np.array([
    [1, 0.8, 0.1, 0.3, 0.6],
    [0.8, 1, 0.1, 0.1, 0.3],
    [0.1, 0.1, 1, 0.5, 0.4],
    [0.3, 0.1, 0.5, 1, 0.5],
    [0.6, 0.3, 0.4, 0.5, 1],
])


def correlations(p, n=400, seed=1):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, p)) @ rng.normal(size=(p, p))
    return np.corrcoef(np.column_stack([x, x.sum(axis=1) + 5 * rng.normal(size=n)]).T)


def solved(matrix, members):
    among, outcome = matrix[np.ix_(members, members)], matrix[members, -1]
    return outcome @ np.linalg.solve(among, outcome) if len(members) else 0.0


def test_examples():
    assert doctest.testmod(module, extraglobs={"np": np}).failed == 0


def test_published_dominance():
    assert lmg_of(AZEN) == pytest.approx([0.29218, 0.07586, 0.09491, 0.12140], abs=6e-6)
    assert subset_r2(AZEN)[-1] == pytest.approx(0.584353, abs=5e-7)


@pytest.mark.parametrize("p", [1, 2, 5, 12, 14])
def test_each_subset_is_solved(p):
    # 14 is more than is worked on at once, so the doubling goes by parts
    matrix = correlations(p)
    r2 = subset_r2(matrix)
    rng = np.random.default_rng(0)
    for mask in {0, 1, (1 << p) - 1, *rng.integers(1 << p, size=200).tolist()}:
        members = [j for j in range(p) if mask >> j & 1]
        assert r2[mask] == pytest.approx(solved(matrix, members), abs=1e-11), mask


def test_shares_are_the_mean_over_all_orders_of_entry():
    matrix, wanted = correlations(5), np.zeros(5)
    orders = list(permutations(range(5)))
    for order in orders:
        for place, j in enumerate(order):
            wanted[j] += solved(matrix, sorted(order[: place + 1])) - solved(matrix, sorted(order[:place]))
    assert lmg_of(matrix) == pytest.approx(wanted / len(orders), abs=1e-12)


@pytest.mark.parametrize("p", [3, 9, 16])
def test_shares_sum_to_r2_and_are_the_mean_of_the_levels(p):
    matrix = correlations(p)
    r2 = subset_r2(matrix)
    shares = lmg(r2)
    assert shares.sum() == pytest.approx(r2[-1], abs=1e-11)
    assert shares == pytest.approx(increments_by_level(r2).mean(axis=-2), abs=1e-12)
    assert semi_partial(r2) == pytest.approx(increments_by_level(r2)[-1], abs=1e-12)


def test_order_of_predictors_does_not_matter():
    matrix, order = correlations(7), [3, 0, 6, 1, 5, 2, 4]
    turned = matrix[np.ix_([*order, 7], [*order, 7])]
    assert lmg_of(turned) == pytest.approx(lmg_of(matrix)[order], abs=1e-12)


def test_covariances_on_any_scale_give_the_same():
    matrix = correlations(6)
    scale = np.array([1e8, 1e-8, 1, 1e4, 1e-4, 3, 1e8])
    assert lmg_of(matrix * scale[:, None] * scale) == pytest.approx(lmg_of(matrix), abs=1e-12)


def test_duplicated_predictors_are_equal_and_the_rest_adds_up():
    matrix = correlations(4)
    doubled = matrix[np.ix_([0, 1, 2, 3, 0, 4], [0, 1, 2, 3, 0, 4])]
    shares = lmg_of(doubled)
    assert shares[0] == pytest.approx(shares[4], abs=1e-12)
    assert shares.sum() == pytest.approx(lmg_of(matrix).sum(), abs=1e-10)


def test_a_stack_is_its_matrices_one_by_one(monkeypatch):
    stack = np.stack([correlations(6, seed=s) for s in range(9)])
    apart = [lmg(subset_r2(one)) for one in stack]
    assert lmg_of(stack) == pytest.approx(np.array(apart), abs=1e-13)
    assert subset_r2(stack.reshape(3, 3, 7, 7)).shape == (3, 3, 64)
    monkeypatch.setattr(module, "_HELD", 128)
    assert lmg_of(stack) == pytest.approx(np.array(apart), abs=1e-13)


def test_blocks_enter_together_whatever_their_number():
    matrix = correlations(9)
    r2 = subset_r2(matrix, sizes=[2, 3, 4])
    assert r2[5] == pytest.approx(solved(matrix, [0, 1, 5, 6, 7, 8]), abs=1e-11)
    assert lmg_of(matrix, [2, 3, 4]).sum() == pytest.approx(r2[7], abs=1e-11)


def test_twenty_predictors_take_little_memory():
    matrix = correlations(20)
    tracemalloc.start()
    r2 = subset_r2(matrix)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # 2^20 numbers are 8.4 MB; 25 predictors are 32 times as much, and 4 GB are allowed
    assert peak < 32e6
    assert lmg(r2).sum() == pytest.approx(solved(matrix, list(range(20))), abs=1e-10)


def test_messages():
    with pytest.raises(ValueError, match="at most 25. Use Johnson's relative weights"):
        subset_r2(np.eye(27))
    with pytest.raises(ValueError, match="must be square"):
        lmg_of(np.ones((2, 3)))
    with pytest.raises(ValueError, match="sum to the 4 columns"):
        lmg_of(AZEN, sizes=[2, 1])
