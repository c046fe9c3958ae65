from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
from pyspark.sql import SparkSession

from jobs import maintain
from jobs.arguments import Arguments
from jobs.stages import dataset_job
from lake.errors import NotPublishedError
from lake.iceberg import is_commit_conflict, load_table
from lake.ledger import RUNS, StageRun, runs
from lake.maintenance import tables_of
from lake.session import catalog_settings
from lake.staging import find_staged, stage, stage_nothing
from lake.tables import snapshot_id
from tests.jobs.incidents import FEW, deliver, event

TABLE = "lake.trusted.calls"


def arguments(dataset: str, run_id: str = "maintain") -> Arguments:
    return maintain.JOB.parse(["--dataset", dataset, "--WORKFLOW_RUN_ID", run_id])


def publish(lake: SparkSession, number: int, *, run_id: str = "r") -> None:
    """Publish one row as a separate data file."""
    rows = lake.range(number, number + 1, 1, 1)
    stage(lake, rows, table=TABLE, run_id=run_id, is_append=True).publish()


def numbers(lake: SparkSession) -> list[int]:
    return sorted(row["id"] for row in lake.table(TABLE).collect())


def note(entry: StageRun) -> str:
    return "; ".join(entry.result.notes)


def delete_files(lake: SparkSession, table: str) -> tuple[int, int]:
    """Return the number of delete files of a table, and the number of delete files that a scan uses."""
    tasks, needed = load_table(lake, table).newScan().planFiles().iterator(), set()
    while tasks.hasNext():
        needed.update(delete.location() for delete in tasks.next().deletes())
    return lake.table(f"{table}.delete_files").count(), len(needed)


def test_compaction_does_not_change_rows(lake: SparkSession, landing) -> None:
    """The tables have arrays of structs. Iceberg's procedure rewrite_position_delete_files fails on such tables."""
    job = dataset_job(FEW)
    trusted = "lake.trusted.police_dispatch"
    old = [event(9000 + number, at=0, day="2023-01-31") for number in range(8)]
    revisions = [event(9003, at=6, day="2023-01-31", city="OLNEY"), event(101, at=6, city="OLNEY")]
    for increment in range(5):
        events = [event(100 * increment + number, at=increment) for number in range(8)]
        events += {0: old, 4: revisions}.get(increment, [])
        deliver(landing, f"{increment}", *events)
        for name in ("ingest", "refine"):
            argv = ["--stage", name, "--landing", str(landing), "--WORKFLOW_RUN_ID", f"increment {increment}"]
            job.run(lake, job.parse(argv))
    tables = tables_of(lake, "police_dispatch")
    assert {trusted, "lake.quarantine.police_dispatch", "lake.raw.police_dispatch"} < set(tables)
    before = {table: sorted(map(str, lake.table(table).collect())) for table in tables}
    files = lake.table(f"{trusted}.data_files").count()
    assert delete_files(lake, trusted) == (2, 2)

    entries = maintain.JOB.run(lake, arguments("police_dispatch"))

    assert [(entry.state, "skipped" in note(entry)) for entry in entries] == [("SUCCEEDED", False)] * 3
    assert {table: sorted(map(str, lake.table(table).collect())) for table in tables} == before
    assert lake.table(f"{trusted}.data_files").count() == 2 < files
    assert {delete_files(lake, table) for table in tables} == {(0, 0)}
    assert lake.table(trusted).where("city = 'OLNEY'").count() == 2
    published = {table: snapshot_id(lake, table) for table in tables}
    maintain.JOB.run(lake, arguments("police_dispatch"))
    assert {table: snapshot_id(lake, table) for table in tables} == published


def test_two_concurrent_maintenance_runs_both_succeed(lake: SparkSession, tmp_path: Path) -> None:
    for number in range(6):
        publish(lake, number)
    started = Barrier(2)

    def run(run_id: str) -> list[StageRun]:
        session = lake.newSession()
        for name, value in catalog_settings(str(tmp_path / "warehouse")).items():
            session.conf.set(name, value)
        started.wait(timeout=60)
        return maintain.JOB.run(session, arguments("calls", run_id))

    for turn in range(2):
        with ThreadPoolExecutor(2) as pool:
            both = list(pool.map(run, [f"one {turn}", f"two {turn}"]))
        assert [entry.state for entries in both for entry in entries] == ["SUCCEEDED"] * 6

    assert numbers(lake) == [0, 1, 2, 3, 4, 5]
    assert lake.table(f"{TABLE}.data_files").count() == 1
    assert runs(lake).where("state = 'SUCCEEDED'").count() == 12
    assert lake.table(RUNS).count() == 24


