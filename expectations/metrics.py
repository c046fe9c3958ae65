"""What the gate reads back from the rows it has marked: counts, examples, and values of columns."""

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

from expectations.compile import Check, RowCheck, TableCheck
from expectations.frame import Frame
from expectations.mask import QUARANTINED, any_set

_FIRST_LOOK = 1000
_MOST_VALUES = 200


Example = tuple[Any, ...]
"""The values of the columns that an expectation reads, in a row that is not as expected."""


@dataclass(frozen=True)
class Metrics:
    """What is read back from the marked rows.

    Attributes:
        rows: All rows.
        quarantined: Those for quarantine.
        considered: The rows that each row-level expectation is about.
        unexpected: Of those, the ones that are not as expected.
        missing: Of those, the ones left out; without the types that leave none out.
        observed: What the expectations about columns and tables observe, over the rows that pass.
        examples: Some of the rows that are not as expected.
    """

    rows: int
    quarantined: int
    considered: Mapping[RowCheck, int]
    unexpected: Mapping[RowCheck, int]
    missing: Mapping[RowCheck, int]
    observed: Mapping[TableCheck, Any]
    examples: Mapping[RowCheck, Sequence[Example]]


def collect_metrics(marked: DataFrame, checks: Sequence[Check], *, most_examples: int) -> Metrics:
    """Count everything and find examples, in one Spark job.

    The examples are among the first rows for quarantine, and the first others that earned a warning. A second job finds
    what is rare among many failures of other kinds.
    """
    row_checks = [check for check in checks if isinstance(check, RowCheck)]
    aggregates, places = _aggregates(checks)
    counted = _times_as_text(marked.agg(*(column.alias(f"_{n}") for n, column in enumerate(aggregates))))
    found = counted.select(F.struct("*").alias("counted"))
    if most_examples and row_checks:
        failed, quarantined = any_set([check.failed for check in row_checks]), F.col(QUARANTINED)
        looks = [marked.where(part & failed).limit(_FIRST_LOOK) for part in (quarantined, ~quarantined)]
        found = found.unionByName(_looked(looks, row_checks), allowMissingColumns=True)
    rows = found.collect()
    counts = next(row["counted"] for row in rows if row["counted"])
    at = {what: {check: counts[place] for check, place in of.items()} for what, of in places.items()}
    examples: dict[RowCheck, Sequence[Example]] = {}
    if most_examples and row_checks:
        examples = _examples(marked, [row for row in rows if not row["counted"]], row_checks, most=most_examples)
        rare = [check for check in row_checks if len(examples[check]) < min(at["unexpected"][check], most_examples)]
        if rare:
            looks = [marked.where(check.failed.is_set).limit(most_examples) for check in rare]
            examples |= _examples(marked, _looked(looks, rare).collect(), rare, most=most_examples)
    return Metrics(counts[0], counts[1], **at, examples=examples)


def _aggregates(checks: Sequence[Check]) -> tuple[list[Column], dict[str, dict[Any, int]]]:
    """Return what is to be computed, and at which place each check's count or value stands."""
    passes = ~F.col(QUARANTINED)
    every = F.count(F.lit(1))
    alone = [check for check in checks if isinstance(check, RowCheck) and not check.rule.across_rows]
    compared = ~any_set([check.failed for check in alone if check.expectation.severity == "critical"])
    columns = [every, F.count(F.when(~passes, 1))]
    places: dict[str, dict[Any, int]] = {"considered": {}, "unexpected": {}, "missing": {}, "observed": {}}

    def add(what: str, check: Check, column: Column) -> None:
        places[what][check] = len(columns)
        columns.append(column)

    for check in checks:
        if isinstance(check, RowCheck):
            those = [compared] if check.rule.across_rows else []
            about = [*those, *([] if check.condition is None else [check.condition])]
            add("considered", check, _count(reduce(and_, about)) if about else every)
            add("unexpected", check, _count(check.failed.is_set))
            if check.missing:
                add("missing", check, _count(reduce(and_, [*those, check.missing.is_set])))
        elif isinstance(check, TableCheck) and check.rule.aggregate:
            among = passes if check.condition is None else passes & F.coalesce(check.condition, F.lit(False))
            add("observed", check, check.rule.aggregate(among))
    return columns, places


def value_counts(passing: DataFrame, check: TableCheck, observed: Any) -> list[T.Row]:
    """Find the distinct values an expectation asks for, most frequent first, with their `count`; one Spark job."""
    value = check.rule.values_to_look_up
    if value is None or not check.rule.if_observed(observed):
        return []
    rows = passing if check.condition is None else passing.where(check.condition)
    values = rows.select(value.alias("value")).where("value is not null").groupBy("value").count()
    first = F.lit(True) if check.rule.look_up_first is None else check.rule.look_up_first
    top = values.orderBy(F.desc("count"), first.desc(), F.asc("value")).limit(_MOST_VALUES)
    return _times_as_text(top).collect()


def _looked(looks: Sequence[DataFrame], checks: Sequence[RowCheck]) -> DataFrame:
    frame, words = Frame(looks[0].schema), dict.fromkeys(check.failed.word for check in checks)
    values = {name: frame.value(name) for name in _columns(checks)}
    shown = [_as_text(value) if _is_time(frame.type_of(name)) else value for name, value in values.items()]
    cells = F.struct(*(value.alias(f"_{n}") for n, value in enumerate(shown)))
    values_as_json = F.to_json(cells, {"ignoreNullFields": "false"}).alias("values")
    return reduce(DataFrame.union, [look.select(*words, values_as_json) for look in looks])


def _examples(
    marked: DataFrame, rows: Sequence[T.Row], checks: Sequence[RowCheck], *, most: int
) -> dict[RowCheck, Sequence[Example]]:
    frame, columns = Frame(marked.schema), _columns(checks)
    parsed = [(row, _cells(json.loads(row["values"]), frame, columns)) for row in rows]
    found: dict[RowCheck, Sequence[Example]] = {}
    for check in checks:
        hits = [cells for row, cells in parsed if row[check.failed.word] & check.failed.value][:most]
        found[check] = [tuple(cells[name] for name in check.rule.columns) for cells in hits]
    return found


def _columns(checks: Sequence[RowCheck]) -> list[str]:
    return list(dict.fromkeys(name for check in checks for name in check.rule.columns))


def _cells(values: Mapping[str, Any], frame: Frame, columns: Sequence[str]) -> dict[str, Any]:
    cells = {}
    for n, name in enumerate(columns):
        cell = values[f"_{n}"]
        if isinstance(cell, str) and isinstance(frame.type_of(name), T.FractionalType):
            cell = float(cell)  # NaN or an infinity, which JSON has not
        cells[name] = cell
    return cells


def _times_as_text(frame: DataFrame) -> DataFrame:
    """Turn times to text: Python would show them in the time zone of its process, not in UTC."""
    times = [field.name for field in frame.schema if _is_time(field.dataType)]
    return frame.withColumns({name: _as_text(F.col(name)) for name in times}) if times else frame


def _as_text(time: Column) -> Column:
    """Return a time in ISO form, its fraction left out where there is none, as Python writes it."""
    return F.regexp_replace(F.date_format(time, "yyyy-MM-dd'T'HH:mm:ss.SSSSSS"), r"\.000000$", "")


def _is_time(kind: T.DataType) -> bool:
    return isinstance(kind, (T.TimestampType, T.TimestampNTZType))


def _count(condition: Column) -> Column:
    return F.count(F.when(condition, 1))
