"""The canonical tables and columns, as data.

The check of a user's files (`checking`) and the data dictionary (``data/README.md``) are both
made from this one description; ``python -m cxstudy.schema`` prints the dictionary.
"""

from dataclasses import dataclass

KINDS = {
    "key": "text that names something; `0047` and `NO` stay as they are",
    "text": "free text",
    "integer": "a whole number",
    "number": "a number",
    "scale": "an answer on a scale, whole numbers unless study.yaml says `whole: false`",
    "level": "one of a few words; study.yaml declares their order under `levels`",
    "date": "a date, written 2025-01-31 unless study.yaml declares `dates` for the table",
    "time": "a date with a time of day, written 2025-01-31 14:05",
    "boolean": "yes or no (also true/false, 1/0)",
}


@dataclass(frozen=True)
class Column:
    """One canonical column: its kind (a key of `KINDS`), meaning, unit and permitted range.

    ``low`` and ``high`` are inclusive, None where there is no bound. A ``required`` column must be
    in the file and filled in every row.
    """

    name: str
    kind: str
    meaning: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    required: bool = False


@dataclass(frozen=True)
class Table:
    """One canonical table; no two rows may share the values of the ``key`` columns."""

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    def column(self, name):
        """The column called ``name``; KeyError when there is none."""
        return {c.name: c for c in self.columns}[name]

    @property
    def questions(self):
        """Names of the columns that hold answers on a scale."""
        return tuple(c.name for c in self.columns if c.kind == "scale")


_COMPANY = Column("company", "key", "the company, as in table companies", required=True)
_BRANCH = Column("branch", "key", "branch or site of the company; needed with `unit: branch`")
_GROUP = Column("work_group", "key", "work group; needed with `unit: work_group`")
_RESPONSE = Column("response_id", "key", "names one answer; no two rows may share it")
_WAVE = Column("wave", "key", "wave of the survey; several files of one table give it by themselves")
_DURATION = Column("duration", "number", "how long the answer took", "seconds", 0)
_EASE = Column("ease", "scale", "how easy it was", "points", 1, 5)
_RESOLUTION = Column("resolution", "scale", "whether the matter was settled", "points", 1, 5)
_ENGAGEMENT = Column("engagement", "scale", "how engaged the staff were", "points", 1, 5)

