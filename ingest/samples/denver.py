"""Generate random service requests with Denver's columns, and compute the expected values of each request.

The requests contain no real persons. Names come from a list. Telephone numbers come from the range that is reserved for
fiction. All addresses are on Example St.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

COLUMNS = (
    *("Case Summary", "Case Status", "Case Source", "Case Created Date", "Case Created dttm", "Case Closed Date"),
    *("Case Closed dttm", "First Call Resolution", "Customer Zip Code", "Incident Address 1", "Incident Address 2"),
    *("Incident Intersection 1", "Incident Intersection 2", "Incident Zip Code", "Longitude", "Latitude", "Agency"),
    *("Division", "Major Area", "Type", "Topic", "Council District", "Police District", "Neighborhood"),
)
ZONE = ZoneInfo("America/Denver")
_FIRST_HOUR, _SECONDS = 6, 16 * 3600  # requests are created from 6:00 to 22:00, because clocks change at night
# `_draw_time` chooses one of the seconds in a range of dates. The number of these seconds and the stride have no common
# factor. Therefore, no two requests of a year are created in the same second.
_STRIDE = 7_654_321

# Each tuple has an agency, a summary, the expected request type, and the expected traffic kind.
_SUBJECTS: tuple[tuple[str, str, str | None, str | None], ...] = (
    ("Public Works", "Pothole", "Pothole", None),
    ("Public Works", "Illegal Parking", "Parking", None),
    ("Public Works", "Abandoned Vehicle", "Abandoned vehicle", None),
    ("Public Works", "Missed Trash Pickup", "Trash and recycling", None),
    ("Public Works", "Traffic Signal Out", "Traffic and signals", "traffic"),
    ("Public Works", "Graffiti Report", "Graffiti", None),
    ("Public Works", "Street Light Out", "Street light", None),
    ("Safety", "Accident Report", "Traffic accident", "accident"),
    ("Safety", "Speeding, Traffic Complaint", "Traffic and signals", "traffic"),
    ("Safety", "Police Non-Emergency", "Police", None),
    ("Community Planning & Development", "Snow Removal", "Snow and ice", None),
    ("Community Planning & Development", "Weeds", "Weeds", None),
    ("Public Health & Environment", "Noise Complaint", "Noise", None),
    ("Public Health & Environment", "Dog Off Leash", "Animals", None),
    ("Parks & Recreation", "Tree Down", "Trees", None),
    ("Finance", "Property Tax Question", "Taxes and property", None),
    ("Finance", "DMV Appointment", "Vehicle registration", None),
    ("Clerk & Recorder", "Marriage Records", "Elections and records", None),
    ("Excise & License", "Short-Term Rental License", "Licences and permits", None),
    ("Human Services", "Encampment", "Encampment", None),
    ("311", "General Inquiry", "Information", None),
    ("External Agency", "Other", None, None),
)
_CHANNELS = ("Phone", "Phone", "Phone", "PocketGov", "PocketGov", "Email", "Chat")
_TRANSFERRED = "Closed - Transfered to External Agency"
_STATUSES = {
    "Closed - Answer Provided": ("resolved", 40),
    "Closed - Service Completed": ("resolved", 20),
    _TRANSFERRED: ("closed otherwise", 23),
    "Closed - Out of Jurisdiction": ("closed otherwise", 4),
    "Closed - Duplicate": ("closed otherwise", 3),
    "Closed - Spam": ("closed otherwise", 1),
    "In Progress": ("unresolved", 4),
    "Routed to Agency": ("unresolved", 3),
    "New": ("unresolved", 2),
}
"""Maps each status to its resolution and its weight. The weights follow Denver's totals of 2019 to 2025."""

# Each tuple has a ZIP code, a council district, a police district, and the longitude and latitude of the south-west
# corner of the place.
_PLACES = tuple(
    (
        f"802{2 + n:02}",
        str(n % 11 + 1),
        str(n % 6 + 1),
        Decimal("-105.0235") + n * Decimal("0.0141"),
        39.6512 + n * 0.01,
    )
    for n in range(12)
)
_NAMES = ("Ada Abbott", "José Núñez", "Zoë Lindqvist", "Dev Dhaliwal")


