"""What all reports of a study have in common, tallied once by `prepare`; after it a report asks the engine no more."""

import hashlib
from dataclasses import dataclass, field, replace

import pandas as pd

import cxstudy
from cxstudy.client.importance_of import Drivers, drivers_of
from cxstudy.client.margin_of import Slope, slope_of
from cxstudy.client.measured import item_means, items_of_customers, measured
from cxstudy.client.pen import LEVELS
from cxstudy.client.periods import COARSE, FINE, Periods, of_period, periods_of, with_periods
from cxstudy.client.secrecy import ALL, Secrecy
from cxstudy.counted import is_counted
from cxstudy.engine import fetch
from cxstudy.faults import NotTestable
from cxstudy.language import catalogue, text
from cxstudy.measures.index import index_column, scale_of
from cxstudy.measures.self_image_asked import self_image_questions
from cxstudy.measures.summary import MEASURES, questions_of
from cxstudy.stats.intervals import check_confidence

TOUCHPOINT, GROUP = "touchpoint", "work_group"
BY_PART = ("nps", "cx_index", "employee_index", "enps")


@dataclass
class Shared:
    """The tallies behind every report of one study and period, in one language.

    ``tables``: (level, what) → frame by client, level ``unit`` or ``whole`` (the company that units belong to); what is
    a measure, items, self_customers, self_employees, touchpoints, groups_<measure>, coarse or fine. ``why``: measure →
    why the study lacks it. ``cells``: measure, item:<question> or employees → numbers of answers for `secrecy.Secrecy`.
    ``parents``: unit → the whole it belongs to. ``dates``: side → first and last day of its answers.
    """

    language: str
    period: str | None
    periods: Periods
    confidence: float
    limits: dict
    has_whole: bool
    tables: dict = field(repr=False, default_factory=dict)
    why: dict = field(repr=False, default_factory=dict)
    cells: dict = field(repr=False, default_factory=dict)
    parents: dict = field(repr=False, default_factory=dict)
    slope: Slope | None = None
    drivers: Drivers | None = None
    self_image: object = None
    dates: dict = field(default_factory=dict)
    run: str = ""
    known: dict = field(repr=False, default_factory=dict)

    @property
    def levels(self):
        """Level → column that names its clients; units belong to a whole only where they are no companies."""
        return LEVELS if self.has_whole else {"unit": LEVELS["unit"]}

    def in_language(self, language):
        """The same tallies for reports in another language; ValueError for one without a catalogue."""
        catalogue(language)
        return replace(self, language=language)

    def table(self, level, what):
        """The frame of ``what`` at a level; empty where the study has none."""
        return self.tables.get((level, what), pd.DataFrame())

    def secrecy(self, what, level, key):
        """The `Secrecy` of the family of a client, made when first asked."""
        family = (self.parents.get(key, ALL) if level == "unit" else key) if self.has_whole else key
        if (what, family) not in self.known:
            cells = self.cells[what]
            mine = cells[cells["parent" if self.has_whole else "unit"] == family]
            limit = self.limits["employees" if what.startswith("employees") else "customers"]
            self.known[what, family] = Secrecy(mine, limit, self.has_whole)
        return self.known[what, family]


def prepare(study, language=None, *, period=None, confidence=0.95, base=None) -> Shared:
    """Tally a study once for all its reports.

    ``language``: en, sv or da (None: the study's); ``period``: as in `report.client_report`; ``confidence``: of every
    interval. ``base``: what was prepared of the same study for another period; its confidence, and all that no period
    changes, are taken over. Raises ValueError for an unknown language or a period without answers, NotTestable without
    customers.
    """
    language = language or study.language
    catalogue(language)
    if not study.has("customers"):
        raise NotTestable(text("client.no_customers", language), ("customers",))
    periods = base.periods if base else periods_of(study)
    period = periods.check(None if period is None else str(period))
    if base:
        shared = replace(base, language=language, period=period, tables=dict(base.tables))
    else:
        shared = _lasting(
            study, Shared(language, period, periods, check_confidence(confidence), study.thresholds, False)
        )
    now = _view(study, of_period(with_periods(study), period, periods))
    for level, key in shared.levels.items():
        _tally_period(shared, now, level, key)
    shared.dates = shared.dates | {"customers": _dates(now.customers)}
    return shared


def _lasting(study, shared):
    """``shared`` with all that no period changes."""
    shared.has_whole = study.unit != "company"
    view = _view(study, with_periods(study))
    shared.self_image = self_image_questions(view)[0]
    for level, key in shared.levels.items():
        _tally_lasting(shared, view, level, key)
    _count(shared, view)
    units = shared.cells["nps"].dropna(subset=["unit", "parent"]).drop_duplicates("unit").sort_values("unit")
    shared.parents = dict(zip(units["unit"], units["parent"], strict=True))
    shared.slope, shared.drivers = slope_of(study, shared.confidence), drivers_of(study, shared.confidence)
    shared.dates = {"employees": _dates(view.employees)} if study.has("employees") else {}
    prints = "".join(f"{name} {digest}" for name, digest in sorted(study.fingerprints().items()))
    shared.run = f"{study.name}/{hashlib.sha256(prints.encode()).hexdigest()[:8]}, cxstudy {cxstudy.__version__}"
    return shared


