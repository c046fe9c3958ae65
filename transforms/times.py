"""Times out of text and to text, and what a clock shows: by a zone that is said, never by the session's."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from functools import cache
from zoneinfo import available_timezones

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from transforms.casts import in_utc, wall_clock
from transforms.errors import ArgumentError, SchemaMismatchError, UnknownFunctionError
from transforms.names import require_columns, require_distinct
from transforms.sql import literal, quoted
from transforms.text import BLANKS

_TOKEN = re.compile(r"'(?:[^']|'')*'|([A-Za-z])\1*|[^']")
MONTHS = "janfebmaraprmayjunjulaugsepoctnovdec"
_PARTS = {
    "yyyy": ("year", "(?!0000)[0-9]{4}"),
    "MM": ("month", "0[1-9]|1[0-2]"),
    "M": ("month", "0?[1-9]|1[0-2]"),
    "MMM": ("month", "(?i:" + "|".join(re.findall("...", MONTHS)) + ")"),
    "dd": ("day", "0[1-9]|[12][0-9]|3[01]"),
    "d": ("day", "0?[1-9]|[12][0-9]|3[01]"),
    "HH": ("hour", "[01][0-9]|2[0-3]"),
    "H": ("hour", "[01]?[0-9]|2[0-3]"),
    "hh": ("hour", "0[1-9]|1[0-2]"),
    "h": ("hour", "0?[1-9]|1[0-2]"),
    "mm": ("minute", "[0-5][0-9]"),
    "ss": ("second", "[0-5][0-9]"),
    **{"S" * n: ("fraction", f"[0-9]{{{n}}}") for n in range(1, 7)},
    "a": ("half", "(?i:[ap]m)"),
    "XXX": ("offset", "Z|[+-][0-9]{2}:[0-9]{2}"),
}
_MOST = {"aF": 1, "dhkmsHK": 2, "D": 3, "qzEGLMQ": 4, "xXZ": 5, "y": 6, "S": 9}
_LETTERS = [f"{letter}{{1,{most}}}(?!{letter})" for letters, most in _MOST.items() for letter in letters]
_SHOWN = re.compile(rf"(?:'(?:[^']|'')*'|[^A-Za-z'{{}}#]|{'|'.join(_LETTERS)}|VV|O(?:OOO)?(?!O))*")
_regions = cache(available_timezones)
_ANYTHING = r"|\A[\s\S]*\z"
_OF_ANY_WIDTH, _TWO_DIGITS = {"M", "d", "H", "h"}, {"MM", "dd", "HH", "mm", "ss"}
_APART = "two of `M`, `d`, `H`, `h` do not stand next to one another, for 111 could be 1 and 11"
_HALF_DAY, _25_HOURS = 43_200_000_000, 90_000_000_000
_DATE_PARTS: Mapping[str, Callable[[Column], Column]] = {
    "year": F.year,
    "quarter": F.quarter,
    "month": F.month,
    "day": F.dayofmonth,
    "weekday": lambda shown: F.weekday(shown) + 1,
    "iso_year": lambda shown: F.extract(F.lit("YEAROFWEEK"), shown),
    "iso_week": F.weekofyear,
    "day_of_year": F.dayofyear,
    "hour": F.hour,
}


def parse_timestamp(column: str, *, pattern: str, zone: str | None = None, ambiguous: str = "earlier") -> Column:
    """Read a text column as a time, by a pattern and the time zone that it was written in. Glue Studio's To Timestamp.

    The pattern is Spark's, of `yyyy`, `MM`, `M`, `MMM` (English, any case), `dd`, `d`, `HH`, `H`, `hh`, `h`, `mm`,
    `ss`, `S` to `SSSSSS`, `a`, `XXX` and what stands between them. Text of another form, a day that no calendar has,
    and a time that the zone's clocks skipped in spring give null. What they showed twice in autumn is the `earlier` of
    the two instants, or the `later`, or null with `refuse`. A pattern with `XXX`, the offset, needs no zone.

    >>> opened = spark.createDataFrame([("07/04/2024 01:30:00 PM",), ("13/01/2024 01:30:00 PM",)], "opened string")
    >>> time = parse_timestamp("opened", pattern="MM/dd/yyyy hh:mm:ss a", zone="America/Denver")
    >>> [row[0] for row in opened.select(F.date_format(F.to_utc_timestamp(time, "UTC"), "yyyy-MM-dd HH:mm")).collect()]
    ['2024-07-04 19:30', None]

    Raises:
        ArgumentError: The pattern has other letters, or lacks a day or its zone; the zone is no region.

    Source: Apache Spark, "Datetime Patterns for Formatting and Parsing"; java.time's rule for gaps and overlaps.
    """
    form, iso, parts = _compiled(pattern)
    if ("offset" in parts) == (zone is not None):
        expected = "a region such as America/New_York, or none if the pattern has XXX"
        raise ArgumentError(where="parse_timestamp", argument="zone", got=zone, expected=expected)
    if ambiguous not in ("earlier", "later", "refuse"):
        expected = "'earlier', 'later' or 'refuse'"
        raise ArgumentError(where="parse_timestamp", argument="ambiguous", got=ambiguous, expected=expected)
    given, text = quoted(column), f"btrim({quoted(column)}, {literal(BLANKS)})"
    if _is_iso(pattern, iso, parts):
        # Which months, days and hours there are, the cast knows too, and better.
        for token in parts.values():
            expression = _PARTS[token][1]
            form = form.replace(f"({expression})", "[0-9]{2}" if token in _TWO_DIGITS else f"(?:{expression})")
        fits = f"RLIKE {literal(form)}"
        read = f"CASE WHEN {given} {fits} THEN {given} WHEN {given} != '' AND {text} {fits} THEN {text} END"
    else:
        # One replacement reads it all: text of another form matches the second alternative, whose groups are empty.
        read = f"regexp_replace({text}, {literal(form + _ANYTHING)}, {literal(iso)})"
    if parts.get("month") == "MMM":
        month = f"((locate(lower(substring({read}, 6, 3)), '{MONTHS}') + 2) div 3)"
        read = f"concat(left({read}, 5), {month}, substring({read}, 9))"
    time = f"left({read}, length({read}) - 3)" if "half" in parts else read
    has_zone = "offset" in parts
    shown = (
        F.expr(f"try_cast({time} AS timestamp)") if has_zone else in_utc(F.expr(f"try_cast({time} AS timestamp_ntz)"))
    )
    if "half" in parts:
        noon = F.when(F.expr(f"lower(right({read}, 2)) = 'pm'"), _HALF_DAY).otherwise(0)
        twelve = F.when(F.expr(f"contains({read}, 'T12:')"), _HALF_DAY).otherwise(0)  # is the hour before 1
        shown = F.timestamp_micros(F.unix_micros(shown) + noon - twelve)
    return shown if zone is None else _instant(shown, _region(zone, where="parse_timestamp"), ambiguous)


def format_timestamp(instant: Column, *, pattern: str, zone: str) -> Column:
    """Return a time as text, as clocks in a zone show it, by Spark's pattern. Glue Studio's Format Timestamp.

    >>> cases = spark.sql("SELECT timestamp'2024-07-04 19:30:00Z' AS opened_at")
    >>> shown = format_timestamp(F.col("opened_at"), pattern="EEE d MMM, h:mm a", zone="America/Denver")
    >>> cases.select(shown).first()[0]
    'Thu 4 Jul, 1:30 PM'

    Raises:
        ArgumentError: The zone is no region, or the pattern has letters that Spark refuses: `YYYY`, `ddd`, `e`.

    Source: Apache Spark, "Datetime Patterns for Formatting and Parsing".
    """
    if not _SHOWN.fullmatch(pattern):
        expected = "the letters of Spark's datetime patterns, no more of one than it knows, and others in quotes"
        raise ArgumentError(where="format_timestamp", argument="pattern", got=pattern, expected=expected)
    # date_format knows the session's time zone only; JSON's writer takes one.
    options = {"timestampFormat": pattern, "timeZone": _region(zone, where="format_timestamp")}
    return F.get_json_object(F.to_json(F.struct(_no_guess(instant).alias("at")), options), "$.at")


def local_time(instant: Column, *, zone: str) -> Column:
    """Return what clocks in a zone show at an instant, as `timestamp_ntz`.

    >>> cases = spark.sql("SELECT timestamp'2024-07-04 03:30:00Z' AS opened_at")
    >>> str(cases.select(local_time(F.col("opened_at"), zone="America/Denver")).first()[0])
    '2024-07-03 21:30:00'

    Raises:
        ArgumentError: The zone is no region.
    """
    return wall_clock(F.from_utc_timestamp(_no_guess(instant), _region(zone, where="local_time")))


def date_parts(rows: DataFrame, *, column: str, parts: Mapping[str, str], zone: str | None = None) -> DataFrame:
    """Add parts of a day or a time: a column for each of `parts`, its name and what part it is.

    The parts are year, quarter, month, day, weekday (1 is Monday, 7 Sunday), iso_year and iso_week (ISO 8601: week 1 is
    the one with the year's first Thursday), day_of_year and hour.

    Rows: all kept. Columns: adds the parts, ints; null where the column is. Of a timestamp they are those that clocks
    in `zone` show, whatever the session's time zone; a date or a `timestamp_ntz` has none.

    >>> cases = spark.sql("SELECT timestamp'2024-07-04 03:30:00Z' AS opened_at")
    >>> parts = {"opened_on": "weekday", "opened_hour": "hour"}
    >>> cases.transform(date_parts, column="opened_at", parts=parts, zone="America/Denver").drop("opened_at").first()
    Row(opened_on=3, opened_hour=21)

    Raises:
        MissingColumnError: The column is not in the frame.
        DuplicateColumnError: A part has the name of another column.
        SchemaMismatchError: The column is no date and no time.
        UnknownFunctionError: There is no such part.
        ArgumentError: A timestamp without a zone, or another column with one; the zone is no region.
    """
    require_columns(rows, [column], where="date_parts")
    for part in parts.values():
        if part not in _DATE_PARTS:
            raise UnknownFunctionError(where="date_parts", name=part, known=[*_DATE_PARTS])
    type_ = rows.schema[column].dataType
    if not isinstance(type_, (T.DateType, T.TimestampType, T.TimestampNTZType)):
        raise SchemaMismatchError(
            where=f"date_parts: column {column!r}",
            got=f"the type {type_.simpleString()}",
            expected="a date or a time",
            hint="Read it with parse_date or parse_timestamp first.",
        )
    if isinstance(type_, T.TimestampType) != (zone is not None):
        expected = "a region for a timestamp, and none for a date or a timestamp_ntz"
        raise ArgumentError(where="date_parts", argument="zone", got=zone, expected=expected)
    require_distinct([*rows.columns, *parts], where="date_parts")
    timestamp = F.col(quoted(column))
    # Of a date, the session's zone would say the hour: 1 where clocks skip midnight.
    shown = timestamp.cast("timestamp_ntz") if zone is None else local_time(timestamp, zone=zone)
    return rows.withColumns({name: _DATE_PARTS[part](shown) for name, part in parts.items()})


def add_timestamp(rows: DataFrame, *, name: str, timestamp: datetime) -> DataFrame:
    """Add a column with one time, the run's for instance. Glue Studio's Add Current Timestamp, without a clock.

    Rows: all kept. Columns: adds `name`, a timestamp, the same in all rows and whenever a task is run again.

    >>> calls = spark.createDataFrame([(1,)], "id int")
    >>> noon = datetime(2024, 7, 4, 12, tzinfo=timezone.utc)
    >>> added = calls.transform(add_timestamp, name="loaded_at", timestamp=noon)
    >>> added.select(F.unix_seconds("loaded_at")).first()[0]
    1720094400

    Raises:
        ArgumentError: `timestamp` has no time zone.
        DuplicateColumnError: There is a column of that name.
    """
    require_distinct([*rows.columns, name], where="add_timestamp")
    if timestamp.utcoffset() is None:
        expected = "a time with a time zone"
        raise ArgumentError(where="add_timestamp", argument="timestamp", got=timestamp, expected=expected)
    micros = (timestamp - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(microseconds=1)
    return rows.withColumn(name, F.timestamp_micros(F.lit(micros)))


def _region(zone: str, *, where: str) -> str:
    # A machine without the tz database, Windows for one, knows no region: there Spark refuses a wrong one.
    if zone != "UTC" and ("/" not in zone or (_regions() and zone not in _regions())):
        expected = "UTC or a region such as America/New_York; an abbreviation such as EST knows no summer time"
        raise ArgumentError(where=where, argument="zone", got=zone, expected=expected)
    return zone


def _compiled(pattern: str) -> tuple[str, str, dict[str, str]]:
    """Return the regular expression of a pattern, what makes ISO 8601 of what it finds, and the token of each part."""
    form, places, tokens, before = "", dict[str, int](), dict[str, str](), ""
    for token in (found.group() for found in _TOKEN.finditer(pattern)):
        if token.startswith("'"):
            form += _verbatim(token[1:-1].replace("''", "'") or "'")
        elif not token.isalpha():
            form += _verbatim(token)
        elif token in _PARTS and _PARTS[token][0] not in places and not {before, token} <= _OF_ANY_WIDTH:
            part, expression = _PARTS[token]
            places[part], tokens[part] = len(places) + 1, token
            form += f"({expression})"
        else:
            expected = f"each part once, as one of {list(_PARTS)}, and other letters in quotes; {_APART}"
            raise ArgumentError(where="parse_timestamp", argument="pattern", got=pattern, expected=expected)
        before = token
    of_half_day = tokens.get("hour") in ("h", "hh")
    if not {"year", "month", "day"} <= places.keys() or of_half_day != ("half" in places) or pattern.count("'") % 2:
        expected = "a year, a month and a day, `h` or `hh` if and only if it has `a`, and every quote closed"
        raise ArgumentError(where="parse_timestamp", argument="pattern", got=pattern, expected=expected)
    found = {part: f"${place}" for part, place in places.items()}
    clock = ":".join(found.get(part, "00") for part in ("hour", "minute", "second"))
    fraction = f".{found['fraction']}" if "fraction" in found else ""
    iso = f"{found['year']}-{found['month']}-{found['day']}T{clock}{fraction}{found.get('offset', '')}"
    # ISO 8601 has no AM and PM: they follow the time.
    return rf"\A(?:{form})\z", iso + (f" {found['half']}" if of_half_day else ""), tokens


def _is_iso(pattern: str, iso: str, tokens: Mapping[str, str]) -> bool:
    """Whether text of a pattern is ISO 8601 as it stands."""
    for place, token in enumerate(tokens.values(), 1):
        iso = iso.replace(f"${place}", token)
    return iso == pattern.replace("'", "") and "MMM" not in tokens.values()


def _verbatim(text: str) -> str:
    return "".join(c if c.isalnum() else f"\\x{{{ord(c):x}}}" for c in text)


def _no_guess(instant: Column) -> Column:
    """Return a timestamp as it is; a date or a text, which Spark would read in the session's time zone, is refused."""
    return F.timestamp_micros(F.unix_micros(instant))


def _instant(shown: Column, zone: str, ambiguous: str) -> Column:
    """Return the instant at which clocks in a zone show what a clock in UTC shows at `shown`; null if they never do."""
    earlier = F.to_utc_timestamp(shown, zone)
    # 25 hours on, every overlap is over, Alaska's second 18 October 1867 too, and no other change is near. Added to a
    # timestamp, an interval goes by the session's time zone.
    day_on = F.timestamp_micros(F.unix_micros(shown) + _25_HOURS)
    later = F.timestamp_micros(F.unix_micros(F.to_utc_timestamp(day_on, zone)) - _25_HOURS)
    twice = F.from_utc_timestamp(later, zone) == shown
    chosen = {"earlier": earlier, "later": F.when(twice, later).otherwise(earlier)}
    chosen["refuse"] = F.when(~twice | (earlier == later), earlier)
    return F.when(F.from_utc_timestamp(earlier, zone) == shown, chosen[ambiguous])
