"""Test the native charts, the heatmaps and the maps of the Excel workbook of a dataset."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from reports.answer import Answer
from reports.charts import Chart
from reports.registrar import REPORT as REGISTRAR
from reports.rows import AnswerRows
from reports.workbook.write import write_workbook
from tests.reports.workbooks import Written, answer_rows, chart_of, facts


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Written]:
    def write_answers(*answers: AnswerRows, **options: Any) -> Written:
        return Written(write_workbook(facts(*answers, **options), tmp_path / "phone.xlsx"))

    return write_answers


def test_registrar_compares_the_completion_rates_of_2022_and_2023(write: Callable[..., Written]) -> None:
    """The workbook must end in this chart, as the source document of the dataset asks."""
    answer = REGISTRAR.answers[0]
    assert answer.name == "completion_by_year"
    years = [(2023, 1585, 511, 32.24, -57.77), (2022, 1472, 1325, 90.01, None)]
    book = write(answer_rows(answer, [dict(zip(answer.columns, year, strict=True)) for year in years]))
    [drawn] = book.charts()

    assert drawn.kind == "barChart"
    assert '<c:barDir val="col"/>' in drawn.xml
    assert drawn.categories == [["2022", "2023"]]
    assert drawn.values == [[90.01, 32.24]]
    assert "Completed applications, % of all received in the year" in drawn.xml
    assert drawn.minimum == ["0"]
    assert not drawn.has_legend
    assert "xl/drawings/drawing1.xml" in book.files


def test_charts_stay_in_place_when_a_filter_hides_rows(write: Callable[..., Written]) -> None:
    book = write(chart_of("bars", "name", "calls", [{"name": "a", "calls": 1}], note="A note."))

    assert re.findall(r'editAs="(\w+)"', book.files["xl/drawings/drawing1.xml"]) == ["absolute", "absolute"]


def test_lines_have_a_series_each_and_an_axis_of_dates(write: Callable[..., Written]) -> None:
    rows = [
        {"month": date(2024, month, 1), "calls": 10 * month, "name": name} for month in (1, 3) for name in ("a", "b")
    ]
    [drawn] = write(chart_of("line", "month", "calls", rows[:-1], series="name")).charts()

    assert (drawn.kind, drawn.names, drawn.has_legend) == ("lineChart", ["a", "b"], True)
    assert drawn.values == [[10, 30], [10]]
    assert "<c:dateAx>" in drawn.xml
    assert '<c:symbol val="circle"/>' in drawn.xml
    assert drawn.minimum == ["0"]


def test_axis_of_high_percentages_does_not_start_at_zero(write: Callable[..., Written]) -> None:
    rows = [{"year": 2023, "rate_pct": 93.0}, {"year": 2024, "rate_pct": 95.0}]
    book = write(chart_of("line", "year", "rate_pct", rows))

    assert book.charts()[0].minimum == ["80"]
    assert "The axis begins at 80 %." in book.files["xl/drawings/drawing1.xml"]


@pytest.mark.parametrize(("kind", "color"), [("line", "FFFFFF"), ("columns", "9CC5D6")])
def test_incomplete_periods_look_different(kind: Any, color: str, write: Callable[..., Written]) -> None:
    chart = Chart(kind=kind, category=("year",), values=("calls",), axis="Calls", incomplete="This year is not over.")
    rows = [{"year": 2023, "calls": 5}, {"year": 2024, "calls": 2}]
    answer = Answer("calls", "How many?", lambda _: "Many.", ("year", "calls"), (chart,))
    book = write(answer_rows(answer, rows, lambda row: row["year"] < 2024))
    [point] = re.findall("<c:dPt>.*?</c:dPt>", book.charts()[0].xml)

    assert '<c:idx val="1"/>' in point
    assert color in point
    assert "This year is not over." in book.files["xl/drawings/drawing1.xml"]


def test_bars_show_the_greatest_category_at_the_top(write: Callable[..., Written]) -> None:
    rows = [{"name": f"name {number}", "calls": number} for number in range(12)]
    book = write(chart_of("bars", "name", "calls", rows, max_categories=2))
    [drawn] = book.charts()

    assert drawn.categories == [["name 11", "name 10"]]
    assert '<c:barDir val="bar"/>' in drawn.xml
    assert '<c:orientation val="maxMin"/>' in drawn.xml
    assert "Name: the chart shows 2 of 12." in book.files["xl/drawings/drawing1.xml"]


def test_each_panel_is_a_chart_with_the_same_scale(write: Callable[..., Written]) -> None:
    rows = [{"city": city, "name": "a", "calls": calls} for city, calls in (("x", 71), ("y", 5), ("z", 1))]
    charts = write(chart_of("bars", "name", "calls", rows, panel=("city",), max_panels=2)).charts()

    assert [drawn.values for drawn in charts] == [[[71]], [[5]]]
    assert [re.findall(r'<c:max val="(\d+)"', drawn.xml) for drawn in charts] == [["80"], ["80"]]
    assert [drawn.texts("chart", "title", "tx") for drawn in charts] == [[["x"]], [["y"]]]


def test_parts_add_up_to_100_percent(write: Callable[..., Written]) -> None:
    rows = [{"name": "a", "part": part, "calls": 1} for part in ("low", "middle", "high")]
    [drawn] = write(chart_of("stack", "name", "calls", rows, series="part")).charts()

    assert '<c:grouping val="percentStacked"/>' in drawn.xml
    assert drawn.names == ["low", "middle", "high"]


def test_heatmap_is_a_grid_on_its_own_sheet(write: Callable[..., Written]) -> None:
    rows = [{"weekday": day, "hour": hour, "calls": day * hour} for day, hour in ((1, 0), (7, 3))]
    book = write(chart_of("heatmap", "hour", "calls", rows, series="weekday"))

    assert book.cells.sheet_names[1:3] == ["calls", "calls heatmap"]
    assert book.rows("calls heatmap")[5:] == [
        ["Calls per day", "", "", "", ""],
        ["", 0, 1, 2, 3],
        ["Monday", 0, "", "", ""],
        ["Sunday", "", "", "", 21],
    ]
    assert '<conditionalFormatting sqref="B8:E9">' in book.xml("calls heatmap")
    assert "colorScale" in book.xml("calls heatmap")
    assert book.charts() == []


def test_map_has_circles_at_longitude_and_latitude(write: Callable[..., Written]) -> None:
    places = [("a", 39.0, -77.0, 1), ("b", 39.1, -77.1, 100), ("=c", 39.2, -77.2, 90)]
    rows = [dict(zip(("name", "latitude", "longitude", "calls"), place, strict=True)) for place in places]
    [drawn] = write(chart_of("map", "name", "calls", rows, coordinates=("latitude", "longitude"))).charts()

    assert drawn.kind == "scatterChart"
    assert drawn.names == ["1 to 10", "51 to 100", "Names on the map"]
    assert drawn.numbers("xVal")[:2] == [[-77], [-77.1, -77.2]]
    assert drawn.numbers("yVal")[:2] == [[39], [39.1, 39.2]]
    assert re.findall(r"<a:t>([^<]*)</a:t>", drawn.xml)[-4:-2] == ["b", "a"]


def test_map_without_short_names_and_coordinates(write: Callable[..., Written]) -> None:
    """A place without coordinates is left out. A name of more than 30 characters is not displayed."""
    places = [("x" * 31, 39.0, -77.0, 1), ("no coordinates", None, None, 9)]
    rows = [dict(zip(("name", "latitude", "longitude", "calls"), place, strict=True)) for place in places]
    [drawn] = write(chart_of("map", "name", "calls", rows, coordinates=("latitude", "longitude"))).charts()

    assert drawn.numbers("yVal") == [[39]]
    assert drawn.names == ["1"]
