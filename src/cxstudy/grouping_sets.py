"""Sums by several kinds of group in one scan of a table: SQL's GROUPING SETS, for which Ibis has no word."""

from cxstudy.quoting import named


def sums_by(table, sets, sums, *, made=None, where=None, alike=None):
    """Aggregates by each of several sets of columns: a list of frames, the set's columns first, sorted by them.

    ``table``: an Ibis table that lies in a database, as those of a study do. ``sets``: tuples of columns, no two alike;
    () stands for all rows together. ``sums``: name → the aggregate. ``made``: name → what a further column holds;
    ``where``: which rows count. ``alike``: columns; the rows of a group that agree in them are summed as one row, whose
    column _k is their number. All expressions are SQL, columns in them `quoting.named`. A missing key is a group of its
    own, and the last.

    >>> import ibis
    >>> con = ibis.duckdb.connect()
    >>> _ = con.raw_sql("CREATE TABLE t AS FROM (VALUES ('b', 1), ('a', 2), ('b', 4)) v(shop, x)")
    >>> whole, shops = sums_by(con.table("t"), [(), ("shop",)], {"total": "sum(x)::DOUBLE"})
    >>> whole.to_dict("list"), shops.to_dict("list")
    ({'total': [7.0]}, {'shop': ['a', 'b'], 'total': [2.0, 5.0]})
    """
    con = table.get_backend()
    keys = list(dict.fromkeys(key for one in sets for key in one))
    heads = [named(key) for key in keys]
    rows = ", ".join(["*", *(f"{text} AS {named(name)}" for name, text in (made or {}).items())])
    rows = f"SELECT {rows} FROM ({con.compile(table)})" + (f" WHERE {where}" if where else "")
    if alike is not None:
        rows = f"SELECT {', '.join([*heads, 'count(*) AS _k'])} FROM ({rows}) GROUP BY " + (
            ", ".join([*heads, *map(named, alike)]) or "()"
        )
    # numbered, as a name of its own could be that of a column
    asked = [f"{head} AS _k{i}" for i, head in enumerate(heads)] + [
        f"{s} AS _s{i}" for i, s in enumerate(sums.values())
    ]
    asked += [f"grouping({', '.join(heads)}) AS _set" if keys else "0 AS _set"]
    groups = ", ".join(f"({', '.join(map(named, one))})" for one in sets)
    found = con.con.sql(f"SELECT {', '.join(asked)} FROM ({rows}) GROUP BY GROUPING SETS ({groups})")
    found = found.to_arrow_table().to_pandas()
    found.columns = [*keys, *sums, "_set"]
    which = found.pop("_set").to_numpy()
    # grouping() has a bit for each key, the first the highest, set where the row is not of one value of it
    bits = {key: 1 << place for place, key in enumerate(reversed(keys))}
    codes = [sum(bit for key, bit in bits.items() if key not in one) for one in sets]
    parts = [found.loc[which == code, [*one, *sums]] for one, code in zip(sets, codes, strict=True)]
    return [
        part.sort_values(list(one), ignore_index=True) if one else part.reset_index(drop=True)
        for part, one in zip(parts, sets, strict=True)
    ]
