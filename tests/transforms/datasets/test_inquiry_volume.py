from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from itertools import zip_longest

import pytest

from expectations.standard import load_suite
from tests.transforms.datasets.frames import (
    LINEAGE,
    REPORTS,
    SuiteCase,
    assert_answer,
    collect_by_test,
    raw_rows,
    raw_rows_of_tests,
    raw_schema,
    source_columns,
)
from transforms.candidates import build_candidates
from transforms.datasets.inquiry_volume import DATASET
from transforms.datasets.inquiry_volume.inquiries import CHANNELS, KEY, OTHER_NUMBER

RAW = raw_schema(DATASET)
INQUIRIES = (
    "inquiry_department string, inquiry_type string, year_month date, inquiry_channel string, number_of_records int, "
    f"bi_id int, year int, is_retired boolean, _other_number int, {LINEAGE}, {REPORTS}"
)
DELIVERED = datetime(2024, 12, 1, 12, tzinfo=timezone.utc)
GOOD = ("ENG - Parking", "Permits", "2024-02", "Phone", "49")
READ = ("ENG - Parking", "Permits", date(2024, 2, 1), "Phone", 49)
ONE = "ENG - Street Use"
DEPARTMENTS = {
    ONE: ONE,
    "\u00a0ENG \u00a0-\u00a0Street  Use\n": ONE,
    "ENG-Street Use": ONE,
    "eng–Street Use": ONE,
    "Eng —Street Use": ONE,
    "ENG\u2011 Street Use": ONE,
    "VFRS - Operations - Emergency Services": "VFRS - Operations - Emergency Services",
    "DBL – Pre-School – West": "DBL - Pre-School – West",
    "MC - Mayor's Office": "MC - Mayor's Office",
    "ENG - STREET use": ONE,
    "Eng- STREET USE": ONE,
    "pds- Zoning": "pds - Zoning",
    "Parks – Recreation": "Parks - Recreation",
    "co-op housing": "co-op housing",  # this name has no department code
    "CO-OP Housing 2": "CO-OP Housing 2",
    "COVID-19 Line": "COVID-19 Line",
    "non-Emergency": "non-Emergency",
    "Pre-School Office": "Pre-School Office",  # `Pre` is a word and not a code
    "Parking - West": "Parking - West",  # a code has at most 5 letters
    "A - B": "A - B",
    "311 Contact Centre": "311 Contact Centre",
    "FIFA World Cup 2026": "FIFA World Cup 2026",
    "ENG -": "ENG -",
    "ENG": "ENG",
    " \u00a0": None,
}
TYPES = {
    "ZZ OLD - Food Scraps": ("ZZ OLD - Food Scraps", True),
    " zz  old – food\u00a0scraps": ("ZZ OLD - Food Scraps", True),
    "ZZ-OLD Food Scraps": ("ZZ OLD - Food Scraps", True),
    "ZZOLD-Food Scraps": ("ZZ OLD - Food Scraps", True),
    "ZZ–OLD – Food Scraps": ("ZZ OLD - Food Scraps", True),
    "ZZ\u2011OLD Food Scraps": ("ZZ OLD - Food Scraps", True),
    "ZZaOLD - x": ("ZZaOLD - x", False),
    "ZZZOLD - Zoo": ("ZZZOLD - Zoo", False),
    "ZZ\u00a0OLD": ("ZZ OLD", True),
    "ZZ OLDER Things": ("ZZ OLDER Things", False),
    "Jazz Old - Music": ("Jazz Old - Music", False),
    "Food ZZ OLD - Scraps": ("Food ZZ OLD - Scraps", False),
    "": (None, None),
}
CHANNELS_AS_THEY_COME = {
    **{channel: channel for channel in CHANNELS},
    **{channel.upper(): channel for channel in CHANNELS},
    "email": "E-mail",
    "E‑MAIL": "E-mail",
    " e mail\u00a0": "E-mail",
    "mobile\u00a0 app": "Mobile App",
    "MobileApp": "Mobile App",
    "in-person": "In Person",
    "social_media": "Social Media",
    "Web": "WEB",
    "Kiosk": "Kiosk",
    "  walk  in ": "walk in",
    "E-mails": "E-mails",
    "Phone/Chat": "Phone/Chat",
    "": None,
}


