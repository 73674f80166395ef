"""All measures of a study: the same numbers as the measures by themselves, by hand, and what a study may lack."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects

import cxstudy as cx
from cxstudy.analyses.measures import answerable, measures_overview
from cxstudy.faults import NotTestable
from cxstudy.language import say
from cxstudy.measures.comparing_groups import compare_groups
from cxstudy.measures.crosswalk import Crosswalk
from cxstudy.measures.cx_index import cx_index
from cxstudy.measures.effort import ces
from cxstudy.measures.next_wave import planning_table, precision_table
from cxstudy.measures.nps import enps, nps, nps_from_counts, promoter_share
from cxstudy.measures.planning import answers_needed
from cxstudy.measures.reliability import alpha, omega
from cxstudy.measures.satisfaction import csat, csi
from cxstudy.measures.unit_spread import spread_table

NUMBERS = ["n", "n_missing", "estimate", "std_error", "ci_low", "ci_high"]


def write(folder, customers=None, employees=None, more=""):
    """A study of these frames, opened."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["format: 1", "name: made", more, "tables:"]
    for name, frame in (("customers", customers), ("employees", employees)):
        if frame is not None:
            frame.to_csv(folder / f"{name}.csv", index=False)
            lines.append(f"  {name}: {{file: {name}.csv}}")
    (folder / "study.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return cx.open_study(folder)


def answers(sizes, seed=3, **extra):
    """Answers of companies c00, c01, … to recommend and satisfaction (1–5), ``sizes`` each."""
    rng = np.random.default_rng(seed)
    company = np.repeat([f"c{i:02d}" for i in range(len(sizes))], sizes)
    satisfaction = np.clip(np.rint(rng.normal(3.6, 1.1, len(company))), 1, 5).astype(int)
    recommend = np.clip(np.rint(2 * satisfaction - 0.5 + rng.normal(0, 1.5, len(company))), 0, 10).astype(int)
    frame = {"response_id": range(len(company)), "company": company, "recommend": recommend}
    return pd.DataFrame(frame | {"satisfaction": satisfaction} | extra)


@pytest.fixture(scope="module")
def sample():
    study = cx.open_study()
    return study, measures_overview(study)


@pytest.fixture
def made(tmp_path):
    """``made(customers, …)``: the result of a study of these answers."""
    return lambda *tables, **more: measures_overview(write(tmp_path / "study", *tables, **more))


def row_of(result, measure):
    return result.measures.set_index("measure").loc[measure]


def test_each_measure_is_that_of_its_own_function(sample):
    study, result = sample
    expected = {
        "nps": nps(study, cluster="unit"),
        "promoter_share": promoter_share(study, cluster="unit"),
        "csat": csat(study, cluster="unit"),
        "satisfaction_mean": csat(study, cluster="unit", statistic="mean"),
        "csi": csi(study, cluster="unit"),
        "ces": ces(study, cluster="unit"),
        "cx_index": cx_index(study, cluster="unit"),
        "enps": enps(study, cluster="unit"),
    }
    for measure, found in expected.items():
        row = row_of(result, measure)
        assert row[NUMBERS].to_numpy(float) == pytest.approx(found[NUMBERS].iloc[0].to_numpy(float), rel=1e-12)
        assert row["unit"] == found["unit"].iloc[0] and row["clustered"] and row["n_units"] == 240
        one = result[f"measures.{measure}"]
        assert (one.estimate, one.ci_low, one.n) == (row["estimate"], row["ci_low"], row["n"])
    assert set(result.measures["measure"]) - set(expected) == {"employee_index"}


def test_the_employee_index_by_hand(sample):
    study, result = sample
    frame = study.employees.frame()
    items = [10 * frame["recommend_employer"], *(25 * (frame[q] - 1) for q in ("good_company", "trust", "thriving"))]
    index = pd.concat(items, axis=1)
    person = index.mean(axis=1).where(index.notna().sum(axis=1) >= 3).dropna()
    row = row_of(result, "employee_index")
    assert (row["n"], row["n_missing"]) == (len(person), len(frame) - len(person))
    assert row["estimate"] == pytest.approx(person.mean(), rel=1e-12)


def test_reliability_is_that_of_alpha_and_omega(sample):
    study, result = sample
    rows = result.reliability.set_index(["measure", "statistic"])
    for measure, table in {"cx_index": "customers", "employee_index": "employees"}.items():
        items = row_of(result, measure)["questions"].split(", ")
        for name, function in {"alpha": alpha, "omega": omega}.items():
            found = function(study, items, table=table).iloc[0]
            columns = ["n", "n_missing", "estimate", "ci_low", "ci_high", "lowest_item_rest"]
            mine = rows.loc[(measure, name), columns].to_numpy(float)
            assert mine == pytest.approx(found[columns].to_numpy(float), rel=1e-7)
            assert result[f"measures.{name}_{measure}"].estimate == rows.loc[(measure, name), "estimate"]


def test_an_item_whose_low_end_is_good_is_turned_for_alpha(tmp_path):
    rng = np.random.default_rng(2)
    mood = rng.normal(size=300)
    up, down = (np.clip(np.rint(3 + sign * mood + 0.5 * rng.normal(size=300)), 1, 5) for sign in (1, -1))
    frame = answers([300]).assign(ease=up.astype(int), effort=down.astype(int))
    more = "scales: {effort: {low: 1, high: 5, better: low}}\nitems: {cx_index: [ease, effort]}"
    study = write(tmp_path, frame, more=more)
    row = measures_overview(study).reliability.iloc[0]
    assert (
        row["estimate"] == pytest.approx(alpha(study, ["ease", "effort"]).estimate.item(), rel=1e-9)
        and row["estimate"] > 0.7
    )


def test_units_are_nps_by_unit_and_their_differences_those_of_compare_groups(sample):
    study, result = sample
    units, found = result.units, nps(study, by="unit")
    assert units["unit"].tolist() == found["unit"].tolist() and units["name"].iloc[0] == "Synthetic 001 AB"
    for mine, theirs in {
        "n_answers": "n",
        "estimate": "estimate",
        "ci_low": "ci_low",
        "std_error": "std_error",
    }.items():
        assert units[mine].to_numpy(float) == pytest.approx(found[theirs].to_numpy(float), rel=1e-12)
    rest = compare_groups(study, by="unit", against="rest").set_index("group_b").loc[units["unit"]]
    assert units["difference"].to_numpy() == pytest.approx(rest["estimate"].to_numpy(), rel=1e-12)
    assert units["p_adjusted"].to_numpy() == pytest.approx(rest["p_adjusted"].to_numpy(), rel=1e-9)
    assert (units["differs"] == (rest["p_adjusted"].to_numpy() < 0.05)).all()
    assert result["measures.units_told"].estimate == pytest.approx(100 * (rest["p_adjusted"] < 0.05).mean())
    average = row_of(result, "nps")["estimate"]
    assert (units["holds_average"] == ((found["ci_low"] <= average) & (found["ci_high"] >= average))).all()


def test_the_spread_by_hand_and_q_as_statsmodels_has_it(sample):
    _, result = sample
    units, spread = result.units, result.spread.set_index("part")
    noise = units["std_error"] ** 2 * units["n_answers"] / (units["n_answers"] - 1)
    assert spread.loc["observed", "variance"] == pytest.approx(units["estimate"].var())
    assert spread.loc["sampling_error", "estimate"] == pytest.approx(100 * noise.mean() / units["estimate"].var())
    assert spread["estimate"][["sampling_error", "between"]].sum() == pytest.approx(100)
    q = combine_effects(units["estimate"].to_numpy(), noise.to_numpy(), method_re="dl")
    assert spread.loc["observed", "statistic"] == pytest.approx(q.q, rel=1e-9) and spread.loc["observed", "df"] == q.df
    assert result["measures.noise_share"].ci_low == spread.loc["sampling_error", "ci_low"]


def simulated_units(rng, units, size, between):
    """Rows as `units_table` has them, of units whose true NPS differ by SD ``between`` around 20."""
    net = np.clip(rng.normal(0.2, between / 100, units), -0.5, 0.8)
    shares = np.column_stack([0.35 + net / 2, np.full(units, 0.3), 0.35 - net / 2])
    n = np.array([rng.multinomial(size, p) for p in shares])
    found = nps_from_counts(**dict(zip(("promoters", "passives", "detractors"), n.T, strict=True)))
    return found.rename(columns={"n": "n_answers"})


def test_the_share_of_sampling_error_is_recovered_and_its_interval_holds_it():
    rng, held, shares = np.random.default_rng(11), 0, []
    # the variance of one answer, .7 − net², averages .7 − (.2² + .1²) over units
    noise = 1e4 * (0.7 - 0.05) / 60
    true = 100 * noise / (noise + 100)
    for i in range(150):
        row = spread_table(simulated_units(rng, 60, 60, 10), "companies", replicates=200, seed=i).set_index("part")
        row = row.loc["sampling_error"]
        shares.append(row["estimate"])
        held += row["ci_low"] <= true <= row["ci_high"]
    assert np.mean(shares) == pytest.approx(true, abs=3)
    assert 0.86 <= held / 150 <= 0.99


def test_of_units_that_are_alike_about_95_percent_of_the_intervals_hold_the_average(made):
    rng = np.random.default_rng(5)
    frame = answers([40] * 300).assign(recommend=rng.choice([10, 8, 3], 12000, p=[0.45, 0.35, 0.2]))
    result = made(frame)
    assert 0.92 < result.units["holds_average"].mean() < 0.98 and result.units["differs"].sum() <= 1
    assert result["measures.noise_share"].estimate > 85


def test_the_crosswalk_by_pandas(made):
    frame = answers([40, 60, 80, 25])
    frame.loc[::13, "satisfaction"] = None
    result = made(frame)
    kept = frame.dropna()
    kind = pd.cut(kept["recommend"], [-1, 6, 8, 10], labels=["detractors", "passives", "promoters"])
    expected = 100 * pd.crosstab(kept["satisfaction"], kind, normalize="index")
    rows = result.crosswalk
    shown = rows[rows["estimate"].notna()]
    assert rows["low"].tolist() == expected.index.tolist() and (rows["low"] == rows["high"]).all()
    for name in expected:
        assert shown[name].to_numpy(float) == pytest.approx(expected.loc[shown["low"], name].to_numpy())
    assert rows["n_answers"].sum() == len(kept)
    r = stats.pearsonr(kept["satisfaction"], kept["recommend"])
    row = result.correlations.iloc[0]
    ends = r.confidence_interval(0.95)
    assert (row["estimate"], row["ci_low"], row["ci_high"]) == pytest.approx(
        (r.statistic, ends.low, ends.high), rel=1e-9
    )
    assert row["n"] == len(kept) and row["n_missing"] == len(frame) - len(kept)
    by = kept.assign(net=kind.map({"detractors": -1, "passives": 0, "promoters": 1}).astype(int)).groupby("company")
    between = np.corrcoef(by["satisfaction"].mean(), by["net"].mean())[0, 1]
    assert result.correlations.iloc[1]["estimate"] == pytest.approx(between, rel=1e-9)


def test_the_clustered_correlation_varies_as_that_of_resampled_rows(tmp_path):
    frame = answers([30] * 20)
    found = Crosswalk(write(tmp_path, frame), "recommend", "satisfaction").correlations("companies", clustered=True)
    rng, groups = np.random.default_rng(8), [part for _, part in frame.groupby("company")]
    drawn = []
    for _ in range(600):
        rows = pd.concat([groups[i] for i in rng.integers(20, size=20)])
        drawn.append(np.corrcoef(rows["satisfaction"], rows["recommend"])[0, 1])
    row = found.iloc[0]
    assert row["estimate"] == pytest.approx(frame["satisfaction"].corr(frame["recommend"]), rel=1e-9)
    assert row["std_error"] == pytest.approx(np.std(drawn), rel=0.12)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])), abs=0.01)


