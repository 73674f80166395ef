"""nps_margin: the sample by hand and against its truth, years, too small studies, words, messages."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy.stats import t

import cxstudy as cx
from cxstudy.analyses.nps_margin import answerable
from cxstudy.faults import DataError, NotTestable
from cxstudy.findings import Finding
from cxstudy.language import catalogue, say
from cxstudy.measures.link_reading import headline

ROOT = Path(__file__).parents[1]
IDS = ["top_tier", "bottom_tier", "top_minus_bottom", "top_tier_nps", "bottom_tier_nps", "top_minus_bottom_nps"]
EFFECT = re.compile(r"\b(leads? to|causes?|gives?|yields?|results? in|because|effects?|impact|drives?|boosts?)\b")
IDS += ["slope", "slope_promoter_share", "correlation_nps", "correlation_promoter_share"]


@pytest.fixture(scope="module")
def sample():
    return cx.open_study()


@pytest.fixture(scope="module")
def result(sample):
    return cx.nps_margin(sample)


@pytest.fixture(scope="module")
def by_hand(sample):
    """One row a company of the sample, from its files, without cxstudy."""
    folder = ROOT / "data" / "sample"
    answers, money = pd.read_parquet(folder / "customers.parquet"), pd.read_csv(folder / "financials.csv")
    answers = answers[answers["recommend"].between(0, 10)]
    score = answers.groupby("company")["recommend"]
    frame = pd.DataFrame({"share": score.apply(lambda s: 100 * (s >= 9).mean())})
    frame["nps"] = frame["share"] - score.apply(lambda s: 100 * (s <= 6).mean())
    margin = 100 * money["operating_profit"] / money["revenue"]
    frame["margin"] = margin.groupby(money["company"]).mean()
    return frame.dropna()


def made(small_study, companies=40, answers=12, slope=0.3, noise=3.0, years=(2024,), pairing="pooled"):
    """A study whose margin rises by ``slope`` points for each point more of recommendation, plus noise."""
    rng = np.random.default_rng(7)
    people, money, k = [], [], 0
    for i in range(companies):
        level = rng.normal(7.5, 1.2)
        for year in years:
            for _ in range(answers):
                k += 1
                people.append(f"R{k},C{i:03},{year}-05-01,{int(np.clip(round(rng.normal(level, 1.5)), 0, 10))}")
            money.append(f"C{i:03},{year},1000,{10 * (3 + 10 * slope * (level - 7.5) + noise * rng.normal()):.3f}")
    return cx.open_study(small_study(
        study=lambda text: text.replace("tables:", f"pairing: {pairing}\ntables:"),
        companies="company,name\n" + "".join(f"C{i:03},Firm {i}\n" for i in range(companies)),
        customers="\n".join(["response_id,company,date,recommend", *people, ""]),
        financials="\n".join(["company,year,revenue,operating_profit", *money, ""]),
    ))  # fmt: skip


def test_findings_have_the_promised_ids_in_order(result):
    prefixes = ("nps_margin", "nps_margin.organic_growth")
    assert [f.id for f in result.findings] == [f"{prefix}.{name}" for prefix in prefixes for name in IDS]
    for finding in result.findings:
        assert finding.ci_low < finding.estimate < finding.ci_high
        assert finding.method and finding.n_unit == "companies" and finding.n_missing == 0


def test_slope_by_hand(result, by_hand):
    fit = smf.ols("margin ~ nps", by_hand).fit(cov_type="HC3", use_t=True)
    finding = result["nps_margin.slope"]
    assert finding.n == len(by_hand) == 240
    assert finding.estimate == pytest.approx(10 * fit.params["nps"], rel=1e-10)
    assert (finding.ci_low, finding.ci_high) == pytest.approx(tuple(10 * fit.conf_int().loc["nps"]), rel=1e-10)
    assert finding.p_value == pytest.approx(fit.pvalues["nps"], rel=1e-8)


@pytest.mark.parametrize(("column", "tail"), [("share", ""), ("nps", "_nps")])
def test_tiers_by_hand(result, by_hand, column, tail):
    tier = pd.qcut(by_hand[column].rank(method="first"), 4, labels=False)
    top, bottom = by_hand.loc[tier == 3, "margin"], by_hand.loc[tier == 0, "margin"]
    assert by_hand.loc[tier == 3, column].min() > by_hand.loc[tier == 2, column].max()
    finding = result[f"nps_margin.top_tier{tail}"]
    assert (finding.estimate, finding.n) == (pytest.approx(top.mean()), len(top))
    assert finding.ci_low == pytest.approx(top.mean() - t.ppf(0.975, len(top) - 1) * top.sem())
    assert result[f"nps_margin.bottom_tier{tail}"].estimate == pytest.approx(bottom.mean())
    assert result[f"nps_margin.top_minus_bottom{tail}"].estimate == pytest.approx(top.mean() - bottom.mean())


def test_correlation_by_hand(result, by_hand):
    found = result["nps_margin.correlation_promoter_share"].estimate
    assert found == pytest.approx(by_hand["share"].corr(by_hand["margin"]))


@pytest.mark.parametrize("outcome", ["operating_margin", "organic_growth"])
def test_the_truth_the_sample_was_made_with_lies_within_four_standard_errors(sample, outcome):
    result = cx.nps_margin(sample, outcome=outcome, replicates=200)
    checked = 0
    for finding in result.findings:
        if finding.id in sample.truth:
            checked += 1
            assert abs(finding.estimate - sample.truth[finding.id]) < 4 * finding.std_error, finding.id
    assert checked == len(IDS) * (2 if outcome == "operating_margin" else 1)


@pytest.mark.parametrize(("world", "word"), [("null", "undecided"), ("reversed", "contrary")])
def test_other_worlds_are_told_apart(tmp_path, world, word):
    cx.simulate(tmp_path / world, world=world)
    study = cx.open_study(tmp_path / world)
    result = cx.nps_margin(study, replicates=200)
    assert result.reading.key == f"nps_margin.{word}"
    for finding in result.findings:
        assert abs(finding.estimate - study.truth[finding.id]) < 4 * finding.std_error, finding.id
    assert result.note("nps_margin.note.response_bias").count("−") == 0


def test_other_outcomes_have_their_own_ids_and_words(sample):
    result = cx.nps_margin(sample, outcome="organic_growth", replicates=200)
    assert [f.id for f in result.findings] == [f"nps_margin.organic_growth.{name}" for name in IDS]
    assert "points of organic growth" in result.sentence() and "margin" not in result.sentence()
    money = cx.nps_margin(sample, outcome="revenue", replicates=200)
    assert "%" not in money.sentence().replace("95 % CI", "")


def test_same_seed_same_tables_other_seed_only_other_resamples(sample, result):
    again, other = cx.nps_margin(sample), cx.nps_margin(sample, seed=2)
    pd.testing.assert_frame_equal(again.tiers, result.tiers)
    assert other.findings == result.findings
    assert (other.tiers["boot_low"] != result.tiers["boot_low"]).all()


def test_headline_names_the_tier_the_interval_and_n(result):
    sentence = result.sentence()
    assert sentence.startswith("Among 240 companies (synthetic), the quarter with the highest promoter share")
    assert re.search(r"95 % CI −?\d+\.\d to −?\d+\.\d; \d+ companies", sentence)
    assert re.search(r"\+10 NPS goes with \+\d\.\d points of margin", sentence)


@pytest.mark.parametrize(("tiers", "word"), [(3, "the third with"), (5, "the fifth with"), (7, "one of 7 tiers with")])
def test_tiers_have_names(sample, tiers, word):
    assert word in cx.nps_margin(sample, tiers=tiers, replicates=200).sentence()


def finding(part, estimate, low, high):
    return Finding(f"nps_margin.{part}", estimate, 1.0, low, high, 0.95, "%", 30, "companies")


@pytest.mark.parametrize(
    ("gap", "word"),
    [
        ((3, 1, 5), "supported"),
        ((1, -1, 3), "undecided"),
        ((2, 0, 4), "undecided"),
        ((-3, -5, -1), "contrary"),
        ((-2, -4, 0), "undecided"),
    ],
)
def test_the_headline_follows_the_interval_of_top_minus_bottom(result, gap, word):
    found = {"top_minus_bottom": finding("gap", *gap), "slope": finding("slope", 1, -1, 3)}
    found |= {"top_tier": finding("top", 5, 4, 6), "bottom_tier": finding("bottom", 4, 3, 5)}
    reading = headline(found, result.reading.values)
    assert reading.key == f"nps_margin.{word}" and say(reading)
    without = found | {"top_minus_bottom": Finding("nps_margin.gap", reason="none"), "slope": finding("slope", *gap)}
    reading = headline(without, result.reading.values)
    assert reading.key == f"nps_margin.line_{word}" and say(reading)


def test_no_sentence_words_an_association_as_effect():
    ours = {k: v for k, v in catalogue("en").items() if k.startswith("nps_margin.")}
    assert len(ours) > 60
    for key, sentence in ours.items():
        assert not EFFECT.search(str(sentence)), key


def test_every_doubt_has_a_sentence(result):
    for note in result.notes:
        assert result.note(note.key).endswith(".") and "{" not in result.note(note.key)
    wanted = "left_out gap tiers_nps robust controls fixed_effects influence specification_curve missing_units"
    for name in [*wanted.split(), "response_bias", "who_leads"]:
        assert result.note(f"nps_margin.note.{name}")


def test_specification_curve_holds_every_combination_and_our_test(result):
    curve = result.specification_curve
    choices = ["loyalty", "tiers", "controls", "trim", "weights", "minimum"]
    assert len(curve) == 128 == len(curve[choices].drop_duplicates())
    assert curve["estimate"].is_monotonic_increasing
    chosen = curve[curve["primary"]]
    assert chosen["estimate"].item() == pytest.approx(result["nps_margin.top_minus_bottom"].estimate, rel=1e-10)


def test_slopes_hold_the_promised_specifications(result):
    names = result.slopes["specification"].tolist()
    assert names[:6] == ["pooled", "huber", "tukey", "theil-sen", "weighted", "with controls"]
    assert {"within industry", "within ownership", "fixed effects"} <= set(names)
    assert result.slopes["estimate"].iloc[0] == result["nps_margin.slope"].estimate


def test_years_cluster_by_company(small_study):
    study = made(small_study, years=(2022, 2023, 2024), pairing="same_year")
    result = cx.nps_margin(study, replicates=300)
    units = result.units
    groups = {"groups": units["unit"].factorize()[0]}
    fit = smf.ols("outcome ~ nps", units).fit(cov_type="cluster", cov_kwds=groups, use_t=True)
    slope = result["nps_margin.slope"]
    assert slope.method == "OLS, clustered" and slope.n == 120 and slope.n_unit == "company-years"
    assert slope.std_error == pytest.approx(10 * fit.bse["nps"], rel=1e-10)
    assert result["nps_margin.correlation_nps"].method == "Pearson, cluster bootstrap"
    assert "company-years" in result.sentence()
    assert (result.tiers["df"] < result.tiers["n"] - 1).any()


def test_fixed_effects_and_who_leads_need_years(small_study):
    without = cx.nps_margin(made(small_study), replicates=200)
    assert "fixed effects" not in set(without.slopes["specification"]) and "who_leads" not in without.tables
    assert "not testable" in without.note("nps_margin.note.who_leads")
    years = cx.nps_margin(made(small_study, years=(2022, 2023, 2024)), replicates=300)
    assert years.who_leads["direction"].tolist() == ["x first", "y first", "difference"]
    assert "fixed effects" in set(years.slopes["specification"])


def test_with_too_few_a_tier_there_is_a_line_and_a_reason(small_study):
    result = cx.nps_margin(made(small_study, companies=31), replicates=200)
    assert result.tiers.empty and "tiers are not compared" in result.sentence()
    for name in IDS[:6]:
        finding = result[f"nps_margin.{name}"]
        assert np.isnan(finding.estimate) and "fewer than 8 units" in finding.reason
    assert np.isfinite(result["nps_margin.slope"].ci_low)
    assert not cx.nps_margin(made(small_study, companies=40, answers=60), replicates=200).tiers.empty


def test_a_link_the_other_way_is_called_contrary(small_study):
    result = cx.nps_margin(made(small_study, companies=60, answers=30, slope=-0.5), replicates=200)
    assert result.reading.key == "nps_margin.contrary" and result["nps_margin.slope"].ci_high < 0


def margins(count):
    rows = [f"C{i:03},2024,1000,{20 * i}\n" for i in range(1, count + 1)]
    return "company,year,revenue,operating_profit\n" + "".join(rows)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"financials": margins(3)}, "at least 4 companies with answers and results; these data have 3"),
        ({"financials": "company,year,organic_growth\nC001,2024,3\n"}, "needs operating margins"),
        ({"financials": margins(1)}, "these data have 1"),
        ({"customers": lambda s: re.sub(r"(2024-0(\d)-15),\d+", r"\1,\2", s)}, "All 12 companies have the same NPS"),
        ({"financials": lambda s: re.sub(r"1000,\d+", "1000,50", s)}, "All 12 companies have the same result"),
    ],
)
def test_what_cannot_be_answered_says_why_and_what_to_do(small_study, changes, text):
    study = cx.open_study(small_study(**changes))
    with pytest.raises(NotTestable, match=text) as error:
        cx.nps_margin(study)
    assert error.value.needs
    answer = answerable(study)
    assert answer.status == "no" and re.search(text, say(answer.reason)) and np.isnan(answer.smallest_effect)


@pytest.mark.parametrize("missing", ["customers", "financials"])
def test_answerable_without_a_table(small_study, missing):
    def without(text):
        return "\n".join(line for line in text.splitlines() if f"{missing}:" not in line)

    study = cx.open_study(small_study(study=without))
    assert answerable(study).status == "no" and f"no {missing} table" in say(answerable(study).reason)


def test_answerable_yes_names_the_smallest_slope(sample, by_hand):
    answer = answerable(sample)
    assert answer.status == "yes" and answer.unit == "points of margin per +10 NPS"
    r = np.tanh((1.959964 + 0.841621) / np.sqrt(237))
    assert answer.smallest_effect == pytest.approx(10 * r * by_hand["margin"].std() / by_hand["nps"].std(), rel=1e-5)


@pytest.mark.parametrize(("companies", "status"), [(76, "strong-only"), (77, "yes"), (20, "strong-only")])
def test_answerable_turns_at_the_n_that_finds_half_the_published_share(small_study, companies, status):
    assert answerable(made(small_study, companies=companies)).status == status


def test_the_smallest_slope_is_found_four_times_in_five():
    """Simulated: with n = 80 and the smallest correlation, 80 % of studies reject at 5 %."""
    from cxstudy.stats.regression import slope
    from cxstudy.stats.robustness import smallest_slope

    r, _ = smallest_slope(80, 1, 1)
    rng = np.random.default_rng(11)
    found = 0
    for _ in range(600):
        x = rng.normal(size=80)
        found += slope(r * x + np.sqrt(1 - r**2) * rng.normal(size=80), x)["p_value"] < 0.05
    assert 0.75 < found / 600 < 0.86


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        ({"confidence": 95}, r"confidence must lie between 0 and 1; got 95\. Write 0\.95 for 95 %"),
        ({"confidence": 0}, "confidence must lie between 0 and 1"),
        ({"tiers": 1}, r"tiers must be a whole number from 2 to the number of units \(12\); got 1"),
        ({"tiers": 13}, "tiers must be a whole number from 2"),
        ({"outcome": "margin"}, "there is no outcome 'margin'; valid: operating_margin, operating_profit, revenue"),
        ({"minimum_answers": 0}, "minimum_answers must be a whole number"),
        ({"replicates": 5}, "replicates must be a whole number of at least 100"),
    ],
)
def test_a_senseless_setting_is_refused_with_the_remedy(small_study, setting, text):
    with pytest.raises(ValueError, match=text):
        cx.nps_margin(cx.open_study(small_study()), **setting)


def test_record_writes_all_of_it(sample, result, tmp_path):
    sample.record(result, tmp_path)
    assert {p.stem.split(".")[1] for p in (tmp_path / "tables").glob("*.csv")} == set(result.tables)
    assert len(list((tmp_path / "figures").glob("*.png"))) == 3


def test_other_outcomes_of_the_study_have_findings_of_their_own(sample):
    result = cx.nps_margin(sample, replicates=200)
    alone = cx.nps_margin(sample, outcome="organic_growth", replicates=200)
    assert result["nps_margin.organic_growth.slope"] == alone["nps_margin.organic_growth.slope"]
    assert set(result.other_outcomes["outcome"]) == {"organic_growth"}
    assert not any(f.id.startswith("nps_margin.market_share") for f in result.findings)
    assert "organic growth" in result.note("nps_margin.note.other_outcome")


def test_the_mean_of_the_bottom_tier_is_tested_against_zero(sample):
    from scipy.stats import ttest_1samp

    result = cx.nps_margin(sample, replicates=200)
    units = result.units.sort_values("promoter_share")
    low = result.tiers.query("loyalty == 'promoter_share' and tier == 1").iloc[0]
    worst = units[units["promoter_share"] <= low["loyalty_high"]]["outcome"]
    assert len(worst) == low["n"]
    assert result["nps_margin.bottom_tier"].p_value == pytest.approx(ttest_1samp(worst, 0).pvalue, rel=1e-9)


def test_a_margin_written_as_a_ratio_is_asked_for_and_never_guessed(small_study):
    rows = ["company,year,operating_margin"] + [f"C{i:03d},2024,{0.01 * i - 0.03:.3f}" for i in range(1, 13)]
    study = cx.open_study(small_study(financials="\n".join(rows) + "\n"))
    assert answerable(study).status == "no"
    with pytest.raises(DataError, match="looks like a ratio. Remedy: multiply the column by 100"):
        cx.nps_margin(study)
