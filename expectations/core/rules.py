"""What an expectation compiles to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pyspark.sql import Column
from pyspark.sql import types as T

Judgement = tuple[bool, dict[str, Any]]
"""Whether an expectation is met, and GX's `result`."""


@dataclass(frozen=True)
class RowRule:
    """A compiled row-level expectation.

    Attributes:
        columns: The columns it reads; their values are the examples in the result.
        unexpected: True where the row is not as expected, false where it is; null counts as false.
        missing: True where the row is left out; None for a type that leaves none out.
        across_rows: Whether it compares a row with others. Such a rule is judged among the rows that pass all that
            looks at one row alone: a row that is quarantined anyway does not make a good one a duplicate.
        statistics: Aggregates over the rows it compares, which `unexpected` reads as columns of these names.
        in_order: Whether it reads `ORDER`, the order of the rows.
    """

    columns: tuple[str, ...]
    unexpected: Column
    missing: Column | None
    across_rows: bool = False
    statistics: Mapping[str, Column] = field(default_factory=dict)
    in_order: bool = False


@dataclass(frozen=True)
class TableRule:
    """A compiled expectation about a column or a table as a whole.

    Attributes:
        aggregate: What is computed over the rows it is about, given a Column that is true on those; None where
            nothing needs to be.
        judge: Given the aggregate's value and what was looked up, returns success and GX's `result`.
        columns: The columns it reads.
        values_to_look_up: A Column whose distinct values are looked up, most frequent first, in a Spark job of their
            own; null on rows that do not matter.
        if_observed: Given the aggregate's value, whether they need to be looked up.
        look_up_first: Of values that are as frequent, those to find first: true of a `value` among them.
    """

    aggregate: Callable[[Column], Column] | None
    judge: Callable[[Any, Sequence[T.Row]], Judgement]
    columns: tuple[str, ...] = ()
    values_to_look_up: Column | None = None
    if_observed: Callable[[Any], bool] = bool
    look_up_first: Column | None = None
