"""Companies and work groups along the service-profit chain: employees' scales, customers, results, one row a unit."""

import numpy as np
import pandas as pd

from cxstudy.counted import is_counted
from cxstudy.findings import Reading
from cxstudy.measures.asked import KEYS
from cxstudy.measures.chain_scales import chain_scales
from cxstudy.measures.index import fewest_answered, index_column
from cxstudy.measures.nps import nps, promoter_share
from cxstudy.measures.pairing import (
    MARGIN,
    at_least_threshold,
    financial_year,
    lacking,
    lag_of,
    paired,
    row_kind,
    waves_are_years,
)
from cxstudy.measures.work_groups import kept_groups, no_overlap
from cxstudy.tally import moments, moments_of_each

INDEX = "chain_index_"
LOYALTY = {"nps": nps, "promoter_share": promoter_share}


class ChainData:
    """A study's units and work groups with every scale of the chain on 0–100; no group under the anonymity threshold.

    ``units``: unit, [year], n_answers, n_employees (the fewest of one scale), each employees' scale,
    satisfied_customers, loyalty (NPS or promoter share in %), the outcome (``margin``, or its own name), from `pairing.paired`. Years are
    those of the study's pairing; employees' answers without a year hold for all. ``groups``: company, work_group,
    n_answers, n_employees, the scales, loyalty and loyalty_se (its
    standard error from the variance within groups, pooled). ``left_out``: reason, n, n_unit. ``why``: a Reading why
    there are no units (results are lacking), ``why_groups`` why no work groups; else None.
    """

    def __init__(self, study, outcome=MARGIN, *, loyalty="nps", minimum_customers=None, minimum_employees=None):
        self.study, self.outcome, self.loyalty = study, outcome, loyalty
        self.end = "margin" if outcome == MARGIN else outcome
        self.fewest = {
            "customers": at_least_threshold("minimum_customers", minimum_customers, study.thresholds["customers"]),
            "employees": at_least_threshold("minimum_employees", minimum_employees, study.thresholds["employees"]),
        }
        self.scales = chain_scales(study, loyalty)
        self.lag = lag_of(study)
        self.staff_years, self.customer_years = (_year(study, side) for side in ("employees", "customers"))
        self.cells = self._cells()
        self.left_out = pd.DataFrame(columns=["reason", "n", "n_unit"])
        self.kind = row_kind(study.unit, self.lag is not None)
        self.units, self.why = self._units()
        self.groups, self.why_groups = self._groups()

    def staff(self, name, keys, chosen=None):
        """One employees' scale by ``keys``: keys…, n, mean (nan under the threshold); ``chosen``: rows of the cells."""
        return self._rolled("employees", name, keys, chosen)

    def panel(self):
        """Unit, year, employees (their first scale of ambassadors, engagement …) and customers (loyalty); or a Reading.

        The scale's name is in ``attrs``. Answers count in the financial year of their date, or of their wave.
        """
        if self.staff_years is None or self.customer_years is None or self.scales.loyalty is None:
            return Reading("profit_chain.reason.no-years")
        first = next((n for n in ("ambassadors", "engagement", *self.scales.chain) if n in self.scales.staff), None)
        if first is None:
            return Reading("profit_chain.reason.no-staff-scale")
        staff = self.staff(first, ["unit", "year"]).rename(columns={"mean": "employees"})
        score = LOYALTY[self.loyalty](_dated(self.study, "customers"), self.scales.loyalty, by=["unit", "year"])
        score = score.rename(columns={"estimate": "customers"})
        score = score[score["n"] >= self.fewest["customers"]]
        both = staff[["unit", "year", "employees"]].merge(score[["unit", "year", "customers"]], how="outer")
        both = both[both["unit"].notna() & both["year"].notna()]
        years = staff.loc[staff["employees"].notna(), "year"].nunique()
        if years < 2:
            return Reading("profit_chain.reason.one-wave")
        both.attrs["employees"] = first
        return both

    def _cells(self):
        """Side and scale → n and mean by the finest groups there are, from which every frame is rolled up."""
        found = {}
        for side in ("employees", "customers"):
            if not self.study.has(side):
                continue
            table = getattr(self.study, side)
            year = self.staff_years if side == "employees" else self.customer_years
            have = [c for c in ("unit", *KEYS, "role") if c == "unit" or self.study.has(side, c)]
            by = [*have, "year"] if year else have
            data = _dated(self.study, side) if year else table.expr
            scales = self.scales.staff if side == "employees" else self.scales.customers
            if is_counted(table):
                made = {name: _counted_index(table, items, by) for name, items in scales.items()}
            else:
                made = _indices(data, scales, by)
            found |= {(side, name): frame for name, frame in made.items()}
        return found

    def _rolled(self, side, name, keys, chosen=None):
        cells = self.cells[side, name]
        cells = cells if chosen is None else cells[chosen(cells)]
        cells = cells[cells[keys].notna().all(axis=1)]
        parts = cells[keys].assign(n=cells["n"], total=cells["n"] * cells["mean"].fillna(0))
        rolled = parts.groupby(keys, as_index=False, sort=True).sum()
        enough = rolled["n"] >= self.fewest[side]
        return rolled[keys].assign(n=rolled["n"], mean=(rolled["total"] / rolled["n"].where(enough)))

    def _scales(self, keys, side, lag=0):
        """Every scale of one side by ``keys``, with the fewest answers to one of them as n_<side>."""
        frame, sizes = None, []
        for where, name in self.cells:
            if where != side:
                continue
            part = self._rolled(side, name, keys).rename(columns={"mean": name})
            part = part.assign(year=part["year"] + lag) if "year" in keys else part
            sizes.append(part.set_index(keys)["n"])
            part = part.drop(columns="n")
            frame = part if frame is None else frame.merge(part, on=keys, how="outer")
        if frame is None:
            return None
        fewest = pd.concat(sizes, axis=1).fillna(0).min(axis=1).rename(f"n_{side}").reset_index()
        return frame.merge(fewest, on=keys)

    def _units(self):
        why = lacking(self.study, self.outcome)
        if why:
            return None, why[0]
        if not self.scales.chain:
            return None, Reading("profit_chain.reason.no-staff-scale")
        units, left_out = paired(self.study, self.outcome, self.fewest["customers"])
        years = self.lag is not None
        for side in ("employees", "customers"):
            dated = self.staff_years if side == "employees" else self.customer_years
            keys = ["unit", "year"] if years and dated else ["unit"]
            scales = self._scales(keys, side, self.lag or 0)
            if scales is not None:
                units = units.merge(scales.drop(columns="n_customers", errors="ignore"), on=keys, how="left")
        units = units.fillna({"n_employees": 0}).astype({"n_employees": int})
        units = units.rename(columns={"outcome": self.end}).assign(loyalty=units[self.loyalty])
        lost = int((units["n_employees"] < self.fewest["employees"]).sum())
        self.left_out = left_out
        self._lost([("too-few-employees", lost, self.kind)] if lost else [])
        kept = ["unit", *(["year"] if years else []), "n_answers", "n_employees", *self.scales.staff]
        kept += [c for c in (*self.scales.customers, "loyalty", self.end) if c in units]
        return units.loc[units["n_employees"] >= self.fewest["employees"], kept].reset_index(drop=True), None

    def _groups(self):
        for side in ("employees", "customers"):
            if not self.study.has(side, "work_group"):
                return None, Reading("profit_chain.reason.no-work-groups", {"table": side})
        staff, customers = self._scales(KEYS, "employees"), self._scales(KEYS, "customers")
        if staff is None or (customers is None and self.scales.loyalty is None):
            return None, Reading("profit_chain.reason.no-staff-scale")
        if self.scales.loyalty is not None:
            score = LOYALTY[self.loyalty](self.study.customers, self.scales.loyalty, by=KEYS)
            score = score[score["n"] >= self.fewest["customers"]]
            # one variance for all groups: of a group whose customers agree by chance the own error would be 0
            within = (score["n"] ** 2 * score["std_error"] ** 2).sum() / max((score["n"] - 1).sum(), 1)
            score = score.assign(loyalty_se=np.sqrt(within / score["n"]))[[*KEYS, "n", "estimate", "loyalty_se"]]
            score = score.rename(columns={"n": "n_loyal", "estimate": "loyalty"})
            customers = score if customers is None else customers.merge(score, on=KEYS, how="outer")
        sizes = customers[[c for c in ("n_customers", "n_loyal") if c in customers]].fillna(0)
        customers = customers.assign(n_answers=sizes.min(axis=1)).drop(columns=list(sizes))
        both = customers.merge(staff, on=KEYS, how="outer", indicator=True)
        if not both["_merge"].eq("both").any():
            text = no_overlap(customers, staff, self.study.language).reason
            return None, Reading("profit_chain.said", {"text": text})
        kept, reasons = kept_groups(both, self.fewest)
        self._lost([(reason, n, "work groups") for reason, n in reasons.items()])
        first = [*KEYS, "n_answers", "n_employees"]
        groups = both.loc[kept, [*first, *(c for c in both if c not in (*first, "_merge"))]].reset_index(drop=True)
        return groups.astype({"n_answers": int, "n_employees": int}), None

    def _lost(self, rows):
        more = pd.DataFrame(rows, columns=["reason", "n", "n_unit"])
        self.left_out = pd.concat([self.left_out, more], ignore_index=True).astype({"n": int})


