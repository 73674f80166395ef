"""Faults: rule, found, remedy, and all of them at once."""

import pytest

import cxstudy as cx
from cxstudy.faults import DataError, Fault, NotTestable, unknown_name


def test_a_fault_says_where_rule_found_and_remedy():
    fault = Fault("recommend is 0–10.", "11.", "correct it.", "customers.csv, column recommend", 7)
    assert str(fault) == "customers.csv, column recommend, line 7: recommend is 0–10. Found: 11. Remedy: correct it."


def test_a_fault_without_a_place_starts_with_the_rule():
    assert str(Fault("a is b.", "c.", "d.")) == "a is b. Found: c. Remedy: d."


def test_all_faults_come_at_once_and_are_counted():
    error = DataError([Fault("a.", "b.", "c."), Fault("d.", "e.", "f.")])
    assert str(error).splitlines()[0] == "2 faults to mend."
    assert "1. a." in str(error) and "2. d." in str(error) and len(error.faults) == 2
    assert str(DataError([Fault("a.", "b.", "c.")])).startswith("1 fault to mend.")


def test_not_testable_names_what_is_missing():
    error = NotTestable("no margins", ("financials",))
    assert error.needs == ("financials",) and str(error) == "no margins"


def test_both_are_value_errors_so_that_one_except_catches_a_users_mistake():
    assert issubclass(DataError, ValueError) and issubclass(NotTestable, ValueError)


def test_an_unknown_name_is_answered_with_the_valid_ones():
    assert unknown_name("figure", "x", []) == "there is no figure 'x'; valid: none."
    assert "nearest: recommend;" in unknown_name("column", "recomend", ["company", "recommend"])


def test_the_face_offers_every_name_it_promises():
    for name in cx.__all__:
        assert getattr(cx, name) is not None, name
    with pytest.raises(AttributeError, match="cxstudy has no 'npss'"):
        _ = cx.npss


def test_functions_named_as_their_module_stay_functions():
    import cxstudy.claims  # noqa: F401
    import cxstudy.simulate  # noqa: F401

    assert callable(cx.claims) and callable(cx.simulate)
