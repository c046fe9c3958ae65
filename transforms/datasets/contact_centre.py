"""Contact centre: daily calls to 3-1-1, and the percentage of calls handled.

The source is the City of Vancouver's "3-1-1 contact centre metrics". The source has one row for each day. A file
contains one year or all years. `BI_ID` is only the row number in one export, and the next export assigns new numbers.
So the key is the date and not `BI_ID`.

On some days, calls handled plus calls abandoned are more than calls offered. The yearly workbooks of 2023 and 2024 have
11 such days among 578 days. On these 11 days, the difference is 1 or 2 calls. The data since 2009 has 23 such days
among 5,585 days. On these 23 days, the difference is at most 16 calls. The city counts offered, handled and abandoned
calls at different moments. A call can be offered on one day and end on the next day. The pipeline keeps the published
numbers of such days, so that the totals equal the city's totals. On such days, `calls_unaccounted` is negative, and the
rows get a warning.
"""

from __future__ import annotations

from functools import partial

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from transforms.aggregate import aggregate
from transforms.combine import union_by_name
from transforms.dataset import Answer, Dataset
from transforms.dates import DATE_SYSTEM, month_number, parse_date
from transforms.derive import change_on_previous, round_columns
from transforms.schema import Field, change_schema
from transforms.shares import percentage

_FIELDS = (  # average_speed_of_answer is in seconds. service_level is the fraction of calls answered in time.
    Field("Date", "date", "date", partial(parse_date, date_system=DATE_SYSTEM), expected="date such as 2024-05-31"),
    Field("CallsOffered", "calls_offered", "int", expected="whole number"),
    Field("CallsHandled", "calls_handled", "int", expected="whole number"),
    Field("CallsAbandoned", "calls_abandoned", "int", expected="whole number"),
    Field("AverageSpeedofAnswer", "average_speed_of_answer", "double", expected="number"),
    Field("ServiceLevel", "service_level", "double", expected="number"),
    Field("BI_ID", "bi_id", "int", expected="whole number", required=False),
)
_COUNTS = ("calls_offered", "calls_handled")
_PERCENTAGES = ("calls_handled_pct", "change_pct_points")
_YEARLY_FIELDS = [Field("date", "date", "date"), *(Field(name, name, "int") for name in ("year", *_COUNTS))]
_TOTALS = {"days": ("calls_offered", "count"), **{name: (name, "sum") for name in _COUNTS}}
_FIRST_AND_LAST = {"first_day": ("_day", "min"), "last_day": ("_day", "max")}


def build_calls(rows: DataFrame) -> DataFrame:
    """Add the columns of calls.

    Columns:

    - year.
    - calls_unaccounted: calls_offered minus calls_handled minus calls_abandoned.
    """
    unaccounted = F.expr("bigint(calls_offered) - calls_handled - calls_abandoned")
    return rows.withColumns({"year": F.year("date"), "calls_unaccounted": unaccounted})


def build_calls_handled(*calls: DataFrame) -> DataFrame:
    """Compute the percentage of calls handled in each year.

    Rows: one for each year. The years can be in separate frames. If two frames have rows of the same year, the result
    has the total of both frames.

    Columns:

    - year.
    - days: the number of days on which calls_offered is known.
    - first_day, last_day: the first and the last of these days, or null if days is 0.
    - calls_offered, calls_handled: numbers of calls.
    - calls_handled_pct: 100 x calls_handled / calls_offered, or null if no call was offered.
    - change_pct_points: the change in calls_handled_pct since the year before, or null if the year before is absent.
    """
    # This code replaces a Glue Studio job. The old job aggregates the frame of each year, and then aggregates the union
    # of the results. This code aggregates only once, after the union of the frames, so one shuffle is enough.
    return (
        union_by_name(*(year.transform(change_schema, fields=_YEARLY_FIELDS) for year in calls))
        .withColumn("_day", F.when(F.col("calls_offered").isNotNull(), F.col("date")))
        .transform(aggregate, group_by=["year"], columns=_TOTALS | _FIRST_AND_LAST)
        .transform(percentage, part="calls_handled", total="calls_offered", name="calls_handled_pct")
        .transform(change_on_previous, column="calls_handled_pct", period="year", name="change_pct_points")
        .transform(round_columns, columns=_PERCENTAGES, decimals=2)
        .select("year", "days", *_FIRST_AND_LAST, *_COUNTS, *_PERCENTAGES)
    )


def build_calls_handled_monthly(*calls: DataFrame) -> DataFrame:
    """Compute the percentage of calls handled in each month.

    Rows: one for each month.

    Columns:

    - month: the first day of the month.
    - days, calls_offered, calls_handled, calls_handled_pct: as in `build_calls_handled`.
    - change_pct_points: the change in calls_handled_pct since the month before, or null if the month before is absent.
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
    layouts={"contact_centre": _FIELDS},
    key=("date",),
    event_time="date",
    build=build_calls,
    answers={
        "calls_handled": Answer(build_calls_handled),
        "calls_handled_monthly": Answer(build_calls_handled_monthly),
    },
)
