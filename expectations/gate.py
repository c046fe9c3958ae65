"""The gate: judges rows against a suite in the pass that writes them, and routes them.

`judge` adds a few bits to each row, so that every expectation is evaluated once. The frame is then written once, the
rows that pass in one partition and those for quarantine in another. Counts, verdict and examples come from what was
written, never from a second run of the source.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from expectations.compile import RowCheck, TableCheck, compile_suite
from expectations.errors import SuiteError
from expectations.mask import any_set, mask_columns
from expectations.row_level import PASSES
from expectations.suite import Suite
from expectations.verdict import EXAMPLES, Verdict, row_result, table_result
from transforms.arrays import array_where
from transforms.dedupe import keep_latest
from transforms.schema import quoted

QUARANTINED = "_quarantined"
WARNINGS = "_warnings"
FAILED = "_failed_expectations"
_RESERVED = (QUARANTINED, WARNINGS, FAILED, PASSES)
_FIRST_LOOK = 1000


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
    checks: tuple[RowCheck | TableCheck, ...]

    def verdict(self, written: DataFrame) -> Verdict:
        """Judge what was written: one aggregation and, where anything is unexpected, one look for examples."""
        counted = self._count(written)
        row_checks = [check for check in self.checks if isinstance(check, RowCheck)]
        unexpected = {check: counted[_unexpected(check)] for check in row_checks if counted[_unexpected(check)]}
        examples = self._examples(written, unexpected) if unexpected else {}
        results = []
        for check in self.checks:
            expectation = check.expectation
            if isinstance(check, TableCheck):
                observed = counted.get(_observed(check))
                results.append(table_result(expectation, *check.rule.judge(observed, self.columns)))
            else:
                results.append(
                    row_result(
                        expectation,
                        rows=counted["rows"],
                        unexpected=counted[_unexpected(check)],
                        missing=counted[_missing(check)] if check.missing else None,
                        examples=examples.get(expectation.id, []),
                    )
                )
        return Verdict(self.suite, rows=counted["rows"], quarantined=counted["quarantined"], results=tuple(results))

    def rejected(self, written: DataFrame) -> DataFrame:
        """Return the rows for quarantine: their columns, the ids of what they failed, and their warnings."""
        failed = _names(_of_severity(self.checks, "critical"))
        return written.where(QUARANTINED).select(*map(quoted, self.columns), failed.alias(FAILED), WARNINGS)

    def _count(self, written: DataFrame) -> dict[str, Any]:
        passes = ~F.col(QUARANTINED)
        aggregates = {"rows": F.count(F.lit(1)), "quarantined": F.count(F.when(~passes, 1))}
        for check in self.checks:
            if isinstance(check, TableCheck):
                if check.rule.aggregate:
                    aggregates[_observed(check)] = check.rule.aggregate(passes)
                continue
            aggregates[_unexpected(check)] = F.count(F.when(check.failed.is_set, 1))
            if check.missing:
                aggregates[_missing(check)] = F.count(F.when(check.missing.is_set, 1))
        counted = written.agg(*(column.alias(name) for name, column in aggregates.items()))
        # A moment comes to Python in the time zone of its process; its text is in that of the session, UTC.
        moments = [field.name for field in counted.schema if isinstance(field.dataType, T.TimestampType)]
        cast = {name: F.date_format(quoted(name), "yyyy-MM-dd'T'HH:mm:ss.SSSSSS") for name in moments}
        return counted.withColumns(cast).collect()[0].asDict()

    def _examples(self, written: DataFrame, counts: Mapping[RowCheck, int]) -> dict[str, list[Any]]:
        """Find up to `EXAMPLES` unexpected values of each check: among the first rows that fail anything, as a rule."""
        examples = self._look(written, list(counts), rows=_FIRST_LOOK)
        for check, count in counts.items():
            if len(examples[check.expectation.id]) < min(count, EXAMPLES):  # rare, among many rows that fail others
                examples |= self._look(written, [check], rows=EXAMPLES)
        return examples

    def _look(self, written: DataFrame, checks: Sequence[RowCheck], *, rows: int) -> dict[str, list[Any]]:
        columns = dict.fromkeys(name for check in checks for name in check.rule.columns)
        words = dict.fromkeys(check.failed.word for check in checks)
        values = F.to_json(F.struct(*map(quoted, columns)), {"ignoreNullFields": "false"}).alias("values")
        failing = written.where(any_set([check.failed for check in checks])).select(*words, values)
        # Gathered by an aggregate, so that it is one Spark job: a bare limit starts job after job until it has enough.
        found = failing.limit(rows).agg(F.collect_list(F.struct("*"))).collect()[0][0]
        parsed = [(row, json.loads(row["values"])) for row in found]
        examples = {}
        for check in checks:
            hits = [cells for row, cells in parsed if row[check.failed.word] & check.failed.value][:EXAMPLES]
            tuples = [[cells[name] for name in check.rule.columns] for cells in hits]
            examples[check.expectation.id] = [cells[0] if len(cells) == 1 else cells for cells in tuples]
        return examples


def judge(rows: DataFrame, *, suite: Suite, key: Sequence[str] = (), order_by: Sequence[str] = ()) -> Judged:
    """Mark each row with what it fails, and resolve deliveries of one key.

    Rows: without `key` all kept. With it, of each key the latest row (by `order_by`) that passes and, where the very
    latest does not pass, that one too: it goes to quarantine and the older good one stays. See `keep_latest`.

    Columns: adds `_warnings`, `_quarantined` and the mask columns. No Spark job is started.

    Raises:
        SuiteError: An expectation's type is not known, its arguments do not fit, or it names a column that `rows` has
            not.
    """
    reserved = [name for name in rows.columns if name in _RESERVED or name.startswith("_mask_")]
    if reserved:
        raise SuiteError(
            suite=suite.name, problem=f"the rows have columns {reserved}, names the gate needs. Rename them."
        )
    checks, bits = compile_suite(rows, suite)
    across = [check.failed for check in checks if isinstance(check, RowCheck) and check.rule.across_rows]
    critical = [check.failed for check in _of_severity(checks, "critical")]
    alone = [bit for bit in bits if bit not in across]
    passes = ~any_set([bit for bit in critical if bit not in across])
    marked = rows.withColumns(mask_columns(alone))
    if key:
        marked = keep_latest(marked, key=key, order_by=order_by, valid=passes)
    if across:
        marked = marked.withColumn(PASSES, passes)
        for word, added in mask_columns(across).items():
            marked = marked.withColumn(word, added.bitwiseOR(F.col(word)) if word in marked.columns else added)
    judged = marked.select(
        *map(quoted, rows.columns),
        _names(_of_severity(checks, "warning", "info")).alias(WARNINGS),
        any_set(critical).alias(QUARANTINED),
        *dict.fromkeys(bit.word for bit in bits),
    )
    return Judged(judged, suite, tuple(rows.columns), tuple(checks))


def _of_severity(checks: Sequence[RowCheck | TableCheck], *severities: str) -> list[RowCheck]:
    return [check for check in checks if isinstance(check, RowCheck) and check.expectation.severity in severities]


def _names(checks: Sequence[RowCheck]) -> Column:
    if not checks:
        return F.lit(None).cast("array<string>")
    return array_where([(check.failed.is_set, F.lit(check.expectation.id)) for check in checks])


def _unexpected(check: RowCheck) -> str:
    return f"unexpected {check.expectation.id}"


def _missing(check: RowCheck) -> str:
    return f"missing {check.expectation.id}"


def _observed(check: TableCheck) -> str:
    return f"observed {check.expectation.id}"
