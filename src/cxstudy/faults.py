"""What can be wrong with a user's data, and how it is said: rule, finding, remedy.

Everything a user can mend is raised as one of two exceptions, and the command
line prints their text without a traceback.
"""

from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True)
class Fault:
    """One fault: the rule that was broken, what was found, what to do.

    ``where`` names file and column (``customers.csv, column recommend``); ``row`` is
    the line number in the file (header = 1) of the first example, None where none applies.
    """

    rule: str
    found: str
    remedy: str
    where: str = ""
    row: int | None = None

    def __str__(self):
        place = self.where + (f", line {self.row}" if self.row is not None else "")
        return f"{place + ': ' if place else ''}{self.rule} Found: {self.found} Remedy: {self.remedy}"


class DataError(ValueError):
    """All faults of a study's files at once; ``faults`` holds them as objects."""

    def __init__(self, faults):
        self.faults = tuple(faults)
        count = f"{len(self.faults)} fault{'s' if len(self.faults) != 1 else ''}"
        super().__init__(f"{count} to mend.\n" + "\n".join(f"  {i}. {f}" for i, f in enumerate(self.faults, 1)))


class NotTestable(ValueError):
    """These data cannot answer the question; ``needs`` lists what is missing."""

    def __init__(self, reason, needs=()):
        self.reason, self.needs = reason, tuple(needs)
        super().__init__(reason)


def unknown_name(kind, name, valid):
    """The text for a name that does not exist: the valid ones, nearest first.

    >>> unknown_name("column", "recomend", ["company", "recommend"])
    "there is no column 'recomend'; nearest: recommend; valid: company, recommend."
    """
    valid = sorted(str(v) for v in valid)
    near = get_close_matches(str(name), valid, n=3, cutoff=0.6)
    nearest = f"nearest: {', '.join(near)}; " if near else ""
    return f"there is no {kind} {name!r}; {nearest}valid: {', '.join(valid) or 'none'}."
