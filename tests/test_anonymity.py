"""An attacker with every written file cannot work out what few people answered."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cxstudy as cx
from cxstudy.anonymity import KEPT, Groups, hidden, suppress
from cxstudy.report.shown import hide_small_groups, without_small_groups

LIMITS = {"customers": 5, "employees": 7}
STUDY = """format: 1
name: attacked
tables:
  companies: {file: companies.csv}
  financials: {file: financials.csv}
  customers: {file: customers.csv}
  employees: {file: employees.csv}
scales:
  ease: {low: 1, high: 10}
  resolution: {low: 1, high: 10}
  engagement: {low: 1, high: 10}
  satisfaction: {low: 1, high: 10}
items: {cx_index: [ease, resolution, engagement]}
"""
SMALL, LITTLE = "C04", ("C02", "C02-b")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """14 companies with three work groups; C04 has 3 answers, group C02-b has 4 employees, C13 has no results."""
    rng, folder = np.random.default_rng(5), tmp_path_factory.mktemp("attacked")
    companies = [f"C{i:02d}" for i in range(1, 15)]
    people, staff = [], []
    for i, company in enumerate(companies):
        for g in "abc":
            n = 1 if company == SMALL else 8 + 3 * i + "abc".index(g)
            score = rng.integers(0, 11, n)
            items = rng.integers(1, 11, (n, 4))
            people += [
                (company, f"{company}-{g}", f"2024-0{1 + k % 9}-11", s, *x)
                for k, (s, x) in enumerate(zip(score, items, strict=True))
            ]
            n = 4 if (company, f"{company}-{g}") == LITTLE else 8 + i
            staff += [
                (company, f"{company}-{g}", *x) for x in np.c_[rng.integers(0, 11, n), rng.integers(1, 6, (n, 3))]
            ]
    head = ["company", "work_group", "date", "recommend", "satisfaction", "ease", "resolution", "engagement"]
    frames = {"customers": pd.DataFrame(people, columns=head)}
    frames["employees"] = pd.DataFrame(
        staff, columns=["company", "work_group", "recommend_employer", "good_company", "trust", "thriving"]
    )
    frames["companies"] = pd.DataFrame(
        {"company": companies, "name": [f"Firm {c}" for c in companies], "industry": ["bank", "energy"] * 7}
    )
    paid = [c for c in companies if c != "C13"]
    frames["financials"] = pd.DataFrame(
        {"company": paid, "year": 2024, "operating_margin": rng.normal(8, 6, len(paid))}
    )
    for name, frame in frames.items():
        if name in ("customers", "employees"):
            frame.insert(0, "response_id", [f"{name[0]}{i}" for i in range(len(frame))])
        frame.to_csv(folder / f"{name}.csv", index=False)
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    return cx.open_study(folder)


@pytest.fixture(scope="module")
def written(study, tmp_path_factory):
    """Everything `record` writes: folder, tables by name, findings files by analysis."""
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("Agg")
    out = tmp_path_factory.mktemp("out")
    quick = {"replicates": 200}
    study.record(cx.data_check(study), out)
    study.record(cx.nps_margin(study, **quick), out)
    study.record(cx.loyalty_share(study, **quick), out)
    study.record(cx.employee_ambassadors(study, **quick), out)
    tables = {path.stem: pd.read_csv(path, dtype={"unit": str}) for path in (out / "tables").glob("*.csv")}
    findings = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (out / "findings").glob("*.json")}
    return out, tables, findings


def numbers(row):
    """The numbers of a table's row beside names and counts."""
    return {
        k: v
        for k, v in row.items()
        if k not in KEPT and isinstance(v, int | float) and not isinstance(v, bool) and v == v
    }


