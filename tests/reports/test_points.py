"""Test which values a chart shows, and in which order."""

from __future__ import annotations

from datetime import date
from typing import Any

from reports.charts import Chart
from reports.columns import Column, Columns
from reports.labels import UNKNOWN
from reports.points import ChartData, select_points


def points_of(
    chart: Chart,
    rows: list[dict[str, Any]],
    flags: list[tuple[bool, bool, bool]] | None = None,
    columns: Columns | None = None,
) -> ChartData:
    return select_points(chart, rows, flags or [(True, True, False)] * len(rows), columns=columns or {})


def counts(**numbers: int | None) -> list[dict[str, Any]]:
    return [{"city": name, "count": number} for name, number in numbers.items()]


def bars(**settings: Any) -> Chart:
    return Chart(kind="bars", category=("city",), values=("count",), axis="Incidents", **settings)


def shown(data: ChartData) -> list[tuple[Any, ...]]:
    return [(point.category, point.value) for point in data.points]


def test_bars_are_sorted_by_value_and_limited() -> None:
    data = points_of(bars(max_categories=2), counts(a=1, b=5, c=3))

    assert shown(data) == [("b", 5), ("c", 3)]
    assert data.left_out == ("City: the chart shows 2 of 3.",)


def test_the_name_decides_which_of_equal_bars_are_shown() -> None:
    assert shown(points_of(bars(max_categories=2), counts(c=1, b=1, a=1))) == [("b", 1), ("a", 1)]


def test_bars_in_order_keep_the_order_of_the_rows() -> None:
    assert shown(points_of(bars(in_order=True), counts(a=1, b=5, c=3))) == [("a", 1), ("b", 5), ("c", 3)]


def test_rows_with_the_same_category_are_added() -> None:
    """A chart without panels adds the rows of all panels."""
    rows = [{"city": "a", "count": 1}, {"city": "b", "count": 2}, {"city": "a", "count": 3}]

    assert shown(points_of(bars(), rows)) == [("a", 4), ("b", 2)]


def test_rows_outside_the_condition_and_rows_without_value_are_left_out() -> None:
    rows = [*counts(a=1, b=None, c=3)]
    flags = [(False, True, False), (True, True, False), (True, True, False)]

    assert shown(points_of(bars(), rows, flags)) == [("c", 3)]


def test_missing_labels_are_shown_as_unknown() -> None:
    assert shown(points_of(bars(), [{"city": None, "count": 2}])) == [(UNKNOWN, 2)]


def test_no_rows_give_no_points() -> None:
    data = points_of(bars(), [])

    assert (data.points, data.left_out, data.is_complete) == ((), (), True)


def test_the_panels_with_the_greatest_totals_are_shown() -> None:
    rows = [
        {"city": city, "kind": kind, "count": count}
        for city, kind, count in [("a", "x", 1), ("b", "x", 9), ("c", "x", 5), ("c", "y", 7)]
    ]
    chart = Chart(kind="bars", category=("kind",), values=("count",), panel=("city",), axis="Incidents", max_panels=2)
    data = points_of(chart, rows)

    assert data.panels == ("c", "b")
    assert [(point.panel, *pair) for point, pair in zip(data.points, shown(data), strict=True)] == [
        ("c", "y", 7),
        ("c", "x", 5),
        ("b", "x", 9),
    ]
    assert data.left_out == ("City: the chart shows 2 of 3.",)


def test_the_weight_decides_which_series_and_categories_are_shown() -> None:
    """The values are percentages, so the sums of the values say nothing."""
    rows = [
        {"city": city, "kind": kind, "low_pct": share, "count": count}
        for city, kind, share, count in [
            ("a", "x", 90.0, 1),
            ("b", "x", 10.0, 50),
            ("c", "x", 20.0, 40),
            ("b", "y", 99.0, 2),
        ]
    ]
    chart = Chart(
        kind="dots",
        category=("kind",),
        values=("low_pct",),
        series="city",
        weight="count",
        max_series=2,
        max_categories=1,
        axis="%",
    )
    data = points_of(chart, rows)

    assert data.series == ("b", "c")
    assert [(point.series, point.value) for point in data.points] == [("b", 10.0), ("c", 20.0)]


