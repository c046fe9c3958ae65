"""The registrar's answers. Of persons there are only pseudonyms here; each answer says what its shares are of."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from transforms.aggregate import aggregate, pivot
from transforms.combine import union_by_name
from transforms.dataset import Answer
from transforms.datasets.registrar.records import CASE, LAYOUTS
from transforms.derive import change_on_previous
from transforms.shares import percentage

CRITICAL = {
    "application": (*CASE, "first_name", "last_name", "email", "phone", "year_of_birth", "received_date", "status"),
    "enrolment": (*CASE, "first_name", "last_name", "enrolled_date"),
    "withdrawal": (*CASE, "first_name", "last_name", "withdrawn_date", "withdrawal_reason"),
}
"""The fields of each record whose completeness is an answer."""


def build_completion_by_year(records: DataFrame) -> DataFrame:
    """Application completion rate by the year in which the application was received.

    Rows: one a year. Columns: year; received, completed (applications); completion_rate_pct (completed / received x
    100: the denominator is the applications received in the year); change_pct_points (against the year before, null
    where that year is absent).
    """
    return (
        records.transform(_completion, group_by=["year"])
        .transform(change_on_previous, column="completion_rate_pct", period="year", name="change_pct_points")
        .select("year", "received", "completed", *map(_rounded, ("completion_rate_pct", "change_pct_points")))
    )


def build_completion_by_programme(records: DataFrame) -> DataFrame:
    """Application completion rate by programme and intake.

    Rows: one for each programme and intake that has applications. Columns: programme, intake; received, completed
    (applications); completion_rate_pct (completed / received x 100: the denominator is the applications received).
    """
    group_by = ["programme", "intake"]
    return records.transform(_completion, group_by=group_by).select(
        *group_by, "received", "completed", _rounded("completion_rate_pct")
    )


def build_activity_by_month(records: DataFrame) -> DataFrame:
    """Applications, enrolments and withdrawals by the month of their day: received, enrolled, withdrawn.

    Rows: one for each month with any. Columns: month (its first day); applications, enrolments, withdrawals (records).
    """
    month = F.trunc("record_date", "month").alias("month")
    return records.select(month, "record").transform(_activity, group_by="month")


def build_activity_by_year(records: DataFrame) -> DataFrame:
    """Applications, enrolments and withdrawals by the year of their day: received, enrolled, withdrawn.

    Rows: one for each year with any. Columns: year; applications, enrolments, withdrawals (records).
    """
    return records.select(F.year("record_date").alias("year"), "record").transform(_activity, group_by="year")


def build_yield(records: DataFrame) -> DataFrame:
    """What share of those who completed an application enrolled, by programme and intake.

    Rows: one for each programme and intake that has applications or enrolments. Columns: programme, intake; completed
    (applications); enrolled (of these); yield_pct (enrolled / completed x 100: the denominator is the completed
    applications, null where there are none); enrolled_otherwise (enrolments whose application is not completed).
    """
    group_by = ["programme", "intake"]
    sums = {name: (name, "sum") for name in ("completed", "enrolled", "enrolled_otherwise")}
    return (
        records.where("record != 'withdrawal'")
        .transform(_cases)
        .withColumn("enrolled_otherwise", F.greatest(F.col("enrolled") - F.col("completed"), F.lit(0)))
        .withColumn("enrolled", F.col("enrolled") * F.col("completed"))
        .transform(aggregate, group_by=group_by, columns=sums)
        .transform(percentage, part="enrolled", total="completed", name="yield_pct")
        .select(*group_by, "completed", "enrolled", _rounded("yield_pct"), "enrolled_otherwise")
    )


def build_withdrawal_rates(records: DataFrame) -> DataFrame:
    """What share of the enrolled withdrew, and after how long, by programme and intake.

    Rows: one for each programme and intake that has enrolments. Columns: programme, intake; enrolled; withdrawn (of
    these); withdrawal_rate_pct (withdrawn / enrolled x 100: the denominator is the enrolments); median_days,
    least_days, most_days (days from enrolment to withdrawal, of those withdrawn; null where there are none).
    """
    group_by = ["programme", "intake"]
    days = [(F.median, "median_days"), (F.min, "least_days"), (F.max, "most_days")]
    return (
        records.transform(_cases)
        .where("enrolled = 1")
        .groupBy(*group_by)
        .agg(
            F.count("*").alias("enrolled"),
            F.sum("withdrawn").alias("withdrawn"),
            *(function("days").alias(name) for function, name in days),
        )
        .transform(percentage, part="withdrawn", total="enrolled", name="withdrawal_rate_pct")
        .select(*group_by, "enrolled", "withdrawn", _rounded("withdrawal_rate_pct"), *(name for _, name in days))
    )


def build_completeness(*records: DataFrame) -> DataFrame:
    """How complete each field of `CRITICAL` is: give trusted and quarantine, for what is missing is mostly there.

    Rows: one for each kind of record there is, and each of its fields. Columns: record, field; rows (records of this
    kind, trusted or in quarantine); filled (of these, with a value that could be read); completeness_pct (filled / rows
    x 100: the denominator is the records of this kind).
    """
    fields = list(dict.fromkeys(name for names in CRITICAL.values() for name in names))
    counts = {"rows": ("record", "count"), **{name: (name, "count") for name in fields}}
    asked = [f"{record} {name}" for record, names in CRITICAL.items() for name in names]
    return (
        union_by_name(*(frame.select("record", *fields) for frame in records))
        .transform(aggregate, group_by=["record"], columns=counts)
        .unpivot(["record", "rows"], [*map(F.col, fields)], "field", "filled")
        .where(F.concat_ws(" ", "record", "field").isin(asked))
        .transform(percentage, part="filled", total="rows", name="completeness_pct")
        .select("record", "field", "rows", "filled", _rounded("completeness_pct"))
    )


ANSWERS = {
    "completion_by_year": Answer(build_completion_by_year),
    "completion_by_programme": Answer(build_completion_by_programme),
    "activity_by_month": Answer(build_activity_by_month),
    "activity_by_year": Answer(build_activity_by_year),
    "yield": Answer(build_yield),
    "withdrawal_rates": Answer(build_withdrawal_rates),
    "completeness": Answer(build_completeness, reads=("trusted", "quarantine")),
}
"""The answers by name."""


def _completion(records: DataFrame, *, group_by: Sequence[str]) -> DataFrame:
    return (
        records.where("record = 'application'")
        .withColumns({"year": F.year("received_date"), "completed": F.col("is_completed").cast("int")})
        .transform(
            aggregate, group_by=group_by, columns={"received": ("record", "count"), "completed": ("completed", "sum")}
        )
        .transform(percentage, part="completed", total="received", name="completion_rate_pct")
    )


def _activity(records: DataFrame, *, group_by: str) -> DataFrame:
    kinds = {kind: f"{kind}s" for kind in LAYOUTS}
    return (
        records.withColumn("one", F.lit(1))
        .transform(pivot, group_by=[group_by], column="record", values=[*kinds], aggregation=("one", "count"))
        .select(group_by, *(F.col(kind).alias(plural) for kind, plural in kinds.items()))
    )


def _cases(records: DataFrame) -> DataFrame:
    """Return one row for each student, programme and intake: completed, enrolled, withdrawn (1 or 0), days."""
    days = F.when(F.col("record") == "withdrawal", F.datediff("withdrawn_date", "enrolled_on"))
    return records.groupBy(*CASE).agg(
        F.coalesce(F.max(F.col("is_completed").cast("int")), F.lit(0)).alias("completed"),
        F.max((F.col("record") == "enrolment").cast("int")).alias("enrolled"),
        F.max((F.col("record") == "withdrawal").cast("int")).alias("withdrawn"),
        F.max(days).alias("days"),
    )


def _rounded(name: str) -> Column:
    return F.round(name, 2).alias(name)
