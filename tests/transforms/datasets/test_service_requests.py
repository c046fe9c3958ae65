"""Test how raw rows of two cities become requests."""

from __future__ import annotations

import re
from datetime import date, timezone
from decimal import Decimal
from itertools import cycle

import pytest

from tests.transforms.datasets.frames import SuiteCase, assert_answer, collect_by_test, raw_rows, raw_rows_of_tests
from tests.transforms.datasets.service_request_rows import (
    DENVER,
    NOON,
    RAW,
    REQUESTS,
    VANCOUVER,
    build,
    case_key,
    denver_key,
    failures,
    raw,
    utc,
    values,
    vancouver,
)
from tests.transforms.sessions import ANSI, ANSI_MODES, use_session
from transforms.datasets.service_requests import DATASET
from transforms.datasets.service_requests.sources import LAYOUTS
from transforms.errors import MissingColumnError

OTHER_CASE = RAW.replace("`Latitude`", "`latitude`").replace("`Longitude`", "`LONGITUDE`")
BUILDS = {
    "all layouts": {"layouts": LAYOUTS},
    "layouts with rows": {"layouts": ["denver", "vancouver", "vancouver_workbook"]},
    "one layout": {"layouts": ["denver"], "schema": OTHER_CASE},
}


@pytest.fixture(scope="module")
def builds(request, spark):
    """Build the requests of all tests at once, because Spark needs seconds to plan each build.

    On Spark 3, ANSI mode is on in the first build and the third build, and off in the second build.
    """
    builds = {}
    for (name, arguments), ansi in zip(BUILDS.items(), cycle(ANSI_MODES.values()), strict=False):
        with use_session(spark, {ANSI: ansi}) as session:
            frame = build(session, *raw_rows_of_tests(request.module), **arguments)
            builds[name] = frame, collect_by_test(frame)
    return builds


@pytest.fixture(params=["all layouts", "layouts with rows"])
def requests(request, builds):
    """Return the requests that are built from the raw rows of the test."""
    return builds[request.param][1][request.node.originalname]


@pytest.fixture
def requests_of_one_layout(request, builds):
    return builds["one layout"][1][request.node.originalname]


WORKBOOK = {name.replace("_", " ").capitalize(): value for name, value in VANCOUVER.items()} | {
    "Service request open timestamp": "2023-12-11T17:48:14+03:00",
    "Last modified timestamp": "2024-02-29T19:09:07+03:00",
}


@raw_rows(raw(DENVER), vancouver(3), raw(WORKBOOK, layout="vancouver_workbook", number=4))
def test_rows_of_both_cities_become_requests(spark, builds, requests):
    file = "test_rows_of_both_cities_become_requests/f.csv"
    expected_vancouver = (
        case_key("vancouver", "2023-12-11T06:48:14", "Traffic Calming Case", "Fairview", "Mobile App", "4375 ROSS ST"),
        "vancouver", utc(2023, 12, 11, 14, 48, 14), date(2023, 12, 1), 1, 6, utc(2024, 2, 29, 16, 9, 7), "Close",
        "resolved", utc(2023, 12, 22, 7, 59, 59), 257.19583333333333, "Service provided", None, "Mobile App",
        "ENG - Streets", None, None, None, "Traffic Calming Case", "traffic", "Fairview", None, None, None,
        Decimal("-123.082"), Decimal("49.245"), "49.24,-123.09", True, -819572476748276071, True, NOON, NOON, file,
    )  # fmt: skip
    expected = [
        (
            denver_key("2024-07-04T13:30:00"), "denver", utc(2024, 7, 4, 19, 30), date(2024, 7, 1), 4, 13,
            utc(2024, 7, 5, 7, 30),
            "Closed - Answer Provided", "resolved", utc(2024, 7, 5, 7, 30), 12.0, None, True, "PocketGov",
            "Public Works", None, None, None, "Parking", None, None, "9", "6", "80202", Decimal("-104.991"),
            Decimal("39.739"), "39.73,-105.00", True, -683213162605737431, True, NOON, NOON, file, 2, None, None,
        ),
        (*expected_vancouver, 3, None, None),
        (*expected_vancouver, 4, None, None),
    ]  # fmt: skip
    schema = builds["all layouts"][0].schema
    assert_answer(spark.createDataFrame(requests, schema), expected, REQUESTS)


SUMMARIES = [
    "Pothole", "  Pothole\u00a0\u00a0 deep ", "Café, Peña Blvd", "line\nend\tand\u2003more\u3000", "", "\u00a0",
    None, "zero\u200bwidth stays", "a\u001fb", "emoji \U0001f6b2",
]  # fmt: skip


