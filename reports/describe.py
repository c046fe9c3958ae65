"""Describe an expectation of a suite in words, from its type and arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MAX_VALUES = 8
_UNNAMED = dict.fromkeys(("column", "column_A", "column_B", "column_list"), "?")
_NOT_DESCRIBED = (
    "mostly",
    "condition_parser",
    "row_condition",
    "result_format",
    "catch_exceptions",
    "batch_id",
    "ignore_row_if",
)
_VERBS = {
    "not_be": "is not",
    "not_match": "does not match",
    "not_contain": "does not contain",
    "be": "is",
    "match": "matches",
    "exist": "exists",
    "contain": "contains",
    "equal": "equals",
    "have": "has",
}
_SUBJECTS = {
    "column_values": "{column}",
    "column_pair_values": "({column_A}, {column_B})",
    "column_pair_values_a": "{column_A}",
    "select_column_values": "({column_list})",
    "compound_columns": "({column_list})",
    "multicolumn_values": "({column_list})",
    "multicolumn_sum": "sum of ({column_list})",
    "column_value_lengths": "length of {column}",
    "column": "column {column}",
}


def describe_expectation(type_: str, kwargs: Mapping[str, Any]) -> str:
    """Describe an expectation on one line.

    >>> describe_expectation("expect_column_values_to_be_between", {"column": "calls", "min_value": 0, "mostly": 0.9})
    'calls ≥ 0'
    >>> describe_expectation("expect_column_values_to_not_be_null", {"column": "date"})
    'date is not null'
    >>> describe_expectation("expect_table_row_count_to_be_between", {"min_value": 1, "max_value": 9})
    '1 ≤ table row count ≤ 9'
    """
    subject, _, predicate = type_.removeprefix("expect_").partition("_to_")
    columns = {name: kwargs[name] for name in _UNNAMED if name in kwargs}
    named = {name: describe_value(value) for name, value in columns.items()}
    rest = {name: value for name, value in kwargs.items() if name not in columns and name not in _NOT_DESCRIBED}
    where = f", where {kwargs['row_condition']}" if kwargs.get("row_condition") else ""
    return _sentence(_subject(subject, named), predicate, rest, named) + where


def _subject(subject: str, named: Mapping[str, str]) -> str:
    if subject in _SUBJECTS:
        return _SUBJECTS[subject].format_map(_UNNAMED | dict(named))
    words = subject.removeprefix("column_").replace("_", " ")
    return f"{words} of {', '.join(named.values())}" if named else subject.replace("_", " ")


def _sentence(subject: str, predicate: str, rest: dict[str, Any], named: Mapping[str, str]) -> str:
    if predicate in ("be_between", "be_between_dates") and {"min_value", "max_value"} & rest.keys():
        return _with(_bounded(subject, rest), rest)
    if predicate == "be_greater_than_b":
        return _with(f"{subject} {'≥' if rest.pop('or_equal', False) else '>'} {named.get('column_B', '?')}", rest)
    verb = next((verb for verb in _VERBS if predicate == verb or predicate.startswith(f"{verb}_")), "")
    words = f"{_VERBS.get(verb, '')} {predicate.removeprefix(verb).strip('_').replace('_', ' ')}".strip()
    return _with(f"{subject} {words}".strip(), rest)


def _bounded(subject: str, rest: dict[str, Any]) -> str:
    low, high = rest.pop("min_value", None), rest.pop("max_value", None)
    above, below = ("<" if rest.pop(f"strict_{end}", False) else "≤" for end in ("min", "max"))
    if low is not None and high is not None:
        return f"{describe_value(low)} {above} {subject} {below} {describe_value(high)}"
    if high is not None:
        return f"{subject} {below} {describe_value(high)}"
    return f"{subject} {'>' if above == '<' else '≥'} {describe_value(low)}"


def _with(sentence: str, rest: Mapping[str, Any]) -> str:
    arguments = {name: value for name, value in rest.items() if value is not None and value is not False}
    if len(arguments) == 1:
        ((name, value),) = arguments.items()
        return f"{sentence}: {name if value is True else describe_value(value)}"
    text = ", ".join(name if value is True else f"{name} {describe_value(value)}" for name, value in arguments.items())
    return f"{sentence}: {text}" if text else sentence


def describe_value(value: Any) -> str:
    """Describe the value of an argument: a suite parameter as `$name`, and a long list by its first values.

    >>> describe_value({"$PARAMETER": "low"}), describe_value({"$PARAMETER": "low + 1"}), describe_value(["A", "B"])
    ('$low', '$(low + 1)', 'A, B')
    """
    if isinstance(value, dict) and isinstance(parameter := value.get("$PARAMETER"), str):
        return f"${parameter}" if parameter.isidentifier() else f"$({parameter})"
    if isinstance(value, (list, tuple)):
        items = [str(item) for item in value[:_MAX_VALUES]]
        return ", ".join([*items, f"… ({len(value)})"] if len(value) > _MAX_VALUES else items)
    return str(value)
