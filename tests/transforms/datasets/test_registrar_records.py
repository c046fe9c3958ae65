"""Test how raw rows of the registrar's three layouts become masked records."""

from __future__ import annotations

import hashlib
import hmac
from datetime import date, datetime, timezone

import pytest

from expectations.suite import load_suite
from tests.transforms.datasets.frames import LINEAGE, REPORTS, assert_answer, raw_schema, source_columns
from transforms.datasets.registrar import DATASET
from transforms.datasets.registrar.records import EARLIEST_DATE, build_records

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
    return (*(cells.get(source) for source in SOURCES), malformed, layout, current, at, at, "f.csv", number)


def build(spark, *rows):
    return build_records(spark.createDataFrame(list(rows), RAW), masking_key=MASKING_KEY)


def values(spark, rows, *columns):
    records = build(spark, *rows).orderBy("_row_number").select(*columns).collect()
    return [tuple(row) if len(columns) > 1 else row[0] for row in records]


def pseudonym(text):
    return hmac.new(MASKING_KEY, text.encode(), hashlib.sha256).hexdigest()


def test_rows_of_every_layout_become_masked_records(either_ansi):
    records = build(either_ansi, raw(APPLICATION, number=2), raw(ENROLMENT, number=3), raw(WITHDRAWAL, number=4))
    student = (pseudonym("S1000001"), "Nursing", "Fall 2023", "A**", pseudonym("ABBOTT"))
    completed, enrolled, withdrawn = date(2023, 3, 15), date(2023, 5, 1), date(2023, 6, 1)
    received, lineage = date(2023, 3, 5), (True, NOON, NOON, "f.csv")
    rows = [
        ("application", *student, pseudonym("ada@example.org"), "**********99", 1999, "Complete", received, completed,
         None, None, None, received, True, None, None, True, True, *lineage, 2, None, None),
        ("enrolment", *student, None, None, None, None, None, None,
         enrolled, None, None, enrolled, None, True, None, True, None, *lineage, 3, None, None),
        ("withdrawal", *student, None, None, None, None, None, None,
         None, withdrawn, "Health", withdrawn, None, None, enrolled, True, None, *lineage, 4, None, None),
    ]  # fmt: skip
    assert_answer(records, rows, RECORDS)


def test_full_name_in_one_cell_is_split(spark):
    typed = [
        ("Ada", "Abbott"), (" Ada", "ABBOTT\u00a0"), ("Ada Abbott", None), (None, "Abbott, Ada"), (None, "Ada abbott"),
        ("Abbott,Ada", " "),
    ]  # fmt: skip
    rows = [raw(ENROLMENT, number=n, First_Name=first, Last_Name=last) for n, (first, last) in enumerate(typed)]
    assert set(values(spark, rows, "first_name", "last_name")) == {("A**", pseudonym("ABBOTT"))}


def test_three_word_names_are_split_only_at_commas(spark):
    typed = [("Ana Maria Lopez", None), (None, "Lopez, Ana Maria"), (None, "Ana Maria Lopez"), (None, None)]
    rows = [raw(ENROLMENT, number=n, First_Name=first, Last_Name=last) for n, (first, last) in enumerate(typed)]
    assert values(spark, rows, "first_name", "last_name") == [
        ("A" + "*" * 14, None), ("A" + "*" * 8, pseudonym("LOPEZ")), (None, pseudonym("ANA MARIA LOPEZ")), (None, None),
    ]  # fmt: skip


def test_student_ids_are_standardized_before_validation(spark):
    ids = ["S1000001", " s1000001\u00a0", "S10", "see note", "1000001", " ", None]
    rows = [raw(ENROLMENT, number=n) for n in range(len(ids))]
    rows = [(text, *row[1:]) for text, row in zip(ids, rows, strict=True)]
    assert values(spark, rows, "student_id", "student_id_is_valid") == [
        (pseudonym("S1000001"), True), (pseudonym("S1000001"), True), (pseudonym("S10"), False),
        (pseudonym("SEE NOTE"), False), (pseudonym("1000001"), True), (None, None), (None, None),
    ]  # fmt: skip