def test_no_row_of_a_small_group_has_a_number(written):
    _, tables, _ = written
    seen = 0
    for name, table in tables.items():
        counters = [c for c in ("n_answers", "n_employees") if c in table]
        for row in table.to_dict("records"):
            small = any(
                row[c] < LIMITS["employees" if c == "n_employees" or row.get("table") == "employees" else "customers"]
                for c in counters
            )
            if small:
                seen += 1
                assert numbers(row) == {}, (name, row)
    assert seen > 10


def test_the_small_company_and_the_little_group_are_nowhere_with_numbers(written):
    _, tables, _ = written
    for name, table in tables.items():
        for row in table.to_dict("records"):
            there = [row.get(c) for c in ("unit", "company", "group")]
            if SMALL in there and row.get("table", "customers") == "customers" and {"n_answers", "nps"} & set(row):
                assert numbers(row) == {}, (name, row)
            if (row.get("company"), row.get("work_group")) == LITTLE:
                assert numbers(row) == {}, (name, row)


def test_nps_of_the_small_company_does_not_follow_from_all_files_together(study, written):
    """The total less every company whose NPS is shown anywhere must leave two companies or more and five answers or
    more.
    """
    _, tables, findings = written
    total = next(f for f in findings["data_check"]["findings"] if f["id"] == "data_check.nps")
    shown = {}
    for table in tables.values():
        name = next((c for c in ("unit", "company", "group") if c in table), None)
        if name is None or not {"n_answers", "nps"} <= set(table.columns) or "work_group" in table:
            continue
        table = table[table["by"].eq("unit") & table["table"].eq("customers")] if "by" in table else table
        for row in table[table["nps"].notna()].to_dict("records"):
            shown[row[name]] = (row["n_answers"], row["nps"])
    rest = total["n"] - sum(n for n, _ in shown.values())
    hidden_companies = set(study.customers.frame()["company"]) - set(shown)
    assert len(shown) >= 10 and SMALL in hidden_companies and len(hidden_companies) >= 2 and rest >= 5
    left = (total["n"] * total["estimate"] - sum(n * nps for n, nps in shown.values())) / rest
    own = study.customers.frame().query("company == @SMALL")["recommend"]
    assert left != pytest.approx(100 * ((own >= 9).mean() - (own <= 6).mean()), abs=1e-6)


def test_without_the_complement_the_attack_would_work(study):
    """The test above is worth something: hiding the small company alone gives it away."""
    frame = study.customers.frame()
    nps = frame.groupby("company")["recommend"].agg(n="size", nps=lambda s: 100 * ((s >= 9).mean() - (s <= 6).mean()))
    shown = nps.drop(SMALL)
    total = 100 * ((frame["recommend"] >= 9).mean() - (frame["recommend"] <= 6).mean())
    left = (len(frame) * total - (shown["n"] * shown["nps"]).sum()) / nps.loc[SMALL, "n"]
    assert left == pytest.approx(nps.loc[SMALL, "nps"], abs=1e-6)


def test_the_little_group_does_not_follow_from_its_company(study, written):
    _, tables, _ = written
    sizes = study.employees.frame().groupby(["company", "work_group"]).size()
    checked = 0
    for name, table in tables.items():
        if not {"company", "work_group", "n_employees"} <= set(table.columns):
            continue
        mine = table[table["company"] == LITTLE[0]].set_index("work_group")
        values = mine.select_dtypes("number").drop(columns=[c for c in KEPT if c in mine])
        shown = set(mine.index[values.notna().any(axis=1)])
        gone = sizes[LITTLE[0]].drop(list(shown))
        checked += 1
        assert LITTLE[1] in gone.index and len(gone) >= 2 and gone.sum() >= LIMITS["employees"], (name, mine)
        assert len(shown) == 1 and len(table) > 30
    assert checked


