"""Parse, format and split timestamps. The time zone is a parameter, so the session's time zone has no effect."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from functools import cache
from zoneinfo import available_timezones

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from transforms.casts import utc_instant, utc_wall_clock
from transforms.errors import ArgumentError, SchemaMismatchError, UnknownFunctionError
from transforms.lossless import lossless
from transforms.names import require_columns, require_distinct
from transforms.sql import literal, quoted
from transforms.text import BLANK_CHARACTERS

_TOKEN = re.compile(r"'(?:[^']|'')*'|([A-Za-z])\1*|[^']")
MONTH_ABBREVIATIONS = "janfebmaraprmayjunjulaugsepoctnovdec"
_PATTERN_LETTERS = {
    "yyyy": ("year", "(?!0000)[0-9]{4}"),
    "MM": ("month", "0[1-9]|1[0-2]"),
    "M": ("month", "0?[1-9]|1[0-2]"),
    "MMM": ("month", "(?i:" + "|".join(re.findall("...", MONTH_ABBREVIATIONS)) + ")"),
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
_MAX_REPEATS = {"aF": 1, "dhkmsHK": 2, "D": 3, "qzEGLMQ": 4, "xXZ": 5, "y": 6, "S": 9}
_FORMAT_LETTERS = [
    f"{letter}{{1,{repeats}}}(?!{letter})" for letters, repeats in _MAX_REPEATS.items() for letter in letters
]
_FORMAT_PATTERN = re.compile(rf"(?:'(?:[^']|'')*'|[^A-Za-z'{{}}#]|{'|'.join(_FORMAT_LETTERS)}|VV|O(?:OOO)?(?!O))*")
_list_regions = cache(available_timezones)
_OR_ANY_TEXT = r"|\A[\s\S]*\z"
_VARIABLE_WIDTH, _FIXED_WIDTH = {"M", "d", "H", "h"}, {"MM", "dd", "HH", "mm", "ss"}
_WIDTH_RULE = "Two of `M`, `d`, `H`, `h` cannot be adjacent, because 111 could be 1 and 11, or 11 and 1"
_HALF_DAY_MICROS, _25_HOURS_MICROS = 43_200_000_000, 90_000_000_000
_DATE_PARTS: Mapping[str, Callable[[Column], Column]] = {
    "year": F.year,
    "quarter": F.quarter,
    "month": F.month,
    "day": F.dayofmonth,
    "weekday": lambda time: F.weekday(time) + 1,
    "iso_year": lambda time: F.extract(F.lit("YEAROFWEEK"), time),
    "iso_week": F.weekofyear,
    "day_of_year": F.dayofyear,
    "hour": F.hour,
}


@lossless
def parse_timestamp(column: str, *, pattern: str, zone: str | None = None, ambiguous: str = "earlier") -> Column:
    """Parse a text column as a timestamp, with a pattern and a time zone. Replaces Glue Studio's To Timestamp.

    The pattern uses Spark's letters: `yyyy`, `MM`, `M`, `MMM` (English, any case), `dd`, `d`, `HH`, `H`, `hh`, `h`,
    `mm`, `ss`, `S` to `SSSSSS`, `a` and `XXX`. Other characters can stand between the letters. `a` is AM or PM, and
    `XXX` is the offset from UTC. If the pattern has `XXX`, do not give a zone. Text that does not match the pattern
    gives null. Dates that do not exist and times that clocks skipped in spring also give null. A time that clocks
    showed twice in autumn is ambiguous. For an ambiguous time, `ambiguous` selects the `earlier` or the `later`
    instant. If `ambiguous` is `refuse`, an ambiguous time gives null.

    >>> opened = spark.createDataFrame([("07/04/2024 01:30:00 PM",), ("13/01/2024 01:30:00 PM",)], "opened string")
    >>> time = parse_timestamp("opened", pattern="MM/dd/yyyy hh:mm:ss a", zone="America/Denver")
    >>> [row[0] for row in opened.select(F.date_format(F.to_utc_timestamp(time, "UTC"), "yyyy-MM-dd HH:mm")).collect()]
    ['2024-07-04 19:30', None]

    Raises:
        ArgumentError: The pattern has letters that are not supported, or does not have a year, a month and a day. This
            error is also raised if the zone is missing or is not a region.

    Source: Apache Spark, "Datetime Patterns for Formatting and Parsing"; java.time's rule for gaps and overlaps.
    """
    regex, iso, parts = _compile_pattern(pattern)
    if ("offset" in parts) == (zone is not None):
        expected = "a region such as America/New_York, or no zone if the pattern has XXX"
        raise ArgumentError(where="parse_timestamp", argument="zone", got=zone, expected=expected)
    if ambiguous not in ("earlier", "later", "refuse"):
        expected = "'earlier', 'later' or 'refuse'"
        raise ArgumentError(where="parse_timestamp", argument="ambiguous", got=ambiguous, expected=expected)
    cell, text = quoted(column), f"btrim({quoted(column)}, {literal(BLANK_CHARACTERS)})"
    if _is_iso(pattern, iso, parts):
        # The cast rejects months, days and hours that do not exist. So the regular expression only tests for digits.
        for token in parts.values():
            expression = _PATTERN_LETTERS[token][1]
            regex = regex.replace(f"({expression})", "[0-9]{2}" if token in _FIXED_WIDTH else f"(?:{expression})")
        matches = f"RLIKE {literal(regex)}"
        iso_text = f"CASE WHEN {cell} {matches} THEN {cell} WHEN {cell} != '' AND {text} {matches} THEN {text} END"
    else:
        # If the text does not match the pattern, `_OR_ANY_TEXT` matches. In this case, the groups of the pattern are
        # empty, and the cast gives null.
        iso_text = f"regexp_replace({text}, {literal(regex + _OR_ANY_TEXT)}, {literal(iso)})"
    if parts.get("month") == "MMM":
        month = f"((locate(lower(substring({iso_text}, 6, 3)), '{MONTH_ABBREVIATIONS}') + 2) div 3)"
        iso_text = f"concat(left({iso_text}, 5), {month}, substring({iso_text}, 9))"
    time = f"left({iso_text}, length({iso_text}) - 3)" if "half" in parts else iso_text
    has_zone = "offset" in parts
    wall_clock = (
        F.expr(f"try_cast({time} AS timestamp)")
        if has_zone
        else utc_instant(F.expr(f"try_cast({time} AS timestamp_ntz)"))
    )
    if "half" in parts:
        noon = F.when(F.expr(f"lower(right({iso_text}, 2)) = 'pm'"), _HALF_DAY_MICROS).otherwise(0)
        # On a 12-hour clock, hour 12 comes before hour 1. So 12 hours are subtracted from a time with hour 12.
        twelve = F.when(F.expr(f"contains({iso_text}, 'T12:')"), _HALF_DAY_MICROS).otherwise(0)
        wall_clock = F.timestamp_micros(F.unix_micros(wall_clock) + noon - twelve)
    if zone is None:
        return wall_clock
    return _resolve_instant(wall_clock, _require_region(zone, where="parse_timestamp"), ambiguous)


def format_timestamp(instant: Column, *, pattern: str, zone: str) -> Column:
    """Format a timestamp as text in a time zone, with a Spark pattern. Replaces Glue Studio's Format Timestamp.

    >>> cases = spark.sql("SELECT timestamp'2024-07-04 19:30:00Z' AS opened_at")
    >>> text = format_timestamp(F.col("opened_at"), pattern="EEE d MMM, h:mm a", zone="America/Denver")
    >>> cases.select(text).first()[0]
    'Thu 4 Jul, 1:30 PM'

    Raises:
        ArgumentError: The zone is not a region, or Spark does not support the pattern, for example `YYYY`, `ddd` or
            `e`.

    Source: Apache Spark, "Datetime Patterns for Formatting and Parsing".
    """
    if not _FORMAT_PATTERN.fullmatch(pattern):
        expected = (
            "the letters of Spark's datetime patterns, repeated no more than Spark allows, and other letters in quotes"
        )
        raise ArgumentError(where="format_timestamp", argument="pattern", got=pattern, expected=expected)
    # `date_format` uses the session's time zone. So this function uses Spark's JSON writer, which has an option for the
    # time zone.
    options = {"timestampFormat": pattern, "timeZone": _require_region(zone, where="format_timestamp")}
    return F.get_json_object(F.to_json(F.struct(_require_timestamp(instant).alias("time")), options), "$.time")


def local_time(instant: Column, *, zone: str) -> Column:
    """Return the local time of a timestamp in a time zone, as `timestamp_ntz`.

    >>> cases = spark.sql("SELECT timestamp'2024-07-04 03:30:00Z' AS opened_at")
    >>> str(cases.select(local_time(F.col("opened_at"), zone="America/Denver")).first()[0])
    '2024-07-03 21:30:00'

    Raises:
        ArgumentError: The zone is not a region.
    """
    return utc_wall_clock(F.from_utc_timestamp(_require_timestamp(instant), _require_region(zone, where="local_time")))


def date_parts(rows: DataFrame, *, column: str, parts: Mapping[str, str], zone: str | None = None) -> DataFrame:
    """Add parts of a date or timestamp, such as the year. `parts` maps the name of each new column to a part.

    The parts are year, quarter, month, day, weekday (1 is Monday, 7 is Sunday), iso_year, iso_week, day_of_year and
    hour. Week 1 of ISO 8601 is the week with the year's first Thursday.

    Rows: all kept.

    Columns: adds the parts as ints. The parts are null if `column` is null. The parts of a timestamp are the parts of
    its local time in `zone`. The session's time zone has no effect. For a date or a `timestamp_ntz`, do not give a
    zone.

    >>> cases = spark.sql("SELECT timestamp'2024-07-04 03:30:00Z' AS opened_at")
    >>> parts = {"opened_on": "weekday", "opened_hour": "hour"}
    >>> cases.transform(date_parts, column="opened_at", parts=parts, zone="America/Denver").drop("opened_at").first()
    Row(opened_on=3, opened_hour=21)

    Raises:
        MissingColumnError: The column is not in the frame.
        DuplicateColumnError: Two columns would have the same name.
        SchemaMismatchError: The column is neither a date nor a timestamp.
        UnknownFunctionError: A part does not exist.
        ArgumentError: The zone of a timestamp is missing or is not a region, or a zone is given for a date or a
            `timestamp_ntz`.
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
            hint="Convert the column with parse_date or parse_timestamp first.",
        )
    if isinstance(type_, T.TimestampType) != (zone is not None):
        expected = "a region for a timestamp, and no zone for a date or a timestamp_ntz"
        raise ArgumentError(where="date_parts", argument="zone", got=zone, expected=expected)
    require_distinct([*rows.columns, *parts], where="date_parts")
    timestamp = F.col(quoted(column))
    # Without the cast, Spark would convert a date to midnight in the session's zone. On days when the clocks skip
    # midnight, the hour would be 1.
    wall_clock = timestamp.cast("timestamp_ntz") if zone is None else local_time(timestamp, zone=zone)
    return rows.withColumns({name: _DATE_PARTS[part](wall_clock) for name, part in parts.items()})


