"""Self-image: known gaps, answers by hand, chance and its error rates, both sources alike, bad input, what is said."""

import doctest
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy import stats
from self_image_study import DECLARED, SAME, alike, drawn, study_of
from work_group_study import write_counted

import cxstudy as cx
from cxstudy.analyses.self_image import answerable, self_image
from cxstudy.answerable import sentence
from cxstudy.faults import DataError, NotTestable
from cxstudy.language import say
from cxstudy.measures import self_image_patterns
from cxstudy.measures.self_image_patterns import chance_share, draws, latent_share, pattern_shares, signs
from cxstudy.measures.self_image_unlike import illustration, side_by_side
from cxstudy.report.record import record

ROOT = Path(__file__).resolve().parents[1]
REALDATA = Path(os.environ.get("CXSTUDY_REALDATA") or ROOT.parent / "shared" / "realdata") / "nyc_schools"
NYC = REALDATA / "nyc_school_survey_2011_455schools.csv"


def number(result, name):
    return result[f"self_image.{name}"]


@pytest.fixture(scope="module")
def frames():
    return drawn(1, companies=40, groups=4)


@pytest.fixture(scope="module")
def study(tmp_path_factory, frames):
    return study_of(tmp_path_factory.mktemp("drawn"), frames)


@pytest.fixture(scope="module")
def result(study):
    return self_image(study, replicates=1000)


def by_hand(frames):
    """Gaps of every group and question from the answers, in pandas."""
    by = ["company", "work_group"]
    means = [100 * (f.groupby(by)[SAME].mean() - 1) / 9 for f in frames]
    return means[1] - means[0]


def test_gaps_and_the_share_are_those_of_the_answers(result, frames):
    gaps = by_hand(frames)
    for name in SAME:
        assert number(result, f"gap_{name}").estimate == pytest.approx(gaps[name].mean(), rel=1e-10)
    both = (gaps["resolution"] < 0) & (gaps["engagement"] > 0)
    assert number(result, "share_both").estimate == pytest.approx(100 * both.mean(), rel=1e-10)
    mirror = (gaps["resolution"] > 0) & (gaps["engagement"] < 0)
    assert number(result, "share_mirror").estimate == pytest.approx(100 * mirror.mean(), rel=1e-10)
    independent = (gaps["resolution"] < 0).mean() * (gaps["engagement"] > 0).mean()
    assert number(result, "share_independent").estimate == pytest.approx(100 * independent, rel=1e-10)


def test_the_error_of_a_mean_gap_is_that_of_statsmodels(result, frames):
    import statsmodels.api as sm

    gaps = by_hand(frames).reset_index()
    groups = {"groups": pd.factorize(gaps["company"])[0]}
    fit = sm.OLS(gaps["ease"], np.ones(len(gaps))).fit(cov_type="cluster", cov_kwds=groups)
    row = result.gaps.set_index("dimension").loc["ease"]
    assert row["std_error"] == pytest.approx(fit.bse.iloc[0], rel=1e-10) and row["df"] == 39


def test_a_groups_error_and_covariance_are_those_of_its_answers(result, frames):
    row = result.work_groups.iloc[5]
    own = [f[(f["company"] == row["company"]) & (f["work_group"] == row["work_group"])] for f in frames]
    scores = [100 * (f[["resolution", "engagement"]] - 1) / 9 for f in own]
    total = sum(s.cov() / len(s) for s in scores)
    assert row["gap_competence_se"] == pytest.approx(np.sqrt(total.loc["resolution", "resolution"]), rel=1e-10)
    assert row["covariance"] == pytest.approx(total.loc["resolution", "engagement"], rel=1e-10)
    welch = stats.ttest_ind(scores[1]["resolution"], scores[0]["resolution"], equal_var=False, alternative="less")
    assert row["gap_competence_df"] == pytest.approx(welch.df, rel=1e-10)
    other = stats.ttest_ind(scores[1]["engagement"], scores[0]["engagement"], equal_var=False, alternative="greater")
    assert row["p_both"] == pytest.approx(max(welch.pvalue, other.pvalue), rel=1e-9)


