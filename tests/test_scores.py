"""eNPS, CSAT, CSI, CES and CX index: by hand, R's t interval, the firm's check, scales, designs, edges and messages."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cxstudy.faults import DataError, NotTestable
from cxstudy.measures.cx_index import cx_index
from cxstudy.measures.effort import ces
from cxstudy.measures.index import Scale
from cxstudy.measures.nps import enps, nps
from cxstudy.measures.satisfaction import csat, csi
from cxstudy.stats.intervals import share_interval
from cxstudy.study import open_study

NUMBERS = ["estimate", "std_error", "ci_low", "ci_high"]
COLUMNS = ["n", "n_missing", *NUMBERS, "df", "confidence", "unit", "method", "reason"]
SAMPLE = Path(__file__).parents[1] / "data" / "sample"


@pytest.fixture(scope="module")
def study():
    return open_study(SAMPLE)


@dataclass(frozen=True)
class Counted:
    """What the measures know of a counted table of a study."""

    expr: Any
    shares: dict = field(default_factory=dict)
    means: dict = field(default_factory=dict)
    rows: str = "counted"


def only(frame):
    assert len(frame) == 1
    return frame.iloc[0]


def answers(**columns):
    return pd.DataFrame(columns)


def test_mean_is_the_t_interval_of_scipy():
    values = np.array([5, 4, 4, 3, 1, 2, 5, 5])
    found = only(csat(answers(satisfaction=[*values, None]), statistic="mean", confidence=0.9))
    ends = stats.ttest_1samp(values, 0).confidence_interval(0.9)
    np.testing.assert_allclose((found.ci_low, found.ci_high), ends, rtol=1e-12)
    assert (found.n, found.n_missing, found.df) == (8, 1, 7)
    assert found.std_error == pytest.approx(stats.sem(values), rel=1e-12)
    assert (found.unit, found.method) == ("points 1–5, high is good", "t")


def test_share_is_wilson_of_the_top_two_and_shape():
    found = csat(answers(satisfaction=[5, 4, 4, 3, 1, None], shop=list("aaabbb")), by="shop")
    assert list(found) == ["shop", *(c for c in COLUMNS if c != "df")]
    np.testing.assert_allclose(found.estimate, [100, 0])
    np.testing.assert_allclose(found.ci_low / 100, share_interval(np.array([1, 0]), np.array([3, 2]))[0])
    assert set(found.unit) == {"percent"} and set(found.method) == {"wilson"}
    top = only(csat(answers(satisfaction=[5, 4, 4, 3, 1]), boxes=1, method="wald"))
    assert top.estimate == 20 and top.method == "wald"


def test_the_index_rule_of_the_firm():
    items = {f"q{i}": [v] for i, v in enumerate([3.8, 4.8, 2.3, 5.0, 4.5, 4.1])}
    found = only(cx_index(pd.DataFrame(items), list(items), scale=Scale(1, 5, whole=False)))
    assert np.mean([v[0] for v in items.values()]) == pytest.approx(4.083, abs=5e-4)
    assert round(found.estimate) == 77


def test_under_71_percent_of_the_items_a_person_does_not_count():
    frame = answers(a=[5, 5, 5], b=[5, 5, None], c=[1, 1, None], d=[1, None, 1])
    found = only(cx_index(frame, list("abcd"), scale=(1, 5)))
    # three of four items are enough, two are not
    assert (found.n, found.n_missing) == (2, 1)
    assert found.estimate == pytest.approx((50 + 200 / 3) / 2)


def test_classic_three_item_csi_with_equal_and_with_own_weights():
    frame = answers(overall=[10, 7], expected=[8, 6], ideal=[9, 4])
    found = only(csi(frame, ["overall", "expected", "ideal"], scale=(1, 10)))
    by_hand = 100 * (frame.mean(axis=1) - 1) / 9
    assert found.estimate == pytest.approx(by_hand.mean(), rel=1e-12)
    assert found.std_error == pytest.approx(by_hand.std(ddof=1) / np.sqrt(2), rel=1e-12)
    counted = {"overall": 2, "expected": 1, "ideal": 1}
    own = only(csi(frame, list(counted), scale=(1, 10), item_weights=counted))
    assert own.estimate == pytest.approx((100 * ((frame * counted).sum(axis=1) / 4 - 1) / 9).mean(), rel=1e-12)
    assert found.unit == own.unit == "points 0–100"


def test_csi_of_one_item_is_its_mean_on_0_to_100():
    frame = answers(q=[8, 9, 7, 2])
    one, mean = only(csi(frame, "q", scale=(1, 10))), only(csat(frame, "q", scale=(1, 10), statistic="mean"))
    np.testing.assert_allclose([one[c] for c in ("estimate", "ci_low", "ci_high")],
                               [(mean[c] - 1) * 100 / 9 for c in ("estimate", "ci_low", "ci_high")])  # fmt: skip
    low = only(csi(frame, "q", scale=(1, 10, "low")))
    np.testing.assert_allclose([low[c] for c in ("estimate", "ci_low", "ci_high")],
                               [100 - one[c] for c in ("estimate", "ci_high", "ci_low")])  # fmt: skip
    assert low.std_error == pytest.approx(one.std_error)


def test_effort_is_low_and_ease_is_high():
    frame = answers(effort=[1, 2, 6, 7, 1], ease=[5, 4, 1, 1, 5])
    assert only(ces(frame)).unit == "points 1–7, low is good"
    assert only(ces(frame)).estimate == pytest.approx(3.4)
    assert only(ces(frame, statistic="share")).estimate == 60
    assert only(ces(frame, "ease")).unit == "points 1–5, high is good"
    assert only(ces(frame, "ease", statistic="share", boxes=1)).estimate == 40
    turned = only(ces(frame, scale=(1, 7), statistic="share"))
    assert turned.estimate == 40


def test_scales_come_from_the_study_and_its_tables(study):
    frame = study.customers.frame()
    for data in (study, study.customers):
        assert only(csat(data, statistic="mean")).unit == "points 1–10, high is good"
        assert only(ces(data)).unit == "points 1–7, low is good"
        assert only(csat(data)).estimate == pytest.approx(100 * (frame.satisfaction.dropna() >= 9).mean())
    index = 100 * (frame[["ease", "resolution", "engagement"]] - 1) / 9
    by_hand = index.dropna().mean(axis=1)
    found = only(cx_index(study))
    assert found.n == len(by_hand) and found.estimate == pytest.approx(by_hand.mean(), rel=1e-10)
    assert found.std_error == pytest.approx(by_hand.sem(), rel=1e-9)
    by_unit = cx_index(study, by="unit")
    np.testing.assert_allclose(by_unit.estimate, by_hand.groupby(frame.company).mean(), rtol=1e-10)


def test_enps_is_nps_of_the_employees(study):
    found = only(enps(study))
    same = only(nps(study.employees, "recommend_employer"))
    pd.testing.assert_series_equal(found, same)
    scores = study.employees.frame().recommend_employer.dropna()
    assert found.estimate == pytest.approx(100 * ((scores >= 9).mean() - (scores <= 6).mean()))


@pytest.mark.parametrize(
    ("measure", "more"),
    [(csat, {"statistic": "mean"}), (csi, {"items": ["satisfaction"]}), (cx_index, {"items": ["satisfaction", "ease"]}),
     (ces, {"score": "ease"})],
)  # fmt: skip
def test_weights_repeat_and_clusters_are_linearised(measure, more):
    rng = np.random.default_rng(6)
    frame = answers(satisfaction=rng.integers(1, 6, 60), ease=rng.integers(1, 6, 60), w=rng.integers(1, 4, 60))
    frame["team"] = np.repeat(np.arange(12), 5)
    weighted = only(measure(frame, weights="w", **more))
    repeated = only(measure(frame.loc[frame.index.repeat(frame.w)], **more))
    assert weighted.estimate == pytest.approx(repeated.estimate, rel=1e-12)
    assert weighted.method == "t, linearised" and weighted.n_effective <= 60
    each = only(measure(frame.assign(person=range(60)), weights="w", cluster="person", **more))
    np.testing.assert_allclose(each[NUMBERS].astype(float), weighted[NUMBERS].astype(float), rtol=1e-9)
    assert only(measure(frame, cluster="team", **more)).df == 11
    plain, same = only(measure(frame, **more)), only(measure(frame.assign(w=2.5), weights="w", **more))
    np.testing.assert_allclose(same[NUMBERS].astype(float), plain[NUMBERS].astype(float), rtol=1e-9)
    assert same.design_effect == pytest.approx(1) and list(plain.index) == COLUMNS


def test_files_and_counts_give_the_same_as_the_frame(tmp_path):
    frame = answers(shop=["007", "7", "007", "7"], satisfaction=[5, 3, None, 1], ease=[1, 2, 3, 4])
    frame["w"] = [1.0, 2.0, 1.5, 1.0]
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_parquet(tmp_path / "a.parquet", index=False)
    for call in (
        lambda d: csat(d, by="shop"),
        lambda d: csat(d, by="shop", statistic="mean", weights="w"),
        lambda d: cx_index(d, ["satisfaction", "ease"], by="shop"),
        lambda d: ces(d, "ease", strata="shop"),
    ):
        for name in ("a.csv", "a.parquet"):
            pd.testing.assert_frame_equal(call(tmp_path / name), call(frame))


def test_a_group_may_have_any_name():
    frame = answers(satisfaction=[5, 3, 4, 1], x=list("aabb"), left=list("uvuv"), w2x=list("pqrs"))
    plain = csat(frame.rename(columns={"x": "shop"}), by="shop", statistic="mean")
    found = csat(frame, by="x", statistic="mean")
    np.testing.assert_allclose(found[NUMBERS], plain[NUMBERS])
    by_left = only(csat(frame, cluster="left", statistic="mean"))
    assert by_left.df == 1 and nps(frame.assign(recommend=9), by="x", cluster="w2x").n.tolist() == [2, 2]
    assert cx_index(frame, ["satisfaction"], by="satisfaction", scale=(1, 5)).estimate.tolist() == [0, 50, 75, 100]


def test_published_means_need_a_standard_deviation_for_an_error():
    frame = answers(company=["A", "B"], n=[100, 50], mean=[4.0, 3.0], sd=[1.0, 0.5])
    table = ibis.memtable(pa.Table.from_pandas(frame, preserve_index=False))
    known = Counted(table, means={"satisfaction": {"mean": "mean", "sd": "sd"}})
    found = csat(known, by="company", statistic="mean")
    np.testing.assert_allclose(found.std_error, [0.1, 0.5 / np.sqrt(50)], rtol=1e-9)
    assert only(csi(known)).estimate == pytest.approx(100 * (11 / 3 - 1) / 4)
    bare = csat(Counted(table, means={"satisfaction": {"mean": "mean", "sd": None}}), by="company", statistic="mean")
    assert bare.estimate.tolist() == [4, 3] and bare.std_error.isna().all()
    assert set(bare.reason) == {"means without standard deviations: no error"}
    with pytest.raises(NotTestable, match="needs each person's answers"):
        csi(Counted(table, means=dict.fromkeys(("a", "b"), {"mean": "mean", "sd": "sd"})), ["a", "b"], scale=(1, 5))


def test_few_and_no_answers():
    frame = answers(satisfaction=[4, None, 5, 5], shop=list("abcc"))
    found = csat(frame, by="shop", statistic="mean")
    assert found.reason.fillna("").tolist() == ["one answer: nothing shows how much several differ", "no answers", ""]
    assert found.ci_low.isna().tolist() == [True, True, False]
    # where all agree the mean has no error that these answers show
    assert (found.std_error[2], found.ci_low[2], found.ci_high[2]) == (0, 5, 5)
    empty = answers(satisfaction=pd.Series([], dtype=float))
    assert only(csat(empty, statistic="mean")).reason == only(csat(empty)).reason == "no answers"
    none = only(csat(frame.assign(w=0.0), weights="w", statistic="mean"))
    assert none.reason == "the weights add up to zero" and np.isnan(none.estimate)


scores = st.lists(st.tuples(st.integers(1, 5), st.one_of(st.none(), st.integers(1, 7))), min_size=2, max_size=25)


@settings(max_examples=8, deadline=None)
@given(scores, st.randoms(use_true_random=False))
def test_order_and_splitting_do_not_matter_and_intervals_stay_on_the_scale(rows, random):
    frame = pd.DataFrame(rows, columns=["a", "b"]).astype(float)
    how = {"items": ["a", "b"], "scale": {"a": (1, 5), "b": (1, 7, "low")}}
    found = only(cx_index(frame, **how))
    random.shuffle(rows)
    mixed = pd.DataFrame(rows, columns=["a", "b"]).astype(float)
    again = only(cx_index(pd.concat([mixed[len(rows) // 2 :], mixed[: len(rows) // 2]]), **how))
    np.testing.assert_allclose(again[NUMBERS].astype(float), found[NUMBERS].astype(float), atol=1e-6)
    assert found.n == frame.notna().all(axis=1).sum()
    if found.n > 1:
        wider = only(cx_index(frame, confidence=0.99, **how))
        assert 0 <= wider.ci_low <= found.ci_low <= found.ci_high <= wider.ci_high <= 100


def test_simulated_coverage_of_a_clustered_index():
    """500 samples of 15 teams of 8 that differ; each sample its own group."""
    rng = np.random.default_rng(14)
    mood = rng.normal(size=(500, 15, 1)) + rng.normal(size=(500, 15, 8))
    items = np.clip(np.rint(3 + mood[..., None] + rng.normal(size=(500, 15, 8, 2))), 1, 5)
    frame = pd.DataFrame(items.reshape(-1, 2), columns=["a", "b"])
    frame["sample"], frame["team"] = np.repeat(np.arange(500), 120), np.tile(np.repeat(np.arange(15), 8), 500)
    how = {"items": ["a", "b"], "scale": (1, 5), "by": "sample"}
    found, naive = cx_index(frame, cluster="team", **how), cx_index(frame, **how)
    truth = 50.0  # answers lie evenly round 3
    assert 0.92 <= ((found.ci_low <= truth) & (truth <= found.ci_high)).mean() <= 0.98
    assert ((naive.ci_low <= truth) & (truth <= naive.ci_high)).mean() < 0.85


def test_answers_off_the_scale_are_counted_not_quoted():
    frame = answers(recommend_employer=[9, 77, 77], satisfaction=[5, 99, 3], ease=[1, 2.5, 8])
    with pytest.raises(DataError, match="other values in 2 answers") as caught:
        enps(frame)
    assert "77" not in str(caught.value)
    for call in (lambda: csat(frame), lambda: csat(frame, statistic="mean"), lambda: csi(frame)):
        with pytest.raises(DataError, match=r"satisfaction must hold whole numbers from 1 to 5\. .* in 1 answers"):
            call()
    with pytest.raises(DataError, match="2 faults to mend") as caught:
        cx_index(frame, ["satisfaction", "ease"])
    assert "99" not in str(caught.value)
    for wrong in (["good", "bad", "good"], [True, False, True]):
        with pytest.raises(DataError, match="other values in 3 answers"):
            cx_index(answers(ease=wrong, resolution=[1, 2, 3]), ["ease", "resolution"])


def test_arguments_are_answered_with_a_remedy():
    frame = answers(satisfaction=[5, 3], q=[1, 2])
    for call, message in [
        (lambda: csat(frame, "q"), r"q needs a scale; none is declared\. Give scale=\(1, 5\)"),
        (lambda: csat(frame, "q", scale=(5, 1)), r"scale is \(low, high\), or \(low, high, 'low'\)"),
        (lambda: csat(frame, "q", scale=5), r"scale is \(low, high\).*got 5"),
        (lambda: csat(frame, statistic="median"), "statistic must be one of share, mean; got 'median'"),
        (lambda: ces(frame, "satisfaction", statistic="sum"), "statistic must be one of share, mean"),
        (lambda: csat(frame, boxes=5), r"boxes must be fewer than the scale's 5 answers; got 5"),
        (lambda: csat(frame, boxes=0), "boxes must be a whole number of at least 1"),
        (lambda: csat(frame, method="t"), "method must be one of wilson, wald; got 't'"),
        (lambda: csat(frame, statistic="mean", method="wilson"), "method must be one of t; got 'wilson'"),
        (lambda: csat(frame, statistic="mean", confidence=95), r"Write 0\.95 for 95 %"),
        (lambda: csat(frame, "pleased", scale=(1, 5)), "no column 'pleased'"),
        (lambda: csat(frame, statistic="mean", weights="v"), "no column 'v'"),
        (lambda: csat(frame, statistic="mean", by="shop"), "no column 'shop'"),
        (lambda: cx_index(frame), r"items names the questions of the index; got none\. Give items="),
        (lambda: cx_index(frame, ["q", "q"], scale=(1, 5)), "q is named twice"),
        (lambda: cx_index(frame, ["q", "r"], scale=(1, 5)), "no question 'r'"),
        (lambda: csi(frame, ["q", "satisfaction"], scale=(1, 5), item_weights={"q": 1}), "none for satisfaction"),
        (lambda: csi(frame, "q", scale=(1, 5), item_weights={"q": 0}), "got 0 for q"),
        (lambda: csi(frame, "q", scale=(1, 5), item_weights={"r": 1}), "no item 'r'; .*valid: q"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
    with pytest.raises(NotTestable, match=r"scale of whole numbers.*Use statistic='mean'"):
        csat(frame, "q", scale=Scale(1, 5, whole=False))


def test_a_study_without_the_table_says_so(small_study):
    study = open_study(small_study())
    with pytest.raises(ValueError, match="no table 'employees'"):
        enps(study)
    with pytest.raises(ValueError, match=r"items\.cx_index in study\.yaml"):
        cx_index(study)
    assert only(csat(study)).n == 96
