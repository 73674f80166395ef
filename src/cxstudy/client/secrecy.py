"""Which cells of a client's reports stay hidden: small ones, and those that would give a small one away.

A report shows totals by period, by touchpoint and by group, and a client may hold several reports: of a year and of
its quarters, of a branch and of the whole. So all of them are looked at together. A cell is a scope (a unit, or the
whole it belongs to), a label (a touchpoint or group, or all) and a period (a quarter, a year, or all); cells add up
along each of the three. What one total hides is at least two cells with the threshold's answers together, as in
`cxstudy.anonymity`; after that it is made sure, by linear algebra, that no chain of totals leads to a small cell (a
bridge in the pattern of hidden cells; Hundepool et al. 2012, Statistical Disclosure Control, chapter 4).
"""

import numpy as np

from cxstudy.anonymity import hidden

ALL = ""
MISSING = "\0"
WHOLE = ("whole", ALL)
COLUMNS = ["unit", "label", "coarse", "fine"]
ROUNDS = 200


class Secrecy:
    """The hidden cells of one family: the units under one whole, or a unit alone.

    ``cells``: frame of kind, unit, label, coarse, fine (texts, None where an answer has none) and n. Rows of kind ""
    are the totals; those of another kind divide them by a label, and ``label`` below is then (kind, label). ``whole``:
    whether the units' total is known to somebody, since a report of the whole exists. ``limit``: the threshold.
    """

    def __init__(self, cells, limit, whole):
        self.limit, self.sizes, self._same = limit, {}, {}
        cells = cells.assign(**{c: cells[c].astype(object).where(cells[c].notna(), MISSING) for c in COLUMNS})
        self.lines = self._lines(cells, whole)
        self.out = {cell for cell, n in self.sizes.items() if n < limit or _unnamed(cell)}
        self._complete()
        for _ in range(ROUNDS):
            found = self._given_away()
            if not found:
                break
            self.out |= found
            self._complete()

    def hides(self, scope, label=ALL, period=ALL):
        """Whether a cell must not be shown, or is empty. ``scope``: ("unit", name) or WHOLE."""
        cell = self._as((scope, label, period))
        return cell not in self.sizes or cell in self.out

    def small(self, scope, label=ALL, period=ALL):
        """Whether a cell has fewer answers than the threshold."""
        return self.sizes.get(self._as((scope, label, period)), 0) < self.limit

    def _as(self, cell):
        while cell in self._same:
            cell = self._same[cell]
        return cell

    def _lines(self, cells, whole):
        """All ``(total, parts)`` of cells; sizes are filled in, and a total of one part is the same cell as that."""
        parts = {}
        for kind, unit, label, coarse, fine, n in cells[["kind", *COLUMNS, "n"]].itertuples(index=False):
            if not n > 0:
                continue
            one = (kind, label) if kind else ALL
            # a quarter and the year of the same name are one cell, and so are they and all without dates
            named = list(dict.fromkeys((fine, coarse, ALL)))
            times = list(zip(named, [*named[1:], None], strict=True))
            for scope in [("unit", unit), WHOLE] if whole else [("unit", unit)]:
                for time, above in times:
                    cell = (scope, one, time)
                    self.sizes[cell] = self.sizes.get(cell, 0) + n
                    if above is not None:
                        parts.setdefault(((scope, one, above), "time"), {})[cell] = None
                    if kind:
                        parts.setdefault(((scope, ALL, time), kind), {})[cell] = None
                    if whole and scope != WHOLE:
                        parts.setdefault(((WHOLE, one, time), "unit"), {})[cell] = None
        return self._merged(parts)

    def _merged(self, parts):
        for (total, _), inside in parts.items():
            only = next(iter(inside))
            if len(inside) == 1 and self._as(only) != self._as(total):
                first, second = self._as(only), self._as(total)
                unnamed = _unnamed(second) and not _unnamed(first)
                keep, gone = (first, second) if unnamed else (second, first)
                self._same[gone] = keep
        lines = []
        for (total, _), inside in parts.items():
            if len(inside) > 1:
                members = list(dict.fromkeys(self._as(cell) for cell in inside))
                lines.append((self._as(total), members))
        self.sizes = {cell: n for cell, n in self.sizes.items() if cell not in self._same}
        return lines

    def _complete(self):
        """Hide further cells until no total gives one away; repeated, since each line can unsettle another."""
        waiting = list(range(len(self.lines)))
        touched = {}
        for i, (total, inside) in enumerate(self.lines):
            for cell in (total, *inside):
                touched.setdefault(cell, []).append(i)
        while waiting:
            again = {}
            for i in waiting:
                for cell in self._more(*self.lines[i]):
                    self.out.add(cell)
                    again |= dict.fromkeys(touched[cell])
            waiting = list(again)

    def _more(self, total, inside):
        gone = np.array([cell in self.out for cell in inside])
        if not gone.any() and total not in self.out:
            return []
        sizes = np.array([self.sizes[cell] for cell in inside], float)
        if total in self.out:
            # a hidden total is the sum of its parts where all of them are shown
            return [] if gone.any() else [inside[int(sizes.argmin())]]
        after = hidden(np.where(gone, 0, sizes), self.limit, others=sizes[gone])
        return [cell for cell, now, before in zip(inside, after, gone, strict=True) if now and not before]

    def _given_away(self):
        """Cells to hide so that no small one follows from a chain of totals; empty where none does."""
        unknown = [cell for cell in self.sizes if cell in self.out]
        place = {cell: i for i, cell in enumerate(unknown)}
        rows = []
        for total, inside in self.lines:
            if total in place or any(cell in place for cell in inside):
                row = np.zeros(len(unknown))
                for cell in inside:
                    if cell in place:
                        row[place[cell]] += 1
                if total in place:
                    row[place[total]] -= 1
                rows.append(row)
        if not rows:
            return set()
        known = determined(np.array(rows))
        small = {cell for cell, told in zip(unknown, known, strict=True) if told and self.sizes[cell] < self.limit}
        more = set()
        for cell in small:
            near = [c for total, inside in self.lines if cell in inside for c in inside if c not in self.out]
            if near:
                more.add(min(near, key=lambda c: (self.sizes[c], str(c))))
        return more


def _unnamed(cell):
    """Whether a cell is of answers without a unit, label or date, which no report shows."""
    return any(MISSING == one or MISSING in one and isinstance(one, tuple) for one in cell)


def determined(equations):
    """Which unknowns a system of linear equations (rows) determines, array of bool.

    >>> determined(np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])).tolist()
    [False, False, True]
    """
    from scipy.linalg import lstsq

    # what is left of a random vector without its part in the row space is zero just where the rows determine it
    drawn = np.random.default_rng(1).normal(size=(equations.shape[1], 2))
    inside = lstsq(equations, equations @ drawn, lapack_driver="gelsy", cond=1e-10)[0]
    return np.abs(drawn - inside).max(axis=1) < 1e-7
