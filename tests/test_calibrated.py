"""Standard errors of weights fitted to margins: R survey's numbers, identities, simulation, edges and messages."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from cxstudy.faults import DataError, NotTestable
from cxstudy.measures.cx_index import cx_index
from cxstudy.measures.effort import ces
from cxstudy.measures.index import Scale
from cxstudy.measures.nps import enps, nps, promoter_share
from cxstudy.measures.satisfaction import csat, csi
from cxstudy.measures.weighting import post_stratify, rake

REFERENCE = Path(__file__).parent / "reference"
SCHOOLS = dict(list(pd.read_csv(REFERENCE / "calibrated_schools.csv").groupby("sample")))
R = pd.read_csv(REFERENCE / "calibrated_expected.csv").set_index("id")
DESIGNS = {
    "answers": ("answers", {}),
    "answers uneven": ("answers uneven", {}),
    "answers fpc": ("answers", {"fpc": "thousand"}),
    "clusters": ("answers", {"cluster": "district"}),
    "clusters fpc": ("answers", {"cluster": "district", "fpc": "fpc"}),
    "clusters uneven": ("answers uneven", {"cluster": "district"}),
    "strata": ("strata", {"strata": "stype"}),
    "strata fpc": ("strata", {"strata": "stype", "fpc": "fpc"}),
    "strata uneven": ("strata uneven", {"strata": "stype"}),
}
MARGINS = {"post": "sch_wide", "cells": [("stype", "sch_wide")], "again": ["stype", "sch_wide"]}
SCALES = {"api00": (200, 1000), "enroll": (0, 5000)}
NUMBERS = ["estimate", "std_error", "ci_low", "ci_high"]


def one_of(name, kind):
    """The schools of a design and the arguments that describe it and its weights."""
    sample, how = DESIGNS[name]
    weights = "rake" if kind == "again" else kind
    frame = SCHOOLS[sample].assign(thousand=1000)
    return frame, {**how, "weights": weights, "calibrated": MARGINS[kind]}


def mean(frame, column, **how):
    return csat(frame, column, statistic="mean", scale=SCALES[column], **how)


def only(frame):
    assert len(frame) == 1
    return frame.iloc[0]


def close(found, reference, unit=1.0):
    assert found.estimate / unit == pytest.approx(reference.estimate, rel=1e-9, abs=1e-9)
    assert found.std_error / unit == pytest.approx(reference.std_error, rel=1e-8)


@pytest.mark.parametrize("kind", MARGINS)
@pytest.mark.parametrize("name", DESIGNS)
def test_errors_are_those_of_r_survey(name, kind):
    frame, how = one_of(name, kind)
    for column in SCALES:
        close(only(mean(frame, column, **how)), R.loc[f"{name} {kind} {column}"])
    close(only(nps(frame, "score", **how)), R.loc[f"{name} {kind} value"], 100)


@pytest.mark.parametrize("kind", MARGINS)
@pytest.mark.parametrize("name", DESIGNS)
def test_groups_and_missing_answers_are_domains_as_in_r(name, kind):
    frame, how = one_of(name, kind)
    some = only(nps(frame, "some", **how))
    close(some, R.loc[f"{name} {kind} answered"], 100)
    assert some.n_missing > 0
    of_nps = nps(frame, "score", by="awards", **how).set_index("awards")
    of_mean = mean(frame, "api00", by="awards", **how).set_index("awards")
    for group in ("Yes", "No"):
        close(of_nps.loc[group], R.loc[f"{name} {kind} value awards {group}"], 100)
        close(of_mean.loc[group], R.loc[f"{name} {kind} api00 awards {group}"])


@pytest.mark.parametrize("name", [name for name in DESIGNS if "cluster" not in DESIGNS[name][1]])
def test_what_r_rake_does_differently_is_the_weights_of_the_regression(name):
    """R's rake takes plain means of the residuals by margin; with such a regression its error comes out."""
    frame, how = one_of(name, "again")
    w, y = frame["rake"].to_numpy(), frame["api00"].to_numpy(float)
    kinds = pd.get_dummies(frame[["stype", "sch_wide"]]).to_numpy(float)
    stratum = frame["stype"] if "strata" in how else pd.Series("all", frame.index)
    size = frame[how["fpc"]] if "fpc" in how else pd.Series(np.inf, frame.index)
    z = (y - np.average(y, weights=w)) / w.sum()

    def error(each):
        root = np.sqrt(each)[:, None]
        apart = w * (z - kinds @ np.linalg.lstsq(root * kinds, root[:, 0] * z, rcond=None)[0])
        return sum(
            (1 - len(i) / size.iloc[i[0]]) * len(i) * apart[i].var(ddof=1)
            for i in (np.flatnonzero(stratum == s) for s in stratum.unique())
        ) ** 0.5

    assert error(np.ones(len(w))) == pytest.approx(R.std_error[f"{name} rake api00"], rel=1e-6)
    assert error(w) == pytest.approx(only(mean(frame, "api00", **how)).std_error, rel=1e-9)


