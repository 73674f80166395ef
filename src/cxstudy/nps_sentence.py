"""The NPS of a study in a sentence: estimate, interval, n, method and who was left out; by group, one line each."""

import math

from cxstudy.anonymity import Groups, suppress
from cxstudy.counted import is_counted
from cxstudy.faults import NotTestable, unknown_name
from cxstudy.language import text
from cxstudy.measures.nps import nps
from cxstudy.named_rows import NAMES

_KINDS = ("key", "level", "boolean", "integer")
# of these every value is a person
_PERSONS = ("response_id", "customer", "n")


def nps_sentences(study, *, by=None, weights=None):
    """The customers' NPS of an opened ``study`` as sentences in its language, a list of text.

    One sentence for all answers; with ``by`` (a column of customers that names groups) one more for each group. Groups
    with fewer answers than the study's threshold, and those that would give them away, are named without a number
    (`cxstudy.anonymity.suppress`). ``weights``: column of weights. Intervals are adjusted Wald at 95 % (Rocks 2016).

    Raises ValueError for a column that is not there or names persons or texts; NotTestable without customers.
    """
    if not study.has("customers"):
        raise NotTestable("the NPS is the customers'; this study has no table customers.", ["customers"])
    customers, language = study.customers, study.language
    score, groups = customers.question_for("nps"), Groups.of(study)
    said = [_sentence(study, _shown(study, nps(study, score, weights=weights), None, groups).iloc[0], "nps.all", score)]
    if weights is None and study.has("customers", "weight"):
        said[0] += " " + text("nps.unweighted", language)
    if by is not None:
        valid = _groupings(customers)
        if by not in valid:
            raise ValueError(f"--by names a column of groups of customers; {unknown_name('such column', by, valid)}")
        rows = _shown(study, nps(study, score, by=by, weights=weights), by, groups)
        for _, row in rows.iterrows():
            said.append(_sentence(study, row, "nps.group", score, group=_name(row[_key(by)], language)))
    return said


def _groupings(customers):
    named = [n for n, c in customers.described.items() if c.kind in _KINDS and n not in _PERSONS]
    return [*named, "unit"]


def _key(by):
    return by if by in NAMES or by == "year" else "group"


def _shown(study, table, by, groups):
    """The result with what must not be shown taken out; the unit of measurement does not name a group."""
    table = table.rename(columns={"n": "n_answers"} | ({by: _key(by)} if by else {}))
    if by != "unit":
        table = table.drop(columns="unit")
    return suppress(table, study.thresholds, groups=groups, language=study.language)


def _name(value, language):
    missing = value is None or isinstance(value, float) and math.isnan(value)
    return text("nps.no_group", language) if missing else str(value)


def _sentence(study, row, key, score, **named):
    language = study.language
    if math.isnan(row["estimate"]) or math.isnan(row["ci_low"]):
        reason = row["reason"] if isinstance(row["reason"], str) else text("nps.no_answers", language)
        return text(f"{key}_hidden", language, reason=reason, **named)
    n_missing = int(row["n_missing"])
    left_out = text("nps.left_out" if n_missing else "nps.none_left_out", language, count=n_missing)
    if is_counted(study.customers):
        left_out = text("nps.counted", language)
    return text(
        key,
        language,
        estimate=row["estimate"],
        low=row["ci_low"],
        high=row["ci_high"],
        level=100 * row["confidence"],
        n=row["n_answers"],
        question=score,
        left_out=left_out,
        synthetic=text("nps.synthetic", language) if study.synthetic else "",
        method=text("nps.method_linearised" if "n_effective" in row.index else "nps.method", language),
        **named,
    )
