"""Check the column names in the header of a landed file, and find the layout that the header matches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from ingest.errors import LandedFileError
from transforms.errors import MissingColumnError

SOURCE_COLUMNS = (
    *("_source_file", "_row_number", "_modified_at", "_ingested_at", "_checksum", "_malformed_record", "_is_current"),
    *("_layout", "_other_fields", "_date_system"),
    # Iceberg's metadata columns
    *("_file", "_pos", "_deleted", "_spec_id", "_partition", "_row_id", "_last_updated_sequence_number"),
)
"""The column names that are reserved for raw. The columns of a landed file may not have these names."""

MAX_COLUMNS_IN_MESSAGE = 5
"""Maximum number of missing columns that an error lists."""

MAX_ROWS_TO_HEADER = 20
"""Number of rows to search for a header.

The header must be row 1. If a later one of these rows is the header, an error says that the header is further down.
"""

Layouts = Mapping[str, Sequence[str]]
"""The layouts of a dataset's files: the name of each layout, and the columns that a file in this layout must have."""


@dataclass(frozen=True)
class Header:
    """The columns of a file, and the settings to read the rows below the header.

    Attributes:
        columns: The column names, in the order of the file.
        layout: The name of the layout that the header matches best.
        sheet: The number of the sheet in a workbook, from 1. 0 for a text file.
        date_system: The date system of a workbook, 1900 or 1904. None for a text file.
        delimiter: The delimiter of a text file. Empty for a workbook.
        encoding: The encoding of a text file. Empty for a workbook.
        line_end: The last character of each line end.
        has_returns: Whether some lines end with a carriage return and a newline.
        quote: The quote character of a text file. Empty if quotes have no special meaning.
        needs_python: Whether the line ends are so unusual that Spark would read other cells or row numbers.
        needs_check: Whether the quotes or line ends of the rows may be wrong, so that Spark would read wrong rows
            without an error. `text_file.check_records` finds out.
    """

    columns: tuple[str, ...]
    layout: str = ""
    sheet: int = 0
    date_system: int | None = None
    delimiter: str = ""
    encoding: str = ""
    line_end: str = "\n"
    has_returns: bool = False
    quote: str = '"'
    needs_python: bool = field(default=False, compare=False)
    needs_check: bool = field(default=False, compare=False)

    def on_sheet(self, sheet: int, *, date_system: int) -> Header:
        """Return a copy of the header in which `sheet` and `date_system` are set."""
        return replace(self, sheet=sheet, date_system=date_system)


@dataclass(frozen=True)
class HeaderMatch:
    """The comparison of a row with the columns of a layout.

    Attributes:
        missing: The columns of the layout that the row does not have.
        present: Number of columns of the layout that the row has.
        layout: The name of the layout.
    """

    missing: tuple[str, ...] = ()
    present: int = 0
    layout: str = ""


def best_match(cells: Sequence[str], layouts: Layouts) -> HeaderMatch:
    """Compare a row with each layout, and return the best match.

    The best match has the fewest missing columns. If several matches have equally few missing columns, the best match
    has the most present columns.
    """
    names = {cell.strip() for cell in cells}
    matches = [
        HeaderMatch(tuple(name for name in columns if name not in names), len(names.intersection(columns)), layout)
        for layout, columns in layouts.items()
    ]
    return min(matches, key=lambda match: (len(match.missing), -match.present), default=HeaderMatch())


def printable_columns(cells: Sequence[str], layouts: Layouts) -> list[str]:
    """Return the cells that an error message may show. `cells` is the first row of a file.

    If the row has at least half of the columns of a layout, the row is a header, and all cells are returned.
    Otherwise the row may hold personal data, so only the cells that equal or resemble a column name are returned.
    """
    match = best_match(cells, layouts)
    if len(match.missing) <= match.present:
        return [*cells]
    names = {_fold(name) for columns in layouts.values() for name in columns}
    return [cell for cell in cells if get_close_matches(_fold(cell), names, n=1, cutoff=0.8)]


def describe_missing_columns(cells: Sequence[str], layouts: Layouts) -> str:
    """Describe the columns that a header lacks, and how to fix the file. `cells` is the header.

    The header must lack a column of each layout.
    """
    match, found = best_match(cells, layouts), printable_columns(cells, layouts)
    if len(match.missing) == 1:
        return MissingColumnError(where="", column=match.missing[0], available=found).problem
    is_wrong_file = len(match.missing) > match.present
    hint = "Is this the right file? If not, move it out of landing." if is_wrong_file else "Did the source rename them?"
    return f"{list_missing_columns(match)}. Found: {found}. {hint}"


def list_missing_columns(match: HeaderMatch) -> str:
    """Return the number and the names of the missing columns.

    >>> list_missing_columns(HeaderMatch(missing=("Date", "Area"), present=1))
    "2 of the 3 expected columns are missing: 'Date', 'Area'"
    """
    names, total = [*map(repr, match.missing)], len(match.missing) + match.present
    if len(names) == 1:
        return f"column {names[0]} is missing"
    if len(names) > MAX_COLUMNS_IN_MESSAGE:
        names[MAX_COLUMNS_IN_MESSAGE:] = [f"and {len(names) - MAX_COLUMNS_IN_MESSAGE} more"]
    return f"{len(match.missing)} of the {total} expected columns are missing: {', '.join(names)}"


def clean_header(
    file: str, cells: Sequence[str | None], *, layouts: Layouts, below: Iterable[Sequence[str]] = ()
) -> Header:
    """Make a header from the first row of a file. Names are trimmed, and a blank name becomes `unnamed_<position>`.

    `below` contains the rows below the first row. If one of these rows is the header, the error says that the header is
    further down.

    Raises:
        LandedFileError: Two column names are equal or differ only in case. Or a column name is reserved for raw. Or no
            layout has any of the columns.
    """
    columns = tuple((cell or "").strip() or f"unnamed_{number}" for number, cell in enumerate(cells, 1))
    match = best_match(columns, layouts)
    if layouts and not match.present:  # the row may contain personal data, so the message does not show the row
        raise LandedFileError(where=file, problem=_describe_missing_header(columns, layouts, below))
    counts = Counter(name.casefold() for name in columns)
    printable = printable_columns(columns, layouts)
    duplicates = [name if name in printable else "…" for name in columns if counts[name.casefold()] > 1]
    if duplicates:
        problem = f"the columns {duplicates} have the same name, because Spark ignores case. Rename these columns."
        raise LandedFileError(where=file, problem=problem)
    reserved = [name for name in columns if name.casefold() in SOURCE_COLUMNS]
    if reserved:
        problem = f"the columns {reserved} have names that are reserved for raw. Rename these columns."
        raise LandedFileError(where=file, problem=problem)
    return Header(columns, layout=match.layout)


def _describe_missing_header(columns: Sequence[str], layouts: Layouts, below: Iterable[Sequence[str]]) -> str:
    expected = ", or ".join(f"{[*names]} (layout {layout})" for layout, names in layouts.items())
    problem = f"the first row has no column of the dataset. Expected the header: {expected}."
    similar = printable_columns(columns, layouts)
    if 2 * len(similar) >= len(columns):
        return f"{problem} Found: {similar}. Names must match exactly. Did the source rename them?"
    if any(not best_match(row, layouts).missing for row in below):
        return (
            f"{problem} The header is further down. Remove the rows above the header, such as a title or a 'sep=' line."
        )
    return f"{problem} Check that this is the right file."


def _fold(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))
