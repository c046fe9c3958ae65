from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

from chispa import assert_df_equality
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.datasets.frames import LINEAGE, REPORTS, SuiteCase, assert_answer, raw_schema, source_columns
from transforms.candidates import build_candidates
from transforms.datasets.contact_centre import DATASET, build_calls_handled, build_calls_handled_monthly

RAW = raw_schema(DATASET)
CALLS = (
    "date date, calls_offered int, calls_handled int, calls_abandoned int, average_speed_of_answer double, "
    f"service_level double, bi_id int, year int, calls_unaccounted bigint, {LINEAGE}, {REPORTS}"
)
DELIVERED = datetime(2024, 3, 1, 12, tzinfo=timezone.utc)
SOURCE = (True, DELIVERED, DELIVERED, "2024.csv", 2)
DAILY = "date date, year int, calls_offered int, calls_handled int"
FIGURES = "calls_offered bigint, calls_handled bigint, calls_handled_pct double, change_pct_points double"
YEARLY = f"year int, days bigint, first_day date, last_day date, {FIGURES}"
MONTHLY = f"month date, days bigint, {FIGURES}"


def raw(*cells, malformed=None, date_system=None):
    return (*cells, malformed, date_system, "contact_centre", *SOURCE)


def day(text, offered, handled):
    return (date.fromisoformat(text), int(text[:4]), offered, handled)


def first_of(year, month=1):
    return date(year, month, 1)


def assert_calls(spark, raw_rows, rows):
    calls = build_candidates(spark.createDataFrame(raw_rows, RAW), dataset=DATASET)
    assert_df_equality(calls, spark.createDataFrame(rows, CALLS), ignore_nullable=True)


def test_each_raw_row_becomes_one_row_of_calls(spark):
    good = raw("2024-02-29", "100", "90", "7", "12.5", "0.8", "1")
    serial = raw("45351", "100", "90", "12", "0", "1", "2")
    serial_of_1904 = raw("43889", "100", "90", "12", "0", "1", "2", date_system=1904)
    assert_calls(
        spark,
        [good, good, serial, serial_of_1904],
        [
            (date(2024, 2, 29), 100, 90, 7, 12.5, 0.8, 1, 2024, 3, *SOURCE, None, None),
            (date(2024, 2, 29), 100, 90, 7, 12.5, 0.8, 1, 2024, 3, *SOURCE, None, None),
            (date(2024, 2, 29), 100, 90, 12, 0.0, 1.0, 2, 2024, -2, *SOURCE, None, None),
            (date(2024, 2, 29), 100, 90, 12, 0.0, 1.0, 2, 2024, -2, *SOURCE, None, None),
        ],
    )


def test_unreadable_cells_are_reported_as_failures_or_warnings(spark):
    failures = [("date", "29/02/2024", "date such as 2024-05-31"), ("calls_offered", "n/a", "whole number")]
    warnings = [("bi_id", "1.5", "whole number")]
    assert_calls(
        spark,
        [
            raw("29/02/2024", "n/a", "90", "7", " ", "", "1.5"),
            raw(*[None] * 7, malformed="2024-01-01;;;1;2;3;4;5;6"),
        ],
        [
            (None, None, 90, 7, None, None, None, None, None, *SOURCE, failures, warnings),
            (*[None] * 9, *SOURCE, [("_malformed_record", "2024-01-01;;;1;2;3;4;5;6", "record")], None),
        ],
    )


def test_unaccounted_calls_do_not_overflow(either_ansi):
    rows = [raw("2024-01-01", "-2147483648", "2147483647", "2147483647", "0", "0", "1")]
    calls = build_candidates(either_ansi.createDataFrame(rows, RAW), dataset=DATASET)
    assert calls.collect()[0].calls_unaccounted == -(2**31) - 2 * (2**31 - 1)


def test_year_in_two_frames_has_one_total(spark):
    frames = [
        spark.createDataFrame([day("2023-01-01", 100, 80)], DAILY),
        spark.createDataFrame([day("2024-01-01", 100, 50)], DAILY),
        spark.createDataFrame([day("2024-07-01", 300, 250)], DAILY),
    ]
    rows = [
        (2023, 1, first_of(2023), first_of(2023), 100, 80, 80.0, None),
        (2024, 2, first_of(2024), first_of(2024, 7), 400, 300, 75.0, -5.0),
    ]
    assert_answer(build_calls_handled(*frames), rows, YEARLY)


