"""The headers and formats of columns.

Rules derive both from the name and the type of the column. A report declares only the columns that differ from these
rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reports.charts import Chart

if TYPE_CHECKING:
    from pyspark.sql import types as T  # The declaration of a report does not load Spark.

MISSING = "-"
"""The text of a missing value."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """The declaration of a column in all answers of a report. The rules of this module give the missing settings.

    Attributes:
        header: The header [default: the name of the column in words, with % for `_pct`].
        decimals: The number of decimals of floating-point numbers [default: the decimals of the unit, otherwise 2].
        is_signed: Whether the numbers have a sign, as differences have.
        is_numbered: Whether the numbers are the names of classes. They have no separators of thousands. In a label, the
            name of the column precedes the number. For example, a label shows `priority 2`.
        names_columns: Whether the values are names of columns, such as `council_district`. A label shows such a value
            with blanks, and without a comma before the next value.
    """

    header: str = ""
    decimals: int | None = None
    is_signed: bool = False
    is_numbered: bool = False
    names_columns: bool = False


Columns = Mapping[str, Column]
"""The columns that a report declares, by name."""

DEFAULT = Column()
"""The declaration of a column that a report does not declare."""


@dataclass(frozen=True)
class Unit:
    """The unit of a column. The end of the column's name determines the unit.

    Attributes:
        header: The unit in the header of the column, after the name in words. Empty if the name already contains the
            unit.
        symbol: The unit beside a value. Empty if the values are displayed without a unit.
        decimals: The number of decimals of floating-point numbers.
        is_whole: Whether the values of most columns are whole numbers.
    """

    header: str
    symbol: str
    decimals: int = 2
    is_whole: bool = False


UNITS = {
    "_pct": Unit(" %", "%"),
    "_pct_points": Unit(", points", "points"),
    "points": Unit("", "points"),
    "seconds": Unit("", "s"),
    "minutes": Unit("", "min"),
    "hours": Unit("", "h"),
    "days": Unit("", "days", 1, is_whole=True),
    "_per_day": Unit("", "", 1),
    "_per_week": Unit("", "", 1),
    "_per_month": Unit("", "", 1),
    "_per_year": Unit("", "", 1),
}
"""The unit of a column, by the end of the column's name. If several ends match, the longest end is used."""

_NO_UNIT = Unit("", "", is_whole=True)
_NUMBERS_WITHOUT_SEPARATOR = ("year", "rank", "weekday", "hour")
_SIGNED = ("change", "difference")
_WHOLE_NUMBERS = ("integer", "long", "short")


@dataclass(frozen=True)
class DisplayColumn:
    """The display settings of a column.

    Attributes:
        name: The column of the curated table.
        header: The header of the column.
        format: The format of the values, as in `format(value, …)`. Empty if the column has no numbers and no months.
    """

    name: str
    header: str
    format: str = ""

    @property
    def is_number(self) -> bool:
        """Whether the values are numbers."""
        return bool(self.format) and "%Y" not in self.format

    def text(self, value: Any) -> str:
        """Return a value as text. True is displayed as yes, and False as an empty text."""
        if isinstance(value, bool):
            return "yes" if value else ""
        return MISSING if value is None else format(value, self.format)


def display_columns(names: Iterable[str], schema: T.StructType, *, columns: Columns) -> tuple[DisplayColumn, ...]:
    """Return the display settings of columns. `columns` are the columns that the report declares."""
    return tuple(
        DisplayColumn(name, header_of(name, columns=columns), _format_of(name, schema[name].dataType, columns))
        for name in names
    )


def header_of(name: str, *, columns: Columns) -> str:
    """Return the header of a column.

    >>> [header_of(name, columns={}) for name in ("calls_handled_pct", "median_hours", "change_pct_points")]
    ['Calls handled %', 'Median hours', 'Change, points']
    >>> header_of("p90_hours", columns={"p90_hours": Column(header="90th percentile, hours")})
    '90th percentile, hours'
    """
    if declared := columns.get(name, DEFAULT).header:
        return declared
    end, unit = _unit_of(name)
    words = (name.removesuffix(end) if unit.header else name).replace("_", " ")
    return f"{words[:1].upper()}{words[1:]}{unit.header}"


def bar_columns(names: Iterable[str], charts: Sequence[Chart], *, columns: Columns) -> Sequence[str]:
    """Return the columns that are percentages in a chart. A table draws bars beside them."""
    values = [name for chart in charts for name in chart.values]
    return [name for name in names if name in values and name.endswith("_pct") and not _is_signed(name, columns)]


def symbol_of(name: str) -> str:
    """Return the unit beside a value of a column, such as `min` for minutes. Empty if the column has no unit."""
    return _unit_of(name)[1].symbol


def decimals_of(name: str, *, columns: Columns) -> int | None:
    """Return the number of decimals of a column whose type is not known. None if the values may be whole numbers."""
    unit = _unit_of(name)[1]
    declared = columns.get(name, DEFAULT).decimals
    return (None if unit.is_whole else unit.decimals) if declared is None else declared


def is_number_without_separator(name: str, *, columns: Columns) -> bool:
    """Return True if the whole numbers of a column, such as years, are displayed without separators of thousands."""
    if columns.get(name, DEFAULT).is_numbered:
        return True
    return name.endswith(_NUMBERS_WITHOUT_SEPARATOR) and not _is_signed(name, columns)


def _unit_of(name: str) -> tuple[str, Unit]:
    ends = [end for end in UNITS if name.endswith(end)]
    end = max(ends, key=len, default="")
    return end, UNITS.get(end, _NO_UNIT)


def _format_of(name: str, data_type: T.DataType, columns: Columns) -> str:
    sign, kind = "+" if _is_signed(name, columns) else "", data_type.typeName()
    if kind in _WHOLE_NUMBERS:
        return "d" if is_number_without_separator(name, columns=columns) else f"{sign},d"
    if kind == "decimal":
        return f"{sign},.{data_type.simpleString().partition(',')[2].rstrip(')')}f"
    if kind in ("double", "float"):
        declared = columns.get(name, DEFAULT).decimals
        return f"{sign},.{_unit_of(name)[1].decimals if declared is None else declared}f"
    return "%Y-%m" if name == "month" and kind in ("date", "timestamp") else ""


def _is_signed(name: str, columns: Columns) -> bool:
    return name.startswith(_SIGNED) or columns.get(name, DEFAULT).is_signed
