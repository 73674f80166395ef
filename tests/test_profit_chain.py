"""Service-profit chain: other software's numbers, identities, anonymity, what is lacking, bad input, what is said."""

import ast
import builtins
import doctest
import importlib
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from chain_study import FEELINGS, drawn, write

import cxstudy as cx
from cxstudy.analyses.profit_chain import answerable, profit_chain
from cxstudy.answerable import sentence
from cxstudy.claims import declared
from cxstudy.faults import DataError, NotTestable
from cxstudy.language import LANGUAGES, catalogue, say
from cxstudy.measures import chain_paths, literature
from cxstudy.measures.chain_data import ChainData
from cxstudy.measures.chain_latent import latent_chain
from cxstudy.measures.chain_links import managers
from cxstudy.measures.chain_paths import ChainPaths
from cxstudy.measures.chain_quality import chain_quality
from cxstudy.measures.chain_scales import chain_scales
from cxstudy.report.record import record
from cxstudy.stats import path_through
from cxstudy.stats.mediation import mediation
from cxstudy.stats.path_through import through
from cxstudy.stats.paths import fit_paths

PACKAGE = Path(cx.__file__).parent
STAFF = ["leadership", "employer_brand", "engagement", "ambassadors"]
SCALES = {"leadership": (1, 10), "employer_brand": (1, 10), "engagement": (1, 10), "recommend_employer": (0, 10)}
SCALES |= dict.fromkeys(FEELINGS, (1, 5))
QUICK = {"replicates": 200}


def number(result, name):
    return result[f"profit_chain.{name}"]


@pytest.fixture(scope="module")
def frames():
    return drawn(1, companies=40)


@pytest.fixture(scope="module")
def study(tmp_path_factory, frames):
    return write(tmp_path_factory.mktemp("chain"), *frames)


@pytest.fixture(scope="module")
def data(study):
    return ChainData(study)


@pytest.fixture(scope="module")
def bare(tmp_path_factory, frames):
    return profit_chain(write(tmp_path_factory.mktemp("bare"), *frames[:2]), **QUICK)


@pytest.fixture(scope="module")
def result(study):
    return profit_chain(study, replicates=500)


@pytest.fixture(scope="module")
def sample():
    return profit_chain(cx.open_study(), **QUICK)


@pytest.fixture(scope="module")
def by_hand(frames):
    """One row a company from the answers, in pandas: every scale on 0–100, NPS, margin."""
    customers, employees, financials = frames
    on = {q: 100 * (employees[q] - low) / (high - low) for q, (low, high) in SCALES.items()}
    on = pd.DataFrame(on).assign(company=employees["company"])
    on["ambassadors"] = on[["recommend_employer", *FEELINGS]].mean(axis=1)
    out = on.groupby("company")[[*STAFF, "thriving"]].mean()
    score = 100.0 * (customers["recommend"] >= 9) - 100.0 * (customers["recommend"] <= 6)
    out["loyalty"] = score.groupby(customers["company"]).mean()
    out["margin"] = financials.groupby("company")["operating_margin"].mean()
    return out


def ols(formula, data, **how):
    return smf.ols(formula, (data - data.mean()) / data.std()).fit(**how)


# --- numbers ---------------------------------------------------------------------------------------------------------


def test_units_are_the_companies_of_the_answers(result, by_hand):
    units = result.units.set_index("unit")
    for name in (*STAFF, "loyalty", "margin"):
        assert np.allclose(units[name], by_hand[name], rtol=1e-10), name
    assert np.allclose(units["satisfied_staff"], by_hand["thriving"], rtol=1e-10)


def test_paths_and_errors_are_those_of_statsmodels(result, by_hand):
    equations = {"loyalty": STAFF, "margin": [*STAFF, "loyalty"], "engagement": STAFF[:2], "ambassadors": STAFF[:3]}
    for outcome, given in equations.items():
        fit = ols(f"{outcome} ~ {' + '.join(given)}", by_hand, cov_type="HC3")
        rows = result.paths[result.paths["to"] == outcome].set_index("from")
        assert list(rows.index) == given
        assert np.allclose(rows["estimate"], fit.params[given], rtol=1e-8)
        assert np.allclose(rows["std_error"], fit.bse[given], rtol=1e-8)
        share = result.equations.set_index("outcome").loc[outcome, "estimate"]
        assert share == pytest.approx(fit.rsquared, rel=1e-10)


