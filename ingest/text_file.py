"""Detect the encoding, the delimiter and the header of a text file, and check its quotes. Does not need Spark."""

from __future__ import annotations

import codecs
import csv
import io
import re
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import chain, islice

from ingest.errors import LandedFileError
from ingest.header import MAX_ROWS_TO_HEADER, Header, Layouts, best_match, clean_header
from ingest.storage import chunks, open_file

_DELIMITERS = ";,\t|"
_HEADER_BYTES = 1 << 16
_BOM = codecs.BOM_UTF8
_STRAY = re.compile("[\udc80-\udcff]")  # `surrogateescape` decodes an invalid byte to a character of this range
_ACCENTS = re.compile("[\u00a0-\u00ff\u2013-\u201d]")
"""Non-ASCII characters that prove UTF-8. These characters are frequent in western UTF-8 text.

If Windows-1252 text is decoded as UTF-8, the result almost never has these characters. To produce such a character,
the Windows-1252 text would need `Â` or `Ã` before a symbol, or the two characters `â€`. Characters outside this range
do not prove UTF-8. For example, the two bytes of `É` and a no-break space in Windows-1252 are also one valid letter in
UTF-8.
"""

_MIN_LETTERS_PER_STRAY = 10
"""A text is damaged UTF-8 if it has at least this number of valid UTF-8 letters for each invalid byte."""

_UNDEFINED = re.compile("[\udc81\udc8d\udc8f\udc90\udc9d]")  # bytes that are not valid Windows-1252


@dataclass
class _Text:
    """The start of a file, and counts of its characters and bytes. The file is read only once.

    Attributes:
        start: The first bytes of the file.
        quotes: Number of quotes.
        newlines: Number of newlines.
        returns: Number of carriage returns.
        letters: Number of non-ASCII characters that are valid UTF-8.
        accents: Number of accented Latin letters, typographic quotes and dashes that are valid UTF-8.
        strays: Number of bytes that are not valid UTF-8.
        first_stray: The line number of the first byte that is not valid UTF-8.
        has_undefined: Whether the file has a byte that is valid neither in UTF-8 nor in Windows-1252.
    """

    start: bytes = b""
    quotes: int = 0
    newlines: int = 0
    returns: int = 0
    letters: int = 0
    accents: int = 0
    strays: int = 0
    first_stray: int = 0
    has_undefined: bool = False


def read_header(file: str, uri: str, *, layouts: Layouts) -> Header:
    """Detect the encoding and delimiter of a text file. Return the header. The header must be the first line.

    Text is read as UTF-8, with or without a byte order mark. Text that is not valid UTF-8 is read as Windows-1252, in
    which Excel often saves csv files. A file is rejected if it is not valid UTF-8, but has parts that are clearly
    UTF-8.

    The first line is split at each possible delimiter. The delimiter that gives the most columns of a layout is used.
    On a tie, the delimiter that gives the most cells is used.

    Raises:
        LandedFileError: The file is empty, is not text, mixes encodings, or has no header in its first line. Or a quote
            is not closed, so all rows after the quote would become one cell.
    """
    text = _examine(file, uri)
    encoding = _detect_encoding(file, text)
    first_lines = text.start.removeprefix(_BOM).decode(encoding, errors="ignore")
    if not first_lines.strip():
        raise LandedFileError(where=file, problem="the file is empty. Expected a header. Deliver the file again.")
    readings = {delimiter: _read_first_records(first_lines, delimiter) for delimiter in _DELIMITERS}
    delimiter = max(readings, key=lambda d: (best_match(readings[d][0], layouts).present, len(readings[d][0])))
    first = readings[delimiter][0]
    if not any(cell.strip() for cell in first):
        problem = "the first line has only blank cells. Expected the header. Remove this line."
        raise LandedFileError(where=file, problem=problem)
    line_end = "\n" if text.newlines else "\r"
    header = replace(
        clean_header(file, first, layouts=layouts, below=chain.from_iterable(readings.values())),
        delimiter=delimiter,
        encoding=encoding,
        line_end=line_end,
        has_returns=bool(text.returns) and line_end == "\n",
    )
    if text.quotes:
        _check_quotes(file, uri, header)
    return header


