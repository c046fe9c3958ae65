"""Define the fields of incidents, and add their local times and places."""

from __future__ import annotations

from functools import partial, reduce
from operator import or_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from transforms.casts import NUMBER_PATTERN, cast, utc_instant
from transforms.datasets.police_dispatch.addresses import generalize_to_block, intersection, is_intersection, street
from transforms.geo import valid_coordinates
from transforms.lossless import lossless
from transforms.masking import MaskingRule
from transforms.numbers import parse_whole_number
from transforms.schema import Field
from transforms.sql import literal, quoted
from transforms.text import clean_text
from transforms.times import date_parts, local_time, parse_timestamp

ZONE = "America/New_York"
COUNTY_BOX = (-77.55, 38.91, -76.86, 39.38)
"""The box around Montgomery County: minimum longitude, minimum latitude, maximum longitude, maximum latitude."""

_HOUR_IN_MICROSECONDS = 3_600_000_000


@lossless
def parse_floating_time(column: str) -> Column:
    """Parse Socrata's floating timestamp, `2024-07-10T13:05:22.000`, as a local time in the county.

    A time that the clocks skip in March gives null. For a time that the clocks show twice in November, the result is
    the earlier of the two instants. The earlier instant is in summer time.

    >>> times = [("2024-03-10T02:30:00.000",), ("2024-11-03T01:30:00.000",)]
    >>> read = spark.createDataFrame(times, "t string").select(parse_floating_time("t").alias("t"))
    >>> [row[0] for row in read.selectExpr("date_format(t, 'yyyy-MM-dd HH:mm')").collect()]
    [None, '2024-11-03 05:30']

    Source: Socrata, "Floating Timestamp Datatype".
    """
    patterns = ("yyyy-MM-dd'T'HH:mm:ss.SSS", "yyyy-MM-dd'T'HH:mm:ss")
    return F.coalesce(*(parse_timestamp(column, pattern=pattern, zone=ZONE) for pattern in patterns))


@lossless
def parse_extraction_time(column: str) -> Column:
    """Parse the time at which a row was extracted from the source.

    A time without an offset is read as UTC, because the clocks of AWS Lambda functions show UTC.

    >>> times = [("2024-07-13 12:45",), ("2024-07-13T08:45:10-04:00",)]
    >>> read = spark.createDataFrame(times, "t string").select(parse_extraction_time("t").alias("t"))
    >>> [row[0] for row in read.selectExpr("date_format(t, 'HH:mm')").collect()]
    ['12:45', '12:45']
    """
    read = partial(cast, quoted(column), source_type=T.StringType(), where="parse_extraction_time")
    return F.coalesce(read(target_type=T.TimestampType()), utc_instant(read(target_type=T.TimestampNTZType())))


_text_field = partial(Field, type="string")
_time_field = partial(
    Field, type="timestamp", parse=parse_floating_time, expected="time such as 2024-07-10T13:05:22.000"
)
_number_field = partial(
    Field, type="int", parse=parse_whole_number, expected="whole number of 0 or more", required=False
)
_SECONDS = (
    *("calltime_callroute", "calltime_dispatch", "calltime_arrive", "calltime_cleared"),
    *("callroute_dispatch", "dispatch_arrive", "arrive_cleared"),
)
_TEXTS = ("initial_type", "close_type", "city", "state", "zip", "police_district_number", "sector", "pra")
_COORDINATES = ("longitude", "latitude")
_FIELDS = (
    _text_field("incident_id", "incident_id"),
    _text_field("cr_number", "cr_number"),
    _text_field("crash_reports", "crash_reports"),
    _time_field("start_time", "start_time"),
    _time_field("end_time", "end_time", required=False),
    _number_field("priority", "priority"),
    *(_text_field(name, name) for name in _TEXTS),
    _text_field("address", "address"),
    *(Field(name, name, "double", expected="number", required=False) for name in _COORDINATES),
    *(_number_field(name, name) for name in _SECONDS),
    _text_field("disposition_desc", "disposition_desc"),
    _text_field("geolocation", "geolocation"),
    Field(
        "row_ts",
        "row_ts",
        "timestamp",
        parse_extraction_time,
        expected="time such as 2024-07-13 12:45:10",
        required=False,
    ),
)
LAYOUTS = {"police_dispatch": _FIELDS}
"""The fields of the source. Source: Montgomery County, MD, "Police Dispatched Incidents" (98cc-bc7d).

priority, and the seconds between two stages, such as `calltime_arrive`, are null if the source has a negative number. A
negative number is reported in `_cast_warnings`.
"""

_SOURCE_COLUMNS = tuple(field.name for field in _FIELDS if field.name != "geolocation")
_DERIVED_COLUMNS = ("coordinates_are_valid", "street", "intersection", "is_intersection", "start_date")
_LOCAL_TIME_PARTS = {"start_year": "year", "start_month": "month", "start_weekday": "weekday", "start_hour": "hour"}
COLUMNS = (*_SOURCE_COLUMNS, *_DERIVED_COLUMNS, *_LOCAL_TIME_PARTS)
VISIBLE_FAILURE_COLUMNS = tuple(name for name in _SOURCE_COLUMNS if name != "address")