def add_timestamp(rows: DataFrame, *, name: str, timestamp: datetime) -> DataFrame:
    """Add a column that has the same timestamp in all rows, for example the start of the run.

    Replaces Glue Studio's Add Current Timestamp. The timestamp is an argument, so a retried task writes the same
    timestamp.

    Rows: all kept. Columns: adds `name`, a timestamp.

    >>> calls = spark.createDataFrame([(1,)], "id int")
    >>> noon = datetime(2024, 7, 4, 12, tzinfo=timezone.utc)
    >>> added = calls.transform(add_timestamp, name="loaded_at", timestamp=noon)
    >>> added.select(F.unix_seconds("loaded_at")).first()[0]
    1720094400

    Raises:
        ArgumentError: `timestamp` has no time zone.
        DuplicateColumnError: The frame already has a column `name`.
    """
    require_distinct([*rows.columns, name], where="add_timestamp")
    if timestamp.utcoffset() is None:
        expected = "a time with a time zone"
        raise ArgumentError(where="add_timestamp", argument="timestamp", got=timestamp, expected=expected)
    micros = (timestamp - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(microseconds=1)
    return rows.withColumn(name, F.timestamp_micros(F.lit(micros)))


def _require_region(zone: str, *, where: str) -> str:
    # If Python has no tz database, for example on Windows, the list of regions is empty. In this case, Spark rejects an
    # unknown zone.
    if zone != "UTC" and ("/" not in zone or (_list_regions() and zone not in _list_regions())):
        expected = "UTC or a region such as America/New_York. An abbreviation such as EST has no daylight saving time"
        raise ArgumentError(where=where, argument="zone", got=zone, expected=expected)
    return zone


def _compile_pattern(pattern: str) -> tuple[str, str, dict[str, str]]:
    """Return a pattern's regular expression, a replacement text, and the letters of each part of the time.

    `regexp_replace` with the regular expression and the replacement text converts a matching text to ISO 8601. The
    letters of a part are, for example, `MM` for the month.
    """
    regex, groups, tokens, previous = "", dict[str, int](), dict[str, str](), ""
    for token in (match.group() for match in _TOKEN.finditer(pattern)):
        if token.startswith("'"):
            regex += _escape(token[1:-1].replace("''", "'") or "'")
        elif not token.isalpha():
            regex += _escape(token)
        elif (
            token in _PATTERN_LETTERS
            and _PATTERN_LETTERS[token][0] not in groups
            and not {previous, token} <= _VARIABLE_WIDTH
        ):
            part, expression = _PATTERN_LETTERS[token]
            groups[part], tokens[part] = len(groups) + 1, token
            regex += f"({expression})"
        else:
            expected = f"only the letters {list(_PATTERN_LETTERS)}. Use each part only once, for example either MM or M"
            expected += f" for the month. Write other letters in quotes. {_WIDTH_RULE}"
            raise ArgumentError(where="parse_timestamp", argument="pattern", got=pattern, expected=expected)
        previous = token
    has_12_hours = tokens.get("hour") in ("h", "hh")
    if not {"year", "month", "day"} <= groups.keys() or has_12_hours != ("half" in groups) or pattern.count("'") % 2:
        expected = "a year, a month and a day. A 12-hour clock needs both an hour (`h` or `hh`) and AM or PM (`a`)"
        expected += ". Close all quotes"
        raise ArgumentError(where="parse_timestamp", argument="pattern", got=pattern, expected=expected)
    references = {part: f"${group}" for part, group in groups.items()}
    clock = ":".join(references.get(part, "00") for part in ("hour", "minute", "second"))
    fraction = f".{references['fraction']}" if "fraction" in references else ""
    day = f"{references['year']}-{references['month']}-{references['day']}"
    iso = f"{day}T{clock}{fraction}{references.get('offset', '')}"
    # ISO 8601 has no AM and PM, so the AM or PM marker follows the ISO text.
    return rf"\A(?:{regex})\z", iso + (f" {references['half']}" if has_12_hours else ""), tokens


def _is_iso(pattern: str, iso: str, tokens: Mapping[str, str]) -> bool:
    """Return whether text that matches the pattern is already ISO 8601."""
    for group, token in enumerate(tokens.values(), 1):
        iso = iso.replace(f"${group}", token)
    return iso == pattern.replace("'", "") and "MMM" not in tokens.values()


def _escape(text: str) -> str:
    return "".join(c if c.isalnum() else f"\\x{{{ord(c):x}}}" for c in text)


def _require_timestamp(instant: Column) -> Column:
    """Return a timestamp unchanged. Refuse dates and text, which Spark would read in the session's time zone."""
    return F.timestamp_micros(F.unix_micros(instant))


def _resolve_instant(wall_clock: Column, zone: str, ambiguous: str) -> Column:
    """Convert a local time in a zone to an instant. Skipped times give null.

    `wall_clock` is the timestamp whose UTC time equals the local time.
    """
    earlier = F.to_utc_timestamp(wall_clock, zone)
    # An overlap is a period that clocks show twice. The longest overlap is 18 October 1867 in Alaska, a day that was
    # repeated. For any local time in an overlap, the local time 25 hours later is after the overlap and before the next
    # clock change. The code adds microseconds instead of an interval, because an interval would use the session's time
    # zone.
    next_day = F.timestamp_micros(F.unix_micros(wall_clock) + _25_HOURS_MICROS)
    later = F.timestamp_micros(F.unix_micros(F.to_utc_timestamp(next_day, zone)) - _25_HOURS_MICROS)
    is_repeated = F.from_utc_timestamp(later, zone) == wall_clock
    instants = {"earlier": earlier, "later": F.when(is_repeated, later).otherwise(earlier)}
    instants["refuse"] = F.when(~is_repeated | (earlier == later), earlier)
    return F.when(F.from_utc_timestamp(earlier, zone) == wall_clock, instants[ambiguous])
