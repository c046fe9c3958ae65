"""Build the dashboard of a dataset from the declaration of its report. This needs neither tables nor Spark."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from math import ceil

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import GridPos, VariableOption, VariableRefresh

from reports.answer import Answer, Report
from reports.charts import SORTED_KINDS, Chart
from reports.columns import Columns, header_of
from reports.grafana.panels import DATA_SOURCE, Panel, chart_panel, table_panel, target
from reports.grafana.queries import chart_query, fields_of, is_by_month, table_query, variable_query

DEFAULT_DATABASE = "curated"
"""The Glue database of the curated tables, unless the reader enters another database."""

MIN_HIDDEN_COLUMNS = 4
"""An answer has a table if its charts leave out at least this number of displayed columns."""

_WIDTH = 24  # columns of Grafana's grid
_PIXELS_PER_UNIT = 38  # a unit of height, with the gap between panels
_BAR_HEIGHT, _GROUPED_BAR_HEIGHT = 24, 14  # pixels
_FRAME_HEIGHT = 90  # pixels for the title, the axis and the legend
_HEIGHTS = {"heatmap": 10, "map": 14, "line": 9, "columns": 9, "stack": 9}
_TABLE_HEIGHT = 12


@dataclass(frozen=True)
class _Item:
    """A panel with its width and height, in units of Grafana's grid."""

    panel: Panel
    width: int
    height: int


def render_dashboard(dataset: str, report: Report) -> str:
    """Return the dashboard of a dataset as JSON. The same declaration always gives the same text.

    Each answer has a panel for each chart, and a table if its charts leave out too much. The reader selects the data
    source, the database and the columns of `Chart.panel` with variables. The columns of the tables are not known, so an
    answer that declares no columns has the columns of its charts.
    """
    answers = [answer.with_columns(_columns_of_charts(answer)) for answer in report.answers]
    report = replace(report, answers=tuple(answers))
    board = dashboard.Dashboard(report.title).tags(["citylake", dataset]).timezone("utc")
    board.description(" ".join(f"Source: {source.title}." for source in report.sources))
    has_months = any(is_by_month(chart) for answer in report.answers for chart in answer.charts)
    board.time("now-5y", "now").timepicker(dashboard.TimePicker().hidden(not has_months))
    board.with_variable(
        dashboard.DatasourceVariable("datasource").label("Data source").type(DATA_SOURCE.type_val or "")
    )
    database = VariableOption(text=DEFAULT_DATABASE, value=DEFAULT_DATABASE)
    board.with_variable(
        dashboard.TextBoxVariable("database").label("Database").default_value(DEFAULT_DATABASE).current(database)
    )
    for column, charts in _columns_of_panels(report).items():
        query = target(variable_query(dataset, charts, column=column, columns=report.columns)).build().to_json()
        variable = dashboard.QueryVariable(column).label(header_of(column, columns=report.columns)).query(query)
        board.with_variable(variable.datasource(DATA_SOURCE).refresh(VariableRefresh.ON_DASHBOARD_LOAD))
    _add_panels(board, dataset, report)
    return json.dumps(board.build(), cls=JSONEncoder, indent=2, ensure_ascii=False) + "\n"


def has_table(answer: Answer) -> bool:
    """Return True if the dashboard shows a table of an answer.

    An answer has a table if its charts leave out at least `MIN_HIDDEN_COLUMNS` displayed columns, or the difference by
    which the answer is sorted. A rank does not count, because the order of a chart shows the rank.
    """
    shown = _columns_of_charts(answer)
    hidden = [name for name in answer.columns if name not in shown and not name.endswith("rank")]
    is_sorted_by_hidden_difference = any(f"-|{name}|" in answer.order for name in hidden)
    return len(hidden) >= MIN_HIDDEN_COLUMNS or is_sorted_by_hidden_difference or not answer.charts


