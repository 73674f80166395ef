"""study.yaml as text: each guess on a line of its own that ends in a comment with its reason."""

import re
from difflib import SequenceMatcher

import yaml

from cxstudy.measures.index import LOW_IS_GOOD
from cxstudy.proposal.tables import short
from cxstudy.proposal.vocabulary import fold, language_of
from cxstudy.schema import TABLES

_RESEMBLES = 0.8
_EASY = re.compile(r"\b(eas|enkel|enkl|latt|nem|let\b)")
_CX_ITEMS = ("ease", "resolution", "engagement")
_LEAST_TEXT = 0.08
_LABEL_WORDS = 2


class _Lines:
    """The lines of the file; a guess is counted and the least sure are remembered."""

    def __init__(self):
        self.lines, self.guesses = [], []

    def add(self, line, comment=""):
        self.lines.append(f"{line}  # {comment}" if comment else line)

    def guess(self, line, why, confidence, path):
        self.add(line, f"guess: {why}")
        self.guesses.append((confidence, path))

    def open(self, text, indent=0):
        self.add(f"{' ' * indent}# open: {text}")


def study_text(name, tables, left):
    """The text of study.yaml for the `tables.Proposed` ``tables`` of a study called ``name``.

    ``left`` ``{export: reason}`` are tables of the exports that are not used. A line with a guess ends in ``# guess:``
    and its reason; what nobody can guess stands in lines ``# open:``.
    """
    out = _Lines()
    language, why = _language(tables)
    out.add("format: 1")
    out.add(f"name: {name}")
    out.guess(f'language: "{language}"', why, 0.6 if "text" in why else 0.4, "language")
    out.add("unit: company", "company, branch or work_group: what is compared")
    out.add("tables:")
    for proposed in tables:
        _table(out, proposed, name)
    for table in TABLES:
        if table not in {p.table for p in tables} and table != "links":
            out.add(f"  # {table}: {{file: template.xlsx, sheet: {table}}}", "fill in the sheet, then take the # away")
    for called, reason in left.items():
        out.add(f"  # not used: {short(called)} ({reason})")
    _scales(out, tables)
    _items(out, tables)
    _levels(out, tables)
    _questions(out, tables, language)
    return "\n".join([*_head(out.guesses, tables), *out.lines]) + "\n"


def written(text):
    """A text as YAML writes it: plain where it stays what it is, else in double quotes."""
    if re.fullmatch(r"[^\W\d][\w.-]*( [\w.-]+)*", text) and yaml.safe_load(text) == text:
        return text
    return yaml.safe_dump(text, default_style='"', allow_unicode=True, width=float("inf")).strip()


def _head(guesses, tables):
    files = ", ".join(dict.fromkeys(short(e.path.name) for p in tables for e in p.exports))
    first = [path for _, path in sorted(guesses, key=lambda one: one[0])[:3]]
    number = f"{len(guesses)} guess{'es' if len(guesses) != 1 else ''}"
    return [
        f"# Proposed by cxstudy new from {files}: {number}, each at the end of its line with its reason.",
        f"# Look first at {', '.join(first)}.",
        "# When you have looked at a line, take the word guess (or open) away; cxstudy check lists those still there.",
    ]


