"""A study opened: types, keys, missing codes, counted tables, Parquet, remarks, fingerprints."""

import csv
import hashlib
import json

import pandas as pd
import pytest

from cxstudy.faults import DataError
from cxstudy.study import open_study

PARQUET = "{file: customers.parquet}"
COUNTED = """format: 1
name: counted
tables:
  customers:
    file: customers.csv
    rows: counted
    columns: {company: ccn, n: completed_surveys}
    shares:
      recommend: {promoters: nine_ten, passives: seven_eight, detractors: zero_six}
      gladly: {promoters: definitely, passives: probably, detractors: not}
    means: {nurses: {mean: nurses, sd: nurses_sd}, quiet: {mean: quiet}}
    stands_for: {recommend: "overall rating 0-10"}
loyalty: {promoter_share: gladly}
"""
COUNTED_CUSTOMERS = """\
ccn,completed_surveys,nine_ten,seven_eight,zero_six,definitely,probably,not,nurses,nurses_sd,quiet
010001,250,70,20,10,71,24,6,91.5,20,80
010005,310,66,23,11,,,,90,,81
"""
SUM = "promoters, passives and detractors of recommend sum to 100 % (±1.5 for rounding)."
FOLLOWED = """response_id,contacted_at,handled_at
R001,2024-01-16 08:30,
R002,2024-02-16T09:00:05,2024-02-17 10:00
"""


def declare(**options):
    """Put options into the customers' part of study.yaml."""
    written = "".join(f", {k}: {v}" for k, v in options.items())
    return lambda text: text.replace("{file: customers.csv}", f"{{file: customers.csv{written}}}")


def test_what_a_study_says_of_itself(small_study):
    folder = small_study()
    study = open_study(folder)
    assert (study.name, study.unit, study.pairing, study.lag, study.language) == ("small", "company", "pooled", 0, "en")
    assert (study.synthetic, study.truth, study.year_end) == (False, {}, "12-31")
    assert study.thresholds == {"customers": 5, "employees": 7}
    assert study.folder == folder.resolve()
    assert list(study.tables) == ["companies", "financials", "customers"]
    assert study.remarks == ()
    assert open_study(folder / "study.yaml").file == study.file
    assert open_study(str(folder)).file == study.file


def test_types_of_the_columns(small_study):
    study = open_study(small_study())
    table = study.customers
    assert (table.n, table.rows) == (96, "answers")
    assert table.columns == ("response_id", "company", "date", "recommend", "satisfaction", "comment")
    types = {name: str(kind) for name, kind in table.expr.schema().items()}
    assert types == {
        "response_id": "string",
        "company": "string",
        "date": "date",
        "recommend": "int64",
        "satisfaction": "int64",
        "comment": "string",
        "unit": "string",
    }
    assert str(study.financials.expr.schema()["revenue"]) == "float64"
    frame = table.frame()
    assert (frame["unit"] == frame["company"]).all()
    with (study.folder / "customers.csv").open(encoding="utf-8") as handle:
        written = [(r["response_id"], int(r["recommend"])) for r in csv.DictReader(handle)]
    assert list(frame[["response_id", "recommend"]].itertuples(index=False, name=None)) == written
    assert table.questions == ("recommend", "satisfaction")
    assert (table.column("recommend").low, table.column("recommend").high) == (0, 10)


def test_tables_are_attributes(small_study):
    study = open_study(small_study())
    assert study.has("customers", "recommend", "date")
    assert not study.has("customers", "effort")
    assert not study.has("employees")
    with pytest.raises(AttributeError, match="no table 'employes'; it has companies, financials, customers"):
        study.employes  # noqa: B018
    with pytest.raises(ValueError, match="nearest: recommend"):
        study.customers.column("recomend")
    with pytest.raises(ValueError, match="valid: nps, promoter_share"):
        study.customers.question_for("loyalty")


def test_keys_stay_text(small_study):
    def rename(text):
        return text.replace("C001", "0047").replace("C002", "NO").replace("C003", "1e3")

    study = open_study(small_study(companies=rename, financials=rename, customers=rename))
    assert {"0047", "NO", "1e3"} <= set(study.companies.frame()["company"])
    assert {"0047", "NO", "1e3"} <= set(study.customers.frame()["unit"])


def test_declared_codes_are_missing(small_study, cell):
    codes = [(3, "recommend", "99"), (4, "recommend", "98.0"), (5, "satisfaction", "n/a"), (6, "date", "n/a")]
    change = [cell(*code) for code in codes]
    study = open_study(small_study(study=declare(missing='[98, 99, "n/a"]'), customers=change))
    frame = study.customers.frame()
    assert list(frame.index[frame["recommend"].isna()]) == [2, 3]
    assert list(frame.index[frame["satisfaction"].isna()]) == [4]
    assert list(frame.index[frame["date"].isna()]) == [5]