def test_what_passes_loyalty_is_a_total_times_the_path_from_loyalty(result, by_hand):
    last = ols(f"margin ~ {' + '.join([*STAFF, 'loyalty'])}", by_hand).params["loyalty"]
    for name, held in (("leadership", STAFF[:2]), ("employer_brand", STAFF[:2]), ("engagement", STAFF[:3])):
        total = ols(f"loyalty ~ {' + '.join(held)}", by_hand).params[name]
        assert number(result, f"indirect_{name}").estimate == pytest.approx(total * last, rel=1e-8)


def test_the_total_is_the_regression_without_what_lies_between(result, by_hand):
    fit = ols("margin ~ leadership + employer_brand", by_hand)
    assert number(result, "total_leadership").estimate == pytest.approx(fit.params["leadership"], rel=1e-8)
    raw = smf.ols("loyalty ~ leadership + employer_brand", by_hand).fit().params["leadership"]
    step = number(result, "loyalty_points_leadership")
    assert step.estimate == pytest.approx(5 * raw, rel=1e-8) and step.unit == "NPS points per +5"


def test_points_is_a_step_and_nothing_else(data, result):
    double = ChainPaths(data, points=10, replicates=500)
    one, two = number(result, "outcome_points_engagement"), double.step("engagement", "margin")
    assert two["estimate"] == pytest.approx(2 * one.estimate) and two["ci_low"] == pytest.approx(2 * one.ci_low)
    assert double.effect("engagement", "margin", "total")["ci_low"] == number(result, "total_engagement").ci_low


def test_direct_and_indirect_add_up_and_routes_past_loyalty_are_no_more(result):
    table = result.effects[result.effects["to"] == "margin"].pivot(index="from", columns="kind", values="estimate")
    three = table.loc[STAFF]
    assert np.allclose(three["direct"] + three["indirect"], three["total"])
    assert three.loc["ambassadors", "through"] == pytest.approx(three.loc["ambassadors", "indirect"])


def test_one_scale_alone_is_a_correlation(tmp_path, frames):
    customers, employees, financials = frames
    study = write(tmp_path / "s", customers, employees.drop(columns=["work_group"]), financials)
    found = profit_chain(study, **QUICK)
    r = np.corrcoef(found.units["engagement"], found.units["loyalty"])[0, 1]
    row = number(found, "engaged_staff_to_loyal_customers")
    assert row.estimate == pytest.approx(r, rel=1e-10) and row.n_unit == "companies"
    assert "no column work_group" in found.note("profit_chain.note.clusters")


def test_links_by_work_group_are_those_of_statsmodels(result):
    groups = result.work_groups
    columns = ["satisfied_staff", "engagement", "satisfied_customers", "loyalty"]
    z = (groups[columns] - groups[columns].mean()) / groups[columns].std()
    codes = {"cov_type": "cluster", "cov_kwds": {"groups": pd.factorize(groups["company"])[0]}}
    rows = result.staff[result.staff["level"] == "work groups"].set_index(["to", "staff", "model"])
    for to in ("satisfied_customers", "loyalty"):
        fit = smf.ols(f"{to} ~ satisfied_staff + engagement", z).fit(**codes)
        for name in ("satisfied_staff", "engagement"):
            row = rows.loc[(to, name, "together")]
            assert row["estimate"] == pytest.approx(fit.params[name], rel=1e-8)
            assert row["std_error"] == pytest.approx(fit.bse[name], rel=1e-8)


def test_revenue_is_the_logarithm_of_the_mean_and_per_employee_beside_it(study, result, frames):
    mean = frames[2].groupby("company")["revenue"].mean()
    r = np.corrcoef(np.log(mean.loc[result.units["unit"]]), result.units["engagement"])[0, 1]
    assert number(result, "engaged_staff_to_revenue").estimate == pytest.approx(r, rel=1e-10)
    assert {"log_revenue_per_employee", "organic_growth", "margin"} < set(result.staff["to"])


