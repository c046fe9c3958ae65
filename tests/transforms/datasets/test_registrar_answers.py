"""Test the answers of the dataset `registrar`."""

from __future__ import annotations

from datetime import date

from tests.transforms.datasets.frames import assert_answer
from transforms.datasets.registrar.answers import (
    COMPLETENESS_FIELDS,
    build_activity_by_month,
    build_activity_by_year,
    build_completeness,
    build_completion_by_programme,
    build_completion_by_year,
    build_withdrawal_rates,
    build_yield,
)

RECORDS = (
    "record string, student_id string, programme string, intake string, received_date date, is_completed boolean, "
    "withdrawn_date date, enrolled_on date, record_date date"
)
BY_YEAR = "year int, received bigint, completed bigint, completion_rate_pct double, change_pct_points double"
BY_PROGRAMME = "programme string, intake string, received bigint, completed bigint, completion_rate_pct double"
ACTIVITY = "applications bigint, enrolments bigint, withdrawals bigint"
YIELD = (
    "programme string, intake string, completed bigint, enrolled bigint, yield_pct double, enrolled_otherwise bigint"
)
WITHDRAWALS = (
    "programme string, intake string, enrolled bigint, withdrawn bigint, withdrawal_rate_pct double, "
    "median_days double, min_days int, max_days int"
)
COMPLETENESS = "record string, field string, rows bigint, filled bigint, completeness_pct double"
NURSING, HISTORY = ("Nursing", "Fall 2023"), ("History", "Fall 2023")


def applied(student, *, day="2023-03-01", completed=True, course=NURSING):
    received = date.fromisoformat(day)
    return ("application", student, *course, received, completed, None, None, received)


def enrolled(student, *, day="2023-05-01", course=NURSING):
    return ("enrolment", student, *course, None, None, None, None, date.fromisoformat(day))


def withdrew(student, *, day="2023-06-01", since="2023-05-01", course=NURSING):
    withdrawn = date.fromisoformat(day)
    return ("withdrawal", student, *course, None, None, withdrawn, date.fromisoformat(since), withdrawn)


def assert_built(spark, build, records, rows, schema):
    assert_answer(build(spark.createDataFrame(records, RECORDS).coalesce(1)), rows, schema)


def test_completion_rates_are_computed_per_year_of_receipt(spark):
    records = [
        *[applied(f"a{n}", day="2020-12-31", completed=n < 2) for n in range(3)],
        applied("b", day="2021-01-01", completed=False),
        *[applied(f"c{n}", day="2023-07-01", completed=n > 0) for n in range(2)],
        enrolled("a0"),
        withdrew("a0"),
    ]
    rows = [(2020, 3, 2, 66.67, None), (2021, 1, 0, 0.0, -66.67), (2023, 2, 1, 50.0, None)]
    assert_built(spark, build_completion_by_year, records, rows, BY_YEAR)


def test_completion_rates_are_computed_per_programme_and_intake(spark):
    again = ("Nursing", "Fall 2024")
    records = [
        applied("a"), applied("b", completed=False), applied("a", course=again), applied("a", course=HISTORY),
        enrolled("z", course=("Law", "Fall 2023")),
    ]  # fmt: skip
    rows = [(*NURSING, 2, 1, 50.0), (*again, 1, 1, 100.0), (*HISTORY, 1, 1, 100.0)]
    assert_built(spark, build_completion_by_programme, records, rows, BY_PROGRAMME)


def test_records_are_counted_by_month_and_by_year(spark):
    records = [
        applied("a", day="2022-12-31"), applied("b", day="2023-01-01"), applied("c", day="2023-01-31"),
        enrolled("a", day="2023-01-15"), withdrew("a", day="2023-03-01"),
    ]  # fmt: skip
    months = [(date(2022, 12, 1), 1, 0, 0), (date(2023, 1, 1), 2, 1, 0), (date(2023, 3, 1), 0, 0, 1)]
    assert_built(spark, build_activity_by_month, records, months, f"month date, {ACTIVITY}")
    years = [(2022, 1, 0, 0), (2023, 2, 1, 1)]
    assert_built(spark, build_activity_by_year, records, years, f"year int, {ACTIVITY}")


