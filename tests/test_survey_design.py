"""Strata, clusters and finite populations: R survey's numbers, identities, simulation, edges and messages."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxstudy.faults import DataError, NotTestable
from cxstudy.measures.nps import nps, promoter_share
from cxstudy.measures.satisfaction import csat
from cxstudy.stats import linearised
from cxstudy.stats.intervals import critical

REFERENCE = Path(__file__).parent / "reference"
NUMBERS = ["estimate", "std_error", "ci_low", "ci_high"]
DESIGNS = {
    "apistrat strata": {"strata": "type", "weights": "weight"},
    "apistrat strata fpc": {"strata": "type", "weights": "weight", "fpc": "fpc"},
    "apistrat strata unweighted": {"strata": "type"},
    "apistrat strata cluster": {"strata": "type", "weights": "weight", "cluster": "within"},
    "apiclus1 cluster": {"weights": "weight", "cluster": "district"},
    "apiclus1 cluster fpc": {"weights": "weight", "cluster": "district", "fpc": "fpc"},
    "apiclus2 cluster": {"weights": "weight", "cluster": "district"},
    "apiclus2 cluster fpc": {"weights": "weight", "cluster": "district", "fpc": "fpc"},
}
ONE_SAMPLE = [name for name, how in DESIGNS.items() if "strata" in how or "fpc" in how]
API = {"statistic": "mean", "scale": (200, 1000)}


@pytest.fixture(scope="module")
def expected():
    with open(REFERENCE / "measures_expected.csv", encoding="utf-8", newline="") as file:
        read = {row.pop("id"): row for row in csv.DictReader(file)}
    return {name: {k: float("nan" if v == "NA" else v) for k, v in row.items()} for name, row in read.items()}


@pytest.fixture(scope="module")
def schools():
    frame = pd.read_csv(REFERENCE / "measures_schools.csv", dtype={"district": str})
    return {name: part for name, part in frame.groupby("design")}


def sample(schools, name):
    return schools[name.split()[0]]


def only(frame):
    assert len(frame) == 1
    return frame.iloc[0]


def close(found, reference, unit=1.0):
    """Estimate, error and design effect to 1e-9, the interval where R's has the same degrees of freedom."""
    assert found.estimate / unit == pytest.approx(reference["estimate"], rel=1e-9, abs=1e-12)
    assert found.std_error / unit == pytest.approx(reference["std_error"], rel=1e-9)
    assert found.design_effect == pytest.approx(reference["deff"], rel=1e-9)
    if not np.isnan(reference["low"]):
        np.testing.assert_allclose((found.ci_low / unit, found.ci_high / unit), (reference["low"], reference["high"]))


def test_the_printed_numbers(schools):
    strat, clus = schools["apistrat"], schools["apiclus1"]
    how = {"strata": "type", "weights": "weight"}
    assert only(nps(strat, "score", **how)).estimate / 100 == pytest.approx(0.049149, abs=5e-7)
    assert only(nps(strat, "score", **how)).std_error / 100 == pytest.approx(0.0539, abs=5e-5)
    assert only(nps(strat, "score", fpc="fpc", **how)).std_error / 100 == pytest.approx(0.0532, abs=5e-5)
    found = only(csat(clus, "api00", cluster="district", weights="weight", fpc="fpc", **API))
    assert (found.estimate, found.std_error) == (pytest.approx(644.17, abs=5e-3), pytest.approx(23.542, abs=5e-4))


@pytest.mark.parametrize("name", DESIGNS)
def test_nps_and_means_are_those_of_r_survey(schools, expected, name):
    frame, how = sample(schools, name), DESIGNS[name]
    close(only(nps(frame, "score", method="wald", **how)), expected[f"{name} nps"], 100)
    found = only(csat(frame, "api00", **API, **how))
    close(found, expected[f"{name} api00"])
    assert found.df == expected[f"{name} api00"]["df"]