def test_managers_are_put_beside_results_and_the_others(tmp_path):
    customers, employees, financials = drawn(2, companies=20, managers=4, customers=6)
    data = ChainData(write(tmp_path / "s", customers, employees, financials))
    table = managers(data, ["manager"], confidence=0.95).set_index("to")
    index = 100 * (employees["engagement"] - 1) / 9
    lead, firm = employees["role"] == "manager", employees["company"]
    both = pd.DataFrame({"lead": index[lead].groupby(firm).mean(), "staff": index[~lead].groupby(firm).mean()})
    both["margin"] = financials.groupby("company")["operating_margin"].mean()
    for to in ("margin", "staff"):
        fit = smf.ols(f"{to} ~ lead", both).fit(cov_type="HC3")
        assert table.loc[to, "estimate"] == pytest.approx(10 * fit.params["lead"], rel=1e-8)
        assert table.loc[to, "std_error"] == pytest.approx(10 * fit.bse["lead"], rel=1e-8)


def test_a_few_managers_or_a_few_others_are_no_row(tmp_path):
    customers, employees, financials = drawn(3, companies=30, groups=1, employees=12, managers=8)
    data = ChainData(write(tmp_path / "s", customers, employees, financials))
    # 8 managers may be shown, but 4 others could then be worked out from all 12
    row = managers(data, ["manager"], confidence=0.95).iloc[0]
    assert row["n"] == 0 and row["n_missing"] == 30 and row["reason"] == "few-managers"
    alone = employees.assign(role="manager")
    data = ChainData(write(tmp_path / "a", customers, alone, financials))
    table = managers(data, ["manager"], confidence=0.95).set_index("to")
    assert table.loc["margin", "n"] == 30 and table.loc["staff", "reason"] == "few-managers"


def test_who_leads_in_time(tmp_path):
    frames = drawn(4, companies=20, groups=1, years=(2022, 2023, 2024))
    found = profit_chain(write(tmp_path / "s", *frames), **QUICK)
    row = number(found, "lagged_employees_to_customers")
    assert row.n == 40 and row.n_unit == "company-years" and np.isfinite(row.ci_low)
    assert np.isfinite(number(found, "lagged_customers_to_employees").estimate)
    assert "weak evidence" in found.note("profit_chain.note.spiral")


@pytest.mark.parametrize("way", ["no date", "one year", "names changed"])
def test_waves_that_cannot_be_matched_are_said(tmp_path, way):
    customers, employees, financials = drawn(4, companies=20, groups=1, years=(2023, 2024))
    if way == "no date":
        employees = employees.drop(columns="date")
    elif way == "one year":
        employees = employees[employees["date"].str.startswith("2024")]
    else:
        late = employees["date"].str.startswith("2024")
        employees = employees.assign(company=employees["company"].where(~late, "X" + employees["company"]))
    found = profit_chain(write(tmp_path / "s", customers, employees, financials), **QUICK)
    row = number(found, "lagged_employees_to_customers")
    said = {"no date": "need a year", "one year": "a single year", "names changed": "waves must be matched by unit"}
    assert np.isnan(row.estimate) and said[way] in row.reason
    assert said[way] in found.note("profit_chain.note.spiral.none")


def test_years_make_rows_clustered_by_unit(tmp_path):
    frames = drawn(5, companies=20, groups=1, years=(2022, 2023, 2024))
    data = ChainData(write(tmp_path / "s", *frames, more="pairing: same_year"))
    model = ChainPaths(data, **QUICK)
    assert data.kind == "company-years" and model.n == 60
    assert set(model.tables["paths"]["method"]) == {"OLS, clustered"} and set(model.tables["paths"]["df"]) == {19}
    year = data.units.set_index(["unit", "year"])
    one = frames[1].query("company == 'C003' and date == '2023-06-15'")["leadership"]
    assert year.loc[("C003", 2023), "leadership"] == pytest.approx(100 * (one.mean() - 1) / 9)


