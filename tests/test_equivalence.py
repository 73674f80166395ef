"""Two one-sided tests: R's t.test, the interval they stand for, edges, messages."""

import csv
import doctest
from pathlib import Path

import numpy as np
import pytest

from cxstudy.stats import equivalence
from cxstudy.stats.equivalence import tost
from cxstudy.stats.intervals import mean_interval

REFERENCE = Path(__file__).parent / "reference" / "comparing_reference.csv"


@pytest.mark.parametrize("pair", ["5 9", "5 7"])
def test_as_two_one_sided_t_tests_of_r(pair):
    with open(REFERENCE, encoding="utf-8", newline="") as file:
        r = {row["id"]: float(row["value"]) for row in csv.DictReader(file)}
    p, equivalent = tost(*(r[f"ozone {pair} {part}"] for part in ("estimate", "std_error")), 20, r[f"ozone {pair} df"])
    assert p == pytest.approx(r[f"tost ozone {pair}"], rel=1e-10)
    assert equivalent == (r[f"tost ozone {pair}"] < 0.05)


def test_equivalent_is_the_interval_of_1_minus_2_level_within_the_margin():
    rng = np.random.default_rng(6)
    estimate, error = rng.normal(0, 4, 500), rng.uniform(0.5, 4, 500)
    low, high = mean_interval(estimate, error, 12, confidence=0.9)
    _, equivalent = tost(estimate, error, 5, 12)
    assert (equivalent == ((low > -5) & (high < 5))).all() and 0 < equivalent.sum() < 500


def test_a_difference_outside_the_margin_has_a_p_above_one_half():
    assert tost(6.0, 1.0, 5)[0] > 0.5 and tost(-6.0, 1.0, 5)[0] == tost(6.0, 1.0, 5)[0]


def test_a_wrong_claim_of_equivalence_is_rare():
    """20,000 differences whose truth is the margin: equivalent in at most about 5 %."""
    draws = np.random.default_rng(7).normal(5, 2, 20_000)
    assert 0.045 < tost(draws, 2.0, 5)[1].mean() < 0.055


@pytest.mark.parametrize("error", [0.0, np.nan])
def test_no_spread_is_no_proof(error):
    p, equivalent = tost(0.0, error, 5)
    assert np.isnan(p) and not equivalent


@pytest.mark.parametrize("margin", [0, -5, np.nan, np.inf, True, "5", None])
def test_the_margin_is_above_zero(margin):
    with pytest.raises(ValueError, match="margin must be a number above 0.*largest difference that does not matter"):
        tost(0.0, 1.0, margin)


def test_examples():
    assert doctest.testmod(equivalence).failed == 0
