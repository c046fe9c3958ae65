from datetime import datetime, timedelta, timezone

import pytest
from chispa import assert_df_equality
from pyspark.sql import SparkSession

from lake.errors import NotPublishedError, OvertakenError
from lake.publish import Branch, Staged, drop_branches
from lake.tables import ensure_table, exists, read, row_count, snapshot_id

TABLE = "lake.trusted.days"
SCHEMA = "day string, calls int, _quarantined boolean"
OLD = [("2024-01-01", 1, False)]
NEW = [("2024-01-01", 2, False), ("2024-01-02", 3, False), ("2024-01-03", -1, True)]


def publish(lake: SparkSession, rows: list[tuple], run_id: str = "run 1") -> int | None:
    with Staged(
        lake, lake.createDataFrame(rows, SCHEMA), table=TABLE, run_id=run_id, partitioned_by=["_quarantined"]
    ) as s:
        return s.publish()


def content(lake: SparkSession) -> list[tuple]:
    return sorted(tuple(row) for row in lake.table(TABLE).collect())


def branches(lake: SparkSession) -> set[str]:
    return {row["name"] for row in lake.table(f"{TABLE}.refs").collect()}


def test_nothing_is_seen_before_the_publish_and_all_of_it_after(lake: SparkSession) -> None:
    publish(lake, OLD)
    frame = lake.createDataFrame(NEW, SCHEMA)
    with Staged(lake, frame, table=TABLE, run_id="r2", partitioned_by=["_quarantined"]) as staged:
        assert content(lake) == OLD
        assert_df_equality(staged.written(), frame, ignore_row_order=True, ignore_nullable=True)
        staged.discard("_quarantined")
        assert content(lake) == OLD
        published = staged.publish()

    assert content(lake) == NEW[:2]
    assert published == snapshot_id(lake, TABLE)
    assert branches(lake) == {"main"}


def test_what_is_raised_leaves_the_published_table_and_the_branch(lake: SparkSession) -> None:
    before = publish(lake, OLD)
    with (
        pytest.raises(ValueError, match="refused"),
        Staged(lake, lake.createDataFrame(NEW, SCHEMA), table=TABLE, run_id="bad-run"),
    ):
        raise ValueError("refused")

    assert (content(lake), snapshot_id(lake, TABLE)) == (OLD, before)
    assert branches(lake) == {"main", "audit_bad_run"}
    assert lake.read.option("branch", "audit_bad_run").table(TABLE).count() == 3


def test_a_run_that_comes_again_writes_over_its_first_try(lake: SparkSession) -> None:
    publish(lake, OLD)
    with (
        pytest.raises(ValueError, match="killed"),
        Staged(lake, lake.createDataFrame(NEW, SCHEMA), table=TABLE, run_id="r"),
    ):
        raise ValueError("killed")

    publish(lake, NEW[:1], run_id="r")

    assert content(lake) == NEW[:1]


def test_no_rows_replace_the_old_ones(lake: SparkSession) -> None:
    publish(lake, OLD)
    publish(lake, [])

    assert content(lake) == []
    assert exists(lake, TABLE)


def test_two_runs_at_once_are_one_publish_and_one_clear_error(lake: SparkSession) -> None:
    publish(lake, OLD)
    with Staged(lake, lake.createDataFrame(NEW, SCHEMA), table=TABLE, run_id="slow") as slow:
        publish(lake, NEW[:1], run_id="fast")
        with pytest.raises(OvertakenError, match="another run published while this one was writing"):
            slow.publish()

    assert content(lake) == NEW[:1]


def test_branches_are_dropped_that_are_old_and_not_about_to_be_written(lake: SparkSession) -> None:
    publish(lake, OLD)
    now = datetime.now(timezone.utc)
    with Staged(lake, lake.createDataFrame(NEW, SCHEMA), table=TABLE, run_id="left"):
        pass
    with Branch(lake, table=TABLE, run_id="begins"):
        assert drop_branches(lake, TABLE, older_than=now) == 0
        assert drop_branches(lake, TABLE, older_than=now + timedelta(days=1)) == 1
        assert branches(lake) == {"main", "audit_begins"}
    assert drop_branches(lake, "lake.trusted.none", older_than=now) == 0


def test_discarding_the_partition_starts_no_spark_job(lake: SparkSession, count_jobs) -> None:
    frame = lake.createDataFrame(NEW, SCHEMA)
    with Staged(lake, frame, table=TABLE, run_id="r", partitioned_by=["_quarantined"]) as staged:
        count_jobs()
        staged.discard("_quarantined")
        assert count_jobs() == 0
        staged.publish()
        assert count_jobs() == 0


def test_rows_are_written_in_one_stage_both_partitions_at_once(lake: SparkSession) -> None:
    frame = lake.range(0, 1000, 1, 2).selectExpr("string(id) day", "int(id) calls", "id % 10 = 0 _quarantined")
    with Staged(lake, frame, table=TABLE, run_id="r", partitioned_by=["_quarantined"]) as staged:
        staged.publish()

    files = lake.table(f"{TABLE}.files").count()
    assert files == 4  # two tasks, two partitions: no shuffle has brought a partition to one task


def test_a_table_gains_the_columns_it_lacks(lake: SparkSession) -> None:
    publish(lake, OLD)
    more = lake.createDataFrame([("2024-01-01", 1, False, "x")], SCHEMA + ", `a note.` string")
    with Staged(lake, more, table=TABLE, run_id="r2") as staged:
        staged.publish()

    assert [tuple(row) for row in lake.table(TABLE).collect()] == [("2024-01-01", 1, False, "x")]


def test_a_table_that_was_never_published_says_what_to_run(lake: SparkSession) -> None:
    with pytest.raises(
        NotPublishedError,
        match=r"lake.trusted.days has never been published. Run its job's earlier stages first, or all: --stage "
        r"all, or citylake run DATASET --data DIR",
    ):
        read(lake, "trusted", "days")
    ensure_table(lake, TABLE, lake.createDataFrame([], SCHEMA).schema)
    with pytest.raises(NotPublishedError):
        read(lake, "trusted", "days")
    with pytest.raises(NotPublishedError):
        row_count(lake, TABLE)


def test_metadata_is_read_without_spark_jobs(lake: SparkSession, count_jobs) -> None:
    publish(lake, OLD)
    count_jobs()

    assert (exists(lake, TABLE), row_count(lake, TABLE), snapshot_id(lake, TABLE) is None) == (True, 1, False)
    assert count_jobs() == 0
