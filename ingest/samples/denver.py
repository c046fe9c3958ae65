"""Made-up service requests as Denver's columns have them: one by one, and what is right about each.

Nobody is in them: names are of a list, telephone numbers of the range that is kept for fiction, streets are Example St.
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
_FIRST_HOUR, _SECONDS = 6, 16 * 3600  # requests of a day come from 6 to 22 o'clock: no clock change is then
_STRIDE = 7_654_321  # has no factor in common with the seconds of a year, so that no two requests come in one

# Agency, summary; what it is about, and whether it is about traffic.
_ASKED: tuple[tuple[str, str, str | None, str | None], ...] = (
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
"""Status to what becomes of a request, and of how many of a hundred: about as Denver's totals of 2019 to 2025 say."""

# ZIP code, council and police district, the middle of it.
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
    """A request at one moment of its life.

    Attributes:
        cells: What a file says, by column; times are wall clocks.
        right: What must come of it, by trusted's column; what is missing is None.
        warnings: The expectations that it fails.
    """

    cells: dict[str, Any]
    right: dict[str, Any]
    warnings: tuple[str, ...]


def made_up(index: int, number: int, days: tuple[date, date], generator: random.Random) -> Case:
    """Make the request `index` of a part. `number` is its own in the year; it comes in one of the days between two."""
    created = _moment(days, number)
    agency, summary, kind, traffic = _ASKED[generator.randrange(len(_ASKED))]
    zip_code, council, police, west, south = _PLACES[generator.randrange(len(_PLACES))]
    channel, said = generator.choice(_CHANNELS), generator.choice(("Y", "Y", "N", "N", ""))
    cells = dict.fromkeys(COLUMNS, "") | {
        "Case Summary": _summary(summary, index),
        "Case Source": "" if index % 120 == 14 else channel,
        "Case Created Date": f"{created:%m/%d/%Y}",
        "Case Created dttm": _clock(created),
        "First Call Resolution": said,
        "Customer Zip Code": "" if index % 3 else zip_code,
        "Incident Address 1": "" if index % 5 == 4 else f"{number % 9000 + 1} N Example St",
        "Incident Intersection 1": "EXAMPLE ST" if index % 10 == 4 else "",
        "Incident Intersection 2": "N 12th AVE" if index % 10 == 4 else "",
        "Incident Zip Code": {0: "00000", 7: "", 12: f"{zip_code}-1234"}.get(index % 33, zip_code),
        "Agency": "" if index % 130 == 33 else f"\u00a0{agency} " if index % 13 == 5 else agency,
        "Council District": "0" if index % 40 == 11 else council,
        "Police District": police,
    }
    right: dict[str, Any] = {
        "created": created,
        "channel": cells["Case Source"] or None,
        "agency": agency if cells["Agency"] else None,
        "request_type": kind,
        "traffic_kind": traffic,
        "first_call": {"Y": True, "N": False}.get(said),
        "council_district": None if index % 40 == 11 else council,
        "police_district": police,
        "zip": None if index % 33 in (0, 7) else zip_code,
    }
    if index % 100 == 3:
        rare = {"Division": "Street Maintenance", "Major Area": "Central", "Neighborhood": "Five Points"}
        cells, right = cells | rare, right | {"neighborhood": "Five Points"}
    if index % 100 == 41:
        cells, right = cells | {"Type": "Street Maintenance"}, right | {"request_type": "Street Maintenance"}
    if index % 100 == 63:
        cells, right = cells | {"Topic": "Street Sweeping"}, right | {"request_type": "Street Sweeping"}
    warnings = {
        "channel_present": right["channel"] is None,
        "agency_present": right["agency"] is None,
        "request_type_known": right["request_type"] is None,
        "other_cells_readable": index % 33 == 0,
    }
    case = _placed(Case(cells, right, ()), index, float(west), south, generator)
    return replace(case, warnings=(*case.warnings, *(name for name, fails in warnings.items() if fails)))


