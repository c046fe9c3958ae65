"""Add native charts of Excel to a sheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from math import ceil, floor, log10
from typing import Any

from reports.charts import Chart
from reports.drawing.layout import axis_start, label_format
from reports.drawing.rows import part_opacities
from reports.points import ChartData
from reports.workbook.blocks import Block, DataSheet, Range
from reports.workbook.cells import ACCENT, INK, LINE, MUTED, excel_format

WIDTH = 660
"""The width of a chart in pixels."""

PALE = "#9CC5D6"
_PALE_COLUMN = {"fill": {"color": PALE}}
COLORS = (ACCENT, "#B8500C", "#7A4FA3", "#4D7A1F")
_MARKERS = ("circle", "square", "triangle", "diamond")
_KINDS = {"line": ("line", None), "columns": ("column", None), "stack": ("bar", "percent_stacked")}
_FONT = {"size": 9, "color": MUTED}
_TIME_HEIGHT, _PANEL_HEIGHT = 320, 220  # pixels
_BAR, _MIN_ROW, _AXES = 13, 27, 70  # pixels
_TITLE_OR_LEGEND = 28  # pixels
_MAX_DATE_LABELS = 8
_MIN_WHOLE = 5  # An axis up to this value may have labels with decimals.
_MAX_LABELED_POINTS = 12
_MAX_LARGE_MARKERS = 40


def add_charts(book: Any, chart: Chart, data: ChartData, sheet: DataSheet) -> Iterator[tuple[Any, int]]:
    """Add a chart to the workbook for each panel, and return the charts with their heights in pixels.

    The charts are not yet on a sheet. Their values are written to `sheet`.
    """
    for panel in data.panels:
        yield _panel(book, chart, data, sheet.add_block(chart, data, panel))


def captions(chart: Chart, data: ChartData) -> Iterator[str]:
    """Return the sentences below a chart."""
    if chart.kind == "map":
        yield f"A larger, darker circle stands for a greater value: {chart.axis[:1].lower()}{chart.axis[1:]}."
    if not data.is_complete and chart.incomplete:
        yield chart.incomplete
    if start := axis_start(chart, data):
        yield f"The axis begins at {start:g} %."
    yield from (chart.note,) if chart.note else ()
    yield from data.left_out


def style_chart(
    drawing: Any, *, title: Range | None, has_legend: bool, height: int, hidden_series: Sequence[int] = ()
) -> None:
    """Set the title, legend and size of a chart. `title` is the cell with the title.

    The legend does not show the series whose numbers are in `hidden_series`.
    """
    if title:
        drawing.set_title({"name": title, "name_font": {"size": 10, "bold": True, "color": INK}})
    else:
        drawing.set_title({"none": True})
    legend = {"position": "bottom", "font": _FONT, "delete_series": hidden_series}
    drawing.set_legend(legend if has_legend else {"none": True})
    drawing.set_chartarea({"border": {"none": True}})
    drawing.set_size({"width": WIDTH, "height": height})


def axis_style(title: str = "", *, grid: bool = False, **options: Any) -> dict[str, Any]:
    """Return the options of an axis without tick marks. If `grid` is true, the axis has grid lines."""
    style = {
        "num_font": _FONT,
        "line": {"color": LINE},
        "major_tick_mark": "none",
        "minor_tick_mark": "none",
        "major_gridlines": {"visible": grid, "line": {"color": LINE, "width": 0.75}},
        **options,
    }
    return {**style, "name": title, "name_font": {**_FONT, "bold": False}} if title else style


def _panel(book: Any, chart: Chart, data: ChartData, block: Block) -> tuple[Any, int]:
    kind, subtype = _KINDS.get(chart.kind, ("bar", None))
    has_title, has_legend = len(data.panels) > 1, len(block.series) > 1
    drawing = book.add_chart({"type": kind, "subtype": subtype} if subtype else {"type": kind})
    for number in range(len(block.series)):
        drawing.add_series(_series(chart, data, block, number))
    height = _PANEL_HEIGHT if has_title else _TIME_HEIGHT
    values = axis_style(chart.axis, grid=True, **_value_axis(chart, data))
    if kind == "bar":
        bars = 1 if chart.kind == "stack" else len(block.series)
        height = _AXES + max(_MIN_ROW, _BAR * bars + 10) * len(block.points)
        height += _TITLE_OR_LEGEND * (has_title + has_legend)
        drawing.set_y_axis(axis_style(reverse=True, crossing="max", label_position="low"))
        drawing.set_x_axis(values)
    else:
        drawing.set_x_axis(axis_style(**_time_axis(block)))
        drawing.set_y_axis(values)
        drawing.show_blanks_as("zero" if chart.missing_is_zero else "span")
    title = block.title_cell if has_title else None
    style_chart(drawing, title=title, has_legend=has_legend, height=height)
    return drawing, height


def _series(chart: Chart, data: ChartData, block: Block, number: int) -> dict[str, Any]:
    """Return the options of a series. Incomplete periods are open circles or pale columns."""
    color = _color(chart, number, len(block.series))
    points = [row[number] for row in block.points]
    cells = {"name": block.name_cell(number), "categories": block.categories, "values": block.values(number)}
    series: dict[str, Any] = {**cells, **_marks(chart, color, number=number, count=len(points))}
    incomplete = {"fill": {"color": "#FFFFFF"}, "border": {"color": color}} if chart.kind == "line" else _PALE_COLUMN
    if not all(point is None or point.is_complete for point in points):
        series["points"] = [None if point is None or point.is_complete else incomplete for point in points]
    if _has_labels(chart, block):
        num_format = excel_format(label_format(chart, data))
        position = "above" if chart.kind == "line" else "outside_end"
        font = {"size": 9, "color": INK}
        series["data_labels"] = {"value": True, "num_format": num_format, "position": position, "font": font}
    return series


def _marks(chart: Chart, color: str, *, number: int, count: int) -> dict[str, Any]:
    """Return the look of a series with `count` points: a line with markers, or bars."""
    fill, white = {"color": color}, {"color": "#FFFFFF", "width": 0.75}
    if chart.kind == "line":
        size = 6 if count <= _MAX_LARGE_MARKERS else 3
        marker = {"type": _MARKERS[number % len(_MARKERS)], "size": size, "fill": fill, "border": fill}
        return {"line": {"color": color, "width": 2}, "marker": marker}
    if chart.kind == "stack":
        return {"fill": fill, "border": white, "gap": 40, "overlap": 100}
    return {"fill": fill, "border": {"none": True}, "gap": 40, "overlap": 0}


def _has_labels(chart: Chart, block: Block) -> bool:
    """Return whether there is room for the values beside the marks."""
    is_single = len(block.series) == 1
    if chart.kind == "line":
        return is_single and len(block.points) <= _MAX_LABELED_POINTS
    return is_single or chart.kind == "change" or (chart.kind == "columns" and len(block.points) <= _MAX_LABELED_POINTS)


def _color(chart: Chart, number: int, count: int) -> str:
    if chart.kind == "stack":
        return _mix_with_white(part_opacities(count)[number])
    if count == 2 and chart.kind in ("dots", "change"):
        return (PALE, ACCENT)[number]
    return COLORS[number % len(COLORS)]


def _mix_with_white(opacity: float) -> str:
    parts = (int(ACCENT[start : start + 2], 16) for start in (1, 3, 5))
    return "#" + "".join(f"{round(255 - (255 - part) * opacity):02X}" for part in parts)


def _value_axis(chart: Chart, data: ChartData) -> dict[str, Any]:
    """Return the options of the value axis. All panels have the same scale, except if values are negative."""
    if chart.kind == "stack":
        return {"min": 0, "max": 1, "num_format": "0%"}
    start = axis_start(chart, data)
    values = [point.value for point in data.points]
    highest, lowest = max(values), min(values)
    if lowest < 0:
        return {"num_format": "General"}
    options: dict[str, Any] = {"min": start, "num_format": "#,##0" if highest >= _MIN_WHOLE else "General"}
    is_share = chart.values[0].endswith("_pct") and highest <= 100
    if start:
        options["max"] = 100
    elif highest and (len(data.panels) > 1 or is_share):
        top = _round_up(1.05 * highest)
        options["max"] = min(top, 100) if is_share else top
    return options


def _round_up(value: float) -> float:
    """Return the next round number, such as 35 for 31.2, and 80 for 71."""
    unit: float = 10 ** floor(log10(value))
    step = unit if value >= 5 * unit else unit / 2
    return ceil(value / step) * step


def _time_axis(block: Block) -> dict[str, Any]:
    """Return the options of the axis of months or years. An axis of months has a place for each missing month."""
    days = [point.category for row in block.points for point in row if point and isinstance(point.category, date)]
    if not days:
        return {"num_format": "0"}
    first, last = min(days), max(days)
    months = 12 * (last.year - first.year) + last.month - first.month + 1
    step = {"major_unit": ceil(months / _MAX_DATE_LABELS), "major_unit_type": "months"}
    return {"date_axis": True, "num_format": "yyyy-mm", **step}
