"""The content of a client's report: its sections, its numbers and where they come from, in three languages."""

import dataclasses
import datetime as dt
import json
import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from client_study import SIZES, TOWNS, branch_study
from golden_report import equals_golden

import cxstudy as cx
from cxstudy.client.model import CHARTS, KINDS, Chart, Note, Report, Sentence, Table
from cxstudy.client.names_of_sections import DEFAULT, SECTIONS
from cxstudy.client.peers import above_median, gap_to_peers, median_interval, quartiles, rank_interval
from cxstudy.client.report import client_report, write_report_findings
from cxstudy.client.shared import prepare
from cxstudy.client.who import clients_of
from cxstudy.faults import NotTestable
from cxstudy.findings import read_findings
from cxstudy.language import LANGUAGES, catalogue, number
from cxstudy.measures.comparing import compare_nps

REFERENCE = Path(__file__).parent / "reference"
ONE_OFF = {"0", "1", "2", "3", "5", "6", "7", "9", "10", "20", "100", "2023", "2024", "+10"}


@pytest.fixture(scope="module")
def branches(tmp_path_factory):
    """An opened study of one company with 12 branches."""
    return cx.open_study(branch_study(tmp_path_factory.mktemp("study") / "branches"))


@pytest.fixture(scope="module")
def shared(branches):
    return prepare(branches)


@pytest.fixture(scope="module")
def reports(branches, shared):
    """The reports of the whole and of one branch, by language and client."""
    return {
        (language, who): client_report(branches, who, language=language, shared=shared)
        for language in LANGUAGES
        for who in (None, "Malmö")
    }


def parts(report, kind):
    return [part for section in report.sections for part in section.parts if isinstance(part, kind)]


def found(report, name):
    return next(one for one in report.numbers if one.id == f"client.{name}")


def answers(study):
    return study.customers.frame()


def test_the_sections_stand_in_their_order_and_every_part_is_well_formed(reports):
    for report in reports.values():
        assert isinstance(report, Report)
        assert tuple(section.id for section in report.sections) == DEFAULT
        for table in parts(report, Table):
            assert table.cells and len(table.findings) == len(table.reasons) == len(table.cells), table.id
            assert all(len(row) == len(table.columns) for row in table.cells)
            assert {column.kind for column in table.columns} <= set(KINDS)
        for chart in parts(report, Chart):
            assert chart.kind in CHARTS and chart.alt
            for series in chart.series:
                assert len(series.values) == len(chart.categories)
                assert {len(series.low), len(series.high), len(series.findings)} <= {0, len(chart.categories)}
        ids = [part.id for part in parts(report, Table)]
        assert len(ids) == len(set(ids))


def test_every_number_has_a_finding_and_every_finding_is_in_the_report(reports):
    for report in reports.values():
        ids = [one.id for one in report.numbers]
        assert tuple(ids) == report.findings() and len(ids) == len(set(ids))
        assert all(one.id.startswith("client.") for one in report.numbers)
        by_id = {one.id: one for one in report.numbers}
        for table in parts(report, Table):
            for row, name in zip(table.cells, table.findings, strict=True):
                numbers = [v for v in row if isinstance(v, int | float)]
                known = (
                    {by_id[name].estimate, by_id[name].ci_low, by_id[name].ci_high, by_id[name].n} if name else set()
                )
                assert set(numbers) <= known, (table.id, row)
        for chart in parts(report, Chart):
            for series in chart.series:
                ids = series.findings or ("",) * len(series.values)
                for value, name in zip(series.values, ids, strict=True):
                    assert value is None and not name or value == by_id[name].estimate, chart.id


def test_numbers_in_sentences_are_those_of_the_findings_cited(reports):
    for (language, _), report in reports.items():
        by_id = {one.id: one for one in report.numbers}
        for sentence in parts(report, Sentence):
            if not sentence.findings:
                continue
            allowed = set(ONE_OFF)
            for one in (by_id[name] for name in sentence.findings):
                values = [one.estimate, abs(one.estimate), one.ci_low, one.ci_high, one.n, one.n_missing, one.n + 1]
                values.append(100 * one.confidence)
                for value in values:
                    allowed |= {number(value, spec, language) for spec in (".0f", ".1f", ".2f", ",.0f", "+.1f", "+.2f")}
            said = re.sub(r"\d{1,2}\.? [a-zA-Z]+ \d{4}|[A-Z][a-z]+ \d{1,2}, \d{4}", "", sentence.text)
            listed = re.findall(r"[−+]?\d[\d.,\u00a0]*\d|[−+]?\d", said)
            assert set(listed) <= allowed, (sentence.text, set(listed) - allowed)


