"""Replace sensitive cells by made-up cells of the same shape."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from random import Random

from expectations.suite import Suite
from transforms.dataset import Dataset
from transforms.text import BLANK_CHARACTERS
from workflows.sampling.hidden import HiddenTexts
from workflows.sampling.regexes import draw_match
from workflows.sampling.rows import SampleFile

_MAX_ATTEMPTS = 20
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH_NAME = re.compile(rf"\b({'|'.join(_MONTHS)})[a-z]*", re.IGNORECASE)
_LAST_MONTH, _LAST_DAY = 12, 28
_TEMPORAL = ("date", "timestamp", "timestamp_ntz")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")

IsTaken = Callable[[Mapping[str, set[str]]], Mapping[str, set[str]]]
"""A function that takes values by the name of their field, and returns the values that a source file has there."""


@dataclass
class Replacements:
    """The made-up values by the name of the field, and then by the folded original value (`fold`).

    Attributes:
        values: The values. A made-up value is random, so nobody can compute the original value from it.
        vocabularies: The fields whose made-up values come from a list in the suite.
        published: The values of these lists that the masking policy publishes unchanged. Cells with such a value are
            kept, because the policy does not regard the value as sensitive.
        others: Made-up values for the values of the rows that are not drawn. Other cells may name these persons.
    """

    values: dict[str, dict[str, str]] = field(default_factory=dict)
    vocabularies: frozenset[str] = frozenset()
    published: Mapping[str, frozenset[str]] = field(default_factory=dict)
    others: Mapping[str, str | Callable[[], str]] = field(default_factory=dict)

    @cached_property
    def _texts(self) -> HiddenTexts:
        originals = {
            original: value
            for name, values in self.values.items()
            if name not in self.vocabularies
            for original, value in values.items()
        }
        return HiddenTexts({**self.others, **originals})

    def reveals(self, text: str) -> bool:
        """Return whether an original value is in the text."""
        return next(self._texts.find(text), None) is not None

    def hide(self, text: str) -> str:
        """Replace the original values in a text by their made-up values."""
        return self._texts.replace(text)


def masked_fields(dataset: Dataset) -> set[str]:
    """Return the names of the fields that the masking policy masks."""
    masked = {rule.column for rule in dataset.masking_policy}
    return {field.name for fields in dataset.layouts.values() for field in fields if field.name in masked}


def replace_masked_cells(
    files: Sequence[SampleFile],
    *,
    dataset: Dataset,
    suite: Suite,
    published: Mapping[str, frozenset[str]],
    random: Random,
    taken: IsTaken,
    all_values: Mapping[str, Sequence[str]],
) -> Replacements:
    """Replace the cells of masked fields in place. Equal values of a field get equal made-up values.

    Blank cells stay blank. A made-up value is never a value that a source file has in the same field, except a value
    from a list in the suite. If no such value is found, the cell becomes blank. A value of `all_values`, which has the
    cells of all rows of the source by field, is also replaced inside all other cells, if it has at least
    `MIN_CHARACTERS_TO_SEARCH` characters.
    """
    masked = masked_fields(dataset)
    makers = {name: _Maker(name, files, suite, published.get(name, frozenset()), random) for name in sorted(masked)}
    found = Replacements(
        {name: dict.fromkeys(maker.originals, "") for name, maker in makers.items()},
        frozenset(name for name, maker in makers.items() if maker.vocabulary),
        {name: values for name, values in published.items() if values},
    )
    wrong = {name: {*values} for name, values in found.values.items()}
    for _ in range(_MAX_ATTEMPTS):
        for name, maker in makers.items():
            used = {fold(value) for value in found.values[name].values()}
            for original in maker.originals:  # in the order of the file, so that equal seeds give equal values
                if original in wrong[name]:
                    found.values[name][original] = maker.make(original, used)
        made = {
            name: {fold(found.values[name][original]) for original in wrong[name]} - {""}
            for name in makers
            if name not in found.vocabularies
        }
        if not any(made.values()):
            break
        clashes = taken(made)
        wrong = {
            name: {each for each in wrong[name] if fold(found.values[name][each]) in clashes.get(name, ())}
            for name in makers
        }
        if not any(wrong.values()):
            break
    for name, originals in wrong.items():
        found.values[name] |= dict.fromkeys(originals, "")
    found.others = {
        fold(value): partial(maker.draw, value.strip(BLANK_CHARACTERS))
        for name, maker in makers.items()
        if name not in found.vocabularies
        for value in all_values.get(name, ())
        if fold(value) not in maker.published
    }
    _apply(files, masked, found)
    return found


def listed_values(suite: Suite, column: str) -> list[str]:
    """Return the values of the longest list that an expectation of the suite allows for a column."""
    sets = (
        each.kwargs["value_set"]
        for each in suite.expectations
        if each.columns == (column,) and each.type == "expect_column_values_to_be_in_set"
    )
    return max((list(map(str, values)) for values in sets if isinstance(values, list)), key=len, default=[])


def fold(value: str) -> str:
    """Return a value without the differences that cleaning removes: blanks at the ends, and case."""
    return value.strip(BLANK_CHARACTERS).casefold()


def same_shape(value: str, random: Random) -> str:
    """Return random text with a digit for each digit and a letter for each letter. Other characters are kept."""

    def draw(character: str) -> str:
        if character.isdigit():
            return random.choice("0123456789")
        if character.isalpha():
            letter = random.choice("abcdefghijklmnopqrstuvwxyz")
            return letter.upper() if character.isupper() else letter
        return character

    return "".join(map(draw, value))


class _Maker:
    """Makes values of one field."""

    def __init__(
        self, name: str, files: Sequence[SampleFile], suite: Suite, published: frozenset[str], random: Random
    ) -> None:
        self._random, self._type, self.published = random, "string", {fold(value) for value in published}
        cells: dict[str, str] = {}
        for file in files:
            for position, column in enumerate(file.columns):
                if name in column.fields:
                    self._type = column.type
                    for row in file.rows:
                        if fold(row[position]):
                            cells.setdefault(fold(row[position]), row[position].strip(BLANK_CHARACTERS))
        self.originals = cells
        self.vocabulary = listed_values(suite, name)
        expectations = [each for each in suite.expectations if each.columns == (name,)]
        self._regex = next(
            (each.kwargs["regex"] for each in expectations if each.type == "expect_column_values_to_match_regex"), None
        )
        numbers = sorted(float(cell) for cell in cells.values() if _NUMBER.fullmatch(cell))
        self._range = (numbers[len(numbers) // 10], numbers[-1 - len(numbers) // 10]) if numbers else (0.0, 0.0)

    def make(self, original: str, used: set[str]) -> str:
        """Return a made-up value that is not in `used`, and add it to `used`. Return an empty text if none is found."""
        cell = self.originals[original]
        if original in self.published:
            return cell
        if self.vocabulary:
            return self._random.choice(self.vocabulary)
        for _ in range(_MAX_ATTEMPTS):
            value = self.draw(cell)
            if fold(value) not in used and fold(value) not in self.originals:
                used.add(fold(value))
                return value
        return ""

    def draw(self, cell: str) -> str:
        """Return a random value of the same kind as the cell."""
        if self._type in _TEMPORAL:
            return _draw_time(cell, self._random)
        if self._type != "string" and _NUMBER.fullmatch(cell):
            low, high = self._range
            high = high if low < high else low + (abs(low) or 1)
            return f"{self._random.uniform(low, high):.{len(cell.partition('.')[2])}f}"
        return (self._regex and draw_match(self._regex, self._random)) or same_shape(cell, self._random)


def _draw_time(cell: str, random: Random) -> str:
    """Return a random time in the form of the cell. The year is at most 20 years earlier and at most 2 years later."""

    def draw(match: re.Match[str]) -> str:
        digits = match[0]
        number, length = int(digits), len(digits)
        before, after = cell[match.start() - 1 : match.start()], cell[match.end() : match.end() + 1]
        if before in (":", ".", "+"):
            return digits if before == "+" else f"{random.randrange(60):0{length}}"[-length:]
        if after == ":":  # the hours before noon are valid on clocks with 12 and with 24 hours
            return f"{random.randrange(1, 12):0{length}}"
        if length > 2:
            return f"{max(number + random.randrange(-20, 3), 1):0{length}}"
        if number <= _LAST_MONTH:
            return f"{random.randrange(1, 10 if length == 1 else _LAST_MONTH + 1):0{length}}"
        return f"{random.randrange(_LAST_MONTH + 1, _LAST_DAY + 1)}"

    text = _MONTH_NAME.sub(lambda _: random.choice(_MONTHS), cell)
    return re.sub(r"\d+", draw, text)


def _apply(files: Sequence[SampleFile], masked: set[str], found: Replacements) -> None:
    for file in files:
        names = [min(column.fields & masked, default="") for column in file.columns]
        for row in file.rows:
            for position, name in enumerate(names):
                cell = row[position]
                if not name:
                    row[position] = found.hide(cell)
                elif fold(cell) not in {fold(value) for value in found.published.get(name, ())}:
                    row[position] = _with_case(cell, found.values[name][fold(cell)]) if fold(cell) else ""


def _with_case(cell: str, value: str) -> str:
    """Return the value with the blanks and the case of the cell."""
    text = cell.strip(BLANK_CHARACTERS)
    if text and text == text.upper() and text != text.lower():
        value = value.upper()
    elif text == text.lower():
        value = value.lower()
    start = cell.find(text) if text else 0
    return cell[:start] + value + cell[start + len(text) :]