@pytest.mark.parametrize("name", ONE_SAMPLE)
def test_groups_are_domains_as_in_r_subset(schools, expected, name):
    frame, how = sample(schools, name), DESIGNS[name]
    of_nps = nps(frame, "score", by="awards", method="wald", **how).set_index("awards")
    of_mean = csat(frame, "api00", by="awards", **API, **how).set_index("awards")
    for kind in ("Yes", "No"):
        close(of_nps.loc[kind], expected[f"{name} nps awards {kind}"], 100)
        close(of_mean.loc[kind], expected[f"{name} api00 awards {kind}"])
        assert of_mean.df[kind] == expected[f"{name} api00 awards {kind}"]["df"]


@pytest.mark.parametrize("name", ONE_SAMPLE)
def test_rows_without_an_answer_stay_in_the_sample_as_in_r(schools, expected, name):
    found = only(nps(sample(schools, name), "some", method="wald", **DESIGNS[name]))
    close(found, expected[f"{name} nps of some"], 100)
    assert found.n_missing > 0


def test_weights_alone_are_those_of_r_survey(schools, expected):
    close(only(csat(schools["apistrat"], "api00", weights="weight", **API)), expected["apistrat weights api00"])


def test_without_strata_groups_are_samples_of_their_own(schools):
    frame = schools["apiclus1"]
    together = nps(frame, "score", by="awards", weights="weight", cluster="district").set_index("awards")
    for kind, part in frame.groupby("awards"):
        alone = only(nps(part, "score", weights="weight", cluster="district"))
        np.testing.assert_allclose(together.loc[kind, NUMBERS].astype(float), alone[NUMBERS].astype(float), rtol=1e-9)


def test_one_stratum_says_what_no_strata_say():
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"recommend": rng.integers(0, 11, 80), "w": rng.uniform(1, 3, 80), "s": "all"})
    frame["team"] = rng.integers(0, 9, 80)
    for how in ({"weights": "w"}, {"cluster": "team"}, {"weights": "w", "cluster": "team"}):
        plain, one = only(nps(frame, **how)), only(nps(frame, strata="s", **how))
        assert one.std_error == pytest.approx(plain.std_error, rel=1e-12)
        assert one.n_effective == pytest.approx(plain.n_effective, rel=1e-12)


def test_proportional_strata_without_differences_inside_leave_no_error():
    frame = pd.DataFrame({"recommend": [10] * 4 + [0] * 6, "s": ["a"] * 4 + ["b"] * 6})
    found = only(nps(frame, strata="s", method="wald"))
    assert (found.estimate, found.std_error, found.ci_low, found.ci_high) == pytest.approx((-20, 0, -20, -20))
    adjusted = only(nps(frame, strata="s"))
    # the adjusted interval takes them for at most ten answers
    assert adjusted.n_effective == 10 and adjusted.ci_low < -60 and adjusted.ci_high > 20


def test_a_census_has_no_error():
    frame = pd.DataFrame({"recommend": [10, 9, 3, 0, 8, 7], "all_of_them": 6})
    for method in ("adjusted-wald", "wald", "score", "dirichlet"):
        found = only(nps(frame, fpc="all_of_them", method=method))
        np.testing.assert_allclose(found[NUMBERS].astype(float), 0, atol=2e-5)
    half = only(nps(frame.assign(all_of_them=12), fpc="all_of_them", method="wald"))
    assert half.std_error == pytest.approx(only(nps(frame.assign(w=1), weights="w")).std_error * np.sqrt(0.5))


@pytest.mark.parametrize("method", ["adjusted-wald", "score", "dirichlet"])
def test_n_effective_is_what_the_interval_is_computed_with(schools, method):
    from cxstudy.stats.intervals import net_share_interval

    found = only(nps(schools["apistrat"], "score", strata="type", weights="weight", method=method))
    shares = found.promoters / 100, found.detractors / 100
    ends = net_share_interval(*shares, found.n_effective, method=method, df=200 - 3)
    np.testing.assert_allclose((found.ci_low / 100, found.ci_high / 100), ends, rtol=1e-9)
    assert found.method == f"{method}, linearised"