COMPANIES = Table(
    "companies",
    "One row per company.",
    ("company",),
    (
        Column("company", "key", "names the company", required=True),
        Column("name", "text", "the name to print"),
        Column("industry", "level", "industry"),
        Column("size", "level", "size class"),
        Column("ownership", "level", "form of ownership"),
        Column("country", "level", "country"),
    ),
)
FINANCIALS = Table(
    "financials",
    "One row per company and financial year. Money is in the `currency` and `unit` study.yaml declares.",
    ("company", "year"),
    (
        _COMPANY,
        _BRANCH,
        Column("year", "integer", "the year in which the financial year ends", "year", 1900, 2100, required=True),
        Column("revenue", "number", "revenue", "money", 0),
        Column("operating_profit", "number", "operating profit (EBIT), negative for a loss", "money"),
        Column("operating_margin", "number", "operating profit as % of revenue; 9 % is written 9, not 0.09", "%"),
        Column("core_margin", "number", "operating margin of the core business alone, without other income", "%"),
        Column("organic_growth", "number", "growth of revenue without acquisitions", "%", -100),
        Column("return_on_capital", "number", "return on capital", "%"),
        Column("market_share", "number", "share of the market", "%", 0, 100),
        Column("employees", "number", "number of employees, full-time equivalents", "employees", 0),
    ),
)
CUSTOMERS = Table(
    "customers",
    "One row per customer's answer, or (with `rows: counted`) one row per company with shares in percent.",
    ("response_id",),
    (
        _RESPONSE,
        _COMPANY,
        _BRANCH,
        _GROUP,
        _WAVE,
        Column("customer", "key", "the customer who answered; may occur several times"),
        Column("date", "date", "day of the answer"),
        Column("touchpoint", "level", "the contact the answer is about"),
        Column("recommend", "scale", "how likely the customer is to recommend the company", "points", 0, 10),
        Column("satisfaction", "scale", "overall satisfaction", "points", 1, 5),
        Column("effort", "scale", "how much effort it took the customer", "points", 1, 7),
        _EASE,
        _RESOLUTION,
        _ENGAGEMENT,
        Column("stated_driver", "level", "what matters most, in the customer's own choice"),
        Column("reason", "level", "reason code of the answer"),
        Column("comment", "text", "the customer's own words; never shown in a message"),
        Column("weight", "number", "sampling weight", "", 0),
        Column("stratum", "key", "sampling stratum"),
        Column("churned", "boolean", "whether the customer has left"),
        Column("churn_date", "date", "day the customer left"),
        Column("revenue", "number", "yearly revenue from the customer", "money", 0),
        Column("share_of_wallet", "number", "share of the customer's purchases that go to the company", "%", 0, 100),
        Column("invited", "date", "day of the invitation"),
        _DURATION,
    ),
)
EMPLOYEES = Table(
    "employees",
    "One row per employee's answer. No message quotes an answer of this table.",
    ("response_id",),
    (
        _RESPONSE,
        _COMPANY,
        _BRANCH,
        _GROUP,
        _WAVE,
        Column("role", "level", "role"),
        Column("date", "date", "day of the answer"),
        Column("recommend_employer", "scale", "how likely to recommend the company as employer", "points", 0, 10),
        Column("good_company", "scale", "this is a good company", "points", 1, 5),
        Column("trust", "scale", "trust in the company", "points", 1, 5),
        Column("thriving", "scale", "thrives at work", "points", 1, 5),
        Column("leadership", "scale", "leadership of the nearest manager", "points", 1, 5),
        Column("employer_brand", "scale", "the company's standing as employer", "points", 1, 5),
        Column("authority", "scale", "may decide what the customer's matter needs", "points", 1, 5),
        Column("time_pressure", "scale", "pressed for time", "points", 1, 5),
        Column("customer_contact", "level", "how often the employee meets customers"),
        Column("ease", "scale", "own service: how easy for the customer", "points", 1, 5),
        Column("resolution", "scale", "own service: whether the matter is settled", "points", 1, 5),
        Column("engagement", "scale", "own engagement", "points", 1, 5),
        Column("weight", "number", "sampling weight", "", 0),
        _DURATION,
    ),
)
CALLBACKS = Table(
    "callbacks",
    "One row per answer that was followed up.",
    ("response_id",),
    (
        Column("response_id", "key", "the answer in table customers", required=True),
        Column("contacted_at", "time", "when the customer was contacted"),
        Column("handled_at", "time", "when the matter was settled; empty while it is open"),
    ),
)
ACTIONS = Table(
    "actions",
    "One row per improvement a company decided on.",
    ("action",),
    (
        Column("action", "key", "names the action", required=True),
        _COMPANY,
        _BRANCH,
        _GROUP,
        Column("date", "date", "day of the decision"),
        Column("driver", "level", "the question or driver it is meant to move"),
        Column("owner", "text", "who is responsible"),
        Column("status", "level", "state of the work"),
        Column("description", "text", "what is to be done"),
    ),
)
LINKS = Table(
    "links",
    "One row per name that a table uses for a unit (company, branch or work group, as `unit` in study.yaml says).",
    ("source", "key", "unit"),
    (
        Column("source", "key", "the table of the study that uses the name, such as employees", required=True),
        Column("key", "key", "the name used there; it becomes the unit when the study is opened", required=True),
        Column("unit", "key", "the unit it stands for", required=True),
    ),
)
TABLES = {t.name: t for t in (COMPANIES, FINANCIALS, CUSTOMERS, EMPLOYEES, CALLBACKS, ACTIONS, LINKS)}

