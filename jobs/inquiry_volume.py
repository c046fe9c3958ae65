"""Job of the inquiry volume: landed files to who asks the city what, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyspark.sql import SparkSession

from expectations.gate import judge
from expectations.suite import load_suite
from ingest.raw import read_raw
from jobs.arguments import Arguments
from jobs.publishing import publish_judged
from jobs.stages import Stage, ingest_landing, publish_answers, run_stages, start
from lake.ledger import Entry
from transforms.datasets import inquiry_volume
from transforms.dedupe import LATEST

DATASET = "inquiry_volume"


def run(spark: SparkSession, args: Arguments) -> list[Entry]:
    """Run the stages asked for, and return what the run ledger says of each."""
    return run_stages(spark, args, job=DATASET, stages=STAGES)


def ingest(spark: SparkSession, args: Arguments, entry: Entry) -> None:
    """Landing to raw."""
    forms = {DATASET: [field.source for field in inquiry_volume.SOURCE_FIELDS]}
    ingest_landing(spark, args, entry, dataset=DATASET, forms=forms)


def refine(spark: SparkSession, args: Arguments, entry: Entry) -> None:
    """Raw to trusted and quarantine."""
    raw = read_raw(spark, DATASET)
    entry.rows_in = raw.count
    inquiries = inquiry_volume.build_inquiries(raw.rows)
    judged = judge(inquiries, suite=load_suite(DATASET), key=inquiry_volume.KEY, order_by=LATEST)
    publish_judged(spark, judged, dataset=DATASET, entry=entry)


def curate(spark: SparkSession, args: Arguments, entry: Entry) -> None:
    """Trusted to the answers."""
    publish_answers(spark, entry, dataset=DATASET, answers=inquiry_volume.ANSWERS)


STAGES: Mapping[str, Stage] = {"ingest": ingest, "refine": refine, "curate": curate}


def main(argv: Sequence[str] | None = None) -> None:
    """Run the job from a command line, spark-submit or AWS Glue."""
    start(DATASET, run, argv, stages=STAGES)


if __name__ == "__main__":
    main()