@dataclass(frozen=True)
class Case:
    """The state of a request at one point in time.

    Attributes:
        cells: A dictionary that maps each column name to the cell of the request. Times are local.
        expected: The expected values of the request, by name. None stands for an expected null.
        warnings: The expectations that the request fails.
    """

    cells: dict[str, Any]
    expected: dict[str, Any]
    warnings: tuple[str, ...]


def draw_request(index: int, number: int, days: tuple[date, date], generator: random.Random) -> Case:
    """Generate one request.

    `index` is unique among the requests of one part of the sample. `number` is unique in a year. `days` has the first
    and the last possible date of creation.
    """
    created = _draw_time(days, number)
    agency, summary, kind, traffic = _SUBJECTS[generator.randrange(len(_SUBJECTS))]
    zip_code, council, police, west, south = _PLACES[generator.randrange(len(_PLACES))]
    channel, first_call = generator.choice(_CHANNELS), generator.choice(("Y", "Y", "N", "N", ""))
    cells = dict.fromkeys(COLUMNS, "") | {
        "Case Summary": _write_summary(summary, index),
        "Case Source": "" if index % 120 == 14 else channel,
        "Case Created Date": f"{created:%m/%d/%Y}",
        "Case Created dttm": _format_time(created),
        "First Call Resolution": first_call,
        "Customer Zip Code": "" if index % 3 else zip_code,
        "Incident Address 1": "" if index % 5 == 4 else f"{number % 9000 + 1} N Example St",
        "Incident Intersection 1": "EXAMPLE ST" if index % 10 == 4 else "",
        "Incident Intersection 2": "N 12th AVE" if index % 10 == 4 else "",
        "Incident Zip Code": {0: "00000", 7: "", 12: f"{zip_code}-1234"}.get(index % 33, zip_code),
        "Agency": "" if index % 130 == 33 else f"\u00a0{agency} " if index % 13 == 5 else agency,
        "Council District": "0" if index % 40 == 11 else council,
        "Police District": police,
    }
    expected: dict[str, Any] = {
        "created": created,
        "channel": cells["Case Source"] or None,
        "agency": agency if cells["Agency"] else None,
        "request_type": kind,
        "traffic_kind": traffic,
        "first_call": {"Y": True, "N": False}.get(first_call),
        "council_district": None if index % 40 == 11 else council,
        "police_district": police,
        "zip": None if index % 33 in (0, 7) else zip_code,
    }
    if index % 100 == 3:
        rare = {"Division": "Street Maintenance", "Major Area": "Central", "Neighborhood": "Five Points"}
        cells, expected = cells | rare, expected | {"neighborhood": "Five Points"}
    if index % 100 == 41:
        cells, expected = cells | {"Type": "Street Maintenance"}, expected | {"request_type": "Street Maintenance"}
    if index % 100 == 63:
        cells, expected = cells | {"Topic": "Street Sweeping"}, expected | {"request_type": "Street Sweeping"}
    warnings = {
        "channel_present": expected["channel"] is None,
        "agency_present": expected["agency"] is None,
        "request_type_known": expected["request_type"] is None,
        "other_cells_readable": index % 33 == 0,
    }
    case = _set_coordinates(Case(cells, expected, ()), index, float(west), south, generator)
    return replace(case, warnings=(*case.warnings, *(name for name, fails in warnings.items() if fails)))


def draw_outcome(case: Case, index: int, generator: random.Random) -> Case:
    """Generate the last state of a request.

    The last state is closed or open. A few requests have inconsistent values.
    """
    (status, (resolution, _)) = generator.choices([*_STATUSES.items()], [weight for _, weight in _STATUSES.values()])[0]
    hours = generator.expovariate(1 / 60) + 0.01
    if index % 151 == 60:
        return _close(case, "Merged by Supervisor", None, hours, warnings=("status_known",))
    if index % 211 == 80:
        return _close(case, "In Progress", "unresolved", hours, counts=False, warnings=("open_is_not_closed",))
    # This branch leaves about a third of all requests without a close time.
    if resolution == "unresolved" or status == _TRANSFERRED or index % 31 == 9:
        return set_status(case, status, resolution)
    if index % 199 == 70:
        return _close(case, status, resolution, -1, counts=False, warnings=("closed_not_before_created",))
    return _close(case, status, resolution, hours, only_day=index % 97 == 30)


