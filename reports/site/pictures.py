"""Draw the charts of a site, with their legends and captions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from math import cos, pi, sin
from typing import Any

from reports.charts import Chart
from reports.columns import Columns, header_of
from reports.drawing import SPARKLINE_WIDTH, draw, draw_sparkline
from reports.drawing.layout import NARROW, SHAPES, WIDE, Spec, axis_start
from reports.drawing.rows import part_opacities
from reports.drawing.svg import to_svg
from reports.points import ChartData, Point
from reports.words import listed


@dataclass(frozen=True)
class LegendItem:
    """An item of a legend.

    Attributes:
        label: The text of the item.
        path: The outline of the symbol, in an SVG of 24 by 24 pixels around its center.
        fill: The fill color of the symbol.
        opacity: The opacity of the fill.
        stroke: The color of the outline.
    """

    label: str
    path: str
    fill: str
    opacity: float = 1
    stroke: str = "none"


@dataclass(frozen=True)
class Picture:
    """A chart on a page.

    Attributes:
        id: The id of the chart on its page.
        wide: The drawing for wide pages, as SVG.
        narrow: The drawing for narrow pages, as SVG.
        wide_spec: The Vega-Lite specification of the drawing for wide pages.
        narrow_spec: The Vega-Lite specification of the drawing for narrow pages.
        legend: The items of the legend.
        captions: The sentences below the chart.
    """

    id: str
    wide: str
    narrow: str
    wide_spec: Spec
    narrow_spec: Spec
    legend: tuple[LegendItem, ...]
    captions: tuple[str, ...]


@dataclass(frozen=True)
class Sparkline:
    """The small line of a dataset on the index page.

    Attributes:
        svg: The drawing.
        caption: The values and the period of the line.
    """

    svg: str
    caption: str


@dataclass(frozen=True)
class DatasetPictures:
    """The drawn charts of a dataset.

    Attributes:
        answers: The charts of each answer, in the order of the report.
        sparkline: The small line on the index page, if the report declares one.
        trend: The percentage of quarantined rows in each run, if there are several runs.
    """

    answers: Sequence[Sequence[Picture]]
    sparkline: Sparkline | None = None
    trend: Picture | None = None


def draw_picture(answer: str, number: int, chart: Chart, data: ChartData) -> Picture:
    """Draw a chart for wide and for narrow pages."""
    label = describe(chart, columns=data.columns)
    wide, narrow = draw(chart, data, width=WIDE), draw(chart, data, width=NARROW)
    return Picture(
        f"{answer}-{number}",
        wide=to_svg(wide, label=label, width=WIDE),
        narrow=to_svg(narrow, label=label, width=NARROW),
        wide_spec=wide,
        narrow_spec=narrow,
        legend=tuple(_legend(chart, data)),
        captions=tuple(_captions(chart, data)),
    )


def describe(chart: Chart, *, columns: Columns) -> str:
    """Describe a chart to screen readers. The description has no values, because the table of the answer has them.

    >>> bars = Chart(kind="bars", category=("street",), values=("incidents",), axis="Incidents at blocks")
    >>> describe(bars, columns={})
    'Bar chart: Incidents at blocks. The values are grouped by street.'
    """
    names = [*chart.category, *([chart.series] if chart.series else []), *chart.panel]
    headers = listed(header_of(name, columns=columns).lower() for name in names)
    return f"{_KINDS[chart.kind]}: {chart.axis}. The values are grouped by {headers}."


def draw_trend(dataset: str, quarantined: Sequence[float]) -> Picture:
    """Draw the percentage of quarantined rows in each run, from the oldest run to the last run."""
    note = "The chart shows the last validated runs, from old to new."
    axis = "Quarantined rows, % of published and quarantined rows"
    chart = Chart(kind="line", category=("run",), values=("quarantined_pct",), axis=axis, note=note)
    points = tuple(Point("", number, "", percentage) for number, percentage in enumerate(quarantined, start=1))
    return draw_picture(f"{dataset}-trend", 1, chart, ChartData(points, ("",), ("",)))


def draw_small_line(chart: Chart, data: ChartData) -> Sparkline:
    """Draw the total of all panels and series of a chart as a small line."""
    totals: dict[Any, float] = {}
    for point in data.points:
        totals[point.category] = totals.get(point.category, 0) + point.value
    first, last = (f"{end:%b %Y}" if isinstance(end, date) else str(end) for end in (min(totals), max(totals)))
    header = header_of(chart.category[0], columns=data.columns).lower()
    by_hour = "" if isinstance(max(totals), date) else f" by {header}"
    caption = f"{chart.axis}{by_hour}, {first} to {last}"
    spec = draw_sparkline(sorted(totals.items()))
    return Sparkline(to_svg(spec, label=caption, width=SPARKLINE_WIDTH), caption)


def _legend(chart: Chart, data: ChartData) -> Iterator[LegendItem]:
    if len(data.series) < 2 or chart.kind in ("heatmap", "columns", "map"):
        return
    opacities = part_opacities(len(data.series))
    for number, name in enumerate(data.series):
        if chart.kind == "stack":
            yield LegendItem(name, _SYMBOLS["square"], "var(--accent)", opacities[number])
        elif chart.kind == "line":
            yield LegendItem(name, "M-10,-1.5h20v3h-20Z", f"var(--series-{number + 1})")
        elif len(data.series) == 2:
            fill = "var(--page)" if number == 0 else "var(--accent)"
            yield LegendItem(name, _circle(5), fill, stroke="var(--accent)")
        else:
            yield LegendItem(name, _SYMBOLS[SHAPES[number]], f"var(--series-{number + 1})")


def _captions(chart: Chart, data: ChartData) -> Iterator[str]:
    if chart.kind == "map":
        highest = max(point.value for point in data.points)
        yield "The area of a circle stands for its value."
        yield f"The largest circle stands for {highest:,.0f} {_lower(chart.axis)}."
    if chart.kind == "heatmap":
        yield f"The darkest cell has {max(point.value for point in data.points):,.0f} {_lower(chart.axis)}."
    if not data.is_complete:
        yield chart.incomplete
    if start := axis_start(chart, data):
        yield f"The axis begins at {start:g} %."
    yield from (chart.note,) if chart.note else ()
    yield from data.left_out


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _circle(radius: float) -> str:
    size = f"{radius:.1f}"
    return f"M{size},0A{size},{size},0,1,1,-{size},0A{size},{size},0,1,1,{size},0"


def _polygon(corners: int, radius: float) -> str:
    angles = [2 * pi * corner / corners - pi / 2 for corner in range(corners)]
    return "M" + "L".join(f"{radius * cos(angle):.1f},{radius * sin(angle):.1f}" for angle in angles) + "Z"


_KINDS = {
    "line": "Line chart",
    "columns": "Column chart",
    "bars": "Bar chart",
    "dots": "Dot chart",
    "change": "Chart of changes",
    "stack": "Chart of parts of 100 %",
    "heatmap": "Heatmap",
    "map": "Map",
}
_SYMBOLS = {
    "circle": _circle(5),
    "square": "M-5,-5h10v10h-10Z",
    "triangle-up": _polygon(3, 6.5),
    "diamond": _polygon(4, 6),
}
