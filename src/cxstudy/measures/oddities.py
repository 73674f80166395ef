"""Answers that look wrong: lost zeros, flipped scales; `copied` has copies, `clicking` lines and speed.

Each check gives a frame of what it looked at, one row a group, with ``p_value``, ``p_adjusted`` (Holm 1979 over all
groups of the check) and ``flagged``. ``by`` says what kind of group: all, unit, touchpoint, wave (calendar year).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from cxstudy.engine import fetch
from cxstudy.grouping_sets import sums_by
from cxstudy.measures.index import scale_of
from cxstudy.quoting import named
from cxstudy.stats import patterns
from cxstudy.stats.multiple import adjusted

SCORE = {"customers": "nps", "employees": "recommend_employer"}
KINDS = ("unit", "touchpoint", "wave")
TOGETHER = ("date", "customer")
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
        return tuple(k for k in KINDS if k in self.tally and self.tally[k][k].nunique() > 1)

    @cached_property
    def tally(self):
        """By all answers (None) and by each of `KINDS` there is: a frame of group and answer to ``score``, one scan.

        ``n`` answers, how many name a ``date`` and a ``customer``; of the question at place i ``n0`` … answers, ``s0`` …
        their sum and ``ss0`` … that of their squares.
        """
        there = [k for k in KINDS if k in self.expr.columns]
        sums = {"n": "count(*)"} | {c: f"count({named(c)})" for c in TOGETHER if c in self.expr.columns}
        for i, question in enumerate(self.others):
            value = f"{named(question)}::DOUBLE"
            sums |= {
                f"n{i}": f"count({named(question)})",
                f"s{i}": f"sum({value})",
                f"ss{i}": f"sum({value} * {value})",
            }
        score = (self.score,) if self.score else ()
        found = sums_by(self.expr, [score, *((k, *score) for k in there)], sums)
        return dict(zip((None, *there), found, strict=True))

    @property
    def others(self):
        """The questions that can be held against ``score``; none without it."""
        return [q for q in self.questions if q != self.score] if self.score else []

    @cached_property
    def questions(self):
        """Questions on a known scale, name → `Scale`."""
        table = self.study.tables[self.name]
        scales = {q: scale_of(self.study, self.name, q) for q in table.questions}
        return {q: s for q, s in scales.items() if s is not None}

    @cached_property
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
        return [c for c in TOGETHER if c in self.expr.columns and self.tally[None][c].sum() > 0]


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
        cells = answers.tally[by].dropna(subset=[by, answers.score] if by else [answers.score])
        place, groups = (
            pd.factorize(cells[by]) if by else (np.zeros(len(cells), int), pd.Index([""] * bool(len(cells))))
        )
        wide = np.zeros((len(groups), 11), int)
        wide[place, cells[answers.score].to_numpy(int)] = cells["n"]
        found = patterns.no_zeros(wide, _share_elsewhere(wide.astype(float)) if by else None)
        before, after = patterns.nps_with_zeros(wide, np.where(found["zeros"] > 0, 0, found["expected"]))
        shown = {"by": by or "all", "group": groups, "n_answers": wide.sum(axis=1)} | found
        parts.append(pd.DataFrame(shown | {"nps": before, "nps_corrected": after}))
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
    questions = answers.others
    turned = np.array([-1 if answers.questions[q].better == "low" else 1 for q in questions])
    turned = turned * (-1 if answers.questions[answers.score].better == "low" else 1)
    parts, signs = [], turned
    for by in (None, *answers.kinds):
        groups, n, r = _correlations(answers.tally[by], by, answers.score, len(questions))
        size = len(groups)
        row = {
            "by": by or "all",
            "group": pd.Index(list(groups) * len(questions), dtype="str"),
            "question": np.repeat(questions, size),
            "n_answers": n.T.ravel(),
            "correlation": r.T.ravel(),
            "sign": np.repeat(signs, size),
        }
        parts.append(
            pd.DataFrame(row | {"p_value": patterns.wrong_sign(row["correlation"], row["n_answers"], row["sign"])})
        )
        if by is None:
            known = (n[0] >= FEWEST_PAIRS) & np.isfinite(r[0]) & (r[0] != 0)
            signs = np.where(known, np.sign(np.where(known, r[0], 0)), turned).astype(int)
    return judged(pd.concat(parts, ignore_index=True), alpha)


def _correlations(cells, by, score, questions):
    """``(groups, n, r)``: of each group and question how many answered both, and the correlation with ``score``.

    ``cells``: as in `Answers.tally`; n and r have the shape (groups, questions); r is nan where one does not vary.
    """
    place, groups = pd.factorize(cells[by]) if by else (np.zeros(len(cells), int), [""])
    kept = (place >= 0) & cells[score].notna().to_numpy()
    value = cells[score].to_numpy(float)[kept, None]
    own = {
        name: cells[[f"{name}{i}" for i in range(questions)]].fillna(0).to_numpy(float)[kept]
        for name in ("n", "s", "ss")
    }

    def summed(terms):
        out = np.zeros((len(groups), questions))
        np.add.at(out, place[kept], terms)
        return out

    n, x, xx = (summed(own["n"] * value**power) for power in range(3))
    y, yy, xy = summed(own["s"]), summed(own["ss"]), summed(own["s"] * value)
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = (n * xx - x * x) * (n * yy - y * y)
        return groups, n.astype(int), np.where(spread > 0, (n * xy - x * y) / np.sqrt(spread), np.nan)


def flipped_groups(frame):
    """The flagged groups of `flipped` and what is flipped there: columns by, group, question.

    Where more than half of a group's questions have the wrong sign, it is recommending: ``question`` is empty.
    """
    bad = frame[frame["flagged"]]
    rows = []
    for (by, group), part in bad.groupby(["by", "group"], sort=False):
        tested = frame.loc[(frame["by"] == by) & (frame["group"] == group), "p_value"].notna().sum()
        most = len(part) * 2 > tested
        rows += [{"by": by, "group": group, "question": q} for q in ([""] if most else part["question"])]
    return pd.DataFrame(rows, columns=["by", "group", "question"])


def judged(frame, alpha):
    """The frame with p_adjusted (Holm over its p-values; nan stays nan) and flagged (at most ``alpha``)."""
    p = frame["p_value"].to_numpy(float)
    holm = adjusted(p, "holm")
    return frame.assign(p_adjusted=holm, flagged=np.where(np.isfinite(p), holm <= alpha, False).astype(bool))
