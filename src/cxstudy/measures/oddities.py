"""Answers that look wrong: lost zeros, flipped scales, copies. Tallied on the engine; `clicking` has lines and speed.

Each check gives a frame of what it looked at, one row a group, with ``p_value``, ``p_adjusted`` (Holm 1979 over all
groups of the check) and ``flagged``. ``by`` says what kind of group: all, unit, touchpoint, wave (calendar year).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from cxstudy.engine import fetch
from cxstudy.measures.index import scale_of
from cxstudy.stats import patterns
from cxstudy.stats.multiple import adjusted
from cxstudy.tally import counts

SCORE = {"customers": "nps", "employees": "recommend_employer"}
KINDS = ("unit", "touchpoint", "wave")
ABOUT = ("response_id", "customer", "date", "wave", "unit", "company", "branch", "invited", "weight", "duration")
FEWEST_ITEMS = 3
FEWEST_PAIRS = 4
FAST = 1 / 3


@dataclass(frozen=True)
class Answers:
    """One table of answers of a study, customers or employees, and what can be asked of it.

    ``expr``: its Ibis table with a column ``wave``, the calendar year as text, where it has dates.
    """

    study: object
    name: str

    @cached_property
    def expr(self):
        """The answers, with the column wave where there are dates."""
        expr = self.study.tables[self.name].expr
        return expr.mutate(wave=expr["date"].year().cast("string")) if "date" in expr.columns else expr

    @cached_property
    def kinds(self):
        """The kinds of groups the table can be cut into: those of `KINDS` with two groups or more."""
        there = [k for k in KINDS if k in self.expr.columns]
        found = fetch(self.expr.agg(**{k: self.expr[k].nunique() for k in there}), None).iloc[0] if there else {}
        return tuple(k for k in there if found[k] > 1)

    @cached_property
    def questions(self):
        """Questions on a known scale, name → `Scale`."""
        table = self.study.tables[self.name]
        scales = {q: scale_of(self.study, self.name, q) for q in table.questions}
        return {q: s for q, s in scales.items() if s is not None}

    @property
    def score(self):
        """The question of recommending on whole numbers 0…10, None where there is none."""
        role = SCORE[self.name]
        name = self.study.tables[self.name].question_for(role) if self.name == "customers" else role
        scale = self.questions.get(name)
        return name if scale is not None and (scale.low, scale.levels) == (0, 11) else None

    @cached_property
    def items(self):
        """The largest set of three or more questions with the same scale; empty without one."""
        sets = {}
        for name, scale in self.questions.items():
            sets.setdefault((scale.low, scale.high), []).append(name)
        largest = max(sets.values(), key=len, default=[])
        return tuple(largest) if len(largest) >= FEWEST_ITEMS else ()

    @cached_property
    def quick(self):
        """A third of the median time an answer took, in seconds; None where no time is known."""
        middle = fetch(self.expr["duration"].median(), None) if "duration" in self.expr.columns else None
        return None if middle is None else middle * FAST

    @property
    def content(self):
        """The columns that hold what was answered, all but names, dates and weights."""
        return [c for c in self.expr.columns if c not in ABOUT]

    @cached_property
    def together(self):
        """The columns that can tell two answers apart in time and person: date, customer."""
        there = [c for c in ("date", "customer") if c in self.expr.columns]
        known = fetch(self.expr.agg(**{c: self.expr[c].count() for c in there}), None).iloc[0] if there else {}
        return [c for c in there if known[c] > 0]


def lost_zeros(answers, alpha=0.05):
    """Whether 0 never occurs although 1 and 2 do: over all answers and in each group.

    A group is judged by the share of 0 among the answers 0–2 of all other groups of its kind; where these have
    none either, and over all answers, by the cautious 1/5 (`stats.patterns.no_zeros`). Without any 0 there is only
    the row over all answers: no group differs from the others. Columns: by, group, n_answers, zeros,
    neighbours (answers 1 and 2), expected, nps, nps_corrected (if the expected zeros had been kept), p_value,
    p_adjusted, testable (enough neighbours to be flagged), flagged.
    """
    parts = []
    for by in (None, *answers.kinds):
        cells = counts(answers.expr, answers.score, by=by).dropna()
        cells = cells.assign(group=cells[by] if by else "")
        wide = cells.pivot_table(index="group", columns=answers.score, values="n", aggfunc="sum", fill_value=0)
        wide = wide.reindex(columns=range(11), fill_value=0)
        found = patterns.no_zeros(wide, _share_elsewhere(wide.to_numpy(float)) if by else None)
        before, after = patterns.nps_with_zeros(wide, np.where(found["zeros"] > 0, 0, found["expected"]))
        parts.append(
            pd.DataFrame(
                {"by": by or "all", "group": wide.index, "n_answers": wide.sum(axis=1).to_numpy()}
                | found
                | {"nps": before, "nps_corrected": after}
            )
        )
        if not found["zeros"].any():
            break
    frame = pd.concat(parts, ignore_index=True)
    frame = judged(frame, alpha)
    return frame.assign(testable=(frame["zeros"] > 0) | frame["flagged"] | (frame["p_value"] * len(frame) <= alpha))


def _share_elsewhere(wide):
    """Share of 0 among the answers 0–2 of the other groups; nan-free, the cautious share where they have no zeros."""
    zeros, near = wide[:, 0], wide[:, 1 : 1 + patterns.NEIGHBOURS].sum(axis=1)
    others, low = zeros.sum() - zeros, (zeros + near).sum() - zeros - near
    cautious = patterns.CAUTIOUS / (patterns.CAUTIOUS + patterns.NEIGHBOURS)
    return np.where(others > 0, others / np.maximum(low, 1), cautious)


def flipped(answers, alpha=0.05):
    """Whether a question runs the wrong way: its correlation with recommending has the wrong sign.

    Over all answers the sign is that of the declared scales (``better: low`` turns it); in a group it is the sign over
    all answers. Columns: by, group, question, n_answers, correlation, sign, p_value, p_adjusted, flagged. A group whose
    most questions are flagged is one where recommending itself is flipped: ``question`` of its further row.
    """
    turned = {q: -1 if s.better == "low" else 1 for q, s in answers.questions.items()}
    questions = [q for q in answers.questions if q != answers.score]
    parts, signs = [], {}
    for by in (None, *answers.kinds):
        sums = _pair_sums(answers.expr, answers.score, questions, by)
        for place, question in enumerate(questions):
            n, r = _correlations(sums, place)
            if by is None:
                signs[question] = (
                    int(np.sign(r[0])) if n[0] >= FEWEST_PAIRS and np.nan_to_num(r[0]) else turned[question] * turned[answers.score]
                )
            sign = signs[question] if by else turned[question] * turned[answers.score]
            row = {
                "by": by or "all",
                "group": sums["group"],
                "question": question,
                "n_answers": n,
                "correlation": r,
                "sign": sign,
            }
            parts.append(pd.DataFrame(row | {"p_value": patterns.wrong_sign(r, n, sign)}))
    return judged(pd.concat(parts, ignore_index=True), alpha)


def _pair_sums(expr, score, questions, by):
    """By group, for each question the six sums over the answers to it and to ``score``; one query."""
    x, sums = expr[score].cast("float64"), {}
    for i, question in enumerate(questions):
        y = expr[question].cast("float64")
        both = x.notnull() & y.notnull()
        terms = {"n": both.cast("float64"), "x": x, "y": y, "xx": x * x, "yy": y * y, "xy": x * y}
        sums |= {f"{name}{i}": both.ifelse(term, 0.0).sum() for name, term in terms.items()}
    if by is None:
        return fetch(expr.agg(**sums), None).fillna(0).assign(group="")
    found = fetch(expr.group_by(by).agg(**sums).order_by(by), None)
    return found[found[by].notna()].rename(columns={by: "group"}).reset_index(drop=True)


def _correlations(sums, place):
    """(n, r) of each group for the question at ``place``; r is nan where one of the two does not vary."""
    n, x, y, xx, yy, xy = (sums[f"{name}{place}"].to_numpy(float) for name in ("n", "x", "y", "xx", "yy", "xy"))
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = (n * xx - x * x) * (n * yy - y * y)
        return n.astype(int), np.where(spread > 0, (n * xy - x * y) / np.sqrt(spread), np.nan)


def flipped_groups(frame):
    """The flagged groups of `flipped` and what is flipped there: columns by, group, question.

    Where more than half of a group's questions have the wrong sign, it is recommending: ``question`` is empty.
    """
    rows = []
    for (by, group), part in frame.groupby(["by", "group"], sort=False):
        bad = part[part["flagged"]]
        if len(bad):
            most = len(bad) * 2 > part["p_value"].notna().sum()
            rows += [{"by": by, "group": group, "question": q} for q in ([""] if most else bad["question"])]
    return pd.DataFrame(rows, columns=["by", "group", "question"])


def copies(answers, alpha=0.05):
    """Answers that are alike in every question and also of the same customer and day (as far as these are known).

    The chance of being alike is that of the unit's answers of other days and customers
    (`stats.patterns.repeats_by_chance`). Columns: by, group, n_answers, pairs (that could be copies), alike,
    expected, copies (answers beyond the first), p_value, p_adjusted, flagged. Rows with fewer than two answered
    questions are left out.
    """
    expr = _answered(answers)
    alike, together = answers.content, answers.together
    key = ["unit"] if "unit" in answers.kinds else []
    pairs = {
        "pairs": _pairs(expr, key, []),
        "together": _pairs(expr, key, together),
        "alike": _pairs(expr, key, alike),
        "both": _pairs(expr, key, [*together, *alike]),
    }
    frame = pairs["both"].rename(columns={"pairs": "both"})
    for name in ("pairs", "together", "alike"):
        frame[name] = pairs[name]["pairs"].to_numpy()
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


def _answered(answers):
    """The rows with two answered questions or more."""
    given = sum(answers.expr[q].notnull().cast("int64") for q in answers.questions)
    return answers.expr.filter(given >= 2)


def _pairs(expr, key, columns):
    """By ``key``: pairs of rows that agree in ``columns``, rows beyond the first of each agreement, rows."""
    each = expr.group_by([*key, *columns]).agg(k=expr.count()) if key or columns else expr.agg(k=expr.count())
    sums = {"pairs": (each["k"] * (each["k"] - 1) / 2).sum(), "more": (each["k"] - 1).sum(), "n": each["k"].sum()}
    found = each.group_by(key).agg(**sums).order_by(key) if key else each.agg(**sums)
    return fetch(found, None).fillna({"pairs": 0, "more": 0, "n": 0})


def judged(frame, alpha):
    """The frame with p_adjusted (Holm over its p-values; nan stays nan) and flagged (at most ``alpha``)."""
    p = frame["p_value"].to_numpy(float)
    holm = adjusted(p, "holm")
    return frame.assign(p_adjusted=holm, flagged=np.where(np.isfinite(p), holm <= alpha, False).astype(bool))
