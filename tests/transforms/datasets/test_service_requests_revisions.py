"""Test the order of the revisions of a request, and the revision times of exports and events."""

from __future__ import annotations

import re
from datetime import datetime, timezone

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


def keep_latest_requests(spark, *rows):
    return keep_latest(build(spark, *rows), key=DATASET.key, order_by=DATASET.revision_order)


def latest(spark, *rows):
    return [tuple(row) for row in keep_latest_requests(spark, *rows).select("status", "_row_number").collect()]


def latest_parking_statuses(spark, *rows):
    return [row.status for row in keep_latest_requests(spark, *rows).where("request_type = 'Parking'").collect()]


def test_arrival_order_does_not_change_the_latest_revision(spark):
    late = datetime(2025, 9, 1, tzinfo=timezone.utc)
    rows = [
        raw(DENVER, number=2, Case_Status="New"),  # the latest time in this file is 5 July 2024
        event(DENVER, row_ts="2025-06-01T00:00:00Z", number=3, Case_Status="Escalated", at=late),
        event(DENVER, row_ts="2025-07-01T12:00:00.5Z", number=4, Case_Status="In Progress"),
        event(DENVER, row_ts="2025-07-01T14:00:00+02:00", number=5, Case_Status="On Hold", at=late),
    ]
    assert latest(spark, *rows) == latest(spark, *reversed(rows)) == [("In Progress", 4)]


def test_equal_times_keep_the_closed_revision(spark):
    rows = [event(DENVER, row_ts="2025-07-02T00:00:00Z", number=n, Case_Status=status, Case_Closed_dttm=closed,
                  Case_Closed_Date=None)
            for n, (status, closed) in enumerate([("Closed", "07/05/2024 01:00:00 PM"), ("New", None)])]  # fmt: skip
    assert latest(spark, *rows) == latest(spark, *reversed(rows)) == [("Closed", 0)]


def test_current_row_replaces_a_later_superseded_row(spark):
    rows = [
        raw(DENVER, number=2, Case_Status="New"),
        event(DENVER, row_ts="2025-08-01T00:00:00Z", number=3, Case_Status="Closed", current=False),
    ]
    assert latest(spark, *rows) == [("New", 2)]


def test_revision_order_breaks_ties_without_arrival_times():
    columns = [column.split()[0] for column in re.split(r", (?=_?[a-z]+\w* )", REQUESTS)]
    assert DATASET.revision_order[-2:] == ("_source_file", "_row_number")
    assert not {"_ingested_at", "_modified_at"} & set(DATASET.revision_order)
    derived = {"case_key", "city", "created_at", "created_month", "created_weekday", "created_hour", "resolution",
               "hours_to_close", "grid_cell", "coordinates_are_valid", "_ingested_at", "_modified_at",
               "_cast_failures", "_cast_warnings"}  # fmt: skip
    assert set(columns) - set(DATASET.revision_order) - {*CONTENT, "closure_reason"} == derived


def test_content_hash_covers_every_changeable_column(spark):
    rows = [raw(DENVER, number=0), *(raw(DENVER | change) for change in CONTENT.values())]
    rows += [raw(DENVER, Agency=None, Division="Public Works"), vancouver(), vancouver(closure_reason="x")]
    found = build(spark, *rows)
    assert found.select("content_hash").distinct().count() == len(rows)
    same = build(spark, raw(DENVER, number=9, Case_Created_dttm="07/04/2024 01:31:00 PM"))
    assert same.first().content_hash == found.where("_row_number = 0").first().content_hash


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


def test_older_export_does_not_replace_an_event(spark):
    """The export lands after the event, but its as-of time is earlier."""
    rows = [closed_at_1330(), *exported(14)]
    assert latest_parking_statuses(spark, *rows) == latest_parking_statuses(spark, *reversed(rows)) == ["Closed"]


def test_repeated_download_does_not_make_rows_newer(spark):
    rows = [*exported(14), closed_at_1330(), *exported(16)]
    assert latest_parking_statuses(spark, *rows) == latest_parking_statuses(spark, *reversed(rows)) == ["Closed"]
    assert set(values(spark, exported(16), "revised_at")) == {datetime(2024, 7, 4, 19, 10)}


def test_newer_export_replaces_an_event(spark):
    """The as-of time of the export is later than the event."""
    later = {"at": utc(2024, 7, 4, 20), "file": "20.csv"}
    reopened = [raw(OPEN | {"Case Status": "Reopened"}, **later),
                raw(OTHER, number=3, **later, Case_Closed_dttm="07/04/2024 01:45:00 PM")]  # fmt: skip
    assert latest_parking_statuses(spark, closed_at_1330(), *reopened) == ["Reopened"]


def test_close_date_counts_as_local_midnight(spark):
    closed = raw(OPEN, Case_Closed_Date="07/10/2024")
    assert values(spark, [closed], "revised_at") == [datetime(2024, 7, 10, 6)]


def test_event_without_row_ts_uses_its_latest_time(spark):
    rows = [event(OPEN, row_ts="2024-07-04T13:30:00-06:00"), event(OPEN, row_ts=None, number=3)]
    assert values(spark, rows, "revised_at") == [datetime(2024, 7, 4, 19, 30), datetime(2024, 7, 4, 15, 0)]
