"""The run ledger, `lake.ops.runs`: what ran, when, how it ended, and what it did to the rows."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F
from pyspark.sql import types as T

from lake.session import CATALOG
from lake.tables import ensure_table

logger = logging.getLogger(__name__)

RUNS = f"{CATALOG}.ops.runs"
_ERROR_LENGTH = 4000  # Spark's messages carry the traces of all that failed.
_TEXT, _TIME, _COUNT = T.StringType(), T.TimestampType(), T.LongType()
SCHEMA = T.StructType(
    [
        *(T.StructField(name, _TEXT) for name in ("run_id", "workflow", "job", "stage", "state")),
        *(T.StructField(name, _TIME) for name in ("started", "ended")),
        *(T.StructField(name, _COUNT) for name in ("rows_in", "rows_out", "rows_quarantined")),
        T.StructField("snapshot_ids", T.MapType(_TEXT, _COUNT)),
        *(T.StructField(name, _TEXT) for name in ("verdict", "validation_result", "error", "note")),
    ]
)


@dataclass
class Entry:
    """One stage of one run; the stage fills in what it did.

    Attributes:
        run_id: The run; its stages share it.
        workflow: The workflow that started it, or None.
        job: The job.
        stage: `ingest`, `refine`, `curate`, or what else the job calls its stages.
        state: `RUNNING`; then `SUCCEEDED`, `REFUSED` (a critical expectation is not met) or `FAILED`. A run that was
            killed stays `RUNNING`.
        started: When it began; a Spark timestamp is UTC.
        ended: When it ended.
        rows_in: Rows read.
        rows_out: Rows published.
        rows_quarantined: Rows found not to pass; sent to quarantine unless the publish is refused.
        snapshot_ids: Table to the snapshot that the stage published.
        verdict: The gate's: `met`, `met with warnings` or `refused`.
        validation_result: The gate's whole result, GX's JSON.
        error: What was raised, if anything.
        note: What else is to be said of it.
    """

    run_id: str
    workflow: str | None
    job: str
    stage: str
    state: str = "RUNNING"
    started: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    ended: datetime | None = None
    rows_in: int | None = None
    rows_out: int | None = None
    rows_quarantined: int | None = None
    snapshot_ids: dict[str, int | None] = field(default_factory=dict)
    verdict: str | None = None
    validation_result: str | None = None
    error: str | None = None
    note: str | None = None

    def say(self, text: str) -> None:
        """Add to the note."""
        self.note = f"{self.note}; {text}" if self.note else text


@contextmanager
def recorded(spark: SparkSession, *, run_id: str, workflow: str | None, job: str, stage: str) -> Iterator[Entry]:
    """Record a stage: one row when it starts and one when it ends, however it ends.

    What the stage raises is recorded, then raised on.
    """
    ensure_table(spark, RUNS, SCHEMA)
    entry = Entry(run_id=run_id, workflow=workflow, job=job, stage=stage)
    _append(spark, entry)
    try:
        yield entry
        entry.state = "SUCCEEDED"
    except BaseException as error:
        entry.state = "REFUSED" if entry.verdict == "refused" else "FAILED"
        entry.error = f"{type(error).__name__}: {error}"[:_ERROR_LENGTH]
        raise
    finally:
        entry.ended = datetime.now(timezone.utc)
        _append(spark, entry)
        counts = f"{entry.rows_in} rows in, {entry.rows_out} out, {entry.rows_quarantined or 0} not passing"
        logger.info("%s %s of run %s: %s, %s", entry.job, entry.stage, entry.run_id, entry.state, counts)


def runs(spark: SparkSession) -> DataFrame:
    """Return the state of each stage of each run: its latest row."""
    latest = Window.partitionBy("run_id", "job", "stage", "started").orderBy(F.col("ended").desc_nulls_last())
    ranked = spark.table(RUNS).withColumn("_rank", F.row_number().over(latest))
    return ranked.where("_rank = 1").drop("_rank")


def _append(spark: SparkSession, entry: Entry) -> None:
    values = {field.name: getattr(entry, field.name) for field in SCHEMA}
    text = json.dumps(values, default=datetime.isoformat)
    # `createDataFrame` would start Python workers. Else than FAILFAST, what cannot be read would be a row of nulls.
    row = F.from_json(F.lit(text), SCHEMA, {"mode": "FAILFAST"})
    spark.range(0, 1, numPartitions=1).select(row.alias("run")).select("run.*").writeTo(RUNS).append()
