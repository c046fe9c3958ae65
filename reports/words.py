"""Turn values into words for the sentences of answers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from reports.labels import UNKNOWN

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def month_and_year(day: date) -> str:
    """Return the month and the year of a date.

    >>> month_and_year(date(2024, 7, 1))
    'July 2024'
    """
    return f"{MONTHS[day.month - 1]} {day.year}"


def written(day: date) -> str:
    """Return a date as a reader writes it.

    >>> written(date(2024, 7, 1))
    '1 July 2024'
    """
    return f"{day.day} {month_and_year(day)}"


def months_of_year(first: date, last: date) -> str:
    """Return the year of two dates, with the first and last months unless the dates are in January and December.

    >>> months_of_year(date(2023, 1, 1), date(2023, 12, 31)), months_of_year(date(2024, 1, 1), date(2024, 7, 31))
    ('2023', 'January to July 2024')
    """
    if (first.month, last.month) == (1, 12):
        return str(first.year)
    if first.month == last.month:
        return month_and_year(first)
    return f"{MONTHS[first.month - 1]} to {month_and_year(last)}"


def points(change: float | None, *, since: str, more: str = "more", fewer: str = "fewer") -> str:
    """Return a change in percentage points as the end of a sentence, or an empty text if the change is unknown.

    >>> points(-1.26, since="2023"), points(0.5, since="May 2024", more="higher"), points(None, since="2023")
    (', 1.26 points fewer than in 2023', ', 0.50 points higher than in May 2024', '')
    """
    return _compare(change, "points", since=since, more=more, fewer=fewer)


def percent(change: float | None, *, since: str, more: str = "more", fewer: str = "fewer") -> str:
    """Return a relative change (%) as the end of a sentence, or an empty text if the change is unknown.

    >>> percent(12.5, since="2023"), percent(0, since="2023")
    (', 12.50 % more than in 2023', ', as many as in 2023')
    """
    return _compare(change, "%", since=since, more=more, fewer=fewer)


def name_of(value: object, *, default: str = UNKNOWN) -> str:
    """Return a value as text, or `default` if the value is missing."""
    return default if value is None else str(value)


def listed(names: Iterable[str]) -> str:
    """Return names as a list in words.

    >>> listed(["Rockville"]), listed(["Rockville", "Olney", "Kensington"])
    ('Rockville', 'Rockville, Olney and Kensington')
    """
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _compare(change: float | None, unit: str, *, since: str, more: str, fewer: str) -> str:
    if change is None:
        return ""
    if change == 0:
        return f", as {'many' if more == 'more' else 'high'} as in {since}"
    return f", {abs(change):,.2f} {unit} {more if change > 0 else fewer} than in {since}"
