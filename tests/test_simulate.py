"""Simulated studies: same seed same study, the worlds are what they say, the sample is what the code makes."""

import gzip
import json
import math
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

import cxstudy
from cxstudy.faults import DataError
from cxstudy.simulate import simulate, tables
from cxstudy.simulated.answering import cx_moments, draw_feelings
from cxstudy.simulated.population import simulate_counts, simulate_groups, truth
from cxstudy.simulated.worlds import WORLDS, Parameters, world_parameters

SAMPLE = Path(__file__).parents[1] / "data" / "sample"
SMALL = {"companies": 40, "groups": 90, "answers": 4_000, "employees": 900}
FEELINGS = ["good_company", "trust", "thriving"]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    return simulate(tmp_path_factory.mktemp("fresh") / "study").parent


@pytest.fixture(scope="module")
def truths():
    return {world: truth(parameters) for world, parameters in WORLDS.items()}


def frames(folder):
    return {
        "companies": pd.read_csv(folder / "companies.csv"),
        "financials": pd.read_csv(folder / "financials.csv"),
        "customers": pd.read_parquet(folder / "customers.parquet"),
        "employees": pd.read_csv(folder / "employees.csv.gz"),
    }


def test_the_committed_sample_is_what_simulate_makes(fresh):
    made, committed = frames(fresh), frames(SAMPLE)
    for name in made:
        pd.testing.assert_frame_equal(made[name], committed[name])
    for name in ("study.yaml", "README.md"):
        assert (fresh / name).read_text("utf-8") == (SAMPLE / name).read_text("utf-8")
    true, stored = (json.loads((folder / "truth.json").read_text("utf-8")) for folder in (fresh, SAMPLE))
    assert stored == pytest.approx(true)
    assert sorted(p.name for p in fresh.iterdir()) == sorted(p.name for p in SAMPLE.iterdir())


def test_the_sample_has_the_size_it_should_have():
    made = frames(SAMPLE)
    sizes = {name: len(frame) for name, frame in made.items()}
    assert sizes == {"companies": 240, "financials": 720, "customers": 45_000, "employees": 9_000}
    assert made["employees"].work_group.nunique() == 600
    assert set(made["customers"].work_group) <= set(made["employees"].work_group)
    assert set(made["customers"].company) == set(made["companies"].company) == set(made["employees"].company)
    assert made["customers"].response_id.is_unique and made["employees"].response_id.is_unique
    assert sum(p.stat().st_size for p in SAMPLE.iterdir()) < 4_000_000
    few = (made["customers"].groupby("company").size() < 20).sum()
    assert 1 <= few <= 15


def test_the_sample_says_that_it_is_synthetic():
    study = yaml.safe_load((SAMPLE / "study.yaml").read_text("utf-8"))
    assert study["synthetic"] is True and study["name"] == "synthetic-sample" and "ynthetic" in study["title"]
    assert pd.read_csv(SAMPLE / "companies.csv").name.str.startswith("Synthetic ").all()
    assert "ynthetic" in (SAMPLE / "README.md").read_text("utf-8")


def test_the_sample_gives_the_reader_something_to_do():
    made = frames(SAMPLE)
    recommend = made["customers"].recommend
    assert 0.005 < (recommend == 99).mean() < 0.015
    assert 0.01 < recommend.isna().mean() < 0.02
    assert set(recommend.dropna()) == {*range(11), 99}
    lacking = made["financials"].operating_profit.isna().groupby(made["financials"].company).sum()
    assert lacking.max() == 1 and 1 <= lacking.sum() <= 20


def test_same_seed_same_files_other_seed_other_answers(tmp_path):
    first, again, other = (
        simulate(tmp_path / name, world="null", seed=seed, parameters=SMALL).parent
        for name, seed in (("first", 5), ("again", 5), ("other", 6))
    )
    for path in first.iterdir():
        assert path.read_bytes() == (again / path.name).read_bytes(), path.name
    assert not frames(first)["customers"].equals(frames(other)["customers"])
    assert (first / "truth.json").read_bytes() == (other / "truth.json").read_bytes()


