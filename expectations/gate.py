"""The gate validates rows with a suite while Spark writes the rows, and separates passing rows from failing rows.

The gate adds a bit mask to each row, so Spark evaluates every expectation once. The frame is then written once, with
passing rows and rows for quarantine in separate partitions. Counts and examples come from the written rows. So Spark
computes the source rows only once, unless an expectation needs a statistic of a whole column, such as the mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from expectations.bits import FAILED, QUARANTINED, WARNINGS, Bit, any_bit_set, bit_mask_columns
from expectations.compile import Check, DelegatedToGX, RowCheck, TableCheck, compile_suite
from expectations.delegated import validate_with_gx
from expectations.errors import SuiteError
from expectations.frame import ORDER, PASSES, STATISTIC_PREFIX
from expectations.metrics import collect_metrics, value_counts
from expectations.parameters import evaluate_suite
from expectations.suite import Suite
from expectations.validation_result import ResultFormat, ValidationResult, row_result, table_result
from transforms.arrays import array_where
from transforms.sql import quoted

_RESERVED_NAMES = (QUARANTINED, WARNINGS, FAILED, PASSES, ORDER)
_RESERVED_PREFIXES = ("_mask_", STATISTIC_PREFIX)


@dataclass(frozen=True, eq=False)
class Gate:
    """A suite that is compiled for the columns of a frame.

    The gate has two steps. `mark_rows` validates each row by itself. `mark_across_rows` compares rows with each other,
    to validate uniqueness, outliers and order. Between the two steps, the caller may drop superseded revisions.

    Attributes:
        source: The rows for which the suite was compiled. The compiler reads only the schema of the rows.
        suite: The suite.
        checks: The compiled expectations of the suite.
        bits: All bits that the row-level expectations set.
    """

    source: DataFrame
    suite: Suite
    checks: tuple[Check, ...]
    bits: tuple[Bit, ...]

    @cached_property
    def rows(self) -> DataFrame:
        """The source rows, with the columns that `mark_rows` and `mark_across_rows` add. Every row is kept."""
        return self.source.transform(self.mark_rows).transform(self.mark_across_rows)

    @property
    def passes(self) -> Column:
        """A Column that is true if the row meets every critical expectation on single rows.

        The Column reads the bit mask columns that `mark_rows` adds.
        """
        critical = [check.failed for check in _select_severities(self._row_checks, "critical")]
        return ~any_bit_set([bit for bit in critical if bit not in self._across_bits])

    def mark_rows(self, rows: DataFrame) -> DataFrame:
        """Validate each row by itself. No Spark job is started.

        Rows: all rows are kept. Columns: adds the bit mask columns `_mask_*`. Also adds `_order` if an expectation
        needs the order of the rows.
        """
        needs_order = any(check.rule.needs_order for check in self._across)
        order = {ORDER: F.monotonically_increasing_id()} if needs_order else {}
        return rows.withColumns(bit_mask_columns([bit for bit in self.bits if bit not in self._across_bits]) | order)

    def mark_across_rows(self, marked: DataFrame) -> DataFrame:
        """Compare the passing rows with each other, and mark every row. No Spark job is started.

        Rows: all rows are kept. Columns: adds `_warnings` and `_quarantined`. `_warnings` has the ids of the `warning`
        and `info` expectations that the row fails. `_quarantined` is true if the row fails a critical expectation.
        """
        if self._across:
            marked = _mark_across(marked.withColumn(PASSES, self.passes), self._across)
        return marked.select(
            *map(quoted, self.columns),
            _failed_ids(_select_severities(self._row_checks, "warning", "info")).alias(WARNINGS),
            any_bit_set([check.failed for check in _select_severities(self._row_checks, "critical")]).alias(
                QUARANTINED
            ),
            *dict.fromkeys(bit.column for bit in self.bits),
        )

    def validate(self, written: DataFrame, *, result_format: str | Mapping[str, Any] = "SUMMARY") -> ValidationResult:
        """Validate the written rows, usually in one Spark job.

        More jobs run if the first job finds too few examples, if an expectation needs value counts, or if GX validates
        an expectation.

        Args:
            written: The written rows, with the columns that `mark_rows` and `mark_across_rows` add.
            result_format: A level of GX: `BOOLEAN_ONLY`, `BASIC`, `SUMMARY` or `COMPLETE`. A mapping with the key
                `result_format` is also valid. The key `partial_unexpected_count` of the mapping is optional.

        Raises:
            ValueError: The result format is not valid in GX, or the gate does not support the format.
        """
        parsed_format = ResultFormat.parse(result_format)
        published = written.where(~F.col(QUARANTINED))
        metrics = collect_metrics(written, self.checks, max_examples=parsed_format.max_examples)
        delegated = [check.expectation for check in self.checks if isinstance(check, DelegatedToGX)]
        gx_rows = published.select(*map(quoted, self.columns))
        gx_results = validate_with_gx(gx_rows, delegated, result_format=parsed_format)
        results = []
        for check in self.checks:
            expectation = check.expectation
            if isinstance(check, DelegatedToGX):
                results.append(gx_results[expectation.id])
            elif isinstance(check, TableCheck):
                observed = metrics.observed.get(check)
                is_met, details = check.rule.validate(observed, value_counts(published, check, observed))
                results.append(table_result(expectation, is_met, details, parsed_format))
            else:
                counts = (metrics.considered[check], metrics.unexpected[check], metrics.missing.get(check))
                results.append(row_result(expectation, *counts, metrics.examples.get(check, ()), parsed_format))
        return ValidationResult(self.suite, metrics.rows, metrics.quarantined, tuple(results))

    def rows_for_quarantine(self, written: DataFrame) -> DataFrame:
        """Return the rows that fail a critical row-level expectation, with the columns of quarantine.

        Rows: only rows whose `_quarantined` is true. Columns: the source columns, `_failed_expectations` and
        `_warnings`.
        """
        return self.with_failed_ids(written.where(QUARANTINED))

    def with_failed_ids(self, written: DataFrame) -> DataFrame:
        """Return all rows with the columns of quarantine.

        Rows: all rows are kept. Columns: the source columns, `_failed_expectations` and `_warnings`.
        `_failed_expectations` is null if the row fails no critical expectation.
        """
        failed = _failed_ids(_select_severities(self._row_checks, "critical"))
        return written.select(*map(quoted, self.columns), failed.alias(FAILED), WARNINGS)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the source columns, without the columns that the gate adds."""
        return tuple(self.source.columns)

    @cached_property
    def _row_checks(self) -> list[RowCheck]:
        return [check for check in self.checks if isinstance(check, RowCheck)]

    @cached_property
    def _across(self) -> list[RowCheck]:
        return [check for check in self._row_checks if check.rule.across_rows]

    @cached_property
    def _across_bits(self) -> list[Bit]:
        return [check.failed for check in self._across]


