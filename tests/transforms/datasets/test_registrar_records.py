"""Test how raw rows of the registrar's three layouts become masked records."""

from __future__ import annotations

import hashlib
import hmac
from datetime import date, datetime, timezone

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
from tests.transforms.sessions import ANSI, ANSI_MODES, use_session
from transforms.candidates import build_candidates
from transforms.datasets.registrar import DATASET
from transforms.datasets.registrar.records import EARLIEST_DATE

MASKING_KEY = b"made up, for made-up students only"
SOURCES, RAW = source_columns(DATASET), raw_schema(DATASET)
RECORDS = (
    "record string, student_id string, programme string, intake string, first_name string, last_name string, "
    "email string, phone string, year_of_birth int, status string, received_date date, completed_date date, "
    "enrolled_date date, withdrawn_date date, withdrawal_reason string, record_date date, is_completed boolean, "
    "has_application boolean, enrolled_on date, student_id_is_valid boolean, email_is_valid boolean, "
    f"{LINEAGE}, {REPORTS}"
)
NOON = datetime(2024, 3, 1, 12, tzinfo=timezone.utc)
EARLIER = datetime(2024, 2, 1, 12, tzinfo=timezone.utc)
APPLICATION = {
    "Student ID": "S1000001", "First Name": "Ada", "Last Name": "Abbott", "E-mail": "Ada@Example.org",
    "Phone": "604-555-0199", "Date of Birth": "5 Mar 1999", "Address": "1 Example St", "Programme": "Nursing",
    "Intake": "Fall 2023", "Received Date": "2023-03-05", "Status": "complete ", "Completed Date": "45000",
}  # fmt: skip
ENROLMENT = {
    "Student ID": "S1000001", "First Name": "Ada", "Last Name": "Abbott", "Programme": "Nursing",
    "Intake": "Fall 2023", "Enrolled Date": "2023-05-01",
}  # fmt: skip
WITHDRAWAL = {
    "Student ID": "S1000001", "First Name": "Ada", "Last Name": "Abbott", "Programme": "Nursing",
    "Intake": "Fall 2023", "Withdrawn Date": "2023-06-01", "Reason": " HEALTH",
}  # fmt: skip
LAYOUT_BY_DATE = {"Received Date": "application", "Enrolled Date": "enrolment", "Withdrawn Date": "withdrawal"}


DATE = "date such as 2023-03-05 or 5 Mar 2023"


def raw(row, *, number=2, malformed=None, at=NOON, current=True, **changes):
    layout = next(LAYOUT_BY_DATE[name] for name in row if name in LAYOUT_BY_DATE)
    cells = row | {name.replace("_", " "): value for name, value in changes.items()}
    return (*(cells.get(source) for source in SOURCES), malformed, None, layout, current, at, at, "f.csv", number)


def admission(number, *rows):
    """Give the rows their own student ID, so that they are not related to the rows of other tests."""
    return [(f"S20000{number:02}", *row[1:]) for row in rows]


@pytest.fixture(scope="module", params=ANSI_MODES.values(), ids=ANSI_MODES)
def records_by_test(request, spark):
    """Build the records of all tests at once, because Spark needs a second to plan the build."""
    with use_session(spark, {ANSI: request.param}) as session:
        raw = session.createDataFrame(raw_rows_of_tests(request.module), RAW)
        records = build_candidates(raw, dataset=DATASET, masking_key=MASKING_KEY)
        return records.schema, collect_by_test(records)


@pytest.fixture
def records(request, records_by_test):
    """Return the records that are built from the raw rows of the test, in the order of their row numbers."""
    return records_by_test[1][request.node.originalname]


def values(records, *columns):
    return [tuple(row[name] for name in columns) if len(columns) > 1 else row[columns[0]] for row in records]


def pseudonym(text):
    return hmac.new(MASKING_KEY, text.encode(), hashlib.sha256).hexdigest()


