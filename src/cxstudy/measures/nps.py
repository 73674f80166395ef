"""Net Promoter Score and promoter share, from answers or from counts, with their uncertainty.

Promoters answer 9–10 on the question "how likely are you to recommend us?", passives 7–8, detractors 0–6
(Reichheld 2003, Harvard Business Review 81(12)). NPS = 100 (share of promoters − share of detractors).
Weights and clusters: see `cxstudy.measures.estimate`.
"""

import numpy as np
import pandas as pd

from cxstudy.counted import CLASSES
from cxstudy.faults import DataError, Fault
from cxstudy.measures.estimate import Measure, from_classes, from_data
from cxstudy.stats import intervals


def nps(data, score="recommend", *, by=None, weights=None, cluster=None, confidence=0.95, method="adjusted-wald"):
    """Net Promoter Score of each group, −100…+100 NPS points.

    - ``data``: pandas frame, path (.csv, .csv.gz, .parquet), Ibis table, study table, or a study (its customers).
    - ``score``: column of whole numbers 0…10, missing where there is no answer; in a counted table, a question.
    - ``by``: column or columns of the groups, None for one row; ``weights``: column of weights ≥ 0;
      ``cluster``: column of the sampling clusters.
    - ``confidence``: 0…1, coverage of the interval. ``method``: ``adjusted-wald`` (Rocks 2016) or ``wald``.

    Returns a frame sorted by ``by``: by…, ``n`` answers, ``n_missing``, ``promoters``, ``passives``, ``detractors``
    (weighted shares in percent), ``estimate``, ``std_error`` (of the estimate, the same under both methods; 0 where
    all answers fall in one class), ``ci_low``, ``ci_high`` (cut to ±100), ``confidence``, ``unit``, ``method``,
    ``reason`` (why there is no number, else missing). A key called ``unit`` takes the place of the unit of measurement.

    Raises DataError for values off the scale, ValueError for unknown columns or methods, bad weights, a confidence
    such as 95, answers without a cluster; NotTestable where all groups have one cluster only.
    Formula: SE = 100 √((p + d − (p − d)²) / n); with weights or clusters see `cxstudy.measures.estimate`.

    >>> answers = pd.DataFrame({"shop": ["a"] * 4 + ["b"] * 2, "recommend": [10, 9, 8, 3, 0, None]})
    >>> nps(answers, by="shop")[["shop", "n", "n_missing", "estimate"]].values.tolist()
    [['a', 4, 0, 25.0], ['b', 1, 1, -100.0]]
    """
    return from_data(_NPS, data, score, by, weights, cluster, confidence, method)


def promoter_share(data, score="recommend", *, by=None, weights=None, cluster=None, confidence=0.95, method="wilson"):
    """Share of promoters of each group, 0…100 percent.

    Arguments, return (without the three classes) and errors as `nps`; ``method`` is ``wilson`` (R:
    ``prop.test(correct=FALSE)``) or ``wald``.

    >>> promoter_share(pd.DataFrame({"recommend": [10, 9, 8, 3]})).estimate.tolist()
    [50.0]
    """
    return from_data(_SHARE, data, score, by, weights, cluster, confidence, method)


def nps_from_counts(*, promoters, passives, detractors, confidence=0.95, method="adjusted-wald"):
    """NPS from the numbers of promoters, passives and detractors: numbers, or arrays of one length; one row each.

    Counts are ≥ 0 and may be fractional where shares were published. Return and errors as `nps`.

    >>> nps_from_counts(promoters=162, passives=108, detractors=54).estimate.round(4).tolist()
    [33.3333]
    """
    n = _counts(promoters=promoters, passives=passives, detractors=detractors)
    return from_classes(_NPS, pd.DataFrame(index=range(len(n))), n, np.zeros(len(n)), confidence, method)


def promoter_share_from_counts(promoters, n, *, confidence=0.95, method="wilson"):
    """Share of promoters from their number and the number of answers; numbers or arrays of one length.

    Return and errors as `promoter_share`; more promoters than answers is an error.

    >>> promoter_share_from_counts(25, 100).estimate.tolist()
    [25.0]
    """
    both = _counts(promoters=promoters, n=n)
    if (both[:, 0] > both[:, 1]).any():
        raise ValueError("promoters cannot exceed n, the number of answers; got more. Give promoters first, then n.")
    n = np.column_stack([both[:, 0], both[:, 1] - both[:, 0], np.zeros(len(both))])
    return from_classes(_SHARE, pd.DataFrame(index=range(len(n))), n, np.zeros(len(n)), confidence, method)


def _classify(cells, score, counted):
    """0, 1, 2 for promoter, passive and detractor, 3 for a missing answer, one for each row of ``cells``."""
    code, levels = pd.factorize(cells[score], use_na_sentinel=True)
    if counted:
        kinds = np.array([CLASSES.index(level) for level in levels], int)
        return np.append(kinds, 3)[code]
    # True is no answer on a scale, though it converts to 1
    answers = pd.Series([None if isinstance(v, bool | np.bool_) else v for v in levels], dtype=object)
    value = pd.to_numeric(answers, errors="coerce").to_numpy(float)
    valid = (value >= 0) & (value <= 10) & (value == np.floor(value))
    if not valid.all():
        times = cells.n.groupby(code).sum()
        shown = [f"{_brief(levels[i])} ({times[i]:,.0f} answers)" for i in np.flatnonzero(~valid)[:5]]
        more = f" and {(~valid).sum() - 5} more values" if (~valid).sum() > 5 else ""
        rule = f"{score} must hold whole numbers from 0 to 10."
        remedy = "mend them, or leave empty (in study.yaml: declare missing) the codes that stand for no answer."
        raise DataError([Fault(rule, f"{', '.join(shown)}{more}.", remedy, f"column {score}")])
    kinds = np.where(value >= 9, 0, np.where(value >= 7, 1, 2))
    return np.append(kinds, 3)[code].astype(int)


def _brief(value):
    # a long text may be a comment, which a message must not repeat
    return str(value) if len(str(value)) <= 20 else f"a text of {len(str(value))} characters"


def _counts(**given):
    """The counts side by side, shape (rows, arguments)."""
    columns = []
    for name, value in given.items():
        value = np.atleast_1d(np.asarray(value, float))
        if value.ndim != 1 or not np.isfinite(value).all() or (value < 0).any():
            raise ValueError(f"{name} must be one or more counts of at least 0; got {given[name]!r}. Mend these.")
        columns.append(value)
    lengths = sorted({len(c) for c in columns})
    if len(lengths) > 1 and lengths[0] != 1 or len(lengths) > 2:
        raise ValueError(f"{', '.join(given)} must be of one length; got lengths {lengths}. Pair them first.")
    return np.column_stack(np.broadcast_arrays(*columns))


_NPS = Measure(
    value=(1, 0, -1),
    unit="NPS points",
    methods=intervals.NET_SHARE_METHODS,
    interval=lambda shares, n, **how: intervals.net_share_interval(shares[:, 0], shares[:, 2], n, **how),
    classify=_classify,
    shown=CLASSES,
)
_SHARE = Measure(
    value=(1, 0, 0),
    unit="percent",
    methods=intervals.SHARE_METHODS,
    interval=lambda shares, n, **how: intervals.share_interval(shares[:, 0], n, **how),
    classify=_classify,
)
