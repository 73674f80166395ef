"""Texts and numbers in three languages; the catalogues hold the same messages with the same gaps."""

import math
import string
from importlib.resources import files

import pytest
import yaml

from cxstudy.findings import Reading
from cxstudy.language import LANGUAGES, catalogue, number, say, text

NBSP = "\u00a0"
OWN = {
    "hello": "NPS {nps:+.1f} from {n} answers.",
    "plain": "{value} of {name}",
    "word": "agrees",
    "row": {"one": "{count} row", "other": "{count} rows"},
    "verdict": "The data say: {word}.",
}


@pytest.fixture
def own_catalogue(monkeypatch):
    """The sentences above in every language, so that this test does not hang on anyone's wording."""
    monkeypatch.setattr("cxstudy.language.catalogue", lambda language: OWN)


@pytest.mark.parametrize(
    ("value", "spec", "en", "sv", "da"),
    [
        (1234.56, ",.1f", "1,234.6", f"1{NBSP}234,6", "1.234,6"),
        (1234.56, ".1f", "1234.6", "1234,6", "1234,6"),
        (-1234567.0, ",.0f", "−1,234,567", f"−1{NBSP}234{NBSP}567", "−1.234.567"),
        (0.283, ".1%", "28.3%", f"28,3{NBSP}%", f"28,3{NBSP}%"),
        (0.5, "%", "50%", f"50{NBSP}%", f"50{NBSP}%"),
        (3.25, "+.1f", "+3.2", "+3,2", "+3,2"),
        (-3.25, "+.1f", "−3.2", "−3,2", "−3,2"),
        (0.0, "+.1f", "0.0", "0,0", "0,0"),
        (-0.04, ".1f", "0.0", "0,0", "0,0"),
        (-0.0004, ".1%", "0.0%", f"0,0{NBSP}%", f"0,0{NBSP}%"),
        (7, ".2f", "7.00", "7,00", "7,00"),
        (math.nan, ".1f", "–", "–", "–"),
        (math.inf, ".1%", "–", "–", "–"),
    ],
)
def test_numbers_as_the_language_writes_them(value, spec, en, sv, da):
    assert (number(value, spec, "en"), number(value, spec, "sv"), number(value, spec, "da")) == (en, sv, da)


@pytest.mark.parametrize("spec", ["1f", ".1e", "d", ">8", ".f"])
def test_a_number_format_that_is_none_of_ours_is_refused(spec):
    with pytest.raises(ValueError, match="a number format looks like"):
        number(1.0, spec)


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "NPS −4.5 from 1,200 answers."),
        ("sv", f"NPS −4,5 from 1{NBSP}200 answers."),
        ("da", "NPS −4,5 from 1.200 answers."),
    ],
)
def test_gaps_are_filled_in_the_language(own_catalogue, language, expected):
    assert text("hello", language, nps=-4.5, n=1200) == expected
    assert say(Reading("hello", {"nps": -4.5, "n": 1200}), language) == expected


def test_gaps_take_text_truth_values_and_numpy_numbers(own_catalogue):
    import numpy as np

    assert text("plain", "sv", value=np.float64(2.5), name="Åmål") == "2,5 of Åmål"
    assert text("plain", "en", value=np.int64(2000), name=True) == "2,000 of True"
    assert text("plain", "en", value=np.nan, name="{not a gap}") == "– of {not a gap}"


@pytest.mark.parametrize(("count", "expected"), [(1, "1 row"), (0, "0 rows"), (2, "2 rows"), (1200, "1,200 rows")])
def test_plural_forms(own_catalogue, count, expected):
    assert text("row", "en", count=count) == expected


def test_danish_and_swedish_plural(own_catalogue):
    assert (text("row", "sv", count=1), text("row", "sv", count=0)) == ("1 row", "0 rows")
    assert (text("row", "da", count=1), text("row", "da", count=2)) == ("1 row", "2 rows")


