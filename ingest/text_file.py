"""Detect the format and the header of a delimited text file, and read its records. Does not need Spark."""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice, tee
from typing import Any

from ingest.compressed import content_name, open_content
from ingest.encoding import PYTHON_NAMES, detect_encoding
from ingest.errors import LandedFileError
from ingest.header import MAX_ROWS_TO_HEADER, Header, Layouts, best_match, clean_header
from transforms.text_format import DETECTED_FORMAT, TextFormat

logger = logging.getLogger(__name__)

MAX_CELL_CHARACTERS = 1 << 24
"""Maximum number of characters in a cell."""

MAX_CELLS = 1 << 20
"""Maximum number of cells in a record."""

_DELIMITERS = {"\t": "tab", "|": "pipe", ";": "semicolon", ",": "comma"}
"""The delimiters to try. If several delimiters fit equally well, the first is used, because it is rarer in cells."""

_MAX_ROWS_TO_COMPARE = 200
_LINE_END = "\r\n"  # `csv` quotes a cell with these characters


def read_header(file: str, uri: str, *, layouts: Layouts, text_format: TextFormat = DETECTED_FORMAT) -> Header:
    """Detect the format of a text file, and return the header with this format. The header must be the first line.

    The file may be compressed, see `ingest.compressed`. `ingest.encoding` describes how the encoding is detected.

    The header and the first rows are split at each possible delimiter. The delimiter that gives the most columns of a
    layout is used. On a tie, a delimiter is preferred if it splits the header and some rows. Among such delimiters, the
    share of the rows that have as many cells as the header decides, in tenths. Then a tab is preferred in a .tsv
    file, and then the delimiter that gives the most columns.

    Args:
        file: The name of the file, for messages. Its extension shows the compression and the usual delimiter.
        uri: The path or address of the file.
        layouts: The layouts that the file may have.
        text_format: The known parts of the format. All other parts are detected and logged.

    Raises:
        LandedFileError: The file is empty, is not text, mixes encodings, or has no header in its first line.
    """
    encoding = detect_encoding(file, uri, encoding=text_format.encoding)
    unsplit = Header((), delimiter="", encoding=encoding.name, line_end=encoding.line_end, quote=text_format.quote)
    delimiters = [text_format.delimiter] if text_format.delimiter else [*_DELIMITERS]
    readings, error = _read_with(file, uri, [replace(unsplit, delimiter=name) for name in delimiters])
    usual = "\t" if content_name(file).lower().endswith(".tsv") else ""
    delimiter = max(readings, key=lambda name: _rank(readings[name], layouts=layouts, is_usual=name == usual))
    records = readings[delimiter]
    matches_layout = not layouts or (records and best_match(records[0], layouts).present)
    if error and (not records or len(records[0]) == 1 or not matches_layout):
        raise error
    if not any(cell.strip() for record in records for cell in record):
        raise LandedFileError(where=file, problem="the file is empty. Expected a header. Deliver the file again.")
    if any(reading and not any(map(str.strip, reading[0])) for reading in readings.values()):
        problem = "the first line has only blank cells. Expected the header. Remove this line."
        raise LandedFileError(where=file, problem=problem)
    below = (record for reading in readings.values() for record in reading[1:MAX_ROWS_TO_HEADER])
    header = clean_header(file, records[0], layouts=layouts, below=below)
    if not text_format.delimiter or not text_format.encoding:
        name = _DELIMITERS.get(delimiter, repr(delimiter))
        logger.info("%s: read as %s with the delimiter %s", file, encoding.name, name)
    return replace(
        unsplit,
        columns=header.columns,
        layout=header.layout,
        delimiter=delimiter,
        has_returns=encoding.has_returns,
        needs_python=encoding.has_lone_returns or encoding.has_blank_lines_with_returns,
        needs_check=encoding.has_lone_returns or encoding.has_quotes(text_format.quote),
    )


def check_records(file: str, uri: str, header: Header) -> None:
    """Parse the whole file.

    Raises:
        LandedFileError: See `read_records`.
    """
    for _ in read_records(file, uri, header):
        pass


