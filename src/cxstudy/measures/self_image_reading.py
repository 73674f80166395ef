"""What the two sides' answers amount to: message keys with their values, no sentences."""

import numpy as np

from cxstudy.findings import Reading
from cxstudy.measures.ambassadors import FEWEST_COMPANIES
from cxstudy.measures.pairing import left_out_list
from cxstudy.measures.self_image import PATTERNS

NOTE = "self_image.note"
SIDES = ("employees", "customers")


def common_values(parts):
    """Gaps that every sentence may use."""
    return {
        "n": len(parts.groups), "companies": parts.companies, "level": 100 * parts.confidence, "margin": parts.margin,
        "competence": ", ".join(parts.of_kind("competence")), "service": ", ".join(parts.of_kind("service")),
        "shared": ", ".join(parts.shown), "fewest_companies": FEWEST_COMPANIES,
        "fewest_customers": parts.fewest[0], "fewest_employees": parts.fewest[1],
        "synthetic": "@employee_ambassadors.synthetic" if parts.study.synthetic else "",
    }  # fmt: skip


def headline(found, tables, parts, common):
    """The share of the pattern against chance; without it the gaps."""
    share, excess = found["share_both"], found["share_both_above_chance"]
    if np.isnan(share.estimate):
        lacking = [kind for kind in PATTERNS if kind not in parts.kinds]
        key = "gaps_only" if lacking else "few_groups_both"
        words = {"lacking": f"@self_image.lacking.{'_'.join(lacking)}" if lacking else "", "reason": share.reason}
        return Reading(f"self_image.{key}", common | words | {"list": tuple(gap_readings(tables["gaps"], common))})
    values = common | _interval("share", share) | _interval("excess", excess)
    values |= {"chance": found["share_chance"].estimate, "both": share.n}
    if np.isnan(excess.ci_low):
        return Reading("self_image.no_interval", values)
    word = "above" if excess.ci_low > 0 else "below" if excess.ci_high < 0 else "undecided"
    return Reading(f"self_image.{word}", values)


def gap_readings(table, common):
    """One Reading a dimension: lower, higher, equivalent, both (differs, but by less than matters), undecided, none."""
    for row in table.itertuples():
        values = common | {"dimension": row.dimension, "gap": row.estimate, "low": row.ci_low, "high": row.ci_high}
        if np.isnan(row.ci_low):
            word = "none"
        else:
            word = "lower" if row.ci_high < 0 else "higher" if row.ci_low > 0 else "undecided"
            if row.equivalent:
                word = "equivalent" if word == "undecided" else f"{word}_equivalent"
        yield Reading(f"self_image.gap.{word}", values)


def notes(found, tables, parts, common):
    """One Reading under each doubt, ``self_image.note.…``; ``.none`` where it cannot be examined."""
    yield _left_out(parts.left_out, common)
    yield from _questions(parts, common)
    yield Reading(f"{NOTE}.gaps", common | {"list": tuple(gap_readings(tables["gaps"], common))})
    few = ".one" if parts.companies == 1 else ".few"
    yield Reading(f"{NOTE}.clusters{'' if parts.clustered else few}", common)
    yield from _chance(found, parts, common)
    yield _limits(tables["limits"], common)
    yield _agreement(tables["agreement"], common)
    yield _model(tables["model"], common)
    yield _surface(tables["surface_terms"], common)


def _left_out(left_out, common):
    if not len(left_out):
        return Reading(f"{NOTE}.left_out.none", common)
    return Reading(f"{NOTE}.left_out", common | {"list": left_out_list(left_out)})


def _questions(parts, common):
    asked = parts.questions
    sides = asked.one_side | {q: _other(side) for q, side in parts.without.items()}
    if sides:
        listed = tuple(Reading(f"self_image.only.{side}", {"question": q}) for q, side in sides.items())
        yield Reading(f"{NOTE}.one_side", common | {"list": listed})
    else:
        yield Reading(f"{NOTE}.one_side.none", common)
    unlike = [q for q in parts.shown if asked.scales["customers"][q] != asked.scales["employees"][q]]
    if unlike:
        listed = tuple(Reading("self_image.two_scales", {"question": q} | _ends(asked, q)) for q in unlike)
        yield Reading(f"{NOTE}.scales", common | {"list": listed})
    stands = [
        f"{q} ({side}): {parts.study.tables[side].stands_for[q]}"
        for q in parts.shown for side in SIDES if q in parts.study.tables[side].stands_for
    ]  # fmt: skip
    if stands:
        yield Reading(f"{NOTE}.stands_for", common | {"list": "; ".join(stands)})