def test_the_mixed_model_is_that_of_statsmodels(result):
    import statsmodels.formula.api as smf

    parts = [
        result.work_groups[["company", "work_group"]].assign(
            rating=result.work_groups[f"{side}_{q}"], side=float(side == "employees"), dimension=q
        )
        for side in ("customers", "employees")
        for q in SAME
    ]
    long = pd.concat(parts)
    fit = smf.mixedlm("rating ~ side * C(dimension)", long, groups=long["work_group"]).fit(method="lbfgs")
    rows = result.model.set_index(["term", "dimension"])
    assert rows.loc[("side", "ease"), "estimate"] == pytest.approx(fit.params["side"], rel=1e-6)
    assert rows.loc[("side", "ease"), "std_error"] == pytest.approx(fit.bse["side"], rel=1e-3)
    wanted = fit.params["side:C(dimension)[T.resolution]"]
    assert rows.loc[("difference", "resolution"), "estimate"] == pytest.approx(wanted, rel=1e-6)
    rest = result.model.set_index("term").loc["sd_rest", "estimate"]
    assert rest == pytest.approx(np.sqrt(fit.scale), rel=1e-4)


def test_known_gaps(tmp_path):
    """Employees one point of 1–10 lower on resolution and one higher on engagement, in every group."""
    customers = [(5, m, m) for m in (4, 5, 6, 5)] * 3
    employees = [(5, m - 1, m + 1) for _, m, _ in customers]
    found = self_image(study_of(tmp_path / "s", alike(customers, employees)))
    row = found.gaps.set_index("dimension")["estimate"]
    assert row[SAME].to_list() == pytest.approx([0, -100 / 9, 100 / 9], abs=1e-9)
    assert number(found, "share_both").estimate == 100 and number(found, "share_mirror").estimate == 0
    gap = number(found, "gap_resolution")
    assert np.isnan(gap.ci_low) and "do not differ" in gap.reason
    assert found.work_groups["pattern"].eq("both").all()
    assert "100 % of 12 work groups" in found.sentence()


def test_chance_is_a_quarter_where_nothing_is_known_and_no_gap_dominates():
    assert chance_share(0.5, 0.0) == 0.25
    assert chance_share(1.0, 0.0) == 0.5 and chance_share(0.0, 0.4) == pytest.approx(0)


@pytest.mark.parametrize(("q", "r"), [(0.5, 0.5), (0.7, 0.4), (0.2, 0.6), (0.9, -0.3)])
def test_chance_is_the_bivariate_normal(q, r):
    both = stats.multivariate_normal([0, 0], [[1, -r], [-r, 1]])
    assert chance_share(q, r) == pytest.approx(both.cdf([0, stats.norm.ppf(q)]), abs=1e-5)


@pytest.mark.parametrize("means", [(0.3, -0.5), (-1, 1), (0, 0.7), (0.4, 0), (-2, -2), (0, 0)])
def test_latent_share_is_the_bivariate_normal(means):
    both = stats.multivariate_normal([means[0], -means[1]], [[1, -0.8], [-0.8, 4]])
    assert latent_share(means, (1, 2), 0.4) == pytest.approx(both.cdf([0, 0]), abs=1e-5)


def gaps_of(rng, mean, spread, *, error=5.0, companies=50, groups=5):
    """Gaps with errors of correlation .5 that go together within companies, and their known variances."""
    code = np.repeat(np.arange(companies), groups)
    true = np.sqrt(0.3) * rng.standard_normal((companies, 2))[code]
    true += np.sqrt(0.7) * rng.standard_normal((len(code), 2))
    noise = rng.multivariate_normal([0, 0], [[error**2, error**2 / 2], [error**2 / 2, error**2]], size=len(code))
    known = np.tile([error**2, error**2, error**2 / 2], (len(code), 1))
    return np.asarray(mean) + np.asarray(spread) * true + noise, known, code


@pytest.mark.parametrize(
    ("mean", "spread", "most"),
    [((0, 0), (0, 0), 0.05), ((0, 0), (4, 4), 0.06), ((0, 6), (0, 4), 0.08), ((0, 6), (4, 4), 0.08)],
)
def test_without_self_image_in_one_of_the_two_the_claim_is_hardly_ever_supported(mean, spread, most):
    """200 studies of 250 groups: nominal 2.5 % above; (0, 6): service is overrated everywhere, competence is not."""
    rng, above = np.random.default_rng(4), 0
    for i in range(200):
        gaps, known, code = gaps_of(rng, mean, spread)
        options = {"codes": code, "clustered": True, "confidence": 0.95, "replicates": 200, "seed": i}
        above += pattern_shares(*gaps.T, known, **options)["share_both_above_chance"]["ci_low"] > 0
    assert above / 200 <= most