def _table(out, proposed, name):
    first, mapping = proposed.exports[0], proposed.mapping
    asked = [n for n, g in mapping.guesses.items() if g.answers] or [n for n in mapping.guesses if n != "response_id"]
    holds = f"it holds {' and '.join(asked[:2])}"
    out.guess(f"  {proposed.table}:", holds, 0.5, f"tables.{proposed.table}")
    names = [written(e.path.name) for e in proposed.exports]
    if len(names) > 1:
        out.guess(f"    file: [{', '.join(names)}]", "files with the same columns are waves", 0.5, "file")
    else:
        out.add(f"    file: {names[0]}")
    for key, value in first.declare.items():
        said = value if isinstance(value, int) else _mapping(value) if isinstance(value, dict) else written(value)
        out.guess(f"    {key}: {said}", first.why[key], 0.6, f"{proposed.table}.{key}")
    for remark in first.remarks:
        out.add(f"    # the reader found {remark.found}")
    if proposed.comma is not None:
        out.guess('    decimal: ","', f"so numbers are written in {short(proposed.comma)}", 0.8, "decimal")
    if proposed.dates:
        also = f"; {' and '.join(proposed.others)} fit as well" if proposed.others else ""
        out.guess(f'    dates: "{proposed.dates}"', f"fits all dates{also}", 0.5 if also else 0.9, "dates")
    _columns(out, proposed)
    _company(out, proposed, name)
    _missing(out, proposed)
    _unused(out, proposed)
    if proposed.table == "financials":
        out.open("the currency and unit of the amounts, such as currency: SEK and unit: thousands", 4)


def _mapping(value):
    return "{" + ", ".join(f'{key}: "{one}"' for key, one in value.items()) + "}"


def _company(out, proposed, name):
    """A table that needs a company and names none is of one; one that leaves it out in some rows is said."""
    needs = any(c.name == "company" and c.required for c in TABLES[proposed.table].columns)
    if not needs:
        return
    if "company" in proposed.mapping.guesses:
        seen = proposed.seen("company")
        if seen.n < seen.rows:
            out.open(f"company is empty in {seen.rows - seen.n:,} of {seen.rows:,} rows; every row needs one", 4)
    elif "company" in (c.casefold() for c in proposed.exports[0].columns):
        out.open("the column company does not name companies; rename it in the file, or map another column", 4)
    else:
        why = "no column names the company, so all rows are taken to be of one"
        out.guess(f"    constants: {{company: {written(name)}}}", why, 0.3, f"{proposed.table}.constants.company")


def _columns(out, proposed):
    guesses = proposed.mapping.guesses
    mapped = [g for g in guesses.values() if g.canonical != g.name]
    same = [g.canonical for g in guesses.values() if g.canonical == g.name]
    if same:
        out.add(f"    # named as they should be: {', '.join(same)}")
    if mapped:
        out.add("    columns:")
    for g in mapped:
        line = f"      {g.canonical}: {written(g.name)}"
        if g.sure:
            out.add(line, "the same name")
            continue
        also = f"; could also be {', '.join(short(o) for o in g.others[:3])}" if g.others else ""
        range_ = f", {proposed.seen(g.canonical).range()}" if g.answers else ""
        out.guess(line, f"{g.why}{range_}{also}", g.confidence, f"{proposed.table}.columns.{g.canonical}")
    for g in guesses.values():
        if g.answers and g.answers.beyond:
            values = ", ".join(f"{v:g}" for v in g.answers.beyond)
            ends = f"{g.answers.low:g} to {g.answers.high:g}"
            out.open(f"{g.canonical} has {values} beyond {ends}; is it a code for no answer?", 4)


def _missing(out, proposed):
    if proposed.missing:
        out.add("    missing:")
    for canonical, codes in proposed.missing.items():
        said = ", ".join(written(c) if isinstance(c, str) else f"{c:g}" for c in codes)
        why = "; ".join(dict.fromkeys(codes.values()))
        out.guess(f"      {canonical}: [{said}]", why, 0.5, f"{proposed.table}.missing.{canonical}")


def _unused(out, proposed):
    """The columns left out, with the reason; those named like a canonical column are declared as left out."""
    unused, guesses = proposed.mapping.unused, proposed.mapping.guesses
    absent = [_plain(c.name) for c in TABLES[proposed.table].columns if c.name not in guesses]
    taken = [_plain(n) for n in guesses]
    alike = [n for n in unused if _plain(n) in taken or any(_alike(_plain(n), a) for a in absent)]
    required = {c.name for c in TABLES[proposed.table].columns if c.required}
    if ignored := [n for n in alike if n not in required or n in guesses]:
        why = "named like a column of ours, and left out (see not used)"
        out.guess(f"    ignore: [{', '.join(map(written, ignored))}]", why, 0.5, f"{proposed.table}.ignore")
    for name, reason in unused.items():
        out.add(f"    # not used: {short(name)} ({reason})")


