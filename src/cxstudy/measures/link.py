"""One link between loyalty and an outcome: the paired frame and every table made of it."""

import numpy as np
import pandas as pd

from cxstudy.measures.pairing import CONTROLS, lacking, paired, row_kind
from cxstudy.stats import bounds, robustness, trend
from cxstudy.stats.regression import influence, line, slope
from cxstudy.stats.robust import correlation, lowess_curve
from cxstudy.stats.specification import LEAST_IN_TIER, specification_curve
from cxstudy.stats.tiers import tier_means, tier_of, top_minus_bottom

LOYALTY = ("promoter_share", "nps")
PER = 10
GRID = 60
SWEEP = {3, 4, 5, 10}
TREND = ["loyalty", "method", "n", "estimate", "std_error", "ci_low", "ci_high", "statistic", "z", "df", "p_value"]


class Link:
    """Tables of the link between loyalty (promoter share and NPS) and ``outcome`` in one study.

    ``units`` and ``left_out`` come from `pairing.paired`, or from ``pairs`` where they are already there; ``tiers``,
    ``confidence``, ``seed`` and ``replicates`` as in the analysis. Estimates by slope are for +10 NPS points or percentage points. With years, intervals are clustered by
    unit, and what knows no clusters (trend tests, robust lines, LOWESS) uses the units' means.
    """

    def __init__(
        self, study, outcome="operating_margin", *, minimum_answers=None, tiers, confidence, seed, replicates, pairs=None
    ):
        self.study, self.outcome, self.minimum = study, outcome, minimum_answers
        self.count, self.confidence = tiers, confidence
        self.options = {"confidence": confidence, "seed": seed, "replicates": replicates}
        self.units, self.left_out = pairs or paired(study, outcome, minimum_answers)
        self.years = "year" in self.units
        self.cluster = self.units["unit"] if self.years else None
        self.flat = robustness.unit_means(self.units, "unit", ["outcome", *LOYALTY]) if self.years else self.units
        self.kind = row_kind(study.unit, self.years)
        self.n_missing = int(self.left_out.loc[self.left_out["n_unit"] == self.kind, "n"].sum())
        self.controls = [c for c in CONTROLS if c in self.units]

    def tier(self, name):
        """Each row's tier, 1 … tiers, by ``promoter_share`` or ``nps``."""
        return tier_of(self.units[name], self.count)

    def tiered(self, name):
        """Whether every tier by this measure of loyalty holds at least 8 units."""
        sizes = pd.Series(self.units["unit"].to_numpy()).groupby(self.tier(name)).nunique()
        return len(sizes) == self.count and bool(sizes.min() >= LEAST_IN_TIER)

    def tiers(self):
        """`stats.tiers.tier_means` by both measures of loyalty; no rows where a tier is too small."""
        money = {}
        if "revenue" in self.units:
            money = {"numerator": self.units["profit"], "denominator": self.units["revenue"]}
        parts = []
        for name in filter(self.tiered, LOYALTY):
            found = {"loyalty": self.units[name], "cluster": self.cluster} | money | self.options
            rows = tier_means(self.units["outcome"], self.tier(name), **found)
            rows.insert(0, "loyalty", name)
            rows.insert(3, "n_unit", self.kind)
            parts.append(rows)
        empty = pd.DataFrame(columns=["loyalty", "tier", "n", "n_unit"])
        return pd.concat(parts, ignore_index=True) if parts else empty

    def gap(self, name):
        """Top tier minus bottom tier."""
        options = {"cluster": self.cluster, "confidence": self.confidence}
        return top_minus_bottom(self.units["outcome"], self.tier(name), **options)

    def slope(self, name):
        """Slope of the outcome per +10 of one measure of loyalty."""
        row = slope(self.units["outcome"], self.units[name], cluster=self.cluster, confidence=self.confidence)
        return robustness.scaled(row, PER)

    def correlation(self, name):
        """Correlation of the outcome with one measure of loyalty."""
        if self.units[name].nunique() < 2:
            return {"n": len(self.units), "reason": "no-variation"}
        return correlation(self.units["outcome"], self.units[name], cluster=self.cluster, **self.options)

    def trends(self):
        """Tables trend (Jonckheere–Terpstra, linear contrast, Welch F) and games_howell (all pairs of tiers).

        Neither without tiers.
        """
        rows, pairs = [], []
        for name in filter(self.tiered, LOYALTY):
            y, tier = self.flat["outcome"], tier_of(self.flat[name], self.count)
            if np.bincount(tier, minlength=self.count + 1)[1:].min() < LEAST_IN_TIER:
                continue
            contrast = trend.linear_contrast(y, tier, self.confidence)
            found = [trend.jonckheere(y, tier), contrast, trend.welch_anova(y, tier)]
            rows += [{"loyalty": name} | row for row in found]
            pairs.append(trend.games_howell(y, tier, self.confidence).assign(loyalty=name))
        if not pairs:
            return {}
        return {"trend": pd.DataFrame(rows, columns=TREND), "games_howell": pd.concat(pairs, ignore_index=True)}

    def lines(self):
        """Tables line (with its band) and lowess, outcome on NPS."""
        at = np.linspace(self.units["nps"].min(), self.units["nps"].max(), GRID)
        straight = line(self.units["outcome"], self.units["nps"], at, cluster=self.cluster, confidence=self.confidence)
        seed = self.options["seed"]
        curve = lowess_curve(self.flat["outcome"], self.flat["nps"], at, confidence=self.confidence, seed=seed)
        return {"line": straight, "lowess": curve}

    def doubts(self):
        """Tables slopes, within, influence, specification_curve, response_bias.

        And, where they can be made, missing_units and who_leads.
        """
        names = {"y": "outcome", "x": "nps", "unit": "unit"}
        plain = {"controls": self.controls, "years": self.years, "per": PER, "confidence": self.confidence}
        panel = self.panel()
        moved = influence(self.units["outcome"], self.units["nps"], self.units["unit"])
        moved[["dfbeta", "slope_without"]] *= PER
        answers = self.units.groupby("unit", as_index=False)["n_answers"].sum()
        tables = {
            "slopes": robustness.slope_checks(self.units, **names, size="n_answers", panel=panel, **plain),
            "within": robustness.within_levels(self.units, **names, **plain),
            "influence": moved.merge(answers, on="unit", how="left"),
            "specification_curve": self.curve(),
        }
        leads = None if panel is None else robustness.who_leads(panel, **names, **self.options)
        return tables | self.bounds() | ({} if leads is None else {"who_leads": leads})

    def panel(self):
        """Unit × year pairs of the same year where at least 8 units have two years or more of both sides, else None."""
        if lacking(self.study, self.outcome, "same_year"):
            return None
        panel = paired(self.study, self.outcome, self.minimum, pairing="same_year").units
        panel = panel[panel.groupby("unit")["year"].transform("nunique") >= 2]
        return panel if panel["unit"].nunique() >= robustness.LEAST_IN_LEVEL else None

    def curve(self):
        """The specification curve, with the column primary."""
        rows = specification_curve(
            self.units, outcome="outcome", exposures=LOYALTY, size="n_answers", controls=self.controls,
            cluster="unit" if self.years else None, tiers=sorted(SWEEP | {self.count}), confidence=self.confidence,
        )  # fmt: skip
        plain = (rows["controls"] == "none") & (rows["trim"] == 0) & (rows["weights"] == "equal")
        whole = rows["minimum"] == rows["minimum"].min()
        return rows.assign(primary=plain & whole & (rows["loyalty"] == LOYALTY[0]) & (rows["tiers"] == self.count))

    def bounds(self):
        """Tables response_bias and, with tiers, missing_units (column breakdown: the share that explains all)."""
        back = slope(self.units["nps"], self.units["outcome"], cluster=self.cluster, confidence=self.confidence)
        biases = back["estimate"] * np.array([0, 0.25, 0.5, 0.75, 1.0])
        found = bounds.biased_exposure(self.units["outcome"], self.units["nps"], biases)
        tables = {"response_bias": found.assign(estimate=found["estimate"] * PER)}
        if self.tiered(LOYALTY[0]):
            y, tier = self.units["outcome"].to_numpy(), self.tier(LOYALTY[0])
            ends, error = (y[tier == self.count], y[tier == 1]), self.gap(LOYALTY[0])["std_error"]
            rows = bounds.missing_units(*ends, std_error=error, confidence=self.confidence)
            tables["missing_units"] = rows.assign(breakdown=bounds.breakdown_share(*ends))
        return tables
