"""Work groups seen from both sides: what their customers and their employees answered, one row a group."""

from difflib import get_close_matches
from typing import NamedTuple

import numpy as np
import pandas as pd

from cxstudy.counted import is_counted
from cxstudy.faults import NotTestable
from cxstudy.findings import Reading
from cxstudy.grouping_sets import sums_by
from cxstudy.held import held
from cxstudy.language import say
from cxstudy.measures.asked import KEYS, Asked, asked
from cxstudy.measures.index import fewest_answered, index_column
from cxstudy.measures.pairing import at_least_threshold
from cxstudy.quoting import named
from cxstudy.tally import moments_of_each

NEAREST = 5
INDEX = "index_"


class WorkGroups(NamedTuple):
    """``groups``: one row a work group, see `work_groups`. ``left_out``: columns reason, n, n_unit.

    ``moments``: (side, measure) → frame company, work_group, n, n_missing, mean, ss (sum of squares within the group,
    nan where the source gives means only), for the groups of ``groups``; the measures are the side's questions and
    ``index``.
    """

    groups: pd.DataFrame
    left_out: pd.DataFrame
    moments: dict
    asked: Asked


def work_groups(study, *, minimum_customers=None, minimum_employees=None):
    """The work groups that both customers and employees speak about.

    ``minimum_customers``, ``minimum_employees``: fewest answers of a group; None is the study's anonymity thresholds.
    Fewer than those are refused: a group below them never becomes a row. They hold for every number of the row: the CX
    index, and each of the questions the grouping rests on.

    Returns `WorkGroups`. ``groups``, sorted by company and work_group: n_answers (customers with a CX index), cx_index
    (0–100), cx_raw (the same on the items' own scale, nan when they have several), nps, n_nps (nan under the minimum),
    n_employees (the fewest answers to one of the questions), each employees' question on its own scale, employee_index
    (0–100); in a study without the feelings ``customers_<question>`` beside the employees'. A work group is named by
    company *and* work_group. A question answered by fewer than the minimum is nan.

    ``left_out`` reasons: customers-only, employees-only, one-employee, too-few-answers, too-few-employees (work groups;
    each once, in this order), answers-without-work-group, incomplete-answers, employees-without-work-group.

    Raises NotTestable when the study lacks a table or column, or no group is on both sides (nearest names offered).
    """
    questions, missing = asked(study)
    if missing:
        raise NotTestable(say(missing[0], study.language), missing[1])
    fewest = {
        side: at_least_threshold(f"minimum_{side}", given, study.thresholds[side])
        for side, given in {"customers": minimum_customers, "employees": minimum_employees}.items()
    }
    found, lost = {}, []
    for side, scales in {"customers": questions.customers, "employees": questions.employees}.items():
        table = getattr(study, side)
        # the items of the customers' index are wanted one by one only where no row holds them together
        single = scales if side == "employees" or is_counted(table) else questions.shared
        wanted = dict.fromkeys((*single, *questions.shared))
        if is_counted(table):
            found |= {(side, name): frame for name, (frame, _) in question_moments(table, wanted).items()}
            found[side, "index"], away = _index_of_counts(table, scales, found, side)
        else:
            expr = table.expr.mutate(**{INDEX: index_column(table.expr, scales)})
            made = question_moments(expr, [*wanted, INDEX])
            found |= {(side, name): made[name][0] for name in wanted}
            found[side, "index"], away = made[INDEX]
        if away:
            lost.append(
                ("answers-without-work-group" if side == "customers" else "employees-without-work-group", away, side)
            )
    customers = _customers(study, questions, found, fewest["customers"])
    employees = _employees(questions, found, fewest["employees"])
    both = customers.merge(employees, on=KEYS, how="outer", indicator=True)
    if not both["_merge"].eq("both").any():
        raise no_overlap(customers, employees, study.language)
    kept, reasons = kept_groups(both, fewest)
    groups = both[kept].drop(columns="_merge").sort_values(KEYS, ignore_index=True)
    groups = groups.fillna({"n_nps": 0}).astype({"n_answers": int, "n_nps": int, "n_employees": int})
    found = {key: groups[KEYS].merge(frame, on=KEYS, how="left") for key, frame in found.items()}
    incomplete = int(found["customers", "index"]["n_missing"].sum())
    lost += [("incomplete-answers", incomplete, "customers")] if incomplete else []
    rows = [(reason, n, "work groups") for reason, n in reasons.items()]
    rows += [(reason, int(n), "answers" if side == "customers" else "employees") for reason, n, side in lost]
    return WorkGroups(groups, pd.DataFrame(rows, columns=["reason", "n", "n_unit"]), found, questions)


def question_moments(data, columns):
    """column → ``(frame, away)``: n, n_missing, mean and ss of it by work group; answers without a work group.

    ``data``: a study table or an Ibis table.
    """
    if is_counted(data):
        moments = moments_of_each(data, list(columns), by=KEYS)
        return {c: _by_group(m.keys, m.n, m.n_missing, m.total[:, 0], m.cross[:, 0, 0]) for c, m in moments.items()}
    sums = {"rows": "count(*)"}
    for i, column in enumerate(columns):
        value = f"{named(column)}::DOUBLE"
        sums |= {f"n{i}": f"count({value})", f"t{i}": f"sum({value})", f"c{i}": f"sum({value} * {value})"}
    (found,) = sums_by(getattr(data, "expr", data), [tuple(KEYS)], sums)
    keys, whole = found[KEYS], {c: found[c].fillna(0).to_numpy(float) for c in sums}
    return {
        column: _by_group(keys, n := whole[f"n{i}"], whole["rows"] - n, whole[f"t{i}"], whole[f"c{i}"])
        for i, column in enumerate(columns)
    }