def test_a_pattern_in_both_is_found_and_its_intervals_hold_the_truth():
    rng, held, found = np.random.default_rng(8), np.zeros(3), 0
    options = {"clustered": True, "confidence": 0.95, "replicates": 300}
    gaps, known, code = gaps_of(rng, (-3, 3), (4, 4), companies=20_000)
    truth = pattern_shares(*gaps.T, known, codes=code % 50, seed=1, **options)
    names = ("share_both_above_chance", "share_both", "share_both_latent")
    for i in range(150):
        gaps, known, code = gaps_of(rng, (-3, 3), (4, 4))
        shares = pattern_shares(*gaps.T, known, codes=code, seed=i, **options)
        held += [shares[n]["ci_low"] <= truth[n]["estimate"] <= shares[n]["ci_high"] for n in names]
        found += shares[names[0]]["ci_low"] > 0
    assert found / 150 > 0.9 and (held / 150 > 0.88).all()
    true = latent_share((-3, 3), (4, 4), 0.0)
    assert truth["share_both_latent"]["estimate"] == pytest.approx(100 * true, abs=1.0)


def test_many_units_are_drawn_in_sets_with_the_same_error():
    x = np.random.default_rng(1).exponential(size=6000)
    errors = []
    for seed in range(20):
        codes, drawn = draws(np.arange(6000), 100, seed)
        assert drawn.shape == (100, 1000) and np.bincount(codes).tolist() == [6] * 1000
        errors.append((drawn @ np.bincount(codes, x) / 6000).std())
    # the standard deviation of 100 replicates is itself known to 7 %, its mean over 20 seeds to 1.6 %
    assert np.mean(errors) == pytest.approx(x.std() / np.sqrt(6000), rel=0.05)
    codes, drawn = draws(np.arange(40), 10, 3)
    assert codes.tolist() == [*range(40)] and (drawn.sum(axis=1) == 40).all()


def test_signs_and_ties():
    assert signs([-1, 1, 1, -1, 0], [1, -1, 1, -1, 1]).tolist() == ["both", "mirror", "both_over", "both_under", "tie"]


def test_every_number_the_claim_asks_for_is_there(result, study, tmp_path):
    listed = yaml.safe_load((ROOT / "src/cxstudy/claims.yaml").read_text("utf-8"))
    (claim,) = [c for c in listed if c["id"] == "self-image"]
    (part,) = claim["declaration"]["parts"]
    assert all(np.isfinite(number(result, name.split(".")[1]).ci_low) for name in (part["finding"], *part["beside"]))
    record(study, result, tmp_path)
    from cxstudy.claims import claims

    row = claims(study, tmp_path).claims.set_index("id").loc["self-image"]
    assert row["verdict"] == "supported"


def test_answers_and_their_group_means_give_the_same_gaps(tmp_path, study, result, frames):
    by, counted = ["company", "work_group"], []
    for frame in frames:
        means = frame.groupby(by)[SAME]
        counted.append(means.mean().join(means.std().add_suffix("_sd")).assign(n=means.size()).reset_index())
    scales = "scales: {ease: {low: 1, high: 10}, resolution: {low: 1, high: 10}, engagement: {low: 1, high: 10}}\n"
    asked = {"customers": SAME, "employees": SAME}
    few = self_image(write_counted(tmp_path / "a", *counted, asked, scales=scales + DECLARED))
    for name in ("gap_resolution", "share_both", "share_mirror", "limit_low_ease", "icc_ease"):
        assert number(few, name).estimate == pytest.approx(number(result, name).estimate, rel=1e-9)
    errors, wanted = (one.work_groups["gap_ease_se"].to_numpy() for one in (few, result))
    assert errors == pytest.approx(wanted, rel=1e-9)
    assert few.work_groups["covariance"].isna().all() and "at most" in few.note("self_image.note.chance")
    # without the covariance chance is taken as if the errors did not go together: never smaller
    assert number(few, "share_chance").estimate > number(result, "share_chance").estimate
    bare = self_image(write_counted(tmp_path / "b", *counted, asked, sd=False, scales=scales + DECLARED))
    clear = number(bare, "share_both_clear")
    assert np.isnan(clear.estimate) and "sampling error" in clear.reason
    assert bare.gaps["estimate"].to_numpy() == pytest.approx(few.gaps["estimate"].to_numpy(), rel=1e-9)


