"""Test how raw rows become incidents. In these tests, a raw row is written as a dictionary of its fields."""

from __future__ import annotations

from datetime import date, datetime, timezone
from itertools import cycle

import pytest

from tests.transforms.datasets.frames import SuiteCase, collect_by_test, raw_rows, raw_rows_of_tests, raw_schema
from tests.transforms.sessions import ANSI, ANSI_MODES, TIME_ZONE, use_session
from transforms.candidates import build_candidates
from transforms.datasets.police_dispatch import DATASET
from transforms.dedupe import keep_latest
from transforms.masking import REDACTED

FIELDS = DATASET.layouts["police_dispatch"]
ARRIVED = datetime(2024, 12, 1, tzinfo=timezone.utc)
POINT = '{"type":"Point","coordinates":[-77.02,38.99]}'
PLACE = {"longitude": "-77.0261", "latitude": "38.9937"}


# The tests run in three time zones and, on Spark 3, in both ANSI modes.
SETTINGS = [*zip(cycle(reversed(ANSI_MODES.values())), ["UTC", "America/New_York", "America/Sao_Paulo"], strict=False)]


def raw(row, number=1):
    incident = {"incident_id": "P1", "start_time": "2024-07-10T13:05:22.000"} | row
    cells = [incident.get(name) for name in (*(field.source for field in FIELDS), "_malformed_record")]
    return (*cells, None, "police_dispatch", True, ARRIVED, ARRIVED, row.get("file", "a"), number)


def raw_incidents(*rows):
    return raw_rows(*(raw(row, number) for number, row in enumerate(rows, 1)))


@pytest.fixture(scope="module", params=SETTINGS, ids="-".join)
def incidents_by_test(request, spark):
    """Build the incidents of all tests at once, because Spark needs a second to plan the build."""
    with use_session(spark, dict(zip((ANSI, TIME_ZONE), request.param, strict=True))) as session:
        raw = session.createDataFrame(raw_rows_of_tests(request.module), raw_schema(DATASET))
        incidents = build_candidates(raw.coalesce(1), dataset=DATASET)
        return incidents.schema, collect_by_test(incidents)


@pytest.fixture
def incidents(request, incidents_by_test):
    """Return the incidents that are built from the raw rows of the test."""
    return incidents_by_test[1][request.node.originalname]


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def in_utc(instant):
    return instant and instant.astimezone(timezone.utc)


@raw_incidents({
    "cr_number": "240031234", "crash_reports": "", "end_time": "2024-07-10T14:00:00.000", "priority": "2",
    "initial_type": "traffic/transportation  incident", "close_type": "DISABLED MV", "city": " Silver Spring ",
    "state": "MD", "zip": "20910", "police_district_number": "3d", "sector": "D1", "pra": "135",
    "address": "900  BLK  THAYER AVE", **PLACE, "calltime_callroute": "42", "calltime_dispatch": "107.0",
    "calltime_arrive": "400", "calltime_cleared": "3278", "callroute_dispatch": "65", "dispatch_arrive": "293",
    "arrive_cleared": "2878", "disposition_desc": "No Report", "row_ts": "2024-07-10 18:15:10",
})  # fmt: skip
def test_a_raw_row_becomes_an_incident(incidents):
    (incident,) = incidents
    assert {name: value for name, value in incident.asDict().items() if name[0] != "_" and name[-3:] != "_ts"} == {
        "incident_id": "P1", "cr_number": "240031234", "crash_reports": None,
        "start_time": incident.start_time, "end_time": incident.end_time, "priority": 2,
        "initial_type": "TRAFFIC/TRANSPORTATION INCIDENT", "close_type": "DISABLED MV", "city": "SILVER SPRING",
        "state": "MD", "zip": "20910", "police_district_number": "3D", "sector": "D1", "pra": "135",
        "address": "900 BLK THAYER AVE", "longitude": -77.0261, "latitude": 38.9937, "calltime_callroute": 42,
        "calltime_dispatch": 107, "calltime_arrive": 400, "calltime_cleared": 3278, "callroute_dispatch": 65,
        "dispatch_arrive": 293, "arrive_cleared": 2878, "disposition_desc": "NO REPORT",
        "coordinates_are_valid": True, "street": "THAYER AVE", "intersection": None, "is_intersection": False,
        "start_date": date(2024, 7, 10), "start_year": 2024, "start_month": 7, "start_weekday": 3, "start_hour": 13,
    }  # fmt: skip
    assert in_utc(incident.start_time) == utc("2024-07-10 17:05:22")
    assert in_utc(incident.end_time) == utc("2024-07-10 18:00:00")
    assert in_utc(incident.row_ts) == utc("2024-07-10 18:15:10")
    assert (incident._cast_failures, incident._cast_warnings) == (None, None)


