"""What `cxstudy.measures.importance` needs of the data: numbers, weights, units to resample; every fault at once."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cxstudy.counted import is_counted
from cxstudy.engine import as_table, check_columns, fetch, number, refuse
from cxstudy.faults import DataError, Fault, NotTestable
from cxstudy.measures.estimate import table_of
from cxstudy.stats.em_correlation import Likelihood
from cxstudy.stats.polyserial import Polyserial
from cxstudy.stats.resampled_correlation import Complete, Pairwise, random_groups, standardised
from cxstudy.tally import moments, rows

MOST_ROWS, MOST_UNITS, GROUPS, MOST_LEVELS = 200_000, 20_000, 500, 20
MACHINES = {"listwise": Complete, "pairwise": Pairwise, "em": Likelihood}
WORDS = {"detractor": -1, "passive": 0, "promoter": 1}


@dataclass(frozen=True)
class Sample:
    """``machine.of``: multiplicities of ``units`` → correlations, the outcome last; ``n``, ``n_missing`` by driver.

    ``resampled``: ``answers``, ``clusters`` or ``random groups``.
    """

    machine: Any
    units: int
    resampled: str
    n: np.ndarray
    n_missing: np.ndarray


@dataclass(frozen=True)
class _Summed:
    """Correlations from moments by unit, for tables too long to hold."""

    moments: Any

    def of(self, times):
        return self.moments.correlation(times)


def sample_of(data, outcome, drivers, kind, weights, cluster, missing, groups, rng):
    """The `Sample` of any data; groups None: answers up to 20,000, then 500 random groups."""
    table = table_of(data, "customers")
    wanted = list(dict.fromkeys([*drivers, outcome, *([weights] if weights else []), *([cluster] if cluster else [])]))
    if is_counted(table):
        raise NotTestable("a counted table has shares, not answers; importance needs the answers.", ["answers"])
    if isinstance(table, pd.DataFrame):
        check_columns(table, wanted)
        size = len(table)
    else:
        size = fetch(as_table(table, wanted).count(), table)
    if size > MOST_ROWS:
        return _long(table, outcome, drivers, kind, weights, cluster, missing, groups, rng)
    frame = table[wanted] if isinstance(table, pd.DataFrame) else rows(table, wanted)
    values = _numbers(frame, outcome, drivers, kind)
    weight = _weights(frame, weights)
    complete = ~np.isnan(values).any(axis=1)
    pairs = ~np.isnan(values[:, :-1]) & ~np.isnan(values[:, -1:])
    n = np.full(len(drivers), complete.sum()) if missing == "listwise" else pairs.sum(axis=0)
    if missing == "listwise":
        values, weight, frame = values[complete], weight[complete], frame[complete]
    level, values = values[:, -1], _answerable(values, outcome, drivers, n.min())
    codes, units, resampled = _units(frame, cluster, groups, rng)
    machine = MACHINES[missing](values, weight, codes, units)
    if kind == "ordinal":
        machine = Polyserial(machine, level, weight, codes, units)
    return Sample(machine, units, resampled, n, size - n)


def _units(frame, cluster, groups, rng):
    """Unit of each row (None: the row itself), number of units, what they are."""
    if cluster:
        codes, levels = pd.factorize(frame[cluster])
        if (codes < 0).any():
            raise ValueError(
                f"every answer needs a cluster; {(codes < 0).sum():,} have none in {cluster}. Give them one, or leave "
                "them out."
            )
        return codes, len(levels), "clusters"
    n = len(frame)
    if groups is None and n <= MOST_UNITS or groups is not None and groups >= n:
        return None, n, "answers"
    groups = groups or GROUPS
    return random_groups(rng, n, groups), groups, "random groups"


def _numbers(frame, outcome, drivers, kind):
    """(n, p + 1) floats, the outcome last, nan where missing. DataError for all columns that are no numbers."""
    faults, columns = [], []
    for name in drivers:
        columns.append(_number(frame[name], name, faults))
    score = {"numeric": _number, "classes": _classes, "ordinal": _levels}[kind]
    columns.append(score(frame[outcome], outcome, faults))
    if faults:
        raise DataError(faults)
    return np.column_stack(columns)


def _floats(column):
    """Numbers, also written as text; nan where there is none."""
    given = column if pd.api.types.is_numeric_dtype(column) else column.astype(object)
    return pd.to_numeric(given, errors="coerce").to_numpy(float, na_value=np.nan)


def _number(column, name, faults):
    found = _floats(column)
    bad = int((~np.isfinite(found) & column.notna().to_numpy()).sum())
    if bad:
        remedy = "Mend or empty them; of a category make one column of 0 and 1 for each level."
        faults.append(Fault(f"{name} must hold finite numbers.", f"{bad:,} rows hold text or infinity.", remedy, name))
    return found


def _classes(column, name, faults):
    """−1, 0, 1 for detractors, passives, promoters, from scores 0–10 or from these words."""
    if not pd.api.types.is_numeric_dtype(column):
        words = column.map(lambda v: WORDS.get(str(v).strip().lower().removesuffix("s")), na_action="ignore")
        if column.notna().any() and words.notna().sum() == column.notna().sum():
            return words.to_numpy(float, na_value=np.nan)
    score = _floats(column)
    bad = column.notna().to_numpy() & ~((score >= 0) & (score <= 10) & (score == np.floor(score)))
    if bad.any():
        rule = f"{name} must hold whole numbers from 0 to 10, or detractor, passive, promoter."
        remedy = "Mend them, or leave empty the codes that stand for no answer."
        faults.append(Fault(rule, f"{bad.sum():,} rows hold something else.", remedy, name))
    return np.select([np.isnan(score), score >= 9, score >= 7], [np.nan, 1, 0], -1)


def _levels(column, name, faults):
    """0, 1, 2 … of an ordered categorical or of few distinct numbers; the order is never guessed from text."""
    if isinstance(column.dtype, pd.CategoricalDtype) and column.cat.ordered:
        codes = column.cat.remove_unused_categories().cat.codes.to_numpy(float)
        return np.where(codes < 0, np.nan, codes)
    found = _number(column, name, faults)
    levels, codes = np.unique(found, return_inverse=True)
    count = int(np.isfinite(levels).sum())
    if count > MOST_LEVELS:
        remedy = "Use outcome_kind='numeric', or join levels."
        faults.append(Fault(f"{name} may have at most {MOST_LEVELS} ordered levels.", f"{count:,}.", remedy, name))
    return np.where(np.isnan(found), np.nan, codes.ravel())


def _weights(frame, weights):
    if not weights:
        return np.ones(len(frame))
    found = _floats(frame[weights])
    refuse(weights, (~np.isfinite(found) | (found < 0)).sum(), weights=True)
    if not found.any():
        raise ValueError(f"some weights must be above 0; all of {weights} are 0. Name another column.")
    return found / found.mean()


def _answerable(values, outcome, drivers, n):
    """The values standardised. NotTestable where there are too few answers, or some column does not vary."""
    _enough(len(drivers), n)
    values = standardised(values)
    flat = ~(np.nanmax(np.abs(values), axis=0) > 0)
    _varied([d for d, f in zip(drivers, flat, strict=False) if f], outcome, one_class=flat[-1])
    return values


def _enough(p, n):
    if n < p + 3:
        raise NotTestable(
            f"{p} drivers need at least {p + 3} answers to all of them; found {n}. Take fewer drivers, or, where many "
            "skipped a question, missing='em'.",
            ["more answers"],
        )


def _varied(flat, outcome, one_class):
    found = [f"all answers to {', '.join(flat)} are the same"] if flat else []
    found += [f"all answers to the outcome {outcome} are in one class"] if one_class else []
    if found:
        remedy = "Leave out what does not vary" + (", or take another outcome." if one_class else ".")
        raise NotTestable(f"drivers and outcome must vary; {'; '.join(found)}. {remedy}", ["answers that vary"])


def _long(table, outcome, drivers, kind, weights, cluster, missing, groups, rng):
    """A `Sample` from moments by cluster or random group, made by the engine."""
    import ibis

    if missing != "listwise" or kind == "ordinal":
        asked = "ordered outcomes" if kind == "ordinal" else f"missing='{missing}'"
        raise ValueError(
            f"{asked} takes the answers themselves, at most {MOST_ROWS:,}; found more. Use missing='listwise' with a "
            "numeric outcome or classes, or draw a sample of the answers."
        )
    expr = as_table(table, [*drivers, outcome, *([weights] if weights else []), *([cluster] if cluster else [])])
    if kind == "classes":
        value, bad = number(expr[outcome])
        bad |= (value < 0) | (value > 10) | (value != value.floor())
        count = fetch(bad.sum(), table)
        if count:
            rule, remedy = f"{outcome} must hold whole numbers from 0 to 10.", "Mend or empty them."
            raise DataError([Fault(rule, f"{count:,} rows hold something else.", remedy, outcome)])
        expr = expr.mutate(**{outcome: ibis.cases((value >= 9, 1.0), (value >= 7, 0.0), (value >= 0, -1.0))})
    if not cluster:
        start = int(rng.integers(1 << 40))
        expr = expr.mutate(_unit=(ibis.row_number() + start).hash().abs() % (groups or GROUPS))
    columns = [*drivers, outcome]
    centre = np.nan_to_num(moments(expr, columns, weights=weights).means()[0])
    found = moments(expr, columns, by=cluster or "_unit", weights=weights, centre=centre)
    if cluster and found.keys[cluster].isna().any():
        raise ValueError(f"every answer needs a cluster; some have none in {cluster}. Give them one or leave them out.")
    n, left = int(found.n.sum()), int(found.n_missing.sum())
    _enough(len(drivers), n)
    variance = np.einsum("ii->i", found.covariance()[0])
    flat = ~(variance > 1e-20 * np.maximum(centre**2, 1e-300))
    _varied([d for d, f in zip(drivers, flat, strict=False) if f], outcome, one_class=flat[-1])
    what = "clusters" if cluster else "random groups"
    return Sample(_Summed(found), len(found.n), what, np.full(len(drivers), n), np.full(len(drivers), left))
