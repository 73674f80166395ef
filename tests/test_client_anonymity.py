"""Attacks on the reports: everything that all reports of a study print is taken together to work out what is hidden."""

import dataclasses
import itertools
import re

import numpy as np
import pandas as pd
import pytest
from client_study import TOWNS, branch_study

import cxstudy as cx
from cxstudy.client.comments import allowed, masked
from cxstudy.client.model import Chart, Note, Table
from cxstudy.client.report import client_report
from cxstudy.client.report_yaml import ReportFile
from cxstudy.client.secrecy import MISSING, WHOLE, Secrecy, determined
from cxstudy.client.shared import prepare
from cxstudy.client.slugs import slug, slugs
from cxstudy.client.who import clients_of
from cxstudy.faults import NotTestable
from cxstudy.language import text

LIMIT = {"customers": 5, "employees": 7}
PERIODS = (None, "2023", "2024-Q4")


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """``(study, {(client, period): report})``: every report that may be made, of all periods listed."""
    study = cx.open_study(branch_study(tmp_path_factory.mktemp("study") / "branches", seed=3))
    made, shared = {}, None
    for period in PERIODS:
        shared = prepare(study, period=period, base=shared)
        for client in clients_of(study, shared):
            made[client, period] = client_report(study, client.key, period=period, shared=shared)
    return study, made


def cells_of(frame, columns):
    """The finest cells of an answers frame with their numbers of answers: what an attacker may know of the design."""
    frame = frame.assign(year=frame["date"].dt.year.astype(str))
    frame["quarter"] = frame["year"] + "-Q" + frame["date"].dt.quarter.astype(str)
    return frame.groupby([*columns, "year", "quarter"], as_index=False).size().rename(columns={"size": "n"})


def of_period(cells, period):
    if period is None:
        return np.ones(len(cells), bool)
    return (cells["year"] == period).to_numpy() | (cells["quarter"] == period).to_numpy()


def published(made, cells, measure):
    """Every set of finest cells of which some report prints ``measure``, as rows of 0 and 1; each is large enough."""
    names = {c: slugs(sorted(cells[c].unique())) for c in ("touchpoint", "work_group", "branch")}
    of = {"group": "work_group", "unit": "branch"}
    rows = set()
    for (client, period), report in made.items():
        own = np.ones(len(cells), bool) if client.level == "whole" else (cells["branch"] == client.key).to_numpy()
        when = of_period(cells, period)
        for one in report.numbers:
            kind, _, rest = one.id.removeprefix("client.").partition(".")
            if np.isnan(one.estimate) or rest.endswith((".gap", ".rest", ".peers")):
                continue
            if one.id == f"client.{measure}":
                part = own & when
            elif kind == "trend" and measure == "nps":
                part = own & of_period(cells, rest.replace("_q", "-Q"))
            elif kind == "touchpoint" and measure == "nps":
                part = own & when & cells["touchpoint"].map(names["touchpoint"]).eq(rest).to_numpy()
            elif kind in of and rest.endswith(f".{measure}"):
                column = of[kind]
                part = own & when & cells[column].map(names[column]).eq(rest.removesuffix(f".{measure}")).to_numpy()
            else:
                continue
            assert cells["n"][part].sum() == one.n >= LIMIT["customers"], one
            rows.add(tuple(part))
    return np.array(sorted(rows), float)


@pytest.mark.parametrize(
    ("measure", "question", "least"),
    [("nps", "recommend", 150), ("cx_index", "ease", 60), ("csat", "satisfaction", 25)],
)
def test_no_small_cell_follows_from_all_reports_together(everything, measure, question, least):
    study, made = everything
    cells = cells_of(study.customers.frame().dropna(subset=question), ["branch", "touchpoint", "work_group"])
    rows = published(made, cells, measure)
    assert len(rows) > least
    # the row space of what is printed; an indicator in it can be worked out
    _, values, vectors = np.linalg.svd(rows, full_matrices=False)
    basis = vectors[values > 1e-9 * values[0]]
    small = 0
    for target in targets(cells):
        if 0 < cells["n"][target].sum() < LIMIT["customers"]:
            small += 1
            vector = target.astype(float)
            assert np.abs(vector - basis.T @ (basis @ vector)).max() > 1e-6, cells[target]
    assert small > 100