@raw_incidents(
    {field.source: "" for field in FIELDS[3:]} | {"start_time": "2024-07-10T13:05:22.000"},
    {},
    {"dispatch_arrive": "0", "arrive_cleared": "0.0"},
)
def test_only_empty_or_absent_fields_become_null(incidents):
    empty, absent, zero = incidents
    expected = {"incident_id", "start_time", "start_date", "start_year", "start_month", "start_weekday", "start_hour"}
    for incident in (empty, absent):
        assert {name for name, value in incident.asDict().items() if value is not None and name[0] != "_"} == expected
        assert (incident._cast_failures, incident._cast_warnings) == (None, None)
    assert (zero.dispatch_arrive, zero.arrive_cleared) == (0, 0)


@raw_incidents({
    "start_time": "07/10/2024 01:05 PM", "end_time": "2024-07-10", "priority": "HIGH", "longitude": "west",
    "dispatch_arrive": "-60", "arrive_cleared": "90.5", "row_ts": "yesterday",
})  # fmt: skip
def test_unreadable_optional_cells_become_warnings(incidents):
    """An unreadable start time is a failure instead."""
    (incident,) = incidents
    time, number = "time such as 2024-07-10T13:05:22.000", "whole number of 0 or more"
    assert incident._cast_failures == [("start_time", "07/10/2024 01:05 PM", time)]
    assert incident._cast_warnings == [
        ("end_time", "2024-07-10", time),
        ("priority", "HIGH", number),
        ("longitude", "west", "number"),
        ("dispatch_arrive", "-60", number),
        ("arrive_cleared", "90.5", number),
        ("row_ts", "yesterday", "time such as 2024-07-13 12:45:10"),
    ]
    assert (incident.priority, incident.dispatch_arrive, incident.arrive_cleared) == (None, None, None)


@raw_incidents(
    {"incident_id": None, "start_time": None, "_malformed_record": '{"incident_id": "P2", "address": "123 MAIN ST'}
)
def test_the_text_of_a_malformed_record_is_redacted(incidents):
    (incident,) = incidents
    assert incident._cast_failures == [("_malformed_record", REDACTED, "record")]
    assert "MAIN" not in str(incident)


START_TIMES = {
    "2024-01-15T23:59:59.999": ("2024-01-16 04:59:59.999", date(2024, 1, 15), 1, 23),
    "2024-03-10T01:59:59": ("2024-03-10 06:59:59", date(2024, 3, 10), 7, 1),
    "2024-03-10T02:30:00.000": (None, None, None, None),  # on this date, the clocks skip 2:30
    "2024-03-10T03:00:00.000": ("2024-03-10 07:00:00", date(2024, 3, 10), 7, 3),
    "2024-11-03T00:59:59.000": ("2024-11-03 04:59:59", date(2024, 11, 3), 7, 0),
    "2024-11-03T01:30:00.000": ("2024-11-03 05:30:00", date(2024, 11, 3), 7, 1),  # the clocks show 1:30 twice
    "2024-11-03T02:00:00.000": ("2024-11-03 07:00:00", date(2024, 11, 3), 7, 2),
}


