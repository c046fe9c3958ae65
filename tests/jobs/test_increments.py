"""Events that arrive in increments, in any order, twice, late and broken, leave the tables that one delivery leaves."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from pyspark.sql import DataFrame, DataFrameWriterV2, SparkSession
from pyspark.sql import functions as F

from expectations.errors import ExpectationsNotMetError
from jobs.blocked import resolve
from jobs.masking_key import MaskingKeyError
from jobs.publisher import Publisher
from jobs.stages import create as create_stage
from jobs.stages import dataset_job
from jobs.stages import ingest as ingest_stage
from lake import ledger, staging
from lake.errors import NotStagedError, OvertakenError
from lake.ledger import StageResult
from lake.staging import Staged
from lake.tables import snapshot_id
from transforms.dataset import Dataset
from transforms.datasets import police_dispatch
from transforms.dedupe import LINEAGE_COLUMNS, drop_superseded_rows
from transforms.schema import change_schema

TRUSTED, QUARANTINE = "lake.trusted.police_dispatch", "lake.quarantine.police_dispatch"
POLICE = police_dispatch.DATASET
_NEEDED = ("incident_id", "start_time", "city", "row_ts", "end_time", "initial_type", "priority", "dispatch_arrive")
RUN_IDS = (f"run {number}" for number in count())


def few_columns(raw: DataFrame) -> DataFrame:
    """Make incidents of the columns that the suite and these tests need: Spark plans them in a fraction of the time."""
    fields = [field for field in POLICE.layouts["police_dispatch"] if field.name in (*_NEEDED, "arrive_cleared")]
    return (
        raw.transform(change_schema, fields=fields, keep=LINEAGE_COLUMNS, malformed="_malformed_record")
        .withColumns({"coordinates_are_valid": F.lit(True), "city": F.expr("nullif(city, '')")})
        .transform(drop_superseded_rows, key=["incident_id"])
    )


FEW = replace(
    POLICE,
    build=few_columns,
    revision_order=("_is_current", "row_ts", "city", "start_time", "_source_file", "_row_number"),
)
STRICT = replace(FEW, min_rows_for_mostly=0)


def event(
    number: int | None, *, at: int = 0, day: str | None = "2024-07-10", city: str = "ROCKVILLE", **cells: Any
) -> dict:
    """Return a record of an incident, extracted at a minute; without a day it is one for quarantine."""
    start = day and f"{day}T13:05:22.000"
    row_ts = f"2024-08-01 00:{at:02}:00"
    id_ = None if number is None else f"P{number:04}"
    return {"incident_id": id_, "start_time": start, "city": city, "row_ts": row_ts}


def deliver(landing, name: str, *events: dict | str) -> None:
    lines = (each if isinstance(each, str) else json.dumps(each) for each in events)
    landing.file(f"2024/08/01/00/{name}.json", "\n".join(lines).encode())


def arguments(landing, *more: str):
    return dataset_job(POLICE).parse(["--landing", str(landing), *more])


def ingest(lake: SparkSession, landing, run_id: str) -> StageResult:
    return ingest_stage(FEW, lake, arguments(landing, "--WORKFLOW_RUN_ID", run_id))


def publisher(lake: SparkSession, run_id: str, *, dataset: Dataset = FEW, key: bytes | None = None) -> Publisher:
    return Publisher(lake, dataset, run_id, key)


def run(
    lake: SparkSession, landing, *, dataset: Dataset = FEW, run_id: str | None = None, **options: Any
) -> StageResult:
    run_id = run_id or next(RUN_IDS)
    ingest(lake, landing, run_id)
    result = publisher(lake, run_id, dataset=dataset, key=options.pop("masking_key", None)).refine(**options)
    if result.error:
        raise result.error
    return result


def validated(lake: SparkSession, landing, run_id: str, *, full_refresh: bool = False) -> Publisher:
    """Return a publisher with rows that are ready to be published."""
    ingest(lake, landing, run_id)
    ready = publisher(lake, run_id)
    assert ready.stage(full_refresh=full_refresh).rows_out
    assert not ready.validate().error
    return ready


def is_blocked(publisher: Publisher) -> bool:
    progress = publisher.progress()
    return progress is not None and progress.block is not None


def minute(row: Any) -> int | None:
    return row.row_ts and row.row_ts.minute


def trusted(lake: SparkSession) -> list[tuple]:
    rows = lake.table(TRUSTED).orderBy("incident_id").collect()
    return [(row.incident_id, minute(row), row.city, str(row.start_time.date())) for row in rows]


def quarantine(lake: SparkSession) -> list[tuple]:
    rows = lake.table(QUARANTINE).collect()
    return sorted((row.incident_id or "", minute(row) or 0, *sorted(row._failed_expectations)) for row in rows)


DELIVERIES = {
    "a": [event(1, at=1), event(2, at=1), event(3, at=1, day=None), event(4, at=1)],
    "b": [event(1, at=2, city="BETHESDA"), event(3, at=2), event(4, at=2, day=None), '{"incident_id": "P0001", "ci'],
    "c": [event(2, at=0, city="OLNEY"), event(5, at=3, day="2023-01-31"), event(None, at=3), event(4, at=3, city="")],
    "d": [event(5, at=4, day=None), event(1, at=2, city="BETHESDA"), event(6, at=4, day=None), event(6, at=3)],
}
GOOD = [event(7), event(8), event(9)]

NO_DAY = "start_time_present"
TRUSTED_OF_ALL = [
    ("P0001", 2, "BETHESDA", "2024-07-10"),
    ("P0002", 1, "ROCKVILLE", "2024-07-10"),
    ("P0003", 2, "ROCKVILLE", "2024-07-10"),
    ("P0004", 3, None, "2024-07-10"),
    ("P0005", 3, "ROCKVILLE", "2023-01-31"),
    ("P0006", 3, "ROCKVILLE", "2024-07-10"),
]
QUARANTINE_OF_ALL = [
    ("", 0, "every_cell_readable", "incident_id_present", NO_DAY),
    ("", 3, "incident_id_present"),
    ("P0005", 4, NO_DAY),
    ("P0006", 4, NO_DAY),
]


@pytest.mark.parametrize("turns", [["abcd"], ["d", "cb", "a"], ["bd", "ac", "d"]])
def test_in_whatever_order_and_however_often_it_comes_the_tables_are_the_same(
    lake: SparkSession, landing, turns: list[str]
) -> None:
    for turn, names in enumerate(turns):
        for name in names:
            blank_lines = [""] * turn  # which make it another content
            deliver(landing, f"{name}{turn}", *blank_lines, *DELIVERIES[name])
        run(lake, landing)

    assert (trusted(lake), quarantine(lake)) == (TRUSTED_OF_ALL, QUARANTINE_OF_ALL)


def test_increments_give_the_tables_that_a_full_refresh_gives(lake: SparkSession, landing) -> None:
    for name in "ab":
        deliver(landing, name, *DELIVERIES[name])
        run(lake, landing, dataset=POLICE)
    found, before = (trusted(lake), quarantine(lake)), snapshot_id(lake, TRUSTED)

    assert (run(lake, landing, dataset=POLICE).notes, snapshot_id(lake, TRUSTED)) == (
        ("nothing is new in raw",),
        before,
    )
    again = run(lake, landing, dataset=POLICE, full_refresh=True)

    assert (trusted(lake), quarantine(lake)) == found
    assert (again.rows_in, again.rows_out) == (lake.table("lake.raw.police_dispatch").count(), len(found[0]))


def test_rows_that_a_rewritten_file_no_longer_has_are_gone_and_rows_that_they_had_replaced_are_back(
    lake: SparkSession, landing
) -> None:
    deliver(landing, "a", event(1, at=1), event(2, at=1), *GOOD)
    deliver(landing, "b", event(1, at=2, city="BETHESDA"), event(3, at=2), event(4, day=None))
    run(lake, landing)
    deliver(landing, "b", event(3, at=3, city="OLNEY"))
    assert ingest(lake, landing, "again").notes == ("2024/08/01/00/b.json was delivered again with other content",)
    assert run(lake, landing).notes == ("full refresh, because files were delivered again with other content",)

    assert trusted(lake)[:3] == [
        ("P0001", 1, "ROCKVILLE", "2024-07-10"),
        ("P0002", 1, "ROCKVILLE", "2024-07-10"),
        ("P0003", 3, "OLNEY", "2024-07-10"),
    ]
    assert quarantine(lake) == []
    deliver(landing, "c", event(2, at=4, city="OLNEY"))
    assert run(lake, landing).rows_in == 1  # the next run is an increment again
    assert trusted(lake)[1] == ("P0002", 4, "OLNEY", "2024-07-10")


def test_another_masking_key_is_refused_except_in_a_full_refresh(lake: SparkSession, landing) -> None:
    deliver(landing, "a", *GOOD)
    run(lake, landing, masking_key=b"one")
    deliver(landing, "b", event(7, at=1))
    before = trusted(lake)
    with pytest.raises(MaskingKeyError, match="was masked with another key. .* or refresh trusted with .*: --rebuild"):
        run(lake, landing, masking_key=b"another")

    assert trusted(lake) == before
    run(lake, landing, masking_key=b"one")
    run(lake, landing, masking_key=b"another", full_refresh=True)
    assert trusted(lake) == [("P0007", 1, *before[0][2:]), *before[1:]]
    deliver(landing, "c", event(7, at=2))
    with pytest.raises(MaskingKeyError):
        run(lake, landing, masking_key=b"one")


def parked(lake: SparkSession) -> list[tuple]:
    """Return the keys of parked rows, their own failures, and the expectations that blocked them."""
    rows = lake.table(QUARANTINE).where("_blocked_by IS NOT NULL").collect()
    return sorted((row.incident_id or "", tuple(row._failed_expectations), tuple(row._blocked_by)) for row in rows)


def test_a_blocked_increment_is_parked_in_quarantine_and_the_next_one_goes_through(lake: SparkSession, landing) -> None:
    deliver(landing, "a", *GOOD)
    run(lake, landing)
    broken = [event(number, at=1, day=None) for number in range(100, 199)]
    deliver(landing, "b", event(7, at=1, city="OLNEY"), event(100), *broken)
    with pytest.raises(ExpectationsNotMetError) as blocked:
        run(lake, landing, run_id="blocked")

    assert "start_time_present" in str(blocked.value)
    assert f"are in {QUARANTINE}, parked; the whole" in str(blocked.value)
    assert "citylake resolve police_dispatch" in str(blocked.value)
    assert [row[:3] for row in trusted(lake)] == [(f"P000{n}", 0, "ROCKVILLE") for n in (7, 8, 9)]
    broken_rows = [(f"P{number:04}", (NO_DAY,), (NO_DAY,)) for number in range(100, 199)]
    assert parked(lake) == [("P0007", (), (NO_DAY,)), *broken_rows]

    again = publisher(lake, "blocked")  # AWS Glue starts a job once more that failed
    for step in (again.stage, again.validate):
        result = step()
        assert (result.verdict, result.state) == ("blocked", "BLOCKED")
        assert re.search(f"start_time_present.*\n.* are in {QUARANTINE}, parked", str(result.error))

    deliver(landing, "c", event(100, at=2), event(7, at=3, city="BETHESDA"))
    assert run(lake, landing).rows_in == 2
    assert [row[:3] for row in trusted(lake)][::3] == [("P0007", 3, "BETHESDA"), ("P0100", 2, "ROCKVILLE")]
    assert parked(lake) == broken_rows[1:]
    assert is_blocked(again)
    deliver(landing, "d", *(event(number, at=2) for number in range(101, 199)))
    run(lake, landing)
    assert (parked(lake), len(trusted(lake)), is_blocked(again)) == ([], 102, False)


def test_parked_rows_are_resolved_with_the_suite_and_the_code_of_today_or_row_by_row(
    lake: SparkSession, landing
) -> None:
    deliver(landing, "a", *GOOD)
    run(lake, landing)
    deliver(landing, "b", event(1, at=1), *(event(number, at=1, day=None) for number in (2, 3)))
    with pytest.raises(ExpectationsNotMetError):
        run(lake, landing, dataset=STRICT)
    deliver(landing, "c", event(4, at=1))
    assert run(lake, landing, dataset=STRICT).rows_out == 1
    assert resolve(publisher(lake, "none", dataset=STRICT)).state == "BLOCKED"
    assert len(parked(lake)) == 3

    corrected = replace(STRICT, build=with_start)
    done = resolve(publisher(lake, "corrected", dataset=corrected))
    assert (done.state, done.rows_in, done.rows_out) == ("SUCCEEDED", 3, 3)
    assert ([row[0][-1] for row in trusted(lake)], quarantine(lake)) == ([*"1234789"], [])
    assert resolve(publisher(lake, "again")).notes == ("no increment is blocked",)

    deliver(landing, "d", event(1, at=2, city="OLNEY"), *(event(number, at=2, day=None) for number in (2, 3)))
    with pytest.raises(ExpectationsNotMetError):
        run(lake, landing, dataset=STRICT)
    done = resolve(publisher(lake, "row by row", dataset=STRICT), row_by_row=True)
    assert (done.state, done.rows_out, done.rows_quarantined) == ("SUCCEEDED", 1, 2)
    assert (trusted(lake)[0][:3], parked(lake)) == (("P0001", 2, "OLNEY"), [])
    assert quarantine(lake) == [("P0002", 2, NO_DAY), ("P0003", 2, NO_DAY)]


def with_start(raw: DataFrame) -> DataFrame:
    return few_columns(raw).withColumn(
        "start_time", F.coalesce("start_time", F.timestamp_seconds(F.lit(1_720_600_000)))
    )


def test_shares_of_small_increments_are_taken_over_a_trailing_window(lake: SparkSession, landing) -> None:
    """Half of the rows may lack a time of start, among the last 10."""
    windowed = replace(FEW, min_rows_for_mostly=10)
    job = dataset_job(windowed, stages=("ingest", "refine"))

    def deliver_and_run(name: str, *events: dict) -> str:
        deliver(landing, name, *events)
        try:
            return job.run(lake, job.parse(["--landing", str(landing)]))[-1].state
        except ExpectationsNotMetError as error:
            return str(error)

    def bad(first: int, size: int) -> list[dict]:
        return [event(number, day=None) for number in range(first, first + size)]

    good = [event(number) for number in range(10)]
    assert deliver_and_run("a", *good) == "SUCCEEDED"
    assert deliver_and_run("b", event(20), *bad(21, 3)) == "SUCCEEDED"  # 3 of the last 10
    assert deliver_and_run("c", event(30)) == "SUCCEEDED"
    assert "start_time_present" in deliver_and_run("d", event(40), *bad(41, 4))  # 7 of the last 10
    assert deliver_and_run("e", event(50)) == "SUCCEEDED"
    every = deliver_and_run("f", *bad(60, 2))
    assert "every one of the 2 rows fails a critical expectation" in every
    assert deliver_and_run("g", *bad(70, 1)) == "SUCCEEDED"  # of one row nothing is said
    assert [row[0] for row in parked(lake)] == ["P0040", "P0041", "P0042", "P0043", "P0044", "P0060", "P0061"]


def test_a_blocked_increment_holds_up_nothing_and_a_blocked_full_refresh_changes_nothing(
    lake: SparkSession, landing
) -> None:
    def blocked(**options: Any) -> str:
        with pytest.raises(ExpectationsNotMetError) as error:
            run(lake, landing, dataset=STRICT, **options)
        return str(error.value)

    deliver(landing, "first", event(1, day=None))
    assert "citylake resolve" in blocked()
    assert (trusted(lake), parked(lake)) == ([], [("P0001", (NO_DAY,), (NO_DAY,))])

    deliver(landing, "a", *GOOD)
    deliver(landing, "b", event(5))
    assert run(lake, landing, dataset=STRICT).rows_in == 4
    deliver(landing, "a", *(event(number, at=1, day=None) for number in (7, 8, 9, 10, 11)))
    assert "citylake resolve" in blocked()  # a file that is rewritten
    assert [row[:2] for row in trusted(lake)] == [("P0005", 0), ("P0007", 0), ("P0008", 0), ("P0009", 0)]
    waiting = [("P0001", 0, NO_DAY), *((f"P{number:04}", 1, NO_DAY) for number in (7, 8, 9, 10, 11))]
    assert quarantine(lake) == waiting

    deliver(landing, "c", event(2))
    assert run(lake, landing, dataset=STRICT).rows_in == 1
    before = snapshot_id(lake, TRUSTED), snapshot_id(lake, QUARANTINE)
    assert "are in lake.trusted.police_dispatch.branch_candidates_run" in blocked(full_refresh=True)
    assert (snapshot_id(lake, TRUSTED), snapshot_id(lake, QUARANTINE)) == before
    assert ([row[0] for row in trusted(lake)][::4], quarantine(lake)) == (["P0002", "P0009"], waiting)
    # The file that was rewritten withdrew rows of trusted: only a full refresh can resolve that.
    assert resolve(publisher(lake, "strict", dataset=STRICT)).state == "BLOCKED"
    done = resolve(publisher(lake, "resolved", dataset=STRICT), row_by_row=True)
    assert (done.state, done.rows_in) == ("SUCCEEDED", 11)
    assert ([row[0][-1] for row in trusted(lake)], len(quarantine(lake))) == ([*"25789"], 6)
    assert (parked(lake), is_blocked(publisher(lake, "x"))) == ([], False)


@pytest.mark.parametrize("way", ["resolve", "newer revisions"])
def test_withdrawn_rows_stay_due_after_another_blocked_increment(lake: SparkSession, landing, way: str) -> None:
    deliver(landing, "a", *GOOD)
    deliver(landing, "b", event(5))
    run(lake, landing)
    deliver(landing, "a", *(event(number, at=1, day=None) for number in (10, 11, 12)))  # withdraws the rows of GOOD
    with pytest.raises(ExpectationsNotMetError):
        run(lake, landing, dataset=STRICT)
    deliver(landing, "c", *(event(number, day=None) for number in (20, 21, 22)))
    with pytest.raises(ExpectationsNotMetError):
        run(lake, landing, dataset=STRICT)
    if way == "resolve":
        assert resolve(publisher(lake, "resolved", dataset=STRICT), row_by_row=True).state == "SUCCEEDED"
        assert [row[0] for row in trusted(lake)] == ["P0005"]
    else:
        deliver(landing, "d", *(event(number, at=9) for number in (10, 11, 12, 20, 21, 22)))
        run(lake, landing, dataset=STRICT)
    assert is_blocked(publisher(lake, "x")) is (way == "newer revisions")


def test_nothing_is_published_that_was_not_validated(lake: SparkSession, landing) -> None:
    deliver(landing, "a", *GOOD)
    run(lake, landing)
    deliver(landing, "b", event(1))
    ingest(lake, landing, "other")
    with pytest.raises(NotStagedError, match="raw has new rows that no run has staged, so nothing is published"):
        publisher(lake, "other").validate()
    publisher(lake, "other").stage()

    with pytest.raises(NotStagedError, match="the rows on .*branch_candidates_other are not validated"):
        publisher(lake, "other").publish()
    publisher(lake, "other").validate()
    publisher(lake, "other").publish()
    assert [row[0] for row in trusted(lake)] == ["P0001", "P0007", "P0008", "P0009"]


def test_a_run_that_is_resumed_under_another_id_takes_over_the_staged_rows(lake: SparkSession, landing) -> None:
    deliver(landing, "a", *GOOD)
    ingest(lake, landing, "first")
    publisher(lake, "first").stage()

    publisher(lake, "resumed").validate()
    assert publisher(lake, "resumed again").publish().rows_out == 3
    for step in (publisher(lake, "first").validate, publisher(lake, "first").publish):
        assert step().notes == ("nothing is staged",)
    assert len(trusted(lake)) == 3


def test_skipped_files_and_files_delivered_again_are_in_the_result(lake: SparkSession, landing) -> None:
    deliver(landing, "a", *GOOD)
    run(lake, landing)
    landing.file("notes.txt", b"hello")
    deliver(landing, "a", event(7), event(8))

    created = create_stage(FEW, lake, arguments(landing))
    assert created.skipped_files["notes.txt"].startswith("not one of ")
    assert created.state == "SUCCEEDED_WITH_SKIPS"
    assert created.notes[0] == "2024/08/01/00/a.json was delivered again with other content"


def test_one_of_two_runs_at_once_publishes_and_the_other_publishes_nothing(lake: SparkSession, landing) -> None:
    deliver(landing, "a", *GOOD)
    run(lake, landing)
    deliver(landing, "b", event(1), event(2, day=None))
    slow = [validated(lake, landing, "slow increment"), validated(lake, landing, "slow refresh", full_refresh=True)]
    staged = [each._staged() for each in slow]
    deliver(landing, "c", event(3), event(4, day=None))
    run(lake, landing)
    before = snapshot_id(lake, TRUSTED), snapshot_id(lake, QUARANTINE)

    for rows in staged:
        with pytest.raises(OvertakenError, match=f"to {rows.place}"):
            rows.publish()

    assert (snapshot_id(lake, TRUSTED), snapshot_id(lake, QUARANTINE)) == before
    assert [row[0] for row in trusted(lake)] == ["P0001", "P0003", "P0007", "P0008", "P0009"]
    assert quarantine(lake) == [("P0002", 0, NO_DAY), ("P0004", 0, NO_DAY)]


def failed_rows_in_history(lake: SparkSession) -> int:
    """Return the number of failed rows in the snapshots that were ever the published one."""
    ids = {row.snapshot_id for row in lake.table(f"{TRUSTED}.history").collect()}
    versions = (lake.sql(f"SELECT * FROM {TRUSTED} VERSION AS OF {id_} WHERE _quarantined") for id_ in ids)
    return sum(rows.count() for rows in versions)


def test_no_snapshot_holds_a_row_that_failed(lake: SparkSession, landing) -> None:
    for name in "abcd":
        deliver(landing, name, *DELIVERIES[name])
        run(lake, landing)

    assert lake.table(f"{TRUSTED}.snapshots").count() == 4
    assert failed_rows_in_history(lake) == 0


@pytest.mark.parametrize("failing", ["publish", "drop"])
def test_a_publish_that_failed_and_is_repeated_loses_no_row(
    lake: SparkSession, landing, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    """`publish` of trusted comes after that of quarantine. `drop` of the branch comes after the fast-forward."""
    works = getattr(Staged, failing)

    def fail(staged: Staged, **options: Any) -> Any:
        if staged.table == TRUSTED:
            raise OSError("the network is down")
        return works(staged, **options)

    for number, name in enumerate(["first", "next"]):
        deliver(landing, name, event(1, at=number), event(2, at=number, day=None), event(3 + number, day=None))
        ready = validated(lake, landing, name)
        with monkeypatch.context() as patch, pytest.raises(OSError, match="the network is down"):
            patch.setattr(Staged, failing, fail)
            ready.publish()
        publisher(lake, name).publish()

    assert [row[:2] for row in trusted(lake)] == [("P0001", 1)]
    assert quarantine(lake) == [("P0002", 1, NO_DAY), ("P0003", 0, NO_DAY), ("P0004", 0, NO_DAY)]


def test_a_run_killed_at_any_write_and_started_again_gives_the_tables_of_one_that_was_not(
    lake: SparkSession, landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, writes = [1_000_000], []

    def killing(function):
        def write(*args, **kwargs):
            statement = str(args[1]).split()[0] if function.__name__ == "sql" else function.__name__
            if statement not in ("SHOW", "SELECT"):
                writes.append(statement)
                left[0] -= 1
                if left[0] == 0:
                    raise Killed
            return function(*args, **kwargs)

        return write

    writers = [(DataFrameWriterV2, "append"), (DataFrameWriterV2, "overwrite"), (SparkSession, "sql")]
    writers += [(staging, "add_properties"), (staging, "expire"), (ledger, "append_records")]
    for owner, name in writers:
        monkeypatch.setattr(owner, name, killing(getattr(owner, name)))
    deliver(landing, "first", event(1), event(2, day=None))
    run(lake, landing)
    point, points = 0, len(writes)
    while points == len(writes):  # until a run has fewer writes and is not killed
        point, left[0], points = point + 1, point + 1, len(writes) + point + 1
        deliver(landing, f"{point}", event(1, at=point), event(100 + point, day=None), event(200 + point))
        with suppress(Killed):
            run(lake, landing, run_id=f"killed {point}")

    assert point > 15
    assert trusted(lake)[0][:2] == ("P0001", point)
    assert [row[0] for row in trusted(lake)[1:]] == [f"P{200 + each:04}" for each in range(1, point + 1)]
    assert [row[0] for row in quarantine(lake)] == ["P0002", *(f"P{100 + each:04}" for each in range(1, point + 1))]
    assert lake.table("lake.raw.police_dispatch").count() == 2 + 3 * point
    assert failed_rows_in_history(lake) == 0


class Killed(BaseException):
    """The process ends here."""


def kill_before_fast_forward(monkeypatch: pytest.MonkeyPatch, table: str) -> None:
    works = staging._fast_forward

    def fast_forward(staged: Staged) -> None:
        if staged.table == table:
            raise Killed
        works(staged)

    monkeypatch.setattr(staging, "_fast_forward", fast_forward)


def kill_before_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    works = Staged.publish

    def publish(staged: Staged, **options: Any) -> Any:
        if staged.table == TRUSTED:
            raise Killed
        return works(staged, **options)

    monkeypatch.setattr(Staged, "publish", publish)


@pytest.mark.parametrize("full_refresh", [False, True])
def test_publish_is_repeated_after_a_kill_before_the_fast_forward(
    lake: SparkSession, landing, monkeypatch: pytest.MonkeyPatch, full_refresh: bool
) -> None:
    deliver(landing, "a", *GOOD, event(1, at=5))
    run(lake, landing)
    deliver(landing, "b", event(2, day=None), event(3), event(1, at=2, day=None))
    ready = validated(lake, landing, "r", full_refresh=full_refresh)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        kill_before_fast_forward(patch, TRUSTED)
        ready.publish()

    assert publisher(lake, "r").publish().rows_in == (6 if full_refresh else 3)
    assert quarantine(lake) == [("P0002", 0, NO_DAY)]
    assert [row[:2] for row in trusted(lake)] == [("P0001", 5), ("P0003", 0), ("P0007", 0), ("P0008", 0), ("P0009", 0)]
    assert failed_rows_in_history(lake) == 0


@pytest.mark.parametrize("step", ["resolve", "increment", "full refresh"])
def test_parked_rows_survive_a_kill_between_quarantine_and_trusted(
    lake: SparkSession, landing, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Their rows are before the watermark, so no increment would stage them again."""
    deliver(landing, "a", *GOOD)
    run(lake, landing)
    deliver(landing, "b", event(1, at=1), *(event(number, at=1, day=None) for number in (2, 3)))
    with pytest.raises(ExpectationsNotMetError):
        run(lake, landing, dataset=STRICT)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        kill_before_trusted(patch)
        if step == "full refresh":
            run(lake, landing, full_refresh=True)
        else:
            resolve(publisher(lake, "one", dataset=STRICT), row_by_row=True)
    if step == "resolve":
        assert resolve(publisher(lake, "two"), row_by_row=True).rows_out == 4
    else:
        deliver(landing, "c", event(5))
        note = "full refresh, because a run was killed after it published quarantine and before trusted"
        assert run(lake, landing).notes == (note,)

    assert [row[0][-1] for row in trusted(lake)] == [*("1789" if step == "resolve" else "15789")]
    assert (len(quarantine(lake)), parked(lake), is_blocked(publisher(lake, "x"))) == (2, [], False)


def test_a_failing_row_after_a_blocked_first_delivery_goes_to_quarantine(lake: SparkSession, landing) -> None:
    deliver(landing, "first", event(1, day=None), event(2, day=None))
    with pytest.raises(ExpectationsNotMetError):
        run(lake, landing)
    deliver(landing, "next", event(3, day=None))
    assert run(lake, landing).state == "SUCCEEDED"
    assert len(quarantine(lake)) == 3


def test_parked_rows_are_not_resolved_with_another_masking_key(lake: SparkSession, landing) -> None:
    deliver(landing, "a", *GOOD)
    run(lake, landing, masking_key=b"one")
    deliver(landing, "b", event(1), event(2, day=None), event(3, day=None))
    with pytest.raises(ExpectationsNotMetError):
        run(lake, landing, dataset=STRICT, masking_key=b"one")
    with pytest.raises(MaskingKeyError):
        resolve(publisher(lake, "other", dataset=STRICT, key=b"another"), row_by_row=True)
