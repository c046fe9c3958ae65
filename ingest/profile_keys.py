"""Find the columns that identify a row. Does not need Spark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import prod

MAX_KEY_COLUMNS = 4
"""Maximum number of columns in a key that is searched for."""

MIN_ROWS_TO_BE_SURE = 30
"""With fewer rows, many columns are unique only by chance."""

_MAX_COLUMNS_TO_COMBINE = 14
_ROWS_OF_FIRST_TEST = 2_000
_IDENTIFIER, _OTHER, _MEASURE, _COUNTER = range(4)  # from the best part of a key to the worst
_CHANGING_WORDS = frozenset({"modified", "updated", "exported", "loaded", "status"})
_PERIOD_WORDS = frozenset({"day", "hour", "month", "quarter", "week", "year"})
_ID_WORDS = frozenset(
    {"bid", "guid", "id", "identifier", "key", "no", "nr", "num", "number", "objectid", "ref", "reference", "rowid"}
    | {"uid", "uuid"}
)


@dataclass(frozen=True)
class KeyColumn:
    """A column that can be part of a key.

    Attributes:
        name: The name of the column.
        words: The words of the name.
        cells: The cells of the rows. No cell is blank.
        is_number: Whether the column has numbers. A number that is measured does not identify a row.
        is_time: Whether the column has times. Two rows can have the same time.
    """

    name: str
    words: tuple[str, ...]
    cells: Sequence[str | None]
    is_number: bool = False
    is_time: bool = False

    @property
    def is_id_like(self) -> bool:
        """Whether the name is the name of an identifier, such as `case_id`. `number_of_calls` is only a count."""
        last = self.words[-1:]
        return bool(_ID_WORDS.intersection(last)) or (bool(self.words) and self.words[0] in ("id", "uuid", "guid"))

    @property
    def counts_rows(self) -> bool:
        """Whether the column counts the rows, such as 1, 2, 3. The next export may count the rows in another order."""
        cells = [cell or "" for cell in self.cells]
        if not self.is_number or len(cells) < 2 or not all(cell.isdigit() for cell in cells):
            return False
        if _PERIOD_WORDS.intersection(self.words):
            return False
        numbers = [int(cell) for cell in cells]
        steps = {second - first for first, second in pairwise(numbers)}
        return steps in ({1}, {-1})


@dataclass(frozen=True)
class Key:
    """The columns that identify a row.

    Attributes:
        columns: The names of the columns. Empty if no combination of columns is unique.
        doubts: The reasons why the key may be wrong. Each reason is a sentence.
        alternatives: Other unique combinations of the same number of columns.
    """

    columns: tuple[str, ...]
    doubts: tuple[str, ...] = ()
    alternatives: tuple[tuple[str, ...], ...] = ()


def find_key(columns: Sequence[KeyColumn], *, rows: int, is_complete: bool) -> Key:
    """Find the smallest combination of columns that has different values in every row.

    Names of identifiers are preferred, then dates and texts, and then earlier columns. A number that only counts the
    rows is used only if no single identifier, date or text is unique. Columns that are measured or that change later,
    such as a status, are used only if no other combination is unique.

    Args:
        columns: The columns that can be part of a key. No two rows are identical.
        rows: Number of rows.
        is_complete: Whether these are all rows of the files.
    """
    if not rows:
        return Key(())
    ranked = sorted(range(len(columns)), key=lambda index: (_rank(columns[index]), index))
    distinct = {index: len(set(columns[index].cells)) for index in ranked}
    varied = [index for index in ranked if distinct[index] > 1 or rows == 1][:_MAX_COLUMNS_TO_COMBINE]
    start = {index: columns[index].cells[:_ROWS_OF_FIRST_TEST] for index in varied}
    likely = [index for index in varied if _rank(columns[index]) <= _OTHER]
    counters = [index for index in varied if columns[index].counts_rows and columns[index].is_id_like]
    precise = [index for index in likely if not columns[index].is_time]
    for candidates, max_size in ((precise, 1), (counters, 1), (likely, MAX_KEY_COLUMNS), (varied, MAX_KEY_COLUMNS)):
        for size in range(1, max_size + 1):
            found: list[tuple[int, ...]] = []
            # A combination is as good as its worst column.
            for group in sorted(combinations(candidates, size), key=lambda group: _rank_of_group(columns, group)):
                if prod(distinct[index] for index in group) < rows:
                    continue
                if _is_unique([start[index] for index in group]) and _is_unique([columns[i].cells for i in group]):
                    found.append(group)
            if found:
                return _describe(columns, found, rows=rows, is_complete=is_complete)
    return Key(())


def _rank(column: KeyColumn) -> int:
    if column.counts_rows:
        return _COUNTER
    if column.is_id_like:
        return _IDENTIFIER
    is_measure = column.is_number and not _PERIOD_WORDS.intersection(column.words)
    return _MEASURE if is_measure or _CHANGING_WORDS.intersection(column.words) else _OTHER


def _rank_of_group(columns: Sequence[KeyColumn], group: tuple[int, ...]) -> tuple[list[int], tuple[int, ...]]:
    return sorted((_rank(columns[index]) for index in group), reverse=True), group


def _is_unique(cells: Sequence[Sequence[str | None]]) -> bool:
    rows = list(zip(*cells, strict=True)) if len(cells) > 1 else cells[0]
    return len(set(rows)) == len(rows)


def _describe(columns: Sequence[KeyColumn], found: list[tuple[int, ...]], *, rows: int, is_complete: bool) -> Key:
    chosen, *others = found
    names = [columns[index].name for index in sorted(chosen)]
    doubts = []
    if rows < MIN_ROWS_TO_BE_SURE:
        doubts.append(f"only {rows} rows were read, and these columns may be unique by chance")
    for index in chosen:
        column = columns[index]
        if column.counts_rows:
            doubts.append(f"{column.name} counts the rows, and the next export may count them in another order")
        elif _rank(column) == _MEASURE:
            kind = "is measured" if column.is_number else "can change when a row is corrected"
            doubts.append(f"{column.name} looks like a value that {kind}")
    if all(columns[index].is_time for index in chosen):
        doubts.append("two rows can have the same time")
    if len(chosen) > 2:
        doubts.append(f"no combination of fewer than {len(chosen)} columns is unique")
    if not is_complete:
        doubts.append("some rows were not read")
    alternatives = tuple(tuple(columns[index].name for index in sorted(group)) for group in others[:3])
    return Key(tuple(names), tuple(doubts), alternatives)
