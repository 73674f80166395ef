"""NPS and promoter share: published and R numbers, identities, coverage, edges, messages."""

import csv
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from cxstudy import nps, nps_from_counts, promoter_share, promoter_share_from_counts
from cxstudy.faults import DataError, NotTestable
from cxstudy.stats.intervals import critical, net_share_interval
from cxstudy.study import open_study

REFERENCE = Path(__file__).parent / "reference"
COLUMNS = ["n", "n_missing", "promoters", "passives", "detractors", "estimate", "std_error", "ci_low", "ci_high"]
COLUMNS += ["confidence", "unit", "method", "reason"]
NUMBERS = ["estimate", "std_error", "ci_low", "ci_high"]


def reference():
    with open(REFERENCE / "nps_expected.csv", encoding="utf-8", newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


@pytest.fixture
def schools():
    """Schools of R survey with their class as an answer, weight and cluster; by design."""
    frame = pd.read_csv(REFERENCE / "nps_answers.csv", dtype={"cluster": str})
    return {name: part for name, part in frame.groupby("design")}


@dataclass(frozen=True)
class Counted:
    """What the measures know of a counted table of a study."""

    expr: Any
    shares: dict
    means: dict = field(default_factory=dict)
    rows: str = "counted"


def counted(frame):
    names = {"promoters": "top", "passives": "rest", "detractors": "bottom"}
    return Counted(ibis.memtable(pa.Table.from_pandas(frame, preserve_index=False)), {"gladly": names})


def answered(promoters, passives, detractors, **more):
    return pd.DataFrame({"recommend": [10] * promoters + [8] * passives + [0] * detractors, **more})


def only(frame):
    assert len(frame) == 1
    return frame.iloc[0]


# promoters, passives, detractors, method, NPS, SE, low, high as printed (METHODS), as fractions
PRINTED = [
    (291, 476, 395, "wald", -0.0895009, 0.0223867, -0.133378, -0.045624),
    (291, 476, 395, "adjusted-wald", -0.0895009, 0.0223867, -0.13308, -0.04546),
    (162, 108, 54, "wald", 1 / 3, 0.0414087, 0.252174, 0.414493),
    (162, 108, 54, "adjusted-wald", 1 / 3, 0.0414087, 0.24945, 0.41110),
    (462, 176, 362, "wald", 0.100, None, 0.044081, 0.155919),
    (462, 176, 362, "adjusted-wald", 0.100, None, 0.043897, 0.155505),
    (291, 476, 395, "score", -0.0895009, 0.0223867, -0.133165, -0.045453),
    (162, 108, 54, "score", 1 / 3, 0.0414087, 0.249540, 0.411611),
    (462, 176, 362, "score", 0.100, None, 0.043822, 0.155495),
]


@pytest.mark.parametrize("printed", PRINTED)
def test_published_numbers(printed):
    promoters, passives, detractors, method, estimate, error, low, high = printed
    found = only(nps_from_counts(promoters=promoters, passives=passives, detractors=detractors, method=method))
    assert found.estimate / 100 == pytest.approx(estimate, abs=5e-8)
    assert error is None or found.std_error / 100 == pytest.approx(error, abs=5e-8)
    assert (found.ci_low / 100, found.ci_high / 100) == pytest.approx((low, high), abs=5e-6)
    rows = only(nps(answered(promoters, passives, detractors), method=method))
    pd.testing.assert_series_equal(rows, found)


@pytest.mark.parametrize("sample", ["apistrat", "apiclus1"])
@pytest.mark.parametrize(("measure", "name"), [(nps, "nps"), (promoter_share, "share")])
@pytest.mark.parametrize("cluster", [None, "cluster"])
def test_weights_and_clusters_are_those_of_r_survey(schools, sample, measure, name, cluster):
    expected = reference()[f"{sample} {name} weights{' cluster' if cluster else ''}"]
    found = only(measure(schools[sample], "score", weights="weight", cluster=cluster, method="wald"))
    assert found.estimate / 100 == pytest.approx(float(expected["estimate"]), abs=1e-12)
    assert found.std_error / 100 == pytest.approx(float(expected["std_error"]), rel=1e-10)


def test_the_printed_weighted_nps(schools):
    assert only(nps(schools["apistrat"], "score", weights="weight")).estimate / 100 == pytest.approx(0.049149, abs=5e-7)


@pytest.mark.parametrize("sample", ["apistrat", "apiclus1"])
def test_clusters_without_weights_and_each_group_by_itself_are_those_of_r_survey(schools, sample):
    one = only(nps(schools[sample], "score", cluster="cluster"))
    assert one.std_error / 100 == pytest.approx(float(reference()[f"{sample} nps cluster"]["std_error"]), rel=1e-10)
    found = nps(schools[sample], "score", by="type", weights="weight", cluster="cluster").set_index("type")
    for kind in "EHM":
        expected = reference()[f"{sample} nps weights cluster {kind}"]
        assert found.estimate[kind] / 100 == pytest.approx(float(expected["estimate"]), abs=1e-12)
        assert found.std_error[kind] / 100 == pytest.approx(float(expected["std_error"]), rel=1e-10)


def test_clustered_wald_is_student_t_with_a_cluster_less(schools):
    found = only(nps(schools["apiclus1"], "score", cluster="cluster", method="wald"))
    clusters = schools["apiclus1"].cluster.nunique()
    assert (found.ci_high - found.estimate) / found.std_error == pytest.approx(critical(0.95, clusters - 1))
    assert found.method == "wald, linearised"


def test_clusters_more_alike_than_chance_narrow_wald_but_not_the_adjusted_interval():
    frame = pd.DataFrame({"recommend": [10, 8, 0] * 9 + [10, 8, 8], "team": np.repeat(np.arange(10), 3).astype(str)})
    wald = only(nps(frame, cluster="team", method="wald"))
    assert wald.std_error < 0.5 * only(nps(frame)).std_error
    assert wald.ci_high - wald.estimate == pytest.approx(critical(0.95, 9) * wald.std_error)
    adjusted = only(nps(frame, cluster="team"))
    expected = net_share_interval(10 / 30, 9 / 30, 30, df=9)
    assert (adjusted.ci_low / 100, adjusted.ci_high / 100) == pytest.approx(expected)


def test_linearised_variance_without_need_is_the_plain_one_but_for_n_minus_1():
    frame = answered(30, 15, 10).assign(w=2.5, person=range(55))
    plain = only(nps(frame))
    for how in ({"weights": "w"}, {"cluster": "person"}, {"weights": "w", "cluster": "person"}):
        found = only(nps(frame, **how))
        assert found.estimate == pytest.approx(plain.estimate, abs=1e-12)
        assert found.std_error == pytest.approx(plain.std_error * np.sqrt(55 / 54), rel=1e-12)
        assert found.method == "adjusted-wald, linearised"


def test_by_and_missing_and_shape():
    frame = pd.DataFrame(
        {
            "shop": ["b", "b", "a", "a", "a", "c", None],
            "month": [1, 2, 1, 1, 1, 1, 1],
            "recommend": [9, 6, 7, np.nan, 10, np.nan, 0],
        }
    )
    found = nps(frame, by="shop")
    assert list(found) == ["shop", *COLUMNS]
    assert found.shop.fillna("none").tolist() == ["a", "b", "c", "none"]
    assert found.n.tolist() == [2, 2, 0, 1] and found.n_missing.tolist() == [1, 0, 1, 0]
    assert found.n.dtype == found.n_missing.dtype == "int64"
    np.testing.assert_allclose(found.estimate, [50, 0, np.nan, -100])
    assert found.reason.fillna("").tolist() == ["", "", "no answers", ""]
    assert found.loc[2, NUMBERS].isna().all()
    assert set(found.unit) == {"NPS points"} and set(found.confidence) == {0.95}
    several = nps(frame, by=["shop", "month"])
    assert several.shop.fillna("none").tolist() == ["a", "b", "b", "c", "none"]
    assert several.month.tolist() == [1, 1, 2, 1, 1]
    share = promoter_share(frame, by="shop")
    assert list(share) == ["shop", *(c for c in COLUMNS if c not in ("promoters", "passives", "detractors"))]
    assert share.estimate.tolist()[:2] == [50, 50] and set(share.unit) == {"percent"}


def test_groups_come_in_the_same_order_as_their_numbers_with_clusters():
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"shop": rng.choice(list("dbac"), 300), "team": rng.integers(0, 6, 300).astype(str)})
    frame["recommend"] = np.where(frame.shop == "d", 10, rng.integers(0, 11, 300))
    found = nps(frame, by="shop", cluster="team")
    for shop, part in frame.groupby("shop"):
        alone = only(nps(part, cluster="team"))
        row = only(found[found.shop == shop])
        np.testing.assert_allclose(row[NUMBERS].astype(float), alone[NUMBERS].astype(float), rtol=1e-10)