def test_yearly_change_is_null_without_the_previous_percentage(spark):
    """The change is null if the year before is missing or has no percentage."""
    days = [
        day("2019-01-01", 10, 9),
        day("2020-01-01", 0, 0),
        day("2021-01-01", 10, 9),
        day("2023-01-01", 10, 5),
        day("2024-01-01", 10, 6),
    ]
    rows = [
        (year, 1, first_of(year), first_of(year), *figures)
        for year, *figures in (
            (2019, 10, 9, 90.0, None),
            (2020, 0, 0, None, None),
            (2021, 10, 9, 90.0, None),
            (2023, 10, 5, 50.0, None),
            (2024, 10, 6, 60.0, 10.0),
        )
    ]
    assert_answer(build_calls_handled(spark.createDataFrame(days, DAILY)), rows, YEARLY)


def test_dates_with_null_calls_are_not_counted(spark):
    """Such a date is not the first or last day of a year either."""
    days = [
        day("2024-01-01", None, None), day("2024-03-31", 10, 9), day("2024-01-02", 0, None),
        day("2024-12-31", None, None), day("2025-01-01", None, None),
    ]  # fmt: skip
    rows = [
        (2024, 2, date(2024, 1, 2), date(2024, 3, 31), 10, 9, 90.0, None),
        (2025, 0, None, None, None, None, None, None),
    ]
    assert_answer(build_calls_handled(spark.createDataFrame(days, DAILY)), rows, YEARLY)


def test_monthly_change_is_null_without_the_previous_month(spark):
    """The change is null if the month before is missing."""
    days = [
        day("2023-11-30", 10, 9),
        day("2023-12-01", 10, 8),
        day("2023-12-31", 10, 8),
        day("2024-01-01", 10, 7),
        day("2024-03-01", 10, 6),
    ]
    rows = [
        (date(2023, 11, 1), 1, 10, 9, 90.0, None),
        (date(2023, 12, 1), 2, 20, 16, 80.0, -10.0),
        (date(2024, 1, 1), 1, 10, 7, 70.0, -10.0),
        (date(2024, 3, 1), 1, 10, 6, 60.0, None),
    ]
    assert_answer(build_calls_handled_monthly(spark.createDataFrame(days, DAILY)), rows, MONTHLY)


def test_month_in_two_frames_has_one_total(spark):
    frames = [spark.createDataFrame([day(text, 10, n)], DAILY) for text, n in [("2024-01-01", 9), ("2024-01-31", 8)]]
    assert_answer(build_calls_handled_monthly(*frames), [(date(2024, 1, 1), 2, 20, 17, 85.0, None)], MONTHLY)


@settings(max_examples=8, deadline=None)
@given(rows=st.lists(st.tuples(st.integers(0, 900), st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=8))
def test_monthly_totals_add_up_to_daily_totals(spark, rows):
    days = [day(str(date(2022, 6, 1) + timedelta(days=n)), offered, handled) for n, offered, handled in rows]
    months = build_calls_handled_monthly(spark.createDataFrame(days, DAILY)).collect()
    assert sum(row.calls_offered for row in months) == sum(offered for _, offered, _ in rows)
    assert sum(row.calls_handled for row in months) == sum(handled for *_, handled in rows)
    assert sum(row.days for row in months) == len(rows)


def good_row(number: int) -> dict[str, str]:
    day = f"2024-{1 + number // 28:02}-{1 + number % 28:02}"
    return dict(zip(source_columns(DATASET), [day, "100", "90", "8", "12.5", "0.8", "1"], strict=True))


SUITE_CASE = SuiteCase(
    good_row,
    {
        "Date": {11: "2030-01-01", 40: None, 42: "2001-01-01", 44: "2024-01-01"},  # Rows 0 and 44 have equal dates.
        "CallsOffered": {3: "n/a", 48: "-5"},
        "CallsHandled": {5: "-7", 46: None, 52: "101", **dict.fromkeys(range(30, 37), "-1")},
        "CallsAbandoned": {8: "500", 50: "-5"},
        "AverageSpeedofAnswer": {17: "90000"},
        "ServiceLevel": {13: None, 54: "1.5"},
        "BI_ID": {56: "first"},
    },
    {"calls_handled_not_negative", "one_row_per_key"},
)


NULLABLE = {
    "calls_handled": ("calls_handled_pct", "change_pct_points", "first_day"),
    "calls_handled_monthly": ("calls_handled_pct",),
}
"""The columns of each answer that can be null and that are in the sentence of the answer."""
