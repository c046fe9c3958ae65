"""Give values to the parameters of a suite.

A suite writes `{"$PARAMETER": "name"}` in place of an argument. The text can also be an expression, such as
`now() - timedelta(days=7)`. The values come from the options `--parameter`, and from the `suite_parameters` of the
suite.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

from expectations.errors import ParameterError, SuiteError
from expectations.parameter_expressions import MissingParameterError, evaluate, names_in

if TYPE_CHECKING:
    from expectations.suite import Expectation, Suite

PARAMETER_HELP = (
    "Give the value of a suite parameter, or several values as a JSON object. A value is read as JSON, such as 5. A "
    "value that is not valid JSON is text. Write a text that looks like JSON in double quotes."
)
_KEY = "$PARAMETER"
_FIXED = ("column", "column_A", "column_B", "row_condition", "condition_parser", "batch_id")
"""Arguments for which GX does not accept a suite parameter."""


def parse_parameters(texts: Iterable[str]) -> dict[str, Any]:
    """Parse the values of the options `--parameter`. Map the name of each parameter to its value.

    Each text has the form `NAME=VALUE`, or is a JSON object of names and values. An empty text has no parameters.

    Raises:
        ParameterError: A text has neither form, or a parameter has two values.

    Example:
        >>> parse_parameters(["low=5", "zip=02134", 'types=["A", "B"]', '{"high": 9}'])
        {'low': 5, 'zip': '02134', 'types': ['A', 'B'], 'high': 9}
    """
    parameters: dict[str, Any] = {}
    for text in texts:
        for name, value in _parse_text(text).items():
            if name in parameters:
                raise ParameterError(name, f"the parameter is given twice. Give one value: --parameter {name}=VALUE.")
            parameters[name] = value
    return parameters


def find_problem(kwargs: Mapping[str, Any]) -> str | None:
    """Return why GX cannot evaluate the suite parameters in the arguments of an expectation, or None."""
    for name, value in kwargs.items():
        if is_parameter(value):
            if name in _FIXED:
                return f"{name!r} cannot be a suite parameter in Great Expectations. Write the value."
            if not isinstance(value[_KEY], str):
                return f"the suite parameter of {name!r} is {value[_KEY]!r}, expected the name of a parameter as text."
        elif _has_parameter(value):
            return (
                f"{name!r} has a suite parameter inside its value. Great Expectations evaluates only whole arguments. "
                f'Write the whole argument as one parameter: "{name}": {{"{_KEY}": "NAME"}}.'
            )
    return None


def is_parameter(value: Any) -> bool:
    """Return whether the value of an argument is a suite parameter."""
    return isinstance(value, dict) and _KEY in value


def evaluate_suite(suite: Suite, given: Mapping[str, Any]) -> Suite:
    """Return the suite with the values of its parameters. The given values replace the values in the suite.

    Raises:
        SuiteError: A parameter has no value, a given parameter is not in the suite, an expression is not valid, or
            `mostly` is not a number from 0 to 1.
    """
    used = {name for item in suite.expectations for value in item.kwargs.values() for name in _names(value)}
    known = used | suite.parameters.keys()
    if unknown := sorted(given.keys() - known):
        found = f"Found: {sorted(known)}" if known else "The suite has no parameters"
        problem = f"the suite has no parameter {unknown[0]!r}. {found}. Remove --parameter {unknown[0]}, or correct it."
        raise SuiteError(suite=suite.name, problem=problem)
    parameters = {**suite.parameters, **given}
    expectations = tuple(_evaluate(item, parameters, suite=suite.name) for item in suite.expectations)
    return replace(suite, expectations=expectations, parameters=parameters)


def _evaluate(expectation: Expectation, parameters: Mapping[str, Any], *, suite: str) -> Expectation:
    if not any(map(is_parameter, expectation.kwargs.values())):
        return expectation

    def reject(problem: str) -> NoReturn:
        raise SuiteError(suite=suite, expectation=expectation.id, problem=problem)

    kwargs = dict(expectation.kwargs)
    for name, value in kwargs.items():
        if not is_parameter(value):
            continue
        text = value[_KEY]
        if f"{_KEY}.{text}" in value:  # GX stores a value that was given while the suite was written.
            kwargs[name] = value[f"{_KEY}.{text}"]
            continue
        try:
            kwargs[name] = evaluate(text, parameters)
        except MissingParameterError as error:
            reject(
                f"the suite parameter {error.name!r} of {name!r} has no value. Give the value: "
                f"--parameter {error.name}=VALUE. Or add the value to 'suite_parameters' of the suite."
            )
        except ValueError as error:
            reject(f"the suite parameter of {name!r} is not valid: {error}.{_explain(text)}")
    evaluated = replace(expectation, kwargs=kwargs)
    if problem := evaluated.find_mostly_problem():
        reject(problem)
    return evaluated


def _explain(text: str) -> str:
    if not text.startswith("urn:"):
        return ""
    return " Only Great Expectations 0.x stores the results that such a text names. Write the name of a parameter."


def _names(value: Any) -> set[str]:
    try:
        return names_in(value[_KEY]) if is_parameter(value) else set()
    except ValueError:
        return set()  # `evaluate` reports the expression.


def _has_parameter(value: Any) -> bool:
    if isinstance(value, dict):
        return _KEY in value or any(map(_has_parameter, value.values()))
    return isinstance(value, list) and any(map(_has_parameter, value))


def _parse_text(text: str) -> dict[str, Any]:
    if not text.strip():
        return {}
    if text.lstrip().startswith("{"):
        return _parse_object(text)
    name, separator, value = text.partition("=")
    if not separator or not name.strip():
        raise ParameterError(text, "expected NAME=VALUE, such as --parameter minimum=5.")
    try:
        return {name.strip(): json.loads(value, parse_constant=_reject_constant)}
    except ValueError:
        return {name.strip(): value}


def _parse_object(text: str) -> dict[str, Any]:
    try:
        document: dict[str, Any] = json.loads(text, parse_constant=_reject_constant)
    except ValueError as error:
        problem = f'the text is not a valid JSON object: {error}. Write an object such as {{"minimum": 5}}.'
        raise ParameterError(text, problem) from error
    return document


def _reject_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not valid JSON")
