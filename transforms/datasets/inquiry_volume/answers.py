"""Build the answers about the inquiry volume. All years and departments come from the data."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from transforms.aggregate import aggregate, top_n
from transforms.dataset import Answer
from transforms.dates import month_number
from transforms.derive import change_on_previous, round_columns
from transforms.outliers import flag_outliers
from transforms.shares import percentage, share_of_total

MAX_TYPES_PER_DEPARTMENT = 10
_INQUIRIES = {"inquiries": ("number_of_records", "sum")}
_SHARE_COLUMNS = ("share_before_pct", "share_pct", "change_pct_points")
_add_change = partial(change_on_previous, column="inquiries")


def build_departments(inquiries: DataFrame) -> DataFrame:
    """Compute the volume and the share of each department in each year.

    Rows: one for each combination of year and department with inquiries.

    Columns:

    - year, inquiry_department.
    - inquiries: the number of inquiries.
    - share_pct: inquiries as a percentage of the year's inquiries. The percentages of a year add up to exactly 100.000.
    - rounded_pct: the same percentage, but simply rounded to three decimals, as in the city's tables. The sum of
      rounded_pct in a year can differ from 100.
    """
    return inquiries.transform(_add_shares, group_by=["year"], column="inquiry_department")


def build_channels(inquiries: DataFrame) -> DataFrame:
    """Compute the volume and the share of each channel in each year.

    Rows: one for each combination of year and channel with inquiries.

    Columns: year, inquiry_channel, and the columns inquiries, share_pct and rounded_pct of `build_departments`.
    """
    return inquiries.transform(_add_shares, group_by=["year"], column="inquiry_channel")


def build_monthly(inquiries: DataFrame) -> DataFrame:
    """Compute the volume of each month, and the changes since the month before and the same month of the year before.

    Rows: one for each month with inquiries.

    Columns:

    - month: the first day of the month.
    - inquiries: the number of inquiries.
    - change_on_month: the change in inquiries since the month before.
    - change_on_month_pct: the same change, as a percentage of the inquiries of the month before.
    - change_on_year, change_on_year_pct: the changes since the same month of the year before.

    A change is null if the earlier month has no row.
    """
    return (
        inquiries.select(
            F.col("year_month").alias("month"), month_number("year_month").alias("number"), "number_of_records"
        )
        .transform(aggregate, group_by=["month", "number"], columns=_INQUIRIES)
        .transform(_add_change, period="number", name="change_on_month", percentage_name="change_on_month_pct")
        .transform(
            _add_change, period="number", name="change_on_year", percentage_name="change_on_year_pct", periods=12
        )
        .transform(round_columns, columns=["change_on_month_pct", "change_on_year_pct"], decimals=2)
        .drop("number")
    )


def build_yearly(inquiries: DataFrame) -> DataFrame:
    """Compute the volume of each year.

    Rows: one for each year with inquiries.

    Columns:

    - year.
    - inquiries: the number of inquiries.
    - months: the number of months with inquiries. A year with fewer than 12 months is incomplete.
    - inquiries_per_month: inquiries divided by months.
    - change_on_year, change_on_year_pct: the changes since the year before, or null if the year before has no row. For
      an incomplete year, the changes compare fewer than 12 months with all months of the year before.
    """
    months = {"months": ("year_month", "countDistinct")}
    return (
        inquiries.transform(aggregate, group_by=["year"], columns=months | _INQUIRIES)
        .withColumn("inquiries_per_month", F.round(F.try_divide("inquiries", "months"), 1))
        .transform(_add_change, period="year", name="change_on_year", percentage_name="change_on_year_pct")
        .transform(round_columns, columns=["change_on_year_pct"], decimals=2)
    )


def build_department_moves(inquiries: DataFrame) -> DataFrame:
    """Compare the share of each department between the last two years that have inquiries.

    Rows: one for each department with inquiries in at least one of the two years. If the data has only one year, the
    result is empty.

    Columns:

    - inquiry_department.
    - year_before, year: the last two years that have inquiries.
    - inquiries_before, inquiries: the number of the department's inquiries in year_before and in year.
    - share_before_pct: inquiries_before as a percentage of all inquiries in year_before.
    - share_pct: inquiries as a percentage of all inquiries in year.
    - change_pct_points: share_pct minus share_before_pct.

    If the department has no inquiries in one of the two years, its percentage for that year is 0.000.
    """
    return inquiries.transform(build_departments).transform(_compare_last_years, columns=["inquiry_department"])


def build_unusual_departments(inquiries: DataFrame) -> DataFrame:
    """Find departments with unusually many or few inquiries, compared with the other departments of the year.

    `flag_outliers` applies Tukey's rule to the logarithms of the volumes. A volume is unusual if its logarithm is above
    the upper quartile or below the lower quartile by more than 1.5 interquartile ranges.

    Rows: one for each combination of year and department whose volume is unusual.

    Columns:

    - year, inquiry_department.
    - unusual: `high` or `low`.
    - inquiries: the number of inquiries.
    - usual_from, usual_to: the limits of the year. A number of inquiries below usual_from or above usual_to is unusual.
    """
    return (
        inquiries.transform(aggregate, group_by=["year", "inquiry_department"], columns=_INQUIRIES)
        .transform(flag_outliers, column="inquiries", name="unusual", group_by=["year"])
        .where("unusual IS NOT NULL")
        .select(
            *("year", "inquiry_department", "unusual", "inquiries"),
            F.round("low_fence", 1).alias("usual_from"),
            F.round("high_fence", 1).alias("usual_to"),
        )
    )


def build_top_types(inquiries: DataFrame) -> DataFrame:
    """Rank the most frequent types of each department and year.

    Rows: at most `MAX_TYPES_PER_DEPARTMENT` for each combination of year and department. Ties are broken by the name of
    the type.

    Columns:

    - year, inquiry_department.
    - rank: 1 for the most frequent type of the department in the year.
    - inquiry_type.
    - is_retired: whether the city has retired the type.
    - inquiries: the number of inquiries.
    - share_pct: inquiries as a percentage of the department's inquiries in the year. The percentages of all types add
      up to exactly 100.000, but the answer has only the top types.
    """
    group_by = ["year", "inquiry_department"]
    return (
        inquiries.transform(aggregate, group_by=[*group_by, "inquiry_type", "is_retired"], columns=_INQUIRIES)
        .transform(share_of_total, column="inquiries", name="share_pct", group_by=group_by)
        .transform(top_n, n=MAX_TYPES_PER_DEPARTMENT, column="inquiries", group_by=group_by, order_by=["inquiry_type"])
        .select(*group_by, "rank", "inquiry_type", "is_retired", "inquiries", "share_pct")
    )


def build_channel_moves(inquiries: DataFrame) -> DataFrame:
    """Compare the share of each channel in each department between the last two years that have inquiries.

    Rows: one for each combination of department and channel with inquiries in at least one of the two years. If the
    data has only one year, the result is empty.

    Columns:

    - inquiry_department, inquiry_channel.
    - year_before, year: the last two years that have inquiries.
    - inquiries_before, inquiries: the number of the department's inquiries through the channel in year_before and in
      year.
    - share_before_pct: inquiries_before as a percentage of the department's inquiries in year_before.
    - share_pct: inquiries as a percentage of the department's inquiries in year.
    - change_pct_points: share_pct minus share_before_pct.

    For each department and year, the percentages add up to exactly 100.000. If a department has no inquiries in one of
    the two years, its percentages for that year are 0.000.
    """
    group_by = ["year", "inquiry_department"]
    return inquiries.transform(_add_shares, group_by=group_by, column="inquiry_channel").transform(
        _compare_last_years, columns=["inquiry_department", "inquiry_channel"]
    )


ANSWERS = {
    "departments": Answer(build_departments),
    "channels": Answer(build_channels),
    "monthly": Answer(build_monthly),
    "yearly": Answer(build_yearly),
    "department_moves": Answer(build_department_moves),
    "unusual_departments": Answer(build_unusual_departments),
    "top_types": Answer(build_top_types),
    "channel_moves": Answer(build_channel_moves),
}
"""The answers by name."""


def _add_shares(inquiries: DataFrame, *, group_by: Sequence[str], column: str) -> DataFrame:
    return (
        inquiries.transform(aggregate, group_by=[*group_by, column], columns=_INQUIRIES)
        .transform(share_of_total, column="inquiries", name="share_pct", group_by=group_by)
        .withColumn("_total", F.sum("inquiries").over(Window.partitionBy(*group_by)))
        .transform(percentage, part="inquiries", total="_total", name="rounded_pct")
        .select(*group_by, column, "inquiries", "share_pct", F.round("rounded_pct", 3).alias("rounded_pct"))
    )


def _compare_last_years(shares: DataFrame, *, columns: Sequence[str]) -> DataFrame:
    """Put the shares of the last two years side by side.

    If a combination of values in `columns` has no row in one of the two years, its values for that year are 0.
    """
    all_rows, year = Window.partitionBy(), F.col("year")
    years = shares.withColumn("_last", F.max(year).over(all_rows)).withColumn(
        "year_before", F.max(F.when(year < F.col("_last"), year)).over(all_rows)
    )

    def value_in(year_column: str, column: str, type_: str) -> Column:
        return F.coalesce(F.max(F.when(year == F.col(year_column), F.col(column))), F.lit(0)).cast(type_)

    return (
        years.where(year >= F.col("year_before"))
        .groupBy(*columns, "year_before", "_last")
        .agg(
            value_in("year_before", "inquiries", "bigint").alias("inquiries_before"),
            value_in("_last", "inquiries", "bigint").alias("inquiries"),
            value_in("year_before", "share_pct", "decimal(6,3)").alias("share_before_pct"),
            value_in("_last", "share_pct", "decimal(6,3)").alias("share_pct"),
        )
        .withColumn("change_pct_points", F.col("share_pct") - F.col("share_before_pct"))
        .withColumnRenamed("_last", "year")
        .select(*columns, "year_before", "year", "inquiries_before", "inquiries", *_SHARE_COLUMNS)
    )
