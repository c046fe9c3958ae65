"""Describe Denver's 3-1-1 service requests: yearly csv exports of the live system, and JSON events."""

from __future__ import annotations

from functools import partial

from pyspark.sql import Column
from pyspark.sql import functions as F

from transforms.casts import utc_wall_clock
from transforms.datasets.service_requests.sources.city_source import (
    CLOSED_OTHERWISE,
    RESOLVED,
    UNRESOLVED,
    CitySource,
    degrees_field,
    text_field,
    time_field,
)
from transforms.schema import Field
from transforms.sql import quoted
from transforms.text import clean_text
from transforms.times import parse_timestamp

ZONE = "America/Denver"


def _parse_day(column: str) -> Column:
    return utc_wall_clock(parse_timestamp(column, pattern="M/d/yyyy", zone="UTC")).cast("date")


def _parse_zip(column: str) -> Column:
    """Return the five digits of a ZIP code. 00000 gives null, because forms write 00000 for an unknown ZIP code."""
    text = clean_text(F.col(quoted(column)))
    return F.when(text.rlike(r"\A(?!00000)[0-9]{5}(-[0-9]{4})?\z"), F.substring(text, 1, 5))


def _parse_yes_or_no(column: str) -> Column:
    text = F.upper(clean_text(F.col(quoted(column))))
    return F.when(text.isin("Y", "N"), text == "Y")


_parse_local_time = partial(parse_timestamp, pattern="M/d/yyyy h:mm:ss a", zone=ZONE)
_local_time_field = partial(
    Field, type="timestamp", parse=_parse_local_time, expected="time such as 07/04/2024 01:30:00 PM"
)
_DENVER = (
    text_field("Case Summary", "summary"),
    text_field("Case Status", "status"),
    text_field("Case Source", "channel"),
    text_field("Case Created Date", "created_on"),  # not parsed, because the next column has both date and time
    _local_time_field("Case Created dttm", "created_at"),
    Field("Case Closed Date", "closed_on", "date", _parse_day, expected="date such as 07/04/2024", required=False),
    _local_time_field("Case Closed dttm", "closed_at", required=False),
    Field(
        "First Call Resolution", "first_call_resolution", "boolean", _parse_yes_or_no, expected="Y or N", required=False
    ),
    text_field("Customer Zip Code", "customer_zip"),
    text_field("Incident Address 1", "address_1"),
    text_field("Incident Address 2", "address_2"),
    text_field("Incident Intersection 1", "intersection_1"),
    text_field("Incident Intersection 2", "intersection_2"),
    text_field("Incident Zip Code", "zip_as_written"),
    Field("Incident Zip Code", "zip", "string", _parse_zip, expected="ZIP code such as 80202", required=False),
    degrees_field("Longitude", "longitude"),
    degrees_field("Latitude", "latitude"),
    text_field("Agency", "agency"),
    text_field("Division", "division"),
    text_field("Major Area", "major_area"),
    text_field("Type", "type"),
    text_field("Topic", "topic"),
    text_field("Council District", "council_district"),
    text_field("Police District", "police_district"),
    text_field("Neighborhood", "neighborhood"),
)
SOURCE = CitySource(
    city="denver",
    zone=ZONE,
    bounding_box=(-105.12, 39.60, -104.59, 39.92),  # the box includes the airport, far to the north-east
    key=(
        *("summary", "channel", "customer_zip", "address_1", "address_2", "intersection_1", "intersection_2"),
        "zip_as_written",
    ),
    statuses={
        RESOLVED: (
            *("Closed", "Closed - Answer Provided", "Closed - Service Completed", "Closed - Scheduled"),
            *("Closed - In Compliance", "Closed - No Violation Found", "Closed - Resolved by Customer"),
            *("Closed - Approved", "Closed - Not Approved", "Closed - Photos", "Closed - Other"),
        ),
        # The city has closed these requests, but it is not known whether the requester got help.
        CLOSED_OTHERWISE: (
            *("Closed - Transfered to External Agency", "Closed - Out of Jurisdiction", "Closed - Duplicate"),
            *("Closed - Canceled", "Closed - Created in Error", "Closed - Spam"),
            *("Closed - Not Enough Info", "Closed - No Response from Customer"),
        ),
        UNRESOLVED: ("New", "Open", "Reopened", "In Progress", "Routed to Agency", "Escalated", "On Hold", "Pending"),
    },
    spellings={
        "Closed - Transferred to External Agency": "Closed - Transfered to External Agency",
        "Closed - Duplicate Case": "Closed - Duplicate",
        "Approved": "Closed - Approved",
        "Spam": "Closed - Spam",
    },
    # `row_ts` is the time at which the city sent an event. The field `revised_at` gets this time.
    layouts={"denver": _DENVER, "denver_events": (*_DENVER, time_field("row_ts", "revised_at", required=False))},
    as_of={"denver": "file", "denver_events": "row"},
)
