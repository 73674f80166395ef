"""Sources reshaped: one row an answer to one row a respondent, columns by year to rows by year."""

import re
from dataclasses import replace
from difflib import get_close_matches

from cxstudy.faults import DataError, Fault
from cxstudy.opening.source import Source
from cxstudy.quoting import named, quoted
from cxstudy.schema import TABLES

_SHOWN = 20
_VALUES = {"year": r"\d{4}", "wave": r"\d+"}


def long_to_wide(con, table, name, source, spec):
    """A source with one row for each answer as one with a column for each question.

    Rows belong together by the key of ``table`` (response_id; company and year of financials). ``row_`` is the first
    row of each. Raises DataError: a column that is not there, no key, rows without question, two answers to one
    question. Other columns that differ within a key are faults where they are used.
    """
    question, answer = spec.long.question, spec.long.answer
    _must_be_there(source, (question, answer), "long:")
    keys = tuple(spec.columns.get(key, key) for key in TABLES[table].key)
    if not keys or not set(keys) <= set(source.columns):
        rule = f"with long:, a key says which answers belong together: {' and '.join(TABLES[table].key) or 'none'}."
        found = f"the columns {', '.join(source.columns)}."
        first = (TABLES[table].key or ("response_id",))[0]
        remedy = f"name it in study.yaml, columns: {{{first}: its name in the file}}."
        raise DataError([Fault(rule, found, remedy, source.name)])
    asked = f"{name}_asked"
    labelled = _case(question, source.labels.get(question))
    rows = f"SELECT * REPLACE ({labelled} AS {named(question)}) FROM {_view(source)}"
    con.con.execute(f"CREATE VIEW {named(asked)} AS {rows}")
    _one_answer_each(con, asked, source, keys, question)
    others = [c for c in source.columns if c not in (*keys, question, answer)]
    by = ", ".join(named(k) for k in keys)
    questions = _column(con, f"SELECT DISTINCT {named(question)} FROM {named(asked)} ORDER BY 1")
    columns = (*keys, *others, *questions)
    _must_differ(columns, source.name)
    cells = [f"min(row_) AS row_, {by}", *(f"arg_min({named(c)}, row_) AS {named(c)}" for c in others)]
    cells += [f"max({named(answer)}) FILTER ({named(question)} = {quoted(q)}) AS {named(q)}" for q in questions]
    made = f"{name}_wide"
    rows = f"SELECT {', '.join(cells)} FROM {named(asked)} GROUP BY {by} ORDER BY 1"
    con.con.execute(f"CREATE TABLE {named(made)} AS {rows}")
    return replace(
        source,
        expr=con.table(made),
        columns=columns,
        scratch=(("TABLE", made), ("VIEW", asked), *source.scratch),
        labels=source.labels | dict.fromkeys(questions, source.labels.get(answer, {})),
        column_faults=source.column_faults | _differing(con, asked, source, by, others),
    )


def wide_to_long(con, name, source, spec):
    """A source with a column for each year (or wave) as one with a row for each; ``row_`` is the row of the file.

    A year for which a row of the file has nothing in any such column gives no row; how many is said. Raises DataError
    when no column follows the pattern, or one of the resulting names is there already.
    """
    ((key, pattern),) = spec.wide.items()
    parts = re.split(r"({column}|{%s})" % key, pattern)
    gaps = {"{column}": "(?P<column>.+)", f"{{{key}}}": f"(?P<key>{_VALUES[key]})"}
    form = re.compile("".join(gaps.get(part, re.escape(part)) for part in parts))
    found = {c: m for c in source.columns if (m := form.fullmatch(c))}
    if not found:
        rule, seen = f"columns by {key} follow the pattern {pattern}.", f"the columns {', '.join(source.columns)}."
        raise DataError([Fault(rule, seen, "correct wide: in study.yaml, or remove it.", source.name)])
    others = [c for c in source.columns if c not in found]
    values = sorted({m["key"] for m in found.values()})
    made = list(dict.fromkeys(m["column"] for m in found.values()))
    _must_differ((*others, key, *made), source.name)
    at = {(m["column"], m["key"]): c for c, m in found.items()}
    selects = []
    for value in values:
        cells = [f"{named(at[c, value])} AS {named(c)}" if (c, value) in at else f"NULL AS {named(c)}" for c in made]
        given = " OR ".join(f"{named(at[c, value])} IS NOT NULL" for c in made if (c, value) in at)
        kept = ", ".join(["row_", *(named(c) for c in others), f"{quoted(value)} AS {named(key)}", *cells])
        selects.append(f"SELECT {kept} FROM {_view(source)} WHERE {given}")
    view = f"{name}_long"
    con.con.execute(f"CREATE VIEW {named(view)} AS {' UNION ALL BY NAME '.join(selects)}")
    return replace(
        source,
        expr=con.table(view),
        columns=(*others, key, *made),
        scratch=(("VIEW", view), *source.scratch) if source.scratch else (),
        remarks=(*source.remarks, *_gaps(con, view, source, key, values, made, at)),
        **_carried(source, found),
    )


