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


def at_utc(session, *shown):
    rows = session.createDataFrame([(text,) for text in shown], "text string").coalesce(1)
    return rows.select(F.expr("CAST(text || 'Z' AS timestamp)").alias("at"))


def test_what_clocks_show_is_what_python_shows_whatever_the_sessions_zone(in_zone):
    shown = ["0001-01-02 00:00:00", "1850-06-01 12:00:00.5", "2024-03-10 06:59:59", "2024-03-10 07:00:00"]
    shown += ["2024-11-03 05:30:00", "2024-11-03 06:30:00", "9999-12-30 23:59:59.999999"]
    zones = ["America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]
    rows = at_utc(in_zone, *shown, None)
    found = rows.select(*(local_time(F.col("at"), zone=zone).cast("string") for zone in zones)).collect()
    python = [datetime.fromisoformat(text).replace(tzinfo=timezone.utc) for text in shown]
    clocks = [[str(at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)) for zone in zones] for at in python]
    # Python fills fractions with zeros, Spark takes zeros off.
    assert [list(row) for row in found[:-1]] == [[text.replace(".500000", ".5") for text in row] for row in clocks]
    assert found[-1] == (None,) * 4
    pattern = "yyyy-MM-dd'T\"'HH:mm:ss.SSSSSS"
    found = rows.select(*(format_timestamp(F.col("at"), pattern=pattern, zone=zone) for zone in zones)).collect()
    assert [list(row) for row in found[:-1]] == [
        [
            at.astimezone(ZoneInfo(zone)).replace(tzinfo=None).isoformat('"', "microseconds").replace('"', 'T"')
            for zone in zones
        ]
        for at in python
    ]
    assert found[-1] == (None,) * 4


def test_a_formatted_time_is_read_back_as_the_same_instant(either_ansi):
    pattern = "d MMM yyyy h:mm:ss a"
    shown = ["2024-07-04 00:00:00", "2024-07-04 12:00:00", "1899-12-31 23:59:59", "2024-12-31 23:00:00"]
    rows = at_utc(either_ansi, *shown)
    texts = rows.withColumn("text", format_timestamp(F.col("at"), pattern=pattern, zone="Europe/London"))
    again = texts.select("at", parse_timestamp("text", pattern=pattern, zone="Europe/London").alias("again"))
    assert again.where("at = again").count() == len(shown)


@pytest.mark.parametrize("pattern", ["YYYY-MM-dd", "ddd", "e", "'", "yyyy'", "it''s", "{", "#", "b", "OO", "VVV", "aa"])
def test_a_pattern_that_spark_refuses_is_refused_before_it_sees_a_row(pattern):
    with pytest.raises(
        ArgumentError, match="format_timestamp: pattern is .*, expected the letters of Spark's datetime"
    ):
        format_timestamp(F.col("at"), pattern=pattern, zone="UTC")


def test_all_letters_that_spark_knows_are_shown(spark):
    longest = [*("a F dd hh kk mm ss HH KK DDD qqqq zzzz EEEE GGGG LLLL MMMM QQQQ xxxxx XXXXX ZZZZZ yyyyyy".split())]
    rows = at_utc(spark, "2024-07-04 19:30:00.123456")
    for pattern in [*longest, "SSSSSSSSS", "VV", "O", "OOOO", "[yyyy]-'a''b'<é>", "d/d"]:
        text = rows.select(format_timestamp(F.col("at"), pattern=pattern, zone="Europe/London")).first()[0]
        assert text, pattern


@pytest.mark.parametrize("ddl", ["date", "timestamp_ntz", "string"])
def test_what_is_no_instant_is_refused_not_read_in_the_sessions_zone(spark, ddl):
    rows = spark.createDataFrame([], f"at {ddl}")
    for column in (local_time(F.col("at"), zone="UTC"), format_timestamp(F.col("at"), pattern="yyyy", zone="UTC")):
        with pytest.raises(AnalysisException, match='requires the "TIMESTAMP" type'):
            rows.select(column)


def of_python(day):
    iso_year, iso_week, weekday = day.isocalendar()
    quarter, day_of_year = (day.month + 2) // 3, day.timetuple().tm_yday
    return (day.year, quarter, day.month, day.day, weekday, iso_year, iso_week, day_of_year, getattr(day, "hour", 0))


YEAR_ENDS = [date(year, 1, 1) + timedelta(days=day) for year in range(2015, 2027) for day in range(-4, 4)]