def raw(*cells, bi_id=None, malformed=None, file="2024.csv", row=2, ingested=DELIVERED, current=True):
    return (*cells, bi_id, malformed, None, "inquiry_volume", current, DELIVERED, ingested, file, row)


@pytest.fixture(scope="module")
def inquiries_by_test(request, spark):
    """Build the inquiries of all tests at once, because Spark needs almost a second to plan the build."""
    inquiries = build_candidates(spark.createDataFrame(raw_rows_of_tests(request.module), RAW), dataset=DATASET)
    return inquiries.schema, collect_by_test(inquiries)


@pytest.fixture
def inquiries(request, inquiries_by_test):
    """Return the inquiries that are built from the raw rows of the test, in the order of their row numbers."""
    return inquiries_by_test[1][request.node.originalname]


@pytest.fixture
def assert_inquiries(request, spark, inquiries, inquiries_by_test):
    """Return a function that compares the inquiries with expected rows. The expected rows have no lineage columns."""
    lineage = (True, DELIVERED, DELIVERED, f"{request.node.originalname}/2024.csv", 2)

    def assert_rows(*rows):
        expected = [(*row[:-2], *lineage, *row[-2:]) for row in rows]
        assert_answer(spark.createDataFrame(inquiries, inquiries_by_test[0]), expected, INQUIRIES)

    return assert_rows


@raw_rows(raw(*GOOD, bi_id="9442"), raw(*GOOD), raw(*GOOD), raw("LS - Legal", "ZZ OLD - Wills", "45323", "Chat", "0"))
def test_each_raw_row_becomes_one_row_of_inquiries(assert_inquiries):
    assert_inquiries(
        (*READ, 9442, 2024, False, 49, None, None),
        (*READ, None, 2024, False, 49, None, None),
        (*READ, None, 2024, False, 49, None, None),
        ("LS - Legal", "ZZ OLD - Wills", date(2024, 2, 1), "Chat", 0, None, 2024, True, 0, None, None),
    )


RECORD = "ENG;Permits;2024-01;Phone;1;2;3"


@raw_rows(
    raw("ENG - Parking", "Permits", "2024-13", "Phone", "many", bi_id="A7"),
    raw(" ", "\u00a0", "", "\t", " ", bi_id=" "),
    raw(*[None] * 5, malformed=RECORD),
)
def test_unreadable_cells_are_reported_as_failures_or_warnings(assert_inquiries):
    failures = [
        ("year_month", "2024-13", "month such as 2024-05"),
        ("number_of_records", "many", "whole number"),
    ]
    warnings = [("bi_id", "A7", "whole number")]
    assert_inquiries(
        ("ENG - Parking", "Permits", None, "Phone", None, None, None, False, None, failures, warnings),
        (*[None] * 9, None, None),
        (*[None] * 9, [("_malformed_record", RECORD, "record")], None),
    )


@raw_rows(
    *(
        raw(department or "", kind or "", "2024-02", channel or "", "1", row=row)
        for row, (department, kind, channel) in enumerate(zip_longest(DEPARTMENTS, TYPES, CHANNELS_AS_THEY_COME))
    )
)
def test_names_get_a_standard_spelling(inquiries):
    """The test covers the names of departments, types and channels."""
    found = {name: [row[name] for row in inquiries] for name in inquiries[0].asDict()}
    assert dict(zip(DEPARTMENTS, found["inquiry_department"], strict=False)) == DEPARTMENTS
    assert dict(zip(CHANNELS_AS_THEY_COME, found["inquiry_channel"], strict=False)) == CHANNELS_AS_THEY_COME
    assert dict(zip(TYPES, zip(found["inquiry_type"], found["is_retired"], strict=True), strict=False)) == TYPES


