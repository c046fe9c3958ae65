"""Delimited text: its encoding, delimiter and header, and its rows as Spark reads them."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from ingest.errors import LandedFileError
from ingest.header import Forms, Header, best_fit, clean_header
from ingest.storage import chunks, open_file
from transforms.names import quoted

_DELIMITERS = ";,\t|"
_HEADER_BYTES = 1 << 16
_BOM = codecs.BOM_UTF8
_IN_PARTITION = (1 << 33) - 1  # monotonically_increasing_id: the lower 33 bits count the rows of a partition


@dataclass
class _Text:
    """What one pass over a file's bytes finds."""

    start: bytes = b""
    encoding: str = "UTF-8"
    quotes: int = 0
    newlines: int = 0
    returns: int = 0


def read_header(file: str, uri: str, *, forms: Forms) -> Header:
    """Find out how a text file is encoded and delimited, and return its header, which must be its first line.

    Text that is not UTF-8 (with or without a byte order mark) is read as Windows-1252, which is what Excel saves. The
    delimiter is the one that finds most of a form's columns, then most columns, in the first line.

    Raises:
        LandedFileError: The file is empty, is not text, has no header in its first line, or has a quote that is never
            closed: it would make one cell of all the rows behind it.
    """
    if ":" in file:
        raise LandedFileError(file=file, problem="Spark reads no text file with a ':' in its name. Rename it.")
    text = _examine(file, uri)
    first_lines = text.start.removeprefix(_BOM).decode(text.encoding, errors="ignore")
    if not first_lines.strip():
        raise LandedFileError(file=file, problem="the file is empty: it has no header. Deliver it again.")
    readings = {delimiter: _first_record(first_lines, delimiter) for delimiter in _DELIMITERS}
    delimiter = max(readings, key=lambda d: (best_fit(readings[d], forms).found, len(readings[d])))
    if not any(cell.strip() for cell in readings[delimiter]):
        raise LandedFileError(file=file, problem="the first line is blank cells; it must be the header. Remove it.")
    line_end = "\n" if text.newlines else "\r"
    header = replace(
        clean_header(file, readings[delimiter], forms=forms),
        delimiter=delimiter,
        encoding=text.encoding,
        line_end=line_end,
        has_returns=bool(text.returns) and line_end == "\n",
    )
    if text.quotes:
        _check_quotes(file, uri, header)
    return header


def read_rows(spark: SparkSession, uri: str, header: Header) -> DataFrame:
    """Read the rows of a text file, each cell as text.

    Rows: one a record. Records whose cells are all blank are no rows.

    Columns: the header's, all text, an empty cell as null; `_row_number`, the record's number, the header being 1 and
    empty lines not counted; `_malformed_record`, the whole record where it has more or fewer cells than the header.
    """
    names = (*header.columns, "_malformed_record")
    rows = spark.read.csv(
        re.sub(r"([\\*?\[\]{}])", r"\\\1", uri),  # a file's name is no pattern
        schema=T.StructType([T.StructField(name, T.StringType()) for name in names]),
        header=True,
        sep=header.delimiter,
        encoding=header.encoding,
        quote='"',
        escape='"',  # a quote in a quoted cell is doubled; Spark's default would drop the rest of the cell
        lineSep=header.line_end,  # else the first line's end is taken for all, and others end no record
        multiLine=True,  # a quoted cell may hold line ends; it also keeps the file's rows in one partition, in order
        columnNameOfCorruptRecord="_malformed_record",
    )
    number = (F.monotonically_increasing_id().bitwiseAND(F.lit(_IN_PARTITION)) + 2).cast("int")
    cells = [_cell(name, header).alias(name) for name in names]
    return rows.select(*cells, number.alias("_row_number")).where(_is_a_row(header))


def _cell(name: str, header: Header) -> Column:
    if not header.has_returns:
        return F.col(quoted(name))
    return F.expr(f"nullif(rtrim('\r', {quoted(name)}), '')")


def _is_a_row(header: Header) -> Column:
    blanks = " \t\u00a0" + header.delimiter
    cells = [f"coalesce({quoted(name)}, '')" for name in (*header.columns, "_malformed_record")]
    return F.expr(f"btrim(concat({', '.join(cells)}), '{blanks}') != ''")


def _examine(file: str, uri: str) -> _Text:
    text, decoder = _Text(), codecs.getincrementaldecoder("utf-8")()
    for chunk in _with_end(chunks(uri)):
        if len(text.start) < _HEADER_BYTES:
            text.start += chunk[:_HEADER_BYTES]
        if b"\0" in chunk:
            problem = "the file is no text: it has NUL bytes. Expected UTF-8 or Windows-1252. Save it as CSV again."
            raise LandedFileError(file=file, problem=problem)
        text.quotes += chunk.count(b'"')
        text.newlines += chunk.count(b"\n")
        text.returns += chunk.count(b"\r")
        if text.encoding == "UTF-8":
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError:
                text.encoding = "windows-1252"
    return text


def _with_end(pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield from pieces
    yield b""


def _check_quotes(file: str, uri: str, header: Header) -> None:
    with closing(open_file(uri)) as stream, io.TextIOWrapper(stream, header.encoding, "replace", newline="") as text:
        reader = csv.reader(text, delimiter=header.delimiter, strict=True)
        start = 1
        try:
            for record in reader:
                swallowed = [cell for cell in record if _holds_records(cell, header)]
                if swallowed:
                    problem = f"the quote opened in line {start} is closed only in line {reader.line_num}"
                    raise LandedFileError(file=file, problem=f"{problem}, with whole records in it. Mend the quotes.")
                start = reader.line_num + 1
        except csv.Error as error:
            problem = f"the quotes from line {start} on are not in order ({error}). Expected every quote closed, and"
            raise LandedFileError(file=file, problem=f"{problem} doubled inside of quotes. Mend it.") from error


def _holds_records(cell: str, header: Header) -> bool:
    """Whether a cell holds a line with as many delimiters as a record has: then it is records, not a text."""
    full = max(len(header.columns) - 1, 1)
    return "\n" in cell and any(line.count(header.delimiter) >= full for line in cell.split("\n")[1:])


def _first_record(text: str, delimiter: str) -> list[str]:
    return next((row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row), [])
