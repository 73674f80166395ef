"""Links beside the chain: satisfied and engaged staff side by side, managers, work groups, and who leads in time."""

import numpy as np
import pandas as pd

from cxstudy.faults import NotTestable
from cxstudy.findings import Reading
from cxstudy.measures.chain_data import revenue
from cxstudy.stats.cross_lagged import cross_lagged
from cxstudy.stats.mediation import mediation
from cxstudy.stats.paths import VOCABULARY
from cxstudy.stats.regression import nothing, slope
from cxstudy.stats.robustness import scaled

FEWEST = 10
PER = 10
STAFF = ("satisfied_staff", "engagement")
RESULTS = ("log_revenue", "log_revenue_per_employee", "organic_growth")
OF_GROUPS = ("satisfied_customers", "loyalty")


def side_by_side(data, *, confidence):
    """Satisfied and engaged staff with satisfied customers, loyalty, revenue and the outcome; SD per SD.

    Customers by work group where there are any, clustered by company with 10 companies or more; money by unit, HC3, all
    years together. Columns: level (work groups or units), staff, to, model (``alone``; ``together``: both in one
    equation), then n … reason. A row without number has a code in ``reason``: no-scale, too-few (under 10),
    no-variation, one-unit-decides.
    """
    rows = []
    for level, frame, outcomes, cluster in _levels(data):
        for to in outcomes:
            for name in STAFF:
                other = next(one for one in STAFF if one != name)
                for model in ("alone", "together"):
                    given = [name, to] if model == "alone" else [name, other, to]
                    row = _standardised(frame, given, cluster, confidence)
                    rows.append({"level": level, "staff": name, "to": to, "model": model} | row)
    table = pd.DataFrame(rows).assign(confidence=confidence, unit="SD per SD")
    return table.reindex(columns=["level", "staff", "to", "model", *VOCABULARY])


def managers(data, roles, *, confidence):
    """The outcome, and the other employees' engagement, for +10 on the managers' engagement index; between units.

    ``roles``: the levels of the column role that name managers. A unit counts with as many managers as the anonymity
    threshold asks, and as many others, or none (the others could be worked out). Columns: to (the outcome, staff),
    then n … reason; codes no-scale, no-role, no-managers, no-outcome, few-managers.
    """
    ends = (data.end, "staff")
    found, counted = _leaders(data, set(roles))
    rows = []
    for to in ends:
        if isinstance(found, str):
            rows.append({"to": to} | nothing(0, found) | {"n_missing": counted})
            continue
        if to not in found:
            rows.append({"to": to} | nothing(0, "no-outcome") | {"n_missing": counted})
            continue
        known = found[["managers", to]].dropna()
        few = len(known) < FEWEST
        row = nothing(len(known), "few-managers") if few else slope(known[to], known["managers"], confidence=confidence)
        rows.append({"to": to} | scaled(row, PER) | {"n_missing": counted + len(found) - len(known)})
    unit = f"points per +{PER}"
    return pd.DataFrame(rows).assign(confidence=confidence, unit=unit).reindex(columns=["to", *VOCABULARY])


def lagged(data, *, confidence):
    """Employees of one year with customers of the next, and the other way round; SD per SD. Returns (table, Reading).

    The table is that of `stats.cross_lagged.cross_lagged`, from and to named employees and customers; where there is
    none it is empty and the Reading says why.
    """
    empty = pd.DataFrame(columns=["from", "to", "kind", "path", *VOCABULARY, "units"])
    panel = data.panel()
    if isinstance(panel, Reading):
        return empty, panel
    try:
        columns = {"unit": "unit", "wave": "year", "x": "employees", "y": "customers"}
        return cross_lagged(panel, standardise=True, confidence=confidence, **columns), None
    except NotTestable as error:
        return empty, Reading("profit_chain.said", {"text": error.reason})