def compile_gate(rows: DataFrame, *, suite: Suite, parameters: Mapping[str, Any] | None = None) -> Gate:
    """Compile a suite for the columns of `rows`. No Spark job is started.

    `parameters` maps the names of suite parameters to values. The suite of the gate has the evaluated arguments.

    Raises:
        SuiteError: An expectation has an unknown type, has arguments that do not fit its type, or names a column that
            does not exist. The error is also raised if a suite parameter has no value, or if `rows` has a column name
            that is reserved for the gate.
    """
    suite = evaluate_suite(suite, parameters or {})
    reserved = [name for name in rows.columns if is_mark(name)]
    if reserved:
        raise SuiteError(
            suite=suite.name,
            problem=f"the rows have columns with names that are reserved for the gate: {reserved}. Rename the columns.",
        )
    checks, bits = compile_suite(rows, suite)
    return Gate(rows, suite, tuple(checks), tuple(bits))


def is_mark(column: str) -> bool:
    """Return whether the name is reserved for a column of the gate. As in Spark, case does not matter."""
    return column.lower() in _RESERVED_NAMES or column.lower().startswith(_RESERVED_PREFIXES)


def _mark_across(marked: DataFrame, checks: Sequence[RowCheck]) -> DataFrame:
    statistics = {name: column for check in checks for name, column in check.rule.statistics.items()}
    if statistics:
        values = marked.agg(*(column.alias(name) for name, column in statistics.items()))
        marked = marked.crossJoin(F.broadcast(values))
    for name, bit_mask in bit_mask_columns([check.failed for check in checks]).items():
        marked = marked.withColumn(name, bit_mask.bitwiseOR(F.col(name)) if name in marked.columns else bit_mask)
    return marked


def _select_severities(checks: Sequence[RowCheck], *severities: str) -> list[RowCheck]:
    return [check for check in checks if check.expectation.severity in severities]


def _failed_ids(checks: Sequence[RowCheck]) -> Column:
    if not checks:
        return F.lit(None).cast("array<string>")
    ids = array_where([(check.failed.is_set, F.lit(check.expectation.id)) for check in checks])
    # Spark builds an array only for a row that fails an expectation.
    return F.when(any_bit_set([check.failed for check in checks]), ids)
