"""Test the headers and formats of columns: the rules, and the declarations of a report."""

from __future__ import annotations

from datetime import date

import pytest
from pyspark.sql import SparkSession

from reports.answer import Answer, Report
from reports.charts import Chart
from reports.columns import Column, bar_columns, decimals_of, display_columns, symbol_of
from reports.rows import read_answers
from reports.sql.answers import answer_query, view_query

VISITS = (
    "year int, rank int, visits bigint, share_pct double, change_pct_points double, median_hours double, "
    "wait_seconds double, median_days double, visits_per_month double, fee decimal(8,3), priority int"
)


def displayed(spark: SparkSession, **columns: Column) -> list[tuple[str, str]]:
    schema = spark.createDataFrame([], VISITS).schema
    return [(column.header, column.format) for column in display_columns(schema.names, schema, columns=columns)]


def test_headers_and_formats_follow_from_names_and_types(spark: SparkSession) -> None:
    assert displayed(spark) == [
        ("Year", "d"),
        ("Rank", "d"),
        ("Visits", ",d"),
        ("Share %", ",.2f"),
        ("Change, points", "+,.2f"),
        ("Median hours", ",.2f"),
        ("Wait seconds", ",.2f"),
        ("Median days", ",.1f"),
        ("Visits per month", ",.1f"),
        ("Fee", ",.3f"),
        ("Priority", ",d"),
    ]


def test_a_declared_column_overrides_the_rules(spark: SparkSession) -> None:
    found = displayed(
        spark,
        share_pct=Column(header="Part of all"),
        median_hours=Column(decimals=0),
        visits=Column(is_signed=True),
        priority=Column(is_numbered=True),
    )

    assert found[2:6] == [("Visits", "+,d"), ("Part of all", ",.2f"), ("Change, points", "+,.2f"), found[5]]
    assert (found[5], found[-1]) == (("Median hours", ",.0f"), ("Priority", "d"))


@pytest.mark.parametrize(
    ("name", "symbol", "decimals"),
    [
        ("share_pct", "%", 2),
        ("change_pct_points", "points", 2),
        ("wait_minutes", "min", 2),
        ("wait_seconds", "s", 2),
        ("min_days", "days", None),
        ("visits_per_month", "", 1),
        ("visits", "", None),
    ],
)
def test_the_end_of_a_name_gives_the_unit(name: str, symbol: str, decimals: int | None) -> None:
    assert (symbol_of(name), decimals_of(name, columns={})) == (symbol, decimals)
    assert decimals_of(name, columns={name: Column(decimals=3)}) == 3


def test_percentages_of_a_chart_have_bars() -> None:
    chart = Chart(kind="bars", category=("city",), values=("share_pct", "more_pct", "visits"), axis="%")
    signed = {"more_pct": Column(is_signed=True)}

    assert bar_columns(["city", "share_pct", "more_pct", "other_pct"], [chart], columns=signed) == ["share_pct"]


def test_an_answer_without_columns_displays_all_columns(spark: SparkSession) -> None:
    """The rows are sorted by the first column, in descending order."""
    months = [(date(2024, 1, 1), "a", 1), (date(2024, 3, 1), "b", 2), (date(2024, 2, 1), "c", 3)]
    report = Report("Visits", (), (Answer("monthly", "How many?", lambda rows: "Many."),))
    (rows,) = read_answers(report, {"monthly": spark.createDataFrame(months, "month date, name string, visits int")})

    assert [column.header for column in rows.columns] == ["Month", "Name", "Visits"]
    assert [row["name"] for row in rows.rows] == ["b", "c", "a"]
    assert answer_query("x", rows.answer, columns={}).sql() == (
        'SELECT month AS "Month", name AS "Name", visits AS "Visits" FROM curated.x_monthly AS answer '
        "ORDER BY answer.month DESC"
    )
    assert "SELECT ROW_NUMBER() OVER (ORDER BY month DESC) AS row_number, month, name, visits" in (
        view_query("x", rows.answer).sql()
    )
