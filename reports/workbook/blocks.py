"""Write the values of charts to a sheet. The charts of a workbook refer to these cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reports.charts import Chart
from reports.points import ChartData, Point
from reports.workbook.cells import Styles, clean_text, write_link, write_value
from reports.workbook.page import row_height, set_up_page

Range = list[Any]
"""A reference to cells: the name of the sheet, and the first and the last row and column."""

_MAX_LABEL = 72  # UTF-16 code units
_VALUE_WIDTH = 18  # characters
_INTRODUCTION = "This sheet has the values of the charts. If you change a value, its chart changes too."


@dataclass(frozen=True)
class Block:
    """The cells with the values of a panel of a chart.

    Each row is a category, and each column after the labels is a series.

    Attributes:
        sheet: The name of the sheet.
        title: The row of the title. The header is in the next row.
        points: The values of each category, in the order of the rows. A missing value is None.
        series: The names of the series, in the order of the columns.
    """

    sheet: str
    title: int
    points: Sequence[Sequence[Point | None]]
    series: Sequence[str]

    @property
    def title_cell(self) -> Range:
        """The cell with the label of the panel."""
        return [self.sheet, self.title, 0]

    @property
    def categories(self) -> Range:
        """The cells with the labels of the categories."""
        return self._column(0)

    def name_cell(self, series: int) -> Range:
        """Return the cell with the name of a series."""
        return [self.sheet, self.title + 1, series + 1]

    def values(self, series: int) -> Range:
        """Return the cells with the values of a series."""
        return self._column(series + 1)

    def _column(self, number: int) -> Range:
        return [self.sheet, self.title + 2, number, self.title + 1 + len(self.points), number]


class DataSheet:
    """The sheet with the values of all charts of a workbook."""

    def __init__(self, sheet: Any, styles: Styles) -> None:
        self.sheet, self._styles, self._row = sheet, styles, 2
        set_up_page(sheet, styles, "Chart data")
        sheet.set_column(0, 0, 44)
        sheet.set_column(1, 30, _VALUE_WIDTH)
        sheet.write_string(1, 0, _INTRODUCTION, styles.style())

    def start_answer(self, sheet_name: str) -> None:
        """Write a link to the sheet of an answer. The blocks of the answer are below the link."""
        write_link(self.sheet, self._row + 1, 0, sheet_name, sheet_name, self._styles, bold=True)
        self._row += 2

    def add_block(self, chart: Chart, data: ChartData, panel: str) -> Block:
        """Write the values of a panel of a chart."""
        points = [point for point in data.points if point.panel == panel]
        values = {(point.category, point.series): point for point in points}
        categories = list(dict.fromkeys(point.category for point in points))
        grid = [[values.get((category, series)) for series in data.series] for category in categories]
        names = [series or chart.axis for series in data.series]
        return self._write(panel or chart.axis, categories, grid, names)

    def add_points(self, title: str, points: Sequence[Point], names: Sequence[str]) -> Block:
        """Write the longitude, the latitude and the value of places. `names` are the headers of these columns."""
        cells = [(point.longitude or 0, point.latitude or 0, point.value) for point in points]
        grid = [[Point("", "", "", value) for value in place] for place in cells]
        return self._write(title, [point.category for point in points], grid, names)

    def _write(
        self, title: str, categories: Sequence[Any], grid: Sequence[Sequence[Point | None]], names: Sequence[str]
    ) -> Block:
        block = Block(self.sheet.get_name(), self._row, grid, names)
        self.sheet.write_string(self._row, 0, clean_text(title), self._styles.style(italic=True))
        self.sheet.set_row(self._row + 1, max(row_height(name, _VALUE_WIDTH) for name in names))
        for column, name in enumerate(names, start=1):
            header = self._styles.style(bold=True, align="right", text_wrap=True)
            self.sheet.write_string(self._row + 1, column, clean_text(name), header)
        for row, (category, points) in enumerate(zip(categories, grid, strict=True), start=self._row + 2):
            label = clean_text(category, length=_MAX_LABEL) or "-" if isinstance(category, str) else category
            write_value(self.sheet, row, 0, label, self._styles, "yyyy-mm" if hasattr(label, "year") else "0")
            for column, point in enumerate(points, start=1):
                if point:  # An empty cell with a format would be 0 in the copy of the values that a chart contains.
                    write_value(self.sheet, row, column, point.value, self._styles)
        self._row += len(grid) + 3
        return block
