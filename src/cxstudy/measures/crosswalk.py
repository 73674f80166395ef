"""Satisfaction against recommendation: which class of the NPS the answers at each level of satisfaction fall in."""

import numpy as np
import pandas as pd

from cxstudy.counted import CLASSES
from cxstudy.measures.index import scale_of
from cxstudy.measures.nps import nps_from_counts
from cxstudy.measures.samples import class_of
from cxstudy.stats.moments import Moments
from cxstudy.stats.robust import correlation
from cxstudy.tally import counts

MOST_LEVELS = 11
GROUPS = 10
CROSSWALK = [
    "question", "low", "high", "n_answers", "promoters", "passives", "detractors", "estimate", "std_error", "ci_low",
    "ci_high", "confidence", "unit", "method", "reason",
]  # fmt: skip
CORRELATIONS = [
    "between", "n", "n_unit", "n_missing", "estimate", "std_error", "ci_low", "ci_high", "p_value", "confidence",
    "unit", "method", "reason",
]  # fmt: skip


class Crosswalk:
    """The answers to ``recommend`` and ``satisfaction`` of a study, counted together by unit in one query.

    Both are questions of its customers, who must be answers, not counts; satisfaction needs a scale of whole numbers.
    """

    def __init__(self, study, recommend, satisfaction):
        self.question, self.scale = satisfaction, scale_of(study, "customers", satisfaction)
        cells = counts(study.customers, [recommend, satisfaction], by="unit")
        x, y = (pd.to_numeric(cells[q]).to_numpy(float, na_value=np.nan) for q in (satisfaction, recommend))
        both = ~np.isnan(x) & ~np.isnan(y)
        self.x, self.y, self.n = x[both], y[both], cells["n"].to_numpy(float)[both]
        self.kind = class_of(cells[recommend])[both]
        self.unit, self.units = pd.factorize(cells["unit"][both])
        self.n_missing = int(cells["n"][~both].sum())

    def table(self, *, confidence=0.95):
        """One row a level of satisfaction, the worst first; NPS with its adjusted-Wald interval. Columns: `CROSSWALK`.

        A scale of more than 11 levels is cut into ten classes of about equal width, the last one takes the top;
        ``low`` and ``high`` are the first and last level of a row. Levels that nobody chose have no row. The classes of
        the NPS are in percent of ``n_answers``.
        """
        start, reach, grouped = int(self.scale.low), int(self.scale.width), self.scale.levels > MOST_LEVELS
        # whole numbers times ten, so that no level falls into the wrong class by rounding
        classes = GROUPS if grouped else reach
        code = ((self.x - start) * classes // reach).astype(int)
        code = np.minimum(code, GROUPS - 1) if grouped else code
        n = np.zeros((code.max() + 1 if len(code) else 0, 3))
        np.add.at(n, (code, self.kind), self.n)
        place = np.flatnonzero(n.sum(axis=1) > 0)
        place = place[::-1] if self.scale.better == "low" else place
        if not len(place):
            return pd.DataFrame(columns=CROSSWALK)
        counted = dict(zip(CLASSES, n[place].T, strict=True))
        found = nps_from_counts(**counted, confidence=confidence).rename(columns={"n": "n_answers"})
        low, high = (start - (-(place + step) * reach // classes) - step for step in (0, 1))
        high = np.where(grouped & (place == GROUPS - 1), self.scale.high, high)
        found = found.assign(question=self.question, low=low, high=high, reason=found["reason"].astype(object))
        return found.reindex(columns=CROSSWALK)

    def correlations(self, kind, *, confidence=0.95, clustered=False, least=1, replicates=1000, seed=1):
        """Pearson correlation of the two questions between ``answers``, and of the units' mean satisfaction and NPS.

        ``clustered``: the interval between answers is from ``replicates`` resamples of whole units (``seed``), else
        Fisher's z of independent answers. ``kind``: what units are called; those with fewer than ``least`` answers are
        left out, and fewer than 4 units have no row. Columns: `CORRELATIONS`. More satisfied is higher, also on a
        scale whose low end is good.
        """
        sign = -1 if self.scale.better == "low" else 1
        sums = self._sums(sign * self.x)
        row = {"between": "answers", "n": int(self.n.sum()), "n_unit": "answers", "n_missing": self.n_missing}
        rows = [row | _of_answers(sums, clustered, confidence, replicates, seed)]
        kept = sums.n >= least
        if kept.sum() >= 4:
            per = [
                np.bincount(self.unit, self.n * value, len(self.units)) for value in (sign * self.x, 1.0 - self.kind)
            ]
            mean, net = (value[kept] / sums.n[kept] for value in per)
            row = {"between": "units", "n": int(kept.sum()), "n_unit": kind, "n_missing": int((~kept).sum())}
            if np.ptp(mean) > 0 and np.ptp(net) > 0:
                rows.append(row | correlation(net, mean, confidence=confidence))
        frame = pd.DataFrame(rows).assign(confidence=confidence, unit="correlation")
        return frame.reindex(columns=CORRELATIONS).astype({"reason": object})

    def _sums(self, x):
        """The `Moments` of (satisfaction, recommend) by unit; answers without a unit are one group of their own."""
        group = np.where(self.unit < 0, len(self.units), self.unit)
        size = len(self.units) + int((self.unit < 0).any())
        pair = np.column_stack([x, self.y])
        centre = np.average(pair, axis=0, weights=self.n) if len(x) else np.zeros(2)
        pair = pair - centre
        products = pair[:, :, None] * pair[:, None, :]
        n, total, cross = np.zeros(size), np.zeros((size, 2)), np.zeros((size, 2, 2))
        for into, value in ((n, self.n), (total, self.n[:, None] * pair), (cross, self.n[:, None, None] * products)):
            np.add.at(into, group, value)
        keys = pd.DataFrame(index=range(size))
        return Moments(keys, ("satisfaction", "recommend"), n, np.zeros(size), n, n, total, cross, centre)


def _of_answers(sums, clustered, confidence, replicates, seed):
    n = sums.n.sum()
    r = float(sums.correlation()[0, 0, 1]) if n > 3 else np.nan
    if np.isnan(r):
        return {"reason": "no variation"}
    if clustered:
        groups = len(sums.n)
        draws = np.random.default_rng(seed).multinomial(groups, np.full(groups, 1 / groups), size=replicates)
        drawn = sums.correlation(draws)[:, 0, 1]
        low, high = np.nanquantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
        spread = float(np.nanstd(drawn, ddof=1))
        return {
            "estimate": r,
            "std_error": spread,
            "ci_low": low,
            "ci_high": high,
            "method": "Pearson, units drawn again",
        }
    from scipy import stats

    inside, error = min(max(r, -1 + 1e-15), 1 - 1e-15), (n - 3) ** -0.5
    reach = stats.norm.ppf((1 + confidence) / 2) * error
    low, high = np.tanh(np.arctanh(inside) - reach), np.tanh(np.arctanh(inside) + reach)
    ends = {"ci_low": float(low), "ci_high": float(high)}
    return {"estimate": r, "std_error": (1 - r**2) * error, "method": "Pearson, Fisher z"} | ends
