"""Maintenance of tables: compact files, expire snapshots, and remove files that no table uses."""

from __future__ import annotations

from datetime import datetime, timedelta

from pyspark.sql import SparkSession

from lake.errors import TableBusyError
from lake.iceberg import (
    ENGINE_ERRORS,
    branches_in_use,
    commit_if_unchanged,
    commit_lock,
    drop_branches,
    is_commit_conflict,
    load_table,
    remove_delete_files,
    rewrite_data_files,
)
from lake.session import CATALOG
from lake.tables import ZONES

TARGET_FILE_BYTES = 128 << 20
"""Target size of a data file: the size of one Parquet row group, which one task reads in seconds."""

MIN_FILES_TO_COMPACT = 5

BRANCH_IDLE_AFTER = timedelta(days=1)
"""Maintenance assumes that a run has ended if the run has not written to its branch for this time."""

MIN_SNAPSHOTS_TO_KEEP = 5

_REWRITE_OPTIONS = {
    "target-file-size-bytes": TARGET_FILE_BYTES,
    "min-input-files": MIN_FILES_TO_COMPACT,
    # Deleted rows cause a rewrite of a file only if at least a tenth of its rows are deleted. With a lower ratio, one
    # changed row could cause a rewrite of all rows of the same month. The number of delete files is not a useful
    # threshold, because Spark keeps one delete file for each data file.
    "delete-ratio-threshold": 0.1,
    # With "true", a rewritten file would get the sequence number of the snapshot before the rewrite. As a result,
    # Iceberg would keep delete files that no data file needs. Only equality deletes need "true", but Spark writes no
    # equality deletes.
    "use-starting-sequence-number": "false",
}

# Iceberg 1.10 does not fill `referenced_data_file` for delete files in Parquet. If a delete file belongs to one data
# file, the lower and the upper bound of its column `file_path` (field id 2147483546) are equal.
_DANGLING_DELETES = """
SELECT file_path FROM (
    SELECT file_path, coalesce(referenced_data_file, if(lower = upper, string(lower), null)) AS data_file
    FROM (
        SELECT *, lower_bounds[2147483546] AS lower, upper_bounds[2147483546] AS upper
        FROM {table}.delete_files WHERE content = 1
    )
) AS deletes
WHERE data_file IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM {table}.data_files AS files WHERE files.file_path = deletes.data_file)
"""


def tables_of(spark: SparkSession, dataset: str) -> list[str]:
    """Return the tables of a dataset in all zones and in `ops`, including the tables of its answers."""
    tables = []
    for zone in (*ZONES, "ops"):
        if not spark.catalog.databaseExists(f"{CATALOG}.{zone}"):
            continue
        names = [row["tableName"] for row in spark.sql(f"SHOW TABLES IN {CATALOG}.{zone}").collect()]
        tables += [
            f"{CATALOG}.{zone}.{name}" for name in sorted(names) if name == dataset or name.startswith(f"{dataset}_")
        ]
    return tables


def compact(spark: SparkSession, table: str) -> int:
    """Rewrite small files and files with many deleted rows into files of `TARGET_FILE_BYTES`.

    A file has many deleted rows if at least a tenth of its rows are deleted. The rows of the table do not change.
    Delete files that no data file needs are removed. Spark jobs run only if the table has delete files or at least
    `MIN_FILES_TO_COMPACT` data files.

    A compaction never makes the publish of another run fail. Compaction does not start if another run may be about to
    publish the table. Compaction commits only if no other run has committed to the table since compaction started.

    Returns:
        The number of rewritten files.

    Raises:
        TableBusyError: Another run works on the table.
    """
    iceberg = load_table(spark, table)
    snapshot = iceberg.currentSnapshot()
    if not snapshot:
        return 0
    summary = snapshot.summary()
    files, deletes = int(summary.get("total-data-files") or 0), int(summary.get("total-delete-files") or 0)
    if not deletes and files < MIN_FILES_TO_COMPACT:
        return 0
    _require_idle(iceberg, table)
    # Do not use Iceberg's SQL procedures. The procedure `rewrite_data_files` commits even if another run has
    # changed the table. The procedure `rewrite_position_delete_files` fails on tables with arrays:
    # https://github.com/apache/iceberg/issues/15080
    with commit_if_unchanged(spark, iceberg, name=table) as current:
        rewritten = rewrite_data_files(spark, current, options=_REWRITE_OPTIONS)
    if deletes:
        _remove_dangling_deletes(spark, table)
    return rewritten


def expire_snapshots(spark: SparkSession, table: str, *, older_than: datetime) -> int:
    """Expire old snapshots, and drop old unpublished branches.

    Snapshots older than `older_than` expire, but the last `MIN_SNAPSHOTS_TO_KEEP` snapshots are always kept. Branches
    are dropped if their last commit is older than `older_than`. Files that only the expired snapshots use are
    deleted. Runs no Spark job.

    Returns:
        The number of expired snapshots.

    Raises:
        TableBusyError: Another run works on the table.
    """
    milliseconds = int(older_than.timestamp() * 1000)
    try:
        with commit_lock(load_table(spark, table)):
            iceberg = load_table(spark, table)
            # When Iceberg expires an old snapshot, it also drops a new branch that points to this snapshot. So check
            # that no run uses a branch.
            _require_idle(iceberg, table)
            before = sum(1 for _ in iceberg.snapshots())
            if not drop_branches(iceberg, older_than=older_than) and before <= MIN_SNAPSHOTS_TO_KEEP:
                return 0
            iceberg.expireSnapshots().expireOlderThan(milliseconds).retainLast(MIN_SNAPSHOTS_TO_KEEP).commit()
    except ENGINE_ERRORS as error:
        if is_commit_conflict(error):
            raise TableBusyError(table=table, reason="other runs committed to the table at the same time") from error
        raise
    return before - sum(1 for _ in load_table(spark, table).snapshots())


def remove_orphan_files(spark: SparkSession, table: str, *, older_than: datetime) -> int:
    """Remove old, unused files from a table's folder.

    A file is removed if no snapshot uses the file, and if the file is older than `older_than`.

    Returns:
        The number of removed files.
    """
    if not load_table(spark, table).currentSnapshot():
        return 0
    rows = spark.sql(
        f"CALL {CATALOG}.system.remove_orphan_files(table => '{table.removeprefix(f'{CATALOG}.')}', "
        f"older_than => TIMESTAMP '{older_than:%Y-%m-%d %H:%M:%S}')"
    )
    return rows.count()


def _remove_dangling_deletes(spark: SparkSession, table: str) -> None:
    """Remove delete files whose data file no longer exists.

    Iceberg itself removes a delete file only if the delete file is older than all data files.
    """
    iceberg = load_table(spark, table)
    _require_idle(iceberg, table)
    if not int(iceberg.currentSnapshot().summary().get("total-delete-files") or 0):
        return
    with commit_if_unchanged(spark, iceberg, name=table) as current:
        if paths := {row["file_path"] for row in spark.sql(_DANGLING_DELETES.format(table=table)).collect()}:
            remove_delete_files(spark, current, paths)


def _require_idle(iceberg: object, table: str) -> None:
    if names := branches_in_use(iceberg, idle_after=BRANCH_IDLE_AFTER):
        raise TableBusyError(table=table, reason=f"a run may be about to publish branch {', '.join(names)}")
