"""Work groups seen from both sides on the same questions: means on 0–100, gaps, and their sampling errors."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from cxstudy.counted import is_counted
from cxstudy.faults import NotTestable
from cxstudy.findings import Reading
from cxstudy.language import say
from cxstudy.measures.asked import KEYS
from cxstudy.measures.index import fewest_answered, index_column
from cxstudy.measures.pairing import at_least_threshold
from cxstudy.measures.self_image_asked import SIDES, SelfImageQuestions, self_image_questions
from cxstudy.measures.work_groups import kept_groups, no_overlap, nps_by_group, question_moments
from cxstudy.tally import moments

PATTERNS = ("competence", "service")
SCORE = "score_{}"
NOTHING = 1e-9
COUNTS = {"customers": "n_answers", "employees": "n_employees"}
AWAY = {
    "customers": ("answers-without-work-group", "answers"),
    "employees": ("employees-without-work-group", "employees"),
}


class SelfImageGroups(NamedTuple):
    """``groups``: one row a work group, see `self_image_groups`. ``left_out``: columns reason, n, n_unit.
    ``without``: question → side that has no answer to it, among the questions compared.
    """

    groups: pd.DataFrame
    left_out: pd.DataFrame
    questions: SelfImageQuestions
    without: dict


def self_image_groups(study, *, minimum_customers=None, minimum_employees=None):
    """The work groups that both sides speak about, on the questions that ask them the same.

    ``minimum_customers``, ``minimum_employees``: fewest answers behind each number of a group; None is the study's
    anonymity thresholds, fewer are refused.

    Returns `SelfImageGroups`. ``groups``, sorted by company and work_group: n_answers and n_employees (the fewest
    behind any number of the row), for each question ``customers_<q>``, ``employees_<q>`` (means on 0–100, 100 the good
    end), ``gap_<q>`` (employees − customers), ``gap_<q>_se`` (from the answers' variance on both sides; nan where the
    source has none) and ``gap_<q>_df`` (Welch–Satterthwaite). The same for ``competence`` and ``service``, the mean of
    their questions person by person (in counted tables of the questions' means), as ``gap_competence`` …, and
    ``covariance``, the sampling covariance of these two gaps, as the same persons answer both. A number whose side has
    fewer answers than the minimum is nan; a group without any number is left out. ``nps``, ``n_nps`` where it is asked.

    ``left_out`` reasons as in `measures.work_groups.work_groups`. Raises NotTestable when the sides cannot be compared.
    """
    questions, missing = self_image_questions(study)
    if missing:
        raise NotTestable(say(missing[0], study.language), missing[1])
    fewest = {
        side: at_least_threshold(f"minimum_{side}", given, study.thresholds[side])
        for side, given in {"customers": minimum_customers, "employees": minimum_employees}.items()
    }
    found, away = {}, {}
    for side in SIDES:
        found[side], away[side] = _means(study.tables[side], questions.scales[side], questions)
    without = {q: side for side in SIDES for q in questions.same if not found[side][q]["n"].gt(0).any()}
    shown = [q for q in questions.same if q not in without]
    if not shown:
        listed = ", ".join(f"{q} ({side})" for q, side in without.items())
        raise NotTestable(say(Reading("self_image.none_answered", {"list": listed}), study.language), SIDES)
    kinds = [kind for kind in PATTERNS if any(q in shown for q in getattr(questions, kind))]
    sizes = {side: _sizes(found[side], shown, COUNTS[side]) for side in SIDES}
    both = sizes["customers"].merge(sizes["employees"], on=KEYS, how="outer", indicator=True)
    if not both["_merge"].eq("both").any():
        raise no_overlap(sizes["customers"], sizes["employees"], study.language)
    kept, reasons = kept_groups(both, fewest)
    groups = both.loc[kept, KEYS].sort_values(KEYS, ignore_index=True)
    groups = _with_numbers(groups, found, shown, kinds, fewest)
    groups = _with_covariance(groups, study, questions, found) if len(kinds) == len(PATTERNS) else groups
    groups = _with_nps(groups, study, questions, fewest["customers"])
    left_out = [(reason, n, "work groups") for reason, n in reasons.items()]
    left_out += [(AWAY[side][0], n, AWAY[side][1]) for side, n in away.items() if n]
    return SelfImageGroups(groups, pd.DataFrame(left_out, columns=["reason", "n", "n_unit"]), questions, without)


def _means(table, scales, questions):
    """Name → frame company, work_group, n, mean, ss on 0–100; and how many answers name no work group."""
    found, away, data = {}, 0, table
    scored = {} if is_counted(table) else {k: own for k in PATTERNS if len(own := getattr(questions, k)) > 1}
    if scored:
        columns = {SCORE.format(k): index_column(table.expr, {q: scales[q] for q in own}) for k, own in scored.items()}
        data = table.expr.mutate(**columns)
    made = question_moments(data, [*scales, *(SCORE.format(k) for k in scored)])
    for question, scale in scales.items():
        frame, lost = made[question]
        away = max(away, lost)
        found[question] = frame.assign(mean=scale.index(frame["mean"]), ss=frame["ss"] * (100 / scale.width) ** 2)
    for kind in PATTERNS:
        own = getattr(questions, kind)
        if len(own) == 1:
            found[kind] = found[own[0]]
        elif own and is_counted(table):
            found[kind] = _mean_of_means([found[q] for q in own])
        elif own:
            found[kind], _ = made[SCORE.format(kind)]
    return found, away


def _mean_of_means(frames):
    stacked = pd.concat([f[f["n"] > 0] for f in frames], ignore_index=True)
    frame = stacked.groupby(KEYS).agg(n=("n", "min"), mean=("mean", "mean"), items=("mean", "size")).reset_index()
    return frame[frame["items"] >= fewest_answered(len(frames))].drop(columns="items").assign(ss=np.nan)


def _sizes(found, shown, name):
    """The groups of a side and the most answers to one of the questions."""
    n = pd.concat([found[q].set_index(KEYS)["n"] for q in shown], axis=1).fillna(0).max(axis=1)
    return n[n > 0].rename(name).reset_index()


def _with_numbers(groups, found, shown, kinds, fewest):
    parts, counts = {}, {count: [] for count in COUNTS.values()}
    for name in (*shown, *kinds):
        variance, df = np.zeros(len(groups)), np.zeros(len(groups))
        for side, count in zip(SIDES, counts, strict=True):
            own = groups[KEYS].merge(found[side][name], on=KEYS, how="left")
            n = own["n"].where(own["n"] >= fewest[side])
            parts[f"{side}_{name}"] = own["mean"].where(n.notna())
            counts[count].append(n)
            each = own["ss"] / (n - 1) / n
            variance, df = variance + each, df + each**2 / (n - 1)
        gap = parts[f"employees_{name}"] - parts[f"customers_{name}"]
        # equal means differ in their last digits with the order in which the engine adds
        gap = gap.mask(gap.abs() < NOTHING, 0.0)
        parts[f"gap_{name}"] = gap
        known = gap.notna() & (variance > 0)
        parts[f"gap_{name}_se"] = np.sqrt(variance).where(known)
        parts[f"gap_{name}_df"] = (variance**2 / df.where(df > 0)).where(known)
        for side in SIDES:
            parts[f"{side}_{name}"] = parts[f"{side}_{name}"].where(gap.notna())
        for count in counts:
            counts[count][-1] = counts[count][-1].where(gap.notna())
    sizes = {name: pd.concat(ns, axis=1).min(axis=1) for name, ns in counts.items()}
    whole = groups.assign(**sizes, **parts)
    return whole[whole["n_answers"].notna()].astype(dict.fromkeys(sizes, int)).reset_index(drop=True)


def _with_covariance(groups, study, questions, found):
    """Adds ``covariance``: Σ over the sides of cov(competence, service) × n(both)/(n(competence) n(service))."""
    total = np.zeros(len(groups))
    for side in SIDES:
        table = study.tables[side]
        if is_counted(table):
            return groups.assign(covariance=np.nan)
        scores = {
            SCORE.format(kind): index_column(
                table.expr, {q: questions.scales[side][q] for q in getattr(questions, kind)}
            )
            for kind in PATTERNS
        }
        joint = moments(table.expr.mutate(**scores), list(scores), by=KEYS)
        n = np.where(joint.n > 1, joint.n, np.nan)
        cross = (joint.cross[:, 0, 1] - joint.total[:, 0] * joint.total[:, 1] / n) / (n - 1)
        frame = groups[KEYS].merge(joint.keys.assign(cross=cross, both=joint.n), on=KEYS, how="left")
        sizes = [groups[KEYS].merge(found[side][kind], on=KEYS, how="left")["n"] for kind in PATTERNS]
        total = total + (frame["cross"] * frame["both"] / sizes[0] / sizes[1]).to_numpy()
    known = groups[[f"gap_{kind}_se" for kind in PATTERNS]].notna().all(axis=1)
    return groups.assign(covariance=np.where(known, total, np.nan))


def _with_nps(groups, study, questions, fewest):
    if not questions.nps:
        return groups.assign(n_nps=0, nps=np.nan)
    score = nps_by_group(study, questions.nps)
    score = score.assign(estimate=score["estimate"].where(score["n"] >= fewest))
    groups = groups.merge(score.rename(columns={"n": "n_nps", "estimate": "nps"}), on=KEYS, how="left")
    return groups.fillna({"n_nps": 0}).astype({"n_nps": int})
