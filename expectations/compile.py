"""A suite's expectations, compiled for the rows that they are to judge."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import types as T

from expectations.errors import SuiteError
from expectations.mask import Bit
from expectations.row_level import ROW_LEVEL, RowRule
from expectations.suite import Expectation, Suite
from expectations.table_level import TABLE_LEVEL, TableRule


@dataclass(frozen=True, eq=False)
class RowCheck:
    """A row-level expectation with its bits: one for rows not as expected, one for rows left out."""

    expectation: Expectation
    rule: RowRule
    failed: Bit
    missing: Bit | None


@dataclass(frozen=True)
class TableCheck:
    """A table-level expectation with its rule."""

    expectation: Expectation
    rule: TableRule


def compile_suite(rows: DataFrame, suite: Suite) -> tuple[list[RowCheck | TableCheck], list[Bit]]:
    """Compile a suite for some rows: its expectations in order, and all bits that the row-level ones set.

    Raises:
        SuiteError: A type is not known, its arguments do not fit it, or it names a column that is not there or of a
            type that its bounds cannot be compared with.
    """
    checks: list[RowCheck | TableCheck] = []
    bits: list[Bit] = []
    missing_bits: dict[str, Bit] = {}  # Expectations on the same column share the bit that says it is missing.

    def add(condition: Column) -> Bit:
        bits.append(Bit(len(bits), condition))
        return bits[-1]

    for expectation in suite.expectations:
        rule = _rule(expectation, suite=suite, schema=rows.schema)
        if isinstance(rule, TableRule):
            checks.append(TableCheck(expectation, rule))
            continue
        missing = None
        if rule.missing is not None:
            missing = missing_bits.get(str(rule.missing)) or add(rule.missing)
            missing_bits[str(rule.missing)] = missing
        checks.append(RowCheck(expectation, rule, add(rule.unexpected), missing))
    return checks, bits


def _rule(expectation: Expectation, *, suite: Suite, schema: T.StructType) -> RowRule | TableRule:
    def error(problem: str) -> SuiteError:
        return SuiteError(suite=suite.name, expectation=expectation.id, problem=problem)

    compiler = ROW_LEVEL.get(expectation.type) or TABLE_LEVEL.get(expectation.type)
    if compiler is None:
        raise error(f"type {expectation.type!r} is not one of those compiled: {sorted([*ROW_LEVEL, *TABLE_LEVEL])}.")
    if expectation.type in TABLE_LEVEL and "mostly" in expectation.kwargs:
        raise error(f"{expectation.type} judges a table, not rows; it takes no 'mostly'.")
    try:
        arguments = inspect.signature(compiler).bind(**expectation.arguments)
        rule: RowRule | TableRule = compiler(*arguments.args, **arguments.kwargs)
    except (TypeError, ValueError) as problem:
        raise error(f"the arguments {expectation.arguments} do not fit {expectation.type}: {problem}.") from problem
    for column in rule.columns:
        if column not in schema.names:
            raise error(f"column {column!r} does not exist; the rows have {schema.names}.")
        bounds = [expectation.kwargs.get(name) for name in ("min_value", "max_value")]
        wrong = [
            bound for bound in bounds if bound is not None and not _comparable(bound, schema[column].dataType, rule)
        ]
        if wrong:
            raise error(
                f"column {column!r} is {schema[column].dataType.simpleString()}, no type to compare {wrong} with."
            )
    return rule


def _comparable(bound: Any, data_type: T.DataType, rule: RowRule | TableRule) -> bool:
    if isinstance(bound, str):
        moments = (T.DateType, T.TimestampType)
        return isinstance(data_type, (*moments, T.StringType) if isinstance(rule, RowRule) else moments)
    return isinstance(data_type, T.NumericType)