def test_a_scale_whose_low_end_is_good_runs_the_other_way(made):
    frame = answers([40, 60, 80, 25])
    turned = frame.assign(satisfaction=6 - frame["satisfaction"])
    straight = made(frame)
    result = made(turned, more="scales: {satisfaction: {low: 1, high: 5, better: low}}")
    assert result.crosswalk["low"].tolist() == [5, 4, 3, 2, 1]
    assert result.crosswalk["estimate"].tolist() == straight.crosswalk["estimate"].tolist()
    assert result.correlations["estimate"].tolist() == pytest.approx(straight.correlations["estimate"].tolist())


@pytest.mark.parametrize(
    ("high", "first", "last"), [(100, (0, 9), (90, 100)), (15, (0, 1), (14, 15)), (10, (0, 0), (10, 10))]
)
def test_a_long_scale_is_cut_into_ten_classes(made, high, first, last):
    rng = np.random.default_rng(1)
    frame = answers([3000]).assign(satisfaction=rng.integers(0, high + 1, 3000))
    rows = made(frame, more=f"scales: {{satisfaction: {{low: 0, high: {high}}}}}").crosswalk
    ends = list(zip(rows["low"], rows["high"], strict=True))
    assert (ends[0], ends[-1], len(rows)) == (first, last, 10 if high > 10 else 11)
    for (low, top), n in zip(ends, rows["n_answers"], strict=True):
        assert frame["satisfaction"].between(low, top).sum() == n


