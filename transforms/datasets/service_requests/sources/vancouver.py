"""Describe Vancouver's 3-1-1 service requests: csv files and workbooks. Each row has the time of its last change."""

from __future__ import annotations

from functools import partial

from transforms.datasets.service_requests.sources.city_source import (
    RESOLVED,
    UNRESOLVED,
    CitySource,
    degrees_field,
    text_field,
    time_field,
)
from transforms.dates import DATE_SYSTEM, parse_date
from transforms.schema import Field

_VANCOUVER = (
    text_field("department", "agency"),
    text_field("service_request_type", "type"),
    text_field("status", "status"),
    text_field("closure_reason", "closure_reason"),
    time_field("service_request_open_timestamp", "created_at"),
    Field(
        "service_request_close_date",
        "closed_on",
        "date",
        partial(parse_date, date_system=DATE_SYSTEM),
        expected="date such as 2024-07-04",
        required=False,
    ),
    time_field("last_modified_timestamp", "revised_at", required=False),
    text_field("address", "address_1"),
    text_field("local_area", "neighborhood"),
    text_field("channel", "channel"),
    degrees_field("latitude", "latitude"),
    degrees_field("longitude", "longitude"),
    text_field("geom", "geom"),
)
SOURCE = CitySource(
    city="vancouver",
    zone="America/Vancouver",
    bounding_box=(-123.28, 49.19, -123.0, 49.33),
    key=("type", "neighborhood", "channel", "address_1"),  # the agency is left out, because it can change
    statuses={RESOLVED: ("Close",), UNRESOLVED: ("Open",)},
    spellings={"Closed": "Close"},
    layouts={
        "vancouver": _VANCOUVER,
        # The workbooks have the same columns as the csv files, but write the names with blanks: `Service request type`.
        "vancouver_workbook": tuple(
            Field(
                field.source if field.source == "geom" else field.source.replace("_", " ").capitalize(),
                *(field.name, field.type, field.parse, field.expected, field.required),
            )
            for field in _VANCOUVER
        ),
    },
    as_of={"vancouver": "row", "vancouver_workbook": "row"},
)
