"""What is in the data, what is missing, and what looks wrong: read before any other result."""

import math

import pandas as pd

from cxstudy.anonymity import Groups, suppress
from cxstudy.counted import is_counted
from cxstudy.faults import NotTestable
from cxstudy.findings import Answer, Finding, Reading, Result
from cxstudy.language import say, text
from cxstudy.measures import clicking, copied, coverage, oddities, response
from cxstudy.measures.data_check_reading import headline, notes
from cxstudy.measures.flagged import COLUMNS, flagged_parts, headlines
from cxstudy.stats.intervals import check_confidence, share_error, share_interval

NAME = "data_check"
CHECK = {
    "lost_zeros": oddities.lost_zeros, "flipped": oddities.flipped, "copies": copied.copies,
    "straight": clicking.straight, "fast": lambda answers, alpha: clicking.fast(answers),
}  # fmt: skip
METHOD = {
    "lost_zeros": "binomial from neighbours, Holm",
    "flipped": "Fisher z, Holm",
    "copies": "Poisson from pairs apart, Holm",
    "straight": "binomial from the other units' totals, Holm",
    "fast": "a third of the median time",
}
OVERALL_ONLY = ("lost_zeros", "flipped")


def data_check(study, *, confidence=0.95, alpha=0.05) -> Result:
    """Who is in a study, what is missing, which answers look wrong, and what the headline is without those.

    ``confidence``: coverage of every interval. ``alpha``: chance of a false alarm, for each check of a table, over
    all groups together (Holm). Nothing is changed or removed; the other analyses use all answers.

    Checks of customers and employees, each a table with one row a group: lost_zeros (0 never occurs), flipped (a
    question runs the wrong way), copies, straight (the same answer to all items), fast (where durations are known).
    Table ``checks`` lists each as clear, flagged or not testable, and why. Further tables: tables, missing,
    missing_by_unit, missing_map, group_sizes, size_classes, distribution, headline, and where invitations are known
    response (by unit) and late_answers.

    Findings (``data_check.…``): nps, nps_without_flagged, slope, slope_without_flagged, flagged (% of customers'
    answers), missing (% of the answers to recommend), straight (%), expected_straight (%), response (%).

    False alarms: of 200 clean simulated studies of 60 companies with 6,000 answers, 5 had an alarm of any check.

    Raises NotTestable without a table of answers, ValueError for a setting that makes no sense.
    """
    check_confidence(confidence)
    if isinstance(alpha, bool) or not isinstance(alpha, int | float) or not 0 < alpha < 0.5:
        raise ValueError(f"alpha must lie between 0 and 0.5; got {alpha!r}. Write 0.05 for a false alarm in 20.")
    answer = answerable(study)
    if answer.status == "no":
        raise NotTestable(say(answer.reason, study.language), ("customers", "employees"))
    sides = {n: oddities.Answers(study, n) for n in coverage.ASKED if study.has(n) and not is_counted(study.tables[n])}
    frames, rows = {}, []
    for check, run in CHECK.items():
        for name in (n for n in coverage.ASKED if study.has(n)):
            why = _untestable(check, sides.get(name))
            frame = None if why else run(sides[name], alpha).assign(table=name)
            frames.setdefault(check, {}).update({} if frame is None else {name: frame})
            rows.append(_check_row(check, name, frame, why, study.language))
    tables = _coverage(study, sides) | {"checks": pd.DataFrame(rows)}
    tables |= {check: pd.concat(found.values(), ignore_index=True) for check, found in frames.items() if found}
    tables["headline"], removed = pd.DataFrame(columns=COLUMNS), {}
    if study.has("customers"):
        found = {c: _removable(c, f["customers"]) for c, f in frames.items() if "customers" in f}
        tables["headline"], removed = headlines(study, sides.get("customers"), found, confidence=confidence)
    tables |= _invited(study, confidence)
    groups = Groups.of(study)
    tables = {
        n: suppress(_first(t), study.thresholds, groups=groups, language=study.language) for n, t in tables.items()
    }
    findings = _findings(study, tables, frames, removed, confidence)
    settings = {"confidence": confidence, "alpha": alpha, "unit": study.unit, "thresholds": study.thresholds}
    return Result(
        NAME, tuple(findings.values()), tables, headline(study, tables, findings, removed), settings,
        notes=tuple(notes(study, tables, findings)), synthetic=study.synthetic, language=study.language,
    )  # fmt: skip


def answerable(study) -> Answer:
    """Yes for every study with answers of customers or employees, also counted ones."""
    there = [n for n in coverage.ASKED if study.has(n)]
    if not there:
        return Answer(NAME, "no", Reading("data_check.no_answers"))
    return Answer(NAME, "yes", Reading("data_check.enough", {"tables": ", ".join(there)}))


def _untestable(check, answers):
    """Message key of why a table cannot be checked, None where it can."""
    if answers is None:
        return "counted"
    lacking = {
        "lost_zeros": not answers.score and "no_score",
        "flipped": (not answers.score or len(answers.questions) < 2) and "no_other",
        "copies": (not answers.together or len(answers.questions) < 2) and "no_dates",
        "straight": not answers.items and "no_items",
        "fast": answers.quick is None and "no_duration",
    }
    return lacking[check] or None