def _carried(source, found):
    """What a file says of its columns, under the names they have afterwards."""
    carried = {}
    for part in ("labels", "question_texts", "declared_missing", "column_faults"):
        said = getattr(source, part)
        carried[part] = dict(said)
        for column, match in found.items():
            if column in said:
                carried[part].setdefault(match["column"], said[column])
    counts = dict(source.missing_counts)
    for column, match in found.items():
        if column in counts:
            counts[match["column"]] = counts.get(match["column"], 0) + counts.pop(column)
    return carried | {"missing_counts": counts}


def _gaps(con, view, source, key, values, made, at):
    for column in made:
        lacking = [v for v in values if (column, v) not in at]
        if lacking:
            found = f"none for {', '.join(lacking)}."
            remedy = f"nothing need be done; {column} is not known there."
            yield Fault(f"a column by {key} may lack a {key}.", found, remedy, f"{source.name}, column {column}")
    rows = _column(con, f"SELECT count(*) FROM {_view(source)}")[0] * len(values)
    empty = rows - _column(con, f"SELECT count(*) FROM {named(view)}")[0]
    if empty:
        found = f"{empty:,} of {rows:,} rows by {key} with nothing in {', '.join(made)}."
        yield Fault(f"a {key} of which a row holds nothing is left out.", found, "nothing need be done.", source.name)


def _must_be_there(source, columns, part):
    for column in columns:
        if column not in source.columns:
            near = get_close_matches(column, source.columns, n=2, cutoff=0.5)
            found = f"no column {column}; there: {', '.join(source.columns)}."
            nearest = f" Nearest: {', '.join(near)}." if near else ""
            remedy = f"correct {part} in study.yaml."
            raise DataError([Fault(f"{part} names columns of the file.", found + nearest, remedy, source.name)])


def _must_differ(columns, file):
    folded = [c.casefold() for c in columns]
    twice = sorted({c for c in columns if folded.count(c.casefold()) > 1})
    if twice:
        rule, found = "column names must differ after reshaping (capitals do not count).", f"twice {', '.join(twice)}."
        raise DataError([Fault(rule, found, "rename the column in the file, or take it out.", file)])


def _one_answer_each(con, asked, source, keys, question):
    """DataError for rows without question or key, and for two answers of one respondent to one question."""
    faults = []
    for column in (question, *keys):
        rows = _column(con, f"SELECT row_ FROM {named(asked)} WHERE {named(column)} IS NULL ORDER BY 1")
        if rows:
            faults.append(_at(source, f"with long:, no row may be without {column}.", rows, "fill it in.", len(rows)))
    by = ", ".join(named(c) for c in (*keys, question))
    given = " AND ".join(f"{named(c)} IS NOT NULL" for c in (*keys, question))
    query = f"SELECT min(row_), count(*) FROM {named(asked)} WHERE {given} GROUP BY {by} HAVING count(*) > 1 ORDER BY 1"
    twice = con.con.execute(query).fetchall()
    if twice:
        rule = f"with long:, one {' and '.join(keys)} answers one question once."
        remedy = "remove the double rows, or give each answer its own key."
        faults.append(_at(source, rule, [row for row, _ in twice], remedy, sum(n for _, n in twice)))
    if faults:
        raise DataError(faults)


def _at(source, rule, rows, remedy, n):
    line = source.lines(rows[:_SHOWN])
    places = ", ".join(str(line[row]) for row in rows[:_SHOWN])
    more = ", …" if len(rows) > _SHOWN else ""
    found = f"{n:,} row{'s' if n != 1 else ''}; first at {source.place} {places}{more}."
    return Fault(rule, found, remedy, source.name, line[rows[0]] if source.text else None)


def _differing(con, asked, source, by, others):
    if not others:
        return {}
    tests = ", ".join(f"count(DISTINCT {named(c)}) > 1" for c in others)
    sums = ", ".join(f"sum(CAST(t{i} AS INT))" for i in range(len(others)))
    inner = ", ".join(f"{test} AS t{i}" for i, test in enumerate(tests.split(", ")))
    counts = con.con.execute(f"SELECT {sums} FROM (SELECT {inner} FROM {named(asked)} GROUP BY {by})").fetchall()[0]
    rule = "with long:, a column beside the answers has one value for each respondent."
    remedy = "correct it, or take the column out of columns: and out of the file."
    return {
        c: (Fault(rule, f"{int(n):,} with several.", remedy, f"{source.name}, column {c}"),)
        for c, n in zip(others, counts, strict=True)
        if n
    }


def _case(column, labels):
    if not labels:
        return f"CAST({named(column)} AS VARCHAR)"
    whens = " ".join(f"WHEN {quoted(v)} THEN {quoted(text)}" for v, text in labels.items())
    return f"CASE CAST({named(column)} AS VARCHAR) {whens} ELSE CAST({named(column)} AS VARCHAR) END"


def _view(source: Source):
    return named(source.expr.get_name())


def _column(con, query):
    return [row[0] for row in con.con.execute(query).fetchall()]
