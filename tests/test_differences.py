"""Differences of independent samples: printed and R numbers, test and interval agree, exact coverage."""

import doctest

import numpy as np
import pytest
from scipy import stats

from cxstudy.stats import differences
from cxstudy.stats.differences import (
    Centred,
    adjusted_net_share,
    adjusted_share,
    newcombe_interval,
    newcombe_p,
)
from cxstudy.stats.intervals import net_share_interval

INFINITE = np.full(1, np.inf)
# promoters, passives, detractors of populations, by NPS
POPULATIONS = [(0.5, 0, 0.5), (5 / 6, 1 / 12, 1 / 12), (0.25, 0.5, 0.25), (1 / 3, 1 / 3, 1 / 3), (0.5, 0.3, 0.2),
               (0.9, 0.08, 0.02)]  # fmt: skip


def sample(plus, minus, n):
    return Centred(*adjusted_net_share(np.atleast_1d(plus), np.atleast_1d(minus), n), INFINITE)


def trinomials(n):
    first, second = (x.ravel() for x in np.meshgrid(range(n + 1), range(n + 1)))
    return np.column_stack([first, second, n - first - second])[first + second <= n]


def test_the_adjusted_centre_and_error_are_those_of_the_interval_of_one_nps():
    for plus, minus, n in ((0.4, 0.3, 50), (0.7, 0.1, 7.5), (0.2, 0.2, 20)):
        low, high = sample(plus, minus, n).interval(0.9)
        expected = net_share_interval(plus, minus, n, confidence=0.9)
        assert (low[0], high[0]) == pytest.approx(tuple(map(float, expected)))


def test_agresti_and_caffo():
    """Their interval, 56/70 against 48/80, the printed case of Newcombe 1998: by the plain counts with one added."""
    a, b = ((x + 1) / (n + 2) for x, n in ((48, 80), (56, 70)))
    error = np.sqrt(a * (1 - a) / 82 + b * (1 - b) / 72)
    one, two = (Centred(*adjusted_share(np.array([x / n]), n), INFINITE) for x, n in ((48, 80), (56, 70)))
    low, high = two.minus(one).interval(0.95)
    assert (low[0], high[0]) == pytest.approx((b - a - 1.959964 * error, b - a + 1.959964 * error), abs=1e-6)


def test_without_clusters_degrees_are_infinite_and_with_few_they_are_welch():
    a, b = (Centred(np.zeros(1), np.array([e]), np.array([d])) for e, d in ((2.0, 9.0), (3.0, 4.0)))
    assert b.minus(a).df[0] == pytest.approx((4 + 9) ** 2 / (4**2 / 9 + 9**2 / 4))
    assert sample(0.4, 0.2, 30).minus(sample(0.3, 0.3, 40)).df[0] == np.inf
    assert np.isnan(b.minus(Centred(*np.full((3, 1), np.nan))).df[0])


def test_no_error_is_no_certainty():
    flat = Centred(np.ones(1), np.zeros(1), INFINITE)
    assert np.isnan(flat.interval(0.95)).all() and np.isnan(flat.test()).all()


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.999])
def test_interval_and_test_agree(confidence):
    rng = np.random.default_rng(1)
    shares = rng.dirichlet([1, 1, 1], size=(2, 400))
    sizes = rng.integers(5, 300, size=(2, 400))
    one, two = (
        Centred(*adjusted_net_share(s[:, 0], s[:, 2], n), np.full(400, df))
        for s, n, df in zip(shares, sizes, (np.inf, 8), strict=True)
    )
    estimates = [s[:, 0] - s[:, 2] for s in shares]
    low, high = two.minus(one).interval(confidence)
    assert (((low > 0) | (high < 0)) == (two.minus(one).test()[1] < 1 - confidence)).all()
    low, high = newcombe_interval(one, two, estimates, 1 - confidence)
    assert (((low > 0) | (high < 0)) == (newcombe_p(one, two, estimates) < 1 - confidence)).all()
    null = 0.3
    assert (((low > null) | (high < null)) == (newcombe_p(one, two, estimates, null) < 1 - confidence)).all()


