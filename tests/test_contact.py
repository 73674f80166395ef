"""Customer contact and eNPS: slopes by company against statsmodels, the share of negative ones, and what is missing."""

import time

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from work_group_study import write

from cxstudy.measures.contact import Contact, contact, contact_moments
from cxstudy.stats.moments import Moments
from cxstudy.stats.regression import slope
from cxstudy.tally import moments

LEVELS = ("never", "monthly", "weekly", "daily")


def people(companies=40, size=25, mean=-8.0, sd=6.0, seed=1):
    """Rows company, step, score: a slope of its own for each company, score continuous."""
    rng = np.random.default_rng(seed)
    company = np.repeat(np.arange(companies), size)
    step = rng.integers(0, 4, len(company)).astype(float)
    slopes = rng.normal(mean, sd, companies)
    level = 10 * rng.standard_normal(companies)
    score = level[company] + slopes[company] * step + 40 * rng.standard_normal(len(company))
    return pd.DataFrame({"company": company.astype(str), "step": step, "score": score})


def of(rows, least=7, **options):
    return contact(moments(rows, ["step", "score"], by="company", centre=[1.5, 0.0]), least, 0.95, **options)


ROWS = people()
FOUND = of(ROWS)


def test_slopes_are_those_of_each_company_by_itself():
    wanted = ROWS.groupby("company")[["step", "score"]].apply(lambda f: np.polyfit(f["step"], f["score"], 1)[0])
    found = FOUND.companies.set_index("company")["estimate"]
    np.testing.assert_allclose(found, wanted[found.index], rtol=1e-9)


def test_errors_and_intervals_are_those_of_one_model_with_a_line_for_each_company():
    fit = smf.ols("score ~ C(company) + C(company):step - 1", ROWS).fit()
    wanted = fit.bse.filter(like=":step")
    wanted.index = [name.split("[")[1].split("]")[0] for name in wanted.index]
    rows = FOUND.companies.set_index("company")
    np.testing.assert_allclose(rows["std_error"], wanted[rows.index], rtol=1e-9)
    ends = fit.conf_int().filter(like=":step", axis=0)
    np.testing.assert_allclose(np.sort(rows["ci_low"]), np.sort(ends[0]), rtol=1e-9)


def test_the_common_slope_is_the_clustered_one_within_companies():
    wanted = slope(ROWS["score"], ROWS["step"], absorb=ROWS["company"], cluster=ROWS["company"])
    for name in ("n", "estimate", "std_error", "ci_low", "ci_high", "df", "p_value"):
        assert FOUND.rows["slope"][name] == pytest.approx(wanted[name], rel=1e-9)


def test_few_companies_take_employees_as_independent_and_say_so():
    rows = people(companies=9)
    found = of(rows)
    fit = smf.ols("score ~ C(company) + step", rows).fit()
    row = found.rows["slope"]
    assert row["method"] == "OLS within companies, employees independent"
    wanted = (fit.params["step"], fit.bse["step"], fit.df_resid)
    assert (row["estimate"], row["std_error"], row["df"]) == pytest.approx(wanted)
    few = of(people(companies=7))
    assert few.rows["share_negative"]["reason"] == few.rows["share_negative_corrected"]["reason"] == "few-companies"


def test_the_mixed_model_is_that_of_statsmodels():
    """A slope of each company: MixedLM reaches the same likelihood on these data."""
    rows = ROWS.assign(between=ROWS.groupby("company")["step"].transform("mean"))
    rows["within"] = rows["step"] - rows["between"]
    fit = smf.mixedlm("score ~ within + between", rows, groups="company", re_formula="~within").fit(method=["lbfgs"])
    table = FOUND.models.set_index("term")
    assert FOUND.fits["accepted"].all() and FOUND.fits["log_likelihood"].max() == pytest.approx(fit.llf, abs=1e-3)
    assert table.loc["within", "estimate"] == pytest.approx(fit.fe_params["within"], abs=1e-2)
    assert table.loc["between", "estimate"] == pytest.approx(fit.fe_params["between"], abs=1e-2)
    assert table.loc["sd_slopes", "estimate"] == pytest.approx(np.sqrt(fit.cov_re.loc["within", "within"]), rel=1e-2)


def test_shares():
    slopes = FOUND.companies["estimate"]
    assert FOUND.rows["share_negative"]["estimate"] == 100 * (slopes < 0).mean()
    corrected = FOUND.rows["share_negative_corrected"]
    mean, sd = (FOUND.models.set_index("term").loc[k, "estimate"] for k in ("within", "sd_slopes"))
    from scipy.stats import norm

    assert corrected["estimate"] == pytest.approx(100 * norm.cdf(-mean / sd), rel=1e-9)
    assert corrected["ci_low"] < corrected["estimate"] < corrected["ci_high"]
    assert corrected["estimate"] > FOUND.rows["share_negative"]["estimate"], "chance draws the raw share towards 50"


def test_predictions_lie_between_own_and_common_slope():
    common = FOUND.models.set_index("term").loc["within", "estimate"]
    rows = FOUND.companies
    drawn = (rows["predicted"] - common) / (rows["estimate"] - common)
    assert ((drawn > 0) & (drawn < 1)).all()
    variance = FOUND.models.set_index("term").loc["sd_slopes", "estimate"] ** 2
    np.testing.assert_allclose((1 / drawn - 1) * variance, rows["std_error"] ** 2, rtol=1e-6)