def test_planning_is_that_of_answers_needed_with_this_studys_variance(sample):
    _, result = sample
    whole = row_of(result, "nps")
    rows = result.planning.set_index(["scope", "goal"])
    shares = {"promoters": whole["promoters"], "detractors": whole["detractors"]}
    for scope, effect in {"drawn_anew": whole["design_effect"], "same_units": 1.0}.items():
        margin = answers_needed(margin=5.0, design_effect=effect, **shares)
        change = answers_needed(difference=5.0, design_effect=effect, **shares)
        assert rows.loc[(scope, "margin"), "n"] == margin["n"].item()
        assert rows.loc[(scope, "difference"), "n"] == change["n_a"].item()
    assert result["measures.answers_margin"].estimate == rows.loc[("same_units", "margin"), "n"]
    # units drawn anew at today's size: the margin follows the root of their number
    half = (whole["ci_high"] - whole["ci_low"]) / 2
    assert rows.loc[("drawn_anew", "margin"), "n_units"] == pytest.approx(240 * (half / 5) ** 2, rel=0.03)


def test_planning_gives_the_published_269_answers_for_ten_points():
    whole = {"promoters": 35.0, "detractors": 35.0, "design_effect": np.nan, "n": 90, "n_units": 1}
    how = {"margin": 10, "difference": 10, "power": 0.8, "confidence": 0.95}
    rows = planning_table(whole, pd.DataFrame({"estimate": [], "n_answers": []}), **how, response_rate=0.25)
    assert rows[["scope", "n", "invitations"]].values.tolist()[0] == ["whole", 269, 1076]
    curve = precision_table(rows, 0.95)
    # 1.96 √(.7 / n) = 10 points at 268.9 answers
    assert np.interp(268.9, curve["n"], curve["margin"]) == pytest.approx(10, abs=0.05)


