"""Run the SQL for Athena and Redshift in Spark, and compare the rows with the rows of the report."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import sqlglot
from pyspark.sql import SparkSession
from sqlglot import exp

from reports.charts import Chart
from reports.points import ChartData
from reports.rows import sort_rows
from reports.sql.files import ATHENA, REDSHIFT, athena_files, redshift_files
from tests.reports.sql.small_answers import small_facts, small_tables
from workflows.parts import dataset_names


def to_spark(text: str, dialect: str) -> str:
    """Return the query of a file in the dialect of Spark. The tables are temporary views, which have no database."""
    statement = sqlglot.parse_one(text, read=dialect)
    query = statement.expression if isinstance(statement, exp.Create) else statement
    for table in query.find_all(exp.Table):
        table.set("db", None)
    return query.sql(dialect="spark", comments=False)


def run(lake: SparkSession, query: str) -> list[tuple[Any, ...]]:
    return [tuple(map(_plain, row)) for row in lake.sql(query).collect()]


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


def shown_points(chart: Chart, data: ChartData) -> list[tuple[Any, ...]]:
    """Return the points of a chart as the rows that its query selects."""
    has_series = bool(chart.series) or len(chart.values) > 1
    return [
        (
            *([point.panel] if chart.panel else []),
            point.category,
            *([point.series] if has_series else []),
            *([point.latitude, point.longitude] if chart.coordinates else []),
            point.value,
            *([point.is_complete] if chart.complete else []),
        )
        for point in data.points
    ]


@pytest.mark.parametrize("dataset", dataset_names())
def test_queries_select_the_rows_of_the_report(lake: SparkSession, dataset: str) -> None:
    lake.conf.set("spark.sql.shuffle.partitions", "1")  # With one partition, a sort needs no second Spark job.
    tables = small_tables(lake, dataset)
    facts = small_facts(dataset, tables)
    athena, redshift = athena_files([facts], location="s3://BUCKET/csv"), redshift_files([facts])
    charts = 0
    for rows in facts.answers:
        answer, name = rows.answer, f"{dataset}_{rows.answer.name}"
        query = to_spark(athena[f"{dataset}/queries/{name}.sql"], ATHENA)
        view = to_spark(athena[f"{dataset}/views/{name}_view.sql"], ATHENA)
        expected = [
            tuple(map(_plain, row)) for row in sort_rows(answer, tables[answer.name]).select(*answer.columns).collect()
        ]
        assert run(lake, query) == expected, name
        numbered = sorted(run(lake, view), key=lambda row: row[0])
        assert [row[1 : len(answer.columns) + 1] for row in numbered] == expected, name
        assert to_spark(redshift[f"{dataset}/queries/{name}.sql"], REDSHIFT) == query
        assert to_spark(redshift[f"{dataset}/views/{name}.sql"], REDSHIFT) == view
        for number, (chart, data) in enumerate(zip(answer.charts, rows.charts, strict=True), start=1):
            path = f"{dataset}/queries/{name}_chart_{number}.sql"
            query = to_spark(athena[path], ATHENA)
            assert run(lake, query) == shown_points(chart, data), path
            in_redshift = to_spark(redshift[path], REDSHIFT)
            assert in_redshift == query or run(lake, in_redshift) == shown_points(chart, data), path
            charts += len(data.points) > 0
    assert charts > 0.8 * sum(len(rows.charts) for rows in facts.answers)