def _plain(name):
    return "".join(c for c in name.casefold() if c.isalnum())


def _alike(name, canonical):
    return SequenceMatcher(None, name, canonical).ratio() >= _RESEMBLES


def _scales(out, tables):
    found = {}
    for proposed in tables:
        for g in proposed.mapping.guesses.values():
            if g.answers is not None:
                found.setdefault(g.canonical, []).append((proposed, g))
    lines = []
    for canonical, several in found.items():
        proposed, guess = several[0]
        column, answers = TABLES[proposed.table].column(canonical), guess.answers
        easy = canonical in LOW_IS_GOOD and _EASY.search(fold(f"{guess.name} {proposed.seen(canonical).question}"))
        if (answers.low, answers.high) != (column.low, column.high) or easy:
            better = ", better: low" if canonical in LOW_IS_GOOD and not easy else ""
            why = f"{answers.why}{'; the question asks how easy it was, so high is good' if easy else ''}"
            lines.append((canonical, f"{{low: {answers.low:g}, high: {answers.high:g}{better}}}", why))
        for other, theirs in several[1:]:
            if (theirs.answers.low, theirs.answers.high) != (answers.low, answers.high):
                ends = f"{theirs.answers.low:g} to {theirs.answers.high:g}"
                out.open(f"{canonical} of {other.table} seems to go from {ends}, and a question has one scale")
    if lines:
        out.add("scales:")
    for canonical, scale, why in lines:
        out.guess(f"  {canonical}: {scale}", why, 0.6, f"scales.{canonical}")


def _items(out, tables):
    guesses = next((p.mapping.guesses for p in tables if p.table == "customers"), {})
    asked = [n for n in _CX_ITEMS if n in guesses]
    if len(asked) > 1 and len({(guesses[n].answers.low, guesses[n].answers.high) for n in asked}) == 1:
        why = "the questions that usually make it up"
        out.guess(f"items: {{cx_index: [{', '.join(asked)}]}}", why, 0.6, "items.cx_index")


def _levels(out, tables):
    declared = {n: words for p in tables for n, words in p.levels.items()}
    if declared:
        out.add("levels:")
    for name, words in declared.items():
        said = ", ".join(map(written, words))
        out.guess(f"  {name}: [{said}]", "the value labels in the order of their codes", 0.6, f"levels.{name}")
    others = [n for p in tables for n in p.mapping.guesses
              if TABLES[p.table].column(n).kind == "level" and n not in declared]  # fmt: skip
    if others := list(dict.fromkeys(others)):
        example = f"levels: {{{others[0]}: [lowest, …, highest]}}"
        out.add(f"# no order known: {', '.join(others)}; where there is one, write {example}")


def _questions(out, tables, language):
    texts = {}
    for p in tables:
        for n, g in p.mapping.guesses.items():
            question = re.sub(r"<[^>]+>", " ", p.seen(n).question)
            # a label of few words is no wording
            if g.answers is not None and len(question.split()) > _LABEL_WORDS:
                texts.setdefault(n, " ".join(question.split()))
    if texts:
        out.add("questions:")
    for name, question in texts.items():
        out.add(f"  {name}: {{{language}: {written(question)}}}", "as in the file")


def _language(tables):
    texts = [s.question for p in tables for s in p.exports[0].columns.values() if s.question]
    language, share = language_of(texts)
    if share >= _LEAST_TEXT:
        return language, "by the common words of the question texts"
    known = [g.language for p in tables for g in p.mapping.guesses.values() if g.language in ("sv", "da")]
    if known:
        return max(("sv", "da"), key=known.count), "by the words in the names of columns"
    return "en", "nothing tells the language; en, sv or da"
