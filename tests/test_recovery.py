"""Recovery in small: the same estimators as the analyses, intervals that hold the truth, verdicts that seldom err."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import cxstudy as cx
from cxstudy import recovery
from cxstudy import recovery_groups as groups_of
from cxstudy.measures.asked import FEELINGS
from cxstudy.measures.contact import contact_moments
from cxstudy.measures.disengaged import disengaged_shares
from cxstudy.measures.pairing import paired
from cxstudy.measures.work_groups import work_groups
from cxstudy.simulate import CONTACT, tables
from cxstudy.simulated.population import TRUTH_SEED, simulate_counts, simulate_groups
from cxstudy.simulated.worlds import WORLDS

# 200 studies only detect breakage; the benchmark asks for 93.3–96.6 in 2,000
BATCHES, SIZE, LOW, HIGH = 8, 25, 89.5, 99.0
QUICK = {"seed": 3, "replicates": 100}
SAME = ("estimate", "std_error", "ci_low", "ci_high")


@pytest.fixture(scope="module")
def sample():
    return cx.open_study()


@pytest.fixture(scope="module")
def drawn():
    batches = [recovery.recover("published", b, SIZE, resampled=False, **QUICK) for b in range(BATCHES)]
    intervals, verdicts = (pd.concat(frames, ignore_index=True) for frames in zip(*batches, strict=True))
    covered = recovery.coverage(intervals, {"published": recovery.true_values("published")})
    return covered, verdicts


def _same(found, expected):
    """Every finding of ``found`` is, number for number, that of the same id in the analysis' own."""
    expected = {one.id: one for one in expected}
    assert found
    for one in found:
        for name in SAME:
            assert getattr(one, name) == pytest.approx(getattr(expected[one.id], name), rel=1e-9, nan_ok=True), one.id


def test_margin_findings_are_those_of_the_analysis(sample):
    found = recovery.margin_findings(paired(sample), **QUICK)
    result = cx.nps_margin(sample, **QUICK)
    _same([one for one in found if "bootstrap" not in one.method], result.findings)
    beside = [one for one in found if "bootstrap" in one.method]
    tiers = result.tables["tiers"].set_index(["loyalty", "tier"])
    assert [one.ci_low for one in beside[:2]] == [tiers.loc[("promoter_share", t), "boot_low"] for t in (4, 1)]


def test_share_findings_are_those_of_the_analysis(sample):
    found = recovery.share_findings(paired(sample), **QUICK)
    result = cx.loyalty_share(sample, **QUICK)
    _same([one for one in found if one.method != "BCa"], result.findings)
    shares = result.tables["shares"]
    boot = shares[shares["method"] == "BCa"].set_index(["loyalty", "share"])
    for one in found:
        if one.method == "BCa":
            name = one.id.split("r2_")[1]
            row = boot.loc[(name.removesuffix("_latent"), "corrected" if name.endswith("latent") else "r2")]
            assert (one.ci_low, one.ci_high) == pytest.approx((row["ci_low"], row["ci_high"])), one.id


def test_group_findings_are_those_of_the_analysis(sample):
    groups = work_groups(sample)
    parts = SimpleNamespace(study=sample, asked=groups.asked, groups=groups.groups, fewest=(5, 7))
    shares = disengaged_shares(parts, groups_of.DISENGAGED_BELOW)
    frame = groups.groups.assign(disengaged=shares[f"feelings {groups_of.DISENGAGED_BELOW:g}"])
    found = groups_of.group_findings(frame, contact_moments(sample)[0], **QUICK)
    assert [one.id.split(".")[1] for one in found] == [*groups_of.GROUP_FINDINGS, *groups_of.FURTHER_FINDINGS]
    _same(found, cx.employee_ambassadors(sample, **QUICK).findings)


def test_counts_of_contact_and_disengaged_are_those_of_the_answers():
    """A study's files and the sums are drawn by the same functions: many studies of both have the same means."""
    p = replace(WORLDS["published"], companies=300, groups=600, answers=600, employees=30_000)
    drawn = simulate_groups(np.random.default_rng(2), p, 2)
    by_company = [np.bincount(c, e, 300) for c, e in zip(drawn.company, drawn.employees, strict=True)]
    np.testing.assert_array_equal(drawn.contact[..., 0, 0], by_company)
    (sums,) = groups_of.contact_sums(drawn, "together")
    answers = tables(np.random.default_rng(3), p)["employees"]
    step = answers["customer_contact"].map({name: i for i, name in enumerate(CONTACT)})
    answer = answers["recommend_employer"].astype(float)
    score, there = 100.0 * (answer >= 9) - 100.0 * (answer <= 6), answer.notna()
    slope = np.polyfit(step[there], score[there], 1)[0]
    covariance = sums.covariance(np.ones(len(sums.n)))[0]
    assert sums.means(np.ones(len(sums.n)))[0, 0] == pytest.approx(step.mean(), abs=0.03)
    assert covariance[0, 0] == pytest.approx(step.var(), abs=0.03)
    assert covariance[0, 1] / covariance[0, 0] == pytest.approx(slope, abs=2) and slope < -5
    low = (answers[list(FEELINGS)].astype(float).dropna().mean(axis=1) < 3).mean()
    assert np.average(drawn.disengaged, weights=drawn.employees) == pytest.approx(100 * low, abs=3)