KEY = ("incident_id",)
REVISION_ORDER = (
    *("_is_current", "row_ts", "end_time"),
    *(name for name in _SOURCE_COLUMNS if name not in (*KEY, "row_ts", "end_time")),
    *("_source_file", "_row_number"),
)
"""The columns that order the revisions of an incident. The publisher keeps the last revision in this order.

First, `_is_current` is compared: current rows come after superseded rows. Next, the extraction time is compared, and
then the end time. If two rows are equal in these columns, the remaining source columns are compared in the order of
this tuple. A missing value comes before all other values. The file and the row number break the remaining ties.
"""

_DEGREES = r"([+-]?[0-9.]+)"
_POINT_DDL = "coordinates array<string>, longitude string, latitude string"
"""The schema of geolocation, which is GeoJSON or Socrata's older JSON."""

_WKT = rf"(?i)\A\s*POINT\s*\(\s*{_DEGREES}\s+{_DEGREES}\s*\)\s*\z"
_AS_JSON = '{"coordinates":["$1","$2"]}'


MASKING_POLICY = (
    MaskingRule("address", generalize_to_block, "a house number can identify a resident. The county publishes blocks"),
)
"""The only column that can identify a person, its masking action, and the reason. Unreadable records are redacted."""


def build_incidents(rows: DataFrame) -> DataFrame:
    """Clean texts, and add the local time of the start, the coordinates and the streets of the address.

    Columns:

    - address: the block or the intersection, without house numbers.

    - all texts except the address have single blanks. All texts are in capitals, except incident_id, cr_number and
      crash_reports.
    - end_time: in November, the clocks show one hour twice, so an end in that hour has two possible instants. end_time
      is the earlier instant. If the earlier instant is before the start, end_time is the later instant.
    - start_date, start_year, start_month, start_weekday (1 is Monday), start_hour: local time in the county.
    - street: the street of the block, or null if the address is an intersection.
    - intersection: the streets of an intersection in alphabetical order, such as `A ST / B AVE`.
    - is_intersection: whether the address is an intersection, or null if the address is missing.
    - longitude, latitude: degrees. The source columns longitude and latitude are used if the place is in the county.
      Otherwise geolocation is used. If the place in geolocation is not in the county either, both columns are null.
    - coordinates_are_valid: whether the place in the source columns or in geolocation is in the county, or null if the
      row has no coordinates.
    """
    cleaned = {name: F.upper(clean_text(F.col(name))) for name in (*_TEXTS, "disposition_desc")}
    unchanged_case = {name: clean_text(F.col(name)) for name in (*KEY, "cr_number", "crash_reports")}
    # Streets come from the block, so that they never contain a house number.
    block = {"address": generalize_to_block(F.col("address"))}
    return rows.withColumns(cleaned | unchanged_case | block).transform(_add_local_times).transform(_add_places)


def _add_places(incidents: DataFrame) -> DataFrame:
    """Add the coordinates from the coordinate columns or from geolocation, and the streets of the address."""
    has_value = [F.col(name).isNotNull() for name in _COORDINATES] + [clean_text(F.col("geolocation")).isNotNull()]
    address, is_own = F.col("address"), _are_in_county(*_COORDINATES)
    point_columns = {
        f"_{name}": _parse_double(f"coalesce(get(_point.coordinates, {position}), _point.{name})")
        for position, name in enumerate(_COORDINATES)
    }
    is_valid = is_own | _are_in_county(*point_columns)
    # Add the columns in three steps. In a single step, Spark would compute a value again for each column that uses the
    # value. More steps would make the generated code longer, because each step copies the row. Spark may put the last
    # two steps and the later validation steps into one Java method. If this method has more than 8,000 bytes of
    # bytecode, Spark does not use the method and runs the steps separately, which is slower.
    return (
        incidents.withColumns(
            {
                "is_intersection": is_intersection(address),
                "street": street(address),
                "intersection": intersection(address),
                "_has_coordinates": reduce(or_, has_value),
                "_point": F.when(~is_own, F.from_json(F.regexp_replace("geolocation", _WKT, _AS_JSON), _POINT_DDL)),
            }
        )
        .withColumns(point_columns)
        .withColumns(
            {"coordinates_are_valid": F.when(F.col("_has_coordinates"), is_valid)}
            | {name: F.when(is_own, F.col(name)).when(is_valid, F.col(f"_{name}")) for name in _COORDINATES}
        )
    )


def _are_in_county(longitude: str, latitude: str) -> Column:
    return valid_coordinates(F.col(longitude), F.col(latitude), bounds=COUNTY_BOX)


def _parse_double(text: str) -> Column:
    return F.expr(f"CASE WHEN {text} RLIKE {literal(NUMBER_PATTERN)} THEN try_cast({text} AS double) END")


def _add_local_times(incidents: DataFrame) -> DataFrame:
    """Add the local time of the start. If the clocks showed the end time twice, choose one of the two instants."""
    start, end = F.col("start_time"), F.col("end_time")
    hour_later = F.timestamp_micros(F.unix_micros(end) + _HOUR_IN_MICROSECONDS)
    is_ambiguous = local_time(hour_later, zone=ZONE) == local_time(end, zone=ZONE)
    return (
        incidents.withColumn("end_time", F.when((end < start) & is_ambiguous, hour_later).otherwise(end))
        .withColumn("start_date", local_time(start, zone=ZONE).cast("date"))
        .transform(date_parts, column="start_time", parts=_LOCAL_TIME_PARTS, zone=ZONE)
    )
