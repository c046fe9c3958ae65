"""Row-level expectations on one column, each compiled to a Column that is true where a row is not as expected.

Every function here is named after the Great Expectations type it compiles and takes that type's own arguments. Nulls
are as in GX: a row whose value is missing is neither as expected nor not, it is left out and counted.
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
from expectations.core.strftime import matches_strftime, require_readable
from expectations.frame import Frame, require_true_or_false
from transforms.nested import is_json

_LONGEST = 2**31 - 1  # characters of a text, in Spark


def expect_column_values_to_not_be_null(frame: Frame, column: str) -> RowRule:
    """The value is there."""
    return RowRule((column,), frame.value(column).isNull(), None)


def expect_column_values_to_be_null(frame: Frame, column: str) -> RowRule:
    """The value is not there."""
    return RowRule((column,), frame.value(column).isNotNull(), None)


def expect_column_values_to_be_between(
    frame: Frame,
    column: str,
    min_value: Any = None,
    max_value: Any = None,
    strict_min: bool = False,
    strict_max: bool = False,
) -> RowRule:
    """The value is within two bounds, of which one may be left out."""
    low, high = frame.bound(column, min_value), frame.bound(column, max_value)
    return _where_present(frame, column, _within(frame.value(column), low, high, strict_min, strict_max))


def expect_column_values_to_be_in_set(frame: Frame, column: str, value_set: Sequence[Any]) -> RowRule:
    """The value is one of a set."""
    return _where_present(frame, column, _in_set(frame, column, value_set))


def expect_column_values_to_not_be_in_set(frame: Frame, column: str, value_set: Sequence[Any]) -> RowRule:
    """The value is none of a set."""
    return _where_present(frame, column, ~_in_set(frame, column, value_set))


def expect_column_values_to_match_regex(frame: Frame, column: str, regex: str = "(?s).*") -> RowRule:
    """A part of the value matches a Java regular expression."""
    return _where_present(frame, column, _matches(frame, column, [regex], or_))


def expect_column_values_to_not_match_regex(frame: Frame, column: str, regex: str) -> RowRule:
    """No part of the value matches a Java regular expression."""
    return _where_present(frame, column, ~_matches(frame, column, [regex], or_))


def expect_column_values_to_match_regex_list(
    frame: Frame, column: str, regex_list: Sequence[str], match_on: str = "any"
) -> RowRule:
    """Parts of the value match one, or all, of some regular expressions."""
    ways = {"any": or_, "all": and_}
    if match_on not in ways:
        raise ValueError(f"match_on is {match_on!r}, expected one of {list(ways)}")
    return _where_present(frame, column, _matches(frame, column, regex_list, ways[match_on]))


def expect_column_values_to_not_match_regex_list(frame: Frame, column: str, regex_list: Sequence[str]) -> RowRule:
    """No part of the value matches one of some regular expressions."""
    return _where_present(frame, column, ~_matches(frame, column, regex_list, or_))


def expect_column_value_lengths_to_be_between(
    frame: Frame,
    column: str,
    min_value: int | None = None,
    max_value: int | None = None,
    strict_min: bool = False,
    strict_max: bool = False,
) -> RowRule:
    """The value has about so many characters."""
    low, high = (None if bound is None else _whole(bound) for bound in (min_value, max_value))
    return _where_present(frame, column, _within(F.length(frame.text(column)), low, high, strict_min, strict_max))


def expect_column_value_lengths_to_equal(frame: Frame, column: str, value: int) -> RowRule:
    """The value has so many characters."""
    return _where_present(frame, column, F.length(frame.text(column)) == _whole(value))


def expect_column_values_to_match_strftime_format(frame: Frame, column: str, strftime_format: str) -> RowRule:
    """The value is a day or time in a format of Python's `strptime`."""
    require_readable(strftime_format)
    return _where_present(frame, column, matches_strftime(_only_text(frame, column), strftime_format))


def expect_column_values_to_be_json_parseable(frame: Frame, column: str) -> RowRule:
    """The value is JSON, of RFC 8259: an object, a list, a text, a number, true, false or null."""
    return _where_present(frame, column, is_json(_only_text(frame, column)))


def _where_present(frame: Frame, column: str, expected: Column) -> RowRule:
    missing = frame.value(column).isNull()
    return RowRule((column,), ~missing & ~expected, missing)


def _within(value: Column, low: Any, high: Any, strict_low: bool, strict_high: bool) -> Column:
    if low is None and high is None:
        raise ValueError("min_value and max_value are both missing: give at least one")
    require_true_or_false(strict_min=strict_low, strict_max=strict_high)
    within: list[Column] = []
    if low is not None:
        within.append(value > low if strict_low else value >= low)
    if high is not None:
        within.append(value < high if strict_high else value <= high)
    return reduce(and_, within)


def _in_set(frame: Frame, column: str, value_set: Sequence[Any]) -> Column:
    if isinstance(value_set, str):
        raise ValueError(f"value_set is {value_set!r}, expected a list of values")
    return frame.value(column).isin(frame.literals(column, [value for value in value_set if value is not None]))


def _matches(frame: Frame, column: str, regexes: Sequence[str], combined: Callable[[Column, Column], Column]) -> Column:
    if isinstance(regexes, str) or not regexes:
        raise ValueError(f"regex_list is {regexes!r}, expected a list of at least one regular expression")
    text = frame.text(column)
    return reduce(combined, [text.rlike(regex) for regex in regexes])


def _only_text(frame: Frame, column: str) -> Column:
    kind = frame.type_of(column)
    if not isinstance(kind, T.StringType):
        raise ValueError(f"column {column!r} is {kind.simpleString()}, expected text")
    return frame.value(column)


def _whole(bound: Any) -> int:
    if isinstance(bound, bool) or not isinstance(bound, (int, float)) or bound % 1 != 0:
        raise ValueError(f"a length is {bound!r}, expected a whole number")
    return max(-_LONGEST, min(int(bound), _LONGEST))


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
"""What compiles the row-level types on one column."""
