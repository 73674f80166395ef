"""The comparison of work groups under other choices than ours: cut, smallest group, weights."""

import pandas as pd

from cxstudy.measures.ambassadors import LEAST_ON_A_SIDE

CUTS = (3.6, 3.8, 4.0, 4.2)
MINIMA = ((5, 7), (10, 10), (20, 10), (30, 15))
COLUMNS = [
    "cut", "minimum_customers", "minimum_employees", "weights", "n_high", "n_rest", "primary", "estimate", "std_error",
    "ci_low", "ci_high", "ratio_100", "ratio_100_low", "ratio_100_high", "ratio_raw", "ratio_raw_low", "ratio_raw_high",
    "reason",
]  # fmt: skip


def sensitivity(parts):
    """The difference in points under other cuts and minimum sizes, and with groups weighted by their customers.

    ``parts`` is a `measures.ambassadors.Ambassadors`. Columns: cut (1–5), minimum_customers, minimum_employees, weights
    (equal, by customers), n_high, n_rest, primary (ours), estimate, std_error, ci_low, ci_high (points), ratio_100 and
    ratio_raw with _low and _high, reason. Below 8 groups on a side there is no number; without the feelings no row.
    """
    if not parts.asked.feelings:
        return pd.DataFrame(columns=COLUMNS)
    sizes, groups, rows = _sizes(parts.fewest), parts.groups, []
    choices = [(*sizes[0], "by customers"), *((*size, "equal") for size in sizes)]
    # all cuts of one size draw from the same companies, and draws are kept from one comparison to the next
    for customers, employees, weights in choices:
        part = groups[(groups["n_answers"] >= customers) & (groups["n_employees"] >= employees)]
        for cut in sorted({*CUTS, parts.cut}):
            high = parts.n_high(part, cut) == len(parts.asked.feelings)
            row = {"cut": cut, "minimum_customers": customers, "minimum_employees": employees, "weights": weights}
            row |= {"n_high": int(high.sum()), "n_rest": int((~high).sum())}
            row["primary"] = (cut, customers, employees, weights) == (parts.cut, *sizes[0], "equal")
            rows.append(row | _one(parts, part, high, weights))
    found = pd.DataFrame(rows).reindex(columns=COLUMNS)
    return found.sort_values(["cut", "weights"], ascending=[True, False], ignore_index=True)


def _one(parts, part, high, weights):
    if min(high.sum(), (~high).sum()) < LEAST_ON_A_SIDE:
        return {"reason": "too-few"}
    weight = part["n_answers"].to_numpy(float) if weights != "equal" else None
    rows = {row["statistic_of"]: row for row in parts.against(part, high, "cx_index", parts.ratio_zeros, weight)}
    out = {k: rows["difference"][k] for k in ("estimate", "std_error", "ci_low", "ci_high")} | {"reason": None}
    for name in (name for name in rows if name.startswith("ratio")):
        ends = {"": "estimate", "_low": "ci_low", "_high": "ci_high"}
        out |= {name.replace(" ", "_") + tail: rows[name][column] for tail, column in ends.items()}
    return out


def _sizes(fewest):
    """The minimum sizes to try: ours first, then the larger ones."""
    return list(dict.fromkeys([fewest, *((max(a, fewest[0]), max(b, fewest[1])) for a, b in MINIMA)]))