def test_published_world_holds_the_published_figures(truths):
    true = truths["published"]
    assert true["nps_margin.top_tier"] == pytest.approx(9.0, abs=0.1)
    assert true["nps_margin.top_tier_nps"] == pytest.approx(9.0, abs=0.1)
    assert -2.5 < true["nps_margin.bottom_tier"] < -1
    assert true["loyalty_share.r2_nps"] == pytest.approx(0.21, abs=0.005)
    assert true["loyalty_share.r2_promoter_share"] > 0.20
    assert true["employee_ambassadors.ratio_raw"] == pytest.approx(1.25, abs=0.01)
    assert dict(WORLDS["published"].drivers)["ease"] == 0.28
    assert [share for _, share in WORLDS["published"].drivers[1:3]] == [0.19, 0.19]


def test_truth_agrees_with_margins_drawn_and_tiers_cut_by_pandas(truths):
    """The truth takes margins by mean and variance; here they are drawn, and studied one by one."""
    counts = simulate_counts(np.random.default_rng(11), WORLDS["published"], studies=300)
    nps, share = counts.pooled()
    margin = np.nanmean(counts.design.margin, axis=2)
    rows = []
    for one in range(300):
        data = pd.DataFrame({"nps": nps[one], "share": share[one], "margin": margin[one]})
        by_tier = data.margin.groupby(pd.qcut(data.share, 4, labels=False)).mean()
        slope = 10 * np.polyfit(data.nps, data.margin, 1)[0]
        rows.append([by_tier[3], by_tier[0], slope, data.corr().nps.margin])
    rows = np.array(rows)
    error = rows.std(axis=0, ddof=1) / math.sqrt(len(rows))
    ids = ["top_tier", "bottom_tier", "slope", "correlation_nps"]
    expected = np.array([truths["published"][f"nps_margin.{i}"] for i in ids])
    assert (np.abs(rows.mean(axis=0) - expected) < 4 * error).all(), (rows.mean(axis=0), expected, error)


def test_latent_share_is_larger_than_observed_and_needs_no_answers(truths):
    true = truths["published"]
    assert 0.22 < true["loyalty_share.r2_nps_latent"] < 0.26
    many = truth(replace(WORLDS["published"], answers=4_500_000))
    assert many["loyalty_share.r2_nps"] == pytest.approx(true["loyalty_share.r2_nps_latent"], abs=0.01)


def test_null_world_has_no_link(truths):
    counts = simulate_counts(np.random.default_rng(12), WORLDS["null"], studies=200)
    nps, _ = counts.pooled()
    for outcome in (np.nanmean(counts.design.margin, axis=2), counts.design.growth.mean(axis=2)):
        assert abs(np.corrcoef(nps.ravel(), outcome.ravel())[0, 1]) < 4 / math.sqrt(nps.size)
    assert truths["null"]["nps_margin.correlation_nps"] == 0
    assert truths["null"]["employee_ambassadors.ratio_raw"] == pytest.approx(1, abs=0.004)
    assert len({share for _, share in WORLDS["null"].drivers}) == 1


def test_reversed_world_has_the_other_sign_and_half_size_half_the_link(truths):
    published, reverse, half = (truths[w] for w in ("published", "reversed", "half-size"))
    for name in ("nps_margin.slope", "nps_margin.top_minus_bottom", "nps_margin.organic_growth.slope"):
        assert reverse[name] == pytest.approx(-published[name], rel=0.02)
        assert half[name] == pytest.approx(published[name] / 2, rel=0.03)
    assert reverse["employee_ambassadors.points"] < -15
    assert half["employee_ambassadors.points"] == pytest.approx(published["employee_ambassadors.points"] / 2, rel=0.05)


