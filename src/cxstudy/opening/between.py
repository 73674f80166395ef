"""What tables must have in common, and what study.yaml says of columns that must exist somewhere."""

from difflib import get_close_matches

from cxstudy.faults import Fault, unknown_name
from cxstudy.opening.columns import declared_questions
from cxstudy.opening.linking import OFFER
from cxstudy.schema import TABLES

_SHOWN = 20


def between_tables(opened, config, links):
    """Faults between the ``opened`` tables (name → `rules.Opened`): rows of companies that table companies does
    not know, but for tables whose keys ``links`` (`linking.Links`) judges; questions that study.yaml declares, or
    gives a wording of, and no table holds.
    """
    faults = []
    if "companies" in opened and "company" in opened["companies"].values:
        known = set(opened["companies"].rows_by("company"))
        for name, table in opened.items():
            if name != "companies" and "company" in table.values and not links.covers(name):
                faults += _unknown_companies(table, known, opened["companies"].source.name)
    return faults + _unknown_questions(opened, config)


def _unknown_companies(table, known, companies_file):
    unknown = sorted((row, k, n) for k, (n, row) in table.rows_by("company").items() if k not in known)
    if not unknown:
        return []
    line = table.source.lines([row for row, _, _ in unknown[:_SHOWN]])
    bare = {k.lstrip("0"): k for k in known}
    said = []
    for row, key, n in unknown[:_SHOWN]:
        near = [bare[key.lstrip("0")]] if key.lstrip("0") in bare else get_close_matches(key, known, n=2, cutoff=0.6)
        nearest = f"; nearest {', '.join(sorted(near))}" if near else ""
        said.append(f"'{key}' ({_rows(n)}, first {table.source.place} {line[row]}{nearest})")
    more = f", … ({len(unknown) - _SHOWN:,} more)" if len(unknown) > _SHOWN else ""
    zeros = any(k.lstrip("0") in bare for _, k, _ in unknown)
    rows = sum(n for _, _, n in unknown)
    several = "companies" if len(unknown) > 1 else "company"
    found = f"{_rows(rows)} of {len(unknown):,} unknown {several}: {', '.join(said)}{more}."
    remedy = f"correct the keys, or add the companies to {companies_file}; {OFFER}."
    if zeros:
        remedy = f"a spreadsheet has taken zeros in front of the keys: keep the column as text; else {remedy}"
    first = line[unknown[0][0]] if table.source.text else None
    return [Fault(f"every company must be in {companies_file}.", found, remedy, table.where("company"), first)]


def _rows(n):
    return f"{int(n):,} row{'s' if n != 1 else ''}"


def _unknown_questions(opened, config):
    """Questions of study.yaml, under items, scales, levels and loyalty, that neither schema nor a table holds."""
    asked = {"customers", "employees"} & set(config.tables)
    if not asked <= set(opened):
        return []
    held = {n for name in asked for n in _questions(opened[name])}
    schema = {c.name for t in TABLES.values() for c in t.columns}
    faults = []
    for name in declared_questions(config):
        if name not in held | schema:
            part = next(p for p in ("items", "scales", "levels") if name in _names(config, p))
            rule = "a question of study.yaml must be a column of customers or employees."
            found = unknown_name("question", name, sorted(held))
            faults.append(Fault(rule, found, f"correct the name under {part}:, or remove it.", f"study.yaml, {part}"))
    worded = held | {c.name for n in asked for c in TABLES[n].columns if c.kind in ("scale", "level")}
    worded |= {n for name in asked for n, v in opened[name].values.items() if v.column.kind == "level"}
    for name in (n for n in config.questions if n not in worded):
        rule, remedy = "a wording belongs to a question of customers or employees.", "correct the name, or remove it."
        found = unknown_name("question", name, sorted(worded))
        faults.append(Fault(rule, found, remedy, f"study.yaml, questions.{name}"))
    for role in config.loyalty.model_fields_set:
        question = getattr(config.loyalty, role)
        if "customers" in opened and question not in _questions(opened["customers"]):
            rule = f"the question for {role} must be one of table customers."
            found = unknown_name("question", question, sorted(_questions(opened["customers"])))
            faults.append(Fault(rule, found, "correct the name under loyalty:.", f"study.yaml, loyalty.{role}"))
    return faults


def _questions(table):
    if table.spec.rows == "counted":
        return {*table.spec.shares, *table.spec.means}
    return {n for n, v in table.values.items() if v.column.kind in ("scale", "level", "number")}


def _names(config, part):
    declared = getattr(config, part)
    return {name for group in declared.values() for name in group} if part == "items" else set(declared)
