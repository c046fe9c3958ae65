"""Upkeep of tables: sizes of files, snapshots that are no longer needed, files that no table has."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pyspark.sql import Row, SparkSession

from lake.session import CATALOG
from lake.tables import ZONES, iceberg_table

TARGET_BYTES = 128 << 20
"""Of a data file: one task reads it in seconds, and it keeps one row group of Parquet."""

_SMALL_FILES = 5
# Of a file's rows: one change a month would else rewrite the month. Not a number of delete files: Spark keeps one for
# each data file.
_DELETED = 0.1
_LEAST_KEPT = 5


def tables_of(spark: SparkSession, dataset: str) -> list[str]:
    """Return a dataset's tables in all zones, those of its answers and of `ops` too."""
    found = []
    for zone in (*ZONES, "ops"):
        if not spark.catalog.databaseExists(f"{CATALOG}.{zone}"):
            continue
        names = [row["tableName"] for row in spark.sql(f"SHOW TABLES IN {CATALOG}.{zone}").collect()]
        found += [
            f"{CATALOG}.{zone}.{name}" for name in sorted(names) if name == dataset or name.startswith(f"{dataset}_")
        ]
    return found


def compact(spark: SparkSession, table: str) -> int:
    """Rewrite a table's small files into ones of `TARGET_BYTES`, and those of which a tenth of the rows is deleted.

    Rows: the same. Readers see the old files until the new ones are committed.

    Return how many files were rewritten. What the metadata shows to be in order starts no Spark job.
    """
    snapshot = iceberg_table(spark, table).currentSnapshot()
    if not snapshot:
        return 0
    summary = snapshot.summary()
    files, deletes = int(summary.get("total-data-files") or 0), int(summary.get("total-delete-files") or 0)
    if not deletes and files < _SMALL_FILES:
        return 0
    sizes = {
        "target-file-size-bytes": TARGET_BYTES,
        "min-input-files": _SMALL_FILES,
        "delete-ratio-threshold": _DELETED,
    }
    rewritten = int(_rewrite(spark, "rewrite_data_files", table, sizes)["rewritten_data_files_count"])
    if deletes and rewritten:  # what was deleted in files that are no longer there
        _rewrite(spark, "rewrite_position_delete_files", table, {"rewrite-all": "true"})
    return rewritten


def expire_snapshots(spark: SparkSession, table: str, *, older_than: datetime) -> int:
    """Drop snapshots older than a time, but for the last few, and the files that only they have. No Spark job.

    Branches that were never published go when they are older than they were to be kept. Return how many snapshots.
    """
    iceberg = iceberg_table(spark, table)
    before = iceberg.snapshots()
    count = sum(1 for _ in before)
    if count <= _LEAST_KEPT:
        return 0
    milliseconds = int(older_than.timestamp() * 1000)
    iceberg.expireSnapshots().expireOlderThan(milliseconds).retainLast(_LEAST_KEPT).commit()
    return count - sum(1 for _ in iceberg_table(spark, table).snapshots())


def remove_orphan_files(spark: SparkSession, table: str, *, older_than: datetime) -> int:
    """Remove files older than a time that are in a table's folder and none of its snapshots has; return how many."""
    if not iceberg_table(spark, table).currentSnapshot():
        return 0
    rows = spark.sql(
        f"CALL {CATALOG}.system.remove_orphan_files(table => '{_inside(table)}', "
        f"older_than => TIMESTAMP '{older_than:%Y-%m-%d %H:%M:%S}')"
    )
    return rows.count()


def _rewrite(spark: SparkSession, procedure: str, table: str, options: Mapping[str, object]) -> Row:
    given = ", ".join(f"'{name}', '{value}'" for name, value in options.items())
    return spark.sql(
        f"CALL {CATALOG}.system.{procedure}(table => '{_inside(table)}', options => map({given}))"
    ).collect()[0]


def _inside(table: str) -> str:
    return table.removeprefix(f"{CATALOG}.")
