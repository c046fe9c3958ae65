"""Build the queries of charts, tables and variables, in the dialect of Athena."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reports.answer import Answer
from reports.charts import SORTED_KINDS, Chart
from reports.columns import header_of
from reports.grafana.expressions import (
    is_selected,
    label_of,
    order_of,
    rows_of,
    sum_of,
    table_of,
    to_athena,
    weight_of,
)

MAX_TABLE_ROWS = 1000
"""Maximum number of rows of a table in a dashboard."""

LATITUDE, LONGITUDE = _COORDINATES = "latitude", "longitude"
"""The fields with the coordinates of a map, in degrees."""

_OVER_TIME = ("line", "columns", "heatmap")


@dataclass(frozen=True)
class ChartFields:
    """The names of the fields that the query of a chart returns.

    Attributes:
        category: The labels of the categories, or the time.
        series: The labels of the series. Empty if each field of `values` is a series.
        values: The values.
    """

    category: str
    series: str
    values: tuple[str, ...]


def field_of(column: str, headers: Mapping[str, str]) -> str:
    """Return the name of a field: the header of its column. `headers` overrides the default headers."""
    return headers.get(column) or header_of(column)


def fields_of(chart: Chart, *, headers: Mapping[str, str]) -> ChartFields:
    """Return the names of the fields that the query of a chart returns."""
    category = "time" if is_by_month(chart) else ", ".join(field_of(name, headers) for name in chart.category)
    series = field_of(chart.series, headers) if chart.series else ""
    return ChartFields(category, series, tuple(field_of(name, headers) for name in chart.values))


def is_by_month(chart: Chart) -> bool:
    """Return True if a chart is a line over months."""
    return chart.kind == "line" and chart.category == ("month",)


def chart_query(dataset: str, answer: Answer, chart: Chart, *, headers: Mapping[str, str]) -> str:
    """Return the query of a chart. The rows are in the order in which the chart shows the categories.

    A variable of the dashboard selects the value of each column of `Chart.panel`. The query returns the points that
    `reports.charts.select_points` selects, with these differences:

    - All panels can be selected, not only the greatest. The series are the greatest in the selected panel.
    - A combination of category and series without a value has a row without a value.
    - If `dots` have a column of series, the categories are sorted by the weight of all series.
    """
    points = _points(chart, rows_of(dataset, answer, chart, panel=chart.panel))
    fields = fields_of(chart, headers=headers)
    select = _select_with_series if chart.series else _select
    return to_athena(f"WITH points AS ({points}){select(chart, fields)}")


def table_query(dataset: str, answer: Answer, *, headers: Mapping[str, str]) -> str:
    """Return the query of the displayed columns of an answer, in the order of the answer.

    The variables of the dashboard select the same rows as in the first chart.
    """
    columns = []
    for name in answer.columns:
        # Percentages may be decimals, and Grafana's plugin reads a decimal as text.
        value = f"CAST(`{name}` AS DOUBLE)" if name.endswith(("_pct", "_pct_points")) else f"`{name}`"
        columns.append(f"{value} AS `{field_of(name, headers)}`")
    panel = answer.charts[0].panel if answer.charts else ()
    where = f"WHERE {' AND '.join(map(is_selected, panel))}" if panel else ""
    return to_athena(
        f"SELECT {', '.join(columns)} FROM {table_of(dataset, answer)} {where} "
        f"ORDER BY {order_of(answer)} LIMIT {MAX_TABLE_ROWS}"
    )


def variable_query(dataset: str, charts: Iterable[tuple[Answer, Chart]], *, column: str) -> str:
    """Return the query of the values of a variable. The variable selects the rows of charts by their column `column`.

    Values that occur in the most charts come first, so most charts have data when the dashboard opens. The values
    depend on the variables of the columns that precede `column` in `Chart.panel`.
    """
    values = []
    for answer, chart in charts:
        rows = rows_of(dataset, answer, chart, panel=chart.panel[: chart.panel.index(column)])
        values.append(f"SELECT {label_of([column])} AS value, {weight_of(chart)} AS weight FROM {rows} GROUP BY 1")
    return to_athena(
        f"SELECT value FROM ({' UNION ALL '.join(values)}) GROUP BY value "
        "ORDER BY COUNT(*) DESC, SUM(weight) DESC, value"
    )


def _points(chart: Chart, rows: str) -> str:
    """Return the query of the points of a chart. A position is the order of a category or series in the chart.

    The columns have other names than the fields, because Athena's ORDER BY cannot aggregate a column that has the name
    of a field.
    """
    columns = {"category": label_of(chart.category)}
    if chart.series:
        columns["series"] = label_of([chart.series])
    if chart.coordinates:
        columns |= {
            name: f"CAST(`{column}` AS DOUBLE)" for name, column in zip(_COORDINATES, chart.coordinates, strict=True)
        }
    keys = ", ".join(str(number) for number in range(1, len(columns) + 1))
    columns |= {f"value_{number}": sum_of(name) for number, name in enumerate(chart.values)}
    columns["weight"] = weight_of(chart)
    is_over_time = chart.kind in _OVER_TIME
    if is_over_time or chart.kind == "stack" or chart.in_order:
        columns["position"] = f"MIN(`{chart.category[0]}`)" if is_over_time else "MIN(row_position)"
        if chart.series:
            columns["series_position"] = f"MIN({chart.series_order or 'row_position'})"
            if is_over_time:
                columns["series_position"] = f"MIN(`{chart.series}`)"
    if chart.complete:
        columns["is_complete"] = f"MIN(CASE WHEN {chart.complete} THEN 1 ELSE 0 END)"
    selected = ", ".join(f"{expression} AS {name}" for name, expression in columns.items())
    return f"SELECT {selected} FROM {rows} GROUP BY {keys}"


def _category(chart: Chart) -> str:
    """Return the label of a category. The label of an incomplete period says that the period is incomplete."""
    if is_by_month(chart):
        return "CAST(position AS TIMESTAMP)"
    if chart.complete:
        return "category || CASE WHEN is_complete = 1 THEN '' ELSE ' (incomplete)' END"
    return "category"


def _select(chart: Chart, fields: ChartFields) -> str:
    """Return the part of a query that selects the points of a chart without a column of series."""
    columns = [f"{_category(chart)} AS `{fields.category}`", *(_COORDINATES if chart.coordinates else ())]
    columns += [f"value_{number} AS `{name}`" for number, name in enumerate(fields.values)]
    last_value = f"value_{len(fields.values) - 1} DESC"
    is_by_position = chart.in_order or chart.kind in ("stack", *_OVER_TIME)
    order = "position" if is_by_position else "weight DESC" if chart.kind in ("dots", "map") else last_value
    points = "points"
    if chart.kind in SORTED_KINDS:
        first = "position, category" if chart.in_order else "weight DESC, category"
        points = f"(SELECT * FROM points ORDER BY {first} LIMIT {chart.max_categories})"
    return f" SELECT {', '.join(columns)} FROM {points} ORDER BY {order}, category"


def _select_with_series(chart: Chart, fields: ChartFields) -> str:
    """Return the part of a query that selects the points of a chart with a column of series, with a row for each."""
    is_by_position = chart.in_order or chart.kind in ("stack", *_OVER_TIME)
    by_weight, by_last_series = "-SUM(weight)", "-MAX_BY(value_0, series)"
    category = "MIN(position)" if is_by_position else by_last_series if chart.kind == "change" else by_weight
    series = "MIN(series)" if chart.kind == "change" else by_weight
    if chart.kind in ("stack", *_OVER_TIME):
        series = "MIN(series_position)"
    greatest = "ORDER BY SUM(weight) DESC, 1 LIMIT"
    first = "ORDER BY MIN(position), 1" if chart.in_order else "ORDER BY SUM(weight) DESC, 1"
    return f"""
        , shown_series AS (
            SELECT series, {series} AS series_order FROM points GROUP BY 1
            {f"{greatest} {chart.max_series}" if chart.kind in ("dots", "line") else ""}
        ), shown_categories AS (
            SELECT category, {category} AS category_order
            FROM points WHERE series IN (SELECT series FROM shown_series) GROUP BY 1
            {f"{first} LIMIT {chart.max_categories}" if chart.kind in SORTED_KINDS else ""}
        )
        SELECT {"CAST(category_order AS TIMESTAMP)" if is_by_month(chart) else "c.category"} AS `{fields.category}`,
            s.series AS `{fields.series}`, p.value_0 AS `{fields.values[0]}`
        FROM shown_categories AS c CROSS JOIN shown_series AS s
        LEFT JOIN points AS p ON p.category = c.category AND p.series = s.series
        ORDER BY c.category_order, c.category, s.series_order, s.series"""
