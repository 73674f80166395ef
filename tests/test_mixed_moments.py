"""The likelihood from group sums against the one written out with whole matrices, and its derivatives."""

import doctest

import numpy as np
import pytest
from scipy import stats

from cxstudy.stats import mixed_moments, mixed_search
from cxstudy.stats.mixed_moments import GroupLikelihood, apart
from cxstudy.stats.mixed_search import psi_of, theta_of

PSI = {1: np.array([[0.7]]), 2: np.array([[0.9, -0.3], [-0.3, 0.4]])}


def groups(seed=5, sizes=(4, 1, 7, 3, 5)):
    rng = np.random.default_rng(seed)
    rows = []
    for size in sizes:
        x = rng.normal(size=(size, 2)) + rng.normal()
        rows.append(np.column_stack([np.ones(size), x, x @ [0.5, -0.2] + rng.normal() + rng.normal(size=size)]))
    return rows


def products(rows):
    return np.array([one.T @ one for one in rows])


def dense(rows, q, psi, log_variance, reml):
    """−2 log (restricted) likelihood with the covariance matrix of all rows written out."""
    whole = np.vstack(rows)
    x, y, sigma2 = whole[:, :-1], whole[:, -1], np.exp(log_variance)
    v = sigma2 * np.eye(len(y))
    at = 0
    for one in rows:
        z = one[:, :q]
        v[at : at + len(one), at : at + len(one)] += sigma2 * z @ psi @ z.T
        at += len(one)
    inverse = np.linalg.inv(v)
    beta = np.linalg.solve(x.T @ inverse @ x, x.T @ inverse @ y)
    deviance = -2 * stats.multivariate_normal(x @ beta, v).logpdf(y)
    if reml:
        deviance += np.linalg.slogdet(x.T @ inverse @ x)[1] - x.shape[1] * np.log(2 * np.pi)
    return deviance, beta, np.linalg.inv(x.T @ inverse @ x)


@pytest.mark.parametrize("q", [1, 2])
@pytest.mark.parametrize("reml", [True, False])
def test_sums_give_the_likelihood_of_the_rows_written_out(q, reml):
    rows = groups()
    solved = GroupLikelihood(products(rows), tuple(range(q)), reml).solved(PSI[q])
    for log_variance in (-0.4, solved.log_variance):
        deviance, beta, covariance = dense(rows, q, PSI[q], log_variance, reml)
        assert solved.deviance(log_variance) == pytest.approx(deviance, rel=1e-12)
        assert solved.coefficients == pytest.approx(beta, rel=1e-10)
        assert np.exp(log_variance) * solved.unscaled == pytest.approx(covariance, rel=1e-10)


@pytest.mark.parametrize("q", [1, 2])
@pytest.mark.parametrize("reml", [True, False])
def test_derivatives_are_those_of_finite_differences(q, reml):
    likelihood, step = GroupLikelihood(products(groups()), tuple(range(q)), reml), 1e-5
    bases = {1: [np.eye(1)], 2: [np.diag([1.0, 0]), np.array([[0, 1.0], [1, 0]]), np.diag([0, 1.0])]}[q]
    s, here = -0.4, likelihood.solved(PSI[q], 2)
    ends = [[likelihood.solved(PSI[q] + sign * step * base, 1) for sign in (1, -1)] for base in bases]
    slope = [(up.deviance(s) - down.deviance(s)) / (2 * step) for up, down in ends]
    bend = [(up.gradient(s) - down.gradient(s)) / (2 * step) for up, down in ends]
    assert here.gradient(s)[:-1] == pytest.approx(slope, rel=1e-7, abs=1e-7)
    assert here.hessian(s)[:-1] == pytest.approx(np.array(bend), rel=1e-6, abs=1e-6)
    along = (here.deviance(s + step) - here.deviance(s - step)) / (2 * step)
    assert here.gradient(s)[-1] == pytest.approx(along, rel=1e-7)
    assert here.gradient()[-1] == pytest.approx(0, abs=1e-10)


def test_a_column_split_in_two_has_the_products_of_the_split_rows():
    rows, split = groups(), []
    for one in rows:
        mean = np.full(len(one), one[:, 1].mean())
        split.append(np.column_stack([one[:, 0], one[:, 1] - mean, mean, one[:, 2:]]))
    assert apart(products(rows), [1]) == pytest.approx(products(split), abs=1e-12)


def test_theta_is_the_cholesky_factor():
    for psi in (*PSI.values(), np.zeros((2, 2)), np.array([[4.0, 2.0], [2.0, 1.0]])):
        assert psi_of(theta_of(psi)) == pytest.approx(psi, abs=1e-14)


def test_examples():
    for module in (mixed_moments, mixed_search):
        assert doctest.testmod(module).failed == 0
