"""Build the query of a chart. It returns the values that `select_points` selects, in the same order."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from reports.answer import Answer
from reports.charts import MAX_CIRCLES, SORTED_KINDS, TIME_KINDS, Chart
from reports.columns import Columns, header_of
from reports.sql.expressions import (
    curated_table,
    expression,
    named,
    row_number,
    spark_expression,
    text_literal,
    text_of,
    titled,
)
from reports.sql.labels import label_expression

COORDINATES = ("latitude", "longitude")


def chart_query(dataset: str, answer: Answer, chart: Chart, *, columns: Columns) -> exp.Select:
    """Return the query of a chart: one row for each point, bar or cell, in the order of the chart."""
    steps = ChartSteps(curated_table(dataset, answer), answer, chart, columns=columns)
    selected = [titled(exp.column(name), header) for name, header in steps.output_columns()]
    return steps.select(selected).order_by(*steps.sort_keys())


class ChartSteps:
    """The steps of a query that selects the values of a chart.

    Each step is a common table expression that reads the step before it. The steps mark the rows of the chart, add the
    values with the same labels, rank the panels, series and categories by weight, and keep the greatest.

    `conditions` also select rows. They are applied after `Chart.where` is computed, so a window function in
    `Chart.where` sees all rows of the table.
    """

    def __init__(
        self,
        table: exp.Table,
        answer: Answer,
        chart: Chart,
        *,
        columns: Columns,
        conditions: Sequence[exp.Expr] = (),
    ) -> None:
        self._table, self._answer, self._chart, self._columns = table, answer, chart, columns
        self._conditions = conditions
        self._steps: list[tuple[str, exp.Query]] = []
        self._condition = ""  # The condition that the next step applies to the rows of the last step.
        self.has_series = bool(chart.series) or len(chart.values) > 1
        self._mark_rows()
        self._add_values()
        if chart.panel:
            self._rank_panels()
        if self.has_series:
            self._rank_series()
        self._rank_categories()

    def select(self, columns: Sequence[exp.Expr]) -> exp.Select:
        """Return the query that selects columns of the last step."""
        query = self._from_last(*columns)
        for name, step in self._steps:
            query = query.with_(name, as_=step, copy=False)
        return query

    def output_columns(self) -> list[tuple[str, str]]:
        """Return the columns of the last step that describe a point, with their headers."""
        chart, columns = self._chart, self._columns
        titles = {
            "panel": ", ".join(header_of(name, columns=columns) for name in chart.panel),
            "category": ", ".join(header_of(name, columns=columns) for name in chart.category),
            "series": header_of(chart.series, columns=columns) if chart.series else "Series",
            **{name: name.title() for name in COORDINATES},
        }
        output = [(name, titles[name]) for name in self._labels()]
        output.append(("value", chart.axis))
        return [*output, ("is_complete", "Complete")] if chart.complete else output

    def sort_keys(self) -> list[exp.Ordered]:
        """Return the sort keys of the points."""
        panel = ["panel_rank"] if self._chart.panel else []
        keys = [*panel, *self.category_keys(), *(["series_rank"] if self.has_series else []), "row_position"]
        return [ordered_by(key) for key in keys]

    def category_keys(self) -> list[str]:
        """Return the sort keys of the categories in a panel. Each key is a column, which `DESC` can follow."""
        chart = self._chart
        if chart.kind in TIME_KINDS:
            return ["category"]
        return [*(["category_size DESC"] if _is_sorted(chart) else []), "category_position"]

    def _mark_rows(self) -> None:
        """Number the rows in the order of the answer, and compute the conditions of the chart.

        The conditions are columns, because a WHERE clause cannot contain window functions.
        """
        chart = self._chart
        columns = [exp.Star(), named(row_number(self._answer), "row_number")]
        if chart.where:
            columns.append(named(spark_expression(chart.where), "is_shown"))
        if chart.complete:
            complete = exp.Coalesce(this=spark_expression(chart.complete), expressions=[exp.false()])
            columns.append(named(complete, "is_complete"))
        self._steps.append(("marked", exp.select(*columns).from_(self._table)))

    def _add_values(self) -> None:
        """Make one row of each value, and add the values with the same labels."""
        chart = self._chart
        selects = [self._select_values(number) for number in range(len(chart.values))]
        values: exp.Query = selects[0]
        for select in selects[1:]:
            values = exp.union(values, select, distinct=False, copy=False)
        self._steps.append(("entries", values))
        labels = self._labels()
        sums = ["SUM(value) AS value", "SUM(weight) AS weight", "MIN(row_position) AS row_position"]
        sums += ["BOOL_AND(is_complete) AS is_complete"] if chart.complete else []
        sums += ["MIN(series_order) AS series_order"] if chart.series_order else []
        points = exp.select(*labels, *map(expression, sums)).from_("entries").group_by(*labels)
        self._steps.append(("points", points))

    def _rank_panels(self) -> None:
        """Keep the panels with the greatest weights."""
        self._extend("panel_weights", "SUM(weight) OVER (PARTITION BY panel) AS panel_weight")
        self._extend("panel_ranks", "DENSE_RANK() OVER (ORDER BY panel_weight DESC, panel) AS panel_rank")
        self._condition = f"panel_rank <= {self._chart.max_panels}"

    def _rank_series(self) -> None:
        """Rank the series. A chart with a column of series keeps only the greatest series, or sorts the series."""
        chart = self._chart
        if chart.series and chart.kind in ("dots", "line"):
            self._extend("series_weights", "SUM(weight) OVER (PARTITION BY series) AS series_weight")
            self._extend("series_ranks", "DENSE_RANK() OVER (ORDER BY series_weight DESC, series) AS series_rank")
            self._condition = f"series_rank <= {chart.max_series}"
        elif chart.series and chart.kind == "change":
            self._extend("series_ranks", "DENSE_RANK() OVER (ORDER BY series) AS series_rank")
        else:
            position = "series_order" if chart.series_order else "row_position"
            self._extend("series_positions", f"MIN({position}) OVER (PARTITION BY series) AS series_position")
            self._extend("series_ranks", "DENSE_RANK() OVER (ORDER BY series_position) AS series_rank")

    def _rank_categories(self) -> None:
        """Add the sort keys of the categories. Keep the greatest categories of a panel, or the greatest circles."""
        chart = self._chart
        if chart.kind in TIME_KINDS:
            return
        panel = "PARTITION BY panel" if chart.panel else ""
        category = f"{panel}, category" if panel else "PARTITION BY category"
        columns = [f"MIN(row_position) OVER ({category}) AS category_position"]
        if chart.kind == "map":
            self._extend("place_ranks", f"ROW_NUMBER() OVER ({panel} ORDER BY weight DESC, row_position) AS place_rank")
            self._condition = f"place_rank <= {MAX_CIRCLES}"
        if chart.kind not in SORTED_KINDS:
            self._extend("category_positions", *columns)
            return
        size = "weight" if chart.kind == "dots" else "value"
        adds_series = chart.kind == "bars" or (chart.kind == "dots" and bool(chart.series))
        if self.has_series and not adds_series and not chart.in_order:
            self._extend("last_series", "MAX(series_rank) OVER () AS last_series")
            size = f"CASE WHEN series_rank = last_series THEN {size} ELSE 0 END"
        columns += [] if chart.in_order else [f"SUM({size}) OVER ({category}) AS category_size"]
        self._extend("category_weights", *columns, f"SUM(weight) OVER ({category}) AS category_weight")
        order = "category_position" if chart.in_order else "category_weight DESC, category"
        rank = f"DENSE_RANK() OVER ({panel} ORDER BY {order}) AS category_rank"
        self._extend("category_ranks", rank)
        self._condition = f"category_rank <= {chart.max_categories}"

    def _select_values(self, number: int) -> exp.Select:
        chart = self._chart
        value = chart.values[number]
        columns = [named(label, name) for name, label in self._label_expressions(value).items()]
        columns.append(named(exp.column(value), "value"))
        weight = exp.Coalesce(this=exp.column(chart.weight or chart.values[-1]), expressions=[exp.Literal.number(0)])
        position = "row_number" if len(chart.values) == 1 else f"row_number * {len(chart.values)} + {number}"
        columns += [named(weight, "weight"), named(expression(position), "row_position")]
        columns += [exp.column("is_complete")] if chart.complete else []
        columns += [named(exp.column(chart.series_order), "series_order")] if chart.series_order else []
        select = exp.select(*columns).from_("marked").where(exp.column(value).is_(exp.null()).not_())
        return select.where(*(["is_shown"] if chart.where else []), *self._conditions)

    def _label_expressions(self, value: str) -> dict[str, exp.Expr]:
        chart = self._chart
        labels: dict[str, exp.Expr] = {}
        if chart.panel:
            labels["panel"] = label_expression(chart.panel, columns=self._columns)
        is_time = chart.kind in TIME_KINDS
        labels["category"] = (
            exp.column(chart.category[0]) if is_time else label_expression(chart.category, columns=self._columns)
        )
        if chart.series:
            labels["series"] = label_expression((chart.series,), columns=self._columns)
        elif self.has_series:
            labels["series"] = text_of(text_literal(header_of(value, columns=self._columns)))
        if chart.coordinates:
            labels |= {name: exp.column(column) for name, column in zip(COORDINATES, chart.coordinates, strict=True)}
        return labels

    def _labels(self) -> list[str]:
        return [*self._label_expressions(self._chart.values[0])]

    def _extend(self, name: str, *columns: str) -> None:
        """Add a step that adds columns to the rows of the last step."""
        self._steps.append((name, self._from_last(exp.Star(), *map(expression, columns))))
        self._condition = ""

    def _from_last(self, *columns: exp.Expr) -> exp.Select:
        query = exp.select(*columns).from_(self._steps[-1][0])
        return query.where(self._condition) if self._condition else query


def ordered_by(key: str) -> exp.Ordered:
    """Return a sort key from the text of an expression, which `DESC` can follow. Missing values come last."""
    return exp.Ordered(this=expression(key.removesuffix(" DESC")), desc=key.endswith(" DESC"), nulls_first=False)


def _is_sorted(chart: Chart) -> bool:
    return chart.kind in SORTED_KINDS and not chart.in_order