def _examine(file: str, uri: str) -> _Text:
    text, decoder = _Text(), codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
    for chunk in chain(chunks(uri), [b""]):  # the empty chunk marks the end of the file for the decoder
        if len(text.start) < _HEADER_BYTES:
            text.start += chunk[:_HEADER_BYTES]
        if b"\0" in chunk:
            problem = "the file is not text, because NUL bytes were found. Expected UTF-8 or Windows-1252"
            problem = f"{problem}. Save the file as UTF-8."
            raise LandedFileError(where=file, problem=problem)
        decoded = decoder.decode(chunk, final=not chunk)
        if not decoded.isascii():
            _count_letters(decoded, text)
        text.quotes += chunk.count(b'"')
        text.newlines += chunk.count(b"\n")
        text.returns += chunk.count(b"\r")
    return text


def _count_letters(decoded: str, text: _Text) -> None:
    not_ascii = len(decoded) - len(decoded.encode("ascii", "ignore"))
    strays = len(decoded) - len(decoded.encode("utf-8", "ignore").decode("utf-8"))
    if strays and not text.strays:
        before = _STRAY.split(decoded, maxsplit=1)[0]
        newlines, returns = text.newlines + before.count("\n"), text.returns + before.count("\r")
        text.first_stray = max(newlines, returns) + 1
    text.strays += strays
    text.letters += not_ascii - strays
    text.accents += len(_ACCENTS.findall(decoded))
    text.has_undefined = text.has_undefined or bool(_UNDEFINED.search(decoded))


def _detect_encoding(file: str, text: _Text) -> str:
    if not text.strays:
        return "UTF-8"
    problem = f"{text.strays} byte(s) are not valid UTF-8 (the first is in line {text.first_stray})"
    has_mark = text.start.startswith(_BOM)
    if has_mark or text.accents or text.letters >= _MIN_LETTERS_PER_STRAY * text.strays:
        evidence = (
            "a UTF-8 byte order mark" if has_mark else f"{text.letters} other non-ASCII character(s) in valid UTF-8"
        )
        problem = f"{problem}, but the file has {evidence}. Save the whole file as UTF-8 again."
        raise LandedFileError(where=file, problem=problem)
    if text.has_undefined:
        problem = f"{problem}. Some of these bytes are not valid Windows-1252 either. Save the file as UTF-8 again."
        raise LandedFileError(where=file, problem=problem)
    return "windows-1252"


def _check_quotes(file: str, uri: str, header: Header) -> None:
    with closing(open_file(uri)) as stream, io.TextIOWrapper(stream, header.encoding, "replace", newline="") as text:
        reader = csv.reader(text, delimiter=header.delimiter, strict=True)
        start = 1
        try:
            for record in reader:
                if reader.line_num > start and any(_holds_records(cell, header) for cell in record):
                    problem = f"the quote that opens in line {start} closes only in line {reader.line_num}"
                    problem = (
                        f"{problem}, and whole records are inside the quotes. Close the quote at the end of its cell."
                    )
                    raise LandedFileError(where=file, problem=problem)
                start = reader.line_num + 1
        except csv.Error as error:
            if "field limit" in str(error):
                problem = f"a cell in line {start} or later has more than {csv.field_size_limit():,} characters"
                problem = f"{problem}. A quote is probably not closed. Close the quote at the end of its cell."
                raise LandedFileError(where=file, problem=problem) from error
            problem = (
                f"a quote in line {start} or later is not valid ({error}). Close each quote, and double each quote"
            )
            problem = f"{problem} inside a quoted cell."
            raise LandedFileError(where=file, problem=problem) from error


def _holds_records(cell: str, header: Header) -> bool:
    """Return True if a cell contains whole records.

    A cell contains whole records if a line below its first line has at least as many delimiters as the header.
    """
    delimiters = max(len(header.columns) - 1, 1)
    return "\n" in cell and any(line.count(header.delimiter) >= delimiters for line in cell.split("\n")[1:])


def _read_first_records(text: str, delimiter: str) -> list[list[str]]:
    return list(
        islice(filter(None, csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)), MAX_ROWS_TO_HEADER)
    )
