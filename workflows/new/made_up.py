"""Make up cells for the tests of a new dataset. No cell comes from the files, because cells may be personal."""

from __future__ import annotations

import re
from datetime import date

from ingest.profile_columns import ColumnProfile
from workflows.new.code import text_literal
from workflows.new.plan import NewDataset

_LETTER = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*")
_SERIAL_OF_APRIL_30 = 45412  # Excel's number of 2024-04-30
_COORDINATE, _MASKED_COORDINATE = "39.7392", "39.73"
_MAY = 5
TEXT = "made up"


def cell(column: ColumnProfile, dataset: NewDataset, *, number: int) -> str:
    """Return a cell as text. Different numbers, from 1 to 9, give different cells."""
    kind, moments = column.values.kind, column.moments
    if column.personal:
        if column.personal.action == "generalize_coordinate":
            return _COORDINATE
        if moments is None:
            return TEXT
    if moments and (conflict := dataset.conflict(column)):
        return _format(moments.pattern.removesuffix("XXX"), day=number, is_date=False) + conflict.offset
    if moments and moments.pattern and kind in ("date_pattern", "timestamp_pattern"):
        return _format(moments.pattern, day=number, is_date=moments.is_date)
    decimals = {"double": ".5", "decimal(18,2)": ".50"}
    cells = {
        "boolean": "true" if number % 2 else "false",
        "date": f"2024-05-{number:02}",
        "instant": f"2024-05-{number:02}T12:30:00Z",
        "local_time": f"2024-05-{number:02}T12:30:00",
        "month": f"2024-{number:02}",
        "number": f"{number}{decimals.get(column.type, '')}",
        "serial": str(_SERIAL_OF_APRIL_30 + number),
        "written_date": f"{number} May 2024",
    }
    return cells.get(kind, "abcdefghi"[number - 1])


def value(column: ColumnProfile, dataset: NewDataset, *, number: int) -> tuple[str, str]:
    """Return the type of a column in trusted, and the value of the made-up cell as code."""
    if column.personal:
        masked = {
            "redact": ("string", "REDACTED"),
            "generalize_year": ("int", "2024"),
            "generalize_prefix": ("string", text_literal(TEXT[:3])),
            "generalize_coordinate": ("decimal(5,2)", f'Decimal("{_MASKED_COORDINATE}")'),
        }
        return masked[column.personal.action]
    return column.type, typed(column, dataset, number=number)


def typed(column: ColumnProfile, dataset: NewDataset, *, number: int, month: int = _MAY) -> str:
    """Return the value of a made-up cell as code."""
    kind = column.values.kind
    if kind == "number":
        text = cell(column, dataset, number=number)
        return f'Decimal("{text}")' if column.type == "decimal(18,2)" else text
    if kind == "boolean":
        return str(bool(number % 2))
    if kind == "month":
        return _date_code(date(2024, number if month == _MAY else month, 1))
    if column.type == "date":
        return _date_code(date(2024, month, number))
    if column.type == "timestamp":
        zone = "ZoneInfo(ZONE)" if dataset.is_local(column) else "timezone.utc"
        return f"datetime(2024, {month}, {number}, 12, 30, tzinfo={zone})"
    if column.type == "timestamp_ntz":
        return f"datetime(2024, {month}, {number}, 12, 30)"
    return text_literal(cell(column, dataset, number=number))


def _date_code(day: date) -> str:
    return f"date({day.year}, {day.month}, {day.day})"


def _format(pattern: str, *, day: int, is_date: bool) -> str:
    """Return the day in May 2024, at 12:30 or midnight, in a pattern of `parse_timestamp`."""
    letters = {"yyyy": "2024", "MM": "05", "M": "5", "MMM": "May", "dd": f"{day:02}", "d": str(day), "XXX": "Z"}
    letters |= {"HH": "00" if is_date else "12", "H": "0" if is_date else "12", "hh": "12", "h": "12", "ss": "00"}
    letters |= {"mm": "00" if is_date else "30", "a": "AM" if is_date else "PM"}
    return _LETTER.sub(lambda match: match[1] or letters.get(match[0]) or "0" * len(match[0]), pattern)
