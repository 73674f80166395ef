"""`cxstudy new`: what is proposed from exports that nobody described, and that it opens at once."""

import csv
import io
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyreadstat
import pytest
import yaml

import cxstudy as cx
from cxstudy.faults import DataError
from cxstudy.proposal.exports import read_exports
from cxstudy.proposal.guessing import guess_table
from cxstudy.proposal.new_study import new_study, safe_name
from cxstudy.proposal.still_open import still_open
from cxstudy.proposal.tables import propose_tables
from cxstudy.proposal.template import note
from cxstudy.proposal.vocabulary import is_no_answer, language_of, vocabulary, words_of
from cxstudy.proposal.writing import written
from cxstudy.schema import TABLES

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sample"
N = 66
SCORES = [i % 11 for i in range(N)]
NPS = 100 * (2 - 7) / 11
SPSS_TEXTS = {
    "Q7_1": "Hur troligt är det att du rekommenderar oss till en vän eller kollega?",
    "Q8": "Hur nöjd är du som helhet med oss?",
    "Q9": "Vad är viktigast för dig?",
    "Q10": "Berätta med egna ord varför du svarade som du gjorde",
}


def csv_bytes(rows, separator=",", encoding="utf-8"):
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode(encoding)


def proposed(folder, *exports):
    """The study.yaml proposed in ``folder``: its text and its content."""
    new_study(folder, exports)
    text = (folder / "study.yaml").read_text(encoding="utf-8")
    return text, yaml.safe_load(text)


def line_of(text, part):
    """The only line that holds ``part``."""
    (found,) = (line for line in text.splitlines() if part in line)
    return found


