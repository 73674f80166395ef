"""The claims of the study, as declared before data were opened, and the verdict on each.

``claims.yaml`` holds every claim; this module is the only one that reads it, so that a published figure
can be compared with a result but never get into one. The rules themselves are in `cxstudy.verdicts`.
"""

import math
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from cxstudy.answerable import answer_of
from cxstudy.declarations import Claim
from cxstudy.findings import Finding, Reading, Result, read_findings
from cxstudy.language import say, text, yaml_of
from cxstudy.stats.multiple import adjusted
from cxstudy.verdicts import Verdict, verdict


@cache
def declared():
    """All claims, in the order of the file. ValueError (pydantic) names a row that is not well declared.

    >>> [claim.id for claim in declared()][:2]
    ['margin-top', 'margin-bottom']
    """
    rows = yaml_of((files("cxstudy") / "claims.yaml").read_text(encoding="utf-8"))
    return tuple(Claim.model_validate(row) for row in rows)


def claims(study, out=None):
    """The verdict on every claim, from the findings recorded in ``out``.

    Parameters
    ----------
    study : Study
        Read are its columns, its language, and whether it is synthetic: then the findings are compared with
        the truth it was made with, not with the published figures.
    out : path, optional
        Folder of results; ``out/findings/*.json`` are read. Without it nothing has been run.

    Returns
    -------
    Result
        ``claims``: one row a claim: id, document, said, kind, published, verdict, word, verdict_holm (directional
        claims with a p-value, after Holm over all of them), estimate, ci_low, ci_high, confidence, unit, n, n_unit,
        truth (what a synthetic study was made with), finding, reason. Of several parts the row shows the one that decides.
        ``declarations``: one row a part, as frozen, with the truth of a synthetic study. ``beside``: the other
        findings of each claim. Headline: how many claims agree, disagree, cannot be told, are not tested.

    Raises
    ------
    ValueError
        A findings file that cannot be read, or one finding id in two files.
    """
    found, run = _found(out)
    verdicts = {}
    for claim in declared():
        one = verdict(claim, found, study.truth, study.synthetic)
        verdicts[claim] = _why_absent(claim, one.part, study, run) if one.name == "not run" else one
    tables = {
        "claims": _claims_table(verdicts, study),
        "declarations": _declarations_table(study.truth),
        "beside": _beside_table(verdicts, found),
    }
    reading, notes = _readings(verdicts, study.synthetic)
    settings = {"out": str(out) if out else ""}
    return Result("claims", (), tables, reading, settings, notes, study.synthetic, study.language)


def _found(out):
    """Findings by id, and the names of the analyses that recorded something."""
    found, where = {}, {}
    paths = [p for p in sorted((Path(out) / "findings").glob("*.json")) if p.stem != "claims"] if out else []
    for path in paths:
        try:
            listed = read_findings(path)
        except (ValueError, KeyError, TypeError) as fault:
            raise ValueError(f"{path.name} in {path.parent} must be a findings file; it cannot be read ({fault}). "
                             "Delete it and run the notebook again.") from fault
        for one in listed:
            if one.id in found:
                raise ValueError(f"a finding id must occur once; {one.id} is in {where[one.id]} and {path.name}. "
                                 "Delete the file that is out of date.")
            found[one.id], where[one.id] = one, path.name
    return found, {one_id.split(".")[0] for one_id in found} | {path.stem for path in paths}


def _why_absent(claim, part, study, run):
    """Why a claim has no finding: not built, these data cannot answer, nothing recorded, or not run."""
    name = part.finding.split(".")[0]
    if find_spec(f"cxstudy.analyses.{name}") is None:
        return Verdict("not built", part, None, Reading("claims.reason.not_built", {"analysis": name}))
    missing = [need for need in part.needs if not study.has(*need.split("."))]
    if run and missing:
        reason = text("claims.reason.missing", study.language, columns=", ".join(missing))
        return Verdict("cannot answer", part, None, Reading("claims.reason.cannot_answer", {"reason": reason}))
    if name in run and claim.is_practice:
        return Verdict("not recorded", part, None, Reading("claims.reason.not_recorded"))
    if run and name not in run:
        answer = answer_of(study, name)
        if answer.status == "no":
            reason = say(answer.reason, study.language)
            return Verdict("cannot answer", part, None, Reading("claims.reason.cannot_answer", {"reason": reason}))
    return Verdict("not run", part, None, Reading("claims.reason.not_run", {"finding": part.finding}))


