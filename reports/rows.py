"""Read the rows of answers, in the order of each answer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from reports.answer import Answer, Report, Rows, SortKey
from reports.columns import DisplayColumn, display_columns
from reports.errors import OutdatedAnswerError, missing_column
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
        table: The name of the curated table, for error messages.
    """

    answer: Answer
    schema: T.StructType
    columns: tuple[DisplayColumn, ...]
    rows: Rows
    charts: tuple[ChartData, ...]
    table: str = ""

    @property
    def sentence(self) -> str:
        """The answer in one to three sentences."""
        return self.answer.text(self.rows, table=self.table)


def read_answers(
    report: Report, curated: Mapping[str, DataFrame], *, tables: Mapping[str, str] | None = None
) -> list[AnswerRows]:
    """Read the rows of answers. Runs one Spark job without a shuffle, however many answers there are.

    `curated` maps the name of each answer to its curated table. All rows of the tables are collected. `tables` maps the
    name of each answer to the name of its table, for error messages.

    Raises:
        OutdatedAnswerError: A table lacks a column that the report reads, or has the column in another type.
    """
    answers = [answer.with_columns(curated[answer.name].columns) for answer in report.answers if answer.name in curated]
    names = {answer.name: (tables or {}).get(answer.name, answer.name) for answer in answers}
    frames = []
    for answer in answers:
        require_readable(answer, curated[answer.name].schema, where=names[answer.name])
        with _explain(answer, curated[answer.name], where=names[answer.name]):
            frames.append(_records(answer, curated[answer.name]))
    records: dict[str, list[Mapping[str, Any]]] = {answer.name: [] for answer in answers}
    if frames:
        for row in _union(frames).collect():
            records[row["answer"]].append(json.loads(row["record"]))
    return [
        _answer_rows(answer, curated[answer.name].schema, records[answer.name], report, table=names[answer.name])
        for answer in answers
    ]


def require_readable(answer: Answer, schema: T.StructType, *, where: str) -> None:
    """Check that a table has the columns that an answer and its charts name, in types that they can display.

    Raises:
        OutdatedAnswerError: The table lacks a column, or has the column in another type.
    """
    types = {field.name: field.dataType for field in schema}
    charts = [name for chart in answer.charts for name in chart.columns()]
    for name in (*answer.columns, *charts):
        if name not in types:
            raise missing_column(where, name, [*types])
    for chart in answer.charts:
        for name in chart.numbers():
            if not isinstance(types[name], T.NumericType):
                expected, found = f"a number, for the chart {chart.kind!r}", f"the type {types[name].simpleString()}"
                raise OutdatedAnswerError(where=where, column=name, expected=expected, found=found)


def sort_keys(answer: Answer) -> list[Column]:
    """Return the sort keys of an answer. By default, sort by the first column, descending."""
    return [_sort_column(key) for key in answer.sort_keys()]


def sort_rows(answer: Answer, curated: DataFrame, *, table: str = "") -> DataFrame:
    """Sort the rows of an answer as the answer declares. `table` is the name of the table, for error messages.

    Raises:
        OutdatedAnswerError: The table lacks a column by which the rows are sorted.
    """
    answer = answer.with_columns(curated.columns)
    with _explain(answer, curated, where=table or answer.name):
        return curated.orderBy(*sort_keys(answer))


@contextmanager
def _explain(answer: Answer, curated: DataFrame, *, where: str) -> Iterator[None]:
    """Raise a clear error if Spark cannot resolve a sort key or a condition of an answer."""
    try:
        yield
    except AnalysisException as error:
        conditions = [condition for chart in answer.charts for condition in chart.conditions()]
        for expression in (*(key.expression for key in answer.sort_keys()), *conditions):
            try:
                curated.select(F.expr(expression))
            except AnalysisException as reason:
                found = str(reason).splitlines()[0].rstrip(".;")
                expected = f"an SQL expression of the columns {curated.columns}"
                raise OutdatedAnswerError(where=where, column=expression, expected=expected, found=found) from error
        raise


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
    answer: Answer, schema: T.StructType, records: Sequence[Mapping[str, Any]], report: Report, *, table: str
) -> AnswerRows:
    dates = [field.name for field in schema.fields if isinstance(field.dataType, T.DateType)]
    names = schema.fieldNames()
    rows = [{name: _value(record[name], name in dates) for name in names} for record in records]
    charts = []
    for number, chart in enumerate(answer.charts):
        flags: Flags = [tuple(record[_FLAGS][3 * number : 3 * number + 3]) for record in records]
        charts.append(select_points(chart, rows, flags, columns=report.columns))
    columns = display_columns(answer.columns, schema, columns=report.columns)
    return AnswerRows(answer, schema, columns, rows, tuple(charts), table=table)


def _value(value: Any, is_date: bool) -> Any:
    return date.fromisoformat(value) if is_date and value is not None else value


def _sort_column(key: SortKey) -> Column:
    column = F.abs(F.expr(key.expression)) if key.is_absolute else F.expr(key.expression)
    return column.desc() if key.is_descending else column