@pytest.mark.parametrize("world", ["null", "reversed", "half-size"])
def test_worlds_differ_in_links_and_not_in_margins(world):
    one, other = (simulate_counts(np.random.default_rng(13), WORLDS[w], 150) for w in ("published", world))
    for get in (lambda c: c.design.margin[~np.isnan(c.design.margin)], lambda c: c.pooled()[0]):
        assert get(other).std() == pytest.approx(get(one).std(), rel=0.02)
        assert get(other).mean() == pytest.approx(get(one).mean(), abs=0.5)


def test_rows_and_counts_have_the_same_distribution():
    """NPS between companies, its spread and the CX of work groups: answers one by one against counts and moments."""
    settings = replace(WORLDS["published"], companies=4_000, groups=10_000, answers=300_000, employees=60_000)
    rows = tables(np.random.default_rng(14), settings)
    customers = rows["customers"].query("recommend <= 10")
    score = (customers.recommend >= 9).astype(int) - (customers.recommend <= 6).astype(int)
    nps = 100 * score.groupby(customers.company).mean()
    counts = simulate_counts(np.random.default_rng(15), settings)
    drawn = counts.pooled()[0].ravel()
    assert nps.mean() == pytest.approx(np.nanmean(drawn), abs=4 * math.sqrt(2) * nps.std() / math.sqrt(4_000))
    assert nps.std() == pytest.approx(np.nanstd(drawn), rel=0.06)
    cx = rows["customers"][["ease", "resolution", "engagement"]].astype(float).mean(axis=1)
    cx = cx.groupby(rows["customers"].work_group).mean()
    groups = simulate_groups(np.random.default_rng(16), settings)
    assert cx.mean() == pytest.approx(np.nanmean(groups.cx), abs=0.08)
    assert cx.std() == pytest.approx(np.nanstd(groups.cx), rel=0.04)
    high = (rows["employees"].groupby("work_group")[FEELINGS].mean() >= 4).all(axis=1)
    assert high.mean() == pytest.approx((groups.feelings >= 4).all(-1).mean(), abs=0.025)
    ratio = cx[high.reindex(cx.index)].mean() / cx[~high.reindex(cx.index)].mean()
    assert ratio == pytest.approx(truth(settings)["employee_ambassadors.ratio_raw"], abs=0.02)


def test_marginal_shares_are_the_parameters():
    settings = WORLDS["published"]
    customers = frames(SAMPLE)["customers"]
    answered = customers.recommend[customers.recommend <= 10]
    found = answered.value_counts(normalize=True).sort_index().to_numpy()
    assert found == pytest.approx(np.array(settings.recommend_shares), abs=0.02)
    group = np.repeat(np.arange(20_000), 5)
    climate = np.random.default_rng(2).standard_normal(20_000)
    feelings, _ = draw_feelings(np.random.default_rng(1), settings, climate, group)
    for column in feelings.T:
        found = np.bincount(column, minlength=6)[1:] / len(group)
        assert found == pytest.approx(np.array(settings.feeling_shares), abs=0.01)


def test_cx_moments_against_drawn_answers():
    p, rng = WORLDS["published"], np.random.default_rng(3)
    for experience in (-1.5, 0.0, 2.0):
        person = rng.standard_normal(200_000)
        total = np.zeros(200_000)
        for _, offset in p.cx_items:
            part = math.sqrt(p.cx_common) * person + math.sqrt(1 - p.cx_common) * rng.standard_normal(200_000)
            total += np.clip(np.rint(p.cx_mean + offset + p.cx_group_sd * experience + p.cx_person_sd * part), 1, 10)
        mean, variance = cx_moments(p, experience)
        assert mean == pytest.approx((total / 3).mean(), abs=0.02)
        assert variance == pytest.approx((total / 3).var(), rel=0.02)