def targets(cells):
    """Every branch, touchpoint and group by every period, and branch by touchpoint: what a reader may ask for."""
    periods = [None, *cells["year"].unique(), *cells["quarter"].unique()]
    for period in periods:
        when = of_period(cells, period)
        for branch in cells["branch"].unique():
            mine = when & (cells["branch"] == branch).to_numpy()
            yield mine
            for column in ("touchpoint", "work_group"):
                for value in cells[column].unique():
                    yield mine & (cells[column] == value).to_numpy()
        for place in cells["touchpoint"].unique():
            yield when & (cells["touchpoint"] == place).to_numpy()


def test_the_attack_itself_works_where_nothing_is_hidden(everything):
    """The same attack on all cells shown but the small ones finds them: the test above can fail."""
    study, _ = everything
    frame = study.customers.frame().dropna(subset="recommend")
    cells = cells_of(frame, ["branch", "touchpoint", "work_group"])
    rows = [t for t in targets(cells) if cells["n"][t].sum() >= LIMIT["customers"]] + [np.ones(len(cells), bool)]
    _, values, vectors = np.linalg.svd(np.array(rows, float), full_matrices=False)
    basis = vectors[values > 1e-9 * values[0]]
    naestved = (cells["branch"] == "Næstved").to_numpy()
    assert 0 < cells["n"][naestved].sum() < 5
    left = naestved - basis.T @ (basis @ naestved.astype(float))
    assert np.abs(left).max() < 1e-6


def test_gaps_to_peers_rest_on_peers_that_are_printed_elsewhere(everything):
    """The mean of the peers would give a hidden branch away if it were one of them."""
    study, made = everything
    reports = {client.key: report for (client, period), report in made.items() if period is None}
    nps = {key: number_of(report, "nps").estimate for key, report in reports.items() if key in TOWNS}
    for key, report in reports.items():
        if key in TOWNS:
            others = [value for name, value in nps.items() if name != key]
            gap = number_of(report, "peers.gap.nps")
            assert gap.n == len(others)
            np.testing.assert_allclose(gap.estimate, nps[key] - np.mean(others))
            for place in ("shop", "telephone"):
                there = {k: number_of(r, f"touchpoint.{place}") for k, r in reports.items() if k in TOWNS}
                there = {k: one.estimate for k, one in there.items() if one and not np.isnan(one.estimate)}
                gap = number_of(report, f"touchpoint.{place}.gap")
                if gap:
                    others = [value for name, value in there.items() if name != key]
                    np.testing.assert_allclose(gap.estimate, there[key] - np.mean(others))


def number_of(report, name):
    return next((one for one in report.numbers if one.id == f"client.{name}"), None)


def test_employees_groups_do_not_follow_from_the_total(everything):
    study, made = everything
    frame = study.employees.frame().dropna(subset="recommend_employer")
    sizes = frame.groupby(["branch", "work_group"]).size()
    for (client, _), report in made.items():
        if client.level == "whole":
            parts = {town: n for town, n in frame.groupby("branch").size().items()}
            names = {town: f"unit.{slug(town)}.enps" for town in parts}
        else:
            parts = sizes[client.key].to_dict()
            names = {group: f"group.{slugs(sorted(parts))[group]}.enps" for group in parts}
        hidden = {p: n for p, n in parts.items() if np.isnan(number_of(report, names[p]).estimate)}
        assert all(n >= 7 for p, n in parts.items() if p not in hidden)
        if hidden and not np.isnan(number_of(report, "enps").estimate):
            assert len(hidden) >= 2 and sum(hidden.values()) >= 7, (client, hidden)


def test_hidden_rows_print_no_number_at_all(everything):
    _, made = everything
    hidden = 0
    for report in made.values():
        for section in report.sections:
            for part in section.parts:
                if isinstance(part, Table):
                    for row, reason in zip(part.cells, part.reasons, strict=True):
                        if reason:
                            hidden += 1
                            assert not [v for v in row if isinstance(v, int | float)], row
                if isinstance(part, Chart):
                    for series in part.series:
                        for i, value in enumerate(series.values):
                            ends = [ends[i] for ends in (series.low, series.high) if ends]
                            assert value is not None or all(end is None for end in ends)
    assert hidden > 100


