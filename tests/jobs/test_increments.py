"""Increments in any order give the same tables as one delivery, even if increments are repeated, late or broken."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
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
from lake.session import catalog_settings
from lake.staging import Staged, find_staged
from lake.tables import snapshot_id
from tests.conftest import Landing
from tests.jobs.incidents import FEW, GOOD, POLICE, STRICT, deliver, event, few_columns
from transforms.dataset import Dataset

TRUSTED, QUARANTINE = "lake.trusted.police_dispatch", "lake.quarantine.police_dispatch"
RUN_IDS = (f"run {number}" for number in count())
BAD = [event(1, at=1), event(2, at=1, day=None), event(3, at=1, day=None)]
NO_DAY = "start_time_present"


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


def run_blocked(lake: SparkSession, landing, *, dataset: Dataset = STRICT, **options: Any) -> str:
    """Run the job, expect that it blocks the new rows, and return the error message."""
    with pytest.raises(ExpectationsNotMetError) as error:
        run(lake, landing, dataset=dataset, **options)
    return str(error.value)


def validated(lake: SparkSession, landing, run_id: str, *, full_refresh: bool = False) -> Publisher:
    """Return a publisher whose rows are staged and validated, but not published."""
    ingest(lake, landing, run_id)
    ready = publisher(lake, run_id)
    assert ready.stage(full_refresh=full_refresh).rows_out
    assert not ready.validate().error
    return ready


@pytest.fixture(scope="module")
def warehouses(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with two copies of a warehouse.

    The copy `published` was made after GOOD was published. The copy `blocked` was made later, after BAD was blocked.
    Iceberg stores absolute paths, so `restore` puts a copy at the original path of the warehouse.
    """
    folder = tmp_path_factory.mktemp("increments")
    lake, landing = open_lake(spark, folder), Landing(folder / "landing")
    deliver(landing, "a", *GOOD)
    run(lake, landing)
    shutil.copytree(folder / "warehouse", folder / "published")
    deliver(landing, "b", *BAD)
    run_blocked(lake, landing)
    (folder / "warehouse").rename(folder / "blocked")
    return folder


def open_lake(spark: SparkSession, folder: Path) -> SparkSession:
    session = spark.newSession()
    for name, value in catalog_settings(str(folder / "warehouse")).items():
        session.conf.set(name, value)
    return session


def restore(spark: SparkSession, folder: Path, name: str) -> Iterator[SparkSession]:
    shutil.copytree(folder / name, folder / "warehouse")
    yield open_lake(spark, folder)
    shutil.rmtree(folder / "warehouse")


@pytest.fixture
def published(spark: SparkSession, warehouses: Path, landing) -> Iterator[SparkSession]:
    """Yield a lake in which the rows GOOD of `a.json` are published."""
    deliver(landing, "a", *GOOD)
    yield from restore(spark, warehouses, "published")


@pytest.fixture
def blocked(spark: SparkSession, warehouses: Path, landing) -> Iterator[SparkSession]:
    """Yield a lake in which the rows GOOD of `a.json` are published, but the rows BAD of `b.json` are parked."""
    deliver(landing, "a", *GOOD)
    deliver(landing, "b", *BAD)
    yield from restore(spark, warehouses, "blocked")


def is_blocked(lake: SparkSession) -> bool:
    progress = publisher(lake, "any").progress()
    return progress is not None and progress.block is not None


def minute(row: Any) -> int | None:
    return row.row_ts and row.row_ts.minute


def trusted(lake: SparkSession) -> list[tuple]:
    rows = lake.table(TRUSTED).orderBy("incident_id").collect()
    return [(row.incident_id, minute(row), row.city, str(row.start_time.date())) for row in rows]


def trusted_numbers(lake: SparkSession) -> list[int]:
    return [int(row[0][1:]) for row in trusted(lake)]


def quarantine(lake: SparkSession) -> list[tuple]:
    rows = lake.table(QUARANTINE).collect()
    return sorted((row.incident_id or "", minute(row) or 0, *sorted(row._failed_expectations)) for row in rows)


