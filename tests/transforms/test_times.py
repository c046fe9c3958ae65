from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import functions as F

from transforms.errors import ArgumentError
from transforms.times import date_parts, format_timestamp, local_time, parse_timestamp

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
CHANGES = [
    ("America/New_York", datetime(2024, 3, 10)),
    ("America/New_York", datetime(2024, 11, 3)),
    ("America/New_York", datetime(1883, 11, 18)),
    ("Europe/London", datetime(2024, 3, 31)),
    ("Europe/London", datetime(2024, 10, 27)),
    ("Australia/Lord_Howe", datetime(2024, 4, 7)),
    ("Australia/Lord_Howe", datetime(2024, 10, 6)),
    ("Antarctica/Troll", datetime(2024, 10, 27)),
    ("Asia/Kathmandu", datetime(1986, 1, 1)),
    ("Asia/Kathmandu", datetime(2024, 3, 10)),
    ("Pacific/Apia", datetime(2011, 12, 30)),
    ("Pacific/Kwajalein", datetime(1969, 9, 30)),
    ("UTC", datetime(2024, 3, 10)),
]


def parse_in_python(wall_clock, zone, ambiguous):
    candidates = {wall_clock.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(timezone.utc) for fold in (0, 1)}
    real = sorted(at for at in candidates if at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall_clock)
    if not real or (len(real) == 2 and ambiguous == "refuse"):
        return None
    return real[-1] if ambiguous == "later" else real[0]


def parse_instants(session, texts, **arguments):
    rows = session.createDataFrame([(text,) for text in texts], "text string").coalesce(1)
    micros = [row[0] for row in rows.select(F.unix_micros(parse_timestamp("text", **arguments))).collect()]
    return [None if value is None else EPOCH + timedelta(microseconds=value) for value in micros]


def test_times_near_clock_changes_are_parsed_as_in_python(in_zone):
    cases = [
        (zone, day + timedelta(minutes=10 * step), ambiguous)
        for zone, day in CHANGES
        for step in range(-6, 36 * 6)
        for ambiguous in ("earlier", "later", "refuse")
    ]
    rows = in_zone.createDataFrame(
        [(str(wall_clock), zone, ambiguous) for zone, wall_clock, ambiguous in cases]
    ).coalesce(1)
    at = F.lit(None).cast("timestamp")
    for zone, ambiguous in sorted({(zone, ambiguous) for zone, _, ambiguous in cases}):
        parsed = parse_timestamp("_1", pattern="yyyy-MM-dd HH:mm:ss", zone=zone, ambiguous=ambiguous)
        at = F.when((F.col("_2") == zone) & (F.col("_3") == ambiguous), parsed).otherwise(at)
    actual = [row[0] for row in rows.select(F.unix_micros(at)).collect()]
    expected = [parse_in_python(wall_clock, zone, ambiguous) for zone, wall_clock, ambiguous in cases]
    assert [None if micros is None else EPOCH + timedelta(microseconds=micros) for micros in actual] == expected
    assert len({(case[0], case[2]) for case, at in zip(cases, expected, strict=True) if at is None}) > 10


@given(
    wall_clock=st.lists(st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29)), min_size=1, max_size=20),
    zone=st.sampled_from(sorted({zone for zone, _ in CHANGES})),
    ambiguous=st.sampled_from(["earlier", "later", "refuse"]),
)
def test_any_century_is_parsed_as_in_python(spark, wall_clock, zone, ambiguous):
    pattern = "yyyy-MM-dd'T'HH:mm:ss.SSSSSS"
    actual = parse_instants(
        spark,
        [at.isoformat(timespec="microseconds") for at in wall_clock],
        pattern=pattern,
        zone=zone,
        ambiguous=ambiguous,
    )
    assert actual == [parse_in_python(at, zone, ambiguous) for at in wall_clock]


