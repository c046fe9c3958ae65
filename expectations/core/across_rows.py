"""Compile row-level expectations that compare a row with other rows.

These expectations compare only the rows that pass every critical expectation on single rows. A rule about uniqueness
shuffles the rows by the columns of the expectation. If a rule needs a statistic of the whole column, such as the mean,
Spark reads the rows once more to compute the statistic. A rule about the order of the rows sorts all rows in one task.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pyspark.sql import Column, Window
from pyspark.sql import functions as F

from expectations.core.rules import RowRule
from expectations.core.several_columns import is_excluded
from expectations.frame import ORDER, Frame, is_time_type, require_numbers
from transforms.sql import quoted


def expect_column_values_to_be_unique(frame: Frame, column: str) -> RowRule:
    """No two rows have the same value. If several rows have the same value, all these rows are unexpected."""
    return _build_unique_rule(frame, [column], frame.value(column).isNull())


def expect_compound_columns_to_be_unique(
    frame: Frame, column_list: Sequence[str], ignore_row_if: str = "all_values_are_missing"
) -> RowRule:
    """No two rows have the same combination of values in the columns. Two missing values count as equal."""
    return _build_unique_rule(frame, column_list, is_excluded(frame, column_list, ignore_row_if))


def expect_column_value_z_scores_to_be_less_than(
    frame: Frame, column: str, threshold: float, double_sided: bool
) -> RowRule:
    """The z-score of the value is below a threshold. If `double_sided` is true, the absolute z-score is compared."""
    require_numbers(threshold=threshold)
    value, missing = frame.number_value(column).cast("double"), frame.value(column).isNull()
    compared_value = F.when(frame.compared_rows, value)
    statistics = {
        frame.statistic("mean"): F.avg(compared_value),
        frame.statistic("deviation"): F.stddev_samp(compared_value),
    }
    mean, deviation = (F.col(quoted(name)) for name in statistics)
    score = F.when(deviation != 0, (value - mean) / deviation)
    expected = F.abs(score) < abs(threshold) if double_sided else score < threshold
    return RowRule(
        (column,), frame.compared_rows & ~missing & ~expected, missing, across_rows=True, statistics=statistics
    )


def expect_column_values_to_not_be_outliers(
    frame: Frame, column: str, method: str = "iqr", multiplier: float = 1.5
) -> RowRule:
    """The value is not an outlier.

    If `method` is `iqr`, an outlier is more than `multiplier` interquartile ranges below the first quartile or above
    the third quartile. If `method` is `std`, an outlier is at least `multiplier` standard deviations from the mean.
    """
    require_numbers(multiplier=multiplier)
    value, missing = frame.number_value(column).cast("double"), frame.value(column).isNull()
    compared_value = F.when(frame.compared_rows, value)
    names = [frame.statistic(end) for end in ("low", "high")]
    low, high = (F.col(quoted(name)) for name in names)
    if method == "iqr":
        ends = [F.percentile(compared_value, F.lit(share)) for share in (0.25, 0.75)]
        distance = multiplier * (high - low)
        unexpected = (value < low - distance) | (value > high + distance)
    elif method == "std":
        # For the method `std`, `low` is the mean, and `high` is the standard deviation.
        ends = [F.avg(compared_value), F.stddev_samp(compared_value)]
        distance = multiplier * high
        unexpected = F.when(distance <= 0, value != low).otherwise(F.abs(value - low) >= distance)
    else:
        raise ValueError(f"method is {method!r}, expected 'iqr' or 'std'")
    statistics = dict(zip(names, ends, strict=True))
    return RowRule(
        (column,), frame.compared_rows & ~missing & unexpected, missing, across_rows=True, statistics=statistics
    )


def expect_column_values_to_be_increasing(frame: Frame, column: str, strictly: bool | None = None) -> RowRule:
    """No value is below the previous value. If `strictly` is true, equal values fail. Missing values are skipped."""
    return _build_order_rule(frame, column, lambda value, previous: value <= previous if strictly else value < previous)


def expect_column_values_to_be_decreasing(frame: Frame, column: str, strictly: bool | None = None) -> RowRule:
    """No value is above the previous value. If `strictly` is true, equal values fail. Missing values are skipped."""
    return _build_order_rule(frame, column, lambda value, previous: value >= previous if strictly else value > previous)


def _build_unique_rule(frame: Frame, columns: Sequence[str], missing: Column) -> RowRule:
    equal_rows = Window.partitionBy(frame.compared_rows, *map(frame.groupable_value, columns))
    is_repeated = F.count(F.lit(1)).over(equal_rows) > 1
    return RowRule(tuple(columns), frame.compared_rows & ~missing & is_repeated, missing, across_rows=True)


def _build_order_rule(frame: Frame, column: str, is_wrong: Callable[[Column, Column], Column]) -> RowRule:
    if is_time_type(frame.type_of(column)):
        value = frame.value(column)
        missing = value.isNull()
    else:
        value = frame.number_value(column)
        missing = value.isNull() | F.isnan(value.cast("double"))
    present = F.when(~missing, value)
    earlier_rows = Window.partitionBy(frame.compared_rows).orderBy(ORDER).rowsBetween(Window.unboundedPreceding, -1)
    previous = F.last(present, ignorenulls=True).over(earlier_rows)
    unexpected = frame.compared_rows & ~missing & is_wrong(value, previous)
    return RowRule((column,), unexpected, frame.value(column).isNull(), across_rows=True, needs_order=True)


ACROSS_ROWS: tuple[Callable[..., RowRule], ...] = (
    expect_column_values_to_be_unique,
    expect_compound_columns_to_be_unique,
    expect_column_value_z_scores_to_be_less_than,
    expect_column_values_to_not_be_outliers,
    expect_column_values_to_be_increasing,
    expect_column_values_to_be_decreasing,
)
"""The compilers of the expectation types that compare a row with other rows."""