def parked(lake: SparkSession) -> list[tuple]:
    """Return the key, the failed expectations and the blocking expectations of each parked row."""
    rows = lake.table(QUARANTINE).where("_blocked_by IS NOT NULL").collect()
    return sorted((row.incident_id or "", tuple(row._failed_expectations), tuple(row._blocked_by)) for row in rows)


def heads(lake: SparkSession) -> tuple[int | None, int | None]:
    return snapshot_id(lake, TRUSTED), snapshot_id(lake, QUARANTINE)


def failed_rows_in_history(lake: SparkSession) -> int:
    """Return the number of failed rows in all published snapshots of trusted."""
    ids = {row.snapshot_id for row in lake.table(f"{TRUSTED}.history").collect()}
    versions = (lake.sql(f"SELECT * FROM {TRUSTED} VERSION AS OF {id_} WHERE _quarantined") for id_ in ids)
    return sum(rows.count() for rows in versions)


DELIVERIES = {
    "a": [event(1, at=1), event(2, at=1), event(3, at=1, day=None), event(4, at=1)],
    "b": [event(1, at=2, city="BETHESDA"), event(3, at=2), event(4, at=2, day=None), '{"incident_id": "P0001", "ci'],
    "c": [event(2, at=0, city="OLNEY"), event(5, at=3, day="2023-01-31"), event(None, at=3), event(4, at=3, city="")],
    "d": [event(5, at=4, day=None), event(1, at=2, city="BETHESDA"), event(6, at=4, day=None), event(6, at=3)],
}
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
def test_repeated_or_reordered_deliveries_give_the_same_tables(lake: SparkSession, landing, turns: list[str]) -> None:
    for turn, names in enumerate(turns):
        for name in names:
            # Ingest skips a file whose content is already in raw. So each turn adds a different number of blank lines.
            blank_lines = [""] * turn
            deliver(landing, f"{name}{turn}", *blank_lines, *DELIVERIES[name])
        run(lake, landing)

    assert (trusted(lake), quarantine(lake)) == (TRUSTED_OF_ALL, QUARANTINE_OF_ALL)
    assert lake.table(f"{TRUSTED}.snapshots").count() == len(turns)
    assert failed_rows_in_history(lake) == 0


def test_full_refresh_gives_the_same_tables(lake: SparkSession, landing) -> None:
    """The tables are the same as after increments."""
    for name in "ab":
        deliver(landing, name, *DELIVERIES[name])
        run(lake, landing, dataset=POLICE)
    before, tables = heads(lake), (trusted(lake), quarantine(lake))

    assert run(lake, landing, dataset=POLICE).notes == ("nothing is new in raw",)
    assert heads(lake) == before
    again = run(lake, landing, dataset=POLICE, full_refresh=True)

    assert (trusted(lake), quarantine(lake)) == tables
    assert (again.rows_in, again.rows_out) == (lake.table("lake.raw.police_dispatch").count(), len(tables[0]))


def test_rows_missing_from_redelivered_files_are_removed(lake: SparkSession, landing) -> None:
    """If another file has an earlier revision of a removed row, trusted gets that revision again."""
    deliver(landing, "a", event(1, at=1), event(2, at=1), *GOOD)
    deliver(landing, "b", event(1, at=2, city="BETHESDA"), event(3, at=2), event(4, day=None))
    run(lake, landing)
    deliver(landing, "b", event(3, at=3, city="OLNEY"))
    assert ingest(lake, landing, "again").notes == ("2024/08/01/00/b.json was delivered again with different content",)
    assert run(lake, landing).notes == ("full refresh, because files were delivered again with different content",)

    assert trusted(lake)[:3] == [
        ("P0001", 1, "ROCKVILLE", "2024-07-10"),
        ("P0002", 1, "ROCKVILLE", "2024-07-10"),
        ("P0003", 3, "OLNEY", "2024-07-10"),
    ]
    assert quarantine(lake) == []
    deliver(landing, "c", event(2, at=4, city="OLNEY"))
    assert run(lake, landing).rows_in == 1  # the next run is an increment again
    assert trusted(lake)[1] == ("P0002", 4, "OLNEY", "2024-07-10")