@raw_incidents(*({"start_time": text} for text in START_TIMES))
def test_start_times_are_local_times_of_the_county(incidents):
    times = {
        text: (in_utc(incident.start_time), incident.start_date, incident.start_weekday, incident.start_hour)
        for text, incident in zip(START_TIMES, incidents, strict=True)
    }
    assert times == {text: (instant and utc(instant), *parts) for text, (instant, *parts) in START_TIMES.items()}
    assert [incident._cast_failures is None for incident in incidents] == [
        instant is not None for instant, *_ in START_TIMES.values()
    ]


@raw_incidents(
    # On this date, the clocks show 1:10 twice. The first incident ends at the second 1:10. The second incident ends at
    # the first 1:10.
    {"start_time": "2024-11-03T01:50:00.000", "end_time": "2024-11-03T01:10:00.000"},
    {"start_time": "2024-11-03T00:50:00.000", "end_time": "2024-11-03T01:10:00.000"},
    {"start_time": "2024-11-03T03:50:00.000", "end_time": "2024-11-03T02:10:00.000"},  # the end is before the start
)
def test_ambiguous_end_times_follow_the_start(incidents):
    """An ambiguous end time is the first possible instant after the start."""
    assert [in_utc(incident.end_time) for incident in incidents] == [
        utc("2024-11-03 06:10:00"),
        utc("2024-11-03 05:10:00"),
        utc("2024-11-03 07:10:00"),
    ]


@raw_incidents(
    {"row_ts": "2024-07-13 12:45:10"},
    {"row_ts": " 2024-07-13T12:45:10.000000Z"},
    {"row_ts": "2024-07-13T08:45:10-04:00"},
    {"row_ts": "2024-07-13T12:45:10"},
)
def test_row_ts_values_without_an_offset_are_utc(incidents):
    assert [in_utc(incident.row_ts) for incident in incidents] == [utc("2024-07-13 12:45:10")] * 4


COORDINATES = {
    "its own": (PLACE | {"geolocation": '{"type":"Point","coordinates":[-77.5,39.3]}'}, (-77.0261, 38.9937, True)),
    "a point": ({"geolocation": POINT}, (-77.02, 38.99, True)),
    "text": ({"geolocation": '{"latitude":"38.99","longitude":"-77.02"}'}, (-77.02, 38.99, True)),
    "text beside another shape": (
        {"geolocation": '{"coordinates":{"a":1},"latitude":"38.99","longitude":"-77.02"}'}, (-77.02, 38.99, True),
    ),
    "half a point": ({"geolocation": '{"type":"Point","coordinates":[-77.02,null]}'}, (None, None, False)),
    "a line": ({"geolocation": '{"coordinates":[[-77.02,38.99],[-77.03,39.0]]}'}, (None, None, False)),
    "wkt": ({"longitude": "", "latitude": "", "geolocation": "point(-77.02  38.99)"}, (-77.02, 38.99, True)),
    "zeros": ({"longitude": "0", "latitude": "0.0", "geolocation": POINT}, (-77.02, 38.99, True)),
    "half": ({"longitude": "-77.02", "geolocation": ""}, (None, None, False)),
    "zeros only": ({"longitude": "0", "latitude": "0"}, (None, None, False)),
    "elsewhere": ({"longitude": "-104.99", "latitude": "39.73"}, (None, None, False)),
    "swapped": ({"longitude": "38.99", "latitude": "-77.02"}, (None, None, False)),
    "no place": ({"geolocation": '{"type":"Point","coordinates":["a"]}'}, (None, None, False)),
    "no json": ({"geolocation": "{Point"}, (None, None, False)),
    "none": ({}, (None, None, None)),
}  # fmt: skip


@raw_incidents(*(row for row, _ in COORDINATES.values()))
def test_coordinates_outside_the_county_are_null(incidents):
    coordinates = {
        name: (incident.longitude, incident.latitude, incident.coordinates_are_valid)
        for name, incident in zip(COORDINATES, incidents, strict=True)
    }
    assert coordinates == {name: expected for name, (_, expected) in COORDINATES.items()}


