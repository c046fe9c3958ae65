"""Set up sheets so that they look alike on a screen and on paper."""

from __future__ import annotations

from textwrap import wrap
from typing import Any

from reports.workbook.cells import MUTED, Styles, clean_text

_TITLE_HEIGHT = 24  # points
_LINE_HEIGHT = 15  # points
_MAX_LINES = 4
_CHARACTERS_PER_UNIT = 1.05  # The width of a column is measured in digits. Most letters are narrower.


def set_up_page(sheet: Any, styles: Styles, title: str) -> None:
    """Write the title of a sheet, and set how the sheet is printed."""
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&L&A&RPage &P of &N")
    sheet.set_row(0, _TITLE_HEIGHT)
    sheet.write_string(0, 0, clean_text(title), styles.style(bold=True, font_size=16))


def header_style(styles: Styles, **options: Any) -> Any:
    """Return the style of the headers of tables."""
    return styles.style(
        **{"bold": True, "text_wrap": True, "bottom": 1, "bottom_color": MUTED, "valign": "bottom", **options}
    )


def write_headers(sheet: Any, row: int, headers: tuple[str, ...], styles: Styles) -> None:
    """Write the headers of a table that has no filter."""
    for column, header in enumerate(headers):
        sheet.write_string(row, column, header, header_style(styles))


def row_height(text: str, width: int) -> int:
    """Return the height in points that shows a wrapped text in a column of `width` characters.

    LibreOffice does not adjust the height of rows when it opens a workbook. Long texts are cut after four lines.
    """
    lines = wrap(text, max(int(width * _CHARACTERS_PER_UNIT), 1), max_lines=_MAX_LINES)
    return _LINE_HEIGHT * max(len(lines), 1)