def read_records(file: str, uri: str, header: Header) -> Iterator[list[str]]:
    """Yield the cells of each record below the header, as RFC 4180 defines records. Empty lines are skipped.

    A record may have more or fewer cells than the header.

    Raises:
        LandedFileError: A quote is not closed before the end of the file, or a closing quote is followed by text. Or a
            cell has more than `MAX_CELL_CHARACTERS` characters, or has a carriage return outside quotes.
    """
    with _open_lines(file, uri, header) as lines:
        records = _parse(file, lines, header)
        next(records, None)
        yield from records


def format_record(cells: Sequence[str], header: Header) -> str:
    """Return a record as one text, with quotes around cells that need quotes."""
    text = io.StringIO()
    csv.writer(text, lineterminator=_LINE_END, **_csv_options(header)).writerow(cells)
    return text.getvalue().removesuffix(_LINE_END)


@contextmanager
def _open_lines(file: str, uri: str, header: Header) -> Iterator[Iterator[str]]:
    newline = "\n" if header.line_end == "\n" else ""
    with (
        open_content(file, uri) as stream,
        io.TextIOWrapper(stream, PYTHON_NAMES[header.encoding], "replace", newline=newline) as text,
    ):
        yield text


def _parse(file: str, lines: Iterable[str], header: Header) -> Iterator[list[str]]:
    csv.field_size_limit(MAX_CELL_CHARACTERS)  # a setting of the process, because `csv` has no other
    reader = csv.reader(lines, strict=True, **_csv_options(header))
    first_line = 1
    try:
        for record in reader:
            if len(record) > MAX_CELLS:
                where = f"the record that starts in line {first_line}"
                problem = f"{where} has more than {MAX_CELLS:,} cells, which is the maximum. Check the delimiter."
                raise LandedFileError(where=file, problem=problem)
            first_line = reader.line_num + 1
            if record:
                yield record
    except csv.Error as error:
        problem = _explain(str(error), first_line=first_line, last_line=reader.line_num)
        raise LandedFileError(where=file, problem=problem) from error


def _csv_options(header: Header) -> dict[str, Any]:
    quoting: dict[str, Any] = {"quotechar": header.quote or None}
    quoting["quoting"] = csv.QUOTE_MINIMAL if header.quote else csv.QUOTE_NONE
    return {"delimiter": header.delimiter, **quoting}


def _explain(error: str, *, first_line: int, last_line: int) -> str:
    where = f"the record that starts in line {first_line}"
    if "end of data" in error:
        problem = f"{where} has a quote that is not closed before the end of the file (line {last_line})"
        return f"{problem}. Close the quote at the end of its cell."
    if "field limit" in error:
        problem = f"{where} has a cell of more than {MAX_CELL_CHARACTERS:,} characters, which is the maximum"
        return f"{problem}. If the cell starts with a quote, close the quote. Otherwise, shorten the cell."
    if "new-line" in error:
        problem = (
            f"{where} has a carriage return outside quotes, in line {last_line}, but other lines end with a newline"
        )
        return f"{problem}. Put the cell in quotes, or end all lines in the same way."
    problem = f"{where} has a quoted cell with text after its closing quote, in line {last_line}"
    return f"{problem}. Expected a delimiter or the line end. Double each quote inside a quoted cell."


def _read_with(
    file: str, uri: str, headers: Sequence[Header]
) -> tuple[dict[str, list[list[str]]], LandedFileError | None]:
    """Read the first records with the delimiter of each header. Records after an error are left out.

    Returns:
        The records for each delimiter, and the error of a delimiter for which even the first record is wrong.
    """
    readings: dict[str, list[list[str]]] = {}
    first_error = None
    with _open_lines(file, uri, headers[0]) as lines:
        for header, copy in zip(headers, tee(lines, len(headers)), strict=True):
            records = readings[header.delimiter] = []
            try:
                for record in islice(_parse(file, copy, header), _MAX_ROWS_TO_COMPARE):
                    records.append(record)  # noqa: PERF402 - keep the records before an error
            except LandedFileError as error:
                first_error = first_error if records else error
    return readings, first_error


def _rank(records: Sequence[Sequence[str]], *, layouts: Layouts, is_usual: bool) -> tuple[Any, ...]:
    if not records:
        return (-1,)
    width, rows = len(records[0]), records[1:]
    share = sum(len(row) == width for row in rows) / len(rows) if rows else 1.0
    splits_rows = width > 1 and (not rows or any(len(row) > 1 for row in rows))
    return (best_match(records[0], layouts).present, splits_rows, round(share, 1), is_usual, width)