def test_how_far_r_rake_is():
    """1.3 % where the weights of a cell are equal but for the strata, to 10 % where they are uneven."""
    apart = {
        (name, column): R.loc[f"{name} again {column}"].std_error / R.loc[f"{name} rake {column}"].std_error
        for name in DESIGNS
        for column in SCALES
    }
    even = [ratio for (name, _), ratio in apart.items() if "uneven" not in name]
    assert 0.98 < min(even) < max(even) < 1.002
    assert 0.90 < min(apart.values()) < 0.91


def test_weights_of_the_package_and_of_r_say_the_same():
    frame = SCHOOLS["answers"]
    margins = {"stype": {"E": 4421, "H": 755, "M": 1018}, "sch_wide": {"No": 1072, "Yes": 5122}}
    raked = frame.assign(weight=rake(frame, margins=margins).weights)
    # the dictionary of the margins names their columns
    close(only(nps(raked, "score", weights="weight", calibrated=margins)), R.loc["answers again value"], 100)
    cells = frame.assign(weight=post_stratify(frame, by="sch_wide", population=margins["sch_wide"]).weights)
    close(only(nps(cells, "score", weights="weight", calibrated="sch_wide")), R.loc["answers post value"], 100)


def survey(n=240, seed=5):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"size": rng.choice(["s", "m", "l"], n), "trade": rng.choice(list("abcd"), n)})
    lift = frame["size"].map({"s": 0, "m": 2, "l": 4}).to_numpy()
    frame["recommend"] = np.clip(rng.integers(2, 9, n) + lift, 0, 10)
    frame["recommend_employer"], frame["satisfaction"] = frame["recommend"], 1 + frame["recommend"] % 5
    frame["effort"], frame["ease"] = 1 + frame["recommend"] % 7, 1 + frame["recommend"] % 5
    frame["team"], frame["g"] = rng.integers(0, 40, n), rng.choice(["x", "y"], n)
    margins = {"size": {"s": 500, "m": 300, "l": 200}, "trade": {"a": 400, "b": 300, "c": 200, "d": 100}}
    return frame.assign(weight=rake(frame, margins=margins).weights)


BOTH = {"weights": "weight", "calibrated": ["size", "trade"]}


def test_every_measure_takes_it():
    frame = survey()
    scales = {"satisfaction": (1, 5), "ease": (1, 5)}
    calls = [
        lambda **how: nps(frame, **how),
        lambda **how: enps(frame, **how),
        lambda **how: promoter_share(frame, **how),
        lambda **how: csat(frame, **how),
        lambda **how: csat(frame, statistic="mean", **how),
        lambda **how: csi(frame, **how),
        lambda **how: csi(frame, ["satisfaction", "ease"], scale=scales, **how),
        lambda **how: ces(frame, **how),
        lambda **how: ces(frame, statistic="share", **how),
        lambda **how: cx_index(frame, ["satisfaction", "ease"], scale=scales, **how),
    ]
    for call in calls:
        found, fixed = only(call(**BOTH)), only(call(weights="weight"))
        assert found.estimate == pytest.approx(fixed.estimate, rel=1e-12)
        assert found.std_error > 0 and found.std_error != pytest.approx(fixed.std_error, rel=1e-4)
        assert found.n_effective != fixed.n_effective or found.n_effective == found.n
    assert calls[5](**BOTH).std_error[0] == pytest.approx(25 * calls[4](**BOTH).std_error[0], rel=1e-9)


