"""Leadership, engagement, employees who recommend, customers, profit: what goes along the service-profit chain?"""

import math

from cxstudy.faults import DataError, NotTestable
from cxstudy.findings import Answer, Finding, Reading, Result
from cxstudy.language import catalogue, say
from cxstudy.measures.chain_data import ChainData, check_loyalty
from cxstudy.measures.chain_links import lagged, managers, mediated, no_numbers, side_by_side
from cxstudy.measures.chain_paths import FEWEST_UNITS, LOYALTY, ChainPaths
from cxstudy.measures.chain_quality import chain_quality
from cxstudy.measures.chain_reading import common_values, headline, notes
from cxstudy.measures.chain_scales import CHAIN
from cxstudy.measures.pairing import MARGIN, row_kind
from cxstudy.measures.percent import ratio_fault
from cxstudy.stats.arguments import check_count
from cxstudy.stats.intervals import check_confidence
from cxstudy.stats.robustness import smallest_slope

NAME = "profit_chain"
STRONG = math.sqrt(0.10)
PER_SD = "SD per SD"
KINDS = {"indirect": "through", "direct": "direct", "total": "total"}
LINKS = {
    "satisfied_staff_to_satisfied_customers": ("satisfied_staff", "satisfied_customers"),
    "engaged_staff_to_satisfied_customers": ("engagement", "satisfied_customers"),
    "satisfied_staff_to_loyal_customers": ("satisfied_staff", LOYALTY),
    "engaged_staff_to_loyal_customers": ("engagement", LOYALTY),
    "satisfied_staff_to_revenue": ("satisfied_staff", "log_revenue"),
    "engaged_staff_to_revenue": ("engagement", "log_revenue"),
}
NUMBERS = ("estimate", "std_error", "ci_low", "ci_high", "p_value")


def profit_chain(
    study, *, outcome=MARGIN, loyalty="nps", paths=None, points=5.0, role="manager", confidence=0.95,
    minimum_customers=None, minimum_employees=None, seed=1, replicates=2000,
) -> Result:  # fmt: skip
    """Paths between the units of a study from employees' scales over customers' loyalty to the operating margin.

    Parameters
    ----------
    study : Study
    outcome : operating_margin (in %) or another numeric column of financials
    loyalty : nps, or promoter_share
    paths : dict outcome → predictors, optional: an own model of leadership, employer_brand, engagement, ambassadors,
        satisfied_staff, satisfied_customers, loyalty and margin (or the outcome's name). None is the chain in which
        everything earlier leads to everything later, so that no path is taken to be zero.
    points : step on the employees' scales, which are indices of 0–100
    role : level, or list of levels, of the column role that names managers
    minimum_customers, minimum_employees : at least the study's anonymity thresholds (None)
    seed, replicates : start and number (≥ 100) of the resamples

    Returns
    -------
    Result. Findings ``profit_chain.…``; with another outcome, loyalty or model ``profit_chain.<variant>.…``:
    indirect_<scale> (the routes to the outcome that pass loyalty), direct_<scale>, total_<scale>, loyalty_to_outcome
    (SD per SD); loyalty_points_<scale>, outcome_points_<scale> (total, for ``points`` more); r2_loyalty, r2_outcome;
    satisfied_staff_to_…, engaged_staff_to_… (each alone, SD per SD; revenue is the logarithm of a unit's mean);
    margin_slope_managers and staff_slope_managers (+10 on the managers' engagement index);
    lagged_employees_to_customers, lagged_customers_to_employees (SD per SD from one year to the next);
    mediated_leadership (2-2-1 by work group); alpha_, omega_, ave_<scale>. Scales: `chain_scales.chain_scales`.

    Tables: paths, effects, equations, per_points, staff, managers, lagged, mediation, quality, item_quality,
    scale_pairs, units, work_groups, left_out. What the study lacks gives a finding with its reason. All describe
    association between units, not effect.

    Raises
    ------
    NotTestable when neither units nor work groups can answer, or the own model is not identified; ValueError for a
    cycle, an unknown name or a setting that makes no sense; DataError for a margin written as a ratio.
    """
    roles = _check(confidence, replicates, points, loyalty, role)
    fault = ratio_fault(study, outcome) if outcome == MARGIN else None
    if fault:
        raise DataError([fault])
    absent = _absent_side(study)
    if absent:
        raise NotTestable(say(absent, study.language), (absent.values["table"],))
    data = ChainData(
        study, outcome, loyalty=loyalty, minimum_customers=minimum_customers, minimum_employees=minimum_employees
    )
    model = ChainPaths(data, paths, points=points, confidence=confidence, replicates=replicates, seed=seed)
    tables, readings = dict(model.tables), {}
    tables["staff"] = side_by_side(data, confidence=confidence)
    if model.why is not None and no_numbers(tables["staff"]):
        raise NotTestable(say(model.why, study.language), ("employees", "customers", "financials"))
    tables["managers"] = managers(data, roles, confidence=confidence)
    tables["lagged"], readings["lagged"] = lagged(data, confidence=confidence)
    tables["mediation"], readings["mediation"] = mediated(data, confidence=confidence, seed=seed)
    tables |= chain_quality(study, data.scales, confidence=confidence, seed=seed)
    named = {"units": data.units, "work_groups": data.groups}
    tables |= {name: frame for name, frame in named.items() if frame is not None} | {"left_out": data.left_out}
    common = common_values(data, model, confidence)
    others = {"own": model.own, outcome: outcome != MARGIN, loyalty: loyalty != "nps"}
    variant = [name for name, on in others.items() if on]
    found = _Findings(data, model, tables, readings, confidence, ".".join([NAME, *variant]))
    settings = _settings(data, model, points, roles, confidence, seed, replicates)
    return Result(
        NAME, tuple(found.all()), tables, headline(data, model, tables, common), settings,
        notes=tuple(notes(data, model, tables, readings, common)), synthetic=study.synthetic, language=study.language,
    )  # fmt: skip


