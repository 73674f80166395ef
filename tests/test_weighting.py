"""Post-stratification and raking against R survey; what cannot be weighted is refused, all faults at once."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxstudy.faults import DataError, NotTestable
from cxstudy.measures.satisfaction import csat
from cxstudy.measures.weighting import design_effect, effective_n, post_stratify, rake

REFERENCE = Path(__file__).parent / "reference"
API = pd.read_csv(REFERENCE / "weighting_api.csv")
R = pd.read_csv(REFERENCE / "weighting_expected.csv").set_index("id")
TYPES = {"E": 4421, "H": 755, "M": 1018}
WIDE = {"No": 1072, "Yes": 5122}
BOTH = {"stype": TYPES, "sch.wide": WIDE}


def fixed_weights_mean(y, w):
    """Mean and linearised standard error with the weights taken as given, answers drawn one by one."""
    mean = np.average(y, weights=w)
    return mean, np.sqrt(len(y) / (len(y) - 1) * ((w * (y - mean)) ** 2).sum()) / w.sum()


@pytest.fixture
def found():
    """Both kinds of weighting of the schools, by the names they have in R's table."""
    return {
        "post": post_stratify(API, by="stype", population=TYPES, weights="pw"),
        "rake": rake(API, margins=BOTH, weights="pw"),
    }


@pytest.mark.parametrize("kind", ["post", "rake"])
def test_weights_are_those_of_r_survey(found, kind):
    assert found[kind].weights.to_numpy() == pytest.approx(API[kind].to_numpy(), rel=1e-8)
    assert found[kind].weights.index.equals(API.index) and found[kind].weights.name == "weight"


@pytest.mark.parametrize("kind", ["post", "rake"])
@pytest.mark.parametrize("column", ["api00", "enroll"])
def test_means_are_those_of_r_survey_and_errors_those_of_fixed_weights(found, kind, column):
    mean, error = fixed_weights_mean(API[column], found[kind].weights)
    assert mean == pytest.approx(R.estimate[f"answers {kind} {column}"], rel=1e-8)
    assert error == pytest.approx(R.std_error[f"answers {kind} fixed {column}"], rel=1e-8)
    assert np.average(API[column], weights=API.pw) == pytest.approx(R.estimate[f"answers none {column}"], rel=1e-12)


def test_how_far_fixed_weights_are_from_the_error_of_fitted_ones_is_what_the_docstring_says(found):
    fitted = {"post": "stype", "rake": list(BOTH)}
    ratio = {}
    for design, how in (("answers", {}), ("clusters", {"cluster": "dnum"})):
        for column, scale in (("api00", (200, 1000)), ("enroll", (0, 5000))):
            for kind, margins in fitted.items():
                frame = API.assign(weight=found[kind].weights)
                how = {**how, "weights": "weight", "statistic": "mean", "scale": scale}
                of_fitted = csat(frame, column, calibrated=margins, **how).std_error.item()
                fixed = csat(frame, column, **how).std_error.item()
                assert fixed == pytest.approx(R.std_error[f"{design} {kind} fixed {column}"], rel=1e-8)
                # R's rake leaves out the weights in its regression (tests/test_calibrated.py)
                near = 1e-8 if kind == "post" else 0.01
                assert of_fitted == pytest.approx(R.std_error[f"{design} {kind} {column}"], rel=near)
                ratio.setdefault((design, column), []).append(100 * (fixed / of_fitted - 1))
    little = ratio["answers", "api00"] + ratio["clusters", "api00"]
    assert (round(min(little), 1), round(max(little), 1)) == (0.2, 0.9)
    assert [round(r) for r in ratio["answers", "enroll"]] == [25, 24]
    assert [round(r) for r in ratio["clusters", "enroll"]] == [-8, -9]


def test_every_margin_adds_up_whatever_the_formula(found):
    for margin, population in BOTH.items():
        sums = found["rake"].weights.groupby(API[margin]).sum()
        assert sums.to_dict() == pytest.approx(population, rel=1e-8)
    # raking keeps the odds ratio of the cells it starts from
    for weights in (API.pw, found["rake"].weights):
        table = pd.crosstab(API.stype, API["sch.wide"], weights, aggfunc="sum")
        odds = table.loc["E", "No"] * table.loc["M", "Yes"] / (table.loc["E", "Yes"] * table.loc["M", "No"])
        assert odds == pytest.approx(12 * 17 / (132 * 8), rel=1e-9)


def test_the_report_and_the_cells(found):
    report, w = found["rake"].report.iloc[0], found["rake"].weights
    assert (report.n, report.n_cells, report.population, report.method) == (183, 6, pytest.approx(6194), "raking")
    assert report.design_effect == pytest.approx(R.estimate["design effect of the raked weights"], rel=1e-8)
    assert report.effective_n == pytest.approx(183 / report.design_effect)
    assert (report.smallest, report.largest) == (w.min(), w.max())
    assert report.converged and 3 < report.iterations < 30 and report.deviation <= 1e-9
    cells = found["rake"].cells.set_index(["margin", "category"])
    assert cells.n.loc["stype"].to_dict() == {"H": 14, "E": 144, "M": 25}
    assert cells.weighted.to_numpy() == pytest.approx(cells.population.to_numpy(), rel=1e-8)
    assert cells.before.loc["sch.wide"].sum() == pytest.approx(API.pw.sum())
    assert found["post"].report.iterations[0] <= 2 and found["post"].report.method[0] == "post-stratification"