def test_a_tables_codes_do_not_touch_amounts(small_study):
    def revenue(text):
        header, *rows = text.splitlines()
        return "\n".join([f"{header},revenue", *(f"{r},{99 if i < 2 else 1}" for i, r in enumerate(rows))]) + "\n"

    study = open_study(small_study(study=declare(missing="[99]"), customers=revenue))
    assert (study.customers.frame()["revenue"] == 99).sum() == 2
    (remark,) = study.remarks
    assert remark.found == "2 values of 99, read as amounts."
    study = open_study(small_study(study=declare(missing="{revenue: [99]}"), customers=revenue))
    assert study.customers.frame()["revenue"].isna().sum() == 2
    assert study.remarks == ()


def test_codes_hold_for_the_numbers_of_a_table_without_questions(small_study, cell):
    study = open_study(
        small_study(
            study=lambda text: text.replace("unit: thousands", "unit: thousands, missing: [-999]"),
            financials=[cell(1, "operating_profit", "-999")],
        )
    )
    assert study.financials.frame()["operating_profit"].isna().sum() == 1


def test_names_and_dates_and_decimals_as_declared(small_study):
    def foreign(text):
        text = text.replace("recommend", "Q1").replace("2024-0", "15/0").replace("-15,", "/2024,")
        return text.replace("comment", "share_of_wallet").replace(",", ";").replace("quick and kind", "8,5")

    changes = declare(columns="{recommend: Q1}", dates='"%d/%m/%Y"', decimal='","')
    frame = open_study(small_study(study=changes, customers=foreign)).customers.frame()
    assert frame["date"].iloc[1] == pd.Timestamp("2024-02-15")
    assert (frame["share_of_wallet"] == 8.5).all()
    assert frame["recommend"].iloc[0] == 4


def test_other_columns_are_left_out_and_listed(small_study):
    study = open_study(small_study(companies=lambda text: text.replace("name", "founded_by")))
    assert study.ignored_columns["companies"] == ("founded_by",)
    assert study.companies.columns == ("company", "industry")


def test_a_column_that_resembles_may_be_ignored(small_study):
    def typo(text):
        return text.replace("satisfaction", "satisfactions")

    with pytest.raises(DataError, match="satisfactions, which resembles satisfaction"):
        open_study(small_study(customers=typo))
    study = open_study(small_study(study=declare(ignore="[satisfactions]"), customers=typo))
    assert study.ignored_columns["customers"] == ("satisfactions",)


def test_declared_items_levels_and_scales(small_study):
    study = open_study(
        small_study(
            study=lambda text: text
            + "items: {index: [speed]}\nlevels: {industry: [bank, energy]}\n"
            + "scales: {speed: {low: 1, high: 5}, recommend: {low: 0, high: 10, whole: false}}\n",
            customers=lambda text: text.replace("satisfaction", "speed").replace(",4,", ",4.5,", 1),
        )
    )
    assert study.customers.questions == ("recommend", "speed")
    assert str(study.customers.expr.schema()["recommend"]) == "float64"
    assert study.customers.frame()["recommend"].iloc[0] == 4.5


@pytest.mark.parametrize("word", ["yes", "TRUE", "1"])
def test_yes_and_no(small_study, word):
    def churned(text):
        return text.replace("comment", "churned").replace("quick and kind", word)

    study = open_study(small_study(customers=churned))
    assert study.customers.frame()["churned"].all()


def test_another_unit(small_study):
    study = open_study(
        small_study(
            study=lambda text: text.replace("unit: company", "unit: branch", 1),
            customers=lambda text: text.replace("satisfaction", "branch"),
        )
    )
    assert sorted(study.customers.frame()["unit"].unique()) == ["1", "2", "3", "4", "5"]
    assert study.financials.frame()["unit"].isna().all()


def test_times_of_day(small_study):
    study = open_study(
        small_study(
            study=lambda text: text + "  callbacks: {file: callbacks.csv}\n",
            callbacks=FOLLOWED,
        )
    )
    frame = study.callbacks.frame()
    assert frame["contacted_at"].iloc[1] == pd.Timestamp("2024-02-16 09:00:05")
    assert frame["handled_at"].isna().tolist() == [True, False]


def test_few_answers_are_a_remark_and_no_fault(small_study):
    study = open_study(
        small_study(
            companies=lambda text: text + "C017,Late,bank\n",
            customers=lambda text: text + "R900,C017,2024-01-01,5,5,\n",
        )
    )
    (remark,) = study.remarks
    assert remark.rule == "a company needs at least 5 answers (thresholds in study.yaml) to be shown."
    assert remark.found == "1 of 13 with fewer (C017: 1)."