def test_the_yield_is_a_percentage_of_completed_applications(spark):
    law, art = ("Law", "Fall 2023"), ("Art", "Fall 2023")
    records = [
        *[applied(student) for student in "abc"],
        applied("d", completed=False),
        *[enrolled(student) for student in "ade"],  # d has no completed application, and e has no application at all
        withdrew("a"),
        applied("a", course=HISTORY, completed=False),
        enrolled("z", course=law),
        withdrew("y", course=art),  # the enrolment of this student is in quarantine
    ]
    rows = [(*NURSING, 3, 1, 33.33, 2), (*HISTORY, 0, 0, None, 0), (*law, 0, 0, None, 1)]
    assert_built(spark, build_yield, records, rows, YIELD)


def test_the_withdrawal_rate_is_a_percentage_of_enrolments(spark):
    records = [
        *[enrolled(student) for student in "abcd"],
        withdrew("a", day="2023-05-11"),
        withdrew("b", day="2023-05-21"),
        withdrew("c", day="2023-05-12"),
        enrolled("a", course=HISTORY),
        withdrew("z", course=HISTORY),  # this student has no enrolment in trusted
        applied("x", course=("Law", "Fall 2023")),
    ]
    rows = [(*NURSING, 4, 3, 75.0, 11.0, 10, 20), (*HISTORY, 1, 0, 0.0, None, None, None)]
    assert_built(spark, build_withdrawal_rates, records, rows, WITHDRAWALS)


def test_same_day_withdrawal_counts_as_0_days(spark):
    records = [enrolled("a"), enrolled("b"), withdrew("a", day="2023-05-01"), withdrew("b", day="2023-05-02")]
    rows = [(*NURSING, 2, 2, 100.0, 0.5, 0, 1)]
    assert_built(spark, build_withdrawal_rates, records, rows, WITHDRAWALS)


FIELDS = list(dict.fromkeys(name for names in COMPLETENESS_FIELDS.values() for name in names))
FILLED = "record string, " + ", ".join(f"{name} string" for name in FIELDS)


def filled(record, *missing):
    return (record, *(None if name in missing else "x" for name in FIELDS))


def test_completeness_includes_quarantined_records(spark):
    trusted = spark.createDataFrame([filled("enrolment"), filled("enrolment", "first_name")], FILLED)
    quarantine = [filled("enrolment", "student_id", "first_name"), filled("total line", *FIELDS)]
    answer = build_completeness(trusted, spark.createDataFrame(quarantine, FILLED))
    rows = [
        ("enrolment", "student_id", 3, 2, 66.67),
        ("enrolment", "programme", 3, 3, 100.0),
        ("enrolment", "intake", 3, 3, 100.0),
        ("enrolment", "first_name", 3, 1, 33.33),
        ("enrolment", "last_name", 3, 3, 100.0),
        ("enrolment", "enrolled_date", 3, 3, 100.0),
    ]
    assert_answer(answer, rows, COMPLETENESS)


def test_completeness_has_one_row_per_expected_field(spark):
    none_filled = [filled(record, *FIELDS) for record in COMPLETENESS_FIELDS]
    answer = build_completeness(spark.createDataFrame(none_filled, FILLED)).collect()
    expected = {(record, name) for record, names in COMPLETENESS_FIELDS.items() for name in names}
    assert {(row.record, row.field) for row in answer} == expected
    assert {(row.rows, row.filled, row.completeness_pct) for row in answer} == {(1, 0, 0.0)}


NULLABLE = {
    "completion_by_year": ("completion_rate_pct", "change_pct_points"),
    "completion_by_programme": ("completion_rate_pct", "programme", "intake"),
    "yield": ("yield_pct", "programme", "intake"),
    "withdrawal_rates": ("withdrawal_rate_pct", "programme", "intake"),
}
"""The columns of each answer that can be null and that are in the sentence of the answer."""
