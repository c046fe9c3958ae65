"""Write the parts of queries in Spark's dialect, and translate queries to the dialect of Athena."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlglot import exp, parse_one, transpile

from reports.answer import Answer
from reports.charts import Chart
from reports.labels import NAMES_OF_COLUMNS, UNKNOWN

DATABASE = "${database}"
_COLUMNS_WITH_NUMBERS = ("priority",)
"""Columns with numbers that mean nothing without the name of the column."""


def to_athena(query: str) -> str:
    """Translate a query from Spark's dialect to Athena's dialect."""
    (translated,) = transpile(query, read="spark", write="athena", pretty=True)
    return re.sub(r"'(\$\{\w+:sqlstring\})'", r"\1", translated)


def table_of(dataset: str, answer: Answer) -> str:
    """Return the curated table of an answer. A variable of the dashboard names the database."""
    return f"`{DATABASE}`.`{dataset}_{answer.name}`"


def rows_of(dataset: str, answer: Answer, chart: Chart, *, panel: Sequence[str]) -> str:
    """Return the rows of a chart, for use after FROM. Variables of the dashboard select the columns of `panel`.

    If the chart shows rows in the order of the answer, the rows have a column `row_position`.
    """
    conditions, added = [" OR ".join(f"`{name}` IS NOT NULL" for name in chart.values)], []
    if chart.where and _has_window(chart.where):
        added.append(f"{chart.where} AS is_shown")
        conditions.append("is_shown")
    elif chart.where:
        conditions.append(chart.where)
    if chart.kind == "stack" or chart.in_order:
        added.append(f"ROW_NUMBER() OVER (ORDER BY {order_of(answer)}) AS row_position")
    conditions += map(is_selected, panel)
    table = table_of(dataset, answer)
    source = f"(SELECT *, {', '.join(added)} FROM {table})" if added else table
    return f"{source} WHERE {' AND '.join(f'({condition})' for condition in conditions)}"


def is_selected(column: str) -> str:
    """Return the condition that a row has the value that the reader selected with a variable of the dashboard."""
    return f"{label_of([column])} = '${{{column}:sqlstring}}'"


def order_of(answer: Answer) -> str:
    """Return the sort keys of an answer, as in `reports.rows.sort_keys`."""
    keys = []
    for key in answer.order or (f"-{answer.columns[0]}",):
        column = key.strip("-|")
        keys.append(f"{f'ABS({column})' if key.endswith('|') else column}{' DESC' if key.startswith('-') else ''}")
    return ", ".join(keys)


def label_of(columns: Sequence[str]) -> str:
    """Return the label of a row: the values of columns as text, as in `reports.charts.select_points`."""
    parts = []
    for name in columns[:-1]:
        parts += [_text(name), "' '" if name in NAMES_OF_COLUMNS else "', '"]
    return " || ".join([*parts, _text(columns[-1])])


def sum_of(column: str) -> str:
    """Return the sum of a column. Grafana's plugin reads a decimal as text, so the sum is a double."""
    return f"CAST(SUM(`{column}`) AS DOUBLE)"


def weight_of(chart: Chart) -> str:
    """Return the value that decides which categories and series are shown."""
    return f"SUM(COALESCE(`{chart.weight or chart.values[-1]}`, 0))"


def _text(column: str) -> str:
    if column.startswith("is_"):
        name = column.removeprefix("is_")
        return f"CASE WHEN `{column}` THEN '{name}: yes' WHEN NOT `{column}` THEN '{name}: no' ELSE '{UNKNOWN}' END"
    text = f"CAST(`{column}` AS STRING)"
    if column in NAMES_OF_COLUMNS:
        text = f"REPLACE({text}, '_', ' ')"
    if column in _COLUMNS_WITH_NUMBERS:
        text = f"'{column} ' || {text}"
    return f"COALESCE({text}, '{UNKNOWN}')"


def _has_window(condition: str) -> bool:
    return parse_one(condition, read="spark").find(exp.Window) is not None
