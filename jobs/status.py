"""The state of each dataset: its last run, and everything that needs attention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

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

_KINDS = {"create": "ingest", "check_quality": "refine", "publish": "refine"}
"""Maps a stage to the stage that does the same work. If one of the two succeeds, an earlier failure is repaired."""

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
        attention: One line for each thing that needs attention. The lines can contain values from the data.
        public_attention: The same lines without values from the data. Reports show these lines.
    """

    dataset: str
    state: str
    started: str | None
    trusted: int
    quarantined: int
    attention: tuple[str, ...]
    public_attention: tuple[str, ...] = ()

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
    dataset = load_dataset(name)
    trusted, quarantine = (table_name(zone, name) for zone in ("trusted", "quarantine"))
    counts = [row_count(spark, table) if exists(spark, table) else 0 for table in (trusted, quarantine)]
    last = stages[-1] if stages else None
    latest = _latest_of_each_kind(stages)
    # The parked rows of an incremental dataset show whether it is blocked. Only its last stage can add to this.
    blocked = _blocked(spark, trusted, quarantine, [last] if dataset.is_incremental and last else latest)
    # Each line has two versions: the first has no values of the data, and the second has details.
    attention = [("blocked: new rows are not published", blocked)] if blocked else []
    failed = [row for row in latest if row["state"] == "FAILED"]
    for row in failed:
        text = f"stage {row['stage']} failed"
        attention.append((text, f"{text}: {str(row['error']).splitlines()[0]}"))
    killed = [row for row in latest if row["state"] == "RUNNING" and row["is_overdue"]]
    attention += [(f"stage {row['stage']} began at {row['began']} UTC and was killed",) * 2 for row in killed]
    landing = [row for row in stages if row["stage"] in ("ingest", "create") and row["state"].startswith("SUCCEEDED")]
    skipped: Mapping[str, str] = (landing[-1]["skipped_files"] if landing else None) or {}
    for file, reason in sorted(skipped.items())[:MAX_NAMES]:
        attention.append((f"file {file} is skipped", f"file {file} is skipped: {reason}"))
    if len(skipped) > MAX_NAMES:
        text = f"{len(skipped) - MAX_NAMES} more files are skipped"
        attention.append((text, f"{text}. To see them, run: citylake show {name} runs --json"))
    stale = sorted(stale_answers(spark, dataset)) if exists(spark, trusted) else []
    if stale:
        names = ", ".join(stale[:MAX_NAMES]) + (" and more" if len(stale) > MAX_NAMES else "")
        attention.append((f"answers are stale, because their tables or code changed ({names}). Run the job again",) * 2)
    state = "never run" if not last else "BLOCKED" if blocked else "FAILED" if failed else str(last["state"])
    started = last["began"] if last else None
    public, detailed = (tuple(line[version] for line in attention) for version in (0, 1))
    return DatasetStatus(name, state, started, counts[0], counts[1], detailed, public)


def _latest_of_each_kind(stages: Sequence[Row]) -> list[Row]:
    """Return the latest run of each kind of stage. A later success of another kind does not repair a failure.

    `resolve` is a kind only if it is the last stage, because a run of the job also resolves its failure.
    """
    kinds = {_KINDS.get(row["stage"], row["stage"]): row for row in stages}
    return [row for kind, row in kinds.items() if kind != "resolve" or row is stages[-1]]


def _blocked(spark: SparkSession, trusted: str, quarantine: str, stages: Sequence[Row]) -> str | None:
    progress = read_progress(spark, trusted)
    if progress is None or progress.block is None:
        return next((f"blocked: {_first_line(row['error'])}" for row in stages if row["state"] == "BLOCKED"), None)
    parked = spark.table(quarantine).where(F.col(BLOCKED_BY).isNotNull()).count()
    reasons = "; ".join(progress.block.reasons[:MAX_NAMES])
    name = trusted.rpartition(".")[2]
    return (
        f"blocked since run {progress.block.run_id}: {parked:,} rows are parked in quarantine ({reasons}). "
        f"Correct the cause, then run: citylake resolve {name}. To publish only the rows that pass, add --row-by-row"
    )


def _first_line(error: str | None) -> str:
    lines = (error or "").splitlines()
    return " ".join(line.strip() for line in lines[:2])
