"""data/us_hospitals/prepare.py: its rules, its messages, and the real files where they are to be had."""

import gzip
import importlib.util
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

import cxstudy as cx

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "data" / "us_hospitals" / "prepare.py"
REALDATA = Path(os.environ.get("CXSTUDY_REALDATA") or ROOT.parent / "shared" / "realdata") / "us_hospitals"
REAL_SURVEY, REAL_COSTS = REALDATA / "HCAHPS_Hospital.csv.gz", REALDATA / "CostReport_2022_Final.csv.gz"
SHARES = ("H_HSP_RATING_9_10", "H_HSP_RATING_7_8", "H_HSP_RATING_0_6", "H_RECMND_DY", "H_RECMND_PY", "H_RECMND_DN")
CONTROL = "990001"  # a hospital that passes every rule, so that some table is always written


@pytest.fixture(scope="module")
def prepare():
    """The script as a module; its folder is on the path while it is loaded, as when it is run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(SCRIPT.parent)
        spec = importlib.util.spec_from_file_location("us_hospitals_prepare", SCRIPT)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module


def answers(company, shares=(60, 25, 15, 70, 24, 6), n=300, linear=88, **other):
    """One hospital's rows of the survey, in the publisher's long format."""
    base = {
        "Facility ID": company,
        "Facility Name": f"HOSPITAL, {company}",
        "State": "AL",
        "Patient Survey Star Rating": "Not Applicable",
        "Number of Completed Surveys": n,
        "Start Date": "10/01/2023",
        "End Date": "09/30/2024",
    }
    percent = [{"HCAHPS Measure ID": m, "HCAHPS Answer Percent": s} for m, s in zip(SHARES, shares, strict=True)]
    mean = {"HCAHPS Measure ID": "H_COMP_1_LINEAR_SCORE", "HCAHPS Linear Mean Value": linear}
    star = {"HCAHPS Measure ID": "H_STAR_RATING", "Patient Survey Star Rating": "4"}
    none = {"HCAHPS Answer Percent": "Not Applicable", "HCAHPS Linear Mean Value": "Not Applicable"}
    return [base | none | row | other for row in (*percent, mean, star)]


def report(company, days=365, patients=900, income=100, expense=950, beds=120, control="2", setting="U"):
    """One cost report; a period of ``days`` days, first and last counted."""
    return {
        "rpt_rec_num": 1,
        "Provider CCN": company,
        "Rural Versus Urban": setting,
        "Type of Control": control,
        "Fiscal Year Begin Date": "01/01/2022",
        "Fiscal Year End Date": f"{pd.Timestamp(2022, 1, 1) + pd.Timedelta(days=days - 1):%m/%d/%Y}",
        "Number of Beds": beds,
        "Net Patient Revenue": patients,
        "Less Total Operating Expense": expense,
        "Total Other Income": income,
    }


@pytest.fixture
def made(prepare, tmp_path, capsys):
    """``made(answers, reports)``: run on these rows (and the control) → exit code, tables by name, screen, messages."""

    def run(survey=(), costs=(), control=True):
        survey = [*(answers(CONTROL) if control else ()), *survey]
        costs = [*([report(CONTROL)] if control else ()), *costs]
        pd.DataFrame(survey).to_csv(tmp_path / "survey.csv", index=False)
        pd.DataFrame(costs).to_csv(tmp_path / "costs.csv", index=False)
        return execute(prepare, capsys, tmp_path / "survey.csv", tmp_path / "costs.csv", tmp_path / "out")

    return run


def execute(prepare, capsys, survey, costs, out):
    capsys.readouterr()
    code = prepare.main([str(survey), str(costs), "--out", str(out)])
    screen = capsys.readouterr()
    tables = {p.stem: pd.read_csv(p, dtype={"company": str}).set_index("company") for p in Path(out).glob("*.csv")}
    return code, tables, screen.out, screen.err


KEPT_OR_NOT = [
    (dict(days=359), None, False, "a period that is not 360-371 days long"),
    (dict(days=360), None, True, ""),
    (dict(days=371), None, True, ""),
    (dict(days=372), None, False, "a period that is not 360-371 days long"),
    (dict(patients=0, expense=90), None, False, "net patient revenue missing, zero or negative"),
    (dict(patients=1, income=99, expense=90), None, True, ""),
    (dict(patients=""), None, False, "net patient revenue missing, zero or negative"),
    (dict(patients=100, income=-100, expense=1), None, False, "total income zero or negative"),
    (dict(patients=100, income=-99, expense=1), None, True, ""),
    (dict(expense=""), None, False, "without operating expense"),
    (dict(expense=1500), None, True, ""),
    (dict(expense=1501), None, False, "a margin outside -50…+50 %"),
    (dict(expense=500), None, True, ""),
    (dict(expense=499), None, False, "a margin outside -50…+50 %"),
    ({}, dict(n=99), False, "fewer than 100 completed surveys"),
    ({}, dict(n=100), True, ""),
    ({}, dict(n="Not Available"), False, "without published answers"),
    ({}, dict(shares=(60, 25, 15, "Not Available", 24, 6)), False, "without published answers"),
    ({}, dict(shares=(60, 25, 13, 70, 24, 6)), False, "do not add up to 99-101 %"),
    ({}, dict(shares=(60, 25, 14, 70, 24, 6)), True, ""),
    ({}, dict(shares=(60, 25, 15, 70, 24, 7)), True, ""),
    ({}, dict(shares=(60, 25, 15, 70, 24, 8)), False, "do not add up to 99-101 %"),
]


@pytest.mark.parametrize(("costs", "survey", "kept", "why"), KEPT_OR_NOT)
def test_each_rule_on_both_sides(made, costs, survey, kept, why):
    code, tables, screen, _ = made(answers("010001", **(survey or {})), [report("010001", **costs)])
    assert code == 0
    for table in ("companies", "financials", "customers"):
        assert ("010001" in tables[table].index) is kept
        assert CONTROL in tables[table].index
    dropped = [row for row in screen.splitlines() if row.split()[:1] == ["-1"]]
    assert kept or why in dropped[0]
    assert not (kept and dropped)


def test_a_hospital_with_two_numbers_of_surveys_is_dropped(made):
    first, *others = answers("010001")
    _, tables, screen, _ = made([first | {"Number of Completed Surveys": 301}, *others], [report("010001")])
    assert list(tables["customers"].index) == [CONTROL]
    assert "-1  hospitals with more than one number of completed surveys" in screen


def test_numbers_of_one_hospital(made):
    _, tables, _, _ = made(
        answers("010001", shares=(61, 25, 14, 72, 22, 6), n=321, linear=91),
        [report("010001", patients=900, income="", expense=945, setting="R", control="4", beds=25)],
    )
    money = tables["financials"].loc["010001"]
    assert (money.year, money.revenue, money.operating_profit) == (2022, 900, -45)
    assert (money.operating_margin, money.patient_care_margin) == (-5, -5)
    company = tables["companies"].loc["010001"]
    assert (company["name"], company.industry, company["size"], company.ownership, company.country) == (
        "HOSPITAL, 010001",
        "hospital, rural",
        "1 to 25 beds",
        "proprietary",
        "US",
    )
    row = tables["customers"].loc["010001"]
    assert (row.n, row.rating_9_10, row.rating_7_8, row.rating_0_6) == (321, 61, 25, 14)
    assert (row.definitely, row.probably, row.not_recommend) == (72, 22, 6)
    assert row.nurses == 91
    assert np.isnan(row.doctors)


def test_other_income_is_in_one_margin_only_and_only_that_one_is_trimmed(made):
    _, tables, _, _ = made(answers("010001"), [report("010001", patients=100, income=300, expense=400)])
    money = tables["financials"].loc["010001"]
    assert (money.operating_margin, money.patient_care_margin) == (0, -300)


def test_a_hospital_keeps_its_largest_report_among_the_whole_years(made):
    whole_years = [report("010001", patients=800), report("010001", patients=1100)]
    _, tables, screen, _ = made(answers("010001"), [report("010001", days=90, patients=5000), *whole_years])
    assert tables["financials"].loc["010001", "revenue"] == 1200
    assert "-1  reports smaller than another of the hospital" in screen


@pytest.mark.parametrize(
    ("control", "ownership"),
    [
        ("1", "non-profit"),
        ("2", "non-profit"),
        ("3", "proprietary"),
        ("6", "proprietary"),
        ("7", "government"),
        ("13", "government"),
        ("14", None),
        ("", None),
    ],
)
def test_ownership(made, control, ownership):
    _, tables, screen, _ = made(answers("010001"), [report("010001", control=control)])
    found = tables["companies"].loc["010001", "ownership"]
    assert found == ownership if ownership else pd.isna(found)
    assert f"{0 if ownership else 1}  of them without ownership" in screen


@pytest.mark.parametrize(
    ("beds", "size"),
    [
        (25, "1 to 25 beds"),
        (26, "26 to 99 beds"),
        (99, "26 to 99 beds"),
        (100, "100 to 299 beds"),
        (299, "100 to 299 beds"),
        (300, "300 beds or more"),
        (0, None),
        ("", None),
    ],
)
def test_size(made, beds, size):
    _, tables, _, _ = made(answers("010001"), [report("010001", beds=beds)])
    found = tables["companies"].loc["010001", "size"]
    assert found == size if size else pd.isna(found)


def test_the_account_adds_up_and_says_on_which_side_a_hospital_was_missing(made):
    code, tables, screen, _ = made(
        [*answers("010001"), *answers("010002"), *answers("010003"), *answers("010004", n=50)],
        [report("010002", days=30), report("010003"), report("010005")],
    )
    assert code == 0
    assert list(tables["companies"].index) == ["010003", CONTROL]
    assert "5  hospitals in the survey" in screen
    assert "4  hospitals left of the survey" in screen
    assert "-1  hospitals without any cost report in the file" in screen
    assert "-1  hospitals whose cost reports were all left out above" in screen
    assert "2  hospitals in the study" in screen
    assert "NOTE" not in screen


def test_a_release_of_other_days_is_pointed_out(made):
    later = {"Start Date": "10/01/2024", "End Date": "09/30/2025"}
    code, _, screen, _ = made(answers("010001", **later), [report("010001")], control=False)
    assert code == 0
    assert "answers were given 2024-10-01 to 2025-09-30" in screen
    assert "declares other days; correct `fieldwork` there" in screen


def test_csv_gz_and_zip_give_the_same_tables(prepare, made, tmp_path, capsys):
    made(answers("010001"), [report("010001")])
    expected = {p.name: p.read_bytes() for p in (tmp_path / "out").glob("*.csv")}
    assert sorted(expected) == ["companies.csv", "customers.csv", "financials.csv"]
    for name in ("survey", "costs"):
        content = (tmp_path / f"{name}.csv").read_bytes()
        with gzip.open(tmp_path / f"{name}.csv.gz", "wb") as packed:
            packed.write(content)
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as archive:
            archive.writestr(f"folder/{name}.CSV", content)
            archive.writestr(f"__MACOSX/._{name}.csv", b"not a table")
        (tmp_path / f"{name}-bom.csv").write_bytes(b"\xef\xbb\xbf" + content)
    for ending in (".csv.gz", ".zip", "-bom.csv"):
        out = tmp_path / ending.strip(".-")
        code, *_ = execute(prepare, capsys, tmp_path / f"survey{ending}", tmp_path / f"costs{ending}", out)
        assert code == 0
        assert {p.name: p.read_bytes() for p in out.glob("*.csv")} == expected


def test_study_yaml_is_copied_but_never_overwritten(made, tmp_path):
    made()
    copied = tmp_path / "out" / "study.yaml"
    assert copied.read_bytes() == (SCRIPT.parent / "study.yaml").read_bytes()
    copied.write_text("mine: 2023-10-01 2024-09-30\n", encoding="utf-8")
    made()
    assert copied.read_text(encoding="utf-8").startswith("mine")
    assert not list((tmp_path / "out").glob("*.tmp"))


def test_the_tables_open_as_a_counted_study(made, tmp_path):
    liked = answers("010001", shares=(80, 15, 5, 90, 8, 2), n=100)
    disliked = answers("010002", shares=(50, 20, 30, 60, 25, 15))
    made([*liked, *disliked], [report("010001"), report("010002")])
    study = cx.open_study(tmp_path / "out")
    assert (study.name, study.synthetic, study.unit) == ("us-hospitals", False, "company")
    assert study.customers.rows == "counted"
    assert study.customers.question_for("nps") == "recommend"
    assert study.customers.question_for("promoter_share") == "gladly_recommend"
    assert "0 to 10" in study.customers.stands_for["recommend"]
    score = cx.nps(study, by="company").set_index("company")
    assert score.estimate.to_dict() == pytest.approx({"010001": 75, "010002": 20, CONTROL: 45})
    assert score.n.to_dict() == {"010001": 100, "010002": 300, CONTROL: 300}
    gladly = cx.promoter_share(study, "gladly_recommend", by="company").set_index("company")
    assert gladly.estimate.to_dict() == pytest.approx({"010001": 90, "010002": 60, CONTROL: 70})


# messages


def test_both_files_missing_are_both_named(prepare, tmp_path, capsys):
    code, _, _, message = execute(prepare, capsys, tmp_path / "a.csv", tmp_path / "b.csv", tmp_path)
    assert code == 1
    assert message.startswith("2 faults to mend.")
    assert "The file must exist." in message
    assert "Patient survey (HCAHPS) - Hospital" in message
    assert "Hospital Provider Cost Report" in message


def test_swapped_files(prepare, made, tmp_path, capsys):
    made()
    code, _, _, message = execute(prepare, capsys, tmp_path / "costs.csv", tmp_path / "survey.csv", tmp_path / "new")
    assert code == 1
    assert message.count("name the patient survey first and the cost report second") == 2
    assert not (tmp_path / "new").exists()


def test_missing_columns_are_named_and_those_there_listed(prepare, made, tmp_path, capsys):
    made()
    (tmp_path / "costs.csv").write_text("Provider CCN,Net Revenue\n010001,5\n", encoding="utf-8")
    code, _, _, message = execute(prepare, capsys, tmp_path / "survey.csv", tmp_path / "costs.csv", tmp_path / "new")
    assert code == 1
    assert "no Fiscal Year Begin Date, Fiscal Year End Date, Net Patient Revenue, Total Other Income" in message
    assert "the columns there are Provider CCN, Net Revenue." in message


def _zip(names):
    def write(path):
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.writestr(name, "a\n1\n")

    return write


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (_zip([]), "A zip must hold exactly one .csv file. Found: 0 such files."),
        (_zip(["readme.txt"]), "Found: 0 such files."),
        (_zip(["a.csv", "b.csv"]), "Found: 2 such files: a.csv, b.csv. Remedy: unpack it and name the .csv"),
        (lambda p: p.write_bytes(b"PK\x03\x04 cut off"), "A packed file must be whole"),
        (lambda p: p.write_bytes(gzip.compress(b"a,b\n" * 9999)[:40]), "A packed file must be whole"),
        (lambda p: p.write_bytes(b"\x1f\x8bnot gz"), "A packed file must be whole"),
        (lambda p: p.write_bytes(b""), "The file must be a CSV with a header and rows."),
        (lambda p: p.write_bytes("Träd\n1\n".encode("latin-1")), "The file must be text in UTF-8."),
        (lambda p: p.mkdir(), "The file must be readable."),
    ],
)
def test_files_that_cannot_be_read(prepare, made, tmp_path, capsys, write, said):
    made()
    write(tmp_path / "download")
    code, _, _, message = execute(prepare, capsys, tmp_path / "download", tmp_path / "costs.csv", tmp_path / "new")
    assert code == 1
    assert said in message
    assert "Remedy:" in message


@pytest.mark.parametrize(
    ("survey", "costs", "said"),
    [
        (answers("10001"), [], "A certification number has six characters. Found: '10001', 7 such rows."),
        (answers("010001", n="300 or more"), [], "Number of Completed Surveys, line 10: Each value must be a number"),
        (answers("010001", linear="9,1"), [], "HCAHPS Linear Mean Value, line 16: Each value must be a number"),
        (answers("010001", **{"Start Date": "2023-10-01"}), [], "Each value must be a date as month/day/year."),
        (answers("010001") * 2, [], "A hospital has one row for each measure. Found: H_HSP_RATING_9_10 of 010001"),
        ([], [report("010001", patients="9.000.000")], "Net Patient Revenue, line 3: Each value must be a number"),
        ([], [report("010001", expense="inf")], "Less Total Operating Expense, line 3: Each value must be a number"),
        ([], [report("10001")], "column Provider CCN, line 3: A certification number has six characters."),
    ],
)
def test_values_that_are_not_the_publishers(made, survey, costs, said):
    code, tables, _, message = made(survey, costs)
    assert code == 1
    assert said in message
    assert not tables


def test_several_faults_are_listed_together(made):
    code, _, _, message = made([], [report("10001", patients="many", beds="few")])
    assert code == 1
    assert message.startswith("3 faults to mend.")


def test_a_file_without_the_recommendation_questions(made):
    rows = [r for r in answers("010001") if r["HCAHPS Measure ID"] != "H_RECMND_DN"]
    code, _, _, message = made(rows, [report("010001")], control=False)
    assert code == 1
    assert "The two recommendation questions must be there. Found: no rows H_RECMND_DN." in message


def test_nothing_left_is_said_and_earlier_tables_stay(made, tmp_path):
    made()
    before = {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()}
    code, _, screen, message = made(answers("010001", n=12), [report("010001")], control=False)
    assert code == 1
    assert "At least one hospital must be left. Found: none" in message
    assert "-1  hospitals with fewer than 100 completed surveys" in screen
    assert {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()} == before


def test_a_folder_that_cannot_be_written(prepare, made, tmp_path, capsys):
    made()
    (tmp_path / "occupied").write_text("a file", encoding="utf-8")
    for out in (tmp_path / "occupied", tmp_path / "occupied" / "below"):
        code, _, _, message = execute(prepare, capsys, tmp_path / "survey.csv", tmp_path / "costs.csv", out)
        assert code == 1
        assert "The folder must be writable." in message
        assert "name another: --out DIR." in message


def test_command_line(tmp_path):
    command = [sys.executable, "-W", "error", str(SCRIPT)]
    utf8 = os.environ | {"PYTHONUTF8": "1"}
    settings = dict(capture_output=True, encoding="utf-8", cwd=tmp_path, check=False, env=utf8)
    failed = subprocess.run([*command, "none.csv", "none.zip"], **settings)
    assert failed.returncode == 1
    assert "Traceback" not in failed.stderr
    assert "no file none.csv." in failed.stderr
    usage = subprocess.run([*command, "none.csv"], **settings)
    assert usage.returncode == 2
    assert "COST_REPORT_FILE" in usage.stderr


# the publisher's files


@pytest.fixture(scope="module")
def real_folder(prepare, tmp_path_factory):
    """The tables of the publisher's files, in a folder of their own."""
    if not (REAL_SURVEY.exists() and REAL_COSTS.exists()):
        pytest.skip(
            f"the real hospital files are not there: put {REAL_SURVEY.name} and {REAL_COSTS.name} into us_hospitals/ "
            "under the folder that CXSTUDY_REALDATA names"
        )
    out = tmp_path_factory.mktemp("us_hospitals")
    assert prepare.main([str(REAL_SURVEY), str(REAL_COSTS), "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def real(real_folder):
    """The three real tables side by side, with the NPS, in the order of certification numbers."""
    paths = [real_folder / f"{name}.csv" for name in ("companies", "financials", "customers")]
    companies, financials, customers = (pd.read_csv(path, dtype={"company": str}) for path in paths)
    table = companies.merge(financials, on="company", validate="1:1").merge(customers, on="company", validate="1:1")
    return table.assign(nps=table.rating_9_10 - table.rating_0_6)


def _quarters(frame, loyalty):
    """n, mean and 95 % t interval of the margin by quarter of ``loyalty``, a Series of quarters 0…3."""
    from scipy import stats

    groups = frame.operating_margin.groupby(loyalty)
    n, mean = groups.count(), groups.mean()
    half = stats.t.ppf(0.975, n - 1) * groups.sem()
    return pd.DataFrame({"n": n, "mean": mean, "low": mean - half, "high": mean + half})


def test_real_counts(real):
    assert len(real) == 2943
    assert real.company.is_monotonic_increasing
    assert real.n.min() == 100
    assert real.operating_margin.between(-50, 50).all()
    assert real.ownership.value_counts().to_dict() == {"non-profit": 1976, "proprietary": 581, "government": 386}
    assert real.industry.value_counts().to_dict() == {"hospital, urban": 1657, "hospital, rural": 1286}
    assert real.notna().all(axis=None)


@pytest.mark.parametrize(
    ("question", "correlation", "share", "low", "high"),
    [("nps", 0.169, 0.028, 0.018, 0.041), ("definitely", 0.187, 0.035, 0.023, 0.049)],
)
def test_real_correlations(real, question, correlation, share, low, high):
    r = real[question].corr(real.operating_margin)
    assert round(r, 3) == correlation
    assert round(r**2, 3) == share
    ends = np.tanh(np.arctanh(r) + np.array([-1, 1]) * 1.959964 / np.sqrt(len(real) - 3)) ** 2
    assert list(ends.round(3)) == [low, high]


def test_real_quarters_of_equal_size(real):
    """The figures of the source: ties split in the order of certification numbers."""
    by_nps = _quarters(real, pd.qcut(real.nps.rank(method="first"), 4, labels=False))
    assert list(by_nps["mean"].round(1)) == [1.4, 2.1, 3.5, 6.7]
    top = _quarters(real, pd.qcut(real.definitely.rank(method="first"), 4, labels=False)).loc[3]
    assert list(top[["mean", "low", "high"]].round(1)) == [6.9, 6.0, 7.8]


def test_real_quarters_with_ties_together(real):
    """What README.md gives for quarters cut at the sample quartiles, ties together; the bottom one is not negative."""
    by_nps = _quarters(real, pd.qcut(real.nps, 4, labels=False))
    assert list(by_nps.n) == [783, 767, 723, 670]
    assert list(by_nps["mean"].round(1)) == [1.5, 2.1, 3.5, 6.9]
    gladly = _quarters(real, pd.qcut(real.definitely, 4, labels=False))
    assert list(gladly.n) == [782, 799, 645, 717]
    assert list(gladly["mean"].round(1)) == [1.4, 2.2, 3.6, 6.9]
    assert list(gladly.loc[3, ["low", "high"]].round(1)) == [5.9, 7.8]
    assert by_nps.low[0] > 0
    assert list(gladly.loc[0, ["low", "high"]].round(1)) == [0.4, 2.3]


def test_real_sides_of_the_result(real):
    """The other figures of README.md: ownership, patient care alone, the noise of the NPS."""
    within = {o: g.nps.corr(g.operating_margin) for o, g in real.groupby("ownership")}
    assert {o: round(r, 2) for o, r in within.items()} == {"government": 0.17, "non-profit": 0.25, "proprietary": 0.23}
    assert min(within.values()) > real.nps.corr(real.operating_margin)
    assert round(real.nps.corr(real.patient_care_margin), 3) == 0.144
    assert round(real.definitely.corr(real.patient_care_margin), 3) == 0.152
    care = real.groupby(pd.qcut(real.nps, 4, labels=False)).patient_care_margin.mean()
    assert list(care.round(1)) == [-6.0, -6.6, -3.3, 1.0]
    up, down = real.rating_9_10 / 100, real.rating_0_6 / 100
    assert round((100 * np.sqrt((up + down - (up - down) ** 2) / real.n)).median(), 1) == 2.9
    assert (real[["rating_9_10", "rating_7_8", "rating_0_6"]].sum(axis=1) == 100).all()


def test_real_tables_agree_with_a_query_of_their_own(real):
    """The rules again as one SQL query on the files themselves.

    Materialized, because DuckDB 2.0 pushes a try_cast into the CSV reader, where it fails like a cast.
    """
    found = duckdb.sql(
        f"""
        WITH survey AS MATERIALIZED (FROM read_csv('{REAL_SURVEY.as_posix()}', all_varchar=true)),
        costs AS MATERIALIZED (FROM read_csv('{REAL_COSTS.as_posix()}', all_varchar=true)),
        answers AS (
            SELECT "Facility ID" AS company, "HCAHPS Measure ID" AS measure,
                   try_cast("HCAHPS Answer Percent" AS DOUBLE) AS share,
                   try_cast("Number of Completed Surveys" AS DOUBLE) AS n
            FROM survey),
        shares AS (
            SELECT company, max(n) AS n, max(share) FILTER (measure = 'H_RECMND_DY') AS definitely,
                   max(share) FILTER (measure = 'H_HSP_RATING_9_10')
                   - max(share) FILTER (measure = 'H_HSP_RATING_0_6') AS nps
            FROM answers GROUP BY company HAVING max(n) >= 100),
        money AS (
            SELECT "Provider CCN" AS company, "Net Patient Revenue"::DOUBLE AS patients,
                   patients + coalesce("Total Other Income"::DOUBLE, 0) AS income,
                   100 * (income - "Less Total Operating Expense"::DOUBLE) / income AS margin,
                   date_diff('day', strptime("Fiscal Year Begin Date", '%m/%d/%Y'),
                             strptime("Fiscal Year End Date", '%m/%d/%Y')) + 1 AS days
            FROM costs WHERE days BETWEEN 360 AND 371 AND patients > 0
            QUALIFY row_number() OVER (PARTITION BY company ORDER BY patients DESC) = 1)
        SELECT company, n, nps, definitely, margin FROM shares JOIN money USING (company)
        WHERE margin BETWEEN -50 AND 50 ORDER BY company
        """
    ).df()
    assert list(found.company) == list(real.company)
    for theirs, ours in (("n", "n"), ("nps", "nps"), ("definitely", "definitely"), ("margin", "operating_margin")):
        np.testing.assert_allclose(found[theirs], real[ours], rtol=1e-12, atol=1e-12)


@pytest.fixture(scope="module")
def answer(real_folder):
    """The study's own analysis of the real tables."""
    study = cx.open_study(real_folder)
    return study, cx.nps_margin(study, replicates=200)


def test_real_study_reproduces_the_correlations(real, answer):
    _, result = answer
    for finding, question in (("correlation_nps", "nps"), ("correlation_promoter_share", "definitely")):
        found = result[f"nps_margin.{finding}"]
        assert found.n == 2943
        assert found.estimate == pytest.approx(real[question].corr(real.operating_margin), abs=1e-10)
    assert round(result["nps_margin.correlation_nps"].estimate, 3) == 0.169
    assert round(result["nps_margin.correlation_promoter_share"].estimate, 3) == 0.187
    assert result.left_out.empty


def test_real_study_keeps_ties_together(answer):
    _, result = answer
    for loyalty, means in (("nps", [1.4, 2.1, 3.4, 6.6]), ("promoter_share", [1.0, 2.1, 3.6, 6.9])):
        tiers = result.tiers[result.tiers.loyalty == loyalty].sort_values("tier")
        assert tiers.n.sum() == 2943
        assert list(tiers.estimate.round(1)) == means
        assert (tiers.loyalty_low.to_numpy()[1:] > tiers.loyalty_high.to_numpy()[:-1]).all()
    top = result["nps_margin.top_tier"]
    assert [round(v, 1) for v in (top.estimate, top.ci_low, top.ci_high)] == [6.9, 5.9, 7.8]


def test_real_bottom_tier_is_not_negative(answer, tmp_path):
    study, result = answer
    for finding in ("bottom_tier", "bottom_tier_nps"):
        assert result[f"nps_margin.{finding}"].ci_low > 0
    study.record(result, tmp_path)
    verdicts = cx.claims(study, tmp_path).claims.set_index("id").verdict
    assert verdicts["margin-bottom"] == "contradicted"
