"""The exports as tables of a study: which is which, several waves of one, and what the table's part must declare."""

import re
from dataclasses import dataclass, field, replace

from cxstudy.faults import DataError, Fault
from cxstudy.proposal.exports import by_year
from cxstudy.proposal.guessing import Mapping, guess_table, map_columns
from cxstudy.proposal.vocabulary import fold, is_no_answer, vocabulary
from cxstudy.schema import TABLES

_LISTED = 12
_DATA = re.compile(r"^[+-]?\d+([.,]\d+)?$|^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")


@dataclass(frozen=True)
class Proposed:
    """One table of the proposal: the ``exports`` (several are waves) and their `Mapping`; ``dates`` and ``others`` the
    format and those that fit as well; ``missing`` ``{canonical: {code: why}}``; ``levels`` ``{canonical: [words]}``.
    """

    mapping: Mapping
    exports: tuple
    dates: str | None = None
    others: tuple = ()
    missing: dict = field(default_factory=dict)
    levels: dict = field(default_factory=dict)

    @property
    def table(self):
        """The canonical table."""
        return self.mapping.table

    def seen(self, canonical):
        """What the column guessed to be ``canonical`` holds."""
        return self.exports[0].columns[self.mapping.guesses[canonical].name]

    @property
    def comma(self):
        """The first used column whose decimals are written with a comma, None without one."""
        return next((g.name for g in self.mapping.guesses.values() if self.seen(g.canonical).comma), None)


def propose_tables(exports):
    """``([Proposed], {export: reason})`` in the schema's order. Raises DataError when no export is like a table."""
    groups, left = {}, {}
    exports = [by_year(export) for export in exports]
    for export in exports:
        mapping = guess_table(export, _hints(export.title))
        if mapping is None:
            left[export.called] = "like no canonical table"
        else:
            groups.setdefault(mapping.table, []).append((mapping, export))
    if not groups:
        raise DataError([_nothing(export) for export in exports])
    tables = []
    for name in (name for name in TABLES if name in groups):
        several = sorted(groups[name], key=lambda one: -one[0].score)
        (mapping, first), waves = several[0], []
        for other, export in several[1:]:
            if _same(mapping, first, other, export):
                waves.append(export)
            else:
                left[export.called] = f"also like {name}, for which {first.called} is likelier"
        waves = sorted([first, *waves], key=lambda e: exports.index(e))
        tables.append(_declared(Proposed(mapping, tuple(waves))))
    return tables, left


def _hints(title):
    words = fold(title)
    return [t for t, several in vocabulary()["tables"].items() if any(fold(w) in words for w in several)]


def _same(mapping, first, other, export):
    """Whether two exports are waves of one table: files that are written alike and have the same columns."""
    names = {n: g.name for n, g in mapping.guesses.items()}
    others = {n: g.name for n, g in other.guesses.items()}
    return names == others and first.declare == export.declare and first.path != export.path


def _declared(proposed):
    dates, others, kept = _dates(proposed)
    dropped = {n: g for n, g in proposed.mapping.guesses.items() if n not in kept}
    written = "its dates are written otherwise than those of the table"
    reasons = {g.name: f"could be {n}, but {written}" for n, g in dropped.items()}
    guesses = {n: g for n, g in proposed.mapping.guesses.items() if n in kept}
    mapping = replace(proposed.mapping, guesses=guesses, unused=proposed.mapping.unused | reasons)
    proposed = replace(proposed, mapping=mapping, dates=dates, others=others)
    missing = {n: codes for n in guesses if (codes := _codes(proposed, n))}
    levels = {n: words for n in guesses if (words := _levels(proposed, n))}
    return replace(proposed, missing=missing, levels=levels)


def _dates(proposed):
    """``(format or None, others that fit, canonical names kept)``: a table has one format of dates."""
    kept, common = set(proposed.mapping.guesses), None
    dated = [n for n in proposed.mapping.guesses if proposed.seen(n).patterns and _is_date(proposed.table, n)]
    for name in sorted(dated, key=lambda n: n != "date"):
        patterns = proposed.seen(name).patterns
        shared = [p for p in common if p in patterns] if common is not None else list(patterns)
        if shared:
            common = shared
        else:
            kept.discard(name)
    if not common:
        return None, (), kept
    if proposed.exports[0].declare.get("layout") == "surveymonkey":
        common = sorted(common, key=lambda p: not p.startswith("%m"))
    default = common[0] == "%Y-%m-%d"
    return None if default else common[0], tuple(common[1:]), kept


def _is_date(table, canonical):
    return TABLES[table].column(canonical).kind in ("date", "time")


def _codes(proposed, canonical):
    column = TABLES[proposed.table].column(canonical)
    found = {}
    for export in proposed.exports:
        seen = export.columns[proposed.mapping.guesses[canonical].name]
        if column.kind == "scale":
            answers = proposed.mapping.guesses[canonical].answers
            found |= answers.codes
        elif column.kind in ("level", "boolean"):
            named = {v: t for v, t in seen.labels.items() if v in seen.counts or v in seen.words}
            found |= {v: "its label says no answer" for v, text in named.items() if is_no_answer(text)}
            found |= {w: "a word that says no answer" for w in seen.words if w not in named and is_no_answer(w)}
        elif column.kind in ("number", "integer"):
            found |= dict.fromkeys(seen.odd, "a word that says no answer")
    return found


def _levels(proposed, canonical):
    """The labels of a level column in the order of their codes; none where the file has no codes."""
    if TABLES[proposed.table].column(canonical).kind != "level":
        return []
    name = proposed.mapping.guesses[canonical].name
    labels = {v: text for export in proposed.exports for v, text in export.columns[name].labels.items()}
    if not all(isinstance(v, int | float) for v in labels):
        return []
    words = [labels[v] for v in sorted(labels) if not is_no_answer(labels[v])]
    return words if len(words) > 1 and len(set(words)) == len(words) else []


def _nothing(export):
    mapping = map_columns("customers", export)
    nearly = [f"{short(n)} {reason}" for n, reason in mapping.unused.items() if reason.startswith("could be")]
    names = [short(name) for name in export.columns]
    more = f", … ({len(names) - _LISTED} more)" if len(names) > _LISTED else ""
    found = f"nothing of these in {len(names)} columns: {'; '.join([', '.join(names[:_LISTED]) + more, *nearly[:3]])}."
    if any(_DATA.match(name) for name in names):
        # the names would be somebody's answers, so they are not listed
        found = f"numbers or dates where the names of {len(names)} columns should be."
    rule = "a table is known by a question (recommend, satisfaction …), or by company and year with money."
    remedy = "rename the columns as in template.xlsx (cxstudy new DIR), or write study.yaml by hand."
    return Fault(rule, found, remedy, export.called)


def short(name):
    """A column's name on one line, at most 40 characters."""
    text = " ".join(str(name).split())
    return text if len(text) <= 40 else f"{text[:39]}…"