TEXTS = [
    ("dd/MM/yyyy", "04/07/2024", "2024-07-04 00:00:00"),
    ("d.M.yyyy H:mm", "4.7.2024 9:05", "2024-07-04 09:05:00"),
    ("d.M.yyyy H:mm", "14.12.2024 19:05", "2024-12-14 19:05:00"),
    ("yyyyMMdd HHmmss", "20240704 090503", "2024-07-04 09:05:03"),
    ("yyyy-MM-dd mm", "2024-07-04 59", "2024-07-04 00:59:00"),
    ("dMMMyyyy", "4jUl2024", "2024-07-04 00:00:00"),
    ("MMM d yyyy", "DEC 31 2024", "2024-12-31 00:00:00"),
    ("MMM d yyyy", "may 1 0999", "0999-05-01 00:00:00"),
    ("yyyy-MM-dd HH:mm:ss.S", "2024-07-04 09:05:03.4", "2024-07-04 09:05:03.400000"),
    ("yyyy-MM-dd HH:mm:ss.SSSSSS", "2024-07-04 09:05:03.000004", "2024-07-04 09:05:03.000004"),
    ("yyyy-MM-dd hh:mm a", "2024-07-04 12:00 AM", "2024-07-04 00:00:00"),
    ("yyyy-MM-dd hh:mm a", "2024-07-04 12:59 aM", "2024-07-04 00:59:00"),
    ("yyyy-MM-dd hh:mm a", "2024-07-04 01:00 am", "2024-07-04 01:00:00"),
    ("yyyy-MM-dd hh:mm a", "2024-07-04 11:59 Am", "2024-07-04 11:59:00"),
    ("yyyy-MM-dd hh:mm a", "2024-07-04 12:00 PM", "2024-07-04 12:00:00"),
    ("yyyy-MM-dd hh:mm a", "2024-07-04 11:59 pm", "2024-07-04 23:59:00"),
    ("yyyy-MM-dd hmma", "2024-07-04 112pm", "2024-07-04 13:12:00"),
    ("'rpm at' h a, dMMMyyyy", "rpm at 1 AM, 4jul2024", "2024-07-04 01:00:00"),
    ("yyyy-MM-dd 'o''clock' H", "2024-07-04 o'clock 9", "2024-07-04 09:00:00"),
    ("yyyy-MM-dd''H", "2024-07-04'9", "2024-07-04 09:00:00"),
    ("yyyy'年'MM'月'dd'日'", "2024年07月04日", "2024-07-04 00:00:00"),
    ("yyyy(.+)MM[|]dd$^\\", "2024(.+)07[|]04$^\\", "2024-07-04 00:00:00"),
    ("yyyy-MM-dd", " 2024-07-04\u00a0\n", "2024-07-04 00:00:00"),
]
INVALID_TEXTS = [
    ("yyyy.MM.dd", "2024x07x04"),
    ("yyyy-MM-dd", "2024-07-04 09:00"),
    ("yyyy-MM-dd", "2024-07-04\n2024-07-04"),
    ("yyyy-MM-dd", "24-07-04"),
    ("yyyy-MM-dd", "0000-01-01"),
    ("yyyy-MM-dd", "2023-02-29"),
    ("yyyy-MM-dd", "2024-07-4"),
    ("yyyy-MM-dd", "２０２４-07-04"),
    ("yyyy-MM-dd", "now"),
    ("yyyy-MM-dd", "2024-01-01\u2028"),
    ("yyyy-MM-dd", ""),
    ("yyyy-MM-dd", None),
    ("MMM d yyyy", "ebm 1 2024"),
    ("MMM d yyyy", "Feb 30 2024"),
    ("MMM d yyyy", "T12:30"),
    ("yyyy-MM-dd HH", "2024-07-04 24"),
    ("yyyy-MM-dd hh a", "2024-07-04 13 PM"),
    ("yyyy-MM-dd hh a", "2024-07-04 00 AM"),
    ("yyyy-MM-dd hh a", None),
    ("yyyy-MM-dd HH:mm:ss", "2016-12-31 23:59:60"),
    ("yyyy-MM-dd HH:mm:ss.SSS", "2024-07-04 09:05:03.4"),
    ("yyyy-MM-dd'T'HH", "2024-07-04t09"),
]


