"""The header of a landed file: its columns' names, checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ingest.errors import LandedFileError

SOURCE_COLUMNS = (
    *("_source_file", "_row_number", "_delivered_at", "_ingested_at", "_checksum", "_malformed_record", "_is_current"),
)
"""What raw says of each row besides its cells."""


@dataclass(frozen=True)
class Header:
    """A file's columns, and how to read the rows below them.

    Attributes:
        columns: The names, in the file's order.
        sheet: The sheet of a workbook.
        delimiter: What parts the cells of delimited text.
        encoding: The text's encoding.
        line_end: The last character of its line ends.
        has_returns: Whether some lines end with a carriage return before it.
    """

    columns: tuple[str, ...]
    sheet: str = ""
    delimiter: str = ""
    encoding: str = ""
    line_end: str = "\n"
    has_returns: bool = False

    def missing(self, required: Sequence[str]) -> str | None:
        """Return the first of the required columns that the file lacks."""
        return next((name for name in required if name not in self.columns), None)

    def on_sheet(self, sheet: str) -> Header:
        """Return the header with the name of its sheet."""
        return replace(self, sheet=sheet)


def clean_header(file: str, cells: Sequence[str | None]) -> Header:
    """Make a header of a file's first row: names trimmed, blank ones named after their place.

    Raises:
        LandedFileError: Two columns have one name (Spark tells no `Date` from a `date`), or one has a name that raw
            keeps for itself.
    """
    columns = tuple((cell or "").strip() or f"unnamed_{number}" for number, cell in enumerate(cells, 1))
    counts = Counter(name.casefold() for name in columns)
    twice = [name for name in columns if counts[name.casefold()] > 1]
    if twice:
        raise LandedFileError(file=file, problem=f"the columns {twice} have one name. Give each its own.")
    reserved = [name for name in columns if name.casefold() in SOURCE_COLUMNS]
    if reserved:
        raise LandedFileError(
            file=file, problem=f"the columns {reserved} have names that raw keeps for itself. Rename them."
        )
    return Header(columns)
