"""CX index: how customers experienced the contact, the mean of several questions on 0–100."""

from cxstudy.measures.means import items_of, mean_of_index, scales_of
from cxstudy.measures.survey_design import Design


def cx_index(
    data, items=None, *, by=None, weights=None, cluster=None, strata=None, fpc=None, calibrated=None, confidence=0.95,
    method="t", scale=None,
):  # fmt: skip
    """CX index of each group, 0–100: the mean over persons of the mean of their items.

    - ``items``: the questions; None takes ``items: {cx_index: […]}`` of study.yaml. Each is put on 0–100 of its own
      scale, 100 the good end, all with equal weight; a person counts with at least 71 % of the items answered
      (`cxstudy.measures.index`), the others are counted in ``n_missing``.
    - ``scale``: (low, high), (low, high, "low") where the low end is good, or a dict of these by item; None takes
      those of the study, or of the canonical columns. Others as in `cxstudy.measures.nps.nps`.

    Returns by…, ``n``, ``n_missing``, ``estimate``, ``std_error``, ``ci_low``, ``ci_high`` (t interval, within 0–100),
    ``df``, with weights, cluster, strata or fpc ``design_effect`` and ``n_effective``, then ``confidence``, ``unit``,
    ``method``, ``reason``. Raises as `cxstudy.measures.nps.nps`, and ValueError without items or scale.

    >>> import pandas as pd
    >>> answers = pd.DataFrame({"ease": [5, 1, None], "resolution": [5, 2, 4]})
    >>> found = cx_index(answers, ["ease", "resolution"])
    >>> found.n[0].item(), found.n_missing[0].item(), found.estimate[0].item()
    (2, 1, 56.25)
    """
    items = items_of(data, "customers", items, "cx_index")
    scales = scales_of(data, "customers", items, scale)
    design = Design(weights, cluster, strata, fpc, calibrated)
    return mean_of_index(data, scales, by, design, confidence, method, table="customers", unit="points 0–100")
