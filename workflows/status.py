"""The state of each dataset: its last run, and everything that needs attention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pyspark.sql import Row, SparkSession, Window
from pyspark.sql import functions as F

from jobs.answers import stale_answers
from jobs.blocked import BLOCKED_BY
from jobs.progress import read_progress
from lake.ledger import RUNS, runs
from lake.tables import exists, row_count, table_name
from transforms.datasets import load_dataset

MAX_NAMES = 3
"""Maximum number of skipped files, of stale answers and of reasons for a block that the status lists."""

MAX_STAGE_TIME = timedelta(hours=8)
"""Maximum duration of a stage. An unfinished stage that began longer ago was killed.

By default, AWS Glue stops a job after 480 minutes.
"""


@dataclass(frozen=True)
class DatasetStatus:
    """The state of a dataset.

    Attributes:
        dataset: The dataset.
        state: `never run` before the first run, `BLOCKED` while rows are parked, otherwise the state of the last stage.
        started: The time at which the last stage began (UTC). None before the first run.
        trusted: Number of rows in trusted.
        quarantined: Number of rows in quarantine.
        attention: One line for each thing that needs attention.
    """

    dataset: str
    state: str
    started: str | None
    trusted: int
    quarantined: int
    attention: tuple[str, ...]

    @property
    def quarantined_pct(self) -> float | None:
        """The percentage of quarantined rows among all rows of trusted and quarantine. None if there are no rows."""
        rows = self.trusted + self.quarantined
        return 100 * self.quarantined / rows if rows else None


def status_of(spark: SparkSession, names: Sequence[str]) -> list[DatasetStatus]:
    """Return the state of datasets. Reads the run ledger once, and the metadata of the datasets' tables."""
    stages: dict[str, list[Row]] = {name: [] for name in names}
    if exists(spark, RUNS):
        latest = Window.partitionBy("job", "stage").orderBy(F.col("started").desc())
        stage_runs = runs(spark).where(F.col("job").isin([*names])).withColumn("_rank", F.row_number().over(latest))
        # Spark converts the timestamps to text in UTC. Python would show timestamps in the time zone of this process.
        started = F.date_format("started", "yyyy-MM-dd HH:mm").alias("began")
        is_overdue = (
            F.unix_seconds(F.current_timestamp()) - F.unix_seconds("started")
        ) > MAX_STAGE_TIME.total_seconds()
        columns = ("job", "stage", "state", started, is_overdue.alias("is_overdue"), "error", "skipped_files")
        for row in stage_runs.where("_rank = 1").orderBy("started").select(*columns).collect():
            stages[row["job"]].append(row)
    return [_status(spark, name, stages[name]) for name in names]


def _status(spark: SparkSession, name: str, stages: Sequence[Row]) -> DatasetStatus:
    trusted, quarantine = (table_name(zone, name) for zone in ("trusted", "quarantine"))
    counts = [row_count(spark, table) if exists(spark, table) else 0 for table in (trusted, quarantine)]
    last, attention = (stages[-1] if stages else None), []
    blocked = _blocked(spark, trusted, quarantine, last)
    if blocked:
        attention.append(blocked)
    elif last and last["state"] not in ("SUCCEEDED", "SUCCEEDED_WITH_SKIPS"):
        if last["state"] == "RUNNING" and last["is_overdue"]:
            attention.append(f"stage {last['stage']} began at {last['began']} UTC and was killed")
        elif last["state"] != "RUNNING":
            attention.append(f"stage {last['stage']} failed: {str(last['error']).splitlines()[0]}")
    landing = [row for row in stages if row["stage"] in ("ingest", "create") and row["state"].startswith("SUCCEEDED")]
    skipped: Mapping[str, str] = (landing[-1]["skipped_files"] if landing else None) or {}
    attention += [f"file {file} is skipped: {reason}" for file, reason in sorted(skipped.items())[:MAX_NAMES]]
    if len(skipped) > MAX_NAMES:
        attention.append(f"{len(skipped) - MAX_NAMES} more files are skipped")
    stale = sorted(stale_answers(spark, load_dataset(name))) if exists(spark, trusted) else []
    if stale:
        names = ", ".join(stale[:MAX_NAMES]) + (" and more" if len(stale) > MAX_NAMES else "")
        attention.append(
            f"{len(stale)} answers are stale ({names}), because their tables or code changed. Run the stage curate"
        )
    state = "never run" if not last else "BLOCKED" if blocked else str(last["state"])
    started = last["began"] if last else None
    return DatasetStatus(name, state, started, counts[0], counts[1], tuple(attention))


def _blocked(spark: SparkSession, trusted: str, quarantine: str, last: Any) -> str | None:
    progress = read_progress(spark, trusted)
    if progress is None or progress.block is None:
        return f"blocked: {_first_line(last['error'])}" if last and last["state"] == "BLOCKED" else None
    parked = spark.table(quarantine).where(F.col(BLOCKED_BY).isNotNull()).count()
    reasons = "; ".join(progress.block.reasons[:MAX_NAMES])
    name = trusted.rpartition(".")[2]
    return (
        f"blocked since run {progress.block.run_id}: {parked:,} rows are parked in quarantine ({reasons}). "
        f"Correct the cause, then run: citylake resolve {name}"
    )


def _first_line(error: str | None) -> str:
    lines = (error or "").splitlines()
    return " ".join(line.strip() for line in lines[:2])
