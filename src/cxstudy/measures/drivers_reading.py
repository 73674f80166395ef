"""What a driver analysis amounts to: message keys with their values, no sentences."""

import numpy as np

from cxstudy.findings import Reading
from cxstudy.measures.driver_map import OPEN
from cxstudy.measures.driver_notes import NOTE, derived_notes
from cxstudy.measures.handling_time import SATISFACTION

SOME = 5


def common_values(parts):
    """Gaps that every sentence may use."""
    one, found = parts.settings, parts.found
    values = {
        "level": 100 * one.confidence, "margin": one.margin, "method": f"@drivers.method.{one.method}",
        "synthetic": "@employee_ambassadors.synthetic" if parts.study.synthetic else "",
    }  # fmt: skip
    if parts.importance is not None:
        table = parts.importance
        values |= {
            "outcome": _outcome(found.outcome), "name": found.outcome.name, "count": len(table),
            "n": int(table["n"].min()),
            "n_missing": int(table["n_missing"].max()), "r2": table["r_squared"].iloc[0],
            "among": f"@drivers.among.{'units' if found.between else 'answers'}",
        }  # fmt: skip
    return values


def headline(parts, common):
    """What customers name first, and what goes most with the outcome; one of them where the other cannot be had."""
    stated = None if parts.stated.empty else _stated_first(parts, common)
    # the word synthetic is said once
    rest = common if stated is None else common | {"synthetic": ""}
    derived = None if parts.importance is None else _derived_first(parts, rest)
    why = parts.derived_why if derived is None else parts.stated_why
    said = (stated or derived, derived if stated and derived else why)
    return Reading("drivers.two_sentences", {"first": (said[0],), "second": (said[1],)})


def notes(parts, tables, chain, chain_why, common):
    """One Reading under each doubt, ``drivers.note.…``; ``.none`` where there is nothing to say."""
    yield from _stated_notes(parts, common)
    if parts.importance is None:
        yield Reading(f"{NOTE}.derived.none", common | {"why": (parts.derived_why,)})
    else:
        yield from derived_notes(parts, tables, common)
    yield _disagree(tables["stated_and_derived"], common)
    yield _left_out(parts.left_out, common)
    yield _chain(chain, chain_why, common)


def _stated_first(parts, common):
    rows = parts.stated
    row = rows.iloc[0]
    others = rows.loc[(rows["rank_low"] == 1) & (rows["driver"] != row["driver"]), "driver"]
    values = common | {
        "stated_n": row["n_answers"], "first": row["driver"], "share": row["estimate"], "low": row["ci_low"],
        "high": row["ci_high"], "options": len(rows), "others": _some(others),
    }  # fmt: skip
    key = "no_ranks" if np.isnan(row["rank_high"]) else "open" if len(others) else "clear"
    return Reading(f"drivers.stated.{key}", values)


def _derived_first(parts, common):
    table = parts.importance
    row = table.loc[table["estimate"].abs().idxmax()]
    others = table.loc[(table["rank_low"] == 1) & (table["driver"] != row["driver"]), "driver"]
    values = common | {
        "driver": row["driver"], "importance": row["estimate"], "low": row["ci_low"], "high": row["ci_high"],
        "others": _some(others),
    }  # fmt: skip
    kind = "beta" if parts.settings.method == "beta" else "share"
    word = "no_interval" if np.isnan(row["ci_low"]) else "clear" if others.empty else "open"
    return Reading(f"drivers.derived.{kind}_{word}", values)


def _some(names):
    """The first names of a list; of a long one their number as well."""
    names = list(names)
    return ", ".join(names if len(names) <= SOME else [*names[:SOME], f"… ({len(names)})"])


def _stated_notes(parts, common):
    if parts.stated.empty:
        yield Reading(f"{NOTE}.stated.none", common | {"why": (parts.stated_why,)})
        return
    rows = parts.stated
    first = rows.iloc[0]
    values = common | {
        "stated_n": first["n_answers"], "stated_missing": first["n_missing"], "effective": rows["n_effective"].min(),
        "effect": rows["design_effect"].max(), "list": _shares(rows),
    }  # fmt: skip
    yield Reading(f"{NOTE}.stated", values)
    design = "weights" if "linearised" in first["method"] and not parts.cluster else None
    design = "clusters" if parts.cluster else design or "plain"
    yield Reading(f"{NOTE}.stated_design.{design}", values)
    tied = parts.stated_pairs[parts.stated_pairs["equivalent"]]
    listed = tuple(
        Reading(
            "drivers.tie", {"a": r.driver_a, "b": r.driver_b, "gap": r.estimate, "low": r.ci_low, "high": r.ci_high}
        )
        for r in tied.itertuples()
    )
    yield Reading(f"{NOTE}.ties{'' if listed else '.none'}", values | {"list": listed})


def _disagree(table, common):
    if table.empty:
        return Reading(f"{NOTE}.disagree.none", common)
    flagged = table[table["flag"].str.endswith("higher")]
    listed = tuple(
        Reading(
            f"drivers.flag.{r.flag.replace('-', '_')}", {"driver": r.driver, "stated": r.stated, "derived": r.derived}
        )
        for r in flagged.itertuples()
    )
    values = common | {
        "list": listed,
        "compared": len(table),
        "open": ", ".join(table.loc[table["flag"] == OPEN, "driver"]),
    }
    if listed:
        return Reading(f"{NOTE}.disagree", values)
    return Reading(f"{NOTE}.disagree.{'open' if values['open'] else 'same'}", values)


def _left_out(rows, common):
    if not rows:
        return Reading(f"{NOTE}.left_out.none", common)
    listed = tuple(
        Reading(f"drivers.left_out.{why.replace('-', '_')}", {"what": what, "n": n}) for why, what, n, _ in rows
    )
    return Reading(f"{NOTE}.left_out", common | {"list": listed})


def _chain(chain, why, common):
    if chain is None:
        return Reading(f"{NOTE}.chain.none", common | {"why": (why,)})
    rows = chain.chain[chain.chain["kind"] == "indirect"]
    listed = tuple(
        Reading(
            f"drivers.indirect.{_side(row['ci_low'], row['ci_high'])}",
            {"start": row["from"], "estimate": row["estimate"], "low": row["ci_low"], "high": row["ci_high"]},
        )
        for row in rows.to_dict("records")
        if row["to"] == SATISFACTION
    )
    gone = sum(chain.left_out.values())
    values = {"groups": chain.groups, "companies": chain.companies, "list": listed, "gone": gone}
    return Reading(f"{NOTE}.chain{'' if chain.clustered else '.few'}", common | values)


def _side(low, high):
    return "below" if high < 0 else "above" if low > 0 else "open"


def _shares(rows):
    key = "drivers.share" if rows["rank_low"].notna().all() else "drivers.share_only"
    return tuple(
        Reading(
            f"{key}{'' if key.endswith('only') or r.rank_low < r.rank_high else '_certain'}",
            {"driver": r.driver, "share": r.estimate, "low": r.rank_low, "high": r.rank_high},
        )
        for r in rows.itertuples()
    )


def _outcome(question):
    return f"@drivers.outcome.{question.shown}"