def test_mediation_is_by_work_group_with_the_groups_own_error(result):
    groups = result.work_groups
    a = smf.ols("ambassadors ~ leadership", groups).fit().params["leadership"]
    rows = result.mediation.set_index("effect")
    assert rows.loc["a", "estimate"] == pytest.approx(a, rel=1e-8)
    product = rows.loc["a", "estimate"] * rows.loc["b", "estimate"]
    assert number(result, "mediated_leadership").estimate == pytest.approx(product) and (rows["n"] == len(groups)).all()


def test_mediation_of_group_means_is_that_of_the_answers(result, frames):
    customers = frames[0]
    score = 100.0 * (customers["recommend"] >= 9) - 100.0 * (customers["recommend"] <= 6)
    named = result.work_groups.set_index("work_group")[["leadership", "ambassadors"]]
    group = customers["work_group"].to_numpy()
    persons = named.loc[group].assign(loyalty=score.to_numpy(), group=group)
    given = {"x": "leadership", "m": "ambassadors", "y": "loyalty", "draws": 50_000}
    direct = mediation(persons, group="group", **given).set_index("effect")["estimate"]
    assert np.allclose(result.mediation.set_index("effect")["estimate"], direct, rtol=1e-6)


def test_reliability_is_that_of_the_items_on_0_to_100(study, result, frames):
    items = ["recommend_employer", *FEELINGS]
    on = pd.DataFrame({q: 100 * (frames[1][q] - SCALES[q][0]) / (SCALES[q][1] - SCALES[q][0]) for q in items})
    found = cx.alpha(on.rename(columns=lambda c: f"q_{c}"), [f"q_{q}" for q in items])
    assert number(result, "alpha_ambassadors").estimate == pytest.approx(found["estimate"].iloc[0], rel=1e-10)
    assert number(result, "alpha_leadership").reason.startswith("One question alone: its reliability")
    assert "omega_ambassadors" in " ".join(f.id for f in result.findings)


def test_declared_scales_get_htmt(tmp_path, frames):
    more = "items: {engagement: [engagement, leadership], satisfied_staff: [trust, thriving]}"
    study = write(tmp_path / "s", *frames, more=more)
    scales = chain_scales(study)
    assert list(scales.staff["engagement"]) == ["engagement", "leadership"]
    tables = chain_quality(study, scales, replicates=100)
    pairs = tables["scale_pairs"]
    # satisfied_staff shares questions with ambassadors, so it is judged by itself
    assert set(zip(pairs["scale"], pairs["other"], strict=True)) == {("engagement", "ambassadors")}
    assert set(pairs["measure"]) == {"htmt", "squared_correlation"} and pairs["estimate"].gt(0).all()
    assert "satisfied_staff" in set(tables["quality"]["scale"])


def test_a_scale_whose_low_end_is_good_is_turned(tmp_path, frames, by_hand):
    customers, employees, financials = frames
    turned = employees.assign(leadership=11 - employees["leadership"])
    scales = {"leadership": "{low: 1, high: 10, better: low}"}
    data = ChainData(write(tmp_path / "s", customers, turned, financials, scales=scales))
    assert np.allclose(data.units.set_index("unit")["leadership"], by_hand["leadership"])


# --- the statistic ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def drawn_rows():
    rng = np.random.default_rng(8)
    a, b = rng.normal(size=(2, 120))
    m = 0.5 * a + 0.3 * b + rng.normal(size=120)
    n = 0.4 * m + rng.normal(size=120)
    return pd.DataFrame({"a": a, "b": b, "m": m, "n": n, "y": 0.4 * m + 0.3 * n + 0.2 * a + rng.normal(size=120)})


def test_through_is_the_sum_of_the_routes_that_pass(drawn_rows):
    paths = {"m": ["a", "b"], "n": ["m", "a"], "y": ["m", "n", "a"]}
    effects = fit_paths(drawn_rows, paths, replicates=100).effects
    routes = effects[(effects["from"] == "a") & (effects["to"] == "y") & effects["path"].str.contains("→ m →")]
    routes = routes[routes["kind"] == "route"]
    found = through(drawn_rows, paths, middle="m", end="y", replicates=100).set_index("from")
    assert len(routes) == 2 and found.loc["a", "estimate"] == pytest.approx(routes["estimate"].sum(), rel=1e-10)
    assert list(found.index) == ["a", "b"]


