"""Correlations of data and resamples: R by pairs and by likelihood, psych's polyserial, resamples as rows repeated."""

import csv
import doctest
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxstudy.faults import NotTestable
from cxstudy.stats import rank_sets as ranks
from cxstudy.stats.em_correlation import Likelihood
from cxstudy.stats.polyserial import Polyserial
from cxstudy.stats.resampled_correlation import (
    Complete,
    Pairwise,
    by_unit,
    possible,
    random_groups,
    resampled,
    standardised,
    whole_of,
)

REFERENCE = Path(__file__).parent / "reference"
AIR = pd.read_csv(REFERENCE / "airquality.csv")[["Solar.R", "Wind", "Temp", "Ozone"]]
SWISS = pd.read_csv(REFERENCE / "swiss.csv")


def reference(what):
    with open(REFERENCE / "importance2_reference.csv", encoding="utf-8", newline="") as file:
        return {row["name"]: float(row["value"]) for row in csv.DictReader(file) if row["what"] == what}


def upper(matrix):
    return [matrix[i, j] for i in range(3) for j in range(i + 1, 4)]


def ones(data):
    return np.ones(len(data))


def test_examples():
    assert doctest.testmod(ranks, extraglobs={"np": np}).failed == 0


@pytest.mark.parametrize(("what", "machine", "within"), [
    ("pairwise", Pairwise, 1e-11),
    ("em", Likelihood, 2e-9),
    ("lavCor", Likelihood, 1e-8),
])  # fmt: skip
def test_incomplete_answers_as_r_has_them(what, machine, within):
    wanted = reference(what)
    names = [f"{a} {b}" for i, a in enumerate(AIR) for b in list(AIR)[i + 1 :]]
    found = whole_of(machine(standardised(AIR.to_numpy()), ones(AIR)), len(AIR))
    assert upper(found) == pytest.approx([wanted[n] for n in names], abs=within)


@pytest.mark.parametrize("machine", [Complete, Pairwise, Likelihood])
def test_without_gaps_all_are_pearson_s(machine):
    values = SWISS.to_numpy(float)
    found = whole_of(machine(standardised(values), ones(SWISS)), len(SWISS))
    assert found == pytest.approx(np.corrcoef(values.T), abs=1e-12)


@pytest.mark.parametrize(("machine", "within"), [(Complete, 1e-11), (Pairwise, 1e-11), (Likelihood, 1e-5)])
def test_a_resample_is_the_rows_it_draws(machine, within):
    data = AIR.dropna() if machine is Complete else AIR
    values, codes = standardised(data.to_numpy()), np.arange(len(data)) % 12
    times = np.random.default_rng(3).multinomial(12, np.full(12, 1 / 12), size=3)
    found = machine(values, ones(data), codes, 12).of(times.astype(float))
    for row, matrix in zip(times, found, strict=True):
        again = np.repeat(values, row[codes], axis=0)
        assert matrix == pytest.approx(whole_of(machine(again, np.ones(len(again))), len(again)), abs=within)


@pytest.mark.parametrize("machine", [Pairwise, Likelihood])
def test_weights_are_rows_repeated(machine):
    values, weight = standardised(AIR.to_numpy()), 1 + np.arange(len(AIR)) % 3
    again = np.repeat(values, weight, axis=0)
    found = whole_of(machine(values, weight.astype(float)), len(values))
    assert found == pytest.approx(whole_of(machine(again, np.ones(len(again))), len(again)), abs=1e-7)


def test_likelihood_recovers_what_pairs_and_complete_rows_miss():
    # answers to b are missing where a is low: pairs then see a and b less correlated than they are
    rng = np.random.default_rng(5)
    a = rng.normal(size=4000)
    b = 0.8 * a + 0.6 * rng.normal(size=4000)
    c = 0.6 * a + 0.8 * rng.normal(size=4000)
    values = np.column_stack([a, np.where(a < 0.5, np.nan, b), c])
    found = {m: whole_of(m(standardised(values), ones(values)), 4000)[0, 1] for m in (Pairwise, Likelihood)}
    assert found[Likelihood] == pytest.approx(0.8, abs=0.03) and found[Pairwise] < 0.7


def test_polyserial_as_psych_has_it():
    wanted = reference("polyserial")
    level = pd.cut(SWISS["Fertility"], [0, 60, 70, 80, 100], labels=False).to_numpy(float)
    values = np.column_stack([SWISS[list(wanted)], level])
    machine = Polyserial(Complete(standardised(values), ones(SWISS)), level, ones(SWISS))
    assert whole_of(machine, len(SWISS))[-1, :-1] == pytest.approx(list(wanted.values()), abs=1e-10)


