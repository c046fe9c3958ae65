"""Describe the columns of files: type, unit, unreadable cells and personal data. Does not need Spark."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from ingest.profile_moments import MomentReading
from ingest.profile_personal import PersonalData, find_personal_data
from ingest.profile_values import MISSING_VALUES, TypedValues, type_of

MAX_CATEGORIES = 50
"""Maximum number of different values of a category."""

_MAX_PLACES = 3
_MAX_VALUES_SHOWN = 3
_UNITS = {
    "cm": "centimetres", "days": "days", "degrees": "degrees", "feet": "feet", "ft": "feet", "hours": "hours",
    "hrs": "hours", "kg": "kilograms", "km": "kilometres", "kmh": "kilometres per hour", "kph": "kilometres per hour",
    "kw": "kilowatts", "kwh": "kilowatt hours", "lb": "pounds", "lbs": "pounds", "litres": "litres",
    "liters": "litres", "meters": "metres", "metres": "metres", "miles": "miles", "mins": "minutes",
    "minutes": "minutes", "mm": "millimetres",
    "mph": "miles per hour", "ms": "milliseconds", "pct": "percent", "percent": "percent", "percentage": "percent",
    "sec": "seconds", "secs": "seconds", "seconds": "seconds", "sqft": "square feet", "tonnes": "tonnes",
    "usd": "US dollars", "cad": "Canadian dollars", "eur": "euros", "dollars": "dollars", "weeks": "weeks",
}  # fmt: skip


@dataclass(frozen=True)
class Misfits:
    """The cells that do not have the type of their column.

    Attributes:
        count: Number of cells.
        places: The places of the first cells, such as `row 4`.
        values: The texts of the cells, if all texts stand for a missing value. No other text is shown, because it may
            be personal.
    """

    count: int = 0
    places: tuple[str, ...] = ()
    values: tuple[str, ...] = ()

    def describe(self) -> str:
        """Return the number of cells with their texts or their places."""
        if self.values and self.count:
            return f"{self.count:,} ({', '.join(map(repr, self.values))})"
        rest = ", …" if self.count > len(self.places) else ""
        return f"{self.count:,} ({', '.join(self.places)}{rest})"


@dataclass(frozen=True)
class ColumnProfile:
    """A column of the files.

    Attributes:
        source: The name in the files.
        name: The name in the tables of the lake.
        values: The type, and the values that have this type.
        blanks: Number of blank cells.
        distinct: Number of different texts.
        rows: Number of rows.
        misfits: The cells that do not have the type.
        personal: Why and how the column is masked. None if it does not look personal.
        unit: The unit in the name of the column. Empty if the name contains no unit.
        is_name_unsure: Whether the name may be a value, because the first row of the file may be a row of values.
    """

    source: str
    name: str
    values: TypedValues
    blanks: int
    distinct: int
    rows: int
    misfits: Misfits = Misfits()
    personal: PersonalData | None = None
    unit: str = ""
    is_name_unsure: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the name."""
        return tuple(self.name.split("_"))

    @property
    def type(self) -> str:
        """The type as Spark DDL."""
        return self.values.type

    @property
    def moments(self) -> MomentReading | None:
        """The dates or times."""
        return self.values.moments

    @property
    def is_empty(self) -> bool:
        """Whether each cell is blank."""
        return self.blanks == self.rows

    @property
    def is_complete(self) -> bool:
        """Whether each row has a value of the type."""
        return not (self.blanks or self.misfits.count)

    @property
    def is_number(self) -> bool:
        """Whether the column has numbers."""
        return self.values.kind == "number"

    @property
    def is_category(self) -> bool:
        """Whether the column has a few texts that repeat."""
        repeats = 2 * self.distinct <= self.rows - self.blanks
        is_text = self.type in ("string", "boolean") and not self.values.is_nested and not self.values.is_formatted
        return is_text and repeats and 1 < self.distinct <= MAX_CATEGORIES and self.personal is None

    @property
    def bounds(self) -> tuple[str, str] | None:
        """The smallest and the greatest value as text. None for text and for masked columns."""
        if self.values.low is None or self.values.high is None or self.personal:
            return None
        return _bound(self.values.low, is_date=self.type == "date"), _bound(
            self.values.high, is_date=self.type == "date"
        )


def profile_column(
    source: str,
    name: str,
    cells: Sequence[str | None],
    places: Sequence[str],
    *,
    is_workbook: bool = False,
    has_fractions: bool = False,
) -> ColumnProfile:
    """Describe a column.

    Args:
        source: The name in the files.
        name: The name in the tables of the lake.
        cells: The cells of the rows.
        places: The places of the rows, for messages.
        is_workbook: Whether the cells are from a workbook.
        has_fractions: Whether the file says that the numbers have fractions.
    """
    counts = Counter(cell for cell in cells if cell is not None)
    words = tuple(name.split("_"))
    values = type_of(counts, words=frozenset(words), is_workbook=is_workbook)
    if has_fractions and values.type in ("int", "bigint"):
        values = replace(values, type="double")
    personal = find_personal_data(words, counts, type_=values.type, is_nested=values.is_nested)
    if personal and personal.action in ("redact", "drop", "generalize_prefix"):
        values = TypedValues("string", "string", frozenset(counts))
    return ColumnProfile(
        source,
        name,
        values,
        blanks=len(cells) - sum(counts.values()),
        distinct=len(counts),
        rows=len(cells),
        misfits=_find_misfits(cells, places, values, counts),
        personal=personal,
        unit=next((_UNITS[word] for word in reversed(words) if word in _UNITS), "") if values.kind == "number" else "",
    )


def _find_misfits(
    cells: Sequence[str | None], places: Sequence[str], values: TypedValues, counts: Counter[str]
) -> Misfits:
    texts = counts.keys() - values.fits
    if not texts:
        return Misfits()
    found = [place for cell, place in zip(cells, places, strict=True) if cell in texts]
    is_harmless = len(texts) <= _MAX_VALUES_SHOWN and all(text.lower() in MISSING_VALUES for text in texts)
    return Misfits(len(found), tuple(found[:_MAX_PLACES]), tuple(sorted(texts)) if is_harmless else ())


def _bound(value: Decimal | datetime, *, is_date: bool) -> str:
    if isinstance(value, datetime):
        return str(value.date()) if is_date else f"{value:%Y-%m-%d %H:%M}"
    return f"{value.normalize():f}" if value else "0"
