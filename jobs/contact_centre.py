"""Job of the contact centre: landed workbooks to the percentage of calls handled."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from pyspark.sql import SparkSession

from expectations.gate import judge
from expectations.suite import load_suite
from ingest.raw import ingest as ingest_landing
from ingest.raw import read_raw
from jobs.arguments import Arguments, parse_arguments
from jobs.publishing import publish_answer, publish_judged
from lake.ledger import Entry, recorded
from lake.session import lake_session
from lake.tables import read, row_count, table_name
from transforms.datasets import contact_centre

DATASET = "contact_centre"


def run(spark: SparkSession, args: Arguments) -> list[Entry]:
    """Run the stages asked for, and return what the run ledger says of each."""
    stages, entries = {"ingest": ingest, "refine": refine, "curate": curate}, []
    for stage in args.stages:
        with recorded(spark, run_id=args.run_id, workflow=args.workflow, job=DATASET, stage=stage) as entry:
            stages[stage](spark, args, entry)
        entries.append(entry)
    return entries


def ingest(spark: SparkSession, args: Arguments, entry: Entry) -> None:
    """Landing to raw."""
    required = [field.source for field in contact_centre.SOURCE_FIELDS]
    done = ingest_landing(spark, dataset=DATASET, landing=args.landing, required=required, run_id=args.run_id)
    entry.rows_in = entry.rows_out = done.rows
    entry.snapshot_ids[done.table] = done.snapshot


def refine(spark: SparkSession, args: Arguments, entry: Entry) -> None:
    """Raw to trusted and quarantine."""
    raw = read_raw(spark, DATASET)
    entry.rows_in = row_count(spark, table_name("raw", DATASET))
    calls = contact_centre.build_calls(raw)
    judged = judge(calls, suite=load_suite(DATASET), key=contact_centre.KEY, order_by=contact_centre.LATEST)
    publish_judged(spark, judged, dataset=DATASET, entry=entry)


def curate(spark: SparkSession, args: Arguments, entry: Entry) -> None:
    """Trusted to the answers."""
    calls = read(spark, "trusted", DATASET)
    entry.rows_in = row_count(spark, table_name("trusted", DATASET))
    for name, build in contact_centre.ANSWERS.items():
        publish_answer(spark, build(calls), dataset=DATASET, name=name, entry=entry)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the job from a command line, spark-submit or AWS Glue."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    logging.getLogger("py4j").setLevel(logging.WARNING)
    args = parse_arguments(DATASET, argv)
    run(lake_session(args.warehouse, app_name=DATASET), args)


if __name__ == "__main__":
    main()
