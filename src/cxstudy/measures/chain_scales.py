"""Which questions make the scales of the service-profit chain in a study, and what it lacks of them."""

from dataclasses import dataclass

from cxstudy.counted import is_counted
from cxstudy.measures.asked import AMBASSADOR
from cxstudy.measures.index import Scale, holds, scale_of
from cxstudy.measures.pairing import questions

STAFF = {
    "leadership": ("leadership",),
    "employer_brand": ("employer_brand",),
    "engagement": ("engagement",),
    "ambassadors": AMBASSADOR,
    "satisfied_staff": ("thriving",),
}
CHAIN = ("leadership", "employer_brand", "engagement", "ambassadors")
CUSTOMERS = "satisfied_customers"


@dataclass(frozen=True)
class ChainScales:
    """The scales a study has, name → {question: `Scale`}, and the columns of those it lacks.

    ``staff``: those of `STAFF` (leadership, employer_brand, engagement, ambassadors, satisfied_staff); ``customers``:
    at most satisfied_customers. ``lacking``: name → columns that are not there or have no scale. ``loyalty``: the
    question behind the NPS (or promoter share), None without one. ``asked_twice``: questions of the staff's scales that
    customers answer as well.
    """

    staff: dict[str, dict[str, Scale]]
    customers: dict[str, dict[str, Scale]]
    lacking: dict[str, tuple[str, ...]]
    loyalty: str | None
    asked_twice: tuple[str, ...]

    @property
    def chain(self):
        """The employees' scales of the chain that are there, causes first."""
        return [name for name in CHAIN if name in self.staff]


def chain_scales(study, loyalty="nps"):
    """The `ChainScales` of a study.

    A scale is made of the questions that study.yaml declares under its name (``items: {engagement: [energy,
    clarity]}``), else of the canonical ones: ambassadors of those of recommend_employer, good_company, trust and
    thriving that are there, satisfied_staff of thriving, the others of the column of their name. satisfied_customers:
    as declared, else satisfaction, else the items of the CX index.
    """
    staff, customers, lacking = {}, {}, {}
    for name, usual in STAFF.items():
        _read(study, "employees", name, usual, staff, lacking, part=name == "ambassadors")
    usual = study.config.items.get("cx_index", ())
    if study.has("customers") and holds(study.customers, "satisfaction"):
        usual = ("satisfaction",)
    _read(study, "customers", CUSTOMERS, usual or ("satisfaction",), customers, lacking)
    score = None
    if study.has("customers"):
        asked = questions(study)[loyalty]
        table = study.customers
        there = asked in (table.shares if is_counted(table) else table.columns)
        score = asked if there else None
    held = [q for scale in staff.values() for q in scale]
    twice = tuple(q for q in dict.fromkeys(held) if study.has("customers") and holds(study.customers, q))
    return ChainScales(staff, customers, lacking, score, twice)


def _read(study, side, name, usual, found, lacking, part=False):
    declared = study.config.items.get(name)
    items = tuple(declared or usual)
    if not study.has(side):
        lacking[name] = items
        return
    table = getattr(study, side)
    there = {q: scale_of(study, side, q) for q in items if holds(table, q)}
    usable = {q: scale for q, scale in there.items() if scale is not None}
    if usable and (len(usable) == len(items) or (part and not declared)):
        found[name] = usable
    else:
        lacking[name] = tuple(q for q in items if q not in usable)