def test_cells_and_answers_one_by_one_give_the_same():
    rng = np.random.default_rng(9)
    group, stratum, w, v = rng.integers(0, 3, 60), rng.integers(0, 4, 60), rng.uniform(1, 2, 60), rng.normal(size=60)
    one = linearised.Sums(group, stratum, np.ones(60), w, w * v, w * v**2, w**2, w**2 * v, w**2 * v**2)
    units = np.bincount(stratum, minlength=4).astype(float)
    sums = pd.DataFrame(vars(one)).groupby(["group", "stratum"], as_index=False).sum()
    cells = linearised.Sums(*(sums[c].to_numpy() for c in vars(one)))
    single, several = (linearised.of_design(s, units, np.zeros(4), 3, clustered=False) for s in (one, cells))
    by_hand = []
    for g in range(3):
        inside = group == g
        mean = np.average(v[inside], weights=w[inside])
        z = np.where(inside, w * (v - mean), 0) / w[inside].sum()
        by_hand.append(sum(units[h] * z[stratum == h].var(ddof=1) for h in range(4)) ** 0.5)
    np.testing.assert_allclose(single.std_error, by_hand, rtol=1e-12)
    np.testing.assert_allclose(several.std_error, by_hand, rtol=1e-12)


@pytest.mark.parametrize("method", ["adjusted-wald", "score"])
def test_simulated_coverage_of_a_disproportionate_stratified_sample(method):
    """400 samples of 30 of 300 and 30 of 3,000; the strata differ, so a plain interval would miss the truth."""
    rng = np.random.default_rng(21)
    chances, population = {"a": [0.7, 0.2, 0.1], "b": [0.2, 0.3, 0.5]}, {"a": 300, "b": 3000}
    parts = []
    for name, chance in chances.items():
        scores = rng.choice([10, 8, 0], size=(400, 30), p=chance).ravel()
        parts.append(pd.DataFrame({"recommend": scores, "s": name, "w": population[name] / 30}))
        parts[-1]["sample"] = np.repeat(np.arange(400), 30)
    frame = pd.concat(parts)
    frame["stratum"] = frame["s"] + frame["sample"].astype(str)
    truth = 100 * (300 * 0.6 - 3000 * 0.3) / 3300
    found = nps(frame, by="sample", weights="w", strata="stratum", method=method)
    plain = nps(frame, by="sample")
    assert 0.92 <= ((found.ci_low <= truth) & (truth <= found.ci_high)).mean() <= 0.98
    assert ((plain.ci_low <= truth) & (truth <= plain.ci_high)).mean() < 0.3


answers = st.lists(
    st.tuples(st.integers(0, 10), st.integers(1, 3), st.sampled_from("ab"), st.integers(0, 2)), min_size=1, max_size=20
)
FIRST = [(0, 1, s, c) for s in "ab" for c in (0, 1)]