def test_slopes_of_exactly_zero_count_as_half():
    one = pd.DataFrame({"step": [0.0, 1, 2, 3] * 3, "score": [0.0, 100, -100, 0] * 3})
    flat = pd.DataFrame({"step": [0.0, 1, 2, 3] * 3, "score": [-100.0, 100, 100, -100] * 3})
    rows = pd.concat([(flat if i % 2 else one).assign(company=f"c{i:02d}") for i in range(10)])
    found = of(rows)
    assert (found.companies["estimate"] == 0).sum() == 5
    assert found.rows["share_negative"]["estimate"] == pytest.approx(75.0)


def test_coverage_of_the_corrected_share_and_no_false_certainty():
    """True share 84.1 % (mean −6, SD 6): conservative by construction, 10 studies detect breakage only."""
    held, widths = 0, []
    for seed in range(10):
        row = of(people(60, 20, -6.0, 6.0, seed=seed)).rows["share_negative_corrected"]
        held += row["ci_low"] <= 84.134 <= row["ci_high"]
        widths.append(row["ci_high"] - row["ci_low"])
    assert held >= 9 and np.median(widths) < 60


def test_without_any_link_the_raw_share_lies_about_half_and_the_corrected_one_says_nothing():
    row = of(people(60, 20, 0.0, 0.0, seed=3)).rows
    assert row["share_negative"]["ci_low"] < 50 < row["share_negative"]["ci_high"]
    assert (row["share_negative_corrected"]["ci_low"], row["share_negative_corrected"]["ci_high"]) == (0.0, 100.0)


def test_small_and_uniform_companies_have_no_slope():
    small = ROWS[ROWS["company"] == "0"].head(6).assign(company="small")
    alike = ROWS[ROWS["company"] == "1"].assign(company="alike", step=2.0)
    found = of(pd.concat([ROWS, small, alike, alike.assign(company=None)]))
    rows = found.companies.set_index("company")
    assert "small" not in rows.index and rows.loc["alike", "reason"] == "contact-alike" and found.left_out == 2
    assert np.isnan(rows.loc["alike", "predicted"])
    assert found.rows["slope"]["estimate"] == pytest.approx(FOUND.rows["slope"]["estimate"], rel=1e-9)


@pytest.mark.parametrize("rows", [ROWS.assign(step=1.0), ROWS.head(0), ROWS.groupby("company").head(3)])
def test_nothing_to_go_by(rows):
    found = of(rows)
    assert isinstance(found, Contact) and found.reason == "contact-too-few" and found.companies.empty
    assert all(row["reason"] == "contact-too-few" for row in found.rows.values())


def test_one_company_has_a_slope_and_no_share():
    found = of(people(companies=1))
    assert np.isfinite(found.rows["slope"]["ci_low"])
    assert found.rows["share_negative_corrected"]["reason"] == "few-companies"
    assert found.models["reason"].tolist() == ["one-company"]


def test_thirty_thousand_companies_are_quick():
    rng = np.random.default_rng(1)
    n = rng.integers(7, 30, 30_000).astype(float)
    step, score = rng.standard_normal((2, 30_000))
    cross = np.zeros((30_000, 2, 2))
    cross[:, 0, 0], cross[:, 1, 1], cross[:, 0, 1] = n * (1 + step**2), n * (5000 + score**2), n * (step * score - 8)
    cross[:, 1, 0] = cross[:, 0, 1]
    keys = pd.DataFrame({"company": np.arange(30_000).astype(str)})
    total = np.column_stack([n * step, n * score])
    sums = Moments(keys, ("step", "score"), n, 0 * n, n, n, total, cross, np.array([1.5, 0.0]))
    start = time.perf_counter()
    found = contact(sums, 7, 0.95)
    assert time.perf_counter() - start < 8 and found.rows["slope"]["estimate"] == pytest.approx(-8)


ANSWERS = pd.DataFrame(
    {
        "response_id": list("vwxyz"),
        "company": ["a", "a", "a", "b", "b"],
        "work_group": "g",
        "customer_contact": ["never", "daily", None, "weekly", "monthly"],
        "recommend_employer": [10, 6, 8, 9, 7],
    }
)
CUSTOMERS = pd.DataFrame({"response_id": ["c"], "company": ["a"], "work_group": ["g"], "ease": [5]})


def study(folder, frame, levels=LEVELS, scale="{low: 0, high: 10}"):
    more = f"levels: {{customer_contact: [{', '.join(levels)}]}}" if levels else ""
    scales = {"recommend_employer": scale} if "recommend_employer" in frame else {}
    return write(folder, CUSTOMERS, frame, scales=scales, more=more, items="[ease]")


def test_steps_follow_the_declared_order_and_scores_the_classes(tmp_path):
    found, why = contact_moments(study(tmp_path / "a", ANSWERS))
    assert why is None and found.n.tolist() == [2, 2] and found.n_missing.tolist() == [1, 0]
    np.testing.assert_allclose(found.means(np.eye(2)), [[1.5, 0.0], [1.5, 50.0]])
    turned, _ = contact_moments(study(tmp_path / "b", ANSWERS, levels=LEVELS[::-1]))
    np.testing.assert_allclose(turned.cross[:, 0, 1], -found.cross[:, 0, 1])


@pytest.mark.parametrize(
    ("frame", "options", "why"),
    [
        (ANSWERS, {"levels": None}, "no-contact-levels"),
        (ANSWERS.drop(columns="customer_contact"), {"levels": None}, "no-contact"),
        (ANSWERS.drop(columns="recommend_employer"), {}, "no-contact"),
        (ANSWERS.assign(recommend_employer=3), {"scale": "{low: 1, high: 5}"}, "no-enps"),
    ],
)
def test_what_a_study_lacks(tmp_path, frame, options, why):
    assert contact_moments(study(tmp_path / "s", frame, **options)) == (None, why)
