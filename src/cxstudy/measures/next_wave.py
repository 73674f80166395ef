"""How many answers the next wave needs: for a margin, for a change, in the whole study and in each unit."""

import math

import numpy as np
import pandas as pd

from cxstudy.measures.planning import answers_needed

GRID = 60
MOST = 1_000_000
PLANNING = [
    "scope", "goal", "points", "n", "n_each", "n_units", "n_now", "invitations", "variance", "design_effect",
    "response_rate", "power", "confidence", "unit", "method", "reason",
]  # fmt: skip


def planning_table(whole, units, *, margin, difference, power, confidence, response_rate=None):
    """Answers a wave needs for a margin of ± ``margin`` NPS points, and to find a change of ``difference`` points.

    - ``whole``: the row nps of `summary.measures_table`, its design_effect nan without clusters; ``units``: rows of
      `unit_spread.units_table`; ``response_rate``: 0…1, None where it is not known.

    Returns a row for each scope and goal (margin, difference), columns `PLANNING`. Scopes: ``drawn_anew`` (other units
    like these, with this study's design effect; answers come with units, ``n_each`` on average as now, so ``n_units``
    says how many), ``same_units`` (the units are all there are and each is asked again: differences between them add
    no error) or, of a single unit, ``whole``, and ``one_unit`` (each by itself, with the median of the units'
    variances; ``n`` is one unit's, of ``n_units``). A change is between two waves of ``n`` answers each. ``n_now``:
    answers this time, of one unit the median.
    """
    shown = units[units["estimate"].notna()]
    count, each = len(shown), float(shown["n_answers"].median()) if len(shown) else math.nan
    average = whole["n"] / max(whole["n_units"], 1)
    overall = _spread(_variance(whole))
    scopes = {"same_units": (overall, 1.0, whole["n"])} if count > 1 else {"whole": (overall, 1.0, whole["n"])}
    if whole["design_effect"] > 0:
        scopes = {"drawn_anew": (overall, float(whole["design_effect"]), whole["n"])} | scopes
    if count > 1:
        scopes["one_unit"] = (_spread(float(_variance(shown).median())), 1.0, each)
    rows = []
    for scope, (spread, effect, now) in scopes.items():
        for goal, points in {"margin": margin, "difference": difference}.items():
            how = {"confidence": confidence, "design_effect": effect, "response_rate": response_rate}
            how |= {"power": power} if goal == "difference" else {}
            one = answers_needed(**{goal: points}, **spread, **how).iloc[0].to_dict()
            n = int(one["n"] if goal == "margin" else one["n_a"])
            asked = math.nan if response_rate is None else math.ceil(n / response_rate - 1e-9)
            row = {"scope": scope, "goal": goal, "points": points, "n": n, "n_now": now, "invitations": asked}
            if scope == "drawn_anew":
                row |= {"n_each": average, "n_units": math.ceil(n / average - 1e-9)}
            elif scope == "one_unit":
                row |= {"n_each": n, "n_units": count}
            rows.append(one | row | {"power": power if goal == "difference" else math.nan, "reason": None})
    return pd.DataFrame(rows).reindex(columns=PLANNING)


def precision_table(planning, confidence):
    """The margin that a number of answers gives in each scope of `planning_table`: scope, n, margin (NPS points)."""
    parts = []
    for scope, row in planning.drop_duplicates("scope").set_index("scope").iterrows():
        # without a population the margin goes with 1 / √n, so that of one answer gives all
        n = np.unique(np.round(np.geomspace(10, max(MOST, 10 * row["n_now"]), GRID)))
        one = answers_needed(answers=1, confidence=confidence, design_effect=row["design_effect"]).iloc[0]
        margin = one["margin"] * np.sqrt(row["variance"] / n)
        parts.append(pd.DataFrame({"scope": scope, "n": n.astype(int), "margin": margin}))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["scope", "n", "margin"])


def _variance(row):
    p, d = row["promoters"] / 100, row["detractors"] / 100
    return p + d - (p - d) ** 2


def _spread(variance):
    """What `answers_needed` takes of the spread; the worst case where all answers fall in one class."""
    return {"nps": 100 * math.sqrt(max(1 - variance, 0.0))} if variance > 0 else {}
