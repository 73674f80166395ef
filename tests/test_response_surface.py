"""Polynomial regression with response surface: R's lm and sandwich, identities, edges, messages."""

import doctest
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxstudy.faults import NotTestable
from cxstudy.stats import response_surface as module
from cxstudy.stats.response_surface import ALONG, TERMS, response_surface, surface_grid

REFERENCE = Path(__file__).parent / "reference"
R = pd.read_csv(REFERENCE / "self_image_reference.csv").set_index("id")["value"]
DATA = pd.read_csv(REFERENCE / "self_image_surface.csv")
X, Y, Z, FIRM = (DATA[c].to_numpy(float) for c in ("x", "y", "z", "firm"))


def by_term(table):
    return table.set_index("term")


@pytest.mark.parametrize(("cluster", "name", "df"), [(None, "hc3", 114), (FIRM, "cr1", 14)])
def test_estimates_and_errors_are_those_of_r(cluster, name, df):
    found = by_term(response_surface(Z, X, Y, cluster=cluster, centre=50))
    for term in (*TERMS, *ALONG):
        assert found.loc[term, "estimate"] == pytest.approx(R[term], rel=1e-7)
        assert found.loc[term, "std_error"] == pytest.approx(R[f"{term} {name}"], rel=1e-7)
    assert set(found["df"]) == {df}
    assert found["r2"].iloc[0] == pytest.approx(R["r2"]) and found["r2_linear"].iloc[0] == pytest.approx(R["r2 linear"])


def test_the_slopes_are_those_of_the_surface_itself():
    """a1 … a4 as derivatives of the fitted surface along the two diagonals, taken numerically."""
    found = by_term(response_surface(Z, X, Y, centre=50))["estimate"]
    b = found[list(TERMS)].to_numpy()

    def height(x, y):
        return b @ [1, x, y, x * x, x * y, y * y]

    for slope, bend, sign in (("a1", "a2", 1), ("a3", "a4", -1)):
        step = 1e-2
        up, mid, down = (height(t, sign * t) for t in (step, 0, -step))
        assert (up - down) / (2 * step) == pytest.approx(found[slope], rel=1e-6)
        assert (up + down - 2 * mid) / (2 * step**2) == pytest.approx(found[bend], rel=1e-5)


def test_a_pure_discrepancy_has_no_slope_and_bends_down():
    z = 30 - 0.02 * (X - Y) ** 2
    found = by_term(response_surface(z, X, Y, centre=50))["estimate"]
    assert found["a4"] == pytest.approx(-0.08) and found[["a1", "a2", "a3"]].abs().max() < 1e-9


def test_the_centre_moves_slopes_and_not_curvatures():
    one, other = (by_term(response_surface(Z, X, Y, centre=c))["estimate"] for c in (50, 0))
    assert one[["a2", "a4", "b4"]].to_numpy() == pytest.approx(other[["a2", "a4", "b4"]].to_numpy(), rel=1e-6)
    assert one["a1"] == pytest.approx(other["a1"] + 2 * 50 * other["a2"], rel=1e-6)


def test_the_grid_is_the_surface_where_the_data_lie():
    terms = response_surface(Z, X, Y, centre=50)
    grid = surface_grid(terms, X, Y, centre=50, steps=21)
    assert len(grid) == 441 and 0 < grid["inside"].sum() < 441
    at = grid[grid["inside"]].iloc[7]
    b = by_term(terms)["estimate"][list(TERMS)]
    x, y = at["x"] - 50, at["y"] - 50
    assert at["estimate"] == pytest.approx(b @ np.array([1, x, y, x * x, x * y, y * y]))
    assert grid.loc[grid["inside"], "x"].between(X.min(), X.max()).all()


def test_coverage_of_the_curvature():
    rng, inside = np.random.default_rng(3), 0
    for _ in range(300):
        x, y = rng.normal(0, 1, (2, 80))
        z = x + y - 0.3 * (x - y) ** 2 + rng.normal(0, 1, 80)
        row = by_term(response_surface(z, x, y)).loc["a4"]
        inside += row["ci_low"] <= -1.2 <= row["ci_high"]
    assert 0.90 < inside / 300 < 0.985


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ((Z[:19], X[:19], Y[:19]), "at least 20 rows; found 19"),
        ((Z, X, X), "the six terms cannot be told apart"),
        ((Z, X, np.full(120, 3.0)), "the six terms cannot be told apart"),
    ],
)
def test_what_cannot_be_told_apart_is_said(given, says):
    with pytest.raises(NotTestable, match=says):
        response_surface(*given)


def test_messages():
    with pytest.raises(NotTestable, match="at least 10 clusters; found 3"):
        response_surface(Z, X, Y, cluster=FIRM % 3)
    with pytest.raises(ValueError, match="must be finite"):
        response_surface(np.where(Z > 30, np.nan, Z), X, Y)
    with pytest.raises(ValueError, match="of the same rows"):
        response_surface(Z[:50], X, Y)


def test_examples():
    assert doctest.testmod(module).failed == 0