def _columns_of_charts(answer: Answer) -> list[str]:
    """Return the columns that the charts of an answer show."""
    names = [
        name
        for chart in answer.charts
        for name in (*chart.panel, *chart.category, chart.series, *(chart.coordinates or ()), *chart.values)
    ]
    return [name for name in dict.fromkeys(names) if name]


def _columns_of_panels(report: Report) -> Mapping[str, list[tuple[Answer, Chart]]]:
    """Return the columns that a reader selects with variables, and the charts that each variable changes."""
    columns: dict[str, list[tuple[Answer, Chart]]] = {}
    for answer in report.answers:
        for chart in answer.charts:
            for name in chart.panel:
                columns.setdefault(name, []).append((answer, chart))
    return columns


def _add_panels(board: dashboard.Dashboard, dataset: str, report: Report) -> None:
    """Add the panels of all answers line by line, and a row with a heading before each section."""
    top, ids = 0, count(1)
    for line in _lines(dataset, report):
        if isinstance(line, str):
            board.with_row(dashboard.Row(line).id(next(ids)).grid_pos(GridPos(h=1, w=_WIDTH, x=0, y=top)))
            top += 1
            continue
        height, left = max(item.height for item in line), 0
        for item in line:
            # The last panel of a line takes the remaining width.
            width = _WIDTH - left if item is line[-1] else item.width
            board.with_panel(item.panel.id(next(ids)).grid_pos(GridPos(h=height, w=width, x=left, y=top)))
            left += width
        top += height


def _lines(dataset: str, report: Report) -> Iterator[str | list[_Item]]:
    """Yield the headings of sections and the lines of panels, from the top of the dashboard to its bottom.

    The panels of an answer are on the same line, if the line is wide enough.
    """
    line: list[_Item] = []
    for answer in report.answers:
        items = list(_items(dataset, answer, report.columns))
        heading = report.sections.get(answer.name, "")
        if line and (heading or _width(line) + _width(items) > _WIDTH):
            yield line
            line = []
        if heading:
            yield heading
        for item in items:
            if _width(line) + item.width > _WIDTH:
                yield line
                line = []
            line.append(item)
    if line:
        yield line


def _width(items: Iterable[_Item]) -> int:
    return sum(item.width for item in items)


def _items(dataset: str, answer: Answer, columns: Columns) -> Iterator[_Item]:
    """Yield the panels of an answer."""
    for chart in answer.charts:
        fields = fields_of(chart, columns=columns)
        panel = chart_panel(chart, chart_query(dataset, answer, chart, columns=columns), fields, columns=columns)
        panel.title(_title(answer.question, chart.panel))
        # The note of a chart with panels describes the panels of the site. Here, the reader selects the panel.
        notes = [answer.note, "" if chart.panel else chart.note]
        panel.description(" ".join(note for note in notes if note))
        yield _Item(panel, _WIDTH if chart.kind == "heatmap" else _WIDTH // 2, _height(chart))
    if has_table(answer):
        panel = table_panel(answer, table_query(dataset, answer, columns=columns), columns=columns)
        panel.title(_title(f"Details: {answer.question}", answer.charts[0].panel if answer.charts else ()))
        panel.description(answer.note)
        yield _Item(panel, _WIDTH // 2, _TABLE_HEIGHT)


def _title(question: str, panel: Iterable[str]) -> str:
    """Return the title of a panel. Grafana replaces a variable by its selected value."""
    return " ".join((question, ", ".join(f"${{{name}}}" for name in panel))).strip()


def _height(chart: Chart) -> int:
    """Return the height of a chart. All bars of the greatest categories have the same height."""
    if chart.kind not in SORTED_KINDS:
        return _HEIGHTS[chart.kind]
    series = len(chart.values)
    if chart.series:
        series = 2 if chart.kind == "change" else chart.max_series
    bar_height = _BAR_HEIGHT if series == 1 else _GROUPED_BAR_HEIGHT
    return ceil((chart.max_categories * series * bar_height + _FRAME_HEIGHT) / _PIXELS_PER_UNIT)