def test_through_has_the_interval_of_fit_paths_where_both_say_the_same(drawn_rows):
    paths = {"m": ["a"], "y": ["m", "a"]}
    effects = fit_paths(drawn_rows, paths, replicates=300, seed=3).effects
    same = effects[effects["path"] == "a → … → y"].iloc[0]
    row = through(drawn_rows, paths, middle="m", end="y", replicates=300, seed=3).iloc[0]
    for column in ("estimate", "std_error", "ci_low", "ci_high"):
        assert row[column] == pytest.approx(same[column], rel=1e-10)


def test_through_changes_with_no_unit(drawn_rows):
    paths = {"m": ["a", "b"], "y": ["m", "a"]}
    scaled = drawn_rows.assign(a=drawn_rows["a"] * 1e8, y=5 - drawn_rows["y"] * 1e-6)
    one, two = (through(d, paths, middle="m", end="y", replicates=100)["estimate"] for d in (drawn_rows, scaled))
    assert np.allclose(one, -two)


def test_through_covers_the_true_product():
    rng, held = np.random.default_rng(12), 0
    a, b = 0.5, 0.4
    for _ in range(200):
        x = rng.normal(size=80)
        m = a * x + np.sqrt(1 - a**2) * rng.normal(size=80)
        y = b * m + np.sqrt(1 - b**2) * rng.normal(size=80)
        data = pd.DataFrame({"x": x, "m": m, "y": y})
        row = through(data, {"m": "x", "y": ["m", "x"]}, middle="m", end="y", replicates=300, seed=rng).iloc[0]
        held += row["ci_low"] <= a * b <= row["ci_high"]
    assert 0.895 <= held / 200 <= 0.99


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"middle": "z"}, "no variable 'z'"),
        ({"middle": "y", "end": "m"}, "y must lead to m"),
        ({"paths": {"m": "y", "y": "m"}}, "must not lead back to itself"),
        ({"method": "bayes"}, "method"),
    ],
)
def test_through_says_what_is_wrong(drawn_rows, change, said):
    given = {"paths": {"m": ["a"], "y": ["m"]}, "middle": "m", "end": "y"} | change
    with pytest.raises(ValueError, match=said):
        through(drawn_rows, given.pop("paths"), **given)


@pytest.mark.parametrize("module", [path_through, chain_paths, literature])
def test_examples(module):
    assert doctest.testmod(module, extraglobs={"pd": pd, "np": np}).failed == 0


# --- what is delivered, and what is lacking --------------------------------------------------------------------------


def test_every_declared_finding_is_delivered_once(sample, result):
    wanted = {
        name for claim in declared() for part in claim.declaration.parts for name in (part.finding, *part.beside)
        if name.startswith("profit_chain.")
    }  # fmt: skip
    assert len(wanted) >= 10
    for one in (sample, result):
        ids = [f.id for f in one.findings]
        assert wanted <= set(ids) and len(ids) == len(set(ids))
        assert all(f.n_unit and f.confidence == 0.95 for f in one.findings)


def test_the_sample_lacks_an_employer_brand_and_a_second_wave(sample):
    assert number(sample, "indirect_employer_brand").reason == "The study has no usable employer_brand."
    assert "a single year" in number(sample, "lagged_employees_to_customers").reason
    assert number(sample, "indirect_leadership").ci_low > 0
    assert "engagement" in sample.note("profit_chain.note.asked_twice")


def test_a_study_without_links_shows_none(tmp_path):
    found = profit_chain(write(tmp_path / "s", *drawn(11, link=0.0, groups=1)), **QUICK)
    row = number(found, "indirect_leadership")
    assert row.ci_low < 0 < row.ci_high and found.reading.key == "profit_chain.undecided"


def test_links_turned_round_are_said_to_be(tmp_path):
    customers, employees, financials = drawn(12, companies=60, groups=1)
    financials = financials.assign(operating_margin=12 - financials["operating_margin"])
    against = profit_chain(write(tmp_path / "s", customers, employees, financials), **QUICK)
    assert against.reading.key == "profit_chain.contrary" and number(against, "indirect_leadership").ci_high < 0


