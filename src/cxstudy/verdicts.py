"""Verdict rules: what an interval says about a claim that was declared before the data were opened.

An interval is closed: its ends belong to it. A zone is closed too. So a direction needs an interval
that does not touch the null value, a zone may be touched from inside, and an interval outside a zone
may not touch it. Where nothing is decided the verdict is *undecided* and carries its reason.

==============  =====================================================  =============================
kind            verdicts                                               word
==============  =====================================================  =============================
direction       supported · contradicted · undecided                   agrees · disagrees · cannot tell
value, share    as published · weaker, stronger · undecided            agrees · disagrees · cannot tell
rank            supported · contradicted · undecided                   agrees · disagrees · cannot tell
practice        carried out · partly · not recorded                    the same
synthetic data  recovered · not recovered · undecided                  recovered · not recovered · cannot tell
no number       not built · not run · cannot answer                    not tested
==============  =====================================================  =============================
"""

import math
from dataclasses import dataclass

from cxstudy.findings import Finding, Reading

WORDS = {
    "contradicted": "disagrees",
    "weaker": "disagrees",
    "stronger": "disagrees",
    "not recovered": "not recovered",
    "not built": "not tested",
    "not run": "not tested",
    "cannot answer": "not tested",
    "not recorded": "not recorded",
    "undecided": "cannot tell",
    "partly": "partly",
    "carried out": "carried out",
    "recovered": "recovered",
    "as published": "agrees",
    "supported": "agrees",
}
# a conjunction is decided by the part that stands in the weakest group
_STRENGTH = {name: 3 for name in WORDS} | {
    **dict.fromkeys(("contradicted", "weaker", "stronger", "not recovered"), 0),
    **dict.fromkeys(("not built", "not run", "cannot answer", "not recorded"), 1),
    **dict.fromkeys(("undecided", "partly"), 2),
}


@dataclass(frozen=True)
class Verdict:
    """The verdict's full name, the part and the finding it rests on, and the reason where it needs one."""

    name: str
    part: object
    finding: Finding | None = None
    reason: Reading | None = None

    @property
    def word(self):
        """The word on screen: agrees, disagrees, cannot tell, … (see `WORDS`)."""
        return WORDS[self.name]


def of_direction(low, high, null_value=0.0, side="above"):
    """Supported when [low, high] lies wholly on the claimed side of the null value and does not touch it.

    >>> of_direction(-3.0, -0.5, side="below"), of_direction(0.0, 2.0), of_direction(-2.0, -1.0)
    ('supported', 'undecided', 'contradicted')
    """
    if side == "below":
        low, high, null_value = -high, -low, -null_value
    return "supported" if low > null_value else "contradicted" if high < null_value else "undecided"


def of_zone(low, high, zone, side="above"):
    """As published when [low, high] lies in the closed zone; weaker or stronger when they share no point.

    ``side`` is the side of zero on which the published figure lies: nearer zero is weaker.

    >>> of_zone(7.0, 9.5, (7, 11)), of_zone(3.0, 6.9, (7, 11)), of_zone(3.0, 7.0, (7, 11))
    ('as published', 'weaker', 'undecided')
    """
    if zone[0] <= low and high <= zone[1]:
        return "as published"
    if high < zone[0]:
        return "weaker" if side == "above" else "stronger"
    if low > zone[1]:
        return "stronger" if side == "above" else "weaker"
    return "undecided"


def of_rank(low, high, claimed):
    """Supported when the simultaneous rank set low…high holds claimed ranks only; contradicted when it holds none.

    >>> of_rank(1, 1, (1, 1)), of_rank(1, 2, (1, 1)), of_rank(2, 3, (1, 1))
    ('supported', 'undecided', 'contradicted')
    """
    if claimed[0] <= low and high <= claimed[1]:
        return "supported"
    return "contradicted" if high < claimed[0] or low > claimed[1] else "undecided"


def of_practice(estimate, low, carried_out_from=100.0):
    """Carried out when the share (%) lies with its whole interval at ``carried_out_from`` or above; 0 is not recorded.

    Without an interval (a full count) the share itself is taken.

    >>> of_practice(100.0, math.nan), of_practice(95.0, 89.9, 90), of_practice(0.0, 0.0)
    ('carried out', 'partly', 'not recorded')
    """
    lowest = low if math.isfinite(low) else estimate
    return "carried out" if lowest >= carried_out_from else "partly" if estimate > 0 else "not recorded"


