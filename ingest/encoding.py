"""Detect the encoding and the line ends of a text file. Does not need Spark."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain

from ingest.compressed import content_chunks
from ingest.errors import LandedFileError

PYTHON_NAMES = {
    "UTF-8": "utf-8-sig",
    "UTF-16": "utf-16",
    "UTF-16LE": "utf-16-le",
    "UTF-16BE": "utf-16-be",
    "windows-1252": "cp1252",
    "ISO-8859-1": "latin-1",
    "ISO-8859-15": "iso8859-15",
}
"""The encodings that can be read, as Spark names them, with the name in Python."""

_UTF8_MARK = codecs.BOM_UTF8
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UTF32_MARK = codecs.BOM_UTF32_LE
MAX_LINE_CHARACTERS = 1 << 25
"""Maximum number of characters in a line. A chunk is always read completely, so a little more may be accepted."""

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


@dataclass(frozen=True)
class Encoding:
    """The encoding and the line ends of a text file.

    Attributes:
        name: The name of the encoding, a key of `PYTHON_NAMES`.
        line_end: The last character of each line end.
        has_returns: Whether some lines end with a carriage return and a newline.
        has_lone_returns: Whether the file has newlines, and also carriage returns without a newline.
        has_blank_lines_with_returns: Whether an empty line ends with a carriage return and a newline.
        counts: Number of quotes (`"` and `'`).
    """

    name: str
    line_end: str
    has_returns: bool
    has_lone_returns: bool
    has_blank_lines_with_returns: bool
    counts: Counter[str]

    def has_quotes(self, quote: str) -> bool:
        """Return whether the file may have the character `quote`. If `quote` is empty, return False."""
        return quote != "" and (quote not in _COUNTED or self.counts[quote] > 0)


_COUNTED = "\"'"


@dataclass
class _Text:
    """Counts of the characters of a file. The file is read only once.

    Attributes:
        counts: Number of quotes, newlines, carriage returns, and of carriage returns that a newline follows.
        letters: Number of non-ASCII characters that are valid UTF-8.
        accents: Number of accented Latin letters, typographic quotes and dashes that are valid UTF-8.
        strays: Number of bytes that are not valid UTF-8.
        first_stray: The line number of the first byte that is not valid UTF-8.
        has_undefined: Whether the file has a byte that is valid neither in UTF-8 nor in Windows-1252.
        last: The last two characters of the chunks so far.
        line: Number of characters in the line that is not yet complete.
    """

    counts: Counter[str] = field(default_factory=Counter)
    letters: int = 0
    accents: int = 0
    strays: int = 0
    first_stray: int = 0
    has_undefined: bool = False
    last: str = "\n"
    line: int = 0

    def line_number(self, before: str) -> int:
        """Return the number of the line that follows `before` in the current chunk."""
        newlines = self.counts["\n"] + before.count("\n")
        return max(newlines, self.counts["\r"] + before.count("\r")) + 1


def detect_encoding(file: str, uri: str, *, encoding: str = "") -> Encoding:
    """Detect the encoding of a text file. Reads the whole file.

    Text is read as UTF-16 if it starts with a byte order mark of UTF-16. Otherwise, text is read as UTF-8. Text that is
    not valid UTF-8 is read as Windows-1252, in which Excel often saves csv files. A file is rejected if it is not valid
    UTF-8, but has parts that are clearly UTF-8.

    Args:
        file: The name of the file, for messages and for its compression.
        uri: The path or address of the file.
        encoding: The encoding, if it is known. Only the line ends are detected then.

    Raises:
        LandedFileError: The file is not text in the encoding, has NUL characters, or mixes encodings.
    """
    chunks = content_chunks(file, uri)
    start = next(chunks, b"")
    _require_text(file, start, encoding)
    if start.startswith(_UTF16_MARKS) and (not encoding or encoding == _marked_encoding(start)):
        encoding = "UTF-16"  # this name lets both Java and Python skip the mark
    # The empty chunk marks the end of the file for the decoder.
    text = _examine(file, chain([start], chunks, [b""]), encoding or "UTF-8", is_assumed=not encoding)
    name = encoding or _choose(file, text, has_mark=start.startswith(_UTF8_MARK))
    counts = text.counts
    line_end = "\n" if counts["\n"] else "\r"
    return Encoding(
        name=name,
        line_end=line_end,
        has_returns=bool(counts["\r"]) and line_end == "\n",
        has_lone_returns=counts["\r"] > counts["\r\n"] and line_end == "\n",
        has_blank_lines_with_returns=counts["\n\r\n"] > 0,
        counts=counts,
    )


def _marked_encoding(start: bytes) -> str:
    """Return the encoding that the byte order mark of a text names. Without a mark, return an empty text."""
    marks = {codecs.BOM_UTF8: "UTF-8", codecs.BOM_UTF16_LE: "UTF-16LE", codecs.BOM_UTF16_BE: "UTF-16BE"}
    return next((name for mark, name in marks.items() if start.startswith(mark)), "")


def _require_text(file: str, start: bytes, encoding: str) -> None:
    kinds = {
        b"PK\x03\x04": "a zip file or a workbook. Deliver it with its own extension, such as .zip or .xlsx",
        b"\x1f\x8b": "a gzip file. Add .gz to its name",
        _UTF32_MARK: "in UTF-32, which cannot be read. Save it as UTF-8",
    }
    for mark, kind in kinds.items():
        if start.startswith(mark):
            raise LandedFileError(where=file, problem=f"the file is {kind}.")
    marked = _marked_encoding(start)
    if encoding and marked and encoding != marked and not (encoding == "UTF-16" and marked.startswith(encoding)):
        problem = f"the encoding {encoding} is set, but the byte order mark of the file says {marked}. Set {marked}."
        raise LandedFileError(where=file, problem=problem)


def _examine(file: str, chunks: Iterable[bytes], encoding: str, *, is_assumed: bool) -> _Text:
    errors = "surrogateescape" if is_assumed else "strict"
    python_name = "utf-8" if encoding == "UTF-8" else PYTHON_NAMES[encoding]
    text, decoder = _Text(), codecs.getincrementaldecoder(python_name)(errors=errors)
    for chunk in chunks:
        try:
            decoded = decoder.decode(chunk, final=not chunk)
        except UnicodeError as error:
            reason = error.reason if isinstance(error, UnicodeDecodeError) else error
            problem = f"the file is not valid {encoding} ({reason}, in line {text.line_number('')} or later)"
            problem = f"{problem}. Save the file as UTF-8, or set --encoding to the encoding of the file."
            raise LandedFileError(where=file, problem=problem) from error
        if "\0" in decoded:
            raise LandedFileError(where=file, problem=_describe_nul(decoded, text))
        if is_assumed and not decoded.isascii():
            _count_letters(decoded, text)
        _count(decoded, text)
        if text.line > MAX_LINE_CHARACTERS:
            problem = (
                f"line {text.line_number('')} has more than {MAX_LINE_CHARACTERS:,} characters, which is the maximum"
            )
            raise LandedFileError(where=file, problem=f"{problem}. Check that this is the right file.")
    return text


def _count(decoded: str, text: _Text) -> None:
    for character in (*_COUNTED, "\n", "\r", "\r\n"):
        text.counts[character] += decoded.count(character)
    around = text.last + decoded[:2]  # a line end may be in two chunks
    for line_end in ("\r\n", "\n\r\n"):
        inside = text.last.count(line_end) + decoded[:2].count(line_end)
        text.counts[line_end] += around.count(line_end) - inside
    text.counts["\n\r\n"] += decoded.count("\n\r\n")
    text.last = (text.last + decoded)[-2:]
    newline = max(decoded.rfind("\n"), decoded.rfind("\r"))
    text.line = text.line + len(decoded) if newline < 0 else len(decoded) - newline - 1


def _describe_nul(decoded: str, text: _Text) -> str:
    before, _, after = decoded.partition("\0")
    problem = f"line {text.line_number(before)} has a NUL character. Expected text"
    if after[1:2] == "\0":  # every second byte is NUL
        name = "UTF-16LE" if before else "UTF-16BE"
        return f"{problem}. The file is probably UTF-16 without a byte order mark. Set --encoding {name}."
    return f"{problem}. Remove the character, and deliver the file again."


def _count_letters(decoded: str, text: _Text) -> None:
    not_ascii = len(decoded) - len(decoded.encode("ascii", "ignore"))
    strays = len(decoded) - len(decoded.encode("utf-8", "ignore").decode("utf-8"))
    if strays and not text.strays:
        text.first_stray = text.line_number(_STRAY.split(decoded, maxsplit=1)[0])
    text.strays += strays
    text.letters += not_ascii - strays
    text.accents += len(_ACCENTS.findall(decoded))
    text.has_undefined = text.has_undefined or bool(_UNDEFINED.search(decoded))


def _choose(file: str, text: _Text, *, has_mark: bool) -> str:
    if not text.strays:
        return "UTF-8"
    problem = f"{text.strays} byte(s) are not valid UTF-8 (the first is in line {text.first_stray})"
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
