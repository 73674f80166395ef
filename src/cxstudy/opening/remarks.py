"""What the user should know about the data and need not mend."""

from cxstudy.faults import Fault
from cxstudy.schema import UNITS

_SHOWN = 20


def remarks_on(opened, config):
    """Remarks (`Fault` objects) on the ``opened`` tables: units with few answers, keys that a file holds as
    numbers, codes for no answer that also occur among numbers.
    """
    for name in ("customers", "employees"):
        if name in opened:
            yield from _few_answers(opened[name], config.unit, getattr(config.thresholds, name))
    for table in opened.values():
        yield from _number_keys(table)
        yield from _kept_codes(table)


def _few_answers(table, unit, least):
    units = table.rows_by(unit)
    few = sorted((k, n) for k, (n, _) in units.items() if n < least)
    if few:
        rule = f"a {unit} needs at least {least} answers (thresholds in study.yaml) to be shown."
        shown = ", ".join(f"{k}: {n:g}" for k, n in few[:_SHOWN])
        more = f", … ({len(few) - _SHOWN:,} more)" if len(few) > _SHOWN else ""
        found = f"{len(few):,} of {len(units):,} with fewer ({shown}{more})."
        remedy = "nothing need be done; their answers count in totals, and each table says what it leaves out."
        yield Fault(rule, found, remedy, table.where(unit))


def _number_keys(table):
    for name, v in table.values.items():
        kind = table.source.expr[v.source].type()
        if name in UNITS and not kind.is_string() and not v.labels:
            rule, found = "a key is text, so that 0047 stays as it is.", f"{kind} in the file; read as text."
            remedy = "if keys had zeros in front, save the column as text in the program that made the file."
            yield Fault(rule, found, remedy, table.where(name))


def _kept_codes(table):
    """A table's codes hold for its questions; among amounts, 99 may be an amount."""
    codes = [c for c in table.spec.missing.get("*", ()) if not isinstance(c, str)]
    numbers = {n: v for n, v in table.values.items() if v.column.kind == "number" and v.column.unit != "points"}
    if not codes or not numbers or table.name not in ("customers", "employees") or table.spec.rows == "counted":
        return
    kept = {n: v.value.isin(codes).cast("int64").sum() for n, v in numbers.items() if n not in table.spec.missing}
    if not kept:
        return
    counts = table.source.expr.aggregate(**kept).to_pyarrow().to_pylist()[0]
    for name, n in counts.items():
        if n:
            said = ", ".join(f"{c:g}" for c in codes)
            rule = "codes declared for a whole table hold for its questions, not for amounts."
            found = f"{n:,} value{'s' if n != 1 else ''} of {said}, read as amounts."
            columns = f"missing: {{{name}: [{said}]}}"
            remedy = f"if they stand for no answer, declare the codes of this table by column, {columns} and so on."
            yield Fault(rule, found, remedy, table.where(name))
