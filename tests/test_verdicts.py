"""Verdict rules on both sides of every boundary; Holm against statsmodels."""

import math
from types import SimpleNamespace

import pytest

from cxstudy.declarations import Declaration, Part, Tie
from cxstudy.findings import Finding
from cxstudy.verdicts import WORDS, of_direction, of_practice, of_rank, of_truth, of_zone, verdict

A_BIT = 1e-9


def found(finding_id="a.b", low=1.0, high=3.0, estimate=None, unit="%", **details):
    middle = (low + high) / 2 if estimate is None else estimate
    details.setdefault("confidence", 0.95)
    return Finding(finding_id, middle, 1.0, low, high, unit=unit, n=80, n_unit="companies", **details)


def claim(*parts, combine="weakest"):
    return SimpleNamespace(declaration=Declaration(parts=parts, combine=combine))


def direction(finding="a.b", side="above", **more):
    return Part(kind="direction", finding=finding, side=side, smallest=0.5, why="test", **more)


def value(finding="a.b", zone=(7, 11), side="above", unit="%"):
    return Part(kind="value", finding=finding, side=side, zone=zone, unit=unit, smallest=2, why="test")


def rank(finding="a.b", claimed=(1, 1), tie=None):
    return Part(kind="rank", finding=finding, rank=claimed, tie=tie, smallest=1, why="test")


def name_of(a_claim, *findings, **more):
    return verdict(a_claim, {f.id: f for f in findings}, **more).name


@pytest.mark.parametrize(
    ("low", "high", "side", "expected"),
    [
        (A_BIT, 2, "above", "supported"),
        (0.0, 2, "above", "undecided"),
        (-A_BIT, 2, "above", "undecided"),
        (-2, 0.0, "above", "undecided"),
        (-2, -A_BIT, "above", "contradicted"),
        (-2, -A_BIT, "below", "supported"),
        (-2, 0.0, "below", "undecided"),
        (-2, A_BIT, "below", "undecided"),
        (0.0, 2, "below", "undecided"),
        (A_BIT, 2, "below", "contradicted"),
    ],
)
def test_direction_needs_an_interval_that_does_not_touch_the_null_value(low, high, side, expected):
    assert of_direction(low, high, side=side) == expected
    assert name_of(claim(direction(side=side)), found(low=low, high=high)) == expected
    moved = direction(side=side, null_value=50)
    assert name_of(claim(moved), found(low=low + 50, high=high + 50)) == of_direction(low + 50, high + 50, 50, side)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (7, 11, "as published"),
        (7 - A_BIT, 11, "undecided"),
        (7, 11 + A_BIT, "undecided"),
        (3, 7 - A_BIT, "weaker"),
        (3, 7, "undecided"),
        (11, 15, "undecided"),
        (11 + A_BIT, 15, "stronger"),
        (3, 15, "undecided"),
    ],
)
def test_value_lies_in_the_closed_zone_or_shares_no_point_with_it(low, high, expected):
    assert of_zone(low, high, (7, 11)) == expected
    assert name_of(claim(value()), found(low=low, high=high)) == expected


def test_below_zero_nearer_zero_is_weaker():
    assert of_zone(-6.9, -3, (-11, -7), side="below") == "weaker"
    assert of_zone(-15, -11.1, (-11, -7), side="below") == "stronger"
    assert of_zone(-11, -7, (-11, -7), side="below") == "as published"


@pytest.mark.parametrize(
    ("low", "high", "claimed", "expected"),
    [
        (1, 1, (1, 1), "supported"),
        (1, 2, (1, 1), "undecided"),
        (2, 2, (1, 1), "contradicted"),
        (2, 3, (2, 3), "supported"),
        (1, 3, (2, 3), "undecided"),
        (1, 2, (2, 3), "undecided"),
        (3, 4, (2, 3), "undecided"),
        (1, 1, (2, 3), "contradicted"),
        (4, 4, (2, 3), "contradicted"),
    ],
)
def test_rank_set_must_hold_claimed_ranks_only(low, high, claimed, expected):
    assert of_rank(low, high, claimed) == expected


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (-2, 2, "supported"),
        (-2 - A_BIT, 2, "undecided"),
        (-2, 2 + A_BIT, "undecided"),
        (2, 5, "undecided"),
        (2 + A_BIT, 5, "contradicted"),
        (-5, -2, "undecided"),
        (-5, -2 - A_BIT, "contradicted"),
    ],
)
def test_a_tie_needs_equivalence_within_the_margin(low, high, expected):
    tied = claim(rank(claimed=(2, 3), tie=Tie(finding="a.gap", margin=2)))
    assert name_of(tied, found(low=2, high=3), found("a.gap", low, high)) == expected


def test_a_tie_without_its_difference_is_undecided():
    tied = claim(rank(claimed=(2, 3), tie=Tie(finding="a.gap", margin=2)))
    one = verdict(tied, {"a.b": found(low=2, high=3)})
    assert (one.name, one.reason.key) == ("undecided", "claims.reason.no_tie")
    assert name_of(tied, found(low=4, high=4)) == "contradicted"


