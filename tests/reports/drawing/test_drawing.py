"""Test the drawings of charts: what is drawn, where the axes begin, and which labels are shown."""

from __future__ import annotations

import re
from datetime import date
from xml.etree import ElementTree

import pytest
import vl_convert

from reports.charts import Chart
from reports.drawing import draw, draw_sparkline
from reports.drawing.layout import CONFIG, NARROW, WIDE, axis_start, wrap_labels
from reports.drawing.svg import to_svg
from reports.points import ChartData, Point

LONG = "ENG - Parking Enforcement and Operations, Transfer and Landfill"


def data_of(*points: Point) -> ChartData:
    panels, series = ({getattr(point, name): None for point in points} for name in ("panel", "series"))
    return ChartData(points, tuple(panels) or ("",), tuple(series) or ("",))


def chart_of(kind: str, **settings) -> Chart:
    return Chart(**{"kind": kind, "category": ("a",), "values": ("n",), "axis": "Number", **settings})


def svg_of(chart: Chart, data: ChartData, width: int = WIDE) -> str:
    return to_svg(draw(chart, data, width=width), label="A & B", width=width)


def texts_of(svg: str) -> list[str]:
    root = ElementTree.fromstring(svg)
    return ["".join(text.itertext()) for text in root.iter("text")]


def bar_lengths(svg: str) -> list[float]:
    return [float(length) for length in re.findall(r'd="M[\d.]+,[\d.]+h([\d.]+)v[\d.]+h-', svg)]


TWO_SERIES = [Point("", name, series, value) for name in "ab" for series, value in (("x", 2.0), ("y", 5.0))]
SERIES_OF_FOUR = [Point("", "a", series, number) for number, series in enumerate("wxyz")]
PLACES = [Point("", name, "", n, latitude=39 + n / 9, longitude=-77.0) for n, name in enumerate("abc", 1)]
EXAMPLES = {
    "line": [Point("", year, "", 90.0 + year % 7, is_complete=year != 2020) for year in range(2015, 2025)],
    "columns": TWO_SERIES,
    "bars": [Point(panel, name, "", value) for panel in "pq" for name, value in ((LONG, 3.0), ("b", 1.0))],
    "dots": SERIES_OF_FOUR,
    "change": TWO_SERIES,
    "stack": TWO_SERIES,
    "heatmap": [Point("", hour, str(day), hour * day) for hour in (0, 23) for day in (1, 7)],
    "map": PLACES,
}


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("kind", EXAMPLES)
def test_each_kind_of_chart_is_drawn(kind: str, width: int) -> None:
    """The drawing has marks, a description and no number that is not finite."""
    coordinates = {"coordinates": ("lat", "lon")} if kind == "map" else {}
    svg = svg_of(chart_of(kind, **coordinates), data_of(*EXAMPLES[kind]), width)
    root = ElementTree.fromstring(svg)

    assert (root.get("role"), root.get("aria-label")) == ("img", "A & B")
    assert root.get("viewBox", "").split()[2] == str(width)
    assert svg.count("<path") + svg.count("<circle") >= 3
    assert "NaN" not in svg
    assert "undefined" not in svg


@pytest.mark.parametrize("kind", EXAMPLES)
def test_one_value_is_drawn(kind: str) -> None:
    point = PLACES[0] if kind == "map" else Point("", 2024, "1", 7.0)
    coordinates = {"coordinates": ("lat", "lon")} if kind == "map" else {}
    svg = svg_of(chart_of(kind, **coordinates), data_of(point))

    assert svg.count("<path") + svg.count("<circle") >= 1
    assert "NaN" not in svg


def test_bars_begin_at_zero_and_panels_share_a_scale() -> None:
    data = data_of(Point("p", "a", "", 100.0), Point("p", "b", "", 50.0), Point("q", "c", "", 25.0))
    longest, middle, shortest = bar_lengths(svg_of(chart_of("bars"), data))

    assert middle == pytest.approx(longest / 2, abs=0.2)
    assert shortest == pytest.approx(longest / 4, abs=0.2)


def test_bars_without_values_have_no_length() -> None:
    svg = svg_of(chart_of("bars"), data_of(Point("", "a", "", 0.0)))

    assert bar_lengths(svg) in ([], [0.0])
    assert "0" in texts_of(svg)


@pytest.mark.parametrize(
    ("values", "column", "start"),
    [([93.9, 92.9], "n_pct", 80), ([61.0, 99.0], "n_pct", 50), ([30.0, 90.0], "n_pct", 0), ([93.9, 92.9], "n", 0)],
)
def test_only_lines_of_high_percentages_begin_above_zero(values: list[float], column: str, start: int) -> None:
    data = data_of(*(Point("", number, "", value) for number, value in enumerate(values)))

    assert axis_start(chart_of("line", values=(column,)), data) == start
    assert axis_start(chart_of("bars", values=(column,)), data) == 0


