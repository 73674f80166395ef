"""The words of `words.yaml`, and how a name or a text is compared with them."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from importlib.resources import files

from cxstudy.language import yaml_of

NAMED, LISTED, TEXT, PART, NEAR = 1.0, 0.9, 0.75, 0.7, 0.6
_CLOSE = 0.87
_SHORTEST = 6
_LABEL_WORDS = 4
# letters that may stand around words that say that there is no answer
_MORE = 12
_ACCENTS = str.maketrans({"å": "a", "ä": "a", "æ": "a", "ö": "o", "ø": "o", "é": "e", "ü": "u", "’": "'"})


@dataclass(frozen=True)
class Likeness:
    """How well a column's name or question text meets a canonical name: a score 0…1, why, and the word's language."""

    score: float = 0.0
    why: str = ""
    language: str = ""


@dataclass(frozen=True)
class Words:
    """What `words.yaml` says of one canonical column; ``names`` ``{folded word: (word, language)}`` in order."""

    canonical: str
    names: dict
    texts: tuple
    needs: tuple
    never: tuple

    def likeness(self, name, question):
        """The `Likeness` of a column called ``name`` whose question is worded ``question`` (empty where not known)."""
        if self.excludes(name, question):
            return Likeness()
        # a name of many words is the question itself
        question = name if not question and len(name.split()) > _LABEL_WORDS else question
        texts = [fold(name), fold(question)]
        if self.needs and not any(_starts(word, text) for word in self.needs for text in texts):
            # its own name needs no more words
            best = self._by_name(name)
            return best if best.score >= LISTED else Likeness()
        by_name, by_text = self._by_name(name), self._by_text(question)
        best = max(by_name, by_text, key=lambda one: one.score)
        if by_name.score and by_text.score and by_name.score < NAMED:
            return Likeness(min(best.score + 0.05, 0.95), f"{by_name.why} and {by_text.why}", by_name.language)
        return best

    def excludes(self, name, question):
        """Whether a word in a column's name or question text says that it is something else."""
        return any(_starts(word, text) for word in self.never for text in (fold(name), fold(question)))

    def _by_name(self, name):
        plain, tokens = _plain(name), _tokens(name)
        if plain == _plain(self.canonical):
            return Likeness(NAMED, "the name")
        best = Likeness()
        for place, (folded, (word, language)) in enumerate(self.names.items()):
            score = _score(plain, tokens, folded)
            if score and score - place / 1000 > best.score:
                verb = {LISTED: "is", PART: "holds", NEAR: "is nearly"}[score]
                best = Likeness(score - place / 1000, f'the name {verb} "{word}"', language)
        return best

    def _by_text(self, question):
        text = fold(question)
        if 0 < len(text.split()) <= _LABEL_WORDS:
            # a label such as "Company" names the column, it asks nothing
            label = self._by_name(question)
            if label.score > TEXT:
                why = label.why.replace("the name", "its label", 1)
                return Likeness(min(label.score, LISTED) - 0.05, why, label.language)
        word = next((word for word in self.texts if _starts(fold(word), text)), None)
        return Likeness(TEXT, f'the question text holds "{word}"') if word else Likeness()


def fold(text):
    """A text without capitals, Nordic letters and repeated blanks.

    >>> fold("Är du  NÖJD")
    'ar du nojd'
    """
    return " ".join(str(text).casefold().translate(_ACCENTS).split())


@cache
def vocabulary():
    """The content of words.yaml as plain data."""
    return yaml_of((files("cxstudy") / "proposal" / "words.yaml").read_text(encoding="utf-8"))


@cache
def words_of(canonical):
    """The `Words` of one canonical column; its own name is always among them."""
    said = vocabulary()["columns"].get(canonical, {})
    own = canonical.replace("_", " ")
    names = {own: (own, "en")}
    for language, several in said.get("names", {}).items():
        for word in several:
            names.setdefault(fold(word), (word, language))
    parts = {part: tuple(map(fold, said.get(part, ()))) for part in ("needs", "not")}
    return Words(canonical, names, tuple(said.get("texts", ())), parts["needs"], parts["not"])


def is_no_answer(label):
    """Whether a value label or word says that there is no answer: it begins so, or says hardly anything else.

    >>> is_no_answer("Vet ej / ingen uppfattning"), is_no_answer("There was no answer to my call")
    (True, False)
    """
    text = re.sub(r"^[\W\d]+|\W+$", "", fold(label))
    return any(_says(text, fold(word)) for group in vocabulary()["no_answer"] for word in group)


def _says(text, word):
    if " " not in word:
        return text == word
    found = re.search(rf"(^|\W){re.escape(word)}($|\W)", text)
    return found is not None and (found.start() == 0 or len(text) <= len(word) + _MORE)


def language_of(texts):
    """``(language, share of its words)`` of question texts; ``("", 0)`` where none of the common words occurs."""
    tokens = [t for text in texts for t in re.findall(r"[^\W\d_]+", str(text).casefold())]
    counts = {lang: sum(t in words for t in tokens) for lang, words in vocabulary()["languages"].items()}
    best = max(counts, key=counts.get)
    return (best, counts[best] / len(tokens)) if counts[best] else ("", 0.0)


def _starts(word, text):
    return bool(word) and re.search(rf"(^|[^a-z]){re.escape(word)}", text) is not None


def _tokens(name):
    split = re.sub(r"(?<=[a-zåäöæø])(?=[A-ZÅÄÖÆØ])", " ", str(name))
    return re.findall(r"[a-z]+|\d+", fold(split))


def _plain(name):
    return "".join(c for c in fold(name) if c.isalnum())


def _score(plain, tokens, word):
    parts = _tokens(word)
    if plain == _plain(word):
        return LISTED
    runs = [tokens[i : i + len(parts)] for i in range(len(tokens) - len(parts) + 1)]
    if parts in runs:
        return PART
    if len(word) >= _SHORTEST and len(parts) == 1 and any(t.startswith(word) for t in tokens):
        return PART
    other = _plain(word)
    near = min(len(plain), len(other)) >= _SHORTEST and SequenceMatcher(None, plain, other).ratio() >= _CLOSE
    return NEAR if near else 0.0