def test_rows_can_be_published_during_maintenance(lake: SparkSession) -> None:
    publish(lake, 0)

    def publish_all() -> None:
        for number in range(1, 13):
            publish(lake, number, run_id=f"{number}")

    with ThreadPoolExecutor(1) as pool:
        publishing = pool.submit(publish_all)
        states = []
        while not publishing.done() or not states:
            states += [entry.state for entry in maintain.JOB.run(lake, arguments("calls"))]
        publishing.result()

    assert set(states) == {"SUCCEEDED"}
    assert numbers(lake) == list(range(13))


def test_skipped_tables_are_listed_in_the_log(lake: SparkSession, caplog: pytest.LogCaptureFixture) -> None:
    """The note in the ledger lists the skipped table too."""
    for number in range(6):
        publish(lake, number)
    reason = "a run may be about to publish branch unchanged_next"
    branch = stage_nothing(lake, TABLE, run_id="next")
    with caplog.at_level("INFO", logger="jobs.maintain"):
        compacted, expired, _ = maintain.JOB.run(lake, arguments("calls"))
    branch.publish()

    skipped = f"{TABLE} skipped, because {reason}"
    assert (compacted.state, note(compacted)) == ("SUCCEEDED", f"0 files rewritten in 0 of 2 tables; {skipped}")
    assert (expired.state, note(expired)) == ("SUCCEEDED", f"0 snapshots expired; {skipped}")
    messages = [record.getMessage() for record in caplog.records if record.name == "jobs.maintain"]
    assert [
        message.startswith(f"{TABLE}: maintenance skips this table, because {reason}.") for message in messages
    ] == [
        True,
        True,
    ]


def test_unexpected_errors_fail_the_run(lake: SparkSession, tmp_path: Path) -> None:
    """The error is not a commit conflict, so the table is not skipped."""
    for number in range(6):
        publish(lake, number)
    next((tmp_path / "warehouse/trusted/calls/data").glob("*.parquet")).unlink()

    with pytest.raises(Exception, match=r"(?i)file|job aborted") as failed:
        maintain.JOB.run(lake, arguments("calls"))
    assert not is_commit_conflict(failed.value)
    assert [row.state for row in runs(lake).collect()] == ["FAILED"]


def test_orphan_files_are_removed_once_a_day(lake: SparkSession) -> None:
    publish(lake, 1)
    lake.sql("CREATE NAMESPACE lake.curated")
    for name in ("calls_by_year", "callsigns"):
        lake.sql(f"CREATE TABLE lake.curated.{name} (n int) USING iceberg")
    assert tables_of(lake, "calls") == [TABLE, "lake.curated.calls_by_year"]

    notes = [[note(entry) for entry in maintain.JOB.run(lake, arguments("calls"))] for _ in range(2)]

    assert notes[0][1:] == ["0 snapshots expired", "0 files removed"]
    assert notes[0][0].startswith("0 files rewritten in 0 of 3 tables")
    assert notes[1][2].startswith("skipped, because this stage runs once a day. Last run: ")


def test_expired_staged_rows_are_dropped(lake: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """The staged rows do not have the columns of the table. They expire after the snapshot retention."""
    publish(lake, 1)
    stage(lake, lake.range(3).toDF("renamed"), table=TABLE, run_id="blocked")
    for retention, is_kept in [(maintain.SNAPSHOT_RETENTION, True), (timedelta(0), False)]:
        monkeypatch.setattr(maintain, "SNAPSHOT_RETENTION", retention)
        maintain.JOB.run(lake, arguments("calls"))
        assert (find_staged(lake, TABLE, run_id="blocked") is not None) is is_kept
    assert numbers(lake) == [1]


def test_dataset_without_tables_is_an_error(lake: SparkSession) -> None:
    with pytest.raises(NotPublishedError, match=r"lake.raw.typo: no run has published this table"):
        maintain.JOB.run(lake, arguments("typo"))
