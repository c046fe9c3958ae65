"""Test that the pattern of a column parses its dates and times with the functions of `transforms`."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import types as T

from ingest.profile_moments import read_moments
from transforms.casts import cast
from transforms.dates import parse_date, parse_date_pattern, parse_month, parse_written_date
from transforms.times import local_time, parse_timestamp

NOON = datetime(2024, 5, 31, 12, 30, tzinfo=timezone.utc)
CASES = {
    "2024-05-31": ("date", ""),
    "2024-05-31T00:00:00": ("date", ""),
    "2024-05-31 00:00": ("date", ""),
    "2024-05": ("month", ""),
    "2024/5/31": ("written_date", ""),
    "31 May 2024": ("written_date", ""),
    "31-May-2024": ("written_date", ""),
    "May 31, 2024": ("written_date", ""),
    "05/31/2024": ("date_pattern", "MM/dd/yyyy"),
    "5/31/2024": ("date_pattern", "M/d/yyyy"),
    "31.05.2024": ("date_pattern", "dd.MM.yyyy"),
    "2024-5-31": ("date_pattern", "yyyy-M-d"),
    "05/31/2024 12:00:00 AM": ("date_pattern", "MM/dd/yyyy hh:mm:ss a"),
    "20240531": ("date_pattern", "yyyyMMdd"),
    "2024-05-31T12:30:00Z": ("instant", "yyyy-MM-dd'T'HH:mm:ssXXX"),
    "2024-05-31T05:30:00.000-07:00": ("instant", "yyyy-MM-dd'T'HH:mm:ss.SSSXXX"),
    "2024-05-31T12:30+00:00": ("timestamp_pattern", "yyyy-MM-dd'T'HH:mmXXX"),
    "2024-5-31T12:30:00Z": ("timestamp_pattern", "yyyy-M-d'T'H:mm:ssXXX"),
    "2024-05-31 12:30:00": ("timestamp_pattern", "yyyy-MM-dd HH:mm:ss"),
    "2024-05-31T12:30:00.000": ("timestamp_pattern", "yyyy-MM-dd'T'HH:mm:ss.SSS"),
    "05/31/2024 12:30:00 PM": ("timestamp_pattern", "MM/dd/yyyy hh:mm:ss a"),
    "5/31/2024 12:30pm": ("timestamp_pattern", "M/d/yyyy h:mma"),
    "31-May-2024 12:30:00": ("timestamp_pattern", "dd-MMM-yyyy HH:mm:ss"),
    "May 31, 2024 12:30 PM": ("timestamp_pattern", "MMM dd, yyyy hh:mm a"),
}


def parsed(text: str, kind: str, pattern: str, *, has_offset: bool):
    """Return the expression that a dataset uses for a column of this kind, as text of the wall clock in UTC."""
    dates = {"date": parse_date, "month": parse_month, "written_date": parse_written_date}
    if kind in dates:
        return dates[kind](text).cast("string")
    if kind == "date_pattern":
        return parse_date_pattern(text, pattern=pattern).cast("string")
    if kind == "instant":
        time = cast(f"`{text}`", source_type=T.StringType(), target_type=T.TimestampType(), where="test")
    else:
        time = parse_timestamp(text, pattern=pattern, zone=None if has_offset else "UTC")
    return local_time(time, zone="UTC").cast("string")


def test_each_pattern_is_parsed_by_the_transforms(spark):
    readings = [read_moments({text: 1}, packed=True) for text in CASES]
    assert [(reading.kind, reading.pattern) for reading in readings] == [*CASES.values()]

    names = [f"c{number}" for number in range(len(CASES))]
    row = spark.createDataFrame([tuple(CASES)], ", ".join(f"{name} string" for name in names))
    columns = [
        parsed(name, reading.kind, reading.pattern, has_offset=reading.has_offset).alias(name)
        for name, reading in zip(names, readings, strict=True)
    ]
    found = dict(zip(CASES, row.select(*columns).first(), strict=True))
    expected = {
        text: str(moment.date()) if reading.is_date else f"{moment:%Y-%m-%d %H:%M:%S}"
        for text, reading in zip(CASES, readings, strict=True)
        for moment in reading.moments.values()
    }
    assert found == expected
    day = {str(date(2024, 5, 31)), str(date(2024, 5, 1)), f"{NOON:%Y-%m-%d %H:%M:%S}"}
    assert set(found.values()) == day


@pytest.mark.parametrize(
    "text", ["2024", "12:30", "2024-13-01", "31/31/2024", "99/99/9999", "1.2.3", "May", "20240531", "2024-05-31 25:00"]
)
def test_other_texts_are_not_dates(text):
    assert read_moments({text: 1}) is None


@pytest.mark.parametrize(
    ("texts", "pattern", "is_unsure"),
    [
        (["01/02/2024", "05/31/2024"], "MM/dd/yyyy", False),
        (["01/02/2024", "31/05/2024"], "dd/MM/yyyy", False),
        (["01/02/2024", "03/04/2024"], "MM/dd/yyyy", True),
        (["1/2/2024", "12/31/2024"], "M/d/yyyy", False),
    ],
)
def test_a_day_after_the_12th_shows_the_order(texts, pattern, is_unsure):
    reading = read_moments(dict.fromkeys(texts, 1))
    assert (reading.pattern, reading.is_order_unsure) == (pattern, is_unsure)


def test_times_in_several_forms_have_no_pattern():
    reading = read_moments({"2024-05-31T12:30:00": 1, "2024-05-31T12:30:00.5": 1})
    assert (reading.kind, reading.pattern, len(reading.moments)) == ("local_time", "", 2)


def test_times_may_have_several_offsets():
    reading = read_moments({"2024-05-31T12:30-07:00": 1, "2024-01-31T12:30-08:00": 1})
    assert (reading.kind, reading.pattern, reading.offset) == ("timestamp_pattern", "yyyy-MM-dd'T'HH:mmXXX", "")
    assert read_moments({"2024-05-31T12:30-19:00": 1}) is None


def test_few_cells_may_have_another_form():
    texts = {f"2024-05-{day:02} 08:00": 1 for day in range(1, 21)}
    reading = read_moments({**texts, "unknown": 1, "2024-05-31": 1})
    assert reading.moments.keys() == texts.keys()
    assert read_moments({**texts, **{f"text {number}": 1 for number in range(3)}}) is None


def test_only_offset_of_all_times_is_known():
    assert read_moments({"2024-05-31T12:30:00+00:00": 1}).offset == "+00:00"
    assert read_moments({"2024-05-31T12:30:00+00:00": 1, "2024-05-31T12:30:00-07:00": 1}).offset == ""


@settings(max_examples=200)
@given(st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)), st.integers(-14 * 60, 14 * 60))
def test_an_offset_is_subtracted(moment, minutes):
    text = moment.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=minutes))).isoformat()
    assert read_moments({text: 1}).moments[text] == datetime.fromisoformat(text)
