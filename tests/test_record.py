"""The one writer: what it writes is unrounded, complete, and silent about groups that are too small."""

import json
import math
import sys
from datetime import date
from types import ModuleType, SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import cxstudy.figures
from cxstudy.anonymity import suppress
from cxstudy.findings import Finding, Reading, Result, finding, read_findings
from cxstudy.report.record import plain, protected_finding, record

STUDY = SimpleNamespace(name="small", synthetic=True, language="en", thresholds={"customers": 5, "employees": 7})
EXACT = 1 / 3


def result(**tables):
    one = Finding("nps_margin.top_tier", EXACT, 0.1, 0.2, 0.5, 0.95, "%", 60, "companies", method="t")
    reading = Reading("verdict.agrees", {"slope": np.float64(0.5)})
    return Result("pictureless", (one,), tables, reading, {"tiers": 4, "seed": np.int64(1), "out": "x"}, synthetic=True)


def test_findings_and_tables_are_written_unrounded(tmp_path):
    table = pd.DataFrame({"tier": ["top", "Ökning"], "n": [60, 61], "estimate": [EXACT, math.nan]})
    record(STUDY, result(tiers=table), tmp_path)
    body = json.loads((tmp_path / "findings/pictureless.json").read_text(encoding="utf-8"))
    assert body["findings"][0]["estimate"] == EXACT
    assert (body["study"], body["synthetic"], body["sentence"], body["figures"]) == ("small", True, "agrees", [])
    assert body["settings"] == {"tiers": 4, "seed": 1} and body["reading"]["values"] == {"slope": 0.5}
    assert read_findings(tmp_path / "findings/pictureless.json")[0].estimate == EXACT
    raw = (tmp_path / "tables/pictureless.tiers.csv").read_bytes()
    assert raw == f"tier,n,estimate\ntop,60,{EXACT!r}\nÖkning,61,\n".encode()


@pytest.mark.parametrize("out", ["", None])
def test_an_empty_out_records_nothing(tmp_path, monkeypatch, out):
    monkeypatch.chdir(tmp_path)
    record(STUDY, result(), out)
    assert list(tmp_path.iterdir()) == []


def test_figures_are_drawn_in_order_and_closed(tmp_path, monkeypatch):
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("Agg")

    def draw(result, ax=None):
        ax = ax or plt.subplots()[1]
        ax.plot([0, 1])
        return ax

    module = ModuleType("cxstudy.figures.pictured")
    module.FIGURES = {"tiers": draw, "scatter": draw}
    module.__spec__ = SimpleNamespace(name=module.__name__)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(cxstudy.figures, "pictured", module, raising=False)
    before = plt.get_fignums()
    one = result()
    record(STUDY, Result("pictured", one.findings, {}, one.reading, {}), tmp_path)
    assert sorted(p.name for p in (tmp_path / "figures").iterdir()) == ["pictured.scatter.png", "pictured.tiers.png"]
    assert (tmp_path / "figures/pictured.tiers.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((tmp_path / "findings/pictured.json").read_text())["figures"] == ["tiers", "scatter"]
    assert plt.get_fignums() == before


def test_rows_with_too_few_answers_keep_names_and_counts_only():
    table = pd.DataFrame(
        {
            "unit": ["a", "b", "c"],
            "n_answers": [4, 9, 5],
            "nps": [25.0, 40.0, 10.0],
            "promoters": [1, 2, 3],
            "loyal": [True, False, True],
        }
    )
    out = suppress(table, STUDY.thresholds)
    assert out.loc[0, ["nps", "promoters", "loyal"]].isna().all()
    assert out.loc[0, ["unit", "n_answers"]].tolist() == ["a", 4]
    assert "worked out" in out.loc[2, "reason"] and out.loc[2, ["nps", "promoters", "loyal"]].isna().all()
    assert "5" in out.loc[0, "reason"] and pd.isna(out.loc[1, "reason"])
    assert out.loc[1, ["nps", "promoters"]].tolist() == [40.0, 2.0]
    assert table.loc[0, "nps"] == 25.0


def test_each_row_has_the_threshold_of_its_respondents():
    table = pd.DataFrame({"n": [6, 6, 6, 8], "n_unit": ["answers", "employees", "companies", "employees"], "estimate": [1.0, 2.0, 3.0, 4.0]})
    assert suppress(table, STUDY.thresholds)["estimate"].isna().tolist() == [False, True, False, True]


def test_a_table_that_counts_no_respondents_is_left_alone():
    table = pd.DataFrame({"n": [2], "estimate": [1.0]})
    assert suppress(table, STUDY.thresholds) is table
    large = pd.DataFrame({"n_answers": [5], "nps": [1.0]})
    assert suppress(large, STUDY.thresholds) is large


def test_a_reason_already_given_stays_where_the_row_is_shown():
    table = pd.DataFrame({"n_answers": [4, 9, 5], "nps": [1.0, math.nan, 2.0], "reason": [None, "all alike", None]})
    out = suppress(table, STUDY.thresholds)
    assert out.loc[1, "reason"] == "all alike" and "Fewer than 5" in out.loc[0, "reason"]


def test_a_finding_from_too_few_answers_has_no_number_but_a_reason():
    small = protected_finding(Finding("a.b", 50.0, 1.0, 2.0, 3.0, n=4, n_unit="answers"), STUDY.thresholds)
    assert math.isnan(small.estimate) and math.isnan(small.ci_high) and "Fewer than 5" in small.reason
    for kept in (Finding("a.b", 50.0, n=5, n_unit="answers"), Finding("a.b", 50.0, n=2, n_unit="companies")):
        assert protected_finding(kept, STUDY.thresholds) is kept


def test_findings_of_ones_own_stand_beside_ours(tmp_path):
    record(STUDY, [finding("my.share", EXACT, n=80), finding("my.gap", 2.0, n=80)], tmp_path)
    record(STUDY, finding("other.one", 1.0), tmp_path)
    names = sorted(p.name for p in (tmp_path / "findings").iterdir())
    assert names == ["my.gap.json", "my.share.json", "other.one.json"]
    assert read_findings(tmp_path / "findings/my.share.json")[0].estimate == EXACT


def test_what_is_no_finding_is_refused(tmp_path):
    with pytest.raises(
        ValueError, match=r"takes a Result or Findings; got str\. Make a number of your own with cx\.finding"
    ):
        record(STUDY, ["0.5"], tmp_path)


def test_plain_values_for_json():
    given = {
        "a": np.float64("nan"),
        "b": np.array([1, 2]),
        "c": (np.int64(3), True),
        "d": date(2026, 1, 2),
        5: None,
        "e": {"x"},
    }
    assert plain(given) == {"a": None, "b": [1, 2], "c": [3, True], "d": "2026-01-02", "5": None, "e": ["x"]}
    json.dumps(plain(given), allow_nan=False)
