"""Alpha and omega: R psych and lavaan, pingouin, identities, coverage of Feldt's interval, edges and messages."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pingouin
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxstudy.faults import DataError, NotTestable
from cxstudy.measures.reliability import alpha, omega
from cxstudy.stats import reliability
from cxstudy.study import open_study

REFERENCE = Path(__file__).parent / "reference"
SAMPLE = Path(__file__).parents[1] / "data" / "sample"
COLUMNS = ["items", "n", "n_missing", "estimate", "std_error", "ci_low", "ci_high", "standardised", "lowest_item_rest"]
COLUMNS += ["confidence", "unit", "method", "reason"]


@pytest.fixture(scope="module")
def expected():
    with open(REFERENCE / "measures_expected.csv", encoding="utf-8", newline="") as file:
        return {row["id"]: {k: float(row[k]) for k in ("estimate", "std_error", "low", "high") if row[k] != "NA"}
                for row in csv.DictReader(file)}  # fmt: skip


@pytest.fixture(scope="module")
def attitude():
    return pd.read_csv(REFERENCE / "measures_attitude.csv")


def only(frame):
    assert len(frame) == 1
    return frame.iloc[0]


def one_factor(rng, loadings, n, size=1.0):
    factor = rng.normal(size=(n, 1))
    items = size * (factor * loadings + rng.normal(size=(n, len(loadings))) * np.sqrt(1 - np.square(loadings)))
    return pd.DataFrame(items, columns=[f"q{i}" for i in range(len(loadings))])


def test_alpha_is_that_of_psych_and_pingouin(attitude, expected):
    found, reference = only(alpha(attitude, list(attitude))), expected["alpha attitude"]
    assert list(found.index) == COLUMNS
    assert found.estimate == pytest.approx(reference["estimate"], rel=1e-10)
    np.testing.assert_allclose((found.ci_low, found.ci_high), (reference["low"], reference["high"]), rtol=1e-9)
    assert found.standardised == pytest.approx(expected["standardised alpha attitude"]["estimate"], rel=1e-10)
    lowest = expected["lowest item-rest correlation attitude"]["estimate"]
    assert found.lowest_item_rest == pytest.approx(lowest, rel=1e-10)
    theirs, ends = pingouin.cronbach_alpha(attitude, ci=0.9)
    ours = only(alpha(attitude, list(attitude), confidence=0.9))
    assert ours.estimate == pytest.approx(theirs, rel=1e-10)
    np.testing.assert_allclose((ours.ci_low, ours.ci_high), ends, atol=5.1e-4)  # pingouin rounds to three places


@pytest.mark.parametrize("k", [5, 7])
def test_omega_is_that_of_lavaan(attitude, expected, k):
    found, reference = only(omega(attitude, list(attitude)[:k])), expected[f"omega attitude {k}"]
    # lavaan's own search ends some 1e-7 from the maximum
    names = ["estimate", "std_error", "ci_low", "ci_high"]
    np.testing.assert_allclose(found[names].astype(float), list(reference.values()), atol=5e-7)
    assert found.method == "ML"


def test_a_heywood_case_has_no_omega_and_names_the_item(attitude):
    found = only(omega(attitude, ["rating", "complaints", "privileges"]))
    assert np.isnan(found.estimate) and np.isnan(found.ci_low)
    assert "leaves complaints without any error variance (a Heywood case)" in found.reason
    assert only(alpha(attitude, ["rating", "complaints", "privileges"])).estimate > 0


def test_equal_loadings_make_alpha_and_omega_one():
    covariance = np.full((5, 5), 0.36) + np.diag(np.full(5, 0.64))
    exact = 5 * 0.36 / (1 + 4 * 0.36)
    assert reliability.cronbach(covariance, 100).estimate == pytest.approx(exact, rel=1e-12)
    assert reliability.mcdonald(covariance, 100).estimate == pytest.approx(exact, abs=1e-7)
    assert reliability.standardised(covariance * 4) == pytest.approx(exact, rel=1e-12)


def test_three_items_have_their_loadings_in_closed_form():
    r12, r13, r23 = 0.42, 0.48, 0.56
    correlation = np.array([[1, r12, r13], [r12, 1, r23], [r13, r23, 1]])
    loading = np.sqrt([r12 * r13 / r23, r12 * r23 / r13, r13 * r23 / r12])
    exact = loading.sum() ** 2 / (loading.sum() ** 2 + (1 - loading**2).sum())
    assert reliability.mcdonald(correlation, 500).estimate == pytest.approx(exact, abs=1e-7)


def test_unequal_loadings_keep_alpha_below_omega():
    loading = np.array([0.9, 0.3, 0.8, 0.4])
    covariance = np.outer(loading, loading) + np.diag(1 - loading**2)
    found = reliability.mcdonald(covariance, 1000)
    assert found.estimate == pytest.approx(2.4**2 / (2.4**2 + (1 - loading**2).sum()), abs=1e-7)
    assert reliability.cronbach(covariance, 1000).estimate < found.estimate - 0.01


def test_alpha_is_the_mean_of_all_split_halves():
    frame = one_factor(np.random.default_rng(1), [0.7, 0.5, 0.8, 0.6], 200)
    halves = []
    for pair in ([0, 1], [0, 2], [0, 3]):
        first = frame.iloc[:, pair].sum(axis=1)
        second = frame.drop(columns=frame.columns[pair]).sum(axis=1)
        halves.append(4 * first.cov(second) / frame.sum(axis=1).var())
    assert reliability.cronbach(frame.cov(), 200).estimate == pytest.approx(np.mean(halves), rel=1e-12)


def test_item_rest_is_the_correlation_with_the_other_items(attitude):
    by_hand = [attitude[c].corr(attitude.drop(columns=c).sum(axis=1)) for c in attitude]
    np.testing.assert_allclose(reliability.item_rest(attitude.cov()), by_hand, rtol=1e-12)


def test_groups_missing_answers_and_scales():
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(rng.integers(1, 6, (90, 3)), columns=list("abc")).astype(float)
    frame["b"] = np.clip(frame.a + rng.integers(-1, 2, 90), 1, 5)
    frame["c"] = 6 - np.clip(frame.a + rng.integers(-1, 2, 90), 1, 5)
    frame.loc[:4, "a"] = np.nan
    frame["shop"] = np.repeat(["x", "y", "z"], [40, 48, 2])
    found = alpha(frame, list("abc"), by="shop", scale={"c": (1, 5, "low")}).set_index("shop")
    assert found.n.tolist() == [35, 48, 2] and found.n_missing.tolist() == [5, 0, 0]
    turned = frame.assign(c=6 - frame.c)
    for shop in "xy":
        own = turned[turned.shop == shop].dropna()[list("abc")]
        assert found.estimate[shop] == pytest.approx(pingouin.cronbach_alpha(own)[0], rel=1e-10)
    assert "at least 3 persons" in found.reason["z"] and np.isnan(found.estimate["z"])
    # left as it is, the turned item runs against the others and is seen
    assert only(alpha(frame, list("abc"))).lowest_item_rest < 0
    assert "c runs against the others" in only(omega(frame, list("abc"))).reason


def test_a_study_turns_its_items_round():
    study = open_study(SAMPLE)
    frame = study.customers.frame()[["satisfaction", "effort", "ease"]].dropna()
    by_hand = pingouin.cronbach_alpha(frame.assign(effort=-frame.effort))[0]
    for data in (study, study.customers):
        found = only(alpha(data, list(frame)))
        assert found.estimate == pytest.approx(by_hand, rel=1e-10) and found.lowest_item_rest > 0
    employees = only(omega(study, ["good_company", "trust", "thriving"], table="employees"))
    assert 0.5 < employees.estimate < 1 and employees.n + employees.n_missing == study.employees.n


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 50))
def test_units_do_not_matter_and_intervals_widen_with_confidence(seed, size):
    frame = one_factor(np.random.default_rng(seed), [0.7, 0.6, 0.8, 0.5], 150)
    for measure in (reliability.cronbach, reliability.mcdonald):
        one, other = measure(frame.cov(), 150), measure((size * frame).cov(), 150)
        assert one.estimate == pytest.approx(other.estimate, abs=1e-6)
        wide = measure(frame.cov(), 150, confidence=0.99)
        assert wide.ci_low < one.ci_low < one.estimate < one.ci_high <= wide.ci_high <= 1


def test_simulated_coverage():
    rng, loading = np.random.default_rng(8), np.array([0.7, 0.7, 0.7, 0.7])
    true = 4 * 0.49 / (1 + 3 * 0.49)
    held = np.zeros(2)
    for _ in range(150):
        covariance = one_factor(rng, loading, 120).cov()
        for i, measure in enumerate((reliability.cronbach, reliability.mcdonald)):
            found = measure(covariance, 120)
            held[i] += found.ci_low <= true <= found.ci_high
    assert (held / 150 >= 0.9).all() and (held / 150 <= 0.99).all()


def test_arguments_are_answered_with_a_remedy():
    frame = pd.DataFrame({"a": [1, 2, 3, 4], "b": [2, 2, 4, 5], "c": [3, 3, 3, 3], "satisfaction": [5, 99, 4, 3]})
    for call, message in [
        (lambda: alpha(frame, "a"), "items names at least 2 different questions; got a"),
        (lambda: alpha(frame, ["a", "a"]), "at least 2 different questions"),
        (lambda: omega(frame, ["a", "b"]), "at least 3 different questions; got a, b"),
        (lambda: alpha(frame, ["a", "d"]), "no column 'd'"),
        (lambda: alpha(frame, ["a", "b"], confidence=95), r"Write 0\.95"),
        (lambda: alpha(frame, ["a", "b"], by="items"), "the result has a column items of its own"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
    with pytest.raises(DataError, match="satisfaction must hold whole numbers from 1 to 5"):
        alpha(frame, ["a", "satisfaction"])
    assert only(alpha(frame, ["a", "c"])).reason == "each item must vary; c does not. Leave it out."
    with pytest.raises(NotTestable, match="at least 3 items; got 2"):
        reliability.mcdonald(np.eye(2), 50)
    with pytest.raises(NotTestable, match="item 2 does not"):
        reliability.cronbach(np.diag([1.0, 0.0, 1.0]), 50)
