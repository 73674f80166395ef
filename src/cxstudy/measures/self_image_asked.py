"""Which questions ask employees and customers the same, on which scales; and what a study lacks to compare them."""

from dataclasses import dataclass, field

from cxstudy.counted import is_counted
from cxstudy.engine import fetch
from cxstudy.faults import unknown_name
from cxstudy.findings import Reading
from cxstudy.measures.index import Scale, holds, scale_of

SIDES = ("customers", "employees")
FEWEST_ANSWERS = 100
USED = 0.75
ENDS = ("min", "max", "count")
USUAL = {"competence": "resolution", "service": "engagement"}


@dataclass(frozen=True)
class SelfImageQuestions:
    """What is compared.

    ``scales``: side → question → `Scale`, for the questions of ``same``, those declared to ask the same that both sides
    have. ``competence`` and ``service``: the declared ones among them. ``one_side``: question → the only side that asks
    it. ``nps``: the customers' question for the NPS, None without one.
    """

    scales: dict[str, dict[str, Scale]]
    competence: tuple[str, ...]
    service: tuple[str, ...]
    one_side: dict[str, str] = field(default_factory=dict)
    nps: str | None = None

    @property
    def same(self):
        """The questions compared, in the order of study.yaml."""
        return tuple(self.scales["customers"])


def self_image_questions(study):
    """``(SelfImageQuestions, None)``, or ``(None, (Reading, needs))`` when the two sides cannot be compared.

    study.yaml says which questions ask the same; a common name alone is not enough (``not_declared``, with the lines to
    add). A side's own scale stands under ``self_image: {scales: {employees: {…}}}``; where a side that gave 100 answers
    or more leaves the upper quarter of its scale unused and the other does not, the scale is asked for, not guessed.
    """
    for table in SIDES:
        if not study.has(table):
            return None, (Reading("self_image.no_table", {"table": table}), (table,))
    for table in SIDES:
        if not study.has(table, "work_group"):
            return None, (Reading("self_image.no_work_group", {"table": table}), (f"{table}.work_group",))
    declared = study.config.self_image
    if declared is None:
        return None, (not_declared(study), ("self_image",))
    there = {side: [q for q in _names(study, side) if holds(study.tables[side], q)] for side in SIDES}
    unknown = [q for q in declared.same if not any(q in there[side] for side in SIDES)]
    if unknown:
        valid = {q for side in SIDES for q in there[side]}
        said = " ".join(unknown_name("question", q, valid) for q in unknown)
        return None, (Reading("self_image.unknown", {"text": said}), ("self_image.same",))
    one_side = {q: side for q in declared.same for side, other in (SIDES, SIDES[::-1]) if q not in there[other]}
    same = [q for q in declared.same if q not in one_side]
    if not same:
        listed = ", ".join(f"{q} ({side})" for q, side in one_side.items())
        return None, (Reading("self_image.none_on_both", {"list": listed}), ("self_image.same",))
    scales = {side: {q: _scale(study, side, q) for q in same} for side in SIDES}
    lacking = [(side, q) for side in SIDES for q in same if scales[side][q] is None]
    if lacking:
        listed = ", ".join(dict.fromkeys(q for _, q in lacking))
        needs = tuple(f"scales.{q}" for _, q in lacking)
        return None, (Reading("self_image.no_scale", {"columns": listed, "first": lacking[0][1]}), needs)
    unlike = _unlike(study, declared, scales)
    if unlike:
        return None, (Reading("self_image.scale_unlike", unlike), (f"self_image.scales.{unlike['side']}",))
    kinds = {kind: tuple(q for q in getattr(declared, kind) if q in same) for kind in ("competence", "service")}
    score = study.customers.question_for("nps")
    asked = score in (study.customers.shares if is_counted(study.customers) else study.customers.columns)
    return SelfImageQuestions(scales, **kinds, one_side=one_side, nps=score if asked else None), None


def common_names(study):
    """Questions that stand under one name on both sides, in the customers' order."""
    both = [q for q in _names(study, "customers") if q in _names(study, "employees")]
    return [q for q in both if all(holds(study.tables[side], q) for side in SIDES)]


def not_declared(study):
    """The Reading that asks for the declaration, with an example made of the study's own common names."""
    shared = common_names(study)
    if not shared:
        values = {side: ", ".join(_names(study, side)) or "–" for side in SIDES}
        return Reading("self_image.nothing_in_common", values)
    parts = {kind: [name] if name in shared else [] for kind, name in USUAL.items()}
    if not any(parts.values()) and len(shared) > 1:
        parts = {"competence": shared[:1], "service": shared[-1:]}
    lines = ", ".join(f"{kind}: [{', '.join(names)}]" for kind, names in {"same": shared, **parts}.items() if names)
    return Reading("self_image.not_declared", {"shared": ", ".join(shared), "lines": f"self_image: {{{lines}}}"})


def _names(study, side):
    table = study.tables[side]
    return tuple(table.means) if is_counted(table) else table.questions


def _scale(study, side, question):
    own = study.config.self_image.scales.get(side, {}).get(question)
    if own is not None:
        return Scale(own.low, own.high, own.better, own.whole)
    return scale_of(study, side, question)


def _unlike(study, declared, scales):
    """Values of the first question whose two sides seem to answer on different scales, or off their own; else None."""
    seen = {side: _ends(study.tables[side], scales[side]) for side in SIDES}
    for question in scales["customers"]:
        for side, other in (SIDES, SIDES[::-1]):
            if question not in seen[side] or not seen[side][question][2]:
                continue
            low, high, n = seen[side][question]
            scale = scales[side][question]
            own = question in declared.scales.get(side, {})
            off = own and (low < scale.low or high > scale.high)
            theirs = seen[other].get(question)
            narrow = not own and n >= FEWEST_ANSWERS and _top(high, scale) < USED and theirs and theirs[2]
            if off or (narrow and _top(theirs[1], scales[other][question]) >= USED):
                values = {"side": side, "question": question, "low": low, "high": high}
                return values | {"scale_low": scale.low, "scale_high": scale.high}
    return None


def _top(high, scale):
    return (high - scale.low) / scale.width


def _ends(table, questions):
    """Lowest and highest answer and number of answers of each question; counted tables have no answers: none."""
    if is_counted(table):
        return {}
    columns = {q: table.expr[q].cast("float64") for q in questions}
    parts = {f"{part}{i}": getattr(c, part)() for i, c in enumerate(columns.values()) for part in ENDS}
    found = fetch(table.expr.aggregate(**parts), None).iloc[0]
    return {q: tuple(float(found[f"{part}{i}"]) for part in ENDS) for i, q in enumerate(columns)}
