"""Compile expectations about a whole table and about the types of its columns.

Every function has the name and the arguments of the Great Expectations type that it compiles. The gate validates these
expectations only on rows that are not quarantined.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T

from expectations.core.rules import TableOutcome, TableRule
from expectations.frame import Frame, is_time_type, require_booleans, require_numbers, require_order, to_datetime


def expect_table_row_count_to_be_between(
    _: Frame,
    min_value: int | None = None,
    max_value: int | None = None,
    strict_min: bool = False,
    strict_max: bool = False,
) -> TableRule:
    """The number of rows is within bounds."""
    return TableRule(_count_rows, validate_bounds(None, min_value, max_value, strict_min, strict_max))


def expect_table_row_count_to_equal(_: Frame, value: int) -> TableRule:
    """The table has a given number of rows."""
    require_numbers(value=value)
    return TableRule(_count_rows, lambda observed, _: (observed == value, {"observed_value": observed}))


def expect_table_column_count_to_be_between(
    frame: Frame, min_value: int | None = None, max_value: int | None = None
) -> TableRule:
    """The number of columns is within bounds."""
    return _build_schema_rule(*validate_bounds(None, min_value, max_value, False, False)(len(frame.schema), ()))


def expect_table_column_count_to_equal(frame: Frame, value: int) -> TableRule:
    """The table has a given number of columns."""
    require_numbers(value=value)
    return _build_schema_rule(len(frame.schema) == value, {"observed_value": len(frame.schema)})


def expect_table_columns_to_match_ordered_list(frame: Frame, column_list: Sequence[str] | None = None) -> TableRule:
    """The table has the listed columns, in the listed order."""
    columns = frame.schema.names
    pairs = enumerate(zip_longest(columns if column_list is None else column_list, columns))
    mismatched = [
        {"Expected Column Position": position, "Expected": expected, "Found": name}
        for position, (expected, name) in pairs
        if expected != name
    ]
    details = {"details": {"mismatched": mismatched}} if mismatched else {}
    return _build_schema_rule(not mismatched, {"observed_value": columns, **details})


def expect_table_columns_to_match_set(
    frame: Frame, column_set: Sequence[str] | None = None, exact_match: bool | None = True
) -> TableRule:
    """The table has the listed columns, in any order. If `exact_match` is false, additional columns may exist."""
    columns = frame.schema.names
    expected = set(column_set or ())
    unexpected, missing = sorted(set(columns) - expected), sorted(expected - set(columns))
    mismatched = {name: names for name, names in (("unexpected", unexpected), ("missing", missing)) if names}
    details = {"details": {"mismatched": mismatched}} if mismatched else {}
    success = not missing and not (exact_match and unexpected)
    return _build_schema_rule(success, {"observed_value": sorted(columns), **details})


def expect_column_to_exist(frame: Frame, column: str, column_index: int | None = None) -> TableRule:
    """The table has a column. If `column_index` is given, the column is at this position, counted from 0.

    As in GX, the position is not checked if `column_index` is 0.
    """
    names = frame.schema.names
    by_index = dict(enumerate(names)) | dict(enumerate(names, start=-len(names)))
    success = by_index.get(column_index) == column if column_index else column in names
    return _build_schema_rule(success, {})


def expect_column_type_to_be(frame: Frame, column: str, type_: str) -> TableRule:
    """The column has a given Spark type. `type_` is the name of a class in `pyspark.sql.types`."""
    return expect_column_values_to_be_in_type_list(frame, column, [type_])


def expect_column_values_to_be_of_type(frame: Frame, column: str, type_: str) -> TableRule:
    """The column has a given Spark type. `type_` is the name of a class in `pyspark.sql.types`."""
    return expect_column_values_to_be_in_type_list(frame, column, [type_])


def expect_column_values_to_be_in_type_list(
    frame: Frame, column: str, type_list: Sequence[str] | None = None
) -> TableRule:
    """The column has one of several Spark types."""
    data_type = frame.type_of(column)
    known = None if type_list is None else _find_spark_types(type_list)
    success = known is None or isinstance(data_type, known)
    return _build_schema_rule(success, {"observed_value": type(data_type).__name__}, column)


def validate_bounds(
    data_type: T.DataType | None, low: Any, high: Any, strict_low: bool, strict_high: bool
) -> Callable[[Any, Sequence[T.Row]], TableOutcome]:
    """Return a function that checks whether an aggregate is within bounds. Null is never within bounds.

    Args:
        data_type: The type of the column if the aggregate is a minimum or maximum. None for other aggregates.
        low: The minimum, or None.
        high: The maximum, or None.
        strict_low: Whether the minimum itself is outside the bounds.
        strict_high: Whether the maximum itself is outside the bounds.

    Raises:
        ValueError: A bound has the wrong type, the minimum is greater than the maximum, or `strict_low` or
            `strict_high` is not a boolean.
    """
    require_booleans(strict_min=strict_low, strict_max=strict_high)
    is_time = data_type is not None and is_time_type(data_type)
    wrong = [bound for bound in (low, high) if not isinstance(bound, (int, float)) and bound is not None]
    if data_type is None and wrong:
        raise ValueError(f"the bounds {wrong} are not numbers. Write numbers without quotes")
    require_order(low, high)
    low_bound, high_bound = (to_datetime(bound) if is_time else bound for bound in (low, high))

    def validate(observed: Any, _: Sequence[T.Row]) -> TableOutcome:
        if observed is None or observed != observed:  # NaN is not equal to itself, so the second test detects NaN.
            return False, {"observed_value": None}
        value = to_datetime(observed) if is_time else observed
        above = low is None or (value > low_bound if strict_low else value >= low_bound)
        below = high is None or (value < high_bound if strict_high else value <= high_bound)
        return above and below, {"observed_value": observed}

    return validate


def _build_schema_rule(success: bool, result: dict[str, Any], *columns: str) -> TableRule:
    return TableRule(None, lambda _, __: (success, result), columns)


def _count_rows(rows: Column) -> Column:
    return F.count(F.when(rows, 1))


def _find_spark_types(names: Sequence[str]) -> tuple[type[T.DataType], ...]:
    """Return the Spark types with these names. As in GX, unknown names are ignored if at least one name is known."""
    members = [getattr(T, name, None) for name in names if isinstance(name, str)]
    spark_types = tuple(kind for kind in members if isinstance(kind, type) and issubclass(kind, T.DataType))
    if isinstance(names, str) or not spark_types:
        raise ValueError(f"the types {names!r} are not in pyspark.sql.types. Use names such as 'StringType'")
    return spark_types


ON_TABLES: tuple[Callable[..., TableRule], ...] = (
    expect_table_row_count_to_be_between,
    expect_table_row_count_to_equal,
    expect_table_column_count_to_be_between,
    expect_table_column_count_to_equal,
    expect_table_columns_to_match_ordered_list,
    expect_table_columns_to_match_set,
    expect_column_to_exist,
    expect_column_type_to_be,
    expect_column_values_to_be_of_type,
    expect_column_values_to_be_in_type_list,
)
"""The compilers of the expectation types about a table."""
