"""The headers and formats of columns. Each rule depends only on the name and the type of the column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import types as T

from reports.answer import Answer

MISSING = "-"
"""The text of a missing value."""

_HEADERS = {
    "avg_minutes": "Minutes",
    "change_pct_points": "Change, points",
    "city_rank": "City rank",
    "difference_pct_points": "Difference, points",
    "few_incidents": "Few timed",
    "group_kind": "Group",
    "group_name": "Name",
    "initial_type": "Type",
    "request_type": "Type",
    "share_before_pct": "Share before %",
    "street_rank": "Street rank",
}
_NUMBERS_WITHOUT_SEPARATOR = ("year", "rank", "weekday", "hour", "priority")
ONE_DECIMAL = ("inquiries_per_month", "usual_from", "usual_to", "median_days")
"""Columns of floating-point numbers with one decimal. All other floating-point numbers have two decimals."""

_SIGNED = ("change", "difference", "more")
_WHOLE_NUMBERS = (T.IntegerType, T.LongType, T.ShortType)


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


def display_columns(answer: Answer, schema: T.StructType, *, headers: Mapping[str, str]) -> tuple[DisplayColumn, ...]:
    """Return the display settings of the columns that an answer displays. `headers` overrides the default headers."""
    return tuple(
        DisplayColumn(name, headers.get(name) or header_of(name), _format_of(name, schema[name].dataType))
        for name in answer.columns
    )


def header_of(name: str) -> str:
    """Return the default header of a column.

    >>> header_of("calls_handled_pct"), header_of("median_hours"), header_of("initial_type")
    ('Calls handled %', 'Median hours', 'Type')
    """
    words = name.removesuffix("_pct").replace("_", " ")
    return _HEADERS.get(name) or f"{words[:1].upper()}{words[1:]}{' %' if name.endswith('_pct') else ''}"


def bar_columns(answer: Answer) -> Sequence[str]:
    """Return the displayed columns that are percentages in a chart of the answer. A table draws bars beside them."""
    values = [name for chart in answer.charts for name in chart.values]
    return [name for name in answer.columns if name in values and name.endswith("_pct") and not _is_signed(name)]


def is_number_without_separator(name: str) -> bool:
    """Return True if the whole numbers of a column, such as years, are displayed without separators of thousands."""
    return name.endswith(_NUMBERS_WITHOUT_SEPARATOR) and not _is_signed(name)


def _format_of(name: str, data_type: T.DataType) -> str:
    sign = "+" if _is_signed(name) else ""
    if isinstance(data_type, _WHOLE_NUMBERS):
        return "d" if is_number_without_separator(name) else f"{sign},d"
    if isinstance(data_type, T.DecimalType):
        return f"{sign},.{data_type.scale}f"
    if isinstance(data_type, T.DoubleType | T.FloatType):
        return f"{sign},.{1 if name in ONE_DECIMAL else 2}f"
    return "%Y-%m" if name == "month" and isinstance(data_type, T.DateType | T.TimestampType) else ""


def _is_signed(name: str) -> bool:
    return name.startswith(_SIGNED)
