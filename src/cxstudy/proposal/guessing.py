"""Which column of an export is which canonical column: by name, by question text and by what it holds."""

from dataclasses import dataclass, field

from cxstudy.proposal.describing import MOST_VALUES
from cxstudy.proposal.scales import Answers, scale_of
from cxstudy.proposal.vocabulary import LISTED, NAMED, PART, Likeness, words_of
from cxstudy.schema import TABLES

THRESHOLD = 0.5
_LONGEST_LEVEL = 60
_FEW = 13
_SHARED = ("response_id", "company", "branch", "work_group", "wave", "date", "weight", "duration", "stratum", "name")


@dataclass(frozen=True)
class Guess:
    """``canonical`` is the column ``name`` of the file: ``confidence`` 0…1, ``why``, and ``others`` that could be it.

    ``answers``: the scale and codes of a question. ``language``: that of the word by which it was known.
    """

    canonical: str
    name: str
    confidence: float
    why: str
    others: tuple = ()
    answers: Answers | None = None
    language: str = ""

    @property
    def sure(self):
        """Whether the file's name is the canonical one, so that nothing was guessed."""
        return self.confidence >= NAMED


@dataclass(frozen=True)
class Mapping:
    """One export as one ``table``: its `Guess` by canonical name, ``unused`` ``{column: reason}``, the score."""

    table: str
    guesses: dict
    unused: dict = field(default_factory=dict)
    score: float = 0.0


def guess_table(export, hints):
    """The best `Mapping` of an `exports.Export`, or None where it is like no table.

    ``hints``: tables whose names the file or sheet resembles. Raises nothing.
    """
    found = []
    for table in TABLES:
        mapping = map_columns(table, export)
        if _possible(mapping, export):
            shared = sum(g.confidence for n, g in mapping.guesses.items() if n in _SHARED)
            score = sum(g.confidence for g in mapping.guesses.values()) - 0.7 * shared + 1.5 * (table in hints)
            found.append(Mapping(table, mapping.guesses, mapping.unused, score))
    return max(found, key=lambda m: m.score, default=None)


def map_columns(table, export):
    """The `Mapping` of ``export`` as ``table``: each canonical column gets the likeliest column of its kind."""
    candidates, reasons = [], {}
    for place, column in enumerate(TABLES[table].columns):
        for seen in export.columns.values():
            like = words_of(column.name).likeness(seen.name, seen.question)
            if like.score < THRESHOLD:
                continue
            answers, misfit = fits(column, seen, like.score, table)
            if misfit:
                reasons.setdefault(seen.name, f"could be {column.name}, but {misfit}")
            else:
                candidates.append((like.score, -place, column.name, seen.name, like, answers))
    candidates += _by_range(table, export, candidates)
    taken, guesses = set(), {}
    for score, _, canonical, name, like, answers in sorted(candidates, key=lambda c: c[:2], reverse=True):
        if canonical not in guesses and name not in taken:
            guesses[canonical] = Guess(canonical, name, score, like.why, (), answers, like.language)
            taken.add(name)
    guesses = {n: _with_others(g, candidates, taken) for n, g in guesses.items()}
    unused = {s.name: reasons.get(s.name, _unlike(s)) for s in export.columns.values() if s.name not in taken}
    order = {c.name: i for i, c in enumerate(TABLES[table].columns)}
    return Mapping(table, dict(sorted(guesses.items(), key=lambda item: order[item[0]])), unused)


def fits(column, seen, score, table):
    """``(Answers or None, why the column cannot be it)``: whether what is `Seen` is of the canonical column's kind."""
    if seen.kind == "empty":
        return None, "it is empty"
    if column.kind == "scale":
        return _fits_scale(column, seen)
    test = {"key": _key, "level": _level, "text": _text, "number": _number, "integer": _integer}.get(column.kind)
    if column.kind in ("date", "time"):
        return None, "" if seen.kind in ("date", "time") else "it holds no dates in one format"
    if column.kind == "boolean":
        return None, "" if seen.yes_or_no else "it is not yes or no"
    return None, test(column, seen, score, table)