@pytest.fixture
def spss(tmp_path):
    """An SPSS file with names that say nothing: questions in Swedish, 98 and 99 for no answer, labelled levels."""
    frame = pd.DataFrame(
        {
            "lopnr": np.arange(1.0, N + 1),
            "Q1": [1.0, 2.0, 3.0] * (N // 3),
            "Q7_1": [float(s) for s in SCORES],
            "Q8": [1.0 + i % 5 for i in range(N)],
            "Q9": [1.0 + i % 4 for i in range(N)],
            "Q10": ["hemligt svar"] * N,
            "Q99": [1.0 + i % 3 for i in range(N)],
        }
    )
    frame.loc[0, "Q7_1"], frame.loc[1, "Q8"], frame.loc[2, "Q8"] = 11, 99, 98
    labels = {
        "Q1": {1: "Alfa", 2: "Beta", 3: "Gamma"},
        "Q7_1": {0: "Inte alls troligt", 10: "Mycket troligt", 11: "Vet ej"},
        "Q8": {1: "Mycket missnöjd", 5: "Mycket nöjd", 98: "Vill ej svara", 99: "Vet ej"},
        "Q9": {1: "Pris", 2: "Service", 3: "Kvalitet", 4: "Vet ej"},
    }
    texts = [SPSS_TEXTS.get(c, {"Q1": "Företag"}.get(c)) for c in frame]
    path = tmp_path / "okänd.sav"
    pyreadstat.write_sav(frame, path, variable_value_labels=labels, column_labels=texts)
    return path


def test_an_spss_file_with_names_that_say_nothing(spss, tmp_path):
    text, content = proposed(tmp_path / "Min studie", spss)
    customers = content["tables"]["customers"]
    assert content["name"] == "min-studie" and content["language"] == "sv"
    assert customers["columns"] == {
        "response_id": "lopnr", "company": "Q1", "recommend": "Q7_1", "satisfaction": "Q8", "stated_driver": "Q9",
        "comment": "Q10",
    }  # fmt: skip
    assert customers["missing"] == {"recommend": [11], "satisfaction": [98, 99], "stated_driver": [4]}
    assert content["levels"] == {"stated_driver": ["Pris", "Service", "Kvalitet"]}
    assert content["questions"]["recommend"] == {"sv": SPSS_TEXTS["Q7_1"]}
    assert "scales" not in content
    assert '# guess: the question text holds "rekommend"' in line_of(text, "recommend: Q7_1")
    assert "its label says no answer" in line_of(text, "recommend: [11]")
    assert "not used: Q99 (whole numbers 1 to 3" in text
    assert "hemligt" not in text and "Mycket" not in text


def test_the_proposal_opens_at_once_and_gives_the_nps(spss, tmp_path):
    new_study(tmp_path / "s", [spss])
    study = cx.open_study(tmp_path / "s")
    assert study.language == "sv" and set(study.customers.frame()["company"]) == {"Alfa", "Beta", "Gamma"}
    found = cx.nps(study).iloc[0]
    # the first answer, a detractor, became "don't know"
    assert (found["n"], found["n_missing"]) == (N - 1, 1)
    assert found["estimate"] == pytest.approx(100 * (12 - 41) / 65)


def test_a_nordic_csv(tmp_path):
    head = ["Svarsid", "Företag", "Datum", "Rekommendera", "Nöjdhet", "Vikt", "Kommentar", "Skonummer"]
    firms = ["Åkeri", "Öbo"]
    rows = [
        [f"S{i}", firms[i % 2], f"{1 + i % 28}.3.2024", s if i else "vet ej", 1 + i % 10, "0,75", "hemligt", 40]
        for i, s in enumerate(SCORES)
    ]
    path = tmp_path / "enkät.csv"
    path.write_bytes(csv_bytes([head, *rows], ";", "cp1252"))
    text, content = proposed(tmp_path / "s", path)
    customers = content["tables"]["customers"]
    assert (customers["encoding"], customers["decimal"], customers["dates"]) == ("cp1252", ",", "%d.%m.%Y")
    assert customers["columns"]["weight"] == "Vikt" and customers["columns"]["company"] == "Företag"
    assert customers["missing"] == {"recommend": ["vet ej"]}
    assert content["scales"] == {"satisfaction": {"low": 1, "high": 10}}
    assert content["language"] == "sv" and "hemligt" not in text
    for part in ("encoding", "decimal", "dates", "language"):
        assert "# guess: " in line_of(text, f"{part}: ")
    study = cx.open_study(tmp_path / "s")
    assert cx.nps(study).estimate[0] == pytest.approx(100 * (12 - 41) / 65)
    assert set(study.customers.frame()["company"]) == {"Åkeri", "Öbo"}


def test_an_excel_with_title_rows_and_several_sheets(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Kundundersökning"
    sheet.append(["Undersökning 2024"])
    sheet.append([])
    sheet.append(["Respondent", "Bolag", "NPS", "CSAT"])
    for i, score in enumerate(SCORES):
        sheet.append([f"r{i}", "Alfa" if i % 2 else "Beta", score, 1 + i % 5])
    money = book.create_sheet("Bokslut")
    money.append(["Bolag", "Räkenskapsår", "Omsättning", "Rörelseresultat"])
    for i, name in enumerate(("Alfa", "Beta")):
        money.append([name, 2024, 1000, 90 - 50 * i])
    book.create_sheet("Omslag").append(["Konfidentiellt"])
    path = tmp_path / "allt.xlsx"
    book.save(path)
    text, content = proposed(tmp_path / "s", path)
    assert list(content["tables"]) == ["financials", "customers"]
    assert content["tables"]["customers"]["sheet"] == "Kundundersökning"
    assert content["tables"]["financials"]["columns"] == {
        "company": "Bolag", "year": "Räkenskapsår", "revenue": "Omsättning", "operating_profit": "Rörelseresultat",
    }  # fmt: skip
    assert "# the reader found them in row 3; above, row 1." in text and "# open: the currency and unit" in text
    study = cx.open_study(tmp_path / "s")
    assert cx.nps(study).estimate[0] == pytest.approx(NPS) and study.financials.n == 2


def test_a_qualtrics_csv(tmp_path):
    names = ["StartDate", "EndDate", "Status", "Duration (in seconds)", "RecordedDate", "ResponseId"]
    texts = [*names, "group", "How likely are you to recommend us to a friend?", "How satisfied are you overall?"]
    names += ["Q1_NPS_GROUP", "Q1", "Q2"]
    ids = ['{"ImportId":"%s"}' % name for name in names]
    rows = [
        ["2024-05-01 10:00:00", "2024-05-01 10:03:00", "IP Address", "180", "2024-05-01 10:03:01", f"R_{i}",
         "Promoter" if s > 8 else "Passive" if s > 6 else "Detractor", s, 1 + i % 5]
        for i, s in enumerate(SCORES)
    ]  # fmt: skip
    path = tmp_path / "q.csv"
    path.write_bytes(csv_bytes([names, texts, ids, *rows]))
    text, content = proposed(tmp_path / "acme", path)
    customers = content["tables"]["customers"]
    assert customers["layout"] == "qualtrics" and customers["constants"] == {"company": "acme"}
    assert customers["columns"] == {
        "response_id": "ResponseId", "date": "RecordedDate", "recommend": "Q1", "satisfaction": "Q2",
        "duration": "Duration (in seconds)",
    }  # fmt: skip
    assert content["questions"]["recommend"] == {"en": texts[7]} and content["language"] == "en"
    assert "guess: no column names the company" in line_of(text, "constants:")
    study = cx.open_study(tmp_path / "acme")
    assert set(study.customers.frame()["company"]) == {"acme"}
    assert cx.nps(study, by="company").estimate[0] == pytest.approx(NPS)


def test_a_surveymonkey_csv(tmp_path):
    ask = "How likely is it that you would recommend us to a friend or colleague?"
    head = ["Respondent ID", "Start Date", "End Date", ask, "How was …?", "", "Anything else?"]
    parts = ["", "", "", "", "How easy was it to reach us", "Was your matter resolved", "Open-Ended Response"]
    rows = [[1000 + i, "01/02/2024 02:05:00 PM", "01/31/2024 02:07:00 PM", s, 1 + i % 5, 1 + (i + 1) % 5, "secret"]
            for i, s in enumerate(SCORES)]  # fmt: skip
    path = tmp_path / "sm.csv"
    path.write_bytes(csv_bytes([head, parts, *rows]))
    text, content = proposed(tmp_path / "s", path)
    customers = content["tables"]["customers"]
    assert customers["layout"] == "surveymonkey" and customers["dates"] == "%m/%d/%Y %I:%M:%S %p"
    assert customers["columns"]["recommend"] == ask and customers["columns"]["date"] == "End Date"
    assert customers["columns"]["ease"].endswith("reach us") and customers["columns"]["resolution"].endswith("resolved")
    assert content["items"] == {"cx_index": ["ease", "resolution"]} and "secret" not in text
    study = cx.open_study(tmp_path / "s")
    assert cx.nps(study).estimate[0] == pytest.approx(NPS)
    assert str(study.customers.frame()["date"].max())[:10] == "2024-01-31"


def test_a_stata_file(tmp_path):
    frame = pd.DataFrame(
        {
            "respid": [f"r{i}" for i in range(N)],
            "firm": ["Alfa", "Beta"] * (N // 2),
            "ltr": [float(s) for s in SCORES],
            "ces": [1.0 + i % 7 for i in range(N)],
        }
    )
    labels = {"ltr": "Likelihood to recommend", "ces": "How easy was it to get help"}
    path = tmp_path / "w.dta"
    pyreadstat.write_dta(frame, path, column_labels=[labels.get(c, "") for c in frame])
    text, content = proposed(tmp_path / "s", path)
    assert content["tables"]["customers"]["columns"] == {"company": "firm", "recommend": "ltr", "effort": "ces"}
    # of effort the low end is good, unless the question asks how easy it was
    assert content["scales"] == {"effort": {"low": 1, "high": 7}}
    assert "high is good" in line_of(text, "effort: {low")
    assert "not used: respid (text" in text
    assert cx.nps(cx.open_study(tmp_path / "s")).estimate[0] == pytest.approx(NPS)


def test_the_sample_is_mapped_as_it_is(tmp_path):
    names = ["customers.parquet", "employees.csv.gz", "companies.csv", "financials.csv"]
    before = {name: (SAMPLE / name).read_bytes() for name in names}
    made = new_study(tmp_path / "sample", [SAMPLE / name for name in names])
    assert made.copied == tuple(names) and before == {name: (SAMPLE / name).read_bytes() for name in names}
    ours, true = cx.open_study(tmp_path / "sample"), cx.open_study()
    assert list(ours.tables) == list(true.tables)
    for name, table in true.tables.items():
        assert ours.tables[name].columns == table.columns
        for column in table.questions:
            found, real = ours.tables[name].column(column), table.column(column)
            assert (found.low, found.high) == (real.low, real.high), column
    assert ours.config.items == true.config.items
    assert ours.config.tables["customers"].missing == {"recommend": [99]}
    pd.testing.assert_frame_equal(cx.nps(ours), cx.nps(true))


def test_two_waves_of_one_table(tmp_path, spss):
    other = tmp_path / "okänd2.sav"
    other.write_bytes(spss.read_bytes())
    text, content = proposed(tmp_path / "s", spss, other)
    assert content["tables"]["customers"]["file"] == ["okänd.sav", "okänd2.sav"]
    assert "# guess: files with the same columns are waves" in text
    assert set(cx.open_study(tmp_path / "s").customers.frame()["wave"]) == {"okänd", "okänd2"}


def test_an_export_that_is_there_already_is_not_copied(tmp_path, spss):
    folder = tmp_path / "s"
    folder.mkdir()
    spss.rename(folder / "x.sav")
    made = new_study(folder, [folder / "x.sav"])
    assert made.copied == () and made.guesses == len(still_open(folder / "study.yaml")[0]) > 5
    assert sorted(p.name for p in folder.iterdir()) == ["study.yaml", "template.xlsx", "x.sav"]
    assert cx.open_study(folder).customers.n == N


def column(values, name="x", **more):
    """One column of a small file and others around it, as read from a CSV."""
    frame = pd.DataFrame({"response_id": range(len(values)), "company": "A", name: values, **more})
    return frame.to_csv(index=False).encode()


@pytest.fixture
def guess(tmp_path):
    def guess(content, name="x.csv"):
        (tmp_path / name).write_bytes(content)
        (export,) = read_exports([tmp_path / name])
        return guess_table(export, ())

    return guess


def test_the_only_column_of_0_to_10_is_the_recommend_question(guess):
    found = guess(column(SCORES, "v1")).guesses["recommend"]
    assert (found.name, found.why) == ("v1", "the only column of answers 0 to 10")
    assert found.confidence == 0.5
    assert guess(column(SCORES, "v1", v2=SCORES)) is None
    assert guess(column([1 + i % 10 for i in range(N)], "v1")) is None


def test_two_candidates_the_better_is_taken_and_the_other_named(guess, tmp_path):
    found = guess(column(SCORES, "nps", nps_score_old=SCORES)).guesses["recommend"]
    assert (found.name, found.others) == ("nps", ("nps_score_old",))
    new_study(tmp_path / "s", [tmp_path / "x.csv"])
    text = (tmp_path / "s/study.yaml").read_text(encoding="utf-8")
    assert "could also be nps_score_old" in line_of(text, "recommend: nps")


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (["9 – very likely", "3 – hardly"] * 33, "its answers are words: export the codes"),
        ([1 + i % 5 for i in range(N)], "its answers are at most 5, and NPS needs 0 to 10"),
        ([0.5 + i % 5 for i in range(N)], "it holds numbers 0.5 to 4.5"),
        ([None] * N, "it is empty"),
    ],
)
def test_a_column_of_another_kind_is_not_taken_for_its_name(guess, values, reason):
    found = guess(column(values, "recommend", satisfaction=[1 + i % 5 for i in range(N)]))
    assert "recommend" not in found.guesses
    assert found.unused["recommend"] == f"could be recommend, but {reason}"


@pytest.mark.parametrize(
    ("values", "scale", "codes"),
    [
        ([1 + i % 5 for i in range(N)], (1, 5), []),
        ([*[1 + i % 5 for i in range(N)], 8, 9], (1, 5), [8, 9]),
        ([1 + i % 9 for i in range(N)], (1, 10), []),
        ([1 + i % 7 for i in range(N)], (1, 7), []),
        ([*SCORES, 99, 98, -1], (0, 10), [-1, 98, 99]),
        ([i % 5 for i in range(N)], (0, 4), []),
    ],
)
def test_the_scale_of_a_question_and_its_codes(guess, values, scale, codes):
    answers = guess(column(values, "satisfaction")).guesses["satisfaction"].answers
    assert ((answers.low, answers.high), sorted(answers.codes)) == (scale, codes)


def test_a_value_that_nothing_explains_is_left_open(tmp_path):
    (tmp_path / "x.csv").write_bytes(column([*SCORES, 11], "recommend"))
    text, content = proposed(tmp_path / "s", tmp_path / "x.csv")
    assert "missing" not in content["tables"]["customers"]
    assert "# open: recommend has 11 beyond 0 to 10; is it a code for no answer?" in text
    with pytest.raises(DataError, match="recommend is from 0 to 10"):
        cx.open_study(tmp_path / "s")


def test_employees_are_known_by_the_employer_in_the_question(guess):
    found = guess(column(SCORES, "I would recommend my employer as a place to work"))
    assert found.table == "employees" and found.guesses["recommend_employer"].name.startswith("I would")
    assert guess(column(SCORES, "Jag rekommenderar gärna min arbetsplats")).table == "employees"
    assert guess(column(SCORES, "Jeg vil anbefale virksomheden")).table == "customers"


def test_columns_by_year_become_rows(tmp_path):
    frame = pd.DataFrame({"Company": ["A", "B"], "Sales 2023": [10, 20], "Sales 2024": [20, 30], "EBIT 2023": [1, 2],
                          "EBIT 2024": [1, 3]})  # fmt: skip
    frame.to_excel(tmp_path / "w.xlsx", index=False)
    text, content = proposed(tmp_path / "s", tmp_path / "w.xlsx")
    financials = content["tables"]["financials"]
    assert financials["wide"] == {"year": "{column} {year}"} and "# guess: each year" in line_of(text, "wide:")
    assert financials["columns"] == {"company": "Company", "revenue": "Sales", "operating_profit": "EBIT"}
    assert sorted(cx.open_study(tmp_path / "s").financials.frame()["revenue"]) == [10, 20, 20, 30]


def test_a_title_above_the_names_of_a_csv(tmp_path):
    (tmp_path / "x.csv").write_bytes(b"Report 2024\n\n" + column(SCORES, "nps"))
    assert proposed(tmp_path / "s", tmp_path / "x.csv")[1]["tables"]["customers"]["header"] == 3
    assert cx.open_study(tmp_path / "s").customers.n == N


def test_a_company_that_is_not_in_every_row_is_left_open(tmp_path):
    frame = pd.DataFrame({"company": ["A"] * (N - 1) + [None], "nps": SCORES})
    frame.to_csv(tmp_path / "x.csv", index=False)
    text, content = proposed(tmp_path / "s", tmp_path / "x.csv")
    assert f"# open: company is empty in 1 of {N} rows" in text and "constants" not in content["tables"]["customers"]
    with pytest.raises(DataError, match="no row may be without company"):
        cx.open_study(tmp_path / "s")
    pd.DataFrame({"company": "", "firm": "A", "nps": SCORES}).to_csv(tmp_path / "z.csv", index=False)
    assert proposed(tmp_path / "u", tmp_path / "z.csv")[1]["tables"]["customers"]["ignore"] == ["company"]
    assert set(cx.open_study(tmp_path / "u").customers.frame()["company"]) == {"A"}
    pd.DataFrame({"company": [i + 0.5 for i in range(N)], "nps": SCORES}).to_csv(tmp_path / "y.csv", index=False)
    assert "# open: the column company does not name companies" in proposed(tmp_path / "t", tmp_path / "y.csv")[0]


def test_a_name_of_two_lines_is_mapped(tmp_path):
    pd.DataFrame({"company": "A", "NPS\nscore": SCORES}).to_csv(tmp_path / "x.csv", index=False)
    _, content = proposed(tmp_path / "s", tmp_path / "x.csv")
    assert content["tables"]["customers"]["columns"] == {"recommend": "NPS\nscore"}
    assert cx.open_study(tmp_path / "s").customers.n == N


def test_day_and_month_that_both_fit_are_named(tmp_path):
    (tmp_path / "x.csv").write_bytes(column(SCORES, "recommend", date=["03/04/2024"] * N))
    text, content = proposed(tmp_path / "s", tmp_path / "x.csv")
    assert content["tables"]["customers"]["dates"] == "%d/%m/%Y"
    assert "fits all dates; %m/%d/%Y fit as well" in line_of(text, "dates:")


def test_a_column_that_resembles_a_name_of_ours_does_not_stop_the_study(tmp_path):
    # refused as a duration for its text, yet spelt nearly so: the check would ask about it
    (tmp_path / "x.csv").write_bytes(column(SCORES, "recommend", Durations=["long"] * N))
    text, content = proposed(tmp_path / "s", tmp_path / "x.csv")
    assert content["tables"]["customers"]["ignore"] == ["Durations"]
    assert cx.open_study(tmp_path / "s").customers.n == N


def test_a_column_with_a_name_of_ours_that_holds_something_else_is_left_out(tmp_path):
    (tmp_path / "x.csv").write_bytes(column(SCORES, "recommend", ease=[0.5] * N, date=["soon"] * N))
    text, content = proposed(tmp_path / "s", tmp_path / "x.csv")
    assert content["tables"]["customers"]["ignore"] == ["ease", "date"]
    assert "not used: ease (could be ease, but it holds numbers 0.5 to 0.5)" in text
    study = cx.open_study(tmp_path / "s")
    assert not study.has("customers", "ease") and study.ignored_columns["customers"] == ("ease", "date")


def test_answers_and_comments_are_never_in_the_text(tmp_path):
    words = [f"private {i}" for i in range(N)]
    few = ["private few", "private other"] * (N // 2)
    (tmp_path / "x.csv").write_bytes(column(SCORES, "recommend", comment=words, role=few, trust=few))
    text, _ = proposed(tmp_path / "s", tmp_path / "x.csv")
    assert "private" not in text


def test_without_exports_a_skeleton_and_a_template_that_opens_once_filled(tmp_path):
    made = new_study(tmp_path / "s")
    assert made.copied == () and made.guesses == 0
    with pytest.raises(DataError, match="tables names at least one table. Found: none. Remedy: take the #"):
        cx.open_study(tmp_path / "s")
    assert [what for _, what in still_open(tmp_path / "s/study.yaml")[1]][0].startswith("no table yet")
    book = openpyxl.load_workbook(tmp_path / "s/template.xlsx")
    sheets = {
        "companies": [{"company": "0047", "name": "Alfa"}, {"company": "0048", "name": "Beta"}],
        "customers": [
            {"response_id": f"r{i}", "company": f"004{7 + i % 2}", "recommend": s} for i, s in enumerate(SCORES)
        ],
    }
    for name, rows in sheets.items():
        header = [cell.value for cell in book[name][1]]
        for i, row in enumerate(rows, 2):
            for key, value in row.items():
                book[name].cell(i, header.index(key) + 1, value)
    book.save(tmp_path / "s/template.xlsx")
    file = tmp_path / "s/study.yaml"
    text = file.read_text(encoding="utf-8")
    for name in sheets:
        text = text.replace(f"  # {name}: {{file", f"  {name}: {{file")
    file.write_text(text, encoding="utf-8")
    study = cx.open_study(tmp_path / "s")
    assert cx.nps(study, by="company").estimate.tolist() == pytest.approx([100 * (6 - 21) / 33] * 2)
    assert set(study.companies.frame()["company"]) == {"0047", "0048"}


def test_the_template_has_a_sheet_a_table_and_marks_what_is_required(tmp_path):
    new_study(tmp_path / "s")
    book = openpyxl.load_workbook(tmp_path / "s/template.xlsx")
    assert book.sheetnames == ["Read me", *TABLES]
    for table in TABLES.values():
        cells = book[table.name][1]
        assert [cell.value for cell in cells] == [c.name for c in table.columns]
        for cell, described in zip(cells, table.columns, strict=True):
            assert cell.comment.text.startswith("REQUIRED") == described.required == bool(cell.font.b)
            assert described.meaning in cell.comment.text
    checks = {str(v.sqref): v for v in book["customers"].data_validations.dataValidation}
    letter = next(c.column_letter for c in book["customers"][1] if c.value == "recommend")
    check = checks[f"{letter}2:{letter}10000"]
    assert (check.type, check.operator, check.formula1, check.formula2) == ("whole", "between", "0", "10")


def test_the_note_of_a_column():
    assert note(TABLES["customers"].column("recommend")).endswith("From 0 to 10 points.")
    assert note(TABLES["financials"].column("revenue")).endswith("At least 0 money.")
    assert note(TABLES["companies"].column("company")).startswith("REQUIRED in every row.")


def folder_is(path):
    return sorted(p.name for p in path.iterdir())


def test_nothing_there_is_overwritten_and_nothing_left_behind(tmp_path, spss):
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "notes.txt").write_text("mine")
    for exports in ([], [spss]):
        with pytest.raises(ValueError, match="holds notes.txt. Name another folder; nothing was changed."):
            new_study(taken, exports)
    with pytest.raises(ValueError, match="is a file. Name another folder."):
        new_study(spss)
    with pytest.raises(DataError, match="did you mean okänd.sav"):
        new_study(tmp_path / "s", [tmp_path / "okand.sav"])
    (tmp_path / "cut.sav").write_bytes(spss.read_bytes()[:300])
    with pytest.raises(DataError, match="the file must be readable to its end as SPSS."):
        new_study(tmp_path / "s", [spss, tmp_path / "cut.sav"])
    assert folder_is(tmp_path) == ["cut.sav", "okänd.sav", "taken"] and folder_is(taken) == ["notes.txt"]


def test_an_export_like_no_table_says_what_is_looked_for(tmp_path):
    (tmp_path / "x.csv").write_text("shoe,colour\n40,secret\n41,secret\n")
    with pytest.raises(DataError) as caught:
        new_study(tmp_path / "s", [tmp_path / "x.csv"])
    assert "nothing of these in 2 columns: shoe, colour." in str(caught.value) and "recommend" in str(caught.value)
    assert "secret" not in str(caught.value) and folder_is(tmp_path) == ["x.csv"]
    (tmp_path / "x.csv").write_bytes(column(["9 – secret", "3 – hardly"] * 33, "nps"))
    with pytest.raises(DataError, match="; nps could be recommend, but its answers are words: export the codes."):
        new_study(tmp_path / "s", [tmp_path / "x.csv"])
    (tmp_path / "x.csv").write_text("40,secret\n41,secret\n")
    with pytest.raises(DataError) as caught:
        new_study(tmp_path / "s", [tmp_path / "x.csv"])
    assert "numbers or dates where the names of 2 columns should be" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_guess_counts_until_its_word_is_gone(tmp_path):
    path = tmp_path / "study.yaml"
    lines = ["# 3 guesses", "name: x  # guess: a name", "unit: company  # seen: yes", "  # open: the currency"]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert still_open(path) == ([(2, "name: x", "a name")], [(4, "the currency")])
    assert still_open(tmp_path / "none.yaml") == ([], [])


@pytest.mark.parametrize(
    "text", ["Q7_1", "yes", "no", "1", "a: b", "# x", "å ä ö", "två\nrader", 'say "x"', " ", "-", "null"]
)
def test_a_text_is_written_so_that_yaml_reads_it_back(text):
    assert yaml.safe_load(f"x: {written(text)}  # guess: y") == {"x": text}
    assert yaml.safe_load(f"x: [{written(text)}, 2]")["x"][1] == 2


@pytest.mark.parametrize(
    ("title", "name"),
    [("Kundundersökning 2025", "kundundersokning-2025"), ("con", "study-con"), ("…", "my-study")],
)
def test_the_name_of_a_study_from_its_folder(title, name):
    assert safe_name(title) == name


def test_the_words_belong_to_columns_that_exist():
    known = {c.name for t in TABLES.values() for c in t.columns}
    assert set(vocabulary()["columns"]) <= known and set(vocabulary()["tables"]) == set(TABLES)
    for name, said in vocabulary()["columns"].items():
        assert set(said) <= {"names", "texts", "needs", "not"} and set(said["names"]) == {"en", "sv", "da"}, name


@pytest.mark.parametrize(
    ("canonical", "name", "score"),
    [
        ("company", "Company", 1.0),
        ("company", "virksomhed", 0.9),
        ("work_group", "arbetsgrupp", 0.9),
        ("recommend", "nps_2024", 0.7),
        ("satisfaction", "tilfredshed", 0.9),
        ("satisfaction", "satisfacton", 0.6),
        ("weight", "vægt", 0.9),
        ("recommend", "nps_group", 0.0),
        ("recommend", "shoe", 0.0),
    ],
)
def test_how_well_a_name_meets_a_canonical_one(canonical, name, score):
    assert words_of(canonical).likeness(name, "").score == pytest.approx(score, abs=0.02)


def test_words_that_say_no_answer_and_the_language_of_texts():
    assert all(map(is_no_answer, ["Vet ej", "Don't know", "Don’t know / no opinion", "Ved ikke", "N/A"]))
    others = ["Pris", "Nanny", "Not at all likely", "Missing features", "There was no answer to my call"]
    assert not any(map(is_no_answer, others))
    assert language_of(["Hvor sandsynligt er det, at du vil anbefale os?"])[0] == "da"
    assert language_of(["Hur troligt är det att du rekommenderar oss?"])[0] == "sv"
    assert language_of(["Q1", ""]) == ("", 0.0)


def test_the_likelier_of_two_like_exports_is_taken_and_the_other_named(tmp_path):
    (tmp_path / "customers.csv").write_bytes(column(SCORES, "recommend"))
    (tmp_path / "other.csv").write_bytes(column(SCORES, "nps", more=SCORES))
    tables, left = propose_tables(read_exports([tmp_path / "customers.csv", tmp_path / "other.csv"]))
    assert [p.table for p in tables] == ["customers"]
    assert left == {"other.csv": "also like customers, for which customers.csv is likelier"}
    text, _ = proposed(tmp_path / "s", tmp_path / "customers.csv", tmp_path / "other.csv")
    assert "# not used: other.csv" in text
