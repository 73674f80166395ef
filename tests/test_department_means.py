"""Employees whose data come as department means with n and SD: what follows from them is what the answers give."""

import numpy as np
import pytest
from work_group_study import FEELINGS, reference_frames, reference_values, write

import cxstudy as cx

KEYS = ["company", "work_group"]
ASKED = ["recommend_employer", *FEELINGS]
TEN = "{low: 1, high: 10}"
SCALES = f"scales: {{recommend_employer: {{low: 0, high: 10}}, ease: {TEN}, resolution: {TEN}, engagement: {TEN}}}"


def departments(people, sd=True):
    """One row a department: n, and mean (and SD) of each question."""
    by = people.groupby(KEYS)[ASKED]
    frame = by.mean().assign(n=by.size())
    return (frame.join(by.std().add_suffix("_sd")) if sd else frame).reset_index()


def write_departments(folder, customers, frame, sd=True):
    """A study of customers' answers and of department means."""
    folder.mkdir()
    customers.to_csv(folder / "customers.csv", index=False)
    frame.to_csv(folder / "departments.csv", index=False)
    means = ", ".join(f"{q}: {{mean: {q}{f', sd: {q}_sd' if sd else ''}}}" for q in ASKED)
    lines = ["format: 1", "name: departments", "tables:", "  customers: {file: customers.csv}"]
    lines += [f"  employees: {{file: departments.csv, rows: counted, means: {{{means}}}}}"]
    lines += ["items: {cx_index: [ease, resolution, engagement]}", SCALES]
    (folder / "study.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return cx.open_study(folder)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """The analysis of the same people by answers, by department means with SD, and by means alone."""
    folder = tmp_path_factory.mktemp("departments")
    customers, employees = reference_frames()
    people = employees.dropna(subset=ASKED)
    studies = {
        "answers": write(folder / "answers", customers, people),
        "sd": write_departments(folder / "sd", customers, departments(people)),
        "means": write_departments(folder / "means", customers, departments(people, sd=False), sd=False),
    }
    return {name: cx.employee_ambassadors(study, replicates=200) for name, study in studies.items()}


def finding(result, name):
    return result[f"employee_ambassadors.{name}"]


@pytest.mark.parametrize("kind", ["sd", "means"])
@pytest.mark.parametrize("name", ["ratio_raw", "ratio_100", "points", "nps_difference", "nps_slope", "dose_trend"])
def test_what_rests_on_means_is_what_the_answers_give(results, kind, name):
    one, whole = finding(results[kind], name), finding(results["answers"], name)
    assert one.estimate == pytest.approx(whole.estimate, rel=1e-9) and one.n == whole.n
    assert (one.ci_low, one.ci_high) == pytest.approx((whole.ci_low, whole.ci_high), rel=1e-9)


@pytest.mark.parametrize("index", ["icc1", "icc2", "rwg"])
@pytest.mark.parametrize("question", ASKED)
def test_agreement_follows_from_means_sd_and_n(results, index, question):
    one, whole = (finding(results[kind], f"{index}_{question}") for kind in ("sd", "answers"))
    for part in ("estimate", "ci_low", "ci_high", "n"):
        assert getattr(one, part) == pytest.approx(getattr(whole, part), rel=1e-8), part


def test_icc_is_the_one_way_anova_of_the_published_formula(results):
    """ICC(1) = (MSB − MSW) / (MSB + (k − 1) MSW), from the department table alone with plain pandas."""
    customers, employees = reference_frames()
    groups = results["sd"].tables["work_groups"][KEYS]
    frame = departments(employees.dropna(subset=ASKED)).merge(groups, on=KEYS)
    n, mean, sd = frame["n"], frame["trust"], frame["trust_sd"]
    between = (n * (mean - np.average(mean, weights=n)) ** 2).sum() / (len(frame) - 1)
    within = ((n - 1) * sd**2).sum() / (n - 1).sum()
    k = n.mean()
    expected = (between - within) / (between + (k - 1) * within)
    assert finding(results["sd"], "icc1_trust").estimate == pytest.approx(expected, rel=1e-8)


def test_the_agreement_of_the_feelings_together(results):
    one, whole = (finding(results[kind], "rwg_feelings") for kind in ("sd", "answers"))
    assert one.estimate == pytest.approx(whole.estimate, rel=1e-8)


def test_what_means_cannot_tell_is_said(results):
    for kind, name, reason in (
        ("sd", "icc1_ambassador_index", "The source gives each question by itself"),
        ("sd", "icc2_ambassador_index", "The source gives each question by itself"),
        ("means", "icc1_ambassador_index", "The source gives means without standard deviations"),
        ("means", "icc1_trust", "The source gives means without standard deviations"),
        ("means", "rwg_trust", "The source gives means without standard deviations"),
    ):
        one = finding(results[kind], name)
        assert np.isnan(one.estimate) and one.reason.startswith(reason), (kind, name)


def test_departments_without_employees_of_their_own_are_counted(results, tmp_path):
    customers, employees = reference_frames()
    frame = departments(employees.dropna(subset=ASKED)).iloc[5:]
    result = cx.employee_ambassadors(write_departments(tmp_path / "some", customers, frame), replicates=200)
    gone = result.tables["left_out"].set_index("reason")["n"]
    whole = results["sd"].tables["left_out"].set_index("reason")["n"]
    assert gone["customers-only"] > whole.get("customers-only", 0)
    assert len(frame) > reference_values()["groups.used"] - 5
