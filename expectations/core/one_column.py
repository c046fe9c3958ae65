"""Compile row-level expectations on one column to Spark expressions, which are true if the row is unexpected.

Every function has the name and the arguments of the Great Expectations type that it compiles. As in GX, a row with a
missing value is neither expected nor unexpected. The row is excluded, and its value is counted as missing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from operator import and_, or_
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T

from expectations.core.rules import RowRule
from expectations.core.strftime import matches_strftime, require_strftime_format
from expectations.frame import Frame, require_booleans, require_order
from transforms.nested import is_json

_MAX_TEXT_LENGTH = 2**31 - 1  # maximum number of characters in a Spark string


def expect_column_values_to_not_be_null(frame: Frame, column: str) -> RowRule:
    """The value is not null."""
    return RowRule((column,), frame.value(column).isNull(), None)


def expect_column_values_to_be_null(frame: Frame, column: str) -> RowRule:
    """The value is null."""
    return RowRule((column,), frame.value(column).isNotNull(), None)


def expect_column_values_to_be_between(
    frame: Frame,
    column: str,
    min_value: Any = None,
    max_value: Any = None,
    strict_min: bool = False,
    strict_max: bool = False,
) -> RowRule:
    """The value is within bounds. One bound may be omitted."""
    low, high = frame.bound(column, min_value), frame.bound(column, max_value)
    require_order(min_value, max_value)
    return _build_row_rule(frame, column, _is_within(frame.value(column), low, high, strict_min, strict_max))


def expect_column_values_to_be_in_set(frame: Frame, column: str, value_set: Sequence[Any]) -> RowRule:
    """The value is in a set."""
    return _build_row_rule(frame, column, _is_in_set(frame, column, value_set))


def expect_column_values_to_not_be_in_set(frame: Frame, column: str, value_set: Sequence[Any]) -> RowRule:
    """The value is not in a set."""
    return _build_row_rule(frame, column, ~_is_in_set(frame, column, value_set))


def expect_column_values_to_match_regex(frame: Frame, column: str, regex: str = "(?s).*") -> RowRule:
    """A part of the value matches a Java regular expression."""
    return _build_row_rule(frame, column, _matches(frame, column, [regex], or_))


def expect_column_values_to_not_match_regex(frame: Frame, column: str, regex: str) -> RowRule:
    """No part of the value matches a Java regular expression."""
    return _build_row_rule(frame, column, ~_matches(frame, column, [regex], or_))


def expect_column_values_to_match_regex_list(
    frame: Frame, column: str, regex_list: Sequence[str], match_on: str = "any"
) -> RowRule:
    """A part of the value matches at least one regular expression of a list.

    If `match_on` is `all`, every regular expression of the list matches a part of the value.
    """
    operators = {"any": or_, "all": and_}
    if match_on not in operators:
        raise ValueError(f"match_on is {match_on!r}, expected one of {list(operators)}")
    return _build_row_rule(frame, column, _matches(frame, column, regex_list, operators[match_on]))


def expect_column_values_to_not_match_regex_list(frame: Frame, column: str, regex_list: Sequence[str]) -> RowRule:
    """No part of the value matches any of several regular expressions."""
    return _build_row_rule(frame, column, ~_matches(frame, column, regex_list, or_))


def expect_column_value_lengths_to_be_between(
    frame: Frame,
    column: str,
    min_value: int | None = None,
    max_value: int | None = None,
    strict_min: bool = False,
    strict_max: bool = False,
) -> RowRule:
    """The length of the value in characters is within bounds."""
    low, high = (None if bound is None else _parse_length(bound) for bound in (min_value, max_value))
    require_order(low, high)
    return _build_row_rule(
        frame, column, _is_within(F.length(frame.text_value(column)), low, high, strict_min, strict_max)
    )


def expect_column_value_lengths_to_equal(frame: Frame, column: str, value: int) -> RowRule:
    """The value has a given number of characters."""
    return _build_row_rule(frame, column, F.length(frame.text_value(column)) == _parse_length(value))


def expect_column_values_to_match_strftime_format(frame: Frame, column: str, strftime_format: str) -> RowRule:
    """The value matches a date and time format of Python's `strptime`."""
    require_strftime_format(strftime_format)
    return _build_row_rule(frame, column, matches_strftime(_require_text(frame, column), strftime_format))


def expect_column_values_to_be_json_parseable(frame: Frame, column: str) -> RowRule:
    """The value is valid JSON (RFC 8259): an object, an array, a string, a number, true, false or null."""
    return _build_row_rule(frame, column, is_json(_require_text(frame, column)))


def _build_row_rule(frame: Frame, column: str, expected: Column) -> RowRule:
    missing = frame.value(column).isNull()
    return RowRule((column,), ~missing & ~expected, missing)


def _is_within(value: Column, low: Any, high: Any, strict_low: bool, strict_high: bool) -> Column:
    if low is None and high is None:
        raise ValueError("min_value and max_value are both missing. Give at least one bound")
    require_booleans(strict_min=strict_low, strict_max=strict_high)
    conditions: list[Column] = []
    if low is not None:
        conditions.append(value > low if strict_low else value >= low)
    if high is not None:
        conditions.append(value < high if strict_high else value <= high)
    return reduce(and_, conditions)


def _is_in_set(frame: Frame, column: str, value_set: Sequence[Any]) -> Column:
    if isinstance(value_set, str):
        raise ValueError(f"value_set is {value_set!r}, expected a list of values")
    return frame.value(column).isin(frame.literals(column, [value for value in value_set if value is not None]))


def _matches(frame: Frame, column: str, regexes: Sequence[str], combine: Callable[[Column, Column], Column]) -> Column:
    if isinstance(regexes, str) or not regexes:
        raise ValueError(f"regex_list is {regexes!r}, expected a list of at least one regular expression")
    text = frame.text_value(column)
    return reduce(combine, [text.rlike(regex) for regex in regexes])


def _require_text(frame: Frame, column: str) -> Column:
    data_type = frame.type_of(column)
    if not isinstance(data_type, T.StringType):
        raise ValueError(f"column {column!r} is {data_type.simpleString()}, expected text. Use another column")
    return frame.value(column)


def _parse_length(bound: Any) -> int:
    if isinstance(bound, bool) or not isinstance(bound, (int, float)) or bound % 1 != 0:
        raise ValueError(f"the length is {bound!r}, expected a whole number of characters")
    return max(-_MAX_TEXT_LENGTH, min(int(bound), _MAX_TEXT_LENGTH))


ON_ONE_COLUMN: tuple[Callable[..., RowRule], ...] = (
    expect_column_values_to_not_be_null,
    expect_column_values_to_be_null,
    expect_column_values_to_be_between,
    expect_column_values_to_be_in_set,
    expect_column_values_to_not_be_in_set,
    expect_column_values_to_match_regex,
    expect_column_values_to_not_match_regex,
    expect_column_values_to_match_regex_list,
    expect_column_values_to_not_match_regex_list,
    expect_column_value_lengths_to_be_between,
    expect_column_value_lengths_to_equal,
    expect_column_values_to_match_strftime_format,
    expect_column_values_to_be_json_parseable,
)
"""The compilers of the row-level expectation types on one column."""
