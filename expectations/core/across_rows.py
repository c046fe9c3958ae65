"""Row-level expectations that compare a row with others, compiled as those in `one_column`.

They are judged among the rows that pass all that looks at one row alone. Uniqueness costs one shuffle by the column. A
rule that needs statistics of the whole column (a mean, a quartile) computes them in a pass of their own before the rows
are marked. A rule on the order of the rows sorts them all in one task.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pyspark.sql import Column, Window
from pyspark.sql import functions as F

from expectations.core.rules import RowRule
from expectations.core.several_columns import ignored
from expectations.frame import ORDER, Frame, is_moment, require_numbers
from transforms.sql import quoted


def expect_column_values_to_be_unique(frame: Frame, column: str) -> RowRule:
    """No other row has the value; all rows of a value that occurs twice are unexpected."""
    return _unique(frame, [column], frame.value(column).isNull())


def expect_compound_columns_to_be_unique(
    frame: Frame, column_list: Sequence[str], ignore_row_if: str = "all_values_are_missing"
) -> RowRule:
    """No other row has the same values in all of some columns, a missing one being equal to a missing one."""
    return _unique(frame, column_list, ignored(frame, column_list, ignore_row_if))


def expect_column_value_z_scores_to_be_less_than(
    frame: Frame, column: str, threshold: float, double_sided: bool
) -> RowRule:
    """The value is less than so many standard deviations above the mean of the column; or from it, if double-sided."""
    require_numbers(threshold=threshold)
    value, missing = frame.number(column).cast("double"), frame.value(column).isNull()
    compared = F.when(frame.among, value)
    statistics = {frame.statistic("mean"): F.avg(compared), frame.statistic("deviation"): F.stddev_samp(compared)}
    mean, deviation = (F.col(quoted(name)) for name in statistics)
    score = F.when(deviation != 0, (value - mean) / deviation)
    expected = F.abs(score) < abs(threshold) if double_sided else score < threshold
    return RowRule((column,), frame.among & ~missing & ~expected, missing, across_rows=True, statistics=statistics)


def expect_column_values_to_not_be_outliers(
    frame: Frame, column: str, method: str = "iqr", multiplier: float = 1.5
) -> RowRule:
    """The value is near the others: within so many quartile distances of the quartiles, or deviations of the mean."""
    require_numbers(multiplier=multiplier)
    value, missing = frame.number(column).cast("double"), frame.value(column).isNull()
    compared = F.when(frame.among, value)
    names = [frame.statistic(end) for end in ("low", "high")]
    low, high = (F.col(quoted(name)) for name in names)
    if method == "iqr":
        ends = [F.percentile(compared, F.lit(share)) for share in (0.25, 0.75)]
        reach = multiplier * (high - low)
        unexpected = (value < low - reach) | (value > high + reach)
    elif method == "std":
        ends = [F.avg(compared), F.stddev_samp(compared)]  # low is the mean, high the deviation
        reach = multiplier * high
        unexpected = F.when(reach <= 0, value != low).otherwise(F.abs(value - low) >= reach)
    else:
        raise ValueError(f"method is {method!r}, expected 'iqr' or 'std'")
    statistics = dict(zip(names, ends, strict=True))
    return RowRule((column,), frame.among & ~missing & unexpected, missing, across_rows=True, statistics=statistics)


def expect_column_values_to_be_increasing(frame: Frame, column: str, strictly: bool | None = None) -> RowRule:
    """The value is at least that of the row before, or more, as the frame has them in order; missing ones aside."""
    return _in_order(frame, column, lambda now, before: now <= before if strictly else now < before)


def expect_column_values_to_be_decreasing(frame: Frame, column: str, strictly: bool | None = None) -> RowRule:
    """The value is at most that of the row before, or less, as the frame has them in order; missing ones aside."""
    return _in_order(frame, column, lambda now, before: now >= before if strictly else now > before)


def _unique(frame: Frame, columns: Sequence[str], missing: Column) -> RowRule:
    alike = Window.partitionBy(frame.among, *map(frame.distinct, columns))
    repeated = F.count(F.lit(1)).over(alike) > 1
    return RowRule(tuple(columns), frame.among & ~missing & repeated, missing, across_rows=True)


def _in_order(frame: Frame, column: str, wrong: Callable[[Column, Column], Column]) -> RowRule:
    if is_moment(frame.type_of(column)):
        value = frame.value(column)
        missing = value.isNull()
    else:
        value = frame.number(column)
        missing = value.isNull() | F.isnan(value.cast("double"))
    present = F.when(~missing, value)
    earlier = Window.partitionBy(frame.among).orderBy(ORDER).rowsBetween(Window.unboundedPreceding, -1)
    before = F.last(present, ignorenulls=True).over(earlier)
    unexpected = frame.among & ~missing & wrong(value, before)
    return RowRule((column,), unexpected, frame.value(column).isNull(), across_rows=True, in_order=True)


ACROSS_ROWS: tuple[Callable[..., RowRule], ...] = (
    expect_column_values_to_be_unique,
    expect_compound_columns_to_be_unique,
    expect_column_value_z_scores_to_be_less_than,
    expect_column_values_to_not_be_outliers,
    expect_column_values_to_be_increasing,
    expect_column_values_to_be_decreasing,
)
"""What compiles the types that compare a row with others."""
