"""The parts of a driver analysis of one study: stated, derived, their maps, and what each lacks."""

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

from cxstudy.counted import is_counted
from cxstudy.engine import fetch
from cxstudy.faults import NotTestable, unknown_name
from cxstudy.findings import Reading
from cxstudy.measures import driver_map
from cxstudy.measures.drivers_asked import STATED, cluster_of, driver_data, weight_column
from cxstudy.measures.importance import METHODS, importance
from cxstudy.measures.stated_drivers import shares_covariance, stated_drivers

MANY = 15
SENSITIVITY = ["outcome", "outcome_kind", "method", "driver", "n", "n_missing", "estimate", "std_error", "ci_low"]
SENSITIVITY += ["ci_high", "p_rank_1", "rank_low", "rank_high", "r_squared", "confidence", "unit", "reason"]


@dataclass(frozen=True)
class DriverSettings:
    """The arguments of `analyses.drivers.drivers` that decide what is computed."""

    outcome: str | None = None
    drivers: tuple | None = None
    method: str = "lmg"
    outcome_kind: str = "numeric"
    missing: str = "listwise"
    segment: str | None = "touchpoint"
    weights: str | None = "weight"
    same: dict = field(default_factory=dict)
    margin: float = 2.0
    interval: str = "goodman"
    confidence: float = 0.95
    replicates: int | None = None
    seed: int = 1


