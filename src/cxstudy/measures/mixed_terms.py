"""The predictors of a model as numeric columns on the engine: numbers, declared levels, products."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxstudy.counted import is_counted
from cxstudy.engine import as_table, fetch, names, number
from cxstudy.faults import unknown_name
from cxstudy.stats.mixed_moments import apart, as_groups
from cxstudy.tally import moments, rows


@dataclass(frozen=True)
class GroupTerms:
    """What a mixed model is fitted to: cross-products by group of [1, terms…, outcome].

    ``labels`` of the terms, the outcome's name last; ``cross`` (g, m, m) about ``centre``; ``keys`` frame of the g
    groups with rows, ``n`` (g,) rows and ``n_missing`` (g,) rows of the group left out; ``missing`` rows left out in
    all (also those without a group); ``split`` positions in ``labels`` (of the within parts) of the terms split in two;
    ``source`` the engine's table of the unsplit columns, None for a counted table.
    """

    labels: tuple
    cross: np.ndarray
    centre: np.ndarray
    keys: pd.DataFrame
    n: np.ndarray
    n_missing: np.ndarray
    missing: int
    split: tuple = ()
    source: object = None

    def frame(self, limit):
        """The rows themselves: terms, outcome, and ``group`` (numbered), complete only; ValueError above ``limit``."""
        columns = [c for c in self.source.columns if c not in self.keys]
        found = rows(self.source, [*self.keys, *columns], limit=limit).dropna()
        group = found.groupby(list(self.keys), sort=True).ngroup().to_numpy()
        values, parts = found[columns].to_numpy(float), []
        whole = self.labels_before_split
        for i in range(len(columns)):
            if whole[i] in {self.labels[at] for at in self.split}:
                mean = pd.Series(values[:, i]).groupby(group).transform("mean").to_numpy()
                parts += [values[:, i] - mean, mean]
            else:
                parts.append(values[:, i])
        return np.column_stack(parts), group

    @property
    def labels_before_split(self):
        """The labels of the columns of ``source``: a split term's within part stands for it."""
        means = {at + 1 for at in self.split}
        return [label for at, label in enumerate(self.labels) if at not in means]


def group_terms(data, outcome, fixed, group, levels):
    """`GroupTerms` of ``data``, two passes over it: means and faults first, sums about the means then.

    ``fixed`` names columns, or products of columns with a colon (``side:dimension``); a column in ``levels`` (column →
    its levels, the reference first) becomes one 0/1 term for each further level, labelled ``column[level]``, any other
    must hold numbers. Raises ValueError for unknown columns, text, undeclared levels, and a column used twice.
    """
    fixed, group, levels = names(fixed), names(group), dict(levels or {})
    _check_names(outcome, fixed, group, levels)
    if is_counted(data):
        found = moments(data, [*fixed, outcome], by=group)
        return _collected(found, (*fixed, outcome), group)
    used = list(dict.fromkeys([outcome, *(c for term in fixed for c in term.split(":"))]))
    table = as_table(data, [*group, *used])
    columns, faults = {}, {}
    for column in used:
        columns[column], faults[column] = _columns(table, column, levels.get(column))
    labels, values = _products(columns, [*fixed, outcome])
    checks = {f"_m{i}": value.mean() for i, value in enumerate(values)}
    checks |= {f"_b{i}": bad.sum() for i, bad in enumerate(faults.values())}
    first = fetch(table.aggregate(**checks), data).iloc[0]
    for i, column in enumerate(faults):
        _refuse(column, first[f"_b{i}"], column in levels)
    centre = np.nan_to_num(first[[f"_m{i}" for i in range(len(values))]].to_numpy(float))
    ready = table.select(*group, **{f"_v{i}": value for i, value in enumerate(values)})
    found = moments(ready, [f"_v{i}" for i in range(len(values))], by=group, centre=centre)
    return _collected(found, tuple(labels), group, ready)


