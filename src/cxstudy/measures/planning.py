"""How many answers does the next wave need, and what do so many answers show?"""

import math

import numpy as np
import pandas as pd
import scipy

from cxstudy.stats.arguments import check_count
from cxstudy.stats.intervals import check_confidence, critical

_ROUNDING = 1e-9  # a result that is whole but for rounding is not raised by one


def answers_needed(
    *, margin=None, difference=None, answers=None, nps=None, promoters=None, detractors=None, power=0.8,
    confidence=0.95, ratio=1.0, population=None, design_effect=1.0, response_rate=None,
):  # fmt: skip
    """Answers for an NPS of given precision, or for telling two groups apart; or what a number of answers gives.

    One of three questions:

    - ``margin``: > 0 NPS points, half the width of the interval of one NPS → ``n`` answers.
    - ``difference``: > 0 NPS points between two groups, to be found significant with probability ``power`` →
      ``n_a``, ``n_b`` = ``ratio`` × n_a, ``n`` both together.
    - ``answers``: a whole number → the ``margin`` of one NPS, and the ``difference`` that two groups of
      ``answers`` and ``ratio`` × ``answers`` show with this power.

    How much answers differ (their variance, as fraction): from ``promoters`` and ``detractors`` in percent, p + d −
    (p − d)²; or the largest one with this ``nps``, 1 − (nps / 100)²; without either 1, the worst case. The same for
    both groups. ``design_effect``: > 0, variance against simple random sampling (weights, clusters);
    ``population``: customers in all, for one NPS; ``response_rate``: 0…1, answers by invitation;
    ``confidence``: 0…1, of the interval and of the two-sided test (level 1 − confidence).

    Returns one row: ``n``, ``n_a``, ``n_b`` (nan for one NPS), ``margin``, ``difference``, ``power``, ``variance``,
    ``design_effect``, ``population``, ``response_rate``, ``invitations`` (rounded up, like n), ``confidence``,
    ``unit`` (answers), ``method``, ``reason`` (such as more invitations than customers).

    Raises ValueError where not exactly one question is asked, for values outside their range, and for a population
    beside a difference (a comparison is not about a list of customers).
    Formula: n₀ = z² v deff / margin², in a population of N n = N n₀ / (N − 1 + n₀) (Cochran 1977, chapter 4);
    n_a = (z_{1−α/2} + z_power)² v deff (1 + 1 / ratio) / difference². The margins are Wald's.

    >>> answers_needed(margin=10).n.tolist(), answers_needed(margin=10, promoters=50, detractors=25).n.tolist()
    ([385], [265])
    """
    _check_question(margin=margin, difference=difference, answers=answers, population=population)
    confidence = check_confidence(confidence)
    variance = _variance(nps, promoters, detractors)
    _check_ranges(margin, difference, power, confidence, ratio, design_effect, response_rate)
    spread = variance * design_effect
    if margin is not None:
        needed = _for_margin(margin, spread, confidence, population)
        found = {"n": needed, "margin": float(margin), "method": "wald margin"}
    elif difference is not None:
        first = _up(_detectable(spread, 1, confidence, power, ratio) ** 2 / difference**2)
        second = _up(ratio * first)
        found = {"n": first + second, "n_a": first, "n_b": second, "difference": float(difference), "power": power}
        found |= {"method": "z test of two groups"}
    else:
        answers = check_count("answers", answers, 1)
        if population is not None and answers > population:
            raise ValueError(f"answers cannot exceed the population; got {answers} of {population}. Mend one of them.")
        found = {"n": answers, "margin": _margin(answers, spread, confidence, population), "power": power}
        found |= {"difference": _detectable(spread, answers, confidence, power, ratio)}
        found |= {"method": "wald margin, z test of two groups"}
    return _row(found, variance, design_effect, population, response_rate, confidence)