def revenue(study):
    """Unit, log_revenue, [log_revenue_per_employee, organic_growth]: a unit's years together; None without revenue."""
    if not study.has("financials", "revenue"):
        return None
    frame = study.financials.frame()
    frame = frame[frame["unit"].notna() & (frame["revenue"] > 0)]
    by = frame.groupby("unit")
    out = pd.DataFrame({"log_revenue": np.log(by["revenue"].mean())})
    if "employees" in frame and (frame["employees"] > 0).any():
        known = frame[frame["employees"] > 0].groupby("unit")
        out["log_revenue_per_employee"] = np.log(known["revenue"].sum() / known["employees"].sum())
    if "organic_growth" in frame:
        out["organic_growth"] = by["organic_growth"].mean()
    return out.reset_index()


def _year(study, side):
    """How answers of a side have a year: ``year`` (counted), ``date``, ``wave`` (named by years), or None."""
    if not study.has(side):
        return None
    table = getattr(study, side)
    if is_counted(table):
        return "year" if "year" in table.columns else None
    if "date" in table.columns:
        return "date"
    if side == "customers":
        return "wave" if waves_are_years(study) else None
    if "wave" not in table.columns:
        return None
    waves = table.expr.select("wave").distinct().to_pyarrow()["wave"].to_pylist()
    return "wave" if all(w is not None and len(w) == 4 and w.isdigit() for w in waves) else None


