"""The zones and their Iceberg tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from lake.errors import NotPublishedError
from lake.session import CATALOG
from transforms.names import quoted

ZONES = ("raw", "trusted", "quarantine", "curated")
"""The zones that have tables. Landing is files."""

_CHANGES = ("added-records", "deleted-records", "added-delete-files", "removed-delete-files")


def table_name(zone: str, dataset: str, answer: str | None = None) -> str:
    """Return a table's full name.

    >>> table_name("curated", "contact_centre", "calls_handled")
    'lake.curated.contact_centre_calls_handled'
    """
    return f"{CATALOG}.{zone}.{dataset}" + (f"_{answer}" if answer else "")


def exists(spark: SparkSession, table: str) -> bool:
    """Whether a table has been published: it exists and its main branch has a snapshot."""
    return spark.catalog.tableExists(table) and snapshot_id(spark, table) is not None


def read(spark: SparkSession, zone: str, dataset: str, answer: str | None = None) -> DataFrame:
    """Read a published table.

    Raises:
        NotPublishedError: No run has published it.
    """
    table = table_name(zone, dataset, answer)
    if not exists(spark, table):
        raise NotPublishedError(table=table)
    return spark.table(table)


def ensure_table(
    spark: SparkSession,
    table: str,
    schema: T.StructType,
    *,
    partitioned_by: Sequence[str] = (),
    properties: Mapping[str, str] | None = None,
) -> None:
    """Create a table if it is not there, and add the columns of `schema` that it lacks. Nothing is ever removed.

    `partitioned_by` are columns or Iceberg's transforms of them, such as `months(created_at)`.
    """
    columns = [f"{quoted(field.name)} {field.dataType.simpleString()}" for field in schema]
    if not spark.catalog.tableExists(table):
        partitioning = f"PARTITIONED BY ({', '.join(partitioned_by)})" if partitioned_by else ""
        settings = {"format-version": "2", **(properties or {})}
        listed = ", ".join(f"'{name}' = '{value}'" for name, value in settings.items())
        spark.sql(f"CREATE NAMESPACE IF NOT EXISTS {table.rpartition('.')[0]}")
        spark.sql(f"CREATE TABLE {table} ({', '.join(columns)}) USING iceberg {partitioning} TBLPROPERTIES ({listed})")
        return
    present = {name.casefold() for name in spark.table(table).columns}
    added = [column for column, field in zip(columns, schema, strict=True) if field.name.casefold() not in present]
    if added:
        spark.sql(f"ALTER TABLE {table} ADD COLUMNS ({', '.join(added)})")


def matching(rows: DataFrame, table: DataFrame) -> DataFrame:
    """Return rows with the columns of a table, in its order; those that the rows have not are null."""
    given = {name.casefold(): name for name in rows.columns}
    return rows.select(
        *(
            F.col(quoted(given[field.name.casefold()])).alias(field.name)
            if field.name.casefold() in given
            else F.lit(None).cast(field.dataType).alias(field.name)
            for field in table.schema
        )
    )


def snapshot_id(spark: SparkSession, table: str, *, branch: str = "main") -> int | None:
    """Return the snapshot that a branch of a table points to; None where there is none: before the first publish."""
    snapshot = iceberg_table(spark, table).snapshot(branch)
    return int(snapshot.snapshotId()) if snapshot else None


def history(spark: SparkSession, table: str, *, branch: str = "main") -> Iterator[Any]:
    """Yield the snapshots that led to a branch, as Iceberg's Java library has them, the latest first."""
    if not spark.catalog.tableExists(table):
        return
    iceberg = iceberg_table(spark, table)
    snapshot = iceberg.snapshot(branch)
    while snapshot is not None:
        yield snapshot
        before = snapshot.parentId()
        snapshot = None if before is None else iceberg.snapshot(before)


def last_note(spark: SparkSession, table: str, name: str, *, branch: str = "main") -> str | None:
    """Return what a table's history last noted under a name: in its latest snapshot, or in the nearest one before."""
    return last_notes(spark, table, name, branch=branch).get(name)


def last_notes(spark: SparkSession, table: str, name: str, *, branch: str = "main") -> Mapping[str, str]:
    """Return all that the latest snapshot notes which notes something under a name; nothing where none does."""
    summaries = (snapshot.summary() for snapshot in history(spark, table, branch=branch))
    return next((dict(summary) for summary in summaries if summary.get(name) is not None), {})


def last_change(spark: SparkSession, table: str) -> int | None:
    """Return the latest snapshot in which rows changed: of no compaction, and of no note alone.

    Where that has been dropped it is the oldest that there is; None before the first publish.
    """
    oldest = None
    for snapshot in history(spark, table):
        oldest, summary = int(snapshot.snapshotId()), snapshot.summary()
        if snapshot.operation() != "replace" and any(int(summary.get(count) or 0) for count in _CHANGES):
            break
    return oldest


def row_count(spark: SparkSession, table: str) -> int:
    """Return how many rows a table has, from its metadata.

    No Spark job is started, but where rows were changed since the table's files were last rewritten.

    Raises:
        NotPublishedError: It has never been published.
    """
    snapshot = iceberg_table(spark, table).currentSnapshot()
    if not snapshot:
        raise NotPublishedError(table=table)
    if int(snapshot.summary().get("total-delete-files") or 0):
        return spark.table(table).count()
    return int(snapshot.summary()["total-records"])


def added_rows(spark: SparkSession, table: str, branch: str) -> int:
    """Return how many rows the latest commit to a branch has added or changed, from its metadata."""
    return int(iceberg_table(spark, table).snapshot(branch).summary().get("added-records") or 0)


def iceberg_table(spark: SparkSession, table: str) -> Any:
    """Return a table as Iceberg's Java library has it."""
    # A query of Iceberg's metadata tables would start a Spark job each; the catalog already has the table at hand.
    catalog, namespace, name = table.split(".")
    jvm: Any = spark._jvm
    identifier = jvm.org.apache.spark.sql.connector.catalog.Identifier
    gateway: Any = spark._sc._gateway
    levels = gateway.new_array(jvm.java.lang.String, 1)
    levels[0] = namespace
    manager = spark._jsparkSession.sessionState().catalogManager()
    return manager.catalog(catalog).loadTable(identifier.of(levels, name)).table()
