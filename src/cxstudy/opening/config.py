"""The format of study.yaml, 1: what a study is called, where its tables are, and how they are to be read.

`study_file` reads such a file and says what is wrong with it.
"""

import datetime as dt
import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from cxstudy.faults import unknown_name
from cxstudy.schema import COUNTED_TABLES, TABLES

_RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)$")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Scale(_Part):
    """The range of a question: ``low`` and ``high`` inclusive, ``better`` the end that is good."""

    low: float
    high: float
    better: Literal["high", "low"] = "high"
    whole: bool = True

    @model_validator(mode="after")
    def _ordered(self):
        if self.low >= self.high:
            raise ValueError(f"low must be below high; found low {self.low:g} and high {self.high:g}")
        return self


class Shares(_Part):
    """The columns of a counted table that hold the three classes of one question, in percent."""

    promoters: str
    passives: str
    detractors: str


class Mean(_Part):
    """The columns of a counted table that hold a question's mean and standard deviation."""

    mean: str
    sd: str | None = None


class TableFile(_Part):
    """One table of the study: its file and how it is written.

    ``columns`` maps canonical names to the file's; ``missing`` lists the codes that stand for no answer, for all
    questions of the table (``[98, 99]``) or by column (``{revenue: [-1]}``); ``dates`` is a strptime format;
    ``ignore`` names columns that are meant to be left out.
    """

    file: str
    rows: Literal["answers", "counted"] = "answers"
    columns: dict[str, str] = {}
    ignore: list[str] = []
    missing: dict[str, list[int | float | str]] = {}
    dates: str | None = None
    decimal: Literal[".", ","] = "."
    separator: Literal[",", ";", "\t"] | None = None
    currency: str = ""
    unit: Literal["ones", "thousands", "millions"] = "ones"
    shares: dict[str, Shares] = {}
    means: dict[str, Mean] = {}
    stands_for: dict[str, str] = {}

    @field_validator("missing", mode="before")
    @classmethod
    def _missing_by_column(cls, value):
        """A plain list holds for the whole table and is kept under the name ``*``."""
        given = value if isinstance(value, dict) else {"*": value}
        codes = {name: c if isinstance(c, list) else [c] for name, c in given.items()}
        for code in (c for several in codes.values() for c in several):
            if isinstance(code, bool) or not isinstance(code, int | float | str):
                hint = " (yes, no, true and false without quotes)" if isinstance(code, bool) else ""
                raise ValueError(f"a code must be a number or a text in quotes; found {code!r}{hint}")
        return codes

    @field_validator("dates")
    @classmethod
    def _whole_date(cls, value):
        day = dt.datetime(2025, 1, 31)
        try:
            whole = value is None or dt.datetime.strptime(day.strftime(value), value) == day
        except ValueError:
            whole = False
        if not whole:
            raise ValueError(f"dates must name year, month and day, such as '%d/%m/%Y'; found {value!r}")
        return value

    @model_validator(mode="after")
    def _counted_needs_shares(self):
        if self.rows == "counted" and not (self.shares or self.means):
            raise ValueError("a counted table must name its columns under shares or means; found neither")
        if self.rows == "answers" and (self.shares or self.means):
            raise ValueError("shares and means belong to a table with rows: counted; found rows: answers")
        return self


class Lag(_Part):
    """Answers of one year meet the results of ``lag`` years later."""

    lag: int = Field(ge=1, le=10)


class Thresholds(_Part):
    """The fewest answers a group needs to be shown."""

    customers: int = Field(5, ge=1)
    employees: int = Field(7, ge=1)


class Loyalty(_Part):
    """The questions that give the promoter share and the NPS."""

    promoter_share: str = "recommend"
    nps: str = "recommend"


class Fieldwork(_Part):
    """When and how the answers were collected; printed in reports."""

    start: dt.date | None = Field(None, alias="from", strict=False)
    end: dt.date | None = Field(None, alias="to", strict=False)
    channel: str = ""
    invited: str | int | None = None


class StudyFile(_Part):
    """The whole of study.yaml, format 1."""

    format: Literal[1]
    name: str = Field(max_length=60)
    title: str = ""
    synthetic: bool = False
    truth: str | None = None
    language: Literal["en", "sv", "da"] = "en"
    unit: Literal["company", "branch", "work_group"] = "company"
    pairing: Literal["pooled", "same_year"] | Lag = "pooled"
    year_end: str = "12-31"
    tables: dict[str, TableFile] = Field(min_length=1)
    scales: dict[str, Scale] = {}
    items: dict[str, list[str]] = {}
    levels: dict[str, list[str]] = {}
    thresholds: Thresholds = Thresholds()
    loyalty: Loyalty = Loyalty()
    fieldwork: Fieldwork | None = None

    @field_validator("name")
    @classmethod
    def _slug(cls, value):
        if not re.match(r"^[a-z0-9][a-z0-9_-]*$", value) or _RESERVED.match(value):
            raise ValueError(
                "the name becomes a folder and may hold small letters a–z, digits, - and _ (and not be a device name"
                f" such as con); found {value!r}"
            )
        return value

    @field_validator("year_end")
    @classmethod
    def _month_day(cls, value):
        try:
            dt.date.fromisoformat(f"2024-{value}")
        except ValueError:
            raise ValueError(f"year_end is month and day, such as '12-31'; found {value!r}") from None
        return value

    @field_validator("tables")
    @classmethod
    def _known_tables(cls, value):
        wrong = [name for name in value if name not in TABLES]
        if wrong:
            found = " ".join(unknown_name("table", name, TABLES) for name in wrong)
            raise ValueError(f"only known tables may stand here; found {found}")
        counted = [n for n, t in value.items() if t.rows == "counted" and n not in COUNTED_TABLES]
        if counted:
            raise ValueError(f"only {' and '.join(COUNTED_TABLES)} may be counted; found {', '.join(counted)}")
        return value

    @model_validator(mode="after")
    def _truth_is_synthetic(self):
        if self.truth and not self.synthetic:
            raise ValueError("only a study with synthetic: true may name a file of true values; found truth without it")
        return self


_GROUPS = {"tables": TableFile, "scales": Scale, "shares": Shares, "means": Mean}
_PARTS = {"thresholds": Thresholds, "loyalty": Loyalty, "fieldwork": Fieldwork, "pairing": Lag}


def keys_at(path):
    """The keys that may stand at a path of the file: ``("tables", "customers")`` → file, rows, …"""
    model = StudyFile
    if len(path) >= 2 and path[-2] in _GROUPS:
        model = _GROUPS[path[-2]]
    elif path:
        model = _PARTS[path[-1]]
    return [field.alias or name for name, field in model.model_fields.items()]