def _dated(study, side):
    """The answers of a side with the column year, that of the financial year they fall in."""
    table, how = getattr(study, side), _year(study, side)
    if how == "date":
        return table.expr.mutate(year=financial_year(table.expr["date"], study.config.year_end))
    if how == "wave":
        return table.expr.mutate(year=table.expr["wave"].cast("int64"))
    return table if is_counted(table) else table.expr


def _indices(data, scales, by):
    """Scale → n and mean of its index by group, of all scales in one query."""
    if not scales:
        return {}
    columns = {f"{INDEX}{name}": index_column(data, items) for name, items in scales.items()}
    each = moments_of_each(data.mutate(**columns), list(columns), by=by)
    return {name: m.keys.assign(n=m.n, mean=_means(m)) for name, m in zip(scales, each.values(), strict=True)}


def _means(m):
    return m.total[:, 0] / np.where(m.n > 0, m.n, np.nan) + m.centre[0]


def _counted_index(table, items, by):
    """n and mean of an index by group, from published means."""
    parts = []
    for question, scale in items.items():
        m = moments(table, question, by=by)
        parts.append(m.keys.assign(n=m.n, mean=scale.index(_means(m))))
    whole = pd.concat(parts, ignore_index=True)
    whole = whole[whole["mean"].notna()]
    rolled = whole.groupby(by, as_index=False, dropna=False).agg(n=("n", "min"), mean=("mean", "mean"), k=("n", "size"))
    return rolled[rolled["k"] >= fewest_answered(len(items))].drop(columns="k")


def check_loyalty(loyalty):
    """ValueError unless ``loyalty`` is nps or promoter_share."""
    if loyalty not in LOYALTY:
        raise ValueError(f"loyalty must be one of {', '.join(LOYALTY)}; got {loyalty!r}. Write loyalty='nps'.")

