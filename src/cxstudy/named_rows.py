"""Rows of a table that count people, and which groups of the study they name: what `anonymity` decides upon."""

import numpy as np

NAMES = ("unit", "company", "branch", "work_group", "group")


class NamedRows:
    """Rows of a table that count respondents of one ``side``, and the study's ``groups`` they name, if any."""

    def __init__(self, table, groups=None, side=""):
        self.table, self.groups, self.side, self._texts, self._known = table, groups, side, {}, {}
        self.keys = [c for c in NAMES if c in table]

    def __len__(self):
        return len(self.table)

    def texts(self, column):
        """The values of a column as an array of texts."""
        if column not in self._texts:
            self._texts[column] = self.table[column].astype(str).to_numpy(object)
        return self._texts[column]

    def known(self, column, name):
        """Which values of a column are those of the column ``name`` of the study's groups."""
        if (column, name) not in self._known:
            there = self.groups.known(self.side, name)
            self._known[column, name] = np.fromiter((v in there for v in self.texts(column)), bool, len(self))
        return self._known[column, name]

    def named(self, rows=slice(None)):
        """Columns of `Groups` that name the groups of these rows → the table's own; empty where it names none.

        A column unit may hold units of measurement, and a column group industries: its values decide.
        """
        if self.groups is None or not self.keys:
            return {}
        inner = [c for c in self.keys if c in ("company", "branch", "work_group")]
        there = {("unit" if c == "group" else c): c for c in (inner if len(inner) > 1 else self.keys[:1])}
        return there if all(self.known(c, name)[rows].any() for name, c in there.items()) else {}

    def with_year(self, names):
        """These columns of `Groups`, and the year where both have one."""
        return (*names, "year") if "year" in self.table and self.groups.known(self.side, "year") else names

    def absent(self, rows, there):
        """``(columns, keys, sizes)`` of the study's groups, of the kind the table has, that have no row among these."""
        names = self.with_year(tuple(there))
        given = set(zip(*(self.texts(there.get(c, c))[rows] for c in names), strict=True))
        gone = [(key, n) for key, n in self.groups.sizes(self.side, names).items() if key not in given]
        return [there.get(c, c) for c in names], [key for key, _ in gone], np.array([n for _, n in gone], float)
