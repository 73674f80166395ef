"""How sections are written: sentences of the catalogue, findings kept by id, tables and charts of estimates."""

import math

import numpy as np

from cxstudy.client.model import Chart, Column, Note, Sentence, Series, Table
from cxstudy.client.periods import written
from cxstudy.client.secrecy import ALL
from cxstudy.findings import Finding
from cxstudy.language import catalogue, text

NUMBERS = ("estimate", "std_error", "ci_low", "ci_high", "p_value")
LEVELS = {"unit": "member", "whole": "parent"}
UNITS = {"nps": "NPS points", "share": "percent", "index": "points 0–100"}


class Pen:
    """Writes for one client: ``study``, ``shared``, ``client``, ``settings``; ``found`` holds the findings by id."""

    def __init__(self, study, shared, client, settings):
        self.study, self.shared, self.client, self.settings = study, shared, client, settings
        self.language, self.found, self.made = shared.language, {}, {}
        self.level, self.key = client.level, client.key

    def say(self, key, **values):
        """The sentence ``client.key``."""
        return text(f"client.{key}", self.language, **values)

    def sentence(self, key, *ids, **values):
        """A `Sentence` with the ids of the findings in it."""
        return Sentence(self.say(key, **values), tuple(one.id if isinstance(one, Finding) else one for one in ids))

    def note(self, key, warning=False, **values):
        """A `Note`."""
        return Note(self.say(key, **values), warning)

    def period(self, period):
        """A period in words."""
        return written(period, self.say)

    def label(self, name):
        """A question, touchpoint or group as the client calls it: report.yaml, the catalogue, else the name itself."""
        given = self.settings.labels.get(str(name)) if self.settings else None
        if given:
            return given
        key = f"client.item.{name}"
        return text(key, self.language) if key in catalogue("en") else str(name).replace("_", " ")

    def once(self, name, make):
        """What ``make`` gives, made when first asked for under ``name``."""
        if name not in self.made:
            self.made[name] = make()
        return self.made[name]

    def mine(self, what):
        """The client's rows of a shared table."""
        frame = self.shared.table(self.level, what)
        return self.once(("mine", what), lambda: frame[frame[self._column] == self.key] if len(frame) else frame)

    def rows_by(self, what, column):
        """The client's rows of a shared table by the value of a column, each a dict."""
        frame = self.mine(what)
        return self.once(
            ("rows", what), lambda: {row[column]: row for row in frame.to_dict("records")} if len(frame) else {}
        )

    def others(self, what, cells, label=None, period=None):
        """The peers' rows of a shared table that may be shown.

        ``cells``: what their answers are counted by (see `shared.Shared`); ``label``: kind and column of what divides
        them, ``period``: column of the period; None is the report's. Where units belong to a whole, whose total is
        known, a peer that is hidden elsewhere is no peer here: the mean of the peers would give it away.
        """
        return self.once(("others", what, cells), lambda: self._others(what, cells, label, period))

    def _others(self, what, cells, label, period):
        frame = self.shared.table(self.level, what)
        if not len(frame):
            return frame
        enough = (frame["n"] >= self.shared.limits["customers"]) & frame["estimate"].notna()
        frame = frame[(frame[self._column] != self.key) & enough]
        if not self.shared.has_whole or self.level == "whole":
            return frame
        shown = [not self._hides(row, cells, label, period) for row in frame.to_dict("records")]
        return frame[np.array(shown, bool)]

    def _hides(self, row, cells, label, period):
        unit, when = row[self._column], row[period] if period else self.shared.period or ALL
        divided = (label[0], row[label[1]]) if label else ALL
        return self.shared.secrecy(cells, self.level, unit).hides(("unit", unit), divided, when)

    @property
    def _column(self):
        return LEVELS[self.level]

    def keep(self, name, row=None, *, unit="", n_unit="answers", reason=None, **values):
        """A `Finding` ``client.name`` of a table's row (or ``values``), kept; without an estimate, with its reason."""
        row = dict(row if row is not None else {}) | values
        numbers = {k: _number(row.get(k)) for k in NUMBERS}
        reason = reason or (row.get("reason") if isinstance(row.get("reason"), str) else None)
        if math.isnan(numbers["estimate"]):
            numbers, reason = dict.fromkeys(NUMBERS, math.nan), reason or self.say("reason.no_number")
        whole = {
            k: 0 if reason else int(_number(row.get(k, 0)) if row.get(k) is not None else 0) for k in ("n", "n_missing")
        }
        found = Finding(
            f"client.{name}", **numbers, **whole, confidence=self.shared.confidence, unit=unit or row.get("unit", ""),
            n_unit=n_unit, method=row.get("method") or "", reason=reason,
        )  # fmt: skip
        self.found[found.id] = found
        return found

    def hidden(self, name, secrecy, scope, label="", period="", unit=""):
        """A `Finding` without numbers, its reason said, for a cell that must not be shown; None where it may be."""
        if not secrecy.hides(scope, label, period):
            return None
        small = secrecy.small(scope, label, period)
        reason = self.say("reason.too_few" if small else "reason.neighbour", least=secrecy.limit)
        return self.keep(name, unit=unit, reason=reason)

    def interval(self, found):
        """The gaps estimate, low, high, n and level of a finding."""
        values = {"estimate": found.estimate, "low": found.ci_low, "high": found.ci_high}
        return values | {"n": found.n, "level": 100 * found.confidence}

    def table(self, name, title, head, rows, unit="", digits=1, n_head=None):
        """A `Table` of (label, Finding): estimate, both ends, n; a finding without a number gives its reason."""
        level = 100 * self.shared.confidence
        columns = (
            Column("name", self.say(f"head.{head}")),
            Column("estimate", self.say("head.estimate"), "number", unit, digits),
            Column("ci_low", self.say("head.low", level=level), "number", unit, digits),
            Column("ci_high", self.say("head.high", level=level), "number", unit, digits),
            Column("n", self.say(f"head.{n_head or 'n'}"), "integer", "", 0),
        )
        cells = tuple(
            (label, *(shown(getattr(f, k)) for k in NUMBERS[:1] + NUMBERS[2:4]), f.n or None) for label, f in rows
        )
        return Table(
            name, title, columns, cells, tuple(f.id for _, f in rows), tuple(f.reason or "" for _, f in rows)
        )  # fmt: skip

    def chart(self, name, title, kind, rows, unit, *, series, axis=None, highlight="", extra=()):
        """A `Chart` of (label, Finding) with intervals; without one row with a number, None. ``extra``: more series."""
        if not any(shown(f.estimate) is not None for _, f in rows):
            return None
        parts = [tuple(shown(getattr(f, k)) for _, f in rows) for k in ("estimate", "ci_low", "ci_high")]
        own = Series(series, *parts, tuple(f.id if shown(f.estimate) is not None else "" for _, f in rows))
        said = [self._point(label, f, unit) for label, f in rows if shown(f.estimate) is not None]
        alt = self.say("alt", title=title, values="; ".join(said))
        return Chart(name, title, kind, tuple(label for label, _ in rows), (own, *extra), unit, alt, highlight, axis)

    def _point(self, label, found, unit):
        key = "alt_point" if math.isfinite(found.ci_low) else "alt_alone"
        return self.say(key, label=label, unit=unit, **self.interval(found))


def shown(value):
    """A number for a table or chart: None where it is nan."""
    return float(value) if value is not None and np.isfinite(value) else None


def parts_of(*several):
    """The parts of a section: single ones and lists, None left out."""
    found = []
    for one in several:
        found += (
            [p for p in one if p is not None] if isinstance(one, list | tuple) else [one] if one is not None else []
        )
    return tuple(found)


def _number(value):
    return math.nan if value is None else float(value)
