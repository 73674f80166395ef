"""How much of what goes from each variable to the last goes through one in the middle, in a recursive path model."""

import numpy as np
import pandas as pd

from cxstudy.faults import unknown_name
from cxstudy.stats.arguments import check_count
from cxstudy.stats.intervals import check_confidence, check_method
from cxstudy.stats.path_checks import check_fit, complete_rows, read_paths
from cxstudy.stats.path_effects import INTERVALS, interval, path_coefficients, routes, standardised, total_effects
from cxstudy.stats.paths import VOCABULARY
from cxstudy.stats.unit_sums import drawn_together, resampled, unit_sums

STILL = 1e-12


def through(
    data, paths, *, middle, end, cluster=None, confidence=0.95, method="percentile", replicates=2000, seed=1
):  # fmt: skip
    """Standardised effect on ``end`` along all routes that pass ``middle``, of each variable that leads to ``middle``.

    It is total (from → middle) times total (middle → end). Arguments, bootstrap and errors as
    :func:`cxstudy.stats.paths.fit_paths`; with the same seed the same samples are drawn.

    Returns
    -------
    DataFrame, a row a variable in causal order: from, to, path (a → … middle … → b), n, n_missing, …, reason.
    Unit: SD per SD. Empty where nothing leads to ``middle``; ValueError where ``middle`` does not lead to ``end``.

    >>> data = pd.DataFrame({"staff": range(9), "customers": [2, 1, 3, 5, 4, 6, 8, 7, 9], "profit": [1, 2, 1] * 3})
    >>> model = {"customers": "staff", "profit": ["customers", "staff"]}
    >>> through(data, model, middle="customers", end="profit", replicates=200)["path"].tolist()
    ['staff → … customers … → profit']
    """
    check_method(method, INTERVALS)
    confidence, replicates = check_confidence(confidence), check_count("replicates", replicates, 100)
    paths, names = read_paths(paths)
    unknown = [unknown_name("variable", name, names) for name in (middle, end) if name not in names]
    if unknown:
        raise ValueError(" ".join(unknown))
    if not routes(paths, middle, end):
        raise ValueError(f"{middle} must lead to {end}; no route does. Add the path, or name another middle.")
    starts = [name for name in names if routes(paths, name, middle)]
    values, weight, codes, missing = complete_rows(data, names, cluster)
    check_fit(values, names, paths, None if cluster is None else codes.max() + 1)
    scores = (values - values.mean(axis=0)) / values.std(axis=0)
    rng = np.random.default_rng(seed)
    sums = unit_sums(scores, weight, drawn_together(codes, rng))
    at, mid, last = [names.index(name) for name in starts], names.index(middle), names.index(end)
    whole, drawn, left = (
        _products(part, names, paths, at, mid, last)
        for part in (sums.sum(axis=0)[None], resampled(sums, rng, replicates), sums.sum(axis=0) - sums)
    )
    rows = [
        {"from": name, "to": end, "path": f"{name} → … {middle} … → {end}", "estimate": float(whole[0, i])}
        | interval(float(whole[0, i]), drawn[:, i], left[:, i], confidence, method)
        for i, name in enumerate(starts)
    ]
    table = pd.DataFrame(rows, columns=["from", "to", "path", *VOCABULARY])
    return table.assign(n=len(values), n_missing=missing, confidence=confidence, unit="SD per SD")


def _products(sums, names, paths, at, mid, last):
    mean = sums[:, 0, 1:] / sums[:, :1, 0]
    covariance = sums[:, 1:, 1:] / sums[:, :1, :1] - mean[:, :, None] * mean[:, None, :]
    still = np.einsum("bii->bi", covariance) < STILL
    covariance = np.where(still[:, :, None] | still[:, None, :], np.nan, covariance)
    total = total_effects(standardised(path_coefficients(covariance, names, paths), covariance))
    return total[:, mid, at] * total[:, [last], [mid]]