def _row(found, variance, design_effect, population, response_rate, confidence):
    invitations = np.nan if response_rate is None else _up(found["n"] / response_rate)
    row = {name: found.get(name, np.nan) for name in ("n", "n_a", "n_b", "margin", "difference", "power")}
    row |= {
        "variance": variance,
        "design_effect": float(design_effect),
        "population": np.nan if population is None else population,
        "response_rate": np.nan if response_rate is None else float(response_rate),
        "invitations": invitations,
        "confidence": confidence,
        "unit": "answers",
        "method": found["method"],
        "reason": pd.array([_too_many(found["n"], invitations, population)], dtype="str"),
    }
    return pd.DataFrame(row, index=[0])


def _for_margin(margin, spread, confidence, population):
    needed = (100 * critical(confidence) / margin) ** 2 * spread
    if population is not None:
        needed = population * needed / (population - 1 + needed)
    return _up(needed)


def _margin(answers, spread, confidence, population):
    left = 1 if population is None else (population - answers) / (population - 1)
    return 100 * critical(confidence) * math.sqrt(spread / answers * left)


def _detectable(spread, answers, confidence, power, ratio):
    """Difference in points that groups of ``answers`` and ``ratio`` × ``answers`` show with this power."""
    both = critical(confidence) + scipy.stats.norm.ppf(power)
    return 100 * float(both) * math.sqrt(spread * (1 + 1 / ratio) / answers)


def _variance(nps, promoters, detractors):
    shares = [promoters, detractors]
    if shares == [None, None]:
        if nps is None:
            return 1.0
        _check("nps", nps, -100, 100)
        return _positive(1 - (nps / 100) ** 2)
    if nps is not None or None in shares:
        raise ValueError(
            "the spread comes from promoters= and detractors= together, or from nps= alone; got "
            f"nps={nps!r}, promoters={promoters!r}, detractors={detractors!r}. Give one or the other, or neither."
        )
    for name, share in zip(("promoters", "detractors"), shares, strict=True):
        _check(name, share, 0, 100)
    if sum(shares) > 100 + _ROUNDING:
        raise ValueError(f"promoters and detractors are percent of all answers; got {sum(shares):g} together. Mend it.")
    p, d = promoters / 100, detractors / 100
    return _positive(p + d - (p - d) ** 2)


def _positive(variance):
    if variance <= 0:
        raise ValueError("answers must differ to be planned for; got shares of one class only. Allow for some others.")
    return variance


def _check_question(population, **questions):
    asked = [name for name, value in questions.items() if value is not None]
    if len(asked) != 1:
        found = " and ".join(asked) or "none"
        raise ValueError(f"exactly one of margin, difference and answers is given; got {found}. Ask one at a time.")
    if population is not None:
        check_count("population", population, 2)
        if asked == ["difference"]:
            raise ValueError("population serves the margin of one NPS; got it with difference. Leave it out.")


def _check_ranges(margin, difference, power, confidence, ratio, design_effect, response_rate):
    if margin is not None:
        _check("margin", margin, 0, 100, open_low=True)
    if difference is not None:
        _check("difference", difference, 0, 200, open_low=True)
    for name, value in (("ratio", ratio), ("design_effect", design_effect)):
        _check(name, value, 0, math.inf, open_low=True)
    if response_rate is not None:
        _check("response_rate", response_rate, 0, 1, open_low=True)
    _check("power", power, 0, 1, open_low=True)
    if not (1 - confidence) / 2 < power < 1:
        least = (1 - confidence) / 2
        raise ValueError(f"power must lie between {least:g} and 1; got {power}. Write 0.8 for 80 %.")


def _check(name, value, low, high, open_low=False):
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not number or not (low < value if open_low else low <= value) or not value <= high or math.isinf(value):
        to = "" if math.isinf(high) else f" and at most {high:g}"
        least = "above" if open_low else "at least"
        raise ValueError(f"{name} must be a number {least} {low:g}{to}; got {value!r}. Give it in that range.")


def _too_many(n, invitations, population):
    if population is not None and invitations > population:
        needed = f"{n:,} answers at this response rate need {invitations:,} invitations"
        return f"{needed}; there are {population:,} customers"
    return None


def _up(value):
    return max(math.ceil(value - _ROUNDING * max(value, 1)), 1)
