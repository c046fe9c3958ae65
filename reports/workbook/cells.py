"""Write texts, numbers and dates to the cells of a sheet. No value of the data becomes a formula or a link."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from math import isfinite
from typing import Any

from reports.columns import DisplayColumn

INK, MUTED, LINE, ACCENT = "#1B2430", "#566170", "#DFE4EA", "#0B6E99"
MAX_TEXT = 32_767
"""Maximum length of a cell in UTF-16 code units, as Excel counts characters."""

_MAX_SHEET_NAME = 31
_MAX_NUMBER = 10**15  # Excel keeps 15 digits.
_FIRST_YEAR = 1900  # Excel has no earlier dates.
_MAX_MEASURED_ROWS = 1_000
_MIN_WIDTH, _MAX_WIDTH = 9, 44  # characters
_FILTER_BUTTON = 5  # characters
_FORBIDDEN_IN_SHEET_NAME = re.compile(r"[\[\]:*?/\\']")
_FORBIDDEN_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_FORMAT = re.compile(r"(?P<sign>\+?)(?P<comma>,?)(?:\.(?P<decimals>\d+))?[df]")


class Styles:
    """Makes the formats of cells. Equal formats are made once, because a workbook has a limited number of formats."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._formats: dict[Any, Any] = {}

    def style(self, **properties: Any) -> Any:
        """Return the format with these properties of XlsxWriter."""
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self._book.add_format({"font_color": INK, "valign": "top", **properties})
        return self._formats[key]


def clean_text(value: object, *, length: int = MAX_TEXT) -> str:
    """Return a value as text that a cell can hold. A long text is cut, and ends in an ellipsis.

    Characters that XML does not allow are replaced by `\N{REPLACEMENT CHARACTER}`.
    """
    units = _FORBIDDEN_IN_XML.sub("\N{REPLACEMENT CHARACTER}", str(value)).encode("utf-16-le", "surrogatepass")
    if len(units) <= 2 * length:
        return units.decode("utf-16-le", "replace")
    return units[: 2 * (length - 1)].decode("utf-16-le", "ignore") + "…"


def excel_format(display_format: str) -> str:
    """Return the number format of Excel for the format of a displayed column.

    >>> excel_format(",d"), excel_format("+,.2f"), excel_format("%Y-%m"), excel_format("")
    ('#,##0', '+#,##0.00;-#,##0.00;0.00', 'yyyy-mm', '')
    """
    if display_format == "%Y-%m":
        return "yyyy-mm"
    parts = _FORMAT.fullmatch(display_format)
    if parts is None:
        return ""
    decimals = "." + "0" * int(parts["decimals"]) if int(parts["decimals"] or 0) else ""
    digits = ("#,##0" if parts["comma"] else "0") + decimals
    return f"+{digits};-{digits};0{decimals}" if parts["sign"] else digits


def write_value(
    sheet: Any, row: int, column: int, value: Any, styles: Styles, number_format: str = "", **style: Any
) -> None:
    """Write a value with its type. True is displayed as yes. False and a missing value are empty cells."""
    if isinstance(value, bool):
        value = "yes" if value else None
    if value is None:
        sheet.write_blank(row, column, None, styles.style(**style))
    elif isinstance(value, date) and value.year >= _FIRST_YEAR:
        sheet.write_datetime(row, column, value, styles.style(num_format=number_format or "yyyy-mm-dd", **style))
    elif isinstance(value, int | float) and isfinite(value) and abs(value) < _MAX_NUMBER:
        sheet.write_number(row, column, value, styles.style(num_format=number_format or "General", **style))
    else:
        sheet.write_string(row, column, clean_text(value), styles.style(**style))


def write_link(sheet: Any, row: int, column: int, target: str, text: str, styles: Styles, **style: Any) -> None:
    """Write a link to the first cell of another sheet."""
    link = styles.style(font_color=ACCENT, underline=1, **style)
    sheet.write_url(row, column, f"internal:'{target}'!A1", link, clean_text(text))


def column_width(column: DisplayColumn, rows: Sequence[Mapping[str, Any]]) -> int:
    """Return the width in characters that shows the header and the values of a column. Wide texts are cut."""
    longest = max((len(_display_text(column, row[column.name])) for row in rows[:_MAX_MEASURED_ROWS]), default=0)
    words = [len(word) for word in column.header.split()]
    header = max(*words, len(column.header) // 2, 1) + _FILTER_BUTTON  # A header has about two lines.
    return min(max(longest + 3, header, _MIN_WIDTH), _MAX_WIDTH)


def unique_headers(headers: Iterable[str]) -> list[str]:
    """Return headers that are unique regardless of case, as Excel's tables require.

    >>> unique_headers(["Name", "name", ""])
    ['Name', 'name (2)', '-']
    """
    return _unique([clean_text(header, length=200) or "-" for header in headers], 255)


def sheet_names(names: Iterable[str]) -> list[str]:
    """Return a valid and unique name of a sheet for each name.

    >>> sheet_names(["hours", "a/b?", "Hours", "a_very_long_name_of_a_sheet_in_excel"])
    ['hours', 'a b', 'Hours (2)', 'a_very_long_name_of_a_sheet_in…']
    """
    valid = [clean_text(_FORBIDDEN_IN_SHEET_NAME.sub(" ", name).strip() or "-", length=31) for name in names]
    return _unique(valid, _MAX_SHEET_NAME)


def _unique(names: Sequence[str], length: int) -> list[str]:
    """Add a number to each name that equals an earlier name regardless of case."""
    unique: dict[str, str] = {}
    for name in names:
        candidate, number = name, 1
        while candidate.casefold() in unique:
            number += 1
            suffix = f" ({number})"
            candidate = f"{clean_text(name, length=length - len(suffix))}{suffix}"
        unique[candidate.casefold()] = candidate
    return list(unique.values())


def _display_text(column: DisplayColumn, value: Any) -> str:
    is_text = isinstance(value, str) or value is None
    return clean_text(value or "", length=_MAX_WIDTH) if is_text else column.text(value)