@raw_rows(*admission(0, raw(APPLICATION, number=2), raw(ENROLMENT, number=3), raw(WITHDRAWAL, number=4)))
def test_rows_of_every_layout_become_masked_records(spark, records, records_by_test):
    student = (pseudonym("S2000000"), "Nursing", "Fall 2023", "A**", pseudonym("ABBOTT"))
    completed, enrolled, withdrawn = date(2023, 3, 15), date(2023, 5, 1), date(2023, 6, 1)
    received = date(2023, 3, 5)
    lineage = (True, NOON, NOON, "test_rows_of_every_layout_become_masked_records/f.csv")
    rows = [
        ("application", *student, pseudonym("ada@example.org"), "**********99", 1999, "Complete", received, completed,
         None, None, None, received, True, None, None, True, True, *lineage, 2, None, None),
        ("enrolment", *student, None, None, None, None, None, None,
         enrolled, None, None, enrolled, None, True, None, True, None, *lineage, 3, None, None),
        ("withdrawal", *student, None, None, None, None, None, None,
         None, withdrawn, "Health", withdrawn, None, None, enrolled, True, None, *lineage, 4, None, None),
    ]  # fmt: skip
    assert_answer(spark.createDataFrame(records, records_by_test[0]), rows, RECORDS)


TWO_WORD_NAMES = [
    ("Ada", "Abbott"), (" Ada", "ABBOTT\u00a0"), ("Ada Abbott", None), (None, "Abbott, Ada"), (None, "Ada abbott"),
    ("Abbott,Ada", " "),
]  # fmt: skip


@raw_rows(*(raw(ENROLMENT, First_Name=first, Last_Name=last) for first, last in TWO_WORD_NAMES))
def test_full_name_in_one_cell_is_split(records):
    assert values(records, "first_name", "last_name") == [("A**", pseudonym("ABBOTT"))] * len(TWO_WORD_NAMES)


THREE_WORD_NAMES = [
    ("Ana Maria Lopez", None), (None, "Lopez, Ana Maria"), (None, "Ana Maria Lopez"), (None, None),
]  # fmt: skip


@raw_rows(
    *(raw(ENROLMENT, number=n, First_Name=first, Last_Name=last) for n, (first, last) in enumerate(THREE_WORD_NAMES))
)
def test_three_word_names_are_split_only_at_commas(records):
    assert values(records, "first_name", "last_name") == [
        ("A" + "*" * 14, None), ("A" + "*" * 8, pseudonym("LOPEZ")), (None, pseudonym("ANA MARIA LOPEZ")), (None, None),
    ]  # fmt: skip


STUDENT_IDS = ["S1000001", " s1000001\u00a0", "S10", "see note", "1000001", " ", None]


@raw_rows(*(raw(ENROLMENT | {"Student ID": text}, number=n) for n, text in enumerate(STUDENT_IDS)))
def test_student_ids_are_standardized_before_validation(records):
    assert values(records, "student_id", "student_id_is_valid") == [
        (pseudonym("S1000001"), True), (pseudonym("S1000001"), True), (pseudonym("S10"), False),
        (pseudonym("SEE NOTE"), False), (pseudonym("1000001"), True), (None, None), (None, None),
    ]  # fmt: skip


DATES = ["2023-03-05", "44990", "5 Mar 2023", " 2023-03-05T00:00:00 ", "03/05/2023", "ask Ann", " "]


@raw_rows(*(raw(APPLICATION, number=n, Received_Date=text) for n, text in enumerate(DATES)))
def test_unreadable_or_ambiguous_dates_are_redacted(records):
    day, redacted = date(2023, 3, 5), [("received_date", "*****", DATE)]
    found = values(records, "received_date", "_cast_failures")
    assert found == [*[(day, None)] * 4, (None, redacted), (None, redacted), (None, None)]


@raw_rows(raw(APPLICATION, malformed="S1000001,Ada,Abbott", **{"Date of Birth": "see Ada"}))
def test_unreadable_birth_dates_and_records_are_redacted(records):
    failures, warnings = [("_malformed_record", "*****", "record")], [("date_of_birth", "*****", DATE)]
    assert values(records, "year_of_birth", "_cast_failures", "_cast_warnings") == [(None, failures, warnings)]


STATUS_TEXTS = ["Complete", "completed", "IN-REVIEW", "canceled", "ask Ann", " ", None]
REASON_TEXTS = ["transfer ", "call Ann", None]


@raw_rows(
    *(raw(APPLICATION, number=n, Status=text) for n, text in enumerate(STATUS_TEXTS)),
    *(raw(WITHDRAWAL, number=n, Reason=text) for n, text in enumerate(REASON_TEXTS, 10)),
)
def test_unknown_statuses_and_withdrawal_reasons_are_redacted(records):
    known = ["Complete", "Complete", "In Review", "Cancelled", "*****", None, None]
    assert values(records[:7], "status") == known
    assert values(records[7:], "withdrawal_reason") == ["Transfer", "*****", None]


