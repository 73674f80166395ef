"""Mixed models of work groups: statsmodels' numbers, cx.mixed_model's, identities, and why there is none."""

import time
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from cxstudy.measures.ambassador_models import crossed, models
from cxstudy.measures.mixed_model import mixed_model

KEYS = ["company", "work_group"]


def drawn(companies=30, groups=4, size=12, slope_sd=0.0, seed=4):
    """(groups frame, answers frame): the index moves answers by .8 within and 1.1 between companies."""
    rng = np.random.default_rng(seed)
    company = np.repeat(np.arange(companies), groups)
    between = rng.normal(60, 10, companies)[company]
    within = rng.normal(0, 8, len(company))
    slopes = 0.8 + slope_sd * rng.standard_normal(companies)[company]
    mean = 1.1 * between + slopes * within + rng.normal(0, 4, companies)[company] + rng.normal(0, 5, len(company))
    group = np.repeat(np.arange(len(company)), rng.integers(size - 5, size + 5, len(company)))
    answers = pd.DataFrame({"g": group, "y": mean[group] + rng.normal(0, 15, len(group))})
    answers["x"], answers["c"] = (between + within)[group], company[group].astype(str)
    means = answers.groupby("g")["y"].mean()
    frame = pd.DataFrame({"company": company.astype(str), "work_group": np.arange(len(company)).astype(str)})
    return frame.assign(employee_index=between + within, cx_index=means.to_numpy()), answers


def parts_of(frame, answers=None, clustered=True, feelings=("trust",)):
    moments = {}
    if answers is not None:
        by = answers.groupby("g")["y"]
        moment = frame[KEYS].assign(n=by.size().to_numpy(), n_missing=0, mean=by.mean().to_numpy())
        moments["customers", "index"] = moment.assign(ss=by.apply(lambda y: ((y - y.mean()) ** 2).sum()).to_numpy())
    return SimpleNamespace(
        groups=frame, found=SimpleNamespace(moments=moments), asked=SimpleNamespace(feelings=feelings), confidence=0.95,
        clustered=clustered, cluster=frame["company"] if clustered else None, companies=frame["company"].nunique(),
    )  # fmt: skip


FRAME, ANSWERS = drawn()
TABLE, FITS = models(parts_of(FRAME, ANSWERS))
ROW = TABLE.set_index(["model", "term"])


def test_single_answers_are_statsmodels_random_intercept_model():
    fit = smf.mixedlm("y ~ x", ANSWERS, groups="g").fit()
    alone = models(parts_of(FRAME, ANSWERS, clustered=False))[0].set_index(["model", "term"])
    for table in (ROW, alone):
        assert table.loc[("answers", "index"), "estimate"] == pytest.approx(10 * fit.fe_params["x"], rel=1e-4)
        spread = np.sqrt(fit.cov_re.iloc[0, 0])
        assert table.loc[("answers", "sd_groups"), "estimate"] == pytest.approx(spread, rel=1e-3)
        assert table.loc[("answers", "sd_rest"), "estimate"] == pytest.approx(np.sqrt(fit.scale), rel=1e-3)
    assert alone.loc[("answers", "index"), "std_error"] == pytest.approx(10 * fit.bse["x"], rel=1e-3)
    assert alone.loc[("answers", "index"), "method"] == "restricted likelihood, Satterthwaite t"
    assert ROW.loc[("answers", "index"), "method"] == "restricted likelihood, clustered by company"
    assert FITS["log_likelihood"][0] == pytest.approx(fit.llf, abs=1e-5)
    assert ROW.loc[("answers", "index"), "n"] == len(ANSWERS)


def test_the_clustered_interval_belongs_to_the_same_estimate():
    """Of a column constant within groups, the mixed model is a weighted line of the group means: a WLS by hand."""
    import statsmodels.api as sm

    by = ANSWERS.groupby("g").agg(y=("y", "mean"), x=("x", "first"), n=("y", "size"))
    groups, rest = (ROW.loc[("answers", term), "estimate"] ** 2 for term in ("sd_groups", "sd_rest"))
    variance = groups + rest / by["n"]
    fit = sm.WLS(by["y"], sm.add_constant(by["x"]), weights=1 / variance)
    fit = fit.fit(cov_type="cluster", cov_kwds={"groups": pd.factorize(FRAME["company"])[0]})
    row = ROW.loc[("answers", "index")]
    assert row["estimate"] == pytest.approx(10 * fit.params["x"], rel=1e-9)
    assert row["std_error"] == pytest.approx(10 * fit.bse["x"], rel=1e-9)


