"""Events that come in increments, in any order, twice, late and broken, leave the tables that one delivery leaves."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from pyspark.sql import DataFrame, DataFrameWriterV2, SparkSession
from pyspark.sql import functions as F

from expectations.errors import ExpectationsNotMetError
from jobs import police_dispatch
from jobs.arguments import Arguments, parse_arguments
from jobs.increments import Increment, refine_increment
from jobs.masking_key import MaskingKeyError
from jobs.refining import Refining
from jobs.stages import ingest_landing
from lake.errors import NotJudgedError, OvertakenError
from lake.ledger import Entry
from lake.publish import Branch
from lake.tables import snapshot_id
from transforms.datasets.police_dispatch import SOURCE_FIELDS
from transforms.dedupe import IS_CURRENT, LATEST, LINEAGE, drop_withdrawn
from transforms.schema import change_schema

TRUSTED, QUARANTINE = "lake.trusted.police_dispatch", "lake.quarantine.police_dispatch"
_NEEDED = ("incident_id", "start_time", "city", "row_ts", "end_time", "initial_type", "priority", "dispatch_arrive")
RUN_IDS = (f"run {number}" for number in count())


def few_columns(raw: DataFrame) -> DataFrame:
    """Make incidents of no more than the suite and these tests need: Spark plans them in a fraction of the time."""
    fields = [field for field in SOURCE_FIELDS if field.name in (*_NEEDED, "arrive_cleared")]
    return (
        raw.transform(
            change_schema,
            fields=fields,
            keep=LATEST if IS_CURRENT in raw.columns else LINEAGE,
            malformed="_malformed_record",
        )
        .withColumns({"coordinates_are_valid": F.lit(True), "city": F.expr("nullif(city, '')")})
        .transform(drop_withdrawn, key=["incident_id"])
    )


FEW = replace(
    police_dispatch.REFINING,
    build=few_columns,
    order=(IS_CURRENT, "row_ts", "city", "start_time", "_source_file", "_row_number"),
)
STRICT = replace(FEW, shares_from=0)


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


def arguments(landing, *more: str) -> Arguments:
    argv = ["--landing", str(landing), *more]
    return parse_arguments("police_dispatch", argv, stages=tuple(police_dispatch.STAGES))


def ingest(lake: SparkSession, landing, run_id: str) -> Entry:
    entry, args = Entry(run_id, None, "police_dispatch", "refine"), arguments(landing, "--WORKFLOW_RUN_ID", run_id)
    ingest_landing(lake, args, entry, dataset="police_dispatch", forms=police_dispatch.FORMS)
    return entry


def run(lake: SparkSession, landing, *, how: Refining = FEW, run_id: str | None = None, rebuild: bool = False) -> Entry:
    entry = ingest(lake, landing, run_id or next(RUN_IDS))
    refine_increment(lake, how, entry, rebuild=rebuild)
    return entry


def judged(lake: SparkSession, landing, run_id: str, *, rebuild: bool = False) -> Increment:
    """Return what is ready to be published."""
    increment = Increment(lake, FEW, ingest(lake, landing, run_id))
    assert increment.create(rebuild=rebuild)
    increment.check_quality()
    return increment


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


def test_what_came_in_increments_is_what_a_rebuild_makes_of_all(lake: SparkSession, landing) -> None:
    for name in "ab":
        deliver(landing, name, *DELIVERIES[name])
        run(lake, landing, how=police_dispatch.REFINING)
    found, before = (trusted(lake), quarantine(lake)), snapshot_id(lake, TRUSTED)

    assert (run(lake, landing, how=police_dispatch.REFINING).note, snapshot_id(lake, TRUSTED)) == (
        "raw has nothing new",
        before,
    )
    again = run(lake, landing, how=police_dispatch.REFINING, rebuild=True)

    assert (trusted(lake), quarantine(lake)) == found
    assert (again.rows_in, again.rows_out) == (lake.table("lake.raw.police_dispatch").count(), len(found[0]))


def test_what_a_rewritten_file_no_longer_says_is_gone_and_what_it_had_replaced_is_back(
    lake: SparkSession, landing
) -> None:
    deliver(landing, "a", event(1, at=1), event(2, at=1), *GOOD)
    deliver(landing, "b", event(1, at=2, city="BETHESDA"), event(3, at=2), event(4, day=None))
    run(lake, landing)
    deliver(landing, "b", event(3, at=3, city="OLNEY"))
    entry = run(lake, landing)

    of_file = "2024/08/01/00/b.json came before with other content"
    assert entry.note == f"{of_file}; trusted is made anew, for files were delivered with other content"
    assert trusted(lake)[:3] == [
        ("P0001", 1, "ROCKVILLE", "2024-07-10"),
        ("P0002", 1, "ROCKVILLE", "2024-07-10"),
        ("P0003", 3, "OLNEY", "2024-07-10"),
    ]
    assert quarantine(lake) == []
    deliver(landing, "c", event(2, at=4, city="OLNEY"))
    assert run(lake, landing).rows_in == 1  # the next is an increment again
    assert trusted(lake)[1] == ("P0002", 4, "OLNEY", "2024-07-10")


def test_with_another_masking_key_nothing_is_merged_but_a_rebuild_goes_through(lake: SparkSession, landing) -> None:
    of_one, of_another = replace(FEW, masked_with="one"), replace(FEW, masked_with="another")
    deliver(landing, "a", *GOOD)
    run(lake, landing, how=of_one)
    deliver(landing, "b", event(7, at=1))
    before = trusted(lake)
    with pytest.raises(
        MaskingKeyError, match="was masked with another: .* or make trusted anew with this one: --rebuild"
    ):
        run(lake, landing, how=of_another)

    assert trusted(lake) == before
    run(lake, landing, how=of_one)
    run(lake, landing, how=of_another, rebuild=True)
    assert trusted(lake) == [("P0007", 1, *before[0][2:]), *before[1:]]
    deliver(landing, "c", event(7, at=2))
    with pytest.raises(MaskingKeyError):
        run(lake, landing, how=of_one)


def test_an_increment_that_is_refused_goes_to_quarantine_whole_and_the_next_one_goes_through(
    lake: SparkSession, landing
) -> None:
    deliver(landing, "a", *GOOD)
    run(lake, landing)
    broken = [event(number, at=1, day=None) for number in range(100, 199)]
    deliver(landing, "b", event(7, at=1, city="OLNEY"), event(100), *broken)
    with pytest.raises(ExpectationsNotMetError) as refused:
        run(lake, landing, run_id="refused")

    assert "start_time_present" in str(refused.value)
    assert f"{QUARANTINE}, all that raw had newly got; the whole" in str(refused.value)
    assert "judge all of raw anew: --rebuild" in str(refused.value)
    assert [row[:3] for row in trusted(lake)] == [(f"P000{n}", 0, "ROCKVILLE") for n in (7, 8, 9)]
    assert quarantine(lake) == [(f"P{number:04}", 1, NO_DAY) for number in (7, *range(100, 199))]

    again = Entry("refused", None, "police_dispatch", "refine")  # as Glue starts a job once more that has failed
    for stage in (Increment(lake, FEW, again).create, Increment(lake, FEW, again).check_quality):
        with pytest.raises(ExpectationsNotMetError, match=f"start_time_present\n.* are in {QUARANTINE}, all that raw"):
            stage()
    assert again.verdict == "refused"

    deliver(landing, "c", event(100, at=2), event(7, at=3, city="BETHESDA"))
    assert run(lake, landing).rows_in == 2
    assert [row[:3] for row in trusted(lake)][::3] == [("P0007", 3, "BETHESDA"), ("P0100", 2, "ROCKVILLE")]
    assert quarantine(lake) == [(f"P{number:04}", 1, NO_DAY) for number in range(101, 199)]


def test_what_is_refused_holds_up_nothing_that_comes_next_and_a_refused_rebuild_changes_nothing(
    lake: SparkSession, landing
) -> None:
    def refuse(*, rebuild: bool = False) -> str:
        with pytest.raises(ExpectationsNotMetError) as refused:
            run(lake, landing, how=STRICT, rebuild=rebuild)
        return str(refused.value)

    deliver(landing, "first", event(1, day=None))
    assert "--rebuild" in refuse()
    assert (trusted(lake), quarantine(lake)) == ([], [("P0001", 0, NO_DAY)])

    deliver(landing, "a", *GOOD)
    deliver(landing, "b", event(5))
    assert run(lake, landing, how=STRICT).rows_in == 4
    deliver(landing, "a", *(event(number, at=1, day=None) for number in (7, 8, 9, 10, 11)))
    assert "--rebuild" in refuse()  # of a file that is rewritten
    assert [row[:2] for row in trusted(lake)] == [("P0005", 0), ("P0007", 0), ("P0008", 0), ("P0009", 0)]
    rejected = [("P0001", 0, NO_DAY), *((f"P{number:04}", 1, NO_DAY) for number in (7, 8, 9, 10, 11))]
    assert quarantine(lake) == rejected

    deliver(landing, "c", event(2))
    assert run(lake, landing, how=STRICT).rows_in == 1
    before = snapshot_id(lake, TRUSTED), snapshot_id(lake, QUARANTINE)
    assert "are in branch audit_run" in refuse(rebuild=True)
    assert (snapshot_id(lake, TRUSTED), snapshot_id(lake, QUARANTINE)) == before
    assert ([row[0] for row in trusted(lake)][::4], quarantine(lake)) == (["P0002", "P0009"], rejected)


def test_nothing_is_published_that_was_not_judged(lake: SparkSession, landing) -> None:
    deliver(landing, "a", *GOOD)
    run(lake, landing)
    deliver(landing, "b", event(1))
    entry = ingest(lake, landing, "other")
    assert Increment(lake, FEW, entry).create()

    with pytest.raises(NotJudgedError, match="branch audit_other is not there or has not been judged"):
        Increment(lake, FEW, entry).publish()
    Increment(lake, FEW, entry).check_quality()
    Increment(lake, FEW, entry).publish()
    assert [row[0] for row in trusted(lake)] == ["P0001", "P0007", "P0008", "P0009"]


def test_a_step_of_another_run_does_not_pass_for_one_that_had_nothing_to_do(lake: SparkSession, landing) -> None:
    deliver(landing, "a", *GOOD)
    assert Increment(lake, FEW, ingest(lake, landing, "by hand")).create()
    other = Increment(lake, FEW, Entry("by hand, without its id", None, "police_dispatch", "check_quality"))

    for step in (other.check_quality, other.publish):
        with pytest.raises(NotJudgedError, match="create and check_quality of this run first, with its id: --WORKFLOW"):
            step()
    run(lake, landing)
    other.check_quality()
    other.publish()
    assert other.entry.note == "raw had nothing new; raw had nothing new"


def test_what_ingest_says_of_files_stays_in_the_note(lake: SparkSession, landing) -> None:
    deliver(landing, "a", *GOOD)
    run(lake, landing)
    landing.file("notes.txt", b"hello")
    deliver(landing, "a", event(7), event(8))

    assert run(lake, landing).note.startswith("notes.txt skipped: not one of ")
    assert run(lake, landing).note.endswith("; raw has nothing new")


def test_of_two_runs_at_once_one_publishes_and_the_other_nothing(lake: SparkSession, landing) -> None:
    deliver(landing, "a", *GOOD)
    run(lake, landing)
    deliver(landing, "b", event(1), event(2, day=None))
    slow = [judged(lake, landing, "slow increment"), judged(lake, landing, "slow rebuild", rebuild=True)]
    deliver(landing, "c", event(3), event(4, day=None))
    run(lake, landing)
    before = snapshot_id(lake, TRUSTED), snapshot_id(lake, QUARANTINE)

    for increment in slow:
        with pytest.raises(OvertakenError, match=f"to branch {increment.audit.branch}"):
            increment.publish()

    assert (snapshot_id(lake, TRUSTED), snapshot_id(lake, QUARANTINE)) == before
    assert [row[0] for row in trusted(lake)] == ["P0001", "P0003", "P0007", "P0008", "P0009"]
    assert quarantine(lake) == [("P0002", 0, NO_DAY), ("P0004", 0, NO_DAY)]


@pytest.mark.parametrize("failing", ["publish", "drop"])
def test_a_publish_that_failed_and_comes_again_under_its_run_id_loses_no_row(
    lake: SparkSession, landing, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    """`publish` of trusted comes after that of quarantine, `drop` of the judged branch is the last of all."""
    works = getattr(Branch, failing)

    def fail(branch: Branch) -> Any:
        if branch.table == TRUSTED and (failing == "publish" or branch.branch.startswith("audit")):
            raise OSError("the network is down")
        return works(branch)

    for number, name in enumerate(["first", "next"]):
        deliver(landing, name, event(1, at=number), event(2, at=number, day=None), event(3 + number, day=None))
        increment = judged(lake, landing, name)
        with monkeypatch.context() as patch, pytest.raises(OSError, match="the network is down"):
            patch.setattr(Branch, failing, fail)
            increment.publish()
        Increment(lake, FEW, increment.entry).publish()

    assert [row[:2] for row in trusted(lake)] == [("P0001", 1)]
    assert quarantine(lake) == [("P0002", 1, NO_DAY), ("P0003", 0, NO_DAY), ("P0004", 0, NO_DAY)]


def test_a_run_killed_at_any_write_and_started_again_ends_as_one_that_was_not(
    lake: SparkSession, landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    left, writes = [1_000_000], []

    def killing(function):
        def write(*args, **kwargs):
            statement = str(args[1]).split()[0] if len(args) > 1 else function.__name__
            if statement not in ("CREATE", "SHOW"):
                writes.append(statement)
                left[0] -= 1
                if left[0] == 0:
                    raise Killed
            return function(*args, **kwargs)

        return write

    for owner, name in ((DataFrameWriterV2, "append"), (DataFrameWriterV2, "overwrite"), (SparkSession, "sql")):
        monkeypatch.setattr(owner, name, killing(getattr(owner, name)))
    deliver(landing, "first", event(1), event(2, day=None))
    run(lake, landing)
    point, points = 0, len(writes)
    while points == len(writes):  # until a run has fewer writes and is not killed
        point, left[0], points = point + 1, point + 1, len(writes) + point + 1
        deliver(landing, f"{point}", event(1, at=point), event(100 + point, day=None), event(200 + point))
        with suppress(Killed):
            run(lake, landing, run_id=f"killed {point}")

    assert point > 10
    assert trusted(lake)[0][:2] == ("P0001", point)
    assert [row[0] for row in trusted(lake)[1:]] == [f"P{200 + each:04}" for each in range(1, point + 1)]
    assert [row[0] for row in quarantine(lake)] == ["P0002", *(f"P{100 + each:04}" for each in range(1, point + 1))]
    assert lake.table("lake.raw.police_dispatch").count() == 2 + 3 * point
