"""One study's self-image: the mean gaps, and how many work groups show the pattern of the claim."""

import numpy as np
import pandas as pd

from cxstudy.measures.ambassadors import FEWEST_COMPANIES
from cxstudy.measures.self_image import PATTERNS, self_image_groups
from cxstudy.measures.self_image_patterns import clear_groups, pattern_shares, share_row, signs
from cxstudy.stats.bland_altman import clustered_error
from cxstudy.stats.equivalence import tost
from cxstudy.stats.multiple import adjusted
from cxstudy.stats.regression import nothing, t_row

FEWEST_GROUPS = 4
GAPS = [
    "dimension", "about", "n", "n_missing", "employees", "customers", "estimate", "std_error", "ci_low", "ci_high",
    "statistic", "df", "p_value", "p_adjusted", "margin", "p_equivalent", "equivalent", "sd", "sd_error", "confidence",
    "method", "reason",
]  # fmt: skip
SHARES = ["share", "n", "estimate", "std_error", "ci_low", "ci_high", "p_value", "confidence", "method", "reason"]


class SelfImage:
    """Tables of one study's work groups, see `measures.self_image.self_image_groups`.

    ``margin``: the largest mean gap, in points of 0–100, that does not matter. Intervals are clustered by company where
    there are at least 10; else groups stand alone (``clustered`` is False), and intervals are too narrow if groups of
    one company are alike. ``replicates`` from ``seed``, companies drawn where clustered.
    """

    def __init__(self, study, *, margin, confidence, minimum_customers, minimum_employees, seed, replicates):
        self.study, self.margin, self.confidence = study, margin, confidence
        self.seed, self.replicates = seed, replicates
        self.fewest = (
            minimum_customers or study.thresholds["customers"], minimum_employees or study.thresholds["employees"]
        )  # fmt: skip
        found = self_image_groups(study, minimum_customers=minimum_customers, minimum_employees=minimum_employees)
        self.groups, self.left_out, self.questions, self.without = found
        self.shown = [q for q in self.questions.same if q not in self.without]
        self.kinds = [kind for kind in PATTERNS if f"gap_{kind}" in self.groups]
        self.companies = self.groups["company"].nunique()
        self.clustered = self.companies >= FEWEST_COMPANIES
        self.n_missing = int(self.left_out.loc[self.left_out["n_unit"] == "work groups", "n"].sum())
        self.compared = self._both_known() if len(self.kinds) == len(PATTERNS) else None
        if self.compared is not None:
            self.groups = self._with_patterns()

    def codes(self, used):
        """Company of each of the rows ``used``, 0…G − 1; of each row its own where companies are too few."""
        rows = self.groups[used]
        return pd.factorize(rows["company"])[0] if self.clustered else np.arange(len(rows))

    def gap(self, name):
        """``(gaps, used)``: finite gaps of a question or kind, and which rows of ``groups`` they come from."""
        values = self.groups[f"gap_{name}"].to_numpy()
        used = np.isfinite(values)
        return values[used], used

    def gaps(self):
        """Mean gap (employees − customers, points of 0–100) of each dimension, with TOST against ``margin``.

        ``dimension``: a question, or the mean of competence's or service's where these are several; ``about``:
        competence, service or empty. ``p_adjusted``: Holm over the questions. ``sd``: of the groups' gaps;
        ``sd_error``: the part of it that sampling error makes.
        """
        rows = [self._gap_row(name) for name in self.dimensions]
        table = pd.DataFrame(rows).reindex(columns=GAPS)
        single = table["dimension"].isin(self.shown)
        table.loc[single, "p_adjusted"] = adjusted(table.loc[single, "p_value"].to_numpy(float), "holm")
        return table

    @property
    def dimensions(self):
        """The questions, then each kind that is more than one question."""
        return [*self.shown, *(k for k in self.kinds if len(self.of_kind(k)) > 1)]

    def of_kind(self, kind):
        """The questions of competence or of service that both sides answered."""
        return [q for q in getattr(self.questions, kind) if q in self.shown]

    def about(self, name):
        """Competence, service, or an empty text."""
        return next((kind for kind in PATTERNS if name == kind or name in self.of_kind(kind)), "")

    def mean_gap(self, name):
        """Mean gap of a question or kind as a row of `stats.regression.t_row`."""
        values, used = self.gap(name)
        if len(values) < 2:
            return nothing(len(values), "too-few", values.mean() if len(values) else np.nan)
        codes = self.codes(used)
        method = "mean of work groups, clustered by company" if self.clustered else "mean of work groups"
        error, df = clustered_error(values, codes), codes.max()
        if not error > 1e-12 * max(1.0, np.abs(values).max()) or df < 1:
            return nothing(len(values), "no-variation", values.mean())
        return t_row(len(values), float(values.mean()), float(error), int(df), self.confidence, method)

    def patterns(self):
        """Every share of the pattern, in % of the work groups with both gaps; see `measures.self_image_patterns`."""
        if self.compared is None:
            return pd.DataFrame(columns=SHARES)
        rows = self.groups[self.compared]
        codes, n = self.codes(self.compared), len(rows)
        if n < FEWEST_GROUPS:
            return pd.DataFrame([{"share": "share_both", "n": n, "reason": "too-few"}]).reindex(columns=SHARES)
        spread = np.column_stack([rows[f"gap_{k}_se"] ** 2 for k in PATTERNS] + [rows["covariance"]])
        found = pattern_shares(
            rows["gap_competence"].to_numpy(), rows["gap_service"].to_numpy(), spread, codes=codes,
            clustered=self.clustered, confidence=self.confidence, replicates=self.replicates, seed=self.seed,
        )  # fmt: skip
        if rows["p_both"].notna().all():
            found["share_both_clear"] = share_row(rows["clear"], codes if self.clustered else None, self.confidence)
        else:
            found["share_both_clear"] = {"estimate": np.nan, "reason": "means-only"}
        table = [{"share": name, "n": n, "confidence": self.confidence} | row for name, row in found.items()]
        return pd.DataFrame(table).reindex(columns=SHARES)

    def _gap_row(self, name):
        values, used = self.gap(name)
        row = self.mean_gap(name)
        p, same = tost(row["estimate"], row["std_error"], self.margin, row["df"] if row["df"] > 0 else np.inf)
        errors = self.groups.loc[used, f"gap_{name}_se"]
        means = {side: self.groups.loc[used, f"{side}_{name}"].mean() for side in ("employees", "customers")}
        return row | means | {
            "dimension": name, "about": self.about(name), "n_missing": int((~used).sum()), "margin": self.margin,
            "p_equivalent": float(p), "equivalent": bool(same), "sd": values.std(ddof=1) if len(values) > 1 else np.nan,
            "sd_error": float(np.sqrt((errors**2).mean(skipna=False))), "confidence": self.confidence,
        }  # fmt: skip

    def _both_known(self):
        return self.groups[[f"gap_{k}" for k in PATTERNS]].notna().all(axis=1).to_numpy()

    def _with_patterns(self):
        found = signs(*(self.groups[f"gap_{k}"] for k in PATTERNS)).astype(object)
        rows = self.groups.assign(pattern=np.where(self.compared, found, None))
        return rows.join(clear_groups(rows[self.compared]))
