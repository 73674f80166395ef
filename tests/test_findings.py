"""Finding, Reading, Result and the findings file."""

import json
import math

import pandas as pd
import pytest

from cxstudy.findings import Finding, Reading, Result, finding, read_findings, write_findings


def result(**changes):
    found = Finding("nps_margin.slope", 1.5, ci_low=1.0, ci_high=2.0, n=30, n_unit="companies")
    values = {
        "analysis": "nps_margin",
        "findings": (found,),
        "tables": {"tiers": pd.DataFrame({"n": [1]})},
        "reading": Reading("nps_margin.few_per_tier", {"least": 8, "tiers": 4}),
        "settings": {},
    }
    return Result(**(values | changes))


def test_a_finding_without_a_number_must_say_why():
    with pytest.raises(ValueError, match="no estimate and gives no reason; say why"):
        Finding("a.b")
    assert math.isnan(Finding("a.b", reason="nobody answered").estimate)


def test_a_finding_names_what_it_estimates():
    with pytest.raises(ValueError, match="observed-score, latent; got 'true'"):
        Finding("a.b", 1.0, estimand="true")


def test_the_findings_file_gives_back_what_was_written(tmp_path):
    first = Finding("a.b", 1 / 3, 0.1, 0.1, 0.5, 0.95, "share", 30, "companies", 2, "OLS, HC3")
    second = Finding("a.c", reason="fewer than 10 units", estimand="latent")
    write_findings(tmp_path / "a.json", [first, second], study="s", synthetic=True)
    again = read_findings(tmp_path / "a.json")
    assert again[0] == first
    assert again[1].reason == second.reason and math.isnan(again[1].ci_low) and again[1].estimand == "latent"
    body = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert body["synthetic"] is True and body["findings"][1]["estimate"] is None


def test_numbers_of_numpy_are_written_as_numbers(tmp_path):
    value = pd.Series([2.5]).iloc[0]
    write_findings(tmp_path / "a.json", [Finding("a.b", value, n=pd.Series([3]).iloc[0])])
    assert read_findings(tmp_path / "a.json")[0].n == 3


def test_a_result_offers_its_tables_findings_and_figures_by_name():
    one = result()
    assert one.tiers.equals(one.tables["tiers"]) and one["nps_margin.slope"].estimate == 1.5
    with pytest.raises(AttributeError, match="no table 'tires'; it has tiers"):
        _ = one.tires
    with pytest.raises(KeyError, match="nearest: nps_margin.slope"):
        _ = one["nps_margin.slop"]
    with pytest.raises(ValueError, match="there is no figure 'tires'; nearest: tiers"):
        one.plot("tires")


def test_notes_of_one_key_stand_one_a_paragraph():
    key = "nps_margin.note.other_outcome"
    one = result(notes=(Reading(f"{key}.none"), Reading(f"{key}.none")))
    assert one.note(key).count("\n\n") == 1
    with pytest.raises(KeyError, match="no note 'nps_margin.note.gap'"):
        one.note("nps_margin.note.gap")


def test_a_users_finding_cannot_pass_for_one_of_ours():
    assert finding("my.share", 0.4, n=80, n_unit="answers").n == 80
    with pytest.raises(ValueError, match=r"start yours with another word, e\.g\. my\.nps_margin\.slope"):
        finding("nps_margin.slope", 2.0)
