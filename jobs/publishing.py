"""How a job publishes: judged rows to trusted and quarantine, an answer to curated."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from expectations.gate import Judged
from expectations.mask import FAILED, QUARANTINED
from lake.ledger import Entry
from lake.publish import Staged
from lake.tables import row_count, table_name

_MOST_ROWS = 3


def publish_judged(spark: SparkSession, judged: Judged, *, dataset: str, entry: Entry) -> None:
    """Write judged rows in one pass, and publish them if every critical expectation is met.

    Rows: those that pass become the trusted table, the others the quarantine table; none is lost between them.

    Raises:
        ExpectationsNotMetError: A critical expectation is not met. The verdict is in `entry`, no table has changed.
    """
    trusted, quarantine = table_name("trusted", dataset), table_name("quarantine", dataset)
    staging = Staged(spark, judged.rows, table=trusted, run_id=entry.run_id, partitioned_by=[QUARANTINED])
    with staging as staged:
        verdict = judged.verdict(staged.written())
        entry.verdict, entry.rows_quarantined = verdict.outcome, verdict.quarantined
        entry.validation_result = json.dumps(verdict.to_json_dict(), ensure_ascii=False)
        rejected = judged.rejected(staged.written())
        places = first_rows(rejected) if verdict.failures() else {}
        verdict.require_met(kept_at=f"branch {staged.branch} of {trusted}", first_rows=places)
        with Staged(spark, rejected, table=quarantine, run_id=entry.run_id) as rejects:
            staged.discard(QUARANTINED)
            entry.snapshot_ids[trusted] = staged.publish()
            entry.snapshot_ids[quarantine] = rejects.publish()
    entry.rows_out = row_count(spark, trusted)


def publish_answer(
    spark: SparkSession,
    answer: DataFrame,
    *,
    dataset: str,
    name: str,
    entry: Entry,
    notes: Mapping[str, str] | None = None,
) -> None:
    """Publish an answer: the frame becomes `lake.curated.<dataset>_<name>`."""
    table = table_name("curated", dataset, name)
    with Staged(spark, answer, table=table, run_id=entry.run_id, notes=notes) as staged:
        entry.snapshot_ids[table] = staged.publish()
    entry.rows_out = (entry.rows_out or 0) + row_count(spark, table)


def first_rows(rejected: DataFrame) -> dict[str, str]:
    """Return for each expectation which rows are the first that fail it, by file and row number, newest files first."""
    newest_first = (F.desc("_ingested_at"), F.desc("_delivered_at"), F.asc("_source_file"), F.asc("_row_number"))
    failed = rejected.withColumn("failed", F.explode(FAILED))
    rank = F.row_number().over(Window.partitionBy("failed").orderBy(*newest_first))
    first = failed.select("failed", "_source_file", "_row_number", rank.alias("rank")).where(f"rank <= {_MOST_ROWS}")
    rows: dict[str, list[str]] = {}
    for row in first.orderBy("rank").collect():
        rows.setdefault(row["failed"], []).append(f"{row['_source_file']} row {row['_row_number']}")
    return {expectation: ", ".join(places) for expectation, places in rows.items()}
