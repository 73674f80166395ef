"""The pictures of the two sides of work groups, looked at through their artists, and that no label collides."""

from dataclasses import replace
from itertools import combinations

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from work_group_study import FEELINGS, made, reference_frames, write

import cxstudy as cx
from cxstudy.analyses.employee_ambassadors import employee_ambassadors
from cxstudy.figures.employee_ambassadors import FIGURES, contact, dose, groups, sensitivity, zero
from cxstudy.figures.style import FIRST, MUTED, SECOND
from cxstudy.simulate import tables
from cxstudy.simulated.worlds import world_parameters


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return employee_ambassadors(write(tmp_path_factory.mktemp("figures"), *reference_frames()), replicates=400, tiers=2)


@pytest.fixture(scope="module")
def sample():
    return employee_ambassadors(cx.open_study(), replicates=400)


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    customers, employees = made([6, 7, 8, 5] * 2, [3, 4] * 4)
    return employee_ambassadors(write(tmp_path_factory.mktemp("few"), customers, employees), replicates=200)


@pytest.fixture(scope="module")
def illustration(tmp_path_factory):
    customers, employees = reference_frames()
    employees["engagement"] = employees["recommend_employer"].clip(lower=1)
    study = write(tmp_path_factory.mktemp("both"), customers, employees.drop(columns=FEELINGS))
    return employee_ambassadors(study, replicates=200, tiers=2)


def words(ax):
    return [
        t.get_text()
        for t in [*ax.texts, *ax.get_xticklabels(), ax.xaxis.label, ax.yaxis.label, ax._left_title, *legend(ax)]
        if t.get_text()
    ]


def legend(ax):
    return ax.get_legend().get_texts() if ax.get_legend() else []


def test_every_group_is_drawn_once_by_kind(result):
    ax = groups(result)
    rest, high = (
        ax.collections[:1],
        [c for c in ax.collections if len(c.get_offsets()) == (result.work_groups["n_high"] == 3).sum()],
    )
    drawn = np.vstack([rest[0].get_offsets(), high[0].get_offsets()])
    wanted = result.work_groups[["employee_index", "cx_index"]].to_numpy()
    np.testing.assert_allclose(np.sort(drawn, axis=0), np.sort(wanted, axis=0))


def test_the_mean_lines_stand_at_the_means_of_the_table(result):
    ax = groups(result)
    means = result.comparison[result.comparison["measure"] == "cx_index"].set_index("statistic_of")["estimate"]
    heights = [line.get_ydata()[0] for line in ax.lines]
    np.testing.assert_allclose(heights, [means["rest"], means["high"]])
    assert {line.get_linestyle() for line in ax.lines} == {"-", "--"}


def test_the_dose_shows_every_mean_interval_and_n(result):
    ax = dose(result)
    means = [*result.dose["estimate"], *result.tiers["estimate"]]
    points = np.concatenate(
        [line.get_ydata() for line in ax.lines if line.get_linestyle() == "None" and len(line.get_ydata())]
    )
    np.testing.assert_allclose(points, means)
    ends = np.vstack([segment for c in ax.collections for segment in c.get_segments()])[:, 1]
    np.testing.assert_allclose(
        np.sort(ends),
        np.sort([*result.dose["ci_low"], *result.tiers["ci_low"], *result.dose["ci_high"], *result.tiers["ci_high"]]),
    )
    labels = [t.get_text() for t in ax.get_xticklabels()]
    assert [int(label.split("n = ")[1]) for label in labels] == [*result.dose["n"], *result.tiers["n"]]


def test_the_zero_curve_passes_both_ratios(result):
    ax = zero(result)
    curve = ax.lines[1]
    marks = {line.get_xdata()[0]: line.get_ydata()[0] for line in ax.lines if line.get_marker() in ("D", "o")}
    assert set(marks) == {0, result.settings["raw_zero"]}
    for place, percent in marks.items():
        assert np.interp(place, curve.get_xdata(), curve.get_ydata()) == pytest.approx(percent, abs=0.05)
    assert any("published: +25 %" in word for word in words(ax))


def test_without_a_comparison_the_dots_stay_and_the_ratio_says_why(few):
    ax = groups(few)
    assert not ax.lines and ax.get_title(loc="left") == "Both sides of 8 work groups"
    assert any("are not compared, so there is no ratio" in word for word in words(zero(few)))


def test_the_illustration_has_no_kinds(illustration):
    ax = groups(illustration)
    assert len(ax.collections) == 1 and "mean of the questions both sides answer" in ax.get_xlabel()
    assert not any("feelings" in word for word in words(ax))
    assert [t.get_text() for t in legend(dose(illustration))] == ["by tier of the employees' mean"]


@pytest.mark.parametrize("kind", FIGURES)
def test_synthetic_is_written_on_the_figure_and_only_there(sample, result, kind):
    assert any("synthetic data" in word for word in words(sample.plot(kind)))
    assert not any("synthetic" in word for word in words(result.plot(kind)))


