"""Answers that were clicked through: the same mark for every question, or given too fast. Tallied on the engine.

Frames as in `cxstudy.measures.oddities`: one row a group, with ``p_value``, ``p_adjusted`` and ``flagged``.
"""

import numpy as np
import pandas as pd

from cxstudy.engine import fetch
from cxstudy.grouping_sets import sums_by
from cxstudy.measures.oddities import FAST, judged
from cxstudy.quoting import named
from cxstudy.stats import patterns
from cxstudy.stats.moments import Moments

CLEARLY = 0.05


def straight(answers, alpha=0.05):
    """Answers that say the same to all items of the largest set with one scale, over all answers and by unit.

    Over all, ``expected`` is the chance given the items' answers and correlations
    (`stats.patterns.straight_by_chance`), and it is flagged when the share is significantly more than 5 percentage
    points above it. In a unit it is what the other units' answers with the same total would give, so that satisfied
    units are not suspected for being satisfied. Columns: by, group, n_answers, n_missing (an item missing), straight,
    expected, p_value, p_adjusted, flagged.
    """
    items, expr = list(answers.items), answers.expr
    first, rest = named(items[0]), [named(q) for q in items[1:]]
    total = " + ".join(f"{q}::DOUBLE" for q in (first, *rest))
    sums = {"n": "count(*)", "same": f"count(*) FILTER ({' AND '.join(f'{first} = {q}' for q in rest)})"}
    by = ("unit",) if "unit" in answers.kinds else ()
    (cells,) = sums_by(expr, [(*by, "_total")], sums, made={"_total": total})
    # without one of the items there is no total
    known = cells.dropna(subset=["_total"])
    n, observed = int(known["n"].sum()), int(known["same"].sum())
    chance = _chance(expr, items, answers.questions[items[0]])
    p = patterns.too_often(observed, n, min(chance + CLEARLY, 1.0)) if n and np.isfinite(chance) else np.nan
    missing = int(cells["n"].sum()) - n
    rows = [
        {
            "by": "all",
            "group": "",
            "n_answers": n,
            "n_missing": missing,
            "straight": observed,
            "expected": n * chance,
            "p_value": float(p),
        }
    ]
    return judged(
        pd.concat(
            [pd.DataFrame(rows), _straight_units(known, cells)] if by else [pd.DataFrame(rows)], ignore_index=True
        ),
        alpha,
    )


def _chance(expr, items, scale):
    """The chance of the same answer to all ``items``, which have one ``scale``."""
    found = sums_by(expr, [(q,) for q in items], {"n": "count(*)"})
    columns = {q: one.dropna().set_index(q)["n"] for q, one in zip(items, found, strict=True)}
    shares = pd.DataFrame(columns).fillna(0).sort_index()
    if scale.levels:
        shares = shares.reindex([scale.low + i for i in range(scale.levels)], fill_value=0)
    if shares.empty or (shares.sum() == 0).any():
        return np.nan
    return patterns.straight_by_chance(shares / shares.sum(), _complete(expr, items).correlation()[0])


def _complete(expr, items):
    """The `Moments` of the answers to all ``items``, over those who answered every one."""
    values = [f"{named(q)}::DOUBLE" for q in items]
    k, upper = len(items), [(i, j) for i in range(len(items)) for j in range(i, len(items))]
    sums = {"n": "count(*)"} | {f"t{i}": f"sum({v})" for i, v in enumerate(values)}
    sums |= {f"c{i}_{j}": f"sum({values[i]} * {values[j]})" for i, j in upper}
    (found,) = sums_by(expr, [()], sums, where=" AND ".join(f"{named(q)} IS NOT NULL" for q in items))
    found = found.fillna(0)
    n, total, cross = (
        found["n"].to_numpy(float),
        found[[f"t{i}" for i in range(k)]].to_numpy(float),
        np.empty((1, k, k)),
    )
    for i, j in upper:
        cross[0, i, j] = cross[0, j, i] = found[f"c{i}_{j}"].iloc[0]
    return Moments(pd.DataFrame(index=range(1)), tuple(items), n, np.zeros(1), n, n, total, cross, np.zeros(k))


def _straight_units(known, cells):
    """By unit: straight lines, and how many the other units' answers with the same total would give."""
    wide = known.dropna(subset=["unit"])
    # a unit without a name is no unit of its own
    others = wide.groupby("_total")[["n", "same"]].transform("sum") - wide[["n", "same"]]
    usual = (others["same"] / others["n"].where(others["n"] > 0)).fillna(1.0)
    wide = wide.assign(expected=wide["n"] * usual, eligible=wide["n"].where(usual > 0, 0))
    found = wide.groupby("unit", as_index=False)[["n", "same", "expected", "eligible"]].sum()
    share = found["expected"] / found["eligible"].where(found["eligible"] > 0)
    found["p_value"] = patterns.too_often(found["same"], found["eligible"], share.fillna(1.0).clip(upper=1.0))
    answered = cells.groupby("unit")["n"].sum().reindex(found["unit"]).to_numpy()
    return pd.DataFrame(
        {
            "by": "unit", "group": found["unit"], "n_answers": found["n"], "n_missing": answered - found["n"],
            "straight": found["same"], "expected": found["expected"], "p_value": found["p_value"],
        }
    )  # fmt: skip


def fast(answers):
    """How many answers took less than a third of the median time, by unit and over all.

    Columns: by, group, n_answers, n_missing (no time), fast, median (seconds), flagged (any). A third of the median
    is a convention (Greszki et al. 2015, Public Opinion Quarterly 79(2), compare several); there is no p-value.
    """
    time = answers.expr["duration"]
    sums = {"n_answers": time.count(), "n_missing": time.isnull().sum(), "fast": (time < answers.quick).sum()}
    rows = [fetch(answers.expr.agg(**sums), None).assign(by="all", group="")]
    if "unit" in answers.kinds:
        rows.append(
            fetch(answers.expr.group_by("unit").agg(**sums), None)
            .dropna()
            .rename(columns={"unit": "group"})
            .assign(by="unit")
        )
    found = pd.concat(rows, ignore_index=True).fillna({"fast": 0}).astype({c: int for c in sums})
    found = found.assign(median=answers.quick / FAST, p_value=np.nan, p_adjusted=np.nan, flagged=found["fast"] > 0)
    return found[["by", "group", "n_answers", "n_missing", "fast", "median", "p_value", "p_adjusted", "flagged"]]
