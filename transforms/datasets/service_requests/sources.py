"""The cities' request feeds: which column says what, and what else differs. Another city is one more `Source`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T

from transforms.casts import cast, wall_clock
from transforms.dates import parse_date
from transforms.names import quoted
from transforms.schema import Field
from transforms.text import clean_text
from transforms.times import parse_timestamp

RESOLVED, CLOSED_OTHERWISE, UNRESOLVED = "resolved", "closed otherwise", "unresolved"


@dataclass(frozen=True)
class Source:
    """A city's request feed.

    Attributes:
        city: Its name in trusted and in the case key.
        zone: The time zone of its clocks.
        within: The box that its places are in: least longitude, least latitude, greatest longitude, greatest latitude.
        key: The columns of trusted's chain that, with the city and the time created, know a request.
        statuses: What becomes of a request to the statuses that say so. A status that is in none is news: a warning.
        spellings: Other words for a status.
        forms: The forms of its files: source columns to the names they get. One form need not have all of them.
    """

    city: str
    zone: str
    within: tuple[float, float, float, float]
    key: tuple[str, ...]
    statuses: Mapping[str, Sequence[str]]
    forms: Mapping[str, Sequence[Field]]
    spellings: Mapping[str, str]

    @property
    def names(self) -> set[str]:
        """Return the names of all columns that one of its forms has."""
        return {field.name for fields in self.forms.values() for field in fields}


def _instant(column: str) -> Column:
    return cast(quoted(column), given=T.StringType(), wanted=T.TimestampType(), where="service_requests")


def _american_day(column: str) -> Column:
    return wall_clock(parse_timestamp(column, pattern="M/d/yyyy", zone="UTC")).cast("date")


def _zip(column: str) -> Column:
    """Return a ZIP code, its five digits. 00000 is how forms write that they know none."""
    text = clean_text(F.col(quoted(column)))
    return F.when(text.rlike(r"\A(?!00000)[0-9]{5}(-[0-9]{4})?\z"), F.substring(text, 1, 5))


def _yes_or_no(column: str) -> Column:
    text = F.upper(clean_text(F.col(quoted(column))))
    return F.when(text.isin("Y", "N"), text == "Y")


_text = partial(Field, type="string")
_denver_clock = partial(parse_timestamp, pattern="M/d/yyyy h:mm:ss a", zone="America/Denver")
_denver_time = partial(Field, type="timestamp", parse=_denver_clock, form="time such as 07/04/2024 01:30:00 PM")
_denver_day = partial(Field, type="date", parse=_american_day, form="date such as 07/04/2024", required=False)
_time = partial(Field, type="timestamp", parse=_instant, form="time such as 2024-07-04T13:30:00-06:00")
_degrees = partial(Field, type="double", form="degrees such as -104.9903", required=False)
_DENVER = (
    _text("Case Summary", "summary"),
    _text("Case Status", "status"),
    _text("Case Source", "channel"),
    _text("Case Created Date", "created_on"),  # the day of the time below
    _denver_time("Case Created dttm", "created_at"),
    _denver_day("Case Closed Date", "closed_on"),
    _denver_time("Case Closed dttm", "closed_at", required=False),
    Field("First Call Resolution", "first_call_resolution", "boolean", _yes_or_no, form="Y or N", required=False),
    _text("Customer Zip Code", "customer_zip"),
    _text("Incident Address 1", "address_1"),
    _text("Incident Address 2", "address_2"),
    _text("Incident Intersection 1", "intersection_1"),
    _text("Incident Intersection 2", "intersection_2"),
    Field("Incident Zip Code", "zip", "string", _zip, form="ZIP code such as 80202", required=False),
    _degrees("Longitude", "longitude"),
    _degrees("Latitude", "latitude"),
    _text("Agency", "agency"),
    _text("Division", "division"),
    _text("Major Area", "major_area"),
    _text("Type", "type"),
    _text("Topic", "topic"),
    _text("Council District", "council_district"),
    _text("Police District", "police_district"),
    _text("Neighborhood", "neighborhood"),
)
DENVER = Source(
    city="denver",
    zone="America/Denver",
    within=(-105.12, 39.60, -104.59, 39.92),  # the airport is far to the north-east
    key=("summary", "channel", "customer_zip", "address_1", "address_2", "intersection_1", "intersection_2", "zip"),
    statuses={
        RESOLVED: (
            *("Closed", "Closed - Answer Provided", "Closed - Service Completed", "Closed - Scheduled"),
            *("Closed - In Compliance", "Closed - No Violation Found", "Closed - Resolved by Customer"),
            *("Closed - Approved", "Closed - Not Approved", "Closed - Photos", "Closed - Other"),
        ),
        # The city is done with it, and nobody knows whether those who asked got what they needed.
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
    # Events have the time at which they were sent. Theirs is the form of which they have most fields.
    forms={"denver": _DENVER, "denver_events": (*_DENVER, _time("row_ts", "revised_at", required=False))},
)

_VANCOUVER = (
    _text("department", "agency"),
    _text("service_request_type", "type"),
    _text("status", "status"),
    _text("closure_reason", "closure_reason"),
    _time("service_request_open_timestamp", "created_at"),
    Field(
        "service_request_close_date", "closed_on", "date", parse_date, form="date such as 2024-07-04", required=False
    ),
    _time("last_modified_timestamp", "revised_at", required=False),
    _text("address", "address_1"),
    _text("local_area", "neighborhood"),
    _text("channel", "channel"),
    _degrees("latitude", "latitude"),
    _degrees("longitude", "longitude"),
    _text("geom", "geom"),
)
VANCOUVER = Source(
    city="vancouver",
    zone="America/Vancouver",
    within=(-123.28, 49.19, -123.0, 49.33),
    key=("type", "neighborhood", "channel", "address_1"),  # departments hand requests on to one another
    statuses={RESOLVED: ("Close",), UNRESOLVED: ("Open",)},
    spellings={"Closed": "Close"},
    forms={
        "vancouver": _VANCOUVER,
        # The workbooks have the same columns, as people write them: `Service request type`.
        "vancouver_workbook": tuple(
            Field(
                field.source if field.source == "geom" else field.source.replace("_", " ").capitalize(),
                *(field.name, field.type, field.parse, field.form, field.required),
            )
            for field in _VANCOUVER
        ),
    },
)

SOURCES = (DENVER, VANCOUVER)
SOURCE_FIELDS: Mapping[str, Sequence[Field]] = {
    form: fields for source in SOURCES for form, fields in source.forms.items()
}
"""The forms of the cities' files, and the columns of each."""