def test_several_questions_of_a_kind_are_averaged_person_by_person(tmp_path, frames):
    declared = DECLARED.replace("competence: [", "competence: [ease, ")
    found = self_image(study_of(tmp_path / "s", frames, declared=declared), replicates=200)
    gaps = by_hand(frames)
    assert number(found, "gap_competence").estimate == pytest.approx(gaps[["ease", "resolution"]].mean(axis=1).mean())
    assert found.settings["dimensions"] == [*SAME, "competence"]
    assert found.gaps["p_adjusted"].isna().tolist() == [False, False, False, True]


def test_sides_on_two_scales_are_converted_when_declared(tmp_path, frames, result):
    customers, employees = frames
    five = employees.assign(**{q: 1 + (employees[q] - 1) * 4 / 9 for q in SAME})
    own = ", ".join(f"{q}: {{low: 1, high: 5, whole: false}}" for q in SAME)
    declared = f"{DECLARED[:-1]}, scales: {{employees: {{{own}}}}}}}"
    ten = dict.fromkeys(SAME, "{low: 1, high: 10, whole: false}")
    found = self_image(study_of(tmp_path / "s", (customers, five), declared=declared, scales=ten), replicates=200)
    for name in ("gap_resolution", "share_both"):
        assert number(found, name).estimate == pytest.approx(number(result, name).estimate, rel=1e-9)
    assert "resolution (employees 1 to 5; customers 1 to 10)" in found.note("self_image.note.scales")