INTAKES = [
    *("fall 2023", "2023  Fall", "Autumn, 2023", "Winter/2024", "next year", "Fall 23", "Fall 1823", None),
    *("Not Fall 2023 but Winter 2024", "Fall 2022, now Fall 2023", "Fall or Winter 2023", "Fall 2022/2023"),
]


@raw_rows(*(raw(ENROLMENT, number=n, Programme=" Nursing ", Intake=text) for n, text in enumerate(INTAKES)))
def test_programme_and_intake_are_hashed_if_intake_is_invalid(records):
    nursing = pseudonym("Nursing")
    assert values(records, "programme", "intake") == [
        *[("Nursing", "Fall 2023")] * 3, ("Nursing", "Winter 2024"), (nursing, pseudonym("next year")),
        (nursing, pseudonym("Fall 23")), (nursing, pseudonym("Fall 1823")), (nursing, None),
        *((nursing, pseudonym(text)) for text in INTAKES[8:]),
    ]  # fmt: skip


@raw_rows(
    raw(APPLICATION, Programme="1 Example St", Intake="Nursing", **{"Received Date": "Fall 2023"}),
    raw(ENROLMENT, number=3, Programme="1 Example St", malformed="S1000001;Ada;1 Example St;Fall 2023"),
)
def test_programme_and_intake_of_shifted_rows_are_hashed(records):
    """The cells of these rows are in the wrong columns."""
    assert values(records, "programme", "intake") == [
        (pseudonym("1 Example St"), pseudonym("Nursing")), (pseudonym("1 Example St"), pseudonym("Fall 2023")),
    ]  # fmt: skip


TOTAL_LINES = [
    ("Total", None, None),
    ("Grand Total:", None, None),
    (None, "Sub Total", None),
    ("Totals:", None, None),
    ("97", None, "TOTAL 97"),
]


@raw_rows(*((*cells, *raw(APPLICATION)[3:]) for cells in TOTAL_LINES))
def test_total_lines_are_recognized_by_the_word_total(records):
    found = values(records, "record", "record_date", "is_completed", "has_application")
    assert found == [("total line", None, None, None)] * len(TOTAL_LINES)


@raw_rows(*(raw(ENROLMENT, Last_Name=name) for name in ("Totalis", "Total", None)))
def test_student_named_total_remains_an_enrolment(records):
    assert values(records, "record") == ["enrolment"] * 3


@raw_rows(
    *admission(
        1,
        raw(APPLICATION, number=0),
        raw(ENROLMENT, number=1, Programme="History"),
        raw(ENROLMENT, number=2, Intake="Fall 2024"),
        raw(WITHDRAWAL, number=4),
    ),
    *admission(2, raw(ENROLMENT, number=3)),
)
def test_records_with_different_keys_are_unrelated(records):
    """The key is the student, the programme and the intake."""
    found = values(records, "has_application", "enrolled_on")
    assert found == [(None, None), (False, None), (False, None), (False, None), (None, None)]


@raw_rows(
    *(
        raw(row | {name: None})
        for name in ("Student ID", "Programme", "Intake")
        for row in (APPLICATION, ENROLMENT, WITHDRAWAL)
    )
)
def test_records_with_incomplete_keys_are_unrelated(records):
    assert values(records, "has_application", "enrolled_on") == [(None, None)] * 9


# Each entry is an admission that ends with a withdrawal on 2023-06-01. The entry has the dates of the enrolments, and
# the date that becomes `enrolled_on` of the withdrawal.
ENROLMENT_DATES = [
    # The fourth enrolment has no date, so the third enrolment is used.
    (["2023-05-09", "2023-05-01", "2023-05-02", None], date(2023, 5, 2)),
    (["2023-05-01", "2023-09-01"], date(2023, 5, 1)),  # the second enrolment is after the withdrawal
    (["2023-05-01", "2203-05-01", "1823-05-01"], date(2023, 5, 1)),  # the years 2203 and 1823 are typing errors
    (["2023-07-01", "2023-06-02"], date(2023, 6, 2)),  # every enrolment is after the withdrawal
    (["2023-06-01"], date(2023, 6, 1)),
    (["2203-05-01", "1823-05-01", None], None),
]


def enrolments(days):
    return [
        raw(ENROLMENT | {"Enrolled Date": day}, number=n, at=EARLIER if n == 0 else NOON) for n, day in enumerate(days)
    ]


