"""Find out whether the first row of a file has the names of the columns, or values. Does not need Spark."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ingest.errors import LandedFileError
from ingest.profile_moments import MIN_SHARE, read_moments
from ingest.profile_personal import MIN_NAMES, MIN_SHARE_OF_NAMES, NATIONAL_NUMBER, PHONE, TWO_WORDS
from ingest.profile_values import FORMATTED, NUMBER
from ingest.profile_words import OTHER_LANGUAGES, PARTS_OF_NAMES, PERSONS

_MIN_YEAR, _MAX_YEAR = 1900, 2100
_YEAR = re.compile(r"[0-9]{4}\Z")
_WORDS_OF_NAMES = PERSONS | PARTS_OF_NAMES | OTHER_LANGUAGES | {"by", "name", "names", "to"}


def require_names(file: str, columns: Sequence[str]) -> None:
    """Check that the first row of a file has names. The message does not show them, because they may be personal.

    Raises:
        LandedFileError: A name is a date, an e-mail address, a phone number or another number. Years are valid names.
    """
    for position, name in enumerate(columns, 1):
        if _is_value(name):
            problem = (
                f"the first row looks like a row of values, because column {position} has a date, a number or an "
                "e-mail address. Expected the names of the columns. Insert a first row with a name for each of the "
                f"{len(columns)} columns. If the first row has names, start each name with a letter, such as hour_12."
            )
            raise LandedFileError(where=file, problem=problem)


def may_be_value(name: str, cells: Sequence[str | None], *, is_header_repeated: Sequence[bool]) -> bool:
    """Return True if the name of a column may be a value, because it looks like the cells of the column.

    Args:
        name: The name in the file.
        cells: The cells of the column.
        is_header_repeated: Whether the row of each cell repeats the first row of the file.
    """
    others = [cell for cell, is_header in zip(cells, is_header_repeated, strict=True) if cell and not is_header]
    if not others:
        return False
    if name in others:
        return True
    if _is_year(name):
        return all(map(_is_year, others))
    if any(map(str.isdigit, name)):
        form = _form_of(name)
        return sum(_form_of(cell) == form for cell in others) >= MIN_SHARE * len(others)
    is_person = TWO_WORDS.match(name) and not _WORDS_OF_NAMES.intersection(re.findall(r"\w+", name.lower()))
    return bool(is_person) and _are_persons(others)


def _are_persons(cells: Sequence[str]) -> bool:
    """Return True if almost all cells are two words, and the cells differ so much that they are not categories."""
    names = sum(bool(TWO_WORDS.match(cell)) for cell in cells)
    return names >= MIN_SHARE_OF_NAMES * len(cells) and len({*cells}) >= max(MIN_NAMES, len(cells) / 2)


def _is_value(name: str) -> bool:
    is_number = not _is_year(name) and (NUMBER.match(name) or FORMATTED.match(name))
    is_personal = "@" in name or PHONE.match(name) or NATIONAL_NUMBER.match(name)
    return bool(is_number or is_personal or read_moments({name: 1}) is not None)


def _is_year(text: str) -> bool:
    return bool(_YEAR.match(text)) and _MIN_YEAR <= int(text) <= _MAX_YEAR


def _form_of(text: str) -> str:
    """Return the text with 9 for each digit and A for each letter."""
    return "".join("9" if char.isdigit() else "A" if char.isalpha() else char for char in text)