class DriverParts:
    """Computed once and when asked; ``stated_why`` and ``derived_why`` are Readings where a part cannot be had."""

    def __init__(self, study, settings):
        self.study, self.settings, self.left_out = study, settings, []
        self.found, lacking = driver_data(
            study, outcome=settings.outcome, drivers=settings.drivers, outcome_kind=settings.outcome_kind,
            weights=settings.weights,
        )  # fmt: skip
        self.lacking = lacking[0] if lacking else None
        if not lacking:
            self.left_out += [(why, "", n, unit) for why, n, unit in self.found.left_out]
            self._vary()

    @property
    def stated(self):
        """Shares of what customers name; empty where they were not asked."""
        return self._said[0]

    @property
    def stated_pairs(self):
        """Their differences."""
        return self._said[1]

    @property
    def stated_why(self):
        """Why there are none, or None."""
        return self._said[2]

    @property
    def importance(self):
        """The frame of `measures.importance.importance`; None where nothing can be derived."""
        return self._derived[0]

    @property
    def pairs(self):
        """P(A > B) of the drivers; None likewise."""
        return self._derived[1]

    @property
    def derived_why(self):
        """Why nothing can be derived, or None."""
        return self._derived[2]

    def rng(self, salt):
        """A generator of its own for each use, so that leaving one out changes no other."""
        return np.random.default_rng([self.settings.seed, salt])

    @cached_property
    def cluster(self):
        """``unit`` where there are at least 10 units, else None."""
        return cluster_of(self.study.customers)

    @cached_property
    def _said(self):
        study, none = self.study, pd.DataFrame()
        if not study.has("customers", STATED) or is_counted(study.customers):
            return none, none, Reading("drivers.no_stated")
        try:
            return *stated_drivers(study, pairs=True, **self._stated_options()), None
        except NotTestable as error:
            return none, none, Reading("drivers.said", {"text": error.reason})

    @cached_property
    def _derived(self):
        if self.lacking:
            return None, None, self.lacking
        try:
            return *self._importance(self.found.outcome, self.settings.method, pairs=True), None
        except NotTestable as error:
            return None, None, Reading("drivers.said", {"text": error.reason})

    def _stated_options(self):
        one = self.settings
        return {
            "weights": weight_column(self.study, one.weights), "cluster": self.cluster,
            "classes": self.study.config.levels.get(STATED), "margin": one.margin, "confidence": one.confidence,
            "method": one.interval, "seed": one.seed,
        }  # fmt: skip

    def by_segment(self):
        """Stated shares by segment (column ``segment``; its name in ``by``); empty without stated or segments."""
        name, table = self.settings.segment, self.study.tables.get("customers")
        if name is not None and name != "touchpoint" and (table is None or name not in table.columns):
            raise ValueError(unknown_name("segment", name, table.columns if table else ()))
        if self.stated.empty or name is None or name not in table.columns:
            return pd.DataFrame()
        try:
            found = stated_drivers(self.study, by=name, **self._stated_options())
        except NotTestable:
            return pd.DataFrame()
        found = found.rename(columns={name: "segment"}).assign(by=name)
        # rows add up to the study's total driver by driver: the anonymity rule reads that from `question`
        return found.assign(question=found["driver"])[
            ["by", "segment", "question", *found.columns[1:-1].drop("driver")]
        ]

    def _vary(self):
        """Leaves out drivers with fewer than two different answers, and says so."""
        names = list(self.found.drivers)
        if self.found.between:
            levels = {d: self.found.data[d].nunique() for d in names}
        else:
            expr = self.found.data.expr
            row = fetch(expr.aggregate(**{f"d{i}": expr[d].nunique() for i, d in enumerate(names)}), None).iloc[0]
            levels = {d: int(row[f"d{i}"]) for i, d in enumerate(names)}
        flat = [d for d, n in levels.items() if n < 2]
        for driver in flat:
            self.left_out.append(("constant-driver" if levels[driver] else "no-answers", driver, 1, "drivers"))
        kept = {d: s for d, s in self.found.drivers.items() if d not in flat}
        self.found = replace(self.found, drivers=kept)
        if len(kept) < 2:
            values = {"list": ", ".join(kept) or "–", "n": len(kept)}
            self.lacking = Reading("drivers.few_drivers", values)

    def _importance(self, outcome, method, *, pairs=False, replicates=None):
        one, found = self.settings, self.found
        return importance(
            found.data, outcome=outcome.name, drivers=list(found.drivers), method=method, outcome_kind=outcome.kind,
            weights=found.weights, cluster=found.cluster, missing=one.missing, confidence=one.confidence,
            replicates=one.replicates if replicates is None else replicates, seed=one.seed, pairs=pairs,
        )  # fmt: skip

    @cached_property
    def sums(self):
        """Moments of drivers and outcome, by cluster."""
        return driver_map.answers_moments(self.found, [*self.found.drivers, self.found.outcome.name])

    def correlations(self):
        """See `driver_map.correlations`."""
        one = self.settings
        replicates = 1000 if one.replicates is None else max(one.replicates, 100)
        return driver_map.correlations(
            self.found, self.sums, confidence=one.confidence, replicates=replicates, rng=self.rng(2)
        )

    def performance(self):
        """See `driver_map.performance`; from each driver's own answers where correlations are not of complete rows."""
        if self.settings.missing == "listwise":
            return driver_map.performance(self.found, self.sums)
        return driver_map.own_performance(self.found)

    def map(self):
        """See `driver_map.importance_performance`."""
        return driver_map.importance_performance(
            self.importance, self.pairs, self.found, self.performance(), confidence=self.settings.confidence,
            rng=self.rng(3),
        )  # fmt: skip

    def of_method(self, method, question=None):
        """The importances by another method, or for another outcome; rows with a reason where there can be none."""
        few = len(self.found.drivers) > MANY and method == "lmg"
        try:
            return self._importance(question or self.found.outcome, method, replicates=0 if few else None)
        except NotTestable as error:
            rows = pd.DataFrame({"driver": list(self.found.drivers), "method": method, "reason": error.reason})
            return rows.reindex(columns=[*rows, "estimate", "ci_low", "ci_high"])

    def sensitivity(self):
        """Every method for the outcome, and the main one for the NPS class: a row a driver, or one with a reason."""
        outcome, beside, main = self.found.outcome, self.found.beside, self.settings.method
        asked = [(outcome, m) for m in METHODS] + ([(beside, main)] if beside else [])
        parts = []
        for question, method in asked:
            first = (question, method) == (outcome, main)
            found = self.importance if first else self.of_method(method, question)
            kind = question.shown if question.shown != "score" else question.kind
            parts.append(found.assign(outcome=question.name, outcome_kind=kind))
        return pd.concat([p.reindex(columns=SENSITIVITY) for p in parts], ignore_index=True)

    def together(self):
        """See `driver_map.stated_and_derived`; empty where fewer than two drivers are both stated and derived."""
        if self.stated.empty or self.importance is None:
            return pd.DataFrame()
        drivers, same = list(self.importance["driver"]), self.settings.same
        plain = {_plain(d): d for d in drivers}
        levels = {s: same.get(s) or plain.get(_plain(s)) for s in self.stated["driver"]}
        levels = {s: d for s, d in levels.items() if d in drivers}
        if (
            len(levels) < 2
            or len(set(levels.values())) < len(levels)
            or not np.isfinite(self.importance["ci_low"]).all()
        ):
            return pd.DataFrame()
        options = self._stated_options()
        try:
            shares = stated_drivers(self.study, only=list(levels), **options)
        except NotTestable:
            return pd.DataFrame()
        order = list(shares["driver"])
        share, cov, _ = shares_covariance(
            self.study, STATED, weights=options["weights"], cluster=self.cluster, classes=order
        )
        return driver_map.stated_and_derived(
            shares.assign(driver=[levels[s] for s in order]), self.importance, self.pairs, share=share, covariance=cov,
            confidence=self.settings.confidence,
        )  # fmt: skip


def _plain(name):
    return str(name).strip().casefold().replace(" ", "_").replace("-", "_")
