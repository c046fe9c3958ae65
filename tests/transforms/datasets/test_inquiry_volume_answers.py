"""Test the answers about inquiries. The tests build the answers from trusted rows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from math import exp, log

from tests.transforms.datasets.frames import assert_answer
from transforms.datasets.inquiry_volume.answers import (
    MAX_TYPES_PER_DEPARTMENT,
    build_channel_moves,
    build_department_moves,
    build_departments,
    build_monthly,
    build_top_types,
    build_unusual_departments,
    build_yearly,
)

INQUIRIES = (
    "year int, year_month date, inquiry_department string, inquiry_type string, inquiry_channel string, "
    "number_of_records int, is_retired boolean"
)
SHARES = "inquiries bigint, share_pct decimal(6,3), rounded_pct double"
MOVED = "inquiries_before bigint, inquiries bigint, share_before_pct decimal(6,3), share_pct decimal(6,3)"
MOVES = f"year_before int, year int, {MOVED}, change_pct_points decimal(7,3)"
MONTHLY = (
    "month date, inquiries bigint, change_on_month bigint, change_on_month_pct double, change_on_year bigint, "
    "change_on_year_pct double"
)
YEARLY = (
    "year int, months bigint, inquiries bigint, inquiries_per_month double, change_on_year bigint, "
    "change_on_year_pct double"
)
MOST = 2**31 - 1


def inquiry(month, number, department="ENG - Parking", channel="Phone", kind="Permits"):
    first = date.fromisoformat(f"{month}-01") if month else None
    return (first and first.year, first, department, kind, channel, number, kind.startswith("ZZ OLD"))


def frame(spark, *rows):
    return spark.createDataFrame([*rows], INQUIRIES)


def test_department_shares_are_percentages_of_the_year(spark):
    inquiries = frame(
        spark,
        inquiry("2023-01", 1, "A"),
        inquiry("2023-12", 1, "B"),
        inquiry("2023-05", 1, "C"),
        inquiry("2024-01", MOST, "A"),
        inquiry("2024-02", MOST, "A", "Chat"),
        inquiry("2024-02", MOST, "A", kind="Other"),
        inquiry("2024-02", 0, "B"),
        inquiry("2025-01", 0, "A"),
        inquiry("2026-01", None, "A"),
    )
    rows = [
        (2023, "A", 1, "33.334", 33.333),  # if the remainders are equal, the first department is rounded up
        (2023, "B", 1, "33.333", 33.333),
        (2023, "C", 1, "33.333", 33.333),
        (2024, "A", 3 * MOST, "100.000", 100.0),
        (2024, "B", 0, "0.000", 0.0),
        (2025, "A", 0, None, None),  # shares are null if the year has 0 inquiries
        (2026, "A", None, None, None),
    ]
    assert_answer(build_departments(inquiries), rows, f"year int, inquiry_department string, {SHARES}")


def test_monthly_change_is_null_without_the_earlier_month(spark):
    """A change is null if the month before, or the same month of the year before, is missing."""
    inquiries = frame(
        spark,
        inquiry("2022-12", 3),
        inquiry("2022-12", 5, "B"),
        inquiry("2023-01", 2),
        inquiry("2023-03", 0),
        inquiry("2023-04", 7),
        inquiry("2023-12", 10),
        inquiry("2024-01", MOST),
        inquiry("2024-01", MOST, "B"),
        inquiry("2024-12", 5),
    )
    most = 2 * MOST
    rows = [
        (date(2022, 12, 1), 8, None, None, None, None),
        (date(2023, 1, 1), 2, -6, -75.0, None, None),
        (date(2023, 3, 1), 0, None, None, None, None),
        (date(2023, 4, 1), 7, 7, None, None, None),  # the month before has 0 inquiries
        (date(2023, 12, 1), 10, None, None, 2, 25.0),
        (date(2024, 1, 1), most, most - 10, round((most - 10) * 10.0, 2), most - 2, round((most - 2) * 50.0, 2)),
        (date(2024, 12, 1), 5, None, None, -5, -50.0),
    ]
    assert_answer(build_monthly(inquiries), rows, MONTHLY)


def test_yearly_change_is_null_without_the_previous_year(either_ansi):
    """The change is null if the year before is missing."""
    inquiries = frame(
        either_ansi,
        inquiry("2019-01", 1),
        inquiry("2021-01", 0),
        inquiry("2022-01", MOST),
        inquiry("2022-02", MOST),
        inquiry("2022-02", 3, "B"),
        inquiry("2023-05", 2),
        inquiry("2023-06", 0),
        inquiry("2023-07", 2),
        inquiry(None, 4),
    )
    total = 2 * MOST + 3
    rows = [
        (2019, 1, 1, 1.0, None, None),
        (2021, 1, 0, 0.0, None, None),
        (2022, 2, total, (total + 0.0) / 2, total, None),
        (2023, 3, 4, 1.3, 4 - total, -100.0),
        (None, 0, 4, None, None, None),
    ]
    assert_answer(build_yearly(inquiries), rows, YEARLY)


def test_last_two_years_with_inquiries_are_compared(spark):
    """The answer `department_moves` skips years without inquiries."""
    inquiries = frame(
        spark,
        inquiry("2020-01", 900, "Gone before"),
        inquiry("2022-01", 600, "A"),
        inquiry("2022-01", 400, "Gone"),
        inquiry("2024-01", 1, "A"),
        inquiry("2024-02", 1, "A"),
        inquiry("2024-02", 1, "New"),
    )
    rows = [
        ("A", 2022, 2024, 600, 2, "60.000", "66.667", "6.667"),
        ("Gone", 2022, 2024, 400, 0, "40.000", "0.000", "-40.000"),
        ("New", 2022, 2024, 0, 1, "0.000", "33.333", "33.333"),
    ]
    assert_answer(build_department_moves(inquiries), rows, f"inquiry_department string, {MOVES}")


def test_channel_shares_are_percentages_of_the_department(spark):
    inquiries = frame(
        spark,
        inquiry("2022-01", 5, "A", "Chat"),
        inquiry("2023-01", 3, "A", "Phone"),
        inquiry("2023-02", 1, "A", "Chat"),
        inquiry("2024-01", 1, "A", "Phone"),
        inquiry("2024-01", 1, "A", "WEB"),
        inquiry("2023-01", 9, "Gone", "Phone"),
        inquiry("2024-01", 9, "New", "Chat"),
    )
    rows = [
        ("A", "Phone", 2023, 2024, 3, 1, "75.000", "50.000", "-25.000"),
        ("A", "Chat", 2023, 2024, 1, 0, "25.000", "0.000", "-25.000"),
        ("A", "WEB", 2023, 2024, 0, 1, "0.000", "50.000", "50.000"),
        ("Gone", "Phone", 2023, 2024, 9, 0, "100.000", "0.000", "-100.000"),
        ("New", "Chat", 2023, 2024, 0, 9, "0.000", "100.000", "100.000"),
    ]
    assert_answer(build_channel_moves(inquiries), rows, f"inquiry_department string, inquiry_channel string, {MOVES}")


def test_single_year_gives_no_department_moves(spark):
    inquiries = frame(spark, inquiry("2024-01", 5), inquiry("2024-02", 6, "B", "Chat"))
    assert build_department_moves(inquiries).collect() == []


def test_volume_outside_the_fences_is_unusual(spark):
    """Each year has its own fences, computed from the volumes of its departments."""
    inquiries = frame(
        spark,
        *(inquiry("2024-01", number, f"D{number}") for number in (90, 100, 110, 120, 130)),
        inquiry("2024-01", MOST, "High"),
        inquiry("2024-05", MOST, "High", "Chat"),
        inquiry("2024-01", 1, "Low"),
        inquiry("2023-01", 1, "Low"),  # in 2023, no other department has inquiries
    )
    lower, upper = log(91 * 101) / 2, log(121 * 131) / 2
    fences = (round(exp(fence) - 1, 1) for fence in (lower - 1.5 * (upper - lower), upper + 1.5 * (upper - lower)))
    usual = tuple(fences)
    rows = [(2024, "High", "high", 2 * MOST, *usual), (2024, "Low", "low", 1, *usual)]
    schema = "year int, inquiry_department string, unusual string, inquiries bigint, usual_from double, usual_to double"
    assert_answer(build_unusual_departments(inquiries), rows, schema)


def test_types_are_ranked_within_each_department_and_year(spark):
    inquiries = frame(
        spark,
        *(inquiry("2024-01", 10 + number // 2, kind=f"T{number:02}") for number in range(MAX_TYPES_PER_DEPARTMENT + 2)),
        inquiry("2024-02", 90, kind="ZZ OLD - T"),
        inquiry("2024-03", 10, kind="ZZ OLD - T"),
        inquiry("2024-03", 1, "B", kind="T00"),
        inquiry("2023-03", 0, "B", kind="T00"),
    )
    top = build_top_types(inquiries).collect()
    assert {tuple(row) for row in top if row.inquiry_department == "B"} == {
        (2023, "B", 1, "T00", False, 0, None),
        (2024, "B", 1, "T00", False, 1, Decimal("100.000")),
    }
    parking = sorted((row for row in top if row.inquiry_department != "B"), key=lambda row: row["rank"])
    assert tuple(parking[0]) == (
        2024,
        "ENG - Parking",
        1,
        "ZZ OLD - T",
        True,
        100,
        Decimal("40.000"),  # 100 of 250 inquiries
    )
    assert [(row["rank"], row.inquiry_type, row.is_retired, row.inquiries) for row in parking[1:]] == [
        (2 + place, f"T{number:02}", False, 10 + number // 2)
        for place, number in enumerate([10, 11, 8, 9, 6, 7, 4, 5, 2])
    ]


NULLABLE = {
    "departments": ("inquiry_department",),
    "channels": ("inquiry_channel",),
    "monthly": ("change_on_year_pct",),
    "department_moves": ("inquiry_department",),
    "unusual_departments": ("inquiry_department",),
    "top_types": ("inquiry_department", "inquiry_type"),
    "channel_moves": ("inquiry_department", "inquiry_channel"),
}
"""The columns of each answer that can be null and that are in the sentence of the answer."""