def test_sides_on_two_scales_that_are_not_declared_are_asked_for(tmp_path, frames):
    customers, employees = frames
    five = employees.assign(**{q: (employees[q] + 1) // 2 for q in SAME})
    study = study_of(tmp_path / "s", (customers, five))
    with pytest.raises(NotTestable, match=r"not guessed: the employees' answers to ease lie between 1 and 5") as caught:
        self_image(study)
    assert "self_image: {scales: {employees: {ease: {low: 1, high: 5}}}}" in str(caught.value)
    assert answerable(study).status == "no"


def test_a_scale_turned_round_is_turned_back(tmp_path, frames, result):
    turned = [f.assign(resolution=11 - f["resolution"]) for f in frames]
    found = self_image(study_of(tmp_path / "s", turned, scales={"resolution": "{low: 1, high: 10, better: low}"}))
    for name in ("share_both", "gap_resolution", "share_chance"):
        assert number(found, name).estimate == pytest.approx(number(result, name).estimate, rel=1e-9)


def test_without_the_declaration_the_lines_to_add_are_named(tmp_path, frames):
    study = study_of(tmp_path / "s", frames, declared="")
    with pytest.raises(NotTestable) as caught:
        self_image(study)
    assert f"{DECLARED[:-1]}" in str(caught.value) and caught.value.needs == ("self_image",)
    assert f"{DECLARED}" in sentence(answerable(study))
    again = study_of(tmp_path / "again", frames, declared=str(caught.value).split("are in your study: ")[1])
    assert answerable(again).status in ("yes", "strong-only")


def test_nothing_under_one_name(tmp_path, frames):
    customers, employees = frames
    other = employees.rename(columns=dict(zip(SAME, ("trust", "thriving", "good_company"), strict=True)))
    scales = dict.fromkeys(("trust", "thriving", "good_company"), "{low: 1, high: 10}")
    with pytest.raises(NotTestable, match="asked nothing under the same name"):
        self_image(study_of(tmp_path / "s", (customers, other), declared="", scales=scales))


def test_a_question_of_one_side_is_listed_and_left_out(tmp_path, frames):
    customers, employees = frames
    study = study_of(tmp_path / "s", (customers, employees.drop(columns="resolution")))
    found = self_image(study, replicates=200)
    assert "resolution (customers only)" in found.note("self_image.note.one_side")
    assert found.settings["questions"] == ["ease", "engagement"]
    assert np.isnan(number(found, "share_both_above_chance").estimate)
    assert found.sentence().startswith("No question about competence asks both sides the same")
    assert "points of the gap" in answerable(study).unit


def test_a_question_that_no_employee_answered_is_left_out(tmp_path, frames):
    customers, employees = frames
    found = self_image(study_of(tmp_path / "s", (customers, employees.assign(resolution=np.nan))), replicates=200)
    assert "resolution (customers only)" in found.note("self_image.note.one_side")
    assert number(found, "gap_engagement").n == 160


def test_unknown_names_are_answered_with_the_valid_ones(tmp_path, frames):
    study = study_of(tmp_path / "a", frames, declared="self_image: {same: [resoluton, ease]}")
    with pytest.raises(NotTestable, match="no question 'resoluton'; nearest: resolution; valid: ease, engagement"):
        self_image(study)
    with pytest.raises(DataError, match="competence names questions of same") as caught:
        study_of(tmp_path / "b", frames, declared="self_image: {same: [ease, resolution], competence: [resoluton]}")
    assert "nearest: resolution" in str(caught.value)
    with pytest.raises(DataError, match="about competence or about service"):
        study_of(tmp_path / "c", frames, declared="self_image: {same: [ease], competence: [ease], service: [ease]}")
    with pytest.raises(DataError, match="nearest: competence"):
        study_of(tmp_path / "d", frames, declared="self_image: {same: [ease], competense: [ease]}")
    with pytest.raises(DataError, match="scales here are of questions of same"):
        declared = "self_image: {same: [ease], scales: {employees: {eas: {low: 1, high: 5}}}}"
        study_of(tmp_path / "e", frames, declared=declared)
    with pytest.raises(DataError, match="nearest: high"):
        declared = "self_image: {same: [ease], scales: {employees: {ease: {low: 1, hihg: 5}}}}"
        study_of(tmp_path / "f", frames, declared=declared)


def test_small_groups_are_left_out_and_counted(tmp_path):
    customers, employees = alike([(5, 5, 5), (6, 6, 6)] * 6, [(5, 4, 6), (6, 6, 5)] * 6)
    customers = customers[~((customers["work_group"] == "g00") & (customers.groupby("work_group").cumcount() > 3))]
    employees = employees[~((employees["work_group"] == "g01") & (employees.groupby("work_group").cumcount() > 5))]
    employees = employees[employees["work_group"] != "g02"]
    study = study_of(tmp_path / "s", (customers, employees))
    found = self_image(study)
    assert len(found.work_groups) == 9 and number(found, "share_both").n_missing == 3
    note = found.note("self_image.note.left_out")
    assert "too few answers (work groups: 1)" in note and "too few employees (work groups: 1)" in note
    with pytest.raises(ValueError, match="minimum_employees must be a whole number of at least 7"):
        self_image(study, minimum_employees=3)


def test_a_table_by_group_is_suppressed_when_recorded(tmp_path, frames):
    study = study_of(tmp_path / "s", frames)
    shown = self_image(study, replicates=200)
    held = shown.work_groups.copy()
    held.loc[0, "n_employees"] = 3
    shown.tables["work_groups"] = held
    record(study, shown, tmp_path / "out")
    written = pd.read_csv(tmp_path / "out" / "tables" / "self_image.work_groups.csv")
    assert np.isnan(written.loc[0, "gap_ease"]) and written["gap_ease"].notna().sum() >= 150
    files = json.loads((tmp_path / "out" / "findings" / "self_image.json").read_text("utf-8"))["files"]
    assert files["tables/self_image.work_groups.csv"] == "internal" and files["tables/self_image.gaps.csv"] == "client"


@pytest.mark.parametrize(("groups", "says"), [(1, "needs 4 work groups.*these data have 1"), (3, "these data have 3")])
def test_too_few_groups(tmp_path, groups, says):
    with pytest.raises(NotTestable, match=says):
        self_image(study_of(tmp_path / "s", alike([(5, 5, 5)] * groups, [(5, 4, 6)] * groups)))


def test_few_groups_of_one_company_give_gaps_and_say_what_is_weaker(tmp_path):
    customers = [(5, 5, 5), (6, 6, 4), (5, 4, 5), (4, 6, 6), (5, 5, 6), (6, 4, 5)]
    employees = [(5, 4, 6), (7, 5, 6), (4, 4, 7), (5, 6, 7), (5, 4, 8), (6, 4, 5)]
    found = self_image(study_of(tmp_path / "s", alike(customers, employees)))
    assert "a single company" in found.note("self_image.note.clusters") and not found.settings["clustered"]
    two = self_image(study_of(tmp_path / "two", alike(customers, employees, companies=2)), replicates=200)
    assert "only 2 companies, too few" in two.note("self_image.note.clusters")
    assert np.isfinite(number(found, "gap_engagement").ci_low)
    assert np.isnan(number(found, "surface_a1").estimate) and "six terms" in number(found, "surface_a1").reason


def test_no_common_groups_offer_the_nearest_names(tmp_path):
    customers, employees = alike([(5, 5, 5)] * 5, [(5, 4, 6)] * 5)
    employees["work_group"] = employees["work_group"].str.replace("g", "grp")
    with pytest.raises(NotTestable, match="~ 'c00 / g00'"):
        self_image(study_of(tmp_path / "s", (customers, employees)))


def test_no_variance_at_all(tmp_path):
    frames = alike([(5, 5, 5)] * 12, [(5, 5, 5)] * 12)
    frames = [f.assign(**dict.fromkeys(SAME, 5)) for f in frames]
    found = self_image(study_of(tmp_path / "s", frames))
    assert number(found, "share_both").estimate == 0 and number(found, "gap_ease").estimate == 0
    for name in ("gap_ease", "icc_ease", "share_both_above_chance", "surface_a4"):
        assert number(found, name).reason and np.isnan(number(found, name).ci_low)
    assert "nan" not in " ".join([found.sentence(), *(say(n) for n in found.notes)])


@pytest.mark.parametrize(
    ("setting", "says"),
    [({"margin": 0}, "margin must be a number above"), ({"confidence": 95}, "Write 0.95"), ({"replicates": 9}, "100")],
)
def test_settings_that_make_no_sense(study, setting, says):
    with pytest.raises(ValueError, match=says):
        self_image(study, **setting)


@pytest.mark.parametrize("language", ["sv", "da"])
def test_every_sentence_in_every_language(result, language):
    said = [say(result.reading, language), *(say(note, language) for note in result.notes)]
    assert all(one and "{" not in one.replace("{same", "") for one in said) and said[0] != result.sentence()


def test_the_sample_shows_gaps_and_says_that_competence_is_not_asked():
    found = self_image(cx.open_study(), replicates=200)
    assert found.sentence().startswith("No question about competence") and "(synthetic)" in found.sentence()
    assert number(found, "gap_service").ci_low > 0 and number(found, "gap_competence").reason


def test_the_same_seed_gives_the_same_numbers(study, result):
    again = self_image(study, replicates=1000)
    pd.testing.assert_frame_equal(again.patterns, result.patterns)


def test_schools_are_shown_side_by_side_without_a_verdict(tmp_path, monkeypatch):
    if not NYC.exists():
        pytest.skip(f"the publisher's file is not here: {NYC.name}")
    import importlib.util
    import shutil

    script = ROOT / "data" / "nyc_schools" / "prepare.py"
    spec = importlib.util.spec_from_file_location("nyc_prepare", script)
    prepare = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(prepare)
    shutil.copytree(ROOT / "data" / "sample", tmp_path / "sample")
    assert prepare.main([str(NYC), "--out", str(tmp_path / "nyc_schools")]) == 0
    monkeypatch.setattr("cxstudy.opening.locating._sample", lambda: tmp_path / "sample")
    schools = illustration("nyc_schools")
    table = side_by_side(*schools).set_index(["study", "question"])
    parents, pupils = (table.xs(s.config.title, level="study")["gap"] for s in schools)
    assert (parents < 0).all() and (pupils > 0).sum() == 3
    assert [gaps["safety_respect"] for gaps in (parents, pupils)] == pytest.approx([-12.0, 3.2], abs=0.1)
    assert not {"ci_low", "p_value"} & set(table)
    for one in schools:
        with pytest.raises(NotTestable, match="common name .*safety_respect.* is not enough"):
            self_image(one)


def test_without_the_schools_the_illustration_is_empty(tmp_path, monkeypatch):
    import shutil

    shutil.copytree(ROOT / "data" / "sample", tmp_path / "sample")
    shutil.copytree(ROOT / "data" / "nyc_schools", tmp_path / "nyc_schools", ignore=shutil.ignore_patterns("*.csv"))
    monkeypatch.setattr("cxstudy.opening.locating._sample", lambda: tmp_path / "sample")
    assert side_by_side(*illustration("nyc_schools")).empty and side_by_side(*illustration("nothing")).empty


def test_examples():
    assert doctest.testmod(self_image_patterns).failed == 0
