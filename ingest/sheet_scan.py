"""Scan the XML of a sheet before python-calamine reads it: the used range, error cells, and formulas without values.

python-calamine allocates memory for the whole used range of a sheet, so one far cell could stop the process. It reads
error cells and formulas without values as blank cells.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

MIN_CELLS_TO_ALLOW = 10_000_000
"""A used range of this number of cells is always allowed. It takes about 320 MB of memory."""

BYTES_PER_CELL = 8
"""A larger used range is allowed if the sheet has this number of bytes of XML for each cell of the range.

A cell with a value has about 30 bytes of XML, so at least one cell in about four must have a value.
"""

MAX_TAG_BYTES = 16 << 20
"""Maximum length of one tag with the text after it."""

_ERROR_CELL = re.compile(rb"(<(?:[\w.-]+:)?c\s[^<]*?(?<=\s)t\s*=\s*)(?:\"e\"|'e')")
_ATTRIBUTES = r'(?: t="s">|>|(?: s="[0-9]++")?+(?: t="(?:{types})")?+(?: (?:cm|vm)="[0-9]++")*+ ?/?>)'
_ANY_TYPE = "[a-z]|str|inlineStr"
_ANY_TYPE_EXCEPT_ERROR = "[a-df-z]|str|inlineStr"
_SHEET_START, _DATA_START = (
    re.compile(rb"<((?:[\w.-]+:)?)" + name + rb"[\s>]") for name in (b"worksheet", b"sheetData")
)
_ROW_END = re.compile(rb"</(?:[\w.-]+:)?row\s*>")
_ENCODING = re.compile(rb"<\?xml[^>]*encoding\s*=\s*[\"']([^\"']*)")
_DECLARATION = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*<\?xml[^>]*\?>")


class UnreadableXmlError(Exception):
    """The XML may be valid, but python-calamine would read it wrongly. The message is the reason."""


def copy_sheet(chunks: Iterable[bytes], write: Callable[[bytes], object]) -> tuple[int, bool]:
    """Copy the XML of a sheet. Error cells become text cells, such as `#DIV/0!`.

    Return the size of the XML, and whether a fast scan proves two things: the used range is not too large, and all
    formulas have values. If the scan does not prove this, the sheet may still be right. Then use `ingest.sheet_check`.

    Raises:
        UnreadableXmlError, ValueError: As in `split_xml`.
    """
    scan, size = None, 0
    for piece in split_xml(chunks):
        scan = scan or _FastScan(piece)
        scan.scan(piece)
        size += len(piece)
        may_have_errors = scan.has_error or not scan.is_plain
        write(_ERROR_CELL.sub(rb'\1"str"', piece) if may_have_errors else piece)
    return size, scan is not None and scan.is_plain and scan.cells <= max_cells(size)


def close_start(start: bytes, *, end: int | None = None) -> bytes:
    """Cut the start of the XML of a sheet after the last complete row before `end`, and close the open tags.

    Return empty bytes if the start has no complete row.
    """
    sheet, data = _SHEET_START.search(start), _DATA_START.search(start)
    ends = [match.end() for match in _ROW_END.finditer(start, 0, len(start) if end is None else end)]
    if not (sheet and data and ends):
        return b""
    return start[: ends[-1]] + b"</" + data[1] + b"sheetData></" + sheet[1] + b"worksheet>"


def max_cells(size: int) -> int:
    """Return the maximum number of cells in the used range of a sheet whose XML has `size` bytes."""
    return max(MIN_CELLS_TO_ALLOW, size // BYTES_PER_CELL)


def split_xml(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Split XML before a tag, if possible before a cell, so that no tag and no formula is in two pieces.

    Raises:
        UnreadableXmlError: The XML is not UTF-8, or has a DOCTYPE declaration, a CDATA section, a comment or a
            processing instruction. python-calamine reads such XML wrongly.
        ValueError: A tag is too long.
    """
    pending, is_first = b"", True
    for chunk in chunks:
        pending += chunk
        ends = (pending.rfind(b"<c "), pending.rfind(b"<", 0, pending.rfind(b":c ") + 1), pending.rfind(b"<"))
        end = next((end for end in ends if end > 0), 0)
        if end:
            _require_readable_xml(pending[:end], is_first=is_first)
            yield pending[:end]
            pending, is_first = pending[end:], False
        elif len(pending) > MAX_TAG_BYTES:
            raise UnreadableXmlError(f"a tag or a text has more than {MAX_TAG_BYTES >> 20} MiB")
    _require_readable_xml(pending, is_first=is_first)
    yield pending


