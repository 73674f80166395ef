"""Rows become sufficient statistics on the engine: counts, moments, and rows where nothing less will do.

``data`` is everywhere a pandas frame, the path of a CSV (also .gz) or Parquet file, an Ibis table, or a table of
a study; tables of answers and counted tables give the same shapes. CSV is read as text, so that the keys
``0047`` and ``NO`` survive; numbers are made from it where numbers are needed. NaN counts as missing.
"""

from itertools import combinations_with_replacement as pairs

import numpy as np

from cxstudy.counted import class_rows, is_counted, published_means
from cxstudy.engine import as_table, fetch, names, number, refuse, weight, without_nan
from cxstudy.faults import NotTestable
from cxstudy.stats.moments import Moments


def counts(data, columns, *, by=(), weights=None):
    """How often each combination of values occurs.

    ``columns`` and ``by`` are one name or several; ``weights`` names a column of finite numbers ≥ 0 without gaps.
    In a counted table ``columns`` is one question with declared shares, its values are the texts ``promoters``,
    ``passives``, ``detractors``, and n = answers × share / 100, not rounded.

    Returns a frame, sorted: by…, columns…, ``n`` answers, ``w`` sum of weights, ``w2`` sum of squared weights
    (both n without weights). Missing values of ``by`` and ``columns`` stay a level of their own.
    Raises ValueError for an unknown column, an unreadable file or a bad weight.

    >>> import pandas as pd
    >>> counts(pd.DataFrame({"shop": ["a", "a", "b"], "score": [9, 9, 0]}), "score", by="shop").n.tolist()
    [2, 1]
    """
    columns, by, weights = names(columns), names(by), names(weights)
    keys = [*by, *columns]
    _check_keys(columns, by, taken=("n", "w", "w2"))
    counted = is_counted(data)
    table = class_rows(data, columns, by, weights) if counted else as_table(data, [*keys, *weights])
    table = without_nan(table, keys)
    sums = {"n": table["n"].sum() if counted else table.count()}
    if weights:
        each, bad = weight(table[weights[0]])
        total = each * table["n"] if counted else each
        sums |= {"w": total.sum(), "w2": (each * total).sum(), "_bad": bad.sum()}
    found = fetch(table.group_by(keys).agg(**sums).order_by(keys), data)
    if not weights:
        return found.assign(w=found.n.astype(float), w2=found.n.astype(float))
    refuse(weights[0], found.pop("_bad").sum(), weights=True)
    return found


def moments(data, columns, *, by=(), weights=None, centre=0.0, missing="listwise"):
    """Counts, sums and cross-products of numeric columns by group, as `Moments`.

    ``columns`` are numbers (text of a CSV is converted); ``centre``, one number or one a column, is subtracted
    before summing. ``missing="listwise"``: a row counts only where all columns are present, the others are counted
    in ``n_missing``. Counted tables give n, sums of the declared means, and squares where a standard deviation is
    declared; products of two questions are nan. Groups are sorted; no ``by`` gives one group.
    Raises ValueError for unknown columns, text or infinity among the numbers, and bad weights.

    >>> import pandas as pd
    >>> moments(pd.DataFrame({"x": [1, 2, 3, None]}), "x").total.tolist()
    [[6.0]]
    """
    if missing != "listwise":
        raise ValueError(
            f"missing must be 'listwise'; got {missing!r}. Products over different rows can give a covariance matrix "
            "that no data have; call moments() for each pair of columns where each pair's own rows are wanted."
        )
    columns, by, weights = names(columns), names(by), names(weights)
    _check_keys(columns, by)
    centre = np.broadcast_to(np.asarray(centre, float), len(columns)).copy()
    counted = is_counted(data)
    if counted:
        table, values, spreads = published_means(data, columns, by, weights)
        faults = []
    else:
        table, spreads = as_table(data, [*by, *columns, *weights]), []
        values, faults = map(list, zip(*(number(table[c]) for c in columns), strict=True))
    if weights:
        each, bad = weight(table[weights[0]])
        faults = [*faults, bad]
    else:
        each = None
    values = [v - float(c) if c else v for v, c in zip(values, centre, strict=True)]
    ready = _ready(without_nan(table, by), by, values, spreads, each, faults)
    sums = _sums(ready, len(columns), counted, bool(weights))
    sums |= {f"_bad{i}": ready[f"_bad{i}"].sum() for i in range(len(faults))}
    found = fetch(ready.group_by(by).agg(**sums).order_by(by) if by else ready.agg(**sums), data)
    checked = [*([] if counted else columns), *weights]
    for i, column in enumerate(checked):
        refuse(column, found[f"_bad{i}"].sum(), weights=bool(weights) and i == len(checked) - 1)
    return _as_moments(found, columns, by, centre, counted)


