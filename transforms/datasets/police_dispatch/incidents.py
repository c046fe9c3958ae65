"""What the dispatched incidents' rows are, and how raw rows become incidents."""

from __future__ import annotations

from functools import partial, reduce
from operator import or_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from transforms.casts import NUMBER_PATTERN, cast, utc_instant
from transforms.datasets.police_dispatch.addresses import intersection, is_intersection, street, to_block
from transforms.dedupe import LINEAGE_COLUMNS, drop_superseded_rows
from transforms.geo import valid_coordinates
from transforms.masking import MaskingRule, mask
from transforms.schema import CAST_FAILURES, CAST_WARNINGS, Field, change_schema
from transforms.sql import literal, quoted
from transforms.text import clean_text
from transforms.times import date_parts, local_time, parse_timestamp

ZONE = "America/New_York"
COUNTY = (-77.55, 38.91, -76.86, 39.38)
"""The box around Montgomery County: least longitude, least latitude, greatest longitude, greatest latitude."""

_HOUR = 3_600_000_000


def floating_time(column: str) -> Column:
    """Read Socrata's floating timestamp, `2024-07-10T13:05:22.000`, as clocks in the county showed it.

    What they skipped in March is none; what they showed twice in November is the earlier, in summer time.

    >>> times = [("2024-03-10T02:30:00.000",), ("2024-11-03T01:30:00.000",)]
    >>> read = spark.createDataFrame(times, "t string").select(floating_time("t").alias("t"))
    >>> [row[0] for row in read.selectExpr("date_format(t, 'yyyy-MM-dd HH:mm')").collect()]
    [None, '2024-11-03 05:30']

    Source: Socrata, "Floating Timestamp Datatype".
    """
    forms = ("yyyy-MM-dd'T'HH:mm:ss.SSS", "yyyy-MM-dd'T'HH:mm:ss")
    return F.coalesce(*(parse_timestamp(column, pattern=expected, zone=ZONE) for expected in forms))


def extracted_time(column: str) -> Column:
    """Read when a row was taken from the source: by its offset, and without one in UTC, as a Lambda's clock shows it.

    >>> times = [("2024-07-13 12:45",), ("2024-07-13T08:45:10-04:00",)]
    >>> read = spark.createDataFrame(times, "t string").select(extracted_time("t").alias("t"))
    >>> [row[0] for row in read.selectExpr("date_format(t, 'HH:mm')").collect()]
    ['12:45', '12:45']
    """
    read = partial(cast, quoted(column), source_type=T.StringType(), where="extracted_time")
    return F.coalesce(read(target_type=T.TimestampType()), utc_instant(read(target_type=T.TimestampNTZType())))


def whole_number(column: str) -> Column:
    """Read a whole number of 0 or more, in whichever way JSON writes it: `42`, `42.0`.

    >>> read = spark.createDataFrame([("42.0",), ("-3",), ("0.5",)], "n string").select(whole_number("n"))
    >>> [row[0] for row in read.collect()]
    [42, None, None]
    """
    text = F.col(quoted(column))
    number = cast(
        quoted(column), source_type=T.StringType(), target_type=T.DecimalType(9, 0), where="whole_number"
    ).cast("int")
    # Nearly all are digits or empty, and to see that takes a fraction of the time.
    return F.when(text.rlike(r"\A[0-9]{1,9}\z"), text.cast("int")).when((text != "") & ~text.contains("-"), number)


_text = partial(Field, type="string")
_time = partial(Field, type="timestamp", parse=floating_time, expected="time such as 2024-07-10T13:05:22.000")
_number = partial(Field, type="int", parse=whole_number, expected="whole number of 0 or more", required=False)
_SECONDS = (
    *("calltime_callroute", "calltime_dispatch", "calltime_arrive", "calltime_cleared"),
    *("callroute_dispatch", "dispatch_arrive", "arrive_cleared"),
)
_TEXTS = ("initial_type", "close_type", "city", "state", "zip", "police_district_number", "sector", "pra")
_COORDINATES = ("longitude", "latitude")
_FIELDS = (
    _text("incident_id", "incident_id"),
    _text("cr_number", "cr_number"),
    _text("crash_reports", "crash_reports"),
    _time("start_time", "start_time"),
    _time("end_time", "end_time", required=False),
    _number("priority", "priority"),
    *(_text(name, name) for name in _TEXTS),
    _text("address", "address"),
    *(Field(name, name, "double", expected="number", required=False) for name in _COORDINATES),
    *(_number(name, name) for name in _SECONDS),
    _text("disposition_desc", "disposition_desc"),
    _text("geolocation", "geolocation"),
    Field("row_ts", "row_ts", "timestamp", extracted_time, expected="time such as 2024-07-13 12:45:10", required=False),
)
LAYOUTS = {"police_dispatch": _FIELDS}

_KEPT = tuple(field.name for field in _FIELDS if field.name != "geolocation")
_DERIVED = ("coordinates_are_valid", "street", "intersection", "is_intersection", "start_date")
_LOCAL = {"start_year": "year", "start_month": "month", "start_weekday": "weekday", "start_hour": "hour"}