def _chance(found, parts, common):
    share, clear, latent = (found[name] for name in ("share_both", "share_both_clear", "share_both_latent"))
    if np.isnan(share.estimate):
        values = common | {"why": latent.reason or ""}
        yield from (Reading(f"{NOTE}.{name}.none", values) for name in ("chance", "clear", "latent"))
        return
    values = common | _interval("share", share) | _interval("excess", found["share_both_above_chance"])
    values |= {"chance": found["share_chance"].estimate, "mirror": found["share_mirror"].estimate, "both": share.n}
    values |= {"independent": found["share_independent"].estimate}
    together = parts.groups.loc[parts.compared, "covariance"].notna().all()
    yield Reading(f"{NOTE}.chance{'' if together else '.means'}", values)
    yield Reading(f"{NOTE}.clear{'' if np.isfinite(clear.estimate) else '.none'}", values | _interval("clear", clear))
    values |= _interval("latent", latent) | {"why": latent.reason or ""}
    yield Reading(f"{NOTE}.latent{'' if np.isfinite(latent.ci_low) else '.none'}", values)


def _limits(table, common):
    rows = table[table["of"].isin(["lower", "upper"]) & table["estimate"].notna()]
    if rows.empty:
        return Reading(f"{NOTE}.limits.none", common)
    by = rows.pivot(index="dimension", columns="of", values="estimate").reindex(rows["dimension"].unique())
    listed = tuple(
        Reading("self_image.limit", {"dimension": name, "low": row["lower"], "high": row["upper"]})
        for name, row in by.iterrows()
    )
    return Reading(f"{NOTE}.limits", common | {"list": listed})


def _agreement(table, common):
    rows = table[table["estimate"].notna()]
    if rows.empty:
        return Reading(f"{NOTE}.agreement.none", common)
    by = rows.pivot(index="dimension", columns="index", values="estimate").reindex(rows["dimension"].unique())
    listed = tuple(
        Reading("self_image.agree", {"dimension": name, "icc": row["icc_a1"], "r": row["r"]})
        for name, row in by.iterrows()
    )
    return Reading(f"{NOTE}.agreement", common | {"list": listed})


def _model(table, common):
    first = table.iloc[0]
    if isinstance(first["reason"], str):
        return Reading(f"{NOTE}.model.none", common | {"why": f"@self_image.reason.{first['reason']}"})
    rows = table[table["term"] == "difference"]
    n = int(first["n"])
    if rows.empty:
        return Reading(f"{NOTE}.model.one", common | {"used": n})
    apart = int(((rows["ci_low"] > 0) | (rows["ci_high"] < 0)).sum())
    values = {"used": n, "apart": apart, "compared": len(rows), "first": first["dimension"]}
    return Reading(f"{NOTE}.model", common | values)


def _surface(table, common):
    rows = table.set_index("term")
    if isinstance(rows["reason"].iloc[0], str):
        return Reading(f"{NOTE}.surface.none", common | {"why": f"@self_image.reason.{rows['reason'].iloc[0]}"})
    values = common | {"used": int(rows["n"].iloc[0]), "r2": rows["r2"].iloc[0], "r2_linear": rows["r2_linear"].iloc[0]}
    for term in ("a1", "a2", "a3", "a4"):
        values |= {term: rows.loc[term, "estimate"]}
        values |= {f"{term}_low": rows.loc[term, "ci_low"], f"{term}_high": rows.loc[term, "ci_high"]}
    bends = "down" if rows.loc["a4", "ci_high"] < 0 else "up" if rows.loc["a4", "ci_low"] > 0 else "flat"
    return Reading(f"{NOTE}.surface.{bends}", values)


def _ends(asked, question):
    values = {}
    for side in SIDES:
        scale = asked.scales[side][question]
        values |= {f"{side}_low": scale.low, f"{side}_high": scale.high}
    return values


def _other(side):
    return "customers" if side == "employees" else "employees"


def _interval(name, finding):
    return {name: finding.estimate, f"{name}_low": finding.ci_low, f"{name}_high": finding.ci_high}