def test_files_are_marked_and_listed(written):
    out, tables, findings = written
    marks = {file: mark for body in findings.values() for file, mark in body["files"].items()}
    assert marks["tables/nps_margin.units.csv"] == marks["tables/data_check.lost_zeros.csv"] == "internal"
    assert marks["tables/nps_margin.tiers.csv"] == marks["tables/data_check.checks.csv"] == "client"
    assert marks["figures/data_check.missing.png"] == "internal" and marks["figures/data_check.sizes.png"] == "client"
    names = set(study_names())
    for file, mark in marks.items():
        if file.endswith(".csv") and mark == "client":
            text = (out / file).read_text(encoding="utf-8")
            assert not any(f"{name}," in text for name in names), file
    readme = (out / "README.md").read_text(encoding="utf-8")
    assert all(f"| {file} | {mark} |" in readme for file, mark in marks.items())
    assert {str(p.relative_to(out)) for p in out.rglob("*.csv")} <= set(marks)


def study_names():
    return [f"C{i:02d}" for i in range(1, 15)] + [f"C{i:02d}-{g}" for i in range(1, 15) for g in "abc"]


def test_pages_hide_what_the_files_hide(study):
    groups = Groups(study)
    frame = cx.nps(study, by="unit").rename(columns={"n": "n_answers", "estimate": "nps"})[["unit", "n_answers", "nps"]]
    html = without_small_groups(frame.to_html(), study.thresholds, groups)
    rows = [row for row in html.split("<tr>") if f"<td>{SMALL}</td>" in row]
    assert len(rows) == 1 and "–" in rows[0] and f"{frame.set_index('unit').loc[SMALL, 'nps']:.6f}" not in rows[0]
    written = suppress(frame, study.thresholds, groups=groups)
    gone = written.loc[written["nps"].isna(), "unit"]
    assert {
        unit
        for unit in frame["unit"]
        if f"<td>{unit}</td>" in html and "–" in html.split(f"<td>{unit}</td>")[1].split("</tr>")[0]
    } == set(gone)
    whole = frame[frame["n_answers"] > 40][["unit", "n_answers", "nps"]].to_html()
    assert without_small_groups(whole, study.thresholds) == whole


def test_an_index_that_names_the_groups_is_read_too(study):
    frame = pd.DataFrame(
        {"n_answers": [3, 8, 30], "nps": [1.5, 2.5, 3.5]}, index=pd.Index(["a", "b", "c"], name="company")
    )
    html = without_small_groups(frame.to_html(), LIMITS)
    assert "1.5" not in html and "2.5" not in html and "3.5" in html and "30" in html


@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=12), st.lists(st.integers(0, 12), max_size=3), st.integers(1, 10)
)
@settings(max_examples=300, deadline=None)
def test_what_is_hidden_is_two_groups_and_enough_answers_or_everything(sizes, others, limit):
    out = hidden(sizes, limit, others)
    sizes = np.array(sizes)
    assert out[sizes < limit].all()
    away = [*sizes[out & (sizes > 0)], *(o for o in others if o > 0)]
    assert not away or out.all() or (len(away) >= 2 and sum(away) >= limit)


@given(st.lists(st.integers(1, 20), min_size=2, max_size=8))
@settings(max_examples=200, deadline=None)
def test_no_more_is_hidden_than_needed(sizes):
    """Showing the largest hidden group of enough answers again would give the rest away."""
    out, sizes = hidden(sizes, 5), np.array(sizes)
    extra = np.flatnonzero(out & (sizes >= 5))
    for place in extra[-1:]:
        rest = np.delete(sizes[out], np.flatnonzero(np.flatnonzero(out) == place))
        assert len(rest) < 2 or rest.sum() < 5 or len(extra) > 1


def test_unit_and_year_together_leave_no_line_with_one_hidden_cell():
    units, years = list("abcd"), [2022, 2023, 2024]
    table = pd.DataFrame(
        [(u, y, 10 + i + j, 1.0) for i, u in enumerate(units) for j, y in enumerate(years)],
        columns=["unit", "year", "n_answers", "nps"],
    )
    table.loc[4, "n_answers"] = 3
    gone = suppress(table, LIMITS)["nps"].isna().to_numpy().reshape(4, 3)
    assert gone[1, 1]
    assert all(line.sum() != 1 for line in (*gone, *gone.T))


