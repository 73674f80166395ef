"""How well the scales of the chain are measured: alpha, omega, loadings, AVE, HTMT; single questions said to be so."""

import pandas as pd

from cxstudy.counted import is_counted
from cxstudy.engine import as_table, number
from cxstudy.faults import NotTestable
from cxstudy.measures.index import scale_of
from cxstudy.measures.reliability import alpha, omega
from cxstudy.stats.paths import VOCABULARY
from cxstudy.stats.scale_quality import scale_quality
from cxstudy.tally import rows

MOST_ROWS = 200_000
LEAST_OMEGA = 3
FEWEST_UNITS = 10
TABLES = {
    "quality": ["side", "scale", "measure", "items"],
    "item_quality": ["side", "scale", "item", "measure", "reversed"],
    "scale_pairs": ["side", "scale", "other", "measure"],
}


def chain_quality(study, scales, *, confidence=0.95, replicates=400, seed=1):
    """Tables quality, item_quality and scale_pairs of the scales of both sides, `stats.scale_quality` on the persons.

    ``scales``: a `chain_scales.ChainScales`. Items are put on 0–100, high is good; units are drawn as a whole where
    there are 10 or more. A scale
    of one question is a row of ``quality`` with the reason single-item; counts give the reason counted; above 200,000
    answers a side only alpha and omega of the items as they are asked are made. The CX
    index is judged where study.yaml declares it.
    """
    found = {name: [] for name in TABLES}
    for side in ("employees", "customers"):
        if not study.has(side):
            continue
        named = dict(scales.staff if side == "employees" else scales.customers)
        index = study.config.items.get("cx_index", ())
        if side == "customers" and index and tuple(named.get("satisfied_customers", ())) != tuple(index):
            own = {q: scale_of(study, side, q) for q in index}
            named |= {"cx_index": own} if all(own.values()) and study.has(side, *index) else {}
        single = [name for name, items in named.items() if len(items) == 1]
        found["quality"] += [_none(name, 1, "single-item", confidence, side) for name in single]
        several = {name: items for name, items in named.items() if len(items) > 1}
        for part in _apart(several):
            _judge(study, side, part, found, {"confidence": confidence, "replicates": replicates, "seed": seed})
    empty = {name: pd.DataFrame(columns=[*first, *VOCABULARY]) for name, first in TABLES.items()}
    return {
        name: pd.concat(parts, ignore_index=True)[[*TABLES[name], *VOCABULARY]] if parts else empty[name]
        for name, parts in found.items()
    }


def _apart(scales):
    """The scales in groups within which no question occurs twice."""
    groups = []
    for name, items in scales.items():
        free = next((g for g in groups if not any(set(items) & set(held) for held in g.values())), None)
        if free is None:
            groups.append({name: items})
        else:
            free[name] = items
    return groups


def _judge(study, side, scales, found, settings):
    table, confidence = getattr(study, side), settings["confidence"]
    if is_counted(table):
        found["quality"] += [_none(n, len(items), "counted", confidence, side) for n, items in scales.items()]
        return
    columns = [q for items in scales.values() for q in items]
    if table.n > MOST_ROWS:
        for name, items in scales.items():
            for measure, make in (("alpha", alpha), ("omega", omega))[: 1 + (len(items) >= LEAST_OMEGA)]:
                row = make(study, list(items), table=side, confidence=confidence).assign(scale=name, measure=measure)
                row = row.assign(side=side, unit="share").astype({"reason": object})
                found["quality"].append(row.reindex(columns=[*TABLES["quality"], *VOCABULARY]))
        return
    expr = as_table(table, [*columns, "unit"])
    turned = {q: scale.index(number(expr[q])[0]) for items in scales.values() for q, scale in items.items()}
    persons = rows(expr.mutate(**turned), [*columns, "unit"])
    try:
        named = {name: list(items) for name, items in scales.items()}
        several = persons["unit"].nunique() >= FEWEST_UNITS
        judged = scale_quality(persons, named, cluster="unit" if several else None, **settings)
    except NotTestable as error:
        found["quality"] += [_none(n, len(items), error.reason, confidence, side) for n, items in scales.items()]
        return
    for name, part in zip(TABLES, (judged.scales, judged.items, judged.pairs), strict=True):
        if len(part):
            found[name].append(part.assign(side=side))


def _none(name, items, reason, confidence, side):
    row = {"side": side, "scale": name, "measure": "alpha", "items": items, "n": 0, "n_missing": 0}
    row |= {"confidence": confidence, "unit": "share", "method": "", "reason": reason}
    table = pd.DataFrame([row])
    return table.reindex(columns=[*TABLES["quality"], *VOCABULARY])
