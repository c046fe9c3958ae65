"""Convert Denver's service requests to items of a DynamoDB table. An item has no personal data.

An item has only the fields that the lake's masking policy allows. An item has no summary, no address, and no customer
ZIP code. Coordinates are rounded down to 0.001 degrees. The incident ZIP code has five digits. Fields that are not in
Denver's published data are dropped.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from decimal import ROUND_HALF_UP, Decimal
from math import nan
from typing import Any

from ingest.errors import PoisonError

LAYOUT = "denver"
KEY_FIELDS = (
    *("Case Summary", "Case Source", "Customer Zip Code", "Incident Address 1", "Incident Address 2"),
    *("Incident Intersection 1", "Incident Intersection 2", "Incident Zip Code"),
)
"""These fields, the layout and the creation time together identify a case. No revision changes these fields."""

COORDINATES = ("Longitude", "Latitude")
COPIED_FIELDS = (
    *("Case Status", "Case Source", "Case Created Date", "Case Created dttm", "Case Closed Date", "Case Closed dttm"),
    *("First Call Resolution", "Agency", "Division", "Major Area", "Type", "Topic", "Council District"),
    *("Police District", "Neighborhood", "row_ts"),
)
KNOWN_FIELDS = {*KEY_FIELDS, *COORDINATES, *COPIED_FIELDS}
_WALL_CLOCK = re.compile(r"(\d\d?)/(\d\d?)/(\d{4}) (\d\d?):(\d\d):(\d\d) ([AP])M", re.ASCII | re.IGNORECASE)
_WHITE_SPACE_AROUND_TIME = " \t\r\n\u00a0"
_ZIP = re.compile(r"(?!00000)(\d{5})(-\d{4})?", re.ASCII)


def parse(data: bytes) -> dict[str, Any]:
    """Return the JSON object of an event. Blank fields are removed. Numbers are exact decimals.

    Raises:
        PoisonError: The event is not a JSON object in UTF-8, or has a known field twice.
    """
    try:
        row = json.loads(
            data,
            parse_float=Decimal,
            parse_int=Decimal,
            parse_constant=_reject_constant,
            object_pairs_hook=_reject_repeats,
        )
        data.decode("utf-8")
        # `encode` raises ValueError if a text has half of a surrogate pair.
        json.dumps(row, ensure_ascii=False, default=str).encode()
    except PoisonError:
        raise
    except (ValueError, RecursionError) as error:
        raise PoisonError(f"the event is not JSON in UTF-8: {error}") from error
    if not isinstance(row, dict):
        raise PoisonError(f"the event is a JSON {type(row).__name__}. Expected an object")
    return {name: value for name, value in row.items() if not (value is None or value == "" or clean(value) == "")}


def make_item(row: Mapping[str, Any], key: bytes) -> dict[str, dict[str, Any]]:
    """Convert a row to an item of DynamoDB. The item has `case_key`, `revision` and the masked fields.

    Raises:
        PoisonError: The row has no valid `Case Created dttm` or no valid `row_ts`. Or a known field is nested. Or a
            coordinate is not valid.
    """
    if nested := [name for name, value in row.items() if name in KNOWN_FIELDS and isinstance(value, dict | list)]:
        raise PoisonError(f"the fields {nested} are nested. Expected texts and numbers")
    values: dict[str, dict[str, Any]] = {name: _encode(row[name]) for name in COPIED_FIELDS if name in row}
    for name in COORDINATES:
        if name in row:
            values[name] = {"N": block_corner(name, row[name])}
    if zip_code := _ZIP.fullmatch(clean(row.get("Incident Zip Code"))):
        values["Incident Zip Code"] = {"S": zip_code[1]}
    values["case_key"] = {"S": case_key(row, key)}
    values["revision"] = {"S": _make_revision(row, values)}
    return values


def case_key(row: Mapping[str, Any], key: bytes) -> str:
    """Return the key of a row's case. The lake computes the same key.

    Raises:
        PoisonError: `Case Created dttm` is missing or is not a valid time.
    """
    created = wall_clock(row.get("Case Created dttm"))
    if not created:
        problem = (
            "'Case Created dttm' is missing or is not a valid time, so the case has no key. Expected a time such as"
        )
        raise PoisonError(f"{problem} 07/04/2024 01:30:00 PM")
    return keyed_hash("\x1f".join((LAYOUT, created, *(clean(row.get(name, "")) for name in KEY_FIELDS))), key)


def keyed_hash(text: str, key: bytes) -> str:
    """Return the HMAC-SHA-256 of a text, in hexadecimal digits."""
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def clean(value: Any) -> str:
    """Return a value as text. Replace consecutive white space with one space, and trim the text.

    White space is defined as in Python, so it includes no-break spaces.
    """
    return " ".join(str(value).split())


def wall_clock(value: Any) -> str:
    """Convert `MM/dd/yyyy hh:mm:ss a` to `yyyy-MM-ddTHH:mm:ss`. Return '' if the time is not valid in Denver."""
    match = _WALL_CLOCK.fullmatch(str(value).strip(_WHITE_SPACE_AROUND_TIME))
    if not match or not 1 <= int(match[4]) <= 12:
        return ""
    hour = int(match[4]) % 12 + (12 if match[7] in "pP" else 0)
    try:
        time = datetime(int(match[3]), int(match[1]), int(match[2]), hour, int(match[5]), int(match[6]))
    except ValueError:
        return ""
    return "" if _is_skipped_in_spring(time) else time.isoformat()


def _is_skipped_in_spring(time: datetime) -> bool:
    """Return True if a local time is in the hour that Denver's clocks skip in spring.

    The function computes the date of the clock change, because Lambda may have no time zone database. The date is
    correct for 1987 and later years.
    """
    month, first_day = (3, 8) if time.year >= 2007 else (4, 1)
    is_sunday = time.weekday() == 6 and first_day <= time.day < first_day + 7
    return is_sunday and (time.month, time.hour) == (month, 2)


def block_corner(name: str, value: Any) -> str:
    """Round a coordinate down to 0.001 degrees. The lake rounds coordinates in the same way.

    Raises:
        PoisonError: The value is not a number of degrees.
    """
    try:
        degrees = float(clean(value))
    except ValueError:
        degrees = nan
    if not abs(degrees) <= 180:
        raise PoisonError(f"field {name!r} is not a number of degrees. Expected -180 to 180")
    millionths = Decimal(repr(degrees * 1_000_000)).quantize(Decimal(1), ROUND_HALF_UP)
    return str(Decimal(int(millionths) // 1000).scaleb(-3))


def _make_revision(row: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    """Return a text that sorts revisions from old to new.

    If two revisions have the same `row_ts`, the close time decides the order. If the close times are also equal, a hash
    of the content decides.
    """
    try:
        time = datetime.fromisoformat(str(row.get("row_ts", "")))
        utc = time.astimezone(timezone.utc) if time.tzinfo else time
    except (ValueError, OverflowError) as error:  # `astimezone` overflows if the UTC time is before the year 1
        problem = "'row_ts' is missing or is not a valid time. Expected a time such as 2024-07-04T13:30:00Z"
        raise PoisonError(problem) from error
    content = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
    closed = wall_clock(row.get("Case Closed dttm"))
    text = utc.replace(tzinfo=None).isoformat(timespec="microseconds")  # strftime does not pad the year to four digits
    return f"{text}Z {closed} {content[:16]}"


def _encode(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"BOOL": value}
    return {"N": str(value)} if isinstance(value, Decimal) else {"S": clean(value)}


def _reject_constant(text: str) -> Any:
    raise ValueError(f"{text} is not a JSON number")


def _reject_repeats(fields: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in fields if name in KNOWN_FIELDS]
    if len(set(names)) < len(names):
        raise PoisonError("the event repeats a field, so the value of the field is ambiguous")
    return dict(fields)