def _fits_scale(column, seen):
    answers = scale_of(seen, (column.low, column.high))
    nps = column.name in ("recommend", "recommend_employer")
    if answers is None:
        words = "its answers are words: export the codes" if seen.kind == "text" else f"it holds {seen.range()}"
        return None, words if seen.kind != "number" or not seen.whole else f"{seen.range()} are no scale"
    if nps and ((answers.low, answers.high) != (0, 10) or answers.highest <= 5 and not answers.labelled):
        ends = f"{answers.low:g} to {answers.high:g}" if answers.labelled else f"at most {answers.highest:g}"
        return None, f"its answers are {ends}, and NPS needs 0 to 10"
    return answers, ""


def _key(column, seen, score, table):
    own = column.name in TABLES[table].key
    if own and len(TABLES[table].key) == 1:
        return "" if seen.unique else "it is not filled and different in every row"
    if seen.kind not in ("number", "text") or seen.kind == "number" and not seen.whole:
        return f"it holds {seen.range()}, no names"
    if score < LISTED - 0.05 and (seen.kind == "number" and seen.distinct <= _FEW and not seen.labels):
        return f"it holds {seen.range()}, like answers"
    return ""


def _level(column, seen, score, table):
    if seen.distinct > MOST_VALUES:
        return "it has more than 60 different values"
    if seen.kind == "number" and not seen.labels and score < LISTED - 0.05:
        return "it holds numbers without labels"
    if seen.kind == "text" and seen.length > _LONGEST_LEVEL:
        return "its texts are long"
    return "" if seen.kind in ("text", "number", "boolean") else f"it holds a {seen.kind}"


def _text(column, seen, score, table):
    return "" if seen.kind == "text" else "it holds no text"


def _number(column, seen, score, table):
    if seen.kind != "number":
        return "it holds no numbers alone"
    low = seen.low if column.low is None else column.low
    high = seen.high if column.high is None else column.high
    coded = bool(seen.counts) and scale_of(seen) is not None and score < LISTED - 0.05 and column.unit == "money"
    if coded:
        return f"it holds {seen.range()}, like answers"
    return "" if low <= seen.low and seen.high <= high else f"it holds {seen.range()}"


def _integer(column, seen, score, table):
    misfit = _number(column, seen, score, table)
    return misfit if misfit or seen.whole else f"it holds {seen.range()}"


def _by_range(table, export, candidates):
    """The only column of answers 0 to 10 is the recommend question when nothing else is."""
    wanted = "recommend"
    if table != "customers" or any(c[2] == wanted for c in candidates):
        return []
    known = {c[3] for c in candidates if c[0] >= PART}
    likely = []
    for seen in export.columns.values():
        other = seen.name in known or words_of(wanted).excludes(seen.name, seen.question)
        answers = None if other else scale_of(seen, (0, 10))
        if answers and (answers.low, answers.high) == (0, 10) and {0, 10} <= set(seen.counts) and len(seen.counts) >= 9:
            likely.append((seen, answers))
    if len(likely) != 1:
        return []
    (seen, answers), place = likely[0], -len(TABLES[table].columns)
    like = Likeness(THRESHOLD, "the only column of answers 0 to 10")
    return [(THRESHOLD, place, wanted, seen.name, like, answers)]


def _with_others(guess, candidates, taken):
    others = [name for score, _, canonical, name, *_ in sorted(candidates, key=lambda c: c[:2], reverse=True)
              if canonical == guess.canonical and name not in taken]  # fmt: skip
    return Guess(guess.canonical, guess.name, guess.confidence, guess.why, tuple(others), guess.answers, guess.language)


def _unlike(seen):
    if seen.kind == "empty":
        return "empty"
    if scale_of(seen) and seen.distinct <= _FEW:
        return f"{seen.range()}, like a question that has no canonical name"
    return f"{seen.range()}, like no canonical column"


def _possible(mapping, export):
    """Whether the columns suffice for the table."""
    has, table = set(mapping.guesses), mapping.table
    if table in ("customers", "employees"):
        specific = {n for n in has if n not in _SHARED}
        return bool(specific & set(TABLES[table].questions))
    if table == "financials":
        return {"company", "year"} <= has and len(has - {"branch", *_SHARED, "year"}) > 0
    if table == "companies":
        return "company" in has and len(has) > 1
    if table == "callbacks":
        return "response_id" in has and bool(has & {"contacted_at", "handled_at"})
    required = {c.name for c in TABLES[table].columns if c.required}
    return required <= has
