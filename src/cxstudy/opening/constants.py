"""Columns that a file lacks because one value holds for all its rows, as study.yaml declares under ``constants``."""

from dataclasses import replace

from cxstudy.faults import DataError, Fault
from cxstudy.quoting import named, quoted


def with_constants(con, name, source, spec):
    """``source`` with a column for each of ``constants`` (canonical name → value), as a view on the connection ``con``.

    Raises DataError where the file has a column of that name.
    """
    if not spec.constants:
        return source
    folded = {c.casefold(): c for c in source.columns}
    twice = [folded[c.casefold()] for c in spec.constants if c.casefold() in folded]
    if twice:
        rule, found = "constants: gives columns the file lacks.", f"a column {', '.join(twice)} in the file."
        raise DataError([Fault(rule, found, "take it out of constants: in study.yaml.", source.name)])
    cells = [f"{quoted(v) if isinstance(v, str) else v} AS {named(c)}" for c, v in spec.constants.items()]
    view = f"{name}_constants"
    con.con.execute(f"CREATE VIEW {named(view)} AS SELECT *, {', '.join(cells)} FROM {named(source.expr.get_name())}")
    scratch = (("VIEW", view), *source.scratch) if source.scratch else ()
    return replace(source, expr=con.table(view), columns=(*source.columns, *spec.constants), scratch=scratch)
