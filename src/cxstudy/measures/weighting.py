"""Weights that make the answers add up to a known population: post-stratification and raking; Kish's design effect.

Both multiply the answers of a cell by one factor. Post-stratification has the population of every cell; raking
(iterative proportional fitting, Deming & Stephan 1940, Annals of Mathematical Statistics 11) has margins only and fits
one after the other until all hold at once. The fitting is that of the package ipfn, on the table of the cells, so its
cost does not depend on the number of answers.

**Standard errors.** That weights were fitted to a population changes the variance: it leaves only what the margins do
not explain. A measure with ``weights=`` alone takes weights as given; with ``calibrated=``, the columns they were
fitted to, it gives the error that fitted weights have (`cxstudy.stats.calibrated`):
``nps(data, weights="weight", calibrated=["industry", "size"])`` after raking, ``calibrated="size"`` after
post-stratification, ``calibrated=[("industry", "size")]`` where it was by the cells of several columns. In R survey's
school sample the error with fixed weights was 0.2 to 0.9 % larger where the margins explain little (mean score), 24 to
25 % larger where they explain much (mean enrolment, schools drawn one by one), and 8 to 9 % smaller for enrolment where
whole districts were drawn. ``tests/test_weighting.py`` makes these numbers.
"""

import contextlib
import io
from dataclasses import dataclass
from numbers import Real

import numpy as np
import pandas as pd

from cxstudy.faults import DataError, NotTestable
from cxstudy.measures.margins import cells_of, margin, starting_weights, totals
from cxstudy.stats.arguments import check_columns, check_count

AGREE = 1e-9
MOST_CELLS = 2_000_000


@dataclass(frozen=True)
class Weighting:
    """Weights and what they were made from.

    ``weights``: Series named ``weight``, aligned with the data, in units of the population. ``report``: frame of one
    row, ``n`` answers, ``n_cells`` with answers, ``population``, ``design_effect`` and ``effective_n`` (Kish),
    ``smallest``, ``largest`` weight, ``iterations``, ``converged`` (always True), ``deviation`` (the largest from a
    margin, as a fraction of it), ``method``. ``cells``: frame of ``margin``, ``category``, ``n`` answers, ``before``
    (sum of the weights given, or n), ``population``, ``weighted`` (sum of the new weights).
    """

    weights: pd.Series
    report: pd.DataFrame
    cells: pd.DataFrame


def post_stratify(data, *, by, population, weights=None):
    """Weights with which every cell of ``by`` adds up to its population; returns `Weighting`.

    - ``data``: pandas frame, one row an answer. ``by``: column or list of columns that make the cells.
    - ``population``: ``{category: number}``, or with several columns ``{(category, category): number}`` or a Series
      with such an index; numbers > 0, persons or shares.
    - ``weights``: column of design weights > 0 to start from; None: all 1.

    Weight = w × population of the cell / Σ w of the cell; R ``survey::postStratify`` gives the same.
    Raises ValueError for an unknown column or another kind of data; DataError, all faults at once, for a cell without
    population or without answers, missing categories, a population that is no number > 0, and weights ≤ 0 or missing.

    >>> answers = pd.DataFrame({"size": ["small", "small", "large"]})
    >>> post_stratify(answers, by="size", population={"small": 20, "large": 80}).weights.tolist()
    [10.0, 10.0, 80.0]
    """
    names = [by] if isinstance(by, str) else list(by)
    _check_data(data, names, weights)
    # several columns are one margin, whose categories are the cells
    column = data[names[0]] if len(names) == 1 else cells_of(data, names)
    return _fit({" × ".join(names): (column, population)}, data, weights, AGREE, 10, "post-stratification")


def rake(data, *, margins, weights=None, tolerance=AGREE, max_iterations=1000):
    """Weights with which every margin adds up to its population; returns `Weighting`.

    - ``data``: pandas frame, one row an answer.
    - ``margins``: ``{"industry": {"bank": 300, "energy": 100}, "size": {"small": 350, "large": 50}}``: column, then
      category and its population, numbers > 0 (persons or shares) that add up to the same total in every margin.
    - ``weights``: column of design weights > 0 to start from; None: all 1.
    - ``tolerance``: how far a margin may be off at the end, as a fraction of it; ``max_iterations``: rounds at most.

    R ``survey::rake`` gives the same weights. Measures take them as fixed unless ``calibrated=`` names the margins: see
    the module.
    Raises as `post_stratify`, DataError also for margins with different totals; NotTestable, naming the margin that is
    off and by how much, where the fitting does not converge: with combinations that nobody answered for there may be
    no such weights.

    >>> answers = pd.DataFrame({"size": list("ssl"), "ownership": list("pqp")})
    >>> found = rake(answers, margins={"size": {"s": 60, "l": 40}, "ownership": {"p": 70, "q": 30}})
    >>> found.weights.round(6).tolist(), bool(found.report.converged[0])
    ([30.0, 30.0, 40.0], True)
    """
    if not isinstance(margins, dict) or not margins:
        raise ValueError(
            f"margins must be {{column: {{category: number}}}}; got {margins!r}. Name one column at least."
        )
    if not (isinstance(tolerance, Real) and 0 < tolerance < 0.01):
        raise ValueError(f"tolerance must lie between 0 and 0.01; got {tolerance!r}. Write 1e-6 for a millionth.")
    _check_data(data, list(margins), weights)
    columns = {name: (data[name], given) for name, given in margins.items()}
    return _fit(columns, data, weights, tolerance, check_count("max_iterations", max_iterations, 1), "raking")


