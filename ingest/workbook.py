"""Excel workbooks: their header, and their rows as text."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date, datetime, time, timedelta
from typing import Any

from ingest.errors import LandedFileError
from ingest.header import Header, clean_header
from ingest.storage import open_file


def read_header(file: str, uri: str, *, required: Sequence[str]) -> Header:
    """Find the sheet of a workbook that has the required columns, and return its header.

    The header is a sheet's first row that is not blank. Where no sheet has all the columns, the one with the most of
    them is returned: its header names what is missing.

    Raises:
        LandedFileError: The file is no workbook, is cut off, or has no rows; or two sheets have the columns.
    """
    sheets = [(sheet, clean_header(file, cells)) for sheet, cells in _first_rows(file, uri) if cells]
    if not sheets:
        raise LandedFileError(file=file, problem="the workbook is empty: no sheet has a row. Deliver it again.")
    complete = [sheet for sheet, header in sheets if header.missing(required) is None]
    if len(complete) > 1:
        problem = f"the sheets {complete} all have the columns of this dataset. Keep one a workbook."
        raise LandedFileError(file=file, problem=problem)
    sheet, header = max(sheets, key=lambda entry: sum(name in entry[1].columns for name in required))
    return header.on_sheet(sheet)


def read_rows(file: str, uri: str, header: Header) -> Iterator[tuple[str | int | None, ...]]:
    """Yield the rows below the header; blank rows are no rows.

    Each is a tuple: the cells as text, the whole row as JSON where it has cells beyond the header (else None), and the
    row's number as Excel shows it.
    """
    width, below_header = len(header.columns), False
    sheet = _open(file, uri).get_sheet_by_name(header.sheet)
    for number, cells in enumerate(sheet.to_python(skip_empty_area=False), 1):
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


def _first_rows(file: str, uri: str) -> Iterator[tuple[str, list[str | None]]]:
    workbook = _open(file, uri)
    for name in workbook.sheet_names:
        rows = ([cell_text(cell) for cell in row] for row in workbook.get_sheet_by_name(name).iter_rows())
        yield name, next((row for row in rows if any(row)), [])


def _open(file: str, uri: str) -> Any:
    import python_calamine as calamine  # On AWS Glue it comes with the job; nothing but workbooks needs it.

    with closing(open_file(uri)) as stream:
        content = stream.read()
    try:
        return calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    except calamine.CalamineError as error:
        what = "cut off" if content.startswith(b"PK") else "no Excel workbook"
        problem = f"the file is {what} ({len(content):,} bytes; {error}). Expected a whole .xlsx. Deliver it again."
        raise LandedFileError(file=file, problem=problem) from error