def test_each_value_column_is_a_series_with_its_header() -> None:
    chart = Chart(kind="change", category=("city",), values=("low_pct", "high_pct"), axis="%")
    data = points_of(
        chart, [{"city": "a", "low_pct": 1.0, "high_pct": 4.0}, {"city": "b", "low_pct": 3.0, "high_pct": 9.0}]
    )

    assert data.series == ("Low %", "High %")
    assert [(point.category, point.series, point.value) for point in data.points] == [
        ("b", "Low %", 3.0),
        ("b", "High %", 9.0),
        ("a", "Low %", 1.0),
        ("a", "High %", 4.0),
    ]


def test_years_in_a_change_are_in_order_of_time() -> None:
    rows = [{"city": "a", "year": year, "count": year - 2000} for year in (2024, 2023)]
    chart = Chart(kind="change", category=("city",), values=("count",), series="year", axis="Incidents")

    assert points_of(chart, rows).series == ("2023", "2024")


def test_lines_are_sorted_by_time() -> None:
    rows = [{"month": date(2024, month, 1), "count": month} for month in (3, 1, 2)]
    chart = Chart(kind="line", category=("month",), values=("count",), axis="Incidents")

    assert [point.category.month for point in points_of(chart, rows).points] == [1, 2, 3]


def test_incomplete_periods_are_marked() -> None:
    chart = Chart(kind="line", category=("year",), values=("count",), axis="Incidents", incomplete="Open: incomplete.")
    rows = [{"year": 2023, "count": 9}, {"year": 2024, "count": 4}]
    data = points_of(chart, rows, [(True, True, False), (True, False, False)])

    assert [point.is_complete for point in data.points] == [True, False]
    assert not data.is_complete


def test_places_with_the_same_name_stay_separate_on_a_map() -> None:
    chart = Chart(kind="map", category=("city",), values=("count",), coordinates=("lat", "lon"), axis="Incidents")
    rows = [{"city": "a", "count": 2, "lat": 39.0 + n, "lon": -77.0} for n in range(2)]

    assert [(point.latitude, point.value) for point in points_of(chart, rows).points] == [(39.0, 2), (40.0, 2)]


def test_rows_that_only_name_places_have_no_circle() -> None:
    chart = Chart(kind="map", category=("city",), values=("count",), coordinates=("lat", "lon"), axis="Incidents")
    rows = [
        {"city": "cell", "count": 2, "lat": 39.0, "lon": -77.0},
        {"city": "Name", "count": 9, "lat": 39.1, "lon": -77.1},
        {"city": "Without place", "count": 9, "lat": None, "lon": None},
    ]
    data = points_of(chart, rows, [(True, True, False), (False, True, True), (False, True, True)])

    assert [point.category for point in data.points] == ["cell"]
    assert [point.category for point in data.places] == ["Name"]


def test_numbers_in_labels_have_the_name_of_their_column() -> None:
    """`Theft, priority 2` is clear, but `Theft, 2` is not. The names of columns have no underscores."""
    chart = Chart(kind="bars", category=("kind", "priority"), values=("count",), panel=("area_kind", "area"), axis="n")
    row = {"kind": "Theft", "priority": 2, "count": 1, "area_kind": "police_district", "area": "3D"}
    columns = {"priority": Column(is_numbered=True), "area_kind": Column(names_columns=True)}
    data = points_of(chart, [row], columns=columns)

    assert (data.points[0].category, data.panels) == ("Theft, priority 2", ("police district 3D",))


def test_parts_have_the_declared_order() -> None:
    """The first city has no incident in the first band."""
    rows = [
        {"city": city, "band": band, "number": number, "count": 1}
        for city, band, number in [("a", "5-10", 2), ("a", "10-15", 3), ("b", "0-5", 1), ("b", "5-10", 2)]
    ]
    chart = Chart(
        kind="stack", category=("city",), values=("count",), series="band", series_order="number", axis="Share, %"
    )
    data = points_of(chart, rows)

    assert data.series == ("0-5", "5-10", "10-15")
    assert [(point.category, point.series) for point in data.points] == [
        *(("a", "5-10"), ("a", "10-15"), ("b", "0-5"), ("b", "5-10")),
    ]
