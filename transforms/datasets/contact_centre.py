"""Contact centre: daily calls to Vancouver's 3-1-1, and the percentage of calls handled.

On some days, calls handled plus calls abandoned are more than calls offered, because the city counts them at different
moments. Of 5,585 days since 2009, 23 days differ by up to 16 calls. Such rows are kept as published, with a warning.
"""

from functools import partial

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from transforms.aggregate import aggregate
from transforms.combine import union_by_name
from transforms.dataset import Answer, Dataset
from transforms.dates import DATE_SYSTEM, month_number, parse_date
from transforms.derive import change_on_previous, round_columns
from transforms.schema import Field
from transforms.shares import percentage

_COUNTS = ("calls_offered", "calls_handled")
_PERCENTAGES = ("calls_handled_pct", "change_pct_points")
_TOTALS = {"days": ("calls_offered", "count"), **{name: (name, "sum") for name in _COUNTS}}
_FIRST_AND_LAST = {"first_day": ("_day", "min"), "last_day": ("_day", "max")}


def build_calls(rows: DataFrame) -> DataFrame:
    """Add year, and calls_unaccounted: calls_offered minus calls_handled minus calls_abandoned.

    In the source, average_speed_of_answer is in seconds, and service_level is the fraction of calls answered in time.
    """
    unaccounted = F.expr("bigint(calls_offered) - calls_handled - calls_abandoned")
    return rows.withColumns({"year": F.year("date"), "calls_unaccounted": unaccounted})


def build_calls_handled(*calls: DataFrame) -> DataFrame:
    """Compute the percentage of calls handled in each year. The years can be in separate frames.

    Rows: one for each year.

    Columns:

    - year.
    - days, first_day, last_day: number, first and last of the days on which calls_offered is known.
    - calls_offered, calls_handled: numbers of calls.
    - calls_handled_pct: 100 x calls_handled / calls_offered, or null if no call was offered.
    - change_pct_points: the change in calls_handled_pct since the year before, or null if the year before is absent.
    """
    # The Glue Studio job that this replaces aggregates each frame, and then the union. One shuffle is enough.
    return (
        union_by_name(*calls)
        .withColumn("_day", F.when(F.col("calls_offered").isNotNull(), F.col("date")))
        .transform(aggregate, group_by=["year"], columns=_TOTALS | _FIRST_AND_LAST)
        .transform(percentage, part="calls_handled", total="calls_offered", name="calls_handled_pct")
        .transform(change_on_previous, column="calls_handled_pct", period="year", name="change_pct_points")
        .transform(round_columns, columns=_PERCENTAGES, decimals=2)
        .select("year", "days", *_FIRST_AND_LAST, *_COUNTS, *_PERCENTAGES)
    )


def build_calls_handled_monthly(*calls: DataFrame) -> DataFrame:
    """Compute the percentage of calls handled in each month.

    Rows: one for each month. month is the first day of the month. The other columns are as in `build_calls_handled`.
    """
    return (
        union_by_name(*calls)
        .select(F.trunc("date", "month").alias("month"), month_number("date").alias("number"), *_COUNTS)
        .transform(aggregate, group_by=["month", "number"], columns=_TOTALS)
        .transform(percentage, part="calls_handled", total="calls_offered", name="calls_handled_pct")
        .transform(change_on_previous, column="calls_handled_pct", period="number", name="change_pct_points")
        .transform(round_columns, columns=_PERCENTAGES, decimals=2)
        .select("month", "days", *_COUNTS, *_PERCENTAGES)
    )


DATASET = Dataset(
    name="contact_centre",
    description="Percentage of 3-1-1 calls handled, by year and by month",
    layouts={
        "contact_centre": (
            Field("Date", "date", "date", partial(parse_date, date_system=DATE_SYSTEM), "date such as 2024-05-31"),
            Field("CallsOffered", "calls_offered", "int", expected="whole number"),
            Field("CallsHandled", "calls_handled", "int", expected="whole number"),
            Field("CallsAbandoned", "calls_abandoned", "int", expected="whole number"),
            Field("AverageSpeedofAnswer", "average_speed_of_answer", "double", expected="number"),
            Field("ServiceLevel", "service_level", "double", expected="number"),
            Field("BI_ID", "bi_id", "int", expected="whole number", required=False),  # the row number in one export
        )
    },
    key=("date",),
    event_time="date",
    build=build_calls,
    answers={
        "calls_handled": Answer(build_calls_handled),
        "calls_handled_monthly": Answer(build_calls_handled_monthly),
    },
)
