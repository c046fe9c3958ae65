"""Add maps to a workbook: scatter charts with a circle at the longitude and latitude of each place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import cos, radians
from typing import Any

from reports.charts import Chart
from reports.points import ChartData, Point
from reports.workbook.blocks import Block, DataSheet
from reports.workbook.cells import ACCENT, INK, clean_text
from reports.workbook.charts import WIDTH, axis_style, style_chart

_SIZES = (4, 8, 13)  # points
_COLORS = ("#C9E0EA", "#85B7CC", "#3F93B5")
_SHARES_OF_HIGHEST = (0.1, 0.5)
_MARGIN = 0.06  # of the width of the map
_AXES_HEIGHT, _AXES_WIDTH = 100, 70  # pixels
_MIN_HEIGHT, _MAX_HEIGHT = 280, 560  # pixels
_MIN_DEGREES = 0.02
_MAX_NAMES, _MAX_NAME_LENGTH = 8, 30
_CHARACTER_WIDTH, _NAME_HEIGHT = 6, 16  # pixels


def add_maps(book: Any, chart: Chart, data: ChartData, sheet: DataSheet) -> Iterator[tuple[Any, int]]:
    """Add a map to the workbook for each panel, and return the maps with their heights in pixels.

    XlsxWriter has no bubble charts. So the places are divided into at most three series with circles of different
    sizes.
    """
    for panel in data.panels:
        points = [point for point in data.points if point.panel == panel and point.latitude is not None]
        places = [place for place in data.places if place.panel == panel]
        if points:
            yield _map(book, chart, points, places, panel if len(data.panels) > 1 else "", sheet)


def _map(
    book: Any, chart: Chart, points: Sequence[Point], places: Sequence[Point], panel: str, sheet: DataSheet
) -> tuple[Any, int]:
    drawing, frame = book.add_chart({"type": "scatter"}), _Frame(points)
    highest = max(point.value for point in points)
    limits = [0, *(max(int(highest * share), number) for number, share in enumerate(_SHARES_OF_HIGHEST, 1)), highest]
    blocks = []
    for size, color, low, high in zip(_SIZES, _COLORS, limits, limits[1:], strict=False):
        if part := [point for point in points if low < point.value <= high or (low == 0 and point.value <= 0)]:
            name = f"{low + 1:,.0f} to {high:,.0f}" if low + 1 < high else f"{high:,.0f}"
            blocks.append(sheet.add_points(panel or chart.axis, part, ("Longitude", "Latitude", name)))
            drawing.add_series(_circles(blocks[-1], size, color))
    if named := frame.choose_names(places if chart.places else points):
        block = sheet.add_points("Names on the map", named, ("Longitude", "Latitude", chart.axis))
        drawing.add_series(_names(block, named))
    drawing.set_x_axis(axis_style("Longitude, degrees", **frame.longitudes))
    drawing.set_y_axis(axis_style("Latitude, degrees", **frame.latitudes))
    title, names = blocks[0].title_cell if panel else None, [len(blocks)] if named else []
    style_chart(drawing, title=title, has_legend=True, height=frame.height, hidden_series=names)
    return drawing, frame.height


def _circles(block: Block, size: int, color: str) -> dict[str, Any]:
    """Return a series of circles. Its name is the range of values that the circles stand for."""
    look = {"fill": {"color": color}, "border": {"color": ACCENT, "width": 0.75}}
    cells = {"name": block.name_cell(2), "categories": block.values(0), "values": block.values(1)}
    return {**cells, "marker": {"type": "circle", "size": size, **look}}


def _names(block: Block, places: Sequence[Point]) -> dict[str, Any]:
    """Return a series without markers. Each point has the name of its place as a label."""
    return {
        "name": block.title_cell,
        "categories": block.values(0),
        "values": block.values(1),
        "marker": {"type": "none"},
        "data_labels": {
            "value": True,
            "position": "center",
            "font": {"size": 9, "bold": True, "color": INK},
            "custom": [{"value": clean_text(place.category)} for place in places],
        },
    }


class _Frame:
    """The part of the earth that a map shows. A kilometer has the same length in both directions."""

    def __init__(self, points: Sequence[Point]) -> None:
        latitudes = [point.latitude or 0 for point in points]
        longitudes = [point.longitude or 0 for point in points]
        shrink = cos(radians(sum(latitudes) / len(latitudes)))
        wide = max(max(longitudes) - min(longitudes), _MIN_DEGREES / shrink) * (1 + 2 * _MARGIN)
        high = max(max(latitudes) - min(latitudes), _MIN_DEGREES) * (1 + 2 * _MARGIN)
        width = WIDTH - _AXES_WIDTH
        plot_height = width * high / (wide * shrink)
        if plot_height > _MAX_HEIGHT:
            wide *= plot_height / _MAX_HEIGHT
            plot_height = _MAX_HEIGHT
        if plot_height < _MIN_HEIGHT:
            high *= _MIN_HEIGHT / plot_height
            plot_height = _MIN_HEIGHT
        self.height = round(plot_height) + _AXES_HEIGHT
        self.degrees_per_pixel = wide / width, high / plot_height
        self.longitudes = _limits(longitudes, wide)
        self.latitudes = _limits(latitudes, high)

    def choose_names(self, places: Sequence[Point]) -> list[Point]:
        """Choose the places with the greatest values. A place whose name would touch another name is left out."""
        chosen: list[Point] = []
        for place in sorted(places, key=lambda point: -point.value):
            name = str(place.category)
            is_short_text = 0 < len(name) <= _MAX_NAME_LENGTH and not name.startswith(
                "="
            )  # XlsxWriter reads such a name as a formula.
            if is_short_text and not any(self._touch(place, other) for other in chosen):
                chosen.append(place)
        return chosen[:_MAX_NAMES]

    def _touch(self, place: Point, other: Point) -> bool:
        across = abs((place.longitude or 0) - (other.longitude or 0)) / self.degrees_per_pixel[0]
        down = abs((place.latitude or 0) - (other.latitude or 0)) / self.degrees_per_pixel[1]
        width = _CHARACTER_WIDTH * (len(str(place.category)) + len(str(other.category))) / 2
        return place.category == other.category or (across < width + 8 and down < _NAME_HEIGHT)


def _limits(values: Sequence[float], length: float) -> dict[str, Any]:
    """Return the limits of an axis of `length` degrees whose center is between the lowest and the highest value."""
    start = (min(values) + max(values) - length) / 2
    return {
        "min": round(start, 4),
        "max": round(start + length, 4),
        "num_format": "0.00",
        "label_position": "low",
        "crossing": "min",
    }