def mediated(data, *, confidence, seed, draws=50_000):
    """2-2-1: leadership of a work group, its employees' ambassadors, its customers' loyalty. Returns (table, Reading).

    `stats.mediation.mediation`, with the groups' standard errors of loyalty.
    """
    empty = pd.DataFrame(columns=["effect", "path", *VOCABULARY, "between_variance"])
    if data.why_groups is not None:
        return empty, data.why_groups
    wanted = ["leadership", "ambassadors", "loyalty"]
    if not {*wanted}.issubset(data.groups):
        lacks = ", ".join(name for name in wanted if name not in data.groups)
        return empty, Reading("profit_chain.reason.no-scale", {"columns": lacks})
    if not data.groups["loyalty_se"].gt(0).any():
        return empty, Reading("profit_chain.reason.no-variation")
    settings = {"confidence": confidence, "draws": draws, "seed": seed}
    try:
        table = mediation(data.groups, x=wanted[0], m=wanted[1], y=wanted[2], y_error="loyalty_se", **settings)
    except NotTestable as error:
        return empty, Reading("profit_chain.said", {"text": error.reason})
    return table, None


def clustered(data):
    """Whether there are companies enough for errors by company."""
    return data.groups is not None and data.groups["company"].nunique() >= FEWEST


def _levels(data):
    """(level, frame, outcomes, cluster) of the links of `side_by_side`."""
    units = None
    if data.study.has("employees"):
        parts = [data.staff(name, ["unit"]).set_index("unit")["mean"].rename(name) for name in _there(data, STAFF)]
        units = pd.concat(parts, axis=1).reset_index() if parts else pd.DataFrame({"unit": []})
    if units is not None and data.units is not None:
        own = [c for c in (*OF_GROUPS, data.end) if c in data.units]
        units = units.merge(data.units.groupby("unit", as_index=False)[own].mean(), on="unit", how="left")
    money = revenue(data.study)
    if money is not None and units is not None:
        units = units.merge(money, on="unit", how="left")
    results = [c for c in RESULTS if units is not None and c in units] or ["log_revenue"]
    results = list(dict.fromkeys([*results, data.end]))
    if data.groups is not None:
        yield "work groups", data.groups, OF_GROUPS, "company" if clustered(data) else None
    else:
        yield "units", units, OF_GROUPS, None
    yield "units", units, results, None


def _there(data, names):
    return [name for name in names if name in data.scales.staff]


def _standardised(frame, names, cluster, confidence):
    """The row of one slope per SD; ``names``: predictor, [the other predictor], outcome."""
    if frame is None or not {*names}.issubset(frame):
        return nothing(0, "no-scale") | {"n_missing": 0 if frame is None else len(frame)}
    known = frame[[*names, *([cluster] if cluster else [])]].dropna()
    missing = {"n_missing": len(frame) - len(known)}
    if len(known) < FEWEST:
        return nothing(len(known), "too-few") | missing
    values = known[names]
    spread = values.std()
    if (spread <= 1e-12 * (1 + values.abs().max())).any():
        return nothing(len(known), "no-variation") | missing
    scores = (values - values.mean()) / spread
    others = scores[names[1:-1]] if len(names) > 2 else None
    of = known[cluster] if cluster else None
    return slope(scores[names[-1]], scores[names[0]], controls=others, cluster=of, confidence=confidence) | missing


def _leaders(data, roles):
    """(frame of unit, managers, [outcome], [staff], units that are too small), or a code why there is none."""
    if "engagement" not in data.scales.staff:
        return "no-scale", 0
    if not data.study.has("employees", "role"):
        return "no-role", 0
    cells = data.cells["employees", "engagement"]
    if not cells["role"].isin(roles).any():
        return "no-managers", 0
    lead = data.staff("engagement", ["unit"], lambda c: c["role"].isin(roles))
    rest = data.staff("engagement", ["unit"], lambda c: ~c["role"].isin(roles))
    both = lead.merge(rest, on="unit", how="left", suffixes=("", "_rest")).fillna({"n_rest": 0})
    shown = both["mean"].notna() & (both["mean_rest"].notna() | (both["n_rest"] == 0))
    found = both.rename(columns={"mean": "managers", "mean_rest": "staff"})
    found = found.loc[shown, ["unit", "managers", "staff"]]
    if data.units is not None:
        results = data.units.groupby("unit", as_index=False)[data.end].mean()
        found = found.merge(results, on="unit", how="left")
    return found, int(len(both) - shown.sum())


def no_numbers(table):
    """Whether a table has no estimate at all."""
    return table.empty or not np.isfinite(table["estimate"].astype(float)).any()
