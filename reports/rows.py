"""Read the rows of answers, in the order of each answer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from reports.answer import Answer, Report, Rows, SortKey
from reports.columns import DisplayColumn, display_columns
from reports.errors import OutdatedAnswerError
from reports.points import ChartData, Flags, select_points

_FLAGS = "_chart_flags"


@dataclass(frozen=True)
class AnswerRows:
    """The rows of an answer.

    Attributes:
        answer: The declaration of the answer.
        schema: The schema of the curated table.
        columns: The displayed columns.
        rows: All rows, in the order of the answer. Each row has all columns of the curated table. Dates are Python
            dates, and decimals are floats.
        charts: The values of each chart of the answer.
    """

    answer: Answer
    schema: T.StructType
    columns: tuple[DisplayColumn, ...]
    rows: Rows
    charts: tuple[ChartData, ...]

    @property
    def sentence(self) -> str:
        """The answer in one to three sentences."""
        return self.answer.text(self.rows)


def read_answers(report: Report, curated: Mapping[str, DataFrame]) -> list[AnswerRows]:
    """Read the rows of answers. Runs one Spark job without a shuffle, however many answers there are.

    `curated` maps the name of each answer to its curated table. All rows of the tables are collected.

    Raises:
        OutdatedAnswerError: A table lacks a displayed column.
    """
    answers = [answer.with_columns(curated[answer.name].columns) for answer in report.answers if answer.name in curated]
    for answer in answers:
        for column in answer.columns:
            if column not in curated[answer.name].columns:
                raise OutdatedAnswerError(answer=answer.name, column=column)
    frames = [_records(answer, curated[answer.name]) for answer in answers]
    records: dict[str, list[Mapping[str, Any]]] = {answer.name: [] for answer in answers}
    if frames:
        for row in _union(frames).collect():
            records[row["answer"]].append(json.loads(row["record"]))
    return [_answer_rows(answer, curated[answer.name].schema, records[answer.name], report) for answer in answers]


def sort_keys(answer: Answer) -> list[Column]:
    """Return the sort keys of an answer. By default, sort by the first column, descending."""
    return [_sort_column(key) for key in answer.sort_keys()]


def sort_rows(answer: Answer, curated: DataFrame) -> DataFrame:
    """Sort the rows of an answer as the answer declares."""
    return curated.orderBy(*sort_keys(answer))


def _records(answer: Answer, table: DataFrame) -> DataFrame:
    """Return each row as JSON with the conditions of the charts. One task reads the table, so the rows stay sorted."""
    conditions = [condition for chart in answer.charts for condition in chart.conditions()]
    flags = ", ".join(f"coalesce({condition}, false)" for condition in conditions)
    record = f"to_json(struct(*, array({flags}) AS {_FLAGS}), map('ignoreNullFields', 'false')) AS record"
    return table.coalesce(1).sortWithinPartitions(*sort_keys(answer)).selectExpr(f"'{answer.name}' AS answer", record)


def _union(frames: Sequence[DataFrame]) -> DataFrame:
    """Return the rows of all frames. Spark analyzes each union, so a balanced tree of unions is faster than a chain."""
    if len(frames) == 1:
        return frames[0]
    middle = len(frames) // 2
    return _union(frames[:middle]).unionAll(_union(frames[middle:]))


def _answer_rows(
    answer: Answer, schema: T.StructType, records: Sequence[Mapping[str, Any]], report: Report
) -> AnswerRows:
    dates = [field.name for field in schema.fields if isinstance(field.dataType, T.DateType)]
    names = schema.fieldNames()
    rows = [{name: _value(record[name], name in dates) for name in names} for record in records]
    charts = []
    for number, chart in enumerate(answer.charts):
        flags: Flags = [tuple(record[_FLAGS][3 * number : 3 * number + 3]) for record in records]
        charts.append(select_points(chart, rows, flags, columns=report.columns))
    columns = display_columns(answer.columns, schema, columns=report.columns)
    return AnswerRows(answer, schema, columns, rows, tuple(charts))


def _value(value: Any, is_date: bool) -> Any:
    return date.fromisoformat(value) if is_date and value is not None else value


def _sort_column(key: SortKey) -> Column:
    column = F.abs(F.expr(key.expression)) if key.is_absolute else F.expr(key.expression)
    return column.desc() if key.is_descending else column
