"""Companies and work groups along the service-profit chain: employees' scales, customers, results, one row a unit."""

from functools import cached_property

import numpy as np
import pandas as pd

from cxstudy.findings import Reading
from cxstudy.measures.asked import KEYS
from cxstudy.measures.chain_cells import chain_cells, dated, year_column
from cxstudy.measures.chain_scales import chain_scales
from cxstudy.measures.nps import nps, promoter_share
from cxstudy.measures.pairing import (
    MARGIN,
    at_least_threshold,
    lacking,
    lag_of,
    paired,
    row_kind,
    usual_pairs,
)
from cxstudy.measures.work_groups import kept_groups, no_overlap

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
        self.staff_years, self.customer_years = (year_column(study, side) for side in ("employees", "customers"))
        years = {"employees": self.staff_years, "customers": self.customer_years}
        self.cells = chain_cells(study, self.scales, years)
        self.kind = row_kind(study.unit, self.lag is not None)
        self.units, self.why, self._lost_units = self._units()

    @property
    def groups(self):
        """The work groups; made when first asked for, as whether units can answer needs none of them."""
        return self._by_group[0]

    @property
    def why_groups(self):
        """Why there are no work groups, a Reading; else None."""
        return self._by_group[1]

    @cached_property
    def left_out(self):
        """Who was left out: reason, n, n_unit."""
        parts = [self._lost_units, pd.DataFrame(self._by_group[2], columns=["reason", "n", "n_unit"])]
        return pd.concat([part for part in parts if len(part)] or parts, ignore_index=True).astype({"n": int})

    @cached_property
    def _by_group(self):
        return self._groups()

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
        score = LOYALTY[self.loyalty](dated(self.study, "customers"), self.scales.loyalty, by=["unit", "year"])
        score = score.rename(columns={"estimate": "customers"})
        score = score[score["n"] >= self.fewest["customers"]]
        both = staff[["unit", "year", "employees"]].merge(score[["unit", "year", "customers"]], how="outer")
        both = both[both["unit"].notna() & both["year"].notna()]
        years = staff.loc[staff["employees"].notna(), "year"].nunique()
        if years < 2:
            return Reading("profit_chain.reason.one-wave")
        both.attrs["employees"] = first
        return both

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
        names = [name for where, name in self.cells if where == side]
        if not names:
            return None
        # the cells of all scales of a side are the same groups
        cells = self.cells[side, names[0]]
        named = cells[keys].notna().all(axis=1)
        sums = {f"n{i}": self.cells[side, name]["n"] for i, name in enumerate(names)}
        sums |= {f"t{i}": sums[f"n{i}"] * self.cells[side, name]["mean"].fillna(0) for i, name in enumerate(names)}
        rolled = cells[keys].assign(**sums)[named].groupby(keys, as_index=False, sort=True).sum()
        sizes = [rolled[f"n{i}"] for i in range(len(names))]
        means = {
            q: rolled[f"t{i}"] / n.where(n >= self.fewest[side])
            for i, (q, n) in enumerate(zip(names, sizes, strict=True))
        }
        frame = rolled[keys].assign(**means, **{f"n_{side}": np.min(sizes, axis=0)})
        return frame.assign(year=frame["year"] + lag) if "year" in keys else frame

    def _units(self):
        why = lacking(self.study, self.outcome)
        if why:
            return None, why[0], pd.DataFrame()
        if not self.scales.chain:
            return None, Reading("profit_chain.reason.no-staff-scale"), pd.DataFrame()
        least = self.fewest["customers"]
        usual = self.outcome == MARGIN and least == self.study.thresholds["customers"]
        units, left_out = usual_pairs(self.study) if usual else paired(self.study, self.outcome, least)
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
        few = pd.DataFrame([("too-few-employees", lost, self.kind)] if lost else [], columns=left_out.columns)
        kept = ["unit", *(["year"] if years else []), "n_answers", "n_employees", *self.scales.staff]
        kept += [c for c in (*self.scales.customers, "loyalty", self.end) if c in units]
        units = units.loc[units["n_employees"] >= self.fewest["employees"], kept].reset_index(drop=True)
        return units, None, pd.concat([left_out, few], ignore_index=True)

    def _groups(self):
        for side in ("employees", "customers"):
            if not self.study.has(side, "work_group"):
                return None, Reading("profit_chain.reason.no-work-groups", {"table": side}), []
        staff, customers = self._scales(KEYS, "employees"), self._scales(KEYS, "customers")
        if staff is None or (customers is None and self.scales.loyalty is None):
            return None, Reading("profit_chain.reason.no-staff-scale"), []
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
            return None, Reading("profit_chain.said", {"text": text}), []
        kept, reasons = kept_groups(both, self.fewest)
        lost = [(reason, n, "work groups") for reason, n in reasons.items()]
        first = [*KEYS, "n_answers", "n_employees"]
        groups = both.loc[kept, [*first, *(c for c in both if c not in (*first, "_merge"))]].reset_index(drop=True)
        return groups.astype({"n_answers": int, "n_employees": int}), None, lost


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


def check_loyalty(loyalty):
    """ValueError unless ``loyalty`` is nps or promoter_share."""
    if loyalty not in LOYALTY:
        raise ValueError(f"loyalty must be one of {', '.join(LOYALTY)}; got {loyalty!r}. Write loyalty='nps'.")