@raw_rows(*(raw(DENVER, number=n, Case_Summary=summary) for n, summary in enumerate(SUMMARIES)))
def test_case_key_equals_the_key_from_python(requests):
    assert values(requests, "case_key") == [denver_key("2024-07-04T13:30:00", summary) for summary in SUMMARIES]


@raw_rows(
    raw(DENVER),
    raw(DENVER, number=3, Case_Status="New", Case_Closed_dttm=None, Agency="311", Longitude="0", Latitude="0",
        First_Call_Resolution=None, Council_District="1", Case_Summary="\u00a0Illegal  Parking "),
    raw(DENVER, number=4, Case_Created_dttm="07/04/2024 01:30:01 PM"),
    raw(DENVER, number=5, Case_Summary="Illegal parking"),
    raw(DENVER, number=6, Incident_Address_1=None, Incident_Address_2="12 N Example St"),
    raw(DENVER, number=7, Incident_Zip_Code="80203"),
)  # fmt: skip
def test_case_key_depends_only_on_immutable_fields(requests):
    keys = values(requests, "case_key")
    assert keys[0] == keys[1]
    assert (len(keys), len(set(keys))) == (6, 5)


@raw_rows(
    raw(DENVER, number=2, Case_Created_dttm=None),
    raw(DENVER, number=3, Case_Created_dttm="13/45/2024 25:00:00 PM"),
    raw(DENVER, number=4, Case_Created_dttm="03/10/2024 02:30:00 AM"),  # on this date, the clocks skip 2:30
    raw(DENVER, number=5, layout="boulder"),
    raw({}, number=6, malformed='{"Case Summary": "Pot'),
)
def test_case_key_is_null_without_time_or_city(requests):
    assert [(row.case_key, failures(row)) for row in requests] == [
        (None, None), (None, [("created_at", "*****")]), (None, [("created_at", "*****")]), (None, None),
        (None, [("_malformed_record", "*****")]),
    ]  # fmt: skip


@raw_rows(
    raw(DENVER, number=2, Case_Created_dttm="1/1/2024 12:05:00 AM"),
    raw(DENVER, number=3, Case_Created_dttm="11/03/2024 01:30:00 AM"),  # on this date, the clocks show 1:30 twice
    vancouver(4, service_request_open_timestamp="2024-03-01T09:00:00+03:00"),
)
def test_parts_of_the_creation_time_are_local(requests):
    created = [row.created_at.astimezone(timezone.utc) for row in requests]
    assert created == [utc(2024, 1, 1, 7, 5), utc(2024, 11, 3, 7, 30), utc(2024, 3, 1, 6)]
    assert values(requests, "created_month", "created_weekday", "created_hour") == [
        (date(2024, 1, 1), 1, 0), (date(2024, 11, 1), 7, 1), (date(2024, 2, 1), 4, 22),
    ]  # fmt: skip


@raw_rows(
    vancouver(2, service_request_open_timestamp="2024-03-10T23:00:00-07:00",
              service_request_close_date="2024-03-10", last_modified_timestamp="2024-03-10T23:30:00-07:00"),
    vancouver(3, service_request_open_timestamp="2024-03-09T23:59:59-08:00",
              service_request_close_date="2024-03-10", last_modified_timestamp=None),
    vancouver(4, status="Open", service_request_close_date=None),
    raw(DENVER, number=5, Case_Closed_dttm=None),
)  # fmt: skip
def test_closing_time_is_the_earlier_of_two_times(requests):
    """The two times are the last change and the end of the close date."""
    assert [(row.hours_to_close, row.closed_at is None) for row in requests] == [
        (0.5, False), (23.0, False), (None, True), (34.499722222222225, False),
    ]  # fmt: skip


@raw_rows(
    raw(DENVER, number=2, Case_Closed_dttm="07/04/2024 01:30:00 PM"),
    raw(DENVER, number=3, Case_Closed_dttm="07/04/2024 01:29:59 PM"),
    raw(DENVER, number=4, Case_Closed_dttm=None, Case_Closed_Date=None),
    raw(DENVER, number=5, Case_Status="In Progress"),
    raw(DENVER, number=6, Case_Status="Merged"),
    raw(DENVER, number=7, Case_Closed_dttm="soon", Case_Closed_Date=""),
)
def test_durations_of_open_requests_are_null(requests):
    """If a request was closed before it was created, `hours_to_close` is also null."""
    assert [(row.hours_to_close, row.closed_at is not None) for row in requests] == [
        (0.0, True), (None, True), (None, False), (None, True), (12.0, True), (None, False),
    ]  # fmt: skip
    assert [row._cast_warnings is not None for row in requests] == [False] * 5 + [True]


