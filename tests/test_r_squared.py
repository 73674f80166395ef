"""R² intervals: published limits, routes that share no formula, coverage, and the messages."""

import doctest

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import integrate, special, stats

from cxstudy.faults import NotTestable
from cxstudy.stats import r_squared
from cxstudy.stats.r_squared import adjusted, r_squared_cdf, r_squared_interval


def limits(*arguments, **settings):
    return r_squared_interval(*arguments, **settings).loc[0, ["ci_low", "ci_high"]].astype(float).to_numpy()


@pytest.mark.parametrize(
    ("r2", "n", "p", "method", "low", "high", "tolerance"),
    [
        # R MBESS, ci.R2(R2=, N=, p=, Random.Predictors=FALSE / TRUE)
        (0.25, 100, 5, "fixed", 0.0808158, 0.3536784, 5e-8),
        (0.25, 100, 5, "random", 0.08008, 0.3721, 2e-4),
        (0.20, 250, 1, "fixed", 0.1182, 0.2835, 5e-5),
        (0.20, 250, 1, "random", 0.1166, 0.2921, 5e-5),
    ],
)
def test_intervals_are_those_of_mbess(r2, n, p, method, low, high, tolerance):
    assert limits(r2, n, p, method=method) == pytest.approx([low, high], abs=tolerance)


def test_olkin_finn_and_adjusted_values_are_those_of_mbess():
    row = r_squared_interval(0.25, 100, 5, method="olkin-finn").loc[0]
    assert row.std_error == pytest.approx(0.069469, abs=5e-7)
    half = 1.959964 * 0.069469
    assert [row.ci_low, row.ci_high] == pytest.approx([0.25 - half, 0.25 + half], abs=2e-6)
    assert adjusted(0.25, 100, 5) == pytest.approx(0.210106, abs=5e-7)
    assert adjusted(0.25, 100, 5, method="olkin-pratt") == pytest.approx(0.213583, abs=5e-7)


@pytest.mark.parametrize(
    ("r2", "n", "p", "confidence"), [(0.25, 100, 5, 0.95), (0.6, 12, 2, 0.9), (0.08, 400, 3, 0.99)]
)
def test_fixed_limits_give_the_noncentral_f_its_tails(r2, n, p, confidence):
    f = r2 / (1 - r2) * (n - p - 1) / p
    low, high = limits(r2, n, p, confidence=confidence, method="fixed")
    tail = (1 - confidence) / 2
    assert stats.ncf.cdf(f, p, n - p - 1, n * low / (1 - low)) == pytest.approx(1 - tail, abs=1e-8)
    assert stats.ncf.cdf(f, p, n - p - 1, n * high / (1 - high)) == pytest.approx(tail, abs=1e-8)


@pytest.mark.parametrize(("r2", "n", "rho2"), [(0.2, 250, 0.1166), (0.5, 10, 0.3), (0.05, 30, 0.2), (0.5, 3, 0.96879)])
def test_one_random_predictor_is_the_exact_correlation_distribution(r2, n, rho2):
    rho = np.sqrt(rho2)
    constant = np.log(n - 2) + special.gammaln(n - 1) - special.gammaln(n - 0.5) - np.log(2 * np.pi) / 2

    def density(r):  # Hotelling 1953
        powers = (n - 1) / 2 * np.log(1 - rho2) + (n - 4) / 2 * np.log(1 - r * r) - (n - 1.5) * np.log(1 - rho * r)
        return np.exp(constant + powers) * special.hyp2f1(0.5, 0.5, n - 0.5, (rho * r + 1) / 2)

    probability, _ = integrate.quad(density, -np.sqrt(r2), np.sqrt(r2), epsabs=1e-12, limit=200)
    assert r_squared_cdf(r2, n, 1, rho2) == pytest.approx(probability, abs=1e-9)


def test_one_random_predictor_is_near_fishers_z():
    z = np.arctanh(np.sqrt(0.2)) + np.array([-1, 1]) * 1.959964 / np.sqrt(247)
    assert limits(0.2, 250, 1, method="random") == pytest.approx(np.tanh(z) ** 2, abs=2e-3)


@pytest.mark.parametrize(("r2", "n", "p", "rho2"), [(0.25, 100, 5, 0.08), (0.5, 12, 3, 0.6)])
def test_random_is_the_noncentral_f_averaged_over_the_predictors(r2, n, p, rho2):
    f, spread = r2 / (1 - r2) * (n - p - 1) / p, rho2 / (1 - rho2)
    span = stats.chi2.ppf([1e-13, 1 - 1e-13], n - 1)
    mean, _ = integrate.quad(
        lambda g: stats.chi2.pdf(g, n - 1) * stats.ncf.cdf(f, p, n - p - 1, spread * g), *span, epsabs=1e-11, limit=200
    )
    assert r_squared_cdf(r2, n, p, rho2) == pytest.approx(mean, abs=1e-9)


def test_olkin_pratt_is_unbiased_and_ezekiel_is_what_statsmodels_prints():
    n, p, rho2 = 20, 2, 0.3
    step = 1e-6

    def weighted(r2):
        slope = (r_squared_cdf(r2 + step, n, p, rho2) - r_squared_cdf(r2 - step, n, p, rho2)) / (2 * step)
        return slope * adjusted(r2, n, p, method="olkin-pratt")

    at, weight = np.polynomial.legendre.leggauss(60)
    expected = sum(w / 2 * weighted((x + 1) / 2) for x, w in zip(at, weight, strict=True))
    assert expected == pytest.approx(rho2, abs=1e-5)
    rng = np.random.default_rng(4)
    x = rng.normal(size=(30, 3))
    fit = sm.OLS(x @ [1, 0, 1] + rng.normal(size=30), sm.add_constant(x)).fit()
    assert adjusted(fit.rsquared, 30, 3) == pytest.approx(fit.rsquared_adj, abs=1e-12)


