"""Expectations about an aggregate of a column, compiled as those in `tables`; all share one pass over the rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T

from expectations.core.rules import Judgement, TableRule
from expectations.core.tables import within
from expectations.frame import Frame


def expect_column_max_to_be_between(frame: Frame, column: str, **bounds: Any) -> TableRule:
    """The column's largest value is within bounds."""
    return _extreme(frame, column, F.max, bounds)


def expect_column_min_to_be_between(frame: Frame, column: str, **bounds: Any) -> TableRule:
    """The column's smallest value is within bounds."""
    return _extreme(frame, column, F.min, bounds)


def expect_column_mean_to_be_between(frame: Frame, column: str, **bounds: Any) -> TableRule:
    """The column's mean is within bounds."""
    value = frame.number(column)
    return _bounded(column, lambda rows: F.try_avg(F.when(rows, value)), None, **bounds)


def expect_column_stdev_to_be_between(frame: Frame, column: str, **bounds: Any) -> TableRule:
    """The column's sample standard deviation is within bounds."""
    value = frame.number(column)
    return _bounded(column, lambda rows: F.stddev_samp(F.when(rows, value)), None, **bounds)


def expect_column_sum_to_be_between(frame: Frame, column: str, **bounds: Any) -> TableRule:
    """The column's sum is within bounds."""
    value = frame.number(column)
    if isinstance(frame.type_of(column), T.IntegralType):
        # As decimals whole numbers neither wrap around nor fail, whatever the Spark does with a bigint's overflow.
        value = value.cast("decimal(20,0)")
    return _bounded(column, lambda rows: F.try_sum(F.when(rows, value)), None, **bounds)


def expect_column_median_to_be_between(frame: Frame, column: str, **bounds: Any) -> TableRule:
    """The column's median is within bounds; it is exact, the mean of the two in the middle where there are two."""
    value = _comparable_number(frame, column)
    return _bounded(column, lambda rows: F.median(F.when(rows, value)), None, **bounds)


def expect_column_quantile_values_to_be_between(
    frame: Frame,
    column: str,
    quantile_ranges: dict[str, Any],
    allow_relative_error: bool | float = False,  # noqa: ARG001 - GX's; exact values are within any error
) -> TableRule:
    """The column's quantiles are within bounds; they are exact, whatever error is allowed."""
    given = quantile_ranges if isinstance(quantile_ranges, dict) else {}
    shares, ranges = given.get("quantiles") or [], given.get("value_ranges") or []
    if not shares or len(shares) != len(ranges) or not all(map(_is_pair, ranges)):
        raise ValueError(f"quantile_ranges is {quantile_ranges!r}, expected a pair of bounds for each quantile")
    value = _comparable_number(frame, column)

    def aggregate(rows: Column) -> Column:
        # The accuracy's inverse is the error allowed, so small that the values are exact, as GX's.
        return F.percentile_approx(F.when(rows, value), [float(share) for share in shares], 2**31 - 1)

    def judge(observed: Any, _: Sequence[T.Row]) -> Judgement:
        values = observed or [None] * len(shares)
        details = [_in_range(found, *pair) for found, pair in zip(values, ranges, strict=True)]
        result = {"observed_value": {"quantiles": shares, "values": values}, "details": {"success_details": details}}
        return all(details), result

    return TableRule(aggregate, judge, (column,))


def expect_column_proportion_of_non_null_values_to_be_between(frame: Frame, column: str, **bounds: Any) -> TableRule:
    """The share of rows whose value is there is within bounds; of no rows it is 0."""
    value = frame.value(column)

    def share(rows: Column) -> Column:
        return _share(F.count(F.when(rows, value)), F.count(F.when(rows, 1)))

    return _bounded(column, share, None, **bounds)


def expect_column_proportion_of_unique_values_to_be_between(frame: Frame, column: str, **bounds: Any) -> TableRule:
    """The number of different values, as a share of the rows that have one, is within bounds; of no rows it is 0."""
    value = frame.distinct(column)

    def share(rows: Column) -> Column:
        return _share(F.count_distinct(F.when(rows, value)), F.count(F.when(rows, value)))

    return _bounded(column, share, None, **bounds)


def expect_column_unique_value_count_to_be_between(frame: Frame, column: str, **bounds: Any) -> TableRule:
    """The number of different values is within bounds."""
    value = frame.distinct(column)
    return _bounded(column, lambda rows: F.count_distinct(F.when(rows, value)), None, **bounds)


def _extreme(frame: Frame, column: str, function: Callable[[Column], Column], bounds: dict[str, Any]) -> TableRule:
    value = frame.value(column)
    for name in ("min_value", "max_value"):
        frame.bound(column, bounds.get(name))
    return _bounded(column, lambda rows: function(F.when(rows, value)), frame.type_of(column), **bounds)


def _bounded(
    column: str,
    aggregate: Callable[[Column], Column],
    kind: T.DataType | None,
    /,
    *,
    min_value: Any = None,
    max_value: Any = None,
    strict_min: bool = False,
    strict_max: bool = False,
) -> TableRule:
    return TableRule(aggregate, within(kind, min_value, max_value, strict_min, strict_max), (column,))


def _comparable_number(frame: Frame, column: str) -> Column:
    value = frame.number(column).cast("double")
    return F.when(~F.isnan(value), value)  # NaN has no place in an order of numbers


def _share(part: Column, whole: Column) -> Column:
    return F.when(whole == 0, F.lit(0.0)).otherwise(part / whole)


def _is_pair(bounds: Any) -> bool:
    return (
        isinstance(bounds, (list, tuple))
        and len(bounds) == 2
        and all(bound is None or isinstance(bound, (int, float)) for bound in bounds)
    )


def _in_range(value: float | None, low: float | None, high: float | None) -> bool:
    if value is None:
        return False
    near = (bound for bound in (low, high) if bound is not None)
    within = (low is None or low <= value) and (high is None or value <= high)
    return within or any(abs(value - bound) <= 1e-8 + 1e-4 * abs(bound) for bound in near)  # as GX


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
"""What compiles the types about an aggregate of a column."""