def test_masking_key_change_requires_a_full_refresh(lake: SparkSession, landing) -> None:
    deliver(landing, "a", *GOOD)
    run(lake, landing, masking_key=b"one")
    deliver(landing, "b", *BAD)
    run_blocked(lake, landing, masking_key=b"one")
    before = heads(lake)
    with pytest.raises(MaskingKeyError):
        resolve(publisher(lake, "resolve", dataset=STRICT, key=b"another"), row_by_row=True)
    with pytest.raises(
        MaskingKeyError, match="masked with another key, .* earlier key as --masking-key, or pass --rebuild"
    ):
        run(lake, landing, masking_key=b"another")
    assert heads(lake) == before

    run(lake, landing, masking_key=b"another", full_refresh=True)
    assert trusted_numbers(lake) == [1, 7, 8, 9]
    deliver(landing, "c", event(7, at=2))
    with pytest.raises(MaskingKeyError):
        run(lake, landing, masking_key=b"one")


def test_blocked_rows_stay_parked_during_later_increments(published: SparkSession, landing) -> None:
    lake = published
    broken = [event(number, at=1, day=None) for number in range(100, 199)]
    deliver(landing, "b", event(7, at=1, city="OLNEY"), event(100), *broken)
    message = run_blocked(lake, landing, dataset=FEW, run_id="blocked")

    assert "start_time_present" in message
    assert f"are in {QUARANTINE}, parked. Each row has its file and row number. The complete result" in message
    assert "citylake resolve police_dispatch" in message
    assert [row[:3] for row in trusted(lake)] == [(f"P000{n}", 0, "ROCKVILLE") for n in (7, 8, 9)]
    broken_rows = [(f"P{number:04}", (NO_DAY,), (NO_DAY,)) for number in range(100, 199)]
    assert parked(lake) == [("P0007", (), (NO_DAY,)), *broken_rows]

    retry = publisher(lake, "blocked")  # AWS Glue retries a failed job with the same run id
    for step in (retry.stage, retry.validate):
        result = step()
        assert (result.verdict, result.state) == ("blocked", "BLOCKED")
        assert re.search(f"start_time_present.*\n.* are in {QUARANTINE}, parked", str(result.error))

    deliver(landing, "c", event(100, at=2), event(7, at=3, city="BETHESDA"))
    assert run(lake, landing).rows_in == 2
    assert [row[:3] for row in trusted(lake)][::3] == [("P0007", 3, "BETHESDA"), ("P0100", 2, "ROCKVILLE")]
    assert (parked(lake), is_blocked(lake)) == (broken_rows[1:], True)
    deliver(landing, "d", *(event(number, at=2) for number in range(101, 199)))
    run(lake, landing)
    assert (parked(lake), len(trusted(lake)), is_blocked(lake)) == ([], 102, False)


def test_resolving_publishes_valid_parked_rows(blocked: SparkSession, landing) -> None:
    """Parked rows are resolved together or row by row."""
    lake = blocked
    deliver(landing, "c", event(4, at=1))
    assert run(lake, landing, dataset=STRICT).rows_out == 1
    assert resolve(publisher(lake, "still wrong", dataset=STRICT)).state == "BLOCKED"
    assert len(parked(lake)) == 3

    def with_start(raw: DataFrame) -> DataFrame:
        start = F.coalesce("start_time", F.timestamp_seconds(F.lit(1_720_600_000)))
        return few_columns(raw).withColumn("start_time", start)

    resolved = resolve(publisher(lake, "corrected", dataset=replace(STRICT, build=with_start)))
    assert (resolved.state, resolved.rows_in, resolved.rows_out) == ("SUCCEEDED", 3, 3)
    assert (trusted_numbers(lake), quarantine(lake)) == ([1, 2, 3, 4, 7, 8, 9], [])
    assert resolve(publisher(lake, "again")).notes == ("no increment is blocked",)

    deliver(landing, "d", event(1, at=2, city="OLNEY"), *(event(number, at=2, day=None) for number in (2, 3)))
    run_blocked(lake, landing)
    resolved = resolve(publisher(lake, "row by row", dataset=STRICT), row_by_row=True)
    assert (resolved.state, resolved.rows_out, resolved.rows_quarantined) == ("SUCCEEDED", 1, 2)
    assert (trusted(lake)[0][:3], parked(lake)) == (("P0001", 2, "OLNEY"), [])
    assert quarantine(lake) == [("P0002", 2, NO_DAY), ("P0003", 2, NO_DAY)]


