"""Write heatmaps as cells: a row for each series, a column for each category, and a color for each value.

Heatmaps have their own sheets, because a filter of the table would hide the rows of a heatmap beside the table.
"""

from __future__ import annotations

from typing import Any

from reports.charts import Chart
from reports.points import ChartData, Point
from reports.rows import AnswerRows
from reports.words import WEEKDAYS
from reports.workbook.cells import ACCENT, MUTED, Styles, clean_text, write_link, write_value
from reports.workbook.page import set_up_page

_PALEST = "#F3F8FA"
_DARK = 0.8  # A cell above this share of the highest value is dark, so its text is white.


def heatmaps_of(rows: AnswerRows) -> list[tuple[Chart, ChartData]]:
    """Return the heatmaps of an answer that have values."""
    charts = zip(rows.answer.charts, rows.charts, strict=True)
    return [(chart, data) for chart, data in charts if data.points and chart.kind == "heatmap"]


def write_heatmaps(sheet: Any, rows: AnswerRows, *, answer_sheet: str, styles: Styles) -> None:
    """Write the question, the sentence and the heatmaps of an answer."""
    set_up_page(sheet, styles, rows.answer.question)
    sheet.write_string(1, 0, clean_text(rows.sentence), styles.style(font_color=ACCENT, bold=True))
    sheet.write_string(2, 0, clean_text(rows.answer.note), styles.style(font_color=MUTED))
    write_link(sheet, 3, 0, answer_sheet, "All rows", styles)
    row = 5
    for chart, data in heatmaps_of(rows):
        for panel in data.panels:
            row = _write_heatmap(sheet, row, chart, data, panel, styles)


def _write_heatmap(sheet: Any, row: int, chart: Chart, data: ChartData, panel: str, styles: Styles) -> int:
    """Write a panel of a heatmap, and return the row after the heatmap. All panels have the same scale of colors."""
    points = [point for point in data.points if point.panel == panel]
    values = {(point.series, point.category): point.value for point in points}
    series = sorted({point.series for point in points}, key=_series_order)
    categories = _categories(points)
    title = f"{panel}: {chart.axis}" if panel else chart.axis
    sheet.write_string(row, 0, clean_text(title), styles.style(bold=True))
    sheet.set_column(0, 0, 14)
    sheet.set_column(1, len(categories), 6)
    for column, category in enumerate(categories, start=1):
        write_value(sheet, row + 1, column, category, styles, align="center", font_color=MUTED)
    first = row + 2
    for line, name in enumerate(series, start=first):
        sheet.write_string(line, 0, clean_text(_series_label(chart, name)), styles.style())
        for column, category in enumerate(categories, start=1):
            value = values.get((name, category))
            write_value(sheet, line, column, value, styles, "#,##0", align="center", border=1, border_color="#FFFFFF")
    last = first + len(series) - 1
    _color(sheet, (first, 1, last, len(categories)), max(point.value for point in data.points), styles)
    return last + 3


def _color(sheet: Any, cells: tuple[int, int, int, int], highest: float, styles: Styles) -> None:
    scale = {"min_type": "num", "min_value": 0, "min_color": _PALEST}
    scale |= {"max_type": "num", "max_value": highest, "max_color": ACCENT}
    sheet.conditional_format(*cells, {"type": "2_color_scale", **scale})
    white = {"type": "cell", "criteria": ">", "value": highest * _DARK}
    sheet.conditional_format(*cells, {**white, "format": styles.style(font_color="#FFFFFF")})


def _categories(points: list[Point]) -> list[Any]:
    """Return the categories in order. Missing numbers are added, so that each hour has a column."""
    categories = sorted({point.category for point in points}, key=lambda value: (value is None, value))
    if all(isinstance(category, int) for category in categories):
        return list(range(categories[0], categories[-1] + 1))
    return categories


def _series_order(name: str) -> tuple[int, str]:
    return (int(name), "") if name.isdecimal() else (len(name) + 1000, name)


def _series_label(chart: Chart, name: str) -> str:
    if chart.series == "weekday" and name.isdecimal() and 1 <= int(name) <= len(WEEKDAYS):
        return WEEKDAYS[int(name) - 1]
    return name
