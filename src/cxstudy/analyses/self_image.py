"""Do employees see the service as the customers do? Gaps, agreement, and the pattern of the published claim."""

import math

import numpy as np

from cxstudy.faults import NotTestable
from cxstudy.findings import Answer, Finding, Reading, Result
from cxstudy.language import say, text
from cxstudy.measures.self_image import PATTERNS
from cxstudy.measures.self_image_asked import self_image_questions
from cxstudy.measures.self_image_gaps import FEWEST_GROUPS, SelfImage
from cxstudy.measures.self_image_models import agreement, limits, model, surface
from cxstudy.measures.self_image_reading import common_values, headline, notes
from cxstudy.stats.arguments import check_count
from cxstudy.stats.equivalence import check_margin
from cxstudy.stats.intervals import check_confidence

NAME = "self_image"
MARGIN = 5.0
SMALLEST = 5.0
CHANCE = 0.25
POWER = 1.959964 + 0.841621
SHARES = {
    "share_both_above_chance": "percentage points", "share_both": "%", "share_chance": "%", "share_independent": "%",
    "share_mirror": "%", "share_both_over": "%", "share_both_under": "%", "share_both_clear": "%",
    "share_both_latent": "%",
}  # fmt: skip
OF_LIMIT = {"lower": "limit_low", "upper": "limit_high"}


def self_image(
    study, *, margin=MARGIN, confidence=0.95, minimum_customers=None, minimum_employees=None, seed=1, replicates=2000
) -> Result:
    """Employees' ratings of their own service beside their customers', work group by work group.

    study.yaml says which questions ask both sides the same, and which are about competence and which about service:
    ``self_image: {same: [ease, resolution, engagement], competence: [resolution], service: [engagement]}``. All ratings
    are put on 0–100; gaps are employees − customers, and work groups count alike.

    ``margin``: largest mean gap that does not matter, in points of 0–100 (5: half a step of a scale 1–10, a fifth of
    one 1–5). ``minimum_customers``, ``minimum_employees``: at least the study's thresholds (None). ``replicates`` ≥ 100
    resamples from ``seed``: of companies where there are 10 or more, else of work groups.

    Findings (``self_image.…``), observed-score (sampling error of the groups' means is in them) unless said otherwise:
    share_both (% of the groups whose gaps show competence rated lower and service higher), share_chance (what it would
    be if one of the gaps were sampling error alone), share_both_above_chance (the claim), share_independent (what the
    two signs would give if they had nothing to do with each other), share_mirror, share_both_over, share_both_under
    (the other three patterns), share_both_clear (both gaps beyond chance in that very group, Benjamini–Hochberg),
    share_both_latent (of the true gaps, if these are normal; latent); gap_competence, gap_service, gap_<question>;
    limit_low_…, limit_high_… (limits of agreement), icc_<question> (ICC(A,1)); surface_a1 … surface_a4.

    Tables: patterns, gaps, work_groups, limits, agreement, model, surface_terms, surface, left_out; see
    `measures.self_image_gaps` and `measures.self_image_models`. All describe two sides' answers, not who is right.

    Raises NotTestable when the study cannot answer, ValueError for a setting that makes no sense.
    """
    check_confidence(confidence)
    check_margin(margin)
    check_count("replicates", replicates, 100)
    parts = SelfImage(
        study, margin=float(margin), confidence=confidence, minimum_customers=minimum_customers,
        minimum_employees=minimum_employees, seed=seed, replicates=replicates,
    )  # fmt: skip
    why = _unfit(parts)
    if why:
        raise NotTestable(say(why, study.language), ("customers", "employees"))
    terms, grid = surface(parts)
    tables = {
        "patterns": parts.patterns(), "gaps": parts.gaps(), "work_groups": parts.groups, "limits": limits(parts),
        "agreement": agreement(parts), "model": model(parts), "surface_terms": terms, "surface": grid,
        "left_out": parts.left_out,
    }  # fmt: skip
    found = _findings(parts, tables)
    common = common_values(parts)
    settings = {
        "margin": float(margin), "confidence": confidence, "minimum_customers": parts.fewest[0],
        "minimum_employees": parts.fewest[1], "seed": seed, "replicates": replicates, "companies": parts.companies,
        "clustered": parts.clustered, "questions": parts.shown, "dimensions": parts.dimensions,
        "competence": parts.of_kind("competence"), "service": parts.of_kind("service"),
        "one_side": parts.questions.one_side, "n_missing": parts.n_missing,
    }  # fmt: skip
    return Result(
        NAME, tuple(found.values()), tables, headline(found, tables, parts, common), settings,
        notes=tuple(notes(found, tables, parts, common)), synthetic=study.synthetic, language=study.language,
    )  # fmt: skip