def split(terms, which):
    """The terms with each of ``which`` (labels; True: every plain column that differs within groups) split in two.

    ``x`` becomes ``x_within``, x less its group's mean, and ``x_between``, that mean over the rows used.
    """
    positions = _positions(terms, which)
    if not positions:
        return terms
    cross = apart(terms.cross, [at + 1 for at in positions])
    labels, centre, within = [], [], []
    for at, label in enumerate(terms.labels):
        if at in positions:
            within.append(len(labels))
            labels += [f"{label}_within", f"{label}_between"]
            centre += [0.0, terms.centre[at]]
        else:
            labels.append(label)
            centre.append(terms.centre[at])
    return GroupTerms(
        tuple(labels), cross, np.array(centre), terms.keys, terms.n, terms.n_missing, terms.missing, tuple(within),
        terms.source,
    )  # fmt: skip


def position(terms, label, argument):
    """Where a term stands; a column of one term is found by its own name, a split one in its within part."""
    labels = terms.labels[:-1]
    for wanted in (label, f"{label}_within"):
        if wanted in labels:
            return labels.index(wanted)
    of_column = [i for i, one in enumerate(labels) if one.startswith(f"{label}[") and ":" not in one]
    if len(of_column) == 1:
        return of_column[0]
    raise ValueError(f"{argument} must be a term of fixed: {unknown_name('term', label, labels)}")


def _positions(terms, which):
    if which is True:
        size = terms.cross[:, 0, 0]
        inside = np.einsum("gaa->a", terms.cross) - (terms.cross[:, 0, :] ** 2 / size[:, None]).sum(axis=0)
        whole = np.einsum("gaa->a", terms.cross) - terms.cross[:, 0, :].sum(axis=0) ** 2 / size.sum()
        plain = [i for i, label in enumerate(terms.labels[:-1]) if "[" not in label and ":" not in label]
        return [i for i in plain if inside[i + 1] > 1e-10 * whole[i + 1]]
    return sorted(position(terms, label, "within_between") for label in names(which or None))


def _collected(found, labels, group, source=None):
    keyed = found.keys.notna().all(axis=1).to_numpy()
    there = keyed & (found.n > 0)
    missing = int(found.n_missing.sum() + found.n[~keyed].sum())
    return GroupTerms(
        labels, as_groups(found)[there], found.centre, found.keys[group][there].reset_index(drop=True), found.n[there],
        found.n_missing[there], missing, (), source,
    )  # fmt: skip


def _columns(table, column, levels):
    """[(label, values)] of one column, and its rows that are at fault."""
    import ibis

    given = table[column]
    if levels is None:
        value, bad = number(given)
        return [(column, value)], bad
    levels = [str(level) if given.type().is_string() else level for level in levels]
    known = given.isin(levels)
    parts = [
        (f"{column}[{level}]", given.notnull().ifelse((given == level).cast("float64"), ibis.null("float64")))
        for level in levels[1:]
    ]
    return parts, given.notnull() & ~known


def _products(columns, wanted):
    labels, values = [], []
    for term in wanted:
        parts = [("", None)]
        for column in term.split(":"):
            parts = [
                (f"{before}:{label}" if before else label, value if so_far is None else so_far * value)
                for before, so_far in parts
                for label, value in columns[column]
            ]
        for label, value in parts:
            labels.append(label)
            values.append(value)
    return labels, values


def _refuse(column, bad, has_levels):
    if not bad:
        return
    if has_levels:
        raise ValueError(
            f"levels must declare every value of {column}; {int(bad):,} rows hold another. Declare it, or leave "
            "these rows empty."
        )
    raise ValueError(
        f"column {column} must hold finite numbers, or have its levels declared; {int(bad):,} rows hold text or "
        f"infinity. Mend or empty them, or write levels={{'{column}': [...]}}, the reference first."
    )


def _check_names(outcome, fixed, group, levels):
    if not group:
        raise ValueError("group must name the column of the groups; got none. Write group='company'.")
    every = [outcome, *fixed, *group]
    twice = sorted({name for name in every if every.count(name) > 1})
    if twice:
        raise ValueError(
            f"a column is outcome, predictor or group, and once; {', '.join(twice)} is more. Leave one out."
        )
    for column, given in levels.items():
        if isinstance(given, str) or len(list(given)) < 2 or len(set(given)) < len(list(given)):
            raise ValueError(
                f"levels['{column}'] must list at least two different levels, the reference first; got {given!r}."
            )
    used = {column for term in fixed for column in term.split(":")}
    idle = [column for column in levels if column not in used]
    if idle:
        raise ValueError(f"levels names columns of fixed; {unknown_name('column', idle[0], used)}")