def of_truth(low, high, true_value):
    """Recovered when the closed interval [low, high] contains the value the data were made with.

    >>> of_truth(1.0, 2.0, 2.0), of_truth(1.0, 2.0, 2.1)
    ('recovered', 'not recovered')
    """
    return "recovered" if low <= true_value <= high else "not recovered"


def verdict(claim, findings, truth=None, synthetic=False):
    """The verdict on one claim.

    ``findings`` is a dict id → Finding, ``truth`` a dict finding id → true value (synthetic studies).
    A single part gives its own verdict. Of several the weakest decides: one that disagrees, else one without
    a number, else one undecided. With ``combine: same`` parts that differ are undecided together.
    A finding that is not there gives *not run*; a claim can say why better (`cxstudy.claims.claims`).
    """
    judged = [_judge(part, findings, truth or {}, synthetic) for part in claim.declaration.parts]
    weakest = min(judged, key=lambda one: _STRENGTH[one.name])
    names = [one.name for one in judged]
    differ = claim.declaration.combine == "same" and len(set(names)) > 1
    if differ and all(_STRENGTH[name] != 1 for name in names) and not synthetic:
        reason = Reading("claims.reason.parts_differ", {"verdicts": ", ".join(names)})
        return Verdict("undecided", judged[0].part, judged[0].finding, reason)
    return weakest


def _judge(part, findings, truth, synthetic):
    """The verdict on one part."""
    one = findings.get(part.finding)
    if one is None:
        return Verdict("not run", part, None, Reading("claims.reason.not_run", {"finding": part.finding}))
    if math.isnan(one.estimate):
        return Verdict("cannot answer", part, one, Reading("claims.reason.cannot_answer", {"reason": one.reason}))
    if part.kind == "practice" and not synthetic:
        name = of_practice(one.estimate, one.ci_low, part.carried_out_from)
        return Verdict(name, part, one, Reading("claims.reason.not_recorded") if name == "not recorded" else None)
    if not (math.isfinite(one.ci_low) and math.isfinite(one.ci_high) and one.ci_low <= one.ci_high):
        return Verdict("undecided", part, one, Reading("claims.reason.no_interval"))
    if synthetic:
        true_value = truth.get(part.finding)
        if true_value is None or not math.isfinite(true_value):
            return Verdict("undecided", part, one, Reading("claims.reason.no_truth"))
        return Verdict(of_truth(one.ci_low, one.ci_high, true_value), part, one)
    if part.kind == "direction":
        return _direction(part, one)
    if part.kind == "rank":
        return _rank(part, one, findings)
    if one.unit != part.unit:
        reason = Reading("claims.reason.other_unit", {"unit": one.unit, "declared": part.unit})
        return Verdict("undecided", part, one, reason)
    return _with_reason(of_zone(one.ci_low, one.ci_high, part.zone, part.side), part, one, "claims.reason.crosses_zone")


def _direction(part, one):
    name = of_direction(one.ci_low, one.ci_high, part.null_value, part.side)
    small = max(abs(one.ci_low - part.null_value), abs(one.ci_high - part.null_value)) < part.smallest
    if small:
        values = {"smallest": part.smallest, "unit": one.unit}
        return Verdict(name, part, one, Reading("claims.reason.small", values))
    return _with_reason(name, part, one, "claims.reason.touches_null", null_value=part.null_value)


def _rank(part, one, findings):
    name = of_rank(one.ci_low, one.ci_high, part.rank)
    if part.tie is None or name != "supported":
        return _with_reason(name, part, one, "claims.reason.rank_open")
    gap = findings.get(part.tie.finding)
    if gap is None or not (math.isfinite(gap.ci_low) and math.isfinite(gap.ci_high)):
        return Verdict("undecided", part, one, Reading("claims.reason.no_tie", {"finding": part.tie.finding}))
    margin = part.tie.margin
    if -margin <= gap.ci_low and gap.ci_high <= margin:
        return Verdict("supported", part, one)
    apart = gap.ci_low > margin or gap.ci_high < -margin
    reason = Reading("claims.reason.tie_apart" if apart else "claims.reason.tie_open", {"margin": margin})
    return Verdict("contradicted" if apart else "undecided", part, one, reason)


def _with_reason(name, part, one, key, **values):
    return Verdict(name, part, one, Reading(key, values) if name == "undecided" else None)