def test_no_rows_at_all():
    empty = pd.DataFrame({"recommend": pd.Series([], dtype=float), "shop": pd.Series([], dtype=str)})
    assert only(nps(empty)).reason == "no answers"
    assert only(nps(empty)).n == 0
    assert nps(empty, by="shop").empty and list(nps(empty, by="shop")) == ["shop", *COLUMNS]
    assert only(nps(empty, cluster="shop")).reason == "no answers"


def test_one_answer():
    found = only(nps(pd.DataFrame({"recommend": [10]})))
    assert (found.n, found.estimate, found.std_error) == (1, 100, 0)
    assert -100 < found.ci_low < 0 < found.ci_high <= 100
    weighted = only(nps(pd.DataFrame({"recommend": [10], "w": [2.0]}), weights="w"))
    assert weighted.estimate == 100 and np.isnan(weighted.std_error) and np.isnan(weighted.ci_low)
    assert weighted.reason.startswith("one answer")


def test_all_promoters():
    frame = answered(12, 0, 0).assign(w=[1.0, 3.0] * 6, team=list("aabbcc") * 2)
    assert only(nps(frame, method="wald"))[NUMBERS].tolist() == [100, 0, 100, 100]
    for how in ({}, {"weights": "w"}, {"cluster": "team"}, {"weights": "w", "cluster": "team"}):
        found = only(nps(frame, **how))
        assert found.estimate == 100 and found.std_error == 0
        assert -100 < found.ci_low < found.ci_high <= 100
    # unequal weights, and clusters that may hold one opinion each, say less than 12 answers do
    lows = [only(nps(frame, **how)).ci_low for how in ({}, {"weights": "w"}, {"cluster": "team"})]
    assert lows[0] > lows[1] > lows[2]


