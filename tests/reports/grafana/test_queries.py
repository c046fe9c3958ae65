"""Test the queries of charts on Spark. Spark executes a translation of the query for Athena."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlglot
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from reports.answer import Answer
from reports.charts import MAX_CIRCLES, Chart
from reports.columns import Column
from reports.grafana.queries import chart_query, fields_of, table_query, variable_query
from reports.points import select_points
from reports.rows import sort_rows

_STREETS = "city string, street string, incidents int, share_pct decimal(6,3), rank int"


def answer_of(*charts: Chart, order: tuple[str, ...] = ("rank",), columns: tuple[str, ...] = ("rank",)) -> Answer:
    return Answer(name="answer", question="?", sentence=lambda rows: "", columns=columns, charts=charts, order=order)


def run(query: str, rows: DataFrame, **selected: str) -> list[tuple[Any, ...]]:
    """Execute a query on Spark, and replace the variables as Grafana does."""
    for name, value in selected.items():
        query = query.replace(f"${{{name}:sqlstring}}", "'" + value.replace("'", "''") + "'")
    rows.createOrReplaceTempView("test_answer")
    (translated,) = sqlglot.transpile(query.replace('"${database}".', ""), read="athena", write="spark")
    return [tuple(row) for row in rows.sparkSession.sql(translated).collect()]


def shown(chart: Chart, rows: DataFrame, *, order: tuple[str, ...] = ("rank",), **selected: str) -> list[Any]:
    return run(chart_query("test", answer_of(chart, order=order), chart, columns={}), rows, **selected)


def chart_of(kind: str, category: str, *values: str, **options: Any) -> Chart:
    return Chart(kind=kind, category=tuple(category.split()), values=values, axis="Incidents", **options)  # type: ignore[arg-type]


@pytest.fixture
def streets(spark: SparkSession) -> DataFrame:
    rows = [
        ("A", "Oak St", 5, Decimal("50.125"), 1),
        ("A", "Elm St", 4, Decimal("40.000"), 2),
        ("A", None, 1, Decimal("9.875"), 3),
        ("B", "Oak St", 6, Decimal("75.000"), 1),
        ("B", "Fir St", 2, Decimal("25.000"), 2),
        ("B", "Elm St", None, None, 3),
    ]
    return spark.createDataFrame(rows, _STREETS)


def test_bars_add_values_of_a_category_and_keep_the_greatest(streets: DataFrame) -> None:
    assert shown(chart_of("bars", "street", "incidents", max_categories=3), streets) == [
        ("Oak St", 11.0),
        ("Elm St", 4.0),
        ("Fir St", 2.0),
    ]


def test_the_weight_chooses_the_bars_and_the_value_sorts_them(streets: DataFrame) -> None:
    chart = chart_of("bars", "city street", "share_pct", weight="incidents", max_categories=2)

    assert shown(chart, streets) == [("B, Oak St", 75.0), ("A, Oak St", 50.125)]


def test_bars_can_keep_the_order_of_the_rows(streets: DataFrame) -> None:
    chart = chart_of("bars", "street", "incidents", in_order=True, where="city = 'A'")

    assert shown(chart, streets, order=("-rank",)) == [("(unknown)", 1.0), ("Elm St", 4.0), ("Oak St", 5.0)]


def test_a_condition_can_compare_with_all_rows_of_the_table(streets: DataFrame) -> None:
    chart = chart_of("bars", "street", "incidents", panel=("city",), where="incidents = max(incidents) OVER ()")

    assert shown(chart, streets, city="A") == []
    assert shown(chart, streets, city="B") == [("Oak St", 6.0)]


def test_a_selected_value_may_have_an_apostrophe(spark: SparkSession) -> None:
    rows = spark.createDataFrame([("O'Neill", "Oak St", 5, None, 1), ("A", "Elm St", 1, None, 2)], _STREETS)
    chart = chart_of("bars", "street", "incidents", panel=("city",))

    assert shown(chart, rows, city="O'Neill") == [("Oak St", 5.0)]


def test_dots_have_a_row_for_each_pair_of_the_greatest_categories_and_series(streets: DataFrame) -> None:
    chart = chart_of("dots", "street", "share_pct", series="city", weight="incidents", max_categories=2, max_series=2)

    assert shown(chart, streets) == [
        ("Oak St", "A", 50.125),
        ("Oak St", "B", 75.0),
        ("Elm St", "A", 40.0),
        ("Elm St", "B", None),
    ]


def test_dots_keep_the_greatest_series(streets: DataFrame) -> None:
    assert {row[1] for row in shown(chart_of("dots", "street", "incidents", series="city", max_series=1), streets)} == {
        "A"
    }


def test_change_sorts_categories_by_the_last_value(spark: SparkSession) -> None:
    rows = spark.createDataFrame(
        [("a", 3.0, 1.0), ("b", 1.0, 2.0), ("c", 9.0, None)], "name string, old_pct double, pct double"
    )
    chart = chart_of("change", "name", "old_pct", "pct")

    assert shown(chart, rows, order=("name",)) == [("b", 1.0, 2.0), ("a", 3.0, 1.0), ("c", 9.0, None)]


def test_change_can_compare_the_last_two_years(spark: SparkSession) -> None:
    rows = spark.createDataFrame(
        [(2022, "web", 9), (2023, "web", 1), (2024, "web", 3), (2023, "phone", 8), (2024, "phone", 2)],
        "year int, channel string, inquiries int",
    )
    chart = chart_of("change", "channel", "inquiries", series="year", where="year >= max(year) OVER () - 1")

    assert shown(chart, rows, order=("-year",)) == [
        ("web", "2023", 1.0),
        ("web", "2024", 3.0),
        ("phone", "2023", 8.0),
        ("phone", "2024", 2.0),
    ]


def test_the_label_of_a_column_says_that_its_period_is_incomplete(spark: SparkSession) -> None:
    rows = spark.createDataFrame([(2024, 7, 70), (2023, 12, 90)], "year int, months int, inquiries int")
    chart = chart_of("columns", "year", "inquiries", complete="months = 12")

    assert shown(chart, rows, order=("-year",)) == [("2023", 90.0), ("2024 (incomplete)", 70.0)]


def test_a_line_by_month_has_a_time(spark: SparkSession) -> None:
    rows = spark.createDataFrame(
        [(date(2024, 2, 1), 3, 1), (date(2024, 1, 1), 2, 4), (date(2024, 1, 1), 5, 1)],
        "month date, requests int, closed int",
    )
    chart = chart_of("line", "month", "requests", "closed")

    assert shown(chart, rows, order=("-month",)) == [(datetime(2024, 1, 1), 7.0, 5.0), (datetime(2024, 2, 1), 3.0, 1.0)]


def test_a_line_by_month_can_have_a_column_of_series(spark: SparkSession) -> None:
    rows = spark.createDataFrame(
        [(date(2024, 1, 1), "a", 2), (date(2024, 2, 1), "b", 9)], "month date, city string, requests int"
    )
    chart = chart_of("line", "month", "requests", series="city", max_series=1)

    assert shown(chart, rows, order=("-month",)) == [(datetime(2024, 2, 1), "b", 9.0)]


def test_a_stack_keeps_the_order_of_the_rows(spark: SparkSession) -> None:
    rows = spark.createDataFrame(
        [("b", "0-5", 1, 1), ("b", "5+", 2, 9), ("a", "5+", 2, 3)],
        "city string, band string, number int, incidents int",
    )

    assert shown(chart_of("stack", "city", "incidents", series="band"), rows, order=("-city", "number")) == [
        ("b", "0-5", 1.0),
        ("b", "5+", 9.0),
        ("a", "0-5", None),
        ("a", "5+", 3.0),
    ]


def test_a_heatmap_sorts_hours_as_numbers(spark: SparkSession) -> None:
    rows = spark.createDataFrame([(1, 10, 5), (2, 9, 6), (2, 10, 1)], "weekday int, hour int, incidents int")

    assert shown(
        chart_of("heatmap", "hour", "incidents", series="weekday", series_order="weekday"), rows, order=("-incidents",)
    ) == [
        ("9", "1", None),
        ("9", "2", 6.0),
        ("10", "1", 5.0),
        ("10", "2", 1.0),
    ]


def test_a_map_has_coordinates(spark: SparkSession) -> None:
    rows = spark.createDataFrame(
        [("Oak St", Decimal("39.01"), Decimal("-77.02"), 5), ("Elm St", None, None, 2)],
        "street string, south decimal(5,2), west decimal(5,2), incidents int",
    )
    chart = chart_of("map", "street", "incidents", coordinates=("south", "west"), where="south IS NOT NULL")

    assert shown(chart, rows, order=("-incidents",)) == [("Oak St", 39.01, -77.02, 5.0)]


@pytest.mark.parametrize(
    "chart",
    [
        chart_of("bars", "street", "incidents", max_categories=2),
        chart_of("bars", "city street", "share_pct", weight="incidents", max_categories=3),
        chart_of("dots", "street", "incidents", series="city", max_categories=2),
        chart_of("dots", "street", "incidents", "share_pct"),
        chart_of("change", "street", "incidents", "share_pct", max_categories=2),
        chart_of("columns", "rank", "incidents", "share_pct"),
        chart_of("line", "rank", "incidents", where="street <> 'Fir St'"),
        chart_of("stack", "city", "incidents", series="street"),
        chart_of("heatmap", "rank", "incidents", series="city"),
        chart_of("map", "street", "incidents", coordinates=("rank", "rank")),
    ],
    ids=lambda chart: chart.kind,
)
def test_a_query_returns_the_values_of_the_chart_of_the_site_in_the_same_order(
    streets: DataFrame, chart: Chart
) -> None:
    answer = answer_of(chart)
    flags = F.array(*(F.coalesce(F.expr(condition), F.lit(False)) for condition in chart.conditions()))
    rows = [row.asDict() for row in sort_rows(answer, streets).withColumn("flags", flags).collect()]
    points = select_points(chart, rows, [tuple(row["flags"]) for row in rows], columns={}).points
    found = run(chart_query("test", answer, chart, columns={}), streets)
    values = -1 if chart.series else -len(chart.values)

    assert [value for row in found for value in row[values:] if value is not None] == [point.value for point in points]


def test_a_map_has_the_places_with_the_greatest_weights(spark: SparkSession) -> None:
    places = [(f"street {number}", number % 7, number) for number in range(MAX_CIRCLES + 50)]
    rows = spark.createDataFrame(places, "street string, incidents int, rank int").coalesce(1)
    chart = chart_of("map", "street", "incidents", coordinates=("rank", "rank"))
    records = [{"street": street, "incidents": incidents, "rank": rank} for street, incidents, rank in places]
    data = select_points(chart, records, [(True, True, False)] * len(records), columns={})

    assert data.left_out == (f"The map shows {MAX_CIRCLES} of {MAX_CIRCLES + 50} places.",)
    assert [(point.category, point.value) for point in data.points] == [
        (street, value) for street, _, _, value in shown(chart, rows)
    ]
    assert sorted(point.value for point in data.points) == sorted(row[1] for row in places)[50:]


def test_fields_are_headers() -> None:
    chart = chart_of("dots", "initial_type priority", "avg_minutes", series="city")
    fields = fields_of(chart, columns={"city": Column(header="Town")})

    assert (fields.category, fields.series, fields.values) == ("Initial type, Priority", "Town", ("Avg minutes",))


def test_a_table_has_all_displayed_columns_in_the_order_of_the_answer(streets: DataFrame) -> None:
    chart = chart_of("bars", "street", "incidents", panel=("city",))
    answer = answer_of(chart, columns=("street", "incidents", "share_pct"), order=("-|incidents|", "street"))
    query = table_query("test", answer, columns={})

    assert run(query, streets, city="B") == [("Oak St", 6, 75.0), ("Fir St", 2, 25.0), ("Elm St", None, None)]


def test_a_table_without_declared_columns_has_all_columns(streets: DataFrame) -> None:
    """The first column gives the order."""
    rows = run(table_query("test", Answer("answer", "How many?", str), columns={}), streets)

    assert [row[0] for row in rows] == ["B"] * 3 + ["A"] * 3
    assert sorted(rows, key=str) == sorted(map(tuple, streets.collect()), key=str)


def test_a_variable_has_the_values_that_occur_in_the_most_charts_first(streets: DataFrame) -> None:
    one = chart_of("bars", "street", "incidents", panel=("city",))
    two = chart_of("bars", "street", "incidents", panel=("city",), where="street = 'Fir St'")
    answer = answer_of(one, two)

    assert run(variable_query("test", [(answer, one)], column="city", columns={}), streets) == [("A",), ("B",)]
    assert run(variable_query("test", [(answer, one), (answer, two)], column="city", columns={}), streets) == [
        ("B",),
        ("A",),
    ]


def test_a_variable_depends_on_the_variables_before_it(streets: DataFrame) -> None:
    chart = chart_of("bars", "rank", "incidents", panel=("city", "street"))
    query = variable_query("test", [(answer_of(chart), chart)], column="street", columns={})

    assert run(query, streets, city="B") == [("Oak St",), ("Fir St",)]
