"""A study opened: its configuration, its checked tables, and where its results go.

>>> study = open_study()                                        # doctest: +SKIP
>>> study.customers.n                                           # doctest: +SKIP
45000
"""

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

import duckdb
import ibis

from cxstudy.opening.between import between_tables
from cxstudy.opening.checking import check_table
from cxstudy.opening.columns import how_written, match_columns
from cxstudy.opening.config import StudyFile, TableFile
from cxstudy.faults import DataError, Fault, unknown_name
from cxstudy.opening.locating import find_study_file
from cxstudy.opening.readers import read_source
from cxstudy.opening.remarks import remarks_on
from cxstudy.opening.rules import Opened
from cxstudy.schema import Column
from cxstudy.opening.study_file import read_study_file
from cxstudy.opening.values import read_values, typed


@dataclass(frozen=True)
class StudyTable:
    """One table of a study, checked and typed.

    ``expr`` is an Ibis table on the study's own DuckDB: the canonical ``columns`` (keys, texts and levels as string,
    whole numbers int64, numbers float64, days date, times timestamp; declared missing codes are NULL) and ``unit``, the
    key of what the study compares (NULL where the table does not name it). ``rows`` is ``answers`` or ``counted``.
    """

    name: str
    rows: str
    expr: Any
    columns: tuple[str, ...]
    spec: TableFile = field(repr=False)
    described: dict[str, Column] = field(repr=False)
    roles: dict[str, str] = field(repr=False)

    @cached_property
    def n(self):
        """Number of rows."""
        return int(self.expr.count().to_pyarrow().as_py())

    def frame(self):
        """The whole table as a pandas frame; dates as datetime64, whole numbers with gaps as float64."""
        return self.expr.to_pyarrow().to_pandas(date_as_object=False)

    def column(self, name):
        """The `schema.Column` of ``name``, with the range study.yaml declares. ValueError for an unknown name."""
        if name not in self.described:
            raise ValueError(unknown_name("column", name, self.described))
        return self.described[name]

    @property
    def questions(self):
        """Names of the questions: answers on a scale, or what a counted table has shares or means of."""
        if self.rows == "counted":
            return tuple(dict.fromkeys((*self.spec.shares, *self.spec.means)))
        return tuple(n for n, c in self.described.items() if c.low is not None and c.unit == "points")

    @property
    def shares(self):
        """``{question: {"promoters": column, "passives": column, "detractors": column}}`` of a counted table."""
        return {question: shares.model_dump() for question, shares in self.spec.shares.items()}

    @property
    def means(self):
        """``{question: {"mean": column, "sd": column or None}}`` of a counted table."""
        return {question: mean.model_dump() for question, mean in self.spec.means.items()}

    @property
    def stands_for(self):
        """``{question: text}``: what a question really asked, printed beside its number."""
        return dict(self.spec.stands_for)

    def question_for(self, role):
        """The question that gives ``promoter_share`` or ``nps`` (``loyalty`` in study.yaml; default recommend)."""
        if role not in self.roles:
            raise ValueError(unknown_name("role", role, self.roles))
        return self.roles[role]


@dataclass(frozen=True)
class Study:
    """One study, opened by `open_study`. Its tables are attributes: ``study.customers``.

    ``truth`` maps finding ids to the values a synthetic study was made with ({} otherwise). ``remarks`` holds what the
    user should know and need not mend; ``ignored_columns`` names, by table, the columns of the files left out.
    """

    file: Path
    config: StudyFile = field(repr=False)
    tables: dict[str, StudyTable] = field(repr=False)
    truth: dict[str, float] = field(default_factory=dict, repr=False)
    remarks: tuple[Fault, ...] = field(default=(), repr=False)
    ignored_columns: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False)

    def __getattr__(self, name):
        tables = self.__dict__.get("tables", {})
        if name in tables:
            return tables[name]
        raise AttributeError(f"this study has no table {name!r}; it has {', '.join(tables)}")

    @property
    def name(self):
        """The slug that names the study's reports."""
        return self.config.name

    @property
    def folder(self):
        """The folder of study.yaml."""
        return self.file.parent

    @property
    def synthetic(self):
        """Whether the data are made up."""
        return self.config.synthetic

    @property
    def language(self):
        """en, sv or da."""
        return self.config.language

    @property
    def unit(self):
        """What is compared: company, branch or work_group."""
        return self.config.unit

    @property
    def pairing(self):
        """Which answers meet which results: pooled, same_year or lag."""
        return self.config.pairing if isinstance(self.config.pairing, str) else "lag"

    @property
    def lag(self):
        """Years from answers to results; 0 unless ``pairing: {lag: …}``."""
        return 0 if isinstance(self.config.pairing, str) else self.config.pairing.lag

    @property
    def year_end(self):
        """Month and day on which the financial year ends, ``"12-31"``."""
        return self.config.year_end

    @property
    def thresholds(self):
        """The fewest answers a group needs to be shown, ``{"customers": 5, "employees": 7}``."""
        return self.config.thresholds.model_dump()

    def has(self, table, *columns):
        """Whether the study has ``table`` with all ``columns`` (for a counted table also questions)."""
        if table not in self.tables:
            return False
        held = {*self.tables[table].columns, *self.tables[table].questions}
        return held.issuperset(columns)

    def fingerprints(self):
        """SHA-256 of study.yaml and of every file it names, ``{file name: hexadecimal text}``."""
        names = [self.file.name, *(t.spec.file for t in self.tables.values())]
        names += [self.config.truth] if self.config.truth else []
        return {name: _sha256(self.folder / name) for name in dict.fromkeys(names)}

    def record(self, result, out):
        """Write a result's tables, figures and findings into the folder ``out``."""
        return import_module("cxstudy.report.record").record(self, result, out)