def test_only_matching_text_is_parsed(either_ansi):
    cases = [*TEXTS, *((pattern, text, None) for pattern, text in INVALID_TEXTS)]
    rows = either_ansi.createDataFrame(
        [tuple(text for _, text, _ in cases)], ", ".join(f"t{n} string" for n in range(len(cases)))
    )
    actual = rows.select(
        *(F.unix_micros(parse_timestamp(f"t{n}", pattern=case[0], zone="UTC")) for n, case in enumerate(cases))
    ).collect()[0]
    wall_clock = [None if at is None else str(datetime(1970, 1, 1) + timedelta(microseconds=at)) for at in actual]
    assert list(zip(cases, wall_clock, strict=True)) == [(case, case[2]) for case in cases]


def test_a_pattern_with_an_offset_needs_no_zone(either_ansi):
    texts = ["2024-07-04T09:05:03Z", "2024-07-04T09:05:03+05:45", "2024-07-04T09:05:03-18:00"]
    none = ["2024-07-04T09:05:03", "2024-07-04T09:05:03+19:00", "2024-07-04T09:05:03+05:75", "2024-07-04T09:05:03z"]
    expected = [datetime.fromisoformat(text) for text in texts] + [None] * len(none)
    assert parse_instants(either_ansi, texts + none, pattern="yyyy-MM-dd'T'HH:mm:ssXXX") == expected
    half_days = ["07/04/2024 12:30 AM +05:45", "07/04/2024 1:30 PM +05:45", "07/04/2024 12:30 PM -05:00"]
    hours = [(0, 30, 5.75), (13, 30, 5.75), (12, 30, -5)]
    expected = [datetime(2024, 7, 4, h, m, tzinfo=timezone(timedelta(hours=offset))) for h, m, offset in hours]
    assert parse_instants(either_ansi, half_days, pattern="MM/dd/yyyy h:mm a XXX") == expected


@pytest.mark.parametrize(
    "pattern",
    ["", "yyyy-MM", "yyyy-MM-dd h", "yyyy-MM-dd a", "yyyy-MM-dd HH a", "yyyy-MM-dd'"],
)
def test_an_incomplete_pattern_is_refused(pattern):
    with pytest.raises(
        ArgumentError, match="parse_timestamp: pattern is .*expected a year, a month and a day"
    ) as caught:
        parse_timestamp("t", pattern=pattern, zone="UTC")
    assert (caught.value.argument, caught.value.got) == ("pattern", pattern)


@pytest.mark.parametrize(
    "pattern", ["YYYY-MM-dd", "yy-MM-dd", "yyyy-MM-dd-MM", "yyyy-MM-ddTHH", "yyyy年MM月dd", "EEE yyyyMMdd", "Mdyyyy"]
)
def test_unsupported_or_ambiguous_patterns_are_refused(pattern):
    with pytest.raises(
        ArgumentError, match="either MM or M for the month. Write other letters in quotes. .*111 could be"
    ):
        parse_timestamp("t", pattern=pattern, zone="UTC")


def test_invalid_arguments_of_parse_timestamp_are_refused(spark):
    with pytest.raises(ArgumentError, match="ambiguous is 'first', expected 'earlier', 'later' or 'refuse'"):
        parse_timestamp("t", pattern="yyyy-MM-dd", zone="UTC", ambiguous="first")
    for pattern, zone in (("yyyy-MM-dd", None), ("yyyy-MM-dd XXX", "UTC")):
        with pytest.raises(ArgumentError, match="zone is .*, or no zone if the pattern has XXX"):
            parse_timestamp("t", pattern=pattern, zone=zone)


@pytest.mark.parametrize("zone", ["", "EST", "MST7MDT", "+05:00", "/", "America/Nowhere", "america/new_york"])
def test_every_function_requires_a_region_as_zone(spark, zone):
    rows = spark.createDataFrame([], "at timestamp")
    calls = {
        "parse_timestamp": lambda: parse_timestamp("t", pattern="yyyy-MM-dd", zone=zone),
        "format_timestamp": lambda: format_timestamp(F.col("at"), pattern="yyyy", zone=zone),
        "local_time": lambda: local_time(F.col("at"), zone=zone),
    }
    for name, call in calls.items():
        with pytest.raises(ArgumentError, match=f"{name}: zone is .*region such as America/New_York"):
            call()
    with pytest.raises(ArgumentError, match="region such as America/New_York"):
        date_parts(rows, column="at", parts={"h": "hour"}, zone=zone)
