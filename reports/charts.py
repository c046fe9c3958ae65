"""Declare charts, and select the rows that a chart shows. The renderers draw charts from these rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from reports.labels import label_of

_Key = tuple[str, Any, str, float | None, float | None]

Kind = Literal["line", "columns", "bars", "dots", "change", "stack", "heatmap", "map"]

TIME_KINDS = ("line", "columns", "heatmap")
"""The kinds of charts whose categories are values of one column, such as dates, and not labels."""

SORTED_KINDS = ("bars", "dots", "change")
"""The kinds of charts that sort the categories by value, and show only the greatest categories."""


@dataclass(frozen=True, kw_only=True)
class Chart:
    """The declaration of a chart.

    Attributes:
        kind: `line` and `columns` show values over time. `bars` compares categories. `dots` compares a few values of
            each category. `change` compares two values of each category, and displays the difference. `stack` shows the
            parts of 100 %. `heatmap` shows a value for each pair of category and series. `map` shows circles at
            coordinates.
        category: The columns that label the points, bars or cells of the chart.
        values: The columns with the values. If there are several, each column is a series.
        series: The column that distinguishes the series. Empty if `values` are the series.
        panel: The columns that divide the chart into panels with the same scale.
        axis: The title of the value axis, with the unit. For a percentage, the title also says what 100 % is.
        where: An SQL condition that selects the rows of the chart. Empty for all rows.
        weight: The column whose sum decides which categories, series and panels are shown. Empty for the last value.
        max_categories: Maximum number of categories in a panel of `bars`, `dots` and `change`.
        max_series: Maximum number of series.
        max_panels: Maximum number of panels.
        complete: An SQL condition that is false for incomplete periods. Such periods are drawn as open circles or
            pale columns.
        incomplete: The meaning of open circles or pale columns. Displayed only if there are any.
        in_order: Whether `bars` and `dots` show the categories in the order of the rows, not in the order of values.
        coordinates: The columns with latitude and longitude (degrees) of a `map`.
        places: An SQL condition. The rows that meet it are named on a `map`, and have no circle. Empty if the circles
            have names.
        note: A sentence below the chart.
    """

    kind: Kind
    category: tuple[str, ...]
    values: tuple[str, ...]
    axis: str
    series: str = ""
    panel: tuple[str, ...] = ()
    where: str = ""
    weight: str = ""
    max_categories: int = 10
    max_series: int = 4
    max_panels: int = 6
    complete: str = ""
    incomplete: str = ""
    in_order: bool = False
    coordinates: tuple[str, str] | None = None
    places: str = ""
    note: str = ""

    def conditions(self) -> tuple[str, str, str]:
        """Return the SQL conditions of the chart: the shown rows, the complete rows and the named places."""
        return self.where or "true", self.complete or "true", self.places or "false"


@dataclass(frozen=True)
class Point:
    """A value of a chart.

    Attributes:
        panel: The label of the panel, or an empty text.
        category: The label of the category. A date or a number in a chart over time.
        series: The label of the series, or an empty text.
        value: The value.
        is_complete: Whether the value stands for a complete period.
        latitude: Latitude in degrees, if the chart is a map.
        longitude: Longitude in degrees, if the chart is a map.
    """

    panel: str
    category: Any
    series: str
    value: float
    is_complete: bool = True
    latitude: float | None = None
    longitude: float | None = None

    @property
    def key(self) -> _Key:
        """The panel, category, series and place. Values with the same key are added."""
        return self.panel, self.category, self.series, self.latitude, self.longitude


@dataclass(frozen=True)
class ChartData:
    """The values that a chart shows, in the order in which the chart shows them.

    Attributes:
        points: The values.
        panels: The labels of the panels. One empty text if the chart has no panels.
        series: The labels of the series. One empty text if the chart has no series.
        places: The named places of a map.
        left_out: A sentence for each kind of things that the chart does not show.
    """

    points: tuple[Point, ...]
    panels: tuple[str, ...]
    series: tuple[str, ...]
    places: tuple[Point, ...] = ()
    left_out: tuple[str, ...] = field(default=())

    @property
    def is_complete(self) -> bool:
        """Whether each value stands for a complete period."""
        return all(point.is_complete for point in self.points)


Flags = Sequence[tuple[bool, bool, bool]]
"""The results of `Chart.conditions` for each row."""


def select_points(
    chart: Chart, rows: Sequence[Mapping[str, Any]], flags: Flags, *, headers: Mapping[str, str]
) -> ChartData:
    """Select the values that a chart shows. Values with the same panel, category and series are added.

    Rows without a value are left out. `headers` has the headers of all columns.
    """
    same_key: dict[_Key, list[Point]] = defaultdict(list)
    weights: dict[_Key, float] = defaultdict(float)
    places = []
    for row, (is_shown, is_complete, is_place) in zip(rows, flags, strict=True):
        if is_place:
            places.append(_point(chart, row, chart.values[-1], "", True))
        if not is_shown:
            continue
        for name in chart.values:
            if row[name] is None:
                continue
            series = label_of(row, (chart.series,)) if chart.series else headers[name] if len(chart.values) > 1 else ""
            point = _point(chart, row, name, series, is_complete)
            same_key[point.key].append(point)
            weights[point.key] += float(row[chart.weight or chart.values[-1]] or 0)
    points = [_add(same) for same in same_key.values()]
    named = tuple(place for place in places if place.latitude is not None)
    return _keep_greatest(chart, points, weights, named, headers)


def _point(chart: Chart, row: Mapping[str, Any], name: str, series: str, is_complete: bool) -> Point:
    category = row[chart.category[0]] if chart.kind in TIME_KINDS else label_of(row, chart.category)
    latitude, longitude = (row[column] for column in chart.coordinates) if chart.coordinates else (None, None)
    panel = label_of(row, chart.panel) if chart.panel else ""
    return Point(panel, category, series, float(row[name] or 0), is_complete, latitude, longitude)


def _add(points: Sequence[Point]) -> Point:
    first = points[0]
    complete = all(point.is_complete for point in points)
    total = sum(point.value for point in points)
    return Point(first.panel, first.category, first.series, total, complete, first.latitude, first.longitude)


def _keep_greatest(
    chart: Chart,
    points: Sequence[Point],
    weights: Mapping[_Key, float],
    places: tuple[Point, ...],
    headers: Mapping[str, str],
) -> ChartData:
    """Keep the panels, series and categories with the greatest weights, and put them in order."""
    panels, left_out = _greatest(points, weights, "panel", chart.max_panels)
    notes = [_note(headers, chart.panel, len(panels), left_out)] if left_out else []
    points = [point for point in points if point.panel in panels]
    series = list(dict.fromkeys(point.series for point in points))
    if chart.series and chart.kind in ("dots", "line"):
        series, left_out = _greatest(points, weights, "series", chart.max_series)
        notes += [_note(headers, (chart.series,), len(series), left_out)] if left_out else []
        points = [point for point in points if point.series in series]
    elif chart.kind == "change" and chart.series:
        series = sorted(series)
    shown: list[Point] = []
    most_left_out = 0
    for panel in panels:
        candidates = [point for point in points if point.panel == panel]
        if chart.kind in SORTED_KINDS:
            categories, left_out = _greatest(candidates, weights, "category", chart.max_categories)
            candidates = [point for point in candidates if point.category in categories]
            most_left_out = max(most_left_out, left_out)
        shown += _in_order(chart, candidates, series, weights)
    if most_left_out:
        notes.append(_note(headers, chart.category, chart.max_categories, most_left_out))
    return ChartData(tuple(shown), tuple(panels), tuple(series), places, tuple(notes))


def _note(headers: Mapping[str, str], columns: Iterable[str], shown: int, total: int) -> str:
    return f"{', '.join(headers[name] for name in columns)}: the chart shows {shown} of {total}."


def _greatest(points: Sequence[Point], weights: Mapping[_Key, float], part: str, limit: int) -> tuple[list[Any], int]:
    """Return the values of a part of the key with the greatest weights, and the number of values if any is left out."""
    totals: dict[Any, float] = defaultdict(float)
    for point in points:
        totals[getattr(point, part)] += weights[point.key]
    ranked = sorted(totals, key=lambda value: (-totals[value], str(value)))
    return ranked[:limit], len(ranked) if len(ranked) > limit else 0


def _in_order(
    chart: Chart, points: Sequence[Point], series: Sequence[str], weights: Mapping[_Key, float]
) -> list[Point]:
    """Sort the points of a panel: by time, by value, by weight or in the order of the rows."""
    categories = list(dict.fromkeys(point.category for point in points))
    if chart.kind in TIME_KINDS:
        categories.sort(key=lambda value: (value is None, value))
    elif chart.kind in SORTED_KINDS and not chart.in_order:
        size: dict[Any, float] = defaultdict(float)
        for point in points:
            if chart.kind == "bars" or point.series == series[-1]:
                size[point.category] += weights[point.key] if chart.kind == "dots" else point.value
        categories.sort(key=lambda value: -size[value])
    rank = {category: number for number, category in enumerate(categories)}
    return sorted(points, key=lambda point: (rank[point.category], series.index(point.series)))