def answerable(study) -> Answer:
    """Whether the study can answer: yes when a correlation of .32 (R² .10) between two links would be found.

    80 % power at two-sided 5 %. Without results, or with fewer than 10 units, the work groups alone can answer as far
    as customers.
    """
    absent = _absent_side(study)
    if absent:
        return Answer(NAME, "no", absent)
    data = ChainData(study)
    why, n = data.why, 0
    if data.units is not None:
        n = data.units.dropna(subset=[*data.scales.chain, LOYALTY, data.end])["unit"].nunique()
        values = {"n": n, "least": FEWEST_UNITS, "units": f"@nps_margin.units.{study.unit}"}
        why = Reading(f"{NAME}.reason.few-units", values) if n < FEWEST_UNITS else None
    if why is None:
        r, _ = smallest_slope(n, 1, 1)
        values = {"n": n, "units": f"@nps_margin.units.{study.unit}"}
        return Answer(NAME, "yes" if r <= STRONG else "strong-only", Reading(f"{NAME}.enough", values), r, PER_SD)
    groups = 0 if data.groups is None else len(data.groups)
    if groups < FEWEST_UNITS:
        return Answer(NAME, "no", why)
    r, _ = smallest_slope(groups, 1, 1)
    return Answer(NAME, "strong-only", Reading(f"{NAME}.enough_groups", {"groups": groups, "why": (why,)}), r, PER_SD)


def _absent_side(study):
    absent = next((side for side in ("employees", "customers") if not study.has(side)), None)
    return Reading(f"{NAME}.no_table", {"table": absent}) if absent else None


def _check(confidence, replicates, points, loyalty, role):
    check_confidence(confidence)
    check_count("replicates", replicates, 100)
    check_loyalty(loyalty)
    if isinstance(points, bool) or not isinstance(points, int | float) or not 0 < points <= 100:
        raise ValueError(f"points is a step on a scale of 0–100, above 0; got {points!r}. Write points=5.")
    roles = (role,) if isinstance(role, str) else tuple(role)
    if not roles or not all(isinstance(one, str) and one for one in roles):
        raise ValueError(f"role names one or several levels of the column role; got {role!r}. Write role='manager'.")
    return roles


def _settings(data, model, points, roles, confidence, seed, replicates):
    return {
        "outcome": data.outcome, "loyalty": data.loyalty, "end": data.end, "paths": model.paths,
        "order": list(model.order), "points": float(points), "role": list(roles), "confidence": confidence,
        "minimum_customers": data.fewest["customers"], "minimum_employees": data.fewest["employees"], "seed": seed,
        "replicates": replicates, "unit": data.study.unit, "n_unit": data.kind, "n": model.n,
        "n_missing": model.n_missing, "staff": data.scales.chain,
        "scales": {name: list(items) for name, items in (data.scales.staff | data.scales.customers).items()},
    }  # fmt: skip


