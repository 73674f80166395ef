"""Finding, Reading, Result: what every analysis returns; and the findings file.

A Finding is one number with its uncertainty. A Reading is a message key with its
unrounded values; `language.say` turns it into a sentence. A Result holds both, the
tables behind them, and the settings they were made with.
"""

import json
import math
from dataclasses import asdict, dataclass, field, fields
from importlib import import_module
from pathlib import Path

FORMAT = 1
ESTIMANDS = ("observed-score", "latent")


@dataclass(frozen=True)
class Finding:
    """One number, its uncertainty, and who is in it.

    ``estimate``, ``std_error``, ``ci_low`` and ``ci_high`` are in ``unit`` and never rounded; nan
    where there is none, and then ``reason`` says why. ``n`` counts ``n_unit`` (answers, companies,
    …) that were used, ``n_missing`` those that were left out. ``estimand`` is ``observed-score``
    (what this design would give with very many units) or ``latent`` (free of sampling error).
    """

    id: str
    estimate: float = math.nan
    std_error: float = math.nan
    ci_low: float = math.nan
    ci_high: float = math.nan
    confidence: float = math.nan
    unit: str = ""
    n: int = 0
    n_unit: str = ""
    n_missing: int = 0
    method: str = ""
    p_value: float = math.nan
    estimand: str = "observed-score"
    reason: str | None = None

    def __post_init__(self):
        if self.estimand not in ESTIMANDS:
            raise ValueError(f"estimand must be one of {', '.join(ESTIMANDS)}; got {self.estimand!r}.")
        if math.isnan(self.estimate) and not self.reason:
            raise ValueError(f"finding {self.id} has no estimate and gives no reason; say why in reason=.")


@dataclass(frozen=True)
class Reading:
    """A message key of the language catalogue and the unrounded values of its gaps."""

    key: str
    values: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """What an analysis returns: findings, tables, a headline reading and more readings.

    Tables are reached as attributes (``result.tiers``), findings by id (``result["nps_margin.slope"]``).
    ``reading`` is the headline; ``notes`` are further sentences, one under each doubt.
    """

    analysis: str
    findings: tuple[Finding, ...]
    tables: dict
    reading: Reading
    settings: dict
    notes: tuple[Reading, ...] = ()
    synthetic: bool = False
    language: str = "en"
    drawn: dict = field(default_factory=dict, init=False, repr=False, compare=False)

    def __getattr__(self, name):
        tables = self.__dict__.get("tables", {})
        if name in tables:
            return tables[name]
        raise AttributeError(f"this result has no table {name!r}; it has {', '.join(tables)}")

    def __getitem__(self, finding_id):
        for one in self.findings:
            if one.id == finding_id:
                return one
        from cxstudy.faults import unknown_name

        raise KeyError(unknown_name("finding", finding_id, [f.id for f in self.findings]))

    def sentence(self, language=None):
        """The headline as one sentence in ``language`` (default: the study's)."""
        from cxstudy.language import say

        return say(self.reading, language or self.language)

    def note(self, key, language=None):
        """The sentences of the notes with message key ``key``, or a variant of it (``key.none``), one a paragraph."""
        from cxstudy.faults import unknown_name
        from cxstudy.language import say

        said = [say(n, language or self.language) for n in self.notes if n.key == key or n.key.startswith(f"{key}.")]
        if not said:
            raise KeyError(unknown_name("note", key, [n.key for n in self.notes]))
        return "\n\n".join(said)

    def plot(self, kind=None, ax=None):
        """Draw one of this result's figures on ``ax``; ``kind=None`` is the first; returns the Axes.

        A figure drawn without ``ax`` is kept in ``drawn``, and is the one that is recorded.
        """
        figures = import_module(f"cxstudy.figures.{self.analysis}").FIGURES
        if kind is None:
            kind = next(iter(figures))
        if kind not in figures:
            from cxstudy.faults import unknown_name

            raise ValueError(unknown_name("figure", kind, figures))
        axes = figures[kind](self, ax=ax)
        if ax is None:
            self.drawn[kind] = axes
        return axes


@dataclass(frozen=True)
class Answer:
    """Whether a study's data can answer one analysis, before it is run.

    ``status`` is ``yes``, ``strong-only`` (only a link stronger than ``smallest_effect`` would be
    found with 80 % power at 5 %) or ``no``; ``reason`` says why, as a Reading;
    ``smallest_effect`` is in ``unit``, nan when the status is ``no``.
    """

    analysis: str
    status: str
    reason: Reading
    smallest_effect: float = math.nan
    unit: str = ""


def finding(finding_id, estimate, **details):
    """A number of the user's own, to stand beside ours in the findings file.

    Parameters are those of `Finding`. Ids of our analyses are refused, so that a
    user's number can never pass for one of ours.

    >>> finding("my.share", 0.4, ci_low=0.3, ci_high=0.5, n=80, n_unit="answers").id
    'my.share'
    """
    import cxstudy.analyses

    ours = {p.stem for p in Path(cxstudy.analyses.__path__[0]).glob("*.py")}
    first = str(finding_id).split(".")[0]
    if first in ours:
        raise ValueError(
            f"finding ids starting with {first!r} belong to cxstudy; start yours with another word, e.g. my.{finding_id}."
        )
    return Finding(id=finding_id, estimate=estimate, **details)


def write_findings(path, findings, **header):
    """Write a findings file (JSON; nan as null); ``header`` names study, synthetic, … Replaces atomically."""
    body = {"format": FORMAT, **header, "findings": [{k: _plain(v) for k, v in asdict(f).items()} for f in findings]}
    path = Path(path)
    draft = path.with_suffix(".tmp")
    draft.write_text(json.dumps(body, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    draft.replace(path)


def read_findings(path):
    """Findings of a file written by `write_findings`, in its order."""
    body = json.loads(Path(path).read_text(encoding="utf-8"))
    known = {f.name for f in fields(Finding)}
    floats = {f.name for f in fields(Finding) if f.type is float}
    return [
        Finding(**{k: (math.nan if v is None and k in floats else v) for k, v in row.items() if k in known})
        for row in body["findings"]
    ]


def _plain(value):
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
