"""Correlations of incomplete answers by maximum likelihood under a multivariate normal (the EM algorithm).

Valid where answers are missing at random given those that are there, which is weaker than what complete rows and
pairwise correlations need (missing completely at random). Dempster, Laird & Rubin (1977, JRSS B 39); Little & Rubin
(2019), chapter 11. In R: ``lavaan::lavCor(missing = "ml")``.
"""

import numpy as np

from cxstudy.faults import NotTestable
from cxstudy.stats.resampled_correlation import by_unit, correlation

CONVERGED, LOOSE, MOST_STEPS = 1e-9, 1e-6, 2000
_SINGULAR = 1e-10


class Likelihood:
    """``of(times)``: EM correlations (B, q, q) of resamples, from sums by pattern of what is missing.

    ``values`` (n, q) standardised, nan where missing; ``weight`` (n,); ``codes`` (n,) the unit 0…units − 1 or None.
    NotTestable for data whose algorithm does not converge in 2,000 steps, or with columns that determine one another.
    """

    def __init__(self, values, weight, codes=None, units=None):
        there = ~np.isnan(values)
        kept = there.any(axis=1)
        codes = np.arange(len(values)) if codes is None else codes
        values, weight, codes, there = values[kept], weight[kept], codes[kept], there[kept]
        self.q = values.shape[1]
        patterns, which = np.unique(there, axis=0, return_inverse=True)
        which = which.ravel()
        self.patterns = []
        for k, pattern in enumerate(patterns):
            rows = which == k
            seen, code = np.unique(codes[rows], return_inverse=True)
            x, w = values[rows][:, pattern], weight[rows, None]
            products = (w[:, :, None] * x[:, :, None] * x[:, None, :]).reshape(len(x), -1)
            features = np.concatenate([w, w * x, products], axis=1)
            self.patterns.append((np.flatnonzero(pattern), seen, by_unit(features, code, len(seen))))
        self.start = None
        mean, covariance, done = self._fitted(np.ones((1, units or len(kept))), CONVERGED)
        if not done[0]:
            raise NotTestable(
                f"the EM correlations must settle within {MOST_STEPS} steps; they did not: some columns are hardly "
                "ever answered together, or determine one another. Leave one of them out, or use missing='listwise'.",
                ["answers to more of the questions at once"],
            )
        self.start = mean[0], covariance[0]
        self.whole = correlation(covariance)

    def of(self, times):
        """Correlations of resamples, nan where the algorithm does not settle; data themselves are kept in ``whole``."""
        if len(times) == 1 and (times == 1).all():
            return self.whole.copy()
        _, covariance, done = self._fitted(times, LOOSE)
        found = correlation(np.where(done[:, None, None], covariance, np.eye(self.q)))
        found[~done] = np.nan
        return found

    def _fitted(self, times, tolerance):
        """Means (B, q), covariances (B, q, q), and which of them have converged (B,)."""
        sums = [(seen, times[:, codes] @ features) for seen, codes, features in self.patterns]
        known = self._known(sums, len(times))
        mean, covariance = self.start or (np.zeros(self.q), np.eye(self.q))
        mean, covariance = (np.repeat(a[None], len(times), axis=0) for a in (mean, covariance))
        done, active = np.zeros(len(times), bool), np.arange(len(times))
        for _ in range(MOST_STEPS):
            before = covariance[active]
            usable = np.linalg.eigvalsh(before)[:, 0] > _SINGULAR
            active, before = active[usable], before[usable]
            if not len(active):
                break
            parts = [(seen, m[active]) for seen, m in sums if len(seen) < self.q]
            mean[active], covariance[active] = _step(mean[active], before, parts, *(k[active] for k in known))
            settled = np.abs(covariance[active] - before).max(axis=(1, 2)) < tolerance
            done[active[settled]] = True
            active = active[~settled]
        return mean, covariance, done

    def _known(self, sums, size):
        """Σ w, Σ w x and Σ w x x' of the answers that are there; they stay the same in every step."""
        count, total, cross = np.zeros(size), np.zeros((size, self.q)), np.zeros((size, self.q, self.q))
        for seen, moments in sums:
            o = len(seen)
            count += moments[:, 0]
            total[:, seen] += moments[:, 1 : o + 1]
            cross[:, seen[:, None], seen] += moments[:, o + 1 :].reshape(-1, o, o)
        return count, total, cross


def _step(mean, covariance, parts, count, total, cross):
    """One step: expected sums given the observed answers, then the moments these sums have."""
    total, cross, precision = total.copy(), cross.copy(), np.linalg.inv(covariance)
    for seen, moments in parts:
        o, absent = len(seen), np.setdiff1d(np.arange(mean.shape[1]), seen)
        w, own = moments[:, 0, None], moments[:, None, 1 : o + 1]
        # regression of the absent on the seen, both from the precision matrix: −K_aa⁻¹ K_as, residual K_aa⁻¹
        left = np.linalg.inv(precision[:, absent[:, None], absent])
        slope = -left @ precision[:, absent[:, None], seen]
        shift = mean[:, absent, None] - slope @ mean[:, seen, None]
        turned = np.swapaxes(slope, 1, 2)
        mixed = slope @ moments[:, o + 1 :].reshape(-1, o, o)
        filled = slope @ np.swapaxes(own, 1, 2)
        total[:, absent] += w * shift[..., 0] + filled[..., 0]
        between = mixed + shift @ own
        cross[:, absent[:, None], seen] += between
        cross[:, seen[:, None], absent] += np.swapaxes(between, 1, 2)
        shifted = (filled + w[:, :, None] * shift) @ np.swapaxes(shift, 1, 2)
        inside = mixed @ turned + shifted + shift @ np.swapaxes(filled, 1, 2) + w[:, :, None] * left
        cross[:, absent[:, None], absent] += inside
    mean = total / count[:, None]
    return mean, cross / count[:, None, None] - mean[:, :, None] * mean[:, None, :]
