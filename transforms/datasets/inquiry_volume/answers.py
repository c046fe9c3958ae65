"""The inquiry volume's answers. Years, departments and denominators come from the rows."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from transforms.aggregate import aggregate, top_n
from transforms.dataset import Answer
from transforms.derive import change_on_previous
from transforms.outliers import flag_outliers
from transforms.shares import percentage, share_of_total

TOP_TYPES = 10
_INQUIRIES = {"inquiries": ("number_of_records", "sum")}
_SHARES_MOVED = ("share_before_pct", "share_pct", "change_pct_points")


def build_departments(inquiries: DataFrame) -> DataFrame:
    """Volume and share by department and year.

    Rows: one for each year and department with inquiries.

    Columns: year, inquiry_department; inquiries; share_pct (of the year's inquiries; a year's shares add up to exactly
    100.000); rounded_pct (the same rounded by itself, as the city's own tables have it: these need not add up).
    """
    return inquiries.transform(_shares, group_by=["year"], column="inquiry_department")


def build_channels(inquiries: DataFrame) -> DataFrame:
    """Volume and share by channel and year.

    Rows: one for each year and channel with inquiries.

    Columns: year, inquiry_channel; inquiries; share_pct and rounded_pct as in `build_departments`.
    """
    return inquiries.transform(_shares, group_by=["year"], column="inquiry_channel")


def build_monthly(inquiries: DataFrame) -> DataFrame:
    """Volume by month, and how it moves.

    Rows: one for each month with inquiries.

    Columns: month (its first day); inquiries; change_on_month (inquiries more than in the month before) and
    change_on_month_pct (of that month's); change_on_year, change_on_year_pct (the same month of the year before). Null
    where that month has no row.
    """
    return (
        inquiries.select(F.col("year_month").alias("month"), _month_number().alias("number"), "number_of_records")
        .transform(aggregate, group_by=["month", "number"], columns=_INQUIRIES)
        .transform(_change, name="change_on_month", period="number", periods=1)
        .transform(_change, name="change_on_year", period="number", periods=12)
        .drop("number")
    )


def build_yearly(inquiries: DataFrame) -> DataFrame:
    """Volume by year.

    Rows: one for each year with inquiries.

    Columns: year; months (with inquiries: fewer than 12 is a year in part); inquiries; inquiries_per_month;
    change_on_year, change_on_year_pct: against the year before, null where it has no row. Of a year in part the change
    is of its months against all of the other's.
    """
    months = {"months": ("year_month", "countDistinct")}
    return (
        inquiries.transform(aggregate, group_by=["year"], columns=months | _INQUIRIES)
        .withColumn("inquiries_per_month", F.round(F.try_divide("inquiries", "months"), 1))
        .transform(_change, name="change_on_year", period="year", periods=1)
    )


def build_department_moves(inquiries: DataFrame) -> DataFrame:
    """How departments' shares moved between the last two years that have inquiries.

    Rows: one for each department with inquiries in one of the two; none where there is only one year.

    Columns: inquiry_department; year_before, year; inquiries_before, inquiries; share_before_pct, share_pct (of all
    inquiries of that year, 0.000 where the department has none); change_pct_points.
    """
    return inquiries.transform(build_departments).transform(_moves, column=["inquiry_department"])


def build_unusual_departments(inquiries: DataFrame) -> DataFrame:
    """Departments with unusually many or few inquiries in a year, among that year's departments.

    The rule is Tukey's, on the logarithm of the volume: unusual is what lies more than 1.5 times the distance of the
    quartiles beyond them (`flag_outliers`).

    Rows: one for each year and department that is unusual; none where none is.

    Columns: year, inquiry_department; unusual (`high` or `low`); inquiries; usual_from, usual_to (inquiries, the least
    and the most that are usual that year).
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
    """The types of which a department had most inquiries in a year.

    Rows: at most `TOP_TYPES` of each year and department; of types with as many, the first by name.

    Columns: year, inquiry_department; rank (1 for the most); inquiry_type, is_retired; inquiries; share_pct (of the
    department's inquiries of the year, those of all its types, which add up to exactly 100.000).
    """
    group_by = ["year", "inquiry_department"]
    return (
        inquiries.transform(aggregate, group_by=[*group_by, "inquiry_type", "is_retired"], columns=_INQUIRIES)
        .transform(share_of_total, column="inquiries", name="share_pct", group_by=group_by)
        .transform(top_n, n=TOP_TYPES, column="inquiries", group_by=group_by, order_by=["inquiry_type"])
        .select(*group_by, "rank", "inquiry_type", "is_retired", "inquiries", "share_pct")
    )


def build_channel_moves(inquiries: DataFrame) -> DataFrame:
    """How the inquiries of each department shifted between channels, in the last two years that have inquiries.

    Rows: one for each department and channel with inquiries in one of the two; none where there is only one year.

    Columns: inquiry_department, inquiry_channel; year_before, year; inquiries_before, inquiries; share_before_pct,
    share_pct (of the department's inquiries of that year; they add up to exactly 100.000, or are 0.000 in a year in
    which it has none); change_pct_points.
    """
    group_by = ["year", "inquiry_department"]
    return inquiries.transform(_shares, group_by=group_by, column="inquiry_channel").transform(
        _moves, column=["inquiry_department", "inquiry_channel"]
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


def _month_number() -> Column:
    return F.expr("year(year_month) * 12 + month(year_month)")


def _change(volumes: DataFrame, *, name: str, period: str, periods: int) -> DataFrame:
    changed = volumes.transform(change_on_previous, column="inquiries", period=period, name=name, periods=periods)
    before = F.col("inquiries") - F.col(name)
    return changed.withColumn(f"{name}_pct", F.when(before != 0, F.round(F.col(name) * 100 / before, 2)))


def _shares(inquiries: DataFrame, *, group_by: Sequence[str], column: str) -> DataFrame:
    return (
        inquiries.transform(aggregate, group_by=[*group_by, column], columns=_INQUIRIES)
        .transform(share_of_total, column="inquiries", name="share_pct", group_by=group_by)
        .withColumn("_total", F.sum("inquiries").over(Window.partitionBy(*group_by)))
        .transform(percentage, part="inquiries", total="_total", name="rounded_pct")
        .select(*group_by, column, "inquiries", "share_pct", F.round("rounded_pct", 3).alias("rounded_pct"))
    )


def _moves(shares: DataFrame, *, column: Sequence[str]) -> DataFrame:
    """Put the last two years' shares beside one another; in a year that a group is not in, it has 0."""
    all_rows, year = Window.partitionBy(), F.col("year")
    years = shares.withColumn("_last", F.max(year).over(all_rows)).withColumn(
        "year_before", F.max(F.when(year < F.col("_last"), year)).over(all_rows)
    )

    def of_year(one: str, column: str, type_: str) -> Column:
        return F.coalesce(F.max(F.when(year == F.col(one), F.col(column))), F.lit(0)).cast(type_)

    return (
        years.where(year >= F.col("year_before"))
        .groupBy(*column, "year_before", "_last")
        .agg(
            of_year("year_before", "inquiries", "bigint").alias("inquiries_before"),
            of_year("_last", "inquiries", "bigint").alias("inquiries"),
            of_year("year_before", "share_pct", "decimal(6,3)").alias("share_before_pct"),
            of_year("_last", "share_pct", "decimal(6,3)").alias("share_pct"),
        )
        .withColumn("change_pct_points", F.col("share_pct") - F.col("share_before_pct"))
        .withColumnRenamed("_last", "year")
        .select(*column, "year_before", "year", "inquiries_before", "inquiries", *_SHARES_MOVED)
    )
