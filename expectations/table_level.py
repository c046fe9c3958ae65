"""Expectations about a table as a whole, each compiled to aggregates that share one pass over the written rows.

As in `row_level`, every function is named after the Great Expectations type it compiles. They are judged on the rows
that would be published: those that pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timezone
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F

from transforms.schema import quoted


@dataclass(frozen=True)
class TableRule:
    """A compiled table-level expectation.

    Attributes:
        columns: The columns it reads.
        aggregate: What is computed over the passing rows, given a Column that is true on those; None where the
            columns' names are enough.
        judge: Given the aggregate's value and the table's columns, returns success and GX's `result`.
    """

    columns: tuple[str, ...]
    aggregate: Callable[[Column], Column] | None
    judge: Callable[[Any, Sequence[str]], tuple[bool, dict[str, Any]]]


def expect_table_row_count_to_be_between(
    min_value: int | None = None, max_value: int | None = None, strict_min: bool = False, strict_max: bool = False
) -> TableRule:
    """The table has about so many rows."""
    return TableRule(
        (), lambda passes: F.count(F.when(passes, 1)), _within(min_value, max_value, strict_min, strict_max)
    )


def expect_table_columns_to_match_set(column_set: Sequence[str], exact_match: bool = True) -> TableRule:
    """The table has these columns, in any order; without `exact_match` it may have others too."""

    def judge(_: Any, columns: Sequence[str]) -> tuple[bool, dict[str, Any]]:
        unexpected, missing = sorted(set(columns) - set(column_set)), sorted(set(column_set) - set(columns))
        result: dict[str, Any] = {"observed_value": sorted(columns)}
        mismatched = {name: found for name, found in (("unexpected", unexpected), ("missing", missing)) if found}
        if mismatched:
            result["details"] = {"mismatched": mismatched}
        return not missing and not (exact_match and unexpected), result

    return TableRule((), None, judge)


def _column_aggregate(function: Callable[[Column], Column]) -> Callable[..., TableRule]:
    def compile_rule(
        column: str, min_value: Any = None, max_value: Any = None, strict_min: bool = False, strict_max: bool = False
    ) -> TableRule:
        def aggregate(passes: Column) -> Column:
            return function(F.when(passes, F.col(quoted(column))))

        return TableRule((column,), aggregate, _within(min_value, max_value, strict_min, strict_max))

    return compile_rule


def _within(low: Any, high: Any, strict_low: bool, strict_high: bool) -> Callable[[Any, Sequence[str]], Any]:
    if low is None and high is None:
        raise ValueError("min_value and max_value are both missing: give at least one")
    low_bound, high_bound = _moment(low), _moment(high)

    def judge(observed: Any, _: Sequence[str]) -> tuple[bool, dict[str, Any]]:
        if observed is None:
            return False, {"observed_value": None}
        value = _moment(observed)
        above = low is None or (value > low_bound if strict_low else value >= low_bound)
        below = high is None or (value < high_bound if strict_high else value <= high_bound)
        return above and below, {"observed_value": observed}

    return judge


def _moment(value: Any) -> Any:
    """Return the moment that a date, or a date or time in text, stands for, UTC; any other value as it is."""
    if isinstance(value, str):
        moment = datetime.fromisoformat(value)
        return moment.astimezone(timezone.utc).replace(tzinfo=None) if moment.tzinfo else moment
    return datetime.combine(value, time()) if isinstance(value, date) else value


TABLE_LEVEL: Mapping[str, Callable[..., TableRule]] = {
    "expect_table_row_count_to_be_between": expect_table_row_count_to_be_between,
    "expect_table_columns_to_match_set": expect_table_columns_to_match_set,
    "expect_column_max_to_be_between": _column_aggregate(F.max),
    "expect_column_mean_to_be_between": _column_aggregate(F.avg),
    "expect_column_min_to_be_between": _column_aggregate(F.min),
    "expect_column_sum_to_be_between": _column_aggregate(F.sum),
}
"""GX type name to what compiles it."""
