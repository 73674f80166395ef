"""compare_nps_paired: R numbers, McNemar, wide and long, edges, messages."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.contingency_tables import mcnemar

from cxstudy.faults import DataError, NotTestable
from cxstudy.measures.comparing import compare_nps, compare_nps_paired

REFERENCE = Path(__file__).parent / "reference" / "comparing_reference.csv"
NUMBERS = ["estimate", "std_error", "ci_low", "ci_high", "statistic", "df", "p_value"]


@pytest.fixture
def reference():
    with open(REFERENCE, encoding="utf-8", newline="") as file:
        return {row["id"]: float(row["value"]) for row in csv.DictReader(file)}


@pytest.fixture
def twice():
    """Sixty customers by the formulas of comparing.R."""
    i = np.arange(1, 61)
    answers = {"before": (7 * i) % 11, "after": (3 * i * i + 2) % 11}
    return pd.DataFrame({"customer": [f"K{k:02}" for k in i], **answers, "weight": 1 + i % 4, "team": i % 9})


def only(data, **options):
    found = compare_nps_paired(data, **({"before": "before", "after": "after"} | options))
    assert len(found) == 1
    return found.iloc[0]


def long(wide):
    frame = wide.melt("customer", ["before", "after"], var_name="wave", value_name="recommend")
    return frame.sample(frac=1, random_state=1)


def test_the_paired_t_test_of_r(twice, reference):
    found = only(twice)
    expected = [reference[f"paired {name}"] for name in NUMBERS]
    scale = [100, 100, 100, 100, 1, 1, 1]
    assert (found[NUMBERS].to_numpy(float) / scale).tolist() == pytest.approx(expected, rel=1e-10)
    assert found.n == 60 and found.n_missing == 0
    assert found.nps_after - found.nps_before == pytest.approx(found.estimate)


@pytest.mark.parametrize("cluster", [None, "team"])
def test_weights_and_clusters_are_those_of_r_survey(twice, reference, cluster):
    found = only(twice, weights="weight", cluster=cluster)
    name = "paired weights cluster" if cluster else "paired weights"
    assert found.estimate / 100 == pytest.approx(reference[f"{name} estimate"], rel=1e-10)
    assert found.std_error / 100 == pytest.approx(reference[f"{name} std_error"], rel=1e-10)
    assert found.df == (8 if cluster else 59) and found.method == "paired t, linearised"


def test_two_classes_are_mcnemar():
    """Σ D² and Σ D alone give McNemar's χ²; t has the spread about the mean instead of about 0."""
    rng = np.random.default_rng(3)
    before = np.where(rng.random(150) < 0.6, 10, 0)
    after = np.where(rng.random(150) < 0.2, 10 - before, before)
    found = only(pd.DataFrame({"before": before, "after": after}))
    table = pd.crosstab(before, after)
    mean, square = found.estimate / 100, (found.std_error / 100) ** 2 * 150 * 149 / 150 + (found.estimate / 100) ** 2
    assert 150 * mean**2 / square == pytest.approx(mcnemar(table, exact=False, correction=False).statistic)


def test_it_sees_more_than_two_independent_samples(twice):
    steady = twice.assign(after=np.where(np.arange(60) < 12, 10, twice.before))
    paired = only(steady)
    apart = compare_nps(*(steady[[c]].rename(columns={c: "recommend"}) for c in ("before", "after")), method="wald")
    assert paired.estimate == pytest.approx(apart.estimate[0]) and paired.std_error < 0.6 * apart.std_error[0]


def test_long_is_wide(twice, tmp_path):
    expected = compare_nps_paired(twice, before="before", after="after", margin=30)
    options = {"customer": "customer", "by": "wave", "before": "before", "after": "after", "margin": 30}
    pd.testing.assert_frame_equal(compare_nps_paired(long(twice), **options), expected)
    long(twice).to_csv(tmp_path / "long.csv", index=False)
    pd.testing.assert_frame_equal(compare_nps_paired(tmp_path / "long.csv", **options), expected)
    turned = compare_nps_paired(long(twice), **(options | {"before": "after", "after": "before"}))
    assert turned.estimate[0] == pytest.approx(-expected.estimate[0])


@pytest.mark.parametrize(("before", "after"), [(2023, 2024), ("2023", "2024")])
def test_waves_that_are_numbers(twice, before, after):
    frame = long(twice).assign(wave=lambda d: d.wave.map({"before": 2023, "after": 2024}))
    found = only(frame, customer="customer", by="wave", before=before, after=after)
    assert found.estimate == only(twice).estimate and found.n == 60