ADDRESSES = {
    "900  BLK  Thayer Ave": ("900 BLK THAYER AVE", "THAYER AVE"),
    "931 BLOCK OF THAYER AVE": ("900 BLK THAYER AVE", "THAYER AVE"),
    "0 BLK OAK ST": ("0 BLK OAK ST", "OAK ST"),
    "THAYER AVE": ("THAYER AVE", "THAYER AVE"),
    "Main St": ("MAIN ST", "MAIN ST"),
    "ROSE AND CROWN LN": ("ROSE AND CROWN LN", "ROSE AND CROWN LN"),
    "BLOCKER ST": ("BLOCKER ST", "BLOCKER ST"),
    "1ST ST": ("1ST ST", "1ST ST"),
    "8600 Block Of Georgia Ave": ("8600 BLK GEORGIA AVE", "GEORGIA AVE"),
    "8600 BLK. GEORGIA AVE": ("8600 BLK GEORGIA AVE", "GEORGIA AVE"),
    "BLK GEORGIA AVE": ("BLK GEORGIA AVE", "GEORGIA AVE"),
    "1600 - 1699 BLOCK OF K ST": ("1600 BLK K ST", "K ST"),
    "100 N 42ND ST": ("100 BLK N 42ND ST", "N 42ND ST"),
    "12 A ST": ("0 BLK A ST", "A ST"),
    "12 COUNTY RD 5 1/2": ("0 BLK COUNTY RD 5 1/2", "COUNTY RD 5 1/2"),
    "100 RUE DE L'ÉGLISE": ("100 BLK RUE DE L'ÉGLISE", "RUE DE L'ÉGLISE"),
    "16TH ST": ("16TH ST", "16TH ST"),
    "120 MAIN ST": ("100 BLK MAIN ST", "MAIN ST"),
    "8 OAK ST": ("0 BLK OAK ST", "OAK ST"),
    "12345A OAK ST": ("12300 BLK OAK ST", "OAK ST"),
    "123-125 OAK ST": ("100 BLK OAK ST", "OAK ST"),
    "12 1/2 OAK ST": ("0 BLK OAK ST", "OAK ST"),
    "123 16TH ST": ("100 BLK 16TH ST", "16TH ST"),
    "123 MAIN ST APT 4": ("100 BLK MAIN ST", "MAIN ST"),
    "123 MAIN ST, UNIT 5B": ("100 BLK MAIN ST", "MAIN ST"),
    "123 MAIN ST # 12": ("100 BLK MAIN ST", "MAIN ST"),
    "\u00a012\tMain St ": ("0 BLK MAIN ST", "MAIN ST"),
    "900 BLK": ("900 BLK", None),
    "BLOCK OF": ("BLOCK OF", None),
    "12 ": ("12", None),
    "": (None, None),
}
CROSSINGS = {
    "GEORGIA AVE / COLESVILLE RD": "COLESVILLE RD / GEORGIA AVE",
    "COLESVILLE RD/GEORGIA AVE": "COLESVILLE RD / GEORGIA AVE",
    "Colesville Rd & Georgia Ave": "COLESVILLE RD / GEORGIA AVE",
    "COLESVILLE RD @ GEORGIA AVE": "COLESVILLE RD / GEORGIA AVE",
    "16TH ST / EAST WEST HWY": "16TH ST / EAST WEST HWY",
    "355 / MIDDLEBROOK RD": "355 / MIDDLEBROOK RD",
    "GEORGIA AVE AND FOREST GLEN RD": "FOREST GLEN RD / GEORGIA AVE",
    "900 BLK / 100 BLK MAIN ST": "900 BLK / MAIN ST",
    "A ST / 16TH ST & B AVE": "16TH ST / A ST / B AVE",
    "121 GEORGIA AVE / 45 COLESVILLE RD": "COLESVILLE RD / GEORGIA AVE",
}


