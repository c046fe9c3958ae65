"""Expectations about a table as a whole and the types of its columns.

As in `one_column`, every function is named after the Great Expectations type it compiles. They are judged on the rows
that would be published: those that pass.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T

from expectations.core.rules import Judgement, TableRule
from expectations.frame import Frame, is_moment, moment, require_numbers, require_true_or_false


def expect_table_row_count_to_be_between(
    _: Frame,
    min_value: int | None = None,
    max_value: int | None = None,
    strict_min: bool = False,
    strict_max: bool = False,
) -> TableRule:
    """The table has about so many rows."""
    judge = within(None, min_value, max_value, strict_min, strict_max)
    return TableRule(_count_rows, judge)


def expect_table_row_count_to_equal(_: Frame, value: int) -> TableRule:
    """The table has so many rows."""
    require_numbers(value=value)
    return TableRule(_count_rows, lambda observed, _: (observed == value, {"observed_value": observed}))


def expect_table_column_count_to_be_between(
    frame: Frame, min_value: int | None = None, max_value: int | None = None
) -> TableRule:
    """The table has about so many columns."""
    return _of_schema(*within(None, min_value, max_value, False, False)(len(frame.schema), ()))


def expect_table_column_count_to_equal(frame: Frame, value: int) -> TableRule:
    """The table has so many columns."""
    require_numbers(value=value)
    return _of_schema(len(frame.schema) == value, {"observed_value": len(frame.schema)})


def expect_table_columns_to_match_ordered_list(frame: Frame, column_list: Sequence[str] | None = None) -> TableRule:
    """The table has these columns, in this order."""
    found = frame.schema.names
    pairs = enumerate(zip_longest(found if column_list is None else column_list, found))
    mismatched = [
        {"Expected Column Position": position, "Expected": expected, "Found": name}
        for position, (expected, name) in pairs
        if expected != name
    ]
    details = {"details": {"mismatched": mismatched}} if mismatched else {}
    return _of_schema(not mismatched, {"observed_value": found, **details})


def expect_table_columns_to_match_set(
    frame: Frame, column_set: Sequence[str] | None = None, exact_match: bool | None = True
) -> TableRule:
    """The table has these columns, in any order; without `exact_match` it may have others too."""
    columns = frame.schema.names
    expected = set(column_set or ())
    found = {"unexpected": sorted(set(columns) - expected), "missing": sorted(expected - set(columns))}
    mismatched = {name: names for name, names in found.items() if names}
    details = {"details": {"mismatched": mismatched}} if mismatched else {}
    success = not found["missing"] and not (exact_match and found["unexpected"])
    return _of_schema(success, {"observed_value": sorted(columns), **details})


def expect_column_to_exist(frame: Frame, column: str, column_index: int | None = None) -> TableRule:
    """The table has a column, at a place counted from 0 where one is given."""
    names = frame.schema.names
    place = dict(enumerate(names)) | dict(enumerate(names, start=-len(names)))
    success = place.get(column_index) == column if column_index else column in names
    return _of_schema(success, {})


def expect_column_type_to_be(frame: Frame, column: str, type_: str) -> TableRule:
    """The column is of a Spark type, named as in `pyspark.sql.types`."""
    return expect_column_values_to_be_in_type_list(frame, column, [type_])


def expect_column_values_to_be_of_type(frame: Frame, column: str, type_: str) -> TableRule:
    """The column is of a Spark type, named as in `pyspark.sql.types`."""
    return expect_column_values_to_be_in_type_list(frame, column, [type_])


def expect_column_values_to_be_in_type_list(
    frame: Frame, column: str, type_list: Sequence[str] | None = None
) -> TableRule:
    """The column is of one of some Spark types."""
    kind = frame.type_of(column)
    known = None if type_list is None else _spark_types(type_list)
    success = known is None or isinstance(kind, known)
    return _of_schema(success, {"observed_value": type(kind).__name__}, column)


def within(
    kind: T.DataType | None, low: Any, high: Any, strict_low: bool, strict_high: bool
) -> Callable[[Any, Sequence[T.Row]], Judgement]:
    """Return what judges a number, or of a column of dates or times a moment, by its bounds; null is never within.

    Raises:
        ValueError: A bound is of another type.
    """
    require_true_or_false(strict_min=strict_low, strict_max=strict_high)
    as_moment = kind is not None and is_moment(kind)
    numbers = [bound for bound in (low, high) if not isinstance(bound, (int, float)) and bound is not None]
    if kind is None and numbers:
        raise ValueError(f"the bounds {numbers} are not numbers")
    low_bound, high_bound = (moment(bound) if as_moment else bound for bound in (low, high))

    def judge(observed: Any, _: Sequence[T.Row]) -> Judgement:
        if observed is None or observed != observed:  # NaN
            return False, {"observed_value": None}
        value = moment(observed) if as_moment else observed
        above = low is None or (value > low_bound if strict_low else value >= low_bound)
        below = high is None or (value < high_bound if strict_high else value <= high_bound)
        return above and below, {"observed_value": observed}

    return judge


def _of_schema(success: bool, result: dict[str, Any], *columns: str) -> TableRule:
    return TableRule(None, lambda _, __: (success, result), columns)


def _count_rows(rows: Column) -> Column:
    return F.count(F.when(rows, 1))


def _spark_types(names: Sequence[str]) -> tuple[type[T.DataType], ...]:
    """Return the types of some names; as GX, without the names of other engines' types, if one is Spark's."""
    found = [getattr(T, name, None) for name in names if isinstance(name, str)]
    known = tuple(kind for kind in found if isinstance(kind, type) and issubclass(kind, T.DataType))
    if isinstance(names, str) or not known:
        raise ValueError(f"none of {names!r} is a type of pyspark.sql.types, such as 'StringType'")
    return known


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
"""What compiles the types about a table."""