@pytest.mark.parametrize("how", [{}, {"cluster": "team"}])
def test_what_the_margins_explain_has_no_error(how):
    frame = survey()
    frame["recommend"] = frame["size"].map({"s": 10, "m": 8, "l": 0})
    found = only(nps(frame, method="wald", **BOTH, **how))
    assert found.estimate == pytest.approx(30) and found.std_error == 0
    assert only(nps(frame, method="wald", weights="weight", **how)).std_error > 3
    # a margin itself has a share that is known
    assert only(promoter_share(frame, by="size", **BOTH, **how).query("size == 's'")).std_error == 0


@pytest.mark.parametrize("how", [{}, {"cluster": "team"}, {"by": "g"}, {"by": ["g", "size"], "cluster": "team"}])
def test_a_margin_of_one_category_named_twice_or_in_another_order_changes_nothing(how):
    frame = survey().assign(all="x", twin=lambda d: d["trade"].str.upper())
    found = nps(frame, **BOTH, **how)
    for margins in (["trade", "size"], ["size", "all", "trade"], ["size", "trade", "twin"], ("size", "trade")):
        again = nps(frame, **{**BOTH, "calibrated": margins}, **how)
        np.testing.assert_allclose(again[NUMBERS].astype(float), found[NUMBERS].astype(float), rtol=1e-9)


def test_one_category_only_is_weights_as_they_are():
    frame = survey().assign(all="x")
    for how in ({}, {"cluster": "team"}):
        found, fixed = (only(nps(frame, method="wald", weights="weight", calibrated=c, **how)) for c in ("all", None))
        assert found.std_error == pytest.approx(fixed.std_error, rel=1e-12)


def test_post_stratified_proportionally_is_stratified_but_for_the_degrees_of_freedom():
    """Weights of equal size: Σ over strata of squares about the stratum's mean, m / (m − 1) once and not in each."""
    frame = pd.DataFrame({"recommend": [10, 8, 9, 0, 3, 7], "s": list("aaabbb"), "w": 2.0})
    value = np.array([1, 0, 1, -1, -1, 0]) * 100
    squares = ((value - np.repeat([200 / 3, -200 / 3], 3)) ** 2).sum()
    found = only(nps(frame, weights="w", calibrated="s"))
    assert found.std_error == pytest.approx(np.sqrt(6 / 5 * squares) / 6, rel=1e-12)


def test_answers_are_clusters_of_one_and_order_and_scale_do_not_matter():
    frame = survey().assign(each=range(240))
    for by in (None, "g"):
        found = nps(frame, by=by, **BOTH)
        one_by_one = nps(frame, by=by, cluster="each", **BOTH)
        np.testing.assert_allclose(one_by_one.std_error, found.std_error, rtol=1e-9)
        mixed = frame.sample(frac=1, random_state=1).assign(weight=lambda d: d["weight"] * 7)
        np.testing.assert_allclose(nps(mixed, by=by, **BOTH).std_error, found.std_error, rtol=1e-9)


def test_groups_one_by_one_are_those_of_one_call(monkeypatch):
    frame = survey()
    together = nps(frame, by="trade", cluster="team", **BOTH)
    monkeypatch.setattr("cxstudy.stats.calibrated.AT_ONCE", 1)
    again = nps(frame, by="trade", cluster="team", **BOTH)
    pd.testing.assert_frame_equal(together, again)


SHARES = {"s": [0.7, 0.2, 0.1], "m": [0.4, 0.3, 0.3], "l": [0.1, 0.2, 0.7]}
POPULATION = {"size": {"s": 0.3, "m": 0.3, "l": 0.4}, "trade": {"a": 0.5, "b": 0.5}}
EACH_SAMPLE = {"weights": "weight", "strata": "sample", "calibrated": [("sample", "size"), ("sample", "trade")]}


def covered(found, truth):
    return ((found.ci_low <= truth) & (truth <= found.ci_high)).mean()


