"""Read the header and the rows of Excel workbooks. The cells are text."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime, time, timedelta
from itertools import chain, islice
from types import ModuleType
from typing import Any

from ingest.errors import IngestError, LandedFileError
from ingest.header import MAX_ROWS_TO_HEADER, Header, Layouts, best_match, clean_header
from ingest.storage import open_file


def read_header(file: str, uri: str, *, layouts: Layouts) -> Header:
    """Find the sheet that has the columns of a layout, and return the header of the sheet.

    The header is the first non-blank row of a sheet. If no sheet has all columns of a layout, the header of the sheet
    with the fewest missing columns is returned. The caller can then name the missing columns in an error.

    Raises:
        LandedFileError: The file is not a workbook, is damaged, has a password, or has no rows. Or more than one sheet
            has all columns of a layout.
    """
    first_rows = dict(_read_first_rows(file, uri))
    names, sheets = [*first_rows], {sheet: rows for sheet, rows in first_rows.items() if rows}
    if not sheets:
        problem = "the workbook is empty. Expected a sheet with a header. Deliver the workbook again."
        raise LandedFileError(where=file, problem=problem)
    matches = {sheet: best_match(rows[0], layouts) for sheet, rows in sheets.items()}
    # The name of a sheet may be the name of a person, so the message shows the number of the sheet instead.
    complete = [
        str(number) if len(layouts) == 1 else f"{number} (as {matches[sheet].layout})"
        for number, sheet in enumerate(names, 1)
        if sheet in matches and not matches[sheet].missing
    ]
    if len(complete) > 1:
        problem = (
            f"sheets {' and '.join(complete)} all have the dataset's columns. Expected one sheet with these columns. "
            "Save each of these sheets as a separate workbook."
        )
        raise LandedFileError(where=file, problem=problem)
    sheet = min(matches, key=lambda name: (len(matches[name].missing), -matches[name].present))
    return clean_header(file, sheets[sheet][0], layouts=layouts, below=chain.from_iterable(sheets.values())).on_sheet(
        sheet
    )


def read_rows(file: str, uri: str, header: Header) -> Iterator[tuple[str | int | None, ...]]:
    """Yield the rows below the header as tuples.

    Rows: one tuple for each row. Blank rows are dropped.

    Columns: the cells as text, and two more items at the end. The first added item is the whole row as JSON if the row
    has more cells than the header, and None otherwise. The second added item is the row number that Excel shows.
    """
    width, is_below_header = len(header.columns), False
    for number, cells in enumerate(_read_sheet(file, _open(file, uri), header.sheet), 1):
        texts = [cell_text(cell) for cell in cells]
        if not any(texts):
            continue
        if is_below_header:
            malformed = json.dumps(texts, ensure_ascii=False) if any(texts[width:]) else None
            yield *texts[:width], *[None] * (width - len(texts)), malformed, number
        is_below_header = True


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


def _read_first_rows(file: str, uri: str) -> Iterator[tuple[str, list[list[str]]]]:
    workbook = _open(file, uri)
    for name in workbook.sheet_names:
        texts = ([(cell_text(cell) or "").strip() for cell in row] for row in _read_sheet(file, workbook, name))
        yield name, [_trim_end(cells) for cells in islice(filter(any, texts), MAX_ROWS_TO_HEADER)]


def _trim_end(cells: list[str]) -> list[str]:
    return cells[: max(number for number, cell in enumerate(cells, 1) if cell)]


def _read_sheet(file: str, workbook: Any, sheet: str) -> list[list[Any]]:
    with _translate_errors(file):
        rows: list[list[Any]] = workbook.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    return rows


def _open(file: str, uri: str) -> Any:
    calamine = _import_calamine(file)
    with closing(open_file(uri)) as stream:
        content = stream.read()
    with _translate_errors(file, content):
        return calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))


@contextmanager
def _translate_errors(file: str, content: bytes = b"PK") -> Iterator[None]:
    """Convert an error of python-calamine to an error that names the file."""
    try:
        yield
    except _import_calamine(file).CalamineError as error:
        # The message of python-calamine may contain personal data, so it appears only in the traceback.
        state = "a damaged or incomplete workbook" if content.startswith(b"PK") else "not an Excel workbook"
        if "Password" in type(error).__name__:
            state = "protected by a password"
        problem = f"the file is {state}. Expected a complete .xlsx file without a password. Deliver the file again."
        raise LandedFileError(where=file, problem=problem) from error


def _import_calamine(file: str) -> ModuleType:
    try:
        import python_calamine  # only workbooks need python-calamine
    except ModuleNotFoundError as error:
        problem = "python-calamine, which reads workbooks, is not installed. Run: pip install 'citylake[excel]'"
        raise IngestError(
            where=file, problem=problem
        ) from error  # not a LandedFileError, because the file itself may be valid
    return python_calamine
