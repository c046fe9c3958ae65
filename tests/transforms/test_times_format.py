from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from pyspark.errors import AnalysisException
from pyspark.sql import functions as F

from transforms.errors import (
    ArgumentError,
    DuplicateColumnError,
    MissingColumnError,
    SchemaMismatchError,
    UnknownFunctionError,
)
from transforms.times import add_timestamp, date_parts, format_timestamp, local_time, parse_timestamp

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
PARTS = ("year", "quarter", "month", "day", "weekday", "iso_year", "iso_week", "day_of_year", "hour")


def create_instants(session, *texts):
    rows = session.createDataFrame([(text,) for text in texts], "text string").coalesce(1)
    return rows.select(F.expr("CAST(text || 'Z' AS timestamp)").alias("at"))


def test_local_times_are_the_same_as_in_python(in_zone):
    """The result does not depend on the session time zone."""
    texts = ["0001-01-02 00:00:00", "1850-06-01 12:00:00.5", "2024-03-10 06:59:59", "2024-03-10 07:00:00"]
    texts += ["2024-11-03 05:30:00", "2024-11-03 06:30:00", "9999-12-30 23:59:59.999999"]
    zones = ["America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]
    rows = create_instants(in_zone, *texts, None)
    actual = rows.select(*(local_time(F.col("at"), zone=zone).cast("string") for zone in zones)).collect()
    python = [datetime.fromisoformat(text).replace(tzinfo=timezone.utc) for text in texts]
    clocks = [[str(at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)) for zone in zones] for at in python]
    # Python writes trailing zeros in fractions of a second, but Spark does not.
    assert [list(row) for row in actual[:-1]] == [[text.replace(".500000", ".5") for text in row] for row in clocks]
    assert actual[-1] == (None,) * 4
    pattern = "yyyy-MM-dd'T\"'HH:mm:ss.SSSSSS"
    actual = rows.select(*(format_timestamp(F.col("at"), pattern=pattern, zone=zone) for zone in zones)).collect()
    assert [list(row) for row in actual[:-1]] == [
        [
            at.astimezone(ZoneInfo(zone)).replace(tzinfo=None).isoformat('"', "microseconds").replace('"', 'T"')
            for zone in zones
        ]
        for at in python
    ]
    assert actual[-1] == (None,) * 4


def test_formatted_times_are_parsed_to_the_same_instant(either_ansi):
    pattern = "d MMM yyyy h:mm:ss a"
    texts = ["2024-07-04 00:00:00", "2024-07-04 12:00:00", "1899-12-31 23:59:59", "2024-12-31 23:00:00"]
    rows = create_instants(either_ansi, *texts)
    formatted = rows.withColumn("text", format_timestamp(F.col("at"), pattern=pattern, zone="Europe/London"))
    parsed_again = formatted.select("at", parse_timestamp("text", pattern=pattern, zone="Europe/London").alias("again"))
    assert parsed_again.where("at = again").count() == len(texts)


@pytest.mark.parametrize("pattern", ["YYYY-MM-dd", "ddd", "e", "'", "yyyy'", "it''s", "{", "#", "b", "OO", "VVV", "aa"])
def test_unsupported_format_patterns_are_refused(pattern):
    """The function raises the error when it is called, before Spark reads any row."""
    with pytest.raises(
        ArgumentError, match="format_timestamp: pattern is .*, expected the letters of Spark's datetime"
    ):
        format_timestamp(F.col("at"), pattern=pattern, zone="UTC")


def test_all_pattern_letters_of_spark_are_accepted(spark):
    longest = [*("a F dd hh kk mm ss HH KK DDD qqqq zzzz EEEE GGGG LLLL MMMM QQQQ xxxxx XXXXX ZZZZZ yyyyyy".split())]
    rows = create_instants(spark, "2024-07-04 19:30:00.123456")
    for pattern in [*longest, "SSSSSSSSS", "VV", "O", "OOOO", "[yyyy]-'a''b'<é>", "d/d"]:
        text = rows.select(format_timestamp(F.col("at"), pattern=pattern, zone="Europe/London")).first()[0]
        assert text, pattern


@pytest.mark.parametrize("ddl", ["date", "timestamp_ntz", "string"])
def test_values_other_than_timestamps_are_refused(spark, ddl):
    rows = spark.createDataFrame([], f"at {ddl}")
    for column in (local_time(F.col("at"), zone="UTC"), format_timestamp(F.col("at"), pattern="yyyy", zone="UTC")):
        with pytest.raises(AnalysisException, match='requires the "TIMESTAMP" type'):
            rows.select(column)


