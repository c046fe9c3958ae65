"""Select the values that a chart shows. The renderers draw charts from these values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any

from reports.charts import MAX_CIRCLES, SORTED_KINDS, TIME_KINDS, Chart
from reports.columns import Columns, header_of
from reports.labels import label_of

_Key = tuple[str, Any, str, float | None, float | None]


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
        weight: The value that decides whether the chart shows the point.
        series_order: The number by which the series are sorted.
    """

    panel: str
    category: Any
    series: str
    value: float
    is_complete: bool = True
    latitude: float | None = None
    longitude: float | None = None
    weight: float = 0
    series_order: float = 0

    @property
    def key(self) -> _Key:
        """The panel, category, series and coordinates. Values with the same key are added."""
        return self.panel, self.category, self.series, self.latitude, self.longitude


@dataclass(frozen=True)
class ChartData:
    """The values that a chart shows, in the order in which the chart shows them.

    Attributes:
        points: The values.
        panels: The labels of the panels. One empty text if the chart has no panels.
        series: The labels of the series. One empty text if the chart has no series.
        places: The named places of a map.
        left_out: Sentences that say how many panels, series and categories the chart leaves out.
        columns: The columns that the report declares.
    """

    points: tuple[Point, ...]
    panels: tuple[str, ...]
    series: tuple[str, ...]
    places: tuple[Point, ...] = ()
    left_out: tuple[str, ...] = ()
    columns: Columns = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        """Whether each value stands for a complete period."""
        return all(point.is_complete for point in self.points)


Flags = Sequence[tuple[bool, bool, bool]]
"""The results of `Chart.conditions` for each row."""


def select_points(chart: Chart, rows: Sequence[Mapping[str, Any]], flags: Flags, *, columns: Columns) -> ChartData:
    """Select the values that a chart shows. Values with the same panel, category and series are added.

    Rows without a value are left out. `columns` are the columns that the report declares.
    """
    same_key: dict[_Key, list[Point]] = defaultdict(list)
    places = []
    for row, (is_shown, is_complete, is_place) in zip(rows, flags, strict=True):
        if is_place:
            places.append(_point(chart, row, chart.values[-1], "", True, columns))
        for name in chart.values if is_shown else ():
            if row[name] is not None:
                series = header_of(name, columns=columns) if len(chart.values) > 1 else ""
                point = _point(chart, row, name, series, is_complete, columns)
                same_key[point.key].append(point)
    points = [_add(same) for same in same_key.values()]
    return _keep_greatest(chart, points, tuple(place for place in places if place.latitude is not None), columns)


def _point(chart: Chart, row: Mapping[str, Any], name: str, series: str, is_complete: bool, columns: Columns) -> Point:
    latitude, longitude = (row[column] for column in chart.coordinates) if chart.coordinates else (None, None)
    return Point(
        panel=label_of(row, chart.panel, columns=columns) if chart.panel else "",
        category=row[chart.category[0]] if chart.kind in TIME_KINDS else label_of(row, chart.category, columns=columns),
        series=label_of(row, (chart.series,), columns=columns) if chart.series else series,
        value=float(row[name] or 0),
        is_complete=is_complete,
        latitude=latitude,
        longitude=longitude,
        weight=float(row[chart.weight or chart.values[-1]] or 0),
        series_order=_order(row[chart.series_order]) if chart.series_order else 0,
    )


def _order(value: float | None) -> float:
    return inf if value is None else float(value)


def _add(points: Sequence[Point]) -> Point:
    return replace(
        points[0],
        value=sum(point.value for point in points),
        is_complete=all(point.is_complete for point in points),
        weight=sum(point.weight for point in points),
        series_order=min(point.series_order for point in points),
    )


def _keep_greatest(chart: Chart, points: Sequence[Point], places: tuple[Point, ...], columns: Columns) -> ChartData:
    """Keep the panels, series and categories with the greatest weights, and put them in order."""
    panels, left_out = _greatest(points, "panel", chart.max_panels)
    notes = [_note(chart.panel, columns, len(panels), left_out)] if left_out else []
    points = [point for point in points if point.panel in panels]
    series = list(dict.fromkeys(point.series for point in sorted(points, key=lambda point: point.series_order)))
    if chart.series and chart.kind in ("dots", "line"):
        series, left_out = _greatest(points, "series", chart.max_series)
        notes += [_note((chart.series,), columns, len(series), left_out)] if left_out else []
        points = [point for point in points if point.series in series]
    elif chart.kind == "change" and chart.series:
        series = sorted(series)
    shown: list[Point] = []
    most_left_out = 0
    for panel in panels:
        candidates = [point for point in points if point.panel == panel]
        if chart.kind in SORTED_KINDS:
            categories, left_out = _greatest(candidates, "category", chart.max_categories, in_order=chart.in_order)
            candidates = [point for point in candidates if point.category in categories]
            most_left_out = max(most_left_out, left_out)
        if chart.kind == "map" and len(candidates) > MAX_CIRCLES:
            notes.append(f"The map shows {MAX_CIRCLES} of {len(candidates):,} places.")
            greatest = sorted(range(len(candidates)), key=lambda number: -candidates[number].weight)[:MAX_CIRCLES]
            candidates = [candidates[number] for number in sorted(greatest)]
        shown += _in_order(chart, candidates, series)
    if most_left_out:
        notes.append(_note(chart.category, columns, chart.max_categories, most_left_out))
    return ChartData(tuple(shown), tuple(panels), tuple(series), places, tuple(notes), columns)


def _note(names: Iterable[str], columns: Columns, shown: int, total: int) -> str:
    return f"{', '.join(header_of(name, columns=columns) for name in names)}: the chart shows {shown} of {total}."


def _greatest(points: Sequence[Point], part: str, limit: int, *, in_order: bool = False) -> tuple[list[Any], int]:
    """Return the panels, series or categories with the greatest weights.

    `part` is the name of the attribute. If `in_order` is true, the first values are returned. The second result is
    the number of all values, or 0 if no value is left out.
    """
    totals: dict[Any, float] = defaultdict(float)
    for point in points:
        totals[getattr(point, part)] += point.weight
    ranked = list(totals) if in_order else sorted(totals, key=lambda value: (-totals[value], str(value)))
    return ranked[:limit], len(ranked) if len(ranked) > limit else 0


def _in_order(chart: Chart, points: Sequence[Point], series: Sequence[str]) -> list[Point]:
    """Sort the points of a panel: by time, by value, by weight or in the order of the rows."""
    categories = list(dict.fromkeys(point.category for point in points))
    if chart.kind in TIME_KINDS:
        categories.sort(key=lambda value: (value is None, value))
    elif chart.kind in SORTED_KINDS and not chart.in_order:
        size: dict[Any, float] = defaultdict(float)
        for point in points:
            if chart.kind == "bars" or (chart.kind == "dots" and chart.series) or point.series == series[-1]:
                size[point.category] += point.weight if chart.kind == "dots" else point.value
        categories.sort(key=lambda value: -size[value])
    rank = {category: number for number, category in enumerate(categories)}
    return sorted(points, key=lambda point: (rank[point.category], series.index(point.series)))
