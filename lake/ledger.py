"""The run ledger, `lake.ops.runs`: the time, outcome and row counts of each stage of each run."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F
from pyspark.sql import types as T

from lake.iceberg import append_records
from lake.session import CATALOG
from lake.tables import add_columns, ensure_table, exists

logger = logging.getLogger(__name__)

RUNS = f"{CATALOG}.ops.runs"
MAX_ERROR_LENGTH = 4000  # in characters. Spark's error messages contain the stack traces of all failed tasks
_TEXT, _TIME, _COUNT = T.StringType(), T.TimestampType(), T.LongType()
SCHEMA = T.StructType(
    [
        *(T.StructField(name, _TEXT) for name in ("run_id", "workflow", "job", "stage", "state")),
        *(T.StructField(name, _TIME) for name in ("started", "ended")),
        *(T.StructField(name, _COUNT) for name in ("rows_in", "rows_out", "rows_quarantined")),
        T.StructField("snapshot_ids", T.MapType(_TEXT, _COUNT)),
        *(T.StructField(name, _TEXT) for name in ("verdict", "validation_result", "error", "note")),
        T.StructField("skipped_files", T.MapType(_TEXT, _TEXT)),
    ]
)


@dataclass(frozen=True)
class StageResult:
    """The outcome of a stage.

    Attributes:
        rows_in: Rows read.
        rows_out: Rows published or staged.
        rows_quarantined: Rows that failed a critical expectation.
        snapshot_ids: The id of the published snapshot of each table.
        verdict: `met`, `met with warnings` or `blocked`. None if nothing was validated.
        validation_result: The complete validation result, in Great Expectations' JSON.
        notes: Short sentences with additional facts about the run.
        skipped_files: The skipped files, and the reason why each file was skipped.
        error: The error that ends the run. The ledger records the other fields of this result despite the error.
    """

    rows_in: int | None = None
    rows_out: int | None = None
    rows_quarantined: int | None = None
    snapshot_ids: Mapping[str, int | None] = field(default_factory=dict)
    verdict: str | None = None
    validation_result: str | None = None
    notes: tuple[str, ...] = ()
    skipped_files: Mapping[str, str] = field(default_factory=dict)
    error: Exception | None = None

    @property
    def state(self) -> str:
        """`SUCCEEDED`, `SUCCEEDED_WITH_SKIPS`, `BLOCKED` or `FAILED`."""
        if self.error:
            return "BLOCKED" if self.verdict == "blocked" else "FAILED"
        return "SUCCEEDED_WITH_SKIPS" if self.skipped_files else "SUCCEEDED"

    def counts(self) -> dict[str, int]:
        """Return the known numbers of rows, by the words that a log line shows after the number."""
        counts = {"rows in": self.rows_in, "out": self.rows_out, "quarantined": self.rows_quarantined}
        return {name: count for name, count in counts.items() if count is not None}


@dataclass(frozen=True)
class StageRun:
    """A stage of a run, as recorded in the ledger.

    Attributes:
        run_id: The id of the run. All stages of a run have the same id.
        workflow: The name of the workflow that started the run. None if no workflow started the run.
        job: The name of the job.
        stage: The name of the stage.
        started: The start time (UTC).
        state: `RUNNING` until the stage ends, then the state of the result. A killed stage stays `RUNNING`.
        ended: The end time (UTC).
        result: The result of the stage.
    """

    run_id: str
    workflow: str | None
    job: str
    stage: str
    started: datetime
    state: str = "RUNNING"
    ended: datetime | None = None
    result: StageResult = StageResult()


def record_stage(
    spark: SparkSession, run: Callable[[], StageResult], *, run_id: str, workflow: str | None, job: str, stage: str
) -> StageRun:
    """Run a stage. Write one row to the ledger at the start of the stage, and a second row at the end.

    The second row records whether the stage succeeded, failed or was stopped.

    Raises:
        Exception: The stage raised this error, or returned the error in its result. The ledger has recorded the error.
    """
    ensure_table(spark, RUNS, SCHEMA)
    add_columns(spark, RUNS, SCHEMA)
    entry = StageRun(run_id, workflow, job, stage, started=datetime.now(timezone.utc))
    _append(spark, entry)
    try:
        result = run()
    except BaseException as error:
        failed = StageResult(error=error)  # type: ignore[arg-type]  # a stop signal is recorded too
        _append(spark, replace(entry, state="FAILED", ended=datetime.now(timezone.utc), result=failed))
        raise
    entry = replace(entry, state=result.state, ended=datetime.now(timezone.utc), result=result)
    _append(spark, entry)
    facts = [*(f"{count:,} {name}" for name, count in result.counts().items()), *result.notes]
    logger.info("%s %s of run %s: %s", job, stage, run_id, ", ".join([entry.state, *facts]))
    if result.error:
        raise result.error
    return entry


def runs(spark: SparkSession) -> DataFrame:
    """Return the latest row of each stage of each run."""
    latest = Window.partitionBy("run_id", "job", "stage", "started").orderBy(F.col("ended").desc_nulls_last())
    # A ledger is small, so one partition is enough. The windows then need no shuffle.
    ranked = spark.table(RUNS).coalesce(1).withColumn("_rank", F.row_number().over(latest))
    return ranked.where("_rank = 1").drop("_rank")


def recent_validations(spark: SparkSession, job: str, *, min_rows: int) -> list[Mapping[str, object]]:
    """Return the validation results of a job's published rows, starting with the latest result. Runs one Spark job.

    At most `min_rows` results are read. Each result covers at least one row, so `min_rows` results cover at least
    `min_rows` rows.
    """
    if not exists(spark, RUNS):
        return []
    published = runs(spark).where(
        (F.col("job") == job)
        & (F.col("stage") != "resolve")  # resolve validates parked rows, which an earlier run has already validated
        & F.col("validation_result").isNotNull()
        & F.col("state").startswith("SUCCEEDED")
    )
    rows = published.orderBy(F.desc("started")).limit(min_rows).select("validation_result").collect()
    return [json.loads(row["validation_result"]) for row in rows]


def _append(spark: SparkSession, entry: StageRun) -> None:
    result = entry.result
    record = {
        name: getattr(entry, name) for name in ("run_id", "workflow", "job", "stage", "state", "started", "ended")
    }
    record |= {name: getattr(result, name) for name in ("rows_in", "rows_out", "rows_quarantined", "verdict")}
    record |= {"snapshot_ids": dict(result.snapshot_ids), "validation_result": result.validation_result}
    error = f"{type(result.error).__name__}: {result.error}"[:MAX_ERROR_LENGTH] if result.error else None
    record |= {"skipped_files": dict(result.skipped_files), "error": error, "note": "; ".join(result.notes) or None}
    append_records(spark, RUNS, SCHEMA, [record])
