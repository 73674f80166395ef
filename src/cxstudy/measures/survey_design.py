"""How answers were sampled, as the measures take it: weights, clusters, strata and finite populations.

**Without strata and fpc** each group of ``by`` is a sample of its own, as R ``survey::svydesign`` on the group's rows:
its number of clusters is what was found in it. **With strata or fpc** all rows are one sample (one stratum where only
``fpc`` is given), and groups are domains of it: a unit of the stratum that has no answer in the group counts with a
total of zero, as R ``svyby``. Rows without an answer belong to the sample as well; they are no unit less. Sampling
within the strata is taken as with replacement, or with ``fpc`` as without, at the first stage only (R: ``nest=FALSE``).

**With ``calibrated``**, the columns whose margins the weights were fitted to, the error is that of fitted weights
(`cxstudy.stats.calibrated`); all rows are one sample here as well, since the margins hold in all rows together.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxstudy.engine import names
from cxstudy.faults import DataError, Fault, NotTestable
from cxstudy.stats import linearised
from cxstudy.stats.calibrated import Fitted, of_calibrated

_SUMS = ["_n", "_w", "_x", "_xx", "_w2", "_w2x", "_w2xx"]
_ALL = ["_all_w", "_all_w2"]


@dataclass(frozen=True)
class Design:
    """Names of the columns that hold the weights, clusters, strata, and sampling units in a stratum's population.

    ``calibrated``: the margins that the weights were fitted to, a column or several, each of which may be a tuple of
    columns whose combinations are the categories (post-stratification by several columns).
    """

    weights: str | None = None
    cluster: str | None = None
    strata: str | None = None
    fpc: str | None = None
    calibrated: str | tuple | list | None = None

    @property
    def margins(self):
        """The columns of each margin that the weights were fitted to, a list of lists."""
        each = names(self.calibrated) if isinstance(self.calibrated, Iterable | None) else [self.calibrated]
        return [list(one) if isinstance(one, tuple | list) else [one] for one in each]

    @property
    def given(self):
        """Whether answers are anything but independent, equally weighted and few of many."""
        return any((self.weights, self.cluster, self.strata, self.fpc))

    @property
    def one_sample(self):
        """Whether groups are domains of one sample."""
        return bool(self.strata or self.fpc or self.margins)

    def keys(self, by):
        """What to tally by: groups, stratum, population, cluster and margins.

        NotTestable where groups are clusters, ValueError for a column in two roles and for margins without weights.
        """
        if self.cluster in by:
            reason = f"{self.cluster} names both groups and clusters, so each group is one cluster."
            raise NotTestable(reason, ["clusters"])
        roles = {"cluster": self.cluster, "strata": self.strata, "fpc": self.fpc, "weights": self.weights}
        for name in roles.values():
            twice = [role for role, column in roles.items() if column is not None and column == name]
            if len(twice) > 1:
                rule = f"{' and '.join(twice)} must be different columns"
                raise ValueError(f"{rule}; got {name} for both. Name the other.")
        margins = [column for margin in self.margins for column in margin]
        odd = [column for column in margins if not isinstance(column, str)]
        if odd:
            raise ValueError(
                f"calibrated takes names of columns, or tuples of names for cells of several; got {odd[0]!r}. "
                'Write calibrated=["industry", "size"].'
            )
        if margins and not self.weights:
            rule = "calibrated names the columns that the weights were fitted to"
            raise ValueError(f"{rule}; got no weights. Name their column with weights=, or leave calibrated out.")
        if self.weights in margins:
            rule = "weights and calibrated must be different columns"
            raise ValueError(f"{rule}; got {self.weights} for both. Name the other.")
        return list(dict.fromkeys([*by, *(c for c in (self.strata, self.fpc, self.cluster) if c), *margins]))


def groups_of(cells, by):
    """``(keys, group)``: a frame of the groups in their order, and the number of each cell's group."""
    keys = cells[by].drop_duplicates(ignore_index=True) if by else pd.DataFrame(index=[0])
    group = cells.groupby(by, dropna=False, sort=False).ngroup().to_numpy() if by else np.zeros(len(cells), int)
    return keys, group


def ratios(cells, group, groups, design):
    """``(Ratios, variance of one answer)`` of ``groups`` groups from the sums of cells.

    ``cells`` has the columns of ``design.keys`` and, with an underscore before their names, those of `linearised.Sums`
    from n on, and ``_left``, the rows without an answer; with ``calibrated`` also ``_all_w`` and ``_all_w2``, Σ w and
    Σ w² of all rows. Raises ValueError for answers without cluster or stratum, for rows without category and for
    clusters in several strata, DataError for a wrong fpc, NotTestable for a stratum with one unit or one cluster in
    all.
    """
    for role, column in (("cluster", design.cluster), ("stratum", design.strata)):
        if column:
            lost = cells["_n"][cells[column].isna()].sum()
            if lost:
                found = f"{lost:,.0f} have none in {column}"
                raise ValueError(f"each answer needs a {role}; {found}. Name it, or drop them.")
    kept = np.ones(len(cells), bool)
    for column in names(design.strata) + names(design.cluster):
        kept &= cells[column].notna().to_numpy()
    frame = cells.loc[kept].assign(_group=group[kept])
    frame["_stratum"], labels = _strata(frame, design)
    units, fraction = _units(frame, labels, design)
    place, every = ["_group", "_stratum", *names(design.cluster)], frame
    frame = frame.groupby(place, as_index=False, sort=False, dropna=False)[_SUMS].sum(skipna=False)
    frame = frame[frame["_n"] > 0] if design.cluster else frame
    columns = [frame[c].to_numpy(float) for c in _SUMS]
    sums = linearised.Sums(frame["_group"].to_numpy(int), frame["_stratum"].to_numpy(int), *columns)
    found = linearised.of_design(sums, units, fraction, groups, clustered=bool(design.cluster))
    if design.margins and len(every):
        found = _calibrated(found, every, units, fraction, design)
    if design.cluster and len(frame) and not (found.units > 1).any():
        each = " in each group" if groups > 1 else ""
        raise NotTestable(
            f"{design.cluster} holds one cluster{each}: nothing shows how much clusters differ.", ["clusters"]
        )
    return found, linearised.variance_of_one(sums, groups)