def test_a_study_of_one_company_has_measures_and_a_plan_and_no_comparison(made):
    result = made(answers([80]))
    assert not row_of(result, "nps")["clustered"] and result.spread.empty
    assert result.planning["scope"].unique().tolist() == ["whole"]
    assert result.note("measures.note.units").startswith("There is no more than one company")
    assert result.sentence().startswith("The NPS is") and "in 1" not in result.sentence()
    assert result["measures.noise_share"].reason and result["measures.units_told"].reason


def test_few_units_are_not_taken_as_drawn(made):
    row = row_of(made(answers([30] * 9)), "nps")
    assert not row["clustered"] and row["method"] == "adjusted-wald"
    assert row_of(made(answers([30] * 10)), "nps")["method"] == "adjusted-wald, linearised"


def test_a_counted_table_gives_the_numbers_of_its_answers(tmp_path):
    frame = answers([40, 60, 80, 25] * 3)
    kind = pd.cut(frame["recommend"], [-1, 6, 8, 10], labels=["d", "s", "p"])
    shares = 100 * pd.crosstab(frame["company"], kind, normalize="index")
    counted = shares.assign(n=frame.groupby("company").size()).reset_index()
    folder = tmp_path / "counted"
    folder.mkdir()
    counted.to_csv(folder / "customers.csv", index=False)
    parts = "recommend: {promoters: p, passives: s, detractors: d}"
    table = (
        f"customers: {{file: customers.csv, rows: counted, shares: {{{parts}}}, stands_for: {{recommend: a rating}}}}"
    )
    (folder / "study.yaml").write_text(f"format: 1\nname: counted\ntables:\n  {table}\n", encoding="utf-8")
    result, rows = measures_overview(cx.open_study(folder)), measures_overview(write(tmp_path / "rows", frame))
    for name in ("nps", "promoter_share"):
        mine, theirs = (row_of(one, name)[NUMBERS].to_numpy(float) for one in (result, rows))
        assert mine == pytest.approx(theirs, rel=1e-9)
    assert result.units["estimate"].to_numpy() == pytest.approx(rows.units["estimate"].to_numpy())
    assert result.crosswalk.empty and "a rating" in result.note("measures.note.stands_for")
    assert result["measures.satisfaction_recommend"].reason.startswith("It needs each customer's answers to satisf")


def test_employees_alone(made):
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({"response_id": range(90), "company": "one", "recommend_employer": rng.integers(0, 11, 90)})
    result = made(None, frame.assign(trust=rng.integers(1, 6, 90)))
    assert result.sentence().startswith("The eNPS is") and "of employees" in result.sentence()
    assert row_of(result, "nps")["reason"] == "The study has no table customers."
    assert row_of(result, "employee_index")["questions"] == "recommend_employer, trust"
    assert result.planning.empty and result["measures.answers_margin"].reason == "The study has no NPS."


def test_only_satisfaction(made):
    result = made(answers([30] * 4).drop(columns="recommend"))
    assert result.sentence().startswith("CSAT, satisfied customers (top two): ") and "percent" in result.sentence()
    assert row_of(result, "nps")["reason"] == "Table customers has no recommend."


