"""compare_nps: printed and R numbers, counts against answers, identities, coverage, edges, messages."""

import csv
import doctest
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from cxstudy.faults import DataError, NotTestable
from cxstudy.measures import comparing
from cxstudy.measures.comparing import METHODS, compare_nps
from cxstudy.measures.nps import nps
from cxstudy.stats.equivalence import tost
from cxstudy.study import open_study

REFERENCE = Path(__file__).parent / "reference"
COLUMNS = ["n", "n_missing", "n_a", "n_b", "n_missing_a", "n_missing_b", "nps_a", "nps_b", "estimate", "std_error"]
COLUMNS += ["ci_low", "ci_high", "statistic", "df", "p_value"]
LAST = ["confidence", "unit", "method", "reason"]
FIRST = {"promoters": 291, "passives": 476, "detractors": 395}
SECOND = {"promoters": 350, "passives": 450, "detractors": 300}


@dataclass(frozen=True)
class Counted:
    """What the measures know of a counted table of a study."""

    expr: Any
    shares: dict
    means: dict = field(default_factory=dict)
    rows: str = "counted"


def only(*data, **options):
    found = compare_nps(*data, **options)
    assert len(found) == 1
    return found.iloc[0]


def answered(counts, **more):
    scores = [10] * counts["promoters"] + [8] * counts["passives"] + [0] * counts["detractors"]
    return pd.DataFrame({"recommend": scores, **more})


def counts(promoters, passives, detractors):
    return {"promoters": promoters, "passives": passives, "detractors": detractors}


@pytest.fixture
def schools():
    """Schools of R survey by design and type, with their class as an answer, weight and cluster."""
    frame = pd.read_csv(REFERENCE / "nps_answers.csv", dtype={"cluster": str})
    return {key: part for key, part in frame.groupby(["design", "type"])}


def test_printed_numbers():
    """METHODS: difference .1349554, SE .0321943, p 2.77e-5; the second sample is the higher one."""
    found = only(FIRST, SECOND, method="wald")
    assert found.estimate / 100 == pytest.approx(0.1349554, abs=5e-8)
    assert found.std_error / 100 == pytest.approx(0.0321943, abs=5e-8)
    assert found.p_value == pytest.approx(2.77e-5, abs=5e-8)
    assert list(found.index) == COLUMNS + LAST


@pytest.mark.parametrize("method", METHODS)
def test_answers_and_counts_give_the_same_and_the_sign_turns(method):
    found = compare_nps(FIRST, SECOND, method=method, margin=20)
    pd.testing.assert_frame_equal(compare_nps(answered(FIRST), answered(SECOND), method=method, margin=20), found)
    found, turned = found.iloc[0], only(SECOND, FIRST, method=method, margin=20)
    assert turned.estimate == -found.estimate and turned.statistic == pytest.approx(-found.statistic)
    assert (turned.ci_low, turned.ci_high) == pytest.approx((-found.ci_high, -found.ci_low))
    assert (turned.p_value, turned.p_equivalence) == pytest.approx((found.p_value, found.p_equivalence))
    assert found.nps_a + found.estimate == pytest.approx(found.nps_b)


@pytest.mark.parametrize("cluster", [None, "cluster"])
@pytest.mark.parametrize("sample", ["apistrat", "apiclus1"])
def test_weights_and_clusters_are_those_of_r_survey(schools, sample, cluster):
    with open(REFERENCE / "nps_expected.csv", encoding="utf-8", newline="") as file:
        r = {row["id"]: row for row in csv.DictReader(file)}
    if cluster:
        parts = [r[f"{sample} nps weights cluster {kind}"] for kind in "EM"]
        data = [schools[sample, kind] for kind in "EM"]
    else:
        parts = [r[f"{design} nps weights"] for design in ("apiclus1", "apistrat")]
        data = [pd.concat(part for key, part in schools.items() if key[0] == d) for d in ("apiclus1", "apistrat")]
    found = only(*data, score="score", weights="weight", cluster=cluster, method="wald")
    (low, low_error), (high, high_error) = ((float(p["estimate"]), float(p["std_error"])) for p in parts)
    assert found.estimate / 100 == pytest.approx(high - low, abs=1e-12)
    assert found.std_error / 100 == pytest.approx(np.hypot(low_error, high_error), rel=1e-10)
    assert found.method == "wald, linearised"
    assert np.isinf(found.df) == (cluster is None)
    if cluster:
        units = [d.cluster.nunique() - 1 for d in data]
        assert min(units) <= found.df <= sum(units)
    alone = nps(data[1], "score", weights="weight", cluster=cluster, method="wald").iloc[0]
    assert found.nps_b == pytest.approx(alone.estimate)