def test_a_report_counts_what_it_does_not_show(everything):
    _, made = everything
    report = next(r for (client, period), r in made.items() if client.key == "Bodø" and period is None)
    secret = {text(f"client.reason.{k}", "en", least=n) for k in ("too_few", "neighbour") for n in LIMIT.values()}
    n = sum(one.reason in secret for one in report.numbers)
    said = [p.text for s in report.sections if s.id == "trust" for p in s.parts if hasattr(p, "text")]
    assert any(line.startswith(f"{n} numbers are not shown") for line in said), (n, said)


def cube(rows):
    return pd.DataFrame(rows, columns=["kind", "unit", "label", "coarse", "fine", "n"])


def test_a_small_cell_takes_a_second_one_with_it():
    rows = [("", "u", "", "", "", 40.0)]
    rows += [("t", "u", label, "", "", n) for label, n in (("a", 20.0), ("b", 17.0), ("c", 3.0))]
    secrecy, scope = Secrecy(cube(rows), 5, False), ("unit", "u")
    shown = {label: not secrecy.hides(scope, ("t", label)) for label in "abc"}
    assert shown == {"a": True, "b": False, "c": False} and not secrecy.hides(scope)
    assert secrecy.small(scope, ("t", "c")) and not secrecy.small(scope, ("t", "b"))
    assert secrecy.hides(scope, ("t", "nobody"))


def test_answers_without_a_label_count_as_a_hidden_one():
    rows = [("", "u", "", "", "", 42.0), ("t", "u", None, "", "", 2.0)]
    rows += [("t", "u", label, "", "", n) for label, n in (("a", 20.0), ("b", 20.0))]
    secrecy = Secrecy(cube(rows), 5, False)
    assert sorted(secrecy.hides(("unit", "u"), ("t", label)) for label in "ab") == [False, True]
    assert secrecy.hides(("unit", "u"), ("t", MISSING))


def test_a_period_that_is_all_there_is_stays_shown_with_the_total():
    rows = [("", "u", "", "2024", f"2024-Q{i}", n) for i, n in ((1, 30.0), (2, 12.0), (3, 2.0))]
    secrecy, scope = Secrecy(cube(rows), 5, False), ("unit", "u")
    assert not secrecy.hides(scope) and not secrecy.hides(scope, period="2024")
    assert [secrecy.hides(scope, period=f"2024-Q{i}") for i in (1, 2, 3)] == [False, True, True]


@pytest.mark.parametrize("seed", range(6))
def test_random_cubes_give_no_small_cell_away(seed):
    draw = np.random.default_rng(seed)
    rows = []
    for unit, coarse, quarter in itertools.product("xyz", ("2023", "2024"), range(1, 5)):
        sizes = draw.integers(0, draw.choice([4, 14, 60]), 3).astype(float)
        fine = f"{coarse}-Q{quarter}"
        rows += [("t", unit, label, coarse, fine, n) for label, n in zip("abc", sizes, strict=True)]
        rows.append(("", unit, "", coarse, fine, sizes.sum()))
    secrecy = Secrecy(cube(rows), 5, True)
    assert not secrecy.hides(WHOLE)
    finest = [i for i, row in enumerate(rows) if row[0] == "t" and row[5] > 0]
    place = {row: k for k, row in enumerate(finest)}

    def indicator(scope, label, period):
        vector = np.zeros(len(finest))
        for i in finest:
            _, unit, one, coarse, fine, _ = rows[i]
            held = scope == WHOLE or scope[1] == unit
            if held and label in ("", ("t", one)) and period in ("", coarse, fine):
                vector[place[i]] = 1
        return vector

    periods = ["", "2023", "2024", *{row[4] for row in rows}]
    asked = itertools.product([WHOLE, *(("unit", u) for u in "xyz")], ["", *(("t", x) for x in "abc")], periods)
    sizes = np.array([rows[i][5] for i in finest])
    cells = [(cell, indicator(*cell)) for cell in asked]
    known = np.array([v for cell, v in cells if v.any() and not secrecy.hides(*cell)])
    assert all(v @ sizes >= 5 for v in known)
    basis = np.linalg.svd(known, full_matrices=False)
    basis = basis[2][basis[1] > 1e-9 * basis[1][0]]
    for cell, v in cells:
        if 0 < v @ sizes < 5:
            assert np.abs(v - basis.T @ (basis @ v)).max() > 1e-7, cell