def _check_row(check, name, frame, why, language):
    row = {"check": check, "table": name, "status": "not_testable", "n": 0, "n_unit": "groups", "n_flagged": 0}
    row |= {"p_value": math.nan, "method": METHOD[check], "reason": None}
    if frame is not None:
        able = (
            frame["testable"]
            if "testable" in frame
            else frame["p_value"].notna() | frame["flagged"] | (check == "fast")
        )
        row |= {
            "n": int(able.sum()),
            "n_flagged": int(frame["flagged"].sum()),
            "p_value": float(frame["p_adjusted"].min()),
        }
        row["status"] = "flagged" if row["n_flagged"] else "clear" if row["n"] else "not_testable"
        why = None if row["n"] else "too_few"
    return row | {"reason": text(f"data_check.reason.{why}", language) if why else None}


def _removable(check, frame):
    """The groups whose answers can be left out: a fault over all answers is none, nor is a flipped question beside
    recommending.
    """
    if check == "flipped":
        groups = oddities.flipped_groups(frame)
        frame = groups[groups["question"] == ""].assign(flagged=True)
    if check in OVERALL_ONLY:
        frame = frame[frame["by"] != "all"]
    return flagged_parts(frame)


def _coverage(study, sides):
    there = [n for n in coverage.ASKED if study.has(n)]
    summary, classes = coverage.sizes(study)
    scores = {n: a.score for n, a in sides.items() if a.score}
    if study.has("customers") and is_counted(study.customers):
        question = study.customers.question_for("nps")
        scores |= {"customers": question} if question in study.customers.shares else {}
    tables = {
        "tables": coverage.tables(study),
        "missing": coverage.missing(study),
        "missing_by_unit": pd.concat([coverage.missing_by_unit(study, n) for n in there], ignore_index=True),
        "missing_map": pd.concat([coverage.missing_map(study, n) for n in there], ignore_index=True),
        "group_sizes": summary,
        "size_classes": classes,
    }
    counted = {n: a.tally[None] for n, a in sides.items()}
    shapes = [coverage.distribution(study, n, score, counted.get(n)) for n, score in scores.items()]
    return tables | {
        "distribution": pd.concat(shapes, ignore_index=True) if shapes else pd.DataFrame(columns=coverage.SHAPE)
    }


def _invited(study, confidence):
    found = {
        "response": response.by_unit(study, confidence),
        "late_answers": response.late_answers(study, confidence),
    }
    return {name: table for name, table in found.items() if len(table)}


def _first(frame):
    """The column table in front, where there is one."""
    return frame[["table", *(c for c in frame if c != "table")]] if "table" in frame else frame


def _findings(study, tables, frames, removed, confidence):
    """Findings by their last word, in the order of the docstring of `data_check`."""
    rows = tables["headline"].set_index(["headline", "answers"])
    found, why = {}, {}
    for part in ("nps", "slope"):
        for answers, tail in {"all": "", "flagged": "_without_flagged"}.items():
            key = (part, answers if removed else "all")
            found[part + tail] = rows.loc[key].to_dict() if key in rows.index else {}
            why[part + tail] = f"no_{part}"
    counted = study.has("customers") and is_counted(study.customers)
    n = study.customers.n if study.has("customers") and not counted else 0
    found["flagged"] = _share(sum(removed.values()), n, confidence)
    found["missing"] = {} if counted else _missing(study, tables, confidence)
    found["straight"], found["expected_straight"] = _straight(frames["straight"].get("customers"), confidence)
    found["response"] = response.overall(study, confidence) or {}
    why |= dict.fromkeys(("flagged", "missing"), "no_nps") | dict.fromkeys(
        ("straight", "expected_straight"), "no_items"
    )
    why |= dict.fromkeys(("flagged", "missing", "straight", "expected_straight"), "counted") if counted else {}
    why["response"] = "no_invited"
    return {part: _finding(part, row, confidence, study.language, why[part]) for part, row in found.items()}


def _straight(frame, confidence):
    """The share of straight lines and the share expected by chance, over all answers; empty dicts without the check."""
    if frame is None:
        return {}, {}
    line = frame[frame["by"] == "all"].iloc[0]
    n = int(line["n_answers"])
    expected = {"estimate": 100 * line["expected"] / n, "method": "one common factor, quadrature"} if n else {}
    both = {"n": n, "n_missing": line["n_missing"]}
    return _share(line["straight"], n, confidence) | both, expected | both


def _missing(study, tables, confidence):
    question = study.customers.question_for("nps") if study.has("customers") else None
    row = tables["missing"].query("table == 'customers' and column == @question")
    if row.empty:
        return {}
    n, gone = int(row["n"].iloc[0]), int(row["n_missing"].iloc[0])
    return _share(gone, n + gone, confidence)


def _share(count, n, confidence):
    """A share in percent with its Wilson interval; empty for n = 0."""
    if not n:
        return {}
    low, high = share_interval(count / n, n, confidence=confidence)
    error = float(share_error(count / n, n))
    ends = {"ci_low": 100 * float(low), "ci_high": 100 * float(high)}
    return {"estimate": 100 * count / n, "std_error": 100 * error, "n": int(n), "method": "wilson"} | ends


def _finding(part, row, confidence, language, why):
    numbers = {k: float(row.get(k, math.nan)) for k in ("estimate", "std_error", "ci_low", "ci_high")}
    kind = "invited" if part == "response" else "answers"
    words = {"unit": "%", "n_unit": kind, "method": "", "reason": None}
    words = {k: row[k] if isinstance(row.get(k), str) else word for k, word in words.items()}
    if math.isnan(numbers["estimate"]) and words["reason"] is None:
        words["reason"] = text(f"data_check.reason.{why}", language)
    whole = {k: int(row[k]) if pd.notna(row.get(k)) else 0 for k in ("n", "n_missing")}
    return Finding(f"{NAME}.{part}", **numbers, **words, **whole, confidence=confidence)
