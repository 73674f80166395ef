"""The one call shape of the measures that are means: of a question on its own scale, or of an index on 0–100.

The mean and its error come from `tally.moments`, so their cost after the tally does not grow with the answers. The
standard error is the linearised one (`cxstudy.measures.survey_design`), without weights and clusters s / √n; the
interval is Student's t with units − strata degrees of freedom, n − 1 for plain answers. It may reach past the
ends of the scale, at which it is cut.
"""

import numpy as np
import pandas as pd

from cxstudy.counted import is_counted
from cxstudy.engine import as_table, fetch, names, number, weight, without_nan
from cxstudy.faults import DataError, Fault, NotTestable, unknown_name
from cxstudy.measures.estimate import check_groups, table_of, too_few, usable, whole
from cxstudy.measures.index import Scale, declared_scale, index_column
from cxstudy.measures.survey_design import groups_of, ratios
from cxstudy.stats import linearised
from cxstudy.stats.intervals import check_confidence, check_method, mean_interval
from cxstudy.tally import counts, moments

METHODS = ("t",)
_VALUE, _SQUARED = "_value", "_squared_weight"


def scales_of(data, table, items, scale=None, *, needed=True):
    """``{question: Scale}`` of ``items``.

    ``scale``, where given, is (low, high), (low, high, "low") for a scale whose low end is good, an `index.Scale`, or a
    dict of these by question; else it is what the study (or table of one) declares, else that of the canonical
    column of ``table``. ValueError for a question without any, which stays None where it is not ``needed``.
    """
    given = scale if isinstance(scale, dict) else dict.fromkeys(items, scale)
    held = getattr(table_of(data, table), "scales", None)
    held = held if isinstance(held, dict) else {}
    found = {}
    for item in items:
        own = given.get(item)
        found[item] = declared_scale(held, table, item) if own is None else _as_scale(own)
        if found[item] is None and needed:
            raise ValueError(f"{item} needs a scale; none is declared. Give scale=(1, 5), with its own ends.")
    return found


def mean_of_question(data, score, scale, by, design, confidence, method, *, table, unit, index=False):
    """The result table of the mean of one question, on its own scale or (``index``) on 0–100, 100 the good end.

    ``scale``: `index.Scale`. Columns as `cxstudy.measures.nps.nps` without the classes, with ``df``. Counted tables
    that publish means will do; without standard deviations they give no error.
    """
    data = table_of(data, table)
    if is_counted(data):
        source, column = data, score
    else:
        check_range(data, {score: scale})
        source, column = as_table(data, _wanted([score], by, design)), score
    result = _means(source, column, by, design, confidence, method, (scale.low, scale.high), unit)
    if not index:
        return result
    ends = [scale.index(result[c]) for c in ("ci_low", "ci_high")]
    low, high = reversed(ends) if scale.better == "low" else ends
    error = result["std_error"] * 100 / scale.width
    return result.assign(estimate=scale.index(result["estimate"]), std_error=error, ci_low=low, ci_high=high)


def mean_of_index(data, scales, by, design, confidence, method, *, table, unit, item_weights=None):
    """The result table of the mean over persons of the index of several questions, see `index.index_column`.

    Persons with under 71 % of the questions answered are counted in ``n_missing``. NotTestable for a counted table.
    """
    data = table_of(data, table)
    if is_counted(data):
        reason = "an index of several questions needs each person's answers; this table has counts."
        raise NotTestable(reason, ["answers"])
    check_range(data, scales)
    source = as_table(data, _wanted(list(scales), by, design))
    # CSV holds text; the items as numbers stand beside it, since one may be a group as well
    own = {q: f"_item{i}" for i, q in enumerate(scales)}
    source = source.mutate(**{own[q]: number(source[q])[0] for q in scales})
    counted = None if item_weights is None else {own[q]: w for q, w in item_weights.items()}
    source = source.mutate(**{_VALUE: index_column(source, {own[q]: s for q, s in scales.items()}, counted)})
    return _means(source, _VALUE, by, design, confidence, method, (0, 100), unit)


def _means(source, column, by, design, confidence, method, ends, unit):
    confidence = check_confidence(confidence)
    check_method(method, METHODS)
    by, centre = check_groups(by), (ends[0] + ends[1]) / 2
    cells = _cells(source, column, design.keys(by), design, centre)
    keys, group = groups_of(cells, by)
    found, variance = ratios(cells, group, len(keys), design)
    n, missing = (np.bincount(group, cells[c], len(keys)) for c in ("_n", "_left"))
    error, size, df = usable(found, variance, n, design, capped=True)
    df = found.df if np.isinf(df).all() else df
    estimate = found.estimate + centre
    low, high = (np.clip(end, *ends) for end in mean_interval(estimate, error, df, confidence=confidence))
    none = np.where(n > 0, "the weights add up to zero", "no answers").astype(object)
    columns = {"n": whole(n), "n_missing": whole(missing), "estimate": estimate, "std_error": error}
    columns |= {"ci_low": low, "ci_high": high, "df": df}
    if design.given:
        columns |= {"design_effect": linearised.design_effect(variance, found, n), "n_effective": size}
    label = f"{method}, linearised" if design.given else method
    columns |= {"confidence": confidence, "unit": unit, "method": label}
    columns["reason"] = pd.array(np.where(np.isnan(estimate), none, None), dtype="str")
    frame = keys.assign(**{c: v for c, v in columns.items() if c not in keys})
    silent = np.isnan(variance) & np.isnan(error) & ~np.isnan(estimate)
    unknown = np.where(silent, "means without standard deviations: no error", None)
    reason = pd.Series(unknown, index=frame.index, dtype="str").fillna(too_few(frame, found, design))
    return frame.assign(reason=frame["reason"].fillna(reason))