def test_what_equations_determine_agrees_with_the_null_space():
    draw = np.random.default_rng(4)
    for _ in range(30):
        rows = (draw.uniform(size=(draw.integers(1, 9), 10)) < 0.25).astype(float)
        _, values, vectors = np.linalg.svd(rows)
        rank = (values > 1e-10).sum()
        expected = np.abs(vectors[rank:]).max(axis=0, initial=0) < 1e-9
        assert determined(rows).tolist() == expected.tolist()


def say(key):
    return text(f"client.{key}", "en")


@pytest.mark.parametrize(
    "secret",
    [
        "anna.berg@example.org", "Anna_B+x@mail.example.co.uk", "anna(at)example.se", "anna @ example.dk",
        "an\u00adna@exam\u200bple.se", "070-123 45 67", "+46 (0)70 123 45 67", "0046701234567", "12 34 56 78",
        "+45 12345678", "+47 912 34 567", "08–123 456 78", "850312-1234", "19850312-1234", "8503121234",
        "850312+1234", "120385-1234", "1203851234", "12038512345", "120385 12345", "850372-1234",
        "1 2 0 3 8 5 1 2 3 4",
    ],
)  # fmt: skip
def test_what_names_a_person_is_masked(secret):
    said = masked(f"Call me: {secret}, please", say)
    assert said.startswith("Call me: [") and said.endswith("], please"), said
    assert not re.search(r"\d{2}|@", said)


@pytest.mark.parametrize(
    "harmless", ["I waited 45 minutes on 3 May", "costs 1 200 kr", "4 of 5", "in 2024", "see page 12–14"]
)
def test_ordinary_numbers_stay(harmless):
    assert masked(harmless, say) == harmless


def comments_in(report):
    section = next((s for s in report.sections if s.id == "comments"), None)
    if section is None:
        return None
    return [row[0] for part in section.parts if isinstance(part, Table) for row in part.cells]


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """Six branches, the last with 3 answers, and what their reports share."""
    study = cx.open_study(branch_study(tmp_path_factory.mktemp("study") / "few", sizes=(60, 45, 30, 22, 14, 3)))
    return study, prepare(study)


def test_comments_are_shown_only_where_the_study_says_so_and_never_a_few(few):
    study, shared = few
    assert comments_in(client_report(study, "Malmö", shared=shared)) is None
    for client in clients_of(study, shared):
        report = client_report(study, client.key, shared=shared, settings=ReportFile(format=1, comments="show"))
        said = comments_in(report)
        assert said and not [one for one in said if re.search(r"@|\d", one)]
        tables = [p.id for s in report.sections if s.id == "comments" for p in s.parts if isinstance(p, Table)]
        mine = study.customers.frame()
        mine = mine if client.level == "whole" else mine[mine["branch"] == client.key]
        counts = {"promoters": (mine["recommend"] >= 9).sum(), "detractors": (mine["recommend"] <= 6).sum()}
        for kind, n in counts.items():
            assert (f"comments_{kind}" in tables) == (n >= 5), (client, kind, n)


def test_a_study_may_show_comments_and_a_client_hide_them(few):
    study, shared = few
    open_study = dataclasses.replace(study, config=study.config.model_copy(update={"comments": "show"}))
    assert comments_in(client_report(open_study, "Malmö", shared=shared))
    assert allowed(open_study, ReportFile(format=1)) and not allowed(open_study, ReportFile(format=1, comments="hide"))


def test_a_report_file_that_shows_comments_wins_nothing_over_a_small_client(few, tmp_path):
    study, shared = few
    path = tmp_path / "report.yaml"
    path.write_text("format: 1\ncomments: show\n", encoding="utf-8")
    with pytest.raises(NotTestable, match="fewer than 5 answers"):
        client_report(study, TOWNS[5], settings=path, shared=shared)
    path.write_text("format: 1\nsections: [comments]\n", encoding="utf-8")
    (section,) = client_report(study, "Malmö", settings=path, shared=shared).sections
    assert [type(part) for part in section.parts] == [Note] and "does not show comments" in section.parts[0].text
