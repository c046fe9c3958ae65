"""The header of a landed file: its checked column names, and the layout that it matches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from ingest.errors import LandedFileError

SOURCE_COLUMNS = (
    *("_source_file", "_row_number", "_modified_at", "_ingested_at", "_checksum", "_malformed_record", "_is_current"),
    *("_layout", "_other_fields"),
)
"""The columns that raw adds to the cells of a row. A landed file may not use these names."""

HEADER_WITHIN = 20
"""Number of first rows that are searched for a header, so that an error can say where the header is."""

Layouts = Mapping[str, Sequence[str]]
"""The layouts of a dataset's files: the name of each layout, and the columns that such a file must have."""


@dataclass(frozen=True)
class Header:
    """The columns of a file, and the settings to read the rows below the header.

    Attributes:
        columns: The names, in the file's order.
        layout: The layout that the header matches best.
        sheet: The sheet, if the file is a workbook.
        delimiter: The delimiter, if the file is text.
        encoding: The encoding, if the file is text.
        line_end: The last character of a line end.
        has_returns: Whether some lines have a carriage return before `line_end`.
    """

    columns: tuple[str, ...]
    layout: str = ""
    sheet: str = ""
    delimiter: str = ""
    encoding: str = ""
    line_end: str = "\n"
    has_returns: bool = False

    def on_sheet(self, sheet: str) -> Header:
        """Return the header with the name of its sheet."""
        return replace(self, sheet=sheet)


@dataclass(frozen=True)
class HeaderMatch:
    """The match of a first row with a layout.

    Attributes:
        missing: The layout's columns that are missing from the row.
        found: Number of the layout's columns in the row.
        layout: The layout.
    """

    missing: tuple[str, ...] = ()
    found: int = 0
    layout: str = ""


def best_match(cells: Sequence[str], layouts: Layouts) -> HeaderMatch:
    """Return the match with the fewest missing columns. Among equal matches, the most found columns win."""
    present = {cell.strip() for cell in cells}
    matches = [
        HeaderMatch(tuple(name for name in columns if name not in present), len(present.intersection(columns)), layout)
        for layout, columns in layouts.items()
    ]
    return min(matches, key=lambda match: (len(match.missing), -match.found), default=HeaderMatch())


def printable_columns(cells: Sequence[str], layouts: Layouts) -> list[str]:
    """Return the cells of a first row that a message may show.

    If most cells are columns of a layout, the row is a header, and all cells are returned. Otherwise the row may hold
    personal data. Then only the cells that equal or resemble a column name are returned.
    """
    match = best_match(cells, layouts)
    if len(match.missing) <= match.found:
        return [*cells]
    names = {_letters(name) for columns in layouts.values() for name in columns}
    return [cell for cell in cells if get_close_matches(_letters(cell), names, n=1, cutoff=0.8)]


def clean_header(
    file: str, cells: Sequence[str | None], *, layouts: Layouts, below: Iterable[Sequence[str]] = ()
) -> Header:
    """Make a header of a file's first row. Names are trimmed, and a blank name becomes `unnamed_<position>`.

    `below` are the rows after the first row. If one of them is the header, the error says so.

    Raises:
        LandedFileError: Two columns have the same name (to Spark, `Date` and `date` are the same). A column has a name
            that raw reserves. No column belongs to any layout.
    """
    columns = tuple((cell or "").strip() or f"unnamed_{number}" for number, cell in enumerate(cells, 1))
    match = best_match(columns, layouts)
    if layouts and not match.found:  # The row may be personal data, so the message does not show it.
        raise LandedFileError(where=file, problem=_no_header(columns, layouts, below))
    counts = Counter(name.casefold() for name in columns)
    shown = printable_columns(columns, layouts)
    twice = [name if name in shown else "…" for name in columns if counts[name.casefold()] > 1]
    if twice:
        raise LandedFileError(where=file, problem=f"the columns {twice} have one name. Give each its own.")
    reserved = [name for name in columns if name.casefold() in SOURCE_COLUMNS]
    if reserved:
        raise LandedFileError(where=file, problem=f"the columns {reserved} have names that raw reserves. Rename them.")
    return Header(columns, layout=match.layout)


def _no_header(columns: Sequence[str], layouts: Layouts, below: Iterable[Sequence[str]]) -> str:
    expected = " or ".join(f"those of {layout}, {[*names]}" for layout, names in layouts.items())
    problem = f"its first row has none of the columns that it should have. Expected a header with {expected}."
    nearly = printable_columns(columns, layouts)
    if 2 * len(nearly) >= len(columns):
        return f"{problem} It has {nearly}: names are compared as they are written. Did the source rename them?"
    if any(not best_match(row, layouts).missing for row in below):
        return f"{problem} It comes further down: remove what is above it, a title or a 'sep=' line."
    return f"{problem} Is it the right file?"


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))