def test_small_increments_are_validated_with_earlier_increments(lake: SparkSession, landing) -> None:
    """The suite allows half of the last 10 rows to have no start time."""
    windowed = replace(FEW, min_rows_for_mostly=10)
    job = dataset_job(windowed)

    def deliver_and_run(name: str, *events: dict) -> str:
        deliver(landing, name, *events)
        try:
            return job.run(lake, replace(job.parse(["--landing", str(landing)]), stages=("ingest", "refine")))[-1].state
        except ExpectationsNotMetError as error:
            return str(error)

    def bad(first: int, size: int) -> list[dict]:
        return [event(number, day=None) for number in range(first, first + size)]

    good = [event(number) for number in range(10)]
    assert deliver_and_run("a", *good) == "SUCCEEDED"
    assert deliver_and_run("b", event(20), *bad(21, 3)) == "SUCCEEDED"  # 3 of the last 10 rows failed
    assert deliver_and_run("c", event(30)) == "SUCCEEDED"
    assert "start_time_present" in deliver_and_run("d", event(40), *bad(41, 4))  # 7 of the last 10 rows failed
    assert deliver_and_run("e", event(50)) == "SUCCEEDED"
    assert "all 2 rows fail a critical expectation" in deliver_and_run("f", *bad(60, 2))
    # The blocked rows are not in the window, so 4 of its 10 rows failed. The rule that blocked `f` applies only to two
    # rows or more.
    assert deliver_and_run("g", *bad(70, 1)) == "SUCCEEDED"
    assert [row[0] for row in parked(lake)] == ["P0040", "P0041", "P0042", "P0043", "P0044", "P0060", "P0061"]


def test_blocked_full_refresh_leaves_tables_unchanged(lake: SparkSession, landing) -> None:
    deliver(landing, "first", event(1, day=None))
    assert "citylake resolve" in run_blocked(lake, landing)
    assert (trusted(lake), parked(lake)) == ([], [("P0001", (NO_DAY,), (NO_DAY,))])

    deliver(landing, "a", *GOOD)
    deliver(landing, "b", event(5), event(6, day=None))
    assert run(lake, landing, dataset=STRICT).rows_in == 5
    assert quarantine(lake) == [("P0001", 0, NO_DAY), ("P0006", 0, NO_DAY)]
    deliver(landing, "a", *(event(number, at=1, day=None) for number in (7, 8, 9, 10, 11)))
    assert "citylake resolve" in run_blocked(lake, landing)  # this increment replaces a file that was delivered before
    assert [row[:2] for row in trusted(lake)] == [("P0005", 0), ("P0007", 0), ("P0008", 0), ("P0009", 0)]
    waiting = [("P0001", 0, NO_DAY), ("P0006", 0, NO_DAY)]
    waiting += [(f"P{number:04}", 1, NO_DAY) for number in (7, 8, 9, 10, 11)]
    assert quarantine(lake) == waiting

    deliver(landing, "c", event(2))
    assert run(lake, landing, dataset=STRICT).rows_in == 1
    before = heads(lake)
    message = run_blocked(lake, landing, full_refresh=True)
    assert "are in lake.trusted.police_dispatch.branch_candidates_run" in message
    assert heads(lake) == before
    assert (trusted_numbers(lake), quarantine(lake)) == ([2, 5, 7, 8, 9], waiting)
    # The new version of the file `a` lacks some rows of trusted, so only a full refresh can resolve the block.
    assert resolve(publisher(lake, "strict", dataset=STRICT)).state == "BLOCKED"
    resolved = resolve(publisher(lake, "resolved", dataset=STRICT), row_by_row=True)
    assert (resolved.state, resolved.rows_in) == ("SUCCEEDED", 12)
    assert (trusted_numbers(lake), len(quarantine(lake))) == ([2, 5, 7, 8, 9], 7)
    assert (parked(lake), is_blocked(lake)) == ([], False)


