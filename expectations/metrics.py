"""Collect the metrics of a validation from the marked rows: counts, examples, and aggregates of columns."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from expectations.bits import QUARANTINED, any_bit_set
from expectations.compile import Check, RowCheck, TableCheck
from expectations.frame import Frame

_MAX_ROWS_TO_SEARCH = 1000
"""Maximum number of rows to search for examples. The limit applies separately to quarantined and to passing rows."""
_MAX_VALUE_COUNTS = 200


Example = tuple[Any, ...]
"""The values of an unexpected row in the columns that the expectation reads."""


@dataclass(frozen=True)
class Metrics:
    """The metrics of the marked rows.

    Attributes:
        rows: The number of all rows.
        quarantined: The number of rows for quarantine.
        considered: For each row-level expectation, the number of rows that meet the row condition. An expectation
            across rows considers only the compared rows.
        unexpected: For each row-level expectation, the number of considered rows that are unexpected.
        missing: For each row-level expectation, the number of considered rows that are excluded because a value is
            missing. An expectation type that excludes no rows has no entry.
        observed: The aggregate of each table-level expectation, computed over the rows that pass.
        examples: Some unexpected rows of each row-level expectation.
    """

    rows: int
    quarantined: int
    considered: Mapping[RowCheck, int]
    unexpected: Mapping[RowCheck, int]
    missing: Mapping[RowCheck, int]
    observed: Mapping[TableCheck, Any]
    examples: Mapping[RowCheck, Sequence[Example]]


def collect_metrics(marked: DataFrame, checks: Sequence[Check], *, max_examples: int) -> Metrics:
    """Count the rows, aggregate the columns and find examples, in one Spark job.

    The examples come from a limited number of rows. If an expectation has too few examples in these rows, a second job
    finds more examples.
    """
    row_checks = [check for check in checks if isinstance(check, RowCheck)]
    aggregates, positions = _plan_aggregates(checks)
    counts = _times_to_text(marked.agg(*(column.alias(f"_{n}") for n, column in enumerate(aggregates))))
    query = counts.select(F.struct("*").alias("counts"))
    if max_examples and row_checks:
        failed, quarantined = any_bit_set([check.failed for check in row_checks]), F.col(QUARANTINED)
        samples = [marked.where(part & failed).limit(_MAX_ROWS_TO_SEARCH) for part in (quarantined, ~quarantined)]
        query = query.unionByName(_select_examples(samples, row_checks), allowMissingColumns=True)
    rows = query.collect()
    values = next(row["counts"] for row in rows if row["counts"])
    metrics = {
        name: {check: values[position] for check, position in by_check.items()} for name, by_check in positions.items()
    }
    examples: dict[RowCheck, Sequence[Example]] = {}
    if max_examples and row_checks:
        sampled = [row for row in rows if not row["counts"]]
        examples = _parse_examples(marked, sampled, row_checks, count=max_examples)
        unexpected = metrics["unexpected"]
        rare = [check for check in row_checks if len(examples[check]) < min(unexpected[check], max_examples)]
        if rare:
            samples = [marked.where(check.failed.is_set).limit(max_examples) for check in rare]
            examples |= _parse_examples(marked, _select_examples(samples, rare).collect(), rare, count=max_examples)
    return Metrics(values[0], values[1], **metrics, examples=examples)


def _plan_aggregates(checks: Sequence[Check]) -> tuple[list[Column], dict[str, dict[Any, int]]]:
    """Return the aggregates to compute, and the position of each metric in the list of aggregates."""
    passes = ~F.col(QUARANTINED)
    all_rows = F.count(F.lit(1))
    single_row_checks = [check for check in checks if isinstance(check, RowCheck) and not check.rule.across_rows]
    compared = ~any_bit_set([check.failed for check in single_row_checks if check.expectation.severity == "critical"])
    columns = [all_rows, F.count(F.when(~passes, 1))]
    positions: dict[str, dict[Any, int]] = {"considered": {}, "unexpected": {}, "missing": {}, "observed": {}}

    def add(metric: str, check: Check, column: Column) -> None:
        positions[metric][check] = len(columns)
        columns.append(column)

    for check in checks:
        if isinstance(check, RowCheck):
            across = [compared] if check.rule.across_rows else []
            conditions = [*across, *([] if check.condition is None else [check.condition])]
            add("considered", check, _count_if(reduce(and_, conditions)) if conditions else all_rows)
            add("unexpected", check, _count_if(check.failed.is_set))
            if check.missing:
                add("missing", check, _count_if(reduce(and_, [*across, check.missing.is_set])))
        elif isinstance(check, TableCheck) and check.rule.aggregate:
            is_validated = passes if check.condition is None else passes & F.coalesce(check.condition, F.lit(False))
            add("observed", check, check.rule.aggregate(is_validated))
    return columns, positions


def value_counts(passing: DataFrame, check: TableCheck, observed: Any) -> list[T.Row]:
    """Count the rows of each distinct value in one Spark job. If the expectation needs no counts, return an empty list.

    Rows: one row for each of the most frequent values, up to a limit. The most frequent value comes first. Columns:
    `value` and `count`.
    """
    value = check.rule.counted_values
    if value is None or not check.rule.needs_value_counts(observed):
        return []
    rows = passing if check.condition is None else passing.where(check.condition)
    counts = rows.select(value.alias("value")).where("value is not null").groupBy("value").count()
    preferred = F.lit(True) if check.rule.preferred_values is None else check.rule.preferred_values
    top = counts.orderBy(F.desc("count"), preferred.desc(), F.asc("value")).limit(_MAX_VALUE_COUNTS)
    return _times_to_text(top).collect()


def _select_examples(samples: Sequence[DataFrame], checks: Sequence[RowCheck]) -> DataFrame:
    frame, bit_masks = Frame(samples[0].schema), dict.fromkeys(check.failed.column for check in checks)
    values = {name: frame.value(name) for name in _list_columns(checks)}
    cells = [_time_to_text(value) if _is_timestamp(frame.type_of(name)) else value for name, value in values.items()]
    cell_struct = F.struct(*(cell.alias(f"_{n}") for n, cell in enumerate(cells)))
    values_as_json = F.to_json(cell_struct, {"ignoreNullFields": "false"}).alias("values")
    return reduce(DataFrame.union, [sample.select(*bit_masks, values_as_json) for sample in samples])


def _parse_examples(
    marked: DataFrame, rows: Sequence[T.Row], checks: Sequence[RowCheck], *, count: int
) -> dict[RowCheck, Sequence[Example]]:
    frame, columns = Frame(marked.schema), _list_columns(checks)
    parsed = [(row, _parse_cells(json.loads(row["values"]), frame, columns)) for row in rows]
    examples: dict[RowCheck, Sequence[Example]] = {}
    for check in checks:
        failed = [cells for row, cells in parsed if row[check.failed.column] & check.failed.value][:count]
        examples[check] = [tuple(cells[name] for name in check.rule.columns) for cells in failed]
    return examples


def _list_columns(checks: Sequence[RowCheck]) -> list[str]:
    return list(dict.fromkeys(name for check in checks for name in check.rule.columns))


def _parse_cells(values: Mapping[str, Any], frame: Frame, columns: Sequence[str]) -> dict[str, Any]:
    cells = {}
    for n, name in enumerate(columns):
        cell = values[f"_{n}"]
        if isinstance(cell, str) and isinstance(frame.type_of(name), T.FractionalType):
            cell = float(cell)  # JSON has no NaN and no infinity, so Spark writes NaN and infinity as text.
        cells[name] = cell
    return cells


def _times_to_text(frame: DataFrame) -> DataFrame:
    """Convert timestamps to text in UTC.

    Without this conversion, Python would show a timestamp in the time zone of the Python process.
    """
    times = [field.name for field in frame.schema if _is_timestamp(field.dataType)]
    return frame.withColumns({name: _time_to_text(F.col(name)) for name in times}) if times else frame


def _time_to_text(time: Column) -> Column:
    """Return a timestamp in ISO form. As in Python, the microseconds are omitted if they are 0."""
    return F.regexp_replace(F.date_format(time, "yyyy-MM-dd'T'HH:mm:ss.SSSSSS"), r"\.000000$", "")


def _is_timestamp(data_type: T.DataType) -> bool:
    return isinstance(data_type, (T.TimestampType, T.TimestampNTZType))


def _count_if(condition: Column) -> Column:
    return F.count(F.when(condition, 1))
