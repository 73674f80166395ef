"""The share of margin that goes together with loyalty: by hand, on the sample, on studies that can't say, messages."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

import cxstudy as cx
from cxstudy.analyses import loyalty_share as module
from cxstudy.analyses.loyalty_share import answerable, loyalty_share
from cxstudy.faults import DataError, NotTestable
from cxstudy.findings import Result
from cxstudy.measures.percent import looks_like_ratio
from cxstudy.stats.r_squared import adjusted, r_squared_interval

YEARS = (2022, 2023, 2024)


def write(folder, *, companies=30, years=YEARS, answers=12, margin=None, score=None, money=True, seed=5, **keys):
    """A study whose companies have a true level each that answers, satisfaction and money follow; opened."""
    r = np.random.default_rng(seed)
    level = r.normal(size=companies)
    names = [f"C{i:02}" for i in range(companies)]
    rows, results = [], []
    for name, up in zip(names, level, strict=True):
        for year in years:
            own = up + 0.3 * r.normal()
            for k in range(answers):
                recommend = int(np.clip(round(7 + 1.2 * own + 2 * r.normal()), 0, 10)) if score is None else score(k)
                happy = int(np.clip(round(5.5 + 1.5 * own + r.normal()), 1, 10))
                hard = int(np.clip(11 - happy + r.integers(-1, 2), 1, 10))
                rows.append((f"{name}-{year}-{k}", name, f"{year}-05-{k % 28 + 1:02}", recommend, happy, hard))
            value = (5 + 4 * up + 4 * r.normal()) if margin is None else margin(up, r)
            results.append((name, year, 1000, 10 * value, value, 3 + 2 * up + r.normal()))
    kept = ["company", "year", "operating_margin", "organic_growth"]
    columns = ["company", "year", "revenue", "operating_profit", "operating_margin", "organic_growth"]
    money = columns if money else kept
    folder.mkdir(exist_ok=True)
    pd.DataFrame(results, columns=columns)[money].to_csv(folder / "financials.csv", index=False)
    heads = ["response_id", "company", "date", "recommend", "satisfaction", "ease"]
    pd.DataFrame(rows, columns=heads).to_csv(folder / "customers.csv", index=False)
    frame = pd.DataFrame({"company": names, "industry": ["bank" if i % 3 else "energy" for i in range(companies)]})
    sizes = [("s", "m", "l")[i % 3 if i % 5 else 0] for i in range(companies)]
    frame.assign(size=sizes).to_csv(folder / "companies.csv", index=False)
    scales = "scales: {satisfaction: {low: 1, high: 10}, ease: {low: 1, high: 10, better: low}}"
    lines = ["format: 1", "name: made", scales]
    lines += ["items: {cx_index: [ease, satisfaction]}", *(f"{k}: {v}" for k, v in keys.items()), "tables:"]
    lines += [f"  {t}: {{file: {t}.csv}}" for t in ("companies", "financials", "customers")]
    (folder / "study.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return cx.open_study(folder)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return write(tmp_path_factory.mktemp("made") / "study")


@pytest.fixture(scope="module")
def result(made):
    return loyalty_share(made, replicates=300)


@pytest.fixture(scope="module")
def sample():
    study = cx.open_study()
    return study, loyalty_share(study, replicates=300)


def test_shares_are_what_regressions_say(result):
    units = result.units
    assert len(units) == 30
    for name in ("promoter_share", "nps"):
        fit = smf.ols(f"outcome ~ {name}", units).fit()
        found = result[f"loyalty_share.r2_{name}"]
        exact = r_squared_interval(fit.rsquared, 30, 1).iloc[0]
        assert found.estimate == pytest.approx(fit.rsquared, rel=1e-10)
        assert (found.ci_low, found.ci_high) == pytest.approx((exact.ci_low, exact.ci_high), abs=1e-9)
        assert result[f"loyalty_share.adjusted_{name}"].estimate == pytest.approx(fit.rsquared_adj, rel=1e-9)
        assert (found.unit, found.n, found.n_unit, found.estimand) == ("share", 30, "companies", "observed-score")
        error = units[f"{name}_se"] ** 2 * units["n_answers"] / (units["n_answers"] - 1)
        latent = result[f"loyalty_share.r2_{name}_latent"]
        factor = units[name].var() / (units[name].var() - error.mean())
        assert latent.estimate == pytest.approx(fit.rsquared * factor, rel=1e-9)
        assert latent.ci_high == pytest.approx(min(1, exact.ci_high * factor), rel=1e-9) and latent.estimand == "latent"
    large = smf.ols("outcome ~ promoter_share + industry + size", units).fit().rsquared
    small = smf.ols("outcome ~ industry + size", units).fit().rsquared
    assert result["loyalty_share.semi_partial"].estimate == pytest.approx(large - small, abs=1e-10)
    lmg = result.larger_model.query("loyalty == 'promoter_share' and measure == 'lmg'")
    assert lmg["estimate"].sum() == pytest.approx(large, abs=1e-10)
    assert result["loyalty_share.lmg_share"].estimate == lmg["estimate"].iloc[0]


def test_every_method_stands_beside_the_primary(result):
    rows = result.shares.query("loyalty == 'promoter_share'")
    assert rows["method"].tolist() == [
        "random", "fixed", "olkin-finn", "BCa", "ezekiel", "olkin-pratt", "leave-one-out",
        "random / reliability", "BCa",
    ]  # fmt: skip
    assert rows.loc[rows["primary"], "share"].tolist() == ["r2", "adjusted", "cross_validated", "corrected"]
    pratt = rows.loc[rows["method"] == "olkin-pratt", "estimate"].iloc[0]
    r2 = result["loyalty_share.r2_promoter_share"].estimate
    assert pratt == pytest.approx(adjusted(r2, 30, 1, method="olkin-pratt"), abs=1e-12)
    assert result["loyalty_share.cross_validated_promoter_share"].estimate < r2


def test_the_sign_is_tested_on_the_slope(result):
    fit = smf.ols("outcome ~ promoter_share", result.units).fit(cov_type="HC3", use_t=True)
    found = result["loyalty_share.slope_promoter_share"]
    assert found.estimate == pytest.approx(10 * fit.params["promoter_share"], rel=1e-9)
    assert found.p_value == pytest.approx(fit.pvalues["promoter_share"], rel=1e-6)
    assert found.unit == "points per +10 percentage points"
    assert "A share has no direction" in result.note("loyalty_share.note.sign")


def test_the_same_seed_gives_the_same_numbers(made, result):
    again = loyalty_share(made, replicates=300)
    assert repr(again.findings) == repr(result.findings)
    for name, table in result.tables.items():
        pd.testing.assert_frame_equal(table, again.tables[name])


def test_headline_carries_the_width(result):
    said, share = result.sentence(), result["loyalty_share.r2_promoter_share"]
    percent = f"{100 * share.estimate:.0f} % of the differences in operating margin"
    assert said.startswith(f"Loyalty (promoter share) goes together with {percent}")
    assert f"interval between {100 * share.ci_low:.0f} and {100 * share.ci_high:.0f} %" in said
    assert "explain" not in said and "30 companies" in said


def test_sample_recovers_its_truth(sample):
    study, found = sample
    for name in ("r2_promoter_share", "r2_nps", "r2_promoter_share_latent", "r2_nps_latent"):
        one = found[f"loyalty_share.{name}"]
        assert one.ci_low < study.truth[one.id] < one.ci_high, one
    assert "240 companies (synthetic)" in found.sentence()
    assert found["loyalty_share.r2_nps_latent"].estimate > found["loyalty_share.r2_nps"].estimate
    assert answerable(study).status == "yes" and answerable(study).smallest_effect == pytest.approx(3.24, abs=0.01)


def test_sample_ranks_indicators_over_the_same_rows(sample):
    _, found = sample
    rows = found.indicators
    assert set(rows["predictor"]) == {"nps", "promoter_share", "satisfaction", "effort", "cx_index"}
    assert rows["estimate"].is_monotonic_decreasing and (rows["rank_low"] <= rows["rank"]).all()
    rank = found["loyalty_share.best_indicator_rank_satisfaction"]
    row = rows.set_index("predictor").loc["satisfaction"]
    assert (rank.estimate, rank.ci_low, rank.ci_high) == (row["rank"], row["rank_low"], row["rank_high"])
    assert rank.unit == "rank" and rank.n_unit == "companies"
    assert "operating margin and organic growth, averaged" in found.note("loyalty_share.note.best_indicator")


def test_indicators_are_of_the_year_before(made, result):
    from cxstudy.measures.indicators import next_year_panels

    panels = next_year_panels(made)
    frame = panels.panels["operating_margin"]
    assert panels.indicators == ["nps", "promoter_share", "satisfaction", "cx_index"]
    assert sorted(frame["year"].unique()) == [2023, 2024] and len(frame) == 60
    raw = made.customers.frame()
    own = raw[(raw["company"] == "C03") & (raw["date"].dt.year == 2022)]
    row = frame[(frame["unit"] == "C03") & (frame["year"] == 2023)].iloc[0]
    satisfied, easy = 100 * (own["satisfaction"].mean() - 1) / 9, 100 - 100 * (own["ease"].mean() - 1) / 9
    assert row["satisfaction"] == pytest.approx(satisfied)
    assert row["cx_index"] == pytest.approx((satisfied + easy) / 2)
    money = made.financials.frame().query("company == 'C03' and year == 2023")
    assert row["outcome"] == pytest.approx(money["operating_margin"].iloc[0])


def test_dilution_ends_at_the_correction_and_passes_through_these_data(result):
    rows = result.dilution.query("loyalty == 'promoter_share'").set_index("kind")
    points = rows.loc["point"]
    assert points["n_answers_each"].tolist() == [10, 30, 100, 300] and points["estimate"].is_monotonic_increasing
    latent = result["loyalty_share.r2_promoter_share_latent"]
    assert rows.loc["latent", "estimate"] == pytest.approx(latent.estimate, rel=1e-12)
    assert rows.loc["data", "estimate"] == pytest.approx(result["loyalty_share.r2_promoter_share"].estimate, rel=1e-9)
    assert points["estimate"].max() < latent.estimate


def test_several_rows_a_unit_leave_only_the_bootstrap(tmp_path):
    found = loyalty_share(write(tmp_path / "s", pairing="same_year"), replicates=200)
    assert len(found.units) == 90
    assert found.shares.query("share == 'r2'")["method"].tolist() == ["BCa", "BCa"]
    assert "bootstrap of whole units" in found["loyalty_share.r2_nps"].method
    assert found["loyalty_share.r2_nps"].n_unit == "company-years"
    one = found["loyalty_share.adjusted_nps"]
    assert np.isnan(one.estimate) and "several rows a unit" in one.reason
    assert found["loyalty_share.r2_nps_latent"].ci_high > found["loyalty_share.r2_nps_latent"].ci_low
    assert "do not hold" in found.note("loyalty_share.note.methods") and "90 company-years" in found.sentence()


def test_fewer_than_ten_units_have_no_share(tmp_path):
    study = write(tmp_path / "s", companies=9)
    found = loyalty_share(study, replicates=200)
    one = found["loyalty_share.r2_promoter_share"]
    assert np.isnan(one.estimate) and one.reason == "With fewer than 10 units no share is given; see the scatter."
    assert np.isfinite(found["loyalty_share.slope_nps"].estimate) and len(found.line) and len(found.units) == 9
    assert found.sentence().startswith("With 9 companies no share is given")
    assert found.note("loyalty_share.note.larger_model").startswith("There is no larger model")
    answer = answerable(study)
    said = cx.check(study).set_index("analysis").loc["loyalty_share", "sentence"]
    assert answer.status == "strong-only" and "only the scatter" in said


def test_a_contrary_link_is_said(tmp_path):
    found = loyalty_share(write(tmp_path / "s", margin=lambda up, r: 5 - 4 * up + 3 * r.normal()), replicates=200)
    assert found.sentence().startswith("Higher loyalty (promoter share) goes with lower operating margin")


def test_no_link_is_not_called_one(tmp_path):
    found = loyalty_share(write(tmp_path / "s", margin=lambda up, r: 5 + 3 * r.normal()), replicates=200)
    assert found["loyalty_share.slope_promoter_share"].ci_low < 0 < found["loyalty_share.slope_promoter_share"].ci_high
    assert found.sentence().startswith("These data cannot tell whether")


def test_one_year_only_cannot_say_which_is_best(tmp_path):
    found = loyalty_share(write(tmp_path / "s", years=(2024,)), replicates=200)
    one = found["loyalty_share.best_indicator_rank_satisfaction"]
    assert np.isnan(one.estimate) and "answers of one year and results of the next" in one.reason
    assert "indicators" not in found.tables and one.reason in found.note("loyalty_share.note.best_indicator")
    assert np.isfinite(found["loyalty_share.r2_nps"].estimate)


def test_a_missing_row_is_counted(tmp_path):
    study = write(tmp_path / "s")
    path = study.folder / "financials.csv"
    frame = pd.read_csv(path)
    frame[frame["company"] != "C04"].to_csv(path, index=False)
    found = loyalty_share(cx.open_study(study.folder), replicates=200)
    assert found["loyalty_share.r2_nps"].n == 29 and found["loyalty_share.r2_nps"].n_missing == 1
    assert "no result (companies: 1)" in found.note("loyalty_share.note.left_out")


def test_another_outcome_has_its_own_ids(made):
    found = loyalty_share(made, outcome="organic_growth", replicates=200)
    ids = {one.id for one in found.findings}
    assert "loyalty_share.organic_growth.r2_nps" in ids and "loyalty_share.best_indicator_rank_satisfaction" in ids
    assert "differences in organic growth" in found.sentence()


def test_scores_without_standard_errors_are_not_corrected(made, monkeypatch):
    whole = module.Explained.error_variance

    def without(self, name):
        return None if name == "nps" else whole(self, name)

    monkeypatch.setattr(module.Explained, "error_variance", without)
    found = loyalty_share(made, replicates=200)
    one = found["loyalty_share.r2_nps_latent"]
    assert np.isnan(one.estimate) and "no standard errors" in one.reason
    assert np.isfinite(found["loyalty_share.r2_promoter_share_latent"].estimate)
    assert set(found.dilution["loyalty"]) == {"promoter_share"} == set(found.simex["loyalty"])


@pytest.mark.parametrize("broken", [np.nan, 0.0])
def test_standard_errors_that_are_none_are_seen(made, broken):
    from cxstudy.measures.explained import Explained

    found = Explained(made, "operating_margin", minimum_answers=None, confidence=0.95, seed=1, replicates=100)
    found.units["nps_se"] = broken
    assert found.error_variance("nps") is None and found.error_variance("promoter_share") is not None


def test_all_sampling_error_is_not_corrected(made, monkeypatch):
    whole = module.Explained.error_variance
    monkeypatch.setattr(module.Explained, "error_variance", lambda self, name: 1e4 * whole(self, name))
    found = loyalty_share(made, replicates=200)
    assert "all the variation" in found["loyalty_share.r2_nps_latent"].reason and found.dilution.empty
    assert found.note("loyalty_share.note.corrected").startswith("The share is not corrected")
    assert "Without sampling error" not in found.sentence()


def test_the_same_nps_everywhere_is_not_testable(tmp_path):
    study = write(tmp_path / "s", score=lambda k: k % 11)
    with pytest.raises(NotTestable, match="same promoter share"):
        loyalty_share(study)
    assert answerable(study).status == "no"


def test_two_companies_are_not_testable(tmp_path):
    study = write(tmp_path / "s", companies=2)
    with pytest.raises(NotTestable, match="at least 3 companies"):
        loyalty_share(study)
    assert answerable(study).status == "no"


def test_an_outcome_made_of_loyalty_has_no_interval(tmp_path):
    study = write(tmp_path / "s", years=(2024,))
    share = loyalty_share(study, replicates=200).units.set_index("unit")["promoter_share"]
    path = study.folder / "financials.csv"
    frame = pd.read_csv(path).drop(columns=["revenue", "operating_profit"])
    frame.assign(operating_margin=frame["company"].map(share) / 2).to_csv(path, index=False)
    found = loyalty_share(cx.open_study(study.folder), replicates=200)
    one = found["loyalty_share.r2_promoter_share"]
    assert one.estimate == pytest.approx(1) and "computed from loyalty" in one.reason
    assert "no interval can be given" in found.sentence()


def test_controls_that_determine_one_another_give_no_larger_model(tmp_path):
    study = write(tmp_path / "s")
    path = study.folder / "companies.csv"
    frame = pd.read_csv(path)
    frame.assign(ownership=frame["industry"] + " owned").to_csv(path, index=False)
    found = loyalty_share(cx.open_study(study.folder), replicates=200)
    assert "determine one another" in found["loyalty_share.lmg_share"].reason and found.larger_model.empty
    frame[["company"]].to_csv(path, index=False)
    found = loyalty_share(cx.open_study(study.folder), replicates=200)
    assert "no industry, size" in found["loyalty_share.semi_partial"].reason


def test_a_margin_written_as_ratio_is_asked_for(tmp_path):
    study = write(tmp_path / "s", margin=lambda up, r: 0.05 + 0.03 * up, money=False)
    with pytest.raises(DataError, match=r"all 90 values between .* looks like a ratio\. Remedy: multiply the column"):
        loyalty_share(study)
    assert answerable(study).status == "no"
    computed = write(tmp_path / "t", margin=lambda up, r: 0.05 + 0.03 * up)
    path = computed.folder / "financials.csv"
    pd.read_csv(path).drop(columns="operating_margin").to_csv(path, index=False)
    assert isinstance(loyalty_share(cx.open_study(computed.folder), replicates=200), Result)


@pytest.mark.parametrize(
    ("values", "ratio"),
    [([0.09, -0.2], True), ([9.0, -2.0], False), ([1.0, 0.0, -1.0], False), ([np.nan], False), ([0.3, 1.6], False)],
)
def test_what_looks_like_a_ratio(values, ratio):
    assert looks_like_ratio(values) is ratio


def test_small_growth_is_mentioned_and_not_refused(tmp_path):
    study = write(tmp_path / "s", years=(2024,))
    path = study.folder / "financials.csv"
    frame = pd.read_csv(path)
    frame.assign(organic_growth=frame["organic_growth"] / 100).to_csv(path, index=False)
    found = loyalty_share(cx.open_study(study.folder), outcome="organic_growth", replicates=200)
    assert "multiply them by 100" in found.note("loyalty_share.note.ratio")


def test_counted_table_with_years_and_means(tmp_path):
    study = write(tmp_path / "s")
    raw = study.customers.frame().assign(year=lambda d: d["date"].dt.year)
    raw = raw.assign(p=100.0 * (raw["recommend"] >= 9), d=100.0 * (raw["recommend"] <= 6))
    means = {"p": ("p", "mean"), "d": ("d", "mean"), "sat": ("satisfaction", "mean")}
    rows = raw.groupby(["company", "year"]).agg(n=("p", "size"), **means)
    rows.assign(m=100 - rows["p"] - rows["d"]).reset_index().to_csv(study.folder / "customers.csv", index=False)
    text = (study.folder / "study.yaml").read_text(encoding="utf-8").split("tables:")[0]
    text = "\n".join(line for line in text.splitlines() if not line.startswith(("scales", "items")))
    tables = """
tables:
  financials: {file: financials.csv}
  customers:
    file: customers.csv
    rows: counted
    shares: {recommend: {promoters: p, passives: m, detractors: d}}
    means: {satisfaction: {mean: sat}}
"""
    (study.folder / "study.yaml").write_text(text + tables, encoding="utf-8")
    found = loyalty_share(cx.open_study(study.folder), replicates=200)
    assert set(found.indicators["predictor"]) == {"nps", "promoter_share", "satisfaction"}
    assert found.indicators["n"].tolist() == [120] * 3 and found["loyalty_share.r2_nps"].n == 30


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"replicates": 50}, "at least 100"),
        ({"confidence": 95}, "Write 0.95"),
        ({"outcome": "operating_margins"}, "nearest: operating_margin"),
    ],
)
def test_settings_that_make_no_sense(made, wrong, text):
    with pytest.raises(ValueError, match=text):
        loyalty_share(made, **wrong)


def test_public_names():
    assert cx.loyalty_share is loyalty_share and cx.r_squared_interval is r_squared_interval