@pytest.mark.parametrize(
    ("estimate", "low", "start", "expected"),
    [
        (100, math.nan, 100, "carried out"),
        (100 - A_BIT, math.nan, 100, "partly"),
        (95, 90, 90, "carried out"),
        (95, 90 - A_BIT, 90, "partly"),
        (A_BIT, 0, 90, "partly"),
        (0, 0, 90, "not recorded"),
        (0, math.nan, 100, "not recorded"),
    ],
)
def test_practice(estimate, low, start, expected):
    assert of_practice(estimate, low, start) == expected
    part = Part(kind="practice", finding="a.b", carried_out_from=start)
    assert name_of(claim(part), found(low=low, high=100, estimate=estimate)) == expected


@pytest.mark.parametrize(
    ("truth", "expected"),
    [
        (1.0, "recovered"),
        (1 - A_BIT, "not recovered"),
        (3.0, "recovered"),
        (3 + A_BIT, "not recovered"),
        (2.0, "recovered"),
    ],
)
def test_synthetic_compares_the_closed_interval_with_the_truth_and_nothing_else(truth, expected):
    assert of_truth(1.0, 3.0, truth) == expected
    for part in (direction(), value(), rank(), Part(kind="practice", finding="a.b")):
        assert name_of(claim(part), found(), truth={"a.b": truth}, synthetic=True) == expected


@pytest.mark.parametrize("truth", [{}, None, {"a.other": 2.0}, {"a.b": math.nan}, {"a.b": None}])
def test_synthetic_without_truth_cannot_tell(truth):
    one = verdict(claim(direction()), {"a.b": found()}, truth, synthetic=True)
    assert (one.word, one.reason.key) == ("cannot tell", "claims.reason.no_truth")


def test_a_study_that_is_not_synthetic_never_looks_at_a_truth():
    assert name_of(claim(direction()), found(), truth={"a.b": 99.0}) == "supported"


@pytest.mark.parametrize(
    ("low", "high"), [(math.nan, 3), (1, math.nan), (-math.inf, 3), (1, math.inf), (3, 1), (math.nan, math.nan)]
)
@pytest.mark.parametrize("synthetic", [False, True])
def test_an_interval_without_two_finite_ends_is_undecided_and_says_so(low, high, synthetic):
    for part in (direction(), value(), rank()):
        one = verdict(claim(part), {"a.b": found(low=low, high=high, estimate=2.0)}, {"a.b": 2.0}, synthetic)
        assert (one.name, one.reason.key) == ("undecided", "claims.reason.no_interval")


def test_a_finding_without_a_number_passes_its_reason_on():
    one = verdict(claim(direction()), {"a.b": Finding("a.b", reason="fewer than 8 units a tier")})
    assert (one.name, one.word) == ("cannot answer", "not tested")
    assert one.reason.values == {"reason": "fewer than 8 units a tier"}
    assert name_of(claim(direction())) == "not run"


def test_a_zone_is_never_compared_with_another_unit():
    one = verdict(claim(value()), {"a.b": found(low=0.08, high=0.1, unit="share")})
    assert (one.name, one.reason.key) == ("undecided", "claims.reason.other_unit")


@pytest.mark.parametrize(
    ("low", "high", "small"), [(0.1, 0.49, True), (0.1, 0.5, False), (-0.49, 0.49, True), (-0.5, 0.1, False)]
)
def test_an_interval_within_the_smallest_effect_of_interest_is_said(low, high, small):
    one = verdict(claim(direction()), {"a.b": found(low=low, high=high)})
    assert (one.reason is not None and one.reason.key == "claims.reason.small") is small
    assert one.name == of_direction(low, high)


def test_the_weakest_part_decides_a_conjunction():
    both = claim(direction("a.x"), direction("a.y"))
    good, bad, open_ = (0.5, 2), (-2, -0.5), (-1, 1)
    assert name_of(both, found("a.x", *good), found("a.y", *good)) == "supported"
    assert name_of(both, found("a.x", *good), found("a.y", *open_)) == "undecided"
    assert name_of(both, found("a.x", *open_), found("a.y", *bad)) == "contradicted"
    assert name_of(both, found("a.x", *bad)) == "contradicted"
    assert name_of(both, found("a.x", *good)) == "not run"
    assert verdict(both, {"a.x": found("a.x", *good), "a.y": found("a.y", *open_)}).finding.id == "a.y"
    truth = {"a.x": 1.0, "a.y": 9.0}
    assert name_of(both, found("a.x", *good), found("a.y", *good), truth=truth, synthetic=True) == "not recovered"


def test_parts_that_must_be_the_same_are_undecided_when_they_differ():
    both = claim(value("a.x", (20, 30)), value("a.y", (20, 30)), combine="same")
    assert name_of(both, found("a.x", 21, 29), found("a.y", 22, 30)) == "as published"
    assert name_of(both, found("a.x", 21, 29), found("a.y", 30.5, 34)) == "undecided"
    assert name_of(both, found("a.x", 10, 19), found("a.y", 30.5, 34)) == "undecided"
    assert name_of(both, found("a.x", 10, 19), found("a.y", 11, 19)) == "weaker"
    assert name_of(both, found("a.x", 21, 29)) == "not run"


def test_every_verdict_has_a_word_and_every_word_a_text():
    from cxstudy.language import text

    for word in set(WORDS.values()):
        assert text(f"verdict.{word.replace(' ', '_')}")
