import os
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from pyspark.errors import IllegalArgumentException
from pyspark.sql import SparkSession

from lake.errors import TableBusyError
from lake.iceberg import branches_in_use, commit_if_unchanged, load_table, rewrite_data_files
from lake.maintenance import compact, expire_snapshots, remove_orphan_files
from lake.staging import Staged, stage, stage_nothing
from lake.tables import row_count, snapshot_id

pytestmark = pytest.mark.compiled

TABLE = "lake.trusted.calls"
SOON = datetime.now(timezone.utc) + timedelta(days=1)


def publish(lake: SparkSession, *numbers: int) -> None:
    """Publish rows as one new data file."""
    rows = lake.createDataFrame([(f"{number}", 1) for number in numbers], "id string, n int").coalesce(1)
    stage(lake, rows, table=TABLE, run_id="r", is_append=True).publish()


def change(lake: SparkSession, number: int) -> None:
    """Replace a row in the same way as the publisher: append the new row, and delete the old row by its position."""
    old = lake.table(TABLE).select("id", "_file", "_pos").where(f"id = '{number}'")
    rows = lake.createDataFrame([(f"{number}", 2)], "id string, n int").coalesce(1)
    staged = stage(lake, rows, table=TABLE, run_id="r", is_append=True)
    staged.delete_at(old, condition="true")
    staged.publish()


def discard(lake: SparkSession, branch: Staged, condition: str) -> None:
    lake.sql(f"DELETE FROM {branch.location} WHERE {condition}")


def files(lake: SparkSession, kind: str = "data_files") -> int:
    return lake.table(f"{TABLE}.{kind}").count()


def test_compaction_leaves_one_data_file(lake: SparkSession) -> None:
    """The delete file is removed."""
    for number in range(6):
        publish(lake, number, 10 + number)
    change(lake, 3)
    rows = sorted(map(tuple, lake.table(TABLE).collect()))
    assert (files(lake), files(lake, "delete_files"), row_count(lake, TABLE)) == (7, 1, 12)

    assert compact(lake, TABLE) == 7

    assert (files(lake), files(lake, "delete_files"), row_count(lake, TABLE)) == (1, 0, 12)
    assert sorted(map(tuple, lake.table(TABLE).collect())) == rows
    assert compact(lake, TABLE) == 0


def test_many_deleted_rows_cause_a_rewrite(lake: SparkSession) -> None:
    """A data file is rewritten if a tenth of its rows are deleted."""
    publish(lake, *range(20))
    change(lake, 1)
    before = snapshot_id(lake, TABLE)
    assert (compact(lake, TABLE), snapshot_id(lake, TABLE)) == (0, before)

    change(lake, 2)
    assert (compact(lake, TABLE), files(lake), files(lake, "delete_files")) == (3, 1, 0)
    assert {row.id for row in lake.table(TABLE).where("n = 2").collect()} == {"1", "2"}


def test_small_table_maintenance_starts_no_spark_job(lake: SparkSession, count_jobs) -> None:
    """The table has one data file."""
    publish(lake, 1)
    count_jobs()
    assert (compact(lake, TABLE), expire_snapshots(lake, TABLE, older_than=SOON), count_jobs()) == (0, 0, 0)


def test_the_latest_five_snapshots_never_expire(lake: SparkSession) -> None:
    for number in range(8):
        publish(lake, number)

    assert expire_snapshots(lake, TABLE, older_than=SOON - timedelta(days=2)) == 0
    before = lake.table(f"{TABLE}.snapshots").count()
    assert expire_snapshots(lake, TABLE, older_than=SOON) == before - 5
    assert (lake.table(f"{TABLE}.snapshots").count(), lake.table(TABLE).count()) == (5, 8)


def test_only_old_orphan_files_are_removed(lake: SparkSession, tmp_path: Path) -> None:
    publish(lake, 1)
    orphan = tmp_path / "warehouse/trusted/calls/data/left-by-a-killed-run.parquet"
    orphan.write_bytes(b"x")

    assert remove_orphan_files(lake, TABLE, older_than=SOON - timedelta(days=5)) == 0
    assert orphan.exists()
    two_days_ago = datetime.now(timezone.utc) - timedelta(days=2)
    os.utime(orphan, (two_days_ago.timestamp() - 9999,) * 2)
    assert remove_orphan_files(lake, TABLE, older_than=two_days_ago) == 1
    assert (orphan.exists(), lake.table(TABLE).count()) == (False, 1)


def rows_of(lake: SparkSession) -> list[tuple]:
    return sorted(map(tuple, lake.table(TABLE).collect()))


def dangling_deletes(lake: SparkSession) -> int:
    """Return the number of delete files that no scan of the table uses."""
    tasks = load_table(lake, TABLE).newScan().planFiles().iterator()
    needed = set()
    while tasks.hasNext():
        needed.update(delete.location() for delete in tasks.next().deletes())
    return files(lake, "delete_files") - len(needed)


