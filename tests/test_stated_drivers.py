"""Stated importance: published intervals, R survey, identities, rank sets, ties, segments, messages."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cxstudy.faults import NotTestable
from cxstudy.measures.stated_drivers import shares_covariance, stated_drivers

REFERENCE = Path(__file__).parent / "reference"
R = pd.read_csv(REFERENCE / "drivers_reference.csv").set_index(["design", "name"])["value"]
ANSWERS = pd.read_csv(REFERENCE / "drivers_answers.csv")
DESIGNS = {
    "clusters": {"cluster": "company"}, "weights": {"weights": "weight"},
    "both": {"cluster": "company", "weights": "weight"},
}  # fmt: skip
PUBLISHED = {
    "goodman": [(0.18628, 0.42426), (0.07917, 0.27171), (0.42386, 0.68236)],
    "sison-glaz": [(0.18987, 0.41067), (0.05063, 0.27143), (0.45570, 0.67649)],
}


def named(**counts):
    """A frame of so many answers of each."""
    return pd.DataFrame({"stated_driver": np.repeat(list(counts), list(counts.values()))})


def expected(design):
    return {name: value for (kind, name), value in R.items() if kind == design}


@pytest.mark.parametrize("method", PUBLISHED)
def test_simultaneous_intervals_are_the_published_ones(method):
    found = stated_drivers(named(a=23, b=12, c=44), method=method).set_index("driver")
    for driver, ends in zip("abc", PUBLISHED[method], strict=True):
        assert np.allclose(found.loc[driver, ["ci_low", "ci_high"]].astype(float) / 100, ends, atol=6e-6)
    assert list(found.index) == ["c", "a", "b"] and set(found["n_answers"]) == {79}


@pytest.mark.parametrize("design", DESIGNS)
def test_weights_and_clusters_as_survey(design):
    shares, pairs = stated_drivers(ANSWERS, pairs=True, **DESIGNS[design])
    wanted = expected(design)
    for row in shares.itertuples():
        assert row.estimate / 100 == pytest.approx(wanted[f"share {row.driver}"], rel=1e-12)
        assert row.std_error / 100 == pytest.approx(wanted[f"error {row.driver}"], rel=1e-10)
    pair = pairs[(pairs["driver_a"] == "engagement") & (pairs["driver_b"] == "resolution")].iloc[0]
    assert pair["std_error"] / 100 == pytest.approx(wanted["error resolution - engagement"], rel=1e-10)
    df = 13 if "cluster" in DESIGNS[design] else np.inf
    half = stats.t.ppf(0.975, df) * pair["std_error"]
    assert pair["ci_high"] - pair["ci_low"] == pytest.approx(2 * half, rel=1e-12)


def test_the_interval_of_a_clustered_share_is_goodmans_at_the_effective_number():
    found = stated_drivers(ANSWERS, cluster="company").set_index("driver")
    k, df = len(found), 13
    for row in found.itertuples():
        p, n = row.estimate / 100, row.n_effective
        assert n == pytest.approx(min(p * (1 - p) / (row.std_error / 100) ** 2, 240))
        q = stats.t.ppf(1 - 0.05 / k / 2, df)
        for end in (row.ci_low / 100, row.ci_high / 100):
            # both ends solve (p − π)² = q² π (1 − π) / n
            assert (p - end) ** 2 == pytest.approx(q**2 * end * (1 - end) / n, rel=1e-9)


def test_equal_weights_change_nothing_but_n_minus_1():
    plain, weighted = (stated_drivers(ANSWERS.assign(w=w), weights="w" if w else None) for w in (0, 1e8))
    assert np.allclose(plain["estimate"], weighted["estimate"], rtol=1e-12)
    assert np.allclose(plain["std_error"] * np.sqrt(240 / 239), weighted["std_error"], rtol=1e-10)
    assert np.allclose(plain["ci_low"], weighted["ci_low"], atol=0.05)
    assert set(plain["method"]) == {"goodman"} and set(weighted["method"]) == {"goodman, linearised"}


def test_order_of_the_rows_does_not_matter():
    first, second = (
        stated_drivers(frame, cluster="company") for frame in (ANSWERS, ANSWERS.sample(frac=1, random_state=3))
    )
    pd.testing.assert_frame_equal(first, second)


def test_segments_are_samples_of_their_own():
    data = ANSWERS.assign(channel=np.where(ANSWERS.index % 3, "web", "phone"))
    found = stated_drivers(data, by="channel", cluster="company")
    for channel in ("phone", "web"):
        alone = stated_drivers(data[data["channel"] == channel], cluster="company")
        part = found[found["channel"] == channel].set_index("driver")
        columns = ["n_answers", "estimate", "std_error", "ci_low", "ci_high", "rank_low", "rank_high"]
        assert np.allclose(part.loc[alone["driver"], columns].astype(float), alone[columns].astype(float), atol=1e-9)


def test_only_takes_shares_of_those_who_name_one_of_them():
    found = stated_drivers(named(a=50, b=30, c=20), only=["a", "b"])
    assert found["n_answers"].tolist() == [80, 80] and found["estimate"].tolist() == [62.5, 37.5]
    share, cov, df = shares_covariance(named(a=50, b=30, c=20), "stated_driver", classes=["b", "a"])
    assert np.allclose(share, [0.375, 0.625]) and df == np.inf
    assert np.allclose(cov, 0.375 * 0.625 / 80 * np.array([[1, -1], [-1, 1]]))


def test_who_did_not_answer_is_counted_and_what_nobody_named_has_a_row():
    data = pd.concat([named(a=40, b=20), pd.DataFrame({"stated_driver": [None] * 7})], ignore_index=True)
    found = stated_drivers(data, classes=["a", "b", "never"]).set_index("driver")
    assert set(found["n_missing"]) == {7} and found.loc["never", "estimate"] == 0
    assert found.loc["never", "ci_low"] == 0 < found.loc["never", "ci_high"] < 15


def test_ranks_are_certain_or_open_and_ties_are_shown_not_assumed():
    sure, pairs = stated_drivers(named(a=9000, b=5000, c=5010, d=900), margin=2, pairs=True)
    ranks = sure.set_index("driver")[["rank_low", "rank_high"]].astype(int).T.to_dict("list")
    assert ranks == {"a": [1, 1], "b": [2, 3], "c": [2, 3], "d": [4, 4]}
    assert sure.set_index("driver")["tied_with"].to_dict() == {"a": "", "b": "c", "c": "b", "d": ""}
    assert pairs["equivalent"].sum() == 1 and (pairs["p_adjusted"] >= pairs["p_value"]).all()
    few = stated_drivers(named(a=9, b=5, c=5, d=2), margin=2)
    assert set(few["tied_with"]) == {""}, "few answers show no tie"


@pytest.mark.parametrize(
    ("truth", "surveys", "band"),
    [([1 / 6] * 6, 200, (0.895, 0.995)), ([0.28, 0.19, 0.19, 0.14, 0.12, 0.08], 60, (0.95, 1))],
)
def test_rank_sets_hold_together(truth, surveys, band):
    """Of six equals no difference may be called sure; where most differ, the sets are wider than they need be."""
    rng, truth = np.random.default_rng(5), np.array(truth)
    low = np.array([1 + (truth > t).sum() for t in truth])
    high = np.array([6 - (truth < t).sum() for t in truth])
    counts = rng.multinomial(500, truth, size=surveys)
    data = pd.concat([named(**dict(zip("abcdef", row, strict=True))).assign(survey=i) for i, row in enumerate(counts)])
    found = stated_drivers(data.reset_index(drop=True), by="survey", classes=list("abcdef"))
    found = found.sort_values(["survey", "driver"])
    found_low, found_high = (found[c].to_numpy().reshape(surveys, 6) for c in ("rank_low", "rank_high"))
    inside = (found_low <= low) & (found_high >= high)
    assert band[0] <= inside.all(axis=1).mean() <= band[1]


def test_simultaneous_intervals_hold_for_clustered_answers():
    rng, truth, frames = np.random.default_rng(9), np.array([0.4, 0.35, 0.25]), []
    for survey in range(200):
        shares = rng.dirichlet(truth * 8, size=40)
        # customers of a unit lean the same way
        answers = (rng.random((40, 12, 1)) > shares.cumsum(axis=1)[:, None, :2]).sum(axis=2).ravel()
        frame = pd.DataFrame({"stated_driver": np.array(list("abc"))[answers], "u": np.repeat(range(40), 12)})
        frames.append(frame.assign(survey=survey))
    found = stated_drivers(pd.concat(frames, ignore_index=True), by="survey", cluster="u")
    found = found.sort_values(["survey", "driver"])
    ends = found[["ci_low", "ci_high"]].to_numpy().reshape(200, 3, 2)
    inside = (ends[..., 0] <= 100 * truth) & (ends[..., 1] >= 100 * truth)
    assert 0.895 <= inside.all(axis=1).mean() <= 0.995


def test_one_cluster_shows_no_spread_and_says_so():
    found = stated_drivers(named(a=30, b=10).assign(u="only"), cluster="u")
    assert found["ci_low"].isna().all() and found["rank_low"].isna().all()
    assert set(found["reason"]) == {"one cluster: nothing shows how much several differ"}


@pytest.mark.parametrize(
    ("data", "options", "fault", "said"),
    [
        (named(a=10), {}, NotTestable, "at least two different answers; found 1"),
        (pd.DataFrame({"stated_driver": [None, None]}), {}, NotTestable, "found 0"),
        (named(a=10, b=5), {"question": "wanted"}, ValueError, "wanted"),
        (named(a=10, b=5), {"margin": 0}, ValueError, "margin must be a number above 0"),
        (named(a=10, b=5), {"confidence": 95}, ValueError, "Write 0.95 for 95 %."),
        (named(a=10, b=5), {"method": "wald"}, ValueError, "goodman, sison-glaz"),
        (named(a=10, b=5).assign(w=-1), {"weights": "w"}, ValueError, "weights must be finite numbers"),
        (named(a=10, b=5).assign(w=0), {"weights": "w"}, NotTestable, "all their weights are 0"),
    ],
)
def test_mistakes_are_answered_with_the_rule(data, options, fault, said):
    with pytest.raises(fault, match=said):
        stated_drivers(data, **options)
