"""One table's part of study.yaml: its file or files, and how they are written."""

import datetime as dt
import re
from difflib import get_close_matches
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

ENCODINGS = ("utf-8", "cp1252", "iso-8859-1", "iso-8859-15", "mac-roman", "cp850", "utf-16")


def _stem(name):
    return re.sub(r"(\.csv)?\.\w+$", "", name)


class Part(BaseModel):
    """A group of keys of study.yaml: unknown keys are refused, values are not converted."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Shares(Part):
    """The columns of a counted table that hold the three classes of one question, in percent."""

    promoters: str
    passives: str
    detractors: str


class Mean(Part):
    """The columns of a counted table that hold a question's mean and standard deviation."""

    mean: str
    sd: str | None = None


class Long(Part):
    """The columns of a file with one row for each answer that hold the question and the answer."""

    question: str
    answer: str


class TableFile(Part):
    """One table of the study: its file, or several with a wave each, and how they are written.

    ``file`` is one name, a list (the wave is the name without ending) or ``{wave: file}``. ``encoding`` belongs to CSV,
    SPSS and Stata, ``sheet`` to Excel; ``header`` is the line or row of the column names, from 1; ``layout`` is the
    program whose CSV has several header rows. ``long`` names the columns of a file with one row an answer; ``wide`` is
    how a column's name is put together where each year or wave has its own, ``{year: "{column}_{year}"}``.

    ``columns`` maps canonical names to the file's; ``missing`` lists the codes that stand for no answer, for all
    questions of the table (``[98, 99]``) or by column (``{revenue: [-1]}``); ``dates`` is a strptime format;
    ``ignore`` names columns that are meant to be left out; ``constants`` gives columns that the file lacks because one
    value holds for all rows (``{company: Acme}``).
    """

    file: str | list[str] | dict[str, str]
    encoding: str | None = None
    sheet: str | None = None
    header: int | None = Field(None, ge=1)
    layout: Literal["qualtrics", "surveymonkey"] | None = None
    long: Long | None = None
    wide: dict[str, str] = {}
    rows: Literal["answers", "counted"] = "answers"
    columns: dict[str, str] = {}
    ignore: list[str] = []
    constants: dict[str, str | int] = {}
    missing: dict[str, list[int | float | str]] = {}
    dates: str | None = None
    decimal: Literal[".", ","] = "."
    separator: Literal[",", ";", "\t"] | None = None
    currency: str = ""
    unit: Literal["ones", "thousands", "millions"] = "ones"
    shares: dict[str, Shares] = {}
    means: dict[str, Mean] = {}
    stands_for: dict[str, str] = {}

    @property
    def files(self):
        """``{wave: file}``; the wave of a single file is an empty text."""
        if isinstance(self.file, str):
            return {"": self.file}
        return self.file if isinstance(self.file, dict) else {_stem(name): name for name in self.file}

    @field_validator("file", mode="before")
    @classmethod
    def _waves_are_text(cls, value):
        """Years that name waves may be written without quotes."""
        given = value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]
        if not all(isinstance(name, str) for name in given):
            raise ValueError(f"file is a name, a list of names or {{wave: name}}; found {value!r}")
        if isinstance(value, dict):
            value = {str(wave) if type(wave) is int else wave: file for wave, file in value.items()}
        if isinstance(value, list | dict) and not value:
            raise ValueError("file names at least one file; found none")
        if isinstance(value, list) and len({_stem(str(name)) for name in value}) < len(value):
            raise ValueError(f"each file of the list must have its own name; found {', '.join(map(str, value))}")
        return value

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value):
        try:
            "a".encode(value or "utf-8")
        except LookupError:
            near = get_close_matches(value.lower(), ENCODINGS, n=1, cutoff=0.5)
            nearest = f"; nearest {near[0]}" if near else ""
            raise ValueError(f"encoding must be one such as {', '.join(ENCODINGS)}; found {value!r}{nearest}") from None
        return value

    @field_validator("wide")
    @classmethod
    def _one_pattern(cls, value):
        for name, pattern in value.items():
            gaps = sorted(re.findall(r"{(.*?)}", pattern))
            if name not in ("year", "wave") or len(value) > 1 or gaps != sorted(["column", name]):
                raise ValueError(f"wide is written {{year: '{{column}}_{{year}}'}} (or wave for year); found {value}")
        return value

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

    @field_validator("constants")
    @classmethod
    def _something(cls, value):
        empty = [name for name, constant in value.items() if isinstance(constant, str) and not constant.strip()]
        if empty:
            raise ValueError(f"a constant is a text or a whole number; found nothing for {', '.join(empty)}")
        return value

    @model_validator(mode="after")
    def _goes_together(self):
        both = sorted({*self.constants} & {*self.columns})
        if both:
            raise ValueError(f"a column is mapped or constant; found {', '.join(both)} under columns and constants")
        if self.rows == "counted" and not (self.shares or self.means):
            raise ValueError("a counted table must name its columns under shares or means; found neither")
        if self.long and self.wide:
            raise ValueError("a file is reshaped by long or by wide; found both")
        if self.rows == "answers" and (self.shares or self.means):
            raise ValueError("shares and means belong to a table with rows: counted; found rows: answers")
        return self