def design_effect(weights):
    """Kish's design effect of weights, 1 + cv² = n Σ w² / (Σ w)², at least 1 (Kish 1965, Survey Sampling, 11.7).

    How much larger the variance of a mean is than with equal weights, where the weights have nothing to do with the
    answers. ``weights``: array or Series of numbers > 0. ValueError for others.

    >>> design_effect([1, 1, 4])
    1.5
    """
    w = np.asarray(weights, float).ravel()
    if not len(w) or not np.isfinite(w).all() or (w <= 0).any():
        bad = int((~(np.isfinite(w) & (w > 0))).sum())
        raise ValueError(f"weights must be numbers above 0; {bad} of {len(w)} are not. Leave these answers out.")
    return float(len(w) * (w**2).sum() / w.sum() ** 2)


def effective_n(weights):
    """Kish's effective number of answers, (Σ w)² / Σ w² = n / design effect; arguments as `design_effect`.

    >>> effective_n([1, 1, 4])
    2.0
    """
    effect = design_effect(weights)
    return np.asarray(weights).size / effect


def _fit(columns, data, weights, tolerance, rounds, method):
    """The `Weighting`; ``columns``: margin → (column, {category: population})."""
    start, faults = starting_weights(data, weights)
    codes, levels, targets = [], [], []
    for name, (column, given) in columns.items():
        code, level, target, found = margin(name, column, given)
        codes, levels, targets = [*codes, code], [*levels, level], [*targets, target]
        faults += found
    faults += totals({name: given for name, (_, given) in columns.items()})
    if faults:
        raise DataError(faults)
    shape = tuple(len(level) for level in levels)
    if np.prod(shape, dtype=float) > MOST_CELLS:
        raise ValueError(f"raking takes {MOST_CELLS:,} cells at most; got {shape}. Join small categories.")
    cell = np.ravel_multi_index(codes, shape)
    table = np.bincount(cell, start, np.prod(shape)).reshape(shape)
    fitted, iterations = _proportional(table, targets, tolerance, rounds)
    deviation = _deviation(fitted, list(columns), levels, targets, tolerance, iterations)
    factor = np.divide(fitted, table, out=np.zeros(shape), where=table > 0).ravel()
    made = pd.Series(start * factor[cell], index=data.index, name="weight")
    report = {
        "n": len(data),
        "n_cells": int((table > 0).sum()),
        "population": float(targets[0].sum()),
        "design_effect": design_effect(made),
        "effective_n": effective_n(made),
        "smallest": made.min(),
        "largest": made.max(),
        "iterations": iterations,
        "converged": True,
        "deviation": deviation,
        "method": method,
    }
    parts = [
        pd.DataFrame({"margin": name, "category": level, "n": np.bincount(code), "before": np.bincount(code, start)})
        .assign(population=target, weighted=np.bincount(code, made.to_numpy()))
        for name, code, level, target in zip(columns, codes, levels, targets, strict=True)
    ]  # fmt: skip
    return Weighting(made, pd.DataFrame([report]), pd.concat(parts, ignore_index=True))


def _proportional(table, targets, tolerance, rounds):
    """The fitted table and the number of rounds."""
    from ipfn.ipfn import ipfn

    fitting = ipfn(
        table.copy(),
        [target.copy() for target in targets],
        [[axis] for axis in range(table.ndim)],
        convergence_rate=tolerance,
        max_iteration=rounds - 1,
        rate_tolerance=0,
        verbose=2,
    )
    # ipfn prints what became of it, and calls a table converged that has only stopped to change
    with contextlib.redirect_stdout(io.StringIO()):
        fitted, _, course = fitting.iteration()
    return fitted, len(course)


def _deviation(fitted, names, levels, targets, tolerance, iterations):
    """The largest deviation from a margin, as a fraction of it; NotTestable where it is beyond the tolerance."""
    off = []
    for axis, (name, level, target) in enumerate(zip(names, levels, targets, strict=True)):
        sums = fitted.sum(axis=tuple(a for a in range(fitted.ndim) if a != axis))
        apart = np.abs(sums / target - 1)
        worst = int(np.argmax(apart))
        off.append((float(apart[worst]), name, level[worst], float(sums[worst]), float(target[worst])))
    deviation, name, category, reached, wanted = max(off, key=lambda one: one[0])
    # ipfn adds in another order, which may differ in the last digit
    if not deviation <= tolerance + 1e-12:
        raise NotTestable(
            f"raking must meet every margin; after {iterations:,} rounds {name} = {category} adds up to {reached:.6g} "
            f"instead of {wanted:.6g} ({deviation:.2%} off). Join categories that nobody answered for in combination, "
            "or leave a margin out.",
            ["answers in more combinations of the margins"],
        )
    return deviation


def _check_data(data, names, weights):
    if not isinstance(data, pd.DataFrame):
        raise ValueError(
            f"data must be a pandas frame, as the weights belong to its rows; got {type(data).__name__}. "
            "Of a study's table take the_study.customers.frame()."
        )
    check_columns(data, [*names, *([] if weights is None else [weights])])
    if data.empty:
        raise ValueError("data must hold at least one answer; got none. Look at how it was filtered.")
