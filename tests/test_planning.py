"""Planning: printed numbers, statsmodels, exact power and width by enumeration, edges, messages."""

import doctest

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import NormalIndPower

from cxstudy.measures import planning
from cxstudy.measures.comparing import compare_nps
from cxstudy.measures.nps import nps_from_counts
from cxstudy.measures.planning import answers_needed
from cxstudy.stats.differences import Centred, adjusted_net_share


def only(**asked):
    found = answers_needed(**asked)
    assert len(found) == 1
    return found.iloc[0]


def test_printed_numbers():
    """METHODS: ±10 points, variance .7 and worst case."""
    assert only(margin=10).n == 385
    found = only(margin=10, promoters=35, detractors=35)
    assert found.variance == pytest.approx(0.7) and found.n == 269


def test_columns():
    assert list(answers_needed(margin=5)) == [
        "n", "n_a", "n_b", "margin", "difference", "power", "variance", "design_effect", "population", "response_rate",
        "invitations", "confidence", "unit", "method", "reason",
    ]  # fmt: skip


@pytest.mark.parametrize("ratio", [0.5, 1, 3])
@pytest.mark.parametrize("power", [0.8, 0.95])
@pytest.mark.parametrize("difference", [5, 12, 40])
def test_two_groups_as_statsmodels(difference, power, ratio):
    found = only(difference=difference, promoters=45, detractors=20, power=power, ratio=ratio)
    effect = difference / 100 / np.sqrt(found.variance)
    expected = NormalIndPower().solve_power(effect, alpha=0.05, power=power, ratio=ratio)
    assert found.n_a == np.ceil(expected - 1e-6) and found.n_b == np.ceil(ratio * found.n_a - 1e-9)
    assert found.n == found.n_a + found.n_b


def test_the_wald_interval_of_so_many_answers_has_that_margin():
    for promoters, detractors in ((50, 25), (90, 5), (20, 60)):
        found = only(margin=6, promoters=promoters, detractors=detractors)
        for n, wide in ((found.n, False), (found.n - 1, True)):
            counts = {"promoters": n * promoters / 100, "detractors": n * detractors / 100}
            row = nps_from_counts(**counts, passives=n - sum(counts.values()), method="wald").iloc[0]
            assert ((row.ci_high - row.ci_low) / 2 > 6) == wide


def test_answers_turn_margin_and_difference_round():
    asked = {"promoters": 40, "detractors": 30, "design_effect": 1.4}
    assert only(margin=only(answers=321, **asked).margin, **asked).n == 321
    found = only(answers=321, ratio=2, power=0.9, **asked)
    assert only(difference=found.difference, ratio=2, power=0.9, **asked)[["n_a", "n_b"]].tolist() == [321, 642]
    of_200 = only(answers=200, population=900, **asked)
    assert only(margin=of_200.margin, population=900, **asked).n == 200


def test_a_whole_population_has_no_margin():
    assert only(answers=500, population=500).margin == 0
    assert only(margin=0.001, population=500).n == 500
    assert only(margin=10, population=10**9).n == 385 and only(margin=10, population=500).n < 385


def test_the_finite_population_margin_is_the_variance_of_drawing_without_replacement():
    """A population of 60 with 30, 18, 12 of the classes; 25 drawn: multivariate hypergeometric."""
    draws = np.random.default_rng(1).multivariate_hypergeometric([30, 18, 12], 25, size=200_000)
    spread = ((draws[:, 0] - draws[:, 2]) / 25 * 100).std()
    found = only(answers=25, population=60, promoters=50, detractors=20)
    assert found.margin / 1.959964 == pytest.approx(spread, rel=0.01)


def test_design_effect_multiplies_and_invitations_round_up():
    plain, designed = only(margin=10), only(margin=10, design_effect=2, response_rate=0.3)
    assert designed.n == 769 and designed.invitations == 2564 and np.isnan(plain.invitations)
    assert only(margin=10, response_rate=1).invitations == 385


