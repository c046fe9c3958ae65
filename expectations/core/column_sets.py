"""Compile expectations about the set of values that a column has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T

from expectations.core.rules import TableOutcome, TableRule
from expectations.frame import Frame, is_time_type, to_datetime

MAX_VALUES_IN_RESULT = 20
"""Maximum number of values that a result lists. GX has the same limit for these expectation types."""


def expect_column_distinct_values_to_be_in_set(frame: Frame, column: str, value_set: Sequence[Any]) -> TableRule:
    """The column has no value outside a set."""
    return _build_set_rule(frame, column, value_set, unexpected=True, missing=False)


def expect_column_distinct_values_to_contain_set(frame: Frame, column: str, value_set: Sequence[Any]) -> TableRule:
    """The column has every value of a set."""
    return _build_set_rule(frame, column, value_set, unexpected=False, missing=True)


def expect_column_distinct_values_to_equal_set(frame: Frame, column: str, value_set: Sequence[Any]) -> TableRule:
    """The column has every value of a set, and no other values."""
    return _build_set_rule(frame, column, value_set, unexpected=True, missing=True)


def expect_column_most_common_value_to_be_in_set(
    frame: Frame, column: str, value_set: Sequence[Any], ties_okay: bool | None = None
) -> TableRule:
    """The most frequent value is in a set. A tie passes only if `ties_okay` is true and a tied value is in the set."""
    values = [value for value in value_set if value is not None]
    literals = frame.literals(column, values)
    normalize = to_datetime if is_time_type(frame.type_of(column)) else lambda value: value
    expected = set(map(normalize, values))

    def validate(_: Any, counts: Sequence[T.Row]) -> TableOutcome:
        most_common = sorted(row["value"] for row in counts if row["count"] == counts[0]["count"])
        is_in_set = bool(expected & set(map(normalize, most_common)))
        return is_in_set and (bool(ties_okay) or len(most_common) == 1), {"observed_value": most_common}

    # `validate` gets only the most frequent values, up to a limit. `in_set` puts the values of the set before other
    # values of the same frequency. Otherwise the limit could exclude the values of the set.
    in_set = F.col("value").isin(literals)
    return TableRule(None, validate, (column,), frame.scalar_value(column), lambda _: True, in_set)


def _build_set_rule(
    frame: Frame, column: str, value_set: Sequence[Any], *, unexpected: bool, missing: bool
) -> TableRule:
    if isinstance(value_set, str) or (not value_set and not missing):
        raise ValueError(f"value_set is {value_set!r}, expected a list of at least one value")
    values = list(dict.fromkeys(value for value in value_set if value is not None))
    value, literals = frame.scalar_value(column), frame.literals(column, values)
    is_in_set = value.isin(literals)

    def aggregate(rows: Column) -> Column:
        # The array `present` is small, because it has only values of the set. Values outside the set are only counted.
        present = F.collect_set(F.when(rows & is_in_set, value))
        is_present = F.array(*(F.array_contains(present, literal) for literal in literals)).cast("array<boolean>")
        unexpected_count = F.count_distinct(F.when(rows & ~is_in_set, value))
        return F.struct(unexpected_count.alias("unexpected"), is_present.alias("is_present"))

    def validate(observed: Any, counts: Sequence[T.Row]) -> TableOutcome:
        absent = [value for value, is_present in zip(values, observed["is_present"], strict=True) if not is_present]
        result: dict[str, Any] = {"observed_value": None}
        if unexpected:
            result["unexpected_count"] = observed["unexpected"]
            result["partial_unexpected_list"] = [row["value"] for row in counts][:MAX_VALUES_IN_RESULT]
        if missing:
            result |= {"missing_count": len(absent), "partial_missing_list": absent[:MAX_VALUES_IN_RESULT]}
        return not (unexpected and observed["unexpected"]) and not (missing and absent), result

    outside_set = F.when(~is_in_set, value) if unexpected else None
    return TableRule(aggregate, validate, (column,), outside_set, lambda observed: bool(observed["unexpected"]))


COLUMN_SETS: tuple[Callable[..., TableRule], ...] = (
    expect_column_distinct_values_to_be_in_set,
    expect_column_distinct_values_to_contain_set,
    expect_column_distinct_values_to_equal_set,
    expect_column_most_common_value_to_be_in_set,
)
"""The compilers of the expectation types about a column's set of values."""