def test_weights_of_zero_leave_nobody():
    frame = pd.DataFrame({"shop": ["a", "a", "b", "b"], "recommend": [9, 3, 9, 3], "w": [0.0, 0.0, 1.0, 3.0]})
    found = nps(frame, by="shop", weights="w")
    assert found.reason.fillna("").tolist() == ["the weights add up to zero", ""]
    np.testing.assert_allclose(found.estimate, [np.nan, -50])


def test_published_shares_give_the_exact_difference():
    frame = pd.DataFrame(
        {
            "company": ["A", "B", "C"],
            "n": [301, 57, 9],
            "top": [71.0, 33.0, np.nan],
            "rest": [21.0, 34.0, np.nan],
            "bottom": [8.0, 33.0, np.nan],
        }
    )
    found = nps(counted(frame), "gladly", by="company")
    np.testing.assert_allclose(found.estimate, [63, 0, np.nan], atol=1e-12)
    assert found.n.tolist() == [301, 57, 0] and found.n_missing.tolist() == [0, 0, 9]
    assert found.n.dtype == "int64"
    np.testing.assert_allclose(promoter_share(counted(frame), "gladly", by="company").estimate, [71, 33, np.nan])
    whole = pd.DataFrame({"company": ["A", "B"], "n": [200, 50], "top": [70.0, 20.0], "bottom": [10.0, 40.0]})
    rows = pd.concat([answered(140, 40, 20).assign(company="A"), answered(10, 20, 20).assign(company="B")])
    for how in ({"by": "company"}, {}, {"cluster": "company"}):
        same = nps(counted(whole), "gladly", **how)
        pd.testing.assert_frame_equal(same, nps(rows, **how))


def test_counts_may_be_arrays():
    found = nps_from_counts(promoters=[5, 0], passives=np.array([3, 0]), detractors=pd.Series([2, 0]))
    np.testing.assert_allclose(found.estimate, [30, np.nan])
    assert found.reason.fillna("").tolist() == ["", "no answers"]
    share = promoter_share_from_counts([5, 7], 10)
    assert share.estimate.tolist() == [50, 70] and share.n.tolist() == [10, 10]
    same = only(promoter_share(answered(5, 3, 2)))
    pd.testing.assert_series_equal(promoter_share_from_counts(5, 10).iloc[0], same)


def test_a_real_study_is_its_customers(small_study):
    study = open_study(small_study())
    found = nps(study, by="unit")
    assert list(found) == ["unit", *(c for c in COLUMNS if c != "unit")]
    assert found.n.sum() == 96 and len(found) == 12
    frame = study.customers.frame()
    by_hand = frame.groupby("company").recommend.agg(lambda r: 100 * ((r >= 9).mean() - (r <= 6).mean()))
    np.testing.assert_allclose(found.estimate, by_hand, atol=1e-10)
    pd.testing.assert_frame_equal(nps(study, by="company"), nps(study.customers, by="company"))