def ended(case: Case, index: int, generator: random.Random) -> Case:
    """Return a request as it ended, closed or not, a few as nobody should say it."""
    (status, (becomes, _)) = generator.choices([*_STATUSES.items()], [weight for _, weight in _STATUSES.values()])[0]
    hours = generator.expovariate(1 / 60) + 0.01
    if index % 151 == 60:
        return _closed(case, "Merged by Supervisor", None, hours, warnings=("status_known",))
    if index % 211 == 80:
        return _closed(case, "In Progress", "unresolved", hours, counts=False, warnings=("open_is_not_closed",))
    if becomes == "unresolved" or status == _TRANSFERRED or index % 31 == 9:  # a third has no close time
        return still(case, status, becomes)
    if index % 199 == 70:
        return _closed(case, status, becomes, -1, counts=False, warnings=("closed_not_before_created",))
    return _closed(case, status, becomes, hours, only_day=index % 97 == 30)


def still(case: Case, status: str = "New", becomes: str = "unresolved") -> Case:
    """Return a request with a status and no time at which it was closed."""
    return replace(case, cells=case.cells | {"Case Status": status}, right=case.right | {"resolution": becomes})


def closed_at(case: Case) -> datetime:
    """Return when a request says that it was closed, by Denver's clocks, else when it was created."""
    at: datetime = case.right.get("closed", case.right["created"])
    return at


def utc(wall_clock: datetime) -> datetime:
    """Return when Denver's clocks show a time."""
    return wall_clock.replace(tzinfo=ZONE).astimezone(timezone.utc)


def _closed(
    case: Case,
    status: str,
    becomes: str | None,
    hours: float,
    *,
    only_day: bool = False,
    counts: bool = True,
    warnings: tuple[str, ...] = (),
) -> Case:
    created = case.right["created"]
    at = (utc(created) + timedelta(seconds=round(hours * 3600))).astimezone(ZONE).replace(tzinfo=None, fold=0)
    # An hour that clocks show twice is read as the earlier one: so no request is closed in it.
    at = at.replace(hour=3) if at.hour == 1 else at
    cells = {"Case Status": status, "Case Closed Date": f"{at:%m/%d/%Y}", "Case Closed dttm": _clock(at)}
    if only_day:
        cells["Case Closed dttm"], at = "", datetime.combine(at, time(23, 59, 59))
    took = Decimal((utc(at) - utc(created)).total_seconds()) / 3600
    tenths = int((took * 10).quantize(Decimal(1), ROUND_HALF_UP)) if counts else None
    right = {"resolution": becomes, "closed": at, "tenths": tenths}
    return Case(case.cells | cells, case.right | right, (*case.warnings, *warnings))


def _placed(case: Case, index: int, west: float, south: float, generator: random.Random) -> Case:
    longitude, latitude = round(west + generator.random() / 100, 6), round(south + generator.random() / 100, 6)
    wrong: dict[int, tuple[Any, Any]] = {
        3: (latitude, latitude),  # 5 % have the latitude twice
        8: (0, 0),
        11: ("", ""),
        15: ("", ""),
    }
    if index % 20 in wrong:
        longitude, latitude = wrong[index % 20]
        warnings = ("coordinates_given", "coordinates_in_the_city")[: 2 if index % 20 == 3 else 1]
        return Case(case.cells | {"Longitude": longitude, "Latitude": latitude}, case.right, warnings)
    if index % 150 == 77:
        cells = {"Longitude": longitude + 10, "Latitude": latitude}
        return Case(case.cells | cells, case.right, ("coordinates_given", "coordinates_in_the_city"))
    cell = f"{_line(latitude)},{_line(longitude)}"
    return Case(case.cells | {"Longitude": longitude, "Latitude": latitude}, case.right | {"grid_cell": cell}, ())


def _line(degrees: float) -> str:
    millionths = round(degrees * 1_000_000)
    return f"{Decimal(millionths - millionths % 10_000).scaleb(-6):.2f}"


def _summary(summary: str, index: int) -> str:
    if index % 31 == 12:
        summary = f'{summary}\n"in front of" {index % 900} Example St'
    if index % 37 == 16:
        summary = f"{summary} - call {_NAMES[index % len(_NAMES)]}, 303-555-01{index % 100:02}"
    return f"{summary}\u00a0\u00a0" if index % 13 == 5 else summary


def _moment(days: tuple[date, date], number: int) -> datetime:
    first, last = days
    seconds = number * _STRIDE % (((last - first).days + 1) * _SECONDS)
    day, second = divmod(seconds, _SECONDS)
    return datetime.combine(first + timedelta(days=day), time(_FIRST_HOUR)) + timedelta(seconds=second)


def _clock(at: datetime) -> str:
    return f"{at:%m/%d/%Y %I:%M:%S %p}"