def test_simulated_errors_are_those_that_the_estimates_have():
    """200 surveys of 400 in which the small answer more, each its own stratum and with margins of its own."""
    rng, n = np.random.default_rng(4), 400
    truth = 100 * sum(share * (SHARES[k][0] - SHARES[k][2]) for k, share in POPULATION["size"].items())
    parts = []
    for sample in range(200):
        size = rng.choice(list("sml"), n, p=[0.45, 0.35, 0.2])
        frame = pd.DataFrame({"size": size, "trade": rng.choice(["a", "b"], n), "sample": sample})
        chance = np.cumsum([SHARES[k] for k in size], axis=1)
        frame["recommend"] = np.array([10, 8, 0])[(rng.random((n, 1)) > chance[:, :2]).sum(axis=1)]
        parts.append(frame.assign(weight=rake(frame, margins=POPULATION).weights))
    frame = pd.concat(parts)
    for method in ("wald", "adjusted-wald"):
        found = nps(frame, by="sample", method=method, **EACH_SAMPLE)
        fixed = nps(frame, by="sample", method=method, **{**EACH_SAMPLE, "calibrated": None})
        assert 0.94 < found.std_error.mean() / found.estimate.std() < 1.06
        assert fixed.std_error.mean() / found.estimate.std() > 1.15
        # adjusted intervals take the answers for n at most, though these margins make them worth more
        assert 0.92 < covered(found, truth) < (0.965 if method == "wald" else 0.985)
        assert abs(covered(found, truth) - 0.95) < abs(covered(fixed, truth) - 0.95)
    one = only(nps(parts[0], weights="weight", calibrated=["size", "trade"], method="wald"))
    assert one.std_error == pytest.approx(nps(frame, by="sample", method="wald", **EACH_SAMPLE).std_error[0], rel=1e-9)


def test_simulated_errors_of_uneven_weights_are_right_with_their_regression_and_too_large_without():
    """200 samples of 200 drawn with chances 1 : 1/2 : 1/3, in which scores go with the size the more the rarer."""
    rng, n = np.random.default_rng(6), 200
    parts, plain = [], []
    for sample in range(200):
        d = rng.choice([1, 2, 3], n, p=np.array([6, 3, 2]) / 11)
        size, trade = rng.integers(0, 3, n), rng.integers(0, 2, n)
        value = 200 + np.clip(40 * size * d + 20 * trade + rng.normal(0, 20, n), -200, 800)
        frame = pd.DataFrame({"size": size, "trade": trade, "api00": value, "d": d, "sample": sample})
        margins = {"size": dict.fromkeys(range(3), 1 / 3), "trade": {0: 0.5, 1: 0.5}}
        frame["weight"] = rake(frame, margins=margins, weights="d").weights
        parts.append(frame)
        w, kinds = frame["weight"].to_numpy(), pd.get_dummies(frame[["size", "trade"]].astype(str)).to_numpy(float)
        z = (value - np.average(value, weights=w)) / w.sum()
        plain.append(np.sqrt(n * (w * (z - kinds @ np.linalg.lstsq(kinds, z, rcond=None)[0])).var(ddof=1)))
    scale = Scale(0, 1000, whole=False)
    found = csat(pd.concat(parts), "api00", by="sample", statistic="mean", scale=scale, **EACH_SAMPLE)
    assert 0.93 < found.std_error.mean() / found.estimate.std() < 1.05
    assert np.mean(plain) / found.estimate.std() > 1.10


def test_groups_and_categories_without_weight_and_kinds_of_columns():
    frame = survey()
    frame["g"] = np.where(frame.index < 5, "none", frame["g"])
    frame.loc[:4, "weight"] = 0
    for how in ({}, {"cluster": "team"}):
        found = nps(frame, by="g", **BOTH, **how).set_index("g")
        assert found.reason["none"] == "the weights add up to zero" and np.isnan(found.std_error["none"])
        assert (found.std_error[["x", "y"]] > 0).all()
    empty = frame.assign(weight=frame["weight"].where(frame["size"] != "l", 0))
    rest = frame.assign(weight=empty["weight"])[frame["size"] != "l"]
    found, other = (only(nps(part, **BOTH)) for part in (empty, rest))
    assert found.estimate == pytest.approx(other.estimate, rel=1e-12)
    # the rows without weight are sampling units all the same
    ratio = np.sqrt(len(empty) / (len(empty) - 1) * (len(rest) - 1) / len(rest))
    assert found.std_error == pytest.approx(other.std_error * ratio, rel=1e-9)
    kinds = frame.assign(size=frame["size"].astype("category"), trade=frame["trade"].eq("a"))
    numbered = frame.assign(size=pd.factorize(frame["size"])[0] * 1.5, trade=frame["trade"].eq("a") * 1)
    assert only(nps(kinds, **BOTH)).std_error == pytest.approx(only(nps(numbered, **BOTH)).std_error, rel=1e-12)