def test_small_units_and_levels_are_hidden_with_what_would_give_them_away(made):
    frame = answers([3, 8, 40, 60])
    result = made(frame.assign(satisfaction=[1, 1, 2, 2, 2, 2, 2, *frame["satisfaction"].clip(3)[7:]]))
    units = result.units.set_index("unit")
    assert units["estimate"].isna().tolist() == [True, True, False, False]
    assert "Fewer than 5" in units.loc["c00", "reason"] and units.loc["c01", "reason"]
    assert units["n_answers"].tolist() == [3, 8, 40, 60] and np.isnan(units.loc["c01", "difference"])
    levels = result.crosswalk.set_index("low")["estimate"]
    assert levels.isna().tolist() == [True, True, False, False, False]
    assert "not shown, to keep answers anonymous: 2" in result.note("measures.note.units")


def test_a_study_without_enough_answers_or_measures_says_so(tmp_path):
    study = write(tmp_path / "few", answers([2, 2]).assign(recommend=[9, 3, 10, 8]))
    with pytest.raises(NotTestable, match="fewer answers than the anonymity threshold"):
        measures_overview(study)
    nothing = tmp_path / "none"
    nothing.mkdir()
    (nothing / "companies.csv").write_text("company,name\na,A\nb,B\n", encoding="utf-8")
    (nothing / "study.yaml").write_text(
        "format: 1\nname: none\ntables:\n  companies: {file: companies.csv}\n", encoding="utf-8"
    )
    nothing = cx.open_study(nothing)
    assert answerable(nothing).status == "no"
    with pytest.raises(NotTestable, match="none of the measures"):
        measures_overview(nothing)


def test_another_scale_of_recommending_is_not_taken_for_nps(tmp_path):
    frame = answers([30] * 3).assign(recommend=lambda f: f["recommend"].clip(1, 5))
    result = measures_overview(write(tmp_path, frame, more="scales: {recommend: {low: 1, high: 5}}"))
    assert row_of(result, "nps")["reason"] == "recommend runs from 1 to 5; NPS is defined on 0 to 10."


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"confidence": 95}, r"confidence must lie between 0 and 1; got 95. Write 0.95 for 95 %."),
        ({"margin": 0}, "margin must be a number above 0"),
        ({"difference": -1}, "difference must be a number above 0"),
        ({"power": 80}, "power must"),
        ({"replicates": 10}, "replicates"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(sample, setting, message):
    with pytest.raises(ValueError, match=message):
        measures_overview(sample[0], **setting)


def test_findings_have_a_number_or_a_reason(sample):
    _, result = sample
    for one in result.findings:
        assert np.isfinite(one.estimate) or one.reason
        assert one.unit and one.n_unit and one.confidence == 0.95, one.id


def test_the_practices_of_the_claims(sample, made):
    for one in ("practice_nps_scale", "practice_measures"):
        assert sample[1][f"measures.{one}"].reason.startswith("Synthetic data")
    real = made(answers([30] * 4))
    assert real["measures.practice_nps_scale"].estimate == 100
    # NPS, CSI and CSAT; no effort, and drivers are not ranked without stated drivers or items
    assert real["measures.practice_measures"].n == 5 and real["measures.practice_measures"].estimate == 60


def test_synthetic_is_said_and_every_note_in_every_language(sample):
    _, result = sample
    assert "(synthetic)" in result.sentence() and "240 companies" in result.sentence()
    for language in ("en", "sv", "da"):
        for note in (result.reading, *result.notes):
            said = say(note, language)
            assert "{" not in said and "@" not in said and not re.search(r"\bnan\b|(^| )–", said)


def test_another_confidence_reaches_every_table(tmp_path):
    study = write(tmp_path, answers([30] * 12))
    narrow, wide = (measures_overview(study, confidence=level) for level in (0.95, 0.99))
    for table in ("measures", "units", "crosswalk", "correlations", "spread", "planning"):
        assert (wide.tables[table]["confidence"] == 0.99).all(), table
    reach = [one["measures.nps"].ci_high - one["measures.nps"].ci_low for one in (narrow, wide)]
    assert reach[0] < reach[1] and "99 %" in wide.sentence()


def test_the_same_seed_gives_the_same_numbers(sample):
    study, result = sample
    again = measures_overview(study)
    assert repr(again.findings) == repr(result.findings)
    for name, table in result.tables.items():
        pd.testing.assert_frame_equal(table, again.tables[name])


def test_answerable_lists_what_there_is(sample):
    answer = answerable(sample[0])
    assert answer.status == "yes" and "CX index" in say(answer.reason) and "eNPS" in say(answer.reason)
