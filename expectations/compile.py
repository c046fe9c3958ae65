"""Compile a suite's expectations for the rows that they validate."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from pyspark.errors import AnalysisException, ParseException, SparkRuntimeException
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from expectations.core import DELEGATED_TO_GX, NOT_ON_SPARK, ROW_LEVEL, TABLE_LEVEL
from expectations.core.rules import RowRule, TableRule
from expectations.delegated import require_valid
from expectations.errors import SuiteError
from expectations.frame import ORDER, PASSES, Frame
from expectations.mask import Bit
from expectations.row_condition import row_condition
from expectations.suite import Expectation, Suite


@dataclass(frozen=True, eq=False)
class RowCheck:
    """A row-level expectation with its bits: one for rows not as expected, one for rows left out."""

    expectation: Expectation
    rule: RowRule
    condition: Column | None
    failed: Bit
    missing: Bit | None


@dataclass(frozen=True, eq=False)
class TableCheck:
    """An expectation about a column or a table, with its rule."""

    expectation: Expectation
    rule: TableRule
    condition: Column | None


@dataclass(frozen=True, eq=False)
class DelegatedToGX:
    """An expectation that Great Expectations itself judges."""

    expectation: Expectation


Check = RowCheck | TableCheck | DelegatedToGX


def compile_suite(rows: DataFrame, suite: Suite) -> tuple[list[Check], list[Bit]]:
    """Compile a suite for some rows: its expectations in order, and all bits that the row-level ones set.

    No Spark job is started.

    Raises:
        SuiteError: A type is not known, its arguments do not fit it, a regular expression is none, or it names a
            column that is not there or of a type that its values cannot be compared with.
    """
    checks: list[Check] = []
    bits: list[Bit] = []
    shared: dict[str, Bit] = {}

    def add(of: Column, condition: Column | None) -> Bit:
        bits.append(Bit(len(bits), of if condition is None else condition & of))
        return bits[-1]

    def add_null(of: Column, condition: Column | None, expectation: Expectation) -> Bit:
        """Add the bit for missing values, which expectations on the same column and rows share."""
        key = json.dumps([str(of), expectation.kwargs.get("row_condition")])
        if key not in shared:
            shared[key] = add(of, condition)
        return shared[key]

    empty = rows.sparkSession.createDataFrame([], rows.schema)
    marked = empty.withColumns({PASSES: F.lit(True), ORDER: F.lit(0)})
    for number, expectation in enumerate(suite.expectations):
        rule, condition = _compile(empty, marked, expectation, number=number, suite=suite)
        if rule is None:
            checks.append(DelegatedToGX(expectation))
        elif isinstance(rule, TableRule):
            checks.append(TableCheck(expectation, rule, condition))
        elif rule.missing is None:  # a type about missing values themselves
            failed = add_null(rule.unexpected, condition, expectation)
            checks.append(RowCheck(expectation, rule, condition, failed, None))
        else:
            missing = add_null(rule.missing, condition, expectation)
            checks.append(RowCheck(expectation, rule, condition, add(rule.unexpected, condition), missing))
    return checks, bits


def _compile(
    empty: DataFrame, marked: DataFrame, expectation: Expectation, *, number: int, suite: Suite
) -> tuple[RowRule | TableRule | None, Column | None]:
    compiler = ROW_LEVEL.get(expectation.type) or TABLE_LEVEL.get(expectation.type)
    try:
        if expectation.type in TABLE_LEVEL and expectation.mostly != 1 and not _takes_mostly(expectation.type):
            raise ValueError(f"{expectation.type} judges a table, not rows; it takes no 'mostly'")
        condition = row_condition(Frame(empty.schema), expectation.kwargs)
        if condition is not None:
            _require_deterministic(empty, condition, expectation)
        if compiler is None:
            _require_handed_over(expectation, Frame(empty.schema))
            return None, condition
        for regex in expectation.regexes:
            _require_regex(empty, regex)
        frame = Frame(empty.schema, condition, number)
        rule = compiler(frame, **expectation.arguments)
        _require_computable(marked, frame, rule)
        return rule, condition
    except TypeError as error:
        problem = f"the arguments {expectation.arguments} do not fit {expectation.type}: {error}."
        raise SuiteError(suite=suite.name, expectation=expectation.id, problem=problem) from error
    except (OverflowError, ValueError) as error:
        raise SuiteError(suite=suite.name, expectation=expectation.id, problem=f"{error}.") from error
    except (AnalysisException, ParseException) as error:
        problem = f"Spark cannot compute it: {error}"
        raise SuiteError(suite=suite.name, expectation=expectation.id, problem=problem) from error


def _takes_mostly(type_: str) -> bool:
    """Whether GX takes a `mostly` for a type judged by the schema: of a column's type, on Spark it means nothing."""
    return type_.startswith("expect_column_values_")


def _require_handed_over(expectation: Expectation, frame: Frame) -> None:
    if expectation.type in NOT_ON_SPARK:
        hint = NOT_ON_SPARK[expectation.type]
        raise ValueError(f"Great Expectations cannot judge {expectation.type} on Spark. {hint}")
    if expectation.type not in DELEGATED_TO_GX:
        known = sorted([*ROW_LEVEL, *TABLE_LEVEL, *DELEGATED_TO_GX])
        raise ValueError(f"type {expectation.type!r} is not one of Great Expectations' core: {known}")
    if find_spec("great_expectations") is None:
        raise ValueError(
            f"{expectation.type} is judged by Great Expectations itself, which is not installed. Run: pip install "
            f"'citylake[gx]'; on AWS Glue give the job --additional-python-modules great_expectations==1.24.1"
        )
    for column in expectation.columns:
        frame.type_of(column)
    require_valid(expectation)


def _require_deterministic(empty: DataFrame, condition: Column, expectation: Expectation) -> None:
    """Raise ValueError for a condition that depends on chance: rows are counted and marked in separate evaluations."""
    empty.where(condition)  # other errors of the condition come first
    try:
        empty.agg(F.max(condition))
    except AnalysisException as error:
        if error.getErrorClass() != "AGGREGATE_FUNCTION_WITH_NONDETERMINISTIC_EXPRESSION":
            raise
        problem = f"row_condition {expectation.kwargs['row_condition']!r} is not deterministic"
        raise ValueError(problem) from error


def _require_regex(empty: DataFrame, regex: Any) -> None:
    if not isinstance(regex, str):
        raise ValueError(f"a regular expression is {regex!r}, expected text")
    try:
        empty.sparkSession.sql("VALUES ('')").select(F.lit("").rlike(regex)).collect()  # starts no Spark job
    except SparkRuntimeException as error:
        raise ValueError(f"{regex!r} is not a valid regular expression in Java{_python_reason(regex)}") from error


def _python_reason(regex: str) -> str:
    """Return the fault that Python finds in a regular expression. Spark does not tell Java's reason."""
    try:
        re.compile(regex)
    except re.error as error:
        return f": {error}"
    return ""


def _require_computable(marked: DataFrame, frame: Frame, rule: RowRule | TableRule) -> None:
    """Have Spark analyse what a rule computes, on no rows."""
    if isinstance(rule, TableRule):
        if rule.aggregate:
            marked.agg(rule.aggregate(F.lit(True) if frame.condition is None else frame.condition))
        return
    if rule.statistics:
        statistics = (aggregate.alias(name) for name, aggregate in rule.statistics.items())
        marked = marked.crossJoin(marked.agg(*statistics))
    marked.select(rule.unexpected)
