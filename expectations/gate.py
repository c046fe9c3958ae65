"""The gate: judges rows against a suite in the pass that writes them, and routes them.

`judge` adds a few bits to each row, so that every expectation is evaluated once. The frame is then written once, the
rows that pass in one partition and those for quarantine in another. Counts, verdict and examples come from what was
written, never from a second run of the source.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from expectations.compile import Check, HandedOver, RowCheck, TableCheck, compile_suite
from expectations.errors import SuiteError
from expectations.evidence import gather, look_up
from expectations.frame import ORDER, PASSES, STATISTIC
from expectations.handed_over import judge_with_great_expectations
from expectations.mask import FAILED, QUARANTINED, WARNINGS, any_set, mask_columns
from expectations.suite import Suite
from expectations.verdict import ResultFormat, Verdict, row_result, table_result
from transforms.arrays import array_where
from transforms.dedupe import keep_latest
from transforms.names import quoted

_RESERVED = (QUARANTINED, WARNINGS, FAILED, PASSES, ORDER)
_PREFIXES = ("_mask_", STATISTIC)


@dataclass(frozen=True)
class Judged:
    """Rows with their marks, and what is needed to give a verdict once they are written.

    Attributes:
        rows: The rows with `_warnings` (ids of the warnings a row earned, null for none), `_quarantined` (whether it
            fails a critical row-level expectation) and the mask columns.
        suite: What they are judged by.
        columns: The columns the rows had before.
        checks: The suite's expectations, compiled.
    """

    rows: DataFrame
    suite: Suite
    columns: tuple[str, ...]
    checks: tuple[Check, ...]

    def verdict(self, written: DataFrame, *, result_format: str | Mapping[str, Any] = "SUMMARY") -> Verdict:
        """Judge what was written: one aggregation and, where anything is unexpected, one look for examples.

        Args:
            written: The rows as they were written, with their marks.
            result_format: GX's: `BOOLEAN_ONLY`, `BASIC`, `SUMMARY` or `COMPLETE`, or a structure with one of these as
                `result_format` and a `partial_unexpected_count`.

        Raises:
            ValueError: The result format is none of GX's, or asks for what the gate does not give.
        """
        wanted = ResultFormat.parse(result_format)
        published = written.where(~F.col(QUARANTINED))
        found = gather(written, self.checks, most_examples=wanted.most_examples)
        handed_over = [check.expectation for check in self.checks if isinstance(check, HandedOver)]
        theirs = judge_with_great_expectations(
            published.select(*map(quoted, self.columns)), handed_over, result_format=wanted
        )
        results = []
        for check in self.checks:
            expectation = check.expectation
            if isinstance(check, HandedOver):
                results.append(theirs[expectation.id])
            elif isinstance(check, TableCheck):
                observed = found.observed.get(check)
                judgement = check.rule.judge(observed, look_up(published, check, observed))
                results.append(table_result(expectation, *judgement, wanted))
            else:
                counts = (found.considered[check], found.unexpected[check], found.missing.get(check))
                results.append(row_result(expectation, *counts, found.examples.get(check, ()), wanted))
        return Verdict(self.suite, rows=found.rows, quarantined=found.quarantined, results=tuple(results))

    def rejected(self, written: DataFrame) -> DataFrame:
        """Return the rows for quarantine: their columns, the ids of what they failed, and their warnings."""
        return self.outcomes(written.where(QUARANTINED))

    def outcomes(self, written: DataFrame) -> DataFrame:
        """Return all rows as quarantine has them; in those that pass, the ids of what they failed are null."""
        failed = _names(_of_severity(self._row_checks(), "critical"))
        return written.select(*map(quoted, self.columns), failed.alias(FAILED), WARNINGS)

    def _row_checks(self) -> list[RowCheck]:
        return [check for check in self.checks if isinstance(check, RowCheck)]


def judge(rows: DataFrame, *, suite: Suite, key: Sequence[str] = (), order_by: Sequence[str] = ()) -> Judged:
    """Mark each row with what it fails, and resolve deliveries of one key.

    Rows: without `key` all kept. With it, of each key the latest row (by `order_by`) that passes and, where the very
    latest does not pass, that one too: it goes to quarantine and the older good one stays. See `keep_latest`.

    Columns: adds `_warnings`, `_quarantined` and the mask columns. No Spark job is started.

    Raises:
        SuiteError: An expectation's type is not known, its arguments do not fit, or it names a column that `rows` has
            not.
    """
    # As Spark compares names: without regard to case.
    reserved = [name for name in rows.columns if name.lower() in _RESERVED or name.lower().startswith(_PREFIXES)]
    if reserved:
        raise SuiteError(
            suite=suite.name, problem=f"the rows have columns {reserved}, names the gate needs. Rename them."
        )
    checks, bits = compile_suite(rows, suite)
    row_checks = [check for check in checks if isinstance(check, RowCheck)]
    across = [check for check in row_checks if check.rule.across_rows]
    across_bits = [check.failed for check in across]
    critical = [check.failed for check in _of_severity(row_checks, "critical")]
    passes = ~any_set([bit for bit in critical if bit not in across_bits])
    order = {ORDER: F.monotonically_increasing_id()} if any(check.rule.in_order for check in across) else {}
    marked = rows.withColumns(mask_columns([bit for bit in bits if bit not in across_bits]) | order)
    if key:
        marked = keep_latest(marked, key=key, order_by=order_by, valid=passes)
    if across:
        marked = _mark_across(marked.withColumn(PASSES, passes), across)
    judged = marked.select(
        *map(quoted, rows.columns),
        _names(_of_severity(row_checks, "warning", "info")).alias(WARNINGS),
        any_set(critical).alias(QUARANTINED),
        *dict.fromkeys(bit.word for bit in bits),
    )
    return Judged(judged, suite, tuple(rows.columns), tuple(checks))


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
    return F.when(any_set([check.failed for check in checks]), names)  # for most rows one comparison is all
