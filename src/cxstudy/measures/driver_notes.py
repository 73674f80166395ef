"""What derived importance amounts to, and what to know of it: message keys with their values, no sentences."""

from cxstudy.findings import Reading

NOTE = "drivers.note"
PRIORITIES = 3


def derived_notes(parts, tables, common):
    """One Reading under each doubt about derived importance, and the priorities in words."""
    table, found = parts.importance, parts.found
    listed = ", ".join(found.drivers)
    yield Reading(f"{NOTE}.derived.{'units' if found.between else 'answers'}", common | {"list": listed})
    yield Reading(f"{NOTE}.resampled.{_resampled(table)}", common | {"resampled": int(table["n_resampled"].iloc[0])})
    remark = table["remark"].dropna()
    if len(remark):
        yield Reading(f"{NOTE}.remark", common | {"text": remark.iloc[0]})
    yield _reversed(tables["correlations"], common)
    yield _signs(tables, found.outcome, common)
    yield _methods(tables["sensitivity"], found.outcome, common)
    yield _beside(tables["sensitivity"], found, common)
    yield from priorities(tables["map"], common)
    unknown = [d for d, scale in found.drivers.items() if scale is None]
    if unknown:
        yield Reading(f"{NOTE}.no_scale", common | {"list": ", ".join(unknown), "first": unknown[0]})


def _resampled(table):
    word = table["resampled"].iloc[0]
    return "none" if not table["replicates"].iloc[0] else str(word).replace(" ", "_")


def _reversed(table, common):
    rows = table[table["suspected"]]
    listed = tuple(
        Reading("drivers.correlation", {"driver": r.driver, "r": r.estimate, "others": r.with_others})
        for r in rows.itertuples()
    )
    return Reading(f"{NOTE}.reversed{'' if listed else '.none'}", common | {"list": listed})


def opposite_signs(tables, outcome):
    """The drivers with a negative coefficient beside the others (whole interval) and a positive correlation."""
    beta = tables["sensitivity"].query("method == 'beta'")
    beta = beta[beta["outcome"] == outcome].set_index("driver")
    rows = tables["correlations"].set_index("driver").join(beta[["estimate", "ci_high"]].add_suffix("_beta"))
    return rows[(rows["ci_low"] > 0) & (rows["ci_high_beta"].astype(float) < 0)]


def _signs(tables, outcome, common):
    rows = opposite_signs(tables, outcome.name)
    listed = tuple(
        Reading("drivers.sign", {"driver": r.Index, "r": r.estimate, "beta": r.estimate_beta})
        for r in rows.itertuples()
    )
    return Reading(f"{NOTE}.signs{'' if listed else '.none'}", common | {"list": listed})


def _methods(table, outcome, common):
    rows = table[(table["outcome"] == outcome.name) & table["estimate"].notna()]
    first = {
        method: part.loc[part["estimate"].abs().idxmax(), "driver"]
        for method, part in rows.groupby("method", sort=False)
    }
    if len(set(first.values())) == 1:
        listed = tuple(Reading(f"drivers.method.{m}") for m in first)
        return Reading(f"{NOTE}.methods.same", common | {"first": next(iter(first.values())), "list": listed})
    listed = tuple(
        Reading("drivers.first_by", {"first": d, "method": f"@drivers.method.{m}"}) for m, d in first.items()
    )
    return Reading(f"{NOTE}.methods.differ", common | {"list": listed})


def _beside(table, found, common):
    if found.beside is None:
        return Reading(f"{NOTE}.beside.none", common)
    rows = table[(table["outcome"] == found.beside.name) & table["estimate"].notna()]
    if rows.empty:
        return Reading(f"{NOTE}.beside.none", common)
    row = rows.loc[rows["estimate"].abs().idxmax()]
    return Reading(
        f"{NOTE}.beside",
        common | {
            "beside": row["outcome"], "first": row["driver"], "importance": abs(row["estimate"]),
            "beside_r2": row["r_squared"],
        },
    )  # fmt: skip


def priorities(table, common):
    """The first three rows of the importance–performance map in words, and whether their order is certain."""
    rows = table[table["priority"].notna()].head(PRIORITIES)
    for row in rows.itertuples():
        words = {f"{of}_word": f"@drivers.{of}.{getattr(row, f'{of}_is')}" for of in ("importance", "performance")}
        values = common | words | {
            "place": int(row.rank), "driver": row.driver, "importance": row.importance, "performance": row.performance,
            "importance_mean": row.importance_mean, "performance_mean": row.performance_mean,
        }  # fmt: skip
        yield Reading(f"{NOTE}.priority", values)
    if rows.empty:
        yield Reading(f"{NOTE}.priority.none", common)
        return
    if rows["rank_low"].isna().any():
        yield Reading(f"{NOTE}.priority_order.none", common)
        return
    open_rows = table[(table["rank_low"] <= PRIORITIES) & (table["rank_low"] < table["rank_high"])]
    if open_rows.empty:
        yield Reading(f"{NOTE}.priority_order.clear", common)
        return
    yield Reading(f"{NOTE}.priority_order.open", common | {"list": _ranks(open_rows)})


def _ranks(rows):
    return tuple(
        Reading("drivers.rank", {"driver": r.driver, "low": int(r.rank_low), "high": int(r.rank_high)})
        for r in rows.itertuples()
    )
