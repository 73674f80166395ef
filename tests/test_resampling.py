"""Bootstrap intervals against R's boot on the law schools; multiplicities, edges, messages."""

import doctest
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cxstudy.faults import NotTestable
from cxstudy.stats import resampling
from cxstudy.stats.resampling import acceleration, basic, bca, leave_one_out, multiplicities, percentile

REFERENCE = Path(__file__).parent / "reference"
R = pd.read_csv(REFERENCE / "resampling_reference.csv").set_index("id")["value"]
LAW = pd.read_csv(REFERENCE / "resampling_law.csv")
REPLICATES = pd.read_csv(REFERENCE / "resampling_replicates.csv")["r"].to_numpy()


def correlation(drawn, x, y):
    x, y = x - x.mean(), y - y.mean()
    n = drawn.sum(axis=1)
    mx, my = drawn @ x / n, drawn @ y / n
    cov, vx, vy = drawn @ (x * y) / n - mx * my, drawn @ x**2 / n - mx**2, drawn @ y**2 / n - my**2
    return cov / np.sqrt(vx * vy)


@pytest.fixture
def law():
    x, y = LAW.lsat.to_numpy(float), LAW.gpa.to_numpy()
    return {"estimate": correlation(np.ones((1, 15)), x, y)[0], "jackknife": correlation(leave_one_out(15), x, y)}


def test_law_school_correlation_and_acceleration(law):
    assert law["estimate"] == pytest.approx(0.776375, abs=1e-6)
    assert law["estimate"] == pytest.approx(R["estimate"], abs=1e-10)
    assert acceleration(law["jackknife"]) == pytest.approx(-0.075672, abs=5e-7)
    assert acceleration(law["jackknife"]) == pytest.approx(R["acceleration"], abs=1e-8)


@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95])
def test_the_three_intervals_are_those_of_boot_from_the_same_replicates(law, confidence):
    rows = {
        "bca": bca(law["estimate"], REPLICATES, law["jackknife"], confidence=confidence),
        "percent": percentile(law["estimate"], REPLICATES, units=15, confidence=confidence),
        "basic": basic(law["estimate"], REPLICATES, units=15, confidence=confidence),
    }
    for kind, row in rows.items():
        expected = [R[f"{kind}.{confidence}.low"], R[f"{kind}.{confidence}.high"]]
        assert row.loc[0, ["ci_low", "ci_high"]].tolist() == pytest.approx(expected, abs=1e-8), kind
    assert rows["bca"].loc[0, ["n", "replicates", "n_not_finite", "extreme"]].tolist() == [15, 1000, 0, False]


def test_without_skew_and_bias_bca_is_the_percentile_interval():
    replicates = stats.norm.ppf((np.arange(1, 2001) - 0.5) / 2000)
    one = bca(0.0, replicates, np.array([-1.0, 0.0, 1.0]))
    two = percentile(0.0, replicates, units=3)
    assert one.bias[0] == pytest.approx(0, abs=1e-12)
    assert one.acceleration[0] == pytest.approx(0, abs=1e-12)
    assert one[["ci_low", "ci_high"]].to_numpy() == pytest.approx(two[["ci_low", "ci_high"]].to_numpy(), abs=1e-10)
    assert one.loc[0, ["ci_low", "ci_high"]].tolist() == pytest.approx([-1.959964, 1.959964], abs=0.01)


def test_bca_follows_a_monotone_transformation(law):
    plain = bca(law["estimate"], REPLICATES, law["jackknife"]).loc[0]
    bent = bca(law["estimate"] * 3 + 1, REPLICATES * 3 + 1, law["jackknife"] * 3 + 1).loc[0]
    assert [bent.ci_low, bent.ci_high] == pytest.approx([plain.ci_low * 3 + 1, plain.ci_high * 3 + 1], abs=1e-12)
    assert bent.acceleration == pytest.approx(plain.acceleration, abs=1e-12)


def test_scipy_gives_nearly_the_same_bca(law):
    rng = np.random.default_rng(5)
    x, y = LAW.lsat.to_numpy(float), LAW.gpa.to_numpy()
    ours = bca(law["estimate"], correlation(multiplicities(rng, 15, 20_000), x, y), law["jackknife"]).loc[0]
    theirs = stats.bootstrap(
        (x, y), lambda a, b, axis: correlation_rows(a, b), paired=True, vectorized=True, n_resamples=20_000,
        method="BCa", rng=np.random.default_rng(6),
    ).confidence_interval
    assert [ours.ci_low, ours.ci_high] == pytest.approx([theirs.low, theirs.high], abs=0.02)