def test_files_give_the_same_as_the_frame(tmp_path):
    frame = pd.DataFrame({"company": ["0047", "47", "0047"], "recommend": [9, np.nan, 3], "w": [1.0, 2.0, 0.5]})
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_parquet(tmp_path / "a.parquet", index=False)
    for how in ({"by": "company"}, {"by": "company", "weights": "w"}):
        for name in ("a.csv", "a.parquet"):
            pd.testing.assert_frame_equal(nps(tmp_path / name, **how), nps(frame, **how))


weighted_answers = st.lists(st.tuples(st.integers(0, 10), st.integers(0, 4)), min_size=1, max_size=25)
classes = st.tuples(*[st.integers(0, 25)] * 3).filter(any)


@settings(max_examples=40, deadline=None)
@given(classes, st.sampled_from(["adjusted-wald", "wald", "score", "dirichlet", "bootstrap"]))
def test_counts_alone_hold_the_invariants(given_counts, method):
    names = dict(zip(("promoters", "passives", "detractors"), given_counts, strict=True))
    found = [only(nps_from_counts(**names, method=method, confidence=c)) for c in (0.5, 0.9, 0.99)]
    assert all(b.ci_low <= a.ci_low and a.ci_high <= b.ci_high for a, b in pairwise(found))
    assert all(-100 <= f.ci_low <= f.ci_high <= 100 for f in found)
    swapped = names | {"promoters": given_counts[2], "detractors": given_counts[0]}
    mirrored = only(nps_from_counts(**swapped))
    assert mirrored.estimate == pytest.approx(-found[0].estimate)
    value = np.repeat([1.0, 0.0, -1.0], given_counts)
    assert found[0].std_error == pytest.approx(100 * value.std() / np.sqrt(len(value)), abs=1e-6)


@settings(max_examples=15, deadline=None)
@given(weighted_answers, st.randoms(use_true_random=False))
def test_weights_repeat_and_rows_may_be_shuffled(given_answers, random):
    frame = pd.DataFrame(given_answers, columns=["recommend", "w"])
    repeated = frame.loc[frame.index.repeat(frame.w)]
    weighted = only(nps(frame, weights="w"))
    if len(repeated):
        assert weighted.estimate == pytest.approx(only(nps(repeated)).estimate, abs=1e-10)
    else:
        assert weighted.reason == "the weights add up to zero"
    random.shuffle(given_answers)
    again = only(nps(pd.DataFrame(given_answers, columns=["recommend", "w"]), weights="w"))
    np.testing.assert_allclose(again[NUMBERS].astype(float), weighted[NUMBERS].astype(float), atol=1e-9)


def test_simulated_coverage_of_adjusted_wald():
    drawn = np.random.default_rng(11).multinomial(40, [0.45, 0.3, 0.25], size=4000)
    found = nps_from_counts(promoters=drawn[:, 0], passives=drawn[:, 1], detractors=drawn[:, 2])
    assert 0.94 <= ((found.ci_low <= 20) & (20 <= found.ci_high)).mean() <= 0.965


