"""Compile each row-level expectation on several columns to a Column. The Column is true if the row is unexpected."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from itertools import combinations
from operator import and_, or_
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T

from expectations.core.rules import RowRule
from expectations.frame import Frame, require_numbers

_INTEGERS = (T.ByteType, T.ShortType, T.IntegerType, T.LongType)


def expect_column_pair_values_a_to_be_greater_than_b(
    frame: Frame,
    column_A: str,
    column_B: str,
    or_equal: bool | None = None,
    ignore_row_if: str = "both_values_are_missing",
) -> RowRule:
    """The value of `column_A` is greater than the value of `column_B`. If `or_equal` is true, equal values pass."""
    frame.require_comparable([column_A, column_B])
    a, b = frame.value(column_A), frame.value(column_B)
    return _build_pair_rule(frame, (column_A, column_B), a >= b if or_equal else a > b, ignore_row_if)


def expect_column_pair_values_to_be_equal(
    frame: Frame, column_A: str, column_B: str, ignore_row_if: str = "both_values_are_missing"
) -> RowRule:
    """Two columns have the same value. A missing value equals only another missing value."""
    frame.require_comparable([column_A, column_B])
    equal = frame.value(column_A).eqNullSafe(frame.value(column_B))
    return _build_pair_rule(frame, (column_A, column_B), equal, ignore_row_if)


def expect_column_pair_values_to_be_in_set(
    frame: Frame,
    column_A: str,
    column_B: str,
    value_pairs_set: Sequence[Sequence[Any]],
    ignore_row_if: str = "both_values_are_missing",
) -> RowRule:
    """The values of `column_A` and `column_B` are one of the listed pairs. In a pair, null is a missing value."""
    pairs = _require_pairs(value_pairs_set)
    matches = [_equals(frame, column_A, value_a) & _equals(frame, column_B, value_b) for value_a, value_b in pairs]
    return _build_pair_rule(frame, (column_A, column_B), reduce(or_, matches), ignore_row_if)


def expect_multicolumn_sum_to_equal(
    frame: Frame, column_list: Sequence[str], sum_total: float, ignore_row_if: str = "all_values_are_missing"
) -> RowRule:
    """The sum of several columns equals a number. A missing value is added as 0."""
    require_numbers(sum_total=sum_total)
    values = []
    for name in column_list:
        value = frame.number_value(name)
        # The rule adds decimals, because a bigint sum can overflow. After an overflow, some Spark versions return a
        # wrong sum, and other versions fail.
        wide = value.cast("decimal(20,0)") if isinstance(frame.type_of(name), _INTEGERS) else value
        values.append(F.coalesce(wide, F.lit(0)))
    # If a sum is too large for a decimal, `try_add` returns null, and the row fails the expectation.
    is_total = F.coalesce(reduce(F.try_add, values) == F.lit(sum_total), F.lit(False))
    return _build_multicolumn_rule(frame, column_list, is_total, ignore_row_if)


def expect_multicolumn_values_to_be_equal(
    frame: Frame, column_list: Sequence[str], ignore_row_if: str = "all_values_are_missing"
) -> RowRule:
    """All listed columns have the same value."""
    frame.require_comparable(column_list)
    first, *others = (frame.value(name) for name in column_list)
    are_equal = reduce(and_, (first.eqNullSafe(other) for other in others), F.lit(True))
    return _build_multicolumn_rule(frame, column_list, are_equal, ignore_row_if)


def expect_select_column_values_to_be_unique_within_record(
    frame: Frame, column_list: Sequence[str], ignore_row_if: str = "all_values_are_missing"
) -> RowRule:
    """No two of the listed columns have the same value."""
    frame.require_comparable(column_list)
    pairs = combinations([frame.value(name) for name in column_list], 2)
    has_equal_pair = reduce(or_, (left.eqNullSafe(right) for left, right in pairs), F.lit(False))
    return _build_multicolumn_rule(frame, column_list, ~has_equal_pair, ignore_row_if)


def is_excluded(frame: Frame, columns: Sequence[str], ignore_row_if: str) -> Column:
    """Return a Column that is true if the row is excluded because values are missing.

    Raises:
        ValueError: `ignore_row_if` is not one of GX's values, or there are fewer than two columns.
    """
    if isinstance(columns, str) or len(columns) < 2:
        raise ValueError(f"column_list is {columns!r}, expected a list of at least two columns")
    operators = {"all_values_are_missing": and_, "any_value_is_missing": or_}
    if ignore_row_if == "never":
        return F.lit(False)
    if ignore_row_if not in operators:
        raise ValueError(f"ignore_row_if is {ignore_row_if!r}, expected one of {[*operators, 'never']}")
    return reduce(operators[ignore_row_if], [frame.value(name).isNull() for name in columns])


def _build_multicolumn_rule(frame: Frame, columns: Sequence[str], expected: Column, ignore_row_if: str) -> RowRule:
    missing = is_excluded(frame, columns, ignore_row_if)
    return RowRule(tuple(columns), ~missing & ~expected, missing)


def _build_pair_rule(frame: Frame, columns: tuple[str, str], expected: Column, ignore_row_if: str) -> RowRule:
    equivalents = {
        "both_values_are_missing": "all_values_are_missing",
        "either_value_is_missing": "any_value_is_missing",
        "neither": "never",
    }
    if ignore_row_if not in equivalents:
        raise ValueError(f"ignore_row_if is {ignore_row_if!r}, expected one of {list(equivalents)}")
    missing = is_excluded(frame, columns, equivalents[ignore_row_if])
    return RowRule(columns, ~missing & ~expected, missing)


def _require_pairs(pairs: Any) -> list[tuple[Any, Any]]:
    if isinstance(pairs, str) or not pairs or any(isinstance(pair, str) or len(pair) != 2 for pair in pairs):
        raise ValueError(f"value_pairs_set is {pairs!r}, expected a list of at least one pair of values")
    return [(first, second) for first, second in pairs]


def _equals(frame: Frame, column: str, value: Any) -> Column:
    if value is None:
        return frame.value(column).isNull()
    (literal,) = frame.literals(column, [value])
    return frame.value(column).eqNullSafe(literal)


ON_SEVERAL_COLUMNS: tuple[Callable[..., RowRule], ...] = (
    expect_column_pair_values_a_to_be_greater_than_b,
    expect_column_pair_values_to_be_equal,
    expect_column_pair_values_to_be_in_set,
    expect_multicolumn_sum_to_equal,
    expect_multicolumn_values_to_be_equal,
    expect_select_column_values_to_be_unique_within_record,
)
"""The compilers of the row-level expectation types on several columns."""
