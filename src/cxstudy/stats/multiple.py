"""Many tests at once: p-values adjusted for their number."""

import numpy as np
import scipy

METHODS = ("holm", "bh", "none")


def adjusted(p_values, method="holm"):
    """P-values adjusted for how many there are, shape and order of ``p_values``.

    - ``p_values``: (m,) between 0 and 1; nan stands for a test that could not be made: it stays nan, uncounted.
    - ``method``: ``holm`` keeps the chance of even one false rejection below the level (Holm 1979, Scandinavian
      Journal of Statistics 6); ``bh`` keeps the expected share of false ones among the rejections below it
      (Benjamini & Hochberg 1995, JRSS B 57), for independent or positively dependent tests; ``none`` leaves them.

    R: ``p.adjust(p, "holm")`` and ``p.adjust(p, "BH")``. (statsmodels' ``multipletests`` gives the same, and looks
    through the whole memory for garbage at each call; pingouin's takes half a second to load.)
    Raises ValueError for another method, or a p-value outside 0…1.

    >>> adjusted([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    if method not in METHODS:
        raise ValueError(f"adjust must be one of {', '.join(METHODS)}; got {method!r}. Name one of these.")
    p_values = np.array(p_values, float)
    tested = ~np.isnan(p_values)
    if not ((p_values[tested] >= 0) & (p_values[tested] <= 1)).all():
        raise ValueError(f"p-values lie between 0 and 1; got {p_values[tested].tolist()[:5]}. Give the p-values.")
    if method == "holm":
        p_values[tested] = _holm(p_values[tested])
    elif method == "bh" and tested.any():
        p_values[tested] = scipy.stats.false_discovery_control(p_values[tested], method="bh")
    return p_values


def _holm(p_values):
    order = np.argsort(p_values)
    steps = np.maximum.accumulate(p_values[order] * np.arange(len(order), 0, -1))
    out = np.empty(len(order))
    out[order] = np.minimum(steps, 1.0)
    return out