def test_n_and_n_missing_count_every_unit(tmp_path, frames):
    customers, employees, financials = frames
    few = employees[~employees["company"].isin(["C000", "C001"]) | (employees.groupby("company").cumcount() < 5)]
    none = few.assign(leadership=few["leadership"].where(few["company"] != "C002"))
    model = ChainPaths(ChainData(write(tmp_path / "s", customers, none, financials)), **QUICK)
    assert (model.n, model.n_missing) == (37, 3)
    for table in model.tables.values():
        assert (table["n"] == 37).all() and (table["n_missing"] == 3).all()


def test_nothing_under_the_threshold_is_used_or_recorded(tmp_path, study, result):
    assert (result.units["n_employees"] >= 7).all() and (result.units["n_answers"] >= 5).all()
    assert (result.work_groups["n_employees"] >= 7).all() and (result.work_groups["n_answers"] >= 5).all()
    record(study, result, tmp_path / "out")
    written = pd.read_csv(tmp_path / "out" / "tables" / "profit_chain.units.csv")
    assert len(written) == 40 and (written["n_employees"] >= 7).all()
    assert {p.stem for p in (tmp_path / "out" / "figures").glob("*.png")} == {
        f"profit_chain.{kind}" for kind in ("paths", "effects", "staff")
    }


def test_without_results_the_work_groups_answer_alone(bare):
    assert bare.reading.key == "profit_chain.groups" and "financials" in bare.sentence()
    assert np.isfinite(number(bare, "satisfied_staff_to_satisfied_customers").estimate)
    assert "financials" in number(bare, "indirect_leadership").reason
    assert "financials.revenue" in number(bare, "engaged_staff_to_revenue").reason
    assert bare.paths.empty and np.isfinite(number(bare, "mediated_leadership").estimate)


@pytest.mark.parametrize(("companies", "groups"), [(9, 4), (1, 14)])
def test_fewer_than_10_units_or_one_company_give_no_paths(tmp_path, companies, groups):
    study = write(tmp_path / "s", *drawn(6, companies=companies, groups=groups))
    found = profit_chain(study, **QUICK)
    assert f"these data have {companies}" in number(found, "indirect_engagement").reason
    assert np.isfinite(number(found, "engaged_staff_to_loyal_customers").ci_low)
    assert "one by one" in found.note("profit_chain.note.clusters.few")
    assert answerable(study).status == "strong-only"


def test_one_small_company_cannot_answer(tmp_path):
    study = write(tmp_path / "s", *drawn(6, companies=1, groups=3))
    with pytest.raises(NotTestable, match="at least 10 companies with both sides and results; these data have 1"):
        profit_chain(study, **QUICK)
    assert answerable(study).status == "no"


def test_scales_that_are_the_same_are_named(tmp_path, frames):
    customers, employees, financials = frames
    study = write(tmp_path / "s", customers, employees.assign(engagement=employees["leadership"]), financials)
    found = profit_chain(study, **QUICK)
    assert "leadership and engagement must not be the same thing" in number(found, "indirect_leadership").reason
    assert np.isfinite(number(found, "satisfied_staff_to_loyal_customers").estimate)


@pytest.mark.parametrize("side", ["employees", "customers"])
def test_a_missing_side_is_said(tmp_path, frames, side):
    named = dict(zip(("customers", "employees", "financials"), frames, strict=True)) | {side: None}
    study = write(tmp_path / "s", **named, more="")
    assert side in sentence(answerable(study)) and answerable(study).status == "no"
    with pytest.raises(NotTestable):
        profit_chain(study, **QUICK)


def test_one_scale_is_a_chain_and_others_are_said_to_lack(tmp_path, frames):
    customers, employees, financials = frames
    only = employees.drop(columns=["leadership", "employer_brand", *FEELINGS, "recommend_employer", "role"])
    found = profit_chain(write(tmp_path / "s", customers, only, financials), **QUICK)
    assert np.isfinite(number(found, "indirect_engagement").ci_low)
    assert number(found, "indirect_leadership").reason == "The study has no usable leadership."
    assert number(found, "margin_slope_managers").reason == "The employees' table has no column role."
    assert "thriving" in number(found, "satisfied_staff_to_satisfied_customers").reason


