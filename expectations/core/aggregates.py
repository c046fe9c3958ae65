"""Compile expectations about an aggregate of a column. All aggregates of a suite share one pass over the rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T

from expectations.core.rules import TableOutcome, TableRule
from expectations.core.tables import validate_bounds
from expectations.frame import Frame, require_order


def expect_column_max_to_be_between(frame: Frame, column: str, **bounds: Any) -> TableRule:
    """The column's largest value is within bounds."""
    return _build_extreme_rule(frame, column, F.max, bounds)


def expect_column_min_to_be_between(frame: Frame, column: str, **bounds: Any) -> TableRule:
    """The column's smallest value is within bounds."""
    return _build_extreme_rule(frame, column, F.min, bounds)


def expect_column_mean_to_be_between(frame: Frame, column: str, **bounds: Any) -> TableRule:
    """The column's mean is within bounds."""
    value = frame.number_value(column)
    return _build_bounded_rule(column, lambda rows: F.try_avg(F.when(rows, value)), None, **bounds)


def expect_column_stdev_to_be_between(frame: Frame, column: str, **bounds: Any) -> TableRule:
    """The column's sample standard deviation is within bounds."""
    value = frame.number_value(column)
    return _build_bounded_rule(column, lambda rows: F.stddev_samp(F.when(rows, value)), None, **bounds)


def expect_column_sum_to_be_between(frame: Frame, column: str, **bounds: Any) -> TableRule:
    """The column's sum is within bounds."""
    value = frame.number_value(column)
    if isinstance(frame.type_of(column), T.IntegralType):
        # The rule sums decimals, because a bigint sum can overflow. After an overflow, some Spark versions return a
        # wrong sum, and other versions fail.
        value = value.cast("decimal(20,0)")
    return _build_bounded_rule(column, lambda rows: F.try_sum(F.when(rows, value)), None, **bounds)


def expect_column_median_to_be_between(frame: Frame, column: str, **bounds: Any) -> TableRule:
    """The exact median is within bounds. If two values are in the middle, the median is their mean."""
    value = _number_without_nan(frame, column)
    return _build_bounded_rule(column, lambda rows: F.median(F.when(rows, value)), None, **bounds)


def expect_column_quantile_values_to_be_between(
    frame: Frame,
    column: str,
    quantile_ranges: dict[str, Any],
    allow_relative_error: bool | float = False,  # noqa: ARG001 - GX has this argument. Exact quantiles ignore it.
) -> TableRule:
    """The column's quantiles are within bounds. The quantiles are exact, so `allow_relative_error` has no effect."""
    settings = quantile_ranges if isinstance(quantile_ranges, dict) else {}
    shares, ranges = settings.get("quantiles") or [], settings.get("value_ranges") or []
    if not shares or len(shares) != len(ranges) or not all(map(_is_pair, ranges)):
        expected = (
            "an object with the lists 'quantiles' and 'value_ranges'. "
            "Write a pair of numbers or nulls for each quantile"
        )
        raise ValueError(f"quantile_ranges is {quantile_ranges!r}, expected {expected}")
    for low, high in ranges:
        require_order(low, high)
    value = _number_without_nan(frame, column)

    def aggregate(rows: Column) -> Column:
        # The accuracy 2**31 - 1 makes the quantiles exact, as in GX.
        return F.percentile_approx(F.when(rows, value), [float(share) for share in shares], 2**31 - 1)

    def validate(observed: Any, _: Sequence[T.Row]) -> TableOutcome:
        values = observed or [None] * len(shares)
        details = [_is_in_range(value, *pair) for value, pair in zip(values, ranges, strict=True)]
        result = {"observed_value": {"quantiles": shares, "values": values}, "details": {"success_details": details}}
        return all(details), result

    return TableRule(aggregate, validate, (column,))


def expect_column_proportion_of_non_null_values_to_be_between(frame: Frame, column: str, **bounds: Any) -> TableRule:
    """The fraction of rows whose value is not null is within bounds. If there are no rows, the fraction is 0."""
    value = frame.value(column)

    def share(rows: Column) -> Column:
        return _divide(F.count(F.when(rows, value)), F.count(F.when(rows, 1)))

    return _build_bounded_rule(column, share, None, **bounds)


def expect_column_proportion_of_unique_values_to_be_between(frame: Frame, column: str, **bounds: Any) -> TableRule:
    """The proportion of distinct values among the values that are not null is within bounds.

    If there are no values, the proportion is 0.
    """
    value = frame.groupable_value(column)

    def share(rows: Column) -> Column:
        return _divide(F.count_distinct(F.when(rows, value)), F.count(F.when(rows, value)))

    return _build_bounded_rule(column, share, None, **bounds)


def expect_column_unique_value_count_to_be_between(frame: Frame, column: str, **bounds: Any) -> TableRule:
    """The number of distinct values is within bounds."""
    value = frame.groupable_value(column)
    return _build_bounded_rule(column, lambda rows: F.count_distinct(F.when(rows, value)), None, **bounds)


def _build_extreme_rule(
    frame: Frame, column: str, function: Callable[[Column], Column], bounds: dict[str, Any]
) -> TableRule:
    value = frame.value(column)
    for name in ("min_value", "max_value"):
        frame.bound(column, bounds.get(name))
    return _build_bounded_rule(column, lambda rows: function(F.when(rows, value)), frame.type_of(column), **bounds)


def _build_bounded_rule(
    column: str,
    aggregate: Callable[[Column], Column],
    data_type: T.DataType | None,
    /,
    *,
    min_value: Any = None,
    max_value: Any = None,
    strict_min: bool = False,
    strict_max: bool = False,
) -> TableRule:
    return TableRule(aggregate, validate_bounds(data_type, min_value, max_value, strict_min, strict_max), (column,))


def _number_without_nan(frame: Frame, column: str) -> Column:
    value = frame.number_value(column).cast("double")
    return F.when(~F.isnan(value), value)  # NaN is excluded, because Spark sorts NaN after the largest number.


def _divide(part: Column, total: Column) -> Column:
    return F.when(total == 0, F.lit(0.0)).otherwise(part / total)


def _is_pair(bounds: Any) -> bool:
    return (
        isinstance(bounds, (list, tuple))
        and len(bounds) == 2
        and all(bound is None or isinstance(bound, (int, float)) for bound in bounds)
    )


def _is_in_range(value: float | None, low: float | None, high: float | None) -> bool:
    if value is None:
        return False
    bounds = (bound for bound in (low, high) if bound is not None)
    is_within = (low is None or low <= value) and (high is None or value <= high)
    return is_within or any(abs(value - bound) <= 1e-8 + 1e-4 * abs(bound) for bound in bounds)  # Same tolerance as GX


COLUMN_AGGREGATES: tuple[Callable[..., TableRule], ...] = (
    expect_column_max_to_be_between,
    expect_column_min_to_be_between,
    expect_column_mean_to_be_between,
    expect_column_stdev_to_be_between,
    expect_column_sum_to_be_between,
    expect_column_median_to_be_between,
    expect_column_quantile_values_to_be_between,
    expect_column_proportion_of_non_null_values_to_be_between,
    expect_column_proportion_of_unique_values_to_be_between,
    expect_column_unique_value_count_to_be_between,
)
"""The compilers of the expectation types about an aggregate of a column."""
