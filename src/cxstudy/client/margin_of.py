"""What +10 NPS goes with in operating margin between the units of the study itself; no slope comes from elsewhere."""

import math
from dataclasses import dataclass

from cxstudy.analyses import nps_margin
from cxstudy.faults import DataError, NotTestable
from cxstudy.findings import Reading
from cxstudy.measures.link import Link


@dataclass(frozen=True)
class Slope:
    """Points of margin per +10 NPS, or ``reason``, a `Reading`, why these data cannot say."""

    estimate: float = math.nan
    std_error: float = math.nan
    ci_low: float = math.nan
    ci_high: float = math.nan
    n: int = 0
    n_unit: str = ""
    n_missing: int = 0
    method: str = ""
    reason: Reading | None = None

    @property
    def told(self):
        """Whether the interval leaves out 0."""
        return self.ci_low > 0 or self.ci_high < 0


def slope_of(study, confidence):
    """The `Slope` of a study, as the finding nps_margin.slope has it."""
    answer = nps_margin.answerable(study)
    if answer.status == "no":
        return Slope(reason=answer.reason)
    try:
        link = Link(study, tiers=4, confidence=confidence, seed=1, replicates=100)
        row = link.slope("nps")
    except (NotTestable, DataError):
        row = {"estimate": math.nan}
    if not math.isfinite(row["estimate"]):
        return Slope(reason=Reading("client.margin.no_line"))
    numbers = {k: float(row[k]) for k in ("estimate", "std_error", "ci_low", "ci_high")}
    return Slope(**numbers, n=int(row["n"]), n_unit=link.kind, n_missing=link.n_missing, method=row["method"])
