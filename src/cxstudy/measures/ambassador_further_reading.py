"""What mixed models, customer contact, disengaged employees and profit amount to: keys with values, no sentences."""

import numpy as np

from cxstudy.findings import Reading

NOTE = "employee_ambassadors.note"
FEW_GROUPS = 10


def further_notes(found, tables, parts, common, settings):
    """One Reading under each of the further questions; ``….none`` with the reason where it has no number."""
    yield from _models(found, tables["models"], parts, common)
    yield from _contact(found, tables["contact"], tables["models"], common, settings)
    yield _disengaged(found, tables["disengaged"], common, settings)
    yield _profit(found, tables["profit"], common)


def interval(name, finding):
    """The gaps ``name``, ``name_low`` and ``name_high`` of a sentence."""
    return {name: finding.estimate, f"{name}_low": finding.ci_low, f"{name}_high": finding.ci_high}


def _known(finding):
    return np.isfinite(finding.ci_low)


def _models(found, table, parts, common):
    answers, within = found["cx_slope_answers"], found["cx_slope_within"]
    if _known(answers):
        kind = "" if parts.clustered else ".alone"
        yield Reading(f"{NOTE}.models{kind}", common | interval("slope", answers) | {"n_answers": answers.n})
    else:
        yield Reading(f"{NOTE}.models.none", common | {"why": answers.reason})
    if _known(within):
        values = interval("within", within) | interval("between", found["cx_slope_between"])
        values |= interval("gap", found["cx_slope_contextual"])
        yield Reading(f"{NOTE}.apart", common | values)
    else:
        yield Reading(f"{NOTE}.apart.none", common | {"why": within.reason})
    yield _slopes(found["cx_slope_sd"], table, common)
    if 1 < parts.companies < FEW_GROUPS and _known(within):
        yield Reading(f"{NOTE}.few_companies", common)


def _slopes(finding, table, common):
    if not np.isfinite(finding.estimate):
        return Reading(f"{NOTE}.slopes.none", common | {"why": finding.reason})
    row = table[(table["model"] == "slopes") & (table["term"] == "sd_slopes")].iloc[0]
    singular = f"@mixed_model.note.{row['singular']}" if isinstance(row["singular"], str) and row["singular"] else ""
    values = common | interval("sd", finding) | {"p": row["p_value"], "singular": singular}
    return Reading(f"{NOTE}.slopes.singular" if singular else f"{NOTE}.slopes", values)


def _contact(found, companies, table, common, settings):
    slope, share, true = (found[f"contact_{k}"] for k in ("slope", "share_negative", "share_negative_corrected"))
    levels = settings["contact_levels"]
    if not _known(slope):
        yield Reading(f"{NOTE}.contact.none", common | {"why": slope.reason or ""})
        return
    values = common | interval("slope", slope) | {"employees": slope.n, "of": int(companies["estimate"].notna().sum())}
    values |= {"levels": " < ".join(levels), "negative": int((companies["estimate"] < 0).sum())}
    values |= interval("share", share) | interval("true", true) | {"why": share.reason or true.reason or ""}
    key = "contact" if _known(true) else "contact.raw" if _known(share) else "contact.few"
    yield Reading(f"{NOTE}.{key}", values)
    if slope.method.endswith("independent"):
        yield Reading(f"{NOTE}.contact.independent", values)


def _disengaged(found, table, common, settings):
    slope, within = found["cx_slope_disengaged"], found["cx_slope_disengaged_within"]
    if not _known(slope):
        return Reading(f"{NOTE}.disengaged.none", common | {"why": slope.reason or ""})
    primary = table[table["primary"].astype(bool)].iloc[0]
    values = common | interval("slope", slope) | interval("within", within) | {"share": primary["share"]}
    values |= {"below": settings["disengaged_below"], "others": int((~table["primary"].astype(bool)).sum())}
    values |= {"lowest": table["estimate"].min(), "highest": table["estimate"].max()}
    return Reading(f"{NOTE}.disengaged" if _known(within) else f"{NOTE}.disengaged.between", values)


def _profit(found, table, common):
    gap, ratio = found["profit_difference_enps"], found["profit_ratio_enps"]
    if not _known(gap):
        return Reading(f"{NOTE}.profit.none", common | {"why": gap.reason or ""})
    rows = table.set_index("statistic_of")
    values = common | interval("gap", gap) | interval("ratio", ratio) | {"why": ratio.reason or ""}
    values |= {"positive": rows.loc["positive", "estimate"], "negative": rows.loc["negative", "estimate"]}
    values |= {side: int(rows.loc["difference", side]) for side in ("n_positive", "n_negative")}
    key = "profit" if _known(ratio) else "profit.unbounded" if np.isfinite(ratio.estimate) else "profit.no_ratio"
    return Reading(f"{NOTE}.{key}", values)