@pytest.mark.parametrize("kind", FIGURES)
@pytest.mark.parametrize("name", ["result", "sample", "illustration"])
def test_no_two_labels_collide(request, name, kind):
    ax = request.getfixturevalue(name).plot(kind)
    ax.figure.canvas.draw()
    drawn = [*ax.texts, *ax.get_xticklabels(), ax.xaxis.label, *legend(ax), ax._left_title]
    boxes = [(t.get_text(), t.get_window_extent()) for t in drawn if t.get_text() and t.get_visible()]
    assert len(boxes) > 1 or ax.get_legend() is None
    for (first, a), (second, b) in combinations(boxes, 2):
        assert not a.overlaps(b), f"{first!r} and {second!r}"


@pytest.mark.parametrize("kind", FIGURES)
def test_it_draws_on_the_axes_it_is_given(result, kind):
    _, ax = plt.subplots()
    assert result.plot(kind, ax=ax) is ax


def test_the_two_kinds_differ_in_grey():
    grey = [np.dot(to_rgb(colour), [0.299, 0.587, 0.114]) for colour in (MUTED, SECOND, FIRST)]
    assert all(abs(a - b) > 0.12 for a, b in combinations(grey, 2))


def test_confidence_is_named_as_it_is(result):
    narrow = replace(result, settings=result.settings | {"confidence": 0.995})
    assert any("99.5 %" in word for word in words(groups(narrow)))


@pytest.fixture(scope="module")
def six(tmp_path_factory):
    """Six companies with long names."""
    folder = tmp_path_factory.mktemp("six") / "s"
    sizes = {"companies": 6, "groups": 40, "answers": 3000, "employees": 900}
    frames = tables(np.random.default_rng(3), world_parameters("published", sizes))
    long = "Aktieselskabet Nordisk Forsikrings- og Pensionsvirksomhed af {}, Frederiksberg"
    frames["companies"]["name"] = [long.format(1890 + i) for i in range(6)]
    levels = "levels: {customer_contact: [never, monthly, weekly, daily]}"
    folder.mkdir(parents=True)
    frames["companies"].to_csv(folder / "companies.csv", index=False)
    customers = frames["customers"][["response_id", "company", "work_group", "ease", "resolution", "engagement"]]
    employees = frames["employees"].drop(columns=["leadership", "engagement", "date"])
    study = write(folder, customers, employees, more=levels)
    file = folder / "study.yaml"
    file.write_text(file.read_text("utf-8").replace("tables:", "tables:\n  companies: {file: companies.csv}"), "utf-8")
    return employee_ambassadors(cx.open_study(study.folder), replicates=200)


def test_every_choice_is_drawn_and_ours_has_the_ring(sample):
    ax = sensitivity(sample)
    rows = sample.sensitivity
    drawn = np.concatenate([line.get_ydata() for line in ax.lines if line.get_markersize() == 6.5])
    np.testing.assert_allclose(np.sort(drawn), np.sort(rows["estimate"].dropna()))
    (ring,) = [line for line in ax.lines if line.get_markersize() == 14]
    assert ring.get_ydata()[0] == rows.loc[rows["primary"], "estimate"].item()
    assert len(legend(ax)) == 6 and [t.get_text() for t in ax.get_xticklabels()] == ["3.6", "3.8", "4.0", "4.2"]


def test_choices_that_leave_too_few_groups_stand_at_the_foot(six):
    ax = sensitivity(six)
    crosses = np.concatenate([line.get_xdata() for line in ax.lines if line.get_marker() == "x"])
    assert len(crosses) == six.sensitivity["estimate"].isna().sum() > 0
    assert "too few groups" in words(ax)


def test_every_company_is_drawn_with_its_slope(sample, six):
    for result, way in ((sample, "get_ydata"), (six, "get_xdata")):
        ax = contact(result)
        rows = result.contact.dropna(subset=["estimate"]).sort_values("estimate")
        for mark, column in (("o", "estimate"), ("D", "predicted")):
            (line,) = [one for one in ax.lines if one.get_marker() == mark and len(one.get_xdata())]
            np.testing.assert_allclose(getattr(line, way)(), rows[column])
    assert any("Frederiksberg" in t.get_text() for t in contact(six).get_yticklabels())
    assert any("corrected for chance: 100 %" in word for word in words(contact(sample)))
    assert not any("corrected" in word for word in words(contact(six)))


def test_without_contact_or_comparison_the_pictures_say_so(few, result):
    assert any("cannot be shown" in word for word in words(contact(result)))
    assert any("nothing to vary" in word for word in words(sensitivity(few)))


@pytest.mark.parametrize("kind", FIGURES)
@pytest.mark.parametrize("language", ["en", "sv", "da"])
def test_no_two_labels_collide_with_few_companies_and_long_names(six, kind, language):
    ax = replace(six, language=language).plot(kind)
    ax.figure.canvas.draw()
    names = ax.get_yticklabels() if kind == "contact" else []
    drawn = [*ax.texts, *ax.get_xticklabels(), *names, ax.xaxis.label, *legend(ax), ax._left_title]
    boxes = [(t.get_text(), t.get_window_extent()) for t in drawn if t.get_text() and t.get_visible()]
    for (first, a), (second, b) in combinations(boxes, 2):
        assert not a.overlaps(b), f"{first!r} and {second!r}"
