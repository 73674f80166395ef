"""data/us_hospitals/states.py: hospitals become states, and one state's report is the stored one."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from golden_report import equals_golden

import cxstudy as cx

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ROOT / "data" / "us_hospitals"
REALDATA = Path(os.environ.get("CXSTUDY_REALDATA") or ROOT.parent / "shared" / "realdata") / "us_hospitals"
SURVEY, COSTS = REALDATA / "HCAHPS_Hospital.csv.gz", REALDATA / "CostReport_2022_Final.csv.gz"
STATE = "ME"


def run(script, *arguments):
    command = [sys.executable, "-W", "error", str(SCRIPTS / script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", env=os.environ | {"PYTHONUTF8": "1"})


@pytest.fixture
def small(tmp_path):
    """Three hospitals of two states as prepare.py writes them, and the survey that names their states."""
    shares = ["rating_9_10", "rating_7_8", "rating_0_6", "definitely", "probably", "not_recommend"]
    means = "nurses doctors responsiveness medicines discharge_information care_transition cleanliness quietness"
    keys = ["010001", "010002", "020001"]
    pd.DataFrame({"company": keys, "name": ["A", "A", "B"], "industry": "", "size": "", "ownership": "", "country": "US"}
                 ).to_csv(tmp_path / "companies.csv", index=False)  # fmt: skip
    money = {"company": keys, "year": 2022, "revenue": [100.0, 300.0, 50.0], "operating_profit": [10.0, -30.0, 5.0]}
    money |= {"operating_margin": [10.0, -10.0, 10.0], "patient_care_margin": 0.0}
    pd.DataFrame(money).to_csv(tmp_path / "financials.csv", index=False)
    answers = {"company": keys, "n": [100, 300, 200]} | dict(zip(shares, (70, 20, 10, 60, 30, 10), strict=True))
    pd.DataFrame(answers | dict.fromkeys(means.split(), 80)).to_csv(tmp_path / "customers.csv", index=False)
    named = pd.DataFrame({"Facility ID": keys, "Facility Name": "x", "State": ["AL", "AL", "AK"]})
    theirs = ["HCAHPS Measure ID", "HCAHPS Answer Percent", "HCAHPS Linear Mean Value", "Number of Completed Surveys",
              "Start Date", "End Date"]  # fmt: skip
    named.assign(**dict.fromkeys(theirs, "")).to_csv(tmp_path / "survey.csv", index=False)
    return tmp_path


def test_a_states_margin_is_its_hospitals_profit_over_their_income(small):
    made = run("states.py", small / "survey.csv", "--hospitals", small, "--out", small / "states")
    assert made.returncode == 0, made.stderr
    assert "3 hospitals of 2 states; 0 without a state" in made.stdout
    money = pd.read_csv(small / "states/financials.csv").set_index("company")["operating_margin"]
    assert money.to_dict() == {"AK": 10.0, "AL": -5.0}
    answers = pd.read_csv(small / "states/customers.csv")
    assert answers["work_group"].tolist() == ["A (010001)", "A (010002)", "B (020001)"]
    assert run("states.py", small / "survey.csv", "--hospitals", small, "--out", small / "states").returncode == 0
    study = cx.open_study(small / "states")
    assert study.name == "us-states" and study.customers.stands_for["recommend"].startswith("overall rating")
    assert cx.nps(study.customers, "recommend", by="company")["estimate"].tolist() == [60.0, 60.0]


def test_missing_tables_and_files_are_named(small):
    absent = run("states.py", small / "survey.csv", "--hospitals", small / "nowhere", "--out", small / "states")
    assert absent.returncode == 1 and "no companies.csv, financials.csv, customers.csv in" in absent.stderr
    unread = run("states.py", small / "none.csv", "--hospitals", small, "--out", small / "states")
    assert unread.returncode == 1 and "no file" in unread.stderr
    assert "Traceback" not in absent.stderr + unread.stderr and not (small / "states").exists()


# the publisher's files


@pytest.fixture(scope="module")
def states(tmp_path_factory):
    """The opened study of the states, from the publisher's files."""
    if not (SURVEY.exists() and COSTS.exists()):
        pytest.skip(
            f"the real hospital files are not there: put {SURVEY.name} and {COSTS.name} into us_hospitals/ under the "
            "folder that CXSTUDY_REALDATA names"
        )
    folder = tmp_path_factory.mktemp("us_states")
    for made in (
        run("prepare.py", SURVEY, COSTS, "--out", folder),
        run("states.py", SURVEY, "--hospitals", folder, "--out", folder / "states"),
    ):
        assert made.returncode == 0, made.stderr
    return cx.open_study(folder / "states")


@pytest.fixture(scope="module")
def report(states):
    return cx.client_report(states, company=STATE, language="en")


def test_the_golden_report_of_a_state(report):
    equals_golden(report, ROOT / "tests/reference/client_report_state.json")


def test_a_states_numbers_are_those_of_the_publishers_rows(states, report):
    rows = pd.read_csv(SURVEY, dtype=str).rename(columns=str.strip)
    kept = set(pd.read_csv(states.folder.parent / "customers.csv", dtype={"company": str})["company"])
    mine = rows[(rows["State"] == STATE) & rows["Facility ID"].isin(kept)]
    wide = mine.pivot(index="Facility ID", columns="HCAHPS Measure ID", values="HCAHPS Answer Percent")
    n = mine.groupby("Facility ID")["Number of Completed Surveys"].first().astype(float)

    def share(measure):
        return np.average(wide[measure].astype(float), weights=n)

    found = {one.id: one for one in report.numbers}
    nps = share("H_HSP_RATING_9_10") - share("H_HSP_RATING_0_6")
    assert found["client.nps"].estimate == pytest.approx(nps, abs=1e-9)
    assert found["client.nps"].n == n.sum()
    assert found["client.promoter_share"].estimate == pytest.approx(share("H_RECMND_DY"), abs=1e-9)


def test_page_one_says_what_was_really_asked_and_nothing_reads_as_certain(report):
    first = " ".join(getattr(part, "text", "") for part in report.sections[0].parts)
    assert "overall rating of the hospital from 0 to 10" in first
    said = " ".join(getattr(part, "text", "") for section in report.sections for part in section.parts)
    assert "100.0 %" not in said
