"""Panels: R lm with sandwich and lavaan's random intercepts, identities, waves that can't be matched."""

import doctest
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxstudy.faults import NotTestable
from cxstudy.stats import cross_lagged as module
from cxstudy.stats.cross_lagged import cross_lagged, random_intercepts

REFERENCE = Path(__file__).parent / "reference"
PANEL = pd.read_csv(REFERENCE / "paths_panel.csv")
EXPECTED = pd.read_csv(REFERENCE / "paths_reference.csv").set_index(["model", "term", "measure"])["value"]
NAMES = {"unit": "unit", "wave": "wave", "x": "x", "y": "y"}


def panel(n=60, waves=3, seed=1, stable=0.0, cross=0.3):
    """x leads to the next y, never the other way; ``stable`` is the SD of what units keep, the same in both."""
    rng = np.random.default_rng(seed)
    kept, x, y, parts = stable * rng.normal(size=n), *rng.normal(size=(2, n)), []
    for wave in range(waves):
        parts.append(pd.DataFrame({"unit": np.arange(n), "wave": 2020 + wave, "x": x + kept, "y": y + kept}))
        x, y = 0.4 * x + rng.normal(size=n), 0.4 * y + cross * x + rng.normal(size=n)
    return pd.concat(parts, ignore_index=True)


def test_examples():
    assert doctest.testmod(module).failed == 0


def test_plain_form_as_lm_and_sandwich():
    for row in cross_lagged(PANEL, **NAMES).itertuples():
        term = row.path.replace("→", ">")
        assert row.estimate == pytest.approx(EXPECTED["panel", term, "estimate"], rel=1e-8)
        assert row.std_error == pytest.approx(EXPECTED["panel", term, "std_error"], rel=1e-8)
        assert (row.n, row.units, row.df, row.n_missing) == (900, 300, 299, 0)


def test_random_intercepts_as_lavaan():
    found = random_intercepts(PANEL, **NAMES)
    for row in found.itertuples():
        term = row.path.replace("→", ">")
        # lavaan stops at about six digits
        assert row.estimate == pytest.approx(EXPECTED["random intercepts", term, "estimate"], rel=1e-4)
        assert row.std_error == pytest.approx(EXPECTED["random intercepts", term, "std_error"], rel=1e-4)
    assert found["chi2"].iloc[0] == pytest.approx(EXPECTED["random intercepts", "model", "chi2"], abs=1e-5)
    assert found["chi2_df"].iloc[0] == EXPECTED["random intercepts", "model", "df"]


def test_stable_differences_look_like_paths_only_in_the_plain_form():
    """y never leads to x here, but units keep a common part."""
    data = panel(400, 4, seed=5, stable=1.5, cross=0.0)
    plain = cross_lagged(data, **NAMES).set_index("path").loc["y → x"]
    within = random_intercepts(data, **NAMES).set_index("path").loc["y → x"]
    assert plain["ci_low"] > 0.1
    assert within["ci_low"] < 0 < within["ci_high"]


def test_names_swap_and_scale():
    data = panel()
    one = cross_lagged(data, **NAMES).set_index(["from", "to"])["estimate"]
    other = cross_lagged(data.assign(x=data["x"] * 10), **NAMES | {"x": "y", "y": "x"}).set_index(["from", "to"])[
        "estimate"
    ]
    assert other["x", "y"] == pytest.approx(one["x", "y"] / 10, rel=1e-10)
    assert other["x", "x"] == pytest.approx(one["x", "x"], rel=1e-10)


def test_random_intercepts_of_wide_scales():
    one = random_intercepts(PANEL, **NAMES).set_index("path")
    other = random_intercepts(PANEL.assign(x=PANEL["x"] * 1e9), **NAMES).set_index("path")
    for column in ("estimate", "std_error", "ci_low", "ci_high"):
        assert other.loc["x → y", column] == pytest.approx(one.loc["x → y", column] / 1e9, rel=1e-5)
    assert other["chi2"].iloc[0] == pytest.approx(one["chi2"].iloc[0], rel=1e-6)


def test_standardised_is_raw_times_sd():
    data = panel()
    raw, unit = (cross_lagged(data, **NAMES, standardise=s).set_index("path") for s in (False, True))
    ratio = data["x"].std() / data["y"].std()
    for column in ("estimate", "std_error", "ci_low", "ci_high"):
        assert unit.loc["x → y", column] == pytest.approx(raw.loc["x → y", column] * ratio, rel=1e-10)
    assert unit["unit"].eq("SD per SD").all() and unit["statistic"].equals(raw["statistic"])


def test_gaps_and_single_rows_are_counted():
    data = panel(30)
    lost = data[~((data["unit"] < 5) & (data["wave"] == 2021))].copy()
    lost.loc[lost.index[-1], "x"] = np.nan
    found = cross_lagged(lost, **NAMES).iloc[0]
    # units 0 to 4 keep two waves that don't follow on each other; one unit more loses its last
    assert (found["n"], found["units"], found["n_missing"]) == (49, 25, 11)


def test_waves_that_cannot_be_matched():
    with pytest.raises(NotTestable, match="found 0 units with both values in two waves in a row, of 180 units"):
        cross_lagged(panel().assign(unit=np.arange(180)), **NAMES)
    with pytest.raises(NotTestable, match="waves 2020, 2022"):
        cross_lagged(panel().query("wave != 2021"), **NAMES)
    with pytest.raises(NotTestable, match="random intercepts need at least 3 waves in a row; found 2020, 2021"):
        random_intercepts(panel(waves=2), **NAMES)
    with pytest.raises(NotTestable, match="need at least 15 units with all waves; found 12"):
        random_intercepts(panel(12), **NAMES)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"wave": lambda d: d["wave"] + 0.5}, "waves are whole numbers"),
        ({"unit": 1}, "each unit has one row a wave; found 177 more, the first in wave 2020"),
        ({"x": "good"}, "column x must be numeric"),
    ],
)
def test_wrong_panels(change, message):
    with pytest.raises(ValueError, match=message):
        cross_lagged(panel().assign(**change), **NAMES)
    with pytest.raises(ValueError, match="no column 'year'"):
        cross_lagged(panel(), **NAMES | {"wave": "year"})


def test_what_does_not_vary_or_is_the_same():
    with pytest.raises(NotTestable, match="each column must vary; x, x of the next wave doesn't"):
        cross_lagged(panel().assign(x=1.0), **NAMES)
    with pytest.raises(NotTestable, match="must not be the same thing"):
        cross_lagged(panel().assign(x=lambda d: 2 * d["y"]), **NAMES)


def test_no_stable_part_is_no_result():
    """Units whose waves even out have less in common over the years than chance gives."""
    rng = np.random.default_rng(3)
    noise = panel(100).assign(x=rng.normal(size=300), y=rng.normal(size=300))
    noise[["x", "y"]] -= 0.8 * noise.groupby("unit")[["x", "y"]].transform("mean")
    with pytest.raises(NotTestable, match="that of the stable part of x, the stable part of y at 0"):
        random_intercepts(noise, **NAMES)


def test_without_semopy_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "semopy", None)
    with pytest.raises(NotTestable, match=r'needs the package semopy, which is not installed.*"cxstudy\[sem\]"'):
        random_intercepts(panel(), **NAMES)
