"""Read sheets with python-calamine, through a checked copy of the workbook.

python-calamine stops the process if a cell is far away, and reads some cells as blank. So it reads only a copy, which
has the bytes that `ingest.sheet_scan` has checked.
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from ingest.errors import IngestError, LandedFileError
from ingest.sheet_check import check_cells
from ingest.sheet_scan import UnreadableXmlError, close_start, copy_sheet, max_cells, split_xml
from ingest.workbook_package import Package, Sheet, UnpackLimit, translate_damage

_FIRST_START_BYTES, _GROWTH = 64 << 10, 16  # the lengths of the starts that are read to find the header
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"

Rows = Iterator[tuple[int, list[Any]]]
"""The row numbers that Excel shows, and the cells from column A."""


def read_first_rows(package: Package, take: Callable[[Rows], list[Any]]) -> dict[Sheet, list[Any]]:
    """Return the result of `take` for the first rows of each sheet. `take` returns an empty list for blank rows.

    Only the start of a sheet is read. If the start has only blank rows, a longer start is read.

    Raises:
        LandedFileError: The start of a sheet is damaged. Or its only row has a cell that is too far away.
    """
    results: dict[Sheet, list[Any]] = {sheet: [] for sheet in package.sheets}
    sheets, length = list(package.sheets), _FIRST_START_BYTES
    while sheets:
        limit = package.unpack_limit()
        starts = {sheet: _read_start(package, sheet, length, limit) for sheet in sheets}
        readable = [sheet for sheet in sheets if starts[sheet][0]]
        with _open_copy(package, [(sheet, [starts[sheet][0]]) for sheet in readable]) as (workbook, _):
            for index, sheet in enumerate(readable):
                with _translate_errors(package, sheet):
                    results[sheet] = take(rows_of(workbook.get_sheet_by_index(index)))
        sheets = [sheet for sheet in sheets if not (starts[sheet][1] or results[sheet])]
        length *= _GROWTH
    return results


def load_sheet(package: Package, sheet: Sheet) -> Any:
    """Load all cells of a sheet into memory, and return the sheet of python-calamine.

    Raises:
        LandedFileError: The sheet is damaged, has a cell that is too far away, or has a formula without a value.
    """
    chunks = package.chunks(sheet.part, limit=package.unpack_limit())
    with _open_copy(package, [(sheet, chunks)]) as (workbook, scans):
        size, is_plain = scans[0]
        if not is_plain:
            _require_readable_cells(package, sheet, size)
        with _translate_errors(package, sheet):
            return workbook.get_sheet_by_index(0)


def rows_of(sheet: Any) -> Rows:
    """Yield the rows of a sheet of python-calamine, also blank rows above and between the cells."""
    blank = [""] * (sheet.start[1] if sheet.start else 0)  # python-calamine leaves out the blank columns on the left
    return ((number, blank + cells) for number, cells in enumerate(sheet.iter_rows(), 1))


def _read_start(package: Package, sheet: Sheet, length: int, limit: UnpackLimit) -> tuple[bytes, bool]:
    """Return the start of a sheet as a complete XML document, and whether it is the whole sheet."""
    content, is_whole = bytearray(), True
    with translate_damage(package.file):
        for chunk in package.chunks(sheet.part, limit=limit):
            content += chunk
            if len(content) > length:
                is_whole = False
                break
    start = bytes(content[:length])
    with translate_damage(package.file), _translate_errors(package, sheet):
        check = check_cells([start], cells_to_allow=max_cells(len(start)), is_whole=is_whole)
    if check.damage:
        raise _damage(package, sheet, check.damage)
    if check.far_cell:
        before = close_start(start, end=check.far_row_start)
        if not (before or sheet.is_hidden):  # the only row has the far cell
            raise _far_cell(package, sheet, check.far_cell, len(start))
        return before, True
    return (start, True) if is_whole else (close_start(start), False)


def _require_readable_cells(package: Package, sheet: Sheet, size: int) -> None:
    chunks = package.chunks(sheet.part, limit=package.unpack_limit())
    with translate_damage(package.file), _translate_errors(package, sheet):
        check = check_cells(chunks, cells_to_allow=max_cells(size))
    if check.damage:
        raise _damage(package, sheet, check.damage)
    if check.far_cell:
        raise _far_cell(package, sheet, check.far_cell, size)
    if check.formula:
        problem = (
            f"the formula in cell {check.formula} of sheet {sheet.number} has no stored value, because the program "
            "that wrote the file does not compute formulas. Open the workbook in Excel or LibreOffice, save it as an "
            "Excel workbook (.xlsx), and deliver the saved file."
        )
        raise LandedFileError(where=package.file, problem=problem)


def _far_cell(package: Package, sheet: Sheet, cell: str, size: int) -> LandedFileError:
    problem = (
        f"cell {cell} of sheet {sheet.number} is far away from the other cells. The range from A1 to the last row and "
        f"column has more than {max_cells(size):,} cells, and most of them are blank. Clear cell {cell}, or save "
        "only the table as a separate workbook."
    )
    return LandedFileError(where=package.file, problem=problem)


def _damage(package: Package, sheet: Sheet, reason: str) -> LandedFileError:
    problem = f"the XML of sheet {sheet.number} is damaged: {reason}. Deliver the file again."
    return LandedFileError(where=package.file, problem=problem)


@contextmanager
def _open_copy(
    package: Package, sheets: Sequence[tuple[Sheet, Iterable[bytes]]]
) -> Iterator[tuple[Any, list[tuple[int, bool]]]]:
    """Open a copy of a workbook that has the given sheets. Also yield the results of `copy_sheet`.

    The copy is not compressed, so the sheets are unpacked only once, by the scan.
    """
    calamine = _import_calamine(package.file)
    limit = package.unpack_limit()
    kinds = {"sharedStrings": package.texts, "styles": package.styles}
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as copy:
        with zipfile.ZipFile(copy, "w") as target, translate_damage(package.file):
            for name, content in _describe_copy(package, len(sheets)):
                target.writestr(name, content)
            for kind, part in kinds.items():
                if part:
                    with target.open(f"xl/{kind}.xml", "w") as stream, _translate_errors(package, None):
                        stream.writelines(split_xml(package.chunks(part, limit=limit)))
            scans = []
            for index, (sheet, chunks) in enumerate(sheets):
                with target.open(f"xl/sheet{index}.xml", "w") as stream, _translate_errors(package, sheet):
                    scans.append(copy_sheet(chunks, stream.write))
        copy.flush()
        with _translate_errors(package, None):
            workbook = calamine.CalamineWorkbook.from_path(copy.name)
        yield workbook, scans


def _describe_copy(package: Package, sheets: int) -> Iterator[tuple[str, str]]:
    """Yield the names and the contents of the parts that describe the copy."""
    kinds = {f"sheet{index}": "worksheet" for index in range(sheets)}
    kinds |= {kind: kind for kind, part in (("sharedStrings", package.texts), ("styles", package.styles)) if part}
    links = "".join(
        f'<Relationship Id="{name}" Type="{_DOCUMENT}/{kind}" Target="{name}.xml"/>' for name, kind in kinds.items()
    )
    names = "".join(f'<sheet name="{index}" sheetId="{index + 1}" r:id="sheet{index}"/>' for index in range(sheets))
    relations = f'<Relationships xmlns="{_PACKAGE}/relationships">'
    yield "[Content_Types].xml", f'<Types xmlns="{_PACKAGE}/content-types"/>'
    yield (
        "_rels/.rels",
        f'{relations}<Relationship Id="a" Type="{_DOCUMENT}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    )
    yield "xl/_rels/workbook.xml.rels", f"{relations}{links}</Relationships>"
    is_1904 = int(package.date_system == 1904)
    yield (
        "xl/workbook.xml",
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_DOCUMENT}"><workbookPr date1904="{is_1904}"/><sheets>{names}</sheets>'
        "</workbook>",
    )


@contextmanager
def _translate_errors(package: Package, sheet: Sheet | None) -> Iterator[None]:
    """Convert the errors of a scan and of python-calamine to errors that name the file and the sheet."""
    place = f"the XML of sheet {sheet.number}" if sheet else "the XML of the shared strings or the styles"
    try:
        yield
    except UnreadableXmlError as error:
        problem = (
            f"{place} cannot be read, because {error}. Open the workbook in Excel or LibreOffice, save it as an Excel "
            "workbook (.xlsx), and deliver the saved file."
        )
        raise LandedFileError(where=package.file, problem=problem) from error
    except _import_calamine(package.file).CalamineError as error:
        # The message of python-calamine may contain personal data, so it appears only in the traceback.
        problem = f"the file is a damaged or incomplete workbook: {place} is not valid. Deliver the file again."
        raise LandedFileError(where=package.file, problem=problem) from error


def _import_calamine(file: str) -> ModuleType:
    try:
        import python_calamine  # only workbooks need python-calamine
    except ModuleNotFoundError as error:
        problem = "python-calamine, which reads workbooks, is not installed. Run: pip install 'citylake[excel]'"
        # This error is not a LandedFileError, because the file itself may be valid.
        raise IngestError(where=file, problem=problem) from error
    return python_calamine