def test_equal_weights_change_only_n_to_n_minus_1_and_repetition_is_weight():
    a, b = (answered(counts(30, 20, 10), w=2.0), answered(counts(20, 20, 40), w=0.5))
    weighted, plain = only(a, b, weights="w", method="wald"), only(a, b, method="wald")
    parts = [nps(x, method="wald").std_error[0] ** 2 * n / (n - 1) for x, n in ((a, 60), (b, 80))]
    assert weighted.std_error == pytest.approx(np.sqrt(sum(parts))) and weighted.estimate == plain.estimate
    # adjusted intervals use at most n answers
    assert weighted.n == plain.n == 140
    near = only(a, b, weights="w")
    assert (near.ci_low, near.ci_high) == pytest.approx(tuple(only(a, b)[["ci_low", "ci_high"]]), abs=0.5)


def test_each_answer_a_cluster_is_weighting_with_t():
    a, b = (answered(c, w=np.arange(sum(c.values())) % 3 + 1.0) for c in (counts(9, 5, 6), counts(4, 6, 5)))
    a["team"], b["team"] = range(len(a)), range(len(b))
    clustered, weighted = (only(a, b, weights="w", cluster=c) for c in ("team", None))
    assert clustered.std_error == pytest.approx(weighted.std_error) and clustered.df < 40
    assert clustered.statistic == pytest.approx(weighted.statistic) and clustered.p_value > weighted.p_value


def test_a_group_of_one_class_has_an_effective_size_by_its_weights():
    a = answered(counts(40, 0, 0), w=[1.0] * 39 + [20.0])
    b = answered(counts(20, 10, 10), w=1.0)
    weighted = only(a, b, weights="w")
    kish = (39 + 20) ** 2 / (39 + 400)
    # with equal weights the variance is that of n − 1 answers
    same = only(counts(kish, 0, 0), counts(19.5, 9.75, 9.75))
    assert (weighted.ci_low, weighted.ci_high) == pytest.approx((same.ci_low, same.ci_high))
    assert weighted.p_value == pytest.approx(same.p_value)


def test_missing_answers_are_counted():
    a = pd.DataFrame({"recommend": [10, 9, None, 3, None]})
    found = only(a, counts(3, 2, 1))
    assert found[["n", "n_missing", "n_a", "n_b", "n_missing_a", "n_missing_b"]].tolist() == [9, 2, 3, 6, 2, 0]


@pytest.mark.parametrize("method", METHODS)
def test_equivalence_is_the_90_percent_interval_within_the_margin(method):
    rng = np.random.default_rng(2)
    seen = set()
    for _ in range(60):
        a, b = (counts(*map(int, rng.multinomial(400, [0.5, 0.3, 0.2]))) for _ in range(2))
        found = only(a, b, method=method, margin=12)
        inner = only(a, b, method=method, confidence=0.9)
        assert found.equivalent == (inner.ci_low > -12 and inner.ci_high < 12)
        assert found.equivalent == (found.p_equivalence < 0.05) and found.margin == 12
        seen.add(bool(found.equivalent))
    assert seen == {True, False}


def test_equivalence_of_wald_is_tost():
    found = only(FIRST, SECOND, method="wald", margin=20)
    assert found.p_equivalence == pytest.approx(float(tost(found.estimate, found.std_error, 20)[0]))
    assert list(found.index) == [*COLUMNS, "margin", "p_equivalence", "equivalent", *LAST]


@pytest.mark.parametrize("method", METHODS)
def test_wider_with_confidence_and_never_off_the_scale(method):
    for b in (counts(5, 0, 0), counts(0, 0, 4), counts(2, 3, 1)):
        ends = [only(counts(0, 1, 6), b, method=method, confidence=c)[["ci_low", "ci_high"]] for c in (0.8, 0.9, 0.99)]
        widths = [high - low for low, high in ends if not np.isnan(low)]
        assert widths == sorted(widths)
        assert all(-200 <= low <= high <= 200 for low, high in ends if not np.isnan(low))


@pytest.mark.parametrize("method", METHODS)
def test_small_samples_too_have_their_estimate_inside_and_a_test_that_agrees(method):
    rng = np.random.default_rng(5)
    sizes = rng.choice([1, 2, 4, 9, 40, 1000], size=(150, 2))
    for n_a, n_b in sizes:
        a, b = (counts(*map(int, rng.multinomial(n, rng.dirichlet([0.5] * 3)))) for n in (n_a, n_b))
        found = only(a, b, method=method)
        if pd.isna(found.reason):
            assert -200 <= found.ci_low <= found.estimate <= found.ci_high <= 200
            assert (found.p_value < 0.05) == (found.ci_low > 0 or found.ci_high < 0)


def test_no_spread_at_all():
    flat = only(counts(20, 0, 0), counts(0, 0, 20), method="wald", margin=5)
    assert flat.estimate == -200 and flat.std_error == 0 and np.isnan([flat.ci_low, flat.p_value, flat.statistic]).all()
    assert flat.reason == "all answers of each sample fall in one class: this method sees no uncertainty"
    assert not flat.equivalent
    for method in ("adjusted-wald", "newcombe"):
        found = only(counts(20, 0, 0), counts(0, 0, 20), method=method)
        assert found.ci_low == -200 and -200 < found.ci_high < -140 and 0 < found.p_value < 1e-6
        assert np.isnan(found.reason)
    # by hand: with three answers added, 20.75 of 23 at one end and 0.75 at the other
    share, error = 20 / 23, np.sqrt((21.5 / 23 - (20 / 23) ** 2) / 23)
    found = only(counts(20, 0, 0), counts(0, 0, 20))
    assert found.ci_high == pytest.approx(100 * (-2 * share + 1.959964 * np.sqrt(2) * error), abs=1e-4)


