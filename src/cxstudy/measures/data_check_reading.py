"""What the data check amounts to: message keys with their values, no sentences but lists of names."""

import math

from cxstudy.findings import Reading
from cxstudy.language import number, text
from cxstudy.measures.oddities import flipped_groups

NAMED = 5


def headline(study, tables, findings, removed):
    """The headline: nothing suspicious, alarms without or with answers to leave out; ``removed`` counts these by
    check.
    """
    checks = tables["checks"]
    made = checks[checks["status"] != "not_testable"]
    raised = checks[checks["status"] == "flagged"]
    values = {
        "answers": int(tables["tables"]["answers"].fillna(0).sum()), "made": len(made), "checks": len(checks),
        "list": _names(raised["check"], study.language), "flagged": sum(removed.values()),
        "synthetic": "@data_check.synthetic" if study.synthetic else "",
        **_interval("nps", findings["nps"]), **_interval("without", findings["nps_without_flagged"]),
    }  # fmt: skip
    key = "clean" if raised.empty else "alarm" if math.isnan(values["without"]) or not removed else "flagged"
    if made.empty:
        key = "counted"
    if math.isnan(values["nps"]):
        key += "_no_nps" if key in ("clean", "alarm", "counted") else ""
    return Reading(f"data_check.{key}", values)


def notes(study, tables, findings):
    """One reading for each part: missing, sizes, the five checks, slope, response."""
    yield _missing(study, tables)
    yield _sizes(study, tables)
    for check in tables["checks"]["check"].unique():
        yield _check(study, tables, check)
    yield _straight_share(findings)
    yield _slope(findings)
    yield _response(study, tables, findings)


def _interval(name, finding):
    return {
        name: finding.estimate,
        f"{name}_low": finding.ci_low,
        f"{name}_high": finding.ci_high,
        f"{name}_n": finding.n,
    }


def _names(checks, language):
    return ", ".join(text(f"data_check.check.{c}", language) for c in dict.fromkeys(checks))


def _missing(study, tables):
    rows = tables["missing"]
    rows = rows[(rows["n_missing"] > 0) & rows["table"].isin(["customers", "employees"])]
    if rows.empty:
        return Reading("data_check.note.missing.none")
    worst = rows.loc[rows["estimate"].idxmax()]
    values = {"columns": len(rows), "share": worst["estimate"], "column": worst["column"], "table": worst["table"]}
    return Reading("data_check.note.missing", values | {"count": len(rows)})


def _sizes(study, tables):
    rows = tables["group_sizes"]
    small = rows[rows["n_below"] > 0]
    said = "; ".join(_below(row, study.language) for row in small.to_dict("records"))
    return Reading("data_check.note.sizes" if len(small) else "data_check.note.sizes.none", {"list": said})


def _below(row, language):
    values = {"table": row["table"], "below": row["n_below"], "groups": row["n"], "answers": row["answers_below"]}
    kind = text(f"data_check.kind.{row['by']}", language)
    return text("data_check.sizes", language, kind=kind, threshold=row["threshold"], **values)


def _check(study, tables, check):
    rows = tables["checks"].set_index("check").loc[[check]]
    raised, able = rows[rows["status"] == "flagged"], rows[rows["status"] != "not_testable"]
    if len(raised):
        return Reading(f"data_check.note.{check}", {"list": _where(study, tables, check)})
    if able.empty:
        why = "; ".join(f"{r.table}: {r.reason}" for r in rows.itertuples())
        return Reading(f"data_check.note.{check}.not_testable", {"list": why})
    return Reading(
        f"data_check.note.{check}.clear", {"groups": int(able["n"].sum()), "tables": ", ".join(able["table"])}
    )


def _where(study, tables, check):
    """The flagged groups by name, at most five of a table; groups with too few answers are counted, not named."""
    frame, said = tables[check], []
    for name, part in frame.groupby("table", sort=False):
        bad = part[part["flagged"].fillna(False).astype(bool)]
        if check == "flipped":
            whole = flipped_groups(part.assign(flagged=part["flagged"].fillna(False).astype(bool)))
            bad = bad.merge(whole, on=["by", "group"], suffixes=("", "_of")).drop_duplicates(
                ["by", "group", "question_of"]
            )
            bad = bad.assign(question=bad["question_of"])
        named = bad[bad["n_answers"] >= study.thresholds[name]].sort_values("p_adjusted", kind="stable").head(NAMED)
        words = [_group(study, row, check) for row in named.to_dict("records")]
        more = len(bad) - len(named)
        words += [text("data_check.more", study.language, more=more)] if more else []
        said += [f"{name}: {', '.join(words)}"] if words else []
    return "; ".join(said)


def _group(study, row, check):
    place = text(f"data_check.by.{row['by']}", study.language, group=row["group"])
    if check == "flipped":
        what = row["question"] or text("data_check.recommending", study.language)
        return f"{place} ({what})"
    seen = {"lost_zeros": "expected", "copies": "copies", "straight": "straight", "fast": "fast"}[check]
    values = {
        "seen": number(row[seen], ",.0f", study.language),
        "answers": number(row["n_answers"], ",.0f", study.language),
    }
    return place + text(f"data_check.seen.{check}", study.language, **values)


def _straight_share(findings):
    both = {"share": findings["straight"], "chance": findings["expected_straight"]}
    if any(math.isnan(f.estimate) for f in both.values()):
        return Reading(
            "data_check.note.share_straight.none",
            {"why": findings["straight"].reason or findings["expected_straight"].reason},
        )
    return Reading(
        "data_check.note.share_straight", _interval("share", both["share"]) | {"chance": both["chance"].estimate}
    )


def _slope(findings):
    one, other = findings["slope"], findings["slope_without_flagged"]
    if math.isnan(one.estimate):
        return Reading("data_check.note.slope.none", {"why": one.reason})
    values = _interval("slope", one) | _interval("without", other)
    if math.isnan(other.estimate):
        return Reading("data_check.note.slope.withheld", values | {"why": other.reason})
    return Reading(
        "data_check.note.slope" if findings["flagged"].estimate > 0 else "data_check.note.slope.same", values
    )


def _response(study, tables, findings):
    late = tables.get("late_answers")
    one = findings["response"]
    if not math.isnan(one.estimate):
        return Reading("data_check.note.response", _interval("share", one) | {"silent": one.n_missing})
    if late is not None and len(late) == 2:
        nps = late.set_index("delay")["estimate"]
        return Reading(
            "data_check.note.response.late", {"early": nps["early"], "late": nps["late"], "days": late["days"].iloc[0]}
        )
    return Reading("data_check.note.response.none")
