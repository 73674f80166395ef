"""Monte Carlo intervals and 2-2-1 mediation: R metafor and semTools, the exact law, limits, coverage."""

import doctest
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, optimize, stats

from cxstudy.faults import NotTestable
from cxstudy.stats import mediation as module
from cxstudy.stats.mediation import mediation, monte_carlo
from cxstudy.stats.paths import VOCABULARY
from cxstudy.stats.regression import slope

REFERENCE = Path(__file__).parent / "reference"
GROUPS = pd.read_csv(REFERENCE / "paths_groups.csv")
EXPECTED = pd.read_csv(REFERENCE / "paths_reference.csv").set_index(["model", "term", "measure"])["value"]


def found(data=GROUPS, **settings):
    return mediation(data, **{"x": "x", "m": "m", "y": "y", "group": "group", "draws": 5000} | settings)


def group_means():
    sizes = GROUPS.groupby("group").size()
    inside = GROUPS["y"] - GROUPS.groupby("group")["y"].transform("mean")
    pooled = np.sqrt((inside**2).sum() / (len(GROUPS) - len(sizes)))
    return GROUPS.groupby("group")[["x", "m", "y"]].mean().assign(error=pooled / np.sqrt(sizes)).reset_index()


def product_quantile(level, a, b, se_a, se_b):
    """Quantile of a product of independent normals by integration, without any draws."""

    def below(q):
        def at(u):
            return stats.norm.pdf(u, a, se_a) * stats.norm.cdf(np.sign(u) * (q / u - b) / se_b)

        return sum(integrate.quad(at, *ends, limit=300)[0] for ends in ((a - 9 * se_a, 0), (0, a + 9 * se_a)))

    return optimize.brentq(lambda q: below(q) - level, a * b - 5, a * b + 5, xtol=1e-8)


def test_examples():
    assert doctest.testmod(module).failed == 0


def test_slopes_as_metafor():
    table = found().set_index("effect")
    for effect in ("a", "b", "direct"):
        assert table.loc[effect, "estimate"] == pytest.approx(EXPECTED["mediation", effect, "estimate"], rel=1e-6)
        assert table.loc[effect, "std_error"] == pytest.approx(EXPECTED["mediation", effect, "std_error"], rel=1e-6)
    assert table["between_variance"].iloc[0] == pytest.approx(EXPECTED["mediation", "between", "tau2"], rel=1e-6)


def test_interval_as_semtools():
    row = monte_carlo([0.5, 0.8], [[0.04, 0.01], [0.01, 0.09]], draws=1_000_000).iloc[0]
    # both are drawn: four million there, one million here
    assert row["ci_low"] == pytest.approx(EXPECTED["monte carlo", "ab", "ci_low"], abs=2e-3)
    assert row["ci_high"] == pytest.approx(EXPECTED["monte carlo", "ab", "ci_high"], abs=2e-3)


def test_interval_as_the_exact_law():
    row = monte_carlo([0.4, 0.3], [0.1, 0.15], draws=1_000_000).iloc[0]
    assert row["ci_low"] == pytest.approx(product_quantile(0.025, 0.4, 0.3, 0.1, 0.15), abs=1e-3)
    assert row["ci_high"] == pytest.approx(product_quantile(0.975, 0.4, 0.3, 0.1, 0.15), abs=1e-3)
    # variance of a product of independent variables (Goodman 1960)
    assert row["std_error"] ** 2 == pytest.approx(0.4**2 * 0.15**2 + 0.3**2 * 0.1**2 + 0.1**2 * 0.15**2, rel=1e-2)
    assert row["estimate"] == pytest.approx(0.12, abs=1e-15)


def test_persons_and_group_means_agree():
    one, two = found(), mediation(group_means(), x="x", m="m", y="y", y_error="error", draws=5000)
    pd.testing.assert_frame_equal(one.drop(columns="n_missing"), two.drop(columns="n_missing"), rtol=1e-8)
    assert list(one.columns) == ["effect", "path", *VOCABULARY, "between_variance"]


def test_without_sampling_error_it_is_least_squares():
    means = group_means().assign(error=1e-6)
    table = mediation(means, x="x", m="m", y="y", y_error="error", draws=5000).set_index("effect")
    plain = slope(means["y"], means["m"], controls=means[["x"]])["estimate"]
    assert table.loc["b", "estimate"] == pytest.approx(plain, rel=1e-6)
    total = slope(means["y"], means["x"])["estimate"]
    assert table.loc["total", "estimate"] == pytest.approx(total, rel=1e-6)


def test_no_variance_between_groups_is_found_as_zero():
    means = group_means().assign(error=50.0)
    table = mediation(means, x="x", m="m", y="y", y_error="error", draws=5000)
    assert table["between_variance"].eq(0).all()


def test_settings_and_missing_rows():
    data = GROUPS.copy()
    data.loc[[0, 9], "y"] = np.nan
    table = found(data, seed=3)
    pd.testing.assert_frame_equal(table, found(data, seed=3))
    assert table["n_missing"].eq(2).all() and table["n"].eq(40).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"group": None}, "give y_error .* or group"),
        ({"y_error": "x"}, "give y_error .* or group"),
        ({"m": "climate"}, "no column 'climate'"),
        ({"confidence": 95}, "confidence must lie between 0 and 1"),
        ({"draws": 10}, "draws must be a whole number of at least 1000"),
    ],
)
def test_wrong_arguments(settings, message):
    with pytest.raises(ValueError, match=message):
        found(**settings)


def test_wrong_standard_errors():
    with pytest.raises(ValueError, match="standard errors must be above 0; error has 0"):
        mediation(group_means().assign(error=0.0), x="x", m="m", y="y", y_error="error")
    with pytest.raises(ValueError, match="2 finite estimates need 2 standard errors"):
        monte_carlo([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="no negative variance"):
        monte_carlo([1, 2], [[1, 2], [2, 1]])


def test_what_cannot_be_answered():
    with pytest.raises(NotTestable, match="at least 5 units; found 3"):
        found(GROUPS[GROUPS["group"] < 4])
    with pytest.raises(NotTestable, match="each column must vary; m doesn't"):
        found(GROUPS.assign(m=1.0))
    with pytest.raises(NotTestable, match="x and m must not be the same thing"):
        found(GROUPS.assign(m=GROUPS["x"] * 2))
    with pytest.raises(NotTestable, match="y must differ within groups"):
        found(GROUPS.groupby("group", as_index=False).first())


@pytest.mark.parametrize(("a", "b"), [(0.5, 0.5), (0.0, 0.5)])
def test_coverage_of_2_2_1(a, b):
    """200 studies of 40 groups of 8; where both paths are 0 it would be near 100 % (benchmarks/paths.py)."""
    rng, held = np.random.default_rng(7), 0
    for number in range(200):
        x = rng.normal(size=40)
        m = a * x + rng.normal(size=40)
        y = b * m + 0.2 * x + rng.normal(size=40) * 0.5 + rng.normal(size=40) / np.sqrt(8)
        data = pd.DataFrame({"x": x, "m": m, "y": y, "error": 1 / np.sqrt(8)})
        table = mediation(data, x="x", m="m", y="y", y_error="error", draws=1000, seed=number).set_index("effect")
        held += table.loc["indirect", "ci_low"] <= a * b <= table.loc["indirect", "ci_high"]
    assert 0.895 <= held / 200 <= 0.99
