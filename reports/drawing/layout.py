"""The colors, fonts, labels, scales and panels that all kinds of charts share.

Colors are CSS variables, so one drawing serves light pages, dark pages and paper. Altair's schema does not allow CSS
variables in `configure`, so the colors are in the `config` of the specification.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import floor
from textwrap import wrap
from typing import Any

import altair as alt

from reports.charts import Chart
from reports.columns import header_of
from reports.points import ChartData, Point
from reports.words import month_and_year

WIDE, NARROW = 640, 320
"""The widths of the two drawings of each chart in pixels. The page displays the drawing that fits."""

PANEL_SPACING = 20  # pixels

Spec = dict[str, Any]

INK, MUTED, LINE, ACCENT, PAGE = (f"var(--{name})" for name in ("ink", "muted", "line", "accent", "page"))
SERIES_COLORS = [f"var(--series-{number})" for number in range(1, 5)]
SHAPES = ["circle", "square", "triangle-up", "diamond"]
CONFIG: Spec = {
    "aria": False,
    "background": "transparent",
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": MUTED,
        "titleColor": MUTED,
        "gridColor": LINE,
        "domain": False,
        "ticks": False,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelPadding": 6,
        "titlePadding": 10,
        "labelLimit": 0,
        "titleLimit": 0,
    },
    "legend": {"disable": True},  # The page has the legend, because a legend in the drawing does not wrap.
    "title": {"color": INK, "fontSize": 12, "fontWeight": 600, "anchor": "start", "frame": "group", "offset": 6},
    "text": {"color": INK, "fontSize": 12},
    "concat": {"spacing": PANEL_SPACING},
}
_MAX_LABEL_LENGTH = 90  # characters
_LINE_HEIGHT = 13  # pixels


@dataclass(frozen=True)
class Labels:
    """The labels of categories beside a chart.

    Attributes:
        texts: Maps each category to its label, which may have several lines.
        width: The width of the labels in pixels.
    """

    texts: Mapping[Any, str]
    width: int

    def step(self, points: Sequence[Point]) -> alt.Step:
        """Return the height of a row, so that the labels of the points do not touch."""
        lines = max((self.texts[point.category].count("\n") + 1 for point in points), default=1)
        return alt.Step(26 if lines == 1 else _LINE_HEIGHT * lines + 13)

    def axis(self, *, padding: int = 6) -> alt.Axis:
        """Return the axis of the categories. `padding` is the space between a label and the plot in pixels."""
        expression = "split(datum.label, '\\n')"
        return alt.Axis(labelExpr=expression, grid=False, labelLineHeight=_LINE_HEIGHT, labelPadding=padding)


def wrap_labels(data: ChartData, width: int) -> Labels:
    """Wrap the labels of categories to less than half of the width of the chart. Labels that are too long are cut."""
    texts: dict[Any, str] = {}
    for category in dict.fromkeys(point.category for point in data.points):
        text = cut(str(category), _MAX_LABEL_LENGTH)
        lines = wrap(text.replace("/", "/\0 "), 34 if width == WIDE else 18)  # A line may also end after a slash.
        label = "\n".join(lines).replace("\0 ", "").replace("\0", "") or "-"
        while label in texts.values():
            label += "\u200b"  # Two long labels may be equal after they are cut. This character is not visible.
        texts[category] = label
    longest = max((text_width(line) for label in texts.values() for line in label.split("\n")), default=0)
    return Labels(texts, round(longest) + 10)


def text_width(text: str) -> float:
    """Estimate the width of a text of 12 pixels in a wide font."""
    return sum(8.4 if character.isupper() or character in "MWmw%" else 6.9 for character in text)


def cut(text: str, length: int) -> str:
    """Return a text with at most `length` characters."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def to_rows(points: Sequence[Point], spec: str, labels: Mapping[Any, str] | None = None) -> list[Spec]:
    """Return the points as compact rows: category, value, text of the value, and the series if there are several."""
    rows = []
    for point in points:
        category = (labels or {}).get(point.category, _category(point.category))
        row = {"c": category, "v": float(f"{point.value:.6g}"), "t": format(point.value, spec)}
        if isinstance(point.category, date):
            row["l"] = month_and_year(point.category)
        rows.append({**row, "s": point.series} if point.series else row)
    return rows


def chart_of(rows: Sequence[Spec], **properties: Any) -> alt.Chart:
    """Return a chart of rows that are part of the specification. `properties` are the width and height of the plot."""
    return alt.Chart(alt.Data(values=tuple(rows)), **properties)  # type: ignore[no-untyped-call]  # Altair has no type for it


def panels_of(
    data: ChartData, draw_panel: Callable[[ChartData], Any], *, columns: int = 1, length: int, indent: int = 0
) -> alt.TopLevelMixin:
    """Draw each panel, and put the panels into a grid. A single panel has no title.

    A title is at most `length` pixels long, and begins `indent` pixels to the left of the plot.
    """
    drawings = []
    for panel in data.panels:
        points = tuple(point for point in data.points if point.panel == panel)
        drawing = draw_panel(replace(data, points=points))
        if len(data.panels) > 1:
            text = wrap(cut(panel, 80), max(int(length / 8.4), 12))
            drawing.title = alt.Title(text, dx=-indent)
        drawings.append(drawing)
    return drawings[0] if len(drawings) == 1 else alt.concat(*drawings, columns=columns)


def axis_title(chart: Chart, length: float) -> list[str]:
    """Wrap the title of the value axis, so that the title is not longer than the axis. `length` is in pixels."""
    return wrap(chart.axis, max(int(length / 6.9), 12))


def scale_of(data: ChartData, *, start: float = 0, length: float = 0, room: float = 0) -> alt.Scale:
    """Return the scale that all panels share.

    `length` is the length of the axis in pixels. `room` is the space beside the greatest value in pixels.
    """
    highest = max((point.value for point in data.points), default=0) or 1
    end = start + (highest - start) * (length / (length - room) if length else 1)
    return alt.Scale(domain=[start, end], nice=False, zero=not start)


def axis_start(chart: Chart, data: ChartData) -> float:
    """Return the value at which the value axis begins. Only lines of high percentages do not begin at 0."""
    lowest = min((point.value for point in data.points), default=0)
    if chart.kind != "line" or not chart.values[0].endswith("_pct") or lowest < 50:
        return 0
    return max(0, 10 * floor((lowest - 10) / 10))


def label_format(chart: Chart, data: ChartData) -> str:
    """Return the format of the values beside bars and dots."""
    is_whole = all(point.value == int(point.value) for point in data.points)
    return ",.0f" if is_whole and not chart.values[0].endswith("_pct") else ",.1f"


def series_colors(data: ChartData, channel: Callable[..., Any]) -> Any:
    """Return the encoding of the series by color. `channel` is the part of a mark that is colored."""
    names = list(data.series)
    return channel("s:N", scale=alt.Scale(domain=names, range=SERIES_COLORS[: len(names)]))


def tooltip(chart: Chart, data: ChartData) -> list[alt.Tooltip]:
    """Return the texts that are displayed when the pointer is on a mark."""
    series = [alt.Tooltip("s:N", title="Series")] if len(data.series) > 1 else []
    has_months = any(isinstance(point.category, date) for point in data.points)
    title = ", ".join(header_of(name, columns=data.columns) for name in chart.category)
    label = alt.Tooltip("l:N" if has_months else "c:N", title=title)
    return [label, *series, alt.Tooltip("t:N", title=chart.axis)]


def _category(category: Any) -> Any:
    return category.isoformat() if isinstance(category, date) else category
