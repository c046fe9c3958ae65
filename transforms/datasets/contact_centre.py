"""Contact centre: calls to 3-1-1 a day, and what percentage of them was handled.

The source is the City of Vancouver's "3-1-1 contact centre metrics": one row a day, one file a year or one for all.
Its `BI_ID` numbers the rows of one export and is given out anew by the next, so the key is the date.

On some days calls handled and abandoned add up to more than were offered (11 of 578 in the yearly workbooks of 2023
and 2024, by 1 or 2 calls; 23 of 5,585 since 2009, by at most 16). The three counts are taken at different moments of a
call, so a call that is offered on one day can end on the next. Such a day is kept as published, so that the totals
remain the city's own; `calls_unaccounted` is then negative, and the suite warns.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from transforms.aggregate import aggregate
from transforms.combine import union_by_name
from transforms.dataset import Answer, Dataset
from transforms.dates import parse_date
from transforms.dedupe import LINEAGE_COLUMNS, drop_superseded_rows
from transforms.derive import change_on_previous
from transforms.schema import CAST_FAILURES, CAST_WARNINGS, Field, change_schema
from transforms.shares import percentage

_FIELDS = (
    Field("Date", "date", "date", parse_date, expected="date such as 2024-05-31"),
    Field("CallsOffered", "calls_offered", "int", expected="whole number"),
    Field("CallsHandled", "calls_handled", "int", expected="whole number"),
    Field("CallsAbandoned", "calls_abandoned", "int", expected="whole number"),
    Field("AverageSpeedofAnswer", "average_speed_of_answer", "double", expected="number"),
    Field("ServiceLevel", "service_level", "double", expected="number"),
    Field("BI_ID", "bi_id", "int", expected="whole number", required=False),
)
_KEY = ("date",)

_COUNTS = ("calls_offered", "calls_handled")


def build_calls(raw: DataFrame) -> DataFrame:
    """Type the raw rows: the candidates for trusted.

    Rows: one for one, except superseded rows, which are dropped. A day that was delivered twice has two rows: the
    publisher keeps the latest valid one.

    Columns: date; calls_offered, calls_handled, calls_abandoned (calls); average_speed_of_answer (seconds);
    service_level (fraction, 0 to 1, of calls answered in time); bi_id; year; calls_unaccounted (calls offered that
    were neither handled nor abandoned); where the row comes from; `_cast_failures`, and `_cast_warnings` of a
    `BI_ID`, without which a day counts all the same.
    """
    return (
        raw.transform(change_schema, fields=_FIELDS, keep=LINEAGE_COLUMNS, malformed="_malformed_record")
        .transform(drop_superseded_rows, key=_KEY)
        .withColumn("year", F.year("date"))
        .withColumn("calls_unaccounted", F.expr("bigint(calls_offered) - calls_handled - calls_abandoned"))
        .select(
            *(field.name for field in _FIELDS),
            *("year", "calls_unaccounted", *LINEAGE_COLUMNS, CAST_FAILURES, CAST_WARNINGS),
        )
    )


def build_calls_handled(*calls: DataFrame) -> DataFrame:
    """Percentage of calls handled, by year: change schema, union, aggregate, derive.

    Rows: one a year. Years may come as separate frames, and one year in two: their totals are added up.

    Columns: year; days (days with figures); calls_offered, calls_handled (calls); calls_handled_pct (handled / offered
    x 100, null where none was offered); change_pct_points (against the year before, null where that year is absent).
    """
    # Glue Studio's graph aggregates each year and then again their union; one aggregation of the union shuffles once.
    return (
        union_by_name(*(year.transform(change_schema, fields=_DAILY) for year in calls))
        .transform(_total, group_by=["year"])
        .transform(percentage, part="calls_handled", total="calls_offered", name="calls_handled_pct")
        .transform(change_on_previous, column="calls_handled_pct", period="year", name="change_pct_points")
        .select("year", "days", *_COUNTS, _rounded("calls_handled_pct"), _rounded("change_pct_points"))
    )


def build_calls_handled_monthly(*calls: DataFrame) -> DataFrame:
    """Percentage of calls handled, by month.

    Rows: one a month. Columns: month (its first day), then as `build_calls_handled`; the change is against the month
    before, null where that month is absent.
    """
    return (
        union_by_name(*calls)
        .select(F.trunc("date", "month").alias("month"), F.expr("year(date) * 12 + month(date) AS number"), *_COUNTS)
        .transform(_total, group_by=["month", "number"])
        .transform(percentage, part="calls_handled", total="calls_offered", name="calls_handled_pct")
        .transform(change_on_previous, column="calls_handled_pct", period="number", name="change_pct_points")
        .select("month", "days", *_COUNTS, _rounded("calls_handled_pct"), _rounded("change_pct_points"))
    )


def _total(calls: DataFrame, *, group_by: list[str]) -> DataFrame:
    sums = {name: (name, "sum") for name in _COUNTS}
    return calls.transform(aggregate, group_by=group_by, columns={"days": ("calls_offered", "count"), **sums})


def _rounded(name: str) -> Column:
    return F.round(name, 2).alias(name)


_DAILY = [Field(name, name, "int") for name in ("year", *_COUNTS)]

DATASET = Dataset(
    name="contact_centre",
    description="Percentage of 3-1-1 calls handled, by year and by month",
    layouts={"contact_centre": _FIELDS},
    build=build_calls,
    key=_KEY,
    revision_order=LINEAGE_COLUMNS,
    answers={
        "calls_handled": Answer(build_calls_handled),
        "calls_handled_monthly": Answer(build_calls_handled_monthly),
    },
)