def test_every_interval_holds_the_truth_in_about_95_percent(drawn):
    covered, _ = drawn
    assert len(covered) == 10 + 4 + 4 + 6 + 6
    assert (covered["n"] == BATCHES * SIZE).all() and (covered["n_missing"] == 0).all()
    off = covered[(covered["estimate"] < LOW) | (covered["estimate"] > HIGH)]
    assert off.empty, off[["finding", "method", "estimate"]].to_string()


def test_estimates_lie_around_the_truth(drawn):
    covered, _ = drawn
    error = np.hypot(covered["sd"] / np.sqrt(covered["n"]), covered["truth_error"])
    # R² in a sample is above that of the population by about 1/n, which the exact interval allows for
    allowed = np.where(covered["finding"].str.startswith("loyalty_share"), 1 / 240, 0)
    assert ((covered["mean"] - covered["truth"]).abs() < 4 * error + allowed).all()


def test_verdicts_seldom_err(drawn):
    covered, verdicts = drawn
    rows = recovery.verdict_errors(verdicts, covered).set_index("claim")
    assert list(rows.index) == [one for one in verdicts["claim"].unique()] and set(rows.index) == set(recovery.CLAIMS)
    assert np.allclose(rows[list(recovery.WORDS)].sum(axis=1), 100)
    assert (rows["wrong"] <= 7).all() and (rows["not tested"] == 0).all()
    assert rows.loc["employee-ambassador-loyalty", "truth"] == "agrees"
    assert rows.loc["employee-ambassador-loyalty", "right"] > 95


def test_a_batch_is_the_same_whenever_it_is_drawn():
    how = {"resampled": False, "seed": 5, "replicates": 100}
    first, again, other = (recovery.recover("null", b, 2, **how)[0] for b in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert first["study"].unique().tolist() == [2, 3]
    assert not np.isclose(first["estimate"], other["estimate"]).any()


def test_coverage_counts_both_sides():
    ends = [(0.0, 1.0), (2.0, 3.0), (0.4, 0.6), (-1.0, 0.4), (np.nan, np.nan)]
    rows = [
        {"world": "w", "study": i, "finding": "a.b", "method": "m", "estimand": "latent", "estimate": 1.0 * i,
         "std_error": 1.0, "ci_low": low, "ci_high": high} for i, (low, high) in enumerate(ends)
    ]  # fmt: skip
    row = recovery.coverage(pd.DataFrame(rows), {"w": {"a.b": (0.5, 4)}}).iloc[0]
    assert (row["n"], row["n_missing"], row["estimate"], row["accepted"]) == (4, 1, 50.0, False)
    assert (row["too_low"], row["too_high"]) == (25.0, 25.0)
    assert row["truth_error"] == pytest.approx(np.std([0, 1, 2, 3], ddof=1) / 2)
    # Wilson for 2 of 4, R: prop.test(2, 4, correct = FALSE)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((15.00390, 84.99610), abs=1e-4)


def test_the_word_the_truth_deserves_and_what_counts_as_wrong():
    words = ["agrees", "agrees", "cannot tell", "disagrees"]
    said = pd.DataFrame({"world": "w", "claim": "margin-bottom", "verdict": words})

    def judged(true, error):
        found = pd.DataFrame([{"world": "w", "finding": "nps_margin.bottom_tier", "truth": true, "truth_error": error}])
        return recovery.verdict_errors(said, found).iloc[0]

    row = judged(-1.0, 0.1)
    assert (row["truth"], row["right"], row["wrong"], row["cannot tell"]) == ("agrees", 50.0, 25.0, 25.0)
    row = judged(2.0, 0.1)
    assert (row["truth"], row["right"], row["wrong"]) == ("disagrees", 25.0, 50.0)
    row = judged(0.1, 0.1)
    assert (row["truth"], row["right"], row["wrong"]) == ("cannot tell", 25.0, 75.0)


def test_frames_leave_out_those_under_the_thresholds():
    counts = simulate_counts(np.random.default_rng(1), WORLDS["published"], 3)
    answered = (counts.promoters + counts.passives + counts.detractors).sum(-1)
    for pairs, n in zip(recovery.company_pairs(counts), answered, strict=True):
        assert pairs.units["n_answers"].tolist() == n[n >= 5].tolist()
    groups = simulate_groups(np.random.default_rng(1), WORLDS["published"], 3)
    frame = groups_of.work_group_frame(groups)
    assert len(frame) == ((groups.answers >= 5) & (groups.employees >= 7)).sum() < groups.cx.size
    assert frame.loc[frame["n_nps"] < 5, "nps"].isna().all()


def test_leaving_small_groups_out_moves_the_truth_by_little():
    """`population.truth` keeps groups the analysis drops: the ratio moves by less than a fifth of a standard error."""
    groups = simulate_groups(np.random.default_rng(TRUTH_SEED + 1), WORLDS["published"], 80)
    high = (groups.feelings >= groups_of.CUT).all(-1)
    kept = (groups.answers >= 5) & (groups.employees >= 7)
    some = ~np.isnan(groups.cx)
    ratio = [groups.cx[high & part].mean() / groups.cx[~high & part].mean() for part in (some, some & kept)]
    assert abs(ratio[1] - ratio[0]) < 0.2 * 0.02
