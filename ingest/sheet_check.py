"""Check every cell of a sheet with an XML parser. This takes five times as long as python-calamine's read.

Most sheets do not need this check, because `ingest.sheet_scan` already proves that they can be read.
"""

from __future__ import annotations

import re
import xml.parsers.expat
from collections.abc import Iterable
from dataclasses import dataclass

from ingest.sheet_scan import column_name, column_number, split_xml

_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384  # XFD1048576 is the last cell of a sheet in Excel
_ROW_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})", re.ASCII | re.IGNORECASE)


@dataclass
class CellCheck:
    """The result of an exact check of the cells.

    Attributes:
        far_cell: The first cell that makes the used range too large, or an empty text.
        far_row_start: The position in bytes of the row of this cell.
        formula: The first formula that has no value, or an empty text.
        damage: The reason why the XML is not valid, with the position. Empty if the XML is valid.
    """

    far_cell: str = ""
    far_row_start: int = 0
    formula: str = ""
    damage: str = ""


def check_cells(chunks: Iterable[bytes], *, cells_to_allow: int, is_whole: bool = True) -> CellCheck:
    """Check every cell with an XML parser. The check stops at the first cell that makes the used range too large.

    If `is_whole` is false, the chunks are only the start of the XML.

    Raises:
        UnreadableXmlError, ValueError: As in `split_xml`.
    """
    parser = xml.parsers.expat.ParserCreate()
    parser.buffer_text = True
    cells = _Cells(parser, cells_to_allow)
    parser.StartElementHandler, parser.EndElementHandler = cells.start, cells.end
    parser.CharacterDataHandler = cells.text
    try:
        for piece in split_xml(chunks):
            parser.Parse(piece, False)
        if is_whole:
            parser.Parse(b"", True)
    except _CheckEndedError:
        pass
    except xml.parsers.expat.ExpatError as error:
        cells.result.damage = f"it is not valid ({error})"
    return cells.result


class _CheckEndedError(Exception):
    """The check has ended, because a cell makes the used range too large or has no valid position."""


class _Cells:
    """Handlers of an XML parser that follow the positions of cells as python-calamine does."""

    def __init__(self, parser: xml.parsers.expat.XMLParserType, cells_to_allow: int) -> None:
        self.result = CellCheck()
        self._parser, self._cells_to_allow = parser, cells_to_allow
        self._row, self._column, self._last_row, self._last_column = 0, 0, 0, 0
        self._row_start = 0
        self._cell = ("", 0, 0)
        self._tags: set[str] = set()
        self._tag, self._has_text = "", False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(":")[2]
        if tag == "row":
            number = attributes.get("r", str(self._row + 1))
            self._row = int(number) if _ROW_NUMBER.fullmatch(number) else 0
            self._column, self._row_start = 0, self._parser.CurrentByteIndex
        elif tag == "c":
            row, column = self._position(attributes.get("r"))
            self._column, self._tags, self._has_text = column, set(), False
            self._cell = (attributes.get("t", ""), row, column)
        self._tag = tag
        self._tags.add(tag)

    def text(self, _: str) -> None:
        self._has_text = self._has_text or self._tag in ("v", "t")

    def end(self, name: str) -> None:
        self._tag = ""
        if name.rpartition(":")[2] != "c":
            return
        kind, row, column = self._cell
        has_value = bool(self._tags & {"v", "is"})
        if "f" in self._tags and not (has_value and (self._has_text or kind == "str")):
            self.result.formula = self.result.formula or f"{column_name(column)}{row}"
        if has_value and (self._has_text or kind):
            self._last_row, self._last_column = max(self._last_row, row), max(self._last_column, column)
            if self._last_row * self._last_column > self._cells_to_allow:
                self.result.far_cell, self.result.far_row_start = f"{column_name(column)}{row}", self._row_start
                raise _CheckEndedError

    def _position(self, reference: str | None) -> tuple[int, int]:
        row, column = self._row, self._column + 1
        if reference is not None:
            match = _REFERENCE.fullmatch(reference)
            row, column = (int(match[2]), column_number(match[1])) if match else (0, 0)
        if not (0 < row <= _LAST_ROW and 0 < column <= _LAST_COLUMN):
            self.result.damage = f"it has a cell without a valid position, in or after row {self._row}"
            raise _CheckEndedError
        return row, column
