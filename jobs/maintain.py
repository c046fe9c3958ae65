"""Job that keeps a dataset's tables in shape: few files of a good size, no snapshots nor files that nobody needs."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone

from pyspark.sql import SparkSession

from jobs.arguments import Arguments
from jobs.stages import Stage, run_stages, start
from lake.errors import NotPublishedError
from lake.ledger import RUNS, Entry, runs
from lake.tables import table_name
from lake.upkeep import compact, expire_snapshots, remove_orphan_files, tables_of

logger = logging.getLogger(__name__)

KEPT = timedelta(days=7)
"""How long a snapshot that is no longer the published one can be read, and a branch that was not published be seen."""

ORPHANED = timedelta(days=3)
"""How old a file without a table must be, by Iceberg's own default: a younger one may be of a run that writes yet."""

_ORPHANS_EVERY = timedelta(days=1)


def compact_files(spark: SparkSession, args: Arguments, entry: Entry) -> None:
    """Rewrite small files, and those of which many rows were changed, into files of a good size."""
    done = {table: compact(spark, table) for table in _tables(spark, args)}
    entry.note = f"{sum(done.values())} files rewritten in {sum(map(bool, done.values()))} of {len(done)} tables"


def expire(spark: SparkSession, args: Arguments, entry: Entry) -> None:
    """Drop snapshots that are older than a week, and with them the files that only they have."""
    before = datetime.now(timezone.utc) - KEPT
    dropped = [expire_snapshots(spark, table, older_than=before) for table in _tables(spark, args)]
    entry.note = f"{sum(dropped)} snapshots dropped"


def remove_orphans(spark: SparkSession, args: Arguments, entry: Entry) -> None:
    """Remove files that no table has, which killed runs have left: once a day, for all files must be listed."""
    now = datetime.now(timezone.utc)
    same = runs(spark).where(f"job = '{entry.job}' AND stage = '{entry.stage}' AND state = 'SUCCEEDED'")
    last = same.where("note LIKE '%files removed'").agg({"started": "max"}).first()
    if last and last[0] and now - last[0].replace(tzinfo=timezone.utc) < _ORPHANS_EVERY:
        entry.note = f"done at {last[0]:%Y-%m-%d %H:%M}, once a day"
        return
    removed = [remove_orphan_files(spark, table, older_than=now - ORPHANED) for table in _tables(spark, args)]
    entry.note = f"{sum(removed)} files removed"


STAGES: Mapping[str, Stage] = {"compact": compact_files, "expire": expire, "remove_orphans": remove_orphans}


def run(spark: SparkSession, args: Arguments) -> list[Entry]:
    """Run the stages asked for, and return what the run ledger says of each."""
    return run_stages(spark, args, job=f"{args.dataset}_maintain", stages=STAGES)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the job from a command line, spark-submit or AWS Glue."""
    start("maintain", run, argv, stages=STAGES)


def _tables(spark: SparkSession, args: Arguments) -> list[str]:
    if not (tables := tables_of(spark, args.dataset)):
        raise NotPublishedError(table=table_name("raw", args.dataset))
    return [*tables, RUNS]


if __name__ == "__main__":
    main()
