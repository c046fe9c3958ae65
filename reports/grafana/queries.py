"""Build the queries of charts, tables and variables, in the dialect of Athena."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from reports.answer import Answer
from reports.charts import TIME_KINDS, Chart
from reports.columns import Columns, header_of
from reports.labels import UNKNOWN
from reports.sql.charts import COORDINATES, ChartSteps, ordered_by
from reports.sql.expressions import expression, named, sort_order, spark_expression, text_literal, text_of, titled
from reports.sql.labels import label_expression

DATABASE = "${database}"
"""The database, which the reader enters as a variable of the dashboard."""

MAX_TABLE_ROWS = 1000
"""Maximum number of rows of a table in a dashboard."""


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


def fields_of(chart: Chart, *, columns: Columns) -> ChartFields:
    """Return the names of the fields that the query of a chart returns."""
    category = "time" if is_by_month(chart) else ", ".join(header_of(name, columns=columns) for name in chart.category)
    series = header_of(chart.series, columns=columns) if chart.series else ""
    return ChartFields(category, series, tuple(header_of(name, columns=columns) for name in chart.values))


def is_by_month(chart: Chart) -> bool:
    """Return True if a chart is a line over months."""
    return chart.kind == "line" and chart.category == ("month",)


def chart_query(dataset: str, answer: Answer, chart: Chart, *, columns: Columns) -> str:
    """Return the query of a chart. The rows are in the order in which the chart shows the categories.

    The query returns the points that `reports.points.select_points` selects, with these differences:

    - A variable of the dashboard selects the value of each column of `Chart.panel`. If the chart limits the series, the
      greatest series of the selected panel are returned.
    - If `Chart.values` has several columns, each column is a field of the same row.
    - If `Chart.series` is set, each pair of category and series has a row, even if the pair has no value.
    """
    steps = ChartSteps(
        _table_of(dataset, answer),
        answer,
        replace(chart, panel=()),
        columns=columns,
        conditions=[_is_selected(name, columns) for name in chart.panel],
    )
    fields = fields_of(chart, columns=columns)
    if chart.series:
        return _to_athena(_select_pairs(chart, fields, steps))
    if len(chart.values) > 1:
        return _to_athena(_select_fields(chart, fields, steps))
    selected = [titled(_category(chart, "category", "is_complete"), fields.category)]
    selected += [_as_double(name, field=name) for name in (COORDINATES if chart.coordinates else ())]
    query = steps.select([*selected, _as_double("value", field=fields.values[0])])
    return _to_athena(query.order_by(*steps.sort_keys()))


def table_query(dataset: str, answer: Answer, *, columns: Columns) -> str:
    """Return the query of the displayed columns of an answer, in the order of the answer.

    The variables of the dashboard select the same rows as in the first chart. If neither the answer nor its charts name
    columns, the query selects all columns of the table.
    """
    selected: list[exp.Expr] = []
    for name in answer.columns:
        field = header_of(name, columns=columns)
        is_decimal = name.endswith(("_pct", "_pct_points"))
        selected.append(_as_double(name, field=field) if is_decimal else titled(exp.column(name), field))
    query = exp.select(*(selected or [exp.Star()])).from_(_table_of(dataset, answer, alias="answer"))
    if answer.charts:
        query = query.where(*(_is_selected(name, columns) for name in answer.charts[0].panel))
    # By default, the first column gives the order. In a query that selects all columns, only its position is known.
    is_named = bool(answer.order or answer.columns)
    order = sort_order(answer, table="answer") if is_named else [expression("1").desc()]
    return _to_athena(query.order_by(*order).limit(MAX_TABLE_ROWS))


def variable_query(dataset: str, charts: Iterable[tuple[Answer, Chart]], *, column: str, columns: Columns) -> str:
    """Return the query of the values of a variable. The variable selects the rows of charts by their column `column`.

    Values that occur in the most charts come first, so most charts have data when the dashboard opens. The values
    depend on the variables of the columns that precede `column` in `Chart.panel`.
    """
    queries = [
        _values_of(
            _table_of(dataset, answer), chart, column, panel=chart.panel[: chart.panel.index(column)], columns=columns
        )
        for answer, chart in charts
    ]
    values = queries[0] if len(queries) == 1 else exp.union(*queries, distinct=False)
    order = [ordered_by(key) for key in ("COUNT(*) DESC", "SUM(weight) DESC", "value")]
    return _to_athena(exp.select("value").from_(values.subquery("charts")).group_by("value").order_by(*order))


def _values_of(table: exp.Table, chart: Chart, column: str, *, panel: Sequence[str], columns: Columns) -> exp.Select:
    """Select the labels of a column in the rows of a chart, with their weight. Variables select columns of `panel`."""
    is_shown = named(spark_expression(chart.where or "true"), "is_shown")
    rows = exp.select("*", is_shown).from_(table).subquery("marked")
    has_value = exp.or_(*(exp.column(name).is_(exp.null()).not_() for name in chart.values))
    weight = expression(f"SUM(COALESCE({chart.weight or chart.values[-1]}, 0)) AS weight")
    query = exp.select(named(label_expression([column], columns=columns), "value"), weight).from_(rows)
    return query.where("is_shown", has_value, *(_is_selected(name, columns) for name in panel)).group_by("1")


def _select_fields(chart: Chart, fields: ChartFields, steps: ChartSteps) -> exp.Select:
    """Select a row for each category, with a field for each column of values."""
    columns = [titled(_category(chart, "category", "BOOL_AND(is_complete)"), fields.category)]
    for name in fields.values:
        value = exp.Max(this=exp.Case().when(exp.column("series").eq(text_literal(name)), exp.column("value")))
        columns.append(titled(exp.cast(value, "double"), name))
    return steps.select(columns).group_by("category").order_by(*map(_first, steps.category_keys()))


def _select_pairs(chart: Chart, fields: ChartFields, steps: ChartSteps) -> exp.Select:
    """Select a row for each pair of category and series."""
    keys = steps.category_keys()
    names = [name for key in keys if (name := key.removesuffix(" DESC")) != "category"]
    category = exp.select("category", *(expression(f"MIN({name}) AS {name}") for name in names))
    if chart.complete:
        category = category.select(expression("BOOL_AND(is_complete) AS is_complete"))
    points = steps.select([exp.Star()])
    query = exp.select(
        titled(_category(chart, "c.category", "c.is_complete"), fields.category),
        titled(exp.column("series", table="s"), fields.series),
        _as_double("p.value", field=fields.values[0]),
    )
    query = query.with_("shown", as_=points).with_("shown_categories", as_=category.from_("shown").group_by("category"))
    query = query.with_("shown_series", as_=exp.select("series", "series_rank").distinct().from_("shown"))
    query = query.from_("shown_categories AS c").join("shown_series AS s", join_type="cross")
    same = "p.category IS NOT DISTINCT FROM c.category AND p.series = s.series"
    query = query.join("shown AS p", on=expression(same), join_type="left")
    return query.order_by(*(ordered_by(f"c.{key}") for key in keys), ordered_by("s.series_rank"))


def _category(chart: Chart, category: str, is_complete: str) -> exp.Expr:
    """Return the label of a category. The label of an incomplete period says that the period is incomplete."""
    label = expression(category)
    if is_by_month(chart):
        return exp.cast(label, "timestamp")
    if chart.kind in TIME_KINDS:
        label = exp.Coalesce(this=text_of(label), expressions=[text_literal(UNKNOWN)])
    if chart.complete:
        suffix = expression(f"CASE WHEN {is_complete} THEN '' ELSE ' (incomplete)' END")
        return exp.DPipe(this=label, expression=suffix, safe=False)
    return label


def _first(key: str) -> exp.Ordered:
    """Return a sort key of categories in a query that groups by category."""
    name = key.removesuffix(" DESC")
    return ordered_by(key if name == "category" else f"MIN({name}){key.removeprefix(name)}")


def _as_double(column: str, *, field: str) -> exp.Expr:
    """Return a column as a field. Grafana's plugin reads a decimal as text, so numbers are doubles."""
    return titled(exp.cast(expression(column), "double"), field)


def _table_of(dataset: str, answer: Answer, *, alias: str | None = None) -> exp.Table:
    return exp.table_(f"{dataset}_{answer.name}", db=DATABASE, quoted=True, alias=alias)


def _is_selected(column: str, columns: Columns) -> exp.Expr:
    """Return the condition that a row has the value that the reader selected with a variable of the dashboard."""
    return label_expression([column], columns=columns).eq(text_literal(f"${{{column}:sqlstring}}"))


def _to_athena(query: exp.Query) -> str:
    return re.sub(r"'(\$\{\w+:sqlstring\})'", r"\1", query.sql(dialect="athena", pretty=True))
