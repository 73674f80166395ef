"""What a claim is: what the document says, and the test that was declared before data were opened.

Pydantic models, so that a row of the claims file that is not well declared is refused with its id and rule.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Kind = Literal["direction", "value", "share", "rank", "conjunction", "practice"]


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Tie(_Declared):
    """Two items share a rank when the interval of their difference lies within ±margin."""

    finding: str
    margin: float = Field(gt=0)


class Part(_Declared):
    """One test: the primary finding, those shown beside it, and what would count as agreement.

    ``zone`` and ``smallest`` are in the finding's ``unit``; ``side`` is the claimed side of ``null_value``,
    for value and share the side of zero the published figure lies on; ``needs`` are tables or table.column.
    """

    kind: Literal["direction", "value", "share", "rank", "practice"]
    finding: str
    beside: tuple[str, ...] = ()
    side: Literal["above", "below"] | None = None
    null_value: float = 0.0
    smallest: float | None = Field(default=None, gt=0)
    unit: str | None = None
    zone: tuple[float, float] | None = None
    rank: tuple[int, int] | None = None
    tie: Tie | None = None
    carried_out_from: float = Field(default=100.0, gt=0, le=100)
    needs: tuple[str, ...] = ()
    why: str = ""

    @model_validator(mode="after")
    def _complete(self):
        zoned = self.kind in ("value", "share")
        if zoned != (self.zone is not None) or zoned != (self.unit is not None):
            raise ValueError(f"{self.finding}: value and share declare a zone and its unit, other kinds neither.")
        if (self.kind == "rank") != (self.rank is not None):
            raise ValueError(f"{self.finding}: rank declares the claimed ranks, other kinds do not.")
        if (zoned or self.kind == "direction") != (self.side is not None):
            raise ValueError(f"{self.finding}: direction, value and share declare a side, other kinds do not.")
        for pair in (self.zone, self.rank):
            if pair and pair[0] > pair[1]:
                raise ValueError(f"{self.finding}: the lower end stands first; got {list(pair)}.")
        if (self.tie is not None) != (self.rank is not None and self.rank[0] < self.rank[1]):
            raise ValueError(f"{self.finding}: a tie is declared where, and only where, several ranks are claimed.")
        if self.kind != "practice" and (self.smallest is None or not self.why):
            raise ValueError(f"{self.finding}: declare the smallest effect of interest and why.")
        return self


class Declaration(_Declared):
    """The parts of a claim's test; several are a conjunction."""

    parts: tuple[Part, ...] = Field(min_length=1)
    combine: Literal["weakest", "same"] = "weakest"


class Published(_Declared):
    """What the document prints: the wording of the target, and its number and unit where there is one."""

    text: str
    number: float | None = None
    unit: str | None = None


class Claim(_Declared):
    """One row of the published claims; ``original`` is None until somebody with the documents fills it in."""

    id: str
    documents: tuple[Literal["F", "K", "N", "M", "S", "B"], ...]
    said: str
    original: str | None
    kind: tuple[Kind, ...]
    published: Published
    test: str
    analysis: tuple[str, ...]
    left_out: str | None
    our_extension: str | None
    sources_disagree: str | None = None
    declaration: Declaration

    @property
    def is_practice(self):
        """Whether every part of the test is a practice."""
        return all(part.kind == "practice" for part in self.declaration.parts)