def test_raking_of_one_margin_is_post_stratification(found):
    one = rake(API, margins={"stype": TYPES}, weights="pw").weights
    assert one.to_numpy() == pytest.approx(found["post"].weights.to_numpy(), rel=1e-12)


def test_several_columns_make_cells():
    table = API.groupby(["stype", "sch.wide"]).size() * 10.0
    by_series = post_stratify(API, by=["stype", "sch.wide"], population=table)
    by_dict = post_stratify(API, by=["stype", "sch.wide"], population=table.to_dict())
    assert by_series.weights.to_numpy() == pytest.approx(np.full(183, 10.0), rel=1e-12)
    assert by_series.weights.equals(by_dict.weights)


def test_order_of_rows_and_margins_and_scale_do_not_matter(found):
    shuffled = API.sample(frac=1, random_state=3)
    again = rake(shuffled, margins=dict(reversed(BOTH.items())), weights="pw")
    assert again.weights.loc[API.index].to_numpy() == pytest.approx(found["rake"].weights.to_numpy(), rel=1e-7)
    shares = {name: {k: v / 6194 for k, v in given.items()} for name, given in BOTH.items()}
    small = rake(API, margins=shares, weights="pw").weights
    assert small.to_numpy() * 6194 == pytest.approx(found["rake"].weights.to_numpy(), rel=1e-8)


def test_data_and_margins_are_left_as_they_were():
    before, given = API.copy(), {name: dict(population) for name, population in BOTH.items()}
    rake(API, margins=given, weights="pw")
    pd.testing.assert_frame_equal(API, before)
    assert given == BOTH


def test_nothing_is_printed(capsys):
    rake(API, margins=BOTH)
    assert capsys.readouterr().out == ""


def test_raking_that_cannot_meet_the_margins_is_no_result():
    """Nobody answered for a and y, or b and x: b must weigh 40 by one margin and 50 by the other."""
    answers = pd.DataFrame({"p": list("aabb"), "q": list("xxyy")})
    with pytest.raises(NotTestable, match=r"rounds p = b adds up to 50 instead of 40 \(25\.00% off\)"):
        rake(answers, margins={"p": {"a": 60, "b": 40}, "q": {"x": 50, "y": 50}})


def test_raking_that_is_stopped_too_early_is_no_result():
    with pytest.raises(NotTestable, match=r"after 2 rounds stype = . adds up to"):
        rake(API, margins=BOTH, max_iterations=2)


def test_all_faults_at_once():
    answers = API.assign(stype=API.stype.replace("M", None), pw=API.pw.where(API.index > 1, -1.0))
    answers.loc[2, "pw"] = np.nan
    with pytest.raises(DataError) as raised:
        rake(answers, margins={"stype": {"E": 4421, "X": 700, "H": 0}, "sch.wide": {"No": 1072}}, weights="pw")
    said = str(raised.value)
    assert len(raised.value.faults) == 6
    for part in (
        "each answer needs a category. Found: 25 without one.",
        "a population must be a number above 0. Found: H.",
        "margin sch.wide: each category of the data needs its population. Found: Yes.",
        "each category of the population needs answers. Found: X.",
        "all margins must add up to one total. Found: stype 5,121, sch.wide 1,072.",
        "column pw: a weight must be above 0. Found: 1 missing, 2 not above 0 or infinite.",
    ):
        assert part in said


@pytest.mark.parametrize("population", [{}, None, {"E": "many", "H": 755, "M": 1018}, {"E": np.nan, "H": 1, "M": True}])
def test_populations_that_are_no_numbers(population):
    with pytest.raises(DataError, match="a population must be a number above 0"):
        post_stratify(API, by="stype", population=population)


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="there is no column 'stipe'; nearest: stype"):
        post_stratify(API, by="stipe", population=TYPES)
    with pytest.raises(ValueError, match=r"data must be a pandas frame.*frame\(\)"):
        rake("answers.csv", margins=BOTH)
    with pytest.raises(ValueError, match="at least one answer"):
        rake(API[:0], margins=BOTH)
    with pytest.raises(ValueError, match="Name one column at least"):
        rake(API, margins={})
    with pytest.raises(ValueError, match="tolerance must lie between 0 and 0.01"):
        rake(API, margins=BOTH, tolerance=1)
    with pytest.raises(ValueError, match="max_iterations must be a whole number of at least 1"):
        rake(API, margins=BOTH, max_iterations=0)
    many = pd.DataFrame({name: range(1500) for name in "ab"})
    with pytest.raises(ValueError, match="raking takes 2,000,000 cells at most"):
        rake(many, margins={name: dict.fromkeys(range(1500), 1) for name in "ab"})


def test_kish():
    rng = np.random.default_rng(2)
    w = rng.gamma(3, size=400)
    assert design_effect(w) == pytest.approx(1 + (w.std() / w.mean()) ** 2, rel=1e-12)
    assert effective_n(w) == pytest.approx(400 / design_effect(w))
    assert effective_n(7 * w) == pytest.approx(effective_n(w))
    assert design_effect([3.0, 3.0]) == 1 and effective_n(pd.Series([3.0, 3.0])) == 2
    with pytest.raises(ValueError, match="2 of 3 are not"):
        design_effect([1, 0, np.nan])
    with pytest.raises(ValueError, match="numbers above 0"):
        effective_n([])