def test_no_reason_without_a_missing_number_and_no_missing_number_without_a_reason(reports):
    for report in reports.values():
        for one in report.numbers:
            assert math.isnan(one.estimate) == bool(one.reason), one
            if one.reason:
                assert math.isnan(one.ci_low) and one.n == 0


def test_the_languages_say_the_same_numbers_and_no_key_is_printed(reports):
    for who in (None, "Malmö"):
        english = reports["en", who]
        for language in ("sv", "da"):
            other = reports[language, who]
            assert [(f.id, f.n) for f in other.numbers] == [(f.id, f.n) for f in english.numbers]
            for a, b in zip(english.numbers, other.numbers, strict=True):
                np.testing.assert_equal([a.estimate, a.ci_low, a.ci_high], [b.estimate, b.ci_low, b.ci_high])
    for report in reports.values():
        said = json.dumps(dataclasses.asdict(dataclasses.replace(report, numbers=())), ensure_ascii=False, default=str)
        known = set(report.findings())
        said = re.sub(r"client\.[a-z0-9_.]+", lambda m: "" if m[0] in known else m[0], said)
        assert not re.search(r"client\.\w|@\w|\{\w+[:}]|\bnan\b", said)


def test_the_nps_is_that_of_the_measure_on_the_branchs_own_answers(branches, reports):
    frame = answers(branches)
    for who, rows in ((None, frame), ("Malmö", frame[frame["branch"] == "Malmö"])):
        row = cx.nps(rows).iloc[0]
        one = found(reports["en", who], "nps")
        assert (one.n, one.n_missing) == (row["n"], row["n_missing"])
        np.testing.assert_allclose(
            [one.estimate, one.std_error, one.ci_low, one.ci_high],
            row[["estimate", "std_error", "ci_low", "ci_high"]].astype(float),
        )


def test_the_change_is_that_of_two_years_counted_by_hand(branches, reports):
    frame = answers(branches).dropna(subset="recommend")
    frame = frame[frame["branch"] == "Malmö"]
    years = [frame.loc[frame["date"].dt.year == year, "recommend"] for year in (2023, 2024)]
    counts = [
        {"promoters": (y >= 9).sum(), "passives": y.between(7, 8).sum(), "detractors": (y <= 6).sum()} for y in years
    ]
    row = compare_nps(*counts).iloc[0]
    one = found(reports["en", "Malmö"], "nps_change")
    assert one.n == sum(map(len, years))
    np.testing.assert_allclose(
        [one.estimate, one.ci_low, one.ci_high], row[["estimate", "ci_low", "ci_high"]].astype(float), rtol=1e-9
    )


def test_a_period_holds_its_answers_only_and_is_compared_with_the_one_before(branches, shared):
    whole = repr(shared)
    quarter = prepare(branches, period="2024-Q2", base=shared)
    assert repr(shared) == whole
    report = client_report(branches, "Malmö", period="2024-Q2", shared=quarter)
    frame = answers(branches)
    frame = frame[(frame["branch"] == "Malmö") & (frame["date"].dt.year == 2024) & (frame["date"].dt.quarter == 2)]
    assert found(report, "nps").n == frame["recommend"].notna().sum()
    assert found(report, "csat").n == frame["satisfaction"].notna().sum()
    assert "From Q1 2024 to Q2 2024" in report.sections[0].parts[1].text
    assert report.period == "Q2 2024"


def test_the_peers_are_the_other_branches_that_may_be_shown_and_nobody_is_named(branches, reports):
    report = reports["en", "Malmö"]
    table = cx.nps(answers(branches), by="branch").set_index("branch")
    others = table.drop(index=["Malmö", "Kiruna", "Næstved"])["estimate"]
    lower, median, upper = (found(report, f"peers.{name}").estimate for name in ("lower", "median", "upper"))
    np.testing.assert_allclose([lower, median, upper], others.quantile([0.25, 0.5, 0.75]))
    assert found(report, "peers.median").n == len(others)
    said = json.dumps(dataclasses.asdict(dataclasses.replace(report, numbers=())), ensure_ascii=False, default=str)
    assert not [town for town in TOWNS if town in said and town != "Malmö"]