@pytest.mark.parametrize("method", METHODS)
def test_no_answers(method):
    found = only(counts(0, 0, 0), counts(1, 2, 3), method=method, margin=5)
    assert np.isnan(found[["estimate", "std_error", "ci_low", "ci_high", "p_value"]].astype(float)).all()
    assert found.reason == "no answers in a" and found.n_b == 6 and not found.equivalent
    empty = pd.DataFrame({"recommend": [None, None]})
    assert only(counts(1, 2, 3), empty, method=method).reason == "no answers in b"


def test_weights_of_zero_and_a_single_cluster():
    a, b = answered(counts(2, 2, 2), w=0.0, c="x"), answered(counts(2, 2, 2), w=1.0, c="y")
    assert only(a, b, weights="w").reason == "the weights of a add up to zero"
    with pytest.raises(NotTestable, match="holds one cluster"):
        compare_nps(a, b, cluster="c")
    one = answered(counts(1, 0, 0), w=1.0)
    assert only(one, b, weights="w").reason.startswith("one answer or one cluster in a sample")


def test_every_kind_of_data(tmp_path, small_study):
    a, b = answered(FIRST), answered(SECOND)
    a.to_csv(tmp_path / "a.csv", index=False)
    b.to_parquet(tmp_path / "b.parquet")
    expected = compare_nps(FIRST, SECOND)
    pd.testing.assert_frame_equal(compare_nps(tmp_path / "a.csv", str(tmp_path / "b.parquet")), expected)
    table = ibis.memtable(pa.Table.from_pandas(a, preserve_index=False))
    pd.testing.assert_frame_equal(compare_nps(table, b), expected)
    study = open_study(small_study())
    pd.testing.assert_frame_equal(compare_nps(study, SECOND), compare_nps(study.customers, SECOND))


def test_a_counted_table():
    shares = pd.DataFrame({"n": [200, 100], "top": [50.0, 20.0], "rest": [30.0, 50.0], "bottom": [20.0, 30.0]})
    names = {"promoters": "top", "passives": "rest", "detractors": "bottom"}
    table = Counted(ibis.memtable(pa.Table.from_pandas(shares, preserve_index=False)), {"gladly": names})
    found = compare_nps(FIRST, table, "gladly")
    pd.testing.assert_frame_equal(found, compare_nps(FIRST, counts(120, 110, 70)))


def test_coverage_and_type_one_error_over_simulated_waves():
    """400 pairs of waves of 60 and 90 customers; this small version only detects breakage."""
    rng = np.random.default_rng(9)
    for after, bounds in (([0.5, 0.3, 0.2], (0.92, 0.98)), ([0.35, 0.3, 0.35], (0.92, 0.98))):
        truth, inside, agree = 100 * (after[0] - after[2] - 0.3), 0, 0
        for _ in range(200):
            a, b = rng.multinomial(60, [0.5, 0.3, 0.2]), rng.multinomial(90, after)
            found = only(counts(*map(int, a)), counts(*map(int, b)))
            inside += found.ci_low <= truth <= found.ci_high
            agree += (found.p_value < 0.05) == (found.ci_low > 0 or found.ci_high < 0)
        assert bounds[0] * 200 <= inside <= bounds[1] * 200 + 1 and agree == 200


@pytest.mark.parametrize(
    ("a", "options", "error", "message"),
    [
        ({"promoters": 3, "passives": 2}, {}, ValueError, "got the keys promoters, passives. Give these three"),
        ({}, {}, ValueError, "got the keys none"),
        (counts(3, -2, 1), {}, ValueError, "passives must be one or more counts of at least 0"),
        (counts([1, 2], 2, 1), {}, ValueError, "counts are one number a class"),
        (FIRST, {"weights": "w"}, ValueError, "weights and cluster name columns of answers; got counts"),
        (FIRST, {"method": "score"}, ValueError, "method must be one of adjusted-wald, newcombe, wald; got 'score'"),
        (FIRST, {"margin": 0}, ValueError, "margin must be a number above 0"),
        (FIRST, {"confidence": 95}, ValueError, "Write 0.95 for 95 %"),
        (pd.DataFrame({"recommend": [11, 3]}), {}, DataError, "whole numbers from 0 to 10. Found: 11"),
        (pd.DataFrame({"recomend": [1, 3]}), {}, ValueError, "nearest: recomend"),
        (7, {}, ValueError, "data must be a pandas frame"),
    ],
)
def test_messages(a, options, error, message):
    with pytest.raises(error, match=message):
        compare_nps(a, SECOND, **options)


def test_examples():
    assert doctest.testmod(comparing).failed == 0
