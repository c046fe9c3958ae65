"""Draw charts over time: lines, columns, and weekdays with hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import altair as alt

from reports.charts import Chart
from reports.drawing.layout import (
    ACCENT,
    PAGE,
    PANEL_SPACING,
    WIDE,
    Spec,
    axis_start,
    axis_title,
    chart_of,
    label_format,
    panels_of,
    scale_of,
    series_colors,
    text_width,
    to_rows,
    tooltip,
)
from reports.points import ChartData, Point
from reports.words import WEEKDAYS

_MAX_LARGE_DOTS = 40  # A longer line has smaller dots.
_MAX_YEARS_WITH_MONTHS = 3
_WEEKDAYS_WIDTH = 64  # pixels, for the labels of weekdays
_AXIS_TITLE_WIDTH = 36  # pixels, for the title of the value axis and the spaces beside it
_LAST_VALUE_WIDTH = 52  # pixels, for the value beside the end of a line


def draw_line(chart: Chart, data: ChartData, width: int) -> alt.TopLevelMixin:
    """Draw a line for each series. Incomplete periods are open circles. The last value of a single line is labeled."""
    start, spec = axis_start(chart, data), label_format(chart, data)
    scale = alt.Scale(domain=[start, 100], nice=False, zero=False) if start else scale_of(data)
    has_panels, several, axis_width = len(data.panels) > 1, len(data.series) > 1, _axis_width(data)
    columns = min(len(data.panels), 3 if width == WIDE else 1)
    height = 120 if has_panels else 240
    length = (width - PANEL_SPACING * (columns - 1)) // columns - axis_width - _LAST_VALUE_WIDTH
    stroke = series_colors(data, alt.Stroke) if several else alt.StrokeValue(ACCENT)
    fill = series_colors(data, alt.Fill) if several else alt.FillValue(ACCENT)

    def draw_panel(part: ChartData) -> Any:
        lines = [row for name in data.series for row in _line_rows(chart, part.points, name, spec)]
        line = chart_of(lines, width=length, height=height).mark_line(strokeWidth=2).encode(stroke=stroke)
        x = _time_axis(data, many=width == WIDE and columns == 1)
        y = alt.Y("v:Q", title=axis_title(chart, height), scale=scale, axis=alt.Axis(tickCount=4))
        size = 12 if len(part.points) > _MAX_LARGE_DOTS else 36
        dots = chart_of(to_rows([point for point in part.points if point.is_complete], spec))
        marks = dots.mark_point(filled=True, size=size, opacity=1)
        layers = [line, marks.encode(fill=fill, tooltip=tooltip(chart, data))]
        if open_rows := to_rows([point for point in part.points if not point.is_complete], spec):
            circles = chart_of(open_rows).mark_point(fill=PAGE, size=48, strokeWidth=2, opacity=1)
            layers.append(circles.encode(stroke=stroke, tooltip=tooltip(chart, data)))
        if not several:
            last = chart_of(to_rows(part.points[-1:], spec)).mark_text(fontWeight=600, align="left", dx=8)
            layers.append(last.encode(text=alt.Text("t:N")))
        return alt.layer(*layers, encoding=alt.Encoding(x=x, y=y))

    return panels_of(data, draw_panel, columns=columns, length=length + axis_width, indent=axis_width - 14)


def draw_columns(chart: Chart, data: ChartData, width: int) -> alt.TopLevelMixin:
    """Draw a column for each period. Each series is a panel. Incomplete periods are pale.

    The values are above the columns, unless the columns are too narrow.
    """
    spec = label_format(chart, data)
    if len(data.series) > 1:
        points = tuple(replace(point, panel=point.series, series="") for point in data.points)
        data = replace(data, points=points, panels=data.series, series=("",))
    columns = min(len(data.panels), 4 if width == WIDE else 2)
    height = 140 if len(data.panels) > 1 else 220
    periods = len({point.category for point in data.points})
    length = min((width - PANEL_SPACING * (columns - 1)) // columns - _axis_width(data), 90 * periods)
    widest = max(text_width(format(point.value, spec)) for point in data.points)
    scale = scale_of(data, length=height, room=16)
    spacing = alt.Scale(paddingInner=0.3)

    def draw_panel(part: ChartData) -> Any:
        rows = [
            row if point.is_complete else {**row, "i": True}
            for row, point in zip(to_rows(part.points, spec), part.points, strict=True)
        ]
        base = chart_of(rows, width=length, height=height)
        x = alt.X("c:O", title=None, axis=alt.Axis(labelAngle=0, grid=False, labelOverlap=True), scale=spacing)
        y = alt.Y("v:Q", title=axis_title(chart, height), scale=scale, axis=alt.Axis(tickCount=4))
        opacity = alt.OpacityValue(1, condition={"test": "datum.i", "value": 0.45})
        bars = base.mark_bar(fill=ACCENT).encode(opacity=opacity, tooltip=tooltip(chart, data))
        values = base.mark_text(dy=-8, fontWeight=600).encode(text=alt.Text("t:N"))
        layers = [bars, values] if widest <= length / periods else [bars]
        return alt.layer(*layers, encoding=alt.Encoding(x=x, y=y))

    return panels_of(data, draw_panel, columns=columns, length=length)


def draw_heatmap(chart: Chart, data: ChartData, width: int) -> alt.TopLevelMixin:
    """Draw a cell for each weekday and hour. The cell with the greatest value is opaque."""
    highest = max((point.value for point in data.points), default=1)
    is_wide = width == WIDE
    all_hours = alt.Scale(domain=[*range(24)])
    hours = [hour for hour in range(24) if hour % (3 if is_wide else 6) == 0]

    def draw_panel(part: ChartData) -> Any:
        rows = [{**row, "s": _weekday(row["s"])} for row in to_rows(part.points, ",.0f")]
        height = len(WEEKDAYS) * (22 if is_wide else 18)
        base = chart_of(rows, width=width - _WEEKDAYS_WIDTH, height=height)
        x = alt.X(
            "c:O", title="Hour of the day", axis=alt.Axis(labelAngle=0, grid=False, values=hours), scale=all_hours
        )
        y = alt.Y("s:O", title=None, sort=[day[:3] for day in WEEKDAYS], axis=alt.Axis(grid=False))
        shade = alt.FillOpacity("v:Q", scale=alt.Scale(domain=[0, highest], range=[0.04, 1]))
        texts = [
            alt.Tooltip("s:N", title="Day"),
            alt.Tooltip("c:O", title="Hour"),
            alt.Tooltip("t:N", title=chart.axis),
        ]
        cells = base.mark_rect(fill=ACCENT, stroke=PAGE, strokeWidth=1)
        return alt.layer(cells.encode(x=x, y=y, fillOpacity=shade, tooltip=texts))

    return panels_of(data, draw_panel, length=width)


def _line_rows(chart: Chart, points: Sequence[Point], series: str, spec: str) -> list[Spec]:
    """Return the rows of a line. A missing month or year is a gap in the line, or 0 if the chart says so."""
    rows: list[Spec] = []
    of_series = [point for point in points if point.series == series]
    for before, after in zip(of_series, [*of_series[1:], None], strict=False):
        rows += to_rows([before], spec)
        missing = _periods_between(before.category, after.category) if after else []
        if missing and chart.missing_is_zero:
            rows += to_rows([replace(before, category=period, value=0) for period in missing], spec)
        elif missing:
            rows += [{**row, "v": None} for row in to_rows([replace(before, category=missing[0])], spec)]
    return rows


def _periods_between(first: Any, last: Any) -> list[Any]:
    """Return the months between two dates, or the numbers between two whole numbers."""
    if isinstance(first, date) and isinstance(last, date):
        numbers = range(12 * first.year + first.month, 12 * last.year + last.month - 1)
        return [date(number // 12, number % 12 + 1, 1) for number in numbers]
    return list(range(first + 1, last)) if isinstance(first, int) and isinstance(last, int) else []


def _time_axis(data: ChartData, *, many: bool) -> alt.X:
    """Return the axis of months, years or hours, which all panels share. `many` says that there is room for labels."""
    axis = alt.Axis(labelAngle=0, grid=False, labelOverlap=True, labelSeparation=8)
    periods = sorted({point.category for point in data.points})
    if not isinstance(periods[0], date):
        is_number = isinstance(periods[0], int)
        domain = [*range(periods[0], periods[-1] + 1)] if is_number else periods
        return alt.X("c:O", title=None, axis=axis, scale=alt.Scale(domain=domain))
    ends = [periods[0].isoformat(), periods[-1].isoformat()]
    axis.format = "%Y" if periods[-1].year - periods[0].year >= _MAX_YEARS_WITH_MONTHS else "%b %Y"
    if many:
        axis.tickCount = 8
    else:
        axis.values, axis.labelFlush = ends, True
    return alt.X("c:T", title=None, axis=axis, scale=alt.Scale(type="utc", domain=ends))


def _axis_width(data: ChartData) -> int:
    """Return the width of the value axis in pixels, for its title and the label of the greatest value."""
    highest = max((point.value for point in data.points), default=0)
    return _AXIS_TITLE_WIDTH + round(text_width(f"{highest:,.0f}"))


def _weekday(label: str) -> str:
    return WEEKDAYS[int(label) - 1][:3] if label.isdigit() and 1 <= int(label) <= len(WEEKDAYS) else label