def _calibrated(found, frame, units, fraction, design):
    """``found`` with the errors of fitted weights; ``frame``: all cells, with their group and stratum."""
    columns = list(dict.fromkeys(column for margin in design.margins for column in margin))
    for column in columns:
        none = frame[column].isna()
        if none.any():
            lost = (frame["_n"] + frame["_left"])[none].sum()
            rule = "each row needs a category of what the weights were fitted to"
            raise ValueError(f"{rule}; {lost:,.0f} have none in {column}. Fill them in, or drop these rows.")
    cell = frame.groupby(columns, sort=False).ngroup()
    first = frame.groupby(cell)[columns].first()
    margins = tuple(first.groupby(margin, sort=False).ngroup().to_numpy() for margin in design.margins)
    unit = pd.Series(pd.factorize(frame[design.cluster])[0], frame.index) if design.cluster else frame["_stratum"]
    frame = frame.assign(_cell=cell, _unit=unit)
    every = frame.groupby(["_unit", "_cell"], as_index=False)[_ALL].sum()
    fitted = Fitted(
        margins,
        *(every[c].to_numpy() for c in ("_cell", "_unit", *_ALL)),
        frame.groupby("_unit")["_stratum"].first().reindex(range(unit.max() + 1), fill_value=0).to_numpy(),
    )
    frame = frame.groupby(["_group", "_stratum", "_unit", "_cell"], as_index=False)[_SUMS].sum()
    sums = linearised.Sums(*(frame[c].to_numpy() for c in ("_group", "_stratum", *_SUMS)))
    cell, unit = (frame[c].to_numpy() for c in ("_cell", "_unit"))
    return of_calibrated(found, sums, cell, unit, fitted, units, fraction, clustered=bool(design.cluster))


def _strata(frame, design):
    """The number of each cell's stratum, and the strata's names: groups, where each is a sample of its own."""
    if design.strata:
        return pd.factorize(frame[design.strata], sort=True)
    if design.one_sample:
        return np.zeros(len(frame), int), np.array(["all rows"])
    return frame["_group"].to_numpy(), np.arange(frame["_group"].max() + 1 if len(frame) else 1)


def _units(frame, labels, design):
    """Sampling units drawn in each stratum, and the share of its population that they are."""
    rows = frame["_n"] if not design.one_sample else frame["_n"] + frame["_left"]
    if design.cluster:
        pairs = frame.loc[rows > 0, ["_stratum", design.cluster]].drop_duplicates()
        units = np.bincount(pairs["_stratum"], minlength=len(labels)).astype(float)
        if design.strata:
            _check_nested(pairs[design.cluster], design)
    else:
        units = np.bincount(frame["_stratum"], rows, len(labels)).astype(float)
    lone = [str(labels[h]) for h in np.flatnonzero(units == 1)] if design.one_sample else []
    if lone:
        what = "cluster" if design.cluster else "row"
        shown = ", ".join(lone[:5]) + (f" and {len(lone) - 5} more" if len(lone) > 5 else "")
        raise NotTestable(
            f"each stratum needs at least two sampling units; one {what} only in: {shown}. Nothing shows how much "
            "units of that stratum differ. Merge it with the stratum most like it, or leave strata out.",
            ["two sampling units in each stratum"],
        )
    return units, _fractions(frame, labels, units, design)


def _check_nested(cluster, design):
    crossing = cluster[cluster.duplicated()].unique()
    if len(crossing):
        shown = ", ".join(map(str, crossing[:3]))
        raise ValueError(
            f"each cluster lies in one stratum; {len(crossing):,} of {design.cluster} lie in several of "
            f"{design.strata}, such as {shown}. Where names were used again, put the stratum's before the cluster's."
        )


def _fractions(frame, labels, units, design):
    if not design.fpc:
        return np.zeros(len(units))
    place = f"column {design.fpc}"
    value = pd.to_numeric(frame[design.fpc], errors="coerce")
    if value.isna().any():
        rows = (frame["_n"] + frame["_left"])[value.isna()].sum()
        rule = f"{design.fpc} must hold the number of sampling units in the population of the row's stratum."
        raise DataError([Fault(rule, f"{rows:,.0f} rows without a number.", "fill them in, or leave fpc out.", place)])
    ends = value.groupby(frame["_stratum"]).agg(["min", "max"])
    faults = []
    for h in ends.index:
        low, high, name = ends.loc[h, "min"], ends.loc[h, "max"], labels[h]
        if low != high:
            rule = f"{design.fpc} must hold one number for each stratum."
            faults.append(Fault(rule, f"{low:g} to {high:g} in {name}.", "give each row its stratum's number.", place))
        elif low < units[h]:
            rule = f"{design.fpc} is the number of sampling units in the population, at least those drawn."
            found = f"{low:g} in {name}, of which {units[h]:,.0f} were drawn."
            remedy = "give the number of units itself, not a share; with cluster= the number of clusters."
            faults.append(Fault(rule, found, remedy, place))
    if faults:
        raise DataError(faults)
    return units / ends["max"].reindex(range(len(units))).to_numpy(float)
