"""Dilution of R² by sampling error: simulated studies whose truth is known, identities, messages."""

import doctest

import numpy as np
import pytest

from cxstudy.faults import NotTestable
from cxstudy.stats import dilution
from cxstudy.stats.dilution import correct_r2, expected_r2, reliability, simex


def study(rng, units, true_r2, answers):
    """True scores of variance 1 with an outcome they explain ``true_r2`` of; error variance 20/answers, by unit."""
    true = rng.normal(size=units)
    outcome = true * np.sqrt(true_r2) + rng.normal(size=units) * np.sqrt(1 - true_r2)
    std_errors = np.sqrt(20 / rng.integers(answers // 2, answers * 3 // 2 + 1, size=units))
    return true + rng.normal(size=units) * std_errors, std_errors, outcome


def r2_of(x, y):
    return np.corrcoef(x, y)[0, 1] ** 2


@pytest.mark.parametrize("answers", [10, 30, 100, 300])
def test_observed_r2_is_diluted_as_expected_and_corrected_back(answers):
    scores, std_errors, outcome = study(np.random.default_rng(answers), 200_000, 0.2, answers)
    observed = r2_of(scores, outcome)
    assert observed == pytest.approx(expected_r2(0.2, 1.0, std_errors**2), abs=0.005)
    assert correct_r2(observed, reliability(scores, std_errors)).estimate[0] == pytest.approx(0.2, abs=0.015)


def test_twenty_per_cent_between_true_values_shows_as_136():
    assert expected_r2(0.20, 0.68, [0.32]) == pytest.approx(0.136, abs=1e-12)
    assert correct_r2(0.136, 0.68).estimate[0] == pytest.approx(0.20, abs=1e-12)


def test_no_error_changes_nothing_and_more_answers_dilute_less():
    assert expected_r2(0.3, 2.0, [0.0, 0.0]) == 0.3
    assert reliability([1.0, 2.0, 4.0], [0.0, 0.0, 0.0]) == 1
    shown = [expected_r2(0.2, 1.0, [20 / n]) for n in (10, 30, 100, 300)]
    assert shown == sorted(shown)


def test_correction_stops_at_one_and_says_so():
    table = correct_r2([0.1, 0.5, 0.9], 0.5)
    assert table.estimate.tolist() == pytest.approx([0.2, 1.0, 1.0])
    assert table.capped.tolist() == [False, False, True]


def test_simex_goes_from_the_observed_towards_the_truth():
    rng = np.random.default_rng(9)
    scores, std_errors, outcome = study(rng, 4000, 0.2, 80)
    curve = simex(scores, std_errors, outcome, rng, replicates=40)
    observed, extrapolated = curve.r2.iloc[0], curve.r2.iloc[-1]
    assert observed == pytest.approx(r2_of(scores, outcome), abs=1e-12)
    assert curve.slope.iloc[0] == pytest.approx(np.polyfit(scores, outcome, 1)[0], abs=1e-12)
    assert np.all(np.diff(curve.r2.iloc[:-1]) < 0)
    truth = correct_r2(observed, reliability(scores, std_errors)).estimate[0]
    assert observed < extrapolated < truth + 0.005
    assert truth - extrapolated < (truth - observed) / 3
    assert (curve.extra_error.iloc[-1], curve.capped.iloc[-1]) == (-1, False)


def test_simex_without_error_is_the_observed_and_repeats_with_its_seed():
    x, y = np.random.default_rng(1).normal(size=(2, 30))
    still = simex(x, np.zeros(30), y, np.random.default_rng(2), replicates=5)
    assert still.r2.tolist() == pytest.approx([r2_of(x, y)] * 6, abs=1e-10)
    one, two = (simex(x, np.full(30, 0.5), y, np.random.default_rng(2), replicates=5) for _ in range(2))
    assert one.equals(two)


def test_simex_past_one_is_capped():
    x = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    curve = simex(x, np.full(6, 0.8), x, np.random.default_rng(3), replicates=200)
    assert curve.r2.iloc[-1] <= 1
    assert curve.capped.iloc[-1]


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: reliability([1.0, 2.0, 3.0], [2.0, 2.0, 2.0]), NotTestable, "doesn't exceed their sampling variance"),
        (lambda: reliability([1.0, 1.0, 1.0], [0.0, 0.0, 0.0]), NotTestable, "more answers"),
        (lambda: reliability([1.0, 2.0], [0.1, 0.1]), ValueError, "of one length ≥ 3"),
        (lambda: reliability([1.0, 2.0, np.nan], [0.1] * 3), ValueError, "Leave those units out"),
        (lambda: reliability([1.0, 2.0, 4.0], [0.1, -0.1, 0.1]), ValueError, "at least 0"),
        (lambda: correct_r2(0.2, 0.0), ValueError, "reliability must lie"),
        (lambda: correct_r2(20, 0.5), ValueError, "Write 0.2 for 20 %"),
        (lambda: expected_r2(20, 1.0, [0.1]), ValueError, "Write 0.2 for 20 %"),
        (lambda: expected_r2(0.2, 0.0, [0.1]), ValueError, "between_variance must be above 0"),
        (lambda: expected_r2(0.2, 1.0, [-0.1]), ValueError, "squared standard errors"),
        (lambda: simex([1, 2, 3, 4], [0.1] * 4, [1, 1, 1, 1], np.random.default_rng(1)), NotTestable, "all outcome"),
        (lambda: simex([1, 2, 3], [0.1] * 3, [1, 2, 4], np.random.default_rng(1)), ValueError, "≥ 4; got 3 and 3"),
        (
            lambda: simex([1, 2, 3, 4], [0.1] * 4, [1, 2, 4, 3], np.random.default_rng(1), extra_error=(0, 1)),
            ValueError, "rise from 0 in at least 3 steps",
        ),
    ],
)
def test_what_cannot_be_corrected_is_refused_with_its_remedy(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def test_the_examples_in_the_docstrings():
    assert doctest.testmod(dilution).failed == 0