def test_long_labels_wrap_and_are_complete() -> None:
    labels = wrap_labels(data_of(Point("", LONG, "", 1.0)), NARROW)

    assert labels.texts[LONG].replace("\n", " ") == LONG
    assert max(map(len, labels.texts[LONG].split("\n"))) <= 20
    assert labels.width < NARROW / 1.8


def test_labels_wrap_after_a_slash() -> None:
    labels = wrap_labels(data_of(Point("", "TRAFFIC/TRANSPORTATION INCIDENT", "", 1.0)), NARROW)

    assert labels.texts["TRAFFIC/TRANSPORTATION INCIDENT"].split("\n") == ["TRAFFIC/", "TRANSPORTATION", "INCIDENT"]


def test_labels_that_are_equal_after_they_are_cut_stay_separate_bars() -> None:
    names = [f"{'x' * 9_990}{number}" for number in range(3)]
    svg = svg_of(chart_of("bars"), data_of(*(Point("", name, "", 2.0) for name in names)))

    assert len(bar_lengths(svg)) == 3
    assert len(svg) < 10_000


def test_markup_in_labels_is_escaped() -> None:
    points = [Point("<b>p</b>", "</svg><script>x</script>", "", 1.0), Point("q", "b", "", 1.0)]
    svg = svg_of(chart_of("bars"), data_of(*points))

    assert "<script>" not in svg
    assert "<b>p</b>" in texts_of(svg)


def test_the_difference_of_two_values_is_written_beside_them() -> None:
    data = data_of(Point("", "a", "2023", 12.4), Point("", "a", "2024", 17.1), Point("", "b", "2024", 3.0))

    assert "+4.7" in texts_of(svg_of(chart_of("change", values=("n_pct",)), data))


def test_incomplete_periods_are_open_circles() -> None:
    points = [Point("", year, "", 90.0, is_complete=year != 2024) for year in (2023, 2024)]
    svg = svg_of(chart_of("line"), data_of(*points))

    assert svg.count('fill="var(--page)"') == 1


def test_months_are_drawn_in_utc() -> None:
    """A library that used local time would write the label of a month earlier or later."""
    points = [Point("", date(2024, month, 1), "", month) for month in range(1, 8)]

    months = [text for text in texts_of(svg_of(chart_of("line"), data_of(*points))) if "20" in text]

    assert (months[0], months[-1]) == ("Jan 2024", "Jul 2024")


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("kind", ["line", "columns"])
def test_a_chart_of_large_numbers_is_not_wider_than_the_page(kind: str, width: int) -> None:
    points = [Point("", year, "", 1_300_000.0 + year) for year in range(2015, 2025)]
    drawing = vl_convert.vegalite_to_svg({**draw(chart_of(kind), data_of(*points), width=width), "config": CONFIG})
    size = re.search(r'viewBox="0 0 ([\d.]+) ', drawing)

    assert size
    assert float(size[1]) <= width


def test_names_on_a_map_do_not_touch() -> None:
    places = [Point("", f"Long name {n}", "", 9 - n, latitude=39.0, longitude=-77 + n / 1000) for n in range(3)]
    far = Point("", "Far away", "", 1, latitude=39.5, longitude=-76.5)
    svg = svg_of(chart_of("map", coordinates=("lat", "lon")), data_of(*places, far))

    assert {*texts_of(svg)} == {"Long name 0", "Far away"}


def test_circles_have_areas_in_proportion_to_values() -> None:
    svg = svg_of(chart_of("map", coordinates=("lat", "lon")), data_of(*PLACES))
    radii = [float(radius) for radius in re.findall(r'<circle [^>]*r="([\d.]+)"', svg)]

    assert radii[2] ** 2 / radii[0] ** 2 == pytest.approx(3, rel=0.05)


def test_parts_add_up_to_the_whole_width() -> None:
    lengths = bar_lengths(svg_of(chart_of("stack"), data_of(*TWO_SERIES)))

    assert lengths[0] + lengths[1] == pytest.approx(lengths[2] + lengths[3], abs=0.3)
    assert lengths[1] / lengths[0] == pytest.approx(2.5, rel=0.02)


def test_sparkline_has_a_line_and_its_last_point() -> None:
    svg = to_svg(draw_sparkline([(2023, 1.0), (2024, 3.0)]), label="", width=160)

    assert svg.count("<path") + svg.count("<circle") == 2