def test_two_tables_hide_the_same_groups(study):
    """One table lacks C13; each alone could hide another neighbour, and together they would show all but one."""
    groups = Groups(study)
    sizes = (
        study.customers.frame()
        .groupby("company", as_index=False)
        .size()
        .rename(columns={"company": "unit", "size": "n_answers"})
    )
    sizes = sizes.assign(nps=1.0)
    seen = set()
    for table in (sizes, sizes[sizes["unit"] != "C13"], sizes[sizes["unit"] != "C01"]):
        shown = suppress(table.reset_index(drop=True), LIMITS, groups=groups)
        seen |= set(shown.loc[shown["nps"].notna(), "unit"])
    rest = sizes[~sizes["unit"].isin(seen)]
    assert len(rest) >= 2 and rest["n_answers"].sum() >= 5


def test_units_of_measurement_are_no_groups(study):
    table = pd.DataFrame(
        {
            "delay": ["early", "late", "later"],
            "n": [3, 9, 30],
            "n_unit": "answers",
            "unit": "NPS points",
            "estimate": [1.0, 2.0, 3.0],
        }
    )
    shown = suppress(table, LIMITS, groups=Groups(study))
    assert shown["estimate"].isna().tolist() == [True, True, False]
    assert shown["reason"].str.contains("worked out").tolist()[:2] == [False, True]


def test_each_side_has_its_threshold_and_reason():
    table = pd.DataFrame(
        {
            "n": [6, 6, 6, 90],
            "n_unit": ["answers", "employees", "companies", "employees"],
            "estimate": [1.0, 2.0, 3.0, 4.0],
        }
    )
    shown = suppress(table, LIMITS)
    assert shown["estimate"].isna().tolist() == [False, True, False, True]
    assert "Fewer than 7" in shown.loc[1, "reason"] and shown.loc[0, "reason"] is None


def test_no_message_or_file_quotes_a_comment(study, tmp_path):
    secret = "my neighbour Gunnar was rude"
    folder = tmp_path / "commented"
    folder.mkdir()
    rows = "".join(f"r{i},A,{i % 11},{secret}\n" for i in range(30)) + f"r30,A,77,{secret}\n"
    (folder / "customers.csv").write_text("response_id,company,recommend,comment\n" + rows, encoding="utf-8")
    (folder / "study.yaml").write_text(
        "format: 1\nname: commented\ntables:\n  customers: {file: customers.csv}\n", encoding="utf-8"
    )
    with pytest.raises(cx.DataError) as caught:
        cx.open_study(folder)
    assert "Gunnar" not in str(caught.value)
    (folder / "study.yaml").write_text(
        "format: 1\nname: commented\ntables:\n  customers: {file: customers.csv, missing: [77]}\n", encoding="utf-8"
    )
    opened = cx.open_study(folder)
    opened.record(cx.data_check(opened), folder / "out")
    for path in (folder / "out").rglob("*"):
        if path.is_file() and path.suffix != ".png":
            assert "Gunnar" not in path.read_text(encoding="utf-8"), path


def test_an_executed_notebook_is_cleaned_with_its_plain_text(tmp_path):
    import nbformat
    from nbformat.v4 import new_code_cell, new_notebook, new_output

    frame = pd.DataFrame({"company": ["a", "b", "c"], "n_answers": [3, 8, 30], "nps": [11.5, 22.5, 33.5]})
    data = {"text/html": frame.to_html(), "text/plain": frame.to_string()}
    cell = new_code_cell("frame", outputs=[new_output("execute_result", data=data, execution_count=1)])
    nbformat.write(new_notebook(cells=[cell]), tmp_path / "one.ipynb")
    hide_small_groups(tmp_path / "one.ipynb", LIMITS, None)
    text = (tmp_path / "one.ipynb").read_text(encoding="utf-8")
    assert "11.5" not in text and "22.5" not in text and "33.5" in text
