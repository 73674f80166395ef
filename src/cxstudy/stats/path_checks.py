"""What a path model asks of its arrows, its columns and a given correlation matrix, said before anything is fitted."""

import numpy as np
import pandas as pd

from cxstudy.faults import NotTestable, unknown_name
from cxstudy.stats.arguments import numbers
from cxstudy.stats.path_effects import COLLINEAR, causal_order

SPARE_ROWS = 3


def read_paths(paths):
    """(paths with every value a list, names in causal order); ValueError for what is no recursive model.

    >>> read_paths({"profit": "customers"})
    ({'profit': ['customers']}, ['customers', 'profit'])
    """
    if not isinstance(paths, dict) or not paths:
        raise ValueError(
            "paths must be a dict of each outcome and its predictors; "
            f'got {paths!r}. Write {{"profit": ["customers", "employees"]}}.'
        )
    read = {outcome: [given] if isinstance(given, str) else list(given) for outcome, given in paths.items()}
    faults = [f"{outcome} has no predictor" for outcome, given in read.items() if not given]
    faults += [
        f"{p} leads to {o} twice" for o, given in read.items() for p in dict.fromkeys(given) if given.count(p) > 1
    ]
    if faults:
        raise ValueError(f"each outcome needs predictors, each named once; found: {'; '.join(faults)}. Mend the paths.")
    return read, causal_order(read)


def read_scales(data, scales, paths):
    """(items by name, paths, names in causal order, columns) of a model of scales and single columns.

    A column that is no scale has itself as its only item. ValueError with all that is wrong with the names.
    """
    paths, names = read_paths(paths)
    faults = [f"{name} is in no path" for name in scales if name not in names]
    faults += [f"{name} has no item" for name, items in scales.items() if not len(items)]
    known = [*scales, *data.columns]
    faults += [unknown_name("scale or column", n, known) for n in names if n not in scales and n not in data.columns]
    every = {name: list(scales[name]) if name in scales else [name] for name in names}
    columns = [item for items in every.values() for item in items]
    faults += [f"{item} occurs twice" for item in dict.fromkeys(columns) if columns.count(item) > 1]
    if faults:
        raise ValueError(f"scales must be lists of items, each item in one, each scale in a path; {'; '.join(faults)}")
    return every, paths, names, columns


def complete_rows(data, names, cluster=None, weights=None):
    """(values (n, p), weights (n,), cluster codes (n,), rows left out) of the rows of ``data`` that have everything.

    All unknown names are said at once; text raises, a weight must be above 0.
    """
    wanted = [*names, *(c for c in (cluster, weights) if c is not None)]
    unknown = [unknown_name("column", name, data.columns) for name in wanted if name not in data.columns]
    if unknown:
        raise ValueError(" ".join(unknown))
    values = pd.DataFrame({name: numbers(data, name).to_numpy() for name in names})
    if np.isinf(values.to_numpy()).any():
        endless = ", ".join(c for c in names if np.isinf(values[c]).any())
        raise ValueError(f"columns must be finite; {endless} holds an infinite value. Declare it missing.")
    weight = np.ones(len(data)) if weights is None else numbers(data, weights).to_numpy()
    group = np.arange(len(data)) if cluster is None else data[cluster].to_numpy(dtype=object)
    kept = values.notna().all(axis=1).to_numpy() & ~np.isnan(weight) & ~pd.isna(group)
    if (weight[kept] <= 0).any():
        raise ValueError(f"weights must be above 0; {weights} has {weight[kept].min():g}. Leave those rows out.")
    return values.to_numpy()[kept], weight[kept], pd.factorize(group[kept])[0], int((~kept).sum())


def check_fit(values, names, paths, clusters=None):
    """NotTestable where an equation can't be fitted: too few units or clusters, a constant, collinear predictors."""
    widest = max(map(len, paths.values()))
    units, what = (len(values), "units") if clusters is None else (clusters, "clusters")
    check_size(units, widest, what)
    check_size(len(values), widest, "units")
    flat = [name for name, spread in zip(names, np.ptp(values, axis=0), strict=True) if spread == 0]
    if flat:
        raise NotTestable(
            f"each column must vary; {', '.join(flat)} doesn't. Leave it out.", [f"{name} that varies" for name in flat]
        )
    check_collinear(np.corrcoef(values, rowvar=False), names, paths)


def check_size(units, widest, what):
    """NotTestable unless there are at least 3 more ``units`` than the ``widest`` equation has predictors."""
    if units < widest + SPARE_ROWS:
        raise NotTestable(
            f"an equation with {widest} predictor{'s' if widest > 1 else ''} needs at least {widest + SPARE_ROWS} "
            f"{what}; found {units}. Leave out predictors, or collect more {what}.",
            [f"{widest + SPARE_ROWS} {what}"],
        )


def check_collinear(correlations, names, paths):
    """NotTestable, with the names, where the predictors of an outcome determine one another or the outcome."""
    place = {name: i for i, name in enumerate(names)}
    for outcome, predictors in paths.items():
        for a, b in _same(correlations, place, [*predictors, outcome]):
            raise NotTestable(
                f"{a} and {b} must not be the same thing; their correlation is {correlations[place[a], place[b]]:.0f}, "
                f"so the paths to {outcome} are not identified. Leave one of the two out.",
                [f"{a} and {b} that differ"],
            )
        at = [place[name] for name in predictors]
        roots, vectors = np.linalg.eigh(correlations[np.ix_(at, at)])
        blamed = np.abs(vectors[:, roots < COLLINEAR]).max(axis=1, initial=0) > 1e-6
        if blamed.any():
            these = ", ".join(name for name, found in zip(predictors, blamed, strict=True) if found)
            raise NotTestable(
                f"predictors must not determine one another; {these} do, so the paths to {outcome} are not identified. "
                "Leave one out.",
                ["predictors that are not combinations of the others"],
            )


def read_correlations(matrix, names):
    """The part of a correlation matrix (DataFrame) that belongs to ``names``, as an array; ValueError if it is none."""
    if not isinstance(matrix, pd.DataFrame) or list(matrix.index) != list(matrix.columns):
        raise ValueError("matrix must be a DataFrame with the same names as index and columns. Name its rows, too.")
    unknown = [unknown_name("variable", name, matrix.columns) for name in names if name not in matrix.columns]
    if unknown:
        raise ValueError(" ".join(unknown))
    found = matrix.loc[names, names].to_numpy(float)
    wrong = [
        text
        for broken, text in (
            (not np.isfinite(found).all(), "a missing value"),
            (not np.allclose(found, found.T, atol=1e-9, equal_nan=True), "two values for one pair"),
            (not np.allclose(np.diag(found), 1, atol=1e-9), "a diagonal that isn't 1"),
            ((np.abs(found) > 1 + 1e-9).any(), f"a value of {np.abs(found).max():g}"),
        )
        if broken
    ]
    if wrong:
        raise ValueError(
            f"correlations lie between −1 and 1, are symmetric and 1 on the diagonal; found {', '.join(wrong)}."
            " Correct the matrix."
        )
    if np.linalg.eigvalsh(found)[0] < -1e-6:
        raise NotTestable(
            "no data have this matrix: it is not positive semi-definite. Correlations of different rows don't fit "
            "together; compute them from the same rows.",
            ["correlations of one set of rows"],
        )
    return found


def _same(correlations, place, names):
    return [
        (a, b)
        for i, a in enumerate(names)
        for b in names[i + 1 :]
        if abs(correlations[place[a], place[b]]) > 1 - COLLINEAR
    ]
