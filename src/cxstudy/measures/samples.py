"""The groups of a comparison as samples: promoters, detractors and how many independent answers they amount to."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxstudy.counted import CLASSES, is_counted
from cxstudy.engine import names
from cxstudy.measures.nps import nps, nps_from_counts
from cxstudy.stats import linearised
from cxstudy.stats.differences import Centred, adjusted_net_share, adjusted_share
from cxstudy.tally import counts

NPS_VALUES, SHARE_VALUES = (1, 0, -1), (1, 0, 0)


@dataclass(frozen=True)
class Samples:
    """Answers of g groups by class (promoters, passives, detractors).

    ``keys`` frame of g rows; ``n``, ``w``, ``w2`` answers, Σ w, Σ w² of shape (g, 3); ``missing`` (g,);
    ``clusters``: None, or (Σ w by class (m, 3), which group (m,)) of the m clusters of all groups.
    """

    keys: pd.DataFrame
    n: np.ndarray
    w: np.ndarray
    w2: np.ndarray
    missing: np.ndarray
    weighted: bool = False
    clusters: tuple | None = None

    @property
    def size(self):
        """Answers of each group, shape (g,)."""
        return self.n.sum(axis=1)

    def shares(self):
        """Weighted shares of the classes, shape (g, 3); nan without answers."""
        return self.w / _positive(self.w.sum(axis=1))[:, None]

    def plain(self, values=NPS_VALUES):
        """Estimate, its standard error and degrees of freedom, as `cxstudy.nps` has them (fractions)."""
        estimate, variance = self._spread(values)
        if not self.weighted and self.clusters is None:
            return Centred(estimate, np.sqrt(variance / _positive(self.size)), np.full(len(self.size), np.inf))
        ratios = self._linearised(values)
        return Centred(estimate, ratios.std_error, self._df(ratios))

    def adjusted(self, values=NPS_VALUES):
        """Centre and error of the adjusted interval, with the effective number of answers (fractions)."""
        size, df = _positive(self.size), np.full(len(self.size), np.inf)
        if self.weighted or self.clusters is not None:
            ratios = self._linearised(values)
            size, df = linearised.effective_n(self._spread(values)[1], ratios, size), self._df(ratios)
        shares = self.shares()
        if values == NPS_VALUES:
            return Centred(*adjusted_net_share(shares[:, 0], shares[:, 2], size), df)
        return Centred(*adjusted_share(shares[:, 0], size), df)

    def take(self, kept):
        """The groups where ``kept`` is true, without clusters."""
        keys = self.keys[kept].reset_index(drop=True)
        return Samples(keys, *(x[kept] for x in (self.n, self.w, self.w2, self.missing)), self.weighted)

    def rest(self):
        """For each group all others together, without clusters."""
        n, w, w2 = (x.sum(axis=0) - x for x in (self.n, self.w, self.w2))
        return Samples(self.keys, n, w, w2, self.missing.sum() - self.missing, self.weighted)

    def _spread(self, values):
        shares, values = self.shares(), np.array(values, float)
        estimate = shares @ values
        return estimate, np.maximum(shares @ values**2 - estimate**2, 0)

    def _linearised(self, values):
        if self.clusters is None:
            return linearised.of_answers(values, self.n, self.w, self.w2)
        weight, group = self.clusters
        return linearised.of_clusters(weight.sum(axis=1), weight @ np.array(values, float), group, len(self.size))

    def _df(self, ratios):
        if self.clusters is None:
            return np.full(len(self.size), np.inf)
        return np.where(ratios.units > 1, ratios.units - 1, np.nan)


def from_counts(given):
    """One group from a mapping of the counts of ``promoters``, ``passives`` and ``detractors``."""
    if set(given) != set(CLASSES):
        rule = "counts are given as {'promoters': …, 'passives': …, 'detractors': …}"
        raise ValueError(f"{rule}; got the keys {', '.join(map(str, given)) or 'none'}. Give these three.")
    if any(np.ndim(given[c]) for c in CLASSES):
        raise ValueError("counts are one number a class; got several. Compare one pair at a time.")
    # its checks of counts are those of the measure
    nps_from_counts(**given)
    n = np.array([[float(given[c]) for c in CLASSES]])
    return Samples(pd.DataFrame(index=[0]), n, n, n, np.zeros(1))


def from_answers(data, score, *, by=None, weights=None, cluster=None):
    """Groups of ``by`` from any data that `cxstudy.nps` takes; missing values of ``by`` stay a group."""
    by = names(by)
    # its checks of scale, weights and clusters are those of the measure
    nps(data, score, by=by, weights=weights, cluster=cluster)
    table = customers(data)
    cells = counts(table, score, by=[*by, *names(cluster)], weights=weights)
    kind = class_of(cells[score], is_counted(table))
    keys = cells[by].drop_duplicates(ignore_index=True) if by else pd.DataFrame(index=[0])
    group = cells.groupby(by, dropna=False, sort=False).ngroup().to_numpy() if by else np.zeros(len(cells), int)
    n, w, w2 = (_add_up(cells[c], group, kind, len(keys)) for c in ("n", "w", "w2"))
    clusters = None
    if cluster:
        used = kind < 3
        each = cells.assign(_group=group)[used].groupby(["_group", *names(cluster)], sort=False)
        unit = each.ngroup().to_numpy()
        of_unit = each["_group"].first().to_numpy()
        clusters = _add_up(cells.w[used], unit, kind[used], len(of_unit))[:, :3], of_unit
    return Samples(keys, n[:, :3], w[:, :3], w2[:, :3], n[:, 3], bool(weights), clusters)


def class_of(score, counted=False):
    """0, 1, 2 for promoters, passives and detractors, 3 for a missing answer; answers are on the scale already."""
    if counted:
        return score.map({c: i for i, c in enumerate(CLASSES)}).fillna(3).to_numpy(int)
    value = pd.to_numeric(score).to_numpy(float, na_value=np.nan)
    return np.select([np.isnan(value), value >= 9, value >= 7], [3, 0, 1], 2)


def whole(n):
    """Numbers of answers as int where published shares gave a sum that is whole but for rounding."""
    near = np.rint(n)
    return near.astype(int) if np.allclose(n, near, rtol=0, atol=1e-6) else n


def customers(data):
    """The customers of a study; any other data as they are."""
    tables = getattr(data, "tables", None)
    return tables["customers"] if isinstance(tables, dict) else data


def _add_up(values, group, kind, groups):
    table = np.zeros((groups, 4))
    np.add.at(table, (group, kind), values.to_numpy(float))
    return table


def _positive(x):
    return np.where(x > 0, x, np.nan)