def test_another_level_names_managers_and_an_unknown_one_is_said(data, result):
    assert managers(data, ["chief"], confidence=0.95).loc[0, "reason"] == "no-managers"
    assert managers(data, ["manager", "employee"], confidence=0.95).loc[0, "n"] == 40
    assert number(result, "margin_slope_managers").n_unit == "companies"


def test_counted_tables_answer_from_their_means(tmp_path, frames):
    customers, employees, financials = frames
    by = {"company": employees["company"]}
    counted = employees.groupby("company")[["leadership", "engagement", *FEELINGS]].mean().reset_index()
    counted.insert(1, "n", employees.groupby(by["company"]).size().to_numpy())
    folder = tmp_path / "s"
    write(folder, customers, employees, financials)
    counted.to_csv(folder / "employees.csv", index=False)
    text = (folder / "study.yaml").read_text(encoding="utf-8")
    means = ", ".join(f"{q}: {{mean: {q}}}" for q in ("leadership", "engagement", *FEELINGS))
    text = text.replace("{file: employees.csv}", f"{{file: employees.csv, rows: counted, means: {{{means}}}}}")
    text = "\n".join(x for x in text.split("\n") if "employer_brand:" not in x and "recommend_employer:" not in x)
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    study = cx.open_study(folder)
    data = ChainData(study)
    assert np.allclose(data.units["leadership"], 100 * (counted["leadership"] - 1) / 9, rtol=1e-10)
    assert np.isfinite(ChainPaths(data, **QUICK).effect("ambassadors", "margin", "through")["ci_low"])
    quality = chain_quality(study, data.scales, replicates=100)["quality"].set_index("scale")
    assert quality.loc["ambassadors", "reason"] == "counted"


# --- settings --------------------------------------------------------------------------------------------------------


def test_an_own_model_has_findings_of_its_own(study):
    found = profit_chain(study, paths={"loyalty": "engagement", "margin": ["loyalty"]}, **QUICK)
    assert not any(f.id == "profit_chain.indirect_engagement" for f in found.findings)
    assert np.isfinite(found["profit_chain.own.indirect_engagement"].estimate)
    assert "does not hold" in found["profit_chain.own.indirect_leadership"].reason
    assert found.reading.key == "profit_chain.own" and "employee engagement and customer loyalty" in found.sentence()


def test_a_model_back_to_front_has_nothing_through_loyalty(study):
    found = profit_chain(study, paths={"loyalty": "margin", "engagement": ["loyalty", "margin"]}, **QUICK)
    assert "through" not in set(found.effects["kind"]) and found.note("profit_chain.note.effects.own")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"paths": {"loyalty": "engagement", "engagement": "loyalty"}}, "back to itself; found engagement → loyalty → engagement"),
        ({"paths": {"loyalty": "engagment"}}, "nearest: engagement"),
        ({"paths": {}}, "paths must be a dict"),
        ({"paths": {"loyalty": []}}, "has no predictor"),
        ({"confidence": 95}, "confidence must lie between 0 and 1"),
        ({"replicates": 3}, "replicates"),
        ({"points": 0}, "points is a step on a scale of 0–100"),
        ({"points": "5"}, "points is a step"),
        ({"loyalty": "csat"}, "loyalty must be one of nps, promoter_share"),
        ({"role": []}, "role names one or several levels"),
        ({"outcome": "operating_magin"}, "nearest: operating_margin"),
        ({"minimum_employees": 2}, "at least 7, the study's anonymity threshold"),
        ({"minimum_customers": True}, "at least 5"),
    ],
)
def test_a_wrong_setting_is_answered(study, settings, said):
    with pytest.raises(ValueError, match=said):
        profit_chain(study, **(QUICK | settings))


def test_an_own_model_that_is_not_identified_is_refused(tmp_path, frames):
    customers, employees, financials = frames
    study = write(tmp_path / "s", customers, employees.assign(leadership=employees["engagement"]), financials)
    with pytest.raises(NotTestable, match="not identified"):
        profit_chain(study, paths={"loyalty": ["leadership", "engagement"]}, **QUICK)


