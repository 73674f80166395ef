"""Work groups whose employees are ambassadors against the others: every table that is made of them."""

import numpy as np
import pandas as pd

from cxstudy.measures.group_agreement import group_agreement
from cxstudy.measures.work_groups import work_groups
from cxstudy.stats import trend
from cxstudy.stats.regression import nothing, slope
from cxstudy.stats.robust import correlation
from cxstudy.stats.robustness import scaled
from cxstudy.stats.tiers import tier_means, tier_of
from cxstudy.stats.two_groups import COLUMNS, rows_of_high_and_rest

FEWEST_COMPANIES = 10
LEAST_ON_A_SIDE = 8
PER = 10
CUT_SCALE = (1, 5)
ZERO_POINTS, DIGITS = 81, 9
PERCENT = {"percent": "estimate", "percent_low": "ci_low", "percent_high": "ci_high"}
TREND = [
    "by", "of", "n", "estimate", "std_error", "ci_low", "ci_high", "statistic", "z", "df", "p_value", "method",
    "reason",
]  # fmt: skip


class Ambassadors:
    """Tables of one study's work groups; ``cut`` is the mean from which on a feeling is high, on 1–5.

    On another scale the same share of the range is the cut (4.0 is three quarters of the way up). Companies are what
    the bootstrap draws and what intervals are clustered by, where there are at least 10; else work groups stand alone
    (``clustered`` is False) and intervals are too narrow if groups of one company are alike. ``found``: the
    `work_groups.WorkGroups`, where they are already there.
    """

    def __init__(
        self, study, *, cut, tiers, confidence, minimum_customers, minimum_employees, seed, replicates, found=None
    ):
        self.study, self.cut, self.count, self.confidence = study, cut, tiers, confidence
        self.fewest = (
            minimum_customers or study.thresholds["customers"],
            minimum_employees or study.thresholds["employees"],
        )
        self.options = {"confidence": confidence, "seed": seed, "replicates": replicates}
        self.found = found or work_groups(
            study, minimum_customers=minimum_customers, minimum_employees=minimum_employees
        )
        self.asked, self.left_out = self.found.asked, self.found.left_out
        self.groups = self.found.groups.assign(n_high=self.n_high(self.found.groups, cut))
        self.companies = self.groups["company"].nunique()
        self.clustered = self.companies >= FEWEST_COMPANIES
        self.cluster = self.groups["company"] if self.clustered else None
        self.n_missing = int(self.left_out.loc[self.left_out["n_unit"] == "work groups", "n"].sum())
        self.high = (self.groups["n_high"] == len(self.asked.feelings)).to_numpy() & bool(self.asked.feelings)

    @property
    def sizes(self):
        """Number of groups high on all feelings, and of the rest."""
        return int(self.high.sum()), int((~self.high).sum())

    @property
    def compared(self):
        """Whether both kinds have at least 8 groups."""
        return bool(self.asked.feelings) and min(self.sizes) >= LEAST_ON_A_SIDE

    @property
    def raw_zero(self):
        """Where the zero of the items' own scale lies on 0–100; None when they have several scales or a turned one."""
        raw = self.asked.raw
        return raw.index(0) if raw and raw.better == "high" else None

    @property
    def ratio_zeros(self):
        """The zeros of the ratios of the index: ``100``, and ``raw`` where the items have one scale."""
        return {"100": 0} | ({} if self.raw_zero is None else {"raw": self.raw_zero})

    def cuts(self):
        """The cut of each feeling on its own scale, name → value."""
        return {q: self.asked.employees[q].point(self._share(self.cut)) for q in self.asked.feelings}

    def comparison(self):
        """High against the rest for each ``measure``, cx_index (0–100) and nps: `stats.two_groups.high_against_rest`.

        Rows high, rest, difference, sd; for the index also ``ratio 100`` and ``ratio raw``; for NPS ``ratio 0`` and
        ``ratio −100``, to show that no ratio of NPS means anything. Ratios have percent, percent_low, percent_high =
        100 (ratio − 1) beside them. No rows where a kind has fewer than 8 groups.
        """
        parts = []
        for measure, zeros in {"cx_index": self.ratio_zeros, "nps": {"0": 0, "−100": -100}}.items():
            known = self.groups[measure].notna().to_numpy()
            if not self.compared or min((self.high & known).sum(), (~self.high & known).sum()) < LEAST_ON_A_SIDE:
                continue
            rows = pd.DataFrame(self.against(self.groups[known], self.high[known], measure, zeros))[COLUMNS]
            rows.insert(0, "measure", measure)
            ratio = rows["statistic_of"].str.startswith("ratio")
            for name, column in PERCENT.items():
                rows[name] = (100 * (rows[column] - 1)).where(ratio)
            parts.append(rows)
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["measure", *COLUMNS, *PERCENT])

    def zeros(self):
        """The ratio as the zero moves: zero (on 0–100, 0 the bottom of the scale), ratio, percent; else no rows."""
        if not self.compared:
            return pd.DataFrame(columns=["zero", "ratio", "percent"])
        high, rest = (self.groups.loc[kind, "cx_index"].mean() for kind in (self.high, ~self.high))
        lowest = min(-40.0, -40.0 if self.raw_zero is None else 1.2 * self.raw_zero)
        zero = np.linspace(lowest, min(rest - 15, 30.0), ZERO_POINTS)
        ratio = (high - zero) / (rest - zero)
        return pd.DataFrame({"zero": zero, "ratio": ratio, "percent": 100 * (ratio - 1)})

    def dose(self):
        """Mean CX index by number of high feelings, n_high 0–3: columns of `stats.tiers.tier_means`."""
        if not self.asked.feelings:
            return pd.DataFrame(columns=["n_high", "n", "estimate"])
        rows = tier_means(
            self.groups["cx_index"],
            self.groups["n_high"],
            loyalty=self.groups["employee_index"],
            cluster=self.cluster,
            **self.options,
        )
        return self._named(rows).rename(columns={"tier": "n_high"})

    def tiers(self):
        """Mean CX index by equal-size tiers of the employees' index; none where a tier has fewer than 8 groups."""
        known, tier = self._tiered()
        if tier is None:
            return pd.DataFrame(columns=["tier", "n", "estimate"])
        cluster = None if self.cluster is None else self.cluster[known]
        rows = tier_means(
            self.groups["cx_index"][known],
            tier,
            loyalty=self.groups["employee_index"][known],
            cluster=cluster,
            **self.options,
        )
        return self._named(rows)

    def trends(self):
        """Does the CX index rise with the dose? ``by`` feelings (0–3) or tiers; a slope, and Jonckheere–Terpstra.

        The slope is the change per feeling or tier, clustered by company where there are enough; the rank test knows no
        clusters.
        """
        doses = {}
        if self.asked.feelings:
            doses["feelings"] = (np.ones(len(self.groups), bool), self.groups["n_high"].to_numpy())
        known, tier = self._tiered()
        if tier is not None:
            doses["tiers"] = (known, tier)
        rows = []
        for by, (used, dose) in doses.items():
            y = self.groups["cx_index"].to_numpy()[used]
            rows.append({"by": by, "of": "cx_index"} | self.line(y, dose, used))
            if len(np.unique(dose)) > 1:
                # equal means differ in their last digits with the order in which the engine adds
                rows.append({"by": by, "of": "cx_index"} | trend.jonckheere(np.round(y, DIGITS), dose))
        return pd.DataFrame(rows).reindex(columns=TREND)

    def slope(self, outcome, *, within=False):
        """Change of ``outcome`` for +10 on the employees' index; ``within``: companies' means taken out of both."""
        used = (self.groups[outcome].notna() & self.groups["employee_index"].notna()).to_numpy()
        if used.sum() < 3:
            return nothing(int(used.sum()), "too-few")
        row = self.line(
            self.groups[outcome].to_numpy()[used], self.groups["employee_index"].to_numpy()[used], used, within=within
        )
        return scaled(row, PER)

    def both_sides(self):
        """Questions both sides answer: correlation of the two sides' means over work groups; last, of their indices."""
        rows, frame = [], self.groups
        pairs = {q: (frame[q], frame[f"customers_{q}"]) for q in self.asked.shared}
        if len(pairs) > 1:
            pairs["index"] = (frame["employee_index"], frame["cx_index"])
        for question, (x, y) in pairs.items():
            used = x.notna() & y.notna()
            row = {"question": question, "n": int(used.sum()), "n_unit": "work groups"}
            if used.sum() < 4 or x[used].nunique() < 2 or y[used].nunique() < 2:
                rows.append(row | {"reason": "no-variation"})
                continue
            cluster = None if self.cluster is None else self.cluster[used]
            rows.append(
                row
                | correlation(y[used], x[used], cluster=cluster, **self.options)
                | {"confidence": self.confidence, "reason": None}
            )
        columns = [
            "question",
            "n",
            "n_unit",
            "estimate",
            "std_error",
            "ci_low",
            "ci_high",
            "p_value",
            "confidence",
            "method",
            "reason",
        ]
        return pd.DataFrame(rows).reindex(columns=columns)

    def agreement(self):
        """`measures.group_agreement.group_agreement` of the groups used."""
        return group_agreement(self.study, self.found, confidence=self.confidence)

    def against(self, frame, high, measure, zeros, weights=None):
        """Rows of `stats.two_groups.high_against_rest` of one column of ``frame``; companies drawn where enough."""
        cluster = frame["company"] if self.clustered else None
        options = self.options | {"cluster": cluster, "zeros": zeros, "weights": weights}
        rows = rows_of_high_and_rest(frame[measure], high, **options)
        drawn = "companies drawn" if self.clustered else "work groups drawn"
        return [row | {"method": f"{row['method']}, {drawn}" if row["method"] else ""} for row in rows]

    def line(self, y, x, used, within=False):
        """`stats.regression.slope` of y on x of the rows ``used``, clustered by company where there are enough."""
        company = self.groups["company"].to_numpy()[used]
        return slope(
            y,
            x,
            cluster=company if self.clustered else None,
            absorb=company if within else None,
            confidence=self.confidence,
        )

    def _tiered(self):
        known = self.groups["employee_index"].notna().to_numpy()
        if known.sum() < self.count * LEAST_ON_A_SIDE:
            return known, None
        tier = tier_of(self.groups["employee_index"][known], self.count)
        sizes = np.bincount(tier, minlength=self.count + 1)[1:]
        return known, tier if sizes.min() >= LEAST_ON_A_SIDE else None

    def _named(self, rows):
        rows.insert(2, "n_unit", "work groups")
        return rows.drop(columns="ratio_of_sums").rename(
            columns={"loyalty_low": "index_low", "loyalty_high": "index_high"}
        )

    def n_high(self, groups, cut):
        """How many feelings are high in each of ``groups`` when the cut is ``cut``; nan without the feelings."""
        if not self.asked.feelings:
            return np.nan
        share = self._share(cut)
        index = {q: self.asked.employees[q].index(groups[q].to_numpy(float)) for q in self.asked.feelings}
        return sum((each >= share - 1e-9).astype(int) for each in index.values())

    def _share(self, cut):
        low, high = CUT_SCALE
        return 100 * (cut - low) / (high - low)
