"""What a study asks about its work groups, on both sides, and what it lacks for their comparison."""

from dataclasses import dataclass

from cxstudy.counted import is_counted
from cxstudy.findings import Reading
from cxstudy.measures.index import Scale, holds, scale_of

KEYS = ["company", "work_group"]
FEELINGS = ("good_company", "trust", "thriving")
AMBASSADOR = ("recommend_employer", *FEELINGS)


@dataclass(frozen=True)
class Asked:
    """The questions of the two sides, name → `Scale`.

    ``customers``: the items of the CX index. ``employees``: those of the ambassador index (recommend_employer where it
    is there, and the three feelings), or, where the study asks none of the feelings, the questions that both sides
    answer. ``feelings``: the three, empty in that case; ``shared``: those of both sides in that case, else empty.
    ``nps``: the customers' question for the NPS, None without one.
    """

    customers: dict[str, Scale]
    employees: dict[str, Scale]
    feelings: tuple[str, ...]
    shared: tuple[str, ...]
    nps: str | None

    @property
    def raw(self):
        """The one scale of all CX items, None when they have several."""
        scales = list(self.customers.values())
        return scales[0] if all(s == scales[0] for s in scales) else None


def asked(study):
    """``(Asked, None)``, or ``(None, (Reading, needs))`` when the study lacks what the comparison needs.

    Both sides need the column work_group; study.yaml declares the CX index under ``items: {cx_index: […]}``.
    """
    for table in ("customers", "employees"):
        if not study.has(table):
            return None, (Reading("employee_ambassadors.no_table", {"table": table}), (table,))
    for table in ("customers", "employees"):
        if not study.has(table, "work_group"):
            return None, (Reading("employee_ambassadors.no_work_group", {"table": table}), (f"{table}.work_group",))
    items = tuple(study.config.items.get("cx_index", ()))
    absent = [q for q in items if not holds(study.customers, q)]
    if not items or absent:
        key, names = ("no_cx_items", absent) if items else ("no_cx_index", ["items.cx_index"])
        needs = tuple(f"customers.{q}" for q in absent) or ("items.cx_index",)
        return None, (Reading(f"employee_ambassadors.{key}", {"columns": ", ".join(names)}), needs)
    shared = tuple(q for q in _questions(study.employees) if q in _questions(study.customers))
    missing = [f for f in FEELINGS if not holds(study.employees, f)]
    if missing and (len(missing) < len(FEELINGS) or not shared):
        needs = tuple(f"employees.{f}" for f in missing)
        return None, (Reading("employee_ambassadors.no_feelings", {"columns": ", ".join(missing)}), needs)
    shared = shared if missing else ()
    own = shared or tuple(q for q in AMBASSADOR if holds(study.employees, q))
    scales = {
        t: {q: scale_of(study, t, q) for q in names} for t, names in {"customers": items, "employees": own}.items()
    }
    for table, found in scales.items():
        unknown = [q for q, scale in found.items() if scale is None]
        if unknown:
            values = {"columns": ", ".join(unknown), "first": unknown[0], "table": table}
            return None, (Reading("employee_ambassadors.no_scale", values), tuple(f"scales.{q}" for q in unknown))
    score = study.customers.question_for("nps")
    there = score in (study.customers.shares if is_counted(study.customers) else study.customers.columns)
    return Asked(
        scales["customers"], scales["employees"], () if missing else FEELINGS, shared, score if there else None
    ), None


def _questions(table):
    return tuple(table.means) if is_counted(table) else table.questions
