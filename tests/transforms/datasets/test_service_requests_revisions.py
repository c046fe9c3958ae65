"""Test the order of the revisions of a request, and the revision times of exports and events."""

from __future__ import annotations

import re
from datetime import datetime

import pytest

from tests.transforms.datasets.frames import collect_by_test, raw_rows, raw_rows_of_tests
from tests.transforms.datasets.service_request_rows import (
    CONTENT,
    DENVER,
    REQUESTS,
    build,
    event,
    raw,
    utc,
    values,
    vancouver,
)
from transforms.datasets.service_requests import DATASET
from transforms.dedupe import keep_latest


@pytest.fixture(scope="module")
def candidates(request, spark):
    """Build the requests of all tests at once, because Spark needs seconds to plan the build.

    The frame contains the raw rows of all tests, and the same raw rows in reverse order.
    """
    rows = raw_rows_of_tests(request.module)
    frame = build(spark, *rows, *((*row[:-2], f"reversed {row[-2]}", row[-1]) for row in reversed(rows)))
    return frame.schema, collect_by_test(frame)


@pytest.fixture
def requests(request, candidates):
    """Return the requests that are built from the raw rows of the test, in the order of their row numbers."""
    return candidates[1][request.node.originalname]


@pytest.fixture
def latest(request, spark, candidates):
    """Return the status and row number of the latest revision of each parking request.

    The order of the rows must not change the result.
    """
    schema, requests = candidates
    test, latest = request.node.originalname, []
    for rows in (requests[test], requests[f"reversed {test}"][::-1]):
        revisions = spark.createDataFrame(rows, schema)
        kept = keep_latest(revisions, key=DATASET.key, order_by=DATASET.revision_order).collect()
        latest.append([(row.status, row._row_number) for row in kept if row.request_type == "Parking"])
    assert latest[0] == latest[1]
    return latest[0]


LATE = utc(2025, 9, 1)


@raw_rows(
    raw(DENVER, number=2, Case_Status="New"),  # the latest time in this file is 5 July 2024
    event(DENVER, row_ts="2025-06-01T00:00:00Z", number=3, Case_Status="Escalated", at=LATE),
    event(DENVER, row_ts="2025-07-01T12:00:00.5Z", number=4, Case_Status="In Progress"),
    event(DENVER, row_ts="2025-07-01T14:00:00+02:00", number=5, Case_Status="On Hold", at=LATE),
)
def test_arrival_order_does_not_change_the_latest_revision(latest):
    assert latest == [("In Progress", 4)]


CLOSE_TIMES = {"Closed": "07/05/2024 01:00:00 PM", "New": None}


@raw_rows(
    *(
        event(DENVER, row_ts="2025-07-02T00:00:00Z", number=n, Case_Status=status, Case_Closed_dttm=closed,
              Case_Closed_Date=None)
        for n, (status, closed) in enumerate(CLOSE_TIMES.items())
    )
)  # fmt: skip
def test_closed_revision_is_kept_if_times_are_equal(latest):
    assert latest == [("Closed", 0)]


@raw_rows(
    raw(DENVER, number=2, Case_Status="New"),
    event(DENVER, row_ts="2025-08-01T00:00:00Z", number=3, Case_Status="Closed", current=False),
)
def test_current_row_replaces_a_later_superseded_row(requests, latest):
    assert latest == [("New", 2)]
    assert len(requests) == 2


def test_revision_order_breaks_ties_without_arrival_times():
    columns = [column.split()[0] for column in re.split(r", (?=_?[a-z]+\w* )", REQUESTS)]
    assert DATASET.revision_order[-2:] == ("_source_file", "_row_number")
    assert not {"_ingested_at", "_modified_at"} & set(DATASET.revision_order)
    derived = {"case_key", "city", "created_at", "created_month", "created_weekday", "created_hour", "resolution",
               "hours_to_close", "grid_cell", "coordinates_are_valid", "_ingested_at", "_modified_at",
               "_cast_failures", "_cast_warnings"}  # fmt: skip
    assert set(columns) - set(DATASET.revision_order) - {*CONTENT, "closure_reason"} == derived


@raw_rows(
    raw(DENVER, number=0),
    raw(DENVER, number=1, Case_Created_dttm="07/04/2024 01:31:00 PM"),
    *(raw(DENVER | change) for change in CONTENT.values()),
    raw(DENVER, Agency=None, Division="Public Works"),
    vancouver(),
    vancouver(closure_reason="x"),
)
def test_content_hash_covers_every_changeable_column(requests):
    original, same, *changed = values(requests, "content_hash")
    assert same == original
    assert len({original, *changed}) == 1 + len(changed) == len(CONTENT) + 4


# The tests below use local times in Denver on 4 July 2024. On this day, Denver is 6 hours behind UTC. The rows of an
# export have times up to 13:10, so the as-of time of the export is 13:10. An event at 13:30 closes the parking request
# that is in each export.
OPEN = DENVER | {
    "Case Status": "New", "Case Created dttm": "07/04/2024 09:00:00 AM", "Case Closed dttm": None,
    "Case Closed Date": None,
}  # fmt: skip
OTHER = OPEN | {"Case Summary": "Pothole", "Case Created dttm": "07/04/2024 01:10:00 PM"}


def exported(hour, *, number=2):
    """Return the rows of an export. The export was modified and landed at `hour`. The latest time in a row is 13:10."""
    landed = {"at": utc(2024, 7, 4, hour + 6), "file": f"{hour}.csv"}
    return [raw(OPEN, number=number, **landed), raw(OTHER, number=number + 1, **landed)]


def closed_at_1330(number=9):
    changes = {"Case_Status": "Closed", "Case_Closed_dttm": "07/04/2024 01:30:00 PM"}
    return event(OPEN, row_ts="2024-07-04T13:30:00-06:00", at=utc(2024, 7, 4, 20), file="e", number=number, **changes)


@raw_rows(closed_at_1330(), *exported(14))
def test_older_export_does_not_replace_an_event(latest):
    """The export lands after the event, but its as-of time is earlier."""
    assert latest == [("Closed", 9)]


@raw_rows(*exported(14), closed_at_1330(), *exported(16))
def test_repeated_download_does_not_make_rows_newer(requests, latest):
    assert latest == [("Closed", 9)]
    repeated = [row for row in requests if row._source_file.endswith("/16.csv")]
    assert values(repeated, "revised_at") == [datetime(2024, 7, 4, 19, 10)] * 2


LATER = {"at": utc(2024, 7, 4, 20), "file": "20.csv"}


@raw_rows(
    closed_at_1330(),
    raw(OPEN | {"Case Status": "Reopened"}, **LATER),
    raw(OTHER, number=3, **LATER, Case_Closed_dttm="07/04/2024 01:45:00 PM"),
)
def test_newer_export_replaces_an_event(latest):
    """The as-of time of the export is later than the event."""
    assert latest == [("Reopened", 2)]


@raw_rows(raw(OPEN, Case_Closed_Date="07/10/2024"))
def test_close_date_counts_as_local_midnight(requests):
    assert values(requests, "revised_at") == [datetime(2024, 7, 10, 6)]


@raw_rows(event(OPEN, row_ts="2024-07-04T13:30:00-06:00"), event(OPEN, row_ts=None, number=3))
def test_event_without_row_ts_uses_its_latest_time(requests):
    assert values(requests, "revised_at") == [datetime(2024, 7, 4, 19, 30), datetime(2024, 7, 4, 15, 0)]
