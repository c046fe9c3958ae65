"""Read the header and the rows of Excel workbooks. The cells are text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any

from ingest.errors import LandedFileError
from ingest.header import (
    MAX_ROWS_TO_HEADER,
    Header,
    Layouts,
    best_match,
    clean_header,
    describe_missing_columns,
    list_missing_columns,
)
from ingest.sheet_scan import column_name
from ingest.workbook_package import Sheet, open_package
from ingest.workbook_reader import Rows, load_sheet, read_first_rows, rows_of

_FirstRows = list[tuple[int, list[str]]]


def read_header(file: str, uri: str, *, layouts: Layouts) -> Header:
    """Find the sheet that has the columns of a layout, and return the header of the sheet. Hidden sheets are not used.

    The header is the first non-blank row of a sheet. If no sheet has all columns of a layout, the header of the sheet
    with the fewest missing columns is returned. The caller can then name the missing columns in an error.

    Only the start of each sheet is read, so the file may still be damaged further down. `read_rows` finds this damage.

    Raises:
        LandedFileError: The file is not a workbook, is damaged, has a password, or has no rows. Or more than one sheet
            has all columns of a layout. Or only a hidden sheet has them. Or a column is missing, and cells of the
            header are merged.
    """
    with open_package(file, uri) as package:
        first_rows: dict[Sheet, _FirstRows] = read_first_rows(package, _take_first_rows)
        sheet = _choose_sheet(file, first_rows, layouts)
        if best_match(first_rows[sheet][0][1], layouts).missing:
            loaded = load_sheet(package, sheet)
            # In a damaged sheet, the rows may be in any order. Then the start of the XML does not have the first rows.
            first_rows[sheet] = _take_first_rows(rows_of(loaded))
            _require_unmerged_header(file, sheet, *first_rows[sheet][0], loaded.merged_cell_ranges or [], layouts)
    cells = first_rows[sheet][0][1]
    below = [row for other, rows in first_rows.items() if not other.is_hidden for _, row in rows]
    header = clean_header(file, cells, layouts=layouts, below=below)
    return header.on_sheet(sheet.number, date_system=package.date_system)


def read_sheet_headers(file: str, uri: str) -> list[Header]:
    """Return the header of each visible sheet that has rows, in the order of the sheets. No layout is known.

    Raises:
        LandedFileError: The file is not a workbook, is damaged, has a password, or has no rows on a visible sheet.
    """
    with open_package(file, uri) as package:
        first_rows: dict[Sheet, _FirstRows] = read_first_rows(package, _take_first_rows)
    filled = {sheet: rows for sheet, rows in first_rows.items() if rows and not sheet.is_hidden}
    if not filled:
        raise LandedFileError(where=file, problem=_describe_blank(first_rows))
    return [
        clean_header(file, rows[0][1], layouts={}).on_sheet(sheet.number, date_system=package.date_system)
        for sheet, rows in filled.items()
    ]


def read_rows(file: str, uri: str, header: Header) -> Iterator[tuple[str | int | None, ...]]:
    """Yield the rows below the header as tuples.

    Rows: one tuple for each row. Blank rows are dropped.

    Columns: the cells as text, and two more items at the end. The first added item is the whole row as JSON if the row
    has more cells than the header, and None otherwise. The second added item is the row number that Excel shows.

    Raises:
        LandedFileError: The sheet is damaged, has a cell that is too far away, or has a formula without a value.
    """
    with open_package(file, uri) as package:
        sheet = next(sheet for sheet in package.sheets if sheet.number == header.sheet)
        rows = rows_of(load_sheet(package, sheet))
    width, is_below_header = len(header.columns), False
    for number, cells in rows:
        texts = [cell_text(cell) for cell in cells]
        if not any(texts):
            continue
        if not is_below_header:
            _require_header(file, texts, header)
        else:
            malformed = json.dumps(texts, ensure_ascii=False) if any(texts[width:]) else None
            yield *texts[:width], *[None] * (width - len(texts)), malformed, number
        is_below_header = True


def _require_header(file: str, texts: list[str | None], header: Header) -> None:
    """Check that the first row of the sheet is the row that `read_header` has found in the start of the sheet."""
    names = [(text or "").strip() for text in texts]
    if clean_header(file, _trim_end(names), layouts={}).columns != header.columns:
        problem = f"the rows of sheet {header.sheet} are not in order, so its header is not the first row. Open the"
        problem = f"{problem} workbook in Excel or LibreOffice, save it as .xlsx, and deliver the saved file."
        raise LandedFileError(where=file, problem=problem)


def cell_text(cell: Any) -> str | None:
    """Return a cell as text. Whole numbers have no decimal point. Dates are in ISO 8601. A blank cell is None.

    >>> cell_text(384.0), cell_text(0.25), cell_text(" "), cell_text(True)
    ('384', '0.25', None, 'true')
    """
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, (datetime, date, time)):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell.total_seconds())
    return str(cell) if str(cell).strip() else None


def _take_first_rows(rows: Rows) -> _FirstRows:
    texts = ((number, [(cell_text(cell) or "").strip() for cell in cells]) for number, cells in rows)
    filled = ((number, cells) for number, cells in texts if any(cells))
    return [(number, _trim_end(cells)) for number, cells in islice(filled, MAX_ROWS_TO_HEADER)]


def _trim_end(cells: list[str]) -> list[str]:
    return cells[: max(number for number, cell in enumerate(cells, 1) if cell)]


def _choose_sheet(file: str, first_rows: Mapping[Sheet, _FirstRows], layouts: Layouts) -> Sheet:
    matches = {sheet: best_match(rows[0][1], layouts) for sheet, rows in first_rows.items() if rows}
    visible = [sheet for sheet in matches if not sheet.is_hidden]
    complete = [sheet for sheet in visible if not matches[sheet].missing]
    if len(complete) > 1:
        # The name of a sheet may be the name of a person, so the message shows the number of the sheet instead.
        numbers = [
            str(sheet.number) if len(layouts) == 1 else f"{sheet.number} (as {matches[sheet].layout})"
            for sheet in complete
        ]
        problem = (
            f"sheets {' and '.join(numbers)} all have the dataset's columns. Expected one sheet with these columns. "
            "Save each of these sheets as a separate workbook."
        )
        raise LandedFileError(where=file, problem=problem)
    if complete:
        return complete[0]
    best = min(visible, key=lambda sheet: (len(matches[sheet].missing), -matches[sheet].present), default=None)
    hidden = [sheet for sheet in matches if sheet.is_hidden and not matches[sheet].missing]
    if hidden:
        problem = "no visible sheet has a column of the dataset."
        if best and matches[best].present:
            problem = describe_missing_columns(first_rows[best][0][1], layouts)
        problem = (
            f"{problem} Sheet {hidden[0].number}, which is hidden, has all columns, but hidden sheets are not read. "
            f"Correct the header of the visible sheet, or unhide sheet {hidden[0].number}."
        )
        raise LandedFileError(where=file, problem=problem)
    if not best:
        raise LandedFileError(where=file, problem=_describe_blank(first_rows))
    return best


def _describe_blank(first_rows: Mapping[Sheet, _FirstRows]) -> str:
    state = "has rows only on hidden sheets" if any(first_rows.values()) else "is empty"
    return f"the workbook {state}. Expected a visible sheet with a header. Deliver the workbook again."


def _require_unmerged_header(
    file: str,
    sheet: Sheet,
    number: int,
    cells: list[str],
    merged: list[tuple[tuple[int, int], tuple[int, int]]],
    layouts: Layouts,
) -> None:
    """Raise an error if columns are missing and cells of the header are merged. `number` is the row of the header."""
    match = best_match(cells, layouts)
    for (first_row, first_column), (last_row, last_column) in merged:
        if match.present and match.missing and first_row < number <= last_row + 1 and first_column < len(cells):
            cells_range = f"{column_name(first_column + 1)}{first_row + 1}:{column_name(last_column + 1)}{last_row + 1}"
            problem = (
                f"{list_missing_columns(match)}, and cells {cells_range} of the header on sheet {sheet.number} are "
                "merged. Expected a header in one row with one cell for each column. Unmerge these cells, and write "
                "the name of each column in its own cell."
            )
            raise LandedFileError(where=file, problem=problem)