def fields_of_all() -> list[Field]:
    """Return the fields of all forms together: for each name one, which reads it as the row's form does.

    A name's source is the name itself: what each form calls it has been brought there before.
    """
    read: dict[str, dict[str, Field]] = {}
    for form, fields in SOURCE_FIELDS.items():
        for field in fields:
            read.setdefault(field.name, {})[form] = field
    return [_of_all_forms(name, by_form) for name, by_form in read.items()]


def _of_all_forms(name: str, by_form: Mapping[str, Field]) -> Field:
    one, ways = next(iter(by_form.values())), {field.parse: field for field in by_form.values()}
    form_is = [[form for form, field in by_form.items() if field.parse is way] for way in ways]

    def read(field: Field, column: str) -> Column:
        if field.parse:
            return field.parse(column)
        wanted = T._parse_datatype_string(field.type)
        return cast(quoted(column), given=T.StringType(), wanted=wanted, where="service_requests")

    def parse(column: str) -> Column:
        # All ways, then one of them: within a `when`, Spark would compute again what a way needs several times.
        place = F.coalesce(*(F.when(F.col("_form").isin(forms), number) for number, forms in enumerate(form_is)))
        return F.get(F.array(*(read(field, column) for field in ways.values())), place)

    words = " or ".join(dict.fromkeys(field.form for field in ways.values()))
    return Field(name, name, one.type, parse if any(ways) else None, words, one.required)