def answerable(study) -> Answer:
    """Whether the study can answer: yes when a share 5 percentage points above chance would be found (80 %, 5 %).

    Without questions about both competence and service only the gaps are left; the smallest gap is in points of 0–100.
    """
    missing = self_image_questions(study)[1]
    if missing:
        return Answer(NAME, "no", missing[0])
    try:
        parts = SelfImage(
            study, margin=MARGIN, confidence=0.95, minimum_customers=None, minimum_employees=None, seed=1,
            replicates=100,
        )  # fmt: skip
    except NotTestable as error:
        return Answer(NAME, "no", Reading("employee_ambassadors.said", {"text": error.reason}))
    why = _unfit(parts)
    if why:
        return Answer(NAME, "no", why)
    common = common_values(parts)
    both = 0 if parts.compared is None else int(parts.compared.sum())
    if both >= FEWEST_GROUPS:
        smallest = 100 * POWER * math.sqrt(CHANCE * (1 - CHANCE) / both)
        status = "yes" if smallest <= SMALLEST else "strong-only"
        reading = Reading(f"{NAME}.enough", common | {"both": both})
        return Answer(NAME, status, reading, smallest, "percentage points of work groups")
    smallest = POWER * max(parts.mean_gap(name)["std_error"] for name in parts.shown)
    status = "yes" if smallest <= MARGIN else "strong-only"
    return Answer(NAME, status, Reading(f"{NAME}.enough_gaps", common), smallest, "points of the gap, 0–100")


def _unfit(parts):
    n = max(len(parts.gap(name)[0]) for name in parts.shown)
    gone = ", ".join(f"{row.reason} {row.n:,} ({row.n_unit})" for row in parts.left_out.itertuples()) or "–"
    if n < FEWEST_GROUPS:
        return Reading(f"{NAME}.few_groups", {"n": n, "least": FEWEST_GROUPS, "list": gone})
    return None


def _findings(parts, tables):
    """Findings by their last word, in the order of the docstring of `self_image`."""
    shares = {row["share"]: row for row in tables["patterns"].to_dict("records")}
    lacking = None if len(parts.kinds) == len(PATTERNS) else "no-kind"
    found = {}
    for name, unit in SHARES.items():
        row = shares.get(name) or {"reason": lacking or "too-few"}
        estimand = "latent" if name.endswith("latent") else "observed-score"
        found[name] = _finding(parts, name, row, unit, estimand)
    gaps = {row["dimension"]: row for row in tables["gaps"].to_dict("records")}
    for kind in PATTERNS:
        row = gaps.get(kind) or gaps.get(next(iter(parts.of_kind(kind)), ""), {"reason": "no-kind"})
        found[f"gap_{kind}"] = _finding(parts, f"gap_{kind}", row, "points")
    for name in parts.shown:
        found[f"gap_{name}"] = _finding(parts, f"gap_{name}", gaps[name], "points")
    for row in tables["limits"].to_dict("records"):
        if row["of"] in OF_LIMIT:
            name = f"{OF_LIMIT[row['of']]}_{row['dimension']}"
            found[name] = _finding(parts, name, row, "points")
    for row in tables["agreement"].to_dict("records"):
        if row["index"] == "icc_a1":
            found[f"icc_{row['dimension']}"] = _finding(parts, f"icc_{row['dimension']}", row, "share")
    terms = {row["term"]: row for row in tables["surface_terms"].to_dict("records")}
    for term in ("a1", "a2", "a3", "a4"):
        row = terms.get(term) or {"n": terms["a1"]["n"], "reason": terms["a1"]["reason"]}
        power = "" if term in ("a1", "a3") else "²"
        found[f"surface_{term}"] = _finding(parts, f"surface_{term}", row, f"NPS points per point{power} of 0–100")
    return found


def _finding(parts, name, row, unit, estimand="observed-score"):
    numbers = {k: _number(row.get(k)) for k in ("estimate", "std_error", "ci_low", "ci_high", "p_value")}
    reason = row.get("reason")
    reason = text(f"{NAME}.reason.{reason}", parts.study.language) if isinstance(reason, str) and reason else None
    method = row.get("method")
    n = row.get("n", 0)
    return Finding(
        f"{NAME}.{name}", **numbers, confidence=parts.confidence, unit=unit, n=int(n), n_unit="work groups",
        n_missing=parts.n_missing + len(parts.groups) - int(n), method=method if isinstance(method, str) else "",
        estimand=estimand, reason=reason,
    )  # fmt: skip


def _number(value):
    return math.nan if value is None else float(np.asarray(value, float))
