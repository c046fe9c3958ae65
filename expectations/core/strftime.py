"""Check whether text matches a format of Python's `datetime.strptime`, without running Python for each value.

A format becomes one Java regular expression. A rule of the calendar, such as "June has 30 days", becomes a condition on
the groups of the regular expression. The patterns come from the module `_strptime` of Python 3.11. Names of days and
months are English, as in the C locale.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F

_PATTERNS = {
    "a": "mon|tue|wed|thu|fri|sat|sun",
    "A": "monday|tuesday|wednesday|thursday|friday|saturday|sunday",
    "b": "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec",
    "B": "january|february|march|april|may|june|july|august|september|october|november|december",
    "d": "3[01]|[12][0-9]|0[1-9]|[1-9]| [1-9]",
    "f": "[0-9]{1,6}",
    "H": "2[0-3]|[01][0-9]|[0-9]",
    "I": "1[0-2]|0[1-9]|[1-9]",
    "j": "36[0-6]|3[0-5][0-9]|[12][0-9][0-9]|0[1-9][0-9]|00[1-9]|[1-9][0-9]|0[1-9]|[1-9]",
    "m": "1[0-2]|0[1-9]|[1-9]",
    "M": "[0-5][0-9]|[0-9]",
    "p": "am|pm",
    "S": "6[01]|[0-5][0-9]|[0-9]",
    "u": "[1-7]",
    "w": "[0-6]",
    "y": "[0-9]{2}",
    "Y": "[0-9]{4}",
    "z": "[+-][0-9]{2}:?[0-5][0-9](?::?[0-5][0-9](?:[.][0-9]{1,6})?)?|(?-i:Z)",
    "%": "%",
}
_COMPOSED = {"%c": "%a %b %d %H:%M:%S %Y", "%x": "%m/%d/%y", "%X": "%H:%M:%S"}
_SPACE = r"[\s\p{Z}\x1c-\x1f\x85]+"
# A valid UTC offset is below 24 hours. A valid offset has a colon between all numbers, or no colon. As in Python, the
# pattern of the directive %z in `_PATTERNS` also matches invalid offsets. `_OFFSET` matches only valid offsets.
_OFFSET = (
    r"\A(?:Z|[+-](?:[01][0-9]|2[0-3])(?:[0-9]{2}(?:[0-9]{2}(?:[.][0-9]+)?)?|:[0-9]{2}(?::[0-9]{2}(?:[.][0-9]+)?)?))\z"
)


def require_strftime_format(strftime_format: Any) -> None:
    """Raise ValueError unless `matches_strftime` supports the format and Python can parse a time in the format.

    As in GX, Python must be able to parse its own output in the format. Directives for weeks are not supported. Names
    of time zones are not supported, because the known names depend on the machine. A format with `%j`, the day of the
    year, must not have a month or a day of the month, because Python would ignore the month and the day of the month.
    """
    try:
        datetime.strptime(datetime(2024, 3, 1, tzinfo=timezone.utc).strftime(strftime_format), strftime_format)
    except (TypeError, ValueError, re.error) as error:
        raise ValueError(f"strftime_format {strftime_format!r} is not valid in Python's strptime: {error}") from error
    directives = {part[1] for part in _split(strftime_format) if part[0] == "%"}
    unsupported = directives - set(_PATTERNS)
    if directives & {"b", "B", "d", "m"}:
        unsupported |= directives & {"j"}
    if unsupported:
        names = ", ".join(f"%{letter}" for letter in sorted(unsupported))
        hint = "Use expect_column_values_to_match_regex"
        raise ValueError(f"strftime_format {strftime_format!r} has {names}, which is not supported here. {hint}")


def matches_strftime(text: Column, strftime_format: str) -> Column:
    """Return a Column that is true if the whole text is a date or time in the format.

    As in Python, case does not matter. A space in the format stands for one or more spaces. If the format has no year,
    the year is 1900. 30 February is not a date. Unlike Python, the function accepts ASCII digits only.
    """
    regex, directives = "", []
    for part in _split(strftime_format):
        if part[0] == "%":
            regex += f"({_PATTERNS[part[1]]})"
            directives.append(part[1])
        else:
            regex += _SPACE if part.isspace() else f"(?iu:{re.escape(part)})"
    # If more text follows the first match of the format, Python rejects the text. Without the atomic group `(?>…)`,
    # Java would not reject the text yet, but would try the other alternatives of the pattern.
    regex = rf"(?i)\A(?>{regex})\z"
    groups = {letter: F.regexp_extract(text, regex, number) for number, letter in enumerate(directives, 1)}
    exists = _date_exists(groups)
    if "S" in groups:
        exists &= ~groups["S"].isin("60", "61")
    if "z" in groups:
        exists &= groups["z"].rlike(_OFFSET)
    # If the text does not match `regex`, all groups are empty. `when` ensures that empty text is not cast to numbers.
    return F.when(text.rlike(regex), exists).otherwise(F.lit(False))


def _split(strftime_format: str) -> list[str]:
    """Split a format into directives, spaces and other text."""
    for composed, directives in _COMPOSED.items():
        strftime_format = re.sub(f"(?<!%)((?:%%)*){composed}", rf"\1{directives}", strftime_format)
    return re.findall(r"%.|\s+|[^%\s]+", strftime_format, re.DOTALL)


def _date_exists(groups: dict[str, Column]) -> Column:
    """Return a Column that is true if a date exists. If the format has a directive twice, the last value is used."""
    year, day, day_of_year = F.lit(1900), F.lit(1), F.lit(1)
    is_february, has_30_days = F.lit(False), F.lit(False)
    for letter, group in groups.items():
        if letter == "Y":
            year = group.cast("int")
        elif letter == "y":
            year = group.cast("int") + F.when(group.cast("int") <= 68, 2000).otherwise(1900)
        elif letter == "m":
            is_february, has_30_days = group.cast("int") == 2, group.cast("int").isin(4, 6, 9, 11)
        elif letter in "bB":
            name = F.lower(F.substring(group, 1, 3))
            is_february, has_30_days = name == "feb", name.isin("apr", "jun", "sep", "nov")
        elif letter == "d":
            day = F.trim(group).cast("int")
        elif letter == "j":
            day_of_year = group.cast("int")
    is_leap_year = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    days = F.when(is_february, F.when(is_leap_year, 29).otherwise(28)).when(has_30_days, 30).otherwise(31)
    return (year >= 1) & (day <= days) & ((year < 9999) | (day_of_year <= 365))
