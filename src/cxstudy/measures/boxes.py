"""The share of answers in the best boxes of a scale, as a measure of classes."""

import numpy as np

from cxstudy.faults import NotTestable
from cxstudy.measures.estimate import Measure, answer_values
from cxstudy.stats import intervals
from cxstudy.stats.arguments import check_count


def best_boxes(scale, boxes=2):
    """The `estimate.Measure` of the share that answers with the ``boxes`` best points of a `index.Scale`, in percent.

    ValueError for boxes that are not fewer than the scale has; NotTestable for a scale without whole numbers.

    >>> from cxstudy.measures.index import Scale
    >>> best_boxes(Scale(1, 5)).unit
    'percent'
    """
    if scale.levels is None:
        rule = f"boxes are answers of a scale of whole numbers; this one from {scale.low:g} to {scale.high:g} is not."
        raise NotTestable(f"{rule} Use statistic='mean'.", ["whole numbers"])
    boxes = check_count("boxes", boxes, 1)
    if boxes >= scale.levels:
        raise ValueError(
            f"boxes must be fewer than the scale's {scale.levels} answers; got {boxes}. Take 2 for the top two."
        )

    def classify(cells, score, counted):
        if counted:
            raise NotTestable(f"{score} is counted as a mean or as promoters; its boxes need the answers.", ["answers"])
        value = answer_values(cells, score, scale.low, scale.high, quoted=False)
        best = value <= scale.low + boxes - 1 if scale.better == "low" else value >= scale.high - boxes + 1
        return np.select([np.isnan(value), best], [2, 0], 1)

    return Measure((1, 0), "percent", intervals.SHARE_METHODS, _interval, classify)


def _interval(shares, n, **how):
    return intervals.share_interval(shares[:, 0], n, **how)
