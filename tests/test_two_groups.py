"""High units against the rest: the arithmetic of ratios and zeros, the draws, and coverage over simulated studies."""

import numpy as np
import pandas as pd
import pytest

from cxstudy.stats.two_groups import high_against_rest


def by_name(*args, **options):
    return high_against_rest(*args, **({"replicates": 400} | options)).set_index("statistic_of")


@pytest.fixture(scope="module")
def units():
    rng = np.random.default_rng(3)
    cluster = rng.integers(25, size=120)
    values = 60 + 6 * rng.standard_normal(25)[cluster] + 8 * rng.standard_normal(120)
    return pd.DataFrame({"cluster": cluster, "values": values, "high": values + 10 * rng.standard_normal(120) > 66})


def test_the_published_figure_on_two_scales():
    values, high = [8.0] * 10 + [6.4] * 10, [True] * 10 + [False] * 10
    found = by_name(values, high, zeros={"raw": 0, "100": 1})["estimate"]
    assert found["ratio raw"] == pytest.approx(1.25) and found["ratio 100"] == pytest.approx(7 / 5.4)


def test_estimates_are_those_of_plain_formulas(units):
    above, below = (units.loc[kind, "values"] for kind in (units.high, ~units.high))
    found = by_name(units["values"], units.high, cluster=units.cluster, zeros={"z": 20})["estimate"]
    pooled = ((len(above) - 1) * above.var() + (len(below) - 1) * below.var()) / (len(units) - 2)
    expected = {"high": above.mean(), "rest": below.mean(), "difference": above.mean() - below.mean()}
    expected |= {
        "sd": (above.mean() - below.mean()) / pooled**0.5,
        "ratio z": (above.mean() - 20) / (below.mean() - 20),
    }
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-12)


def test_only_the_ratio_moves_with_the_zero(units):
    options = {"cluster": units.cluster, "seed": 5}
    plain = by_name(units["values"], units.high, zeros={"z": 0}, **options)
    moved = by_name(units["values"] + 1000, units.high, zeros={"z": 1000}, **options)
    columns = ["estimate", "std_error", "ci_low", "ci_high"]
    for name in ("difference", "sd", "ratio z"):
        np.testing.assert_allclose(
            moved.loc[name, columns].astype(float), plain.loc[name, columns].astype(float), rtol=1e-9
        )
    shifted = by_name(units["values"] + 1000, units.high, zeros={"z": 0}, **options)
    assert shifted.loc["ratio z", "estimate"] < plain.loc["ratio z", "estimate"]


def test_the_order_of_the_units_does_not_matter(units):
    order = np.argsort(units.cluster.to_numpy(), kind="stable")
    some = units.iloc[order]
    a = by_name(some["values"], some.high, cluster=some.cluster, seed=2)
    within = some.sample(frac=1, random_state=1).sort_values("cluster", kind="stable")
    b = by_name(within["values"], within.high, cluster=within.cluster, seed=2)
    pd.testing.assert_frame_equal(a, b, rtol=1e-9)


def test_drawing_single_units_is_drawing_clusters_of_one(units):
    a = by_name(units["values"], units.high)
    b = by_name(units["values"], units.high, cluster=np.arange(len(units)))
    pd.testing.assert_frame_equal(a, b)


def test_likeness_within_clusters_widens_the_interval():
    rng = np.random.default_rng(8)
    cluster = np.repeat(np.arange(30), 6)
    values = 5 * rng.standard_normal(30)[cluster] + rng.standard_normal(180)
    high = cluster % 2 == 0
    clustered, single = (by_name(values, high, cluster=c).loc["difference", "std_error"] for c in (cluster, None))
    assert clustered > 1.8 * single


def test_a_weight_counts_as_so_many_units(units):
    times = np.arange(len(units)) % 3 + 1
    weighted = by_name(units["values"], units.high, cluster=units.cluster, weights=times, zeros={"z": 0})
    repeated = units.loc[units.index.repeat(times)]
    doubled = by_name(repeated["values"], repeated.high, cluster=repeated.cluster, zeros={"z": 0})
    for name in ("difference", "ratio z"):
        assert weighted.loc[name, "estimate"] == pytest.approx(doubled.loc[name, "estimate"], rel=1e-12)
    assert "sd" not in weighted.index


def test_no_ratio_without_a_zero_below(units):
    found = by_name(units["values"] - 1000, units.high, zeros={"nps": 0})
    assert np.isnan(found.loc["ratio nps", "estimate"]) and found.loc["ratio nps", "reason"] == "zero-not-below"
    assert pd.isna(found.loc["difference", "reason"])


def test_no_interval_where_nothing_varies():
    found = by_name([2.0] * 9 + [1.0] * 9, [True] * 9 + [False] * 9)
    assert found.loc["difference", "reason"] == "no-interval" and found.loc["difference", "estimate"] == 1
    assert found.loc["sd", "reason"] == "zero-not-below"


def test_no_interval_where_one_cluster_holds_a_kind():
    high = np.repeat([True, False, False, False], 10)
    values = np.random.default_rng(1).standard_normal(40)
    found = by_name(values, high, cluster=np.repeat(range(4), 10))
    assert found.loc["difference", "reason"] == "no-interval"


@pytest.mark.parametrize("high", [[True, True], [False, False], [True]])
def test_both_kinds_must_occur(high):
    with pytest.raises(ValueError, match="both kinds occur"):
        high_against_rest([1.0, 2.0], high)


def test_a_missing_value_is_refused():
    with pytest.raises(ValueError, match="Leave out units without a value"):
        high_against_rest([1.0, np.nan], [True, False])


def test_coverage_over_simulated_studies():
    """200 studies of 40 companies: nominal 95 %; this small version only detects breakage."""
    rng, covered = np.random.default_rng(20), {"difference": 0, "ratio z": 0}
    truth = {"difference": 6.0, "ratio z": 66 / 60}
    for seed in range(200):
        cluster = rng.integers(40, size=100)
        high = rng.random(100) < 0.3
        values = 60 + 6 * high + 5 * rng.standard_normal(40)[cluster] + 8 * rng.standard_normal(100)
        found = by_name(values, high, cluster=cluster, zeros={"z": 0}, seed=seed, replicates=300)
        for name, value in truth.items():
            covered[name] += found.loc[name, "ci_low"] <= value <= found.loc[name, "ci_high"]
    assert all(0.895 * 200 <= count <= 0.99 * 200 for count in covered.values()), covered
