"""Write the sheet of an answer, with the charts at the left and the table at the right."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

from reports.charts import Chart
from reports.columns import DisplayColumn
from reports.points import ChartData
from reports.rows import AnswerRows
from reports.workbook.blocks import DataSheet
from reports.workbook.cells import (
    ACCENT,
    LINE,
    MUTED,
    Styles,
    clean_text,
    column_width,
    excel_format,
    unique_headers,
    write_value,
)
from reports.workbook.charts import WIDTH, add_charts, captions
from reports.workbook.maps import add_maps
from reports.workbook.page import header_style, row_height, set_up_page

HEADER_ROW = 3
"""The row with the headers of the table. All rows up to this row stay visible when a reader scrolls."""

FIRST_COLUMN = 2
"""The first column of the table. The charts are in column 0."""

_CHARTS_WIDTH = 96  # characters, a little more than the width of a chart
_TEXTS_WIDTH = 64  # characters, if the answer has no charts
_CHARACTERS_IN_LINE = 110
_FILTER_BUTTON = 4  # characters
_CAPTION_LINE, _GAP = 16, 14  # pixels
_MAX_DESCRIPTION = 250  # characters


def write_answer(book: Any, sheet: Any, rows: AnswerRows, *, table: str, data: DataSheet, styles: Styles) -> None:
    """Write the question, the sentence, the note, the charts and the table of an answer.

    The charts are at the left of the table, and do not move with the cells. So a filter of the table, which hides
    rows, does not change the charts. `table` is the name of the table in Excel.
    """
    set_up_page(sheet, styles, rows.answer.question)
    charts = zip(rows.answer.charts, rows.charts, strict=True)
    drawn = [(chart, part) for chart, part in charts if part.points and chart.kind != "heatmap"]
    width = _CHARTS_WIDTH if drawn else _TEXTS_WIDTH
    sheet.set_column(0, 0, width)
    sheet.set_column(1, 1, 2)
    for row, text, color in ((1, rows.sentence, ACCENT), (2, rows.answer.note, MUTED)):
        sheet.write_string(row, 0, clean_text(text), styles.style(text_wrap=True, font_color=color, bold=row == 1))
        sheet.set_row(row, row_height(text, width))
    _write_table(sheet, rows, table, styles)
    sheet.freeze_panes(HEADER_ROW + 1, 0)
    sheet.repeat_rows(HEADER_ROW)
    if drawn:
        data.start_answer(sheet.get_name())
        _write_charts(book, sheet, drawn, data, label=clean_text(rows.sentence, length=_MAX_DESCRIPTION))


def _write_charts(
    book: Any, sheet: Any, charts: Sequence[tuple[Chart, ChartData]], data: DataSheet, *, label: str
) -> None:
    """Write charts and their captions below each other. `label` describes the charts to screen readers."""
    top = _GAP
    for chart, part in charts:
        for drawing, height in (add_maps if chart.kind == "map" else add_charts)(book, chart, part, data):
            sheet.insert_chart(HEADER_ROW + 1, 0, drawing, {**_position(top), "description": label})
            top += height + _GAP
        top += _write_captions(sheet, chart, part, top)


def _write_table(sheet: Any, rows: AnswerRows, table: str, styles: Styles) -> None:
    """Write all rows as a table of Excel with a filter. A table without rows has an empty row, which Excel needs."""
    last_row = HEADER_ROW + max(len(rows.rows), 1)
    headers = unique_headers(column.header for column in rows.columns)
    formats = [header_style(styles, **_alignment(column, header=True)) for column in rows.columns]
    columns = [{"header": name, "header_format": style} for name, style in zip(headers, formats, strict=True)]
    last_column = FIRST_COLUMN + len(columns) - 1
    options = {"name": table, "style": None, "columns": columns}
    sheet.add_table(HEADER_ROW, FIRST_COLUMN, last_row, last_column, options)
    height = 0
    for number, column in enumerate(rows.columns, start=FIRST_COLUMN):
        width = column_width(column, rows.rows)
        sheet.set_column(number, number, width)
        height = max(height, row_height(column.header, width - _FILTER_BUTTON))
        _write_column(sheet, number, column, rows, styles)
    sheet.set_row(HEADER_ROW, height + 3)


def _write_column(sheet: Any, number: int, column: DisplayColumn, rows: AnswerRows, styles: Styles) -> None:
    number_format = excel_format(column.format)
    style = {"bottom": 1, "bottom_color": LINE, "valign": "vcenter", **_alignment(column)}
    for row, values in enumerate(rows.rows, start=HEADER_ROW + 1):
        write_value(sheet, row, number, values[column.name], styles, number_format, **style)


def _alignment(column: DisplayColumn, *, header: bool = False) -> dict[str, Any]:
    """Return the alignment of a column. Right-aligned headers leave room for the button of the filter."""
    if column.is_number:
        return {"align": "right", "indent": 2 if header else 0}
    return {"align": "left", "indent": 1}


def _write_captions(sheet: Any, chart: Chart, part: ChartData, top: int) -> int:
    """Write the captions of a chart into a text box, and return its height in pixels."""
    sentences = list(captions(chart, part))
    if not sentences:
        return 0
    lines = sum(ceil(len(sentence) / _CHARACTERS_IN_LINE) for sentence in sentences)
    height = _CAPTION_LINE * lines + 8
    look = {"line": {"none": True}, "fill": {"none": True}, "font": {"size": 9, "color": MUTED}}
    text = clean_text("\n".join(sentences))
    options = {**_position(top - _GAP // 2), **look, "width": WIDTH, "height": height, "description": text}
    sheet.insert_textbox(HEADER_ROW + 1, 0, text, options)
    return height + _GAP


def _position(top: int) -> dict[str, int]:
    """Return a position below the frozen rows that does not move with the cells. `top` is in pixels."""
    return {"x_offset": 4, "y_offset": top, "object_position": 3}
