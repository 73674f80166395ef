"""Customer effort score: how much effort a matter took the customer, or how easy it was.

CES is a mean on the question's own scale (Dixon, Freeman & Toman 2010, Harvard Business Review 88(7)). Some ask for the
effort, where a low answer is good, some for the ease, where a high one is: the scale says which, and so does the
unit of the result. The score is never turned round; the share of those who had it easy counts the good end.
"""

from cxstudy.measures.boxes import best_boxes
from cxstudy.measures.estimate import from_data
from cxstudy.measures.means import mean_of_question, scales_of
from cxstudy.measures.satisfaction import STATISTICS, own_unit
from cxstudy.measures.survey_design import Design


def ces(
    data, score="effort", *, by=None, weights=None, cluster=None, strata=None, fpc=None, calibrated=None,
    confidence=0.95, method=None, statistic="mean", boxes=2, scale=None,
):  # fmt: skip
    """Customer effort score of each group: mean on the question's scale, or percent of the easiest answers.

    Arguments, return and errors as `cxstudy.measures.satisfaction.csat`, but ``statistic`` is ``mean`` by default
    (method ``t``); ``share`` counts the ``boxes`` best answers, the lowest where low is good (``wilson`` or ``wald``).
    The canonical effort is 1–7 and low is good, unless study.yaml or ``scale`` says otherwise.

    >>> import pandas as pd
    >>> found = ces(pd.DataFrame({"effort": [1, 2, 6, 7]}))
    >>> found.estimate.tolist(), found.unit.tolist()
    ([4.0], ['points 1–7, low is good'])
    """
    design = Design(weights, cluster, strata, fpc, calibrated)
    own = scales_of(data, "customers", [score], scale)[score]
    if statistic not in STATISTICS:
        raise ValueError(f"statistic must be one of {', '.join(STATISTICS)}; got {statistic!r}. Name one of these.")
    if statistic == "share":
        return from_data(best_boxes(own, boxes), data, score, by, design, confidence, method or "wilson")
    return mean_of_question(
        data, score, own, by, design, confidence, method or "t", table="customers", unit=own_unit(own)
    )
