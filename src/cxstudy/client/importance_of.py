"""Which questions about the contact go with recommendation in the whole study, for the map of every report."""

from dataclasses import dataclass

import pandas as pd

from cxstudy.client.measured import items_of_customers
from cxstudy.counted import is_counted
from cxstudy.faults import DataError, NotTestable
from cxstudy.measures.importance import importance

FEWEST, MOST = 2, 20
CLUSTERS = 10


@dataclass(frozen=True)
class Drivers:
    """``table``: rows of `measures.importance.importance`; without any, ``reason`` is a message key."""

    table: pd.DataFrame
    reason: str = ""

    @property
    def shares(self):
        """``{question: (share, low, high)}`` of the explained part, in percent, so that they add up to 100."""
        whole = float(self.table["estimate"].sum()) if len(self.table) else 0.0
        if whole <= 0:
            return {}
        rows = self.table[["driver", "estimate", "ci_low", "ci_high"]].itertuples(index=False)
        return {d: tuple(100 * v / whole for v in numbers) for d, *numbers in rows}


def drivers_of(study, confidence):
    """The `Drivers` of a study: LMG shares of what the questions explain of recommendation, units resampled."""
    none = pd.DataFrame()
    items, table = items_of_customers(study), study.customers
    score = table.question_for("nps")
    if is_counted(table):
        return Drivers(none, "counted")
    if not FEWEST <= len(items) <= MOST or score not in table.columns:
        return Drivers(none, "no_items")
    units = table.expr["unit"].nunique().to_pyarrow().as_py()
    lost = table.expr["unit"].isnull().sum().to_pyarrow().as_py()
    cluster = "unit" if units >= CLUSTERS and not lost else None
    try:
        found = importance(study, outcome=score, drivers=list(items), cluster=cluster, confidence=confidence)
    except (NotTestable, DataError, ValueError):
        return Drivers(none, "not_testable")
    return Drivers(found)
