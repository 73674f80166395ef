"""What a proposed study.yaml still holds unconfirmed: its guesses, and what nobody could guess."""

import re
from pathlib import Path

_GUESS = re.compile(r"^\s*(?P<part>[^#]\S?.*?)\s+#\s*guess:\s*(?P<why>.*)$")
_OPEN = re.compile(r"^\s*#\s*open:\s*(?P<what>.*)$")


def still_open(path):
    """``(guesses, questions)`` of the study.yaml at ``path``: ``[(line, part, reason)]`` and ``[(line, text)]``.

    A guess counts until its comment has lost the word ``guess:``; a line ``# open:`` until it is gone. A file that
    cannot be read has neither: opening it says why.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeError):
        return [], []
    guesses = [(i, m["part"], m["why"]) for i, line in enumerate(lines, 1) if (m := _GUESS.match(line))]
    return guesses, [(i, m["what"]) for i, line in enumerate(lines, 1) if (m := _OPEN.match(line))]