def test_counts_add_up_and_every_study_has_its_answers():
    counts = simulate_counts(np.random.default_rng(4), world_parameters("published", SMALL), studies=7)
    total = counts.promoters + counts.passives + counts.detractors + counts.missing
    assert total.shape == (7, 40, 3) and (total.sum(axis=(1, 2)) == 4_000).all() and (total.sum(axis=2) >= 1).all()
    assert (counts.design.employees.sum(axis=1) == 900).all() and counts.design.employees.min() >= 3


def test_one_year_and_as_many_groups_as_companies(tmp_path):
    small = {"companies": 3, "groups": 3, "answers": 30, "employees": 9, "years": 1}
    made = frames(simulate(tmp_path / "tiny", parameters=small).parent)
    assert len(made["financials"]) == 3 and len(made["customers"]) == 30 and made["employees"].work_group.nunique() == 3


def test_a_folder_with_files_is_refused_and_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(DataError, match="new or empty folder.*files in it.*choose another folder"):
        simulate(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]
    with pytest.raises(DataError, match="a file"):
        simulate(tmp_path / "notes.txt")
    with pytest.raises(DataError, match="cannot be written"):
        simulate(tmp_path / "notes.txt" / "below")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"world": "publishd"}, "no world 'publishd'; nearest: published; valid: half-size, null, published, reversed"),
        ({"parameters": {"compnies": 3}}, "no parameter 'compnies'; nearest: companies; valid: .*answers"),
        ({"parameters": {"margin_link": 2}}, "margin_link must be between -1 and 1; got 2"),
        ({"parameters": {"margin_link": 0.99}}, "cannot explain more than all of margin_sd"),
        ({"parameters": {"companies": "many"}}, "companies must be a whole number; got 'many'"),
        ({"parameters": {"margin_sd": "wide"}}, "margin_sd must be a number; got 'wide'"),
        ({"parameters": {"groups": 3}}, "groups must be at least 240; got 3"),
        ({"parameters": {"contact_shares": (0.5, 0.5)}}, "contact_shares must hold 4 shares; got 2"),
        ({"parameters": {"feeling_shares": (0.2, 0.2, 0.2, 0.2, 0.3)}}, "add up to 1; got the sum 1.1"),
        ({"seed": -1}, "seed must be a whole number of at least 0; got -1"),
        ({"seed": 1.5}, "seed must be a whole number of at least 0; got 1.5"),
    ],
)
def test_wrong_names_and_values(tmp_path, call, message):
    with pytest.raises(ValueError, match=message):
        simulate(tmp_path / "study", **call)
    assert not (tmp_path / "study").exists()


def test_every_parameter_is_explained():
    for one in fields(Parameters):
        assert f"``{one.name}``" in Parameters.__doc__, one.name


def test_no_published_figure_is_read_from_the_claims():
    home = Path(cxstudy.__file__).parent
    files = [home / "simulate.py", *(home / "simulated").glob("*.py")]
    assert len(files) >= 6
    for path in files:
        assert "claims" not in path.read_text("utf-8"), path.name


def test_simulate_is_a_function_of_the_public_face_also_after_its_module_is_imported():
    assert cxstudy.simulate is simulate


def test_packed_employees_carry_no_time():
    raw = (SAMPLE / "employees.csv.gz").read_bytes()
    assert raw[4:8] == b"\0\0\0\0" and gzip.decompress(raw).startswith(b"response_id,company")


def test_a_simulated_study_opens_without_fault_and_knows_its_truth(tmp_path):
    study = cxstudy.open_study(simulate(tmp_path / "half", world="half-size", seed=3, parameters=SMALL))
    assert study.synthetic and study.name == "synthetic-half-size-3"
    assert {name: table.n for name, table in study.tables.items()} == {
        "companies": 40,
        "financials": 120,
        "customers": 4_000,
        "employees": 900,
    }
    assert study.truth["nps_margin.slope"] > 0
    assert study.customers.frame().recommend.max() == 10