def _view(study, customers):
    """The study with ``customers`` in place of its own, and columns member and parent on both sides."""
    tables = dict(study.tables) | {"customers": customers}
    for name in ("customers", "employees"):
        if name in tables:
            expr = tables[name].expr
            named = study.unit != "company" and "company" in expr.columns
            tables[name] = replace(
                tables[name], expr=expr.mutate(member=expr["unit"], parent=expr["company"] if named else _nothing())
            )
    return replace(study, tables=tables)


def _nothing():
    import ibis

    return ibis.literal(ALL, type="string")


def _tally_lasting(shared, view, level, key):
    """The tables of one level that no period changes: the NPS by period, and the employees'."""
    by = [key] if key == "parent" else ["parent", key]
    for what, column in {"coarse": COARSE, "fine": FINE}.items():
        shared.tables[level, what] = measured(view, "nps", [*by, column], shared.confidence)[0]
    _tally_side(shared, view, level, key, "employees")


def _tally_period(shared, now, level, key):
    """The tables of one level of the customers' answers in the period."""
    _tally_side(shared, now, level, key, "customers")
    if TOUCHPOINT in now.customers.expr.columns:
        shared.tables[level, "touchpoints"] = measured(now, "nps", [key, TOUCHPOINT], shared.confidence)[0]
    shared.tables[level, "items"] = item_means(now, "customers", items_of_customers(now), [key], shared.confidence)


def _tally_side(shared, view, level, key, side):
    """Measures, parts and shared questions of one side at one level."""
    for measure in (name for name, held in MEASURES.items() if held == side):
        shared.tables[level, measure], shared.why[measure] = measured(view, measure, [key], shared.confidence)
    part = GROUP if level == "unit" else "member"
    there = view.has(side) and part in view.tables[side].expr.columns
    for measure in (name for name in BY_PART if MEASURES[name] == side and there and shared.why[name] is None):
        shared.tables[level, f"groups_{measure}"] = measured(view, measure, [key, part], shared.confidence)[0]
    if shared.self_image:
        asked = shared.self_image.scales[side]
        shared.tables[level, f"self_{side}"] = item_means(view, side, asked, [key], shared.confidence)


def _count(shared, view):
    """How many answers each cell holds: to the recommend question by touchpoint and group, and to each measure."""
    customers = view.customers
    score = customers.question_for("nps")
    parts = [_cells(customers, _given(customers, score))]
    for kind, label in {"touchpoint": TOUCHPOINT, "group": GROUP}.items():
        if label in customers.expr.columns:
            given = _given(customers, score)
            if kind == "group" and not is_counted(customers) and questions_of(view, "cx_index")[1] is None:
                # a group's row shows both, so the smaller number decides
                given = _fewest(given, _index(view, "customers", "cx_index").count())
            parts.append(_cells(customers, given, kind, label))
    shared.cells["nps"] = pd.concat(parts, ignore_index=True)
    for measure, side in MEASURES.items():
        if side == "customers" and measure not in ("nps", "promoter_share") and questions_of(view, measure)[1] is None:
            shared.cells[measure] = _cells(customers, _answered(view, measure))
    asked = [*items_of_customers(view), *(shared.self_image.same if shared.self_image else ())]
    for question in dict.fromkeys(asked):
        shared.cells[f"item:{question}"] = _cells(customers, _given(customers, question))
    if view.has("employees"):
        employees = view.employees
        there = [m for m in ("enps", "employee_index") if shared.why[m] is None]
        given = [_answered(view, m) for m in there] or [_given(employees, None)]
        fewest = given[0] if len(given) == 1 else _fewest(*given)
        parts = [_cells(employees, fewest)]
        parts += [_cells(employees, fewest, "group", GROUP)] if GROUP in employees.expr.columns else []
        shared.cells["employees"] = pd.concat(parts, ignore_index=True)


def _given(table, question):
    expr = table.expr
    if is_counted(table):
        return expr["n"].sum()
    return expr[question].count() if question in expr.columns else expr.count()


def _fewest(*counts):
    import ibis

    return ibis.least(*counts)


def _answered(view, measure):
    side, asked = MEASURES[measure], questions_of(view, measure)[0]
    table = view.tables[side]
    if is_counted(table) or len(asked) == 1:
        return _given(table, asked[0])
    return _index(view, side, measure).count()


def _index(view, side, measure):
    asked = questions_of(view, measure)[0]
    return index_column(view.tables[side].expr, {q: scale_of(view, side, q) for q in asked})


def _cells(table, given, kind="", label=None):
    import ibis

    expr = table.expr
    time = {c: expr[c] if c in expr.columns else ibis.literal(ALL, type="string") for c in (COARSE, FINE)}
    named = expr[label] if label else ibis.literal(ALL, type="string")
    keys = {"parent": expr["parent"], "unit": expr["member"], "label": named}
    keys |= {"coarse": time[COARSE], "fine": time[FINE]}
    found = fetch(expr.group_by(**keys).agg(n=given), None)
    found["n"] = found["n"].astype(float).fillna(0)
    if found["coarse"].isna().all():
        found[["coarse", "fine"]] = ALL
    return found.assign(kind=kind)


def _dates(table):
    """``(first, last)`` day of a table's answers, None where it has no dates."""
    if "date" not in table.expr.columns:
        return None
    found = fetch(table.expr.agg(first=table.expr["date"].min(), last=table.expr["date"].max()), None).iloc[0]
    return None if pd.isna(found["first"]) else tuple(pd.Timestamp(found[end]).date() for end in ("first", "last"))
