"""Raw has exactly the rows of its published deliveries, even if a run is killed or another run publishes first."""

from datetime import datetime, timedelta, timezone

import pytest
from pyspark.sql import SparkSession

from ingest import raw as raw_module
from ingest.deliveries import deliveries_table, read_state
from ingest.errors import DeliveriesError
from ingest.raw import IngestResult, ingest, read_raw
from lake.errors import OvertakenError
from lake.iceberg import load_table
from lake.staging import Staged
from lake.tables import snapshot_id

RAW = "lake.raw.calls"
NOW = datetime(2024, 10, 1, 12, tzinfo=timezone.utc)


class Killed(BaseException):
    """Raised at the point where a test simulates a kill of the process."""


def ingest_calls(lake: SparkSession, landing: object, hours: int = 0, run_id: str = "r1") -> IngestResult:
    now = NOW + timedelta(hours=hours)
    return ingest(lake, dataset="calls", landing=str(landing), layouts={"calls": ("Date",)}, run_id=run_id, now=now)


def kill(monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> None:
    def killed(*args: object, **kwargs: object) -> None:
        monkeypatch.undo()
        raise Killed

    monkeypatch.setattr(owner, name, killed)


def files_in_raw(lake: SparkSession) -> dict[str, int]:
    return {row["_source_file"]: row["count"] for row in lake.table(RAW).groupBy("_source_file").count().collect()}


def published(lake: SparkSession) -> dict[str, int]:
    return {each.file: each.rows for each in read_state(lake, "calls").deliveries}


@pytest.mark.parametrize(
    ("owner", "name", "run_id"),
    [(raw_module, "write_deliveries", "r1"), (Staged, "publish", "r2")],
    ids=["before the deliveries", "before raw is published"],
)
def test_next_run_ingests_files_of_a_killed_run(
    lake: SparkSession, landing, monkeypatch: pytest.MonkeyPatch, owner: object, name: str, run_id: str
) -> None:
    landing.csv("a.csv", landing.days(count=2))
    ingest_calls(lake, landing)
    before = read_raw(lake, "calls")
    landing.csv("b.csv", landing.days("2024-02-01", count=3))
    kill(monkeypatch, owner, name)
    with pytest.raises(Killed):
        ingest_calls(lake, landing)

    assert published(lake) == {"a.csv": 2}
    assert (read_raw(lake, "calls").count, read_raw(lake, "calls", newer_than=before.watermark).count) == (2, 0)
    done = ingest_calls(lake, landing, run_id=run_id)
    assert (done.files, done.rows) == (("b.csv",), 3)
    assert files_in_raw(lake) == published(lake) == {"a.csv": 2, "b.csv": 3}
    new = read_raw(lake, "calls", newer_than=before.watermark)
    assert (new.count, new.rows.count(), new.is_full_refresh) == (3, 3, False)
    assert ingest_calls(lake, landing).rows == 0


def test_unpublished_deliveries_of_killed_runs_are_ignored(
    lake: SparkSession, landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    landing.csv("a.csv", landing.days(count=2))
    kill(monkeypatch, Staged, "publish")
    with pytest.raises(Killed):
        ingest_calls(lake, landing)
    (landing.folder / "a.csv").unlink()
    for number in range(3):
        landing.csv(f"{number}.csv", landing.days(f"2024-0{number + 2}-01", count=1))
        ingest_calls(lake, landing, hours=-1)  # the clock was set back

    assert [each.file for each in read_state(lake, "calls").unpublished] == ["a.csv"]
    assert published(lake) == {"0.csv": 1, "1.csv": 1, "2.csv": 1}
    landing.csv("a.csv", landing.days(count=2))
    assert ingest_calls(lake, landing).files == ("a.csv",)
    assert published(lake) == {"0.csv": 1, "1.csv": 1, "2.csv": 1, "a.csv": 2}


def test_next_run_supersedes_rows_of_redelivered_files(
    lake: SparkSession, landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first run with the redelivered file is killed before it publishes."""
    landing.csv("a.csv", landing.days(count=2))
    landing.csv("b.csv", landing.days("2024-02-01", count=3))
    ingest_calls(lake, landing)
    landing.csv("b.csv", landing.days(count=2), delivered=60)
    kill(monkeypatch, Staged, "publish")
    with pytest.raises(Killed):
        ingest_calls(lake, landing)

    assert read_raw(lake, "calls").rows.where("_is_current").count() == 5
    assert ingest_calls(lake, landing).redelivered == ("b.csv",)
    assert (read_raw(lake, "calls").rows.where("_is_current").count(), files_in_raw(lake)["b.csv"]) == (2, 3)
    assert ingest_calls(lake, landing).redelivered == ()


def test_later_run_ingests_files_of_an_overtaken_run(
    lake: SparkSession, landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    landing.csv("a.csv", landing.days(count=2))
    ingest_calls(lake, landing)
    before = read_raw(lake, "calls")
    landing.csv("b.csv", landing.days("2024-02-01", count=3))
    publish = Staged.publish

    def overtaken(staged: Staged) -> int | None:
        monkeypatch.undo()
        (landing.folder / "b.csv").unlink()
        landing.csv("c.csv", landing.days("2024-03-01", count=4))
        ingest_calls(lake, landing, run_id="other")  # the other run publishes first
        return publish(staged)

    monkeypatch.setattr(Staged, "publish", overtaken)
    with pytest.raises(OvertakenError, match="another run published while this run was writing"):
        ingest_calls(lake, landing)

    assert files_in_raw(lake) == published(lake) == {"a.csv": 2, "c.csv": 4}
    landing.csv("b.csv", landing.days("2024-02-01", count=3))
    assert ingest_calls(lake, landing).files == ("b.csv",)
    assert files_in_raw(lake) == published(lake) == {"a.csv": 2, "b.csv": 3, "c.csv": 4}
    assert read_raw(lake, "calls", newer_than=before.watermark).rows.count() == 7


def test_an_ingest_starts_at_most_three_spark_jobs(lake: SparkSession, landing, count_jobs) -> None:
    for number in range(3):
        landing.csv(f"{number}.csv", landing.days(f"2024-0{number + 1}-01", count=1))
        count_jobs()
        ingest_calls(lake, landing)
        assert count_jobs() == (3 if number else 2)  # the first run has no deliveries to read
    ingest_calls(lake, landing)
    assert count_jobs() == 1
    read_raw(lake, "calls")
    assert count_jobs() == 1


def test_read_raw_lists_only_layouts_of_selected_rows(lake: SparkSession, landing) -> None:
    """`read_raw` selects the rows that are newer than the watermark."""

    def bring(hours: int) -> None:
        layouts = {"calls": ("Date",), "queues": ("Queue",), "agents": ("Agent",)}
        now = NOW + timedelta(hours=hours)
        ingest(lake, dataset="calls", landing=str(landing), layouts=layouts, run_id="r", now=now)

    landing.csv("a.csv", landing.days(count=2))
    bring(0)
    first = read_raw(lake, "calls")
    landing.file("lines.json", b'{"Queue": "311"}\n{"Agent": "7"}\n')
    bring(1)
    assert first.layouts == {"calls"}
    assert read_raw(lake, "calls", newer_than=first.watermark).layouts == {"queues", "agents"}
    assert read_raw(lake, "calls").layouts == {"calls", "queues", "agents"}
    assert read_raw(lake, "calls", newer_than=read_raw(lake, "calls").watermark).layouts == set()


def test_later_deliveries_do_not_change_an_earlier_frame(lake: SparkSession, landing) -> None:
    landing.csv("a.csv", landing.days(count=2))
    ingest_calls(lake, landing)
    first = read_raw(lake, "calls")
    landing.csv("a.csv", landing.days(count=3, offered=120), delivered=60)
    ingest_calls(lake, landing)
    second = read_raw(lake, "calls", newer_than=first.watermark)

    assert (first.rows.count(), first.rows.where("_is_current").count(), first.count) == (2, 2, 2)
    assert (second.rows.count(), second.rows.where("_is_current").count(), second.count) == (5, 3, 5)
    assert (second.is_full_refresh, second.snapshot) == (True, snapshot_id(lake, RAW))
    assert first.snapshot != second.snapshot
    assert first.rows.dtypes == second.rows.dtypes


def test_published_deliveries_are_known_after_commits_expire(
    lake: SparkSession, landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2):
        landing.csv(f"{number}.csv", landing.days(f"2024-0{number + 1}-01", count=1))
        ingest_calls(lake, landing)
    landing.csv("2.csv", landing.days("2024-03-01", count=1))
    kill(monkeypatch, Staged, "publish")
    with pytest.raises(Killed):
        ingest_calls(lake, landing)
    lake.sql(f"ALTER TABLE {RAW} DROP BRANCH candidates_r1")
    load_table(lake, RAW).newFastAppend().commit()  # a commit without an ingest id, like the commit of a compaction
    load_table(lake, RAW).expireSnapshots().expireOlderThan(1 << 60).retainLast(1).commit()

    assert published(lake) == {"0.csv": 1, "1.csv": 1}
    assert ingest_calls(lake, landing).files == ("2.csv",)
    assert files_in_raw(lake) == published(lake) == {"0.csv": 1, "1.csv": 1, "2.csv": 1}


def test_error_for_missing_deliveries_table_shows_a_fix(lake: SparkSession, landing) -> None:
    """After the fix, the next ingest adds all rows."""
    landing.csv("a.csv", landing.days(count=2))
    ingest_calls(lake, landing)
    lake.sql(f"DROP TABLE {deliveries_table('calls')}")

    with pytest.raises(
        DeliveriesError, match=r"lake.ops.calls_deliveries: the table does not list .* drop both tables"
    ):
        ingest_calls(lake, landing)
    with pytest.raises(DeliveriesError):
        read_raw(lake, "calls")
    lake.sql(f"DROP TABLE {RAW}")
    assert ingest_calls(lake, landing).rows == 2
