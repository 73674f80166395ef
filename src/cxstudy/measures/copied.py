"""Answers that are there twice: more of one day, person and content than chance brings together."""

import pandas as pd

from cxstudy.grouping_sets import sums_by
from cxstudy.measures.oddities import judged
from cxstudy.quoting import named
from cxstudy.stats import patterns


def copies(answers, alpha=0.05):
    """Answers that are alike in every question and also of the same customer and day (as far as these are known).

    The chance of being alike is that of the unit's answers of other days and customers
    (`stats.patterns.repeats_by_chance`). Columns: by, group, n_answers, pairs (that could be copies), alike,
    expected, copies (answers beyond the first), p_value, p_adjusted, flagged. Rows with fewer than two answered
    questions are left out.
    """
    alike, together = answers.content, answers.together
    key = ["unit"] if "unit" in answers.kinds else []
    frame = _pairs(answers, key, together).rename(columns={"pairs": "together"})
    frame = frame.assign(pairs=frame["n"] * (frame["n"] - 1) / 2, alike=0.0, both=0.0, more=0)
    # without any two of one day and customer there can be no copies, however many are alike
    if frame["together"].any():
        frame["alike"] = _pairs(answers, key, alike)["pairs"].to_numpy()
        both = _pairs(answers, key, [*together, *alike])
        frame = frame.assign(both=both["pairs"].to_numpy(), more=both["more"].to_numpy())
    expected = patterns.repeats_by_chance(*(frame[c] for c in ("alike", "together", "both", "pairs")))
    rows = pd.DataFrame(
        {"by": "unit", "group": frame["unit"] if key else "", "n_answers": frame["n"], "pairs": frame["together"]}
    )
    rows = rows.assign(alike=frame["both"], expected=expected, copies=frame["more"])
    sums = rows[["n_answers", "pairs", "alike", "expected", "copies"]].sum().to_frame().T
    rows = pd.concat([sums.assign(by="all", group=""), rows[rows["by"].eq("unit")] if key else None], ignore_index=True)
    rows = rows.assign(p_value=patterns.too_many(rows["alike"], rows["expected"]))
    whole = ["n_answers", "pairs", "alike", "copies"]
    return judged(rows[["by", "group", *whole, "expected", "p_value"]].astype(dict.fromkeys(whole, int)), alpha)


def _pairs(answers, key, columns):
    """By ``key``: pairs of rows that agree in ``columns``, rows beyond the first of each agreement, rows.

    Counted are the rows with two answered questions or more.
    """
    given = " + ".join(f"({named(q)} IS NOT NULL)::INT" for q in answers.questions)
    sums = {"pairs": "sum(_k * (_k - 1) / 2)", "more": "sum(_k - 1)::BIGINT", "n": "sum(_k)::BIGINT"}
    (found,) = sums_by(answers.expr, [tuple(key)], sums, where=f"{given} >= 2", alike=columns)
    return found.fillna({"pairs": 0, "more": 0, "n": 0})