def test_compaction_removes_unused_delete_files(lake: SparkSession) -> None:
    publish(lake, *range(100, 200))
    publish(lake, *range(20))
    change(lake, 101)
    for number in (1, 2):
        change(lake, number)
    rows = rows_of(lake)
    assert (files(lake), files(lake, "delete_files")) == (5, 2)

    lake.sql(f"ALTER TABLE {TABLE} SET TBLPROPERTIES ('read.split.target-size' = '1')")
    with commit_if_unchanged(lake, load_table(lake, TABLE), name=TABLE) as current:
        options = {"min-input-files": 99, "delete-ratio-threshold": 0.1, "max-file-group-size-bytes": 1}
        assert rewrite_data_files(lake, current, options=options) == 1
    assert dangling_deletes(lake) == 1
    compact(lake, TABLE)

    assert (dangling_deletes(lake), rows_of(lake)) == (0, rows)


def test_concurrent_commit_cancels_the_compaction(lake: SparkSession) -> None:
    for number in range(6):
        publish(lake, number)
    with (
        pytest.raises(
            TableBusyError, match=f"{TABLE}: maintenance skips this table, because another run committed to the table"
        ),
        commit_if_unchanged(lake, load_table(lake, TABLE), name=TABLE) as current,
    ):
        assert rewrite_data_files(lake, current, options={"rewrite-all": "true"}) == 6
        change(lake, 3)

    assert rows_of(lake) == [("0", 1), ("1", 1), ("2", 1), ("3", 2), ("4", 1), ("5", 1)]
    assert compact(lake, TABLE) == 7
    assert (files(lake), len(rows_of(lake))) == (1, 6)


def test_branches_created_during_compaction_can_be_published(lake: SparkSession) -> None:
    for number in range(6):
        publish(lake, number)
    with pytest.raises(TableBusyError), commit_if_unchanged(lake, load_table(lake, TABLE), name=TABLE) as current:
        rewrite_data_files(lake, current, options={"rewrite-all": "true"})
        branch = stage_nothing(lake, TABLE, run_id="next")

    branch.publish(exclude="id = '3'")
    assert len(rows_of(lake)) == 5


def test_a_rewrite_with_an_invalid_option_commits_nothing(lake: SparkSession) -> None:
    publish(lake, 1)
    before = snapshot_id(lake, TABLE)
    with (
        pytest.raises(IllegalArgumentException, match="rewritten"),
        commit_if_unchanged(lake, load_table(lake, TABLE), name=TABLE) as current,
    ):
        rewrite_data_files(lake, current, options={"rewritten": "true"})
    assert snapshot_id(lake, TABLE) == before


def test_tables_with_active_branches_are_skipped(lake: SparkSession) -> None:
    """A branch is active if a run may be about to publish it."""
    for number in range(6):
        publish(lake, number)
    branch = stage_nothing(lake, TABLE, run_id="next")
    for write in (lambda: None, lambda: discard(lake, branch, "id = '3'")):
        write()
        for maintain in (lambda: compact(lake, TABLE), lambda: expire_snapshots(lake, TABLE, older_than=SOON)):
            with pytest.raises(TableBusyError, match="a run may be about to publish branch unchanged_next"):
                maintain()
    branch.publish()

    assert (compact(lake, TABLE), len(rows_of(lake))) == (5, 5)


def test_idle_and_overtaken_branches_are_not_in_use(lake: SparkSession) -> None:
    def in_use(idle_after: timedelta) -> list[str]:
        return branches_in_use(load_table(lake, TABLE), idle_after=idle_after)

    publish(lake, 1, 2)
    for name in ("created", "written"):
        lake.sql(f"ALTER TABLE {TABLE} CREATE BRANCH {name}")
    lake.sql(f"DELETE FROM {TABLE}.branch_written WHERE id = '1'")
    assert in_use(timedelta(days=1)) == ["created", "written"]
    assert in_use(timedelta(0)) == ["created"]

    publish(lake, 3)
    assert in_use(timedelta(days=1)) == []


def test_old_unpublished_branches_are_dropped(lake: SparkSession) -> None:
    """Test the function expire_snapshots."""
    publish(lake, 1, 2)
    branch = stage_nothing(lake, TABLE, run_id="refused")
    discard(lake, branch, "id = '1'")
    publish(lake, 3)

    assert expire_snapshots(lake, TABLE, older_than=SOON - timedelta(days=2)) == 0
    assert lake.table(branch.location).count() == 1
    expire_snapshots(lake, TABLE, older_than=SOON)
    assert [row["name"] for row in lake.table(f"{TABLE}.refs").collect()] == ["main"]
    assert [row[0] for row in rows_of(lake)] == ["1", "2", "3"]
