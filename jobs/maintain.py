"""AWS Glue job that compacts a dataset's tables, expires snapshots, and removes files that no table uses."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone

from pyspark.sql import SparkSession

from jobs.arguments import Arguments
from jobs.job import Job
from lake.errors import NotPublishedError, TableBusyError
from lake.ledger import RUNS, StageResult, runs
from lake.maintenance import compact, expire_snapshots, remove_orphan_files, tables_of
from lake.staging import drop_staged_table
from lake.tables import table_name

logger = logging.getLogger(__name__)

SNAPSHOT_RETENTION = timedelta(days=7)
"""Maintenance removes snapshots and unpublished branches that are older than this duration."""

ORPHAN_MIN_AGE = timedelta(days=3)
"""Maintenance removes an unused file only if the file is older than this duration. Iceberg has the same default.

A younger file may belong to a current run.
"""

ORPHAN_REMOVAL_INTERVAL = timedelta(days=1)


def compact_files(spark: SparkSession, args: Arguments) -> StageResult:
    """Rewrite small files, and files with many deleted rows, into files of `TARGET_FILE_BYTES`."""
    tables = _list_tables(spark, args)
    rewritten, skipped = _maintain_each(tables, lambda table: compact(spark, table))
    counts = f"{sum(rewritten)} files rewritten in {sum(map(bool, rewritten))} of {len(tables)} tables"
    return StageResult(notes=(counts, *skipped))


def expire(spark: SparkSession, args: Arguments) -> StageResult:
    """Expire old snapshots, drop old unpublished rows, and delete the files of these snapshots and rows.

    Snapshots and unpublished rows are old if their age is greater than `SNAPSHOT_RETENTION`.
    """
    older_than = datetime.now(timezone.utc) - SNAPSHOT_RETENTION
    tables = _list_tables(spark, args)
    expired, skipped = _maintain_each(tables, lambda table: expire_snapshots(spark, table, older_than=older_than))
    for table in tables:
        drop_staged_table(spark, table, older_than=older_than)
    return StageResult(notes=(f"{sum(expired)} snapshots expired", *skipped))


def remove_orphans(spark: SparkSession, args: Arguments) -> StageResult:
    """Remove files that no table uses, such as files of killed runs.

    This stage removes files at most once a day, because listing all files is slow.
    """
    now = datetime.now(timezone.utc)
    earlier = runs(spark).where(f"job = '{_JOB.format(dataset=args.dataset)}' AND stage = 'remove_orphans'")
    last = earlier.where("note LIKE '%files removed'").agg({"started": "max"}).first()
    if last and last[0] and now - last[0].replace(tzinfo=timezone.utc) < ORPHAN_REMOVAL_INTERVAL:
        return StageResult(
            notes=(f"skipped, because this stage runs once a day. Last run: {last[0]:%Y-%m-%d %H:%M} UTC",)
        )
    removed = [
        remove_orphan_files(spark, table, older_than=now - ORPHAN_MIN_AGE) for table in _list_tables(spark, args)
    ]
    return StageResult(notes=(f"{sum(removed)} files removed",))


_JOB = "{dataset}_maintain"
JOB = Job("maintain", {"compact": compact_files, "expire": expire, "remove_orphans": remove_orphans}, title=_JOB)


def _list_tables(spark: SparkSession, args: Arguments) -> list[str]:
    if not (tables := tables_of(spark, args.dataset)):
        raise NotPublishedError(table=table_name("raw", args.dataset))
    return [*tables, RUNS]


def _maintain_each(tables: Sequence[str], maintain: Callable[[str], int]) -> tuple[list[int], list[str]]:
    """Maintain each table. Return the results of `maintain`, and a note for each skipped table."""
    counts, skipped = [], []
    for table in tables:
        try:
            counts.append(maintain(table))
        except TableBusyError as error:
            logger.info("%s", error)
            skipped.append(f"{error.where} skipped, because {error.reason}")
    return counts, skipped


if __name__ == "__main__":
    JOB.main()
