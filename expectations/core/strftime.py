"""Dates and times in text, matched with a format of Python's `datetime.strptime`, without Python for each value.

A format becomes one Java regular expression, and what a regular expression cannot say (that June has 30 days) becomes
a condition on its groups. Source: the `_strptime` module of Python 3.11, in the C locale, in which names are English.
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
# With colons throughout or without, and less than a day: the regular expression alone takes more, as Python's does.
_OFFSET = (
    r"\A(?:Z|[+-](?:[01][0-9]|2[0-3])(?:[0-9]{2}(?:[0-9]{2}(?:[.][0-9]+)?)?|:[0-9]{2}(?::[0-9]{2}(?:[.][0-9]+)?)?))\z"
)


def require_readable(strftime_format: Any) -> None:
    """Raise ValueError if a format is none that `matches_strftime` knows, or Python cannot read what it writes in it.

    The latter is the condition of GX. Not known are weeks, the names of time zones, which are those of the machine,
    and a day of the year beside a day or a month, of which Python believes the former.
    """
    try:
        datetime.strptime(datetime(2024, 3, 1, tzinfo=timezone.utc).strftime(strftime_format), strftime_format)
    except (TypeError, ValueError, re.error) as error:
        raise ValueError(f"strftime_format {strftime_format!r} is none that Python reads: {error}") from error
    used = {part[1] for part in _parts(strftime_format) if part[0] == "%"}
    unknown = used - set(_PATTERNS)
    if used & {"b", "B", "d", "m"}:
        unknown |= used & {"j"}
    if unknown:
        names = ", ".join(f"%{letter}" for letter in sorted(unknown))
        raise ValueError(f"strftime_format {strftime_format!r} has {names}: use expect_column_values_to_match_regex")


def matches_strftime(text: Column, strftime_format: str) -> Column:
    """Return a Column that is true where a text is a day or time in a format, to the last character.

    As in Python, the case of letters does not matter, a blank in the format stands for any number of them, a missing
    year is 1900, and the 30 February is no day. Unlike in Python, digits are those of ASCII.
    """
    regex, directives = "", []
    for part in _parts(strftime_format):
        if part[0] == "%":
            regex += f"({_PATTERNS[part[1]]})"
            directives.append(part[1])
        else:
            regex += _SPACE if part.isspace() else f"(?iu:{re.escape(part)})"
    # Python takes the first way in which the beginning matches; the atomic group keeps Java from trying others.
    regex = rf"(?i)\A(?>{regex})\z"
    groups = {letter: F.regexp_extract(text, regex, place) for place, letter in enumerate(directives, 1)}
    exists = _is_a_day(groups)
    if "S" in groups:
        exists &= ~groups["S"].isin("60", "61")
    if "z" in groups:
        exists &= groups["z"].rlike(_OFFSET)
    # Only where the text matches are there digits to cast.
    return F.when(text.rlike(regex), exists).otherwise(F.lit(False))


def _parts(strftime_format: str) -> list[str]:
    """Split a format into directives, blanks and other text."""
    for composed, of in _COMPOSED.items():
        strftime_format = re.sub(f"(?<!%)((?:%%)*){composed}", rf"\1{of}", strftime_format)
    return re.findall(r"%.|\s+|[^%\s]+", strftime_format, re.DOTALL)


def _is_a_day(groups: dict[str, Column]) -> Column:
    """Return a condition on the year, month and day that a format has; where it has one of them twice, the last."""
    year, day, day_of_year, february, short = F.lit(1900), F.lit(1), F.lit(1), F.lit(False), F.lit(False)
    for letter, group in groups.items():
        if letter == "Y":
            year = group.cast("int")
        elif letter == "y":
            year = group.cast("int") + F.when(group.cast("int") <= 68, 2000).otherwise(1900)
        elif letter == "m":
            february, short = group.cast("int") == 2, group.cast("int").isin(4, 6, 9, 11)
        elif letter in "bB":
            name = F.lower(F.substring(group, 1, 3))
            february, short = name == "feb", name.isin("apr", "jun", "sep", "nov")
        elif letter == "d":
            day = F.trim(group).cast("int")
        elif letter == "j":
            day_of_year = group.cast("int")
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    days = F.when(february, F.when(leap, 29).otherwise(28)).when(short, 30).otherwise(31)
    return (year >= 1) & (day <= days) & ((year < 9999) | (day_of_year <= 365))