def test_customers_of_one_wave_only_are_left_out_and_counted(twice):
    frame = long(twice)
    frame = frame[~((frame.customer <= "K05") & (frame.wave == "after"))]
    frame.loc[(frame.customer == "K10") & (frame.wave == "before"), "recommend"] = np.nan
    nobody = pd.DataFrame({"customer": [None, None], "wave": ["before", "after"], "recommend": [3, 3]})
    other = pd.DataFrame({"customer": ["K01"], "wave": ["later"], "recommend": [3]})
    found = only(pd.concat([frame, nobody, other]), customer="customer", by="wave")
    kept = twice[(twice.customer > "K05") & (twice.customer != "K10")]
    assert found.n == 54 and found.n_missing == 8
    assert found[NUMBERS].tolist() == only(kept)[NUMBERS].tolist()
    assert found.nps_before == only(kept).nps_before


def test_missing_answers_of_the_wide_form():
    found = only(pd.DataFrame({"before": [10, 8, 3, None, 9], "after": [9, None, 7, None, 2]}))
    assert found.n == 3 and found.n_missing == 2 and found.df == 2
    assert found.estimate == pytest.approx(100 * (0 + 1 - 2) / 3)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ([10, None], [None, 3], "no customer answered both times"),
        ([10, None], [3, 3], "one pair: nothing shows how much several differ"),
        ([10, 9, 9], [8, 7, 8], "all pairs changed alike: nothing shows how much customers differ"),
        ([10, 3, 8], [9, 0, 7], "all pairs changed alike: nothing shows how much customers differ"),
    ],
)
def test_no_interval(before, after, reason):
    found = only(pd.DataFrame({"before": before, "after": after}), margin=5)
    assert found.reason == reason and not found.equivalent
    assert np.isnan(found[["ci_low", "ci_high", "statistic", "p_value"]].astype(float)).all()


def test_equal_changes_by_weight_leave_no_interval():
    frame = pd.DataFrame({"before": [10] * 7, "after": [8] * 7, "w": [0.1, 0.3, 0.7, 1 / 3, 0.9, 1.1, 0.2]})
    found = only(frame, weights="w")
    assert found.std_error == 0 and np.isnan(found.ci_low) and found.estimate == pytest.approx(-100)
    assert only(frame.assign(w=0.0), weights="w").reason == "the weights add up to zero"


def test_coverage_over_simulated_panels():
    """100 panels of 40 customers; this small version only detects breakage."""
    rng, inside = np.random.default_rng(12), 0
    answers = np.array([10, 8, 0])
    for _ in range(100):
        first = rng.choice(3, size=40, p=[0.5, 0.3, 0.2])
        second = np.where(rng.random(40) < 0.6, first, rng.choice(3, size=40, p=[0.3, 0.3, 0.4]))
        found = only(pd.DataFrame({"before": answers[first], "after": answers[second]}))
        inside += found.ci_low <= 0.4 * (-10 - 30) <= found.ci_high
    assert 0.89 * 100 <= inside <= 99


def test_a_customer_answers_once_in_a_wave(twice):
    frame = long(twice)
    again = pd.concat([frame, frame[frame.customer.isin(["K01", "K02"]) & (frame.wave == "after")]])
    with pytest.raises(ValueError, match="each customer may answer once in a wave; 2 did more often") as raised:
        only(again, customer="customer", by="wave")
    assert "K01" not in str(raised.value)


def test_messages(twice):
    frame = long(twice)
    with pytest.raises(ValueError, match="before and after must differ; got 'after' twice"):
        only(twice, before="after")
    with pytest.raises(ValueError, match="there is no column 'befor'; nearest: before"):
        only(twice, before="befor")
    with pytest.raises(ValueError, match="there is no value of wave 'later'"):
        only(frame, customer="customer", by="wave", after="later")
    with pytest.raises(ValueError, match="the long form needs both customer= and by="):
        only(frame, by="wave")
    with pytest.raises(ValueError, match="weights and cluster need one row a customer"):
        only(frame, customer="customer", by="wave", weights="recommend")
    with pytest.raises(DataError, match="after must hold whole numbers from 0 to 10. Found: 12"):
        only(twice.assign(after=12))
    with pytest.raises(ValueError, match="each answer needs a cluster; 60 have none in team"):
        only(twice.assign(team=None), cluster="team")
    with pytest.raises(ValueError, match="margin must be a number above 0"):
        only(twice, margin=-1)
    with pytest.raises(ValueError, match="Write 0.95 for 95 %"):
        only(twice, confidence=95)


def test_one_cluster_has_no_error_and_a_counted_table_no_pairs(twice):
    found = only(twice.assign(team="a"), cluster="team")
    assert found.reason == "one cluster: nothing shows how much several differ" and np.isnan(found.ci_low)

    class Counted:
        rows = "counted"

    with pytest.raises(NotTestable, match="a counted table does not show who changed"):
        only(Counted())
