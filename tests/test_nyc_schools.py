"""data/nyc_schools/prepare.py: its rules and messages, and the real file where it is to be had."""

import gzip
import importlib.util
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cxstudy as cx
from cxstudy.analyses.employee_ambassadors import answerable, employee_ambassadors

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "data" / "nyc_schools" / "prepare.py"
REALDATA = Path(os.environ.get("CXSTUDY_REALDATA") or ROOT.parent / "shared" / "realdata") / "nyc_schools"
REAL = REALDATA / "nyc_school_survey_2011_455schools.csv"
SCORES = {"saf": "safety_respect", "com": "communication", "eng": "engagement_score", "aca": "academic_expectations"}


@pytest.fixture(scope="module")
def prepare():
    spec = importlib.util.spec_from_file_location("nyc_schools_prepare", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def school(i, **other):
    """One school's row in the publisher's format."""
    row = {"dbn": f"{i % 9 + 1:02d}M{i:03d}", "schoolname": f"P.S. {i}, Café", "N_t": 20 + i, "N_p": 100.0, "N_s": 50}
    row |= {f"{score}_{side}_11": 5 + (i * 7 + j * 3) % 40 / 10 for j, score in enumerate(SCORES) for side in "tps"}
    return row | other


@pytest.fixture
def made(prepare, tmp_path, capsys):
    """``made(rows)``: run on these rows → exit code, folder, screen, messages."""

    def run(rows, separator=",", encoding="utf-8", pack=False):
        content = pd.DataFrame(rows).to_csv(index=False, sep=separator).encode(encoding)
        path = tmp_path / "survey.csv"
        path.write_bytes(gzip.compress(content) if pack else content)
        capsys.readouterr()
        code = prepare.main([str(path), "--out", str(tmp_path / "out")])
        screen = capsys.readouterr()
        return code, tmp_path / "out", screen.out, screen.err

    return run


def table(out, name="employees"):
    return pd.read_csv(out / f"{name}.csv", dtype={"company": str, "work_group": str}).set_index("work_group")


@pytest.mark.parametrize(
    ("separator", "encoding", "pack"), [(",", "utf-8", False), ("\t", "cp1252", False), (",", "utf-8-sig", True)]
)
def test_every_form_of_the_file_is_read(made, separator, encoding, pack):
    code, out, screen, errors = made([school(i) for i in range(30)], separator, encoding, pack)
    assert code == 0 and errors == "" and "30 rows, one a school" in screen
    assert table(out).loc["01M000"].tolist() == ["01", 20, 5.0, 5.3, 5.6, 5.9]
    for name in ("customers", "customers_pupils"):
        assert len(table(out, name)) == 30


def test_what_is_left_out_is_counted(made):
    rows = [school(i) for i in range(30)]
    rows[0] |= {"N_p": ""}
    rows[1] |= {"N_s": 0}
    rows[2] |= {"eng_p_11": ""}
    rows[3] |= {"N_t": 6}
    code, out, screen, _ = made(rows)
    assert code == 0
    assert "-1  schools without answers of parents" in screen and "-1  schools without answers of pupils" in screen
    assert "-1  schools without all four scores" in screen and "1  of the rest with fewer than 7" in screen
    assert len(table(out)) == 30 and len(table(out, "customers")) == 28 and len(table(out, "customers_pupils")) == 29


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            {"dbn": "1M015"},
            "column dbn, line 4: A school's key (dbn) is two digits, a letter, three digits. Found: '1M015', 1",
        ),
        ({"dbn": "01M000"}, "A school has one row. Found: '01M000', 1 such rows."),
        ({"saf_t_11": 10.1}, "column saf_t_11, line 4: A score lies between 0 and 10. Found: '10.1', 1 such rows."),
        ({"com_p_11": "high"}, "column com_p_11, line 4: A score lies between 0 and 10. Found: 'high'"),
        ({"N_p": 3.5}, "column N_p, line 4: A number of answers is a whole number. Found: '3.5'"),
        ({"N_t": -1}, "column N_t, line 4: A number of answers is a whole number. Found: '-1'"),
    ],
)
def test_faults_name_place_rule_and_finding(made, change, says):
    rows = [school(i) for i in range(10)]
    rows[2] |= change
    code, out, _, errors = made(rows)
    assert code == 1 and says in errors and "Remedy:" in errors and not out.exists()


