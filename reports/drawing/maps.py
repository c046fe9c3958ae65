"""Draw maps without tiles: a circle for each place, and the names of the greatest places."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, radians, sqrt
from typing import Any

import altair as alt

from reports.charts import Chart
from reports.drawing.layout import ACCENT, NARROW, PAGE, WIDE, Spec, chart_of, panels_of, text_width
from reports.points import ChartData, Point

_MAX_NAMES = {WIDE: 12, NARROW: 6}
_MAX_NAME_LENGTH = {WIDE: 40, NARROW: 26}  # characters
_MARGIN = 24  # pixels
_MIN_DEGREES = 0.02  # A smaller map shows hardly more than one place.


def draw_map(chart: Chart, data: ChartData, width: int) -> alt.TopLevelMixin:
    """Draw a circle for each place. The area of the circle stands for the value."""
    highest = max((point.value for point in data.points), default=1)

    def draw_panel(part: ChartData) -> Any:
        projection = _Projection(part.points, width)
        rows = [
            {"c": point.category, "v": point.value, "t": format(point.value, ",.0f"), **projection.to_pixels(point)}
            for point in part.points
        ]
        x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, width], nice=False, zero=False))
        y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[projection.height, 0], nice=False, zero=False))
        size = alt.Size("v:Q", scale=alt.Scale(domain=[0, highest], range=[0, _max_area(width)]))
        texts = [alt.Tooltip("c:N", title="Place"), alt.Tooltip("t:N", title=chart.axis)]
        circles = chart_of(rows, width=width, height=projection.height).mark_point(
            filled=True, fill=ACCENT, stroke=None, opacity=0.6
        )
        named = part.places if chart.places else part.points
        names = chart_of(_choose_names(named, projection, width, highest=highest if not chart.places else 0))
        halo = names.mark_text(fontWeight=600, stroke=PAGE, strokeWidth=4, fill=PAGE, strokeJoin="round")
        return alt.layer(
            circles.encode(size=size, tooltip=texts),
            halo.encode(text=alt.Text("c:N")),
            names.mark_text(fontWeight=600).encode(text=alt.Text("c:N")),
            encoding=alt.Encoding(x=x, y=y),
        )

    return panels_of(data, draw_panel, length=width)


def circle_radius(value: float, *, highest: float, width: int) -> float:
    """Return the radius in pixels of the circle that stands for a value."""
    return sqrt(_max_area(width) * value / (highest or 1)) / 2


def _max_area(width: int) -> float:
    """Return the size of the greatest circle, as Vega defines it: the square of the diameter in pixels."""
    return 576 * (width / WIDE) ** 2


class _Projection:
    """Project coordinates to pixels, so that a kilometer has the same length in both directions."""

    def __init__(self, points: Sequence[Point], width: int) -> None:
        latitudes = [point.latitude for point in points if point.latitude is not None]
        longitudes = [point.longitude for point in points if point.longitude is not None]
        self.north, self.west = max(latitudes), min(longitudes)
        self.shrink = cos(radians(sum(latitudes) / len(latitudes)))
        degrees_wide = max((max(longitudes) - self.west) * self.shrink, _MIN_DEGREES)
        degrees_high = max(self.north - min(latitudes), _MIN_DEGREES)
        self.scale = min((width - 2 * _MARGIN) / degrees_wide, 0.95 * width / degrees_high)
        self.left = (width - degrees_wide * self.scale) / 2
        self.height = round(degrees_high * self.scale) + 2 * _MARGIN

    def to_pixels(self, point: Point) -> dict[str, float]:
        x = self.left + ((point.longitude or 0) - self.west) * self.shrink * self.scale
        return {"x": round(x, 1), "y": round(_MARGIN + (self.north - (point.latitude or 0)) * self.scale, 1)}


def _choose_names(places: Sequence[Point], projection: _Projection, width: int, *, highest: float) -> list[Spec]:
    """Choose the names of the greatest places. A name that would touch another name is left out.

    If the places have circles, a name is above its circle. `highest` is the value of the greatest circle, or 0.
    """
    boxes: list[tuple[float, float, float, float]] = []
    names: dict[str, Spec] = {}
    for place in sorted(places, key=lambda point: -point.value):
        name, at = str(place.category), projection.to_pixels(place)
        at["y"] -= round(circle_radius(place.value, highest=highest, width=width) + 8, 1) if highest else 0
        if len(names) == _MAX_NAMES[width] or len(name) > _MAX_NAME_LENGTH[width] or name in names:
            continue
        half = text_width(name) / 2 + 6
        x = min(max(at["x"], half), width - half)
        box = (x - half, at["y"] - 10, x + half, at["y"] + 10)
        if all(box[2] < other[0] or box[0] > other[2] or box[3] < other[1] or box[1] > other[3] for other in boxes):
            boxes.append(box)
            names[name] = {"c": name, "x": round(x, 1), "y": at["y"]}
    return list(names.values())
