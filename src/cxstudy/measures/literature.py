"""What others have published on the service-profit chain, to stand beside a result; no estimator reads it."""

import pandas as pd

from cxstudy.language import text

HARTER = (
    "Harter, Schmidt & Hayes (2002), Journal of Applied Psychology 87(2), 268–279, doi 10.1037/0021-9010.87.2.268"
)
SEARS = "Rucci, Kirn & Quinn (1998), The employee-customer-profit chain at Sears, Harvard Business Review 76(1), 82–97"
PUBLISHED = (
    ("engagement-customers", 0.33, "correlation", HARTER),
    ("engagement-profit", 0.17, "correlation", HARTER),
    ("sears-customers", 1.3, "points per 5 points", SEARS),
    ("sears-revenue", 0.5, "percentage points per 5 points", SEARS),
)


def literature(language="en"):
    """The published numbers as context: a row each with id, what (in ``language``), estimate, unit, source.

    The correlations are those of a meta-analysis, corrected for measurement error, so an observed-score path of one
    study is expected to lie nearer to zero. The numbers of Sears are of one company's own model, without intervals.

    >>> literature()["estimate"].tolist()
    [0.33, 0.17, 1.3, 0.5]
    """
    rows = [
        {"id": name, "what": text(f"profit_chain.literature.{name}", language), "estimate": value, "unit": unit}
        | {"source": source}
        for name, value, unit, source in PUBLISHED
    ]
    return pd.DataFrame(rows)