@pytest.mark.parametrize(("model", "slope"), [("companies", None), ("slopes", "employee_index")])
def test_work_groups_in_companies_are_cx_mixed_model(model, slope):
    found = mixed_model(FRAME, "cx_index", fixed="employee_index", group="company", within_between=True, slope=slope)
    fixed = found.fixed.set_index("term")
    for term in ("within", "between", "difference"):
        row = ROW.loc[(model, term)]
        for name in ("estimate", "std_error", "ci_low", "ci_high"):
            assert row[name] == pytest.approx(10 * fixed.loc[f"employee_index_{term}", name], rel=1e-6)
        assert row["df"] == pytest.approx(fixed.loc[f"employee_index_{term}", "df"], rel=1e-4)
    spread = found.variances.set_index("term")["std_dev"]
    assert ROW.loc[(model, "sd_companies"), "estimate"] == pytest.approx(spread["intercept"], rel=1e-5)
    assert found.accepted and FITS.loc[FITS["model"] == model, "accepted"].all()


def test_slopes_that_differ_are_found_and_slopes_that_do_not_are_said_to_be_singular():
    apart = models(parts_of(*drawn(40, 8, slope_sd=1.0, seed=9)))[0].set_index(["model", "term"])
    row = apart.loc[("slopes", "sd_slopes")]
    assert row["ci_low"] < 10 < row["ci_high"] and row["p_value"] < 0.001 and row["ci_low"] > 3
    alike = models(parts_of(*drawn(40, 3, slope_sd=0.0, seed=2)))[0].set_index(["model", "term"])
    assert alike.loc[("slopes", "sd_slopes"), "ci_low"] == 0 and alike.loc[("slopes", "sd_slopes"), "p_value"] > 0.05


def test_no_difference_between_companies_is_singular_and_kept():
    frame = FRAME.copy()
    rng = np.random.default_rng(3)
    noise = rng.normal(0, 5, len(frame))
    # what is left has the same mean in every company: less between them than chance would make
    frame["cx_index"] = frame["employee_index"] + noise - pd.Series(noise).groupby(frame["company"]).transform("mean")
    row = models(parts_of(frame), ("companies",))[0].set_index("term")
    assert (row["singular"] == "no_variance").all() and row.loc["sd_companies", "estimate"] == 0
    assert np.isfinite(row.loc["within", "ci_low"]) and row.loc["sd_companies", "ci_low"] == 0


def test_one_company_and_companies_of_one_group():
    one = models(parts_of(FRAME.assign(company="only"), clustered=False))[0].set_index(["model", "term"])["reason"]
    assert set(one[["companies", "slopes"]]) == {"one-company"} and one["answers", "index"] == "means-only"
    each = models(parts_of(FRAME.assign(company=FRAME["work_group"])))[0].set_index("model")["reason"]
    assert set(each[["companies", "slopes"]]) == {"one-group-a-company"}


def test_an_index_alike_within_companies_and_answers_alike_within_groups():
    frame = FRAME.assign(employee_index=FRAME.groupby("company")["employee_index"].transform("first"))
    assert models(parts_of(frame), ("companies",))[0]["reason"].unique().tolist() == ["no-variation"]
    still = ANSWERS.assign(y=ANSWERS.groupby("g")["y"].transform("first"))
    found, fits = models(parts_of(FRAME, still), ("answers",))
    assert found["reason"].tolist() == ["no-within-variance"] and fits.empty


def test_a_fit_that_is_not_accepted_gives_no_number_and_says_why(monkeypatch):
    import dataclasses

    from cxstudy.measures import ambassador_models

    real = ambassador_models.fit

    def disagreeing(*given, **how):
        found = real(*given, **how)
        first, *others = found.attempts
        return dataclasses.replace(found, attempts=(dataclasses.replace(first, reason="optimisers_differ"), *others))

    monkeypatch.setattr(ambassador_models, "fit", disagreeing)
    table, fits = models(parts_of(FRAME, ANSWERS))
    assert set(table["reason"]) == {"not-accepted:optimisers_differ"} and table["estimate"].isna().all()
    assert not fits["accepted"].any() and set(fits["model"]) == {"answers", "companies", "slopes"}


def test_without_the_feelings_there_is_no_ambassador_index():
    assert set(models(parts_of(FRAME, ANSWERS, feelings=()))[0]["reason"]) == {"no-feelings"}


def test_crossed_adds_products_by_group():
    values = np.array([[1.0, 2], [3, 4], [5, 6]])
    found = crossed(values, np.array([0, 0, 1]))
    whole = np.column_stack([np.ones(3), values])
    np.testing.assert_allclose(found, [whole[:2].T @ whole[:2], whole[2:].T @ whole[2:]])


def test_thirty_thousand_groups_are_quick():
    frame, _ = drawn(10_000, 3, size=6)
    rng = np.random.default_rng(1)
    parts = parts_of(frame)
    moment = frame[KEYS].assign(n=300, n_missing=0, mean=frame["cx_index"], ss=rng.normal(70_000, 3_000, len(frame)))
    parts.found.moments["customers", "index"] = moment
    start = time.perf_counter()
    found, _ = models(parts, ("answers", "companies"))
    assert time.perf_counter() - start < 8
    row = found.set_index(["model", "term"])
    assert row.loc[("companies", "within"), "estimate"] == pytest.approx(8, abs=0.3)
    assert row.loc[("answers", "index"), "n"] == 9e6