def test_a_value_that_is_itself_a_message_is_said_too(own_catalogue):
    assert say(Reading("verdict", {"word": "@word"})) == "The data say: agrees."
    assert say(Reading("verdict", {"word": "word"})) == "The data say: word."


def test_a_missing_message_or_gap_is_named(own_catalogue):
    for language in LANGUAGES:
        with pytest.raises(KeyError, match="catalogue en has no message 'nothing'"):
            text("nothing", language)
    with pytest.raises(KeyError, match="nps"):
        text("hello", "en", n=3)
    with pytest.raises(KeyError, match="count"):
        text("row", "en")


def test_a_message_not_translated_yet_is_said_in_english_numbers_too(monkeypatch):
    entries = {"en": OWN, "sv": {"plain": "{value} av {name}"}}
    monkeypatch.setattr("cxstudy.language.catalogue", lambda language: entries[language])
    assert text("plain", "sv", value=2.5, name="tre") == "2,5 av tre"
    assert text("hello", "sv", nps=-4.5, n=1200) == "NPS −4.5 from 1,200 answers."


def test_an_unknown_language_is_answered_with_the_valid_ones():
    with pytest.raises(ValueError, match="language must be one of en, sv, da; got 'no'"):
        text("verdict.agrees", "no")


def test_there_is_one_catalogue_a_language():
    shipped = {path.name for path in (files("cxstudy") / "locales").iterdir() if path.name.endswith(".yaml")}
    assert shipped == {f"{language}.yaml" for language in LANGUAGES}


class _Strict(yaml.SafeLoader):
    """Refuses a key that occurs twice; yaml would silently keep the last."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=deep) for key, _ in node.value]
        doubled = sorted({str(key) for key in keys if keys.count(key) > 1})
        assert not doubled, f"occurs twice: {', '.join(doubled)}"
        return super().construct_mapping(node, deep)


def forms_of(entry):
    return entry if isinstance(entry, dict) else {"": entry}


def gaps(entry):
    """Name → format of every gap, over all plural forms."""
    found = set()
    for sentence in forms_of(entry).values():
        found |= {(name, spec) for _, name, spec, _ in string.Formatter().parse(sentence) if name is not None}
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_is_flat_whole_and_well_formed(language):
    from babel import Locale

    body = (files("cxstudy") / "locales" / f"{language}.yaml").read_text(encoding="utf-8")
    entries = yaml.load(body, _Strict)
    assert entries == catalogue(language)
    plural_forms = set(Locale.parse(language).plural_form.tags) | {"other"}
    for key, entry in entries.items():
        assert isinstance(key, str) and "." in key, key
        assert isinstance(entry, str) or "other" in entry and set(entry) <= plural_forms, key
        for sentence in forms_of(entry).values():
            # " (synthetic)" is a parenthesis that a sentence takes in behind a word, or leaves out
            whole = sentence[1:] if sentence.startswith(" (") and sentence.endswith(")") else sentence
            assert isinstance(sentence, str) and whole.strip() == whole != "", key
        for name, spec in gaps(entry):
            assert name.isidentifier(), f"{key}: a gap needs a plain name; got {{{name}}}"
            if spec:
                number(1.0, spec, language)


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
def test_the_catalogues_hold_the_same_messages(language):
    ours, theirs = catalogue("en").keys(), catalogue(language).keys()
    missing, extra = ours - theirs, theirs - ours
    assert not missing, f"{len(missing)} messages are not in {language}.yaml: {', '.join(sorted(missing))}"
    assert not extra, f"messages only in {language}.yaml: {', '.join(sorted(extra))}"


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
def test_the_catalogues_have_the_same_gaps(language):
    ours, theirs = catalogue("en"), catalogue(language)
    shared = ours.keys() & theirs.keys()
    assert shared
    assert [key for key in shared if {n for n, _ in gaps(ours[key])} != {n for n, _ in gaps(theirs[key])}] == []
    assert [key for key in shared if isinstance(ours[key], dict) != isinstance(theirs[key], dict)] == []
