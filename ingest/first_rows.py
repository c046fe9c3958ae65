"""Read the first rows of files, as text. Needs Spark only for Parquet files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from tempfile import TemporaryDirectory

from pyspark.sql import types as T

from ingest import parquet, text_file, workbook
from ingest.compressed import content_chunks
from ingest.errors import IngestError, LandedFileError
from ingest.formats import EXPECTED_FORMATS, has_header, is_readable
from ingest.header import SOURCE_COLUMNS, Header
from ingest.json_objects import find_records
from ingest.parquet import is_parquet
from ingest.profile_header import require_names
from ingest.storage import LandedFile
from transforms.text import BLANK_CHARACTERS

_TEXT_EXTENSIONS = (".csv", ".tsv", ".gz", ".zip")
_DELIMITERS = ",;\t|"
_Row = tuple[str | None, ...]


@dataclass(frozen=True)
class FirstRows:
    """The first rows of a file, or of several files with the same columns.

    Attributes:
        columns: The names of the columns.
        rows: The cells of each row. A blank cell is None.
        places: The file and the row number of each row.
        malformed: The places of the records that do not fit the header, or are not JSON objects. `rows` does not have
            these records.
        is_complete: Whether these are all rows.
        sheets: Number of visible sheets of a workbook that have rows. The first of these sheets is read.
        is_workbook: Whether a file is a workbook.
        is_json: Whether a file has JSON objects.
        fractions: The columns of a Parquet file whose type has fractions, even if all read numbers are whole.
    """

    columns: tuple[str, ...]
    rows: list[_Row] = field(default_factory=list)
    places: list[tuple[str, int]] = field(default_factory=list)
    malformed: list[tuple[str, int]] = field(default_factory=list)
    is_complete: bool = True
    sheets: int = 0
    is_workbook: bool = False
    is_json: bool = False
    fractions: frozenset[str] = frozenset()


def read_first_rows(files: Sequence[LandedFile], *, max_rows: int) -> FirstRows:
    """Read the first rows of files that have the same columns. Each file gives an equal share of `max_rows`.

    Raises:
        IngestError: A file has no format that ingest reads, cannot be read, has no rows, or has other columns than the
            first file. Or the first row of a file does not have the names of columns.
    """
    share = -(-max_rows // len(files))
    all_rows: FirstRows | None = None
    for file in files:
        rows = _read_file(file, max_rows=share)
        all_rows = _append(all_rows, rows, first_file=files[0].name, file=file.name) if all_rows else rows
    if all_rows is None:
        raise IngestError(where="files", problem="no file is given. Expected at least one file.")
    return all_rows


def _append(rows: FirstRows, more: FirstRows, *, first_file: str, file: str) -> FirstRows:
    if {*rows.columns} != {*more.columns}:
        missing = [name for name in rows.columns if name not in more.columns]
        extra = [name for name in more.columns if name not in rows.columns]
        problem = (
            f"the columns differ from those of {first_file}. Missing: {missing}. Additional: {extra}. Expected files "
            "of the same kind. Run `citylake new` separately for each kind of file."
        )
        raise LandedFileError(where=file, problem=problem)
    order = [more.columns.index(name) for name in rows.columns]
    return FirstRows(
        rows.columns,
        rows.rows + [tuple(row[index] for index in order) for row in more.rows],
        rows.places + more.places,
        rows.malformed + more.malformed,
        rows.is_complete and more.is_complete,
        max(rows.sheets, more.sheets),
        rows.is_workbook or more.is_workbook,
        rows.is_json or more.is_json,
        rows.fractions | more.fractions,
    )


def _read_file(file: LandedFile, *, max_rows: int) -> FirstRows:
    if not is_readable(file.name):
        raise LandedFileError(where=file.name, problem=f"unknown format. Expected {EXPECTED_FORMATS}.")
    if not has_header(file.name):
        found = _read_json(file, max_rows=max_rows)
    elif file.name.lower().endswith(_TEXT_EXTENSIONS):
        header = text_file.read_header(file.name, file.uri, layouts={})
        found = _collect(file.name, header.columns, _text_records(file, header), max_rows)
    elif is_parquet(file.name):
        found = _read_parquet(file, max_rows=max_rows)
    else:
        headers = workbook.read_sheet_headers(file.name, file.uri)
        rows = workbook.read_rows(file.name, file.uri, headers[0])
        records = ((int(row[-1] or 0), row[:-2], row[-2] is not None) for row in rows)
        found = _collect(file.name, headers[0].columns, records, max_rows, sheets=len(headers), is_workbook=True)
    if not found.rows:
        problem = "the file has no row that fits its header. Expected a header and at least one row."
        raise LandedFileError(where=file.name, problem=problem)
    if not (found.is_json or is_parquet(file.name)):
        require_names(file.name, found.columns)
    return found


def _text_records(file: LandedFile, header: Header) -> Iterator[tuple[int, Sequence[str], bool]]:
    for number, record in enumerate(text_file.read_records(file.name, file.uri, header), 2):
        yield number, record, len(record) != len(header.columns)


def _collect(
    file: str,
    columns: tuple[str, ...],
    records: Iterator[tuple[int, Sequence[str | int | None], bool]],
    max_rows: int,
    *,
    sheets: int = 0,
    is_workbook: bool = False,
) -> FirstRows:
    found = FirstRows(columns, sheets=sheets, is_workbook=is_workbook)
    for number, record, is_malformed in islice(records, max_rows):
        cells = tuple(_blank_to_none(cell) for cell in record)
        if not any(cells):
            continue
        if is_malformed:
            found.malformed.append((file, number))
        else:
            found.rows.append(cells)
            found.places.append((file, number))
    if len(found.malformed) > len(found.rows) or _has_unsplit_rows(found):
        problem = (
            "most rows have more or fewer cells than the first row. Expected a header in the first row. Remove the "
            "rows above the header, such as a title."
        )
        raise LandedFileError(where=file, problem=problem)
    is_complete = next(records, None) is None
    return FirstRows(
        columns, found.rows, found.places, found.malformed, is_complete, sheets=sheets, is_workbook=is_workbook
    )


def _has_unsplit_rows(found: FirstRows) -> bool:
    """Return True if all rows have one cell, and all cells have the same number of a delimiter.

    Then the first row is probably a title. It has no delimiter, so the other rows were not split.
    """
    cells = [row[0] or "" for row in found.rows]
    if len(found.columns) > 1 or len(cells) <= 1:
        return False
    counts = ({cell.count(delimiter) for cell in cells} for delimiter in _DELIMITERS)
    return any(len(count) == 1 and 0 not in count for count in counts)


def _read_json(file: LandedFile, *, max_rows: int) -> FirstRows:
    objects: list[tuple[int, dict[str, str | None]]] = []
    malformed, columns = [], dict[str, str]()
    records = find_records(content_chunks(file.name, file.uri))
    for number, text in enumerate(islice(records, max_rows), 1):
        try:
            record = json.loads(text, parse_int=str, parse_float=str)
        except (ValueError, RecursionError):
            record = None
        if not isinstance(record, dict):
            malformed.append((file.name, number))
            continue
        for name in record:
            columns.setdefault(name.strip().casefold(), name.strip())
        filled = [(name.strip().casefold(), _json_text(value)) for name, value in record.items() if value is not None]
        if len(dict(filled)) < len(filled):  # ingest rejects an object with values for two spellings of a field
            malformed.append((file.name, number))
        else:
            objects.append((number, dict(filled)))
    if reserved := [name for name in columns.values() if name in SOURCE_COLUMNS or not name]:
        problem = f"the fields {reserved} have names that are reserved for raw. Rename these fields."
        raise LandedFileError(where=file.name, problem=problem)
    names = tuple(columns.values())
    return FirstRows(
        names,
        [tuple(map(record.get, columns)) for _, record in objects],
        [(file.name, number) for number, _ in objects],
        malformed,
        is_complete=next(records, None) is None,
        is_json=True,
    )


def _read_parquet(file: LandedFile, *, max_rows: int) -> FirstRows:
    from lake.session import lake_session  # starts Spark, which only Parquet files need

    header = parquet.read_header(file, layouts={})
    with TemporaryDirectory() as warehouse:
        rows = parquet.read_rows(lake_session(warehouse), file.uri, header).limit(max_rows + 1).collect()
    records = ((row["_row_number"], row[: len(header.columns)], False) for row in rows)
    types = zip(header.columns, (cell.type for _, cell in header.cells), strict=True)
    fractions = frozenset(name for name, type_ in types if isinstance(type_, T.FractionalType))
    return replace(_collect(file.name, header.columns, records, max_rows), fractions=fractions)


def _json_text(value: object) -> str | None:
    if isinstance(value, str) or value is None:
        return _blank_to_none(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _blank_to_none(cell: object) -> str | None:
    text = "" if cell is None else str(cell).strip(BLANK_CHARACTERS)
    return text or None
