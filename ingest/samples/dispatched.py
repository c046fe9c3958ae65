"""Generate incidents in the form of Montgomery County's feed of dispatched incidents.

No incident is real. Types, streets and times are random. The county has no incidents with these incident numbers.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from ingest.samples.files import PART

ZONE = ZoneInfo("America/New_York")
_DAYS = 10
_CITIES = {  # weight, police district, and longitude and latitude in units of 1/10,000 degree
    "SILVER SPRING": (30, 3, -770261, 389937),
    "GAITHERSBURG": (18, 6, -772014, 391434),
    "ROCKVILLE": (17, 1, -771528, 390840),
    "GERMANTOWN": (12, 5, -772717, 391732),
    "BETHESDA": (8, 2, -770947, 389847),
    "WHEATON": (5, 4, -770550, 390398),
    "OLNEY": (3, 4, -770669, 391532),
    "TAKOMA PARK": (2, 3, -770075, 389779),
    "POTOMAC": (2, 1, -772086, 390182),
    "DAMASCUS": (1, 5, -772039, 392884),
}
_OFFENCES = (
    *("TRAFFIC/TRANSPORTATION INCIDENT", "DISTURBANCE/NUISANCE", "CHECK WELFARE", "TRESPASSING/UNWANTED"),
    *("SUSPICIOUS CIRC, PERSONS, VEHICLE", "DOMESTIC DISTURBANCE/VIOLENCE", "ALARM", "THEFT/LARCENY", "NOISE"),
    *("MENTAL DISORDER", "ASSAULT", "BURGLARY", "VANDALISM", "FRAUD/DECEPTION", "PARKING", "ABANDONED VEHICLE"),
    *("SEXUAL ASSAULT", "ROBBERY/CARJACKING", "DRIVING UNDER THE INFLUENCE", "HARASSMENT, STALKING, THREATS"),
    *("MISSING PERSON", "ANIMAL COMPLAINT", "LOST/FOUND PROPERTY", "DRUGS", "WEAPONS", "ASSIST OTHER AGENCY"),
    *(f"ADMINISTRATIVE {letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    "PURSUIT",
)
_TYPES = [offence + when for when in ("", " - JUST OCCURRED", " - OCCURRED EARLIER") for offence in _OFFENCES]
# A few of the 159 types have most of the incidents.
_TYPE_WEIGHTS = [400 / (position + 2) for position in range(len(_TYPES))]
_DISPOSITIONS = {"NO REPORT": 40, "REPORT TAKEN": 22, "GOA/UNABLE TO LOCATE": 14, "ARREST": 6, "CANCELLED": 5, "": 3}
_STREETS = {
    "GEORGIA AVE": 16,
    "ROCKVILLE PIKE": 12,
    "COLESVILLE RD": 9,
    "VEIRS MILL RD": 8,
    "FREDERICK RD": 6,
    "THAYER AVE": 3,
    "16TH ST": 3,
    "UNIVERSITY BLVD W": 3,
    "RANDOLPH RD": 3,
    **{f"{name} {suffix}": 1 for name in ("OAK", "ELM", "PARK", "LAKE", "SPRING") for suffix in ("ST", "RD", "DR")},
}
# The list has a weight for each hour of the day. The weight of hour 2 is 0, because the clocks skip this hour in March.
_HOURS = [2, 2, 0, 1, 1, 1, 2, 4, 5, 5, 5, 5, 6, 5, 5, 6, 7, 7, 6, 6, 5, 5, 4, 3]
SECONDS = ("calltime_dispatch", "calltime_arrive", "calltime_cleared", "dispatch_arrive", "arrive_cleared")
"""The fields that hold a duration in seconds. The fields are empty until the police units have cleared the incident."""

_EXPECTED_ONLY = ("street", "crossing", "cell", "weekday", "hour")


def draw_incident(draw: random.Random, *, year: int, part: int, index: int) -> tuple[dict[str, Any], datetime]:
    """Generate an incident in its last state. Return its fields and its start in UTC.

    The field names are the names that the county uses.
    """
    clock = _draw_start(draw, year, index)
    city = draw.choices([*_CITIES], [weight for weight, *_ in _CITIES.values()])[0]
    _, district, longitude, latitude = _CITIES[city]
    type_place = draw.choices(range(len(_TYPES)), _TYPE_WEIGHTS)[0]
    street = draw.choices([*_STREETS], [*_STREETS.values()])[0]
    other = [name for name in _STREETS if name != street][index % 7]
    address_kind = "nowhere" if index % 61 == 40 else "an intersection" if index % 11 == 0 else "a block"
    dispatch, arrival, clearing = draw.randrange(30, 900), draw.randrange(30, 2400), draw.randrange(60, 4200)
    if index % 43 == 8:
        arrival = 60 * draw.choice((5, 10, 15, 20, 30, 40, 50))  # exactly the lower limit of a response time band
    arrival = 0 if index % 17 == 3 else arrival  # the units were already at the place
    arrived, cleared = draw.random() > 0.25, draw.random() > 0.05
    incident = {
        "incident_id": f"P{year % 100}{part * PART + index:08}",
        "start_time": f"{clock:%Y-%m-%dT%H:%M:%S.000}",
        "priority": None if index % 59 == 13 else (type_place + (draw.random() < 0.2)) % 5,
        "initial_type": _TYPES[type_place],
        "city": city,
        "street": street if address_kind == "a block" else None,
        "crossing": " / ".join(sorted((street, other))) if address_kind == "an intersection" else None,
        "police_district_number": f"{district}D",
        "sector": None if index % 47 == 21 else f"{'ABCDEF'[district - 1]}{1 + index % 3}",
        "cell": (longitude + draw.randrange(-300, 300), latitude + draw.randrange(-300, 300)),
        "calltime_dispatch": dispatch,
        "calltime_arrive": dispatch + arrival if arrived else None,
        "calltime_cleared": dispatch + arrival + clearing if cleared else None,
        "dispatch_arrive": arrival if arrived else None,
        "arrive_cleared": clearing if arrived and cleared else None,
        "disposition_desc": draw.choices([*_DISPOSITIONS], [*_DISPOSITIONS.values()])[0] or None,
        "weekday": clock.isoweekday(),
        "hour": clock.hour,
    }
    return incident, clock.astimezone(timezone.utc)


def feed_record(incident: dict[str, Any], index: int) -> dict[str, Any]:
    """Return an incident in the form of the feed. Missing values are empty strings, absent fields or nulls."""
    start = datetime.fromisoformat(incident["start_time"]).replace(tzinfo=ZONE).astimezone(timezone.utc)
    end = (start + timedelta(seconds=incident["calltime_cleared"] or 3600)).astimezone(ZONE)
    route = 20 + index % 10
    longitude, latitude = (f"{degrees / 10_000:.4f}" for degrees in incident["cell"] or (0, 0))
    has_only_geolocation = index % 5 == 2
    fields = {
        **{name: value for name, value in incident.items() if name not in _EXPECTED_ONLY},
        "end_time": f"{end:%Y-%m-%dT%H:%M:%S.000}",
        "address": _write_address(incident, index),
        "cr_number": f"{240000000 + index}" if index % 6 == 0 else None,
        "crash_reports": None,
        "close_type": incident["initial_type"],
        "state": "MD",
        "zip": f"{20800 + index % 100}",
        "pra": "135",
        "calltime_callroute": route,
        "callroute_dispatch": incident["calltime_dispatch"] - route,
        "longitude": None if has_only_geolocation else longitude,
        "latitude": None if has_only_geolocation else latitude,
        "geolocation": (
            {"type": "Point", "coordinates": [float(longitude), float(latitude)]},
            {"latitude": latitude, "longitude": longitude, "human_address": "{}"},
            f"POINT ({longitude} {latitude})",
        )[index % 3],
        ":@computed_region_6vgr_duib": f"{1 + index % 8}",
    }
    cells = {name: value if index % 6 == 1 else _write_number(value) for name, value in fields.items()}
    if index % 12 == 7:
        cells |= {name: float(fields[name]) for name in SECONDS if fields[name] is not None}
    if index % 4 == 1:
        return {name: value for name, value in cells.items() if value is not None}
    return {name: "" if value is None and index % 4 != 2 else value for name, value in cells.items()}


def _draw_start(draw: random.Random, year: int, index: int) -> datetime:
    """Return the local time at which an incident began.

    All times are in the ten days around a clock change. Some times are in the hour that the clocks show twice.
    """
    change = _find_sunday(year, 3, 2) if index % 2 else _find_sunday(year, 11, 1)
    minutes = timedelta(seconds=draw.randrange(3600))
    if index % 50 == 14:
        # In November, the clocks show hour 1 twice. The feed writes the same text for equal times in both hours.
        return change + timedelta(hours=1) + minutes
    hour = draw.choices(range(24), _HOURS)[0]
    return change + timedelta(days=draw.randrange(-_DAYS // 2, _DAYS // 2), hours=hour) + minutes


def _find_sunday(year: int, month: int, number: int) -> datetime:
    """Return midnight at the start of a Sunday. If `number` is 1, this is the first Sunday of the month."""
    first = datetime(year, month, 1, tzinfo=ZONE)
    return first + timedelta(days=(6 - first.weekday()) % 7 + 7 * (number - 1))


def _write_address(incident: dict[str, Any], index: int) -> str | None:
    street, crossing, block = incident["street"], incident["crossing"], index % 97
    if crossing:
        first, second = crossing.split(" / ")
        return (crossing, f"{second}/{first}", f"{second.title()} & {first}")[index % 3]
    if street is None:
        return None
    if index % 13 == 6:
        return f"{100 * block + 1 + index % 98} {street}"  # a house number, which the county should not publish
    return f"{100 * block}  blk {street.title()} " if index % 16 == 9 else f"{100 * block} BLK {street}"


def _write_number(value: Any) -> Any:
    """Return a whole number as text. Any other value is returned unchanged."""
    return str(value) if isinstance(value, int) else value