def test_blocked_redelivery_is_resolved_by_full_refresh(published: SparkSession, landing) -> None:
    """The redelivered file lacks rows that are published."""
    lake = published
    # The new version of the file `a` lacks the incidents 7 and 8.
    deliver(landing, "a", GOOD[2], *(event(number, at=1, day=None) for number in (10, 11, 12)))
    run_blocked(lake, landing)
    deliver(landing, "c", *(event(number, day=None) for number in (20, 21, 22)))
    run_blocked(lake, landing)
    deliver(landing, "d", *(event(number, at=9) for number in (10, 11, 12, 20, 21, 22)))
    run(lake, landing, dataset=STRICT)
    assert is_blocked(lake)

    assert resolve(publisher(lake, "resolved", dataset=STRICT), row_by_row=True).state == "SUCCEEDED"
    assert (trusted_numbers(lake), is_blocked(lake)) == ([9, 10, 11, 12, 20, 21, 22], False)


def test_unvalidated_rows_cannot_be_published(published: SparkSession, landing) -> None:
    lake = published
    deliver(landing, "b", event(1))
    ingest(lake, landing, "other")
    with pytest.raises(NotStagedError, match="raw has new rows, but no run has staged them, so nothing is published"):
        publisher(lake, "other").validate()
    publisher(lake, "other").stage()

    with pytest.raises(NotStagedError, match="the rows in .*branch_candidates_other are not validated"):
        publisher(lake, "other").publish()
    publisher(lake, "other").validate()
    publisher(lake, "other").publish()
    assert trusted_numbers(lake) == [1, 7, 8, 9]


def test_resumed_run_publishes_earlier_staged_rows(lake: SparkSession, landing) -> None:
    """The resumed run has a new run ID."""
    deliver(landing, "a", *GOOD)
    ingest(lake, landing, "first")
    publisher(lake, "first").stage()

    publisher(lake, "resumed").validate()
    assert publisher(lake, "resumed again").publish().rows_out == 3
    for step in (publisher(lake, "first").validate, publisher(lake, "first").publish):
        assert step().notes == ("nothing is staged",)
    assert len(trusted(lake)) == 3


def test_stage_result_lists_skipped_and_redelivered_files(published: SparkSession, landing) -> None:
    """Test the result of the stage `create`."""
    landing.file("notes.txt", b"hello")
    deliver(landing, "a", event(7), event(8))

    created = create_stage(FEW, published, arguments(landing))
    assert created.skipped_files["notes.txt"].startswith("unknown format")
    assert created.state == "SUCCEEDED_WITH_SKIPS"
    assert created.notes[0] == "2024/08/01/00/a.json was delivered again with different content"


def test_overtaken_runs_cannot_publish(published: SparkSession, landing) -> None:
    lake = published
    deliver(landing, "b", event(1), event(2, day=None))
    slow = {"slow increment": False, "slow refresh": True}
    for run_id, full_refresh in slow.items():
        validated(lake, landing, run_id, full_refresh=full_refresh)
    staged = [find_staged(lake, TRUSTED, run_id=run_id) for run_id in slow]
    deliver(landing, "c", event(3), event(4, day=None))
    run(lake, landing)
    before = heads(lake)

    for rows in staged:
        with pytest.raises(OvertakenError, match=f"to {rows.location}"):
            rows.publish()

    assert heads(lake) == before
    assert trusted_numbers(lake) == [1, 3, 7, 8, 9]
    assert quarantine(lake) == [("P0002", 0, NO_DAY), ("P0004", 0, NO_DAY)]