@dataclass(frozen=True)
class Counted:
    """What the measures know of a counted table of a study."""

    expr: Any
    shares: dict
    means: dict = field(default_factory=dict)
    rows: str = "counted"


def test_counts_are_answers_one_by_one_and_means_of_counts_have_no_such_error():
    frame = survey().assign(w=lambda d: d["size"].map({"s": 1.0, "m": 2.0, "l": 0.5}))
    keys = ["size", "trade", "w"]
    shares = pd.get_dummies(pd.cut(frame["recommend"], [-1, 6, 8, 10], labels=["low", "mid", "top"])) * 100.0
    table = pd.concat([frame[keys], shares], axis=1).groupby(keys, as_index=False).mean()
    table = table.assign(n=frame.groupby(keys).size().to_numpy())
    names = {"promoters": "top", "passives": "mid", "detractors": "low"}
    source = Counted(ibis.memtable(pa.Table.from_pandas(table)), {"recommend": names}, {"recommend": {"mean": "mid"}})
    how = {"weights": "w", "calibrated": ["size", "trade"]}
    found, answers = only(nps(source, **how)), only(nps(frame, **how))
    np.testing.assert_allclose(found[NUMBERS].astype(float), answers[NUMBERS].astype(float), rtol=1e-9)
    with pytest.raises(NotTestable, match="calibrated= needs each answer with its categories") as caught:
        csat(source, "recommend", statistic="mean", scale=(0, 100), cluster="size", weights="w", calibrated="trade")
    assert caught.value.needs == ("answers",)


def test_no_answers_have_no_number():
    for how in ({}, {"cluster": "team"}):
        assert len(nps(survey()[:0], by="g", **BOTH, **how)) == 0
        none = only(nps(survey().assign(recommend=None), **BOTH, **how))
        assert np.isnan(none.estimate) and none.reason == "no answers" and none.n_missing == 240


def test_a_file_gives_the_same(tmp_path):
    frame = survey()
    frame.to_csv(tmp_path / "answers.csv", index=False)
    for call in (nps, lambda data, **how: csat(data, statistic="mean", **how)):
        read, held = call(tmp_path / "answers.csv", by="g", **BOTH), call(frame, by="g", **BOTH)
        np.testing.assert_allclose(read[NUMBERS].astype(float), held[NUMBERS].astype(float), rtol=1e-9)


def test_margins_are_checked():
    frame = survey()
    with pytest.raises(ValueError, match=r"weights were fitted to; got no weights\. Name their column with weights="):
        nps(frame, calibrated="size")
    with pytest.raises(ValueError, match=r"there is no column 'sise'; nearest: size; valid: "):
        nps(frame, weights="weight", calibrated=["trade", "sise"])
    with pytest.raises(ValueError, match="there is no column 'tirade'; nearest: trade"):
        csi(frame, ["satisfaction", "ease"], scale=(1, 5), weights="weight", calibrated=[("size", "tirade")])
    with pytest.raises(ValueError, match="weights and calibrated must be different columns; got weight for both"):
        nps(frame, weights="weight", calibrated=["size", "weight"])
    for odd in (5, [5], [{"size": 1}], [("size", 5)]):
        with pytest.raises(ValueError, match="calibrated takes names of columns, or tuples of names"):
            nps(frame, weights="weight", calibrated=odd)
    frame.loc[:3, "trade"] = None
    for call in (nps, lambda data, **how: csat(data, statistic="mean", **how)):
        with pytest.raises(ValueError, match=r"each row needs a category .*; 4 have none in trade\. Fill them in"):
            call(frame, **BOTH)
    with pytest.raises(NotTestable, match="Use method='adjusted-wald' or 'score'"):
        nps(survey(), method="bootstrap", **BOTH)
    with pytest.raises(DataError, match="one number for each stratum"):
        nps(survey().assign(fpc=lambda d: range(500, 740)), fpc="fpc", **BOTH)
