"""Compile the expectations of a suite for the columns of a frame."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.util import find_spec
from typing import Any

from pyspark.errors import AnalysisException, ParseException, SparkRuntimeException
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from expectations.bits import Bit
from expectations.core import DELEGATED_TO_GX, NOT_ON_SPARK, ROW_LEVEL, TABLE_LEVEL, accepts_mostly
from expectations.core.rules import RowRule, TableRule
from expectations.delegated import require_valid
from expectations.empty import empty_frame
from expectations.errors import SuiteError, TextColumnError
from expectations.frame import ORDER, PASSES, Frame
from expectations.gx_0x import RETIRED_TYPES
from expectations.partition import require_partition
from expectations.row_condition import explain_rejection, row_condition
from expectations.suite import Expectation, Suite


@dataclass(frozen=True, eq=False)
class RowCheck:
    """A compiled row-level expectation.

    Attributes:
        expectation: The expectation.
        rule: The rule that the expectation compiles to.
        condition: The row condition, which is true for the rows to validate. None to validate all rows.
        failed: The bit that is set in unexpected rows.
        missing: The bit that is set in rows that are excluded because a value is missing. None if the expectation type
            excludes no rows.
    """

    expectation: Expectation
    rule: RowRule
    condition: Column | None
    failed: Bit
    missing: Bit | None


@dataclass(frozen=True, eq=False)
class TableCheck:
    """A compiled expectation about a whole column or table.

    Attributes:
        expectation: The expectation.
        rule: The rule that the expectation compiles to.
        condition: The row condition, which is true for the rows to validate. None to validate all rows.
    """

    expectation: Expectation
    rule: TableRule
    condition: Column | None


@dataclass(frozen=True, eq=False)
class DelegatedToGX:
    """An expectation that Great Expectations validates instead of the gate."""

    expectation: Expectation


Check = RowCheck | TableCheck | DelegatedToGX


def compile_suite(rows: DataFrame, suite: Suite) -> tuple[list[Check], list[Bit]]:
    """Compile a suite for the columns of `rows`. No Spark job is started.

    Returns:
        The compiled expectations in the order of the suite, and the bits of all row-level expectations.

    Raises:
        SuiteError: An expectation has an unknown type, arguments that do not fit its type, or a regular expression that
            is not valid. The error is also raised for a column that does not exist, and for a value that cannot be
            compared with its column.
    """
    checks: list[Check] = []
    bits: list[Bit] = []
    shared_bits: dict[str, Bit] = {}

    def add_bit(column: Column, condition: Column | None) -> Bit:
        bits.append(Bit(len(bits), column if condition is None else condition & column))
        return bits[-1]

    def add_null_bit(column: Column, condition: Column | None, expectation: Expectation) -> Bit:
        """Return the bit for a null test. Expectations with the same `column` and row condition share one bit."""
        key = json.dumps([str(column), expectation.kwargs.get("row_condition")])
        if key not in shared_bits:
            shared_bits[key] = add_bit(column, condition)
        return shared_bits[key]

    empty = empty_frame(rows.sparkSession, rows.schema)
    marked = empty.withColumns({PASSES: F.lit(True), ORDER: F.lit(0)})
    for number, expectation in enumerate(suite.expectations):
        rule, condition = _compile(empty, marked, expectation, number=number, suite=suite)
        if rule is None:
            checks.append(DelegatedToGX(expectation))
        elif isinstance(rule, TableRule):
            checks.append(TableCheck(expectation, rule, condition))
        # `missing` is None if the expectation itself tests for nulls. Then rows with a null are validated too.
        elif rule.missing is None:
            failed = add_null_bit(rule.unexpected, condition, expectation)
            checks.append(RowCheck(expectation, rule, condition, failed, None))
        else:
            missing = add_null_bit(rule.missing, condition, expectation)
            checks.append(RowCheck(expectation, rule, condition, add_bit(rule.unexpected, condition), missing))
    return checks, bits


def _compile(
    empty: DataFrame, marked: DataFrame, expectation: Expectation, *, number: int, suite: Suite
) -> tuple[RowRule | TableRule | None, Column | None]:
    compiler = ROW_LEVEL.get(expectation.type) or TABLE_LEVEL.get(expectation.type)
    try:
        if expectation.mostly != 1 and not accepts_mostly(expectation.type):
            raise ValueError(f"{expectation.type} applies to the whole table, not to single rows. Remove 'mostly'")
        condition = _compile_condition(empty, expectation)
        if compiler is None:
            _require_delegated(expectation, Frame(empty.schema))
            return None, condition
        for regex in expectation.regexes:
            _require_regex(empty, regex)
        frame = Frame(empty.schema, condition, number)
        rule = compiler(frame, **expectation.arguments)
        _require_computable(marked, frame, rule)
        return rule, condition
    except TypeError as error:
        problem = f"the arguments {expectation.arguments} do not fit {expectation.type}: {error}. Correct the 'kwargs'."
        raise SuiteError(suite=suite.name, expectation=expectation.id, problem=problem) from error
    except (OverflowError, ValueError) as error:
        problem = str(error)
        problem += "" if problem.endswith((".", "?")) else "."
        column = error.column if isinstance(error, TextColumnError) else None
        raise SuiteError(suite=suite.name, expectation=expectation.id, problem=problem, text_column=column) from error
    except (AnalysisException, ParseException) as error:
        problem = f"Spark cannot compute the expectation: {error}"
        raise SuiteError(suite=suite.name, expectation=expectation.id, problem=problem) from error


def _compile_condition(empty: DataFrame, expectation: Expectation) -> Column | None:
    kwargs = expectation.kwargs
    try:
        condition = row_condition(Frame(empty.schema), kwargs)
        if condition is not None:
            _require_deterministic(empty, condition, expectation)
    except (AnalysisException, ParseException) as error:
        if not isinstance(kwargs["row_condition"], str):
            raise
        reason = str(error).strip().split("\n")[0]
        raise ValueError(explain_rejection(kwargs, reason)) from error
    return condition


def _require_delegated(expectation: Expectation, frame: Frame) -> None:
    if expectation.type in NOT_ON_SPARK:
        hint = NOT_ON_SPARK[expectation.type]
        raise ValueError(f"Great Expectations cannot validate {expectation.type} on Spark. {hint}")
    if expectation.type in RETIRED_TYPES:
        hint = RETIRED_TYPES[expectation.type]
        raise ValueError(f"Great Expectations 1.0 removed the expectation type {expectation.type}. {hint}")
    if expectation.type not in DELEGATED_TO_GX:
        known = sorted([*ROW_LEVEL, *TABLE_LEVEL, *DELEGATED_TO_GX])
        alike = get_close_matches(expectation.type, known, cutoff=0.8)
        hint = f"Similar types: {alike}" if alike else f"Use one of {known}"
        raise ValueError(f"{expectation.type!r} is not an expectation type of Great Expectations' core. {hint}")
    if find_spec("great_expectations") is None:
        raise ValueError(
            f"{expectation.type} needs Great Expectations, which is not installed. Run: pip install 'citylake[gx]'. On "
            f"AWS Glue, add great_expectations==1.24.1 to the job's --additional-python-modules"
        )
    for column in expectation.columns:
        frame.type_of(column)
    if expectation.type == "expect_column_kl_divergence_to_be_less_than":
        require_partition(frame, **expectation.arguments)
    require_valid(expectation)


def _require_deterministic(empty: DataFrame, condition: Column, expectation: Expectation) -> None:
    """Raise ValueError if a row condition is random, such as `rand() > 0.5`.

    Spark evaluates the condition twice: to mark the rows and to count the rows. A random condition would select
    different rows each time.
    """
    empty.where(condition)  # Raises an error if Spark cannot analyse the condition.
    try:
        empty.agg(F.max(condition))
    except AnalysisException as error:
        if error.getErrorClass() != "AGGREGATE_FUNCTION_WITH_NONDETERMINISTIC_EXPRESSION":
            raise
        text = expectation.kwargs["row_condition"]
        raise ValueError(f"row_condition {text!r} is not deterministic. Use a condition on columns only") from error


def _require_regex(empty: DataFrame, regex: Any) -> None:
    if not isinstance(regex, str):
        raise ValueError(f"the regular expression is {regex!r}, expected text")
    try:
        empty.sparkSession.sql("VALUES ('')").select(F.lit("").rlike(regex)).collect()  # The query starts no Spark job.
    except SparkRuntimeException as error:
        raise ValueError(f"{regex!r} is not a valid regular expression in Java{_explain_regex(regex)}") from error


def _explain_regex(regex: str) -> str:
    """Return the error that Python reports for a regular expression, because Spark does not report Java's error."""
    try:
        re.compile(regex)
    except re.error as error:
        return f": {error}"
    return ""


def _require_computable(marked: DataFrame, frame: Frame, rule: RowRule | TableRule) -> None:
    """Raise an error if Spark cannot compute the columns of a rule. Spark analyses an empty frame and reads no rows."""
    if isinstance(rule, TableRule):
        if rule.aggregate:
            marked.agg(rule.aggregate(F.lit(True) if frame.condition is None else frame.condition))
        return
    if rule.statistics:
        statistics = (aggregate.alias(name) for name, aggregate in rule.statistics.items())
        marked = marked.crossJoin(marked.agg(*statistics))
    marked.select(rule.unexpected)
