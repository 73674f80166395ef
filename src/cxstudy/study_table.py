"""One table of an opened study: canonical columns on the study's engine, and what study.yaml says of them."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cxstudy.faults import unknown_name
from cxstudy.opening.table_file import TableFile
from cxstudy.schema import Column


@dataclass(frozen=True)
class StudyTable:
    """One table of a study, checked and typed.

    ``expr`` is an Ibis table on the study's own DuckDB: the canonical ``columns`` (keys, texts and levels as string,
    whole numbers int64, numbers float64, days date, times timestamp; declared missing codes are NULL) and ``unit``, the
    key of what the study compares (NULL where the table does not name it). ``rows`` is ``answers`` or ``counted``.
    ``question_texts``: wording by column, of a file that carries it. ``scales``: those that study.yaml declares.
    """

    name: str
    rows: str
    expr: Any
    columns: tuple[str, ...]
    spec: TableFile = field(repr=False)
    described: dict[str, Column] = field(repr=False)
    roles: dict[str, str] = field(repr=False)
    question_texts: dict[str, str] = field(default_factory=dict, repr=False)
    scales: dict[str, Any] = field(default_factory=dict, repr=False)

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
