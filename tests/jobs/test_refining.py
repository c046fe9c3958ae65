"""Events that come in increments, in any order, twice, late and broken, leave the tables that one delivery leaves."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from pyspark.sql import DataFrameWriterV2, SparkSession

from jobs import police_dispatch
from jobs.arguments import parse_arguments
from jobs.refining import refine_increment
from lake.ledger import Entry
from lake.tables import snapshot_id

TRUSTED, QUARANTINE = "lake.trusted.police_dispatch", "lake.quarantine.police_dispatch"


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


def run(lake: SparkSession, landing, *, run_id: str = "r", rebuild: bool = False) -> Entry:
    argv = ["--landing", str(landing), "--WORKFLOW_RUN_ID", run_id]
    entry = Entry(run_id, None, "police_dispatch", "refine")
    police_dispatch.ingest_landing(
        lake, parse_arguments("x", argv), entry, dataset="police_dispatch", forms=police_dispatch.FORMS
    )
    refine_increment(lake, police_dispatch.REFINING, entry, rebuild=rebuild)
    return entry


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
GOOD = [event(7), event(8), event(9)]  # so that no increment is mostly bad

NO_DAY = "start_time_present"
TRUSTED_OF_ALL = [
    ("P0001", 2, "BETHESDA", "2024-07-10"),
    ("P0002", 1, "ROCKVILLE", "2024-07-10"),
    ("P0003", 2, "ROCKVILLE", "2024-07-10"),
    ("P0004", 3, None, "2024-07-10"),
    ("P0005", 3, "ROCKVILLE", "2023-01-31"),
    ("P0006", 3, "ROCKVILLE", "2024-07-10"),
    *((f"P000{number}", 0, "ROCKVILLE", "2024-07-10") for number in (7, 8, 9)),
]
QUARANTINE_OF_ALL = [
    ("", 0, "every_cell_readable", "incident_id_present", NO_DAY),
    ("", 3, "incident_id_present"),
    ("P0005", 4, NO_DAY),
    ("P0006", 4, NO_DAY),
]


@pytest.mark.parametrize(
    "turns",
    [
        ["abcd"],
        ["a", "b", "c", "d"],
        ["d", "cb", "a"],
        ["bd", "ac", "d", "d"],
    ],
)
def test_in_whatever_order_and_however_often_it_comes_the_tables_are_the_same(
    lake: SparkSession, landing, turns: list[str]
) -> None:
    for turn, names in enumerate(turns):
        for name in names:
            deliver(
                landing, f"{name}{turn}", *[""] * turn, *DELIVERIES[name], *GOOD
            )  # blank lines make it another content
        run(lake, landing)

    assert (trusted(lake), quarantine(lake)) == (TRUSTED_OF_ALL, QUARANTINE_OF_ALL)
    before = snapshot_id(lake, TRUSTED)
    assert (run(lake, landing).note, snapshot_id(lake, TRUSTED)) == ("raw has nothing new", before)
    run(lake, landing, rebuild=True)
    assert (trusted(lake), quarantine(lake)) == (TRUSTED_OF_ALL, QUARANTINE_OF_ALL)


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