COUNTED_TABLES = ("customers", "employees")
COUNTED_KEYS = (
    _COMPANY,
    _BRANCH,
    _GROUP,
    Column("year", "integer", "year of the answers, if there are several", "year", 1900, 2100),
    Column("n", "integer", "number of answers behind the row", "answers", 1, required=True),
)
UNITS = ("company", "branch", "work_group")

_INTRODUCTION = """# Data dictionary

Made from `src/cxstudy/schema.py`; do not edit. `python -m cxstudy.schema` prints it.

A study is a folder with a `study.yaml` and the tables it names. No table is compulsory: each analysis says what it
needs. Other column names are declared in study.yaml (`columns: {recommend: Q1}`), as are codes for a missing answer
(`missing: [98, 99]`). Columns not named here or in study.yaml are left out and listed.

## Files

A table is a CSV file (`.csv`, `.csv.gz`; comma, semicolon or tab), Parquet, Excel (`.xlsx`), SPSS (`.sav`, `.zsav`) or
Stata (`.dta`) file. What the file does not say of itself is written beside it, under `tables:`

| key | meaning |
|---|---|
| `encoding: cp1252` | how letters are stored in a CSV file that is not UTF-8; never guessed |
| `separator: ";"`, `decimal: ","`, `dates: "%d/%m/%Y"` | how a CSV file writes columns, numbers and dates |
| `sheet: Answers` | the sheet of an Excel workbook that has several |
| `header: 4` | the line or row of the column names below titles; in Excel found, and said, when left out |
| `layout: qualtrics` | a Qualtrics CSV, with three header rows; `surveymonkey` has two |
| `long: {question: item, answer: value}` | one row for each answer becomes one row for each respondent |
| `wide: {year: "{column}_{year}"}` | revenue_2023, revenue_2024 become rows of the years 2023 and 2024 (also `wave`) |
| `file: {2023: a.sav, 2024: b.sav}` | several files, one for each `wave`; a list takes the file names as waves |
| `constants: {company: Acme}` | a column the file lacks because one value holds for all its rows |

Of SPSS and Stata files the value labels name levels and keys, scales and numbers keep their codes, and values declared
missing in the file are read as no answer and counted.

## The survey

`questions: {recommend: {en: "How likely …", sv: "…"}}` gives the wording of a question by language, and `fieldwork: {from:
2025-01-10, to: 2025-02-28, channel: e-mail, invited: invited.csv}` when and how customers were asked. `invited` is a
number or a file with the columns `unit` (or `company`, …) and `invited`. They stand on the page `method.html` of each run.
"""


def _range(column):
    if column.low is None and column.high is None:
        return ""
    if column.high is None:
        return f"≥ {column.low:g}"
    return f"{column.low:g}–{column.high:g}"


def _rows(columns, key=()):
    lines = ["| column | kind | range | unit | meaning |", "|---|---|---|---|---|"]
    for c in columns:
        note = " (required)" if c.required else ""
        name = f"**{c.name}**" if c.name in key else c.name
        lines.append(f"| {name} | {c.kind} | {_range(c)} | {c.unit} | {c.meaning}{note} |")
    return lines


def dictionary():
    """The data dictionary as Markdown, the text of ``data/README.md``."""
    lines = [_INTRODUCTION, "## Kinds", ""]
    lines += [f"- **{kind}**: {meaning}." for kind, meaning in KINDS.items()]
    for table in TABLES.values():
        lines += ["", f"## {table.name}", "", f"{table.meaning} Key in bold.", "", *_rows(table.columns, table.key)]
    lines += [
        "",
        "## Counted tables",
        "",
        f"Tables {' and '.join(COUNTED_TABLES)} may be `rows: counted`: one row per unit (and year), with these columns"
        " and, for each question, three share columns in percent that study.yaml names under `shares` or a mean (and"
        " standard deviation) under `means`.",
        "",
        *_rows(COUNTED_KEYS),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    import sys

    sys.stdout.reconfigure(encoding="utf-8")
    print(dictionary(), end="")
