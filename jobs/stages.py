"""The stages of a job: run on record, and what ingest and curate do in every job."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence

from pyspark.sql import DataFrame, SparkSession

from ingest.header import Forms
from ingest.raw import ingest
from jobs.arguments import Arguments, parse_arguments
from jobs.publishing import publish_answer
from lake.ledger import Entry, recorded
from lake.session import lake_session
from lake.tables import read, row_count, table_name

Stage = Callable[[SparkSession, Arguments, Entry], None]


def run_stages(spark: SparkSession, args: Arguments, *, job: str, stages: Mapping[str, Stage]) -> list[Entry]:
    """Run the stages asked for, each on record, and return what the run ledger says of each."""
    entries = []
    for stage in args.stages:
        with recorded(spark, run_id=args.run_id, workflow=args.workflow, job=job, stage=stage) as entry:
            stages[stage](spark, args, entry)
        entries.append(entry)
    return entries


def ingest_landing(spark: SparkSession, args: Arguments, entry: Entry, *, dataset: str, forms: Forms) -> None:
    """Landing to raw: the rows of all files that raw does not have yet."""
    done = ingest(spark, dataset=dataset, landing=args.landing, forms=forms, run_id=args.run_id)
    entry.rows_in = entry.rows_out = done.rows
    entry.snapshot_ids[done.table] = done.snapshot


def publish_answers(
    spark: SparkSession, entry: Entry, *, dataset: str, answers: Mapping[str, Callable[[DataFrame], DataFrame]]
) -> None:
    """Trusted to curated: build each answer from the trusted rows, and publish it."""
    trusted = read(spark, "trusted", dataset)
    entry.rows_in = row_count(spark, table_name("trusted", dataset))
    for name, build in answers.items():
        publish_answer(spark, build(trusted), dataset=dataset, name=name, entry=entry)


def start(
    job: str, run: Callable[[SparkSession, Arguments], Sequence[Entry]], argv: Sequence[str] | None = None
) -> None:
    """Run a job from a command line, spark-submit or AWS Glue."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    logging.getLogger("py4j").setLevel(logging.WARNING)
    args = parse_arguments(job, argv)
    run(lake_session(args.warehouse, app_name=job), args)
