"""Expectations about which values a column has, compiled as those in `tables`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T

from expectations.core.rules import Judgement, TableRule
from expectations.frame import Frame, is_moment, moment

MOST_VALUES = 20
"""How many values a result shows at most; GX's number for these types."""


def expect_column_distinct_values_to_be_in_set(frame: Frame, column: str, value_set: Sequence[Any]) -> TableRule:
    """The column has no value outside a set."""
    return _compared(frame, column, value_set, unexpected=True, missing=False)


def expect_column_distinct_values_to_contain_set(frame: Frame, column: str, value_set: Sequence[Any]) -> TableRule:
    """The column has every value of a set."""
    return _compared(frame, column, value_set, unexpected=False, missing=True)


def expect_column_distinct_values_to_equal_set(frame: Frame, column: str, value_set: Sequence[Any]) -> TableRule:
    """The column has every value of a set, and no other."""
    return _compared(frame, column, value_set, unexpected=True, missing=True)


def expect_column_most_common_value_to_be_in_set(
    frame: Frame, column: str, value_set: Sequence[Any], ties_okay: bool | None = None
) -> TableRule:
    """The column's most frequent value is one of a set; of several that are as frequent one is enough if allowed."""
    values = [value for value in value_set if value is not None]
    literals = frame.literals(column, values)
    comparable = moment if is_moment(frame.type_of(column)) else lambda value: value
    known = set(map(comparable, values))

    def judge(_: Any, found: Sequence[T.Row]) -> Judgement:
        most = sorted(row["value"] for row in found if row["count"] == found[0]["count"])
        hits = known & set(map(comparable, most))
        return bool(hits) and (bool(ties_okay) or len(most) == 1), {"observed_value": most}

    in_set = F.col("value").isin(literals)  # looked up first, however many values are as frequent
    return TableRule(None, judge, (column,), frame.nameable(column), lambda _: True, in_set)


def _compared(frame: Frame, column: str, value_set: Sequence[Any], *, unexpected: bool, missing: bool) -> TableRule:
    if isinstance(value_set, str) or (not value_set and not missing):
        raise ValueError(f"value_set is {value_set!r}, expected a list of at least one value")
    values = list(dict.fromkeys(value for value in value_set if value is not None))
    value, literals = frame.nameable(column), frame.literals(column, values)
    is_known = value.isin(literals)

    def aggregate(rows: Column) -> Column:
        known = F.collect_set(F.when(rows & is_known, value))  # bounded by the set; others are only counted here
        found = F.array(*(F.array_contains(known, one) for one in literals)).cast("array<boolean>")
        return F.struct(F.count_distinct(F.when(rows & ~is_known, value)).alias("unexpected"), found.alias("found"))

    def judge(observed: Any, looked_up: Sequence[T.Row]) -> Judgement:
        absent = [one for one, found in zip(values, observed["found"], strict=True) if not found]
        result: dict[str, Any] = {"observed_value": None}
        if unexpected:
            result["unexpected_count"] = observed["unexpected"]
            result["partial_unexpected_list"] = [row["value"] for row in looked_up][:MOST_VALUES]
        if missing:
            result |= {"missing_count": len(absent), "partial_missing_list": absent[:MOST_VALUES]}
        return not (unexpected and observed["unexpected"]) and not (missing and absent), result

    to_look_up = F.when(~is_known, value) if unexpected else None
    return TableRule(aggregate, judge, (column,), to_look_up, lambda observed: bool(observed["unexpected"]))


COLUMN_SETS: tuple[Callable[..., TableRule], ...] = (
    expect_column_distinct_values_to_be_in_set,
    expect_column_distinct_values_to_contain_set,
    expect_column_distinct_values_to_equal_set,
    expect_column_most_common_value_to_be_in_set,
)
"""What compiles the types about a column's values."""