STATUSES = {
    "Closed - Transfered to External Agency": ("Closed - Transfered to External Agency", "closed otherwise"),
    "Closed - Transferred to External Agency": ("Closed - Transfered to External Agency", "closed otherwise"),
    "closed\u00a0-\u00a0answer provided": ("Closed - Answer Provided", "resolved"),
    "Routed to Agency": ("Routed to Agency", "unresolved"),
    "Merged by  Supervisor": ("Merged by Supervisor", None),
    "Close": ("Close", None),  # `Close` is a status of Vancouver, but not of Denver
    "": (None, None),
}


@raw_rows(*(raw(DENVER, number=n, Case_Status=status) for n, status in enumerate(STATUSES)))
def test_unknown_statuses_have_a_null_resolution(requests):
    assert values(requests, "status", "resolution") == [*STATUSES.values()]


PLACES = {
    ("0", "0"): None, ("", ""): None, (None, None): None, ("0.0", ""): None, ("39.739267", "39.739267"): False,
    ("-94.99", "39.73"): False, ("-104.99", ""): False, ("-104.99", "0"): False, ("west", "39.73"): False,
    ("-104.6737", "39.8561"): True,
}  # fmt: skip


@raw_rows(*(raw(DENVER, number=n, Longitude=west, Latitude=south) for n, (west, south) in enumerate(PLACES)))
def test_coordinates_outside_the_city_are_null(requests):
    found = [(row.coordinates_are_valid, row.longitude is not None, row.grid_cell) for row in requests]
    assert found == [(valid, bool(valid), "39.85,-104.68" if valid else None) for valid in PLACES.values()]


ZIP_CODES = {"80202": ("80202", False), " 80202-1234\u00a0": ("80202", False), "00000": (None, True),
         "8020": (None, True), "": (None, False), None: (None, False)}  # fmt: skip


@raw_rows(*(raw(DENVER, number=n, Incident_Zip_Code=text) for n, text in enumerate(ZIP_CODES)))
def test_incomplete_or_zero_zip_codes_are_null(requests):
    assert [(row.zip, row._cast_warnings is not None) for row in requests] == [*ZIP_CODES.values()]


@raw_rows(*(raw(DENVER, number=n, First_Call_Resolution=text) for n, text in enumerate(["Y", "n ", "", "maybe"])))
def test_unreadable_first_call_resolutions_are_null(requests):
    assert [(row.first_call_resolution, row._cast_warnings is not None) for row in requests] == [
        (True, False), (False, False), (None, False), (None, True),
    ]  # fmt: skip


SUBJECTS = [
    ("Pothole", None, None, "Pothole", None),
    ("Pothole", "Street Maintenance", "Roads", "Street Maintenance", None),
    ("Pothole", " ", "Roads", "Roads", None),
    ("POTHOLES on my street, Ann", None, None, "Pothole", None),
    ("Hit and run on Colfax", None, None, "Traffic accident", "accident"),
    ("Traffic signal out", None, None, "Traffic and signals", "traffic"),
    ("Complaint", "Traffic", None, "Traffic", "traffic"),
    ("trafficking", None, None, None, None),
    ("hotdog stand", None, None, None, None),
    ("Other", None, None, None, None),
    (None, None, None, None, None),
]


@raw_rows(
    *(
        raw(DENVER, number=n, Case_Summary=summary, Type=type_, Topic=topic)
        for n, (summary, type_, topic, *_) in enumerate(SUBJECTS)
    )
)
def test_request_type_is_the_first_known_value(requests):
    """The values are checked in the order type, topic, summary."""
    assert values(requests, "request_type", "traffic_kind") == [subject[3:] for subject in SUBJECTS]


@raw_rows(raw(DENVER, Council_District="0", Police_District=" 3"))
def test_a_district_of_0_becomes_null(requests):
    assert values(requests, "council_district", "police_district") == [(None, "3")]


SECRETS = {
    "Case_Summary": "Pothole, call Ann 303-555-0142", "Incident_Address_2": "Apt 7", "Case_Closed_dttm": "Ann",
    "Incident_Intersection_1": "EXAMPLE ST", "Incident_Intersection_2": "N 12th AVE",
}  # fmt: skip


@raw_rows(raw(DENVER, **SECRETS), vancouver(3))
def test_requests_contain_no_names_or_addresses(requests):
    assert len(requests) == 2
    for text in ("Ann", "303-555", "Example", "EXAMPLE", "12th", "Apt", "80203", "ROSS", "104.9903", "123.08183"):
        assert text not in str(requests)


