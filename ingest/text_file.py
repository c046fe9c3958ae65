"""A text file as its bytes tell it, without Spark: encoding, delimiter, header, and whether its quotes are in order."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import chain, islice

from ingest.errors import LandedFileError
from ingest.header import HEADER_WITHIN, Header, Layouts, best_match, clean_header
from ingest.storage import chunks, open_file

_DELIMITERS = ";,\t|"
_HEADER_BYTES = 1 << 16
_BOM = codecs.BOM_UTF8
_STRAY = re.compile("[\udc80-\udcff]")  # as `surrogateescape` has a byte that is no UTF-8
_ACCENTS = re.compile("[\u00a0-\u00ff\u2013-\u201d]")
"""What UTF-8 text of the West has beyond ASCII, and what Windows-1252 text read as UTF-8 has not, but by a rare chance:
each would be an Â or Ã before a sign, or `â€`. Other letters it has: `É` before a quote or a no-break space is one."""

_MOSTLY = 10
_UNDEFINED = re.compile("[\udc81\udc8d\udc8f\udc90\udc9d]")


@dataclass
class _Text:
    """What one pass over a file's bytes finds.

    Attributes:
        start: Its first bytes.
        quotes: How many quotes there are, and so on for newlines and returns.
        letters: How many characters beyond ASCII it has, read as UTF-8.
        accents: How many of them are Latin letters with accents, or quotes and dashes of print.
        strays: How many bytes that are no UTF-8.
        first_stray: The line of the first of them.
        undefined: Whether one of them is no Windows-1252 either.
    """

    start: bytes = b""
    quotes: int = 0
    newlines: int = 0
    returns: int = 0
    letters: int = 0
    accents: int = 0
    strays: int = 0
    first_stray: int = 0
    undefined: bool = False


def read_header(file: str, uri: str, *, layouts: Layouts) -> Header:
    """Detect the encoding and the delimiter of a text file, and return its header, which must be the first line.

    Text is UTF-8, with or without a byte order mark. Other text is read as Windows-1252, which Excel writes, unless a
    part of it is clearly UTF-8. The delimiter is the candidate that finds the most columns of a layout in the first
    line. Among equals, the delimiter that finds the most columns wins.

    Raises:
        LandedFileError: The file is empty, is not text, mixes encodings or has no header in its first line. Or a quote
            is never closed, which would turn all rows after it into one cell.
    """
    text = _examine(file, uri)
    encoding = _encoding(file, text)
    first_lines = text.start.removeprefix(_BOM).decode(encoding, errors="ignore")
    if not first_lines.strip():
        raise LandedFileError(where=file, problem="the file is empty: it has no header. Deliver it again.")
    readings = {delimiter: _first_records(first_lines, delimiter) for delimiter in _DELIMITERS}
    delimiter = max(readings, key=lambda d: (best_match(readings[d][0], layouts).found, len(readings[d][0])))
    first = readings[delimiter][0]
    if not any(cell.strip() for cell in first):
        raise LandedFileError(where=file, problem="the first line is blank cells; it must be the header. Remove it.")
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
    for chunk in _with_end(chunks(uri)):
        if len(text.start) < _HEADER_BYTES:
            text.start += chunk[:_HEADER_BYTES]
        if b"\0" in chunk:
            problem = "the file is no text: it has NUL bytes. Expected UTF-8 or Windows-1252. Save it as CSV again."
            raise LandedFileError(where=file, problem=problem)
        decoded = decoder.decode(chunk, final=not chunk)
        if not decoded.isascii():
            _count_letters(decoded, text)
        text.quotes += chunk.count(b'"')
        text.newlines += chunk.count(b"\n")
        text.returns += chunk.count(b"\r")
    return text


def _count_letters(decoded: str, text: _Text) -> None:
    beyond = len(decoded) - len(decoded.encode("ascii", "ignore"))
    strays = len(decoded) - len(decoded.encode("utf-8", "ignore").decode("utf-8"))
    if strays and not text.strays:
        before = _STRAY.split(decoded, maxsplit=1)[0]
        newlines, returns = text.newlines + before.count("\n"), text.returns + before.count("\r")
        text.first_stray = max(newlines, returns) + 1
    text.strays += strays
    text.letters += beyond - strays
    text.accents += len(_ACCENTS.findall(decoded))
    text.undefined = text.undefined or bool(_UNDEFINED.search(decoded))


def _encoding(file: str, text: _Text) -> str:
    if not text.strays:
        return "UTF-8"
    where = f"from line {text.first_stray} on it has {text.strays} byte(s) that are no UTF-8"
    has_mark = text.start.startswith(_BOM)
    if has_mark or text.accents or text.letters >= _MOSTLY * text.strays:
        is_utf_8 = "as its first bytes say" if has_mark else f"as its other {text.letters} letter(s) beyond ASCII are"
        raise LandedFileError(where=file, problem=f"{where}, {is_utf_8}. Save it again, all of it as UTF-8.")
    if text.undefined:
        raise LandedFileError(where=file, problem=f"{where}, and some no Windows-1252 either. Save it again, as UTF-8.")
    return "windows-1252"


def _with_end(pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield from pieces
    yield b""


def _check_quotes(file: str, uri: str, header: Header) -> None:
    with closing(open_file(uri)) as stream, io.TextIOWrapper(stream, header.encoding, "replace", newline="") as text:
        reader = csv.reader(text, delimiter=header.delimiter, strict=True)
        start = 1
        try:
            for record in reader:
                # Of one line there is nothing to look at, and most are.
                if reader.line_num > start and any(_holds_records(cell, header) for cell in record):
                    problem = f"the quote opened in line {start} is closed only in line {reader.line_num}"
                    raise LandedFileError(where=file, problem=f"{problem}, with whole records in it. Mend the quotes.")
                start = reader.line_num + 1
        except csv.Error as error:
            if "field limit" in str(error):
                problem = f"a cell from line {start} on has more than {csv.field_size_limit():,} characters"
                raise LandedFileError(where=file, problem=f"{problem}: a quote not closed? Mend it.") from error
            problem = f"the quotes from line {start} on are not in order ({error}). Expected every quote closed, and"
            raise LandedFileError(where=file, problem=f"{problem} doubled inside of quotes. Mend it.") from error


def _holds_records(cell: str, header: Header) -> bool:
    """Whether a cell holds a line with as many delimiters as a record has: then it is records, not a text."""
    full = max(len(header.columns) - 1, 1)
    return "\n" in cell and any(line.count(header.delimiter) >= full for line in cell.split("\n")[1:])


def _first_records(text: str, delimiter: str) -> list[list[str]]:
    return list(islice(filter(None, csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)), HEADER_WITHIN))
