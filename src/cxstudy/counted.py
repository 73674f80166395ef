"""Tables that publish counts and shares instead of answers, in the shapes of the tally.

A counted table has ``rows == "counted"``, an Ibis table ``expr`` with a column ``n`` (answers), ``shares``
(question → percent columns of promoters, passives, detractors) and ``means`` (question → columns mean, sd).
"""

from cxstudy.engine import check_columns
from cxstudy.faults import NotTestable, unknown_name

CLASSES = ("promoters", "passives", "detractors")


def is_counted(data):
    """True for a table of a study whose rows are counts of answers."""
    rows = getattr(data, "rows", None)
    # a frame with a column of this name answers with the column
    return isinstance(rows, str) and rows == "counted"


def class_rows(data, columns, by, weights):
    """One row for each source row and class: by…, the question's class, ``n`` = answers × share / 100, weights.

    Promoters and detractors are taken as published and passives are what remains, so that the classes add up
    to n and promoters − detractors is exact; where published shares add up to more than 100 the passives are
    slightly negative. A row without shares is one row of missing class.
    """
    import ibis

    if len(columns) != 1:
        raise NotTestable(
            f"a counted table holds each question by itself, not {' with '.join(columns)}; ask one question at a time.",
            ["answers"],
        )
    question = columns[0]
    if question not in data.shares:
        raise ValueError(unknown_name("question with shares", question, data.shares))
    check_columns(data.expr, [*by, *weights])
    declared = data.shares[question]
    table = data.expr
    promoters, detractors = (table[declared[c]].cast("float64") for c in ("promoters", "detractors"))
    shares = {"promoters": promoters, "passives": 100 - promoters - detractors, "detractors": detractors}
    unknown = promoters.isnull() | detractors.isnull()
    answers = table["n"].cast("float64")
    kept = {k: table[k] for k in dict.fromkeys([*by, *weights])}

    def part(level, n, condition):
        label = ibis.literal(level, type="string")
        return table.filter(condition).select(**kept, **{question: label, "n": n})

    parts = [part(level, answers * share / 100, ~unknown) for level, share in shares.items()]
    return ibis.union(*parts, part(None, answers, unknown))


def published_means(data, columns, by, weights):
    """The table with ``n`` as float, and the columns' means and standard deviations (null where not published)."""
    import ibis

    absent = [c for c in columns if c not in data.means]
    if absent:
        raise ValueError(unknown_name("question with a mean", absent[0], data.means))
    check_columns(data.expr, [*by, *weights])
    table = data.expr.mutate(n=data.expr["n"].cast("float64"))
    means = [table[data.means[c]["mean"]].cast("float64") for c in columns]
    spreads = [data.means[c].get("sd") for c in columns]
    null = ibis.null("float64")
    return table, means, [table[s].cast("float64") if s else null for s in spreads]
