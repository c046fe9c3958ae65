"""The gate validates rows against a suite in the pass that writes them, and separates passing from failing rows.

The gate adds a few bits to each row, so that every expectation is evaluated once. The frame is then written once: rows
that pass in one partition, rows for quarantine in another. Counts, verdict and examples come from the written rows.
Spark never computes the source rows a second time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from expectations.compile import Check, DelegatedToGX, RowCheck, TableCheck, compile_suite
from expectations.delegated import validate_with_gx
from expectations.errors import SuiteError
from expectations.frame import ORDER, PASSES, STATISTIC
from expectations.mask import FAILED, QUARANTINED, WARNINGS, Bit, any_set, mask_columns
from expectations.metrics import collect_metrics, value_counts
from expectations.suite import Suite
from expectations.validation_result import ResultFormat, ValidationResult, row_result, table_result
from transforms.arrays import array_where
from transforms.sql import quoted

_RESERVED = (QUARANTINED, WARNINGS, FAILED, PASSES, ORDER)
_PREFIXES = ("_mask_", STATISTIC)


@dataclass(frozen=True, eq=False)
class Gate:
    """A suite that is compiled for the columns of some rows.

    Rows pass the gate in two steps, so that the caller can resolve revisions between them: `mark_rows` validates each
    row by itself. `mark_across_rows` compares rows with one another, for uniqueness, outliers and order.

    Attributes:
        source: The rows that the suite was compiled for. Only their schema is read.
        suite: The suite.
        checks: The suite's expectations, compiled.
        bits: All bits that the row-level expectations set.
    """

    source: DataFrame
    suite: Suite
    checks: tuple[Check, ...]
    bits: tuple[Bit, ...]

    @cached_property
    def rows(self) -> DataFrame:
        """The source rows with all marks. Every row is kept."""
        return self.source.transform(self.mark_rows).transform(self.mark_across_rows)

    @property
    def passes(self) -> Column:
        """True for a row of `mark_rows` that meets every critical expectation about single rows."""
        critical = [check.failed for check in _of_severity(self._row_checks, "critical")]
        return ~any_set([bit for bit in critical if bit not in self._across_bits])

    def mark_rows(self, rows: DataFrame) -> DataFrame:
        """Validate each row by itself.

        Rows: all kept. Columns: adds the `_mask_*` columns, whose bits record failed expectations. No Spark job is
        started.
        """
        order = {ORDER: F.monotonically_increasing_id()} if any(check.rule.in_order for check in self._across) else {}
        return rows.withColumns(mask_columns([bit for bit in self.bits if bit not in self._across_bits]) | order)

    def mark_across_rows(self, marked: DataFrame) -> DataFrame:
        """Compare the rows that pass with one another, and name the outcome of each row.

        Rows: all kept. Columns: adds `_warnings` (ids of the failed expectations that are not critical, null for
        none) and `_quarantined` (whether it fails a critical expectation). No Spark job is started.
        """
        if self._across:
            marked = _mark_across(marked.withColumn(PASSES, self.passes), self._across)
        return marked.select(
            *map(quoted, self.columns),
            _names(_of_severity(self._row_checks, "warning", "info")).alias(WARNINGS),
            any_set([check.failed for check in _of_severity(self._row_checks, "critical")]).alias(QUARANTINED),
            *dict.fromkeys(bit.word for bit in self.bits),
        )

    def validate(self, written: DataFrame, *, result_format: str | Mapping[str, Any] = "SUMMARY") -> ValidationResult:
        """Validate the written rows: one aggregation and, if a value is unexpected, one query for examples.

        Args:
            written: The rows as they were written, with their marks.
            result_format: GX's: `BOOLEAN_ONLY`, `BASIC`, `SUMMARY` or `COMPLETE`, or a structure with one of these as
                `result_format` and a `partial_unexpected_count`.

        Raises:
            ValueError: The result format is not one of GX's, or the gate does not support it.
        """
        wanted = ResultFormat.parse(result_format)
        published = written.where(~F.col(QUARANTINED))
        found = collect_metrics(written, self.checks, most_examples=wanted.most_examples)
        handed_over = [check.expectation for check in self.checks if isinstance(check, DelegatedToGX)]
        theirs = validate_with_gx(published.select(*map(quoted, self.columns)), handed_over, result_format=wanted)
        results = []
        for check in self.checks:
            expectation = check.expectation
            if isinstance(check, DelegatedToGX):
                results.append(theirs[expectation.id])
            elif isinstance(check, TableCheck):
                observed = found.observed.get(check)
                judgement = check.rule.judge(observed, value_counts(published, check, observed))
                results.append(table_result(expectation, *judgement, wanted))
            else:
                counts = (found.considered[check], found.unexpected[check], found.missing.get(check))
                results.append(row_result(expectation, *counts, found.examples.get(check, ()), wanted))
        return ValidationResult(self.suite, rows=found.rows, quarantined=found.quarantined, results=tuple(results))

    def rejected(self, written: DataFrame) -> DataFrame:
        """Return the rows for quarantine: their columns, the ids of the expectations they failed, their warnings."""
        return self.outcomes(written.where(QUARANTINED))

    def outcomes(self, written: DataFrame) -> DataFrame:
        """Return all rows with the columns of quarantine. `_failed_expectations` is null in rows that pass."""
        failed = _names(_of_severity(self._row_checks, "critical"))
        return written.select(*map(quoted, self.columns), failed.alias(FAILED), WARNINGS)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the rows had before they were marked."""
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


def compile_gate(rows: DataFrame, *, suite: Suite) -> Gate:
    """Compile a suite for the columns of `rows`. No Spark job is started.

    Raises:
        SuiteError: An expectation's type is not known, its arguments do not fit, or it names a column that `rows` does
            not have. Or `rows` has a column with a name that the gate needs.
    """
    # Spark compares names without regard to case.
    reserved = [name for name in rows.columns if is_mark(name)]
    if reserved:
        raise SuiteError(suite=suite.name, problem=f"the rows have columns {reserved}, names of the gate. Rename them.")
    checks, bits = compile_suite(rows, suite)
    return Gate(rows, suite, tuple(checks), tuple(bits))


def is_mark(column: str) -> bool:
    """Whether the gate adds a column of this name to rows."""
    return column.lower() in _RESERVED or column.lower().startswith(_PREFIXES)


def _mark_across(marked: DataFrame, across: Sequence[RowCheck]) -> DataFrame:
    statistics = {name: column for check in across for name, column in check.rule.statistics.items()}
    if statistics:
        found = marked.agg(*(column.alias(name) for name, column in statistics.items()))
        marked = marked.crossJoin(F.broadcast(found))
    for word, added in mask_columns([check.failed for check in across]).items():
        marked = marked.withColumn(word, added.bitwiseOR(F.col(word)) if word in marked.columns else added)
    return marked


def _of_severity(checks: Sequence[RowCheck], *severities: str) -> list[RowCheck]:
    return [check for check in checks if check.expectation.severity in severities]


def _names(checks: Sequence[RowCheck]) -> Column:
    if not checks:
        return F.lit(None).cast("array<string>")
    names = array_where([(check.failed.is_set, F.lit(check.expectation.id)) for check in checks])
    return F.when(any_set([check.failed for check in checks]), names)  # most rows need only one comparison
