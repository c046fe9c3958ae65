"""The header of a landed file: its columns' names, checked, and which of a dataset's forms it has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from ingest.errors import LandedFileError

SOURCE_COLUMNS = (
    *("_source_file", "_row_number", "_delivered_at", "_ingested_at", "_checksum", "_malformed_record", "_is_current"),
    *("_form", "_other_fields"),
)
"""What raw says of each row besides its cells."""

HEADER_WITHIN = 20
"""How many rows are looked at for the header, to say where it is if it is not the first."""

Forms = Mapping[str, Sequence[str]]
"""The forms that a dataset's files come in: a name, and the columns that a file of that form must have."""


@dataclass(frozen=True)
class Header:
    """A file's columns, and how to read the rows below them.

    Attributes:
        columns: The names, in the file's order.
        form: Which of the dataset's forms it has, or comes closest to.
        sheet: The sheet of a workbook.
        delimiter: What parts the cells of delimited text.
        encoding: The text's encoding.
        line_end: The last character of its line ends.
        has_returns: Whether some lines end with a carriage return before it.
    """

    columns: tuple[str, ...]
    form: str = ""
    sheet: str = ""
    delimiter: str = ""
    encoding: str = ""
    line_end: str = "\n"
    has_returns: bool = False

    def on_sheet(self, sheet: str) -> Header:
        """Return the header with the name of its sheet."""
        return replace(self, sheet=sheet)


@dataclass(frozen=True)
class Fit:
    """How well the cells of a first row are the header of a form: the fewest missing, then the most found, fit best.

    Attributes:
        missing: The form's columns that are not there.
        found: How many are.
        form: The form.
    """

    missing: tuple[str, ...] = ()
    found: int = 0
    form: str = ""


def best_fit(cells: Sequence[str], forms: Forms) -> Fit:
    """Return how well the cells are the header of that form which they fit best."""
    present = {cell.strip() for cell in cells}
    fits = [
        Fit(tuple(name for name in columns if name not in present), len(present.intersection(columns)), form)
        for form, columns in forms.items()
    ]
    return min(fits, key=lambda fit: (len(fit.missing), -fit.found), default=Fit())


def tellable(cells: Sequence[str], forms: Forms) -> list[str]:
    """Return the cells of a first row that a message may tell.

    All where most are a form's columns. Else the row may be data, and personal, as in a sheet that has its names in the
    first column: of such a row only what is a column's name, or nearly one.
    """
    fit = best_fit(cells, forms)
    if len(fit.missing) <= fit.found:
        return [*cells]
    names = {_letters(name) for columns in forms.values() for name in columns}
    return [cell for cell in cells if get_close_matches(_letters(cell), names, n=1, cutoff=0.8)]


def clean_header(
    file: str, cells: Sequence[str | None], *, forms: Forms, below: Iterable[Sequence[str]] = ()
) -> Header:
    """Make a header of a file's first row: names trimmed, blank ones named after their place.

    `below` are rows that may come after it, for an error to say that the header is one of them.

    Raises:
        LandedFileError: Two columns have one name (Spark tells no `Date` from a `date`), or one has a name that raw
            keeps for itself; or none is a column of any form.
    """
    columns = tuple((cell or "").strip() or f"unnamed_{number}" for number, cell in enumerate(cells, 1))
    fit = best_fit(columns, forms)
    if forms and not fit.found:  # Then the row may be data, which is not for a message: it may be personal.
        raise LandedFileError(file=file, problem=_no_header(columns, forms, below))
    counts = Counter(name.casefold() for name in columns)
    shown = tellable(columns, forms)
    twice = [name if name in shown else "…" for name in columns if counts[name.casefold()] > 1]
    if twice:
        raise LandedFileError(file=file, problem=f"the columns {twice} have one name. Give each its own.")
    reserved = [name for name in columns if name.casefold() in SOURCE_COLUMNS]
    if reserved:
        raise LandedFileError(
            file=file, problem=f"the columns {reserved} have names that raw keeps for itself. Rename them."
        )
    return Header(columns, form=fit.form)


def _no_header(columns: Sequence[str], forms: Forms, below: Iterable[Sequence[str]]) -> str:
    expected = " or ".join(f"those of {form}, {[*names]}" for form, names in forms.items())
    problem = f"its first row has none of the columns that it should have. Expected a header with {expected}."
    nearly = tellable(columns, forms)
    if 2 * len(nearly) >= len(columns):
        return f"{problem} It has {nearly}: names are compared as they are written. Did the source rename them?"
    if any(not best_fit(row, forms).missing for row in below):
        return f"{problem} It comes further down: remove what is above it, a title or a 'sep=' line."
    return f"{problem} Is it the right file?"


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))
