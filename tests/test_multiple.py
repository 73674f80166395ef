"""Adjusted p-values: those of R p.adjust, the rules they keep, missing tests, messages."""

import csv
import doctest
from pathlib import Path

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from cxstudy.stats import multiple
from cxstudy.stats.multiple import adjusted

REFERENCE = Path(__file__).parent / "reference" / "comparing_reference.csv"


def reference():
    with open(REFERENCE, encoding="utf-8", newline="") as file:
        return {row["id"]: float(row["value"]) for row in csv.DictReader(file)}


@pytest.mark.parametrize(("method", "name"), [("holm", "holm"), ("bh", "BH")])
def test_adjusted_as_r_p_adjust(method, name):
    expected = reference()
    raw = [expected[f"ozone {i} {j} p_value"] for i in range(5, 10) for j in range(i + 1, 10)]
    found = adjusted(raw, method)
    np.testing.assert_allclose(found, [expected[f"{name} {i}"] for i in range(1, 11)], rtol=1e-12)


def test_holm_rejects_step_by_step_and_bh_no_fewer():
    rng = np.random.default_rng(4)
    for _ in range(8):
        raw = rng.beta(0.3, 1, size=8)
        ranked, rejected = np.sort(raw), 0
        while rejected < 8 and ranked[rejected] <= 0.05 / (8 - rejected):
            rejected += 1
        assert (adjusted(raw) <= 0.05).sum() == rejected
        assert (adjusted(raw, "bh") <= adjusted(raw)).all() and (adjusted(raw) >= raw).all()


def test_a_test_that_could_not_be_made_is_not_counted():
    found = adjusted([0.01, np.nan, 0.03])
    np.testing.assert_allclose(found, [0.02, np.nan, 0.03])
    assert np.isnan(adjusted([np.nan], "bh")).all() and adjusted([]).size == 0


def test_none_leaves_them_and_the_input_is_not_changed():
    raw = np.array([0.02, 0.5])
    assert adjusted(raw, "none").tolist() == [0.02, 0.5]
    adjusted(raw, "holm")
    assert raw.tolist() == [0.02, 0.5]


def test_holm_keeps_the_family_wise_error():
    """2,000 families of ten true nulls: a false rejection in about 5 % of them (unadjusted: 40 %)."""
    rng = np.random.default_rng(5)
    families = sum((adjusted(rng.random(10)) < 0.05).any() for _ in range(2000))
    assert 70 <= families <= 130


def test_messages():
    with pytest.raises(ValueError, match="adjust must be one of holm, bh, none; got 'tukey'"):
        adjusted([0.5], "tukey")
    with pytest.raises(ValueError, match="p-values lie between 0 and 1"):
        adjusted([1.2])


def test_examples():
    assert doctest.testmod(multiple).failed == 0


@pytest.mark.parametrize(("method", "name"), [("holm", "holm"), ("bh", "fdr_bh")])
def test_adjusted_as_statsmodels(method, name):
    rng = np.random.default_rng(20)
    for size in (1, 2, 5, 40):
        raw = rng.uniform(size=size) ** 3
        raw[: size // 3] = raw[0]
        np.testing.assert_allclose(adjusted(raw, method), multipletests(raw, method=name)[1], atol=1e-15)