def nps_by_group(study, question):
    """Work groups, their answers n and NPS (estimate); asked of a study once, not to be changed."""
    from cxstudy.measures.nps import nps

    def made():
        return nps(study.customers, question, by=KEYS)[[*KEYS, "n", "estimate"]]

    return held(study, ("nps", question, *KEYS), made)


def _by_group(keys, n, n_missing, total, squares):
    some = np.where(n > 0, n, np.nan)
    ss = np.maximum(squares - total**2 / some, 0)
    frame = keys.assign(n=n.astype(int), n_missing=n_missing.astype(int), mean=total / some, ss=ss)
    known = frame[KEYS].notna().all(axis=1)
    return frame[known].reset_index(drop=True), int((frame["n"] + frame["n_missing"])[~known].sum())


def _index_of_counts(table, scales, found, side):
    """The index of ``scales`` by group, the mean of the items' means, and the answers without a work group."""
    items = [found[side, q].assign(mean=scale.index(found[side, q]["mean"])) for q, scale in scales.items()]
    stacked = pd.concat(items, ignore_index=True)
    by = stacked[stacked["mean"].notna()].groupby(KEYS)
    frame = by.agg(
        n=("n", "min"), n_missing=("n_missing", "max"), mean=("mean", "mean"), items=("mean", "size")
    ).reset_index()
    frame = frame[frame["items"] >= fewest_answered(len(scales))].drop(columns="items").assign(ss=np.nan)
    if len(scales) == 1:
        (only,) = items
        scale = next(iter(scales.values()))
        frame["ss"] = frame.merge(only, on=KEYS)["ss_y"].to_numpy() * (100 / scale.width) ** 2
    first = next(iter(scales))
    return frame, question_moments(table, [first])[first][1]


def _customers(study, questions, found, fewest):
    index = found["customers", "index"]
    frame = index[[*KEYS]].assign(n_answers=index["n"], cx_index=index["mean"])
    raw = questions.raw
    frame["cx_raw"] = raw.point(frame["cx_index"]) if raw and raw.better == "high" else np.nan
    if questions.nps:
        score = nps_by_group(study, questions.nps)
        score = score.assign(estimate=score["estimate"].where(score["n"] >= fewest))
        frame = frame.merge(score.rename(columns={"n": "n_nps", "estimate": "nps"}), on=KEYS, how="left")
    else:
        frame = frame.assign(n_nps=0, nps=np.nan)
    for question in questions.shared:
        frame = frame.merge(_means(found["customers", question], f"customers_{question}", fewest), on=KEYS, how="left")
    return frame[frame["n_answers"] > 0]


def _employees(questions, found, fewest):
    index = found["employees", "index"]
    frame = index[KEYS].assign(employee_index=index["mean"])
    sizes = []
    for question in questions.employees:
        own = found["employees", question]
        frame = frame.merge(_means(own, question, fewest), on=KEYS, how="outer")
        if question in (questions.feelings or questions.shared):
            sizes.append(own.set_index(KEYS)["n"])
    fewest_of_all = pd.concat(sizes, axis=1).fillna(0).min(axis=1).rename("n_employees").reset_index()
    return frame.merge(fewest_of_all[fewest_of_all["n_employees"] > 0], on=KEYS)


def _means(frame, name, fewest):
    """The groups' means of one question under its name, nan where fewer answered it than may be shown."""
    return frame[KEYS].assign(**{name: frame["mean"].where(frame["n"] >= fewest)})


def kept_groups(both, fewest):
    """Which rows stay, and how many went for each reason; a group goes for the first that holds."""
    side, customers, employees = both["_merge"], both["n_answers"], both["n_employees"]
    tests = {
        "customers-only": side == "left_only",
        "employees-only": side == "right_only",
        "one-employee": employees == 1,
        "too-few-answers": customers < fewest["customers"],
        "too-few-employees": employees < fewest["employees"],
    }
    kept, reasons = pd.Series(True, both.index), {}
    for reason, bad in tests.items():
        n = int((kept & bad).sum())
        if n:
            reasons[reason] = n
        kept &= ~bad
    return kept, reasons


def no_overlap(customers, employees, language):
    """The NotTestable for two sides (frames with company, work_group) without a group in common; nearest names said."""
    ours = {f"{c} / {g}": (c, g) for c, g in customers[KEYS].itertuples(index=False)}
    plain = {key.casefold(): key for key in ours}
    pairs, by_group = [], dict(zip(customers["work_group"].str.casefold(), ours, strict=True))
    for company, group in employees[KEYS].itertuples(index=False):
        near = get_close_matches(f"{company} / {group}".casefold(), plain, n=1, cutoff=0.6)
        other = plain[near[0]] if near else by_group.get(group.casefold())
        if other:
            pairs.append(f"'{company} / {group}' ~ '{other}'")
        if len(pairs) == NEAREST:
            break
    values = {"customers": len(customers), "employees": len(employees), "pairs": "; ".join(pairs)}
    values |= {
        "customer": next(iter(ours), "–"),
        "employee": next((f"{c} / {g}" for c, g in employees[KEYS].itertuples(index=False)), "–"),
    }
    reading = Reading("employee_ambassadors.no_overlap" if pairs else "employee_ambassadors.no_overlap_at_all", values)
    return NotTestable(say(reading, language), ("work groups named alike on both sides",))