@pytest.mark.parametrize(("how", "least"), [({"weights": "w"}, 0.93), ({"weights": "w", "cluster": "team"}, 0.91)])
def test_simulated_coverage_with_weights_and_clusters(how, least):
    """600 samples of 12 clusters of 10; clusters differ where they are declared, weights go with no answer."""
    rng = np.random.default_rng(12)
    samples, teams, size = 600, 12, 10
    shift = rng.normal(scale=0.7 if "cluster" in how else 0.0, size=(samples, teams, 1))
    mood = shift + rng.normal(size=(samples, teams, size))
    frame = pd.DataFrame(
        {
            "sample": np.repeat(np.arange(samples), teams * size),
            "team": np.tile(np.repeat(np.arange(teams), size), samples),
            "recommend": np.where(mood > 0.2, 10, np.where(mood > -0.5, 8, 0)).ravel(),
            "w": rng.choice([0.5, 1.0, 2.0], mood.size),
        }
    )
    spread = np.sqrt(1 + (0.49 if "cluster" in how else 0))
    truth = 100 * (norm.sf(0.2 / spread) - norm.cdf(-0.5 / spread))
    found = nps(frame, by="sample", **how)
    covered = ((found.ci_low <= truth) & (truth <= found.ci_high)).mean()
    assert least <= covered <= 0.98
    if "cluster" in how:
        naive = nps(frame, by="sample", weights="w")
        assert ((naive.ci_low <= truth) & (truth <= naive.ci_high)).mean() < 0.85


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([9, 11, -1, 99, 99], r"-1 \(1 answers\), 11 \(1 answers\), 99 \(2 answers\)"),
        ([9.0, 7.5, np.inf], r"7.5 \(1 answers\), inf"),
        ([9, "9 - likely", "ten", None], r"9 - likely \(1 answers\), ten"),
        ([True, False], r"False \(1 answers\), True"),
        (list(range(11, 30)), r"15 \(1 answers\) and 14 more values"),
    ],
)
def test_values_off_the_scale_are_listed(values, shown):
    frame = pd.DataFrame({"recommend": pd.Series(values, dtype=object if "ten" in values else None)})
    for measure in (nps, promoter_share):
        with pytest.raises(DataError, match=r"whole numbers from 0 to 10\. Found: .*" + shown) as caught:
            measure(frame)
        assert "declare missing" in str(caught.value)


def test_a_column_of_comments_is_refused_without_repeating_them():
    frame = pd.DataFrame({"comment": ["I was told to call my doctor", None]})
    with pytest.raises(DataError, match=r"a text of 28 characters \(1 answers\)") as caught:
        nps(frame, "comment")
    assert "doctor" not in str(caught.value)


def test_arguments_are_answered_with_a_remedy():
    frame = answered(3, 2, 1).assign(w=[1, 1, 1, 1, 1, -1], team="one", shop=list("aabbcc"), n=1)
    with pytest.raises(ValueError, match=r"confidence must lie between 0 and 1; got 95\. Write 0\.95 for 95 %\."):
        nps(frame, confidence=95)
    with pytest.raises(ValueError, match="one of adjusted-wald, wald, score, bootstrap, dirichlet; got 'exact'"):
        nps(frame, method="exact")
    with pytest.raises(ValueError, match="method must be one of wilson, wald; got 'adjusted-wald'"):
        promoter_share(frame, method="adjusted-wald")
    with pytest.raises(ValueError, match="no column 'score'; valid: n, recommend, shop, team, w"):
        nps(frame, "score")
    with pytest.raises(ValueError, match="1 rows of w are missing, negative or no number"):
        nps(frame, weights="w")
    with pytest.raises(ValueError, match="the result has a column n of its own"):
        nps(frame, by="n")
    with pytest.raises(ValueError, match="passives must be one or more counts of at least 0; got -1"):
        nps_from_counts(promoters=1, passives=-1, detractors=0)
    with pytest.raises(ValueError, match=r"of one length; got lengths \[1, 2, 3\]"):
        nps_from_counts(promoters=[1, 2], passives=[1, 2, 3], detractors=0)
    with pytest.raises(ValueError, match="promoters cannot exceed n"):
        promoter_share_from_counts(11, 10)


def test_one_cluster_is_not_testable_and_a_group_with_one_says_so():
    frame = answered(6, 2, 4).assign(team=list("abcd") * 3, shop=list("ab") * 6)
    with pytest.raises(NotTestable, match="team holds one cluster: nothing shows") as caught:
        nps(frame.assign(team="one"), cluster="team")
    assert caught.value.needs == ("clusters",)
    with pytest.raises(NotTestable, match="one cluster in each group"):
        nps(frame.assign(team=frame.shop), by="shop", cluster="team")
    with pytest.raises(NotTestable, match="shop names both groups and clusters"):
        nps(frame, by="shop", cluster="shop")
    found = nps(frame.assign(team=np.where(frame.shop == "a", "one", frame.team)), by="shop", cluster="team")
    assert found.estimate.notna().all()
    assert found.std_error.isna().tolist() == [True, False] and found.ci_low.isna().tolist() == [True, False]
    assert found.reason[0].startswith("one cluster") and pd.isna(found.reason[1])


def test_answers_without_a_cluster_are_refused_and_missing_answers_need_none():
    frame = pd.DataFrame({"recommend": [9, 3, 8, None], "team": ["a", "b", "b", None]})
    assert only(nps(frame, cluster="team")).n_missing == 1
    with pytest.raises(ValueError, match="each answer needs a cluster; 1 have none in team"):
        nps(frame.fillna({"recommend": 5}), cluster="team")