@raw_incidents(*({"address": address} for address in ADDRESSES))
def test_house_numbers_become_block_numbers(incidents):
    assert {
        address: (incident.address, incident.street)
        for address, incident in zip(ADDRESSES, incidents, strict=True)
    } == ADDRESSES  # fmt: skip
    assert {incident.is_intersection for incident in incidents} == {False, None}
    assert {incident.intersection for incident in incidents} == {None}


@raw_incidents(*({"address": address} for address in CROSSINGS))
def test_intersections_have_sorted_streets_without_house_numbers(incidents):
    intersections = {address: incident.intersection for address, incident in zip(CROSSINGS, incidents, strict=True)}
    assert intersections == CROSSINGS
    assert {(incident.street, incident.is_intersection) for incident in incidents} == {(None, True)}
    assert incidents[-1].address == "100 BLK GEORGIA AVE / 0 BLK COLESVILLE RD"


REVISIONS = [
    {"incident_id": "P1", "row_ts": "2024-07-10 18:00:00", "file": "z", "city": "first"},
    {"incident_id": "P1", "row_ts": "2024-07-10 20:00:00", "file": "a", "city": "last"},
    {"incident_id": "P2", "row_ts": "2024-07-10 18:00:00", "end_time": "2024-07-10T14:00:00.000", "city": "closed"},
    {"incident_id": "P2", "row_ts": "2024-07-10 18:00:00", "file": "z", "city": "still open"},
    {"incident_id": "P3", "row_ts": "2024-07-10 18:00:00", "arrive_cleared": "5", "city": "says more"},
    {"incident_id": "P3", "row_ts": "2024-07-10 18:00:00", "file": "z", "city": "says less"},
    {"incident_id": "P4", "row_ts": "", "file": "z", "end_time": "2024-07-10T14:00:00.000", "city": "of no time"},
    {"incident_id": "P4", "row_ts": "2024-07-10 18:00:00", "city": "of a time"},
]


@raw_incidents(*REVISIONS, *reversed(REVISIONS))
def test_latest_revision_does_not_depend_on_row_order(spark, incidents, incidents_by_test):
    for revisions in (incidents[:8], incidents[8:]):
        rows = spark.createDataFrame(revisions, incidents_by_test[0])
        latest = keep_latest(rows, key=DATASET.key, order_by=DATASET.revision_order).collect()
        assert {row.incident_id: row.city for row in latest} == {
            "P1": "LAST", "P2": "CLOSED", "P3": "SAYS MORE", "P4": "OF A TIME",
        }  # fmt: skip
        assert len(latest) == 4


def good_row(number: int) -> dict[str, str]:
    """Return an incident. `dispatch_arrive` and `arrive_cleared` are in seconds."""
    day = f"2024-07-{1 + number % 28:02}"
    return {
        "incident_id": f"P{number}", "start_time": f"{day}T13:05:22.000", "end_time": f"{day}T14:05:22.000",
        "priority": "2", "initial_type": "NOISE", "city": "ROCKVILLE", "longitude": "-77.15", "latitude": "39.08",
        "dispatch_arrive": "300", "arrive_cleared": "900", "row_ts": "2024-08-01 12:00:00",
    }  # fmt: skip


SUITE_CASE = SuiteCase(
    good_row,
    {
        "incident_id": {3: "", **dict.fromkeys(range(50, 112))},
        "start_time": {
            6: None,
            12: "1999-06-30T23:00:00.000",
            15: "2030-01-01T00:00:00.000",
            9: "2024-03-10T02:30:00.000",  # On this date, the clocks skip 2:30.
        },
        "end_time": {36: "2024-06-30T13:00:00.000"},
        "priority": {18: "high", 30: "5"},
        "initial_type": {24: " "},
        "city": {27: None},
        "longitude": {33: "0"},
        "dispatch_arrive": {21: "-1", 39: "86401"},
        "arrive_cleared": {42: "86401"},
    },
    {"incident_id_present"},
)