def test_a_margin_written_as_a_ratio_is_refused(tmp_path, frames):
    customers, employees, financials = frames
    small = financials.assign(operating_margin=financials["operating_margin"] / 100).drop(columns=["revenue"])
    with pytest.raises(DataError, match="0.09|ratio|%"):
        profit_chain(write(tmp_path / "s", customers, employees, small), **QUICK)


def test_other_outcomes_and_loyalty_are_named_in_the_finding(study):
    found = profit_chain(study, outcome="organic_growth", loyalty="promoter_share", **QUICK)
    row = found["profit_chain.organic_growth.promoter_share.outcome_points_leadership"]
    assert row.unit == "organic_growth per +5" and "organic growth" in found.sentence()
    row = found["profit_chain.organic_growth.promoter_share.loyalty_points_leadership"]
    assert row.unit == "percentage points per +5"


def test_the_same_seed_gives_the_same_numbers(data):
    one, two, other = (ChainPaths(data, seed=s, **QUICK).effect("leadership", "margin", "through") for s in (1, 1, 2))
    assert one["ci_low"] == two["ci_low"] != other["ci_low"] and one["estimate"] == other["estimate"]


# --- appendices and words --------------------------------------------------------------------------------------------


def test_latent_models_say_what_they_need(study, monkeypatch):
    real = importlib.import_module
    lacking = {"semopy", "openpls"}

    def without(name, *args):
        if name in lacking:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, *args)

    monkeypatch.setattr(importlib, "import_module", without)
    data = ChainData(study)
    for kind, package in (("sem", "semopy"), ("pls", "openpls-engine")):
        with pytest.raises(NotTestable, match=rf"needs the package {package}.*cxstudy\[sem\]"):
            latent_chain(data, kind)
    with pytest.raises(ValueError, match="kind must be one of sem, pls"):
        latent_chain(data, "lisrel")


def test_pls_of_single_questions_is_the_observed_path(data):
    pytest.importorskip("openpls")
    paths = {"loyalty": ["leadership", "engagement"], "margin": "loyalty"}
    model = latent_chain(data, "pls", paths=paths)
    observed = ChainPaths(data, paths, **QUICK).tables["paths"]
    direct = model.effects[model.effects["kind"] == "direct"].set_index("path")["estimate"]
    assert np.allclose(direct[observed["path"]], observed["estimate"], atol=1e-8)


def test_latent_models_need_results(tmp_path, frames):
    with pytest.raises(NotTestable, match="financials"):
        latent_chain(ChainData(write(tmp_path / "s", *frames[:2])))


def test_no_estimator_reads_the_literature():
    for path in [*PACKAGE.glob("stats/*.py"), *PACKAGE.glob("measures/*.py"), *PACKAGE.glob("analyses/*.py")]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        modules = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        assert not any("literature" in module for module in modules), path.name
    table = literature.literature("da")
    assert table["estimate"].tolist() == [0.33, 0.17, 1.3, 0.5] and table["source"].str.contains(r"\(\d{4}\)").all()


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_is_said_in_every_language(sample, result, bare, language):
    for one in (sample, result, bare):
        said = [one.sentence(language), *(say(note, language) for note in one.notes)]
        assert all(text and not re.search(r"[{}@]|\bnan\b|None", text) for text in said)
    for word in ("effect", "causes", "leads to", "because of"):
        assert word not in sample.sentence("en")


def test_reasons_of_the_path_models_are_worded():
    for code in ("no-interval", "one-unit-decides", "no-n", "no-proper-solution", "no-replicates", "fixed"):
        for language in LANGUAGES:
            assert f"profit_chain.reason.{code}" in catalogue(language)


def test_check_says_what_would_be_found(study):
    answer = answerable(study)
    assert answer.status == "strong-only" and 0.4 < answer.smallest_effect < 0.45
    assert "40 companies" in sentence(answer)


def test_it_runs_without_the_extra(study, monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.split(".")[0] in ("semopy", "openpls"):
            raise ModuleNotFoundError(name, name=name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    assert np.isfinite(number(profit_chain(study, **QUICK), "indirect_leadership").estimate)
