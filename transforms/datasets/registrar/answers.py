"""Build the answers about applications, enrolments and withdrawals. Rows have pseudonyms instead of names."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from transforms.aggregate import aggregate, pivot
from transforms.combine import union_by_name
from transforms.dataset import Answer
from transforms.datasets.registrar.records import ADMISSION_KEY, LAYOUTS
from transforms.derive import change_on_previous, round_columns
from transforms.shares import percentage

COMPLETENESS_FIELDS = {
    "application": (
        *ADMISSION_KEY,
        *("first_name", "last_name", "email", "phone", "year_of_birth", "received_date", "status"),
    ),
    "enrolment": (*ADMISSION_KEY, "first_name", "last_name", "enrolled_date"),
    "withdrawal": (*ADMISSION_KEY, "first_name", "last_name", "withdrawn_date", "withdrawal_reason"),
}
"""The fields whose completeness is measured, for each kind of record."""


def build_completion_by_year(records: DataFrame) -> DataFrame:
    """Compute the application completion rate by the year of receipt.

    Rows: one for each year with applications.

    Columns:

    - year.
    - received, completed: the numbers of received and completed applications.
    - completion_rate_pct: 100 x completed / received.
    - change_pct_points: the change in completion_rate_pct since the year before, or null if the year before is absent.
    """
    return (
        records.transform(_count_completions, group_by=["year"])
        .transform(change_on_previous, column="completion_rate_pct", period="year", name="change_pct_points")
        .transform(round_columns, columns=["completion_rate_pct", "change_pct_points"], decimals=2)
        .select("year", "received", "completed", "completion_rate_pct", "change_pct_points")
    )


def build_completion_by_programme(records: DataFrame) -> DataFrame:
    """Compute the application completion rate by programme and intake.

    Rows: one for each combination of programme and intake with applications.

    Columns:

    - programme, intake.
    - received, completed: the numbers of received and completed applications.
    - completion_rate_pct: 100 x completed / received.
    """
    group_by = ["programme", "intake"]
    return (
        records.transform(_count_completions, group_by=group_by)
        .transform(round_columns, columns=["completion_rate_pct"], decimals=2)
        .select(*group_by, "received", "completed", "completion_rate_pct")
    )


def build_activity_by_month(records: DataFrame) -> DataFrame:
    """Count the applications received, the enrolments and the withdrawals of each month.

    Rows: one for each month with records.

    Columns:

    - month: the first day of the month.
    - applications, enrolments, withdrawals: the numbers of records.
    """
    month = F.trunc("record_date", "month").alias("month")
    return records.select(month, "record").transform(_count_records, group_by="month")


def build_activity_by_year(records: DataFrame) -> DataFrame:
    """Count the applications received, the enrolments and the withdrawals of each year.

    Rows: one for each year with records.

    Columns: year, and the numbers of records of each kind: applications, enrolments, withdrawals.
    """
    return records.select(F.year("record_date").alias("year"), "record").transform(_count_records, group_by="year")


def build_yield(records: DataFrame) -> DataFrame:
    """Compute the percentage of completed applications that led to an enrolment, by programme and intake.

    Rows: one for each combination of programme and intake with applications or enrolments.

    Columns:

    - programme, intake.
    - completed: the number of completed applications.
    - enrolled: the number of completed applications with an enrolment.
    - yield_pct: 100 x enrolled / completed, or null if no application is completed.
    - enrolled_otherwise: the number of enrolments without a completed application.
    """
    group_by = ["programme", "intake"]
    sums = {name: (name, "sum") for name in ("completed", "enrolled", "enrolled_otherwise")}
    return (
        records.where("record != 'withdrawal'")
        .transform(_summarize_admissions)
        .withColumn("enrolled_otherwise", F.greatest(F.col("enrolled") - F.col("completed"), F.lit(0)))
        .withColumn("enrolled", F.col("enrolled") * F.col("completed"))
        .transform(aggregate, group_by=group_by, columns=sums)
        .transform(percentage, part="enrolled", total="completed", name="yield_pct")
        .transform(round_columns, columns=["yield_pct"], decimals=2)
        .select(*group_by, "completed", "enrolled", "yield_pct", "enrolled_otherwise")
    )


def build_withdrawal_rates(records: DataFrame) -> DataFrame:
    """Compute the percentage of enrolled students who withdrew, by programme and intake.

    The answer also has the number of days from enrolment to withdrawal.

    Rows: one for each combination of programme and intake with enrolments.

    Columns:

    - programme, intake.
    - enrolled: the number of enrolments.
    - withdrawn: the number of enrolments with a withdrawal.
    - withdrawal_rate_pct: 100 x withdrawn / enrolled.
    - median_days, min_days, max_days: the days from enrolment to withdrawal, or null if nobody withdrew.
    """
    group_by = ["programme", "intake"]
    days = [(F.median, "median_days"), (F.min, "min_days"), (F.max, "max_days")]
    return (
        records.transform(_summarize_admissions)
        .where("enrolled = 1")
        .groupBy(*group_by)
        .agg(
            F.count("*").alias("enrolled"),
            F.sum("withdrawn").alias("withdrawn"),
            *(function("days").alias(name) for function, name in days),
        )
        .transform(percentage, part="withdrawn", total="enrolled", name="withdrawal_rate_pct")
        .transform(round_columns, columns=["withdrawal_rate_pct"], decimals=2)
        .select(*group_by, "enrolled", "withdrawn", "withdrawal_rate_pct", *(name for _, name in days))
    )


def build_completeness(*records: DataFrame) -> DataFrame:
    """Compute the percentage of records that have a value in each field of `COMPLETENESS_FIELDS`.

    Pass the rows of both trusted and quarantine, because most rows with a missing value are in quarantine.

    Rows: one for each field of each kind of record. Kinds of record without rows are left out.

    Columns:

    - record: the kind of record.
    - field: the name of the field.
    - rows: the number of records of this kind in trusted and quarantine together.
    - filled: the number of these records that have a readable value in the field.
    - completeness_pct: 100 x filled / rows.
    """
    fields = list(dict.fromkeys(name for names in COMPLETENESS_FIELDS.values() for name in names))
    counts = {"rows": ("record", "count"), **{name: (name, "count") for name in fields}}
    measured = [f"{record} {name}" for record, names in COMPLETENESS_FIELDS.items() for name in names]
    return (
        union_by_name(*(frame.select("record", *fields) for frame in records))
        .transform(aggregate, group_by=["record"], columns=counts)
        .unpivot(["record", "rows"], [*map(F.col, fields)], "field", "filled")
        .where(F.concat_ws(" ", "record", "field").isin(measured))
        .transform(percentage, part="filled", total="rows", name="completeness_pct")
        .transform(round_columns, columns=["completeness_pct"], decimals=2)
        .select("record", "field", "rows", "filled", "completeness_pct")
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


def _count_completions(records: DataFrame, *, group_by: Sequence[str]) -> DataFrame:
    return (
        records.where("record = 'application'")
        .withColumns({"year": F.year("received_date"), "completed": F.col("is_completed").cast("int")})
        .transform(
            aggregate, group_by=group_by, columns={"received": ("record", "count"), "completed": ("completed", "sum")}
        )
        .transform(percentage, part="completed", total="received", name="completion_rate_pct")
    )


def _count_records(records: DataFrame, *, group_by: str) -> DataFrame:
    plurals = {kind: f"{kind}s" for kind in LAYOUTS}
    return (
        records.withColumn("one", F.lit(1))
        .transform(pivot, group_by=[group_by], column="record", values=[*plurals], aggregation=("one", "count"))
        .select(group_by, *(F.col(kind).alias(plural) for kind, plural in plurals.items()))
    )


def _summarize_admissions(records: DataFrame) -> DataFrame:
    """Return one row for each admission.

    completed, enrolled and withdrawn are 1 or 0. days is the number of days from enrolment to withdrawal.
    """
    days = F.when(F.col("record") == "withdrawal", F.datediff("withdrawn_date", "enrolled_on"))
    return records.groupBy(*ADMISSION_KEY).agg(
        F.coalesce(F.max(F.col("is_completed").cast("int")), F.lit(0)).alias("completed"),
        F.max((F.col("record") == "enrolment").cast("int")).alias("enrolled"),
        F.max((F.col("record") == "withdrawal").cast("int")).alias("withdrawn"),
        F.max(days).alias("days"),
    )
