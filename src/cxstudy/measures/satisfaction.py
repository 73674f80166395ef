"""Customer satisfaction: CSAT, the share of the satisfied, and CSI, the index on 0–100.

CSAT counts who answers in the best boxes of the scale, two by default (4 and 5 of 1–5). CSI puts each question on 0–100
of its own scale and averages, as the American Customer Satisfaction Index does with its three questions on 1–10:
100 (mean − 1) / 9, with its published weights where these are given (Fornell et al. 1996, Journal of Marketing 60(4)).
"""

import numpy as np

from cxstudy.faults import unknown_name
from cxstudy.measures.boxes import best_boxes
from cxstudy.measures.estimate import from_data
from cxstudy.measures.means import items_of, mean_of_index, mean_of_question, scales_of
from cxstudy.measures.survey_design import Design

STATISTICS = ("share", "mean")


def csat(
    data, score="satisfaction", *, by=None, weights=None, cluster=None, strata=None, fpc=None, calibrated=None,
    confidence=0.95, method=None, statistic="share", boxes=2, scale=None,
):  # fmt: skip
    """Customer satisfaction of each group: share of the best boxes in percent, or the mean on the question's scale.

    - ``data``, ``by``, ``weights``, ``cluster``, ``strata``, ``fpc``, ``calibrated``,
      ``confidence``: as `cxstudy.measures.nps.nps`.
    - ``score``: the question; ``scale``: its (low, high), or (low, high, "low") where the low end is good; None takes
      that of the study, or of the canonical column (satisfaction 1–5).
    - ``statistic``: ``share`` of the ``boxes`` best answers, or ``mean``.
    - ``method``: of the share ``wilson`` (default) or ``wald``, of the mean ``t``.

    Returns a frame as `cxstudy.measures.nps.nps` without the three classes; ``unit`` is percent, or the scale.
    The mean also has ``df``. Raises as `cxstudy.measures.nps.nps`, and ValueError for boxes that are not some of the
    scale's, NotTestable for the share of a scale without whole numbers or of a counted table.

    >>> import pandas as pd
    >>> answers = pd.DataFrame({"satisfaction": [5, 4, 3, 1, None]})
    >>> csat(answers)[["n", "estimate"]].values.tolist(), csat(answers, statistic="mean").estimate.tolist()
    ([[4.0, 50.0]], [3.25])
    """
    design = Design(weights, cluster, strata, fpc, calibrated)
    own = scales_of(data, "customers", [score], scale)[score]
    if statistic not in STATISTICS:
        raise ValueError(f"statistic must be one of {', '.join(STATISTICS)}; got {statistic!r}. Name one of these.")
    if statistic == "mean":
        return mean_of_question(
            data, score, own, by, design, confidence, method or "t", table="customers", unit=own_unit(own)
        )
    return from_data(best_boxes(own, boxes), data, score, by, design, confidence, method or "wilson")


def csi(
    data, items=None, *, by=None, weights=None, cluster=None, strata=None, fpc=None, calibrated=None, confidence=0.95,
    method="t", item_weights=None, scale=None,
):  # fmt: skip
    """Customer satisfaction index of each group, 0–100: the mean over persons of their index.

    - ``items``: one or several questions; None takes ``items: {csi: […]}`` of study.yaml, else satisfaction. Each is
      put on 0–100 of its own scale, 100 the good end. A person counts with at least 71 % of the items answered.
    - ``item_weights``: what each item counts (name → number above 0), None for the same.
    - ``scale``: as in `csat`, for all items, or a dict by item. Others as in `cxstudy.measures.nps.nps`.

    Returns the columns of ``csat(statistic="mean")`` with ``unit`` points 0–100. Raises as `csat`, and ValueError for
    item weights that do not fit the items.

    >>> import pandas as pd
    >>> round(csi(pd.DataFrame({"q": [8, 9, 7]}), "q", scale=(1, 10)).estimate.item(), 4)
    77.7778
    """
    items = items_of(data, "customers", items, "csi", ["satisfaction"])
    scales = scales_of(data, "customers", items, scale)
    _check_item_weights(item_weights, items)
    design, unit = Design(weights, cluster, strata, fpc, calibrated), "points 0–100"
    if len(items) == 1:
        own = scales[items[0]]
        return mean_of_question(
            data, items[0], own, by, design, confidence, method, table="customers", unit=unit, index=True
        )
    return mean_of_index(
        data, scales, by, design, confidence, method, table="customers", unit=unit, item_weights=item_weights
    )


def own_unit(scale):
    """The unit of a mean on its own scale, ``points 1–7, low is good``."""
    return f"points {scale.low:g}–{scale.high:g}, {scale.better} is good"


def _check_item_weights(given, items):
    if given is None:
        return
    wrong = [q for q in given if q not in items]
    if wrong:
        raise ValueError(unknown_name("item", wrong[0], items))
    absent = [q for q in items if q not in given]
    bad = [q for q in given if isinstance(given[q], bool) or not np.isfinite(given[q]) or given[q] <= 0]
    if absent or bad:
        found = f"none for {', '.join(absent)}" if absent else f"{given[bad[0]]!r} for {bad[0]}"
        raise ValueError(f"item_weights holds a number above 0 for each item; got {found}. Name all, or leave it out.")
