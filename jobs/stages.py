"""The stages of a dataset's job. Each stage is a function that returns a result for the ledger."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import partial

from pyspark.sql import SparkSession

from ingest.crawl import crawl as crawl_landing
from ingest.raw import ingest as ingest_landing
from jobs.answers import publish_answers
from jobs.arguments import ON_REQUEST, STAGES, Arguments
from jobs.blocked import resolve as resolve_blocked
from jobs.job import Job
from jobs.masking_key import read_masking_key
from jobs.publisher import Publisher
from lake.iceberg import drop_branches, load_table
from lake.ledger import StageResult
from lake.staging import drop_staged_table
from lake.tables import table_name
from transforms.dataset import Dataset

MAX_FILES_IN_NOTE = MAX_COLUMNS_IN_NOTE = 5
ABANDONED_AFTER = timedelta(days=1)
"""Minimum age of a branch that the stage `clear` drops. A run or a person may still use a younger branch."""

DATASET_STAGES = (*STAGES, *ON_REQUEST)
"""All stages of a dataset. A workflow of a dataset consists of some of these stages."""

STAGES_THAT_MASK = ("refine", "resolve", "create", "check_quality", "publish")
"""The stages that need the masking key, if the dataset is masked with a key."""

STAGES_WITH_SUITE = STAGES_THAT_MASK
"""The stages that need the values of the suite parameters, if the suite of the dataset has parameters."""


def dataset_job(dataset: Dataset) -> Job:
    """Return the job of one dataset. The job needs no `--dataset`. `jobs.dataset` is the job of all datasets."""
    return Job(dataset.name, {stage: partial(_STAGES[stage], dataset) for stage in DATASET_STAGES})


def ingest(dataset: Dataset, spark: SparkSession, args: Arguments) -> StageResult:
    """Add the rows of all new files in landing to raw."""
    ingested = ingest_landing(
        spark,
        dataset=dataset.name,
        landing=args.landing,
        layouts=dataset.source_columns,
        run_id=args.run_id,
        skip_unreadable=dataset.is_incremental,
        text_format=dataset.text_format.with_options(**args.text_options),
    )
    notes = [f"{name} was delivered again with different content" for name in ingested.redelivered]
    if len(notes) > MAX_FILES_IN_NOTE:
        notes[MAX_FILES_IN_NOTE:] = [f"and {len(notes) - MAX_FILES_IN_NOTE} more files, see the log"]
    if empty := ingested.empty_columns:
        more = f" and {len(empty) - MAX_COLUMNS_IN_NOTE} more" if len(empty) > MAX_COLUMNS_IN_NOTE else ""
        notes.append(f"no new row has a value in {', '.join(empty[:MAX_COLUMNS_IN_NOTE])}{more}")
    return StageResult(
        rows_in=ingested.rows,
        rows_out=ingested.rows,
        snapshot_ids={ingested.table: ingested.snapshot},
        notes=tuple(notes),
        skipped_files=ingested.skipped,
    )


def refine(dataset: Dataset, spark: SparkSession, args: Arguments) -> StageResult:
    """Build rows from the new rows of raw, validate the built rows, and publish to trusted and quarantine."""
    return _make_publisher(dataset, spark, args).refine(full_refresh=args.rebuild)


def resolve(dataset: Dataset, spark: SparkSession, args: Arguments) -> StageResult:
    """Validate the parked rows of blocked increments again, and publish the rows if the rows meet the suite."""
    return resolve_blocked(_make_publisher(dataset, spark, args), row_by_row=args.row_by_row)


def curate(dataset: Dataset, spark: SparkSession, args: Arguments) -> StageResult:
    """Build and publish the answers that are stale."""
    return publish_answers(spark, dataset, run_id=args.run_id, rebuild=args.rebuild)


def crawl(dataset: Dataset, spark: SparkSession, args: Arguments) -> StageResult:
    """Report the folders and columns of the new files in landing, and the columns that changed since the last crawl."""
    crawled = crawl_landing(
        spark,
        dataset=dataset.name,
        landing=args.landing,
        layouts=dataset.source_columns,
        run_id=args.run_id,
        text_format=dataset.text_format.with_options(**args.text_options),
    )
    return StageResult(notes=(str(crawled),))


def clear(dataset: Dataset, spark: SparkSession, args: Arguments) -> StageResult:
    """Drop staged rows that are older than `ABANDONED_AFTER`. Blocked, failed or killed runs left these rows behind."""
    older_than = datetime.now(timezone.utc) - ABANDONED_AFTER
    names = [table_name(zone, dataset.name) for zone in ("raw", "trusted", "quarantine")]
    names += [table_name("curated", dataset.name, answer) for answer in dataset.answers]
    tables = [table for table in names if spark.catalog.tableExists(table)]
    branches = sum(drop_branches(load_table(spark, table), older_than=older_than) for table in tables)
    staged = sum(drop_staged_table(spark, table, older_than=older_than) for table in tables)
    return StageResult(notes=(f"{branches + staged} branches of earlier runs dropped",))


def create(dataset: Dataset, spark: SparkSession, args: Arguments) -> StageResult:
    """Add the rows of all new files in landing to raw, and stage the new rows of raw on a branch of trusted."""
    ingested = ingest(dataset, spark, args)
    staged = _make_publisher(dataset, spark, args).stage(full_refresh=args.rebuild)
    snapshots = {**ingested.snapshot_ids, **staged.snapshot_ids}
    notes, skipped = ingested.notes + staged.notes, ingested.skipped_files
    return replace(staged, snapshot_ids=snapshots, notes=notes, skipped_files=skipped)


def check_quality(dataset: Dataset, spark: SparkSession, args: Arguments) -> StageResult:
    """Validate the staged rows."""
    return _make_publisher(dataset, spark, args).validate()


def publish(dataset: Dataset, spark: SparkSession, args: Arguments) -> StageResult:
    """Publish the staged rows to quarantine first, and to trusted second."""
    return _make_publisher(dataset, spark, args).publish()


_STAGES: dict[str, Callable[[Dataset, SparkSession, Arguments], StageResult]] = {
    stage.__name__: stage for stage in (ingest, refine, resolve, curate, crawl, clear, create, check_quality, publish)
}


def _make_publisher(dataset: Dataset, spark: SparkSession, args: Arguments) -> Publisher:
    key = read_masking_key(args.masking_key) if dataset.uses_masking_key else None
    return Publisher(spark, dataset, args.run_id, key, args.parameters)