def _require_readable_xml(piece: bytes, *, is_first: bool) -> None:
    if is_first:
        encoding = _ENCODING.search(piece[:1000])
        name = encoding[1].decode("ascii", "replace") if encoding else "UTF-8"
        if b"\0" in piece[:4] or piece.startswith((b"\xff\xfe", b"\xfe\xff")):
            name = "UTF-16"
        if name.upper() not in ("UTF-8", "UTF8", "US-ASCII", "ASCII"):
            raise UnreadableXmlError(f"its encoding is {name!r}, not UTF-8")
        piece = _DECLARATION.sub(b"", piece)
    if any(mark[1:] in piece and mark in piece for mark in (b"<!", b"<?")):  # a search for one byte is faster
        raise UnreadableXmlError("it has a DOCTYPE, a CDATA section, a comment or a processing instruction")


class _FastScan:
    """A scan that knows a range from A1 that holds all cells, also blank cells.

    The range is at most twice as high and wide as needed. One search finds the first cell that is outside the range, or
    is an error cell, or has a tag that is not in the usual form. This is ten times faster than to parse each cell.

    Attributes:
        is_plain: Whether all cells have tags in the usual form and all formulas have values.
        has_error: Whether the last piece has an error cell.
    """

    def __init__(self, piece: bytes) -> None:
        """Find the prefix of the tags, such as `x:` in `<x:c>`, in the first piece of the XML."""
        sheet = _SHEET_START.search(piece)
        prefix = sheet[1].decode("ascii", "replace") if sheet else ""
        name = re.escape(prefix)
        self._tag, self._last_row, self._last_column = rf"<{name}c", "9", "A"
        self.is_plain, self.has_error = True, False
        usual = rf'{self._tag} r="([A-Z]{{1,3}})([1-9][0-9]{{0,6}})"{_ATTRIBUTES.format(types=_ANY_TYPE)}'
        self._usual_cell = re.compile(usual.encode())
        # A cell with another prefix, or without the prefix, is also a cell for python-calamine.
        others = [rf"(?<![</]{name[:-1]}):c[\s/>]", r"<c[\s/>]"] if prefix else [r":c[\s/>]"]
        self._other_cells = [re.compile(other.encode()) for other in others]
        self._formulas_without_value = [
            re.compile(rf"{formula}(?!<{name}v>[^<])".encode())
            for formula in (f"</{name}f>", f"<{name}f(?![a-zA-Z])[^<>]*/>")
        ]
        self._compile_outside()

    @property
    def cells(self) -> int:
        """Number of cells in the range."""
        row, column = self._last_row, self._last_column
        return int(row[0] + "9" * (len(row) - 1)) * column_number(column[0] + "Z" * (len(column) - 1))

    def scan(self, piece: bytes) -> None:
        """Enlarge the range so that it holds all cells of the piece, and set `is_plain` and `has_error`."""
        # A search for one byte is much faster than a search for a pattern, and many sheets do not have these bytes.
        may_have_others = b":" in piece and any(pattern.search(piece) for pattern in self._other_cells)
        if may_have_others or (b"f" in piece and any(each.search(piece) for each in self._formulas_without_value)):
            self.is_plain = False
        position, self.has_error = 0, False
        while self.is_plain and (match := self._outside.search(piece, position)):
            cell = self._usual_cell.match(piece, match.start())
            if not cell:
                self.is_plain = False
                break
            self._enlarge(cell[1].decode(), cell[2].decode())
            self.has_error = self.has_error or b't="e"' in cell[0]
            position = cell.end()

    def _enlarge(self, column: str, row: str) -> None:
        # The longer name is the later name.
        self._last_row = max(self._last_row, row, key=lambda name: (len(name), name))
        self._last_column = max(self._last_column, column, key=lambda name: (len(name), name))
        self._compile_outside()

    def _compile_outside(self) -> None:
        rows, columns = _at_most(self._last_row, "1-9", "0-9"), _at_most(self._last_column, "A-Z", "A-Z")
        inside = rf' r="{columns}{rows}"{_ATTRIBUTES.format(types=_ANY_TYPE_EXCEPT_ERROR)}'
        self._outside = re.compile(rf"{self._tag}(?!{inside}|[a-zA-Z])".encode())


def _at_most(last: str, first: str, rest: str) -> str:
    """Return a pattern for names that are shorter than `last`, or as long with a first character up to that of `last`.

    >>> _at_most("320", "1-9", "0-9"), _at_most("D", "A-Z", "A-Z")
    ('(?:[1-3][0-9]{2}|[1-9][0-9]{0,1}+)', '[A-D]')
    """
    longest = f"[{first[0]}-{last[0]}]"
    if len(last) == 1:
        return longest
    return f"(?:{longest}[{rest}]{{{len(last) - 1}}}|[{first}][{rest}]{{0,{len(last) - 2}}}+)"


def column_number(name: str) -> int:
    """Return the number of a column.

    >>> column_number("A"), column_number("XFD")
    (1, 16384)
    """
    number = 0
    for letter in name.upper():
        number = number * 26 + ord(letter) - 64
    return number


def column_name(number: int) -> str:
    """Return the name of a column.

    >>> column_name(1), column_name(16384)
    ('A', 'XFD')
    """
    name = ""
    while number:
        number, letter = divmod(number - 1, 26)
        name = chr(65 + letter) + name
    return name
