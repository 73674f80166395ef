"""What the files said of themselves and the user should know: title rows, declared missing values, absent columns."""

from cxstudy.faults import Fault

_SHOWN = 20


def file_remarks(opened):
    """Remarks (`Fault` objects) on the files of the ``opened`` tables, for the columns that are used."""
    for table in opened.values():
        source = table.source
        yield from source.remarks
        used = [v.source for v in table.values.values()]
        missing = [c for c in used if source.missing_counts.get(c)]
        if missing:
            rule = "values that the file declares missing are read as no answer."
            said = [f"{c} {source.missing_counts[c]:,} ({', '.join(source.declared_missing[c])})" for c in missing]
            yield Fault(rule, _listed(said, "; "), "nothing need be done.", source.name)
        absent = [f"{c} in {', '.join(source.absent[c])}" for c in used if c in source.absent]
        if absent:
            rule = "a column that one of the files lacks is empty for its rows."
            yield Fault(rule, f"no {_listed(absent, '; no ')}", "nothing need be done.", source.name)


def _listed(said, between):
    more = f"; … ({len(said) - _SHOWN:,} more)" if len(said) > _SHOWN else ""
    return between.join(said[:_SHOWN]) + more + "."
