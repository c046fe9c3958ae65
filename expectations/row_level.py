"""Row-level expectations, each compiled to a Column that is true where a row is not as expected.

Every function here is named after the Great Expectations type it compiles and takes that type's own arguments. Nulls
are as in GX: a row whose value is missing is neither as expected nor not, it is left out and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Any

from pyspark.sql import Column, Window
from pyspark.sql import functions as F

from transforms.schema import quoted

PASSES = "_passes"
"""While rows are judged: true where no critical expectation that looks at one row alone has failed."""


@dataclass(frozen=True)
class RowRule:
    """A compiled row-level expectation.

    Attributes:
        columns: The columns it reads; their values are the examples in the result.
        unexpected: True where the row is not as expected, false where it is; null counts as false.
        missing: True where the row is left out; None for a type that leaves none out.
        across_rows: Whether it compares a row with others. Such a rule is judged among the rows that pass all others:
            a row that is quarantined anyway does not make a good one a duplicate.
    """

    columns: tuple[str, ...]
    unexpected: Column
    missing: Column | None
    across_rows: bool = False


def expect_column_values_to_not_be_null(column: str) -> RowRule:
    """The value is there."""
    return RowRule((column,), _value(column).isNull(), None)


def expect_column_values_to_be_null(column: str) -> RowRule:
    """The value is not there."""
    return RowRule((column,), _value(column).isNotNull(), None)


def expect_column_values_to_be_between(
    column: str, min_value: Any = None, max_value: Any = None, strict_min: bool = False, strict_max: bool = False
) -> RowRule:
    """The value is within two bounds, of which one may be left out."""
    if min_value is None and max_value is None:
        raise ValueError("min_value and max_value are both missing: give at least one")
    value, within = _value(column), []
    if min_value is not None:
        within.append(value > min_value if strict_min else value >= min_value)
    if max_value is not None:
        within.append(value < max_value if strict_max else value <= max_value)
    return _where_present(column, reduce(and_, within))


def expect_column_values_to_be_in_set(column: str, value_set: Sequence[Any]) -> RowRule:
    """The value is one of a set."""
    return _where_present(column, _value(column).isin([value for value in value_set if value is not None]))


def expect_column_values_to_match_regex(column: str, regex: str) -> RowRule:
    """A part of the value matches a Java regular expression."""
    return _where_present(column, _value(column).rlike(regex))


def expect_column_pair_values_a_to_be_greater_than_b(
    column_A: str, column_B: str, or_equal: bool = False, ignore_row_if: str = "both_values_are_missing"
) -> RowRule:
    """One column's value is greater than another's, in the same row."""
    a, b = _value(column_A), _value(column_B)
    missing = _ignored_pairs(a, b, ignore_row_if)
    return RowRule((column_A, column_B), ~missing & ~(a >= b if or_equal else a > b), missing)


def expect_column_values_to_be_unique(column: str) -> RowRule:
    """No other row has the value; all rows of a value that occurs twice are unexpected."""
    alike = Window.partitionBy(PASSES, quoted(column))
    repeated = F.count(F.lit(1)).over(alike) > 1
    missing = _value(column).isNull()
    return RowRule((column,), F.col(PASSES) & ~missing & repeated, missing, across_rows=True)


ROW_LEVEL: Mapping[str, Callable[..., RowRule]] = {
    function.__name__: function
    for function in (
        expect_column_values_to_not_be_null,
        expect_column_values_to_be_null,
        expect_column_values_to_be_between,
        expect_column_values_to_be_in_set,
        expect_column_values_to_match_regex,
        expect_column_pair_values_a_to_be_greater_than_b,
        expect_column_values_to_be_unique,
    )
}
"""GX type name to what compiles it."""


def _value(column: str) -> Column:
    return F.col(quoted(column))


def _where_present(column: str, expected: Column) -> RowRule:
    missing = _value(column).isNull()
    return RowRule((column,), ~missing & ~expected, missing)


def _ignored_pairs(a: Column, b: Column, ignore_row_if: str) -> Column:
    ways = {"both_values_are_missing": and_, "either_value_is_missing": or_}
    if ignore_row_if == "neither":
        return F.lit(False)
    if ignore_row_if not in ways:
        raise ValueError(f"ignore_row_if is {ignore_row_if!r}, expected one of {[*ways, 'neither']}")
    missing: Column = ways[ignore_row_if](a.isNull(), b.isNull())
    return missing