def test_newcombe_is_symmetric_and_its_p_ends_the_interval_at_the_null():
    one, two, estimates = sample(0.4, 0.3, 50), sample(0.6, 0.2, 80), [np.array([0.1]), np.array([0.4])]
    p = newcombe_p(one, two, estimates)
    assert newcombe_interval(one, two, estimates, p)[0][0] == pytest.approx(0, abs=1e-12)
    low, high = newcombe_interval(one, two, estimates, 0.05)
    turned = newcombe_interval(two, one, estimates[::-1], 0.05)
    assert (turned[0][0], turned[1][0]) == pytest.approx((-high[0], -low[0]))
    assert newcombe_p(two, one, estimates[::-1])[0] == pytest.approx(p[0])
    assert newcombe_p(one, one, [estimates[0]] * 2)[0] == 1
    assert np.isnan(newcombe_p(one, one, [np.array([np.nan])] * 2)[0])


def test_newcombe_of_equal_widths_is_square_and_add():
    one, two, estimates = sample(0.4, 0.3, 50), sample(0.6, 0.2, 80), [np.array([0.1]), np.array([0.4])]
    (l1, u1), (l2, u2) = (net_share_interval(p, m, n) for p, m, n in ((0.4, 0.3, 50), (0.6, 0.2, 80)))
    low, high = newcombe_interval(one, two, estimates, 0.05)
    assert (0.3 - low[0]) ** 2 == pytest.approx((0.4 - l2) ** 2 + (u1 - 0.1) ** 2)
    assert (high[0] - 0.3) ** 2 == pytest.approx((u2 - 0.4) ** 2 + (0.1 - l1) ** 2)


def coverage(n_a, n_b):
    """Exact coverage of each method over all pairs of populations, by enumeration of both samples' outcomes."""
    found = {"adjusted-wald": [], "newcombe": [], "wald": []}
    outcomes = [trinomials(n) for n in (n_a, n_b)]
    shares = [o / n for o, n in zip(outcomes, (n_a, n_b), strict=True)]
    nets = [s[:, 0] - s[:, 2] for s in shares]
    plain = [np.sqrt((s[:, 0] + s[:, 2] - d**2) / n) for s, d, n in zip(shares, nets, (n_a, n_b), strict=True)]
    adjusted = [sample(s[:, 0], s[:, 2], n) for s, n in zip(shares, (n_a, n_b), strict=True)]
    down, across = (slice(None), None), (None, slice(None))
    difference = nets[1][across] - nets[0][down]
    half = 1.959964 * np.hypot(plain[0][down], plain[1][across])
    one, two = (Centred(s.centre[at], s.error[at], np.inf) for s, at in zip(adjusted, (down, across), strict=True))
    ends = {
        "wald": (difference - half, difference + half),
        "adjusted-wald": two.minus(one).interval(0.95),
        "newcombe": newcombe_interval(one, two, (nets[0][down], nets[1][across]), 0.05),
    }
    chances = [[stats.multinomial.pmf(o, n, p) for p in POPULATIONS] for o, n in zip(outcomes, (n_a, n_b), strict=True)]
    for method, (low, high) in ends.items():
        for i, p in enumerate(POPULATIONS):
            for j, q in enumerate(POPULATIONS):
                truth = q[0] - q[2] - (p[0] - p[2])
                inside = (low <= truth + 1e-9) & (truth - 1e-9 <= high)
                found[method].append(chances[0][i] @ inside @ chances[1][j])
    return {method: np.array(values) for method, values in found.items()}


@pytest.mark.parametrize(("n_a", "n_b"), [(20, 20), (20, 60)])
def test_exact_coverage_is_nearer_with_the_default(n_a, n_b):
    found = coverage(n_a, n_b)
    missed = {method: np.abs(values - 0.95).mean() for method, values in found.items()}
    assert missed["adjusted-wald"] < missed["newcombe"] < missed["wald"]
    assert found["adjusted-wald"].min() > 0.932
    assert found["wald"].min() < 0.92 and found["newcombe"].min() < 0.94


def test_type_one_error_of_the_default_at_equal_populations():
    """Exact, 30 answers each: between 1 and 6.5 %, lowest where nearly all are promoters."""
    counts = trinomials(30)
    one = sample(counts[:, 0] / 30, counts[:, 2] / 30, 30)
    statistic = (one.centre[None] - one.centre[:, None]) / np.hypot(one.error[None], one.error[:, None])
    rejected = np.abs(statistic) > 1.959964
    errors = [c @ rejected @ c for c in (stats.multinomial.pmf(counts, 30, p) for p in POPULATIONS)]
    assert max(errors) < 0.065 and min(errors) > 0.002 and errors[4] == pytest.approx(0.05, abs=0.006)


def test_examples():
    assert doctest.testmod(differences).failed == 0
