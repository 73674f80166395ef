"""What the service-profit chain amounts to: message keys with their values, no sentences."""

import numpy as np

from cxstudy.findings import Reading
from cxstudy.measures.chain_links import FEWEST, PER, clustered
from cxstudy.measures.chain_paths import FEWEST_UNITS, LOYALTY
from cxstudy.measures.pairing import left_out_list
from cxstudy.schema import TABLES

NOTE = "profit_chain.note"
SIMILAR = 0.8


def common_values(data, model, confidence):
    """Gaps that every sentence may use; ``data`` is a `chain_data.ChainData`, ``model`` a `chain_paths.ChainPaths`."""
    known = {c.name for c in TABLES["financials"].columns}
    chain = data.scales.chain
    groups = 0 if data.groups is None else len(data.groups)
    return {
        "n": model.n, "units": f"@nps_margin.units.{data.kind.replace(' ', '_').replace('-', '_')}",
        "level": 100 * confidence, "points": model.points, "per": PER, "least": FEWEST_UNITS, "fewest": FEWEST,
        "outcome": f"@nps_margin.outcome.{data.outcome}" if data.outcome in known else data.outcome,
        "of_outcome": f"@nps_margin.points.{data.outcome}" if data.outcome in known else data.outcome,
        "of_loyalty": f"@profit_chain.points.{data.loyalty}", "groups": groups,
        "companies": 0 if data.groups is None else data.groups["company"].nunique(),
        "synthetic": "@profit_chain.synthetic" if data.study.synthetic else "",
        "first": f"@profit_chain.name.{chain[0]}" if chain else "",
        "fewest_customers": data.fewest["customers"], "fewest_employees": data.fewest["employees"],
    }  # fmt: skip


def headline(data, model, tables, common):
    """The chain from its first scale to the outcome; without results, satisfied and engaged staff beside customers."""
    if model.why is not None:
        rows = staff_rows(tables["staff"])
        values = common | {"why": (model.why,), "list": tuple(rows)}
        return Reading("profit_chain.groups" if rows else "profit_chain.nothing", values)
    if model.own:
        last = model.tables["equations"].iloc[-1]
        listed = tuple(_arrow(row, common) for row in model.tables["paths"].itertuples())
        values = {"list": listed, "r2": 100 * last["estimate"], "last": _name(last["outcome"], common)}
        return Reading("profit_chain.own", common | values)
    first = data.scales.chain[0]
    through = model.effect(first, data.end, "through")
    values = common | _interval("through", through)
    values |= _interval("loyalty", model.step(first, LOYALTY)) | _interval("result", model.step(first, data.end))
    return Reading(f"profit_chain.{_side(through)}", values)


def notes(data, model, tables, readings, common):
    """One Reading under each doubt, ``profit_chain.note.…``; ``.none`` where it cannot be examined.

    ``readings``: why there is nothing lagged and nothing mediated (Reading or None), by the name of the table.
    """
    listed = left_out_list(data.left_out)
    yield Reading(f"{NOTE}.left_out{'' if listed else '.none'}", common | {"list": listed})
    yield from _scales(data, tables, common)
    yield from _model(data, model, common)
    yield from _staff(data, tables, common)
    yield _managers(tables["managers"], common)
    yield _lagged(tables["lagged"], readings["lagged"], common)
    yield _mediated(tables["mediation"], readings["mediation"], common)


def staff_rows(table):
    """Readings ``profit_chain.link`` of the rows of the table staff that stand alone and have a number."""
    rows = table[(table["model"] == "alone") & table["ci_low"].notna()]
    return [
        Reading("profit_chain.link", {
            "a": f"@profit_chain.name.{row.staff}", "b": _name(row.to, {}), "value": row.estimate,
            "low": row.ci_low, "high": row.ci_high,
        })
        for row in rows.itertuples()
    ]  # fmt: skip


def _scales(data, tables, common):
    scales, quality = data.scales, tables["quality"]
    single = quality.loc[quality["reason"] == "single-item", "scale"]
    names = tuple(Reading(f"profit_chain.name.{name}") for name in dict.fromkeys(single))
    yield Reading(f"{NOTE}.single{'' if names else '.none'}", common | {"list": names})
    rows = quality[quality["measure"].isin(["alpha", "omega", "ave"]) & quality["estimate"].notna()]
    measured = tuple(
        Reading(f"profit_chain.measure.{row.measure}", {
            "scale": f"@profit_chain.name.{row.scale}", "value": row.estimate, "low": row.ci_low, "high": row.ci_high,
        })
        for row in rows.itertuples()
    )  # fmt: skip
    yield Reading(f"{NOTE}.quality{'' if measured else '.none'}", common | {"list": measured})
    pairs = tables["scale_pairs"]
    pairs = pairs[(pairs["measure"] == "htmt") & pairs["estimate"].notna()]
    apart = tuple(
        Reading("profit_chain.link", {
            "a": f"@profit_chain.name.{row.scale}", "b": f"@profit_chain.name.{row.other}", "value": row.estimate,
            "low": row.ci_low, "high": row.ci_high,
        })
        for row in pairs.itertuples()
    )  # fmt: skip
    yield Reading(f"{NOTE}.htmt{'' if apart else '.none'}", common | {"list": apart})
    gone = tuple(
        Reading("profit_chain.lacks", {"scale": f"@profit_chain.name.{name}", "columns": ", ".join(columns)})
        for name, columns in scales.lacking.items()
    )
    yield Reading(f"{NOTE}.lacking{'' if gone else '.none'}", common | {"list": gone})
    if scales.asked_twice:
        yield Reading(f"{NOTE}.asked_twice", common | {"questions": ", ".join(scales.asked_twice)})


