"""Our evaluator and Great Expectations' own evaluator return the same values."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.parameter_expressions import MissingParameterError, evaluate, names_in

PARAMETERS = {
    "low": 3,
    "share": 0.25,
    "below": -5,
    "text": "a text",
    "start": "2024-03-01",
    "moment": "2024-03-01T12:30:00",
    "number": "02134",
    "set": ["A", "B"],
    "a$b_1": 2,
    "E": 7,
    "nothing": None,
}


@pytest.fixture(scope="session")
def evaluate_with_gx():
    from great_expectations.core.suite_parameters import parse_suite_parameter

    return lambda expression, parameters: parse_suite_parameter(expression, dict(parameters))


@pytest.mark.parametrize("name", PARAMETERS)
def test_the_name_of_a_parameter_returns_its_value_unchanged(evaluate_with_gx, name):
    assert evaluate(name, PARAMETERS) == evaluate_with_gx(name, PARAMETERS) == PARAMETERS[name]


@pytest.mark.parametrize(
    "expression",
    [
        *("low + 1", "low-1", "low - -1", "-low", "--low", "- 2 ^ 2", "2 ^ 3 ^ 2", "2 * -3 ^ 2", "low ^ below"),
        *("2 + 3 * 4", "(2 + 3) * 4", "2 * 3 + 4 / 2 - 1", "7 / 2 / 2", "-(2 + 3)", "((low)) + 0", ".5 + 1e3"),
        *("share * 100", "trunc(share * 10)", "round(10 / 3)", "round(10 / 3, 2)", "round(2.5)", "abs(below)"),
        *("sgn(below)", "sgn(low)", "sgn(0)", "sin(0)", "cos(PI)", "tan(pi / 4)", "exp(1)", "pi * 2", "Pi + 0"),
        *("E + 1", "e + 1", "a$b_1 * 2", "number + 1", "trunc(-2.5)"),
        *("start - timedelta(days=7)", "timedelta(days=low, hours=2) + start", "moment + timedelta(low)"),
        *("datetime(2024, 1, 2)", "datetime(year=2024, month=low, day=2) + timedelta(weeks=1)"),
        "round(abs(below) * share, trunc(1.7))",
    ],
)
def test_expressions_have_the_same_value_as_in_gx(evaluate_with_gx, expression):
    ours, theirs = evaluate(expression, PARAMETERS), evaluate_with_gx(expression, PARAMETERS)
    assert (ours, type(ours)) == (theirs, type(theirs))


@pytest.mark.parametrize("expression", ["now()", "now() - timedelta(days=7)", "now() + timedelta(minutes=low)"])
def test_now_is_the_local_time_as_in_gx(evaluate_with_gx, expression):
    ours, theirs = (datetime.fromisoformat(f(expression, PARAMETERS)) for f in (evaluate, evaluate_with_gx))
    assert abs(ours - theirs) < timedelta(seconds=30)
    assert ours.tzinfo is None


OPERANDS = st.sampled_from(["1", "2.5", ".5", "3e2", "low", "share", "below", "PI", "-2", "trunc(7 / 2)", "abs(-3)"])
EXPRESSIONS = st.recursive(
    OPERANDS,
    lambda inner: (
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(" ".join)
        | inner.map(lambda text: f"({text})")
        | inner.map(lambda text: f"-({text})")
        | inner.map(lambda text: f"round({text}, 2)")
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(EXPRESSIONS)
def test_arithmetic_has_the_same_value_as_in_gx(evaluate_with_gx, expression):
    from great_expectations.exceptions import SuiteParameterError

    expression = f"0 + {expression}"  # GX rejects an expression that consists only of a number in parentheses.
    try:
        theirs = evaluate_with_gx(expression, PARAMETERS)
    except SuiteParameterError:
        with pytest.raises(ValueError, match="cannot be evaluated"):
            evaluate(expression, PARAMETERS)
    else:
        ours = evaluate(expression, PARAMETERS)
        assert type(ours) is type(theirs)
        assert ours == theirs or (math.isnan(ours) and math.isnan(theirs))


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("", "the expression ends too early"),
        ("low +", "the expression ends too early"),
        ("low low", "'low' is not expected"),
        ("(low", r"'\)' is missing"),
        ("round(1 2)", "',' is missing"),
        ("a.b", r"'\.b' in 'a\.b' is not part of a valid expression"),
        ("urn:great_expectations:x", "':great_expectations:x' in"),
        ("open(low)", "'open' is not a function. Use one of \\['abs', 'cos', 'datetime'"),
        ("round(low, ndigits=1)", "Name either all"),
        ("now(1)", "cannot be evaluated"),
        ("sin(x=1)", "cannot be evaluated"),
        ("1 / 0", "division by zero"),
        ("text * 2", "'a text' is neither a number nor a date in ISO form"),
        ("nothing + 1", "None is neither a number nor a date"),
        ("start + low", "unsupported operand"),
        ("timedelta(days=7)", "expected a number or a date and time"),
        ("now() - now()", "expected a number or a date and time"),
        ("below ^ .5", "expected a number or a date and time"),
    ],
)
def test_invalid_expressions_are_rejected_as_in_gx(evaluate_with_gx, expression, problem):
    from great_expectations.exceptions import SuiteParameterError
    from pyparsing import ParseBaseException

    with pytest.raises(ValueError, match=problem):
        evaluate(expression, PARAMETERS)
    if expression != "below ^ .5":  # GX returns a complex number, which no column can be compared with.
        with pytest.raises((SuiteParameterError, ParseBaseException, TypeError)):
            evaluate_with_gx(expression, PARAMETERS)


@pytest.mark.parametrize("expression", ["lowest", "lowest + 1", "round(lowest)", "timedelta(days=lowest)", "may + 1"])
def test_a_name_without_a_value_is_an_error(expression):
    with pytest.raises(MissingParameterError) as caught:
        evaluate(expression, PARAMETERS)
    assert {caught.value.name} == names_in(expression)


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("low", {"low"}),
        ("now() - timedelta(days=days) * factor", {"days", "factor"}),
        ("e * PI + low", {"low"}),
        ("e", {"E"}),
        ("now()", set()),
    ],
)
def test_the_names_in_an_expression_are_its_parameters(expression, names):
    assert names_in(expression) == names


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("1e400 + 1", "expected a finite number"),
        ("9 ^ 9 ^ 9", "cannot be evaluated"),
        ("(" * 3000, "cannot be evaluated"),
    ],
)
def test_expressions_that_gx_cannot_evaluate_in_time_are_rejected(expression: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        evaluate(expression, {})
