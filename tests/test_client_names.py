"""Files get names that every system takes, and none leaves its folder."""

import re
from pathlib import Path

import pytest
from client_model import HOSTILE
from hypothesis import given
from hypothesis import strategies as st

from cxstudy.client.names import LONGEST, file_name, file_names

SAFE = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Åhléns Ärlig Öl", "Ahlens-Arlig-Ol"),
        ("Ærø & Søn A/S", "Aero-and-Son-A-S"),
        ("../../etc/passwd", "etc-passwd"),
        ("C:\\Windows\\x.txt", "C-Windows-x-txt"),
        ("nul", "client-nul"),
        ("COM1", "client-COM1"),
        ("Company 10", "Company-10"),
        ("  ..  ", "client"),
        ("", "client"),
        ("電話", "client"),
        ("=cmd|'/c calc'!A1", "cmd-c-calc-A1"),
    ],
)
def test_a_name_becomes_plain_letters(name, expected):
    assert file_name(name) == expected


@given(st.text(max_size=400))
def test_any_name_is_safe_and_stays_in_its_folder(name):
    made = file_name(name)
    assert SAFE.fullmatch(made)
    assert len(made) <= LONGEST
    folder = Path("/reports/clients")
    assert (folder / f"{made}.pdf").resolve().parent == folder


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_safe(name):
    assert SAFE.fullmatch(file_name(name))


@given(st.dictionaries(st.text("abAB", max_size=3), st.text("aAå-", max_size=4), max_size=12))
def test_names_are_unique_whatever_the_case_and_the_order(names):
    made = file_names(names)
    assert len({one.lower() for one in made.values()}) == len(names)
    assert file_names(dict(reversed(names.items()))) == made


def test_long_alike_names_are_numbered_and_no_longer():
    made = file_names({f"C{i:02}": "a" * 300 for i in range(12)})
    assert made["C00"] == "a" * LONGEST
    assert made["C11"] == "a" * (LONGEST - 3) + "-12"
    assert max(len(one) for one in made.values()) == LONGEST


def test_a_numbered_name_does_not_take_a_name_that_is_given():
    assert file_names({"1": "x", "2": "x", "3": "x-2"}) == {"1": "x", "2": "x-2", "3": "x-2-2"}


def test_a_name_without_latin_letters_takes_its_key():
    assert file_names({"C7": "電話", "C8": "電話"}) == {"C7": "C7", "C8": "C8"}
