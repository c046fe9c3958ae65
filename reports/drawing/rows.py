"""Draw charts that have a row for each category: bars, dots and parts of 100 %."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from reports.charts import Chart
from reports.drawing.layout import (
    ACCENT,
    INK,
    LINE,
    MUTED,
    PAGE,
    SHAPES,
    WIDE,
    Spec,
    axis_title,
    chart_of,
    label_format,
    panels_of,
    scale_of,
    series_colors,
    to_rows,
    tooltip,
    wrap_labels,
)
from reports.points import ChartData

_ROOM_FOR_TEXT = 52  # pixels beside the greatest value
_MARGIN = 12  # pixels
MIN_OPACITY = 0.15
"""The opacity of the last part in a chart of parts."""


def draw_bars(chart: Chart, data: ChartData, width: int) -> alt.TopLevelMixin:
    """Draw a bar for each category, with its value beside it."""
    spec, labels = label_format(chart, data), wrap_labels(data, width)
    length = width - labels.width - _MARGIN
    scale = scale_of(data, length=length, room=_ROOM_FOR_TEXT)

    def draw_panel(part: ChartData) -> Any:
        rows = to_rows(part.points, spec, labels.texts)
        base = chart_of(rows, width=length, height=labels.step(part.points))
        spacing = alt.Scale(paddingInner=0.25)
        y = alt.Y("c:N", sort=None, title=None, axis=labels.axis(), scale=spacing)
        x = _value_axis(chart, data, part, "v:Q", scale=scale, length=length, width=width)
        bars = base.mark_bar(fill=ACCENT).encode(tooltip=tooltip(chart, data))
        return alt.layer(
            bars, base.mark_text(align="left", dx=5).encode(text=alt.Text("t:N")), encoding=alt.Encoding(x=x, y=y)
        )

    return panels_of(data, draw_panel, length=width, indent=labels.width)


def draw_dots(chart: Chart, data: ChartData, width: int) -> alt.TopLevelMixin:
    """Draw a dot for each value of a category, and a line between the lowest and the highest value.

    If there are two series, the dots of the first series are open. Otherwise the series differ in color and shape.
    """
    spec, labels, names = label_format(chart, data), wrap_labels(data, width), list(data.series)
    length = width - labels.width - _MARGIN
    scale = scale_of(data, length=length, room=_ROOM_FOR_TEXT if chart.kind == "change" else 8)

    def draw_panel(part: ChartData) -> Any:
        rows = to_rows(part.points, spec, labels.texts)
        order = list(dict.fromkeys(row["c"] for row in rows))
        base = chart_of(rows, width=length, height=labels.step(part.points))
        y = alt.Y("c:N", sort=None, title=None, axis=labels.axis(padding=12))
        x = _value_axis(chart, data, part, "v:Q", scale=scale, length=length, width=width)
        ranges = chart_of([_range(category, rows, names, spec) for category in order])
        lines = ranges.mark_rule(strokeWidth=2, stroke=LINE).encode(x=alt.X("a:Q"), x2=alt.X2("b:Q"))
        if len(names) <= 2:
            fills = alt.Scale(domain=names, range=[PAGE, ACCENT])
            marks = base.mark_point(size=80, strokeWidth=2, stroke=ACCENT, opacity=1)
            fill = alt.Fill("s:N", scale=fills) if len(names) == 2 else alt.FillValue(ACCENT)
            dots = marks.encode(x=x, fill=fill, tooltip=tooltip(chart, data))
        else:
            shapes = alt.Scale(domain=names, range=SHAPES[: len(names)])
            shape = alt.Shape("s:N", scale=shapes)
            marks = base.mark_point(size=70, filled=True, opacity=1)
            dots = marks.encode(x=x, fill=series_colors(data, alt.Fill), shape=shape, tooltip=tooltip(chart, data))
        if chart.kind != "change":
            return alt.layer(lines, dots, encoding=alt.Encoding(y=y))
        texts = ranges.mark_text(align="left", dx=10, fill=MUTED)
        return alt.layer(lines, dots, texts.encode(x=alt.X("b:Q"), text=alt.Text("d:N")), encoding=alt.Encoding(y=y))

    return panels_of(data, draw_panel, length=width, indent=labels.width)


def draw_stack(chart: Chart, data: ChartData, width: int) -> alt.TopLevelMixin:
    """Draw the parts of 100 % of each category as one bar. The order of the series is the order of the parts."""
    labels, names = wrap_labels(data, width), list(data.series)
    length = width - labels.width - _MARGIN
    scale = alt.Scale(domain=[0, 100], nice=False)
    shades = alt.Scale(domain=names, range=part_opacities(len(names)), type="ordinal")
    dark = {"field": "s", "oneOf": names[: (len(names) + 1) // 2]}

    def draw_panel(part: ChartData) -> Any:
        rows = _parts(part, labels.texts, min_label=4 if width == WIDE else 9)
        base = chart_of(rows, width=length, height=labels.step(part.points))
        y = alt.Y("c:N", sort=None, title=None, axis=labels.axis())
        x = _value_axis(chart, data, part, "a:Q", scale=scale, length=length, width=width)
        titles = {"c": "Label", "s": "Part", "t": "Share"}
        bars = base.mark_bar(fill=ACCENT, stroke=PAGE, strokeWidth=1).encode(
            x=x,
            x2=alt.X2("b:Q"),
            fillOpacity=alt.FillOpacity("s:O", scale=shades, sort=None),
            tooltip=[alt.Tooltip(f"{name}:N", title=title) for name, title in titles.items()],
        )
        color = alt.FillValue(INK, condition={"test": dark, "value": PAGE})
        texts = base.transform_filter("isValid(datum.m)").mark_text()
        return alt.layer(
            bars, texts.encode(x=alt.X("m:Q"), text=alt.Text("l:N"), fill=color), encoding=alt.Encoding(y=y)
        )

    return panels_of(data, draw_panel, length=width, indent=labels.width)


def part_opacities(count: int) -> list[float]:
    """Return the opacities of `count` parts, from opaque to pale."""
    return [round(1 - (1 - MIN_OPACITY) * number / max(count - 1, 1), 2) for number in range(count)]


def _value_axis(
    chart: Chart, data: ChartData, part: ChartData, field: str, *, scale: alt.Scale, length: int, width: int
) -> alt.X:
    """Return the value axis. Only the last panel has labels and the title."""
    is_last = part.points[-1:] == data.points[-1:]
    axis = alt.Axis(tickCount=5 if width == WIDE else 3, labels=is_last, labelOverlap=True)
    return alt.X(field, title=axis_title(chart, length) if is_last else None, scale=scale, axis=axis)


def _range(category: str, rows: Sequence[Spec], names: Sequence[str], spec: str) -> Spec:
    values = {row.get("s", ""): row["v"] for row in rows if row["c"] == category}
    text = ""
    if all(name in values for name in names):
        change = round(values[names[-1]] - values[names[0]], 1)
        text = format(change, f"+{spec}") if change else "0"
    return {"c": category, "a": min(values.values()), "b": max(values.values()), "d": text}


def _parts(data: ChartData, labels: Any, *, min_label: int) -> list[Spec]:
    """Return the start and end of each part in percent. Parts of at least `min_label` percent have a label."""
    rows = []
    for category in dict.fromkeys(point.category for point in data.points):
        points = [point for point in data.points if point.category == category]
        total, start = sum(point.value for point in points) or 1, 0.0
        for point in points:
            share = 100 * point.value / total
            row = {"c": labels[category], "s": point.series, "a": round(start, 2), "b": round(start + share, 2)}
            row |= {"m": round(start + share / 2, 2)} if share >= min_label else {}
            rows.append({**row, "t": f"{share:.1f} %", "l": f"{share:.0f}"})
            start += share
    return rows
