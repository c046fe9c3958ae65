"""Declare charts. `reports.points` selects the values that a chart shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

Kind = Literal["line", "columns", "bars", "dots", "change", "stack", "heatmap", "map"]
KINDS: tuple[Kind, ...] = get_args(Kind)

TIME_KINDS = ("line", "columns", "heatmap")
"""The kinds of charts whose categories are values of one column, such as dates, and not labels."""

SORTED_KINDS = ("bars", "dots", "change")
"""The kinds of charts that sort the categories by value, and show only the greatest categories."""

MAX_CIRCLES = 300
"""Maximum number of circles on a map. The places with the greatest weights are shown."""


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
        series_order: A column of numbers that gives the order of the series of a `stack` or `heatmap`. By default, the
            series have the order of the rows.
        panel: The columns that divide the chart into panels with the same scale.
        axis: The title of the value axis, with the unit. For a percentage, the title also says what 100 % is.
        where: An SQL condition that selects the rows of the chart. Empty for all rows.
        weight: The column whose sum decides which categories, series and panels are shown. By default, the last
            column of `values`.
        max_categories: Maximum number of categories in a panel of `bars`, `dots` and `change`.
        max_series: Maximum number of series that the column `series` gives to `line` and `dots`.
        max_panels: Maximum number of panels.
        complete: An SQL condition that is false for incomplete periods. Such periods are drawn as open circles or
            pale columns.
        incomplete: The meaning of open circles or pale columns. Displayed only if the chart has incomplete periods.
        missing_is_zero: Whether a missing month of a `line` stands for 0. Otherwise, the site shows a gap, and a
            workbook connects the months with values. A workbook also connects the months around a month that is
            missing in all lines.
        in_order: Whether `bars`, `dots` and `change` show the first categories, in the order of the rows. Otherwise
            they show the greatest categories.
        coordinates: The columns with latitude and longitude (degrees) of a `map`.
        places: An SQL condition. The rows that meet it give the names on a `map`. Exclude these rows with `where`,
            because they would also have circles. If `places` is empty, the map names its circles.
        note: A sentence below the chart.
    """

    kind: Kind
    category: tuple[str, ...]
    values: tuple[str, ...]
    axis: str
    series: str = ""
    series_order: str = ""
    panel: tuple[str, ...] = ()
    where: str = ""
    weight: str = ""
    max_categories: int = 10
    max_series: int = 4
    max_panels: int = 6
    complete: str = ""
    incomplete: str = ""
    missing_is_zero: bool = False
    in_order: bool = False
    coordinates: tuple[str, str] | None = None
    places: str = ""
    note: str = ""

    def columns(self) -> tuple[str, ...]:
        """Return the columns that the chart reads, except those in its SQL conditions."""
        names = (*self.category, *self.values, self.series, *self.panel, *self.numbers())
        return tuple(dict.fromkeys(name for name in names if name))

    def numbers(self) -> tuple[str, ...]:
        """Return the columns that must have numbers."""
        names = (*self.values, self.weight, self.series_order, *(self.coordinates or ()))
        return tuple(name for name in names if name)

    def conditions(self) -> tuple[str, str, str]:
        """Return the SQL conditions of the chart: the shown rows, the complete rows and the named places."""
        return self.where or "true", self.complete or "true", self.places or "false"


Names = str | tuple[str, ...]
"""Names of columns: a tuple, or a text with blanks between the names."""


def chart(kind: Kind, category: Names, values: Names, axis: str, *, panel: Names = (), **settings: Any) -> Chart:
    """Return a chart. `settings` are the other attributes of `Chart`.

    >>> chart("bars", "street", "incidents", "Incidents", panel="city kind").panel
    ('city', 'kind')
    """
    return Chart(
        kind=kind, category=_split(category), values=_split(values), axis=axis, panel=_split(panel), **settings
    )


def _split(names: Names) -> tuple[str, ...]:
    return tuple(names.split()) if isinstance(names, str) else names