def test_polyserial_recovers_the_latent_correlation_and_ignores_spacing():
    rng = np.random.default_rng(2)
    x = rng.normal(size=20_000)
    latent = 0.6 * x + 0.8 * rng.normal(size=20_000)
    level = np.searchsorted([-1, 0.2, 0.4, 2], latent).astype(float)
    machine = Complete(standardised(np.column_stack([x, level])), ones(x))
    assert whole_of(machine, 20_000)[0, 1] < 0.57
    assert whole_of(Polyserial(machine, level, ones(x)), 20_000)[0, 1] == pytest.approx(0.6, abs=0.015)


def test_random_groups_are_even_and_give_the_standard_errors_of_single_answers():
    rng = np.random.default_rng(1)
    assert np.bincount(random_groups(rng, 1003, 100)).tolist().count(10) == 97
    x = rng.normal(size=(6000, 3)) @ np.array([[1, 0.5, 0.3], [0, 1, 0.4], [0, 0, 1]])
    values, codes = standardised(x), random_groups(rng, 6000, 500)
    single = resampled(Complete(values, ones(x)), 6000, 1500, rng).std(axis=0)
    grouped = resampled(Complete(values, ones(x), codes, 500), 500, 1500, rng).std(axis=0)
    # a standard deviation of 1,500 replicates is known to 1.8 %, one from 500 groups to 3.2 %
    assert grouped[0, 1:] / single[0, 1:] == pytest.approx([1, 1], abs=0.11)


def test_sums_by_unit_keep_units_without_rows():
    assert by_unit(np.array([[1.0], [2], [4]]), np.array([2, 0, 2]), 4).ravel().tolist() == [2, 0, 5, 0]


def test_a_column_that_vanishes_in_a_resample_is_uncorrelated_and_an_outcome_gives_nothing():
    values = np.array([[0.0, 1, 5], [0, 3, 4], [1, 2, 6], [0, 5, 4.5]])
    machine = Complete(standardised(values), np.ones(4))
    without, last = machine.of(np.array([[1.0, 1, 0, 1], [0, 0, 0, 4]]))
    assert without[0, 1] == without[0, 2] == 0
    assert without[1, 2] == pytest.approx(np.corrcoef([1, 3, 5], [5, 4, 4.5])[0, 1])
    assert np.isnan(last).all() and possible(np.stack([without, last])).tolist() == [True, False]


def test_pairs_that_do_not_fit_together_are_told():
    gap, x = np.nan, np.arange(6.0)
    values = np.column_stack([
        np.r_[x, x, [gap] * 6], np.r_[x, [gap] * 6, x], np.r_[[gap] * 6, x, -x],
    ])  # fmt: skip
    found = whole_of(Pairwise(standardised(values), np.ones(18)), 18)
    assert found[np.triu_indices(3, 1)] == pytest.approx([1, 1, -1]) and not possible(found[None])[0]


def test_likelihood_of_columns_never_answered_together_is_refused():
    x = np.random.default_rng(1).normal(size=(40, 2))
    with pytest.raises(NotTestable, match="must settle"):
        Likelihood(standardised(np.column_stack([x, x[:, 0]])), np.ones(40))


def test_rank_sets_hold_true_ranks_together():
    rng, truth, held = np.random.default_rng(9), np.array([3.0, 3, 2.6, 1]), 0
    lowest, highest = np.array([1, 1, 3, 4]), np.array([2, 2, 3, 4])
    for _ in range(300):
        estimate = truth + 0.3 * rng.normal(size=4)
        found = ranks.rank_sets(estimate, estimate + 0.3 * rng.normal(size=(400, 4)), 0.95)
        held += bool((found["rank_low"] <= lowest).all() and (found["rank_high"] >= highest).all())
    # at least 95 % hold; a binomial of 300 stays above 272 with 99.9 %
    assert held > 272


def test_pairs():
    drawn = np.array([[2.0, 1, 1], [2, 3, 3], [4, 1, 1], [5, 1, 1]])
    pairs = ranks.pairs_greater(["a", "b", "c"], [3.0, 1, 1], drawn, 0.95)
    assert pairs[["driver_a", "driver_b", "estimate", "p_greater"]].to_numpy().tolist() == [
        ["a", "b", 2, 0.75], ["a", "c", 2, 0.75], ["b", "c", 0, 0.5],
    ]  # fmt: skip
    assert ranks.pairs_greater(["a", "b"], [3.0, 1], None, 0.95)["p_greater"].isna().all()