class Killed(BaseException):
    """Raised at the point where a test simulates a kill of the process."""


def test_runs_killed_at_any_write_lose_no_rows(lake: SparkSession, landing, monkeypatch: pytest.MonkeyPatch) -> None:
    """No row is repeated."""
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
    # Each run of the loop is killed at its write number `point`. The loop ends when a run completes before that write.
    while points == len(writes):
        point, left[0], points = point + 1, point + 1, len(writes) + point + 1
        deliver(landing, f"{point}", event(1, at=point), event(100 + point, day=None), event(200 + point))
        with suppress(Killed):
            run(lake, landing, run_id=f"killed {point}")

    assert point > 15
    assert trusted(lake)[0][:2] == ("P0001", point)
    assert trusted_numbers(lake)[1:] == [200 + number for number in range(1, point + 1)]
    assert [row[0] for row in quarantine(lake)] == ["P0002", *(f"P{100 + n:04}" for n in range(1, point + 1))]
    assert lake.table("lake.raw.police_dispatch").count() == 2 + 3 * point
    assert failed_rows_in_history(lake) == 0


def kill(monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> None:
    """Make a function raise `Killed` if it is called for trusted, as if the process were killed."""
    function = getattr(owner, name)

    def killed(staged: Staged, **options: Any) -> Any:
        if staged.table == TRUSTED:
            raise Killed
        return function(staged, **options)

    monkeypatch.setattr(owner, name, killed)


@pytest.mark.parametrize("point", [(staging, "_fast_forward"), (Staged, "drop")], ids=["before", "after"])
def test_killed_publish_can_be_repeated(
    lake: SparkSession, landing, monkeypatch: pytest.MonkeyPatch, point: tuple[object, str]
) -> None:
    """The run is killed before or after the fast-forward of trusted."""
    for number, name in enumerate(["first", "increment", "full refresh"]):
        deliver(landing, name, event(1, at=number), event(2, at=number, day=None), event(3 + number, day=None))
        ready = validated(lake, landing, name, full_refresh=name == "full refresh")
        with monkeypatch.context() as patch, pytest.raises(Killed):
            kill(patch, *point)
            ready.publish()
        publisher(lake, name).publish()

        assert [row[:2] for row in trusted(lake)] == [("P0001", number)]
        others = [(f"P{3 + n:04}", 0, NO_DAY) for n in range(number + 1)]
        assert quarantine(lake) == [("P0002", number, NO_DAY), *others]
        assert failed_rows_in_history(lake) == 0


@pytest.mark.parametrize("step", ["resolve", "increment", "full refresh"])
def test_killed_runs_do_not_lose_parked_rows(
    blocked: SparkSession, landing, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """The watermark has already moved past the parked rows.

    If a run lost parked rows, no later increment would stage these rows again.
    """
    lake = blocked
    with monkeypatch.context() as patch, pytest.raises(Killed):
        kill(patch, Staged, "publish")
        if step == "full refresh":
            run(lake, landing, full_refresh=True)
        else:
            resolve(publisher(lake, "one", dataset=STRICT), row_by_row=True)
    if step == "resolve":
        assert resolve(publisher(lake, "two"), row_by_row=True).rows_out == 4
    else:
        deliver(landing, "c", event(5))
        note = "full refresh, because a run was killed between publishing quarantine and publishing trusted"
        assert run(lake, landing).notes == (note,)

    assert trusted_numbers(lake) == ([1, 7, 8, 9] if step == "resolve" else [1, 5, 7, 8, 9])
    assert (len(quarantine(lake)), parked(lake), is_blocked(lake)) == (2, [], False)
