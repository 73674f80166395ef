"""Several files of one table as one source, with a column ``wave``."""

from cxstudy.faults import DataError, Fault
from cxstudy.opening.source import Source
from cxstudy.quoting import named, quoted

WAVE = "wave"


def together(con, name, parts):
    """The sources ``parts`` ``{wave: Source}`` as one; a column that a file lacks is NULL there.

    Places name the file. Raises DataError when a file has a column ``wave`` of its own.
    """
    own = [s for s in parts.values() if WAVE in (c.casefold() for c in s.columns)]
    if own:
        rule = "with several files, the column wave is made from the names study.yaml gives them."
        remedy = "rename the column wave of the file, or take it out."
        raise DataError([Fault(rule, "a column wave in the file.", remedy, s.name) for s in own])
    sources = list(parts.values())
    columns = _columns(sources)
    starts, start, selects = [], 0, []
    for wave, source in parts.items():
        view = named(source.expr.get_name())
        spelt = ", ".join(f"{named(c)} AS {named(columns[c.casefold()])}" for c in source.columns)
        selects.append(f"SELECT row_ + {start} AS row_, {quoted(wave)} AS {WAVE}, {spelt} FROM {view}")
        starts.append(start)
        start += con.con.execute(f"SELECT max(row_) FROM {view}").fetchall()[0][0]
    view = f"{name}_waves"
    con.con.execute(f"CREATE VIEW {named(view)} AS {' UNION ALL BY NAME '.join(selects)}")
    scratch = [one for source in sources for one in source.scratch]
    # views on Parquet alone stay, so that the rows stay in their files
    return Source(
        ", ".join(s.name for s in sources),
        con.table(view),
        (WAVE, *columns.values()),
        place=sources[0].place,
        locate=lambda rows: _located(sources, starts, rows),
        scratch=(("VIEW", view), *scratch) if scratch else (),
        absent=_absent(sources, columns),
        remarks=tuple(remark for source in sources for remark in source.remarks),
        **_described(sources, columns),
    )


def _columns(sources):
    """``{folded name: name}``: files may differ in capitals; the first file decides."""
    columns = {}
    for source in sources:
        for column in source.columns:
            columns.setdefault(column.casefold(), column)
    return columns


def _located(sources, starts, rows):
    owner = {row: max(i for i, start in enumerate(starts) if row > start) for row in rows}
    found = {}
    for i, source in enumerate(sources):
        own = [row - starts[i] for row in rows if owner[row] == i]
        found |= {row + starts[i]: f"{line} of {source.name}" for row, line in source.lines(own).items()}
    return found


def _absent(sources, columns):
    absent = {}
    for folded, column in columns.items():
        without = [s.name for s in sources if folded not in {c.casefold() for c in s.columns}]
        if without:
            absent[column] = tuple(without)
    return absent


def _described(sources, columns):
    said = {part: {} for part in ("labels", "question_texts", "declared_missing", "missing_counts")}
    faults = {"column_faults": {}, "label_faults": {}}
    for source in sources:
        for part in ("question_texts", "declared_missing"):
            for column, value in getattr(source, part).items():
                said[part].setdefault(columns[column.casefold()], value)
        for column, n in source.missing_counts.items():
            name = columns[column.casefold()]
            said["missing_counts"][name] = said["missing_counts"].get(name, 0) + n
        for column, found in source.column_faults.items():
            name = columns[column.casefold()]
            faults["column_faults"][name] = (*faults["column_faults"].get(name, ()), *found)
        for column, labels in source.labels.items():
            name = columns[column.casefold()]
            kept = said["labels"].setdefault(name, {})
            differing = [v for v, text in labels.items() if kept.get(v, text) != text]
            if differing:
                value = differing[0]
                rule = "a code means the same in every file of a table."
                found = f"{value} is {kept[value]!r} in one file and {labels[value]!r} in {source.name}."
                remedy = "recode one of the files, or save the labels as text in each."
                fault = Fault(rule, found, remedy, f"{source.name}, column {column}")
                faults["label_faults"][name] = (*faults["label_faults"].get(name, ()), fault)
            said["labels"][name] = labels | kept
    return said | faults
