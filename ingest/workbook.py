"""Excel workbooks: their header, and their rows as text."""

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
from ingest.header import HEADER_WITHIN, Header, Layouts, best_match, clean_header
from ingest.storage import open_file


def read_header(file: str, uri: str, *, layouts: Layouts) -> Header:
    """Find the sheet of a workbook that has the columns of a layout, and return its header.

    The header is a sheet's first row that is not blank. If no sheet has all columns of a layout, the header of the
    closest sheet is returned, so that an error can name the missing columns.

    Raises:
        LandedFileError: The file is not a workbook, is damaged, or has no rows. Or two sheets have the columns.
    """
    first_rows = dict(_first_rows(file, uri))
    names, sheets = [*first_rows], {sheet: rows for sheet, rows in first_rows.items() if rows}
    if not sheets:
        raise LandedFileError(where=file, problem="the workbook is empty: no sheet has a row. Deliver it again.")
    matches = {sheet: best_match(rows[0], layouts) for sheet, rows in sheets.items()}
    # The name of a sheet may be the name of a person, so a message says its number.
    complete = [
        str(number) if len(layouts) == 1 else f"{number} (as {matches[sheet].layout})"
        for number, sheet in enumerate(names, 1)
        if sheet in matches and not matches[sheet].missing
    ]
    if len(complete) > 1:
        problem = f"sheets {' and '.join(complete)} all have the dataset's columns. Save each as its own workbook."
        raise LandedFileError(where=file, problem=problem)
    sheet = min(matches, key=lambda name: (len(matches[name].missing), -matches[name].found))
    return clean_header(file, sheets[sheet][0], layouts=layouts, below=chain.from_iterable(sheets.values())).on_sheet(
        sheet
    )


def read_rows(file: str, uri: str, header: Header) -> Iterator[tuple[str | int | None, ...]]:
    """Yield the rows below the header; blank rows are no rows.

    Each is a tuple: the cells as text, the whole row as JSON where it has cells beyond the header (else None), and the
    row's number as Excel shows it.
    """
    width, below_header = len(header.columns), False
    for number, cells in enumerate(_rows(file, _open(file, uri), header.sheet), 1):
        texts = [cell_text(cell) for cell in cells]
        if not any(texts):
            continue
        if below_header:
            beyond = json.dumps(texts, ensure_ascii=False) if any(texts[width:]) else None
            yield *texts[:width], *[None] * (width - len(texts)), beyond, number
        below_header = True


def cell_text(cell: Any) -> str | None:
    """Return a cell's value as text: whole numbers without a point, dates in ISO form, blank as None.

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


def _first_rows(file: str, uri: str) -> Iterator[tuple[str, list[list[str]]]]:
    workbook = _open(file, uri)
    for name in workbook.sheet_names:
        texts = ([(cell_text(cell) or "").strip() for cell in row] for row in _rows(file, workbook, name))
        yield name, [_without_end(cells) for cells in islice(filter(any, texts), HEADER_WITHIN)]


def _without_end(cells: list[str]) -> list[str]:
    return cells[: max(place for place, cell in enumerate(cells, 1) if cell)]


def _rows(file: str, workbook: Any, sheet: str) -> list[list[Any]]:
    with _readable(file):
        rows: list[list[Any]] = workbook.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    return rows


def _open(file: str, uri: str) -> Any:
    calamine = _calamine(file)
    with closing(open_file(uri)) as stream:
        content = stream.read()
    with _readable(file, content):
        return calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))


@contextmanager
def _readable(file: str, content: bytes = b"PK") -> Iterator[None]:
    """Turn an error of the reader into an error that names the file."""
    try:
        yield
    except _calamine(file).CalamineError as error:
        # The reader's own text may quote the content, which may be personal. It stays in the traceback.
        found = "a damaged workbook, or one cut off" if content.startswith(b"PK") else "not an Excel workbook"
        if "Password" in type(error).__name__:
            found = "protected by a password"
        problem = f"the file is {found}. Expected a whole .xlsx without a password. Deliver it again."
        raise LandedFileError(where=file, problem=problem) from error


def _calamine(file: str) -> ModuleType:
    try:
        import python_calamine  # On AWS Glue it comes with the job; nothing but workbooks needs it.
    except ModuleNotFoundError as error:
        problem = "a workbook is read by python-calamine, which is not installed. Run: pip install 'citylake[excel]'"
        raise IngestError(where=file, problem=problem) from error  # not a LandedFileError, because the file is fine
    return python_calamine