KEY = ("incident_id",)
REVISION_ORDER = (
    *("_is_current", "row_ts", "end_time"),
    *(name for name in _KEPT if name not in (*KEY, "row_ts", "end_time")),
    *("_source_file", "_row_number"),
)
"""What orders the revisions of an incident, the one that counts last: extracted later, then ended, then saying more."""

_DEGREES = r"([+-]?[0-9.]+)"
_POINT = "coordinates array<string>, longitude string, latitude string"
"""Of geolocation: GeoJSON, or Socrata's older form."""

_WKT = rf"(?i)\A\s*POINT\s*\(\s*{_DEGREES}\s+{_DEGREES}\s*\)\s*\z"
_AS_JSON = '{"coordinates":["$1","$2"]}'


MASKING_POLICY = (
    MaskingRule("address", to_block, "a house's number tells who lives there; the publisher means to give blocks"),
)
"""The column that may tell who, and what is done to it. Whole records that could not be read are redacted."""


def build_incidents(raw: DataFrame) -> DataFrame:
    """Type the raw rows, bring them in order and take addresses to their block: the candidates for trusted.

    Rows: one for one, except superseded rows, which are dropped. An incident that was extracted twice has two rows: the
    publisher keeps the latest valid one.

    Columns: the fields of the source but geolocation; start_time and end_time are instants (an end in the hour that
    November has twice is the later of the two where the earlier would be before the start), row_ts too; priority and
    the seconds from one stage to another are null where the source has none, or a number below 0, which is reported;
    texts are in capitals, with single blanks; address to the block; longitude, latitude from their own columns, else
    from geolocation, null where neither is a place in the county, and coordinates_are_valid says so, null where none
    were given; street (of a block; null at an intersection), intersection (its streets in alphabetical order, `A ST / B
    AVE`), is_intersection (null without an address); start_date, start_year, start_month, start_weekday (1 is Monday),
    start_hour, as clocks in the county showed them; where the row comes from; `_cast_failures` (a time of start, a
    record that is no JSON), `_cast_warnings` (all other cells).

    Source: Montgomery County, MD, "Police Dispatched Incidents" (98cc-bc7d).
    """
    cleaned = {name: F.upper(clean_text(F.col(name))) for name in (*_TEXTS, "disposition_desc")}
    shown = [name for name in _KEPT if name != "address"]
    return (
        raw.transform(change_schema, fields=_FIELDS, keep=LINEAGE_COLUMNS, malformed="_malformed_record")
        .withColumns(cleaned | {name: clean_text(F.col(name)) for name in (*KEY, "cr_number", "crash_reports")})
        .transform(mask, policy=MASKING_POLICY, visible_failure_columns=shown)
        .transform(_timed)
        .transform(_located)
        .transform(drop_superseded_rows, key=KEY)
        .select(*_KEPT, *_DERIVED, *_LOCAL, *LINEAGE_COLUMNS, CAST_FAILURES, CAST_WARNINGS)
    )


def _located(incidents: DataFrame) -> DataFrame:
    """Take coordinates from where they are, and the streets out of the address."""
    given = [F.col(name).isNotNull() for name in _COORDINATES] + [clean_text(F.col("geolocation")).isNotNull()]
    address, is_own = F.col("address"), _in_county(*_COORDINATES)
    of_point = {
        f"_{name}": _double(f"coalesce(get(_point.coordinates, {place}), _point.{name})")
        for place, name in enumerate(_COORDINATES)
    }
    is_valid = is_own | _in_county(*of_point)
    # Step by step: in one, Spark would compute a value again for each use of it. But in few, for each copies the row;
    # unless Spark compiles those behind `_point` as one, with the gate's: that takes 8000 bytes of code at most.
    return (
        incidents.withColumns(
            {
                "is_intersection": is_intersection(address),
                "street": street(address),
                "intersection": intersection(address),
                "_is_given": reduce(or_, given),
                "_point": F.when(~is_own, F.from_json(F.regexp_replace("geolocation", _WKT, _AS_JSON), _POINT)),
            }
        )
        .withColumns(of_point)
        .withColumns(
            {"coordinates_are_valid": F.when(F.col("_is_given"), is_valid)}
            | {name: F.when(is_own, F.col(name)).when(is_valid, F.col(f"_{name}")) for name in _COORDINATES}
        )
    )


def _in_county(longitude: str, latitude: str) -> Column:
    return valid_coordinates(F.col(longitude), F.col(latitude), bounds=COUNTY)


def _double(text: str) -> Column:
    return F.expr(f"CASE WHEN {text} RLIKE {literal(NUMBER_PATTERN)} THEN try_cast({text} AS double) END")


def _timed(incidents: DataFrame) -> DataFrame:
    """Say what clocks showed at the start, and which of two instants an end in November's double hour is."""
    start, end = F.col("start_time"), F.col("end_time")
    hour_on = F.timestamp_micros(F.unix_micros(end) + _HOUR)
    is_twice = local_time(hour_on, zone=ZONE) == local_time(end, zone=ZONE)
    return (
        incidents.withColumn("end_time", F.when((end < start) & is_twice, hour_on).otherwise(end))
        .withColumn("start_date", local_time(start, zone=ZONE).cast("date"))
        .transform(date_parts, column="start_time", parts=_LOCAL, zone=ZONE)
    )