def correlation_rows(a, b):
    a, b = a - a.mean(axis=-1, keepdims=True), b - b.mean(axis=-1, keepdims=True)
    return (a * b).sum(axis=-1) / np.sqrt((a**2).sum(axis=-1) * (b**2).sum(axis=-1))


def test_multiplicities_are_drawing_with_replacement():
    drawn = multiplicities(np.random.default_rng(1), units=20, replicates=4000)
    assert drawn.shape == (4000, 20)
    assert (drawn.sum(axis=1) == 20).all()
    assert drawn.mean(axis=0) == pytest.approx(np.ones(20), abs=0.08)
    assert drawn.var() == pytest.approx(1 - 1 / 20, abs=0.02)
    assert (drawn == multiplicities(np.random.default_rng(1), units=20, replicates=4000)).all()
    assert (leave_one_out(4).sum(axis=1) == 3).all()


def test_the_interval_of_a_mean_covers_on_skewed_data():
    rng, inside = np.random.default_rng(11), 0
    for _ in range(200):
        x = rng.exponential(size=40)
        drawn = multiplicities(rng, 40, 400)
        row = bca(x.mean(), drawn @ x / 40, leave_one_out(40) @ x / 39).loc[0]
        inside += row.ci_low <= 1 <= row.ci_high
    assert 0.88 <= inside / 200 <= 0.985


def test_no_resampled_interval_of_r2_holds_a_true_zero():
    rng, holds = np.random.default_rng(12), 0
    for _ in range(50):
        x, y = rng.normal(size=(2, 60))
        replicates = correlation(multiplicities(rng, 60, 300), x, y) ** 2
        estimate = correlation(np.ones((1, 60)), x, y)[0] ** 2
        holds += percentile(estimate, replicates, units=60).ci_low[0] <= 0
    assert holds == 0


def test_replicates_without_a_value_are_counted_and_too_many_refused(law):
    some = REPLICATES.copy()
    some[:40] = np.nan
    row = bca(law["estimate"], some, law["jackknife"]).loc[0]
    assert (row.replicates, row.n_not_finite) == (960, 40)
    some[:60] = np.inf
    with pytest.raises(NotTestable, match="found 60 of 1000"):
        bca(law["estimate"], some, law["jackknife"])


def test_limits_at_the_last_replicate_are_marked():
    replicates = np.random.default_rng(2).normal(size=100)
    row = percentile(0.0, replicates, units=9, confidence=0.999).loc[0]
    assert row.extreme
    assert (row.ci_low, row.ci_high) == (replicates.min(), replicates.max())


def test_equal_jackknife_values_mean_no_acceleration():
    assert acceleration([0.3, 0.3, 0.3]) == 0
    assert acceleration(np.array([1.0, 2.0, 3.0, 10.0]) * 1e-120) == pytest.approx(-0.0849, abs=1e-4)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: bca(1.0, np.ones(500), [1.0, 1.0, 1.0]), NotTestable, "all 500 replicates equal 1"),
        (lambda: bca(9.0, np.linspace(0, 1, 500), [1.0, 2.0, 3.0]), NotTestable, "outside all 500 replicates"),
        (lambda: bca(0.5, np.linspace(0, 1, 500), [1.0, 2.0]), NotTestable, "at least 3 units"),
        (lambda: bca(0.5, np.linspace(0, 1, 500), [1.0, 2.0, np.nan]), NotTestable, "1 not finite"),
        (lambda: bca(0.5, np.linspace(0, 1, 50), [1.0, 2.0, 3.0]), ValueError, "at least 100 replicates; got 50"),
        (lambda: bca(np.nan, np.linspace(0, 1, 500), [1.0, 2.0, 3.0]), NotTestable, "estimate must be finite"),
        (lambda: bca(0.5, np.ones((5, 200)), [1.0, 2.0, 3.0]), ValueError, "one-dimensional"),
        (lambda: bca(0.5, np.linspace(0, 1, 500), [1.0, 2.0, 3.0], confidence=95), ValueError, "Write 0.95"),
        (lambda: percentile(0.5, np.linspace(0, 1, 500), units=2), NotTestable, "at least 3 units; found 2"),
        (lambda: multiplicities(7, 5, 10), ValueError, "numpy.random.Generator"),
        (lambda: multiplicities(np.random.default_rng(1), 0, 10), ValueError, "units must be a whole number"),
    ],
)
def test_what_cannot_be_resampled_is_refused_with_its_remedy(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def test_an_acceleration_that_breaks_the_formula_is_refused():
    with pytest.raises(NotTestable, match="too strong for the BCa formula"):
        bca(0.9994, np.linspace(0, 1, 2001), [0.0] + [1.0] * 49, confidence=0.9999)


def test_the_examples_in_the_docstrings():
    assert doctest.testmod(resampling).failed == 0
