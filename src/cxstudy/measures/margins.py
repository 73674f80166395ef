"""What weighting is given, and what is wrong with it: the populations of the margins, the weights to start from."""

from numbers import Real

import numpy as np
import pandas as pd

from cxstudy.faults import Fault

SAME = 1e-9
SHOWN = 8


def margin(name, column, given):
    """Codes and categories of one margin, their populations, and what is wrong with them."""
    code, level = pd.factorize(column, sort=False)
    given = _populations(given)
    where = f"margin {name}"
    faults = []
    missing = int((code < 0).sum())
    if missing:
        remedy = "leave these answers out, or give them a category of their own."
        faults.append(Fault("each answer needs a category.", f"{missing:,} without one.", remedy, where))
    level = list(level)
    held = set(level)
    bad = [k for k, v in given.items() if not _is_positive(v)]
    if bad or not given:
        remedy = "give {category: number}, and leave out categories that the population does not have."
        found = f"{_listed(bad)}." if given else "no population."
        faults.append(Fault("a population must be a number above 0.", found, remedy, where))
    for rule, found, remedy in (
        (
            "each category of the data needs its population.",
            [one for one in level if one not in given],
            "add its population, or join it with another category in the data.",
        ),
        (
            "each category of the population needs answers.",
            [one for one in given if one not in held],
            "correct its spelling, or join it with another category: no weight can stand for nobody.",
        ),
    ):
        faults += [Fault(rule, f"{_listed(found)}.", remedy, where)] if found else []
    target = np.array([float(given[one]) if _is_positive(given.get(one)) else np.nan for one in level])
    return code, level, target, faults


def totals(margins):
    """The fault of margins that do not add up to one total, naming every total; ``margins``: name → populations.

    >>> totals({"size": {"small": 60, "large": 40}, "industry": {"bank": 100}})
    []
    """
    sums = {
        name: float(sum(v for v in _populations(given).values() if _is_positive(v))) for name, given in margins.items()
    }
    if max(sums.values()) - min(sums.values()) <= SAME * max(sums.values()):
        return []
    found = ", ".join(f"{name} {total:,.10g}" for name, total in sums.items())
    remedy = "give all margins for the same population, or all as shares that add up to 1."
    return [Fault("all margins must add up to one total.", f"{found}.", remedy, "margins")]


def starting_weights(data, weights):
    """The weights to start from, and what is wrong with them."""
    if weights is None:
        return np.ones(len(data)), []
    given = pd.to_numeric(data[weights], errors="coerce").to_numpy(float, na_value=np.nan)
    bad = ~(np.isfinite(given) & (given > 0))
    if not bad.any():
        return given, []
    found = f"{int(np.isnan(given).sum()):,} missing, {int((bad & ~np.isnan(given)).sum()):,} not above 0 or infinite."
    remedy = "leave these answers out, or correct their weights."
    return np.where(bad, 1.0, given), [Fault("a weight must be above 0.", found, remedy, f"column {weights}")]


def cells_of(data, names):
    """Several columns as one of tuples; missing where one of them is."""
    whole = data[names].notna().all(axis=1)
    pairs = list(zip(*(data[name] for name in names), strict=True))
    return pd.Series([p if w else None for p, w in zip(pairs, whole, strict=True)], index=data.index, dtype=object)


def _populations(given):
    return dict(given.items()) if isinstance(given, dict | pd.Series) else {}


def _is_positive(value):
    return isinstance(value, Real) and not isinstance(value, bool) and bool(np.isfinite(value)) and value > 0


def _listed(names):
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(str(name)[:40] for name in names[:SHOWN]) + more
