"""List changes of cells that may make a row fail an expectation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from random import Random
from typing import Any

from expectations.suite import Expectation
from transforms.dataset import Dataset
from workflows.sampling.made_up import fold, same_shape
from workflows.sampling.rows import SampleColumn, SampleFile

Place = tuple[int, int]
"""A row of the sample: the position of its file, and its position in the file. Both count from 0."""

_FUTURE, _PAST = 2199, 1905
_YEAR = re.compile(r"(?<!\d)(19|20)\d\d(?!\d)")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_WORD, _UNREADABLE, _TOTAL, _LONG = "Zzyzx", "not readable", "Total", "Zzyzx " * 60
_MAX_OTHER_VALUES = 6
_MAX_ROWS = 4
_MAX_WAITING = 2000


@dataclass(frozen=True)
class Change:
    """New cells of one row.

    Attributes:
        place: The row.
        cells: The new cells by their position.
        touches: The rows that may fail after the change. If the row gets the key of another row, the other row is
            included.
    """

    place: Place
    cells: tuple[tuple[int, str], ...]
    touches: frozenset[Place]

    def move(self, files: Sequence[SampleFile], taken: set[Place]) -> Change | None:
        """Return this change for a row of the same file that is not in `taken`. Return None if no row fits."""
        number, own = self.place
        rows = files[number].rows
        alike = (
            (number, row)
            for row in range(len(rows))
            if all(bool(rows[row][position]) == bool(rows[own][position]) for position, _ in self.cells)
        )
        place = next((place for place in alike if place not in taken), None)
        if place is None or self.touches != {self.place}:
            return None
        return Change(place, self.cells, frozenset([place]))


class Changes:
    """The changes that may break one expectation. The most promising change is first. Each change is tried once."""

    def __init__(
        self,
        expectation: Expectation,
        files: Sequence[SampleFile],
        *,
        dataset: Dataset,
        few_values: Mapping[str, Sequence[str]],
        random: Random,
    ) -> None:
        self._expectation, self._files, self._dataset, self._random = expectation, files, dataset, random
        self._few_values = few_values
        self._iterator = self._all()
        self._waiting: list[Change] = []
        self.tried = 0

    def next(self, taken: set[Place]) -> Change | None:
        """Return the next change whose rows are not in `taken`. Return None if no such change is left."""
        for position, change in enumerate(self._waiting):
            if not change.touches & taken:
                self.tried += 1
                return self._waiting.pop(position)
        for change in self._iterator:
            free = change if not change.touches & taken else change.move(self._files, taken)
            if free:
                self.tried += 1
                return free
            self._waiting.append(change)
            if len(self._waiting) > _MAX_WAITING:
                return None
        return None

    def _all(self) -> Iterator[Change]:
        if "unique" in self._expectation.type or "equal" in self._expectation.type:
            yield from self._keys()
        own = {*self._expectation.columns, *_condition_columns(self._expectation.kwargs.get("row_condition"))}
        for is_own in (True, False):
            columns = [
                (number, position, column)
                for number, file in enumerate(self._files)
                for position, column in enumerate(file.columns)
                if bool(column.fields & own) == is_own and file.rows
            ]
            values = [self._cells(*place) for place in columns]
            if is_own:
                values.insert(0, self._swaps(columns))
            yield from _in_turns(values)
        if "unique" not in self._expectation.type:
            yield from self._keys()

    def _cells(self, number: int, position: int, column: SampleColumn) -> Iterator[Change]:
        """Yield changes of one cell, in different rows."""
        file = self._files[number]
        filled = [row for row in range(len(file.rows)) if file.rows[row][position]]
        blank = [row for row in range(len(file.rows)) if not file.rows[row][position]]
        for rows in (filled, blank):
            self._random.shuffle(rows)
        others = [*dict.fromkeys(file.rows[row][position] for row in filled)][:_MAX_OTHER_VALUES]
        others = [*self._few_values.get(column.source, others)]
        for turn, row in enumerate((*filled[:_MAX_ROWS], *blank[:_MAX_ROWS])):
            cells = file.rows[row]
            values = dict.fromkeys(
                (
                    *self._values(cells[position], column),
                    *others,
                    *(cells[:3] if turn == 0 else ()),
                    *_bounds(self._expectation),
                )
            )
            for value in values:
                if fold(value) != fold(cells[position]):
                    place = (number, row)
                    yield Change(place, ((position, value),), frozenset([place]))

    def _values(self, cell: str, column: SampleColumn) -> Iterator[str]:
        yield ""
        year = _YEAR.search(cell)
        if year:
            for new in (_FUTURE, _PAST, int(year[0]) + 1, int(year[0]) - 1):
                yield cell[: year.start()] + str(new) + cell[year.end() :]
        if column.type != "string" or _NUMBER.fullmatch(cell):
            yield from ("-1", "999999999", "100000", "0")
        yield from (_UNREADABLE, _WORD, _LONG, _TOTAL)
        if cell:
            yield same_shape(cell, self._random)

    def _swaps(self, columns: Sequence[tuple[int, int, SampleColumn]]) -> Iterator[Change]:
        """Yield changes that swap two cells of a row, such as its start and its end, or make them equal."""
        for number, first, _ in columns:
            for other, second, _ in columns:
                if other != number or second <= first:
                    continue
                rows = [
                    row for row, cells in enumerate(self._files[number].rows) if _can_swap(cells[first], cells[second])
                ]
                for row in rows[:_MAX_ROWS]:
                    cells = self._files[number].rows[row]
                    place = (number, row)
                    touches = frozenset([place])
                    yield Change(place, ((first, cells[second]), (second, cells[first])), touches)
                    yield Change(place, ((first, cells[second]),), touches)
                    yield Change(place, ((second, cells[first]),), touches)

    def _keys(self) -> Iterator[Change]:
        """Yield changes that give a row the key of another row of its file."""
        names = {*self._dataset.key, *self._expectation.columns} & {
            name for file in self._files for column in file.columns for name in column.fields
        }
        for number, file in enumerate(self._files):
            positions = [
                position for position, column in enumerate(file.columns) if column.fields & names & {*self._dataset.key}
            ]
            if not positions:
                continue
            for row in range(min(len(file.rows) - 1, _MAX_ROWS)):
                donor = len(file.rows) - 1 - row
                cells = tuple((position, file.rows[donor][position]) for position in positions)
                if donor != row and any(file.rows[row][position] != cell for position, cell in cells):
                    yield Change((number, row), cells, frozenset([(number, row), (number, donor)]))


def apply_changes(files: Sequence[SampleFile], changes: Sequence[Change]) -> list[SampleFile]:
    """Return copies of the files with the changed cells."""
    copies = [SampleFile(file.name, file.columns, [[*row] for row in file.rows]) for file in files]
    for change in changes:
        file, row = change.place
        for position, value in change.cells:
            copies[file].rows[row][position] = value
    return copies


def _can_swap(first: str, second: str) -> bool:
    return bool(first and second and fold(first) != fold(second))


def _in_turns(iterators: Sequence[Iterator[Change]]) -> Iterator[Change]:
    """Yield one item of each iterator in turn, until all iterators are empty."""
    waiting = list(iterators)
    while waiting:
        remaining = []
        for iterator in waiting:
            if (item := next(iterator, None)) is not None:
                yield item
                remaining.append(iterator)
        waiting = remaining


def _bounds(expectation: Expectation) -> list[str]:
    """Return values just outside the bounds of an expectation, and the values that it forbids."""
    values: list[Any] = []
    for name, step in (("min_value", -1), ("max_value", 1)):
        bound = expectation.kwargs.get(name)
        if isinstance(bound, (int, float)) and not isinstance(bound, bool):
            values.append(bound + step)
        elif isinstance(bound, str):
            values.append(_shift_day(bound, step))
    if expectation.type == "expect_column_values_to_not_be_in_set":
        values += expectation.kwargs.get("value_set") or []
    return [str(value) for value in values if value is not None]


def _shift_day(bound: str, days: int) -> str | None:
    try:
        return str(date.fromordinal(date.fromisoformat(bound[:10]).toordinal() + days))
    except ValueError:
        return None


def _condition_columns(condition: Any) -> Iterator[str]:
    """Yield the columns of a row condition."""
    if isinstance(condition, dict):
        if isinstance(column := condition.get("column"), dict):
            yield str(column.get("name"))
        yield from chain.from_iterable(map(_condition_columns, condition.get("conditions") or ()))