def _cells(source, column, keys, design, centre):
    """The sums of `linearised.Sums` by ``keys``, and ``_left``, the rows without a value."""
    sums = moments(source, column, by=keys, weights=design.weights, centre=centre)
    total, square = sums.total[:, 0], sums.cross[:, 0, 0]
    cells = sums.keys.assign(_n=sums.n, _left=sums.n_missing, _w=sums.w, _x=total, _xx=square)
    cells = cells.assign(_w2=sums.w2, _w2x=total, _w2xx=square)
    if design.margins:
        if is_counted(source):
            raise NotTestable("calibrated= needs each answer with its categories; this table has counts.", ["answers"])
        # rows without an answer were weighted too; groups come in the same order
        every = counts(source, keys[-1], by=keys[:-1], weights=design.weights)
        cells = cells.assign(_all_w=every["w"], _all_w2=every["w2"])
    if design.weights and not design.cluster:
        if is_counted(source):
            raise NotTestable("weights of a table of counts need cluster=: each row is one unit.", ["answers"])
        each = weight(source[design.weights])[0]
        squared = moments(source.mutate(**{_SQUARED: each * each}), column, by=keys, weights=_SQUARED, centre=centre)
        cells = cells.assign(_w2x=squared.total[:, 0], _w2xx=squared.cross[:, 0, 0])
    return cells


def _wanted(items, by, design):
    return [*items, *design.keys(names(by)), *names(design.weights)]


def check_range(data, scales):
    """DataError for answers off their scale; how many, not which, since they may be employees'."""
    source = without_nan(as_table(data, list(scales)), list(scales))
    counted = {}
    for i, (item, scale) in enumerate(scales.items()):
        value, bad = number(source[item])
        off = (value < scale.low) | (value > scale.high)
        off = off | (value != value.floor()) if scale.whole else off
        # True is no answer on a scale, though it converts to 1
        truth = source[item].notnull() if source[item].type().is_boolean() else bad
        counted[f"off{i}"] = (off.fill_null(False) | truth).cast("int64").sum()
    found = fetch(source.aggregate(**counted), data).fillna(0).iloc[0]
    faults = []
    for i, (item, scale) in enumerate(scales.items()):
        if found[f"off{i}"]:
            kind = "whole numbers" if scale.whole else "numbers"
            rule = f"{item} must hold {kind} from {scale.low:g} to {scale.high:g}."
            seen = f"other values in {int(found[f'off{i}']):,} answers."
            remedy = "mend them, or leave empty (in study.yaml: declare missing) the codes that stand for no answer."
            faults.append(Fault(rule, seen, remedy, f"column {item}"))
    if faults:
        raise DataError(faults)


def _as_scale(given):
    if isinstance(given, Scale):
        return given
    try:
        low, high, better = (*given, "high") if len(given) == 2 else given
        found = Scale(float(low), float(high), better)
    except (TypeError, ValueError):
        found = None
    if found is None or not found.low < found.high or found.better not in ("high", "low"):
        raise ValueError(f"scale is (low, high), or (low, high, 'low') where the low end is good; got {given!r}.")
    return found


def items_of(data, table, items, name, default=None):
    """The questions of an index: ``items``, else those that study.yaml declares under ``items: {name: …}``."""
    config = getattr(data, "config", None)
    declared = getattr(config, "items", None)
    if items is None and isinstance(declared, dict):
        items = declared.get(name)
    items = names(items) or list(default or ())
    if not items:
        remedy = f"Give items=[…], or items.{name} in study.yaml."
        raise ValueError(f"items names the questions of the index; got none. {remedy}")
    twice = sorted({q for q in items if items.count(q) > 1})
    if twice:
        raise ValueError(f"each item can be named once; {', '.join(twice)} is named twice. Leave one out.")
    held = table_of(data, table)
    if is_counted(held):
        there = held.means
    elif isinstance(held, pd.DataFrame):
        there = held.columns
    else:
        return items
    absent = [q for q in items if q not in there]
    if absent:
        raise ValueError(unknown_name("question", absent[0], there))
    return items