def compute_parts(day):
    iso_year, iso_week, weekday = day.isocalendar()
    quarter, day_of_year = (day.month + 2) // 3, day.timetuple().tm_yday
    return (day.year, quarter, day.month, day.day, weekday, iso_year, iso_week, day_of_year, getattr(day, "hour", 0))


YEAR_ENDS = [date(year, 1, 1) + timedelta(days=day) for year in range(2015, 2027) for day in range(-4, 4)]


def test_date_parts_near_new_year_agree_with_python(in_zone):
    days = [*YEAR_ENDS, date(2018, 11, 4), date(1, 1, 1), date(1600, 2, 29), date(9999, 12, 31)]
    rows = in_zone.createDataFrame([(str(day),) for day in days], "text string").coalesce(1)
    for ddl in ("date", "timestamp_ntz"):
        typed = rows.select(F.col("text").cast(ddl).alias("The. Day"))
        parts = typed.transform(date_parts, column="The. Day", parts={f"{part}. of": part for part in PARTS})
        assert parts.dtypes[1:] == [(f"{part}. of", "int") for part in PARTS]
        assert [tuple(row)[1:] for row in parts.drop("The. Day").select(F.lit(0), "*").collect()] == [
            compute_parts(day) for day in days
        ]


def test_parts_near_clock_changes_agree_with_python(in_zone):
    """In New York, 10 March 2024 has 23 hours, and 3 November 2024 has 25 hours."""
    hours = [datetime(2024, 3, 9, 12), datetime(2024, 11, 2, 12)]
    at = [first + timedelta(hours=hour) for first in hours for hour in range(48)]
    rows = create_instants(in_zone, *map(str, at), None)
    parts = date_parts(rows, column="at", parts={part: part for part in PARTS}, zone="America/New_York")
    actual = [tuple(row) for row in parts.drop("at").collect()]
    clocks = [moment.replace(tzinfo=timezone.utc).astimezone(ZoneInfo("America/New_York")) for moment in at]
    assert actual == [*map(compute_parts, clocks), (None,) * len(PARTS)]
    by_day = [sum(row[2:4] == day for row in actual) for day in ((3, 10), (11, 3))]
    assert by_day == [23, 25]


def test_invalid_arguments_of_date_parts_are_refused(spark):
    rows = spark.createDataFrame([], "day date, at timestamp, text string, Y int")
    cases = [
        ({"column": "Day", "parts": {"y": "year"}}, MissingColumnError, "date_parts: column 'Day' is missing.*'day'"),
        ({"column": "day", "parts": {"a": "week"}}, UnknownFunctionError, "date_parts: 'week' is not .*'iso_week'"),
        ({"column": "text", "parts": {"a": "year"}}, SchemaMismatchError, "'text': got the type string.*parse_date"),
        ({"column": "at", "parts": {"a": "year"}}, ArgumentError, "zone is None, expected a region for a timestamp"),
        (
            {"column": "day", "parts": {"a": "year"}, "zone": "UTC"},
            ArgumentError,
            "zone is 'UTC', .*no zone for a date",
        ),
        (
            {"column": "day", "parts": {"y": "year"}},
            DuplicateColumnError,
            "date_parts: the result would have columns 'Y' and 'y'",
        ),
    ]
    for arguments, error, message in cases:
        with pytest.raises(error, match=message):
            date_parts(rows, **arguments)


def test_every_row_gets_the_given_timestamp(in_zone):
    rows = in_zone.createDataFrame([(1,), (1,), (None,)], "n int")
    for at in (
        datetime(2024, 7, 4, 12, 0, 0, 1, tzinfo=timezone(timedelta(hours=-6))),
        datetime(1850, 1, 1, 0, 0, 0, 999_999, tzinfo=timezone.utc),
    ):
        added = rows.transform(add_timestamp, name="loaded. at", timestamp=at)
        assert added.dtypes == [("n", "int"), ("loaded. at", "timestamp")]
        micros = (at - EPOCH) // timedelta(microseconds=1)
        assert added.select(F.unix_micros("`loaded. at`")).collect() == [(micros,)] * 3


def test_invalid_arguments_of_add_timestamp_are_refused(spark):
    rows = spark.createDataFrame([], "At int")
    with pytest.raises(ArgumentError, match="add_timestamp: timestamp is datetime.* expected a time with a time zone"):
        add_timestamp(rows, name="now", timestamp=datetime(2024, 7, 4))
    with pytest.raises(DuplicateColumnError, match="add_timestamp: the result would have columns 'At' and 'at'"):
        add_timestamp(rows, name="at", timestamp=EPOCH)