def test_policy_masks_every_column_with_personal_data():
    masked = {rule.column for rule in DATASET.masking_policy}
    for fields in DATASET.layouts.values():
        personal = {
            f.name for f in fields if re.search(r"(?i)address|intersection|customer|summary|itude|geom", f.source)
        }
        assert personal <= masked


@pytest.mark.parametrize("column", ["Case Summary", "row_ts", "Service request type"])
def test_missing_column_of_any_layout_raises_an_error(spark, column):
    schema = re.sub(
        rf"`{column}` string, |, `{column}` string", lambda found: ", " * found.group().startswith(",,"), RAW
    )
    with pytest.raises(MissingColumnError, match=column):
        build(spark, schema=schema)


@raw_rows(raw(DENVER))
def test_source_column_names_are_case_insensitive(requests_of_one_layout):
    assert [str(row.latitude) for row in requests_of_one_layout] == ["39.739"]


@raw_rows(
    raw(DENVER, number=2),
    raw(DENVER, number=3, layout="boulder"),
    raw(DENVER, number=4, layout=None),
    raw({}, number=5, layout="boulder", malformed="half a record"),
)
def test_rows_of_unknown_layouts_have_a_null_key(requests):
    found = [
        (row._row_number, row.case_key is None, row.city, row.revised_at is None, failures(row)) for row in requests
    ]
    assert found == [
        (2, False, "denver", False, None), (3, True, None, True, None), (4, True, None, True, None),
        (5, True, None, True, [("_malformed_record", "*****")]),
    ]  # fmt: skip


def test_layouts_without_rows_do_not_change_the_requests(builds):
    (every_frame, every), (some_frame, some), (_, one) = builds.values()
    assert every_frame.schema == some_frame.schema
    assert every == some
    for test in every:
        of_denver = [[row for row in requests[test] if row.city == "denver"] for requests in (every, one)]
        assert of_denver[0] == of_denver[1]


@raw_rows(raw(DENVER, number=2), vancouver(number=3))
def test_rows_of_unselected_layouts_have_a_null_key(requests_of_one_layout):
    assert [(row._row_number, row.city, row.case_key is None) for row in requests_of_one_layout] == [
        (2, "denver", False), (3, None, True),
    ]  # fmt: skip


def branches(plan):
    if plan.nodeName() == "Union":
        return [plan.children().apply(place).toString() for place in range(plan.children().size())]
    return [branch for place in range(plan.children().size()) for branch in branches(plan.children().apply(place))]


@pytest.mark.parametrize(
    ("layouts", "expected"),
    [
        ("all layouts", ["denver", "denver", "vancouver", "vancouver", None]),
        ("one layout", ["denver", None]),
    ],
)
def test_each_plan_branch_computes_only_its_city(spark, builds, layouts, expected):
    marks = {"denver": ["America/Denver", "-105.12"], "vancouver": ["America/Vancouver", "-123.28"]}
    spark.conf.set("spark.sql.debug.maxToStringFields", 10_000)
    try:
        found = branches(builds[layouts][0]._jdf.queryExecution().optimizedPlan())
    finally:
        spark.conf.unset("spark.sql.debug.maxToStringFields")
    texts = [text for city in marks.values() for text in city]
    assert [[text for text in texts if text in branch] for branch in found] == [
        marks.get(city, []) for city in expected
    ]


def good_row(_: int) -> dict[str, str]:
    """Return a service request in the layout of Denver."""
    return {
        "Case Summary": "Pothole", "Case Status": "Closed - Answer Provided", "Case Source": "Phone",
        "Agency": "Safety", "Case Created dttm": "07/04/2024 01:30:00 PM", "Longitude": "-104.99", "Latitude": "39.73",
        "Case Closed dttm": "07/05/2024 01:30:00 PM", "_layout": "denver",
    }  # fmt: skip


SUITE_CASE = SuiteCase(
    good_row,
    {
        "_layout": {3: "boulder"},
        "Case Created dttm": {
            5: "01/01/1999 01:00:00 PM",
            8: "01/01/2099 01:00:00 PM",
            **dict.fromkeys(range(60, 73), "soon"),
        },
        "Incident Zip Code": {11: "00000"},
        "Case Status": {13: "Merged", 19: "New"},
        "Case Closed dttm": {17: "07/04/2024 01:00:00 PM"},
        "Longitude": {23: "39.73"},
        "Agency": {29: None},
        "Case Source": {31: " "},
        "Case Summary": {37: "Other"},
    },
    {"every_cell_readable", "created_at_present", "case_key_present"},
)