def test_the_random_interval_covers_the_truth_of_simulated_studies():
    n, p, rho2, studies = 40, 2, 0.2, 600
    rng = np.random.default_rng(20250131)
    beta = np.sqrt(rho2 / (1 - rho2) / p)
    levels = []
    for study in range(studies):
        x = rng.normal(size=(n, p))
        y = x.sum(axis=1) * beta + rng.normal(size=n)
        centred = np.column_stack([x, y]) - [*x.mean(axis=0), y.mean()]
        fitted = centred[:, :p] @ np.linalg.lstsq(centred[:, :p], centred[:, p], rcond=None)[0]
        r2 = float(fitted @ fitted / (centred[:, p] @ centred[:, p]))
        levels.append(r_squared_cdf(r2, n, p, rho2))
        if study < 40:
            low, high = limits(r2, n, p, method="random")
            assert (low <= rho2 <= high) == (0.025 <= levels[-1] <= 0.975)
    covered = np.mean((np.array(levels) >= 0.025) & (np.array(levels) <= 0.975))
    assert 0.93 <= covered <= 0.97
    assert stats.kstest(levels, "uniform").pvalue > 0.01


def test_random_is_wider_than_fixed_and_both_narrow_with_n():
    widths = {m: [np.ptp(limits(0.2, n, 1, method=m)) for n in (30, 300, 3000)] for m in ("fixed", "random")}
    assert (np.array(widths["random"]) > widths["fixed"]).all()
    assert all(np.all(np.diff(w) < 0) for w in widths.values())


def test_limits_that_rest_on_zero_are_named():
    row = r_squared_interval(0.02, 30, 1, method="random").loc[0]
    assert (row.ci_low, row.bound) == (0.0, "low")
    assert 0.02 < row.ci_high < 1
    nothing = r_squared_interval(0.0, 30, 1, method="random").loc[0]
    assert (nothing.ci_low, nothing.ci_high, nothing.bound) == (0.0, 0.0, "both")
    assert r_squared_interval(0.25, 100, 5, method="random").bound[0] == "none"
    high = r_squared_interval(0.6, 5, 1, method="olkin-finn", confidence=0.999).loc[0]
    assert (high.ci_high, high.bound) == (1.0, "high")
    assert r_squared_interval(0.01, 30, 1, method="olkin-finn").loc[0, ["ci_low", "bound"]].tolist() == [0.0, "low"]


def test_columns_and_the_standard_error_only_where_there_is_one():
    row = r_squared_interval(0.25, 100, 5, method="random")
    assert row.columns.tolist() == [
        "n", "p", "estimate", "std_error", "ci_low", "ci_high", "confidence", "unit", "method", "bound",
    ]
    assert np.isnan(row.std_error[0])
    assert (row.unit[0], row.n[0], row.p[0]) == ("share", 100, 5)


def test_small_samples_and_adjusted_below_zero():
    low, high = limits(0.5, 3, 1, method="random")
    assert low == 0
    assert r_squared_cdf(0.5, 3, 1, high) == pytest.approx(0.025, abs=1e-9)
    assert 0.95 < high < 1
    assert adjusted(0.01, 20, 3) < 0
    assert adjusted(1.0, 20, 3, method="olkin-pratt") == 1


@pytest.mark.parametrize(
    ("arguments", "settings", "kind", "message"),
    [
        ((1.0, 30, 1), {}, NotTestable, "R² of exactly 1"),
        ((1 - 1e-12, 30, 1), {}, NotTestable, "too near 1"),
        ((0.2, 6, 5), {}, NotTestable, "needs at least 7 units; found 6"),
        ((20, 30, 1), {}, ValueError, "between 0 and 1; got 20. Write 0.2 for 20 %"),
        ((-0.1, 30, 1), {}, ValueError, "between 0 and 1"),
        ((float("nan"), 30, 1), {}, ValueError, "between 0 and 1"),
        ((0.2, 30.5, 1), {}, ValueError, "n must be a whole number"),
        ((0.2, 30, 0), {}, ValueError, "p must be a whole number of at least 1"),
        ((0.2, 30, 1), {"method": "steiger"}, ValueError, "there is no method 'steiger'.*olkin-finn"),
        ((0.2, 30, 1), {"confidence": 95}, ValueError, "Write 0.95"),
        ((0.0, 30, 1), {"method": "olkin-finn"}, NotTestable, "vanishes at R² = 0"),
    ],
)
def test_what_cannot_be_is_refused_with_its_remedy(arguments, settings, kind, message):
    with pytest.raises(kind, match=message):
        r_squared_interval(*arguments, **settings)


def test_adjusted_and_cdf_refuse_too():
    with pytest.raises(NotTestable, match="not finite"):
        adjusted(0.0, 6, 3, method="olkin-pratt")
    with pytest.raises(ValueError, match="there is no method 'wherry'"):
        adjusted(0.2, 30, 1, method="wherry")
    with pytest.raises(ValueError, match="population_r2 must lie"):
        r_squared_cdf(0.2, 30, 1, 1.0)
    with pytest.raises(ValueError, match="there is no method 'olkin-finn'"):
        r_squared_cdf(0.2, 30, 1, 0.1, method="olkin-finn")


def test_the_examples_in_the_docstrings():
    assert doctest.testmod(r_squared).failed == 0
