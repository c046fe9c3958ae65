"""Make raw rows of service requests for tests. The rows have the layouts of Denver and Vancouver."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timezone

from tests.transforms.datasets.frames import LINEAGE, REPORTS, raw_schema, source_columns
from transforms.candidates import build_candidates
from transforms.datasets.service_requests import DATASET
from transforms.datasets.service_requests.sources import LAYOUTS

MASKING_KEY = b"made up, for made-up requests only"
RAW = raw_schema(DATASET)
REQUESTS = (
    "case_key string, city string, created_at timestamp, created_month date, created_weekday int, created_hour int, "
    "revised_at timestamp, status string, resolution string, closed_at timestamp, hours_to_close double, "
    "closure_reason string, first_call_resolution boolean, channel string, agency string, division string, "
    "major_area string, topic string, request_type string, traffic_kind string, neighborhood string, "
    "council_district string, police_district string, zip string, longitude decimal(6,3), latitude decimal(6,3), "
    f"grid_cell string, coordinates_are_valid boolean, content_hash bigint, {LINEAGE}, {REPORTS}"
)
NOON = datetime(2025, 7, 1, 12, tzinfo=timezone.utc)
DENVER = {
    "Case Summary": "Illegal Parking", "Case Status": "Closed - Answer Provided", "Case Source": "PocketGov",
    "Case Created Date": "07/04/2024", "Case Created dttm": "07/04/2024 01:30:00 PM", "Case Closed Date": "07/05/2024",
    "Case Closed dttm": "07/05/2024 01:30:00 AM", "First Call Resolution": "Y", "Customer Zip Code": "80203",
    "Incident Address 1": "12 N Example St", "Incident Zip Code": "80202", "Longitude": "-104.990312",
    "Latitude": "39.739267", "Agency": "Public Works", "Council District": "9", "Police District": "6",
}  # fmt: skip
VANCOUVER = {
    "department": "ENG - Streets", "service_request_type": "Traffic Calming Case", "status": "Close",
    "closure_reason": "Service provided", "service_request_open_timestamp": "2023-12-11T06:48:14-08:00",
    "service_request_close_date": "2023-12-21", "last_modified_timestamp": "2024-02-29T08:09:07-08:00",
    "address": "4375 ROSS ST", "local_area": "Fairview", "channel": "Mobile App", "latitude": "49.24588",
    "longitude": "-123.08183", "geom": "{'lon': -123.08183, 'lat': 49.24588}",
}  # fmt: skip


CONTENT = {
    "status": {"Case Status": "New"}, "agency": {"Agency": "311"}, "request_type": {"Case Summary": "Pothole"},
    "traffic_kind": {"Type": "Parking", "Topic": "Crash"}, "first_call_resolution": {"First Call Resolution": "N"},
    "division": {"Division": "x"}, "major_area": {"Major Area": "x"}, "topic": {"Topic": "x"},
    "channel": {"Case Source": "Phone"}, "council_district": {"Council District": "3"},
    "police_district": {"Police District": "3"}, "neighborhood": {"Neighborhood": "x"},
    "zip": {"Incident Zip Code": "80203"}, "longitude": {"Longitude": "-104.98"}, "latitude": {"Latitude": "39.75"},
}  # fmt: skip
"""The columns that a later revision of a Denver request can change, each with an example of the changed source cells.

A later revision of a Vancouver request can also change closure_reason.
"""


def raw(row, *, layout="denver", number=2, malformed=None, at=NOON, file="f.csv", current=True, **changes):
    changed = row | {name.replace("_", " ") if layout.startswith("denver") else name: v for name, v in changes.items()}
    cells = {name.casefold(): value for name, value in changed.items()}
    values = (cells.get(source.casefold()) for source in source_columns(DATASET))
    return (*values, malformed, None, layout, current, at, at, file, number)


def event(row, *, row_ts, **changes):
    return raw(row | {"row_ts": row_ts}, layout="denver_events", **changes)


def vancouver(number=2, **changes):
    return raw(VANCOUVER, layout="vancouver", number=number, **changes)


def build(spark, *rows, schema=RAW, layouts=None):
    layouts = layouts or {row[-6] for row in rows} or LAYOUTS  # Spark plans few layouts faster than all layouts
    raw_rows = spark.createDataFrame(list(rows), schema)
    return build_candidates(raw_rows, dataset=DATASET, masking_key=MASKING_KEY, layouts=layouts)


def values(requests, *columns):
    return [tuple(row[name] for name in columns) if len(columns) > 1 else row[columns[0]] for row in requests]


def failures(row):
    return row._cast_failures and [(failure.column, failure.value) for failure in row._cast_failures]


def case_key(*texts):
    """Compute the case key with only the standard library, as an AWS Lambda function would."""
    message = "\u001f".join(" ".join((text or "").split()) for text in texts)
    return hmac.new(MASKING_KEY, message.encode(), hashlib.sha256).hexdigest()


def denver_key(clock, summary="Illegal Parking", *, zip_code="80202"):
    return case_key(
        "denver", clock, summary, "PocketGov", "80203", "12 N Example St", None, None, None, zip_code
    )  # fmt: skip


def utc(*parts):
    return datetime(*parts, tzinfo=timezone.utc)
