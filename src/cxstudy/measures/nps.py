"""Net Promoter Score, eNPS and promoter share, from answers or from counts, with their uncertainty.

Promoters answer 9–10 on the question "how likely are you to recommend us?", passives 7–8, detractors 0–6
(Reichheld 2003, Harvard Business Review 81(12)). NPS = 100 (share of promoters − share of detractors).
Weights, clusters and strata: see `cxstudy.measures.estimate`.
"""

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from cxstudy.counted import CLASSES
from cxstudy.measures.estimate import Measure, answer_values, from_classes, from_data
from cxstudy.measures.survey_design import Design
from cxstudy.stats import intervals


def nps(
    data, score="recommend", *, by=None, weights=None, cluster=None, strata=None, fpc=None, calibrated=None,
    confidence=0.95, method="adjusted-wald", replicates=1000, seed=1,
):  # fmt: skip
    """Net Promoter Score of each group, −100…+100 NPS points.

    - ``data``: pandas frame, path (.csv, .csv.gz, .parquet), Ibis table, study table, or a study (its customers).
    - ``score``: column of whole numbers 0…10, missing where there is no answer; in a counted table, a question.
    - ``by``: column or columns of the groups, None for one row; ``weights``: column of weights ≥ 0;
      ``cluster``: column of the sampling clusters; ``strata``: column of the sampling strata, in which clusters
      lie whole; ``fpc``: column of the number of sampling units (clusters, else persons) in the population of the
      row's stratum; ``calibrated``: the column or columns, each a margin, that ``weights`` were fitted to with `rake`
      or `post_stratify`, for the standard error that such weights have; a tuple among them is one margin of cells:
      ``calibrated=[("size", "industry")]``. With strata, fpc or calibrated the groups are domains of one sample, else
      each is a sample of its own (`cxstudy.measures.survey_design`).
    - ``confidence``: 0…1, coverage of the interval. ``method``: ``adjusted-wald`` (Rocks 2016), ``wald``, ``score``
      (restricted likelihood, Tango 1998), ``dirichlet`` (posterior, Jeffreys' prior), or ``bootstrap`` (percentiles
      of ``replicates`` ≥ 100 multinomial samples drawn with ``seed``): `stats.intervals.net_share_interval`.

    Returns a frame sorted by ``by``: by…, ``n`` answers, ``n_missing``, ``promoters``, ``passives``, ``detractors``
    (weighted shares in percent), ``estimate``, ``std_error`` (of the estimate, the same under all methods; 0 where
    all answers fall in one class), ``ci_low``, ``ci_high`` (within ±100); with weights, cluster, strata or fpc also
    ``design_effect`` (R ``deff="replace"``) and ``n_effective`` (what the interval is computed with);
    ``confidence``, ``unit``, ``method``, ``reason`` (why there is no number, else missing). A key called ``unit`` takes
    the place of the unit of measurement.

    Raises DataError for values off the scale and a wrong fpc, ValueError for unknown columns or methods, bad weights, a
    confidence such as 95, answers without a cluster, stratum or category of calibrated, calibrated without weights,
    clusters in several strata; NotTestable where all groups have one cluster only, a stratum has one unit, or
    ``bootstrap`` meets weights, cluster, strata or fpc.
    Formula: SE = 100 √((p + d − (p − d)²) / n); with weights, clusters or strata see `cxstudy.measures.estimate`.

    >>> answers = pd.DataFrame({"shop": ["a"] * 4 + ["b"] * 2, "recommend": [10, 9, 8, 3, 0, None]})
    >>> nps(answers, by="shop")[["shop", "n", "n_missing", "estimate"]].values.tolist()
    [['a', 4, 0, 25.0], ['b', 1, 1, -100.0]]
    """
    design, drawing = Design(weights, cluster, strata, fpc, calibrated), {"replicates": replicates, "seed": seed}
    return from_data(_NPS, data, score, by, design, confidence, method, **drawing)


def enps(
    data, score="recommend_employer", *, by=None, weights=None, cluster=None, strata=None, fpc=None, calibrated=None,
    confidence=0.95, method="adjusted-wald", replicates=1000, seed=1,
):  # fmt: skip
    """Employee Net Promoter Score: `nps` of the question how likely one is to recommend the employer.

    ``data`` as in `nps`, but of a study its employees. Arguments, return and errors as `nps`; messages count
    answers off the scale and do not quote them.

    >>> enps(pd.DataFrame({"recommend_employer": [10, 9, 8, 3]})).estimate.tolist()
    [25.0]
    """
    design, drawing = Design(weights, cluster, strata, fpc, calibrated), {"replicates": replicates, "seed": seed}
    return from_data(_ENPS, data, score, by, design, confidence, method, table="employees", **drawing)


def promoter_share(
    data, score="recommend", *, by=None, weights=None, cluster=None, strata=None, fpc=None, calibrated=None,
    confidence=0.95, method="wilson",
):  # fmt: skip
    """Share of promoters of each group, 0…100 percent.

    Arguments, return (without the three classes) and errors as `nps`; ``method`` is ``wilson`` (R:
    ``prop.test(correct=FALSE)``) or ``wald``.

    >>> promoter_share(pd.DataFrame({"recommend": [10, 9, 8, 3]})).estimate.tolist()
    [50.0]
    """
    return from_data(_SHARE, data, score, by, Design(weights, cluster, strata, fpc, calibrated), confidence, method)


def nps_from_counts(
    *, promoters, passives, detractors, confidence=0.95, method="adjusted-wald", replicates=1000, seed=1
):
    """NPS from the numbers of promoters, passives and detractors: numbers, or arrays of one length; one row each.

    Counts are ≥ 0 and may be fractional where shares were published. Return and errors as `nps`.

    >>> nps_from_counts(promoters=162, passives=108, detractors=54).estimate.round(4).tolist()
    [33.3333]
    """
    n = _counts(promoters=promoters, passives=passives, detractors=detractors)
    drawing = {"replicates": replicates, "seed": seed}
    return from_classes(_NPS, pd.DataFrame(index=range(len(n))), n, np.zeros(len(n)), confidence, method, **drawing)


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


def _classify(cells, score, counted, quoted=True):
    """0, 1, 2 for promoter, passive and detractor, 3 for a missing answer, one for each row of ``cells``."""
    if counted:
        code, levels = pd.factorize(cells[score], use_na_sentinel=True)
        return np.append(np.array([CLASSES.index(level) for level in levels], int), 3)[code]
    value = answer_values(cells, score, 0, 10, quoted=quoted)
    return np.select([np.isnan(value), value >= 9, value >= 7], [3, 0, 1], 2)


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
_ENPS = replace(_NPS, classify=partial(_classify, quoted=False))
_SHARE = Measure(
    value=(1, 0, 0),
    unit="percent",
    methods=intervals.SHARE_METHODS,
    interval=lambda shares, n, **how: intervals.share_interval(shares[:, 0], n, **how),
    classify=_classify,
)
