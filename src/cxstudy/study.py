"""A study opened: its configuration, its checked tables, and where its results go.

>>> study = open_study()                                        # doctest: +SKIP
>>> study.customers.n                                           # doctest: +SKIP
45000
"""

import hashlib
import json
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

import duckdb
import ibis
import pandas as pd

from cxstudy.faults import DataError, Fault
from cxstudy.opening.between import between_tables
from cxstudy.opening.checking import check_table
from cxstudy.opening.columns import how_written, match_columns
from cxstudy.opening.config import StudyFile
from cxstudy.opening.fieldwork import Invited, field_dates, read_invited
from cxstudy.opening.file_remarks import file_remarks
from cxstudy.opening.linking import Linked, Links
from cxstudy.opening.locating import find_study_file
from cxstudy.opening.readers import read_source
from cxstudy.opening.remarks import remarks_on
from cxstudy.opening.rules import Opened
from cxstudy.opening.study_file import read_study_file
from cxstudy.opening.values import read_values, typed
from cxstudy.shared_study import put_before
from cxstudy.study_table import StudyTable


@dataclass(frozen=True)
class Study:
    """One study, opened by `open_study`. Its tables are attributes: ``study.customers``.

    ``truth`` maps finding ids to the values a synthetic study was made with ({} otherwise). ``remarks`` holds what the
    user should know and need not mend; ``ignored_columns`` names, by table, the columns of the files left out.
    ``linked`` and ``invitations`` are the rows of `links_applied` and `invited`.
    """

    file: Path
    config: StudyFile = field(repr=False)
    tables: dict[str, StudyTable] = field(repr=False)
    truth: dict[str, float] = field(default_factory=dict, repr=False)
    remarks: tuple[Fault, ...] = field(default=(), repr=False)
    ignored_columns: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    linked: tuple[Linked, ...] = field(default=(), repr=False)
    invitations: tuple[Invited, ...] = field(default=(), repr=False)

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

    @property
    def links_applied(self):
        """How the keys of each table met the table links: a pandas frame with a row a table, none without links.

        Columns: source, n (rows), keys_linked, n_linked (rows whose key a link replaced), keys_known, n_known (rows
        that named a known unit as it is), keys_unmatched, n_unmatched.
        """
        return pd.DataFrame(self.linked, columns=Linked._fields)

    @property
    def invited(self):
        """How many customers were invited and answered: a pandas frame of unit, invited, n_answers.

        One row with unit None where study.yaml gives one number for all; no row where it gives none.
        """
        return pd.DataFrame(self.invitations, columns=Invited._fields)

    def has(self, table, *columns):
        """Whether the study has ``table`` with all ``columns`` (for a counted table also questions)."""
        if table not in self.tables:
            return False
        held = {*self.tables[table].columns, *self.tables[table].questions}
        return held.issuperset(columns)

    @property
    def files(self):
        """The names of study.yaml and of every file it names."""
        names = [self.file.name, *(name for t in self.tables.values() for name in t.spec.files.values())]
        names += [self.config.truth] if self.config.truth else []
        fieldwork = self.config.fieldwork
        names += [fieldwork.invited] if fieldwork and isinstance(fieldwork.invited, str) else []
        return tuple(dict.fromkeys(names))

    def fingerprints(self):
        """SHA-256 of every one of ``files``, ``{file name: hexadecimal text}``."""
        return {name: _sha256(self.folder / name) for name in self.files}

    def record(self, result, out):
        """Write a result's tables, figures and findings into the folder ``out``."""
        return import_module("cxstudy.report.record").record(self, result, out)


def open_study(path=None):
    """Open the study in folder ``path`` (or at that study.yaml); without it, the synthetic sample.

    Every table is read, checked and typed. Raises one `DataError` with all faults of all files. Files are loaded
    into an in-memory DuckDB, only Parquet is read from its file whenever it is asked. In a notebook of a run this has
    been done once for all notebooks (`shared_study`).
    """
    file = find_study_file(path)
    return put_before(file) or _opened(file)


def _opened(file):
    config = read_study_file(file)
    con = ibis.duckdb.connect()
    opened, ignored, faults, links = {}, {}, [], Links(config)
    for name, spec in links.in_order():
        try:
            source = read_source(con, name, file.parent, spec)
            matched = match_columns(name, source, spec, config)
            source, unlinked = links.applied(con, name, spec, source, matched)
            table = Opened(name, source, spec, _values(name, spec, source, matched))
            faults += [*matched.faults, *unlinked, *check_table(table, config.levels)]
            faults += links.read(table) if name == "links" else []
        except DataError as error:
            faults += error.faults
            continue
        except duckdb.Error as error:
            # the engine's text may quote an answer: only the kind of error is passed on
            rule, found = "the file must be readable to its end.", f"the engine stopped ({type(error).__name__})."
            faults.append(Fault(rule, found, "export the file again.", ", ".join(spec.files.values())))
            continue
        opened[name], ignored[name] = table, matched.ignored
    truth, truth_faults = _truth(file.parent, config)
    unmatched, remarks, linked = links.judged(opened)
    invited, uninvited, partly = read_invited(con, file.parent, config, opened, links)
    faults += [*unmatched, *between_tables(opened, config, links), *uninvited, *truth_faults]
    if faults:
        raise DataError(faults)
    remarks = (*file_remarks(opened), *remarks, *remarks_on(opened, config), *field_dates(opened, config), *partly)
    tables = {name: _study_table(con, opened[name], config) for name in config.tables}
    return Study(file, config, tables, truth, remarks, ignored, linked, invited)


def _values(name, spec, source, matched):
    return {
        column.name: read_values(
            column, own, source.expr[own], **how_written(name, spec, column), labels=source.labels.get(own)
        )
        for column, own in matched.pairs
    }


def _study_table(con, table, config):
    columns = {name: typed(v).name(name) for name, v in table.values.items()}
    if "unit" not in columns:
        unit = columns.get(config.unit, ibis.null("string"))
        columns["unit"] = unit.name("unit")
    expr = table.source.expr.select(**columns)
    scratch = table.source.scratch
    make, tidy = "TABLE" if scratch else "VIEW", "".join(f'; DROP {kind} "{name}"' for kind, name in scratch)
    con.con.execute(f'CREATE {make} "{table.name}" AS {con.compile(expr)}{tidy}').fetchall()
    described = {name: v.column for name, v in table.values.items()}
    roles, expr = config.loyalty.model_dump(), con.table(table.name)
    carried = table.source.question_texts
    texts = {name: carried[v.source] for name, v in table.values.items() if v.source in carried}
    names, scales = tuple(described), config.scales
    return StudyTable(table.name, table.spec.rows, expr, names, table.spec, described, roles, texts, scales)


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
