"""Read tables as sorted tuples, and change cells of delivered rows."""

from __future__ import annotations

from collections.abc import Sequence
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