LATER = DELIVERED + timedelta(hours=1)


@raw_rows(
    # Rows 0 to 4 are in one file and have the same key. The minimum of their numbers is 5, and the maximum is 7.
    # If the number of a row is 5, the other number is 7. Otherwise, the other number is 5.
    *(raw(*GOOD[:4], number, row=row) for row, number in enumerate(["5", "7", "6", "5", "n/a"])),
    raw(*GOOD[:4], "8", file="other.csv", row=10),
    raw(*GOOD[:4], "9", ingested=LATER, row=11),
    raw(*GOOD[:3], "Chat", "3", row=12),
    raw("eng–Parking", "Permits ", "2024-02-01", "PHONE", "9", file="other.csv", row=13),
)
def test_other_number_is_from_the_same_file_version(inquiries):
    """`_other_number` ignores other files and other versions of the same file."""
    assert {row._row_number: (row.number_of_records, row[OTHER_NUMBER]) for row in inquiries} == {
        0: (5, 7),
        1: (7, 5),
        2: (6, 5),
        3: (5, 7),
        4: (None, 5),
        10: (8, 9),
        11: (9, 9),
        12: (3, 3),
        13: (9, 8),
    }


CELLS = {0: "ENG - Parking", 1: "Permits", 2: "2024-02", 3: "Phone"}


@raw_rows(
    *(
        raw(*(None if place == missing else cell for place, cell in CELLS.items()), number)
        for missing in CELLS
        for number in ("5", "7")
    )
)
def test_other_number_is_null_if_key_is_incomplete(inquiries):
    assert [row[OTHER_NUMBER] for row in inquiries] == [None] * 8


@raw_rows(
    raw(*GOOD, row=2, current=False),  # kept, because the latest version of the file has the same key
    raw(*GOOD[:3], "Chat", "3", row=3, current=False),
    raw(None, *GOOD[1:], row=4, current=False),
    raw(*GOOD[:3], " PHONE", "51", row=2),
    raw(None, *GOOD[1:], row=3),
)
def test_superseded_row_is_dropped_if_its_key_is_gone(inquiries):
    """A superseded row is kept only if the latest version of the file has the same key."""
    assert sorted((row.inquiry_department or "", row.number_of_records) for row in inquiries) == [
        ("", 49),
        ("ENG - Parking", 49),
        ("ENG - Parking", 51),
    ]


def test_suite_and_code_have_the_same_key_and_channels():
    suite = {item.id: item.kwargs for item in load_suite("inquiry_volume").expectations}
    assert tuple(suite["one_row_per_key"]["column_list"]) == KEY
    assert tuple(suite["channel_known"]["value_set"]) == CHANNELS


def good_row(number: int) -> dict[str, str]:
    month = f"2024-{1 + number % 11:02}"
    return dict(zip(source_columns(DATASET), ["ENG - Parking", f"Type {number}", month, "Phone", "100"], strict=False))


SUITE_CASE = SuiteCase(
    good_row,
    {
        "Department": {13: None, 27: "Festival Office", 41: "Phone"},
        # Rows 5 and 60 have the same key, but different values of "Number of Records". Rows 52 and 63 have the
        # same key and the same value of "Number of Records".
        "Type": {36: None, 60: "Type 5", 63: "Type 52"},
        "Year Month": {3: "2024-13", 11: "2030-01", 31: "1999-01"},
        "Channel": {8: None, 23: "Kiosk"},
        "Number of Records": {5: "-7", 17: "90000", 57: None, **dict.fromkeys(range(70, 77), "-1")},
        "BI_ID": {45: "first"},
    },
    {"number_not_negative", "one_row_per_key"},
)
