"""The one call shape of the measures that are means of classes: a share, or promoters − detractors.

**Weights, clusters, strata.** These measures are ratios of weighted totals, and their variance is that of the
linearised totals Σ w (v − estimate), v the value of the answer's class, as R ``survey::svymean`` (see
`cxstudy.stats.linearised`; what a group is in a stratified sample: `cxstudy.measures.survey_design`; weights fitted to
margins: `cxstudy.stats.calibrated`). All intervals but
``wald`` and ``bootstrap`` are then computed with the effective number of answers n_e = variance of one answer /
variance of the estimate, at most n (Korn & Graubard 1998, Survey Methodology 24; Franco et al. 2019, Journal of Survey
Statistics and Methodology 7(3)); a finite population's correction comes on top of that. Where all answers agree there
is no variance to go by, and n_e = (Σ w)² / Σ w² with the clusters' weights. Intervals with clusters or strata
use Student's t of units − strata degrees of freedom.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxstudy.counted import is_counted
from cxstudy.engine import names
from cxstudy.faults import DataError, Fault, NotTestable, unknown_name
from cxstudy.measures.survey_design import groups_of, ratios
from cxstudy.stats import linearised
from cxstudy.stats.intervals import check_confidence, check_method
from cxstudy.tally import counts

TAKEN = ("n", "n_missing", "estimate", "std_error", "ci_low", "ci_high", "df", "design_effect", "n_effective")
TAKEN += ("confidence", "method", "reason")
CENSUS = 1e15


@dataclass(frozen=True)
class Measure:
    """What an answer counts: ``value`` of each of k classes; 100 × their mean is printed in ``unit``.

    ``interval(shares, n, *, confidence, method, df, **options)`` takes the shares of the classes (groups, k) and gives
    both ends; ``classify(cells, score, counted)`` gives each row of a counts table its class, k where the answer is
    missing; ``shown`` are the columns that hold the shares of the classes, none or k.
    """

    value: tuple
    unit: str
    methods: tuple
    interval: Callable
    classify: Callable
    shown: tuple = ()


def from_data(measure, data, score, by, design, confidence, method, table="customers", **options):
    """The result table of a measure from any data; arguments and return as `cxstudy.measures.nps.nps`.

    ``design``: `survey_design.Design`; ``table``: which table of a study is meant; ``options`` go to the interval.
    """
    confidence = check_confidence(confidence)
    check_method(method, measure.methods)
    if method == "bootstrap" and design.given:
        raise NotTestable(
            "method='bootstrap' draws independent answers of equal weight, which weights, clusters, strata and fpc "
            "contradict. Use method='adjusted-wald' or 'score', which take the linearised error.",
            ["independent answers of equal weight"],
        )
    by = check_groups(by, measure.shown)
    data = table_of(data, table)
    keys_of_cells = design.keys(by)
    cells = counts(data, score, by=keys_of_cells, weights=design.weights)
    kind = measure.classify(cells, score, is_counted(data))
    keys, group = groups_of(cells, by)
    k = len(measure.value)
    n, w = (_add_up(cells[c], group, kind, (len(keys), k + 1)) for c in ("n", "w"))
    n, w, missing = n[:, :k], w[:, :k], n[:, k]
    if not design.given:
        return from_classes(measure, keys, n, missing, confidence, method, **options)
    found, variance = ratios(_valued(measure, cells, kind), group, len(keys), design)
    shares = w / _positive(w.sum(axis=1))[:, None]
    error, size, df = usable(found, variance, n.sum(axis=1), design, capped=method != "wald")
    ends = measure.interval(shares, size, confidence=confidence, method=method, df=df, **options)
    ends = [np.where(np.isnan(error), np.nan, end) for end in ends]
    more = {"design_effect": linearised.design_effect(variance, found, n.sum(axis=1)), "n_effective": size}
    frame = _frame(measure, keys, n, missing, shares, error, ends, confidence, f"{method}, linearised", more)
    return frame.assign(reason=frame["reason"].where(frame["reason"].notna(), too_few(frame, found, design)))


def from_classes(measure, keys, n, missing, confidence, method, **options):
    """The result table from counts ``n`` (groups, k) of independent answers of equal weight.

    The variance is that of the multinomial, divided by n (not n − 1).
    """
    confidence = check_confidence(confidence)
    check_method(method, measure.methods)
    size = n.sum(axis=1)
    shares = n / _positive(size)[:, None]
    value = np.array(measure.value, float)
    variance = np.maximum(shares @ value**2 - (shares @ value) ** 2, 0)
    error = np.sqrt(variance / _positive(size))
    ends = measure.interval(shares, size, confidence=confidence, method=method, **options)
    return _frame(measure, keys, n, missing, shares, error, ends, confidence, method)


def usable(found, variance, n, design, *, capped):
    """``(standard error, effective n, degrees of freedom)`` of each group, nan where its units are too few to tell.

    ``capped``: an effective n of at most n, but for the correction of a finite population.
    """
    error = np.where(found.units > 1, found.std_error, np.nan)
    df = found.df if design.cluster or design.one_sample else np.full(len(n), np.inf)
    error, df = np.where(df >= 1, error, np.nan), np.where(df >= 1, df, np.nan)
    endless = linearised.Ratios(found.estimate, found.endless, found.units, found.alike)
    size = linearised.effective_n(variance, endless, n if capped else np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        finite = np.where(found.endless > 0, (found.endless / found.std_error) ** 2, 1.0)
    return error, np.minimum(size * finite, CENSUS), df


def too_few(frame, found, design):
    """A reason for each row that has an estimate but no standard error, else missing; text."""
    unit = "cluster" if design.cluster else "answer"
    few = np.where(found.units > 1, f"one {unit} in each stratum", f"one {unit}")
    lone = frame["estimate"].notna() & frame["std_error"].isna()
    told = [f"{w}: nothing shows how much several differ" if one else None for w, one in zip(few, lone, strict=True)]
    return pd.Series(told, index=frame.index, dtype="str")


def check_groups(by, shown=()):
    """``by`` as a list of names; ValueError where one is a column of the result."""
    by = names(by)
    taken = [k for k in by if k in (*TAKEN, *shown)]
    if taken:
        raise ValueError(f"the result has a column {taken[0]} of its own; got it as a group. Rename that of the data.")
    return by


def table_of(data, table):
    """The table of a study that is meant; any other data as they are."""
    tables = getattr(data, "tables", None)
    if not isinstance(tables, dict):
        return data
    if table not in tables:
        raise ValueError(unknown_name("table", table, tables))
    return tables[table]


def answer_values(cells, score, low, high, *, quoted=True):
    """The whole number from ``low`` to ``high`` that each row of a counts table holds, nan where it is missing.

    DataError lists the values off the scale, or (``quoted`` False, for employees' answers) only counts them.
    """
    code, levels = pd.factorize(cells[score], use_na_sentinel=True)
    # True is no answer on a scale, though it converts to 1
    answers = pd.Series([None if isinstance(v, bool | np.bool_) else v for v in levels], dtype=object)
    value = pd.to_numeric(answers, errors="coerce").to_numpy(float)
    valid = (value >= low) & (value <= high) & (value == np.floor(value))
    if not valid.all():
        times = cells.n.groupby(code).sum()
        bad = np.flatnonzero(~valid)
        shown = [f"{_brief(levels[i])} ({times[i]:,.0f} answers)" for i in bad[:5]]
        found = ", ".join(shown) + (f" and {len(bad) - 5} more values" if len(bad) > 5 else "")
        found = found if quoted else f"other values in {times[bad].sum():,.0f} answers"
        rule = f"{score} must hold whole numbers from {low:g} to {high:g}."
        remedy = "mend them, or leave empty (in study.yaml: declare missing) the codes that stand for no answer."
        raise DataError([Fault(rule, f"{found}.", remedy, f"column {score}")])
    return np.append(value, np.nan)[code]


def whole(n):
    """Counts as integers where they are whole: published shares give fractional classes, their sum is not."""
    near = np.rint(n)
    return near.astype(int) if np.allclose(n, near, rtol=0, atol=1e-6) else n


def _valued(measure, cells, kind):
    """The cells with the sums of `linearised.Sums`, and ``_left``, the rows without an answer."""
    value = np.append(np.array(measure.value, float), 0)[kind]
    there = kind < len(measure.value)
    n, w, w2 = (np.where(there, cells[c], 0.0) for c in ("n", "w", "w2"))
    sums = {"_n": n, "_w": w, "_x": w * value, "_xx": w * value**2}
    sums |= {"_w2": w2, "_w2x": w2 * value, "_w2xx": w2 * value**2}
    return cells.assign(_left=np.where(there, 0.0, cells.n), _all_w=cells.w, _all_w2=cells.w2, **sums)


def _frame(measure, keys, n, missing, shares, error, ends, confidence, method, more=None):
    n = n.sum(axis=1)
    none = np.where(n > 0, "the weights add up to zero", "no answers").astype(object)
    found = {
        "n": whole(n),
        "n_missing": whole(missing),
        **{c: 100 * shares[:, i] for i, c in enumerate(measure.shown)},
        "estimate": 100 * shares @ np.array(measure.value, float),
        "std_error": 100 * error,
        "ci_low": 100 * ends[0],
        "ci_high": 100 * ends[1],
        **(more or {}),
        "confidence": confidence,
        "unit": measure.unit,
        "method": method,
        "reason": pd.array(np.where(np.isnan(shares[:, 0]), none, None), dtype="str"),
    }
    return keys.assign(**{c: v for c, v in found.items() if c not in keys})


def _brief(value):
    # a long text may be a comment, which a message must not repeat
    return str(value) if len(str(value)) <= 20 else f"a text of {len(str(value))} characters"


def _add_up(values, group, kind, shape):
    table = np.zeros(shape)
    np.add.at(table, (group, kind), values.to_numpy(float))
    return table


def _positive(x):
    return np.where(x > 0, x, np.nan)