def _model(data, model, common):
    if model.why is not None:
        yield Reading(f"{NOTE}.effects.none", common | {"why": (model.why,)})
        return
    effects = model.tables["effects"]
    listed = tuple(
        Reading("profit_chain.effect", {
            "scale": _name(row["from"], common), "through": row["estimate"], "low": row["ci_low"],
            "high": row["ci_high"], "total": model.effect(row["from"], data.end, "total")["estimate"],
        })
        for row in effects[effects["kind"] == "through"].to_dict("records")
    )  # fmt: skip
    yield Reading(f"{NOTE}.effects{'' if listed else '.own'}", common | {"list": listed})
    staff = [name for name in data.scales.chain if name in model.correlations]
    pairs = [(model.correlations.loc[a, b], a, b) for i, a in enumerate(staff) for b in staff[i + 1 :]]
    if pairs:
        r, a, b = max(pairs)
        values = {"r": r, "a": f"@profit_chain.name.{a}", "b": f"@profit_chain.name.{b}"}
        yield Reading(f"{NOTE}.correlated{'' if r >= SIMILAR else '.apart'}", common | values)


def _staff(data, tables, common):
    rows = tuple(staff_rows(tables["staff"]))
    yield Reading(f"{NOTE}.staff{'' if rows else '.none'}", common | {"list": rows})
    kind = "" if clustered(data) else ".none" if data.groups is None else ".few"
    why = (data.why_groups,) if data.why_groups is not None else ()
    yield Reading(f"{NOTE}.clusters{kind}", common | {"why": why})


def _managers(table, common):
    row = table.iloc[0]
    if not np.isfinite(row["ci_low"]):
        return Reading(f"{NOTE}.managers.none", common | {"why": f"@profit_chain.reason.{row['reason']}"} | _gaps(row))
    values = common | _interval("slope", row) | {"used": int(row["n"]), "lost": int(row["n_missing"])}
    staff = table.iloc[1]
    key = f"{NOTE}.managers" + ("" if np.isfinite(staff["ci_low"]) else ".alone")
    return Reading(key, values | _interval("staff", staff))


def _lagged(table, why, common):
    if why is not None:
        return Reading(f"{NOTE}.spiral.none", common | {"why": (why,)})
    cross = table[table["kind"] == "cross"].set_index("from")
    values = _interval("forth", cross.loc["employees"]) | _interval("back", cross.loc["customers"])
    return Reading(f"{NOTE}.spiral", common | values | {"used": int(cross["units"].iloc[0])})


def _mediated(table, why, common):
    if why is not None:
        return Reading(f"{NOTE}.mediation.none", common | {"why": (why,)})
    rows = table.set_index("effect")
    values = _interval("indirect", rows.loc["indirect"]) | _interval("direct", rows.loc["direct"])
    return Reading(f"{NOTE}.mediation", common | values | {"used": int(rows["n"].iloc[0])})


def _gaps(row):
    return {"n": int(row["n"]), "columns": "engagement"}


def _arrow(row, common):
    given = {"a": _name(row[1], common), "b": _name(row.to, common)}
    return Reading("profit_chain.link", given | {"value": row.estimate, "low": row.ci_low, "high": row.ci_high})


def _name(name, common):
    """The name of a variable in the reader's language: a scale's, loyalty's, or the outcome's."""
    from cxstudy.language import catalogue

    if f"profit_chain.name.{name}" in catalogue("en"):
        return f"@profit_chain.name.{name}"
    return f"@nps_margin.outcome.{name}" if f"nps_margin.outcome.{name}" in catalogue("en") else name


def _side(row):
    low, high = row["ci_low"], row["ci_high"]
    return "supported" if low > 0 else "contrary" if high < 0 else "undecided"


def _interval(name, row):
    keys = {"": "estimate", "_low": "ci_low", "_high": "ci_high"}
    return {f"{name}{tail}": float(row.get(key, np.nan)) for tail, key in keys.items()}
