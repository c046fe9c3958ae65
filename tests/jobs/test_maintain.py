import os
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from jobs import maintain
from jobs.arguments import parse_arguments
from lake.errors import NotPublishedError
from lake.merge import Merge
from lake.publish import Branch, Snapshot, Staged
from lake.tables import row_count, snapshot_id
from lake.upkeep import compact, expire_snapshots, remove_orphan_files, tables_of

TABLE = "lake.trusted.calls"
SOON = datetime.now(timezone.utc) + timedelta(days=1)


def publish(lake: SparkSession, *numbers: int) -> None:
    """Add a file of rows."""
    rows = lake.createDataFrame([(f"{number}", 1) for number in numbers], "id string, n int").coalesce(1)
    base = Snapshot(snapshot_id(lake, TABLE) if lake.catalog.tableExists(TABLE) else None)
    with Staged(lake, rows, table=TABLE, run_id="r", append_to=base) as staged:
        staged.publish()


def change(lake: SparkSession, number: int) -> None:
    rows, how = lake.createDataFrame([(f"{number}", 2)], "id string, n int"), Merge(key="{row}.id", order=["n"])
    with Branch(lake, table=TABLE, run_id="r") as branch:
        branch.merge(rows, how, found=how.found(rows, table=branch.written()))
        branch.publish()


def files(lake: SparkSession, kind: str = "data_files") -> int:
    return lake.table(f"{TABLE}.{kind}").count()


def test_small_files_become_one_and_what_was_changed_in_them_is_taken_in(lake: SparkSession) -> None:
    for number in range(6):
        publish(lake, number, 10 + number)
    change(lake, 3)
    rows = sorted(map(tuple, lake.table(TABLE).collect()))
    assert (files(lake), files(lake, "delete_files"), row_count(lake, TABLE)) == (7, 1, 12)

    assert compact(lake, TABLE) == 7

    assert (files(lake), files(lake, "delete_files"), row_count(lake, TABLE)) == (1, 0, 12)
    assert sorted(map(tuple, lake.table(TABLE).collect())) == rows
    assert compact(lake, TABLE) == 0


def test_a_file_is_rewritten_for_changed_rows_once_they_are_a_tenth_of_it(lake: SparkSession) -> None:
    publish(lake, *range(20))
    change(lake, 1)
    before = snapshot_id(lake, TABLE)
    assert (compact(lake, TABLE), snapshot_id(lake, TABLE)) == (0, before)

    change(lake, 2)
    assert (compact(lake, TABLE), files(lake), files(lake, "delete_files")) == (3, 1, 0)
    assert {row.id for row in lake.table(TABLE).where("n = 2").collect()} == {"1", "2"}


def test_what_is_in_order_starts_no_spark_job(lake: SparkSession, count_jobs) -> None:
    publish(lake, 1)
    count_jobs()
    assert (compact(lake, TABLE), expire_snapshots(lake, TABLE, older_than=SOON), count_jobs()) == (0, 0, 0)


def test_old_snapshots_go_but_the_last_few_and_the_rows_stay(lake: SparkSession) -> None:
    for number in range(8):
        publish(lake, number)

    assert expire_snapshots(lake, TABLE, older_than=SOON - timedelta(days=2)) == 0
    before = lake.table(f"{TABLE}.snapshots").count()
    assert expire_snapshots(lake, TABLE, older_than=SOON) == before - 5
    assert (lake.table(f"{TABLE}.snapshots").count(), lake.table(TABLE).count()) == (5, 8)


def test_files_that_no_table_has_are_removed_if_they_are_old(lake: SparkSession, tmp_path: Path) -> None:
    publish(lake, 1)
    orphan = tmp_path / "warehouse/trusted/calls/data/left-by-a-killed-run.parquet"
    orphan.write_bytes(b"x")

    assert remove_orphan_files(lake, TABLE, older_than=SOON - timedelta(days=5)) == 0
    assert orphan.exists()
    two_days_ago = datetime.now(timezone.utc) - timedelta(days=2)
    os.utime(orphan, (two_days_ago.timestamp() - 9999,) * 2)
    assert remove_orphan_files(lake, TABLE, older_than=two_days_ago) == 1
    assert (orphan.exists(), lake.table(TABLE).count()) == (False, 1)


def test_the_job_does_all_tables_of_a_dataset_and_lists_files_once_a_day(lake: SparkSession) -> None:
    publish(lake, 1)
    lake.sql("CREATE NAMESPACE lake.curated")
    for name in ("calls_by_year", "callsigns"):
        lake.sql(f"CREATE TABLE lake.curated.{name} (n int) USING iceberg")
    assert tables_of(lake, "calls") == [TABLE, "lake.curated.calls_by_year"]

    args = parse_arguments("maintain", ["--dataset", "calls"], stages=tuple(maintain.STAGES))
    notes = [[entry.note for entry in maintain.run(lake, args)] for _ in range(2)]

    assert notes[0][1:] == ["0 snapshots dropped", "0 files removed"]
    assert notes[0][0].startswith("0 files rewritten in 0 of 3 tables")
    assert notes[1][2].endswith("once a day")


def test_a_dataset_that_has_no_tables_is_not_in_good_order(lake: SparkSession) -> None:
    args = parse_arguments("maintain", ["--dataset", "typo"], stages=tuple(maintain.STAGES))
    with pytest.raises(NotPublishedError, match=r"lake.raw.typo has never been published"):
        maintain.run(lake, args)