def test_unreadable_or_ambiguous_dates_are_redacted(spark):
    texts = ["2023-03-05", "44990", "5 Mar 2023", " 2023-03-05T00:00:00 ", "03/05/2023", "ask Ann", " "]
    rows = [raw(APPLICATION, number=n, Received_Date=text) for n, text in enumerate(texts)]
    day, redacted = date(2023, 3, 5), [("received_date", "*****", DATE)]
    found = values(spark, rows, "received_date", "_cast_failures")
    assert found == [*[(day, None)] * 4, (None, redacted), (None, redacted), (None, None)]


def test_unreadable_birth_dates_and_records_are_redacted(spark):
    rows = [raw(APPLICATION, malformed="S1000001,Ada,Abbott", **{"Date of Birth": "see Ada"})]
    failures, warnings = [("_malformed_record", "*****", "record")], [("date_of_birth", "*****", DATE)]
    assert values(spark, rows, "year_of_birth", "_cast_failures", "_cast_warnings") == [(None, failures, warnings)]


def test_unknown_statuses_and_withdrawal_reasons_are_redacted(spark):
    statuses = ["Complete", "completed", "IN-REVIEW", "canceled", "ask Ann", " ", None]
    rows = [raw(APPLICATION, number=n, Status=status) for n, status in enumerate(statuses)]
    known = ["Complete", "Complete", "In Review", "Cancelled", "*****", None, None]
    assert values(spark, rows, "status") == known
    reasons = ["transfer ", "call Ann", None]
    rows = [raw(WITHDRAWAL, number=n, Reason=reason) for n, reason in enumerate(reasons)]
    assert values(spark, rows, "withdrawal_reason") == ["Transfer", "*****", None]


def test_invalid_intakes_are_hashed_with_their_programme(spark):
    intakes = ["fall 2023", "2023  Fall", "Autumn, 2023", "Winter/2024", "next year", "Fall 23", "Fall 1823", None]
    intakes += ["Not Fall 2023 but Winter 2024", "Fall 2022, now Fall 2023", "Fall or Winter 2023", "Fall 2022/2023"]
    rows = [raw(ENROLMENT, number=n, Programme=" Nursing ", Intake=text) for n, text in enumerate(intakes)]
    nursing = pseudonym("Nursing")
    assert values(spark, rows, "programme", "intake") == [
        *[("Nursing", "Fall 2023")] * 3, ("Nursing", "Winter 2024"), (nursing, pseudonym("next year")),
        (nursing, pseudonym("Fall 23")), (nursing, pseudonym("Fall 1823")), (nursing, None),
        *((nursing, pseudonym(text)) for text in intakes[8:]),
    ]  # fmt: skip


def test_shifted_programmes_and_intakes_are_hashed(spark):
    """The cells of these rows are in the wrong columns."""
    shifted = raw(APPLICATION, Programme="1 Example St", Intake="Nursing", **{"Received Date": "Fall 2023"})
    assert values(spark, [shifted], "programme", "intake") == [(pseudonym("1 Example St"), pseudonym("Nursing"))]
    short = raw(ENROLMENT, Programme="1 Example St", malformed="S1000001;Ada;1 Example St;Fall 2023")
    assert values(spark, [short], "programme", "intake") == [(pseudonym("1 Example St"), pseudonym("Fall 2023"))]


@pytest.mark.parametrize(
    "cells",
    [
        ("Total", None, None),
        ("Grand Total:", None, None),
        (None, "Sub Total", None),
        ("Totals:", None, None),
        ("97", None, "TOTAL 97"),
    ],
)
def test_total_lines_are_recognized_by_the_word_total(spark, cells):
    rows = [(*cells, *raw(APPLICATION)[3:])]
    found = values(spark, rows, "record", "record_date", "is_completed", "has_application")
    assert found == [("total line", None, None, None)]


def test_student_named_total_remains_an_enrolment(spark):
    rows = [raw(ENROLMENT, Last_Name=name, number=n) for n, name in enumerate(["Totalis", "Total", None])]
    assert values(spark, rows, "record") == ["enrolment"] * 3