def moments_of_each(data, columns, *, by):
    """`moments` of every column by itself, all in one query: column → `Moments`; each counts its own rows.

    ``by`` names one key or several. Raises as `moments`.

    >>> import pandas as pd
    >>> found = moments_of_each(pd.DataFrame({"k": ["a", "a"], "x": [1, None], "y": [2, 3]}), ["x", "y"], by="k")
    >>> found["x"].n.tolist(), found["y"].total.tolist()
    ([1.0], [[5.0]])
    """
    columns, by = names(columns), names(by)
    if is_counted(data) or not by:
        return {column: moments(data, column, by=by) for column in columns}
    _check_keys(columns, by)
    table, ready, sums = as_table(data, [*by, *columns]), {}, {}
    for i, column in enumerate(columns):
        ready[f"_x{i}"], ready[f"_f{i}"] = number(table[column])
    # numbers are made once a row, which is also less for the engine to be told
    ready = without_nan(table, by).select(*by, **ready)
    for i in range(len(columns)):
        value = ready[f"_x{i}"]
        sums |= {f"_n{i}": value.count(), f"_missing{i}": value.isnull().sum(), f"_bad{i}": ready[f"_f{i}"].sum()}
        sums |= {f"_t{i}": value.sum(), f"_c{i}": (value * value).sum()}
    found = fetch(ready.group_by(by).agg(**sums).order_by(by), data)
    for i, column in enumerate(columns):
        refuse(column, found[f"_bad{i}"].sum())

    def get(name):
        return found[name].fillna(0).to_numpy(float)

    return {
        column: Moments(
            found[by], (column,), get(f"_n{i}"), get(f"_missing{i}"), get(f"_n{i}"), get(f"_n{i}"),
            get(f"_t{i}")[:, None], get(f"_c{i}")[:, None, None], np.zeros(1),
        )
        for i, column in enumerate(columns)
    }  # fmt: skip


def rows(data, columns, *, limit=200_000):
    """The rows themselves, for models that no sums can feed (Cox, ordinal, random slopes) and for comments.

    Returns a frame of ``columns`` in the order of the source. Raises ValueError above ``limit`` rows, and
    NotTestable for a counted table, which has no answers.

    >>> import pandas as pd
    >>> rows(pd.DataFrame({"x": [1, 2], "y": [3, 4]}), "y").y.tolist()
    [3, 4]
    """
    columns = names(columns)
    if is_counted(data):
        raise NotTestable("a counted table has counts and shares; this needs the answers themselves.", ["answers"])
    table = as_table(data, columns)
    found = fetch(table.count(), data)
    if found > limit:
        raise ValueError(
            f"rows() hands over at most {limit:,} rows; got {found:,}. Use counts() or moments(), whose results "
            "stay small, or raise limit= where the memory allows it."
        )
    return fetch(table, data)


def _check_keys(columns, by, taken=()):
    if not columns:
        raise ValueError("columns must name at least one column; got none. Name the question to tally.")
    keys = [*by, *columns]
    twice = sorted({k for k in keys if keys.count(k) > 1})
    if twice:
        raise ValueError(f"each column can be named once; {', '.join(twice)} is named twice. Leave one out.")
    # the engine does not tell capitals from small letters
    clash = [k for k in keys if k.casefold() in taken]
    if clash:
        raise ValueError(f"{', '.join(taken)} are columns of the result; got {clash[0]!r} as a key. Rename it first.")


def _ready(table, by, values, spreads, each, faults):
    """What is summed, made once a row and missing where the row is not complete.

    ``_x`` values, ``_w`` the weight; of a counted table also ``_n`` answers and ``_s`` standard deviations.
    """
    import ibis

    complete = ibis.and_(*(v.notnull() for v in values))
    columns = {f"_x{i}": v for i, v in enumerate(values)} | {f"_s{i}": s for i, s in enumerate(spreads)}
    columns |= {} if each is None else {"_w": each}
    columns |= {"_n": table["n"]} if spreads else {}
    columns = {k: complete.ifelse(v, ibis.null("float64")) for k, v in columns.items()}
    left = {"_left": complete.ifelse(ibis.null("float64"), table["n"])} if spreads else {}
    return table.select(*by, _complete=complete, **columns, **left, **{f"_bad{i}": b for i, b in enumerate(faults)})


def _sums(ready, p, counted, weighted):
    """Aggregates by name; a published row of n answers counts as n answers with its spread inside."""
    each = ready["_w"] if weighted else None
    if counted:
        sums = {"_n": ready["_n"].sum(), "_missing": ready["_left"].sum()}
        size = ready["_n"] * each if weighted else ready["_n"]
    else:
        sums = {"_n": ready["_complete"].sum(), "_missing": (~ready["_complete"]).sum()}
        size = each
    if weighted:
        sums |= {"_w": size.sum(), "_w2": (each * size).sum()}
    for i in range(p):
        x = ready[f"_x{i}"]
        times = x if size is None else size * x
        sums[f"_t{i}"] = times.sum()
        if counted:
            inside = (ready["_n"] - 1) * ready[f"_s{i}"] * ready[f"_s{i}"]
            sums[f"_c{i}_{i}"] = (times * x + (each * inside if weighted else inside)).sum()
            sums[f"_unknown{i}"] = (ready["_complete"] & ready[f"_s{i}"].isnull()).sum()
        else:
            sums |= {f"_c{i}_{j}": (times * ready[f"_x{j}"]).sum() for j in range(i, p)}
    return sums


def _as_moments(found, columns, by, centre, counted):
    p = len(columns)
    cross = np.full((len(found), p, p), np.nan)
    # a group without complete rows has sums of nothing, which the engine calls missing
    get = {k: found[k].fillna(0).to_numpy(float) for k in found.columns.drop(by)}
    for i, j in pairs(range(p), 2):
        if f"_c{i}_{j}" in get:
            cross[:, i, j] = cross[:, j, i] = get[f"_c{i}_{j}"]
        if counted and i == j:
            cross[get[f"_unknown{i}"] > 0, i, i] = np.nan
    total = np.column_stack([get[f"_t{i}"] for i in range(p)])
    w, w2 = get.get("_w", get["_n"]), get.get("_w2", get["_n"])
    return Moments(found[by], tuple(columns), get["_n"], get["_missing"], w, w2, total, cross, centre)
