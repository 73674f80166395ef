"""Simultaneous intervals of shares: printed numbers, coverage, where the library fails, messages."""

import doctest

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cxstudy.stats import multinomial
from cxstudy.stats.intervals import share_interval
from cxstudy.stats.multinomial import multinomial_interval

COLUMNS = ["class", "count", "n", "estimate", "std_error", "ci_low", "ci_high"]
COLUMNS += ["confidence", "unit", "method", "reason"]
# METHODS, drivers
PRINTED = {
    "sison-glaz": [(0.18987, 0.41067), (0.05063, 0.27143), (0.45570, 0.67649)],
    "goodman": [(0.18628, 0.42426), (0.07917, 0.27171), (0.42386, 0.68236)],
}


@pytest.mark.parametrize("method", PRINTED)
def test_printed_numbers(method):
    found = multinomial_interval([23, 12, 44], method)
    np.testing.assert_allclose(found[["ci_low", "ci_high"]] / 100, PRINTED[method], atol=5.01e-6)
    assert list(found) == COLUMNS and found["class"].tolist() == [1, 2, 3] and found.n.tolist() == [79] * 3
    np.testing.assert_allclose(found.estimate, [2300 / 79, 1200 / 79, 4400 / 79], rtol=1e-14)


def test_goodman_is_wilson_with_the_level_shared_out():
    counts = np.array([40, 0, 7, 13])
    found = multinomial_interval(counts, confidence=0.9)
    low, high = share_interval(counts / 60, 60, confidence=1 - 0.1 / 4)
    np.testing.assert_allclose(found[["ci_low", "ci_high"]], 100 * np.column_stack([low, high]), atol=1e-12)


def test_classes_keep_their_names_and_order():
    mapping = multinomial_interval({"price": 30, "people": 50, "speed": 20})
    assert mapping["class"].tolist() == ["price", "people", "speed"] and mapping["count"].tolist() == [30, 50, 20]
    series = multinomial_interval(pd.Series([30, 50, 20], index=["price", "people", "speed"]))
    pd.testing.assert_frame_equal(mapping, series)
    turned = multinomial_interval({"speed": 20, "people": 50, "price": 30})
    pd.testing.assert_frame_equal(*(f.sort_values("class", ignore_index=True) for f in (mapping, turned)))


@pytest.mark.parametrize("method", PRINTED)
def test_intervals_lie_on_the_scale_around_the_share_and_widen_with_confidence(method):
    rng = np.random.default_rng(1)
    for _ in range(12):
        counts = rng.multinomial(rng.integers(20, 200), rng.dirichlet(np.full(rng.integers(3, 8), 2)))
        narrow, wide = (multinomial_interval(counts, method, confidence=c) for c in (0.8, 0.95))
        assert narrow.reason.isna().all() and wide.reason.isna().all()
        assert (wide.ci_low >= 0).all() and (wide.ci_high <= 100).all()
        assert ((wide.ci_low <= wide.estimate) & (wide.estimate <= wide.ci_high)).all()
        assert (wide.ci_high - wide.ci_low >= narrow.ci_high - narrow.ci_low - 1e-12).all()


def test_conditions_of_the_approximation_are_said():
    assert multinomial_interval([23, 12, 44]).method[0] == "goodman"
    assert multinomial_interval([23, 4, 44]).method[0] == "goodman, approximate"
    assert multinomial_interval([23, 12, 44], "sison-glaz").method[0] == "sison-glaz, approximate"
    assert multinomial_interval([9] * 7, "sison-glaz").method[0] == "sison-glaz"


def test_an_empty_class_has_an_interval():
    found = multinomial_interval([0, 10, 10])
    assert found.estimate[0] == 0 and found.ci_low[0] == 0 and 10 < found.ci_high[0] < 40


def test_where_sison_glaz_would_claim_certainty_it_has_no_interval():
    one_class = multinomial_interval([10, 0, 0], "sison-glaz")
    assert one_class.ci_low.isna().all() and one_class.reason.str.contains("all answers fall in one class").all()
    # the library answers 40,000 : 40,000 with intervals of no width
    many = multinomial_interval([40_000, 40_000], "sison-glaz")
    assert many.ci_high.isna().all() and many.reason.str.contains("goodman can").all() and many.estimate[0] == 50
    far = multinomial_interval([68, 10], "sison-glaz", confidence=0.999)
    assert far.ci_low.isna().all() and far.reason.str.contains("no usable interval").all()
    assert multinomial_interval([4_000_000, 6_000_000]).ci_high[0] == pytest.approx(40.0347, abs=1e-4)


def test_all_goodman_intervals_hold_together():
    """Exact: every outcome of 40 answers in three classes."""
    first, second = (x.ravel() for x in np.meshgrid(range(41), range(41)))
    counts = np.column_stack([first, second, 40 - first - second])[first + second <= 40]
    low, high = share_interval(counts / 40, 40, confidence=1 - 0.05 / 3)
    some = np.random.default_rng(2).choice(len(counts), 30, replace=False)
    for i in some:
        found = multinomial_interval(counts[i])
        np.testing.assert_allclose(found[["ci_low", "ci_high"]].to_numpy().T / 100, [low[i], high[i]], atol=1e-12)
    for shares in ([0.5, 0.3, 0.2], [1 / 3] * 3, [0.8, 0.1, 0.1]):
        inside = ((low <= shares) & (np.array(shares) <= high)).all(axis=1)
        assert 0.94 < stats.multinomial.pmf(counts, 40, shares) @ inside < 0.99


def test_sison_glaz_intervals_hold_together():
    """50 samples of 120 answers in eight classes; this small version only detects breakage."""
    shares = np.array([0.2, 0.18, 0.15, 0.13, 0.1, 0.1, 0.08, 0.06])
    inside = 0
    for counts in np.random.default_rng(3).multinomial(120, shares, size=50):
        found = multinomial_interval(counts, "sison-glaz")
        inside += ((found.ci_low <= 100 * shares) & (100 * shares <= found.ci_high)).all()
    assert 0.86 * 50 <= inside < 50


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ([5], "at least two classes; got 1"),
        (7, "at least two classes; got 0"),
        ([3, -1], "whole numbers of at least 0; got 2: -1"),
        ({"a": 0.4, "b": 0.6}, "got a: 0.4, b: 0.6. Give numbers, not shares"),
        ([3, None], "got 2: None"),
        ([3, np.inf], "got 2: inf"),
        ([3, "many"], "got 2: 'many'"),
        ([0, 0], "at least one answer; all are 0"),
        (pd.Series([1, 2], index=["a", "a"]), "each class is named once; got a again"),
    ],
)
def test_messages(counts, message):
    with pytest.raises(ValueError, match=message):
        multinomial_interval(counts)


def test_messages_of_method_and_confidence():
    with pytest.raises(ValueError, match="method must be one of goodman, sison-glaz; got 'wald'"):
        multinomial_interval([1, 2], "wald")
    with pytest.raises(ValueError, match=r"Write 0.95 for 95 %"):
        multinomial_interval([1, 2], confidence=95)


def test_examples():
    assert doctest.testmod(multinomial).failed == 0