@settings(max_examples=12, deadline=None)
@given(answers, st.randoms(use_true_random=False))
def test_order_and_splitting_do_not_matter_and_intervals_stay_on_the_scale(given_answers, random):
    columns = ["recommend", "w", "s", "c"]
    rows = FIRST + given_answers
    frame = pd.DataFrame(rows, columns=columns)
    frame["c"] = frame.s + frame.c.astype(str)
    how = {"weights": "w", "strata": "s", "cluster": "c"}
    found = only(nps(frame, **how))
    mixed = list(frame.itertuples(index=False))
    random.shuffle(mixed)
    mixed = pd.DataFrame(mixed, columns=columns)
    again = only(nps(pd.concat([mixed[len(mixed) // 2 :], mixed[: len(mixed) // 2]]), **how))
    np.testing.assert_allclose(again[NUMBERS].astype(float), found[NUMBERS].astype(float), atol=1e-7)
    repeated = frame.loc[frame.index.repeat(frame.w)]
    assert only(nps(repeated)).estimate == pytest.approx(found.estimate, abs=1e-9)
    wider = only(nps(frame, confidence=0.99, **how))
    assert -100 <= wider.ci_low <= found.ci_low <= found.ci_high <= wider.ci_high <= 100


def stratified(**more):
    frame = pd.DataFrame({"recommend": [9, 3, 8, 10, 0, 7], "s": list("aaabbb"), "c": list("uvwxyz"), "size": [9] * 6})
    return frame.assign(**more)


def test_a_stratum_with_one_unit_is_named():
    frame = stratified(s=list("aaaabc"))
    with pytest.raises(NotTestable, match=r"one row only in: b, c\. .* Merge it with the stratum") as caught:
        nps(frame, strata="s")
    assert caught.value.needs == ("two sampling units in each stratum",)
    with pytest.raises(NotTestable, match="one cluster only in: b"):
        promoter_share(stratified(c=list("uvwxxx")), strata="s", cluster="c")
    # a second row that did not answer is a unit all the same
    assert only(nps(stratified(recommend=[9, 3, 8, 10, None, None]), strata="s")).n_missing == 2


def test_strata_and_clusters_are_checked():
    with pytest.raises(ValueError, match=r"1 of c lie in several of s, such as u\. Where names were used again"):
        nps(stratified(c=list("uvwuyz")), strata="s", cluster="c")
    with pytest.raises(ValueError, match="each answer needs a stratum; 2 have none in s"):
        nps(stratified(s=["a", "a", None, None, "b", "b"]), strata="s")
    with pytest.raises(ValueError, match="strata and weights must be different columns; got size"):
        nps(stratified(), strata="size", weights="size")
    with pytest.raises(ValueError, match="no column 'region'"):
        nps(stratified(), strata="region")
    with pytest.raises(NotTestable, match="c holds one cluster: nothing shows"):
        nps(stratified(c="u"), cluster="c")
    with pytest.raises(NotTestable, match="one cluster only in: all rows"):
        nps(stratified(c="u"), cluster="c", fpc="size")


def test_a_wrong_population_is_answered_with_what_is_meant():
    for frame, message in [
        (stratified(size=[9, 9, 8, 9, 9, 9]), r"one number for each stratum\. Found: 8 to 9 in a"),
        (stratified(size=0.1), r"at least those drawn\. Found: 0\.1 in a, of which 3 were drawn"),
        (stratified(size=[None] + [9] * 5), "1 rows without a number"),
        (stratified(size=["many"] + ["9"] * 5), "1 rows without a number"),
    ]:
        with pytest.raises(DataError, match=message):
            nps(frame, strata="s", fpc="size")
    with pytest.raises(DataError, match="2 faults"):
        nps(stratified(size=1), strata="s", fpc="size")


@pytest.mark.parametrize("how", [{"weights": "w"}, {"cluster": "c"}, {"strata": "s"}, {"fpc": "size"}])
def test_bootstrap_refuses_what_it_cannot_draw(how):
    with pytest.raises(NotTestable, match="Use method='adjusted-wald' or 'score'"):
        nps(stratified(w=1.0), method="bootstrap", **how)


def test_weights_that_are_none():
    with pytest.raises(ValueError, match="2 rows of w are missing, negative or no number"):
        nps(stratified(w=[1, 1, 1, 1, None, -1]), weights="w", strata="s")
    none = only(nps(stratified(w=0), weights="w", strata="s"))
    assert none.reason == "the weights add up to zero" and np.isnan(none.estimate) and np.isnan(none.ci_low)


def test_a_domain_with_one_unit_has_a_number_but_no_error():
    frame = stratified(g=list("xyyyyx"))
    found = nps(frame, by="g", strata="s").set_index("g")
    assert np.isnan(found.std_error["x"]) and found.reason["x"].startswith("one answer in each stratum")
    assert found.std_error["y"] > 0 and pd.isna(found.reason["y"])
    alone = nps(stratified(g=list("xyyyyy")), by="g", strata="s").set_index("g")
    assert alone.reason["x"] == "one answer: nothing shows how much several differ"


def test_strata_may_be_the_groups():
    frame = pd.DataFrame({"recommend": [9, 3, 8, 10, 0, 7], "s": list("aaabbb")})
    found = nps(frame, by="s", strata="s", method="wald").set_index("s")
    for name, part in frame.groupby("s"):
        own = only(nps(part.assign(w=1), weights="w", method="wald"))
        assert found.std_error[name] == pytest.approx(own.std_error, rel=1e-12)
        half = (found.ci_high[name] - found.ci_low[name]) / 2
        assert half == pytest.approx(min(critical(0.95, 2) * own.std_error, half), rel=1e-12)
