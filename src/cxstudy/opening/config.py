"""The format of study.yaml, 1: what a study is called, where its tables are, and how they are to be read.

`study_file` reads such a file and says what is wrong with it.
"""

import datetime as dt
import re
from typing import Literal

from pydantic import Field, field_validator, model_validator

from cxstudy.faults import unknown_name
from cxstudy.language import LANGUAGES
from cxstudy.opening.table_file import Long, Mean, Part, Shares, TableFile
from cxstudy.schema import COUNTED_TABLES, TABLES

_RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)$")


class Scale(Part):
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


class Lag(Part):
    """Answers of one year meet the results of ``lag`` years later."""

    lag: int = Field(ge=1, le=10)


class Thresholds(Part):
    """The fewest answers a group needs to be shown."""

    customers: int = Field(5, ge=1)
    employees: int = Field(7, ge=1)


class Loyalty(Part):
    """The questions that give the promoter share and the NPS."""

    promoter_share: str = "recommend"
    nps: str = "recommend"


class SelfImage(Part):
    """Which questions ask customers and employees the same, and which of them are about competence and about service.

    ``scales``: side → question → scale, where a side answered on another scale than ``scales`` of the study says.
    """

    same: list[str] = Field(min_length=1)
    competence: list[str] = []
    service: list[str] = []
    scales: dict[Literal["customers", "employees"], dict[str, Scale]] = {}

    @model_validator(mode="after")
    def _among_the_same(self):
        for part in ("competence", "service"):
            wrong = [name for name in getattr(self, part) if name not in self.same]
            if wrong:
                found = " ".join(unknown_name("question", name, self.same) for name in wrong)
                raise ValueError(f"{part} names questions of same; found {found}")
        both = [name for name in self.competence if name in self.service]
        if both:
            raise ValueError(f"a question is about competence or about service; found {', '.join(both)} in both")
        wrong = [f"{side}.{name}" for side, held in self.scales.items() for name in held if name not in self.same]
        if wrong:
            raise ValueError(f"scales here are of questions of same ({', '.join(self.same)}); found {', '.join(wrong)}")
        return self


class Fieldwork(Part):
    """When and how the customers' answers were collected; printed in reports.

    ``invited``: how many were asked, or a CSV file of the study's folder with columns unit (or company …) and invited.
    """

    start: dt.date | None = Field(None, alias="from", strict=False)
    end: dt.date | None = Field(None, alias="to", strict=False)
    channel: str = ""
    invited: str | int | None = None

    @field_validator("invited")
    @classmethod
    def _at_least_one(cls, value):
        if isinstance(value, int) and value < 1:
            raise ValueError(f"invited is how many were asked, 1 or more, or a file of counts; found {value}")
        return value

    @model_validator(mode="after")
    def _in_order(self):
        if self.start and self.end and self.start > self.end:
            raise ValueError(f"from must not lie after to; found from {self.start} and to {self.end}")
        return self


class StudyFile(Part):
    """The whole of study.yaml, format 1.

    ``csv: excel`` writes tables that Excel in a Nordic language opens in columns: semicolon, decimal comma, UTF-8 with
    a byte order mark. ``comments: show`` lets clients' reports quote customers' comments, masked.
    """

    format: Literal[1]
    name: str = Field(max_length=60)
    title: str = ""
    synthetic: bool = False
    truth: str | None = None
    language: Literal["en", "sv", "da"] = "en"
    csv: Literal["standard", "excel"] = "standard"
    unit: Literal["company", "branch", "work_group"] = "company"
    pairing: Literal["pooled", "same_year"] | Lag = "pooled"
    year_end: str = "12-31"
    tables: dict[str, TableFile] = Field(min_length=1)
    scales: dict[str, Scale] = {}
    items: dict[str, list[str]] = {}
    levels: dict[str, list[str]] = {}
    thresholds: Thresholds = Thresholds()
    loyalty: Loyalty = Loyalty()
    self_image: SelfImage | None = None
    fieldwork: Fieldwork | None = None
    questions: dict[str, dict[str, str]] = {}
    comments: Literal["hide", "show"] = "hide"

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

    @field_validator("questions", mode="before")
    @classmethod
    def _known_languages(cls, value):
        wordings = value if isinstance(value, dict) else {}
        for question, wording in wordings.items():
            if not isinstance(wording, dict):
                raise ValueError(f"a question has a wording by language, {{en: …}}; found {question}: {wording!r}")
            wrong = [str(one) for one in wording if one not in LANGUAGES]
            if wrong:
                said = f"the wording of {question} is given in {', '.join(LANGUAGES)}"
                raise ValueError(f"{said}; found {', '.join(wrong)}")
        return value

    @model_validator(mode="after")
    def _truth_is_synthetic(self):
        if self.truth and not self.synthetic:
            raise ValueError("only a study with synthetic: true may name a file of true values; found truth without it")
        return self


_GROUPS = {"tables": TableFile, "scales": Scale, "shares": Shares, "means": Mean}
_PARTS = {"thresholds": Thresholds, "loyalty": Loyalty, "fieldwork": Fieldwork, "pairing": Lag, "long": Long}
_PARTS |= {"self_image": SelfImage}


def keys_at(path):
    """The keys that may stand at a path of the file: ``("tables", "customers")`` → file, rows, …"""
    model = StudyFile
    if path[:2] == ("self_image", "scales") and len(path) > 2:
        model = Scale
    elif len(path) >= 2 and path[-2] in _GROUPS:
        model = _GROUPS[path[-2]]
    elif path:
        model = _PARTS[path[-1]]
    return [field.alias or name for name, field in model.model_fields.items()]