def test_records_with_different_keys_are_unrelated(spark):
    """The key is the student, the programme and the intake."""
    others = [
        raw(ENROLMENT, number=1, Programme="History"),
        raw(ENROLMENT, number=2, Intake="Fall 2024"),
        raw(ENROLMENT, number=3, **{"Student ID": "S1000002"}),
        raw(WITHDRAWAL, number=4),
    ]
    found = values(spark, [raw(APPLICATION, number=0), *others], "has_application", "enrolled_on")
    assert found == [(None, None), (False, None), (False, None), (False, None), (None, None)]


def test_records_with_incomplete_keys_are_unrelated(spark):
    rows = []
    for name in ("Student ID", "Programme", "Intake"):
        rows += [raw(row, number=len(rows), **{name: None}) for row in (APPLICATION, ENROLMENT, WITHDRAWAL)]
        rows[-3:] = [(*row[:-1], len(rows) - 3 + n) for n, row in enumerate(rows[-3:])]
    assert set(values(spark, rows, "has_application", "enrolled_on")) == {(None, None)}


@pytest.mark.parametrize(
    ("enrolled", "counts"),
    [
        # The fourth enrolment has no date, so the third enrolment is used.
        (["2023-05-09", "2023-05-01", "2023-05-02", None], "2023-05-02"),
        (["2023-05-01", "2023-09-01"], "2023-05-01"),  # the second enrolment is after the withdrawal
        (["2023-05-01", "2203-05-01", "1823-05-01"], "2023-05-01"),  # the years 2203 and 1823 are typing errors
        (["2023-07-01", "2023-06-02"], "2023-06-02"),  # every enrolment is after the withdrawal
        (["2023-06-01"], "2023-06-01"),
        (["2203-05-01", "1823-05-01", None], None),
    ],
)
def test_last_delivered_plausible_enrolment_date_is_used(spark, enrolled, counts):
    """The column `enrolled_on` contains this date."""
    rows = [
        raw(ENROLMENT, number=n, at=EARLIER if n == 0 else NOON, **{"Enrolled Date": day})
        for n, day in enumerate(enrolled)
    ]
    withdrawal = build(spark, *rows, raw(WITHDRAWAL, number=0)).where("record = 'withdrawal'").first()
    assert withdrawal.enrolled_on == (counts and date.fromisoformat(counts))


def test_superseded_enrolment_replaces_an_implausible_current_enrolment(spark):
    for current, counts in (("2023-06-10", "2023-06-10"), ("2203-06-10", "2023-05-01")):
        rows = [
            raw(ENROLMENT, number=2, at=EARLIER, current=False),
            raw(ENROLMENT, number=2, **{"Enrolled Date": current}),
            raw(WITHDRAWAL, number=2),
        ]
        found = build(spark, *rows).where("record = 'withdrawal'").first()
        assert str(found.enrolled_on) == counts


def test_total_lines_do_not_count_as_applications(spark):
    total = raw(APPLICATION, number=0, **{"Student ID": None}, First_Name="Total")
    assert values(spark, [total, raw(ENROLMENT, number=1)], "has_application") == [None, False]


def test_records_of_superseded_file_versions_are_dropped(spark):
    rows = [raw(APPLICATION, number=1, at=EARLIER, current=False), raw(ENROLMENT, number=2)]
    found = build(spark, *rows)
    assert [(row.record, row.has_application) for row in found.collect()] == [("enrolment", False)]


def test_policy_masks_every_identifying_column():
    assert {rule.column for rule in DATASET.masking_policy} == {
        "student_id", "first_name", "last_name", "email", "phone", "date_of_birth", "address", "status",
        "withdrawal_reason", "programme", "intake",
    }  # fmt: skip


def test_suite_and_code_have_the_same_earliest_date():
    day = next(item for item in load_suite("registrar").expectations if item.id == "day_since_1990")
    assert day.kwargs["min_value"] == EARLIEST_DATE.isoformat()