def _after_holm(verdicts):
    """claim id → verdict after Holm, for directional claims of one part tested against 0 with a p-value."""
    tested = [
        (claim.id, one)
        for claim, one in verdicts.items()
        if one.name in ("supported", "contradicted", "undecided")
        and len(claim.declaration.parts) == 1
        and one.part.kind == "direction"
        and one.part.null_value == 0
        and math.isfinite(one.finding.p_value)
        and math.isfinite(one.finding.confidence)
    ]
    after = adjusted([one.finding.p_value for _, one in tested], "holm").tolist()
    return {
        claim_id: one.name if p + one.finding.confidence < 1 else "undecided"
        for (claim_id, one), p in zip(tested, after, strict=True)
    }


def _claims_table(verdicts, study):
    import pandas as pd

    after = {} if study.synthetic else _after_holm(verdicts)
    rows = []
    for claim, one in verdicts.items():
        rows.append({
            "id": claim.id,
            "document": ", ".join(claim.documents),
            "said": claim.said,
            "kind": ", ".join(claim.kind),
            "published": claim.published.text,
            "verdict": one.name,
            "word": one.word,
            "verdict_holm": after.get(claim.id, ""),
            **_numbers(one.finding),
            "truth": study.truth.get(one.part.finding, math.nan) if study.synthetic else math.nan,
            "finding": one.part.finding,
            "reason": say(one.reason, study.language) if one.reason else "",
        })
    return pd.DataFrame(rows)


def _numbers(one):
    one = one or Finding("none", reason="no finding")
    names = ("estimate", "ci_low", "ci_high", "confidence", "unit", "n", "n_unit")
    return {name: getattr(one, name) for name in names}


def _declarations_table(truth):
    import pandas as pd

    rows = []
    for claim in declared():
        for place, part in enumerate(claim.declaration.parts, 1):
            low, high = part.zone or (math.nan, math.nan)
            rank_low, rank_high = part.rank or (math.nan, math.nan)
            rows.append({
                "id": claim.id, "part": place, "kind": part.kind, "finding": part.finding, "side": part.side or "",
                "null_value": part.null_value if part.kind == "direction" else math.nan,
                "smallest": math.nan if part.smallest is None else part.smallest, "unit": part.unit or "",
                "zone_low": low, "zone_high": high, "rank_low": rank_low, "rank_high": rank_high,
                "published": math.nan if claim.published.number is None else claim.published.number,
                "truth": truth.get(part.finding, math.nan), "why": part.why,
            })
    return pd.DataFrame(rows)


def _beside_table(verdicts, found):
    import pandas as pd

    rows = [
        {"id": claim.id, "finding": name, **_numbers(found[name])}
        for claim, one in verdicts.items()
        for part in claim.declaration.parts
        for name in (part.finding, *part.beside)
        if name in found and name != one.part.finding
    ]
    return pd.DataFrame(rows, columns=["id", "finding", *_numbers(None)])


def _readings(verdicts, synthetic):
    """The headline that counts the words, and the notes on practices, Holm and sources that disagree."""
    words = [one.word for claim, one in verdicts.items() if not claim.is_practice]
    count = {name.replace(" ", "_"): words.count(name) for name in
             ("agrees", "disagrees", "cannot tell", "recovered", "not recovered", "not tested")}
    headline = Reading("claims.synthetic" if synthetic else "claims.headline", {"total": len(words), **count})
    practices = [one.word for claim, one in verdicts.items() if claim.is_practice]
    done = {name.replace(" ", "_"): practices.count(name) for name in
            ("carried out", "partly", "not recorded", "recovered", "not recovered", "cannot tell", "not tested")}
    key = "claims.practices_synthetic" if synthetic else "claims.practices"
    notes = [Reading(key, {"total": len(practices), **done})]
    if not synthetic:
        notes.append(Reading("claims.holm", {"count": len(_after_holm(verdicts))}))
    by_id = {claim.id: (claim, one) for claim, one in verdicts.items()}
    for claim, one in verdicts.items():
        if claim.sources_disagree:
            other, other_one = by_id[claim.sources_disagree]
            notes.append(Reading("claims.sources_disagree", {
                "first": other.id, "first_documents": ", ".join(other.documents), "first_word": _key(other_one),
                "second": claim.id, "second_documents": ", ".join(claim.documents), "second_word": _key(one)}))
    return headline, tuple(notes)


def _key(one):
    return f"@verdict.{one.word.replace(' ', '_')}"
