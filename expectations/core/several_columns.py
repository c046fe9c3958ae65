"""Row-level expectations on several columns of a row, compiled as those in `one_column`."""

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
    """One column's value is greater than another's, in the same row."""
    frame.require_one_family([column_A, column_B])
    a, b = frame.value(column_A), frame.value(column_B)
    return _pair(frame, (column_A, column_B), a >= b if or_equal else a > b, ignore_row_if)


def expect_column_pair_values_to_be_equal(
    frame: Frame, column_A: str, column_B: str, ignore_row_if: str = "both_values_are_missing"
) -> RowRule:
    """Two columns have the same value; a missing value is equal to a missing value only."""
    frame.require_one_family([column_A, column_B])
    equal = frame.value(column_A).eqNullSafe(frame.value(column_B))
    return _pair(frame, (column_A, column_B), equal, ignore_row_if)


def expect_column_pair_values_to_be_in_set(
    frame: Frame,
    column_A: str,
    column_B: str,
    value_pairs_set: Sequence[Sequence[Any]],
    ignore_row_if: str = "both_values_are_missing",
) -> RowRule:
    """The values of two columns are together one of a set of pairs; null in a pair stands for a missing value."""
    known = [
        _is(frame, column_A, value_a) & _is(frame, column_B, value_b) for value_a, value_b in _of_two(value_pairs_set)
    ]
    return _pair(frame, (column_A, column_B), reduce(or_, known), ignore_row_if)


def expect_multicolumn_sum_to_equal(
    frame: Frame, column_list: Sequence[str], sum_total: float, ignore_row_if: str = "all_values_are_missing"
) -> RowRule:
    """The values of some columns add up to a number, a missing one counting as 0."""
    require_numbers(sum_total=sum_total)
    values = []
    for name in column_list:
        value = frame.number(name)
        # Whole numbers are added as decimals: a bigint would wrap around, or fail, as the Spark may be.
        wide = value.cast("decimal(20,0)") if isinstance(frame.type_of(name), _INTEGERS) else value
        values.append(F.coalesce(wide, F.lit(0)))
    # A sum too large for a decimal is null, and not the total.
    is_total = F.coalesce(reduce(F.try_add, values) == F.lit(sum_total), F.lit(False))
    return _several(frame, column_list, is_total, ignore_row_if)


def expect_multicolumn_values_to_be_equal(
    frame: Frame, column_list: Sequence[str], ignore_row_if: str = "all_values_are_missing"
) -> RowRule:
    """Some columns all have the same value."""
    frame.require_one_family(column_list)
    first, *others = (frame.value(name) for name in column_list)
    alike = reduce(and_, (first.eqNullSafe(other) for other in others), F.lit(True))
    return _several(frame, column_list, alike, ignore_row_if)


def expect_select_column_values_to_be_unique_within_record(
    frame: Frame, column_list: Sequence[str], ignore_row_if: str = "all_values_are_missing"
) -> RowRule:
    """No two of some columns have the same value."""
    frame.require_one_family(column_list)
    pairs = combinations([frame.value(name) for name in column_list], 2)
    alike = reduce(or_, (one.eqNullSafe(other) for one, other in pairs), F.lit(False))
    return _several(frame, column_list, ~alike, ignore_row_if)


def ignored(frame: Frame, columns: Sequence[str], ignore_row_if: str) -> Column:
    """Return a Column that is true where the missing values of some columns leave a row out.

    Raises:
        ValueError: `ignore_row_if` is not one of GX's words, or there are fewer than two columns.
    """
    if isinstance(columns, str) or len(columns) < 2:
        raise ValueError(f"column_list is {columns!r}, expected a list of at least two columns")
    ways = {"all_values_are_missing": and_, "any_value_is_missing": or_}
    if ignore_row_if == "never":
        return F.lit(False)
    if ignore_row_if not in ways:
        raise ValueError(f"ignore_row_if is {ignore_row_if!r}, expected one of {[*ways, 'never']}")
    return reduce(ways[ignore_row_if], [frame.value(name).isNull() for name in columns])


def _several(frame: Frame, columns: Sequence[str], expected: Column, ignore_row_if: str) -> RowRule:
    missing = ignored(frame, columns, ignore_row_if)
    return RowRule(tuple(columns), ~missing & ~expected, missing)


def _pair(frame: Frame, columns: tuple[str, str], expected: Column, ignore_row_if: str) -> RowRule:
    ways = {
        "both_values_are_missing": "all_values_are_missing",
        "either_value_is_missing": "any_value_is_missing",
        "neither": "never",
    }
    if ignore_row_if not in ways:
        raise ValueError(f"ignore_row_if is {ignore_row_if!r}, expected one of {list(ways)}")
    missing = ignored(frame, columns, ways[ignore_row_if])
    return RowRule(columns, ~missing & ~expected, missing)


def _of_two(pairs: Any) -> list[tuple[Any, Any]]:
    if isinstance(pairs, str) or not pairs or any(isinstance(pair, str) or len(pair) != 2 for pair in pairs):
        raise ValueError(f"value_pairs_set is {pairs!r}, expected a list of at least one pair of values")
    return [(one, other) for one, other in pairs]


def _is(frame: Frame, column: str, value: Any) -> Column:
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
"""What compiles the row-level types on several columns."""
