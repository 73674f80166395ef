"""An index of several questions on 0–100: the mean of the items, each counted from the bottom of its own scale.

The rule for employee indices is that of the study's firm (its public method pages): equal weights, and for items on
1–5 index = (mean − 1) × 25, shown only where at least 71 % of the items are answered. Other scales: 100 (x − low) /
(high − low); a scale whose low end is good (``better: low``) is turned round. An index of a group is the
mean of its persons'.
"""

import math
from dataclasses import dataclass

from cxstudy.counted import is_counted
from cxstudy.schema import TABLES

LEAST_ANSWERED = 0.71
LOW_IS_GOOD = ("effort",)


@dataclass(frozen=True)
class Scale:
    """The range of a question: ``low`` … ``high``, ``better`` the good end, ``whole`` when only whole numbers occur."""

    low: float
    high: float
    better: str = "high"
    whole: bool = True

    @property
    def width(self):
        """Distance between the two ends."""
        return self.high - self.low

    @property
    def levels(self):
        """Number of possible answers, None where they are not whole numbers."""
        return int(self.width) + 1 if self.whole and float(self.width).is_integer() else None

    def index(self, value):
        """``value`` (number, array or Ibis column) on 0–100, 100 the good end.

        >>> Scale(1, 5).index(4), Scale(1, 7, "low").index(1)
        (75.0, 100.0)
        """
        share = (value - self.low) * (100 / self.width)
        return 100 - share if self.better == "low" else share

    def point(self, index):
        """The answer at ``index`` (0–100), the inverse of `index`.

        >>> Scale(0, 10).point(75)
        7.5
        """
        share = 100 - index if self.better == "low" else index
        return self.low + share * self.width / 100


def scale_of(study, table, question):
    """The `Scale` of a question of a study: as study.yaml declares it, else as the schema has it; None without either.

    ``table`` is customers or employees. A counted table's means have no scale but the declared one, or that of the
    canonical question of the same name.
    """
    return declared_scale(study.config.scales, table, question)


def declared_scale(scales, table, question):
    """As `scale_of`, from the ``scales`` of study.yaml (name → scale). Of the canonical effort the low end is good."""
    declared = scales.get(question)
    if declared is not None:
        return Scale(declared.low, declared.high, declared.better, declared.whole)
    known = {c.name: c for c in TABLES[table].columns}.get(question)
    if known is None or known.low is None or known.high is None:
        return None
    return Scale(known.low, known.high, "low" if question in LOW_IS_GOOD else "high")


def index_column(table, scales, item_weights=None):
    """An Ibis column: each row's index of the questions ``scales`` (name → `Scale`), null with under 71 % answered.

    ``table`` is an Ibis table of answers; ``item_weights``: what each question counts (name → number above 0), None for
    the same.
    """
    import ibis

    values = [scale.index(table[name].cast("float64")) for name, scale in scales.items()]
    counted = [1.0 if item_weights is None else float(item_weights[name]) for name in scales]
    there = [v.notnull().cast("int64") for v in values]
    given, weight = sum(there[1:], there[0]), sum((t * w for t, w in zip(there, counted, strict=True)), 0.0)
    total = sum((v.fill_null(0.0) * w for v, w in zip(values, counted, strict=True)), 0.0)
    return ibis.ifelse(given >= fewest_answered(len(values)), total / weight, ibis.null("float64"))


def fewest_answered(items):
    """How many of ``items`` questions must be answered for the index to count: 71 %, rounded up.

    >>> [fewest_answered(k) for k in (1, 3, 4, 6)]
    [1, 3, 3, 5]
    """
    return math.ceil(LEAST_ANSWERED * items - 1e-9)


def holds(table, question):
    """Whether a study table has the answers to a question, or (counted) its mean."""
    return question in (table.means if is_counted(table) else table.columns)
