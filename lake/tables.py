"""Create, describe and read the Iceberg tables of the zones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from lake.errors import NotPublishedError
from lake.iceberg import ENGINE_ERRORS, Snapshot, commit_lock, is_commit_conflict, lineage, load_table
from lake.session import CATALOG
from transforms.sql import quoted

ZONES = ("raw", "trusted", "quarantine", "curated")
"""The zones that have tables. The zone landing has only files."""

DATA_VERSION = "citylake.data-version"
"""Snapshot property: the version of a table's rows. A snapshot that changes no row keeps the version."""

COMMIT_RETRIES = 10
"""Maximum number of retries of a commit, if other runs commit to the table at the same time.

In a test, four processes made 600 commits to one table. With Iceberg's default of 4 retries, 5 commits failed. With
10 retries, no commit failed.
"""


def table_name(zone: str, dataset: str, answer: str | None = None) -> str:
    """Return a table's full name.

    >>> table_name("curated", "contact_centre", "calls_handled")
    'lake.curated.contact_centre_calls_handled'
    """
    return f"{CATALOG}.{zone}.{dataset}" + (f"_{answer}" if answer else "")


def head(spark: SparkSession, table: str, *, branch: str = "main") -> Snapshot | None:
    """Return the snapshot that a branch points to, or None before the first publish."""
    return next(lineage(spark, table, branch=branch), None)


def snapshot_id(spark: SparkSession, table: str, *, branch: str = "main") -> int | None:
    """Return the id of the snapshot that a branch points to, or None before the first publish."""
    snapshot = head(spark, table, branch=branch)
    return snapshot.id if snapshot else None


def exists(spark: SparkSession, table: str) -> bool:
    """Return True if a table has been published. A published table has a snapshot on its main branch."""
    return snapshot_id(spark, table) is not None


def read(spark: SparkSession, table: str) -> DataFrame:
    """Read the current snapshot of a published table. Later commits do not change the frame.

    Raises:
        NotPublishedError: No run has published the table.
    """
    snapshot = snapshot_id(spark, table)
    if snapshot is None:
        raise NotPublishedError(table=table)
    return read_snapshot(spark, table, snapshot)


def read_snapshot(spark: SparkSession, table: str, snapshot: int) -> DataFrame:
    """Read the rows of a snapshot, with the table's current columns."""
    return spark.read.option("snapshot-id", snapshot).table(table)  # not `versionAsOf`, which .table() ignores


def last_properties(spark: SparkSession, table: str, name: str, *, branch: str = "main") -> Mapping[str, str]:
    """Return the summary of the latest snapshot with the property `name`, or `{}` if no snapshot has this property."""
    summaries = (snapshot.summary for snapshot in lineage(spark, table, branch=branch))
    return next((summary for summary in summaries if name in summary), {})


def data_version(spark: SparkSession, table: str) -> str:
    """Return the version of a table's rows, or an empty text before the first publish.

    The version changes only if a row changes.
    """
    snapshot = head(spark, table)
    return last_properties(spark, table, DATA_VERSION).get(DATA_VERSION, str(snapshot.id)) if snapshot else ""


def row_count(spark: SparkSession, table: str) -> int:
    """Return the number of rows in a table.

    Reads the count from metadata. Runs a Spark job only if the table has delete files.

    Raises:
        NotPublishedError: No run has published the table.
    """
    snapshot = head(spark, table)
    if not snapshot:
        raise NotPublishedError(table=table)
    if int(snapshot.summary.get("total-delete-files") or 0):
        return spark.table(table).count()
    return int(snapshot.summary["total-records"])


def ensure_table(
    spark: SparkSession,
    table: str,
    schema: T.StructType,
    *,
    partitioned_by: Sequence[str] = (),
    properties: Mapping[str, str] | None = None,
) -> None:
    """Create an empty table if no table of this name exists. An existing table is not changed.

    `partitioned_by` holds columns or Iceberg transforms, such as `months(created_at)`.
    """
    if spark.catalog.tableExists(table):
        return
    columns = ", ".join(map(_define_column, schema))
    partitioning = f"PARTITIONED BY ({', '.join(partitioned_by)})" if partitioned_by else ""
    settings = {"format-version": "2", "commit.retry.num-retries": COMMIT_RETRIES, **(properties or {})}
    assignments = ", ".join(f"'{name}' = '{value}'" for name, value in settings.items())
    spark.sql(f"CREATE NAMESPACE IF NOT EXISTS {table.rpartition('.')[0]}")
    # Use IF NOT EXISTS, because another run may create the table after the check above.
    spark.sql(
        f"CREATE TABLE IF NOT EXISTS {table} ({columns}) USING iceberg {partitioning} TBLPROPERTIES ({assignments})"
    )


def add_columns(spark: SparkSession, table: str, schema: T.StructType) -> None:
    """Add the columns of `schema` that a table lacks. The new columns are null in all existing rows.

    Several runs may call this function at the same time.
    """
    if not _find_missing_columns(spark, table, schema):
        return
    with commit_lock(load_table(spark, table)):
        for attempts_left in reversed(range(COMMIT_RETRIES)):
            if not (missing := _find_missing_columns(spark, table, schema)):
                return
            try:
                spark.sql(f"ALTER TABLE {table} ADD COLUMNS ({', '.join(map(_define_column, missing))})")
            except ENGINE_ERRORS as error:
                is_overtaken = is_commit_conflict(error) or len(_find_missing_columns(spark, table, schema)) < len(
                    missing
                )
                if not (is_overtaken and attempts_left):
                    raise


def align_columns(rows: DataFrame, schema: T.StructType) -> DataFrame:
    """Select the columns of a schema, in the order of the schema. A column that the rows lack is null in all rows."""
    own = {name.casefold(): name for name in rows.columns}
    return rows.select(
        *(
            F.col(quoted(own[field.name.casefold()])).alias(field.name)
            if field.name.casefold() in own
            else F.lit(None).cast(field.dataType).alias(field.name)
            for field in schema
        )
    )


def _define_column(field: T.StructField) -> str:
    return f"{quoted(field.name)} {field.dataType.simpleString()}"


def _find_missing_columns(spark: SparkSession, table: str, schema: T.StructType) -> list[T.StructField]:
    present = {name.casefold() for name in spark.table(table).columns}
    return [field for field in schema if field.name.casefold() not in present]
