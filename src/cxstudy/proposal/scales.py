"""Which scale a question has, and which of its values are codes for no answer."""

from dataclasses import dataclass

from cxstudy.opening.wording import CODES
from cxstudy.proposal.vocabulary import is_no_answer

USUAL = ((1, 5), (0, 4), (1, 7), (1, 10), (0, 10), (1, 100), (0, 100))
_CODED_SHARE = 0.3
_UNEXPLAINED = 0.05
_LONG = 100


@dataclass(frozen=True)
class Answers:
    """``low`` and ``high`` of a question's scale with ``why``; ``codes`` that stand for no answer ``{code: why}``;
    ``beyond``: values outside the scale that nothing explains; ``highest`` answer that was given."""

    low: float
    high: float
    why: str
    codes: dict
    beyond: tuple = ()
    highest: float = 0
    labelled: bool = False


def scale_of(seen, expected=None):
    """The `Answers` of a column `describing.Seen`, or None where it holds no answers on a scale.

    ``expected`` is the canonical range, preferred where it fits. Ends come from the value labels where the file has
    them for numbers, else from the usual scales the values fit in. A value is a code where its label says that there
    is no answer, or where it is one of the usual codes, lies beyond the scale and at most 30 % of the answers have it.
    """
    if seen.kind != "number" or not seen.whole or not seen.counts:
        return None
    labels = {v: text for v, text in seen.labels.items() if isinstance(v, int | float)}
    codes = {v: "its label says no answer" for v, text in labels.items() if is_no_answer(text)}
    codes |= dict.fromkeys(seen.odd, "a word that says no answer")
    values = {v: n for v, n in seen.counts.items() if v not in codes}
    if not values:
        return None
    ends = [v for v in labels if v not in codes and v not in CODES - {7, 8, 9}]
    labelled = len(ends) > 1 and [(min(ends), max(ends), "the ends of its value labels")]
    fits = [(*pair, "the values fit in it") for pair in dict.fromkeys([*([expected] if expected else []), *USUAL])]
    about = {"highest": max(values), "labelled": bool(labelled)}
    candidates = labelled or fits
    for low, high, why in candidates:
        outside = [v for v in values if not low <= v <= high]
        few = sum(values[v] for v in outside) <= _CODED_SHARE * sum(values.values())
        if few and _all_codes(outside, high) and (high < _LONG or about["highest"] > high / 2):
            codes |= dict.fromkeys(outside, f"a usual code, beyond {low:g} to {high:g}")
            about["highest"] = max((v for v in values if v not in codes), default=high)
            return Answers(low, high, why, _used(codes, seen), **about)
    for low, high, _ in candidates:
        beyond = tuple(sorted(v for v in values if not low <= v <= high and v not in CODES))
        if sum(values[v] for v in beyond) <= _UNEXPLAINED * sum(values.values()) and high < _LONG:
            codes |= {v: f"a usual code, beyond {low:g} to {high:g}" for v in values if v > high and v in CODES}
            return Answers(low, high, "most values lie in it", _used(codes, seen), beyond, **about)
    return None


def _all_codes(outside, high):
    """Whether values beyond a scale are codes; one that follows its end directly is rather an answer."""
    return set(outside) <= CODES and high + 1 not in outside


def _used(codes, seen):
    return {code: why for code, why in codes.items() if code in seen.counts or code in seen.odd}
