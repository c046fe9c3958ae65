"""Read tables as sorted tuples, and change cells of delivered rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from pyspark.sql import SparkSession


def rows(lake: SparkSession, table: str, *columns: str) -> list[tuple[Any, ...]]:
    """Return the rows of a table as sorted tuples. `columns` are the columns or expressions in each tuple."""
    return sorted((tuple(row) for row in lake.table(table).selectExpr(*columns or "*").collect()), key=repr)


def quarantined(lake: SparkSession, dataset: str) -> list[tuple[str, int, list[str]]]:
    """Return the file, the row number and the failed expectations of each row in quarantine."""
    return rows(lake, f"lake.quarantine.{dataset}", "_source_file", "_row_number", "_failed_expectations")


def replace_cell(lines: Sequence[list[Any]], index: int, column: int, value: object) -> list[list[Any]]:
    """Return rows in which one cell has a new value."""
    return [[*line[:column], value, *line[column + 1 :]] if n == index else line for n, line in enumerate(lines)]


_YEARS = (
    "year int, days bigint, first_day date, last_day date, calls_offered bigint, calls_handled bigint, "
    "calls_handled_pct double, change_pct_points double"
)
_MONTHS = (
    "month date, days bigint, calls_offered bigint, calls_handled bigint, "
    "calls_handled_pct double, change_pct_points double"
)


def publish_contact_centre(lake: SparkSession) -> None:
    """Write the trusted table and the answers of the contact centre, with one row each."""
    for zone in ("trusted", "curated"):
        lake.sql(f"CREATE NAMESPACE lake.{zone}")
    lake.createDataFrame([(1,)], "n int").writeTo("lake.trusted.contact_centre").create()
    year = (2024, 213, date(2024, 1, 1), date(2024, 7, 31), 234_008, 217_457, 92.93, -1.26)
    lake.createDataFrame([year], _YEARS).writeTo("lake.curated.contact_centre_calls_handled").create()
    month = (date(2024, 7, 1), 31, 100, 90, 90.0, None)
    lake.createDataFrame([month], _MONTHS).writeTo("lake.curated.contact_centre_calls_handled_monthly").create()
