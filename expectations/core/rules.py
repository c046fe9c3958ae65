"""The rules that expectations compile to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pyspark.sql import Column
from pyspark.sql import types as T

TableOutcome = tuple[bool, dict[str, Any]]
"""Whether a table-level expectation is met, and GX's `result`."""


@dataclass(frozen=True)
class RowRule:
    """A compiled row-level expectation.

    Attributes:
        columns: The columns that the rule reads. Their values are the examples in the result.
        unexpected: True if the row is unexpected, false if it is as expected. Null counts as false.
        missing: True if a missing value excludes the row. None for a type that excludes no rows.
        across_rows: Whether the rule compares a row with other rows. Such a rule compares only rows that pass every
            critical rule on single rows. Otherwise a row for quarantine could make a good row a duplicate.
        statistics: Aggregates over the compared rows by name. `unexpected` reads them as columns.
        needs_order: Whether the rule reads `ORDER`, the order of the rows.
    """

    columns: tuple[str, ...]
    unexpected: Column
    missing: Column | None
    across_rows: bool = False
    statistics: Mapping[str, Column] = field(default_factory=dict)
    needs_order: bool = False


@dataclass(frozen=True)
class TableRule:
    """A compiled expectation about a whole column or table.

    Attributes:
        aggregate: Returns the aggregate to compute. The argument is a Column that is true for the rows to aggregate.
            None if the rule needs no aggregate.
        validate: Returns whether the expectation is met, and GX's `result`. The arguments are the aggregate's value and
            the value counts.
        columns: The columns that the rule reads.
        counted_values: A Column whose distinct values are counted in a separate Spark job. Nulls are not counted.
        needs_value_counts: Whether that job is needed. The argument is the aggregate's value.
        preferred_values: A condition on the column `value`. If values are equally frequent, the values that meet it
            come first.
    """

    aggregate: Callable[[Column], Column] | None
    validate: Callable[[Any, Sequence[T.Row]], TableOutcome]
    columns: tuple[str, ...] = ()
    counted_values: Column | None = None
    needs_value_counts: Callable[[Any], bool] = bool
    preferred_values: Column | None = None