def test_fewer_than_five_peers_are_not_shown(tmp_path):
    study = cx.open_study(branch_study(tmp_path / "few", sizes=SIZES[:5]))
    report = client_report(study, "Malmö")
    (section,) = [s for s in report.sections if s.id == "peers"]
    assert [type(part) for part in section.parts] == [Note]
    assert not [one for one in report.numbers if ".peers" in one.id or one.id.endswith(".gap")]


def test_the_slope_is_this_studys_own_or_is_not_there(branches, reports, tmp_path):
    import statsmodels.api as sm

    loyalty = cx.nps(answers(branches), by="branch").query("n >= 5").set_index("branch")["estimate"]
    margin = branches.financials.frame().groupby("branch")["operating_margin"].mean()
    both = pd.concat([loyalty, margin], axis=1, join="inner")
    fit = sm.OLS(both["operating_margin"], sm.add_constant(both["estimate"])).fit(cov_type="HC3", use_t=True)
    one = found(reports["en", None], "margin.slope")
    np.testing.assert_allclose(one.estimate, 10 * fit.params["estimate"])
    np.testing.assert_allclose([one.ci_low, one.ci_high], 10 * fit.conf_int().loc["estimate"])
    folder = branch_study(tmp_path / "none")
    text = (folder / "study.yaml").read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if "financials" not in line]
    (folder / "study.yaml").write_text("\n".join(kept) + "\n", encoding="utf-8")
    report = client_report(cx.open_study(folder), "Malmö", language="sv")
    assert "client.margin.slope" not in report.findings()
    assert "Dessa data kan inte säga" in next(s for s in report.sections if s.id == "margin").parts[0].text


def test_a_report_made_with_what_is_shared_is_the_one_made_alone(branches, shared, reports):
    alone = client_report(branches, "Malmö", language="en")
    assert repr(alone) == repr(reports["en", "Malmö"])
    with pytest.raises(ValueError, match=r"shared is made for one period, all answers; the report is of 2024"):
        client_report(branches, "Malmö", period=2024, shared=shared)


def test_the_findings_file_holds_what_the_report_prints(reports, tmp_path):
    report = reports["sv", None]
    write_report_findings(report, tmp_path / "findings.json")
    back = read_findings(tmp_path / "findings.json")
    assert [repr(one) for one in back] == [repr(one) for one in report.numbers]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"company": "Malmo"}, r"there is no 'Malmo'\. nearest: Malmö"),
        ({"company": "Paris"}, r"one of 13; there is no 'Paris'\. some of them: AKESSON \(Åkesson & Søn AB\)"),
        ({"period": 2019}, r"Periods there are: 2023, 2024, 2023-Q1, 2023-Q2"),
        ({"period": "2024-Q5"}, r"a period is one that has answers, such as 2023; got '2024-Q5'"),
        ({"language": "no"}, r"language must be one of en, sv, da; got 'no'"),
    ],
)
def test_a_wrong_name_period_or_language_is_answered_with_the_right_ones(branches, shared, arguments, message):
    given = {"shared": shared} if "company" in arguments else {"company": "Malmö"}
    with pytest.raises(ValueError, match=message):
        client_report(branches, **given, **arguments)


def test_a_client_is_named_by_key_or_printed_name(branches, shared, reports):
    for name in ("AKESSON", "Åkesson & Søn AB", "åkesson & søn ab"):
        assert client_report(branches, name, shared=shared).subtitle == "Åkesson & Søn AB"


def test_clients_with_too_few_answers_get_no_report(branches, shared):
    listed = [client.name for client in clients_of(branches, shared)]
    assert listed[0] == "Åkesson & Søn AB"
    assert set(TOWNS) - set(listed) == {"Kiruna", "Næstved"}
    with pytest.raises(NotTestable, match="Næstved, all answers: fewer than 5 answers"):
        client_report(branches, "Næstved", shared=shared)
    with pytest.raises(NotTestable, match="Kiruna, all answers: not shown, because a group with fewer than 5"):
        client_report(branches, "Kiruna", shared=shared)


def test_a_study_without_customers_or_with_several_companies_says_what_it_needs(small_study):
    with pytest.raises(ValueError, match=r"several, such as C001, C002, .*company=…"):
        client_report(cx.open_study(small_study()))
    study = cx.open_study(small_study())
    bare = dataclasses.replace(study, tables={k: v for k, v in study.tables.items() if k != "customers"})
    with pytest.raises(NotTestable, match="needs the customers' answers"):
        client_report(bare, "C001")