def test_more_invitations_than_customers_is_said():
    found = only(margin=10, population=1000, response_rate=0.2)
    assert found.n == 278 and found.invitations == 1390
    assert found.reason == "278 answers at this response rate need 1,390 invitations; there are 1,000 customers"
    assert np.isnan(only(margin=10, population=2000, response_rate=0.2).reason)


def test_a_known_nps_bounds_the_spread():
    assert only(margin=10, nps=60).variance == pytest.approx(1 - 0.36)
    assert only(margin=10, nps=60).n == only(margin=10, promoters=80, detractors=20).n
    assert only(margin=10, nps=-60).n == only(margin=10, nps=60).n


def trinomials(n):
    first, second = (x.ravel() for x in np.meshgrid(range(n + 1), range(n + 1)))
    return np.column_stack([first, second, n - first - second])[first + second <= n]


def test_power_is_what_was_asked_for():
    """Exact: every pair of outcomes of the planned numbers, tested as compare_nps tests by default."""
    shares_a, shares_b = [0.35, 0.3, 0.35], [0.6, 0.2, 0.2]
    plan = only(difference=40, promoters=47.5, detractors=27.5)
    counts = trinomials(plan.n_a)
    sample = Centred(*adjusted_net_share(counts[:, 0] / plan.n_a, counts[:, 2] / plan.n_a, plan.n_a), np.inf)
    statistic = (sample.centre[None] - sample.centre[:, None]) / np.hypot(sample.error[None], sample.error[:, None])
    chance = [stats.multinomial.pmf(counts, plan.n_a, shares) for shares in (shares_a, shares_b)]
    power = chance[0] @ (np.abs(statistic) > 1.959964) @ chance[1]
    assert 0.77 < power < 0.83
    a, b = counts[len(counts) // 3], counts[len(counts) // 2]
    names = ("promoters", "passives", "detractors")
    row = compare_nps(*(dict(zip(names, c.tolist(), strict=True)) for c in (a, b))).iloc[0]
    assert row.statistic == pytest.approx(statistic[len(counts) // 3, len(counts) // 2])


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({}, "exactly one of margin, difference and answers is given; got none"),
        ({"margin": 5, "answers": 100}, "got margin and answers"),
        ({"margin": 0}, "margin must be a number above 0 and at most 100; got 0"),
        ({"margin": 101}, "at most 100; got 101"),
        ({"margin": "5"}, "margin must be a number"),
        ({"margin": np.nan}, "margin must be a number"),
        ({"difference": 250}, "at most 200; got 250"),
        ({"answers": 0}, "answers must be a whole number of at least 1"),
        ({"answers": 30, "population": 20}, "answers cannot exceed the population; got 30 of 20"),
        ({"difference": 5, "population": 500}, "population serves the margin of one NPS"),
        ({"difference": 5, "power": 80}, "power must be a number above 0 and at most 1; got 80"),
        ({"difference": 5, "power": 1}, "power must lie between 0.025 and 1; got 1. Write 0.8"),
        ({"difference": 5, "power": 0.02}, "power must lie between 0.025 and 1"),
        ({"difference": 5, "ratio": 0}, "ratio must be a number above 0"),
        ({"margin": 5, "design_effect": -1}, "design_effect must be a number above 0"),
        ({"margin": 5, "response_rate": 30}, "response_rate must be a number above 0 and at most 1; got 30"),
        ({"margin": 5, "confidence": 95}, "Write 0.95 for 95 %"),
        ({"margin": 5, "nps": 120}, "nps must be a number at least -100 and at most 100; got 120"),
        ({"margin": 5, "promoters": 50}, "promoters= and detractors= together"),
        ({"margin": 5, "promoters": 50, "detractors": 20, "nps": 30}, "Give one or the other"),
        ({"margin": 5, "promoters": 60, "detractors": 60}, "got 120 together"),
        ({"margin": 5, "nps": 100}, "answers must differ to be planned for"),
        ({"margin": 5, "promoters": 0, "detractors": 0}, "answers must differ to be planned for"),
    ],
)
def test_messages(asked, message):
    with pytest.raises(ValueError, match=message):
        answers_needed(**asked)


def test_examples():
    assert doctest.testmod(planning).failed == 0