def test_parts_of_days_are_those_of_python_around_the_ends_of_years(in_zone):
    days = [*YEAR_ENDS, date(2018, 11, 4), date(1, 1, 1), date(1600, 2, 29), date(9999, 12, 31)]
    rows = in_zone.createDataFrame([(str(day),) for day in days], "text string").coalesce(1)
    for ddl in ("date", "timestamp_ntz"):
        typed = rows.select(F.col("text").cast(ddl).alias("The. Day"))
        parts = typed.transform(date_parts, column="The. Day", parts={f"{part}. of": part for part in PARTS})
        assert parts.dtypes[1:] == [(f"{part}. of", "int") for part in PARTS]
        assert [tuple(row)[1:] for row in parts.drop("The. Day").select(F.lit(0), "*").collect()] == [
            of_python(day) for day in days
        ]


def test_days_of_23_and_25_hours_have_as_many_rows_of_parts(in_zone):
    hours = [datetime(2024, 3, 9, 12), datetime(2024, 11, 2, 12)]
    at = [first + timedelta(hours=hour) for first in hours for hour in range(48)]
    rows = at_utc(in_zone, *map(str, at), None)
    parts = date_parts(rows, column="at", parts={part: part for part in PARTS}, zone="America/New_York")
    found = [tuple(row) for row in parts.drop("at").collect()]
    clocks = [moment.replace(tzinfo=timezone.utc).astimezone(ZoneInfo("America/New_York")) for moment in at]
    assert found == [*map(of_python, clocks), (None,) * len(PARTS)]
    by_day = [sum(row[2:4] == day for row in found) for day in ((3, 10), (11, 3))]
    assert by_day == [23, 25]


def test_parts_of_no_rows_are_none_and_all_rows_are_kept(spark):
    rows = spark.createDataFrame([], "n int, day date")
    assert rows.transform(date_parts, column="day", parts={"y": "year"}).dtypes == [
        ("n", "int"),
        ("day", "date"),
        ("y", "int"),
    ]
    assert rows.transform(date_parts, column="day", parts={"y": "year"}).collect() == []
    twice = spark.createDataFrame([(1, date(2024, 7, 4))] * 2 + [(1, None)], "n int, day date")
    assert sorted(twice.transform(date_parts, column="day", parts={"y": "year"}).select("y").collect(), key=str) == [
        (2024,),
        (2024,),
        (None,),
    ]


def test_errors_of_date_parts_say_what_to_do(spark):
    rows = spark.createDataFrame([], "day date, at timestamp, text string, Y int")
    cases = [
        ({"column": "Day", "parts": {"y": "year"}}, MissingColumnError, "date_parts: column 'Day' is missing.*'day'"),
        ({"column": "day", "parts": {"a": "week"}}, UnknownFunctionError, "date_parts: 'week' is no .*'iso_week'"),
        ({"column": "text", "parts": {"a": "year"}}, SchemaMismatchError, "'text': got the type string.*parse_date"),
        ({"column": "at", "parts": {"a": "year"}}, ArgumentError, "zone is None, expected a region for a timestamp"),
        ({"column": "day", "parts": {"a": "year"}, "zone": "UTC"}, ArgumentError, "zone is 'UTC', .*none for a date"),
        ({"column": "day", "parts": {"y": "year"}}, DuplicateColumnError, "date_parts: would give columns 'Y' and 'y'"),
    ]
    for arguments, error, message in cases:
        with pytest.raises(error, match=message):
            date_parts(rows, **arguments)


def test_one_time_is_added_to_all_rows_to_the_microsecond(in_zone):
    rows = in_zone.createDataFrame([(1,), (1,), (None,)], "n int")
    for at in (
        datetime(2024, 7, 4, 12, 0, 0, 1, tzinfo=timezone(timedelta(hours=-6))),
        datetime(1850, 1, 1, 0, 0, 0, 999_999, tzinfo=timezone.utc),
    ):
        added = rows.transform(add_timestamp, name="loaded. at", timestamp=at)
        assert added.dtypes == [("n", "int"), ("loaded. at", "timestamp")]
        micros = (at - EPOCH) // timedelta(microseconds=1)
        assert added.select(F.unix_micros("`loaded. at`")).collect() == [(micros,)] * 3
    assert rows.where("false").transform(add_timestamp, name="at", timestamp=EPOCH).collect() == []


def test_a_time_without_a_zone_or_with_a_name_that_is_taken_is_not_added(spark):
    rows = spark.createDataFrame([], "At int")
    with pytest.raises(ArgumentError, match="add_timestamp: timestamp is datetime.* expected a time with a time zone"):
        add_timestamp(rows, name="now", timestamp=datetime(2024, 7, 4))
    with pytest.raises(DuplicateColumnError, match="add_timestamp: would give columns 'At' and 'at'"):
        add_timestamp(rows, name="at", timestamp=EPOCH)