def open_study(path=None):
    """Open the study in folder ``path`` (or at that study.yaml); without it, the synthetic sample.

    Every table is read, checked and typed. Raises one `DataError` with all faults of all files. CSV is loaded into an
    in-memory DuckDB, Parquet is read from its file whenever it is asked.
    """
    file = find_study_file(path)
    config = read_study_file(file)
    con = ibis.duckdb.connect()
    opened, ignored, faults = {}, {}, []
    for name, spec in config.tables.items():
        try:
            source = read_source(con, name, file.parent / spec.file, spec.separator)
            matched = match_columns(name, source, spec, config)
            values = {c.name: read_values(c, n, source.expr[n], **how_written(name, spec, c)) for c, n in matched.pairs}
            table = Opened(name, source, spec, values)
            faults += [*matched.faults, *check_table(table, config.levels)]
        except DataError as error:
            faults += error.faults
            continue
        except duckdb.Error as error:
            # the engine's text may quote an answer: only the kind of error is passed on
            rule, found = "the file must be readable to its end.", f"the engine stopped ({type(error).__name__})."
            faults.append(Fault(rule, found, "export the file again.", spec.file))
            continue
        opened[name], ignored[name] = table, matched.ignored
    truth, truth_faults = _truth(file.parent, config)
    faults += [*between_tables(opened, config), *truth_faults]
    if faults:
        raise DataError(faults)
    remarks = tuple(remarks_on(opened, config))
    tables = {name: _study_table(con, table, config) for name, table in opened.items()}
    return Study(file, config, tables, truth, remarks, ignored)


def _study_table(con, table, config):
    columns = {name: typed(v).name(name) for name, v in table.values.items()}
    if "unit" not in columns:
        unit = columns.get(config.unit, ibis.null("string"))
        columns["unit"] = unit.name("unit")
    expr = table.source.expr.select(**columns)
    if table.source.text:
        make, tidy = "TABLE", f'; DROP VIEW "{table.name}_source"; DROP TABLE "{table.name}_text"'
    else:
        make, tidy = "VIEW", ""
    con.con.execute(f'CREATE {make} "{table.name}" AS {con.compile(expr)}{tidy}').fetchall()
    described = {name: v.column for name, v in table.values.items()}
    roles, expr = config.loyalty.model_dump(), con.table(table.name)
    return StudyTable(table.name, table.spec.rows, expr, tuple(described), table.spec, described, roles)


def _truth(folder, config):
    """``(true values by finding id, faults)`` from the file a synthetic study names."""
    if not config.truth:
        return {}, []
    rule = "truth names a JSON file of finding ids and numbers."
    try:
        truth = json.loads((folder / config.truth).read_text(encoding="utf-8"))
    except OSError as error:
        found = f"{error.strerror or error}."
    except ValueError as error:
        found = f"not JSON: {error}."
    else:
        if isinstance(truth, dict) and all(isinstance(v, int | float) for v in truth.values()):
            return {name: float(value) for name, value in truth.items()}, []
        found = "something else."
    return {}, [Fault(rule, found, "simulate the study again, or remove truth: from study.yaml.", config.truth)]


def _sha256(path):
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
