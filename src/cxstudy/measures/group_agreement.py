"""Before answers are averaged by work group: do groups differ, and do their members agree? ICC(1), ICC(2), rwg."""

import numpy as np
import pandas as pd
import scipy

from cxstudy.counted import is_counted
from cxstudy.faults import NotTestable
from cxstudy.measures.asked import KEYS
from cxstudy.stats.agreement import icc_from_moments, rwg_from_variances
from cxstudy.tally import moments

AGREES = 0.70
COLUMNS = [
    "side", "measure", "index", "n", "n_unit", "n_missing", "n_groups", "group_size", "estimate", "std_error", "ci_low",
    "ci_high",
    "statistic", "df", "df_residual", "p_value", "median", "share_agreeing", "confidence", "method", "reason",
]  # fmt: skip
UNIT = {"customers": "answers", "employees": "employees"}


def group_agreement(study, found, *, confidence=0.95):
    """One row for each measure and index; ``found`` is a `measures.work_groups.WorkGroups`.

    ``index``: icc1 (share of the variance of single answers that lies between groups), icc1_n0 (the same with n₀ for
    unequal groups), icc2 (reliability of a group's mean), see `scipy.stats.agreement.icc_from_moments`; and for the
    employees' questions on a scale of whole numbers rwg, for the three feelings together (measure ``feelings``) rwg(j):
    the mean over groups, with a t interval, n − 1 degrees of freedom, groups taken as independent; ``median`` over
    groups; ``share_agreeing``: share of groups with at least .70, the customary limit. ``n`` counts the answers of
    ``n_unit``. ``reason`` where there is no estimate or no interval: ``means-only`` (no variance within groups in the
    source), ``items-apart`` (variances of the questions but not of their index), ``not-computable``, or a code of `scipy.stats.agreement`.
    """
    rows = []
    for (side, measure), frame in found.moments.items():
        if side == "customers" and measure != "index":
            continue
        frame = frame[frame["n"] > 0]
        rows += _icc_rows(side, measure, frame, confidence, _unknown_variance(found, side, measure))
        if side == "employees" and measure != "index":
            levels = found.asked.employees[measure].levels
            variances = frame["ss"] / (frame["n"] - 1).where(frame["n"] > 1)
            rows.append(
                _rwg_row(side, measure, frame[KEYS], frame["n"], variances.to_numpy()[:, None], levels, confidence)
            )
    if found.asked.feelings:
        rows.append(_feelings_row(study, found, confidence))
    return pd.DataFrame(rows).reindex(columns=COLUMNS)


def _unknown_variance(found, side, measure):
    """Why a counted source leaves the variance of ``measure`` within groups open."""
    items = [frame for (of, name), frame in found.moments.items() if of == side and name != "index"]
    apart = measure == "index" and len(items) > 1 and not any(frame["ss"].isna().all() for frame in items)
    return "items-apart" if apart else "means-only"


def _icc_rows(side, measure, frame, confidence, unknown):
    base = {"side": side, "measure": measure, "n": int(frame["n"].sum()), "n_unit": UNIT[side]}
    base |= {"n_missing": int(frame["n_missing"].sum()), "n_groups": len(frame), "confidence": confidence}
    if frame["ss"].isna().any():
        return [base | {"index": index, "reason": unknown} for index in ("icc1", "icc1_n0", "icc2")]
    try:
        table = icc_from_moments(frame["n"], frame["mean"], frame["ss"], confidence=confidence)
    except NotTestable:
        return [base | {"index": index, "reason": "not-computable"} for index in ("icc1", "icc1_n0", "icc2")]
    return [row | base | {"reason": row["reason"] or None} for row in table.to_dict("records")]


def _feelings_row(study, found, confidence):
    scales = [found.asked.employees[q] for q in found.asked.feelings]
    levels = (
        scales[0].levels
        if all((s.low, s.high, s.levels) == (scales[0].low, scales[0].high, scales[0].levels) for s in scales)
        else None
    )
    if is_counted(study.employees):
        frames = [found.moments["employees", q] for q in found.asked.feelings]
        frame = frames[0]
        variances = np.column_stack([f["ss"] / (f["n"] - 1).where(f["n"] > 1) for f in frames])
    else:
        m = moments(study.employees, list(found.asked.feelings), by=KEYS)
        ss = np.einsum("gii->gi", m.cross) - m.total**2 / np.where(m.n > 0, m.n, np.nan)[:, None]
        variances = np.maximum(ss, 0) / np.where(m.n > 1, m.n - 1, np.nan)[:, None]
        frame = m.keys.assign(n=m.n.astype(int), n_missing=m.n_missing.astype(int), row=range(len(m.n)))
        frame = found.groups[KEYS].merge(frame, on=KEYS)
        variances = variances[frame["row"]]
    row = _rwg_row("employees", "feelings", frame[KEYS], frame["n"], variances, levels, confidence)
    return row | {"n_missing": int(frame["n_missing"].sum())}


def _rwg_row(side, measure, keys, n, variances, levels, confidence):
    row = {"side": side, "measure": measure, "index": "rwg", "n": int(n.sum()), "n_unit": UNIT[side], "n_missing": 0}
    row |= {"n_groups": len(keys), "group_size": float(n.mean()), "confidence": confidence}
    row |= {"method": "rwg" if variances.shape[1] == 1 else "rwg(j)"}
    if levels is None:
        return row | {"reason": "scales-differ" if variances.shape[1] > 1 else "not-whole"}
    if np.isnan(variances[n.to_numpy() > 1]).any():
        return row | {"reason": "means-only"}
    found = rwg_from_variances(keys.index, n, variances, levels=levels)["estimate"].dropna()
    count, mean = len(found), float(found.mean()) if len(found) else np.nan
    row |= {"n_groups": count, "estimate": mean, "median": found.median(), "share_agreeing": (found >= AGREES).mean()}
    if count < 2:
        return row | {"reason": "not-computable"}
    error = float(found.std(ddof=1) / np.sqrt(count))
    reach = scipy.stats.t.ppf((1 + confidence) / 2, count - 1) * error
    return row | {"std_error": error, "ci_low": mean - reach, "ci_high": mean + reach, "df": count - 1}