def test_a_study_with_customers_and_little_else(small_study):
    report = client_report(cx.open_study(small_study()), "C005")
    assert report.subtitle == "Company C005"
    notes = " ".join(part.text for part in parts(report, Note))
    assert "The answers name no touchpoint." in notes and "name no work groups" in notes
    assert found(report, "nps").n == 8
    assert "no answers of theirs that may be shown" in report.sections[0].parts[-3].text


def test_all_is_of_one_day_and_the_dates_are_written_out(reports):
    assert reports["sv", None].period == "1 januari 2023 till 28 december 2024"
    assert str(dt.date.today().year) in reports["da", None].made


def test_quartiles_gaps_and_ranks_by_hand():
    assert quartiles([5, 1, 2, 3, 4]) == (2.0, 3.0, 4.0)
    row = gap_to_peers(10.0, 3.0, [0.0, 4.0, 8.0], 0.95)
    assert row["estimate"] == 6.0
    np.testing.assert_allclose(row["std_error"], math.sqrt(9 + 16 / 3))
    assert above_median(10, 3, 10, 2) == 0.5 and above_median(40, 3, 10, 2) > 0.9999
    assert rank_interval(0.0, 0.0, [1.0, -1.0, 2.0], [0.0] * 3, 0.95) == (3, 3)
    assert rank_interval(0.0, 50.0, [1.0, -1.0, 2.0], [9.0] * 3, 0.95) == (1, 4)
    spread, low, high = median_interval([1.0, 2.0, 3.0], [0.0] * 3, 0.95)
    assert (spread, low, high) == (0.0, 2.0, 2.0)


def test_rank_intervals_hold_the_true_rank():
    draw = np.random.default_rng(5)
    truth = np.sort(draw.normal(10, 15, 20))[::-1]
    held = 0
    for _ in range(300):
        seen = draw.normal(truth, 8)
        best, worst = rank_interval(seen[6], 8.0, np.delete(seen, 6), np.full(19, 8.0), 0.95)
        held += best <= 7 <= worst
    assert held / 300 >= 0.95


def test_the_interval_of_the_peers_median_covers():
    draw = np.random.default_rng(6)
    truth = draw.normal(10, 15, 15)
    held = 0
    for _ in range(200):
        _, low, high = median_interval(draw.normal(truth, 6), np.full(15, 6.0), 0.95, draws=400)
        held += low <= np.median(truth) <= high
    assert held / 200 >= 0.93


@pytest.mark.parametrize("name", ["sample", "branches"])
def test_golden_reports_section_by_section(name, branches, reports):
    report = client_report(cx.open_study(), "C001", language="en") if name == "sample" else reports["sv", None]
    equals_golden(report, REFERENCE / f"client_report_{name}.json")


def test_every_section_name_has_a_title_and_a_writer():
    from cxstudy.client.report import WRITERS

    assert set(WRITERS) == set(SECTIONS)
    assert {f"client.title.{name}" for name in SECTIONS} <= set(catalogue("en"))


def test_a_section_in_a_notebook_escapes_what_it_shows(reports):
    from cxstudy.client.display import part_html, show

    said = part_html(Note("<script>alert(1)</script> & $x$"), "sv")
    assert said == "<p><small>&lt;script&gt;alert(1)&lt;/script&gt; &amp; $x$</small></p>"
    report = reports["sv", "Malmö"]
    table = next(part for part in report.sections[2].parts if isinstance(part, Table))
    shown = part_html(table, "sv")
    assert shown.count("<tr>") == 1 + len(table.cells) and "−4,0" in shown
    with pytest.raises(ValueError, match="there is no section 'trusts'; nearest: trust"):
        show(report, "trusts")


def test_the_notebook_shows_every_section_and_is_no_analysis():
    from cxstudy.report.notebook_list import list_notebooks

    path = Path(__file__).parents[1] / "notebooks/client/client_report.ipynb"
    body = json.loads(path.read_text(encoding="utf-8"))
    code = ["".join(cell["source"]) for cell in body["cells"] if cell["cell_type"] == "code"]
    shown = [match[1] for text in code for match in re.finditer(r'show\(report, "(\w+)"\)', text)]
    assert tuple(shown) == DEFAULT
    assert "client_report" not in {book.stem for book in list_notebooks(cx.open_study())}