def test_all_faults_at_once(made):
    rows = [school(i) for i in range(10)]
    rows[2] |= {"saf_t_11": 11, "N_p": 0.5}
    assert "2 faults to mend." in made(rows)[3]


def test_ends_of_the_scale_are_kept(made):
    code, out, *_ = made([school(i, saf_t_11=i % 2 * 10) for i in range(10)])
    assert code == 0 and set(table(out)["safety_respect"]) == {0, 10}


def test_another_file_is_refused(made, prepare, tmp_path, capsys):
    code, _, _, errors = made([{"dbn": "01M015", "score": 3}])
    assert code == 1 and "no saf_t_11, com_t_11" in errors and "2011 NYC School Survey" in errors
    assert prepare.main([str(tmp_path / "none.csv")]) == 1 and "The file must exist." in capsys.readouterr().err
    (tmp_path / "empty.csv").write_bytes(b"")
    assert prepare.main([str(tmp_path / "empty.csv")]) == 1 and "first columns are none" in capsys.readouterr().err


def test_nobody_left_on_a_side(made):
    code, out, _, errors = made([school(i, N_p="") for i in range(10)])
    assert code == 1 and "no school with answers and scores of parents" in errors and not out.exists()


def test_a_study_file_of_the_user_is_kept(made):
    rows = [school(i) for i in range(10)]
    _, out, *_ = made(rows)
    (out / "study.yaml").write_text("mine", encoding="utf-8")
    made(rows)
    assert (out / "study.yaml").read_text(encoding="utf-8") == "mine"


def test_the_tables_open_and_give_an_illustration_not_a_verdict(made):
    _, out, *_ = made([school(i) for i in range(40)])
    for file in ("study.yaml", "pupils.yaml"):
        study = cx.open_study(out / file)
        assert answerable(study).unit == "correlation"
        found = employee_ambassadors(study, replicates=200)
        ratio = found["employee_ambassadors.ratio_raw"]
        assert np.isnan(ratio.estimate) and "does not ask employees about good_company" in ratio.reason
        assert found.sentence().startswith("These data cannot test the claim")
        assert "neither ICC nor rwg can be computed" in found.note("employee_ambassadors.note.agreement")
        assert np.isnan(found["employee_ambassadors.icc1_cx_index"].estimate)


@pytest.fixture(scope="module")
def real(prepare, tmp_path_factory):
    if not REAL.is_file():
        pytest.skip(f"no {REAL.name}; set CXSTUDY_REALDATA to the folder that holds nyc_schools/")
    out = tmp_path_factory.mktemp("nyc")
    assert prepare.main([str(REAL), "--out", str(out)]) == 0
    return out


def test_real_counts(real):
    sizes = {
        name: (len(t := table(real, name)), t["n"].sum(), t["company"].nunique())
        for name in ("employees", "customers", "customers_pupils")
    }
    assert sizes == {"employees": (455, 13908, 9), "customers": (453, 100494, 9), "customers_pupils": (299, 103588, 9)}


@pytest.mark.parametrize(
    ("name", "n", "correlations", "gaps"),
    [
        ("customers", 453, [0.54, 0.39, 0.42, 0.48], [-1.20, -1.31, -0.73, -0.51]),
        ("customers_pupils", 299, None, [0.32, 0.16, 0.11, -0.06]),
    ],
)
def test_real_figures_of_the_readme(real, name, n, correlations, gaps):
    both = table(real).merge(table(real, name), on="work_group", suffixes=("", "_other"))
    assert len(both) == n
    pairs = [(both[s], both[f"{s}_other"]) for s in SCORES.values()]
    assert [round((a - b).mean(), 2) for a, b in pairs] == gaps
    if correlations:
        assert [round(a.corr(b), 2) for a, b in pairs] == correlations


def test_real_schools_through_the_analysis(real):
    found = employee_ambassadors(cx.open_study(real))
    rows = found.both_sides.set_index("question")["estimate"]
    parents = table(real, "customers").query("n >= 5")
    kept = table(real).query("n >= 7").merge(parents, on="work_group", suffixes=("", "_other"))
    assert len(kept) == 446 and (found.both_sides["n"] == 446).all()
    for score in SCORES.values():
        assert rows[score] == pytest.approx(kept[score].corr(kept[f"{score}_other"]), rel=1e-9)
    assert "only 9 companies, too few" in found.note("employee_ambassadors.note.bootstrap")
