"""Answers that were clicked through: the same mark for every question, or given too fast. Tallied on the engine.

Frames as in `cxstudy.measures.oddities`: one row a group, with ``p_value``, ``p_adjusted`` and ``flagged``.
"""

import numpy as np
import pandas as pd

from cxstudy.engine import fetch
from cxstudy.measures.oddities import FAST, judged
from cxstudy.stats import patterns
from cxstudy.tally import counts, moments

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
    total = sum((expr[q].cast("float64") for q in items[1:]), expr[items[0]].cast("float64"))
    same = expr[items[0]] == expr[items[1]]
    for q in items[2:]:
        same = same & (expr[items[0]] == expr[q])
    by = ["unit"] if "unit" in answers.kinds else []
    cells = counts(expr.select(*by, total=total, same=same.cast("int64")), ["total", "same"], by=by)
    known = cells.dropna(subset=["total", "same"]).astype({"same": int})
    n, observed = int(known["n"].sum()), int(known.loc[known["same"] == 1, "n"].sum())
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
    if scale.levels:
        values = [scale.low + i for i in range(scale.levels)]
        sums = {f"{i}_{j}": (expr[q] == v).sum() for i, q in enumerate(items) for j, v in enumerate(values)}
        found = fetch(expr.agg(**sums), None).fillna(0).to_numpy(float).reshape(len(items), len(values))
        shares = pd.DataFrame(found.T, values, items)
    else:
        shares = pd.DataFrame({q: counts(expr, q).dropna().set_index(q)["n"] for q in items}).fillna(0).sort_index()
    if shares.empty or (shares.sum() == 0).any():
        return np.nan
    return patterns.straight_by_chance(shares / shares.sum(), moments(expr, items).correlation()[0])


def _straight_units(known, cells):
    """By unit: straight lines, and how many the other units' answers with the same total would give."""
    wide = known.assign(same=known["same"] * known["n"]).groupby(["unit", "total"], as_index=False)[["n", "same"]].sum()
    # a unit without a name is no unit of its own
    others = wide.groupby("total")[["n", "same"]].transform("sum") - wide[["n", "same"]]
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
