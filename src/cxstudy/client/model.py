"""What a client's report consists of: sections of sentences, tables, charts and notes, in one language.

The renderers (`html`, `pdf`, `slides`, `workbook`) read this and nothing else; they compute no number. Every number has
the id of the finding it comes from, so that it is found again in ``findings.json``. What must not be shown is not in
the model: suppression happens before it is built.
"""

from dataclasses import dataclass, field

KINDS = ("text", "number", "integer", "percent", "date")
CHARTS = ("intervals", "bars", "stacked", "line", "map")


@dataclass(frozen=True)
class Sentence:
    """One or more whole sentences in the report's language; ``findings``: ids of the numbers in it."""

    text: str
    findings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Note:
    """A caveat or explanation, shown smaller; ``warning`` for what must not be overlooked."""

    text: str
    warning: bool = False


@dataclass(frozen=True)
class Column:
    """A column of a table: ``name`` for machines, ``heading`` and ``unit`` for people, ``kind`` of `KINDS`, ``digits``.

    Values of kind ``percent`` are 0–100.
    """

    name: str
    heading: str
    kind: str = "text"
    unit: str = ""
    digits: int = 1


@dataclass(frozen=True)
class Table:
    """Typed rows under columns. ``cells[r][c]`` is str, int, float, datetime.date or None (nothing to show).

    ``findings[r]`` is the id behind row r, empty where the row holds no finding; ``reasons[r]`` says why a row has no
    numbers (suppressed, not asked), empty otherwise. Numbers are unrounded.
    """

    id: str
    title: str
    columns: tuple[Column, ...]
    cells: tuple[tuple, ...]
    findings: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Series:
    """Values of one series by category, in the chart's unit; None where there is none. ``low``/``high``: interval ends."""

    name: str
    values: tuple[float | None, ...]
    low: tuple[float | None, ...] = ()
    high: tuple[float | None, ...] = ()
    findings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Chart:
    """A chart: ``kind`` of `CHARTS`.

    ``intervals``: a point with its interval for each category; ``bars``; ``stacked``: shares that add to 100;
    ``line``: categories are periods in order; ``map``: an importance–performance map, exactly two series, x and y, with
    categories as labels. ``highlight``: the category that is the client's own. ``alt`` says in words what is seen.
    """

    id: str
    title: str
    kind: str
    categories: tuple[str, ...]
    series: tuple[Series, ...]
    unit: str = ""
    alt: str = ""
    highlight: str = ""
    axis: tuple[float, float] | None = None


Part = Sentence | Note | Table | Chart


@dataclass(frozen=True)
class Section:
    """``id`` names the section in report.yaml; ``comment`` is the consultant's own text under the title.

    ``outdated`` is True where the section's numbers changed since the comment was written.
    """

    id: str
    title: str
    parts: tuple[Part, ...]
    comment: str = ""
    outdated: bool = False


@dataclass(frozen=True)
class Brand:
    """The client's look: two colours (#rrggbb) with enough contrast on white, a font name, a logo (PNG bytes)."""

    name: str = ""
    primary: str = "#1f4e79"
    accent: str = "#f0a860"
    font: str = ""
    logo: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Report:
    """One client's report. ``period`` and ``made`` are written out in the language; ``run`` identifies data and version.

    ``numbers``: the `findings.Finding` of every id in it, for ``findings.json``.
    """

    title: str
    subtitle: str
    language: str
    synthetic: bool
    sections: tuple[Section, ...]
    brand: Brand = Brand()
    period: str = ""
    made: str = ""
    run: str = ""
    numbers: tuple = field(default=(), repr=False)

    def findings(self):
        """Every finding id in the report, in order of appearance, each once."""
        ids = []
        for section in self.sections:
            for part in section.parts:
                ids += getattr(part, "findings", ())
                ids += [one for series in getattr(part, "series", ()) for one in series.findings]
        return tuple(dict.fromkeys(one for one in ids if one))