def test_counted_tables(small_study):
    study = open_study(small_study(study=COUNTED, customers=COUNTED_CUSTOMERS))
    table = study.customers
    assert table.rows == "counted"
    assert table.columns[:3] == ("company", "n", "nine_ten")
    assert table.shares["recommend"] == {"promoters": "nine_ten", "passives": "seven_eight", "detractors": "zero_six"}
    assert table.means == {"nurses": {"mean": "nurses", "sd": "nurses_sd"}, "quiet": {"mean": "quiet", "sd": None}}
    assert table.stands_for == {"recommend": "overall rating 0-10"}
    assert (table.question_for("promoter_share"), table.question_for("nps")) == ("gladly", "recommend")
    assert table.questions == ("recommend", "gladly", "nurses", "quiet")
    assert study.has("customers", "gladly")
    frame = table.frame()
    assert frame["unit"].tolist() == ["010001", "010005"]
    assert frame["n"].tolist() == [250, 310]
    assert frame["definitely"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("old", "new", "rule", "found"),
    [
        ("70,20,10", "70,20,30", SUM, "'70 + 20 + 30'"),
        ("70,20,10", "70,,10", "the three shares of recommend are given together or not at all.", "'70 + – + 10'"),
        ("70,20,10", "-70,160,10", "nine_ten is from 0 to 100.", "'-70' (line 2)"),
        ("250", "0", "n is at least 1.", "'0' (line 2)"),
        ("250", "", "no row may be without n.", "1 row"),
        ("010005", "010001", "no two rows may have the same company.", "'010001' 2 times (lines 2 and 3)"),
        ("seven_eight", "seven", "table customers needs the column seven_eight.", "no column seven_eight; there: ccn"),
    ],
)
def test_counted_tables_are_checked(small_study, old, new, rule, found):
    with pytest.raises(DataError) as caught:
        open_study(small_study(study=COUNTED, customers=COUNTED_CUSTOMERS.replace(old, new, 1)))
    said = {f.rule: f.found for f in caught.value.faults}
    assert found in said[rule]


@pytest.fixture
def answers():
    n = 96
    return pd.DataFrame(
        {
            "response_id": [f"R{i}" for i in range(n)],
            "company": [f"C{i % 12 + 1:03}" for i in range(n)],
            "date": pd.Timestamp("2024-03-01"),
            "recommend": [i % 11 for i in range(n)],
            "satisfaction": [1.0 + i % 5 for i in range(n)],
        }
    )


@pytest.fixture
def parquet_study(small_study):
    def write(frame, **changes):
        folder = small_study(study=lambda t: t.replace("{file: customers.csv}", PARQUET), customers=None, **changes)
        frame.to_parquet(folder / "customers.parquet")
        return folder

    return write


def test_parquet_is_typed_like_csv(parquet_study, answers):
    answers.loc[4, "satisfaction"] = float("nan")
    frame = open_study(parquet_study(answers)).customers.frame()
    assert frame["recommend"].tolist() == answers["recommend"].tolist()
    assert frame["satisfaction"].isna().sum() == 1
    assert frame["date"].iloc[0] == pd.Timestamp("2024-03-01")


def test_parquet_stays_on_disk(parquet_study, answers):
    study = open_study(parquet_study(answers))
    backend = study.customers.expr.get_backend()
    kinds = backend.con.execute("SELECT count(*) FROM duckdb_tables()").fetchall()
    names = backend.con.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()
    assert kinds == [(2,)]
    assert ("customers",) in names


def test_parquet_faults_name_the_row(parquet_study, answers):
    answers.loc[3, "recommend"] = 11
    answers.loc[7, "satisfaction"] = 2.5
    answers["effort"] = ["1"] * 95 + ["x"]
    with pytest.raises(DataError) as caught:
        open_study(parquet_study(answers))
    found = {f.where.split()[-1]: f.found for f in caught.value.faults}
    assert found["recommend"] == "1 row: '11' (row 4)."
    assert found["satisfaction"] == "1 row: '2.5' (row 8)."
    assert found["effort"] == "1 row: 'x' (row 96)."


def test_number_keys_in_parquet_become_text_and_are_remarked(parquet_study, answers):
    def bare(text):
        return text.replace("C00", "").replace("C0", "")

    answers["company"] = [i % 12 + 1 for i in range(96)]
    study = open_study(parquet_study(answers, companies=bare, financials=bare))
    assert set(study.customers.frame()["company"]) == {str(i) for i in range(1, 13)}
    (remark,) = study.remarks
    assert remark.found == "int64 in the file; read as text."


def test_truth_belongs_to_a_synthetic_study(small_study):
    def synthetic(text):
        return text + "synthetic: true\ntruth: truth.json\n"

    with pytest.raises(DataError, match="truth names a JSON file"):
        open_study(small_study(study=synthetic))
    folder = small_study(study=synthetic)
    (folder / "truth.json").write_text("[1]", encoding="utf-8")
    with pytest.raises(DataError, match="something else"):
        open_study(folder)
    (folder / "truth.json").write_text(json.dumps({"nps_margin.slope": 1}), encoding="utf-8")
    study = open_study(folder)
    assert study.truth == {"nps_margin.slope": 1.0}
    assert study.synthetic
    assert "truth.json" in study.fingerprints()


def test_fingerprints_are_of_every_file(small_study):
    folder = small_study()
    marks = open_study(folder).fingerprints()
    assert list(marks) == ["study.yaml", "companies.csv", "financials.csv", "customers.csv"]
    assert marks["customers.csv"] == hashlib.sha256((folder / "customers.csv").read_bytes()).hexdigest()


def test_without_a_path_the_sample_is_opened():
    study = open_study()
    assert study.synthetic
    assert study.name == "synthetic-sample"
    assert open_study("").file == study.file


def test_opening_changes_no_file(small_study):
    folder = small_study()
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    open_study(folder).customers.frame()
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