@raw_rows(
    *(
        row
        for number, (days, _) in enumerate(ENROLMENT_DATES)
        for row in admission(10 + number, *enrolments(days), raw(WITHDRAWAL, number=number))
    )
)
def test_withdrawal_uses_the_enrolment_delivered_last(records):
    """Only enrolments with a plausible date are used.

    An enrolment after the withdrawal is used only if all plausible enrolments are after the withdrawal.
    """
    withdrawals = [row for row in records if row.record == "withdrawal"]
    assert values(withdrawals, "enrolled_on") == [day for _, day in ENROLMENT_DATES]


CURRENT_DATES = {"2023-06-10": date(2023, 6, 10), "2203-06-10": date(2023, 5, 1)}


@raw_rows(
    *(
        row
        for number, current in enumerate(CURRENT_DATES)
        for row in admission(
            20 + number,
            raw(ENROLMENT, at=EARLIER, current=False),
            raw(ENROLMENT | {"Enrolled Date": current}),
            raw(WITHDRAWAL, number=number),
        )
    )
)
def test_superseded_enrolment_replaces_an_implausible_current_enrolment(records):
    withdrawals = [row for row in records if row.record == "withdrawal"]
    assert values(withdrawals, "enrolled_on") == [*CURRENT_DATES.values()]


@raw_rows(
    raw(APPLICATION | {"Student ID": None, "First Name": "Total"}, number=0), *admission(30, raw(ENROLMENT, number=1))
)
def test_total_lines_do_not_count_as_applications(records):
    assert values(records, "has_application") == [None, False]


@raw_rows(*admission(31, raw(APPLICATION, number=1, at=EARLIER, current=False), raw(ENROLMENT, number=2)))
def test_records_of_superseded_file_versions_are_dropped(records):
    assert values(records, "record", "has_application") == [("enrolment", False)]


def test_policy_masks_every_identifying_column():
    assert {rule.column for rule in DATASET.masking_policy} == {
        "student_id", "first_name", "last_name", "email", "phone", "date_of_birth", "address", "status",
        "withdrawal_reason", "programme", "intake",
    }  # fmt: skip


def test_suite_and_code_have_the_same_earliest_date():
    day = next(item for item in load_suite("registrar").expectations if item.id == "day_since_1990")
    assert day.kwargs["min_value"] == EARLIEST_DATE.isoformat()


def good_row(number: int) -> dict[str, str]:
    """Return an application, an enrolment or a withdrawal. Each student has all three records, in this order."""
    student = {"Student ID": f"S{100_000 + number // 3}", "First Name": "Ann", "Last Name": "Novak"}
    student |= {"Programme": "Nursing", "Intake": "Fall 2024"}
    contact = {"E-mail": "ann@example.org", "Phone": "604-555-0123", "Address": "1 Example St"}
    dates = {"Date of Birth": "2001-02-03", "Received Date": "2024-02-01", "Completed Date": "2024-03-01"}
    return (
        student
        | [
            {"_layout": "application", **contact, **dates, "Status": "Complete"},
            {"_layout": "enrolment", "Enrolled Date": "2024-04-01"},
            {"_layout": "withdrawal", "Withdrawn Date": "2024-05-01", "Reason": "Health"},
        ][number % 3]
    )


SUITE_CASE = SuiteCase(
    good_row,
    {  # Rows 0, 3, 6… are applications. Rows 1, 4, 7… are enrolments. Rows 2, 5, 8… are withdrawals.
        "_layout": {98: None},
        "Student ID": {60: "see note 5", 71: "Total", 77: None, 80: "S100010"},  # Row 32 has the same ID as row 80.
        "First Name": {39: None},
        "Last Name": {42: None},
        "E-mail": {33: None, 36: "at home"},
        "Date of Birth": {27: "in spring", 30: "1850-01-01"},
        "Programme": {83: None},
        "Intake": {63: None, 66: "next year", 73: "Fall 2023"},
        "Received Date": {3: "03/04/2022", 6: None, 9: "1985-02-01", 12: "2030-02-01"},
        "Status": {15: "ask Ann", 18: "In Review"},
        "Completed Date": {21: None, 24: "2030-02-01", **dict.fromkeys(range(45, 60, 3), "2023-12-24")},
        "Enrolled Date": {70: None},
        "Withdrawn Date": {86: None, 89: "2024-03-15", 92: "2030-01-01"},
        "Reason": {95: "spoke to Ann"},
    },
    {"completed_not_before_received", "one_row_per_key"},
)