def set_status(case: Case, status: str = "New", resolution: str = "unresolved") -> Case:
    """Return a copy of the request with this status. The close time stays empty."""
    return replace(
        case, cells=case.cells | {"Case Status": status}, expected=case.expected | {"resolution": resolution}
    )


def closing_time(case: Case) -> datetime:
    """Return the local time at which a request was closed. For an open request, return its creation time."""
    local_time: datetime = case.expected.get("closed", case.expected["created"])
    return local_time


def to_utc(wall_clock: datetime) -> datetime:
    """Convert a local time in Denver to UTC."""
    return wall_clock.replace(tzinfo=ZONE).astimezone(timezone.utc)


def _close(
    case: Case,
    status: str,
    resolution: str | None,
    hours: float,
    *,
    only_day: bool = False,
    counts: bool = True,
    warnings: tuple[str, ...] = (),
) -> Case:
    created = case.expected["created"]
    closed = (to_utc(created) + timedelta(seconds=round(hours * 3600))).astimezone(ZONE).replace(tzinfo=None, fold=0)
    # If a close time is in hour 1, move it to hour 3. In November, the clocks show hour 1 twice, so a close time in
    # this hour would be ambiguous.
    closed = closed.replace(hour=3) if closed.hour == 1 else closed
    cells = {"Case Status": status, "Case Closed Date": f"{closed:%m/%d/%Y}", "Case Closed dttm": _format_time(closed)}
    if only_day:
        cells["Case Closed dttm"], closed = "", datetime.combine(closed, time(23, 59, 59))
    duration = Decimal((to_utc(closed) - to_utc(created)).total_seconds()) / 3600
    tenths = int((duration * 10).quantize(Decimal(1), ROUND_HALF_UP)) if counts else None
    expected = {"resolution": resolution, "closed": closed, "tenths": tenths}
    return Case(case.cells | cells, case.expected | expected, (*case.warnings, *warnings))


def _set_coordinates(case: Case, index: int, west: float, south: float, generator: random.Random) -> Case:
    longitude, latitude = round(west + generator.random() / 100, 6), round(south + generator.random() / 100, 6)
    wrong_places: dict[int, tuple[Any, Any]] = {
        3: (latitude, latitude),  # 5 % of the requests have the latitude in both coordinate columns
        8: (0, 0),
        11: ("", ""),
        15: ("", ""),
    }
    if index % 20 in wrong_places:
        longitude, latitude = wrong_places[index % 20]
        warnings = ("coordinates_given", "coordinates_in_the_city")[: 2 if index % 20 == 3 else 1]
        return Case(case.cells | {"Longitude": longitude, "Latitude": latitude}, case.expected, warnings)
    if index % 150 == 77:
        cells = {"Longitude": longitude + 10, "Latitude": latitude}
        return Case(case.cells | cells, case.expected, ("coordinates_given", "coordinates_in_the_city"))
    cell = f"{_round_down(latitude)},{_round_down(longitude)}"
    return Case(case.cells | {"Longitude": longitude, "Latitude": latitude}, case.expected | {"grid_cell": cell}, ())


def _round_down(degrees: float) -> str:
    millionths = round(degrees * 1_000_000)
    return f"{Decimal(millionths - millionths % 10_000).scaleb(-6):.2f}"


def _write_summary(summary: str, index: int) -> str:
    if index % 31 == 12:
        summary = f'{summary}\n"in front of" {index % 900} Example St'
    if index % 37 == 16:
        summary = f"{summary} - call {_NAMES[index % len(_NAMES)]}, 303-555-01{index % 100:02}"
    return f"{summary}\u00a0\u00a0" if index % 13 == 5 else summary


def _draw_time(days: tuple[date, date], number: int) -> datetime:
    first, last = days
    seconds = number * _STRIDE % (((last - first).days + 1) * _SECONDS)
    day, second = divmod(seconds, _SECONDS)
    return datetime.combine(first + timedelta(days=day), time(_FIRST_HOUR)) + timedelta(seconds=second)


def _format_time(clock: datetime) -> str:
    return f"{clock:%m/%d/%Y %I:%M:%S %p}"
