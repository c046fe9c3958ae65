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
        columns: The columns that the rule reads. The values of these columns are the examples in the result.
        unexpected: A Column that is true if the row is unexpected. Null is treated as false.
        missing: A Column that is true if the row is excluded because a value is missing. None if the expectation type
            excludes no rows.
        across_rows: Whether the rule compares a row with other rows. A rule across rows compares only rows that pass
            every critical rule on single rows. Otherwise, a valid row could count as a duplicate of a quarantined row.
        statistics: Maps a column name to an aggregate of the compared rows. `unexpected` reads the aggregate from the
            column of this name.
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
        aggregate: A function that returns the aggregate to compute. The argument is a Column that is true for the rows
            to aggregate. None if the rule needs no aggregate.
        validate: A function that returns whether the expectation is met, and GX's `result`. The arguments are the value
            of the aggregate and the value counts.
        columns: The columns that the rule reads.
        counted_values: The Column whose distinct values a separate Spark job counts. Nulls are not counted. None if the
            rule needs no value counts.
        needs_value_counts: A function that returns whether a Spark job must count the values. The argument is the value
            of the aggregate.
        preferred_values: A condition on the column `value` of the value counts. Among equally frequent values, the
            values that meet the condition come first.
    """

    aggregate: Callable[[Column], Column] | None
    validate: Callable[[Any, Sequence[T.Row]], TableOutcome]
    columns: tuple[str, ...] = ()
    counted_values: Column | None = None
    needs_value_counts: Callable[[Any], bool] = bool
    preferred_values: Column | None = None