class _Findings:
    """The findings of one result, in the order of the docstring of `profit_chain`."""

    def __init__(self, data, model, tables, readings, confidence, prefix):
        self.data, self.model, self.tables, self.readings = data, model, tables, readings
        self.confidence, self.prefix = confidence, prefix

    def all(self):
        """Every finding."""
        yield from self._chain()
        yield from self._links()
        yield from self._managers()
        yield from self._times()
        for row in self.tables["quality"].to_dict("records"):
            if row["measure"] in ("alpha", "omega", "ave"):
                yield self._one(f"{row['measure']}_{row['scale']}", row, "share", row["side"])

    def _chain(self):
        model, kind, end = self.model, self.data.kind, self.data.end
        for name in CHAIN:
            for part, of in KINDS.items():
                row = model.effect(name, end, of) or {"reason": self._why(name)}
                yield self._one(f"{part}_{name}", row, PER_SD, kind)
        row = model.effect(LOYALTY, end, "direct") or {"reason": self._why(LOYALTY)}
        yield self._one("loyalty_to_outcome", row, PER_SD, kind)
        units = {LOYALTY: "NPS points" if self.data.loyalty == "nps" else "percentage points"}
        units[end] = "points" if self.data.outcome == MARGIN else self.data.outcome
        for part, to in (("loyalty_points", LOYALTY), ("outcome_points", end)):
            for name in CHAIN:
                row = model.step(name, to) or {"reason": self._why(name)}
                yield self._one(f"{part}_{name}", row, f"{units[to]} per +{model.points:g}", kind)
        shares = {row["outcome"]: row for row in self.tables["equations"].to_dict("records")}
        for part, to in (("r2_loyalty", LOYALTY), ("r2_outcome", end)):
            yield self._one(part, shares.get(to) or {"reason": self._why(to)}, "share", kind)

    def _why(self, name):
        """Why the chain has nothing to say of a scale."""
        lacking = self.data.scales.lacking.get(name)
        if lacking:
            return Reading(f"{NAME}.reason.no-scale", {"columns": ", ".join(lacking)})
        return self.model.why or Reading(f"{NAME}.reason.not-in-model")

    def _links(self):
        staff = self.tables["staff"]
        staff = staff[staff["model"] == "alone"].set_index(["staff", "to"])
        for part, (a, b) in LINKS.items():
            row = staff.loc[(a, b)].to_dict()
            level = self.data.kind if row["level"] == "units" else "work groups"
            if row["reason"] == "no-scale":
                lacks = [*self.data.scales.lacking.get(a, ()), *self.data.scales.lacking.get(b, ())]
                lacks += ["financials.revenue"] if b == "log_revenue" and not lacks else []
                row["reason"] = Reading(f"{NAME}.reason.no-scale", {"columns": ", ".join(lacks) or b})
            yield self._one(part, row, PER_SD, level)

    def _managers(self):
        rows = self.tables["managers"].set_index("to").to_dict("index")
        unit = "points" if self.data.outcome == MARGIN else self.data.outcome
        for part, to, unit in (
            ("margin_slope_managers", self.data.end, unit), ("staff_slope_managers", "staff", "points")
        ):  # fmt: skip
            yield self._one(part, rows[to], f"{unit} per +10", self.data.kind)

    def _times(self):
        cross = {row["from"]: row for row in self.tables["lagged"].to_dict("records") if row["kind"] == "cross"}
        for start, end in (("employees", "customers"), ("customers", "employees")):
            row = cross.get(start) or {"reason": self.readings["lagged"]}
            yield self._one(f"lagged_{start}_to_{end}", row, PER_SD, row_kind(self.data.study.unit, True))
        rows = self.tables["mediation"].set_index("effect").to_dict("index")
        row = rows.get("indirect") or {"reason": self.readings["mediation"]}
        unit = "NPS points per point" if self.data.loyalty == "nps" else "percentage points per point"
        yield self._one("mediated_leadership", row, unit, "work groups")

    def _one(self, part, row, unit, n_unit):
        numbers = {k: float(row.get(k, math.nan)) for k in NUMBERS}
        reason, n, missing, method = (row.get(k) for k in ("reason", "n", "n_missing", "method"))
        if isinstance(reason, str) and reason:
            gaps = {"n": int(n or 0), "least": FEWEST_UNITS, "columns": "engagement"}
            known = f"{NAME}.reason.{reason}" in catalogue("en")
            # stats says in words of its own why a scale has no omega
            reason = Reading(f"{NAME}.reason.{reason}", gaps) if known else Reading(f"{NAME}.said", {"text": reason})
        reason = say(reason, self.data.study.language) if isinstance(reason, Reading) else None
        return Finding(
            f"{self.prefix}.{part}", **numbers, confidence=self.confidence, unit=unit, n=int(n or 0), n_unit=n_unit,
            n_missing=int(missing or 0), method=method if isinstance(method, str) else "", reason=reason,
        )  # fmt: skip
